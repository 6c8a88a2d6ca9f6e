package finding

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
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

	// Lowered makes a failure count as a warning, where the same thing harms
	// less: a bad certificate on a port where nobody checks it.
	Lowered bool

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

// Severity returns the rule's severity, a step less where it is lowered.
func (f Finding) Severity() Severity {
	if f.Lowered && f.Rule.Severity == Failure {
		return Warning
	}
	return f.Rule.Severity
}

// Who returns who has to act.
func (f Finding) Who() Owner {
	if f.Owner != "" {
		return f.Owner
	}
	return f.Rule.Owner
}

// What a text takes of one argument: what comes from the network has no end. A
// name has at most 253 octets.
const (
	maxTitleArg = 300
	maxTextArg  = 2000
)

// Title says what is wrong, in one line.
func (f Finding) Title() string { return f.text(f.Rule.Title, maxTitleArg) }

// Saw says what was seen; may be empty.
func (f Finding) Saw() string { return f.text(f.Rule.Saw, maxTextArg) }

// Effect says what it does to the mail of this transport.
func (f Finding) Effect() string { return f.text(f.Rule.Effect, maxTextArg) }

// Action says the next step; may be empty.
func (f Finding) Action() string { return f.text(f.Rule.Action, maxTextArg) }

func (f Finding) text(format string, most int) string {
	args := make([]string, len(f.Args))
	for i, a := range f.Args {
		args[i] = shorten(a, most)
	}
	return Fill(format, args...)
}

// shorten cuts a text at the beginning of a character.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "..."
}

// Fill fills the numbered placeholders of format. A placeholder without an
// argument becomes nothing rather than a formatting error on a screen.
func Fill(format string, args ...string) string {
	if s, ok := fillPlain(format, args); ok {
		return s
	}
	values := make([]any, max(len(args), 9), max(len(args), 9)+1)
	for i := range values {
		values[i] = ""
		if i < len(args) {
			values[i] = args[i]
		}
	}
	// A last one of no width uses no value but tells fmt that all were used.
	return fmt.Sprintf(format+fmt.Sprintf("%%[%d]s", len(values)+1), append(values, "")...)
}

// fillPlain is Fill where all placeholders are of the form %[1]s, as nearly all
// are: a bulk run fills millions of texts.
func fillPlain(format string, args []string) (string, bool) {
	size := len(format)
	for _, a := range args {
		size += len(a)
	}
	out := make([]byte, 0, size)
	for {
		text, rest, found := strings.Cut(format, "%")
		out = append(out, text...)
		if !found {
			return string(out), true
		}
		if len(rest) < 4 || rest[0] != '[' || rest[1] < '1' || rest[1] > '9' || rest[2:4] != "]s" {
			return "", false
		}
		if i := int(rest[1] - '1'); i < len(args) {
			out = append(out, args[i]...)
		}
		format = rest[4:]
	}
}
