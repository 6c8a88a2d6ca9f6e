package dmarc

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// lintDomain stands for the domain that Lint does not know.
const lintDomain = "domain.invalid"

// Lint judges record texts without DNS, each given as the strings of one TXT
// record at the same name. No mailbox is invented for a domain that is not known.
func Lint(records ...[]string) []finding.Finding {
	a := dns.Answer{Question: dns.Question{Name: "_dmarc", Type: dns.TypeTXT}, Status: dns.Found}
	for _, s := range records {
		a.Records = append(a.Records, dns.Record{Type: dns.TypeTXT, Strings: s})
	}
	r := Result{
		Domain: lintDomain, Walk: []Step{readStep(lintDomain, a)}, OrgDomain: lintDomain, OrgKnown: true,
		PSL: PSL{OrgDomain: lintDomain, Known: true},
	}
	r.choose()
	r.apply()
	out := Findings(Input{Result: r})
	for i := range out {
		anonymous(&out[i])
	}
	return out
}

// anonymous takes the domain that Lint made up out of a finding.
func anonymous(f *finding.Finding) {
	names := strings.NewReplacer(Name(lintDomain), "_dmarc", lintDomain, "this domain")
	f.Subject, f.Object = "", names.Replace(f.Object)
	for i := range f.Args {
		f.Args[i] = names.Replace(f.Args[i])
	}
	if f.Fix == nil {
		return
	}
	if slices.ContainsFunc(f.Fix.Records, func(r finding.Record) bool { return strings.Contains(r.Value, lintDomain) }) {
		f.Fix = nil
		return
	}
	fix := *f.Fix
	fix.Summary = names.Replace(fix.Summary)
	fix.Records = slices.Clone(fix.Records)
	for i := range fix.Records {
		fix.Records[i].Name = names.Replace(fix.Records[i].Name)
	}
	f.Fix = &fix
}
