package wizard

import (
	"slices"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/provider"
)

// State is how something stands.
type State uint8

// The states; the zero value is not known.
const (
	Unknown State = iota
	OK
	Note
	Warning
	Failure
	Busy    // under way
	Todo    // waits for the reader
	Skipped // not done, because of another result
)

// View is what a step shows.
type View struct {
	Blocks []Block // in the order of reading: what is wrong, then what to do
	State  State   // of the step as a whole
	Said   string  // how it stands, in a sentence

	// Blocked says why it cannot go on from here, "" where it can. The reader
	// can always go back, leave, or look again.
	Blocked string

	// Enter is what going on means here: "I changed it". "" is "go on".
	Enter string

	// Value is what the look found out, for the fields, notes, act and next of
	// the same step. It is not stored.
	Value any
}

// Block is a piece of a view, the same in every face.
type Block interface{ block() }

// Para is a paragraph.
type Para string

// Heading stands over the blocks behind it.
type Heading string

// Mark is a sentence with its state.
type Mark struct {
	State State
	Text  string
}

// Pair is a labelled value on a line of its own.
type Pair struct{ Label, Text string }

// Pairs are several, with their values in one column.
type Pairs []Pair

// Change is a term, or a setting, with what becomes of it.
type Change struct {
	What          string // "same", "add", "remove", "change" or "move"
	Term          string
	Before, After string // what it costs, or its value; "-" where it does not stand
	Reason        string // in words; may be ""
}

// Changes are a record, or settings, before and after. Before and After head the
// two columns.
type Changes struct {
	Of, Before, After string
	List              []Change
}

// Budget is how much of something limited is used.
type Budget struct {
	Label    string
	Used, Of int
	Text     string // behind the bar: "6 of 10 look-ups"
}

// Branch is a line of a tree.
type Branch struct {
	Depth int
	Text  string
	Cost  string // "1 look-up"; may be ""
	State State  // OK where there is nothing to say
	Note  string // what is wrong with it
}

// Tree is a record with everything that it leads to.
type Tree []Branch

// Card is a record to publish, and what to type into which field of the panel
// where its DNS runs.
type Card struct {
	Record provider.Record
	Panel  provider.Card
	Was    string // what stands there now; "" where nothing does
	Undo   string // how it is taken back, in a sentence; may be ""
}

// Servers is who has a record by now.
type Servers struct {
	Want    checks.Wanted
	Include string // the name that an SPF record must include
	Report  propagation.Report
}

// Findings are what a check says.
type Findings []finding.Finding

// Conversation is what was said with a server, line by line, secrets hidden.
type Conversation []string

// Command is something to type elsewhere, in one piece.
type Command string

func (Para) block()         {}
func (Heading) block()      {}
func (Mark) block()         {}
func (Pairs) block()        {}
func (Changes) block()      {}
func (Budget) block()       {}
func (Tree) block()         {}
func (Card) block()         {}
func (Servers) block()      {}
func (Findings) block()     {}
func (Conversation) block() {}
func (Command) block()      {}

// Cards are the records to publish that a view shows.
func (v View) Cards() (out []Card) {
	for _, b := range v.Blocks {
		if c, ok := b.(Card); ok {
			out = append(out, c)
		}
	}
	return out
}

// marks says whether a sentence stands in the view as a mark of its own.
func (v View) marks(said string) bool {
	return slices.ContainsFunc(v.Blocks, func(b Block) bool {
		m, ok := b.(Mark)
		return ok && m.Text == said
	})
}
