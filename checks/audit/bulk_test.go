package audit_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/audit"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/transports"
)

// kept is the number of answers that runs of these tests keep.
const kept = 4096

// names is a list of n domains that takes no memory.
type names struct {
	n, next int
	rest    []byte
}

func (l *names) Read(p []byte) (int, error) {
	for len(l.rest) < len(p) && l.next < l.n {
		l.rest = append(l.rest, domain(l.next)+"\n"...)
		l.next++
	}
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.rest)
	l.rest = l.rest[:copy(l.rest, l.rest[n:])]
	return n, nil
}

// examine examines n domains over r as the command does.
func examine(t testing.TB, r dns.Resolver, n int, w io.Writer, o audit.Options) {
	t.Helper()
	cache := dns.NewShared(r, kept, time.Now)
	defer cache.Close()
	e := &checks.Examiner{Resolver: cache, Now: time.Now, Service: transports.DefaultService()}
	o.Concurrency = cmp.Or(o.Concurrency, 64)
	err := audit.Run(t.Context(), audit.NewList(&names{n: n}), func(ctx context.Context, entry audit.Entry) (checks.Report, error) {
		return e.Examine(ctx, checks.Target{Domain: entry.Domain}, nil), nil
	}, w, o)
	if err != nil {
		t.Fatal(err)
	}
}

func client(t testing.TB, s *nameserver.Server) *dns.Client {
	c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}, Timeout: 20 * time.Second})
	t.Cleanup(c.Close)
	return c
}

// verdicts are the lines of an output, reduced to what is said of each domain.
func verdicts(t *testing.T, out []byte) []string {
	t.Helper()
	var all []string
	for line := range bytes.Lines(out) {
		var r struct {
			Input, Verdict string
			Findings       []struct {
				Code       string
				SilencedBy string `json:"silenced_by"`
			}
			Paths []struct{ SPF, DMARC string }
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(r))
	}
	return all
}

// counter counts the questions that are passed on.
type counter struct {
	dns.Resolver
	mu    sync.Mutex
	asked map[dns.Question]bool
	all   int
}

func (c *counter) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	c.mu.Lock()
	c.asked[q] = true
	c.all++
	c.mu.Unlock()
	return c.Resolver.Lookup(ctx, q)
}

// TestLossChangesNothing holds that what is said does not depend on the line to
// the name server, and that without losses next to nothing is asked twice: on a
// busy machine some answers come late.
func TestLossChangesNothing(t *testing.T) {
	const n = 220
	var want []string
	for _, loss := range []float64{0, 0.01, 0.05} {
		s := serve(t, n, nameserver.Options{Behaviour: nameserver.Behaviour{Loss: loss}, Seed: 3})
		c := client(t, s)
		var out bytes.Buffer
		counted := &counter{Resolver: c, asked: map[dns.Question]bool{}}
		examine(t, counted, n, &out, audit.Options{Strained: c.Strained})
		got := verdicts(t, out.Bytes())
		if loss == 0 {
			want = got
			if len(got) != n {
				t.Fatalf("%d reports", len(got))
			}
			// Not on the wire: a busy machine answers so late that the client repeats.
			if asked, distinct := counted.all, len(counted.asked); float64(asked) > 1.1*float64(distinct) {
				t.Errorf("%d questions, %d different ones", asked, distinct)
			}
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("loss %g: %s\nwithout: %s", loss, got[i], want[i])
			}
		}
	}
	if !strings.Contains(want[0], "suite") && !strings.Contains(want[3], "warning") {
		t.Errorf("the sound domain: %s", want[3])
	}
}

// TestMemoryStaysFlat holds that the memory in use does not grow with the list.
// What is under way at a moment comes and goes: the least of several looks
// counts.
func TestMemoryStaysFlat(t *testing.T) {
	inUse := func(n int) uint64 {
		least, done := uint64(math.MaxUint64), 0
		examine(t, newMemory(), n, io.Discard, audit.Options{Concurrency: 8, Done: func(audit.Result) {
			if done++; done%(n/16) != 0 || done < n/2 {
				return
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			least = min(least, m.HeapAlloc)
		}})
		return least
	}
	few, many := inUse(600), inUse(2400)
	if float64(many) > 1.3*float64(few) {
		t.Errorf("600 domains: %d octets in use, 2,400: %d", few, many)
	}
}

// BenchmarkAudit examines a generated world on a name server in the same
// process: domains a second, questions a domain, and how often a question was
// sent for nothing.
func BenchmarkAudit(b *testing.B) {
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		for _, n := range []int{1000, 10_000} {
			b.Run(fmt.Sprintf("delay=%v/domains=%d", delay, n), func(b *testing.B) {
				s := serve(b, n, nameserver.Options{Behaviour: nameserver.Behaviour{Delay: delay}})
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					c := client(b, s)
					examine(b, c, n, io.Discard, audit.Options{Strained: c.Strained})
				}
				b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "domains/s")
				b.ReportMetric(float64(s.Queries())/float64(b.N)/float64(n), "questions/domain")
				b.ReportMetric(float64(s.Queries())/float64(b.N)/float64(s.Distinct()), "sent/distinct")
			})
		}
	}
}
