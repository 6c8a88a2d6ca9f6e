package spf

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// fewest is how many networks a record must hold as numbers before it is worth
// a question whether they are a provider's.
const fewest = 2

// Flattened is the record whose addresses the own one may hold as numbers: that
// of the provider where the domain's mail is handled. It is "" where the record
// has no such numbers or the include itself. mx is called only where it counts.
func Flattened(res Result, mx func() []string) string {
	if len(res.Records) != 1 || len(networks(res.Records[0])) < fewest {
		return ""
	}
	for _, host := range mx() {
		include := sendersOf(host)
		if include != "" && !slices.ContainsFunc(res.Records[0].Terms, func(t Term) bool { return strings.EqualFold(t.Domain, include) }) {
			return include
		}
	}
	return ""
}

// networks are those that a record allows as numbers, without what stands
// behind an all.
func networks(r Record) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range r.Terms {
		if t.IsAll() {
			break
		}
		if t.Network.IsValid() && t.Qualifier == '+' {
			out = append(out, t.Network.Masked())
		}
	}
	return out
}

// theirs are the networks of the provider, where the own record holds all of
// them and the provider's record nothing else.
func (j *judge) theirs() []netip.Prefix {
	found := recordsIn(j.in.Provider)
	if len(found) != 1 || len(j.in.Result.Records) != 1 || found[0].Err() != nil {
		return nil
	}
	all, own := networks(found[0]), networks(j.in.Result.Records[0])
	for _, t := range found[0].Terms {
		if !t.Network.IsValid() && !t.IsAll() {
			return nil
		}
	}
	if len(all) < fewest || slices.ContainsFunc(all, func(n netip.Prefix) bool { return !slices.Contains(own, n) }) {
		return nil
	}
	return all
}

// judgeFlattened looks whether a provider stands in the record as numbers.
func (j *judge) judgeFlattened() {
	if all := j.theirs(); len(all) > 0 {
		name := j.in.Provider.Question.Name
		j.raise(flattenedProvider, "", append(j.domainEvidence(), evidence(j.in.Provider)), name, strconv.Itoa(len(all)))
	}
}

// unflattened is the proposal with the include in place of its numbers; nil
// where there is no room for it.
func (j *judge) unflattened(p Proposal) *finding.Fix {
	all, include := j.theirs(), "include:"+j.in.Provider.Question.Name
	if p.LookupsAfter+1 > MaxLookups {
		return nil
	}
	var words []string
	for i, w := range strings.Fields(p.After) {
		t := Parse(version + " " + w).Terms
		switch {
		case i == 0 || len(t) != 1 || t[0].Qualifier != '+' || !slices.Contains(all, t[0].Network.Masked()):
			words = append(words, w)
		case !slices.Contains(words, include):
			words = append(words, include)
		}
	}
	return replacing(p, strings.Join(words, " "), "Name "+j.in.Provider.Question.Name+" in place of its addresses.")
}
