package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/pages"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"github.com/charmbracelet/x/ansi"
)

// The smallest window in which anything is shown.
const (
	leastWidth  = 40
	leastHeight = 10
)

func (a *App) small() bool { return a.w < leastWidth || a.h < leastHeight }

// low windows have no rules.
func (a *App) low() bool { return a.h < 16 }

// bodyTop is the line on which the body begins.
func (a *App) bodyTop() int {
	if a.low() {
		return 1
	}
	return 2
}

// bodyHeight is the number of lines of the body.
func (a *App) bodyHeight() int {
	if a.low() {
		return max(0, a.h-3)
	}
	return max(0, a.h-5)
}

// View draws the screen, once for every change.
func (a *App) View() tea.View {
	if a.clean {
		return a.frame
	}
	v := tea.NewView("")
	v.AltScreen = true
	v.ReportFocus = a.board.Interval > 0
	if a.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	switch {
	case a.outside.active:
		v.AltScreen = false
		v.MouseMode, v.ReportFocus = tea.MouseModeNone, false
		if !a.outside.last {
			v.Content = a.look.T.GoBack
		}
	case a.w <= 0 || a.h <= 0:
	case a.small():
		v.Content = strings.Join(a.tooSmall(), "\n")
	default:
		var x, y int
		v.Content, x, y = a.draw()
		if x >= 0 {
			v.Cursor = tea.NewCursor(min(x, a.w-1), min(y, a.h-1))
			v.Cursor.Blink = false
		}
	}
	a.frame, a.clean = v, true
	return v
}

func (a *App) tooSmall() []string {
	var out []string
	for _, s := range []string{ui.Fill(a.look.T.Small, strconv.Itoa(a.w), strconv.Itoa(a.h)), a.look.T.SmallQuit} {
		out = append(out, strings.Split(ansi.Wrap(s, max(1, a.w), ""), "\n")...)
	}
	for i := range out {
		out[i] = ansi.Truncate(out[i], a.w, "")
	}
	return out[:min(len(out), a.h)]
}

// draw puts header, body, status line and key line together.
func (a *App) draw() (content string, x, y int) {
	l, rows := a.look, a.bodyHeight()
	body := a.top().View(l, a.w, rows)
	lines := []string{a.header()}
	if !a.low() {
		lines = append(lines, l.Rule(a.w))
	}
	top := len(lines)
	for i := range rows {
		s := ""
		if i < len(body.Lines) {
			s = l.Cut(strings.TrimRight(body.Lines[i], " "), a.w)
		}
		lines = append(lines, s)
	}
	if !a.low() {
		lines = append(lines, l.Rule(a.w))
	}
	status := a.said
	if status == "" {
		status = a.top().Status(l)
	}
	lines = append(lines, l.Cut(status, a.w), a.keyLine())
	x, y = body.X, body.Y+top
	if body.Y < 0 || body.Y >= rows {
		x = -1
	}
	return strings.Join(lines, "\n"), x, y
}

// header says where one is, and at the right the state in a few words.
func (a *App) header() string {
	l := a.look
	name := l.T.App
	if a.o.Demo {
		name += " " + l.T.Demo
	}
	state := a.top().State(l)
	if len(a.stack) == 1 {
		return a.overviewHeader(l.Paint(theme.Strong, name)+"  ", a.top().Title(l), state)
	}
	var parts []string
	for _, p := range a.stack[1:] {
		if _, ok := p.(*pages.Palette); !ok || p == a.top() {
			parts = append(parts, p.Title(l))
		}
	}
	// What is deepest says most: the beginning of a long path goes first.
	for ansi.StringWidth(name+parts[len(parts)-1]+state)+8 > a.w {
		_, rest, more := strings.Cut(state, "   ")
		if !more {
			break
		}
		state = rest // the name of the page matters more
	}
	room := a.w - len(name) - 5 - ansi.StringWidth(state)
	path := strings.Join(parts, " > ")
	for len(parts) > 1 && ansi.StringWidth(path) > room {
		parts = parts[1:]
		path = l.Tail() + " > " + strings.Join(parts, " > ")
	}
	if ansi.StringWidth(path) > room {
		path = parts[0]
	}
	return l.Ends(l.Paint(theme.Strong, name)+" > "+path, state, a.w)
}

// overviewHeader leaves out what matters least until it fits: how often is
// checked, how many there are, when was checked.
func (a *App) overviewHeader(name, title, state string) string {
	fits := func() bool { return ansi.StringWidth(name+title)+2+ansi.StringWidth(state) <= a.w }
	if !fits() {
		state, _, _ = strings.Cut(state, "  ")
	}
	if _, states, ok := strings.Cut(title, ": "); ok && !fits() {
		title = states
	}
	if !fits() {
		state = ""
	}
	return a.look.Ends(name+title, state, a.w)
}

// labeller is a page on which keys have names of their own.
type labeller interface {
	Label(t *ui.Texts, a keys.Action) string
}

// keyLine names the keys that make sense here, most useful first, and always
// how to get help and out.
func (a *App) keyLine() string {
	l := a.look
	one := func(action keys.Action) string {
		e := a.keys.Of(action)
		short := e.Short
		if p, ok := a.top().(labeller); ok {
			if s := p.Label(l.T, action); s != "" {
				short = s
			}
		}
		return l.Paint(theme.Accent, e.First()) + " " + short
	}
	end := []string{one(keys.Help), one(keys.Back)}
	if len(a.stack) == 1 {
		end[1] = one(keys.Quit)
	}
	t, typing := a.top().(ui.Typist)
	typing = typing && t.Typing()
	_, fields := a.top().(form)
	if a.w < 80 {
		end = []string{one(keys.Help), one(keys.Back), one(keys.Quit)}
		switch _, walks := a.top().(deliberate); {
		case typing && fields:
			end = []string{one(keys.Open), l.Paint(theme.Accent, "F1") + " " + a.keys.Of(keys.Help).Short, one(keys.Back)}
		case walks:
			end = []string{one(keys.Open), one(keys.Help), one(keys.Back), one(keys.Quit)}
		}
		if len(a.stack) == 1 {
			end = []string{one(keys.Open), one(keys.Help), one(keys.Quit)}
		}
		for len(end) > 2 && ansi.StringWidth(strings.Join(end, "  ")) > a.w {
			end = end[:len(end)-1]
		}
		return l.Cut(strings.Join(end, "  "), a.w)
	}
	list := a.top().Keys()
	if typing {
		list = []keys.Action{keys.Open, keys.NextPane}
		if !fields {
			return l.Cut(l.Paint(theme.Accent, "enter")+" "+l.T.KeyKeep+"  "+l.Paint(theme.Accent, "esc")+" "+l.T.KeyClear, a.w)
		}
		end = []string{l.Paint(theme.Accent, "F1") + " " + a.keys.Of(keys.Help).Short, one(keys.Back)}
	}
	tail := strings.Join(end, "  ")
	room := a.w - ansi.StringWidth(tail)
	var out []string
	for _, action := range list {
		s := one(action)
		if room -= ansi.StringWidth(s) + 2; room < 0 {
			break
		}
		out = append(out, s)
	}
	return strings.Join(append(out, tail), "  ")
}
