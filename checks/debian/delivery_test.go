package debian

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/transports/smtp"
	"clockwise.info/cwmail/transports/smtp/smtptest"
)

const (
	delivered = "From: jan@acme.example\r\nTo: piet@hoster.test\r\nSubject: test\r\n\r\nHello\r\n.\r\n..two dots\r\nend\r\n"
	password  = "Pa55-word of Jan"
)

// logins are who may log in at the servers of these tests.
var logins = map[string]string{"jan@acme.example": password}

// receivers are services of a Postfix that takes mail for hoster.test, and of
// those who have logged in for everybody.
var receivers = map[string]string{
	"relay":      "smtpd",
	"clear":      "smtpd -o smtpd_tls_security_level=none",
	"submission": submission,
	"smtps":      "smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes",
	"other":      submission + " -o smtpd_tls_chain_files=DIR/other.pem",
	"defer":      "smtpd -o smtpd_recipient_restrictions=defer",
	"small":      "smtpd -o message_size_limit=80",
	"strict":     "smtpd -o smtpd_sender_restrictions=reject",
}

// startReceiver starts a Postfix that hands what it takes, before it says so, to
// a server of ours.
func startReceiver(t *testing.T) (postfix, *smtptest.Server) {
	t.Helper()
	behind := smtptest.GoodMail(smtptest.NewAuthority(t).Issue(t, smtptest.Cert{}), nil)
	behind = behind.With("EHLO", "250-behind.acme.example\r\n250-8BITMIME\r\n250 SMTPUTF8")
	sink := smtptest.Start(t, behind)
	p := startPostfixAs(t, fmt.Sprintf(`smtpd_sasl_path = inet:%s
smtpd_proxy_filter = %s
relay_domains = hoster.test
relay_recipient_maps =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
`, answerLogins(t), sink.Addr), receivers)
	return p, sink
}

// answerLogins decides for Postfix who may log in, in the place of Dovecot: see
// its "Authentication Protocol".
func answerLogins(t *testing.T) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				defer context.AfterFunc(t.Context(), func() { _ = c.Close() })()
				answerLogin(c)
			}()
		}
	}()
	return l.Addr()
}

func answerLogin(c net.Conn) {
	offer := "VERSION\t1\t1\n"
	for m := range strings.FieldsSeq(smtptest.Mechanisms) {
		offer += "MECH\t" + m + "\tplaintext\n"
	}
	if _, err := io.WriteString(c, offer+"SPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"); err != nil {
		return
	}
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		request := strings.Split(lines.Text(), "\t")
		if request[0] != "AUTH" || len(request) < 3 {
			continue
		}
		id, initial := request[1], ""
		for _, r := range request {
			if text, ok := strings.CutPrefix(r, "resp="); ok {
				initial = text
			}
		}
		decoded, _ := base64.StdEncoding.DecodeString(initial)
		user := smtptest.Login(logins, request[2], string(decoded), func(challenge string) string {
			fmt.Fprintf(c, "CONT\t%s\t%s\n", id, base64.StdEncoding.EncodeToString([]byte(challenge)))
			if !lines.Scan() {
				return ""
			}
			answer := strings.SplitN(lines.Text(), "\t", 3)
			text, _ := base64.StdEncoding.DecodeString(answer[len(answer)-1])
			return string(text)
		})
		if user == "" || user == "!" {
			fmt.Fprintf(c, "FAIL\t%s\treason=no\n", id)
		} else {
			fmt.Fprintf(c, "OK\t%s\tuser=%s\n", id, user)
		}
	}
}

// mailTo are options for a server at the address, as if it were the mail host.
func mailTo(address netip.AddrPort, ca *smtptest.Authority, security, auth, secret string, to ...string) smtp.SendOptions {
	return smtp.SendOptions{
		From: "jan@acme.example", To: to, Message: []byte(delivered), Host: mailHost, Port: int(address.Port()), Security: security,
		Auth: auth, Username: "jan@acme.example", Secret: func(context.Context) (string, error) { return secret, nil }, Name: "cwmail.example",
		Addresses: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{address.Addr()}, nil },
		Dial:      new(net.Dialer).DialContext, Now: func() time.Time { return smtptest.Now }, Roots: ca.Pool,
		Limits: smtp.Limits{Connect: patience, Reply: 5 * time.Second, End: patience},
	}
}

func lines(d smtp.Delivery) string {
	var b strings.Builder
	for _, c := range d.Conversations {
		for _, l := range c.Lines {
			fmt.Fprintf(&b, "%c %s\n", l.Dir, l.Text)
		}
	}
	return b.String()
}

// TestDeliverToPostfix holds what becomes of mail at a Postfix in many settings.
func TestDeliverToPostfix(t *testing.T) {
	p, sink := startReceiver(t)
	const inside, outside = "piet@hoster.test", "kees@elsewhere.test"
	sent := 0
	for _, c := range []struct {
		service, security, auth, secret string
		to                              string
		outcome                         smtp.Outcome
		trouble                         smtp.Trouble
		stage                           smtp.Stage
		code                            string
	}{
		{"relay", "starttls", "none", "", inside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250 2.0.0"},
		{"relay", smtp.Opportunistic, "none", "", inside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"relay", "none", "none", "", inside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"relay", "starttls", "none", "", "p\u00e9ter@hoster.test", smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"relay", "starttls", "none", "", outside, smtp.Rejected, smtp.BadReply, smtp.Recipient, "554 5.7.1"},
		{"relay", "starttls", "none", "", inside + " " + outside, smtp.Partly, smtp.BadReply, smtp.Recipient, "554 5.7.1"},
		{"relay", "tls", "none", "", inside, smtp.NotSent, smtp.SpeaksClear, smtp.Handshake, "no reply"},
		{"relay", "starttls", "plain", password, inside, smtp.NotSent, smtp.NoMechanism, smtp.Login, "no reply"},
		{"clear", smtp.Opportunistic, "none", "", inside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"clear", "starttls", "none", "", inside, smtp.NotSent, smtp.NoStartTLS, smtp.StartTLS, "no reply"},
		{"submission", "starttls", "plain", password, outside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"submission", "starttls", "login", password, outside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"submission", "starttls", "cram-md5", password, outside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"submission", "starttls", "xoauth2", password, outside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"submission", "starttls", "oauthbearer", password, outside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"smtps", "tls", "plain", password, outside, smtp.Accepted, smtp.NoTrouble, smtp.Done, "250"},
		{"submission", "starttls", "plain", "nope", outside, smtp.Rejected, smtp.BadReply, smtp.Login, "535 5.7.8"},
		{"submission", "starttls", "login", "nope", outside, smtp.Rejected, smtp.BadReply, smtp.Login, "535 5.7.8"},
		{"submission", "starttls", "cram-md5", "nope", outside, smtp.Rejected, smtp.BadReply, smtp.Login, "535 5.7.8"},
		{"submission", "starttls", "xoauth2", "nope", outside, smtp.Rejected, smtp.BadReply, smtp.Login, "535 5.7.8"},
		{"submission", "starttls", "oauthbearer", "nope", outside, smtp.Rejected, smtp.BadReply, smtp.Login, "535 5.7.8"},
		{"submission", "none", "none", "", inside, smtp.Rejected, smtp.BadReply, smtp.Sender, "530 5.7.0"},
		{"other", "starttls", "plain", password, outside, smtp.NotSent, smtp.BadCertificate, smtp.Login, "no reply"},
		{"defer", "starttls", "none", "", inside, smtp.Deferred, smtp.BadReply, smtp.Recipient, "450 4.3.2"},
		{"small", "starttls", "none", "", inside, smtp.NotSent, smtp.TooLarge, smtp.Sender, "no reply"},
		{"strict", "starttls", "none", "", inside, smtp.Rejected, smtp.BadReply, smtp.Sender, "554 5.7.1"},
	} {
		t.Run(fmt.Sprint(c.service, " ", c.security, " ", c.auth, " ", c.secret == password, " ", c.to), func(t *testing.T) {
			got := smtp.Send(t.Context(), mailTo(p.addr[c.service], p.ca, c.security, c.auth, c.secret, strings.Fields(c.to)...))
			if got.Outcome != c.outcome || got.Trouble != c.trouble || got.Stage != c.stage || !strings.HasPrefix(got.Reply.String(), c.code) {
				t.Errorf("%s, trouble %d at the %s: %s (%s)\n%s", got.Outcome, got.Trouble, got.Stage, got.Detail, got.Reply, lines(got))
			}
			if c.outcome == smtp.Accepted || c.outcome == smtp.Partly {
				sent++
			}
			all := sink.Messages()
			if len(all) != sent {
				t.Fatalf("%d messages came, %d were sent", len(all), sent)
			}
			if sent > 0 && !strings.HasSuffix(all[sent-1].Raw, delivered) {
				t.Errorf("%q", all[sent-1].Raw)
			}
			if c.secret != "" && strings.Contains(fmt.Sprintf("%+v %s", got, lines(got)), c.secret) {
				t.Error("the password stands in it")
			}
		})
	}
	got := smtp.ProbeMail(t.Context(), mailTo(p.addr["relay"], p.ca, "starttls", "none", "", inside, outside))
	if got.Recipients[0].Outcome != smtp.Willing || got.Recipients[1].Outcome != smtp.Rejected || len(sink.Messages()) != sent {
		t.Errorf("%+v\n%s", got.Recipients, lines(got))
	}
}
