package checks_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

// TestEditedAtWrongProvider is M09 of the catalogue: the old provider's server
// has the change, the delegated ones do not. It is found at a server that the
// zone still names, and at one that the user names.
func TestEditedAtWrongProvider(t *testing.T) {
	world := readCorpus(t, "world")[0].edits
	const lacking = "v=spf1 include:spf.protection.outlook.com -all"
	without := []edit{{'-', "customer.example", dns.TypeTXT, ""}, {'+', "customer.example", dns.TypeTXT, lacking}}
	parent := []edit{{'+', "example", dns.TypeNS, "ns.example"}, {'+', "ns.example", dns.TypeA, "192.0.2.200"}}
	old := edit{'+', "customer.example", dns.TypeNS, "old.customer.example"}
	address := edit{'+', "old.customer.example", dns.TypeA, "192.0.2.99"}
	for _, tc := range []struct {
		name      string
		more      []edit
		elsewhere []string
		delegates []string
		want      bool
	}{
		{"named by the zone", []edit{old, address}, nil, []string{"ns1.customer.example", "ns2.customer.example"}, true},
		{"named by the user", []edit{address}, []string{"old.customer.example"}, nil, true},
		{"named by address", nil, []string{"192.0.2.99"}, nil, true},
		{"nobody names it", nil, nil, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now := apply(world, without, parent, tc.more)
			zones := map[string]*nameserver.Zone{
				"198.51.100.1:53": now.zone(), "192.0.2.53:53": now.zone(), "192.0.2.54:53": now.zone(),
				"192.0.2.99:53": apply(world).zone(), "192.0.2.200:53": nameserver.NewZone(),
			}
			if tc.delegates != nil {
				zones["192.0.2.200:53"].Behave("customer.example", nameserver.Behaviour{ReferTo: tc.delegates})
			}
			e := examinerOf(t, zones)
			e.Elsewhere = tc.elsewhere
			report := e.Examine(t.Context(), row{}.target(), nil)
			wellFormed(t, report)
			replayed(t, e, report)
			i := slices.IndexFunc(report.Open(), func(f finding.Finding) bool { return f.Code() == "dns.edited-at-wrong-provider" })
			if (i == 0) != tc.want {
				t.Fatalf("\n%s", listed(report.Findings))
			}
			if !tc.want {
				return
			}
			r := report.Open()[0].Fix.Records[0]
			if r.Replaces == nil || *r.Replaces != lacking || r.Value != values(edit{typ: dns.TypeTXT, value: "SPF-OK"})[0] {
				t.Errorf("%+v", r)
			}
			if differs := slices.ContainsFunc(report.Findings, func(f finding.Finding) bool { return f.Code() == "dns.delegation-differs" }); differs != (tc.delegates != nil) {
				t.Errorf("\n%s", listed(report.Findings))
			}
		})
	}
}

// examinerOf examines with a name server for each address; the resolver is
// 198.51.100.1.
func examinerOf(t *testing.T, zones map[string]*nameserver.Zone) *checks.Examiner {
	t.Helper()
	addresses := map[string]string{}
	for address, z := range zones {
		s, err := nameserver.Serve(z, nameserver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		addresses[address] = s.Addr.String()
	}
	own := netip.MustParseAddrPort("198.51.100.1:53")
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{own}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addresses[address])
	}})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	return &checks.Examiner{Resolver: cache, Asker: cache, Own: []netip.AddrPort{own}, Now: time.Now, Service: transports.DefaultService()}
}
