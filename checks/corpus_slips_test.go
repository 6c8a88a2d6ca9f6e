package checks_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
)

// slip is one thing that goes wrong with a value between a mail to the DNS
// provider and the zone: what the pattern matches becomes something else.
type slip struct{ pattern, with string }

func (s slip) of(value string) string {
	if s.pattern == "capitals" {
		return strings.ToUpper(value)
	}
	return regexp.MustCompile(s.pattern).ReplaceAllString(value, s.with)
}

// anywhere are slips with any kind of record.
var anywhere = []slip{
	{`^(.*)$`, `"$1"`},
	{`^(.*)$`, "\u201c$1\u201d"},
	{`^`, " "},
	{`$`, " "},
	{`^(\S*) `, "$1\u00a0"},
	{` (\S*)$`, "\u00a0$1"},
	{` (\S*)$`, "\n$1"},
	{` `, "\t"},
	{` `, "  "},
	{`^`, "\ufeff"},
	{`$`, "\u200b"},
	{`^(.*)$`, `@ IN TXT "$1"`},
	{`^`, "TXT "},
	{`;`, `\;`},
	{`capitals`, ""},
}

var slipsOf = []struct {
	name, value string
	slips       []slip
}{
	{"customer.example", "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info -all", []slip{
		{`^v=`, ""},
		{`^v=spf1 `, "v=spf1; "},
		{`^v=spf1 `, "v=spf1"},
		{` include`, "; include"},
		{` include:_`, ", include:_"},
		{` -all`, "-all"},
		{`-all`, "- all"},
		{`-all`, "=all"},
		{`-all`, "\u2013all"},
		{`-all`, "all"},
		{` -all`, ""},
		{`-all`, "?all"},
		{`-all`, "~all"},
		{`-all`, "-all -all"},
		{`-all`, "-all (ClockWise)"},
		{`-all`, "x=y -all"},
		{`-all`, "include: -all"},
		{`-all`, "-all v=DMARC1; p=none"},
		{`include:_spf`, "inlude:_spf"},
		{`include:_spf`, "include=_spf"},
		{`include:_spf`, "include: _spf"},
		{`include:_spf`, "a:_spf"},
		{`include:_spf`, "ip4:_spf"},
		{`include:_spf`, "_spf"},
		{`include:_spf`, "-include:_spf"},
		{`include:_spf\S+`, "$0 $0"},
		{`include:_spf\S+`, "ip4:31.134.206.128/29"},
		{`include:_spf\S+`, "ip4:31.134.206.128/28"},
		{`include:_spf\S+`, "ip:31.134.206.128/28"},
		{` include:_spf\S+`, ""},
		{`(include:_spf\S+) -all`, "-all $1"},
		{`_spf\.clockwise`, "spf.clockwise"},
		{`clockwise\.info`, "clockwise.com"},
		{`clockwise\.info`, "clockwice.info"},
		{`clockwise\.info`, "clockwise.info/28"},
		{`_spf\.clockwise`, "https://_spf.clockwise"},
		{`^v=spf1`, "v=spf1 include:gone.example"},
		{`^v=spf1`, "v=spf1 a:a.example a:b.example a:c.example"},
		{`^v=spf1`, "v=spf1 include:customer.example"},
		{`^v=spf1`, "v=spf1 -ip4:31.134.206.0/24"},
		{`^v=spf1`, "v=spf1 ip4:10.0.0.1"},
		{`^v=spf1`, "v=spf1 ip4:1.2.3.4.5"},
		{`^v=spf1`, "v=spf1 mx:gone.example"},
	}},
	{"_dmarc.customer.example", "v=DMARC1; p=none; rua=mailto:dmarc@customer.example", []slip{
		{`;`, ""},
		{`;`, ","},
		{`;`, ";;"},
		{`; `, " ; "},
		{`^v=DMARC1; `, ""},
		{`DMARC1`, "DMARC"},
		{`DMARC1`, "dmarc1"},
		{`v=DMARC1; p=none`, "p=none; v=DMARC1"},
		{`p=none`, "p=monitor"},
		{`p=none`, "p="},
		{`p=none; `, ""},
		{`p=`, "policy="},
		{`p=none`, "p=none; p=reject"},
		{`p=none`, "p=quarantine; pct=50"},
		{`p=none`, "p=reject; sp=none"},
		{`p=none`, "p=reject; sp=foo"},
		{`p=none`, "p=none; t=y"},
		{`p=none`, "p=none; adkim=x"},
		{`mailto:`, ""},
		{`mailto:`, "mailto: "},
		{`rua=`, "ruaa="},
		{`; rua=\S+`, ""},
		{`customer.example$`, "customer.example; mailto:it@customer.example"},
		{`@customer`, "@reports"},
		{`@customer`, "@gone"},
	}},
	{"cw1._domainkey.customer.example", "v=DKIM1; k=rsa; p=<KEY>", []slip{
		{`;`, ""},
		{`;`, ","},
		{`^v=DKIM1; `, ""},
		{`DKIM1`, "dkim1"},
		{`v=DKIM1; k=rsa`, "k=rsa; v=DKIM1"},
		{`; p=`, "; P="},
		{`; p=`, "; "},
		{`^.*; p=`, ""},
		{`k=rsa`, "k=RSA"},
		{`k=rsa`, "k=ed25519"},
		{`k=rsa`, "k=rsa; s=cw1"},
		{`k=rsa`, "k=rsa; t=y"},
		{`k=rsa`, "k=rsa; x=1"},
		{`k=rsa`, "k=rsa; k=rsa"},
		{`k=rsa`, "h=sha1; k=rsa"},
		{`^(.{200}).*$`, "$1"},
		{`^(.{200})`, `$1" "`},
		{`\+`, " "},
		{`p=(.*)$`, "p=-----BEGIN PUBLIC KEY-----$1-----END PUBLIC KEY-----"},
	}},
}

// TestTwoSlips lets two things go wrong with one record, and follows the
// advice. Of all pairs it takes part, spread over them.
func TestTwoSlips(t *testing.T) {
	const every = 11
	world := readCorpus(t, "world")[0].edits
	for _, c := range slipsOf {
		all := append(c.slips, anywhere...)
		value := strings.Join(values(edit{typ: dns.TypeTXT, value: c.value}), "")
		for i := range len(all) * len(all) {
			if i%every != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", c.name, i), func(t *testing.T) {
				a, b := all[i/len(all)], all[i%len(all)]
				rs := apply(world)
				text := b.of(a.of(value))
				rs[dns.Ask(c.name, dns.TypeTXT)] = [][]string{values(edit{typ: dns.TypeTXT, value: text})}
				follow(t, rs, row{}.target())
				if t.Failed() {
					t.Logf("%q", text)
				}
			})
		}
	}
}
