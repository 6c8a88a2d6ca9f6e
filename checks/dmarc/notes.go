package dmarc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// The largest record and answer that pass everywhere in one UDP packet.
const (
	largeRecord = 450
	largeAnswer = 512
)

// maxParts is how many parts of a record are told of: 14 tags are defined.
const maxParts = 100

// notes tells what receivers understand, but people should know.
func (j *judge) notes(s Step, r Record) {
	note := func(rule *finding.Rule, detail string) *finding.Finding {
		f := j.raise(rule, s.Domain, detail, nil, s.Answer)
		f.Object = s.Name
		return f
	}
	for i, p := range r.List.Parts[:min(len(r.List.Parts), maxParts)] {
		name := strings.ToLower(p.Name)
		switch {
		case !p.HasEquals:
		case slices.Contains(obsoleteTags, name):
			note(tagObsoleteRule, p.Name)
		case name != "" && !strings.ContainsFunc(name, odd) && !slices.Contains(knownTags, name) && meantTag(name) == "":
			note(tagUnknownRule, p.Name)
		case name == "p" && i != 1:
			note(policyNotSecondRule, "")
		}
	}
	if small := lowered(r.Text); small != r.Text {
		note(caseUnusualRule, r.Text).Fix = j.publish(s.Domain, small, &r.Text)
	}
	if r.SP.Present && j.Result.OrgKnown && s.Domain == j.Result.Domain && s.Domain != j.Result.OrgDomain {
		note(subdomainPolicyUnusedRule, j.Result.OrgDomain)
	}
	if r.NP.Policy == None && (None.Weaker(r.P.Policy) || None.Weaker(r.SP.Policy)) {
		note(nonexistentPolicyWeakRule, "")
	}
	if r.PSD == "n" {
		note(psdNoRule, "")
	}
	if fault := r.failureOptions(); fault != "" {
		note(foInvalidRule, fault)
	}
	if len(r.Text) > largeRecord || s.Answer.Size > largeAnswer {
		note(answerTooLargeRule, fmt.Sprintf("the record has %d octets, the answer %d", len(r.Text), s.Answer.Size))
	}
	j.addressNotes(r, note)
}

// failureOptions says what is wrong with fo= (RFC 9989 section 4.7).
func (r Record) failureOptions() string {
	v, ok := r.value("fo")
	if !ok {
		return ""
	}
	options := strings.Split(strings.ToLower(v), ":")
	for i := range options {
		options[i] = strings.TrimSpace(options[i])
		if !slices.Contains([]string{"0", "1", "d", "s"}, options[i]) {
			return "fo=" + v + " is unknown"
		}
	}
	switch {
	case slices.Contains(options, "0") && slices.Contains(options, "1"):
		return "fo=" + v + " says both 0 and 1"
	case len(r.RUF) == 0:
		return "fo= has no effect without ruf="
	}
	return ""
}

func (j *judge) addressNotes(r Record, note func(*finding.Rule, string) *finding.Finding) {
	seen := map[string]bool{}
	once := map[*finding.Rule]bool{}
	tell := func(rule *finding.Rule, detail string) {
		if !once[rule] {
			once[rule] = true
			note(rule, detail)
		}
	}
	for _, a := range append(slices.Clone(r.RUA), r.RUF...) {
		if a.Email == "" {
			continue
		}
		if a.Limit {
			tell(reportSizeLimitRule, a.Raw)
		}
		if strings.Contains(a.Email, "!") {
			tell(reportAddressUnencodedRule, a.Raw)
		}
		if key := strings.ToLower(a.Email); seen[key] {
			tell(reportAddressDuplicateRule, a.Email)
		} else {
			seen[key] = true
		}
	}
	if len(r.RUA) > 2 || len(r.RUF) > 2 {
		tell(reportAddressesManyRule, fmt.Sprint(max(len(r.RUA), len(r.RUF))))
	}
	if len(r.RUF) > 0 {
		tell(failureReportsRequestedRule, r.RUF[0].Raw)
	}
}

// reports tells which report addresses do not work.
func (j *judge) reports(s Step, fix *finding.Fix) {
	for _, p := range j.Result.Reports {
		switch {
		case p.Mail == No:
			f := j.raise(reportDomainWithoutMXRule, s.Domain, p.Address.Domain, fix, p.MX)
			f.Object = p.Address.Domain
			f.Args = append(f.Args, p.Address.Email)
		case p.External == Yes && p.broken() != "":
			f := j.raise(reportAuthorisationBrokenRule, s.Domain, p.Address.Domain, fix, p.Authorisation)
			f.Object = p.Address.Domain
			f.Args = append(f.Args, p.Authorisation.Question.Name, p.broken())
		case p.External == Yes && p.Authorised == No:
			f := j.raise(reportTargetNotAuthorisedRule, s.Domain, p.Address.Domain, fix, p.Authorisation)
			f.Object = p.Address.Domain
			f.Args = append(f.Args, p.Authorisation.Question.Name)
			if fix != nil {
				own := *fix
				own.Summary += " Or have the owner of " + p.Address.Domain + " publish v=DMARC1 at " + p.Authorisation.Question.Name + "."
				f.Fix = &own
			}
		}
	}
}

// broken says what is wrong with the record by which a domain takes reports
// about another one; "" where it is sound or missing.
func (p Report) broken() string {
	var records []Record
	var meant string
	for _, t := range p.Authorisation.Texts() {
		if r := Parse(t); r.Version {
			records = append(records, r)
		} else if looksLike(t) {
			meant = t
		}
	}
	switch {
	case len(records) == 0 && meant != "":
		return "the record does not begin with v=DMARC1: " + meant
	case len(records) > 1:
		return "there are several records"
	case len(records) == 1:
		for _, a := range records[0].RUA {
			if a.Domain != p.Address.Domain {
				return "the record sends the reports elsewhere: " + a.Raw
			}
		}
	}
	return ""
}

// views compares the answers of several servers.
func (j *judge) views() {
	var source []dns.Answer
	for _, a := range j.Views.Authoritative {
		if a.Status != dns.Failed {
			source = append(source, a)
		}
	}
	if len(source) == 0 {
		return
	}
	domain := strings.TrimPrefix(j.Result.ViewName(), "_dmarc.")
	for _, a := range source[1:] {
		if !sameTexts(a, source[0]) {
			j.raise(serversDisagreeRule, domain, a.Server+" differs from "+source[0].Server, nil, source...).Object = Name(domain)
			return
		}
	}
	if readStep(domain, source[0]).Record == nil {
		return
	}
	var behind []dns.Answer
	var names []string
	for _, a := range j.Views.Public {
		if a.Status != dns.Failed && !sameTexts(a, source[0]) {
			behind = append(behind, a)
			names = append(names, a.Server+until(a))
		}
	}
	if len(behind) > 0 {
		j.raise(cachesBehindRule, domain, strings.Join(names, ", "), nil, append(behind, source[0])...).Object = Name(domain)
	}
}

// until says when a cached answer expires.
func until(a dns.Answer) string {
	if a.TTL <= 0 || a.At.IsZero() {
		return ""
	}
	return " (until " + a.At.Add(a.TTL).UTC().Format(time.TimeOnly) + " UTC)"
}
