package pages

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// WhatIf edits a set of records, here only, and shows how the verdict would
// change. Nothing is published.
type WhatIf struct {
	b      *Board
	e      *Entry
	name   widget.Field
	kind   widget.Field
	values []widget.Field
	extra  []dns.Set // further sets of a fix, taken as they are
	at     int       // 0 name, 1 type, 2… values, then "try it"
	top    widget.Text

	task   *ui.Task
	after  *checks.Report
	tried  []dns.Set
	wrong  string // why it could not be tried
	scroll bool   // the result has the focus
	alone  bool   // opened past the page of the entry: the title has to name it
}

// NewWhatIf is the page for a finding's fix, or for the SPF record of the
// entry's domain when f is nil.
func NewWhatIf(b *Board, e *Entry, f *finding.Finding) *WhatIf {
	p := &WhatIf{b: b, e: e}
	if f == nil && e.Known {
		for _, x := range e.Problems() {
			if x.Fix != nil && len(x.Fix.Records) > 0 {
				f = &x
				break
			}
		}
	}
	if f != nil && f.Fix != nil && len(f.Fix.Records) > 0 {
		sets := setsOf(e.Report, f.Fix.Records)
		p.edit(sets[0].Name, sets[0].Type, strings.Join(sets[0].Values, "\n"))
		p.extra = sets[1:]
		return p
	}
	domain := b.Domain(e)
	p.edit(domain, dns.TypeTXT, strings.Join(present(e.Report, dns.Ask(domain, dns.TypeTXT)), "\n"))
	return p
}

// edit puts a record set into the fields.
func (p *WhatIf) edit(name string, t dns.Type, values string) {
	p.name, p.kind, p.values, p.extra = widget.NewField(name), widget.NewField(t.String()), nil, nil
	for _, v := range strings.Split(values, "\n") {
		p.values = append(p.values, widget.NewField(v))
	}
	p.at = 2
}

// Title names the page.
func (p *WhatIf) Title(l ui.Look) string {
	if p.alone {
		return ui.Fill(l.T.WhatIfFor, l.Text(p.e.Name()))
	}
	return l.T.WhatIfTitle
}

// State says that nothing is changed.
func (p *WhatIf) State(l ui.Look) string {
	if place := p.top.Place(); place != "" {
		return place
	}
	return l.T.WhatIfState
}

// Status says what the fields do.
func (p *WhatIf) Status(l ui.Look) string {
	switch {
	case p.wrong != "":
		return l.Text(p.wrong)
	case p.task != nil:
		return l.T.WhatIfTrying
	case p.scroll:
		return l.T.WhatIfResult
	case p.after != nil:
		return l.T.WhatIfNext
	}
	return l.T.WhatIfHelp
}

// Keys are the actions of the page.
func (p *WhatIf) Keys() []keys.Action {
	ks := []keys.Action{keys.Open, keys.NextPane, keys.PrevPane}
	if p.scroll {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print, keys.Save, keys.Explain)
	}
	if p.task != nil {
		ks = append(ks, keys.Stop)
	}
	return ks
}

// Do carries out an action.
func (p *WhatIf) Do(a keys.Action) (tea.Cmd, bool) {
	if p.scroll && p.top.Do(a) {
		return nil, true
	}
	last := len(p.values) + 2 // "try it"
	switch a {
	case keys.NextPane, keys.PrevPane, keys.Down, keys.Up:
		dir := 1
		if a == keys.PrevPane || a == keys.Up {
			dir = -1
		}
		p.walk(dir, last)
		return nil, true
	case keys.Open:
		if !p.scroll && p.at < 2 {
			p.walk(1, last)
			return nil, true
		}
		return p.try(), true
	case keys.Stop:
		return nil, p.Halt()
	}
	return nil, false
}

// walk goes to the next place: fields, "try it", and the result.
func (p *WhatIf) walk(dir, last int) {
	n := last + 1
	if p.after != nil {
		n++
	}
	at := p.at
	if p.scroll {
		at = last + 1
	}
	// An empty value more is offered below the last one.
	if dir > 0 && at == last-1 && p.values[len(p.values)-1].String() != "" {
		p.values = append(p.values, widget.Field{})
		p.at = at + 1
		return
	}
	at = (at + dir + n) % n
	p.scroll = at == last+1
	if !p.scroll {
		p.at = at
	}
}

// Halt stops the trial.
func (p *WhatIf) Halt() bool {
	if p.task == nil {
		return false
	}
	p.task.Stop()
	p.task = nil
	return true
}

// sets are the record sets as edited.
func (p *WhatIf) sets() ([]dns.Set, string) {
	t := p.b.Texts
	name, err := transports.ParseDomain(p.name.String())
	if err != nil {
		return nil, ui.Fill(t.NotADomain, p.name.String())
	}
	kind, ok := dns.ParseType(strings.TrimSpace(p.kind.String()))
	if !ok {
		return nil, ui.Fill(t.NotAType, p.kind.String())
	}
	set := dns.Set{Name: name, Type: kind}
	for i := range p.values {
		if v := strings.TrimSpace(p.values[i].String()); v != "" {
			set.Values = append(set.Values, v)
		}
	}
	return append([]dns.Set{set}, p.extra...), ""
}

// try examines the target as if the sets stood in DNS.
func (p *WhatIf) try() tea.Cmd {
	sets, wrong := p.sets()
	if p.wrong = wrong; wrong != "" || p.b.WhatIf == nil {
		return nil
	}
	p.Halt()
	target, whatIf := p.e.Target, p.b.Engine.WhatIf
	task, cmd := ui.Start(p.b.Context, func(ctx context.Context, emit func(any)) any {
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		return whatIf(ctx, target, sets, func(ev checks.Event) { emit(ev) })
	})
	p.task, p.tried = task, sets
	return cmd
}

// Update hears of the trial.
func (p *WhatIf) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case ui.EventMsg:
		if p.task != nil && m.ID == p.task.ID {
			return p.task.Next()
		}
	case ui.DoneMsg:
		if p.task == nil || m.ID != p.task.ID {
			return nil
		}
		p.task = nil
		if r, ok := m.Value.(checks.Report); ok {
			p.after = &r
		}
		if m.Err != nil {
			p.wrong = m.Err.Error()
		}
	}
	return nil
}

// Typing holds while a field has the focus.
func (p *WhatIf) Typing() bool { return !p.scroll }

func (p *WhatIf) focused() *widget.Field {
	switch {
	case p.scroll, p.at >= len(p.values)+2:
		return nil
	case p.at == 0:
		return &p.name
	case p.at == 1:
		return &p.kind
	}
	return &p.values[p.at-2]
}

// Type edits the field that has the focus.
func (p *WhatIf) Type(k tea.KeyPressMsg) {
	if f := p.focused(); f != nil {
		f.Type(k)
		p.wrong = ""
	}
}

// Paste puts text into the field that has the focus.
func (p *WhatIf) Paste(s string) string {
	f := p.focused()
	if f == nil {
		return ""
	}
	clean, told := widget.Pasted(p.b.Texts, s)
	if p.at == 0 {
		if d, err := transports.ParseDomain(clean); err == nil {
			clean = d
		}
	}
	f.Insert(clean)
	return told
}

// Carry takes the edited set along.
func (p *WhatIf) Carry() ui.Carried {
	sets, wrong := p.sets()
	if wrong != "" || len(sets[0].Values) == 0 {
		return ui.Carried{}
	}
	s := sets[0]
	return ui.Carried{
		What: ui.Fill(p.b.Texts.WhatValue, s.Name), Name: s.Name + " " + s.Type.String(),
		Value: s.Values[0], All: strings.Join(s.Values, "\n"), File: s.Name + "-what-if",
		Text: s.Name + " " + s.Type.String() + "\n" + strings.Join(s.Values, "\n") + "\n",
	}
}

// Words are those that stand on the page.
func (p *WhatIf) Words() []string { return []string{"what-if", "TXT", "SPF", "DKIM", "DMARC"} }

// View draws the fields, and below them what would change.
func (p *WhatIf) View(l ui.Look, w, h int) ui.Body {
	lines, x, y := p.form(l, w)
	form := len(lines)
	lines = append(lines, p.result(l, w)...)
	for i := range lines {
		lines[i] = l.Cut(lines[i], w)
	}
	if !p.scroll {
		// The field that has the focus stays in sight.
		p.top.Do(keys.Top)
		shown := p.top.View(lines, h)
		for y >= h && p.top.Line(y) < 0 {
			p.top.Do(keys.Down)
			shown = p.top.View(lines, h)
		}
		return ui.Body{Lines: shown, X: x, Y: p.top.Line(y)}
	}
	b := ui.Body{Lines: p.top.View(lines, h), X: 0}
	b.Y = max(0, p.top.Line(form))
	return b
}

// form draws the fields; x and y are where the cursor stands.
func (p *WhatIf) form(l ui.Look, w int) (out []string, x, y int) {
	if l.Height >= 16 {
		out = append(ui.Wrap(l.T.WhatIfIntro, w), "")
	}
	field := func(i int, name string, f *widget.Field) {
		focus := p.at == i && !p.scroll
		n := 2 + 9
		text, at := f.View(l, w-n)
		if !focus {
			text = l.Cut(l.Text(f.String()), w-n)
		}
		if focus {
			x, y = n+at, len(out)
		}
		out = append(out, widget.Gutter(focus)+l.Paint(theme.Muted, l.Fit(name, 9))+text)
	}
	field(0, l.T.FieldName, &p.name)
	field(1, l.T.FieldType, &p.kind)
	for i := range p.values {
		name := l.T.FieldValue
		if len(p.values) > 1 {
			name = ui.Fill(l.T.FieldNth, fmt.Sprint(i+1))
		}
		field(2+i, name, &p.values[i])
	}
	for _, s := range p.extra {
		text := ui.Fill(l.T.AndAlso, l.Text(s.Name), s.Type.String(), l.Text(strings.Join(s.Values, " / ")))
		out = append(out, "  "+l.Paint(theme.Muted, l.Cut(text, w-2)))
	}
	focus := p.at == len(p.values)+2 && !p.scroll
	if focus {
		x, y = 2, len(out)
	}
	button := "[ " + l.T.TryIt + " ]"
	if focus {
		button = l.Paint(theme.Picked, button)
	}
	return append(out, widget.Gutter(focus)+button, ""), x, y
}

// result says what would change.
func (p *WhatIf) result(l ui.Look, w int) (out []string) {
	before := p.e.Report
	switch {
	case p.task != nil:
		return []string{l.Badge(ui.Busy) + "  " + l.T.WhatIfTrying}
	case p.after == nil && p.e.Known:
		return append([]string{heading(l, l.T.Now)}, verdictLines(l, before, w)...)
	case p.after == nil:
		return nil
	}
	after := *p.after
	out = append(out, heading(l, outcome(l, before, after)), "")
	gone, come, stay := compare(before, after)
	list := func(name string, all []finding.Finding, mark func(finding.Finding) string) {
		if len(all) == 0 {
			return
		}
		out = append(out, heading(l, name))
		for _, f := range all {
			out = append(out, "  "+mark(f)+"  "+title(l, f))
		}
		out = append(out, "")
	}
	own := func(f finding.Finding) string { return l.Badge(severityState(f.Severity())) }
	list(l.T.Goes, gone, own)
	list(l.T.Comes, come, own)
	list(l.T.Stays, stay, own)
	b, a := judge(l, before.Paths), judge(l, after.Paths)
	if len(a) > 0 {
		n := max(20, min(44, (w-8)/2))
		out = append(out, heading(l, "        "+l.Fit(l.T.Before, n)+l.T.After))
		for i := range a {
			old := ""
			if i < len(b) {
				old = l.Badge(b[i].state) + " " + b[i].short
			}
			out = append(out, l.Fit("  "+a[i].name, 8)+l.Fit(l.Cut(old, n-1), n)+l.Cut(l.Badge(a[i].state)+" "+a[i].short, w-8-n))
		}
	}
	return out
}

// verdictLines is a report in a few lines.
func verdictLines(l ui.Look, r checks.Report, w int) (out []string) {
	for _, f := range problems(r) {
		out = append(out, l.Cut("  "+l.Badge(severityState(f.Severity()))+"  "+title(l, f), w))
	}
	if len(out) == 0 && r.Verdict != checks.VerdictUnknown {
		out = append(out, "  "+l.Badge(ui.OK)+"  "+l.T.AllGood)
	}
	for _, j := range judge(l, r.Paths) {
		out = append(out, "  "+judged(l, j, w-2))
	}
	return out
}

// Form says that enter, tab and the arrows act while letters are text.
func (p *WhatIf) Form() {}

// Label names keys by what they do here.
func (p *WhatIf) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Open: t.KeyTry, keys.NextPane: t.KeyField}[a]
}

// Trying says whether a trial is under way.
func (p *WhatIf) Trying() bool { return p.task != nil }
