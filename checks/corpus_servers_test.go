package checks_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/transports"
)

// old is the zone before the change that the world holds.
const old = `- customer.example TXT
+ customer.example TXT v=spf1 include:spf.protection.outlook.com -all
- cw1._domainkey.customer.example TXT
+ cw1._domainkey.customer.example TXT v=DKIM1; k=rsa; p=<OTHERKEY>
- _dmarc.customer.example TXT
+ _dmarc.customer.example TXT v=DMARC1; p=none
- customer.example MX
+ customer.example MX 10 mail.customer.example`

// roles says what each server of a case serves: now, before, or dead.
type roles struct{ resolver, first, second, public string }

// testServers holds what is said when servers differ: each role is a real name
// server with the world as it is now, as it was, or none at all.
func testServers(t *testing.T, world []edit, seen *raised) {
	const now, before, serial, dead = "now", "before", "serial", "dead"
	const (
		differ = "spf.servers-disagree dkim.servers-disagree dmarc.servers-disagree mx.servers-disagree "
		behind = "spf.caches-behind dkim.caches-behind dmarc.caches-behind "
		faults = "spf.include-clockwise-missing dkim.key-mismatch dmarc.reports-missing "
	)
	var was row
	for line := range strings.Lines(old) {
		if err := was.read(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	later := apply(world)
	later[dns.Ask("customer.example", dns.TypeSOA)] = [][]string{{"ns1.customer.example hostmaster.customer.example 2 7200 3600 1209600 3600"}}
	zones := map[string]records{now: apply(world), before: apply(world, was.edits), serial: later, dead: {}}
	for _, c := range []struct {
		name string
		roles
		spf string
		expected
	}{
		{"all agree", roles{now, now, now, now}, "pass", expected{absent: differ + behind + faults + "dns."}},
		{
			"one server is behind",
			roles{now, now, before, before},
			"pass",
			expected{top: "spf.servers-disagree", open: differ, absent: behind + "dns."},
		},
		{
			"caches are behind",
			roles{now, now, now, before},
			"pass",
			expected{top: "spf.caches-behind", open: behind, absent: differ + faults + "dns."},
		},
		{
			"our cache is behind too",
			roles{before, now, now, before},
			"pass",
			expected{top: "spf.caches-behind", open: behind, absent: differ + faults + "dns."},
		},
		{
			"only our cache is behind",
			roles{before, now, now, now},
			"pass",
			expected{top: "spf.caches-behind", open: behind, absent: differ + faults + "dns."},
		},
		{
			"caches have what is gone at the source",
			roles{now, before, before, now},
			"fail",
			expected{top: "spf.include-clockwise-missing", open: faults, absent: differ + "dns."},
		},
		{"one server is dead", roles{now, now, dead, now}, "pass", expected{open: "dns.server-lame", absent: differ + behind + faults}},
		{"one server has an older version of the zone", roles{now, now, serial, now}, "pass", expected{open: "dns.serial-differs", absent: differ + behind + faults}},
		{"all are dead, and caches still have it", roles{now, dead, dead, now}, "pass", expected{absent: differ + behind + faults}},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := c.examine(t, zones)
			seen.add(report.Findings)
			if report.Paths[2].SPF != c.spf {
				t.Errorf("SPF is %s", report.Paths[2].SPF)
			}
			c.hold(t, report)
		})
	}
	t.Run("no resolver answers", func(t *testing.T) { testNoResolver(t, seen) })
}

// examine serves the roles and examines the customer over them.
func (r roles) examine(t *testing.T, zones map[string]records) checks.Report {
	own, public := netip.MustParseAddrPort("198.51.100.1:53"), netip.MustParseAddrPort("198.51.100.8:53")
	addresses := map[string]string{}
	for address, role := range map[string]string{
		own.String(): r.resolver, "192.0.2.53:53": r.first, "192.0.2.54:53": r.second, public.String(): r.public,
	} {
		// What a resolver remembers is never given with authority.
		b := nameserver.Behaviour{NoAA: strings.HasPrefix(address, "198.51.100.")}
		if len(zones[role]) == 0 {
			b.Rcode = nameserver.ServFail
		}
		s, err := nameserver.Serve(zones[role].zone(), nameserver.Options{Behaviour: b})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		addresses[address] = s.Addr.String()
	}
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{own}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addresses[address])
	}})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	e := &checks.Examiner{
		Resolver: cache, Asker: cache, Own: []netip.AddrPort{own}, Public: []netip.AddrPort{own, public},
		Now: time.Now, Service: transports.DefaultService(),
	}
	report := e.Examine(t.Context(), row{}.target(), nil)
	wellFormed(t, report)
	replayed(t, e, report)
	return report
}

// testNoResolver examines with a resolver that answers nothing at all: one
// finding says so, and everything else is silenced by it.
func testNoResolver(t *testing.T, seen *raised) {
	e := corpusExaminer(t, nameserver.NewZone(), nameserver.Options{Behaviour: nameserver.Behaviour{Rcode: nameserver.Refused}})
	report := e.Examine(t.Context(), row{}.target(), nil)
	seen.add(report.Findings)
	wellFormed(t, report)
	open := report.Open()
	if len(open) != 1 || open[0].Code() != "dns.unreadable" || report.Verdict != checks.VerdictUnknown {
		t.Errorf("verdict %s:\n%s", report.Verdict, listed(report.Findings))
	}
	for _, p := range report.Paths {
		if p.SPF != "temperror" || p.DMARC != "unknown" {
			t.Errorf("a path is %+v", p)
		}
	}
}
