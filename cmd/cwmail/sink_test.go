package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/transports/compose"
)

// sinking is a sink that runs.
type sinking struct {
	address string
	out     *bytes.Buffer
	stop    func()
	code    chan int
}

func startSink(t *testing.T, args ...string) sinking {
	t.Helper()
	a, out, _ := testApp("", "XDG_CONFIG_HOME="+t.TempDir())
	said, says := io.Pipe()
	a.err, a.now = says, time.Now
	ctx, stop := context.WithCancel(t.Context())
	s := sinking{out: out, stop: stop, code: make(chan int, 1)}
	go func() {
		s.code <- a.main(ctx, append([]string{"sink", "--demo", "--listen", "127.0.0.1:0", "--name", "mx.hoster.test"}, args...))
	}()
	line := make([]byte, 1000)
	n, _ := said.Read(line)
	go func() { _, _ = io.Copy(io.Discard, said) }()
	if _, err := fmt.Sscanf(string(line[:n]), "cwmail: receives mail at %s until", &s.address); err != nil {
		t.Fatalf("%q: %v", line[:n], err)
	}
	t.Cleanup(stop)
	return s
}

func (s sinking) ended(t *testing.T, want int) {
	t.Helper()
	if code := <-s.code; code != want {
		t.Errorf("exit status %d, want %d\n%s", code, want, s.out)
	}
}

const sinkMail = "From: Jan <jan@acme.example>\r\nTo: piet@hoster.test\r\nSubject: Test\r\nDate: Mon, 02 Mar 2026 08:05:06 +0000\r\n" +
	"Message-ID: <1@acme.example>\r\nAuthentication-Results: mx.hoster.test; dmarc=pass header.from=acme.example\r\n\r\nFrom me\r\n"

// TestSinkReceives holds what is told and kept of a message.
func TestSinkReceives(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mail")
	s := startSink(t, "--judge=false", "--json", "--maildir", folder, "--count", "1")
	// The certificate is made for the run: who checks it goes on in clear.
	c, err := smtp.Dial(s.address)
	if err != nil {
		t.Fatal(err)
	}
	deliverWith(t, c, sinkMail)
	s.ended(t, exitOK)
	var line sinkLine
	if err := json.Unmarshal(s.out.Bytes(), &line); err != nil {
		t.Fatalf("%v\n%s", err, s.out)
	}
	if line.From != "jan@acme.example" || line.Removed != 1 || line.Octets != len(sinkMail) || line.TLS != nil || *line.Client != "127.0.0.1" || line.SPF != nil {
		t.Errorf("%s", s.out)
	}
	kept, err := os.ReadFile(*line.Stored)
	if err != nil || filepath.Dir(*line.Stored) != filepath.Join(folder, "new") {
		t.Fatal(*line.Stored, err)
	}
	top, rest, _ := strings.Cut(string(kept), "From: Jan")
	if !strings.HasPrefix(top, "Return-Path: <jan@acme.example>\r\nReceived: from client.example ([127.0.0.1])\r\n\tby mx.hoster.test with UTF8SMTP id ") {
		t.Errorf("%q", top)
	}
	want, _ := strings.CutPrefix(strings.Replace(sinkMail, "Authentication-Results: mx.hoster.test; dmarc=pass header.from=acme.example\r\n", "", 1), "From: Jan")
	if rest != want {
		t.Errorf("%q", rest)
	}
}

func deliverWith(t *testing.T, c *smtp.Client, mail string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Hello("client.example"))
	must(c.Mail("jan@acme.example"))
	must(c.Rcpt("piet@hoster.test"))
	w, err := c.Data()
	must(err)
	_, err = io.WriteString(w, mail)
	must(err)
	must(w.Close())
	_ = c.Close()
}

// TestSinkJudges holds the verdict of a receiver: in the line, in the exit
// status, and on top of what is kept.
func TestSinkJudges(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := compose.Sign([]byte(sinkMail), compose.SignOptions{Domain: "acme.example", Selector: "cw1", Signer: private})
	if err != nil {
		t.Fatal(err)
	}
	world := []string{
		"--with", "cw1._domainkey.acme.example TXT v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
		"--with", "_dmarc.acme.example TXT v=DMARC1; p=reject",
	}
	const here, elsewhere = "acme.example TXT v=spf1 ip4:127.0.0.1 -all", "acme.example TXT v=spf1 -all"
	for _, c := range []struct {
		name, spf, mail, want string
		code                  int
	}{
		{"good", here, string(signed), "spf=pass dkim=pass dmarc=pass", exitOK},
		{"only SPF", here, sinkMail, "spf=pass dkim=none dmarc=pass", exitOK},
		{"only DKIM", elsewhere, string(signed), "spf=fail dkim=pass dmarc=pass", exitOK},
		{"changed", elsewhere, string(signed) + "A footer\r\n", "spf=fail dkim=fail dmarc=fail", exitFailure},
		{"neither", elsewhere, sinkMail, "spf=fail dkim=none dmarc=fail", exitFailure},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "mbox")
			s := startSink(t, append([]string{"--json", "--mbox", file, "--count", "1", "--with", c.spf}, world...)...)
			client, err := smtp.Dial(s.address)
			if err != nil {
				t.Fatal(err)
			}
			deliverWith(t, client, c.mail)
			s.ended(t, c.code)
			var l sinkLine
			if err := json.Unmarshal(s.out.Bytes(), &l); err != nil {
				t.Fatalf("%v\n%s", err, s.out)
			}
			got := "spf=" + l.SPF.Result
			if len(l.DKIM) == 0 {
				got += " dkim=none"
			}
			for _, d := range l.DKIM {
				got += " dkim=" + d.Result
			}
			if got += " dmarc=" + l.DMARC.Result; got != c.want {
				t.Errorf("%s, want %s\n%s", got, c.want, s.out)
			}
			if *l.DMARC.Policy != "reject" || *l.DMARC.FoundAt != "acme.example" && *l.DMARC.FoundAt != "_dmarc.acme.example" || l.Findings == nil {
				t.Errorf("%s", s.out)
			}
			kept, err := os.ReadFile(file)
			_, top, _ := strings.Cut(string(kept), "\n")
			results, _, _ := strings.Cut(strings.ReplaceAll(top, "\n\t", " "), "\n")
			if err != nil || !strings.HasPrefix(results, "Authentication-Results: mx.hoster.test; ") {
				t.Fatalf("%v %q", err, top)
			}
			for _, word := range strings.Fields(c.want) {
				if !strings.Contains(results, word) {
					t.Errorf("%s without %s", results, word)
				}
			}
			if strings.Count(top, "Authentication-Results: ") != 1 {
				t.Errorf("what the sender claims stays: %s", top)
			}
		})
	}
}

// TestSinkLosesNone holds that each message has its line, kept or not, and that
// no more are taken than were asked for.
func TestSinkLosesNone(t *testing.T) {
	const many = 60
	file := filepath.Join(t.TempDir(), "mbox")
	for _, args := range [][]string{{"--judge=false"}, {"--mbox", file, "--judge=false"}, {"--with", "acme.example TXT v=spf1 ip4:127.0.0.1 -all"}} {
		s := startSink(t, append(args, "--json", "--count", fmt.Sprint(many))...)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for range many/6 + 1 {
					c, err := smtp.Dial(s.address)
					if err != nil {
						return // the sink has ended
					}
					if c.Mail("jan@acme.example") == nil && c.Rcpt("piet@hoster.test") == nil {
						if w, err := c.Data(); err == nil {
							_, _ = io.WriteString(w, sinkMail)
							_ = w.Close()
						}
					}
					_ = c.Close()
				}
			})
		}
		wg.Wait()
		s.ended(t, exitOK)
		if n := bytes.Count(s.out.Bytes(), []byte("\n")); n != many {
			t.Errorf("%q: %d lines", args, n)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Count("\n"+string(text), "\n\nFrom ")+1 != many || strings.Count(string(text), "\n>From me\n") != many {
		t.Errorf("%v\n%.2000s", err, text)
	}
}

// TestSinkStops holds what a signal leaves.
func TestSinkStops(t *testing.T) {
	s := startSink(t, "--judge=false")
	s.stop()
	s.ended(t, exitOK)
	s = startSink(t, "--judge=false", "--count", "2")
	s.stop()
	s.ended(t, exitUnknown)
	if _, err := net.Dial("tcp", s.address); err == nil {
		t.Error("it still listens")
	}
}
