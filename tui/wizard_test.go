package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/tuitest"
	"clockwise.info/cwmail/tui/wizard"
	"github.com/charmbracelet/x/ansi"
)

// withWizards is the console with invented wizards, and where their runs are
// kept.
func withWizards() (Options, *tuitest.Shelf) {
	o, shelf := options(), &tuitest.Shelf{}
	o.Wizards, o.World, o.Left = tuitest.Wizards, shelf.World(), shelf.Left
	return o, shelf
}

// wizardWalks lead to every step of the invented wizards.
var wizardWalks = []walk{
	{"list", []string{"w"}},
	{"domain", []string{"w", "enter"}},
	{"domain-wrong", []string{"w", "enter", "ctrl+u", "acme", "enter"}},
	{"record", []string{"w", "enter", "enter"}},
	{"publish", []string{"w", "enter", "enter", "enter"}},
	{"publish-second", []string{"w", "enter", "enter", "enter", "n"}},
	{"wait", []string{"w", "enter", "enter", "enter", "enter"}},
	{"prove", []string{"w", "enter", "enter", "enter", "enter", "r", "enter"}},
	{"done", []string{"w", "enter", "enter", "enter", "enter", "r", "enter", "enter"}},
	{"mail", []string{"w", "j", "enter"}},
	{"mail-type", []string{"w", "j", "enter", "Acme", "tab", "tab", "2"}},
	{"mail-smtp", []string{"w", "j", "enter", "Acme", "tab", "tab", "down", "tab", "tab", "secret"}},
	{"confirm", []string{"w", "j", "enter", "Acme", "enter"}},
	{"why", []string{"w", "enter", "enter", "e"}},
	{"left", []string{"w", "enter", "enter", "enter", "O", "w"}},
}

func TestWizardGolden(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
		for _, ascii := range []bool{true, false} {
			for _, walk := range wizardWalks {
				kind := map[bool]string{true: "ascii", false: "unicode"}[ascii]
				name := fmt.Sprintf("wizard-%s-%dx%d-%s", walk.name, size[0], size[1], kind)
				t.Run(name, func(t *testing.T) {
					o, _ := withWizards()
					o.Settings.ASCII = ascii
					a := ready(t, o, size[0], size[1])
					press(a, walk.keys...)
					golden(t, filepath.Join("testdata", "screens", name+".txt"), screen(a))
				})
			}
		}
	}
}

// shows holds that texts are on the screen.
func shows(t *testing.T, a *App, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if got := screen(a); !strings.Contains(got, want) {
			t.Errorf("not on the screen: %q\n%s", want, got)
		}
	}
}

// TestWizardByKeys walks a wizard in an emulated terminal, with keys alone.
func TestWizardByKeys(t *testing.T) {
	o, shelf := withWizards()
	s := tuitest.Start(t, NewApp(o), 80, 24)
	s.WaitFor("Start with: DKIM key not found in DNS.")
	s.Type("w")
	s.WaitFor("STEP BY STEP")
	s.Type("\r")
	s.WaitFor("step 1 of 5")
	s.Type("\x15acme\r") // ctrl+u empties the field
	s.WaitFor("'acme' is not a domain: it needs a dot")
	s.Type(".Example\r")
	s.WaitFor("One SPF record is there, and it does not name ClockWise.")
	s.WaitFor("SPF for acme.example")
	s.Type("\r")
	s.WaitFor("enter I changed it")
	s.Type("c")
	s.WaitFor("Asked your terminal to copy 104 characters.")
	s.Type("p")
	s.WaitFor("Press enter to go back.")
	s.WaitFor("v=spf1 mx include:spf.protection.outlook.com")
	s.Type("\r")
	s.WaitFor("Step 3 of 5")
	s.Type("\r")
	s.WaitFor("not there yet, may keep that until")
	s.WaitFor("enter look again")
	s.Type("\r")
	s.WaitFor("Every name server has the record.")
	s.Type("\r")
	s.WaitFor("C> EHLO out.example.net")
	s.Type("\r")
	s.WaitFor("Done: Let ClockWise send for your domain (SPF), for acme.example")
	if left := shelf.Left(); len(left) > 0 {
		t.Errorf("stored behind the end: %v", left)
	}
	s.Type("\r")
	s.WaitFor("Wizard: Transport")
	s.WaitFor("step 1 of 2")
	s.Type("\x1b")
	s.WaitFor("STEP BY STEP")
}

// What stands in a field by itself makes room for what is typed.
func TestWizardTypedOver(t *testing.T) {
	o, _ := withWizards()
	a := ready(t, o, 100, 30)
	press(a, "w", "enter", "shop.example")
	shows(t, a, "> Domain   shop.example")
	press(a, "left", "x")
	shows(t, a, "> Domain   shop.examplxe")
}

// Back keeps everything, also what is wrong; leaving stores it.
func TestWizardBack(t *testing.T) {
	o, shelf := withWizards()
	a := ready(t, o, 100, 30)
	press(a, "w", "enter", "enter", "esc")
	shows(t, a, "step 1 of 5", "> Domain   acme.example")
	press(a, "end", "x", "enter")
	shows(t, a, "Wizard: SPF for acme.examplex", "step 2 of 5")
	press(a, "h", "left") // too near to the keys that move
	shows(t, a, "left does nothing on this screen.", "step 2 of 5")
	press(a, "esc", "ctrl+u", "oops", "shift+tab")
	if _, ok := a.top().(*wizard.List); !ok {
		t.Fatal("shift+tab before the first field does not leave")
	}
	shows(t, a, "SPF for oops: step 1 of 5, go on?")
	press(a, "enter")
	shows(t, a, "> Domain   oops", "This was left here; it goes on.")
	press(a, "ctrl+u", "acme.example", "enter", "enter", "O")
	if len(a.stack) != 1 {
		t.Error("O does not leave")
	}
	press(a, "w")
	shows(t, a, "SPF for acme.example: step 3 of 5, go on?")
	press(a, "d", "j")
	shows(t, a, "Kept.", "go on?")
	press(a, "d")
	shows(t, a, "Forget SPF for acme.example, with what you filled in? Press d again; any other key keeps it.")
	press(a, "d")
	shows(t, a, "Forgotten: SPF for acme.example.")
	if len(shelf.Left()) != 0 || strings.Contains(screen(a), "go on?") {
		t.Errorf("it is not forgotten:\n%s", screen(a))
	}
}

// At the start the overview says once what was left.
func TestWizardGreeting(t *testing.T) {
	o, _ := withWizards()
	a := ready(t, o, 100, 30)
	press(a, "w", "enter", "enter", "enter")
	b := ready(t, o, 100, 30)
	shows(t, b, "A wizard was left at step 3 of 5: SPF for acme.example. w goes on.")
	press(b, "j", "k")
	if strings.Contains(screen(b), "was left") {
		t.Error("it is said again")
	}
}

// On a problem w opens the wizard that mends it, and what was left of it.
func TestWizardOfProblem(t *testing.T) {
	o, _ := withWizards()
	a := ready(t, o, 100, 30)
	press(a, "j", "enter", "enter", "w")
	shows(t, a, "spf.include-missing > Wizard: SPF for shop.example", "> Domain   shop.example")
	press(a, "enter", "enter", "O", "enter", "w")
	shows(t, a, "shop.example > Wizard: SPF for shop.example", "step 3 of 5", "This was left here; it goes on.")
	press(a, "O", "k", "enter", "enter", "w") // no wizard here mends DKIM
	shows(t, a, "STEP BY STEP")
	press(a, "O", ":", "mail transport", "enter")
	shows(t, a, "Wizard: Transport", "step 1 of 2")
}

// What takes long can be stopped, and what it did by then is not lost.
func TestWizardStops(t *testing.T) {
	o, _ := withWizards()
	s := tuitest.Start(t, NewApp(o), 100, 30)
	s.WaitFor("Start with: DKIM key not found in DNS.")
	s.Type("wG\r")
	s.WaitFor("step 1 of 2")
	s.Type("slow\r")
	s.WaitFor("enter write it")
	s.Type("\r")
	s.WaitFor("Writing, slowly.")
	s.Type("\r")
	s.WaitFor("Under way: Confirm. x stops.")
	s.Type("x")
	s.WaitFor("It was stopped before it was written.")
	s.WaitFor("server") // what was shown before is shown again
	s.Type("\r")
	s.WaitGone("It was stopped before it was written.")
	s.WaitFor("Writing, slowly.")
	s.Type("\x1b") // stops as well; the step stays
	s.WaitFor("It was stopped before it was written.")
	s.WaitFor("step 2 of 2")
	s.Type("\x1b")
	s.WaitFor("step 1 of 2")
}

// Who leaves while something is being done does not end it.
func TestWizardLeftActing(t *testing.T) {
	o, shelf := withWizards()
	begun, done, reloaded := make(chan bool), make(chan bool), make(chan bool, 1)
	o.Wizards = func() []*guide.Wizard {
		return []*guide.Wizard{{ID: "key", Title: "Make a key", Steps: []guide.Step{
			{ID: "make", Title: "Make", Act: func(ctx context.Context, _ *guide.Run, _ func(guide.View)) guide.Outcome {
				begun <- true
				<-done
				if ctx.Err() != nil {
					return guide.Outcome{Problem: "stopped"}
				}
				return guide.Outcome{Facts: map[string]string{"file": "made.pem"}}
			}},
			{ID: "publish", Title: "Publish"},
		}}}
	}
	o.Reload = func() []checks.Target { reloaded <- true; return nil }
	s := tuitest.Start(t, NewApp(o), 100, 30)
	s.WaitFor("Start with: DKIM key not found in DNS.")
	s.Type("w\r")
	s.WaitFor("step 1 of 2")
	s.Type("\r")
	<-begun
	s.Type("O")
	s.WaitFor("TRANSPORTS")
	close(done)
	<-reloaded
	if left := shelf.Left(); len(left) != 1 || left[0].Step != "publish" || left[0].Facts["file"] != "made.pem" {
		t.Errorf("stored: %+v", left)
	}
	s.Type("w")
	s.WaitFor("Make a key: step 2 of 2, go on?")
}

func TestWizardActs(t *testing.T) {
	o, shelf := withWizards()
	to := func(name string) *App {
		a := ready(t, o, 100, 30)
		press(a, "w", "G", "enter", name, "enter", "enter")
		return a
	}
	a := to("broken")
	shows(t, a, "no pen", "step 2 of 2")
	a = to("refused")
	shows(t, a, "Somebody else changed it meanwhile.", "step 2 of 2")
	a = to("fine")
	shows(t, a, "Done: Set up a mail transport, for fine")
	press(a, "esc", "O")
	if strings.Contains(shelf.Text(), "fine") {
		t.Error("what is done is still stored")
	}
}

// A wizard that may have changed something has the board look again, with the
// targets as they are now.
func TestWizardReloads(t *testing.T) {
	o, _ := withWizards()
	targets := tuitest.Targets()
	o.Reload = func() []checks.Target {
		renamed := *targets[2].Transport
		renamed.Name = "fine"
		return append(targets[:2:2], checks.Target{Transport: &renamed})
	}
	a := ready(t, o, 100, 30)
	press(a, ":", "other.example", "enter", "O", "w", "G", "enter", "fine", "enter", "enter", "enter", "esc")
	var names []string
	for _, e := range a.board.Entries {
		names = append(names, e.Name())
		if !e.Known {
			t.Errorf("%s was not looked at", e.Name())
		}
	}
	if got := strings.Join(names, ", "); got != "acme.example, shop.example, fine, other.example" {
		t.Errorf("on the board: %s", got)
	}
}

// A secret is neither shown nor stored, and pasted as it is.
func TestWizardSecret(t *testing.T) {
	o, shelf := withWizards()
	a := ready(t, o, 120, 40)
	press(a, "w", "G", "enter", "Acme", "tab", "tab", "2", "tab", "tab")
	a.Update(tea.PasteMsg{Content: "\"hush hush\"\n"})
	p := a.top().(*wizard.Page)
	if got := p.Run().Given("password"); got != "\"hush hush\"" {
		t.Errorf("pasted: %q", got)
	}
	shows(t, a, "***********")
	press(a, "tab", "s", "e", "esc", "enter")
	if strings.Contains(screen(a), "hush") || strings.Contains(p.Carry().Text, "hush") || strings.Contains(shelf.Text(), "hush") {
		t.Errorf("the secret is shown or stored:\n%s\n%s", screen(a), shelf.Text())
	}
}

// Choices are made with arrows, numbers and at the mouse's rest; what follows
// from them comes at once.
func TestWizardChoice(t *testing.T) {
	o, _ := withWizards()
	a := ready(t, o, 100, 40)
	press(a, "w", "G", "enter", "Acme", "down", "down")
	shows(t, a, "> (x) 1 ClockWise server", "Takes the mail of *@acme.example.")
	press(a, "down", "space")
	shows(t, a, "> (x) 2 external SMTP", "Port", "(x) port 2507")
	press(a, "9")
	shows(t, a, "9 does nothing on this screen.")
	press(a, "3")
	shows(t, a, "> (x) 3 none")
	if strings.Contains(screen(a), "Port") {
		t.Error("the fields of the other choice stay")
	}
	press(a, "down")
	shows(t, a, "> [ go on ]")
	press(a, "up", "up", "enter") // a password is wanted: it has the focus, and nothing is called wrong
	shows(t, a, "> Password")
	if strings.Contains(screen(a), "FAIL") {
		t.Errorf("a field that nobody was at is called wrong:\n%s", screen(a))
	}
	press(a, "enter")
	shows(t, a, "Something has to be filled in here.")
	a.Update(tea.WindowSizeMsg{Width: 60, Height: 14})
	a.Update(tea.WindowSizeMsg{Width: 100, Height: 40})
	shows(t, a, "> Password")
}

// What the fields of a step are about is read before they are filled in.
func TestWizardReadsOn(t *testing.T) {
	o, _ := withWizards()
	long := []guide.Block{}
	for n := range 30 {
		long = append(long, guide.Para(fmt.Sprintf("Line %d.", n)))
	}
	acted := false
	o.Wizards = func() []*guide.Wizard {
		return []*guide.Wizard{{ID: "long", Title: "Long", Steps: []guide.Step{{
			ID: "only", Title: "Only", Ask: "Read.",
			Look:   func(context.Context, *guide.Run, func(guide.View)) guide.View { return guide.View{Blocks: long} },
			Fields: func(*guide.Run) []guide.Field { return []guide.Field{{ID: "name", Label: "Name", Default: "x"}} },
			Act: func(context.Context, *guide.Run, func(guide.View)) guide.Outcome {
				acted = true
				return guide.Outcome{}
			},
		}}}}
	}
	a := ready(t, o, 80, 24)
	press(a, "w", "enter")
	shows(t, a, "Line 0.", "enter read on")
	press(a, "e", "esc", "j", "j") // letters are keys as long as no field is in sight
	for n := 0; strings.Contains(screen(a), "enter read on"); n++ {
		if press(a, "enter"); acted || n > 9 {
			t.Fatalf("it went on unread:\n%s", screen(a))
		}
	}
	shows(t, a, "> Name", "enter go on")
	if press(a, "enter"); !acted {
		t.Errorf("it does not go on:\n%s", screen(a))
	}
}

// evilWizards have hostile text wherever others may put one.
func evilWizards() []*guide.Wizard {
	rec := provider.NewRecord("a."+evil, evil, evil)
	rule := &finding.Rule{Code: "spf.evil", Severity: finding.Failure, Title: "Title %[1]s", Effect: "Effect %[1]s", Action: "Action %[1]s"}
	blocks := []guide.Block{
		guide.Para(evil), guide.Heading(evil),
		guide.Mark{State: guide.Failure, Text: evil},
		guide.Pairs{{Label: evil, Text: evil}},
		guide.Changes{Of: evil, Before: evil, After: evil, List: []guide.Change{{What: "add", Term: evil, Before: evil, After: evil, Reason: evil}, {What: evil, Term: "x"}}},
		guide.Budget{Label: evil, Used: 99, Of: 0, Text: evil},
		guide.Tree{{Depth: 99, Text: evil, Cost: evil, State: 99, Note: evil}},
		guide.Card{Record: rec, Was: evil, Undo: evil, Panel: provider.Card{Provider: evil, Name: evil, Where: evil, Host: provider.Field{Label: evil, Text: evil}, Warnings: []string{evil}, Value: provider.Field{Text: evil}}},
		guide.Findings{{Rule: rule, Args: []string{evil}}},
		guide.Conversation{evil},
		guide.Command(evil),
		guide.Servers{},
	}
	step := guide.Step{
		ID: "evil", Title: evil, Ask: evil, Why: evil,
		Fields: func(*guide.Run) []guide.Field {
			return []guide.Field{
				{ID: "t", Label: evil, Help: evil, Default: evil, Check: func(*guide.Run, string) (string, string) { return "", evil }},
				{ID: "c", Label: evil, Help: evil, Kind: guide.Choice, Default: evil, Options: []guide.Option{{Value: evil, Label: evil, Help: evil}}},
			}
		},
		Notes: func(*guide.Run) []guide.Mark { return []guide.Mark{{State: guide.OK, Text: evil}} },
		Look: func(context.Context, *guide.Run, func(guide.View)) guide.View {
			return guide.View{Blocks: blocks, Said: evil, Blocked: evil, Enter: evil}
		},
	}
	bare := step
	bare.ID, bare.Fields = "bare", nil
	bare.Look = func(context.Context, *guide.Run, func(guide.View)) guide.View {
		return guide.View{Blocks: blocks, Said: evil, Enter: evil}
	}
	bare.Act = func(context.Context, *guide.Run, func(guide.View)) guide.Outcome { return guide.Outcome{Problem: evil} }
	broken := bare
	broken.Look = func(context.Context, *guide.Run, func(guide.View)) guide.View { panic(errors.New(evil)) }
	of := func(id string, s guide.Step) *guide.Wizard {
		return &guide.Wizard{ID: id, Title: evil + id, About: evil, Steps: []guide.Step{s}, Subject: func(*guide.Run) string { return evil }}
	}
	return []*guide.Wizard{of("evil", step), of("bare", bare), of("broken", broken)}
}

func TestHostileWizards(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 10}, {50, 14}, {80, 24}, {160, 45}} {
		for _, walk := range [][]string{
			{"w"},
			{"w", "enter"},
			{"w", "enter", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "enter"},
			{"w", "j", "enter"},
			{"w", "j", "enter", "enter"},
			{"w", "j", "enter", "p"},
			{"w", "j", "enter", "c"},
			{"w", "j", "enter", "F"},
			{"w", "j", "enter", "e"},
			{"w", "G", "enter"},
			{"w", "enter", "O", "w"},
			{"w", "enter", "esc", "d"},
			{":", "wizard"},
		} {
			o, _ := withWizards()
			o.Wizards = evilWizards
			a := ready(t, o, size[0], size[1])
			press(a, walk...)
			a.clean = false
			v := a.View()
			text := ansi.Strip(v.Content)
			if r, bad := unfit(text); bad {
				t.Fatalf("%q at %v: U+%04X on the screen:\n%q", walk, size, r, text)
			}
			for _, s := range strings.Split(v.Content, "\n") {
				if ansi.StringWidth(s) > size[0] {
					t.Fatalf("%q at %v: a line too wide: %q", walk, size, s)
				}
			}
			if a.outside.active {
				t.Errorf("%q: a hostile value is printed: %q", walk, a.outside.lines)
			}
		}
	}
}
