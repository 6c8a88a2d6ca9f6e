package safe

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"v=spf1 -all":                     "v=spf1 -all",
		"\x1b]52;c;eA==\a":                "^[]52;c;eA==^G",
		"a\r\nb\tc\x7f":                   "a^M^Jb^Ic^?",
		"\u009b31m":                       "<U+009B>31m",
		"\x9b31m":                         `\x9b31m`,
		"caf\xe9":                         `caf\xe9`,
		"\u202eabc\u2069":                 "<U+202E>abc<U+2069>",
		"a\u200bb\u00adc\u00a0d\ufeff":    "a<U+200B>b<U+00AD>c<U+00A0>d<U+FEFF>",
		"\u2028\U000e0041":                "<U+2028><U+E0041>",
		"x\ufe0f":                         "x<U+FE0F>",
		"ü 漢 “":                           "ü 漢 “",
		"e" + strings.Repeat("\u0301", 6): "e" + strings.Repeat("\u0301", 4) + "<U+0301><U+0301>",
		strings.Repeat("a", MaxLine+2):    strings.Repeat("a", MaxLine) + " (2 more)",
		"\x1bP\x1b_x\x1b\\":               "^[P^[_x^[\\",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[2J\u202e\x9b")
	f.Fuzz(func(t *testing.T, s string) {
		got := Line(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Line(%q) is not UTF-8: %q", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("Line(%q) lets U+%04X through", s, r)
			}
		}
	})
}
