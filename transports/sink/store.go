package sink

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Files are what a store does with the disk.
type Files struct {
	MakeDir func(path string) error               // with those above it; no error when it is there
	Create  func(path string) (File, error)       // an error when it is there
	Rename  func(from, to string) error           // at once
	Remove  func(path string) error               //
	Append  func(path string) (LockedFile, error) // made when it is not there; waits until nobody else has it
	Join    func(elements ...string) string       // of a path
}

// File is a new file.
type File interface {
	io.WriteCloser
	Sync() error
}

// LockedFile is a file that nobody else writes until it is closed.
type LockedFile interface {
	io.WriterAt
	io.ReaderAt
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Store keeps messages: what stands on top, and the message.
type Store interface {
	Keep(r *Received, top []byte) (place string, err error)
}

// Maildir keeps each message in a file: whole in new, or not at all.
type Maildir struct {
	folder string
	files  Files
}

// OpenMaildir makes the folders that are not there.
func OpenMaildir(folder string, files Files) (*Maildir, error) {
	for _, name := range []string{"tmp", "new", "cur"} {
		if err := files.MakeDir(files.Join(folder, name)); err != nil {
			return nil, err
		}
	}
	return &Maildir{folder: folder, files: files}, nil
}

// Keep writes the message into tmp and moves it to new when it is on the disk.
func (m *Maildir) Keep(r *Received, top []byte) (string, error) {
	// Nobody else makes this name: it has 130 random bits.
	name := fmt.Sprintf("%d.R%s.cwmail", r.Ended.Unix(), rand.Text())
	from, to := m.files.Join(m.folder, "tmp", name), m.files.Join(m.folder, "new", name)
	f, err := m.files.Create(from)
	if err != nil {
		return "", err
	}
	_, err = f.Write(top)
	if err == nil {
		_, err = f.Write(r.Message)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = m.files.Rename(from, to)
	}
	if err != nil {
		_ = m.files.Remove(from)
		return "", err
	}
	return to, nil
}

// Mbox keeps messages one behind the other in a file (RFC 4155), with the
// quoting of mboxrd: nothing in a message can look like the next one, and the
// quoting can be undone.
type Mbox struct {
	path  string
	files Files
	mu    sync.Mutex
}

// OpenMbox makes the file when it is not there.
func OpenMbox(path string, files Files) (*Mbox, error) {
	f, err := files.Append(path)
	if err != nil {
		return nil, err
	}
	return &Mbox{path: path, files: files}, f.Close()
}

// Keep appends the message, and takes back what it could not write whole.
func (m *Mbox) Keep(r *Received, top []byte) (string, error) {
	entry := mboxEntry(r, top)
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.files.Append(m.path)
	if err != nil {
		return "", err
	}
	size, err := f.Size()
	if err != nil {
		return "", errors.Join(err, f.Close())
	}
	if _, err = f.WriteAt(append(gap(f, size), entry...), size); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return "", errors.Join(err, f.Truncate(size), f.Close())
	}
	return m.path, f.Close()
}

// gap ends what stands in a file whose last message has no end.
func gap(f io.ReaderAt, size int64) []byte {
	if size == 0 {
		return nil
	}
	last := make([]byte, 2)
	n, _ := f.ReadAt(last, max(0, size-2))
	switch last := last[:n]; {
	case n == 0, bytes.Equal(last, []byte("\n\n")):
		return nil
	case last[n-1] == '\n':
		return []byte("\n")
	}
	return []byte("\n\n")
}

func mboxEntry(r *Received, top []byte) []byte {
	from := r.From
	if from == "" || bytes.ContainsAny([]byte(from), " \t") {
		from = "MAILER-DAEMON"
	}
	out := make([]byte, 0, len(top)+len(r.Message)+128)
	out = fmt.Appendf(out, "From %s %s\n", from, r.Ended.UTC().Format(time.ANSIC))
	for _, part := range [][]byte{top, r.Message} {
		for line := range bytes.Lines(part) {
			if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
				out = append(out, '>')
			}
			out = append(append(out, bytes.TrimRight(line, "\r\n")...), '\n')
		}
	}
	return append(out, '\n')
}
