package sink

import (
	"bufio"
	"bytes"
	"errors"
)

// text reads a message after DATA, up to CR LF, dot, CR LF. Nothing else ends
// one (RFC 5321 section 2.3.8 and 4.1.1.4): a server that takes a bare LF for the
// end of a line lets a message smuggle commands in.
type text struct {
	body    []byte
	keep    func(n int) bool // asks for room for n more bytes
	full    bool             // there was no room; the rest was read and dropped
	bare    bool             // a CR or LF stood alone
	afterCR bool             // the last piece ended with CR
	inside  bool             // not at the beginning of a line
}

// read reads up to the end of the message. What it keeps is in body.
func (t *text) read(r *bufio.Reader) error {
	for {
		piece, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if !t.inside && string(piece) == ".\r\n" {
			return nil
		}
		t.add(piece)
	}
}

// add takes a line, or a piece of one that is longer than the buffer.
func (t *text) add(piece []byte) {
	line := len(piece) > 0 && piece[len(piece)-1] == '\n'
	content := piece
	if line {
		content = content[:len(content)-1]
	}
	cr := len(content) > 0 && content[len(content)-1] == '\r'
	whole := line && (cr || len(content) == 0 && t.afterCR)
	if cr {
		content = content[:len(content)-1]
	}
	if line && !whole || t.afterCR && len(piece) != 1 || t.afterCR && !line || bytes.IndexByte(content, '\r') >= 0 {
		t.bare = true
	}
	if !t.inside && piece[0] == '.' {
		piece = piece[1:]
	}
	t.afterCR, t.inside = cr && !line, !whole
	t.store(piece)
}

func (t *text) store(piece []byte) {
	if t.full || !t.keep(len(piece)) {
		t.full, t.body = true, nil
		return
	}
	t.body = append(t.body, piece...)
}
