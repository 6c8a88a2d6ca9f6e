package spf

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// maxName is the length of the longest name (section 7.3).
const maxName = 253

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

// expander holds the values of macros for one client (section 7.2).
type expander struct {
	ip       netip.Addr // IPv4-mapped addresses are IPv4
	local    string
	domain   string // of the sender
	helo     string
	receiver string
	time     int64
	wide     bool        // local has octets beyond ASCII
	asks     *evaluation // who finds the validated names of the client; nil where none is to be asked
}

func newExpander(c Client, opts Options) *expander {
	x := new(expander)
	x.set(c, opts)
	return x
}

// set is section 4.3: a bounce has the HELO name as its sender, and a sender
// without local part is postmaster.
func (x *expander) set(c Client, opts Options) {
	x.ip, x.helo, x.receiver = c.IP.Unmap().WithZone(""), hostName(c.HELO), opts.Receiver
	from := strings.TrimSuffix(strings.TrimPrefix(c.MailFrom, "<"), ">")
	switch i := strings.LastIndexByte(from, '@'); {
	case from == "":
		x.domain = x.helo
	case i >= 0:
		x.local, x.domain = from[:i], hostName(from[i+1:])
	default:
		x.domain = hostName(from)
	}
	if x.local == "" {
		x.local = "postmaster"
	}
	x.wide = !isASCII(x.local)
	if x.receiver == "" {
		x.receiver = "unknown"
	}
	if !opts.Now.IsZero() {
		x.time = opts.Now.Unix()
	}
}

// hostName is a name without final dot, in A-labels (RFC 8616 section 4) where
// there are such.
func hostName(s string) string {
	if !isASCII(s) {
		profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
		if ascii, err := profile.ToASCII(s); err == nil {
			s = ascii
		}
	}
	return strings.TrimSuffix(s, ".")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// asksLocal says whether the name of a term has the sender's local part in it.
func (t *Term) asksLocal() bool {
	for s := t.Domain; t.Macro; {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		m, n, e := readMacro(s[i:], nameLetter)
		if e != nil || m.letter == 'l' || m.letter == 's' {
			return e == nil
		}
		s = s[i+n:]
	}
	return false
}

// target is the target-name of a term (section 4.8) in the record of domain:
// macros expanded, without final dot, cut from the left to what fits.
func (x *expander) target(t *Term, domain string) string {
	name := t.Domain
	if t.Macro {
		name = x.expand(name, nameLetter, domain)
	}
	return fitName(strings.TrimSuffix(name, "."))
}

// fitName removes labels from the left until the name fits (section 7.3).
func fitName(name string) string {
	for len(name) > maxName {
		i := strings.IndexByte(name, '.')
		if i < 0 {
			return name
		}
		name = name[i+1:]
	}
	return name
}

var errExplanation = errors.New("spf: malformed explanation")

// explain expands the text of an explanation (section 6.2). It becomes a part
// of a reply, so that a sender must not bring anything else than text into it.
func (x *expander) explain(text, domain string) (string, error) {
	if !printable(text) || scanMacros(text, anyLetter, nil) != nil {
		return "", errExplanation
	}
	text = x.expand(text, anyLetter, domain)
	if !printable(text) {
		return "", errExplanation
	}
	return text, nil
}

// printable says whether a text has printable ASCII characters only.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// maxText bounds what macros make of a sender and a record that go for length
// together: the longest name or reply is far below it.
const maxText = 1 << 16

// expand expands a macro-string that scanMacros found well formed. What grows
// beyond maxText becomes nothing.
func (x *expander) expand(s, letters, domain string) string {
	var room [maxName]byte
	b := room[:0]
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return string(append(b, s...))
		}
		b = append(b, s[:i]...)
		m, n, e := readMacro(s[i:], letters)
		if e != nil {
			return string(append(b, s[i:]...))
		}
		b = append(b, x.value(m, domain)...)
		if len(b) > maxText {
			return ""
		}
		s = s[i+n:]
	}
}

// value is the value of a macro with its transformers (section 7.3).
func (x *expander) value(m macro, domain string) string {
	v := ""
	switch m.letter {
	case '%':
		return "%"
	case '_':
		return " "
	case '-':
		return "%20"
	case 's':
		v = x.local + "@" + x.domain
	case 'l':
		v = x.local
	case 'o':
		v = x.domain
	case 'd':
		v = domain
	case 'i':
		v = dotted(x.ip)
	case 'p':
		v = x.name(domain)
	case 'v':
		v = "in-addr"
		if x.ip.Is6() {
			v = "ip6"
		}
	case 'h':
		v = x.helo
	case 'c':
		v = x.ip.String()
	case 'r':
		v = x.receiver
	case 't':
		v = strconv.FormatInt(x.time, 10)
	}
	v = m.transform(v)
	if m.escape {
		v = escape(v)
	}
	return v
}

func (m macro) transform(v string) string {
	if m.keep == 0 && !m.reverse && m.delims == "" {
		return v
	}
	delims := m.delims
	if delims == "" {
		delims = "."
	}
	if m.keep > 0 && !m.reverse && delims == "." { // the last parts, as they stand there
		at := len(v)
		for n := 0; n < m.keep && at >= 0; n++ {
			at = strings.LastIndexByte(v[:at], '.')
		}
		return v[at+1:]
	}
	var parts []string
	for {
		i := strings.IndexAny(v, delims)
		if i < 0 {
			break
		}
		parts = append(parts, v[:i])
		v = v[i+1:]
	}
	parts = append(parts, v)
	if m.reverse {
		slices.Reverse(parts)
	}
	if m.keep > 0 {
		parts = parts[max(0, len(parts)-m.keep):]
	}
	return strings.Join(parts, ".")
}

// name is the value of %{p}: a validated name of the client, best one that is
// the domain, else one below it (section 7.3).
func (x *expander) name(domain string) string {
	var names []string
	if x.asks != nil {
		names = x.asks.validatedNames()
	}
	best := "unknown"
	for i, n := range names {
		switch {
		case len(n) == len(domain) && within(n, domain):
			return n
		case i == 0, within(n, domain) && !within(best, domain):
			best = n
		}
	}
	return best
}

const hexDigits = "0123456789abcdef"

// dotted is an address as %{i} has it: dotted quad, or nibbles with dots.
func dotted(a netip.Addr) string {
	if !a.Is6() {
		return a.String()
	}
	b := make([]byte, 0, 63)
	for i, octet := range a.As16() {
		if i > 0 {
			b = append(b, '.')
		}
		b = append(b, hexDigits[octet>>4], '.', hexDigits[octet&15])
	}
	return string(b)
}

// escape is the URL escape of macros in upper case: all but unreserved
// characters of RFC 3986 section 2.3.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isAlpha(c) || isDigit(c) || c == '-' || c == '.' || c == '_' || c == '~' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteString(strings.ToUpper(string([]byte{hexDigits[c>>4], hexDigits[c&15]})))
	}
	return b.String()
}
