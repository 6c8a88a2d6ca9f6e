package tui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/tui/tuitest"
)

func withNetwork() Options {
	o := options()
	o.Network = tuitest.Network
	return o
}

// toNetwork leads from the overview to the network.
var toNetwork = []string{"end", "enter"}

func TestNetworkGolden(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 12}, {80, 24}, {100, 30}, {120, 40}, {200, 60}} {
		for _, ascii := range []bool{true, false} {
			for _, walk := range []struct {
				name string
				keys []string
			}{
				{"network-home", toNetwork[:1]},
				{"network", toNetwork},
				{"network-listed", append(toNetwork[:2:2], "n", "n", "n")},
				{"network-domain", append(toNetwork[:2:2], "tab")},
				{"network-address", append(toNetwork[:2:2], "n", "n", "enter")},
			} {
				name := fmt.Sprintf("%s-%dx%d-unicode", walk.name, size[0], size[1])
				o := withNetwork()
				if o.Settings.ASCII = ascii; ascii {
					name = strings.Replace(name, "unicode", "ascii", 1)
				}
				t.Run(name, func(t *testing.T) {
					a := ready(t, o, size[0], size[1])
					press(a, walk.keys...)
					a.home.Rest()
					golden(t, filepath.Join("testdata", "screens", name+".txt"), screen(a))
				})
			}
		}
	}
}

// TestNetworkPage holds what the keys of the page do.
func TestNetworkPage(t *testing.T) {
	t.Parallel()
	asked := 0
	o := withNetwork()
	o.Network = func(ctx context.Context, domains []string) checks.NetworkReport {
		asked++
		return tuitest.Network(ctx, domains)
	}
	var saved string
	o.Save = func(_ string, data []byte) (string, error) { saved = string(data); return "/tmp/network.txt", nil }
	a := ready(t, o, 120, 40)
	press(a, toNetwork...)
	see := func(what string) {
		t.Helper()
		if !strings.Contains(screen(a), what) {
			t.Errorf("no %q on\n%s", what, screen(a))
		}
	}
	see("cwmail > Network 31.134.206.128/28")
	see("12 OK, 1 WARN, 2 FAIL, 1 not known")
	see("2 of 16 addresses have a failure.")
	if asked != 1 {
		t.Errorf("looked %d times", asked)
	}
	press(a, "r")
	if asked != 2 {
		t.Errorf("r looked %d times", asked)
	}
	press(a, "/", "dnsbl", "enter")
	see("31.134.206.141")
	if strings.Contains(screen(a), "31.134.206.140") {
		t.Error("the filter keeps what does not match")
	}
	press(a, "esc", "s")
	if !strings.Contains(saved, "Network 31.134.206.128/28, 16 addresses") {
		t.Errorf("saved %q", saved)
	}
	press(a, "n", "n", "n", "enter")
	see("ip.blocklisted")
	press(a, "esc", "esc")
	see("NETWORK")

	press(a, ":", "network")
	press(a, "enter")
	see("cwmail > Network")
}

// TestNetworkStop holds that x stops looking, and that nothing comes after it.
func TestNetworkStop(t *testing.T) {
	t.Parallel()
	o := withNetwork()
	o.Network = func(ctx context.Context, domains []string) checks.NetworkReport {
		<-ctx.Done()
		return tuitest.Network(context.Background(), domains)
	}
	a := NewApp(o)
	t.Cleanup(a.cancel)
	a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	cmd := a.board.LookAtNetwork()
	if cmd == nil || !a.board.Net.Busy || a.board.LookAtNetwork() != nil {
		t.Fatal("it does not look, or twice at a time")
	}
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	press(a, "x")
	if a.board.Net.Busy || !strings.Contains(screen(a), "Stopped") {
		t.Errorf("x does not stop:\n%s", screen(a))
	}
	a.Update(<-done)
	if a.board.Net.Known {
		t.Error("a report came after it was stopped")
	}
}

// TestNetworkAge holds that the board looks again by itself, but not often.
func TestNetworkAge(t *testing.T) {
	t.Parallel()
	now, asked := tuitest.Noon, 0
	o := withNetwork()
	o.Settings.Interval = 5 * time.Minute
	o.Now = func() time.Time { return now }
	o.Network = func(ctx context.Context, domains []string) checks.NetworkReport {
		asked++
		return tuitest.Network(ctx, domains)
	}
	a := ready(t, o, 80, 24)
	now = now.Add(10 * time.Minute)
	drive(a, a.board.Tick())
	if asked != 1 {
		t.Errorf("looked %d times within ten minutes", asked)
	}
	now = now.Add(time.Hour)
	drive(a, a.board.Tick()) // everything is old: the targets first
	drive(a, a.board.Tick())
	if asked != 2 {
		t.Errorf("looked %d times after an hour", asked)
	}
}

// TestNetworkIsCarried holds that the row of the overview gives the network for
// a connector, and all its addresses.
func TestNetworkIsCarried(t *testing.T) {
	t.Parallel()
	a := ready(t, withNetwork(), 100, 30)
	press(a, toNetwork[0])
	c := a.home.Carry()
	if c.Value != "31.134.206.128/28" || strings.Count(c.All, "\n") != 15 || !strings.Contains(c.Text, "31.134.206.143") {
		t.Errorf("%+v", c)
	}
	for _, said := range []string{"i", "a", "W"} {
		press(a, said)
		if !strings.Contains(screen(a), said+" does nothing on this screen.") {
			t.Errorf("%s does something:\n%s", said, screen(a))
		}
	}
}
