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
	down  = "\x1b[B"
)

// publishes goes on from the step that shows the record, and plays who types it
// into the panel: rightly, or with a slip.
func (n *novice) publishes(step, slip string) {
	n.t.Helper()
	n.WaitFor(step)
	n.WaitFor("F form") // the look is over
	for i, s := range lab.Slips() {
		if s.ID == slip {
			n.Type("G" + strconv.Itoa(min(i+1, 9)) + strings.Repeat(down, max(0, i-8)))
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
	n.WaitFor("holds quotation marks")
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

// Whatever is typed wrongly, the wizard says what. Some slips do no harm.
func TestNoviceSlips(t *testing.T) {
	guides := map[string]struct {
		domain, step string
		open         [][2]string // up to the record
	}{
		"spf":  {"plumber.example", "Step 3 of 5", [][2]string{{"Step 1 of 5", enter}, {"ClockWise is not yet in it", enter}}},
		"dkim": {"florist.example", "Step 3 of 6", [][2]string{{"Step 1 of 6", enter}, {"cw1 is free", enter}}},
	}
	for _, c := range []struct{ slip, spf, dkim string }{
		{"name-doubled", "name holds the domain twice", "name holds the domain twice"},
		{"name-lost", "Published", "the DKIM key stands at the wrong name"},
		{"underscore-lost", "misspells ClockWise: include:spf.clockwise.info", "the DKIM key stands at the wrong name"},
		{"www", "the SPF record stands at the wrong name", "the DKIM key stands at the wrong name"},
		{"wrong-type", "has type SPF; it must be TXT", "has the wrong record type"},
		{"quotes-kept", "the SPF record holds quotation marks", "quotation marks are part of the DKIM record's value"},
		{"smart-quotes", "a character in the SPF record does not belong there", "holds characters that cannot be there"},
		{"cut-255", "Published", "the DKIM key was cut off: 237 of 392 characters"},
		{"cut-short", "the end is missing: 28 of 42 characters are there", "the DKIM key was cut off: 255 of 392 characters"},
		{"spaces-inside", "has a space behind include:", "It is written otherwise than proposed, and means the same"},
		{"semicolons-escaped", "Published", "backslashes stand before the DKIM record's semicolons"},
		{"second-record", "the new record stands beside the old one, and only one may", "the DKIM key is cut over 2 records"},
		{"wrong-record", "two SPF records were pasted into one value", "semicolons are missing in the DKIM record"},
		{"other-key", "Published", "the published DKIM key is not the key that signs"},
		{"only-one-server", "ns2.dns.example does not take it over", "ns2.dns.example does not take it over"},
		{"nothing", "Not there yet, at ns1.dns.example, ns2.dns.example: the old record still stands there", "nothing is published there"},
	} {
		for guide, want := range map[string]string{"spf": c.spf, "dkim": c.dkim} {
			t.Run(guide+"/"+c.slip, func(t *testing.T) {
				t.Parallel()
				g := guides[guide]
				n := sits(t, "wizard", guide, g.domain)
				n.goes(g.open...)
				n.publishes(g.step, c.slip)
				n.Until("says "+want, func(screen string) bool {
					return strings.Contains(screen, ": Wait") && strings.Contains(strings.Join(strings.Fields(screen), " "), want)
				})
			})
		}
	}
}
