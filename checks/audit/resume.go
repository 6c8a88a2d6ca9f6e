package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
)

// Done is what an earlier run has reported: which lines of the list, and a hash
// of what stood in each. It takes four octets for a line of the list.
type Done struct {
	hashes []uint32 // by line; 0 for one that is not reported
	Count  int
	Size   int64 // octets of the whole lines; what stands behind them is torn
}

// ReadDone reads the output of an earlier run. A last line that is torn, as a
// crash leaves it, does not count; any other line that is no report is an error.
// So is a first one that never began as one: whoever goes on behind the whole
// lines would cut a file of somebody else.
func ReadDone(r io.Reader) (*Done, error) {
	d := &Done{}
	lines := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		torn := errors.Is(err, io.EOF)
		if err != nil && !torn {
			return nil, err
		}
		if torn && d.Size == 0 && !mayBegin(text) {
			return nil, fmt.Errorf("audit: line %d is no report of an audit", n)
		}
		if torn {
			return d, nil
		}
		line, input, ok := readHead(text)
		if !ok {
			return nil, fmt.Errorf("audit: line %d is no report of an audit", n)
		}
		d.add(line, input)
		d.Size += int64(len(text))
	}
}

// head is how AppendLine begins a line.
var head = []byte(`{"line":`)

// mayBegin holds for what a crash may have left of a first line.
func mayBegin(text []byte) bool { return bytes.HasPrefix(text, head) || bytes.HasPrefix(head, text) }

// readHead reads the fields that AppendLine writes first, and looks whether the
// line ends as one does.
func readHead(text []byte) (line int, input string, ok bool) {
	rest, ok := bytes.CutPrefix(text, head)
	if !ok || !bytes.HasSuffix(rest, []byte("}\n")) {
		return 0, "", false
	}
	number, rest, ok := bytes.Cut(rest, []byte(`,"input":`))
	line, err := strconv.Atoi(string(number))
	if !ok || err != nil || line < 1 || line > maxLines {
		return 0, "", false
	}
	err = json.NewDecoder(bytes.NewReader(rest)).Decode(&input)
	return line, input, err == nil
}

// maxLines bounds the memory that a damaged file can ask for.
const maxLines = 1 << 28

func (d *Done) add(line int, input string) {
	for len(d.hashes) <= line {
		d.hashes = append(d.hashes, make([]uint32, max(1024, len(d.hashes)/4))...)
	}
	if d.hashes[line] == 0 {
		d.Count++
	}
	d.hashes[line] = hashOf(input)
}

// hashOf is never 0.
func hashOf(input string) uint32 {
	h := fnv.New32a()
	_, _ = io.WriteString(h, input)
	return max(h.Sum32(), 1)
}

// Has says whether an entry has been reported. It is an error when its line of
// the list was another domain then: the list is not the same one.
func (d *Done) Has(e Entry) (bool, error) {
	if e.Line >= len(d.hashes) || d.hashes[e.Line] == 0 {
		return false, nil
	}
	if d.hashes[e.Line] != hashOf(e.String()) {
		return false, fmt.Errorf("audit: line %d of the list, %s, was another one when the output was written", e.Line, e.Domain)
	}
	return true, nil
}
