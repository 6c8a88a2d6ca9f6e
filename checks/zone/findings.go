package zone

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Findings judges a zone. seen are further answers of the examination, in which
// some faults of the zone show.
func Findings(res Result, seen ...dns.Answer) []finding.Finding {
	if len(res.Answers) == 0 {
		return nil
	}
	j := judge{res: res, seen: seen}
	j.domain()
	j.bogus()
	j.apexCNAME()
	j.otherData()
	j.tcp()
	j.expired()
	j.delegation()
	j.servers()
	j.signatures()
	j.negativeTTL()
	j.internalServers()
	j.probed()
	return j.out
}

type judge struct {
	res  Result
	seen []dns.Answer
	out  []finding.Finding
}

// all goes through the answers about the zone, and through what else was seen.
func (j *judge) all(yield func(*dns.Answer) bool) {
	for _, answers := range [][]dns.Answer{j.res.Answers, j.seen} {
		for i := range answers {
			if !yield(&answers[i]) {
				return
			}
		}
	}
}

// any says that one of all is such an answer.
func (j *judge) any(such func(*dns.Answer) bool) bool {
	for a := range j.all {
		if such(a) {
			return true
		}
	}
	return false
}

// raise adds a finding; findings about one name have that name as object.
func (j *judge) raise(r *finding.Rule, object string, args []string, answers ...dns.Answer) {
	f := finding.Finding{Rule: r, Subject: j.res.Domain, Object: object, Args: args}
	for _, a := range answers {
		f.Evidence = append(f.Evidence, evidence(a))
	}
	j.out = append(j.out, f)
}

// domain judges whether the domain exists and can be looked at at all.
func (j *judge) domain() {
	res := j.res
	if res.RegisteredExists == Missing {
		i := slices.IndexFunc(res.Answers, func(a dns.Answer) bool {
			return a.Question.Name == res.Registered && a.Status == dns.NoName
		})
		hint := ""
		if tld := res.Registered[strings.LastIndexByte(res.Registered, '.')+1:]; res.Answers[i].Zone == "" && res.Answers[i].TTL > 0 {
			hint = fmt.Sprintf(" There are no domains that end in .%s at all.", tld)
		}
		j.raise(domainMissing, "", []string{res.Registered, hint}, res.Answers[i])
		return
	}
	if res.usable() {
		return
	}
	first := res.Answers[0]
	kind, _ := first.Kind()
	if kind == dns.KindCancelled || kind == dns.KindNotRecorded {
		return // nobody looked: this says nothing about DNS
	}
	args := []string{res.Domain, first.Reason()}
	switch {
	case first.Bogus(), kind == dns.KindServFail && res.Unchecked != nil && res.Unchecked.Status != dns.Failed:
		answers := []dns.Answer{first}
		if res.Unchecked != nil {
			answers = append(answers, *res.Unchecked)
		}
		j.raise(dnssecBogus, "", args, answers...)
	case res.Control != nil && res.Control.Status != dns.Failed:
		j.raise(serversUnreachable, "", args, first, *res.Control)
	case res.Control != nil:
		j.raise(unreadable, "", args, first, *res.Control)
	default:
		j.raise(unreadable, "", args, first)
	}
}

// bogus finds names whose signatures are wrong where those of the domain as a
// whole are not, or where our own resolver does not look at signatures and a
// public one does. A name that another resolver finds well signed is in change.
func (j *judge) bogus() {
	if !j.res.usable() {
		return // domain has judged it
	}
	var names []string
	var answers []dns.Answer
	for a := range j.all {
		name := a.Question.Name
		if a.Status != dns.Failed || !a.Bogus() || !dns.Within(name, j.res.Registered) || slices.Contains(names, name) {
			continue
		}
		if !j.any(func(o *dns.Answer) bool { return vouches(o, a.Question) }) {
			names, answers = append(names, name), append(answers, *a)
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		j.raise(dnssecBogus, "", []string{strings.Join(names, ", "), answers[0].Reason()}, answers...)
	}
}

// vouches says that a validated answer covers a question: it is the same one, or
// that for the CNAME which the answer followed. Some resolvers fail the latter
// where they follow it well, and nobody who takes mail asks for it.
func vouches(a *dns.Answer, q dns.Question) bool {
	return a.AD && (a.Question == q || q.Type == dns.TypeCNAME && a.Question.Name == q.Name && len(a.Chain) > 0)
}

// apexCNAME judges a CNAME at the registered domain, which is always the apex
// of a zone.
func (j *judge) apexCNAME() {
	a := j.res.CNAME
	if a.Status == dns.Found && a.Question.Name == j.res.Registered {
		j.raise(cnameAtApex, "", []string{j.res.Registered, a.Records[0].Host}, a)
	}
}

// otherData finds names that are seen with a CNAME in one answer and with other
// records in another one.
func (j *judge) otherData() {
	// Only answers of one source are compared: another one may be of yesterday.
	type at struct{ server, name string }
	place := func(a *dns.Answer) at {
		if a.Direct || a.Public {
			return at{a.Server, a.Question.Name}
		}
		return at{"", a.Question.Name}
	}
	alias, done := map[at]*dns.Answer{}, map[string]bool{}
	target := func(a *dns.Answer) string {
		if len(a.Chain) > 0 {
			return a.Chain[0]
		}
		return a.Records[0].Host
	}
	for a := range j.all {
		if len(a.Chain) > 0 || a.Status == dns.Found && a.Question.Type == dns.TypeCNAME {
			if _, ok := alias[place(a)]; !ok {
				alias[place(a)] = a
			}
		}
	}
	for a := range j.all {
		name := a.Question.Name
		c, ok := alias[place(a)]
		if !ok || done[name] || a.Status != dns.Found || a.Question.Type == dns.TypeCNAME || len(a.Chain) > 0 || !dns.Within(name, j.res.Registered) {
			continue
		}
		done[name] = true
		j.raise(cnameWithOtherData, name, []string{name, target(c), a.Question.Type.String()}, *c, *a)
	}
}

// tcp finds answers that were too large for UDP and could not be fetched over
// TCP. Where a resolver is the one that refuses, that says nothing about the
// customer's servers.
func (j *judge) tcp() {
	done := map[string]bool{}
	find := func(r *finding.Rule, wanted func(dns.Answer) bool) {
		for a := range j.all {
			var e *dns.Error
			name := a.Question.Name
			if !wanted(*a) || done[name] || !errors.As(a.Err, &e) || !e.TCP || e.Kind == dns.KindCancelled || !dns.Within(name, j.res.Registered) {
				continue
			}
			done[name] = true
			j.raise(r, name, []string{name, a.Reason(), a.Server}, *a)
		}
	}
	find(tcpRefused, func(a dns.Answer) bool { return a.Direct })
	if !j.res.usable() {
		return // domain has judged the resolver
	}
	theirs := len(j.out)
	find(tcpRefusedHere, func(a dns.Answer) bool { return !a.Direct && !a.Public })
	for i := theirs; i < len(j.out); i++ {
		j.out[i].Owner, j.out[i].Lowered = finding.Network, true
	}
}

// evidence is an answer in words.
func evidence(a dns.Answer) finding.Evidence {
	e := finding.Evidence{
		Server: a.Server, Name: cmp.Or(a.Question.Name, "."), Type: a.Question.Type.String(), Answer: a.Text(), At: a.At,
	}
	if a.CD {
		e.Answer += " (DNSSEC not checked)"
	}
	return e
}
