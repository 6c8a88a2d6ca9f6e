package wizard

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/zone"
)

func spfChange() Step {
	return Step{
		ID: "change", Title: "Change",
		Ask: "Make this change where the DNS of your domain is managed, then go on. cwmail itself changes no DNS.",
		Why: "The smallest change was looked for: what is there stays, and ClockWise is added. The result was tried on DNS with the new record laid over it.\n\n" +
			"Undo: publish the old value again. Nothing else depends on it.",
		Fields: slipFields,
		Look:   spfChangeLook,
		Act:    spfChangeAct,
	}
}

// spfPlan is what a change step proposes.
type spfPlan struct {
	*spfSeen
	records []finding.Record // in the order in which they are made
}

// plan looks at DNS and says what is to be published.
func (c spfCase) plan(ctx context.Context) (*spfPlan, View) {
	r := c.resolver()
	if r == nil {
		return nil, View{State: Unknown, Said: "DNS cannot be asked here.", Blocked: "DNS cannot be asked here."}
	}
	p := &spfPlan{spfSeen: c.see(ctx, r, c.name())}
	p.records = slices.Clone(p.proposal.Records)
	if c.way() == waySubdomain {
		p.records = append(p.records, c.bounces(ctx, r, p)...)
	}
	w := spfWords[p.kind]
	switch said := finding.Fill(w.said, c.name(), p.about(c)); {
	case w.blocked != "":
		return p, View{State: w.state, Said: said, Blocked: w.blocked, Blocks: []Block{Mark{w.state, said}}}
	case p.kind == kindTheirs:
		return p, View{State: Failure, Said: said, Blocked: "No record can be added at " + c.name() + ". Go back and choose another way.", Blocks: []Block{Mark{Failure, said}}}
	case !p.proposal.Sound():
		text := "The record does not fit yet: " + strings.Join(p.proposal.Problems, " ")
		v := View{State: Failure, Said: text, Blocked: text + " Go back and choose what else goes, or another way.", Value: p}
		v.Blocks = []Block{Mark{Failure, text}, c.changes(p), lookupBudget("Budget before", p.proposal.LookupsBefore), lookupBudget("Budget after", p.proposal.LookupsAfter)}
		return p, v
	}
	return p, View{}
}

// maxBounceHosts bounds the MX records that a sub-domain gets.
const maxBounceHosts = 5

// bounces are the MX records that bring undeliverable mail of a sub-domain to
// where the domain's mail is received.
func (c spfCase) bounces(ctx context.Context, r dns.Resolver, p *spfPlan) []finding.Record {
	if p.mxSet.Status != dns.Empty && p.mxSet.Status != dns.NoName {
		return nil
	}
	var out []finding.Record
	for _, rec := range r.Lookup(ctx, dns.Ask(c.domain, dns.TypeMX)).Records {
		if rec.Host != "" && len(out) < maxBounceHosts {
			out = append(out, finding.Record{Name: c.name(), Type: "MX", Value: fmt.Sprintf("%d %s", rec.Pref, rec.Host)})
		}
	}
	return out
}

func spfChangeLook(ctx context.Context, r *Run, emit func(View)) View {
	c := spfCaseOf(r)
	emit(View{State: Busy, Said: "Working out the change ..."})
	p, v := c.plan(ctx)
	if v.Blocked != "" {
		return v
	}
	v = View{State: Todo, Enter: "I changed it", Said: p.proposal.Summary(), Value: p}
	if len(p.records) == 0 {
		v.State, v.Enter, v.Said = OK, "", "The record is published already. Go on."
	}
	v.Blocks = c.introduction(p)
	v.Blocks = append(v.Blocks, c.changes(p))
	busy := v
	busy.Blocks = append(slices.Clone(v.Blocks), c.cards(ctx, p)...)
	busy.Said = "The change is tried on DNS ..."
	busy.State, busy.Blocked = Busy, "The change is still being tried."
	emit(busy)
	marks, report := c.tried(ctx, p)
	v.Blocks = append(v.Blocks, c.budgets(p, report)...)
	v.Blocks = append(v.Blocks, c.cards(ctx, p)...)
	v.Blocks = append(v.Blocks, marks...)
	return v
}

// introduction says what is to be done, before it is shown.
func (c spfCase) introduction(p *spfPlan) []Block {
	out := []Block{Para(p.proposal.Summary())}
	switch {
	case c.way() == waySubdomain:
		out = []Block{
			Para("Undeliverable mail will go back to " + c.sender().Envelope + ". SPF is judged for the domain of that address, " + c.name() + ", which gets a record of its own. The record of " + c.domain + " stays as it is."),
			Para("Receivers compare " + c.name() + " with the sender address that people see. With relaxed alignment, which is the rule unless your DMARC record says aspf=s, it is enough that both belong to " + c.registered() + "."),
			Para("ClockWise must be told: set envelope: " + c.sender().Envelope + " in the mail transport. The last step offers to do that."),
		}
	case p.proposal.Before != nil && len(p.records) > 0:
		out = append(out, Para("Change the record that you have. Do not add a second one: with two, SPF fails for all mail."))
	}
	for _, n := range p.proposal.Notes {
		out = append(out, Mark{Note, n})
	}
	return out
}

// changes are the terms before and after.
func (c spfCase) changes(p *spfPlan) Changes {
	out := Changes{Of: "SPF of " + c.name(), Before: "look-ups before", After: "look-ups after"}
	first := "same"
	if p.proposal.Before == nil {
		first = "add"
	}
	out.List = []Change{{What: first, Term: "v=spf1", Before: "-", After: "-"}}
	for _, x := range p.proposal.Changes {
		reason := x.Reason
		if who := sendsWith(x.Term); who != "" && x.What == spf.Same {
			reason = who + " sends with it"
		}
		if x.What == spf.Changed && x.Was != "" {
			reason = "it was " + x.Was + ": " + reason
		}
		out.List = append(out.List, Change{What: x.What, Term: x.Term, Before: cost(x.CostBefore), After: cost(x.CostAfter), Reason: reason})
	}
	return out
}

func cost(n int) string {
	if n <= 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// budgets are the look-ups before and after; those after as they were counted,
// where the change was tried.
func (c spfCase) budgets(p *spfPlan, after *spf.Result) []Block {
	lookups, void := p.proposal.LookupsAfter, p.proposal.VoidAfter
	if after != nil && after.Counted() {
		lookups, void = after.Lookups, after.VoidLookups
	}
	now := lookupBudget("Budget after", lookups)
	if left := spf.MaxLookups - lookups; left >= 0 {
		now.Text += fmt.Sprintf(", %d left", left)
	}
	out := []Block{now}
	if p.proposal.Before != nil {
		out = []Block{lookupBudget("Budget before", p.proposal.LookupsBefore), now}
	}
	empty := voidBudget("Empty answers", void)
	if p.proposal.Before != nil {
		empty.Text = fmt.Sprintf("%d of %d before, %d of %d after", p.proposal.VoidBefore, spf.MaxVoidLookups, void, spf.MaxVoidLookups)
	}
	return append(out, empty)
}

// cards are the records, each as it is typed where its zone is managed.
func (c spfCase) cards(ctx context.Context, p *spfPlan) []Block {
	var out []Block
	for _, rec := range p.records {
		z := p.zone
		if z.Apex == "" || !dns.Within(rec.Name, z.Apex) {
			z = zone.Lookup(ctx, c.resolver(), rec.Name)
		}
		card := Card{Record: provider.Record{Record: rec, Zone: z.Apex}, Panel: provider.Entry(detected(z), rec, z.Apex)}
		switch {
		case rec.Replaces == nil:
			card.Undo = "Delete the record."
		case rec.Remove:
			card.Was, card.Undo = *rec.Replaces, "Add it again."
		default:
			card.Was, card.Undo = *rec.Replaces, "Publish the old value again."
		}
		if rec.Type == "TXT" && !rec.Remove {
			card.Record.Beside = p.beside()
		}
		out = append(out, card)
	}
	return out
}

// sets are the records of the plan as if they stood in DNS.
func (p *spfPlan) sets() []dns.Set {
	if len(p.records) == 0 {
		return nil
	}
	values := []string{p.proposal.After}
	for _, t := range p.beside() {
		if !strings.ContainsAny(t, "\"\\") { // others would not be read as they are
			values = append(values, t)
		}
	}
	out := []dns.Set{{Name: p.home(), Type: dns.TypeTXT, Values: values}}
	var mx []string
	for _, rec := range p.records {
		switch {
		case rec.Type == "MX":
			mx = append(mx, rec.Value)
		case rec.Remove && rec.Type == "CNAME":
			out = append(out, dns.Set{Name: rec.Name, Type: dns.TypeCNAME})
		}
	}
	if len(mx) > 0 {
		out = append(out, dns.Set{Name: p.result.Domain, Type: dns.TypeMX, Values: mx})
	}
	return out
}

// tried says what the change does to ClockWise's addresses and to everybody
// else who may send now. The result is that of the record as it will be.
func (c spfCase) tried(ctx context.Context, p *spfPlan) ([]Block, *spf.Result) {
	var out []Block
	over := dns.Resolver(dns.NewCache(dns.NewOverlay(c.resolver(), p.sets())))
	options := spf.Options{Now: c.World.Now()}
	after := spf.Lookup(ctx, over, c.name(), c.World.Service.Relays(), options)
	if len(p.records) > 0 {
		pass, unknown := passing(after.Outcomes)
		var found Findings
		if c.World.Examine != nil {
			report := c.World.Examine(ctx, c.target(), p.sets(), func(checks.Event) {})
			pass, unknown = passingPaths(report, c.name(), pass, unknown)
			found = spfFindings(report.Findings)
			out = append(out, alignment(report)...)
		}
		before, _ := passing(p.result.Outcomes)
		out = append(out, triedMark(pass, unknown, len(after.Outcomes), before))
		if pass+unknown < len(after.Outcomes) || anyFailure(found) {
			out = append(out, found)
		}
	}
	if c.way() != waySubdomain {
		out = append(out, c.others(ctx, p, over, after)...)
	}
	return out, &after
}

func triedMark(pass, unknown, all, before int) Mark {
	text := fmt.Sprintf("Tried out: %d of %d addresses of ClockWise pass, now %d of %d.", pass, all, before, all)
	switch {
	case pass == all:
		return Mark{OK, text}
	case pass+unknown == all:
		return Mark{Unknown, text + fmt.Sprintf(" For %d it could not be told, as DNS did not answer.", unknown)}
	}
	return Mark{Failure, text}
}

// passingPaths counts the paths that pass, where the report is about the same
// envelope domain.
func passingPaths(r checks.Report, name string, pass, unknown int) (int, int) {
	if len(r.Paths) == 0 {
		return pass, unknown
	}
	pass, unknown = 0, 0
	for _, p := range r.Paths {
		_, domain, _ := strings.Cut(p.MailFrom, "@")
		switch {
		case !strings.EqualFold(domain, name):
		case p.SPF == spf.Pass:
			pass++
		case p.SPF == "unknown", p.SPF == spf.TempError:
			unknown++
		}
	}
	return pass, unknown
}

// alignment warns where SPF passes and does not count for the sender address.
func alignment(r checks.Report) []Block {
	for _, p := range r.Paths {
		if p.SPF == spf.Pass && p.SPFAligned == dmarc.No {
			return []Block{Mark{Warning, "SPF passes, but does not count for the sender address: the DMARC record asks for strict alignment (aspf=s), so both must be the same domain. Take aspf=s out of the DMARC record, or sign with DKIM."}}
		}
	}
	return nil
}

// spfFindings are the open findings about SPF.
func spfFindings(all []finding.Finding) Findings {
	return slices.DeleteFunc(dkimOpen(slices.Clone(all)), func(f finding.Finding) bool { return !strings.HasPrefix(f.Code(), "spf.") })
}

func anyFailure(all []finding.Finding) bool {
	return slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Severity() == finding.Failure })
}

// others says what becomes of everybody else who passes now.
func (c spfCase) others(ctx context.Context, p *spfPlan, over dns.Resolver, after spf.Result) []Block {
	if p.result.Tree == nil || len(p.records) == 0 {
		return nil
	}
	addrs := sample(p.result.Tree)
	options := spf.Options{Now: c.World.Now()}
	was := spf.Lookup(ctx, dns.NewCache(c.resolver()), c.name(), addrs, options).Outcomes
	is := spf.Lookup(ctx, over, c.name(), addrs, options).Outcomes
	passed, unknown := 0, 0
	var lost []string
	for i := range was {
		if was[i].Result != spf.Pass {
			continue
		}
		passed++
		switch is[i].Result {
		case spf.Pass:
		case spf.TempError:
			unknown++
		default:
			term := ""
			if len(was[i].Terms) > 0 {
				term = was[i].Terms[0]
			}
			lost = append(lost, strings.TrimSpace(was[i].Client.IP.String()+" "+term))
		}
	}
	switch {
	case passed == 0:
		return nil
	case len(lost) > 0:
		return []Block{Mark{Warning, fmt.Sprintf("Of %d other addresses that pass now, %d no longer do: %s. That is what you take out.", passed, len(lost), listed(lost, "and"))}}
	case unknown > 0:
		return []Block{Mark{Unknown, fmt.Sprintf("Of %d other addresses that pass now, it could not be told for %d: DNS did not answer.", passed, unknown)}}
	}
	return []Block{Mark{OK, fmt.Sprintf("All that passed before passes still: %d address%s tried.", passed, map[bool]string{true: "", false: "es"}[passed == 1])}}
}

// spfChangeAct remembers what is waited for and, in the demo, types it.
func spfChangeAct(ctx context.Context, r *Run, emit func(View)) Outcome {
	c := spfCaseOf(r)
	p, ok := r.View().Value.(*spfPlan)
	if !ok {
		var v View
		if p, v = c.plan(ctx); v.Blocked != "" {
			return Outcome{Problem: v.Blocked, View: &v}
		}
	}
	o := Outcome{Facts: map[string]string{factSPFOf: c.name(), factSPFAt: p.home(), factSPFNew: p.proposal.After}}
	o.Facts[factSPFWas] = ""
	if was := p.proposal.Before; was != nil && *was != p.proposal.After {
		o.Facts[factSPFWas] = *was // also what was typed wrongly before
	}
	if r.World.Panel == nil || r.World.Panel.Publish == nil {
		return o
	}
	for _, rec := range p.records {
		if err := r.World.Panel.Publish(rec, r.Answer("demo-slip")); err != nil {
			return Outcome{Problem: "The panel of the demo did not take it: " + err.Error() + "."}
		}
	}
	return o
}
