package mtasts

import (
	"cmp"
	"fmt"
	"mime"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is what Findings judges.
type Input struct {
	Result     Result
	Hosts      []string // the mail servers of the domain
	HostsKnown bool     // else Hosts is not all of them
}

type judge struct {
	Input
	out []finding.Finding
}

// shortAge is max_age at or below which a policy protects hardly: a sender that
// writes once a day has forgotten it.
const shortAge = 86400

// maxHosts is the number of mail servers that are compared with a policy.
const maxHosts = 30

// Findings judges a result. It asks nothing.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in}
	r := in.Result
	switch {
	case r.Answer.Question.Name == "":
		return nil
	case r.Answer.Status == dns.Failed:
		j.raise(unreadableRule, nil, Name(r.Domain), r.Answer.Reason())
		return j.out
	case len(r.Texts) == 0:
		j.absent()
		return j.out
	}
	j.record()
	j.fetched()
	return j.out
}

// raise adds a finding about the record. The first argument of the texts is the
// domain.
func (j *judge) raise(rule *finding.Rule, fix *finding.Fix, args ...string) *finding.Finding {
	d := j.Result.Domain
	j.out = append(j.out, finding.Finding{
		Rule: rule, Subject: d, Fix: fix, Args: append([]string{d}, args...), Evidence: []finding.Evidence{evidence(j.Result.Answer)},
	})
	return &j.out[len(j.out)-1]
}

func evidence(a dns.Answer) finding.Evidence {
	return finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}
}

// policy adds a finding about the policy.
func (j *judge) policy(rule *finding.Rule, args ...string) *finding.Finding {
	f := j.raise(rule, nil, args...)
	f.Evidence = append(j.Result.Fetched.evidence(), f.Evidence...)
	return f
}

// evidence is what came over HTTPS, and the addresses where nothing did.
func (f Fetched) evidence() []finding.Evidence {
	e := finding.Evidence{Server: f.Server, Name: "https://" + f.Host + "/.well-known/mta-sts.txt", Type: "HTTPS", Answer: f.Reason, At: f.At}
	if f.Outcome == Served {
		e.Answer = fmt.Sprintf("status %d", f.Status)
		for _, more := range []string{f.ContentType, f.Location} {
			if more != "" {
				e.Answer += ", " + more
			}
		}
		if lines := strings.FieldsFunc(f.Body[:min(len(f.Body), 2000)], func(r rune) bool { return r == '\r' || r == '\n' }); len(lines) > 0 {
			e.Answer += "\n" + strings.Join(lines, "; ")
		}
	}
	out := []finding.Evidence{e}
	if len(f.Addresses) == 0 && f.A.Question.Name != "" {
		out = append(out, evidence(f.A), evidence(f.AAAA))
	}
	return out
}

func (j *judge) absent() {
	r := j.Result
	if moved := texts(r.Doubled); len(moved) > 0 {
		fix := j.publish(mend(moved[0], r.when()), nil)
		fix.Summary += " Remove the one at " + r.Doubled.Question.Name + "."
		fix.Records = append(fix.Records, finding.RemoveTXT(r.Doubled.Owner(), moved)...)
		f := j.raise(nameDoubledRule, fix, r.Doubled.Question.Name, Name(r.Domain))
		f.Evidence = append(f.Evidence, evidence(r.Doubled))
	}
	if r.Served() && r.Policy.Valid() {
		fix := j.publish(version+"; id="+newID(r.when()), nil)
		f := j.raise(policyWithoutRecordRule, fix, Name(r.Domain))
		f.Evidence = append(f.Evidence, r.Fetched.evidence()...)
	}
	j.raise(missingRule, nil, Name(r.Domain))
}

func (j *judge) record() {
	r := j.Result
	counted := r.counted()
	switch {
	case len(counted) > 1:
		newest := slices.MaxFunc(counted, func(a, b Record) int {
			return cmp.Or(better(a, b), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
		})
		all := []string{newest.Text}
		kept := false
		for _, rec := range counted {
			if rec.Text == newest.Text && !kept {
				kept = true
				continue
			}
			all = append(all, rec.Text)
		}
		j.raise(multipleRecordsRule, j.publish(mend(newest.Text, r.when()), all), fmt.Sprint(len(counted)), Name(r.Domain))
	case len(counted) == 0:
		j.raise(recordMalformedRule, j.publish(mend(r.Texts[0], r.when()), r.Texts), Name(r.Domain), ParseRecord(r.Texts[0]).Fault)
	case counted[0].Fault != "":
		text := counted[0].Text
		j.raise(recordMalformedRule, j.publish(mend(text, r.when()), []string{text}), Name(r.Domain), counted[0].Fault)
	}
}

// better puts a right record above a wrong one.
func better(a, b Record) int {
	switch {
	case (a.Fault == "") == (b.Fault == ""):
		return 0
	case a.Fault == "":
		return 1
	}
	return -1
}

// publish puts one record in place of what stands there.
func (j *judge) publish(value string, replaced []string) *finding.Fix {
	r := j.Result
	fix := finding.PublishTXT(Name(r.Domain), value, finding.Standing{Owner: r.Answer.Owner(), Texts: replaced, Alias: r.Answer.CNAME()})
	if last := len(fix.Records) - 1; fix.Records[last].Replaces != nil && *fix.Records[last].Replaces == value {
		fix.Records = fix.Records[:last] // it stands there already
	}
	return fix
}

// fetched judges how the policy came, and then what it says.
func (j *judge) fetched() {
	f := j.Result.Fetched
	switch {
	case f.Outcome == NotFetched:
	case f.Outcome == Unreachable:
		j.policy(unreadableRule, "The policy at "+f.Host, f.Reason)
	case f.Outcome == BadTLS:
		j.policy(policyTLSInvalidRule, f.Host, f.Reason)
	case f.Outcome != Served:
		j.policy(policyUnreachableRule, f.Host, f.Reason)
	case f.Status/100 == 3:
		j.policy(policyRedirectedRule, f.Host, cmp.Or(f.Location, "another place"))
	case f.Status != 200:
		j.policy(policyUnreachableRule, f.Host, fmt.Sprintf("the web server answers with status %d", f.Status))
	default:
		j.served()
	}
}

func (j *judge) served() {
	f, p := j.Result.Fetched, j.Result.Policy
	if kind, _, err := mime.ParseMediaType(f.ContentType); err != nil || kind != "text/plain" {
		j.policy(policyMediaTypeWrongRule, f.Host, cmp.Or(f.ContentType, "nothing"))
	}
	if f.TooLarge {
		j.policy(policyTooLargeRule, f.Host)
		return // the rest of it was not seen
	}
	if p.BareLF {
		j.policy(policyLineEndsRule, f.Host)
	}
	switch {
	case len(p.Faults) > 0:
		j.policy(policyMalformedRule, f.Host, strings.Join(slices.Concat(p.Faults, p.Odd), "; "))
	case len(p.Odd) > 0:
		j.policy(policyTwiceRule, f.Host, strings.Join(p.Odd, "; ")).Lowered = true
	}
	switch {
	case p.MaxAgeFault != "" && !(len(p.Faults) > 0 && p.Mode == ""):
		j.policy(maxAgeInvalidRule, f.Host, p.MaxAgeFault)
	case p.MaxAgeFault == "" && p.MaxAge <= shortAge && p.Mode != "none":
		j.policy(maxAgeShortRule, fmt.Sprint(p.MaxAge))
	}
	if p.Active() && j.HostsKnown {
		j.hosts()
	}
	switch p.Mode {
	case "testing":
		j.policy(modeTestingRule)
	case "none":
		j.policy(modeNoneRule)
	}
}

// hosts compares the policy with the mail servers.
func (j *judge) hosts() {
	p := j.Result.Policy
	seen := map[string]bool{"": true} // the null MX is no host
	for _, h := range j.Hosts {
		if h = normal(h); seen[h] || len(seen) > maxHosts {
			continue
		}
		seen[h] = true
		if !p.Allows(h) {
			j.policy(mxNotListedRule, h, strings.Join(p.MX, ", "), p.Mode).Object = h
		}
	}
	if len(seen) == 1 {
		return
	}
	for _, pattern := range p.MX {
		if !slices.ContainsFunc(j.Hosts, func(h string) bool { return Matches(pattern, h) }) {
			j.policy(policyMXUnusedRule, pattern).Object = pattern
		}
	}
}
