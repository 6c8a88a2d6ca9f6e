package ui

import (
	"fmt"
	"strconv"
)

// Word is one term of the glossary.
type Word struct {
	Name          string
	Also          []string // other names of the same
	Text, Example string
}

// Count picks the text for one or for many, with the number as %[1]s.
func Count(forms [2]string, n int, more ...any) string {
	form := forms[1]
	if n == 1 {
		form = forms[0]
	}
	return Fill(form, append([]any{strconv.Itoa(n)}, more...)...)
}

// Fill puts arguments in the numbered places of a text. Arguments that a
// language does not use are no error.
func Fill(format string, args ...any) string {
	return fmt.Sprintf(format+fmt.Sprintf("%%[%d]s", len(args)+1), append(args, "")...)
}
