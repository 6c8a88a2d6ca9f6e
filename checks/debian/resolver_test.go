package debian

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/lab"
)

const unboundOptions = `
server:
	directory: "%s"
	chroot: ""
	username: ""
	pidfile: ""
	interface: 127.0.0.1
	port: %d
	do-daemonize: no
	use-syslog: no
	num-threads: 1
	ede: yes
	do-not-query-localhost: no
	unblock-lan-zones: yes
	module-config: "validator iterator"
	trust-anchor-file: "%s"
remote-control:
	control-enable: no
`

// startUnbound starts unbound as a resolver.
func startUnbound(t *testing.T, authority netip.AddrPort, apexes []string, anchor string) netip.AddrPort {
	t.Helper()
	stubs := map[string][]netip.AddrPort{}
	for _, apex := range apexes {
		stubs[apex] = []netip.AddrPort{authority}
	}
	return startUnboundBefore(t, stubs, anchor)
}

// startUnboundBefore starts unbound as a resolver before the servers of several
// zones. Options go to its configuration.
func startUnboundBefore(t *testing.T, stubs map[string][]netip.AddrPort, anchor string, options ...string) netip.AddrPort {
	t.Helper()
	dir := t.TempDir()
	path := daemon(t, dir, "unbound")
	write(t, dir, "anchor", anchor)
	list := strings.Join(options, "\n") + "\n"
	for apex, servers := range stubs {
		list += fmt.Sprintf("stub-zone:\n\tname: %q\n", apex+".")
		for _, a := range servers {
			list += fmt.Sprintf("\tstub-addr: 127.0.0.1@%d\n", a.Port())
		}
	}
	return onPort(t, func(port uint16) (*output, error) {
		conf := write(t, dir, "unbound.conf", fmt.Sprintf(unboundOptions, dir, port, filepath.Join(dir, "anchor"))+list)
		return start(t, "start of service", path, "-d", "-c", conf)
	})
}

// signed signs a zone with a new key, and returns its file and its DS record.
// Options go to dnssec-signzone.
func signed(t *testing.T, apex, file string, options ...string) (text, ds string) {
	t.Helper()
	dir := t.TempDir()
	newKey(t, dir, apex, "-f", "KSK")
	return sign(t, dir, apex, file, append([]string{"-z"}, options...)...)
}

// signedTwofold is signed with one key for the zone and one for its keys, and
// with hashed names in the negative answers (RFC 5155).
func signedTwofold(t *testing.T, apex, file string, options ...string) (text, ds string) {
	t.Helper()
	dir := t.TempDir()
	newKey(t, dir, apex, "-f", "KSK")
	newKey(t, dir, apex)
	return sign(t, dir, apex, file, append([]string{"-3", "-"}, options...)...)
}

func newKey(t *testing.T, dir, apex string, options ...string) {
	t.Helper()
	must(t, dir, "dnssec-keygen", append(append([]string{"-q", "-a", "ECDSAP256SHA256"}, options...), apex+".")...)
}

// sign signs a zone with the keys in dir.
func sign(t *testing.T, dir, apex, file string, options ...string) (text, ds string) {
	t.Helper()
	write(t, dir, "zone", file)
	args := append([]string{"-Q", "-P", "-S", "-O", "full", "-o", apex + ".", "-f", "signed"}, options...)
	must(t, dir, "dnssec-signzone", append(args, "zone")...)
	return read(t, dir, "signed"), read(t, dir, "dsset-"+apex+".")
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dnssec is the lab with a signed root and two signed customers.
type dnssec struct {
	lab       *lab.World
	authority netip.AddrPort
	resolver  netip.AddrPort // validates
}

// customer is the customer of the lab whose zone is signed, and its transport.
const (
	customer  = "bakery.example"
	transport = "Sound Bakery"
)

// promising is the customer of the lab with TLSA records: of no use, and said to
// be, unless the zone is signed.
const promising = "farm.example"

// resolver starts a resolver that validates. It finds each zone at the
// authority, and trusts the root by the DS record in anchor.
type resolver func(t *testing.T, authority netip.AddrPort, apexes []string, anchor string) netip.AddrPort

// startSigned serves the lab's zones by BIND, behind a resolver. change spoils
// the signed zone of the customer; options go to dnssec-signzone.
func startSigned(t *testing.T, r resolver, change func(file, unsigned string) string, options ...string) dnssec {
	t.Helper()
	need(t, "named", "dnssec-keygen", "dnssec-signzone")
	d := dnssec{lab: startLab(t)}
	z := labFiles(d.lab)
	unsigned := z[customer]
	text, ds := signed(t, customer, unsigned, options...)
	z[customer] = change(text, unsigned)
	file, other := signed(t, promising, z[promising])
	z[promising] = file
	root, anchor := signed(t, "", z[""]+ds+other)
	z[""] = root
	d.authority = startNamed(t, z)
	d.resolver = r(t, d.authority, z.apexes(), anchor)
	return d
}

// What becomes of the signed zone.
func asSigned(file, _ string) string    { return file }
func staleDS(_, unsigned string) string { return unsigned }
func oneAltered(file, _ string) string {
	return strings.Replace(file, "v=spf1 mx include", "v=spf1 a include", 1)
}

func stamp(from time.Duration) string { return time.Now().Add(from).UTC().Format("20060102150405") }

func validity(from, to time.Duration) []string { return []string{"-s", stamp(from), "-e", stamp(to)} }

const month = 30 * 24 * time.Hour

func TestUnbound(t *testing.T) {
	need(t, "unbound")
	holdValidating(t, startUnbound)
}

func TestNamedResolver(t *testing.T) { holdValidating(t, startResolver) }

// holdValidating holds what is read of a resolver that validates.
func holdValidating(t *testing.T, r resolver) {
	t.Helper()
	d := startSigned(t, r, asSigned)
	c := client(t, d.resolver)
	for _, tt := range []struct {
		name   string
		typ    dns.Type
		status dns.Status
		n      int
		ad     bool
	}{
		{customer, dns.TypeTXT, dns.Found, 1, true},
		{"_dmarc." + customer, dns.TypeTXT, dns.Found, 1, true},
		{"nothing." + customer, dns.TypeTXT, dns.NoName, 0, true},
		{customer, dns.TypeAAAA, dns.Empty, 0, true},
		{"school.example", dns.TypeTXT, dns.Found, 2, false},
		{"nothing.school.example", dns.TypeTXT, dns.NoName, 0, false},
		{"school.example", dns.TypeAAAA, dns.Empty, 0, false},
		{"", dns.TypeNS, dns.Found, 2, true},
		{"elsewhere.example", dns.TypeTXT, dns.NoName, 0, true},
		{silent, dns.TypeTXT, dns.Failed, 0, false},
	} {
		a := c.Lookup(t.Context(), dns.Ask(tt.name, tt.typ))
		if a.Status != tt.status || len(a.Records) != tt.n || a.AD != tt.ad || a.AA {
			t.Errorf("%s: %s, %d records, AD %v, AA %v, %s", a.Question, a.Status, len(a.Records), a.AD, a.AA, a.Reason())
		}
		if kind, _ := a.Kind(); a.Status == dns.Failed && (kind != dns.KindServFail || a.Bogus()) {
			t.Errorf("%s: %s, EDE %q", a.Question, a.Reason(), a.EDE)
		}
	}
}

func TestUnboundExamination(t *testing.T) {
	need(t, "unbound")
	holdExamination(t, startUnbound)
}

func TestNamedResolverExamination(t *testing.T) { holdExamination(t, startResolver) }

// holdExamination holds that the examination says the same through a resolver
// that validates, with some zones signed and others not.
func holdExamination(t *testing.T, r resolver) {
	t.Helper()
	d := startSigned(t, r, asSigned)
	holdSame(t, examine(t, d.lab, d.resolver, d.authority), examine(t, d.lab, d.lab.Resolver, d.lab.Authority))
}

// bogusZones are the ways in which a zone does not validate, with the extended
// errors that unbound may give.
var bogusZones = []struct {
	name    string
	change  func(file, unsigned string) string
	options []string
	ede     []string
}{
	{"stale DS", staleDS, nil, []string{"(9)"}},
	{"expired", asSigned, validity(-2*month, -month), []string{"(7)", "(9)"}},
	{"not yet valid", asSigned, validity(month, 2*month), []string{"(8)", "(9)"}},
}

// TestUnboundBogus holds what is said of a customer whose zone is signed and
// does not validate, where the resolver tells why.
func TestUnboundBogus(t *testing.T) {
	need(t, "unbound")
	for _, tt := range bogusZones {
		t.Run(tt.name, func(t *testing.T) {
			d := startSigned(t, startUnbound, tt.change, tt.options...)
			a := client(t, d.resolver).Lookup(t.Context(), dns.Ask(customer, dns.TypeTXT))
			said := slices.ContainsFunc(tt.ede, func(code string) bool { return strings.Contains(strings.Join(a.EDE, " "), code) })
			if !a.Bogus() || !said {
				t.Errorf("%s: %s, EDE %q", a.Status, a.Reason(), a.EDE)
			}
			holdBogus(t, d)
		})
	}
}

// TestNamedResolverBogus holds that the same is said where the resolver gives
// no reason.
func TestNamedResolverBogus(t *testing.T) {
	for _, tt := range bogusZones {
		t.Run(tt.name, func(t *testing.T) { holdBogus(t, startSigned(t, startResolver, tt.change, tt.options...)) })
	}
}

func holdBogus(t *testing.T, d dnssec) {
	t.Helper()
	c := client(t, d.resolver)
	a := c.Lookup(t.Context(), dns.Ask(customer, dns.TypeTXT))
	if kind, _ := a.Kind(); a.Status != dns.Failed || kind != dns.KindServFail {
		t.Errorf("%s: %s", a.Status, a.Reason())
	}
	if a = c.LookupUnchecked(t.Context(), dns.Ask(customer, dns.TypeTXT)); a.Status != dns.Found || a.AD {
		t.Errorf("without checking: %s, %s, AD %v", a.Status, a.Reason(), a.AD)
	}
	got := examine(t, d.lab, d.resolver, d.authority)
	r := got[transport]
	holdVerdict(t, r)
	if open := r.Open(); len(open) != 1 {
		t.Errorf("beside dns.dnssec-bogus: %s", saidOf(r))
	}
	for _, p := range r.Paths {
		if p.SPF != "temperror" || p.DMARC != "unknown" {
			t.Errorf("%s: SPF %s, DMARC %s", p.IP, p.SPF, p.DMARC)
		}
	}
	want := examine(t, d.lab, d.lab.Resolver, d.lab.Authority)
	delete(got, transport)
	delete(want, transport)
	holdSame(t, got, want)
}

// holdVerdict holds that the customer's signatures are the first thing to mend.
func holdVerdict(t *testing.T, r checks.Report) {
	t.Helper()
	if open := r.Open(); r.Verdict != checks.VerdictFailure || len(open) == 0 || open[0].Code() != "dns.dnssec-bogus" {
		t.Fatalf("%s: %s", r.Verdict, saidOf(r))
	}
}

// TestUnboundAltered holds that one record whose signature is wrong is told
// from one that cannot be read for another reason.
func TestUnboundAltered(t *testing.T) {
	need(t, "unbound")
	d := startSigned(t, startUnbound, oneAltered)
	r := examine(t, d.lab, d.resolver, d.authority)[transport]
	holdVerdict(t, r)
	for _, f := range r.Findings {
		switch f.Code() {
		case "dns.dnssec-bogus":
			if !strings.Contains(f.Saw(), customer+": ") || !strings.Contains(f.Saw(), "DNSSEC Bogus (6)") {
				t.Error(f.Saw())
			}
		case "spf.unreadable":
			if f.SilencedBy != "dns.dnssec-bogus" {
				t.Errorf("%s is silenced by %q", f.Title(), f.SilencedBy)
			}
		default:
			if f.Severity() != finding.Note {
				t.Error(f.Title())
			}
		}
	}
}

// TestUnboundPublic holds that wrong signatures are seen where only a public
// resolver checks them, and that right ones change nothing.
func TestUnboundPublic(t *testing.T) {
	need(t, "unbound")
	for _, change := range []func(file, unsigned string) string{asSigned, staleDS} {
		d := startSigned(t, startUnbound, change)
		got := examine(t, d.lab, d.authority, d.authority, d.resolver)
		want := examine(t, d.lab, d.lab.Resolver, d.lab.Authority)
		if change("signed", "unsigned") == "unsigned" {
			holdVerdict(t, got[transport])
			delete(got, transport)
			delete(want, transport)
		}
		holdSame(t, got, want)
	}
}

// TestUnboundCircle holds that CNAMEs in a circle are seen through resolvers
// that only say SERVFAIL.
func TestUnboundCircle(t *testing.T) {
	need(t, "unbound")
	holdCircle(t, startUnbound)
}

func TestNamedResolverCircle(t *testing.T) { holdCircle(t, startResolver) }

func holdCircle(t *testing.T, start resolver) {
	t.Helper()
	need(t, "named", "dnssec-keygen", "dnssec-signzone")
	w := startLab(t)
	key, other := "cw1._domainkey."+customer, "keys."+customer
	w.Zone.Remove(key)
	w.Zone.CNAME(key, other)
	w.Zone.CNAME(other, key)
	z := labFiles(w)
	root, anchor := signed(t, "", z[""])
	z[""] = root
	authority := startNamed(t, z)
	r := examine(t, w, start(t, authority, z.apexes(), anchor), authority)[transport]
	if open := r.Open(); len(open) == 0 || open[0].Code() != "dkim.cname-loop" || r.Verdict != checks.VerdictFailure {
		t.Errorf("%s: %s", r.Verdict, saidOf(r))
	}
}
