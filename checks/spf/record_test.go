package spf

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestIsRecord(t *testing.T) {
	for text, want := range map[string]bool{
		"v=spf1": true, "v=spf1 ": true, "v=spf1 -all": true, "V=sPf1 -all": true,
		"v=spf10": false, "v=spf1;": false, " v=spf1": false, "v=spf": false, "": false, "v=spf1\t-all": false,
		"v=\u017fpf1 -all": false, // a letter that folds to s, but is none
	} {
		if got := IsRecord(text); got != want {
			t.Errorf("IsRecord(%q) = %v", text, got)
		}
	}
}

func TestParseTerms(t *testing.T) {
	for _, c := range []struct {
		term      string
		kind      Kind
		qualifier byte
		name      string
		sep       byte
		value     string
		domain    string
		p4, p6    int
		network   string
		err       SyntaxKind
	}{
		{"all", Mechanism, '+', "all", 0, "", "", -1, -1, "", 0},
		{"-ALL", Mechanism, '-', "all", 0, "", "", -1, -1, "", 0},
		{"include:_spf.clockwise.info", Mechanism, '+', "include", ':', "_spf.clockwise.info", "_spf.clockwise.info", -1, -1, "", 0},
		{"~a", Mechanism, '~', "a", 0, "", "", -1, -1, "", 0},
		{"a/24", Mechanism, '+', "a", 0, "/24", "", 24, -1, "", 0},
		{"a//64", Mechanism, '+', "a", 0, "//64", "", -1, 64, "", 0},
		{"a:h.example/0//0", Mechanism, '+', "a", ':', "h.example/0//0", "h.example", 0, 0, "", 0},
		{"mx/24//64", Mechanism, '+', "mx", 0, "/24//64", "", 24, 64, "", 0},
		{"a:foo:bar/baz.example.com", Mechanism, '+', "a", ':', "foo:bar/baz.example.com", "foo:bar/baz.example.com", -1, -1, "", 0},
		{"a:%{d/}.example/8", Mechanism, '+', "a", ':', "%{d/}.example/8", "%{d/}.example", 8, -1, "", 0},
		{"ptr", Mechanism, '+', "ptr", 0, "", "", -1, -1, "", 0},
		{"?ip4:192.0.2.5/24", Mechanism, '?', "ip4", ':', "192.0.2.5/24", "", 24, -1, "192.0.2.5/24", 0},
		{"ip4:192.0.2.1", Mechanism, '+', "ip4", ':', "192.0.2.1", "", -1, -1, "192.0.2.1/32", 0},
		{"ip6:2001:db8::/32", Mechanism, '+', "ip6", ':', "2001:db8::/32", "", -1, 32, "2001:db8::/32", 0},
		{"redirect=b.example", Modifier, 0, "redirect", '=', "b.example", "b.example", -1, -1, "", 0},
		{"Exp=%{d}.b.example.", Modifier, 0, "exp", '=', "%{d}.b.example.", "%{d}.b.example.", -1, -1, "", 0},
		{"include=b.example", Modifier, 0, "include", '=', "b.example", "", -1, -1, "", 0},
		{"moo.cow-far_out=man:dog/cat", Modifier, 0, "moo.cow-far_out", '=', "man:dog/cat", "", -1, -1, "", 0},
		{"x=", Modifier, 0, "x", '=', "", "", -1, -1, "", 0},
		{"include:%{h}", Mechanism, '+', "include", ':', "%{h}", "%{h}", -1, -1, "", 0},

		{"x=%", Modifier, 0, "x", '=', "%", "", -1, -1, "", MacroMalformed},
		{"inlude:b.example", Invalid, '+', "inlude", ':', "b.example", "", -1, -1, "", UnknownMechanism},
		{"-all.", Invalid, '-', "all.", 0, "", "", -1, -1, "", UnknownMechanism},
		{"all:x", Mechanism, '+', "all", ':', "x", "", -1, -1, "", ValueUnexpected},
		{"all:", Mechanism, '+', "all", ':', "", "", -1, -1, "", ValueUnexpected},
		{"all/8", Mechanism, '+', "all", 0, "/8", "", -1, -1, "", ValueUnexpected},
		{"redirect:b.example", Invalid, '+', "redirect", ':', "b.example", "", -1, -1, "", ModifierWithColon},
		{"--all", Invalid, '-', "-all", 0, "", "", -1, -1, "", QualifierWrong},
		{"=all", Invalid, '+', "", '=', "all", "", -1, -1, "", QualifierWrong},
		{"!all", Invalid, '+', "!all", 0, "", "", -1, -1, "", QualifierWrong},
		{"-", Invalid, '-', "", 0, "", "", -1, -1, "", QualifierWrong},
		{"-redirect=b.example", Invalid, '-', "redirect", '=', "b.example", "", -1, -1, "", QualifierWrong},
		{"include", Mechanism, '+', "include", 0, "", "", -1, -1, "", DomainEmpty},
		{"include:", Mechanism, '+', "include", ':', "", "", -1, -1, "", DomainEmpty},
		{"a:", Mechanism, '+', "a", ':', "", "", -1, -1, "", DomainEmpty},
		{"a:/24", Mechanism, '+', "a", ':', "/24", "", 24, -1, "", DomainEmpty},
		{"redirect=", Modifier, 0, "redirect", '=', "", "", -1, -1, "", DomainEmpty},
		{"include:b.example/28", Mechanism, '+', "include", ':', "b.example/28", "b.example/28", -1, -1, "", DomainMalformed},
		{"a:192.0.2.1", Mechanism, '+', "a", ':', "192.0.2.1", "192.0.2.1", -1, -1, "", DomainMalformed},
		{"a:localhost", Mechanism, '+', "a", ':', "localhost", "localhost", -1, -1, "", DomainMalformed},
		{"a:b.example-", Mechanism, '+', "a", ':', "b.example-", "b.example-", -1, -1, "", DomainMalformed},
		{"a:%{d}com", Mechanism, '+', "a", ':', "%{d}com", "%{d}com", -1, -1, "", DomainMalformed},
		{"ptr/0", Mechanism, '+', "ptr", 0, "/0", "", -1, -1, "", ValueUnexpected},
		{"a/24x", Mechanism, '+', "a", 0, "/24x", "", -1, -1, "", PrefixMalformed},
		{"a:%{c}", Mechanism, '+', "a", ':', "%{c}", "%{c}", -1, -1, "", MacroMalformed},
		{"a:%{d0}.b.example", Mechanism, '+', "a", ':', "%{d0}.b.example", "%{d0}.b.example", -1, -1, "", MacroMalformed},
		{"a:%{d", Mechanism, '+', "a", ':', "%{d", "%{d", -1, -1, "", MacroMalformed},
		{"a:%{}.b.example", Mechanism, '+', "a", ':', "%{}.b.example", "%{}.b.example", -1, -1, "", MacroMalformed},
		{"ip4:192.0.2.*", Mechanism, '+', "ip4", ':', "192.0.2.*", "", -1, -1, "", AddressMalformed},
		{"ip4:192.0.2.01", Mechanism, '+', "ip4", ':', "192.0.2.01", "", -1, -1, "", AddressMalformed},
		{"ip4:2001:db8::1", Mechanism, '+', "ip4", ':', "2001:db8::1", "", -1, -1, "", AddressMalformed},
		{"ip4", Mechanism, '+', "ip4", 0, "", "", -1, -1, "", AddressMalformed},
		{"ip6:fe80::1%eth0", Mechanism, '+', "ip6", ':', "fe80::1%eth0", "", -1, -1, "", AddressMalformed},
		{"ip6:192.0.2.1", Mechanism, '+', "ip6", ':', "192.0.2.1", "", -1, -1, "", AddressMalformed},
		{"ip4:192.0.2.0/33", Mechanism, '+', "ip4", ':', "192.0.2.0/33", "", -1, -1, "", PrefixMalformed},
		{"ip4:192.0.2.0/", Mechanism, '+', "ip4", ':', "192.0.2.0/", "", -1, -1, "", PrefixMalformed},
		{"ip6:2001:db8:://64", Mechanism, '+', "ip6", ':', "2001:db8:://64", "", -1, -1, "", PrefixMalformed},
		{"ip4:192.0.2.0/024", Mechanism, '+', "ip4", ':', "192.0.2.0/024", "", 24, -1, "", PrefixMalformed},
		{"a//64/24", Mechanism, '+', "a", 0, "//64/24", "", 24, -1, "", PrefixMalformed},
		{"a:b.example/", Mechanism, '+', "a", ':', "b.example/", "b.example", -1, -1, "", PrefixMalformed},
		{"a/99999999999999999999", Mechanism, '+', "a", 0, "/99999999999999999999", "", -1, -1, "", PrefixMalformed},
		{"mx//129", Mechanism, '+', "mx", 0, "//129", "", -1, -1, "", PrefixMalformed},
		{"a:b\u00e4r.example", Mechanism, '+', "a", ':', "b\u00e4r.example", "b\u00e4r.example", -1, -1, "", NonASCII},
		{"mx\t-all", Invalid, '+', "mx\t-all", 0, "", "", -1, -1, "", ControlCharacter},
	} {
		rec := Parse("v=spf1 " + c.term)
		if len(rec.Terms) != 1 {
			t.Errorf("%q: %d terms", c.term, len(rec.Terms))
			continue
		}
		g := rec.Terms[0]
		network := ""
		if g.Network.IsValid() {
			network = g.Network.String()
		}
		if g.Kind != c.kind || g.Qualifier != c.qualifier || g.Name != c.name || g.Sep != c.sep || g.Value != c.value ||
			g.Domain != c.domain || g.Prefix4 != c.p4 || g.Prefix6 != c.p6 || network != c.network {
			t.Errorf("%q: got %+v", c.term, g)
		}
		var e *SyntaxError
		if errors.As(g.Err, &e); e == nil && c.err != 0 || e != nil && e.Kind != c.err {
			t.Errorf("%q: error %v, want kind %d", c.term, g.Err, c.err)
		}
		if e != nil && (e.Offset < g.Start || e.Offset > g.End || e.Term != c.term) {
			t.Errorf("%q: error at %d of %d-%d", c.term, e.Offset, g.Start, g.End)
		}
	}
}

func TestParseRecord(t *testing.T) {
	rec := Parse("V=spf1  ip4:192.0.2.", "1 redirect=a.example   redirect=b.example exp=e.example -all ")
	if rec.Version != "V=spf1" || rec.Text != "V=spf1  ip4:192.0.2.1 redirect=a.example   redirect=b.example exp=e.example -all " {
		t.Errorf("%q %q", rec.Version, rec.Text)
	}
	if got := rec.Terms[0].Network; got != netip.MustParsePrefix("192.0.2.1/32") {
		t.Errorf("network %v", got)
	}
	var e *SyntaxError
	if !errors.As(rec.Err(), &e) || e.Kind != ModifierDuplicate || e.Term != "redirect=b.example" {
		t.Errorf("error %v", rec.Err())
	}
	if rec.All() != 4 || rec.Redirect().Domain != "a.example" || rec.Exp().Domain != "e.example" {
		t.Errorf("all %d, redirect %v, exp %v", rec.All(), rec.Redirect(), rec.Exp())
	}
	if other := Parse("hello v=spf1"); other.Version != "" || len(other.Terms) != 2 || other.Err() == nil {
		t.Errorf("%+v", other)
	}
	if empty := Parse(); empty.Text != "" || len(empty.Terms) != 0 || empty.All() != -1 || empty.Exp() != nil {
		t.Errorf("%+v", empty)
	}
}

func TestParsedForgets(t *testing.T) {
	var p Parsed
	for i := range 2 * maxParsed {
		text := fmt.Sprintf("v=spf1 ip4:192.0.2.1 x=%d", i)
		if rec := p.parse([]string{text}); rec[0].Text != text || len(p.records) > maxParsed {
			t.Fatalf("%q, %d kept", rec[0].Text, len(p.records))
		}
	}
	if a, b := p.parse([]string{"v=spf1 a"}), p.parse([]string{"v=spf1 a"}); &a[0] != &b[0] {
		t.Error("read twice")
	}
	if rec := p.parse([]string{"v=spf1 ", "a"}); len(rec[0].Strings) != 2 {
		t.Errorf("%q", rec[0].Strings)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"v=spf1 a mx/24//64 ip4:192.0.2.0/24 ip6:::1/128 include:%{ir}.b.example -all", "v=spf1", "  -  a:/ %{", "v=spf1 exp=%{d2r+}.x ~all\x00",
		"v=spf1 a:%%%_%-%{o} ?exists:%{i}.%{l1r-}._spf.%{d} redirect=x.example", "v=spf1 ip4: ip6 a: all: = :", "\xff\xfe v=spf1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		half := len(s) / 2
		rec := Parse(s[:half], s[half:])
		if rec.Text != s {
			t.Fatalf("text %q", rec.Text)
		}
		var b strings.Builder
		b.WriteString(rec.Version)
		at := len(rec.Version)
		for i := range rec.Terms {
			term := &rec.Terms[i]
			if term.Start < at || term.End <= term.Start || term.Text != s[term.Start:term.End] {
				t.Fatalf("term %q at %d-%d", term.Text, term.Start, term.End)
			}
			gap := s[at:term.Start]
			if strings.Trim(gap, " ") != "" {
				t.Fatalf("lost %q", gap)
			}
			b.WriteString(gap + term.Text)
			at = term.End
			if term.Kind == Invalid && term.Err == nil {
				t.Fatalf("%q is invalid without an error", term.Text)
			}
			if term.Err == nil && term.Domain != "" {
				_ = newExpander(Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: s, HELO: s}, Options{}).target(term, "a.example")
			}
		}
		if b.WriteString(s[at:]); b.String() != s {
			t.Fatalf("%q became %q", s, b.String())
		}
		if strings.Trim(s[at:], " ") != "" {
			t.Fatalf("lost %q", s[at:])
		}
	})
}
