// Package received judges a message that arrived: which way it came, what SPF,
// DKIM and DMARC say about it, what receivers wrote into it, and who must act.
package received

import (
	"bytes"
	"net/mail"
	"strings"

	"clockwise.info/cwmail/checks/dkim"
)

// MaxSize is how much of a message is read.
const MaxSize = 64 << 20

// Message is a message, or its header alone, as somebody pasted or saved it.
type Message struct {
	dkim.Message
	HeaderOnly bool // there is no body: it was not copied, or it is empty
	Repaired   bool // lines of a pasted header were joined again
	Cut        bool // longer than MaxSize
}

// Parse reads any text. It never fails. A first line of mbox and an indentation
// that all lines of a header share are taken away, and lines of a header that
// a mail program wrapped are joined; a whole message is left as it is, because
// its signatures are over each octet.
func Parse(raw []byte) Message {
	m := Message{}
	if len(raw) > MaxSize {
		raw, m.Cut = raw[:MaxSize], true
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	raw = bytes.TrimLeft(raw, "\r\n")
	if bytes.HasPrefix(raw, []byte("From ")) {
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	if !bytes.Contains(raw, []byte("\n\n")) && !bytes.Contains(raw, []byte("\r\n\r\n")) {
		raw, m.Repaired = repair(raw)
	}
	m.Message = dkim.ParseMessage(raw)
	m.HeaderOnly = len(bytes.TrimSpace(m.Body)) == 0
	return m
}

// repair undoes what copying a header from a mail program does to it.
func repair(raw []byte) ([]byte, bool) {
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(string(raw), "\r\n"), "\r\n", "\n"), "\n")
	changed := false
	first := lines[0]
	if indent := first[:len(first)-len(strings.TrimLeft(first, " \t"))]; indent != "" {
		for i, l := range lines {
			lines[i] = strings.TrimPrefix(l, indent)
		}
		changed = true
	}
	for i, l := range lines {
		if i > 0 && l != "" && l[0] != ' ' && l[0] != '\t' && !beginsField(l) {
			lines[i], changed = " "+l, true
		}
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n"), changed
}

// beginsField says whether a line begins with a field name (RFC 5322 section 3.6.8).
func beginsField(line string) bool {
	name, _, ok := strings.Cut(line, ":")
	name = strings.TrimRight(name, " \t")
	return ok && name != "" && !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' })
}

// Values are the unfolded values of the fields of that name, from the top.
func (m Message) Values(name string) []string {
	var out []string
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			out = append(out, unfold(f.Value()))
		}
	}
	return out
}

// first is the topmost value of a field; "" for none.
func (m Message) first(name string) string {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			return unfold(f.Value())
		}
	}
	return ""
}

// unfold joins a folded value (RFC 5322 section 2.2.3).
func unfold(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "", "\r", "", "\n", "").Replace(s))
}

// mailbox is one address of a header field.
type mailbox struct{ name, address, domain string }

// maxAddresses is how long an address field may be that is read.
const maxAddresses = 64 << 10

// mailboxes reads an address field; ok is false where it does not parse.
func mailboxes(value string) (out []mailbox, ok bool) {
	if len(value) > maxAddresses {
		return nil, false
	}
	list, err := (&mail.AddressParser{}).ParseList(value)
	ok = err == nil
	if !ok { // what receivers take: the text in the last angle brackets
		_, rest, found := cutLast(value, "<")
		addr, _, closed := strings.Cut(rest, ">")
		if !found || !closed {
			addr = strings.TrimSpace(value)
		}
		if strings.ContainsAny(addr, " \t,;<>\"") {
			return nil, false
		}
		list = []*mail.Address{{Address: addr}}
	}
	for _, a := range list {
		_, domain, found := cutLast(a.Address, "@")
		if !found || domain == "" {
			return out, false
		}
		out = append(out, mailbox{a.Name, a.Address, strings.ToLower(strings.TrimSuffix(domain, "."))})
	}
	return out, ok
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
