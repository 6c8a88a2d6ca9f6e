package spf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// draft is a proposal while it is made.
type draft struct {
	in       ProposeInput
	p        Proposal
	terms    []Change // in order; those that go too
	alls     []string
	end      string // redirect= that stays at the end; "" for none
	endWas   string
	exps     []string
	tail     []Change // modifiers that stand behind the end
	newcomer bool     // other senders of the domain have to be guessed from MX
	forceAll bool     // a redirect was replaced
	spare    string
	merging  bool // the terms come from a record beside the first
}

func (d *draft) addSource(s source, further bool) {
	hasAll := slices.ContainsFunc(s.pieces, func(p piece) bool { return slices.ContainsFunc(p.to, isAllText) })
	for i, p := range s.pieces {
		before := len(d.terms)
		d.merging = further || s.second > 0 && i >= s.second
		for _, to := range p.to {
			d.addTerm(to, p, s, hasAll, d.merging)
		}
		if len(p.to) == 0 {
			d.remove(p.from, "it is no term of SPF")
			if !p.foreign && !strings.EqualFold(p.from, version) {
				d.p.Notes = append(d.p.Notes, p.from+" is left out, as it makes the record an error; if it named a sender, write it anew.")
			}
		}
		// The first of several terms made of one piece is the changed one.
		for j := before + 1; j < len(d.terms); j++ {
			if d.terms[j].Was == p.from && len(p.to) > 1 && d.terms[j].What != Remove {
				d.terms[j].Was, d.terms[j].What = "", Add
				d.terms[j].CostBefore = -1
			}
		}
	}
}

func (d *draft) remove(was, reason string) {
	d.terms = append(d.terms, Change{Term: was, Was: was, What: Remove, Reason: reason, CostBefore: d.costBefore(was), CostAfter: -1})
}

func (d *draft) keep(term, was, reason string) {
	c := Change{Term: term, Was: was, What: Same, CostBefore: d.costBefore(was), CostAfter: d.costAfter(term)}
	switch {
	case term != was:
		c.What, c.Reason = Changed, cmp.Or(reason, "it was written wrongly")
	case d.merging:
		c.What, c.Reason = Moved, "from the other record"
	case len(d.alls) > 0 && !strings.Contains(term, "="):
		c.What, c.Reason = Moved, "before "+d.alls[0]
	}
	d.terms = append(d.terms, c)
}

// keepModifier keeps a modifier where it stands: before the end or behind it.
func (d *draft) keepModifier(to, was string) {
	d.keep(to, was, "")
	if len(d.alls) > 0 || d.end != "" {
		n := len(d.terms) - 1
		d.tail = append(d.tail, d.terms[n])
		d.terms = d.terms[:n]
	}
}

// addTerm decides about one term of a source. merged is set for a record that
// is joined to another one.
func (d *draft) addTerm(to string, p piece, s source, hasAll, merged bool) {
	t := Parse(version + " " + to).Terms[0]
	node := d.node(p.from)
	switch {
	case isAllText(to):
		d.addAll(to, p.from)
	case t.Kind == Modifier && t.Name == "redirect":
		d.addRedirect(t, p, s, hasAll, merged, node)
	case t.Kind == Modifier && t.Name == "exp":
		if len(d.exps) > 0 {
			d.remove(p.from, "exp= may stand only once")
			return
		}
		d.exps = append(d.exps, to)
		d.keepModifier(to, p.from)
	case t.Kind == Modifier:
		d.keepModifier(to, p.from)
	case d.in.Expect.isOurs(to):
		if d.has(func(c Change) bool { return d.in.Expect.isOurs(c.Term) }) {
			d.remove(p.from, "it stands in the record already")
			return
		}
		d.keep(to, p.from, "")
	case node != nil && strings.EqualFold(to, p.from) && d.dead(node) != "":
		d.remove(p.from, d.dead(node))
	case t.Name == "ip4" && t.Qualifier != '+' && !d.in.RecordOnly && d.in.Expect.covers(t.Network) > 0:
		d.remove(p.from, "it refuses ClockWise's addresses")
	case t.Name == "ip4" && t.Qualifier == '+' && !d.in.RecordOnly && d.in.Expect.within(t.Network) && !s.namesClockWise(d.in.Expect):
		ours := "include:" + d.in.Expect.Include
		if d.has(func(c Change) bool { return d.in.Expect.isOurs(c.Term) }) {
			d.remove(p.from, "ClockWise is named by its include")
			return
		}
		d.keep(ours, p.from, "the include stays right when ClockWise's addresses change")
	case merged && d.has(func(c Change) bool { return strings.EqualFold(c.Term, to) }):
		d.remove(p.from, "it stands in the record already")
	default:
		d.keep(to, p.from, "")
	}
}

func (d *draft) has(f func(Change) bool) bool {
	return slices.ContainsFunc(d.terms, func(c Change) bool { return c.What != Remove && f(c) })
}

func (d *draft) addAll(to, was string) {
	switch {
	case len(d.alls) > 0 && d.merging:
		d.remove(was, "of the other record: all stands only once, at the end")
	case len(d.alls) > 0:
		d.remove(was, "all stands only once, at the end")
	}
	d.alls = append(d.alls, to)
	if len(d.alls) == 1 {
		d.spare = was
	}
}

// addRedirect decides about a redirect, which counts only in a record without
// all and is read after all mechanisms (RFC 7208 section 6.1).
func (d *draft) addRedirect(t Term, p piece, s source, hasAll, merged bool, node *Node) {
	ours := "include:" + d.in.Expect.Include
	toClockWise := d.in.Expect.isInclude(t.Domain)
	last := true
	for _, q := range s.pieces[indexOf(s.pieces, p)+1:] {
		for _, to := range q.to {
			last = last && Parse(version + " " + to).Terms[0].Kind != Mechanism
		}
	}
	switch {
	case toClockWise && !d.in.RecordOnly:
		d.forceAll = true
		d.newcomer = d.newcomer || !hasAll && len(s.pieces) == 1
		if d.has(func(c Change) bool { return d.in.Expect.isOurs(c.Term) }) || s.hasOwnInclude(d.in.Expect) {
			d.remove(p.from, "ClockWise is named by its include")
			return
		}
		d.keep(ours, p.from, "an include leaves room for other senders")
	case hasAll:
		d.remove(p.from, "a redirect does not count in a record with all")
	case d.end != "":
		d.remove(p.from, "redirect= may stand only once")
	case node != nil && problemIs(node.Err, NoRecord):
		d.forceAll = true
		d.remove(p.from, "the name that it leads to has no SPF record")
	case merged || !last:
		d.forceAll = true
		d.keep("include:"+t.Domain, p.from, "an include does the same and can stand beside other terms")
		if node != nil && node.Record != nil {
			if i := node.Record.All(); i >= 0 && len(d.alls) == 0 && node.Record.Terms[i].Qualifier != '+' {
				d.alls = append(d.alls, lower(node.Record.Terms[i].Text))
			}
		}
	default:
		d.end, d.endWas = t.Text, p.from
	}
}

func indexOf(pieces []piece, p piece) int {
	return slices.IndexFunc(pieces, func(q piece) bool { return q.from == p.from })
}

// node is the place in the tree of a term of the domain's own record.
func (d *draft) node(was string) *Node { return ownNode(d.in.Result.Tree, was) }

func ownNode(tree *Node, term string) *Node {
	if tree == nil {
		return nil
	}
	for _, n := range tree.Children {
		if n.Term == term && !n.Inactive {
			return n
		}
	}
	return nil
}

func problemIs(err error, kind ProblemKind) bool {
	p, ok := err.(*Problem)
	return ok && p.Kind == kind
}

// dead says why a term makes the whole record an error and can only go.
func (d *draft) dead(n *Node) string {
	switch {
	case d.in.Expect.isInclude(n.Domain):
		return ""
	case n.Loop || problemIs(n.Err, LoopFound):
		return "it leads back to this record"
	case problemIs(n.Err, NoRecord), problemIs(n.Err, TargetInvalid):
		return "the name that it leads to has no SPF record"
	case d.in.Result.VoidLookups > MaxVoidLookups && n.Void > 0 && len(n.Children) == 0 && len(n.Addresses) == 0:
		return "the name that it asks for does not exist"
	}
	return ""
}

// placeClockWise adds the include where it is lacking, and moves it before a
// term that turns ClockWise away.
func (d *draft) placeClockWise() {
	e := d.in.Expect
	if d.in.RecordOnly || e.Include == "" {
		return
	}
	at := slices.IndexFunc(d.terms, func(c Change) bool { return c.What != Remove && e.isOurs(c.Term) })
	if at < 0 {
		if d.p.Before != nil && nested(d.in.Result.Tree, e) != nil {
			return
		}
		term := "include:" + e.Include
		d.terms = append(d.terms, Change{
			Term: term, What: Add, Reason: "ClockWise sends for this domain", CostBefore: -1, CostAfter: d.costAfter(term),
		})
		return
	}
	for i := range d.terms[:at] {
		if c := d.terms[i]; c.What != Remove && turnsAway(c.Was, d.in.Result.Outcomes) {
			ours := d.terms[at]
			if ours.Term == ours.Was {
				ours.What, ours.Reason = Moved, "before "+c.Term+", which turns ClockWise away"
			}
			d.terms = slices.Insert(slices.Delete(d.terms, at, at+1), i, ours)
			return
		}
	}
}

// turnsAway says whether a term of the own record decides against a relay.
func turnsAway(term string, outcomes []Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o Outcome) bool {
		return len(o.Terms) > 0 && o.Terms[0] == term && !isAllText(term) && o.Problem == nil && o.Result != Pass
	})
}

// nested is the node that reaches the include through another record.
func nested(n *Node, e Expect) *Node {
	if n == nil || e.Include == "" {
		return nil
	}
	for _, c := range n.Children {
		if c.Inactive || c.Loop || len(c.Term) > 0 && isQualifier(c.Term[0]) && c.Term[0] != '+' {
			continue
		}
		if c.Record != nil && e.isInclude(c.Domain) {
			return c
		}
		if found := nested(c, e); found != nil {
			return found
		}
	}
	return nil
}

// senders are the records of those whose MX hosts end in suffix: who receives
// a domain's mail there usually sends it there too. The hosts themselves only
// receive.
var senders = []struct{ suffix, include string }{
	{".mail.protection.outlook.com", "spf.protection.outlook.com"},
	{".mx.microsoft", "spf.protection.outlook.com"},
	{".google.com", "_spf.google.com"},
	{".googlemail.com", "_spf.google.com"},
}

// sendersOf is the record of the provider that an MX host belongs to; "" where
// it is not known.
func sendersOf(host string) string {
	for _, s := range senders {
		if strings.HasSuffix("."+lower(strings.TrimSuffix(host, ".")), s.suffix) {
			return s.include
		}
	}
	return ""
}

// addSenders adds the domain's mail provider to a record that is written from
// nothing, and says where others have to be added by hand.
func (d *draft) addSenders() {
	if !d.newcomer || d.in.RecordOnly {
		return
	}
	known := 0
	for _, s := range senders {
		if !slices.ContainsFunc(d.in.MX, func(host string) bool { return strings.HasSuffix("."+lower(strings.TrimSuffix(host, ".")), s.suffix) }) {
			continue
		}
		known++
		term := "include:" + s.include
		if d.has(func(c Change) bool { return strings.EqualFold(c.Term, term) }) {
			continue
		}
		at := max(slices.IndexFunc(d.terms, func(c Change) bool { return c.What != Remove && d.in.Expect.isOurs(c.Term) }), 0)
		d.terms = slices.Insert(d.terms, at, Change{
			Term: term, What: Add, Reason: "the domain's mail is handled there", CostBefore: -1, CostAfter: d.costAfter(term),
		})
		d.p.Notes = append(d.p.Notes, fmt.Sprintf("%s was added, because the domain's MX records lead to that provider.", term))
	}
	if known == 0 && len(d.alls) == 0 && (d.in.MX == nil || len(d.in.MX) > 0) && !d.forceAll {
		d.alls = append(d.alls, "~all")
		d.p.Notes = append(d.p.Notes, "Put what else sends mail for this domain before ~all.")
	}
}

// finish puts the record together and counts.
func (d *draft) finish(from []source) {
	var kept []string
	all := d.endTerm()
	end := Change{Term: all, Was: cmp.Or(d.spare, d.endWas), What: Same, CostAfter: d.costAfter(all)}
	end.CostBefore = d.costBefore(end.Was)
	switch end.Was {
	case "":
		end.What, end.Reason = Add, "the record needs an end"
	case all:
	default:
		end.What, end.Reason = Changed, "it is written as it is meant"
	}
	d.terms = append(d.terms, end)
	d.terms = append(d.terms, d.tail...)
	for _, c := range d.terms {
		if c.What != Remove {
			kept = append(kept, c.Term)
		}
	}
	d.p.After = strings.Join(append([]string{version}, kept...), " ")
	if d.p.Before != nil && len(from) == 1 && slices.Equal(spaced(*d.p.Before), spaced(d.p.After)) && IsRecord(*d.p.Before) {
		d.p.After = *d.p.Before // spaces are no reason to change a record
	}
	d.p.Changes = d.terms
	d.count(from)
	d.records(from)
}

// spaced cuts at spaces and at nothing else, as a record is read.
func spaced(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return c == ' ' })
}

// endTerm is the all or redirect that ends the record.
func (d *draft) endTerm() string {
	switch {
	case len(d.alls) > 0:
		softest := d.alls[0]
		for _, a := range d.alls[1:] {
			if strictness(a) < strictness(softest) && strictness(a) > 0 || strictness(softest) == 0 {
				softest = a
			}
		}
		if strictness(softest) == 0 {
			return "-all"
		}
		return softest
	case d.end != "":
		return d.end
	}
	return "-all"
}

// strictness orders all terms: pass 0, neutral 1, softfail 2, fail 3.
func strictness(all string) int {
	return strings.IndexByte("?~-", all[0]) + 1
}

// count counts look-ups and says what does not fit.
func (d *draft) count(from []source) {
	before := 0
	for _, c := range d.terms {
		before += max(c.CostBefore, 0)
		if c.What != Remove {
			d.p.LookupsAfter += max(c.CostAfter, 0)
		}
	}
	if d.in.Result.Tree == nil {
		d.p.LookupsBefore = before
	}
	for _, c := range d.terms {
		if c.What != Remove {
			d.p.VoidAfter += d.voidAfter(c.Term)
		}
	}
	if d.p.LookupsAfter > MaxLookups {
		d.p.Problems = append(d.p.Problems, fmt.Sprintf("The record would need %d DNS look-ups; %d are allowed.", d.p.LookupsAfter, MaxLookups))
	}
	if d.p.VoidAfter > MaxVoidLookups {
		d.p.Problems = append(d.p.Problems, fmt.Sprintf("The record would meet %d empty DNS answers; %d are allowed.", d.p.VoidAfter, MaxVoidLookups))
	}
	if len(d.p.Problems) > 0 || d.p.LookupsAfter == MaxLookups {
		d.suggest()
	}
	for _, f := range lintText([]string{d.p.After}, d.in.Expect, NotKnown) {
		if f.rule.Severity == finding.Failure && f.rule != stringTooLong {
			text := finding.Finding{Rule: f.rule, Args: f.args}
			d.p.Problems = append(d.p.Problems, text.Title()+".")
		}
	}
	if len(d.p.After) > 255 {
		d.p.Notes = append(d.p.Notes, "The value is longer than 255 characters: enter it as several strings, cut inside a term or behind a space.")
	}
}

func (d *draft) costBefore(was string) int {
	if was == "" {
		return -1
	}
	if n := d.node(was); n != nil {
		return n.Lookups
	}
	if d.in.Result.Tree != nil {
		return 0 // never tested
	}
	return d.costAfter(was)
}

// costAfter is what a term costs. Where its tree is not known only the term
// itself is counted.
func (d *draft) costAfter(term string) int {
	if n := d.node(term); n != nil {
		return n.Lookups
	}
	t := Parse(version + " " + term).Terms[0]
	switch {
	case !t.CostsLookup():
		return 0
	case d.in.Expect.isInclude(t.Domain) && d.in.ClockWise != nil:
		return 1 + d.in.ClockWise.Lookups
	}
	if n := findNode(d.in.Result.Tree, t.Domain); n != nil && (t.Name == "include" || t.Name == "redirect") {
		return n.Lookups
	}
	d.p.Estimated = d.p.Estimated || t.Name == "include" || t.Name == "redirect"
	return 1
}

// voidAfter is how many empty answers a term is known to meet.
func (d *draft) voidAfter(term string) int {
	if n := d.node(term); n != nil {
		return n.Void
	}
	if d.in.Expect.isOurs(term) && d.in.ClockWise != nil {
		return d.in.ClockWise.VoidLookups
	}
	return 0
}

// findNode is the first record of a name anywhere in the tree.
func findNode(n *Node, domain string) *Node {
	if n == nil || domain == "" {
		return nil
	}
	for _, c := range n.Children {
		if c.Record != nil && strings.EqualFold(c.Domain, domain) {
			return c
		}
		if f := findNode(c, domain); f != nil {
			return f
		}
	}
	return nil
}
