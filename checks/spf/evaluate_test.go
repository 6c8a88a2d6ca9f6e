package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
)

// repeat makes lines of a format with the numbers from 1 to n.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i+1)
	}
	return b.String()
}

// TestEvaluate is the table of what peers get wrong, V01 to V28, and more.
func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		ip         string // 192.0.2.1 when empty
		from       string // user@a.example when empty
		result     string
		problem    ProblemKind
		lookups    int
		voids      int
		matched    string
		path       string
	}{
		{
			name: "V01", zone: "a.example TXT v=spf1 include:b.example -all\nb.example TXT hello",
			result: PermError, problem: NoRecord, lookups: 1,
		},
		{
			name: "V02", zone: "a.example TXT v=spf1 redirect=b.example\nb.example A 192.0.2.1",
			result: PermError, problem: NoRecord, lookups: 1, voids: 1,
		},
		{
			name: "V03", zone: "a.example TXT v=spf1 a:v1.example a:v2.example a:ok.example -all\nok.example A 192.0.2.1",
			result: Pass, lookups: 3, voids: 2, matched: "a:ok.example", path: "a.example",
		},
		{
			name: "V04", zone: "a.example TXT v=spf1 a:v1.example a:v2.example a:v3.example ip4:192.0.2.1 -all",
			result: PermError, problem: TooManyVoid, lookups: 3, voids: 3,
		},
		{
			name: "V05", zone: "a.example TXT v=spf1 a:six.example ip4:192.0.2.1 -all\nsix.example AAAA 2001:db8::1",
			result: Pass, lookups: 1, voids: 1, matched: "ip4:192.0.2.1", path: "a.example",
		},
		{
			name: "V05 IPv6", zone: "a.example TXT v=spf1 a:six.example ip4:192.0.2.1 -all\nsix.example AAAA 2001:db8::1", ip: "2001:db8::1",
			result: Pass, lookups: 1, matched: "a:six.example", path: "a.example",
		},
		{
			name: "V06", zone: "a.example TXT v=spf1" + repeat(10, " a:ok%d.example") + " ip4:192.0.2.1 -all\n" + repeat(10, "ok%d.example A 192.0.2.9\n"),
			result: Pass, lookups: 10, matched: "ip4:192.0.2.1", path: "a.example",
		},
		{
			name: "V07", zone: "a.example TXT v=spf1" + repeat(11, " a:ok%d.example") + " ip4:192.0.2.1 -all\n" + repeat(11, "ok%d.example A 192.0.2.9\n"),
			result: PermError, problem: TooManyLookups, lookups: 11,
		},
		{
			name: "V08", zone: "a.example TXT v=spf1 redirect=b.example\nb.example TXT v=spf1 redirect=a.example",
			result: PermError, problem: LoopFound, lookups: 2,
		},
		{
			name: "V09", zone: "a.example TXT v=spf1 include:b.example -all\nb.example TXT v=spf1 include:A.example -all",
			result: PermError, problem: LoopFound, lookups: 2,
		},
		{
			name: "V10", zone: "a.example TXT v=spf1 include:mx.provider.example -all\nmx.provider.example TXT v=spf1 ip4:192.0.2.1",
			result: Pass, lookups: 1, matched: "ip4:192.0.2.1", path: "a.example mx.provider.example",
		},
		{
			name: "V11", zone: "a.example TXT v=spf1 a:host.example mx:host.example -all\nhost.example A 192.0.2.9\nhost.example MX 1 host.example",
			result: Fail, lookups: 2, matched: "-all", path: "a.example",
		},
		{
			name: "V12", zone: "a.example TXT v=spf1 ip4:192.0.2.1 exp=why.example -all",
			result: Pass, matched: "ip4:192.0.2.1", path: "a.example",
		},
		{name: "V13", zone: "a.example TXT v=spf1 ip4:192.0.2.1 -all moo", result: PermError, problem: BadSyntax},
		{name: "V14", zone: "a.example TXT v=spf1 inlude:b.example -all", result: PermError, problem: BadSyntax},
		{name: "V15", zone: "a.example TXT v=spf1 a:192.0.2.1 -all", result: PermError, problem: BadSyntax},
		{
			name: "V16", zone: "a.example TXT v=spf1 a:foo:bar/baz.example.com -all\nfoo:bar/baz.example.com A 192.0.2.1",
			result: Pass, lookups: 1, matched: "a:foo:bar/baz.example.com", path: "a.example",
		},
		{
			name: "V17", zone: "a.example TXT v=spf1 include:_spf.clockwise.info-all",
			result: PermError, problem: NoRecord, lookups: 1, voids: 1,
		},
		{name: "V18", zone: "a.example TXT v=spf1 include=b.example -all", result: Fail, matched: "-all", path: "a.example"},
		{
			name: "V19", zone: "a.example TXT v=spf1 moo.cow-far_out=man:dog/cat ip4:192.0.2.1 -all",
			result: Pass, matched: "ip4:192.0.2.1", path: "a.example",
		},
		{name: "V20", zone: "a.example TXT v=SpF1 ip4:192.0.2.1 -all", result: Pass, matched: "ip4:192.0.2.1", path: "a.example"},
		{name: "V20 two", zone: "a.example TXT v=SpF1 -all\na.example TXT v=spf1 -all", result: PermError, problem: ManyRecords},
		{name: "V21", zone: "a.example TXT v=spf1  ip4:192.0.2.1   -all ", result: Pass, matched: "ip4:192.0.2.1", path: "a.example"},
		{name: "V22", zone: "a.example TXT v=spf1 ip4:192.0.2.|1 -all", result: Pass, matched: "ip4:192.0.2.1", path: "a.example"},
		{
			name: "V23", zone: "a.example TXT v=spf1 mx -all\n" + repeat(11, "a.example MX 1 m%d.example\n") + "m1.example A 192.0.2.1",
			result: PermError, problem: TooManyMX, lookups: 1,
		},
		{
			name: "ten MX hosts", zone: "a.example TXT v=spf1 mx -all\n" + repeat(10, "a.example MX 1 m%d.example\n") + "m10.example A 192.0.2.1",
			result: Pass, lookups: 1, matched: "mx", path: "a.example",
		},
		{
			name: "V24", zone: "a.example TXT v=spf1 ptr -all\n" + repeat(10, "1.2.0.192.in-addr.arpa PTR p%d.example\n") +
				"1.2.0.192.in-addr.arpa PTR m.a.example\nm.a.example A 192.0.2.1",
			result: Fail, lookups: 1, matched: "-all", path: "a.example",
		},
		{
			name: "ten PTR names", zone: "a.example TXT v=spf1 ptr -all\n" + repeat(9, "1.2.0.192.in-addr.arpa PTR p%d.example\n") +
				"1.2.0.192.in-addr.arpa PTR m.A.example\nm.a.example A 192.0.2.1",
			result: Pass, lookups: 1, matched: "ptr", path: "a.example",
		},
		{name: "V25 ?all", zone: "a.example TXT v=spf1 ?all", result: Neutral, matched: "?all", path: "a.example"},
		{name: "V25 no all", zone: "a.example TXT v=spf1 ip4:10.0.0.1", result: Neutral, path: "a.example"},
		{name: "V25 open", zone: "a.example TXT v=spf1 ip4:0.0.0.0/0", result: Pass, matched: "ip4:0.0.0.0/0", path: "a.example"},
		{name: "V25 host bits", zone: "a.example TXT v=spf1 ip4:192.0.2.5/24", result: Pass, matched: "ip4:192.0.2.5/24", path: "a.example"},
		{
			name: "V26", zone: "a.example TXT v=spf1 include:b.example -all\nb.example FAIL",
			result: TempError, problem: Unreadable, lookups: 1,
		},
		{
			name: "V27", zone: "mail.example TXT v=spf1 exists:%{l}.%{o} -all\npostmaster.mail.example A 127.0.0.2", from: "<>",
			result: Pass, lookups: 1, matched: "exists:%{l}.%{o}", path: "mail.example",
		},
		{
			name: "V28", zone: "a.example TXT v=spf1 ip4:192.0.2.1 -all", ip: "::ffff:192.0.2.1",
			result: Pass, matched: "ip4:192.0.2.1", path: "a.example",
		},

		{name: "no record", zone: "a.example TXT v=spf10", result: None},
		{name: "unreadable", zone: "a.example FAIL", result: TempError, problem: Unreadable},
		{
			name: "deciding terms", zone: "a.example TXT v=spf1 -include:b.example ~all\nb.example TXT v=spf1 ip4:192.0.2.9 redirect=c.example\n" +
				"c.example TXT v=spf1 ip4:192.0.2.0/24 -all",
			result: Fail, lookups: 2, matched: "ip4:192.0.2.0/24", path: "a.example b.example c.example",
		},
		{
			name: "include without match", zone: "a.example TXT v=spf1 include:b.example ~all\nb.example TXT v=spf1 redirect=c.example\nc.example TXT v=spf1 -all",
			result: SoftFail, lookups: 2, matched: "~all", path: "a.example",
		},
		{
			name: "redirect without match", zone: "a.example TXT v=spf1 redirect=b.example\nb.example TXT v=spf1 ip4:192.0.2.9",
			result: Neutral, lookups: 1, path: "a.example",
		},
		{
			name: "null MX", zone: "a.example TXT v=spf1 mx -all\na.example MX 0 .",
			result: Fail, lookups: 1, matched: "-all", path: "a.example",
		},
		{
			name: "MX host unreadable", zone: "a.example TXT v=spf1 mx -all\na.example MX 1 m.example\nm.example FAIL",
			result: TempError, problem: Unreadable, lookups: 1,
		},
		{
			name: "PTR unreadable", zone: "a.example TXT v=spf1 ptr ~all\n1.2.0.192.in-addr.arpa FAIL",
			result: SoftFail, lookups: 1, matched: "~all", path: "a.example",
		},
		{
			name: "prefix lengths", zone: "a.example TXT v=spf1 a:h.example//64 -all\nh.example AAAA 2001:db8::9", ip: "2001:db8::1",
			result: Pass, lookups: 1, matched: "a:h.example//64", path: "a.example",
		},
		{
			name: "include of no name", zone: "a.example TXT v=spf1 include:%{h} -all",
			from:   "user@a.example",
			result: PermError, problem: TargetInvalid, lookups: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "user@a.example", HELO: "mail.example"}
			if c.ip != "" {
				client.IP = netip.MustParseAddr(c.ip)
			}
			if c.from != "" {
				client.MailFrom = c.from
			}
			if c.problem == TargetInvalid {
				client.HELO = "oemcomputer"
			}
			z := parseZone(t, c.zone)
			for _, ahead := range []bool{false, true} {
				o := Evaluate(t.Context(), z, client, Options{Ahead: ahead})
				if o.Result != c.result || o.Lookups != c.lookups || o.VoidLookups != c.voids || o.Matched != c.matched {
					t.Errorf("ahead %v: %s, %d look-ups, %d void, matched %q, problem %v", ahead, o.Result, o.Lookups, o.VoidLookups, o.Matched, o.Problem)
				}
				if c.path != "" && strings.Join(o.Path, " ") != c.path {
					t.Errorf("ahead %v: path %q", ahead, o.Path)
				}
				var p *Problem
				if errors.As(o.Problem, &p); p == nil && c.problem != 0 || p != nil && p.Kind != c.problem {
					t.Errorf("ahead %v: problem %v, want kind %d", ahead, o.Problem, c.problem)
				}
				if (o.Result == TempError) != (len(o.Unread) > 0) {
					t.Errorf("ahead %v: unread %v", ahead, o.Unread)
				}
			}
		})
	}
}

func TestExplanation(t *testing.T) {
	for name, c := range map[string]struct{ zone, want string }{
		"own":            {"a.example TXT v=spf1 exp=%{d}.why.example -all\na.example.why.example TXT No %{i}| for %{s}%_at %{t}.", "No 192.0.2.1 for user@a.example at 0."},
		"not an include": {"a.example TXT v=spf1 -include:b.example\nb.example TXT v=spf1 +all exp=why.example\nwhy.example TXT no", ""},
		"redirect":       {"a.example TXT v=spf1 redirect=b.example exp=own.example\nb.example TXT v=spf1 -all exp=why.example\nwhy.example TXT %{d}\nown.example TXT own", "b.example"},
		"two texts":      {"a.example TXT v=spf1 -all exp=why.example\nwhy.example TXT one\nwhy.example TXT two", ""},
		"malformed":      {"a.example TXT v=spf1 -all exp=why.example\nwhy.example TXT %{x}", ""},
		"softfail":       {"a.example TXT v=spf1 ~all exp=why.example\nwhy.example TXT no", ""},
		"no host":        {"a.example TXT v=spf1 -all exp=why..example\nwhy.example TXT no", ""},
		"controls":       {"a.example TXT v=spf1 -all exp=why.example\nwhy.example TXT a\x1b[2Jb", ""},
	} {
		o := Evaluate(t.Context(), parseZone(t, c.zone), Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "user@a.example"}, Options{})
		if o.Explanation != c.want {
			t.Errorf("%s: %q, want %q", name, o.Explanation, c.want)
		}
	}
}

// TestEvaluateStops sees that nothing is asked behind a decision.
func TestEvaluateStops(t *testing.T) {
	z := parseZone(t, "a.example TXT v=spf1 ip4:192.0.2.0/24 include:b.example a mx -all\nb.example TXT v=spf1 -all")
	for _, ahead := range []bool{false, true} {
		z.asked = nil
		o := Evaluate(t.Context(), z, Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "user@a.example"}, Options{Ahead: ahead})
		if o.Result != Pass || len(z.asked) != 1 {
			t.Errorf("%s; asked %v", o.Result, z.asked)
		}
	}
}

func TestEvaluateCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := Evaluate(ctx, resolverFunc(func(ctx context.Context, q dns.Question) dns.Answer {
		return dns.Answer{Question: q, Err: ctx.Err()}
	}), Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "user@a.example"}, Options{Ahead: true})
	if o.Result != TempError || !errors.Is(o.Problem, context.Canceled) {
		t.Errorf("%s: %v", o.Result, o.Problem)
	}
}

// TestEvaluateOutOfTime: errors about the client's names match nothing, but the
// end of the time for all is no such error.
func TestEvaluateOutOfTime(t *testing.T) {
	for _, record := range []string{"v=spf1 ptr -all", "v=spf1 exists:%{p}..example -all"} {
		for _, ahead := range []bool{false, true} {
			z := parseZone(t, "a.example TXT "+record+"\n1.2.0.192.in-addr.arpa PTR h.a.example")
			ctx, cancel := context.WithCancel(t.Context())
			o := Evaluate(ctx, resolverFunc(func(ctx context.Context, q dns.Question) dns.Answer {
				if q.Type == dns.TypeA {
					cancel()
					return dns.Answer{Question: q, Err: ctx.Err()}
				}
				return z.Lookup(ctx, q)
			}), Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: "user@a.example"}, Options{Ahead: ahead})
			cancel()
			if o.Result != TempError || len(o.Unread) != 1 || !errors.Is(o.Problem, context.Canceled) {
				t.Errorf("%s, ahead %t: %+v", record, ahead, o)
			}
		}
	}
}

type resolverFunc func(context.Context, dns.Question) dns.Answer

func (f resolverFunc) Lookup(ctx context.Context, q dns.Question) dns.Answer { return f(ctx, q) }

// repeated are the questions asked more than once.
func (z *zone) repeated() []dns.Question {
	seen := map[dns.Question]int{}
	var out []dns.Question
	for _, q := range z.asked {
		if seen[q]++; seen[q] == 2 {
			out = append(out, q)
		}
	}
	return out
}

func (z *zone) wasAsked(name string, typ dns.Type) bool {
	return slices.Contains(z.asked, dns.Question{Name: name, Type: typ})
}

// FuzzEvaluate: every way to evaluate gives the same outcome, and a reason for
// each error.
func FuzzEvaluate(f *testing.F) {
	for _, terms := range [][]string{soundTerms, brokenTerms} {
		for i, t := range terms {
			f.Add("v=spf1 "+t+" "+terms[(i+7)%len(terms)]+" -all exp=why.example", "%{i} %{S} %{p}", "user@a.example", "h1.example", i%3 == 0)
		}
	}
	f.Add("v=spf1 include:a.example redirect=%{h}", "", "jörg@a.example", "[192.0.2.1]", false)
	f.Fuzz(func(t *testing.T, record, text, from, helo string, six bool) {
		z := parseZone(t, fixtures)
		z.add(t, "a.example", "TXT", record)
		z.add(t, "r0.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
		z.add(t, "r1.example", "TXT", record)
		z.add(t, "why.example", "TXT", text)
		c := Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: from, HELO: helo}
		if six {
			c.IP = netip.MustParseAddr("2001:db8::1")
		}
		one := Evaluate(t.Context(), z, c, Options{})
		for way, o := range map[string]Outcome{
			"ahead":  Evaluate(t.Context(), z, c, Options{Ahead: true}),
			"lookup": Lookup(t.Context(), z, "a.example", []netip.Addr{c.IP}, Options{MailFrom: from, HELO: helo}).Outcomes[0],
		} {
			if way == "lookup" && from == "" {
				continue // postmaster@a.example then
			}
			if o.Result != one.Result || o.Explanation != one.Explanation || o.Lookups != one.Lookups || o.VoidLookups != one.VoidLookups || o.Matched != one.Matched {
				t.Errorf("%s: %+v differs from %+v", way, o, one)
			}
		}
		if (one.Problem != nil) != (one.Result == TempError || one.Result == PermError) || one.Lookups > MaxLookups+1 || !printable(one.Explanation) {
			t.Errorf("%+v", one)
		}
	})
}
