package sink

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxLine  = 2048 // a command with its CR LF; RFC 5321 section 4.5.3.1.4 asks for 512 and room for parameters
	maxPath  = 254  // RFC 5321 section 4.5.3.1.3, without brackets
	maxLocal = 64   // RFC 5321 section 4.5.3.1.1
	maxName  = 255  // RFC 5321 section 4.5.3.1.2
)

// split cuts a command line, without its CR LF, into the verb in capitals and
// the rest. It writes into line.
func split(line []byte) (verb, rest []byte) {
	verb, rest, _ = bytes.Cut(line, []byte(" "))
	for i, c := range verb {
		if 'a' <= c && c <= 'z' {
			verb[i] = c - 'a' + 'A'
		}
	}
	return verb, bytes.Trim(rest, " ")
}

// isHello tells whether a name can stand in HELO or EHLO: the letters of a
// domain or an address literal. It is not looked up.
func isHello(name []byte) bool {
	if len(name) == 0 || len(name) > maxName {
		return false
	}
	for _, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("-._:[]", c) < 0 {
			return false
		}
	}
	return true
}

// path is what MAIL and RCPT name, with what follows it.
type path struct {
	address string
	size    int64 // SIZE (RFC 1870)
	eight   bool  // BODY=8BITMIME (RFC 6152)
	utf8    bool  // SMTPUTF8 (RFC 6531)
}

var (
	errSyntax    = errors.New("not a path in angle brackets")
	errAddress   = errors.New("not an address")
	errParameter = errors.New("a parameter that was not offered")
	errUTF8      = errors.New("an address that needs SMTPUTF8")
)

// parsePath reads what follows MAIL or RCPT: "FROM:<path> parameters" (RFC 5321
// section 4.1.2).
func parsePath(rest []byte, keyword string) (path, error) {
	if len(rest) < len(keyword) || !strings.EqualFold(string(rest[:len(keyword)]), keyword) {
		return path{}, errSyntax
	}
	text := bytes.TrimLeft(rest[len(keyword):], " ")
	end := pathEnd(text)
	if end < 0 {
		return path{}, errSyntax
	}
	p := path{address: string(withoutRoute(text[1:end]))}
	text = text[end+1:]
	if len(text) > 0 && text[0] != ' ' {
		return path{}, errSyntax
	}
	for word := range bytes.FieldsSeq(text) {
		if !p.parameter(word, keyword == "FROM:") {
			return path{}, errParameter
		}
	}
	return p, nil
}

// pathEnd is where the bracket of a path closes; -1 when it does not. A bracket
// in a quoted local part closes nothing.
func pathEnd(text []byte) int {
	if len(text) == 0 || text[0] != '<' {
		return -1
	}
	quoted := false
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return -1
}

// withoutRoute leaves out a source route, which is to be ignored (RFC 5321
// appendix C).
func withoutRoute(inner []byte) []byte {
	if len(inner) == 0 || inner[0] != '@' {
		return inner
	}
	if _, rest, ok := bytes.Cut(inner, []byte(":")); ok {
		return rest
	}
	return inner
}

func (p *path) parameter(word []byte, sender bool) bool {
	if !sender {
		return false // nothing is offered for RCPT
	}
	name, value, has := strings.Cut(strings.ToUpper(string(word)), "=")
	switch name {
	case "SIZE":
		n, err := strconv.ParseUint(value, 10, 62)
		p.size = int64(n)
		return err == nil
	case "BODY":
		p.eight = value == "8BITMIME"
		return p.eight || value == "7BIT"
	case "SMTPUTF8":
		p.utf8 = true
		return !has
	}
	return false
}

// checkAddress judges an address. A sender may be the null reverse-path, and a
// recipient postmaster alone (RFC 5321 section 4.5.1).
func checkAddress(address string, sender, international bool) error {
	switch {
	case address == "" && sender, !sender && strings.EqualFold(address, "postmaster"):
		return nil
	case len(address) > maxPath || !utf8.ValidString(address):
		return errAddress
	case !international && strings.ContainsFunc(address, func(r rune) bool { return r >= utf8.RuneSelf }):
		return errUTF8
	}
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at > maxLocal || !isLocal(address[:at]) || !isDomain(address[at+1:]) {
		return errAddress
	}
	return nil
}

func isLocal(local string) bool {
	if strings.HasPrefix(local, `"`) {
		return len(local) > 1 && strings.HasSuffix(local, `"`) && !strings.ContainsFunc(local, isControl)
	}
	return !strings.ContainsFunc(local, func(r rune) bool { return isControl(r) || strings.ContainsRune(" \"(),:;<>@[\\]", r) })
}

func isDomain(domain string) bool {
	if inner, ok := strings.CutPrefix(domain, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && inner != "" && isHello([]byte(inner)) && !strings.ContainsAny(inner, "[]")
	}
	return domain != "" && len(domain) <= maxName && !strings.ContainsFunc(domain, func(r rune) bool {
		return isControl(r) || r < utf8.RuneSelf && strings.ContainsRune(" !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~", r)
	})
}

// isControl tells what may never stand in a header: also the controls of C1 and
// the separators of lines.
func isControl(r rune) bool {
	return r < 0x20 || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029
}
