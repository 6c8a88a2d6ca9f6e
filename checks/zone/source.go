package zone

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// Source is what the servers of a zone and of its parent say when they are asked
// themselves. The zero value: nobody was.
type Source struct {
	Parent dns.Answer   // of a server of the parent zone, about the servers of this one
	SOA    []dns.Answer // of each of Servers, in their order
	NS     dns.Answer   // of one of Servers; asked only where Parent names others

	// Extra are the servers that the parent names and the zone does not, and
	// ExtraSOA is what they say.
	Extra    []Server
	ExtraSOA []dns.Answer
}

// Registered is the domain that somebody registered, as far as the list of
// public suffixes tells.
func Registered(domain string) string { return registered(dns.Ask(domain, 0).Name) }

// ParentServer finds a server of the zone that delegates name. Its questions
// are the same for all names below one parent.
func ParentServer(ctx context.Context, r dns.Resolver, name string) (netip.AddrPort, bool) {
	_, parent, _ := strings.Cut(name, ".")
	if parent == "" {
		return netip.AddrPort{}, false
	}
	a := r.Lookup(ctx, dns.Ask(parent, dns.TypeNS))
	if a.Void() && a.Zone != parent && dns.Within(parent, a.Zone) && a.Zone != "" {
		a = r.Lookup(ctx, dns.Ask(a.Zone, dns.TypeNS))
	}
	if a.Status != dns.Found {
		return netip.AddrPort{}, false
	}
	addrs := r.Lookup(ctx, dns.Ask(a.Records[0].Host, dns.TypeA))
	if addrs.Status != dns.Found || internal(addrs.Records[0].Addr) {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addrs.Records[0].Addr, dns.Port), true
}

// AskSource asks each server of the zone for its SOA, and a server of the
// parent, where one is known, to whom the zone is delegated. Where that differs
// from what the zone says of itself, it looks closer.
func (res *Result) AskSource(ctx context.Context, r dns.Resolver, asker dns.Asker, parent netip.AddrPort) {
	if res.Apex == "" {
		return
	}
	var wg sync.WaitGroup
	if parent.IsValid() {
		wg.Go(func() { res.Source.Parent = asker.AskServer(ctx, parent, dns.Ask(res.Apex, dns.TypeNS)) })
	}
	res.Source.SOA = res.askSOA(ctx, asker, res.Servers)
	wg.Wait()
	missing := missingIn(res.Source.Parent.Delegation, res.names())
	if len(res.Source.Parent.Delegation) == 0 || len(missing) == 0 && len(res.Strangers()) == 0 {
		return
	}
	i := slices.IndexFunc(res.Source.SOA, func(a dns.Answer) bool { return a.AA && a.Status == dns.Found })
	if i >= 0 {
		at, _ := dns.Nearest(res.Servers[i].Addrs)
		wg.Go(func() { res.Source.NS = asker.AskServer(ctx, at, dns.Ask(res.Apex, dns.TypeNS)) })
	}
	servers, answers := lookupHosts(ctx, r, missing)
	res.Source.Extra = servers
	res.Answers = append(res.Answers, answers...)
	res.Source.ExtraSOA = res.askSOA(ctx, asker, servers)
	wg.Wait()
}

// askSOA asks servers that have an address; an answer of the others is empty.
func (res *Result) askSOA(ctx context.Context, asker dns.Asker, servers []Server) []dns.Answer {
	out := make([]dns.Answer, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		if at, ok := dns.Nearest(s.Addrs); ok {
			wg.Go(func() { out[i] = asker.AskServer(ctx, at, dns.Ask(res.Apex, dns.TypeSOA)) })
		}
	}
	wg.Wait()
	return out
}

func (res Result) names() []string {
	var out []string
	for _, s := range res.Servers {
		out = append(out, s.Name)
	}
	return out
}

// missingIn lists what stands in all and not in known.
func missingIn(all, known []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(known, s) })
}

// Strangers are the servers that the zone names and its parent does not: who
// looks a name up need not come there. Empty where the parent was not heard.
func (res Result) Strangers() []Server {
	if len(res.Source.Parent.Delegation) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(res.Servers), func(s Server) bool {
		return slices.Contains(res.Source.Parent.Delegation, s.Name)
	})
}

// asked is a server with what it said about the zone.
type asked struct {
	Server
	soa dns.Answer
}

// delegated are the servers that who looks a name up comes to: those that the
// parent names or, where it was not heard, that the zone names.
func (res Result) delegated() []asked {
	strangers := res.Strangers()
	var out []asked
	for i, a := range res.Source.SOA {
		s := res.Servers[i]
		if !slices.ContainsFunc(strangers, func(o Server) bool { return o.Name == s.Name }) {
			out = append(out, asked{s, a})
		}
	}
	for i, a := range res.Source.ExtraSOA {
		out = append(out, asked{res.Source.Extra[i], a})
	}
	return out
}

// lookupHosts looks up the addresses of servers, side by side.
func lookupHosts(ctx context.Context, r dns.Resolver, names []string) ([]Server, []dns.Answer) {
	var servers []Server
	var questions []dns.Question
	for _, n := range names[:min(len(names), maxServers)] {
		servers = append(servers, Server{Name: n})
		questions = append(questions, dns.Ask(n, dns.TypeA), dns.Ask(n, dns.TypeAAAA))
	}
	answers := dns.All(ctx, r, questions...)
	for j, a := range answers {
		for _, rec := range a.Records {
			servers[j/2].Addrs = append(servers[j/2].Addrs, rec.Addr)
		}
	}
	return servers, answers
}

// Probe asks, once for all examinations that share it, for a name that cannot
// exist.
type Probe struct {
	mu     sync.Mutex
	answer dns.Answer
}

// impossible cannot exist: nobody can register a name below invalid (RFC 6761
// section 6.4).
const impossible = "cwmail-7q3k9x2v5m.invalid"

// Ask asks, or tells what came back before. Nobody waits here for another one
// who asks: that is up to the resolver.
func (p *Probe) Ask(ctx context.Context, r dns.Resolver) dns.Answer {
	if a := p.known(); a.Question.Name != "" {
		return a
	}
	a := r.Lookup(ctx, dns.Ask(impossible, dns.TypeA))
	if p != nil && a.Status != dns.Failed {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answer = a
	}
	return a
}

func (p *Probe) known() dns.Answer {
	if p == nil {
		return dns.Answer{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answer
}

// reserved are the networks that nobody outside can reach, beside those that
// netip knows (RFC 6890).
var reserved = []netip.Prefix{
	netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10), netip.PrefixFrom(netip.AddrFrom4([4]byte{}), 8),
}

// internal says that an address means something else in each network.
func internal(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLinkLocalUnicast() || slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}
