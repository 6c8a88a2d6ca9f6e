package checks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/mtasts"
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
		{"texts at MTA-STS", append(many(4000, "_mta-sts.acme.example TXT t#"), "_mta-sts.acme.example TXT v=STSv1; id=1")},
		{"MTA-STS records", many(3000, "_mta-sts.acme.example TXT v=STSv1; id=#")},
		{"MTA-STS tags", long(9000, "_mta-sts.acme.example TXT v=STSv1; id=1", ";x#=1")},
		{"addresses of the policy", append(many(3000, "mta-sts.acme.example A 198.51.100.1"), "_mta-sts.acme.example TXT v=STSv1; id=1")},
		{"TLS report records", many(3000, "_smtp._tls.acme.example TXT v=TLSRPTv1; rua=mailto:a@d#.test")},
		{"TLS report addresses", long(2500, "_smtp._tls.acme.example TXT v=TLSRPTv1; rua=", "mailto:a@d#.test,")},
		{"TLS report faults", long(9000, "_smtp._tls.acme.example TXT v=TLSRPTv1", ";x#")},
		{"TLSA", append(many(3000, "_25._tcp.mx.acme.example TLSA 3 1 1 #00"), "acme.example MX 10 mx.acme.example", "mx.acme.example A 198.51.100.1")},
		{"TLSA of many", append(many(2000, "acme.example MX 10 h#.acme.example"), many(2000, "_25._tcp.h#.acme.example TLSA 1 1 1 00")...)},
		{"TLSA astray", append(many(3000, "mx.acme.example TLSA 3 1 1 #00"), "acme.example MX 10 mx.acme.example", "mx.acme.example A 198.51.100.1")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			z := dnstest.New("acme.example SOA x")
			for _, l := range tc.lines {
				z.Add(l)
			}
			e := checks.Examiner{Resolver: z, Now: time.Now, Service: transports.DefaultService(), Thorough: true}
			e.Policies = func(_ context.Context, host string) mtasts.Fetched {
				return mtasts.Fetched{Host: host, Outcome: mtasts.Served, Status: 200, Body: strings.Repeat("mx: *.x.test\nzz\n", 4000)}
			}
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

// TestHostilePolicies examines a domain whose web server serves as much as is
// read.
func TestHostilePolicies(t *testing.T) {
	head := "version: STSv1\nmode: enforce\nmax_age: 604800\n"
	for name, body := range map[string]string{
		"hosts":       head + strings.Repeat("mx: h.acme.test\n", 4000),
		"bad hosts":   head + strings.Repeat("mx: \x1b]0;x\a\xff\n", 4000),
		"equal keys":  strings.Repeat("mode: enforce\n", 4000),
		"no lines":    strings.Repeat("x", mtasts.MaxPolicy),
		"empty lines": strings.Repeat("\n", mtasts.MaxPolicy),
		"keys":        head + strings.Repeat("a:b\n", 10000),
	} {
		t.Run(name, func(t *testing.T) {
			z := dnstest.New("acme.example SOA x", "_mta-sts.acme.example TXT v=STSv1; id=1")
			for i := range 2000 {
				z.Add(fmt.Sprintf("acme.example MX 10 h%d.acme.example", i))
			}
			e := checks.Examiner{Resolver: z, Now: time.Now, Service: transports.DefaultService()}
			e.Policies = func(_ context.Context, host string) mtasts.Fetched {
				return mtasts.Fetched{Host: host, Outcome: mtasts.Served, Status: 200, ContentType: "text/plain", Body: body}
			}
			r := e.Examine(t.Context(), checks.Target{Domain: "acme.example"}, nil)
			wellFormed(t, r)
			size := 0
			for _, f := range r.Findings {
				size += len(f.Saw())
				for _, x := range f.Evidence {
					size += len(x.Answer)
				}
			}
			if len(r.Findings) > 300 || size > 4<<20 {
				t.Errorf("%d findings, %d octets of text", len(r.Findings), size)
			}
		})
	}
}
