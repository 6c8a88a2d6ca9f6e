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
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"clockwise.info/cwmail/transports"
)

// Store changes a configuration file that others may be changing too. What
// they changed is never lost, each change keeps a backup of the file before
// it, and the last one can be taken back.
type Store struct {
	path  string
	who   string
	now   func() time.Time
	write func(path string, data []byte, like fs.FileInfo) error
}

// NewStore is for the file at path. who is told to others whom a change
// concerns: "jan on server1"; Undo takes back only what the same who did.
func NewStore(path, who string, now func() time.Time) *Store {
	return &Store{path: path, who: who, now: now, write: writeFile}
}

// Load reads the file.
func (s *Store) Load() (*File, error) { return Load(s.path) }

// Change makes changes in the file, which was base when they were thought of,
// and returns it as it is then. desc says in words what they do; where it is
// empty the changes say it themselves. What others changed since base stays and
// is told in Merged of the result. Where they changed the same, nothing is
// written and the error is a *Conflict: Merge or Redo go on from there.
func (s *Store) Change(base *File, desc string, changes ...transports.Change) (*File, error) {
	if err := s.gone(base); err != nil {
		return nil, err
	}
	var out *File
	err := s.locked(func(path string) error {
		if err := s.gone(base); err != nil {
			return err
		}
		fresh, err := Load(s.path)
		if err != nil {
			return err
		}
		mine, err := s.rebase(base, fresh, desc, changes)
		if err != nil {
			return err
		}
		if base != nil && base.sum != fresh.sum {
			fresh.Merged = theirs(base, fresh)
		}
		next := *fresh
		if err := next.Apply(mine...); err != nil {
			return err
		}
		if desc == "" {
			desc = describe(fresh, mine)
		}
		if err := s.commit(path, fresh.text(), next.text(), Entry{What: desc}); err != nil {
			return s.saveError(err)
		}
		next.sum, next.Exists = sha256.Sum256(next.text()), true
		out = &next
		return nil
	})
	return out, err
}

// gone is the error that a file that was there is not there any more. It is
// not made anew: what others had in it would be lost.
func (s *Store) gone(base *File) error {
	if base == nil || !base.Exists {
		return nil
	}
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return s.saveError(errGone)
	}
	return nil
}

func describe(f *File, changes []transports.Change) string {
	words := make([]string, len(changes))
	for i, c := range changes {
		before, _ := named(f, c.Name)
		words[i] = c.Describe(before)
	}
	return strings.Join(words, ", ")
}

func named(f *File, name string) (transports.Transport, bool) {
	i := slices.IndexFunc(f.Transports, func(t transports.Transport) bool { return t.Name == name })
	if i < 0 {
		return transports.Transport{}, false
	}
	return f.Transports[i], true
}

// theirs says in words what became of base.
func theirs(base, fresh *File) []string {
	var out []string
	for _, t := range fresh.Transports {
		was, had := named(base, t.Name)
		switch {
		case !had:
			out = append(out, transports.Change{Kind: transports.AddTransport, To: t}.String())
		case !transports.Same(was, t):
			out = append(out, transports.Change{Kind: transports.EditTransport, Name: t.Name, To: t}.Describe(was))
		}
	}
	for _, t := range base.Transports {
		if _, has := named(fresh, t.Name); !has {
			out = append(out, transports.Change{Kind: transports.RemoveTransport, Name: t.Name}.String())
		}
	}
	if len(out) == 0 {
		out = append(out, "changes other lines")
	}
	return out
}

func (s *Store) saveError(err error) error {
	return fmt.Errorf("config: %s cannot be saved: %w", s.path, err)
}

// locked does something while no other cwmail changes the file.
func (s *Store) locked(do func(path string) error) error {
	path := behindLinks(s.path)
	unlock, err := lock(path)
	if err != nil {
		return s.saveError(err)
	}
	defer unlock()
	return do(path)
}

// lock waits until no other cwmail writes the file at path. It makes the
// folder where there is none.
func lock(path string) (unlock func(), err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, cause(err)
	}
	l := flock.New(path + ".lock")
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if ok, err := l.TryLockContext(ctx, lockPoll); err != nil || !ok {
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			return nil, errBusy
		}
		return nil, fmt.Errorf("it cannot be locked (%s): %w", l.Path(), cause(err))
	}
	// Who saves with sudo must not lock the owner out.
	if like := ownerOf(path); like != nil {
		giveTo(l.Path(), like)
	}
	sweep(path)
	return func() { _ = l.Unlock() }, nil
}

// ownerOf is what tells who owns the file at path, or is to: the file, or its
// folder.
func ownerOf(path string) fs.FileInfo {
	for _, p := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(p); err == nil {
			return info
		}
	}
	return nil
}

var (
	errGone     = errors.New("the file is gone; it was there when it was read")
	errReadOnly = errors.New("the file is read-only")
	errBackup   = errors.New("no backup of it can be kept, so nothing was changed")
)

// writable refuses to replace a file that may not be written: renaming another
// one over it would be possible.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return cause(err)
	case info.Mode().Perm()&0o222 == 0:
		return errReadOnly
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return cause(err)
	}
	return file.Close()
}

// commit replaces the text before by after, with a backup and an entry in the
// journal. Both are there before the change is: an entry whose change did not
// come about is known by the sums, and goes with the next one.
func (s *Store) commit(path string, before, after []byte, e Entry) error {
	if bytes.Equal(before, after) {
		return nil
	}
	if err := writable(path); err != nil {
		return err
	}
	h := history{folder: path + historySuffix, write: s.write, like: ownerOf(path)}
	was, err := h.entries(sumOf(before))
	if err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	e.At, e.Who, e.Before, e.After = s.now().UTC(), s.who, sumOf(before), sumOf(after)
	if err := h.add(was, &e, before); err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	if err := s.swap(path, before, after); err != nil {
		h.withdraw(was, e)
		return err
	}
	h.prune(e.Seq)
	return nil
}

// swap writes the file if it still holds before. Editors know no locks.
func (s *Store) swap(path string, before, after []byte) error {
	now, err := os.ReadFile(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return cause(err)
	case !bytes.Equal(now, before):
		return ErrChanged
	}
	return s.write(path, after, nil)
}
