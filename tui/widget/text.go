package widget

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/tui/keys"
	"github.com/charmbracelet/x/ansi"
)

// Text is the place in a text that scrolls inside its pane.
type Text struct {
	top, h, n int
	find      string
}

// Do scrolls. ok is false for an action that is no movement.
func (t *Text) Do(a keys.Action) (ok bool) {
	page := max(1, t.h-1)
	switch a {
	case keys.Up:
		t.top--
	case keys.Down:
		t.top++
	case keys.PageUp:
		t.top -= page
	case keys.PageDown:
		t.top += page
	case keys.Top:
		t.top = 0
	case keys.Bottom:
		t.top = t.n
	default:
		return false
	}
	t.clamp()
	return true
}

func (t *Text) clamp() { t.top = max(0, min(t.top, t.n-t.h)) }

// View shows h of the lines.
func (t *Text) View(lines []string, h int) []string {
	t.h, t.n = max(0, h), len(lines)
	t.clamp()
	return lines[t.top:min(t.n, t.top+t.h)]
}

// Reveal scrolls so that line i is in sight, and as many of those below it as
// belong to it, when that many lines are shown.
func (t *Text) Reveal(i, tall, lines, h int) {
	t.h, t.n = max(0, h), lines
	if last := i + max(1, min(tall, h)); last > t.top+h {
		t.top = last - h
	}
	if i < t.top {
		t.top = i
	}
	t.clamp()
}

// Line is where line i of the text stands now, negative when out of sight.
func (t *Text) Line(i int) int {
	if i < t.top || i >= t.top+t.h {
		return -1
	}
	return i - t.top
}

// Find goes to the next line, in a direction, that holds the text.
func (t *Text) Find(lines []string, text string, dir int) (found bool) {
	from := t.top
	if text != t.find {
		from -= dir // a new search may find what stands first
	}
	t.find = text
	for i := from + dir; i >= 0 && i < len(lines); i += dir {
		if strings.Contains(strings.ToLower(ansi.Strip(lines[i])), strings.ToLower(text)) {
			t.top = i
			t.clamp()
			return true
		}
	}
	return false
}

// Place is "12-30 of 88", or "" when everything is in sight.
func (t *Text) Place() string {
	if t.n <= t.h || t.h <= 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d of %d", t.top+1, min(t.n, t.top+t.h), t.n)
}
