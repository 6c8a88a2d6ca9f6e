package safe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Mask hides addresses, names and keys in text that people show to others.
// Equal texts get equal numbers, so that a masked report can still be followed.
// The zero value hides everything it recognises.
type Mask struct {
	// Keep says which names stay: codes of findings, public names of the service.
	Keep func(name string) bool

	// Words are hidden too where they stand as whole words: names of transports.
	Words []string

	// Accounts are hidden likewise: user names at mail servers.
	Accounts []string

	// Whole are hidden where they are a whole value of JSON: what is too common
	// a word to be hidden in a sentence, as the first part of an address is.
	Whole []string

	mu      sync.Mutex
	index   *wordIndex
	numbers map[string]int // "kind text" → number
	counts  map[string]int // kind → numbers given
}

// private matches, in this order: a mail address, a run of key material, what
// may be an IP address, a name of at least two labels.
var private = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)` +
		`([^\s"'<>()@:=,;` + "`" + `]+@(?:[a-z0-9_\-.\pL]*[a-z0-9_\-\pL]))` +
		`|([A-Za-z0-9+/]{32,}={0,2})` +
		`|([0-9a-f]*(?:::?[0-9a-f.]*){2,}|\b\d{1,3}(?:\.\d{1,3}){3}\b)` +
		`|((?:[a-z0-9_*\pL](?:[a-z0-9_\-\pL]*)\.)+(?:[a-z\pL]{2,}|xn--[a-z0-9-]+)[a-z0-9-]*)`)
})

var kinds = [...]string{"", "address", "key", "ip", "name"}

// Text returns s with everything private in it replaced, e.g. by [name 1].
func (m *Mask) Text(s string) string {
	return m.foreign(m.known(s))
}

func (m *Mask) foreign(s string) string {
	var b strings.Builder
	last := 0
	for _, at := range private().FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:at[0]])
		b.WriteString(m.replace(s[at[0]:at[1]], at))
		last = at[1]
	}
	return b.String() + s[last:]
}

func (m *Mask) replace(found string, groups []int) string {
	kind := 1
	for groups[2*kind] < 0 {
		kind++
	}
	switch kinds[kind] {
	case "ip":
		if _, err := netip.ParseAddr(found); err != nil {
			return found
		}
	case "name", "address":
		if m.Keep != nil && m.Keep(strings.ToLower(found)) {
			return found
		}
	}
	return m.number(kinds[kind], found)
}

func (m *Mask) number(kind, text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.numbers == nil {
		m.numbers, m.counts = map[string]int{}, map[string]int{}
	}
	id := kind + " " + strings.ToLower(text)
	n, ok := m.numbers[id]
	if !ok {
		m.counts[kind]++
		n = m.counts[kind]
		m.numbers[id] = n
	}
	return fmt.Sprintf("[%s %d]", kind, n)
}

// known replaces Words and Accounts where they stand as whole words, also where
// a line break has taken the place of a space in them. It goes over s once,
// however many there are.
func (m *Mask) known(s string) string {
	x := m.words()
	if len(x.first) == 0 && len(x.odd) == 0 {
		return s
	}
	var b strings.Builder
	last := 0
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && wordByte(s[end]) {
			end++
		}
		candidates := x.odd
		if end > i {
			candidates = slices.Concat(x.first[s[i:end]], x.first[strings.TrimRight(s[i:end], ".")])
		}
		next := max(end, i+1)
		for _, w := range candidates {
			if at := w.pattern.FindStringIndex(s[i:]); at != nil && !insideWord(s, i, i+at[1]) {
				next = i + at[1]
				b.WriteString(s[last:i] + m.number(w.kind, w.text))
				last = next
				break
			}
		}
		i = next
	}
	return b.String() + s[last:]
}

// wordIndex finds a word by how it begins.
type wordIndex struct {
	size  int // how many words there were
	first map[string][]knownWord
	odd   []knownWord // those that begin with a bracket and the like
}

type knownWord struct {
	text, kind string
	pattern    *regexp.Regexp
}

// words is the index of Words and Accounts as they are now.
func (m *Mask) words() *wordIndex {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := len(m.Words) + len(m.Accounts)
	if m.index != nil && m.index.size == size {
		return m.index
	}
	m.index = &wordIndex{size: size, first: map[string][]knownWord{}}
	for _, w := range m.Words {
		m.index.add(w, "transport")
	}
	for _, w := range m.Accounts {
		m.index.add(w, "account")
	}
	return m.index
}

func (x *wordIndex) add(w, kind string) {
	parts := strings.Fields(w)
	if len(w) < 3 || len(parts) == 0 || strings.Contains(w, "[") {
		return
	}
	end := 0
	for end < len(parts[0]) && wordByte(parts[0][end]) {
		end++
	}
	first := parts[0][:end]
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	known := knownWord{w, kind, regexp.MustCompile("^" + strings.Join(parts, `\s+`))}
	longestFirst := func(all []knownWord) []knownWord {
		all = append(all, known)
		slices.SortStableFunc(all, func(a, b knownWord) int { return len(b.text) - len(a.text) })
		return all
	}
	if first == "" {
		x.odd = longestFirst(x.odd)
		return
	}
	x.first[first] = longestFirst(x.first[first])
}

// insideWord says that s[from:to] is part of a longer word or name.
func insideWord(s string, from, to int) bool {
	if from > 0 && wordByte(s[from-1]) {
		return true
	}
	if to < len(s) && s[to] == '.' { // a name goes on, a sentence ends
		return to+1 < len(s) && wordByte(s[to+1])
	}
	return to < len(s) && wordByte(s[to])
}

func wordByte(c byte) bool {
	return c >= 0x80 || c == '.' || c == '-' || c == '_' || c == '@' ||
		c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// literal matches one string literal of JSON and the colon of a member name.
var literal = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"(?:[^"\\]|\\.)*"(\s*:)?`)
})

// JSON masks the values of an encoded document, and those member names that
// are private; the document stays JSON.
func (m *Mask) JSON(doc []byte) []byte {
	return literal().ReplaceAllFunc(doc, func(lit []byte) []byte {
		end := bytes.LastIndexByte(lit, '"') + 1
		var s string
		if json.Unmarshal(lit[:end], &s) != nil {
			return lit
		}
		masked := m.Text(s)
		switch {
		case end < len(lit): // the name of a member is never the name of a transport
			masked = m.foreign(s)
		case s != "" && slices.Contains(m.Whole, s):
			masked = m.number("account", s)
		}
		if masked == s {
			return lit
		}
		out, err := JSON(masked, "")
		if err != nil {
			return lit
		}
		return append(bytes.TrimSuffix(out, []byte("\n")), lit[end:]...)
	})
}
