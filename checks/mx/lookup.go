// Package mx looks at where answers and bounces of a domain go (RFC 5321
// section 5.1).
package mx

import (
	"context"

	"clockwise.info/cwmail/checks/dns"
)

// Result is what DNS says about the mail servers of a domain.
type Result struct {
	Domain  string
	Answer  dns.Answer // MX
	Targets []Target   // in the order of the answer, the null MX too; the first maxAsked with addresses

	// Own are the addresses of the domain itself, asked where it has no MX.
	Own Addresses
}

// Target is one MX record with what is known about its host.
type Target struct {
	Pref      uint16
	Host      string // as it stands; "" for the null MX (RFC 7505)
	Malformed string // what stands there in place of a host name; "" for a host name
	Addresses Addresses

	// Registered is the answer for the domain that the host belongs to, asked
	// where the host has no address.
	Registered dns.Answer

	// Meant is the host that a wrong name was meant to be; "" where it cannot be told.
	Meant          string
	MeantAddresses Addresses
}

// maxAsked is the number of hosts that are looked up and judged one by one: SPF
// and senders stop long before, and a hostile domain names thousands.
const maxAsked = 30

// asked are the targets that are looked up.
func asked(all []Target) []Target { return all[:min(len(all), maxAsked)] }

// Null says that the record declares that no mail is taken (RFC 7505).
func (t Target) Null() bool { return t.Host == "" }

// Addresses are the answers for A and AAAA of one name. The zero value was not
// asked.
type Addresses struct {
	A, AAAA dns.Answer
}

// Found says that there is at least one address.
func (a Addresses) Found() bool { return a.A.Status == dns.Found || a.AAAA.Status == dns.Found }

// Absent says that there is certainly none.
func (a Addresses) Absent() bool { return a.A.Void() && a.AAAA.Void() }

// Alias returns the host that a CNAME leads to; "" without one.
func (a Addresses) Alias() string {
	for _, answer := range []dns.Answer{a.A, a.AAAA} {
		if n := len(answer.Chain); n > 0 {
			return answer.Chain[n-1]
		}
	}
	return ""
}

// Microsoft returns the hosts where Microsoft 365 takes the domain's mail.
func (r Result) Microsoft() []string {
	var out []string
	for _, t := range r.Targets {
		if isMicrosoft(t.Host) {
			out = append(out, normal(t.Host))
		}
	}
	return out
}

// Lookup asks for the MX records of a domain, then for the addresses of their
// hosts side by side.
func Lookup(ctx context.Context, r dns.Resolver, domain string) Result {
	res := Result{Domain: normal(domain)}
	res.Answer = r.Lookup(ctx, dns.Ask(res.Domain, dns.TypeMX))
	batch := dns.NewBatch(ctx, r)
	if res.Answer.Void() {
		res.Own.lookup(batch, res.Domain)
	}
	res.Targets = make([]Target, 0, len(res.Answer.Records))
	for _, rec := range res.Answer.Records {
		t := Target{Pref: rec.Pref, Host: rec.Host, Malformed: malformed(rec.Host)}
		if t.Malformed != "" || doubled(t.Host, res.Domain) != "" {
			t.Meant = meant(t.Host, res.Domain)
		}
		res.Targets = append(res.Targets, t)
	}
	for i := range asked(res.Targets) {
		t := &res.Targets[i]
		if !t.Null() && t.Malformed == "" {
			t.Addresses.lookup(batch, t.Host)
		}
		if t.Meant != "" {
			t.MeantAddresses.lookup(batch, t.Meant)
		}
	}
	batch.Wait()
	for i := range asked(res.Targets) {
		t := &res.Targets[i]
		if own := registrable(t.Host, res.Domain); own != "" && t.Malformed == "" && t.Addresses.Absent() && t.Addresses.A.Status == dns.NoName {
			batch.Ask(&t.Registered, dns.Ask(own, dns.TypeNS))
		}
	}
	batch.Wait()
	return res
}

func (a *Addresses) lookup(batch *dns.Batch, host string) {
	batch.Ask(&a.A, dns.Ask(host, dns.TypeA))
	batch.Ask(&a.AAAA, dns.Ask(host, dns.TypeAAAA))
}
