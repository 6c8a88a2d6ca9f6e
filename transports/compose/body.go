package compose

import (
	"encoding/hex"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"clockwise.info/cwmail/transports"
)

// SubjectMark stands in front of the subject of each test message.
const SubjectMark = "[ClockWise test]"

// markOf is the first line of each test message: nobody has to guess what it is.
func markOf(t transports.Transport) string {
	return fmt.Sprintf("This is a test message from ClockWise. It was sent over the mail transport %q, of type %s.", t.Name, t.Type.Title())
}

// body is what follows the header, with the fields that describe it.
type body struct {
	boundary string // "" for text alone
	raw      []byte
}

func bodyOf(o Options, token []byte) (body, error) {
	if err := checkLine("Transport name", o.Transport.Name, maxName); err != nil {
		return body{}, err
	}
	for _, part := range []struct{ field, text string }{{"Text", o.Text}, {"HTML", o.HTML}} {
		if err := checkBody(part.field, part.text); err != nil {
			return body{}, err
		}
	}
	mark := markOf(o.Transport)
	text := o.Text
	if text == "" {
		text = "If you can read it, mail over this transport arrives. You need not answer."
	}
	text = mark + "\n\n" + text
	if o.HTML == "" {
		return body{raw: quotedPrintable(nil, text)}, nil
	}
	// No line of quoted-printable has "=_" in it (RFC 2045 section 6.7).
	b := body{boundary: "=_" + hex.EncodeToString(token)}
	b.part("text/plain", text)
	b.part("text/html", markedHTML(o.HTML, mark))
	b.raw = append(b.raw, "--"+b.boundary+"--\r\n"...)
	return b, nil
}

func (b *body) part(kind, text string) {
	b.raw = append(b.raw, "--"+b.boundary+"\r\nContent-Type: "+kind+"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"...)
	b.raw = quotedPrintable(b.raw, text)
}

// describe writes the fields of the body.
func (b body) describe(h *header) {
	if b.boundary == "" {
		h.plain("Content-Type", "text/plain; charset=utf-8")
		h.plain("Content-Transfer-Encoding", "quoted-printable")
		return
	}
	h.plain("Content-Type", `multipart/alternative; boundary="`+b.boundary+`"`)
	h.plain("Content-Transfer-Encoding", "7bit")
}

func checkBody(field, s string) error {
	switch {
	case len(s) > maxBody:
		return &FieldError{field, fmt.Sprintf("is larger than %d kB", maxBody>>10)}
	case strings.ContainsRune(s, 0):
		return &FieldError{field, "has a NUL in it"}
	case !utf8.ValidString(s):
		return &FieldError{field, "is not valid UTF-8"}
	}
	return nil
}

// markedHTML puts the mark in front of what is shown.
func markedHTML(page, mark string) string {
	line := "<p><strong>" + html.EscapeString(mark) + "</strong></p>\n"
	if i := strings.Index(lowerASCII(page), "<body"); i >= 0 {
		if end := strings.IndexByte(page[i:], '>'); end >= 0 {
			return page[:i+end+1] + "\n" + line + page[i+end+1:]
		}
	}
	return line + page
}

// lowerASCII keeps the length, which strings.ToLower does not.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// quotedPrintable appends text with any line ends (RFC 2045 section 6.7). Of
// what servers change on the way, and signatures break on, nothing is left: a
// space at the end of a line, a dot or "From " at its start.
func quotedPrintable(out []byte, text string) []byte {
	const upper = "0123456789ABCDEF"
	text = strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		column := 0
		for i := range len(line) {
			c := line[i]
			escape := c == '=' || c < ' ' && c != '\t' || c > '~' ||
				(c == ' ' || c == '\t') && i == len(line)-1 ||
				column == 0 && (c == '.' || c == 'F' && strings.HasPrefix(line[i:], "From "))
			width := 1
			if escape {
				width = 3
			}
			if column+width > maxLine-1 && !(i == len(line)-1 && column+width <= maxLine) {
				out = append(out, "=\r\n"...)
				column = 0
				if escape = escape || c == '.' || strings.HasPrefix(line[i:], "From "); escape {
					width = 3
				}
			}
			if escape {
				out = append(out, '=', upper[c>>4], upper[c&15])
			} else {
				out = append(out, c)
			}
			column += width
		}
		out = append(out, "\r\n"...)
	}
	return out
}
