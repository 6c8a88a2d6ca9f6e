package wizard

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/spf"
)

func spfWait() Step {
	return Step{
		ID: "wait", Title: "Wait",
		Ask: "Wait until every name server of the domain has the new record.",
		Why: "The name servers of the domain decide. Resolvers elsewhere remember what they heard before, until its time is over.\n\n" +
			"Not there yet: nothing has changed, keep waiting. There, but wrong: what differs is shown. Could not ask: our question failed; that is no verdict.\n\n" +
			"You may leave: this step is stored and goes on next time.",
		Look: spfWaitLook,
		Act:  spfWaitAct,
	}
}

func (c spfCase) wanted() checks.Wanted {
	return checks.Wanted{Subject: checks.WaitSPF, Domain: orElse(c.Fact(factSPFAt), c.name()), Value: c.Fact(factSPFNew), Replaces: c.Fact(factSPFWas)}
}

// lacking is the view of a step that needs a record where none was proposed: of
// a run that was changed before.
func (c spfCase) lacking() (View, bool) {
	if c.published() {
		return View{}, false
	}
	return View{State: Warning, Said: "No record was proposed for " + c.name() + " yet.", Blocked: "No record was proposed for " + c.name() + " yet. Go back to the step \"Change\"."}, true
}

func spfWaitLook(ctx context.Context, r *Run, emit func(View)) View {
	c := spfCaseOf(r)
	if v, no := c.lacking(); no {
		return v
	}
	if c.World.Wait == nil {
		return c.lookOnce(ctx)
	}
	w := spfWaiting{spfCase: c, otherwise: map[string]bool{}}
	last := c.World.Wait(ctx, c.wanted(), func(r propagation.Report) { emit(w.view(ctx, r, false)) })
	return w.view(ctx, last, true)
}

// lookOnce is a look where nobody waits: a resolver is asked once.
func (c spfCase) lookOnce(ctx context.Context) View {
	r := c.resolver()
	if r == nil {
		return View{State: Unknown, Said: "DNS cannot be asked here.", Blocked: "DNS cannot be asked here."}
	}
	want := c.wanted()
	a := r.Lookup(ctx, want.Question())
	view := propagation.View{State: propagation.Missing, Answer: a}
	records := spfTexts(a.Texts())
	switch {
	case a.Status == dns.Failed:
		view.State, view.Detail = propagation.Unreachable, a.Reason()
	case len(records) == 1 && squeezed(records[0]) == squeezed(want.Value):
		view.State = propagation.Correct
	case len(records) == 1:
		view.State, view.Value, view.Detail = propagation.Wrong, records[0], propagation.Difference(want.Value, records[0])
	case len(records) > 1:
		view.State, view.Value, view.Detail = propagation.Wrong, strings.Join(records, "\n"), fmt.Sprintf("%d records stand there, and only one may", len(records))
	}
	report := propagation.Report{Question: want.Question(), At: a.At, Published: view.State == propagation.Correct}
	report.Servers = []propagation.ServerView{{Name: "the resolver", State: view.State, Detail: view.Detail, Views: []propagation.View{view}}}
	w := spfWaiting{spfCase: c, otherwise: map[string]bool{}}
	return w.view(ctx, report, true)
}

// squeezed is a record without what receivers do not see.
func squeezed(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// spfTexts are the texts that receivers take for SPF records.
func spfTexts(all []string) (out []string) {
	for _, t := range all {
		if spf.IsRecord(t) {
			out = append(out, t)
		}
	}
	return out
}

// spfWaiting makes views of looks.
type spfWaiting struct {
	spfCase
	otherwise map[string]bool // whether a record that is not the proposed one does as well
	hint      string          // that misplaced was looked up for
	misplaced []Block
}

// view shows a look; over says that no other follows by itself.
func (w *spfWaiting) view(ctx context.Context, r propagation.Report, over bool) View {
	v := View{State: Busy, Value: r, Enter: "go on"}
	if r.Published {
		v.State, v.Said = OK, "Published: every name server that counts has the record."
		v.Blocks = []Block{Mark{OK, v.Said}}
	} else {
		w.verdicts(ctx, r, &v)
	}
	v.Blocks = append(v.Blocks, Servers{Want: w.wanted(), Include: w.World.Service.SPFInclude, Report: r})
	v.Blocks = append(v.Blocks, cachesOf(r)...)
	if over && !r.Published && ctx.Err() == nil {
		v.Blocks = append(v.Blocks, waitingOver)
	}
	return v
}

// verdicts are the sentences that are never mixed: there, but wrong; not there
// yet; could not ask. The first one is what the step says.
func (w *spfWaiting) verdicts(ctx context.Context, r propagation.Report, v *View) {
	say := v.say
	t := sortServers(r)
	if r.Problem != "" {
		say(Unknown, "Could not ask: "+r.Problem+". That is no verdict.")
	}
	if len(t.wrong) > 0 && len(t.wrong) == t.counted && w.same(t.wrong) && w.worksOtherwise(ctx, t.wrong[0]) {
		// Nobody has to type what was proposed, when theirs does the same.
		say(Warning, "It is there, written otherwise than proposed: "+lowered(orElse(t.wrong[0].Detail, "it is another record"))+". ClockWise's servers pass with it, so it may stay.")
		return
	}
	wrong := false
	if r.Hint != "" && t.right == 0 {
		say(Failure, "There, but wrong: "+lowered(r.Hint)+".", w.elsewhere(ctx, r.Hint)...)
		wrong = true
	}
	switch {
	case len(t.wrong) > 0 && t.right > 0:
		say(Warning, "There, but wrong, at "+namesOf(t.wrong)+": "+lowered(orElse(strings.TrimSuffix(t.wrong[0].Detail, "."), "it is not the proposed record"))+". Other name servers have it right already.", w.compared(t.wrong[0])...)
	case len(t.wrong) > 0:
		say(Failure, "There, but wrong, at "+namesOf(t.wrong)+": "+lowered(orElse(strings.TrimSuffix(t.wrong[0].Detail, "."), "it is not the proposed record"))+".", w.compared(t.wrong[0])...)
		wrong = true
	}
	switch {
	case r.Hint != "" && t.right > 0:
		say(Warning, "Not there yet everywhere: "+r.Hint+".")
	case len(t.old) > 0 && r.Hint == "":
		say(Busy, "Not there yet, at "+namesOf(t.old)+": the old record still stands there, keep waiting. If it lasts, look whether the change was saved.")
	}
	if len(t.missing) > 0 && r.Hint == "" {
		say(Busy, "Not there yet, at "+namesOf(t.missing)+": no SPF record stands there, keep waiting.")
	}
	if len(t.unasked) > 0 {
		say(Unknown, "Could not ask "+namesOf(t.unasked)+": "+orElse(t.unasked[0].Detail, "no answer")+". That is no verdict.")
	}
	switch {
	case wrong:
		v.Blocked = v.Said + " Go back to the step \"Change\" and correct it."
	case r.Problem != "":
		v.Blocked = v.Said
	default:
		v.Blocked = fmt.Sprintf("%d of %d name servers have the record; all are needed.", t.right, t.counted)
	}
}

// elsewhere says where the record stands instead.
func (w *spfWaiting) elsewhere(ctx context.Context, hint string) []Block {
	r := w.resolver()
	if hint == w.hint || r == nil {
		return w.misplaced
	}
	w.hint, w.misplaced = hint, nil
	want := w.wanted()
	questions := spf.Probes(want.Domain)
	answers := dns.All(ctx, r, questions...)
	everywhere := answers[len(answers)-1].Texts() // what stands at a name that nobody made
	for _, a := range answers[:len(answers)-1] {
		for _, t := range a.Texts() {
			if strings.Contains(squeezed(t), "include:"+strings.ToLower(w.World.Service.SPFInclude)) && !slices.Contains(everywhere, t) {
				w.misplaced = append(w.misplaced, Para("It stands at "+a.Question.Name+", as type "+a.Question.Type.String()+". It belongs at "+want.Domain+", as type TXT."))
			}
		}
	}
	return w.misplaced
}

// same says that servers have the same texts.
func (w *spfWaiting) same(servers []propagation.ServerView) bool {
	for _, s := range servers {
		if valueOf(s) != valueOf(servers[0]) {
			return false
		}
	}
	return true
}

// valueOf is what a server has in place of the record.
func valueOf(s propagation.ServerView) string {
	for _, v := range s.Views {
		if v.Value != "" {
			return v.Value
		}
	}
	return ""
}

// worksOtherwise says whether what a server has lets ClockWise send, soundly.
func (w *spfWaiting) worksOtherwise(ctx context.Context, s propagation.ServerView) bool {
	value := valueOf(s)
	if works, known := w.otherwise[value]; known {
		return works
	}
	r := w.resolver()
	if r == nil || value == "" || len(spfTexts([]string{value})) != 1 {
		return false
	}
	at := w.wanted().Domain
	relays := w.World.Service.Relays()
	res := spf.Lookup(ctx, laid(dns.NewCache(r), at, []string{value}), at, relays, spf.Options{Now: w.World.Now()})
	pass, unknown := passing(res.Outcomes)
	works := pass == len(relays) && !anyFailure(dkimOpen(spf.Findings(spf.Input{Result: res, Expect: w.expect(), Sending: true})))
	if unknown == 0 {
		w.otherwise[value] = works
	}
	return works
}

// compared shows what stands there, and what should.
func (w *spfWaiting) compared(s propagation.ServerView) []Block {
	value := valueOf(s)
	if value == "" {
		return nil
	}
	want := w.Fact(factSPFNew)
	var out []Block
	texts := strings.Split(value, "\n")
	if len(texts) == 1 {
		if diff := propagation.Difference(want, value); diff != "" && !strings.EqualFold(diff, s.Detail) {
			out = append(out, Para("Compared with the proposed record: "+diff+"."))
		}
	}
	out = append(out, Heading("It stands there"))
	for _, t := range texts {
		out = append(out, Command(t))
	}
	return append(out, Heading("It should be"), Command(want))
}

// spfWaitAct goes on only from what was seen published, in this program.
func spfWaitAct(ctx context.Context, r *Run, _ func(View)) Outcome {
	c := spfCaseOf(r)
	if v, no := c.lacking(); no {
		return Outcome{Problem: v.Blocked}
	}
	if _, ok := r.View().Value.(propagation.Report); ok {
		return Outcome{}
	}
	v := c.lookOnce(ctx)
	o := Outcome{View: &v}
	if v.Blocked != "" {
		o.Problem = v.Said
	}
	return o
}
