package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"

	"clockwise.info/cwmail/transports/sink"
)

// sinkFiles are the files of this machine. Mail is for its owner alone.
func sinkFiles() sink.Files {
	return sink.Files{
		MakeDir: func(path string) error { return os.MkdirAll(path, 0o700) },
		Create: func(path string) (sink.File, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		},
		Rename: os.Rename, Remove: os.Remove, Join: filepath.Join,
		Append: openLocked,
	}
}

// lockedFile is a file with the lock that keeps others out.
type lockedFile struct {
	*os.File
	lock *flock.Flock
}

func openLocked(path string) (sink.LockedFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, f.Close(), errors.New("it is no file"))
	}
	name := path // what mail readers lock
	if runtime.GOOS == "windows" {
		name += ".lock" // a lock there keeps ourselves out too
	}
	l := flock.New(name)
	if err := l.Lock(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return lockedFile{f, l}, nil
}

func (f lockedFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f lockedFile) Close() error { return errors.Join(f.File.Close(), f.lock.Close()) }
