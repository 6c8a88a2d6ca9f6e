package checks

import (
	"crypto"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/settings"
	"clockwise.info/cwmail/checks/spf"
)

// report judges what was found. It asks nothing.
func (w *work) report(t Target) Report {
	r := Report{Target: t.Name(), Domain: w.domain, Transport: t.Transport}
	if w.domain != "" {
		w.signed, w.whySigned = w.signature()
		r.Paths = w.paths()
		r.Facts = w.facts()
		r.Answers = append(w.recorder.Answers(), w.compared...)
		r.Queries = w.recorder.Queries()
		r.Findings = w.judge()
	}
	if t.Transport != nil {
		r.Findings = append(r.Findings, settings.Findings(w.settingsInput(*t.Transport))...)
	}
	w.silence(r.Findings)
	finding.Sort(r.Findings, ruleOrder())
	r.Verdict = overall(r.Findings)
	if w.domain == "" && r.Verdict == VerdictOK {
		r.Verdict = VerdictUnknown // nothing was looked at
	}
	return r
}

// silence hides what a root cause explains. What is said of the transport's
// settings is about the same mail as what is said of its domains, so that one
// may explain the other.
func (w *work) silence(all []finding.Finding) {
	same := slices.Clone(all)
	for i := range same {
		if strings.HasPrefix(same[i].Code(), "transport.") {
			same[i].Subject = ""
		}
	}
	finding.Silence(same)
	for i := range all {
		all[i].SilencedBy = same[i].SilencedBy
	}
}

// judge collects what the subjects say of the sender's domain, or of
// ClockWise's own where mail leaves in its name.
func (w *work) judge() []finding.Finding {
	all := slices.Concat(
		spf.Findings(w.spfInput()),
		w.dkimFindings(),
		dmarc.Findings(w.dmarcInput()),
		mx.Findings(mx.Input{Result: w.mx, Used: !w.parked, Views: w.views[dns.Ask(w.domain, dns.TypeMX)]}),
		w.encryptionFindings(),
	)
	all = append(w.zoneFindings(all), all...)
	if w.relay != nil {
		all = append(all, relay.Findings(*w.relay)...)
	}
	all = append(all, w.receiverFindings()...)
	if w.noReply() {
		all = clockwiseOnly(all)
	}
	return all
}

// seen are all answers of the resolver and of the domain's own servers, and
// what public resolvers make of the signatures.
func (w *work) seen() []dns.Answer {
	all := w.recorder.Answers()
	for _, a := range w.compared {
		if a.Direct || a.Public && (a.Bogus() || a.AD) {
			all = append(all, a)
		}
	}
	return all
}

// clockwiseOnly keeps what ClockWise must mend, or what could not be looked
// at: a customer on the no-reply address has nothing to publish.
func clockwiseOnly(all []finding.Finding) []finding.Finding {
	var out []finding.Finding
	for _, f := range all {
		if f.Severity() == finding.Failure || f.Severity() == finding.Unknown {
			if f.Who() == finding.CustomerDNS || f.Who() == finding.CustomerMailServer {
				f.Owner = finding.ClockWise
			}
			out = append(out, f)
		}
	}
	return out
}

func (w *work) spfInput() spf.Input {
	in := spf.Input{
		Result: w.spf, Expect: spf.Expect{Include: w.Service.SPFInclude, Relays: w.relays},
		Sending: w.ours(), Sender: w.senderSPF, Aligned: fact(w.dmarc.Aligned(w.envelope, false)),
		HasDMARC: w.hasDMARC(), Views: w.views[dns.Ask(w.envelope, dns.TypeTXT)],
		MX: mailHosts(w.mx), Parked: w.parked, Provider: w.provider, More: w.spfMore, Now: w.Now(),
	}
	if w.ours() {
		in.ClockWise = &w.service
	}
	return in
}

// mailHosts names who receives a domain's mail; nil where that is not known.
func mailHosts(r mx.Result) []string {
	if r.Answer.Status == dns.Failed {
		return nil
	}
	out := []string{}
	for _, t := range r.Targets {
		out = append(out, t.Host)
	}
	return out
}

// fact tells SPF's room what DMARC's knows.
func fact(t dmarc.Truth) spf.Fact {
	switch t {
	case dmarc.Yes:
		return spf.Yes
	case dmarc.No:
		return spf.No
	}
	return spf.NotKnown
}

func (w *work) hasDMARC() spf.Fact {
	if !w.dmarc.Known {
		return spf.NotKnown
	}
	return fact(dmarc.Known(w.dmarc.Record != nil))
}

func (w *work) dkimFindings() []finding.Finding {
	if w.dkim == nil {
		return nil
	}
	return dkim.Findings(dkim.Input{
		Result: *w.dkim, Expected: w.expected, Views: w.views[dns.Ask(w.dkim.Name, dns.TypeTXT)],
		Sending: true, Alignment: w.alignment(), Shared: w.sharedKey(),
	})
}

// sharedKey names the other configured selectors that sign with the same key.
func (w *work) sharedKey() []string {
	key, ok := w.expected.Public.(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return nil
	}
	var out []string
	for _, tr := range w.All {
		other := w.Examiner.sending(Target{Transport: &tr})
		if !other.signs() || other.expected.Public == nil || !key.Equal(other.expected.Public) {
			continue
		}
		name := dkim.RecordName(other.selector, other.signer)
		if name != w.dkim.Name && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// alignment compares the signing domain with the sender's; nil where it is not
// known whether they belong together.
func (w *work) alignment() *dkim.Alignment {
	strict := w.dmarc.Record != nil && w.dmarc.Record.StrictDKIM
	aligned := w.dmarc.Aligned(w.signer, strict)
	if aligned == dmarc.Unknown {
		return nil
	}
	return &dkim.Alignment{Sender: w.domain, Strict: strict, Aligned: aligned == dmarc.Yes}
}

func (w *work) dmarcInput() dmarc.Input {
	in := dmarc.Input{Result: w.dmarc, Views: w.views[dns.Ask(w.dmarc.ViewName(), dns.TypeTXT)], All: w.allPass(), Failing: w.failing(), Parked: w.parked}
	if w.ours() {
		in.Path = dmarc.NewPath(w.dmarc, w.auth())
	}
	return in
}

// auth is what SPF and DKIM say of this target's mail as a whole: SPF passes
// when it does so for every relay address.
func (w *work) auth() dmarc.Auth {
	a := dmarc.Auth{SPF: spf.Pass, SPFDomain: w.envelope}
	for _, o := range w.spf.Outcomes {
		if o.Result != spf.Pass {
			a.SPF = o.Result
		}
	}
	if len(w.spf.Outcomes) == 0 {
		a.SPF = "unknown"
	}
	if w.signs() {
		a.DKIM = []dmarc.Signature{{Result: w.signed, Domain: w.signer}}
	}
	return a
}
