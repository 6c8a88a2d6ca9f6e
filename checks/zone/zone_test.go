package zone_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/zone"
)

// patience is long enough for a busy machine; only what never answers needs it
// all.
const patience = 700 * time.Millisecond

// stuck answers nobody before ctx ends, and counts who asks.
type stuck struct{ asked chan struct{} }

func (s stuck) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	s.asked <- struct{}{}
	<-ctx.Done()
	return dns.Answer{Question: q, Status: dns.Failed}
}

// TestProbeHoldsUpNobody asks while another one waits for the answer.
func TestProbeHoldsUpNobody(t *testing.T) {
	var p zone.Probe
	r := stuck{make(chan struct{})}
	for range 2 {
		go p.Ask(t.Context(), r)
	}
	for range 2 {
		select {
		case <-r.asked:
		case <-time.After(10 * time.Second):
			t.Fatal("one waits for the other")
		}
	}
}

// world is a sound zone acme.example, which a test breaks.
func world(t *testing.T) (*nameserver.Zone, *nameserver.Server, *dns.Client) {
	t.Helper()
	z := nameserver.NewZone()
	z.SOA("", time.Hour)
	z.SOA("example", time.Hour)
	z.SOA("acme.example", time.Hour)
	z.NS("acme.example", "ns2.hoster.test", "ns1.hoster.test")
	z.A("ns1.hoster.test", "192.0.2.1")
	z.AAAA("ns1.hoster.test", "2001:db8::1")
	z.A("ns2.hoster.test", "192.0.2.2")
	z.TXT("acme.example", "v=spf1 -all")
	s, err := nameserver.Serve(z, nameserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}, Timeout: patience})
	t.Cleanup(func() { c.Close(); _ = s.Close() })
	return z, s, c
}

// TestManyServers holds that a zone cannot make us ask hundreds of hosts.
func TestManyServers(t *testing.T) {
	z, s, c := world(t)
	for i := range 300 {
		z.NS("acme.example", fmt.Sprintf("n%d.acme.example", i))
	}
	r := zone.Lookup(t.Context(), c, "acme.example")
	if n := len(r.Servers); n == 0 || n > 20 || s.Distinct() > 60 {
		t.Errorf("%d servers, %d questions", n, s.Distinct())
	}
}

func TestLookup(t *testing.T) {
	z, _, c := world(t)
	z.TXT("a.b.mail.acme.example", "x")
	z.SOA("sub.acme.example", time.Hour)
	z.NS("sub.acme.example", "ns1.hoster.test")
	z.CNAME("alias.acme.example", "www.other.test")
	for _, tc := range []struct {
		domain, apex, registered string
		exists                   zone.Existence
		servers                  int
	}{
		{"ACME.example.", "acme.example", "acme.example", zone.Exists, 2},
		{"mail.acme.example", "acme.example", "acme.example", zone.Exists, 2},
		{"a.b.mail.acme.example", "acme.example", "acme.example", zone.Exists, 2},
		{"none.acme.example", "acme.example", "acme.example", zone.Missing, 2},
		{"x.sub.acme.example", "sub.acme.example", "acme.example", zone.Missing, 1},
		{"alias.acme.example", "acme.example", "acme.example", zone.Exists, 2},
		{"a.b.c.d.e.f.g.h.i.j.acme.example", "acme.example", "acme.example", zone.Missing, 2},
		{"acme.exmaple", "", "acme.exmaple", zone.Missing, 0},
	} {
		r := zone.Lookup(t.Context(), c, tc.domain)
		if r.Apex != tc.apex || r.Registered != tc.registered || r.DomainExists != tc.exists || len(r.Servers) != tc.servers {
			t.Errorf("%s: apex %q, registered %q, exists %d, servers %v", tc.domain, r.Apex, r.Registered, r.DomainExists, r.Servers)
		}
	}
	r := zone.Lookup(t.Context(), c, "acme.example")
	want := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	if r.Servers[0].Name != "ns1.hoster.test" || !slices.Equal(r.Servers[0].Addrs, want) {
		t.Errorf("%+v", r.Servers)
	}
	if f := zone.Findings(r); len(f) != 0 {
		t.Errorf("a sound zone has findings: %v", codes(f))
	}
}

func codes(all []finding.Finding) string {
	var out []string
	for _, f := range all {
		out = append(out, f.Code())
	}
	return strings.Join(out, " ")
}

func TestFindings(t *testing.T) {
	fail := func(rcode int, ede ...nameserver.EDE) nameserver.Behaviour {
		return nameserver.Behaviour{Below: true, Rcode: rcode, EDE: ede}
	}
	bogus := nameserver.Behaviour{Rcode: nameserver.ServFail, EDE: []nameserver.EDE{{Code: 6}}}
	of := func(typ dns.Type, b nameserver.Behaviour) nameserver.Behaviour {
		b.Types = []dns.Type{typ}
		return b
	}
	for _, tc := range []struct {
		name   string
		domain string
		breaks func(*nameserver.Zone)
		want   string
		says   string // part of Saw
	}{
		{"sound", "acme.example", func(*nameserver.Zone) {}, "", ""},
		{"misspelt ending", "acme.exmaple", func(*nameserver.Zone) {}, "dns.domain-missing", "end in .exmaple"},
		{"not registered", "acne.example", func(*nameserver.Zone) {}, "dns.domain-missing", "no acne.example."},
		{"only the name is missing", "mail.acme.example", func(*nameserver.Zone) {}, "", ""},
		{"servfail", "acme.example", func(z *nameserver.Zone) { z.Behave("acme.example", fail(nameserver.ServFail)) }, "dns.servers-unreachable", "SERVFAIL"},
		{"timeout", "acme.example", func(z *nameserver.Zone) { z.Behave("acme.example", nameserver.Behaviour{Below: true, Drop: true}) }, "dns.servers-unreachable", "did not answer"},
		{"no resolver", "acme.example", func(z *nameserver.Zone) { z.Behave("", fail(nameserver.Refused)) }, "dns.unreadable", "REFUSED"},
		{"bogus, told", "acme.example", func(z *nameserver.Zone) {
			z.Behave("acme.example", fail(nameserver.ServFail, nameserver.EDE{Code: 9}))
		}, "dns.dnssec-bogus", "DNSKEY Missing"},
		{"bogus, found", "acme.example", func(z *nameserver.Zone) {
			z.Behave("acme.example", nameserver.Behaviour{Below: true, Rcode: nameserver.ServFail, Unless: true})
		}, "dns.dnssec-bogus", "SERVFAIL"},
		{"one bogus name", "acme.example", func(z *nameserver.Zone) {
			z.Behave("_dmarc.acme.example", fail(nameserver.ServFail, nameserver.EDE{Code: 6}))
		}, "dns.dnssec-bogus", "about _dmarc.acme.example: "},
		{"a bogus alias, well followed", "acme.example", func(z *nameserver.Zone) {
			z.CNAME("_dmarc.acme.example", "gone.test")
			z.Behave("_dmarc.acme.example", of(dns.TypeCNAME, bogus), of(dns.TypeTXT, nameserver.Behaviour{AD: true}))
		}, "", ""},
		{"a bogus alias, followed unchecked", "acme.example", func(z *nameserver.Zone) {
			z.CNAME("_dmarc.acme.example", "gone.test")
			z.Behave("_dmarc.acme.example", of(dns.TypeCNAME, bogus))
		}, "dns.dnssec-bogus", "about _dmarc.acme.example: "},
		{"a bogus text, and no alias", "acme.example", func(z *nameserver.Zone) {
			z.Behave("_dmarc.acme.example", of(dns.TypeTXT, bogus), of(dns.TypeCNAME, nameserver.Behaviour{AD: true}))
		}, "dns.dnssec-bogus", "about _dmarc.acme.example: "},
		{"alias at the apex", "acme.example", func(z *nameserver.Zone) {
			z.Remove("acme.example")
			z.CNAME("acme.example", "site.hoster.test")
		}, "dns.cname-at-apex", "site.hoster.test"},
		{"alias at the apex to nothing", "acme.example", func(z *nameserver.Zone) {
			z.Remove("acme.example")
			z.CNAME("acme.example", "gone.test")
		}, "dns.cname-at-apex", "gone.test"},
		{"alias below the apex", "www.acme.example", func(z *nameserver.Zone) { z.CNAME("www.acme.example", "site.hoster.test") }, "", ""},
		{"alias beside a text", "acme.example", func(z *nameserver.Zone) {
			z.CNAME("_dmarc.acme.example", "policies.test")
			z.TXT("_dmarc.acme.example", "v=DMARC1; p=none")
		}, "dns.cname-with-other-data", "policies.test"},
		{"no TCP", "acme.example", func(z *nameserver.Zone) {
			z.TXT("_dmarc.acme.example", "x")
			z.Behave("_dmarc.acme.example", nameserver.Behaviour{Truncate: true, RefuseTCP: true, Types: []dns.Type{dns.TypeTXT}})
		}, "dns.tcp-refused", "over TCP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			z, _, c := world(t)
			tc.breaks(z)
			rec := dns.NewRecorder(c)
			r := zone.Lookup(t.Context(), rec, tc.domain)
			rec.Lookup(t.Context(), dns.Ask("_dmarc."+tc.domain, dns.TypeTXT))
			rec.Lookup(t.Context(), dns.Ask("_dmarc."+tc.domain, dns.TypeCNAME))
			all := zone.Findings(r, rec.Answers()...)
			finding.Silence(all)
			if got := codes(all); got != tc.want {
				t.Fatalf("%q, want %q", got, tc.want)
			}
			for _, f := range all {
				if !strings.Contains(f.Saw(), tc.says) || len(f.Evidence) == 0 || f.Evidence[0].Answer == "" || len(f.Title()) > 60 {
					t.Errorf("%s\n%s\n%+v", f.Title(), f.Saw(), f.Evidence)
				}
				if strings.Contains(f.Saw()+f.Effect()+f.Action(), "%!") {
					t.Errorf("%s %s %s", f.Saw(), f.Effect(), f.Action())
				}
			}
		})
	}
}

func TestNothingIsSaidWhereNobodyLooked(t *testing.T) {
	r := zone.Lookup(t.Context(), dns.NewReplay(nil), "acme.example")
	if f := zone.Findings(r); len(f) != 0 || r.DomainExists != zone.NotKnown {
		t.Errorf("%v", codes(f))
	}
	if f := zone.Findings(zone.Result{}); len(f) != 0 {
		t.Errorf("%v", codes(f))
	}
}

func TestTCPRefusedByTheirServer(t *testing.T) {
	z, s, c := world(t)
	z.Behave("_dmarc.acme.example", nameserver.Behaviour{Truncate: true, RefuseTCP: true})
	a := c.AskServer(t.Context(), s.Addr, dns.Ask("_dmarc.acme.example", dns.TypeTXT))
	all := zone.Findings(zone.Lookup(t.Context(), c, "acme.example"), a)
	if codes(all) != "dns.tcp-refused" || all[0].Who() != finding.CustomerDNS || all[0].Severity() != finding.Failure {
		t.Errorf("%v", codes(all))
	}
	// What a resolver refuses says nothing about their server.
	a = c.Lookup(t.Context(), dns.Ask("_dmarc.acme.example", dns.TypeTXT))
	all = zone.Findings(zone.Lookup(t.Context(), c, "acme.example"), a)
	if codes(all) != "dns.tcp-refused" || all[0].Who() != finding.Network || all[0].Severity() != finding.Warning {
		t.Errorf("%v", codes(all))
	}
}

// TestBogusElsewhere holds that a public resolver that checks signatures is
// heard where our own does not, unless another one finds them right.
func TestBogusElsewhere(t *testing.T) {
	z, s, c := world(t)
	z.TXT("_dmarc.acme.example", "v=DMARC1; p=none")
	q := dns.Ask("_dmarc.acme.example", dns.TypeTXT)
	public := func(b nameserver.Behaviour) dns.Answer {
		z.Behave(q.Name, b)
		return c.AskPublic(t.Context(), s.Addr, q)
	}
	bogus := public(nameserver.Behaviour{Rcode: nameserver.ServFail, EDE: []nameserver.EDE{{Code: 7}}})
	dead := public(nameserver.Behaviour{Rcode: nameserver.ServFail, EDE: []nameserver.EDE{{Code: 22}}})
	plain, signed := public(nameserver.Behaviour{}), public(nameserver.Behaviour{AD: true})
	r := zone.Lookup(t.Context(), c, "acme.example")
	for _, tt := range []struct {
		name string
		seen []dns.Answer
		want string
	}{
		{"nobody checks", []dns.Answer{plain}, ""},
		{"one checks", []dns.Answer{plain, bogus}, "dns.dnssec-bogus"},
		{"two check", []dns.Answer{bogus, plain, bogus}, "dns.dnssec-bogus"},
		{"they do not agree", []dns.Answer{bogus, signed}, ""},
		{"another failure", []dns.Answer{dead}, ""},
	} {
		all := zone.Findings(r, tt.seen...)
		if codes(all) != tt.want {
			t.Errorf("%s: %s", tt.name, codes(all))
		}
		if len(all) > 0 && !strings.Contains(all[0].Saw(), "Signature Expired") {
			t.Errorf("%s: %s", tt.name, all[0].Saw())
		}
	}
}
