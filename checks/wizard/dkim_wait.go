package wizard

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
)

func dkimWait() Step {
	return Step{
		ID: "wait", Title: "Wait",
		Ask: "Wait until every name server of the domain has the record. It is compared with the key, octet by octet.",
		Why: "The name servers of the domain decide. Resolvers elsewhere remember what they heard before, also that there was nothing, until its time is over.\n\n" +
			"Not there yet: nothing is published, keep waiting. There, but wrong: what differs is shown. Could not ask: our question failed; that is no verdict.\n\n" +
			"You may leave: this step is stored and goes on next time.",
		Look: dkimWaitLook,
		Act:  dkimWaitAct,
	}
}

func (c dkimCase) wanted() checks.Wanted {
	return checks.Wanted{Subject: checks.WaitDKIM, Domain: c.domain, Selector: c.selector(), Key: c.expected(), Replaces: c.Fact(factWas)}
}

func dkimWaitLook(ctx context.Context, r *Run, emit func(View)) View {
	c := dkimCaseOf(r)
	if v, no := c.lacking(); no {
		return v
	}
	if c.World.Wait == nil {
		return c.lookOnce(ctx)
	}
	w := dkimWaiting{dkimCase: c}
	last := c.World.Wait(ctx, c.wanted(), func(r propagation.Report) { emit(w.view(ctx, r, false)) })
	return w.view(ctx, last, true)
}

// lookOnce is a look where nobody waits: a resolver is asked once.
func (c dkimCase) lookOnce(ctx context.Context) View {
	r := freshOf(c.World)
	if r == nil {
		return View{State: Unknown, Said: "DNS cannot be asked here.", Blocked: "DNS cannot be asked here."}
	}
	a := r.Lookup(ctx, dns.Ask(c.record().Name, dns.TypeTXT))
	view := propagation.View{State: propagation.Missing, Answer: a}
	result := dkim.Result{Domain: c.domain, Selector: c.selector(), Name: c.record().Name, Answer: a}
	state, why := result.Usable(c.expected())
	switch {
	case state == dkim.Pass:
		view.State = propagation.Correct
	case state == dkim.Unknown:
		view.State, view.Detail = propagation.Unreachable, why
	case a.Status == dns.Found:
		view.State, view.Detail, view.Value = propagation.Wrong, why, strings.Join(a.Texts(), "\n")
	}
	report := propagation.Report{Question: a.Question, At: a.At, Published: view.State == propagation.Correct}
	report.Servers = []propagation.ServerView{{Name: "the resolver", State: view.State, Detail: view.Detail, Views: []propagation.View{view}}}
	w := dkimWaiting{dkimCase: c}
	return w.view(ctx, report, true)
}

// dkimWaiting makes views of looks. Where the record stands instead is looked up
// once for each hint.
type dkimWaiting struct {
	dkimCase
	hint      string
	elsewhere []Block
	wildcard  []string // what every selector gets; nil while not asked
}

// withoutWild is a report in which the answer of a wildcard is none.
func (w *dkimWaiting) withoutWild(ctx context.Context, r propagation.Report) propagation.Report {
	servers := slices.Clone(r.Servers)
	for i, s := range servers {
		if s.State != propagation.Wrong || slices.ContainsFunc(s.Views, func(v propagation.View) bool { return v.State == propagation.Wrong && !w.isWild(ctx, v.Answer) }) {
			continue
		}
		servers[i].State = propagation.Missing
	}
	r.Servers = servers
	return r
}

func (w *dkimWaiting) isWild(ctx context.Context, a dns.Answer) bool {
	if w.wildcard == nil && w.World.Resolver != nil {
		w.wildcard = append([]string{}, lookupUnmade(ctx, freshOf(w.World), w.domain).Texts()...)
	}
	return len(w.wildcard) > 0 && slices.Equal(w.wildcard, a.Texts())
}

// view shows a look; over says that no other follows by itself.
func (w *dkimWaiting) view(ctx context.Context, r propagation.Report, over bool) View {
	v := View{State: Busy, Value: r, Enter: "go on"}
	if r.Published {
		w.published(r, &v)
		return v
	}
	w.verdicts(ctx, r, &v)
	v.Blocks = append(v.Blocks, Servers{Want: w.wanted(), Report: shownReport(r)})
	v.Blocks = append(v.Blocks, cachesOf(r)...)
	if over && ctx.Err() == nil {
		v.Blocks = append(v.Blocks, waitingOver)
	}
	return v
}

// verdicts are the sentences that are never mixed: there, but wrong; not there
// yet; could not ask. The first one is what the step says.
func (w *dkimWaiting) verdicts(ctx context.Context, r propagation.Report, v *View) {
	say := v.say
	t := sortServers(w.withoutWild(ctx, r))
	onItsWay := t.right > 0
	if r.Problem != "" {
		say(Unknown, "Could not ask: "+r.Problem+". That is no verdict.")
	}
	if r.Hint != "" && !onItsWay {
		w.misplaced(ctx, r.Hint)
		say(Failure, "There, but wrong: "+lowered(r.Hint)+".", w.elsewhere...)
	}
	if len(t.old) > 0 && (r.Hint == "" || onItsWay) {
		say(Busy, "Not there yet, at "+namesOf(t.old)+": what stood there before still stands there. Keep waiting; if it lasts, look whether the change was saved.")
	}
	if len(t.wrong) > 0 && onItsWay {
		say(Warning, "There, but wrong, at "+namesOf(t.wrong)+": "+lowered(shownDetail(t.wrong[0]))+". Other name servers have it right already.", w.wrong(t.wrong[0])...)
	} else if len(t.wrong) > 0 {
		say(Failure, "There, but wrong, at "+namesOf(t.wrong)+": "+lowered(shownDetail(t.wrong[0]))+".", w.wrong(t.wrong[0])...)
	}
	switch {
	case r.Hint != "" && onItsWay:
		say(Warning, "Not there yet everywhere: "+r.Hint+".")
	case len(t.missing) > 0 && r.Hint == "":
		say(Busy, "Not there yet, at "+namesOf(t.missing)+": nothing is published there, keep waiting.")
	}
	if len(t.unasked) > 0 {
		say(Unknown, "Could not ask "+namesOf(t.unasked)+": "+orElse(t.unasked[0].Detail, "no answer")+". That is no verdict.")
	}
	switch {
	case len(t.wrong) > 0 && !onItsWay, r.Hint != "" && !onItsWay:
		v.Blocked = v.Said + " Go back to the record and correct it there."
	case r.Problem != "":
		v.Blocked = v.Said
	default:
		v.Blocked = fmt.Sprintf("%d of %d name servers have the record; all are needed.", t.right, t.counted)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// lowered is a title in the middle of a sentence: names keep their capitals.
func lowered(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == strings.ToUpper(first) && len(first) > 1 || len(s) == 0 {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func shownDetail(s propagation.ServerView) string {
	return orElse(strings.TrimSuffix(s.Detail, "."), "it is not the record of this key")
}

// published tells the good end, and what resolvers still remember.
func (w *dkimWaiting) published(r propagation.Report, v *View) {
	v.State = OK
	v.Said = "Published: every name server that counts has the record, and it is the key, octet by octet."
	for _, s := range r.Servers {
		for _, x := range s.Views {
			if x.State == propagation.Correct && len(x.Answer.Texts()) == 1 && x.Answer.Texts()[0] != w.record().Value {
				v.Said = "Published: every name server that counts has the record. It is written otherwise than proposed, and means the same to receivers."
			}
		}
	}
	v.Blocks = []Block{Mark{OK, v.Said}, Servers{Want: w.wanted(), Report: shownReport(r)}}
	v.Blocks = append(v.Blocks, cachesOf(r)...)
}

// wrong says what is wrong at a server: the findings, then the comparison.
func (w *dkimWaiting) wrong(s propagation.ServerView) []Block {
	for _, v := range s.Views {
		if v.State != propagation.Wrong {
			continue
		}
		var out []Block
		if diff := compared(w.record().Value, v.Answer.Texts()); diff != "" {
			out = append(out, Para("Compared with the key: "+diff+"."))
		}
		return append(out, w.findings(v.Answer))
	}
	return nil
}

// findings judge an answer at the name of the key.
func (c dkimCase) findings(a dns.Answer) Findings {
	result := dkim.Result{Domain: c.domain, Selector: c.selector(), Name: c.record().Name, Answer: a}
	return c.open(dkim.Findings(dkim.Input{Result: result, Expected: c.expected(), Sending: true}))
}

// misplaced looks up where the record stands instead.
func (w *dkimWaiting) misplaced(ctx context.Context, hint string) {
	r := freshOf(w.World)
	if hint == w.hint || r == nil {
		return
	}
	w.hint = hint
	result := dkim.Lookup(ctx, r, w.domain, w.selector(), dkim.Options{})
	var found Findings
	for _, f := range w.open(dkim.Findings(dkim.Input{Result: result, Expected: w.expected(), Sending: true})) {
		if f.Severity() == finding.Failure && f.Title() == hint {
			found = append(found, f)
		}
	}
	if w.elsewhere = nil; len(found) > 0 {
		w.elsewhere = []Block{found}
	}
}

// compared says where what is published differs from the record of the key,
// with the place in the key where that can be told.
func compared(want string, texts []string) string {
	switch {
	case len(texts) == 0:
		return ""
	case len(texts) > 1:
		return fmt.Sprintf("%d records stand there, and only one may", len(texts))
	case dkim.HoldsPrivateKey(texts[0]):
		return "it holds a private key"
	}
	got := texts[0]
	wantKey, gotKey := dkim.Parse(want).Key(), dkim.Parse(got).Key()
	switch {
	case len(gotKey) > 0 && len(gotKey) < len(wantKey) && strings.HasPrefix(wantKey, gotKey):
		return fmt.Sprintf("the first %d of its %d characters are there, then it ends: %d of the %d characters of the whole value", len(gotKey), len(wantKey), len(got), len(want))
	case gotKey == wantKey:
		return "the key is right; " + propagation.Difference(want, got)
	}
	same := 0
	for same < len(wantKey) && same < len(gotKey) && wantKey[same] == gotKey[same] {
		same++
	}
	if quotes := strings.Count(got, `"`); quotes > 0 {
		return fmt.Sprintf("%d quotation marks are part of the value", quotes)
	}
	if len(gotKey) == 0 {
		return propagation.Difference(want, got)
	}
	if len(gotKey) == len(wantKey) {
		return fmt.Sprintf("it differs from character %d of the key", same+1)
	}
	return fmt.Sprintf("it differs from character %d of the key, and has %d characters in place of %d", same+1, len(gotKey), len(wantKey))
}

// shown is a record as it may be shown.
func shown(text string) string {
	if dkim.HoldsPrivateKey(text) {
		return "(a private key, not shown)"
	}
	return text
}

// shownReport is a report without private keys that somebody published.
func shownReport(r propagation.Report) propagation.Report {
	private := func(v propagation.View) bool {
		return dkim.HoldsPrivateKey(v.Value) || slices.ContainsFunc(v.Answer.Texts(), dkim.HoldsPrivateKey)
	}
	hide := func(v *propagation.View) {
		if private(*v) {
			v.Value, v.Answer = shown(v.Value), dns.Answer{Question: v.Answer.Question, Status: v.Answer.Status, At: v.Answer.At, TTL: v.Answer.TTL}
		}
	}
	servers := make([]propagation.ServerView, len(r.Servers))
	for i, s := range r.Servers {
		s.Views = append([]propagation.View(nil), s.Views...)
		for j := range s.Views {
			hide(&s.Views[j])
		}
		servers[i] = s
	}
	r.Servers = servers
	r.Resolvers = append([]propagation.View(nil), r.Resolvers...)
	for i := range r.Resolvers {
		hide(&r.Resolvers[i])
	}
	return r
}

// dkimWaitAct goes on only from what was seen published, in this program.
func dkimWaitAct(ctx context.Context, r *Run, _ func(View)) Outcome {
	c := dkimCaseOf(r)
	if v, no := c.lacking(); no {
		return Outcome{Problem: v.Blocked}
	}
	report, ok := r.View().Value.(propagation.Report)
	if !ok {
		v := c.lookOnce(ctx)
		if v.Blocked != "" {
			return Outcome{Problem: v.Said, View: &v}
		}
		return Outcome{View: &v}
	}
	if !report.Published {
		return Outcome{Problem: "The record is not at every name server yet. Look again."}
	}
	until := remembered(report)
	return Outcome{Facts: map[string]string{factCaches: stamp(until)}}
}
