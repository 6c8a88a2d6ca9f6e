package ui

import (
	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/keys"
)

// Page is one screen. Only the App is a tea.Model: a page changes itself and
// returns commands.
type Page interface {
	// Title is the page's part of the path in the header.
	Title(Look) string

	// State is a few words at the right of the header.
	State(Look) string

	// Status is the sentence of the status line when nothing else is told.
	Status(Look) string

	// Keys are the actions that make sense here, most useful first.
	Keys() []keys.Action

	// Do carries out an action. ok is false where it means nothing here.
	Do(keys.Action) (cmd tea.Cmd, ok bool)

	// Update hears every other message.
	Update(tea.Msg) tea.Cmd

	// View draws the body in w columns and h rows.
	View(l Look, w, h int) Body
}

// Typist is a page in which letters may be text: then only esc, tab, enter,
// arrows, ctrl keys and F1 act.
type Typist interface {
	Typing() bool
	Type(tea.KeyPressMsg)
	Paste(string) (told string)
}

// Body is what a page draws: at most h lines of at most w columns, and where
// the real cursor stands; X is negative where there is none.
type Body struct {
	Lines []string
	X, Y  int
}

// Carried is what c, C, p and s take from a page.
type Carried struct {
	What  string // "the value of cw1._domainkey.acme.example"; for sentences
	Name  string // printed above the value by p
	Value string // one line: c and p
	All   string // several lines: C
	File  string // end of the file name, e.g. "acme.example-dkim"
	Text  string // what s writes

	Forms func() []string // the ways to write a record down, in the order of Texts.Forms; nil for what is no record
}

// Carrier is a page from which something can be taken away.
type Carrier interface{ Carry() Carried }

// Worder is a page that knows which words of the glossary stand on it.
type Worder interface{ Words() []string }

// About is what a page is about, for the wizard that mends it.
type About struct {
	Code      string // of a finding; "": nothing is wrong, or not one thing
	Domain    string
	Transport string // its name; "" for a domain alone
}

// Frame is what pages ask of the frame around them. It acts at once, not by a
// message: the next key may have been pressed already, and belongs to the page
// that was opened.
type Frame interface {
	Open(Page)                    // puts a page on the stack
	Back()                        // takes the top page off
	Tell(sentence string)         // in the status line, until the next key
	Do(keys.Action) tea.Cmd       // as if its key had been pressed
	Print(lines []string) tea.Cmd // outside the screen, in one piece
}
