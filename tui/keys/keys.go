// Package keys is the one table of key bindings: the key line, the help, the
// palette, the manual and "cwmail keys" are all made of it.
package keys

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Action is what a key does, by a name that the configuration uses.
type Action string

// The actions.
const (
	None     Action = ""
	Up       Action = "up"
	Down     Action = "down"
	PageUp   Action = "page-up"
	PageDown Action = "page-down"
	Top      Action = "top"
	Bottom   Action = "bottom"
	Open     Action = "open"
	Back     Action = "back"
	Overview Action = "overview"
	NextPane Action = "next-pane"
	PrevPane Action = "previous-pane"
	Filter   Action = "filter"
	Next     Action = "next"
	Previous Action = "previous"
	Palette  Action = "palette"
	Help     Action = "help"
	Explain  Action = "explain"
	Check    Action = "check-again"
	CheckAll Action = "check-all-again"
	Copy     Action = "copy"
	CopyAll  Action = "copy-all"
	Print    Action = "print"
	Save     Action = "save"
	Form     Action = "form"
	WhatIf   Action = "what-if"
	Answers  Action = "answers"
	Stop     Action = "stop"
	Freeze   Action = "freeze"
	Order    Action = "order"
	Zoom     Action = "zoom"
	Hide     Action = "hide"
	Theme    Action = "theme"
	ASCII    Action = "ascii"
	Mouse    Action = "mouse"
	Quit     Action = "quit"
	QuitWith Action = "quit-with-summary"
	Break    Action = "break"
	Redraw   Action = "redraw"
	Suspend  Action = "suspend"
	Wizards  Action = "wizards"
	Choose   Action = "choose"
	Number   Action = "choose-by-number"
	Discard  Action = "forget"
	Edit     Action = "edit-transport"
	Undo     Action = "undo"

	TestMail  Action = "test-mail"
	WaitUntil Action = "wait-until-published"
)

// Entry is one line of the table.
type Entry struct {
	Action  Action
	Binding key.Binding // its help: the keys as shown, and what they do, in full
	Short   string      // what it does, in the key line
	Group   string      // heading in the help
}

// Map is the table.
type Map struct {
	entries []Entry
	byKey   map[string]Action
}

func entry(a Action, group, shown, short, long string, keys ...string) Entry {
	return Entry{Action: a, Group: group, Short: short, Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, long))}
}

// The headings of the help.
const (
	moving  = "Moving"
	looking = "Looking"
	carry   = "Taking text with you"
	working = "Checking"
	screen  = "The screen"
	leaving = "Leaving"
)

func table() []Entry {
	return []Entry{
		entry(Up, moving, "up k", "up", "go up", "up", "k"),
		entry(Down, moving, "down j", "down", "go down", "down", "j"),
		entry(PageUp, moving, "PgUp ctrl+u", "page up", "one page up", "pgup", "ctrl+u"),
		entry(PageDown, moving, "PgDn ctrl+d", "page down", "one page down", "pgdown", "ctrl+d"),
		entry(Top, moving, "g home", "top", "to the first line", "g", "home"),
		entry(Bottom, moving, "G end", "bottom", "to the last line", "G", "end"),
		entry(Open, moving, "enter right l", "open", "open, unfold or accept", "enter", "right", "l"),
		entry(Back, moving, "esc left h", "back", "back to where you came from", "esc", "left", "h", "backspace"),
		entry(Overview, moving, "O", "overview", "to the overview", "O"),
		entry(NextPane, moving, "tab", "next", "next pane, field or record", "tab"),
		entry(PrevPane, moving, "shift+tab", "previous", "previous pane, field or record", "shift+tab"),
		entry(Choose, moving, "space", "choose", "choose what is marked", "space"),
		entry(Number, moving, "1-9", "choose", "choose by number", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		entry(Filter, looking, "/", "filter", "filter a list, find in a text; esc clears", "/"),
		entry(Next, looking, "n", "next", "next problem, or next match of what you looked for", "n"),
		entry(Previous, looking, "N", "previous", "previous problem or match", "N"),
		entry(Explain, looking, "e", "explain", "explain the words on this screen", "e"),
		entry(Answers, looking, "a", "answers", "every DNS answer that this result rests on", "a"),
		entry(WhatIf, looking, "i", "what if", "what if: change a record here only, and see the verdict", "i"),
		entry(Palette, looking, ":", "actions", "every action by name; or a domain to look at", ":"),
		entry(Help, looking, "? F1", "help", "the keys of this screen; again: all keys", "?", "f1"),
		entry(Copy, carry, "c", "copy", "copy the value", "c"),
		entry(CopyAll, carry, "C", "copy all", "copy the whole record", "C"),
		entry(Print, carry, "p", "print", "print the value outside this screen, in one piece", "p"),
		entry(Form, carry, "F", "form", "the record in another form: zone file, Route 53 and more", "F"),
		entry(Save, carry, "s", "save", "save to a file", "s"),
		entry(Check, working, "r", "check again", "check this again", "r"),
		entry(CheckAll, working, "R", "check all", "check everything again", "R"),
		entry(Stop, working, "x", "stop", "stop the running check", "x"),
		entry(WaitUntil, working, "W", "wait", "wait until the record is published at every name server", "W"),
		entry(Wizards, working, "w", "wizards", "step-by-step wizards; on a problem, the one that fixes it", "w"),
		entry(TestMail, working, "t", "test mail", "send a test mail, after you have said so twice", "t"),
		entry(Edit, working, "E", "edit", "add, change, copy, remove or order transports", "E"),
		entry(Undo, working, "u", "undo", "take your last change of the transports back", "u"),
		entry(Discard, working, "d", "forget", "forget a wizard that was left", "d"),
		entry(Freeze, working, "f", "freeze", "freeze: results stop moving, work goes on; again: let go", "f"),
		entry(Order, screen, "o", "order", "order by severity, or as in the file", "o"),
		entry(Zoom, screen, "z", "zoom", "this pane over the full width, and back", "z"),
		entry(Hide, screen, "H", "hide", "hide addresses, names and keys (for pictures)", "H"),
		entry(Theme, screen, "T", "theme", "next theme: auto, dark, light, neutral, contrast", "T"),
		entry(ASCII, screen, "A", "ASCII", "plain ASCII characters, and back", "A"),
		entry(Mouse, screen, "M", "mouse", "mouse on or off", "M"),
		entry(Redraw, screen, "ctrl+l", "redraw", "draw the screen anew", "ctrl+l"),
		entry(Suspend, leaving, "ctrl+z", "suspend", "suspend; fg brings it back", "ctrl+z"),
		entry(Quit, leaving, "q", "quit", "quit", "q"),
		entry(QuitWith, leaving, "Q", "quit", "quit and leave the summary behind", "Q"),
		entry(Break, leaving, "ctrl+c", "stop", "stop the running check; else twice: quit", "ctrl+c"),
	}
}

// Default is the table without overrides.
func Default() *Map {
	m, err := New(nil)
	if err != nil {
		panic(err) // the table contradicts itself: a test would have told
	}
	return m
}

// New is the table with the keys of some actions replaced. Unknown actions and
// a key with two meanings are errors.
func New(overrides map[string]string) (*Map, error) {
	m := &Map{entries: table(), byKey: make(map[string]Action, 80)}
	for name, keys := range overrides {
		i := slices.IndexFunc(m.entries, func(e Entry) bool { return string(e.Action) == name })
		if i < 0 {
			return nil, fmt.Errorf("keys: there is no action %q", name)
		}
		list := strings.Fields(keys)
		if len(list) == 0 {
			return nil, fmt.Errorf("keys: no key is given for %q", name)
		}
		m.entries[i].Binding.SetKeys(list...)
		m.entries[i].Binding.SetHelp(strings.Join(list, " "), m.entries[i].Binding.Help().Desc)
	}
	for _, e := range m.entries {
		for _, k := range e.Binding.Keys() {
			if other, taken := m.byKey[k]; taken {
				return nil, fmt.Errorf("keys: %q is both %s and %s", k, other, e.Action)
			}
			m.byKey[k] = e.Action
		}
	}
	return m, nil
}

// All is the table in its order.
func (m *Map) All() []Entry { return slices.Clone(m.entries) }

// Match says what a key press means.
func (m *Map) Match(k tea.KeyPressMsg) Action { return m.byKey[k.String()] }

// Of returns the entry of an action.
func (m *Map) Of(a Action) Entry {
	for _, e := range m.entries {
		if e.Action == a {
			return e
		}
	}
	return Entry{Action: a}
}

// First is the key that is shown for an action in the key line.
func (e Entry) First() string {
	if keys := e.Binding.Keys(); len(keys) > 0 {
		return keys[0]
	}
	return ""
}
