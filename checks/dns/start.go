package dns

import "context"

// Starter is a Resolver that can begin a question without waiting for its
// answer. To ask many at once it needs no goroutine for each: see All.
type Starter interface {
	Start(ctx context.Context, q Question) Pending
}

// Pending is a question that was begun. Several may wait for it. The zero value
// answers with Failed.
type Pending struct {
	known  *Answer       // nobody changes it: many may hold it
	cached bool          // known is Cached
	wait   func() Answer // else
}

// Wait returns the answer.
func (p *Pending) Wait() Answer {
	switch {
	case p.wait != nil:
		return p.wait()
	case p.known == nil:
		return Answer{}
	}
	a := *p.known
	a.Cached = a.Cached || p.cached
	return a
}

// Known says that the answer stands already.
func (p *Pending) Known() bool { return p.wait == nil }

// Start begins a question with any Resolver.
func Start(ctx context.Context, r Resolver, q Question) Pending {
	if s, ok := r.(Starter); ok {
		return s.Start(ctx, q)
	}
	return later(func() Answer { return r.Lookup(ctx, q) })
}

// later asks in a goroutine.
func later(ask func() Answer) Pending {
	var a Answer
	done := make(chan struct{})
	go func() {
		defer close(done)
		a = ask()
	}()
	return Pending{wait: func() Answer {
		<-done
		return a
	}}
}

// All asks questions side by side. The answers stand in the order of the
// questions.
func All(ctx context.Context, r Resolver, questions ...Question) []Answer {
	pending := make([]Pending, len(questions))
	for i, q := range questions {
		pending[i] = Start(ctx, r, q)
	}
	out := make([]Answer, len(questions))
	for i := range pending {
		out[i] = pending[i].Wait()
	}
	return out
}

// Batch asks questions side by side, each for a place of its own.
type Batch struct {
	ctx     context.Context
	r       Resolver
	pending []Pending
	places  []*Answer
}

// NewBatch makes an empty Batch that asks r.
func NewBatch(ctx context.Context, r Resolver) *Batch { return &Batch{ctx: ctx, r: r} }

// Ask begins a question whose answer comes to stand at place with Wait.
func (b *Batch) Ask(place *Answer, q Question) {
	b.pending = append(b.pending, Start(b.ctx, b.r, q))
	b.places = append(b.places, place)
}

// Wait waits for all questions asked so far.
func (b *Batch) Wait() {
	for i := range b.pending {
		*b.places[i] = b.pending[i].Wait()
	}
	b.pending, b.places = b.pending[:0], b.places[:0]
}
