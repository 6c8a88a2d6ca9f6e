package audit_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// shared are the names that many domains of the generated world use, as lines
// of a zone file.
var shared = lines(`
test SOA ns1.dns.test. host.dns.test. 1 7200 900 1209600 300
example SOA ns1.dns.test. host.dns.test. 1 7200 900 1209600 300
clockwise.info SOA ns1.dns.test. host.dns.test. 1 7200 900 1209600 300
ns1.dns.test A 192.0.2.53
_spf.clockwise.info TXT "v=spf1 ip4:31.134.206.128/28 -all"
_spf.suite.example TXT "v=spf1 include:_net1.suite.example include:_net2.suite.example ~all"
_net1.suite.example TXT "v=spf1 ip4:198.51.100.0/25 ip4:203.0.113.0/25 ~all"
_net2.suite.example TXT "v=spf1 ip6:2001:db8:1::/48 ~all"
mx1.suite.example A 198.51.100.11
mx2.suite.example A 198.51.100.12
spf.office.example TXT "v=spf1 ip4:203.0.113.128/26 ip4:203.0.113.192/26 -all"
reports.example MX 10 mx1.suite.example.
`)

// profiles are kinds of domains; # is the domain. They come in this order, over
// and over.
var profiles = []struct {
	name    string
	records []string
}{
	{"suite", lines(`
# MX 1 mx1.suite.example.
# MX 5 mx2.suite.example.
# TXT "v=spf1 include:_spf.suite.example include:_spf.clockwise.info ~all"
_dmarc.# TXT "v=DMARC1; p=none; rua=mailto:dmarc@#"
`)},
	{"office", lines(`
# MX 0 mail.#.
mail.# A 203.0.113.130
# TXT "v=spf1 include:spf.office.example -all"
# TXT "office-verification=1234"
_dmarc.# TXT "v=DMARC1; p=quarantine; rua=mailto:#@reports.example"
`)},
	{"chain", lines(`
# MX 10 mx.#.
mx.# A 192.0.2.1
# TXT "v=spf1 mx include:a.# include:_spf.clockwise.info -all"
a.# TXT "v=spf1 include:b.# a:mx.# -all"
b.# TXT "v=spf1 include:c.# -all"
c.# TXT "v=spf1 ip4:192.0.2.64/28 -all"
_dmarc.# TXT "v=DMARC1; p=reject; rua=mailto:dmarc@#"
`)},
	{"sound", lines(`
# MX 10 mx.#.
mx.# A 192.0.2.2
# TXT "v=spf1 mx include:_spf.clockwise.info -all"
`)},
	{"parked", lines(`
# MX 0 .
# TXT "v=spf1 -all"
_dmarc.# TXT "v=DMARC1; p=reject"
`)},
	{"nothing", lines(`
# A 192.0.2.80
`)},
	{"two records", lines(`
# MX 10 mx1.suite.example.
# TXT "v=spf1 include:_spf.suite.example -all"
# TXT "v=spf1 include:_spf.clockwise.info -all"
_dmarc.# TXT "v=DMARC1; p=none"
_dmarc.# TXT "v=DMARC1; p=reject"
`)},
	{"misspelt", lines(`
# MX 10 mx1.suite.example.
# TXT "v=spf1 inlude:_spf.clockwise.info a:gone.# -all"
_dmarc.#.# TXT "v=DMARC1; p=none"
`)},
	{"loop", lines(`
# MX 10 gone.#.
# TXT "v=spf1 include:a.# -all"
a.# TXT "v=spf1 include:# -all"
`)},
	{"too many", lines(`
# MX 10 mx1.suite.example.
# TXT "v=spf1 a:1.# a:2.# a:3.# a:4.# a:5.# a:6.# a:7.# a:8.# a:9.# a:mx1.suite.example include:_spf.clockwise.info -all"
`)},
	{"gone", nil},
}

func lines(text string) []string { return strings.Split(strings.Trim(text, "\n"), "\n") }

func domain(i int) string { return "d" + strconv.Itoa(i) + ".test" }

// records are the records of the domain of number i.
func records(i int) []string {
	p := profiles[i%len(profiles)]
	if len(p.records) == 0 {
		return nil
	}
	name := domain(i)
	out := []string{name + " SOA ns1.dns.test. host.dns.test. 1 7200 900 1209600 300", name + " NS ns1.dns.test."}
	for _, r := range p.records {
		out = append(out, strings.ReplaceAll(r, "#", name))
	}
	return out
}

// serve serves n domains on loopback.
func serve(t testing.TB, n int, opts nameserver.Options) *nameserver.Server {
	t.Helper()
	z := nameserver.NewZone()
	add := func(all []string) {
		for _, l := range all {
			if err := z.Add(l); err != nil {
				t.Fatalf("%s: %v", l, err)
			}
		}
	}
	add(shared)
	for i := range n {
		add(records(i))
	}
	s, err := nameserver.Serve(z, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// memory answers for any number of domains out of nothing, so that what a run
// itself keeps in memory can be measured.
type memory struct{ common *dnstest.Zone }

func newMemory() memory { return memory{dnstest.New(plain(shared)...)} }

// plain writes lines of a zone file as dnstest wants them.
func plain(all []string) (out []string) {
	for _, l := range all {
		name, rest, _ := strings.Cut(l, " ")
		typ, value, _ := strings.Cut(rest, " ")
		switch typ {
		case "TXT":
			value = strings.Trim(value, `"`)
		case "SOA":
			value, _, _ = strings.Cut(value, " ")
		}
		out = append(out, fmt.Sprintf("%s %s %s", name, typ, value))
	}
	return out
}

func (m memory) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	a := m.answer(ctx, q)
	a.TTL = time.Hour // so that it is kept
	return a
}

func (m memory) answer(ctx context.Context, q dns.Question) dns.Answer {
	name := strings.TrimSuffix(q.Name, ".test")
	name = name[strings.LastIndexByte(name, '.')+1:]
	if i, err := strconv.Atoi(strings.TrimPrefix(name, "d")); err == nil && strings.HasSuffix(q.Name, ".test") {
		return dnstest.New(append(plain(records(i)), "test SOA ns1.dns.test")...).Lookup(ctx, q)
	}
	return m.common.Lookup(ctx, q)
}
