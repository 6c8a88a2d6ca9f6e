package wizard

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/compose"
)

func dkimProve() Step {
	return Step{
		ID: "prove", Title: "Switch on",
		Ask: "A test message is signed with the key and verified through DNS, as a receiver does. Only when that works, the transport is changed.",
		Why: "The proof uses the key file and the published record together: what a receiver will do with your mail. Nothing is sent.",
		Fields: func(r *Run) []Field {
			c := dkimCaseOf(r)
			var out []Field
			if !c.configured && c.World.Change != nil {
				out = append(out, Field{
					ID: "make", Label: "Transport", Kind: Choice, Default: "yes", Options: YesNo("Make it", "Not now"),
					Help: "No transport sends mail of " + c.domain + ". Make one that uses ClockWise's servers and signs with this key?",
				})
			}
			if _, ok := r.View().Value.(*Clash); ok {
				out = append(out, Field{
					ID: "clash", Label: "Both changes", Kind: Choice, Default: "merge",
					Help: "Somebody else changed the transport meanwhile.",
					Options: []Option{
						{"merge", "Merge", "Their change stays, and the key is added to it."},
						{"leave", "Leave it", "Their change stays, and signing is not switched on."},
					},
				})
			}
			return out
		},
		Look: dkimProveLook,
		Act:  dkimProveAct,
		Next: func(r *Run) string {
			if c := dkimCaseOf(r); c.Fact(factOld) != "" && c.Fact(factSwitched) != "" {
				return "retire"
			}
			return ""
		},
	}
}

func dkimProveLook(ctx context.Context, r *Run, _ func(View)) View {
	c := dkimCaseOf(r)
	if v, no := c.lacking(); no {
		return v
	}
	v := View{State: Todo, Enter: "prove it and switch it on", Said: "The proof comes first; then this changes in the transport " + c.t.Name + "."}
	switch {
	case c.held():
		v.Enter = "look a last time"
		v.Said = "The proof by a signed message is not possible here: only ClockWise holds the private half."
		v.Blocks = append(v.Blocks, Para("A test message cannot be signed here: only ClockWise holds the private half of this key. In its place a last check compares what is published with the public half of your configuration. A test mail that ClockWise sends is the final proof."))
	case c.beside():
		v.Enter = "prove it"
		v.Said = "The proof is made; the transport is left as it is."
		v.Blocks = append(v.Blocks, Para(c.t.Name+" goes on signing with its RSA key "+c.Fact(factBeside)+": a transport signs with one key, and some receivers do not verify Ed25519. The Ed25519 key "+c.selector()+" stands published and proven beside it, in "+c.Fact(factKeyFile)+", for the day on which both sign."))
	}
	if until, now := stamped(c.Fact(factCaches)), c.now(); until.After(now) {
		v.Blocks = append(v.Blocks, Mark{Note, "Some resolvers may keep an older answer until " + clock(until, now) + ". Mail that is signed before then may not verify at receivers that use them; whoever wants none of that waits so long."})
	}
	if changes := c.changes(); len(changes.List) > 0 {
		v.Blocks = append(v.Blocks, changes)
	}
	if old := c.Fact(factOld); old != "" {
		v.Blocks = append(v.Blocks, Para("The record of "+old+" stays for now: mail on its way is signed with it. The next step tells when it may go."))
	}
	return v
}

func (c dkimCase) now() time.Time {
	if c.World.Now == nil {
		return time.Time{}
	}
	return c.World.Now()
}

// changes are the settings of the transport before and after.
func (c dkimCase) changes() Changes {
	out := Changes{Of: c.t.Name, Before: "now", After: "then"}
	if c.beside() {
		return out
	}
	if !c.configured {
		out.List = append(out.List, Change{What: "add", Term: "transport " + c.t.Name, Before: "-", After: c.t.Type.Title(), Reason: "sends mail of " + c.domain})
	}
	before := c.t
	if !c.configured {
		before.DKIM = transports.DKIM{}
	}
	for _, d := range transports.Differences(before, c.after()) {
		what := "change"
		if d.Before == "" {
			what = "add"
		} else if d.After == "" {
			what = "remove"
		}
		out.List = append(out.List, Change{What: what, Term: d.Field, Before: cmp.Or(d.Before, "-"), After: cmp.Or(d.After, "-")})
	}
	return out
}

func dkimProveAct(ctx context.Context, r *Run, emit func(View)) Outcome {
	c := dkimCaseOf(r)
	if v, no := c.lacking(); no {
		return Outcome{Problem: v.Blocked}
	}
	facts := map[string]string{}
	if _, clashed := r.View().Value.(*Clash); !clashed || c.Fact(factProved) == "" {
		emit(View{State: Busy, Said: "A test message is signed and verified ..."})
		if problem := c.prove(ctx); problem != nil {
			return *problem
		}
		facts[factProved] = stamp(c.now())
	}
	if r.Answer("clash") == "leave" {
		if _, clashed := r.View().Value.(*Clash); clashed {
			return Outcome{Facts: facts, View: &View{State: Warning, Said: "Signing was not switched on: the change of somebody else stands. The key is published and proven; begin again to switch it on."}}
		}
	}
	if c.beside() || !c.configured && r.Answer("make") == "no" || c.held() && c.t.DKIM.Enabled {
		return Outcome{Facts: facts, View: c.ended(ctx, facts, "")}
	}
	return c.switchOn(ctx, facts)
}

// prove is nil where the key and the record fit.
func (c dkimCase) prove(ctx context.Context) *Outcome {
	problem := func(state State, text string, more ...Block) *Outcome {
		return &Outcome{Problem: text, View: &View{State: state, Said: text, Enter: "try again", Blocks: append([]Block{Mark{state, text}}, more...)}}
	}
	if c.held() {
		return c.compare(ctx, problem)
	}
	t := c.after()
	if t.DKIM.Key.Private == nil {
		return problem(Failure, "The key file cannot be used: "+orElse(t.DKIM.Key.Detail, t.DKIM.KeyFile+" holds no private key")+". Nothing was switched on.")
	}
	r := freshOf(c.World)
	if r == nil {
		return problem(Unknown, "DNS cannot be asked here. Nothing was switched on.")
	}
	message, err := signedTest(t, c.domain, c.World.Service, c.now())
	if err != nil {
		return problem(Failure, "The test message could not be signed: "+err.Error()+". Nothing was switched on.")
	}
	p := dkim.Prove(ctx, r, message, c.domain, t.DKIM.Selector, dkim.VerifyOptions{Now: c.now()})
	switch p.Result {
	case dkim.OutcomePass:
		return nil
	case dkim.OutcomeTempError:
		return problem(Unknown, "The signature could not be verified: "+p.Reason+". That is no verdict; try again. Nothing was switched on.")
	default:
	}
	text := "The signature does not verify: " + p.Reason + ". Nothing was switched on."
	if until, now := stamped(c.Fact(factCaches)), c.now(); until.After(now) {
		text += " The resolver that was asked may keep an older answer until " + clock(until, now) + "; try again then."
	}
	return problem(Failure, text)
}

// signedTest is a message as the transport will sign it.
func signedTest(t transports.Transport, domain string, service transports.Service, now time.Time) ([]byte, error) {
	m, err := compose.Compose(compose.Options{Transport: t, Service: service, To: []string{"postmaster@" + domain}, Now: now})
	if err != nil {
		return nil, err
	}
	how, err := compose.SigningOf(t, domain, now)
	if err != nil {
		return nil, err
	}
	return compose.Sign(m.Raw, how)
}

// compare looks at the published record, where no message can be signed.
func (c dkimCase) compare(ctx context.Context, problem func(State, string, ...Block) *Outcome) *Outcome {
	r := freshOf(c.World)
	if r == nil {
		return problem(Unknown, "DNS cannot be asked here. Nothing was switched on.")
	}
	a := r.Lookup(ctx, dns.Ask(c.record().Name, dns.TypeTXT))
	result := dkim.Result{Domain: c.domain, Selector: c.selector(), Name: c.record().Name, Answer: a}
	switch state, why := result.Usable(c.expected()); state {
	case dkim.Pass:
		return nil
	case dkim.Unknown:
		return problem(Unknown, "The record could not be compared: "+why+". That is no verdict; try again. Nothing was switched on.")
	default:
		return problem(Failure, "The record is not right: "+lowered(strings.TrimSuffix(why, "."))+". Nothing was switched on.", c.findings(a))
	}
}

// switchOn changes the transport.
func (c dkimCase) switchOn(ctx context.Context, facts map[string]string) Outcome {
	if c.World.Change == nil {
		return Outcome{Facts: facts, View: &View{State: Warning, Said: "The key is proven. The configuration cannot be changed from here: set selector " + c.selector() + " and the key file " + c.Fact(factKeyFile) + " in the transport."}}
	}
	t := c.after()
	change := transports.Change{Kind: transports.EditTransport, Name: c.t.Name, To: t}
	if !c.configured {
		change = transports.Change{Kind: transports.AddTransport, To: t, At: -1}
	}
	var err error
	if clash, ok := c.View().Value.(*Clash); ok && clash.Merge != nil {
		err = clash.Merge(ctx)
	} else {
		err = c.World.Change(ctx, change)
	}
	if clash, ok := errors.AsType[*Clash](err); ok {
		return c.clashed(clash, facts)
	}
	if err != nil {
		text := "The key is proven, but the transport could not be changed: " + err.Error() + ". It is as it was."
		return Outcome{Facts: facts, Problem: text}
	}
	now := c.now()
	facts[factSwitched] = stamp(now)
	retire := ""
	if old := c.Fact(factOld); old != "" {
		facts[factRetire] = stamp(now.Add(c.overlap(ctx, old)))
		retire = old
	}
	facts[factTransport] = t.Name
	return Outcome{Facts: facts, View: c.ended(ctx, facts, retire)}
}

// clashed says who changed what, and lets the reader decide.
func (c dkimCase) clashed(clash *Clash, facts map[string]string) Outcome {
	who := orElse(clash.Who, "Somebody else")
	text := who + " changed the transport " + c.t.Name + " meanwhile"
	if !clash.When.IsZero() {
		text += ", at " + clock(clash.When, c.now())
	}
	v := View{State: Warning, Said: text + ".", Value: clash, Enter: "do that"}
	v.Blocks = []Block{Mark{Warning, v.Said}}
	for _, what := range clash.What {
		v.Blocks = append(v.Blocks, Mark{Note, what})
	}
	v.Blocks = append(v.Blocks, Para("Nothing was written. Merge keeps their change and adds the key; leaving it keeps their change alone."), c.changes())
	return Outcome{Facts: facts, Problem: text + ". Choose: merge both changes, or leave it.", View: &v}
}

// ended is what the last screen says.
func (c dkimCase) ended(ctx context.Context, facts map[string]string, old string) *View {
	v := &View{State: OK}
	add := func(text string) { v.Blocks = append(v.Blocks, Para(text)) }
	switch {
	case c.held():
		v.Said = "The published record is the key that ClockWise signs " + c.domain + " with."
		v.Blocks = append(v.Blocks, c.finalCheck(ctx)...)
		add("A test mail that ClockWise sends shows the signature at a receiver.")
	case c.beside():
		v.Said = "The Ed25519 key " + c.selector() + " is published and proven; " + c.t.Name + " goes on signing with " + c.Fact(factBeside) + "."
	case facts[factSwitched] != "":
		v.Said = "Proven and switched on: " + c.t.Name + " signs with selector " + c.selector() + "."
		v.Blocks = append(v.Blocks, c.finalCheck(ctx)...)
	default:
		v.Said = "The key is published and proven. No transport signs with it yet."
		add("To make one later: add a transport for " + c.domain + " with selector " + c.selector() + " and the key file " + c.Fact(factKeyFile) + ".")
	}
	v.Blocks = append([]Block{Mark{OK, v.Said}}, v.Blocks...)
	if old != "" {
		now := c.now()
		add("The old key " + old + " may go on " + day(stamped(facts[factRetire]), now) + ". Until then leave its record and its file as they are.")
	}
	return v
}

// finalCheck examines the transport as it is now.
func (c dkimCase) finalCheck(ctx context.Context) []Block {
	if c.World.Examine == nil {
		return nil
	}
	t := c.after()
	report := c.World.Examine(ctx, checks.Target{Transport: &t}, nil, func(checks.Event) {})
	if ctx.Err() != nil {
		return nil
	}
	return c.judged(report, "The final check finds nothing wrong with DKIM.", "The final check finds something about DKIM.")
}
