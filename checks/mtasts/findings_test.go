package mtasts

import (
	"context"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
)

const (
	right   = "v=STSv1; id=20260201"
	name    = "_mta-sts.customer.example"
	doubled = name + ".customer.example"
)

func txt(values ...string) []string {
	var out []string
	for _, v := range values {
		out = append(out, name+" TXT "+v)
	}
	return out
}

var cases = []struct {
	id     string
	zone   []string
	policy string // "" is not looked at
	want   []string
	fix    string // what stands at the name after the fix; "" where no record mends it
}{
	{"right", txt(right), "", nil, ""},
	{"right with policy", txt(right), enforce("mail.customer.example"), nil, ""},
	{"missing", nil, "", []string{"mtasts.missing"}, ""},
	{"another text", txt("v=spf1 -all"), "", []string{"mtasts.missing"}, ""},
	{"fails", txt("SERVFAIL"), enforce("mail.customer.example"), []string{"mtasts.unreadable"}, ""},
	{"M10", txt("v=STSv1; id=20260101", right), "", []string{"mtasts.multiple-records"}, right},
	{"V63", txt("v=STSv1; id=1", "v=STSv1; id=1"), "", []string{"mtasts.multiple-records"}, "v=STSv1; id=1"},
	{"M11", txt("v=STSv1; id=2026-02-01"), "", []string{"mtasts.record-malformed"}, right},
	{"no id", txt("v=STSv1"), "", []string{"mtasts.record-malformed"}, "v=STSv1; id=00010101000000"},
	{"letter case", txt("v=stsv1; id=20260201"), "", []string{"mtasts.record-malformed"}, right},
	{"order", txt("id=20260201; v=STSv1"), "", []string{"mtasts.record-malformed"}, right},
	{"quotes", txt(`"v=STSv1; id=20260201"`), "", []string{"mtasts.record-malformed"}, right},
	{"no semicolon", txt("v=STSv1 id=20260201"), "", []string{"mtasts.record-malformed"}, right},
	{"doubled", []string{doubled + " TXT " + right}, "", []string{"mtasts.name-doubled"}, right},
	{"doubled with policy", []string{doubled + " TXT " + right}, enforce("mail.customer.example"), []string{"mtasts.name-doubled"}, right},
	{"policy without record", nil, enforce("mail.customer.example"), []string{"mtasts.policy-without-record"}, "v=STSv1; id=00010101000000"},
	{"a CNAME into nothing", []string{name + " CNAME gone.example."}, enforce("mail.customer.example"), []string{"mtasts.policy-without-record"}, "v=STSv1; id=00010101000000"},
	{"a web page without record", nil, "<html>", []string{"mtasts.missing"}, ""},
	{"LF", txt(right), strings.ReplaceAll(enforce("*.customer.example"), "\r", ""), []string{"mtasts.policy-line-ends"}, ""},
	{"a web page", txt(right), "<html>\r\n", []string{"mtasts.policy-malformed"}, ""},
	{"order of the policy", txt(right), "max_age: 604800\r\n" + strings.Replace(enforce("mail.customer.example"), "max_age: 604800\r\n", "", 1), nil, ""},
	{"max_age", txt(right), strings.Replace(enforce("mail.customer.example"), "604800", "1 week", 1), []string{"mtasts.max-age-invalid"}, ""},
	{"a day", txt(right), strings.Replace(enforce("mail.customer.example"), "604800", "86400", 1), []string{"mtasts.max-age-short"}, ""},
	{"another host", txt(right), enforce("mx.customer.example"), []string{"mtasts.mx-not-listed", "mtasts.policy-mx-unused"}, ""},
	{"one more", txt(right), enforce("mail.customer.example", "mx.customer.example"), []string{"mtasts.policy-mx-unused"}, ""},
	{"testing", txt(right), strings.Replace(enforce("mail.customer.example"), "enforce", "testing", 1), []string{"mtasts.mode-testing"}, ""},
	{"none", txt(right), strings.Replace(enforce("mx.customer.example"), "enforce", "none", 1), []string{"mtasts.mode-none"}, ""},
}

func examine(t *testing.T, z *dnstest.Zone, policy string) []finding.Finding {
	t.Helper()
	o := Options{AlwaysFetch: true}
	if policy != "" {
		o.Fetch = func(_ context.Context, host string) Fetched {
			return Fetched{Host: host, Outcome: Served, Status: 200, ContentType: "text/plain", Body: policy}
		}
	}
	res := Lookup(t.Context(), z, "Customer.Example.", o)
	return arrange(Findings(Input{Result: res, Hosts: []string{"", "Mail.customer.example."}, HostsKnown: true}))
}

func TestFindings(t *testing.T) {
	raised := map[string]bool{ // TestFetch
		"mtasts.policy-unreachable": true, "mtasts.policy-tls-invalid": true, "mtasts.policy-redirected": true,
		"mtasts.policy-media-type-wrong": true, "mtasts.policy-too-large": true,
	}
	for _, tt := range cases {
		z := dnstest.New(append([]string{"customer.example TXT v=spf1 -all"}, tt.zone...)...)
		all := examine(t, z, tt.policy)
		for _, f := range all {
			raised[f.Code()] = true
			if len(f.Evidence) == 0 || f.Evidence[0].Answer == "" {
				t.Errorf("%s: no evidence", tt.id)
			}
		}
		if got := codes(all); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.id, got, tt.want)
			continue
		}
		if len(all) > 0 && (all[0].Fix != nil) != (tt.fix != "") {
			t.Errorf("%s: fix is %v", tt.id, all[0].Fix)
		}
		if tt.fix == "" || all[0].Fix == nil {
			continue
		}
		if tt.id == "V63" { // one of two equal records goes: DNS does not keep both
			z.Records[name+" TXT"] = z.Records[name+" TXT"][:1]
		} else {
			z.Apply(all[0].Fix)
		}
		if got := strings.Join(z.Records[name+" TXT"], "|"); got != tt.fix {
			t.Errorf("%s: corrected to %s, want %s", tt.id, got, tt.fix)
		}
		if again := examine(t, z, tt.policy); len(again) > 0 {
			t.Errorf("%s: the corrected zone has %v", tt.id, codes(again))
		}
	}
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("%s is never raised", r.Code)
		}
		f := finding.Finding{Rule: r, Args: []string{"a", "b", "c", "d"}}
		for _, s := range []string{f.Title(), f.Saw(), f.Effect(), f.Action()} {
			if strings.Contains(s, "%!") {
				t.Errorf("%s: %s", r.Code, s)
			}
		}
	}
}

// TestTwice holds that a field that stands in a policy twice does not void it:
// the first one counts (RFC 8461 section 3.2).
func TestTwice(t *testing.T) {
	all := examine(t, dnstest.New(txt(right)...), enforce("mail.customer.example")+"mode: none\r\n")
	if len(all) != 1 || all[0].Code() != "mtasts.policy-malformed" || all[0].Severity() != finding.Warning || !strings.Contains(all[0].Saw(), "mode stands in it twice") {
		t.Errorf("%v: %v", codes(all), all)
	}
}

// TestNotLookedAt holds that nothing is said of what nobody looked at.
func TestNotLookedAt(t *testing.T) {
	if got := Findings(Input{HostsKnown: true}); len(got) > 0 {
		t.Errorf("nobody looked, but %v", codes(got))
	}
	z := dnstest.New(txt(right)...)
	fetch := func(_ context.Context, host string) Fetched {
		return Fetched{Host: host, Outcome: Served, Status: 200, ContentType: "text/plain", Body: enforce("mx.customer.example")}
	}
	res := Lookup(t.Context(), z, "customer.example", Options{Fetch: fetch})
	if got := Findings(Input{Result: res}); len(got) > 0 {
		t.Errorf("the mail servers are not known, but %v", codes(got))
	}
}

// TestV63 holds that two records are as good as none.
func TestV63(t *testing.T) {
	fetch := func(_ context.Context, host string) Fetched {
		return Fetched{Host: host, Outcome: Served, Status: 200, ContentType: "text/plain", Body: enforce("mail.customer.example")}
	}
	for _, tt := range []struct {
		zone []string
		want bool
	}{{txt(right), true}, {txt(right, "v=STSv1; id=2"), false}, {nil, false}} {
		res := Lookup(t.Context(), dnstest.New(tt.zone...), "customer.example", Options{Fetch: fetch, AlwaysFetch: true})
		if _, ok := res.Effective(); ok != tt.want {
			t.Errorf("%v: policy %v", tt.zone, ok)
		}
	}
}

func TestQuestions(t *testing.T) {
	for _, tt := range []struct {
		zone []string
		want int
	}{{txt(right), 1}, {txt("SERVFAIL"), 1}, {nil, 2}} {
		z := dnstest.New(tt.zone...)
		Lookup(t.Context(), z, "customer.example", Options{})
		if len(z.Asked) != tt.want {
			t.Errorf("%v: asked %v", tt.zone, z.Asked)
		}
	}
}

func arrange(out []finding.Finding) []finding.Finding {
	finding.Silence(out)
	finding.Sort(out, finding.Order(Rules()))
	return out
}

// codes lists the findings that are not silenced.
func codes(all []finding.Finding) []string {
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" {
			out = append(out, f.Code())
		}
	}
	return out
}
