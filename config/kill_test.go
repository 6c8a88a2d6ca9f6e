package config

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clockwise.info/cwmail/transports"
)

// writerOf names the file and the transport that a writing process counts in;
// "" in a test that is not one.
const writerOf = "CWMAIL_TEST_WRITER"

// TestWriterProcess is no test, but the process that TestKilledWriters kills: it
// counts in the envelope of its transport, and says each number once the change
// is accepted.
func TestWriterProcess(t *testing.T) {
	path, name, ok := strings.Cut(os.Getenv(writerOf), "|")
	if !ok {
		t.Skip("it is run by TestKilledWriters")
	}
	s := NewStore(path, name, time.Now)
	file, err := s.Load()
	for err == nil {
		mine, _ := named(file, name)
		mine.Envelope = fmt.Sprintf("n%d@acme.example", counted(mine)+1)
		if file, err = s.Change(file, "", transports.Change{Kind: transports.EditTransport, Name: name, To: mine}); err == nil {
			fmt.Printf("accepted %d\n", counted(mine))
		}
	}
	fmt.Printf("failed %v\n", err)
}

func counted(t transports.Transport) int {
	local, _, _ := strings.Cut(strings.TrimPrefix(t.Envelope, "n"), "@")
	n, _ := strconv.Atoi(local)
	return n
}

// writer is a writing process that is killed and started again.
type writer struct {
	path, name string
	accepted   atomic.Int64
	failed     atomic.Value // string
}

// run starts the process, and kills it after a while.
func (w *writer) run(t *testing.T, life time.Duration) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$", "-test.v=false")
	cmd.Env = append(os.Environ(), writerOf+"="+w.path+"|"+w.name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return
	}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	timer := time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	w.listen(out)
	_ = cmd.Wait() // it was killed
}

func (w *writer) listen(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "accepted "); ok {
			if v, err := strconv.ParseInt(n, 10, 64); err == nil {
				w.accepted.Store(v)
			}
		}
		if why, ok := strings.CutPrefix(lines.Text(), "failed "); ok && !strings.Contains(why, errBusy.Error()) {
			w.failed.Store(why)
		}
	}
}

// Two processes make 1,000 changes of one file and are killed at random moments:
// the file is always whole, and no accepted change is missing.
func TestKilledWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := "# counted in\ntransports:\n  - {name: one, type: clockwise, match: {domain: one.example}}\n\n  - {name: two, type: clockwise, match: {domain: two.example}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	writers := []*writer{{path: path, name: "one"}, {path: path, name: "two"}}
	const enough = 1000
	total := func() (n int64) { return writers[0].accepted.Load() + writers[1].accepted.Load() }
	var wg sync.WaitGroup
	var kills atomic.Int64
	for _, w := range writers {
		wg.Go(func() {
			for total() < enough && w.failed.Load() == nil && !t.Failed() {
				w.run(t, 20*time.Millisecond+rand.N(600*time.Millisecond))
				kills.Add(1)
				holds(t, path, writers)
			}
		})
	}
	wg.Wait()
	for _, w := range writers {
		if why := w.failed.Load(); why != nil {
			t.Errorf("%s could not go on: %v", w.name, why)
		}
	}
	file, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(file.text()), "# counted in\n") {
		t.Error("the comment is gone")
	}
	t.Logf("%d changes, %d kills", total(), kills.Load())
}

// holds says whether the file has at least what was accepted before it was read.
func holds(t *testing.T, path string, writers []*writer) {
	var least []int64
	for _, w := range writers {
		least = append(least, w.accepted.Load())
	}
	file, err := Load(path)
	if err != nil {
		t.Errorf("the file is not whole: %v", err)
		return
	}
	for i, w := range writers {
		if x, ok := named(file, w.name); !ok || int64(counted(x)) < least[i] {
			t.Errorf("%s is at %d, and %d was accepted", w.name, counted(x), least[i])
		}
	}
}
