// Package transports describes the ways in which ClockWise mail leaves: the
// mail transports. It describes and never judges; folders below it talk to
// servers.
package transports

import (
	"crypto"
	"fmt"
	"net/mail"
	"strings"
)

// Type is the kind of a transport.
type Type string

// The three types of the manual.
const (
	ClockWise Type = "clockwise" // ClockWise's own servers, the user's address
	NoReply   Type = "noreply"   // ClockWise's own servers, noreply@clockwise.info
	SMTP      Type = "smtp"      // the customer's own server
)

// Title is the type as people read it.
func (t Type) Title() string {
	switch t {
	case ClockWise:
		return "ClockWise server"
	case NoReply:
		return "ClockWise no-reply address"
	case SMTP:
		return "External SMTP server"
	}
	return string(t)
}

// Transport is one configured way for mail to leave.
type Transport struct {
	Name     string // unique
	Type     Type
	Match    Match
	From     string // address for examinations and test sends; "" means postmaster@ the domain
	Envelope string // MAIL FROM where it differs from the sender address; "" means the sender
	ReplyTo  ReplyTo
	DKIM     DKIM
	Server   Server // of type SMTP

	BuiltIn bool // the default that exists without any set-up
	Line    int  // where it stands in the file; 0 if nowhere
}

// Match says which mail a transport takes. Empty fields match everything.
type Match struct {
	Domain    string // A-labels, lower case
	LocalPart string
	Subsystem string
}

// ReplyTo says what a no-reply transport writes into Reply-To: a copy of the
// sender, a fixed address, or nothing.
type ReplyTo struct {
	Copy    bool
	Address string
}

// DKIM is how a transport signs (RFC 6376).
type DKIM struct {
	Enabled   bool
	Selector  string
	KeyFile   string // path as read; "" when there is none
	PublicKey string // base64 of the public half as configured; "" when there is none
	Key       Key
}

// Key is what became of the key of a transport when it was loaded.
type Key struct {
	Public  crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey; nil when unknown
	Private crypto.Signer    // nil where only the public half is known
	Problem KeyProblem
	Exposed bool   // group or others may read the file
	Detail  string // why the file could not be used; never its content
	// FilePublic is the public half of KeyFile where PublicKey is configured
	// too: the two may differ.
	FilePublic crypto.PublicKey
}

// KeyProblem says why a key file gave no key.
type KeyProblem uint8

// The zero value is no problem.
const (
	KeyOK KeyProblem = iota
	KeyMissing
	KeyMalformed
	KeyUnreadable
)

// Server is an external SMTP server.
type Server struct {
	Host     string
	Port     int
	Security string // "starttls", "tls" or "none"
	Auth     string // "none", "plain", "login", "cram-md5", "xoauth2" or "oauthbearer"
	Username string
	Password Secret
}

// Sender is the address that mail of this transport has in From, for
// examinations: the fixed one, postmaster@ the matched domain, or the
// no-reply address. It is "" when nothing names a domain.
func (t Transport) Sender(noReply string) string {
	switch {
	case t.Type == NoReply:
		return noReply
	case t.From != "":
		return t.From
	case t.Match.Domain != "":
		local := t.Match.LocalPart
		if local == "" {
			local = "postmaster"
		}
		return local + "@" + t.Match.Domain
	}
	return ""
}

// MailFrom is the envelope sender: the configured one, or the sender address.
func (t Transport) MailFrom(noReply string) string {
	if t.Envelope != "" {
		return t.Envelope
	}
	return t.Sender(noReply)
}

// Domain is the domain whose DNS decides about this transport's mail: the
// domain of its sender. "" when nothing names one.
func (t Transport) Domain(noReply string) string {
	return DomainOf(t.Sender(noReply))
}

// DomainOf returns the part of an address behind the last @, in lower case.
func DomainOf(address string) string {
	if a, err := mail.ParseAddress(address); err == nil {
		address = a.Address
	}
	_, domain, ok := cutLast(address, "@")
	if !ok {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// String says what is matched, in words: "*@acme.example", "everything".
func (m Match) String() string {
	local, domain := m.LocalPart, m.Domain
	what := "all mail"
	switch {
	case local != "" && domain != "":
		what = local + "@" + domain
	case domain != "":
		what = "*@" + domain
	case local != "":
		what = local + "@*"
	}
	if m.Subsystem != "" {
		what += fmt.Sprintf(" of %s", m.Subsystem)
	}
	return what
}

// Secret is a password, or where it comes from. Its value never appears in
// String, in JSON or in a formatted struct.
type Secret struct {
	Kind  SecretKind
	Ref   string // command, variable or keyring name
	value string
}

// SecretKind is where a secret stands.
type SecretKind string

// The kinds; the zero value is no secret at all.
const (
	NoSecret      SecretKind = ""
	ClearSecret   SecretKind = "password"
	CommandSecret SecretKind = "password_command"
	EnvSecret     SecretKind = "password_env"
	KeyringSecret SecretKind = "password_keyring"
)

// NewClearSecret keeps a password that stands as text in the file.
func NewClearSecret(value string) Secret { return Secret{Kind: ClearSecret, value: value} }

// Reveal returns the password of a ClearSecret.
func (s Secret) Reveal() string { return s.value }

func (s Secret) String() string {
	if s.Kind == NoSecret {
		return ""
	}
	return "********"
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalJSON hides the value.
func (s Secret) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", s.String()), nil }
