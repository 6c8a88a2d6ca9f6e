package spf

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// Node is one term of a record with what it leads to. The root stands for the
// domain itself. The tree does not depend on a client: it shows every term,
// also behind the limits of section 4.6.4.
type Node struct {
	// Domain is whose record this is, or the name that the term asks, with
	// macros expanded unless Dynamic; "" for terms without a name.
	Domain string
	Term   string // as written in the parent; "" at the root
	Index  int    // of the term in the parent's Record.Terms

	Record  *Record    // of the root, an include or a redirect; nil without exactly one
	Records []Record   // all SPF records in Answer; more than one is a permerror
	Answer  dns.Answer // what was asked for Domain (TXT, A or MX); zero when nothing was

	Cost    int // 1 if the term counts as a look-up
	Lookups int // Cost and those of all active terms below
	Void    int // void answers, counted like Lookups; see Result.VoidLookups

	// Answers are the further answers: AAAA of an a, addresses of the hosts of
	// an mx.
	Answers   []dns.Answer
	Hosts     []string     // MX hosts of an mx, in the answer's order
	Addresses []netip.Addr // what a and mx gave, without duplicates

	Children []*Node // one for each term of Record, in order
	Err      error   // *Problem or, on a leaf, *SyntaxError: why this node makes a permerror or temperror by itself

	Loop     bool // Domain stands on its own path already: not followed
	Cut      bool // not followed or not all children shown, as the tree is too large
	Dynamic  bool // Domain has macros that need a client: nothing was asked
	Inactive bool // never tested: behind an "all", or a redirect beside one; not counted in the parent
}

// IsRedirect says whether n is the target of a redirect=.
func (n *Node) IsRedirect() bool {
	const redirect = "redirect="
	return len(n.Term) > len(redirect) && strings.EqualFold(n.Term[:len(redirect)], redirect)
}

// Walk calls f for n and everything below it, in order, with the nodes above.
// Where f returns false, what is below is left out.
func (n *Node) Walk(f func(n *Node, above []*Node) bool) { n.walk(nil, f) }

func (n *Node) walk(above []*Node, f func(*Node, []*Node) bool) {
	if !f(n, above) {
		return
	}
	above = append(above[:len(above):len(above)], n)
	for _, c := range n.Children {
		c.walk(above, f)
	}
}

// builder makes a tree from the answers in a memo. It goes through the terms
// in order, so that the same answers give the same tree, however large.
type builder struct {
	ctx       context.Context
	memo      *memo
	x         *expander
	questions int
	nodes     int
}

// record fills a node that stands for a domain's record: the root, an include
// or a redirect. path are the domains above.
func (b *builder) record(n *Node, path []string) {
	switch {
	case !validDomain(n.Domain):
		n.Err = b.problem(n, TargetInvalid, nil)
		return
	case holdsName(path, n.Domain):
		n.Loop = true
		n.Err = b.problem(n, LoopFound, nil)
		return
	case len(path) > maxDepth || !b.may(1):
		n.Cut = true
		return
	}
	answer, records := b.memo.records(b.ctx, n.Domain)
	n.Answer, n.Records = *answer, records
	if n.Term != "" && n.Answer.Void() {
		n.Void++
	}
	switch {
	case n.Answer.Status == dns.Failed:
		n.Err = b.problem(n, Unreadable, n.Answer.Err)
	case len(n.Records) == 0:
		n.Err = b.problem(n, NoRecord, nil)
	case len(n.Records) > 1:
		n.Err = b.problem(n, ManyRecords, nil)
	default:
		n.Record = &n.Records[0]
		if err := n.Record.Err(); err != nil {
			n.Err = b.problem(n, BadSyntax, err)
		}
		b.children(n, append(path[:len(path):len(path)], n.Domain))
	}
}

func (b *builder) problem(n *Node, kind ProblemKind, err error) error {
	return &Problem{Kind: kind, Domain: n.Domain, Term: n.Term, Err: err}
}

// may takes questions from what is left.
func (b *builder) may(n int) bool {
	b.questions += n
	return b.questions <= maxQuestions
}

func (b *builder) children(n *Node, path []string) {
	all := n.Record.All()
	for i := range n.Record.Terms {
		if b.nodes++; b.nodes > maxNodes {
			n.Cut = true
			return
		}
		t := &n.Record.Terms[i]
		c := &Node{Term: t.Text, Index: i, Err: t.Err}
		c.Inactive = all >= 0 && (t.Kind == Mechanism && i > all || t.Kind == Modifier && t.Name == "redirect")
		b.term(c, t, n.Domain, path)
		c.Lookups += c.Cost
		n.Children = append(n.Children, c)
		if c.Inactive {
			continue
		}
		n.Lookups += c.Lookups
		n.Void += c.Void
	}
}

// term fills the node of one term. Of what is never tested, only includes and
// redirects of the first record are followed: a mend may bring them to life.
func (b *builder) term(n *Node, t *Term, domain string, path []string) {
	if t.CostsLookup() {
		n.Cost = 1
	}
	if t.Err != nil || n.Cost == 0 && !(t.Kind == Modifier && t.Name == "exp") {
		return
	}
	n.Domain = t.Domain
	if n.Dynamic = b.x.dynamic(t) || t.Name == "ptr"; n.Dynamic {
		return
	}
	n.Domain = targetOf(b.x, t, domain)
	switch t.Name {
	case "include", "redirect":
		if !n.Inactive || len(path) == 1 {
			b.record(n, path)
		}
		return
	}
	if n.Inactive || !validName(n.Domain) {
		return
	}
	switch t.Name {
	case "a":
		b.ask(n, dns.TypeA)
		b.addresses(n, n.Answer)
		b.more(n, n.Domain, dns.TypeAAAA)
	case "exists":
		b.ask(n, dns.TypeA)
	case "mx":
		b.mx(n)
	case "exp":
		b.ask(n, dns.TypeTXT)
		n.Void, n.Err = 0, nil // neither counts nor spoils anything (section 4.6.4, 6.2)
	}
}

func (b *builder) ask(n *Node, typ dns.Type) {
	if !b.may(1) {
		n.Cut = true
		return
	}
	n.Answer = b.memo.Lookup(b.ctx, dns.Ask(n.Domain, typ))
	if n.Answer.Void() {
		n.Void = 1
	}
	if n.Answer.Status == dns.Failed {
		n.Err = b.problem(n, Unreadable, n.Answer.Err)
	}
}

// more asks for addresses of a host.
func (b *builder) more(n *Node, host string, types ...dns.Type) {
	for _, typ := range types {
		if !validName(host) {
			continue
		}
		if !b.may(1) {
			n.Cut = true
			return
		}
		a := b.memo.Lookup(b.ctx, dns.Ask(host, typ))
		n.Answers = append(n.Answers, a)
		b.addresses(n, a)
		if a.Status == dns.Failed && typ == dns.TypeA && n.Err == nil {
			n.Err = b.problem(n, Unreadable, a.Err)
		}
	}
}

func (b *builder) addresses(n *Node, a dns.Answer) {
	for _, r := range a.Records {
		if r.Addr.IsValid() && !slices.Contains(n.Addresses, r.Addr) {
			n.Addresses = append(n.Addresses, r.Addr)
		}
	}
}

func (b *builder) mx(n *Node) {
	b.ask(n, dns.TypeMX)
	for _, r := range n.Answer.Records {
		n.Hosts = append(n.Hosts, r.Host)
	}
	if len(n.Hosts) > MaxMX {
		n.Err = b.problem(n, TooManyMX, nil)
		return
	}
	for _, h := range n.Hosts {
		b.more(n, h, dns.TypeA, dns.TypeAAAA)
	}
}
