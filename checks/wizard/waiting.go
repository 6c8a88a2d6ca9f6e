package wizard

import (
	"strings"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/propagation"
)

// What the guides that wait for a record have in common.

const waitingOver = Para("The waiting is over for now. Look again, or leave: the place is kept.")

// say adds a sentence with its state. The first one is what the step says.
func (v *View) say(state State, text string, more ...Block) {
	if v.Said == "" {
		v.State, v.Said = state, text
	}
	v.Blocks = append(append(v.Blocks, Mark{state, text}), more...)
}

// sorted are the servers of a report by what they have.
type sorted struct {
	missing, old, wrong, unasked []propagation.ServerView
	right, counted               int
}

func sortServers(r propagation.Report) (t sorted) {
	left := r.Left()
	for _, s := range left {
		switch {
		case s.State == propagation.Missing:
			t.missing = append(t.missing, s)
		case s.State == propagation.Wrong && s.Detail == checks.OldStands:
			t.old = append(t.old, s)
		case s.State == propagation.Wrong:
			t.wrong = append(t.wrong, s)
		default:
			t.unasked = append(t.unasked, s)
		}
	}
	for _, s := range r.Servers {
		if !s.Apart {
			t.counted++
		}
	}
	t.right = t.counted - len(left)
	return t
}

func namesOf(servers []propagation.ServerView) string {
	var names []string
	for _, s := range servers {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// remembered is how long a resolver may keep an older answer; zero where none is
// known to have one.
func remembered(r propagation.Report) time.Time {
	until := r.Caches
	for _, v := range r.Holding() {
		if v.Until.After(until) {
			until = v.Until
		}
	}
	return until
}

// cachesOf tells how long resolvers may keep an older answer.
func cachesOf(r propagation.Report) []Block {
	until := remembered(r)
	if !until.After(r.At) {
		return nil
	}
	return []Block{Para("Resolvers may keep an older answer until " + clock(until, r.At) + ". Receivers that use one of them see the new record only then; nothing can be done about that but wait.")}
}
