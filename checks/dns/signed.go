package dns

import (
	"context"
	"slices"
	"time"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// SignedAsker asks for the signatures too, with the DO bit (RFC 4035 section
// 3.2.1): Answer.Expires tells until when they hold.
type SignedAsker interface {
	LookupSigned(ctx context.Context, q Question) Answer
}

var (
	_ SignedAsker = (*Client)(nil)
	_ SignedAsker = (*Cache)(nil)
	_ SignedAsker = (*Shared)(nil)
	_ SignedAsker = (*Recorder)(nil)
	_ SignedAsker = (*Overlay)(nil)
	_ SignedAsker = (*Replay)(nil)
)

// LookupSigned is Lookup with the signatures of the answer.
func (c *Client) LookupSigned(ctx context.Context, q Question) Answer {
	a := c.lookup(ctx, q, wire.RD|wire.AD|wantSignatures)
	a.DO = true
	return a
}

// LookupSigned answers from the cache or asks.
func (c *Cache) LookupSigned(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return c.get(ctx, key{q: q, do: true}, func(ctx context.Context) Answer { return lookupSigned(ctx, c.r, q) })
}

// LookupSigned answers from the cache or asks.
func (s *Shared) LookupSigned(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	p := s.start(ctx, key{q: q, do: true}, func(ctx context.Context) Answer { return lookupSigned(ctx, s.r, q) })
	return p.Wait()
}

// LookupSigned asks and keeps the answer.
func (r *Recorder) LookupSigned(ctx context.Context, q Question) Answer {
	q = Ask(q.Name, q.Type)
	return r.get(key{q: q, do: true}, func() Answer { return lookupSigned(ctx, r.r, q) })
}

// LookupSigned answers as if the sets stood there, without signatures.
func (o *Overlay) LookupSigned(ctx context.Context, q Question) Answer {
	a := o.lookup(ctx, q, func(ctx context.Context, q Question) Answer { return lookupSigned(ctx, o.r, q) })
	a.DO = true
	return a
}

// LookupSigned returns the recorded answer.
func (r *Replay) LookupSigned(_ context.Context, q Question) Answer {
	return r.get(key{q: Ask(q.Name, q.Type), do: true})
}

func lookupSigned(ctx context.Context, r Resolver, q Question) Answer {
	if s, ok := r.(SignedAsker); ok {
		return s.LookupSigned(ctx, q)
	}
	return cannot(key{q: q, do: true})
}

// wantSignatures asks newWaiter for the DO bit. It is the reserved bit of the
// header, which is never sent.
const wantSignatures = 1 << 6

// doFlag is where the DO bit stands in an OPT record at the end of a message
// (RFC 6891 section 6.1.3).
func doFlag(packet []byte) *byte { return &packet[len(packet)-4] }

// typeRRSIG is the type of signatures (RFC 4034 section 3.1).
const typeRRSIG = 46

// signatures reads how long the answer's signatures hold. Of several over one
// set the last to expire counts, as one that holds is enough; of several sets
// the first, as all are needed.
func (m message) signatures(now time.Time) (began, ends time.Time) {
	type set struct {
		covers Type
		name   string
	}
	type span struct{ began, ends time.Time }
	sets := map[set]span{}
	for _, w := range m.answers {
		if w.Type != typeRRSIG || w.Next-w.Data < 18 {
			continue
		}
		name, _, err := wire.ReadName(m.data, w.NameAt, true)
		if err != nil {
			continue
		}
		d := m.data[w.Data:]
		at := func(i int) time.Time { // serial numbers (RFC 4034 section 3.1.5)
			v := uint32(d[i])<<24 | uint32(d[i+1])<<16 | uint32(d[i+2])<<8 | uint32(d[i+3])
			return time.Unix(now.Unix()+int64(int32(v-uint32(now.Unix()))), 0).UTC()
		}
		k := set{Type(uint16(d[0])<<8 | uint16(d[1])), name}
		if s := (span{at(12), at(8)}); s.ends.After(sets[k].ends) {
			sets[k] = s
		}
	}
	for _, s := range sets {
		if ends.IsZero() || s.ends.Before(ends) || s.ends.Equal(ends) && s.began.Before(began) {
			began, ends = s.began, s.ends
		}
	}
	return began, ends
}

// maxDelegated is the number of name servers that are read of a referral.
const maxDelegated = 20

// delegation names the servers to which a referral delegates exactly this name
// (RFC 1034 section 4.3.2), in alphabetical order: servers change theirs with
// each answer.
func (m message) delegation(name string) []string {
	var out []string
	for _, w := range m.referral {
		owner, _, err := wire.ReadName(m.data, w.NameAt, true)
		if err != nil || owner != name || len(out) == maxDelegated {
			continue
		}
		if r, err := m.record(w, name); err == nil {
			out = append(out, r.Host)
		}
	}
	slices.Sort(out)
	return out
}
