package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/transports"
)

type domainOptions struct{ domain string }

// parseDomain reads an argument that names a domain.
func parseDomain(text string) (string, error) {
	d, err := transports.ParseDomain(text)
	if err != nil {
		return "", &failure{what: fmt.Sprintf("could not look at %q", text), why: noDomain(err, "it is not a domain"), hints: []string{"a domain looks like acme.example"}}
	}
	return d, nil
}

// noDomain says why a text is no domain.
func noDomain(err error, why string) string {
	if errors.Is(err, transports.ErrAddress) {
		return "it is an IP address; the domain of the sender is needed"
	}
	return why
}

// domainCommand is a command with one domain as its argument.
func domainCommand(use, short, example string, runF func(context.Context, *domainOptions) error, run func(*cobra.Command, *domainOptions) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: args(1, 1, "a domain"),
		RunE: func(cmd *cobra.Command, names []string) error {
			domain, err := parseDomain(names[0])
			if err != nil {
				return err
			}
			o := &domainOptions{domain: domain}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return run(cmd, o)
		},
	}
}

func newSPFShow(a *app, runF func(context.Context, *domainOptions) error) *cobra.Command {
	return domainCommand("show DOMAIN", "The record as a tree, with the cost of each term", "  cwmail spf show acme.example", runF, a.runSPFShow)
}

func (a *app) runSPFShow(cmd *cobra.Command, o *domainOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		r := spf.Lookup(ctx, w.resolver, o.domain, nil, spf.Options{Now: a.now()})
		if a.shared.json {
			if err := a.printJSON(spfShowJSON(r)); err != nil {
				return err
			}
			return statusOf(spfStatus(r))
		}
		if r.Answer.Status == dns.Failed {
			return unreadable("the SPF record of "+o.domain, r.Answer)
		}
		a.printSPF(r)
		return statusOf(spfStatus(r))
	})
}

// unreadable is the error about a question without an answer.
func unreadable(what string, answer dns.Answer) error {
	return &failure{
		what: "could not read " + what, why: answer.Reason(), code: exitUnknown,
		hints: []string{"this is no verdict on the domain: try again, or ask another server with --resolver 9.9.9.9:53"},
	}
}

// spfStatus is the exit status for a record as such: whether an evaluation of
// it can end well.
func spfStatus(r spf.Result) int {
	switch {
	case r.Answer.Status == dns.Failed:
		return exitUnknown
	case r.Tree == nil, r.Lookups > spf.MaxLookups, r.VoidLookups > spf.MaxVoidLookups:
		return exitFailure
	}
	return spfTreeStatus(r.Tree)
}

func spfTreeStatus(n *spf.Node) int {
	code := exitOK
	if n.Err != nil && !n.Inactive {
		code = exitFailure
		if n.Answer.Status == dns.Failed && n.Answer.Question.Name != "" {
			code = exitUnknown
		}
	}
	for _, c := range n.Children {
		if below := spfTreeStatus(c); below == exitFailure || code == exitOK {
			code = max(code, below)
			if below == exitFailure {
				return exitFailure
			}
		}
	}
	return code
}

type spfNode struct {
	Term     string    `json:"term"`
	Domain   *string   `json:"domain"`
	Cost     int       `json:"cost"`
	Lookups  int       `json:"lookups"`
	Void     int       `json:"void"`
	Error    *string   `json:"error"`
	Record   *string   `json:"record"`
	Children []spfNode `json:"children"`
}

func spfShowJSON(r spf.Result) any {
	doc := struct {
		Domain      string    `json:"domain"`
		Record      *string   `json:"record"`
		Lookups     *int      `json:"lookups"`
		VoidLookups *int      `json:"void_lookups"`
		Tree        []spfNode `json:"tree"`
		Records     []string  `json:"records"`
		Error       *string   `json:"error"`
	}{Domain: r.Domain, Tree: []spfNode{}, Records: []string{}, Error: orNull(r.Answer.Reason())}
	for _, rec := range r.Records {
		doc.Records = append(doc.Records, safe.UTF8(rec.Text))
	}
	if r.Tree != nil && r.Tree.Record != nil {
		doc.Record = orNull(r.Tree.Record.Text)
		if r.Counted() {
			doc.Lookups, doc.VoidLookups = &r.Lookups, &r.VoidLookups
		}
		doc.Tree = spfNodes(r.Tree.Children)
	}
	return doc
}

func spfNodes(nodes []*spf.Node) []spfNode {
	out := make([]spfNode, len(nodes))
	for i, n := range nodes {
		out[i] = spfNode{Term: safe.UTF8(n.Term), Domain: orNull(n.Domain), Cost: n.Cost, Lookups: n.Lookups, Void: n.Void, Children: spfNodes(n.Children)}
		if n.Err != nil {
			out[i].Error = orNull(plain(n.Err))
		}
		if n.Record != nil {
			out[i].Record = orNull(n.Record.Text)
		}
	}
	return out
}

func (a *app) printSPF(r spf.Result) {
	if r.Tree == nil || r.Tree.Record == nil {
		switch len(r.Records) {
		case 0:
			a.printf("%s has no SPF record.\n", r.Domain)
		default:
			a.printf("%s has %d SPF records; only one is allowed:\n\n", r.Domain, len(r.Records))
			for _, rec := range r.Records {
				a.printf("%s\n", rec.Text)
			}
		}
		return
	}
	a.printf("%s\n\n%s\n\nlook-ups  term\n", r.Domain, r.Tree.Record.Text)
	(&spfTree{app: a}).nodes(r.Tree.Children, 0, false)
	effort := spfEffort(r.Lookups, r.VoidLookups)
	if !r.Counted() {
		effort = "at least " + effort + ": not all of it could be read"
	}
	a.printf("\n%s\n", effort)
}

// spfEffort says what a record costs.
func spfEffort(lookups, void int) string {
	return share(lookups, spf.MaxLookups, "look-ups") + ", " + share(void, spf.MaxVoidLookups, "void look-ups")
}

func share(n, most int, what string) string {
	if n > most {
		return fmt.Sprintf("%d %s where %d are allowed", n, what, most)
	}
	return fmt.Sprintf("%d of %d %s", n, most, what)
}

// spfTree prints the terms of a record, each with what it costs and a remark.
type spfTree struct {
	*app
	cost int // so far, in the order in which receivers read
}

func (t *spfTree) nodes(nodes []*spf.Node, depth int, inactive bool) {
	for _, n := range nodes {
		inactive := inactive || n.Inactive
		t.node(n, depth, t.breaks(n, inactive))
		t.nodes(n.Children, depth+1, inactive)
	}
}

// breaks counts a term and says whether it is the one look-up too many.
func (t *spfTree) breaks(n *spf.Node, inactive bool) bool {
	if inactive {
		return false
	}
	t.cost += n.Cost
	return n.Cost > 0 && t.cost == spf.MaxLookups+1
}

func (t *spfTree) node(n *spf.Node, depth int, breaks bool) {
	cost := "-"
	if n.Lookups > 0 {
		cost = fmt.Sprint(n.Lookups)
	}
	line := fmt.Sprintf("%8s  %s%s", cost, indent(depth), safe.Line(n.Term))
	remark := spfRemark(n)
	if breaks {
		remark = append(remark, fmt.Sprintf("look-up %d: receivers stop here", spf.MaxLookups+1))
	}
	text := safe.Line("(" + strings.Join(remark, "; ") + ")")
	switch {
	case len(remark) == 0:
		t.printf("%s\n", line)
	case utf8.RuneCountInString(line+text)+2 <= textWidth:
		t.printf("%s  %s\n", line, text)
	default:
		t.printf("%s\n", line)
		t.behind(strings.Repeat(" ", 12+2*depth), text)
	}
}

// spfRemark says what is special about a term.
func spfRemark(n *spf.Node) []string {
	var parts []string
	switch {
	case n.Loop: // which is its error, too
		parts = append(parts, "leads back to a record above: a loop, not followed")
	case n.Err != nil:
		parts = append(parts, spfTrouble(n))
	}
	switch {
	case n.Inactive:
		parts = append(parts, "never tested")
	case n.Cut:
		parts = append(parts, "not followed: the tree is too large")
	case n.Dynamic:
		parts = append(parts, "depends on the sender")
	case n.Void > 0 && len(n.Children) == 0 && n.Err == nil:
		parts = append(parts, "void: nothing is there")
	case n.Void > 0 && len(n.Children) == 0:
		parts = append(parts, "void")
	}
	return parts
}

// spfTrouble is the error of a node in words that stand beside its term.
func spfTrouble(n *spf.Node) string {
	if e, ok := errors.AsType[*spf.SyntaxError](n.Err); ok && len(n.Children) == 0 {
		return e.Detail
	}
	p, ok := errors.AsType[*spf.Problem](n.Err)
	if !ok {
		return strings.TrimPrefix(n.Err.Error(), "spf: ")
	}
	where := ""
	if n.Dynamic || !strings.Contains(n.Term, n.Domain) {
		where = " at " + p.Domain
	}
	switch p.Kind {
	case spf.ManyRecords:
		return "several SPF records stand there; only one is allowed"
	case spf.NoRecord:
		return "no SPF record is there" + where
	case spf.TooManyMX:
		return "more than 10 mail servers"
	case spf.TargetInvalid:
		return "not a name that can exist"
	case spf.BadSyntax:
		return "its record has a mistake"
	case spf.Unreadable:
		if reason := n.Answer.Reason(); reason != "" {
			return reason
		}
	}
	return strings.TrimPrefix(p.Error(), "spf: ")
}

func newSPFLint(a *app, runF func(context.Context, *lintOptions) error) *cobra.Command {
	return newLint(a, linter{
		subject: "SPF", example: "  cwmail spf lint 'v=spf1 mx include:_spf.clockwise.info -all'", lint: spf.Lint,
	}, runF)
}

type proposeOptions struct{ domain, form string }

func newSPFPropose(a *app, runF func(context.Context, *proposeOptions) error) *cobra.Command {
	o := &proposeOptions{}
	example := "  cwmail spf propose acme.example\n  cwmail spf propose acme.example --as zone"
	cmd := &cobra.Command{
		Use: "propose DOMAIN", Short: "The record to publish: the smallest change of what is there", Example: example,
		Args: args(1, 1, "a domain"),
		RunE: func(cmd *cobra.Command, names []string) error {
			var err error
			if o.domain, err = parseDomain(names[0]); err != nil {
				return err
			}
			if err := knownForm(o.form); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runSPFPropose(cmd, o)
		},
	}
	formFlag(cmd, &o.form)
	return cmd
}

func (a *app) runSPFPropose(cmd *cobra.Command, o *proposeOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		service := w.file.Service
		relays := service.Relays()
		in := spf.ProposeInput{
			Result: spf.Lookup(ctx, w.resolver, o.domain, relays, spf.Options{Now: a.now()}),
			Expect: spf.Expect{Include: service.SPFInclude, Relays: relays},
		}
		if in.Result.Answer.Status == dns.Failed {
			return unreadable("the SPF record of "+o.domain, in.Result.Answer)
		}
		ours := spf.Lookup(ctx, w.resolver, service.SPFInclude, relays, spf.Options{Now: a.now()})
		in.ClockWise = &ours
		in.MX = mailHosts(ctx, w.resolver, o.domain)
		p := spf.Propose(in)
		after := a.judgeProposal(ctx, w, in, p)
		status := statusOf(proposalStatus(p, after))
		switch {
		case a.shared.json:
			if err := a.printJSON(proposalJSON(p, after)); err != nil {
				return err
			}
			return status
		case o.form != "":
			if err := a.printProposalAs(ctx, w, p, in.Result, o.form); err != nil {
				return err
			}
			return status
		}
		a.printProposal(p, in.Result)
		if p.Sound() && (p.Before == nil || *p.Before != p.After) {
			a.printf("\n")
			a.printCard(ctx, w, proposed(p, in.Result).Record, p.Domain)
		}
		if len(after) > 0 {
			a.printf("\nWhat is still to be said about the record after that:\n\n")
		}
		if err := checks.WriteFindings(a.out, o.domain, after, a.textOptions()); err != nil {
			return err
		}
		return status
	})
}

// proposed is the record of a proposal: the SPF record changes, and what else
// stands at the name stays.
func proposed(p spf.Proposal, r spf.Result) provider.Record {
	out := provider.NewRecord(p.Domain, p.Domain, p.After)
	out.Replaces = p.Before
	if len(r.Answer.Chain) > 0 {
		return out // what stands elsewhere cannot stay here
	}
	for _, text := range r.Answer.Texts() {
		if !slices.ContainsFunc(r.Records, func(rec spf.Record) bool { return rec.Text == text }) {
			out.Beside = append(out.Beside, text)
		}
	}
	return out
}

// printProposalAs prints the record of a proposal in a form. Where a form is
// made of commands, the records that must not stand beside it go first.
func (a *app) printProposalAs(ctx context.Context, w *world, p spf.Proposal, r spf.Result, form string) error {
	if !p.Sound() {
		return &failure{what: "could not propose a record for " + p.Domain, why: strings.Join(p.Problems, " "), hints: []string{"cwmail spf propose " + p.Domain + " shows what has to go first"}, code: exitFailure}
	}
	record := proposed(p, r)
	if !needsZone(form) {
		return a.printForm(record, form)
	}
	record.Zone, _ = hosted(ctx, w, p.Domain)
	for _, other := range otherRecords(p, r) {
		gone := record
		gone.Remove, gone.Replaces = true, &other
		if err := a.printForm(gone, form); err != nil {
			return err
		}
	}
	return a.printForm(record, form)
}

// mailHosts are the hosts that receive mail; nil where that is not known.
func mailHosts(ctx context.Context, r dns.Resolver, domain string) []string {
	answer := r.Lookup(ctx, dns.Ask(domain, dns.TypeMX))
	if answer.Status == dns.Failed {
		return nil
	}
	hosts := []string{}
	for _, rec := range answer.Records {
		hosts = append(hosts, rec.Host)
	}
	return hosts
}

// judgeProposal looks at the domain again with the proposal laid over DNS.
func (a *app) judgeProposal(ctx context.Context, w *world, in spf.ProposeInput, p spf.Proposal) []finding.Finding {
	over := dns.NewOverlay(w.resolver, []dns.Set{{Name: p.Domain, Type: dns.TypeTXT, Values: []string{p.After}}})
	again := spf.Lookup(ctx, over, p.Domain, in.Expect.Relays, spf.Options{Now: a.now()})
	all := spf.Findings(spf.Input{Result: again, Expect: in.Expect, ClockWise: in.ClockWise, Sending: true, MX: in.MX})
	finding.Silence(all)
	finding.Sort(all, nil)
	return all
}

func proposalStatus(p spf.Proposal, after []finding.Finding) int {
	if !p.Sound() {
		return exitFailure
	}
	return statusOfFindings(after, false)
}

func proposalJSON(p spf.Proposal, after []finding.Finding) any {
	type change struct {
		Term       string `json:"term"`
		Was        string `json:"was"`
		What       string `json:"what"`
		Reason     string `json:"reason"`
		CostBefore *int   `json:"cost_before"`
		CostAfter  *int   `json:"cost_after"`
	}
	doc := struct {
		Domain        string               `json:"domain"`
		Before        *string              `json:"before"`
		After         string               `json:"after"`
		LookupsBefore int                  `json:"lookups_before"`
		LookupsAfter  int                  `json:"lookups_after"`
		VoidBefore    int                  `json:"void_lookups_before"`
		VoidAfter     int                  `json:"void_lookups_after"`
		FindingsAfter []checks.JSONFinding `json:"findings_after"`
		Changes       []change             `json:"changes"`
		Problems      []string             `json:"problems"`
		Notes         []string             `json:"notes"`
	}{
		Domain: p.Domain, After: safe.UTF8(p.After), LookupsBefore: p.LookupsBefore, LookupsAfter: p.LookupsAfter,
		VoidBefore: p.VoidBefore, VoidAfter: p.VoidAfter, FindingsAfter: checks.FindingsJSON(after),
		Changes: []change{}, Problems: allUTF8(p.Problems), Notes: allUTF8(p.Notes),
	}
	if p.Before != nil {
		before := safe.UTF8(*p.Before)
		doc.Before = &before
	}
	for _, c := range p.Changes {
		doc.Changes = append(doc.Changes, change{safe.UTF8(c.Term), safe.UTF8(c.Was), c.What, safe.UTF8(c.Reason), costOrNull(c.CostBefore), costOrNull(c.CostAfter)})
	}
	return doc
}

func costOrNull(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func allUTF8(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = safe.UTF8(s)
	}
	return out
}

func (a *app) printProposal(p spf.Proposal, r spf.Result) {
	if p.Sound() {
		a.printf("%s\n\n", p.Summary())
	} else {
		a.printf("No record can be published as it is; something has to go first.\n\n")
		for _, text := range p.Problems {
			a.wrapped(text)
		}
		a.printf("\n")
	}
	if p.Before != nil {
		a.printf("Before  %s\n\n%s\n\n", spfEffort(p.LookupsBefore, p.VoidBefore), *p.Before)
	}
	for _, other := range otherRecords(p, r) {
		a.printf("Beside  another record, which makes SPF fail\n\n%s\n\n", other)
	}
	a.printf("After   %s\n\n%s\n\n", spfEffort(p.LookupsAfter, p.VoidAfter), p.After)
	for _, c := range p.Changes {
		a.printChange(c)
	}
	for _, r := range p.Removals {
		a.remarked("could go", r.Term+", which frees "+lookups(r.Frees), r.Reason)
	}
	if len(p.Notes) > 0 {
		a.printf("\n")
	}
	for _, text := range p.Notes {
		a.wrapped(text)
	}
}

func lookups(n int) string {
	if n == 1 {
		return "1 look-up"
	}
	return fmt.Sprintf("%d look-ups", n)
}

func (a *app) printChange(c spf.Change) {
	term := c.Term
	if c.What == spf.Changed {
		term = c.Was + " becomes " + c.Term
	}
	a.remarked(c.What, term, c.Reason)
}

// remarked writes a text behind a word, and a remark behind or below it.
func (a *app) remarked(word, text, remark string) {
	line := fmt.Sprintf("%-8s  %s", word, safe.Line(text))
	switch remark = safe.Line(remark); {
	case remark == "":
		a.printf("%s\n", line)
	case utf8.RuneCountInString(line+remark)+4 <= textWidth:
		a.printf("%s  (%s)\n", line, remark)
	default:
		a.printf("%s\n", line)
		a.behind("            ", "("+remark+")")
	}
}

// otherRecords are the SPF records that stand beside the one that is changed.
func otherRecords(p spf.Proposal, r spf.Result) []string {
	var out []string
	skipped := false
	for _, rec := range r.Records {
		if !skipped && p.Before != nil && rec.Text == *p.Before {
			skipped = true
			continue
		}
		out = append(out, rec.Text)
	}
	return out
}

// parseIP reads an address; an IPv4 address in IPv6 form is the IPv4 address
// (RFC 7208 section 5).
func parseIP(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}, &failure{what: "could not evaluate SPF", why: fmt.Sprintf("%q is not an IP address", text), hints: []string{"an address looks like 31.134.206.130 or 2001:db8::1"}}
	}
	return ip.Unmap(), nil
}
