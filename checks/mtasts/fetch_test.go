package mtasts

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{t, cert, key}
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (a authority) issue(name string, from, to time.Time) tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

const policyHost = "mta-sts.customer.example"

func enforce(mx ...string) string {
	lines := []string{"version: STSv1", "mode: enforce"}
	for _, m := range mx {
		lines = append(lines, "mx: "+m)
	}
	return crlf(append(lines, "max_age: 604800")...)
}

func serve(text, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/mta-sts.txt" || r.Host != policyHost {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, text)
	}
}

// serverFor starts a web server and returns a dialler that leads to it.
func serverFor(t *testing.T, h http.Handler, cert tls.Certificate) func(context.Context, string, string) (net.Conn, error) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return dialTo(srv.Listener.Addr().String())
}

func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
}

func TestFetch(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	good := ca.issue(policyHost, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))
	text := enforce("mail.customer.example")
	redirect := http.RedirectHandler("https://www.customer.example/mta-sts.txt", http.StatusMovedPermanently)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	stall := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	for _, tt := range []struct {
		name    string
		handler http.Handler
		cert    tls.Certificate
		outcome Outcome
		status  int
		code    string // the finding that is not silenced
		saw     string
	}{
		{"right", serve(text, "text/plain; charset=utf-8"), good, Served, 200, "", ""},
		{"redirected", redirect, good, Served, 301, "mtasts.policy-redirected", "www.customer.example"},
		{"404", http.NotFoundHandler(), good, Served, 404, "mtasts.policy-unreachable", "404"},
		{"media type", serve(text, "text/html"), good, Served, 200, "mtasts.policy-media-type-wrong", "text/html"},
		{"too large", serve(text+strings.Repeat("x: y\r\n", 20000), "text/plain"), good, Served, 200, "mtasts.policy-too-large", ""},
		{"wrong name", serve(text, "text/plain"), ca.issue("www.customer.example", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), BadTLS, 0, "mtasts.policy-tls-invalid", "www.customer.example"},
		{"expired", serve(text, "text/plain"), ca.issue(policyHost, now.AddDate(0, -2, 0), now.AddDate(0, -1, 0)), BadTLS, 0, "mtasts.policy-tls-invalid", "expired on 1 May 2026"},
		{"not yet", serve(text, "text/plain"), ca.issue(policyHost, now.AddDate(0, 1, 0), now.AddDate(0, 2, 0)), BadTLS, 0, "mtasts.policy-tls-invalid", "not valid before"},
		{"unknown authority", serve(text, "text/plain"), other.issue(policyHost, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), BadTLS, 0, "mtasts.policy-tls-invalid", "authority"},
		{"stalls", stall, good, Unreachable, 200, "mtasts.unreadable", "in time"},
	} {
		z := dnstest.New("_mta-sts.customer.example TXT v=STSv1; id=1", policyHost+" A 192.0.2.1")
		o := FetchOptions{Dial: serverFor(t, tt.handler, tt.cert), Roots: ca.pool(), Resolver: z, Now: func() time.Time { return now }}
		if tt.name == "stalls" {
			o.Timeout = 300 * time.Millisecond
		}
		check(t, tt.name, z, NewFetcher(o), tt.outcome, tt.status, tt.code, tt.saw)
	}
}

func check(t *testing.T, name string, z dns.Resolver, fetch func(context.Context, string) Fetched, outcome Outcome, status int, code, saw string) {
	t.Helper()
	res := Lookup(t.Context(), z, "customer.example", Options{Fetch: fetch})
	if res.Fetched.Outcome != outcome || res.Fetched.Status != status {
		t.Errorf("%s: %s, status %d: %s", name, res.Fetched.Outcome, res.Fetched.Status, res.Fetched.Reason)
	}
	all := arrange(Findings(Input{Result: res, Hosts: []string{"mail.customer.example"}, HostsKnown: true}))
	if got := strings.Join(codes(all), " "); got != code {
		t.Errorf("%s: %s, want %s", name, got, code)
	} else if code != "" && !strings.Contains(all[0].Saw(), saw) {
		t.Errorf("%s: %s", name, all[0].Saw())
	}
	for _, f := range all {
		if len(f.Evidence) < 2 || f.Evidence[0].Type != "HTTPS" || f.Evidence[0].Answer == "" {
			t.Errorf("%s: evidence %+v", name, f.Evidence)
		}
	}
	if _, ok := res.Effective(); ok != (code == "" || code == "mtasts.policy-media-type-wrong") {
		t.Errorf("%s: effective %v", name, ok)
	}
}

// TestFetchWithoutServer looks where no web server answers as one.
func TestFetchWithoutServer(t *testing.T) {
	listen := func(talk func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				if talk == nil {
					t.Cleanup(func() { c.Close() })
					continue
				}
				talk(c)
				c.Close()
			}
		}()
		return l.Addr().String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	plain := listen(func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	silent := listen(nil)
	closed.Close() // now: its port is none of the others'
	address := policyHost + " A 192.0.2.1"
	for _, tt := range []struct {
		name, zone, server string
		outcome            Outcome
		code               string
	}{
		{"refused", address, nobody, Refused, "mtasts.policy-unreachable"},
		{"no TLS", address, plain, NoHTTPS, "mtasts.policy-unreachable"},
		{"silent", address, silent, Unreachable, "mtasts.unreadable"},
		{"no address", "x.example A 192.0.2.1", nobody, NoAddress, "mtasts.policy-unreachable"},
		{"name fails", policyHost + " A SERVFAIL", nobody, Unreachable, "mtasts.unreadable"},
		{"no way", address, "", Unreachable, "mtasts.unreadable"},
		{"refused, other addresses unknown", address + "\n" + policyHost + " AAAA SERVFAIL", nobody, Unreachable, "mtasts.unreadable"},
	} {
		z := dnstest.New(append([]string{"_mta-sts.customer.example TXT v=STSv1; id=1"}, strings.Split(tt.zone, "\n")...)...)
		dial := dialTo(tt.server)
		if tt.server == "" {
			dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: io.ErrNoProgress}
			}
		}
		f := NewFetcher(FetchOptions{Dial: dial, Roots: x509.NewCertPool(), Resolver: z, Timeout: 300 * time.Millisecond, Now: func() time.Time { return now }})
		check(t, tt.name, z, f, tt.outcome, 0, tt.code, "")
	}
}

// Whoever publishes a record does not lead us into our own network.
func TestFetchLeavesPrivateNetworks(t *testing.T) {
	for _, address := range []string{"A 10.0.0.1", "A 127.0.0.1", "A 169.254.169.254", "AAAA ::1", "AAAA fd00::1"} {
		fetch := NewFetcher(FetchOptions{
			Resolver: dnstest.New(policyHost + " " + address),
			Dial: func(context.Context, string, string) (net.Conn, error) {
				t.Errorf("%s is dialled", address)
				return nil, io.EOF
			},
		})
		if f := fetch(t.Context(), policyHost); f.Outcome != Unreachable || !strings.Contains(f.Reason, "private network") || len(f.Addresses) > 0 {
			t.Errorf("%s: %s, %s", address, f.Outcome, f.Reason)
		}
	}
}

// Many transports have the same domain.
func TestFetchJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		dialled := 0
		fetch := NewFetcher(FetchOptions{
			Resolver: dnstest.New(policyHost + " A 192.0.2.1"),
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dialled++
				<-release
				return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			},
		})
		for range 5 {
			go func() {
				if f := fetch(t.Context(), strings.ToUpper(policyHost)); f.Outcome != Refused {
					t.Errorf("%s, %s", f.Outcome, f.Reason)
				}
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if dialled != 1 {
			t.Errorf("%d connections", dialled)
		}
	})
}

// Who gives up takes nobody along.
func TestFetchIsNotGivenUpByOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := 0
		fetch := NewFetcher(FetchOptions{
			Resolver: dnstest.New(policyHost + " A 192.0.2.1"),
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				if dialled++; dialled > 1 {
					return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
				}
				<-ctx.Done()
				return nil, ctx.Err()
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		go fetch(ctx, policyHost)
		synctest.Wait()
		go func() {
			if f := fetch(t.Context(), policyHost); f.Outcome != Refused {
				t.Errorf("%s, %s", f.Outcome, f.Reason)
			}
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if dialled != 2 {
			t.Errorf("%d connections", dialled)
		}
	})
}
