package wizard

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/zone"
)

// spfSeen is what stands in DNS now, and what is proposed. Everything in it
// follows from DNS, the answers and the facts.
type spfSeen struct {
	zone    zone.Result
	result  spf.Result
	service spf.Result // of the include
	mx      []string   // hosts that receive the mail; nil: not known
	mxSet   dns.Answer

	plain    spf.Proposal // before anything was chosen
	proposal spf.Proposal // with what the reader chose
	found    Findings     // what is wrong now
	kind     spfKind
}

// see looks at a domain.
func (c spfCase) see(ctx context.Context, r dns.Resolver, domain string) *spfSeen {
	r = dns.NewCache(r)
	relays := c.World.Service.Relays()
	options := spf.Options{Now: c.World.Now()}
	s := &spfSeen{
		zone:    zone.Lookup(ctx, r, domain),
		result:  spf.Lookup(ctx, r, domain, relays, options),
		service: spf.Lookup(ctx, r, c.World.Service.SPFInclude, relays, options),
		mxSet:   r.Lookup(ctx, dns.Ask(domain, dns.TypeMX)),
	}
	if s.mxSet.Status != dns.Failed {
		s.mx = []string{}
		for _, rec := range s.mxSet.Records {
			s.mx = append(s.mx, rec.Host)
		}
	}
	s.plain = spf.Propose(s.input(c, s.result))
	s.proposal = s.chosen(ctx, r, c)
	s.found = dkimOpen(spf.Findings(spf.Input{
		Result: s.result, Expect: c.expect(), ClockWise: &s.service, Sending: true, MX: s.mx,
	}))
	s.kind = s.kindOf(c)
	return s
}

func (c spfCase) expect() spf.Expect {
	return spf.Expect{Include: c.World.Service.SPFInclude, Relays: c.World.Service.Relays()}
}

func (s *spfSeen) input(c spfCase, res spf.Result) spf.ProposeInput {
	return spf.ProposeInput{Result: res, Expect: c.expect(), ClockWise: &s.service, MX: s.mx}
}

// chosen is the proposal with the terms that the reader takes out or adds. Its
// look-ups and problems are those of the record that comes of it.
func (s *spfSeen) chosen(ctx context.Context, r dns.Resolver, c spfCase) spf.Proposal {
	p := s.plain
	p.Changes = slices.Clone(p.Changes)
	edited := false
	for i, x := range p.Changes {
		if x.What != spf.Remove && c.drops(x.Term) && !strings.HasSuffix(x.Term, c.World.Service.SPFInclude) {
			p.Changes[i] = spf.Change{Term: x.Term, Was: x.Was, What: spf.Remove, Reason: "you take it out", CostBefore: x.CostBefore, CostAfter: -1}
			edited = true
		}
	}
	if s.fresh() && c.way() == "" {
		for i, term := range c.also() {
			edited = s.add(&p, i, term) || edited
		}
	}
	if !edited {
		return p
	}
	terms := []string{"v=spf1"}
	for _, x := range p.Changes {
		if x.What != spf.Remove {
			terms = append(terms, x.Term)
		}
	}
	before := p.After
	text := strings.Join(terms, " ")
	again := spf.Propose(s.input(c, spf.Lookup(ctx, laid(r, s.plain.Domain, []string{text}), s.plain.Domain, nil, spf.Options{Now: c.World.Now()})))
	p.After, p.Problems, p.Removals = again.After, again.Problems, again.Removals
	p.LookupsAfter, p.VoidAfter, p.Estimated = again.LookupsAfter, again.VoidAfter, again.Estimated
	if again.After != text { // something else went because of it
		p.Changes = again.Changes
	}
	p.Records = slices.Clone(p.Records)
	for i, rec := range p.Records {
		if !rec.Remove && rec.Type == "TXT" && rec.Value == before {
			p.Records[i].Value = p.After
		}
	}
	return p
}

// add puts a term before those that are proposed, behind the first i.
func (s *spfSeen) add(p *spf.Proposal, i int, term string) bool {
	if slices.ContainsFunc(p.Changes, func(x spf.Change) bool { return strings.EqualFold(x.Term, term) }) {
		return false
	}
	x := spf.Change{Term: term, What: spf.Add, Reason: "you named it", CostBefore: -1, CostAfter: 1}
	if t := spf.Parse("v=spf1 " + term).Terms; len(t) == 1 && !t[0].CostsLookup() {
		x.CostAfter = 0
	}
	p.Changes = slices.Insert(p.Changes, min(i, len(p.Changes)), x)
	return true
}

// fresh says that the record is written from nothing.
func (s *spfSeen) fresh() bool { return s.plain.Before == nil && len(s.result.Records) == 0 }

// laid is DNS with another set of texts at a name.
func laid(r dns.Resolver, name string, texts []string) dns.Resolver {
	return dns.NewOverlay(r, []dns.Set{{Name: name, Type: dns.TypeTXT, Values: texts}})
}

// home is where the record stands, or will.
func (s *spfSeen) home() string {
	for _, rec := range s.plain.Records {
		if !rec.Remove {
			return rec.Name
		}
	}
	return s.result.Answer.Owner()
}

// beside are the other texts at the name, which stay.
func (s *spfSeen) beside() []string {
	if len(s.result.Answer.Chain) > 0 && s.home() == s.result.Domain {
		return nil
	}
	goes := map[string]bool{s.proposal.After: true}
	for _, rec := range s.plain.Records {
		if rec.Replaces != nil {
			goes[*rec.Replaces] = true
		}
	}
	return slices.DeleteFunc(s.result.Answer.Texts(), func(t string) bool { return goes[t] || spf.IsRecord(t) })
}

// passing counts ClockWise's addresses for which SPF passes, and those for
// which nobody knows.
func passing(outcomes []spf.Outcome) (pass, unknown int) {
	for _, o := range outcomes {
		switch o.Result {
		case spf.Pass:
			pass++
		case spf.TempError:
			unknown++
		}
	}
	return pass, unknown
}

// right says that ClockWise's servers may send already, and that nothing is
// wrong with the record.
func (s *spfSeen) right() bool {
	pass, _ := passing(s.result.Outcomes)
	if pass < len(s.result.Outcomes) || pass == 0 {
		return false
	}
	adds := slices.ContainsFunc(s.plain.Changes, func(x spf.Change) bool {
		return x.What == spf.Add && strings.HasPrefix(x.Term, "include:")
	})
	return !adds && !anyFailure(s.found)
}

// detected is who runs the DNS of a zone.
func detected(z zone.Result) provider.Detection {
	var hosts []string
	for _, s := range z.Servers {
		hosts = append(hosts, s.Name)
	}
	return provider.Detect(hosts)
}

// maxSampled is how many addresses are tried before and after a change.
const maxSampled = 200

// sample are addresses that a record lets send: those of its hosts, and the
// ends of its networks.
func sample(trees ...*spf.Node) []netip.Addr {
	var out []netip.Addr
	seen := map[netip.Addr]bool{}
	add := func(a netip.Addr) {
		if a.IsValid() && !seen[a] && len(out) < maxSampled {
			seen[a] = true
			out = append(out, a)
		}
	}
	for _, tree := range trees {
		if tree == nil {
			continue
		}
		tree.Walk(func(n *spf.Node, _ []*spf.Node) bool {
			if n.Inactive {
				return false
			}
			for _, a := range n.Addresses {
				add(a)
			}
			if n.Record != nil {
				for _, t := range n.Record.Terms {
					if t.Network.IsValid() {
						add(t.Network.Masked().Addr())
					}
				}
			}
			return true
		})
	}
	return out
}
