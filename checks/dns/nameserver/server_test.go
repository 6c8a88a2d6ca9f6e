package nameserver_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	mdns "github.com/miekg/dns"
)

// serve starts a server; the answers are read by another library than the one
// that packs them.
func serve(t *testing.T, z *nameserver.Zone, opts nameserver.Options) *nameserver.Server {
	t.Helper()
	s, err := nameserver.Serve(z, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func ask(t *testing.T, s *nameserver.Server, network, name string, typ uint16) (*mdns.Msg, error) {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion(mdns.Fqdn(name), typ)
	m.SetEdns0(1232, false)
	c := mdns.Client{Net: network, Timeout: 2 * time.Second}
	r, _, err := c.ExchangeContext(t.Context(), m, s.Addr.String())
	return r, err
}

func TestAnswers(t *testing.T) {
	z := nameserver.NewZone()
	if err := z.Add(`
		acme.example 3600 SOA ns.acme.example hostmaster.acme.example 7 1 2 3 300
		acme.example 60 IN TXT "v=spf1 " "-all" ; comment
		acme.example. MX 10 mail.acme.example.
		mail.acme.example A 192.0.2.1
		mail.acme.example AAAA 2001:db8::1
		a.b.acme.example A 192.0.2.2
		alias.acme.example CNAME mail.acme.example
		*.wild.acme.example TXT yes
		loop.acme.example CNAME loop2.acme.example
		loop2.acme.example CNAME loop.acme.example
		_25._tcp.mail.acme.example TLSA 3 1 1 00ff
		odd\032name.acme.example TXT "a\"b\\\001\255"
	`); err != nil {
		t.Fatal(err)
	}
	s := serve(t, z, nameserver.Options{})
	for _, c := range []struct {
		name  string
		typ   uint16
		rcode int
		want  string // records, one a line, "" for none
		soa   bool
	}{
		{"ACME.example", mdns.TypeTXT, 0, `acme.example. 60 IN TXT "v=spf1 " "-all"`, false},
		{"acme.example", mdns.TypeMX, 0, "acme.example. 3600 IN MX 10 mail.acme.example.", false},
		{"b.acme.example", mdns.TypeA, 0, "", true},
		{"none.acme.example", mdns.TypeA, 3, "", true},
		{"acme.example", mdns.TypeAAAA, 0, "", true},
		{"alias.acme.example", mdns.TypeA, 0, "alias.acme.example. 3600 IN CNAME mail.acme.example.\nmail.acme.example. 3600 IN A 192.0.2.1", false},
		{"x.y.wild.acme.example", mdns.TypeTXT, 0, `x.y.wild.acme.example. 3600 IN TXT "yes"`, false},
		{"_25._tcp.mail.acme.example", mdns.TypeTLSA, 0, "_25._tcp.mail.acme.example. 3600 IN TLSA 3 1 1 00ff", false},
		{`odd\032name.acme.example`, mdns.TypeTXT, 0, `odd\ name.acme.example. 3600 IN TXT "a\"b\\\001\255"`, false},
		{"other.test", mdns.TypeA, 3, "", false},
	} {
		for _, network := range []string{"udp", "tcp"} {
			r, err := ask(t, s, network, c.name, c.typ)
			if err != nil {
				t.Errorf("%s %s: %v", network, c.name, err)
				continue
			}
			var got []string
			for _, rr := range r.Answer {
				got = append(got, strings.Join(strings.Fields(rr.String()), " "))
			}
			if !strings.EqualFold(strings.Join(got, "\n"), c.want) || r.Rcode != c.rcode || (len(r.Ns) == 1) != c.soa {
				t.Errorf("%s %s: rcode %d, %d SOA,\ngot  %q\nwant %q", network, c.name, r.Rcode, len(r.Ns), got, c.want)
			}
		}
	}
	if r, err := ask(t, s, "udp", "loop.acme.example", mdns.TypeA); err != nil || len(r.Answer) != 16 {
		t.Errorf("loop: %v %v", r, err)
	}
}

func TestZoneChangesWhileServed(t *testing.T) {
	z := nameserver.NewZone()
	s := serve(t, z, nameserver.Options{})
	rcode := func(name string) int {
		r, err := ask(t, s, "udp", name, mdns.TypeTXT)
		if err != nil {
			t.Fatal(err)
		}
		return r.Rcode<<8 | len(r.Answer)
	}
	steps := []struct {
		do   func()
		want int
	}{
		{func() {}, 3 << 8},
		{func() { z.TXT("a.b.example", "x") }, 1},
		{func() { z.TXT("a.b.example", "y") }, 2},
		{func() { z.Remove("a.b.example", dns.TypeA) }, 2},
		{func() { z.Remove("a.b.example") }, 3 << 8},
	}
	for i, st := range steps {
		st.do()
		if got := rcode("a.b.example"); got != st.want {
			t.Errorf("step %d: %x, want %x", i, got, st.want)
		}
	}
	if got := rcode("b.example"); got != 3<<8 {
		t.Errorf("a name stays after the last one below it: %x", got)
	}
	if s.Queries() != 6 || s.Distinct() != 2 || s.Asked(dns.Ask("a.b.example", dns.TypeTXT)) != 5 {
		t.Errorf("counts: %d %d", s.Queries(), s.Distinct())
	}
	s.Reset()
	if s.Queries() != 0 || len(s.Questions()) != 0 {
		t.Error("Reset leaves counts")
	}
}

func TestBehaviours(t *testing.T) {
	z := nameserver.NewZone()
	z.Text("big.example", strings.Repeat("x", 2000))
	z.TXT("trunc.example", "small")
	z.Behave("trunc.example", nameserver.Behaviour{Truncate: true})
	z.Behave("bogus.example", nameserver.Behaviour{Below: true, Rcode: nameserver.ServFail, EDE: []nameserver.EDE{{Code: 6, Text: "bogus"}}})
	z.Behave("noedns.example", nameserver.Behaviour{NoEDNS: true})
	z.TXT("ad.example", "x")
	z.Behave("ad.example", nameserver.Behaviour{AD: true, NoAA: true, Types: []dns.Type{dns.TypeTXT}})
	s := serve(t, z, nameserver.Options{})

	for _, name := range []string{"big.example", "trunc.example"} {
		if r, err := ask(t, s, "udp", name, mdns.TypeTXT); err != nil || !r.Truncated || len(r.Answer) != 0 {
			t.Errorf("%s over UDP: %v %v", name, r, err)
		}
		if r, err := ask(t, s, "tcp", name, mdns.TypeTXT); err != nil || r.Truncated || len(r.Answer) != 1 {
			t.Errorf("%s over TCP: %v %v", name, r, err)
		}
	}
	r, err := ask(t, s, "udp", "x.bogus.example", mdns.TypeA)
	if err != nil || r.Rcode != mdns.RcodeServerFailure || r.IsEdns0() == nil || !strings.Contains(r.IsEdns0().String(), "bogus") {
		t.Errorf("bogus: %v %v", r, err)
	}
	if r, err = ask(t, s, "udp", "noedns.example", mdns.TypeA); err != nil || r.Rcode != mdns.RcodeFormatError {
		t.Errorf("without EDNS: %v %v", r, err)
	}
	if r, err = ask(t, s, "udp", "ad.example", mdns.TypeTXT); err != nil || !r.AuthenticatedData || r.Authoritative {
		t.Errorf("AD: %v %v", r, err)
	}
	if s.OverTCP() != 2 {
		t.Errorf("%d questions over TCP", s.OverTCP())
	}
}

func TestNoTCP(t *testing.T) {
	s := serve(t, nameserver.NewZone(), nameserver.Options{NoTCP: true})
	if c, err := net.Dial("tcp", s.Addr.String()); err == nil {
		_ = c.Close()
		t.Error("something listens on TCP")
	}
}

func TestMistakesStopServing(t *testing.T) {
	for _, line := range []string{"a.example A x", "a.example BAD y", "a.example", `a.example TXT "x`, "a..b A 192.0.2.1", "a.example MX 10", "a.example AAAA 192.0.2.1"} {
		z := nameserver.NewZone()
		err := z.Add(line)
		if z.Err() == nil {
			t.Errorf("%q is taken: %v", line, err)
		}
		if s, err := nameserver.Serve(z, nameserver.Options{}); err == nil {
			_ = s.Close()
			t.Errorf("%q is served", line)
		}
	}
}

func FuzzQuery(f *testing.F) {
	z := nameserver.NewZone()
	z.TXT("a.example", "x")
	s, err := nameserver.Serve(z, nameserver.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	m := new(mdns.Msg)
	m.SetQuestion("a.example.", mdns.TypeTXT)
	seed, _ := m.Pack()
	f.Add(seed)
	f.Add(append(slices.Clone(seed), 0xc0, 0x0c))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := net.Dial("tcp", s.Addr.String())
		if err != nil {
			t.Skip(err)
		}
		defer c.Close()
		if len(b) > 65535 {
			return
		}
		_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...))
	})
}

func ExampleZone_Add() {
	z := nameserver.NewZone()
	fmt.Println(z.Add(`acme.example TXT "v=spf1 -all"`))
	// Output: <nil>
}
