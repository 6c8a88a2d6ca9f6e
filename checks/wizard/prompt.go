package wizard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/safe"
)

// How a walk by prompts may end before its end.
var (
	ErrLeft = errors.New("it was left before its end")
	ErrEnd  = errors.New("the input ended before the last question")
)

// Prompter walks a guide with plain lines: one question a line, for screen
// readers and for terminals that can do no more.
type Prompter struct {
	In   *bufio.Reader // the only reader of the input
	Out  io.Writer
	Hide func(string) string // hides what is private; nil: nothing

	// Secret reads a line that is not shown; nil: there is no way to read one.
	Secret func() (string, error)

	shown  string // what the look said last
	warned bool   // that the place cannot be kept
}

// Walk goes from the present step of a run to its end. The error is ErrLeft,
// ErrEnd, or what could not be read or written.
func (p *Prompter) Walk(ctx context.Context, r *Run) error {
	for !r.Done() {
		if err := p.step(ctx, r); err != nil {
			return err
		}
	}
	return p.done(r)
}

// done tells what the last step did.
func (p *Prompter) done(r *Run) error {
	fmt.Fprintln(p.Out)
	if err := WriteView(p.Out, r.View(), p.Hide); err != nil {
		return err
	}
	p.say("Done: " + r.Wizard.Title + behind(r.Subject()) + ".")
	return nil
}

func behind(subject string) string {
	if subject == "" {
		return ""
	}
	return " for " + subject
}

func (p *Prompter) say(text string) {
	w := &plain{hide: p.Hide}
	w.say("", "", text)
	fmt.Fprint(p.Out, w.b.String())
}

// step shows a step and asks until the run leaves it.
func (p *Prompter) step(ctx context.Context, r *Run) error {
	s := r.Step()
	n, of := r.Position()
	fmt.Fprintln(p.Out)
	p.say(fmt.Sprintf("Step %d of %d: %s", n, of, s.Title))
	if s.Ask != "" {
		p.say(s.Ask)
	}
	if err := p.look(ctx, r); err != nil {
		return err
	}
	for {
		what, err := p.ask(r)
		if err != nil {
			return err
		}
		switch what {
		case goBack:
			if !r.Back() {
				return ErrLeft
			}
			return nil
		case lookAgain:
			if err := p.look(ctx, r); err != nil {
				return err
			}
			continue
		}
		seen := r.View().Said
		problems, err := r.Advance(ctx, p.heard)
		if len(problems) > 0 && r.View().Said != seen {
			if err := WriteView(p.Out, r.View(), p.Hide); err != nil {
				return err
			}
		}
		for _, x := range problems {
			p.say(x.Text)
		}
		p.unkept(err)
		if len(problems) == 0 {
			return nil
		}
	}
}

// unkept says once that the place in a guide cannot be stored. That is no reason
// to stop: all else works.
func (p *Prompter) unkept(err error) {
	if err == nil || p.warned {
		return
	}
	p.warned = true
	if why := errors.Unwrap(err); why != nil {
		err = why
	}
	p.say("Note: Your place in this guide cannot be kept, so leave it only at its end: " + strings.TrimPrefix(err.Error(), "config: ") + ".")
}

// look shows what there is to see.
func (p *Prompter) look(ctx context.Context, r *Run) error {
	look := r.Look()
	if look == nil {
		return nil
	}
	id := r.Step().ID
	p.shown = ""
	r.Show(id, p.until(ctx, look))
	if err := ctx.Err(); err != nil {
		return ErrLeft // stopped: what it saw is not the whole
	}
	fmt.Fprintln(p.Out)
	if err := WriteView(p.Out, r.View(), p.Hide); err != nil {
		return err
	}
	if v := r.View(); !v.marks(v.Said) {
		p.heard(v)
	}
	return nil
}

// steadyLooks is how often something has to be seen wrong before it is taken for
// what it is: a name server may be a moment behind.
const steadyLooks = 3

// until looks, and stops waiting where something is wrong and stays so: whoever
// waits here has no other way to go back and mend it.
func (p *Prompter) until(ctx context.Context, look func(context.Context, func(View)) View) View {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	wrong, times := "", 0
	return look(ctx, func(v View) {
		p.heard(v)
		bad := (v.State == Failure || v.State == Warning) && v.Blocked != ""
		if times++; !bad || v.Said != wrong {
			times = 1
		}
		if wrong = v.Said; bad && times >= steadyLooks {
			stop()
		}
	})
}

// heard tells what changes while something takes time, and nothing twice.
func (p *Prompter) heard(v View) {
	if v.Said != "" && v.Said != p.shown {
		p.shown = v.Said
		p.say(v.Said)
	}
}

// answer is what came instead of a value.
type answer uint8

const (
	value answer = iota
	goBack
	lookAgain
)

// ask asks the questions of a step, and whether to go on where there is none.
func (p *Prompter) ask(r *Run) (answer, error) {
	asked := []string{} // the questions before, for the way back
	for {
		f, more := next(r.Fields(), asked)
		if !more {
			break
		}
		what, err := p.field(r, f)
		switch {
		case err != nil:
			return 0, err
		case what == lookAgain:
			return what, nil
		case what == goBack && len(asked) == 0:
			return goBack, nil
		case what == goBack:
			asked = asked[:len(asked)-1]
		default:
			asked = append(asked, f.ID)
		}
	}
	if notes := r.Notes(); len(notes) > 0 {
		v := View{}
		for _, n := range notes {
			v.Blocks = append(v.Blocks, n)
		}
		if err := WriteView(p.Out, v, p.Hide); err != nil {
			return 0, err
		}
	}
	if v := r.View(); len(asked) > 0 && v.Enter == "" && v.Blocked == "" {
		return value, nil
	}
	return p.goOn(r)
}

// next is the first question that was not asked. They may follow from answers.
func next(fields []Field, asked []string) (Field, bool) {
	for _, f := range fields {
		was := false
		for _, id := range asked {
			was = was || id == f.ID
		}
		if !was {
			return f, true
		}
	}
	return Field{}, false
}

// goOn asks whether to go on.
func (p *Prompter) goOn(r *Run) (answer, error) {
	for {
		v := r.View()
		enter := v.Enter
		if enter == "" {
			enter = "go on"
		}
		prompt := "Enter: " + enter + ". "
		if v.Blocked != "" {
			p.say(v.Blocked)
			prompt = "Enter: look again. "
		}
		fmt.Fprint(p.Out, prompt+"b back, ? help, q quit: ")
		line, err := p.read()
		if err != nil {
			return 0, err
		}
		switch {
		case line == "" && v.Blocked != "", line == "r":
			return lookAgain, nil
		case line == "":
			return value, nil
		case line == "b":
			return goBack, nil
		case line == "q":
			return 0, ErrLeft
		case line == "?":
			p.help(r.Step(), Field{})
		default:
			p.say("Only enter, b, r, ? and q mean something here.")
		}
	}
}

// field asks one question until its answer is right.
func (p *Prompter) field(r *Run, f Field) (answer, error) {
	given := r.Answer(f.ID)
	for i, o := range f.Options {
		text := fmt.Sprintf("%d. %s", i+1, o.Label)
		if o.Help != "" {
			text += ": " + o.Help
		}
		p.say(text)
	}
	for {
		fmt.Fprint(p.Out, p.prompt(f, given))
		line, err := p.line(f)
		if err != nil {
			return 0, err
		}
		switch line {
		case "b":
			return goBack, nil
		case "q":
			return 0, ErrLeft
		case "?":
			p.help(r.Step(), f)
			continue
		case "":
			line = given
		}
		line = unquoted(numbered(f, line))
		if problem := r.Judge(f, line); problem != "" {
			p.say(problem)
			continue
		}
		clean, _ := f.judge(r, line)
		r.Set(f.ID, clean)
		p.repeat(f, clean)
		return value, nil
	}
}

// prompt is the question, with what an empty line means.
func (p *Prompter) prompt(f Field, given string) string {
	w := &plain{hide: p.Hide}
	label := w.text(f.Label)
	switch {
	case f.Kind == Secret:
		return label + " (is not shown): "
	case f.Kind == Choice:
		for i, o := range f.Options {
			if o.Value == given {
				return fmt.Sprintf("%s [%d]: ", label, i+1)
			}
		}
	case given != "":
		return label + " [" + w.text(given) + "]: "
	case f.Optional:
		return label + " (may stay empty): "
	}
	return label + ": "
}

// repeat says what was taken, so that a slip is heard.
func (p *Prompter) repeat(f Field, clean string) {
	switch {
	case f.Kind == Secret:
		return
	case f.Kind == Choice:
		for _, o := range f.Options {
			if o.Value == clean {
				p.say("Chose: " + o.Label + ".")
			}
		}
	case clean != "":
		p.say(f.Label + " is " + clean + ".")
	}
}

// numbered is the value of the option that a number stands for.
func numbered(f Field, line string) string {
	if f.Kind != Choice {
		return line
	}
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(f.Options) {
		return f.Options[n-1].Value
	}
	return line
}

// unquoted takes the quotes off that make "b", "q" and "?" values.
func unquoted(line string) string {
	if n := len(line); n > 2 && line[0] == '"' && line[n-1] == '"' {
		return line[1 : n-1]
	}
	return line
}

func (p *Prompter) help(s *Step, f Field) {
	if f.Help != "" {
		p.say(f.Help)
	}
	for part := range strings.SplitSeq(s.Why, "\n\n") {
		if part != "" {
			p.say(part)
		}
	}
	p.say(`b goes back, q leaves; your answers are kept. A value that is only one of these letters is typed in quotes: "b".`)
}

func (p *Prompter) line(f Field) (string, error) {
	if f.Kind != Secret {
		return p.read()
	}
	if p.Secret == nil {
		return "", errNoSecret
	}
	s, err := p.Secret()
	fmt.Fprintln(p.Out)
	return s, err
}

var errNoSecret = errors.New("a password can only be typed at a terminal; name a command, an environment variable or the keyring instead")

// maxLine is far above what a field takes, and maxInput above what anybody
// pastes by mistake.
const maxLine, maxInput = 64 << 10, 16 << 20

// read reads a line, without what ends it. One that is too long is passed over
// and asked for again.
func (p *Prompter) read() (string, error) {
	var line []byte
	long := 0
	for {
		part, more, err := p.In.ReadLine()
		if long += len(part); long <= maxLine {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, io.EOF):
			fmt.Fprintln(p.Out)
			return "", ErrEnd
		case err != nil:
			return "", fmt.Errorf("wizard: the input cannot be read: %w", err)
		case long > maxInput:
			return "", errors.New("wizard: a line of the input does not end")
		case !more && long > maxLine:
			fmt.Fprint(p.Out, "\nThat line is too long and was left out. Please type it again: ")
			line, long = nil, 0
		case !more:
			return strings.TrimSpace(safe.UTF8(string(line))), nil
		}
	}
}
