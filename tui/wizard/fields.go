package wizard

import (
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/safe"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// options are as many as a choice shows at a time.
const options = 9

// fields draws what is filled in, with what is wrong next to it, and what goes
// on.
func (p *Page) fields(l ui.Look, w int, d *document) {
	if p.form.idle() {
		return
	}
	d.gap(l)
	labels := 6
	for _, f := range p.form.fields {
		labels = max(labels, width(l.Text(f.Label)))
	}
	labels = min(labels, 20) + 3
	for _, f := range p.form.fields {
		if p.field(l, w, labels, f, d); f.Kind == guide.Choice {
			d.gap(l)
		}
	}
	if i := p.form.at(); i >= 0 && p.form.fields[i].Help != "" {
		for _, s := range ui.Wrap(l.Text(p.form.fields[i].Help), w-2) {
			d.say("  " + l.Paint(theme.Muted, s))
		}
	}
	if notes := p.run.Notes(); len(notes) > 0 {
		d.gap(l)
		for _, n := range notes {
			d.say(l.Hang(badge(l, n.State)+"  ", l.Text(n.Text), w)...)
		}
	}
	d.gap(l)
	on := p.form.focus == ""
	label := l.T.WizardGoOn
	if v := p.run.View(); v.Enter != "" {
		label = safe.Line(v.Enter)
	}
	label = l.Cut("[ "+label+" ]", w-2)
	if on {
		d.x, d.y, d.tall = 2, len(d.lines), 1
		label = l.Paint(theme.Picked, label)
	}
	d.say(widget.Gutter(on) + label)
}

// field draws one field.
func (p *Page) field(l ui.Look, w, labels int, f guide.Field, d *document) {
	focus, at := p.form.focus == f.ID, len(d.lines)
	name := l.Paint(theme.Muted, l.Cut(l.Text(f.Label), labels-3))
	indent := 2 + labels
	if w < 60 {
		indent = 4
	}
	switch {
	case f.Kind == guide.Choice:
		p.choose(l, w, indent, name, f, d)
	default:
		text, x := p.value(l, w-indent, f, focus)
		if focus {
			d.x, d.y, d.tall = indent+x, len(d.lines), 1
		}
		if w < 60 {
			d.say(widget.Gutter(focus) + name)
			if focus {
				d.y++
			}
			d.say(strings.Repeat(" ", indent) + text)
		} else {
			d.say(widget.Gutter(focus) + l.Fit(name, labels) + text)
		}
	}
	if wrong := p.form.wrong[f.ID]; wrong != "" {
		d.say(l.Hang(strings.Repeat(" ", indent)+l.Badge(ui.Failure)+"  ", l.Text(wrong), w)...)
	}
	if focus {
		d.tall = len(d.lines) - at
	}
}

// value is what stands in a field of text, and the column of the cursor in it.
func (p *Page) value(l ui.Look, w int, f guide.Field, focus bool) (text string, x int) {
	e := p.form.edit[f.ID]
	switch {
	case e == nil:
		return "", 0
	case focus:
		text, x = e.View(l, w)
	case f.Kind == guide.Secret:
		text = strings.Repeat("*", min(len([]rune(e.String())), 24))
	default:
		text = l.Cut(l.Text(e.String()), w)
	}
	if e.String() == "" {
		switch {
		case f.Kind == guide.Secret:
			text = " " + l.Paint(theme.Muted, l.Cut(l.T.WizardSecret, w-1))
		case f.Optional:
			text = " " + l.Paint(theme.Muted, l.Cut(l.T.WizardEmpty, w-1))
		}
	}
	return text, x
}

// choose draws a choice as a list; of a long one the part around what is chosen.
func (p *Page) choose(l ui.Look, w, indent int, name string, f guide.Field, d *document) {
	focus, now := p.form.focus == f.ID, p.form.option(p.run, f)
	if w < 60 {
		d.say("  " + name)
	} else {
		name = l.Fit("  "+name, indent-2)
	}
	from, to := 0, len(f.Options)
	if to > options {
		from = max(0, min(now-options/2, to-options))
		to = from + options
	}
	for i := from; i < to; i++ {
		o := f.Options[i]
		mark := "( ) "
		if i == now {
			mark = "(x) "
		}
		if len(f.Options) <= 9 {
			mark += strconv.Itoa(i+1) + " "
		}
		label := l.Text(o.Label)
		if o.Label == "" {
			label = l.Text(o.Value)
		}
		lines := ui.Wrap(label, max(1, w-indent-len(mark)))
		if len(lines) == 0 {
			lines = []string{""}
		}
		if i == now && focus {
			d.x, d.y = indent, len(d.lines)
			lines[0] = l.Paint(theme.Picked, lines[0])
		}
		margin := strings.Repeat(" ", indent-2)
		if w >= 60 && i == from {
			margin = name
		}
		d.say(margin + widget.Gutter(focus && i == now) + mark + lines[0])
		for _, s := range lines[1:] {
			d.say(strings.Repeat(" ", indent+len(mark)) + s)
		}
		if o.Help != "" && (l.Height >= 16 || i == now) {
			for _, s := range ui.Wrap(l.Text(o.Help), w-indent-len(mark)) {
				d.say(strings.Repeat(" ", indent+len(mark)) + l.Paint(theme.Muted, s))
			}
		}
	}
	if len(f.Options) > options {
		d.say(strings.Repeat(" ", indent) + l.Paint(theme.Muted, ui.Fill(l.T.WizardMoreAbove, strconv.Itoa(from+1), strconv.Itoa(to), strconv.Itoa(len(f.Options)))))
	}
	if focus && now < 0 {
		d.x, d.y = indent, max(0, len(d.lines)-1)
	}
}
