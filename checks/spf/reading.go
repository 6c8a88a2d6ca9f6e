package spf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/nearest"
	"clockwise.info/cwmail/checks/pattern"
)

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
	second   int  // index of the first piece behind a second version tag; 0 for none
	cut      bool // it has more than maxTerms terms, of which the first are read
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
	if r.selected && strings.IndexByte(text, '"') < 0 {
		return text
	}
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
	if r.selected && len(trimmed) == len(text) && strings.HasPrefix(text, version+" ") && strings.IndexByte("'`", text[len(text)-1]) < 0 {
		return text[len(version):], true // as nearly all are
	}
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
	} else if nearest.Distance(lower(tag), version) > 2 {
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
