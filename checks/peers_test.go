package checks_test

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

// What is said of a domain's policy depends on all transports that send for it.
func TestPeers(t *testing.T) {
	const tried = "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example"
	customer := transports.Match{Domain: "customer.example"}
	key := signing("cw1", keys().public)
	first := transports.Transport{Name: "first", Type: transports.ClockWise, Match: customer, DKIM: key}
	news := transports.Transport{Name: "News", Type: transports.ClockWise, Match: customer, Envelope: "bounces@news.example"}
	unsigned := transports.Transport{Name: "unsigned", Type: transports.ClockWise, Match: customer}
	server := transports.Transport{Name: "server", Type: transports.SMTP, Match: customer, Server: transports.Server{Host: "mail.customer.example", Port: 25, Security: "starttls", Auth: "none"}}
	elsewhere := transports.Transport{Name: "elsewhere", Type: transports.ClockWise, Match: transports.Match{Domain: "other.example"}}
	second := transports.Transport{Name: "second", Type: transports.ClockWise, Match: customer, DKIM: signing("cw2", keys().other)}
	world := apply(readCorpus(t, "world")[0].edits)
	for name, q := range map[string]string{"cw2._domainkey.customer.example": "v=DKIM1; k=rsa; p=<OTHERKEY>"} {
		world[dns.Ask(name, dns.TypeTXT)] = [][]string{values(edit{typ: dns.TypeTXT, value: q})}
	}
	for _, c := range []struct {
		name         string
		others       []transports.Transport
		ready, stops bool
	}{
		{"alone", nil, true, false},
		{"another domain", []transports.Transport{elsewhere}, true, false},
		{"another key, which passes too", []transports.Transport{second}, true, false},
		{"one that only SPF holds up", []transports.Transport{unsigned}, false, false},
		{"a server of the customer", []transports.Transport{server}, false, false},
		{"an envelope elsewhere, unsigned", []transports.Transport{news}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := corpusExaminer(t, world.zone(), nameserver.Options{}, append([]transports.Transport{first}, c.others...)...)
			now := e.Examine(t.Context(), checks.Target{Transport: &first}, nil)
			e.Resolver = dns.NewOverlay(e.Resolver, []dns.Set{{Name: "_dmarc.customer.example", Type: dns.TypeTXT, Values: []string{tried}}})
			then := e.Examine(t.Context(), checks.Target{Transport: &first}, nil)
			if got := raisedIn(now, "dmarc.ready-to-tighten") != nil; got != c.ready {
				t.Errorf("ready to tighten: %v\n%s", got, listed(now.Findings))
			}
			if raisedIn(now, "dmarc.tightening-would-break") != nil {
				t.Error("a policy is told of that nobody tried")
			}
			f := raisedIn(then, "dmarc.tightening-would-break")
			if (f != nil) != c.stops || f != nil && !strings.Contains(f.Title(), "News") {
				t.Errorf("tried, it stops mail: %v\n%s", f != nil, listed(then.Findings))
			}
			wellFormed(t, then)
			replayed(t, e, then)
		})
	}
}

// One key for two selectors ties them together, whoever has it.
func TestSharedKey(t *testing.T) {
	customer := transports.Match{Domain: "customer.example"}
	first := transports.Transport{Name: "first", Type: transports.ClockWise, Match: customer, DKIM: signing("cw1", keys().public)}
	world := apply(readCorpus(t, "world")[0].edits)
	for _, c := range []struct {
		name  string
		other transports.Transport
		want  string // the other name; "" for none
	}{
		{"the same selector of the same domain", transports.Transport{Name: "x", Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example", LocalPart: "news"}, DKIM: signing("cw1", keys().public)}, ""},
		{"another selector", transports.Transport{Name: "x", Type: transports.ClockWise, Match: customer, DKIM: signing("cw2", keys().public)}, "cw2._domainkey.customer.example"},
		{"another domain", transports.Transport{Name: "x", Type: transports.ClockWise, Match: transports.Match{Domain: "other.example"}, DKIM: signing("cw1", keys().public)}, "cw1._domainkey.other.example"},
		{"another key", transports.Transport{Name: "x", Type: transports.ClockWise, Match: customer, DKIM: signing("cw2", keys().other)}, ""},
		{"a key that is not known", transports.Transport{Name: "x", Type: transports.ClockWise, Match: customer, DKIM: transports.DKIM{Enabled: true, Selector: "cw2"}}, ""},
		{"signing switched off", transports.Transport{Name: "x", Type: transports.ClockWise, Match: customer, DKIM: with(signing("cw2", keys().public), func(d *transports.DKIM) { d.Enabled = false })}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := corpusExaminer(t, world.zone(), nameserver.Options{}, first, c.other)
			f := raisedIn(e.Examine(t.Context(), checks.Target{Transport: &first}, nil), "dkim.key-shared")
			if (f != nil) != (c.want != "") || f != nil && !strings.Contains(f.Saw()+f.Title(), c.want) {
				t.Errorf("raised %v, want %q", f, c.want)
			}
		})
	}
}

// raisedIn is the finding of a code; nil where there is none.
func raisedIn(r checks.Report, code string) *finding.Finding {
	if i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Code() == code }); i >= 0 {
		return &r.Findings[i]
	}
	return nil
}

// A domain that sends nothing should say so, and nothing else is asked of it.
func TestParked(t *testing.T) {
	for _, c := range []struct{ name, spf, dmarc, want string }{
		{"closed", "v=spf1 -all", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example", ""},
		{"open", "v=spf1 include:spf.protection.outlook.com ~all", "v=DMARC1; p=none; rua=mailto:dmarc@customer.example", "spf.parked-not-closed dmarc.parked-not-closed"},
		{"open below", "v=spf1 -all", "v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@customer.example", "dmarc.parked-not-closed"},
		{"only tried", "v=spf1 -all", "v=DMARC1; p=reject; t=y; rua=mailto:dmarc@customer.example", "dmarc.parked-not-closed"},
		{"without SPF", "", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example", "spf.missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs := apply(readCorpus(t, "world")[0].edits)
			delete(rs, dns.Ask("customer.example", dns.TypeMX))
			delete(rs, dns.Ask("customer.example", dns.TypeTXT))
			if c.spf != "" {
				rs[dns.Ask("customer.example", dns.TypeTXT)] = [][]string{{c.spf}}
			}
			rs[dns.Ask("_dmarc.customer.example", dns.TypeTXT)] = [][]string{{c.dmarc}}
			e := corpusExaminer(t, rs.zone(), nameserver.Options{})
			report := e.Examine(t.Context(), checks.Target{Domain: "customer.example", Parked: true}, nil)
			wellFormed(t, report)
			if c.want == "" && report.Verdict != checks.VerdictNote {
				t.Errorf("it is %s:\n%s", report.Verdict, listed(report.Findings))
			}
			if len(report.Paths) > 0 {
				t.Errorf("%d paths of mail that nobody sends", len(report.Paths))
			}
			for code := range strings.FieldsSeq(c.want) {
				f := raisedIn(report, code)
				if f == nil || f.Fix == nil {
					t.Errorf("%s is %v\n%s", code, f, listed(report.Findings))
					continue
				}
				mended, err := rs.mend(f.Fix)
				if err != nil {
					t.Error(err)
				}
				rs = mended
			}
			with := *e
			with.Resolver = rs.overlay(e.Resolver, apply(readCorpus(t, "world")[0].edits))
			if after := with.Examine(t.Context(), checks.Target{Domain: "customer.example", Parked: true}, nil); after.Verdict != checks.VerdictNote {
				t.Errorf("mended, it is %s:\n%s", after.Verdict, listed(after.Findings))
			}
		})
	}
}
