package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
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

// darkWorlds are a sound customer, and others of whom something has to be said.
var darkWorlds = map[string]string{
	"sound": "",
	"nothing published": `- customer.example TXT
- cw1._domainkey.customer.example TXT
- _dmarc.customer.example TXT
- customer.example MX
- mail.customer.example A
- _mta-sts.customer.example TXT
- _smtp._tls.customer.example TXT`,
	"published at the wrong names": `- customer.example TXT
+ customer.example.customer.example TXT SPF-OK
- cw1._domainkey.customer.example TXT
+ cw1._domainkey.customer.example.customer.example TXT DKIM-OK
- _dmarc.customer.example TXT
+ customer.example TXT DMARC-OK
- customer.example MX
+ customer.example MX 10 alias.customer.example
+ alias.customer.example CNAME mail.customer.example`,
	"many mistakes": `- customer.example TXT
+ customer.example TXT v=spf1 a mx include:suite-a.example include:suite-b.example include:crm.example include:none.example ptr +all
- cw1._domainkey.customer.example TXT
+ cw1._domainkey.customer.example CNAME cw1.keys.example
+ cw1.keys.example TXT v=DKIM1; k=rsa; p=<OTHERKEY>
- _dmarc.customer.example TXT
+ _dmarc.customer.example TXT v=DMARC1; p=reject; rua=mailto:dmarc@reports.example
- customer.example MX
+ customer.example MX 10 mail.customer.example
+ customer.example MX 20 gone.customer.example
- _mta-sts.customer.example TXT
+ _mta-sts.customer.example TXT v=STSv1; id=1
+ _mta-sts.customer.example TXT v=STSv1; id=2`,
}

// promises are what a customer may publish besides.
const promises = `+ _mta-sts.customer.example TXT v=STSv1; id=20260101
+ mta-sts.customer.example A 192.0.2.90
+ _smtp._tls.customer.example TXT v=TLSRPTv1; rua=mailto:tls@customer.example
+ mail.customer.example AAAA 2001:db8::25
- customer.example MX
+ customer.example MX 10 mail.customer.example
+ _25._tcp.mail.customer.example TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
- _dmarc.customer.example TXT
+ _dmarc.customer.example TXT v=DMARC1; p=none; rua=mailto:dmarc@reports.example
+ customer.example._report._dmarc.reports.example TXT v=DMARC1`

func editsOf(t *testing.T, lines string) []edit {
	t.Helper()
	var r row
	for line := range strings.Lines(lines) {
		if err := r.read(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	return r.edits
}

// darkness fails to answer some questions, and passes on all others.
type darkness struct {
	*dns.Cache
	kind dns.Kind
	dark func(dns.Answer) bool // of an answer that says what is asked, of whom and how
}

// asked is what is asked, of whom and how, without an answer.
func asked(q dns.Question, server netip.AddrPort) dns.Answer {
	a := dns.Answer{Question: dns.Ask(q.Name, q.Type), Server: "198.51.100.1:53"}
	if server.IsValid() {
		a.Server = server.String()
	}
	return a
}

func (d darkness) ask(a dns.Answer, real func() dns.Answer) dns.Answer {
	if !d.dark(a) {
		return real()
	}
	failed := &dns.Error{Kind: d.kind, Server: a.Server}
	switch d.kind {
	case dns.KindTimeout:
		failed.Attempts, failed.After = 1, time.Second
	case dns.KindServFail:
		a.Rcode = "SERVFAIL"
	case dns.KindRefused:
		a.Rcode = "REFUSED"
	}
	a.Err = failed
	return a
}

func (d darkness) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	return d.ask(asked(q, netip.AddrPort{}), func() dns.Answer { return d.Cache.Lookup(ctx, q) })
}

func (d darkness) LookupUnchecked(ctx context.Context, q dns.Question) dns.Answer {
	a := asked(q, netip.AddrPort{})
	a.CD = true
	return d.ask(a, func() dns.Answer { return d.Cache.LookupUnchecked(ctx, q) })
}

func (d darkness) LookupSigned(ctx context.Context, q dns.Question) dns.Answer {
	a := asked(q, netip.AddrPort{})
	a.DO = true
	return d.ask(a, func() dns.Answer { return d.Cache.LookupSigned(ctx, q) })
}

func (d darkness) AskServer(ctx context.Context, server netip.AddrPort, q dns.Question) dns.Answer {
	a := asked(q, server)
	a.Direct = true
	return d.ask(a, func() dns.Answer { return d.Cache.AskServer(ctx, server, q) })
}

func (d darkness) AskPublic(ctx context.Context, server netip.AddrPort, q dns.Question) dns.Answer {
	a := asked(q, server)
	a.Public = true
	return d.ask(a, func() dns.Answer { return d.Cache.AskPublic(ctx, server, q) })
}

// darkExaminer looks at rs through a resolver, two servers of the zone and a
// public resolver, all of them real ones with the same zone.
func darkExaminer(t *testing.T, rs records) (*checks.Examiner, *dns.Cache) {
	t.Helper()
	own, public := netip.MustParseAddrPort("198.51.100.1:53"), netip.MustParseAddrPort("198.51.100.8:53")
	zone, recursive := rs.zone(), rs.zone()
	recursive.Behave("", nameserver.Behaviour{Below: true, AD: true, NoAA: true})
	servers := map[*nameserver.Zone]string{}
	for _, z := range []*nameserver.Zone{zone, recursive} {
		s, err := nameserver.Serve(z, nameserver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		servers[z] = s.Addr.String()
	}
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{own}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		to := servers[zone]
		if strings.HasPrefix(address, "198.51.100.") {
			to = servers[recursive]
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	now := time.Now()
	return &checks.Examiner{
		Resolver: cache, Asker: cache, Own: []netip.AddrPort{own}, Public: []netip.AddrPort{own, public},
		Now: func() time.Time { return now }, Service: transports.DefaultService(), Thorough: true,
		Policies: func(_ context.Context, host string) mtasts.Fetched {
			return mtasts.Fetched{Host: host, Body: "version: STSv1\r\nmode: enforce\r\nmx: mail.customer.example\r\nmax_age: 604800\r\n", Status: 200, At: now}
		},
	}, cache
}

// justified are warnings and failures that a failed question itself is, and
// why. All else that was not seen is unknown.
var justified = map[string]string{
	"dns.server-unreachable": "a server that answers none of the questions is seen to be dead, whichever record is asked for",
	"dane.lookup-fails":      "senders that check DANE hold mail back where this question fails (RFC 7672 section 2.1.1)",
}

// gap is what is kept dark in one examination.
type gap struct {
	name string
	kind dns.Kind
	dark func(dns.Answer) bool
	only string // name of the questions that fail, where all have the same

	decides bool // what fails is something that a report has to call unknown
}

// deciding are the questions of the sound customer without whose answers
// something is not known.
var deciding = map[string]bool{
	"customer.example TXT": true, "spf.protection.outlook.com TXT": true, "_spf.clockwise.info TXT": true,
	"cw1._domainkey.customer.example TXT": true, "_dmarc.customer.example TXT": true, "customer.example MX": true,
	"_mta-sts.customer.example TXT": true, "_smtp._tls.customer.example TXT": true,
}

// gaps are each question of a report by itself, each name, each type, and each
// server.
func gaps(answers []dns.Answer) []gap {
	type put struct {
		question           dns.Question
		server             string
		direct, public, cd bool
		do                 bool
	}
	of := func(a dns.Answer) put { return put{a.Question, a.Server, a.Direct, a.Public, a.CD, a.DO} }
	var out []gap
	seen := map[string]bool{}
	add := func(kind dns.Kind, only string, dark func(dns.Answer) bool, format string, args ...any) {
		name := kind.String() + ": " + fmt.Sprintf(format, args...)
		if !seen[name] {
			seen[name] = true
			out = append(out, gap{name: name, kind: kind, dark: dark, only: only})
		}
	}
	for _, a := range answers {
		p := of(a)
		// How it fails matters to few of them.
		kinds := []dns.Kind{dns.KindServFail, dns.KindTimeout, dns.KindRefused}
		if !deciding[p.question.String()] || p.direct || p.public || p.cd || p.do {
			kinds = kinds[:1]
		}
		for _, kind := range kinds {
			add(kind, p.question.Name, func(a dns.Answer) bool { return of(a) == p }, "%+v", p)
			out[len(out)-1].decides = len(kinds) > 1
		}
		add(dns.KindServFail, p.question.Name, func(a dns.Answer) bool { return a.Question.Name == p.question.Name }, "all of the name %s", p.question.Name)
		add(dns.KindServFail, p.question.Name, func(a dns.Answer) bool { return a.Question == p.question }, "%s of all servers", p.question)
		add(dns.KindServFail, "", func(a dns.Answer) bool { return a.Question.Type == p.question.Type }, "all of the type %s", p.question.Type)
		add(dns.KindTimeout, "", func(a dns.Answer) bool { return a.Server == p.server && a.Direct == p.direct }, "all of the server %s, direct %v", p.server, p.direct)
	}
	return out
}

// TestInTheDark lets each question of an examination fail, one at a time, each
// name, each type and each server: what is said of the rest stays, and nothing
// is made of the gap.
func TestInTheDark(t *testing.T) {
	world := readCorpus(t, "world")[0].edits
	for name, lines := range darkWorlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, cache := darkExaminer(t, apply(world, editsOf(t, promises), editsOf(t, lines)))
			before := e.Examine(t.Context(), row{}.target(), nil)
			if worst, _ := finding.Worst(before.Findings); (worst == finding.Note) != (name == "sound") || before.Verdict == checks.VerdictUnknown {
				t.Fatalf("without a gap:\n%s", listed(before.Findings))
			}
			var wg sync.WaitGroup
			work := make(chan gap)
			for range 4 {
				wg.Go(func() {
					for g := range work {
						with := *e
						d := darkness{cache, g.kind, g.dark}
						with.Resolver, with.Asker = d, d
						g.compare(t, before, with.Examine(t.Context(), row{}.target(), nil))
					}
				})
			}
			for _, g := range gaps(before.Answers) {
				g.decides = g.decides && name == "sound"
				work <- g
			}
			close(work)
			wg.Wait()
		})
	}
}

// compare holds what is said with a gap against what was said without.
func (g gap) compare(t *testing.T, before, after checks.Report) {
	same := func(f finding.Finding) func(finding.Finding) bool {
		return func(g finding.Finding) bool { return g.Code() == f.Code() && g.Object == f.Object }
	}
	subject := func(f finding.Finding) string { s, _, _ := strings.Cut(f.Code(), "."); return s }
	for _, f := range after.Open() {
		severe := f.Severity() == finding.Failure || f.Severity() == finding.Warning
		if severe && !slices.ContainsFunc(before.Findings, same(f)) && justified[f.Code()] == "" {
			t.Errorf("%s: raises %s (%s) %q", g.name, f.Code(), f.Object, f.Args)
		}
	}
	// What is gone rested on what failed, or an unknown stands in its place.
	for _, f := range before.Open() {
		if f.Severity() == finding.Note || f.Rule.Outcome || slices.ContainsFunc(after.Findings, same(f)) {
			continue
		}
		rests := slices.ContainsFunc(f.Evidence, func(e finding.Evidence) bool { return dns.Ask(e.Name, 0).Name == g.only })
		unsure := slices.ContainsFunc(after.Findings, func(u finding.Finding) bool {
			return u.Severity() == finding.Unknown && (subject(u) == subject(f) || u.SilencedBy == "" && (g.only == "" || subject(u) == "dns"))
		})
		if !rests && !unsure {
			t.Errorf("%s: %s (%s) is gone\n%s", g.name, f.Code(), f.Object, listed(after.Findings))
		}
	}
	if g.decides && !slices.ContainsFunc(after.Findings, func(f finding.Finding) bool {
		return f.Severity() == finding.Unknown && slices.ContainsFunc(f.Evidence, func(e finding.Evidence) bool { return e.Name == g.only })
	}) {
		t.Errorf("%s: nothing is unknown\n%s", g.name, listed(after.Findings))
	}
	for i, p := range before.Paths {
		q := after.Paths[i]
		if q.SPF != p.SPF && q.SPF != "temperror" || q.DKIM != p.DKIM && q.DKIM != "unknown" || q.DMARC != p.DMARC && q.DMARC != "unknown" {
			t.Errorf("%s: the path %+v becomes %+v", g.name, p, q)
			break
		}
	}
	for _, d := range changes(before, after) {
		t.Errorf("%s: %s", g.name, d)
	}
}

// changes lists where the facts of a report say something else than before,
// other than that it is not known.
func changes(before, after checks.Report) []string {
	var out []string
	var walk func(path string, a, b any)
	walk = func(path string, a, b any) {
		if path == ".dkim.reason" || b == nil || b == "unknown" || b == "temperror" {
			return
		}
		switch a := a.(type) {
		case map[string]any:
			if b, ok := b.(map[string]any); ok {
				for k := range a {
					walk(path+"."+k, a[k], b[k])
				}
				return
			}
		case []any:
			if b, ok := b.([]any); ok && len(a) == len(b) {
				for i := range a {
					walk(fmt.Sprintf("%s[%d]", path, i), a[i], b[i])
				}
				return
			}
		}
		if !reflect.DeepEqual(a, b) {
			out = append(out, fmt.Sprintf("the facts have %v at %s instead of %v", b, path, a))
		}
	}
	walk("", decoded(before.Facts), decoded(after.Facts))
	return out
}

func decoded(v any) (out any) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}
