package checks_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/transports"
)

// chain is a customer whose longest chain of dependent questions is known: the
// MX names a host, whose address is asked next, and SPF is three records deep.
func chain() *nameserver.Zone {
	z := nameserver.NewZone()
	for _, apex := range []string{"acme.example", "suite.example", "clockwise.info"} {
		z.SOA(apex, time.Minute)
	}
	z.NS("acme.example", "ns1.acme.example")
	z.A("ns1.acme.example", "127.0.0.1")
	z.A("acme.example", "192.0.2.80")
	z.MX("acme.example", 10, "mail.acme.example")
	z.A("mail.acme.example", "192.0.2.25")
	z.TXT("acme.example", "v=spf1 mx include:_spf.suite.example include:_spf.clockwise.info -all")
	z.TXT("_spf.suite.example", "v=spf1 include:a.suite.example include:b.suite.example -all")
	z.TXT("a.suite.example", "v=spf1 ip4:192.0.2.0/25 -all")
	z.TXT("b.suite.example", "v=spf1 ip4:192.0.2.128/25 -all")
	z.TXT("_spf.clockwise.info", "v=spf1 ip4:31.134.206.128/28 -all")
	z.TXT("_dmarc.acme.example", "v=DMARC1; p=none; rua=mailto:dmarc@acme.example")
	return z
}

// rounds is the longest chain of chain(): acme.example, _spf.suite.example,
// a.suite.example.
const rounds = 3

func examiner(t testing.TB, zone *nameserver.Zone, opts nameserver.Options) (*checks.Examiner, *dns.Cache, *nameserver.Server) {
	t.Helper()
	server, err := nameserver.Serve(zone, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{server.Addr}})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	return &checks.Examiner{
		Resolver: cache, Own: []netip.AddrPort{server.Addr}, Now: time.Now, Service: transports.DefaultService(),
	}, cache, server
}

func TestNoQuestionTwice(t *testing.T) {
	e, _, server := examiner(t, chain(), nameserver.Options{})
	r := e.Examine(t.Context(), checks.Target{Domain: "acme.example"}, nil)
	if server.Queries() != server.Distinct() {
		t.Errorf("%d questions, %d different ones", server.Queries(), server.Distinct())
	}
	if r.Queries != server.Distinct() {
		t.Errorf("the report counts %d questions, the server %d", r.Queries, server.Distinct())
	}
	if len(r.Paths) != 16 || r.Paths[0].SPF != "pass" || r.Paths[15].DMARC != "pass" {
		t.Errorf("paths are %+v", r.Paths)
	}
	if r.Verdict != checks.VerdictWarning { // only SPF vouches
		t.Errorf("verdict %s, findings %v", r.Verdict, codes(r))
	}
}

func codes(r checks.Report) []string {
	var out []string
	for _, f := range r.Open() {
		out = append(out, f.Code())
	}
	return out
}

func TestEvents(t *testing.T) {
	e, _, _ := examiner(t, chain(), nameserver.Options{})
	target := checks.Target{Domain: "acme.example"}
	began, ended := map[checks.Stage]int{}, map[checks.Stage]int{}
	e.Examine(t.Context(), target, func(ev checks.Event) {
		if ev.Target != "acme.example" {
			t.Errorf("an event of %q", ev.Target)
		}
		if ev.Done {
			ended[ev.Stage]++
		} else {
			began[ev.Stage]++
		}
	})
	for _, s := range e.Stages(target) {
		if began[s] != 1 || ended[s] != 1 {
			t.Errorf("stage %s began %d times and ended %d times", s, began[s], ended[s])
		}
	}
	if len(began) != len(e.Stages(target)) {
		t.Errorf("stages %v, announced %v", began, e.Stages(target))
	}
}

// TestStopped holds that an examination that is stopped says unknown, never
// that something is missing.
func TestStopped(t *testing.T) {
	e, _, _ := examiner(t, chain(), nameserver.Options{Behaviour: nameserver.Behaviour{Drop: true}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := e.Examine(ctx, checks.Target{Domain: "acme.example"}, nil)
	if r.Verdict != checks.VerdictUnknown {
		t.Errorf("verdict %s, findings %v", r.Verdict, codes(r))
	}
	for _, f := range r.Findings {
		if f.Severity().String() == "failure" && f.SilencedBy == "" {
			t.Errorf("raised %s without having looked", f.Code())
		}
	}
}

// TestSideBySide holds that questions that do not depend on each other are
// asked together: with answers that each take a second of a clock that stands
// still otherwise, an examination takes as many seconds as its longest chain.
func TestSideBySide(t *testing.T) {
	const sound = "acme.example TXT v=spf1 mx include:_spf.suite.example include:_spf.clockwise.info -all"
	const lacking = "acme.example TXT v=spf1 mx include:_spf.suite.example -all"
	for _, record := range []string{sound, lacking} {
		synctest.Test(t, func(t *testing.T) {
			e := &checks.Examiner{Resolver: dns.NewCache(slow{lines(record)}), Now: time.Now, Service: transports.DefaultService()}
			r := e.Examine(t.Context(), checks.Target{Domain: "acme.example"}, nil)
			if r.Took > rounds*time.Second {
				t.Errorf("%s: %v, %d s would do", record, r.Took, rounds)
			}
			if want := record == sound; (r.Paths[0].SPF == "pass") != want {
				t.Errorf("%s: SPF %s", record, r.Paths[0].SPF)
			}
		})
	}
}

// lines is chain() in memory, with another SPF record.
func lines(record string) *dnstest.Zone {
	return dnstest.New(
		record, "acme.example SOA ns1.acme.example", "acme.example NS ns1.acme.example", "ns1.acme.example A 127.0.0.1",
		"acme.example A 192.0.2.80", "acme.example MX 10 mail.acme.example", "mail.acme.example A 192.0.2.25",
		"_spf.suite.example TXT v=spf1 include:a.suite.example include:b.suite.example -all",
		"a.suite.example TXT v=spf1 ip4:192.0.2.0/25 -all", "b.suite.example TXT v=spf1 ip4:192.0.2.128/25 -all",
		"_spf.clockwise.info TXT v=spf1 ip4:31.134.206.128/28 -all",
		"_dmarc.acme.example TXT v=DMARC1; p=none; rua=mailto:dmarc@acme.example",
	)
}

// slow answers a second after it was asked.
type slow struct{ dns.Resolver }

func (s slow) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	time.Sleep(time.Second)
	return s.Resolver.Lookup(ctx, q)
}

// BenchmarkExamine tells how much longer an examination takes than its longest
// chain of questions, with name servers 20 ms away, without loss and with one
// packet in a hundred lost.
func BenchmarkExamine(b *testing.B) {
	const delay = 20 * time.Millisecond
	for _, loss := range []float64{0, 0.01} {
		b.Run(fmt.Sprintf("loss=%g", loss), func(b *testing.B) {
			e, cache, server := examiner(b, chain(), nameserver.Options{Behaviour: nameserver.Behaviour{Delay: delay, Loss: loss}, Seed: 1})
			var took []float64
			for b.Loop() {
				cache.Forget()
				began := time.Now()
				e.Examine(b.Context(), checks.Target{Domain: "acme.example"}, nil)
				took = append(took, float64(time.Since(began))/float64(rounds*delay))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "median/bound")
			b.ReportMetric(took[len(took)*95/100], "p95/bound")
			b.ReportMetric(float64(server.Queries())/float64(b.N), "questions/op")
		})
	}
}
