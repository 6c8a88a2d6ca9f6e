package wizard

import (
	"strconv"

	tea "charm.land/bubbletea/v2"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// List is the list of guides: those that were left stand first.
type List struct {
	b      *Bench
	preset map[string]string // for a guide that begins here
	list   widget.List
	items  []item
	doomed *item // is forgotten at the next press
	lines  []line
}

// item is a line that can be opened.
type item struct {
	left  *left
	guide *guide.Wizard
}

// line is a line of the list: an item begins on it, or none.
type line struct {
	text string
	item int // negative: none
}

// NewList is the list of guides. preset are answers that are known already.
func NewList(b *Bench, preset map[string]string) *List {
	p := &List{b: b, preset: preset}
	p.Revive()
	return p
}

// Revive looks again at what was left, for who comes back to the list.
func (p *List) Revive() {
	p.items, p.doomed = nil, nil
	for _, l := range p.b.left() {
		p.items = append(p.items, item{left: &l, guide: l.guide})
	}
	for _, w := range p.b.Guides() {
		p.items = append(p.items, item{guide: w})
	}
	p.build(ui.Look{T: p.b.Texts, Palette: theme.New(theme.Contrast, 0)}, ui.Prose)
	p.list.Settle(p.rows())
}

// build draws the lines.
func (p *List) build(l ui.Look, w int) {
	p.lines = p.lines[:0]
	roomy := l.Height >= 16
	say := func(text string, item int) { p.lines = append(p.lines, line{text, item}) }
	head := ""
	for i, it := range p.items {
		now := l.T.WizardAll
		if it.left != nil {
			now = l.T.WizardLeft
		}
		if now != head {
			if head = now; len(p.lines) > 0 && roomy {
				say("", -1)
			}
			say(heading(l, now), -1)
		} else if roomy && it.left == nil {
			say("", -1)
		}
		if x := it.left; x != nil {
			text := ui.Fill(l.T.WizardLeftRow, l.Text(p.b.name(x.guide, x.Subject)), strconv.Itoa(x.step), strconv.Itoa(x.of))
			text = l.Badge(ui.ToDo) + "  " + text
			if at := x.At.Format("2 January 15:04"); width(text)+2+len(at) <= w {
				text = l.Ends(text, l.Paint(theme.Muted, at), min(w, ui.Prose))
			}
			say(l.Cut(text, w), i)
			continue
		}
		say(l.Cut(l.Text(it.guide.Title), w), i)
		if roomy {
			for _, s := range ui.Wrap(l.Text(it.guide.About), w-2) {
				say("  "+s, -1)
			}
		}
	}
}

func (p *List) rows() widget.Rows {
	return widget.Rows{
		Len: len(p.lines),
		Can: func(i int) bool { return p.lines[i].item >= 0 },
		Draw: func(i int, _ bool) string {
			return p.lines[i].text
		},
	}
}

// at is the selected item.
func (p *List) at() (it item) {
	if i := p.list.At; i >= 0 && i < len(p.lines) && p.lines[i].item >= 0 {
		return p.items[p.lines[i].item]
	}
	return item{}
}

// Title names the page.
func (p *List) Title(l ui.Look) string { return l.T.Wizards }

// State is the place in the list.
func (p *List) State(ui.Look) string { return p.list.Place(len(p.lines)) }

// Status says what enter does.
func (p *List) Status(l ui.Look) string {
	switch {
	case len(p.items) == 0:
		return l.T.WizardNone
	case p.at().left != nil:
		return l.T.WizardListLeft
	}
	return l.T.WizardList
}

// Keys are the actions of the page.
func (p *List) Keys() []keys.Action {
	if p.at().left != nil {
		return []keys.Action{keys.Open, keys.Discard, keys.Explain}
	}
	return []keys.Action{keys.Open, keys.Explain}
}

// Do carries out an action.
func (p *List) Do(a keys.Action) (tea.Cmd, bool) {
	doomed := p.doomed
	if p.doomed = nil; doomed != nil && a != keys.Discard {
		p.b.Frame.Tell(p.b.Texts.WizardKept)
		return nil, true
	}
	if p.list.Do(a, p.rows()) {
		return nil, true
	}
	it := p.at()
	switch {
	case it.guide == nil:
		return nil, false
	case a == keys.Open && it.left != nil:
		return p.b.resume(*it.left), true
	case a == keys.Open:
		return p.b.begin(guide.Start(it.guide, p.b.World, p.preset)), true
	case a == keys.Discard && it.left != nil:
		p.forget(it, doomed)
		return nil, true
	}
	return nil, false
}

// forget asks, and at the second press forgets what was left.
func (p *List) forget(it item, doomed *item) {
	t := p.b.Texts
	name := ui.Look{T: t}.Text(p.b.name(it.guide, it.left.Subject))
	switch {
	case doomed == nil:
		p.doomed = &it
		p.b.Frame.Tell(ui.Fill(t.WizardForget, name))
		return
	case p.b.World.Keep == nil:
	default:
		if err := p.b.World.Keep(it.left.Name(), nil); err != nil {
			p.b.Frame.Tell(ui.Fill(t.WizardNotKept, ui.Look{T: t}.Text(err.Error())))
			return
		}
		p.b.Frame.Tell(ui.Fill(t.WizardForgotten, name))
	}
	p.Revive()
}

// Update hears nothing.
func (p *List) Update(tea.Msg) tea.Cmd { return nil }

// Words are those that stand in the list.
func (p *List) Words() []string {
	if p.b.Glossary == nil {
		return nil
	}
	text := ""
	for _, it := range p.items {
		text += it.guide.Title + " " + it.guide.About + " "
	}
	return ui.WordsIn(p.b.Glossary(), text)
}

// View draws the list.
func (p *List) View(l ui.Look, w, h int) ui.Body {
	p.build(l, w-2)
	lines, y := p.list.View(p.rows(), h, widget.Gutter)
	for i := range lines {
		lines[i] = l.Cut(lines[i], w)
	}
	b := ui.Body{Lines: lines, Y: y}
	if y < 0 {
		b.X = -1
	}
	return b
}

// Label names keys by what they do here.
func (p *List) Label(t *ui.Texts, a keys.Action) string {
	switch {
	case a != keys.Open:
		return ""
	case p.at().left != nil:
		return t.WizardGoOn
	}
	return t.KeyOpenIt
}

// Click selects a line; what was selected opens.
func (p *List) Click(_, y int) bool { return p.list.Click(y, p.rows()) }
