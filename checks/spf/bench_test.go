package spf

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"clockwise.info/cwmail/checks/dns"
)

// benchZone is the record of a firm with a suite of services: its own hosts, a
// mail provider whose record has three more in it, another one, a list of
// addresses, a macro and the relay.
const benchZone = `
	a.example TXT v=spf1 mx a:web.a.example include:_spf.google.example include:spf.office.example exists:%{i}._h.%{d2}.spf.example include:_spf.relay.example ~all
	a.example MX 1 m1.example
	a.example MX 2 m2.example
	m1.example A 198.51.100.1
	m2.example A 198.51.100.2
	web.a.example A 198.51.100.3
	_spf.google.example TXT v=spf1 include:_n1.google.example include:_n2.google.example include:_n3.google.example ~all
	_n1.google.example TXT v=spf1 ip4:198.51.100.0/28 ip4:198.51.100.16/28 ip4:198.51.100.32/28 ip4:198.51.100.48/28 ip4:198.51.100.64/28 ip4:198.51.100.80/28 ~all
	_n2.google.example TXT v=spf1 ip6:2001:db8:4000::/36 ip6:2001:db8:4800::/36 ip6:2001:db8:5000::/36 ip6:2001:db8:5800::/36 ~all
	_n3.google.example TXT v=spf1 ip4:198.51.100.96/28 ip4:198.51.100.112/28 ip4:198.51.100.128/28 ip4:198.51.100.144/28 ~all
	spf.office.example TXT v=spf1 ip4:203.0.113.0/28 ip4:203.0.113.32/28 ip4:203.0.113.64/28 ip6:2001:db8:f400::/48 -all
	_spf.relay.example TXT v=spf1 ip4:31.134.206.128/28 -all
`

// memory answers from a table, so that what is measured is evaluating.
type memory map[dns.Question]dns.Answer

func (m memory) Lookup(_ context.Context, q dns.Question) dns.Answer {
	if a, ok := m[q]; ok {
		return a
	}
	return dns.Answer{Question: q, Status: dns.NoName}
}

func newMemory(tb testing.TB, text string) memory {
	m := memory{}
	z := parseZone(tb, text)
	for name, types := range z.names {
		for typ := range types {
			m[dns.Ask(name, typ)] = z.answer(dns.Ask(name, typ))
		}
		for _, typ := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
			if types[typ] == nil {
				m[dns.Ask(name, typ)] = dns.Answer{Question: dns.Ask(name, typ), Status: dns.Empty}
			}
		}
	}
	return m
}

// BenchmarkEvaluate has ours and the peer on the same zone, and a batch that
// keeps the records it has read.
func BenchmarkEvaluate(b *testing.B) {
	var r dns.Resolver = newMemory(b, benchZone)
	client := Client{IP: netip.MustParseAddr("31.134.206.130"), MailFrom: "user@a.example", HELO: "relay.example"}
	ours := func(opts Options) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if o := Evaluate(b.Context(), r, client, opts); o.Result != Pass || o.Lookups != 9 {
					b.Fatalf("%+v", o)
				}
			}
		}
	}
	b.Run("own", ours(Options{}))
	b.Run("own, parsed", ours(Options{Parsed: &Parsed{}}))
	b.Run("own, one look-up", func(b *testing.B) { // as Lookup has it for each address
		b.ReportAllocs()
		m := newMemo(r, nil)
		for b.Loop() {
			if o := evaluate(b.Context(), m, m, client, Options{}); o.Result != Pass || o.Lookups != 9 {
				b.Fatalf("%+v", o)
			}
		}
	})
	b.Run("peer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got := peerResult(b.Context(), r, client); got != Pass {
				b.Fatal(got)
			}
		}
	})
}

// BenchmarkLookup is the tree and sixteen evaluations from memory: of one
// domain, and of many that include the same providers.
func BenchmarkLookup(b *testing.B) {
	r := newMemory(b, benchZone)
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if res := Lookup(b.Context(), r, "a.example", relays(), Options{}); res.Outcomes[15].Result != Pass || res.Lookups != 9 {
				b.Fatalf("%+v", res)
			}
		}
	})
	b.Run("many, parsed", func(b *testing.B) {
		b.ReportAllocs()
		opts := Options{Parsed: &Parsed{}}
		var domains []string
		for i := range 1000 {
			domain := fmt.Sprintf("d%d.example", i)
			domains = append(domains, domain)
			for _, typ := range []dns.Type{dns.TypeTXT, dns.TypeMX} {
				r[dns.Ask(domain, typ)] = r[dns.Ask("a.example", typ)]
			}
		}
		i := 0
		for b.Loop() {
			if res := Lookup(b.Context(), r, domains[i%len(domains)], relays(), opts); res.Outcomes[15].Result != Pass || res.Lookups != 9 {
				b.Fatalf("%+v", res)
			}
			i++
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const text = "v=spf1 mx include:_spf.google.example ip4:198.51.100.96/28 ip4:198.51.100.112/28 ip6:2001:db8:f400::/48 include:_spf.relay.example ~all"
	b.ReportAllocs()
	for b.Loop() {
		if rec := Parse(text); len(rec.Terms) != 7 {
			b.Fatal(rec)
		}
	}
}
