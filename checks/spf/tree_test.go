package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

func relays() []netip.Addr {
	a := netip.MustParseAddr("31.134.206.128")
	var out []netip.Addr
	for range 16 {
		out = append(out, a)
		a = a.Next()
	}
	return out
}

// outline draws a tree with what the tests want to know.
func outline(n *Node) string {
	var b strings.Builder
	n.Walk(func(n *Node, above []*Node) bool {
		fmt.Fprintf(&b, "%s%s %d/%d void %d", strings.Repeat("  ", len(above)), n.Term, n.Cost, n.Lookups, n.Void)
		for mark, is := range map[string]bool{" loop": n.Loop, " cut": n.Cut, " dynamic": n.Dynamic, " inactive": n.Inactive} {
			if is {
				b.WriteString(mark)
			}
		}
		var p *Problem
		if errors.As(n.Err, &p) {
			fmt.Fprintf(&b, " problem %d", p.Kind)
		}
		if len(n.Addresses) > 0 {
			fmt.Fprintf(&b, " %v", n.Addresses)
		}
		b.WriteByte('\n')
		return true
	})
	return b.String()
}

func TestTree(t *testing.T) {
	for _, c := range []struct{ name, zone, want string }{
		{
			"all kinds", `
			a.example TXT v=spf1 a mx ptr exists:%{i}.x.example exists:yes.example include:b.example ip4:192.0.2.0/24 exp=why.example ~all
			a.example A 192.0.2.1
			a.example AAAA 2001:db8::1
			a.example MX 1 m1.example
			a.example MX 2 m2.example
			m1.example A 192.0.2.1
			m2.example A 192.0.2.2
			yes.example A 127.0.0.2
			b.example TXT v=spf1 include:%{d1r}.c.example a:void.example ?all
			b.c.example TXT v=spf1 -all
			`, `
 0/8 void 1
  a 1/1 void 0 [192.0.2.1 2001:db8::1]
  mx 1/1 void 0 [192.0.2.1 192.0.2.2]
  ptr 1/1 void 0 dynamic
  exists:%{i}.x.example 1/1 void 0 dynamic
  exists:yes.example 1/1 void 0
  include:b.example 1/3 void 1
    include:%{d1r}.c.example 1/1 void 0
      -all 0/0 void 0
    a:void.example 1/1 void 1
    ?all 0/0 void 0
  ip4:192.0.2.0/24 0/0 void 0
  exp=why.example 0/0 void 0
  ~all 0/0 void 0
`,
		},
		{
			"behind all", `
			a.example TXT v=spf1 -all include:b.example a redirect=b.example
			b.example TXT v=spf1 ip4:192.0.2.1 -all include:c.example
			c.example TXT v=spf1 -all
			`, `
 0/0 void 0
  -all 0/0 void 0
  include:b.example 1/1 void 0 inactive
    ip4:192.0.2.1 0/0 void 0
    -all 0/0 void 0
    include:c.example 1/1 void 0 inactive
  a 1/1 void 0 inactive
  redirect=b.example 1/1 void 0 inactive
    ip4:192.0.2.1 0/0 void 0
    -all 0/0 void 0
    include:c.example 1/1 void 0 inactive
`,
		},
		{
			"loop", "a.example TXT v=spf1 include:b.example -all\nb.example TXT v=spf1 redirect=A.example", `
 0/2 void 0
  include:b.example 1/2 void 0
    redirect=A.example 1/1 void 0 loop problem 8
  -all 0/0 void 0
`,
		},
		{
			"broken", `
			a.example TXT v=spf1 include:none.example include:two.example include:bad.example include:dead.example a:dead.example mx include:x..example -all
			two.example TXT v=spf1
			two.example TXT v=spf1
			bad.example TXT v=spf1 foo include:ok.example
			ok.example TXT v=spf1 -all
			dead.example FAIL
			` + repeat(11, "a.example MX 1 m%d.example\n"), `
 0/8 void 1
  include:none.example 1/1 void 1 problem 3
  include:two.example 1/1 void 0 problem 2
  include:bad.example 1/2 void 0 problem 1
    foo 0/0 void 0
    include:ok.example 1/1 void 0
      -all 0/0 void 0
  include:dead.example 1/1 void 0 problem 7
  a:dead.example 1/1 void 0 problem 7
  mx 1/1 void 0 problem 6
  include:x..example 1/1 void 0 problem 9
  -all 0/0 void 0
`,
		},
		{
			"past the limit", "a.example TXT v=spf1" + repeat(12, " a:h%d.example") + " -all",
			"\n 0/12 void 12\n" + repeat(12, "  a:h%d.example 1/1 void 1\n") + "  -all 0/0 void 0\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := parseZone(t, c.zone)
			res := Lookup(t.Context(), z, "A.example.", relays(), Options{})
			if got := "\n" + outline(res.Tree); got != c.want {
				t.Errorf("tree:%s\nwant:%s", got, c.want)
			}
			if q := z.repeated(); q != nil {
				t.Errorf("asked twice: %v", q)
			}
			if res.Lookups != res.Tree.Lookups || res.VoidLookups != res.Tree.Void || len(res.Probes) != 0 {
				t.Errorf("%d look-ups, %d void, probes %v", res.Lookups, res.VoidLookups, res.Probes)
			}
			for i, o := range res.Outcomes {
				one := Evaluate(t.Context(), z, Client{IP: relays()[i], MailFrom: "postmaster@a.example"}, Options{})
				if o.Result != one.Result || o.Lookups != one.Lookups || o.VoidLookups != one.VoidLookups {
					t.Errorf("%v: %+v, alone %+v", relays()[i], o, one)
				}
			}
		})
	}
}

func TestLookupWithoutRecord(t *testing.T) {
	z := parseZone(t, `
		mail.customer.example A 192.0.2.1
		customer.example TXT v=spf1 -all
		mail.customer.example.customer.example TXT v=spf1 mx -all
		mail.customer.example SPF v=spf1 -all
		dead.example FAIL`)
	res := Lookup(t.Context(), z, "mail.customer.example", relays()[:1], Options{})
	if res.Tree != nil || res.Answer.Status != dns.Empty || res.Outcomes[0].Result != None {
		t.Errorf("%+v", res)
	}
	var found []string
	for i, a := range res.Probes {
		if a.Question != Probes("mail.customer.example")[i] {
			t.Errorf("probe %d is %v", i, a.Question)
		}
		if a.Status == dns.Found {
			found = append(found, a.Question.String())
		}
	}
	want := []string{"mail.customer.example SPF", "mail.customer.example.customer.example TXT", "customer.example TXT"}
	if !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
	if !z.wasAsked("_spf.mail.customer.example", dns.TypeTXT) || z.repeated() != nil {
		t.Errorf("asked %v", z.asked)
	}
	if res := Lookup(t.Context(), z, "dead.example", nil, Options{}); res.Probes != nil || res.Answer.Status != dns.Failed {
		t.Errorf("%+v", res)
	}
	two := parseZone(t, "a.example TXT v=spf1 a\na.example TXT v=spf1 mx")
	if res := Lookup(t.Context(), two, "a.example", nil, Options{}); len(res.Records) != 2 || res.Tree != nil || res.Probes != nil || len(two.asked) != 1 {
		t.Errorf("%+v; asked %v", res, two.asked)
	}
}

func TestParents(t *testing.T) {
	for domain, want := range map[string]string{
		"a.b.customer.example": "b.customer.example customer.example", "customer.example": "", "example": "", "": "",
		"a.b.c.d.e.f.example": "b.c.d.e.f.example c.d.e.f.example d.e.f.example e.f.example",
	} {
		if got := strings.Join(parents(domain), " "); got != want {
			t.Errorf("%q: %q", domain, got)
		}
	}
}

// TestRounds counts how many round trips follow each other: every question
// takes one tick of a false clock.
func TestRounds(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		rounds     int
	}{
		{"google", `
			a.example TXT v=spf1 include:_spf.google.example ~all
			_spf.google.example TXT v=spf1 include:_n1.google.example include:_n2.google.example include:_n3.google.example ~all
			_n1.google.example TXT v=spf1 ip4:192.0.2.0/24 ~all
			_n2.google.example TXT v=spf1 ip6:2001:db8::/32 ~all
			_n3.google.example TXT v=spf1 ip4:198.51.100.0/24 ~all`, 3},
		{"mx beside includes", `
			a.example TXT v=spf1 a mx include:b.example include:c.example exists:%{i}.x.example redirect=d.example
			a.example MX 1 m1.example
			a.example MX 2 m2.example
			m1.example A 192.0.2.1
			m2.example A 192.0.2.2
			b.example TXT v=spf1 a:m1.example a:h.example -all
			c.example TXT v=spf1 mx:a.example -all
			d.example TXT v=spf1 -all`, 3},
		{"no record", "b.a.example A 192.0.2.1", 2},
		{"chain", "a.example TXT v=spf1 redirect=b.example\nb.example TXT v=spf1 redirect=c.example\nc.example TXT v=spf1 mx\nc.example MX 1 m.example", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := parseZone(t, c.zone)
			const tick = 20 * time.Millisecond
			slow := resolverFunc(func(ctx context.Context, q dns.Question) dns.Answer {
				select {
				case <-time.After(tick):
				case <-ctx.Done():
					return dns.Answer{Question: q, Err: ctx.Err()}
				}
				return z.Lookup(ctx, q)
			})
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				Lookup(t.Context(), slow, "a.example", relays(), Options{})
				if got := time.Since(start); got != time.Duration(c.rounds)*tick {
					t.Errorf("Lookup took %v rounds, want %d", float64(got)/float64(tick), c.rounds)
				}
				if q := z.repeated(); q != nil {
					t.Errorf("asked twice: %v", q)
				}
				start = time.Now()
				Evaluate(t.Context(), slow, Client{IP: relays()[0], MailFrom: "x@a.example"}, Options{Ahead: true})
				if got := time.Since(start); got > time.Duration(c.rounds)*tick {
					t.Errorf("Evaluate took %v rounds, want at most %d", float64(got)/float64(tick), c.rounds)
				}
			})
		})
	}
}

// TestHostile holds what is asked for records that want to be asked about
// without end.
func TestHostile(t *testing.T) {
	wide := "a.example TXT v=spf1" + repeat(500, " include:i%d.example") + "\n" + repeat(500, "i%d.example TXT v=spf1 -all\n")
	bushy := resolverFunc(func(_ context.Context, q dns.Question) dns.Answer { // every name has two more below it
		return dns.Answer{Question: q, Status: dns.Found, Records: []dns.Record{{
			Type: dns.TypeTXT, Strings: []string{"v=spf1 include:x." + q.Name + " include:y." + q.Name},
		}}}
	})
	for name, r := range map[string]dns.Resolver{"wide": parseZone(t, wide), "bushy": bushy} {
		var mu sync.Mutex
		asked := map[dns.Question]bool{}
		counted := resolverFunc(func(ctx context.Context, q dns.Question) dns.Answer {
			mu.Lock()
			asked[q] = true
			mu.Unlock()
			return r.Lookup(ctx, q)
		})
		res := Lookup(t.Context(), counted, "a.example", relays(), Options{})
		if len(asked) > maxAhead+maxQuestions+16*MaxLookups {
			t.Errorf("%s: %d questions", name, len(asked))
		}
		cut := 0
		res.Tree.Walk(func(n *Node, _ []*Node) bool {
			if n.Cut {
				cut++
			}
			return true
		})
		if cut == 0 || res.Lookups <= MaxLookups || res.Outcomes[0].Result != PermError {
			t.Errorf("%s: %d cut, %d look-ups, %s", name, cut, res.Lookups, res.Outcomes[0].Result)
		}
		clear(asked)
		Evaluate(t.Context(), counted, Client{IP: relays()[0], MailFrom: "x@a.example"}, Options{Ahead: true})
		if len(asked) > maxAhead+MaxLookups+1 {
			t.Errorf("%s: Evaluate asked %d questions", name, len(asked))
		}
	}
}
