package debian

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/transports"
)

// A way to sign a zone, as people do.
type signing string

const (
	oneKey   signing = "one key"
	twoKeys  signing = "two keys and hashed names"
	unsigned signing = "not signed"
)

// site is a zone of the world and what is wrong with it. In records, $ is the
// apex.
type site struct {
	name    string
	signing signing
	records string
	domain  string // of the sender, below the zone; "" where it is the apex
	want    string // a code that is open in the report; "" where nothing is wrong
}

// What most sites have. {{key}} is the record of the transport's key in the
// strings of a zone file.
const (
	mailed = `
$ A 198.51.100.80
$ MX 10 mail.$
mail.$ A 198.51.100.25
`
	policy = `_dmarc.$ TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@$"
`
	signs = `cw1._domainkey.$ TXT {{key}}
`
	includes = `$ TXT "v=spf1 mx include:_spf.clockwise.info -all"
`
	sound   = mailed + includes + signs + policy
	noSPF   = mailed + signs + policy
	noKey   = mailed + includes + policy
	noDMARC = mailed + includes + signs
	noMX    = includes + signs + policy
)

// digest and other are what TLSA records promise.
const (
	digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	other  = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

var sites = []site{
	{"sound", oneKey, sound, "", ""},
	{"guarded", twoKeys, sound + `
_25._tcp.mail.$ TLSA 3 1 1 ` + digest + `
_25._tcp.mail.$ TLSA 3 1 1 ` + other + `
_mta-sts.$ TXT "v=STSv1; id=20261124T000000;"
mta-sts.$ A 198.51.100.80
_smtp._tls.$ TXT "v=TLSRPTv1; rua=mailto:tls@$"
`, "", ""},
	{"open", unsigned, sound, "", ""},

	{"spf-missing", oneKey, noSPF, "", "spf.missing"},
	{"spf-two", twoKeys, noSPF + `
$ TXT "v=spf1 mx -all"
$ TXT "v=spf1 include:_spf.clockwise.info -all"
`, "", "spf.multiple-records"},
	{"spf-many", twoKeys, noSPF + `
$ TXT "v=spf1 include:_1.$ include:_2.$ include:_3.$ include:_4.$ mx include:_spf.clockwise.info -all"
_1.$ TXT "v=spf1 include:_5.$ include:_6.$ ~all"
_2.$ TXT "v=spf1 include:_7.$ include:_8.$ ~all"
_3.$ TXT "v=spf1 include:_9.$ ~all"
_4.$ TXT "v=spf1 ip4:203.0.113.4 ~all"
_5.$ TXT "v=spf1 ip4:203.0.113.5 ~all"
_6.$ TXT "v=spf1 ip4:203.0.113.6 ~all"
_7.$ TXT "v=spf1 ip4:203.0.113.7 ~all"
_8.$ TXT "v=spf1 ip4:203.0.113.8 ~all"
_9.$ TXT "v=spf1 ip4:203.0.113.9 ~all"
`, "", "spf.too-many-lookups"},
	{"spf-syntax", oneKey, noSPF + `$ TXT "v=spf1 mx ipv4:192.0.2.1 include:_spf.clockwise.info -all"`, "", "spf.unknown-mechanism"},
	{"spf-loop", twoKeys, noSPF + `$ TXT "v=spf1 include:$ include:_spf.clockwise.info -all"`, "", "spf.loop"},
	{"spf-dead", oneKey, noSPF + `$ TXT "v=spf1 include:nowhere.$ include:_spf.clockwise.info -all"`, "", "spf.include-target-without-spf"},
	{"spf-away", twoKeys, noSPF + `$ TXT "v=spf1 include:_spf.nobody.example include:_spf.clockwise.info -all"`, "", "spf.include-target-without-spf"},
	{"spf-void", twoKeys, noSPF + `$ TXT "v=spf1 a:a.$ a:b.$ a:c.$ include:_spf.clockwise.info -all"`, "", "spf.too-many-void-lookups"},
	{"spf-after-all", unsigned, noSPF + `$ TXT "v=spf1 mx -all include:_spf.clockwise.info"`, "", "spf.include-clockwise-after-all"},
	{"spf-doubled", twoKeys, noSPF + `$.$ TXT "v=spf1 mx include:_spf.clockwise.info -all"`, "", "spf.name-doubled"},
	{"spf-type", oneKey, noSPF + `$ SPF "v=spf1 mx include:_spf.clockwise.info -all"`, "", "spf.wrong-type"},
	{"spf-strings", twoKeys, noSPF + `$ TXT "v=spf1 mx" "include:_spf.clockwise.info" "-all"`, "", "spf.strings-joined-without-space"},
	{"spf-redirect", oneKey, noSPF + `
$ TXT "v=spf1 redirect=_spf.$"
_spf.$ TXT "v=spf1 mx include:_spf.clockwise.info -all"
`, "", "spf.void-lookups"},
	{"spf-macro", twoKeys, noSPF + `
$ TXT "v=spf1 exists:%{ir}.%{v}._ip.$ -all"
*.in-addr._ip.$ A 127.0.0.2
`, "", ""},
	{"spf-alias", oneKey, mailed + signs + policy + `
news.$ CNAME _all.$
_all.$ TXT "v=spf1 include:_spf.clockwise.info -all"
_dmarc.news.$ CNAME _dmarc.hoster.example
cw1._domainkey.news.$ TXT {{key}}
`, "news", "mx.missing-and-no-address"},
	{"spf-wild", twoKeys, noSPF + `
$ TXT "v=spf1 mx include:_spf.clockwise.info -all"
*.$ TXT "v=spf1 -all"
`, "", ""},

	{"dkim-missing", twoKeys, noKey, "", "dkim.missing"},
	{"dkim-cut", oneKey, noKey + `cw1._domainkey.$ TXT {{cut}}`, "", "dkim.key-truncated"},
	{"dkim-doubled", twoKeys, noKey + `cw1._domainkey.$.$ TXT {{key}}`, "", "dkim.name-doubled"},
	{"dkim-two", oneKey, noKey + `
cw1._domainkey.$ TXT {{key}}
cw1._domainkey.$ TXT {{other}}
`, "", "dkim.multiple-records"},
	{"dkim-other", twoKeys, noKey + `cw1._domainkey.$ TXT {{other}}`, "", "dkim.key-mismatch"},
	{"dkim-revoked", oneKey, noKey + `cw1._domainkey.$ TXT "v=DKIM1; p="`, "", "dkim.key-empty"},
	{"dkim-alias", twoKeys, noKey + `cw1._domainkey.$ CNAME keys.hoster.example`, "", ""},
	{"dkim-dangling", oneKey, noKey + `cw1._domainkey.$ CNAME gone.hoster.example`, "", "dkim.cname-dangling"},
	{"dkim-circle", twoKeys, noKey + `
cw1._domainkey.$ CNAME keys.$
keys.$ CNAME cw1._domainkey.$
`, "", "dkim.cname-loop"},
	{"dkim-apart", unsigned, noKey + `cw1._domainkey.$ CNAME keys.hoster.example`, "", ""},

	{"dmarc-missing", oneKey, noDMARC, "", "dmarc.missing"},
	{"dmarc-parent", twoKeys, mailed + `
_dmarc.$ TXT "v=DMARC1; p=none; sp=reject; rua=mailto:dmarc@$"
news.$ MX 10 mail.$
news.$ TXT "v=spf1 include:_spf.clockwise.info -all"
cw1._domainkey.news.$ TXT {{key}}
`, "news", ""},
	{"dmarc-two", oneKey, noDMARC + `
_dmarc.$ TXT "v=DMARC1; p=none"
_dmarc.$ TXT "v=DMARC1; p=reject"
`, "", "dmarc.multiple-records"},
	{"dmarc-doubled", twoKeys, noDMARC + `_dmarc.$.$ TXT "v=DMARC1; p=reject; rua=mailto:dmarc@$"`, "", "dmarc.name-doubled"},
	{"dmarc-apex", oneKey, noDMARC + `$ TXT "v=DMARC1; p=reject; rua=mailto:dmarc@$"`, "", "dmarc.wrong-name"},
	{"dmarc-alias", twoKeys, noDMARC + `_dmarc.$ CNAME _dmarc.hoster.example`, "", "dmarc.report-target-not-authorised"},
	{"dmarc-syntax", unsigned, noDMARC + `_dmarc.$ TXT "v=DMARC1 p=reject; rua=dmarc@$"`, "", "dmarc.separator-missing"},
	{"dmarc-reports", twoKeys, noDMARC + `_dmarc.$ TXT "v=DMARC1; p=reject; rua=mailto:reports@hoster.example"`, "", "dmarc.report-target-not-authorised"},

	{"mx-none", twoKeys, noMX + `$ A 198.51.100.80`, "", "spf.void-lookups"},
	{"mx-null", oneKey, noMX + `$ MX 0 .`, "", "mx.null-sender"},
	{"mx-address", twoKeys, noMX + `$ MX 10 198.51.100.25`, "", "mx.target-malformed"},
	{"mx-alias", oneKey, noMX + `
$ MX 10 mail.$
mail.$ CNAME web.$
web.$ A 198.51.100.25
`, "", "mx.target-is-cname"},
	{"mx-gone", twoKeys, noMX + `
$ MX 10 mail.$
$ MX 20 mail.nobody.example
`, "", "mx.no-usable-target"},
	{"mx-six", unsigned, noMX + `
$ MX 10 mail.$
mail.$ AAAA 2001:db8::25
`, "", ""},

	{"sts-two", oneKey, sound + `
_mta-sts.$ TXT "v=STSv1; id=1;"
_mta-sts.$ TXT "v=STSv1; id=2;"
`, "", "mtasts.multiple-records"},
	{"sts-syntax", twoKeys, sound + `
_mta-sts.$ TXT "v=STSv1; id=2026-11-24"
_smtp._tls.$ TXT "v=TLSRPTv1; rua=tls@$"
`, "", "mtasts.record-malformed"},
	{"dane-usage", oneKey, sound + `_25._tcp.mail.$ TLSA 1 1 1 ` + digest, "", "dane.usage-unusable"},
	{"dane-alias", twoKeys, noMX + `
$ MX 10 mail.$
mail.$ CNAME web.$
web.$ A 198.51.100.25
_25._tcp.web.$ TLSA 3 1 1 ` + digest + `
_25._tcp.web.$ TLSA 2 1 1 ` + other + `
`, "", "mx.target-is-cname"},
	{"dane-hosted", unsigned, noMX + `$ MX 10 mail.hoster.example`, "", ""},
	{"dane-unsigned", unsigned, sound + `
_25._tcp.mail.$ TLSA 3 1 1 ` + digest + `
_25._tcp.mail.$ TLSA 3 1 1 ` + other + `
`, "", "dane.without-dnssec"},

	{"hoster", twoKeys, mailed + `
_25._tcp.mail.$ TLSA 3 1 1 ` + digest + `
_25._tcp.mail.$ TLSA 3 1 1 ` + other + `
keys.$ TXT {{key}}
_dmarc.$ TXT "v=DMARC1; p=reject; rua=mailto:dmarc@$"
`, "", "spf.missing"},
	{"dns", oneKey, "ns0.$ A 192.0.2.51\nns1.$ A 192.0.2.53\nns2.$ A 192.0.2.54", "", "spf.missing"},
}

// The name servers of the customers' zones, at 192.0.2.53 and .54, and that of
// the zones above them, at .51: it refers to the others and knows no more.
var (
	nameServers = []string{"ns1.dns.example", "ns2.dns.example"}
	parents     = []string{"ns0.dns.example"}
)

// above are the zones of the world that are no customer's.
var above = []site{
	{"", oneKey, "", "", ""},
	{"example", oneKey, "", "", ""},
	{"clockwise.info", oneKey, `
$ A 31.134.206.128
$ TXT "v=spf1 include:_spf.$ -all"
_spf.$ TXT "v=spf1 ip4:31.134.206.128/28 -all"
_dmarc.$ TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@$"
`, "", ""},
}

func (s site) apex() string {
	if strings.Contains(s.name, ".") || s.name == "" || s.name == "example" {
		return s.name
	}
	return s.name + ".example"
}

// fill writes what stands for something else.
func (s site) fill() string {
	text := func(v string) string { return `"` + strings.Join(provider.Split(v), `" "`) + `"` }
	value := func(name string) string { return dkim.RecordFor("cw1", s.apex(), keys()[name].Public()).Value }
	return strings.NewReplacer(
		"$", s.apex(), "{{key}}", text(value("rsa2048")), "{{other}}", text(value("rsa1024")), "{{cut}}", text(value("rsa2048")[:255]),
	).Replace(s.records)
}

// transport is a transport that sends for the site.
func (s site) transport() transports.Transport {
	domain := s.apex()
	if s.domain != "" {
		domain = s.domain + "." + domain
	}
	var public crypto.PublicKey = keys()["rsa2048"].Public()
	return transports.Transport{
		Name: s.name, Type: transports.ClockWise, Match: transports.Match{Domain: domain}, From: "jan@" + domain,
		DKIM: transports.DKIM{Enabled: true, Selector: "cw1", Key: transports.Key{Public: public}},
	}
}

// parent says whether the zone is one of those above the customers'.
func (s site) parent() bool {
	return slices.ContainsFunc(above, func(o site) bool { return o.name == s.name })
}

// servers are the names of the zone's servers.
func (s site) servers() []string {
	if s.parent() {
		return parents
	}
	return nameServers
}

// serial is that of all zones.
const serial = 2026112401

// newWorld puts all sites into one zone, for our own server.
func newWorld(t *testing.T, all []site) *nameserver.Zone {
	t.Helper()
	z := nameserver.NewZone()
	for _, s := range all {
		apex := s.apex()
		z.SOAWith(apex, "ns1.dns.example", "hostmaster.dns.example", serial, time.Hour, 5*time.Minute)
		z.NS(apex, s.servers()...)
		if err := z.Add(s.fill()); err != nil {
			t.Fatal(err)
		}
	}
	return z
}

// treatment is how a zone is signed, where not as it should be: change spoils
// what was signed, options go to dnssec-signzone.
type treatment struct {
	change  func(file, unsigned string) string
	options []string
}

// signedFiles are the zones of the world as files, signed as each of them is,
// and the DS record of the root. Some are treated otherwise.
func signedFiles(t *testing.T, all []site, treated map[string]treatment) (files zones, anchor string) {
	t.Helper()
	z := newWorld(t, all)
	files = zones{}
	ds := map[string]string{} // by the zone that has the records
	for _, s := range depthFirst(all) {
		apex := s.apex()
		plain, key := z.File(apex)+ds[apex], ""
		files[apex] = plain
		switch s.signing {
		case oneKey:
			files[apex], key = signed(t, apex, plain, treated[s.name].options...)
		case twoKeys:
			files[apex], key = signedTwofold(t, apex, plain, treated[s.name].options...)
		}
		if change := treated[s.name].change; change != nil {
			spoilt := change(files[apex], plain)
			if spoilt == files[apex] {
				t.Fatalf("nothing is spoilt in %s", s)
			}
			files[apex] = spoilt
		}
		if apex == "" {
			return files, key
		}
		parent := ""
		if strings.HasSuffix(apex, ".example") {
			parent = "example"
		}
		ds[parent] += key
	}
	t.Fatal("the world has no root")
	return nil, ""
}

// depthFirst is the world from below: a zone's DS record stands in the one
// above.
func depthFirst(all []site) []site {
	var out []site
	for _, labels := range []int{2, 1, 0} {
		for _, s := range all {
			n := strings.Count(s.apex(), ".") + 1
			if s.apex() == "" {
				n = 0
			}
			if n == labels {
				out = append(out, s)
			}
		}
	}
	return out
}

// target is what is examined of a site.
func (s site) target() checks.Target {
	tr := s.transport()
	return checks.Target{Transport: &tr}
}

func (s site) String() string { return fmt.Sprintf("%s (%s)", s.name, s.signing) }

// some are the zones above and the named sites.
func some(names ...string) []site {
	return slices.Concat(above, slices.DeleteFunc(slices.Clone(sites), func(s site) bool { return s.name != "dns" && !slices.Contains(names, s.name) }))
}

// siteOf is a site by its name.
func siteOf(t *testing.T, name string) site {
	t.Helper()
	i := slices.IndexFunc(sites, func(s site) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("the world has no %s", name)
	}
	return sites[i]
}
