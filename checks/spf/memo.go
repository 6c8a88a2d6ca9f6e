package spf

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"clockwise.info/cwmail/checks/dns"
)

// memo is a Resolver that asks each question once and keeps the parsed records
// beside the answers, so that sixteen evaluations and the tree share them.
type memo struct {
	r     dns.Resolver
	kept  *Parsed
	mu    sync.Mutex
	known map[dns.Question]*entry
}

type entry struct {
	pending dns.Pending

	parse   sync.Once
	answer  dns.Answer // of pending, with parse
	records []Record
}

func newMemo(r dns.Resolver, kept *Parsed) *memo {
	return &memo{r: r, kept: kept, known: map[dns.Question]*entry{}}
}

// Lookup asks, or waits for who asks already.
func (m *memo) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	return m.begin(ctx, q).pending.Wait()
}

// begin asks without waiting.
func (m *memo) begin(ctx context.Context, q dns.Question) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.known[q]
	if e == nil {
		e = &entry{pending: dns.Start(ctx, m.r, q)}
		m.known[q] = e
	}
	return e
}

// records are the SPF records of a domain (section 4.5), and the answer that they
// stand in.
func (m *memo) records(ctx context.Context, domain string) (*dns.Answer, []Record) {
	e := m.begin(ctx, dns.Ask(domain, dns.TypeTXT))
	a := e.pending.Wait() // not within Do: who waits there is not seen to wait
	e.parse.Do(func() {
		e.answer = a
		e.records = selectRecords(&e.answer, m.kept)
	})
	return &e.answer, e.records
}

// all asks side by side.
func (m *memo) all(ctx context.Context, qs ...dns.Question) []dns.Answer {
	out := make([]dns.Answer, len(qs))
	for _, q := range qs {
		m.begin(ctx, q)
	}
	for i, q := range qs {
		out[i] = m.Lookup(ctx, q)
	}
	return out
}

// Bounds of what is asked ahead of need and for the tree. A sound record needs
// at most ten look-ups, and each mx at most ten hosts; a hostile one may name
// hundreds.
const (
	maxAhead     = 256  // questions of one walk ahead
	maxQuestions = 256  // questions of one tree
	maxDepth     = 20   // records on top of each other in a tree
	maxNodes     = 5000 // terms in a tree
)

// ahead asks side by side for what a record may need. It only fills the memo:
// order, counts and results are those of whoever reads it.
type ahead struct {
	ctx  context.Context
	memo *memo
	x    *expander
	tree bool // for a tree and not for one client: both families, all terms

	// clients are those that a tree's domain is evaluated for: names with
	// their addresses in them are asked for each.
	clients []*expander

	left  atomic.Int64
	wg    sync.WaitGroup
	mu    sync.Mutex
	seen  map[string]bool
	begun []*entry
}

func (w *ahead) start(ctx context.Context, m *memo, x *expander, domain string, tree bool) {
	w.ctx, w.memo, w.x, w.tree, w.seen = ctx, m, x, tree, map[string]bool{}
	w.left.Store(maxAhead)
	w.follow(domain, 0)
}

// wait waits for all that was asked.
func (w *ahead) wait() {
	w.wg.Wait()
	for _, e := range w.begun {
		e.pending.Wait()
	}
}

// ask begins a question.
func (w *ahead) ask(name string, typ dns.Type) *entry {
	e := w.memo.begin(w.ctx, dns.Ask(name, typ))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun = append(w.begun, e)
	return e
}

// behind goes on behind an answer: at once where it is known.
func (w *ahead) behind(e *entry, next func()) {
	if e.pending.Known() {
		next()
		return
	}
	w.wg.Go(next)
}

// may takes one question from what is left.
func (w *ahead) may() bool { return w.ctx.Err() == nil && w.left.Add(-1) >= 0 }

// first says whether a domain was not walked yet.
func (w *ahead) first(domain string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	domain = lower(domain)
	if w.seen[domain] {
		return false
	}
	w.seen[domain] = true
	return true
}

// follow walks the record of a domain.
func (w *ahead) follow(domain string, depth int) {
	if depth > maxDepth || !validName(domain) || !w.first(domain) || !w.may() {
		return
	}
	w.behind(w.ask(domain, dns.TypeTXT), func() { w.domain(domain, depth) })
}

func (w *ahead) domain(domain string, depth int) {
	_, records := w.memo.records(w.ctx, domain)
	if len(records) != 1 || !w.tree && records[0].Err() != nil {
		return
	}
	rec := &records[0]
	all, cost := rec.All(), 0
	clients := w.clients // whom no address of this record has matched yet
	for i := range rec.Terms {
		t := &rec.Terms[i]
		active := all < 0 || i < all && t.Name != "redirect"
		if t.Name == "exp" && w.tree && t.Kind == Modifier {
			w.exp(t, domain)
		}
		if !w.tree && t.Network.IsValid() && t.Network.Contains(w.x.ip) {
			return // nothing behind it is asked
		}
		if t.Network.IsValid() && len(clients) > 0 {
			clients = slices.DeleteFunc(slices.Clone(clients), func(x *expander) bool { return t.Network.Contains(x.ip) })
		}
		if !t.CostsLookup() || t.Err != nil || !active && (!w.tree || depth > 0) {
			continue
		}
		if cost++; cost > MaxLookups && !w.tree {
			return
		}
		w.term(w.x, t, domain, depth, active)
		if active && (t.Name == "ptr" || w.x.dynamic(t)) {
			for _, x := range clients {
				w.term(x, t, domain, depth, active)
			}
		}
	}
}

// term asks for what a term needs, where x knows its name.
func (w *ahead) term(x *expander, t *Term, domain string, depth int, active bool) {
	switch {
	case x.dynamic(t):
	case t.Name == "include" || t.Name == "redirect":
		w.follow(x.target(t, domain), depth+1)
	case !active:
	case t.Name == "a":
		w.name(targetOf(x, t, domain), w.families()...)
	case t.Name == "exists":
		w.name(targetOf(x, t, domain), dns.TypeA)
	case t.Name == "mx":
		w.mx(targetOf(x, t, domain))
	case t.Name == "ptr" && x.ip.IsValid() && w.may():
		q := dns.Reverse(x.ip)
		w.ask(q.Name, q.Type)
	}
}

func (w *ahead) exp(t *Term, domain string) {
	if t.Err == nil && !w.x.dynamic(t) {
		w.name(w.x.target(t, domain), dns.TypeTXT)
	}
}

// families are the types of address that will be asked for.
func (w *ahead) families() []dns.Type {
	switch {
	case w.tree:
		return []dns.Type{dns.TypeA, dns.TypeAAAA}
	case w.x.ip.Is4():
		return []dns.Type{dns.TypeA}
	}
	return []dns.Type{dns.TypeAAAA}
}

func (w *ahead) name(name string, types ...dns.Type) {
	for _, typ := range types {
		if validName(name) && w.may() {
			w.ask(name, typ)
		}
	}
}

func (w *ahead) mx(target string) {
	if !validName(target) || !w.may() {
		return
	}
	e := w.ask(target, dns.TypeMX)
	w.behind(e, func() {
		a := e.pending.Wait()
		if len(a.Records) > MaxMX {
			return
		}
		for _, r := range a.Records {
			w.name(r.Host, w.families()...)
		}
	})
}

// targetOf is the name that a term asks: the domain itself where it has none.
func targetOf(x *expander, t *Term, domain string) string {
	if t.Domain == "" {
		return domain
	}
	return x.target(t, domain)
}

// dynamic says whether the name of a term needs what x does not know. %{p}
// needs the names of a client, which only an evaluation asks for.
func (x *expander) dynamic(t *Term) bool {
	for s := t.Domain; t.Macro; {
		i := 0
		for i < len(s) && s[i] != '%' {
			i++
		}
		if i == len(s) {
			return false
		}
		m, n, e := readMacro(s[i:], nameLetter)
		switch {
		case e != nil, m.letter == 'p':
			return true
		case m.letter == 'i', m.letter == 'v':
			if !x.ip.IsValid() {
				return true
			}
		case m.letter == 'h':
			if x.helo == "" {
				return true
			}
		case m.letter == 'l', m.letter == 's':
			if x.wide { // never asked: RFC 8616 section 4
				return true
			}
		}
		s = s[i+n:]
	}
	return false
}

// Parsed keeps records that were read, for many evaluations on the same
// domains, or on domains that include the same ones. It goes by the text alone
// and never outlives a change. The zero value is ready; it is safe for
// concurrent use. Who gets a record from it must not change it.
type Parsed struct {
	mu      sync.RWMutex
	records map[string][]Record // each alone in its slice, as most domains have it
}

// maxParsed bounds what is kept; beyond it, everything is forgotten.
const maxParsed = 4096

// parse is Parse, alone in a slice. Records of several strings are not kept:
// they have their boundaries to tell.
func (p *Parsed) parse(txt []string) []Record {
	if p == nil || len(txt) != 1 {
		return []Record{Parse(txt...)}
	}
	p.mu.RLock()
	r := p.records[txt[0]]
	p.mu.RUnlock()
	if r != nil {
		return r
	}
	r = []Record{Parse(txt...)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.records == nil || len(p.records) >= maxParsed {
		p.records = map[string][]Record{}
	}
	p.records[txt[0]] = r
	return r
}
