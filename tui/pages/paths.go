package pages

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Paths is the table of the addresses: how a receiver judges mail from each.
type Paths struct {
	b    *Board
	e    *Entry
	list widget.List
}

// NewPaths is the page of an entry's paths.
func NewPaths(b *Board, e *Entry) *Paths { return &Paths{b: b, e: e} }

func (p *Paths) rows(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(p.e.Report.Paths), Draw: draw}
}

// Title names the page.
func (p *Paths) Title(l ui.Look) string { return l.T.PathsTitle }

// State is the place in the list, or the badge of the report.
func (p *Paths) State(l ui.Look) string {
	if place := p.list.Place(len(p.e.Report.Paths)); place != "" {
		return place
	}
	return ui.Fill(l.T.CheckedAt, clock(p.e.Report.Started.Add(p.e.Report.Took)))
}

// Status says what the selected row means, in a sentence.
func (p *Paths) Status(l ui.Look) string {
	paths := p.e.Report.Paths
	if p.list.At >= len(paths) {
		return l.T.NoPaths
	}
	bad := 0
	for _, x := range paths {
		if x.DMARC == "fail" || x.SPF != "pass" {
			bad++
		}
	}
	if bad == 0 {
		return ui.Fill(l.T.PathsGood, fmt.Sprint(len(paths)))
	}
	return ui.Fill(l.T.PathsBad, fmt.Sprint(bad), fmt.Sprint(len(paths)))
}

// Keys are the actions of the page.
func (p *Paths) Keys() []keys.Action {
	return []keys.Action{keys.Check, keys.Answers, keys.WhatIf, keys.Save, keys.Copy, keys.CopyAll, keys.Print, keys.Explain, keys.CheckAll}
}

// Do carries out an action.
func (p *Paths) Do(a keys.Action) (tea.Cmd, bool) {
	if p.list.Do(a, p.rows(nil)) {
		return nil, true
	}
	if a == keys.WhatIf {
		return p.b.open(NewWhatIf(p.b, p.e, nil)), true
	}
	return p.b.usual(p.e, a)
}

// Update hears nothing of its own.
func (p *Paths) Update(tea.Msg) tea.Cmd { return nil }

// Carry takes the selected address along, and the whole table into a file.
func (p *Paths) Carry() ui.Carried {
	l := paper(p.b.Texts)
	text := ""
	for _, x := range p.e.Report.Paths {
		text += pathLine(l, x, 96) + "\n"
	}
	c := ui.Carried{File: p.e.Name() + "-addresses", Text: text, All: text}
	if i := p.list.At; i < len(p.e.Report.Paths) && p.e.Report.Paths[i].IP.IsValid() {
		c.Value = p.e.Report.Paths[i].IP.String()
		c.What, c.Name = l.T.WhatAddress, l.T.WhatAddress
	}
	return c
}

// Words are those that stand on the page.
func (p *Paths) Words() []string { return []string{"SPF", "DKIM", "DMARC", "alignment"} }

// View draws the table.
func (p *Paths) View(l ui.Look, w, h int) ui.Body {
	paths := p.e.Report.Paths
	if len(paths) == 0 {
		return ui.Body{Lines: ui.Wrap(l.T.NoPaths, w), X: -1}
	}
	var head []string
	if w >= 60 {
		head = append(head, "  "+heading(l, l.Fit(l.T.ColAddress, 16)+"  "+l.Fit("SPF", pathCell(w-2))+"  "+l.Fit("DKIM", pathCell(w-2))+"  DMARC"))
	}
	if l.Height >= 24 {
		for _, s := range []string{ui.Fill(l.T.MailFrom, l.Text(paths[0].MailFrom)), ui.Fill(l.T.From, l.Text(paths[0].From))} {
			head = append([]string{l.Cut(s, w)}, head...)
		}
		head[0], head[1] = head[1], head[0]
		if h >= 28 || h > len(paths)+len(head) {
			head = slices.Insert(head, 2, "")
		}
	}
	if len(head) >= h {
		head = nil
	}
	lines, y := p.list.View(p.rows(func(i int, _ bool) string { return l.Cut(pathLine(l, paths[i], w-2), w-2) }), h-len(head), widget.Gutter)
	for i := range head {
		head[i] = l.Cut(head[i], w)
	}
	b := ui.Body{Lines: append(head, lines...), Y: y + len(head)}
	if l.Height >= 24 && len(b.Lines)+6 <= h {
		b.Lines = append(b.Lines, "")
		for _, s := range l.T.PathsLegend {
			b.Lines = append(b.Lines, ui.Wrap(s, w)...)
		}
	}
	return b
}

// pathLine is one address in a line.
func pathLine(l ui.Look, x checks.Path, w int) string {
	cell := func(word string, aligned dmarc.Truth) string {
		if word == "" {
			word = "unknown"
		}
		state := resultState(word)
		s := l.Badge(state) + "  " + l.Text(word)
		if word == "pass" && w >= 90 {
			switch aligned {
			case dmarc.Yes:
				return s + ", " + l.T.Aligned
			case dmarc.No:
				return s + ", " + l.T.NotAligned
			}
		}
		return s
	}
	n := pathCell(w)
	if w < 58 {
		return l.Fit(l.Text(x.IP.String()), 16) + "  " + l.Badge(resultState(x.SPF)) + " " + l.Badge(resultState(x.DMARC))
	}
	signed := cell(x.DKIM, x.DKIMAligned)
	if x.DKIM == "none" {
		signed = l.Badge(ui.Skipped) + "  " + l.T.NotSignedShort
	}
	return l.Fit(l.Text(x.IP.String()), 16) + "  " + l.Fit(cell(x.SPF, x.SPFAligned), n) + "  " + l.Fit(signed, n) + "  " + verdict(l, x.DMARC)
}

// verdict is DMARC's: alignment is in it already.
func verdict(l ui.Look, word string) string {
	switch word {
	case "none":
		return l.Badge(ui.Warning) + "  " + l.T.NoPolicyShort
	case "":
		word = "unknown"
	}
	return l.Badge(resultState(word)) + "  " + l.Text(word)
}

// pathCell is the width of a cell in a table of w columns.
func pathCell(w int) int {
	if w < 90 {
		return 18
	}
	return 26
}
