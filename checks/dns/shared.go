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
	_ Starter     = (*Shared)(nil)
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

	// Questions are asked by goroutines that stay: one that begins anew for
	// each has to let its stack grow each time.
	jobs chan job
	quit chan struct{}
}

// job is a question that somebody has to ask.
type job struct {
	ctx context.Context
	sh  *shard
	k   key
	f   *leader
	ask func(context.Context) Answer
}

const sharedShards = 64

// How long answers are kept that have no TTL of their own. Failures are kept
// for a moment (RFC 9520 section 3.2): domains that are examined together share
// dead servers.
const (
	keptFailure = 10 * time.Second
	keptAtMost  = time.Hour
)

// keptSize is the size of a message, in octets, up to which its answer is kept.
// Hardly one is larger, and thousands of them would fill memory.
const keptSize = 8192

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
	answer  *Answer // nobody changes it: who is given it holds it too
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
	s := &Shared{r: r, now: now, seed: maphash.MakeSeed(), jobs: make(chan job), quit: make(chan struct{})}
	for i := range s.shards {
		s.shards[i] = shard{at: map[key]*line{}, flying: map[key]*leader{}, limit: max(size/sharedShards, 1)}
	}
	return s
}

// Close ends the goroutines that ask. Nothing may be asked any more.
func (s *Shared) Close() { close(s.quit) }

// Lookup answers from the cache or asks.
func (s *Shared) Lookup(ctx context.Context, q Question) Answer {
	p := s.Start(ctx, q)
	return p.Wait()
}

// Start begins a question.
func (s *Shared) Start(ctx context.Context, q Question) Pending {
	q = Ask(q.Name, q.Type)
	return s.start(ctx, key{q: q}, func(ctx context.Context) Answer { return s.r.Lookup(ctx, q) })
}

// LookupUnchecked is Lookup with checking disabled.
func (s *Shared) LookupUnchecked(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	p := s.start(ctx, key{q: q, cd: true}, func(ctx context.Context) Answer { return lookupUnchecked(ctx, s.r, q) })
	return p.Wait()
}

// AskServer puts a question to one server, or answers from the cache.
func (s *Shared) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	p := s.start(ctx, key{q: q, server: server}, func(ctx context.Context) Answer { return askServer(ctx, s.r, server, q) })
	return p.Wait()
}

// AskPublic puts a question to one recursive server, or answers from the cache.
func (s *Shared) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	p := s.start(ctx, key{q: q, server: server, rd: true}, func(ctx context.Context) Answer { return askPublic(ctx, s.r, server, q) })
	return p.Wait()
}

// start answers from the cache, joins those who ask already, or has it asked.
func (s *Shared) start(ctx context.Context, k key, ask func(context.Context) Answer) Pending {
	sh := &s.shards[maphash.String(s.seed, k.q.Name)%sharedShards]
	sh.mu.Lock()
	if l, ok := sh.at[k]; ok && s.now().Before(l.expires) {
		l.used = true
		a := l.answer
		sh.mu.Unlock()
		return Pending{known: a, cached: true}
	}
	f, asked := sh.flying[k]
	if !asked {
		f = &leader{done: make(chan struct{})}
		sh.flying[k] = f
	}
	sh.mu.Unlock()
	if !asked {
		s.do(job{ctx, sh, k, f, ask})
	}
	return Pending{wait: func() Answer {
		select {
		case <-f.done:
			if f.gone && ctx.Err() == nil { // who asked gave up
				p := s.start(ctx, k, ask)
				return p.Wait()
			}
			a := f.answer
			a.Cached = asked
			return a
		case <-ctx.Done():
			a := k.answer()
			a.fail(cancelled(ctx, ""))
			return a
		}
	}}
}

// do hands a job to a goroutine that has none, or to a new one.
func (s *Shared) do(j job) {
	select {
	case s.jobs <- j:
	default:
		go s.work(j)
	}
}

func (s *Shared) work(j job) {
	for {
		s.lead(j)
		select {
		case j = <-s.jobs:
		case <-s.quit:
			return
		}
	}
}

// lead asks, for all who wait.
func (s *Shared) lead(j job) {
	j.f.answer = j.ask(j.ctx)
	kind, failed := j.f.answer.Kind()
	j.f.gone = failed && kind == KindCancelled && j.ctx.Err() != nil
	keep := j.f.answer.keep()
	j.sh.mu.Lock()
	if keep > 0 && !j.f.gone {
		j.sh.put(&line{key: j.k, answer: &j.f.answer, expires: s.now().Add(keep)})
	}
	delete(j.sh.flying, j.k)
	j.sh.mu.Unlock()
	close(j.f.done)
}

// keep is how long an answer may be used again.
func (a Answer) keep() time.Duration {
	switch {
	case a.Status == Failed:
		return keptFailure
	case a.Size > keptSize:
		return 0
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
