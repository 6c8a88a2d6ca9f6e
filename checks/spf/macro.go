package spf

import "strings"

// Letters that a macro may have (section 7.2). c, r and t make sense in an
// explanation only; a domain-spec with them is malformed.
const (
	nameLetter = "slodiphv"
	anyLetter  = nameLetter + "crt"
)

// delimiters at which a macro's value can be split (section 7.1).
const delimiters = ".-+,/_="

// macroError is where and why a macro is malformed.
type macroError struct {
	at     int
	detail string
}

// macro is one macro-expand.
type macro struct {
	letter  byte // in lower case
	escape  bool // the letter is in upper case: URL-escape the value
	keep    int  // number of right-hand parts to keep; 0 for all
	reverse bool
	delims  string // "" for "."
}

// scanMacros goes through a macro-string. behind, where not nil, becomes the
// octet behind the last macro.
func scanMacros(s, letters string, behind *int) *macroError {
	for i := 0; i < len(s); {
		if s[i] != '%' {
			i++
			continue
		}
		_, n, e := readMacro(s[i:], letters)
		if e != nil {
			e.at += i
			return e
		}
		i += n
		if behind != nil {
			*behind = i
		}
	}
	return nil
}

// readMacro reads the macro-expand at the start of s, which begins with "%".
// The letter of "%%", "%_" and "%-" is that second character.
func readMacro(s, letters string) (m macro, length int, e *macroError) {
	if len(s) < 2 {
		return m, 0, &macroError{0, "a single % must be written %%"}
	}
	switch s[1] {
	case '%', '_', '-':
		return macro{letter: s[1]}, 2, nil
	case '{':
	default:
		return m, 0, &macroError{0, "a single % must be written %%"}
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return m, 0, &macroError{0, "a macro is not closed with }"}
	}
	if end == 2 || !isAlpha(s[2]) || strings.IndexByte(letters, s[2]|0x20) < 0 {
		return m, 0, &macroError{2, "there is no macro of this letter here"}
	}
	m.letter, m.escape = s[2]|0x20, s[2] < 'a'
	i := 3
	for ; isDigit(s[i]); i++ {
		m.keep = min(m.keep*10+int(s[i]-'0'), 255)
	}
	if i > 3 && m.keep == 0 {
		return m, 0, &macroError{3, "a macro cannot keep 0 parts"}
	}
	if s[i]|0x20 == 'r' {
		m.reverse = true
		i++
	}
	m.delims = s[i:end]
	for j := i; j < end; j++ {
		if strings.IndexByte(delimiters, s[j]) < 0 {
			return m, 0, &macroError{j, "this character cannot stand in a macro"}
		}
	}
	return m, end + 1, nil
}
