package zone

import (
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Compared is what our resolver says to a question beside what the domain's own
// servers say.
type Compared struct {
	Resolver dns.Answer
	Views    dns.Views
	Alike    bool // the resolver says the same as all servers that answer
	Settled  bool // all servers that answer say the same
}

// FindingsOfViews judges where our resolver differs from the domain's servers.
// A difference alone may be an old copy, which the subjects tell; a resolver
// that answers with authority has records of its own, as what it remembers is
// never given with authority (RFC 1034 section 4.3.2).
func FindingsOfViews(domain string, all []Compared) []finding.Finding {
	j := &judge{res: Result{Domain: domain}}
	split := false
	for _, c := range all {
		a, source := c.Resolver, answered(c.Views.Authoritative)
		if len(source) == 0 {
			continue
		}
		switch {
		case a.Status != dns.Failed && a.AA && c.Settled && !c.Alike && !split && a.Server != dns.WhatIf:
			split = true
			why := a.Server + " answers about " + a.Question.Name + " with records of its own"
			j.raise(splitHorizon, "", []string{domain, why}, a, source[0])
		case len(source) == len(c.Views.Authoritative):
			for _, o := range append([]dns.Answer{a}, c.Views.Public...) {
				if repeats(o) {
					j.raise(failureCached, a.Question.Name, []string{a.Question.Name, o.Server}, o, source[0])
					break
				}
			}
		}
	}
	return j.out
}

// answered are the answers with authority.
func answered(all []dns.Answer) []dns.Answer {
	return slices.DeleteFunc(slices.Clone(all), func(a dns.Answer) bool { return a.Status == dns.Failed || !a.AA })
}

// repeats says that a resolver may remember a failure: it failed, not for a
// signature, and not because it is silent itself.
func repeats(a dns.Answer) bool {
	kind, failed := a.Kind()
	return failed && kind == dns.KindServFail && !a.Bogus()
}

// Elsewhere is a record that the delegated servers lack and another server has.
type Elsewhere struct {
	Subject string     // whose findings it explains: spf, dkim, dmarc, mx
	What    string     // in words
	Here    dns.Answer // of a delegated server, or of the resolver
	There   dns.Answer
	Server  string // who has it
	Record  finding.Record
}

// FindingsOfElsewhere tells that records were published at a server that nobody
// asks. Only what these records explain is hidden.
func FindingsOfElsewhere(res Result, all []Elsewhere) []finding.Finding {
	if len(all) == 0 {
		return nil
	}
	j := &judge{res: res}
	rule := *editedAtWrongProvider
	rule.Hides = slices.DeleteFunc(slices.Clone(rule.Hides), func(code string) bool {
		return !slices.ContainsFunc(all, func(e Elsewhere) bool { return strings.HasPrefix(code, e.Subject+".") })
	})
	var what, where []string
	var answers []dns.Answer
	fix := &finding.Fix{Summary: "Publish this at the delegated name servers."}
	for _, e := range all {
		what, where = append(what, e.What), append(where, e.Server)
		answers = append(answers, e.Here, e.There)
		fix.Records = append(fix.Records, e.Record)
	}
	slices.Sort(where)
	names := res.Source.Parent.Delegation
	if len(names) == 0 {
		names = res.names()
	}
	j.raise(&rule, "", []string{
		res.Domain, strings.Join(what, ", "), strings.Join(slices.Compact(where), ", "), strings.Join(names, ", "),
	}, answers...)
	j.out[0].Fix = fix
	return j.out
}

// What TTLs are remarkable.
const (
	longTTL  = 24 * time.Hour
	shortTTL = 5 * time.Minute
)

// FindingsOfTTL judges how long caches keep records. ours are the questions for
// SPF, DKIM and DMARC; changing are records that some finding replaces. The TTL
// of a copy in a cache runs down, so that only answers with authority tell that
// one is short.
func FindingsOfTTL(res Result, ours, changing []dns.Question, seen []dns.Answer) []finding.Finding {
	j := &judge{res: res}
	for i, q := range slices.Concat(ours, changing) {
		if i >= len(ours) && slices.Contains(ours, q) || slices.Contains(changing[:max(0, i-len(ours))], q) {
			continue
		}
		var best *dns.Answer
		for k, a := range seen {
			if a.Question == q && a.Status == dns.Found && len(a.Chain) == 0 && a.Server != dns.WhatIf && (best == nil || a.AA && !best.AA || a.AA == best.AA && a.TTL > best.TTL) {
				best = &seen[k]
			}
		}
		if best == nil || !dns.Within(q.Name, res.Registered) {
			continue
		}
		args := []string{res.Domain, q.Name, q.Type.String(), inWords(best.TTL)}
		switch {
		case best.TTL > longTTL:
			j.raise(ttlLong, q.Name, args, *best)
		case best.TTL < shortTTL && best.AA && i < len(ours):
			j.raise(ttlShort, q.Name, args, *best)
		}
	}
	return j.out
}
