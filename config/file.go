package config

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"go.yaml.in/yaml/v3"
)

// ErrChanged says that the file holds something else than when it was read.
var ErrChanged = errors.New("the file was changed by someone else since it was read")

var errBusy = errors.New("another cwmail is writing it")

// lockWait is how long Save waits for another writer, which needs some
// milliseconds.
const lockWait = 2 * time.Second

// Save writes the edits of Add, Set and Remove. It replaces the file in one
// step, keeps its mode, comments, order and unknown keys, and refuses to
// overwrite what someone else wrote meanwhile (ErrChanged).
func (f *File) Save() error {
	data, err := encode(f.doc, f.crlf)
	if err != nil {
		return f.saveError(err)
	}
	path := behindLinks(f.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return f.saveError(cause(err))
	}
	lock := flock.New(path + ".lock")
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil || !ok {
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			err = errBusy
		}
		return f.saveError(cause(err))
	}
	defer func() { _ = lock.Unlock() }()
	if err := f.replace(path, data); err != nil {
		return f.saveError(err)
	}
	f.sum, f.Exists = sha256.Sum256(data), true
	return nil
}

// behindLinks is the file that path stands for: a link stays a link, also one
// to a file that is still to be made.
func behindLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	to, err := os.Readlink(path)
	switch {
	case err != nil:
		return path
	case filepath.IsAbs(to):
		return to
	}
	return filepath.Join(filepath.Dir(path), to)
}

func (f *File) saveError(err error) error {
	return fmt.Errorf("config: %s cannot be saved: %w", f.Path, err)
}

// replace is Save under the lock.
func (f *File) replace(path string, data []byte) error {
	now, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Exists, err == nil && sha256.Sum256(now) != f.sum:
		return ErrChanged
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return cause(err)
	case err == nil && bytes.Equal(now, data):
		return nil
	}
	return writeFile(path, data)
}

// writeFile puts data into a new file in the same folder and renames it, so
// that a reader sees the old or the new content and never half of one. The
// file keeps its mode and owner; a new one may hold passwords.
func writeFile(path string, data []byte) error {
	mode := fs.FileMode(0o600)
	was, statErr := os.Stat(path)
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return cause(err)
	}
	if statErr == nil {
		mode = was.Mode().Perm()
		keepOwner(tmp, was)
	}
	_, err = tmp.Write(data)
	// The owner goes first: changing it may take bits of the mode away.
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return cause(err)
}

// Create writes the commented starter to path. It never replaces a file.
func Create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("config: %s cannot be written: %w", path, cause(err))
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("config: %s cannot be written: %w", path, cause(err))
	}
	_, err = file.WriteString(Starter())
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path) // half a file would be in the way of the next attempt
		return fmt.Errorf("config: %s cannot be written: %w", path, cause(err))
	}
	return nil
}

func encode(doc *yaml.Node, crlf bool) ([]byte, error) {
	if doc == nil {
		return nil, nil
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(doc), e.Close()); err != nil {
		return nil, err
	}
	if crlf {
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r\n")), nil
	}
	return out.Bytes(), nil
}
