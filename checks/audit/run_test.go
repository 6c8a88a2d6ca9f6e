package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/checks"
)

// examine takes longer for some domains than for others.
func examine(ctx context.Context, e Entry) (checks.Report, error) {
	if strings.HasPrefix(e.Domain, "bad") {
		return checks.Report{}, &Bad{Line: e.Line, Text: e.Domain, Why: "it is bad"}
	}
	select {
	case <-time.After(time.Duration(e.Line*7919%100) * time.Millisecond):
	case <-ctx.Done():
	}
	return checks.Report{Target: e.Domain, Domain: e.Domain, Verdict: checks.VerdictOK}, nil
}

func list(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "d%d.example\n", i)
	}
	return b.String()
}

// lines are the numbers in front of an output's lines.
func lines(t *testing.T, out []byte) (all []int) {
	t.Helper()
	for line := range bytes.Lines(out) {
		n, _, ok := readHead(line)
		if !ok {
			t.Fatalf("no report: %q", line)
		}
		all = append(all, n)
	}
	return all
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ordered, unordered bytes.Buffer
		done := 0
		o := Options{Concurrency: 30, Done: func(r Result) {
			if done++; r.Report.Domain != r.Entry.Domain || r.Report.Answers != nil {
				t.Errorf("%+v", r)
			}
		}}
		if err := Run(t.Context(), NewList(strings.NewReader(list(300))), examine, &ordered, o); err != nil {
			t.Fatal(err)
		}
		o.Unordered = true
		if err := Run(t.Context(), NewList(strings.NewReader(list(300))), examine, &unordered, o); err != nil {
			t.Fatal(err)
		}
		if got := lines(t, ordered.Bytes()); !slices.Equal(got, upTo(300)) {
			t.Errorf("in order: %v", got)
		}
		got := lines(t, unordered.Bytes())
		if slices.IsSorted(got) {
			t.Error("a slow domain holds up the others without order")
		}
		slices.Sort(got)
		if !slices.Equal(got, upTo(300)) || done != 600 {
			t.Errorf("without order: %v, %d told", got, done)
		}
	})
}

func TestConcurrency(t *testing.T) {
	for _, strained := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var open, most atomic.Int64
			o := Options{Concurrency: 100, Strained: func() bool { return strained }}
			err := Run(t.Context(), NewList(strings.NewReader(list(2000))), func(ctx context.Context, e Entry) (checks.Report, error) {
				most.Store(max(most.Load(), open.Add(1)))
				defer open.Add(-1)
				return examine(ctx, e)
			}, io.Discard, o)
			want := int64(100)
			if strained {
				want = leastAtOnce
			}
			if err != nil || most.Load() != want {
				t.Errorf("strained %v: %d at once, %v", strained, most.Load(), err)
			}
		})
	}
}

func TestBadLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		bad := map[int]bool{}
		o := Options{Concurrency: 1, Bad: func(b *Bad) { bad[b.Line] = true }}
		text := "a.example\nnope\nb.example\nbad.example\nc.example\n"
		if err := Run(t.Context(), NewList(strings.NewReader(text)), examine, &out, o); err != nil {
			t.Fatal(err)
		}
		if got := lines(t, out.Bytes()); !slices.Equal(got, []int{1, 3, 5}) || len(bad) != 2 || !bad[2] || !bad[4] {
			t.Errorf("%v, bad %v", got, bad)
		}
		out.Reset()
		if err := Run(t.Context(), NewList(strings.NewReader(text)), examine, &out, Options{}); err != nil || len(lines(t, out.Bytes())) != 3 {
			t.Errorf("with nobody to tell: %v, %s", err, out.Bytes())
		}
	})
}

// full is a writer that takes so many octets.
type full struct {
	bytes.Buffer
	left int
}

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	f.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// TestResume stops runs at every kind of place, by a full disk or from outside,
// and goes on until the list is done: each line is there once, in order.
func TestResume(t *testing.T) {
	const n = 120
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		synctest.Test(t, func(t *testing.T) {
			var file []byte
			unordered := i%3 == 0
			for range 200 {
				done, err := ReadDone(bytes.NewReader(file))
				if err != nil {
					t.Fatal(err)
				}
				out := &full{left: 1 << 30}
				ctx, cancel := context.WithCancel(t.Context())
				if i%2 == 0 {
					out.left = rnd.IntN(9000)
				} else {
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(20+rnd.IntN(300))*time.Millisecond)
				}
				err = Run(ctx, NewList(strings.NewReader(list(n))), examine, out, Options{
					Concurrency: 20, Unordered: unordered,
					Skip: func(e Entry) bool {
						has, err := done.Has(e)
						return has || err != nil
					},
				})
				cancel()
				file = append(file[:done.Size], out.Bytes()...)
				if err == nil {
					break
				}
				if !errors.Is(err, errFull) && !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
			}
			got := lines(t, file)
			if unordered {
				slices.Sort(got)
			}
			if !slices.Equal(got, upTo(n)) {
				t.Errorf("run %d: %v", i, got)
			}
		})
	}
}

// TestListWithoutEnd stops a run whose list says nothing more: what is done is
// written.
func TestListWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := io.Pipe()
		defer to.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		go func() { _, _ = io.WriteString(to, list(3)) }()
		var out bytes.Buffer
		err := Run(ctx, NewList(from), examine, &out, Options{Concurrency: 2})
		if got := lines(t, out.Bytes()); !errors.Is(err, context.Canceled) || !slices.Equal(got, upTo(3)) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestReadDone(t *testing.T) {
	line := func(n int, input string) string {
		out, err := checks.AppendLine(nil, checks.Report{}, n, input)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	a, b := line(1, "a.example"), line(2, "b.example,cw1")
	for _, tt := range []struct {
		name, file string
		count      int
		size       int
		err        string
	}{
		{"nothing", "", 0, 0, ""},
		{"whole", a + b, 2, len(a + b), ""},
		{"torn", a + b[:50], 1, len(a), ""},
		{"torn at the line end", a + strings.TrimSuffix(b, "\n"), 1, len(a), ""},
		{"the first line torn", a[:50], 0, 0, ""},
		{"torn at its beginning", a[:3], 0, 0, ""},
		{"torn into zeros", a + "\x00\x00", 1, len(a), ""},
		{"another file of one line", "a.example", 0, 0, "line 1 is no report"},
		{"twice", a + a, 1, len(a + a), ""},
		{"another file", "domain\nx\n", 0, 0, "line 1 is no report"},
		{"damaged", a + "\x00\x00\n" + b, 0, 0, "line 2 is no report"},
		{"cut in the middle", a[:40] + "\n" + b, 0, 0, "line 1 is no report"},
		{"a line number that fills memory", strings.Replace(a, `"line":1,`, `"line":99999999999,`, 1), 0, 0, "line 1 is no report"},
	} {
		done, err := ReadDone(strings.NewReader(tt.file))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil || done.Count != tt.count || done.Size != int64(tt.size) {
			t.Errorf("%s: %+v, %v", tt.name, done, err)
		}
	}
	done, _ := ReadDone(strings.NewReader(a + b))
	for _, tt := range []struct {
		e     Entry
		has   bool
		other bool
	}{
		{Entry{Line: 1, Domain: "a.example"}, true, false},
		{Entry{Line: 2, Domain: "b.example", Selector: "cw1"}, true, false},
		{Entry{Line: 2, Domain: "b.example", Selector: "cw2"}, false, true},
		{Entry{Line: 3, Domain: "c.example"}, false, false},
		{Entry{Line: 1 << 20, Domain: "c.example"}, false, false},
	} {
		if has, err := done.Has(tt.e); has != tt.has || (err != nil) != tt.other {
			t.Errorf("%v: %v, %v", tt.e, has, err)
		}
	}
}

// TestShardsMakeTheWhole examines the parts of a list on their own.
func TestShardsMakeTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		for i := range 3 {
			var out bytes.Buffer
			shard := Shard{i, 3}
			err := Run(t.Context(), NewList(strings.NewReader(list(200))), examine, &out, Options{Concurrency: 9, Skip: func(e Entry) bool { return !shard.Holds(e) }})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, lines(t, out.Bytes())...)
		}
		slices.Sort(got)
		if !slices.Equal(got, upTo(200)) {
			t.Error(got)
		}
	})
}
