package smtp

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// patience is RFC 5321 section 4.5.3.2; it says nothing of TLS and logins, which
// get as much as other commands.
var patience = [...]time.Duration{
	Banner: 5 * time.Minute, Hello: 5 * time.Minute, StartTLS: 5 * time.Minute, Handshake: 5 * time.Minute, HelloTLS: 5 * time.Minute,
	Login: 5 * time.Minute, Sender: 5 * time.Minute, Recipient: 5 * time.Minute, Data: 2 * time.Minute, End: 10 * time.Minute,
	Reset: 5 * time.Minute, Done: farewell,
}

const (
	blockPatience   = 3 * time.Minute  // for a part of the message
	connectPatience = 30 * time.Second // RFC 5321 leaves it to the system
	farewell        = 5 * time.Second  // for a reply that decides nothing
	blockSize       = 16 << 10
)

// mail is what was said about mail so far.
func (s *session) mail() *Mail {
	if s.c.Mail == nil {
		s.c.Mail = &Mail{}
	}
	return s.c.Mail
}

// transact logs in and hands a message over, or only asks whether it would be
// taken. The server is told goodbye whenever it still listens.
func (s *session) transact(o SendOptions, e envelope, probe bool) {
	ok := s.open() && (o.Auth == "" || s.logIn(o)) && s.tell(e, probe) && (probe || s.data(e))
	if ok {
		s.enter(Done)
	}
	if ok || s.listens() {
		s.leave()
	}
}

// listens holds where the server refused, or we did, and the conversation is
// still open. What open says of itself it ends itself.
func (s *session) listens() bool {
	switch s.c.Trouble {
	case BadReply, BadCertificate, WeakTLS, NoMechanism, NoSecret, BadChallenge, NoSMTPUTF8, No8BitMIME, TooLarge:
		return s.c.Stage >= Login && s.c.Reply.Code != 421 && !s.deaf
	}
	return false
}

func (s *session) leave() {
	s.hurry()
	s.quit()
}

// tell says from whom and for whom the mail is.
func (s *session) tell(e envelope, probe bool) bool {
	if len(e.to) == 0 {
		return true
	}
	s.enterFor(Sender, e.from)
	if !s.able(e) {
		return false
	}
	commands := []string{s.mailCommand(e)}
	for _, to := range e.to {
		commands = append(commands, s.rcptCommand(e, to))
	}
	_, pipelining := s.c.Offered.Get("PIPELINING")
	m := s.mail()
	m.Pipelined = pipelining && !probe // a probe is read by people, step by step
	ask := func(i int) (Reply, error) { return s.command(commands[i]) }
	if m.Pipelined {
		if err := s.ahead(commands); err != nil {
			return s.broken(err)
		}
		ask = func(int) (Reply, error) { return s.answer() }
	}

	r, err := ask(0)
	m.Sender = r
	if err != nil {
		return s.broken(err)
	}
	if r.Code/100 != 2 {
		s.fail(BadReply, "the answer to MAIL is "+r.String())
		if m.Pipelined {
			s.skip(len(e.to))
		}
		return false
	}
	taken := 0
	for i, to := range e.to {
		s.enterFor(Recipient, to)
		r, err := ask(i + 1)
		if err != nil {
			return s.broken(err)
		}
		m.Recipients = append(m.Recipients, Answer{to, r})
		if r.Code/100 == 2 {
			taken++
		}
	}
	if probe {
		s.enter(Reset)
		if m.Reset, err = s.command("RSET"); err != nil {
			return s.broken(err)
		}
		return true
	}
	if taken == 0 {
		return s.fail(BadReply, "no recipient is accepted: "+s.c.Reply.String())
	}
	return true
}

// skip reads replies that mean nothing any more.
func (s *session) skip(n int) {
	for range n {
		if _, err := s.read(); err != nil {
			s.deaf = true
			return
		}
	}
}

// ahead sends commands in one go (RFC 2920). DATA is never among them: it is
// said when it is known that somebody will get the message.
func (s *session) ahead(commands []string) error {
	s.unasked()
	for _, c := range commands {
		s.say('C', c)
	}
	return s.write(strings.Join(commands, "\r\n") + "\r\n")
}

// able holds for a server that offers what the mail needs.
func (s *session) able(e envelope) bool {
	size, sized := s.c.Offered.Get("SIZE")
	limit, err := strconv.ParseInt(size, 10, 64)
	_, utf8 := s.c.Offered.Get("SMTPUTF8")
	_, eight := s.c.Offered.Get("8BITMIME")
	switch {
	case e.utf8 && !utf8:
		return s.fail(NoSMTPUTF8, "the mail has an address or a header beyond ASCII, and the server does not offer SMTPUTF8")
	case e.eight && !eight:
		return s.fail(No8BitMIME, "the mail has octets beyond ASCII, and the server does not offer 8BITMIME")
	case sized && err == nil && limit > 0 && int64(len(e.message)) > limit:
		return s.fail(TooLarge, fmt.Sprintf("the mail has %s octets, and the server takes %s", thousands(int64(len(e.message))), thousands(limit)))
	}
	return true
}

func (s *session) mailCommand(e envelope) string {
	c, m := "MAIL FROM:<"+e.from+">", s.mail()
	if _, ok := s.c.Offered.Get("SIZE"); ok && len(e.message) > 0 {
		c += " SIZE=" + strconv.Itoa(len(e.message))
	}
	if e.eight {
		c, m.EightBit = c+" BODY=8BITMIME", true
	}
	if e.utf8 {
		c, m.UTF8 = c+" SMTPUTF8", true
	}
	if e.dsn == nil {
		return c
	}
	if _, ok := s.c.Offered.Get("DSN"); !ok {
		s.say('*', "the server does not offer DSN: no reports are asked for")
		return c
	}
	m.DSN = true
	if e.dsn.Return != "" {
		c += " RET=" + e.dsn.Return
	}
	if e.dsn.ID != "" {
		c += " ENVID=" + xtext(e.dsn.ID)
	}
	return c
}

func (s *session) rcptCommand(e envelope, to string) string {
	c := "RCPT TO:<" + to + ">"
	if s.mail().DSN && len(e.dsn.Notify) > 0 {
		c += " NOTIFY=" + strings.Join(e.dsn.Notify, ",")
		if ascii(to) {
			c += " ORCPT=rfc822;" + xtext(to)
		}
	}
	return c
}

// xtext is the form of RFC 3461 section 4.
func xtext(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c > ' ' && c < 0x7f && c != '+' && c != '=' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "+%02X", c)
		}
	}
	return b.String()
}

// data sends the message. Until its last line is on the way, nothing can have
// been delivered; from then on only the server knows.
func (s *session) data(e envelope) bool {
	s.enter(Data)
	m := s.mail()
	m.Begun = true
	r, err := s.command("DATA")
	m.Data = r
	switch {
	case err != nil:
		return s.broken(err)
	case r.Code != 354:
		return s.fail(BadReply, "the answer to DATA is "+r.String())
	}
	m.Octets = len(e.message)
	s.say('C', "("+thousands(int64(len(e.message)))+" octets of message)")
	if err := s.body(e.message); err != nil {
		return s.interrupted(err)
	}
	s.unasked()
	m.Finished = true
	s.enter(End)
	s.say('C', ".")
	if err := s.write(".\r\n"); err != nil {
		return s.unsure(err)
	}
	r, err = s.answer()
	m.End = r
	switch {
	case err != nil:
		return s.unsure(err)
	case r.Code/100 != 2:
		return s.fail(BadReply, "the answer to the message is "+r.String())
	}
	return true
}

func (s *session) body(message []byte) error {
	stuffed := bytes.ReplaceAll(message, []byte("\r\n."), []byte("\r\n..")) // RFC 5321 section 4.5.2
	if bytes.HasPrefix(stuffed, []byte(".")) {
		stuffed = append([]byte("."), stuffed...)
	}
	for len(stuffed) > 0 {
		n := min(len(stuffed), blockSize)
		err := s.limited(s.capped(blockPatience), func(context.Context) error {
			_, err := s.conn.Write(stuffed[:n])
			return err
		})
		if err != nil {
			return err
		}
		stuffed = stuffed[n:]
	}
	return nil
}

// interrupted ends a message that did not get to its end: the server drops it
// (RFC 5321 section 4.1.1.4). Some say why before they hang up.
func (s *session) interrupted(err error) bool {
	if s.ctx.Err() == nil {
		s.hurry()
		if r, late := s.answer(); late == nil && r.Code >= 400 {
			s.mail().End = r
			return s.fail(BadReply, "the server refuses in the middle of the message: "+r.String())
		}
	}
	return s.fail(troubleOf(s.ctx, err, OtherTrouble), "the message did not get to its end, so that nothing was handed over: "+words(err))
}

// unsure ends a conversation behind the message: nobody knows.
func (s *session) unsure(err error) bool {
	s.broken(err)
	s.c.Detail = "the message was sent to its end, but no answer came: it is not known whether it was accepted: " + words(err)
	return false
}

// hurry is for what decides nothing any more.
func (s *session) hurry() { s.wait = func(Stage) time.Duration { return s.capped(farewell) } }

// capped is a part of RFC 5321's patience, as far as we want to have it.
func (s *session) capped(d time.Duration) time.Duration { return min(d, s.ReplyTimeout) }

// thousands writes a number as people read it.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
