package checks_test

import (
	"testing"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// TestBogusTLSA holds that a TLSA record whose signature is wrong is one
// mistake: that the question fails follows from it.
func TestBogusTLSA(t *testing.T) {
	z := chain()
	z.Behave("_25._tcp.mail.acme.example", nameserver.Behaviour{
		Rcode: nameserver.ServFail, Unless: true, EDE: []nameserver.EDE{{Code: 6, Text: "no signature fits"}},
	})
	e, _, _ := examiner(t, z, nameserver.Options{})
	said := map[string]string{}
	for _, f := range e.Examine(t.Context(), checks.Target{Domain: "acme.example"}, nil).Findings {
		said[f.Code()] = f.SilencedBy
	}
	if by, ok := said["dns.dnssec-bogus"]; !ok || by != "" {
		t.Errorf("the signatures are not said to be wrong: %v", said)
	}
	if by, ok := said["dane.lookup-fails"]; !ok || by != "dns.dnssec-bogus" {
		t.Errorf("that the question fails is silenced by %q", by)
	}
}
