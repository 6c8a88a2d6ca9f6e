package wizard

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Unanswered says that a file of answers does not lead through a guide.
type Unanswered struct {
	Step  string // its title
	Field string // the key that is missing or wrong; "" where it is none
	Text  string

	// Waits says that the guide waits for something outside: the answers are
	// right, and the same call goes on later.
	Waits bool
}

func (e *Unanswered) Error() string {
	where := e.Step
	if e.Field != "" {
		where += ", " + e.Field
	}
	return where + ": " + e.Text
}

// Follow walks a guide with given answers, by the ids of the fields, and asks
// nobody. What has no answer takes its default. It writes what each step shows.
// The error is an *Unanswered where the answers do not suffice; unused are keys
// that no question wanted.
func Follow(ctx context.Context, w io.Writer, r *Run, answers map[string]string, hide func(string) string) (unused []string, err error) {
	p := &Prompter{Out: w, Hide: hide}
	left := maps.Clone(answers)
	visits := map[string]int{}
	for !r.Done() {
		s := r.Step()
		if visits[s.ID]++; visits[s.ID] > 2 {
			return nil, &Unanswered{Step: s.Title, Text: "these answers lead round in a circle"}
		}
		n, of := r.Position()
		fmt.Fprintln(w)
		p.say(fmt.Sprintf("Step %d of %d: %s", n, of, s.Title))
		if err := p.look(ctx, r); err != nil {
			return nil, err
		}
		fill(r, answers, left)
		problems, err := r.Advance(ctx, p.heard)
		p.unkept(err)
		if len(problems) > 0 {
			return nil, &Unanswered{Step: s.Title, Field: problems[0].Field, Text: problems[0].Text, Waits: r.View().Blocked != "" && r.View().State != Failure}
		}
	}
	return slices.Sorted(maps.Keys(left)), p.done(r)
}

// fill gives the present step its answers. Fields may follow from answers, so
// it looks again until there is nothing new.
func fill(r *Run, answers, left map[string]string) {
	filled := map[string]bool{}
	for again := true; again; {
		again = false
		for _, f := range r.Fields() {
			value, ok := answers[f.ID]
			if !ok || filled[f.ID] {
				continue
			}
			r.Set(f.ID, strings.TrimSpace(value))
			filled[f.ID], again = true, true
			delete(left, f.ID)
		}
	}
}
