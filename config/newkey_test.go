package config

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

func TestNewKey(t *testing.T) {
	for _, kind := range KeyKinds() {
		t.Run(kind, func(t *testing.T) {
			if kind == "rsa4096" && testing.Short() {
				t.Skip("it takes seconds")
			}
			folder := filepath.Join(t.TempDir(), "keys")
			k, err := NewKey(folder, "Acme.example.", "CW1", kind, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(folder, "acme.example", "cw1.pem"); k.Path != want {
				t.Errorf("path %s, want %s", k.Path, want)
			}
			for path, mode := range map[string]fs.FileMode{k.Path: 0o600, filepath.Dir(k.Path): 0o700, folder: 0o700} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
					t.Errorf("%s: %v, want %v", path, info.Mode().Perm(), mode)
				}
			}
			loaded := LoadKey(k.Path)
			if loaded.Problem != transports.KeyOK || loaded.Private == nil || loaded.Exposed {
				t.Fatalf("it cannot be used: %v", loaded)
			}
			if eq, ok := loaded.Public.(interface{ Equal(x any) bool }); ok && !eq.Equal(k.Public) {
				t.Error("the public half is another one")
			}
			if _, err := base64.StdEncoding.DecodeString(k.PublicKey); err != nil {
				t.Error(err)
			}
			private, err := os.ReadFile(k.Path)
			if err != nil {
				t.Fatal(err)
			}
			body := strings.Split(string(private), "\n")[1]
			if shown := fmt.Sprintf("%v %+v %#v", k, k, k); strings.Contains(shown, body) {
				t.Error("the private half shows")
			}
			_, err = NewKey(folder, "acme.example", "cw1", kind, rand.Reader)
			if again, _ := os.ReadFile(k.Path); !errors.Is(err, fs.ErrExist) || string(again) != string(private) {
				t.Errorf("it was overwritten: %v", err)
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	folder := t.TempDir()
	for _, c := range [][3]string{
		{"../evil.example/..", "cw1", "ed25519"},
		{"acme", "cw1", "ed25519"},
		{"acme.example", "../cw1", "ed25519"},
		{"acme.example", "a/b", "ed25519"},
		{"acme.example", "", "ed25519"},
		{"acme.example", "cw1", "dsa"},
		{"acme.example", "cw1._domainkey", "ed25519"},
	} {
		if k, err := NewKey(filepath.Join(folder, "keys"), c[0], c[1], c[2], rand.Reader); err == nil {
			t.Errorf("%q gives %s", c, k.Path)
		}
	}
	if entries, _ := os.ReadDir(folder); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestStates(t *testing.T) {
	s := NewStates(filepath.Join(t.TempDir(), "state"))
	if got := s.List(); len(got) > 0 {
		t.Errorf("there is %q", got)
	}
	if err := s.Store("wizards/dkim-acme.example.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if got := s.List(); len(got) != 1 || got[0] != "wizards/dkim-acme.example.json" {
		t.Errorf("there is %q", got)
	}
	if data, err := s.Load("wizards/dkim-acme.example.json"); err != nil || string(data) != "{}" {
		t.Errorf("%q, %v", data, err)
	}
	for _, bad := range []string{"", "../x", "/x", "a/../../x", "a\x00b", ".hidden", strings.Repeat("x", 300)} {
		if err := s.Store(bad, nil); err == nil {
			t.Errorf("%q is stored", bad)
		}
		if _, err := s.Load(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	if err := s.Remove("wizards/dkim-acme.example.json"); err != nil || len(s.List()) > 0 {
		t.Errorf("%v, %q", err, s.List())
	}
	if _, err := s.Load("wizards/dkim-acme.example.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestStateFolder(t *testing.T) {
	for _, c := range []struct{ system, xdg, home, want string }{
		{"linux", "/x", "/home/jan", "/x"},
		{"linux", "relative", "/home/jan", "/home/jan/.local/state"},
		{"linux", "", "", ""},
		{"darwin", "", "/Users/jan", "/Users/jan/Library/Application Support"},
	} {
		env := map[string]string{"XDG_STATE_HOME": c.xdg, "HOME": c.home}
		if got, err := stateDir(func(k string) string { return env[k] }, c.system); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

// keyring is a keyring in memory that hears what its program is told.
type keyring struct {
	argv, fed []string
	kept      string
	deaf      bool
}

func (k *keyring) vault(system string) Vault {
	return Vault{
		System: system,
		Run: func(_ context.Context, name string, args ...string) (string, error) {
			k.argv = append(k.argv, name+" "+strings.Join(args, " "))
			if k.kept == "" {
				return "", errors.New("exit status 1")
			}
			return k.kept + "\n", nil
		},
		Feed: func(_ context.Context, stdin, name string, args ...string) error {
			k.argv = append(k.argv, name+" "+strings.Join(args, " "))
			k.fed = append(k.fed, stdin)
			if !k.deaf {
				k.kept = "s3cret pass"
			}
			return nil
		},
	}
}

func TestKeyring(t *testing.T) {
	const secret = "s3cret pass"
	for _, system := range []string{"linux", "darwin"} {
		k := &keyring{}
		if err := k.vault(system).Keep(t.Context(), "acme mail", secret); err != nil {
			t.Errorf("%s: %v", system, err)
		}
		if strings.Contains(strings.Join(k.argv, "\n"), secret) {
			t.Errorf("%s: the password stands on a command line: %q", system, k.argv)
		}
		k = &keyring{deaf: true}
		if err := k.vault(system).Keep(t.Context(), "acme", secret); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: what was not kept: %v", system, err)
		}
	}
	for _, bad := range [][2]string{{"a\nb", secret}, {"", secret}, {"-x;rm", secret}, {"acme", ""}, {"acme", "two\nlines"}} {
		if err := (&keyring{}).vault("linux").Keep(t.Context(), bad[0], bad[1]); err == nil {
			t.Errorf("%q is kept", bad)
		}
	}
	if err := (&keyring{}).vault("windows").Keep(t.Context(), "acme", secret); err == nil {
		t.Error("Windows has no keyring that we know")
	}
}
