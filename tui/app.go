// Package tui is the console: one tea.Model, the App, with a stack of pages.
// Pages say what they show and what a key does on them; the App draws the
// frame around them, knows the keys that work everywhere, and lets text out:
// to the clipboard, to a file, or printed outside the screen.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/safe"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/pages"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/wizard"
)

// Options are what the console needs from outside. Only Examine must be set.
type Options struct {
	Demo    bool
	Targets []checks.Target // transports first, in the order of the file

	Examine  func(ctx context.Context, t checks.Target, emit func(checks.Event)) checks.Report
	WhatIf   func(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report
	Wait     func(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report
	Network  func(ctx context.Context, domains []string) checks.NetworkReport
	Forget   func()           // empties the DNS cache before a check again
	Glossary func() []ui.Word // the words that are explained
	Service  transports.Service

	Wizards func() []*guide.Wizard                 // nil: there are none
	World   guide.World                            // that they look at and change
	Left    func() []guide.Saved                   // runs that were left before their end
	Undo    func(do bool) (what string, err error) // takes the last change of the transports back, or says which one that would be
	Guide   string                                 // the wizard to begin with; "": the overview
	Preset  map[string]string                      // its answers that are known already
	Reload  func() []checks.Target                 // targets anew, once a wizard may have changed the configuration; nil: they stay

	Settings Settings
	Remember func(theme string) // keeps the theme that was chosen; may take its time

	Save func(name string, data []byte) (path string, err error)
	Pipe func(ctx context.Context, argv []string, stdin string) error // runs a program that copies
	Have func(program string) bool                                    // whether such a program is there
	Host string                                                       // of this machine, for a line with scp

	Env []string
	Now func() time.Time
}

// Settings are what flags and the configuration say about the console.
type Settings struct {
	Theme     string              // of the flag: overrules all else
	Saved     string              // of the configuration, or remembered
	Color     string              // of the flag: auto, always, never
	ASCII     bool                // of the flag or the configuration
	Privacy   bool                // hide addresses, names and keys from the start
	Hide      func(string) string // hides them; nil: names of transports and whatever looks like one
	Mouse     bool                // taken from the start
	Interval  time.Duration       // between two looks at the same target; 0: only when asked
	Keys      map[string]string   // other keys, by action
	OwnServer bool                // served by an SSH server of our own
}

// DefaultInterval is how often n targets are looked at: every five minutes, and
// less often where that would be more than one in fifteen seconds.
func DefaultInterval(n int) time.Duration {
	const least, most, apart = 5 * time.Minute, time.Hour, 15 * time.Second
	return min(most, max(least, (time.Duration(n)*apart+time.Minute-1).Truncate(time.Minute)))
}

// App is the console's only tea.Model.
type App struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	keys   *keys.Map
	board  *pages.Board
	home   *pages.Home
	bench  *wizard.Bench
	stack  []ui.Page
	parted []ui.Page // left while they did something that must not be lost
	then   []tea.Cmd // what leaving a page brings about

	look       ui.Look
	themeName  theme.Name
	background theme.Background
	profile    colorprofile.Profile
	w, h       int

	said     string    // told until the next key
	waiting  bool      // said is about a check that takes long
	news     bool      // said is about a result that changed by itself
	stepping bool      // a stepMsg is on its way
	watching bool      // a waitMsg is on its way
	left     time.Time // when the window lost the focus; zero: it has it
	mouse    bool
	undoing  bool // the next u takes back
	armed    int  // counts presses of ctrl+c; a disarmMsg carries the count

	remembering bool // a theme is being written

	outside outside
	started time.Time
	frame   tea.View
	clean   bool // frame still shows what is
}

// outside is what happens while the alternate screen is left.
type outside struct {
	active bool
	lines  []string
	last   bool // the program ends behind it
}

type (
	beginMsg   struct{}
	waitMsg    struct{}
	stepMsg    struct{} // time for the next look
	disarmMsg  struct{ count int }
	outsideMsg struct{}
	savedMsg   struct {
		path string
		err  error
	}
	copiedMsg     struct{ told string }
	rememberedMsg struct{ name theme.Name }
	quitMsg       struct{}
	greetMsg      struct{ text string }
	undoneMsg     struct {
		what string
		did  bool
		err  error
	}
	reloadedMsg struct {
		targets []checks.Target
		about   map[string]bool // domains and transports that a wizard was about
	}
)

// NewApp makes the console. Keys that contradict each other keep the default.
func NewApp(o Options) *App {
	m, err := keys.New(o.Settings.Keys)
	if err != nil {
		m = keys.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &App{o: o, ctx: ctx, cancel: cancel, keys: m, started: o.Now()}
	a.themeName = theme.Auto
	if n, ok := theme.Parse(o.Settings.Theme); ok {
		a.themeName = n
	}
	a.profile = theme.Profile(o.Settings.Color, o.Env)
	a.look = ui.Look{ASCII: theme.ASCII(o.Settings.ASCII, o.Env, o.Settings.OwnServer), Private: o.Settings.Privacy, Hide: o.Settings.Hide, T: &ui.English}
	if a.look.Hide == nil {
		a.look.Hide = mask(o.Targets)
	}
	a.mouse = o.Settings.Mouse
	a.dress()
	a.board = pages.NewBoard(pages.Engine{
		Context: ctx, Examine: o.Examine, WhatIf: o.WhatIf, Wait: o.Wait, Network: o.Network, Forget: o.Forget, Glossary: o.Glossary,
		Service: o.Service, Now: o.Now, Interval: o.Settings.Interval, Texts: a.look.T, Frame: frame{a},
	}, o.Targets)
	if o.Wizards != nil {
		a.bench = &wizard.Bench{
			Context: ctx, World: o.World, Guides: o.Wizards, Left: o.Left, Glossary: o.Glossary, Texts: a.look.T, Frame: frame{a},
		}
		a.board.Guides = a.guides
	}
	a.home = pages.NewHome(a.board)
	a.board.InSight = a.home.InSight
	a.board.Check(a.board.Entries...) // waits for Begin
	a.stack = []ui.Page{a.home}
	return a
}

// dress picks the palette.
func (a *App) dress() {
	flag := string(a.themeName)
	if a.themeName == theme.Auto {
		flag = ""
	}
	a.look.Palette = theme.New(theme.Choose(flag, a.o.Settings.Saved, a.o.Env, a.background), a.profile)
}

// Run shows the console until the reader quits. All work ends with it.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) error {
	if _, err := keys.New(o.Settings.Keys); err != nil {
		return fmt.Errorf("tui: %w", err)
	}
	a := NewApp(o)
	defer a.cancel() // tea.Quit stops no command
	options := []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out),
		tea.WithEnvironment(o.Env), tea.WithColorProfile(a.profile),
	}
	if theme.SSH(o.Env) {
		options = append(options, tea.WithFPS(fpsOverSSH))
	}
	if w, h := number(o.Env, "COLUMNS"), number(o.Env, "LINES"); w > 0 && h > 0 {
		options = append(options, tea.WithWindowSize(w, h)) // a terminal that can be asked knows better
	}
	_, err := tea.NewProgram(a, options...).Run()
	if errors.Is(err, tea.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tui: %w", err)
	}
	return nil
}

// number is the value of a variable; 0 where it is none.
func number(env []string, name string) (n int) {
	for _, line := range env {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			n, _ = strconv.Atoi(v)
		}
	}
	return n
}

const fpsOverSSH = 20

// twoFrames is how long it takes until a view is surely on the screen.
func (a *App) twoFrames() time.Duration {
	if theme.SSH(a.o.Env) {
		return 2 * time.Second / fpsOverSSH
	}
	return 2*time.Second/60 + 10*time.Millisecond
}

// Init asks for the background. The examinations begin when the first frame is
// out: they would delay it.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.Tick(a.twoFrames(), func(time.Time) tea.Msg { return beginMsg{} })}
	if theme.Choose("", "", a.o.Env, theme.NoAnswer) == theme.Neutral && a.profile >= colorprofile.ANSI {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if theme.SSH(a.o.Env) {
		// Bubble Tea does not ask for synchronised output over SSH; the
		// terminal's answer switches it on and ends the flicker.
		cmds = append(cmds, tea.Raw(ansi.RequestModeSynchronizedOutput))
	}
	return tea.Batch(cmds...)
}

// Update is the only way in which anything changes.
func (a *App) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	if a.touches(m) {
		a.clean = false
	}
	cmd := a.hear(m)
	if len(a.then) > 0 {
		cmd = tea.Batch(append(a.then, cmd)...)
		a.then = nil
	}
	return a, cmd
}

// touches says whether a message may change the screen: of many examinations
// at a time only one is in sight.
func (a *App) touches(m tea.Msg) bool {
	if a.home.Rested(m) {
		return false
	}
	if ev, ok := m.(ui.EventMsg); ok {
		return a.top() != ui.Page(a.home) || a.home.Shows(ev.ID)
	}
	return true
}

func (a *App) hear(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = m.Width, m.Height
		a.look.Height = m.Height
		return nil
	case tea.BackgroundColorMsg:
		a.background = theme.LightBackground
		if m.IsDark() {
			a.background = theme.DarkBackground
		}
		a.dress()
		return nil
	case tea.KeyPressMsg:
		if a.left.IsZero() {
			return a.press(m)
		}
		return tea.Batch(a.live(tea.FocusMsg{}), a.press(m)) // who presses keys is there
	case tea.PasteMsg:
		return a.paste(m.Content)
	case tea.MouseMsg:
		return a.point(m)
	case pages.AddedMsg:
		a.home.Reveal(m.Entry)
		return tea.Batch(a.watch(), a.step())
	case ui.EventMsg, ui.DoneMsg:
		return a.work(m)
	case beginMsg, stepMsg, tea.FocusMsg, tea.BlurMsg:
		return a.live(m)
	}
	return a.own(m)
}

// away is how long the window may be out of focus before nothing is looked at
// again by itself.
const away = 30 * time.Minute

// live keeps results fresh.
func (a *App) live(m tea.Msg) tea.Cmd {
	now := a.o.Now()
	switch m.(type) {
	case beginMsg:
		return tea.Batch(a.board.Begin(), a.first(), a.watch(), a.step())
	case stepMsg:
		a.stepping = false
		a.board.Pause(!a.left.IsZero() && now.Sub(a.left) > away)
		return tea.Batch(a.board.Tick(), a.step())
	case tea.BlurMsg:
		a.left = now.Round(0) // the wall's clock: the machine may sleep
	case tea.FocusMsg:
		a.left = time.Time{}
		if a.board.Paused() {
			a.board.Pause(false)
			return a.board.Tick()
		}
	}
	return nil
}

// step waits for the time of the next look.
func (a *App) step() tea.Cmd {
	d := a.board.Step()
	if d <= 0 || a.stepping {
		return nil
	}
	a.stepping = true
	return tea.Tick(d, func(time.Time) tea.Msg { return stepMsg{} })
}

// work passes on what examinations tell.
func (a *App) work(m tea.Msg) tea.Cmd {
	cmd, e, changed := a.board.Update(m)
	if e == nil {
		return a.spread(m)
	}
	if a.board.Running() == 0 && a.waiting {
		a.said, a.waiting = "", false
	}
	if changed && (a.said == "" || a.news) {
		a.tell(a.board.Change(a.look, e))
		a.news = true
	}
	return cmd
}

// own hears the App's own messages, and gives the rest to the pages.
func (a *App) own(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case waitMsg:
		return a.wait()
	case disarmMsg:
		if m.count == a.armed {
			a.armed, a.said = 0, ""
		}
	case outsideMsg:
		return a.printOutside()
	case savedMsg:
		switch {
		case m.err != nil:
			a.tell(ui.Fill(a.look.T.NotSaved, a.look.Text(m.err.Error())))
		case theme.SSH(a.o.Env) && a.o.Host != "":
			a.tell(ui.Fill(a.look.T.SavedFetch, a.look.Text(m.path), a.look.Text(a.o.Host)))
		default:
			a.tell(ui.Fill(a.look.T.Saved, a.look.Text(m.path)))
		}
	case copiedMsg:
		a.tell(m.told)
	case rememberedMsg:
		if a.remembering = false; m.name != a.themeName {
			return a.remember()
		}
	case quitMsg:
		return tea.Quit
	case greetMsg:
		if a.said == "" || a.waiting || a.news {
			a.tell(m.text)
		}
	case reloadedMsg:
		return a.reloaded(m)
	case undoneMsg:
		return a.undone(m)
	default:
		return a.spread(m)
	}
	return nil
}

// spread gives a message to all pages.
func (a *App) spread(m tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, p := range slices.Concat(a.stack, a.parted) {
		cmds = append(cmds, p.Update(m))
	}
	a.rejoin()
	return tea.Batch(cmds...)
}

func (a *App) top() ui.Page { return a.stack[len(a.stack)-1] }

// frame is the App as its pages see it.
type frame struct{ a *App }

func (f frame) Open(p ui.Page)                { f.a.stack = append(f.a.stack, p) }
func (f frame) Back()                         { f.a.back() }
func (f frame) Tell(s string)                 { f.a.tell(s) }
func (f frame) Do(action keys.Action) tea.Cmd { return f.a.do(action, f.a.keys.Of(action).First()) }
func (f frame) Print(lines []string) tea.Cmd  { return f.a.leave(lines, false) }

// back takes the top page off; work that only it waits for is stopped.
func (a *App) back() {
	if len(a.stack) < 2 {
		return
	}
	p := a.top()
	a.stack = a.stack[:len(a.stack)-1]
	switch w, ok := p.(*wizard.Page); {
	case ok && w.Acting():
		a.parted = append(a.parted, p)
	case ok:
		w.Halt()
		w.Leave()
		a.ended(w)
	default:
		if h, ok := p.(halter); ok {
			h.Halt()
		}
	}
	if l, ok := a.top().(*wizard.List); ok {
		l.Revive()
	}
}

// halter is a page with work of its own.
type halter interface{ Halt() bool }

func (a *App) tell(s string) { a.said, a.waiting, a.news = s, false, false }

// patience is after how long the status line says that a check still runs.
const patience = 2 * time.Second

// watch looks after checks that take long.
func (a *App) watch() tea.Cmd {
	if a.watching || a.board.Running() == 0 {
		return nil
	}
	a.watching = true
	return tea.Tick(patience, func(time.Time) tea.Msg { return waitMsg{} })
}

// wait tells about the check that takes longest.
func (a *App) wait() tea.Cmd {
	a.watching = false
	e := a.board.Slowest()
	if e == nil {
		return nil
	}
	if took := a.o.Now().Sub(e.Began); took >= patience-100*time.Millisecond && (a.said == "" || a.waiting) {
		a.said = ui.Fill(a.look.T.StillWaiting, a.look.Text(e.Name()), fmt.Sprint(int(took.Seconds()+0.5)), fmt.Sprint(int(pages.Deadline().Seconds())))
		if doing := a.board.Doing(a.look, e); doing != "" {
			a.said = ui.Fill(a.look.T.WaitingFor, a.said, doing)
		}
		a.waiting = true
	}
	return a.watch()
}

// mask hides names of transports, and whatever looks like an address, a name or
// a key but for the codes of findings.
func mask(targets []checks.Target) func(string) string {
	m := &safe.Mask{Keep: func(name string) bool { _, isCode := checks.Rule(name); return isCode }}
	for _, t := range targets {
		m.Words = append(m.Words, t.Name())
	}
	return m.Text
}
