package spf

import (
	"fmt"
	"net/netip"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// The results of an evaluation (section 2.6).
const (
	Pass      = "pass"
	Fail      = "fail"
	SoftFail  = "softfail"
	Neutral   = "neutral"
	None      = "none"
	TempError = "temperror"
	PermError = "permerror"
)

// The limits of section 4.6.4.
const (
	MaxLookups     = 10
	MaxVoidLookups = 2
	MaxMX          = 10
	MaxPTR         = 10
)

// Client is who sends, and in whose name.
type Client struct {
	IP       netip.Addr
	MailFrom string // without angle brackets; "" for a bounce
	HELO     string
}

// Options of an evaluation.
type Options struct {
	MailFrom string    // Lookup: MAIL FROM of the outcomes; "" for postmaster@domain
	HELO     string    // Lookup: HELO of the outcomes
	Receiver string    // value of the macro %{r}; "" for "unknown"
	Now      time.Time // value of the macro %{t}; zero gives 0
}

// Outcome is what an evaluation gave.
type Outcome struct {
	Client      Client
	Domain      string // of MAIL FROM, or HELO where that is empty
	Result      string // pass, fail, softfail, neutral, none, temperror, permerror
	Explanation string // of a fail; raw text of the domain's owner; "" when there is none

	Lookups, VoidLookups int // counted up to the decision

	Matched string   // the term that decided, as written; "" when none did
	Owner   string   // the domain in whose record Matched stands
	Path    []string // domains from the first down to Owner, through include and redirect

	Problem error        // *Problem: why temperror or permerror
	Unread  []dns.Answer // the answers behind a temperror
}

// ProblemKind says why an evaluation ended in temperror or permerror.
type ProblemKind uint8

// The kinds of problems.
const (
	BadSyntax      ProblemKind = iota + 1 // Err is the *SyntaxError
	ManyRecords                           // several SPF records at Domain
	NoRecord                              // target of include or redirect without SPF
	TooManyLookups                        // more than 10
	TooManyVoid                           // more than 2
	TooManyMX                             // more than 10 hosts of one mx
	Unreadable                            // no usable answer: temperror
	LoopFound                             // a name on its own path; Outcomes say TooManyLookups for it
	TargetInvalid                         // target of include or redirect is no name that can exist
)

// Problem is what ended an evaluation, and where.
type Problem struct {
	Kind   ProblemKind
	Domain string // whose record, or which name
	Term   string // the term that led there, as written; "" at the first record
	Err    error  // what is below it, or nil
}

func (p *Problem) Error() string {
	what := [...]string{
		BadSyntax: "syntax error", ManyRecords: "several SPF records", NoRecord: "no SPF record",
		TooManyLookups: "more than 10 DNS look-ups", TooManyVoid: "more than 2 void DNS answers",
		TooManyMX: "more than 10 MX hosts", Unreadable: "DNS gave no usable answer", LoopFound: "the record leads back to itself",
		TargetInvalid: "not a name that can exist",
	}[p.Kind]
	s := fmt.Sprintf("spf: %s: %s", p.Domain, what)
	if p.Term != "" {
		s += fmt.Sprintf(" (at %q)", p.Term)
	}
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

func (p *Problem) Unwrap() error { return p.Err }
