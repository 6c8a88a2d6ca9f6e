package tuitest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"clockwise.info/cwmail/checks"
	rules "clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/ui"
)

// Noon is the time at which everything in the invented world happens.
var Noon = time.Date(2026, 11, 24, 14, 2, 9, 0, time.UTC)

const includeSPF = "v=spf1 mx include:spf.mailer.example include:_spf.clockwise.info -all"

// Key is the value of an invented DKIM record, long enough for two strings.
var Key = "v=DKIM1; k=rsa; p=" + strings.Repeat("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 12) + "QIDAQAB"

var (
	dkimMissing = &finding.Rule{
		Code: "dkim.missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:  "DKIM key not found in DNS",
		Saw:    "There is no record at %[1]s.",
		Effect: "ClockWise signs this mail with selector cw1, but receivers cannot find the key. The signature counts for nothing, and forwarded mail fails DMARC.",
		Action: "Publish one TXT record with the key.", References: []string{"RFC 6376 section 3.6.2"},
	}
	spfMissing = &finding.Rule{
		Code: "spf.include-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:  "SPF record of %[1]s does not name ClockWise",
		Saw:    "The record allows other servers, and not those of ClockWise.",
		Effect: "Receivers are told that ClockWise may not send for %[1]s. Mail goes to spam or is refused.",
		Action: "Add include:_spf.clockwise.info to the record you have.", References: []string{"RFC 7208 section 5.2"},
	}
	spfLimit = &finding.Rule{
		Code: "spf.near-limit", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:  "SPF needs 9 of the 10 allowed look-ups",
		Effect: "One more service in the record, and SPF stops working for all mail.",
		Action: "Remove an include that you no longer use.", References: []string{"RFC 7208 section 4.6.4"},
	}
	dmarcRejects = &finding.Rule{
		Code: "dmarc.rejects", Severity: finding.Failure, Owner: finding.Nobody, Tier: 1, Outcome: true,
		Title:  "Receivers reject this mail (p=reject)",
		Effect: "Neither SPF nor DKIM passes for %[1]s, and its DMARC policy asks receivers to refuse such mail.",
	}
	dkimUnaligned = &finding.Rule{
		Code: "dkim.not-aligned", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title: "DKIM does not help DMARC", Effect: "No signature of %[1]s counts.",
	}
	dmarcNone = &finding.Rule{
		Code: "dmarc.policy-none", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title: "DMARC only watches (p=none)", Effect: "Nothing is refused yet.", References: []string{"RFC 9989 section 4.7"},
	}
	noAnswer = &finding.Rule{
		Code: "dns.no-answer", Severity: finding.Unknown, Owner: finding.CustomerDNS, Tier: 1,
		Title: "Name servers of %[1]s do not answer", Effect: "Nothing can be said about this mail until they do.",
		Action: "Check again later; if it stays, the name servers have a fault.",
	}
)

// Targets are four transports and two domains.
func Targets() []checks.Target {
	var out []checks.Target
	for _, t := range []transports.Transport{
		{
			Name: "acme.example", Type: transports.ClockWise, Match: transports.Match{Domain: "acme.example"},
			DKIM: transports.DKIM{Enabled: true, Selector: "cw1"},
		},
		{Name: "shop.example", Type: transports.ClockWise, Match: transports.Match{Domain: "shop.example", Subsystem: "billing"}},
		{Name: "No reply", Type: transports.NoReply, ReplyTo: transports.ReplyTo{Copy: true}},
		{
			Name: "Office 365 relay", Type: transports.SMTP, Match: transports.Match{Domain: "silent.example", LocalPart: "invoices"},
			Server: transports.Server{Host: "silent-example.mail.protection.outlook.test", Port: 25, Security: "starttls"},
		},
	} {
		out = append(out, checks.Target{Transport: &t})
	}
	return append(out, checks.Target{Domain: "acme.example"}, checks.Target{Domain: "news.acme.example"})
}

// Examine reports on a target of the invented world at once.
func Examine(_ context.Context, t checks.Target, emit func(checks.Event)) checks.Report {
	for _, s := range []checks.Stage{"SPF", "DKIM", "DMARC"} {
		emit(checks.Event{Target: t.Name(), Stage: s})
		emit(checks.Event{Target: t.Name(), Stage: s, Done: true, Took: 12 * time.Millisecond})
	}
	return report(t)
}

// WhatIf reports as if ClockWise were named in the SPF record, when the sets
// say so.
func WhatIf(_ context.Context, t checks.Target, sets []dns.Set, _ func(checks.Event)) checks.Report {
	r := report(t)
	for _, s := range sets {
		for _, v := range s.Values {
			if strings.Contains(v, "include:_spf.clockwise.info") {
				r.Findings = keep(r.Findings, "spf.include-missing", "dmarc.rejects")
				r.Paths = paths(r.Domain, "pass", "none", "pass")
			}
			if strings.HasPrefix(v, "v=DKIM1") {
				r.Findings = keep(r.Findings, "dkim.missing")
				r.Paths = paths(r.Domain, "pass", "pass", "pass")
			}
		}
	}
	return judge(r)
}

// Wait tells of one look, at which one of three name servers has the record,
// and then of nothing until it is stopped.
func Wait(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report {
	view := func(addr string, s propagation.State, detail, value string) propagation.View {
		return propagation.View{Addr: netip.MustParseAddrPort(addr), State: s, Detail: detail, Value: value}
	}
	old := "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQ"
	held := view("198.51.100.1:53", propagation.Missing, "", "")
	held.Until = Noon.Add(38 * time.Minute)
	r := propagation.Report{
		Question: w.Question(), Zone: w.Domain, At: Noon, Round: 14, Next: time.Minute,
		Servers: []propagation.ServerView{
			propagation.Total("ns1.dns.example", []propagation.View{view("192.0.2.1:53", propagation.Correct, "", ""), {
				Addr: netip.MustParseAddrPort("[2001:db8::1]:53"), State: propagation.Unreachable, Detail: "this machine has no IPv6", NoIPv6: true,
			}}),
			propagation.Total("ns2.dns.example", []propagation.View{view("192.0.2.2:53", propagation.Missing, "", "")}),
			propagation.Total("ns3.dns.example", []propagation.View{view("192.0.2.3:53", propagation.Wrong, "the end is missing: 40 of 410 characters are there", old)}),
		},
		Resolvers: []propagation.View{
			held, view("198.51.100.2:53", propagation.Correct, "", ""), view("198.51.100.3:53", propagation.Unreachable, "it did not answer within 5 s", ""),
		},
	}
	emit(r)
	<-ctx.Done()
	return r
}

// Waited tells of a record that is published.
func Waited(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	r := Wait(ctx, w, func(propagation.Report) {})
	for i := range r.Servers {
		r.Servers[i] = propagation.Total(r.Servers[i].Name, []propagation.View{{Addr: r.Servers[i].Views[0].Addr, State: propagation.Correct}})
	}
	r.Published, r.Next, r.Caches = true, 0, Noon.Add(time.Hour)
	emit(r)
	return r
}

func keep(all []finding.Finding, gone ...string) (out []finding.Finding) {
	for _, f := range all {
		if !strings.Contains(strings.Join(gone, " "), f.Code()) {
			out = append(out, f)
		}
	}
	return out
}

func report(t checks.Target) checks.Report {
	service := transports.DefaultService()
	domain := t.Domain
	if t.Transport != nil {
		domain = t.Transport.Domain(service.NoReply)
	}
	r := checks.Report{
		Target: t.Name(), Domain: domain, Transport: t.Transport, Started: Noon, Took: 180 * time.Millisecond,
		Paths: paths(domain, "pass", "none", "pass"), Answers: answers(domain), Queries: 5,
	}
	about := func(rule *finding.Rule, args ...string) finding.Finding {
		return finding.Finding{Rule: rule, Subject: domain, Args: args}
	}
	switch {
	case t.Name() == "Office 365 relay":
		f := about(noAnswer, domain)
		f.Evidence = []finding.Evidence{{Server: "192.0.2.53:53", Name: domain, Type: "TXT", Answer: "no answer within 5 s", At: Noon}}
		r.Findings = []finding.Finding{f}
		r.Paths = paths(domain, "temperror", "none", "unknown")
	case t.Transport == nil && domain != "acme.example", t.Name() == "No reply":
		r.Findings = []finding.Finding{about(dmarcNone)}
		r.Paths = paths(domain, "pass", "pass", "pass")
	case domain == "shop.example":
		f := about(spfMissing, domain)
		old := "v=spf1 mx include:spf.mailer.example -all"
		f.Evidence = []finding.Evidence{{Server: "192.0.2.53:53", Name: domain, Type: "TXT", Answer: old, At: Noon}}
		f.Fix = &finding.Fix{
			Summary: "Change the SPF record, do not add a second one.",
			Records: []finding.Record{{Name: domain, Type: "TXT", Value: includeSPF, Replaces: &old}},
		}
		hidden := about(dkimUnaligned, domain)
		hidden.SilencedBy = "spf.include-missing"
		r.Findings = []finding.Finding{f, about(dmarcRejects, domain), hidden}
		r.Paths = paths(domain, "fail", "none", "fail")
	default:
		f := about(dkimMissing, "cw1._domainkey."+domain)
		f.Evidence = []finding.Evidence{{Server: "192.0.2.53:53", Name: "cw1._domainkey." + domain, Type: "TXT", Answer: "no such name (NXDOMAIN)", At: Noon}}
		f.Fix = &finding.Fix{
			Summary: "Publish the public half of the key that ClockWise signs with.",
			Records: []finding.Record{{Name: "cw1._domainkey." + domain, Type: "TXT", Value: Key}},
		}
		r.Findings = []finding.Finding{f, about(spfLimit), about(dmarcNone)}
		r.Paths = paths(domain, "pass", "fail", "pass")
	}
	return judge(r)
}

func judge(r checks.Report) checks.Report {
	r.Verdict = checks.VerdictOK
	if worst, ok := finding.Worst(r.Findings); ok {
		r.Verdict = checks.Verdict(worst.String())
	}
	return r
}

func paths(domain, spf, dkim, dmarc string) (out []checks.Path) {
	for _, ip := range transports.DefaultService().Relays() {
		out = append(out, checks.Path{
			IP: ip, MailFrom: "postmaster@" + domain, From: "postmaster@" + domain,
			SPF: spf, SPFAligned: rules.Yes, DKIM: dkim, DKIMAligned: rules.Yes, DMARC: dmarc,
		})
	}
	return out
}

func answers(domain string) []dns.Answer {
	base := dns.Answer{Server: "192.0.2.53:53", At: Noon, Took: 12 * time.Millisecond, TTL: time.Hour, Rcode: "NOERROR", Size: 180, Status: dns.Found}
	txt := func(name, value string) dns.Answer {
		a := base
		a.Question = dns.Ask(name, dns.TypeTXT)
		a.Records = []dns.Record{{Name: name, Type: dns.TypeTXT, TTL: time.Hour, Strings: []string{value}}}
		return a
	}
	ns := base
	ns.Question = dns.Ask(domain, dns.TypeNS)
	for _, h := range []string{"ns1.dns.example", "ns2.dns.example"} {
		ns.Records = append(ns.Records, dns.Record{Name: domain, Type: dns.TypeNS, Host: h})
	}
	gone := base
	gone.Question, gone.Status, gone.Rcode, gone.Zone = dns.Ask("cw1._domainkey."+domain, dns.TypeTXT), dns.NoName, "NXDOMAIN", domain
	failed := base
	failed.Question, failed.Status, failed.Rcode = dns.Ask("spf.mailer.example", dns.TypeTXT), dns.Failed, "SERVFAIL"
	failed.Err, failed.EDE = errors.New("the server could not answer (SERVFAIL)"), []string{"22: No Reachable Authority"}
	return []dns.Answer{
		txt(domain, "v=spf1 mx include:spf.mailer.example -all"), ns,
		txt("_dmarc."+domain, "v=DMARC1; p=reject; rua=mailto:reports@"+domain), gone, failed,
	}
}

// Glossary is a few words.
func Glossary() []ui.Word {
	return []ui.Word{
		{Name: "SPF", Text: "A record in DNS that lists the servers that may send mail for a domain. Receivers look there when mail comes in.", Example: "v=spf1 mx include:_spf.clockwise.info -all"},
		{Name: "DKIM", Text: "A signature under each mail. Receivers fetch the key from DNS and see that nobody changed the mail.", Example: "cw1._domainkey.acme.example"},
		{Name: "selector", Text: "The name of a DKIM key: a domain can have several, each under its own selector.", Example: "cw1"},
		{Name: "DMARC", Text: "A record that says what receivers do with mail that neither SPF nor DKIM vouches for.", Example: "v=DMARC1; p=quarantine"},
		{Name: "TXT", Text: "A DNS record that holds text. SPF, DKIM and DMARC are written in TXT records.", Example: "acme.example TXT \"v=spf1 -all\""},
		{Name: "TTL", Text: "How many seconds others may remember an answer. After a change, the old answer can stay that long.", Example: "3600 is one hour"},
	}
}

// Many are n transports, for long lists.
func Many(n int) []checks.Target {
	var out []checks.Target
	for i := range n {
		name := fmt.Sprintf("customer%04d.example", i)
		out = append(out, checks.Target{Transport: &transports.Transport{Name: name, Type: transports.ClockWise, Match: transports.Match{Domain: name}}})
	}
	return out
}
