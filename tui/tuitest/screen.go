// Package tuitest runs the console in an emulated terminal, and has an
// invented world for it to show.
package tuitest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Screen is a program in an emulated terminal.
type Screen struct {
	t  testing.TB
	em *vt.SafeEmulator
	p  *tea.Program
}

// guarded leaves of an emulator what it guards: its WriteString is none of that,
// and io.WriteString would take it.
type guarded struct{ io.Writer }

// Start runs m in an emulated terminal of w columns and h rows.
func Start(t testing.TB, m tea.Model, w, h int, env ...string) *Screen {
	em := vt.NewSafeEmulator(w, h)
	_, _ = em.Write([]byte(ansi.SetModeLineFeedNewLine)) // no tty turns LF into CR LF here
	p := tea.NewProgram(m,
		tea.WithInput(em), tea.WithOutput(guarded{em}), // the emulator also answers queries
		tea.WithWindowSize(w, h), tea.WithoutSignals(),
		tea.WithEnvironment(append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, env...)))
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	t.Cleanup(func() {
		p.Quit()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &Screen{t, em, p}
}

// Run runs a whole program in an emulated terminal, which it knows by its
// environment. It has to end when the context does.
func Run(t testing.TB, w, h int, program func(ctx context.Context, in io.Reader, out io.Writer, env []string)) *Screen {
	em := vt.NewSafeEmulator(w, h)
	_, _ = em.Write([]byte(ansi.SetModeLineFeedNewLine))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		env := []string{"TERM=xterm-256color", "LANG=C.UTF-8", fmt.Sprintf("COLUMNS=%d", w), fmt.Sprintf("LINES=%d", h)}
		program(ctx, em, guarded{em}, env)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return &Screen{t: t, em: em}
}

// Type sends keys: "j", "\r", "\x1b".
func (s *Screen) Type(keys string) { s.em.SendText(keys) }

// Resize changes the size of the terminal.
func (s *Screen) Resize(w, h int) {
	s.em.Resize(w, h)
	s.p.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Text is what the screen shows, without colours.
func (s *Screen) Text() string { return ansi.Strip(s.em.Render()) }

// Alternate says whether the alternate screen is shown.
func (s *Screen) Alternate() bool { return s.em.IsAltScreen() }

// WaitFor waits until a text is on the screen, and returns the screen.
func (s *Screen) WaitFor(text string) string {
	s.t.Helper()
	return s.Until("shows "+text, func(now string) bool { return strings.Contains(now, text) })
}

// WaitGone waits until a text is not on the screen any more.
func (s *Screen) WaitGone(text string) string {
	s.t.Helper()
	return s.Until("shows no "+text, func(now string) bool { return !strings.Contains(now, text) })
}

// patience is far above what any screen needs: a busy machine is no mistake.
const patience = 30 * time.Second

// Until waits until the screen is as wanted.
func (s *Screen) Until(what string, ok func(string) bool) string {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if now := s.Text(); ok(now) {
			return now
		}
	}
	s.t.Fatalf("the screen never %s:\n%s", what, s.em.Render())
	return ""
}
