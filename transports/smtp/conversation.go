package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Stage is how far a conversation came. The numbers stand in saved files: new
// ones go to the end.
type Stage uint8

// The stages. A probe knows those up to Done; the others are those of mail.
const (
	Connect Stage = iota
	Banner
	Hello
	StartTLS
	Handshake
	HelloTLS // EHLO inside TLS
	Done
	Resolve   // which hosts take the mail of a domain
	Login     // AUTH
	Sender    // MAIL FROM
	Recipient // RCPT TO
	Data      // DATA and the message
	End       // the reply to the message
	Reset     // RSET, where a probe takes back what it said
)

// stages have a name for people and the word of the reply catalogue.
var stages = [...]struct{ name, key string }{
	Connect:   {"connection", "connect"},
	Banner:    {"greeting", "connect"},
	Hello:     {"EHLO", "ehlo"},
	StartTLS:  {"STARTTLS", "starttls"},
	Handshake: {"TLS handshake", "starttls"},
	HelloTLS:  {"EHLO after TLS", "ehlo"},
	Done:      {"end", "end"},
	Resolve:   {"look-up of the mail servers", "resolve"},
	Login:     {"login", "auth"},
	Sender:    {"sender", "mail"},
	Recipient: {"recipient", "rcpt"},
	Data:      {"message", "data"},
	End:       {"answer to the message", "body"},
	Reset:     {"reset", "rset"},
}

func (s Stage) String() string { return stages[min(int(s), len(stages)-1)].name }

// Key is the stage as the catalogue of replies calls it: connect, ehlo,
// starttls, auth, mail, rcpt, data or body; resolve, rset or end otherwise.
func (s Stage) Key() string { return stages[min(int(s), len(stages)-1)].key }

// Trouble is what ended a conversation before its end. The numbers stand in
// saved files, as those of Stage do.
type Trouble uint8

// The kinds of trouble; the zero value is none.
const (
	NoTrouble   Trouble = iota
	NotRun              // stopped by us: nothing is known
	Refused             // the connection was refused (RST)
	TimedOut            // no answer in time
	NoRoute             // network or host unreachable
	Dropped             // closed or reset by the other side
	NotSMTP             // what came is not an SMTP reply
	BadReply            // an SMTP reply, but not the one that lets it go on
	SpeaksTLS           // the port wants TLS from the first octet, we began in clear
	SpeaksClear         // the port greets in clear, we began with TLS
	NoStartTLS          // STARTTLS is wanted and not offered
	BadTLS              // the TLS handshake failed
	OtherTrouble

	// Those of mail.

	NotResolved    // the name servers did not tell: nothing is known
	NoHost         // nothing takes mail for the domain: neither MX nor address
	NullMX         // the domain says that it takes no mail (RFC 7505)
	EarlyOctets    // octets came in clear between STARTTLS and the handshake
	BadCertificate // no login: the certificate is not that of this server
	WeakTLS        // no login: the version of TLS is too old (RFC 8996)
	NoMechanism    // no login: the server does not offer this mechanism of AUTH
	NoSecret       // no login: we have no password or token
	BadChallenge   // the server asks in a login what cannot be answered
	NoSMTPUTF8     // the mail needs SMTPUTF8, and it is not offered (RFC 6531)
	No8BitMIME     // the mail has octets beyond ASCII, and 8BITMIME is not offered (RFC 6152)
	TooLarge       // the mail is larger than the server says it takes (RFC 1870)
	NotMail        // we were given something that cannot be sent
)

// Line is one line of a conversation.
type Line struct {
	At   time.Duration // since the beginning
	Dir  byte          // 'C' we, 'S' the server, '*' what happened
	Text string        // raw, without line break
}

// Conversation is everything that was said with one address of a server.
type Conversation struct {
	Address  netip.AddrPort
	Host     string
	Security string
	Injected bool // see Options.Inject
	Began    time.Time
	Took     time.Duration
	Lines    []Line

	Stage   Stage   // reached; with Trouble: where it arose
	Trouble Trouble // why it ended there
	Detail  string  // of the trouble, in words
	Octets  []byte  // the first ones, when they were not SMTP

	Greeting     Reply
	HelloRefused bool       // EHLO was refused and HELO accepted
	Clear        Extensions // offered before TLS
	Offered      Extensions // offered at the end: after TLS where there is TLS
	Reply        Reply      // the last one of the server; of BadReply: the one in question
	TLS          *TLS       // nil without TLS

	Mail *Mail // what was said about mail; nil where it did not come so far

	Faults []string // breaches of the protocol in its replies, each once
	Obeyed bool     // with Injected: what was sent in clear behind STARTTLS was answered inside TLS
}

// TLS is what a handshake showed.
type TLS struct {
	Version uint16
	Cipher  uint16
	Chain   []*x509.Certificate // as sent; never empty
	Chained error               // why the chain leads to no trusted root at Began; nil when it does
	Name    error               // why the certificate does not fit the host; nil when it does
}

// OK says that the conversation came to its end.
func (c Conversation) OK() bool { return c.Trouble == NoTrouble && c.Stage == Done }

// Chain is the presented certificate chain as sent; nil without TLS.
func (c Conversation) Chain() []*x509.Certificate {
	if c.TLS == nil {
		return nil
	}
	return c.TLS.Chain
}

// Waited is how long the server took for its first line; 0 when none came.
func (c Conversation) Waited() time.Duration {
	for i, l := range c.Lines {
		if l.Dir == 'S' && i > 0 {
			return l.At - c.Lines[i-1].At
		}
	}
	return 0
}

// String names version and cipher.
func (t TLS) String() string {
	return fmt.Sprintf("%s, %s", tls.VersionName(t.Version), tls.CipherSuiteName(t.Cipher))
}

// Rewritten is a line of the server, before TLS, that a box on the way wrote over:
// such boxes put asterisks into the greeting and X over the extensions that they
// do not know, STARTTLS among them. "" when nothing looks like it.
func (c Conversation) Rewritten() string {
	if text := c.Greeting.Text(); strings.Contains(text, "***") && strings.Trim(text, "*0123456789 ") == "" {
		return c.Greeting.String()
	}
	for _, x := range c.Clear {
		if len(x.Keyword) > 3 && strings.HasPrefix(x.Keyword, "XXX") && strings.Trim(x.Keyword[:len(x.Keyword)-1], "X") == "" {
			return strings.TrimSpace(x.Keyword + " " + x.Params)
		}
	}
	return ""
}
