package address

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
)

const list = "list.example"

var network = netip.MustParsePrefix("192.0.2.24/29")

// soundZone has one address of the network with its name, one of IPv6, and a
// healthy list.
func soundZone(lines ...string) *dnstest.Zone {
	return dnstest.New(append([]string{
		"25.2.0.192.in-addr.arpa PTR out25.relay.example.",
		"out25.relay.example A 192.0.2.25",
		"5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR six.relay.example.",
		"six.relay.example AAAA 2001:db8::25",
		"2.0.0.127.list.example A 127.0.0.2",
		"2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.list.example A 127.0.0.2",
	}, lines...)...)
}

func addrs(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range texts {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func look(t *testing.T, z dns.Resolver, lists string, texts ...string) Result {
	t.Helper()
	return Lookup(t.Context(), z, addrs(texts...), Options{Lists: strings.Fields(lists)})
}

func codes(all []finding.Finding) []string {
	finding.Silence(all)
	finding.Sort(all, finding.Order(Rules()))
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" {
			out = append(out, f.Code())
		}
	}
	return out
}

var cases = []struct {
	id    string
	zone  *dnstest.Zone
	lists string
	addrs string
	in    Input
	want  string
	saw   string // part of the texts of the first finding
	fix   string
}{
	{id: "sound", zone: soundZone(), lists: list, addrs: "192.0.2.25 2001:db8::25", want: ""},
	{id: "no PTR", zone: soundZone(), addrs: "192.0.2.26 192.0.2.27 192.0.2.28 192.0.2.25", want: "ip.ptr-missing", saw: "192.0.2.26 to 192.0.2.28"},
	{id: "PTR fails", zone: soundZone("26.2.0.192.in-addr.arpa PTR SERVFAIL"), addrs: "192.0.2.26", want: "ip.unreadable", saw: "SERVFAIL"},
	{
		id: "forward fails", zone: soundZone("26.2.0.192.in-addr.arpa PTR x.relay.example", "x.relay.example A SERVFAIL"), addrs: "192.0.2.26",
		want: "ip.unreadable", saw: "SERVFAIL",
	},
	{
		id: "one forward fails, the other confirms", addrs: "192.0.2.25",
		zone: soundZone("25.2.0.192.in-addr.arpa PTR x.relay.example", "x.relay.example A SERVFAIL"), want: "ip.ptr-multiple", saw: "192.0.2.25 has 2",
	},
	{
		id: "not confirmed", zone: soundZone("26.2.0.192.in-addr.arpa PTR out26.relay.example.", "27.2.0.192.in-addr.arpa PTR out25.relay.example"),
		addrs: "192.0.2.25 192.0.2.26 192.0.2.27", want: "ip.ptr-not-confirmed", saw: "out25.relay.example, which leads to 192.0.2.25",
		fix: "out26.relay.example A 192.0.2.26, out25.relay.example A 192.0.2.27",
	},
	{
		id: "not confirmed over a CNAME", zone: soundZone("26.2.0.192.in-addr.arpa PTR a.relay.example.", "a.relay.example CNAME out25.relay.example."),
		addrs: "192.0.2.26", want: "ip.ptr-not-confirmed", fix: "out25.relay.example A 192.0.2.26",
	},
	{
		id: "dot left out", zone: soundZone("26.2.0.192.in-addr.arpa PTR mx.relay.example.2.0.192.in-addr.arpa."), addrs: "192.0.2.26",
		want: "ip.ptr-not-confirmed", saw: "the dot at the end",
	},
	{id: "root", zone: soundZone("26.2.0.192.in-addr.arpa PTR ."), addrs: "192.0.2.26", want: "ip.ptr-not-confirmed", saw: "called ., which"},
	{
		id: "eleven names", zone: soundZone(many("25.2.0.192.in-addr.arpa PTR n%02d.relay.example", 12)...), addrs: "192.0.2.25",
		want: "ip.ptr-multiple", saw: "more than ten",
	},
	{
		id: "generic", zone: soundZone("26.2.0.192.in-addr.arpa PTR 192-0-2-26.relay.example.", "192-0-2-26.relay.example A 192.0.2.26"), addrs: "192.0.2.26",
		want: "ip.ptr-generic", saw: "holds the address",
	},
	{
		id: "EHLO", zone: soundZone(), addrs: "192.0.2.25", in: Input{Helo: map[netip.Addr]string{netip.MustParseAddr("192.0.2.25"): "other.relay.example"}},
		want: "ip.helo-differs", saw: "greets as other.relay.example",
	},
	{
		id: "EHLO does not lead back", zone: soundZone("25.2.0.192.in-addr.arpa PTR b.relay.example"), addrs: "192.0.2.25",
		in:   Input{Helo: map[netip.Addr]string{netip.MustParseAddr("192.0.2.25"): "B.relay.example."}},
		want: "ip.ptr-multiple ip.helo-differs",
	},
	{id: "EHLO fits", zone: soundZone(), addrs: "192.0.2.25", in: Input{Helo: map[netip.Addr]string{netip.MustParseAddr("192.0.2.25"): "Out25.Relay.Example"}}},
	{
		id: "EHLO without PTR", zone: soundZone(), addrs: "192.0.2.26",
		in: Input{Helo: map[netip.Addr]string{netip.MustParseAddr("192.0.2.26"): "x.relay.example"}}, want: "ip.ptr-missing",
	},
	{id: "IPv6 without PTR", zone: soundZone(), addrs: "2001:db8::26", want: "ip.ptr-missing ip.ipv6-unauthorised"},
	{
		id: "IPv6 not in SPF", zone: soundZone(), addrs: "2001:db8::25", in: Input{SPF: map[netip.Addr]string{netip.MustParseAddr("2001:db8::25"): "softfail"}},
		want: "ip.ipv6-unauthorised", saw: "says softfail",
	},
	{
		id: "IPv6 allowed", zone: soundZone(), addrs: "2001:db8::25", in: Input{SPF: map[netip.Addr]string{netip.MustParseAddr("2001:db8::25"): "pass"}},
	},
	{id: "IPv6 not judged", zone: soundZone(), addrs: "2001:db8::25", in: Input{SPF: map[netip.Addr]string{netip.MustParseAddr("2001:db8::25"): "temperror"}}},

	{id: "instance outside", zone: soundZone(), in: instance("acme.relay.example A 198.51.100.7"), want: "ip.instance-outside-network", saw: "ip4:198.51.100.7"},
	{id: "instance inside", zone: soundZone(), in: instance("acme.relay.example A 192.0.2.30")},
	{id: "no instance", zone: soundZone(), in: instance("x.relay.example A 192.0.2.30")},
	{id: "instance fails", zone: soundZone(), in: instance("acme.relay.example A SERVFAIL"), want: "ip.unreadable"},

	{id: "egress", zone: soundZone(), in: Input{Relayed: true, Egress: seen("198.51.100.7")}, want: "ip.egress-outside-network"},
	{id: "egress inside", zone: soundZone(), in: Input{Relayed: true, Egress: seen("192.0.2.25", "192.0.2.26")}},
	{id: "own server", zone: soundZone(), in: Input{Egress: seen("198.51.100.7", "198.51.100.7")}},
	{id: "several", zone: soundZone(), in: Input{Egress: seen("198.51.100.7", "2001:db8::7")}, want: "ip.egress-several", saw: "198.51.100.7, 2001:db8::7"},
	{id: "shared", zone: soundZone(), in: Input{Relayed: true, Egress: seen("100.64.7.1")}, want: "ip.egress-unsuitable", saw: "shares among"},
	{id: "private", zone: soundZone(), in: Input{Egress: seen("10.1.2.3", "fd00::1")}, want: "ip.egress-unsuitable", saw: "private network"},

	{
		id: "listed", zone: soundZone("25.2.0.192.list.example A 127.0.0.3", "25.2.0.192.list.example TXT see https://list.example/25"), lists: list,
		addrs: "192.0.2.25", want: "ip.blocklisted", saw: "127.0.0.3. It says: see https://list.example/25.",
	},
	{
		id: "IPv6 listed", lists: list, addrs: "2001:db8::25", want: "ip.blocklisted", saw: "list.example (IPv6)",
		zone: soundZone("5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example A 127.0.0.2"),
	},
	{
		id: "V59", zone: soundZone("*.0.0.127.shy.example A 127.255.255.254", "25.2.0.192.shy.example A 127.255.255.254"), lists: "shy.example",
		addrs: "192.0.2.25", want: "ip.blocklist-refused", saw: "127.255.255.254",
	},
	{
		id: "V59 after the self-test", zone: soundZone("25.2.0.192.list.example A 127.255.255.255"), lists: list,
		addrs: "192.0.2.25", want: "ip.blocklist-refused", saw: "passed its self-test",
	},
	{
		id: "V60 lists everything", zone: soundZone("*.all.example A 127.0.0.2"), lists: "all.example",
		addrs: "192.0.2.25", want: "ip.blocklist-dead", saw: "lists 127.0.0.1",
	},
	{
		id: "V60 lacks 127.0.0.2", zone: soundZone("25.2.0.192.gone.example A 127.0.0.2"), lists: "gone.example",
		addrs: "192.0.2.25", want: "ip.blocklist-dead", saw: "does not list 127.0.0.2",
	},
	{
		id: "a resolver that invents answers", zone: soundZone("*.parked.example A 203.0.113.80"), lists: "parked.example",
		addrs: "192.0.2.25", want: "ip.blocklist-dead", saw: "203.0.113.80",
	},
	{
		id: "an invented answer after the self-test", zone: soundZone("25.2.0.192.list.example A 203.0.113.80"), lists: list,
		addrs: "192.0.2.25", want: "ip.blocklist-refused", saw: "203.0.113.80",
	},
	{id: "a value that is none", zone: soundZone("25.2.0.192.list.example A 127.0.0.1"), lists: list, addrs: "192.0.2.25", want: "ip.blocklist-refused"},
	{id: "closed", zone: soundZone("*.dnsbl.sorbs.net A 127.0.0.2"), lists: "dnsbl.sorbs.net", addrs: "192.0.2.25"},
	{id: "no IPv6", zone: soundZone("2.0.0.127.four.example A 127.0.0.2"), lists: "four.example", addrs: "2001:db8::25"},
	{id: "list fails", zone: soundZone("2.0.0.127.lame.example A SERVFAIL"), lists: "lame.example", addrs: "192.0.2.25", want: "ip.unreadable", saw: "The block list lame.example"},
	{id: "listing fails", zone: soundZone("25.2.0.192.list.example A SERVFAIL"), lists: list, addrs: "192.0.2.25", want: "ip.unreadable", saw: "SERVFAIL"},
	{
		id: "dial-up range", zone: soundZone("2.0.0.127.zen.spamhaus.org A 127.0.0.2", "25.2.0.192.zen.spamhaus.org A 127.0.0.10"),
		lists: "zen.spamhaus.org", addrs: "192.0.2.25", want: "ip.blocklist-informational", saw: "PBL",
	},
	{
		id: "Spamhaus", lists: "zen.spamhaus.org", addrs: "192.0.2.25", want: "ip.blocklisted", saw: "(CSS); range",
		zone: soundZone("2.0.0.127.zen.spamhaus.org A 127.0.0.2", "25.2.0.192.zen.spamhaus.org A 127.0.0.3", "25.2.0.192.zen.spamhaus.org A 127.0.0.11"),
	},
	{
		id: "good repute", lists: "hostkarma.junkemailfilter.com", addrs: "192.0.2.25",
		zone: soundZone("2.0.0.127.hostkarma.junkemailfilter.com A 127.0.0.2", "25.2.0.192.hostkarma.junkemailfilter.com A 127.0.0.1"),
	},
	{id: "nothing asked", zone: soundZone()},
}

func many(format string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

func instance(line string) Input {
	z := dnstest.New(line)
	return Input{Instance: Instance{
		Name: "acme.relay.example",
		A:    z.Lookup(context.Background(), dns.Ask("acme.relay.example", dns.TypeA)),
		AAAA: z.Lookup(context.Background(), dns.Ask("acme.relay.example", dns.TypeAAAA)),
	}}
}

func seen(texts ...string) []Seen {
	var out []Seen
	for _, a := range addrs(texts...) {
		out = append(out, Seen{Addr: a, By: "mx.example", Text: "from [" + a.String() + "]"})
	}
	return out
}

func TestFindings(t *testing.T) {
	raised := map[string]bool{}
	for _, tt := range cases {
		in := tt.in
		in.Network, in.Subject = network, network.String()
		in.Result = look(t, tt.zone, tt.lists, strings.Fields(tt.addrs)...)
		all := Findings(in)
		if got := strings.Join(codes(all), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.id, got, tt.want)
			continue
		}
		var fixes []string
		for i, f := range all {
			raised[f.Code()] = true
			texts := strings.Join([]string{f.Title(), f.Saw(), f.Effect(), f.Action()}, "\n")
			if strings.Contains(texts, "%!") || i == 0 && !strings.Contains(texts, tt.saw) {
				t.Errorf("%s: %s, want %q in it", tt.id, texts, tt.saw)
			}
			if len(f.Evidence) == 0 || f.Evidence[0].Answer == "" || len(f.Evidence) > maxEvidence+2 {
				t.Errorf("%s: the evidence of %s is %v", tt.id, f.Code(), f.Evidence)
			}
			if f.Fix != nil {
				for _, r := range f.Fix.Records {
					fixes = append(fixes, r.Name+" "+r.Type+" "+r.Value)
				}
				tt.zone.Apply(f.Fix)
			}
		}
		if got := strings.Join(fixes, ", "); got != tt.fix {
			t.Errorf("%s: fix %q, want %q", tt.id, got, tt.fix)
		}
		if tt.fix != "" {
			in.Result = look(t, tt.zone, tt.lists, strings.Fields(tt.addrs)...)
			if got := codes(Findings(in)); len(got) > 0 {
				t.Errorf("%s: the mended zone has %v", tt.id, got)
			}
		}
		for _, a := range in.Result.Addresses {
			for _, l := range a.Listings {
				if l.State == Listed && tt.want != "ip.blocklisted" {
					t.Errorf("%s: %s counts as listed", tt.id, a.Addr)
				}
			}
		}
	}
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("%s is never raised", r.Code)
		}
	}
}

// TestQuestions holds that a list is asked about addresses only when it passed
// its self-test, once for all of them, and for a reason only when it lists one.
func TestQuestions(t *testing.T) {
	z := soundZone("25.2.0.192.list.example A 127.0.0.2", "*.all.example A 127.0.0.2")
	look(t, z, "list.example. LIST.example all.example cbl.abuseat.org", "192.0.2.25", "192.0.2.26", "::ffff:192.0.2.25")
	var got []string
	for _, q := range z.Asked {
		if !strings.Contains(q, "arpa") && !strings.Contains(q, "relay") {
			got = append(got, q)
		}
	}
	slices.Sort(got)
	want := []string{
		"1.0.0.127.all.example A", "1.0.0.127.list.example A", "2.0.0.127.all.example A", "2.0.0.127.list.example A",
		"25.2.0.192.list.example A", "25.2.0.192.list.example TXT", "26.2.0.192.list.example A",
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked\n%s", strings.Join(got, "\n"))
	}
}

func TestBounds(t *testing.T) {
	var hostile []string
	for i := range 3000 {
		hostile = append(hostile, fmt.Sprintf("25.2.0.192.in-addr.arpa PTR n%d.relay.example", i))
	}
	z := soundZone(hostile...)
	r := look(t, z, strings.Join(many("l%d.example", 500), " "), "192.0.2.25")
	if len(z.Asked) > 1+maxNames+2*maxLists {
		t.Errorf("%d questions", len(z.Asked))
	}
	if got := r.Addresses[0].Confirmation(); got != NotKnown && got != Confirmed {
		t.Errorf("names beyond the bound count as %v", got)
	}
}

func TestUnsaid(t *testing.T) {
	if a := (Address{}); a.Confirmation() != NotLooked || len(a.On()) != 0 {
		t.Error("what was not asked is judged")
	}
	if got := Findings(Input{}); len(got) != 0 {
		t.Errorf("nothing was asked, and it raises %v", codes(got))
	}
	if (Listing{}).State == NotListed {
		t.Error("the zero listing says that an address is not listed")
	}
}

func TestRanges(t *testing.T) {
	for want, in := range map[string][]netip.Addr{
		"":                                     nil,
		"192.0.2.1, 192.0.2.2":                 addrs("192.0.2.2", "192.0.2.1", "192.0.2.1"),
		"192.0.2.1 to 192.0.2.3, 192.0.2.9":    addrs("192.0.2.9", "192.0.2.2", "192.0.2.1", "192.0.2.3"),
		"192.0.2.255 to 192.0.3.1, 2001:db8::": addrs("192.0.3.0", "192.0.2.255", "192.0.3.1", "2001:db8::"),
		"255.255.255.255":                      addrs("255.255.255.255"),
	} {
		if got := Ranges(in); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
	var apart []netip.Addr
	for i := range 20 {
		apart = append(apart, netip.AddrFrom4([4]byte{192, 0, 2, byte(2 * i)}))
	}
	if got := Ranges(apart); !strings.HasSuffix(got, "192.0.2.14 and 12 more") {
		t.Error(got)
	}
}

func TestGeneric(t *testing.T) {
	four, six := netip.MustParseAddr("31.134.206.141"), netip.MustParseAddr("2001:db8::25")
	for host, want := range map[string]bool{
		"out141.relay.example": false, "mail.customer.example": false, "141.206.134.31.relay.example": true,
		"host31-134-206-141.relay.example": true, "031134206141.relay.example": true, "ip1f86ce8d.relay.example": true,
		"a.pool.relay.example": true, "dsl-7.relay.example": true, "carpool.relay.example": false, "cust12.relay.example": true,
		"out-134-206-141.relay.example": false, "relay.example": false, "": false,
	} {
		if got := generic(host, four) != ""; got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	for host, want := range map[string]bool{
		"2001-db8--25.relay.example": true, "20010db8000000000000000000000025.relay.example": true, "six.relay.example": false,
	} {
		if got := generic(host, six) != ""; got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}

func FuzzGeneric(f *testing.F) {
	f.Add("host31-134-206-141.relay.example")
	f.Fuzz(func(t *testing.T, host string) {
		generic(host, netip.MustParseAddr("31.134.206.141"))
		generic(host, netip.MustParseAddr("2001:db8::25"))
		if isHost(host) && strings.ContainsAny(host, " \n\"") {
			t.Errorf("%q passes for a host name", host)
		}
	})
}
