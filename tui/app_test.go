package tui

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/pages"
	"clockwise.info/cwmail/tui/tuitest"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/wizard"
	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the golden screens anew")

func options() Options {
	return Options{
		Wizards: tuitest.Wizards, World: (&tuitest.Shelf{}).World(),
		Targets: tuitest.Targets(), Examine: tuitest.Examine, WhatIf: tuitest.WhatIf, Wait: tuitest.Wait,
		Glossary: tuitest.Glossary, Service: transports.DefaultService(),
		Env: []string{"TERM=xterm-256color", "LANG=C.UTF-8"}, Now: func() time.Time { return tuitest.Noon },
	}
}

// drive runs commands and what they send, until nothing comes any more but
// from commands that wait for time.
func drive(a *App, cmd tea.Cmd) {
	messages := make(chan tea.Msg)
	over := make(chan struct{})
	defer close(over)
	asleep := 0 // commands that have not begun
	begun := make(chan struct{}, 1000)
	run := func(c tea.Cmd) {
		if c == nil {
			return
		}
		asleep++
		go func() {
			begun <- struct{}{}
			select {
			case messages <- c():
			case <-over:
			}
		}()
	}
	run(cmd)
	if cmd == nil {
		return
	}
	// Two quiet spells: a message and the end of one may come at the same time.
	quiet := 0
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		select {
		case <-begun:
			asleep--
		case m := <-messages:
			quiet = 0
			switch m := m.(type) {
			case nil:
			case tea.BatchMsg:
				for _, c := range m {
					run(c)
				}
			default:
				_, next := a.Update(m)
				run(next)
			}
		case <-time.After(3 * time.Millisecond):
			if quiet++; asleep > 0 || quiet < 2 {
				continue
			}
			if w, ok := a.top().(*pages.WhatIf); a.board.Idle() && !a.board.Net.Busy && (!ok || !w.Trying()) && !looking(a) {
				return
			}
		}
	}
}

// looking says whether the top page waits for the first look at a record, or
// for what a wizard looks at or does.
func looking(a *App) bool {
	if w, ok := a.top().(*wizard.Page); ok && w.Working() {
		return true
	}
	w, ok := a.top().(*pages.Wait)
	return ok && w.Looking()
}

// ready is a console of a size whose examinations have ended.
func ready(t testing.TB, o Options, w, h int) *App {
	t.Helper()
	a := NewApp(o)
	t.Cleanup(a.cancel)
	a.Update(tea.WindowSizeMsg{Width: w, Height: h})
	drive(a, func() tea.Msg { return beginMsg{} }) // as if the first frame were out
	a.View()
	if a.board.Running() > 0 {
		t.Fatal("the examinations do not end")
	}
	return a
}

var named = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
	"down": {Code: tea.KeyDown}, "up": {Code: tea.KeyUp}, "f1": {Code: tea.KeyF1}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
	"left": {Code: tea.KeyLeft}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "space": {Code: tea.KeySpace, Text: " "}, "pgdown": {Code: tea.KeyPgDown},
	"backspace": {Code: tea.KeyBackspace}, "end": {Code: tea.KeyEnd}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
}

// press presses keys: names, or text letter by letter.
func press(a *App, list ...string) {
	for _, s := range list {
		ks := []tea.KeyPressMsg{}
		if k, ok := named[s]; ok {
			ks = append(ks, k)
		} else {
			for _, r := range s {
				ks = append(ks, tea.KeyPressMsg{Code: r, Text: string(r)})
			}
		}
		for _, k := range ks {
			_, cmd := a.Update(k)
			drive(a, cmd)
			a.View() // as the program does behind each message
		}
	}
}

func screen(a *App) string {
	a.clean = false
	lines := strings.Split(ansi.Strip(a.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// walk is keys that lead to a page.
type walk struct {
	name string
	keys []string
}

// walks lead to every page.
var walks = []walk{
	{"home", nil},
	{"home-filter", []string{"/", "shop"}},
	{"report", []string{"enter"}},
	{"report-silenced", []string{"j", "enter", "j", "j", "enter"}},
	{"finding-add", []string{"enter", "enter"}},
	{"finding-change", []string{"j", "enter", "enter"}},
	{"paths", []string{"enter", "j", "j", "j", "enter"}},
	{"answers", []string{"a"}},
	{"answer", []string{"a", "j", "j", "j", "j", "enter"}},
	{"what-if", []string{"j", "i"}},
	{"what-if-tried", []string{"j", "i", "enter"}},
	{"wait", []string{"enter", "enter", "W"}},
	{"help", []string{"?"}},
	{"help-all", []string{"?", "?"}},
	{"words", []string{"enter", "enter", "e"}},
	{"palette", []string{":"}},
	{"print-forms", []string{"p"}},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 12}, {80, 24}, {100, 30}, {120, 40}, {200, 60}} {
		for _, ascii := range []bool{true, false} {
			for _, walk := range walks {
				name := fmt.Sprintf("%s-%dx%d-unicode", walk.name, size[0], size[1])
				o := options()
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

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s\nwant:\n%s", path, got, want)
	}
}

func TestEverySize(t *testing.T) {
	t.Parallel()
	for _, walk := range slices.Concat(walks, wizardWalks) {
		t.Run(walk.name, func(t *testing.T) {
			t.Parallel()
			o, _ := withWizards()
			a := ready(t, o, 100, 30)
			press(a, walk.keys...)
			check := func(w, h int) {
				a.Update(tea.WindowSizeMsg{Width: w, Height: h})
				v := a.View()
				lines := strings.Split(v.Content, "\n")
				if len(lines) > max(1, h) {
					t.Fatalf("%dx%d: %d lines", w, h, len(lines))
				}
				for _, s := range lines {
					if ansi.StringWidth(s) > w {
						t.Fatalf("%dx%d: a line of %d columns: %q", w, h, ansi.StringWidth(s), s)
					}
				}
				if c := v.Cursor; c != nil && (c.X < 0 || c.Y < 0 || c.X >= w || c.Y >= h) {
					t.Fatalf("%dx%d: the cursor is at %d,%d", w, h, c.X, c.Y)
				}
			}
			check(0, 0)
			check(1, 1)
			for w := 20; w <= 220; w += 1 + w/60 {
				for h := 5; h <= 70; h += 1 + h/20 {
					check(w, h)
				}
			}
		})
	}
}

func TestStackOfPages(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, "enter", "enter", "e")
	if len(a.stack) != 4 {
		t.Fatalf("%d pages", len(a.stack))
	}
	press(a, "esc", "left", "h", "esc", "esc")
	if len(a.stack) != 1 {
		t.Fatalf("%d pages after going back", len(a.stack))
	}
	press(a, "enter", "enter", "O")
	if len(a.stack) != 1 {
		t.Fatal("O does not lead to the overview")
	}
}

func TestKeysThatSayWhy(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"t"}, "There are no wizards here."},
		{[]string{"w", "d"}, "d does nothing on this screen."},
		{[]string{"4"}, "4 does nothing on this screen."},
		{[]string{"w", "enter", "tab", "l"}, "l does nothing on this screen."},
		{[]string{"y"}, "y is no key of cwmail. ? lists the keys."},
		{[]string{"x"}, "Nothing is running that could be stopped."},
		{[]string{"?", "p"}, "p: nothing to print on this screen."},
		{[]string{"?", "r"}, "r does nothing on this screen."},
		{[]string{"H"}, "Addresses, names and keys are hidden."},
		{[]string{"A"}, "Plain ASCII characters."},
		{[]string{"T"}, "Theme: dark."},
		{[]string{"M"}, "Mouse on: hold Shift to select text."},
		{[]string{"f"}, "Frozen: results stop moving, work goes on. f lets go."},
		{[]string{"f", "f"}, "Results move again."},
		{[]string{"o"}, "Ordered by severity: what fails stands first."},
		{[]string{"ctrl+c"}, "Press ctrl+c again to quit."},
		{[]string{"enter", "enter", "n", "n"}, "There are no more problems in this direction."},
	} {
		a := ready(t, options(), 100, 30)
		press(a, c.keys...)
		if !strings.Contains(screen(a), c.want) {
			t.Errorf("%q does not say %q:\n%s", c.keys, c.want, screen(a))
		}
	}
}

func TestKeyLineIsTrue(t *testing.T) {
	t.Parallel()
	all := append(slices.Concat(walks, wizardWalks), []walk{
		{"network-home", toNetwork[:1]},
		{"network", toNetwork},
		{"network-address", append(toNetwork[:2:2], "enter")},
	}...)
	for _, walk := range all {
		a := ready(t, withNetwork(), 100, 30)
		press(a, walk.keys...)
		for _, action := range a.top().Keys() {
			if a.keys.Of(action).First() == "" {
				t.Errorf("%s offers %s, which has no key", walk.name, action)
			}
			o := withNetwork()
			o.Save = func(name string, _ []byte) (string, error) { return name, nil }
			b := ready(t, o, 100, 30)
			press(b, walk.keys...)
			if f, ok := b.top().(ui.Typist); ok && f.Typing() {
				continue
			}
			b.said = ""
			_ = b.do(action, b.keys.Of(action).First())
			idle := map[keys.Action]bool{keys.Next: true, keys.Previous: true}[action] && walk.name == "words"
			if strings.Contains(b.said, "does nothing") && !idle || strings.Contains(b.said, "nothing to") {
				t.Errorf("%s offers %s, which does nothing there", walk.name, action)
			}
		}
	}
}

func TestFilter(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, "/", "shop", "enter")
	got := screen(a)
	if !strings.Contains(got, "shop.example") || strings.Contains(got, "No reply") {
		t.Errorf("filtered:\n%s", got)
	}
	press(a, "esc")
	if !strings.Contains(screen(a), "No reply") {
		t.Error("esc does not show all again")
	}
}

func TestPaletteLooksAtDomain(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, ":", "https://Other.example/x", "enter")
	if got := screen(a); !strings.Contains(got, "cwmail > other.example") {
		t.Errorf("the page of the domain is not open:\n%s", got)
	}
	press(a, "O")
	if !strings.Contains(screen(a), "> + OK    other.example") && !strings.Contains(screen(a), "other.example") {
		t.Error("the domain is not on the overview")
	}
}

func TestWhatIf(t *testing.T) {
	a := ready(t, options(), 100, 40)
	press(a, "j", "i", "enter")
	got := screen(a)
	for _, want := range []string{"With this change nothing is wrong any more.", "Goes away", "SPF record of shop.example", "before", "after"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestFreeze(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, "f")
	e := a.board.Entries[0]
	e.Report.Verdict = checks.VerdictOK // what is shown
	press(a, "r")
	if e.State() != ui.OK {
		t.Error("a result moved while frozen")
	}
	press(a, "f")
	if e.State() != ui.Failure {
		t.Error("the result did not come after letting go")
	}
}

func TestStopAndPanic(t *testing.T) {
	o := options()
	stopped := make(chan struct{}, 10)
	o.Examine = func(ctx context.Context, target checks.Target, _ func(checks.Event)) checks.Report {
		if target.Name() == "No reply" {
			panic("broken inside")
		}
		<-ctx.Done()
		stopped <- struct{}{}
		return checks.Report{}
	}
	s := tuitest.Start(t, NewApp(o), 100, 30)
	s.WaitFor("5 being checked")
	s.Type("x")
	s.WaitFor("Stopped 5 checks.")
	for range 5 {
		<-stopped
	}
	s.Type("jj")
	s.WaitFor("No reply could not be checked: the check broke off: broken inside.")
}

func TestJourney(t *testing.T) {
	var saved string
	o := options()
	o.Save = func(name string, data []byte) (string, error) {
		saved = string(data)
		return "/home/eva/" + name, nil
	}
	s := tuitest.Start(t, NewApp(o), 100, 30)
	s.WaitFor("Start with: DKIM key not found in DNS.")
	s.Type("\r")
	s.WaitFor("cwmail > acme.example")
	s.Type("\r")
	s.WaitFor("Who must act    whoever manages DNS for acme.example (ns1.dns.example, ns2.dns.example)")
	s.Type("s")
	s.WaitFor("Saved to /home/eva/cwmail-acme.example-dkim.missing.txt")
	if !strings.Contains(saved, tuitest.Key) {
		t.Error("the saved file lacks the whole key")
	}
	s.Type("c")
	s.WaitFor("Asked your terminal to copy")
	s.Type("e")
	s.WaitFor("WORDS ON THIS SCREEN")
	s.Type("O")
	s.WaitFor("TRANSPORTS")
	s.Resize(60, 20)
	s.Until("is narrow", func(now string) bool { return strings.Contains(now, "TRANSPORTS") && !strings.Contains(now, "│") })
	s.Resize(30, 8)
	s.WaitFor("This window is 30x8")
	s.Resize(120, 40)
	s.WaitFor("TRANSPORTS")
}

func TestRawPrint(t *testing.T) {
	s := tuitest.Start(t, NewApp(options()), 100, 30)
	s.WaitFor("Start with: DKIM key not found in DNS.")
	s.Type("jj") // No reply has nothing to print
	s.WaitFor("No reply: nothing is wrong.")
	s.Type("p")
	s.WaitFor("p: nothing to print on this screen.")
	s.Type("k\r\r")
	s.WaitFor("cwmail > shop.example > spf.include-missing")
	s.Type("p")
	s.WaitFor("v=spf1 mx include:spf.mailer.example include:_spf.clockwise.info -all")
	s.WaitFor("Press enter to go back.")
	if s.Alternate() {
		t.Error("the alternate screen is still there")
	}
	s.Type("\r")
	s.WaitFor("How to fix it")
	if !s.Alternate() {
		t.Error("the alternate screen did not come back")
	}
}

func TestFirstStart(t *testing.T) {
	o := options()
	o.Targets = nil
	for _, size := range [][2]int{{40, 12}, {80, 24}} {
		a := ready(t, o, size[0], size[1])
		got := screen(a)
		for _, want := range []string{"cwmail --demo", "press :", "? for help"} {
			if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
	}
}

var _ ui.Page = (*pages.Home)(nil)

func TestEveryActionIsInThePaletteOrAPage(t *testing.T) {
	used := map[keys.Action]bool{}
	for _, walk := range slices.Concat(walks, wizardWalks) {
		o, _ := withWizards()
		a := ready(t, o, 100, 30)
		press(a, walk.keys...)
		for _, x := range a.top().Keys() {
			used[x] = true
		}
		for _, e := range a.keys.All() {
			if a.can()(e.Action) {
				used[e.Action] = true
			}
		}
	}
	for _, e := range keys.Default().All() {
		switch e.Action {
		case keys.Up, keys.Down, keys.PageUp, keys.PageDown, keys.Top, keys.Bottom, keys.Back, keys.Palette, keys.Stop, keys.Break:
			continue
		}
		if !used[e.Action] {
			t.Errorf("%s is offered nowhere", e.Action)
		}
	}
}

func TestMouse(t *testing.T) {
	a := ready(t, options(), 100, 30)
	if a.View().MouseMode != tea.MouseModeNone {
		t.Error("the mouse is taken without being asked for")
	}
	press(a, "M")
	if a.View().MouseMode != tea.MouseModeCellMotion {
		t.Error("M does not switch the mouse on")
	}
	a.Update(tea.MouseClickMsg{X: 12, Y: 4, Button: tea.MouseLeft})
	if got := screen(a); !strings.Contains(got, "> ✘ FAIL  shop.example") {
		t.Errorf("the click selects nothing:\n%s", got)
	}
	a.Update(tea.MouseWheelMsg{X: 12, Y: 4, Button: tea.MouseWheelUp})
	if got := screen(a); !strings.Contains(got, "> ✘ FAIL  acme.example") {
		t.Errorf("the wheel does not move:\n%s", got)
	}
	a.Update(tea.MouseClickMsg{X: 12, Y: 3, Button: tea.MouseLeft})
	if len(a.stack) != 2 {
		t.Error("a click on the selection does not open it")
	}
	b := ready(t, options(), 100, 30)
	b.Update(tea.MouseClickMsg{X: 40, Y: 4, Button: tea.MouseLeft})
	if got := screen(b); !strings.Contains(got, "> ✘ FAIL  acme.example") {
		t.Errorf("a click into the detail moves the selection of the list:\n%s", got)
	}
	press(b, "z")
	b.Update(tea.MouseClickMsg{X: 60, Y: 4, Button: tea.MouseLeft})
	if got := screen(b); !strings.Contains(got, "> ✘ FAIL  shop.example") {
		t.Errorf("a click into the list over the whole width selects nothing:\n%s", got)
	}
}

func TestPanes(t *testing.T) {
	a := ready(t, options(), 120, 30)
	press(a, "z")
	if got := screen(a); strings.Contains(got, "│") || !strings.Contains(got, "DOMAINS") {
		t.Errorf("the list is not zoomed:\n%s", got)
	}
	press(a, "z", "tab", "z")
	if got := screen(a); strings.Contains(got, "│") || !strings.Contains(got, "takes mail from") || strings.Contains(got, "DOMAINS") {
		t.Errorf("the detail is not zoomed:\n%s", got)
	}
	a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	a.Update(tea.WindowSizeMsg{Width: 120, Height: 30})
	if got := screen(a); !strings.Contains(got, "takes mail from") || strings.Contains(got, "DOMAINS") {
		t.Errorf("the focus does not survive a resize:\n%s", got)
	}
}

func TestPrivacy(t *testing.T) {
	a := ready(t, options(), 120, 40)
	press(a, "H", "enter", "enter")
	if got := screen(a); strings.Contains(got, "192.0.2.53") || strings.Contains(got, "MIIB") || strings.Contains(got, "acme.example") {
		t.Errorf("something is not hidden:\n%s", got)
	}
	press(a, "O", "enter", "j", "j", "j", "enter")
	if got := screen(a); strings.Contains(got, "31.134.206") || strings.Contains(got, "postmaster@") || strings.Contains(got, "acme.example") {
		t.Errorf("something is not hidden:\n%s", got)
	}
}

func TestRememberTheme(t *testing.T) {
	var kept []string
	o := options()
	o.Remember = func(s string) { kept = append(kept, s) }
	a := ready(t, o, 100, 30)
	press(a, "TTTTT")
	if got := strings.Join(kept, " "); got != "dark light neutral contrast auto" {
		t.Errorf("%q", got)
	}
	// While one is written, the next wait; the last of them stays.
	_, writing := a.Update(tea.KeyPressMsg{Code: 'T', Text: "T"})
	for range 2 {
		if _, cmd := a.Update(tea.KeyPressMsg{Code: 'T', Text: "T"}); cmd != nil {
			t.Error("two themes are written at the same time")
		}
	}
	drive(a, writing)
	if got := strings.Join(kept[5:], " "); got != "dark neutral" {
		t.Errorf("%q", got)
	}
}

func TestPasteIntoALookUp(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, "?", "?", "/")
	a.Update(tea.PasteMsg{Content: " ASCII\n"})
	press(a, "enter")
	if got := screen(a); !strings.Contains(got, "ASCII") || a.top().Keys()[1] != keys.Next {
		t.Errorf("what was pasted is not looked for:\n%s", got)
	}
}

func TestSmallWindowTakesOnlyQuit(t *testing.T) {
	a := ready(t, options(), 39, 24)
	press(a, "enter", "x", "?")
	if len(a.stack) != 1 {
		t.Error("a key did something in a window in which nothing is seen")
	}
	if got := screen(a); !strings.Contains(got, "39x24") || !strings.Contains(got, "40x10") {
		t.Errorf("%s", got)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- Run(ctx, options(), in, io.Discard) }()
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := Run(t.Context(), Options{Settings: Settings{Keys: map[string]string{"copy": "q"}}}, in, io.Discard); err == nil {
		t.Error("two actions on one key are no error")
	}
}

func TestLongCheckIsTold(t *testing.T) {
	o := options()
	now := tuitest.Noon
	o.Now = func() time.Time { return now }
	o.Examine = func(ctx context.Context, _ checks.Target, emit func(checks.Event)) checks.Report {
		emit(checks.Event{Stage: "SPF"})
		<-ctx.Done()
		return checks.Report{}
	}
	a := NewApp(o)
	t.Cleanup(a.cancel)
	a.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	a.Update(beginMsg{})
	now = now.Add(8 * time.Second)
	a.Update(waitMsg{})
	if got := screen(a); !strings.Contains(got, "Still checking acme.example (8 of 60 s), x stops.") {
		t.Errorf("%s", got)
	}
	press(a, "x")
	if got := screen(a); !strings.Contains(got, "Stopped 6 checks.") {
		t.Errorf("%s", got)
	}
}

// live is a console with a clock of its own whose examinations are counted.
type live struct {
	*App
	now     time.Time
	mu      sync.Mutex
	asked   []string
	verdict checks.Verdict
}

func newLive(t *testing.T, every time.Duration) *live {
	l := &live{now: tuitest.Noon}
	o := options()
	o.Settings.Interval = every
	o.Now = func() time.Time { return l.now }
	o.Examine = func(_ context.Context, target checks.Target, _ func(checks.Event)) checks.Report {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asked = append(l.asked, target.Name())
		return checks.Report{Domain: "acme.example", Verdict: l.verdict, Started: l.now}
	}
	l.verdict = checks.VerdictOK
	l.App = NewApp(o)
	t.Cleanup(l.cancel)
	l.Update(tea.WindowSizeMsg{Width: 120, Height: 30})
	for _, e := range l.board.Entries { // as if they had just been examined
		e.Busy, e.Known, e.Ended = false, true, l.now
		e.Report = checks.Report{Domain: "acme.example", Verdict: l.verdict, Started: l.now}
	}
	l.board.Stop()
	l.board.Begin()
	l.View()
	return l
}

// wait lets time pass in steps of the board.
func (l *live) wait(d time.Duration) {
	for end := l.now.Add(d); l.now.Before(end); {
		l.now = l.now.Add(l.board.Step())
		drive(l.App, func() tea.Msg { return stepMsg{} })
		l.View()
	}
}

func TestEachTargetAgainInAnInterval(t *testing.T) {
	a := newLive(t, 6*time.Minute)
	if got := a.board.Step(); got != time.Minute {
		t.Fatalf("6 targets in 6 minutes: a step of %s", got)
	}
	a.wait(12 * time.Minute)
	counts := map[string]int{}
	for _, name := range a.asked {
		counts[name]++
	}
	for _, e := range a.board.Entries {
		if counts[e.Name()] < 2 {
			t.Errorf("%s was looked at %d times in two intervals", e.Name(), counts[e.Name()])
		}
	}
	if len(a.asked) != 12 {
		t.Errorf("%d looks in 12 steps", len(a.asked))
	}
	if got := screen(a.App); !strings.Contains(got, "checked 14:14:09  every 6 min") || !strings.Contains(got, "6 OK") {
		t.Errorf("%s", got)
	}
}

func TestQuietLookStirsOnlyChanges(t *testing.T) {
	a := newLive(t, 6*time.Minute)
	before := strings.SplitN(screen(a.App), "\n", 2)[1] // the header has the time
	a.wait(time.Minute)
	if after := strings.SplitN(screen(a.App), "\n", 2)[1]; after != before {
		t.Errorf("the screen moved:\n%s\nbefore:\n%s", after, before)
	}
	a.verdict = checks.VerdictFailure
	a.wait(time.Minute)
	if got := screen(a.App); !strings.Contains(got, "shop.example (ClockWise server) changed at 14:04:09: it was OK, now it is FAIL.") || !strings.Contains(got, "1 FAIL, 5 OK") {
		t.Errorf("%s", got)
	}
}

func TestFrozenConsoleDoesNotLookAgain(t *testing.T) {
	a := newLive(t, 6*time.Minute)
	press(a.App, "f")
	a.wait(time.Hour)
	if len(a.asked) > 0 || strings.Contains(screen(a.App), "----") {
		t.Errorf("%q were looked at:\n%s", a.asked, screen(a.App))
	}
}

func TestOutOfFocusResultsGrowOld(t *testing.T) {
	a := newLive(t, 6*time.Minute)
	a.Update(tea.BlurMsg{})
	a.wait(away)
	looked := len(a.asked)
	if looked == 0 {
		t.Error("nothing was looked at in the first half hour")
	}
	a.wait(25 * time.Minute)
	if len(a.asked) != looked {
		t.Error("looks go on without anybody there")
	}
	got := screen(a.App)
	for _, want := range []string{"6 not known", "paused", "? ----  acme.example", "is too old to go by. r checks again."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	drive(a.App, func() tea.Msg { return tea.FocusMsg{} })
	if len(a.asked) != looked+6 || strings.Contains(screen(a.App), "paused") {
		t.Errorf("%d looks once somebody is back:\n%s", len(a.asked)-looked, screen(a.App))
	}
}

func TestNoLookWithoutAnInterval(t *testing.T) {
	a := newLive(t, 0)
	if a.board.Step() != 0 || a.View().ReportFocus {
		t.Error("looks are planned")
	}
	a.now = a.now.Add(24 * time.Hour)
	a.Update(stepMsg{})
	if len(a.asked) > 0 || strings.Contains(screen(a.App), "----") {
		t.Errorf("%q were looked at", a.asked)
	}
}

func TestCheckAgainKeepsTheSelection(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, "j", "enter", "j")
	before := screen(a)
	press(a, "r")
	if after := screen(a); after != before {
		t.Errorf("the screen moved:\n%s\nbefore:\n%s", after, before)
	}
}

// Of a thousand targets few are examined at a time, those in sight first.
func TestInSightFirst(t *testing.T) {
	o := options()
	o.Targets = tuitest.Many(1000)
	started := make(chan string, 1000)
	o.Examine = func(ctx context.Context, target checks.Target, _ func(checks.Event)) checks.Report {
		started <- target.Name()
		<-ctx.Done()
		return checks.Report{}
	}
	a := NewApp(o)
	t.Cleanup(a.cancel)
	a.Update(tea.WindowSizeMsg{Width: 120, Height: 30})
	a.View()
	a.Update(tea.KeyPressMsg{Code: 'G', Text: "G"})
	a.View()
	cmd := a.board.Begin()
	for _, c := range cmd().(tea.BatchMsg) {
		go c()
	}
	seen := map[string]bool{}
	for range 8 {
		seen[<-started] = true
	}
	if !seen["customer0999.example"] || len(seen) != 8 {
		t.Errorf("examined first: %v", seen)
	}
	for name := range seen {
		if name < "customer0970.example" {
			t.Errorf("%s is examined first, out of sight", name)
		}
	}
	select {
	case name := <-started:
		t.Errorf("%s is examined as well", name)
	default:
	}
}

func TestLooksAgainAtTheFirstDomain(t *testing.T) {
	o := options()
	o.Targets, o.Settings.Interval = nil, time.Minute
	a := ready(t, o, 100, 30)
	if a.stepping {
		t.Error("there is nothing to look at, but time is waited for")
	}
	press(a, ":", "other.example", "enter")
	if !a.stepping {
		t.Error("the domain is not looked at again")
	}
}

func TestDefaultInterval(t *testing.T) {
	for n, want := range map[int]time.Duration{
		0: 5 * time.Minute, 1: 5 * time.Minute, 20: 5 * time.Minute, 21: 6 * time.Minute, 100: 25 * time.Minute, 1000: time.Hour,
	} {
		if got := DefaultInterval(n); got != want {
			t.Errorf("%d targets: every %s, want %s", n, got, want)
		}
	}
}

// TestWait holds how waiting for a record goes on and ends.
func TestWait(t *testing.T) {
	a := ready(t, options(), 100, 30)
	press(a, "enter", "enter", "W")
	for _, want := range []string{
		"wait for cw1._domainkey.acme.example", "1 of 3 name servers have it", "Waiting for 2 of 3 name servers. x stops.",
		"not there yet, may keep that until 14:40:09", "there, but wrong: the end is missing", "Check 14 at 14:02:09, next in 60 s.",
	} {
		if !strings.Contains(screen(a), want) {
			t.Errorf("not on the screen: %s\n%s", want, screen(a))
		}
	}
	press(a, "x")
	if got := screen(a); !strings.Contains(got, "Stopped before it was published. r looks again.") {
		t.Errorf("stopped:\n%s", got)
	}
	press(a, "r")
	if got := screen(a); !strings.Contains(got, "next in 60 s") {
		t.Errorf("once more:\n%s", got)
	}
	press(a, "O")
	if len(a.stack) != 1 {
		t.Error("O does not leave")
	}

	o := options()
	o.Wait = tuitest.Waited
	a = ready(t, o, 100, 30)
	press(a, "W") // from the overview, for the first record that mends something
	for _, want := range []string{"3 of 3 name servers have it", "Published at every name server of acme.example.", "before until 15:02:09."} {
		if !strings.Contains(screen(a), want) {
			t.Errorf("not on the screen: %s\n%s", want, screen(a))
		}
	}
	for _, c := range []struct {
		walk []string
		want string
	}{
		{[]string{"j", "enter", "enter", "W"}, "wait for shop.example"},
		{[]string{"j", "enter", "W"}, "wait for shop.example"},
	} {
		a = ready(t, o, 120, 30)
		if press(a, c.walk...); !strings.Contains(screen(a), c.want) {
			t.Errorf("%q does not lead to %q:\n%s", c.walk, c.want, screen(a))
		}
	}

	o.Wait = nil
	a = ready(t, o, 100, 30)
	if press(a, "W"); len(a.stack) != 1 {
		t.Error("a console that cannot wait opens the page")
	}
}
