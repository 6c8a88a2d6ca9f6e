package pages

import (
	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Help lists keys: of the page it was asked on, or all of them.
type Help struct {
	m     *keys.Map
	of    []keys.Action
	where func(ui.Look) string
	all   bool
	text  widget.Text
	lines []string
	find  find
	b     *Board
}

// NewHelp is the help of a page.
func NewHelp(b *Board, m *keys.Map, p ui.Page) *Help {
	return &Help{b: b, m: m, of: p.Keys(), where: p.Title}
}

// Title names the page.
func (p *Help) Title(l ui.Look) string {
	if p.all {
		return l.T.HelpAll
	}
	return l.T.HelpHere
}

// State is the place in the text.
func (p *Help) State(ui.Look) string { return p.text.Place() }

// Status says how to get all keys.
func (p *Help) Status(l ui.Look) string {
	if p.find.what != "" {
		return ui.Fill(l.T.FindKept, l.Text(p.find.what))
	}
	if p.all {
		return l.T.HelpStatusAll
	}
	return l.T.HelpStatus
}

// Keys are the actions of the page.
func (p *Help) Keys() []keys.Action {
	if p.find.what != "" {
		return []keys.Action{keys.Filter, keys.Next, keys.Previous}
	}
	return []keys.Action{keys.Filter, keys.Palette}
}

// Do carries out an action.
func (p *Help) Do(a keys.Action) (tea.Cmd, bool) {
	switch a {
	case keys.Help:
		p.all = !p.all
		p.text = widget.Text{}
		return nil, true
	case keys.Filter:
		p.find.open()
		return nil, true
	case keys.Back:
		return nil, p.find.clear()
	case keys.Next, keys.Previous:
		if p.find.what == "" {
			return nil, false
		}
		dir := 1
		if a == keys.Previous {
			dir = -1
		}
		return p.find.next(p.b, &p.text, p.lines, dir), true
	}
	return nil, p.text.Do(a)
}

// Update hears nothing.
func (p *Help) Update(tea.Msg) tea.Cmd { return nil }

// Typing holds while something is looked for.
func (p *Help) Typing() bool { return p.find.typing }

// Type edits what is looked for.
func (p *Help) Type(k tea.KeyPressMsg) { p.find.key(k, &p.text, p.lines) }

// Paste adds to what is looked for.
func (p *Help) Paste(s string) string { return p.find.paste(s) }

// View draws the page.
func (p *Help) View(l ui.Look, w, h int) ui.Body {
	p.lines = p.build(l, w)
	return p.find.over(l, w, h, ui.Body{Lines: p.text.View(p.lines, h), X: -1})
}

func (p *Help) build(l ui.Look, w int) (out []string) {
	here := map[keys.Action]bool{}
	for _, a := range p.of {
		here[a] = true
	}
	group := ""
	for _, e := range p.m.All() {
		if !p.all && !here[e.Action] && !everywhere[e.Action] {
			continue
		}
		if e.Group != group {
			if group = e.Group; len(out) > 0 {
				out = append(out, "")
			}
			out = append(out, heading(l, group))
		}
		h := e.Binding.Help()
		out = append(out, l.Hang("  "+l.Paint(theme.Accent, l.Fit(h.Key, 15))+" ", h.Desc, w)...)
	}
	return append(append(out, ""), ui.Wrap(l.T.HelpFields, w)...)
}

// everywhere are the actions that the help of each page names.
var everywhere = map[keys.Action]bool{
	keys.Up: true, keys.Down: true, keys.PageUp: true, keys.PageDown: true, keys.Top: true, keys.Bottom: true,
	keys.Back: true, keys.Help: true, keys.Overview: true, keys.Palette: true, keys.Quit: true,
}

// Label names keys by what they do here.
func (p *Help) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Filter: t.KeyFind}[a]
}
