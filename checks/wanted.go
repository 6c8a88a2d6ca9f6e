package checks

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/taglist"
)

// The subjects whose records can be waited for.
const (
	WaitSPF   = "spf"
	WaitDKIM  = "dkim"
	WaitDMARC = "dmarc"
)

// Wanted is a record that somebody waits for.
type Wanted struct {
	Subject  string // WaitSPF, WaitDKIM or WaitDMARC
	Domain   string
	Selector string        // of DKIM
	Key      dkim.Expected // of DKIM: the record must fit it
	Value    string        // the record must mean this; "": it must be sound
	Replaces string        // what stood there before; "" where nothing did, or nobody knows
}

// Question is what is asked of every server.
func (w Wanted) Question() dns.Question {
	switch w.Subject {
	case WaitDKIM:
		return dns.Ask(dkim.RecordName(w.Selector, w.Domain), dns.TypeTXT)
	case WaitDMARC:
		return dns.Ask(dmarc.Name(w.Domain), dns.TypeTXT)
	}
	return dns.Ask(w.Domain, dns.TypeTXT)
}

// For says in words what is waited for; include is the name that an SPF record
// must include.
func (w Wanted) For(include string) string {
	switch {
	case w.Value != "":
		return short(w.Value)
	case w.Subject == WaitSPF:
		return "an SPF record with include:" + include + " that passes"
	case w.Subject == WaitDMARC:
		return "one valid DMARC record"
	case w.Key.Known():
		return "the DKIM key " + w.Key.Source
	}
	return "a usable DKIM key"
}

// short is the beginning of a value, enough to tell it from others.
func short(value string) string {
	const long = 40
	if r := []rune(value); len(r) > long {
		return string(r[:long]) + " …"
	}
	return value
}

// expectation judges answers for a Wanted. A text that was judged is not judged
// again for a while: SPF asks DNS for it.
type expectation struct {
	Wanted
	e *Examiner

	mu    sync.Mutex
	known map[string]judged
}

// judged is an opinion with its time.
type judged struct {
	propagation.Opinion
	at time.Time
}

// How long an opinion holds, as what a record includes may be mended meanwhile,
// and how many are kept: a hostile server says something else each time.
const (
	opinionHolds = time.Minute
	maxOpinions  = 100
)

// mistakeless are the rules that say no more than that nothing is there.
var mistakeless = []string{"spf.missing", "spf.not-inherited", "dkim.missing", "dmarc.missing", "dmarc.unrelated-txt"}

func (x *expectation) judge(ctx context.Context, a dns.Answer) propagation.Opinion {
	key, now := strings.Join(a.Texts(), "\x00"), x.e.Now()
	x.mu.Lock()
	old, known := x.known[key]
	x.mu.Unlock()
	if known && now.Sub(old.at) < opinionHolds {
		return old.Opinion
	}
	o, sure := x.opinion(ctx, a)
	if sure {
		x.mu.Lock()
		defer x.mu.Unlock()
		if len(x.known) >= maxOpinions {
			clear(x.known)
		}
		x.known[key] = judged{o, now}
	}
	return o
}

// opinion is what is thought of an answer; it is not sure where something that
// the record needs could not be looked up.
func (x *expectation) opinion(ctx context.Context, a dns.Answer) (o propagation.Opinion, sure bool) {
	texts := a.Texts()
	meant := slices.DeleteFunc(slices.Clone(texts), func(t string) bool { return !x.isRecord(t) })
	if len(texts) == 0 {
		return propagation.Opinion{State: propagation.Missing}, true
	}
	o = propagation.Opinion{State: propagation.Wrong, Value: x.shown(meant)}
	switch {
	case len(meant) > 1:
		o.Detail = x.several(ctx, a, meant)
		return o, true
	case len(meant) == 1 && x.Value != "":
		if x.meaning(meant[0]) == x.meaning(x.Value) {
			return propagation.Opinion{State: propagation.Correct}, true
		}
		o.Detail = x.differs(ctx, a, meant[0])
		return o, true
	}
	good, sure := false, true
	switch {
	case len(meant) == 0:
		// Perhaps it is there in a form that no receiver takes for one.
	case x.Subject == WaitDKIM:
		state, why := x.dkim(a).Usable(x.Key)
		good, o.Detail = state == dkim.Pass || state == dkim.Unknown && !x.Key.Known(), why
	case x.Subject == WaitDMARC:
		good, o.Detail = dmarc.Parse(meant[0]).Valid(), "receivers do not use it"
	default:
		good, sure, o.Detail = x.passes(ctx, a)
	}
	title, code, bad := x.mistake(x.findings(ctx, a))
	switch {
	case good && (x.Subject != WaitDMARC || !bad):
		return propagation.Opinion{State: propagation.Correct}, sure
	case len(meant) == 0 && (!bad || slices.Contains(mistakeless, code)):
		return propagation.Opinion{State: propagation.Missing}, true
	case len(meant) == 0:
		o.Value = x.shown(texts)
	}
	switch {
	case len(meant) == 1 && x.isOld(meant[0]):
		o.Detail = OldStands
	case bad && !slices.Contains(mistakeless, code):
		o.Detail = title
	}
	return o, sure
}

// OldStands is what is said of the record that the new one takes the place of.
const OldStands = "the old record still stands there"

func (x *expectation) isOld(text string) bool {
	return x.Replaces != "" && x.meaning(text) == x.meaning(x.Replaces)
}

// several says what is wrong with more records than one.
func (x *expectation) several(ctx context.Context, a dns.Answer, meant []string) string {
	isNew := func(text string) bool { return x.Value != "" && x.meaning(text) == x.meaning(x.Value) }
	if len(meant) == 2 && slices.ContainsFunc(meant, x.isOld) && slices.ContainsFunc(meant, isNew) {
		return "the new record stands beside the old one, and only one may"
	}
	if x.Subject == WaitDKIM { // a key in pieces looks like several records
		if title, code, bad := x.mistake(x.findings(ctx, a)); bad && code != "dkim.multiple-records" {
			return title
		}
	}
	return strconv.Itoa(len(meant)) + " records stand there, and only one may"
}

// differs says how a record differs from the wanted one: by name where it is
// one of the known mistakes, and otherwise by the place.
func (x *expectation) differs(ctx context.Context, a dns.Answer, text string) string {
	if x.isOld(text) {
		return OldStands
	}
	if slip := propagation.Slip(x.Value, text); slip != "" {
		return slip
	}
	wanted := a
	wanted.Records = []dns.Record{{Strings: []string{x.Value}}}
	title, code, bad := x.mistake(x.findings(ctx, a))
	if _, same, _ := x.mistake(x.findings(ctx, wanted)); bad && code != same && !slices.Contains(mistakeless, code) {
		return title
	}
	return propagation.Difference(x.Value, text)
}

// shown is what stands there, without a private key that somebody published.
func (x *expectation) shown(texts []string) string {
	texts = slices.Clone(texts)
	for i, t := range texts {
		if x.Subject == WaitDKIM && dkim.HoldsPrivateKey(t) {
			texts[i] = "(a private key, not shown)"
		}
	}
	return strings.Join(texts, "\n")
}

// isRecord says whether receivers take a text for a record of the subject. At
// the name of a DKIM key they take every one.
func (x *expectation) isRecord(text string) bool {
	switch x.Subject {
	case WaitSPF:
		return spf.IsRecord(text)
	case WaitDMARC:
		return dmarc.Parse(text).Version
	}
	return true
}

// passes says whether the record of an answer includes ClockWise's and lets all
// its servers send.
func (x *expectation) passes(ctx context.Context, a dns.Answer) (good, sure bool, why string) {
	include := x.e.Service.SPFInclude
	res := x.spf(ctx, a)
	has := false
	if res.Tree != nil {
		res.Tree.Walk(func(n *spf.Node, _ []*spf.Node) bool {
			has = has || strings.EqualFold(strings.TrimSuffix(n.Domain, "."), include)
			return true
		})
	}
	sure = true
	for _, o := range res.Outcomes {
		switch o.Result {
		case spf.Pass:
		case spf.TempError:
			// The record itself is read: what it leads to is another matter.
			sure = false
			has = has && res.Tree.Record.Err() == nil
		default:
			return false, true, "SPF gives " + o.Result + " for " + o.Client.IP.String()
		}
	}
	return has, sure, "it has no include:" + include
}

// spf looks up the domain as if all resolvers gave this answer.
func (x *expectation) spf(ctx context.Context, a dns.Answer) spf.Result {
	r := dns.NewCache(standing{x.e.Resolver, a})
	return spf.Lookup(ctx, r, x.Domain, x.e.Service.Relays(), spf.Options{Now: x.e.Now()})
}

func (x *expectation) dkim(a dns.Answer) dkim.Result {
	r := dkim.Result{Domain: x.Domain, Selector: x.Selector, Name: x.Question().Name, Answer: a}
	for _, rec := range a.Records {
		r.Records = append(r.Records, dkim.Parse(rec.Strings...))
	}
	return r
}

// findings are what the subject says of an answer.
func (x *expectation) findings(ctx context.Context, a dns.Answer) []finding.Finding {
	switch x.Subject {
	case WaitDKIM:
		return dkim.Findings(dkim.Input{Result: x.dkim(a), Expected: x.Key, Sending: true})
	case WaitDMARC:
		var texts [][]string
		for _, r := range a.Records {
			texts = append(texts, r.Strings)
		}
		return dmarc.Lint(texts...)
	}
	return spf.Findings(spf.Input{
		Result: x.spf(ctx, a), Expect: spf.Expect{Include: x.e.Service.SPFInclude, Relays: x.e.Service.Relays()}, Sending: true,
	})
}

// mistake is the title of the failure that explains the others.
func (x *expectation) mistake(all []finding.Finding) (title, code string, ok bool) {
	finding.Silence(all)
	finding.Sort(all, nil)
	for _, f := range all {
		if f.Severity() == finding.Failure && f.SilencedBy == "" {
			return f.Title(), f.Code(), true
		}
	}
	return "", "", false
}

// hint looks where the record stands by mistake, when nothing stands at the name
// or still what stood there before. The servers of the zone are asked: caches
// may not know yet.
func (x *expectation) hint(ctx context.Context, r dns.Resolver, a dns.Answer) string {
	if a.Status == dns.Found {
		if !x.untouched(a) {
			return "" // it is there, and what is wrong with it is said
		}
		none := dns.Answer{Question: a.Question, Status: dns.Empty, Server: a.Server, AA: a.AA, At: a.At, Zone: a.Zone}
		r = standing{r, none}
	}
	r = dns.NewCache(r)
	var all []finding.Finding
	switch x.Subject {
	case WaitDKIM:
		res := dkim.Lookup(ctx, r, x.Domain, x.Selector, dkim.Options{})
		all = dkim.Findings(dkim.Input{Result: res, Expected: x.Key, Sending: true})
	case WaitDMARC:
		all = dmarc.Findings(dmarc.Input{Result: dmarc.Lookup(ctx, r, x.Domain, dmarc.Options{SideBySide: true})})
	default:
		res := spf.Lookup(ctx, r, x.Domain, x.e.Service.Relays(), spf.Options{Now: x.e.Now()})
		if a.Status == dns.Found {
			// Other names may have records of their own, which nobody typed now.
			res.Probes = slices.DeleteFunc(res.Probes, func(p dns.Answer) bool { return !x.names(p) })
		}
		all = spf.Findings(spf.Input{Result: res, Expect: spf.Expect{Include: x.e.Service.SPFInclude, Relays: x.e.Service.Relays()}, Sending: true})
	}
	title, code, bad := x.mistake(all)
	if !bad || slices.Contains(mistakeless, code) {
		return ""
	}
	return title
}

// untouched says that what stands there is what stood there before the change,
// which may have been made elsewhere. A key elsewhere counts only where it can
// be told from those of others.
func (x *expectation) untouched(a dns.Answer) bool {
	meant := slices.DeleteFunc(slices.Clone(a.Texts()), func(t string) bool { return !x.isRecord(t) })
	switch {
	case x.Subject == WaitSPF && len(meant) <= 1:
		return len(meant) == 1 && !x.names(a)
	case x.Subject == WaitDKIM && len(meant) == 1:
		return x.Key.Known() && x.isOld(meant[0])
	}
	return false
}

// names says whether a text of an answer names the include of ClockWise.
func (x *expectation) names(a dns.Answer) bool {
	return slices.ContainsFunc(a.Texts(), func(t string) bool {
		return strings.Contains(strings.ToLower(t), strings.ToLower(x.e.Service.SPFInclude))
	})
}

// meaning is a record without what receivers do not see: spaces, the order of
// tags, letter case where it does not count.
func (w Wanted) meaning(text string) string {
	if w.Subject == WaitSPF {
		return strings.ToLower(strings.Join(strings.Fields(text), " "))
	}
	var tags []string
	for _, p := range taglist.Parse(text).Parts {
		value := p.Value
		if p.Name == "p" && w.Subject == WaitDKIM {
			value = strings.Join(strings.Fields(value), "")
		}
		tags = append(tags, p.Name+"="+value)
	}
	slices.Sort(tags)
	return strings.Join(tags, ";")
}

// standing answers one question with a given answer.
type standing struct {
	dns.Resolver
	answer dns.Answer
}

// Lookup gives the answer, or asks below.
func (s standing) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	if q == s.answer.Question {
		return s.answer
	}
	return s.Resolver.Lookup(ctx, q)
}
