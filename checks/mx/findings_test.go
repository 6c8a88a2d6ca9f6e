package mx

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

var cases = []struct {
	id     string
	unused bool
	zone   []string
	top    string
	want   string // the MX records after the fix; "" where no record mends it
}{
	{"M01", false, mx("10 mail.customer.example.customer.example."), "mx.target-doubled", "10 mail.customer.example"},
	{"M02", false, mx("10 203.0.113.25."), "mx.target-malformed", ""},
	{"M02b", false, mx("10 http://mail.customer.example/."), "mx.target-malformed", "10 mail.customer.example"},
	{"M02c", false, mx("10 info@mail.customer.example."), "mx.target-malformed", "10 mail.customer.example"},
	{"M02d", false, mx("10 mail."), "mx.target-malformed", ""},
	{"M03", false, mx(microsoft, "0 ."), "mx.null-with-others", microsoft},
	{"M04", false, mx("0 ."), "mx.null-sender", ""},
	{"M04 unused", true, mx("0 ."), "mx.null", ""},
	{"M04 preference", true, mx("10 ."), "mx.null-preference", "0 ."},
	{
		"M05", false, append(mx("10 mx.customer.example."), "mx.customer.example CNAME mail.customer.example."),
		"mx.target-is-cname", "10 mail.customer.example",
	},
	{"M06", false, mx(microsoft, "10 aspmx.l.google.com."), "mx.mixed-providers", microsoft},
	{"M06 preference", false, mx("20 customer-example.mail.protection.outlook.com.", "10 aspmx.l.google.com."), "mx.mixed-providers", "10 aspmx.l.google.com."},
	{"M07", false, mx(microsoft, "32767 ms12345678.msv1.invalid."), "mx.microsoft-placeholder", microsoft},
	{"Microsoft", false, mx(microsoft), "mx.microsoft-endpoint", ""},
	{"no MX", false, []string{"customer.example A 192.0.2.7"}, "mx.missing", ""},
	{"nothing", false, nil, "mx.missing-and-no-address", ""},
	{"one dead", false, mx(microsoft, "20 gone.customer.example."), "mx.target-without-address", microsoft},
	{"all dead", false, mx("10 gone.customer.example."), "mx.no-usable-target", ""},
	{"MX fails", false, mx("SERVFAIL"), "mx.unreadable", ""},
	{"host fails", false, append(mx("10 mx.customer.example."), "mx.customer.example A SERVFAIL"), "mx.unreadable", ""},
	{"own address fails", false, []string{"customer.example A SERVFAIL"}, "mx.unreadable", ""},
	{"twice", false, mx("10 mail.customer.example.", "20 mail.customer.example."), "mx.host-duplicate", ""},
	{"doubled beside the right one", false, mx(microsoft, "20 mail.customer.example.customer.example.", "30 mail.customer.example."), "mx.target-doubled", microsoft + "|30 mail.customer.example."},
	{"unregistered", false, mx(microsoft, "20 mail.gone.test."), "mx.target-unregistered", ""},
	{"registered", false, append(mx(microsoft, "20 mail.gone.test."), "gone.test A 192.0.2.9"), "mx.target-without-address", microsoft},
	{"private", false, append(mx("10 mx.customer.example."), "mx.customer.example A 192.168.1.5"), "mx.address-private", ""},
	{"alone", false, mx("10 mail.customer.example."), "mx.no-redundancy", ""},
	{"one network", false, append(mx("10 mail.customer.example.", "20 mx2.customer.example."), "mx2.customer.example A 192.0.2.26"), "mx.no-redundancy", ""},
	{"many", false, mx(strings.Split(strings.Repeat("10 mail.customer.example.|", 11), "|")[:11]...), "mx.too-many-hosts", ""},
}

func mx(values ...string) []string {
	var out []string
	for _, v := range values {
		out = append(out, "customer.example MX "+v)
	}
	return out
}

func TestFindings(t *testing.T) {
	raised := map[string]bool{"mx.servers-disagree": true} // TestViews
	for _, tt := range cases {
		z := soundZone(tt.zone...)
		all := examine(t, z, !tt.unused)
		for _, f := range all {
			raised[f.Code()] = true
		}
		f := find(all, tt.top)
		if f == nil || f.Severity() != finding.Note && all[0].Code() != tt.top {
			t.Errorf("%s: %v, want %s", tt.id, codes(all), tt.top)
			continue
		}
		if len(f.Evidence) == 0 || f.Evidence[0].Answer == "" {
			t.Errorf("%s: no evidence", tt.id)
		}
		if (f.Fix != nil) != (tt.want != "") {
			t.Errorf("%s: fix is %v", tt.id, f.Fix)
		}
		if f.Fix == nil {
			continue
		}
		z.Apply(f.Fix)
		if got := strings.Join(z.Records["customer.example MX"], "|"); got != tt.want {
			t.Errorf("%s: corrected to %s, want %s", tt.id, got, tt.want)
		}
		again := examine(t, z, !tt.unused)
		if worst, ok := finding.Worst(again); ok && worst != finding.Note {
			t.Errorf("%s: the corrected zone has %v", tt.id, codes(again))
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

func TestRootCauses(t *testing.T) {
	for _, tt := range []struct {
		zone []string
		want []string
	}{
		{mx("10 mail.customer.example.customer.example."), []string{"mx.target-doubled"}},
		{mx("10 203.0.113.25."), []string{"mx.target-malformed"}},
		{mx("10 gone.customer.example.", "20 lost.customer.example."), []string{"mx.no-usable-target"}},
		{mx("10 mail.customer.example."), []string{"mx.no-redundancy"}},
	} {
		if got := codes(examine(t, soundZone(tt.zone...), true)); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.zone, got, tt.want)
		}
	}
}

func TestViews(t *testing.T) {
	a := soundZone(mx(microsoft)...).Lookup(t.Context(), dns.Ask("customer.example", dns.TypeMX))
	b := soundZone(mx("0 .")...).Lookup(t.Context(), dns.Ask("customer.example", dns.TypeMX))
	r := Lookup(t.Context(), soundZone(mx(microsoft)...), "customer.example")
	for _, tt := range []struct {
		answers []dns.Answer
		want    bool
	}{
		{[]dns.Answer{{}, a, a}, false},
		{[]dns.Answer{a, b}, true},
	} {
		all := Findings(Input{Result: r, Used: true, Views: dns.Views{Authoritative: tt.answers}})
		if got := find(all, "mx.servers-disagree") != nil; got != tt.want {
			t.Errorf("%d answers: %v", len(tt.answers), got)
		}
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"customer-example.mail.protection.outlook.com":  true,
		"Customer-Example.Mail.Protection.Outlook.Com.": true,
		"customer-example.e-v1.mx.microsoft":            true,
		"customer-example.mx.microsoft":                 false,
		"mail.protection.outlook.com":                   false,
		"a.b.mail.protection.outlook.com":               false,
		"x.mail.protection.outlook.com.example":         false,
	} {
		if isMicrosoft(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
	for host, want := range map[string]string{
		"aspmx.l.google.com.":                "Google Workspace",
		"customer-example.e-v1.mx.microsoft": "Microsoft 365",
		"notgoogle.com":                      "",
	} {
		if got := providerOf(host); got != want {
			t.Errorf("%s: %q", host, got)
		}
	}
	for host, want := range map[string]string{
		"mail.customer.example": "", "xn--d1acufc.example": "", "203.0.113.25": "an IP address", "2001:db8::1": "an IP address",
		"[203.0.113.25]": "an IP address", "my_mail.customer.example": "a name with an underscore", "mail": "a name without domain",
		"mail..example": "no host name", "-a.example": "no host name", "": "",
	} {
		if got := malformed(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	if got := doubled("mail.customer.example.customer.example", "a.customer.example"); got != "customer.example" {
		t.Errorf("doubled below a parent: %q", got)
	}
}
