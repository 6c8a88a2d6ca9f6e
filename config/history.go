package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entry is one change in the history of a file.
type Entry struct {
	Seq    int       `json:"seq"`
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	What   string    `json:"what"`
	Before string    `json:"before"` // SHA-256 of the file before
	After  string    `json:"after"`
	Backup string    `json:"backup"` // name of the file with the text before
	Undoes int       `json:"undoes,omitempty"`
}

const (
	historySuffix = ".history"
	journalName   = "journal"
	maxBackups    = 50
	maxEntries    = 200
	maxJournal    = 4 << 20
)

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// History lists the changes that were made with a Store, the last one last.
func (s *Store) History() ([]Entry, error) {
	path := behindLinks(s.path)
	now, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("config: %s cannot be read: %w", s.path, cause(err))
	}
	all, err := history{folder: path + historySuffix}.entries(sumOf(now))
	if err != nil {
		return nil, fmt.Errorf("config: the history of %s cannot be read: %w", s.path, err)
	}
	return all, nil
}

// ErrNothingToUndo says that the history holds no change of one's own.
var ErrNothingToUndo = errors.New("there is no change of yours to undo")

// Undo takes the last change of the same who back and says which one that was.
// It refuses when someone else changed the file since. It is a change itself,
// with a backup; a second Undo takes back the change before.
func (s *Store) Undo() (desc string, err error) {
	err = s.locked(func(path string) error {
		now, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.undoError(cause(err))
		}
		h := history{folder: path + historySuffix}
		all, err := h.entries(sumOf(now))
		if err != nil {
			return s.undoError(err)
		}
		e, err := lastOf(all, s.who, sumOf(now))
		if err != nil {
			return s.undoError(err)
		}
		text, err := h.backup(e)
		if err != nil {
			return s.undoError(err)
		}
		desc = e.What
		if err := s.commit(path, now, text, Entry{What: "undoes: " + e.What, Undoes: e.Seq}); err != nil {
			return s.undoError(err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return desc, nil
}

// Undoable is the change that Undo would take back.
func (s *Store) Undoable() (Entry, error) {
	now, err := os.ReadFile(behindLinks(s.path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Entry{}, s.undoError(cause(err))
	}
	all, err := s.History()
	if err != nil {
		return Entry{}, err
	}
	e, err := lastOf(all, s.who, sumOf(now))
	if err != nil {
		return Entry{}, s.undoError(err)
	}
	return e, nil
}

func (s *Store) undoError(err error) error {
	return fmt.Errorf("config: %s: nothing was undone: %w", s.path, err)
}

// lastOf finds the change that is to be undone next.
func lastOf(all []Entry, who, now string) (Entry, error) {
	undone := map[int]bool{}
	for i, e := range slices.Backward(all) {
		switch {
		case e.Who != who:
			continue
		case e.Undoes > 0:
			undone[e.Undoes] = true
			continue
		case undone[e.Seq]:
			continue
		case e.After != now:
			return e, changedSince(e, all[i+1:], who)
		}
		return e, nil
	}
	return Entry{}, ErrNothingToUndo
}

func changedSince(e Entry, later []Entry, who string) error {
	for _, l := range slices.Backward(later) {
		if l.Who != who {
			return fmt.Errorf("since %q the file was changed by %s at %s: %s", e.What, l.Who, l.At.Local().Format("2006-01-02 15:04"), l.What)
		}
	}
	return fmt.Errorf("since %q the file was changed with another program", e.What)
}

// history is the folder beside the file.
type history struct {
	folder string
	write  func(path string, data []byte, like fs.FileInfo) error
	like   fs.FileInfo // whose owner new files get
}

// entries reads the journal. An entry at its end whose change did not come
// about, the writer being killed in between, is left out: now is the sum of the
// file.
func (h history) entries(now string) ([]Entry, error) {
	info, err := os.Stat(h.journal())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, cause(err)
	case info.Size() > maxJournal:
		return nil, fmt.Errorf("%s is too large", h.journal())
	}
	data, err := os.ReadFile(h.journal())
	if err != nil {
		return nil, cause(err)
	}
	var all []Entry
	for line := range bytes.Lines(data) {
		var e Entry
		if json.Unmarshal(line, &e) == nil && e.Seq > 0 {
			all = append(all, e)
		}
	}
	if n := len(all); n > 0 && all[n-1].After != now && all[n-1].Before == now {
		all = all[:n-1]
	}
	return all, nil
}

func (h history) journal() string { return filepath.Join(h.folder, journalName) }

func backupName(seq int) string { return fmt.Sprintf("%08d.yaml", seq) }

// add keeps the backup and writes the entry, to which it gives its number.
func (h history) add(was []Entry, e *Entry, before []byte) error {
	if err := h.make(); err != nil {
		return err
	}
	e.Seq = h.last(was) + 1
	e.Backup = backupName(e.Seq)
	if err := h.write(filepath.Join(h.folder, e.Backup), before, h.like); err != nil {
		return err
	}
	all := append(slices.Clip(was), *e)
	if err := h.write(h.journal(), lines(all), h.like); err != nil {
		h.remove(e.Backup)
		return err
	}
	return nil
}

func lines(all []Entry) []byte {
	var out bytes.Buffer
	for _, e := range all[max(0, len(all)-maxEntries):] {
		line, err := json.Marshal(e)
		if err != nil { // a time beyond the year 9999
			continue
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes()
}

// withdraw takes back what add did. Where that fails too, the sums tell.
func (h history) withdraw(was []Entry, e Entry) {
	_ = h.write(h.journal(), lines(was), h.like)
	h.remove(e.Backup)
}

func (h history) remove(name string) { _ = os.Remove(filepath.Join(h.folder, name)) }

func (h history) make() error {
	err := os.Mkdir(h.folder, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return cause(err)
	}
	if h.like != nil {
		giveTo(h.folder, h.like)
	}
	return nil
}

// last is the highest number that was ever given and still shows, also where
// the journal is lost.
func (h history) last(all []Entry) int {
	top := 0
	if n := len(all); n > 0 {
		top = all[n-1].Seq
	}
	for _, seq := range h.backups() {
		top = max(top, seq)
	}
	return top
}

func (h history) backups() []int {
	files, _ := os.ReadDir(h.folder)
	var out []int
	for _, f := range files {
		digits, ok := strings.CutSuffix(f.Name(), ".yaml")
		if seq, err := strconv.Atoi(digits); ok && err == nil && seq > 0 && f.Name() == backupName(seq) {
			out = append(out, seq)
		}
	}
	return out
}

// prune keeps the last backups, and nothing that killed writers left half
// written: the folder is cwmail's alone.
func (h history) prune(last int) {
	for _, seq := range h.backups() {
		if seq <= last-maxBackups {
			h.remove(backupName(seq))
		}
	}
	files, _ := os.ReadDir(h.folder)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			h.remove(f.Name())
		}
	}
}

var errNoBackup = errors.New("the backup of the file before is gone")

func (h history) backup(e Entry) ([]byte, error) {
	if e.Backup != backupName(e.Seq) {
		return nil, errNoBackup
	}
	text, err := read(filepath.Join(h.folder, e.Backup))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoBackup
	case err != nil:
		return nil, cause(err)
	case sumOf(text) != e.Before:
		return nil, errors.New("the backup of the file before was changed")
	}
	return text, nil
}
