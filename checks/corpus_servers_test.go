package checks_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
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

// testServers holds what is said when servers differ: each role is a real name
// server with the world as it is now, as it was, or none at all.
func testServers(t *testing.T, world []edit, seen *raised) {
	const now, before, dead = "now", "before", "dead"
	for _, c := range []struct {
		name                          string
		resolver, first, second, open string // what each serves
		want, silenced, absent        string
		top                           string
		spf                           string
	}{
		{
			"all agree", now, now, now, now,
			"", "", "spf.servers-disagree spf.caches-behind dkim. dmarc.servers-disagree dmarc.caches-behind mx.servers-disagree dns.", "", "pass",
		},
		{
			"one server is behind", now, now, before, before,
			"spf.servers-disagree dkim.servers-disagree dmarc.servers-disagree mx.servers-disagree",
			"", "spf.caches-behind dkim.caches-behind dmarc.caches-behind dns.", "spf.servers-disagree", "pass",
		},
		{
			"caches are behind", now, now, now, before,
			"spf.caches-behind dkim.caches-behind dmarc.caches-behind", "", "spf.servers-disagree dkim.servers-disagree dmarc.servers-disagree dns.", "spf.caches-behind", "pass",
		},
		{
			"our cache is behind too", before, now, now, before,
			"spf.caches-behind dkim.caches-behind dmarc.caches-behind", "",
			"spf.servers-disagree spf.include-clockwise-missing dkim.key-mismatch dmarc.reports-missing dns.", "spf.caches-behind", "pass",
		},
		{
			"one server is dead", now, now, dead, now,
			"", "", "spf.servers-disagree spf.caches-behind dkim. mx.servers-disagree", "", "pass",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var was row
			for line := range strings.Lines(old) {
				if err := was.read(strings.TrimSpace(line)); err != nil {
					t.Fatal(err)
				}
			}
			zones := map[string]*nameserver.Zone{now: apply(world).zone(), before: apply(world, was.edits).zone(), dead: nameserver.NewZone()}
			addresses := map[string]string{}
			for address, role := range map[string]string{
				"198.51.100.1:53": c.resolver, "192.0.2.53:53": c.first, "192.0.2.54:53": c.second, "198.51.100.8:53": c.open,
			} {
				var b nameserver.Behaviour
				if role == dead {
					b.Rcode = nameserver.ServFail
				}
				s, err := nameserver.Serve(zones[role], nameserver.Options{Behaviour: b})
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
			e := &checks.Examiner{
				Resolver: cache, Asker: cache, Own: []netip.AddrPort{own}, Public: []netip.AddrPort{own, netip.MustParseAddrPort("198.51.100.8:53")},
				Now: time.Now, Service: transports.DefaultService(),
			}
			report := e.Examine(t.Context(), row{}.target(), nil)
			seen.add(report.Findings)
			wellFormed(t, report)
			if c.spf != "" && report.Paths[2].SPF != c.spf {
				t.Errorf("SPF is %s", report.Paths[2].SPF)
			}
			open := report.Open()
			if c.top != "" && (len(open) == 0 || open[0].Code() != c.top) {
				t.Errorf("top is not %s", c.top)
			}
			has := func(code string, silenced bool) bool {
				return slices.ContainsFunc(report.Findings, func(f finding.Finding) bool { return f.Code() == code && (f.SilencedBy != "") == silenced })
			}
			for _, code := range strings.Fields(c.want) {
				if !has(code, false) {
					t.Errorf("%s is not open", code)
				}
			}
			for _, code := range strings.Fields(c.silenced) {
				if !has(code, true) {
					t.Errorf("%s is not silenced", code)
				}
			}
			for _, beginning := range strings.Fields(c.absent) {
				if slices.ContainsFunc(report.Findings, func(f finding.Finding) bool { return strings.HasPrefix(f.Code(), beginning) }) {
					t.Errorf("%s is raised", beginning)
				}
			}
			if t.Failed() {
				t.Logf("\n%s", listed(report.Findings))
			}
		})
	}
	t.Run("no resolver answers", func(t *testing.T) { testNoResolver(t, seen) })
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
