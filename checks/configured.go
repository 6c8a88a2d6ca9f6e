package checks

import (
	"crypto"
	"fmt"
	"slices"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/settings"
	"clockwise.info/cwmail/transports"
)

// UnknownSetting is a setting of the configuration that nothing reads.
type UnknownSetting = settings.UnknownSetting

// ConfigurationFindings judges the configuration as a whole: what no transport
// takes, and settings that belong to none.
func (e *Examiner) ConfigurationFindings() []finding.Finding {
	all := settings.FindingsAll(e.All, e.Service, e.Unknown)
	finding.Silence(all)
	finding.Sort(all, ruleOrder())
	return all
}

// ConfigurationReport is the report on the configuration as a whole, which has
// no domain and no paths. ok is false where there is nothing to tell.
func (e *Examiner) ConfigurationReport() (r Report, ok bool) {
	all := e.ConfigurationFindings()
	return Report{Target: settings.File, Started: e.Now(), Verdict: overall(all), Findings: all}, len(all) > 0
}

// SettingsFindings judges each transport by its settings alone: what is wrong
// with them before anything is asked. Notes are left to its report.
func (e *Examiner) SettingsFindings() []finding.Finding {
	var out []finding.Finding
	for _, t := range e.All {
		in := settings.Input{Transport: t, All: e.All, Service: e.Service, Unknown: e.Unknown}
		in.PasswordProblem = e.passwordProblem(t)
		all := settings.Findings(in)
		finding.Silence(all)
		out = append(out, slices.DeleteFunc(all, func(f finding.Finding) bool { return f.Severity() == finding.Note })...)
	}
	finding.Sort(out, ruleOrder())
	return out
}

func (e *Examiner) passwordProblem(t transports.Transport) string {
	if e.Passwords == nil || t.Type != transports.SMTP {
		return ""
	}
	return e.Passwords(t)
}

// settingsInput is the transport with what DNS says about it.
func (w *work) settingsInput(t transports.Transport) settings.Input {
	in := settings.Input{Transport: t, All: w.All, Service: w.Service, Unknown: w.Unknown}
	if r := w.replyDMARC; r != nil && r.Known {
		in.ReplyTo = settings.Policy{Domain: r.Domain, Policy: string(r.Policy)}
		if r.Record != nil {
			in.ReplyTo.StrictDKIM, in.ReplyTo.StrictSPF = r.Record.StrictDKIM, r.Record.StrictSPF
			in.ReplyTo.Evidence = []finding.Evidence{{Name: "_dmarc." + r.FoundAt, Type: "TXT", Answer: r.Record.Text}}
		}
	}
	in.PasswordProblem = w.passwordProblem(t)
	if w.relay != nil {
		in.Host = w.relay.Addresses
	}
	if w.dkim != nil {
		in.Published = settings.Published{Name: w.dkim.Name, Key: publishedKey(w.dkim.Answer), Evidence: evidence(w.dkim.Answer)}
	}
	if w.couldSign() {
		in.Published = settings.Published{Name: w.idle, Key: publishedKey(w.idleKey), Evidence: evidence(w.idleKey)}
	}
	if w.noReply() {
		in.NoReply = w.noReplyOutcome()
	}
	return in
}

// publishedKey is the key that verifiers would use; nil without exactly one
// usable record.
func publishedKey(a dns.Answer) crypto.PublicKey {
	if len(a.Records) != 1 {
		return nil
	}
	return dkim.DecodeKey(dkim.Parse(a.Records[0].Strings...).Key()).Public
}

// noReplyOutcome tells how mail in ClockWise's own name fares.
func (w *work) noReplyOutcome() settings.NoReply {
	out := settings.NoReply{Known: w.dmarc.Known, Authenticated: true, Evidence: evidence(w.spf.Answer)}
	for _, p := range w.paths() {
		switch p.DMARC {
		case "pass":
		case "unknown":
			out.Known = false
		default:
			aligned := p.SPF == "pass" && p.SPFAligned.String() == "yes" || p.DKIM == "pass" && p.DKIMAligned.String() == "yes"
			if !aligned && out.Authenticated {
				out.Authenticated = false
				out.Detail = fmt.Sprintf("from %s SPF says %s and DKIM %s", p.IP, p.SPF, p.DKIM)
			}
		}
	}
	return out
}

// evidence makes an observation of an answer.
func evidence(a dns.Answer) []finding.Evidence {
	return []finding.Evidence{{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}}
}
