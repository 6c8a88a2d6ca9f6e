package dns

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

var (
	_ Resolver    = (*Shared)(nil)
	_ Asker       = (*Shared)(nil)
	_ Unchecker   = (*Shared)(nil)
	_ PublicAsker = (*Shared)(nil)
)

// Shared is the cache of a long run over many domains. It keeps at most a given
// number of answers, each no longer than its TTL allows, and joins those who
// ask the same at the same time. A Cache, which serves one short run, forgets
// nothing instead.
type Shared struct {
	r      Resolver
	now    func() time.Time
	seed   maphash.Seed
	shards [sharedShards]shard
}

const sharedShards = 64

// How long answers are kept that have no TTL of their own. Failures are kept
// for a moment (RFC 9520 section 3.2): domains that are examined together share
// dead servers.
const (
	keptFailure = 10 * time.Second
	keptAtMost  = time.Hour
)

// shard is a part of the cache with a lock of its own. What is thrown out is
// found by a hand that goes round and spares, once, what was used since it came
// by last: names that all domains share stay, names of one domain go.
type shard struct {
	mu     sync.Mutex
	at     map[key]*line
	ring   []*line
	hand   int
	limit  int
	flying map[key]*leader
}

// line is an answer that is kept.
type line struct {
	key     key
	answer  Answer
	expires time.Time
	used    bool
}

// leader is a question under way, asked by the first who wanted to know.
type leader struct {
	done   chan struct{}
	answer Answer
	gone   bool // who asked gave up: somebody else has to ask
}

// NewShared makes an empty Shared of size answers before r; now is the clock.
func NewShared(r Resolver, size int, now func() time.Time) *Shared {
	s := &Shared{r: r, now: now, seed: maphash.MakeSeed()}
	for i := range s.shards {
		s.shards[i] = shard{at: map[key]*line{}, flying: map[key]*leader{}, limit: max(size/sharedShards, 1)}
	}
	return s
}

// Lookup answers from the cache or asks.
func (s *Shared) Lookup(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return s.get(ctx, key{q: q}, func() Answer { return s.r.Lookup(ctx, q) })
}

// LookupUnchecked is Lookup with checking disabled.
func (s *Shared) LookupUnchecked(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return s.get(ctx, key{q: q, cd: true}, func() Answer { return lookupUnchecked(ctx, s.r, q) })
}

// AskServer puts a question to one server, or answers from the cache.
func (s *Shared) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return s.get(ctx, key{q: q, server: server}, func() Answer { return askServer(ctx, s.r, server, q) })
}

// AskPublic puts a question to one recursive server, or answers from the cache.
func (s *Shared) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return s.get(ctx, key{q: q, server: server, rd: true}, func() Answer { return askPublic(ctx, s.r, server, q) })
}

func (s *Shared) get(ctx context.Context, k key, ask func() Answer) Answer {
	sh := &s.shards[maphash.String(s.seed, k.q.Name)%sharedShards]
	for {
		sh.mu.Lock()
		if l, ok := sh.at[k]; ok && s.now().Before(l.expires) {
			l.used = true
			a := l.answer
			sh.mu.Unlock()
			a.Cached = true
			return a
		}
		f, asked := sh.flying[k]
		if !asked {
			f = &leader{done: make(chan struct{})}
			sh.flying[k] = f
			sh.mu.Unlock()
			return s.lead(ctx, sh, k, f, ask)
		}
		sh.mu.Unlock()
		select {
		case <-f.done:
			if f.gone {
				continue
			}
			a := f.answer
			a.Cached = true
			return a
		case <-ctx.Done():
			a := k.answer()
			a.fail(cancelled(ctx, ""))
			return a
		}
	}
}

// lead asks, for all who wait.
func (s *Shared) lead(ctx context.Context, sh *shard, k key, f *leader, ask func() Answer) Answer {
	f.answer = ask()
	kind, failed := f.answer.Kind()
	f.gone = failed && kind == KindCancelled && ctx.Err() != nil
	keep := f.answer.keep()
	sh.mu.Lock()
	if keep > 0 && !f.gone {
		sh.put(&line{key: k, answer: f.answer, expires: s.now().Add(keep)})
	}
	delete(sh.flying, k)
	sh.mu.Unlock()
	close(f.done)
	return f.answer
}

// keep is how long an answer may be used again.
func (a Answer) keep() time.Duration {
	if a.Status == Failed {
		return keptFailure
	}
	return min(a.TTL, keptAtMost)
}

// put keeps a line, in place of one that was not used for the longest time.
func (sh *shard) put(l *line) {
	if old, ok := sh.at[l.key]; ok {
		old.answer, old.expires = l.answer, l.expires
		return
	}
	sh.at[l.key] = l
	if len(sh.ring) < sh.limit {
		sh.ring = append(sh.ring, l)
		return
	}
	for sh.ring[sh.hand].used {
		sh.ring[sh.hand].used = false
		sh.hand = (sh.hand + 1) % len(sh.ring)
	}
	delete(sh.at, sh.ring[sh.hand].key)
	sh.ring[sh.hand] = l
	sh.hand = (sh.hand + 1) % len(sh.ring)
}
