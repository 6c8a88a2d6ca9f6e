package spf

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/pattern"
)

// Expect is what a record must hold so that ClockWise may send.
type Expect struct {
	Include string       // the name to include, e.g. "_spf.clockwise.info"
	Relays  []netip.Addr // the addresses that send
}

// reading is a text of DNS read as its author meant it: the terms as they
// should be, each with the piece that it was made of, and what is wrong.
type reading struct {
	strings  []string
	text     string // strings joined
	selected bool   // receivers take it for an SPF record (RFC 7208 section 4.5)
	attempt  bool   // it is one, or was meant to be one
	record   Record // of the text as it stands; empty terms where it is not selected
	pieces   []piece
	faults   []fault
	second   int // index of the first piece behind a second version tag; 0 for none
}

// piece is one term as written and as meant.
type piece struct {
	from    string
	to      []string // usually one; none means that it has to go
	broken  bool     // as written, the term is not what was meant
	foreign bool
}

// fault is a finding before it has a subject, evidence and fix.
type fault struct {
	rule   *finding.Rule
	object string
	args   []string
}

func (r *reading) fault(rule *finding.Rule, object string, args ...string) {
	r.faults = append(r.faults, fault{rule, object, args})
}

// glue stands in a text where two strings of a record meet between two terms.
// Control characters of the text itself have been replaced before.
const glue = "\x00"

// read reads the strings of one TXT record.
func read(strs []string, expect Expect) reading {
	r := reading{strings: strs, text: strings.Join(strs, "")}
	r.selected = IsRecord(r.text)
	if r.selected {
		r.record = Parse(strs...)
	}
	if strings.HasPrefix(lower(r.text), "spf2.0/") {
		r.fault(senderID, "", r.text)
		return r
	}
	text := r.characters()
	text = r.unwrap(text)
	text, ok := r.versionTag(text)
	if !ok {
		return reading{strings: strs, text: r.text}
	}
	r.attempt = true
	r.readTerms(text, expect)
	r.checkStrings(expect)
	return r
}

// characters replaces what cannot stand in a record by what was meant.
func (r *reading) characters() string {
	var out strings.Builder
	at, found := 0, map[*finding.Rule][]string{}
	first := map[*finding.Rule]int{}
	for i, s := range r.strings {
		if i > 0 && startsTerm().MatchString(s) && endsTerm(r.strings[i-1]) {
			out.WriteString(glue)
		}
		for j := 0; j < len(s); {
			c, n := utf8.DecodeRuneInString(s[j:])
			rule, with := meantBy(c, s[j:j+n])
			if rule == nil {
				out.WriteString(s[j : j+n])
			} else {
				if len(found[rule]) == 0 {
					first[rule] = at + 1
				}
				found[rule] = append(found[rule], s[j:j+n])
				out.WriteString(with)
			}
			at += n
			j += n
		}
	}
	for _, rule := range []*finding.Rule{nonASCII, controlCharacter} {
		if list := found[rule]; len(list) > 0 {
			r.fault(rule, "", list[0], characterName(list[0]), strconv.Itoa(first[rule]))
		}
	}
	return out.String()
}

// meantBy returns the rule that a character breaks, and what was meant by it.
func meantBy(c rune, raw string) (rule *finding.Rule, with string) {
	switch {
	case c == utf8.RuneError && len(raw) == 1: // as Windows-1252 has it
		with = map[byte]string{0x96: "-", 0x97: "-", 0xa0: " "}[raw[0]]
		return nonASCII, with
	case c < 0x20:
		return controlCharacter, " "
	case c < 0x7f:
		return nil, ""
	case c >= 0xff01 && c <= 0xff5e: // full width
		return nonASCII, string(c - 0xff01 + '!')
	case unicode.Is(unicode.Pd, c) || c == 0x2212:
		return nonASCII, "-"
	case unicode.Is(unicode.Zs, c):
		return nonASCII, " "
	case unicode.IsLetter(c):
		return nonASCII, string(c) // for a name that has an A-label
	}
	return nonASCII, ""
}

var characterNames = map[rune]string{
	0x09: "a tab", 0x0a: "a line break", 0x0d: "a line break", 0x00: "a NUL", 0x7f: "a delete character",
	0xa0: "a no-break space", 0x2013: "an en dash", 0x2014: "an em dash", 0x201c: "a curly quotation mark",
	0x201d: "a curly quotation mark", 0x2018: "a curly apostrophe", 0x2019: "a curly apostrophe",
	0x200b: "an invisible space", 0xfeff: "an invisible byte order mark", 0xad: "an invisible hyphen",
	0x2011: "a no-break hyphen", 0x2212: "a minus sign of mathematics",
}

// characterName names a character as people can look it up.
func characterName(raw string) string {
	c, _ := utf8.DecodeRuneInString(raw)
	if c == utf8.RuneError {
		return fmt.Sprintf("octet 0x%X", raw)
	}
	code := fmt.Sprintf("U+%04X", c)
	if name, ok := characterNames[c]; ok {
		return name + " (" + code + ")"
	}
	if c < 0x20 {
		return "a control character (" + code + ")"
	}
	return code
}

var (
	zonePrefix = pattern.Lazy(`(?i)^\s*(?:[^\s"]+\s+)?(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+[smhdw]?\s+)?(?:TXT|SPF)\s+\(?\s*(["']|v\s*=\s*spf)`)
	startsTerm = pattern.Lazy(`(?i)^[-+~?]?(?:(?:include|ip4|ip6|exists|a|mx|ptr):|(?:redirect|exp)=|(?:all|mx|a|ptr)(?: |$))`)
	quotedGap  = pattern.Lazy(`["']\s+["']`)
)

// endsTerm says whether a string can end with a whole term.
func endsTerm(s string) bool {
	if s == "" {
		return false
	}
	c := s[len(s)-1]
	return isAlpha(c) || isDigit(c) || c == '.' || c == '}'
}

// unwrap takes away what a panel or a zone file puts around a value.
func (r *reading) unwrap(text string) string {
	if m := zonePrefix().FindStringSubmatchIndex(text); m != nil {
		r.fault(zoneLine, "", strings.TrimSpace(text[:m[2]]))
		text = strings.Trim(strings.TrimSpace(text[m[2]:]), "()")
	}
	if strings.Contains(text, `"`) {
		at := strings.IndexByte(text, '"')
		start := strings.LastIndexByte(text[:at], ' ') + 1
		end := len(text)
		if i := strings.IndexByte(text[at:], ' '); i >= 0 {
			end = at + i
		}
		r.fault(quotesInValue, "", strings.ReplaceAll(text[start:end], glue, ""))
		text = quotedGap().ReplaceAllStringFunc(text, func(string) string { return " " })
		text = strings.NewReplacer(`\"`, "", `"`, "").Replace(text)
	}
	return text
}

var (
	spacedVersion = pattern.Lazy(`(?i)^v\s*[=:]\s*spf\s*1(?: |$)`)
	anyVersion    = pattern.Lazy(`(?i)v=spf1(?:[ ;,]|$|[a-z0-9]*:)`)
	knownTerm     = pattern.Lazy(`(?i)(?:^| )[-+~?]?(?:(?:include|ip4|ip6|exists|a|mx|ptr):\S|redirect=\S|(?:all|mx|a)(?: |$))`)
)

// versionTag takes the version tag off, whatever became of it. ok is false for
// a text that has nothing to do with SPF.
func (r *reading) versionTag(text string) (rest string, ok bool) {
	trimmed := strings.TrimLeft(text, " '`")
	plain := strings.ReplaceAll(trimmed, glue, "")
	if !anyVersion().MatchString(plain) || !strings.HasPrefix(lower(plain), version) {
		if loc := anyVersion().FindStringIndex(trimmed); loc != nil && loc[0] > 0 && !r.selected {
			if !knownTerm().MatchString(trimmed[loc[0]+len(version):]) {
				return "", false // prose about SPF
			}
			r.fault(leadingCharacters, "", strings.TrimSpace(trimmed[:loc[0]]))
			trimmed = trimmed[loc[0]:]
		}
	} else if len(trimmed) < len(text) && !r.selected && len(r.faults) == 0 {
		r.fault(leadingCharacters, "", strconv.Quote(text[:len(text)-len(trimmed)]))
	}
	trimmed = strings.TrimRight(trimmed, "'`")
	if !strings.HasPrefix(lower(trimmed), version) {
		return r.nearVersion(trimmed)
	}
	tag, rest := trimmed[:len(version)], trimmed[len(version):]
	switch {
	case rest == "" || rest[0] == ' ':
		if tag != version {
			r.fault(versionCase, "", tag)
		}
		return rest, true
	case strings.HasPrefix(rest, glue):
		r.fault(versionUnterminated, "", firstWord(r.text))
		return rest[1:], true
	}
	r.fault(versionUnterminated, "", firstWord(strings.ReplaceAll(trimmed, glue, "")))
	rest = strings.TrimLeft(rest, ";,.:0123456789")
	return rest, rest == "" || strings.HasPrefix(rest, " ") || startsTerm().MatchString(rest)
}

// nearVersion recognises a misspelt version tag by its distance and by the
// terms behind it.
func (r *reading) nearVersion(text string) (rest string, ok bool) {
	tag := firstWord(text)
	if m := spacedVersion().FindString(text); m != "" {
		tag = strings.TrimSpace(m)
	} else if distance(lower(tag), version) > 2 {
		return "", false
	}
	rest = text[len(tag):]
	if !knownTerm().MatchString(rest) {
		return "", false
	}
	r.fault(versionMisspelt, "", tag)
	return rest, true
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	return word
}

// lowered gives a term that was typed in capitals in lower case; a term with a
// macro keeps its letters, which have a meaning there (RFC 7208 section 7.3).
func lowered(term string) string {
	if strings.Contains(term, "%") || term != strings.ToUpper(term) {
		return term
	}
	return lower(term)
}

// readTerms reads what stands behind the version tag.
func (r *reading) readTerms(text string, expect Expect) {
	capitals := slices.ContainsFunc(r.faults, func(f fault) bool { return f.rule == versionCase })
	tokens := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' })
	all, foreign := "", ""
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		whole := strings.ReplaceAll(t, glue, "")
		if parts := r.apart(t); parts != nil {
			tokens = slices.Concat(tokens[:i:i], parts, tokens[i+1:])
			i--
			continue
		}
		switch kind := foreignTo(whole, foreign != ""); {
		case strings.EqualFold(whole, version):
			rest := strings.ReplaceAll(strings.Join(tokens[i:], " "), glue, "")
			if all != "" && r.second == 0 {
				r.fault(versionRepeated, "", rest)
				r.second = len(r.pieces)
			} else if r.second == 0 {
				r.fault(unknownModifier, whole, whole)
			}
			r.drop(whole)
			continue
		case kind != "":
			if foreign == "" {
				foreign = kind
				r.fault(wrongContent, "", r.foreignText(tokens[i:]), kind)
			}
			r.pieces = append(r.pieces, piece{from: whole, broken: true, foreign: true})
			continue
		}
		if n := r.joined(tokens[i:], expect); n > 0 {
			i += n - 1
			continue
		}
		p := r.one(t, expect, capitals)
		r.pieces = append(r.pieces, p)
		for _, to := range p.to {
			if isAllText(to) {
				all = to
			}
		}
	}
}

// apart cuts a piece that a version tag is glued to; nil for all others.
func (r *reading) apart(t string) []string {
	rule, parts, what := spaceMissing, []string(nil), ""
	if n := len(t) - len(version); n > 0 && strings.EqualFold(t[n:], version) {
		parts = []string{strings.TrimRight(t[:n], ";,"), t[n:]}
		if c := t[n-1]; c == ';' || c == ',' {
			rule, what = separatorWrong, separatorNames[c]
		}
	} else if n := len(version); len(t) > n && strings.EqualFold(t[:n], version) && (t[n] == ';' || t[n] == ',') {
		parts = []string{t[:n], strings.TrimLeft(t[n:], ";,")}
		rule, what = separatorWrong, separatorNames[t[n]]
	}
	if parts == nil {
		return nil
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	r.fault(rule, t, t, cmp.Or(what, strings.Join(parts, " ")))
	return parts
}

var separatorNames = map[byte]string{';': "a semicolon", ',': "a comma"}

func (r *reading) drop(from string) {
	r.pieces = append(r.pieces, piece{from: from, broken: true})
}

func (r *reading) foreignText(tokens []string) string {
	var out []string
	for _, t := range tokens {
		if foreignTo(t, true) == "" {
			break
		}
		out = append(out, t)
	}
	return strings.Join(out, " ")
}

var (
	dmarcTag = pattern.Lazy(`(?i)^(?:v=dmarc1|s?p=(?:none|quarantine|reject)|ru[af]=|a(?:dkim|spf)=[rs]|pct=\d+|fo=[01ds:]+)`)
	dkimTag  = pattern.Lazy(`(?i)^(?:v=dkim1|k=(?:rsa|ed25519)|p=[a-z0-9+/=]{40,})`)
	anyTag   = pattern.Lazy(`(?i)^(?:[a-z]+=|mailto:)`)
)

// foreignTo says to which other kind of record a piece belongs; "" for none.
// inside is set behind a piece that is foreign already.
func foreignTo(t string, inside bool) string {
	switch {
	case dmarcTag().MatchString(t):
		return "DMARC"
	case dkimTag().MatchString(t):
		return "DKIM"
	case inside && anyTag().MatchString(t) && !startsTerm().MatchString(t) && !strings.EqualFold(t, version):
		return "DMARC"
	}
	return ""
}

var openTerm = pattern.Lazy(`(?i)^[-+~?]?(?:include|exists|a|mx|ptr|ip4|ip6|redirect|exp)(?:[:=]|[:=]?\S*/)$`)

// joined deals with a piece that belongs to the next one: it returns how many
// pieces it has read, 0 for none.
func (r *reading) joined(tokens []string, expect Expect) int {
	if len(tokens) < 2 {
		return 0
	}
	t, next := tokens[0], tokens[1]
	from := t + " " + next
	switch {
	case len(t) == 1 && isQualifier(t[0]) && (startsTerm().MatchString(next) && !isQualifier(next[0]) || isAllText(next)):
		r.fault(qualifierWrong, from, from, t+next)
	case openTerm().MatchString(t) && fits(t, next), strings.HasPrefix(next, ":") && len(next) > 1 && bareName().MatchString(t):
		r.fault(spaceAfterColon, t, t, t+next)
	default:
		return 0
	}
	p := r.quietly(t+next, expect)
	p.from, p.broken = from, true
	r.pieces = append(r.pieces, p)
	return 2
}

var bareName = pattern.Lazy(`(?i)^[-+~?]?(?:include|exists|a|mx|ptr|ip4|ip6|redirect|exp)$`)

// fits says whether next can be the value that an open term waits for.
func fits(open, next string) bool {
	if startsTerm().MatchString(next) || isAllText(next) || strings.ContainsAny(next, "=\"") || strings.HasPrefix(next, "(") {
		return false
	}
	if strings.HasSuffix(open, "/") {
		return strings.Trim(next, "0123456789/") == ""
	}
	return strings.ContainsAny(next, ".:%")
}

// quietly reads a piece whose damage has been told already.
func (r *reading) quietly(t string, expect Expect) piece {
	before := len(r.faults)
	p := r.one(t, expect, false)
	r.faults = r.faults[:before]
	return p
}

func isAllText(s string) bool {
	return strings.EqualFold(strings.TrimLeft(s, "+-~?"), "all") && len(s) <= 4
}

var (
	gluedAll  = pattern.Lazy(`(?i)^([-+~?]?(?:a|mx|ptr|[a-z0-9]+[:=].*[a-z0-9.}]))([-~?+]all)$`)
	gluedTerm = pattern.Lazy(`(?i)^([-+~?]?[a-z0-9]+[:=].*[a-z0-9.}])([-+~?]?(?:(?:include|ip4|ip6|exists):|redirect=|exp=).*)$`)
)

// one reads a single piece.
func (r *reading) one(t string, expect Expect, capitals bool) piece {
	whole := strings.ReplaceAll(t, glue, "")
	split := func(rule *finding.Rule, parts []string, args ...string) piece {
		p := piece{from: whole, broken: true}
		for _, part := range parts {
			p.to = append(p.to, r.quietly(part, expect).to...)
		}
		r.fault(rule, whole, append(append([]string{whole}, args...), strings.Join(p.to, " "))...)
		return p
	}
	if strings.Contains(t, glue) {
		return split(stringsJoined, strings.Split(t, glue))
	}
	if i := separatorAt(t); i >= 0 {
		parts := strings.FieldsFunc(t, func(c rune) bool { return c == ';' || c == ',' })
		return split(separatorWrong, parts, separatorNames[t[i]])
	}
	for _, glued := range []func() *regexp.Regexp{gluedAll, gluedTerm} {
		if m := glued().FindStringSubmatch(t); m != nil {
			return split(spaceMissing, m[1:3])
		}
	}
	before := len(r.faults)
	to := r.mend(t, expect)
	p := piece{from: t, broken: len(r.faults) > before && to != t}
	switch {
	case to == t && capitals:
		to = lowered(to)
	case to != t && to != "": // what one mistake hid may be another
		if again := new(reading).mend(to, expect); again != "" {
			to = again
		}
	}
	if to != "" {
		p.to = []string{to}
	}
	return p
}

// separatorAt finds a semicolon or comma outside macros, where a comma may
// stand (RFC 7208 section 7.1).
func separatorAt(t string) int {
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case '{':
			if n := strings.IndexByte(t[i:], '}'); n > 0 {
				i += n
			}
		case ';', ',':
			return i
		}
	}
	return -1
}

// mend returns what was meant by t; "" when it has to go.
func (r *reading) mend(t string, expect Expect) string {
	term := Parse(version + " " + t).Terms[0]
	if mended, ok := r.mendClockWise(term, expect); ok {
		return mended
	}
	switch term.Kind {
	case Modifier:
		return r.mendModifier(term, expect)
	case Mechanism:
		return r.mendMechanism(term, expect)
	}
	return r.mendInvalid(term, expect)
}

func (r *reading) mendModifier(t Term, expect Expect) string {
	switch t.Name {
	case "include", "ip4", "ip6", "a", "mx", "exists", "ptr", "all":
		meant := t.Name + ":" + t.Value
		if t.Name == "all" {
			meant = "-all"
		}
		if p := r.quietly(meant, expect); len(p.to) == 1 {
			meant = p.to[0]
		}
		r.fault(mechanismEquals, t.Text, t.Text, meant)
		return meant
	case "redirect", "exp":
		return r.mendValue(t, expect)
	case "ra", "rp", "rr":
	default:
		if t.Err == nil {
			r.fault(unknownModifier, t.Text, t.Text)
		}
	}
	if t.Err != nil {
		return r.mendValue(t, expect)
	}
	return t.Text
}

func (r *reading) mendMechanism(t Term, expect Expect) string {
	if t.Err == nil {
		if why := notHost(t); why != "" {
			r.fault(domainMalformed, t.Text, t.Text, why)
			return ""
		}
		return t.Text
	}
	return r.mendValue(t, expect)
}

// notHost says why a domain that the grammar allows is no name of a host: the
// grammar allows any visible character (RFC 7208 section 7.1).
func notHost(t Term) string {
	d := t.Domain
	switch {
	case d == "" || t.Macro || t.Name == "ip4" || t.Name == "ip6":
		return ""
	case strings.Contains(d, "://"):
		return "a web address stands where a name belongs"
	case strings.Contains(d, "@"):
		return "a mail address stands where a name belongs"
	case strings.Contains(d, "..") || strings.HasPrefix(d, "."):
		return "two dots stand together, or one stands in front"
	case len(strings.TrimSuffix(d, ".")) > 253:
		return "the name is longer than 253 characters"
	case slices.ContainsFunc(strings.Split(d, "."), func(l string) bool { return len(l) > 63 }):
		return "a part of the name is longer than 63 characters"
	}
	return ""
}

// mendValue tells what is wrong with the value of a term and mends what can be
// mended.
func (r *reading) mendValue(t Term, expect Expect) string {
	e, ok := t.Err.(*SyntaxError)
	if !ok {
		if why := notHost(t); why != "" {
			r.fault(domainMalformed, t.Text, t.Text, why)
			return ""
		}
		return t.Text
	}
	switch e.Kind {
	case DomainEmpty:
		r.fault(domainEmpty, t.Text, t.Text)
		return ""
	case MacroMalformed:
		r.fault(macroMalformed, t.Text, t.Text, e.Detail)
		return t.Text
	case AddressMalformed, PrefixMalformed:
		return r.mendNetwork(t, e, expect)
	case NonASCII:
		if encoded, ok := encodeDomain(t.Value); ok {
			meant := t.Text[:len(t.Text)-len(t.Value)] + encoded
			r.fault(idnNotEncoded, "", t.Text, encoded)
			return meant
		}
		return asciiOnly(t.Text)
	case DomainMalformed:
		why := e.Detail
		if i := strings.LastIndexByte(t.Value, '/'); i >= 0 && t.Name == "include" {
			if rest := t.Value[:i]; strings.Trim(t.Value[i:], "/0123456789") == "" && rest != "" {
				r.fault(domainMalformed, t.Text, t.Text, "a network size stands behind a name")
				return t.Text[:len(t.Text)-len(t.Value)+i]
			}
		}
		if w := notHost(t); w != "" {
			why = w
		}
		r.fault(domainMalformed, t.Text, t.Text, why)
		return ""
	case ValueUnexpected:
		r.fault(invalid, "", "", t.Text+": "+e.Detail)
		if t.Name == "all" {
			return allOf(t.Qualifier)
		}
	}
	return t.Text
}

func allOf(qualifier byte) string {
	if qualifier == '+' || qualifier == 0 {
		qualifier = '-'
	}
	return string(qualifier) + "all"
}

func asciiOnly(s string) string {
	return strings.Map(func(c rune) rune {
		if c > 0x7e || c < 0x20 {
			return -1
		}
		return c
	}, s)
}

func (r *reading) mendNetwork(t Term, e *SyntaxError, expect Expect) string {
	rule, why := addressMalformed, e.Detail
	if e.Kind == PrefixMalformed {
		rule = prefixMalformed
	}
	address, length, cut := strings.Cut(t.Value, "/")
	a, err := netip.ParseAddr(address)
	meant := ""
	switch {
	case expect.isNetworkText(t.Value) && (t.Name == "ip4" || t.Name == "ip6"):
		meant = "include:" + expect.Include
	case t.Name != "ip4" && t.Name != "ip6":
		meant = ""
	case err == nil && a.Is4() != (t.Name == "ip4") && t.Sep == ':':
		name := "ip6"
		if a.Is4() {
			name = "ip4"
		}
		meant, why = name+":"+t.Value, "the address is of the other kind: "+name+": is meant"
	case err == nil && rule == prefixMalformed && cut:
		if n, err := strconv.Atoi(length); err == nil && n <= a.BitLen() && n > 8 {
			meant = t.Name + ":" + address + "/" + strconv.Itoa(n) // a leading zero
		}
	case t.Name == "ip4" && rule == addressMalformed && withoutZeros(address) != "":
		meant, why = "ip4:"+withoutZeros(address), "a number begins with 0"
		if cut {
			meant += "/" + length
		}
	case strings.Contains(address, "-"):
		why = "a range with a hyphen is not possible"
	case strings.Contains(address, "*"):
		why = "an asterisk is not possible"
	}
	r.fault(rule, t.Text, t.Text, why)
	return meant
}

// withoutZeros is an IPv4 address without the leading zeros of its numbers; ""
// when that gives none.
func withoutZeros(address string) string {
	parts := strings.Split(address, ".")
	for i, p := range parts {
		if parts[i] = strings.TrimLeft(p, "0"); parts[i] == "" && p != "" {
			parts[i] = "0"
		}
	}
	s := strings.Join(parts, ".")
	if a, err := netip.ParseAddr(s); err != nil || !a.Is4() {
		return ""
	}
	return s
}

// isNetworkText says whether a damaged address means ClockWise's network: its
// first three numbers are those of a relay address.
func (e Expect) isNetworkText(value string) bool {
	for _, a := range e.Relays {
		s := a.String()
		if i := strings.LastIndexByte(s, '.'); i > 0 && strings.HasPrefix(value, s[:i+1]) {
			return true
		}
	}
	return false
}

// within says whether a network holds relay addresses only.
func (e Expect) within(n netip.Prefix) bool {
	if !n.IsValid() || n.Addr().BitLen()-n.Bits() > 8 {
		return false
	}
	n = n.Masked()
	for a := n.Addr(); n.Contains(a); a = a.Next() {
		if !slices.Contains(e.Relays, a) {
			return false
		}
	}
	return true
}

// covers counts the relay addresses in a network.
func (e Expect) covers(n netip.Prefix) int {
	count := 0
	for _, a := range e.Relays {
		if n.IsValid() && n.Contains(a) {
			count++
		}
	}
	return count
}

func (e Expect) isInclude(name string) bool {
	return e.Include != "" && strings.EqualFold(strings.TrimSuffix(name, "."), e.Include)
}

// isNear says whether a name was meant to be the include's, but is not.
func (e Expect) isNear(name string) bool {
	if e.Include == "" || e.isInclude(name) || name == "" {
		return false
	}
	n := lower(strings.TrimSuffix(strings.TrimSpace(name), "."))
	if bare, _, ok := strings.Cut(n, "/"); ok && bare == e.Include {
		return false // a network size behind the right name
	}
	for cut := true; cut; {
		cut = false
		for _, p := range []string{"include:", "include=", "https://", "http://", "spf:", "redirect=", "@"} {
			if strings.HasPrefix(n, p) {
				n, cut = n[len(p):], true
			}
		}
	}
	n = strings.TrimRight(n, "/.")
	if n == e.Include || strings.HasPrefix(n, e.Include+".") || distance(n, e.Include) <= 2 {
		return true
	}
	host, _, _ := cutLastDot(strings.TrimPrefix(n, "_"))
	want, _, _ := cutLastDot(strings.TrimPrefix(e.Include, "_"))
	return host == want
}

func cutLastDot(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// mendClockWise deals with a term that names ClockWise in any wrong way. ok is
// false for all others.
func (r *reading) mendClockWise(t Term, expect Expect) (string, bool) {
	right := "include:" + expect.Include
	exact, near := expect.isInclude(t.Domain), expect.isNear(t.Value)
	if expect.Include == "" {
		return "", false
	}
	switch {
	case t.Kind == Mechanism && t.Name == "include" && exact:
		if t.Qualifier != '+' {
			r.fault(clockWiseQualified, t.Text, t.Text, expect.Include)
			return right, true
		}
		return t.Text, true
	case t.Kind == Mechanism && t.Name == "include" && near:
		r.fault(clockWiseMisspelt, t.Text, t.Text, expect.Include)
		return right, true
	case t.Kind == Modifier && t.Name == "redirect" && near:
		r.fault(clockWiseMisspelt, t.Text, t.Text, expect.Include)
		return "redirect=" + expect.Include, true
	case t.Kind == Mechanism && t.Name != "include" && (expect.isInclude(t.Value) || exact || near && t.Sep != 0),
		t.Kind == Invalid && t.Sep == 0 && (expect.isInclude(t.Text) || expect.isNear(t.Text)):
		r.fault(clockWiseMechanism, t.Text, t.Text, expect.Include)
		return right, true
	}
	return "", false
}

func (r *reading) mendInvalid(t Term, expect Expect) string {
	e, _ := t.Err.(*SyntaxError)
	if e != nil && e.Kind == NonASCII || strings.Trim(t.Text, "\x20\x21\x22") == "" && t.Text == "" {
		return asciiOnly(t.Text)
	}
	switch {
	case (t.Name == "redirect" || t.Name == "exp") && t.Sep == ':':
		meant := t.Name + "=" + t.Value
		if t.Name == "redirect" && expect.isNear(t.Value) {
			meant = "redirect=" + expect.Include
		}
		r.fault(modifierColon, t.Text, t.Text, meant)
		return meant
	case e != nil && e.Kind == QualifierWrong:
		return r.mendQualifier(t, expect)
	}
	meant := r.nearest(t, expect)
	hint := ""
	if meant != "" {
		hint = " Perhaps " + meant + " is meant."
	}
	r.fault(unknownMechanism, t.Text, t.Text, hint)
	return meant
}

func (r *reading) mendQualifier(t Term, expect Expect) string {
	body := strings.TrimLeft(t.Text, "+-~?=!")
	signs := t.Text[:len(t.Text)-len(body)]
	meant := ""
	switch {
	case strings.EqualFold(body, "all"):
		meant = "-all"
		if isQualifier(signs[0]) {
			meant = allOf(signs[0])
		}
	case body != "" && startsTerm().MatchString(body):
		meant = body
	case t.Sep == '=' && strings.Contains(body, "="):
		name, value, _ := strings.Cut(body, "=")
		meant = name + ":" + value
	}
	if meant != "" {
		if p := r.quietly(meant, expect); len(p.to) == 1 {
			meant = p.to[0]
		}
	}
	shown := meant
	if shown == "" {
		shown = "one of + - ~ ? directly before a term"
	}
	r.fault(qualifierWrong, t.Text, t.Text, shown)
	return meant
}

// nearest guesses the term that an unknown word was meant to be; "" for none.
func (r *reading) nearest(t Term, expect Expect) string {
	if _, err := netip.ParsePrefix(t.Text); err == nil {
		return networkTerm(t.Text, expect)
	}
	if _, err := netip.ParseAddr(t.Text); err == nil {
		return networkTerm(t.Text, expect)
	}
	value := t.Value
	if t.Sep == ':' {
		if _, err := netip.ParseAddr(firstOf(value, "/")); err == nil || strings.HasPrefix(t.Name, "ip") && expect.isNetworkText(value) {
			return networkTerm(value, expect)
		}
	}
	for _, name := range []string{"include", "exists", "redirect", "all", "ip4", "ip6", "ptr", "mx"} {
		if distance(t.Name, name) > len(name)/3 || t.Name == "" {
			continue
		}
		meant := ""
		switch {
		case name == "all" && t.Sep == 0:
			meant = allOf(t.Qualifier)
		case name == "all":
			continue
		case name == "redirect" && value != "":
			meant = "redirect=" + value
		case value != "" && t.Sep == ':':
			meant = name + ":" + value
			if t.Explicit {
				meant = string(t.Qualifier) + meant
			}
		default:
			continue
		}
		if p := r.quietly(meant, expect); len(p.to) == 1 {
			return p.to[0]
		}
		return ""
	}
	return ""
}

func firstOf(s, sep string) string {
	before, _, _ := strings.Cut(s, sep)
	return before
}

func networkTerm(value string, expect Expect) string {
	t := Parse(version + " ip4:" + value).Terms[0]
	if expect.isNetworkText(value) && (t.Err != nil || expect.covers(t.Network) > 0) {
		return "include:" + expect.Include
	}
	if t.Err == nil {
		return t.Text
	}
	if t := Parse(version + " ip6:" + value).Terms[0]; t.Err == nil {
		return t.Text
	}
	return ""
}

// checkStrings looks at the strings of the record: their length, and whether
// a panel cut the record off.
func (r *reading) checkStrings(expect Expect) {
	longest := 0
	for _, s := range r.strings {
		longest = max(longest, len(s))
	}
	if longest > 255 {
		r.fault(stringTooLong, "", strconv.Itoa(longest))
	}
	if len(r.text) > 450 {
		r.fault(answerTooLarge, "", strconv.Itoa(len(r.text)), "The record alone")
	}
	if len(r.strings) != 1 || len(r.strings[0]) != 255 || len(r.pieces) == 0 {
		return
	}
	hasEnd := slices.ContainsFunc(r.pieces, func(p piece) bool {
		return slices.ContainsFunc(p.to, func(s string) bool {
			return isAllText(s) || strings.HasPrefix(lower(s), "redirect=")
		})
	})
	if hasEnd {
		return
	}
	last := &r.pieces[len(r.pieces)-1]
	r.fault(truncated, "", last.from)
	last.broken = true
	if expect.Include != "" && len(last.from) > 3 && strings.HasPrefix("include:"+expect.Include, lower(last.from)) {
		last.to = []string{"include:" + expect.Include}
		return
	}
	if t := Parse(version + " " + last.from).Terms[0]; t.Err != nil {
		last.to = nil
	}
}

// distance is the number of letters to change, add, take away or swap with
// their neighbour to make a into b.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 8 || d < -8 || len(a) > 80 {
		return 99
	}
	var rows [3][]int
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range len(a) {
		before, prev, row := rows[0], rows[1], rows[2]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		rows[0], rows[1], rows[2] = prev, row, before
	}
	return rows[1][len(b)]
}
