package checks_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/transports"
)

// silences are the ways in which a name server says nothing of use.
var silences = map[string]nameserver.Behaviour{
	"stalls":                   {Drop: true},
	"refuses":                  {Rcode: nameserver.Refused},
	"fails":                    {Rcode: nameserver.ServFail},
	"cuts and closes over TCP": {Truncate: true, RefuseTCP: true},
	"sends garbage":            {Garbage: true},
}

// unseen is something that cannot be looked at, and what is then said.
type unseen struct {
	code string // is open
	also string // other codes of what is unknown, which are open too

	dark  string // names that the name server says nothing about; "." and all below for one that begins with a dot
	types []dns.Type
	ways  string // part of the silences' names; "" for all

	spf, dkim, dmarc string   // of the first path; "" is pass
	null             []string // what the JSON says is not known
}

var unseens = []unseen{
	{code: "spf.unreadable", dark: "customer.example", types: []dns.Type{dns.TypeTXT}, spf: "temperror", null: []string{"facts.spf.record", "facts.spf.lookups"}},
	{code: "spf.unreadable", dark: "spf.protection.outlook.com", spf: "temperror", null: []string{"facts.spf.lookups", "facts.spf.void_lookups"}},
	{code: "spf.clockwise-record-unreadable", dark: "_spf.clockwise.info", spf: "temperror", null: []string{"facts.spf.lookups"}},
	{code: "dkim.unreadable", dark: "cw1._domainkey.customer.example", dkim: "unknown", null: []string{"facts.dkim.records", "facts.dkim.signature"}},
	{code: "dmarc.unreadable", dark: "_dmarc.customer.example", dmarc: "unknown", null: []string{"facts.dmarc.policy", "facts.dmarc.record"}},
	{code: "dmarc.unreadable", dark: "_dmarc.example", null: []string{"facts.dmarc.org_domain"}},
	{code: "mx.unreadable", dark: "customer.example", types: []dns.Type{dns.TypeMX}, null: []string{"facts.mx"}},
	{code: "mx.unreadable", also: "dane.unreadable", dark: ".mail.customer.example"},
	{code: "dane.unreadable", dark: "_25._tcp.mail.customer.example", ways: "refuses", null: []string{"facts.dane.0.records"}},
	{code: "dane.unreadable", dark: "_25._tcp.mail.customer.example", ways: "cuts", null: []string{"facts.dane.0.records"}},
	{code: "dane.unreadable", dark: "_25._tcp.mail.customer.example", ways: "garbage", null: []string{"facts.dane.0.records"}},
	{code: "mtasts.unreadable", dark: "_mta-sts.customer.example", null: []string{"facts.mtasts.records", "facts.mtasts.policy"}},
	{code: "mtasts.unreadable", dark: "mta-sts.customer.example", null: []string{"facts.mtasts.policy"}},
	{code: "tlsrpt.unreadable", dark: "_smtp._tls.customer.example", null: []string{"facts.tlsrpt.records"}},
	{code: "dns.servers-unreachable", dark: ".customer.example", spf: "temperror", dkim: "unknown", dmarc: "unknown", null: []string{"facts.mx", "facts.provider", "facts.spf.record"}},
	{code: "dns.unreadable", dark: ".", spf: "temperror", dkim: "unknown", dmarc: "unknown", null: []string{"facts.mx", "facts.provider", "facts.dmarc.policy", "facts.tlsrpt.records"}},
}

// heldElsewhere are the codes that TestUnknownServers and TestUnknownAddresses
// hold.
const heldElsewhere = "smtp.unreadable tls.unreadable transport.password-unreadable ip.unreadable ip.blocklist-refused ip.blocklist-dead"

// TestUnknownCodes holds that there is a case for every code that says that
// something could not be looked at.
func TestUnknownCodes(t *testing.T) {
	held := strings.Fields(heldElsewhere)
	for _, c := range unseens {
		held = append(held, c.code)
	}
	for _, r := range checks.Rules() {
		if (r.Severity == finding.Unknown) != slices.Contains(held, r.Code) {
			t.Errorf("%s is a %s and has no case, or needs none", r.Code, r.Severity)
		}
	}
}

// TestUnknown examines a sound customer while name servers say nothing about
// one name: that is unknown, and nothing else is said to be wrong.
func TestUnknown(t *testing.T) {
	world := append(readCorpus(t, "world")[0].edits, editsOf(t, promises)...)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 24) // most of them only wait
	for _, c := range unseens {
		for way, behaviour := range silences {
			if !strings.Contains(way, c.ways) {
				continue
			}
			zone := apply(world).zone()
			behaviour.Types, behaviour.Below = c.types, strings.HasPrefix(c.dark, ".")
			zone.Behave(strings.TrimPrefix(c.dark, "."), behaviour)
			e := unknownExaminer(t, zone)
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				c.hold(t, c.dark+" "+way, e.Examine(t.Context(), row{}.target(), nil))
			})
		}
	}
	wg.Wait()
}

// unknownExaminer looks at a zone with little patience.
func unknownExaminer(t *testing.T, zone *nameserver.Zone) *checks.Examiner {
	t.Helper()
	s, err := nameserver.Serve(zone, nameserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}, Timeout: 700 * time.Millisecond})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	return &checks.Examiner{
		Resolver: cache, Own: []netip.AddrPort{s.Addr}, Now: time.Now, Service: transports.DefaultService(), Thorough: true,
		Policies: func(ctx context.Context, host string) mtasts.Fetched {
			f := mtasts.Fetched{
				Host: host, Outcome: mtasts.Served, Status: 200, ContentType: "text/plain", At: time.Now(),
				Body: "version: STSv1\r\nmode: enforce\r\nmx: mail.customer.example\r\nmax_age: 604800\r\n",
			}
			if mtasts.Resolve(ctx, cache, &f); len(f.Addresses) == 0 {
				f.Outcome, f.Reason = mtasts.Unreachable, f.A.Reason()
			}
			return f
		},
	}
}

// hold holds what a report says of what could not be seen.
func (c unseen) hold(t *testing.T, what string, report checks.Report) {
	seen := ""
	if strings.Contains(what, "over TCP") {
		seen = "dns.tcp-refused" // of our own resolver, as a warning
	}
	onlyUnknown(t, what, report.Open(), c.code, c.also, seen)
	if report.Verdict != checks.VerdictUnknown {
		t.Errorf("%s: the verdict is %s", what, report.Verdict)
	}
	for _, p := range report.Paths {
		got := [...]string{p.SPF, p.DKIM, p.DMARC}
		if got != [...]string{cmp.Or(c.spf, "pass"), cmp.Or(c.dkim, "pass"), cmp.Or(c.dmarc, "pass")} {
			t.Errorf("%s: a path is %v", what, got)
			break
		}
	}
	var out bytes.Buffer
	var doc struct{ Reports []any }
	if err := checks.WriteJSON(&out, []checks.Report{report}); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || len(doc.Reports) != 1 {
		t.Fatalf("%s: %v", what, err)
	}
	for _, path := range c.null {
		if v, ok := at(doc.Reports[0], path); !ok || v != nil && v != "unknown" {
			t.Errorf("%s: %s is %v", what, path, v)
		}
	}
	wellFormed(t, report)
}

// onlyUnknown holds that code is open, and of what is not a note nothing but
// the codes given: seen are failures of what was seen to fail.
func onlyUnknown(t *testing.T, what string, open []finding.Finding, code, also, seen string) {
	t.Helper()
	found := false
	for _, f := range open {
		found = found || f.Code() == code
		allowed := also
		if f.Severity() != finding.Unknown {
			allowed = seen
		}
		if f.Severity() != finding.Note && f.Code() != code && !slices.Contains(strings.Fields(allowed), f.Code()) {
			t.Errorf("%s: %s is open:\n%s", what, f.Code(), listed(open))
		}
	}
	if !found {
		t.Errorf("%s: %s is not open:\n%s", what, code, listed(open))
	}
}

// at finds a value by keys and indices with dots between them.
func at(doc any, path string) (any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			var ok bool
			if doc, ok = v[key]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				return nil, false
			}
			doc = v[i]
		default:
			return nil, false
		}
	}
	return doc, true
}
