// Package sink is a mail server that receives and never relays: it takes what
// arrives on loopback or a named address and hands it to a function, and has no
// way to send anything on. It can keep messages in a Maildir or an mbox file.
//
// Whoever connects is a stranger: size, recipients, connections, memory and time
// are bounded, and only CR LF, dot, CR LF ends a message (RFC 5321 section
// 2.3.8), so nothing inside a message is ever taken for a command.
package sink

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// Received is a message with what its connection showed.
type Received struct {
	ID        string         // of this message at this server
	Client    netip.AddrPort // who connected
	Hello     string         // the name in HELO or EHLO
	Extended  bool           // EHLO, not HELO
	TLS       *tls.ConnectionState
	From      string // MAIL FROM; "" is the null reverse-path
	To        []string
	UTF8      bool      // SMTPUTF8 (RFC 6531) was asked for
	Message   []byte    // without dot-stuffing; only until the handler returns
	Connected time.Time // when the connection began
	Began     time.Time // when MAIL came
	Ended     time.Time // when the final dot came
}

// Handler takes a message. The client hears 250 only after it returned nil, and
// may try again later when it did not.
type Handler func(*Received) error

// protocol is the name for "with" in Received (RFC 3848, RFC 6531 section 4.3).
func (r *Received) protocol() string {
	name := "SMTP"
	switch {
	case r.UTF8:
		name = "UTF8SMTP"
	case r.Extended:
		name = "ESMTP"
	}
	if r.TLS != nil {
		if name == "SMTP" {
			name = "ESMTP" // STARTTLS is an extension
		}
		name += "S"
	}
	return name
}
