package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// session is a conversation under way.
type session struct {
	Options
	ctx   context.Context
	c     Conversation
	raw   net.Conn // the TCP connection
	conn  net.Conn // raw, or TLS over it
	lines *bufio.Reader

	// Only where mail is sent.
	wait    func(Stage) time.Duration // for a reply; nil: ReplyTimeout
	entered func(Stage, string)       // with what it is about; nil: nobody listens
	heard   func(Line)
	strict  bool // nothing may come in clear between STARTTLS and the handshake
	login   bool // a secret is to be said inside TLS
	deaf    bool // the server does not listen any more
	masked  bool // the server's challenges are not kept
	secrets []string
}

func newSession(ctx context.Context, o Options) *session {
	s := &session{Options: o, ctx: ctx}
	s.c = Conversation{Address: o.Address, Host: o.Host, Security: o.Security, Injected: o.Inject, Began: o.Now()}
	return s
}

// open speaks up to where mail could be sent: connection, greeting, EHLO and
// TLS as Security says.
func (s *session) open() bool {
	s.enter(Connect)
	if !s.connect() {
		return false
	}
	if s.Security == "connect" {
		return true
	}
	if s.Security == "tls" && !s.handshake() {
		return false
	}
	return s.greeting() && s.hello() && (s.Security != "starttls" && s.Security != Opportunistic || s.startTLS())
}

// close closes the connection and returns what was said.
func (s *session) close() Conversation {
	if s.raw != nil {
		_ = s.raw.Close()
	}
	s.c.Took = s.Now().Sub(s.c.Began)
	return s.c
}

// enter begins a stage.
func (s *session) enter(stage Stage) { s.enterFor(stage, "") }

func (s *session) enterFor(stage Stage, what string) {
	s.c.Stage = stage
	if s.entered != nil {
		s.entered(stage, what)
	}
}

// patience is how long to wait for a reply at this stage.
func (s *session) patience() time.Duration {
	if s.wait == nil {
		return s.ReplyTimeout
	}
	return s.wait(s.c.Stage)
}

// say keeps a line.
func (s *session) say(dir byte, text string) {
	line := Line{At: s.Now().Sub(s.c.Began), Dir: dir, Text: text}
	s.c.Lines = append(s.c.Lines, line)
	if s.heard != nil {
		s.heard(line)
	}
}

// fail ends the conversation where it is.
func (s *session) fail(t Trouble, detail string) bool {
	s.c.Trouble, s.c.Detail = t, detail
	s.say('*', detail)
	return false
}

// limited runs f with a limit of time, after which the connection gives an
// error. It tells which one ended it.
func (s *session) limited(d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(s.ctx, d)
	defer cancel()
	if s.raw != nil {
		if err := s.raw.SetDeadline(time.Time{}); err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = s.raw.SetDeadline(time.Unix(1, 0)) })()
	}
	err := f(ctx)
	switch {
	case err == nil:
		return nil
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

func (s *session) connect() bool {
	err := s.limited(s.ConnectTimeout, func(ctx context.Context) error {
		conn, err := s.Dial(ctx, "tcp", s.Address.String())
		if err == nil {
			s.raw, s.conn, s.lines = conn, conn, bufio.NewReaderSize(conn, maxLine)
		}
		return err
	})
	if err != nil {
		return s.fail(troubleOf(s.ctx, err, OtherTrouble), fmt.Sprintf("no connection to %s: %s", s.Address, words(err)))
	}
	s.say('*', "connected to "+s.Address.String())
	return true
}

func (s *session) greeting() bool {
	if s.c.TLS == nil || s.strict {
		s.enter(Banner)
	}
	r, err := s.read()
	if s.silent(err) {
		if s.Security != "tls" && s.wantsTLS() {
			return s.fail(SpeaksTLS, "the server says nothing before a TLS handshake: this port wants TLS from the start")
		}
		r, err = s.read() // servers make strangers wait: RFC 5321 section 4.5.3.2.1 asks for patience
	}
	s.c.Greeting, s.c.Reply = r, r
	switch {
	case err != nil:
		return s.broken(err)
	case r.Code != 220:
		return s.fail(BadReply, "the greeting is "+r.String())
	}
	return true
}

// silent says that nothing at all came in time.
func (s *session) silent(err error) bool {
	return err != nil && timedOut(err) && s.ctx.Err() == nil && s.c.Octets == nil
}

// wantsTLS tries a handshake on a connection of its own, where the server was
// silent. An alert is an answer in TLS too.
func (s *session) wantsTLS() bool {
	err := s.limited(s.ConnectTimeout, func(ctx context.Context) error {
		conn, err := s.Dial(ctx, "tcp", s.Address.String())
		if err != nil {
			return err
		}
		defer conn.Close()
		return tls.Client(conn, s.tlsConfig()).HandshakeContext(ctx)
	})
	_, alert := errors.AsType[tls.AlertError](err)
	op, _ := errors.AsType[*net.OpError](err)
	return err == nil || alert || op != nil && op.Op == "remote error"
}

func (s *session) hello() bool {
	if s.c.TLS == nil {
		s.enter(Hello)
	} else {
		s.enter(HelloTLS)
	}
	r, err := s.command("EHLO " + s.Name)
	if err == nil && (r.Code == 500 || r.Code == 501 || r.Code == 502 || r.Code == 504 || r.Code == 550) {
		ehlo := r
		r, err = s.command("HELO " + s.Name)
		if err == nil && r.Code/100 == 2 {
			s.c.HelloRefused = true
			r = Reply{Code: r.Code, Lines: r.Lines[:1]} // HELO offers nothing
		} else {
			r = ehlo
		}
	}
	switch {
	case err != nil:
		return s.broken(err)
	case r.Code != 250:
		s.c.Reply = r
		return s.fail(BadReply, "the answer to EHLO is "+r.String())
	}
	s.c.Offered = extensionsOf(r)
	if s.c.TLS == nil {
		s.c.Clear = s.c.Offered
	}
	return true
}

func (s *session) startTLS() bool {
	s.enter(StartTLS)
	if _, ok := s.c.Clear.Get("STARTTLS"); !ok {
		if s.Security == Opportunistic {
			s.say('*', "the server does not offer STARTTLS: going on without encryption")
			return true
		}
		s.fail(NoStartTLS, "the server does not offer STARTTLS")
		s.quit()
		return false
	}
	commands := []string{"STARTTLS"}
	if s.Inject {
		commands = append(commands, "NOOP")
	}
	r, err := s.command(commands...)
	switch {
	case err != nil:
		return s.broken(err)
	case r.Code != 220 && r.Code != 421 && s.Security == Opportunistic:
		s.say('*', "no STARTTLS: going on without encryption")
		return true
	case r.Code != 220:
		s.fail(BadReply, "the answer to STARTTLS is "+r.String())
		s.quit()
		return false
	}
	if s.strict && s.lines.Buffered() > 0 {
		s.enter(Handshake)
		octets, _ := s.lines.Peek(min(s.lines.Buffered(), 16))
		return s.early(octets)
	}
	return s.handshake() && s.hello()
}

// early ends a conversation in which something came in clear where only a
// handshake may come: if it were taken for a reply of the encrypted part,
// whoever sits on the line could speak in it.
func (s *session) early(octets []byte) bool {
	s.c.Octets = bytes.Clone(octets)
	return s.fail(EarlyOctets, fmt.Sprintf("%q came in clear between STARTTLS and the TLS handshake", octets))
}

func (s *session) tlsConfig() *tls.Config {
	if s.login { // credentials are to be said; mayLogIn sees to certificate and version
		return &tls.Config{ServerName: s.Host, Time: s.Now, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	}
	return &tls.Config{
		ServerName: s.Host, Time: s.Now,
		// A probe is to see bad certificates and old versions, not to stop at
		// them: nothing secret is said. keep judges the certificate.
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       suites(),
	}
}

// suites are all that there are, the weak ones too: a server that has no
// others is to be seen. Their order is Go's own, the good ones first.
func suites() []uint16 {
	var out []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		out = append(out, s.ID)
	}
	return out
}

func (s *session) handshake() bool {
	s.enter(Handshake)
	conn := tls.Client(unread{s.conn, s.lines}, s.tlsConfig())
	err := s.limited(s.patience(), conn.HandshakeContext)
	if err != nil {
		return s.noTLS(err)
	}
	s.conn, s.lines = conn, bufio.NewReaderSize(conn, maxLine)
	return s.keep(conn.ConnectionState())
}

// unread is a connection of which some octets were read ahead.
type unread struct {
	net.Conn
	ahead *bufio.Reader
}

func (u unread) Read(b []byte) (int, error) { return u.ahead.Read(b) }

// noTLS tells a server that speaks in clear from other failures by its first
// octets.
func (s *session) noTLS(err error) bool {
	if bad, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if s.strict && s.Security != "tls" {
			return s.early(bad.RecordHeader[:])
		}
		s.c.Octets = append([]byte(nil), bad.RecordHeader[:]...)
		if _, _, _, wrong := ParseLine(string(s.c.Octets[:4])); wrong == nil {
			return s.fail(SpeaksClear, fmt.Sprintf("the server begins with %q, in clear, where a TLS handshake was expected", s.c.Octets))
		}
		return s.fail(BadTLS, fmt.Sprintf("TLS handshake failed: the server answers with %q", s.c.Octets))
	}
	t := troubleOf(s.ctx, err, BadTLS)
	if t == Dropped {
		t = BadTLS // who closes at this point does not like the handshake
	}
	return s.fail(t, "TLS handshake failed: "+words(err))
}

// keep judges the certificate and keeps what was agreed on.
func (s *session) keep(state tls.ConnectionState) bool {
	t := &TLS{Version: state.Version, Cipher: state.CipherSuite, Chain: state.PeerCertificates}
	s.c.TLS = t
	s.say('*', t.String())
	if len(t.Chain) == 0 {
		return s.fail(BadTLS, "TLS handshake failed: no certificate came")
	}
	leaf, between := t.Chain[0], x509.NewCertPool()
	for _, c := range t.Chain[1:] {
		between.AddCert(c)
	}
	_, t.Chained = leaf.Verify(x509.VerifyOptions{Roots: s.Roots, Intermediates: between, CurrentTime: s.Now()})
	t.Name = leaf.VerifyHostname(s.Host)
	s.say('*', fmt.Sprintf("certificate for %s, valid until %s", strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.UTC().Format("2006-01-02")))
	return true
}

// quit takes leave; its answer decides nothing, but for one that belongs to an
// earlier command: then an injected one was obeyed.
func (s *session) quit() {
	reply := s.c.Reply
	last, err := s.command("QUIT")
	s.c.Obeyed = s.Inject && s.c.TLS != nil && err == nil && last.Code == 250
	s.c.Reply = reply
}

// command sends lines in one segment, and reads the reply to the first.
func (s *session) command(lines ...string) (Reply, error) {
	s.unasked()
	for _, l := range lines {
		s.say('C', l)
	}
	if err := s.write(strings.Join(lines, "\r\n") + "\r\n"); err != nil {
		return Reply{}, err
	}
	return s.answer()
}

func (s *session) write(text string) error {
	return s.limited(s.patience(), func(context.Context) error {
		_, err := io.WriteString(s.conn, text)
		return err
	})
}

// answer reads a reply and keeps it.
func (s *session) answer() (Reply, error) {
	r, err := s.read()
	if err != nil && s.strict {
		r = Reply{} // half a reply is none: who reads it must not take it for a yes
	}
	s.c.Reply = r
	if s.masked && r.Code == 334 {
		s.c.Reply.Lines = []string{hiddenChallenge}
	}
	return r, err
}

// read reads one reply.
func (s *session) read() (Reply, error) {
	var r Reply
	err := s.limited(s.patience(), func(context.Context) error {
		for {
			line, err := s.line()
			if err != nil {
				return err
			}
			code, text, more, err := ParseLine(line)
			if err == nil {
				err = r.add(code, text)
			}
			if err != nil || !more {
				return err
			}
		}
	})
	return r, err
}

// line reads one line; an unfinished one is kept too.
func (s *session) line() (string, error) {
	data, err := s.lines.ReadSlice('\n')
	text := s.veil(strings.TrimRight(string(data), "\r\n"))
	if len(data) > 0 {
		if s.masked && strings.HasPrefix(text, "334") {
			s.say('S', "334 "+hiddenChallenge)
		} else {
			s.say('S', text)
		}
		if s.c.Octets == nil && s.c.Greeting.Code == 0 {
			s.c.Octets = []byte(text[:min(len(text), 16)])
		}
	}
	s.form(data)
	if errors.Is(err, bufio.ErrBufferFull) {
		return text, errTooLong
	}
	if err != nil && len(data) > 0 && len(text) > 0 && !isReply(text) {
		return text, errNotReply
	}
	return text, err
}

// unasked takes away what came without a question, so that the next reply is
// that of the next command. After an injected command it is what is looked for.
func (s *session) unasked() {
	if s.Inject {
		return
	}
	for range maxLines {
		ahead, _ := s.lines.Peek(s.lines.Buffered())
		if !bytes.ContainsRune(ahead, '\n') {
			return
		}
		s.fault("a reply that nothing was asked for")
		_, _ = s.line()
	}
}

// fault keeps a breach of the protocol (RFC 5321 sections 2.3.8 and
// 4.5.3.1.5), each kind once.
func (s *session) fault(words string) {
	if !slices.Contains(s.c.Faults, words) {
		s.c.Faults = append(s.c.Faults, words)
	}
}

// form looks for breaches in a line of a reply, as it came.
func (s *session) form(data []byte) {
	switch {
	case !isReply(strings.TrimRight(string(data), "\r\n")):
	case !bytes.HasSuffix(data, []byte("\n")):
	case !bytes.HasSuffix(data, []byte("\r\n")):
		s.fault("a line that ends with LF alone")
	case len(data) > 512:
		s.fault("a line of more than 512 octets")
	}
}

func isReply(text string) bool {
	_, _, _, err := ParseLine(text)
	return err == nil
}

// broken ends the conversation because no reply came.
func (s *session) broken(err error) bool {
	t := troubleOf(s.ctx, err, OtherTrouble)
	if errors.Is(err, errNotReply) || errors.Is(err, errTwoCodes) || errors.Is(err, errTooLong) {
		t = NotSMTP
		if !errors.Is(err, errNotReply) {
			s.fault(err.Error())
		}
		if s.c.Stage == Banner && len(s.c.Octets) > 2 && (s.c.Octets[0] == 0x15 || s.c.Octets[0] == 0x16) && s.c.Octets[1] == 3 {
			t = SpeaksTLS // a TLS record (RFC 8446 section 5.1)
		}
	}
	return s.fail(t, fmt.Sprintf("no reply at the %s: %s", s.c.Stage, words(err)))
}
