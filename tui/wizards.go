package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/tui/pages"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/wizard"
)

// abouter is a page that is about something that a wizard may mend.
type abouter interface{ About() ui.About }

// mends says which wizard mends which findings, by the beginning of their
// codes; the first that fits.
var mends = []struct{ code, wizard string }{
	{"spf.", "spf"},
	{"dkim.", "dkim"},
	{"transport.dkim-selector", "dkim"},
	{"transport.key-file", "dkim"},
	{"transport.", "transport"},
}

// wizards opens the wizard that mends what the page is about, else the list.
func (a *App) wizards() tea.Cmd {
	if a.bench == nil {
		a.tell(a.look.T.WizardNone)
		return nil
	}
	switch a.top().(type) {
	case *wizard.List:
		return nil
	case *wizard.Page:
		a.back() // one at a time; it goes on from the list
		if _, ok := a.top().(*wizard.List); ok {
			return nil
		}
	}
	about := ui.About{}
	if p, ok := a.top().(abouter); ok {
		about = p.About()
	}
	preset := map[string]string{}
	if about.Domain != "" {
		preset["domain"] = about.Domain
	}
	if about.Transport != "" {
		preset["transport"] = about.Transport
	}
	for _, m := range mends {
		if about.Code == "" || !strings.HasPrefix(about.Code, m.code) {
			continue
		}
		if m.wizard == "transport" && about.Transport != "" {
			preset = map[string]string{"do": "edit", "of": about.Transport}
		}
		if cmd, ok := a.bench.Open(m.wizard, preset); ok {
			return cmd
		}
	}
	a.stack = append(a.stack, wizard.NewList(a.bench, preset))
	return nil
}

// guides are the wizards as the palette names them.
func (a *App) guides() (out []pages.Guide) {
	for _, n := range a.bench.Names() {
		out = append(out, pages.Guide{Name: n.Text, Open: func() tea.Cmd {
			cmd, _ := a.bench.Open(n.ID, nil)
			return cmd
		}})
	}
	return out
}

// first is what the console begins with: a wizard, or word of one that was left.
func (a *App) first() tea.Cmd {
	if a.bench == nil || a.o.Guide == "" {
		return a.greet()
	}
	cmd, _ := a.bench.Open(a.o.Guide, a.o.Preset)
	return cmd
}

// edit opens the wizard of transports for the one that the page is about; for a
// new one where there is none.
func (a *App) edit() tea.Cmd {
	if a.bench == nil {
		a.tell(a.look.T.WizardNone)
		return nil
	}
	preset := map[string]string{"do": "add"}
	if p, ok := a.top().(abouter); ok && p.About().Transport != "" {
		preset = map[string]string{"do": "edit", "of": p.About().Transport}
	}
	cmd, _ := a.bench.Open("transport", preset)
	return cmd
}

// testMail opens the wizard that sends a test mail, over the transport that the
// page is about.
func (a *App) testMail() tea.Cmd {
	if a.bench == nil {
		a.tell(a.look.T.WizardNone)
		return nil
	}
	preset := map[string]string{}
	if p, ok := a.top().(abouter); ok && p.About().Transport != "" {
		preset["transport"] = p.About().Transport
	}
	if cmd, ok := a.bench.Open("mail", preset); ok {
		return cmd
	}
	a.tell(a.look.T.WizardNone)
	return nil
}

// undo takes the last change of the transports back, when it is asked for
// twice: the first time it says which one that is.
func (a *App) undo() tea.Cmd {
	if a.o.Undo == nil {
		a.tell(a.look.T.UndoNone)
		return nil
	}
	undo, do := a.o.Undo, a.undoing
	return func() tea.Msg {
		what, err := undo(do)
		return undoneMsg{what, do, err}
	}
}

// undone tells what was taken back, or would be.
func (a *App) undone(m undoneMsg) tea.Cmd {
	t := a.look.T
	switch {
	case m.err != nil:
		a.tell(ui.Fill(t.UndoFailed, a.look.Text(m.err.Error())))
	case !m.did:
		a.tell(ui.Fill(t.UndoAsk, a.look.Text(m.what)))
		a.undoing = true
	default:
		a.tell(ui.Fill(t.Undone, a.look.Text(m.what)))
		if a.o.Reload != nil {
			reload := a.o.Reload
			return func() tea.Msg { return reloadedMsg{targets: reload()} }
		}
	}
	return nil
}

// greet looks for wizards that were left.
func (a *App) greet() tea.Cmd {
	if a.bench == nil || a.o.Left == nil {
		return nil
	}
	b, l := *a.bench, a.look
	return func() tea.Msg {
		if text := b.Greeting(l); text != "" {
			return greetMsg{text}
		}
		return nil
	}
}

// rejoin lets go of pages that have done by now what must not be lost.
func (a *App) rejoin() {
	a.parted = slices.DeleteFunc(a.parted, func(p ui.Page) bool {
		w := p.(*wizard.Page)
		if w.Acting() {
			return false
		}
		w.Halt() // it went on to look
		a.ended(w)
		return true
	})
}

// ended looks anew at what a wizard may have changed.
func (a *App) ended(w *wizard.Page) {
	if !w.Acted() && !w.Run().Done() {
		return
	}
	r := w.Run()
	about := map[string]bool{}
	for _, s := range []string{r.Subject(), r.Given("domain"), r.Given("transport"), r.Fact("transport"), r.Given("of")} {
		if s != "" {
			about[strings.ToLower(s)] = true
		}
	}
	reload := a.o.Reload
	a.then = append(a.then, func() tea.Msg {
		m := reloadedMsg{about: about}
		if reload != nil {
			m.targets = reload()
		}
		return m
	})
}

// reloaded takes over targets, and examines those that a wizard was about, or
// that are not as they were.
func (a *App) reloaded(m reloadedMsg) tea.Cmd {
	var again []*pages.Entry
	if m.targets != nil {
		again = a.board.Retarget(m.targets)
		a.home.Rearrange()
	}
	for _, e := range a.board.Entries {
		if (m.about[strings.ToLower(e.Name())] || m.about[strings.ToLower(a.board.Domain(e))]) && !slices.Contains(again, e) {
			again = append(again, e)
		}
	}
	if len(again) == 0 {
		return nil
	}
	return tea.Batch(a.board.Again(again...), a.watch(), a.step())
}
