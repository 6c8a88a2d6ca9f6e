// Package wire packs and reads the parts of DNS messages (RFC 1035 section 4)
// that cwmail needs, without an allocation per part. Names are raw octets with
// a dot between labels, without final dot; "" is the root.
package wire

import (
	"encoding/binary"
	"errors"
	"strings"
)

// ErrMalformed is returned for a message that cannot be read.
var ErrMalformed = errors.New("malformed message")

// ErrName is returned for a name that cannot exist: an empty label, one above
// 63 octets, or more than 255 octets in all (RFC 1035 section 2.3.4).
var ErrName = errors.New("impossible name")

// Bits of the second 16 bits of a header.
const (
	QR = 1 << 15
	AA = 1 << 10
	TC = 1 << 9
	RD = 1 << 8
	RA = 1 << 7
	AD = 1 << 5
	CD = 1 << 4
)

// Response codes.
const (
	NoError  = 0
	FormErr  = 1
	ServFail = 2
	NXDomain = 3
	NotImp   = 4
	Refused  = 5
	BadVers  = 16
)

// ClassIN is the class of the internet.
const ClassIN = 1

// TypeOPT is the pseudo record of EDNS(0) (RFC 6891), and optEDE its option
// for extended errors (RFC 8914).
const (
	TypeOPT = 41
	optEDE  = 15
)

// maxName is the length of the longest name as text: 255 octets on the wire.
const maxName = 253

// HeaderLen is the length of a header.
const HeaderLen = 12

// Header is the first twelve octets of a message.
type Header struct {
	ID, Bits       uint16
	QD, AN, NS, AR uint16
}

// Rcode returns the lower four bits of the response code.
func (h Header) Rcode() int { return int(h.Bits & 15) }

// ReadHeader reads the header of m.
func ReadHeader(m []byte) (Header, error) {
	if len(m) < HeaderLen {
		return Header{}, ErrMalformed
	}
	u := binary.BigEndian.Uint16
	return Header{ID: u(m), Bits: u(m[2:]), QD: u(m[4:]), AN: u(m[6:]), NS: u(m[8:]), AR: u(m[10:])}, nil
}

// AppendHeader appends h.
func AppendHeader(b []byte, h Header) []byte {
	for _, v := range [...]uint16{h.ID, h.Bits, h.QD, h.AN, h.NS, h.AR} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// AppendName appends a name without compression.
func AppendName(b []byte, name string) ([]byte, error) {
	if len(name) > maxName {
		return b, ErrName
	}
	for name != "" {
		label, rest, more := strings.Cut(name, ".")
		if label == "" || len(label) > 63 || more && rest == "" {
			return b, ErrName
		}
		b = append(append(b, byte(len(label))), label...)
		name = rest
	}
	return append(b, 0), nil
}

// ReadName reads the name at off, in lower case or as it stands, and returns
// the offset behind it.
func ReadName(m []byte, off int, lower bool) (name string, next int, err error) {
	var buf [255]byte
	out := buf[:0]
	for jumped, least := false, off; ; {
		if off >= len(m) {
			return "", 0, ErrMalformed
		}
		n := int(m[off])
		switch {
		case n == 0:
			if !jumped {
				next = off + 1
			}
			return string(out), next, nil
		case n < 64:
			if len(out) > 0 {
				out = append(out, '.')
			}
			if off+1+n > len(m) || len(out)+n > maxName {
				return "", 0, ErrMalformed
			}
			out = append(out, m[off+1:off+1+n]...)
			if lower {
				lowerASCII(out[len(out)-n:])
			}
			off += 1 + n
		case n >= 192 && off+1 < len(m):
			to := (n&63)<<8 | int(m[off+1])
			if !jumped {
				next, jumped = off+2, true
			}
			if to >= least { // a pointer goes back only, so that none can turn in a circle
				return "", 0, ErrMalformed
			}
			off, least = to, to
		default:
			return "", 0, ErrMalformed
		}
	}
}

func lowerASCII(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// SkipName returns the offset behind the name at off.
func SkipName(m []byte, off int) (int, error) {
	for off < len(m) {
		n := int(m[off])
		switch {
		case n == 0:
			return off + 1, nil
		case n >= 192:
			return off + 2, nil
		case n >= 64:
			return 0, ErrMalformed
		}
		off += 1 + n
	}
	return 0, ErrMalformed
}

// AppendQuestion appends the question section of one question.
func AppendQuestion(b []byte, name string, typ uint16) ([]byte, error) {
	b, err := AppendName(b, name)
	b = binary.BigEndian.AppendUint16(b, typ)
	return binary.BigEndian.AppendUint16(b, ClassIN), err
}

// SameQuestion says whether two question sections ask the same, letter case
// aside.
func SameQuestion(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	tail := len(a) - 4
	for i := range a {
		x, y := a[i], b[i]
		if i < tail {
			x, y = lowerOctet(x), lowerOctet(y)
		}
		if x != y {
			return false
		}
	}
	return true
}

func lowerOctet(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Record is one record of a message, its data not yet read.
type Record struct {
	NameAt     int // offset of the owner
	Type       uint16
	Class      uint16
	TTL        uint32
	Data, Next int // offsets of the data and of what follows it
}

// ReadRecord reads the record at off.
func ReadRecord(m []byte, off int) (Record, error) {
	at, err := SkipName(m, off)
	if err != nil || at+10 > len(m) {
		return Record{}, ErrMalformed
	}
	r := Record{
		NameAt: off,
		Type:   binary.BigEndian.Uint16(m[at:]),
		Class:  binary.BigEndian.Uint16(m[at+2:]),
		TTL:    binary.BigEndian.Uint32(m[at+4:]),
		Data:   at + 10,
	}
	r.Next = r.Data + int(binary.BigEndian.Uint16(m[at+8:]))
	if r.Next > len(m) {
		return Record{}, ErrMalformed
	}
	return r, nil
}

// AppendRecord appends a record with ready data; owner is a packed name or a
// pointer.
func AppendRecord(b, owner []byte, typ, class uint16, ttl uint32, data []byte) []byte {
	b = append(b, owner...)
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, class)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// EDE is an extended DNS error (RFC 8914).
type EDE struct {
	Code uint16
	Text string
}

// AppendOPT appends the pseudo record of EDNS(0): the size that this side
// takes, the upper bits of the response code, and extended errors.
func AppendOPT(b []byte, size uint16, rcode int, errs []EDE) []byte {
	var data []byte
	for _, e := range errs {
		data = binary.BigEndian.AppendUint16(data, optEDE)
		data = binary.BigEndian.AppendUint16(data, uint16(2+len(e.Text)))
		data = binary.BigEndian.AppendUint16(data, e.Code)
		data = append(data, e.Text...)
	}
	return AppendRecord(b, []byte{0}, TypeOPT, size, uint32(rcode>>4)<<24, data)
}

// maxEDE is how many extended errors of an answer are read: they end up in a
// sentence, and a hostile server sends thousands.
const maxEDE = 8

// ReadEDE returns the extended errors in the data of an OPT record, the first
// maxEDE of them.
func ReadEDE(data []byte) []EDE {
	var out []EDE
	for len(data) >= 4 && len(out) < maxEDE {
		code, n := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
		if 4+n > len(data) {
			break
		}
		if code == optEDE && n >= 2 {
			out = append(out, EDE{binary.BigEndian.Uint16(data[4:]), string(data[6 : 4+n])})
		}
		data = data[4+n:]
	}
	return out
}

// Unescape reads the \DDD or \X that s begins with (RFC 1035 section 5.1) and
// returns the octet and the length of its written form.
func Unescape(s string) (octet byte, n int) {
	if len(s) >= 4 && isDigit(s[1]) && isDigit(s[2]) && isDigit(s[3]) {
		if v := int(s[1]-'0')*100 + int(s[2]-'0')*10 + int(s[3]-'0'); v < 256 {
			return byte(v), 4
		}
	}
	if len(s) < 2 {
		return '\\', 1
	}
	return s[1], 2
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
