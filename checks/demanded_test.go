package checks

import (
	"context"
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
	// A host that is an alias: what stands at its own name has another signature
	// than what stands where it leads.
	aliased := func(text string, own, target bool) dane.Result {
		res := tlsa(text, target)
		p := &res.Hosts[0]
		p.Alias, p.AtAlias = "mx.provider.example", p.Answer
		p.AtAlias.Question.Name = "_25._tcp.mx.provider.example"
		p.Answer = dns.Answer{Status: dns.NoName, AD: own}
		return res
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
		"alias, signed":    {work{dane: aliased("3"+digest, false, true)}, "DANE", true},
		"alias, not so":    {work{dane: aliased("3"+digest, true, false)}, "", false},
		"DANE, broken":     {work{dane: tlsa("9"+digest, true)}, "", false},
	} {
		if by, vouched := c.w.demanded("MX1.acme.example"); by != c.by || vouched != c.vouched {
			t.Errorf("%s: %q %v", name, by, vouched)
		}
	}
}

// givingUp answers as if ctx had ended with the first questions, while somebody
// else waited for the answer.
type givingUp struct{ left int }

func (g *givingUp) Lookup(_ context.Context, q dns.Question) dns.Answer {
	if q.Type != dns.TypeMX {
		return dns.Answer{Question: q, Status: dns.Empty}
	}
	if g.left--; g.left >= 0 {
		return dns.Answer{Question: q, Status: dns.Failed, Err: &dns.Error{Kind: dns.KindCancelled}}
	}
	return dns.Answer{Question: q, Status: dns.Found, Records: []dns.Record{{Type: dns.TypeMX, Host: "mx1.acme.example"}}}
}

// TestStoppedBetween has the mail servers known to only one of two steps.
func TestStoppedBetween(t *testing.T) {
	w := work{Examiner: &Examiner{}, ask: &givingUp{left: 1}}
	w.domain = "acme.example"
	w.lookAtDANE(t.Context())
	if len(w.dane.Hosts) > 0 {
		t.Errorf("%+v", w.dane)
	}
}
