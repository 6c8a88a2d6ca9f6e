package wizard

import (
	"io"
	"strings"
	"unicode/utf8"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/safe"
)

// columns is how wide our own text is at most; a value that somebody has to
// carry away stays whole.
const columns = 78

// stateWords say how something stands, for who cannot see a symbol.
var stateWords = [...]string{
	Unknown: "Not known", OK: "OK", Note: "Note", Warning: "Warning", Failure: "Wrong", Busy: "Waiting", Todo: "To do", Skipped: "Left out",
}

func (s State) String() string { return stateWords[min(int(s), len(stateWords)-1)] }

// WriteView writes what a step shows, to be read from top to bottom or aloud:
// lists instead of tables, states as words, and every value to carry away whole
// on a line of its own. Hide hides what is private; nil shows everything.
func WriteView(w io.Writer, v View, hide func(string) string) error {
	p := &plain{hide: hide}
	for i, b := range v.Blocks {
		if _, mark := b.(Mark); i > 0 && (!mark || !isMark(v.Blocks[i-1])) {
			p.line("")
		}
		p.block(b)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func isMark(b Block) bool {
	_, ok := b.(Mark)
	return ok
}

// plain writes blocks as text.
type plain struct {
	b    strings.Builder
	hide func(string) string
}

// text is foreign text as it may be printed.
func (p *plain) text(s string) string {
	if p.hide != nil {
		s = p.hide(s)
	}
	return safe.Line(s)
}

func (p *plain) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// say writes wrapped text behind a margin, which the first line may replace.
func (p *plain) say(first, margin, text string) {
	line := first
	room := utf8.RuneCountInString(first)
	empty := true
	for _, word := range strings.Fields(p.text(text)) {
		n := utf8.RuneCountInString(word)
		if !empty && room+1+n > columns {
			p.line(line)
			line, room, empty = margin, utf8.RuneCountInString(margin), true
		}
		if !empty {
			line, room = line+" ", room+1
		}
		line, room, empty = line+word, room+n, false
	}
	p.line(line)
}

// whole writes a value on one line, whatever its length.
func (p *plain) whole(value string) { p.line(p.text(value)) }

func (p *plain) block(b Block) {
	switch b := b.(type) {
	case Para:
		p.say("", "", string(b))
	case Heading:
		p.say("", "", string(b)+":")
	case Mark:
		p.say(b.State.String()+": ", "  ", b.Text)
	case Pairs:
		for _, x := range b {
			p.say(x.Label+": ", "  ", x.Text)
		}
	case Changes:
		p.changes(b)
	case Budget:
		p.say(b.Label+": ", "  ", b.Text)
	case Tree:
		p.tree(b)
	case Card:
		p.card(b)
	case Servers:
		_ = checks.WriteWait(&p.b, b.Want, b.Include, b.Report) // a builder takes everything
	case Findings:
		_ = checks.WriteFindings(&p.b, "the domain", b, checks.TextOptions{ASCII: true, Width: columns})
	case Conversation:
		for _, l := range b {
			p.whole(l)
		}
	case Command:
		p.whole(string(b))
	}
}

// changeWords say what becomes of a term.
var changeWords = map[string]string{"same": "stays", "add": "is added", "remove": "goes", "change": "is changed", "move": "moves"}

func (p *plain) changes(c Changes) {
	for _, x := range c.List {
		text := x.Term + " " + changeWords[x.What]
		var parts []string
		for _, side := range [][2]string{{c.Before, x.Before}, {c.After, x.After}} {
			if side[1] != "" && side[1] != "-" {
				parts = append(parts, side[0]+": "+side[1])
			}
		}
		if len(parts) > 0 {
			text += " (" + strings.Join(parts, "; ") + ")"
		}
		if x.Reason != "" {
			text += ": " + x.Reason
		}
		p.say("- ", "  ", text)
	}
}

func (p *plain) tree(t Tree) {
	for _, b := range t {
		text := b.Text
		if b.Cost != "" {
			text += ", " + b.Cost
		}
		if b.State > Note || b.Note != "" {
			text += ". " + strings.TrimSpace(word(b.State)+b.Note)
		}
		margin := strings.Repeat("  ", b.Depth)
		p.say(margin+"- ", margin+"  ", text)
	}
}

func word(s State) string {
	if s < Warning {
		return ""
	}
	return s.String() + ": "
}

// card writes a record, and how it is entered.
func (p *plain) card(c Card) {
	p.line("Type: " + p.text(c.Record.Type))
	p.line("Name: " + p.text(c.Record.Name))
	switch {
	case c.Record.Remove:
		p.line("Remove this value:")
		p.whole(c.Was)
	default:
		p.line("Value, on one line:")
		p.whole(c.Record.Value)
		if c.Was != "" {
			p.line("It takes the place of:")
			p.whole(c.Was)
		}
	}
	p.line("")
	p.panel(c.Panel, c.Record.Value)
	if c.Undo != "" {
		p.say("Undo: ", "  ", c.Undo)
	}
}

// panel says what to type into which field.
func (p *plain) panel(c provider.Card, value string) {
	list := func(texts ...string) {
		for _, s := range texts {
			if s != "" {
				p.say("- ", "  ", s)
			}
		}
	}
	list(c.Provider, c.Where, c.First)
	p.field(c.Host)
	p.field(c.Priority)
	if c.Value.Text != value && c.Value.Text != "" {
		p.line("- " + p.text(c.Value.Label) + ", as this panel wants it:")
		p.whole(c.Value.Text)
	}
	list(c.Value.Note)
	list(c.Misfits...)
	list(c.Warnings...)
	list(c.Notes...)
	list(c.Generic...)
}

func (p *plain) field(f provider.Field) {
	if f.Label == "" {
		return
	}
	text := f.Text
	if text == "" {
		text = "leave it empty"
	}
	if f.Note != "" {
		text += " (" + f.Note + ")"
	}
	p.say("- "+p.text(f.Label)+": ", "  ", text)
}
