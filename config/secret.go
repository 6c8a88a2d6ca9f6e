package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"clockwise.info/cwmail/transports"
)

// Vault is where secrets come from. It is opened only when a login is really to
// be tried, never by a check, which at most sees whether a variable is set.
type Vault struct {
	Getenv func(string) string
	Run    func(ctx context.Context, name string, args ...string) (string, error)
	// Feed runs a program with a text as its standard input.
	Feed   func(ctx context.Context, text, name string, args ...string) error
	System string // as runtime.GOOS
}

// SystemVault is this machine's.
func SystemVault() Vault { return Vault{Getenv: os.Getenv, Run: run, Feed: feed, System: runtime.GOOS} }

var (
	errNoKeyring = errors.New("no keyring program is known for this system")
	errNothing   = errors.New("gave nothing")
)

// Reveal returns the password behind s. Errors say where it was looked for,
// never what was found.
func (v Vault) Reveal(ctx context.Context, s transports.Secret) (string, error) {
	var value string
	var err error
	switch s.Kind {
	case transports.NoSecret:
		return "", nil
	case transports.ClearSecret:
		return s.Reveal(), nil
	case transports.EnvSecret:
		value = v.Getenv(s.Ref)
		if value == "" {
			return "", fmt.Errorf("config: the environment variable %s is not set", s.Ref)
		}
		return value, nil
	case transports.CommandSecret:
		value, err = v.shell(ctx, s.Ref)
	case transports.KeyringSecret:
		value, err = v.keyring(ctx, s.Ref)
	}
	// Programs end their answer with a line break that is not meant.
	value, _, _ = strings.Cut(strings.TrimSuffix(value, "\r\n"), "\n")
	if err == nil && value == "" {
		err = errNothing
	}
	if err != nil {
		return "", fmt.Errorf("config: %s: %w", s.Kind, err)
	}
	return strings.TrimSuffix(value, "\r"), nil
}

func (v Vault) shell(ctx context.Context, command string) (string, error) {
	if v.System == "windows" {
		return v.Run(ctx, "cmd", "/c", command)
	}
	return v.Run(ctx, "sh", "-c", command)
}

// keyring asks the keyring's own program: the Secret Service on Linux and the
// BSDs, the keychain on macOS.
func (v Vault) keyring(ctx context.Context, name string) (string, error) {
	switch v.System {
	case "darwin":
		return v.Run(ctx, "security", "find-generic-password", "-s", "cwmail", "-a", name, "-w")
	case "windows":
		return "", errNoKeyring
	}
	return v.Run(ctx, "secret-tool", "lookup", "service", "cwmail", "account", name)
}

// run keeps what the program prints out of the error: it may be the secret.
func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, &out, os.Stderr // a password manager may ask for its own
	if err := cmd.Run(); err != nil {
		return "", err
	}
	return out.String(), nil
}
