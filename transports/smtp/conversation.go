package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"time"
)

// Stage is how far a conversation came.
type Stage uint8

// The stages, in order.
const (
	Connect Stage = iota
	Banner
	Hello
	StartTLS
	Handshake
	HelloTLS // EHLO inside TLS
	Done
)

var stageNames = [...]string{"connection", "greeting", "EHLO", "STARTTLS", "TLS handshake", "EHLO after TLS", "end"}

func (s Stage) String() string { return stageNames[min(int(s), len(stageNames)-1)] }

// Trouble is what ended a conversation before its end.
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
