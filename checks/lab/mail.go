package lab

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// mailHost is a mail server of the lab. It greets, offers STARTTLS and takes
// no mail.
type mailHost struct {
	name    string
	address string // as the lab's DNS has it
	ports   []int
	banner  string
	auth    bool // AUTH is offered after TLS
	dane    bool // DNS holds its key, and the next one
}

var mailHosts = []mailHost{
	{name: "mail.farm.example", address: "198.51.100.26", ports: []int{25, 587}, banner: "mail.farm.example ESMTP Postfix", auth: true, dane: true},
	{
		name: "contoso-example.mail.protection.outlook.com", address: "198.51.100.27", ports: []int{25},
		banner: "AMS0EPF000001.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready",
	},
}

// mailServer is a mailHost on loopback.
type mailServer struct {
	host mailHost
	tls  *tls.Config
}

func startMail(host mailHost, cert tls.Certificate) (*server, error) {
	m := &mailServer{host: host, tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
	return serve(m.converse)
}

// converse is a whole session. Whatever would begin a mail is refused.
func (s *mailServer) converse(c net.Conn) {
	c.SetDeadline(time.Now().Add(30 * time.Second))
	lines := bufio.NewScanner(c)
	fmt.Fprintf(c, "220 %s\r\n", s.host.banner)
	secure := false
	for lines.Scan() {
		verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch verb {
		case "EHLO":
			fmt.Fprintf(c, "250-%s\r\n250-SIZE 52428800\r\n%s250 8BITMIME\r\n", s.host.name, s.offers(secure))
		case "HELO", "NOOP", "RSET":
			fmt.Fprintf(c, "250 2.0.0 Ok\r\n")
		case "STARTTLS":
			if secure {
				fmt.Fprintf(c, "503 5.5.1 TLS is on already\r\n")
				continue
			}
			fmt.Fprintf(c, "220 2.0.0 Ready to start TLS\r\n")
			t := tls.Server(c, s.tls)
			if t.Handshake() != nil {
				return
			}
			c, secure = t, true
			lines = bufio.NewScanner(c)
		case "QUIT":
			fmt.Fprintf(c, "221 2.0.0 Bye\r\n")
			return
		default:
			fmt.Fprintf(c, "554 5.7.1 This server of the demo takes no mail\r\n")
		}
	}
}

func (s *mailServer) offers(secure bool) string {
	switch {
	case !secure:
		return "250-STARTTLS\r\n"
	case s.host.auth:
		return "250-AUTH PLAIN LOGIN\r\n"
	}
	return ""
}

// authority signs the certificates of the lab's mail servers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cwmail demo authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}, nil
}

// issue makes a certificate for one host, valid for 60 days.
func (a *authority) issue(host string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}, nil
}
