package main

import (
	"context"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/lab"
	"clockwise.info/cwmail/tui/tuitest"
)

// novice is somebody who knows nothing but the keys that are on the screen.
type novice struct {
	*tuitest.Screen
	t *testing.T
}

// sits starts a guide of the demo in a window of 80x24.
func sits(t *testing.T, guide ...string) *novice {
	t.Helper()
	home := t.TempDir()
	s := tuitest.Run(t, 80, 24, func(ctx context.Context, in io.Reader, out io.Writer, env []string) {
		a := newApp(system{
			in: in, out: out, err: io.Discard, now: time.Now, hasty: true,
			env:        append(env, "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_STATE_HOME="+home),
			inTerminal: true, outTerminal: true, errTerminal: true, width: func() int { return 80 },
		})
		a.main(ctx, append([]string{"--demo"}, guide...))
	})
	return &novice{s, t}
}

// goes presses keys one after the other: each is a text to wait for and the
// keys that follow on it.
func (n *novice) goes(steps ...[2]string) {
	n.t.Helper()
	for _, s := range steps {
		n.WaitFor(s[0])
		n.Type(s[1])
	}
}

const (
	enter = "\r"
	esc   = "\x1b"
)

// publishes goes on from the step that shows the record, and plays who types it
// into the panel: rightly, or with a slip.
func (n *novice) publishes(step, slip string) {
	n.t.Helper()
	n.WaitFor(step)
	n.WaitFor("F form") // the look is over
	for i, s := range lab.Slips() {
		if s.ID == slip {
			n.Type("G" + strconv.Itoa(i+1))
			n.WaitFor("(x) " + s.Title[:min(len(s.Title), 20)])
			n.Type(enter)
			return
		}
	}
	n.t.Fatalf("the lab has no slip %q", slip)
}

func TestNoviceSPF(t *testing.T) {
	t.Parallel()
	n := sits(t, "wizard", "spf", "plumber.example")
	n.goes([2]string{"Step 1 of 5", enter}, [2]string{"ClockWise is not yet in it", enter})
	n.publishes("Step 3 of 5", "quotes-kept")
	n.WaitFor("Step 4 of 5")
	n.Until("names the mistake", func(s string) bool { return strings.Contains(s, "quotation mark") })
	n.Type(esc)
	n.publishes("Step 3 of 5", "")
	n.goes([2]string{"Published", enter}, [2]string{"Step 5 of 5", ""})
	n.Until("shows that it works", func(s string) bool { return strings.Contains(s, "all 16 addresses of ClockWise pass SPF") })
	n.Type(enter)
	n.WaitFor("Done")
}

func TestNoviceDKIM(t *testing.T) {
	t.Parallel()
	n := sits(t, "wizard", "dkim", "florist.example")
	n.goes([2]string{"Step 1 of 6", enter}, [2]string{"cw1 is free", enter})
	n.publishes("Step 3 of 6", "name-doubled")
	n.WaitFor("Step 4 of 6")
	n.Until("names the mistake", func(s string) bool { return strings.Contains(s, "twice") })
	n.Type(esc)
	n.publishes("Step 3 of 6", "cut-255")
	n.Until("names the other mistake", func(s string) bool { return strings.Contains(s, "255") })
	n.Type(esc)
	n.publishes("Step 3 of 6", "")
	n.goes([2]string{"Published", enter}, [2]string{"Step 5 of 6", "G"}, [2]string{"prove it", enter})
	// The resolver may still have the mistake: the page says until when, and the
	// novice tries again.
	last := time.Now()
	n.Until("shows that it is done", func(s string) bool {
		if strings.Contains(s, "[ try again ]") && time.Since(last) > time.Second {
			last = time.Now()
			n.Type("G" + enter)
		}
		return strings.Contains(s, "Done")
	})
}
