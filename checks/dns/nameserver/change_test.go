package nameserver_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

func TestValues(t *testing.T) {
	z := nameserver.NewZone()
	z.SOA("acme.example", time.Minute)
	z.TXT("acme.example", "one ", "piece")
	long := strings.Repeat("x", 300)
	for _, add := range []struct {
		typ   dns.Type
		value string
		ok    bool
	}{
		{dns.TypeTXT, "one piece", true}, // is there
		{dns.TypeTXT, long, true},
		{dns.TypeMX, "10 mail.acme.example", true},
		{dns.TypeMX, "mail.acme.example", false},
		{dns.TypeCNAME, "a..b", false},
		{dns.TypeA, "192.0.2.1", false},
	} {
		if err := z.AddValue("acme.example", add.typ, time.Hour, add.value); (err == nil) != add.ok {
			t.Errorf("%s %.20s: %v", add.typ, add.value, err)
		}
	}
	if z.AddValue(strings.Repeat("x", 64)+".example", dns.TypeTXT, 0, "") == nil || z.Err() != nil {
		t.Errorf("a name that is none: %v", z.Err())
	}
	other := z.Clone()
	z.SetTTL("acme.example", dns.TypeTXT, 5*time.Second)
	for value, was := range map[string]bool{"piece": false, long: true} {
		if z.RemoveValue("acme.example", dns.TypeTXT, value) != was {
			t.Errorf("%.20s was there: %v", value, !was)
		}
	}
	if !z.RemoveValue("acme.example", dns.TypeMX, "10 Mail.acme.example.") || z.RemoveValue("acme.example", dns.TypeMX, "x") {
		t.Error("the MX")
	}
	if apex, ok := z.Apex("a.ACME.example"); apex != "acme.example" || !ok {
		t.Error(apex)
	}
	if _, ok := z.Apex("example"); ok {
		t.Error("a zone without SOA")
	}
	for _, c := range []struct {
		z    *nameserver.Zone
		n    int
		ttl  uint32
		what string
	}{{z, 1, 5, "changed"}, {other, 2, 3600, "its copy"}} {
		m, err := ask(t, serve(t, c.z, nameserver.Options{}), "tcp", "acme.example", mdns.TypeTXT)
		if err != nil || len(m.Answer) != c.n || m.Answer[0].Header().Ttl != c.ttl {
			t.Errorf("%s: %v %v", c.what, m, err)
		}
	}
}

// TestKeep asks a resolver with a cache while its zone changes.
func TestKeep(t *testing.T) {
	z := nameserver.NewZone()
	z.SOA("acme.example", 4*time.Second)
	z.TXT("acme.example", "old")
	began := time.Now()
	var passed atomic.Int64 // the server reads it
	s := serve(t, z, nameserver.Options{Keep: 10 * time.Second, Now: func() time.Time { return began.Add(time.Duration(passed.Load())) }})
	later := func(d time.Duration) { passed.Add(int64(d)) }
	hold := func(name string, text string, ttl uint32) {
		t.Helper()
		m, err := ask(t, s, "udp", name, mdns.TypeTXT)
		if err != nil {
			t.Fatal(err)
		}
		rrs := m.Answer
		if text == "" {
			rrs = m.Ns
		}
		if len(rrs) != 1 || text != "" && rrs[0].(*mdns.TXT).Txt[0] != text || rrs[0].Header().Ttl != ttl {
			t.Errorf("%s: %v, want %q for %d s", name, rrs, text, ttl)
		}
	}
	hold("acme.example", "old", 10)
	hold("new.acme.example", "", 4)
	z.Remove("acme.example", dns.TypeTXT)
	z.TXT("acme.example", "new")
	z.TXT("new.acme.example", "made")
	later(3 * time.Second)
	hold("acme.example", "old", 7)
	hold("new.acme.example", "", 1)
	later(time.Second)
	hold("acme.example", "old", 6)
	hold("new.acme.example", "made", 10)
	later(6 * time.Second)
	hold("acme.example", "new", 10)
}
