package spf

import (
	"fmt"
	"net/netip"
	"strings"
)

// Record is an SPF record (RFC 7208 section 3) read without loss: every octet
// of Text belongs to the version, to a term or is a space between them.
type Record struct {
	Strings []string // as they stand in the TXT record
	Text    string   // Strings joined without a space (section 3.3)
	Version string   // "v=spf1" as written; "" when Text is no SPF record
	Terms   []Term   // in order, malformed ones too
}

// Kind says what a term is.
type Kind uint8

// The kinds of terms (section 4.6.1). Invalid is a term of which not even that
// can be told: its name is no known mechanism and no "=" makes it a modifier.
// A known mechanism or a modifier with a malformed value keeps its kind and
// has an Err.
const (
	Invalid Kind = iota
	Mechanism
	Modifier
)

// Term is one directive or modifier (section 4.6.1).
type Term struct {
	Text       string // as written
	Start, End int    // octets of Text in Record.Text
	Kind       Kind
	Qualifier  byte   // '+', '-', '~' or '?', the effective one; 0 unless a mechanism
	Explicit   bool   // the qualifier is written
	Name       string // in lower case, without qualifier
	Sep        byte   // ':' or '=' behind the name; 0 when neither stands there
	Value      string // behind the separator as written, prefix lengths included
	Domain     string // domain-spec without prefix lengths, macros not expanded; "" when none is written

	Prefix4, Prefix6 int          // prefix lengths; -1 when not written
	Network          netip.Prefix // ip4, ip6: as written, host bits not cleared
	Macro            bool         // Domain holds a macro or an escape of one

	Err error // *SyntaxError, or nil
}

// IsAll says whether t is the mechanism "all".
func (t *Term) IsAll() bool { return t.Kind == Mechanism && t.Name == "all" }

// CostsLookup says whether t counts towards the limit of 10 (section 4.6.4).
func (t *Term) CostsLookup() bool {
	switch t.Name {
	case "include", "a", "mx", "ptr", "exists":
		return t.Kind == Mechanism
	case "redirect":
		return t.Kind == Modifier
	}
	return false
}

// SyntaxKind says what is wrong with a term.
type SyntaxKind uint8

// The kinds of syntax errors.
const (
	UnknownMechanism  SyntaxKind = iota + 1
	ModifierWithColon            // "redirect:" or "exp:"
	ModifierDuplicate            // the second "redirect=" or "exp="
	QualifierWrong               // "--all", "=all", "!all", a qualifier alone or before a modifier
	ValueUnexpected              // "all:x", "all/8", "ptr/24"
	DomainEmpty                  // nothing where a domain must stand
	DomainMalformed              // does not fit domain-spec (section 7.1)
	MacroMalformed               // section 7.1 to 7.3
	AddressMalformed             // no address behind ip4: or ip6:
	PrefixMalformed              // prefix length
	NonASCII                     // an octet above 0x7E
	ControlCharacter             // an octet below 0x21 that is no separator
)

// SyntaxError is what makes a record invalid (permerror, section 4.6).
type SyntaxError struct {
	Kind   SyntaxKind
	Term   string // as written
	Detail string // what exactly, in words
	Offset int    // octet in Record.Text at which it was seen
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("spf: term %q: %s", e.Term, e.Detail)
}

const version = "v=spf1"

// IsRecord is the version rule of section 4.5: "v=spf1" in any letter case,
// then a space or the end.
func IsRecord(text string) bool {
	if len(text) < len(version) || !strings.EqualFold(text[:len(version)], version) {
		return false
	}
	return len(text) == len(version) || text[len(version)] == ' '
}

// Parse reads the strings of one TXT record. It never fails: what is wrong
// stands in the terms. Terms are split at SP and nothing else, as section
// 4.6.1 has it. A text that is no SPF record is split in the same way from its
// first octet, so that it can be shown and mended.
func Parse(txt ...string) Record {
	r := Record{Strings: txt}
	if len(txt) == 1 {
		r.Text = txt[0]
	} else {
		r.Text = strings.Join(txt, "")
	}
	at := 0
	if IsRecord(r.Text) {
		at = len(version)
		r.Version = r.Text[:at]
	}
	r.Terms = make([]Term, 0, strings.Count(r.Text[at:], " ")+1)
	for at < len(r.Text) {
		if r.Text[at] == ' ' {
			at++
			continue
		}
		end := len(r.Text)
		if i := strings.IndexByte(r.Text[at:], ' '); i >= 0 {
			end = at + i
		}
		r.Terms = append(r.Terms, Term{Text: r.Text[at:end], Start: at, End: end, Prefix4: -1, Prefix6: -1})
		r.Terms[len(r.Terms)-1].parse()
		at = end
	}
	r.findDuplicates()
	return r
}

// parseTerm reads one term, as it stands first in a record.
func parseTerm(text string) Term {
	if text == "" || strings.Contains(text, " ") {
		return Parse(version + " " + text).Terms[0]
	}
	at := len(version) + 1
	t := Term{Text: text, Start: at, End: at + len(text), Prefix4: -1, Prefix6: -1}
	t.parse()
	return t
}

// findDuplicates marks a second redirect= or exp= (section 6).
func (r *Record) findDuplicates() {
	var redirect, exp bool
	for i := range r.Terms {
		t := &r.Terms[i]
		var seen *bool
		switch {
		case t.Kind != Modifier:
			continue
		case t.Name == "redirect":
			seen = &redirect
		case t.Name == "exp":
			seen = &exp
		default:
			continue
		}
		if *seen && t.Err == nil {
			t.fail(ModifierDuplicate, 0, t.Name+"= stands twice")
		}
		*seen = true
	}
}

// Err is the first syntax error of the record, or nil. Any of them makes the
// evaluation a permerror, even behind a term that matches (section 4.6).
func (r *Record) Err() error {
	for i := range r.Terms {
		if err := r.Terms[i].Err; err != nil {
			return err
		}
	}
	return nil
}

// All is the index in Terms of the first "all", or -1. Mechanisms behind it
// are never tested (section 5.1).
func (r *Record) All() int {
	for i := range r.Terms {
		if r.Terms[i].IsAll() {
			return i
		}
	}
	return -1
}

// Redirect is the first redirect= modifier, or nil. It counts only where there
// is no "all" (section 6.1).
func (r *Record) Redirect() *Term { return r.modifier("redirect") }

// Exp is the first exp= modifier, or nil.
func (r *Record) Exp() *Term { return r.modifier("exp") }

func (r *Record) modifier(name string) *Term {
	for i := range r.Terms {
		if t := &r.Terms[i]; t.Kind == Modifier && t.Name == name {
			return t
		}
	}
	return nil
}

func (t *Term) fail(kind SyntaxKind, at int, detail string) {
	if t.Err == nil {
		t.Err = &SyntaxError{Kind: kind, Term: t.Text, Detail: detail, Offset: t.Start + at}
	}
}

// parse fills a term of which Text and Start are known.
func (t *Term) parse() {
	text := t.Text
	n, odd := len(text), false // n: where the name ends
	for i := range len(text) {
		switch c := text[i]; {
		case c < 0x21 || c > 0x7e:
			odd = true
		case n == len(text) && (c == ':' || c == '/' || c == '='):
			n = i
		}
	}
	if odd {
		t.checkOctets()
	}
	if n > 0 && n < len(text) && text[n] == '=' && nameLength(text) == n {
		t.Kind, t.Sep = Modifier, '='
		t.Name, t.Value = lower(text[:n]), text[n+1:]
		t.parseModifier()
		return
	}
	start := 0
	t.Qualifier = '+'
	if isQualifier(text[0]) {
		t.Qualifier, t.Explicit, start = text[0], true, 1
	}
	t.Name = lower(text[start:n])
	if n < len(text) && text[n] != '/' {
		t.Sep = text[n]
		t.Value = text[n+1:]
	} else {
		t.Value = text[n:] // "a/24" has no separator
	}
	t.parseMechanism()
}

func (t *Term) checkOctets() {
	for i := range len(t.Text) {
		if c := t.Text[i]; c > 0x7e {
			t.fail(NonASCII, i, fmt.Sprintf("octet %#02x is no ASCII character", c))
		} else if c < 0x21 {
			t.fail(ControlCharacter, i, fmt.Sprintf("control character %#02x", c))
		}
	}
}

func (t *Term) parseModifier() {
	switch t.Name {
	case "redirect", "exp":
		t.Domain = t.Value
		t.checkDomain(t.Value)
	default:
		// name "=" macro-string: ignored, yet its macros must be well formed.
		if e := scanMacros(t.Value, anyLetter, nil); e != nil {
			t.fail(MacroMalformed, t.valueAt()+e.at, e.detail)
		}
	}
}

// valueAt is the octet of Text at which Value starts.
func (t *Term) valueAt() int { return len(t.Text) - len(t.Value) }

func (t *Term) parseMechanism() {
	switch t.Name {
	case "all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists":
		if t.Sep == '=' { // only behind a qualifier; else it is a modifier
			break
		}
		t.Kind = Mechanism
		t.parseValue()
		return
	case "redirect", "exp":
		if t.Sep == ':' {
			t.fail(ModifierWithColon, 0, t.Name+" is written with = and not with :")
		}
	}
	t.Kind = Invalid
	switch c := t.Text[0]; {
	case c == '=' || c == '!' || t.Name == "" || t.Name != "" && isQualifier(t.Name[0]) || t.Explicit && t.Sep == '=':
		t.fail(QualifierWrong, 0, "a mechanism may have one of + - ~ ? in front of it")
	default:
		t.fail(UnknownMechanism, 0, "there is no mechanism of this name")
	}
}

func (t *Term) parseValue() {
	switch t.Name {
	case "all":
		if t.Sep != 0 || t.Value != "" {
			t.fail(ValueUnexpected, t.valueAt(), "nothing may stand behind all")
		}
	case "include", "exists":
		t.Domain = t.Value
		t.checkDomain(t.Value)
	case "ptr":
		switch {
		case t.Sep == ':':
			t.Domain = t.Value
			t.checkDomain(t.Value)
		case t.Value != "":
			t.fail(ValueUnexpected, t.valueAt(), "ptr has no prefix length")
		}
	case "a", "mx":
		t.parseDomainPrefix()
	case "ip4", "ip6":
		t.parseNetwork()
	}
}

// parseDomainPrefix reads [":" domain-spec] ["/" ip4] ["//" ip6]. A "/" may
// stand in a domain-spec as well, so the lengths are taken off the end.
func (t *Term) parseDomainPrefix() {
	rest := t.Value
	if i := trailingNumber(rest); i >= 2 && rest[i-1] == '/' && rest[i-2] == '/' {
		t.Prefix6 = t.prefix(rest[i:], 128)
		rest = rest[:i-2]
	}
	if i := trailingNumber(rest); i >= 1 && rest[i-1] == '/' && (i < 2 || rest[i-2] != '/') {
		t.Prefix4 = t.prefix(rest[i:], 32)
		rest = rest[:i-1]
	}
	t.Domain = rest
	if i := strings.IndexByte(rest, '/'); i >= 0 && strings.Trim(rest[i:], "/0123456789") == "" {
		t.Domain = rest[:i]
		t.fail(PrefixMalformed, t.valueAt()+i, prefixForm)
	}
	switch {
	case t.Sep == ':':
		t.checkDomain(t.Domain)
	case t.Domain != "": // "a/24x"
		t.Domain = ""
		t.fail(PrefixMalformed, t.valueAt(), prefixForm)
	}
}

const prefixForm = "a prefix length is written /24, //64 or /24//64"

// trailingNumber is where the digits at the end of s begin; -1 without any.
func trailingNumber(s string) int {
	i := len(s)
	for i > 0 && isDigit(s[i-1]) {
		i--
	}
	if i == len(s) {
		return -1
	}
	return i
}

// prefix reads a prefix length (section 5.6), which has no leading zero.
func (t *Term) prefix(digits string, most int) int {
	n := 0
	for i := 0; i < len(digits) && n <= most; i++ {
		n = 10*n + int(digits[i]-'0')
	}
	switch {
	case n > most:
		t.fail(PrefixMalformed, strings.LastIndex(t.Text, digits), fmt.Sprintf("a prefix length is at most %d here", most))
		return -1
	case len(digits) > 1 && digits[0] == '0':
		t.fail(PrefixMalformed, strings.LastIndex(t.Text, digits), "a prefix length has no leading zero")
	}
	return n
}

func (t *Term) parseNetwork() {
	most, prefix := 32, &t.Prefix4
	if t.Name == "ip6" {
		most, prefix = 128, &t.Prefix6
	}
	address, length, ok := strings.Cut(t.Value, "/")
	a, err := netip.ParseAddr(address)
	if t.Sep != ':' || err != nil || a.Zone() != "" || a.Is4() != (most == 32) {
		t.fail(AddressMalformed, t.valueAt(), "behind "+t.Name+": an IPv"+t.Name[2:]+" address or network must stand")
	}
	bits := most
	if ok {
		if trailingNumber(length) != 0 {
			t.fail(PrefixMalformed, t.valueAt()+len(address), "a prefix length is a number")
			return
		}
		*prefix = t.prefix(length, most)
		bits = *prefix
	}
	if t.Err == nil {
		t.Network = netip.PrefixFrom(a, bits)
	}
}

// checkDomain holds a domain-spec (section 7.1) against its grammar. Lengths
// and empty labels are not part of it: section 4.8 leaves those open, and such
// a name cannot exist in DNS.
func (t *Term) checkDomain(spec string) {
	at := t.valueAt()
	t.Macro = strings.IndexByte(spec, '%') >= 0
	if spec == "" {
		t.fail(DomainEmpty, at, "a domain must stand here")
		return
	}
	tail := 0 // start of what stands behind the last macro
	if t.Macro {
		if e := scanMacros(spec, nameLetter, &tail); e != nil {
			t.fail(MacroMalformed, at+e.at, e.detail)
			return
		}
	}
	if tail == len(spec) {
		return // domain-end = macro-expand
	}
	end := strings.TrimSuffix(spec[tail:], ".")
	dot := strings.LastIndexByte(end, '.')
	if dot < 0 {
		t.fail(DomainMalformed, at, "a domain has at least two parts with a dot between them")
		return
	}
	if !isTopLabel(end[dot+1:]) {
		t.fail(DomainMalformed, at+tail+dot+1, "the last part of a domain has letters, digits and inner hyphens, and is not all digits")
	}
}

// isTopLabel is toplabel of section 7.1.
func isTopLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	digits := true
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
		case isAlpha(s[i]), s[i] == '-':
			digits = false
		default:
			return false
		}
	}
	return !digits
}

// nameLength is the length of a name (section 4.6.1) at the start of s.
func nameLength(s string) int {
	if !isAlpha(s[0]) {
		return 0
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '-' && c != '_' && c != '.' {
			return i
		}
	}
	return len(s)
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isQualifier(c byte) bool { return c == '+' || c == '-' || c == '~' || c == '?' }

// lower lowers ASCII letters only: no letter beyond ASCII is the same as one
// within it.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
