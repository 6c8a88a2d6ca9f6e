package spf

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// unmended are rules that no record of this name mends by itself.
var unmended = []*finding.Rule{
	senderID, unreadable, serversDisagree, cachesBehind, wildcard, cname, answerTooLarge, stringTooLong,
	clockWiseNested, clockWiseOverLimit, clockWiseUnused, clockWiseBroken, clockWiseUnreadable, heloWithoutSPF,
	lookupsShare, expBroken, includePassesAll, includeModifier, tooManyPTR, tooManyMX, mxUsed,
}

// counted are the rules that fewer look-ups mend, the mildest first.
var counted = []*finding.Rule{nearLimit, atLimit, tooManyLookups}

// attachFixes gives each finding the proposal that mends it.
func (j *judge) attachFixes(p Proposal) {
	after := lintText([]string{p.After}, j.in.Expect, j.in.HasDMARC)
	fix := p.Fix()
	for i := range j.out {
		f := &j.out[i]
		switch {
		case f.Rule == parkedNotClosed || f.Rule == missing && j.in.Parked:
			f.Fix = replacing(p, version+" -all", "Publish that this domain sends no mail.")
		case f.Rule == flattenedProvider:
			f.Fix = j.unflattened(p)
		case f.Rule == typeLeftover:
			f.Fix = j.withoutLeftover()
		case slices.Contains(unmended, f.Rule):
		case slices.Contains(counted, f.Rule):
			if slices.Index(counted, limitRule(p.LookupsAfter)) < slices.Index(counted, f.Rule) {
				f.Fix = fix
			}
		case f.Rule == allNeutral && p.Sound():
			f.Fix = replacing(p, strings.Replace(p.After, lowered(f.Args[0]), "~all", 1), "End the record with ~all.")
		case slices.ContainsFunc(after, func(g fault) bool { return g.rule == f.Rule && g.object == f.Object }) || stays(*f, p):
			f.Fix = j.withoutTerm(p, *f)
		default:
			f.Fix = fix
		}
	}
}

// termRules are raised for what a term leads to: they go when the term goes.
var termRules = []*finding.Rule{
	includeTarget, redirectTarget, loop, voidLookups, hostWithoutAddress, invalid, networkRefused,
}

// stays says whether the term that a finding stands on is still in the record.
func stays(f finding.Finding, p Proposal) bool {
	return f.Object != "" && slices.Contains(termRules, f.Rule) && f.Rule != networkRefused &&
		slices.Contains(strings.Fields(p.After), f.Object)
}

// removable are the rules that taking out the term mends, without harm to
// anybody's mail.
var removable = []*finding.Rule{
	voidLookups, hostWithoutAddress, termDuplicate, addressPrivate, rangeOverlap, unknownModifier,
}

// withoutTerm is the proposal without a finding's term, or without its copies.
func (j *judge) withoutTerm(p Proposal, f finding.Finding) *finding.Fix {
	if !slices.Contains(removable, f.Rule) || f.Object == "" || j.in.Expect.isOurs(f.Object) {
		return nil
	}
	if n := ownNode(j.in.Result.Tree, f.Object); n != nil && f.Rule != termDuplicate && (len(n.Addresses) > 0 || n.Record != nil) {
		return nil // part of what it leads to is sound
	}
	words, first := strings.Fields(p.After), f.Rule == termDuplicate
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		if first && strings.EqualFold(w, f.Object) {
			first = false
			return false
		}
		return strings.EqualFold(w, f.Object)
	})
	if len(kept) == len(words) {
		return nil
	}
	return replacing(p, strings.Join(kept, " "), "Take "+f.Object+" out of the SPF record.")
}

// replacing is a proposal with another value.
func replacing(p Proposal, value, summary string) *finding.Fix {
	records := slices.Clone(p.Records)
	if len(records) == 0 {
		records = []finding.Record{{Name: p.Domain, Type: "TXT", Replaces: p.Before}}
	}
	records[0].Value = value
	if !p.Sound() && p.LookupsAfter > MaxLookups {
		return nil
	}
	return &finding.Fix{Summary: summary, Records: records}
}

func (j *judge) withoutLeftover() *finding.Fix {
	for _, a := range j.in.Result.Probes {
		if kindOf(a, j.subject) != probeType || len(a.Records) == 0 {
			continue
		}
		text := a.Texts()[0]
		return &finding.Fix{Summary: "Delete the record of type SPF.", Records: []finding.Record{
			{Name: j.subject, Type: "SPF", Replaces: &text, Remove: true},
		}}
	}
	return nil
}

// Fix is the proposal as the change that mends a finding; nil where it changes
// nothing or cannot be published.
func (p Proposal) Fix() *finding.Fix {
	if len(p.Records) == 0 || !p.Sound() {
		return nil
	}
	summary := append([]string{p.Summary()}, p.Notes...)
	return &finding.Fix{Summary: strings.Join(summary, " "), Records: slices.Clone(p.Records)}
}
