package nameserver_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns/nameserver"
	mdns "github.com/miekg/dns"
)

// TestFile reads zone files back with another library.
func TestFile(t *testing.T) {
	z := nameserver.NewZone()
	z.SOA("", time.Minute)
	z.NS("", "ns.dns.example")
	z.PTR(netip.MustParseAddr("192.0.2.25"), "mail.acme.example")
	z.SOA("acme.example", 5*time.Minute)
	z.NS("acme.example", "ns.dns.example", "ns.sub.acme.example")
	z.SOA("sub.acme.example", time.Minute)
	z.NS("sub.acme.example", "ns.sub.acme.example")
	z.SOA("dns.example", time.Minute)
	z.NS("dns.example", "ns.dns.example")
	if err := z.Add(`
		acme.example 60 TXT "v=spf1 " "-all"
		acme.example MX 10 mail.acme.example
		*.acme.example TXT "\000\"\\;\255" ""
		odd\032name.acme.example A 192.0.2.1
		sub.acme.example TXT "not of acme.example"
		ns.sub.acme.example A 192.0.2.2
		ns.sub.acme.example AAAA 2001:db8::2
		ns.dns.example A 192.0.2.3
		www.dns.example A 192.0.2.4
	`); err != nil {
		t.Fatal(err)
	}
	if got := z.Apexes(); !slices.Equal(got, []string{"", "acme.example", "dns.example", "sub.acme.example"}) {
		t.Errorf("the zones are %q", got)
	}
	for apex, want := range map[string]string{
		"": `
			. 3600 IN SOA ns. hostmaster. 1 7200 3600 1209600 60
			. 3600 IN NS ns.dns.example.
			acme.example. 3600 IN NS ns.dns.example.
			acme.example. 3600 IN NS ns.sub.acme.example.
			dns.example. 3600 IN NS ns.dns.example.
			25.2.0.192.in-addr.arpa. 3600 IN PTR mail.acme.example.
			ns.dns.example. 3600 IN A 192.0.2.3
			ns.sub.acme.example. 3600 IN A 192.0.2.2
			ns.sub.acme.example. 3600 IN AAAA 2001:db8::2`,
		"ACME.example.": `
			acme.example. 3600 IN SOA ns.acme.example. hostmaster.acme.example. 1 7200 3600 1209600 300
			acme.example. 3600 IN NS ns.dns.example.
			acme.example. 3600 IN NS ns.sub.acme.example.
			acme.example. 3600 IN MX 10 mail.acme.example.
			acme.example. 60 IN TXT "v=spf1 " "-all"
			*.acme.example. 3600 IN TXT "\000\"\\;\255" ""
			odd\ name.acme.example. 3600 IN A 192.0.2.1
			sub.acme.example. 3600 IN NS ns.sub.acme.example.
			ns.sub.acme.example. 3600 IN A 192.0.2.2
			ns.sub.acme.example. 3600 IN AAAA 2001:db8::2`,
		"example": "",
	} {
		wanted, got := strings.Split(strings.ReplaceAll(strings.TrimSpace(want), "\t", ""), "\n"), lines(t, z.File(apex))
		slices.Sort(wanted[min(1, len(wanted)):]) // the SOA record comes first
		slices.Sort(got[min(1, len(got)):])
		if strings.Join(got, "\n") != strings.Join(wanted, "\n") {
			t.Errorf("%q:\n%s\nwant:\n%s", apex, strings.Join(got, "\n"), strings.Join(wanted, "\n"))
		}
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	var out []string
	p := mdns.NewZoneParser(strings.NewReader(file), "", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		out = append(out, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	return out
}
