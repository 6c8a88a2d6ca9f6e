package checks

import (
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/finding"
)

// paths judges, for each relay address, mail of this target as a receiver
// would. There are none where the customer's server sends: which address it
// sends from is not known. A parked domain sends nothing.
func (w *work) paths() []Path {
	if !w.ours() {
		return nil
	}
	var out []Path
	for _, o := range w.spf.Outcomes {
		v := w.judgeAuth(o.Result)
		p := Path{
			IP: o.Client.IP, MailFrom: w.mailFrom, From: w.from,
			SPF: o.Result, SPFAligned: v.SPFAligned,
			DKIM: w.signed, DMARC: v.Result,
		}
		switch {
		case w.signs():
			p.DKIMAligned = v.DKIMAligned[0]
		case w.signed != string(VerdictUnknown):
			p.DKIMAligned = dmarc.No
		}
		out = append(out, p)
	}
	return out
}

// judgeAuth is DMARC's verdict on mail for which SPF gave result.
func (w *work) judgeAuth(result string) dmarc.Verdict {
	auth := dmarc.Auth{SPF: result, SPFDomain: w.envelope}
	if w.signs() {
		auth.DKIM = []dmarc.Signature{{Result: w.signed, Domain: w.signer}}
	}
	return w.dmarc.Verdict(auth)
}

// signature is what a verifier would say of this target's signature, and why.
func (w *work) signature() (state, reason string) {
	switch {
	case w.dkim != nil:
		s, reason := w.dkim.Usable(w.expected)
		return string(s), reason
	case w.noReply() && w.Service.DKIMSelector == "":
		return "unknown", "" // ClockWise signs, but its selector is not known here
	}
	return "none", ""
}

// overall puts a report in one word.
func overall(findings []finding.Finding) Verdict {
	worst, ok := finding.Worst(findings)
	if !ok {
		return VerdictOK
	}
	return Verdict(worst.String())
}
