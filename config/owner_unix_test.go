//go:build !windows

package config

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"clockwise.info/cwmail/transports"
)

// TestRootKeepsTheOwner: who saves with sudo must not lock the owner out.
func TestRootKeepsTheOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may give files away")
	}
	path := write(t, edited)
	if err := errors.Join(os.Chown(path, 12345, 23456), os.Chmod(path, 0o600)); err != nil {
		t.Skip(err)
	}
	f := load(t, path)
	if err := errors.Join(f.Add(transports.Transport{Name: "new", Type: transports.NoReply}), f.Save()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 12345 || s.Gid != 23456 || info.Mode().Perm() != 0o600 {
		t.Errorf("owner %d, group %d, mode %v", s.Uid, s.Gid, info.Mode())
	}
}
