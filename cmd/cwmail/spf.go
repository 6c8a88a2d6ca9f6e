package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/transports"
)

type domainOptions struct{ domain string }

// parseDomain reads an argument that names a domain.
func parseDomain(text string) (string, error) {
	d, err := transports.ParseDomain(text)
	if err != nil {
		return "", &failure{what: fmt.Sprintf("could not look at %q", text), why: "it is not a domain", hints: []string{"a domain looks like acme.example"}}
	}
	return d, nil
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
		doc.Record, doc.Lookups, doc.VoidLookups = orNull(r.Tree.Record.Text), &r.Lookups, &r.VoidLookups
		doc.Tree = spfNodes(r.Tree.Children)
	}
	return doc
}

func spfNodes(nodes []*spf.Node) []spfNode {
	out := make([]spfNode, len(nodes))
	for i, n := range nodes {
		out[i] = spfNode{Term: safe.UTF8(n.Term), Domain: orNull(n.Domain), Cost: n.Cost, Lookups: n.Lookups, Void: n.Void, Children: spfNodes(n.Children)}
		if n.Err != nil {
			out[i].Error = orNull(n.Err.Error())
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
	a.printSPFNodes(r.Tree.Children, 0)
	a.printf("\n%d of %d look-ups, %d of %d void look-ups.\n", r.Lookups, spf.MaxLookups, r.VoidLookups, spf.MaxVoidLookups)
}

func (a *app) printSPFNodes(nodes []*spf.Node, depth int) {
	for _, n := range nodes {
		cost := "-"
		if n.Lookups > 0 {
			cost = fmt.Sprint(n.Lookups)
		}
		a.printf("%8s  %s%s%s\n", cost, indent(depth), n.Term, spfRemark(n))
		a.printSPFNodes(n.Children, depth+1)
	}
}

// spfRemark says what is special about a term.
func spfRemark(n *spf.Node) string {
	var parts []string
	if n.Err != nil {
		parts = append(parts, n.Err.Error())
	}
	switch {
	case n.Inactive:
		parts = append(parts, "never tested")
	case n.Loop:
		parts = append(parts, "a loop, not followed")
	case n.Cut:
		parts = append(parts, "not followed: the tree is too large")
	case n.Dynamic:
		parts = append(parts, "depends on the sender")
	case n.Void > 0 && len(n.Children) == 0:
		parts = append(parts, "void: nothing is there")
	}
	if len(parts) == 0 {
		return ""
	}
	return "  (" + strings.Join(parts, "; ") + ")"
}

func newSPFLint(a *app, runF func(context.Context, *lintOptions) error) *cobra.Command {
	return newLint(a, linter{
		subject: "SPF", example: "  cwmail spf lint 'v=spf1 mx include:_spf.clockwise.info -all'", lint: spf.Lint,
	}, runF)
}

func newSPFPropose(a *app, runF func(context.Context, *domainOptions) error) *cobra.Command {
	return domainCommand("propose DOMAIN", "The record to publish: the smallest change of what is there", "  cwmail spf propose acme.example", runF, a.runSPFPropose)
}

func (a *app) runSPFPropose(cmd *cobra.Command, o *domainOptions) error {
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
		if a.shared.json {
			if err := a.printJSON(proposalJSON(p, after)); err != nil {
				return err
			}
			return statusOf(proposalStatus(p, after))
		}
		a.printProposal(p)
		if len(after) > 0 {
			a.printf("\nWhat is still to be said about the record after that:\n\n")
		}
		if err := checks.WriteFindings(a.out, o.domain, after, a.textOptions()); err != nil {
			return err
		}
		return statusOf(proposalStatus(p, after))
	})
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

func (a *app) printProposal(p spf.Proposal) {
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
		a.printf("Before  %d of %d look-ups, %d of %d void look-ups\n\n%s\n\n", p.LookupsBefore, spf.MaxLookups, p.VoidBefore, spf.MaxVoidLookups, *p.Before)
	}
	a.printf("After   %d of %d look-ups, %d of %d void look-ups\n\n%s\n\n", p.LookupsAfter, spf.MaxLookups, p.VoidAfter, spf.MaxVoidLookups, p.After)
	for _, c := range p.Changes {
		a.printChange(c)
	}
	for _, r := range p.Removals {
		reason := ""
		if r.Reason != "" {
			reason = "  (" + r.Reason + ")"
		}
		a.printf("could go  %s, which frees %s%s\n", r.Term, lookups(r.Frees), reason)
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
	reason := c.Reason
	if reason != "" {
		reason = "  (" + reason + ")"
	}
	a.printf("%-8s  %s%s\n", c.What, term, reason)
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
