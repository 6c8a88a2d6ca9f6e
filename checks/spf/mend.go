package spf

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/nearest"
)

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
	term := parseTerm(t)
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
		if nearest.Distance(t.Name, name) > len(name)/3 || t.Name == "" {
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
