package dns_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// TestVisitsAreFew asks one server for more than it should get at a time, and
// many servers one after the other.
func TestVisitsAreFew(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("*.example", "x")
	s := serve(t, z, nameserver.Options{Behaviour: nameserver.Behaviour{Delay: 5 * time.Millisecond}})
	c := client(t, dns.Config{}, s)
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			name := string(rune('a'+i%26)) + ".example"
			if a := c.AskServer(t.Context(), s.Addr, dns.Ask(name, dns.TypeTXT)); a.Status != dns.Found || !a.Direct {
				t.Error(a.Reason())
			}
		})
	}
	wg.Wait()
	// On a busy machine repetitions come on top.
	if most := s.MostOpen(); most > 4*dns.PerServer {
		t.Errorf("%d questions at one server at a time", most)
	}
	for i := range 300 {
		server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(i / 250), byte(i%250 + 1)}), 1)
		if a := c.AskServer(t.Context(), server, dns.Ask("a.example", dns.TypeTXT)); a.Status != dns.Failed {
			t.Errorf("%s answers", server)
		}
	}
	if n := c.Visits(); n > dns.MaxVisits {
		t.Errorf("%d servers are kept in mind", n)
	}
}
