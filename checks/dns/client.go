package dns

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

var (
	_ Resolver    = (*Client)(nil)
	_ Asker       = (*Client)(nil)
	_ Unchecker   = (*Client)(nil)
	_ PublicAsker = (*Client)(nil)
)

// Config says whom a Client asks, and how.
type Config struct {
	Servers []netip.AddrPort // recursive name servers, in the order in which they are asked

	// Dial opens sockets, "udp" and "tcp"; nil is the real one.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Now stamps answers; nil is the real clock. Waiting goes by the real one.
	Now func() time.Time

	Timeout  time.Duration // for one question in all; 0 means 5 s
	Attempts int           // questions sent in all before giving up; 0: as many as fit into Timeout
}

// A Client has at most firstOpen questions under way at once, one more for each
// that was answered, up to maxOpen: a burst at the start would only overflow
// the buffers of sockets. A question that waits beyond its first repetition no
// longer counts, so that dead servers do not hold up the others.
const (
	firstOpen = 128
	maxOpen   = 2048
)

// passingTimeout bounds a question to a server that is not one of ours: many of
// them are asked for comparison, and a dead one must not hold up the rest. It is
// enough for one repetition; a server that did answer something gets the rest of
// aliveTimeout.
const (
	passingTimeout = time.Second
	aliveTimeout   = 2 * time.Second
)

// Client asks name servers over UDP, and over TCP where an answer is too large
// (RFC 1035, 6891, 7766). It keeps nothing: see Cache.
type Client struct {
	config Config
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	now    func() time.Time
	peers  []*peer
	visits visits

	waiters sync.Pool // of *waiter

	open  chan struct{} // a token for each question that may be put under way
	grown atomic.Int64  // tokens added
	lag   atomic.Int64  // nanoseconds that answers lie around, smoothed
}

// NewClient makes a Client.
func NewClient(config Config) *Client {
	c := &Client{config: config, dial: config.Dial, now: config.Now, open: make(chan struct{}, maxOpen)}
	if c.dial == nil {
		c.dial = new(net.Dialer).DialContext
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.config.Timeout <= 0 {
		c.config.Timeout = 5 * time.Second
	}
	for range firstOpen {
		c.open <- struct{}{}
	}
	for _, s := range config.Servers {
		c.peers = append(c.peers, newPeer(c, s))
	}
	return c
}

// Close closes all sockets. Open questions fail.
func (c *Client) Close() {
	for _, p := range c.peers {
		p.close()
	}
	c.visits.close()
}

// Strained says that answers lie around before anybody takes them: more is
// asked at once than there is time for, and to ask still more would only fill
// memory.
func (c *Client) Strained() bool { return c.lag.Load() > int64(strain) }

const strain = 4 * time.Millisecond

// taken takes note of how long an answer lay around.
func (c *Client) taken(lay time.Duration) {
	lag := c.lag.Load()
	c.lag.Store(lag + (int64(lay)-lag)/64) // who comes in between is one of many
}

// Lookup asks the configured servers, with recursion, and follows CNAMEs.
func (c *Client) Lookup(ctx context.Context, q Question) Answer {
	return c.lookup(ctx, q, wire.RD|wire.AD) // AD: RFC 6840 section 5.7
}

// LookupUnchecked is Lookup with checking disabled.
func (c *Client) LookupUnchecked(ctx context.Context, q Question) Answer {
	a := c.lookup(ctx, q, wire.RD|wire.CD)
	a.CD = true
	return a
}

// AskServer puts a question to one server, without recursion. A CNAME that
// leads out of what the server serves is not followed: the answer fails with
// KindElsewhere, its Chain tells the target.
func (c *Client) AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer {
	a := Answer{Question: Ask(q.Name, q.Type), Server: server.String(), At: c.now()}
	err := c.visits.ask(ctx, c, server, func(p *peer) {
		var more string
		if a, more = c.ask(ctx, []*peer{p}, q, 0, c.config.Timeout); more != "" {
			a.fail(&Error{Kind: KindElsewhere, Server: a.Server, Detail: more})
		}
	})
	if err != nil {
		a.fail(cancelled(ctx, a.Server))
	}
	a.Direct = true
	return a
}

// AskPublic puts a question to one recursive server.
func (c *Client) AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer {
	a := Answer{Question: Ask(q.Name, q.Type), Server: server.String(), At: c.now()}
	err := c.visits.ask(ctx, c, server, func(p *peer) {
		a = c.follow(ctx, func() []*peer { return []*peer{p} }, q, wire.RD|wire.AD)
	})
	if err != nil {
		a.fail(cancelled(ctx, a.Server))
	}
	a.Public = true
	return a
}

func (c *Client) lookup(ctx context.Context, q Question, bits uint16) Answer {
	return c.follow(ctx, c.order, q, bits)
}

// follow asks the peers, and again while a CNAME leads on. All hops share the
// time of one question.
func (c *Client) follow(ctx context.Context, peers func() []*peer, q Question, bits uint16) Answer {
	q = Ask(q.Name, q.Type)
	a, more := c.ask(ctx, peers(), q, bits, c.config.Timeout)
	for more != "" {
		next, rest := c.ask(ctx, peers(), Question{more, q.Type}, bits, max(c.config.Timeout-a.Took, leastWait))
		chain := slices.Concat(a.Chain, next.Chain)
		took, at := a.Took+next.Took, a.At
		a, more = next, rest
		a.Question, a.Chain, a.Took, a.At = q, chain, took, at
		if looped(q.Name, chain) {
			a.fail(&Error{Kind: KindLoop, Server: a.Server})
			break
		}
	}
	return a
}

// looped says whether a chain turns in a circle or is too long.
func looped(name string, chain []string) bool {
	for i, n := range chain {
		if n == name || slices.Contains(chain[:i], n) {
			return true
		}
	}
	return len(chain) > maxHops
}

// order is the order in which to ask: servers that have been silent come last.
func (c *Client) order() []*peer {
	if len(c.peers) < 2 {
		return c.peers
	}
	now := time.Now()
	out, silent := make([]*peer, 0, len(c.peers)), []*peer(nil)
	for _, p := range c.peers {
		if p.isSilent(now) {
			silent = append(silent, p)
		} else {
			out = append(out, p)
		}
	}
	return append(out, silent...)
}

// impossible is the answer for a name that cannot exist.
func impossible(q Question) (Answer, bool) {
	if _, err := wire.AppendName(make([]byte, 0, 256), q.Name); err != nil {
		return Answer{Question: q, Status: NoName}, true
	}
	return Answer{}, false
}

// ask puts one question to the peers. more is a name that a CNAME leads to and
// that is still to be asked.
func (c *Client) ask(ctx context.Context, peers []*peer, q Question, bits uint16, timeout time.Duration) (a Answer, more string) {
	q = Ask(q.Name, q.Type)
	w, err := c.newWaiter(q, bits)
	if err != nil {
		a, _ = impossible(q)
		a.At = c.now()
		return a, ""
	}
	began := time.Now()
	x := exchange{
		c: c, q: q, w: w, peers: peers, recursion: bits&wire.RD != 0, timeout: timeout,
		last: Answer{Question: q, At: c.now()},
	}
	if len(peers) == 1 && peers[0].passing {
		x.timeout = min(x.timeout, passingTimeout)
		if peers[0].isSilent(began) { // it let the last questions go without answer
			x.timeout = min(x.timeout, firstWait)
		}
	}
	if len(peers) == 0 {
		x.last.fail(&Error{Kind: KindNoServer})
		return x.last, ""
	}
	select {
	case <-c.open:
		x.deadline = time.Now().Add(x.timeout)
		a, more = x.run(ctx)
		w.forget(c)
		x.release()
		if a.Status != Failed && c.grown.Load() < maxOpen-firstOpen && c.grown.Add(1) <= maxOpen-firstOpen {
			c.open <- struct{}{}
		}
	case <-ctx.Done():
		a = x.last
		a.fail(cancelled(ctx, ""))
	}
	a.Took = time.Since(began)
	return a, more
}

// exchange is one question on its way.
type exchange struct {
	c         *Client
	q         Question
	w         *waiter
	peers     []*peer // still to be asked: those whose failure is known have gone
	recursion bool
	timeout   time.Duration
	deadline  time.Time
	attempts  int
	asked     []string // names of the servers asked
	bare      []*peer  // asked without EDNS(0), as they did not take it
	last      Answer   // the failure known so far
	released  bool     // the token has been given back
	refused   bool     // last is a server's word, and tells more than silence
}

// release gives the token back, once.
func (x *exchange) release() {
	if !x.released {
		x.released = true
		x.c.open <- struct{}{}
	}
}

// relook is how long a question waits before it asks anew how long it has to:
// of the first questions to a server one that got lost must not wait as for a
// stranger, when the others were answered long ago.
const relook = 25 * time.Millisecond

// outcome is what to do after something came in.
type outcome uint8

const (
	done    outcome = iota // the answer stands
	next                   // ask the next server
	again                  // ask the same server again
	waiting                // go on waiting
)

func (x *exchange) run(ctx context.Context) (a Answer, more string) {
	timer := x.w.timer
	defer timer.Stop()
	for turn := 0; ; turn++ {
		p := x.peers[turn%len(x.peers)]
		if err := x.send(ctx, p); err != nil {
			if ctx.Err() != nil {
				x.last.fail(cancelled(ctx, x.servers()))
				return x.last, ""
			}
			if !x.drop(p, networkError(err, p.name, false)) {
				return x.last, ""
			}
			turn--
			continue
		}
		sent, repeated := time.Now(), x.w.times(p)-1
		wait := p.wait(repeated)
		if !p.isKnown() {
			wait = min(wait, relook)
		}
		timer.Reset(min(wait, time.Until(x.deadline)))
		for then := waiting; then == waiting; {
			select {
			case r := <-x.w.in:
				x.w.answered = true
				a, more, then = x.take(ctx, r)
			case <-timer.C:
				// What the server needs may have become known since, from
				// answers to other questions.
				if left := min(p.wait(repeated)-time.Since(sent), time.Until(x.deadline)); left > 0 {
					timer.Reset(min(left, relook))
					continue
				}
				if p.busy(sent) && time.Now().Before(x.deadline) {
					timer.Reset(min(relook, time.Until(x.deadline)))
					continue
				}
				x.release()
				p.noAnswer(time.Now())
				x.extend(p)
				if !time.Now().Before(x.deadline) || x.attempts == x.c.config.Attempts {
					return x.silence(), ""
				}
				then = next
			case <-ctx.Done():
				x.last.fail(cancelled(ctx, x.servers()))
				return x.last, ""
			}
			switch then {
			case done:
				return a, more
			case again:
				turn--
			}
		}
	}
}

// extend gives a server that is asked in passing more time once it is known to
// be alive.
func (x *exchange) extend(p *peer) {
	more := min(x.c.config.Timeout, aliveTimeout) - x.timeout
	if p.passing && more > 0 && x.timeout >= passingTimeout && p.isAlive() {
		x.timeout += more
		x.deadline = x.deadline.Add(more)
	}
}

// send sends the question to p, on a new socket if the present one has failed.
func (x *exchange) send(ctx context.Context, p *peer) error {
	if !slices.Contains(x.asked, p.name) {
		x.asked = append(x.asked, p.name)
	}
	var err error
	for range 2 {
		var s *socket
		if s, err = p.socket(ctx); err != nil {
			return err
		}
		if err = s.send(x.w, p.isPlain() || slices.Contains(x.bare, p)); err == nil {
			x.attempts++
			return nil
		}
	}
	return err
}

func (x *exchange) servers() string { return strings.Join(x.asked, ", ") }

// drop keeps a failure and asks its server no more; false when that was the
// last one worth asking.
func (x *exchange) drop(p *peer, e *Error) bool {
	x.last.Server = p.name
	x.last.fail(e)
	x.refused = true
	now, alive := time.Now(), false
	rest := make([]*peer, 0, len(x.peers))
	for _, o := range x.peers {
		if o != p {
			rest = append(rest, o)
			alive = alive || !o.isSilent(now)
		}
	}
	x.peers = rest
	return alive
}

// silence is the answer when nobody answered.
func (x *exchange) silence() Answer {
	if !x.refused {
		x.last.Server = x.asked[len(x.asked)-1]
		x.last.fail(&Error{
			Kind: KindTimeout, Server: x.servers(), Attempts: x.attempts,
			After: time.Since(x.deadline.Add(-x.timeout)),
		})
	}
	return x.last
}

// take reads what came in.
func (x *exchange) take(ctx context.Context, r response) (a Answer, more string, then outcome) {
	if r.err != nil {
		return x.rejected(r.p, networkError(r.err, r.p.name, false))
	}
	defer buffers.Put(r.buf)
	x.c.taken(time.Since(r.at))
	m, err := readMessage(r.buf[:r.n], x.w.question())
	notTaken := m.rcode == wire.FormErr || m.rcode == wire.NotImp || m.rcode == wire.BadVers
	if err == nil && r.plain && !notTaken {
		r.p.setPlain() // else it was the question that it did not take
	}
	switch {
	case err == nil && m.header.Bits&wire.TC != 0:
		return x.overTCP(ctx, r.p)
	case !r.plain && notTaken:
		x.bare = append(x.bare, r.p) // RFC 6891 section 7
		return a, "", again
	case err != nil:
		return x.rejected(r.p, &Error{Kind: KindMalformed, Server: r.p.name})
	}
	return x.read(m, r.p, false)
}

func (x *exchange) overTCP(ctx context.Context, p *peer) (a Answer, more string, then outcome) {
	data, err := p.overTCP(ctx, x.w, uint16(rand.Uint32()), x.deadline)
	switch {
	case ctx.Err() != nil:
		x.last.fail(cancelled(ctx, x.servers()))
		return x.last, "", done
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return x.rejected(p, &Error{Kind: KindTimeout, Server: p.name, After: x.timeout, TCP: true})
	case err != nil:
		return x.rejected(p, networkError(err, p.name, true))
	}
	m, err := readMessage(data, x.w.question())
	if err != nil || m.header.Bits&wire.TC != 0 { // a part is no answer, and there is no way to the rest
		return x.rejected(p, &Error{Kind: KindMalformed, Server: p.name, TCP: true})
	}
	return x.read(m, p, true)
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// rejected keeps a failure and goes to the next server, if there is one.
func (x *exchange) rejected(p *peer, e *Error) (a Answer, more string, then outcome) {
	if !slices.Contains(x.peers, p) {
		return a, "", waiting // a second failure of a server that is out already
	}
	if x.drop(p, e) {
		return a, "", next
	}
	return x.last, "", done
}

// read makes an answer of a whole message.
func (x *exchange) read(m message, p *peer, tcp bool) (a Answer, more string, then outcome) {
	a = Answer{Question: x.q, At: x.last.At, Server: p.name, TCP: tcp, EDE: m.ede}
	if e := x.judge(m, p); e != nil {
		if loop := a; e.Kind == KindServFail && m.loops(&loop, x.q) {
			return loop, "", done
		}
		x.last.Rcode, x.last.EDE, x.last.Size, x.last.TCP = rcodeName(m.rcode), m.ede, len(m.data), tcp
		x.last.Plain = p.isPlain()
		if e.Kind == KindLame {
			x.last.Delegation = m.delegation(x.q.Name)
		}
		return x.rejected(p, e)
	}
	more, err := m.answer(&a, x.q)
	if err != nil {
		return x.rejected(p, &Error{Kind: KindMalformed, Server: p.name, TCP: tcp})
	}
	a.Plain = p.isPlain()
	if x.w.signed {
		a.Signed, a.Expires = m.signatures(a.At)
	}
	return a, more, done
}

// loops reads a failure whose records go in a circle into a: BIND gives up on
// CNAMEs with SERVFAIL and sends along what it found.
func (m message) loops(a *Answer, q Question) bool {
	_, err := m.answer(a, q)
	kind, failed := a.Kind()
	return err == nil && failed && kind == KindLoop
}

// judge says why a message is no answer; nil when it is one.
func (x *exchange) judge(m message, p *peer) *Error {
	e := &Error{Server: p.name, Detail: rcodeName(m.rcode)}
	switch m.rcode {
	case wire.NoError:
		lame := len(m.answers) == 0 && m.soa.Next == 0 && len(m.referral) > 0 && m.header.Bits&wire.AA == 0
		if lame && (!x.recursion || m.header.Bits&wire.RA == 0) {
			e.Kind = KindLame
			return e
		}
		return nil
	case wire.NXDomain:
		return nil
	case wire.ServFail:
		e.Kind = KindServFail
	case wire.Refused:
		e.Kind = KindRefused
	case wire.FormErr, wire.NotImp, wire.BadVers:
		e.Kind = KindNotCapable
	default:
		e.Kind = KindRcode
	}
	return e
}
