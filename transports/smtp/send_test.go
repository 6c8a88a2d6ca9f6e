package smtp

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/transports/smtp/smtptest"
)

const (
	secret  = "Pa55-w\u00f6rd=\"of Jan\""
	message = "From: jan@acme.example\r\nSubject: test\r\n\r\nHello\r\n.\r\n..two dots\r\nend\r\n"
)

var users = map[string]string{"jan@acme.example": secret}

// mailTo sends over an external server.
func mailTo(a *smtptest.Authority, s *smtptest.Server, security, auth string) SendOptions {
	return SendOptions{
		From: "jan@acme.example", To: []string{"piet@hoster.test"}, Message: []byte(message),
		Host: "mail.acme.example", Port: int(s.Addr.Port()), Security: security, Auth: auth, Username: "jan@acme.example",
		Secret: func(context.Context) (string, error) { return secret, nil },
		Name:   "cwmail.example",
		Addresses: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{s.Addr.Addr()}, nil
		},
		Dial: (&net.Dialer{}).DialContext, Now: func() time.Time { return smtptest.Now }, Roots: a.Pool,
		Limits: Limits{Connect: 5 * time.Second, Reply: 5 * time.Second, End: 5 * time.Second},
	}
}

func told(d Delivery) string {
	var b strings.Builder
	for _, c := range d.Conversations {
		b.WriteString(transcript(c))
	}
	return b.String()
}

func TestSendExternal(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	implicit := good
	implicit.Implicit = true
	clear := good.With("EHLO", "250-mail.acme.example\r\n250 AUTH "+smtptest.Mechanisms)
	for _, c := range []struct {
		security string
		script   smtptest.Script
	}{{"starttls", good}, {"tls", implicit}, {"none", clear}} {
		for _, auth := range []string{"none", "plain", "login", "cram-md5", "xoauth2", "oauthbearer"} {
			t.Run(c.security+" "+auth, func(t *testing.T) {
				s := smtptest.Start(t, c.script)
				got := Send(t.Context(), mailTo(a, s, c.security, auth))
				if got.Outcome != Accepted || got.Reply.String() != "250 2.0.0 Ok: queued as 4F3D21" || got.Stage != Done {
					t.Fatalf("%s at the %s: %s\n%s", got.Outcome, got.Stage, got.Detail, told(got))
				}
				user := "jan@acme.example"
				if auth == "none" {
					user = ""
				}
				want := smtptest.Message{User: user, From: "jan@acme.example", To: []string{"piet@hoster.test"}, Raw: message, Complete: true}
				if m := s.Messages(); len(m) != 1 || fmt.Sprint(m[0]) != fmt.Sprint(want) {
					t.Errorf("%+v", m)
				}
				m := got.Conversations[0].Mail
				if (m.Login != nil) != (auth != "none") || !m.Begun || !m.Finished || m.Octets != len(message) || m.End.Code != 250 {
					t.Errorf("%+v", m)
				}
				if text := told(got); !strings.Contains(text, "C DATA\nS 354 End data with <CR><LF>.<CR><LF>\nC (68 octets of message)\nC .\nS 250 2.0.0 Ok") || strings.Contains(text, "Hello") {
					t.Errorf("%s", text)
				}
				for _, s := range got.Steps {
					if s.State != OK || s.What == "" {
						t.Errorf("step %+v", s)
					}
				}
			})
		}
	}
}

// EHLO is said with our name before and inside TLS, and everything in order.
func TestSendSays(t *testing.T) {
	a := smtptest.NewAuthority(t)
	s := smtptest.Start(t, smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users))
	o := mailTo(a, s, "starttls", "plain")
	o.To = append(o.To, "klaas@hoster.test")
	o.DSN = &DSN{Notify: []string{"SUCCESS", "FAILURE"}, Return: "HDRS", ID: "a+b=c"}
	got := Send(t.Context(), o)
	plain := base64.StdEncoding.EncodeToString([]byte("\x00jan@acme.example\x00" + secret))
	want := []string{
		"EHLO cwmail.example", "STARTTLS", "EHLO cwmail.example", "AUTH PLAIN " + plain,
		"MAIL FROM:<jan@acme.example> SIZE=68 RET=HDRS ENVID=a+2Bb+3Dc",
		"RCPT TO:<piet@hoster.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;piet@hoster.test",
		"RCPT TO:<klaas@hoster.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;klaas@hoster.test",
		"DATA", "QUIT",
	}
	if heard := s.Heard(); !slices.Equal(heard, want) {
		t.Errorf("heard %q", heard)
	}
	if m := got.Conversations[0].Mail; !m.Pipelined || !m.DSN || m.UTF8 || m.EightBit {
		t.Errorf("%+v", m)
	}
	var stages []string
	for _, s := range got.Steps {
		stages = append(stages, s.Stage.Key())
	}
	if want := "resolve connect connect ehlo starttls starttls ehlo auth mail rcpt rcpt data body end"; strings.Join(stages, " ") != want {
		t.Errorf("%s", stages)
	}
}

func TestEvents(t *testing.T) {
	a := smtptest.NewAuthority(t)
	s := smtptest.Start(t, smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users))
	o := mailTo(a, s, "starttls", "plain")
	var lines []Line
	running, ended := 0, 0
	o.Emit = func(e Event) {
		switch {
		case e.Line != nil:
			lines = append(lines, *e.Line)
		case e.Step.State == Running:
			running++
		default:
			ended++
		}
	}
	got := Send(t.Context(), o)
	if !slices.Equal(lines, got.Conversations[0].Lines) || running != len(got.Steps) || ended != running {
		t.Errorf("%d lines, %d steps, %d began, %d ended", len(lines), len(got.Steps), running, ended)
	}
}

// Everything that a server or a box on the way can do wrong has its own state.
func TestSendTrouble(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	greeting := func(g string) smtptest.Script { s := good; s.Greeting = g; return s }
	implicit, raw, middle, hangs := good, good, good, good
	implicit.Implicit, raw.RawTLS, middle.InData, hangs.InData = true, true, "552 5.3.4 too large", "drop"
	serial := good.With("EHLO TLS", "250 mail.acme.example")
	for _, c := range []struct {
		name    string
		script  smtptest.Script
		outcome Outcome
		trouble Trouble
		stage   Stage
		detail  string
	}{
		{"greeting dropped", greeting("drop"), NotSent, Dropped, Banner, "closed"},
		{"greeting 554", greeting("554 5.7.1 go away"), Rejected, BadReply, Banner, "go away"},
		{"greeting 421", greeting("421 4.3.2 busy"), Deferred, BadReply, Banner, "busy"},
		{"greeting garbage", greeting("\x00\xff\x1b[2J"), NotSent, NotSMTP, Banner, "not an SMTP reply"},
		{"greeting endless", greeting("endless"), NotSent, NotSMTP, Banner, "does not end"},
		{"greeting endless line", greeting("endless line"), NotSent, NotSMTP, Banner, "does not end"},
		{"port for TLS", implicit, NotSent, SpeaksTLS, Banner, "wants TLS from the start"},
		{"EHLO code changes", good.With("EHLO", "250-a\r\n251 b"), NotSent, NotSMTP, Hello, "different codes"},
		{"EHLO refused", good.With("EHLO", "550 no").With("HELO", "550 no"), Rejected, BadReply, Hello, "550 no"},
		{"no STARTTLS", good.With("EHLO", "250 mail.acme.example"), NotSent, NoStartTLS, StartTLS, "does not offer"},
		{"STARTTLS refused", good.With("STARTTLS", "454 4.7.0 not now"), Deferred, BadReply, StartTLS, "not now"},
		{"no TLS", raw, NotSent, EarlyOctets, Handshake, "in clear"},
		{"octets in clear", good.With("STARTTLS", "220 go\r\n250 injected"), NotSent, EarlyOctets, Handshake, `"250 inj`},
		{"EHLO after TLS dropped", good.With("EHLO TLS", "drop"), NotSent, Dropped, HelloTLS, "closed"},
		{"no login", serial, NotSent, NoMechanism, Login, "offers none"},
		{"another login", good.With("EHLO TLS", "250-mail.acme.example\r\n250 AUTH GSSAPI NTLM"), NotSent, NoMechanism, Login, "not offer PLAIN, only GSSAPI, NTLM"},
		{"login refused", good.With("AUTH", "535 5.7.8 no"), Rejected, BadReply, Login, "535 5.7.8 no"},
		{"login later", good.With("AUTH", "454 4.7.0 later"), Deferred, BadReply, Login, "454"},
		{"login dropped", good.With("AUTH", "drop"), NotSent, Dropped, Login, "closed"},
		{"login garbage", good.With("AUTH", "what?"), NotSent, NotSMTP, Login, "not an SMTP reply"},
		{"MAIL refused", good.With("MAIL", "553 5.7.1 not yours"), Rejected, BadReply, Sender, "not yours"},
		{"MAIL later", good.With("MAIL", "452 4.3.1 full"), Deferred, BadReply, Sender, "full"},
		{"MAIL dropped", good.With("MAIL", "drop"), NotSent, Dropped, Sender, "closed"},
		{"MAIL garbage", good.With("MAIL", "\x16\x03"), NotSent, NotSMTP, Sender, "not an SMTP reply"},
		{"greylisted", good.With("RCPT", "450 4.2.0 greylisted, try again later"), Deferred, BadReply, Recipient, "greylisted"},
		{"RCPT refused", good.With("RCPT", "550 5.1.1 unknown"), Rejected, BadReply, Recipient, "unknown"},
		{"RCPT dropped", good.With("RCPT", "drop"), NotSent, Dropped, Recipient, "closed"},
		{"RCPT endless", good.With("RCPT", "endless"), NotSent, NotSMTP, Recipient, "does not end"},
		{"DATA refused", good.With("DATA", "554 5.5.1 no"), Rejected, BadReply, Data, "554"},
		{"DATA strange", good.With("DATA", "250 thanks"), NotSent, BadReply, Data, "250 thanks"},
		{"DATA dropped", good.With("DATA", "drop"), NotSent, Dropped, Data, "closed"},
		{"message refused", good.With(".", "550 5.7.1 spam"), Rejected, BadReply, End, "spam"},
		{"message later", good.With(".", "451 4.7.1 later"), Deferred, BadReply, End, "later"},
		{"dropped behind the message", good.With(".", "drop"), Unsure, Dropped, End, "not known whether it was accepted"},
		{"garbage behind the message", good.With(".", "ok!"), Unsure, NotSMTP, End, "not known"},
		{"nonsense behind the message", good.With(".", "354 more"), Unsure, BadReply, End, "354"},
		{"endless behind the message", good.With(".", "endless"), Unsure, NotSMTP, End, "not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t, c.script)
			o := mailTo(a, s, "starttls", "plain")
			if c.trouble == SpeaksTLS {
				o.Limits.Reply = 400 * time.Millisecond
			}
			got := Send(t.Context(), o)
			if got.Outcome != c.outcome || got.Trouble != c.trouble || got.Stage != c.stage || !strings.Contains(got.Detail, c.detail) {
				t.Errorf("%s, trouble %d at the %s: %s\n%s", got.Outcome, got.Trouble, got.Stage, got.Detail, told(got))
			}
			if (got.Reply.Code != 0) != (c.trouble == BadReply) {
				t.Errorf("reply %s", got.Reply)
			}
			last := got.Steps[len(got.Steps)-1]
			if last.State != Failed || last.Stage != c.stage || last.Detail == "" {
				t.Errorf("%+v", last)
			}
			if r := got.Recipients[0]; r.Outcome != c.outcome || len(s.Messages()) > 1 {
				t.Errorf("%+v %+v", r, s.Messages())
			}
			if heard := strings.Join(s.Heard(), "\n"); c.stage == Login && strings.Count(heard, "AUTH") > 1 || c.stage <= StartTLS && strings.Contains(heard, "MAIL") {
				t.Errorf("heard %s", heard)
			}
		})
	}
	for name, script := range map[string]smtptest.Script{"refused in the middle": middle, "dropped in the middle": hangs} {
		s := smtptest.Start(t, script)
		o := mailTo(a, s, "starttls", "none")
		o.Message = append(o.Message, strings.Repeat(strings.Repeat("x", 70)+"\r\n", 400_000)...)
		o.Limits.Reply = time.Second
		o.Host, o.Security = "mail.acme.example", "starttls"
		got := Send(t.Context(), o)
		if got.Outcome == Accepted || got.Outcome == Unsure || got.Outcome == NotSent && !strings.Contains(got.Detail, "nothing was handed over") {
			// A server that says so and closes may be heard or not: closing resets.
			if !(script.InData == middle.InData && got.Trouble == BadReply) {
				t.Errorf("%s: %s %s", name, got.Outcome, got.Detail)
			}
		}
	}
}

// A box on the way that writes over what it does not know is to be told from a
// server without STARTTLS.
func TestRewritten(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	stars := good.With("EHLO", "250-mail.acme.example\r\n250-SIZE 1000000\r\n250-XXXXXXXA\r\n250 XXXXXXXB")
	for want, script := range map[string]smtptest.Script{"": good.With("EHLO", "250-mail.acme.example\r\n250 XCLIENT NAME"), "XXXXXXXA": stars} {
		got := Send(t.Context(), mailTo(a, smtptest.Start(t, script), "starttls", "none"))
		if c := got.Conversations[0]; c.Rewritten() != want || got.Trouble != NoStartTLS {
			t.Errorf("%q\n%s", c.Rewritten(), told(got))
		}
	}
	stars.Greeting = "220 ****************************0**"
	if got := Send(t.Context(), mailTo(a, smtptest.Start(t, stars), "starttls", "none")); got.Conversations[0].Rewritten() != stars.Greeting {
		t.Errorf("%q", got.Conversations[0].Rewritten())
	}
}

// A password goes to nobody whose certificate does not say who it is, or in
// clear unless that is what is wanted.
func TestLoginOnlyWhereSafe(t *testing.T) {
	a, stranger := smtptest.NewAuthority(t), smtptest.NewAuthority(t)
	cert := func(by *smtptest.Authority, c smtptest.Cert) smtptest.Script {
		return smtptest.GoodMail(by.Issue(t, c), users)
	}
	old := cert(a, smtptest.Cert{})
	old.TLS.MinVersion, old.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for name, c := range map[string]struct {
		script  smtptest.Script
		trouble Trouble
	}{
		"good":        {cert(a, smtptest.Cert{}), NoTrouble},
		"other name":  {cert(a, smtptest.Cert{Names: []string{"www.acme.example"}}), BadCertificate},
		"expired":     {cert(a, smtptest.Cert{Expiry: smtptest.Now.AddDate(0, 0, -1)}), BadCertificate},
		"self-signed": {cert(a, smtptest.Cert{SelfSigned: true}), BadCertificate},
		"stranger":    {cert(stranger, smtptest.Cert{}), BadCertificate},
		"TLS 1.1":     {old, WeakTLS},
	} {
		s := smtptest.Start(t, c.script)
		o := mailTo(a, s, "starttls", "plain")
		asked := 0
		o.Secret = func(context.Context) (string, error) { asked++; return secret, nil }
		got := Send(t.Context(), o)
		if got.Trouble != c.trouble || (asked == 0) != (c.trouble != NoTrouble) || c.trouble != NoTrouble && got.Stage != Login {
			t.Errorf("%s: %d at the %s, %s", name, got.Trouble, got.Stage, got.Detail)
		}
		o.Auth, o.AnyCertificate = "none", false
		if got := Send(t.Context(), o); got.Outcome != Accepted {
			t.Errorf("%s: without a login: %s %s", name, got.Outcome, got.Detail)
		}
		o.Auth, o.AnyCertificate = "plain", true
		if got := Send(t.Context(), o); (got.Outcome == Accepted) != (c.trouble != WeakTLS) {
			t.Errorf("%s: with any certificate: %s %s", name, got.Outcome, got.Detail)
		}
	}
}

func TestLoginFailures(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	gone := errors.New("config: the keyring is locked")
	for _, c := range []struct {
		name, auth, auths string // auths: scripted replies to AUTH
		secret            string
		err               error
		trouble           Trouble
		detail, status    string
	}{
		{"wrong", "plain", "", "nope", nil, BadReply, "535 5.7.8 Error: authentication failed", ""},
		{"wrong", "login", "", "nope", nil, BadReply, "535", ""},
		{"wrong", "cram-md5", "", "nope", nil, BadReply, "535", ""},
		{"wrong", "xoauth2", "", "nope", nil, BadReply, "535", "400"},
		{"wrong", "oauthbearer", "", "nope", nil, BadReply, "535", "invalid_token"},
		{"long token", "xoauth2", "", strings.Repeat("x", 3000), nil, BadReply, "535", "400"},
		{"not base64", "login", "334 Username:", secret, nil, BadChallenge, "not base64", ""},
		{"asks too much", "plain", "334 YQ==", secret, nil, BadChallenge, "nothing left to say", ""},
		{"asks too much", "xoauth2", "334 YQ==", secret, nil, BadChallenge, "nothing left to say", ""},
		{"none", "plain", "", "", nil, NoSecret, "no password or token", ""},
		{"locked", "plain", "", "", gone, NoSecret, "keyring is locked", ""},
		{"two lines", "plain", "", "a\r\nQUIT", nil, NoSecret, "control character", ""},
	} {
		script := good
		if c.auths != "" {
			script.Answer = func(line string, secure bool) (string, bool) {
				if line == "*" {
					return "501 5.7.0 given up", true
				}
				return c.auths, strings.HasPrefix(line, "AUTH") || !strings.Contains(line, " ") && line != "QUIT" && line != "STARTTLS"
			}
		}
		s := smtptest.Start(t, script)
		o := mailTo(a, s, "starttls", c.auth)
		o.Secret = func(context.Context) (string, error) { return c.secret, c.err }
		got := Send(t.Context(), o)
		login := got.Conversations[0].Mail.Login
		if got.Trouble != c.trouble || got.Stage != Login || !strings.Contains(got.Detail, c.detail) || login.Status != c.status || login.Mechanism != strings.ToUpper(c.auth) {
			t.Errorf("%s %s: %d at the %s, %s (%+v)\n%s", c.name, c.auth, got.Trouble, got.Stage, got.Detail, login, told(got))
		}
		if c.trouble == BadChallenge && !strings.Contains(told(got), "C *\nS 501 5.7.0 given up\n") {
			t.Errorf("%s %s:\n%s", c.name, c.auth, told(got))
		}
		if heard := strings.Join(s.Heard(), "\n"); strings.Count(heard, "AUTH ") > 1 || strings.Contains(heard, "MAIL") || !strings.HasSuffix(heard, "QUIT") {
			t.Errorf("%s %s: heard %s", c.name, c.auth, heard)
		}
	}
}

func TestAbilities(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	bare := good.With("EHLO TLS", "250 mail.acme.example")
	small := good.With("EHLO TLS", "250-mail.acme.example\r\n250 SIZE 67")
	free := good.With("EHLO TLS", "250-mail.acme.example\r\n250 SIZE 0")
	eight := strings.Replace(message, "Hello", "Hallo \u00e9\u00e9n", 1)
	for _, c := range []struct {
		name    string
		script  smtptest.Script
		to      string
		message string
		trouble Trouble
		mail    string // what MAIL ends with
	}{
		{"plain", bare, "piet@hoster.test", message, NoTrouble, "<jan@acme.example>"},
		{"no limit", free, "piet@hoster.test", message, NoTrouble, " SIZE=68"},
		{"too large", small, "piet@hoster.test", message, TooLarge, ""},
		{"8 bits", good, "piet@hoster.test", eight, NoTrouble, " BODY=8BITMIME"},
		{"8 bits", bare, "piet@hoster.test", eight, No8BitMIME, ""},
		{"address", good, "p\u00e9@hoster.test", message, NoTrouble, " SMTPUTF8"},
		{"address", bare, "p\u00e9@hoster.test", message, NoSMTPUTF8, ""},
		{"header", good, "piet@hoster.test", "X: \u00e9\r\n" + message, NoTrouble, " BODY=8BITMIME SMTPUTF8"},
		{"header", bare, "piet@hoster.test", "X: \u00e9\r\n" + message, NoSMTPUTF8, ""},
		{"last line", bare, "piet@hoster.test", strings.TrimSuffix(message, "\r\n"), NoTrouble, ">"},
	} {
		s := smtptest.Start(t, c.script)
		o := mailTo(a, s, "starttls", "none")
		o.To, o.Message = []string{c.to}, []byte(c.message)
		got := Send(t.Context(), o)
		if got.Trouble != c.trouble || (got.Outcome == Accepted) != (c.trouble == NoTrouble) {
			t.Errorf("%s: %d %s\n%s", c.name, got.Trouble, got.Detail, told(got))
		}
		heard := s.Heard()
		at := slices.IndexFunc(heard, func(l string) bool { return strings.HasPrefix(l, "MAIL") })
		if (at < 0) != (c.mail == "") || at >= 0 && !strings.HasSuffix(heard[at], c.mail) {
			t.Errorf("%s: heard %q", c.name, heard)
		}
		if m := s.Messages(); c.trouble == NoTrouble && (len(m) != 1 || m[0].Raw != strings.TrimSuffix(c.message, "\r\n")+"\r\n") {
			t.Errorf("%s: %+v", c.name, m)
		}
	}
}

func TestRecipients(t *testing.T) {
	a := smtptest.NewAuthority(t)
	script := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	script.Answer = func(line string, _ bool) (string, bool) {
		switch {
		case strings.Contains(line, "TO:<unknown@"):
			return "550 5.1.1 unknown", true
		case strings.Contains(line, "TO:<full@"):
			return "452 4.2.2 full", true
		}
		return "", false
	}
	for _, c := range []struct {
		to      string
		outcome Outcome
		each    string
		sent    int
	}{
		{"a b", Accepted, "accepted accepted", 1},
		{"a unknown full b", Partly, "accepted rejected deferred accepted", 1},
		{"unknown full", Rejected, "rejected deferred", 0},
		{"full", Deferred, "deferred", 0},
	} {
		s := smtptest.Start(t, script)
		o := mailTo(a, s, "starttls", "none")
		o.To = nil
		for name := range strings.FieldsSeq(c.to) {
			o.To = append(o.To, name+"@hoster.test")
		}
		got := Send(t.Context(), o)
		var each []string
		for i, r := range got.Recipients {
			each = append(each, map[Outcome]string{Accepted: "accepted", Rejected: "rejected", Deferred: "deferred"}[r.Outcome])
			if r.Address != o.To[i] || r.Conversation != 0 {
				t.Errorf("%+v", r)
			}
		}
		if got.Outcome != c.outcome || strings.Join(each, " ") != c.each || len(s.Messages()) != c.sent {
			t.Errorf("%s: %s %s, %d sent\n%s", c.to, got.Outcome, each, len(s.Messages()), told(got))
		}
	}
}

func TestProbeMail(t *testing.T) {
	a := smtptest.NewAuthority(t)
	script := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	script.Answer = func(line string, _ bool) (string, bool) {
		return "550 5.7.64 TenantAttribution; Relay Access Denied", strings.HasPrefix(line, "RCPT TO:<piet@hoster.test>")
	}
	s := smtptest.Start(t, script)
	o := mailTo(a, s, "starttls", "none")
	o.To, o.Message = []string{"piet@hoster.test", "kees@acme.example"}, nil
	got := ProbeMail(t.Context(), o)
	want := []string{
		"EHLO cwmail.example", "STARTTLS", "EHLO cwmail.example", "MAIL FROM:<jan@acme.example>",
		"RCPT TO:<piet@hoster.test>", "RCPT TO:<kees@acme.example>", "RSET", "QUIT",
	}
	if heard := s.Heard(); !slices.Equal(heard, want) {
		t.Errorf("heard %q", heard)
	}
	if !got.Probed || got.Recipients[0].Outcome != Rejected || got.Recipients[0].Reply.Enhanced != "5.7.64" || got.Recipients[1].Outcome != Willing {
		t.Errorf("%+v", got.Recipients)
	}
	if m := got.Conversations[0].Mail; m.Begun || m.Pipelined || m.Reset.Code != 250 || len(m.Recipients) != 2 || got.Outcome != Rejected {
		t.Errorf("%+v", m)
	}
	for _, c := range []struct {
		auth, secret string
		outcome      Outcome
	}{{"none", "", Willing}, {"plain", secret, Willing}, {"plain", "nope", Rejected}} {
		o := mailTo(a, s, "starttls", c.auth)
		o.To, o.Secret = nil, func(context.Context) (string, error) { return c.secret, nil }
		if got := ProbeMail(t.Context(), o); got.Outcome != c.outcome || len(got.Recipients) != 0 {
			t.Errorf("%s: %s %s", c.auth, got.Outcome, got.Detail)
		}
	}
}

// What cannot be sent as it is, is not sent at all; nothing is dialled.
func TestNotMail(t *testing.T) {
	for name, change := range map[string]func(*SendOptions){
		"command in sender":    func(o *SendOptions) { o.From = "jan@acme.example>\r\nRCPT TO:<x@y.test" },
		"command in recipient": func(o *SendOptions) { o.To = []string{"a@b.test\nDATA"} },
		"bracket":              func(o *SendOptions) { o.To = []string{"a@b.test> NOTIFY=NEVER"} },
		"space":                func(o *SendOptions) { o.To = []string{"a b@c.test"} },
		"open quote":           func(o *SendOptions) { o.To = []string{`"a\"@c.test`} },
		"two addresses":        func(o *SendOptions) { o.To = []string{"a@b.test,c@d.test"} },
		"no domain":            func(o *SendOptions) { o.To = []string{"jan"} },
		"long":                 func(o *SendOptions) { o.To = []string{strings.Repeat("a", 250) + "@b.test"} },
		"none":                 func(o *SendOptions) { o.To = nil },
		"too many":             func(o *SendOptions) { o.To = make([]string, 101) },
		"EHLO":                 func(o *SendOptions) { o.Name = "a b" },
		"no EHLO":              func(o *SendOptions) { o.Name = "" },
		"host":                 func(o *SendOptions) { o.Host = "a\r\nb" },
		"security":             func(o *SendOptions) { o.Security = "ssl" },
		"auth":                 func(o *SendOptions) { o.Auth = "ntlm" },
		"login opportunistic":  func(o *SendOptions) { o.Security = "" },
		"login at MX":          func(o *SendOptions) { o.Host = "" },
		"no user":              func(o *SendOptions) { o.Username = "" },
		"no secret":            func(o *SendOptions) { o.Secret = nil },
		"DSN":                  func(o *SendOptions) { o.DSN = &DSN{Notify: []string{"SUCCESS\r\nDATA"}} },
		"DSN return":           func(o *SendOptions) { o.DSN = &DSN{Return: "ALL"} },
		"DSN never":            func(o *SendOptions) { o.DSN = &DSN{Notify: []string{"NEVER", "DELAY"}} },
		"no message":           func(o *SendOptions) { o.Message = nil },
		"bare LF":              func(o *SendOptions) { o.Message = []byte("a: b\r\n\r\nx\n.\nMAIL FROM:<>\r\n") },
		"bare CR":              func(o *SendOptions) { o.Message = []byte("a: b\r\n\r\nx\r.\r\n") },
		"NUL":                  func(o *SendOptions) { o.Message = []byte("a: b\r\n\r\n\x00\r\n") },
		"long line":            func(o *SendOptions) { o.Message = []byte(strings.Repeat("x", 999) + "\r\n") },
	} {
		o := mailTo(smtptest.NewAuthority(t), smtptest.New(smtptest.Script{}), "starttls", "plain")
		o.Dial = func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: dials", name)
			return nil, syscall.ECONNREFUSED
		}
		change(&o)
		if got := Send(t.Context(), o); got.Outcome != NotSent || got.Trouble != NotMail || got.Detail == "" || len(got.Conversations) > 0 {
			t.Errorf("%s: %s %d %s", name, got.Outcome, got.Trouble, got.Detail)
		}
	}
	for address, want := range map[string]bool{
		`"a b"@c.test`: true, `"a\"b"@c.test`: true, "a@[192.0.2.1]": true, "a+b=c/d@e.test": true, "\u00e9@\u00e9.test": true,
		"@c.test": false, "a@": false, `""@c.test`: true, "a@b@c.test": false,
	} {
		if isPath(address) != want {
			t.Errorf("%s", address)
		}
	}
}
