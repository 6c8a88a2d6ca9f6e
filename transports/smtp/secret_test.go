package smtp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/transports/smtp/smtptest"
)

// spoken is all that must not be found: what was told to the server in a login,
// and what it asked.
func spoken(auth, user, secret string) []string {
	out := []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))}
	m := mechanisms[strings.ToUpper(auth)]
	c := credentials{user, secret, "mail.acme.example", "587"}
	if m.first != nil {
		out = append(out, base64.StdEncoding.EncodeToString([]byte(m.first(c))))
	}
	if auth == "cram-md5" {
		out = append(out, digest(secret, smtptest.Challenge), base64.StdEncoding.EncodeToString([]byte(user+" "+digest(secret, smtptest.Challenge))))
	}
	for _, challenge := range []string{smtptest.Challenge, "Username:", "Password:", `{"status":"400","schemes":"bearer","scope":"mail"}`} {
		out = append(out, base64.StdEncoding.EncodeToString([]byte(challenge)))
	}
	for _, s := range out { // of each, a piece is too much
		if len(s) >= 12 {
			out = append(out, s[:12])
		}
	}
	return out
}

// Nothing that a login says or is asked stands anywhere, though the server
// repeats all that it hears.
func TestNoSecretAnywhere(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	last := ""
	gossip := good
	gossip.Answer = func(line string, secure bool) (string, bool) {
		switch verb, rest, _ := strings.Cut(line, " "); verb {
		case "AUTH":
			last = rest
			_, initial, _ := strings.Cut(rest, " ")
			plain, _ := base64.StdEncoding.DecodeString(initial)
			return "535-5.7.8 not " + initial + "\r\n535-5.7.8 nor " + string(bytes.ReplaceAll(plain, []byte{0}, []byte(" "))) + "\r\n535 5.7.8 " + secret + " " + initial[:len(initial)*2/3], initial != ""
		case "MAIL":
			return "550 5.7.1 we know that you said " + last + " and " + secret + "; " + base64.StdEncoding.EncodeToString([]byte(secret)), true
		}
		return "", false
	}
	repeats := good.With("MAIL", "550 5.7.1 "+secret+base64.RawStdEncoding.EncodeToString([]byte(secret)))
	garbage := good.With("AUTH", secret+" is what you said")
	for name, script := range map[string]smtptest.Script{"good": good, "gossip": gossip, "repeats": repeats, "garbage": garbage} {
		for _, auth := range []string{"plain", "login", "cram-md5", "xoauth2", "oauthbearer"} {
			for _, password := range []string{secret, secret + " but wrong"} {
				s := smtptest.Start(t, script)
				o := mailTo(a, s, "starttls", auth)
				o.Secret = func(context.Context) (string, error) { return password, nil }
				var out strings.Builder
				o.Emit = func(e Event) {
					fmt.Fprintf(&out, "%+v\n", e)
					if e.Line != nil {
						fmt.Fprintf(&out, "%+v\n", *e.Line)
					}
				}
				got := Send(t.Context(), o)
				for _, c := range got.Conversations {
					fmt.Fprintf(&out, "%+v\n%#v\n%+v\n", c, c, *c.Mail)
					if c.Mail.Login != nil {
						fmt.Fprintf(&out, "%+v\n%#v\n", *c.Mail.Login, *c.Mail.Login)
					}
				}
				fmt.Fprintf(&out, "%+v\n%#v\n%+v\n%s\n", got, got, o, told(got))
				got.Conversations[0].TLS.Chain = nil
				text, err := json.Marshal(got)
				if err != nil {
					t.Fatal(err)
				}
				out.Write(text)
				for _, s := range append(spoken(auth, o.Username, password), spoken(auth, o.Username, secret)...) {
					if at := strings.Index(out.String(), s); at >= 0 {
						t.Fatalf("%s %s: %q stands in …%q…", name, auth, s, out.String()[max(at-80, 0):at+40])
					}
				}
				if !strings.Contains(out.String(), "C AUTH "+strings.ToUpper(auth)) {
					t.Errorf("%s %s: no login in\n%s", name, auth, told(got))
				}
			}
		}
	}
}

func TestVeil(t *testing.T) {
	s := &session{}
	if s.veil("535 hunter2") != "535 hunter2" {
		t.Error("hides without a secret")
	}
	s.hide("correct horse", "x", "")
	for in, want := range map[string]string{
		"250 ok": "250 ok", "535 correct horse battery": "535 (hidden) battery", "535 correct hours": "535 (hidden)urs",
		"535 Y29ycmVjdCBob3JzZQ== no": "535 (hidden) no", "535 Y29ycmVjdC": "535 (hidden)", "535 correct": "535 correct", "535 axa": "535 a(hidden)a",
		"53": "53", "535-correct horsecorrect horse": "535-(hidden)(hidden)",
	} {
		if got := s.veil(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// scripted is a connection whose other side says what it wants to, whatever it
// is told.
type scripted struct {
	io.Reader
	said bytes.Buffer
}

func (c *scripted) Write(b []byte) (int, error)      { return c.said.Write(b) }
func (c *scripted) Close() error                     { return nil }
func (c *scripted) LocalAddr() net.Addr              { return nil }
func (c *scripted) RemoteAddr() net.Addr             { return nil }
func (c *scripted) SetDeadline(time.Time) error      { return nil }
func (c *scripted) SetReadDeadline(time.Time) error  { return nil }
func (c *scripted) SetWriteDeadline(time.Time) error { return nil }

// Whatever a server says: it ends, keeps the secret, sends one message at most
// and takes for accepted only what was.
func FuzzConversation(f *testing.F) {
	f.Add("220 a\r\n250-a\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n221 bye\r\n", "plain")
	f.Add("220 a\r\n250-a\r\n250-PIPELINING\r\n250 AUTH CRAM-MD5\r\n334 YQ==\r\n235 ok\r\n250 ok\r\n550 no\r\n221 bye\r\n", "cram-md5")
	f.Add("220 a\r\n250-a\r\n250 AUTH=LOGIN\r\n334 YQ==\r\n334 YQ==\r\n334 correct horse battery\r\n535 no\r\n", "login")
	f.Add("220 a\r\n250-a\r\n250 AUTH OAUTHBEARER\r\n334 eyJzdGF0dXMiOiJhIn0=\r\n535 Y29ycmVjdCBob3JzZSBiYXR0ZXJ5\r\n", "oauthbearer")
	f.Add("220 a\n250 SIZE 99999999999999999999\n250 ok\n250 ok\n354 go\n", "none")
	f.Fuzz(func(t *testing.T, says, auth string) {
		const password = "correct horse battery"
		c := &scripted{Reader: strings.NewReader(says)}
		dials := 0
		got := Send(t.Context(), SendOptions{
			From: "jan@acme.example", To: []string{"a@hoster.test", "b@hoster.test"}, Message: []byte(message), Host: "192.0.2.1", Security: "none",
			Auth: auth, Username: "jan", Secret: func(context.Context) (string, error) { return password, nil }, Name: "cwmail.example",
			Addresses: func(context.Context, string) ([]netip.Addr, error) { return nil, nil },
			Now:       func() time.Time { return smtptest.Now },
			Dial: func(context.Context, string, string) (net.Conn, error) {
				if dials++; dials > 1 {
					return nil, errors.New("once only")
				}
				return c, nil
			},
		})
		out := fmt.Sprintf("%+v %s", got, told(got))
		for _, s := range []string{password, base64.RawStdEncoding.EncodeToString([]byte(password)), base64.RawStdEncoding.EncodeToString([]byte("\x00jan\x00" + password))} {
			if strings.Contains(out, s) && !strings.Contains(says, s[:veilFrom]) {
				t.Fatalf("%q in %s", s, out)
			}
		}
		finished := strings.Contains(c.said.String(), "\r\nend\r\n.\r\n")
		if (got.Outcome == Accepted || got.Outcome == Unsure || got.Outcome == Partly) && !finished || strings.Count(c.said.String(), "DATA\r\n") > 1 {
			t.Fatalf("%s after %q", got.Outcome, c.said.String())
		}
	})
}
