package dns_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// TestReferral holds what is read of a referral, of signatures and of a server
// without EDNS(0), and that a saved answer keeps it.
func TestReferral(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("acme.example", "v=spf1 -all")
	s, err := nameserver.Serve(z, nameserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}})
	t.Cleanup(c.Close)
	cache := dns.NewCache(dns.NewSteadyRecorder(c))

	z.Behave("acme.example", nameserver.Behaviour{Types: []dns.Type{dns.TypeNS}, ReferTo: []string{"ns2.acme.example", "ns1.hoster.test"}})
	a := cache.AskServer(t.Context(), s.Addr, dns.Ask("acme.example", dns.TypeNS))
	if kind, failed := a.Kind(); !failed || kind != dns.KindLame || !slices.Equal(a.Delegation, []string{"ns1.hoster.test", "ns2.acme.example"}) {
		t.Errorf("%+v", a)
	}
	kept(t, a)

	z.Behave("acme.example", nameserver.Behaviour{Refer: true})
	if a := c.AskServer(t.Context(), s.Addr, dns.Ask("acme.example", dns.TypeNS)); len(a.Delegation) != 0 {
		t.Errorf("a referral to the root is a delegation: %v", a.Delegation)
	}

	till := time.Now().Add(3 * 24 * time.Hour).UTC().Truncate(time.Second)
	z.Behave("acme.example", nameserver.Behaviour{AD: true, SignedTill: till})
	q := dns.Ask("acme.example", dns.TypeTXT)
	if a := cache.Lookup(t.Context(), q); !a.Expires.IsZero() || a.DO {
		t.Errorf("%+v", a)
	}
	a = cache.LookupSigned(t.Context(), q)
	if !a.Expires.Equal(till) || !a.Signed.Equal(till.AddDate(0, -1, 0)) || !a.DO || a.Status != dns.Found {
		t.Errorf("%v %v %+v", a.Signed, a.Expires, a)
	}
	kept(t, a)
	if b := dns.NewReplay([]dns.Answer{a}).LookupSigned(t.Context(), q); !b.Expires.Equal(till) {
		t.Errorf("%+v", b)
	}

	z.Behave("acme.example", nameserver.Behaviour{NoEDNS: true})
	if a = c.AskServer(t.Context(), s.Addr, q); !a.Plain || a.Status != dns.Found {
		t.Errorf("%+v", a)
	}
	kept(t, a)
}

func kept(t *testing.T, a dns.Answer) {
	t.Helper()
	text, err := json.Marshal(a)
	var b dns.Answer
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil || !slices.Equal(a.Delegation, b.Delegation) || !a.Expires.Equal(b.Expires) || !a.Signed.Equal(b.Signed) || a.DO != b.DO || a.Plain != b.Plain {
		t.Errorf("%v: %+v became %+v", err, a, b)
	}
}
