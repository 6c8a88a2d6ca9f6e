package pages

import (
	"fmt"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// prompt writes a field over the last line of a body.
func prompt(l ui.Look, w int, b ui.Body, label string, f *widget.Field) ui.Body {
	n := len(label) + 1
	text, x := f.View(l, w-n)
	b.Lines[len(b.Lines)-1] = l.Paint(theme.Accent, label) + " " + text
	b.X, b.Y = n+x, len(b.Lines)-1
	return b
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
