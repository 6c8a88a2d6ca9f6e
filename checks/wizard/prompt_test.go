package wizard_test

import (
	"bufio"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/wizard"
)

// prompt walks a run with typed lines and returns what was printed.
func prompt(t *testing.T, r *wizard.Run, typed string) (string, error) {
	t.Helper()
	var out strings.Builder
	p := &wizard.Prompter{In: bufio.NewReader(strings.NewReader(typed)), Out: &out, Secret: func() (string, error) { return "1234", nil }}
	err := p.Walk(t.Context(), r)
	if strings.Contains(out.String(), "1234") {
		t.Errorf("a secret is printed:\n%s", out.String())
	}
	return out.String(), err
}

func TestPrompts(t *testing.T) {
	for _, c := range []struct {
		name, typed string
		says        []string
		err         error
		at          string
	}{
		{"straight on", "Hen\n\n\n\n", []string{"Step 1 of 4: Egg", "Egg is hen.", "1. ", "How [1]: ", "Chose: boil.", "Step 3 of 4: Peel", "Done: Cook an egg for hen."}, nil, ""},
		{"wrong, then right", "stone\n\nhen\n2\n\n", []string{"A stone is no egg.", "Something has to be filled in here.", "Done:"}, nil, ""},
		{"back to a field", "hen\nb\ngoose\n1\n\n\n", []string{"Egg [hen]: ", "Egg is goose.", "Done: Cook an egg for goose."}, nil, ""},
		{"help", "?\nhen\n\n?\n\n\n", []string{"For example hen.", "b goes back"}, nil, ""},
		{"quoted", "\"b\"\n\n\n\n", []string{"Egg is b."}, nil, ""},
		{"left", "hen\nq\n", []string{"Step 2"}, wizard.ErrLeft, "heat"},
		{"left at the first step", "b\n", nil, wizard.ErrLeft, "egg"},
		{"the input ends", "hen\n", []string{"Step 2"}, wizard.ErrEnd, "heat"},
		{"no answer", "hen\n\nx\n\n\n", []string{"Only enter, b, r, ? and q"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := cook()
			w.Steps[1].Fields = func(*wizard.Run) []wizard.Field {
				return []wizard.Field{{ID: "how", Label: "How", Kind: wizard.Choice, Default: "boil", Options: []wizard.Option{{Value: "boil", Label: "boil"}, {Value: "fry", Label: "fry"}}}}
			}
			r := wizard.Start(w, wizard.World{}, nil)
			got, err := prompt(t, r, c.typed)
			if !errors.Is(err, c.err) || err != nil && c.err == nil {
				t.Errorf("ends with %v, want %v", err, c.err)
			}
			for _, s := range c.says {
				if !strings.Contains(got, s) {
					t.Errorf("does not say %q:\n%s", s, got)
				}
			}
			if c.at != "" && r.Step().ID != c.at {
				t.Errorf("at %s, want %s", r.Step().ID, c.at)
			}
		})
	}
}

// A step that is blocked offers to look again, and a look tells what it does.
func TestPromptLooks(t *testing.T) {
	looks := 0
	w := &wizard.Wizard{ID: "wait", Title: "Wait", Steps: []wizard.Step{{ID: "wait", Title: "Wait", Look: func(_ context.Context, _ *wizard.Run, emit func(wizard.View)) wizard.View {
		looks++
		emit(wizard.View{Said: "Looking."})
		emit(wizard.View{Said: "Looking."})
		if looks == 1 {
			return wizard.View{Blocked: "It is not there yet.", Blocks: []wizard.Block{wizard.Mark{State: wizard.Busy, Text: "ns1 does not have it"}}}
		}
		return wizard.View{Said: "It is there.", Enter: "finish", Blocks: []wizard.Block{wizard.Mark{State: wizard.OK, Text: "ns1 has it"}}}
	}}}}
	got, err := prompt(t, wizard.Start(w, wizard.World{}, nil), "\n\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"Waiting: ns1 does not have it", "It is not there yet.\nEnter: look again.", "OK: ns1 has it", "Enter: finish."} {
		if !strings.Contains(got, s) {
			t.Errorf("does not say %q:\n%s", s, got)
		}
	}
	if n := strings.Count(got, "Looking."); n != 2 {
		t.Errorf("says %d times that it looks", n)
	}
}

func TestFollow(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		field   string
		unused  string
	}{
		{"all", map[string]string{"egg": "Hen", "how": "fry"}, "", ""},
		{"a default", map[string]string{"egg": "hen"}, "", ""},
		{"more than is asked", map[string]string{"egg": "hen", "salt": "no"}, "", "salt"},
		{"one is missing", map[string]string{"how": "fry"}, "egg", ""},
		{"one is wrong", map[string]string{"egg": "hen", "how": "grill"}, "how", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			unused, err := wizard.Follow(t.Context(), &out, wizard.Start(cook(), wizard.World{}, nil), c.answers, nil)
			var bad *wizard.Unanswered
			if errors.As(err, &bad); (bad != nil) != (c.field != "") || bad != nil && bad.Field != c.field {
				t.Errorf("%v, want field %q", err, c.field)
			}
			if got := strings.Join(unused, " "); got != c.unused {
				t.Errorf("unused: %q, want %q", got, c.unused)
			}
			if c.field == "" && !strings.Contains(out.String(), "Done: Cook an egg for hen.") {
				t.Error(out.String())
			}
		})
	}
}

// Every block reads well aloud: no drawing, states as words, values whole.
func TestPlainView(t *testing.T) {
	value := "v=DKIM1; k=rsa; p=" + strings.Repeat("MIIB", 60)
	rec := finding.Record{Name: "cw1._domainkey.acme.example", Type: "TXT", Value: value}
	var out strings.Builder
	err := wizard.WriteView(&out, wizard.View{Blocks: []wizard.Block{
		wizard.Para("A long sentence " + strings.Repeat("that goes on and on ", 8) + "and ends."),
		wizard.Heading("What is there"),
		wizard.Mark{State: wizard.Failure, Text: "two records\x1b[31m"},
		wizard.Mark{State: wizard.OK, Text: "one policy"},
		wizard.Pairs{{Label: "Domain", Text: "acme.example"}},
		wizard.Changes{Before: "before", After: "after", List: []wizard.Change{{What: "add", Term: "include:_spf.clockwise.info", Before: "-", After: "1", Reason: "ClockWise sends"}}},
		wizard.Budget{Label: "Look-ups", Used: 6, Of: 10, Text: "6 of 10"},
		wizard.Tree{{Text: "mx", Cost: "1 look-up"}, {Depth: 1, Text: "mail.acme.example", State: wizard.Warning, Note: "has no address"}},
		wizard.Card{Record: provider.NewRecord(rec.Name, "acme.example", value), Panel: provider.Entry(provider.Detection{}, rec, "acme.example"), Undo: "Remove it."},
		wizard.Command("cwmail check acme.example"),
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, s := range []string{
		"\nWhat is there:\n", "Wrong: two records^[[31m\nOK: one policy\n", "Domain: acme.example\n", "- include:_spf.clockwise.info is added (after: 1): ClockWise sends\n",
		"Look-ups: 6 of 10\n", "- mx, 1 look-up\n  - mail.acme.example. Warning: has no address\n", "Name: cw1._domainkey.acme.example\n", "\n" + value + "\n", "Undo: Remove it.\n", "\ncwmail check acme.example\n",
	} {
		if !strings.Contains(got, s) {
			t.Errorf("lacks %q:\n%s", s, got)
		}
	}
	for line := range strings.Lines(got) {
		if len(line) > 79 && !strings.Contains(line, value) {
			t.Errorf("too long: %s", line)
		}
		if strings.ContainsAny(line, "\x1b│─█") {
			t.Errorf("drawn: %q", line)
		}
	}
}

func TestLineTooLong(t *testing.T) {
	r := wizard.Start(cook(), wizard.World{}, nil)
	got, err := prompt(t, r, strings.Repeat("a", 100_000)+"\nhen\nq\n")
	if !errors.Is(err, wizard.ErrLeft) || !strings.Contains(got, "too long") || r.Answer("egg") != "hen" {
		t.Errorf("%v, egg %q:\n%s", err, r.Answer("egg"), got)
	}
	r = wizard.Start(cook(), wizard.World{}, nil)
	if _, err := prompt(t, r, strings.Repeat("a", 20<<20)); err == nil || errors.Is(err, wizard.ErrEnd) {
		t.Errorf("a line without end: %v", err)
	}
}

// A place that cannot be kept is said once, and is no reason to stop.
func TestPlaceNotKept(t *testing.T) {
	world := wizard.World{Now: time.Now, Keep: func(string, []byte) error { return errors.New("config: the disk is full") }}
	walks := map[string]func(w *strings.Builder, r *wizard.Run) error{
		"asked": func(w *strings.Builder, r *wizard.Run) error {
			got, err := prompt(t, r, "hen\n\n\n\n")
			w.WriteString(got)
			return err
		},
		"followed": func(w *strings.Builder, r *wizard.Run) error {
			_, err := wizard.Follow(t.Context(), w, r, map[string]string{"egg": "hen"}, nil)
			return err
		},
	}
	for name, walk := range walks {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			r := wizard.Start(cook(), world, nil)
			if err := walk(&out, r); err != nil || !r.Done() {
				t.Errorf("done %v, %v", r.Done(), err)
			}
			if n := strings.Count(out.String(), "the disk is full."); n != 1 || strings.Contains(out.String(), "config:") {
				t.Errorf("said %d times:\n%s", n, out.String())
			}
		})
	}
}
