package smtp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// credentials are said in a login and live no longer than it.
type credentials struct {
	user, secret, host, port string
}

// mechanism is how to log in (RFC 4954): what stands in AUTH, and what answers
// each challenge after it.
type mechanism struct {
	first func(credentials) string // nil: the server speaks first
	next  []func(c credentials, challenge string) string
	// refused answers the challenge that tells of an error, so that the server
	// goes on to refuse (RFC 7628 section 3.2.3); it stands in for next.
	refused func() string
}

var errNoAnswer = errors.New("the server asks on where the login has nothing left to say")

var mechanisms = map[string]mechanism{
	"PLAIN": {first: func(c credentials) string { return "\x00" + c.user + "\x00" + c.secret }}, // RFC 4616
	"LOGIN": {next: []func(credentials, string) string{
		func(c credentials, _ string) string { return c.user },
		func(c credentials, _ string) string { return c.secret },
	}},
	"CRAM-MD5": {next: []func(credentials, string) string{func(c credentials, challenge string) string { // RFC 2195
		return c.user + " " + digest(c.secret, challenge)
	}}},
	"XOAUTH2": {
		first:   func(c credentials) string { return "user=" + c.user + "\x01auth=Bearer " + c.secret + "\x01\x01" },
		refused: func() string { return "" },
	},
	"OAUTHBEARER": { // RFC 7628 section 3.1
		first: func(c credentials) string {
			user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(c.user)
			return "n,a=" + user + ",\x01host=" + c.host + "\x01port=" + c.port + "\x01auth=Bearer " + c.secret + "\x01\x01"
		},
		refused: func() string { return "\x01" },
	},
}

func digest(secret, challenge string) string {
	h := hmac.New(md5.New, []byte(secret))
	h.Write([]byte(challenge))
	return hex.EncodeToString(h.Sum(nil))
}

// logIn logs in once, or says why it does not. After a refusal nothing more is
// tried: accounts get locked.
func (s *session) logIn(o SendOptions) bool {
	s.enter(Login)
	name := strings.ToUpper(o.Auth)
	result := &LoginResult{Mechanism: name, Username: o.Username}
	s.mail().Login = result
	if !s.mayLogIn(o, name) {
		return false
	}
	secret, err := o.Secret(s.ctx)
	switch {
	case s.ctx.Err() != nil:
		return s.fail(NotRun, "stopped")
	case err != nil:
		return s.fail(NoSecret, "there is no password or token: "+err.Error())
	case secret == "":
		return s.fail(NoSecret, "there is no password or token")
	case strings.ContainsAny(secret, "\x00\x01\r\n"):
		return s.fail(NoSecret, "the password or token has a control character in it and cannot be said")
	}
	s.hide(secret)
	s.masked = true
	err = s.exchange(mechanisms[name], name, credentials{o.Username, secret, o.Host, strconv.Itoa(o.Port)})
	s.masked = false
	result.Reply = s.c.Reply
	switch {
	case errors.Is(err, errNoAnswer), errors.Is(err, errBadChallenge):
		return s.fail(BadChallenge, err.Error())
	case err != nil:
		return s.broken(err)
	case s.c.Reply.Code/100 != 2:
		return s.fail(BadReply, "the answer to the login is "+s.c.Reply.String())
	}
	return true
}

// mayLogIn holds for a server to which the secret may be told.
func (s *session) mayLogIn(o SendOptions, mechanism string) bool {
	if t := s.c.TLS; t != nil {
		switch {
		case t.Version < tls.VersionTLS12:
			return s.fail(WeakTLS, "no login: "+tls.VersionName(t.Version)+" is too old to tell a password through it")
		case t.Name != nil && !o.AnyCertificate:
			return s.fail(BadCertificate, "no login: the certificate is not for "+s.Host)
		case t.Chained != nil && !o.AnyCertificate:
			return s.fail(BadCertificate, "no login: the certificate cannot be trusted: "+words(t.Chained))
		}
	}
	if offered := s.c.Offered.Auth(); !slices.Contains(offered, mechanism) {
		detail := "no login: the server offers none"
		if len(offered) > 0 {
			detail = "no login: the server does not offer " + mechanism + ", only " + strings.Join(offered, ", ")
		}
		return s.fail(NoMechanism, detail)
	}
	return true
}

var errBadChallenge = errors.New("what the server asks in the login is not base64")

// exchange says AUTH, and answers until the server has decided.
func (s *session) exchange(m mechanism, name string, c credentials) error {
	line, shown, waiting := "AUTH "+name, "AUTH "+name, ""
	if m.first != nil {
		answer := s.encode(m.first(c))
		if waiting = answer; len(line)+1+len(answer)+2 <= 512 { // RFC 4954 section 4
			line, shown, waiting = line+" "+answer, shown+" "+hiddenSecret, ""
		}
	}
	s.unasked()
	for turn := 0; ; {
		s.say('C', shown)
		if err := s.write(line + "\r\n"); err != nil {
			return err
		}
		challenge, err := s.challenge()
		if err != nil || s.c.Reply.Code != 334 {
			return err
		}
		shown = hiddenSecret
		switch {
		case waiting != "":
			line, waiting = waiting, ""
		case m.refused != nil && turn == 0:
			s.c.Mail.Login.Status = statusOf(challenge)
			line = s.encode(m.refused())
			turn++
		case turn < len(m.next):
			answer := m.next[turn](c, challenge)
			if name == "CRAM-MD5" {
				s.hide(strings.TrimPrefix(answer, c.user+" "))
			}
			line = s.encode(answer)
			turn++
		default:
			return s.giveUp(errNoAnswer)
		}
	}
}

// challenge reads the next reply, and what it asks where it is a 334.
func (s *session) challenge() (string, error) {
	r, err := s.answer()
	if err != nil || r.Code != 334 {
		return "", err
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Text()))
	if err != nil {
		return "", s.giveUp(errBadChallenge)
	}
	return string(text), nil
}

// giveUp ends the exchange as RFC 4954 section 4 wants it.
func (s *session) giveUp(why error) error {
	s.say('C', "*")
	if err := s.write("*\r\n"); err != nil {
		return err
	}
	if _, err := s.answer(); err != nil {
		return err
	}
	return why
}

// encode is what goes over the line; it is never kept.
func (s *session) encode(answer string) string {
	text := base64.StdEncoding.EncodeToString([]byte(answer))
	if len(answer) > 1 {
		s.secrets = append(s.secrets, strings.TrimRight(text, "="))
	}
	return text
}

// statusOf is the status in the JSON of a refused token: one short word.
func statusOf(challenge string) string {
	var says struct {
		Status string `json:"status"`
	}
	if json.Unmarshal([]byte(challenge), &says) != nil || len(says.Status) > 40 || strings.Trim(says.Status, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return ""
	}
	return says.Status
}
