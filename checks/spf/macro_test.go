package spf

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestExpand holds the examples of section 7.4, and what they leave out.
func TestExpand(t *testing.T) {
	x := newExpander(
		Client{IP: netip.MustParseAddr("192.0.2.3"), MailFrom: "strong-bad@email.example.com", HELO: "mx.example.org"},
		Options{Receiver: "in.example.net", Now: time.Unix(1234567890, 0)},
	)
	x.asks = &evaluation{named: true, names: []string{"other.example.org", "mail.email.example.com"}}
	x6 := *x
	x6.ip = netip.MustParseAddr("2001:db8::cb01")
	for _, c := range []struct{ macro, want string }{
		{"%{s}", "strong-bad@email.example.com"},
		{"%{o}", "email.example.com"},
		{"%{d}", "email.example.com"},
		{"%{d4}", "email.example.com"},
		{"%{d3}", "email.example.com"},
		{"%{d2}", "example.com"},
		{"%{d1}", "com"},
		{"%{dr}", "com.example.email"},
		{"%{d2r}", "example.email"},
		{"%{D2R}", "example.email"},
		{"%{l}", "strong-bad"},
		{"%{l-}", "strong.bad"},
		{"%{lr}", "strong-bad"},
		{"%{lr-}", "bad.strong"},
		{"%{l1r-}", "strong"},
		{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
		{"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
		{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
		{"%{p}|%{h}|%{c}|%{r}|%{t}", "mail.email.example.com|mx.example.org|192.0.2.3|in.example.net|1234567890"},
		{"a%%b%_c%-d", "a%b c%20d"},
		{"%{S}", "strong-bad%40email.example.com"},
		{"%{d999999999999}", "email.example.com"},
	} {
		if e := scanMacros(c.macro, anyLetter, nil); e != nil {
			t.Errorf("%s: %v", c.macro, e)
		}
		if got := x.expand(c.macro, anyLetter, "email.example.com"); got != c.want {
			t.Errorf("%s = %q, want %q", c.macro, got, c.want)
		}
	}
	want := "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
	if got := x6.expand("%{ir}.%{v}._spf.%{d2}", anyLetter, "email.example.com"); got != want {
		t.Errorf("IPv6: %q", got)
	}
}

func TestExpanderSender(t *testing.T) {
	for _, c := range []struct{ from, helo, sender string }{
		{"a@b.example", "h.example", "a@b.example"},
		{"<a@b.example>", "h.example", "a@b.example"},
		{"", "h.example.", "postmaster@h.example"},
		{"<>", "h.example", "postmaster@h.example"},
		{"@b.example", "h.example", "postmaster@b.example"},
		{"b.example", "h.example", "postmaster@b.example"},
		{`"a@b"@c.example`, "h.example", `"a@b"@c.example`},
	} {
		x := newExpander(Client{MailFrom: c.from, HELO: c.helo}, Options{})
		if got := x.expand("%{s}", nameLetter, ""); got != c.sender {
			t.Errorf("%q, HELO %q: %q, want %q", c.from, c.helo, got, c.sender)
		}
	}
}

func TestFitName(t *testing.T) {
	long := strings.Repeat("abcdefghi.", 26) + "example"
	got := fitName(long)
	if len(got) > maxName || len(got) < maxName-10 || !strings.HasSuffix(long, "."+got) {
		t.Errorf("%d: %q", len(got), got)
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("%{ir}.%{v}._spf.%{d2}", "strong-bad@email.example.com", "mx.example.org")
	f.Add("%%%_%-%{L2r+-/=}", "a+b-c@example.com", "")
	f.Add("%{", "@", "%{d}")
	f.Add("%{p1R.}", "", "[192.0.2.1]")
	f.Fuzz(func(t *testing.T, text, from, helo string) {
		for _, ip := range []string{"192.0.2.1", "2001:db8::1"} {
			x := newExpander(Client{IP: netip.MustParseAddr(ip), MailFrom: from, HELO: helo}, Options{})
			got, err := x.explain(text, "a.example")
			if err == nil && scanMacros(text, anyLetter, nil) != nil {
				t.Fatalf("%q is malformed and became %q", text, got)
			}
			if !strings.Contains(text, "%") && err == nil && got != text {
				t.Fatalf("%q became %q", text, got)
			}
		}
	})
}

// TestExpandBounded: a sender and a record that go for length together.
func TestExpandBounded(t *testing.T) {
	z := parseZone(t, "a.example TXT v=spf1 exists:"+strings.Repeat("%{l}", 10_000)+".a.example -all exp=why.a.example\nwhy.a.example TXT "+strings.Repeat("%{L}", 10_000))
	c := Client{IP: netip.MustParseAddr("192.0.2.1"), MailFrom: strings.Repeat("x-", 1<<19) + "@a.example"}
	if o := Evaluate(t.Context(), z, c, Options{}); o.Result != Fail || o.Explanation != "" {
		t.Errorf("%s with %d octets of explanation", o.Result, len(o.Explanation))
	}
}
