package spf

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

func testFlattened(t *testing.T) {
	const two = "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all"
	for _, c := range []struct {
		name, own, theirs string
		mx                []string
		asked             string
		fixed             string // "": not raised
	}{
		{"all of it", "v=spf1 ip4:40.92.0.0/15 ip4:20.0.0.1 ip6:2a01:111:f400::/48 -all", two, []string{"x.mail.protection.outlook.com"}, "spf.protection.outlook.com", "v=spf1 include:spf.protection.outlook.com ip4:20.0.0.1 -all"},
		{"a part", "v=spf1 ip4:40.92.0.0/15 ip4:20.0.0.1 -all", two, []string{"x.mail.protection.outlook.com"}, "spf.protection.outlook.com", ""},
		{"refused", "v=spf1 -ip4:40.92.0.0/15 ip4:20.0.0.1 ip4:20.0.0.2 ip6:2a01:111:f400::/48 -all", two, []string{"x.mail.protection.outlook.com"}, "spf.protection.outlook.com", ""},
		{"behind all", "v=spf1 ip4:20.0.0.1 ip4:20.0.0.2 -all ip4:40.92.0.0/15 ip6:2a01:111:f400::/48", two, []string{"x.mail.protection.outlook.com"}, "spf.protection.outlook.com", ""},
		{"not only numbers", "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all", "v=spf1 include:a1.example ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all", []string{"x.mail.protection.outlook.com"}, "spf.protection.outlook.com", ""},
		{"no record", "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all", "hello", []string{"x.mail.protection.outlook.com"}, "spf.protection.outlook.com", ""},
		{"included too", "v=spf1 include:spf.protection.outlook.com ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all", two, []string{"x.mail.protection.outlook.com"}, "", ""},
		{"another provider", "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all", two, []string{"mx.example"}, "", ""},
		{"one number", "v=spf1 ip4:40.92.0.0/15 -all", two, []string{"x.mail.protection.outlook.com"}, "", ""},
	} {
		z := parseZone(t, "customer.example TXT "+c.own+"\nspf.protection.outlook.com TXT "+c.theirs+"\na1.example TXT v=spf1 -all")
		res := Lookup(t.Context(), z, customer, nil, Options{})
		asked := Flattened(res, func() []string { return c.mx })
		if asked != c.asked {
			t.Errorf("%s: %q is asked, want %q", c.name, asked, c.asked)
			continue
		}
		in := Input{Result: res, Expect: ClockWise()}
		if asked != "" {
			in.Provider = z.answer(dns.Ask(asked, dns.TypeTXT))
			in.Provider.Question = dns.Ask(asked, dns.TypeTXT)
		}
		all := Findings(in)
		see(all)
		i := slices.IndexFunc(all, func(f finding.Finding) bool { return f.Code() == "spf.flattened-provider" })
		switch {
		case i < 0 && c.fixed == "":
		case i < 0 || all[i].Fix == nil || all[i].Fix.Records[0].Value != c.fixed || !strings.Contains(all[i].Saw(), "All 2 networks"):
			t.Errorf("%s: %+v", c.name, all)
		}
	}
}
