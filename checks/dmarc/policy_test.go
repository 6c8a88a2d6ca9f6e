package dmarc

import (
	"strings"
	"testing"
)

// TestPolicy holds which record applies to mail from a domain, and what it
// asks for (RFC 9989 section 4.10.1).
func TestPolicy(t *testing.T) {
	const tld = "_dmarc.example TXT "
	for _, tt := range []struct {
		name, from string
		zone       []string
		at         string
		policy     Policy
		tag        string
		org        string
		known      bool
	}{
		{"own", "customer.example", at("v=DMARC1; p=reject; sp=none; np=none"), "customer.example", Reject, "p", "customer.example", true},
		{"own, top unreadable", "customer.example", append(at("v=DMARC1; p=reject"), tld+"SERVFAIL"), "customer.example", Reject, "p", "", true},
		{"above, top unreadable", "a.customer.example", append(at("v=DMARC1; p=reject"), tld+"SERVFAIL"), "", NoPolicy, "", "", false},
		{"unreadable between", "a.b.customer.example", append(at("v=DMARC1; p=reject"), "_dmarc.b.customer.example TXT SERVFAIL"), "", NoPolicy, "", "", false},
		{"own, unreadable between", "a.b.customer.example", []string{"_dmarc.a.b.customer.example TXT v=DMARC1; p=reject", "_dmarc.b.customer.example TXT SERVFAIL"}, "a.b.customer.example", Reject, "p", "", true},
		{"highest, not nearest", "a.b.customer.example", append(at("v=DMARC1; p=reject; sp=quarantine"), "_dmarc.b.customer.example TXT v=DMARC1; p=none"), "customer.example", Quarantine, "sp", "customer.example", true},
		{"only between", "a.b.customer.example", []string{"_dmarc.b.customer.example TXT v=DMARC1; p=reject"}, "b.customer.example", Reject, "p", "b.customer.example", true},
		{"below main with psd=n", "a.b.customer.example", append(at("v=DMARC1; p=reject"), "_dmarc.b.customer.example TXT v=DMARC1; p=quarantine; psd=n"), "b.customer.example", Quarantine, "p", "b.customer.example", true},
		{"several: none counts", "customer.example", append(at("v=DMARC1; p=reject"), at("v=DMARC1; p=none")...), "", NoPolicy, "", "customer.example", true},
		{"several: the walk goes on", "a.customer.example", append(at("v=DMARC1; p=reject"), "_dmarc.a.customer.example TXT v=DMARC1; p=none", "_dmarc.a.customer.example TXT v=DMARC1; p=none"), "customer.example", Reject, "p", "customer.example", true},
		{"one beside other texts", "customer.example", append(at("v=DMARC1; p=reject"), at("v=spf1 -all")...), "customer.example", Reject, "p", "customer.example", true},
		{"psd=y above", "a.customer.example", []string{tld + "v=DMARC1; p=none; sp=quarantine; psd=y"}, "example", Quarantine, "sp", "customer.example", true},
		{"psd=y above, own main", "a.customer.example", append(at("v=DMARC1; p=reject"), tld+"v=DMARC1; p=none; psd=y"), "customer.example", Reject, "p", "customer.example", true},
		{"psd=y above, only a subdomain", "a.b.customer.example", []string{"_dmarc.b.customer.example TXT v=DMARC1; p=reject", tld + "v=DMARC1; p=none; psd=y"}, "example", None, "p", "customer.example", true},
		{"psd=u at the top", "customer.example", []string{tld + "v=DMARC1; p=reject; psd=u"}, "example", Reject, "p", "example", true},
		{"psd of another value", "a.customer.example", at("v=DMARC1; p=reject; psd=x"), "customer.example", Reject, "p", "customer.example", true},
		{"np, gone", "gone.customer.example", at("v=DMARC1; p=none; sp=quarantine; np=reject"), "customer.example", Reject, "np", "customer.example", true},
		{"np, there", "mail.customer.example", at("v=DMARC1; p=none; sp=quarantine; np=reject"), "customer.example", Quarantine, "sp", "customer.example", true},
		{"np, only names below", "deep.customer.example", append(at("v=DMARC1; p=none; np=reject"), "x.deep.customer.example A 192.0.2.1"), "customer.example", None, "p", "customer.example", true},
		{"np, alias to nothing", "alias.customer.example", append(at("v=DMARC1; p=none; np=reject"), "alias.customer.example CNAME gone.example"), "customer.example", None, "p", "customer.example", true},
		{"np, unreadable", "dead.customer.example", append(at("v=DMARC1; p=none; np=reject"), "dead.customer.example TXT SERVFAIL"), "customer.example", NoPolicy, "", "customer.example", false},
		{"np the same, unreadable", "dead.customer.example", append(at("v=DMARC1; p=reject; np=reject"), "dead.customer.example TXT SERVFAIL"), "customer.example", Reject, "p", "customer.example", true},
		{"t=y", "customer.example", at("v=DMARC1; p=reject; t=y"), "customer.example", Quarantine, "p", "customer.example", true},
		{"t=y, quarantine", "customer.example", at("v=DMARC1; p=quarantine; t=Y"), "customer.example", None, "p", "customer.example", true},
		{"t=y, np", "gone.customer.example", at("v=DMARC1; p=none; np=reject; t=y"), "customer.example", Quarantine, "np", "customer.example", true},
		{"pct means nothing", "customer.example", at("v=DMARC1; p=reject; pct=0"), "customer.example", Reject, "p", "customer.example", true},
		{"case and white space", "customer.example", at("V\t=  DMARC1 ;p = REJECT;; SP=none ;"), "customer.example", Reject, "p", "customer.example", true},
		{"any order", "customer.example", at("v=DMARC1; rua=mailto:a@customer.example; p=reject"), "customer.example", Reject, "p", "customer.example", true},
		{"version in lower case", "customer.example", at("v=dmarc1; p=reject"), "", NoPolicy, "", "customer.example", true},
		{"version not first", "customer.example", at("p=reject; v=DMARC1"), "", NoPolicy, "", "customer.example", true},
		{"space in front", "customer.example", at(" v=DMARC1; p=reject"), "", NoPolicy, "", "customer.example", true},
		{"no semicolon", "customer.example", at("v=DMARC1 p=reject"), "", NoPolicy, "", "customer.example", true},
		{"next version", "customer.example", at("v=DMARC10; p=reject"), "", NoPolicy, "", "customer.example", true},
		{"version alone", "customer.example", at("v=DMARC1"), "customer.example", NoPolicy, "", "customer.example", true},
		{"no p, but reports", "customer.example", at("v=DMARC1; rua=mailto:a@customer.example"), "customer.example", None, "", "customer.example", true},
		{"bad p, but reports", "customer.example", at("v=DMARC1; p=rejekt; rua=mailto:a@customer.example"), "customer.example", None, "", "customer.example", true},
		{"bad p, bad reports", "customer.example", at("v=DMARC1; p=rejekt; rua=a@customer.example"), "customer.example", NoPolicy, "", "customer.example", true},
		{"bad sp spoils p", "customer.example", at("v=DMARC1; p=reject; sp=x"), "customer.example", NoPolicy, "", "customer.example", true},
		{"bad np, but reports", "a.customer.example", at("v=DMARC1; p=reject; np=x; rua=mailto:a@customer.example"), "customer.example", None, "", "customer.example", true},
		{"nine labels ask the eighth name", "1.2.3.4.5.6.7.customer.example", []string{"_dmarc.2.3.4.5.6.7.customer.example TXT v=DMARC1; p=reject", "_dmarc.3.4.5.6.7.customer.example TXT v=DMARC1; p=quarantine"}, "3.4.5.6.7.customer.example", Quarantine, "p", "3.4.5.6.7.customer.example", true},
		{"capitals and final dot", "Mail.CUSTOMER.example.", at("v=DMARC1; p=reject"), "customer.example", Reject, "p", "customer.example", true},
	} {
		for _, side := range []bool{false, true} {
			r := Lookup(t.Context(), soundZone(tt.zone...), tt.from, Options{SideBySide: side})
			if r.FoundAt != tt.at || r.Policy != tt.policy || r.Tag != tt.tag || r.OrgDomain != tt.org || r.Known != tt.known {
				t.Errorf("%s (side by side: %t): at %q policy %q by %q, organisational domain %q, known %t", tt.name, side, r.FoundAt, r.Policy, r.Tag, r.OrgDomain, r.Known)
			}
		}
	}
}

// TestLongWalk: a name of many labels costs eight questions, no more.
func TestLongWalk(t *testing.T) {
	z := soundZone()
	r := Lookup(t.Context(), z, strings.Repeat("a.", 100)+"customer.example", Options{})
	if len(z.Asked) != maxSteps || len(r.Walk) != maxSteps || z.Asked[1] != "_dmarc.a.a.a.a.a.customer.example TXT" {
		t.Errorf("%d questions: %v", len(z.Asked), z.Asked)
	}
}
