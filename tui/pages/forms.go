package pages

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Forms shows a value or a record in other forms: panels want one string, zone
// files want strings of at most 255 octets, and programs want their own.
type Forms struct {
	b       *Board
	carried ui.Carried
	texts   []string
	list    widget.List
}

// maxString is the longest string in a TXT record (RFC 1035 section 3.3).
const maxString = 255

// Long says whether a value needs more than one string.
func Long(c ui.Carried) bool { return len(c.Value) > maxString }

// NewForms shows the forms of what was carried away.
func NewForms(b *Board, c ui.Carried) *Forms {
	p := &Forms{b: b, carried: c}
	if c.Forms != nil {
		p.texts = c.Forms()
		p.texts[0] = c.Value // as the panel of this provider wants it
		return p
	}
	var parts []string
	for _, s := range provider.Split(c.Value) {
		parts = append(parts, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)+`"`)
	}
	p.texts = []string{c.Value, strings.Join(parts, " "), c.Name + "\n" + c.Value}
	return p
}

// text is the form that is chosen.
func (p *Forms) text() string { return p.texts[p.list.At] }

func (p *Forms) rows(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(p.texts), Draw: draw}
}

// Title names the page.
func (p *Forms) Title(l ui.Look) string { return l.T.FormsTitle }

// State is empty.
func (p *Forms) State(ui.Look) string { return "" }

// Status says what enter does.
func (p *Forms) Status(l ui.Look) string { return l.T.FormsStatus }

// Keys are the actions of the page.
func (p *Forms) Keys() []keys.Action { return []keys.Action{keys.Open, keys.Copy, keys.Save} }

// Do carries out an action.
func (p *Forms) Do(a keys.Action) (tea.Cmd, bool) {
	if a != keys.Open && a != keys.Print {
		return nil, p.list.Do(a, p.rows(nil))
	}
	if !ui.Harmless(strings.ReplaceAll(p.text(), "\n", "")) {
		return p.b.tell(ui.Fill(p.b.Texts.NotPrinted, safe.Line(p.carried.What))), true
	}
	p.b.Frame.Back()
	return p.b.Frame.Print(strings.Split(p.text(), "\n")), true
}

// Carry takes the form along that is chosen.
func (p *Forms) Carry() ui.Carried {
	return ui.Carried{What: p.carried.What, Name: p.carried.Name, Value: p.text(), All: p.text(), File: p.carried.File, Text: p.text() + "\n"}
}

// Update hears nothing.
func (p *Forms) Update(tea.Msg) tea.Cmd { return nil }

// View draws the forms, and below them the text of the chosen one.
func (p *Forms) View(l ui.Look, w, h int) ui.Body {
	list := min(h, len(p.texts))
	lines, y := p.list.View(p.rows(func(i int, _ bool) string { return l.Cut(p.b.Texts.Forms[i], w-2) }), list, widget.Gutter)
	if len(lines)+2 < h {
		lines = append(lines, "")
		cut := false
		for s := range strings.SplitSeq(p.text(), "\n") {
			s = "  " + l.Text(s)
			cut = cut || width(s) > w
			lines = append(lines, l.Cut(s, w))
		}
		if cut {
			lines = slices.Insert(lines, list, "", l.Paint(theme.Muted, l.Cut("  "+ui.Fill(l.T.FormsCut, l.Tail()), w)))
		}
	}
	return ui.Body{Lines: lines[:min(h, len(lines))], Y: y}
}

// Label names keys by what they do here.
func (p *Forms) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Open: t.KeyPrint}[a]
}
