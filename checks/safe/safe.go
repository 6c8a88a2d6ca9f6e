// Package safe turns hostile text into text that a terminal can show.
package safe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine is the number of characters of one line that Line shows.
const MaxLine = 4096

// maxMarks is the number of combining marks that one character keeps.
const maxMarks = 4

// Line returns s as one line of printable text in which nothing vanishes:
// controls become ^X or <U+009B>, octets that are not UTF-8 become \x9b,
// invisible and direction-changing characters become <U+200B>. Lines are split
// before, never here. It returns s itself when s is clean.
func Line(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	marks, shown := 0, 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if shown == MaxLine {
			fmt.Fprintf(&b, " (%d more)", utf8.RuneCountInString(s[i:]))
			break
		}
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		b.WriteString(show(r, s[i:i+n], marks))
		i += n
		shown++
	}
	return b.String()
}

// clean says quickly that nothing needs to be changed: the usual case.
func clean(s string) bool {
	if len(s) > MaxLine {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func show(r rune, raw string, marks int) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r < 0x20:
		return "^" + string(r+'@')
	case r == 0x7f:
		return "^?"
	case invisible(r) || !unicode.IsPrint(r) || marks > maxMarks:
		return fmt.Sprintf("<U+%04X>", r)
	}
	return raw
}

// invisible holds for what unicode.IsPrint calls printable and people cannot
// see: variation selectors, and the soft hyphen and its like are caught by
// IsPrint itself.
func invisible(r rune) bool {
	switch {
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF, // variation selectors
		r == 0x034F, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x2800: // blank letters and marks
		return true
	}
	return false
}
