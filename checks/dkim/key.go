package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// Expected is the key that a transport signs with.
type Expected struct {
	Public crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey; nil when it is not known here
	Source string           // where it is known from, for people: "keys/acme.example/cw1.pem"
}

// Known says whether there is a key to compare with.
func (e Expected) Known() bool { return keyText(e.Public) != "" }

// Encoding is how the octets of p= are built.
type Encoding uint8

// The encodings. Info is SubjectPublicKeyInfo (RFC 5280), in which RSA keys are
// published; Raw are the 32 octets of an Ed25519 key (RFC 8463 section 4.2).
const (
	NoEncoding Encoding = iota
	Info
	Bare // RSAPublicKey (RFC 8017 appendix A.1.1)
	Raw
	WrappedEd25519 // Ed25519 in SubjectPublicKeyInfo, which DKIM does not use
	Private        // a private key: PKCS#1, PKCS#8 or SEC 1
)

// Key is what a text in the place of p= holds.
type Key struct {
	Public   crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey; nil when there is none
	Encoding Encoding
	Octets   []byte // decoded

	// Have and Want are the characters of base64 that are there and that the
	// length field of the key promises; 0 where they agree.
	Have, Want int

	// Problem says in a few words why there is no usable key.
	Problem string
}

// Truncated says whether the end of the key is missing.
func (k Key) Truncated() bool { return k.Want > k.Have }

// DecodeKey reads the value of p=; white space in it is skipped.
func DecodeKey(text string) Key {
	text = unfold(text)
	octets, complete := decodeBase64(text)
	if octets == nil {
		return Key{Problem: "not base64"}
	}
	k := decodeOctets(octets)
	if want := derLength(octets); want > len(octets) && k.Encoding != Raw {
		k.Have, k.Want = len(text), base64.StdEncoding.EncodedLen(want)
		k.Problem = "the end of the key is missing"
	} else if !complete {
		k.Public, k.Problem = nil, "characters of the base64 are missing"
	}
	return k
}

// decodeBase64 returns nil for what is no base64 at all. complete is false
// where padding or a last character is missing: verifiers refuse that.
func decodeBase64(text string) (octets []byte, complete bool) {
	if octets, err := base64.StdEncoding.DecodeString(text); err == nil && len(octets) > 0 {
		return octets, true
	}
	text = strings.TrimRight(text, "=")
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	octets, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(octets) == 0 {
		return nil, false
	}
	return octets, false
}

// derLength returns how many octets the SEQUENCE at the start says it has, its
// header included; 0 when there is none.
func derLength(b []byte) int {
	if len(b) < 2 || b[0] != 0x30 {
		return 0
	}
	if b[1] < 0x80 {
		return 2 + int(b[1])
	}
	n := int(b[1] & 0x7f)
	if n == 0 || n > 3 || len(b) < 2+n {
		return 0
	}
	length := 0
	for _, c := range b[2 : 2+n] {
		length = length<<8 | int(c)
	}
	return 2 + n + length
}

var (
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

type publicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Key       asn1.BitString
}

type rsaPublicKey struct{ N, E *big.Int }

func decodeOctets(b []byte) Key {
	k := Key{Octets: b}
	if isPrivate(b) {
		k.Encoding, k.Problem = Private, "a private key"
		return k
	}
	var info publicKeyInfo
	if rest, err := asn1.Unmarshal(b, &info); err == nil {
		k.fromInfo(info, len(rest) > 0)
		return k
	}
	var bare rsaPublicKey
	if rest, err := asn1.Unmarshal(b, &bare); err == nil {
		k.Encoding = Bare
		k.fromRSA(bare, len(rest) > 0)
		return k
	}
	if len(b) == ed25519.PublicKeySize {
		k.Encoding, k.Public = Raw, ed25519.PublicKey(b)
		return k
	}
	k.Problem = "no public key"
	return k
}

func (k *Key) fromInfo(info publicKeyInfo, more bool) {
	inner := info.Key.RightAlign()
	switch {
	case info.Algorithm.Algorithm.Equal(oidRSA):
		k.Encoding = Info
		var bare rsaPublicKey
		rest, err := asn1.Unmarshal(inner, &bare)
		if err != nil {
			k.Problem = "the RSA key inside cannot be read"
			return
		}
		k.fromRSA(bare, more || len(rest) > 0)
	case info.Algorithm.Algorithm.Equal(oidEd25519):
		k.Encoding = WrappedEd25519
		if len(inner) == ed25519.PublicKeySize && !more {
			k.Public = ed25519.PublicKey(inner)
		} else {
			k.Problem = "an Ed25519 key of the wrong length"
		}
	default:
		k.Problem = "a kind of key that DKIM does not know"
	}
}

func (k *Key) fromRSA(bare rsaPublicKey, more bool) {
	switch {
	case more:
		k.Problem = "something follows the key"
	case bare.N.Sign() <= 0 || bare.E.Sign() <= 0:
		k.Problem = "an RSA key with a number below 1"
	case bare.E.BitLen() > 31:
		k.Problem = "an RSA key with an exponent that is too large"
	default:
		k.Public = &rsa.PublicKey{N: bare.N, E: int(bare.E.Int64())}
	}
}

// isPrivate holds for a SEQUENCE that starts with the version number of a
// private key, also when its end is missing: what leaked has leaked. Public
// keys start with a SEQUENCE or with a long INTEGER.
func isPrivate(b []byte) bool {
	if len(b) < 16 || b[0] != 0x30 {
		return false
	}
	header := 2
	if b[1] >= 0x80 {
		header += int(b[1] & 0x7f)
	}
	if len(b) < header+3 {
		return false
	}
	// INTEGER of one octet, 0 or 1.
	return b[header] == 2 && b[header+1] == 1 && b[header+2] <= 1
}

// keyText returns the value of p= for a key: base64 of SubjectPublicKeyInfo
// for RSA (RFC 6376 section 3.6.1), of the 32 octets for Ed25519 (RFC 8463
// section 4.2). It is "" for any other key.
func keyText(pub crypto.PublicKey) string {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if pub == nil || pub.N == nil {
			return ""
		}
		b, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			return ""
		}
		return base64.StdEncoding.EncodeToString(b)
	case ed25519.PublicKey:
		if len(pub) != ed25519.PublicKeySize {
			return ""
		}
		return base64.StdEncoding.EncodeToString(pub)
	}
	return ""
}

// KeyType returns the value of k= for a key; "" for one that DKIM does not know.
func KeyType(pub crypto.PublicKey) string {
	switch pub.(type) {
	case *rsa.PublicKey:
		return "rsa"
	case ed25519.PublicKey:
		return "ed25519"
	}
	return ""
}

// sameKey says whether two keys are the same, however they are written.
func sameKey(a, b crypto.PublicKey) bool {
	switch a := a.(type) {
	case *rsa.PublicKey:
		return a != nil && a.Equal(b)
	case ed25519.PublicKey:
		b, ok := b.(ed25519.PublicKey)
		return ok && bytes.Equal(a, b)
	}
	return false
}

// RecordFor is the record to publish for a key. Its value is "" for a kind of key
// that DKIM does not know.
func RecordFor(selector, domain string, pub crypto.PublicKey) finding.Record {
	return finding.Record{Name: RecordName(selector, domain), Type: "TXT", Value: recordText(pub)}
}

// recordText is the record to publish for a key; "" for an unknown kind.
func recordText(pub crypto.PublicKey) string {
	p := keyText(pub)
	if p == "" {
		return ""
	}
	return "v=" + version + "; k=" + KeyType(pub) + "; p=" + p
}
