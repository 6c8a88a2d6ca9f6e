package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestAuditBlamesTheList holds that what is wrong with the list is not said of
// the output.
func TestAuditBlamesTheList(t *testing.T) {
	a, _, errw := testApp("bakery.example\n"+strings.Repeat("x", 2<<20), "XDG_CONFIG_HOME="+t.TempDir())
	code := a.main(t.Context(), []string{"--demo", "audit", "--resume", filepath.Join(t.TempDir(), "out.jsonl")})
	if code != exitUnknown || !strings.Contains(errw.String(), "could not finish the audit: line 2 is longer") {
		t.Errorf("exit status %d\n%s", code, errw)
	}
}

// TestAuditLeavesAnotherList goes on with a list from standard input that is not
// the one of the output: nothing of it is written behind.
func TestAuditLeavesAnotherList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	run := func(list string) (int, string) {
		a, _, errw := testApp(list, "XDG_CONFIG_HOME="+t.TempDir())
		return a.main(t.Context(), []string{"--demo", "audit", "--resume", path}), errw.String()
	}
	run("bakery.example\n")
	before, err := os.ReadFile(path)
	if err != nil || len(before) == 0 {
		t.Fatal(err)
	}
	code, errw := run("notary.example\nbakery.example\n")
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) || code == exitOK || !strings.Contains(errw, "was another one") {
		t.Errorf("exit status %d, %d octets become %d\n%s", code, len(before), len(after), errw)
	}
}

// TestAuditWritesAsItGoes has a list that comes slowly: a report does not wait
// for those that fill a buffer.
func TestAuditWritesAsItGoes(t *testing.T) {
	list, typed := io.Pipe()
	read, out := io.Pipe()
	var minutes atomic.Int64
	a := newApp(system{
		in: list, out: out, err: io.Discard, env: []string{"XDG_CONFIG_HOME=" + t.TempDir()}, width: func() int { return 0 },
		now: func() time.Time {
			return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(minutes.Add(1)) * time.Minute)
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		a.main(ctx, []string{"--demo", "audit"})
		out.Close()
	}()
	go func() { _, _ = io.WriteString(typed, "bakery.example\n") }()
	lines := bufio.NewReader(read)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `{"line":1,`) {
		t.Fatalf("%.100q, %v", line, err)
	}
	typed.Close()
	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}
