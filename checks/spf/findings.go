package spf

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is everything that Findings judges.
type Input struct {
	Result    Result
	Expect    Expect
	ClockWise *Result // the look-up of Expect.Include itself; nil where it was not made

	// Sending means that ClockWise's own servers send with this domain as
	// envelope domain. Else only the record itself is judged.
	Sending bool

	// Sender is SPF of the domain in From where that is another one than the
	// envelope domain, and Aligned says whether both belong to one organisation.
	Sender  *Result
	Aligned Fact

	// More are answers beside those of the look-up, where they were asked for:
	// type SPF at the domain, TXT at a made-up name below it.
	More []dns.Answer

	PTR      []dns.Answer // names of the relay addresses, where they were asked for
	HELO     *Result      // SPF of the name that the relays greet with; nil where not looked at
	HasDMARC Fact
	Parked   bool
	Views    dns.Views
	MX       []string  // hosts that receive the domain's mail; nil: not known
	Now      time.Time // for how long caches keep what they have; zero: not told
}

// Findings judges SPF of one domain. It is pure.
func Findings(in Input) []finding.Finding {
	in.Result.Probes = slices.Concat(in.Result.Probes, in.More)
	in.Sending = in.Sending && !in.Expect.isInclude(in.Result.Domain) // it cannot include itself
	j := judge{in: in, subject: in.Result.Domain}
	j.judgeClockWiseRecord()
	if in.Result.Answer.Status == dns.Failed {
		j.raiseUnreadable("", in.Result.Domain, in.Result.Answer)
		j.judgeViews()
		return j.out
	}
	j.readTexts()
	j.judgePlace()
	j.judgeTexts()
	j.judgeAnswer()
	if t := in.Result.Tree; t != nil {
		j.judgeNode(t, "", []string{t.Domain})
		j.judgeLimits(t)
	}
	j.judgeOutcomes()
	if in.Sending {
		j.judgePaths()
	}
	j.judgeSender()
	j.judgeViews()
	j.attachFixes(Propose(ProposeInput{
		Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX, RecordOnly: !in.Sending,
	}))
	return j.out
}

// judge collects findings.
type judge struct {
	in       Input
	subject  string
	readings []reading // texts that are SPF records or were meant to be, of the name itself
	out      []finding.Finding
}

func (j *judge) raise(rule *finding.Rule, object string, evidence []finding.Evidence, args ...string) {
	for _, f := range j.out {
		if f.Rule == rule && f.Object == object && slices.Equal(f.Args, args) {
			return
		}
	}
	j.out = append(j.out, finding.Finding{Rule: rule, Subject: j.subject, Object: object, Args: args, Evidence: evidence})
}

// raiseFaults raises what was found in a text.
func (j *judge) raiseFaults(r *reading, faults []fault) {
	for _, f := range faults {
		j.raise(f.rule, f.object, j.evidenceOf(r), f.args...)
	}
}

func (j *judge) evidenceOf(r *reading) []finding.Evidence {
	e := evidence(j.in.Result.Answer)
	e.Answer = r.text
	return []finding.Evidence{e}
}

// evidence is an answer as somebody can read it.
func evidence(a dns.Answer) finding.Evidence {
	e := finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), At: a.At}
	switch a.Status {
	case dns.Failed:
		e.Answer = cmp.Or(why(a), "no usable answer")
	case dns.NoName:
		e.Answer = "the name does not exist"
	case dns.Empty:
		e.Answer = "the name exists, but has no record of this type"
	default:
		e.Answer = strings.Join(a.Texts(), "\n")
		if a.Question.Type != dns.TypeTXT && a.Question.Type != dns.TypeSPF {
			e.Answer = fmt.Sprintf("%d records", len(a.Records))
		}
	}
	return e
}

func why(a dns.Answer) string {
	switch {
	case a.Err != nil:
		return a.Err.Error()
	case a.Rcode != "":
		return a.Rcode
	}
	return "no answer"
}

func (j *judge) domainEvidence() []finding.Evidence {
	return []finding.Evidence{evidence(j.in.Result.Answer)}
}

func (j *judge) raiseUnreadable(object, name string, a dns.Answer) {
	j.raise(unreadable, object, []finding.Evidence{evidence(a)}, j.subject, name, why(a))
}

// readTexts reads every text of the name that has to do with SPF.
func (j *judge) readTexts() {
	for _, rec := range j.in.Result.Answer.Records {
		j.readings = append(j.readings, read(rec.Strings, j.in.Expect))
	}
}

func (j *judge) selected() int {
	n := 0
	for i := range j.readings {
		if j.readings[i].selected {
			n++
		}
	}
	return n
}

func (j *judge) namesClockWise() bool {
	return slices.ContainsFunc(j.readings, func(r reading) bool { return r.namesClockWise(j.in.Expect) })
}

// judgePlace says whether there is one record, and where else it may be.
func (j *judge) judgePlace() {
	switch n := j.selected(); {
	case n > 1:
		j.raise(multipleRecords, "", j.domainEvidence(), j.subject, strconv.Itoa(n))
		return
	case n == 1:
		for _, a := range j.in.Result.Probes {
			j.judgeLeftover(a)
		}
		return
	}
	state := map[dns.Status]string{
		dns.NoName: "the name does not exist", dns.Empty: "the name has no text records", dns.Found: "its text records are something else",
	}[j.in.Result.Answer.Status]
	j.raise(missing, "", j.domainEvidence(), j.subject, state)
	told := map[probeKind]bool{}
	for _, a := range j.in.Result.Probes {
		kind := kindOf(a, j.subject)
		if told[kind] || !holdsRecord(a, j.in.Expect) || a.Question.Name == j.in.Expect.Include {
			continue // the name to include holds its record rightly
		}
		told[kind] = true
		rule := map[probeKind]*finding.Rule{
			probeDoubled: nameDoubled, probeType: wrongType, probeParent: notInherited, probeNeighbour: wrongName, probeRandom: wildcard,
		}[kind]
		j.raise(rule, "", append(j.domainEvidence(), evidence(a)), j.subject, a.Question.Name)
	}
}

// judgeLeftover looks at a neighbouring name beside a record at the right one.
func (j *judge) judgeLeftover(a dns.Answer) {
	if !holdsRecord(a, j.in.Expect) {
		return
	}
	both := append(j.domainEvidence(), evidence(a))
	switch kindOf(a, j.subject) {
	case probeType:
		j.raise(typeLeftover, "", both, j.subject)
	case probeRandom:
		j.raise(wildcard, "", both, j.subject)
	case probeDoubled:
		have := map[string]bool{}
		for _, t := range j.in.Result.Records[0].Terms {
			have[lower(t.Text)] = true
		}
		for _, r := range recordsIn(a) {
			if slices.ContainsFunc(r.Terms, func(t Term) bool { return !t.IsAll() && !have[lower(t.Text)] }) {
				j.raise(nameDoubled, "", both, j.subject, a.Question.Name)
				return
			}
		}
	}
}

// recordsIn are the SPF records among the texts of an answer.
func recordsIn(a dns.Answer) []Record {
	var out []Record
	for _, r := range a.Records {
		if IsRecord(strings.Join(r.Strings, "")) {
			out = append(out, Parse(r.Strings...))
		}
	}
	return out
}

func holdsRecord(a dns.Answer, expect Expect) bool {
	return slices.ContainsFunc(a.Records, func(r dns.Record) bool { return read(r.Strings, expect).attempt })
}

// probeKind says how a name that was asked lies to the right one.
type probeKind uint8

const (
	probeDoubled probeKind = iota + 1
	probeType
	probeParent
	probeNeighbour
	probeRandom
)

func kindOf(a dns.Answer, domain string) probeKind {
	name := a.Question.Name
	first, rest, _ := strings.Cut(name, ".")
	switch {
	case a.Question.Type == dns.TypeSPF:
		return probeType
	case strings.HasSuffix(domain, "."+name):
		return probeParent
	case slices.Contains(Doubled(domain), name):
		return probeDoubled
	case rest == domain && slices.Contains(neighbours, first):
		return probeNeighbour
	}
	return probeRandom
}

// judgeTexts raises what the texts themselves have wrong. A damaged text
// beside a sound record counts only where it was meant to add something.
func (j *judge) judgeTexts() {
	var sound []source
	for _, r := range j.readings {
		if r.selected {
			sound = append(sound, source{reading: r})
		}
	}
	for i := range j.readings {
		r := &j.readings[i]
		if r.attempt && !r.selected && len(sound) > 0 && !adds(source{reading: *r}, sound, j.in.Expect) {
			continue
		}
		r.judge(j.in.Expect, j.in.HasDMARC)
		j.raiseFaults(r, r.faults)
	}
}

// judgeAnswer looks at the answer as a whole.
func (j *judge) judgeAnswer() {
	a := j.in.Result.Answer
	if n := len(a.Chain); n > 0 {
		j.raise(cname, "", j.domainEvidence(), j.subject, a.Chain[n-1])
	}
	if a.Size > 512 && len(j.readings) > 0 && !slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Rule == answerTooLarge }) && j.selected() > 0 {
		j.raise(answerTooLarge, "", j.domainEvidence(), strconv.Itoa(a.Size), "The answer with all text records of "+j.subject)
	}
	if j.in.Parked && j.selected() == 1 {
		terms := j.in.Result.Records[0].Terms
		if len(terms) != 1 || !strings.EqualFold(terms[0].Text, "-all") {
			j.raise(parkedNotClosed, "", j.domainEvidence(), j.subject)
		}
	}
}

// judgeNode looks at everything that the record leads to. own is the term of
// the domain's own record that leads here; path are the domains on the way.
func (j *judge) judgeNode(n *Node, own string, path []string) {
	for _, c := range n.Children {
		if c.Inactive {
			continue
		}
		term := cmp.Or(own, c.Term)
		here := append(slices.Clone(path), c.Domain)
		both := append(j.domainEvidence(), nodeEvidence(c)...)
		ours := j.in.Expect.isInclude(c.Domain)
		j.judgeError(c, term, here, both)
		j.judgeVoid(c, term, both)
		if own == "" {
			j.judgeExplanation(c, both)
		}
		if c.Record != nil && !ours {
			j.judgeTarget(c, term, both)
		}
		if ours && (j.in.ClockWise != nil || c.Err != nil) {
			continue // its inside is judged once, as ClockWise's own
		}
		j.judgeNode(c, term, here)
	}
}

func nodeEvidence(n *Node) []finding.Evidence {
	var out []finding.Evidence
	for _, a := range append([]dns.Answer{n.Answer}, n.Answers...) {
		if a.Question.Type != 0 {
			out = append(out, evidence(a))
		}
	}
	return out
}

func (j *judge) judgeError(n *Node, own string, path []string, both []finding.Evidence) {
	if n.Loop || problemIs(n.Err, LoopFound) {
		j.raise(loop, own, both, own, strings.Join(path, " > "))
		return
	}
	if s, ok := n.Err.(*SyntaxError); ok {
		if n.Record != nil && !j.in.Expect.isInclude(n.Domain) {
			j.raise(invalid, own, both, own, fmt.Sprintf("%s leads to %s, where %s is wrong: %s", own, n.Domain, s.Term, s.Detail))
		}
		return
	}
	p, ok := n.Err.(*Problem)
	if !ok {
		return
	}
	switch p.Kind {
	case NoRecord:
		if strings.Contains(own, `"`) {
			return // the quotation mark is told, and made the name wrong
		}
		rule := includeTarget
		if n.IsRedirect() {
			rule = redirectTarget
		}
		j.raise(rule, own, both, own, n.Domain)
	case TooManyMX:
		j.raise(tooManyMX, own, both, own, n.Domain)
	case Unreadable:
		if j.in.Expect.isInclude(n.Domain) {
			j.raiseOnce(clockWiseUnreadable, own, both, n.Domain, why(failed(n)))
		}
		j.raise(unreadable, own, both, j.subject, n.Domain, why(failed(n)))
	case ManyRecords:
		if !j.in.Expect.isInclude(n.Domain) {
			j.raise(invalid, own, both, own, fmt.Sprintf("%s leads to %s, which has %d SPF records", own, n.Domain, len(n.Records)))
		}
	case BadSyntax, TargetInvalid, TooManyLookups, TooManyVoid:
		told := slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Object == own && f.Severity() == finding.Failure })
		if !told && !j.in.Expect.isInclude(n.Domain) && p.Kind != TooManyLookups && p.Kind != TooManyVoid {
			reason := own + ": " + strings.TrimPrefix(p.Error(), "spf: ")
			if s := new(SyntaxError); errors.As(p, &s) {
				reason = fmt.Sprintf("%s leads to %s, where %s is wrong: %s", own, p.Domain, s.Term, s.Detail)
			}
			j.raise(invalid, own, both, own, reason)
		}
	}
}

func (j *judge) raiseOnce(rule *finding.Rule, object string, ev []finding.Evidence, args ...string) {
	if !slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Rule == rule }) {
		j.raise(rule, object, ev, args...)
	}
}

// failed is the answer of a node that could not be used.
func failed(n *Node) dns.Answer {
	for _, a := range n.Answers {
		if a.Status == dns.Failed {
			return a
		}
	}
	return n.Answer
}

// judgeVoid names what DNS answered with nothing.
func (j *judge) judgeVoid(n *Node, own string, both []finding.Evidence) {
	void := n.Void
	for _, c := range n.Children {
		if !c.Inactive {
			void -= c.Void
		}
	}
	t := Parse(version + " " + n.Term).Terms[0]
	if void > 0 && j.in.Result.VoidLookups <= MaxVoidLookups {
		j.raise(voidLookups, own, both, own, n.Domain)
	}
	usable := n.Answer.Status != dns.Failed && !slices.ContainsFunc(n.Answers, func(a dns.Answer) bool { return a.Status == dns.Failed })
	switch {
	case n.Dynamic || n.Cut || n.Err != nil || !usable || n.Answer.Question.Type == 0:
	case t.Name == "a" && len(n.Addresses) == 0:
		j.raise(hostWithoutAddress, own, both, own, n.Domain)
	case t.Name == "mx":
		for _, h := range n.Hosts {
			if h != "" && !hasAddress(n.Answers, h) {
				j.raise(hostWithoutAddress, own, both, own, h)
			}
		}
	}
}

// judgeExplanation looks at the target of the own record's exp=.
func (j *judge) judgeExplanation(n *Node, both []finding.Evidence) {
	if !strings.HasPrefix(lower(n.Term), "exp=") || n.Answer.Question.Type == 0 || n.Answer.Status == dns.Failed {
		return
	}
	reason := ""
	switch texts := n.Answer.Texts(); {
	case len(texts) == 0:
		reason = "has no text record"
	case len(texts) > 1:
		reason = fmt.Sprintf("has %d text records", len(texts))
	case asciiOnly(texts[0]) != texts[0]:
		reason = "has characters that cannot be shown"
	case scanMacros(texts[0], anyLetter, nil) != nil:
		reason = "has a wrong placeholder"
	default:
		return
	}
	j.raise(expBroken, n.Term, both, n.Term, n.Domain+" "+reason)
}

// hasAddress says whether one of the answers gave an address of host, or the
// host was not asked for.
func hasAddress(answers []dns.Answer, host string) bool {
	asked := false
	for _, a := range answers {
		if strings.EqualFold(a.Question.Name, host) {
			asked = true
			if len(a.Records) > 0 {
				return true
			}
		}
	}
	return !asked
}

// judgeTarget looks at a record of somebody else that is included.
func (j *judge) judgeTarget(n *Node, own string, both []finding.Evidence) {
	r := n.Record
	if i := r.All(); i >= 0 && r.Terms[i].Qualifier == '+' && own[0] != '-' && own[0] != '~' && own[0] != '?' {
		j.raise(includePassesAll, own, both, own, n.Domain)
	}
	if own != n.Term || n.IsRedirect() {
		return
	}
	for _, m := range []*Term{r.Redirect(), r.Exp()} {
		if m != nil {
			j.raise(includeModifier, own, both, own, n.Domain, m.Text)
		}
	}
}

// judgeLimits counts look-ups and empty answers of the whole tree.
func (j *judge) judgeLimits(tree *Node) {
	res := j.in.Result
	share, includes, names := []string{}, 0, []string{}
	ev := j.domainEvidence()
	for _, c := range tree.Children {
		if c.Inactive || c.Lookups == 0 {
			continue
		}
		share = append(share, fmt.Sprintf("%s: %d", c.Term, c.Lookups))
		ev = append(ev, finding.Evidence{Name: c.Domain, Type: "SPF", Answer: fmt.Sprintf("%s costs %d of 10 look-ups, %d empty answers", c.Term, c.Lookups, c.Void)})
		if strings.HasPrefix(lower(strings.TrimLeft(c.Term, "+-~?")), "include:") {
			includes++
		}
		names = append(names, voidNames(c)...)
	}
	if rule := limitRule(res.Lookups); rule != nil {
		j.raise(rule, "", ev, strconv.Itoa(res.Lookups), j.subject)
	}
	if includes > 3 {
		j.raise(lookupsShare, "", ev, strconv.Itoa(res.Lookups), j.subject, strings.Join(share, ", "))
	}
	if res.VoidLookups > MaxVoidLookups {
		j.raise(tooManyVoid, "", ev, strconv.Itoa(res.VoidLookups), j.subject, strings.Join(names, ", "))
	}
	for _, c := range tree.Children {
		if t := Parse(version + " " + c.Term).Terms; len(t) == 1 && t[0].Kind == Mechanism && t[0].Name == "ptr" && !c.Inactive {
			j.judgePTR(c.Term)
		}
	}
}

// judgePTR looks whether a ptr term meets more names than receivers look at.
func (j *judge) judgePTR(term string) {
	for _, a := range j.in.PTR {
		if len(a.Records) > MaxPTR {
			j.raise(tooManyPTR, term, append(j.domainEvidence(), evidence(a)), term)
			return
		}
	}
}

func voidNames(n *Node) []string {
	var out []string
	void := n.Void
	for _, c := range n.Children {
		if c.Inactive {
			continue
		}
		out = append(out, voidNames(c)...)
		void -= c.Void
	}
	if void > 0 {
		out = append(out, n.Domain)
	}
	return out
}

// judgeOutcomes tells an error of the evaluation that the tree does not show:
// names with macros are only known for a client.
func (j *judge) judgeOutcomes() {
	for _, o := range j.in.Result.Outcomes {
		told := func(severity finding.Severity) bool {
			return slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Severity() == severity })
		}
		p, _ := o.Problem.(*Problem)
		switch {
		case p == nil:
		case o.Result == TempError && len(o.Unread) > 0 && !told(finding.Unknown):
			j.raiseUnreadable(p.Term, o.Unread[0].Question.Name, o.Unread[0])
		case o.Result == PermError && !told(finding.Failure):
			j.raise(invalid, "", j.domainEvidence(), j.subject, strings.TrimPrefix(p.Error(), "spf: "))
		}
	}
}

// judgePaths says how the relays fare with the record.
func (j *judge) judgePaths() {
	res, e := j.in.Result, j.in.Expect
	if len(res.Records) != 1 || res.Records[0].Err() != nil || res.Tree == nil || e.Include == "" {
		if len(res.Records) > 1 && !j.namesClockWise() {
			j.raise(clockWiseMissing, "", j.domainEvidence(), j.subject, e.Include)
		}
		return
	}
	passing, lacking, term := 0, []string{}, ""
	for _, o := range res.Outcomes {
		if o.Result == Pass && len(o.Terms) > 0 && !isAllText(o.Terms[len(o.Terms)-1]) {
			passing++
			term = o.Terms[0]
		} else {
			lacking = append(lacking, o.Client.IP.String())
		}
	}
	if at := nested(res.Tree, e); at != nil {
		if own := topTerm(res.Tree, at); own != at.Term && passing > 0 {
			j.raise(clockWiseNested, own, append(j.domainEvidence(), nodeEvidence(at)...), own, e.Include)
		}
		j.judgeRefused()
		return
	}
	if ownNode(res.Tree, "include:"+e.Include) != nil || slices.ContainsFunc(res.Tree.Children, func(n *Node) bool {
		return !n.Inactive && e.isInclude(n.Domain) && (n.IsRedirect() || strings.HasPrefix(lower(n.Term), "include:"))
	}) {
		return // it is there; what is wrong with it is told elsewhere
	}
	temporary := slices.ContainsFunc(res.Outcomes, func(o Outcome) bool { return o.Result == TempError })
	switch {
	case passing == len(res.Outcomes) && passing > 0:
		if strings.HasPrefix(lower(strings.TrimLeft(term, "+")), "ip4:") {
			j.raise(clockWiseLiteral, "", j.domainEvidence(), term, e.Include)
		}
		return
	case passing > 0:
		if !temporary {
			j.raise(networkIncomplete, "", j.domainEvidence(), j.subject, e.Include, strconv.Itoa(passing), span(lacking))
		}
		j.judgeRefused()
	}
	j.raise(clockWiseMissing, "", j.domainEvidence(), j.subject, e.Include)
	j.judgeRoom()
}

// span names a row of addresses shortly.
func span(list []string) string {
	if len(list) > 3 {
		return fmt.Sprintf("%d addresses, %s to %s,", len(list), list[0], list[len(list)-1])
	}
	return strings.Join(list, ", ")
}

// topTerm is the term of the own record under which a node lies.
func topTerm(tree, at *Node) string {
	var below func(n *Node) bool
	below = func(n *Node) bool { return n == at || slices.ContainsFunc(n.Children, below) }
	for _, c := range tree.Children {
		if below(c) {
			return c.Term
		}
	}
	return ""
}

// judgeRefused names the term that decides against relays before the include.
func (j *judge) judgeRefused() {
	terms, count, result := []string{}, map[string]int{}, map[string]string{}
	for _, o := range j.in.Result.Outcomes {
		if o.Problem != nil || len(o.Terms) == 0 || o.Result == Pass || isAllText(o.Terms[0]) || strings.HasPrefix(lower(o.Terms[0]), "redirect=") {
			continue
		}
		if count[o.Terms[0]] == 0 {
			terms = append(terms, o.Terms[0])
		}
		count[o.Terms[0]]++
		result[o.Terms[0]] = o.Result
	}
	for _, t := range terms {
		j.raise(networkRefused, t, j.domainEvidence(), t, j.in.Expect.Include, result[t], strconv.Itoa(count[t]))
	}
}

// judgeRoom says whether the include still fits.
func (j *judge) judgeRoom() {
	cost, void := 1, 0
	if c := j.in.ClockWise; c != nil {
		cost, void = cost+c.Lookups, c.VoidLookups
	}
	res := j.in.Result
	lookups, empty := res.Lookups+cost, res.VoidLookups+void
	if lookups <= MaxLookups && empty <= MaxVoidLookups {
		return
	}
	ev := j.domainEvidence()
	for _, c := range res.Tree.Children {
		if !c.Inactive && c.Lookups > 0 {
			ev = append(ev, finding.Evidence{Name: c.Domain, Type: "SPF", Answer: fmt.Sprintf("%s costs %d of 10 look-ups, %d empty answers", c.Term, c.Lookups, c.Void)})
		}
	}
	j.raise(clockWiseOverLimit, "", ev, j.subject, j.in.Expect.Include, strconv.Itoa(lookups), strconv.Itoa(empty))
}

// judgeClockWiseRecord looks at the record that customers include.
func (j *judge) judgeClockWiseRecord() {
	c := j.in.ClockWise
	if c == nil || !j.in.Sending {
		return
	}
	ev := []finding.Evidence{evidence(c.Answer)}
	name := j.in.Expect.Include
	if c.Answer.Status == dns.Failed {
		j.raise(clockWiseUnreadable, "", ev, name, why(c.Answer))
		return
	}
	reason := ""
	refused := 0
	for _, o := range c.Outcomes {
		switch o.Result {
		case Pass:
		case TempError:
			j.raiseOnce(clockWiseUnreadable, "", ev, name, "a name that it leads to could not be read")
			return
		default:
			refused++
		}
	}
	switch {
	case len(c.Records) == 0:
		reason = "It has no SPF record"
	case len(c.Records) > 1:
		reason = fmt.Sprintf("It has %d SPF records", len(c.Records))
	case c.Records[0].Err() != nil:
		reason = "It cannot be read: " + strings.TrimPrefix(c.Records[0].Err().Error(), "spf: ")
	case refused > 0:
		reason = fmt.Sprintf("%d of its %d addresses do not pass; it costs %d look-ups", refused, len(c.Outcomes), 1+c.Lookups)
	default:
		return
	}
	j.raise(clockWiseBroken, "", ev, name, reason)
}

// judgeSender looks at SPF of other names that belong to the mail.
func (j *judge) judgeSender() {
	if s := j.in.Sender; j.in.Sending && s != nil && j.in.Aligned == No && s.Domain != j.subject {
		if n := nested(s.Tree, j.in.Expect); n != nil {
			j.raise(clockWiseUnused, "", append(j.domainEvidence(), evidence(s.Answer)), j.subject, j.in.Expect.Include, s.Domain)
		}
	}
	if h := j.in.HELO; h != nil && h.Answer.Status != dns.Failed && len(h.Records) == 0 {
		j.raise(heloWithoutSPF, h.Domain, []finding.Evidence{evidence(h.Answer)}, h.Domain)
	}
}

// judgeViews compares what several servers say, by meaning.
func (j *judge) judgeViews() {
	source, groups := "", map[string]string{}
	var ev []finding.Evidence
	for _, a := range j.in.Views.Authoritative {
		if a.Status == dns.Failed {
			continue
		}
		source = meaning(a)
		groups[source] = a.Server
		ev = append(ev, evidence(a))
	}
	switch {
	case len(groups) == 0:
		return
	case len(groups) > 1:
		j.raise(serversDisagree, "", ev, j.subject, strconv.Itoa(len(groups)))
		return
	}
	var behind []string
	var left time.Duration
	ev = ev[:1]
	for _, a := range j.in.Views.Public {
		if a.Status != dns.Failed && meaning(a) != source {
			behind = append(behind, a.Server)
			left = max(left, remaining(a, j.in.Now))
			ev = append(ev, evidence(a))
		}
	}
	if len(behind) > 0 {
		j.raise(cachesBehind, "", ev, j.subject, strings.Join(behind, ", "), left.Round(time.Second).String())
	}
}

func remaining(a dns.Answer, now time.Time) time.Duration {
	if now.IsZero() || a.At.IsZero() {
		return a.TTL
	}
	return max(a.TTL-now.Sub(a.At), 0)
}

// meaning is what an answer says about SPF, whatever its spelling.
func meaning(a dns.Answer) string {
	var out []string
	for _, r := range recordsIn(a) {
		var terms []string
		for _, t := range r.Terms {
			text := lower(t.Text)
			if t.Macro {
				text = t.Text
			}
			terms = append(terms, strings.TrimPrefix(text, "+"))
		}
		out = append(out, strings.Join(terms, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// unmended are rules that no record of this name mends by itself.
var unmended = []*finding.Rule{
	senderID, unreadable, serversDisagree, cachesBehind, wildcard, cname, answerTooLarge, stringTooLong,
	clockWiseNested, clockWiseOverLimit, clockWiseUnused, clockWiseBroken, clockWiseUnreadable, heloWithoutSPF,
	lookupsShare, expBroken, includePassesAll, includeModifier, tooManyPTR, tooManyMX,
}

// counted are the rules that fewer look-ups mend, the mildest first.
var counted = []*finding.Rule{nearLimit, atLimit, tooManyLookups}

// attachFixes gives each finding the proposal that mends it.
func (j *judge) attachFixes(p Proposal) {
	after := lintText([]string{p.After}, j.in.Expect, j.in.HasDMARC)
	for i := range j.out {
		f := &j.out[i]
		switch {
		case f.Rule == parkedNotClosed:
			f.Fix = replacing(p, version+" -all", "Publish that this domain sends no mail.")
		case f.Rule == typeLeftover:
			f.Fix = j.withoutLeftover()
		case slices.Contains(unmended, f.Rule):
		case slices.Contains(counted, f.Rule):
			if slices.Index(counted, limitRule(p.LookupsAfter)) < slices.Index(counted, f.Rule) {
				f.Fix = p.Fix()
			}
		case f.Rule == allNeutral && p.Sound():
			f.Fix = replacing(p, strings.Replace(p.After, lowered(f.Args[0]), "~all", 1), "End the record with ~all.")
		case slices.ContainsFunc(after, func(g fault) bool { return g.rule == f.Rule && g.object == f.Object }) || stays(*f, p):
			f.Fix = j.withoutTerm(p, *f)
		default:
			f.Fix = p.Fix()
		}
	}
}

// termRules are raised for what a term leads to: they go when the term goes.
var termRules = []*finding.Rule{
	includeTarget, redirectTarget, loop, voidLookups, hostWithoutAddress, invalid, networkRefused,
}

// stays says whether the term that a finding stands on is still in the record.
func stays(f finding.Finding, p Proposal) bool {
	return f.Object != "" && slices.Contains(termRules, f.Rule) && f.Rule != networkRefused &&
		slices.Contains(strings.Fields(p.After), f.Object)
}

// removable are the rules that taking out the term mends, without harm to
// anybody's mail.
var removable = []*finding.Rule{
	voidLookups, hostWithoutAddress, termDuplicate, addressPrivate, rangeOverlap, unknownModifier,
}

// withoutTerm is the proposal without a finding's term, or without its copies.
func (j *judge) withoutTerm(p Proposal, f finding.Finding) *finding.Fix {
	if !slices.Contains(removable, f.Rule) || f.Object == "" || j.in.Expect.isOurs(f.Object) {
		return nil
	}
	if n := ownNode(j.in.Result.Tree, f.Object); n != nil && f.Rule != termDuplicate && (len(n.Addresses) > 0 || n.Record != nil) {
		return nil // part of what it leads to is sound
	}
	words, first := strings.Fields(p.After), f.Rule == termDuplicate
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		if first && strings.EqualFold(w, f.Object) {
			first = false
			return false
		}
		return strings.EqualFold(w, f.Object)
	})
	if len(kept) == len(words) {
		return nil
	}
	return replacing(p, strings.Join(kept, " "), "Take "+f.Object+" out of the SPF record.")
}

// replacing is a proposal with another value.
func replacing(p Proposal, value, summary string) *finding.Fix {
	records := slices.Clone(p.Records)
	if len(records) == 0 {
		records = []finding.Record{{Name: p.Domain, Type: "TXT", Replaces: p.Before}}
	}
	records[0].Value = value
	if !p.Sound() && p.LookupsAfter > MaxLookups {
		return nil
	}
	return &finding.Fix{Summary: summary, Records: records}
}

func (j *judge) withoutLeftover() *finding.Fix {
	for _, a := range j.in.Result.Probes {
		if kindOf(a, j.subject) != probeType || len(a.Records) == 0 {
			continue
		}
		text := a.Texts()[0]
		return &finding.Fix{Summary: "Delete the record of type SPF.", Records: []finding.Record{
			{Name: j.subject, Type: "SPF", Replaces: &text, Remove: true},
		}}
	}
	return nil
}
