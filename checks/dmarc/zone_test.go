package dmarc

import (
	"testing"

	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
)

const (
	spfOK   = "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info -all"
	dmarcOK = "v=DMARC1; p=none; rua=mailto:dmarc@customer.example"
)

// soundZone is the customer's zone without the DMARC record.
func soundZone(lines ...string) *dnstest.Zone {
	return dnstest.New(append([]string{
		"customer.example TXT " + spfOK,
		"customer.example MX 10 customer-example.mail.protection.outlook.com.",
		"mail.customer.example A 192.0.2.25",
		"reports.example MX 10 mx.reports.example.",
	}, lines...)...)
}

// sound is mail that passes both ways.
var sound = Auth{
	SPF: "pass", SPFDomain: "customer.example",
	DKIM: []Signature{{Result: "pass", Domain: "customer.example"}},
}

// examine looks up and judges as an examination does.
func examine(t *testing.T, z *dnstest.Zone, from string, auth Auth) (Result, []finding.Finding) {
	t.Helper()
	ids := []string{auth.SPFDomain}
	for _, s := range auth.DKIM {
		ids = append(ids, s.Domain)
	}
	r := Lookup(t.Context(), z, from, Options{SideBySide: true, Identifiers: ids})
	out := Findings(Input{Result: r, Path: NewPath(r, auth)})
	return r, arrange(out)
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

func find(all []finding.Finding, code string) *finding.Finding {
	for i := range all {
		if all[i].Code() == code {
			return &all[i]
		}
	}
	return nil
}
