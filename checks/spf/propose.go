package spf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Fact is something that another check knows, or does not.
type Fact uint8

// The zero value is "not known".
const (
	NotKnown Fact = iota
	Yes
	No
)

// ProposeInput is what a proposal is made from.
type ProposeInput struct {
	Result    Result
	Expect    Expect
	ClockWise *Result // the look-up of Expect.Include itself; nil where it was not made

	// MX are the hosts that receive the domain's mail. They tell who else
	// sends, where a record has to be written from nothing. nil: not known.
	MX []string

	// RecordOnly means that ClockWise does not send with this domain: the
	// record is repaired and nothing is added to it.
	RecordOnly bool
}

// What became of a term.
const (
	Same    = "same"
	Add     = "add"
	Remove  = "remove"
	Changed = "change"
	Moved   = "move"
)

// Change is one term of a proposal, in the order of the new record; terms that
// go stand where they were.
type Change struct {
	Term   string // as proposed; as it was where it goes
	Was    string // as it was; "" for a term that is added
	What   string // Same, Add, Remove, Changed or Moved
	Reason string // in words; "" for Same

	// CostBefore and CostAfter are DNS look-ups, with everything below; -1
	// where the term did not or does not stand in the record.
	CostBefore, CostAfter int
}

// Removal is a term that could go, to make room.
type Removal struct {
	Term   string
	Frees  int    // look-ups
	Reason string // what speaks for it, or "" where only the owner can tell
}

// Proposal is the record to publish: the smallest change of what is there.
type Proposal struct {
	Domain string
	Before *string // nil where there is no record
	After  string

	LookupsBefore, LookupsAfter int
	VoidBefore, VoidAfter       int

	// Estimated means that terms are new to the record, or were not followed:
	// each is counted as one look-up, whatever it leads to.
	Estimated bool

	Changes  []Change
	Problems []string // why the record cannot be published as it is
	Notes    []string // decisions that the reader should know
	Removals []Removal

	// Records are the changes in DNS; empty where nothing changes.
	Records []finding.Record
}

// Sound says whether After can be published as it is.
func (p Proposal) Sound() bool { return len(p.Problems) == 0 }

// Summary says in one sentence what changes.
func (p Proposal) Summary() string {
	of := "the SPF record"
	if p.Domain != "" {
		of += " of " + p.Domain
	}
	switch {
	case len(p.Records) == 0:
		return "Nothing has to be changed."
	case p.Before == nil && len(p.Records) > 1:
		return "Publish " + of + " at the right name and type, and delete the one that stands wrongly."
	case p.Before == nil:
		return "Publish " + of + "."
	case len(p.Records) > 1:
		return "Replace " + of + " and delete what stands beside it."
	}
	return "Replace " + of + "."
}

// source is a text that the proposal is made of.
type source struct {
	reading
	name   string // where it stands
	typ    string
	atHome bool // at the right name and type
	wild   bool // a wildcard gives it: it stands at no name of its own
}

// Propose writes the record to publish. It is pure: what it cannot know from
// in, it does not ask.
func Propose(in ProposeInput) Proposal {
	in.RecordOnly = in.RecordOnly || in.Expect.isInclude(in.Result.Domain)
	return propose(in, sources(in.Result, in.Expect))
}

func propose(in ProposeInput, from []source) Proposal {
	d := draft{in: in, p: Proposal{Domain: in.Result.Domain}}
	d.p.LookupsBefore, d.p.VoidBefore = in.Result.Lookups, in.Result.VoidLookups
	for _, s := range from {
		if s.atHome {
			d.p.Before = &s.text
			break
		}
	}
	if in.Result.Answer.Status == dns.Failed && in.Result.Answer.Err != nil {
		d.p.Problems = append(d.p.Problems, "The records of "+in.Result.Domain+" could not be read, so it is not known what has to stay.")
	}
	d.newcomer = d.p.Before == nil
	for i, s := range from {
		if s.cut {
			d.p.Problems = append(d.p.Problems, fmt.Sprintf("The record has more than %d terms, too many to be mended here.", maxTerms))
		}
		d.addSource(s, i > 0)
	}
	d.placeClockWise()
	d.addSenders()
	d.finish(from)
	return d.p
}

// sources are the texts that were meant as SPF records of the domain: at its
// name, or else where they were published by mistake.
func sources(res Result, expect Expect) []source {
	var selected, attempts []source
	for _, r := range res.Answer.Records {
		s := source{reading: read(r.Strings, expect), name: res.Domain, typ: "TXT", atHome: true}
		switch {
		case s.selected:
			selected = append(selected, s)
		case s.attempt:
			attempts = append(attempts, s)
		}
	}
	if len(selected) > 0 || len(attempts) > 0 {
		if len(selected) > 0 {
			attempts = slices.DeleteFunc(attempts, func(s source) bool { return !adds(s, selected, expect) })
		}
		// Answers have no order of their own; the include stands behind what was
		// there before it.
		slices.SortStableFunc(selected, func(a, b source) int {
			return cmp.Compare(last(a.namesClockWise(expect)), last(b.namesClockWise(expect)))
		})
		return append(selected, attempts...)
	}
	wild := everywhere(res.Probes, res.Domain)
	for _, kind := range []probeKind{probeDoubled, probeType, probeNeighbour} {
		for _, a := range res.Probes {
			if kindOf(a, res.Domain) != kind {
				continue
			}
			for _, r := range a.Records {
				if s := read(r.Strings, expect); s.attempt {
					return []source{{reading: s, name: a.Question.Name, typ: a.Question.Type.String(), wild: kind != probeType && slices.Equal(a.Texts(), wild)}}
				}
			}
		}
	}
	return nil
}

func last(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// adds says whether a damaged text beside a sound record was meant to bring
// ClockWise in, and the record lacks it.
func adds(s source, selected []source, expect Expect) bool {
	return s.namesClockWise(expect) && !slices.ContainsFunc(selected, func(o source) bool { return o.namesClockWise(expect) })
}

func (r *reading) namesClockWise(expect Expect) bool {
	return slices.ContainsFunc(r.pieces, func(p piece) bool {
		return slices.ContainsFunc(p.to, func(t string) bool { return expect.isOurs(t) })
	})
}

// hasOwnInclude says whether the include itself stands in the source.
func (r *reading) hasOwnInclude(e Expect) bool { return r.namesClockWise(e) }

// suggest lists what could go to make room: what does nothing first, then what
// costs most.
func (d *draft) suggest() {
	var seen []string
	for _, c := range d.terms {
		if c.What == Remove || c.CostAfter <= 0 || d.in.Expect.isOurs(c.Term) {
			continue
		}
		r := Removal{Term: c.Term, Frees: c.CostAfter}
		n := d.node(c.Was)
		switch {
		case slices.Contains(seen, lower(c.Term)):
			r.Reason = "it stands in the record twice"
		case n != nil && n.Void > 0:
			r.Reason = "names in it do not exist"
		case n != nil && strings.HasPrefix(lower(c.Term), "ptr"):
			r.Reason = "ptr should not be used"
		}
		seen = append(seen, lower(c.Term))
		d.p.Removals = append(d.p.Removals, r)
	}
	slices.SortStableFunc(d.p.Removals, func(a, b Removal) int {
		if (a.Reason != "") != (b.Reason != "") {
			if a.Reason != "" {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Frees, a.Frees)
	})
}

// records says what changes in DNS.
func (d *draft) records(from []source) {
	if a := d.in.Result.Answer; a.Status == dns.Failed && a.Err != nil {
		return
	}
	at, instead, ours := home(d.in.Result)
	if !ours {
		d.p.Problems = append(d.p.Problems, d.p.Domain+" is an alias of "+at+", which belongs to somebody else, and no record can stand beside an alias. "+
			"Ask them to change theirs, or send with another domain as envelope sender.")
		return
	}
	first := true
	for _, s := range from {
		text := s.text
		switch {
		case s.atHome && first:
			first = false
			if text != d.p.After {
				d.p.Records = append(d.p.Records, finding.Record{Name: at, Type: "TXT", Value: d.p.After, Replaces: &text})
			}
		case s.atHome:
			d.p.Records = append(d.p.Records, finding.Record{Name: at, Type: s.typ, Replaces: &text, Remove: true})
		}
	}
	if !first {
		return
	}
	d.p.Records = append(append(d.p.Records, instead...), finding.Record{Name: at, Type: "TXT", Value: d.p.After})
	for _, s := range from {
		if text := s.text; mustGo(s, d.p.Domain) {
			d.p.Records = append(d.p.Records, finding.Record{Name: s.name, Type: s.typ, Replaces: &text, Remove: true})
		}
	}
}

// mustGo says whether a record in the wrong place serves nobody. One at a name
// such as mail. or _spf. may be in use for that name itself.
func mustGo(s source, domain string) bool {
	return !s.wild && (s.typ == "SPF" || slices.Contains(Doubled(domain), s.name) ||
		strings.HasPrefix(s.name, "_dmarc.") || strings.HasPrefix(s.name, "@."))
}
