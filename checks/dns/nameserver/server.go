package nameserver

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// Options say how a server serves. The zero value: a good server on a free
// port of 127.0.0.1.
type Options struct {
	Listen    netip.AddrPort // zero: 127.0.0.1:0
	Behaviour Behaviour      // for names that have none of their own
	NoTCP     bool           // nothing listens on TCP
	Seed      uint64         // of losses

	// Keep makes it a resolver with a cache: what it answered once it answers
	// again until the TTL has run out, but no longer than this.
	Keep time.Duration
	Now  func() time.Time // of the cache; nil: the clock of the machine
}

// Server is a running name server.
type Server struct {
	Addr netip.AddrPort

	zone *Zone
	opts Options
	memo memo
	udp  *net.UDPConn
	tcp  *net.TCPListener
	done sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	conns   map[net.Conn]bool
	random  *rand.Rand
	counts  map[dns.Question]int
	order   []dns.Question
	queries int
	overTCP int
	held    int
	most    int
}

// Serve serves a zone until Close.
func Serve(zone *Zone, opts Options) (*Server, error) {
	if err := zone.Err(); err != nil {
		return nil, err
	}
	if !opts.Listen.IsValid() {
		opts.Listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	s := &Server{
		zone: zone, opts: opts, conns: map[net.Conn]bool{}, counts: map[dns.Question]int{},
		random: rand.New(rand.NewPCG(opts.Seed, 0)),
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	s.done.Go(s.serveUDP)
	if s.tcp != nil {
		s.done.Go(s.serveTCP)
	}
	return s, nil
}

// listen takes one port for both transports; a free UDP port may be taken for
// TCP, hence the attempts.
func (s *Server) listen() error {
	var err error
	for range 20 {
		if s.udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(s.opts.Listen)); err != nil {
			return err
		}
		s.Addr = s.udp.LocalAddr().(*net.UDPAddr).AddrPort()
		_ = s.udp.SetReadBuffer(4 << 20) // bursts of questions; the default will do
		if s.opts.NoTCP {
			return nil
		}
		if s.tcp, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(s.Addr)); err == nil {
			return nil
		}
		_ = s.udp.Close()
		if s.opts.Listen.Port() != 0 {
			return err
		}
	}
	return err
}

// Close stops the server and waits until it has.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	err := s.udp.Close()
	if s.tcp != nil {
		err = errors.Join(err, s.tcp.Close())
	}
	s.done.Wait()
	return err
}

// hold counts what is held back.
func (s *Server) hold(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held += n
	s.most = max(s.most, s.held)
}

// MostOpen is the most questions that were held back at a time, for a delay.
func (s *Server) MostOpen() int { s.mu.Lock(); defer s.mu.Unlock(); return s.most }

// Queries is the number of questions that came, lost and repeated ones too.
func (s *Server) Queries() int { s.mu.Lock(); defer s.mu.Unlock(); return s.queries }

// OverTCP is the number of questions that came over TCP.
func (s *Server) OverTCP() int { s.mu.Lock(); defer s.mu.Unlock(); return s.overTCP }

// Distinct is the number of different questions that came.
func (s *Server) Distinct() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.order) }

// Asked is how many times a question came.
func (s *Server) Asked(q dns.Question) int { s.mu.Lock(); defer s.mu.Unlock(); return s.counts[q] }

// Questions lists the different questions in the order of arrival.
func (s *Server) Questions() []dns.Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// Reset forgets the counts.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.order, s.queries, s.overTCP = map[dns.Question]int{}, nil, 0, 0
}

// count counts a question and says whether it gets lost.
func (s *Server) count(q query, loss float64, tcp bool) (lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries++
	if tcp {
		s.overTCP++
	}
	k := dns.Question{Name: q.name, Type: q.typ}
	n := s.counts[k]
	if n == 0 {
		s.order = append(s.order, k)
	}
	s.counts[k] = n + 1
	return loss > 0 && !tcp && s.random.Float64() < loss
}

func (s *Server) serveUDP() {
	in, out := make([]byte, 4096), make([]byte, 0, 4096)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(in)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an asker who has gone
		}
		q, ok := readQuery(in[:n])
		if !ok {
			continue
		}
		be := s.zone.behaviourOf(q.name, q.typ, s.opts.Behaviour)
		if s.count(q, be.Loss, false) || be.Drop || be.DropUDP {
			continue
		}
		out = s.respond(out[:0], q, be, q.size)
		if be.Delay == 0 {
			s.send(out, from, be)
			continue
		}
		late := slices.Clone(out)
		s.hold(1)
		time.AfterFunc(be.Delay, func() {
			s.hold(-1)
			s.send(late, from, be)
		})
	}
}

// send sends a response over UDP, with the wrong ones that be wants before it.
func (s *Server) send(m []byte, to netip.AddrPort, be Behaviour) {
	write := func(m []byte) { _, _ = s.udp.WriteToUDPAddrPort(m, to) }
	if be.WrongID {
		wrong := slices.Clone(m)
		wrong[0] ^= 0x55
		write(wrong)
	}
	if be.WrongName && len(m) > 13 {
		wrong := slices.Clone(m)
		wrong[13] ^= 1
		write(wrong)
	}
	if be.WrongPort {
		if other, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.Addr.Addr(), 0))); err == nil {
			_, _ = other.WriteToUDPAddrPort(m, to)
			_ = other.Close()
		}
	}
	if be.OnlyWrong {
		return
	}
	for range 1 + be.Duplicates {
		write(m)
	}
}

func (s *Server) respond(b []byte, q query, be Behaviour, limit int) []byte {
	switch {
	case be.Garbage:
		return append(binary.BigEndian.AppendUint16(b, q.header.ID), 0xff, 0xff, 0, 1, 0, 9)
	case be.NoEDNS && q.edns:
		h := wire.Header{ID: q.header.ID, Bits: wire.QR | wire.FormErr}
		return wire.AppendHeader(b, h)
	case len(be.ReferTo) > 0:
		be.NoAA = true
		return pack(b, q, reply{referTo: be.ReferTo}, be, limit)
	case be.Refer:
		be.NoAA = true
		return pack(b, q, reply{refer: true}, be, limit)
	case be.Rcode != 0 && !(be.Unless && q.header.Bits&wire.CD != 0):
		return pack(b, q, reply{rcode: be.Rcode}, be, limit)
	}
	return pack(b, q, s.find(q, !be.NoFollow), be, limit)
}

func (s *Server) serveTCP() {
	for {
		c, err := s.tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if !s.keep(c) {
			_ = c.Close()
			return
		}
		s.done.Go(func() {
			defer s.drop(c)
			s.serveConn(c)
		})
	}
}

func (s *Server) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
	return !s.closed
}

func (s *Server) drop(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) serveConn(c net.Conn) {
	var head [2]byte
	for {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		m := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(c, m); err != nil {
			return
		}
		q, ok := readQuery(m)
		if !ok {
			return
		}
		be := s.zone.behaviourOf(q.name, q.typ, s.opts.Behaviour)
		s.count(q, 0, true)
		if be.RefuseTCP {
			return
		}
		if be.Drop {
			continue
		}
		out := s.respond(make([]byte, 2, 512), q, be, 0)
		binary.BigEndian.PutUint16(out, uint16(len(out)-2))
		send := func() { _, _ = c.Write(out) }
		if be.Delay > 0 {
			time.AfterFunc(be.Delay, send)
			continue
		}
		send()
	}
}
