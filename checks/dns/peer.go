package dns

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// How long a server gets before the question is sent again.
const (
	firstWait = 400 * time.Millisecond // nothing is known of the server
	leastWait = 20 * time.Millisecond
	mostWait  = time.Second
)

// A server that let so many questions in a row go without answer is asked last,
// until restAfter has passed.
const (
	silentLimit = 3
	restAfter   = 15 * time.Second
)

// maxUses is the number of questions sent from one socket. A new socket has a
// new port, which somebody who forges answers would have to guess.
const maxUses = 4096

// peer is one name server, with what is known of it.
type peer struct {
	c       *Client
	addr    netip.AddrPort
	name    string
	passing bool // not one of the configured servers

	mu      sync.Mutex
	sock    *socket
	srtt    time.Duration // smoothed round trip, as in RFC 6298
	rttvar  time.Duration
	newest  time.Time // when that question was sent which was sent last of those answered
	plain   bool      // does not understand EDNS(0)
	silent  int       // questions in a row without answer
	rested  time.Time
	idleTCP []*stream
	closed  bool
}

func newPeer(c *Client, addr netip.AddrPort) *peer {
	return &peer{c: c, addr: addr, name: addr.String()}
}

// wait is how long to wait for the answer to the nth repetition.
func (p *peer) wait(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := firstWait
	if p.srtt > 0 {
		w = max(3*p.srtt, p.srtt+4*p.rttvar, leastWait)
	}
	return min(w<<min(n, 8), mostWait)
}

// isKnown says that the round trip to the server is known.
func (p *peer) isKnown() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.srtt > 0 }

// answered takes note of a question that was answered. Each transmission has
// its own id, so the round trip is known also when it was sent again.
func (p *peer) answered(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = 0
	if at.After(p.newest) {
		p.newest = at
	}
	rtt := max(time.Since(at), time.Microsecond)
	if p.srtt > 0 {
		// Some names take a resolver seconds; they say little about the others.
		rtt = min(rtt, 4*p.srtt+leastWait)
	}
	if p.srtt == 0 {
		p.srtt, p.rttvar = rtt, rtt/2
		return
	}
	p.rttvar += ((rtt - p.srtt).Abs() - p.rttvar) / 4
	p.srtt += (rtt - p.srtt) / 8
}

// crowd is the number of open questions from which on a server, or we, may be
// busy with those before a question.
const crowd = 64

// busy says of a question that it has not got lost as far as one can tell: many
// are open, and none that was sent after it has been answered. To send it again
// would add to what makes the server slow.
func (p *peer) busy(sent time.Time) bool {
	p.mu.Lock()
	s, newest := p.sock, p.newest
	p.mu.Unlock()
	if s == nil || newest.After(sent) || time.Since(sent) > mostWait {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) > crowd
}

// noAnswer takes note of a question that was waited for in vain.
func (p *peer) noAnswer(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent++
	p.rested = now.Add(restAfter)
}

func (p *peer) isSilent(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.silent >= silentLimit && now.Before(p.rested)
}

// isAlive says that it has answered something.
func (p *peer) isAlive() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.srtt > 0 }

func (p *peer) setPlain() { p.mu.Lock(); p.plain = true; p.mu.Unlock() }

func (p *peer) isPlain() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.plain }

// close closes all sockets.
func (p *peer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.sock != nil {
		_ = p.sock.conn.Close()
	}
	for _, s := range p.idleTCP {
		_ = s.conn.Close()
	}
	p.idleTCP = nil
}

// socket returns a socket that can take one question more.
func (p *peer) socket(ctx context.Context) (*socket, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, net.ErrClosed
	}
	if p.sock != nil {
		if p.sock.use() {
			return p.sock, nil
		}
		p.sock = nil
	}
	conn, err := p.c.dial(ctx, "udp", p.name)
	if err != nil {
		return nil, err
	}
	if u, ok := conn.(*net.UDPConn); ok {
		_ = u.SetReadBuffer(1 << 20) // bursts of answers; less will do
	}
	p.sock = &socket{p: p, conn: conn, open: map[uint16]sent{}, uses: 1}
	go p.sock.read()
	return p.sock, nil
}

// socket is one connected UDP socket, shared by the open questions to a server.
// Answers find their question by id.
type socket struct {
	p    *peer
	conn net.Conn

	mu     sync.Mutex
	open   map[uint16]sent
	uses   int
	failed bool
}

// sent is one transmission of a question.
type sent struct {
	w     *waiter
	at    time.Time
	plain bool // without EDNS(0)
}

// use counts a use; false when the socket has served its time or failed.
func (s *socket) use() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses++
	if len(s.open) == 1<<14 {
		s.uses = maxUses + 1
	}
	s.leave()
	return !s.failed && s.uses <= maxUses
}

// send sends the question of w under a new id.
func (s *socket) send(w *waiter, plain bool) error {
	s.mu.Lock()
	if s.failed {
		s.mu.Unlock()
		return errSocketFailed
	}
	id := uint16(rand.Uint32())
	for _, taken := s.open[id]; taken; _, taken = s.open[id] {
		id = uint16(rand.Uint32())
	}
	s.open[id] = sent{w, time.Now(), plain}
	s.mu.Unlock()
	w.tickets = append(w.tickets, ticket{s, id})
	_, err := s.conn.Write(w.message(id, plain))
	return err
}

var errSocketFailed = errors.New("the socket has failed")

// forget takes an id out; the last one closes a socket that has served its time.
func (s *socket) forget(id uint16, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[id].w == w {
		delete(s.open, id)
	}
	s.leave()
}

// leave closes the socket when nothing is open and nothing more will be. A
// socket that fails to read is closed by its reader.
func (s *socket) leave() {
	if len(s.open) == 0 && s.uses > maxUses && !s.failed {
		s.failed = true
		_ = s.conn.Close()
	}
}

// buffers holds memory for responses. A response over UDP is at most 1232
// octets by what we tell; one without EDNS 512.
var buffers = sync.Pool{New: func() any { return new([4096]byte) }}

// read hands out responses until the socket fails or is closed.
func (s *socket) read() {
	buf := buffers.Get().(*[4096]byte)
	for {
		n, err := s.conn.Read(buf[:])
		if err != nil {
			s.fail(err)
			return
		}
		sent, ok := s.match(buf[:n])
		if !ok {
			continue
		}
		s.p.answered(sent.at)
		select {
		case sent.w.in <- response{p: s.p, buf: buf, n: n, plain: sent.plain, at: time.Now()}:
			buf = buffers.Get().(*[4096]byte)
		default: // nobody waits for so many answers
		}
	}
}

// match finds the transmission that m answers: same id, a response, and the
// same question (RFC 5452 section 9.1); the socket is connected, so that the
// source is right. Only an error to EDNS(0) may come without question.
func (s *socket) match(m []byte) (sent, bool) {
	h, err := wire.ReadHeader(m)
	if err != nil || h.Bits&wire.QR == 0 {
		return sent{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.open[h.ID]
	if !ok || !t.w.answeredBy(h, m, t.plain) {
		return sent{}, false
	}
	delete(s.open, h.ID)
	s.leave()
	return t, true
}

// fail tells all open questions that the socket is no good.
func (s *socket) fail(err error) {
	s.mu.Lock()
	s.failed = true
	open := s.open
	s.open = map[uint16]sent{}
	s.mu.Unlock()
	_ = s.conn.Close()
	for _, t := range open {
		select {
		case t.w.in <- response{p: s.p, err: err}:
		default:
		}
	}
}

// waiter is a question that waits for its answer.
type waiter struct {
	in       chan response
	timer    *time.Timer // stopped, but while an exchange runs
	packet   []byte      // header, question, OPT
	end      int         // of the question
	signed   bool        // asks for signatures
	answered bool        // a response was taken
	tickets  []ticket

	memory [wire.HeaderLen + 255 + 4 + 11]byte
	first  [2]ticket
}

// ticket is an id under which the question was sent.
type ticket struct {
	s  *socket
	id uint16
}

// response is what came in for a question.
type response struct {
	p     *peer
	buf   *[4096]byte
	n     int
	plain bool
	at    time.Time // when it came in
	err   error
}

// ednsSize is what we take over UDP: it passes without fragments.
const ednsSize = 1232

// newWaiter makes a waiter, of one that no transmission knows any more if there
// is one.
func (c *Client) newWaiter(q Question, bits uint16) (*waiter, error) {
	w, ok := c.waiters.Get().(*waiter)
	if !ok {
		w = &waiter{in: make(chan response, 4), timer: time.NewTimer(time.Hour)}
		w.timer.Stop()
	}
	w.signed, w.answered = bits&wantSignatures != 0, false
	w.tickets = w.first[:0]
	b := wire.AppendHeader(w.memory[:0], wire.Header{Bits: bits &^ wantSignatures, QD: 1, AR: 1})
	b, err := wire.AppendQuestion(b, q.Name, uint16(q.Type))
	if err != nil {
		return nil, err
	}
	w.end = len(b)
	w.packet = wire.AppendOPT(b, ednsSize, 0, nil)
	if w.signed {
		*doFlag(w.packet) |= 0x80
	}
	return w, nil
}

func (w *waiter) question() []byte { return w.packet[wire.HeaderLen:w.end] }

// message is the packet under an id.
func (w *waiter) message(id uint16, plain bool) []byte {
	w.packet[0], w.packet[1] = byte(id>>8), byte(id)
	if plain {
		w.packet[11] = 0
		return w.packet[:w.end]
	}
	w.packet[11] = 1
	return w.packet
}

func (w *waiter) answeredBy(h wire.Header, m []byte, plain bool) bool {
	if h.QD == 0 {
		return !plain && (h.Rcode() == wire.FormErr || h.Rcode() == wire.NotImp)
	}
	return h.QD == 1 && len(m) >= w.end && wire.SameQuestion(m[wire.HeaderLen:w.end], w.question())
}

// times is how often p was asked.
func (w *waiter) times(p *peer) (n int) {
	for _, t := range w.tickets {
		if t.s.p == p {
			n++
		}
	}
	return n
}

// forget ends the waiting; answers that still come are for nobody.
func (w *waiter) forget(c *Client) {
	for _, t := range w.tickets {
		t.s.forget(t.id, w)
	}
	// Sent once and answered: its id was taken out before the answer came, and
	// no socket can have anything for it. Else one may be about to hand over.
	if w.answered && len(w.tickets) == 1 {
		c.waiters.Put(w)
	}
}
