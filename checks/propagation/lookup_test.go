package propagation_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/propagation"
)

func serve(t *testing.T, text string, b nameserver.Behaviour) *nameserver.Server {
	t.Helper()
	z := nameserver.NewZone()
	if text != "" {
		z.TXT("acme.example", text)
	}
	s, err := nameserver.Serve(z, nameserver.Options{Behaviour: b})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestLookup(t *testing.T) {
	// The servers are reached by the addresses of the plan.
	net53 := map[string]*nameserver.Server{
		"192.0.2.1:53":    serve(t, "new", nameserver.Behaviour{}),
		"192.0.2.2:53":    serve(t, "old", nameserver.Behaviour{}),
		"192.0.2.3:53":    serve(t, "", nameserver.Behaviour{Drop: true}),
		"198.51.100.1:53": serve(t, "old", nameserver.Behaviour{NoAA: true}),
		"198.51.100.2:53": serve(t, "own", nameserver.Behaviour{NoAA: true}),
	}
	c := dns.NewClient(dns.Config{Attempts: 1, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net53[address].Addr.String())
	}})
	t.Cleanup(c.Close)
	own := netip.MustParseAddrPort("198.51.100.2:53")
	plan := propagation.Plan{
		Servers: []propagation.Server{
			{Name: "ns1.example", Addrs: []netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1")}},
			{Name: "ns2.example", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.2")}},
			{Name: "ns3.example", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.3")}},
			{Name: "ns4.example"},
		},
		Public:    []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:53"), own, netip.MustParseAddrPort("198.51.100.1:53")},
		Skip:      []netip.AddrPort{own},
		Questions: []dns.Question{dns.Ask("acme.example", dns.TypeTXT), {Name: "ACME.example.", Type: dns.TypeTXT}, dns.Ask("acme.example", dns.TypeMX)},
	}
	views := propagation.Lookup(t.Context(), dns.NewCache(c), plan)
	if len(views) != 2 {
		t.Fatalf("%d questions", len(views))
	}
	v := views[dns.Ask("acme.example", dns.TypeTXT)]
	for i, want := range []string{"new", "old"} {
		if a := v.Authoritative[i]; len(a.Texts()) != 1 || a.Texts()[0] != want || !a.Direct || !a.AA {
			t.Errorf("server %d: %+v", i, a)
		}
	}
	for i, kind := range map[int]dns.Kind{2: dns.KindTimeout, 3: dns.KindNoServer} {
		if k, failed := v.Authoritative[i].Kind(); !failed || k != kind || v.Authoritative[i].Server == "" {
			t.Errorf("server %d: %+v", i, v.Authoritative[i])
		}
	}
	if len(v.Public) != 1 || v.Public[0].Texts()[0] != "old" || !v.Public[0].Public || v.Public[0].Direct {
		t.Errorf("public: %+v", v.Public)
	}
	if v := views[dns.Ask("acme.example", dns.TypeMX)]; v.Authoritative[0].Status != dns.Empty {
		t.Errorf("MX: %+v", v.Authoritative[0])
	}
	if n := net53["198.51.100.2:53"].Queries(); n != 0 {
		t.Errorf("a skipped resolver was asked %d times", n)
	}
}

func TestReplayTouchesNothing(t *testing.T) {
	views := propagation.Lookup(t.Context(), dns.NewReplay(nil), propagation.Plan{
		Servers:   []propagation.Server{{Name: "ns1.example", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}},
		Questions: []dns.Question{dns.Ask("acme.example", dns.TypeTXT)},
	})
	for _, v := range views {
		if k, _ := v.Authoritative[0].Kind(); k != dns.KindNotRecorded {
			t.Errorf("%+v", v)
		}
	}
}
