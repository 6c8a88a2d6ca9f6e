package dkim

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/pattern"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/taglist"
)

// mistake is a rule with the arguments that follow name, domain and selector.
type mistake struct {
	rule *finding.Rule
	args []string
}

// A peeler undoes one kind of paste error. It returns ok only when there was
// something to undo.
type peeler struct {
	rule *finding.Rule
	peel func(text string) (clean string, args []string, ok bool)
}

// read undoes the paste errors of a text layer by layer, so that what is
// below can be judged on its own.
func read(text string, layers []peeler) (string, []mistake) {
	var found []mistake
	for _, layer := range layers {
		if clean, args, ok := layer.peel(text); ok {
			found = append(found, mistake{layer.rule, args})
			text = clean
		}
	}
	return text, found
}

// outerLayers lie around any text, innerLayers in a key record.
var (
	outerLayers = []peeler{
		{nonASCII, peelNonASCII},
		{controlCharacter, peelControl},
		{zoneLineInValue, peelZoneLine},
		{semicolonEscaped, peelSemicolons},
		{keyBrokenBySplit, peelSplit},
		{quotesInValue, peelQuotes},
		{keyPEMArmour, peelArmour},
	}
	innerLayers = []peeler{
		{leadingCharacters, peelLeading},
		{separatorWrong, peelSeparators},
		{separatorMissing, peelRunTogether},
	}
)

// replacements are what people meant by characters that word processors and
// web pages put in.
var replacements = map[rune]string{
	0x00a0: " ", 0x2002: " ", 0x2003: " ", 0x2009: " ", 0x202f: " ", 0x3000: " ",
	0x2010: "-", 0x2011: "-", 0x2013: "-", 0x2014: "-",
	0xff1b: ";", 0x037e: ";", 0xff1d: "=",
}

func peelNonASCII(text string) (string, []string, bool) {
	var b strings.Builder
	var first string
	at, n := 0, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r < 0x7f && size == 1 {
			b.WriteByte(text[i])
		} else {
			if n == 0 {
				at, first = i, charName(r, text[i])
			}
			n++
			b.WriteString(replacements[r])
		}
		i += size
	}
	return b.String(), []string{first, strconv.Itoa(at + 1), strconv.Itoa(n)}, n > 0
}

func charName(r rune, octet byte) string {
	if r == utf8.RuneError {
		return fmt.Sprintf("octet 0x%02X", octet)
	}
	return fmt.Sprintf("U+%04X", r)
}

// peelControl takes line ends that are no folding white space (RFC 6376
// section 2.8: CRLF before a space or tab) and other controls away.
func peelControl(text string) (string, []string, bool) {
	var b strings.Builder
	at := -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case strings.HasPrefix(text[i:], "\r\n ") || strings.HasPrefix(text[i:], "\r\n\t"):
			b.WriteString("\r\n")
			i++
		case c >= 0x20 || c == '\t':
			b.WriteByte(c)
		default:
			if at < 0 {
				at = i
			}
		}
	}
	if at < 0 {
		return text, nil, false
	}
	return b.String(), []string{controlName(text[at]), strconv.Itoa(at + 1)}, true
}

func controlName(c byte) string {
	switch c {
	case '\n', '\r':
		return "a line end"
	}
	return fmt.Sprintf("the control character 0x%02X", c)
}

var (
	zoneLine = pattern.Lazy(`(?is)^\s*(?:[\w.@-]+\s+)?(?:\d+\s+)?(?:IN\s+)?TXT\s*(?:\s|["(])(.*)$`)
	quoted   = pattern.Lazy(`"([^"]*)"`)
)

func peelZoneLine(text string) (string, []string, bool) {
	m := zoneLine().FindStringSubmatch(text)
	if m == nil {
		return text, nil, false
	}
	rest := text[len(text)-len(m[1]):]
	if text[len(text)-len(m[1])-1] == '"' {
		rest = `"` + rest
	}
	if parts := quoted().FindAllStringSubmatch(rest, -1); parts != nil {
		rest = ""
		for _, p := range parts {
			rest += p[1]
		}
	}
	return strings.Trim(rest, " \t()"), nil, true
}

func peelSemicolons(text string) (string, []string, bool) {
	clean := strings.ReplaceAll(text, `\;`, ";")
	return clean, nil, clean != text
}

var splitRest = pattern.Lazy(`([A-Za-z0-9+/=])[ \t]*["\\][ \t"\\]*([A-Za-z0-9+/])`)

func peelSplit(text string) (string, []string, bool) {
	l := taglist.Parse(text)
	p, ok := l.Get("p")
	if !ok || !splitRest().MatchString(p.Value) {
		return text, nil, false
	}
	return l.WithValue(p, splitRest().ReplaceAllString(p.Value, "$1$2")), nil, true
}

// peelQuotes leaves pairs of quotation marks in n=, which is free text:
// opendkim-genkey writes them there.
func peelQuotes(text string) (string, []string, bool) {
	marks := strings.NewReplacer(`\"`, "", `"`, "")
	var b strings.Builder
	at := 0
	for _, p := range taglist.Parse(text).Parts {
		if p.HasEquals && p.Name == "n" && strings.Count(p.Value, `"`)%2 == 0 {
			b.WriteString(marks.Replace(text[at:p.ValueStart]) + p.Value)
			at = p.ValueStart + len(p.Value)
		}
	}
	clean := strings.Trim(b.String()+marks.Replace(text[at:]), "'`")
	return clean, nil, clean != text
}

var armour = pattern.Lazy(`-{2,}\s*(?:BEGIN|END)[A-Z0-9 ]*-{2,}`)

func peelArmour(text string) (string, []string, bool) {
	clean := armour().ReplaceAllString(text, "")
	return clean, nil, clean != text
}

var (
	versionTag = pattern.Lazy(`(?i)v[ \t]*=[ \t]*dkim[ \t]?1`)
	firstTag   = pattern.Lazy(`^[ \t\r\n]*[vghknpst][ \t\r\n]*=[ \t\r\n]*[^ \t\r\n]`)
)

func peelLeading(text string) (string, []string, bool) {
	at := versionTag().FindStringIndex(text)
	if at == nil {
		return text, nil, false
	}
	before := text[:at[0]]
	if strings.Trim(before, whiteSpace) == "" || strings.Contains(before, ";") || firstTag().MatchString(before) {
		return text, nil, false
	}
	return text[at[0]:], []string{strings.Trim(before, whiteSpace)}, true
}

var (
	wrongSeparator = pattern.Lazy(`[ \t]*([,:|])[ \t]*([vghknpstKP][ \t]*=)`)
	noSeparator    = pattern.Lazy(`[ \t]+([vghknpstKP][ \t]*=[ \t]*[^=; \t])`)
	gluedTags      = pattern.Lazy(`^([ \t]*v[ \t]*=[ \t]*(?i:DKIM1))([ghknpst][ \t]*=)`)
)

func peelSeparators(text string) (string, []string, bool) {
	var char string
	clean := eachValue(text, func(v string) string {
		if m := wrongSeparator().FindStringSubmatch(v); m != nil && char == "" {
			char = m[1]
		}
		return wrongSeparator().ReplaceAllString(v, "; $2")
	})
	return clean, []string{char}, clean != text
}

func peelRunTogether(text string) (string, []string, bool) {
	clean := eachValue(gluedTags().ReplaceAllString(text, "$1; $2"), func(v string) string {
		return noSeparator().ReplaceAllString(v, "; $1")
	})
	return clean, nil, clean != text
}

// eachValue changes the value of each tag but n=, which is free text.
func eachValue(text string, change func(string) string) string {
	var b strings.Builder
	at := 0
	for _, p := range taglist.Parse(text).Parts {
		if p.HasEquals && p.Name != "n" {
			b.WriteString(text[at:p.ValueStart])
			b.WriteString(change(p.Value))
			at = p.ValueStart + len(p.Value)
		}
	}
	return b.String() + text[at:]
}
