package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/tuitest"
	"clockwise.info/cwmail/tui/ui"
	"github.com/charmbracelet/x/ansi"
)

// evil holds each control of the table of safe text, and a mark to look for.
var evil = "EVIL\x1b[2J\x1b]0;owned\a\x1b]52;c;eA==\a\x1b]8;;http://bad.example\x1b\\x\x1bPq\x1b\\\x1b_a\x1b\\" +
	"\r\n\b\t\x00\x7f\u009b31m\u0085\x9b2J\xff\u202e\u2066\u200e\u061c\u200b\u200d\u2060\ufe0f\ufeff\u00ad\u00a0\u2028\U000e0041" +
	"e" + strings.Repeat("\u0301", 9) + "漢字"

// evilWorld is a report in which every field that others fill is hostile.
func evilWorld(_ context.Context, t checks.Target, emit func(checks.Event)) checks.Report {
	emit(checks.Event{Target: evil, Stage: checks.Stage(evil)})
	old := evil + "old"
	rule := &finding.Rule{
		Code: "spf.evil", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title: "Title %[1]s", Saw: "Saw %[1]s", Effect: "Effect %[1]s", Action: "Action %[1]s", Test: "Test %[1]s", References: []string{"RFC"},
	}
	f := finding.Finding{
		Rule: rule, Subject: evil, Object: evil, Args: []string{evil},
		Evidence: []finding.Evidence{{Server: evil, Name: evil, Type: evil, Answer: evil, At: tuitest.Noon}},
		Fix: &finding.Fix{Summary: evil, Command: evil, Records: []finding.Record{
			{Name: "a." + evil, Type: "TXT", Value: evil, Replaces: &old},
			{Name: evil, Type: evil, Replaces: &old, Remove: true},
		}},
	}
	silenced := f
	silenced.SilencedBy = evil
	owned := f
	owned.Rule, owned.Owner, owned.Fix = &finding.Rule{Code: "spf.note", Title: "%[1]s"}, finding.Owner(evil), nil
	at := dns.Answer{
		Question: dns.Question{Name: evil, Type: dns.TypeTXT}, Status: dns.Found, Chain: []string{evil}, Rcode: evil, Server: evil,
		Zone: evil, EDE: []string{evil}, Records: []dns.Record{{Name: evil, Type: dns.TypeTXT, Strings: []string{evil, evil}}, {Host: evil}, {Data: evil}, {SOA: &dns.SOA{Server: evil}}},
	}
	bad := at
	bad.Status, bad.Err, bad.Records = dns.Failed, errors.New(evil), nil
	return checks.Report{
		Target: evil, Domain: evil, Transport: t.Transport, Started: tuitest.Noon, Verdict: checks.VerdictFailure,
		Findings: []finding.Finding{f, silenced, owned}, Answers: []dns.Answer{at, bad},
		Paths: []checks.Path{{MailFrom: evil, From: evil, SPF: evil, DKIM: evil, DMARC: evil}, {SPF: "pass", DKIM: "pass"}},
	}
}

func evilOptions() Options {
	o := options()
	o.Targets = []checks.Target{
		{Transport: &transports.Transport{
			Name: evil, Type: transports.Type(evil), Match: transports.Match{Domain: evil, LocalPart: evil, Subsystem: evil},
			DKIM: transports.DKIM{Enabled: true, Selector: evil},
		}},
		{Transport: &transports.Transport{Name: evil + "2", Type: transports.SMTP, Server: transports.Server{Host: evil, Port: 25}}},
		{Domain: evil},
	}
	o.Examine = evilWorld
	o.WhatIf = func(ctx context.Context, t checks.Target, _ []dns.Set, emit func(checks.Event)) checks.Report {
		return evilWorld(ctx, t, emit)
	}
	o.Glossary = func() []ui.Word { return []ui.Word{{Name: evil, Text: evil, Example: evil}, {Name: "spf", Text: evil}} }
	o.Host = evil
	o.Save = func(name string, _ []byte) (string, error) { return evil, nil }
	return o
}

// unfit returns the first character that must not reach a terminal.
func unfit(s string) (rune, bool) {
	for _, r := range s {
		if r != '\n' && (!unicode.IsPrint(r) || r == unicode.ReplacementChar || r >= 0xfe00 && r <= 0xfe0f) {
			return r, true
		}
	}
	return 0, false
}

func TestHostileWorld(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{50, 14}, {160, 45}} {
		for _, walk := range walks {
			for _, last := range []string{"", "s", "c", "C", "p", "j", "e", "i"} {
				a := ready(t, evilOptions(), size[0], size[1])
				press(a, walk.keys...)
				if last != "" {
					press(a, last)
				}
				a.home.Rest()
				a.clean = false
				v := a.View()
				text := ansi.Strip(v.Content)
				if r, bad := unfit(text); bad {
					t.Fatalf("%s %s at %v: U+%04X on the screen:\n%q", walk.name, last, size, r, text)
				}
				// Only colours may be left of what was stripped.
				for _, s := range strings.Split(v.Content, "\x1b")[1:] {
					if s[0] != '[' || !strings.Contains(s, "m") || strings.Trim(s[1:strings.IndexByte(s, 'm')], "0123456789;") != "" {
						t.Fatalf("%s %s: an escape sequence that is no colour: %q", walk.name, last, s)
					}
				}
				for _, s := range strings.Split(v.Content, "\n") {
					if ansi.StringWidth(s) > size[0] {
						t.Fatalf("%s %s: a line wider than %d: %q", walk.name, last, size[0], s)
					}
				}
				if a.outside.active {
					t.Errorf("%s %s: a hostile value is printed outside the screen: %q", walk.name, last, a.outside.lines)
				}
			}
		}
	}
}

func TestHostileSummary(t *testing.T) {
	a := ready(t, evilOptions(), 100, 30)
	for _, s := range a.board.Summary(a.look) {
		if r, bad := unfit(s); bad {
			t.Errorf("U+%04X in %q", r, s)
		}
	}
}

func TestHostileInEmulator(t *testing.T) {
	s := tuitest.Start(t, NewApp(evilOptions()), 120, 40)
	s.WaitFor("EVIL^[[2J^[]0;owned^G")
	for _, keys := range []string{"\r", "\r", "\x1b", "a", "\r", "O", "?", "e"} {
		s.Type(keys)
		time.Sleep(60 * time.Millisecond) // a key behind esc would be taken for alt and that key
		// The emulator shows half a character as U+FFFD until its rest has come.
		whole := s.Until("shows whole characters", func(now string) bool { return !strings.ContainsRune(now, '\uFFFD') })
		if r, bad := unfit(whole); bad {
			t.Fatalf("U+%04X on the screen after %q", r, keys)
		}
	}
}

// count counts what a program writes.
type count struct{ n chan int }

func (c count) Write(p []byte) (int, error) { c.n <- len(p); return len(p), nil }

// TestBytesPerKey holds that moving through a long list is cheap. The programs
// run side by side, as they wait most of the time; subtests would wait for
// one another where there are few processors.
func TestBytesPerKey(t *testing.T) {
	t.Parallel()
	plain := []string{"TERM=xterm-256color", "LANG=C.UTF-8"}
	var wg sync.WaitGroup
	for _, c := range []struct {
		n   int
		env []string
	}{{20, plain}, {1000, plain}, {1000, []string{"TERM=xterm", "LANG=C", "SSH_TTY=/dev/pts/0"}}} {
		wg.Go(func() {
			var wrong []string
			for range 4 { // a busy machine draws the detail between two keys
				if wrong = bytesPerKey(t, c.n, c.env); len(wrong) == 0 {
					return
				}
			}
			t.Errorf("%d rows, %s: %s", c.n, c.env[0], strings.Join(wrong, "; "))
		})
	}
	wg.Wait()
}

// bytesPerKey returns what is too much.
func bytesPerKey(t *testing.T, n int, env []string) (wrong []string) {
	o := options()
	o.Targets, o.Env, o.Now = tuitest.Many(n), env, time.Now
	a := NewApp(o)
	defer a.cancel()
	w := count{make(chan int, 100000)}
	p := tea.NewProgram(a, tea.WithInput(nil), tea.WithOutput(w), tea.WithWindowSize(120, 40), tea.WithoutSignals(),
		tea.WithEnvironment(env), tea.WithColorProfile(a.profile))
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	quiet := func(d time.Duration) (sum int) {
		for {
			select {
			case k := <-w.n:
				sum += k
			case <-time.After(d):
				return sum
			}
		}
	}
	// The detail follows when the reader rests, on a busy machine later.
	detail := func() int {
		select {
		case k := <-w.n:
			return k + quiet(300*time.Millisecond)
		case <-time.After(30 * time.Second):
			t.Errorf("%d rows, %s: the detail never follows", n, env[0])
			return 0
		}
	}
	quiet(900 * time.Millisecond)
	sum, worst, presses := 0, 0, min(n-2, 40)
	for range presses {
		p.Send(tea.KeyPressMsg{Code: 'j', Text: "j"})
		k := quiet(80 * time.Millisecond)
		sum, worst = sum+k, max(worst, k)
	}
	t.Logf("%d rows, %s: %d bytes a key, at most %d; the detail then %d", n, env[0], sum/presses, worst, detail())
	if got := sum / presses; got > 130 {
		wrong = append(wrong, fmt.Sprintf("%d bytes a key press", got))
	}
	if k := quiet(500 * time.Millisecond); k > 0 {
		wrong = append(wrong, fmt.Sprintf("%d bytes while nothing happens", k))
	}
	p.Quit()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return wrong
}

func BenchmarkView(b *testing.B) {
	o := options()
	o.Targets = tuitest.Many(1000)
	a := ready(b, o, 120, 40)
	for b.Loop() {
		a.clean = false
		a.View()
	}
}
