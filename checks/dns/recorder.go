package dns

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

var (
	_ Resolver    = (*Recorder)(nil)
	_ Asker       = (*Recorder)(nil)
	_ Unchecker   = (*Recorder)(nil)
	_ PublicAsker = (*Recorder)(nil)
)

// Recorder keeps the answers that pass through it, each question once: the
// evidence of an examination.
type Recorder struct {
	r       Resolver
	mu      sync.Mutex
	seen    map[key]bool
	answers []Answer
}

// NewRecorder makes a Recorder before r.
func NewRecorder(r Resolver) *Recorder { return &Recorder{r: r, seen: map[key]bool{}} }

// Lookup asks and keeps the answer.
func (r *Recorder) Lookup(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.keep(key{q: q}, r.r.Lookup(ctx, q))
}

// LookupUnchecked asks with checking disabled and keeps the answer.
func (r *Recorder) LookupUnchecked(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.keep(key{q: q, cd: true}, lookupUnchecked(ctx, r.r, q))
}

// AskServer asks one server and keeps the answer.
func (r *Recorder) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.keep(key{q: q, server: server}, askServer(ctx, r.r, server, q))
}

// AskPublic asks one recursive server and keeps the answer.
func (r *Recorder) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.keep(key{q: q, server: server, rd: true}, askPublic(ctx, r.r, server, q))
}

func (r *Recorder) keep(k key, a Answer) Answer {
	if kind, failed := a.Kind(); failed && kind == KindCancelled {
		return a // says nothing about DNS
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen[k] {
		r.seen[k] = true
		r.answers = append(r.answers, a)
	}
	return a
}

// Answers lists the answers, one to a question, in the order of arrival.
func (r *Recorder) Answers() []Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.answers)
}

// Queries is the number of different questions answered.
func (r *Recorder) Queries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answers)
}
