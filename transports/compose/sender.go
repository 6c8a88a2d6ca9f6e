package compose

import (
	"strings"

	"clockwise.info/cwmail/transports"
)

// sender is who a message comes from.
type sender struct {
	from     mailbox
	mailFrom mailbox
	replyTo  mailbox // without local part: there is none
}

// senderOf puts the sender together as the type of the transport does: the
// user's own address, or the no-reply address with the user's name.
func senderOf(o Options) (sender, error) {
	if err := checkLine("User name", o.User.Name, maxName); err != nil {
		return sender{}, err
	}
	var s sender
	var err error
	if o.Transport.Type == transports.NoReply {
		s, err = noReply(o)
	} else {
		s.from, err = userOf(o)
	}
	if err != nil {
		return sender{}, err
	}
	s.mailFrom = s.from.address()
	if o.Transport.Envelope != "" {
		if s.mailFrom, err = parseMailbox("Envelope sender", o.Transport.Envelope); err != nil {
			return sender{}, err
		}
		s.mailFrom = s.mailFrom.address()
	}
	return s, nil
}

func noReply(o Options) (s sender, err error) {
	if s.from, err = parseMailbox("No-reply address", o.Service.NoReply); err != nil {
		return s, err
	}
	s.from.name = strings.TrimSpace(strings.TrimSpace(o.User.Name) + " via ClockWise")
	if strings.TrimSpace(o.User.Name) == "" {
		s.from.name = "ClockWise"
	}
	switch {
	case o.Transport.ReplyTo.Address != "":
		s.replyTo, err = parseMailbox("Reply-To", o.Transport.ReplyTo.Address)
	case o.Transport.ReplyTo.Copy:
		s.replyTo, err = userOf(o)
	}
	return s, err
}

// userOf is the user with name and address; without an address, the sender that
// the transport names.
func userOf(o Options) (mailbox, error) {
	address := o.User.Address
	if address == "" && o.Transport.Type == transports.NoReply {
		address = o.Transport.From
	} else if address == "" {
		address = o.Transport.Sender(o.Service.NoReply)
	}
	m, err := parseMailbox("User address", address)
	if name := strings.TrimSpace(o.User.Name); name != "" {
		m.name = name
	}
	return m, err
}
