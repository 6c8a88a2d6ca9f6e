package pages

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Palette finds actions, targets and domains by name.
type Palette struct {
	b     *Board
	m     *keys.Map
	can   func(keys.Action) bool // whether it makes sense on the page below
	field widget.Field
	list  widget.List
	found []choice
}

// choice is one line of the palette.
type choice struct {
	text, key string
	open      func() tea.Cmd
}

// NewPalette is the palette over a page.
func NewPalette(b *Board, m *keys.Map, can func(keys.Action) bool) *Palette {
	p := &Palette{b: b, m: m, can: can}
	p.search()
	return p
}

// search lists what matches: actions first, then targets, then a domain that
// is not on the board.
func (p *Palette) search() {
	p.found = p.found[:0]
	query := strings.ToLower(strings.TrimSpace(p.field.String()))
	fits := func(s string) bool {
		s = strings.ToLower(s)
		for _, word := range strings.Fields(query) {
			if !strings.Contains(s, word) {
				return false
			}
		}
		return true
	}
	for _, e := range p.m.All() {
		if a := e.Action; p.can(a) && a != keys.Palette && a != keys.NextPane && a != keys.PrevPane && fits(e.Binding.Help().Desc+" "+string(a)) {
			p.found = append(p.found, choice{e.Binding.Help().Desc, e.First(), func() tea.Cmd { return p.b.Frame.Do(a) }})
		}
	}
	for _, e := range p.b.Entries {
		if query != "" && fits(e.Name()+" "+p.b.Domain(e)) {
			p.found = append(p.found, choice{ui.Fill(p.b.Texts.GoTo, e.Name()), "", func() tea.Cmd { return p.b.open(NewReport(p.b, e)) }})
		}
	}
	if p.b.Guides != nil {
		for _, g := range p.b.Guides() {
			if fits(p.b.Texts.Wizards + " " + g.Name) {
				p.found = append(p.found, choice{ui.Fill(p.b.Texts.WizardTitle, g.Name), "", g.Open})
			}
		}
	}
	if network := p.b.Service.Network.String(); query != "" && p.b.Network != nil && fits(p.b.Texts.Network+" "+network) {
		p.found = append(p.found, choice{ui.Fill(p.b.Texts.GoTo, network), "", func() tea.Cmd { return p.b.open(NewNetwork(p.b)) }})
	}
	if d, err := transports.ParseDomain(query); err == nil {
		p.found = append([]choice{{ui.Fill(p.b.Texts.LookAt, d), "", func() tea.Cmd {
			e, added := p.b.Add(d)
			if added {
				return tea.Batch(func() tea.Msg { return AddedMsg{e} }, p.b.Check(e), p.b.open(NewReport(p.b, e)))
			}
			return p.b.open(NewReport(p.b, e))
		}}}, p.found...)
	}
	p.list = widget.List{}
}

// AddedMsg says that a domain was put on the board.
type AddedMsg struct{ Entry *Entry }

func (p *Palette) rows(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(p.found), Draw: draw}
}

// Title names the page.
func (p *Palette) Title(l ui.Look) string { return l.T.PaletteTitle }

// State is the place in the list.
func (p *Palette) State(ui.Look) string { return p.list.Place(len(p.found)) }

// Status says what can be typed.
func (p *Palette) Status(l ui.Look) string { return l.T.PaletteStatus }

// Keys are the actions of the page.
func (p *Palette) Keys() []keys.Action { return []keys.Action{keys.Open} }

// Do carries out an action.
func (p *Palette) Do(a keys.Action) (tea.Cmd, bool) {
	if a == keys.NextPane {
		a = keys.Down
	}
	if a == keys.PrevPane {
		a = keys.Up
	}
	if p.list.Do(a, p.rows(nil)) {
		return nil, true
	}
	if a == keys.Open {
		if p.list.At < 0 || p.list.At >= len(p.found) {
			return nil, true
		}
		p.b.Frame.Back()
		return p.found[p.list.At].open(), true
	}
	return nil, false
}

// Update hears nothing.
func (p *Palette) Update(tea.Msg) tea.Cmd { return nil }

// Typing always holds: letters search.
func (p *Palette) Typing() bool { return true }

// Type searches.
func (p *Palette) Type(k tea.KeyPressMsg) {
	before := p.field.String()
	p.field.Type(k)
	if p.field.String() != before {
		p.search()
	}
}

// Paste searches for what was pasted.
func (p *Palette) Paste(s string) string {
	s, told := widget.Pasted(p.b.Texts, s)
	p.field.Insert(s)
	p.search()
	return told
}

// View draws the field and what was found.
func (p *Palette) View(l ui.Look, w, h int) ui.Body {
	if h <= 0 {
		return ui.Body{X: -1}
	}
	text, x := p.field.View(l, w-2)
	out := []string{l.Paint(theme.Accent, ":") + " " + text}
	wide := min(w-2, ui.Prose)
	lines, _ := p.list.View(p.rows(func(i int, sel bool) string {
		s := l.Cut(l.Text(p.found[i].text), wide-10)
		pad := wide - 8 - width(s)
		if sel {
			s = l.Paint(theme.Picked, s)
		}
		return s + strings.Repeat(" ", max(1, pad)) + l.Paint(theme.Muted, p.found[i].key)
	}), h-1, widget.Gutter)
	if len(p.found) == 0 {
		lines = []string{"  " + l.Cut(l.T.NoneMatch, w-2)}
	}
	for _, s := range lines {
		out = append(out, l.Cut(s, w))
	}
	return ui.Body{Lines: out, X: 2 + x, Y: 0}
}

// Click selects a line; what was selected is done.
func (p *Palette) Click(_, y int) bool { return p.list.Click(y-1, p.rows(nil)) }

// Form says that enter, tab and the arrows act while letters are text.
func (p *Palette) Form() {}

// Label names enter.
func (p *Palette) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Open: t.KeyDo, keys.NextPane: t.KeyDown}[a]
}
