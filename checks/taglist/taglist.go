// Package taglist reads the tag=value lists of DKIM and DMARC records (RFC
// 6376 section 3.2) without loss: order, spelling and positions are kept, and
// what is wrong is kept too, for others to judge.
package taglist

import "strings"

// List is a tag list as it stands in a record.
type List struct {
	Text  string
	Parts []Part // in order, the empty one behind a final ";" left out
}

// Part is what stands between two semicolons.
type Part struct {
	Name  string // white space around it removed; the letter case is kept
	Value string // white space around it removed, inner white space kept
	// HasEquals is false for a part without "=": then Name is all of it.
	HasEquals bool
	// Start and End are the octets of the part in Text, without the semicolons.
	Start, End int
	// ValueStart is the octet in Text at which Value starts.
	ValueStart int
}

// Raw is the part as written.
func (l List) Raw(p Part) string { return l.Text[p.Start:p.End] }

const whiteSpace = " \t\r\n"

// Parse reads any text. It never fails: a text that is no tag list gives parts
// without "=".
func Parse(text string) List {
	l := List{Text: text}
	for start := 0; start <= len(text); {
		end := len(text)
		if i := strings.IndexByte(text[start:], ';'); i >= 0 {
			end = start + i
		}
		if strings.Trim(text[start:end], whiteSpace) != "" || end < len(text) {
			l.Parts = append(l.Parts, parsePart(text, start, end))
		}
		start = end + 1
	}
	return l
}

func parsePart(text string, start, end int) Part {
	p := Part{Start: start, End: end, ValueStart: end}
	name, value, ok := strings.Cut(text[start:end], "=")
	p.Name, p.HasEquals = strings.Trim(name, whiteSpace), ok
	if ok {
		p.Value = strings.Trim(value, whiteSpace)
		lead := len(value) - len(strings.TrimLeft(value, whiteSpace))
		p.ValueStart = start + len(name) + 1 + lead
	}
	return p
}

// Get returns the first part of that name in the letter case of the list
// (DKIM's tag names are case-sensitive).
func (l List) Get(name string) (Part, bool) {
	for _, p := range l.Parts {
		if p.HasEquals && p.Name == name {
			return p, true
		}
	}
	return Part{}, false
}

// GetFold is Get in any letter case (DMARC's tag names are not case-sensitive).
func (l List) GetFold(name string) (Part, bool) {
	for _, p := range l.Parts {
		if p.HasEquals && strings.EqualFold(p.Name, name) {
			return p, true
		}
	}
	return Part{}, false
}

// Without returns the text of the list with the parts for which drop is true
// left out; everything else stays byte for byte.
func (l List) Without(drop func(Part) bool) string {
	var out strings.Builder
	at := 0
	for _, p := range l.Parts {
		if drop(p) {
			out.WriteString(l.Text[at:p.Start])
			at = min(p.End+1, len(l.Text))
		}
	}
	out.WriteString(l.Text[at:])
	return out.String()
}

// WithValue returns the text of the list with the value of p replaced.
func (l List) WithValue(p Part, value string) string {
	return l.Text[:p.ValueStart] + value + l.Text[p.ValueStart+len(p.Value):]
}
