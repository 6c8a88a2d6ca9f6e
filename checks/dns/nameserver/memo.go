package nameserver

import (
	"encoding/binary"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// maxMemo bounds what a cache holds; it begins anew there.
const maxMemo = 10_000

// memo is the cache of a server that plays a resolver.
type memo struct {
	mu sync.Mutex
	at map[dns.Question]kept
}

// kept is a reply with its time.
type kept struct {
	reply reply
	since time.Time
	ttl   time.Duration
}

// find answers from the cache, or from the zone.
func (s *Server) find(q query, follow bool) reply {
	if s.opts.Keep <= 0 {
		return s.zone.find(q.name, uint16(q.typ), follow)
	}
	now := s.now()
	k := dns.Question{Name: q.name, Type: q.typ}
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	if old, known := s.memo.at[k]; known && now.Sub(old.since) < old.ttl {
		return old.reply.aged(now.Sub(old.since))
	}
	r := s.zone.find(q.name, uint16(q.typ), follow).capped(s.opts.Keep)
	if s.memo.at == nil || len(s.memo.at) >= maxMemo {
		s.memo.at = map[dns.Question]kept{}
	}
	s.memo.at[k] = kept{r, now, r.ttl()}
	return r
}

func (s *Server) now() time.Time {
	if s.opts.Now != nil {
		return s.opts.Now()
	}
	return time.Now()
}

// capped is a reply as a cache takes it up: no TTL is longer than most, and
// that of a negative answer is the zone's own (RFC 2308 section 5).
func (r reply) capped(most time.Duration) reply {
	return r.each(func(a rr) uint32 {
		ttl := min(a.set.ttl, uint32(most/time.Second))
		if a.typ == uint16(dns.TypeSOA) && len(r.answers) == 0 {
			data := a.set.data[0]
			ttl = min(ttl, binary.BigEndian.Uint32(data[len(data)-4:]))
		}
		return ttl
	})
}

// aged is a reply that a cache has had for a while.
func (r reply) aged(since time.Duration) reply {
	return r.each(func(a rr) uint32 { return a.set.ttl - min(a.set.ttl, uint32(since/time.Second)) })
}

// each gives the records of a reply other TTLs. The sets of the zone stay as
// they are.
func (r reply) each(ttl func(rr) uint32) reply {
	with := func(a rr) rr {
		a.set = &set{ttl: ttl(a), data: a.set.data}
		return a
	}
	answers := make([]rr, len(r.answers))
	for i, a := range r.answers {
		answers[i] = with(a)
	}
	if r.soa != nil {
		soa := with(*r.soa)
		r.soa = &soa
	}
	r.answers = answers
	return r
}

// ttl is how long a reply may be kept: as long as the record of it that goes
// first.
func (r reply) ttl() time.Duration {
	least, known := uint32(0), false
	take := func(a rr) {
		if !known || a.set.ttl < least {
			least, known = a.set.ttl, true
		}
	}
	for _, a := range r.answers {
		take(a)
	}
	if r.soa != nil {
		take(*r.soa)
	}
	return time.Duration(least) * time.Second
}
