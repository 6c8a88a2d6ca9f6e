package spf

import (
	"net/netip"
	"testing"

	"clockwise.info/cwmail/checks/dns"
)

// benchZone is the record of a firm with a suite of services.
const benchZone = `
	a.example TXT v=spf1 mx include:_spf.google.example include:spf.office.example include:_spf.relay.example ~all
	a.example MX 1 m1.example
	a.example MX 2 m2.example
	m1.example A 198.51.100.1
	m2.example A 198.51.100.2
	_spf.google.example TXT v=spf1 include:_n1.google.example include:_n2.google.example include:_n3.google.example ~all
	_n1.google.example TXT v=spf1 ip4:198.51.100.0/28 ip4:198.51.100.16/28 ip4:198.51.100.32/28 ip4:198.51.100.48/28 ip4:198.51.100.64/28 ip4:198.51.100.80/28 ~all
	_n2.google.example TXT v=spf1 ip6:2001:db8:4000::/36 ip6:2001:db8:4800::/36 ip6:2001:db8:5000::/36 ip6:2001:db8:5800::/36 ~all
	_n3.google.example TXT v=spf1 ip4:198.51.100.96/28 ip4:198.51.100.112/28 ip4:198.51.100.128/28 ip4:198.51.100.144/28 ~all
	spf.office.example TXT v=spf1 ip4:203.0.113.0/28 ip4:203.0.113.32/28 ip4:203.0.113.64/28 ip6:2001:db8:f400::/48 -all
	_spf.relay.example TXT v=spf1 ip4:31.134.206.128/28 -all
`

func BenchmarkEvaluate(b *testing.B) {
	z := parseZone(b, benchZone)
	var r dns.Resolver = quiet{z}
	client := Client{IP: netip.MustParseAddr("31.134.206.130"), MailFrom: "user@a.example", HELO: "relay.example"}
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if o := Evaluate(b.Context(), r, client, Options{}); o.Result != Pass {
				b.Fatalf("%+v", o)
			}
		}
	})
	b.Run("own, parsed", func(b *testing.B) {
		b.ReportAllocs()
		opts := Options{Parsed: &Parsed{}}
		for b.Loop() {
			if o := Evaluate(b.Context(), r, client, opts); o.Result != Pass {
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

// BenchmarkLookup is the tree and sixteen evaluations from memory.
func BenchmarkLookup(b *testing.B) {
	r := quiet{parseZone(b, benchZone)}
	b.ReportAllocs()
	for b.Loop() {
		if res := Lookup(b.Context(), r, "a.example", relays(), Options{}); res.Outcomes[15].Result != Pass || res.Lookups != 7 {
			b.Fatalf("%+v", res)
		}
	}
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
