package dmarc

import "golang.org/x/net/publicsuffix"

// PSL is what a receiver of RFC 7489 makes of a From domain: it asks at the
// domain, then at the organisational domain of the public suffix list.
type PSL struct {
	OrgDomain string // the domain itself where it is a public suffix
	Suffix    bool   // the From domain is a public suffix
	FoundAt   string // whose record it uses; "" for none
	Policy    Policy
	Known     bool // the answers allow to tell; else FoundAt and Policy mean nothing
}

// PSLOrgDomain returns the organisational domain by the public suffix list (RFC
// 7489 section 3.2).
func PSLOrgDomain(domain string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return org
}

// readPSL judges with the rules of RFC 7489 section 6.6.3. step gives the
// answers that are there.
func readPSL(domain string, step func(string) (Step, bool)) PSL {
	p := PSL{OrgDomain: PSLOrgDomain(domain)}
	suffix, icann := publicsuffix.PublicSuffix(domain)
	p.Suffix = suffix == domain && icann
	tag := "p"
	for _, at := range []string{domain, p.OrgDomain} {
		s, ok := step(at)
		if !ok || s.failed() {
			return p
		}
		if len(s.Records) > 1 {
			break // several records end the search, where RFC 9989 goes on
		}
		if s.Record != nil {
			p.FoundAt = at
			p.Policy, _ = s.Record.Policy(tag)
			break
		}
		tag = "sp"
	}
	p.Known = true
	return p
}
