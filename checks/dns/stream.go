package dns

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// maxIdle is the number of TCP connections kept open to one server.
const maxIdle = 4

// stream is a TCP connection to a server, used for one question at a time.
type stream struct {
	conn net.Conn
	r    *bufio.Reader
	used bool
}

// overTCP asks over TCP (RFC 7766), on a connection of before if there is one.
func (p *peer) overTCP(ctx context.Context, w *waiter, id uint16, deadline time.Time) ([]byte, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	for {
		s, err := p.stream(ctx)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
		m, err := s.ask(w, id, p.isPlain())
		if !stop() && err == nil {
			err = ctx.Err()
		}
		if err == nil {
			p.keep(s)
			return m, nil
		}
		_ = s.conn.Close()
		// A server may close a connection between two questions.
		if !s.used || ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}

func (p *peer) stream(ctx context.Context) (*stream, error) {
	p.mu.Lock()
	if n := len(p.idleTCP); n > 0 {
		s := p.idleTCP[n-1]
		p.idleTCP = p.idleTCP[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	conn, err := p.c.dial(ctx, "tcp", p.name)
	if err != nil {
		return nil, err
	}
	return &stream{conn: conn, r: bufio.NewReader(conn)}, nil
}

func (p *peer) keep(s *stream) {
	s.used = true
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idleTCP) >= maxIdle {
		_ = s.conn.Close()
		return
	}
	p.idleTCP = append(p.idleTCP, s)
}

// ask sends the question and reads the response to it.
func (s *stream) ask(w *waiter, id uint16, plain bool) ([]byte, error) {
	m := w.message(id, plain)
	out := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(m)), uint16(len(m)))
	if _, err := s.conn.Write(append(out, m...)); err != nil {
		return nil, err
	}
	for {
		var head [2]byte
		if _, err := io.ReadFull(s.r, head[:]); err != nil {
			return nil, err
		}
		m := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(s.r, m); err != nil {
			return nil, err
		}
		h, err := wire.ReadHeader(m)
		if err == nil && h.ID == id && h.Bits&wire.QR != 0 && w.answeredBy(h, m, plain) {
			return m, nil
		}
	}
}
