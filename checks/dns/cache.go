package dns

import (
	"context"
	"net/netip"
	"sync"
)

var (
	_ Resolver    = (*Cache)(nil)
	_ Asker       = (*Cache)(nil)
	_ Unchecker   = (*Cache)(nil)
	_ PublicAsker = (*Cache)(nil)
)

// key tells different questions apart: the same one may be asked of a certain
// server, or without checking.
type key struct {
	q      Question
	server netip.AddrPort
	rd     bool // with server: with recursion
	cd     bool
	do     bool
}

// answer is an Answer that says nothing yet.
func (k key) answer() Answer {
	a := Answer{Question: k.q, CD: k.cd, DO: k.do}
	if k.server.IsValid() {
		a.Direct, a.Public, a.Server = !k.rd, k.rd, k.server.String()
	}
	return a
}

// Cache asks each question once in a run and joins those who ask the same at
// the same time. A failure is kept too. TTLs do not count: a run is short, and
// it must not contradict itself.
type Cache struct {
	r  Resolver
	mu sync.Mutex
	at map[key]*flight
}

// flight is a question that was asked or is being asked.
type flight struct {
	done    chan struct{} // closed when answer stands
	answer  Answer
	waiters int
	cancel  context.CancelFunc
}

// NewCache makes an empty Cache before r.
func NewCache(r Resolver) *Cache { return &Cache{r: r, at: map[key]*flight{}} }

// Forget empties the cache. Questions under way still answer who waits.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = map[key]*flight{}
}

// Lookup answers from the cache or asks.
func (c *Cache) Lookup(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return c.get(ctx, key{q: q}, func(ctx context.Context) Answer { return c.r.Lookup(ctx, q) })
}

// LookupUnchecked is Lookup with checking disabled.
func (c *Cache) LookupUnchecked(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return c.get(ctx, key{q: q, cd: true}, func(ctx context.Context) Answer { return lookupUnchecked(ctx, c.r, q) })
}

// AskServer puts a question to one server, once in a run.
func (c *Cache) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return c.get(ctx, key{q: q, server: server}, func(ctx context.Context) Answer { return askServer(ctx, c.r, server, q) })
}

// AskPublic puts a question to one recursive server, once in a run.
func (c *Cache) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return c.get(ctx, key{q: q, server: server, rd: true}, func(ctx context.Context) Answer { return askPublic(ctx, c.r, server, q) })
}

func (c *Cache) get(ctx context.Context, k key, ask func(context.Context) Answer) Answer {
	c.mu.Lock()
	f, known := c.at[k]
	if !known {
		// The question lives as long as somebody waits for it, whoever began.
		run, cancel := context.WithCancel(context.WithoutCancel(ctx))
		f = &flight{done: make(chan struct{}), cancel: cancel}
		c.at[k] = f
		go c.fly(run, f, ask)
	}
	f.waiters++
	c.mu.Unlock()
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			return c.abandon(ctx, k, f)
		}
	}
	a := f.answer
	a.Cached = known
	return a
}

func (c *Cache) fly(ctx context.Context, f *flight, ask func(context.Context) Answer) {
	defer f.cancel()
	f.answer = ask(ctx)
	close(f.done)
}

// abandon is what a caller gets who does not wait. The last one to leave ends
// the question, which may then be asked again.
func (c *Cache) abandon(ctx context.Context, k key, f *flight) Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiters--
	if f.waiters == 0 {
		f.cancel()
		if c.at[k] == f {
			delete(c.at, k)
		}
	}
	a := k.answer()
	a.fail(cancelled(ctx, ""))
	return a
}

// askServer, askPublic and lookupUnchecked reach through layers to one that can.
func askServer(ctx context.Context, r Resolver, server netip.AddrPort, q Question) Answer {
	if as, ok := r.(Asker); ok {
		return as.AskServer(ctx, server, q)
	}
	return cannot(key{q: q, server: server})
}

func askPublic(ctx context.Context, r Resolver, server netip.AddrPort, q Question) Answer {
	if as, ok := r.(PublicAsker); ok {
		return as.AskPublic(ctx, server, q)
	}
	return cannot(key{q: q, server: server, rd: true})
}

func lookupUnchecked(ctx context.Context, r Resolver, q Question) Answer {
	if u, ok := r.(Unchecker); ok {
		return u.LookupUnchecked(ctx, q)
	}
	return cannot(key{q: q, cd: true})
}

func cannot(k key) Answer {
	a := k.answer()
	a.fail(&Error{Kind: KindNotRecorded, Server: a.Server})
	return a
}
