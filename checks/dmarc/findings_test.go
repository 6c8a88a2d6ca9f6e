package dmarc

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// TestMain holds that a run of all tests raises every declared code.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		for _, r := range Rules() {
			if !raised.codes[r.Code] {
				fmt.Fprintln(os.Stderr, "raised by no test:", r.Code)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// raised collects the codes that the tests have seen.
var raised struct {
	sync.Mutex
	codes map[string]bool
}

func see(all []finding.Finding) []finding.Finding {
	raised.Lock()
	defer raised.Unlock()
	if raised.codes == nil {
		raised.codes = map[string]bool{}
	}
	for _, f := range all {
		raised.codes[f.Code()] = true
	}
	return all
}

// mistakes are what people do in DNS panels: one record of a sound zone is
// changed, the first finding names it, and its fix gives the corrected record.
var mistakes = []struct {
	id   string
	zone []string
	top  string
	want string // corrected value at _dmarc.customer.example
}{
	{"D01", []string{"customer.example TXT " + dmarcOK}, "dmarc.wrong-name", dmarcOK},
	{"D02", []string{"dmarc.customer.example TXT " + dmarcOK}, "dmarc.wrong-name", dmarcOK},
	{"D03", []string{"_dmarc.www.customer.example TXT " + dmarcOK}, "dmarc.wrong-name", dmarcOK},
	{"D04", []string{"_dmarc.customer.example.customer.example TXT " + dmarcOK}, "dmarc.name-doubled", dmarcOK},
	{"D05", nil, "dmarc.missing", dmarcOK},
	{"D06", at("v=DMARC1; p=none", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example"), "dmarc.multiple-records", dmarcOK},
	{"D07", at("v=DMARC1 p=none; rua=mailto:dmarc@customer.example"), "dmarc.separator-missing", dmarcOK},
	{"D08", at("v=DMARC1; p=none rua=mailto:dmarc@customer.example"), "dmarc.separator-missing", dmarcOK},
	{"D09", at("v=DMARC1, p=none, rua=mailto:dmarc@customer.example"), "dmarc.separator-wrong", dmarcOK},
	{"D09b", at("v=DMARC1: p=none: rua=mailto:dmarc@customer.example"), "dmarc.separator-wrong", dmarcOK},
	{"D10", at(`"v=DMARC1; p=none; rua=mailto:dmarc@customer.example"`), "dmarc.quotes-in-value", dmarcOK},
	{"D11", at(`v=DMARC1\; p=none\; rua=mailto:dmarc@customer.example`), "dmarc.semicolon-escaped", dmarcOK},
	{"D12", at("\u201c" + dmarcOK + "\u201d"), "dmarc.non-ascii", dmarcOK},
	{"D13", at("\ufeff" + dmarcOK), "dmarc.non-ascii", dmarcOK},
	{"D13b", at("v=DMARC1;\u00a0p=none; rua=mailto:dmarc@customer.example"), "dmarc.non-ascii", dmarcOK},
	{"D14", at(" " + dmarcOK), "dmarc.leading-characters", dmarcOK},
	{"D14b", at("DMARC: " + dmarcOK), "dmarc.leading-characters", dmarcOK},
	{"D15", at(`_dmarc IN TXT "v=DMARC1; p=none"`), "dmarc.zone-line-in-value", dmarcOK},
	{"D16", at("v=DMARC1; p=none;\nrua=mailto:dmarc@customer.example"), "dmarc.control-character", dmarcOK},
	{"D16b", at("v=DMARC1; p=none; rua=mailto:dmarc@\tcustomer.example"), "dmarc.control-character", dmarcOK},
	{"D17", at("p=none; rua=mailto:dmarc@customer.example"), "dmarc.version-missing", dmarcOK},
	{"D18", at("p=none; v=DMARC1; rua=mailto:dmarc@customer.example"), "dmarc.version-not-first", dmarcOK},
	{"D19", at("v=dmarc1; p=none; rua=mailto:dmarc@customer.example"), "dmarc.version-wrong", dmarcOK},
	{"D20", at("v=DMARC; p=none; rua=mailto:dmarc@customer.example"), "dmarc.version-wrong", dmarcOK},
	{"D21", at("v=DMARC1; p=monitor; rua=mailto:dmarc@customer.example"), "dmarc.policy-invalid", dmarcOK},
	{"D22", at("v=DMARC1; rua=mailto:dmarc@customer.example"), "dmarc.policy-assumed-none", dmarcOK},
	{"D23", at("v=DMARC1"), "dmarc.policy-missing", dmarcOK},
	{"D24", at("v=DMARC1; policy=none; rua=mailto:dmarc@customer.example"), "dmarc.tag-misspelt", dmarcOK},
	{"D24b", at("v=DMARC1; p=none; rau=mailto:dmarc@customer.example"), "dmarc.tag-misspelt", dmarcOK},
	{"D25", at("v=DMARC1; p=none; p=reject; rua=mailto:dmarc@customer.example"), "dmarc.tag-duplicate", dmarcOK},
	{"D26", at("v=DMARC1; p=none; rua=dmarc@customer.example"), "dmarc.report-address-malformed", dmarcOK},
	{"D27", at("v=DMARC1; p=none; rua=mailto: dmarc@customer.example"), "dmarc.report-address-malformed", dmarcOK},
	{
		"D28", at("v=DMARC1; p=none; rua=mailto:dmarc@customer.example; mailto:it@customer.example"),
		"dmarc.tag-malformed", "v=DMARC1; p=none; rua=mailto:dmarc@customer.example,mailto:it@customer.example",
	},
	{"D29", at("v=DMARC1; p=none; rua=mailto:dmarc@reports.example"), "dmarc.report-target-not-authorised", dmarcOK},
	{"D30", at("v=spf1 include:_spf.clockwise.info -all"), "dmarc.wrong-content", dmarcOK},
	{"D31", []string{"*.customer.example TXT v=spf1 -all"}, "dmarc.wildcard", dmarcOK},
	{"D32", []string{"_dmarc.customer.example CNAME _dmarc.gone.example."}, "dmarc.cname-dangling", dmarcOK},
	{
		"D34", at("v=DMARC1; p=quarantine; pct=50; rua=mailto:dmarc@customer.example"),
		"dmarc.pct-present", "v=DMARC1; p=quarantine; rua=mailto:dmarc@customer.example",
	},
	{
		"D35", at("v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@customer.example"),
		"dmarc.subdomain-policy-weaker", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example",
	},
	{"D36", at("V=DMARC1; P=None; RUA=mailto:dmarc@customer.example"), "dmarc.case-unusual", dmarcOK},

	{"no mail at the reports' domain", at("v=DMARC1; p=none; rua=mailto:dmarc@gone.example"), "dmarc.report-domain-without-mx", dmarcOK},
	{"too long, twice", at("v=DMARC1" + strings.Repeat("; p=none", 1000)), "dmarc.tag-duplicate", dmarcOK},
	{"too long, no version", at("p=none" + strings.Repeat("; x", 2000)), "dmarc.wrong-content", dmarcOK},
	{"no reports", at("v=DMARC1; p=none"), "dmarc.reports-missing", dmarcOK},
	{"alignment mode", at("v=DMARC1; p=none; adkim=x; rua=mailto:dmarc@customer.example"), "dmarc.alignment-mode-invalid", dmarcOK},
	{
		"test mode", at("v=DMARC1; p=reject; t=y; rua=mailto:dmarc@customer.example"),
		"dmarc.test-mode", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example",
	},
	{"psd=y", at("v=DMARC1; p=none; psd=y; rua=mailto:dmarc@customer.example"), "dmarc.psd-yes", dmarcOK},
	{
		"subdomain policy", at("v=DMARC1; p=reject; sp=off; rua=mailto:dmarc@customer.example"),
		"dmarc.subdomain-policy-invalid", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example",
	},
}

func at(texts ...string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, "_dmarc.customer.example TXT "+t)
	}
	return out
}

func TestMistakes(t *testing.T) {
	for _, tt := range mistakes {
		t.Run(tt.id, func(t *testing.T) {
			z := soundZone(tt.zone...)
			_, all := examine(t, z, "customer.example", sound)
			see(all)
			got := topOf(all, tt.top)
			if got == nil {
				t.Fatalf("first is %v, want %s", codes(all), tt.top)
			}
			if got.Fix == nil {
				t.Fatalf("%s has no fix", tt.top)
			}
			if len(got.Evidence) == 0 {
				t.Errorf("%s has no evidence", tt.top)
			}
			z.Apply(got.Fix)
			if v := z.Records["_dmarc.customer.example TXT"]; !slices.Equal(v, []string{tt.want}) && !slices.Contains(v, tt.want) {
				t.Errorf("corrected record is %q, want %q", v, tt.want)
			}
			_, again := examine(t, z, "customer.example", sound)
			if worst, ok := finding.Worst(again); ok && worst != finding.Note {
				t.Errorf("the corrected zone has %v", codes(again))
			}
			for _, f := range again {
				if f.Fix != nil {
					t.Errorf("proposes again: %s %v", f.Code(), f.Fix.Records)
				}
			}
		})
	}
}

// topOf returns the first finding when it has the code; of notes, which need
// no action, any one that has a fix.
func topOf(all []finding.Finding, code string) *finding.Finding {
	f := find(all, code)
	if f == nil || f.Severity() == finding.Note {
		return f
	}
	if all[0].Code() != code {
		return nil
	}
	return &all[0]
}

func TestVectors(t *testing.T) {
	const parentSub = "v=DMARC1; p=reject; sp=quarantine"
	for _, tt := range []struct {
		id, from string
		zone     []string
		org      string
		policy   Policy
		unknown  bool
		codes    []string // must be open
		not      []string // must not be raised
	}{
		{
			id: "V30", from: "a.b.customer.example", org: "customer.example", policy: Quarantine,
			zone:  []string{"_dmarc.b.customer.example TXT v=DMARC1; p=none", "_dmarc.customer.example TXT " + parentSub},
			codes: []string{"dmarc.inherited"},
		},
		{
			id: "V31", from: "a.b.customer.example", org: "b.customer.example", policy: None,
			zone:  []string{"_dmarc.b.customer.example TXT v=DMARC1; p=none; psd=n", "_dmarc.customer.example TXT " + parentSub},
			codes: []string{"dmarc.org-domain-differs", "dmarc.psd-no"},
		},
		{
			id: "V32", from: "a.customer.example", org: "customer.example", policy: Reject,
			zone: []string{"_dmarc.example TXT v=DMARC1; p=reject; psd=y"}, not: []string{"dmarc.psd-yes", "dmarc.org-domain-differs"},
		},
		{
			id: "V33", from: "a.customer.example", org: "customer.example", policy: Quarantine,
			zone: []string{
				"_dmarc.a.customer.example TXT v=DMARC1; p=none", "_dmarc.a.customer.example TXT v=DMARC1; p=reject",
				"_dmarc.customer.example TXT v=DMARC1; p=quarantine",
			},
			codes: []string{"dmarc.multiple-records"},
		},
		{
			id: "V34", from: "a.b.c.d.e.f.g.h.i.j.customer.example", org: "a.b.c.d.e.f.g.h.i.j.customer.example",
			codes: []string{"dmarc.walk-shortened", "dmarc.missing"},
		},
		{
			id: "V35", from: "a.customer.example", unknown: true,
			zone:  []string{"_dmarc.a.customer.example TXT SERVFAIL", "_dmarc.customer.example TXT v=DMARC1; p=reject"},
			codes: []string{"dmarc.unreadable"}, not: []string{"dmarc.missing"},
		},
		{
			id: "V36", from: "x.customer.example", org: "customer.example", policy: Reject,
			zone:  at("v=DMARC1; p=reject; sp=none; np=reject"),
			codes: []string{"dmarc.subdomain-policy-weaker"},
		},
		{
			id: "V36 without np", from: "x.customer.example", org: "customer.example", policy: None,
			zone: at("v=DMARC1; p=reject; sp=none"),
		},
		{
			id: "V36 exists", from: "x.customer.example", org: "customer.example", policy: None,
			zone: append(at("v=DMARC1; p=reject; sp=none; np=reject"), "x.customer.example A 192.0.2.9"),
		},
		{
			id: "V36 not known", from: "x.customer.example", org: "customer.example", unknown: true,
			zone:  append(at("v=DMARC1; p=reject; sp=none; np=reject"), "x.customer.example TXT SERVFAIL"),
			codes: []string{"dmarc.unreadable"},
		},
		{
			id: "V37", from: "customer.example", org: "customer.example", policy: Quarantine,
			zone: at("v=DMARC1; p=reject; t=y"), codes: []string{"dmarc.test-mode", "dmarc.policy-quarantine"},
		},
		{
			id: "V37 quarantine", from: "customer.example", org: "customer.example", policy: None,
			zone: at("v=DMARC1; p=quarantine; t=y"), codes: []string{"dmarc.test-mode"}, not: []string{"dmarc.policy-none"},
		},
		{
			id: "V38", from: "customer.example", org: "customer.example", policy: None,
			zone: at("v=DMARC1; rua=mailto:r@customer.example"), codes: []string{"dmarc.policy-assumed-none"},
		},
		{
			id: "V39", from: "customer.example", org: "customer.example", policy: NoPolicy,
			zone: at("v=DMARC1"), codes: []string{"dmarc.policy-missing"}, not: []string{"dmarc.missing"},
		},
		{
			id: "V40", from: "customer.example", org: "customer.example", policy: None,
			zone: at("v=DMARC1; p=rejct; rua=mailto:r@customer.example"), codes: []string{"dmarc.policy-invalid"},
		},
		{
			id: "V41", from: "customer.example", org: "customer.example", policy: NoPolicy,
			zone: at("v=DMARC1; p=reject; sp=off"), codes: []string{"dmarc.subdomain-policy-invalid"},
		},
		{
			id: "V42 white space", from: "customer.example", org: "customer.example", policy: Reject,
			zone: at("v = DMARC1 ; p = reject; rua=mailto:r@customer.example"), not: noisy,
		},
		{
			id: "V42 tabs", from: "customer.example", org: "customer.example", policy: Reject,
			zone: at("v\t=\tDMARC1\t;\tp\t= reject; rua=mailto:r@customer.example"), not: noisy,
		},
		{
			id: "V42 final semicolon", from: "customer.example", org: "customer.example", policy: Reject,
			zone: at("v=DMARC1;p=reject;rua=mailto:r@customer.example;"), not: noisy,
		},
		{
			id: "V42 order", from: "customer.example", org: "customer.example", policy: Reject,
			zone:  at("v=DMARC1; rua=mailto:r@customer.example; p=reject"),
			codes: []string{"dmarc.policy-not-second"},
		},
		{
			id: "V43", from: "customer.example", org: "customer.example", policy: Reject,
			zone: at("V=DMARC1; P=REJECT"), codes: []string{"dmarc.case-unusual"},
		},
		{
			id: "V44 version", from: "customer.example", org: "customer.example",
			zone: at("v=dmarc1; p=reject"), codes: []string{"dmarc.version-wrong"}, not: []string{"dmarc.missing"},
		},
		{
			id: "V44 separator", from: "customer.example", org: "customer.example",
			zone: at("v=DMARC1 p=reject"), codes: []string{"dmarc.separator-missing"}, not: []string{"dmarc.missing"},
		},
		{
			id: "V44 leading", from: "customer.example", org: "customer.example",
			zone: at(" v=DMARC1; p=reject"), codes: []string{"dmarc.leading-characters"}, not: []string{"dmarc.missing"},
		},
		{
			id: "V45", from: "customer.example", org: "customer.example", policy: Reject,
			zone: at("v=DMARC1; p=reject; adkim=x"), codes: []string{"dmarc.alignment-mode-invalid"},
		},
		{
			id: "V46", from: "customer.example", org: "customer.example", policy: None,
			zone: at("v=DMARC1; p=none; rua=mailto:a@customer.example , mailto:b@customer.example"), not: noisy,
		},
		{
			id: "V47", from: "customer.example", org: "customer.example", policy: None,
			zone: at("v=DMARC1; p=none; rua=mailto:r@mail.customer.example"), not: noisy,
		},
		{
			id: "V48", from: "customer.example", org: "customer.example", policy: None,
			zone: append(at("v=DMARC1; p=none; rua=mailto:r@reports.example"), "*._report._dmarc.reports.example TXT v=DMARC1"),
			not:  noisy,
		},
		{
			id: "V49", from: "a.customer.example", org: "a.customer.example", policy: NoPolicy,
			zone: []string{"customer.example TXT v=DMARC1; p=none"}, codes: []string{"dmarc.wrong-name"},
		},
		{
			id: "weaker than above", from: "a.customer.example", org: "customer.example", policy: None,
			zone:  append(at("v=DMARC1; p=reject"), "_dmarc.a.customer.example TXT v=DMARC1; p=none; sp=reject"),
			codes: []string{"dmarc.subdomain-record-weaker", "dmarc.subdomain-policy-unused"},
		},
		{
			id: "one valid beside a stray text", from: "customer.example", org: "customer.example", policy: None,
			zone:  at(dmarcOK, "verification=1"),
			codes: []string{"dmarc.unrelated-txt"}, not: noisy,
		},
		{
			id: "delegated", from: "customer.example", org: "customer.example", policy: None,
			zone:  []string{"_dmarc.customer.example CNAME c.policies.example.", "c.policies.example TXT " + dmarcOK},
			codes: []string{"dmarc.cname-chain"}, not: noisy,
		},
		{
			id: "notes", from: "customer.example", org: "customer.example", policy: Reject,
			zone: at("v=DMARC1; p=reject; np=none; rf=afrf; x=1; fo=0:1; ruf=mailto:a@customer.example; " +
				"rua=mailto:a@customer.example,mailto:a!b@customer.example,mailto:c@customer.example!10m"),
			codes: []string{
				"dmarc.nonexistent-policy-weak", "dmarc.tag-obsolete", "dmarc.tag-unknown", "dmarc.fo-invalid",
				"dmarc.failure-reports-requested", "dmarc.report-address-duplicate", "dmarc.report-address-unencoded",
				"dmarc.report-size-limit", "dmarc.report-addresses-many",
			},
		},
		{
			id: "long", from: "customer.example", org: "customer.example", policy: None,
			zone:  at(dmarcOK + strings.Repeat(",mailto:someone.with.a.long.name@customer.example", 10)),
			codes: []string{"dmarc.answer-too-large"},
		},
		{
			id: "authorisation redirects", from: "customer.example", org: "customer.example", policy: None,
			zone: append(
				at("v=DMARC1; p=none; rua=mailto:r@reports.example"),
				"customer.example._report._dmarc.reports.example TXT v=DMARC1; rua=mailto:r@other.example",
			),
			codes: []string{"dmarc.report-authorisation-broken"}, not: []string{"dmarc.report-target-not-authorised"},
		},
		{
			id: "authorisation misspelt", from: "customer.example", org: "customer.example", policy: None,
			zone: append(
				at("v=DMARC1; p=none; rua=mailto:r@reports.example"),
				"customer.example._report._dmarc.reports.example TXT v=dmarc1",
			),
			codes: []string{"dmarc.report-authorisation-broken"},
		},
		{
			id: "public suffix", from: "co.uk", org: "co.uk", policy: NoPolicy,
			codes: []string{"dmarc.domain-is-public-suffix"},
		},
	} {
		t.Run(tt.id, func(t *testing.T) {
			auth := Auth{SPF: "pass", SPFDomain: tt.from, DKIM: []Signature{{"pass", tt.from}}}
			r, all := examine(t, soundZone(tt.zone...), tt.from, auth)
			see(all)
			if r.Known == tt.unknown {
				t.Errorf("known is %v", r.Known)
			}
			if r.OrgDomain != tt.org {
				t.Errorf("organisational domain is %q, want %q", r.OrgDomain, tt.org)
			}
			if r.Policy != tt.policy {
				t.Errorf("policy is %q, want %q", r.Policy, tt.policy)
			}
			open := codes(all)
			for _, c := range tt.codes {
				if !slices.Contains(open, c) {
					t.Errorf("%v lacks %s", open, c)
				}
			}
			for _, c := range tt.not {
				if find(all, c) != nil {
					t.Errorf("%s is raised", c)
				}
			}
		})
	}
}

// noisy are the codes that a sound record must not raise.
var noisy = func() []string {
	var out []string
	for _, r := range Rules() {
		if r.Severity != finding.Note {
			out = append(out, r.Code)
		}
	}
	return out
}()

func TestPaths(t *testing.T) {
	foreign := Auth{SPF: "pass", SPFDomain: "clockwise.info"}
	both := []Signature{{"fail", "customer.example"}, {"pass", "other.example"}, {"pass", "customer.example"}}
	for _, tt := range []struct {
		name, record string
		auth         Auth
		result       string
		codes        []string
		not          []string
	}{
		{"reject", "v=DMARC1; p=reject", foreign, "fail", []string{"dmarc.mail-rejected"}, nil},
		{"reject in test mode", "v=DMARC1; p=reject; t=y", foreign, "fail", []string{"dmarc.mail-quarantined"}, nil},
		{"quarantine", "v=DMARC1; p=quarantine", foreign, "fail", []string{"dmarc.mail-quarantined"}, nil},
		{"none", "v=DMARC1; p=none", foreign, "fail", []string{"dmarc.mail-unaligned"}, nil},
		{"no record", "", foreign, "none", []string{"dmarc.mail-unaligned", "dmarc.missing"}, nil},
		{
			"SPF alone", "v=DMARC1; p=reject",
			Auth{SPF: "pass", SPFDomain: "customer.example"},
			"pass",
			[]string{"dmarc.spf-only"},
			[]string{"dmarc.mail-rejected"},
		},
		{
			"SPF alone, no record", "",
			Auth{SPF: "pass", SPFDomain: "customer.example"},
			"none",
			[]string{"dmarc.missing"},
			[]string{"dmarc.mail-unaligned"},
		},
		{
			"DKIM alone", "v=DMARC1; p=reject",
			Auth{SPF: "pass", SPFDomain: "clockwise.info", DKIM: sound.DKIM},
			"pass",
			[]string{"dmarc.dkim-only"},
			[]string{"dmarc.mail-rejected", "dmarc.spf-only"},
		},
		{"V57 relaxed", "v=DMARC1; p=reject; adkim=r", Auth{DKIM: []Signature{{"pass", "mail.customer.example"}}}, "pass", nil, []string{"dmarc.alignment-strict"}},
		{
			"V57 strict", "v=DMARC1; p=reject; adkim=s",
			Auth{SPF: "none", DKIM: []Signature{{"pass", "mail.customer.example"}}},
			"fail",
			[]string{"dmarc.alignment-strict", "dmarc.mail-rejected"},
			nil,
		},
		{
			"strict SPF", "v=DMARC1; p=reject; aspf=s",
			Auth{SPF: "pass", SPFDomain: "bounce.customer.example"},
			"fail",
			[]string{"dmarc.alignment-strict"},
			nil,
		},
		{"V58", "v=DMARC1; p=reject", Auth{SPF: "fail", SPFDomain: "x.example", DKIM: both}, "pass", nil, []string{"dmarc.mail-rejected"}},
		{
			"SPF not known", "v=DMARC1; p=reject",
			Auth{SPF: "temperror", SPFDomain: "customer.example"},
			"unknown", nil,
			[]string{"dmarc.mail-rejected", "dmarc.spf-only"},
		},
		{"policy not known", "SERVFAIL", foreign, "unknown", []string{"dmarc.unreadable"}, []string{"dmarc.mail-unaligned"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z := soundZone()
			if tt.record != "" {
				z = soundZone(at(tt.record)...)
			}
			r, all := examine(t, z, "customer.example", tt.auth)
			see(all)
			if v := r.Verdict(tt.auth); v.Result != tt.result {
				t.Errorf("result is %s, want %s", v.Result, tt.result)
			}
			open := codes(all)
			for _, c := range tt.codes {
				if !slices.Contains(open, c) {
					t.Errorf("%v lacks %s", open, c)
				}
			}
			for _, c := range tt.not {
				if slices.Contains(open, c) {
					t.Errorf("%s is raised", c)
				}
			}
		})
	}
}

func TestStrictFix(t *testing.T) {
	z := soundZone(at("v=DMARC1; p=reject; adkim=s; rua=mailto:dmarc@customer.example")...)
	auth := Auth{SPF: "none", DKIM: []Signature{{"pass", "mail.customer.example"}}}
	_, all := examine(t, z, "customer.example", auth)
	f := find(all, "dmarc.alignment-strict")
	if f == nil || f.Fix == nil {
		t.Fatalf("no fix in %v", codes(all))
	}
	z.Apply(f.Fix)
	_, all = examine(t, z, "customer.example", auth)
	if worst, _ := finding.Worst(all); worst != finding.Note {
		t.Errorf("left: %v", codes(all))
	}
}

// A policy that was not in force must not begin by refusing the mail.
func TestProposalsDoNotRefuseMail(t *testing.T) {
	auth := Auth{SPF: "pass", SPFDomain: "clockwise.info"}
	for _, record := range []string{
		"v=dmarc1; p=reject; rua=mailto:dmarc@customer.example",
		`"v=DMARC1; p=quarantine; rua=mailto:dmarc@customer.example"`,
		"v=DMARC1; p=reject; sp=off; rua=mailto:dmarc@customer.example",
	} {
		z := soundZone(at(record)...)
		_, all := examine(t, z, "customer.example", auth)
		if all[0].Fix == nil {
			t.Fatalf("%s: no fix for %v", record, codes(all))
		}
		z.Apply(all[0].Fix)
		_, again := examine(t, z, "customer.example", auth)
		if got := codes(again); !slices.Contains(got, "dmarc.mail-unaligned") || len(got) != 2 {
			t.Errorf("%s: then %v, record %q", record, got, z.Records["_dmarc.customer.example TXT"])
		}
	}
}

// Every proposal makes its finding go and brings no failure, for mail from a
// subdomain and for mail that does not pass, too.
func TestProposalsMend(t *testing.T) {
	auths := map[string]Auth{
		"sound":   sound,
		"foreign": {SPF: "pass", SPFDomain: "clockwise.info"},
		"unknown": {SPF: "temperror", SPFDomain: "customer.example"},
		"one leg": {SPF: "pass", SPFDomain: "b.customer.example"},
		"below":   {SPF: "fail", SPFDomain: "customer.example", DKIM: []Signature{{"pass", "x.customer.example"}}},
	}
	for _, tt := range mistakes {
		for name, auth := range auths {
			for _, from := range []string{"customer.example", "b.customer.example"} {
				for _, below := range []bool{false, true} {
					lines := slices.Clone(tt.zone)
					for i := range lines {
						if below {
							lines[i] = strings.Replace(lines[i], "customer.example", "b.customer.example", 1)
						}
					}
					_, all := examine(t, soundZone(lines...), from, auth)
					for _, f := range all {
						if f.Fix == nil {
							continue
						}
						z := soundZone(lines...)
						z.Apply(f.Fix)
						_, again := examine(t, z, from, auth)
						if slices.ContainsFunc(again, func(g finding.Finding) bool { return g.Rule == f.Rule && g.Object == f.Object }) {
							t.Errorf("%s %s from %s (%v): %s stays after %+v", tt.id, name, from, below, f.Code(), f.Fix.Records)
						}
						for _, g := range again {
							if g.Severity() == finding.Failure && find(all, g.Code()) == nil {
								t.Errorf("%s %s from %s (%v): the fix of %s brings %s: %+v", tt.id, name, from, below, f.Code(), g.Code(), f.Fix.Records)
							}
						}
					}
				}
			}
		}
	}
}

func TestViews(t *testing.T) {
	answer := func(server, text string) dns.Answer {
		return dns.Answer{
			Question: dns.Ask("_dmarc.customer.example", dns.TypeTXT), Status: dns.Found, Server: server,
			At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), TTL: time.Hour,
			Records: []dns.Record{{Type: dns.TypeTXT, Strings: []string{text}}},
		}
	}
	r := Lookup(t.Context(), soundZone(at(dmarcOK)...), "customer.example", Options{SideBySide: true})
	for _, tt := range []struct {
		name  string
		views dns.Views
		want  string
	}{
		{"equal", dns.Views{Authoritative: []dns.Answer{answer("a", dmarcOK), answer("b", dmarcOK), {}}, Public: []dns.Answer{answer("p", dmarcOK)}}, ""},
		{"differ", dns.Views{Authoritative: []dns.Answer{answer("a", dmarcOK), answer("b", "v=DMARC1; p=reject")}}, "dmarc.servers-disagree"},
		{"behind", dns.Views{Authoritative: []dns.Answer{answer("a", dmarcOK)}, Public: []dns.Answer{answer("p", "v=DMARC1; p=reject"), {}}}, "dmarc.caches-behind"},
	} {
		all := arrange(see(Findings(Input{Result: r, Path: NewPath(r, sound), Views: tt.views})))
		if tt.want == "" && find(all, "dmarc.servers-disagree") == nil && find(all, "dmarc.caches-behind") == nil {
			continue
		}
		if f := find(all, tt.want); f == nil || all[0].Code() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, codes(all), tt.want)
		} else if tt.want == "dmarc.caches-behind" && !strings.Contains(f.Saw(), "until 04:04:05 UTC") {
			t.Errorf("does not say until when: %s", f.Saw())
		}
	}
}

func TestReadyToTighten(t *testing.T) {
	for record, want := range map[string]bool{dmarcOK: true, "v=DMARC1; p=reject": false} {
		r := Lookup(t.Context(), soundZone(at(record)...), "customer.example", Options{SideBySide: true})
		for _, all := range []Truth{Yes, No, Unknown} {
			got := find(see(Findings(Input{Result: r, Path: NewPath(r, sound), All: all})), "dmarc.ready-to-tighten") != nil
			if got != (want && all == Yes) {
				t.Errorf("%s, all %v: %v", record, all, got)
			}
		}
	}
}

func TestLint(t *testing.T) {
	for _, tt := range []struct {
		text, code, value string
	}{
		{"v=DMARC1 p=none; rua=mailto:a@customer.example", "dmarc.separator-missing", "v=DMARC1; p=none; rua=mailto:a@customer.example"},
		{"v=DMARC1; p=none", "dmarc.reports-missing", ""},
		{"hello", "dmarc.wrong-content", ""},
		{"v=DMARC1; p=reject; rua=mailto:a@customer.example", "", ""},
	} {
		all := arrange(see(Lint([]string{tt.text})))
		if tt.code == "" {
			if len(all) > 0 {
				t.Errorf("%s: %v", tt.text, codes(all))
			}
			continue
		}
		if len(all) == 0 || all[0].Code() != tt.code {
			t.Errorf("%s: %v, want %s", tt.text, codes(all), tt.code)
			continue
		}
		value := ""
		if all[0].Fix != nil {
			value = all[0].Fix.Records[0].Value
		}
		if value != tt.value {
			t.Errorf("%s: proposes %q", tt.text, value)
		}
		for _, s := range []string{all[0].Title(), all[0].Saw(), all[0].Effect()} {
			if strings.Contains(s, lintDomain) {
				t.Errorf("speaks of a domain that nobody named: %s", s)
			}
		}
	}
}

// TestRules holds that each rule stands in the catalogue's order and has texts
// without leftovers.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Code] {
			t.Errorf("%s twice", r.Code)
		}
		seen[r.Code] = true
		if r.Title == "" || r.Effect == "" || len(r.References) == 0 || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: texts", r.Code)
		}
		if r.Severity != finding.Note && r.Action == "" {
			t.Errorf("%s: no action", r.Code)
		}
		f := finding.Finding{Rule: r, Args: []string{"a", "b", "c", "d", "e"}}
		for _, s := range []string{f.Title(), f.Saw(), f.Effect(), f.Action()} {
			if strings.Contains(s, "%!") {
				t.Errorf("%s: %s", r.Code, s)
			}
		}
	}
	source, err := os.ReadFile("rules.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^var \w+ = &finding\.Rule`).FindAll(source, -1)
	if len(declared) != len(seen) {
		t.Errorf("%d rules declared, %d listed", len(declared), len(seen))
	}
}

func TestUnsignedAdvice(t *testing.T) {
	z := soundZone("_dmarc.customer.example TXT v=DMARC1; p=reject; rua=mailto:dmarc@customer.example")
	foreign := Auth{SPF: "pass", SPFDomain: "mailer.example"}
	for auth, want := range map[*Auth]string{
		&foreign: "envelope address at customer.example",
		{SPF: "fail", SPFDomain: "customer.example"}: "other findings of this mail",
	} {
		_, got := examine(t, z, "customer.example", *auth)
		f := find(got, "dmarc.mail-rejected")
		if f == nil || !strings.Contains(f.Action(), want) {
			t.Errorf("%+v: %v", *auth, codes(got))
		}
	}
}
