package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// index is the list, with what to do first below it where there is room.
func (h *Home) index(l ui.Look, w, rows int, alone bool) (lines []string, y int) {
	lines, y = h.list.View(h.listed(func(i int, sel bool) string { return h.line(l, h.rows[i], sel, w-2, alone) }), rows, widget.Gutter)
	if len(h.rows) == 0 {
		lines, y = []string{"  " + l.T.NoneMatch}, -1
	}
	if room := rows - len(lines); room >= 4 && h.filter.what == "" {
		lines = append(lines, h.first(l, w, room)...)
	}
	for h.filter.typing && len(lines) < rows {
		lines = append(lines, "")
	}
	return lines, y
}

// first says what to do first, over all entries.
func (h *Home) first(l ui.Look, w, room int) []string {
	type step struct {
		f finding.Finding
		e *Entry
	}
	var steps []step
	seen := map[string]bool{}
	for _, e := range h.b.Entries {
		if !e.Known {
			continue
		}
		for _, f := range e.Problems() {
			key := f.Code() + " " + h.b.Domain(e) + " " + f.Object
			if f.Who() == finding.Network {
				key = f.Code() // one network for all
			}
			if !seen[key] && !f.Rule.Outcome {
				seen[key] = true
				steps = append(steps, step{f, e})
				break // the first of each target is what to begin with
			}
		}
	}
	if len(steps) == 0 {
		return nil
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(b.f.Severity().Rank(), a.f.Severity().Rank()) })
	out := []string{"", "  " + heading(l, l.T.DoFirst)}
	for i, s := range steps {
		text, domain := title(l, s.f), l.Text(h.b.Domain(s.e))
		if s.f.Who() != finding.Network && !strings.Contains(text, domain) {
			text = ui.Fill(l.T.FirstStep, domain, text)
		}
		lines := l.Hang(fmt.Sprintf("  %d  ", i+1), text, w)
		if len(out)+len(lines) > room || i == 5 {
			break
		}
		out = append(out, lines...)
	}
	if len(out) == 2 {
		return nil
	}
	return out
}

// Columns of the list where it is alone: a badge, the name, the number of
// problems, which mail is taken, and the worst problem.
const (
	beforeName = 8
	countWide  = 3
	takesWide  = 34
	takesFrom  = 130 // columns from which on there is room for it
)

func nameWidth(w int, alone bool) int {
	if alone && w >= 78 {
		return min(44, max(30, w/3))
	}
	return w - beforeName - countWide
}

// head is a heading with the names of the columns.
func head(l ui.Look, name string, w int, alone bool) string {
	counted := beforeName + nameWidth(w, alone) + countWide
	out := l.Ends(heading(l, name), l.Paint(theme.Muted, l.T.ColProblems), counted)
	if alone && w >= takesFrom {
		out += "  " + l.Paint(theme.Muted, l.T.ColTakes)
	}
	return out
}

// line draws one row in w columns.
func (h *Home) line(l ui.Look, r row, sel bool, w int, alone bool) string {
	if r.network {
		return h.networkLine(l, sel, w, alone)
	}
	if r.e == nil {
		if r.heading == "" {
			return ""
		}
		return head(l, r.heading, w, alone)
	}
	e := r.e
	count := "-"
	var p []finding.Finding
	if e.Known {
		p = e.Problems()
		count = fmt.Sprint(len(p))
	}
	if count == "0" {
		count = ""
	}
	room := nameWidth(w, alone)
	name := l.Cut(h.b.title(l, e), room)
	pad := strings.Repeat(" ", max(0, room-width(name)))
	if sel && len(h.rows) <= longList {
		// The type behind the name stays plain: each reversed column is
		// written twice when the selection moves on.
		n := min(width(name), width(l.Text(e.Name())))
		name = l.Paint(theme.Picked, ansi.Truncate(name, n, "")) + ansi.TruncateLeft(name, n, "")
	}
	out := l.Badge(e.State()) + "  " + name + pad
	out += fmt.Sprintf("%3s", count)
	if alone && w >= takesFrom {
		out += "  " + l.Paint(theme.Muted, l.Fit(h.b.mail(l, e), takesWide))
	}
	if left := w - width(out) - 2; alone && w >= 78 {
		out += "  " + l.Cut(h.gist(l, e, p), left)
	}
	return out
}

// gist is the worst problem of an entry, or that there is none.
func (h *Home) gist(l ui.Look, e *Entry, p []finding.Finding) string {
	switch notes := e.Notes(); {
	case len(p) > 0:
		return title(l, p[0])
	case len(notes) > 0 && e.State() == ui.OK:
		return l.Paint(theme.Muted, ui.Count(l.T.NNotes, len(notes)))
	}
	return ""
}
