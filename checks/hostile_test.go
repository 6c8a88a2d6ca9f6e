package checks_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/transports"
)

// TestHostileZones examines domains whose owners publish as much as DNS carries:
// questions, findings and time have their bounds.
func TestHostileZones(t *testing.T) {
	many := func(n int, format string) []string {
		var out []string
		for i := range n {
			out = append(out, strings.ReplaceAll(format, "#", fmt.Sprint(i)))
		}
		return out
	}
	long := func(n int, head, part string) []string {
		return []string{head + strings.Join(many(n, part), "")}
	}
	for _, tc := range []struct {
		name  string
		lines []string
	}{
		{"name servers", many(2000, "acme.example NS n#.acme.example")},
		{"mail exchangers", many(2000, "acme.example MX 10 h#.acme.example")},
		{"texts at DMARC", append(many(4000, "_dmarc.acme.example TXT t#"), "_dmarc.acme.example TXT v=DMARC1; p=none")},
		{"DMARC records", many(3000, "_dmarc.acme.example TXT v=DMARC1; p=none; x#=1")},
		{"report addresses", long(2500, "_dmarc.acme.example TXT v=DMARC1; p=none; rua=", "mailto:a@d#.test,")},
		{"DMARC tags", long(9000, "_dmarc.acme.example TXT v=DMARC1; p=none", ";x#=1")},
		{"DMARC parts", long(9000, "_dmarc.acme.example TXT v=DMARC1; p=none", ";x#")},
		{"DMARC equal tags", long(9000, "_dmarc.acme.example TXT v=DMARC1; p=none", ";p=none")},
		{"SPF records", many(3000, "acme.example TXT v=spf1 a:h#.test -all")},
		{"SPF terms", long(9000, "acme.example TXT v=spf1", " a#")},
		{"SPF networks", long(4000, "acme.example TXT v=spf1", " ip4:10.0.0.1")},
		{"SPF includes", long(4000, "acme.example TXT v=spf1", " include:i#.test")},
		{"SPF a", long(20000, "acme.example TXT v=spf1", " a")},
		{"SPF ip", long(4000, "acme.example TXT v=spf1", " ip4:10.#.0.1")},
		{"texts near SPF", many(3000, "acme.example TXT v=spf a#")},
		{"DKIM records", many(3000, "cw1._domainkey.acme.example TXT v=DKIM1; p=x#")},
		{"DKIM tags", long(9000, "cw1._domainkey.acme.example TXT v=DKIM1; p=x", ";x#=1")},
		{"DKIM key", long(15000, "cw1._domainkey.acme.example TXT v=DKIM1; p=", "AAAA")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			z := dnstest.New("acme.example SOA x")
			for _, l := range tc.lines {
				z.Add(l)
			}
			e := checks.Examiner{Resolver: z, Now: time.Now, Service: transports.DefaultService()}
			tr := transports.Transport{
				Name: "t", Type: transports.ClockWise, Match: transports.Match{Domain: "acme.example"},
				DKIM: transports.DKIM{Enabled: true, Selector: "cw1"},
			}
			r := e.Examine(t.Context(), checks.Target{Transport: &tr}, nil)
			evidence := 0
			for _, f := range r.Findings {
				evidence += len(f.Evidence)
			}
			if r.Queries > 600 || len(r.Findings) > 300 || evidence > 20_000 {
				t.Errorf("%d questions, %d findings, %d pieces of evidence", r.Queries, len(r.Findings), evidence)
			}
			if r.Verdict == checks.VerdictOK {
				t.Error("nothing is said")
			}
		})
	}
}
