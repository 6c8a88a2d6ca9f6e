package spf

import (
	"cmp"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/pattern"
)

// lowered gives a term that was typed in capitals in lower case; a term with a
// macro keeps its letters, which have a meaning there (RFC 7208 section 7.3).
func lowered(term string) string {
	if strings.Contains(term, "%") || term != strings.ToUpper(term) {
		return term
	}
	return lower(term)
}

// maxTerms is how many terms of a record are judged and mended. No record that
// works has a tenth of them; a hostile one has tens of thousands, and each is
// compared with the others.
const maxTerms = 1000

// readTerms reads what stands behind the version tag.
func (r *reading) readTerms(text string, expect Expect) {
	capitals := slices.ContainsFunc(r.faults, func(f fault) bool { return f.rule == versionCase })
	tokens := spaced(text)
	if len(tokens) > maxTerms {
		tokens, r.cut = tokens[:maxTerms], true
	}
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
	if strings.IndexByte(t, '=') < 0 && !inside {
		return ""
	}
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
	case strings.IndexByte(":=/", t[len(t)-1]) >= 0 && openTerm().MatchString(t) && fits(t, next), strings.HasPrefix(next, ":") && len(next) > 1 && bareName().MatchString(t):
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

// glued cuts two terms apart that have no space between them. Patterns are slow,
// and most terms can be told to be none by a look.
func glued(t string) []string {
	if n := len(t) - len("-all"); n > 0 && strings.EqualFold(t[n+1:], "all") && isQualifier(t[n]) {
		if m := gluedAll().FindStringSubmatch(t); m != nil {
			return m
		}
	}
	if i := strings.IndexAny(t, ":="); i < 0 || !strings.ContainsAny(t[i+1:], ":=") {
		return nil
	}
	return gluedTerm().FindStringSubmatch(t)
}

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
	if m := glued(t); m != nil {
		return split(spaceMissing, m[1:3])
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
