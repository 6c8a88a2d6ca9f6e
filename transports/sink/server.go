package sink

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound what strangers can make a server spend. Zero stands for the
// value of DefaultLimits.
type Limits struct {
	Size        int64         // of a message, in bytes
	Memory      int64         // of all messages that are arriving, together
	Connections int           // at a time
	PerAddress  int           // connections at a time from one address (IPv6: one /64)
	Recipients  int           // of a message
	Mistakes    int           // wrong commands, after which a connection ends
	Command     time.Duration // for a command to arrive whole
	Text        time.Duration // for a message to arrive whole
	Session     time.Duration // for a connection
}

// DefaultLimits are the times of RFC 5321 section 4.5.3.2 or less, as a server
// for tests has no use for patience.
func DefaultLimits() Limits {
	return Limits{
		Size: 25 << 20, Memory: 256 << 20, Connections: 256, PerAddress: 128, Recipients: 100, Mistakes: 10,
		Command: time.Minute, Text: 5 * time.Minute, Session: 30 * time.Minute,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	return Limits{
		Size: cmp.Or(l.Size, d.Size), Memory: cmp.Or(l.Memory, d.Memory), Connections: cmp.Or(l.Connections, d.Connections),
		PerAddress: cmp.Or(l.PerAddress, d.PerAddress), Recipients: cmp.Or(l.Recipients, d.Recipients), Mistakes: cmp.Or(l.Mistakes, d.Mistakes),
		Command: cmp.Or(l.Command, d.Command), Text: cmp.Or(l.Text, d.Text), Session: cmp.Or(l.Session, d.Session),
	}
}

// Options are what a server works with.
type Options struct {
	Name    string      // of this server, in its greeting
	TLS     *tls.Config // nil: STARTTLS is not offered
	Limits  Limits
	Now     func() time.Time // the clock of the connections
	Handler Handler          // nil: messages are dropped
}

// Server receives mail.
type Server struct {
	name     string
	tls      *tls.Config
	limits   Limits
	now      func() time.Time
	handler  Handler
	greeting string
	prefix   string // of identifiers, so that those of two runs differ
	hello    string // the reply to EHLO but for STARTTLS

	count   atomic.Uint64 // messages so far
	memory  atomic.Int64  // bytes of messages that are arriving
	closing atomic.Bool
	wait    sync.WaitGroup
	kits    sync.Pool

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	from  map[netip.Prefix]int
}

// New makes a server.
func New(o Options) (*Server, error) {
	switch {
	case !isHello([]byte(o.Name)):
		return nil, errors.New("sink: the name of the server is not a domain")
	case o.Now == nil:
		return nil, errors.New("sink: there is no clock")
	case o.Limits.Size < 0 || o.Limits.Memory < 0 || min(o.Limits.Connections, o.Limits.PerAddress, o.Limits.Recipients, o.Limits.Mistakes) < 0 ||
		min(o.Limits.Command, o.Limits.Text, o.Limits.Session) < 0:
		return nil, errors.New("sink: a limit is below zero")
	}
	s := &Server{
		name: o.Name, tls: o.TLS, limits: o.Limits.withDefaults(), now: o.Now, handler: o.Handler,
		conns: map[net.Conn]struct{}{}, from: map[netip.Prefix]int{}, prefix: strconv.FormatInt(o.Now().UnixNano(), 36),
	}
	s.greeting = "220 " + s.name + " ESMTP\r\n"
	s.hello = "250-" + s.name + "\r\n250-PIPELINING\r\n250-SIZE " + strconv.FormatInt(s.limits.Size, 10) +
		"\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
	s.kits.New = func() any { return newKit() }
	return s, nil
}

// Serve receives from l until ctx ends, and closes l. A message whose final dot
// has come is handed over before Serve returns; all others were never accepted.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.wait.Wait()
	defer context.AfterFunc(ctx, func() { s.stop(l) })()
	defer s.stop(l)
	for wait := time.Duration(0); ; {
		conn, err := l.Accept()
		switch {
		case err == nil:
			wait = 0
			s.take(conn)
		case s.closing.Load():
			return nil
		case !temporary(err):
			return err
		default: // too many open files: some will be closed
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			if !pause(ctx, wait) {
				return nil
			}
		}
	}
}

// temporary tells whether taking a connection can succeed later.
func temporary(err error) bool {
	var n net.Error
	return errors.As(err, &n) && !errors.Is(err, net.ErrClosed)
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// stop takes no more connections and ends those that wait for the client. A
// session sets its deadline first and looks at closing then, so that it sees
// either this deadline or closing.
func (s *Server) stop(l net.Listener) {
	s.closing.Store(true)
	_ = l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.SetReadDeadline(time.Unix(1, 0))
	}
}

const busy = "421 4.7.0 Too many connections, try again later\r\n"

func (s *Server) take(conn net.Conn) {
	client := addressOf(conn)
	if !s.enter(conn, client) {
		_ = conn.SetWriteDeadline(s.now().Add(time.Second))
		_, _ = conn.Write([]byte(busy))
		_ = conn.Close()
		return
	}
	s.wait.Go(func() {
		defer s.leave(conn, client)
		s.serve(conn, client)
	})
}

func (s *Server) enter(conn net.Conn, client netip.AddrPort) bool {
	network := networkOf(client.Addr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() || len(s.conns) >= s.limits.Connections || s.from[network] >= s.limits.PerAddress {
		return false
	}
	s.conns[conn] = struct{}{}
	s.from[network]++
	return true
}

func (s *Server) leave(conn net.Conn, client netip.AddrPort) {
	network := networkOf(client.Addr())
	s.mu.Lock()
	delete(s.conns, conn)
	if s.from[network]--; s.from[network] <= 0 {
		delete(s.from, network)
	}
	s.mu.Unlock()
}

// addressOf is the client's address; zero where the connection has none.
func addressOf(conn net.Conn) netip.AddrPort {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// networkOf is what counts as one address: whoever has one of IPv6 has its /64.
func networkOf(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

// reserve asks for n bytes of the memory for messages.
func (s *Server) reserve(n int64) bool {
	if s.memory.Add(n) <= s.limits.Memory {
		return true
	}
	s.memory.Add(-n)
	return false
}
