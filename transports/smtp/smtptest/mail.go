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
	if len(words) < 2 || t.script.Users == nil || !slices.Contains(strings.Fields(Mechanisms), words[1]) {
		return t.say("504 5.5.4 no such mechanism")
	}
	initial, _ := base64.StdEncoding.DecodeString(strings.Join(words[2:], ""))
	user := Login(t.script.Users, words[1], string(initial), t.ask)
	if user == "" || user == "!" {
		return t.say("535 5.7.8 Error: authentication failed")
	}
	t.mail.User = user
	return t.say("235 2.7.0 Authentication successful")
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

// Login is the server's side of a login: who logged in, "" for nobody. ask sends
// a challenge and returns the answer. A refused token has to be owned to as RFC
// 7628 section 3.2.3 and its forerunner want it; "!" is who did not.
func Login(users map[string]string, mechanism, initial string, ask func(string) string) string {
	known := func(user, secret string) string {
		if want, ok := users[user]; ok && want == secret {
			return user
		}
		return ""
	}
	first := func() string {
		if initial == "" {
			initial = ask("")
		}
		return initial
	}
	switch mechanism {
	case "PLAIN":
		if parts := strings.Split(first(), "\x00"); len(parts) == 3 {
			return known(parts[1], parts[2])
		}
	case "LOGIN":
		return known(ask("Username:"), ask("Password:"))
	case "CRAM-MD5":
		name, digest, _ := strings.Cut(ask(Challenge), " ")
		mac := hmac.New(md5.New, []byte(users[name]))
		mac.Write([]byte(Challenge))
		if _, ok := users[name]; ok && digest == hex.EncodeToString(mac.Sum(nil)) {
			return name
		}
	case "XOAUTH2":
		return bearer(first(), "user=", "\x01", known, func() bool {
			return ask(`{"status":"400","schemes":"bearer","scope":"mail"}`) == ""
		})
	case "OAUTHBEARER":
		return bearer(first(), "n,a=", ",\x01", known, func() bool {
			return ask(`{"status":"invalid_token","scope":"mail"}`) == "\x01"
		})
	}
	return ""
}

// bearer is the user whose token stands in a response (RFC 7628 section 3.1).
func bearer(response, before, behind string, known func(string, string) string, refuse func() bool) string {
	rest, ok := strings.CutPrefix(response, before)
	user, rest, found := strings.Cut(rest, behind)
	_, token, named := strings.Cut(rest, "auth=Bearer ")
	switch {
	case ok && found && named && known(user, strings.TrimRight(token, "\x01")) != "":
		return user
	case !refuse():
		return "!"
	}
	return ""
}
