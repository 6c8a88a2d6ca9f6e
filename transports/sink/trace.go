package sink

import (
	"bytes"
	"crypto/tls"
	"strings"
)

// Trace is what a final receiver puts on top of a message: Return-Path and
// Received (RFC 5321 section 4.4). The recipient stands in it when there is only
// one, so that nobody learns of the others.
func (r *Received) Trace(host string) []byte {
	var b bytes.Buffer
	b.WriteString("Return-Path: <" + r.From + ">\r\n")
	b.WriteString("Received: from " + r.Hello + " (" + literal(r) + ")\r\n\tby " + host + " with " + r.protocol() + " id " + r.ID)
	if r.TLS != nil {
		b.WriteString("\r\n\t(" + tls.VersionName(r.TLS.Version) + " " + tls.CipherSuiteName(r.TLS.CipherSuite) + ")")
	}
	if len(r.To) == 1 {
		b.WriteString("\r\n\tfor <" + r.To[0] + ">")
	}
	b.WriteString(";\r\n\t" + r.Ended.Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\r\n")
	return b.Bytes()
}

// literal is the client's address as in RFC 5321 section 4.1.3.
func literal(r *Received) string {
	a := r.Client.Addr()
	switch {
	case !a.IsValid():
		return "unknown"
	case a.Is6():
		return "[IPv6:" + a.WithZone("").String() + "]"
	}
	return "[" + a.String() + "]"
}

// WithoutResults is the message without the fields Authentication-Results that
// claim to be of host: only the host itself may have written those, and it has
// not seen the message before (RFC 8601 section 5). A field that cannot be read
// goes too. It returns how many went.
func WithoutResults(message []byte, host string) ([]byte, int) {
	var out []byte
	removed, copied := 0, 0
	for at := 0; at < len(message); {
		end := fieldEnd(message, at)
		if end-at <= 2 && string(bytes.TrimRight(message[at:end], "\r\n")) == "" {
			break // the body begins
		}
		if claims(message[at:end], host) {
			out = append(out, message[copied:at]...)
			copied = end
			removed++
		}
		at = end
	}
	if removed == 0 {
		return message, 0
	}
	return append(out, message[copied:]...), removed
}

// fieldEnd is where the field that begins at from ends, with its folded lines.
func fieldEnd(message []byte, from int) int {
	for at := from; ; {
		i := bytes.IndexByte(message[at:], '\n')
		if i < 0 {
			return len(message)
		}
		at += i + 1
		empty := at-from <= 2 && message[from] != ' ' && message[from] != '\t' && (message[from] == '\r' || message[from] == '\n')
		if at == len(message) || empty || message[at] != ' ' && message[at] != '\t' {
			return at
		}
	}
}

func claims(field []byte, host string) bool {
	name, value, ok := bytes.Cut(field, []byte(":"))
	if !ok || !strings.EqualFold(string(bytes.TrimSpace(name)), "Authentication-Results") {
		return false
	}
	id, ok := server(string(value))
	return !ok || strings.EqualFold(strings.TrimSuffix(id, "."), strings.TrimSuffix(host, "."))
}

// server is the authserv-id of a value: a token or a quoted text behind comments
// and white space (RFC 8601 section 2.2).
func server(value string) (id string, ok bool) {
	value, ok = withoutComments(value)
	if !ok || value == "" {
		return "", false
	}
	if value[0] != '"' {
		end := strings.IndexAny(value, " \t\r\n;(/=\"")
		if end < 0 {
			return value, true
		}
		return value[:end], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(value); i++ {
		switch c := value[i]; c {
		case '"':
			return b.String(), true
		case '\\':
			if i++; i < len(value) {
				b.WriteByte(value[i])
			}
		case '\r', '\n': // folding
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// withoutComments is a text without the white space and comments before it.
func withoutComments(text string) (string, bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case depth > 0 && c == '\\':
			i++
		case c == '(':
			depth++
		case depth > 0 && c == ')':
			depth--
		case depth == 0 && strings.IndexByte(" \t\r\n", c) < 0:
			return text[i:], true
		}
	}
	return "", depth == 0
}
