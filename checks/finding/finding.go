package finding

import (
	"fmt"
	"time"
)

// Finding is a rule raised for something, with its evidence. Its texts are
// made when it is shown, from the rule and Args.
type Finding struct {
	Rule *Rule

	// Subject is the domain or the name of the transport that it is about.
	Subject string

	// Object is the smaller thing it stands on, e.g. an SPF term as written, or
	// a host; empty for the whole subject. Two findings with different
	// non-empty objects never silence each other.
	Object string

	Args     []string // arguments of the rule's texts, raw (not yet made safe)
	Evidence []Evidence
	Fix      *Fix // nil where no record or command mends it

	// Owner overrides the rule's owner where it is not empty.
	Owner Owner

	// SilencedBy is the code of the root cause that explains this finding.
	SilencedBy string
}

// Evidence is one observation: a DNS answer, or what a server said.
type Evidence struct {
	Server string    // HOST:PORT or name of who answered; may be empty
	Name   string    // what was asked
	Type   string    // DNS type, or "SMTP"
	Answer string    // what came back, in words or as record text; raw
	At     time.Time // zero when not applicable
}

// Fix is the change that mends a finding.
type Fix struct {
	Summary string   // one sentence
	Records []Record // DNS changes
	Command string   // a command to run; may be empty
}

// Record is one change to one DNS record.
type Record struct {
	Name  string // full name without final dot
	Type  string // "TXT", "CNAME", "MX"
	Value string // the value as one string, without quotes; MX as "10 host"
	TTL   int    // seconds; 0 means 3600

	// Replaces is the value that Value takes the place of; nil for a record
	// that is added beside what is there.
	Replaces *string

	// Remove means that the record with value *Replaces goes and nothing
	// takes its place; Value is empty.
	Remove bool
}

// Code returns the rule's code.
func (f Finding) Code() string { return f.Rule.Code }

// Severity returns the rule's severity.
func (f Finding) Severity() Severity { return f.Rule.Severity }

// Who returns who has to act.
func (f Finding) Who() Owner {
	if f.Owner != "" {
		return f.Owner
	}
	return f.Rule.Owner
}

// Title says what is wrong, in one line.
func (f Finding) Title() string { return f.text(f.Rule.Title) }

// Saw says what was seen; may be empty.
func (f Finding) Saw() string { return f.text(f.Rule.Saw) }

// Effect says what it does to the mail of this transport.
func (f Finding) Effect() string { return f.text(f.Rule.Effect) }

// Action says the next step; may be empty.
func (f Finding) Action() string { return f.text(f.Rule.Action) }

// text fills the numbered placeholders of format. A placeholder without an
// argument becomes nothing rather than a formatting error on a screen.
func (f Finding) text(format string) string {
	args := make([]any, max(len(f.Args), 9))
	for i := range args {
		args[i] = ""
		if i < len(f.Args) {
			args[i] = f.Args[i]
		}
	}
	if len(format) == 0 {
		return ""
	}
	// %[10]s with an empty width uses no value but tells fmt that all were used.
	return fmt.Sprintf(format+fmt.Sprintf("%%[%d]s", len(args)+1), append(args, "")...)
}
