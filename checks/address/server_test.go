package address

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// TestServers holds that servers that stall, refuse or fail make unknown what
// they were asked, and nothing else.
func TestServers(t *testing.T) {
	for name, b := range map[string]nameserver.Behaviour{
		"stalls":  {Drop: true, Below: true},
		"refuses": {Rcode: nameserver.Refused, Below: true},
		"fails":   {Rcode: nameserver.ServFail, Below: true},
	} {
		for _, where := range []string{"", "in-addr.arpa", "relay.example", "list.example"} {
			z := nameserver.NewZone()
			z.SOA("", 0)
			z.PTR(addrs("192.0.2.25")[0], "out25.relay.example")
			z.A("out25.relay.example", "192.0.2.25")
			z.A("2.0.0.127.list.example", "127.0.0.2")
			z.Behave(where, b)
			s, err := nameserver.Serve(z, nameserver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}, Timeout: 200 * time.Millisecond})
			r := look(t, c, list, "192.0.2.25")
			c.Close()
			s.Close()
			for _, code := range codes(Findings(Input{Result: r})) {
				if code != "ip.unreadable" {
					t.Errorf("%q %s: raises %s", where, name, code)
				}
			}
			if got := len(codes(Findings(Input{Result: r}))); got == 0 {
				t.Errorf("%q %s: nothing is unknown", where, name)
			}
			if l := r.Addresses[0].Listings[0]; l.State == Listed || strings.HasPrefix(where, "list") && l.State != Unsaid {
				t.Errorf("%q %s: the list says %s", where, name, l.State)
			}
		}
	}
}
