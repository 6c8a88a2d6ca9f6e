package tlsrpt

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
)

const (
	right   = "v=TLSRPTv1; rua=mailto:tls@customer.example"
	fresh   = "v=TLSRPTv1; rua=mailto:tls-reports@customer.example"
	name    = "_smtp._tls.customer.example"
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
	id   string
	zone []string
	want []string // codes that are not silenced
	fix  string   // what stands at the name after the fix
}{
	{"right", txt(right), nil, ""},
	{"right beside another text", txt(right, "hello"), nil, ""},
	{"missing", nil, []string{"tlsrpt.missing"}, fresh},
	{"another text", txt("v=spf1 -all"), []string{"tlsrpt.missing"}, "v=spf1 -all|" + fresh},
	{"a CNAME into nothing", []string{name + " CNAME gone.example."}, []string{"tlsrpt.missing"}, fresh},
	{"fails", txt("SERVFAIL"), []string{"tlsrpt.unreadable"}, ""},
	{
		"two", txt("v=TLSRPTv1; rua=mailto:b@customer.example", right),
		[]string{"tlsrpt.multiple-records"},
		"v=TLSRPTv1; rua=mailto:b@customer.example,mailto:tls@customer.example",
	},
	{"doubled", []string{doubled + " TXT " + right}, []string{"tlsrpt.name-doubled"}, right},
	{"doubled and wrong", []string{doubled + " TXT v=TLSRPTv1 rua=tls@customer.example"}, []string{"tlsrpt.name-doubled"}, right},
	{"something else at the doubled name", []string{doubled + " TXT v=spf1 -all"}, []string{"tlsrpt.missing"}, fresh},
	{"separator", txt("v=TLSRPTv1 rua=mailto:tls@customer.example"), []string{"tlsrpt.record-malformed"}, right},
	{"letter case", txt("v=tlsrptv1; rua=mailto:tls@customer.example"), []string{"tlsrpt.record-malformed"}, right},
	{"quotes", txt(`"v=TLSRPTv1; rua=mailto:tls@customer.example"`), []string{"tlsrpt.record-malformed"}, right},
	{"escaped", txt(`v=TLSRPTv1\; rua=mailto:tls@customer.example`), []string{"tlsrpt.record-malformed"}, right},
	{"order", txt("rua=mailto:tls@customer.example; v=TLSRPTv1"), []string{"tlsrpt.record-malformed"}, right},
	{"two wrong", txt("v=tlsrpt; rua=tls@customer.example", "rua=mailto:b@customer.example"), []string{"tlsrpt.record-malformed"}, "v=TLSRPTv1; rua=mailto:tls@customer.example,mailto:b@customer.example"},
	{"broken field", txt(right + "; hello"), []string{"tlsrpt.record-malformed"}, right},
	{"extension", txt("v=TLSRPTv1; x=1; rua=tls@customer.example"), []string{"tlsrpt.report-address-malformed"}, right + "; x=1"},
	{"no address", txt("v=TLSRPTv1;"), []string{"tlsrpt.reports-missing"}, fresh},
	{"M12", txt("v=TLSRPTv1; rua=tls@customer.example"), []string{"tlsrpt.report-address-malformed"}, right},
	{"empty", txt("v=TLSRPTv1; rua="), []string{"tlsrpt.report-address-malformed"}, fresh},
	{"gap", txt("v=TLSRPTv1; rua=mailto: tls@customer.example"), []string{"tlsrpt.report-address-malformed"}, right},
	{"slashes", txt("v=TLSRPTv1; rua=mailto://tls@customer.example"), []string{"tlsrpt.report-address-malformed"}, right},
	{"http", txt("v=TLSRPTv1; rua=http://reports.example/tls,mailto:tls@customer.example"), []string{"tlsrpt.report-address-malformed"}, right},
	{"size", txt("v=TLSRPTv1; rua=mailto:tls@customer.example!10m"), []string{"tlsrpt.report-address-malformed"}, right},
}

func TestFindings(t *testing.T) {
	raised := map[string]bool{}
	for _, tt := range cases {
		z := dnstest.New(append([]string{"customer.example TXT v=spf1 -all"}, tt.zone...)...)
		all := examine(t, z)
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
		if tt.fix == "" {
			continue
		}
		if all[0].Fix == nil {
			t.Errorf("%s: no fix", tt.id)
			continue
		}
		z.Apply(all[0].Fix)
		if got := strings.Join(z.Records[name+" TXT"], "|"); got != tt.fix {
			t.Errorf("%s: corrected to %s, want %s", tt.id, got, tt.fix)
		}
		if again := examine(t, z); len(again) > 0 {
			t.Errorf("%s: the corrected zone has %v", tt.id, codes(again))
		}
		if got := z.Records[doubled+" TXT"]; strings.HasPrefix(tt.id, "doubled") && len(got) > 0 {
			t.Errorf("%s: %q stays at the doubled name", tt.id, got)
		}
	}
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("%s is never raised", r.Code)
		}
		f := finding.Finding{Rule: r, Args: []string{"a", "b", "c"}}
		for _, s := range []string{f.Title(), f.Saw(), f.Effect(), f.Action()} {
			if strings.Contains(s, "%!") {
				t.Errorf("%s: %s", r.Code, s)
			}
		}
	}
}

func TestNotLookedAt(t *testing.T) {
	if got := Findings(Input{}); len(got) > 0 {
		t.Errorf("nobody looked, but %v", codes(got))
	}
}

func TestQuestions(t *testing.T) {
	for _, tt := range []struct {
		zone []string
		want int
	}{{txt(right), 1}, {txt("SERVFAIL"), 1}, {nil, 2}} {
		z := dnstest.New(tt.zone...)
		r := Lookup(t.Context(), z, "customer.example")
		if len(z.Asked) != tt.want {
			t.Errorf("%v: asked %v", tt.zone, z.Asked)
		}
		if _, ok := r.Record(); ok != (len(tt.zone) > 0 && tt.zone[0] == name+" TXT "+right) {
			t.Errorf("%v: record %v", tt.zone, ok)
		}
	}
}

func examine(t *testing.T, z *dnstest.Zone) []finding.Finding {
	t.Helper()
	out := Findings(Input{Result: Lookup(t.Context(), z, "Customer.Example.")})
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
