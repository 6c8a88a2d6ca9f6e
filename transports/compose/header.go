package compose

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// header writes header fields, and keeps them as people read them.
type header struct {
	message *Message
	raw     bytes.Buffer
}

func (h *header) add(name, shown, written string) {
	h.message.Header = append(h.message.Header, Field{name, shown})
	h.raw.WriteString(name + ":" + written + "\r\n")
}

// plain writes a value of ours: short, and ASCII.
func (h *header) plain(name, value string) { h.add(name, value, " "+value) }

// text writes unstructured text (RFC 5322 section 2.2.1).
func (h *header) text(name, value string) {
	if at := len(name) + 2; plainText(value) && at+len(value) <= maxLine {
		h.plain(name, value)
	} else {
		h.add(name, value, " "+encodeWords(value, at))
	}
}

// mailboxes writes addresses, one a line.
func (h *header) mailboxes(name string, all ...mailbox) {
	var shown, written []string
	for i, m := range all {
		column := 1
		if i == 0 {
			column = len(name) + 2
		}
		shown = append(shown, m.readable())
		written = append(written, m.written(column))
	}
	h.add(name, strings.Join(shown, ", "), " "+strings.Join(written, ",\r\n "))
}

// maxLine is the length of a line that should not be exceeded (RFC 5322 section
// 2.1.1; RFC 2047 section 2 for lines with encoded words).
const maxLine = 76

// written is the mailbox at a column of a line, folded where it is long.
func (m mailbox) written(column int) string {
	if m.name == "" {
		return m.String()
	}
	name := quote(m.name)
	if !plainText(m.name) || column+len(name) > maxLine {
		name = encodeWords(m.name, column)
	}
	address := "<" + m.String() + ">"
	last := column + len(name)
	if i := strings.LastIndexByte(name, '\n'); i >= 0 {
		last = len(name) - i - 1
	}
	if last+1+len(address) > maxLine {
		return name + "\r\n " + address
	}
	return name + " " + address
}

// plainText holds for what can stand in a header as it is: nothing in it looks
// like an encoded word, and no space at an end can get lost.
func plainText(s string) bool {
	return ascii(s) && !strings.Contains(s, "=?") && strings.TrimSpace(s) == s
}

// encodeWords writes a text as encoded words of UTF-8 (RFC 2047), as many as it
// takes, the first one at the given column.
func encodeWords(s string, column int) string {
	const start, end = "=?utf-8?b?", "?="
	var words []string
	for s != "" {
		room := (maxLine - column - len(start) - len(end)) / 4 * 3
		n := 0
		for n < len(s) { // a character must not be divided
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > room && n > 0 {
				break
			}
			n += size
		}
		words = append(words, start+base64.StdEncoding.EncodeToString([]byte(s[:n]))+end)
		s, column = s[n:], 1
	}
	return strings.Join(words, "\r\n ")
}

// subjectOf puts the mark in front of a subject.
func subjectOf(s string) (string, error) {
	if err := checkLine("Subject", s, maxSubject); err != nil {
		return "", err
	}
	if s = strings.TrimSpace(s); s == "" {
		s = "does this message arrive?"
	}
	return fmt.Sprintf("%s %s", SubjectMark, s), nil
}
