// Package propagation puts the same questions to every authoritative server of
// a zone and to public resolvers, once or until a record stands there. What is
// expected, and what differs, its caller says: that is another thing for each
// subject.
package propagation

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// Server is an authoritative name server.
type Server struct {
	Name  string
	Addrs []netip.Addr
}

// Plan says whom to ask what.
type Plan struct {
	Servers   []Server
	Public    []netip.AddrPort
	Skip      []netip.AddrPort // of Public, not to be asked: their answer is known already
	Questions []dns.Question
}

// Lookup asks all side by side. Each server is asked at one address, without
// recursion, public resolvers with it. The answers stand in the order of the
// plan; who does not answer has a Failed one.
func Lookup(ctx context.Context, asker dns.Asker, plan Plan) map[dns.Question]dns.Views {
	var public []netip.AddrPort
	for _, p := range plan.Public {
		if !slices.Contains(plan.Skip, p) && !slices.Contains(public, p) {
			public = append(public, p)
		}
	}
	out := make(map[dns.Question]dns.Views, len(plan.Questions))
	var wg sync.WaitGroup
	for _, q := range plan.Questions {
		q = dns.Ask(q.Name, q.Type)
		if _, known := out[q]; known {
			continue
		}
		v := dns.Views{Authoritative: make([]dns.Answer, len(plan.Servers)), Public: make([]dns.Answer, len(public))}
		out[q] = v
		for i, s := range plan.Servers {
			wg.Go(func() { v.Authoritative[i] = ask(ctx, asker, s, q) })
		}
		for i, p := range public {
			wg.Go(func() { v.Public[i] = askPublic(ctx, asker, p, q) })
		}
	}
	wg.Wait()
	return out
}

func ask(ctx context.Context, asker dns.Asker, s Server, q dns.Question) dns.Answer {
	at, ok := dns.Nearest(s.Addrs)
	if !ok {
		return dns.Answer{
			Question: q, Server: s.Name, Direct: true,
			Err: &dns.Error{Kind: dns.KindNoServer, Server: s.Name},
		}
	}
	return asker.AskServer(ctx, at, q).Authoritative()
}

func askPublic(ctx context.Context, asker dns.Asker, p netip.AddrPort, q dns.Question) dns.Answer {
	if pa, ok := asker.(dns.PublicAsker); ok {
		return pa.AskPublic(ctx, p, q)
	}
	return asker.AskServer(ctx, p, q)
}
