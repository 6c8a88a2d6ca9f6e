package checks

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/zone"
)

// askServers puts the deciding questions to the servers of the zone and to
// public resolvers, and asks whether these servers are the delegated ones.
func (w *work) askServers(ctx context.Context, parent netip.AddrPort) {
	plan := propagation.Plan{Servers: w.servers(w.zone.Servers), Public: w.Public, Skip: w.Own, Questions: w.deciding()}
	var wg sync.WaitGroup
	wg.Go(func() { w.zone.AskSource(ctx, w.ask, w.Asker, parent) })
	w.views = propagation.Lookup(ctx, w.Asker, plan)
	wg.Wait()
	w.compared = append(w.compared, w.zone.Source.SOA...)
	for _, a := range []dns.Answer{w.zone.Source.Parent, w.zone.Source.NS} {
		if a.Question.Name != "" {
			w.compared = append(w.compared, a)
		}
	}
	w.compared = append(w.compared, w.zone.Source.ExtraSOA...)
	w.compared = slices.DeleteFunc(w.compared, func(a dns.Answer) bool { return a.Question.Name == "" })
	w.onlyDelegated(ctx, plan)
	for _, q := range plan.Questions {
		w.compared = append(append(w.compared, w.views[q].Authoritative...), w.views[q].Public...)
	}
}

// onlyDelegated takes out what servers say that the parent does not name, and
// asks those that it names instead: they are where the world looks.
func (w *work) onlyDelegated(ctx context.Context, plan propagation.Plan) {
	strangers, extra := w.zone.Strangers(), w.servers(w.zone.Source.Extra)
	if len(strangers)+len(extra) == 0 {
		return
	}
	more := propagation.Lookup(ctx, w.Asker, propagation.Plan{Servers: extra, Questions: plan.Questions})
	w.elsewhere = map[dns.Question][]told{}
	for _, q := range plan.Questions {
		v := w.views[q]
		var delegated []dns.Answer
		for i, a := range v.Authoritative {
			name := plan.Servers[i].Name
			if slices.ContainsFunc(strangers, func(s zone.Server) bool { return s.Name == name }) {
				w.elsewhere[q] = append(w.elsewhere[q], told{name, a})
				w.compared = append(w.compared, a)
				continue
			}
			delegated = append(delegated, a)
		}
		v.Authoritative = append(delegated, more[q].Authoritative...)
		w.views[q] = v
	}
}

// told is what a server says that nobody is referred to.
type told struct {
	server string
	answer dns.Answer
}

// maxElsewhere is the number of further servers that are asked.
const maxElsewhere = 10

// askElsewhere asks the servers that the user names, where something is missing.
func (w *work) askElsewhere(ctx context.Context) {
	if w.Asker == nil || w.zone.Apex == "" || len(w.Elsewhere) == 0 {
		return
	}
	var questions []dns.Question
	for _, q := range w.deciding() {
		if w.lacks(q) {
			questions = append(questions, q)
		}
	}
	if len(questions) == 0 {
		return
	}
	if w.elsewhere == nil {
		w.elsewhere = map[dns.Question][]told{}
	}
	names := w.Elsewhere[:min(len(w.Elsewhere), maxElsewhere)]
	answers := make([]dns.Answer, len(names)*len(questions))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			server, ok := w.address(ctx, name)
			if !ok {
				return
			}
			for j, q := range questions {
				wg.Go(func() { answers[i*len(questions)+j] = w.Asker.AskServer(ctx, server, q).Authoritative() })
			}
		})
	}
	wg.Wait()
	for i, a := range answers {
		if q := questions[i%len(questions)]; a.Question.Name != "" {
			w.elsewhere[q] = append(w.elsewhere[q], told{names[i/len(questions)], a})
			w.compared = append(w.compared, a)
		}
	}
}

// address finds a server that is given by address, with or without port, or by
// name.
func (w *work) address(ctx context.Context, name string) (netip.AddrPort, bool) {
	if ap, err := netip.ParseAddrPort(name); err == nil {
		return ap, true
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return netip.AddrPortFrom(addr, dns.Port), true
	}
	for _, t := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		if a := w.recorder.Lookup(ctx, dns.Ask(name, t)); a.Status == dns.Found {
			return netip.AddrPortFrom(a.Records[0].Addr, dns.Port), true
		}
	}
	return netip.AddrPort{}, false
}

// here is what the delegated servers say to a deciding question or, where they
// were not heard, the resolver.
func (w *work) here(q dns.Question) dns.Answer {
	if a, ok := settled(w.views[q].Authoritative); ok {
		return a
	}
	a, _ := w.recorder.Known(q)
	return a
}

// lacks says that the record to a deciding question is certainly not there.
func (w *work) lacks(q dns.Question) bool {
	a := w.here(q)
	return a.Status != dns.Failed && w.standing(q, a) == ""
}

// standing is the record that a deciding question is about: SPF only where it
// names ClockWise's, where ClockWise sends. "" where there is none.
func (w *work) standing(q dns.Question, a dns.Answer) string {
	if q.Type == dns.TypeMX {
		for _, r := range a.Records {
			if r.Host != "" {
				return fmt.Sprintf("%d %s", r.Pref, r.Host)
			}
		}
		return ""
	}
	for _, text := range a.Texts() {
		switch {
		case strings.HasPrefix(q.Name, "_dmarc."):
			if strings.HasPrefix(text, "v=DMARC1;") {
				return text
			}
		case strings.Contains(q.Name, "._domainkey."):
			if strings.Contains(text, "p=") {
				return text
			}
		case spf.IsRecord(text):
			if !w.ours() || !w.lacksClockWise(dns.Answer{Records: []dns.Record{{Type: dns.TypeTXT, Strings: []string{text}}}}) {
				return text
			}
		}
	}
	return ""
}

// published lists what stands at a server that nobody is referred to and is
// missing where the world looks.
func (w *work) published() []zone.Elsewhere {
	var out []zone.Elsewhere
	for _, q := range w.deciding() {
		if len(w.elsewhere[q]) == 0 || !w.lacks(q) {
			continue
		}
		for _, t := range w.elsewhere[q] {
			value := w.standing(q, t.answer)
			if t.answer.Status != dns.Found || value == "" {
				continue
			}
			e := zone.Elsewhere{Here: w.here(q), There: t.answer, Server: t.server, Record: finding.Record{Name: q.Name, Type: q.Type.String(), Value: value}}
			e.Subject, e.What = subjectOf(q)
			if e.Subject == "spf" {
				for _, text := range e.Here.Texts() {
					if spf.IsRecord(text) {
						e.Record.Replaces = &text
						break
					}
				}
			}
			out = append(out, e)
			break
		}
	}
	return out
}

// subjectOf tells whose record a deciding question is about.
func subjectOf(q dns.Question) (subject, what string) {
	switch {
	case q.Type == dns.TypeMX:
		return "mx", "MX record"
	case strings.HasPrefix(q.Name, "_dmarc."):
		return "dmarc", "DMARC record"
	case strings.Contains(q.Name, "._domainkey."):
		return "dkim", "DKIM record"
	}
	return "spf", "SPF record"
}

// zoneFindings is what can be said of the domain's DNS as a whole. later are
// the findings of the other subjects, which tell what is to be changed.
func (w *work) zoneFindings(later []finding.Finding) []finding.Finding {
	seen := w.seen()
	all := zone.Findings(w.zone, seen...)
	all = append(all, zone.FindingsOfElsewhere(w.zone, w.published())...)
	var pairs []zone.Compared
	var ours []dns.Question
	for _, q := range w.deciding() {
		if q.Type == dns.TypeTXT {
			ours = append(ours, q)
		}
		i := slices.IndexFunc(seen, func(a dns.Answer) bool { return a.Question == q && !a.Direct && !a.Public && !a.CD && !a.DO })
		if v := w.views[q]; i >= 0 && len(v.Authoritative) > 0 {
			source, ok := settled(v.Authoritative)
			pairs = append(pairs, zone.Compared{Resolver: seen[i], Views: v, Settled: ok, Alike: alike(seen[i], source)})
		}
	}
	all = append(all, zone.FindingsOfViews(w.domain, pairs)...)
	var changing []dns.Question
	for _, f := range slices.Concat(all, later) {
		if f.Fix == nil {
			continue
		}
		for _, r := range f.Fix.Records {
			if t, ok := dns.ParseType(r.Type); ok && r.Replaces != nil {
				changing = append(changing, dns.Ask(r.Name, t))
			}
		}
	}
	return append(all, zone.FindingsOfTTL(w.zone, ours, changing, seen)...)
}
