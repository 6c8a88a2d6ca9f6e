package dns_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// BenchmarkLookup measures questions a second, with the server on the same
// processors.
func BenchmarkLookup(b *testing.B) {
	z := nameserver.NewZone()
	z.TXT("*.example", "v=spf1 include:_spf.clockwise.info -all")
	s := serve(b, z, nameserver.Options{})
	c := client(b, dns.Config{}, s)
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("n%d.example", i)
	}
	b.ReportAllocs()
	b.SetParallelism(200)
	var i atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			q := dns.Question{Name: names[i.Add(1)%1000], Type: dns.TypeTXT}
			if a := c.Lookup(b.Context(), q); a.Status != dns.Found {
				b.Error(a.Reason())
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
	b.ReportMetric(float64(s.Queries())/float64(b.N), "sent/question")
}

// BenchmarkLatency measures the wait at a round trip of 20 ms with a loss of 1
// in 100, in round trips.
func BenchmarkLatency(b *testing.B) {
	const rtt = 20 * time.Millisecond
	z := nameserver.NewZone()
	z.TXT("*.example", "x")
	s := serve(b, z, nameserver.Options{Behaviour: nameserver.Behaviour{Delay: rtt, Loss: 0.01}, Seed: 7})
	c := client(b, dns.Config{}, s)
	var mu sync.Mutex
	var took []time.Duration
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a := c.Lookup(b.Context(), dns.Ask("a.example", dns.TypeTXT))
			mu.Lock()
			took = append(took, a.Took)
			mu.Unlock()
		}
	})
	slices.Sort(took)
	for _, p := range []int{50, 95, 99} {
		b.ReportMetric(float64(took[len(took)*p/100])/float64(rtt), fmt.Sprintf("p%d-rtts", p))
	}
}
