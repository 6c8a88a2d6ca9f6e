package tui

import (
	"slices"
	"strings"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/pages"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/wizard"
	"github.com/charmbracelet/x/ansi"
)

// press is one key.
func (a *App) press(k tea.KeyPressMsg) tea.Cmd {
	action := a.keys.Match(k)
	switch {
	case a.outside.active:
		if action == keys.Open || action == keys.Back || action == keys.Quit || action == keys.Break {
			a.outside = outside{}
		}
		return nil
	case action == keys.Break:
		return a.breakOff()
	case a.small():
		if action == keys.Quit {
			return a.quit()
		}
		return nil
	}
	a.said, a.waiting, a.news, a.armed = "", false, false, 0
	if action != keys.Undo {
		a.undoing = false
	}
	switch action {
	case keys.Redraw:
		return tea.ClearScreen
	case keys.Suspend:
		return tea.Suspend
	}
	if t, ok := a.top().(ui.Typist); ok && t.Typing() {
		return a.typed(t, k)
	}
	if action == keys.None {
		a.tell(ui.Fill(a.look.T.NotBound, safe.Line(k.String())))
		return nil
	}
	if d, ok := a.top().(deliberate); ok && d.Deliberate() && easy[k.String()] && (action == keys.Open || action == keys.Back) {
		a.tell(ui.Fill(a.look.T.NothingHere, k.String()))
		return nil
	}
	return a.do(action, k.String())
}

// deliberate is a page that is left only by keys that nobody presses by chance.
type deliberate interface{ Deliberate() bool }

// easy are keys with which people move in other programs.
var easy = map[string]bool{"right": true, "l": true, "left": true, "h": true}

// number chooses by a number.
func (a *App) number(key string) tea.Cmd {
	n := slices.Index(a.keys.Of(keys.Number).Binding.Keys(), key) + 1
	if p, ok := a.top().(interface{ ChooseNumber(n int) bool }); !ok || !p.ChooseNumber(n) {
		a.tell(ui.Fill(a.look.T.NothingHere, key))
	}
	return nil
}

// why says why the page asks what it asks; "" where it asks nothing.
func (a *App) why() string {
	if p, ok := a.top().(interface{ Why() string }); ok {
		return p.Why()
	}
	return ""
}

// form is a page of fields, in which enter, tab, esc and the arrows up and down
// act and everything else is text. On other pages a field takes all keys.
type form interface{ Form() }

// typed is a key while letters are text.
func (a *App) typed(t ui.Typist, k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "f1" {
		return a.do(keys.Help, "F1")
	}
	if _, ok := a.top().(form); ok {
		for key, action := range formKeys {
			if k.String() == key {
				return a.do(action, key)
			}
		}
	}
	t.Type(k)
	return nil
}

var formKeys = map[string]keys.Action{
	"esc": keys.Back, "enter": keys.Open, "tab": keys.NextPane, "shift+tab": keys.PrevPane,
	"up": keys.Up, "down": keys.Down, "pgup": keys.PageUp, "pgdown": keys.PageDown,
}

// do carries out an action: the page's own meaning first.
func (a *App) do(action keys.Action, key string) tea.Cmd {
	if action == keys.Number {
		return a.number(key)
	}
	if cmd, ok := a.top().Do(action); ok {
		return tea.Batch(cmd, a.watch())
	}
	if cmd, ok := a.common(action); ok {
		return cmd
	}
	a.tell(ui.Fill(a.look.T.NothingHere, key))
	return nil
}

// common are the actions that mean the same on every page.
func (a *App) common(action keys.Action) (tea.Cmd, bool) {
	switch action {
	case keys.Back:
		a.back()
	case keys.Overview:
		for len(a.stack) > 1 {
			a.back()
		}
	case keys.Palette:
		a.stack = append(a.stack, pages.NewPalette(a.board, a.keys, a.can()))
	case keys.Help:
		a.stack = append(a.stack, pages.NewHelp(a.board, a.keys, a.top()))
	case keys.Explain:
		if _, ok := a.top().(*pages.Explain); ok {
			return nil, false
		}
		var words []string
		if w, ok := a.top().(ui.Worder); ok {
			words = w.Words()
		}
		a.stack = append(a.stack, pages.NewExplain(a.board, words, a.why()))
	case keys.Copy, keys.CopyAll, keys.Print, keys.Save:
		return a.carry(action)
	case keys.Stop:
		a.stop()
	case keys.Freeze:
		a.tell(a.look.T.Thawed)
		if a.board.Freeze() {
			a.tell(a.look.T.FrozenNow)
		}
	case keys.Wizards:
		return a.wizards(), true
	case keys.TestMail:
		return a.testMail(), true
	case keys.Edit:
		return a.edit(), true
	case keys.Undo:
		return a.undo(), true
	case keys.Form:
		p, ok := a.top().(ui.Carrier)
		if !ok {
			return nil, false
		}
		c := p.Carry()
		if c.Forms == nil {
			return nil, false
		}
		a.stack = append(a.stack, pages.NewForms(a.board, c))
	case keys.Quit:
		return a.quit(), true
	case keys.QuitWith:
		return a.leave(a.board.Summary(a.look), true), true
	case keys.Theme:
		return a.turnTheme(), true
	default:
		return nil, a.adjust(action)
	}
	return nil, true
}

// turnTheme takes the next theme.
func (a *App) turnTheme() tea.Cmd {
	a.o.Settings.Saved = ""
	a.themeName = a.themeName.Next()
	a.dress()
	a.tell(ui.Fill(a.look.T.ThemeIs, string(a.themeName)))
	return a.remember()
}

// remember keeps the theme for the next start. Only one is written at a time:
// commands have no order, and the last choice has to stay.
func (a *App) remember() tea.Cmd {
	if a.o.Remember == nil || a.remembering {
		return nil
	}
	a.remembering = true
	name, keep := a.themeName, a.o.Remember
	return func() tea.Msg {
		keep(string(name))
		return rememberedMsg{name}
	}
}

// adjust changes how things look.
func (a *App) adjust(action keys.Action) bool {
	t := a.look.T
	either := func(on bool, yes, no string) {
		if on {
			no = yes
		}
		a.tell(no)
	}
	switch action {
	case keys.Hide:
		a.look.Private = !a.look.Private
		either(a.look.Private, t.Concealed, t.Revealed)
	case keys.ASCII:
		a.look.ASCII = !a.look.ASCII
		either(a.look.ASCII, t.ASCIIOn, t.ASCIIOff)
	case keys.Mouse:
		a.mouse = !a.mouse
		either(a.mouse, t.MouseOn, t.MouseOff)
	default:
		return false
	}
	return true
}

// can says which actions the palette offers over the present page: its own,
// and those that work everywhere.
func (a *App) can() func(keys.Action) bool {
	on := map[keys.Action]bool{}
	for _, x := range a.top().Keys() {
		on[x] = true
	}
	if a.bench != nil {
		on[keys.Wizards], on[keys.TestMail], on[keys.Edit], on[keys.Undo] = true, true, true, true
	}
	for _, x := range []keys.Action{
		keys.Overview, keys.Help, keys.Explain, keys.Hide, keys.ASCII, keys.Mouse, keys.Theme,
		keys.Freeze, keys.Redraw, keys.Suspend, keys.Quit, keys.QuitWith,
	} {
		on[x] = true
	}
	return func(x keys.Action) bool { return on[x] }
}

// carry takes something away from the page.
func (a *App) carry(action keys.Action) (tea.Cmd, bool) {
	c := ui.Carried{}
	if p, ok := a.top().(ui.Carrier); ok {
		c = p.Carry()
	}
	t := a.look.T
	switch {
	case action == keys.Save && c.Text != "" && a.o.Save != nil:
		name, data, save := fileName(c.File), []byte(c.Text), a.o.Save
		return func() tea.Msg {
			path, err := save(name, data)
			return savedMsg{path, err}
		}, true
	case action == keys.Copy && c.Value != "":
		return a.copy(c.Value, c.What), true
	case action == keys.CopyAll && c.All != "":
		return a.copy(c.All, c.What), true
	case action == keys.Print && c.Value != "":
		if !ui.Harmless(c.Value) {
			a.tell(ui.Fill(t.NotPrinted, a.look.Text(c.What)))
			return nil, true
		}
		if pages.Long(c) {
			a.stack = append(a.stack, pages.NewForms(a.board, c))
			return nil, true
		}
		return a.leave(append([]string{safe.Line(c.Name)}, strings.Split(c.Value, "\n")...), false), true
	}
	verb := action
	if action == keys.CopyAll {
		verb = keys.Copy
	}
	a.tell(ui.Fill(t.NothingTo, a.keys.Of(action).First(), a.keys.Of(verb).Short))
	return nil, true
}

// copy brings text to the clipboard, in the way that works here.
func (a *App) copy(text, what string) tea.Cmd {
	t := a.look.T
	if !ui.Harmless(strings.ReplaceAll(text, "\n", "")) {
		a.tell(ui.Fill(t.NotCopiedWhy, a.look.Text(what)))
		return nil
	}
	have := a.o.Have
	if have == nil || a.o.Pipe == nil {
		have = func(string) bool { return false }
	}
	way, argv := ui.CopyWay(a.o.Env, text, have)
	told := way.Told(t, len([]rune(text)), a.w)
	switch way {
	case ui.TooLong:
		a.tell(told)
		return nil
	case ui.Tmux, ui.Desktop:
		ctx, pipe := a.ctx, a.o.Pipe
		return func() tea.Msg {
			if err := pipe(ctx, argv, text); err != nil {
				return copiedMsg{ui.Fill(t.CopyFailed, safe.Line(err.Error()))}
			}
			return copiedMsg{told}
		}
	case ui.Screen:
		a.tell(told)
		return tea.Raw(ansi.ScreenPassthrough(ansi.SetSystemClipboard(text), 768))
	}
	a.tell(told)
	return tea.SetClipboard(text)
}

// fileName makes a name for a file of any text.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '_') {
			return unicode.ToLower(r)
		}
		return '-'
	}, s)
	s = strings.Trim(s, ".-")
	if len(s) > 80 {
		s = s[:80]
	}
	return "cwmail-" + s + ".txt"
}

// leave prints lines outside the alternate screen: first the view without it,
// two frames later the lines, and enter comes back (or the program ends).
func (a *App) leave(lines []string, last bool) tea.Cmd {
	a.outside = outside{active: true, lines: lines, last: last}
	return tea.Tick(a.twoFrames(), func(time.Time) tea.Msg { return outsideMsg{} })
}

func (a *App) printOutside() tea.Cmd {
	if !a.outside.active || a.outside.lines == nil {
		return nil
	}
	text := strings.Join(a.outside.lines, "\n")
	a.outside.lines = nil
	if a.outside.last {
		// Printing is a message like any other: quit behind it, not beside it.
		return tea.Sequence(tea.Println(text), func() tea.Msg { return quitMsg{} })
	}
	return tea.Println(text)
}

// breakOff is ctrl+c: it stops what runs, else it quits at the second press.
func (a *App) breakOff() tea.Cmd {
	if a.stop(); a.said != a.look.T.NothingRuns {
		a.armed = 0
		return nil
	}
	if a.armed > 0 {
		return a.quit()
	}
	a.armed++
	a.tell(a.look.T.PressAgain)
	count := a.armed
	return tea.Tick(2*time.Second, func(time.Time) tea.Msg { return disarmMsg{count} })
}

// stop ends the work of the page, else all examinations.
func (a *App) stop() {
	t := a.look.T
	if h, ok := a.top().(halter); ok && h.Halt() {
		a.tell(ui.Count(t.Stopped, 1))
		return
	}
	if n := a.board.Stop(); n > 0 {
		a.tell(ui.Count(t.Stopped, n))
		return
	}
	a.tell(t.NothingRuns)
}

// settle is how long answers of the terminal may take: who quits before they
// came would find them in the shell.
const settle = 300 * time.Millisecond

func (a *App) quit() tea.Cmd {
	for _, p := range a.stack {
		if w, ok := p.(*wizard.Page); ok {
			w.Leave()
		}
	}
	left := settle - a.o.Now().Sub(a.started)
	if left <= 0 || left > settle {
		return tea.Quit
	}
	return tea.Tick(left, func(time.Time) tea.Msg { return quitMsg{} })
}

// paste puts text where letters are text.
func (a *App) paste(s string) tea.Cmd {
	if t, ok := a.top().(ui.Typist); ok && t.Typing() && !a.outside.active {
		a.tell(t.Paste(s))
	}
	return nil
}

// clicker is a page with rows that can be clicked.
type clicker interface{ Click(x, y int) (again bool) }

// point is the mouse, where it was switched on.
func (a *App) point(m tea.MouseMsg) tea.Cmd {
	if a.outside.active || a.small() {
		return nil
	}
	switch m := m.(type) {
	case tea.MouseWheelMsg:
		action := keys.Down
		if m.Button == tea.MouseWheelUp {
			action = keys.Up
		}
		cmd, _ := a.top().Do(action)
		return cmd
	case tea.MouseClickMsg:
		if p, ok := a.top().(clicker); ok && m.Button == tea.MouseLeft {
			if p.Click(m.X, m.Y-a.bodyTop()) {
				return a.do(keys.Open, "enter")
			}
		}
	}
	return nil
}
