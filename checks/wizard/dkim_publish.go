package wizard

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/zone"
)

func dkimPublish() Step {
	return Step{
		ID: "publish", Title: "Record",
		Ask:    "Add this record where the DNS of your domain is managed, then go on. cwmail itself changes no DNS.",
		Why:    "Receivers look up this record to verify the signature. Until the last step nothing signs with the key, so a mistake here harms no mail.",
		Fields: slipFields,
		Look:   dkimPublishLook,
		Act:    dkimPublishAct,
	}
}

func dkimPublishAct(_ context.Context, r *Run, _ func(View)) Outcome {
	c := dkimCaseOf(r)
	if v, no := c.lacking(); no {
		return Outcome{Problem: v.Blocked}
	}
	facts := map[string]string{factWas: ""}
	if cards := r.View().Cards(); len(cards) == 1 && cards[0].Record.Replaces != nil {
		facts[factWas] = *cards[0].Record.Replaces
	}
	if r.World.Panel == nil || r.World.Panel.Publish == nil {
		return Outcome{Facts: facts}
	}
	if err := r.World.Panel.Publish(c.record(), r.Answer("demo-slip")); err != nil {
		return Outcome{Problem: "The panel of the demo did not take it: " + err.Error() + "."}
	}
	return Outcome{Facts: facts}
}

func dkimPublishLook(ctx context.Context, r *Run, emit func(View)) View {
	c := dkimCaseOf(r)
	if v, no := c.lacking(); no {
		return v
	}
	v := View{State: Todo, Enter: "I added it"}
	rec := c.record()
	card := Card{Record: provider.Record{Record: rec}, Undo: "Delete the record. Nothing signs with it before the last step."}
	var there dns.Answer
	if c.World.Resolver != nil {
		z := zone.Lookup(ctx, c.World.Resolver, c.domain)
		card.Record.Zone = z.Apex
		var hosts []string
		for _, s := range z.Servers {
			hosts = append(hosts, s.Name)
		}
		card.Panel = provider.Entry(provider.Detect(hosts), rec, z.Apex)
		there = freshOf(c.World).Lookup(ctx, dns.Ask(rec.Name, dns.TypeTXT))
	} else {
		card.Panel = provider.Entry(provider.Detection{}, rec, "")
	}
	v.Said = "One TXT record is to be added at " + rec.Name + "."
	v.Blocks = c.already(ctx, there, &card, &v)
	v.Blocks = append(v.Blocks, card)
	v.Blocks = append(v.Blocks, c.names(card.Record.Zone), c.length())
	emit(v)
	v.Blocks = append(v.Blocks, c.tried(ctx)...)
	return v
}

// freshOf is who asks anew, where there is one.
func freshOf(w World) dns.Resolver {
	if w.Fresh != nil {
		return w.Fresh
	}
	return w.Resolver
}

// already says what stands at the name by now, and changes the card where that
// is to be replaced.
func (c dkimCase) already(ctx context.Context, a dns.Answer, card *Card, v *View) []Block {
	result := dkim.Result{Domain: c.domain, Selector: c.selector(), Name: card.Record.Name, Answer: a}
	if a.Question.Name == "" || a.Status != dns.Found && len(a.Chain) == 0 {
		return nil
	}
	if state, _ := result.Usable(c.expected()); state == dkim.Pass {
		v.State, v.Enter, v.Said = OK, "", "The record is published already. Go on."
		return []Block{Mark{OK, "This record stands there already, and it is right."}}
	}
	if c.wild(ctx, a) {
		return []Block{Mark{Note, "A wildcard answers for this name now, as it does for every selector. Once the record is there, it counts."}}
	}
	if len(a.Chain) > 0 {
		return []Block{Mark{Failure, "A CNAME to " + a.Chain[0] + " stands at this name, and nothing may stand beside it. Delete it first."}}
	}
	if texts := a.Texts(); len(texts) == 1 {
		old := texts[0]
		card.Was = shown(old)
		if card.Was == old {
			card.Record.Replaces = &old
		}
	}
	v.Enter = "I changed it"
	v.Said = "The record at " + card.Record.Name + " is to be changed."
	return []Block{Mark{Failure, "Something stands at this name already that is not this key. Change it, and do not add a second record."}, c.findings(a)}
}

// wild says that an answer is what every selector of the domain gets.
func (c dkimCase) wild(ctx context.Context, a dns.Answer) bool {
	r := freshOf(c.World)
	if r == nil || a.Status != dns.Found {
		return false
	}
	return slices.Equal(a.Texts(), lookupUnmade(ctx, r, c.domain).Texts())
}

// names are both forms of the name: panels differ.
func (c dkimCase) names(apex string) Block {
	name := c.record().Name
	out := Pairs{{"Whole name", name}}
	if short, ok := strings.CutSuffix(name, "."+apex); ok && apex != "" {
		out = append(out, Pair{"Before the zone", short})
	}
	return out
}

// length says what panels do with long values.
func (c dkimCase) length() Block {
	value := c.record().Value
	parts := provider.Split(value)
	if len(parts) == 1 {
		return Para(fmt.Sprintf("The value has %d characters and is one piece.", len(value)))
	}
	return Para(fmt.Sprintf("The value has %d characters. A string in DNS has at most 255, so it becomes %d strings of one record, and nearly every panel cuts it by itself. "+
		"Some panels drop what is beyond 255, keep quotation marks as part of the value, or make two records of it: the next step sees each of these.", len(value), len(parts)))
}

// tried is what the checks say of DNS with the record in it.
func (c dkimCase) tried(ctx context.Context) []Block {
	if c.World.Examine == nil {
		return nil
	}
	rec := c.record()
	t := c.after()
	set := dns.Set{Name: rec.Name, Type: dns.TypeTXT, Values: []string{rec.Value}}
	report := c.World.Examine(ctx, checks.Target{Transport: &t}, []dns.Set{set}, func(checks.Event) {})
	if ctx.Err() != nil {
		return nil
	}
	return c.judged(report, "Tried before you type it: with this record the checks find the key, and it fits.", "Tried before you type it: with this record the checks still find something about DKIM.")
}

// judged is what a report says of DKIM: good, or bad with the findings.
func (c dkimCase) judged(report checks.Report, good, bad string) []Block {
	var open Findings
	for _, f := range report.Open() {
		if strings.HasPrefix(f.Code(), "dkim.") {
			open = append(open, f)
		}
	}
	open = c.open(open)
	passes := 0
	for _, p := range report.Paths {
		if p.DKIM == string(dkim.Pass) {
			passes++
		}
	}
	out := []Block{Mark{OK, good}}
	if len(open) > 0 || passes < len(report.Paths) {
		out = []Block{Mark{Warning, bad}}
	}
	if passes < len(report.Paths) {
		out = append(out, Para("Mail from "+strconv.Itoa(len(report.Paths)-passes)+" of "+strconv.Itoa(len(report.Paths))+" addresses would not pass DKIM."))
	}
	if len(open) > 0 {
		out = append(out, open)
	}
	return out
}
