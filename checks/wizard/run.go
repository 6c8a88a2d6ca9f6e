package wizard

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Run is somebody's way through a guide. Only its owner calls it, one call at a
// time; what Look and Act return may run elsewhere.
type Run struct {
	Wizard *Wizard
	World  World

	at      string            // id of the present step; "" behind the last one
	path    []string          // ids of the steps before, the first one first
	answers map[string]string // by field
	secrets map[string]string // by field; stored nowhere
	facts   map[string]string
	views   map[string]View // by step
	name    string          // under which it is stored; "" while it is not
	saved   time.Time
}

// Start begins a guide. preset are answers that are known already; they can be
// changed.
func Start(w *Wizard, world World, preset map[string]string) *Run {
	r := &Run{
		Wizard: w, World: world, at: w.Steps[0].ID,
		answers: map[string]string{}, secrets: map[string]string{}, facts: map[string]string{}, views: map[string]View{},
	}
	maps.Copy(r.answers, preset)
	return r
}

// Done says that the last step is behind.
func (r *Run) Done() bool { return r.at == "" }

// Step is the present step; the last one when the run is done.
func (r *Run) Step() *Step {
	if r.at == "" {
		return r.step(r.path[len(r.path)-1])
	}
	return r.step(r.at)
}

func (r *Run) step(id string) *Step {
	i := slices.IndexFunc(r.Wizard.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Wizard.Steps[i]
}

// Position is the number of the present step, from 1, and how many there are.
func (r *Run) Position() (n, of int) {
	of = len(r.Wizard.Steps)
	if r.Done() {
		return of, of
	}
	return 1 + slices.IndexFunc(r.Wizard.Steps, func(s Step) bool { return s.ID == r.at }), of
}

// StateOf is how a step stands: those on the way are done, unless their view
// says otherwise.
func (r *Run) StateOf(id string) State {
	switch {
	case id == r.at:
		if s := r.views[id].State; s != Unknown {
			return s
		}
		return Todo
	case slices.Contains(r.path, id):
		if s := r.views[id].State; s == Warning {
			return s
		}
		return OK
	case r.passed(id):
		return Skipped
	}
	return Todo
}

// passed says that a step lies before the present one and was left out.
func (r *Run) passed(id string) bool {
	for _, s := range r.Wizard.Steps {
		switch s.ID {
		case r.at:
			return false
		case id:
			return true
		}
	}
	return true
}

// Subject says what the run is about; "" while nobody knows.
func (r *Run) Subject() string {
	if r.Wizard.Subject == nil {
		return ""
	}
	return r.Wizard.Subject(r)
}

// Saved is when the run was stored last; zero where it is not stored.
func (r *Run) Saved() time.Time { return r.saved }

// Answer is what was filled in for a field, else its default where it is one of
// the present step.
func (r *Run) Answer(field string) string {
	if v, ok := r.given(field); ok {
		return v
	}
	if r.Done() {
		return ""
	}
	// Fields may themselves ask for answers, so only those of this step count.
	for _, f := range r.fields() {
		if f.ID == field {
			return f.Default
		}
	}
	return ""
}

// Given is what was filled in for a field, "" where nothing was. Fields, which
// Answer asks for their defaults, use this.
func (r *Run) Given(field string) string {
	v, _ := r.given(field)
	return v
}

func (r *Run) given(field string) (string, bool) {
	if v, ok := r.secrets[field]; ok {
		return v, true
	}
	v, ok := r.answers[field]
	return v, ok
}

// Fact is what an act left behind; "" where there is none.
func (r *Run) Fact(name string) string { return r.facts[name] }

// View is what the present step shows.
func (r *Run) View() View { return r.views[r.Step().ID] }

// Fields are the questions of the present step.
func (r *Run) Fields() []Field { return r.fields() }

func (r *Run) fields() []Field {
	if s := r.Step(); s.Fields != nil {
		return s.Fields(r)
	}
	return nil
}

// Notes judge the fields as they are filled in now.
func (r *Run) Notes() []Mark {
	if s := r.Step(); s.Notes != nil {
		return s.Notes(r)
	}
	return nil
}

// Set fills in a field of the present step.
func (r *Run) Set(field, value string) {
	for _, f := range r.fields() {
		if f.ID == field && f.Kind == Secret {
			r.secrets[field] = value
			return
		}
	}
	r.answers[field] = value
}

// Check cleans the fields of the present step and says what is wrong with them.
func (r *Run) Check() (problems []Problem) {
	for _, f := range r.fields() {
		clean, problem := f.judge(r, r.Answer(f.ID))
		if problem != "" {
			problems = append(problems, Problem{f.ID, problem})
			continue
		}
		r.Set(f.ID, clean)
	}
	return problems
}

// Judge says what is wrong with a value for a field, "" where it is right.
func (r *Run) Judge(f Field, value string) string {
	_, problem := f.judge(r, value)
	return problem
}

func (f Field) judge(r *Run, value string) (clean, problem string) {
	if f.Kind != Secret {
		value = strings.TrimSpace(value)
	}
	switch {
	case f.Kind == Choice:
		return f.choose(value)
	case value == "" && f.Optional:
		return "", ""
	case value == "":
		return "", "Something has to be filled in here. " + f.Help
	case f.Check != nil:
		return f.Check(r, value)
	}
	return value, ""
}

// choose takes the value of an option.
func (f Field) choose(value string) (clean, problem string) {
	var values []string
	for _, o := range f.Options {
		if strings.EqualFold(o.Value, value) {
			return o.Value, ""
		}
		values = append(values, "'"+o.Value+"'")
	}
	return "", "'" + value + "' is none of the answers: " + strings.Join(values, ", ") + "."
}

// copy is the run as it is now, for what works elsewhere.
func (r *Run) copy() *Run {
	c := *r
	c.path = slices.Clone(r.path)
	c.answers, c.secrets, c.facts, c.views = maps.Clone(r.answers), maps.Clone(r.secrets), maps.Clone(r.facts), maps.Clone(r.views)
	return &c
}

// Look is the look of the present step, to be run anywhere; nil where there is
// none. What it returns and emits is handed to Show.
func (r *Run) Look() func(ctx context.Context, emit func(View)) View {
	look, c := r.Step().Look, r.copy()
	if look == nil {
		return nil
	}
	return func(ctx context.Context, emit func(View)) View { return look(ctx, c, emit) }
}

// Show takes over what a look of a step has shown.
func (r *Run) Show(step string, v View) { r.views[step] = v }

// Act is the act of the present step, to be run anywhere. Its outcome is handed
// to Go. It is called only where Check found no problem and nothing blocks.
func (r *Run) Act() func(ctx context.Context, emit func(View)) Outcome {
	act, c := r.Step().Act, r.copy()
	if act == nil {
		return func(context.Context, func(View)) Outcome { return Outcome{} }
	}
	return func(ctx context.Context, emit func(View)) Outcome { return act(ctx, c, emit) }
}

// Go takes over what the act of the present step did, and goes to the next step
// where it can. The error says that the run could not be stored; it goes on all
// the same.
func (r *Run) Go(o Outcome) error {
	maps.Copy(r.facts, o.Facts)
	if o.View != nil {
		r.views[r.at] = *o.View
	}
	if o.Problem == "" && !r.Done() {
		next := r.next()
		r.path, r.at = append(r.path, r.at), next
	}
	return r.store()
}

func (r *Run) next() string {
	s := r.Step()
	if s.Next != nil {
		return s.Next(r)
	}
	i := slices.IndexFunc(r.Wizard.Steps, func(o Step) bool { return o.ID == s.ID })
	if i+1 < len(r.Wizard.Steps) {
		return r.Wizard.Steps[i+1].ID
	}
	return ""
}

// Back goes to the step before; false where there is none. Answers stay, those
// that are not right as well.
func (r *Run) Back() bool {
	if len(r.path) == 0 {
		return false
	}
	last := len(r.path) - 1
	r.at, r.path = r.path[last], r.path[:last]
	_ = r.store() // going on stores it again
	return true
}

// Advance does what going on is, in one call: it checks, acts and goes. emit
// hears what the act shows; nil: nobody. The error is that of Go: the run is
// where it is without.
func (r *Run) Advance(ctx context.Context, emit func(View)) (problems []Problem, err error) {
	if problems = r.Check(); len(problems) > 0 {
		return problems, nil
	}
	if why := r.View().Blocked; why != "" {
		return []Problem{{Text: why}}, nil
	}
	if emit == nil {
		emit = func(View) {}
	}
	o := r.Act()(ctx, emit)
	if err = r.Go(o); o.Problem != "" {
		problems = []Problem{{Text: o.Problem}}
	}
	return problems, err
}
