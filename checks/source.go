package checks

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// followSource looks again at what a cache still has in an old version: the
// domain's own servers decide, caches only tell how far a change has come. It
// asks nothing where all say the same.
func (w *work) followSource(ctx context.Context) {
	now := map[dns.Question]dns.Answer{}
	for q, v := range w.views {
		source, ok := settled(v.Authoritative)
		if !ok {
			continue
		}
		cached := w.recorder.Lookup(ctx, q)
		if cached.Status == dns.Failed || alike(cached, source) {
			continue
		}
		now[q] = source
		cached.Public = true
		v.Public = append(v.Public, cached)
		w.views[q] = v
	}
	if len(now) == 0 {
		return
	}
	w.ask = fresher{w.recorder, now}
	var wg sync.WaitGroup
	for _, s := range steps {
		if s.published && s.apply(w.sending) {
			wg.Go(func() { s.look(w, ctx) })
		}
	}
	wg.Wait()
}

// settled is what a domain's servers say, where all that answer say the same.
func settled(answers []dns.Answer) (source dns.Answer, ok bool) {
	for _, a := range answers {
		switch {
		case a.Status == dns.Failed:
		case !ok:
			source, ok = a, true
		case !alike(a, source):
			return source, false
		}
	}
	return source, ok
}

// alike compares what answers mean; order and TTL do not matter.
func alike(a, b dns.Answer) bool { return slices.Equal(contents(a), contents(b)) }

func contents(a dns.Answer) []string {
	out := a.Texts()
	for _, r := range a.Records {
		if r.Type != dns.TypeTXT && r.Type != dns.TypeSPF {
			out = append(out, fmt.Sprint(r.Pref, " ", r.Host, r.Addr, r.Data))
		}
	}
	slices.Sort(out)
	return out
}

// fresher answers some questions from what it knows, and passes on the rest.
type fresher struct {
	dns.Resolver
	known map[dns.Question]dns.Answer
}

func (f fresher) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	if a, ok := f.known[dns.Ask(q.Name, q.Type)]; ok {
		return a
	}
	return f.Resolver.Lookup(ctx, q)
}
