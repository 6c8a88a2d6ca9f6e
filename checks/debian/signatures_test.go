package debian

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// resigned is a zone in which the signatures over sets of a type are others'.
func resigned(typ string) func(file, unsigned string) string {
	line := regexp.MustCompile(`(RRSIG\s+` + typ + `\s.*\s)(\S{10})(\S{10})(\S*\n)`)
	return func(file, _ string) string { return line.ReplaceAllString(file, "${1}${3}${2}${4}") }
}

// altered is a zone in which something was changed after it was signed.
func altered(from, to string) func(file, unsigned string) string {
	return func(file, _ string) string { return strings.ReplaceAll(file, from, to) }
}

const day = 24 * time.Hour

// TestSignatures holds what is said of a site whose signatures are not as they
// should be. Beside that, nothing is said but notes and what follows from it,
// and of the site next to it nothing else than before.
func TestSignatures(t *testing.T) {
	needWorld(t)
	all := some("sound", "guarded", "open")
	ours := serveOurs(t, all).examiner(t)
	beside := ours.Examine(t.Context(), siteOf(t, "open").target(), nil)
	for _, tt := range []struct {
		name string
		site string
		treatment
		want string // what is open, beside notes; "" for nothing
		saw  string // a part of what was seen
	}{
		{"another key", "sound", treatment{change: staleDS}, "dns.dnssec-bogus", ""},
		{"expired", "guarded", treatment{options: validity(-2*month, -3*day)}, "dns.dnssec-bogus", ""},
		{"not yet valid", "sound", treatment{options: validity(3*day, month)}, "dns.dnssec-bogus", ""},
		{"wrong over all TXT", "guarded", treatment{change: resigned("TXT")}, "dns.dnssec-bogus", "_dmarc.guarded.example"},
		{"wrong over keys", "sound", treatment{change: resigned("DNSKEY")}, "dns.dnssec-bogus", ""},
		{"one record altered", "sound", treatment{change: altered("v=spf1 mx", "v=spf1 a")}, "dns.dnssec-bogus", "sound.example: "},
		{"TLSA altered", "guarded", treatment{change: altered(strings.ToUpper(digest)[:16], strings.ToUpper(other)[:16])}, "dns.dnssec-bogus", "_25._tcp.mail.guarded.example"},
		{"three days left", "sound", treatment{options: validity(-month, 3*day)}, "dns.dnssec-expiring", time.Now().Add(3 * day).UTC().Format("2006-01-02")},
		{"six days left", "guarded", treatment{options: validity(-month, 6*day)}, "dns.dnssec-expiring", ""},
		{"eight days left", "sound", treatment{options: validity(-month, 8*day)}, "", ""},
		{"made anew each day", "guarded", treatment{options: validity(-day/2, day)}, "", ""},
		{"not made anew", "sound", treatment{options: validity(-2*day, 2*time.Hour)}, "dns.dnssec-expiring", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := startTheirs(t, all, map[string]treatment{tt.site: tt.treatment})
			e := n.examiner(t)
			r := e.Examine(t.Context(), siteOf(t, tt.site).target(), nil)
			holdOpen(t, r, tt.want)
			if tt.want != "" && !strings.Contains(open(r)[0].Saw(), tt.saw) {
				t.Errorf("saw %q, want %q in it", open(r)[0].Saw(), tt.saw)
			}
			holdReport(t, siteOf(t, "open"), e.Examine(t.Context(), siteOf(t, "open").target(), nil), beside)
		})
	}
}

// open are the findings of a report that are neither silenced nor notes.
func open(r checks.Report) []finding.Finding {
	var out []finding.Finding
	for _, f := range r.Open() {
		if f.Severity() != finding.Note {
			out = append(out, f)
		}
	}
	return out
}

// holdOpen holds which findings are open, beside notes.
func holdOpen(t *testing.T, r checks.Report, codes ...string) {
	t.Helper()
	var got, want []string
	for _, f := range open(r) {
		got = append(got, f.Code())
	}
	for _, c := range codes {
		if c != "" {
			want = append(want, c)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("open: %q, want %q: %s", got, want, saidOf(r))
	}
}

// TestDANE holds that TLSA records are told apart by whether they are validated
// where the resolver validates, and not where it does not.
func TestDANE(t *testing.T) {
	all := some("guarded", "dane-alias", "dane-unsigned", "sound")
	hosts := []dane.Host{{Name: "mail.guarded.example"}, {Name: "mail.dane-alias.example", Alias: "web.dane-alias.example"}, {Name: "mail.dane-unsigned.example"}, {Name: "mail.sound.example"}}
	for _, tt := range []struct {
		name    string
		options []string
		want    []dane.Fact // of hosts
		without []string    // what is open of the site that is not signed
	}{
		{"validating", nil, []dane.Fact{dane.Yes, dane.Yes, dane.No, dane.NotKnown}, []string{"dane.without-dnssec"}},
		{"not validating", []string{"server:", "\tmodule-config: \"iterator\""}, make([]dane.Fact, 4), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := startTheirs(t, all, nil, tt.options...)
			in := dane.Input{Result: dane.Lookup(t.Context(), client(t, n.resolver), hosts)}
			for i, p := range in.Result.Hosts {
				if got := in.DNSSEC(p); got != tt.want[i] {
					t.Errorf("%s: validated: %s, want %s", p.Name, got, tt.want[i])
				}
			}
			if records := in.Result.Hosts[0].Records(); len(records) != 2 || !records[0].Usable() || len(in.Result.Hosts[3].Records()) != 0 {
				t.Errorf("records %+v", records)
			}
			e := n.examiner(t)
			holdOpen(t, e.Examine(t.Context(), siteOf(t, "guarded").target(), nil))
			holdOpen(t, e.Examine(t.Context(), siteOf(t, "dane-alias").target(), nil), "mx.target-is-cname")
			holdOpen(t, e.Examine(t.Context(), siteOf(t, "dane-unsigned").target(), nil), tt.without...)
		})
	}
}

// TestDANEFails holds what is said of a zone that gives addresses and fails on
// TLSA records, for which senders keep their mail (RFC 7672 section 2.1.2).
func TestDANEFails(t *testing.T) {
	all := some("guarded")
	n := startTheirs(t, all, map[string]treatment{"guarded": {change: resigned("TLSA")}})
	c := client(t, n.resolver)
	if a := c.Lookup(t.Context(), dns.Ask("mail.guarded.example", dns.TypeA)); a.Status != dns.Found || !a.AD {
		t.Errorf("%s, AD %v", a.Reason(), a.AD)
	}
	r := n.examiner(t).Examine(t.Context(), siteOf(t, "guarded").target(), nil)
	holdOpen(t, r, "dns.dnssec-bogus")
	for _, f := range r.Findings {
		if f.Code() == "dane.lookup-fails" {
			return
		}
	}
	t.Errorf("does not say dane.lookup-fails: %s", saidOf(r))
}
