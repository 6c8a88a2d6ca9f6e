//go:build !windows

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives file the owner and the group of the one it is to replace: who
// saves with sudo would lock its owner out. Only root may give files away; for
// others at most the group follows.
func keepOwner(file *os.File, was fs.FileInfo) {
	old, ok := was.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if file.Chown(int(old.Uid), int(old.Gid)) != nil {
		_ = file.Chown(-1, int(old.Gid))
	}
}

// giveTo is keepOwner for what was made by name.
func giveTo(path string, was fs.FileInfo) {
	old, ok := was.Sys().(*syscall.Stat_t)
	if ok && os.Geteuid() == 0 {
		_ = os.Lchown(path, int(old.Uid), int(old.Gid))
	}
}
