package received

import (
	"strings"
)

// Results is an Authentication-Results field (RFC 8601 section 2.2).
type Results struct {
	Server  string // authserv-id; "" in the form of Microsoft 365, which leaves it out
	Methods []MethodResult
}

// MethodResult is what one method says.
type MethodResult struct {
	Method, Result string // lower case
	Comment        string // in brackets behind the result
	Props          map[string]string
}

// maxResults is how much of one field is read, in octets and in methods.
const maxResults, maxMethods = 16 << 10, 50

// ParseResults reads the value of an Authentication-Results field, also in the
// form of Microsoft 365 without authserv-id. It never fails.
func ParseResults(value string) Results {
	value = unfold(value)
	value = value[:min(len(value), maxResults)]
	var r Results
	for i, part := range splitOutside(value, ';') {
		words, comments := wordsOf(part)
		if len(words) == 0 || len(r.Methods) == maxMethods {
			continue
		}
		if i == 0 && !strings.Contains(words[0], "=") {
			r.Server = strings.ToLower(words[0])
			continue
		}
		method, result, ok := strings.Cut(words[0], "=")
		if !ok {
			continue
		}
		method, _, _ = strings.Cut(strings.ToLower(method), "/")
		m := MethodResult{Method: method, Result: strings.ToLower(result), Props: map[string]string{}}
		if len(comments) > 0 {
			m.Comment = comments[0]
		}
		for _, w := range words[1:] {
			if name, v, ok := strings.Cut(w, "="); ok {
				m.Props[strings.ToLower(name)] = v
			}
		}
		r.Methods = append(r.Methods, m)
	}
	return r
}

// Method is the first result of a method.
func (r Results) Method(name string) (MethodResult, bool) {
	for _, m := range r.Methods {
		if m.Method == name {
			return m, true
		}
	}
	return MethodResult{}, false
}

// splitOutside splits s at sep where it stands in no comment and no quotes.
func splitOutside(s string, sep byte) []string {
	var out []string
	start := 0
	scan(s, func(i int, depth int, quoted bool) {
		if s[i] == sep && depth == 0 && !quoted {
			out = append(out, s[start:i])
			start = i + 1
		}
	})
	return append(out, s[start:])
}

// wordsOf are the words of s outside comments, without quotes, and the comments.
func wordsOf(s string) (words, comments []string) {
	var word, comment strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	was := 0
	scan(s, func(i, depth int, quoted bool) {
		c := s[i]
		switch {
		case depth > 0:
			if was > 0 {
				comment.WriteByte(c)
			}
		case was > 0: // the bracket that closes
			comments = append(comments, comment.String())
			comment.Reset()
			end()
		case quoted:
			word.WriteByte(c)
		case c == ' ' || c == '\t':
			end()
		case c != '"':
			word.WriteByte(c)
		}
		was = depth
	})
	end()
	return words, comments
}

// scan calls f for each octet with the depth of comments and whether it is in
// quotes, the octet itself counted. A backslash and what it escapes are passed
// over.
func scan(s string, f func(i, depth int, quoted bool)) {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
			f(i, 0, false)
			continue
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		}
		f(i, depth, quoted)
	}
}

// AuthenticationResults writes what a verdict says as the value of an
// Authentication-Results field (RFC 8601 section 2.2). Every value that the
// sender chose is quoted, and nothing in it can end the field.
func AuthenticationResults(v Verdict, authservID string) string {
	parts := []string{value(authservID)}
	if v.SPF.Result != "unknown" {
		s := "spf=" + v.SPF.Result
		if v.Envelope.MailFrom != "" {
			s += " smtp.mailfrom=" + value(v.Envelope.MailFrom)
		} else if v.Envelope.HELO != "" {
			s += " smtp.helo=" + value(v.Envelope.HELO)
		}
		parts = append(parts, s)
	}
	if len(v.DKIM) == 0 {
		parts = append(parts, "dkim=none")
	}
	for _, d := range v.DKIM {
		if d.Result == "unknown" {
			continue
		}
		s := "dkim=" + d.Result
		if d.Reason != "" && d.Result != "pass" {
			s += " reason=" + value(d.Reason)
		}
		if d.Domain != "" {
			s += " header.d=" + value(d.Domain)
		}
		if d.Selector != "" {
			s += " header.s=" + value(d.Selector)
		}
		parts = append(parts, s)
	}
	if v.DMARC.Result != "unknown" {
		s := "dmarc=" + v.DMARC.Result
		if v.From != "" {
			s += " header.from=" + value(v.From)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ";\r\n\t")
}

// value is a token where it can be one (RFC 2045 section 5.1), else a quoted
// string of printable ASCII.
func value(s string) string {
	token := s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`()<>,;:\"/[]?=`, c)
	})
	if token && strings.Count(s, "@") <= 1 {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i, c := range s {
		switch {
		case i > 500:
		case c < ' ' || c > '~':
			b.WriteByte('?')
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
