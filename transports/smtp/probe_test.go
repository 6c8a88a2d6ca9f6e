package smtp

import (
	"context"
	"crypto/tls"
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

func options(a *smtptest.Authority, s *smtptest.Server, security string) Options {
	return Options{
		Host: "mail.acme.example", Address: s.Addr, Security: security, Name: "cwmail.example",
		Dial: (&net.Dialer{}).DialContext, Now: func() time.Time { return smtptest.Now }, Roots: a.Pool,
	}
}

func transcript(c Conversation) string {
	var b strings.Builder
	for _, l := range c.Lines {
		fmt.Fprintf(&b, "%c %s\n", l.Dir, l.Text)
	}
	return b.String()
}

func TestProbeGood(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.Good(a.Issue(t, smtptest.Cert{}))
	implicit := good
	implicit.Implicit = true
	for _, c := range []struct {
		security string
		script   smtptest.Script
		heard    []string
	}{
		{"starttls", good, []string{"EHLO cwmail.example", "STARTTLS", "EHLO cwmail.example", "QUIT"}},
		{"tls", implicit, []string{"EHLO cwmail.example", "QUIT"}},
		{"none", good, []string{"EHLO cwmail.example", "QUIT"}},
	} {
		s := smtptest.Start(t, c.script)
		got := Probe(t.Context(), options(a, s, c.security))
		if !got.OK() {
			t.Errorf("%s: %v %s\n%s", c.security, got.Trouble, got.Detail, transcript(got))
			continue
		}
		if heard := s.Heard(); !slices.Equal(heard, c.heard) {
			t.Errorf("%s: the server heard %q", c.security, heard)
		}
		if c.security != "none" && (got.TLS == nil || got.TLS.Chained != nil || got.TLS.Name != nil || !slices.Equal(got.Offered.Auth(), []string{"PLAIN", "LOGIN"})) {
			t.Errorf("%s: TLS %v, offered %v", c.security, got.TLS, got.Offered)
		}
		if size, ok := got.Offered.Get("SIZE"); !ok || size != "52428800" {
			t.Errorf("%s: SIZE %q", c.security, size)
		}
		if text := transcript(got); !strings.HasPrefix(text, "* connected to ") || !strings.Contains(text, "\nC QUIT\nS 221 2.0.0 bye\n") {
			t.Errorf("%s:\n%s", c.security, text)
		}
	}
}

func TestProbeTrouble(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.Good(a.Issue(t, smtptest.Cert{}))
	greeting := func(g string) smtptest.Script { s := good; s.Greeting = g; return s }
	implicit, silent, old, raw := good, good, good, good
	implicit.Implicit, silent.Silent, raw.RawTLS = true, true, true
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS12} // no version at all
	for _, c := range []struct {
		name     string
		security string
		script   smtptest.Script
		trouble  Trouble
		stage    Stage
		detail   string
	}{
		{"silence", "starttls", silent, TimedOut, Banner, "timed out"},
		{"drop", "starttls", greeting("drop"), Dropped, Banner, "connection closed"},
		{"554", "starttls", greeting("554 5.7.1 go away"), BadReply, Banner, "the greeting is 554 5.7.1 go away"},
		{"ssh", "starttls", greeting("SSH-2.0-x"), NotSMTP, Banner, "not an SMTP reply"},
		{"two codes", "starttls", greeting("220-a\r\n250 b"), NotSMTP, Banner, "different codes"},
		{"endless line", "starttls", greeting("220 " + strings.Repeat("x", 5000)), NotSMTP, Banner, "does not end"},
		{"endless reply", "starttls", greeting(strings.Repeat("220-x\r\n", 200) + "220 x"), NotSMTP, Banner, "does not end"},
		{"implicit TLS", "starttls", implicit, SpeaksTLS, Banner, "wants TLS from the start"},
		{"implicit TLS, none", "none", implicit, SpeaksTLS, Banner, "wants TLS from the start"},
		{"an alert", "none", greeting("\x15\x03\x01\x00\x02\x02\x16"), SpeaksTLS, Banner, "not an SMTP reply"},
		{"clear", "tls", good, SpeaksClear, Handshake, `begins with "220 m"`},
		{"ehlo refused", "starttls", good.With("EHLO", "550 no").With("HELO", "550 no"), BadReply, Hello, "EHLO is 550 no"},
		{"ehlo dropped", "starttls", good.With("EHLO", "drop"), Dropped, Hello, "closed"},
		{"ehlo silent", "starttls", good.With("EHLO", "silence"), TimedOut, Hello, "timed out"},
		{"no starttls", "starttls", good.With("EHLO", "250 mail.acme.example"), NoStartTLS, StartTLS, "does not offer STARTTLS"},
		{"starttls refused", "starttls", good.With("STARTTLS", "454 4.7.0 not now"), BadReply, StartTLS, "454 4.7.0 not now"},
		{"handshake fails", "starttls", old, BadTLS, Handshake, "handshake failed"},
		{"no handshake", "starttls", raw, BadTLS, Handshake, `answers with "this "`},
		{"dropped after TLS", "starttls", good.With("EHLO TLS", "drop"), Dropped, HelloTLS, "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t, c.script)
			o := options(a, s, c.security)
			o.ReplyTimeout = 5 * time.Second
			if c.trouble == TimedOut || c.trouble == SpeaksTLS {
				o.ReplyTimeout, o.ConnectTimeout = 400*time.Millisecond, 5*time.Second
			}
			if c.name == "silence" {
				o.ConnectTimeout = 400 * time.Millisecond
			}
			got := Probe(t.Context(), o)
			if got.Trouble != c.trouble || got.Stage != c.stage || !strings.Contains(got.Detail, c.detail) || got.OK() {
				t.Errorf("%s: trouble %d at the %s: %s\n%s", c.name, got.Trouble, got.Stage, got.Detail, transcript(got))
			}
			for _, h := range s.Heard() {
				if c.trouble == SpeaksClear {
					break // it heard a handshake
				}
				if verb, _, _ := strings.Cut(h, " "); !slices.Contains([]string{"EHLO", "HELO", "STARTTLS", "QUIT"}, verb) {
					t.Errorf("%s: said %q", c.name, h)
				}
			}
		})
	}
}

func TestProbeHelo(t *testing.T) {
	a := smtptest.NewAuthority(t)
	s := smtptest.Start(t, smtptest.Good(a.Issue(t, smtptest.Cert{})).With("EHLO", "502 what").With("HELO", "250 mail.acme.example"))
	got := Probe(t.Context(), options(a, s, "none"))
	if !got.OK() || !got.HelloRefused || len(got.Offered) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestProbeConnect(t *testing.T) {
	a := smtptest.NewAuthority(t)
	for _, c := range []struct {
		err     error
		trouble Trouble
		words   string
	}{
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Refused, "connection refused"},
		{&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, NoRoute, "host unreachable"},
		{&net.OpError{Op: "dial", Err: syscall.ENETUNREACH}, NoRoute, "network unreachable"},
		{&net.OpError{Op: "dial", Err: wsaConnRefused}, Refused, "connection refused"},
		{&net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}, TimedOut, "timed out"},
		{context.DeadlineExceeded, TimedOut, "timed out"},
		{fmt.Errorf("strange"), OtherTrouble, "strange"},
	} {
		o := options(a, &smtptest.Server{Addr: netip.MustParseAddrPort("192.0.2.1:25")}, "none")
		o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, c.err }
		got := Probe(t.Context(), o)
		if got.Trouble != c.trouble || got.Stage != Connect || got.Detail != "no connection to 192.0.2.1:25: "+c.words {
			t.Errorf("%v: %d %s", c.err, got.Trouble, got.Detail)
		}
	}
}

func TestProbeStopped(t *testing.T) {
	a := smtptest.NewAuthority(t)
	script := smtptest.Good(a.Issue(t, smtptest.Cert{}))
	script.Silent = true
	s := smtptest.Start(t, script)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(a, s, "none")
	dial := o.Dial
	o.Dial = func(ctx context.Context, n, a string) (net.Conn, error) { defer cancel(); return dial(ctx, n, a) }
	if got := Probe(ctx, o); got.Trouble != NotRun {
		t.Errorf("%d %s", got.Trouble, got.Detail)
	}
}

func TestCertificates(t *testing.T) {
	a, stranger := smtptest.NewAuthority(t), smtptest.NewAuthority(t)
	for name, c := range map[string]struct {
		by            *smtptest.Authority
		cert          smtptest.Cert
		chained, fits bool
	}{
		"good":        {a, smtptest.Cert{}, true, true},
		"wildcard":    {a, smtptest.Cert{Names: []string{"*.acme.example"}}, true, true},
		"other name":  {a, smtptest.Cert{Names: []string{"www.acme.example"}}, true, false},
		"expired":     {a, smtptest.Cert{Expiry: smtptest.Now.AddDate(0, 0, -1)}, false, true},
		"self-signed": {a, smtptest.Cert{SelfSigned: true}, false, true},
		"stranger":    {stranger, smtptest.Cert{}, false, true},
	} {
		s := smtptest.Start(t, smtptest.Good(c.by.Issue(t, c.cert)))
		got := Probe(t.Context(), options(a, s, "starttls"))
		if !got.OK() || (got.TLS.Chained == nil) != c.chained || (got.TLS.Name == nil) != c.fits {
			t.Errorf("%s: %s %+v", name, got.Detail, got.TLS)
		}
	}
}

func TestParseLine(t *testing.T) {
	for in, want := range map[string]string{
		"250 ok": "250 ok false", "250-more": "250 more true", "250": "250  false", "250 ": "250  false",
		"25 ok": "error", "abc": "error", "150 x": "error", "650 x": "error", "250x": "error", "": "error", "2５0 x": "error",
	} {
		code, text, more, err := ParseLine(in)
		got := fmt.Sprintf("%d %s %v", code, text, more)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("ParseLine(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestReply(t *testing.T) {
	var r Reply
	for _, l := range []string{"5.7.1 not", "5.7.1 here"} {
		if err := r.add(550, l); err != nil {
			t.Fatal(err)
		}
	}
	if r.String() != "550 5.7.1 not here" || r.Enhanced != "5.7.1" {
		t.Errorf("%q %+v", r.String(), r)
	}
	if r = (Reply{}); r.add(250, "5.7.1 is not of this class") != nil || r.Enhanced != "" {
		t.Errorf("%+v", r)
	}
	if got := (Extensions{{"AUTH=LOGIN", "plain"}, {"AUTH", "xoauth2"}}).Auth(); !slices.Equal(got, []string{"LOGIN", "PLAIN", "XOAUTH2"}) {
		t.Errorf("%v", got)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("250-SIZE 1")
	f.Add("220 2.0.0 ok")
	f.Fuzz(func(t *testing.T, line string) {
		code, text, _, err := ParseLine(line)
		if err != nil {
			return
		}
		if code < 200 || code > 599 || !strings.HasSuffix(line, text) {
			t.Fatalf("%q: %d %q", line, code, text)
		}
		var r Reply
		if r.add(code, text) != nil || len(extensionsOf(r)) != 0 {
			t.Fatalf("%q", line)
		}
	})
}
