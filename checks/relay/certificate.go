package relay

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports/smtp"
)

// When the end of a certificate is told.
const (
	expiringSoon = 14 * 24 * time.Hour
	renewalDue   = 30 * 24 * time.Hour
)

// maxSkew is how much clocks may differ.
const maxSkew = 5 * time.Minute

// certificate judges what the handshake showed.
func (j *judge) certificate(t smtp.TLS, evidence []finding.Evidence) {
	if t.Version < tls.VersionTLS12 {
		j.raise(versionOld, evidence, tls.VersionName(t.Version))
	}
	if why := weakCipher(t); why != "" {
		j.raise(cipherWeak, evidence, tls.CipherSuiteName(t.Cipher), why)
	}
	if len(t.Chain) == 0 {
		return
	}
	leaf := t.Chain[0]
	j.dates(leaf, evidence)
	j.chain(t, evidence)
	if t.Name != nil {
		names := some(leaf.DNSNames)
		if names == "" {
			names = fmt.Sprintf("no name (only the old field CN=%s)", leaf.Subject.CommonName)
		}
		j.raise(nameMismatch, evidence, names)
	}
	if why := purpose(leaf); why != "" {
		j.raise(certPurposeWrong, evidence, why)
	}
}

// weakCipher says what is weak in a cipher suite of TLS 1.2 (RFC 9325 section
// 4); "" when nothing is. Those of TLS 1.3 are all good, and of older versions
// the version is what is wrong.
func weakCipher(t smtp.TLS) string {
	if t.Version != tls.VersionTLS12 {
		return ""
	}
	name := tls.CipherSuiteName(t.Cipher)
	for _, w := range []struct{ sign, why string }{
		{"_RC4_", "RC4 is broken"},
		{"_3DES_", "3DES is outdated"},
		{"TLS_RSA_", "it has no forward secrecy: who gets the server's key later can read all mail recorded before"},
		{"_CBC_", "its CBC mode is hard to use safely"},
	} {
		if strings.Contains(name, w.sign) {
			return w.why
		}
	}
	return ""
}

func date(d time.Time) string { return d.UTC().Format("2 January 2006") }

func valid(c *x509.Certificate, at time.Time) bool {
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}

func (j *judge) dates(leaf *x509.Certificate, evidence []finding.Evidence) {
	left := leaf.NotAfter.Sub(j.Now)
	switch {
	case left < 0:
		j.clock(leaf, evidence)
		j.raise(certExpired, evidence, date(leaf.NotAfter))
	case j.Now.Before(leaf.NotBefore):
		j.clock(leaf, evidence)
		j.raise(certNotYet, evidence, date(leaf.NotBefore))
	case left <= expiringSoon:
		j.raise(certExpiring, evidence, date(leaf.NotAfter))
	case left <= renewalDue:
		j.raise(certRenewalDue, evidence, date(leaf.NotAfter))
	}
}

// clock says of a certificate that is invalid now that it is the clock, where
// another one differs and finds it valid.
func (j *judge) clock(c *x509.Certificate, evidence []finding.Evidence) {
	if j.Clock.Says.IsZero() {
		return
	}
	skew := j.Clock.At.Sub(j.Clock.Says)
	if skew.Abs() <= maxSkew || !valid(c, j.Now.Add(-skew)) {
		return
	}
	side := "ahead"
	if skew < 0 {
		side = "behind"
	}
	seen := finding.Evidence{Server: j.Clock.Server, Name: "Date", Type: "HTTPS", Answer: j.Clock.Says.UTC().Format(time.RFC1123), At: j.Clock.At}
	j.raise(clockSkew, append([]finding.Evidence{seen}, evidence...), skew.Abs().Round(time.Second).String()+" "+side, j.Clock.Server)
}

// chain judges how a certificate leads to a trusted root.
func (j *judge) chain(t smtp.TLS, evidence []finding.Evidence) {
	leaf := t.Chain[0]
	path, ordered := pathOf(t.Chain)
	weak, old := weakIn(path)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](t.Chained)
	lapsed := slices.IndexFunc(path, func(c *x509.Certificate) bool { return j.Now.After(c.NotAfter) })
	switch {
	case t.Chained != nil && lapsed > 0:
		j.clock(path[lapsed], evidence)
		j.raise(chainExpired, evidence, commonName(path[lapsed]), date(path[lapsed].NotAfter))
	case unknown && old && !selfIssued(leaf):
		// who does not take the signature does not find the issuer
	case t.Chained != nil && selfIssued(leaf):
		j.raise(selfSigned, evidence, "It is signed by itself ("+commonName(leaf)+"): nobody else vouches for it")
	case unknown && incomplete(path):
		j.raise(chainIncomplete, evidence, "The certificate was issued by "+issuer(path)+", whose own certificate the server does not send")
	case unknown:
		j.raise(selfSigned, evidence, "It was issued by "+issuer(path)+", an authority that no public list holds")
	case t.Chained == nil && !ordered:
		j.raise(chainIncomplete, evidence, "The certificates stand in the wrong order: "+issuer(t.Chain[:1])+" is not the second one")
		j.found[len(j.found)-1].Lowered = true // who sorts them can verify it
	}
	if weak != "" {
		j.raise(certWeak, evidence, weak)
	}
}

// pathOf follows the issuers through what was sent. ordered says that each
// stands behind the one that it vouches for (RFC 8446 section 4.4.2).
func pathOf(chain []*x509.Certificate) (path []*x509.Certificate, ordered bool) {
	path, ordered = chain[:1:1], true
	at := 0
	for c := chain[0]; !selfIssued(c) && len(path) < len(chain); {
		next := slices.IndexFunc(chain, func(x *x509.Certificate) bool { return string(x.RawSubject) == string(c.RawIssuer) })
		if next < 0 || slices.Contains(path, chain[next]) {
			break
		}
		ordered = ordered && next == at+1
		c, at = chain[next], next
		path = append(path, c)
	}
	return path, ordered
}

func selfIssued(c *x509.Certificate) bool { return string(c.RawIssuer) == string(c.RawSubject) }

// logged is the extension of certificates that stand in public logs (RFC 6962
// section 3.3). All of public authorities do, and no others.
var logged = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

// incomplete tells a public certificate without its chain from one of a
// private authority: public ones stand in logs, and say where their issuer's
// is to be had (RFC 5280 section 4.2.2.1).
func incomplete(path []*x509.Certificate) bool {
	last := path[len(path)-1]
	switch {
	case selfIssued(last):
		return false
	case slices.ContainsFunc(path[0].Extensions, func(e pkix.Extension) bool { return e.Id.Equal(logged) }):
		return true
	}
	return len(path) == 1 && slices.ContainsFunc(last.IssuingCertificateURL, func(u string) bool { return strings.HasPrefix(strings.ToLower(u), "http") })
}

func commonName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

// issuer names who issued the last one of a path.
func issuer(path []*x509.Certificate) string {
	last := path[len(path)-1]
	if last.Issuer.CommonName != "" {
		return last.Issuer.CommonName
	}
	return last.Issuer.String()
}

// weakIn says which key or signature of a path is too weak (RFC 9325 section
// 4); "" when none is. old says that verifiers refuse the signature. That of a
// self-issued certificate proves nothing, so its strength does not matter.
func weakIn(path []*x509.Certificate) (why string, old bool) {
	for _, c := range path {
		name := commonName(c)
		switch key := c.PublicKey.(type) {
		case *rsa.PublicKey:
			if bits := key.N.BitLen(); bits < 2048 {
				return fmt.Sprintf("The key of %s is RSA with %d bits", name, bits), false
			}
		case *ecdsa.PublicKey:
			if bits := key.Params().BitSize; bits < 256 {
				return fmt.Sprintf("The key of %s is an elliptic curve with %d bits", name, bits), false
			}
		}
		switch c.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			if !selfIssued(c) || c == path[0] {
				return fmt.Sprintf("The certificate of %s is signed with %s", name, c.SignatureAlgorithm), true
			}
		}
	}
	return "", false
}

// purpose says why a certificate is not made for a server (RFC 5280 sections
// 4.2.1.3, 4.2.1.9 and 4.2.1.12); "" when it is.
func purpose(c *x509.Certificate) string {
	stated := len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0
	server := slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
	usable := x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement
	switch {
	case stated && !server:
		return "servers do not stand among the purposes that it states (serverAuth)"
	case c.KeyUsage != 0 && c.KeyUsage&usable == 0:
		return "its key may not be used for a connection (keyUsage)"
	case c.IsCA:
		return "it is marked as the certificate of an authority (CA:TRUE)"
	}
	return ""
}
