package debian

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// zones are zone files by apex; one without text cannot be loaded, so that
// named answers SERVFAIL.
type zones map[string]string

// filesOf are the files of all zones that z holds.
func filesOf(z *nameserver.Zone) zones {
	out := zones{}
	for _, apex := range z.Apexes() {
		out[apex] = z.File(apex)
	}
	return out
}

// apexes lists the zones, the root first.
func (z zones) apexes() []string {
	var out []string
	for apex := range z {
		out = append(out, apex)
	}
	slices.Sort(out)
	return out
}

const namedOptions = `
options {
	directory "%s";
	listen-on port %d { 127.0.0.1; };
	listen-on-v6 { none; };
	pid-file none;
	session-keyfile none;
	empty-zones-enable no;
	notify no;
	check-names primary ignore;
	%s
};
controls { };
`

// startNamed serves zones with BIND.
func startNamed(t *testing.T, z zones) netip.AddrPort {
	t.Helper()
	dir := t.TempDir()
	var list strings.Builder
	var loaded []string
	for _, apex := range z.apexes() {
		file := cmp.Or(apex, "root") + ".zone"
		if z[apex] != "" {
			write(t, dir, file, z[apex])
			loaded = append(loaded, fmt.Sprintf("zone %s/IN: loaded serial", cmp.Or(apex, ".")))
		}
		fmt.Fprintf(&list, "zone %q { type primary; file %q; };\n", apex+".", file)
	}
	return startBIND(t, dir, "recursion no; dnssec-validation no;", list.String(), loaded)
}

// startResolver starts BIND as a resolver that validates, before the authority.
func startResolver(t *testing.T, authority netip.AddrPort, _ []string, anchor string) netip.AddrPort {
	t.Helper()
	ds := strings.Fields(anchor) // . IN DS tag algorithm digest-type digest…
	if len(ds) < 7 {
		t.Fatalf("no DS record: %q", anchor)
	}
	options := fmt.Sprintf("recursion yes; dnssec-validation yes; forward only; forwarders { 127.0.0.1 port %d; };", authority.Port())
	trust := fmt.Sprintf("trust-anchors { . static-ds %s %q; };\n", strings.Join(ds[3:6], " "), strings.Join(ds[6:], ""))
	return startBIND(t, t.TempDir(), options, trust, nil)
}

// startBIND starts BIND with options and what follows them. said are lines that
// its log must have.
func startBIND(t *testing.T, dir, options, rest string, said []string) netip.AddrPort {
	t.Helper()
	path := daemon(t, dir, "named")
	return onPort(t, func(port uint16) (*output, error) {
		conf := write(t, dir, "named.conf", fmt.Sprintf(namedOptions, dir, port, options)+rest)
		out, err := start(t, " running\n", path, "-g", "-n", "1", "-c", conf)
		if err == nil && strings.Contains(out.String(), "address in use") {
			err = fmt.Errorf("port %d is taken", port)
		}
		for _, line := range said {
			if err == nil && !strings.Contains(out.String(), line) {
				t.Fatalf("named does not say %q:\n%s", line, out)
			}
		}
		return out, err
	})
}

// client asks a server of ours or of theirs.
func client(t *testing.T, server netip.AddrPort) *dns.Client {
	t.Helper()
	c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{server}})
	t.Cleanup(c.Close)
	return c
}

// compared is an answer without what differs between two runs or servers: when
// it came, from where, the size of the message, and the order of the records,
// which BIND changes at random.
func compared(a dns.Answer) dns.Answer {
	a.Server, a.At, a.Took, a.Size, a.EDE = "", time.Time{}, 0, 0, nil
	a.Records = slices.Clone(a.Records)
	slices.SortFunc(a.Records, func(x, y dns.Record) int { return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	if a.Err != nil {
		kind, _ := a.Kind()
		a.Err = fmt.Errorf("%s", kind)
	}
	return a
}

// odd are all octets, in two strings.
func odd() []string {
	var b []byte
	for i := range 256 {
		b = append(b, byte(i))
	}
	return []string{string(b[:255]), string(b[255:])}
}

// acme is a zone with what is hard to transport.
func acme(t *testing.T) *nameserver.Zone {
	t.Helper()
	z := nameserver.NewZone()
	z.SOAWith("acme.example", "ns.acme.example", "jan.de.boer.acme.example", 2026112401, time.Hour, 5*time.Minute)
	z.NS("acme.example", "ns.acme.example")
	z.SOAWith("brief.example", "ns.acme.example", "hostmaster.acme.example", 1, time.Minute, time.Hour)
	z.NS("brief.example", "ns.acme.example")
	z.TXT("octets.acme.example", odd()...)
	z.TXT("empty.acme.example", "")
	z.TXT("empties.acme.example", "", "v=spf1", "", " -all", "")
	z.Text("medium.acme.example", strings.Repeat("m", 1000)) // over UDP with EDNS only
	z.Text("large.acme.example", strings.Repeat("l", 4000))
	z.Text("huge.acme.example", strings.Repeat("h", 60000))
	for i := range 100 {
		z.TXT("many.acme.example", fmt.Sprintf("record %d", i))
	}
	for i := range 7 {
		z.CNAME(fmt.Sprintf("c%d.acme.example", i), fmt.Sprintf("c%d.acme.example", i+1))
	}
	z.TXT("c7.acme.example", "end of the chain")
	z.TXT(strings.Repeat("a", 63)+"."+strings.Repeat("b", 63)+".acme.example", "long labels")
	if err := z.Add(`
		ns.acme.example A 192.0.2.53
		acme.example 60 TXT "v=spf1 -all"
		acme.example MX 10 mail.acme.example
		acme.example MX 0 .
		mail.acme.example AAAA 2001:db8::25
		c0.brief.example CNAME c0.acme.example
		gone.acme.example CNAME nowhere.brief.example
		bare.acme.example CNAME mail.acme.example
		loop.acme.example CNAME pool.acme.example
		pool.acme.example CNAME loop.acme.example
		away.acme.example CNAME www.elsewhere.test
		a.deep.acme.example TXT deep
		*.wild.acme.example TXT "any name"
		exact.wild.acme.example A 192.0.2.1
		*.alias.acme.example CNAME c7.acme.example
		_25._tcp.mail.acme.example TLSA 3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
		odd\032\195\169name.acme.example TXT "odd name"
		old.acme.example SPF "v=spf1 -all"
		1.acme.example PTR mail.acme.example
	`); err != nil {
		t.Fatal(err)
	}
	return z
}

// TestNamed holds that answers of BIND are read as those of our own server
// are, whose records are the same.
func TestNamed(t *testing.T) {
	need(t, "named")
	z := acme(t)
	ours, err := nameserver.Serve(z, nameserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	theirs := startNamed(t, filesOf(z))
	cOurs, cTheirs := client(t, ours.Addr), client(t, theirs)

	txt := func(name string) dns.Question { return dns.Ask(name, dns.TypeTXT) }
	for _, c := range []struct {
		q      dns.Question
		status dns.Status
		n      int // records
		tcp    bool
		ttl    time.Duration
		chain  int
	}{
		{txt("acme.example"), dns.Found, 1, false, time.Minute, 0},
		{txt("octets.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt("empty.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt("empties.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt("medium.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt("large.acme.example"), dns.Found, 1, true, time.Hour, 0},
		{txt("huge.acme.example"), dns.Found, 1, true, time.Hour, 0},
		{txt("many.acme.example"), dns.Found, 100, true, time.Hour, 0},
		{txt("c0.acme.example"), dns.Found, 1, false, time.Hour, 7},
		{txt("bare.acme.example"), dns.Empty, 0, false, 5 * time.Minute, 1},
		{txt("a.deep.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt("deep.acme.example"), dns.Empty, 0, false, 5 * time.Minute, 0},
		{txt("x.y.wild.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt("exact.wild.acme.example"), dns.Empty, 0, false, 5 * time.Minute, 0},
		{txt("x.alias.acme.example"), dns.Found, 1, false, time.Hour, 1},
		{txt("nothing.acme.example"), dns.NoName, 0, false, 5 * time.Minute, 0},
		{txt("nothing.brief.example"), dns.NoName, 0, false, time.Minute, 0},
		{txt("ODD é" + "name.acme.example"), dns.Found, 1, false, time.Hour, 0},
		{txt(strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + ".acme.example"), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("acme.example", dns.TypeMX), dns.Found, 2, false, time.Hour, 0},
		{dns.Ask("acme.example", dns.TypeSOA), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("acme.example", dns.TypeNS), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("acme.example", dns.TypeA), dns.Empty, 0, false, 5 * time.Minute, 0},
		{dns.Ask("mail.acme.example", dns.TypeAAAA), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("c0.acme.example", dns.TypeCNAME), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("_25._tcp.mail.acme.example", dns.TypeTLSA), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("old.acme.example", dns.TypeSPF), dns.Found, 1, false, time.Hour, 0},
		{dns.Ask("1.acme.example", dns.TypePTR), dns.Found, 1, false, time.Hour, 0},
	} {
		t.Run(c.q.String(), func(t *testing.T) {
			got := cTheirs.Lookup(t.Context(), c.q)
			if got.Status != c.status || len(got.Records) != c.n || got.TCP != c.tcp || got.TTL != c.ttl || len(got.Chain) != c.chain {
				t.Errorf("%s, %d records, TCP %v, TTL %s, chain %q, %v", got.Status, len(got.Records), got.TCP, got.TTL, got.Chain, got.Err)
			}
			if want := cOurs.Lookup(t.Context(), c.q); !reflect.DeepEqual(compared(got), compared(want)) {
				t.Errorf("BIND: %+v\nours: %+v", compared(got), compared(want))
			}
			direct := cOurs.AskServer(t.Context(), ours.Addr, c.q)
			if got := cTheirs.AskServer(t.Context(), theirs, c.q); !reflect.DeepEqual(compared(got), compared(direct)) {
				t.Errorf("asked directly: BIND: %+v\nours: %+v", compared(got), compared(direct))
			}
		})
	}
}

// TestNamedFailures holds how answers of BIND are read that our own server
// would give otherwise: BIND does not go from one of its zones into another one
// without being asked to.
func TestNamedFailures(t *testing.T) {
	need(t, "named")
	z := acme(t)
	z.NS("below.acme.example", "ns.below.acme.example")
	z.A("ns.below.acme.example", "192.0.2.54")
	files := filesOf(z)
	files["broken.example"] = ""
	server := startNamed(t, files)
	c := client(t, server)
	for _, tt := range []struct {
		name   string
		status dns.Status // of a question to a resolver
		kind   dns.Kind   // where that is Failed
		direct dns.Kind   // of the question to this server
		chain  int
		aa     bool
	}{
		{"c0.brief.example", dns.Found, 0, dns.KindElsewhere, 8, true},
		{"gone.acme.example", dns.NoName, 0, dns.KindElsewhere, 1, true},
		{"loop.acme.example", dns.Failed, dns.KindLoop, dns.KindLoop, 1, true},
		{"away.acme.example", dns.Failed, dns.KindRefused, dns.KindElsewhere, 1, false},
		{"broken.example", dns.Failed, dns.KindServFail, dns.KindServFail, 0, false},
		{"other.test", dns.Failed, dns.KindRefused, dns.KindRefused, 0, false},
		{"www.below.acme.example", dns.Failed, dns.KindLame, dns.KindLame, 0, false},
	} {
		q := dns.Ask(tt.name, dns.TypeTXT)
		a := c.Lookup(t.Context(), q)
		if kind, _ := a.Kind(); a.Status != tt.status || kind != tt.kind || len(a.Chain) != tt.chain || a.AA != tt.aa {
			t.Errorf("%s: %s, %s, chain %q, AA %v", tt.name, a.Status, a.Reason(), a.Chain, a.AA)
		}
		a = c.AskServer(t.Context(), server, q)
		if kind, _ := a.Kind(); a.Status != dns.Failed || kind != tt.direct {
			t.Errorf("%s, asked directly: %s, %s", tt.name, a.Status, a.Reason())
		}
	}
}
