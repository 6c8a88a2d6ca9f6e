package smtp

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// Opportunistic is the security of mail between servers: STARTTLS where it is
// offered, whatever the certificate (RFC 7435).
const Opportunistic = "opportunistic"

// SendOptions say what to send, to whom, and over which way.
type SendOptions struct {
	From    string   // envelope sender, without brackets; "" is the null sender (RFC 5321 section 4.5.5)
	To      []string // recipients; each gets an outcome of its own
	Message []byte   // with CRLF, as it was signed; nothing but a line break at the end is ever added
	DSN     *DSN     // asked for where the server offers it; nil: nothing is asked

	// Host is an external server; "" takes the mail servers of each recipient's
	// domain instead.
	Host     string
	Port     int    // 0: 25
	Security string // "starttls", "tls", "none"; Opportunistic, or "", only without login
	Auth     string // "none", "plain", "login", "cram-md5", "xoauth2" or "oauthbearer"; "" is none
	Username string
	// Secret gives the password or token; it is called right before the login,
	// and only when the login may be tried.
	Secret func(context.Context) (string, error)
	// AnyCertificate logs in even where the certificate is not the server's.
	AnyCertificate bool

	Name string // said in EHLO: the real name of this machine (RFC 5321 section 4.1.4)

	// MX and Addresses look up; nothing and no error means that there is nothing.
	// A null MX (RFC 7505) is one with the host "." or "".
	MX        func(ctx context.Context, domain string) ([]MX, error)
	Addresses func(ctx context.Context, host string) ([]netip.Addr, error)

	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Now     func() time.Time
	Roots   *x509.CertPool // nil: those of the system
	Shuffle func(n int, swap func(i, j int))

	Limits Limits
	Emit   func(Event) // called while it runs, from this goroutine; may be nil
}

// Limits shorten the patience of RFC 5321 section 4.5.3.2: it is minutes. Zero
// leaves what stands there.
type Limits struct {
	Connect time.Duration // for one connection; 0: 30 s
	Reply   time.Duration // for each reply before the end of the message
	End     time.Duration // for the reply to the message: who gives up here does not know what became of it
}

// DSN asks for reports on the delivery (RFC 3461).
type DSN struct {
	Notify []string // of "SUCCESS", "FAILURE" and "DELAY", or "NEVER" alone
	Return string   // "FULL" or "HDRS"; "" leaves it to the server
	ID     string   // ENVID
}

// MX is a mail server of a domain.
type MX struct {
	Host       string
	Preference uint16
}

// Outcome is what became of a recipient's mail.
type Outcome uint8

// The outcomes.
const (
	NotSent  Outcome = iota // nothing was handed over; nobody refused it either
	Accepted                // the server has taken it over
	Willing                 // of a probe: the server would take mail for this recipient up to DATA
	Rejected                // refused for good (5xx)
	Deferred                // refused for now (4xx): a queue would try again later
	Unsure                  // the message was sent to its end, and no answer came: it may arrive or not
	Partly                  // of a Delivery: accepted for some recipients only
)

var outcomeNames = [...]string{"not sent", "accepted", "willing", "rejected", "deferred", "not known whether accepted", "partly accepted"}

func (o Outcome) String() string { return outcomeNames[min(int(o), len(outcomeNames)-1)] }

// Delivery is all that came of a message: what Send and ProbeMail return.
type Delivery struct {
	Began  time.Time
	Took   time.Duration
	From   string
	Probed bool // by ProbeMail: no message was ever begun

	Outcome Outcome
	// Of the first recipient that is neither accepted nor willing: how far it
	// came, why it ended there, and the reply that says so. With all accepted
	// they are Done, none, and the reply to the message.
	Stage   Stage
	Trouble Trouble
	Detail  string
	Reply   Reply

	Recipients    []Result // as in SendOptions.To
	Routes        []Route
	Conversations []Conversation // in the order in which they were led
	Steps         []Step
}

// Result is what became of one recipient.
type Result struct {
	Address      string
	Outcome      Outcome
	Stage        Stage
	Trouble      Trouble
	Detail       string
	Reply        Reply // the deciding one; code 0 when none came
	Conversation int   // index of the deciding one; -1 when there is none
}

// Route is where the mail for a domain goes.
type Route struct {
	Domain   string // "" for an external server
	Implicit bool   // without MX: the domain's own address (RFC 5321 section 5.1)
	Hosts    []Host // in the order of the attempts
}

// Host is a server on a route.
type Host struct {
	Name       string
	Preference uint16
	Addresses  []netip.Addr // nil until it was its turn
}

// State is how a step stands.
type State uint8

// The states of a step.
const (
	Running State = iota
	OK
	Failed
)

func (s State) String() string { return [...]string{"running", "ok", "failed"}[min(s, Failed)] }

// Step is a stage with its time.
type Step struct {
	Stage        Stage
	State        State
	At, Took     time.Duration // At since the beginning of the delivery
	Conversation int           // -1 outside of one
	What         string        // host, address or recipient it is about
	Detail       string        // of a failed one
}

// Event tells of a delivery under way: a step that began or ended, or a line.
type Event struct {
	Step         Step
	Line         *Line // nil when it is about the step
	Conversation int   // of the line; -1 outside of one
}

// Mail is what a conversation said about mail.
type Mail struct {
	Login      *LoginResult // nil without login
	Sender     Reply        // to MAIL
	Recipients []Answer     // to RCPT, in the order of asking
	Begun      bool         // DATA was said: this mail is never sent again
	Data       Reply        // to DATA
	Octets     int          // of the message that was sent
	Finished   bool         // the message was sent to its end
	End        Reply        // to the message
	Reset      Reply        // to RSET, of a probe

	UTF8, EightBit, DSN, Pipelined bool // which extensions were used
}

// Answer is the reply to one recipient.
type Answer struct {
	Address string
	Reply   Reply
}

// LoginResult is how a login went; nothing in it is secret.
type LoginResult struct {
	Mechanism string // as in AUTH
	Username  string
	Reply     Reply  // the last one
	Status    string // what the server says of a token in its error (RFC 7628 section 3.2.2)
}
