package propagation

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// Place is where the record stands that is waited for.
type Place struct {
	Zone     string
	Servers  []Server
	Negative time.Duration // how long the zone lets caches keep "there is none"; 0: not known
	Problem  string        // why the servers are not known
}

// Watch asks the authoritative servers of a zone, and resolvers, until a record
// stands at all of the former.
type Watch struct {
	Asker    dns.Asker
	Resolver dns.Resolver // follows a CNAME that leads out of the zone

	Question  dns.Question
	Find      func(ctx context.Context) Place
	Resolvers []netip.AddrPort

	// Own are resolvers that were named by hand. One at the address of an
	// authoritative server is that server, whatever its port.
	Own []netip.AddrPort

	// Expect judges a usable answer.
	Expect func(ctx context.Context, a dns.Answer) Opinion

	// Hint looks for the nearest mistake at a server that has no such record, or
	// another one in its place; nil: nobody looks.
	Hint func(ctx context.Context, server netip.AddrPort, a dns.Answer) string

	Now    func() time.Time
	Sleep  func(ctx context.Context, d time.Duration) error // nil: by the clock of the machine
	Jitter func(d time.Duration) time.Duration              // nil: up to a tenth more or less

	First, Most time.Duration // between two looks: at first, and at most; 0: 5 s and 30 s
	Once        bool
}

const (
	firstPause   = 5 * time.Second
	mostPause    = 30 * time.Second
	refind       = 10 * time.Minute // until the servers of the zone are looked up again
	askAgain     = time.Minute      // a resolver whose answer has no time, and at most for a hint
	lagLooks     = 5                // until a server that does not follow the others is named
	leastAgain   = 10 * time.Second // a resolver whose TTL is shorter than is polite
	maxAddresses = 8                // of one server: a hostile zone has hundreds
)

// watching is a Watch under way.
type watching struct {
	Watch
	place     Place
	found     time.Time
	resolvers []View
	due       []time.Time // when a resolver may be asked again; zero: not
	servers   map[netip.AddrPort]View
	caches    time.Time
	hint      string
	hinted    time.Time
	hintAfter time.Duration // until it is looked for again
	lag       int           // looks at which some servers had it, and others not
}

// Run looks until the record is published or ctx ends, and returns the last
// report. It tells emit each look; changed says that something differs from
// the look before. What an end of ctx cuts off tells nothing and is dropped.
func (w Watch) Run(ctx context.Context, emit func(r Report, changed bool)) Report {
	s := &watching{Watch: w, servers: map[netip.AddrPort]View{}}
	s.Question = dns.Ask(w.Question.Name, w.Question.Type)
	for _, p := range w.Resolvers {
		if !slices.ContainsFunc(s.resolvers, func(v View) bool { return v.Addr == p }) {
			s.resolvers = append(s.resolvers, View{Addr: p, State: Unreachable})
		}
	}
	s.due = make([]time.Time, len(s.resolvers))
	if s.Jitter == nil {
		s.Jitter = func(d time.Duration) time.Duration { return d + time.Duration((rand.Float64()-0.5)/5*float64(d)) }
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	pause, most := w.First, w.Most
	if pause <= 0 {
		pause = firstPause
	}
	if most <= 0 {
		most = mostPause
	}
	s.hintAfter = min(2*pause, askAgain)
	var last Report
	for round := 1; ; round++ {
		r := s.look(ctx, round)
		if ctx.Err() != nil && round > 1 {
			last.Next = 0
			return last
		}
		over := r.Published || s.Once || ctx.Err() != nil
		if !over {
			r.Next = before(ctx, s.Jitter(pause))
		}
		emit(r, round == 1 || !r.Same(last))
		last = r
		if over || s.Sleep(ctx, r.Next) != nil {
			last.Next = 0
			return last
		}
		pause = min(2*pause, max(most, w.First))
	}
}

// before shortens a pause that would go over the deadline, so that the last
// look is taken shortly before it.
func before(ctx context.Context, pause time.Duration) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return pause
	}
	const last = time.Second
	if left := time.Until(end); left > 2*last && left < pause+last {
		return left - last
	}
	return pause
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look is one round.
func (s *watching) look(ctx context.Context, round int) Report {
	var first func()
	if round == 1 { // what caches have now; later the servers come first
		first = s.askResolvers(ctx, true)
	}
	s.find(ctx)
	r := Report{Question: s.Question, Zone: s.place.Zone, Problem: s.place.Problem, Round: round}
	r.Servers = s.lookAtServers(ctx)
	r.Published = Published(r.Servers)
	switch {
	case first != nil:
		first()
	case slices.ContainsFunc(r.Servers, correct):
		// Before one has it, a question would only put the old answer into the
		// cache anew.
		s.askResolvers(ctx, false)()
	}
	r.Resolvers = slices.Clone(s.resolvers)
	r.Hint = s.lookForHint(ctx, r.Servers)
	r.Caches, r.At = s.caches, s.Now()
	return r
}

// find looks up the servers of the zone, again after a while: they may change
// while somebody waits.
func (s *watching) find(ctx context.Context) {
	if len(s.place.Servers) > 0 && s.Now().Sub(s.found) < refind {
		return
	}
	if p := s.Find(ctx); len(p.Servers) > 0 || len(s.place.Servers) == 0 {
		s.place = p
	}
	s.found = s.Now()
}

// at is where a server is asked.
func (s *watching) at(addr netip.Addr) netip.AddrPort {
	addr = addr.Unmap()
	for _, own := range s.Own {
		if own.Addr().Unmap() == addr {
			return own
		}
	}
	return netip.AddrPortFrom(addr, dns.Port)
}

// lookAtServers asks each address of each server.
func (s *watching) lookAtServers(ctx context.Context) []ServerView {
	var wg sync.WaitGroup
	views := make([][]View, len(s.place.Servers))
	for i, server := range s.place.Servers {
		addrs := server.Addrs[:min(len(server.Addrs), maxAddresses)]
		views[i] = make([]View, len(addrs))
		for j, addr := range addrs {
			wg.Go(func() {
				to := s.at(addr)
				a := s.follow(ctx, s.Asker.AskServer(ctx, to, s.Question).Authoritative())
				views[i][j] = s.judge(ctx, to, a)
			})
		}
	}
	wg.Wait()
	out := make([]ServerView, 0, len(views))
	for i, server := range s.place.Servers {
		for j, v := range views[i] {
			if old, known := s.servers[v.Addr]; known && cancelled(v.Answer) {
				views[i][j] = old
				continue
			}
			s.servers[v.Addr] = v
			if v.State == Missing || v.State == Wrong {
				if t := Until(v.Answer, s.place.Negative); t.After(s.caches) {
					s.caches = t
				}
			}
		}
		out = append(out, Total(server.Name, views[i]))
	}
	if slices.ContainsFunc(out, func(v ServerView) bool { return v.State != Unreachable }) {
		return out
	}
	return s.standIn(ctx, out)
}

// standIn adds a resolver named by hand that speaks about the zone with
// authority, where nobody else does who can be reached from here: it is the one
// server of the zone that can be looked at.
func (s *watching) standIn(ctx context.Context, servers []ServerView) []ServerView {
	if len(servers) == 0 {
		return servers
	}
	for _, own := range s.Own {
		a := s.Asker.AskServer(ctx, own, s.Question)
		if !a.AA || a.Status == dns.Failed {
			continue
		}
		for i := range servers {
			servers[i].Apart = true
		}
		return append(servers, Total(own.String(), []View{s.judge(ctx, own, a)}))
	}
	return servers
}

// askResolvers asks those that may have something new; the function that it
// returns waits for the answers and takes them over.
func (s *watching) askResolvers(ctx context.Context, all bool) func() {
	var wg sync.WaitGroup
	now, views := s.Now(), make([]View, len(s.resolvers))
	for i := range s.resolvers {
		if !all && (s.due[i].IsZero() || now.Before(s.due[i])) {
			continue
		}
		to := s.resolvers[i].Addr
		wg.Go(func() { views[i] = s.judge(ctx, to, askPublic(ctx, s.Asker, to, s.Question)) })
	}
	return func() {
		wg.Wait()
		for i, v := range views {
			if v.State != "" && (all || !cancelled(v.Answer)) {
				s.resolvers[i], s.due[i] = s.held(v)
			}
		}
	}
}

// held adds how long a resolver keeps its answer, and says when to ask again.
func (s *watching) held(v View) (View, time.Time) {
	now := s.Now()
	switch v.State {
	case Correct:
		return v, time.Time{}
	case Missing, Wrong:
		v.Until = Until(v.Answer, s.place.Negative)
	}
	if v.Until.IsZero() {
		return v, now.Add(askAgain)
	}
	if soon := now.Add(leastAgain); v.Until.Before(soon) {
		return v, soon
	}
	return v, v.Until.Add(time.Second)
}

// judge is Judge with the opinion of the subject.
func (s *watching) judge(ctx context.Context, addr netip.AddrPort, a dns.Answer) View {
	var o Opinion
	if a.Status != dns.Failed {
		o = s.Expect(ctx, a)
	}
	return Judge(addr, a, o)
}

// follow asks for the target of a CNAME that leads to a name which the server
// does not serve: what the CNAME stands for is what a receiver gets.
func (s *watching) follow(ctx context.Context, a dns.Answer) dns.Answer {
	kind, failed := a.Kind()
	if !failed || kind != dns.KindElsewhere || len(a.Chain) == 0 || s.Resolver == nil {
		return a
	}
	target := s.Resolver.Lookup(ctx, dns.Ask(a.Chain[len(a.Chain)-1], s.Question.Type))
	target.Question, target.Direct = a.Question, true
	target.Chain = append(slices.Clone(a.Chain), target.Chain...)
	return target
}

// lookForHint looks why a server does not have the record: soon at first, as
// somebody types it just now, and then less and less often.
func (s *watching) lookForHint(ctx context.Context, servers []ServerView) string {
	if slices.ContainsFunc(servers, correct) {
		return s.behind(servers)
	}
	s.lag = 0
	now := s.Now()
	for _, server := range servers {
		for _, v := range server.Views {
			if v.State != Missing && v.State != Wrong || s.Hint == nil || ctx.Err() != nil {
				continue
			}
			switch {
			case s.hinted.IsZero():
				s.hint, s.hinted = s.Hint(ctx, v.Addr, v.Answer), now
			case now.Sub(s.hinted) >= s.hintAfter:
				s.hint, s.hinted = s.Hint(ctx, v.Addr, v.Answer), now
				s.hintAfter = min(2*s.hintAfter, askAgain)
			}
			return s.hint
		}
	}
	return ""
}

// behind names a server that does not take over what another one has, after
// time enough for it.
func (s *watching) behind(servers []ServerView) string {
	late := slices.IndexFunc(servers, func(v ServerView) bool { return !v.Apart && (v.State == Missing || v.State == Wrong) })
	if late < 0 {
		s.lag = 0
		return ""
	}
	if s.lag++; s.lag <= lagLooks {
		return "" // it is on its way
	}
	has := slices.IndexFunc(servers, correct)
	return servers[has].Name + " has it, and " + servers[late].Name + " does not take it over: if that lasts, the DNS provider has to mend it"
}

func correct(s ServerView) bool { return s.State == Correct }

func cancelled(a dns.Answer) bool {
	kind, failed := a.Kind()
	return failed && kind == dns.KindCancelled
}
