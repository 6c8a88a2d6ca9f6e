package config

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// ErrChanged says that the file holds something else than when it was read.
var ErrChanged = errors.New("the file was changed by someone else since it was read")

var errBusy = errors.New("another cwmail is writing it")

// lockWait is how long Save waits for another writer, which needs some
// milliseconds.
const (
	lockWait = 2 * time.Second
	lockPoll = 10 * time.Millisecond
)

// Save writes the edits of Apply, Add, Set, Remove and Move. It replaces the file in one
// step, keeps its mode, comments, order and unknown keys, and refuses to
// overwrite what someone else wrote meanwhile (ErrChanged).
func (f *File) Save() error {
	data := f.text()
	path := behindLinks(f.Path)
	unlock, err := lock(path)
	if err != nil {
		return f.saveError(err)
	}
	defer unlock()
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
	if err := writable(path); err != nil {
		return err
	}
	return writeFile(path, data, nil)
}

// writeFile puts data into a new file in the same folder and renames it, so
// that a reader sees the old or the new content and never half of one. The
// file keeps its mode and owner; a new one may hold passwords, and belongs to
// the owner of like, unless that is nil.
func writeFile(path string, data []byte, like fs.FileInfo) error {
	mode := fs.FileMode(0o600)
	was, statErr := os.Stat(path)
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return cause(err)
	}
	if statErr == nil {
		mode, like = was.Mode().Perm(), was
	}
	if like != nil {
		keepOwner(tmp, like)
	}
	_, err = tmp.Write(data)
	// The owner goes first: changing it may take bits of the mode away.
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return cause(err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// sweep removes what writers of the file at path left that were killed: it may
// hold passwords. Only who holds the lock may do so.
func sweep(path string) {
	dir, prefix := filepath.Dir(path), "."+filepath.Base(path)+"."
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		digits, ours := strings.CutPrefix(f.Name(), prefix)
		if ours && digits != "" && strings.Trim(digits, "0123456789") == "" && f.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
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
