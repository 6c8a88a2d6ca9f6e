package ui

import (
	"fmt"
	"strconv"
	"strings"
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

// WordsIn are the words of a glossary that occur in a text, in the order of the
// glossary.
func WordsIn(all []Word, text string) (out []string) {
	exact, folded := split(text), split(strings.ToLower(text))
	for _, x := range all {
		for _, name := range append([]string{x.Name}, x.Also...) {
			hay := folded
			if name = strings.TrimSpace(name); isWord(name) {
				hay = exact // "From" is a header, "from" is not
			} else {
				name = strings.ToLower(name)
			}
			if contains(hay, split(name)) {
				out = append(out, x.Name)
				break
			}
		}
	}
	return out
}

// isWord says whether a name is written like a word at the start of a sentence.
func isWord(name string) bool {
	return len(name) > 1 && name[0] >= 'A' && name[0] <= 'Z' && name[1:] == strings.ToLower(name[1:])
}

// split cuts a text into words.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r > 127)
	})
}

// contains says whether the words of needle stand in hay, one after the other;
// a plural counts.
func contains(hay, needle []string) bool {
	if len(needle) == 0 {
		return false
	}
	for i := 0; i+len(needle) <= len(hay); i++ {
		same := true
		for j, n := range needle {
			same = same && (hay[i+j] == n || hay[i+j] == n+"s")
		}
		if same {
			return true
		}
	}
	return false
}
