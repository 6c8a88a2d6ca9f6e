package smtp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/transports/smtp/smtptest"
)

func TestFaults(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.Good(a.Issue(t, smtptest.Cert{}))
	for name, c := range map[string]struct {
		script smtptest.Script
		want   []string
	}{
		"none":        {good, nil},
		"long":        {good.With("EHLO", "250-mail.acme.example\r\n250-"+strings.Repeat("x", 510)+"\r\n250 STARTTLS"), []string{"a line of more than 512 octets"}},
		"just fits":   {good.With("EHLO", "250-mail.acme.example\r\n250-"+strings.Repeat("x", 506)+"\r\n250 STARTTLS"), nil},
		"bare LF":     {good.With("EHLO", "250-mail.acme.example\n250 STARTTLS"), []string{"a line that ends with LF alone"}},
		"unsolicited": {good.With("EHLO TLS", "250 mail.acme.example\r\n250 and more\r\n250 and more"), []string{"a reply that nothing was asked for"}},
	} {
		s := smtptest.Start(t, c.script)
		if got := Probe(t.Context(), options(a, s, "starttls")); !got.OK() || !slices.Equal(got.Faults, c.want) {
			t.Errorf("%s: %q\n%s", name, got.Faults, transcript(got))
		}
	}
}

func TestInjection(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.Good(a.Issue(t, smtptest.Cert{}))
	obeys := good
	obeys.Obeys = true
	for name, c := range map[string]struct {
		script smtptest.Script
		inject bool
		want   bool
	}{"obeys": {obeys, true, true}, "forgets": {good, true, false}, "not asked": {obeys, false, false}} {
		o := options(a, smtptest.Start(t, c.script), "starttls")
		o.Inject = c.inject
		if got := Probe(t.Context(), o); got.Obeyed != c.want || got.Injected != c.inject {
			t.Errorf("%s: %v\n%s", name, got.Obeyed, transcript(got))
		}
	}
}

func TestConnectOnly(t *testing.T) {
	a := smtptest.NewAuthority(t)
	s := smtptest.Start(t, smtptest.Good(a.Issue(t, smtptest.Cert{})))
	got := Probe(t.Context(), options(a, s, "connect"))
	if !got.OK() || len(s.Heard()) != 0 || got.Chain() != nil || got.Waited() != 0 {
		t.Errorf("%s\n%s", transcript(got), s.Heard())
	}
}

// A server that has nothing better is to be seen, not missed.
func TestOldCipher(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := smtptest.NewAuthority(t)
	script := smtptest.Good(a.Issue(t, smtptest.Cert{Key: key}))
	script.TLS.MaxVersion, script.TLS.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}
	got := Probe(t.Context(), options(a, smtptest.Start(t, script), "starttls"))
	if !got.OK() || got.TLS.Cipher != tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA || len(got.Chain()) != 1 {
		t.Errorf("%s", transcript(got))
	}
}

// A server that makes strangers wait is not down.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		after   time.Duration
		trouble Trouble
	}{{20 * time.Second, NoTrouble}, {time.Hour, TimedOut}} {
		synctest.Test(t, func(t *testing.T) {
			dials := 0
			var servers sync.WaitGroup
			defer servers.Wait()
			got := Probe(t.Context(), Options{
				Host: "mail.acme.example", Security: "none", Name: "cwmail.example", Now: time.Now,
				Dial: func(context.Context, string, string) (net.Conn, error) {
					here, there := net.Pipe()
					dials++
					if dials > 1 { // whether it wants TLS
						there.Close()
						return here, nil
					}
					servers.Go(func() { slow(there, c.after) })
					return here, nil
				},
			})
			if got.Trouble != c.trouble || got.OK() && got.Waited() < 15*time.Second {
				t.Errorf("%s: %s\n%s", c.after, got.Detail, transcript(got))
			}
		})
	}
}

// slow greets late, and says yes to everything.
func slow(c net.Conn, after time.Duration) {
	defer c.Close()
	<-time.After(after) // of the test's own clock
	reply, buf := "220 mail.acme.example\r\n", make([]byte, 512)
	for {
		if _, err := io.WriteString(c, reply); err != nil {
			return
		}
		if _, err := c.Read(buf); err != nil {
			return
		}
		reply = "250 mail.acme.example\r\n"
	}
}
