package spf

import (
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// judgePlace says whether there is one record, and where else it may be.
func (j *judge) judgePlace() {
	switch n := j.selected(); {
	case n > 1:
		j.raise(multipleRecords, "", j.domainEvidence(), j.subject, strconv.Itoa(n))
		return
	case n == 1:
		for _, a := range j.in.Result.Probes {
			j.judgeLeftover(a)
		}
		return
	}
	state := map[dns.Status]string{
		dns.NoName: "the name does not exist", dns.Empty: "the name has no text records", dns.Found: "its text records are something else",
	}[j.in.Result.Answer.Status]
	j.raise(missing, "", j.domainEvidence(), j.subject, state)
	told := map[probeKind]bool{}
	everywhere := everywhere(j.in.Result.Probes, j.subject)
	for _, a := range j.in.Result.Probes {
		kind := kindOf(a, j.subject)
		if told[kind] || !holdsRecord(a, j.in.Expect) || a.Question.Name == j.in.Expect.Include {
			continue // the name to include holds its record rightly
		}
		if (kind == probeNeighbour || kind == probeDoubled) && slices.Equal(a.Texts(), everywhere) {
			continue // nobody put it there
		}
		told[kind] = true
		rule := map[probeKind]*finding.Rule{
			probeDoubled: nameDoubled, probeType: wrongType, probeParent: notInherited, probeNeighbour: wrongName, probeRandom: wildcard,
		}[kind]
		j.raise(rule, "", append(j.domainEvidence(), evidence(a)), j.subject, a.Question.Name, panelName(j.subject, a.Question.Name))
	}
}

// everywhere are the texts that a wildcard gives below the domain.
func everywhere(probes []dns.Answer, domain string) []string {
	for _, a := range probes {
		if kindOf(a, domain) == probeRandom && a.Status == dns.Found {
			return a.Texts()
		}
	}
	return nil
}

// judgeLeftover looks at a neighbouring name beside a record at the right one.
func (j *judge) judgeLeftover(a dns.Answer) {
	if !holdsRecord(a, j.in.Expect) {
		return
	}
	both := append(j.domainEvidence(), evidence(a))
	switch kindOf(a, j.subject) {
	case probeType:
		j.raise(typeLeftover, "", both, j.subject)
	case probeRandom:
		j.raise(wildcard, "", both, j.subject)
	case probeDoubled:
		have := map[string]bool{}
		for _, t := range j.in.Result.Records[0].Terms {
			have[lower(t.Text)] = true
		}
		for _, r := range recordsIn(a) {
			if slices.ContainsFunc(r.Terms, func(t Term) bool { return !t.IsAll() && !have[lower(t.Text)] }) {
				j.raise(nameDoubled, "", both, j.subject, a.Question.Name, panelName(j.subject, a.Question.Name))
				return
			}
		}
	}
}

// panelName is what a panel wants for a domain, where it made the doubled name
// of it by adding the zone.
func panelName(domain, doubled string) string {
	zone := strings.TrimPrefix(doubled, domain+".")
	if host, below := strings.CutSuffix(domain, "."+zone); below {
		return host
	}
	return "@ or an empty name"
}

// recordsIn are the SPF records among the texts of an answer.
func recordsIn(a dns.Answer) []Record {
	var out []Record
	for _, r := range a.Records {
		if IsRecord(strings.Join(r.Strings, "")) {
			out = append(out, Parse(r.Strings...))
		}
	}
	return out
}

func holdsRecord(a dns.Answer, expect Expect) bool {
	return slices.ContainsFunc(a.Records, func(r dns.Record) bool { return read(r.Strings, expect).attempt })
}

// probeKind says how a name that was asked lies to the right one.
type probeKind uint8

const (
	probeDoubled probeKind = iota + 1
	probeType
	probeParent
	probeNeighbour
	probeRandom
)

func kindOf(a dns.Answer, domain string) probeKind {
	name := a.Question.Name
	first, rest, _ := strings.Cut(name, ".")
	switch {
	case a.Question.Type == dns.TypeSPF:
		return probeType
	case strings.HasSuffix(domain, "."+name):
		return probeParent
	case slices.Contains(Doubled(domain), name):
		return probeDoubled
	case rest == domain && slices.Contains(neighbours, first):
		return probeNeighbour
	}
	return probeRandom
}
