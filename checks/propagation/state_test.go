package propagation_test

import (
	"net/netip"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	. "clockwise.info/cwmail/checks/propagation"
)

var (
	v4 = netip.MustParseAddrPort("192.0.2.1:53")
	v6 = netip.MustParseAddrPort("[2001:db8::1]:53")
)

func failed(k dns.Kind) dns.Answer { return dns.Answer{Err: &dns.Error{Kind: k, Server: "x"}} }

func TestJudge(t *testing.T) {
	found := dns.Answer{Status: dns.Found}
	for name, c := range map[string]struct {
		addr   netip.AddrPort
		answer dns.Answer
		op     Opinion
		state  State
		noIPv6 bool
	}{
		"correct":               {v4, found, Opinion{State: Correct}, Correct, false},
		"wrong":                 {v4, found, Opinion{State: Wrong, Detail: "d", Value: "v"}, Wrong, false},
		"missing":               {v4, dns.Answer{Status: dns.NoName}, Opinion{State: Missing}, Missing, false},
		"time-out":              {v4, failed(dns.KindTimeout), Opinion{}, Unreachable, false},
		"SERVFAIL":              {v4, failed(dns.KindServFail), Opinion{}, Unreachable, false},
		"no way over IPv4":      {v4, failed(dns.KindUnreachable), Opinion{}, Unreachable, false},
		"no IPv6 here":          {v6, failed(dns.KindUnreachable), Opinion{}, Unreachable, true},
		"IPv6 there and silent": {v6, failed(dns.KindTimeout), Opinion{}, Unreachable, false},
	} {
		got := Judge(c.addr, c.answer, c.op)
		if got.State != c.state || got.NoIPv6 != c.noIPv6 || got.Addr != c.addr || got.Value != c.op.Value {
			t.Errorf("%s: %+v", name, got)
		}
		if got.State == Unreachable && got.Detail == "" {
			t.Errorf("%s: no reason", name)
		}
	}
}

func TestTotalAndPublished(t *testing.T) {
	view := func(s State) View { return View{State: s, Detail: "detail of " + string(s)} }
	none := View{State: Unreachable, Detail: "this machine has no IPv6", NoIPv6: true}
	good := Total("good", []View{view(Correct)})
	for name, c := range map[string]struct {
		views     []View
		state     State
		detail    string
		apart     bool
		published bool // beside a good server
	}{
		"one":                        {[]View{view(Correct)}, Correct, "detail of correct", false, true},
		"no IPv6":                    {[]View{view(Correct), none}, Correct, "detail of correct", false, true},
		"no IPv6, named first":       {[]View{none, view(Correct)}, Correct, "detail of correct", false, true},
		"IPv6 silent":                {[]View{view(Correct), view(Unreachable)}, Correct, "detail of correct", false, true},
		"IPv6 old":                   {[]View{view(Correct), view(Wrong)}, Wrong, "detail of wrong", false, false},
		"IPv4 missing":               {[]View{view(Missing), view(Correct)}, Missing, "detail of missing", false, false},
		"silent":                     {[]View{view(Unreachable)}, Unreachable, "detail of unreachable", false, false},
		"silent, and no IPv6":        {[]View{none, view(Unreachable)}, Unreachable, "detail of unreachable", false, false},
		"only IPv6, which is absent": {[]View{none}, Unreachable, "this machine has no IPv6", true, true},
		"no address":                 {nil, Unreachable, "it has no address", false, false},
	} {
		got := Total("ns", c.views)
		if got.State != c.state || got.Detail != c.detail || got.Apart != c.apart {
			t.Errorf("%s: %+v", name, got)
		}
		if p := Published([]ServerView{good, got}); p != c.published {
			t.Errorf("%s: published %v", name, p)
		}
	}
	if Published(nil) || Published([]ServerView{Total("ns", []View{none})}) {
		t.Error("published where no server was seen to have it")
	}
}

func TestUntil(t *testing.T) {
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		answer   dns.Answer
		negative time.Duration
		want     time.Duration // 0: not known
	}{
		"old record":             {dns.Answer{Status: dns.Found, At: at, TTL: 38 * time.Minute}, time.Hour, 38 * time.Minute},
		"negative":               {dns.Answer{Status: dns.NoName, At: at, TTL: time.Minute, Zone: "acme.example"}, time.Hour, time.Minute},
		"negative without SOA":   {dns.Answer{Status: dns.Empty, At: at}, 5 * time.Minute, 5 * time.Minute},
		"negative, never kept":   {dns.Answer{Status: dns.Empty, At: at, Zone: "acme.example"}, 5 * time.Minute, 0},
		"record that is at once": {dns.Answer{Status: dns.Found, At: at}, time.Hour, 0},
		"failure":                {dns.Answer{At: at, TTL: time.Hour}, time.Hour, 0},
		"replayed without time":  {dns.Answer{Status: dns.Found, TTL: time.Hour}, 0, 0},
	} {
		got := Until(c.answer, c.negative)
		if c.want == 0 != got.IsZero() || c.want > 0 && !got.Equal(at.Add(c.want)) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDifference(t *testing.T) {
	const want = "v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"
	for got, says := range map[string]string{
		want:             "",
		`"` + want + `"`: "the quotes are part of the value",
		want + want:      "the value stands there twice",
		want[:20]:        "the end is missing: 20 of 49 characters are there",
		"v=DMARC1;p=reject;rua=mailto:dmarc@acme.example":   "the spaces differ",
		"V=dmarc1; p=reject; rua=mailto:dmarc@acme.example": "the letter case differs",
		"v=DMARC1; p=none; rua=mailto:dmarc@acme.example":   "it differs from character 13: p=none in place of p=reject",
		"": "it differs from character 1: nothing in place of v=DMARC1",
	} {
		if slip := Slip(want, got); slip != "" && slip != says {
			t.Errorf("%q is called %q", got, slip)
		}
		if d := Difference(want, got); d != says {
			t.Errorf("%q: %q", got, d)
		}
	}
}
