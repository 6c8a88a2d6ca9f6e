package nameserver

import (
	"encoding/binary"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// maxChain bounds the CNAMEs put into one answer; a loop ends there.
const maxChain = 16

// reply is an answer before it is packed.
type reply struct {
	rcode   int
	answers []rr
	soa     *rr
	refer   bool
	referTo []string
}

type rr struct {
	owner string
	typ   uint16
	set   *set
}

// find answers a question from the zone (RFC 1034 section 4.3.2).
func (z *Zone) find(name string, typ uint16, follow bool) reply {
	z.mu.RLock()
	defer z.mu.RUnlock()
	var r reply
	for range maxChain {
		n := z.node(name)
		if n == nil {
			r.rcode = wire.NXDomain
			break
		}
		if s := n.sets[typ]; s != nil {
			r.answers = append(r.answers, rr{name, typ, s})
			return r
		}
		c := n.sets[uint16(dns.TypeCNAME)]
		if c == nil {
			break
		}
		r.answers = append(r.answers, rr{name, uint16(dns.TypeCNAME), c})
		target, _, err := wire.ReadName(c.data[0], 0, true)
		if err != nil || !follow {
			return r
		}
		name = target
		if len(r.answers) == maxChain {
			return r
		}
	}
	r.soa = z.soaOf(name)
	return r
}

// node returns what stands at a name, or at the wildcard that covers it
// (RFC 4592); nil when the name does not exist.
func (z *Zone) node(name string) *node {
	if n := z.nodes[name]; n != nil {
		return n
	}
	for p := parent(name); p != ""; p = parent(p) {
		if z.nodes[p] != nil {
			if w := z.nodes["*."+p]; w != nil && len(w.sets) > 0 {
				return w
			}
			return nil
		}
	}
	return nil
}

func (z *Zone) soaOf(name string) *rr {
	for ; ; name = parent(name) {
		if n := z.nodes[name]; n != nil {
			if s := n.sets[uint16(dns.TypeSOA)]; s != nil {
				return &rr{name, uint16(dns.TypeSOA), s}
			}
		}
		if name == "" {
			return nil
		}
	}
}

// query is a question as it came.
type query struct {
	header   wire.Header
	question []byte // the question section
	name     string
	typ      dns.Type
	edns     bool
	signed   bool // asks for signatures
	size     int  // what the asker takes over UDP
}

func readQuery(m []byte) (query, bool) {
	q := query{size: 512}
	var err error
	if q.header, err = wire.ReadHeader(m); err != nil || q.header.QD != 1 || q.header.Bits&wire.QR != 0 {
		return q, false
	}
	name, off, err := wire.ReadName(m, wire.HeaderLen, true)
	if err != nil || off+4 > len(m) {
		return q, false
	}
	q.name, q.typ, q.question = name, dns.Type(uint16(m[off])<<8|uint16(m[off+1])), m[wire.HeaderLen:off+4]
	off += 4
	for range int(q.header.AN) + int(q.header.NS) + int(q.header.AR) {
		r, err := wire.ReadRecord(m, off)
		if err != nil {
			return q, false
		}
		if r.Type == wire.TypeOPT {
			q.edns, q.size, q.signed = true, max(512, int(r.Class)), r.TTL&0x8000 != 0
		}
		off = r.Next
	}
	return q, true
}

// pack appends the response to q; limit is 0 over TCP.
func pack(b []byte, q query, r reply, be Behaviour, limit int) []byte {
	bits := uint16(wire.QR) | wire.AA | wire.RA | q.header.Bits&(wire.RD|wire.CD) | uint16(r.rcode&15)
	if be.NoAA {
		bits &^= wire.AA
	}
	if be.AD {
		bits |= wire.AD
	}
	h := wire.Header{ID: q.header.ID, Bits: bits, QD: 1}
	start := len(b)
	b = wire.AppendHeader(b, h)
	b = append(b, q.question...)
	body := len(b)
	if limit > 0 && be.Truncate {
		h.Bits |= wire.TC
		r.answers, r.soa = nil, nil
	}
	for _, a := range r.answers {
		owner := []byte{0xc0, wire.HeaderLen}
		if a.owner != q.name {
			owner, _ = wire.AppendName(nil, a.owner)
		}
		for _, d := range a.set.data {
			b = wire.AppendRecord(b, owner, a.typ, wire.ClassIN, a.set.ttl, d)
			h.AN++
		}
	}
	if len(r.answers) > 0 && q.signed && !be.SignedTill.IsZero() {
		b = wire.AppendRecord(b, []byte{0xc0, wire.HeaderLen}, 46, wire.ClassIN, 3600, signature(q.typ, be.SignedTill))
		h.AN++
	}
	if r.soa != nil && !be.NoSOA {
		owner, _ := wire.AppendName(nil, r.soa.owner)
		b = wire.AppendRecord(b, owner, r.soa.typ, wire.ClassIN, r.soa.set.ttl, r.soa.set.data[0])
		h.NS++
	}
	if r.refer {
		h.Bits &^= wire.RA
		b = wire.AppendRecord(b, []byte{0}, uint16(dns.TypeNS), wire.ClassIN, 3600, []byte("\x01a\x04test\x00"))
		h.NS++
	}
	for _, host := range r.referTo {
		data, _ := wire.AppendName(nil, canonical(host))
		b = wire.AppendRecord(b, []byte{0xc0, wire.HeaderLen}, uint16(dns.TypeNS), wire.ClassIN, 3600, data)
		h.NS++
	}
	if limit > 0 && len(b)-start+11 > limit || len(b) > 65000 {
		b = b[:body]
		h.Bits |= wire.TC
		h.AN, h.NS = 0, 0
	}
	if q.edns {
		b = wire.AppendOPT(b, 1232, r.rcode, be.EDE)
		h.AR = 1
	}
	wire.AppendHeader(b[:start], h)
	return b
}

// signature is the data of an RRSIG (RFC 4034 section 3.1) that nobody made.
func signature(covers dns.Type, till time.Time) []byte {
	d := []byte{byte(covers >> 8), byte(covers), 13, 2, 0, 0, 14, 16}
	d = binary.BigEndian.AppendUint32(d, uint32(till.Unix()))
	d = binary.BigEndian.AppendUint32(d, uint32(till.AddDate(0, -1, 0).Unix()))
	return append(d, 0, 1, 0, 's', 'i', 'g')
}
