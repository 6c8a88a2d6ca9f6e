package checks_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp/smtptest"
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
	// Where these questions fail or time out, senders hold mail back: dane.lookup-fails.
	{code: "dane.unreadable", dark: "_25._tcp.mail.customer.example", ways: "refuses", null: []string{"facts.dane.0.records"}},
	{code: "dane.unreadable", dark: "_25._tcp.mail.customer.example", ways: "cuts", null: []string{"facts.dane.0.records"}},
	{code: "mtasts.unreadable", dark: "_mta-sts.customer.example", null: []string{"facts.mtasts.records"}},
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
	slots := map[bool]chan struct{}{true: make(chan struct{}, 100), false: make(chan struct{}, 2)}
	for _, c := range unseens {
		for way, behaviour := range silences {
			if !strings.Contains(way, c.ways) {
				continue
			}
			zone := apply(world).zone()
			behaviour.Types, behaviour.Below = c.types, strings.HasPrefix(c.dark, ".")
			zone.Behave(strings.TrimPrefix(c.dark, "."), behaviour)
			e := unknownExaminer(t, zone)
			slot := slots[behaviour.Drop || behaviour.Garbage] // those only wait
			slot <- struct{}{}
			wg.Go(func() {
				defer func() { <-slot }()
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
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}, Timeout: 1200 * time.Millisecond})
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

// TestUnknownServers examines a customer with a server of their own while that,
// or the way to it, says nothing of use. What the server itself did is a
// failure that was seen; what it was not asked is unknown.
func TestUnknownServers(t *testing.T) {
	const domain = "customer.example"
	authority := smtptest.NewAuthority(t)
	good := smtptest.Good(authority.Issue(t, smtptest.Cert{Names: []string{"mail." + domain}}))
	silent := good
	silent.Silent = true
	started := func(s smtptest.Script) func(context.Context, string, string) (net.Conn, error) {
		to := smtptest.Start(t, s).Addr.String()
		return func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, to)
		}
	}
	world := append(readCorpus(t, "world")[0].edits, editsOf(t, promises)...)
	for _, c := range []struct {
		name     string
		dial     func(context.Context, string, string) (net.Conn, error)
		dark     nameserver.Behaviour // of the server's name
		password string
		code     string
		also     string
		seen     string
	}{
		{name: "offline", code: "smtp.unreadable"},
		{name: "its address stalls", dial: started(good), dark: silences["stalls"], code: "smtp.unreadable", also: "mx.unreadable dane.unreadable"},
		{name: "its address is refused", dial: started(good), dark: silences["refuses"], code: "smtp.unreadable", also: "mx.unreadable"},
		{name: "its address fails", dial: started(good), dark: silences["fails"], code: "smtp.unreadable", also: "mx.unreadable"},
		{name: "it says nothing", dial: started(silent), code: "tls.unreadable", seen: "smtp.banner-wrong"},
		{name: "it hangs up after EHLO", dial: started(good.With("EHLO", "drop")), code: "tls.unreadable", seen: "smtp.dropped"},
		{name: "it stalls after EHLO", dial: started(good.With("EHLO", "silence")), code: "tls.unreadable", seen: "smtp.dropped"},
		{name: "it has no time", dial: started(good.With("EHLO", "421 4.3.2 later")), code: "tls.unreadable", seen: "smtp.temporarily-unavailable"},
		{name: "no password", dial: started(good), password: "the command ended with status 1", code: "transport.password-unreadable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			zone := apply(world).zone()
			zone.Behave("mail."+domain, c.dark)
			e := unknownExaminer(t, zone)
			e.Probe = relay.Options{
				Dial: c.dial, Now: func() time.Time { return smtptest.Now }, Roots: authority.Pool,
				ConnectTimeout: time.Second, ReplyTimeout: 300 * time.Millisecond,
			}
			e.Passwords = func(transports.Transport) string { return c.password }
			tr := transports.Transport{
				Name: "customer", Type: transports.SMTP, Match: transports.Match{Domain: domain}, From: "jan@" + domain,
				Server: transports.Server{
					Host: "mail." + domain, Port: 587, Security: "starttls", Auth: "plain", Username: "jan@" + domain,
				},
			}
			report := e.Examine(t.Context(), checks.Target{Transport: &tr}, nil)
			onlyUnknown(t, c.name, report.Open(), c.code, c.also, c.seen)
			if c.seen == "" && report.Verdict != checks.VerdictUnknown {
				t.Errorf("the verdict is %s", report.Verdict)
			}
			wellFormed(t, report)
		})
	}
}

// TestUnknownPolicy fetches a policy from web servers that stall, hang up and
// cannot be reached: that is unknown. One that refuses was seen to refuse.
func TestUnknownPolicy(t *testing.T) {
	world := append(readCorpus(t, "world")[0].edits, editsOf(t, promises)...)
	authority := smtptest.NewAuthority(t)
	secure := &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, smtptest.Cert{Names: []string{"mta-sts.customer.example"}})}}
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for _, w := range []struct {
		name  string
		serve func(net.Conn) // nil: the connection fails with err
		err   error
		code  string
	}{
		{name: "stalls before TLS", serve: silent, code: "mtasts.unreadable"},
		{name: "hangs up before TLS", serve: func(net.Conn) {}, code: "mtasts.unreadable"},
		{name: "stalls in HTTP", serve: func(c net.Conn) { silent(tls.Server(c, secure)) }, code: "mtasts.unreadable"},
		{name: "hangs up in HTTP", serve: func(c net.Conn) { _ = tls.Server(c, secure).Handshake() }, code: "mtasts.unreadable"},
		{name: "is out of reach", err: syscall.ENETUNREACH, code: "mtasts.unreadable"},
		{name: "refuses", err: syscall.ECONNREFUSED, code: "mtasts.policy-unreachable"},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			e := unknownExaminer(t, apply(world).zone())
			e.Policies = mtasts.NewFetcher(mtasts.FetchOptions{
				Resolver: e.Resolver, Roots: authority.Pool, Now: func() time.Time { return smtptest.Now }, Timeout: time.Second,
				Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
					if w.serve == nil {
						return nil, &net.OpError{Op: "dial", Net: "tcp", Err: w.err}
					}
					ours, theirs := net.Pipe()
					go func() {
						defer theirs.Close()
						w.serve(theirs)
					}()
					return ours, nil
				},
			})
			report := e.Examine(t.Context(), row{}.target(), nil)
			onlyUnknown(t, w.name, report.Open(), w.code, "", "")
			if unsure := w.code == "mtasts.unreadable"; unsure != (report.Verdict == checks.VerdictUnknown) {
				t.Errorf("the verdict is %s", report.Verdict)
			}
			if policy, ok := at(decoded(report.Facts), "mtasts.policy"); !ok || policy != nil {
				t.Errorf("the policy is %v", policy)
			}
			wellFormed(t, report)
		})
	}
}

// TestUnknownAddresses looks at the addresses of the service while reverse
// zones and block lists say nothing of use.
func TestUnknownAddresses(t *testing.T) {
	service := transports.Service{SPFInclude: "_spf.relay.example", Network: netip.MustParsePrefix("192.0.2.26/31"), Domain: "relay.example"}
	for _, c := range []struct {
		name, dark  string
		ways        string
		lines       string
		code        string
		names, says checks.Verdict // on names and on lists
	}{
		{name: "the reverse zone", dark: "2.0.192.in-addr.arpa", code: "ip.unreadable", names: checks.VerdictUnknown, says: checks.VerdictOK},
		{name: "the names", dark: "out.relay.example", code: "ip.unreadable", names: checks.VerdictUnknown, says: checks.VerdictOK},
		{name: "a list", dark: "list.example", code: "ip.unreadable", names: checks.VerdictOK, says: checks.VerdictUnknown},
		{name: "an address on a list", dark: "26.2.0.192.list.example", code: "ip.unreadable", names: checks.VerdictOK, says: checks.VerdictUnknown},
		{name: "a list that refuses", lines: "+ *.list.example A 127.255.255.254", ways: "none", code: "ip.blocklist-refused", names: checks.VerdictOK, says: checks.VerdictUnknown},
		{name: "a list of everything", lines: "+ *.list.example A 127.0.0.2", ways: "none", code: "ip.blocklist-dead", names: checks.VerdictOK, says: checks.VerdictUnknown},
	} {
		ways := []string{"none"}
		if c.ways == "" {
			ways = slices.Sorted(maps.Keys(silences))
		}
		for _, way := range ways {
			t.Run(c.name+" "+way, func(t *testing.T) {
				t.Parallel()
				lines := `+ 26.2.0.192.in-addr.arpa PTR a.out.relay.example
+ 27.2.0.192.in-addr.arpa PTR b.out.relay.example
+ a.out.relay.example A 192.0.2.26
+ b.out.relay.example A 192.0.2.27
+ acme.example TXT v=spf1 ip4:192.0.2.26/31 -all`
				zone := apply(editsOf(t, lines+"\n"+cmp.Or(c.lines, "+ 2.0.0.127.list.example A 127.0.0.2"))).zone()
				if b, ok := silences[way]; ok {
					b.Below = true
					zone.Behave(c.dark, b)
				}
				e := unknownExaminer(t, zone)
				e.Service = service
				r := e.Network(t.Context(), checks.NetworkOptions{Lists: []string{"list.example"}, Domains: []string{"acme.example"}})
				onlyUnknown(t, c.name, r.Findings, c.code, "", "")
				if r.Verdict != checks.VerdictUnknown || !r.Unsure() || r.Failed() {
					t.Errorf("the verdict is %s", r.Verdict)
				}
				if got := r.Rows()[0]; got.Names != c.names || got.Listed != c.says {
					t.Errorf("the first address is %+v", got)
				}
				if got := r.SPFFor(0, netip.MustParseAddr("192.0.2.26")); got != "pass" {
					t.Errorf("SPF is %s", got)
				}
			})
		}
	}
}
