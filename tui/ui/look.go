// Package ui is the vocabulary of the console: how text looks, what a page is,
// what pages ask of the frame around them, and how long work runs.
package ui

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/tui/theme"
)

// State is what a badge tells.
type State uint8

// The states. The zero value is Unknown: not asked yet, or could not ask.
const (
	Unknown State = iota
	OK
	Note
	Warning
	Failure
	Busy
	Skipped
	ToDo
)

// badge is a symbol and a word: always both, always six columns.
type badge struct {
	ascii, unicode string
	role           theme.Role
}

var badges = [...]badge{
	Unknown: {"? ----", "? ----", theme.Muted},
	OK:      {"+ OK  ", "✔ OK  ", theme.OK},
	Note:    {"i NOTE", "i NOTE", theme.Info},
	Warning: {"! WARN", "! WARN", theme.Warn},
	Failure: {"x FAIL", "✘ FAIL", theme.Fail},
	Busy:    {". ..  ", "… ..  ", theme.Accent},
	Skipped: {"- SKIP", "- SKIP", theme.Muted},
	ToDo:    {"o TODO", "o TODO", theme.Muted},
}

// Look is how everything is drawn: palette, characters, and what is hidden.
type Look struct {
	Palette *theme.Palette
	ASCII   bool
	Private bool
	Hide    func(string) string // what Private does to a text
	Height  int                 // rows of the whole window
	T       *Texts
}

// Paint gives one line of text the look of a role.
func (l Look) Paint(r theme.Role, text string) string { return l.Palette.Paint(r, text) }

// Badge is the state in six columns.
func (l Look) Badge(s State) string {
	b := badges[s]
	text := b.unicode
	if l.ASCII {
		text = b.ascii
	}
	word := strings.TrimRight(text, " ")
	return l.Paint(b.role, word) + text[len(word):]
}

// Word is the four letters of a state, without the symbol.
func (l Look) Word(s State) string { return strings.TrimSpace(badges[s].ascii[2:]) }

// Role is the role of a state.
func (l Look) Role(s State) theme.Role { return badges[s].role }

// The lines and the mark of a cut.
func (l Look) pick(ascii, unicode string) string {
	if l.ASCII {
		return ascii
	}
	return unicode
}

// Bar is a vertical divider.
func (l Look) Bar() string { return l.Paint(theme.Muted, l.pick("|", "│")) }

// Rule is a horizontal line of n columns.
func (l Look) Rule(n int) string {
	return l.Paint(theme.Muted, strings.Repeat(l.pick("-", "─"), max(0, n)))
}

// Tail marks where a text was cut.
func (l Look) Tail() string { return l.pick("~", "…") }

// Text makes text from outside fit for the screen: hostile characters are
// shown by number (see checks/safe), and what H hides is hidden.
func (l Look) Text(s string) string {
	s = safe.Line(s)
	if l.Private {
		s = l.Hide(s)
	}
	return s
}

// Cut shortens a line to n columns and marks the cut. The line may be painted.
func (l Look) Cut(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if len(s) <= n || ansi.StringWidth(s) <= n {
		return s
	}
	return ansi.Truncate(s, n, l.Tail())
}

// Fit cuts or pads a line to exactly n columns.
func (l Look) Fit(s string, n int) string {
	s = l.Cut(s, n)
	if w := ansi.StringWidth(s); w < n {
		s += strings.Repeat(" ", n-w)
	}
	return s
}

// Ends puts one text at the left and one at the right of a line of n columns;
// the left one is cut where both do not fit.
func (l Look) Ends(left, right string, n int) string {
	w := ansi.StringWidth(right)
	if right == "" || w+8 > n {
		return l.Cut(left, n)
	}
	return l.Fit(left, n-w-2) + "  " + right
}

// Prose is the widest that running text gets.
const Prose = 90

// Wrap breaks a text into lines of at most n columns, and of at most Prose.
// Words that are longer are broken.
func Wrap(s string, n int) []string {
	n = min(n, Prose)
	if n <= 0 || s == "" {
		return nil
	}
	// A break behind a hyphen would make "-" and "all" of an SPF record's -all.
	lines := strings.Split(ansi.Wrap(strings.ReplaceAll(s, "-", unbroken), n, ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(lines[i], unbroken, "-"), " ")
	}
	return lines
}

// unbroken stands for a hyphen at which no line may break. It is one column
// wide, and occurs in no text that is safe to show.
const unbroken = "\ue000"

// Hang wraps a text behind a label: the first line starts with it, the others
// are indented as far.
func (l Look) Hang(label, text string, n int) []string {
	w := ansi.StringWidth(label)
	lines := Wrap(text, max(8, n-w))
	for i := range lines {
		if i == 0 {
			lines[i] = label + lines[i]
		} else {
			lines[i] = strings.Repeat(" ", w) + lines[i]
		}
	}
	return lines
}

// Harmless says whether a text can be copied and printed as it is: nothing in
// it would have to be shown by number.
func Harmless(s string) bool {
	for s != "" {
		n := min(len(s), safe.MaxLine/4)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n++
		}
		if safe.Line(s[:n]) != s[:n] {
			return false
		}
		s = s[n:]
	}
	return true
}
