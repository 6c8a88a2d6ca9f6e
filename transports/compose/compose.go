// Package compose builds the test messages that transports send, and signs them
// (RFC 5322, RFC 6376). What ClockWise's own servers put into From, Reply-To and
// the envelope for each type of transport, it puts there too: a test that went
// another way would prove nothing.
package compose

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"clockwise.info/cwmail/transports"
)

// Person is a user of ClockWise: whose name mail carries.
type Person struct {
	Name    string
	Address string
}

// Options are what a test message is made of. Whatever stands in them is hostile
// until Compose has taken it.
type Options struct {
	Transport transports.Transport
	Service   transports.Service
	User      Person   // without address: the sender that the transport names
	To        []string // addresses, with or without a name; they go into To and the envelope
	Subject   string   // behind the mark; "" for a plain one
	Text      string   // "" for a plain one
	HTML      string   // "" for a message of text alone

	Now    time.Time
	Random io.Reader // of the Message-ID and the boundary; nil for the system's
	ID     string    // the Message-ID without brackets; "" makes one
}

// Message is a message that is ready to be signed and sent. There is never a Bcc.
type Message struct {
	From      string // the address in From
	MailFrom  string // the envelope sender (RFC 5321 section 4.1.1.2), without brackets
	Rcpt      []string
	Raw       []byte // with CRLF, nothing beyond ASCII unless NeedsUTF8
	ID        string // Message-ID, without brackets
	NeedsUTF8 bool   // a local part needs SMTPUTF8 (RFC 6531)
	Header    []Field
}

// Field is a header field as people read it: nothing is encoded or folded.
type Field struct{ Name, Value string }

// Get is the value of the first field of that name; "" for none.
func (m Message) Get(name string) string {
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Bounds of what is taken.
const (
	maxSubject    = 500
	maxName       = 200
	maxBody       = 256 << 10
	maxRecipients = 100 // what every server takes (RFC 5321 section 4.5.3.1.8)
)

// Compose builds a test message. Its error is a *FieldError.
func Compose(o Options) (Message, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	sender, err := senderOf(o)
	if err != nil {
		return Message{}, err
	}
	to, err := recipients(o.To)
	if err != nil {
		return Message{}, err
	}
	subject, err := subjectOf(o.Subject)
	if err != nil {
		return Message{}, err
	}
	token := make([]byte, 16)
	if _, err := io.ReadFull(o.Random, token); err != nil {
		return Message{}, &FieldError{"Message-ID", "there is no randomness to make it of"}
	}
	id, err := messageID(o, sender.from, token)
	if err != nil {
		return Message{}, err
	}
	body, err := bodyOf(o, token)
	if err != nil {
		return Message{}, err
	}

	m := Message{From: sender.from.String(), MailFrom: sender.mailFrom.String(), ID: id}
	for _, a := range to {
		m.Rcpt = append(m.Rcpt, a.String())
	}
	for _, a := range append(to, sender.from.address(), sender.mailFrom, sender.replyTo.address()) {
		m.NeedsUTF8 = m.NeedsUTF8 || a.international()
	}
	h := header{message: &m}
	h.plain("Date", o.Now.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.mailboxes("From", sender.from)
	if sender.replyTo.local != "" {
		h.mailboxes("Reply-To", sender.replyTo)
	}
	h.mailboxes("To", to...)
	h.text("Subject", subject)
	h.plain("Message-ID", "<"+id+">")
	h.plain("Auto-Submitted", "auto-generated") // RFC 3834: no vacation reply to a test
	h.plain("MIME-Version", "1.0")
	body.describe(&h)
	m.Raw = append(append(h.raw.Bytes(), "\r\n"...), body.raw...)
	return m, nil
}

// messageID takes the one that is wanted, or makes one at the sender's domain.
func messageID(o Options, from mailbox, token []byte) (string, error) {
	id := o.ID
	if id == "" {
		return "cwmail." + o.Now.UTC().Format("20060102150405") + "." + hex.EncodeToString(token) + "@" + from.domain, nil
	}
	left, right, ok := strings.Cut(id, "@")
	if !ok || !dotAtom(left) || !dotAtom(right) || len(id) > 200 || !ascii(id) {
		return "", &FieldError{"Message-ID", "has to be one word, @ and a domain (RFC 5322 section 3.6.4)"}
	}
	return id, nil
}
