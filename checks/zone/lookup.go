// Package zone finds the zone of a domain and the servers that serve it, and
// tells why its DNS as a whole cannot work or cannot be looked at.
package zone

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
	"golang.org/x/net/publicsuffix"
)

// Existence says whether a name exists. The zero value: not known.
type Existence uint8

// The values of Existence.
const (
	NotKnown Existence = iota
	Exists
	Missing
)

// Server is an authoritative name server of a zone.
type Server struct {
	Name  string
	Addrs []netip.Addr
}

// Result is what is known about the zone of a domain.
type Result struct {
	Domain     string
	Registered string // the domain as it was registered: one label below a public suffix

	Apex    string   // the zone that Domain stands in; "" where not known
	Servers []Server // of that zone, by name; the first maxServers of them

	DomainExists     Existence
	RegisteredExists Existence

	Answers   []dns.Answer // all of them, in the order of the questions
	CNAME     dns.Answer   // what stands as CNAME at Domain
	Control   *dns.Answer  // a name that always exists; asked only when all else failed
	Unchecked *dns.Answer  // without DNSSEC checking; asked only after a SERVFAIL
	Signed    *dns.Answer  // TXT with its signatures; asked only where the zone is well signed
	Source    Source       // see AskSource
	Probed    dns.Answer   // a name that cannot exist; see Probe
}

// maxServers is the number of name servers that are looked up, and asked later:
// more than some would not fit into an answer, and a hostile zone names hundreds.
const maxServers = 20

// maxUp is the number of names above the domain that are tried as apex.
const maxUp = 5

// Lookup finds the zone of a domain: all names that may be its apex are asked
// side by side.
func Lookup(ctx context.Context, r dns.Resolver, domain string) Result {
	domain = dns.Ask(domain, 0).Name
	res := Result{Domain: domain, Registered: registered(domain)}
	names := candidates(domain, res.Registered)
	var questions []dns.Question
	for _, n := range names {
		questions = append(questions, dns.Ask(n, dns.TypeSOA), dns.Ask(n, dns.TypeNS))
	}
	questions = append(questions, dns.Ask(domain, dns.TypeCNAME))
	res.Answers = dns.All(ctx, r, questions...)
	res.CNAME = res.Answers[len(questions)-1]
	res.Apex = apex(domain, res.Answers)
	res.DomainExists = existence(domain, res.Answers)
	res.RegisteredExists = existence(res.Registered, res.Answers)
	if !res.usable() {
		res.lookCloser(ctx, r)
		return res
	}
	var wg sync.WaitGroup
	if s, ok := r.(dns.SignedAsker); ok && slices.ContainsFunc(res.Answers, func(a dns.Answer) bool { return a.AD && a.Status == dns.Found }) {
		wg.Go(func() {
			a := s.LookupSigned(ctx, dns.Ask(domain, dns.TypeTXT))
			res.Signed = &a
		})
	}
	if res.Apex != "" {
		res.lookupServers(ctx, r)
	}
	wg.Wait()
	return res
}

// registered is the domain that somebody registered, as far as the list of
// public suffixes tells.
func registered(domain string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}

// candidates are the domain and the names above it that may be the apex of its
// zone, down to the registered domain.
func candidates(domain, registered string) []string {
	out := []string{domain}
	for n := domain; n != registered && strings.Contains(n, "."); {
		_, n, _ = strings.Cut(n, ".")
		out = append(out, n)
	}
	if len(out) > maxUp+1 {
		out = append(out[:1], out[len(out)-maxUp:]...)
	}
	return out
}

// apex is the longest name that has a SOA of its own, or that a negative answer
// names as its zone.
func apex(domain string, answers []dns.Answer) (best string) {
	for _, a := range answers {
		zone := a.Zone
		if a.Status == dns.Found && a.Question.Type == dns.TypeSOA && len(a.Chain) == 0 {
			zone = a.Question.Name
		}
		if len(zone) > len(best) && dns.Within(domain, zone) {
			best = zone
		}
	}
	return best
}

func existence(name string, answers []dns.Answer) Existence {
	e := NotKnown
	for _, a := range answers {
		switch {
		case a.Question.Name != name || a.Status == dns.Failed:
		case a.Status == dns.NoName && len(a.Chain) == 0:
			e = max(e, Missing)
		default:
			return Exists
		}
	}
	return e
}

// usable says that there are answers that are no failures.
func (res *Result) usable() bool {
	return slices.ContainsFunc(res.Answers, func(a dns.Answer) bool { return a.Status != dns.Failed })
}

// lookCloser asks what tells a broken resolver, dead servers and bogus
// signatures apart.
func (res *Result) lookCloser(ctx context.Context, r dns.Resolver) {
	var wg sync.WaitGroup
	wg.Go(func() {
		a := r.Lookup(ctx, dns.Ask("", dns.TypeNS))
		res.Control = &a
	})
	u, ok := r.(dns.Unchecker)
	kind, _ := res.Answers[0].Kind()
	if ok && kind == dns.KindServFail {
		wg.Go(func() {
			a := u.LookupUnchecked(ctx, res.Answers[0].Question)
			res.Unchecked = &a
		})
	}
	wg.Wait()
}

func (res *Result) lookupServers(ctx context.Context, r dns.Resolver) {
	i := slices.IndexFunc(res.Answers, func(a dns.Answer) bool { return a.Question == dns.Ask(res.Apex, dns.TypeNS) })
	if i < 0 {
		res.Answers = append(res.Answers, r.Lookup(ctx, dns.Ask(res.Apex, dns.TypeNS)))
		i = len(res.Answers) - 1
	}
	var names []string
	for _, rec := range res.Answers[i].Records {
		names = append(names, rec.Host)
	}
	servers, answers := lookupHosts(ctx, r, names)
	slices.SortFunc(servers, func(a, b Server) int { return strings.Compare(a.Name, b.Name) })
	res.Servers, res.Answers = servers, append(res.Answers, answers...)
}
