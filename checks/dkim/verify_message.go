package dkim

import (
	"bytes"
	"hash"
	"strings"
)

// MessageField is a header field of a message as it stands there.
type MessageField struct {
	Name string // without white space around it
	Raw  string // with the name, the folding and the line end
}

// Value is what stands behind the colon, folding included, without the line end.
func (f MessageField) Value() string {
	_, v, _ := strings.Cut(f.Raw, ":")
	return strings.TrimRight(v, "\r\n")
}

// Message is a message as its signatures see it.
type Message struct {
	Fields []MessageField
	Body   []byte

	// Complete is false where the header is larger than what is read: then no
	// signature can be verified.
	Complete bool
}

// Bounds of a message.
const (
	maxMessage = 64 << 20
	maxHeader  = 1 << 20
	maxFields  = 2000
)

// ParseMessage divides a message. It never fails. A message without any CRLF has
// come from a file: its line ends become CRLF, as they were on the way.
func ParseMessage(raw []byte) Message {
	m := Message{Complete: len(raw) <= maxMessage}
	raw = raw[:min(len(raw), maxMessage)]
	if !bytes.Contains(raw, []byte("\r\n")) {
		raw = bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
	}
	read := 0
	for len(raw) > 0 {
		line := raw
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			line = raw[:end+1]
		}
		raw = raw[len(line):]
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if read += len(line); read > maxHeader || len(m.Fields) == maxFields {
			m.Complete = false
			break
		}
		if last := len(m.Fields) - 1; last >= 0 && (line[0] == ' ' || line[0] == '\t') {
			m.Fields[last].Raw += string(line)
			continue
		}
		name, _, _ := strings.Cut(string(line), ":")
		m.Fields = append(m.Fields, MessageField{strings.Trim(name, whiteSpace), string(line)})
	}
	m.Body = raw
	return m
}

// Canonical is the field as it is hashed (RFC 6376 sections 3.4.1 and 3.4.2).
func (f MessageField) Canonical(c Canon) string {
	if c == Simple {
		return f.Raw
	}
	return relaxed(f.Name, f.Value()) + "\r\n"
}

func relaxed(name, value string) string {
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(whiteSpace, r) })
	return lower(name) + ":" + strings.Join(words, " ")
}

// lower lowers A to Z only: other octets stay what they are.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// HeaderHash is what b= signs: the hash of the signed fields and of the signature
// field itself (RFC 6376 section 3.7). at is the place of that field in fields,
// which is not among the signed ones; -1 where it is not there. It is nil for an
// algorithm that is not known.
func (s Signature) HeaderHash(fields []MessageField, at int) []byte {
	kind, ok := hashOf(s.Algorithm)
	if !ok {
		return nil
	}
	h := kind.New()
	for _, f := range s.pick(fields, at) {
		h.Write([]byte(f.Canonical(s.Header)))
	}
	name := "DKIM-Signature"
	if at >= 0 {
		name, _, _ = strings.Cut(fields[at].Raw, ":")
	}
	own := MessageField{strings.Trim(name, whiteSpace), name + ":" + s.withoutValue()}
	h.Write([]byte(strings.TrimRight(own.Canonical(s.Header), "\r\n")))
	return h.Sum(nil)
}

// pick lists the fields of h=: of each name from the bottom of the header up
// (section 5.4.2). Names without a field stand for nothing.
func (s Signature) pick(fields []MessageField, own int) []MessageField {
	byName := map[string][]int{}
	for i, f := range fields {
		if i != own {
			n := lower(f.Name)
			byName[n] = append(byName[n], i)
		}
	}
	var out []MessageField
	for _, name := range s.Headers {
		n := lower(name)
		if left := byName[n]; len(left) > 0 {
			out = append(out, fields[left[len(left)-1]])
			byName[n] = left[:len(left)-1]
		}
	}
	return out
}

// BodyHash is the hash that bh= has to hold (RFC 6376 section 3.7) for a=, c=
// and l=, which is -1 for none; and how many octets the canonical body has in
// all. The hash is nil for an algorithm that is not known.
func BodyHash(body []byte, c Canon, algorithm string, length int64) (sum []byte, octets int64) {
	kind, ok := hashOf(algorithm)
	if !ok {
		return nil, 0
	}
	w := &bodyHasher{to: kind.New(), left: length}
	if c == Simple {
		w.simple(body)
	} else {
		w.relaxed(body)
	}
	return w.to.Sum(nil), w.octets
}

// bodyHasher hashes what is written to it, up to l=.
type bodyHasher struct {
	to     hash.Hash
	left   int64 // below 0 without an end
	octets int64
	empty  int // lines that wait for one that is not empty
}

func (w *bodyHasher) write(b []byte) {
	w.octets += int64(len(b))
	if w.left >= 0 {
		b = b[:min(int64(len(b)), w.left)]
		w.left -= int64(len(b))
	}
	w.to.Write(b)
}

var crlf = []byte("\r\n")

// line takes a canonical line: empty ones count only before another one.
func (w *bodyHasher) line(b []byte) {
	if len(b) == 0 {
		w.empty++
		return
	}
	for ; w.empty > 0; w.empty-- {
		w.write(crlf)
	}
	w.write(b)
	w.write(crlf)
}

// simple is section 3.4.3: an empty body is one line end.
func (w *bodyHasher) simple(body []byte) {
	for line := range bytes.SplitSeq(body, crlf) {
		w.line(line)
	}
	if w.octets == 0 {
		w.write(crlf)
	}
}

// relaxed is section 3.4.4: white space is one space, at the end of a line none.
func (w *bodyHasher) relaxed(body []byte) {
	var out []byte
	for line := range bytes.SplitSeq(body, crlf) {
		out = out[:0]
		space := false
		for _, c := range line {
			if c == ' ' || c == '\t' {
				space = true
				continue
			}
			if space {
				out = append(out, ' ')
				space = false
			}
			out = append(out, c)
		}
		w.line(out)
	}
}
