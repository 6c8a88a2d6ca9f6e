package checks

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/zone"
)

// WaitOptions say how somebody waits.
type WaitOptions struct {
	First, Most time.Duration // between two looks; 0: as is polite
	Once        bool          // looks a single time

	Sleep  func(ctx context.Context, d time.Duration) error // nil: by the clock of the machine
	Jitter func(d time.Duration) time.Duration              // nil: at random
}

// Wait looks at every authoritative server, and at the resolvers, until a
// record is published or ctx ends. The resolver and the asker of the examiner
// must not keep answers. emit hears of each look; changed says that something
// differs from the one before.
func (e *Examiner) Wait(ctx context.Context, want Wanted, o WaitOptions, emit func(r propagation.Report, changed bool)) propagation.Report {
	x := &expectation{Wanted: want, e: e, known: map[string]judged{}}
	q := want.Question()
	w := propagation.Watch{
		Asker: e.Asker, Resolver: e.Resolver, Question: q,
		Resolvers: slices.Concat(e.Own, e.Public), Own: e.Own,
		Expect: x.judge, Now: e.Now, Sleep: o.Sleep, Jitter: o.Jitter,
		First: o.First, Most: o.Most, Once: o.Once,
	}
	var apex string // Find and Hint take turns
	w.Find = func(ctx context.Context) propagation.Place {
		p := e.place(ctx, want, q)
		apex = p.Zone
		return p
	}
	w.Hint = func(ctx context.Context, server netip.AddrPort, a dns.Answer) string {
		return x.hint(ctx, fresh{e.Resolver, e.Asker, server, apex}, a)
	}
	return w.Run(ctx, emit)
}

// place finds the servers of the zone in which a name stands.
func (e *Examiner) place(ctx context.Context, want Wanted, q dns.Question) propagation.Place {
	res := zone.Lookup(ctx, dns.NewCache(e.Resolver), q.Name)
	p := propagation.Place{Zone: res.Apex}
	for _, s := range res.Servers {
		p.Servers = append(p.Servers, propagation.Server{Name: s.Name, Addrs: s.Addrs})
	}
	for _, a := range res.Answers {
		if a.Question == dns.Ask(res.Apex, dns.TypeSOA) && a.Status == dns.Found && a.Records[0].SOA != nil {
			p.Negative = min(a.Records[0].TTL, a.Records[0].SOA.Minimum)
		}
	}
	if len(p.Servers) > 0 {
		return p
	}
	// A resolver that answers with authority is the server of the zone, where
	// nothing names another one.
	for _, own := range e.Own {
		if a := e.Asker.AskServer(ctx, own, q); a.AA && a.Status != dns.Failed {
			p.Zone = cmp.Or(p.Zone, want.Domain)
			p.Servers = append(p.Servers, propagation.Server{Name: own.String(), Addrs: []netip.Addr{own.Addr()}})
			return p
		}
	}
	p.Problem = "the name servers of " + want.Domain + " could not be found"
	if first := res.Answers[0]; first.Status == dns.Failed {
		p.Problem += ": " + first.Reason()
	}
	return p
}

// fresh asks one server of a zone for what stands in it, and a resolver for all
// else.
type fresh struct {
	dns.Resolver
	asker  dns.Asker
	server netip.AddrPort
	zone   string
}

// Lookup asks.
func (f fresh) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	if f.zone != "" && dns.Within(q.Name, f.zone) {
		if a := f.asker.AskServer(ctx, f.server, q).Authoritative(); a.Status != dns.Failed {
			return a
		}
	}
	return f.Resolver.Lookup(ctx, q)
}
