package dns_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// source is a Resolver that counts what it is asked. Each name answers with the
// TTL that is given for it, "fails" not at all, "large" with a large message.
type source struct {
	asked atomic.Int64
	ttl   time.Duration
	took  time.Duration
}

func (s *source) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	s.asked.Add(1)
	select {
	case <-time.After(s.took):
	case <-ctx.Done():
		return dns.Answer{Question: q, Err: &dns.Error{Kind: dns.KindCancelled}}
	}
	if q.Name == "fails.example" {
		return dns.Answer{Question: q, Err: &dns.Error{Kind: dns.KindServFail}}
	}
	a := dns.Answer{Question: q, Status: dns.Empty, TTL: s.ttl}
	if q.Name == "large.example" {
		a.Size = 1 << 15
	}
	return a
}

func TestSharedRespectsTTL(t *testing.T) {
	for _, tt := range []struct {
		name string
		ttl  time.Duration
		wait time.Duration
		want int64 // questions for three look-ups, with wait between them
	}{
		{"a.example", time.Minute, 20 * time.Second, 1},
		{"a.example", time.Minute, 50 * time.Second, 2},
		{"a.example", time.Minute, time.Minute, 3},
		{"a.example", 0, 0, 3},
		{"a.example", 1000 * time.Hour, 40 * time.Minute, 2}, // nothing is kept for longer than an hour
		{"large.example", time.Hour, time.Second, 3},         // thousands of them would fill memory
		{"fails.example", time.Hour, time.Second, 1},
		{"fails.example", time.Hour, 10 * time.Second, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{ttl: tt.ttl}
			c := dns.NewShared(s, 100, time.Now)
			defer c.Close()
			for i := range 3 {
				asked := s.asked.Load()
				a := c.Lookup(t.Context(), dns.Ask(tt.name, dns.TypeTXT))
				if a.Cached != (s.asked.Load() == asked) {
					t.Errorf("%s, TTL %v, look-up %d: cached is %v", tt.name, tt.ttl, i, a.Cached)
				}
				time.Sleep(tt.wait)
			}
			if got := s.asked.Load(); got != tt.want {
				t.Errorf("%s, TTL %v, every %v: %d questions, want %d", tt.name, tt.ttl, tt.wait, got, tt.want)
			}
		})
	}
}

func TestSharedJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{took: time.Second}
		c := dns.NewShared(s, 100, time.Now)
		defer c.Close()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)) })
		}
		wg.Wait()
		if n := s.asked.Load(); n != 1 {
			t.Errorf("%d questions", n)
		}
	})
}

// TestSharedLeaderLeaves holds that who gives up takes nobody else's answer away.
func TestSharedLeaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{took: time.Minute, ttl: time.Hour}
		c := dns.NewShared(s, 100, time.Now)
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var first, second dns.Answer
		wg.Go(func() { first = c.Lookup(ctx, dns.Ask("a.example", dns.TypeTXT)) })
		synctest.Wait()
		wg.Go(func() { second = c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)) })
		synctest.Wait()
		cancel()
		wg.Wait()
		if kind, _ := first.Kind(); kind != dns.KindCancelled || second.Status != dns.Empty || s.asked.Load() != 2 {
			t.Errorf("%v, %v after %d questions", first.Reason(), second.Reason(), s.asked.Load())
		}
		ctx, cancel = context.WithCancel(t.Context())
		wg.Go(func() { second = c.Lookup(t.Context(), dns.Ask("b.example", dns.TypeTXT)) })
		synctest.Wait()
		wg.Go(func() { first = c.Lookup(ctx, dns.Ask("b.example", dns.TypeTXT)) })
		synctest.Wait()
		cancel()
		wg.Wait()
		if kind, _ := first.Kind(); kind != dns.KindCancelled || second.Status != dns.Empty || s.asked.Load() != 3 {
			t.Errorf("who waits leaves: %v, %v after %d questions", first.Reason(), second.Reason(), s.asked.Load())
		}
	})
}

// TestSharedIsBounded asks for far more names than are kept, and between them
// for one that all share: that one stays.
func TestSharedIsBounded(t *testing.T) {
	s := &source{ttl: time.Hour}
	c := dns.NewShared(s, 1000, time.Now)
	defer c.Close()
	const names = 20_000
	for i := range names {
		c.Lookup(t.Context(), dns.Ask(fmt.Sprintf("d%d.example", i), dns.TypeTXT))
		c.Lookup(t.Context(), dns.Ask("_spf.example", dns.TypeTXT))
	}
	if n := s.asked.Load(); n != names+1 {
		t.Errorf("%d questions for %d names", n, names+1)
	}
	if n := c.Kept(); n > 1000 {
		t.Errorf("%d answers are kept", n)
	}
}

func TestSteadyRecorder(t *testing.T) {
	s := &source{}
	r := dns.NewSteadyRecorder(s)
	for range 3 {
		r.Lookup(t.Context(), dns.Ask("A.example", dns.TypeTXT))
		r.Lookup(t.Context(), dns.Ask("fails.example", dns.TypeTXT))
	}
	if s.asked.Load() != 2 || len(r.Answers()) != 2 || r.Queries() != 2 {
		t.Errorf("%d questions, %d answers", s.asked.Load(), len(r.Answers()))
	}
}
