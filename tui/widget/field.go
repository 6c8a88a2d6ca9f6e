package widget

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/ui"
	"github.com/charmbracelet/x/ansi"
)

// Field is one line of text that can be edited.
type Field struct {
	text []string // characters; octets that are no UTF-8 stay what they are
	at   int

	Masked bool // shows stars: what is in it is a secret
}

// NewField is a field with a text in it and the cursor behind.
func NewField(s string) Field {
	f := Field{text: characters(s)}
	f.at = len(f.text)
	return f
}

func characters(s string) (out []string) {
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

// String is the text.
func (f *Field) String() string { return strings.Join(f.text, "") }

// Set replaces the text.
func (f *Field) Set(s string) {
	f.text = characters(s)
	f.at = len(f.text)
}

// Type carries out a key press.
func (f *Field) Type(k tea.KeyPressMsg) {
	switch k.String() {
	case "left":
		f.at = max(0, f.at-1)
	case "right":
		f.at = min(len(f.text), f.at+1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.text)
	case "backspace":
		if f.at > 0 {
			f.text = append(f.text[:f.at-1:f.at-1], f.text[f.at:]...)
			f.at--
		}
	case "delete":
		if f.at < len(f.text) {
			f.text = append(f.text[:f.at:f.at], f.text[f.at+1:]...)
		}
	case "ctrl+u":
		f.text, f.at = append([]string(nil), f.text[f.at:]...), 0
	case "ctrl+k":
		f.text = f.text[:f.at]
	case "ctrl+w":
		to := f.at
		for to > 0 && f.text[to-1] == " " {
			to--
		}
		for to > 0 && f.text[to-1] != " " {
			to--
		}
		f.text = append(f.text[:to:to], f.text[f.at:]...)
		f.at = to
	default:
		f.Insert(k.Text)
	}
}

// Insert puts text where the cursor is. A field is one line: breaks are left
// out; other odd characters stay and are shown by number.
func (f *Field) Insert(s string) {
	in := characters(strings.NewReplacer("\n", "", "\r", "").Replace(s))
	if len(in) == 0 {
		return
	}
	f.text = append(f.text[:f.at:f.at], append(in, f.text[f.at:]...)...)
	f.at += len(in)
}

// View shows the part of the text around the cursor in w columns, and the
// column of the cursor.
func (f *Field) View(l ui.Look, w int) (shown string, x int) {
	if w <= 1 {
		return "", 0
	}
	before, behind := plain(l, strings.Join(f.text[:f.at], "")), plain(l, strings.Join(f.text[f.at:], ""))
	if f.Masked {
		before, behind = strings.Repeat("*", f.at), strings.Repeat("*", len(f.text)-f.at)
	}
	all := before + behind
	x = ansi.StringWidth(before)
	if from := x - w + 1; from > 0 {
		all = l.Tail() + ansi.Cut(all, from+1, from+w)
		x -= from
	} else {
		all = ansi.Truncate(all, w, "")
	}
	return all, min(x, w-1)
}

// plain is the text without hiding: who edits a value must see it.
func plain(l ui.Look, s string) string {
	l.Private = false
	return l.Text(s)
}

// Pasted takes off what people copy along: spaces, breaks, quotes, a leading
// TXT or IN TXT, the wrapping of an address. It says what was taken off.
func Pasted(t *ui.Texts, s string) (clean, told string) {
	clean = strings.TrimSpace(s)
	var took []string
	if clean != s {
		took = append(took, t.PastedSpaces)
	}
	for _, p := range []string{"IN TXT ", "TXT "} {
		if len(clean) > len(p) && strings.EqualFold(clean[:len(p)], p) {
			clean = strings.TrimSpace(clean[len(p):])
			took = append(took, strings.TrimSpace(p))
		}
	}
	if n := len(clean); n >= 2 && clean[0] == '"' && clean[n-1] == '"' {
		// "one" "two": several strings of one record are one value.
		parts := strings.Split(clean[1:n-1], `"`)
		joined := parts[0]
		whole := len(parts)%2 == 1
		for i := 1; i+1 < len(parts); i += 2 {
			whole = whole && strings.TrimSpace(parts[i]) == ""
			joined += parts[i+1]
		}
		if whole {
			clean = joined
			took = append(took, t.PastedQuotes)
		}
	}
	if n := len(clean); n > 2 && clean[0] == '<' && clean[n-1] == '>' {
		clean = clean[1 : n-1]
		took = append(took, t.PastedAngles)
	}
	if flat := strings.Join(strings.FieldsFunc(clean, func(r rune) bool { return r == '\n' || r == '\r' }), ""); flat != clean {
		clean = flat
		took = append(took, t.PastedBreaks)
	}
	if len(took) > 0 {
		told = ui.Fill(t.Pasted, strings.Join(took, ", "))
	}
	return clean, told
}
