package spf

import (
	"net/netip"
	"reflect"
	"testing"

	"clockwise.info/cwmail/checks/dns/dnstest"
)

// TestTogether holds that to evaluate for many addresses at once gives what each
// alone gives, also where a record tells them apart.
func TestTogether(t *testing.T) {
	var relays []netip.Addr
	for a := netip.MustParseAddr("31.134.206.128"); len(relays) < 16; a = a.Next() {
		relays = append(relays, a)
	}
	mixed := append([]netip.Addr{netip.MustParseAddr("2001:db8::1")}, relays...)
	for _, record := range []string{
		"v=spf1 ip4:31.134.206.128/28 -all", "v=spf1 ip4:31.134.206.128/29 -all", "v=spf1 ip4:31.134.206.130 ~all",
		"v=spf1 a:host.example -all", "v=spf1 a:host.example/28 -all", "v=spf1 mx:mail.example -all", "v=spf1 include:part.example ?all",
		"v=spf1 include:part.example include:none.example -all", "v=spf1 redirect=part.example", "v=spf1 redirect=%{i}.ip.example",
		"v=spf1 exists:%{i}.ip.example -all", "v=spf1 exists:host.example -all", "v=spf1 ptr -all", "v=spf1 -all exp=why.example",
		"v=spf1 a:%{v}.example -all", "v=spf1 ip6:2001:db8::/32 -all", "v=spf1 include:%{l}.example -all", "v=spf1 a:fails.example -all",
		"v=spf1 a:v1.example a:v2.example a:v3.example -all", "v=spf1 ip4:31.134.206.128/28 a:fails.example -all", "v=spf1 bad", "v=spf1",
	} {
		z := dnstest.New(
			"acme.example TXT "+record, "host.example A 31.134.206.133", "host.example A 192.0.2.1", "mail.example MX 10 host.example",
			"part.example TXT v=spf1 ip4:31.134.206.136/29 -all", "31.134.206.131.ip.example A 127.0.0.2",
			"31.134.206.131.ip.example TXT v=spf1 +all", "why.example TXT not from %{i}", "131.206.134.31.in-addr.arpa PTR host.acme.example",
			"host.acme.example A 31.134.206.131", "fails.example A SERVFAIL", "postmaster.example TXT v=spf1 ip4:31.134.206.128/30 -all",
		)
		for _, ips := range [][]netip.Addr{relays, mixed, relays[:1], nil} {
			res := Lookup(t.Context(), z, "acme.example", ips, Options{})
			for i, ip := range ips {
				want := Evaluate(t.Context(), z, Client{IP: ip, MailFrom: "postmaster@acme.example"}, Options{})
				if got := res.Outcomes[i]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s for %s: %+v, alone %+v", record, ip, got, want)
				}
			}
		}
	}
}
