package spf

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// lintText judges the strings of one TXT record without DNS.
func lintText(strs []string, expect Expect, dmarc Fact) []fault {
	r := read(strs, expect)
	r.judge(expect, dmarc)
	return r.faults
}

// judge looks at the record as receivers read it, term by term. What is not
// selected is no record for them, and there is nothing to judge.
func (r *reading) judge(expect Expect, dmarc Fact) {
	if !r.selected {
		return
	}
	terms := r.soundTerms()
	r.judgeEnd(terms, dmarc)
	r.judgeClockWise(terms, expect)
	r.judgeModifiers(terms)
	for i := range terms {
		r.judgeTerm(terms, i, expect)
	}
	if err := r.record.Err(); err != nil && !slices.ContainsFunc(r.faults, func(f fault) bool { return f.rule.Severity == finding.Failure }) {
		e, _ := err.(*SyntaxError)
		r.fault(invalid, "", "", e.Term+": "+e.Detail)
	}
}

// soundTerms are the terms without those that were found to be half of another
// one, or another record's text.
func (r *reading) soundTerms() []Term {
	half := map[string]bool{}
	for _, p := range r.pieces {
		if strings.Contains(p.from, " ") {
			for _, word := range strings.Fields(p.from) {
				half[word] = true
			}
		}
		half[p.from] = half[p.from] || p.foreign
	}
	terms := r.record.Terms[:min(len(r.record.Terms), maxTerms)]
	return slices.DeleteFunc(slices.Clone(terms), func(t Term) bool { return half[t.Text] })
}

func firstAll(terms []Term) int {
	return slices.IndexFunc(terms, func(t Term) bool { return t.IsAll() })
}

// judgeEnd looks at all and at what stands behind it.
func (r *reading) judgeEnd(terms []Term, dmarc Fact) {
	all := firstAll(terms)
	if all < 0 {
		if r.record.Redirect() == nil {
			r.fault(allMissing, "", "")
		}
		return
	}
	text := terms[all].Text
	switch terms[all].Qualifier {
	case '+':
		r.fault(allPass, "", text)
	case '?':
		r.fault(allNeutral, "", text)
	case '~':
		switch dmarc {
		case Yes:
			r.fault(allSoftfail, "", text)
		case No:
			r.fault(allSoftfailAlone, "", text)
		}
	default:
		r.fault(allFail, "", text)
	}
	for _, t := range terms[all+1:] {
		if t.IsAll() {
			r.fault(multipleAll, t.Text, t.Text, text)
		}
	}
}

// judgeClockWise looks where the include stands.
func (r *reading) judgeClockWise(terms []Term, expect Expect) {
	all := firstAll(terms)
	ours, before := 0, 0
	for i, t := range terms {
		if !expect.isOurs(t.Text) {
			if i > all && all >= 0 && t.Kind == Mechanism && !t.IsAll() && !expect.isNear(t.Value) {
				r.fault(termsAfterAll, t.Text, t.Text, terms[all].Text)
			}
			continue
		}
		if ours++; ours > 1 {
			r.fault(clockWiseDuplicate, t.Text, t.Text, expect.Include)
		}
		if all < 0 || i < all {
			before++
		} else if before == 0 && ours == 1 {
			r.fault(clockWiseAfterAll, t.Text, t.Text, expect.Include, terms[all].Text)
		}
	}
	redirect := r.record.Redirect()
	if redirect == nil {
		return
	}
	if all >= 0 {
		if expect.isInclude(redirect.Domain) && ours == 0 {
			r.fault(clockWiseBehindRedirect, redirect.Text, redirect.Text, expect.Include, terms[all].Text)
		}
		r.fault(redirectIgnored, redirect.Text, redirect.Text, terms[all].Text)
		return
	}
	if expect.isInclude(redirect.Domain) {
		r.fault(redirectToClockWise, redirect.Text, redirect.Text, expect.Include)
	}
}

func (r *reading) judgeModifiers(terms []Term) {
	for i, t := range terms {
		if t.Name != "redirect" && t.Name != "exp" || t.Kind != Modifier {
			continue
		}
		if e, ok := t.Err.(*SyntaxError); ok && e.Kind == ModifierDuplicate {
			r.fault(modifierDuplicate, t.Text, t.Text, t.Name+"=")
			continue
		}
		if slices.ContainsFunc(terms[i+1:], func(u Term) bool { return u.Kind == Mechanism }) {
			r.fault(modifierNotLast, t.Text, t.Text)
		}
	}
}

func (r *reading) judgeTerm(terms []Term, i int, expect Expect) {
	t := terms[i]
	if t.Err != nil || t.Kind == Invalid {
		return
	}
	if macro := lower(t.Domain); t.Macro {
		if strings.Contains(macro, "%{s") || strings.Contains(macro, "%{l") {
			r.fault(macroSender, t.Text, t.Text)
		}
		if strings.Contains(macro, "%{p") {
			r.fault(ptrUsed, t.Text, t.Text)
		}
	}
	if t.Kind != Mechanism {
		return
	}
	switch t.Name {
	case "ptr":
		r.fault(ptrUsed, t.Text, t.Text)
	case "exists":
		r.fault(existsUsed, t.Text, t.Text)
	case "include":
		if t.Qualifier != '+' && !expect.isInclude(t.Domain) && !expect.isNear(t.Value) {
			r.fault(includeQualified, t.Text, t.Text)
		}
	case "ip4", "ip6":
		r.judgeNetwork(terms, t)
	}
	if !t.IsAll() && !expect.isOurs(t.Text) && slices.ContainsFunc(terms[:i], func(u Term) bool { return strings.EqualFold(u.Text, t.Text) }) {
		r.fault(termDuplicate, t.Text, t.Text)
	}
}

func (r *reading) judgeNetwork(terms []Term, t Term) {
	n, bits := t.Network, t.Network.Bits()
	if n.Masked() != n {
		r.fault(hostBits, t.Text, t.Text, "the whole network "+n.Masked().String())
	}
	if t.Qualifier == '+' {
		open, huge := 8, 15
		if t.Name == "ip6" {
			open, huge = 0, 31
		}
		switch {
		case bits <= open:
			r.fault(rangeOpen, t.Text, t.Text)
		case bits <= huge:
			r.fault(rangeHuge, t.Text, t.Text)
		}
	}
	for _, p := range privateNetworks {
		if bits >= p.network.Bits() && p.network.Contains(n.Addr()) {
			r.fault(addressPrivate, t.Text, t.Text, p.what)
			break
		}
	}
	for _, u := range terms {
		if u.Err == nil && u.Network.IsValid() && u.Qualifier == t.Qualifier && u.Network.Bits() < bits && u.Network.Contains(n.Addr()) {
			r.fault(rangeOverlap, t.Text, t.Text, u.Text)
			break
		}
	}
}

// privateNetworks never send mail over the Internet (RFC 6890 and others).
var privateNetworks = []struct {
	network netip.Prefix
	what    string
}{
	{netip.MustParsePrefix("10.0.0.0/8"), "an address of a private network"},
	{netip.MustParsePrefix("172.16.0.0/12"), "an address of a private network"},
	{netip.MustParsePrefix("192.168.0.0/16"), "an address of a private network"},
	{netip.MustParsePrefix("127.0.0.0/8"), "an address of the machine itself"},
	{netip.MustParsePrefix("169.254.0.0/16"), "an address without network set-up"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address inside a provider's network"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address of examples in manuals"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address of examples in manuals"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address of examples in manuals"},
	{netip.MustParsePrefix("224.0.0.0/4"), "an address of multicast"},
	{netip.MustParsePrefix("fc00::/7"), "an address of a private network"},
	{netip.MustParsePrefix("fe80::/10"), "an address of one cable"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address of examples in manuals"},
	{netip.MustParsePrefix("ff00::/8"), "an address of multicast"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "an IPv4 address written as IPv6"},
}

// judgeCounts counts what can be counted without DNS.
func (r *reading) judgeCounts() {
	if !r.selected {
		return
	}
	count, open := 0, false
	for _, t := range r.record.Terms {
		if t.IsAll() {
			break
		}
		if t.CostsLookup() {
			count++
			open = open || t.Name == "include" || t.Name == "redirect"
		}
	}
	if rule := limitRule(count); rule != nil && (!open || rule == tooManyLookups) {
		r.fault(rule, "", strconv.Itoa(count), "this domain")
	}
}

// limitRule is the rule for a number of look-ups; nil where it is comfortable.
func limitRule(lookups int) *finding.Rule {
	switch {
	case lookups > MaxLookups:
		return tooManyLookups
	case lookups == MaxLookups:
		return atLimit
	case lookups >= 8:
		return nearLimit
	}
	return nil
}
