package widget

import (
	"strings"

	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"github.com/charmbracelet/x/ansi"
)

// Gutter marks the selection.
func Gutter(sel bool) string {
	if sel {
		return "> " // plain: it is written at every key press
	}
	return "  "
}

// Beside joins panes with dividers to rows lines.
func Beside(l ui.Look, rows int, widths []int, panes ...[]string) []string {
	out := make([]string, max(0, rows))
	bar := " " + l.Bar() + " "
	for y := range out {
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

// width is the number of columns that a text takes.
func width(s string) int { return ansi.StringWidth(s) }

// heading is the title of a block.
func heading(l ui.Look, s string) string { return l.Paint(theme.Strong, s) }
