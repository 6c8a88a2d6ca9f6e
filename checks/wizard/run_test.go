package wizard_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/wizard"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// cook is a guide of three steps and a branch.
func cook() *wizard.Wizard {
	return &wizard.Wizard{
		ID: "cook", Title: "Cook an egg", About: "An egg in three steps.",
		Subject: func(r *wizard.Run) string { return r.Given("egg") },
		Steps: []wizard.Step{
			{ID: "egg", Title: "Egg", Fields: func(*wizard.Run) []wizard.Field {
				return []wizard.Field{
					{ID: "egg", Label: "Egg", Help: "For example hen.", Check: func(_ *wizard.Run, v string) (string, string) {
						if v == "stone" {
							return "", "A stone is no egg."
						}
						return strings.ToLower(v), ""
					}},
					{ID: "pin", Label: "Code", Kind: wizard.Secret, Optional: true},
				}
			}},
			{ID: "heat", Title: "Heat", Fields: func(*wizard.Run) []wizard.Field {
				return []wizard.Field{{ID: "how", Label: "How", Kind: wizard.Choice, Default: "boil", Options: []wizard.Option{{Value: "boil"}, {Value: "fry"}}}}
			}, Next: func(r *wizard.Run) string {
				if r.Answer("how") == "fry" {
					return "eat"
				}
				return "peel"
			}},
			{ID: "peel", Title: "Peel", Act: func(_ context.Context, r *wizard.Run, _ func(wizard.View)) wizard.Outcome {
				if r.View().Value == "hot" {
					return wizard.Outcome{Problem: "It is too hot."}
				}
				return wizard.Outcome{Facts: map[string]string{"shell": "off"}}
			}},
			{ID: "eat", Title: "Eat"},
		},
	}
}

// shelf keeps runs in memory.
type shelf map[string][]byte

func (s shelf) world() wizard.World {
	return wizard.World{Now: func() time.Time { return noon }, Keep: func(name string, data []byte) error {
		if s[name] = data; data == nil {
			delete(s, name)
		}
		return nil
	}}
}

func advance(t *testing.T, r *wizard.Run) {
	t.Helper()
	if problems, err := r.Advance(t.Context(), nil); len(problems) > 0 || err != nil {
		t.Fatal(problems, err)
	}
}

func TestWalk(t *testing.T) {
	s := shelf{}
	r := wizard.Start(cook(), s.world(), nil)
	if problems, _ := r.Advance(t.Context(), nil); len(problems) != 1 || problems[0].Field != "egg" || !strings.Contains(problems[0].Text, "For example hen.") {
		t.Errorf("an empty field: %v", problems)
	}
	r.Set("egg", "stone")
	if problems, _ := r.Advance(t.Context(), nil); len(problems) != 1 || problems[0].Text != "A stone is no egg." {
		t.Errorf("a wrong field: %v", problems)
	}
	r.Set("egg", " Hen ")
	r.Set("pin", "1234")
	advance(t, r)
	if r.Answer("egg") != "hen" || r.Answer("how") != "boil" || r.Given("how") != "" {
		t.Errorf("answers %q, %q, %q", r.Answer("egg"), r.Answer("how"), r.Given("how"))
	}
	r.Set("how", "grill")
	if problems, _ := r.Advance(t.Context(), nil); len(problems) != 1 || !strings.Contains(problems[0].Text, "'boil', 'fry'") {
		t.Errorf("no such option: %v", problems)
	}
	if !r.Back() || r.Answer("egg") != "hen" || r.Answer("pin") != "1234" {
		t.Error("back loses what was filled in")
	}
	if r.Back() {
		t.Error("back goes before the first step")
	}
	advance(t, r)
	if r.Given("how") != "grill" {
		t.Error("back loses what is wrong")
	}
	r.Set("how", "BOIL")
	advance(t, r)
	r.Show("peel", wizard.View{Value: "hot"})
	if problems, _ := r.Advance(t.Context(), nil); len(problems) != 1 || problems[0].Text != "It is too hot." || r.Step().ID != "peel" {
		t.Errorf("an act that fails: %v at %s", problems, r.Step().ID)
	}
	r.Show("peel", wizard.View{Blocked: "There is no table."})
	if problems, _ := r.Advance(t.Context(), nil); len(problems) != 1 || problems[0].Text != "There is no table." {
		t.Errorf("blocked: %v", problems)
	}
	r.Show("peel", wizard.View{})
	advance(t, r)
	if n, of := r.Position(); n != 4 || of != 4 || r.Fact("shell") != "off" {
		t.Errorf("step %d of %d, shell %q", n, of, r.Fact("shell"))
	}
	if names := slices.Collect(maps.Keys(s)); !slices.Equal(names, []string{"cook-hen"}) {
		t.Errorf("stored: %v", names)
	}
	advance(t, r)
	if !r.Done() || len(s) != 0 {
		t.Errorf("done %v, stored %v", r.Done(), s)
	}
}

func TestBranch(t *testing.T) {
	r := wizard.Start(cook(), wizard.World{}, map[string]string{"egg": "hen", "how": "fry"})
	advance(t, r)
	advance(t, r)
	if r.Step().ID != "eat" || r.StateOf("peel") != wizard.Skipped || r.StateOf("egg") != wizard.OK || r.StateOf("eat") != wizard.Todo {
		t.Errorf("at %s, peel is %v", r.Step().ID, r.StateOf("peel"))
	}
	r.Back()
	if r.Step().ID != "heat" {
		t.Errorf("back from a branch leads to %s", r.Step().ID)
	}
}

// A run that is left after any step goes on there, with everything but secrets.
func TestResume(t *testing.T) {
	for steps := range 4 {
		s := shelf{}
		r := wizard.Start(cook(), s.world(), map[string]string{"egg": "hen"})
		r.Set("pin", "1234")
		for range steps {
			advance(t, r)
		}
		if steps == 0 {
			continue // nothing was stored yet
		}
		if strings.Contains(string(s["cook-hen"]), "1234") {
			t.Errorf("a secret is stored: %s", s["cook-hen"])
		}
		saved, err := wizard.ReadSaved(s["cook-hen"])
		if err != nil {
			t.Fatal(err)
		}
		again := wizard.Resume(cook(), s.world(), saved)
		if again.Step().ID != r.Step().ID || again.Answer("egg") != "hen" || again.Fact("shell") != r.Fact("shell") || !again.Saved().Equal(noon) {
			t.Errorf("after %d steps: at %s, want %s", steps, again.Step().ID, r.Step().ID)
		}
		for range 4 - steps {
			advance(t, again)
		}
		if !again.Done() || len(s) != 0 {
			t.Errorf("after %d steps: done %v, stored %v", steps, again.Done(), s)
		}
	}
}

// What an older or newer program stored begins again, with the answers.
func TestOtherVersion(t *testing.T) {
	for _, s := range []wizard.Saved{
		{Version: 99, Wizard: "cook", Step: "eat", Path: []string{"egg", "heat"}, Answers: map[string]string{"egg": "hen"}},
		{Version: 1, Wizard: "cook", Step: "salt", Answers: map[string]string{"egg": "hen"}},
		{Version: 1, Wizard: "cook", Step: "eat", Path: []string{"salt"}, Answers: map[string]string{"egg": "hen"}},
	} {
		r := wizard.Resume(cook(), wizard.World{}, s)
		if r.Step().ID != "egg" || r.Answer("egg") != "hen" || !r.Saved().IsZero() {
			t.Errorf("%+v: at %s with %q", s, r.Step().ID, r.Answer("egg"))
		}
	}
	for _, bad := range []string{"", "{", "[]", `{"version":1}`, "null"} {
		if _, err := wizard.ReadSaved([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// Where the place cannot be stored, the reader is told and goes on.
func TestNotStored(t *testing.T) {
	full := errors.New("no space left on device")
	r := wizard.Start(cook(), wizard.World{Now: func() time.Time { return noon }, Keep: func(string, []byte) error { return full }}, map[string]string{"egg": "hen"})
	if _, err := r.Advance(t.Context(), nil); !errors.Is(err, full) || r.Step().ID != "heat" {
		t.Errorf("%v at %s", err, r.Step().ID)
	}
}

// A look and an act see the run as it was when they began.
func TestCopies(t *testing.T) {
	w := cook()
	w.Steps[0].Look = func(_ context.Context, r *wizard.Run, _ func(wizard.View)) wizard.View {
		return wizard.View{Said: r.Given("egg")}
	}
	r := wizard.Start(w, wizard.World{}, map[string]string{"egg": "hen"})
	look := r.Look()
	r.Set("egg", "goose")
	if v := look(t.Context(), nil); v.Said != "hen" {
		t.Errorf("the look sees %q", v.Said)
	}
}

func FuzzReadSaved(f *testing.F) {
	data, err := json.Marshal(wizard.Saved{Version: 1, Wizard: "cook", Subject: "../hen", Step: "heat", Path: []string{"egg"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := wizard.ReadSaved(data)
		if err != nil {
			return
		}
		if name := s.Name(); strings.ContainsAny(name[len(s.Wizard):], "/\\") {
			t.Errorf("name %q", name)
		}
		r := wizard.Resume(cook(), wizard.World{}, s)
		r.Fields()
		r.Back()
		r.Position()
	})
}
