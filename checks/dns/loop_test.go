package dns_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
	"clockwise.info/cwmail/checks/dns/nameserver"
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

// TestCircle holds that a circle is found where the resolver says nothing but
// SERVFAIL, and that nothing is asked where it says more.
func TestCircle(t *testing.T) {
	z := nameserver.NewZone()
	z.SOA("acme.example", time.Minute)
	z.CNAME("a.acme.example", "b.acme.example")
	z.CNAME("b.acme.example", "c.acme.example")
	z.CNAME("c.acme.example", "b.acme.example")
	z.CNAME("self.acme.example", "self.acme.example")
	z.CNAME("to-dead.acme.example", "dead.acme.example")
	z.CNAME("bogus.acme.example", "bogus.acme.example")
	z.TXT("sound.acme.example", "x")
	only := func(name string, b nameserver.Behaviour) {
		b.Types = []dns.Type{dns.TypeTXT}
		z.Behave(name, b)
	}
	for _, n := range []string{"a", "self", "to-dead", "dead"} {
		only(n+".acme.example", nameserver.Behaviour{Rcode: nameserver.ServFail})
	}
	only("bogus.acme.example", nameserver.Behaviour{Rcode: nameserver.ServFail, EDE: []nameserver.EDE{{Code: 6}}})
	s := serve(t, z, nameserver.Options{})
	c := client(t, dns.Config{}, s)
	for _, tt := range []struct {
		name  string
		kind  dns.Kind
		chain []string
		asked int // questions for a CNAME
	}{
		{"a.acme.example", dns.KindLoop, []string{"b.acme.example", "c.acme.example", "b.acme.example"}, 3},
		{"self.acme.example", dns.KindLoop, []string{"self.acme.example"}, 1},
		{"to-dead.acme.example", dns.KindServFail, nil, 2},
		{"dead.acme.example", dns.KindServFail, nil, 1},
		{"bogus.acme.example", dns.KindServFail, nil, 0},
		{"sound.acme.example", 0, nil, 0},
	} {
		s.Reset()
		a := dns.Circle(t.Context(), c, c.Lookup(t.Context(), dns.Ask(tt.name, dns.TypeTXT)))
		if kind, _ := a.Kind(); kind != tt.kind || !slices.Equal(a.Chain, tt.chain) || s.Queries() != tt.asked+1 {
			t.Errorf("%s: %s, chain %q, %d questions", tt.name, a.Reason(), a.Chain, s.Queries())
		}
	}
}
