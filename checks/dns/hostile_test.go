package dns_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// hostile is a name server that answers with any octets. answer gets the
// question section and returns what stands behind the id.
type hostile func(question []byte, tcp bool) []byte

func (h hostile) serve(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Skip("the port is taken for UDP")
	}
	t.Cleanup(func() { _, _ = l.Close(), u.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := u.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = u.WriteTo(h.reply(buf[:n], false), from)
		}
	}()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go h.stream(conn)
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

func (h hostile) stream(conn net.Conn) {
	defer conn.Close()
	for {
		var head [2]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		m := h.reply(query, true)
		_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...))
	}
}

func (h hostile) reply(query []byte, tcp bool) []byte {
	end, err := wire.SkipName(query, wire.HeaderLen)
	if err != nil {
		return nil
	}
	return append([]byte{query[0], query[1]}, h(query[wire.HeaderLen:end+4], tcp)...)
}

// rr are the parts of a record.
type rr struct {
	owner string // packed; "" for the name of the question
	typ   dns.Type
	class uint16 // 0 for IN
	ttl   uint32
	data  string
}

// message is a response without its id.
func message(bits uint16, question []byte, answers ...rr) []byte {
	b := wire.AppendHeader(nil, wire.Header{Bits: wire.QR | wire.RA | bits, QD: 1, AN: uint16(len(answers))})[2:]
	b = append(b, question...)
	for _, r := range answers {
		owner := []byte("\xc0\x0c")
		if r.owner != "" {
			owner = []byte(r.owner)
		}
		b = wire.AppendRecord(b, owner, uint16(r.typ), max(r.class, 1), r.ttl, []byte(r.data))
	}
	return b
}

const (
	root  = "\x00"
	other = "\x05other\x04test\x00"
	here  = "\xc0\x0c" // the name of the question
	text  = "\x05hello"
)

// TestHostile holds what is made of answers that no sound server gives.
func TestHostile(t *testing.T) {
	many := make([]rr, 4000)
	for i := range many {
		many[i] = rr{typ: dns.TypeA, data: "\xc0\x00\x02\x01"}
	}
	for _, tc := range []struct {
		name   string
		typ    dns.Type
		answer hostile
		want   string
		kind   dns.Kind // of a failure
		ttl    time.Duration
	}{
		{"other owner", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{owner: other, typ: dns.TypeTXT, data: text})
		}, "empty ", 0, 0},
		{"more records of other owners", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{owner: other, typ: dns.TypeTXT, data: "\x09broken"}, rr{typ: dns.TypeTXT, data: text}, rr{owner: other, typ: dns.TypeCNAME, data: other})
		}, `found ["hello"]`, 0, 0},
		{"other class", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeTXT, class: 3, data: text})
		}, "empty ", 0, 0},
		{"no strings", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeTXT, ttl: 7})
		}, "found []", 0, 7 * time.Second},
		{"string longer than its record", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeTXT, data: "\x09hello"})
		}, "failed ", dns.KindMalformed, 0},
		{"record longer than the message", dns.TypeTXT, func(q []byte, _ bool) []byte {
			m := message(0, q, rr{typ: dns.TypeTXT, data: text})
			return m[:len(m)-1]
		}, "failed ", dns.KindMalformed, 0},
		{"fewer records than promised", dns.TypeTXT, func(q []byte, _ bool) []byte {
			m := message(0, q, rr{typ: dns.TypeTXT, data: text})
			m[5] = 9
			return m
		}, "failed ", dns.KindMalformed, 0},
		{"TTL below zero", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeTXT, ttl: 1<<32 - 1, data: text})
		}, `found ["hello"]`, 0, 0},
		{"greatest TTL", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeTXT, ttl: 1<<31 - 1, data: text})
		}, `found ["hello"]`, 0, (1<<31 - 1) * time.Second},
		{"alias of itself", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeCNAME, data: here})
		}, "failed ", dns.KindLoop, 0},
		{"alias of the root", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeCNAME, data: root})
		}, "empty ", 0, 0},
		{"alias and no name", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(wire.NXDomain, q, rr{typ: dns.TypeCNAME, data: other})
		}, "no-name other.test", 0, 0},
		{"alias with letters", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeCNAME, data: "\x05OTHER\x04test\x00"}, rr{owner: other, typ: dns.TypeTXT, data: text})
		}, `found other.test | ["hello"]`, 0, 0},
		{"alias beside text", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeCNAME, data: other}, rr{typ: dns.TypeTXT, data: text})
		}, `found ["hello"]`, 0, 0},
		{"pointer to itself", dns.TypeMX, func(q []byte, _ bool) []byte {
			at := byte(wire.HeaderLen + len(q) + 12 + 2)
			return message(0, q, rr{typ: dns.TypeMX, data: "\x00\x0a\xc0" + string(at)})
		}, "failed ", dns.KindMalformed, 0},
		{"pointer ahead", dns.TypeMX, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeMX, data: "\x00\x0a\xff\xff"})
		}, "failed ", dns.KindMalformed, 0},
		{"octets behind a host", dns.TypeMX, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeMX, data: "\x00\x0a" + other + "x"})
		}, "failed ", dns.KindMalformed, 0},
		{"name of 254 octets", dns.TypeMX, func(q []byte, _ bool) []byte {
			label := "\x3f" + strings.Repeat("a", 63)
			return message(0, q, rr{typ: dns.TypeMX, data: "\x00\x0a" + label + label + label + "\x3e" + strings.Repeat("a", 62) + root})
		}, "failed ", dns.KindMalformed, 0},
		{"address of 3 octets", dns.TypeA, func(q []byte, _ bool) []byte {
			return message(0, q, rr{typ: dns.TypeA, data: "abc"})
		}, "failed ", dns.KindMalformed, 0},
		{"answer with SERVFAIL", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(wire.ServFail, q, rr{typ: dns.TypeTXT, data: text})
		}, "failed ", dns.KindServFail, 0},
		{"two questions", dns.TypeTXT, func(q []byte, _ bool) []byte {
			m := message(0, append(q[:len(q):len(q)], q...), rr{typ: dns.TypeTXT, data: text})
			m[3] = 2
			return m
		}, "failed ", dns.KindTimeout, 0},
		{"a query comes back", dns.TypeTXT, func(q []byte, _ bool) []byte {
			m := message(0, q, rr{typ: dns.TypeTXT, data: text})
			m[0] &^= 0x80
			return m
		}, "failed ", dns.KindTimeout, 0},
		{"cut off over TCP too", dns.TypeTXT, func(q []byte, _ bool) []byte {
			return message(wire.TC, q, rr{typ: dns.TypeTXT, data: text})
		}, "failed ", dns.KindMalformed, 0},
		{"64 kB", dns.TypeA, func(q []byte, tcp bool) []byte {
			if !tcp {
				return message(wire.TC, q)
			}
			return message(0, q, many...)
		}, "found " + strings.Repeat("192.0.2.1 | ", len(many)-1) + "192.0.2.1", 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := client(t, dns.Config{Servers: []netip.AddrPort{tc.answer.serve(t)}, Timeout: 200 * time.Millisecond})
			a := c.Lookup(t.Context(), dns.Ask("a.example", tc.typ))
			kind, failed := a.Kind()
			if show(a) != tc.want || failed && kind != tc.kind || a.TTL != tc.ttl {
				t.Errorf("%.200s, TTL %v: %s", show(a), a.TTL, a.Reason())
			}
			if (a.Err != nil) != (a.Status == dns.Failed) {
				t.Errorf("%s with error %v", a.Status, a.Err)
			}
		})
	}
}

// TestSlowChain: however many hops a server makes, they take no longer than one
// question may.
func TestSlowChain(t *testing.T) {
	n := byte('a')
	slow := hostile(func(q []byte, _ bool) []byte {
		n++
		time.Sleep(60 * time.Millisecond)
		return message(0, q, rr{typ: dns.TypeCNAME, data: "\x01" + string(n) + "\x07example\x00"})
	})
	c := client(t, dns.Config{Servers: []netip.AddrPort{slow.serve(t)}, Timeout: 150 * time.Millisecond, Attempts: 1})
	a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT))
	if kind, failed := a.Kind(); !failed || kind != dns.KindTimeout || a.Took > 300*time.Millisecond {
		t.Errorf("%s after %v", show(a), a.Took)
	}
}
