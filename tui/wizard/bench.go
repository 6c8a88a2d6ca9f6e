// Package wizard draws the guides of checks/wizard: the list of them, and one
// page that walks any of them, step by step.
package wizard

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/ui"
)

// Bench is what wizards need from outside.
type Bench struct {
	Context  context.Context // of all work; ends with the program
	World    guide.World
	Guides   func() []*guide.Wizard
	Left     func() []guide.Saved // those that were left before their end
	Glossary func() []ui.Word
	Texts    *ui.Texts
	Frame    ui.Frame
}

// find is the guide of an id; nil where there is none.
func (b *Bench) find(id string) *guide.Wizard {
	for _, w := range b.Guides() {
		if w.ID == id {
			return w
		}
	}
	return nil
}

// left are the runs that can go on, with their guides.
func (b *Bench) left() (out []left) {
	if b.Left == nil {
		return nil
	}
	for _, s := range b.Left() {
		w := b.find(s.Wizard)
		if w == nil {
			continue
		}
		l := left{Saved: s, guide: w, of: len(w.Steps), step: 1}
		for i, step := range w.Steps {
			if step.ID == s.Step {
				l.step = i + 1
			}
		}
		out = append(out, l)
	}
	return out
}

// left is a run that was left.
type left struct {
	guide.Saved
	guide    *guide.Wizard
	step, of int
}

// name is what a run is called, raw: "DKIM for acme.example".
func (b *Bench) name(w *guide.Wizard, subject string) string {
	name, ok := b.Texts.WizardNames[w.ID]
	switch {
	case !ok:
		name = w.Title
	case subject == "":
		return name
	}
	if subject == "" {
		return name
	}
	return ui.Fill(b.Texts.WizardAbout, name, subject)
}

// Greeting says at the start of the program that a run was left; "" where none
// was.
func (b *Bench) Greeting(l ui.Look) string {
	all := b.left()
	if len(all) == 0 {
		return ""
	}
	last := all[0]
	for _, x := range all {
		if x.At.After(last.At) {
			last = x
		}
	}
	return ui.Fill(b.Texts.WizardLeftBegin, l.Text(b.name(last.guide, last.Subject)), strconv.Itoa(last.step), strconv.Itoa(last.of))
}

// Names are the guides, for who looks for one by its name.
func (b *Bench) Names() (out []Named) {
	for _, w := range b.Guides() {
		out = append(out, Named{ID: w.ID, Text: w.Title})
	}
	return out
}

// Named is a guide by its name.
type Named struct{ ID, Text string }

// Open opens a guide with answers that are known already. A run about the same
// that was left goes on instead. ok is false where there is no such guide.
func (b *Bench) Open(id string, preset map[string]string) (cmd tea.Cmd, ok bool) {
	w := b.find(id)
	if w == nil {
		return nil, false
	}
	r := guide.Start(w, b.World, preset)
	if subject := r.Subject(); subject != "" {
		for _, l := range b.left() {
			if l.Wizard == id && strings.EqualFold(l.Subject, subject) {
				return b.resume(l), true
			}
		}
	}
	return b.begin(r), true
}

// begin opens the page of a run.
func (b *Bench) begin(r *guide.Run) tea.Cmd {
	p := &Page{b: b, run: r}
	b.Frame.Open(p)
	return p.open(true)
}

// resume goes on where a run was left.
func (b *Bench) resume(l left) tea.Cmd {
	cmd := b.begin(guide.Resume(l.guide, b.World, l.Saved))
	b.Frame.Tell(b.Texts.WizardResumed)
	return cmd
}
