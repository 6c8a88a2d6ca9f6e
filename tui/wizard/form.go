package wizard

import (
	"slices"

	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/widget"
)

// form is the fields of a step while they are filled in. Behind the last one
// stands what goes on, where letters are keys.
type form struct {
	fields  []guide.Field
	focus   string // id of a field; "": what goes on
	edit    map[string]*widget.Field
	touched map[string]bool   // typed into: a default does not follow any more
	visited map[string]bool   // had the focus
	wrong   map[string]string // what is wrong with a field, by its id
}

func newForm(r *guide.Run) form {
	f := form{edit: map[string]*widget.Field{}, touched: map[string]bool{}, visited: map[string]bool{}, wrong: map[string]string{}}
	f.refresh(r)
	f.first()
	return f
}

// refresh asks anew what the fields are: they follow from answers and looks.
func (f *form) refresh(r *guide.Run) {
	if f.edit == nil {
		return // the run is at its end
	}
	was, before := f.focus, f.fields
	f.fields = r.Fields()
	for _, x := range f.fields {
		if x.Kind == guide.Choice {
			continue
		}
		e, ok := f.edit[x.ID]
		if !ok {
			e = &widget.Field{}
			f.edit[x.ID] = e
		}
		e.Masked = x.Kind == guide.Secret
		if now := r.Answer(x.ID); (!ok || !f.touched[x.ID]) && now != e.String() {
			e.Set(now)
		}
	}
	switch {
	case f.at() >= 0:
	case was == "" && len(before) > 0: // what goes on keeps the focus
	default:
		f.first()
	}
}

// clean takes answers over that were put into the form they are meant in.
func (f *form) clean(r *guide.Run) {
	for _, x := range f.fields {
		if e := f.edit[x.ID]; e != nil && e.String() != r.Answer(x.ID) {
			e.Set(r.Answer(x.ID))
		}
	}
}

// first gives the focus to the first field.
func (f *form) first() {
	f.focus = ""
	if len(f.fields) > 0 {
		f.to(f.fields[0].ID)
	}
}

func (f *form) to(id string) {
	if f.focus = id; f.visited != nil {
		f.visited[id] = true
	}
}

// idle says that there is nothing to fill in.
func (f *form) idle() bool { return len(f.fields) == 0 }

// at is the place of the focus; negative where no field has it.
func (f *form) at() int {
	return slices.IndexFunc(f.fields, func(x guide.Field) bool { return x.ID == f.focus && f.focus != "" })
}

// step moves the focus by one; false where it does not get any further.
func (f *form) step(dir int) bool {
	i, n := f.at(), len(f.fields)
	if i < 0 {
		i = n
	}
	switch i += dir; {
	case i < 0 || i > n:
		return false
	case i == n:
		f.focus = ""
	default:
		f.to(f.fields[i].ID)
	}
	return true
}

// choice is the field with the focus, where it is chosen from a list.
func (f *form) choice() *guide.Field {
	if i := f.at(); i >= 0 && f.fields[i].Kind == guide.Choice {
		return &f.fields[i]
	}
	return nil
}

// editor is what edits the field with the focus; nil where letters are keys.
func (f *form) editor() *widget.Field {
	if i := f.at(); i >= 0 && f.fields[i].Kind != guide.Choice {
		return f.edit[f.fields[i].ID]
	}
	return nil
}

// option is the place of the option that is chosen, negative where none is.
func (f *form) option(r *guide.Run, x guide.Field) int {
	now := r.Answer(x.ID)
	return slices.IndexFunc(x.Options, func(o guide.Option) bool { return o.Value == now })
}

// blame shows problems next to their fields, and leads to the first of them. A
// field that nobody has been at yet, and that is empty, is not wrong: it is next.
// The rest is about the step as a whole.
func (f *form) blame(r *guide.Run, problems []guide.Problem) (rest string) {
	f.wrong = map[string]string{}
	led := false
	for _, x := range problems {
		if !slices.ContainsFunc(f.fields, func(y guide.Field) bool { return y.ID == x.Field }) {
			rest = x.Text
			continue
		}
		if f.visited[x.Field] || r.Answer(x.Field) != "" {
			f.wrong[x.Field] = x.Text
		}
		if !led {
			f.to(x.Field)
			led = true
		}
	}
	return rest
}
