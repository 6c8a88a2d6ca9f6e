package dns

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns/internal/wire"
	mdns "github.com/miekg/dns"
)

// maxHops is the number of CNAMEs that are followed for one question.
const maxHops = 8

var rcodeNames = map[int]string{
	wire.NoError: "NOERROR", wire.FormErr: "FORMERR", wire.ServFail: "SERVFAIL", wire.NXDomain: "NXDOMAIN",
	wire.NotImp: "NOTIMP", wire.Refused: "REFUSED", wire.BadVers: "BADVERS",
}

func rcodeName(rcode int) string {
	if n, ok := rcodeNames[rcode]; ok {
		return n
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// message is what a response says, its records not yet read.
type message struct {
	data     []byte
	header   wire.Header
	rcode    int // with the upper bits of EDNS
	answers  []wire.Record
	soa      wire.Record   // in the authority section; Next is 0 when there is none
	referral []wire.Record // NS records in the authority section: a referral, perhaps
	ede      []string
}

// readMessage splits a response that answers the question section given.
func readMessage(m, question []byte) (message, error) {
	h, err := wire.ReadHeader(m)
	if err != nil {
		return message{}, err
	}
	msg := message{data: m, header: h, rcode: h.Rcode()}
	off := wire.HeaderLen
	if h.QD > 0 {
		off += len(question)
	}
	if off > len(m) || h.QD > 1 {
		return msg, wire.ErrMalformed
	}
	msg.answers = make([]wire.Record, 0, min(int(h.AN), 16))
	for i := range int(h.AN) + int(h.NS) + int(h.AR) {
		r, err := wire.ReadRecord(m, off)
		if err != nil {
			// What is cut off does not count in a truncated answer.
			if h.Bits&wire.TC != 0 {
				return msg, nil
			}
			return msg, err
		}
		switch {
		case i < int(h.AN):
			msg.answers = append(msg.answers, r)
		case i < int(h.AN)+int(h.NS):
			if Type(r.Type) == TypeNS && r.Class == wire.ClassIN && len(msg.referral) < maxDelegated {
				msg.referral = append(msg.referral, r)
			}
			if Type(r.Type) == TypeSOA && msg.soa.Next == 0 {
				msg.soa = r
			}
		case r.Type == wire.TypeOPT:
			msg.rcode |= int(r.TTL>>24) << 4
			msg.ede = edeWords(wire.ReadEDE(m[r.Data:r.Next]))
		}
		off = r.Next
	}
	return msg, nil
}

// answer reads what the message says about q into a. more is the name that a
// CNAME leads to and about which the message says nothing; "" usually.
func (m message) answer(a *Answer, q Question) (more string, err error) {
	a.Rcode, a.EDE, a.Size = rcodeName(m.rcode), m.ede, len(m.data)
	a.AD, a.AA = m.header.Bits&wire.AD != 0, m.header.Bits&wire.AA != 0
	name := q.Name
	for {
		target, err := m.collect(a, name, q.Type)
		if err != nil {
			return "", err
		}
		if len(a.Records) > 0 {
			arrange(a.Records)
			a.Status = Found
			return "", nil
		}
		if target == nil {
			break
		}
		name = *target
		if name == q.Name || slices.Contains(a.Chain, name) || len(a.Chain) == maxHops {
			a.fail(&Error{Kind: KindLoop, Server: a.Server})
			return "", nil
		}
		a.Chain = append(a.Chain, name)
	}
	return m.negative(a, name)
}

// collect adds the records of a name and type; else it returns the target of
// the name's CNAME, if any.
func (m message) collect(a *Answer, name string, typ Type) (target *string, err error) {
	for _, w := range m.answers {
		t := Type(w.Type)
		if w.Class != wire.ClassIN || t != typ && (t != TypeCNAME || target != nil) {
			continue
		}
		owner := name
		// Most owners are a pointer to the question.
		if len(a.Chain) > 0 || m.data[w.NameAt] != 0xc0 || m.data[w.NameAt+1] != wire.HeaderLen {
			if owner, _, err = wire.ReadName(m.data, w.NameAt, true); err != nil {
				return nil, err
			}
		}
		if owner != name {
			continue
		}
		r, err := m.record(w, name)
		if err != nil {
			return nil, err
		}
		if t != typ {
			target = &r.Host
			continue
		}
		if len(a.Records) == 0 || r.TTL < a.TTL {
			a.TTL = r.TTL
		}
		a.Records = append(a.Records, r)
	}
	return target, nil
}

// negative reads an answer without records about name.
func (m message) negative(a *Answer, name string) (more string, err error) {
	if m.soa.Next > 0 {
		soa, err := m.record(m.soa, "")
		if err != nil {
			return "", err
		}
		if a.Zone, _, err = wire.ReadName(m.data, m.soa.NameAt, true); err != nil {
			return "", err
		}
		a.TTL = min(soa.TTL, soa.SOA.Minimum)
	}
	switch {
	case m.rcode == wire.NXDomain:
		a.Status = NoName
	case name != "" && len(a.Chain) > 0 && !(m.soa.Next > 0 && Within(name, a.Zone)):
		a.Zone, a.TTL = "", 0
		return name, nil
	default:
		a.Status = Empty
	}
	return "", nil
}

// Within says whether a name is zone or stands below it.
func Within(name, zone string) bool {
	return zone == "" || name == zone || strings.HasSuffix(name, "."+zone)
}

func ttl(seconds uint32) time.Duration {
	if seconds > 1<<31-1 { // RFC 2181 section 8
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// record reads the data of a record of owner name.
func (m message) record(w wire.Record, name string) (Record, error) {
	r := Record{Name: name, Type: Type(w.Type), TTL: ttl(w.TTL)}
	data := m.data[w.Data:w.Next]
	switch r.Type {
	case TypeA, TypeAAAA:
		addr, ok := netip.AddrFromSlice(data)
		if !ok || addr.Is4() != (r.Type == TypeA) {
			return r, wire.ErrMalformed
		}
		r.Addr = addr
	case TypeMX:
		if len(data) < 3 {
			return r, wire.ErrMalformed
		}
		r.Pref = uint16(data[0])<<8 | uint16(data[1])
		return r, m.host(&r, w, w.Data+2)
	case TypeNS, TypeCNAME, TypePTR:
		return r, m.host(&r, w, w.Data)
	case TypeTXT, TypeSPF:
		return r, readStrings(&r, data)
	case TypeSOA:
		return r, m.readSOA(&r, w)
	case TypeTLSA:
		if len(data) < 3 {
			return r, wire.ErrMalformed
		}
		r.Data = fmt.Sprintf("%d %d %d %x", data[0], data[1], data[2], data[3:])
	default:
		rr, _, err := mdns.UnpackRR(m.data[:w.Next], w.NameAt)
		if err != nil {
			return r, wire.ErrMalformed
		}
		r.Data = strings.TrimPrefix(rr.String(), rr.Header().String())
	}
	return r, nil
}

func (m message) host(r *Record, w wire.Record, at int) error {
	host, next, err := wire.ReadName(m.data, at, true)
	if err != nil || next != w.Next {
		return wire.ErrMalformed
	}
	r.Host = host
	return nil
}

// readStrings copies the strings of a TXT record; all share one copy.
func readStrings(r *Record, data []byte) error {
	n := 0
	for i := 0; i < len(data); i += 1 + int(data[i]) {
		n++
	}
	text := string(data)
	r.Strings = make([]string, 0, n)
	for i := 0; i < len(text); {
		end := i + 1 + int(text[i])
		if end > len(text) {
			return wire.ErrMalformed
		}
		r.Strings = append(r.Strings, text[i+1:end])
		i = end
	}
	return nil
}

func (m message) readSOA(r *Record, w wire.Record) error {
	server, at, err := wire.ReadName(m.data, w.Data, true)
	if err != nil {
		return err
	}
	mailbox, at, err := wire.ReadName(m.data, at, true)
	if err != nil || at+20 != w.Next {
		return wire.ErrMalformed
	}
	u := func(i int) uint32 {
		d := m.data[at+i:]
		return uint32(d[0])<<24 | uint32(d[1])<<16 | uint32(d[2])<<8 | uint32(d[3])
	}
	r.SOA = &SOA{Server: server, Mailbox: mailbox, Serial: u(0), Minimum: ttl(u(16))}
	return nil
}

// fail makes the answer a failure.
func (a *Answer) fail(e *Error) {
	e.EDE = a.EDE
	a.Status, a.Err, a.Records = Failed, e, nil
}

// arrange gives records an order of their own: servers send them in any
// (RFC 2181 section 5), and what is said of them must not change with it.
func arrange(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(
			cmp.Compare(a.Pref, b.Pref), cmp.Compare(a.Host, b.Host), a.Addr.Compare(b.Addr),
			slices.Compare(a.Strings, b.Strings), cmp.Compare(a.Data, b.Data),
		)
	})
}
