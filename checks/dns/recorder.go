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
	_ Starter     = (*Recorder)(nil)
)

// Recorder keeps the answers that pass through it, each question once: the
// evidence of an examination.
type Recorder struct {
	r       Resolver
	steady  bool
	mu      sync.Mutex
	seen    map[key]int // place in answers
	answers []Answer
}

// NewRecorder makes a Recorder before r.
func NewRecorder(r Resolver) *Recorder { return &Recorder{r: r, seen: map[key]int{}} }

// NewSteadyRecorder makes a Recorder that gives the same question the same
// answer, whatever r would say by now: an examination must not contradict
// itself where the TTL of an answer is short.
func NewSteadyRecorder(r Resolver) *Recorder {
	return &Recorder{r: r, seen: make(map[key]int, 32), answers: make([]Answer, 0, 32), steady: true}
}

// Lookup asks and keeps the answer.
func (r *Recorder) Lookup(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.get(key{q: q}, func() Answer { return r.r.Lookup(ctx, q) })
}

// LookupUnchecked asks with checking disabled and keeps the answer.
func (r *Recorder) LookupUnchecked(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.get(key{q: q, cd: true}, func() Answer { return lookupUnchecked(ctx, r.r, q) })
}

// AskServer asks one server and keeps the answer.
func (r *Recorder) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.get(key{q: q, server: server}, func() Answer { return askServer(ctx, r.r, server, q) })
}

// AskPublic asks one recursive server and keeps the answer.
func (r *Recorder) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.get(key{q: q, server: server, rd: true}, func() Answer { return askPublic(ctx, r.r, server, q) })
}

func (r *Recorder) get(k key, ask func() Answer) Answer {
	if r.steady {
		if a, ok := r.known(k); ok {
			return a
		}
	}
	return r.keep(k, ask())
}

// Start begins a question; its answer is kept when somebody waits for it.
func (r *Recorder) Start(ctx context.Context, q Question) Pending {
	q = Ask(q.Name, q.Type)
	k := key{q: q}
	if r.steady {
		if a := r.at(k); a != nil {
			return Pending{known: a}
		}
	}
	p := Start(ctx, r.r, q)
	if p.Known() {
		r.keep(k, p.Wait())
		if a := r.at(k); a != nil && r.steady {
			return Pending{known: a}
		}
		return p
	}
	return Pending{wait: func() Answer { return r.keep(k, p.wait()) }}
}

// keep keeps the first answer to each question.
func (r *Recorder) keep(k key, a Answer) Answer {
	if kind, failed := a.Kind(); failed && kind == KindCancelled {
		return a // says nothing about DNS
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i, seen := r.seen[k]
	switch {
	case !seen:
		r.seen[k] = len(r.answers)
		r.answers = append(r.answers, a)
	case r.steady:
		return r.answers[i]
	}
	return a
}

// Known is what was answered to a question already. It asks nothing; where
// nothing was answered it is Failed.
func (r *Recorder) Known(q Question) (Answer, bool) {
	q = Ask(q.Name, q.Type)
	if a, ok := r.known(key{q: q}); ok {
		return a, true
	}
	return Answer{Question: q}, false
}

func (r *Recorder) known(k key) (Answer, bool) {
	if a := r.at(k); a != nil {
		return *a, true
	}
	return Answer{}, false
}

// at is where the answer is kept; nil where none is. An answer that is kept does
// not change.
func (r *Recorder) at(k key) *Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, ok := r.seen[k]; ok {
		return &r.answers[i]
	}
	return nil
}

// Answers lists the answers, one to a question, in the order of arrival. The
// list may be read and appended to, not changed.
func (r *Recorder) Answers() []Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clip(r.answers) // what is kept later stands behind it
}

// Queries is the number of different questions answered.
func (r *Recorder) Queries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answers)
}
