package sink

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 3, 2, 8, 5, 6, 0, time.UTC)

func TestTrace(t *testing.T) {
	r := Received{
		ID: "x1", Client: netip.MustParseAddrPort("192.0.2.1:2525"), Hello: "client.example", Extended: true,
		TLS:  &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256},
		From: "jan@acme.example", To: []string{"piet@hoster.test"}, Ended: at,
	}
	want := "Return-Path: <jan@acme.example>\r\nReceived: from client.example ([192.0.2.1])\r\n\tby " + host + " with ESMTPS id x1\r\n" +
		"\t(TLS 1.3 TLS_AES_128_GCM_SHA256)\r\n\tfor <piet@hoster.test>;\r\n\tMon, 02 Mar 2026 08:05:06 +0000\r\n"
	if got := string(r.Trace(host)); got != want {
		t.Errorf("%q", got)
	}
	r = Received{ID: "x2", Client: netip.MustParseAddrPort("[2001:db8::1]:25"), Hello: "a", UTF8: true, To: []string{"a@b.example", "c@b.example"}, Ended: at}
	got := string(r.Trace(host))
	if !strings.Contains(got, "from a ([IPv6:2001:db8::1])") || !strings.Contains(got, "with UTF8SMTP id") || strings.Contains(got, "for <") {
		t.Errorf("%q", got)
	}
}

func TestWithoutResults(t *testing.T) {
	for field, goes := range map[string]bool{
		"Authentication-Results: mx.clockwise.test; spf=pass\r\n":                       true,
		"authentication-RESULTS : MX.Clockwise.Test. 1; spf=pass\r\n":                   true,
		"Authentication-Results:\r\n (a (b\\)) c) mx.clockwise.test;\r\n dkim=pass\r\n": true,
		"Authentication-Results: \"mx.clock\\wise.test\"; none\r\n":                     true,
		"Authentication-Results: mx.clockwise.test\r\n":                                 true,
		"Authentication-Results: mx.clockwise.test(x); none\r\n":                        true,
		"Authentication-Results: ; none\r\n":                                            true,
		"Authentication-Results: (open mx.clockwise.test; none\r\n":                     true,
		"Authentication-Results:\r\n":                                                   true,
		"Authentication-Results: other.test; spf=pass smtp.helo=mx.clockwise.test\r\n":  false,
		"Authentication-Results: mx.clockwise.test.example; spf=pass\r\n":               false,
		"X-Authentication-Results: mx.clockwise.test; spf=pass\r\n":                     false,
		"ARC-Authentication-Results: i=1; mx.clockwise.test; spf=pass\r\n":              false,
		"Subject: a\r\n Authentication-Results: mx.clockwise.test; spf=pass\r\n":        false,
	} {
		const body = "\r\nAuthentication-Results: mx.clockwise.test; in the body\r\n"
		for _, around := range [][2]string{{"", ""}, {"From: a@b.example\r\n", ""}, {"From: a@b.example\r\n", "To: c@b.example\r\n"}} {
			got, n := WithoutResults([]byte(around[0]+field+around[1]+body), host)
			want, count := around[0]+field+around[1]+body, 0
			if goes {
				want, count = around[0]+around[1]+body, 1
			}
			if string(got) != want || n != count {
				t.Errorf("%q: %q, %d", field, got, n)
			}
		}
	}
	if got, n := WithoutResults([]byte("Authentication-Results: mx.clockwise.test"), host); len(got) != 0 || n != 1 {
		t.Errorf("%q", got)
	}
}

// disk are the files of a test.
func disk() Files {
	return Files{
		MakeDir: func(p string) error { return os.MkdirAll(p, 0o700) },
		Create:  func(p string) (File, error) { return os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) },
		Rename:  os.Rename, Remove: os.Remove, Join: filepath.Join,
		Append: func(p string) (LockedFile, error) {
			f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE, 0o600)
			return sized{f}, err
		},
	}
}

type sized struct{ *os.File }

func (f sized) Size() (int64, error) {
	i, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

func TestMaildir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "mail")
	m, err := OpenMaildir(dir, disk())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		place, err := m.Keep(&Received{Message: []byte("Subject: a\r\n\r\n"), Ended: at}, []byte("X: y\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(place); err != nil || string(text) != "X: y\r\nSubject: a\r\n\r\n" {
			t.Errorf("%q %v", text, err)
		}
	}
	if got := count(t, dir, "new"); got != 20 {
		t.Errorf("%d messages in new", got)
	}
	m.files.Rename = func(string, string) error { return errors.New("full") }
	if _, err := m.Keep(&Received{Ended: at}, nil); err == nil {
		t.Error("no error")
	}
	if got := count(t, dir, "tmp"); got != 0 {
		t.Errorf("%d files left in tmp", got)
	}
}

func count(t *testing.T, elements ...string) int {
	t.Helper()
	all, err := os.ReadDir(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestMbox(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mbox")
	if err := os.WriteFile(file, []byte("From x\nleft open"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := OpenMbox(file, disk())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Received{
		{From: "jan@acme.example", Message: []byte("A: b\r\n\r\nFrom me\r\n>From you\r\nFromage\r\n"), Ended: at},
		{Message: []byte("C: d\r\n\r\nno end"), Ended: at},
	} {
		if _, err := m.Keep(&r, []byte("X: y\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	const want = "From x\nleft open\n\n" +
		"From jan@acme.example Mon Mar  2 08:05:06 2026\nX: y\nA: b\n\n>From me\n>>From you\nFromage\n\n" +
		"From MAILER-DAEMON Mon Mar  2 08:05:06 2026\nX: y\nC: d\n\nno end\n\n"
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%q %v", got, err)
	}
	whole := m.files.Append
	m.files.Append = func(p string) (LockedFile, error) {
		f, err := whole(p)
		return torn{f}, err
	}
	if _, err := m.Keep(&Received{Message: []byte("E: f\r\n"), Ended: at}, nil); err == nil {
		t.Error("no error")
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("half a message stays: %q %v", got, err)
	}
}

// torn writes half of what it should.
type torn struct{ LockedFile }

func (f torn) WriteAt(p []byte, off int64) (int, error) {
	n, _ := f.LockedFile.WriteAt(p[:len(p)/2], off)
	return n, errors.New("full")
}

func FuzzWithoutResults(f *testing.F) {
	f.Add("Authentication-Results: mx.clockwise.test; x\r\n\r\nbody")
	f.Add("A: b\r\nAuthentication-Results: (\"mx\") \"mx.clock\\wise.test\"\r\n ; x\r\n")
	f.Fuzz(func(t *testing.T, message string) {
		out, n := WithoutResults([]byte(message), host)
		if n == 0 && string(out) != message || n > 0 && len(out) >= len(message) {
			t.Errorf("%q becomes %q, %d", message, out, n)
		}
		if again, n := WithoutResults(out, host); n != 0 {
			t.Errorf("%q becomes %q, and then %q", message, out, again)
		}
	})
}
