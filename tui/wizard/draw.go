package wizard

import (
	"slices"
	"strconv"
	"strings"

	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

func width(s string) int { return ansi.StringWidth(s) }

func heading(l ui.Look, s string) string { return l.Paint(theme.Strong, s) }

// states are those of guides as badges.
var states = [...]ui.State{
	guide.Unknown: ui.Unknown, guide.OK: ui.OK, guide.Note: ui.Note, guide.Warning: ui.Warning,
	guide.Failure: ui.Failure, guide.Busy: ui.Busy, guide.Todo: ui.ToDo, guide.Skipped: ui.Skipped,
}

func badge(l ui.Look, s guide.State) string {
	return l.Badge(states[min(int(s), len(states)-1)])
}

// widest is how wide a step is drawn at most.
const widest = ui.Prose + 10

// View draws the steps, and beside them the present one where there is room.
func (p *Page) View(l ui.Look, w, h int) ui.Body {
	p.panes = 1
	side := 0
	if w >= 100 && l.Height >= 24 {
		p.panes = 2
		if side = 33; w >= 120 {
			side = 44
		}
	}
	if p.zoomed {
		side = 0
	}
	room, left := w, 0
	if side > 0 {
		left = side + 3
		room = w - left
	}
	d := p.document(l, min(room, widest), h, p.panes == 1)
	p.place = d.y
	if p.follow {
		p.text.Reveal(d.y, d.tall, len(d.lines), h)
		p.follow = false
	}
	lines := p.text.View(d.lines, h)
	p.read = p.read || p.work.task == nil && p.text.Line(d.y) >= 0
	x, y := left+d.x, p.text.Line(d.y)
	if d.x < 0 {
		x, y = left, 0
	}
	if side > 0 {
		lines = widget.Beside(l, h, []int{side, room}, p.steps(l, side, h), lines)
	}
	for i := range lines {
		lines[i] = l.Cut(lines[i], w)
	}
	return ui.Body{Lines: lines, X: min(x, max(0, w-1)), Y: y}
}

// steps are the steps with their states, and below them why this one is asked.
func (p *Page) steps(l ui.Look, w, h int) []string {
	out := []string{" " + heading(l, l.T.WizardSteps)}
	done := p.run.Done()
	for i, s := range p.run.Wizard.Steps {
		here := !done && s.ID == p.run.Step().ID
		state := badge(l, p.run.StateOf(s.ID))
		if here && p.work.task != nil && p.run.View().State == guide.Unknown || here && p.work.acting {
			state = l.Badge(ui.Busy)
		}
		title := l.Text(s.Title)
		if here {
			title = l.Paint(theme.Picked, title)
		}
		out = append(out, l.Cut(widget.Gutter(here)+state+"  "+strconv.Itoa(i+1)+" "+title, w))
	}
	if why := p.why(l, w-2); len(why) > 0 {
		out = append(out, "", " "+heading(l, l.T.WizardWhy))
		for _, s := range why {
			out = append(out, strings.TrimRight(" "+s, " "))
		}
	}
	if len(out) > h {
		out = append(out[:max(0, h-1)], " "+l.Paint(theme.Muted, ui.Fill(l.T.PressE, l.Tail())))
	}
	return out[:min(len(out), max(0, h))]
}

// why says why the step is asked.
func (p *Page) why(l ui.Look, w int) (out []string) {
	for part := range strings.SplitSeq(p.Why(), "\n\n") {
		if part == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, "")
		}
		out = append(out, ui.Wrap(l.Text(part), w)...)
	}
	return out
}

// document is the text of a step, and where the focus is.
type document struct {
	lines      []string
	x, y, tall int // x is negative where there is no focus
}

func (d *document) say(lines ...string) { d.lines = append(d.lines, lines...) }

// gap leaves a line empty, not at the beginning and not twice.
func (d *document) gap(l ui.Look) {
	if n := len(d.lines); n > 0 && d.lines[n-1] != "" && l.Height >= 16 {
		d.lines = append(d.lines, "")
	}
}

// document draws the step. alone says that the steps do not stand beside it.
func (p *Page) document(l ui.Look, w, h int, alone bool) document {
	d := document{x: -1}
	if p.run.Done() {
		p.end(l, w, &d)
		return d
	}
	s, v := p.run.Step(), p.run.View()
	if alone {
		n, of := p.run.Position()
		d.say(l.Cut(heading(l, ui.Fill(l.T.WizardHere, strconv.Itoa(n), strconv.Itoa(of), l.Text(s.Title))), w))
	}
	if l.Height >= 16 || len(v.Blocks) == 0 {
		d.say(ui.Wrap(l.Text(s.Ask), w)...)
		d.gap(l)
	}
	p.troubles(l, w, &d)
	p.blocks(l, w, v, &d)
	switch looking := p.work.task != nil && !p.work.acting; {
	case len(v.Blocks) > 0:
	case looking && v.Said != "":
		d.say(l.Hang(l.Badge(ui.Busy)+"  ", l.Text(v.Said), w)...)
	case looking:
		d.say(l.Hang(l.Badge(ui.Busy)+"  ", l.T.WizardLooking, w)...)
	case v.Said != "" && v.Said != v.Blocked:
		d.say(l.Hang(badge(l, v.State)+"  ", l.Text(v.Said), w)...)
	}
	p.fields(l, w, &d)
	if v.Blocked != "" && v.Blocked != p.problem {
		d.gap(l)
		d.say(l.Hang(l.Badge(ui.ToDo)+"  ", l.Text(v.Blocked), w)...)
	}
	if why := p.why(l, w-2); alone && l.Height >= 16 && len(why) > 0 && (len(d.lines)+len(why)+2 <= h || l.Height >= 24) {
		d.gap(l)
		d.say(heading(l, l.T.WizardWhy))
		for _, s := range why {
			d.say(strings.TrimRight("  "+s, " "))
		}
	}
	for len(d.lines) > 0 && d.lines[len(d.lines)-1] == "" {
		d.lines = d.lines[:len(d.lines)-1]
	}
	return d
}

// troubles say what went wrong here.
func (p *Page) troubles(l ui.Look, w int, d *document) {
	say := func(s ui.State, text string) {
		d.say(l.Hang(l.Badge(s)+"  ", text, w)...)
		d.gap(l)
	}
	if p.problem != "" {
		say(ui.Failure, l.Text(p.problem))
	}
	switch {
	case p.work.broken != "":
		say(ui.Unknown, ui.Fill(l.T.WizardBroken, l.Text(p.work.broken)))
	case p.work.stopped:
		say(ui.Unknown, l.T.WizardStopped)
	}
}

// blocks draws what the step shows. Where nothing is filled in, the focus is
// the value that is chosen to be carried away.
func (p *Page) blocks(l ui.Look, w int, v guide.View, d *document) {
	pen := pen{l: l, w: w, looking: p.work.task != nil, labels: budgetLabels(v)}
	carriable := 0
	several := len(p.carriable()) > 1
	if l.Height < 16 {
		v.Blocks = folded(v.Blocks)
	}
	for i, b := range v.Blocks {
		if i > 0 && !joined(v.Blocks[i-1], b) {
			d.gap(l)
		}
		pen.chosen = several && carriable == p.card
		at := len(d.lines)
		lines, value := pen.draw(b)
		if value >= 0 {
			if carriable == min(p.card, len(p.carriable())-1) && p.form.idle() {
				d.x, d.y, d.tall = 9, at+value, 1
			}
			carriable++
		}
		for _, s := range lines {
			d.say(l.Cut(s, w))
		}
	}
	if len(v.Blocks) > 0 {
		d.gap(l)
	}
}

// end says what was achieved, and what comes next.
func (p *Page) end(l ui.Look, w int, d *document) {
	done := ui.Fill(l.T.WizardDone, l.Text(p.run.Wizard.Title))
	if subject := p.run.Subject(); subject != "" {
		done = ui.Fill(l.T.WizardDoneFor, l.Text(p.run.Wizard.Title), l.Text(subject))
	}
	v := p.run.View()
	state := ui.OK
	if v.State == guide.Warning || v.State == guide.Failure {
		state, done = states[v.State], ui.Fill(l.T.WizardDoneBut, done)
	}
	d.say(l.Hang(l.Badge(state)+"  ", done, w)...)
	d.gap(l)
	v.Blocks = slices.DeleteFunc(slices.Clone(v.Blocks), func(b guide.Block) bool {
		_, card := b.(guide.Card)
		return card
	})
	p.blocks(l, w, v, d)
	d.say(heading(l, l.T.WizardThen))
	then := l.T.WizardThenCheck
	if next := p.next(); next != nil {
		then = ui.Fill(l.T.WizardThenOther, l.Text(next.Title))
	}
	d.say(ui.Wrap(then, w)...)
	d.x = -1
}
