package dane

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Fact says whether something holds.
type Fact uint8

// The zero value is not known.
const (
	NotKnown Fact = iota
	Yes
	No
)

func (f Fact) String() string { return [...]string{"not known", "yes", "no"}[min(f, No)] }

// Input is what Findings judges.
type Input struct {
	Result Result
	Domain string // whose mail servers they are

	// Validating says whether the resolver is known to validate DNSSEC: it gave
	// an AD flag for some other name, or failed a name that is signed wrongly on
	// purpose. Unless it does, the lack of an AD flag means nothing.
	Validating Fact

	// Resolved are the hosts whose addresses were found.
	Resolved map[string]bool

	// Chains are the certificates that hosts presented on port 25, the own one
	// first. A host without any is not compared.
	Chains map[string][]*x509.Certificate
}

type judge struct {
	Input
	out []finding.Finding
}

// Findings judges a result. It asks nothing.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in}
	j.Domain = normal(in.Domain)
	for _, p := range in.Result.Hosts {
		switch a := p.effective(); a.Status {
		case dns.Failed:
			j.failed(p, a)
		case dns.Found:
			j.found(p, a)
		}
	}
	j.astray()
	return j.out
}

// raise adds a finding. The first argument of the texts is the host.
func (j *judge) raise(rule *finding.Rule, host string, a dns.Answer, fix *finding.Fix, args ...string) {
	j.out = append(j.out, finding.Finding{
		Rule: rule, Subject: j.Domain, Object: host, Fix: fix, Args: append([]string{host}, args...),
		Evidence: []finding.Evidence{{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}},
	})
}

// failed tells a zone that fails on TLSA alone from a name that could not be
// looked up.
func (j *judge) failed(p Promise, a dns.Answer) {
	if a.Question.Name == "" {
		return
	}
	rule := unreadableRule
	if j.resolved(p) && ofTheZone(a) {
		rule = lookupFailsRule
	}
	j.raise(rule, p.Name, a, nil, a.Question.Name, a.Reason())
}

// ofTheZone says that a failure comes from the zone: a resolver says so, or
// several questions stayed without answer. One may have been lost.
func ofTheZone(a dns.Answer) bool {
	e, ok := errors.AsType[*dns.Error](a.Err)
	return ok && (e.Kind == dns.KindServFail || e.Kind == dns.KindTimeout && e.Attempts > 1)
}

func (j *judge) resolved(p Promise) bool {
	for host, ok := range j.Resolved {
		if ok && normal(host) == p.Name {
			return true
		}
	}
	return false
}

// DNSSEC says whether the records of a host are validated. It is not known where
// the resolver is not known to validate: a resolver that does not look has no AD
// flag to give.
func (in Input) DNSSEC(p Promise) Fact {
	a := p.effective()
	switch {
	case a.Status != dns.Found:
		return NotKnown
	case a.AD:
		return Yes
	case a.Direct || a.CD || !in.validates(a.Server):
		return NotKnown
	}
	return No
}

// validates says that whoever answered validates: it is known of the resolver,
// or the same server flagged another of these answers.
func (in Input) validates(server string) bool {
	if server == "what-if" {
		return false // what somebody assumes is not signed
	}
	if in.Validating == Yes {
		return true
	}
	for _, p := range in.Result.Hosts {
		for _, a := range []dns.Answer{p.Answer, p.AtAlias} {
			if a.AD && a.Server == server && server != "" && in.Validating == NotKnown {
				return true
			}
		}
	}
	return false
}

func (j *judge) found(p Promise, a dns.Answer) {
	records := p.Records()
	if j.DNSSEC(p) == No {
		j.raise(withoutDNSSECRule, p.Name, a, nil, a.Question.Name)
	}
	chain := j.chain(p)
	usable := 0
	for _, t := range records {
		if t.Usable() {
			usable++
			continue
		}
		j.raise(usageUnusableRule, p.Name, a, j.usable(a, t, chain), t.short(), t.Fault)
	}
	if len(a.Records) == 1 && usable == 1 {
		j.raise(noSpareRule, p.Name, a, nil, a.Question.Name)
	}
	if usable > 0 && len(chain) > 0 && len(a.Records) <= maxRecords {
		j.compare(p, a, records, chain)
	}
}

func (j *judge) chain(p Promise) []*x509.Certificate {
	for host, chain := range j.Chains {
		if normal(host) == p.Name {
			return chain
		}
	}
	return nil
}

// compare looks whether any record fits what the host presents. One does.
func (j *judge) compare(p Promise, a dns.Answer, records []TLSA, chain []*x509.Certificate) {
	var wrong *TLSA
	for i, t := range records {
		if !t.Usable() {
			continue
		}
		fits, known := t.Matches(chain)
		if fits || !known {
			return
		}
		if wrong == nil {
			wrong = &records[i]
		}
	}
	signed := map[Fact]string{Yes: "validated", No: "not signed", NotKnown: "not known from here"}[j.DNSSEC(p)]
	fix := replace(a, wrong.Text, recordFor(chain))
	fix.Summary += " Make sure first that the certificate is the right one."
	j.raise(noMatchRule, p.Name, a, fix, a.Question.Name, signed)
}

// short is the record as people recognise it.
func (t TLSA) short() string { return t.Text[:min(len(t.Text), 80)] }

// usable is the record that says the same in a form that mail uses.
func (j *judge) usable(a dns.Answer, t TLSA, chain []*x509.Certificate) *finding.Fix {
	value := ""
	switch {
	case len(chain) > 0:
		value = recordFor(chain)
	case t.Usage == usagePKIXEE:
		if same := Parse(fmt.Sprintf("3 %d %d %s", t.Selector, t.Matching, hex.EncodeToString(t.Data))); same.Usable() {
			value = same.Text
		}
	}
	if value == "" {
		return nil
	}
	return replace(a, t.Text, value)
}

// replace puts a record in the place of another; the other only goes where the
// right one stands there already.
func replace(a dns.Answer, old, value string) *finding.Fix {
	rec := finding.Record{Name: a.Owner(), Type: "TLSA", Value: value, Replaces: &old}
	for _, r := range a.Records {
		if strings.EqualFold(r.Data, value) {
			rec.Value, rec.Remove = "", true
		}
	}
	if rec.Remove {
		return &finding.Fix{Summary: "Remove this TLSA record at " + rec.Name + ".", Records: []finding.Record{rec}}
	}
	return &finding.Fix{Summary: "Replace the TLSA record at " + rec.Name + ".", Records: []finding.Record{rec}}
}

// astray finds records beside the name where senders look.
func (j *judge) astray() {
	var missing *Promise
	for i, p := range j.Result.Hosts {
		if p.missing() && (p.Name == j.Domain || strings.HasSuffix(p.Name, "."+j.Domain)) {
			missing = &j.Result.Hosts[i]
			break
		}
	}
	if missing == nil {
		return
	}
	for _, a := range j.Result.Astray {
		if a.Status != dns.Found {
			continue
		}
		right := Name(missing.Name)
		fix := &finding.Fix{Summary: "Publish these TLSA records at " + right + " as well, if they belong to this host."}
		for _, r := range a.Records[:min(len(a.Records), maxRecords)] {
			if Parse(r.Data).Usable() {
				fix.Records = append(fix.Records, finding.Record{Name: right, Type: "TLSA", Value: r.Data})
			}
		}
		if len(fix.Records) == 0 {
			fix = nil
		}
		j.raise(wrongNameRule, missing.Name, a, fix, a.Question.Name, right)
		return
	}
}
