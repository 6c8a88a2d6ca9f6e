package config

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"clockwise.info/cwmail/transports"
)

// HasKeyring says whether there is a keyring that can be asked: its program,
// and on Linux and the BSDs the session bus without which the Secret Service
// cannot be reached, as in most SSH sessions. have says whether a program is
// there.
func HasKeyring(have func(program string) bool, getenv func(string) string) bool {
	return hasKeyring(runtime.GOOS, have, getenv)
}

func hasKeyring(system string, have func(program string) bool, getenv func(string) string) bool {
	switch system {
	case "darwin":
		return have("security")
	case "windows":
		return false
	}
	return have("secret-tool") && (getenv("DBUS_SESSION_BUS_ADDRESS") != "" || getenv("XDG_RUNTIME_DIR") != "")
}

var (
	errKeyringName   = errors.New("the name may hold letters, digits, spaces and . _ @ - only")
	errKeyringSecret = errors.New("the password is empty, has a line break or is longer than 1,000 octets")
	errNotKept       = errors.New("the keyring did not keep it")
	errCannotFeed    = errors.New("the keyring's program cannot be run here")
)

var keyringName = lazily(`^[A-Za-z0-9._@]([A-Za-z0-9 ._@-]{0,98}[A-Za-z0-9._@-])?$`)

// Keep puts a secret into the desktop's keyring under a name, where
// password_keyring finds it. It goes through the standard input of the
// keyring's program: what stands on a command line can be seen by all users of
// the machine. Then it is read back, for these programs do not always tell
// when they fail.
func (v Vault) Keep(ctx context.Context, name, secret string) error {
	failed := func(err error) error {
		return fmt.Errorf("config: the password was not kept in the keyring: %w", err)
	}
	switch {
	case !keyringName().MatchString(name):
		return failed(errKeyringName)
	case secret == "" || len(secret) > 1000 || strings.ContainsAny(secret, "\r\n\x00"):
		return failed(errKeyringSecret)
	case v.Feed == nil:
		return failed(errCannotFeed)
	}
	if err := v.feedKeyring(ctx, name, secret); err != nil {
		return failed(err)
	}
	kept, err := v.Reveal(ctx, transports.Secret{Kind: transports.KeyringSecret, Ref: name})
	if err != nil || kept != secret {
		return failed(errNotKept)
	}
	return nil
}

func (v Vault) feedKeyring(ctx context.Context, name, secret string) error {
	switch v.System {
	case "darwin":
		// Asked for it, add-generic-password prompts at the terminal; in its
		// interactive mode the whole command comes from the standard input.
		// -X takes the secret in hexadecimal, so that nothing has to be quoted.
		line := fmt.Sprintf("add-generic-password -U -s cwmail -a %q -X %s\n", name, hex.EncodeToString([]byte(secret)))
		return v.Feed(ctx, line, "security", "-i")
	case "windows":
		return errNoKeyring
	}
	return v.Feed(ctx, secret, "secret-tool", "store", "--label", "cwmail: "+name, "service", "cwmail", "account", name)
}

// feed runs a program with a text as its standard input. What it prints is
// dropped: it may repeat the text.
func feed(ctx context.Context, text, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = bytes.NewReader([]byte(text))
	return cmd.Run()
}
