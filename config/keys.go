package config

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"clockwise.info/cwmail/transports"
)

// maxKey is far above any private key.
const maxKey = 1 << 20

// loadKeys reads the key files of all transports. What goes wrong with one is
// kept in its Key: it is a finding about that transport, not an error.
func (f *File) loadKeys() {
	for i := range f.Transports {
		d := &f.Transports[i].DKIM
		if d.KeyFile == "" {
			continue
		}
		key := LoadKey(d.KeyFile)
		if d.PublicKey != "" {
			key.FilePublic, key.Public = key.Public, d.Key.Public
		}
		d.Key = key
	}
}

// LoadKey reads a private key: PEM with PKCS #8 (RFC 5208) or PKCS #1 (RFC
// 8017 appendix A.1.2). A file with a public key gives a Key without Private.
func LoadKey(path string) transports.Key {
	file, err := os.Open(path)
	if err != nil {
		return keyFileTrouble(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return keyFileTrouble(path, err)
	}
	if !info.Mode().IsRegular() {
		return transports.Key{Problem: transports.KeyUnreadable, Detail: path + " is not a file"}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxKey))
	if err != nil {
		return keyFileTrouble(path, err)
	}
	key := ParseKey(data)
	// Windows has no such bits: there Go makes up 0666.
	key.Exposed = runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
	return key
}

func keyFileTrouble(path string, err error) transports.Key {
	if errors.Is(err, fs.ErrNotExist) {
		return transports.Key{Problem: transports.KeyMissing, Detail: path + " does not exist"}
	}
	return transports.Key{Problem: transports.KeyUnreadable, Detail: fmt.Sprintf("%s: %v", path, cause(err))}
}

// ParseKey reads the text of a key file. Detail of the result never holds any
// of it.
func ParseKey(data []byte) transports.Key {
	malformed := func(why string) transports.Key {
		return transports.Key{Problem: transports.KeyMalformed, Detail: why}
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return malformed("the file is empty")
	}
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return malformed("the file holds no PEM block (-----BEGIN PRIVATE KEY-----)")
		}
		key, err := keyOf(block)
		switch {
		case err != nil:
			return malformed(err.Error())
		case key.Public != nil:
			return key
		}
		data = rest // a certificate or parameters before the key
	}
}

var (
	errEncrypted = errors.New("the key is encrypted with a passphrase; cwmail needs it without one")
	errOpenSSH   = errors.New("the key has OpenSSH's own form; convert it with: ssh-keygen -p -m PKCS8 -f FILE")
	errKind      = errors.New("DKIM knows RSA and Ed25519 keys, this is another kind")
	errBroken    = errors.New("the PEM block does not hold a whole key")
)

// keyOf reads one PEM block; a block that is no key gives a Key without Public.
func keyOf(b *pem.Block) (transports.Key, error) {
	// The old form says so in its headers (RFC 1421), PKCS #8 in its type.
	if strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED") || b.Type == "ENCRYPTED PRIVATE KEY" {
		return transports.Key{}, errEncrypted
	}
	var parsed any
	var err error
	switch b.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case "OPENSSH PRIVATE KEY":
		return transports.Key{}, errOpenSSH
	case "EC PRIVATE KEY":
		return transports.Key{}, errKind
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		public, err := publicOf(b.Bytes)
		return transports.Key{Public: public}, err
	default:
		return transports.Key{}, nil
	}
	if err != nil {
		return transports.Key{}, errBroken
	}
	switch k := parsed.(type) {
	case *rsa.PrivateKey:
		return transports.Key{Public: &k.PublicKey, Private: k}, nil
	case ed25519.PrivateKey:
		return transports.Key{Public: k.Public(), Private: k}, nil
	}
	return transports.Key{}, errKind
}

// base64Of takes the base64 text out of what people paste: the text alone, a
// PEM block, a whole record, any of them with spaces and quotation marks.
func base64Of(s string) string {
	if block, _ := pem.Decode([]byte(unfold(s))); block != nil {
		return base64.StdEncoding.EncodeToString(block.Bytes)
	}
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		if ok && strings.TrimSpace(name) == "p" {
			s = value
		}
	}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" \t\r\n\"", c) {
			return -1
		}
		return c
	}, s)
}

// unfold gives a PEM block its lines back where they were joined with spaces.
func unfold(s string) string {
	const begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, begin) || !strings.HasSuffix(s, end) || len(s) < len(begin)+len(end) {
		return s
	}
	return begin + "\n" + strings.Join(strings.Fields(s[len(begin):len(s)-len(end)]), "\n") + "\n" + end + "\n"
}

var errBase64 = errors.New("it is not base64, or not all of it")

// publicKey reads a public key as it stands in a DKIM record: base64 of a
// SubjectPublicKeyInfo or an RSAPublicKey (RFC 6376 section 3.6.1), or of the
// 32 octets of Ed25519 (RFC 8463 section 4.2).
func publicKey(text string) (crypto.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil, errBase64
	}
	return publicOf(der)
}

func publicOf(der []byte) (crypto.PublicKey, error) {
	if len(der) == ed25519.PublicKeySize {
		return ed25519.PublicKey(der), nil
	}
	if k, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return k, nil
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("the base64 text does not hold a whole key")
	}
	switch k.(type) {
	case *rsa.PublicKey, ed25519.PublicKey:
		return k, nil
	}
	return nil, errKind
}
