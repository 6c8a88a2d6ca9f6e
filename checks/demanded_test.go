package checks

import (
	"testing"

	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mtasts"
)

// What a domain promises of its servers decides how much a bad certificate
// counts.
func TestDemanded(t *testing.T) {
	policy := func(mode, pattern string) mtasts.Result {
		return mtasts.Result{
			Texts: []string{"v=STSv1; id=1"}, Fetched: mtasts.Fetched{Outcome: mtasts.Served, Status: 200},
			Policy: mtasts.Policy{Mode: mode, MX: []string{pattern}, MaxAge: 604800},
		}
	}
	tlsa := func(text string, signed bool) dane.Result {
		a := dns.Answer{Status: dns.Found, AD: signed, Records: []dns.Record{{Data: text}}}
		return dane.Result{Hosts: []dane.Promise{{Host: dane.Host{Name: "mx1.acme.example"}, Answer: a}}}
	}
	const digest = " 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for name, c := range map[string]struct {
		w       work
		by      string
		vouched bool
	}{
		"nothing":          {work{}, "", false},
		"enforced":         {work{mtasts: policy("enforce", "*.acme.example")}, "the MTA-STS policy", false},
		"testing":          {work{mtasts: policy("testing", "*.acme.example")}, "", false},
		"another host":     {work{mtasts: policy("enforce", "mx2.acme.example")}, "", false},
		"DANE-EE":          {work{dane: tlsa("3"+digest, true)}, "DANE", true},
		"DANE-TA":          {work{dane: tlsa("2"+digest, true)}, "DANE", false},
		"DANE, not signed": {work{dane: tlsa("3"+digest, false)}, "", false},
		"DANE, broken":     {work{dane: tlsa("9"+digest, true)}, "", false},
	} {
		if by, vouched := c.w.demanded("MX1.acme.example"); by != c.by || vouched != c.vouched {
			t.Errorf("%s: %q %v", name, by, vouched)
		}
	}
}
