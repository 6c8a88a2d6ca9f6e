package wizard

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// pen draws blocks into lines of w columns; they may be wider and are cut then.
type pen struct {
	l       ui.Look
	w       int
	looking bool // somebody goes on looking
	chosen  bool // what can be carried away is chosen, of several
	labels  int  // columns of the labels of budgets
}

// joined says whether no empty line stands between two blocks.
func joined(a, b guide.Block) bool {
	switch a.(type) {
	case guide.Heading:
		return true
	case guide.Mark:
		_, same := b.(guide.Mark)
		return same
	case guide.Budget:
		_, same := b.(guide.Budget)
		return same
	}
	return false
}

// folded leaves of blocks what must be seen in a low window: what changes, and
// what is wrong. Records and commands all stay, in their order.
func folded(blocks []guide.Block) (out []guide.Block) {
	for _, b := range blocks {
		switch x := b.(type) {
		case guide.Changes:
			x.List = slices.DeleteFunc(slices.Clone(x.List), func(c guide.Change) bool { return c.What == "same" })
			if len(x.List) > 0 {
				out = append(out, x)
			}
		case guide.Tree:
			x = slices.DeleteFunc(slices.Clone(x), func(b guide.Branch) bool { return b.State <= guide.Note && b.Note == "" })
			if len(x) > 0 {
				out = append(out, x)
			}
		case guide.Heading:
		default:
			out = append(out, b)
		}
	}
	return out
}

// budgetLabels is how wide the labels of bars are that stand together.
func budgetLabels(v guide.View) (n int) {
	for _, b := range v.Blocks {
		if x, ok := b.(guide.Budget); ok {
			n = max(n, width(x.Label))
		}
	}
	return min(n, 24)
}

// draw draws a block. value is the line of what can be carried away, negative
// where there is nothing of that kind.
func (p pen) draw(b guide.Block) (out []string, value int) {
	switch b := b.(type) {
	case guide.Para:
		return ui.Wrap(p.l.Text(string(b)), p.w), -1
	case guide.Heading:
		return []string{heading(p.l, p.l.Text(string(b)))}, -1
	case guide.Mark:
		return p.l.Hang(badge(p.l, b.State)+"  ", p.l.Text(b.Text), p.w), -1
	case guide.Pairs:
		return p.pairs(b), -1
	case guide.Changes:
		return p.changes(b), -1
	case guide.Budget:
		return p.budget(b), -1
	case guide.Tree:
		return p.tree(b), -1
	case guide.Card:
		return p.card(b)
	case guide.Servers:
		return widget.Servers(p.l, b.Report, p.looking, p.w), -1
	case guide.Findings:
		return p.findings(b), -1
	case guide.Conversation:
		for _, s := range b {
			out = append(out, "  "+p.l.Text(s))
		}
		return out, -1
	case guide.Command:
		for s := range strings.SplitSeq(string(b), "\n") {
			out = append(out, widget.Gutter(p.chosen && len(out) == 0)+p.l.Text(s))
		}
		return out, 0
	}
	return nil, -1
}

func (p pen) pairs(list guide.Pairs) (out []string) {
	wide := 6
	for _, x := range list {
		wide = max(wide, width(p.l.Text(x.Label)))
	}
	wide = min(wide, 24)
	for _, x := range list {
		label := p.l.Text(x.Label)
		if p.w < 50 || width(label) > wide {
			out = append(out, p.l.Cut(p.l.Paint(theme.Muted, label), p.w))
			out = append(out, p.l.Hang("  ", p.l.Text(x.Text), p.w)...)
			continue
		}
		out = append(out, p.l.Hang(p.l.Fit(p.l.Paint(theme.Muted, label), wide)+"  ", p.l.Text(x.Text), p.w)...)
	}
	return out
}

// changes draws terms or settings with what becomes of them, and their two
// values at the right, or below where they are too wide.
func (p pen) changes(c guide.Changes) (out []string) {
	l := p.l
	before, after, term, what := width(l.Text(c.Before)), width(l.Text(c.After)), 0, 8
	for _, x := range c.List {
		what = max(what, width(l.T.Changes[x.What])+4)
		before, after = max(before, width(l.Text(x.Before))), max(after, width(l.Text(x.After)))
		term = max(term, width(l.Text(x.Term)))
	}
	table := what+min(term, 30)+before+after+4 <= p.w
	terms := p.w - what - before - after - 4
	terms = min(terms, max(term, 40))
	right := func(s string, n int) string { return strings.Repeat(" ", max(0, n-width(s))) + s }
	row := func(head, t, b, a string) string {
		return head + l.Fit(t, terms) + "  " + right(b, before) + "  " + right(a, after)
	}
	head := strings.Repeat(" ", what)
	switch {
	case table:
		out = append(out, l.Paint(theme.Muted, row(head, l.Text(c.Of), l.Text(c.Before), l.Text(c.After))))
	case c.Of != "":
		out = append(out, l.Paint(theme.Muted, l.Text(c.Of)))
	}
	for _, x := range c.List {
		word, role := l.T.Changes[x.What], theme.Strong
		if x.What == "same" {
			role = theme.Muted
		}
		word = l.Fit("  "+l.Paint(role, word), what)
		if table {
			out = append(out, row(word, l.Text(x.Term), l.Text(x.Before), l.Text(x.After)))
		} else {
			out = append(out, l.Hang(word, l.Text(x.Term), p.w)...)
			names := max(width(l.Text(c.Before)), width(l.Text(c.After)))
			for _, y := range [][2]string{{c.Before, x.Before}, {c.After, x.After}} {
				if y[1] != "" && y[1] != "-" {
					out = append(out, l.Hang(head+l.Fit(l.Paint(theme.Muted, l.Text(y[0])), names)+"  ", l.Text(y[1]), p.w)...)
				}
			}
		}
		if x.Reason != "" {
			out = append(out, l.Hang(head, l.Text(x.Reason), p.w)...)
		}
	}
	return out
}

// bar is how long a bar is at most.
const bar = 20

func (p pen) budget(b guide.Budget) []string {
	l := p.l
	of := max(1, b.Of)
	cells := min(of, bar)
	full := min(cells, max(0, (b.Used*cells+of-1)/of))
	a, z := "#", "-"
	if !l.ASCII {
		a, z = "█", "░"
	}
	role := theme.OK
	switch {
	case b.Used > b.Of:
		role = theme.Fail
	case b.Used == b.Of:
		role = theme.Warn
	}
	drawn := "[" + l.Paint(role, strings.Repeat(a, full)) + strings.Repeat(z, cells-full) + "]"
	label := l.Fit(l.Text(b.Label), max(p.labels, min(width(b.Label), 24)))
	if p.w < 50 {
		return append([]string{l.Cut(l.Text(b.Label), p.w)}, l.Hang("  "+drawn+"  ", l.Text(b.Text), p.w)...)
	}
	return l.Hang(label+"  "+drawn+"  ", l.Text(b.Text), p.w)
}

func (p pen) tree(t guide.Tree) (out []string) {
	l := p.l
	for _, b := range t {
		margin := "  " + strings.Repeat("  ", min(max(0, b.Depth), max(0, p.w/8)))
		text, cost := l.Text(b.Text), l.Text(b.Cost)
		if line := margin + text; width(line)+2+width(cost) <= min(p.w, ui.Prose) {
			out = append(out, l.Ends(line, l.Paint(theme.Muted, cost), min(p.w, ui.Prose)))
		} else {
			out = append(out, l.Hang(margin, strings.TrimSpace(text+"  "+cost), p.w)...)
		}
		if b.State > guide.Note || b.Note != "" {
			out = append(out, l.Hang(margin+badge(l, b.State)+"  ", l.Text(b.Note), p.w)...)
		}
	}
	return out
}

// record is a card as other pages draw it.
func record(c guide.Card) widget.Card {
	return widget.Card{Record: c.Record, Panel: c.Panel, Was: c.Was, Full: true}
}

func (p pen) card(c guide.Card) (out []string, value int) {
	out, value = record(c).Draw(p.l, p.w, p.chosen)
	if c.Undo != "" {
		out = append(out, p.l.Hang("  "+p.l.Paint(theme.Muted, p.l.Fit(p.l.T.WizardUndo, 7)), p.l.Text(c.Undo), p.w)...)
	}
	return out, value
}

func (p pen) findings(list guide.Findings) (out []string) {
	l := p.l
	severities := map[finding.Severity]ui.State{
		finding.Note: ui.Note, finding.Warning: ui.Warning, finding.Failure: ui.Failure, finding.Unknown: ui.Unknown,
	}
	for i, f := range list {
		if i > 0 && l.Height >= 16 {
			out = append(out, "")
		}
		out = append(out, l.Hang(l.Badge(severities[f.Severity()])+"  ", heading(l, l.Text(f.Title())), p.w)...)
		for _, s := range []string{f.Effect(), f.Action()} {
			if s != "" {
				out = append(out, l.Hang("        ", l.Text(s), p.w)...)
			}
		}
	}
	return out
}
