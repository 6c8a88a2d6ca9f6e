package lab

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns/nameserver"
)

// site is a zone of the lab: its records as "name type value" lines, names
// relative to the apex ("@" is the apex itself). A TXT value is one record of
// one string, however long; {{bakery}} and the like stand for DKIM keys.
type site struct {
	apex    string
	records string
}

// customer returns the records that every sound customer has: a web address, a
// mail server and its MX.
const customer = `
@     A   198.51.100.80
@     MX  10 mail
mail  A   198.51.100.25
`

const dmarcNone = `_dmarc TXT v=DMARC1; p=none; rua=mailto:dmarc@{{apex}}
`

// sites are the zones. Each customer has one mistake; the notary has another one
// in its MTA-STS policy, and the farm shows one that is sound.
var sites = []site{
	{"bakery.example", customer + ` 
@                  TXT v=spf1 mx include:_spf.clockwise.info -all
cw1._domainkey     TXT v=DKIM1; k=rsa; p={{bakery}}
_dmarc             TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@bakery.example
`},
	{"plumber.example", customer + dmarcNone + `
@                  TXT v=spf1 mx -all
`},
	{"garage.example", customer + dmarcNone + `
@                  TXT v=spf1 mx -all include:_spf.clockwise.info
`},
	{"school.example", customer + dmarcNone + `
@                  TXT v=spf1 mx -all
@                  TXT v=spf1 include:_spf.clockwise.info -all
`},
	{"agency.example", customer + dmarcNone + `
@                  TXT v=spf1 mx include:_spf.mailer.example include:_spf.crm.example include:_spf.shop.example include:_spf.clockwise.info ~all
`},
	{"studio.example", customer + dmarcNone + `
@                  TXT v=spf1 mx include:spf.clockwise.info -all
`},
	{"notary.example", customer + dmarcNone + `
@                  TXT v=spf1 mx include:_spf.clockwise.info -all
cw1._domainkey     TXT {{cut}}
_mta-sts           TXT v=STSv1; id=20260301
mta-sts            A   198.51.100.85
`},
	{"museum.example", customer + dmarcNone + `
@                  TXT v=spf1 mx include:_spf.clockwise.info -all
cw1._domainkey.museum.example TXT v=DKIM1; k=rsa; p={{museum}}
`},
	{"bank.example", customer + `
@                  TXT v=spf1 mx include:_spf.clockwise.info -all
_dmarc             TXT v=DMARC1; p=reject; rua=mailto:dmarc@bank.example
`},
	{"contoso.example", `
@                  A   198.51.100.80
@                  MX  0 contoso-example.mail.protection.outlook.com.
@                  TXT v=spf1 include:spf.protection.outlook.com -all
_dmarc             TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@contoso.example
`},
	{"farm.example", `
@                  A   198.51.100.80
@                  MX  10 mail
mail               A   198.51.100.26
@                  TXT v=spf1 mx -all
_dmarc             TXT v=DMARC1; p=none; rua=mailto:dmarc@farm.example
_mta-sts           TXT v=STSv1; id=20260301
mta-sts            A   198.51.100.84
_smtp._tls         TXT v=TLSRPTv1; rua=mailto:tls-reports@farm.example
`},
	{"clockwise.info", `
@                  A   31.134.206.128
@                  MX  10 mail
mail               A   198.51.100.25
demo               A   31.134.206.130
@                  TXT v=spf1 include:_spf.clockwise.info -all
_spf               TXT v=spf1 ip4:31.134.206.128/28 -all
_dmarc             TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@clockwise.info
`},

	// Customers without a transport, for who sets one up: a new domain, a record
	// without room in which two terms are dead, one that is elsewhere, a name
	// that is an alias, and a name below a domain of somebody else.
	{"florist.example", customer + dmarcNone},
	{"printer.example", customer + dmarcNone + `
@                  TXT v=spf1 mx a a:old-web.printer.example a:old-mail.printer.example include:_spf.mailer.example include:_spf.crm.example ~all
`},
	{"choir.example", customer + dmarcNone + `
@                  TXT v=spf1 redirect=_spf.choir.example
_spf               TXT v=spf1 mx:choir.example -all
`},
	{"cafe.example", customer + dmarcNone + `
@                  TXT v=spf1 mx include:_spf.clockwise.info -all
news               CNAME pages.shop.example.
`},
	{"homepages.example", customer + dmarcNone + `
@                  TXT v=spf1 mx -all
smith              A   198.51.100.81
smith              MX  10 mail
`},

	// Senders that the customers also use.
	{"mailer.example", customer + `
@                  TXT v=spf1 include:_spf.mailer.example include:_spf.clockwise.info -all
_spf               TXT v=spf1 include:a._spf.mailer.example include:b._spf.mailer.example -all
a._spf             TXT v=spf1 ip4:203.0.113.0/26 -all
b._spf             TXT v=spf1 ip4:203.0.113.64/26 -all
`},
	{"crm.example", customer + `
_spf               TXT v=spf1 include:eu._spf.crm.example include:us._spf.crm.example -all
eu._spf            TXT v=spf1 ip4:203.0.113.128/27 -all
us._spf            TXT v=spf1 ip4:203.0.113.160/27 -all
`},
	{"shop.example", customer + `
_spf               TXT v=spf1 a:mail.shop.example include:old._spf.shop.example -all
old._spf           TXT v=spf1 ip4:203.0.113.192/27 -all
pages              A   198.51.100.82
`},
	{"outlook.com", `
@                  A   198.51.100.90
spf.protection     TXT v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 -all
contoso-example.mail.protection A 198.51.100.27
`},
	{"relay.example", relayHosts()},
	{"dnsbl.example", `
2.0.0.127          A   127.0.0.2
141.206.134.31     A   127.0.0.2
141.206.134.31     TXT mail to a spam trap, see https://dnsbl.example/141
`},
	{"dns.example", `
ns1                A   192.0.2.53
ns2                A   192.0.2.54
`},
}

// The names of the relay addresses. One of them leads elsewhere.
const (
	firstRelay, lastRelay = 128, 143
	strayRelay            = 137
)

func relayHost(n int) string { return fmt.Sprintf("out%d", n) }

func relayAddress(n int) string { return fmt.Sprintf("31.134.206.%d", n) }

func relayHosts() string {
	var b strings.Builder
	for n := firstRelay; n <= lastRelay; n++ {
		at := relayAddress(n)
		if n == strayRelay {
			at = "198.51.100.137"
		}
		fmt.Fprintf(&b, "%s A %s\n", relayHost(n), at)
	}
	return b.String()
}

// silent is the zone whose name servers never answer: its resolver gives up.
const silent = "harbour.example"

// The name servers of every zone, and where they are.
var (
	nameServers         = []string{"ns1.dns.example", "ns2.dns.example"}
	nameServerAddresses = []string{"192.0.2.53", "192.0.2.54"}
)

// publicResolvers are the resolvers of the lab that anybody may ask.
var publicResolvers = []string{"203.0.113.253", "203.0.113.254"}

// serverFailure is the response code of a resolver that got no answer, with
// the extended error that says so (RFC 8914 section 4.23).
var serverFailure = nameserver.Behaviour{
	Below: true, Rcode: nameserver.ServFail,
	EDE: []nameserver.EDE{{Code: 22, Text: "no name server of harbour.example can be reached"}},
}

// newZone puts all sites into one zone, as a resolver would see them.
func newZone() *nameserver.Zone {
	z := nameserver.NewZone()
	for _, s := range sites {
		z.SOA(s.apex, keepNegative)
		z.NS(s.apex, nameServers...)
		for line := range strings.Lines(fill(s.records, s.apex)) {
			if line = strings.TrimSpace(line); line != "" {
				add(z, s.apex, line)
			}
		}
	}
	z.Behave(silent, serverFailure)
	for i, host := range mailHosts {
		z.PTR(netip.MustParseAddr(host.address), mailHosts[i].name)
	}
	for n := firstRelay; n <= lastRelay; n++ {
		z.PTR(netip.MustParseAddr(relayAddress(n)), relayHost(n)+".relay.example")
	}
	return z
}

// full is a name as zone files have it: without final dot it lies below apex.
func full(name, apex string) string {
	if out, ok := strings.CutSuffix(name, "."); ok {
		return out
	}
	return name + "." + apex
}

// add adds one record. The lines are ours, so a mistake in one is a mistake in
// the program.
func add(z *nameserver.Zone, apex, line string) {
	name, rest, _ := strings.Cut(line, " ")
	typ, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
	value = strings.TrimSpace(value)
	if name == "@" {
		name = apex + "."
	}
	name = full(name, apex)
	switch typ {
	case "A":
		z.A(name, value)
	case "TXT":
		z.Text(name, value)
	case "MX":
		pref, host, _ := strings.Cut(value, " ")
		n, err := strconv.Atoi(pref)
		if err != nil {
			panic(fmt.Sprintf("lab: %q: %v", line, err))
		}
		z.MX(name, n, full(host, apex))
	case "CNAME":
		z.CNAME(name, full(value, apex))
	default:
		panic(fmt.Sprintf("lab: %q: unknown type", line))
	}
}
