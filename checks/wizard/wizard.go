// Package wizard guides people through a set-up, step by step. A guide is data:
// the console, the plain prompts and a file of answers walk the same steps.
//
// A Run walks a guide. It changes only where its owner calls it; what takes time
// (Look, Act) works on a copy and gives back what is to be taken over. A look
// stands on the answers and the facts alone, so that a run that was left goes on
// where it was, days later and in another program.
package wizard

import (
	"context"
)

// Wizard is a guide.
type Wizard struct {
	ID    string // "spf"; of commands and files
	Title string // "Let ClockWise send for your domain (SPF)"
	About string // what it does for its reader, in a sentence
	Steps []Step // the first one begins

	// Subject says what a run is about, "acme.example"; "" while nobody knows.
	// It names the run in lists and files.
	Subject func(*Run) string
}

// Step is one screen of a guide, or a few questions.
type Step struct {
	ID    string // of state and answers; never changes its meaning
	Title string // two words, for the list of steps: "Wait"
	Ask   string // what to do here, in a sentence or two
	Why   string // why it is asked; paragraphs are divided by empty lines

	// Fields are what the reader fills in or chooses; nil: nothing. They may
	// follow from answers, facts and what the look of this step has shown.
	Fields func(*Run) []Field

	// Notes judge the fields while they are filled in. It is quick and asks
	// nobody; nil: nothing to say.
	Notes func(*Run) []Mark

	// Look looks at the world when the step opens, and again when the reader
	// wants; nil: there is nothing to look at. It tells emit what is known so far.
	Look func(ctx context.Context, r *Run, emit func(View)) View

	// Act does what the step is for, when the reader goes on; nil: nothing is
	// done. It is called only with fields that are right.
	Act func(ctx context.Context, r *Run, emit func(View)) Outcome

	// Next is the id of the step behind; nil: the next of the list. "" ends the
	// guide.
	Next func(*Run) string
}

// Kind is how a field is filled in.
type Kind uint8

// The kinds.
const (
	Text   Kind = iota
	Choice      // one of Options
	Secret      // text that is neither shown nor stored
)

// Field is one question of a step. Its ID is unique in the guide: it is the key
// of the answer.
type Field struct {
	ID       string
	Label    string // two words
	Help     string // what to fill in, in a sentence, with an example
	Kind     Kind
	Default  string // what stands there before anybody fills it in
	Optional bool
	Options  []Option

	// Check returns the value as it is meant ("https://Acme.example/" is
	// acme.example), or what is wrong with it, in words and with a way out. nil:
	// everything is right.
	Check func(r *Run, value string) (clean, problem string)
}

// Option is one of several answers.
type Option struct {
	Value string // of the answer
	Label string
	Help  string // what speaks for it, in a sentence; may be ""
}

// YesNo are the options of a question that is answered with yes or no.
func YesNo(yes, no string) []Option {
	return []Option{{Value: "yes", Label: yes}, {Value: "no", Label: no}}
}

// Outcome is what an act did.
type Outcome struct {
	// Facts are what later steps and later runs have to know, such as the file
	// of a key that was made. They are stored; no secret stands in them.
	Facts map[string]string

	// Problem says why the guide cannot go on, in words and with a way out; the
	// step stays. "" where it goes on.
	Problem string

	// View replaces what the step shows, where it is not nil.
	View *View
}

// Problem is what is wrong with a field, or with a step as a whole where Field
// is "".
type Problem struct{ Field, Text string }
