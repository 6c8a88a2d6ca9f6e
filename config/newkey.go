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
	"path/filepath"

	"clockwise.info/cwmail/transports"
)

// KeyFile is a key pair that was made. It holds no private half: that is in
// the file alone.
type KeyFile struct {
	Path      string
	Domain    string
	Selector  string
	Kind      string           // rsa2048, rsa4096 or ed25519
	Public    crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey
	PublicKey string           // base64 as it stands behind p= in the record
}

// DKIM is what a transport that signs with the key has; it is not switched on.
func (k KeyFile) DKIM() transports.DKIM {
	return transports.DKIM{Selector: k.Selector, KeyFile: k.Path}
}

// KeysFolder is where the keys for the configuration at path are.
func KeysFolder(path string) string { return filepath.Join(filepath.Dir(path), "keys") }

// KeyKinds are the kinds of key that NewKey makes.
func KeyKinds() []string { return []string{"rsa2048", "rsa4096", "ed25519"} }

// NewKey makes a key pair and writes the private half to DOMAIN/SELECTOR.pem
// in folder, as PKCS #8 (RFC 5208) in PEM, for its owner alone. It never
// overwrites a file: where one is there already, the error is fs.ErrExist and the
// path is told.
func NewKey(folder, domain, selector, kind string, rand io.Reader) (KeyFile, error) {
	k := KeyFile{Kind: kind}
	var err error
	if k.Domain, err = transports.ParseDomain(domain); err != nil {
		return KeyFile{}, fmt.Errorf("config: no key was made: %q is no domain", domain)
	}
	var wrong, hint string
	if k.Selector, wrong, hint = parseSelector(selector); wrong != "" {
		return KeyFile{}, fmt.Errorf("config: no key was made: %s (%s)", wrong, hint)
	}
	k.Path = filepath.Join(folder, k.Domain, k.Selector+".pem")
	// Making a key takes seconds; a name that is taken shows at once.
	if _, err := os.Lstat(k.Path); err == nil {
		return k, taken(k.Path)
	}
	private, err := generate(kind, rand)
	if err != nil {
		return KeyFile{}, fmt.Errorf("config: no key was made: %w", err)
	}
	k.Public = private.Public()
	if k.PublicKey, err = recordText(k.Public); err != nil {
		return KeyFile{}, fmt.Errorf("config: no key was made: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return KeyFile{}, errors.New("config: no key was made: it cannot be written as PKCS #8")
	}
	if err := writeKey(k.Path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return KeyFile{Path: k.Path, Domain: k.Domain, Selector: k.Selector, Kind: kind}, err
	}
	return k, nil
}

func taken(path string) error {
	return fmt.Errorf("config: no key was made: %s is there already and is never overwritten; choose another selector: %w", path, fs.ErrExist)
}

func generate(kind string, rand io.Reader) (crypto.Signer, error) {
	switch kind {
	case "rsa2048":
		return rsa.GenerateKey(rand, 2048)
	case "rsa4096":
		return rsa.GenerateKey(rand, 4096)
	case "ed25519":
		_, private, err := ed25519.GenerateKey(rand)
		return private, err
	}
	return nil, fmt.Errorf("%q is no kind of key (write rsa2048, rsa4096 or ed25519)", kind)
}

// recordText is p= of the record: a SubjectPublicKeyInfo (RFC 6376 section
// 3.6.1), or the 32 octets of Ed25519 (RFC 8463 section 4.2).
func recordText(public crypto.PublicKey) (string, error) {
	if e, ok := public.(ed25519.PublicKey); ok {
		return base64.StdEncoding.EncodeToString(e), nil
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", errKind
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

func writeKey(path string, text []byte) error {
	failed := func(err error) error {
		return fmt.Errorf("config: no key was made: %s cannot be written: %w", path, cause(err))
	}
	like, err := makeFolders(filepath.Dir(path))
	if err != nil {
		return failed(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return taken(path)
	case err != nil:
		return failed(err)
	}
	if like != nil {
		keepOwner(file, like)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path) // half a key is none
		return failed(err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// makeFolders makes a folder and those above it, for the owner alone. They
// belong to whom the first one belongs that was there.
func makeFolders(dir string) (like fs.FileInfo, err error) {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is not a folder", dir)
		}
		return info, nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if like, err = makeFolders(parent); err != nil {
			return nil, err
		}
	}
	switch err := os.Mkdir(dir, 0o700); {
	case errors.Is(err, fs.ErrExist): // somebody else was faster
	case err != nil:
		return nil, err
	case like != nil:
		giveTo(dir, like)
	}
	return like, nil
}

// syncFolder makes a new name in a folder last through a loss of power, where
// the system can do that.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
