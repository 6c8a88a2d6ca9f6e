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
	reading
	m   *keys.Map
	of  []keys.Action
	all bool
}

// NewHelp is the help of a page.
func NewHelp(b *Board, m *keys.Map, p ui.Page) *Help {
	return &Help{reading: reading{b: b}, m: m, of: p.Keys()}
}

// Title names the page.
func (p *Help) Title(l ui.Look) string {
	if p.all {
		return l.T.HelpAll
	}
	return l.T.HelpHere
}

// Status says how to get all keys.
func (p *Help) Status(l ui.Look) string {
	if p.all {
		return p.status(l, l.T.HelpStatusAll)
	}
	return p.status(l, l.T.HelpStatus)
}

// Do carries out an action.
func (p *Help) Do(a keys.Action) (tea.Cmd, bool) {
	if a == keys.Help {
		p.all = !p.all
		p.text = widget.Text{}
		return nil, true
	}
	return p.reading.Do(a)
}

// View draws the page.
func (p *Help) View(l ui.Look, w, h int) ui.Body {
	p.lines = p.build(l, w)
	return p.body(l, w, h)
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
