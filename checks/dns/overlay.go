package dns

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"
)

var (
	_ Resolver    = (*Overlay)(nil)
	_ Asker       = (*Overlay)(nil)
	_ Unchecker   = (*Overlay)(nil)
	_ PublicAsker = (*Overlay)(nil)
	_ Starter     = (*Overlay)(nil)
)

// WhatIf is the server of an answer that an Overlay makes.
const WhatIf = "what-if"

const overlayTTL = time.Hour

// Overlay answers as if some record sets stood in DNS, in place of what is
// there, and passes all other questions on.
type Overlay struct {
	r     Resolver
	sets  map[Question][]Record
	names map[string]bool // a set with records stands at the name, or below it
}

// NewOverlay makes an Overlay of sets over r. A value that cannot be read counts
// as a text in a TXT set and is left out of others; ParseSets tells of it.
func NewOverlay(r Resolver, sets []Set) *Overlay {
	o := &Overlay{r: r, sets: map[Question][]Record{}, names: map[string]bool{}}
	for _, s := range sets {
		q := Ask(s.Name, s.Type)
		records := o.sets[q]
		for _, v := range s.Values {
			rec, err := parseValue(q, v)
			if err != nil && (q.Type == TypeTXT || q.Type == TypeSPF) {
				rec, err = Record{Name: q.Name, Type: q.Type, TTL: overlayTTL, Strings: []string{v}}, nil
			}
			if err == nil {
				records = append(records, rec)
			}
		}
		o.sets[q] = records
		for n := q.Name; n != "" && len(records) > 0; _, n, _ = strings.Cut(n, ".") {
			o.names[n] = true
		}
	}
	return o
}

// Lookup answers from the sets where they matter, else from below.
func (o *Overlay) Lookup(ctx context.Context, q Question) Answer {
	if len(o.sets) == 0 {
		return o.r.Lookup(ctx, q)
	}
	return o.lookup(ctx, q, o.r.Lookup)
}

// Start begins a question.
func (o *Overlay) Start(ctx context.Context, q Question) Pending {
	if len(o.sets) == 0 {
		return Start(ctx, o.r, q)
	}
	return later(func() Answer { return o.Lookup(ctx, q) })
}

// LookupUnchecked is Lookup with checking disabled.
func (o *Overlay) LookupUnchecked(ctx context.Context, q Question) Answer {
	a := o.lookup(ctx, q, func(ctx context.Context, q Question) Answer { return lookupUnchecked(ctx, o.r, q) })
	a.CD = true
	return a
}

// AskServer answers as if the sets stood at every server.
func (o *Overlay) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	a := o.lookup(ctx, q, func(ctx context.Context, q Question) Answer { return askServer(ctx, o.r, server, q) })
	a.AA = a.AA || a.Server == WhatIf
	a.Direct, a.Server = true, server.String()
	return a
}

// AskPublic answers as if the sets stood in every cache.
func (o *Overlay) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	a := o.lookup(ctx, q, func(ctx context.Context, q Question) Answer { return askPublic(ctx, o.r, server, q) })
	a.Public, a.Server = true, server.String()
	return a
}

func (o *Overlay) lookup(ctx context.Context, q Question, below func(context.Context, Question) Answer) Answer {
	q = Ask(q.Name, q.Type)
	if a, bad := impossible(q); bad {
		return a
	}
	var chain []string
	for name := q.Name; ; {
		a, to := o.step(ctx, Question{name, q.Type}, below)
		chain = append(chain, a.Chain...)
		a.Question, a.Chain = q, chain
		if to == "" {
			return a
		}
		if a.Chain = append(chain, to); looped(q.Name, a.Chain) {
			a.fail(&Error{Kind: KindLoop, Server: WhatIf})
			return a
		}
		chain, name = a.Chain, to
	}
}

// step answers about one name; to is the name at which to go on, that of a
// CNAME from which the sets matter.
func (o *Overlay) step(ctx context.Context, q Question, below func(context.Context, Question) Answer) (a Answer, to string) {
	a = Answer{Question: q, Status: Empty, Rcode: "NOERROR", Server: WhatIf}
	records, set := o.sets[q]
	if len(records) > 0 {
		a.Status, a.Records, a.TTL = Found, slices.Clone(records), overlayTTL
		return a, ""
	}
	cname, setCNAME := o.sets[Question{q.Name, TypeCNAME}]
	if len(cname) > 0 && q.Type != TypeCNAME {
		return a, cname[0].Host
	}
	real := below(ctx, q)
	switch {
	case set && len(real.Chain) == 0, setCNAME && len(real.Chain) > 0:
		// The set says that there is nothing here.
		if real.Status == NoName && len(real.Chain) == 0 && !o.names[q.Name] || !set && !o.names[q.Name] {
			a.Status, a.Rcode = NoName, "NXDOMAIN"
		}
		return a, ""
	case real.Status == NoName && len(real.Chain) == 0 && o.names[q.Name]:
		return a, ""
	}
	for i, n := range real.Chain {
		_, has := o.sets[Question{n, q.Type}]
		_, cname := o.sets[Question{n, TypeCNAME}]
		if has || cname || o.names[n] && real.Status == NoName && i == len(real.Chain)-1 {
			a.Chain, a.Server = real.Chain[:i:i], real.Server
			return a, n
		}
	}
	return real, ""
}
