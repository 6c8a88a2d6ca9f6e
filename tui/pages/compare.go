package pages

import (
	"fmt"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/tui/ui"
)

// setsOf turns the changes of a fix into whole record sets: what stands there
// now, with the changes made.
func setsOf(r checks.Report, changes []finding.Record) []dns.Set {
	var out []dns.Set
	for _, c := range changes {
		t, ok := dns.ParseType(c.Type)
		if !ok {
			continue
		}
		i := 0
		for i < len(out) && (out[i].Name != c.Name || out[i].Type != t) {
			i++
		}
		if i == len(out) {
			out = append(out, dns.Set{Name: c.Name, Type: t, Values: present(r, dns.Ask(c.Name, t))})
		}
		if c.Replaces != nil {
			out[i].Values = without(out[i].Values, *c.Replaces)
		}
		if !c.Remove {
			out[i].Values = append(out[i].Values, c.Value)
		}
	}
	if len(out) == 0 {
		out = append(out, dns.Set{Name: r.Domain, Type: dns.TypeTXT})
	}
	return out
}

func without(values []string, gone string) []string {
	var out []string
	removed := false
	for _, v := range values {
		if v == gone && !removed {
			removed = true
			continue
		}
		out = append(out, v)
	}
	return out
}

// present are the values that stand at a name now.
func present(r checks.Report, q dns.Question) (values []string) {
	for _, a := range r.Answers {
		if a.Question == q && a.Status == dns.Found {
			values = nil
			for _, rec := range a.Records {
				values = append(values, recordText(rec))
			}
		}
	}
	return values
}

// outcome is the change in one sentence.
func outcome(l ui.Look, before, after checks.Report) string {
	gone, come, stay := compare(before, after)
	switch {
	case len(gone) == 0 && len(come) == 0:
		return l.T.NoChange
	case len(come) == 0 && len(stay) == 0:
		return l.T.AllMended
	case len(come) == 0:
		return ui.Fill(l.T.SomeMended, fmt.Sprint(len(gone)), fmt.Sprint(len(stay)))
	}
	if worst(come) < worst(gone) {
		return ui.Fill(l.T.Lighter, fmt.Sprint(len(gone)), fmt.Sprint(len(come)))
	}
	return ui.Fill(l.T.Mixed, fmt.Sprint(len(gone)), fmt.Sprint(len(come)))
}

// worst is the rank of the most serious finding.
func worst(all []finding.Finding) int {
	rank := -1
	for _, f := range all {
		rank = max(rank, f.Severity().Rank())
	}
	return rank
}

// compare sorts problems into those that go, come and stay.
func compare(before, after checks.Report) (gone, come, stay []finding.Finding) {
	key := func(f finding.Finding) string { return f.Code() + " " + f.Subject + " " + f.Object }
	old, now := map[string]bool{}, map[string]bool{}
	for _, f := range problems(before) {
		old[key(f)] = true
	}
	for _, f := range problems(after) {
		now[key(f)] = true
		if old[key(f)] {
			stay = append(stay, f)
		} else {
			come = append(come, f)
		}
	}
	for _, f := range problems(before) {
		if !now[key(f)] {
			gone = append(gone, f)
		}
	}
	return gone, come, stay
}
