package pages

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Forms asks in which form a long value is printed: panels want one string,
// zone files want strings of at most 255 octets.
type Forms struct {
	b       *Board
	carried ui.Carried
	list    widget.List
}

// maxString is the longest string in a TXT record (RFC 1035 section 3.3).
const maxString = 255

// Long says whether a value needs more than one string.
func Long(c ui.Carried) bool { return len(c.Value) > maxString }

// NewForms asks for the form of a value.
func NewForms(b *Board, c ui.Carried) *Forms { return &Forms{b: b, carried: c} }

// lines are the printed lines of a form.
func (p *Forms) lines(i int) []string {
	switch i {
	case 0:
		return []string{p.carried.Value}
	case 1:
		var parts []string
		for rest := p.carried.Value; rest != ""; {
			n := min(len(rest), maxString)
			parts = append(parts, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(rest[:n])+`"`)
			rest = rest[n:]
		}
		return []string{strings.Join(parts, " ")}
	}
	return []string{p.carried.Name, p.carried.Value}
}

func (p *Forms) rows(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(p.b.Texts.Forms), Draw: draw}
}

// Title names the page.
func (p *Forms) Title(l ui.Look) string { return l.T.FormsTitle }

// State is empty.
func (p *Forms) State(ui.Look) string { return "" }

// Status says what enter does.
func (p *Forms) Status(l ui.Look) string { return l.T.FormsStatus }

// Keys are the actions of the page.
func (p *Forms) Keys() []keys.Action { return []keys.Action{keys.Open} }

// Do carries out an action.
func (p *Forms) Do(a keys.Action) (tea.Cmd, bool) {
	if a == keys.Open || a == keys.Print {
		p.b.Frame.Back()
		return p.b.Frame.Print(p.lines(p.list.At)), true
	}
	return nil, p.list.Do(a, p.rows(nil))
}

// Update hears nothing.
func (p *Forms) Update(tea.Msg) tea.Cmd { return nil }

// View draws the three forms.
func (p *Forms) View(l ui.Look, w, h int) ui.Body {
	lines, y := p.list.View(p.rows(func(i int, _ bool) string { return l.Cut(p.b.Texts.Forms[i], w-2) }), h, gutter(l))
	return ui.Body{Lines: lines, Y: y}
}

// Label names keys by what they do here.
func (p *Forms) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Open: t.KeyPrint}[a]
}
