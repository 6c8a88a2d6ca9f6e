package dkim

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is what is known about the key of one selector.
//
// Without an expected key nothing can be said about another key of the right
// form: key-mismatch, and truncation or changed characters that leave a whole
// key, are not concluded, and fixes are given only where the key can be read.
type Input struct {
	Result   Result
	Expected Expected
	Views    dns.Views // the same question at other servers

	// Sending says that a transport signs with this selector: then its key
	// must not be revoked, and must be one that receivers verify.
	Sending bool

	// Shared are the names of other configured keys that are this same key.
	Shared []string

	Alignment *Alignment // nil when there is no sender to compare with
	Subject   string     // of the findings; "" means the domain
}

// Alignment is the outcome of comparing the signing domain with the sender
// domain (RFC 9989 section 4.4), which DMARC's room does.
type Alignment struct {
	Sender  string // domain in From
	Strict  bool   // adkim=s
	Aligned bool
}

// judging collects the findings of one input.
type judging struct {
	Input
	answer dns.Answer // the one that is judged: the source's, where it is known
	out    []finding.Finding
}

// Findings judges; it asks nothing.
func Findings(in Input) []finding.Finding {
	j := &judging{Input: in, answer: in.Result.Answer}
	j.alignment()
	if in.Result.Malformed != "" {
		j.add(selectorMalformed, nil, in.Result.Malformed)
		return j.out
	}
	j.views()
	j.policies()
	j.earlier()
	if len(j.Shared) > 0 {
		j.add(keyShared, nil, strings.Join(j.Shared, ", "))
	}
	switch {
	case looped(j.answer):
		j.add(cnameLoop, j.replaceCNAME(), hops(j.answer))
	case j.answer.Status == dns.Failed:
		j.add(unreadable, nil, "no usable answer: "+j.answer.Reason())
	case j.answer.Void():
		j.absent()
	default:
		j.present()
	}
	return j.out
}

// add raises a rule with the arguments name, domain, selector and args.
func (j *judging) add(r *finding.Rule, fix *finding.Fix, args ...string) {
	res := j.Result
	subject := j.Subject
	if subject == "" {
		subject = res.Domain
	}
	f := finding.Finding{
		Rule: r, Subject: subject, Fix: fix,
		Args: append([]string{res.Name, res.Domain, res.Selector}, args...),
	}
	switch r {
	case selectorMalformed:
		f.Evidence = []finding.Evidence{{Name: "selector", Type: "setting", Answer: res.Selector}}
	case notAligned:
		f.Evidence = []finding.Evidence{
			{Name: "From", Type: "domain", Answer: j.Alignment.Sender}, {Name: "d=", Type: "domain", Answer: res.Domain},
		}
	default:
		f.Evidence = []finding.Evidence{evidence(j.answer)}
	}
	j.out = append(j.out, f)
}

// prove adds evidence to the finding raised last.
func (j *judging) prove(answers ...dns.Answer) {
	f := &j.out[len(j.out)-1]
	for _, a := range answers {
		f.Evidence = append(f.Evidence, evidence(a))
	}
}

// policies looks at what earlier standards had published. What a wildcard
// gives at any name is none of it.
func (j *judging) policies() {
	for _, a := range j.Result.Policies {
		rule, odd := adspRecord, func(text string) bool { return hasTag(text, "dkim") }
		if a.Question.Name == "_domainkey."+j.Result.Domain {
			rule, odd = domainKeysPolicy, func(text string) bool {
				return hasTag(text, "o") || hasTag(text, "t") && !hasTag(text, "p")
			}
		}
		if r := j.Result.Random; r != nil && slices.Equal(r.Texts(), a.Texts()) {
			continue
		}
		if i := slices.IndexFunc(a.Texts(), odd); i >= 0 {
			j.add(rule, nil, a.Question.Name, a.Texts()[i])
			j.out[len(j.out)-1].Evidence = []finding.Evidence{evidence(a)}
		}
	}
}

// earlier tells of a key that the selector before this one left behind.
func (j *judging) earlier() {
	a := j.Result.Earlier
	if a == nil || len(a.Records) != 1 || len(a.Chain) > 0 || j.wild(*a) {
		return
	}
	text := a.Texts()[0]
	if keyOf(text).Public == nil {
		return
	}
	j.add(oldKeyPublished, &finding.Fix{
		Summary: "Remove the TXT record at " + a.Question.Name + ", not before mail signed with it has arrived: a week after the change of selector.",
		Records: []finding.Record{{Name: a.Question.Name, Type: "TXT", Replaces: &text, Remove: true}},
	}, a.Question.Name)
	j.out[len(j.out)-1].Evidence = []finding.Evidence{evidence(*a)}
}

// hasTag says whether a tag list has a tag of that name.
func hasTag(text, name string) bool {
	for part := range strings.SplitSeq(text, ";") {
		tag, _, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.Trim(tag, " \t"), name) {
			return true
		}
	}
	return false
}

func (j *judging) alignment() {
	a := j.Alignment
	if a == nil || a.Aligned {
		return
	}
	mode := "relaxed"
	if a.Strict {
		mode = "strict"
	}
	j.add(notAligned, nil, a.Sender, mode)
}

// absent explains why there is no TXT record at the name.
func (j *judging) absent() {
	fix := j.publish(nil)
	if len(j.answer.Chain) > 0 {
		j.brokenCNAME()
		fix = j.replaceCNAME()
	}
	j.add(missing, fix, describe(j.answer))
	for _, p := range j.Result.Probes {
		if p.Answer.Question == dns.Ask("_domainkey."+j.Result.Domain, dns.TypeTXT) && p.Answer.Status == dns.NoName {
			j.add(nothingBelow, nil)
			j.prove(p.Answer)
		}
	}
	j.misplaced()
}

func (j *judging) brokenCNAME() {
	target := j.answer.Chain[len(j.answer.Chain)-1]
	j.add(cnameDangling, j.replaceCNAME(), target)
	if cut := cutTarget(j.Result); cut != "" && (fullName(cut) || j.found(CutTarget, cut)) {
		j.add(cnameTargetDoubled, &finding.Fix{
			Summary: "Enter the target of the CNAME with a final dot, or without the domain at its end, as the panel wants it.",
			Records: []finding.Record{{Name: j.Result.Name, Type: "CNAME", Value: cut, Replaces: &j.answer.Chain[0]}},
		}, j.answer.Chain[0], cut)
	}
}

// fullName holds for a name of a key that is complete without more behind it.
func fullName(name string) bool {
	_, zone, ok := strings.Cut(name, "._domainkey.")
	return ok && strings.Contains(zone, ".")
}

func (j *judging) found(kind ProbeKind, name string) bool {
	return slices.ContainsFunc(j.Result.Probes, func(p Probe) bool {
		return p.Kind == kind && p.Answer.Question.Name == name && p.Answer.Status == dns.Found
	})
}

// misplaced looks through the probes for the key. What a wildcard answers
// everywhere stands nowhere in particular.
func (j *judging) misplaced() {
	for _, p := range j.Result.Probes {
		text, ok := j.keyIn(p)
		if !ok {
			continue
		}
		name := p.Answer.Question.Name
		rule := map[ProbeKind]*finding.Rule{DoubledName: nameDoubled, OtherType: wrongType}[p.Kind]
		if rule == nil {
			rule = wrongName
		}
		fix := j.publish(&text)
		if fix != nil && !p.Kind.loose() {
			fix.Records = append(fix.Records, finding.Record{Name: name, Type: p.Answer.Question.Type.String(), Replaces: &text, Remove: true})
		}
		arg := name
		if p.Kind == OtherType {
			arg = "the key has the old record type SPF, and must have TXT"
		}
		zone := strings.TrimPrefix(name, j.Result.Name+".") // of a doubled name
		j.add(rule, fix, arg, strings.TrimSuffix(j.Result.Name, "."+zone))
		j.prove(p.Answer)
	}
}

// keyIn returns the text of a key record in the answer of a probe. A name that
// says nothing about the selector must hold the expected key, or at least a
// record that can only be meant for a selector.
func (j *judging) keyIn(p Probe) (string, bool) {
	if p.Kind == CutTarget || p.Kind == UnmadeName || p.Answer.Status != dns.Found || j.wild(p.Answer) {
		return "", false
	}
	for _, text := range p.Answer.Texts() {
		key := keyOf(text)
		if key.Public == nil && !key.Truncated() {
			continue
		}
		anywhere := p.Answer.Question.Name == j.Result.Domain || strings.HasPrefix(p.Answer.Question.Name, "_domainkey."+j.Result.Domain)
		if (p.Kind.loose() || anywhere && j.Expected.Known()) && !sameKey(key.Public, j.Expected.Public) {
			continue
		}
		return text, true
	}
	return "", false
}

// wild says whether an answer is what every name below the domain gets.
func (j *judging) wild(a dns.Answer) bool {
	if r := j.Result.Random; r != nil && r.Status == dns.Found && slices.Equal(r.Texts(), a.Texts()) {
		return true
	}
	return a.Question.Name != j.Result.Domain && slices.ContainsFunc(j.Result.Probes, func(p Probe) bool {
		return p.Kind == UnmadeName && p.Answer.Status == dns.Found && slices.Equal(p.Answer.Texts(), a.Texts())
	})
}

// loose holds for names that may have a key of their own: only the expected
// one stands there by mistake, and it is left there.
func (k ProbeKind) loose() bool { return k == LooseName || k == AboveName }

// present judges what stands at the name.
func (j *judging) present() {
	texts := j.answer.Texts()
	if len(j.answer.Chain) > 0 {
		j.add(cnameChain, nil, hops(j.answer))
	}
	if r := j.Result.Random; r != nil && r.Status == dns.Found {
		j.add(wildcard, nil, r.Question.Name)
		j.prove(*r)
	}
	if size := j.size(); size > 512 {
		j.add(answerTooLarge, nil, fmt.Sprint(size))
	}
	for _, text := range texts {
		if len(texts) > 1 && HoldsPrivateKey(text) {
			j.add(privateKeyPublished, j.renew())
			return
		}
	}
	if len(texts) > 1 {
		j.several(texts)
		return
	}
	j.one(texts[0])
}

// one judges the only record at the name.
func (j *judging) one(text string) {
	v := judge(text, j.Expected)
	for _, m := range v.mistakes {
		if m.rule == keyEmpty && !j.Sending {
			continue
		}
		j.add(m.rule, j.fix(m.rule, text, v.mended), m.args...)
	}
	if key := keyOf(text); j.Sending && (key.Encoding == Raw || key.Encoding == WrappedEd25519) {
		j.add(ed25519Only, j.renew())
	}
}

// fix is what mends a rule about a record with this text.
func (j *judging) fix(r *finding.Rule, text, mended string) *finding.Fix {
	switch {
	case r == privateKeyPublished || r == rsaBelow1024 || r == rsaBelow2048 || r == rsaAbove4096 || r == rsaKeyWeak || r == rsaExponentUnusual:
		return j.renew()
	case r == wrongType && !j.Expected.Known():
		return j.toCNAME(text)
	case !mendable(r) || mended == "" || mended == text:
		return nil
	}
	rec := j.txt(mended)
	if !j.wild(j.answer) {
		rec.Replaces = &text
	}
	return &finding.Fix{Summary: "Replace the TXT record at " + place(j.Result.Name) + ".", Records: []finding.Record{rec}}
}

// place names the record of text that has no name yet.
func place(name string) string {
	if name == "" {
		return "the selector"
	}
	return name
}

func (j *judging) toCNAME(text string) *finding.Fix {
	target := strings.TrimSuffix(strings.TrimSpace(text), ".")
	return &finding.Fix{
		Summary: "Delete the TXT record and add a CNAME record with the same text.",
		Records: []finding.Record{
			{Name: j.Result.Name, Type: "TXT", Replaces: &text, Remove: true},
			{Name: j.Result.Name, Type: "CNAME", Value: target},
		},
	}
}

// several judges more than one record: verifiers may take any of them or none
// (RFC 6376 section 3.6.2.2), so none is judged on its own.
func (j *judging) several(texts []string) {
	count := fmt.Sprint(len(texts))
	joined, split := join(texts, j.Expected)
	keep, value := 0, proposal(j.Expected)
	for i, text := range texts {
		if sound := judge(text, j.Expected); value == "" && sound.mended != "" && !split {
			keep, value = i, sound.mended
		}
		if sameMeaning(text, value) {
			keep, value = i, text
		}
	}
	if split && value == "" {
		value = judge(joined, j.Expected).mended
	}
	var fix *finding.Fix
	// Which of two different keys counts, only the expected key can tell.
	if value != "" && (split || j.Expected.Known() || alike(texts)) {
		fix = j.merge(texts, keep, value)
	}
	j.add(multipleRecords, fix, count)
	if split {
		j.add(splitOverRecords, fix, count)
	}
}

func alike(texts []string) bool {
	return !slices.ContainsFunc(texts, func(t string) bool {
		return keyOf(t).Public != nil && !sameKey(keyOf(t).Public, keyOf(texts[0]).Public)
	})
}

// merge makes one record of several: the kept one gets the value.
func (j *judging) merge(texts []string, keep int, value string) *finding.Fix {
	fix := &finding.Fix{Summary: "Keep one TXT record at " + place(j.Result.Name) + " and delete the others."}
	if texts[keep] != value {
		rec := j.txt(value)
		rec.Replaces = &texts[keep]
		fix.Records = append(fix.Records, rec)
	}
	for i := range texts {
		if i != keep {
			fix.Records = append(fix.Records, finding.Record{Name: j.Result.Name, Type: "TXT", Replaces: &texts[i], Remove: true})
		}
	}
	return fix
}

// join puts the pieces of one key together: one record with p=, the others
// bare base64 in either order.
func join(texts []string, exp Expected) (joined string, ok bool) {
	head := slices.IndexFunc(texts, func(t string) bool { return strings.Contains(t, "p=") })
	if head < 0 {
		return "", false
	}
	rest := slices.Delete(slices.Clone(texts), head, head+1)
	if slices.ContainsFunc(rest, func(t string) bool { return !piece().MatchString(t) }) {
		return "", false
	}
	joined = texts[head] + strings.Join(rest, "")
	slices.Reverse(rest)
	if other := texts[head] + strings.Join(rest, ""); keyOf(joined).Public == nil || exp.Known() && !sameKey(keyOf(joined).Public, exp.Public) {
		if keyOf(other).Public != nil {
			joined = other
		}
	}
	return joined, true
}

// keyOf reads the key of a record's text as it stands.
func keyOf(text string) Key {
	p, _ := Parse(text).Tag("p")
	return DecodeKey(p)
}

// publish is the fix that adds the record; the key is the expected one, or
// that of the record which stands elsewhere. nil when neither is known.
func (j *judging) publish(elsewhere *string) *finding.Fix {
	value := proposal(j.Expected)
	if value == "" && elsewhere != nil {
		value = judge(*elsewhere, j.Expected).mended
	}
	if value == "" {
		return nil
	}
	return &finding.Fix{Summary: "Add a TXT record at " + j.Result.Name + ".", Records: []finding.Record{j.txt(value)}}
}

// replaceCNAME puts the expected key where a broken CNAME stands.
func (j *judging) replaceCNAME() *finding.Fix {
	fix := j.publish(nil)
	if fix == nil || len(j.answer.Chain) == 0 {
		return nil
	}
	fix.Summary = "Delete the CNAME record at " + j.Result.Name + " and add a TXT record there."
	fix.Records = slices.Insert(fix.Records, 0, finding.Record{Name: j.Result.Name, Type: "CNAME", Replaces: &j.answer.Chain[0], Remove: true})
	return fix
}

func (j *judging) txt(value string) finding.Record {
	return finding.Record{Name: j.Result.Name, Type: "TXT", Value: value}
}

// renew is the fix for a key that must go: another one, at another selector, so
// that mail on its way can still be verified.
func (j *judging) renew() *finding.Fix {
	res := j.Result
	fix := &finding.Fix{Summary: "Make a new key pair at a new selector, publish its record, then let the transport sign with it."}
	if res.Domain != "" {
		fix.Command = fmt.Sprintf("cwmail dkim new %s --selector %s --type rsa2048", res.Domain, nextSelector(res.Selector))
	}
	return fix
}

// looped holds for a CNAME loop, or more hops than resolvers follow.
func looped(a dns.Answer) bool {
	err, ok := errors.AsType[*dns.Error](a.Err)
	return a.Status == dns.Failed && ok && err.Kind == dns.KindLoop || len(a.Chain) > 8
}

func hops(a dns.Answer) string {
	return strings.Join(append([]string{a.Question.Name}, a.Chain...), " -> ")
}

// size is the least size of the answer as a DNS message (RFC 1035 section 4):
// header, question, then each record with a compressed name. The CNAMEs before
// it do not count: other servers answer for each hop.
func (j *judging) size() int {
	size := 12 + len(j.answer.Owner()) + 2 + 4
	for _, r := range j.answer.Records {
		size += 12
		for _, s := range r.Strings {
			size += 1 + len(s)
		}
	}
	return size
}

func evidence(a dns.Answer) finding.Evidence {
	return finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: describe(a), At: a.At}
}

// describe says in words what came back. Private keys are not repeated.
func describe(a dns.Answer) string {
	records := slices.Clone(a.Records)
	for i, r := range records {
		if HoldsPrivateKey(r.Value()) {
			records[i].Strings = []string{"(a private key, not shown)"}
		}
	}
	a.Records = records
	return a.Text()
}

// views compares the servers of the zone with each other and with caches. The
// source decides: what it says is judged, whatever older copies say.
func (j *judging) views() {
	var source []dns.Answer
	for _, a := range j.Views.Authoritative {
		// A server that only knows the CNAME gives no usable answer, yet says where it leads.
		if a.Status != dns.Failed || len(a.Chain) > 0 {
			source = append(source, a)
		}
	}
	if len(source) == 0 {
		return
	}
	for _, a := range source[1:] {
		if meaningOf(a) != meaningOf(source[0]) {
			j.add(serversDisagree, j.publish(nil), fmt.Sprint(len(source)))
			j.out[len(j.out)-1].Evidence = nil
			j.prove(source...)
			return
		}
	}
	// Behind a CNAME the servers of this zone are not the source of the key.
	if len(j.answer.Chain)+len(source[0].Chain) > 0 {
		return
	}
	// Receivers ask a resolver too: where ours fails, it is not known what they get.
	if j.answer.Status != dns.Failed && meaningOf(source[0]) != meaningOf(j.answer) {
		j.answer = source[0]
	}
	j.caches(source[0])
}

func (j *judging) caches(source dns.Answer) {
	if state, _ := usable(source, j.Expected); state != Pass && (state != Unknown || source.Status != dns.Found) {
		return
	}
	var behind []dns.Answer
	var until time.Duration
	for _, a := range append(slices.Clone(j.Views.Public), j.Result.Answer) {
		if a.Status != dns.Failed && meaningOf(a) != meaningOf(source) {
			behind = append(behind, a)
			until = max(until, a.TTL)
		}
	}
	if behind == nil {
		return
	}
	j.add(cachesBehind, nil, host(behind[0].Server), until.Round(time.Second).String())
	j.prove(behind...)
}

func host(server string) string {
	if h, _, err := net.SplitHostPort(server); err == nil {
		return h
	}
	return server
}

// Lint judges the text of records that would stand at one selector, without
// DNS: each argument is the strings of one TXT record.
func Lint(records ...[]string) []finding.Finding {
	a := dns.Answer{Question: dns.Question{Type: dns.TypeTXT}, Status: dns.Found}
	for _, r := range records {
		a.Records = append(a.Records, dns.Record{Type: dns.TypeTXT, Strings: r})
	}
	if len(records) == 0 {
		return nil
	}
	out := Findings(Input{Result: Result{Answer: a}, Sending: true})
	for i := range out { // whose texts begin with the name, the domain and the selector
		for n, unnamed := range []string{"the name of the key", "the domain", "..."} {
			if n < len(out[i].Args) && out[i].Args[n] == "" {
				out[i].Args[n] = unnamed
			}
		}
	}
	return out
}
