package pages

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// Explain explains words: those of the page it was asked on, then all others.
type Explain struct {
	reading
	words []string
	why   string // why the page asks what it asks; "": it asks nothing
}

// NewExplain explains the words of a page, and why it asks.
func NewExplain(b *Board, words []string, why string) *Explain {
	return &Explain{reading: reading{b: b}, words: words, why: why}
}

// Title names the page.
func (p *Explain) Title(l ui.Look) string { return l.T.ExplainTitle }

// Status says where the words come from.
func (p *Explain) Status(l ui.Look) string {
	return p.status(l, l.T.ExplainStatus)
}

// View draws the page.
func (p *Explain) View(l ui.Look, w, h int) ui.Body {
	p.lines = p.lines[:0]
	for part := range strings.SplitSeq(p.why, "\n\n") {
		if part == "" {
			continue
		}
		if len(p.lines) == 0 {
			p.lines = append(p.lines, heading(l, l.T.WizardWhy))
		} else {
			p.lines = append(p.lines, "")
		}
		p.lines = append(p.lines, l.Hang("  ", l.Text(part), w)...)
	}
	for i, part := range [][]string{p.words, others(p.b, p.words)} {
		if len(part) == 0 {
			continue
		}
		name := l.T.WordsHere
		if i > 0 {
			name = l.T.WordsOther
		}
		if len(p.lines) > 0 {
			p.lines = append(p.lines, "")
		}
		p.lines = append(p.lines, heading(l, name))
		p.lines = append(p.lines, explained(l, p.b, part, w)...)
	}
	if len(p.lines) == 0 {
		p.lines = ui.Wrap(l.T.NoWords, w)
	}
	return p.body(l, w, h)
}

func others(b *Board, words []string) (out []string) {
	if b.Glossary == nil {
		return nil
	}
	for _, x := range b.Glossary() {
		if !slices.ContainsFunc(words, func(s string) bool { return strings.EqualFold(s, x.Name) }) {
			out = append(out, x.Name)
		}
	}
	return out
}

// explained is the text of words, one under the other.
func explained(l ui.Look, b *Board, words []string, w int) (out []string) {
	if b.Glossary == nil {
		return nil
	}
	l.Private = false // its addresses are invented
	all := b.Glossary()
	for _, name := range words {
		i := slices.IndexFunc(all, func(x ui.Word) bool { return strings.EqualFold(x.Name, name) })
		if i < 0 {
			continue
		}
		x := all[i]
		if len(out) > 0 {
			out = append(out, "")
		}
		name := heading(l, l.Text(x.Name))
		if len(x.Also) > 0 {
			name += l.Paint(theme.Muted, ui.Fill(l.T.AlsoCalled, l.Text(strings.Join(x.Also, ", "))))
		}
		out = append(out, l.Cut(name, w))
		out = append(out, l.Hang("  ", l.Text(x.Text), w)...)
		if x.Example != "" {
			out = append(out, l.Hang("  ", l.T.Example+" "+l.Text(x.Example), w)...)
		}
	}
	return out
}

// glossary is the third pane: the words of what is shown.
func glossary(l ui.Look, b *Board, words []string, w int) []string {
	text := explained(l, b, words, w)
	if len(text) == 0 {
		return nil
	}
	return append([]string{heading(l, l.T.WordsHere), ""}, text...)
}

// wordsOf are the words of the glossary that occur in findings, in the order
// of the glossary.
func wordsOf(b *Board, all ...finding.Finding) (out []string) {
	if b.Glossary == nil || len(all) == 0 {
		return nil
	}
	var text strings.Builder
	for _, f := range all {
		text.WriteString(" " + f.Title() + " " + f.Saw() + " " + f.Effect() + " " + f.Action() + " ")
		if f.Fix != nil {
			text.WriteString(f.Fix.Summary)
			for _, r := range f.Fix.Records {
				text.WriteString(" " + r.Type + " record ttl ")
			}
		}
	}
	return ui.WordsIn(b.Glossary(), text.String())
}
