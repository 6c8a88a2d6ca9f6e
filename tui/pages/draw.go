package pages

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// gutter marks the selection.
func gutter(l ui.Look) func(bool) string {
	mark := "> " // plain: it is written at every key press
	return func(sel bool) string {
		if sel {
			return mark
		}
		return "  "
	}
}

// prompt writes a field over the last line of a body.
func prompt(l ui.Look, w int, b ui.Body, label string, f *widget.Field) ui.Body {
	n := len(label) + 1
	text, x := f.View(l, w-n)
	b.Lines[len(b.Lines)-1] = l.Paint(theme.Accent, label) + " " + text
	b.X, b.Y = n+x, len(b.Lines)-1
	return b
}

// beside joins panes with dividers to rows lines.
func beside(l ui.Look, rows int, widths []int, panes ...[]string) []string {
	out := make([]string, rows)
	bar := " " + l.Bar() + " "
	for y := range rows {
		var b strings.Builder
		for i, p := range panes {
			if widths[i] <= 0 {
				continue
			}
			text := ""
			if y < len(p) {
				text = p[y]
			}
			if i > 0 {
				b.WriteString(bar)
			}
			if i+1 < len(panes) && widths[i+1] > 0 {
				text = l.Fit(text, widths[i])
			} else {
				text = l.Cut(text, widths[i])
			}
			b.WriteString(text)
		}
		out[y] = b.String()
	}
	return out
}

// judged is the line of one judgement.
func judged(l ui.Look, j judgement, w int) string {
	return l.Cut(fmt.Sprintf("%s  %-6s %s", l.Badge(j.state), j.name, j.text), w)
}

// problem is a finding in a few lines: title, effect, next step and its records.
func problem(l ui.Look, r checks.Report, f finding.Finding, w int) []string {
	out := topic(l, f, w)
	out = append(out, l.Hang("        ", effect(l, f), w)...)
	if a := advice(l, f); a != "" {
		out = append(out, l.Hang("   "+l.Paint(theme.Muted, l.T.LabelFix)+"  ", a, w)...)
	}
	out = append(out, changes(l, f, w)...)
	return append(out, l.Hang("   "+l.Paint(theme.Muted, l.T.LabelWho)+"  ", who(l, r, f), w)...)
}

// topic is a finding's badge and title, with its code at the right where both
// fit; a title is never cut.
func topic(l ui.Look, f finding.Finding, w int) []string {
	badge, text, code := l.Badge(severityState(f.Severity()))+"  ", title(l, f), l.Text(f.Code())
	if w >= 60 && width(badge)+width(text)+2+width(code) <= w {
		return []string{l.Ends(badge+text, l.Paint(theme.Muted, code), w)}
	}
	return l.Hang(badge, text, w)
}

// changes are the records of a fix, a line each.
func changes(l ui.Look, f finding.Finding, w int) (out []string) {
	if f.Fix == nil {
		return nil
	}
	const most = 3
	for i, rec := range f.Fix.Records {
		if i == most {
			return append(out, "        "+ui.Fill(l.T.MoreRecords, fmt.Sprint(len(f.Fix.Records)-most)))
		}
		do, value := l.T.ShortAdd, rec.Value
		switch {
		case rec.Remove:
			do = l.T.ShortRemove
			if rec.Replaces != nil {
				value = *rec.Replaces
			}
		case rec.Replaces != nil:
			do = l.T.ShortChange
		}
		text := l.Text(rec.Name) + "  " + l.Text(rec.Type) + "  " + l.Text(value)
		out = append(out, l.Cut("   "+l.Paint(theme.Muted, do)+"  "+text, w))
	}
	return out
}

// paper is how what is written into a file looks.
func paper(t *ui.Texts) ui.Look {
	return ui.Look{Palette: theme.New(theme.Contrast, 0), ASCII: true, T: t, Height: 60}
}
