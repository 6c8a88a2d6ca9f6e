package dns_test

import (
	"net/netip"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// TestLoopInFailure holds that a circle is told from other failures where the
// server sends it along with SERVFAIL, as BIND does.
func TestLoopInFailure(t *testing.T) {
	alias := rr{typ: dns.TypeCNAME, data: other}
	back := rr{owner: other, typ: dns.TypeCNAME, data: here}
	for _, tt := range []struct {
		name string
		sent []rr
		want dns.Kind
	}{
		{"a circle", []rr{alias, back}, dns.KindLoop},
		{"a chain that ends", []rr{alias}, dns.KindServFail},
		{"the records themselves", []rr{{typ: dns.TypeTXT, data: text}}, dns.KindServFail},
		{"nothing", nil, dns.KindServFail},
		{"what cannot be read", []rr{{typ: dns.TypeCNAME, data: "\xff"}}, dns.KindServFail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := hostile(func(q []byte, _ bool) []byte { return message(wire.ServFail, q, tt.sent...) }).serve(t)
			c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{server}})
			t.Cleanup(c.Close)
			a := c.Lookup(t.Context(), dns.Ask("acme.example", dns.TypeTXT))
			if kind, failed := a.Kind(); !failed || kind != tt.want || a.Rcode != "SERVFAIL" {
				t.Errorf("%s: %v", a.Status, a.Err)
			}
		})
	}
}
