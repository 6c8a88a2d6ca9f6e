package smtp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// envelope is a message as one server gets it.
type envelope struct {
	from    string
	to      []string
	message []byte
	dsn     *DSN
	utf8    bool // needs SMTPUTF8
	eight   bool // needs 8BITMIME
}

const (
	maxRecipients = 100  // what every server takes (RFC 5321 section 4.5.3.1.8)
	maxTextLine   = 1000 // with CRLF (RFC 5321 section 4.5.3.1.6)
	maxPath       = 254  // RFC 5321 section 4.5.3.1.3, without brackets
)

func (o SendOptions) envelope(to []string) envelope {
	e := envelope{from: o.From, to: to, message: o.Message, dsn: o.DSN}
	if len(e.message) > 0 && !bytes.HasSuffix(e.message, []byte("\r\n")) {
		e.message = append(bytes.Clone(e.message), "\r\n"...)
	}
	header, _, _ := bytes.Cut(e.message, []byte("\r\n\r\n"))
	e.utf8 = !ascii(o.From) || slices.ContainsFunc(to, func(a string) bool { return !ascii(a) }) || !ascii(string(header))
	e.eight = !ascii(string(e.message))
	return e
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// securities are the ways of encryption.
var securities = []string{"starttls", "tls", "none", Opportunistic}

// wrong says why the options cannot be carried out; "" when they can. What
// stands in them goes over the line, so nothing in it may begin a command of
// its own.
func (o SendOptions) wrong(probe bool) string {
	switch {
	case !oneWord(o.Name):
		return "the name to say in EHLO is not one word"
	case !slices.Contains(securities, o.Security):
		return "security is to be starttls, tls or none"
	case o.Host != "" && !oneWord(o.Host):
		return "the host is not a name"
	case len(o.To) > maxRecipients:
		return fmt.Sprintf("there are more than %d recipients", maxRecipients)
	case len(o.To) == 0 && (!probe || o.Host == ""):
		return "there is no recipient"
	case o.From != "" && !isPath(o.From):
		return "the sender is not an address"
	case slices.ContainsFunc(o.To, func(a string) bool { return !isPath(a) }):
		return "a recipient is not an address"
	}
	for _, why := range []string{o.wrongLogin(), o.wrongDSN()} {
		if why != "" {
			return why
		}
	}
	if probe {
		return ""
	}
	return wrongMessage(o.Message)
}

func (o SendOptions) wrongLogin() string {
	_, known := mechanisms[strings.ToUpper(o.Auth)]
	switch {
	case o.Auth == "":
		return ""
	case !known:
		return "the way to log in is not known"
	case o.Host == "":
		return "nobody logs in at the mail servers of a recipient"
	case o.Security == Opportunistic:
		return "a login needs starttls or tls, or none on purpose"
	case o.Username == "" || strings.ContainsAny(o.Username, "\x00\x01\r\n"):
		return "the user name is empty or has a control character in it"
	case o.Secret == nil:
		return "there is no password or token"
	}
	return ""
}

func (o SendOptions) wrongDSN() string {
	d := o.DSN
	switch {
	case d == nil:
		return ""
	case !slices.Contains([]string{"", "FULL", "HDRS"}, d.Return), len(d.ID) > 100, !ascii(d.ID):
		return "the request for a delivery report is malformed"
	case len(d.Notify) > 1 && slices.Contains(d.Notify, "NEVER"):
		return "a delivery report is asked for never and otherwise"
	}
	for _, n := range d.Notify {
		if !slices.Contains([]string{"NEVER", "SUCCESS", "FAILURE", "DELAY"}, n) {
			return "the request for a delivery report is malformed"
		}
	}
	return ""
}

// wrongMessage looks for what makes servers see another message than was
// signed, or two of them.
func wrongMessage(message []byte) string {
	if len(message) == 0 {
		return "there is no message"
	}
	if bytes.IndexByte(message, 0) >= 0 {
		return "the message has a NUL in it"
	}
	for rest := message; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\r\n"))
		switch {
		case bytes.ContainsAny(line, "\r\n"):
			return "the message has a line that does not end with CRLF"
		case len(line)+2 > maxTextLine:
			return "the message has a line of more than 998 octets"
		}
		rest = after
	}
	return ""
}

func oneWord(text string) bool {
	return text != "" && len(text) <= 255 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError })
}

// isPath holds for an address that can stand between the brackets of MAIL and
// RCPT. Whether it exists is for the server to say.
func isPath(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || len(address) > maxPath || !utf8.ValidString(address) {
		return false
	}
	local, domain := address[:at], address[at+1:]
	if !oneWord(domain) || strings.ContainsAny(domain, "<>@\"(),;\\") {
		return false
	}
	if len(local) >= 2 && local[0] == '"' && local[len(local)-1] == '"' {
		return isQuoted(local[1 : len(local)-1])
	}
	return oneWord(local) && !strings.ContainsAny(local, "<>@\"(),:;[]\\")
}

// isQuoted holds for the content of a quoted string (RFC 5321 section 4.1.2).
func isQuoted(text string) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < ' ' || c == 0x7f || c == '"':
			return false
		case c == '\\':
			i++
			if i == len(text) || text[i] < ' ' || text[i] == 0x7f {
				return false
			}
		}
	}
	return true
}
