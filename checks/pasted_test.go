package checks

import (
	"net/netip"
	"strings"
	"testing"
)

func TestFindAddresses(t *testing.T) {
	network := netip.MustParsePrefix("31.134.206.128/28")
	for _, tt := range []struct{ in, want string }{
		{"31.134.206.128", "31.134.206.128 inside"},
		{"31.134.206.143.", "31.134.206.143 inside"},
		{"[31.134.206.130],(31.134.206.131);<31.134.206.132>", "31.134.206.130 inside|31.134.206.131 inside|31.134.206.132 inside"},
		{"::ffff:31.134.206.130", "31.134.206.130 inside"},
		{"31.134.206.130:25", "31.134.206.130 inside"},
		{"ip4:31.134.206.128/28", "31.134.206.128 to 31.134.206.143 inside"},
		{"31.134.206.128-31.134.206.143", "31.134.206.128 to 31.134.206.143 inside"},
		{"31.134.206.128 – 143", "31.134.206.128 to 31.134.206.143 inside"},
		{"31.134.206.130 to 31.134.206.131", "31.134.206.130 to 31.134.206.131 inside"},
		{"client-ip=31.134.206.130;", "31.134.206.130 inside"},
		{"Hello [31.134.206.144] at 12:29:45", "31.134.206.144 a neighbour: 1 above the last address, 31.134.206.143"},
		{"31.134.206.127", "31.134.206.127 a neighbour: 1 below the first address, 31.134.206.128"},
		{"31.134.205.130", "31.134.205.130 a neighbour: 254 below the first address, 31.134.206.128"},
		{"31.135.206.130", "31.135.206.130 in another network; only the second number differs from 31.134.206.130: a typing error?"},
		{"192.0.2.1", "192.0.2.1 in another network"},
		{"31.134.206.0/24", "31.134.206.0 to 31.134.206.255 wider than the network"},
		{"31.134.206.140-31.134.206.150", "31.134.206.140 to 31.134.206.150 wider than the network"},
		{"10.1.2.3", "10.1.2.3 an address of a private network"},
		{"100.64.0.9", "100.64.0.9 an address that a provider shares"},
		{"IPv6:2001:db8::25", "2001:db8::25 an IPv6 address; the network has IPv4 addresses only"},
		{"::1", "::1 an IPv6 address"},
		{"31.134.206.300", "31.134.206.300: no address, though it looks like one"},
		{"31.134.206", "31.134.206: no address, though it looks like one"},
		{"31.134.206.143-31.134.206.128", "31.134.206.143-31.134.206.128: no range"},
		{"31.134.206.128/33", "31.134.206.128/33: no address, though it looks like one"},
		{"acme.example", "acme.example: no address"},
		{"", ": no address"},
		{
			"Received: from x (31.134.206.140) by AM.outlook.example (15.20.8114.30) with Microsoft SMTP Server id 15.20.1.2; Tue, 24 Nov 2026 12:29:45 +0000",
			"31.134.206.140 inside",
		},
	} {
		var got []string
		for _, p := range FindAddresses(network, tt.in) {
			text := p.From.String()
			switch {
			case !p.From.IsValid():
				text = p.Text + ":"
			case p.From != p.To:
				text += " to " + p.To.String()
			}
			if p.Inside {
				p.Why = "inside"
			}
			got = append(got, text+" "+p.Why)
		}
		if all := strings.Join(got, "|"); !strings.HasPrefix(all, tt.want) || strings.Count(all, "|") != strings.Count(tt.want, "|") {
			t.Errorf("%q: %q, want %q", tt.in, all, tt.want)
		}
	}
	six := netip.MustParsePrefix("2001:db8::/125")
	for in, inside := range map[string]bool{"2001:db8::7": true, "2001:db8::8": false, "192.0.2.1": false, "2001:db8::/126": true} {
		if p := FindAddresses(six, in); len(p) != 1 || p[0].Inside != inside {
			t.Errorf("%s: %+v", in, p)
		}
	}
	if n := len(FindAddresses(network, strings.Repeat("192.0.2.1 ", 5000), "192.0.2.2")); n > maxPasted {
		t.Errorf("%d addresses are taken", n)
	}
}

func FuzzFindAddresses(f *testing.F) {
	for _, s := range []string{"31.134.206.128-143", "[::ffff:31.134.206.130]:25", "2001:db8::/3", "-/:.", "1.2.3.4-::1"} {
		f.Add(s)
	}
	network := netip.MustParsePrefix("31.134.206.128/28")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range FindAddresses(network, text) {
			switch {
			case !p.Inside && p.Why == "":
				t.Errorf("%q is outside without a reason", p.Text)
			case p.Inside && (!network.Contains(p.From) || !network.Contains(p.To)):
				t.Errorf("%q is not inside", p.Text)
			}
		}
	})
}
