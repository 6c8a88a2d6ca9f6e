package smtptest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// Message is a mail that a server has taken over.
type Message struct {
	User     string // who had logged in
	From     string
	To       []string
	Raw      string // without dots doubled, with CRLF
	Complete bool   // false: it broke off
}

// Messages lists what was handed over, the unfinished too.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Challenge is what the server asks in CRAM-MD5.
const Challenge = "<1896.697170952@mail.acme.example>"

// Mechanisms are those that a server with Users offers.
const Mechanisms = "PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER"

// GoodMail is a server without fault that takes mail, and lets users log in
// inside TLS.
func GoodMail(c tls.Certificate, users map[string]string) Script {
	s := Good(c)
	for verb, reply := range map[string]string{
		"EHLO TLS": "250-mail.acme.example\r\n" + Offers + "250 AUTH " + Mechanisms,
		"MAIL":     "250 2.1.0 Ok",
		"RCPT":     "250 2.1.5 Ok",
		"DATA":     "354 End data with <CR><LF>.<CR><LF>",
		".":        "250 2.0.0 Ok: queued as 4F3D21",
		"RSET":     "250 2.0.0 Ok",
	} {
		s.Replies[verb] = reply
	}
	s.Users = users
	return s
}

// path is what stands between the brackets of MAIL and RCPT.
func path(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	inside, _, _ := strings.Cut(rest, ">")
	return inside
}

// data reads a message.
func (t *talk) data() bool {
	var raw strings.Builder
	keep := func(complete bool) {
		t.mail.Raw, t.mail.Complete = raw.String(), complete
		t.mu.Lock()
		t.messages = append(t.messages, t.mail)
		t.mu.Unlock()
		t.mail = Message{User: t.mail.User}
	}
	for {
		line, err := t.lines.ReadString('\n')
		switch {
		case err != nil:
			raw.WriteString(line)
			keep(false)
			return false
		case line == ".\r\n":
			keep(true)
			return t.say(t.reply(".", "."))
		case t.script.InData != "":
			keep(false)
			if t.say(t.script.InData) {
				_, _ = io.Copy(io.Discard, t.conn)
			}
			return false
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
}

// auth logs somebody in.
func (t *talk) auth(line string) bool {
	words := strings.Fields(line)
	if len(words) < 2 || t.script.Users == nil {
		return t.say("504 5.5.4 no such mechanism")
	}
	var user string
	switch words[1] {
	case "PLAIN":
		parts := strings.Split(t.first(words), "\x00")
		if len(parts) == 3 && t.known(parts[1], parts[2]) {
			user = parts[1]
		}
	case "LOGIN":
		name, secret := t.ask("Username:"), t.ask("Password:")
		if t.known(name, secret) {
			user = name
		}
	case "CRAM-MD5":
		name, digest, _ := strings.Cut(t.ask(Challenge), " ")
		mac := hmac.New(md5.New, []byte(t.script.Users[name]))
		mac.Write([]byte(Challenge))
		if _, ok := t.script.Users[name]; ok && digest == hex.EncodeToString(mac.Sum(nil)) {
			user = name
		}
	case "XOAUTH2":
		user = t.bearer(t.first(words), "user=", "\x01")
		if user == "" && t.ask(`{"status":"400","schemes":"bearer","scope":"mail"}`) != "" {
			return t.say("501 5.5.4 an empty line was expected")
		}
	case "OAUTHBEARER":
		user = t.bearer(t.first(words), "n,a=", ",\x01")
		if user == "" && t.ask(`{"status":"invalid_token","scope":"mail"}`) != "\x01" {
			return t.say("501 5.5.4 another answer was expected")
		}
	default:
		return t.say("504 5.5.4 no such mechanism")
	}
	if user == "" {
		return t.say("535 5.7.8 Error: authentication failed")
	}
	t.mail.User = user
	return t.say("235 2.7.0 Authentication successful")
}

func (t *talk) known(user, secret string) bool {
	want, ok := t.script.Users[user]
	return ok && want == secret
}

// first is the initial response, asked for where it does not stand in AUTH.
func (t *talk) first(words []string) string {
	if len(words) < 3 {
		return t.ask("")
	}
	text, _ := base64.StdEncoding.DecodeString(words[2])
	return string(text)
}

func (t *talk) ask(challenge string) string {
	if !t.say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge))) {
		return ""
	}
	line, _ := t.hear()
	text, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return "not base64"
	}
	return string(text)
}

// bearer is the user whose token stands in a response (RFC 7628 section 3.1).
func (t *talk) bearer(response, before, behind string) string {
	rest, ok := strings.CutPrefix(response, before)
	user, rest, found := strings.Cut(rest, behind)
	_, token, bearer := strings.Cut(rest, "auth=Bearer ")
	if !ok || !found || !bearer || !t.known(user, strings.TrimRight(token, "\x01")) {
		return ""
	}
	return user
}
