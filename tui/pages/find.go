package pages

import (
	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// find is looking for a text in a page.
type find struct {
	what   string
	typing bool
	field  widget.Field
	missed bool
}

// clear forgets what was looked for. It returns whether there was anything.
func (f *find) clear() bool {
	had := f.what != ""
	*f = find{}
	return had
}

func (f *find) open() { f.typing = true; f.field.Set("") }

func (f *find) key(k tea.KeyPressMsg, t *widget.Text, lines []string) {
	switch k.String() {
	case "enter", "tab":
		f.typing = false // what was found stays in sight
		return
	case "esc":
		f.clear()
		return
	default:
		f.field.Type(k)
	}
	f.look(t, lines)
}

func (f *find) paste(texts *ui.Texts, s string, t *widget.Text, lines []string) string {
	s, told := widget.Pasted(texts, s)
	f.field.Insert(s)
	f.look(t, lines)
	return told
}

// look goes to the first match of what stands in the field.
func (f *find) look(t *widget.Text, lines []string) {
	f.what = f.field.String()
	f.missed = f.what != "" && !t.Find(lines, f.what, 1)
}

// next goes to the next match; it tells where there is none.
func (f *find) next(b *Board, text *widget.Text, lines []string, dir int) tea.Cmd {
	if !text.Find(lines, f.what, dir) {
		return b.tell(ui.Fill(b.Texts.NoMoreMatches, safe.Line(f.what)))
	}
	return nil
}

// over writes the field over the last of h lines while it is typed.
func (f *find) over(l ui.Look, w, h int, b ui.Body) ui.Body {
	if !f.typing || h <= 0 {
		return b
	}
	lines := append([]string(nil), b.Lines...)
	for len(lines) < h {
		lines = append(lines, "")
	}
	b.Lines = lines
	name := l.T.FindPrompt
	if f.missed {
		name = l.T.FindMissed
	}
	return prompt(l, w, b, name, &f.field)
}

// reading is a page of text that can be looked through.
type reading struct {
	b     *Board
	text  widget.Text
	lines []string
	find  find
}

// State is the place in the text.
func (p *reading) State(ui.Look) string { return p.text.Place() }

// Keys are the actions of the page.
func (p *reading) Keys() []keys.Action {
	if p.find.what != "" {
		return []keys.Action{keys.Filter, keys.Next, keys.Previous}
	}
	return []keys.Action{keys.Filter, keys.Palette}
}

// Do carries out an action.
func (p *reading) Do(a keys.Action) (tea.Cmd, bool) {
	switch a {
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
func (p *reading) Update(tea.Msg) tea.Cmd { return nil }

// Typing holds while something is looked for.
func (p *reading) Typing() bool { return p.find.typing }

// Type edits what is looked for.
func (p *reading) Type(k tea.KeyPressMsg) { p.find.key(k, &p.text, p.lines) }

// Paste adds to what is looked for.
func (p *reading) Paste(s string) string { return p.find.paste(p.b.Texts, s, &p.text, p.lines) }

// Label names keys by what they do here.
func (p *reading) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Filter: t.KeyFind}[a]
}

// status is otherwise, unless something was looked for.
func (p *reading) status(l ui.Look, otherwise string) string {
	if p.find.what != "" {
		return ui.Fill(l.T.FindKept, l.Text(p.find.what))
	}
	return otherwise
}

// body draws the lines.
func (p *reading) body(l ui.Look, w, h int) ui.Body {
	return p.find.over(l, w, h, ui.Body{Lines: p.text.View(p.lines, h), X: -1})
}

// filter is a text by which a list is narrowed while it is typed.
type filter struct {
	what   string
	typing bool
	field  widget.Field
}

func (f *filter) open() { f.typing = true; f.field.Set(f.what) }

// clear takes the filter away. It returns whether there was one.
func (f *filter) clear() bool {
	had := f.what != ""
	*f = filter{}
	return had
}

func (f *filter) key(k tea.KeyPressMsg) {
	switch k.String() {
	case "enter", "tab", "up", "down":
		f.typing = false
	case "esc":
		f.clear()
	default:
		f.field.Type(k)
		f.what = f.field.String()
	}
}

func (f *filter) paste(texts *ui.Texts, s string) string {
	s, told := widget.Pasted(texts, s)
	f.field.Insert(s)
	f.what = f.field.String()
	return told
}
