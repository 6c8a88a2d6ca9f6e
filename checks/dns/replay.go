package dns

import (
	"context"
	"net/netip"
)

var (
	_ Resolver    = (*Replay)(nil)
	_ Asker       = (*Replay)(nil)
	_ Unchecker   = (*Replay)(nil)
	_ PublicAsker = (*Replay)(nil)
)

// Replay answers from recorded answers and touches no network. What was not
// recorded is Failed.
type Replay struct{ answers map[key]Answer }

// NewReplay makes a Replay. Of several answers to a question the first counts.
func NewReplay(answers []Answer) *Replay {
	r := &Replay{map[key]Answer{}}
	for _, a := range answers {
		k := key{q: Ask(a.Question.Name, a.Question.Type), cd: a.CD, do: a.DO}
		if k.rd = a.Public; a.Direct || a.Public {
			k.server, _ = netip.ParseAddrPort(a.Server)
		}
		if _, ok := r.answers[k]; !ok {
			r.answers[k] = a
		}
	}
	return r
}

// Lookup returns the recorded answer.
func (r *Replay) Lookup(_ context.Context, q Question) Answer {
	return r.get(key{q: Ask(q.Name, q.Type)})
}

// LookupUnchecked returns the recorded answer to the question without checking.
func (r *Replay) LookupUnchecked(_ context.Context, q Question) Answer {
	return r.get(key{q: Ask(q.Name, q.Type), cd: true})
}

// AskServer returns the recorded answer of a server.
func (r *Replay) AskServer(_ context.Context, server netip.AddrPort, q Question) Answer {
	return r.get(key{q: Ask(q.Name, q.Type), server: server})
}

// AskPublic returns the recorded answer of a recursive server.
func (r *Replay) AskPublic(_ context.Context, server netip.AddrPort, q Question) Answer {
	return r.get(key{q: Ask(q.Name, q.Type), server: server, rd: true})
}

func (r *Replay) get(k key) Answer {
	if a, ok := r.answers[k]; ok {
		return a
	}
	if a, ok := impossible(k.q); ok {
		return a
	}
	return cannot(k)
}
