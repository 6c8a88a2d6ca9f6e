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
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options say whom to probe, and how.
type Options struct {
	Host     string         // name of the server: for SNI and the certificate
	Address  netip.AddrPort // where it is reached
	Security string         // "starttls", "tls" or "none"; "connect" only connects
	Name     string         // said in EHLO (RFC 5321 section 4.1.4)

	// Inject sends a NOOP in clear behind STARTTLS, in the same segment: a
	// server that answers it inside TLS takes commands of whoever sits on the
	// line (RFC 3207 section 4.2). Only STARTTLS and Obeyed of such a
	// conversation tell anything.
	Inject bool

	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Now   func() time.Time
	Roots *x509.CertPool // nil: those of the system

	ConnectTimeout time.Duration // for the connection; 0: 10 s
	ReplyTimeout   time.Duration // for each reply and the handshake, twice that for the greeting; 0: 15 s
}

// Probe greets a server, switches TLS on where Options say so, and takes its
// leave. It never logs in and never begins a mail. It always returns a
// Conversation: what went wrong is part of it.
func Probe(ctx context.Context, o Options) Conversation {
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 10 * time.Second
	}
	if o.ReplyTimeout == 0 {
		o.ReplyTimeout = 15 * time.Second
	}
	p := &probe{Options: o, ctx: ctx}
	p.c = Conversation{Address: o.Address, Host: o.Host, Security: o.Security, Injected: o.Inject, Began: o.Now()}
	p.run()
	if p.raw != nil {
		_ = p.raw.Close()
	}
	p.c.Took = o.Now().Sub(p.c.Began)
	return p.c
}

// probe is a conversation under way.
type probe struct {
	Options
	ctx   context.Context
	c     Conversation
	raw   net.Conn // the TCP connection
	conn  net.Conn // raw, or TLS over it
	lines *bufio.Reader
}

func (p *probe) run() {
	if !p.connect() {
		return
	}
	if p.Security == "connect" {
		p.c.Stage = Done
		return
	}
	if p.Security == "tls" && !p.handshake() {
		return
	}
	if !p.greeting() || !p.hello() {
		return
	}
	if p.Security == "starttls" && !p.startTLS() {
		return
	}
	p.c.Stage = Done
	p.quit()
}

// say keeps a line.
func (p *probe) say(dir byte, text string) {
	p.c.Lines = append(p.c.Lines, Line{At: p.Now().Sub(p.c.Began), Dir: dir, Text: text})
}

// fail ends the conversation where it is.
func (p *probe) fail(t Trouble, detail string) bool {
	p.c.Trouble, p.c.Detail = t, detail
	p.say('*', detail)
	return false
}

// limited runs f with a limit of time, after which the connection gives an
// error. It tells which one ended it.
func (p *probe) limited(d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(p.ctx, d)
	defer cancel()
	if p.raw != nil {
		if err := p.raw.SetDeadline(time.Time{}); err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = p.raw.SetDeadline(time.Unix(1, 0)) })()
	}
	err := f(ctx)
	switch {
	case err == nil:
		return nil
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

func (p *probe) connect() bool {
	err := p.limited(p.ConnectTimeout, func(ctx context.Context) error {
		conn, err := p.Dial(ctx, "tcp", p.Address.String())
		if err == nil {
			p.raw, p.conn, p.lines = conn, conn, bufio.NewReaderSize(conn, maxLine)
		}
		return err
	})
	if err != nil {
		return p.fail(troubleOf(p.ctx, err, OtherTrouble), fmt.Sprintf("no connection to %s: %s", p.Address, words(err)))
	}
	p.say('*', "connected to "+p.Address.String())
	return true
}

func (p *probe) greeting() bool {
	p.c.Stage = max(p.c.Stage, Banner)
	r, err := p.read()
	if p.silent(err) {
		if p.Security != "tls" && p.wantsTLS() {
			return p.fail(SpeaksTLS, "the server says nothing before a TLS handshake: this port wants TLS from the start")
		}
		r, err = p.read() // servers make strangers wait: RFC 5321 section 4.5.3.2.1 asks for patience
	}
	p.c.Greeting, p.c.Reply = r, r
	switch {
	case err != nil:
		return p.broken(err)
	case r.Code != 220:
		return p.fail(BadReply, "the greeting is "+r.String())
	}
	return true
}

// silent says that nothing at all came in time.
func (p *probe) silent(err error) bool {
	return err != nil && timedOut(err) && p.ctx.Err() == nil && p.c.Octets == nil
}

// wantsTLS tries a handshake on a connection of its own, where the server was
// silent. An alert is an answer in TLS too.
func (p *probe) wantsTLS() bool {
	err := p.limited(p.ConnectTimeout, func(ctx context.Context) error {
		conn, err := p.Dial(ctx, "tcp", p.Address.String())
		if err != nil {
			return err
		}
		defer conn.Close()
		return tls.Client(conn, p.tlsConfig()).HandshakeContext(ctx)
	})
	_, alert := errors.AsType[tls.AlertError](err)
	op, _ := errors.AsType[*net.OpError](err)
	return err == nil || alert || op != nil && op.Op == "remote error"
}

func (p *probe) hello() bool {
	if p.c.TLS == nil {
		p.c.Stage = Hello
	} else {
		p.c.Stage = HelloTLS
	}
	r, err := p.command("EHLO " + p.Name)
	if err == nil && (r.Code == 500 || r.Code == 501 || r.Code == 502 || r.Code == 504 || r.Code == 550) {
		ehlo := r
		r, err = p.command("HELO " + p.Name)
		if err == nil && r.Code/100 == 2 {
			p.c.HelloRefused = true
			r = Reply{Code: r.Code, Lines: r.Lines[:1]} // HELO offers nothing
		} else {
			r = ehlo
		}
	}
	switch {
	case err != nil:
		return p.broken(err)
	case r.Code != 250:
		p.c.Reply = r
		return p.fail(BadReply, "the answer to EHLO is "+r.String())
	}
	p.c.Offered = extensionsOf(r)
	if p.c.TLS == nil {
		p.c.Clear = p.c.Offered
	}
	return true
}

func (p *probe) startTLS() bool {
	p.c.Stage = StartTLS
	if _, ok := p.c.Clear.Get("STARTTLS"); !ok {
		p.fail(NoStartTLS, "the server does not offer STARTTLS")
		p.quit()
		return false
	}
	commands := []string{"STARTTLS"}
	if p.Inject {
		commands = append(commands, "NOOP")
	}
	r, err := p.command(commands...)
	switch {
	case err != nil:
		return p.broken(err)
	case r.Code != 220:
		p.fail(BadReply, "the answer to STARTTLS is "+r.String())
		p.quit()
		return false
	}
	return p.handshake() && p.hello()
}

func (p *probe) tlsConfig() *tls.Config {
	return &tls.Config{
		ServerName: p.Host, Time: p.Now,
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

func (p *probe) handshake() bool {
	p.c.Stage = Handshake
	conn := tls.Client(unread{p.conn, p.lines}, p.tlsConfig())
	err := p.limited(p.ReplyTimeout, conn.HandshakeContext)
	if err != nil {
		return p.noTLS(err)
	}
	p.conn, p.lines = conn, bufio.NewReaderSize(conn, maxLine)
	return p.keep(conn.ConnectionState())
}

// unread is a connection of which some octets were read ahead.
type unread struct {
	net.Conn
	ahead *bufio.Reader
}

func (u unread) Read(b []byte) (int, error) { return u.ahead.Read(b) }

// noTLS tells a server that speaks in clear from other failures by its first
// octets.
func (p *probe) noTLS(err error) bool {
	if bad, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		p.c.Octets = append([]byte(nil), bad.RecordHeader[:]...)
		if _, _, _, wrong := ParseLine(string(p.c.Octets[:4])); wrong == nil {
			return p.fail(SpeaksClear, fmt.Sprintf("the server begins with %q, in clear, where a TLS handshake was expected", p.c.Octets))
		}
		return p.fail(BadTLS, fmt.Sprintf("TLS handshake failed: the server answers with %q", p.c.Octets))
	}
	t := troubleOf(p.ctx, err, BadTLS)
	if t == Dropped {
		t = BadTLS // who closes at this point does not like the handshake
	}
	return p.fail(t, "TLS handshake failed: "+words(err))
}

// keep judges the certificate and keeps what was agreed on.
func (p *probe) keep(s tls.ConnectionState) bool {
	t := &TLS{Version: s.Version, Cipher: s.CipherSuite, Chain: s.PeerCertificates}
	p.c.TLS = t
	p.say('*', t.String())
	if len(t.Chain) == 0 {
		return p.fail(BadTLS, "TLS handshake failed: no certificate came")
	}
	leaf, between := t.Chain[0], x509.NewCertPool()
	for _, c := range t.Chain[1:] {
		between.AddCert(c)
	}
	_, t.Chained = leaf.Verify(x509.VerifyOptions{Roots: p.Roots, Intermediates: between, CurrentTime: p.Now()})
	t.Name = leaf.VerifyHostname(p.Host)
	p.say('*', fmt.Sprintf("certificate for %s, valid until %s", strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.UTC().Format("2006-01-02")))
	return true
}

// quit takes leave; its answer decides nothing, but for one that belongs to an
// earlier command: then an injected one was obeyed.
func (p *probe) quit() {
	reply := p.c.Reply
	last, err := p.command("QUIT")
	p.c.Obeyed = p.Inject && p.c.TLS != nil && err == nil && last.Code == 250
	p.c.Reply = reply
}

// command sends lines in one segment, and reads the reply to the first.
func (p *probe) command(lines ...string) (Reply, error) {
	p.unasked()
	for _, l := range lines {
		p.say('C', l)
	}
	err := p.limited(p.ReplyTimeout, func(context.Context) error {
		_, err := io.WriteString(p.conn, strings.Join(lines, "\r\n")+"\r\n")
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	r, err := p.read()
	p.c.Reply = r
	return r, err
}

// read reads one reply.
func (p *probe) read() (Reply, error) {
	var r Reply
	err := p.limited(p.ReplyTimeout, func(context.Context) error {
		for {
			line, err := p.line()
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
func (p *probe) line() (string, error) {
	data, err := p.lines.ReadSlice('\n')
	text := strings.TrimRight(string(data), "\r\n")
	if len(data) > 0 {
		p.say('S', text)
		if p.c.Octets == nil && p.c.Greeting.Code == 0 {
			p.c.Octets = []byte(text[:min(len(text), 16)])
		}
	}
	p.form(data)
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
func (p *probe) unasked() {
	if p.Inject {
		return
	}
	for range maxLines {
		ahead, _ := p.lines.Peek(p.lines.Buffered())
		if !bytes.ContainsRune(ahead, '\n') {
			return
		}
		p.fault("a reply that nothing was asked for")
		_, _ = p.line()
	}
}

// fault keeps a breach of the protocol (RFC 5321 sections 2.3.8 and
// 4.5.3.1.5), each kind once.
func (p *probe) fault(words string) {
	if !slices.Contains(p.c.Faults, words) {
		p.c.Faults = append(p.c.Faults, words)
	}
}

// form looks for breaches in a line of a reply, as it came.
func (p *probe) form(data []byte) {
	switch {
	case !isReply(strings.TrimRight(string(data), "\r\n")):
	case !bytes.HasSuffix(data, []byte("\n")):
	case !bytes.HasSuffix(data, []byte("\r\n")):
		p.fault("a line that ends with LF alone")
	case len(data) > 512:
		p.fault("a line of more than 512 octets")
	}
}

func isReply(text string) bool {
	_, _, _, err := ParseLine(text)
	return err == nil
}

// broken ends the conversation because no reply came.
func (p *probe) broken(err error) bool {
	t := troubleOf(p.ctx, err, OtherTrouble)
	if errors.Is(err, errNotReply) || errors.Is(err, errTwoCodes) || errors.Is(err, errTooLong) {
		t = NotSMTP
		if !errors.Is(err, errNotReply) {
			p.fault(err.Error())
		}
		if p.c.Stage == Banner && len(p.c.Octets) > 2 && (p.c.Octets[0] == 0x15 || p.c.Octets[0] == 0x16) && p.c.Octets[1] == 3 {
			t = SpeaksTLS // a TLS record (RFC 8446 section 5.1)
		}
	}
	return p.fail(t, fmt.Sprintf("no reply at the %s: %s", p.c.Stage, words(err)))
}

// Numbers of Windows' sockets; syscall's constants do not stand for them there.
const (
	wsaNetUnreachable  = syscall.Errno(10051)
	wsaConnReset       = syscall.Errno(10054)
	wsaTimedOut        = syscall.Errno(10060)
	wsaConnRefused     = syscall.Errno(10061)
	wsaHostUnreachable = syscall.Errno(10065)
)

// causes maps errors of the network to trouble and words.
var causes = []struct {
	err     error
	trouble Trouble
	words   string
}{
	{syscall.ECONNREFUSED, Refused, "connection refused"},
	{wsaConnRefused, Refused, "connection refused"},
	{syscall.ENETUNREACH, NoRoute, "network unreachable"},
	{wsaNetUnreachable, NoRoute, "network unreachable"},
	{syscall.EHOSTUNREACH, NoRoute, "host unreachable"},
	{wsaHostUnreachable, NoRoute, "host unreachable"},
	{syscall.EADDRNOTAVAIL, NoRoute, "this machine has no address of that kind"},
	{syscall.ENETDOWN, NoRoute, "the network is down"},
	{syscall.EACCES, NoRoute, "forbidden by a firewall"},
	{syscall.EPERM, NoRoute, "forbidden by a firewall"},
	{syscall.ETIMEDOUT, TimedOut, "timed out"},
	{wsaTimedOut, TimedOut, "timed out"},
	{syscall.ECONNRESET, Dropped, "connection reset"},
	{wsaConnReset, Dropped, "connection reset"},
	{syscall.EPIPE, Dropped, "connection closed"},
	{io.EOF, Dropped, "connection closed"},
	{io.ErrUnexpectedEOF, Dropped, "connection closed"},
	{net.ErrClosed, Dropped, "connection closed"},
	{io.ErrClosedPipe, Dropped, "connection closed"},
	{context.DeadlineExceeded, TimedOut, "timed out"},
	{context.Canceled, NotRun, "stopped"},
}

func troubleOf(ctx context.Context, err error, otherwise Trouble) Trouble {
	if ctx.Err() != nil {
		return NotRun // our own limit for the whole, or the user
	}
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.trouble
		}
	}
	if timedOut(err) {
		return TimedOut
	}
	return otherwise
}

func timedOut(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && n.Timeout()
}

func words(err error) string {
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.words
		}
	}
	if timedOut(err) {
		return "timed out"
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}
