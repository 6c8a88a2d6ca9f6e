package config

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

const password = "s3cr3t-w0rd"

// TestPasswordNeverShows puts a password where it belongs, and beside all
// kinds of mistakes, and looks for it in everything that can be printed.
func TestPasswordNeverShows(t *testing.T) {
	smtp := "transports:\n  - name: a\n    type: smtp\n    smtp:\n      host: mail.acme.example\n      username: jan\n"
	for _, text := range []string{
		smtp + "      password: " + password + "\n",
		smtp + "      password: \"" + password + "\"\n      password_env: A\n",
		smtp + "      password: " + password + "\n      password: " + password + "\n",
		smtp + "      password: [" + password + "]\n",
		smtp + "      password: {" + password + ": 1}\n",
		smtp + "      password: *" + password + "\n",
		smtp + "      password: &" + password + "\n",
		smtp + "      password: @" + password + "\n",
		smtp + "      password: %" + password + "\n",
		smtp + "      password: \"" + password + "\n",
		smtp + "      password: " + password + ": x: y\n",
		smtp + "      password:" + password + "\n",
		smtp + "      password: |\n        " + password + "\n        more\n",
		smtp + "      password: \"" + password + "\\q\"\n",
		smtp + "      password: !" + password + " x\n",
		smtp + "\t  password: " + password + "\n",
		smtp + "     password: " + password + "\n",
		smtp + "      passwrd: " + password + "\n",
		smtp + "      password: " + password + "\n      port: 0\n",
		"transports:\n  - name: a\n    type: smtp\n    smtp: " + password + "\n",
		"transports:\n  - name: a\n    type: noreply\n    password: " + password + "\n",
		"transports:\n  - name: a\n    type: noreply\n    smtp: {password: " + password + "}\n",
	} {
		f, err := Parse("c.yaml", []byte(text))
		if out := everyForm(f, err); strings.Contains(out, password) {
			t.Errorf("the password of\n%s\nshows in\n%s", text, out)
		}
		if f == nil {
			continue
		}
		err = f.Add(transports.Transport{Name: "a", Type: "x"})
		if out := everyForm(f.Transports, err) + everyForm(*f, nil); strings.Contains(out, password) {
			t.Errorf("after an edit, the password of\n%s\nshows in\n%s", text, out)
		}
	}
}

func everyForm(v any, err error) string {
	var b strings.Builder
	for _, x := range []any{v, err} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&b, verb+"\n", x)
		}
		js, _ := json.Marshal(x)
		b.Write(js)
	}
	if invalid, ok := errors.AsType[*Invalid](err); ok {
		fmt.Fprintf(&b, "%+v %#v", invalid.Problems, invalid.Problems)
	}
	return b.String()
}

func TestReveal(t *testing.T) {
	var ran []string
	v := Vault{
		Getenv: env("P", "from env"),
		Run: func(_ context.Context, name string, args ...string) (string, error) {
			ran = append(ran, name+" "+strings.Join(args, " "))
			switch args[len(args)-1] {
			case "empty":
				return "\n", nil
			case "fails":
				return "half a secret", errors.New("exit status 1")
			}
			return "found it\r\nsecond line\n", nil
		},
		System: "linux",
	}
	secret := func(kind transports.SecretKind, ref string) transports.Secret {
		return transports.Secret{Kind: kind, Ref: ref}
	}
	for _, c := range []struct {
		s         transports.Secret
		want, err string
	}{
		{transports.Secret{}, "", ""},
		{transports.NewClearSecret(password), password, ""},
		{secret(transports.EnvSecret, "P"), "from env", ""},
		{secret(transports.EnvSecret, "Q"), "", "config: the environment variable Q is not set"},
		{secret(transports.CommandSecret, "pass show x"), "found it", ""},
		{secret(transports.CommandSecret, "empty"), "", "config: password_command: gave nothing"},
		{secret(transports.CommandSecret, "fails"), "", "config: password_command: exit status 1"},
		{secret(transports.KeyringSecret, "smtp"), "found it", ""},
	} {
		got, err := v.Reveal(t.Context(), c.s)
		if got != c.want || fmt.Sprint(err) != c.err && (err != nil || c.err != "") {
			t.Errorf("%v %s: %q, %v", c.s.Kind, c.s.Ref, got, err)
		}
	}
	want := "sh -c pass show x\nsh -c empty\nsh -c fails\nsecret-tool lookup service cwmail account smtp"
	if got := strings.Join(ran, "\n"); got != want {
		t.Errorf("ran:\n%s", got)
	}
	v.System = "windows"
	if _, err := v.Reveal(t.Context(), secret(transports.KeyringSecret, "x")); !errors.Is(err, errNoKeyring) {
		t.Errorf("windows: %v", err)
	}
}

func TestRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	v := SystemVault()
	got, err := v.Reveal(t.Context(), transports.Secret{Kind: transports.CommandSecret, Ref: "printf '%s\\n' abc"})
	if got != "abc" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if _, err := v.Reveal(t.Context(), transports.Secret{Kind: transports.CommandSecret, Ref: "echo " + password + "; exit 3"}); err == nil || strings.Contains(err.Error(), password) {
		t.Errorf("%v", err)
	}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestParseKey(t *testing.T) {
	r := must(rsa.GenerateKey(rand.Reader, 1024))
	public, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	old := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte{1}})
	whole := pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(r)))
	for _, c := range []struct {
		name string
		data []byte
		want string // String of the key
	}{
		{"pkcs8 rsa", whole, "private key rsa 1024"},
		{"pkcs1", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), "private key rsa 1024"},
		{"pkcs8 ed25519", pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ed))), "private key ed25519"},
		{"text before", append([]byte("my key\n"), whole...), "private key rsa 1024"},
		{"certificate before", append(pemOf("CERTIFICATE", []byte{1}), whole...), "private key rsa 1024"},
		{"public", pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(public))), "public key ed25519"},
		{"encrypted pkcs8", pemOf("ENCRYPTED PRIVATE KEY", []byte{1}), "unusable key: " + errEncrypted.Error()},
		{"encrypted pkcs1", old, "unusable key: " + errEncrypted.Error()},
		{"openssh", pemOf("OPENSSH PRIVATE KEY", []byte{1}), "unusable key: " + errOpenSSH.Error()},
		{"ec", pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ec))), "unusable key: " + errKind.Error()},
		{"cut", pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(r))[:100]), "unusable key: " + errBroken.Error()},
		{"cut text", whole[:200], "unusable key: the file holds no PEM block (-----BEGIN PRIVATE KEY-----)"},
		{"empty", []byte(" \n"), "unusable key: the file is empty"},
		{"other", []byte("p=abc"), "unusable key: the file holds no PEM block (-----BEGIN PRIVATE KEY-----)"},
	} {
		if got := ParseKey(c.data).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLoadKeys(t *testing.T) {
	r := must(rsa.GenerateKey(rand.Reader, 1024))
	other := must(rsa.GenerateKey(rand.Reader, 1024))
	dir := t.TempDir()
	file := func(name string, data []byte, mode os.FileMode) {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "keys"), 0o700), os.WriteFile(filepath.Join(dir, "keys", name), data, mode)); err != nil {
			t.Fatal(err)
		}
	}
	file("a.pem", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), 0o600)
	file("open.pem", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), 0o644)
	der := must(x509.MarshalPKIXPublicKey(&other.PublicKey))
	text := "transports:\n" +
		"  - {name: a, type: clockwise, dkim: {selector: s, key: keys/a.pem}}\n" +
		"  - {name: open, type: clockwise, dkim: {selector: s, key: keys/open.pem}}\n" +
		"  - {name: none, type: clockwise, dkim: {selector: s, key: keys/none.pem}}\n" +
		"  - {name: folder, type: clockwise, dkim: {selector: s, key: keys}}\n" +
		"  - name: both\n    type: clockwise\n    dkim:\n      selector: s\n      key: keys/a.pem\n      public_key: |\n" +
		"        " + strings.ReplaceAll(strings.TrimSpace(string(pemOf("PUBLIC KEY", der))), "\n", "\n        ") + "\n"
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := load(t, path)
	key := func(i int) transports.Key { return f.Transports[i].DKIM.Key }
	if k := key(0); k.Private == nil || !r.PublicKey.Equal(k.Public) || k.Exposed || k.Problem != transports.KeyOK {
		t.Errorf("a: %v", k)
	}
	if k := key(1); runtime.GOOS != "windows" && !k.Exposed || k.Private == nil {
		t.Errorf("open: %v", k)
	}
	if k := key(2); k.Problem != transports.KeyMissing || !strings.Contains(k.Detail, filepath.Join("keys", "none.pem")+" does not exist") {
		t.Errorf("none: %v", k)
	}
	if k := key(3); k.Problem != transports.KeyUnreadable {
		t.Errorf("folder: %v", k)
	}
	if k := key(4); !other.PublicKey.Equal(k.Public) || !r.PublicKey.Equal(k.FilePublic) {
		t.Errorf("both: %+v", k)
	}
	if err := errors.Join(f.Set("both", f.Transports[4]), f.Save()); err != nil {
		t.Fatal(err)
	}
	data := must(os.ReadFile(path))
	if f = load(t, path); !bytes.Contains(data, []byte("key: keys/a.pem")) || !other.PublicKey.Equal(key(4).Public) {
		t.Errorf("after a save:\n%s", data)
	}
}
