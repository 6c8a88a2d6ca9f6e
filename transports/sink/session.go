package sink

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// A reply is what the client hears. A line that begins with 221 or 421 is the
// last one.
type reply string

const (
	ok          reply = "250 2.0.0 OK\r\n"
	okFrom      reply = "250 2.1.0 OK\r\n"
	okTo        reply = "250 2.1.5 OK\r\n"
	goOn        reply = "354 End data with <CR><LF>.<CR><LF>\r\n"
	bye         reply = "221 2.0.0 Bye\r\n"
	tooLate     reply = "421 4.4.2 Too slow, closing\r\n"
	shutting    reply = "421 4.3.2 Shutting down\r\n"
	tooMany     reply = "421 4.7.0 Too many mistakes, closing\r\n"
	foreign     reply = "421 4.7.0 This is a mail server, closing\r\n"
	chunked     reply = "421 4.7.0 CHUNKING is not offered, closing\r\n"
	injected    reply = "421 4.7.0 Commands behind STARTTLS, closing\r\n"
	noCRLF      reply = "500 5.5.2 A line has to end with CR LF\r\n"
	longLine    reply = "500 5.5.2 Line too long\r\n"
	unknown     reply = "500 5.5.2 Command not known\r\n"
	notHere     reply = "502 5.5.1 Not offered\r\n"
	noName      reply = "501 5.5.4 A domain or address literal has to follow\r\n"
	noArgument  reply = "501 5.5.4 Nothing may follow this command\r\n"
	badPath     reply = "501 5.5.4 Not a path in angle brackets\r\n"
	badAddress  reply = "501 5.1.3 Not an address\r\n"
	badSender   reply = "501 5.1.7 Not an address\r\n"
	noParameter reply = "555 5.5.4 Parameter not offered\r\n"
	needsUTF8   reply = "553 5.6.7 The address needs SMTPUTF8\r\n"
	helloFirst  reply = "503 5.5.1 EHLO first\r\n"
	mailFirst   reply = "503 5.5.1 MAIL first\r\n"
	nested      reply = "503 5.5.1 One sender at a time\r\n"
	rcptFirst   reply = "554 5.5.1 No valid recipients\r\n"
	manyTo      reply = "452 4.5.3 Too many recipients\r\n"
	tooBig      reply = "552 5.3.4 Message too big\r\n"
	noMemory    reply = "452 4.3.1 Too much mail at a time, try again later\r\n"
	bareNewline reply = "550 5.6.0 A CR or LF stands alone in the message\r\n"
	notKept     reply = "451 4.3.0 Could not keep the message, try again later\r\n"
	perhaps     reply = "252 2.1.5 Send mail, and see\r\n"
	help        reply = "214 2.0.0 HELO EHLO STARTTLS MAIL RCPT DATA RSET NOOP QUIT\r\n"
	tlsReady    reply = "220 2.0.0 Go ahead\r\n"
	tlsAlready  reply = "503 5.5.1 TLS is on already\r\n"
)

func (r reply) last() bool    { return len(r) > 3 && (r[:3] == "221" || r[:3] == "421") }
func (r reply) mistake() bool { return len(r) > 0 && r[0] == '5' }

// command is a verb with what it does.
type command struct {
	verb string
	do   func(s *session, rest []byte) reply
}

// commands stand in the order of their use.
func commands() []command {
	return []command{
		{"MAIL", (*session).mail},
		{"RCPT", (*session).rcpt},
		{"DATA", (*session).data},
		{"QUIT", func(*session, []byte) reply { return bye }},
		{"EHLO", func(s *session, rest []byte) reply { return s.hello(rest, true) }},
		{"HELO", func(s *session, rest []byte) reply { return s.hello(rest, false) }},
		{"RSET", (*session).reset},
		{"STARTTLS", (*session).startTLS},
		{"NOOP", func(*session, []byte) reply { return ok }},
		{"VRFY", func(*session, []byte) reply { return perhaps }},
		{"EXPN", func(*session, []byte) reply { return notHere }},
		{"HELP", func(*session, []byte) reply { return help }},
		{"AUTH", func(*session, []byte) reply { return notHere }},
		{"BDAT", func(*session, []byte) reply { return chunked }}, // its bytes would be read as commands
		{"GET", func(*session, []byte) reply { return foreign }},  // a browser that was talked into it
		{"POST", func(*session, []byte) reply { return foreign }},
		{"PUT", func(*session, []byte) reply { return foreign }},
		{"CONNECT", func(*session, []byte) reply { return foreign }},
	}
}

// kit is what sessions use one after the other.
type kit struct {
	r        *bufio.Reader
	w        *bufio.Writer
	body     []byte
	commands []command
}

// Room that is kept for the next session.
const keptBody = 64 << 10

func newKit() *kit {
	return &kit{r: bufio.NewReaderSize(nil, 4096), w: bufio.NewWriterSize(nil, 1024), commands: commands()}
}

// session is a connection.
type session struct {
	*kit
	server   *Server
	conn     net.Conn
	until    time.Time // when the session ends
	mistakes int
	mailing  bool
	msg      Received
}

func (s *Server) serve(conn net.Conn, client netip.AddrPort) {
	k := s.kits.Get().(*kit)
	k.r.Reset(conn)
	k.w.Reset(conn)
	now := s.now()
	c := &session{kit: k, server: s, conn: conn, until: now.Add(s.limits.Session)}
	c.msg.Client, c.msg.Connected = client, now
	c.talk()
	_ = c.conn.Close()
	if cap(k.body) > keptBody {
		k.body = nil
	}
	k.r.Reset(nil)
	k.w.Reset(nil)
	s.kits.Put(k)
}

// talk goes on until one side ends it.
func (s *session) talk() {
	s.say(reply(s.server.greeting))
	for {
		line, answer, err := s.line()
		if err != nil {
			s.end(err)
			return
		}
		if answer == "" {
			answer = s.obey(line)
		}
		if answer.mistake() {
			if s.mistakes++; s.mistakes > s.server.limits.Mistakes {
				answer = tooMany
			}
		}
		s.say(answer)
		if answer.last() {
			_ = s.w.Flush()
			return
		}
	}
}

// end says why the server ends the session, where there is anybody to hear it.
func (s *session) end(err error) {
	var n net.Error
	switch {
	case s.server.closing.Load():
		s.say(shutting)
	case errors.As(err, &n) && n.Timeout():
		s.say(tooLate)
	}
	_ = s.conn.SetWriteDeadline(s.server.now().Add(time.Second))
	_ = s.w.Flush()
	s.w.Reset(discard{})
}

func (s *session) say(r reply) { _, _ = s.w.WriteString(string(r)) }

// grace is for the last reply, which goes out when the time to read is over.
const grace = 2 * time.Second

// allow gives the client some time, but never more than the session has.
func (s *session) allow(d time.Duration) error {
	at := s.server.now().Add(d)
	if at.After(s.until) {
		at = s.until
	}
	if err := errors.Join(s.conn.SetReadDeadline(at), s.conn.SetWriteDeadline(at.Add(grace))); err != nil {
		return err
	}
	if s.server.closing.Load() {
		return context.Canceled
	}
	return nil
}

// line reads a command, or tells what is wrong with its line. Replies go out
// when the client waits for them (RFC 2920).
func (s *session) line() ([]byte, reply, error) {
	if err := s.allow(s.server.limits.Command); err != nil {
		return nil, "", err
	}
	if s.r.Buffered() == 0 {
		if err := s.w.Flush(); err != nil {
			return nil, "", err
		}
	}
	line, err := s.r.ReadSlice('\n')
	n := len(line)
	for errors.Is(err, bufio.ErrBufferFull) && n < 4*maxLine { // skips the rest of a line that is too long
		line, err = s.r.ReadSlice('\n')
		n += len(line)
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, tooMany, nil
	case err != nil:
		return nil, "", err
	case n > maxLine:
		return nil, longLine, nil
	case n < 2 || line[n-2] != '\r':
		return nil, noCRLF, nil
	}
	return line[:n-2], "", nil
}

func (s *session) obey(line []byte) reply {
	for _, c := range line {
		if c < ' ' || c == 0x7f { // also a CR that stands alone
			return unknown
		}
	}
	verb, rest := split(line)
	for i := range s.commands {
		if c := &s.commands[i]; string(verb) == c.verb {
			return c.do(s, rest)
		}
	}
	return unknown
}

func (s *session) hello(rest []byte, extended bool) reply {
	if !isHello(rest) {
		return noName
	}
	s.forget()
	s.msg.Hello, s.msg.Extended = string(rest), extended
	if !extended {
		return reply("250 " + s.server.name + "\r\n")
	}
	s.say(reply(s.server.hello))
	if s.server.tls != nil && s.msg.TLS == nil {
		s.say("250-STARTTLS\r\n")
	}
	return "250 SMTPUTF8\r\n"
}

func (s *session) forget() {
	s.mailing = false
	s.msg.From, s.msg.To, s.msg.UTF8 = "", nil, false
}

func (s *session) reset(rest []byte) reply {
	if len(rest) > 0 {
		return noArgument
	}
	s.forget()
	return ok
}

func (s *session) startTLS(rest []byte) reply {
	switch {
	case len(rest) > 0:
		return noArgument
	case s.server.tls == nil:
		return notHere
	case s.msg.TLS != nil:
		return tlsAlready
	case s.r.Buffered() > 0: // they would count as sent under TLS
		return injected
	}
	s.say(tlsReady)
	if err := s.w.Flush(); err != nil {
		return bye
	}
	conn := tls.Server(s.conn, s.server.tls)
	if err := conn.Handshake(); err != nil { // in the time of the command
		s.w.Reset(discard{})
		return bye
	}
	state := conn.ConnectionState()
	s.forget()
	s.conn = conn
	s.r.Reset(conn)
	s.w.Reset(conn)
	s.msg.TLS, s.msg.Hello = &state, "" // the client starts anew (RFC 3207 section 4.2)
	return ""
}

// discard takes what nobody is there to hear.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// wrongPath are the replies to what parsePath and checkAddress say.
func wrongPath(err error, address reply) reply {
	switch {
	case errors.Is(err, errSyntax):
		return badPath
	case errors.Is(err, errParameter):
		return noParameter
	case errors.Is(err, errUTF8):
		return needsUTF8
	}
	return address
}

func (s *session) mail(rest []byte) reply {
	switch {
	case s.msg.Hello == "":
		return helloFirst
	case s.mailing:
		return nested
	}
	p, err := parsePath(rest, "FROM:")
	if err == nil {
		err = checkAddress(p.address, true, p.utf8)
	}
	switch {
	case err != nil:
		return wrongPath(err, badSender)
	case p.size > s.server.limits.Size:
		return tooBig
	}
	s.mailing = true
	s.msg.From, s.msg.UTF8, s.msg.Began = p.address, p.utf8, s.server.now()
	return okFrom
}

func (s *session) rcpt(rest []byte) reply {
	switch {
	case !s.mailing:
		return mailFirst
	case len(s.msg.To) >= s.server.limits.Recipients:
		return manyTo
	}
	p, err := parsePath(rest, "TO:")
	if err == nil {
		err = checkAddress(p.address, false, s.msg.UTF8)
	}
	if err != nil {
		return wrongPath(err, badAddress)
	}
	s.msg.To = append(s.msg.To, p.address)
	return okTo
}

func (s *session) data(rest []byte) reply {
	switch {
	case len(rest) > 0:
		return noArgument
	case !s.mailing:
		return mailFirst
	case len(s.msg.To) == 0:
		return rcptFirst
	}
	s.say(goOn)
	if err := s.w.Flush(); err != nil {
		return bye
	}
	if err := s.allow(s.server.limits.Text); err != nil {
		return shutting
	}
	return s.receive()
}

// receive reads the message and hands it over.
func (s *session) receive() reply {
	var held int64
	defer func() { s.server.memory.Add(-held) }()
	scarce := false
	t := text{body: s.body[:0], keep: func(n int) bool {
		if held+int64(n) > s.server.limits.Size {
			return false
		}
		scarce = !s.server.reserve(int64(n))
		if !scarce {
			held += int64(n)
		}
		return !scarce
	}}
	if err := t.read(s.r); err != nil {
		s.end(err)
		return bye
	}
	if !t.full {
		s.body = t.body
	}
	defer s.forget()
	switch {
	case t.bare:
		return bareNewline
	case t.full && scarce:
		return noMemory
	case t.full:
		return tooBig
	}
	return s.hand()
}

func (s *session) hand() reply {
	s.msg.Message, s.msg.Ended = s.body, s.server.now()
	s.msg.ID = s.server.prefix + "." + strconv.FormatUint(s.server.count.Add(1), 36)
	if s.server.handler != nil {
		msg := s.msg
		if err := s.server.handler(&msg); err != nil {
			return notKept
		}
	}
	// The handler may have taken its time; the client has the same to read this.
	_ = s.conn.SetWriteDeadline(s.server.now().Add(s.server.limits.Command))
	return ok
}
