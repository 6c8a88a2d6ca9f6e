package finding

import (
	"cmp"
	"slices"
)

// Silence sets SilencedBy on every finding that a root cause in the list
// explains completely. The root causes of hidden findings hide too: what a
// silenced finding explains is explained by what silences it.
func Silence(all []Finding) {
	for i := range all {
		all[i].SilencedBy = ""
	}
	for i := range all {
		if all[i].Rule.Outcome {
			continue
		}
		for j := range all {
			if i != j && all[j].hides(all[i]) && !all[i].hides(all[j]) {
				all[i].SilencedBy = all[j].Code()
				break
			}
		}
	}
}

// hides says whether f explains g completely.
func (f Finding) hides(g Finding) bool {
	if f.Subject != g.Subject && f.Subject != "" && g.Subject != "" {
		return false
	}
	if f.Object != g.Object && f.Object != "" && g.Object != "" {
		return false
	}
	if slices.Contains(f.Rule.HidesAlso, g.Code()) {
		return true
	}
	return slices.Contains(f.Rule.Hides, g.Code()) &&
		(f.Severity() == Unknown || g.Severity() == Unknown || g.Severity() <= f.Severity())
}

// Sort orders findings by what to do first: not silenced before silenced,
// causes before outcomes of the same severity, then severity, tier and the
// order of the catalogue, which order gives by code.
func Sort(all []Finding, order map[string]int) {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(
			boolCompare(a.SilencedBy != "", b.SilencedBy != ""),
			cmp.Compare(b.Severity().Rank(), a.Severity().Rank()),
			boolCompare(a.Rule.Outcome, b.Rule.Outcome),
			cmp.Compare(a.Rule.Tier, b.Rule.Tier),
			cmp.Compare(order[a.Code()], order[b.Code()]),
		)
	})
}

// Order gives each code its place in a list of rules, for Sort.
func Order(rules []*Rule) map[string]int {
	order := make(map[string]int, len(rules))
	for i, r := range rules {
		order[r.Code] = i
	}
	return order
}

// boolCompare puts false before true.
func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Worst returns the severity that decides the verdict over findings that are
// not silenced: Failure, else Unknown, else Warning, else Note. ok is false
// when there is none.
func Worst(all []Finding) (worst Severity, ok bool) {
	for _, f := range all {
		if f.SilencedBy == "" && (!ok || f.Severity().Rank() > worst.Rank()) {
			worst, ok = f.Severity(), true
		}
	}
	return worst, ok
}
