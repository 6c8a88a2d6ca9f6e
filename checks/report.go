package checks

import (
	"net/netip"
	"time"

	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

// Verdict is the one word about a report.
type Verdict string

// The verdicts. The zero value of a report is VerdictUnknown.
const (
	VerdictOK      Verdict = "ok"
	VerdictNote    Verdict = "note"
	VerdictWarning Verdict = "warning"
	VerdictFailure Verdict = "failure"
	VerdictUnknown Verdict = "unknown"
)

// Report is what is known about one target after an examination.
type Report struct {
	Target    string                // name of the transport, or the domain
	Domain    string                // whose DNS was examined
	Transport *transports.Transport // nil for a bare domain
	Started   time.Time
	Took      time.Duration
	Queries   int // different DNS questions asked

	Verdict  Verdict
	Paths    []Path
	Findings []finding.Finding // ordered: what to do first stands first
	Facts    Facts
	Answers  []dns.Answer // every answer, in the order of arrival: the evidence
}

// Path is how a receiver would judge mail that leaves from one address.
// Results are the words of RFC 8601; "unknown" where it could not be told, as
// alignment is where an organisational domain is not known.
type Path struct {
	IP          netip.Addr
	MailFrom    string
	From        string
	SPF         string // pass, fail, softfail, neutral, none, temperror, permerror
	SPFAligned  dmarc.Truth
	DKIM        string // pass: published and fitting; none: not signed; fail, unknown
	DKIMAligned dmarc.Truth
	DMARC       string // pass, fail, none (no policy), unknown
}

// Open lists the findings that are not silenced, in order.
func (r Report) Open() []finding.Finding {
	var out []finding.Finding
	for _, f := range r.Findings {
		if f.SilencedBy == "" {
			out = append(out, f)
		}
	}
	return out
}
