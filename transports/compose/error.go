package compose

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FieldError says which field of a message could not be taken, and why. The
// value is not in it: it may hold anything.
type FieldError struct {
	Field  string // "Subject", "To 2" …
	Reason string
}

func (e *FieldError) Error() string { return "compose: " + e.Field + " " + e.Reason }

// checkLine holds for a text that may stand in one header field: nothing in it
// can end the field or start another one.
func checkLine(field, s string, most int) error {
	switch {
	case strings.ContainsAny(s, "\r\n"):
		return &FieldError{field, "has a line break in it"}
	case strings.ContainsRune(s, 0):
		return &FieldError{field, "has a NUL in it"}
	case len(s) > most:
		return &FieldError{field, fmt.Sprintf("is longer than %d octets", most)}
	case !utf8.ValidString(s):
		return &FieldError{field, "is not valid UTF-8"}
	case strings.ContainsFunc(s, breaks):
		return &FieldError{field, "has a control character in it"}
	}
	return nil
}

// breaks holds for characters that end a line somewhere, or act on a terminal.
func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
