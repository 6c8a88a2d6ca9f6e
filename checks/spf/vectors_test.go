package spf

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// vectors are the rows of the catalogue's "Peers get these wrong" that raise
// findings, and further cases: lines of a zone, the client, the result and the
// codes that must be raised ("+"), must not be raised ("!") or stand on top.
var vectors = []struct {
	id, zone, result string
	codes            []string
	change           func(*Input)
}{
	{"V01", `a.example TXT v=spf1 include:b.example -all
		b.example A 192.0.2.7`, PermError, []string{"spf.include-target-without-spf"}, nil},
	{"V02", `a.example TXT v=spf1 redirect=b.example`, PermError, []string{"spf.redirect-target-without-spf"}, nil},
	{"V03", `a.example TXT v=spf1 a:v1.example a:v2.example a:ok.example -all
		ok.example A 192.0.2.1`, Pass, []string{"+spf.void-lookups", "!spf.too-many-void-lookups"}, nil},
	{"V04", `a.example TXT v=spf1 a:v1.example a:v2.example a:v3.example ip4:192.0.2.1 -all`, PermError, []string{"spf.too-many-void-lookups"}, nil},
	{"V05", `a.example TXT v=spf1 a:six.example ip4:192.0.2.1 -all
		six.example AAAA 2001:db8::1`, Pass, []string{"+spf.void-lookups", "!spf.host-without-address"}, nil},
	{"V06", `a.example TXT v=spf1` + strings.Repeat(" a:ok.example", 10) + ` ip4:192.0.2.1 -all
		ok.example A 192.0.2.9`, Pass, []string{"+spf.at-limit", "!spf.too-many-lookups", "+spf.term-duplicate"}, nil},
	{"V07", `a.example TXT v=spf1` + strings.Repeat(" a:ok.example", 11) + ` ip4:192.0.2.1 -all
		ok.example A 192.0.2.9`, PermError, []string{"spf.too-many-lookups"}, nil},
	{"V08", `a.example TXT v=spf1 redirect=b.example
		b.example TXT v=spf1 redirect=a.example`, PermError, []string{"spf.loop"}, nil},
	{"V09", `a.example TXT v=spf1 include:b.example -all
		b.example TXT v=spf1 include:a.example -all`, PermError, []string{"spf.loop"}, nil},
	{"V10", `a.example TXT v=spf1 include:mx.provider.example -all
		mx.provider.example TXT v=spf1 ip4:20.0.0.1 -all`, Fail, []string{"!spf.mx-used", "!spf.near-limit"}, nil},
	{"hosts that only receive", `a.example TXT v=spf1 mx include:mx.provider.example -all
		a.example MX 0 a-example.mail.protection.outlook.com
		a-example.mail.protection.outlook.com A 20.0.0.9
		mx.provider.example TXT v=spf1 ip4:20.0.0.1 -all`, Fail, []string{"+spf.mx-used"}, nil},
	{"V12", `a.example TXT v=spf1 ip4:192.0.2.1 exp=why.example -all
		why.example TXT no`, Pass, []string{"+spf.modifier-not-last", "!spf.exp-broken"}, nil},
	{"V13", `a.example TXT v=spf1 ip4:192.0.2.1 -all moo`, PermError, []string{"spf.unknown-mechanism"}, nil},
	{"V14", `a.example TXT v=spf1 inlude:b.example -all
		b.example TXT v=spf1 ip4:20.0.0.1 -all`, PermError, []string{"spf.unknown-mechanism"}, nil},
	{"V15", `a.example TXT v=spf1 a:192.0.2.1 -all`, PermError, []string{"spf.domain-malformed"}, nil},
	{"V16", `a.example TXT v=spf1 a:foo:bar/baz.example.com -all
		foo:bar/baz.example.com A 192.0.2.1`, Pass, []string{"!spf.domain-malformed"}, nil},
	{"V17", `a.example TXT v=spf1 include:_spf.clockwise.info-all`, PermError, []string{"spf.space-missing"}, nil},
	{"V18", `a.example TXT v=spf1 include=b.example -all
		b.example TXT v=spf1 ip4:20.0.0.1 -all`, Fail, []string{"spf.mechanism-with-equals"}, nil},
	{"V19", `a.example TXT v=spf1 moo.cow-far_out=man:dog/cat ip4:192.0.2.1 -all`, Pass, []string{"+spf.unknown-modifier"}, nil},
	{"V20", `a.example TXT v=SpF1 ip4:192.0.2.1 -all`, Pass, []string{"+spf.version-case"}, nil},
	{"V20 twice", `a.example TXT v=SpF1 ip4:192.0.2.1 -all
		a.example TXT v=spf1 -all`, PermError, []string{"spf.multiple-records"}, nil},
	{"V21", `a.example TXT v=spf1  ip4:20.0.0.1   -all `, Fail, []string{"spf.all-fail"}, nil},
	{"V22", `a.example TXT v=spf1 ip4:192.0.2.|1 -all`, Pass, []string{"!spf.strings-joined-without-space", "!spf.space-missing"}, nil},
	{"V23", `a.example TXT v=spf1 mx -all` + strings.Repeat("\na.example MX 10 m.example", 11), PermError, []string{"spf.too-many-mx-hosts"}, nil},
	{"V24", `a.example TXT v=spf1 ptr -all`, Fail, []string{"+spf.too-many-ptr-names", "spf.ptr-used"}, func(in *Input) {
		a := dns.Answer{Question: dns.Ask("1.2.0.192.in-addr.arpa", dns.TypePTR), Status: dns.Found}
		for range 11 {
			a.Records = append(a.Records, dns.Record{Type: dns.TypePTR, Host: "h.example"})
		}
		in.PTR = []dns.Answer{a}
	}},
	{"V25 +all", `a.example TXT v=spf1 +all`, Pass, []string{"spf.all-pass"}, nil},
	{"V25 ?all", `a.example TXT v=spf1 ?all`, Neutral, []string{"spf.all-neutral"}, nil},
	{"V25 no all", `a.example TXT v=spf1 ip4:20.0.0.1`, Neutral, []string{"spf.all-missing"}, nil},
	{"V25 redirect", `a.example TXT v=spf1 redirect=b.example -all`, Fail, []string{"spf.redirect-ignored"}, nil},
	{"V25 private", `a.example TXT v=spf1 ip4:10.0.0.1 -all`, Fail, []string{"spf.address-private"}, nil},
	{"V25 open", `a.example TXT v=spf1 ip4:0.0.0.0/0 -all`, Pass, []string{"spf.range-open"}, nil},
	{"V25 host bits", `a.example TXT v=spf1 ip4:192.0.2.5/24 -all`, Pass, []string{"+spf.host-bits-set"}, nil},
	{"V26", `a.example TXT v=spf1 include:b.example -all
		b.example FAIL`, TempError, []string{"spf.unreadable", "!spf.missing", "!spf.include-target-without-spf"}, nil},
	{"unreadable", `a.example FAIL`, TempError, []string{"spf.unreadable", "!spf.missing"}, nil},
	{"unreadable for a client", `a.example TXT v=spf1 exists:%{i}.x.example -all
		192.0.2.1.x.example FAIL`, TempError, []string{"spf.unreadable"}, nil},
	{"part of a host gone", `a.example TXT v=spf1 mx -all
		a.example MX 10 m1.example
		a.example MX 20 m2.example
		m1.example A 20.0.0.1`, Fail, []string{"spf.host-without-address"}, nil},
	{"huge", `a.example TXT v=spf1 ip4:16.0.0.0/12 -all`, Fail, []string{"spf.range-huge"}, nil},
	{"overlap", `a.example TXT v=spf1 ip4:20.0.0.0/24 ip4:20.0.0.7 -all`, Fail, []string{"+spf.range-overlap"}, nil},
	{"near", `a.example TXT v=spf1` + strings.Repeat(" a:ok.example", 8) + ` -all
		ok.example A 20.0.0.9`, Fail, []string{"spf.near-limit"}, nil},
	{"two ends", `a.example TXT v=spf1 ~all -all`, SoftFail, []string{"+spf.multiple-all", "+spf.all-softfail"}, nil},
	{"soft alone", `a.example TXT v=spf1 ~all`, SoftFail, []string{"spf.all-softfail-without-dmarc"}, func(in *Input) { in.HasDMARC = No }},
	{"soft, unknown", `a.example TXT v=spf1 ~all`, SoftFail, []string{"!spf.all-softfail-without-dmarc", "!spf.all-softfail"}, func(in *Input) { in.HasDMARC = NotKnown }},
	{"twice", `a.example TXT v=spf1 redirect=b.example redirect=c.example`, PermError, []string{"spf.modifier-duplicate"}, nil},
	{"idn", `a.example TXT v=spf1 include:bücher.example -all
		xn--bcher-kva.example TXT v=spf1 ip4:20.0.0.1 -all`, PermError, []string{"spf.idn-not-encoded"}, nil},
	{"macro", `a.example TXT v=spf1 exists:%{x}.example -all`, PermError, []string{"spf.macro-malformed"}, nil},
	{"sender", `a.example TXT v=spf1 exists:%{l}.x.example -all`, Fail, []string{"+spf.macro-sender", "+spf.exists-used"}, nil},
	{"exp", `a.example TXT v=spf1 -all exp=why.example`, Fail, []string{"spf.exp-broken"}, nil},
	{"all with value", `a.example TXT v=spf1 -all:x`, PermError, []string{"spf.invalid"}, nil},
	{"broken include", `a.example TXT v=spf1 include:b.example -all
		b.example TXT v=spf1 foo -all`, PermError, []string{"spf.invalid"}, nil},
	{"open include", `a.example TXT v=spf1 include:b.example -all
		b.example TXT v=spf1 +all`, Pass, []string{"spf.include-target-passes-all"}, nil},
	{"refused include", `a.example TXT v=spf1 ?include:b.example -all
		b.example TXT v=spf1 ip4:20.0.0.1 -all`, Fail, []string{"spf.include-qualified"}, nil},
	{"include with redirect", `a.example TXT v=spf1 include:b.example -all
		b.example TXT v=spf1 redirect=c.example
		c.example TXT v=spf1 ip4:20.0.0.1 -all`, Fail, []string{"+spf.include-target-modifier"}, nil},
	{"share", `a.example TXT v=spf1 include:b.example include:c.example include:d.example include:e.example -all
		b.example TXT v=spf1 -all
		c.example TXT v=spf1 -all
		d.example TXT v=spf1 -all
		e.example TXT v=spf1 -all`, Fail, []string{"+spf.lookups-share"}, nil},
	{"large", `a.example TXT v=spf1` + strings.Repeat(" ip4:20.0.0.0/28", 15) + "|" + strings.Repeat(" ip4:20.0.1.0/28", 15) + " -all", Fail, []string{"spf.answer-too-large"}, nil},
	{"large answer", `a.example TXT v=spf1 -all`, Fail, []string{"spf.answer-too-large"}, func(in *Input) { in.Result.Answer.Size = 600 }},
	{"parked", `a.example TXT v=spf1 ip4:20.0.0.1 ~all`, SoftFail, []string{"spf.parked-not-closed"}, func(in *Input) { in.Parked = true }},
	{"alias", `a.example CNAME b.example
		b.example TXT v=spf1 -all`, Fail, []string{"spf.cname"}, nil},
	{"leftover", `a.example TXT v=spf1 -all
		a.example SPF v=spf1 -all`, Fail, []string{"+spf.type-spf-leftover"}, func(in *Input) {
		in.More = []dns.Answer{textAnswer(dns.Ask("a.example", dns.TypeSPF), "v=spf1 -all")}
	}},
	{"wildcard", `a.example TXT v=spf1 -all`, Fail, []string{"+spf.wildcard"}, func(in *Input) {
		in.More = []dns.Answer{textAnswer(dns.Ask("x7k2.a.example", dns.TypeTXT), "v=spf1 -all")}
	}},
	{"greeting", `a.example TXT v=spf1 -all`, Fail, []string{"+spf.helo-without-spf"}, func(in *Input) {
		in.HELO = &Result{Domain: "out.example", Answer: dns.Answer{Question: dns.Ask("out.example", dns.TypeTXT), Status: dns.Empty}}
	}},
	{"disagree", `a.example TXT v=spf1 -all`, Fail, []string{"spf.servers-disagree", "!spf.caches-behind"}, views(
		[]string{"v=spf1 -all", "v=spf1 ip4:20.0.0.1 -all"}, []string{"v=spf1 mx -all"})},
	{"behind", `a.example TXT v=spf1 -all`, Fail, []string{"spf.caches-behind"}, views(
		[]string{"v=spf1 -all", "V=SPF1  -ALL "}, []string{"v=spf1 -all", "v=spf1 mx -all"})},
	{"behind what is wrong too", `a.example TXT v=spf1 -alll`, PermError, []string{"!spf.caches-behind"}, views(
		[]string{"v=spf1 -alll"}, []string{"v=spf1 mx -all"})},
	{"agree", `a.example TXT v=spf1 -all`, Fail, []string{"!spf.caches-behind", "!spf.servers-disagree"}, views(
		[]string{"v=spf1 ip4:20.0.0.1 -all", "?"}, []string{"v=spf1 +ip4:20.0.0.1  -all", "?"})},
	{"nobody asked", `a.example TXT v=spf1 -all`, Fail, []string{"!spf.caches-behind", "!spf.servers-disagree"}, views(
		[]string{"?"}, []string{"v=spf1 mx -all"})},
}

func textAnswer(q dns.Question, text string) dns.Answer {
	if text == "?" {
		return dns.Answer{Question: q, Err: errTimeout}
	}
	return dns.Answer{
		Question: q, Status: dns.Found, TTL: time.Hour, Server: "192.0.2.53:53",
		Records: []dns.Record{{Name: q.Name, Type: q.Type, Strings: []string{text}}},
	}
}

func views(authoritative, public []string) func(*Input) {
	return func(in *Input) {
		q := dns.Ask("a.example", dns.TypeTXT)
		for _, s := range authoritative {
			in.Views.Authoritative = append(in.Views.Authoritative, textAnswer(q, s))
		}
		for _, s := range public {
			in.Views.Public = append(in.Views.Public, textAnswer(q, s))
		}
	}
}

func testVectors(t *testing.T) {
	client := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	for _, c := range vectors {
		t.Run(c.id, func(t *testing.T) {
			z := parseZone(t, c.zone)
			in := Input{Result: Lookup(t.Context(), z, "a.example", client, Options{}), Expect: ClockWise(), HasDMARC: Yes}
			if c.change != nil {
				c.change(&in)
			}
			if got := in.Result.Outcomes[0].Result; got != c.result {
				t.Errorf("result %s, want %s", got, c.result)
			}
			all := Findings(in)
			arrange(all)
			see(all)
			for _, f := range all {
				if len(f.Evidence) == 0 {
					t.Errorf("%s has no evidence", f.Code())
				}
			}
			for _, want := range c.codes {
				has := slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Code() == strings.TrimLeft(want, "+!") })
				switch {
				case want[0] == '+' && !has, want[0] == '!' && has, want[0] == 's' && top(all).Code() != want:
					t.Errorf("want %s:\n\t%s", want, codes(all))
				}
			}
			mendedRecord(t, c.zone, c.change, all)
		})
	}
}

// mendedRecord is mended for a domain that ClockWise does not send with.
func mendedRecord(t *testing.T, text string, change func(*Input), all []finding.Finding) {
	t.Helper()
	for _, f := range all {
		if f.Fix == nil {
			continue
		}
		z := parseZone(t, text)
		apply(t, z, f.Fix)
		in := Input{Result: Lookup(t.Context(), z, "a.example", ClockWise().Relays[:1], Options{}), Expect: ClockWise(), HasDMARC: Yes}
		if change != nil {
			change(&in)
			in.More = nil
		}
		for _, g := range Findings(in) {
			if g.Code() == f.Code() && g.Object == f.Object {
				t.Errorf("%s on %q is still there after its fix %+v", f.Code(), f.Object, f.Fix.Records)
			}
			if g.Severity() == finding.Failure && !slices.ContainsFunc(all, func(h finding.Finding) bool { return h.Code() == g.Code() }) {
				t.Errorf("the fix of %s brings %s: %+v", f.Code(), g.Code(), f.Fix.Records)
			}
		}
	}
}

// testClockWiseSide judges paths that depend on more than the own record.
func testClockWiseSide(t *testing.T) {
	for _, c := range []struct {
		name, zone, want string
		change           func(*Input)
	}{
		{"nested", customer + ` TXT v=spf1 include:n.example -all
			n.example TXT v=spf1 include:_spf.clockwise.info -all`, "+spf.include-clockwise-nested", nil},
		{"no room", customer + ` TXT v=spf1 include:suite-a.example include:suite-b.example include:crm.example -all`, "+spf.include-clockwise-over-limit", nil},
		{"no room, but missing first", customer + ` TXT v=spf1 include:suite-a.example include:suite-b.example include:crm.example -all`, "spf.include-clockwise-missing", nil},
		{"too many and missing", customer + ` TXT v=spf1 include:suite-a.example include:suite-b.example include:crm.example a:mail.customer.example -all`, "+spf.include-clockwise-missing", nil},
		{"other envelope", `bounce.example TXT v=spf1 -all`, "+spf.include-clockwise-unused", func(in *Input) {
			in.Aligned = No
			in.Sender = &Result{
				Domain: customer,
				Tree:   &Node{Domain: customer, Children: []*Node{{Domain: in.Expect.Include, Term: "include:" + in.Expect.Include, Record: &Record{}}}},
			}
		}},
		{"own record broken", customer + ` TXT ` + sound, "spf.clockwise-record-broken", func(in *Input) {
			in.ClockWise = &Result{Answer: dns.Answer{Question: dns.Ask(in.Expect.Include, dns.TypeTXT), Status: dns.NoName}}
		}},
		{"own record broken, and another include", customer + ` TXT v=spf1 include:gone.example include:_spf.clockwise.info -all`, "+spf.include-target-without-spf", func(in *Input) {
			in.ClockWise = &Result{Answer: dns.Answer{Question: dns.Ask(in.Expect.Include, dns.TypeTXT), Status: dns.NoName}}
		}},
		{"own record unreadable", customer + ` TXT ` + sound, "spf.clockwise-record-unreadable", func(in *Input) {
			in.ClockWise = &Result{Answer: dns.Answer{Question: dns.Ask(in.Expect.Include, dns.TypeTXT), Err: errTimeout}}
		}},
		{"host gone", customer + ` TXT v=spf1 a:gone.example include:_spf.clockwise.info -all`, "spf.host-without-address", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			build := func() *zone {
				z := world(t)
				for name, types := range parseZone(t, c.zone).names {
					for typ, records := range types {
						for _, r := range records {
							z.add(t, name, typ.String(), r.Strings...)
						}
					}
				}
				return z
			}
			domain, _, _ := strings.Cut(c.zone, " ")
			_, all := examine(t, build(), domain, c.change)
			has := slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Code() == strings.TrimLeft(c.want, "+") })
			if !has || c.want[0] != '+' && top(all).Code() != c.want {
				t.Errorf("want %s:\n\t%s", c.want, codes(all))
			}
			mended(t, build, domain, c.change, all)
		})
	}
}

// testLint judges texts alone.
func testLint(t *testing.T) {
	for _, c := range []struct {
		texts [][]string
		want  string
	}{
		{[][]string{{sound}}, "spf.all-fail"},
		{[][]string{{sound}, {sound}}, "spf.multiple-records"},
		{[][]string{{"v=spf1 " + strings.Repeat("ip4:20.0.0.1 ", 30) + "-all"}}, "spf.string-too-long"},
		{[][]string{{"v=spf1 ip4:31.134.206.128/29 -all"}}, "spf.clockwise-network-incomplete"},
		{[][]string{{"v=spf1" + strings.Repeat(" a:h.example", 11) + " -all"}}, "spf.too-many-lookups"},
		{[][]string{{"spf2.0/pra -all"}}, "spf.missing"},
		{[][]string{{"google-site-verification=abc"}}, "spf.missing"},
		{[][]string{{"SPF: v=spf1 -all"}}, "spf.leading-characters"},
		{[][]string{{"v=spf2 include:b.example -all"}}, "spf.version-misspelt"},
		{[][]string{{"v:spf1 a -all"}}, "spf.version-misspelt"},
		{[][]string{{"v=sfp1 a -all"}}, "spf.version-misspelt"},
		{[][]string{{"v=spf10 a -all"}}, "spf.version-unterminated"},
		{[][]string{{`customer.example. 3600 IN TXT "v=spf1 mx -all"`}}, "spf.zone-line-in-value"},
		{[][]string{{"v=spf1 ip4:203.0.113.9include:b.example -all"}}, "spf.space-missing"},
		{[][]string{{"v=spf1 --all"}}, "spf.qualifier-wrong"},
		{[][]string{{"v=spf1 !all"}}, "spf.qualifier-wrong"},
		{[][]string{{"v=spf1 -+all"}}, "spf.qualifier-wrong"},
		{[][]string{{"v=spf1 ip4:20.0.0.0/ 24 -all"}}, "spf.space-after-colon"},
		{[][]string{{"v=spf1 ip4:2001:db9::1 -all"}}, "spf.address-malformed"},
		{[][]string{{"v=spf1 ip4:256.0.0.1 -all"}}, "spf.address-malformed"},
		{[][]string{{"v=spf1 ip4:20.0.0.0/032 -all"}}, "spf.prefix-malformed"},
		{[][]string{{"v=spf1 include:user@b.example -all"}}, "spf.domain-malformed"},
		{[][]string{{"v=spf1 include:b..example -all"}}, "spf.domain-malformed"},
		{[][]string{{"v=spf1 ipv4:20.0.0.1 -all"}}, "spf.unknown-mechanism"},
		{[][]string{{"v=spf1 mx-all"}}, "spf.space-missing"},
		{[][]string{{""}}, "spf.missing"},
	} {
		all := Lint(c.texts...)
		arrange(all)
		see(all)
		if top(all).Code() != c.want {
			t.Errorf("%q: want %s:\n\t%s", c.texts, c.want, codes(all))
		}
		for _, f := range all {
			if f.Fix == nil {
				continue
			}
			if f.Fix.Records[0].Remove {
				continue
			}
			for _, g := range Lint([]string{f.Fix.Records[0].Value}) {
				if g.Severity() == finding.Failure && g.Code() != "spf.string-too-long" {
					t.Errorf("%q: the fix %q of %s raises %s", c.texts, f.Fix.Records[0].Value, f.Code(), g.Code())
				}
			}
		}
	}
}

// TestPropose holds what a proposal keeps and where it puts the include.
func TestPropose(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"spaces stay", "v=spf1  include:_spf.clockwise.info   -all ", "v=spf1  include:_spf.clockwise.info   -all "},
		{"before redirect", "v=spf1 MX redirect=r.example", "v=spf1 MX include:_spf.clockwise.info redirect=r.example"},
		{"modifier behind all stays", "v=spf1 Mx ?all exp=why.example", "v=spf1 Mx include:_spf.clockwise.info ?all exp=why.example"},
		{"order and case stay", "v=spf1 A:Mail.Customer.example ip4:20.0.0.1 ~all", "v=spf1 A:Mail.Customer.example ip4:20.0.0.1 include:_spf.clockwise.info ~all"},
		{"all misspelt forms become one", "v=spf1 include:spf.clockwise.info a:_spf.clockwise.info -all include:_spf.clockwise.info", "v=spf1 include:_spf.clockwise.info -all"},
		{"bare address", "v=spf1 203.0.113.7 -all", "v=spf1 ip4:203.0.113.7 include:_spf.clockwise.info -all"},
		{"list of addresses", "v=spf1 ip4:20.0.0.1,20.0.0.2 -all", "v=spf1 ip4:20.0.0.1 ip4:20.0.0.2 include:_spf.clockwise.info -all"},
		{"softer end wins", "v=spf1 mx -all v=spf1 a ~all", "v=spf1 mx a include:_spf.clockwise.info ~all"},
		{"moved before what refuses", "v=spf1 -exists:yes.example include:_spf.clockwise.info -all", "v=spf1 include:_spf.clockwise.info -exists:yes.example -all"},
		{"no record", "", "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info -all"},
	} {
		z := world(t)
		z.add(t, "yes.example", "A", "20.0.0.1")
		z.add(t, customer, "A", "20.3.0.3")
		z.add(t, "r.example", "TXT", "v=spf1 -all")
		z.add(t, "why.example", "TXT", "no")
		if c.before != "" {
			z.add(t, customer, "TXT", c.before)
		}
		in, _ := examine(t, z, customer, nil)
		p := Propose(ProposeInput{Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX})
		if p.After != c.after {
			t.Errorf("%s:\n got %s\nwant %s", c.name, p.After, c.after)
		}
		if after := applied(t, z, p); p.LookupsAfter != after.Lookups || p.VoidAfter != after.VoidLookups {
			t.Errorf("%s: %d look-ups and %d void promised, %d and %d found", c.name, p.LookupsAfter, p.VoidAfter, after.Lookups, after.VoidLookups)
		}
	}
}

func applied(t *testing.T, z *zone, p Proposal) Result {
	if len(p.Records) > 0 {
		apply(t, z, &finding.Fix{Records: p.Records})
	}
	return Lookup(t.Context(), z, customer, ClockWise().Relays, Options{})
}

// TestChanges holds what is told about each term.
func TestChanges(t *testing.T) {
	z := world(t)
	z.add(t, customer, "TXT", "v=spf1 ip4:20.0.0.1 include:suite-a.example a:_spf.clockwise.info -all include:crm.example include:_spf.clockwise.info")
	in, _ := examine(t, z, customer, nil)
	p := Propose(ProposeInput{Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX})
	var got []string
	for _, c := range p.Changes {
		got = append(got, fmt.Sprintf("%s %s (%s) %d %d", c.What, c.Term, c.Was, c.CostBefore, c.CostAfter))
	}
	want := []string{
		"same ip4:20.0.0.1 (ip4:20.0.0.1) 0 0",
		"same include:suite-a.example (include:suite-a.example) 4 4",
		"change include:_spf.clockwise.info (a:_spf.clockwise.info) 1 1",
		"move include:crm.example (include:crm.example) 0 2",
		"remove include:_spf.clockwise.info (include:_spf.clockwise.info) 0 -1",
		"same -all (-all) 0 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p.LookupsBefore != 5 || p.LookupsAfter != 7 || p.VoidBefore != 1 || p.VoidAfter != 0 || p.Estimated {
		t.Errorf("%d to %d look-ups, %d to %d void, estimated %v", p.LookupsBefore, p.LookupsAfter, p.VoidBefore, p.VoidAfter, p.Estimated)
	}
}

// TestProposeLimits: above the limit the record is shown, but not offered.
func TestProposeLimits(t *testing.T) {
	z := world(t)
	z.add(t, customer, "TXT", "v=spf1 include:suite-a.example include:suite-b.example include:crm.example ptr -all")
	in, all := examine(t, z, customer, nil)
	p := Propose(ProposeInput{Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX})
	if p.Sound() || p.Fix() != nil || p.LookupsAfter != 12 {
		t.Errorf("sound %v with %d look-ups", p.Sound(), p.LookupsAfter)
	}
	if want := (Removal{Term: "ptr", Frees: 1, Reason: "ptr should not be used"}); len(p.Removals) != 4 || p.Removals[0] != want {
		t.Errorf("%+v", p.Removals)
	}
	for _, f := range all {
		if f.Fix != nil {
			t.Errorf("%s offers %+v", f.Code(), f.Fix)
		}
	}
}

// TestOwnRecord: the record that others include does not include itself.
func TestOwnRecord(t *testing.T) {
	in, all := examine(t, world(t), ClockWise().Include, nil)
	if p := Propose(ProposeInput{Result: in.Result, Expect: in.Expect}); len(p.Records) > 0 {
		t.Errorf("proposes %s", p.After)
	}
	if got := codes(all); got != "spf.all-fail(note)" {
		t.Errorf("raises %s", got)
	}
}

// TestProposeUnreadable: what could not be read is not replaced.
func TestProposeUnreadable(t *testing.T) {
	res := Result{Domain: customer, Answer: textAnswer(dns.Ask(customer, dns.TypeTXT), "?")}
	if p := Propose(ProposeInput{Result: res, Expect: ClockWise(), MX: []string{}}); p.Sound() || p.Fix() != nil {
		t.Errorf("proposes %+v", p)
	}
}

// TestUnknownSenders: who receives mail at servers that are not known may send
// from them, so the end stays soft.
func TestUnknownSenders(t *testing.T) {
	for _, c := range []struct {
		mx   []string
		want string
	}{
		{nil, "v=spf1 include:_spf.clockwise.info ~all"},
		{[]string{}, "v=spf1 include:_spf.clockwise.info -all"},
		{[]string{"mail.elsewhere.example"}, "v=spf1 include:_spf.clockwise.info ~all"},
		{[]string{"aspmx.l.google.com"}, "v=spf1 include:_spf.google.com include:_spf.clockwise.info -all"},
	} {
		p := Propose(ProposeInput{Result: Result{Domain: customer}, Expect: ClockWise(), MX: c.mx})
		if p.After != c.want {
			t.Errorf("%v: %s, want %s", c.mx, p.After, c.want)
		}
	}
}

func FuzzLint(f *testing.F) {
	for _, c := range mistakes {
		f.Add(c.values[0])
	}
	for _, s := range []string{"", "v=spf1", "v=spf1 \x00 \xff", "v=spf1 include:", "v=spf1 v=spf1 all v=spf1", `"`, "v=spf1 a;,;b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, x := range Lint([]string{text}) {
			_ = x.Title() + x.Saw() + x.Effect() + x.Action()
		}
		in := ProposeInput{Result: Result{Domain: customer, Answer: textAnswer(dns.Ask(customer, dns.TypeTXT), text)}, Expect: ClockWise(), MX: []string{}}
		in.Result.Records = recordsIn(in.Result.Answer)
		p := Propose(in)
		if !p.Sound() {
			return
		}
		in.Result.Answer = textAnswer(dns.Ask(customer, dns.TypeTXT), p.After)
		in.Result.Records = recordsIn(in.Result.Answer)
		if again := Propose(in); again.After != p.After {
			t.Errorf("%q: proposes %q, then %q", text, p.After, again.After)
		}
	})
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Code] {
			t.Errorf("%s is declared twice", r.Code)
		}
		seen[r.Code] = true
		if !strings.HasPrefix(r.Code, "spf.") || r.Title == "" || r.Effect == "" || len(r.References) == 0 || r.Tier == 0 || r.Owner == "" {
			t.Errorf("%s lacks something: %+v", r.Code, r)
		}
		if strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: a title has no full stop", r.Code)
		}
		for _, text := range []string{r.Title, r.Saw, r.Effect, r.Action} {
			f := finding.Finding{Rule: &finding.Rule{Title: text}, Args: []string{"a", "b", "c", "d"}}
			if strings.Contains(f.Title(), "%!") {
				t.Errorf("%s: %s", r.Code, f.Title())
			}
		}
	}
}

// TestFindings runs the tables; each declared code must be raised by a case.
func TestFindings(t *testing.T) {
	t.Run("mistakes", testMistakes)
	t.Run("vectors", testVectors)
	t.Run("ClockWise", testClockWiseSide)
	t.Run("lint", testLint)
	t.Run("flattened", testFlattened)
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("no case raises %s", r.Code)
		}
	}
}
