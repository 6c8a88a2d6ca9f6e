// Package spf reads, evaluates and judges SPF records (RFC 7208). Section
// numbers in this package are those of RFC 7208 unless said otherwise.
package spf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// Result is what is known about SPF of one domain.
type Result struct {
	Domain  string     // lower case, in A-labels, without final dot
	Answer  dns.Answer // TXT at Domain
	Records []Record   // the selected ones (section 4.5)
	Tree    *Node      // nil without exactly one record

	// Lookups and VoidLookups count the whole tree as an IPv4 client meets it
	// whom no term matches, and go on past the limits. What stands behind an
	// "all" is never tested and not counted.
	Lookups, VoidLookups int

	Outcomes []Outcome // one for each relay address, in their order

	// Probes are the answers of neighbouring names, in the order of the
	// function Probes; asked only when Records is empty and Answer is usable.
	Probes []dns.Answer

	// Beside are type SPF at the domain and TXT at a name that nobody made,
	// asked beside a record where Options.Thorough is set.
	Beside []dns.Answer
}

// Lookup reads the record of a domain with everything that it leads to, and
// evaluates it for each relay address. Questions that do not depend on each
// other are asked side by side, none of them twice.
func Lookup(ctx context.Context, r dns.Resolver, domain string, relays []netip.Addr, opts Options) Result {
	res := Result{Domain: lower(hostName(domain)), Outcomes: make([]Outcome, len(relays))}
	from := opts.MailFrom
	if from == "" {
		from = "postmaster@" + res.Domain
	}
	m := newMemo(r, opts.Parsed)
	x := newExpander(Client{MailFrom: from, HELO: opts.HELO}, opts)

	var w ahead
	for _, ip := range relays {
		w.clients = append(w.clients, newExpander(Client{IP: ip, MailFrom: from, HELO: opts.HELO}, opts))
	}
	w.start(ctx, m, x, res.Domain, true)
	var beside []*entry
	answer, records := m.records(ctx, res.Domain)
	res.Answer, res.Records = *answer, records
	if len(res.Records) == 1 && opts.Thorough {
		beside = append(beside, m.begin(ctx, dns.Ask(res.Domain, dns.TypeSPF)), m.begin(ctx, unmade(res.Domain)))
	}
	evaluateAll(ctx, m, res.Outcomes, relays, Client{MailFrom: from, HELO: opts.HELO}, opts)
	switch {
	case len(res.Records) == 1:
		res.Tree = &Node{Domain: res.Domain}
		b := builder{ctx: ctx, memo: m, x: x}
		b.record(res.Tree, nil)
		res.Lookups, res.VoidLookups = res.Tree.Lookups, res.Tree.Void
	case len(res.Records) == 0 && res.Answer.Status != dns.Failed:
		res.Probes = m.all(ctx, Probes(res.Domain)...)
	}
	for _, e := range beside {
		res.Beside = append(res.Beside, e.pending.Wait())
	}
	w.wait()
	return res
}

// neighbours are put in front of a domain to find a record that was published
// in the wrong place.
var neighbours = []string{"www", "mail", "_spf", "spf", "_dmarc", "@"}

// maxParents bounds the parents that are asked.
const maxParents = 4

// parents are the domains above a domain that have at least two labels, the
// nearest first.
func parents(domain string) []string {
	var out []string
	for len(out) < maxParents {
		_, parent, _ := strings.Cut(domain, ".")
		if strings.IndexByte(parent, '.') < 0 {
			break
		}
		out = append(out, parent)
		domain = parent
	}
	return out
}

// Doubled are the names at which a record for domain stands when a panel added
// the zone once more.
func Doubled(domain string) []string {
	out := []string{domain + "." + domain}
	for _, p := range parents(domain) {
		out = append(out, domain+"."+p)
	}
	return out
}

// unmade is a name that nobody made: what answers there is a wildcard. It is
// the same one for the same domain, so that a saved run can be replayed.
func unmade(domain string) dns.Question {
	sum := sha256.Sum256([]byte(domain))
	return dns.Ask("cw-"+hex.EncodeToString(sum[:6])+"."+domain, dns.TypeTXT)
}

// Probes are the questions that explain why a domain has no record: type SPF
// at the same name, the name doubled, parents, neighbouring names, and a name
// that nobody made, as a wildcard answers at all of them.
func Probes(domain string) []dns.Question {
	qs := []dns.Question{dns.Ask(domain, dns.TypeSPF)}
	for _, n := range Doubled(domain) {
		qs = append(qs, dns.Ask(n, dns.TypeTXT))
	}
	for _, n := range parents(domain) {
		qs = append(qs, dns.Ask(n, dns.TypeTXT))
	}
	for _, n := range neighbours {
		qs = append(qs, dns.Ask(n+"."+domain, dns.TypeTXT))
	}
	return append(qs, unmade(domain))
}
