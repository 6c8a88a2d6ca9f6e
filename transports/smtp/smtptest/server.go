// Package smtptest has mail servers on loopback that follow a script, for
// tests.
package smtptest

import (
	"bufio"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// Script is what a server does.
type Script struct {
	Implicit bool // TLS from the start
	Silent   bool // accepts, and says nothing
	Greeting string
	// Replies by verb; "STARTTLS" begins a handshake when its reply is a 220,
	// "EHLO TLS" is the reply to EHLO after it. A reply "drop" closes the
	// connection, "silence" leaves it open without an answer,
	// "deaf" does not read either, "endless" has no end,
	// "endless line" no line break. "." is the reply to a message.
	Replies map[string]string
	TLS     *tls.Config
	RawTLS  bool // answer a handshake with text that is no TLS
	Obeys   bool // answer inside TLS what came in clear behind STARTTLS

	// Users are who may log in, with their password or token.
	Users map[string]string
	// Answer comes before Replies; false leaves the line to these.
	Answer func(line string, secure bool) (reply string, ok bool)
	// InData is said in the middle of a message, and nothing more is read.
	InData string
	Delay  time.Duration // before each reply
}

// Offers are the extensions of Good, but for STARTTLS and AUTH, as they stand
// in a reply to EHLO.
const Offers = "250-SIZE 52428800\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-DSN\r\n" +
	"250-ENHANCEDSTATUSCODES\r\n250-REQUIRETLS\r\n250-LIMITS RCPTMAX=100\r\n"

// Good is a server without fault.
func Good(c tls.Certificate) Script {
	return Script{
		Greeting: "220 mail.acme.example ESMTP",
		Replies: map[string]string{
			"EHLO":     "250-mail.acme.example\r\n" + Offers + "250 STARTTLS",
			"STARTTLS": "220 2.0.0 go on",
			"EHLO TLS": "250-mail.acme.example\r\n" + Offers + "250 AUTH PLAIN LOGIN",
			"QUIT":     "221 2.0.0 bye",
		},
		TLS: &tls.Config{Certificates: []tls.Certificate{c}},
	}
}

// With returns s with another reply.
func (s Script) With(verb, reply string) Script {
	replies := map[string]string{}
	for k, v := range s.Replies {
		replies[k] = v
	}
	replies[verb] = reply
	s.Replies = replies
	return s
}

// Server is a running Script.
type Server struct {
	Addr netip.AddrPort

	script Script

	mu       sync.Mutex
	heard    []string
	messages []Message
}

// Heard lists the lines that the server was told.
func (s *Server) Heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.heard...)
}

// New is a server that listens nowhere: connections are given to Serve.
func New(script Script) *Server { return &Server{script: script} }

// Start serves a script until the test ends.
func Start(t *testing.T, script Script) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(script)
	s.Addr = netip.MustParseAddrPort(l.Addr().String())
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer context.AfterFunc(ctx, func() { c.Close() })()
				s.Serve(c)
			})
		}
	})
	t.Cleanup(func() {
		stop()
		l.Close()
		wg.Wait()
	})
	return s
}

// Serve leads one conversation, and closes the connection.
func (s *Server) Serve(c net.Conn) {
	defer c.Close()
	t := &talk{Server: s, conn: c}
	if s.script.Implicit && !t.encrypt() {
		return
	}
	if s.script.Silent {
		_, _ = io.Copy(io.Discard, t.conn)
		return
	}
	t.lines = newReader(t.conn)
	if !t.say(s.script.Greeting) {
		return
	}
	for t.next() {
	}
}

// talk is one conversation.
type talk struct {
	*Server
	conn   net.Conn
	lines  reader
	secure bool
	mail   Message
}

func (t *talk) encrypt() bool {
	c := tls.Server(t.conn, t.script.TLS)
	if c.Handshake() != nil {
		return false
	}
	t.conn, t.secure, t.lines = c, true, newReader(c)
	return true
}

// hear reads a line and keeps it.
func (t *talk) hear() (string, error) {
	line, err := t.lines.next()
	if err == nil {
		t.mu.Lock()
		t.heard = append(t.heard, line)
		t.mu.Unlock()
	}
	return line, err
}

// next answers a command; false ends the conversation.
func (t *talk) next() bool {
	line, err := t.hear()
	if err != nil {
		return false
	}
	verb, _, _ := strings.Cut(line, " ")
	reply := t.reply(line, verb)
	if verb == "AUTH" && reply == "" {
		return t.auth(line)
	}
	if reply == "" {
		reply = "500 5.5.1 unknown"
	}
	if !t.say(reply) || verb == "QUIT" {
		return false
	}
	done := strings.HasPrefix(reply, "2")
	switch {
	case verb == "STARTTLS" && strings.HasPrefix(reply, "220"):
		return t.startTLS()
	case verb == "MAIL" && done:
		t.mail = Message{From: path(line), User: t.mail.User}
	case verb == "RCPT" && done:
		t.mail.To = append(t.mail.To, path(line))
	case verb == "DATA" && strings.HasPrefix(reply, "354"):
		return t.data()
	}
	return true
}

// reply is the one of the script; "" when there is none.
func (t *talk) reply(line, verb string) string {
	if t.script.Answer != nil {
		if r, ok := t.script.Answer(line, t.secure); ok {
			return r
		}
	}
	if r, ok := t.script.Replies[verb+" TLS"]; ok && t.secure {
		return r
	}
	return t.script.Replies[verb]
}

func (t *talk) startTLS() bool {
	if t.script.RawTLS {
		t.say("this is no TLS")
		_, _ = io.Copy(io.Discard, t.conn) // closing with octets unread would reset the connection
		return false
	}
	behind := t.lines.more()
	return t.encrypt() && (!t.script.Obeys || !behind || t.say("250 2.0.0 Ok"))
}

// reader reads lines.
type reader struct{ *bufio.Reader }

func newReader(c net.Conn) reader { return reader{bufio.NewReader(c)} }

func (r reader) next() (string, error) {
	line, err := r.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// more says whether more came in the same segment, and forgets it.
func (r reader) more() bool {
	n, _ := r.Discard(r.Buffered())
	return n > 0
}

// say writes a reply; false ends the conversation.
func (t *talk) say(reply string) bool {
	if t.script.Delay > 0 {
		<-time.After(t.script.Delay) // of the test's own clock
	}
	switch reply {
	case "drop":
		return false
	case "silence":
		_, _ = io.Copy(io.Discard, t.conn)
		return false
	case "deaf": // does not even read
		<-time.After(24 * time.Hour) // of the test's own clock
		return false
	case "endless":
		return t.forever("250-and so on\r\n")
	case "endless line":
		return t.forever("250 and so on ")
	}
	_, err := io.WriteString(t.conn, reply+"\r\n")
	return err == nil
}

// forever says the same until nobody listens any more.
func (t *talk) forever(text string) bool {
	for {
		if _, err := io.WriteString(t.conn, text); err != nil {
			return false
		}
	}
}

// Authority issues certificates.
type Authority struct {
	Pool *x509.CertPool // its root
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	sent [][]byte // what stands behind a certificate of it, in DER
}

// Cert says how a certificate is; zero values are those of a good one.
type Cert struct {
	Names             []string
	NotBefore, Expiry time.Time
	SelfSigned        bool
	IssuerURL         string
	Logged            bool // it says that it stands in public logs (RFC 6962 section 3.3)
	Key               crypto.Signer
	Algorithm         x509.SignatureAlgorithm
	Purposes          []x509.ExtKeyUsage
	Usage             x509.KeyUsage
	Authority         bool // marked as one of an authority
}

// Start of the validity of good certificates, and a time within it.
var (
	Since = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	Now   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	Until = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
)

// NewAuthority makes a root.
func NewAuthority(t *testing.T) *Authority {
	t.Helper()
	a := &Authority{Pool: x509.NewCertPool()}
	a.make(t, "Test Root", Until.AddDate(10, 0, 0), nil)
	a.Pool.AddCert(a.cert)
	return a
}

// Intermediate makes an authority below a.
func (a *Authority) Intermediate(t *testing.T, expiry time.Time) *Authority {
	t.Helper()
	b := &Authority{Pool: a.Pool}
	b.make(t, "Test Intermediate"+strings.Repeat(" below", len(a.sent)), expiry, a)
	b.sent = append([][]byte{b.cert.Raw}, a.sent...)
	return b
}

func (a *Authority) make(t *testing.T, name string, expiry time.Time, above *Authority) {
	t.Helper()
	a.key = newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: Since.AddDate(-10, 0, 0), NotAfter: expiry,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	parent, signer := template, a.key
	if above != nil {
		parent, signer = above.cert, above.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &a.key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Issue makes a certificate, with the chain behind it.
func (a *Authority) Issue(t *testing.T, c Cert) tls.Certificate {
	t.Helper()
	if c.NotBefore.IsZero() {
		c.NotBefore = Since
	}
	if c.Expiry.IsZero() {
		c.Expiry = Until
	}
	if c.Names == nil {
		c.Names = []string{"mail.acme.example"}
	}
	if c.Usage == 0 {
		c.Usage = x509.KeyUsageDigitalSignature
	}
	if c.Purposes == nil {
		c.Purposes = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: c.Names[0]}, DNSNames: c.Names, NotBefore: c.NotBefore, NotAfter: c.Expiry,
		KeyUsage: c.Usage, ExtKeyUsage: c.Purposes, SignatureAlgorithm: c.Algorithm, IsCA: c.Authority, BasicConstraintsValid: true,
	}
	if c.IssuerURL != "" {
		template.IssuingCertificateURL = []string{c.IssuerURL}
	}
	if c.Logged {
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: []byte{4, 2, 0, 0}}}
	}
	if c.Key == nil {
		c.Key = newKey(t)
	}
	parent, signer := a.cert, crypto.Signer(a.key)
	if c.SelfSigned {
		parent, signer = template, c.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, c.Key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	out := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.Key}
	if !c.SelfSigned {
		out.Certificate = append(out.Certificate, a.sent...)
	}
	return out
}
