package checks

import (
	"context"
	"testing"

	"clockwise.info/cwmail/checks/dns"
)

// nobodyAsks is a resolver that is to stay alone.
type nobodyAsks struct{ t *testing.T }

func (n nobodyAsks) Lookup(_ context.Context, q dns.Question) dns.Answer {
	n.t.Errorf("asked for %v", q)
	return dns.Answer{Question: q, Status: dns.Empty}
}

// TestJudgingAsksNothing judges what another server has where no answer of the
// domain's own came before the time was over: nothing is concluded, and nothing
// is asked any more.
func TestJudgingAsksNothing(t *testing.T) {
	w := work{Examiner: &Examiner{}, recorder: dns.NewSteadyRecorder(nobodyAsks{t})}
	w.domain, w.envelope, w.zone.Apex = "acme.example", "acme.example", "acme.example"
	q := dns.Ask("_dmarc.acme.example", dns.TypeTXT)
	w.elsewhere = map[dns.Question][]told{q: {{"ns1.old.example", dns.Answer{
		Question: q, Status: dns.Found, Records: []dns.Record{{Type: dns.TypeTXT, Strings: []string{"v=DMARC1; p=none"}}},
	}}}}
	if got := w.published(); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}
