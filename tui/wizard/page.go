package wizard

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/safe"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Page walks a guide.
type Page struct {
	b   *Bench
	run *guide.Run

	form form // the fields of the present step
	work work // what looks, or acts

	problem string // why the step did not go on
	unkept  bool   // the place could not be stored
	card    int    // the record or command that is chosen to be carried away
	text    widget.Text
	follow  bool // the focus has to be in sight
	zoomed  bool
	panes   int
	place   int  // the line of the focus in the text
	read    bool // the fields were in sight
	acted   bool
	dirty   bool // something was filled in since the run was stored
}

// open shows the step that the run is at. Going forward, what it showed before
// may be about other answers.
func (p *Page) open(forward bool) tea.Cmd {
	p.work.halt()
	p.work, p.problem, p.card, p.text, p.follow = work{}, "", 0, widget.Text{}, false
	p.read = false
	if p.run.Done() {
		p.form = form{}
		return nil
	}
	if forward {
		p.run.Show(p.run.Step().ID, guide.View{})
	}
	p.form = newForm(p.run)
	return p.look()
}

// Title is what the run is about.
func (p *Page) Title(l ui.Look) string {
	return ui.Fill(l.T.WizardTitle, l.Text(p.b.name(p.run.Wizard, p.run.Subject())))
}

// State is the step, and when it was stored.
func (p *Page) State(l ui.Look) string {
	n, of := p.run.Position()
	s := ui.Fill(l.T.WizardStep, strconv.Itoa(n), strconv.Itoa(of))
	switch saved := p.run.Saved(); {
	case p.unkept:
		s += "   " + l.T.WizardNotSaved
	case !saved.IsZero():
		s += "   " + ui.Fill(l.T.WizardSaved, saved.Format("15:04"))
	}
	if place := p.text.Place(); place != "" {
		s = place + "   " + s
	}
	return s
}

// Status is how it stands, in a sentence.
func (p *Page) Status(l ui.Look) string {
	v, t := p.run.View(), l.T
	switch {
	case p.run.Done():
		if next := p.next(); next != nil {
			return ui.Fill(t.WizardThenOther, l.Text(next.Title))
		}
		return t.WizardDoneTell
	case p.work.stopping:
		return t.WizardStopping
	case p.work.acting && v.Said != "" && p.work.heard:
		return l.Text(v.Said)
	case p.work.acting:
		return ui.Fill(t.WizardActing, l.Text(p.run.Step().Title))
	case p.problem != "":
		return l.Text(p.problem)
	case p.work.broken != "":
		return ui.Fill(t.WizardBroken, l.Text(p.work.broken))
	case p.work.stopped:
		return t.WizardStopped
	case v.Said != "":
		return l.Text(v.Said)
	case p.work.task != nil:
		return t.WizardLooking
	case v.Blocked != "":
		return l.Text(v.Blocked)
	case len(p.form.fields) > 0:
		return t.WizardTellFields
	case len(v.Cards()) > 0:
		return t.WizardPublish
	}
	return t.WizardTell
}

// Keys are the actions of the page.
func (p *Page) Keys() []keys.Action {
	ks := []keys.Action{keys.Open}
	if p.work.task != nil {
		ks = append(ks, keys.Stop) // the first to be seen: it says that this is not all yet
	}
	if n := len(p.carriable()); n > 0 {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print)
		if _, ok := p.carriable()[min(p.card, n-1)].(guide.Card); ok {
			ks = append(ks, keys.Form)
		}
		if n > 1 {
			ks = append(ks, keys.Next, keys.Previous)
		}
	}
	if p.run.Step().Look != nil && !p.run.Done() && !p.work.acting {
		ks = append(ks, keys.Check)
	}
	if len(p.form.fields) > 0 {
		ks = append(ks, keys.NextPane, keys.PrevPane)
	}
	ks = append(ks, keys.Explain, keys.Save)
	if p.panes > 1 {
		ks = append(ks, keys.Zoom)
	}
	if p.form.choice() != nil {
		ks = append(ks, keys.Choose, keys.Number)
	}
	return append(ks, keys.Overview)
}

// Do carries out an action.
func (p *Page) Do(a keys.Action) (tea.Cmd, bool) {
	switch a {
	case keys.Up:
		return nil, p.move(-1)
	case keys.Down:
		return nil, p.move(1)
	case keys.NextPane, keys.PrevPane:
		return p.tab(a == keys.NextPane)
	case keys.Open:
		return p.goOn(), true
	case keys.Back:
		return p.goBack(), true
	case keys.Check:
		if p.run.Done() || p.work.acting || p.run.Step().Look == nil {
			return nil, false
		}
		return p.look(), true
	case keys.Stop:
		return nil, p.stop()
	case keys.Choose:
		return nil, p.form.choice() != nil // it is chosen since it was marked
	case keys.Next, keys.Previous:
		n := len(p.carriable())
		if n < 2 {
			return nil, false
		}
		dir := 1
		if a == keys.Previous {
			dir = n - 1
		}
		p.card = (min(p.card, n-1) + dir) % n
		p.b.Frame.Tell(ui.Fill(p.b.Texts.WizardCardNth, strconv.Itoa(p.card+1), strconv.Itoa(n)))
		return nil, true
	case keys.Zoom:
		if p.panes < 2 {
			return nil, false
		}
		p.zoomed = !p.zoomed
		p.b.Frame.Tell(p.b.Texts.Unzoomed)
		if p.zoomed {
			p.b.Frame.Tell(p.b.Texts.Zoomed)
		}
		return nil, true
	}
	return nil, p.text.Do(a)
}

// inSight says whether the focus can be seen: what cannot is neither filled in
// nor chosen, and the keys move the text.
func (p *Page) inSight() bool { return p.follow || p.text.Line(p.place) >= 0 }

// move goes to the next option or field, or moves the text.
func (p *Page) move(dir int) bool {
	if p.form.idle() || !p.inSight() || p.work.acting {
		if dir < 0 {
			return p.text.Do(keys.Up)
		}
		return p.text.Do(keys.Down)
	}
	if f := p.form.choice(); f != nil {
		if i := p.form.option(p.run, *f) + dir; i >= 0 && i < len(f.Options) {
			p.set(f.ID, f.Options[i].Value)
			return true
		}
	}
	if !p.form.step(dir) {
		if dir < 0 {
			return p.text.Do(keys.Up)
		}
		return p.text.Do(keys.Down)
	}
	p.follow = true
	return true
}

// tab goes to the next field, or to what goes on. Before the first field lies
// the step before.
func (p *Page) tab(forward bool) (tea.Cmd, bool) {
	switch {
	case p.work.acting, len(p.form.fields) == 0:
		return nil, false
	case !p.inSight() && forward:
	case forward && !p.form.step(1):
		p.form.first()
	case !forward && !p.form.step(-1):
		return p.goBack(), true
	}
	p.follow = true
	return nil, true
}

// ChooseNumber takes the n-th option of the choice that has the focus.
func (p *Page) ChooseNumber(n int) bool {
	f := p.form.choice()
	if f == nil || n < 1 || n > len(f.Options) || p.work.acting {
		return false
	}
	p.set(f.ID, f.Options[n-1].Value)
	return true
}

// set fills a field in.
func (p *Page) set(id, value string) {
	p.run.Set(id, value)
	p.dirty = true
	delete(p.form.wrong, id)
	p.problem, p.follow = "", true
	p.form.refresh(p.run)
}

// Typing holds while a field has the focus that takes text.
func (p *Page) Typing() bool { return p.form.editor() != nil && !p.work.acting && p.inSight() }

// Type edits the field. What stands there by itself makes room for what is
// typed; a key that moves in it keeps it.
func (p *Page) Type(k tea.KeyPressMsg) {
	if e := p.form.editor(); e != nil {
		if k.Text != "" && !p.form.touched[p.form.focus] {
			e.Set("")
		}
		e.Type(k)
		p.typed(e)
	}
}

// Paste puts text into the field. A secret is taken as it is.
func (p *Page) Paste(s string) (told string) {
	e := p.form.editor()
	if e == nil || p.work.acting {
		return ""
	}
	if !e.Masked {
		s, told = widget.Pasted(p.b.Texts, s)
	}
	if !p.form.touched[p.form.focus] {
		e.Set("")
	}
	e.Insert(s)
	p.typed(e)
	return told
}

func (p *Page) typed(e *widget.Field) {
	id := p.form.focus
	p.form.touched[id] = true
	p.set(id, e.String())
}

// Form says that enter, tab and the arrows act while letters are text.
func (p *Page) Form() {}

// Deliberate says that only enter goes on and only esc goes back: other keys
// with that meaning lie too near to those that move.
func (p *Page) Deliberate() bool { return true }

// Label names keys by what they do here.
func (p *Page) Label(t *ui.Texts, a keys.Action) string {
	switch a {
	case keys.Open:
		return p.enter(t)
	case keys.Back:
		if p.run.Done() || p.first() {
			return t.WizardLeave
		}
		return t.WizardBack
	case keys.NextPane:
		return t.WizardNext
	case keys.Check:
		return t.KeyLookAgain
	case keys.Copy:
		return t.KeyValue
	case keys.Next:
		return t.KeyNextCard
	}
	return ""
}

// first says that no step lies before the present one.
func (p *Page) first() bool {
	n, _ := p.run.Position()
	if n == 1 {
		return true
	}
	return !slices.ContainsFunc(p.run.Wizard.Steps[:n-1], func(s guide.Step) bool { return p.run.StateOf(s.ID) != guide.Skipped })
}

// enter says what going on means here.
func (p *Page) enter(t *ui.Texts) string {
	v := p.run.View()
	switch {
	case p.run.Done() && p.next() == nil:
		return t.WizardLeave
	case p.run.Done():
		return t.WizardGoOn
	case p.unread():
		return t.WizardMore
	case p.work.task == nil && p.run.Step().Look != nil && (v.Blocked != "" || p.work.undone()):
		return t.WizardLookAgain
	case v.Enter != "":
		return safe.Line(v.Enter)
	}
	return t.WizardGoOn
}

// unread says that the fields of the step were not seen yet.
func (p *Page) unread() bool { return !p.form.idle() && !p.read && !p.inSight() }

// next is the guide that this one leads to; nil where there is none.
func (p *Page) next() *guide.Wizard {
	if id := p.run.Fact("goto"); id != "" && id != p.run.Wizard.ID {
		return p.b.find(id)
	}
	return nil
}

// Why says why the step is asked, for who wants an explanation.
func (p *Page) Why() string {
	if p.run.Done() {
		return ""
	}
	return p.run.Step().Why
}

// Words are those of the glossary that stand on the page.
func (p *Page) Words() []string {
	if p.b.Glossary == nil {
		return nil
	}
	var text strings.Builder
	s := p.run.Step()
	text.WriteString(p.run.Wizard.Title + " " + s.Title + " " + s.Ask + " " + s.Why + " ")
	for _, f := range p.form.fields {
		text.WriteString(f.Label + " " + f.Help + " ")
		for _, o := range f.Options {
			text.WriteString(o.Label + " " + o.Help + " ")
		}
	}
	_ = guide.WriteView(&text, p.run.View(), nil) // a builder takes everything
	return ui.WordsIn(p.b.Glossary(), text.String())
}

// Run is the run that the page walks.
func (p *Page) Run() *guide.Run { return p.run }

// Acted says whether something may have been changed.
func (p *Page) Acted() bool { return p.acted }

// Acting says whether something is being done that must not be lost.
func (p *Page) Acting() bool { return p.work.acting }

// Working says whether anything is being looked at or done.
func (p *Page) Working() bool { return p.work.task != nil }

// Leave stores what was filled in here, for who goes on later.
func (p *Page) Leave() {
	if !p.dirty || p.run.Done() {
		return
	}
	p.dirty = false
	if err := p.run.Keep(); err != nil {
		p.b.Frame.Tell(safe.Line(err.Error()))
	}
}

// Halt stops what runs. It returns whether anything did.
func (p *Page) Halt() bool { return p.stop() }
