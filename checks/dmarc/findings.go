package dmarc

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Path is what is known about mail of one transport from the From domain.
type Path struct {
	Sending bool // mail is sent; else nothing below counts

	SPFDomain   string // that SPF authenticates
	SPFPass     Truth
	SPFAligned  Truth // in the mode of the record
	SPFRelaxed  Truth // in relaxed mode
	DKIMDomain  string
	DKIMPass    Truth
	DKIMAligned Truth
	DKIMRelaxed Truth
}

// NewPath makes the path of a mail from what SPF and DKIM say about it. Of
// several signatures the best one counts.
func NewPath(r Result, a Auth) Path {
	v := r.Verdict(a)
	p := Path{
		Sending: true, SPFDomain: a.SPFDomain, SPFPass: passed(a.SPF),
		SPFAligned: v.SPFAligned, SPFRelaxed: v.SPFRelaxed, DKIMPass: No, DKIMAligned: No, DKIMRelaxed: No,
	}
	best := -1
	for i, s := range a.DKIM {
		rank := int(passed(s.Result).And(v.DKIMAligned[i]))*9 + int(passed(s.Result))*3 + int(v.DKIMAligned[i])
		if rank > best {
			best = rank
			p.DKIMDomain, p.DKIMPass = s.Domain, passed(s.Result)
			p.DKIMAligned, p.DKIMRelaxed = v.DKIMAligned[i], v.DKIMRelaxed[i]
		}
	}
	return p
}

func (p Path) spf() Truth  { return p.SPFPass.And(p.SPFAligned) }
func (p Path) dkim() Truth { return p.DKIMPass.And(p.DKIMAligned) }

// passes says whether the mail passes DMARC where a policy applies.
func (p Path) passes() Truth { return p.spf().Or(p.dkim()) }

// safe says that a stricter policy costs this transport no mail.
func (p Path) safe() bool { return !p.Sending || p.passes() == Yes }

// Input is what Findings judges.
type Input struct {
	Result Result
	Path   Path
	Views  dns.Views // of Result.ViewName

	// All says whether mail of every transport of the domain passes, and Failing
	// names those, other than the one of Path, whose mail does not.
	All     Truth
	Failing []Failing

	Parked bool // the domain sends no mail
}

// Failing is a transport whose mail does not pass DMARC.
type Failing struct{ Transport, Why string }

// ViewName is the name whose answers from several servers matter.
func (r Result) ViewName() string {
	if r.FoundAt != "" {
		return Name(r.FoundAt)
	}
	return Name(r.Domain)
}

// judge collects findings about one result.
type judge struct {
	Input
	out []finding.Finding
}

// Findings judges a result. It asks nothing.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in}
	if len(in.Result.Walk) == 0 {
		return nil
	}
	j.unreadable()
	j.views()
	named := false
	for _, s := range in.Result.Walk {
		if j.judged(s) {
			named = j.step(s) || named
		}
	}
	j.absent(named)
	j.policy()
	j.domains()
	j.path()
	return j.out
}

// raise adds a finding. args begin with those of all texts: name, detail, From
// domain, domain of the record.
func (j *judge) raise(rule *finding.Rule, domain, detail string, fix *finding.Fix, answers ...dns.Answer) *finding.Finding {
	f := finding.Finding{
		Rule: rule, Subject: j.Result.Domain, Fix: fix,
		Args: []string{Name(domain), detail, j.Result.Domain, domain},
	}
	for _, a := range answers {
		f.Evidence = append(f.Evidence, evidence(a))
	}
	j.out = append(j.out, f)
	return &j.out[len(j.out)-1]
}

func evidence(a dns.Answer) finding.Evidence {
	return finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}
}

// judged says whether a record at the step is the customer's to mend: that of
// the From domain, of its main domain, or the one that applies.
func (j *judge) judged(s Step) bool {
	if suffix, _ := publicsuffix.PublicSuffix(s.Domain); suffix == s.Domain && s.Domain != j.Result.Domain {
		return false
	}
	return s.Domain == j.Result.FoundAt || slices.Contains(j.Result.own(), s.Domain)
}

func (j *judge) unreadable() {
	for _, s := range j.Result.Walk {
		if s.failed() {
			j.raise(unreadableRule, s.Domain, s.Answer.Reason(), nil, s.Answer)
			return
		}
	}
	if r := j.Result; !r.Known {
		j.raise(unreadableRule, r.Domain, "whether "+r.Domain+" exists could not be found out", nil)
	}
}

// maxTold is how many things of one kind are told or merged one by one: what
// stands at a name is as long as its owner likes.
const maxTold = 20

// step judges what stands at one name. It says whether something that was
// meant as a record of this name stands there.
func (j *judge) step(s Step) bool {
	j.chain(s)
	var meant []string
	for _, t := range s.Others {
		if looksLike(t) {
			meant = append(meant, t)
		}
	}
	switch {
	case len(s.Records) > 1:
		j.multiple(s)
		return true
	case len(s.Records) == 1:
		j.record(s, s.Records[0].Text)
		for _, t := range s.Others[:min(len(s.Others), maxTold)] {
			j.raise(unrelatedTXTRule, s.Domain, t, nil, s.Answer)
		}
		return true
	case len(meant) > 0:
		j.record(s, meant[0])
		return true
	case len(s.Others) > 0:
		j.wrongContent(s)
		return true
	}
	return len(s.Answer.Chain) > 0
}

// chain judges a CNAME at the name.
func (j *judge) chain(s Step) {
	a := s.Answer
	if len(a.Chain) == 0 || s.failed() {
		return
	}
	hops := strings.Join(a.Chain, ", then ")
	if a.Status == dns.Found {
		j.raise(cnameChainRule, s.Domain, hops, nil, a)
		return
	}
	fix := j.publish(s.Domain, j.fresh(), nil)
	fix.Records = append([]finding.Record{{Name: s.Name, Type: "CNAME", Replaces: &a.Chain[0], Remove: true}}, fix.Records...)
	fix.Summary = "Remove the CNAME. " + fix.Summary
	j.raise(cnameDanglingRule, s.Domain, hops, fix, a)
}

func (j *judge) multiple(s Step) {
	fix := &finding.Fix{
		Summary: "Make one record of them, with the policy that asks for least, and remove the others.",
		Records: j.merged(s),
	}
	j.accompany(fix, s.Domain)
	j.raise(multipleRecordsRule, s.Domain, fmt.Sprint(len(s.Records)), fix, s.Answer).Object = s.Name
}

// merged are the changes that make one record of several.
func (j *judge) merged(s Step) []finding.Record {
	text, _ := j.mending(s).mend(merge(s.Records[:min(len(s.Records), maxTold)]))
	text = j.soften(s.Domain, text)
	var out []finding.Record
	for i, r := range s.Records {
		rec := finding.Record{Name: s.Name, Type: "TXT", Replaces: &s.Records[i].Text}
		switch {
		case i > 0:
			rec.Remove = true
		case r.Text == text:
			continue
		default:
			rec.Value = text
		}
		out = append(out, rec)
	}
	return out
}

func (j *judge) wrongContent(s Step) {
	var replaces *string
	for i, t := range s.Others {
		if otherPattern().MatchString(strings.ToLower(t)) {
			replaces = &s.Others[i]
			break
		}
	}
	if wild := j.wild(s); wild != nil {
		replaces = nil // the wildcard's text stands elsewhere
		fix := j.publish(s.Domain, j.fresh(), nil)
		j.raise(wildcardRule, s.Domain, s.Others[0], fix, s.Answer, *wild).Object = s.Name
	}
	fix := j.publish(s.Domain, j.fresh(), replaces)
	j.raise(wrongContentRule, s.Domain, s.Others[0], fix, s.Answer).Object = s.Name
}

// wild returns the answer at a name that nobody publishes, if it gives the same
// texts; nil otherwise.
func (j *judge) wild(s Step) *dns.Answer {
	for _, p := range j.Result.Random {
		if p.Domain == s.Domain && p.Answer.Status == dns.Found && sameTexts(p.Answer, s.Answer) {
			return &p.Answer
		}
	}
	return nil
}

func sameTexts(a, b dns.Answer) bool { return slices.Equal(sorted(a), sorted(b)) }

func sorted(a dns.Answer) []string {
	t := a.Texts()
	slices.Sort(t)
	return t
}

// mending gathers what mending a record at the step has to know.
func (j *judge) mending(s Step) mending {
	suffix, _ := publicsuffix.PublicSuffix(s.Domain)
	m := mending{domain: s.Domain, mailbox: j.main(), dead: map[string]string{}, suffix: suffix == s.Domain}
	if s.Domain == lintDomain {
		m.mailbox = ""
	}
	m.effective = s.Record != nil
	m.keepSP = s.Domain != j.Result.Domain && !j.Path.safe()
	if s.Domain == j.Result.FoundAt {
		for _, p := range j.Result.Reports {
			switch {
			case p.Address.Domain == s.Domain:
				// nothing better can be proposed
			case p.Mail == No:
				m.dead[p.Address.Raw] = "mail"
			case p.External == Yes && p.Authorised == No && PSLOrgDomain(p.Address.Domain) != j.main():
				m.dead[p.Address.Raw] = "authorisation"
			}
		}
		for _, h := range j.strictHurts() {
			m.strict = append(m.strict, h.tag)
		}
	}
	return m
}

// record judges one text that was meant as the record of the step.
func (j *judge) record(s Step, text string) {
	m := j.mending(s)
	mended, faults := m.mend(text)
	mended = j.soften(s.Domain, mended)
	fix := j.publish(s.Domain, mended, &text)
	for _, f := range faults {
		x := j.raise(f.rule, s.Domain, strings.Join(f.args, ", "), fix, s.Answer)
		x.Object = s.Name
	}
	if !m.effective {
		return
	}
	if s.Domain == j.Result.FoundAt {
		j.reports(s, fix)
		j.strict(s, fix)
	}
	j.notes(s, *s.Record)
}

// publish is the fix that puts text at the name of a domain, in the place of
// another one or beside what is there; nil where nothing changes.
func (j *judge) publish(domain, text string, replaces *string) *finding.Fix {
	fix := &finding.Fix{}
	if replaces == nil || *replaces != text {
		fix.Summary = "Publish this TXT record at " + Name(domain) + "."
		if replaces != nil {
			fix.Summary = "Replace the TXT record at " + Name(domain) + "."
		}
		fix.Records = []finding.Record{{Name: Name(domain), Type: "TXT", Value: text, Replaces: replaces}}
	}
	j.accompany(fix, domain)
	if len(fix.Records) == 0 {
		return nil
	}
	mailbox := "dmarc@" + j.main()
	for _, r := range fix.Records {
		if strings.Contains(r.Value, mailbox) && (r.Replaces == nil || !strings.Contains(*r.Replaces, mailbox)) {
			fix.Summary += " The mailbox " + mailbox + " receives the reports and must exist; use another address of yours if you like."
			break
		}
	}
	return fix
}

// main is the domain of the customer by the public suffix list.
func (j *judge) main() string {
	own := j.Result.own()
	return own[len(own)-1]
}

// fresh is the record to begin with.
func (j *judge) fresh() string { return Default(j.main()) }

// accompany adds what makes the record of the main domain sound. A subdomain
// that has a record while its main domain has none is an organisational domain
// of its own (RFC 9989 section 4.10.2): identifiers and report addresses of the
// main domain would then count as foreign.
func (j *judge) accompany(fix *finding.Fix, domain string) {
	s := j.Result.Main
	if s == nil || domain == s.Domain || s.failed() || s.Record != nil || j.separate() {
		return
	}
	if s.Answer.Status != dns.Found && len(s.Answer.Chain) > 0 {
		fix.Records = append(fix.Records, finding.Record{Name: s.Name, Type: "CNAME", Replaces: &s.Answer.Chain[0], Remove: true})
	}
	fix.Records = append(fix.Records, j.sound(*s)...)
	fix.Summary = strings.TrimSpace(fix.Summary + " Have a record at " + s.Name + " too, so that both count as one organisation.")
}

// separate says that the domain has declared itself an organisation of its own.
func (j *judge) separate() bool {
	return slices.ContainsFunc(j.Result.Walk, func(s Step) bool { return s.Record != nil && s.Record.PSD == "n" })
}

// sound are the changes that make a record of what stands at a step.
func (j *judge) sound(s Step) []finding.Record {
	if len(s.Records) > 1 {
		return j.merged(s)
	}
	rec := finding.Record{Name: s.Name, Type: "TXT", Value: j.fresh()}
	wild := j.wild(s) != nil
	for i, t := range append(texts(s.Records), s.Others...) {
		if wild {
			break
		}
		if looksLike(t) || i < len(s.Records) {
			mended, _ := j.mending(s).mend(t)
			rec.Value, rec.Replaces = j.soften(s.Domain, mended), &t
			break
		}
	}
	return []finding.Record{rec}
}

func texts(records []Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Text)
	}
	return out
}

// soften keeps a proposal from doing more to this mail than is done to it now:
// a policy that was not in force must not begin by refusing it.
func (j *judge) soften(domain, text string) string {
	if j.Path.safe() {
		return text
	}
	r := Parse(text)
	tag := "p"
	if domain != j.Result.Domain {
		tag = "sp"
	}
	now := max(strengths[j.Result.Policy], strengths[None])
	if p, _ := r.Policy(tag); strengths[p] <= now {
		return text
	}
	keep := None
	for p, n := range strengths {
		if n == now {
			keep = p
		}
	}
	text = setTag(text, "p", string(keep))
	for _, t := range []string{"sp", "np"} {
		if w := r.word(t); keep.Weaker(w.Policy) {
			text = dropTag(text, t)
		}
	}
	return text
}

// absent judges where the record should be and is not.
func (j *judge) absent(named bool) {
	r := j.Result
	if r.Record != nil || !r.Known {
		return
	}
	doubled, moved := false, false
	for _, p := range r.Probes {
		text, ok := p.Text()
		switch {
		case !ok || j.everywhere(p):
		case p.Doubled && !doubled:
			doubled = true
			zone := strings.TrimPrefix(p.Name, Name(p.Domain)+".")
			f := j.raise(nameDoubledRule, p.Domain, p.Name, j.move(p, text), p.Answer)
			f.Args = append(f.Args, strings.TrimSuffix(Name(p.Domain), "."+zone))
		case !p.Doubled && !moved:
			moved = true
			j.raise(wrongNameRule, p.Domain, p.Name, j.move(p, text), p.Answer)
		}
	}
	if named && !doubled && !moved {
		return // what stands there says it better
	}
	answers := make([]dns.Answer, 0, len(r.Walk))
	for _, s := range r.Walk {
		answers = append(answers, s.Answer)
	}
	j.raise(missingRule, r.Domain, "", j.publish(j.main(), j.fresh(), nil), answers...)
}

// everywhere says whether a probe got what a wildcard gives at any name: nobody
// put it there.
func (j *judge) everywhere(p Probe) bool {
	return p.Name != p.Domain && slices.ContainsFunc(j.Result.Random, func(random Probe) bool {
		return random.Answer.Status == dns.Found && sameTexts(random.Answer, p.Answer) && strings.HasSuffix(p.Name, "."+random.Domain)
	})
}

// move is the fix that brings a stray record to its place. At names that may
// hold one of their own it stays as well.
func (j *judge) move(p Probe, text string) *finding.Fix {
	s := Step{Domain: p.Domain, Name: Name(p.Domain)}
	mended, _ := j.mending(s).mend(text)
	fix := j.publish(p.Domain, j.soften(p.Domain, mended), nil)
	if !strings.HasPrefix(p.Name, "_dmarc.www.") && !strings.HasPrefix(p.Name, "_dmarc.mail.") {
		fix.Summary = "Remove the record at " + p.Name + ". " + fix.Summary
		fix.Records = append(fix.Records, finding.Record{Name: p.Name, Type: "TXT", Replaces: &text, Remove: true})
	}
	return fix
}

// policy tells which policy applies.
func (j *judge) policy() {
	r := j.Result
	if r.Record == nil || !r.Known {
		return
	}
	var at Step
	for _, s := range r.Walk {
		if s.Domain == r.FoundAt {
			at = s
		}
	}
	if r.Inherited() {
		part := "nothing"
		if r.Tag != "" {
			part = fmt.Sprintf("%s=%s", r.Tag, r.Published)
		}
		j.raise(inheritedRule, r.FoundAt, part, nil, at.Answer)
	}
	switch {
	case r.Published == None: // what t=y makes of another policy is told by itself
		j.raise(policyNoneRule, r.FoundAt, "", nil, at.Answer).Object = at.Name
	case r.Policy == Quarantine:
		j.raise(policyQuarantineRule, r.FoundAt, "", nil, at.Answer).Object = at.Name
	}
	if j.All == Yes && (r.Policy == None || r.Policy == Quarantine) {
		j.raise(readyToTightenRule, r.FoundAt, string(r.Policy), nil, at.Answer)
	}
	j.tightening(at)
	j.parked(at)
	if first := r.Walk[0]; first.Record != nil && r.OrgDomain != r.Domain {
		for _, s := range r.Walk[1:] {
			if s.Domain != r.OrgDomain || s.Record == nil {
				continue
			}
			if above, _ := s.Record.Policy("sp"); r.Published.Weaker(above) {
				j.raise(subdomainRecordWeakerRule, r.Domain, s.Domain, nil, first.Answer, s.Answer)
			}
		}
	}
}

// parked judges the policy of a domain that sends nothing: only reject closes
// it.
func (j *judge) parked(at Step) {
	r := j.Result
	own := r.Record.P.Policy == Reject && (!r.Record.SP.Present || r.Record.SP.Policy == Reject)
	if !j.Parked || r.Policy == Reject && (r.Inherited() || own) {
		return
	}
	text, replaces := setTag(j.fresh(), "p", string(Reject)), (*string)(nil)
	if !r.Inherited() {
		text, replaces = r.Record.Text, &r.Record.Text
		for _, tag := range []string{"t", "sp", "pct"} {
			text = dropTag(text, tag)
		}
		text = setTag(text, "p", string(Reject))
	}
	j.raise(parkedNotClosedRule, r.Domain, at.Answer.Text(), j.publish(r.Domain, text, replaces), at.Answer)
}

// tightening names the transports whose mail a policy stops that is only tried
// so far. What a policy in force does to them is told of each by itself.
func (j *judge) tightening(at Step) {
	p := j.Result.Policy
	if at.Answer.Server != dns.WhatIf || p != Quarantine && p != Reject || len(j.Failing) == 0 {
		return
	}
	var names []string
	var why []finding.Evidence
	for _, f := range j.Failing {
		names = append(names, f.Transport)
		why = append(why, finding.Evidence{Name: f.Transport, Type: "transport", Answer: f.Why})
	}
	f := j.raise(tighteningWouldBreakRule, at.Domain, string(p), nil, at.Answer)
	f.Args = append(f.Args, strings.Join(names, ", "))
	f.Evidence = append(f.Evidence, why...)
}

// domains tells what is particular about the domain itself.
func (j *judge) domains() {
	r := j.Result
	var names []string
	var walked []dns.Answer
	for _, s := range r.Walk {
		names, walked = append(names, s.Name), append(walked, s.Answer)
	}
	if r.PSL.Suffix {
		j.raise(domainIsPublicSuffixRule, r.Domain, "", nil, walked...)
	}
	if strings.Count(r.Domain, ".")+1 > maxSteps {
		j.raise(walkShortenedRule, r.Domain, strings.Join(names, ", "), nil, walked...)
	}
	for _, s := range r.Skipped {
		if s.Record != nil && s.Record.PSD == "n" {
			j.raise(psdUnreachableRule, s.Domain, "", nil, append(walked, s.Answer)...).Object = s.Name
		}
	}
	if r.OrgKnown && r.Orgs[r.Domain].Found && r.OrgDomain != r.PSL.OrgDomain {
		fix := &finding.Fix{}
		last := r.Walk[len(r.Walk)-1]
		if j.accompany(fix, r.Domain); len(fix.Records) == 0 || last.stops() {
			fix = nil // it is psd= that makes the difference
		}
		f := j.raise(orgDomainDiffersRule, r.Domain, r.PSL.OrgDomain, fix, walked...)
		f.Args[0] = r.OrgDomain
	}
}

// hurt is an alignment mode that keeps an identifier from counting.
type hurt struct{ tag, domain string }

func (j *judge) strictHurts() []hurt {
	var out []hurt
	p := j.Path
	if r := j.Result.Record; r == nil || !p.Sending {
		return nil
	} else {
		if r.StrictSPF && p.SPFPass != No && p.SPFAligned == No && p.SPFRelaxed == Yes {
			out = append(out, hurt{"aspf", p.SPFDomain})
		}
		if r.StrictDKIM && p.DKIMPass != No && p.DKIMAligned == No && p.DKIMRelaxed == Yes {
			out = append(out, hurt{"adkim", p.DKIMDomain})
		}
	}
	return out
}

func (j *judge) strict(s Step, fix *finding.Fix) {
	for _, h := range j.strictHurts() {
		f := j.raise(alignmentStrictRule, s.Domain, h.domain, fix, s.Answer)
		f.Object = s.Name
		f.Args = []string{h.tag, h.domain, j.Result.Domain, s.Name}
	}
}

// path judges the mail itself.
func (j *judge) path() {
	r, p := j.Result, j.Path
	if !p.Sending {
		return
	}
	spf, dkim := p.describeSPF(), p.describeDKIM()
	outcome := func(rule *finding.Rule) {
		f := j.raise(rule, r.Domain, dkim, nil)
		f.Args[0] = spf
		if at := r.ViewName(); at != "" {
			for _, s := range r.Walk {
				if s.Name == at {
					f.Evidence = []finding.Evidence{evidence(s.Answer)}
				}
			}
		}
	}
	if r.Known && p.passes() == No {
		switch r.Policy {
		case Reject:
			outcome(p.advised(mailRejectedRule))
		case Quarantine:
			outcome(p.advised(mailQuarantinedRule))
		default:
			outcome(p.advised(mailUnalignedRule))
		}
	}
	switch {
	case p.spf() == Yes && p.dkim() == No:
		outcome(spfOnlyRule)
	case p.dkim() == Yes && p.SPFAligned == No:
		outcome(dkimOnlyRule)
	}
}

// advised is the rule with the next step that fits the path. Where SPF passes
// for another domain and nothing is signed, no other finding names a fault.
func (p Path) advised(rule *finding.Rule) *finding.Rule {
	if p.SPFPass != Yes || p.SPFAligned != No || p.DKIMDomain != "" {
		return rule
	}
	r := *rule
	r.Action = unsignedAction
	return &r
}

func (p Path) describeSPF() string {
	return describe(p.SPFPass, p.SPFAligned, p.SPFDomain, "the sender address of the envelope is unknown")
}

func (p Path) describeDKIM() string {
	return describe(p.DKIMPass, p.DKIMAligned, p.DKIMDomain, "the mail is not signed")
}

func describe(pass, aligned Truth, domain, none string) string {
	switch {
	case domain == "":
		return none
	case pass == Unknown:
		return "not known for " + domain
	case pass == No:
		return "does not pass for " + domain
	case aligned == Yes:
		return "passes for " + domain
	case aligned == No:
		return "passes for " + domain + ", which does not count for the sender's domain"
	}
	return "passes for " + domain + "; whether that counts is not known"
}
