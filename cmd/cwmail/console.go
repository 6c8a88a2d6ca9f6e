package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/glossary"
	"clockwise.info/cwmail/tui"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// runRoot is the program without a command: the console where there is a
// terminal to draw on, else the report.
func (a *app) runRoot(cmd *cobra.Command) error {
	if a.wantsConsole() {
		return a.runConsole(cmd, nil)
	}
	if !a.outTerminal || !a.inTerminal {
		fmt.Fprintln(a.err, "cwmail: no terminal, so this is the same as: cwmail check")
		return a.runCheck(cmd, &checkOptions{})
	}
	found := a.runCheck(cmd, &checkOptions{})
	if _, told := found.(status); found != nil && !told {
		return found
	}
	if err := a.offerWizards(cmd); err != nil {
		return err
	}
	return found
}

// wantsConsole decides before anything is drawn: Bubble Tea would write its
// codes into a pipe, and fail without a terminal.
func (a *app) wantsConsole() bool {
	term := a.getenv("TERM")
	return a.inTerminal && a.outTerminal && !a.accessible() && term != "" && term != "dumb" && !a.shared.json
}

// accessible is --accessible, or the variables that ask for it.
func (a *app) accessible() bool {
	if a.shared.accessible {
		return true
	}
	for _, name := range []string{"CWMAIL_ACCESSIBLE", "ACCESSIBLE"} {
		if v := a.getenv(name); v != "" {
			return v != "0" && v != "false"
		}
	}
	return false
}

// start is a guide to begin with.
type start struct {
	guide  string
	preset map[string]string
	anew   bool
}

// runConsole shows the console; at a guide where one is given.
func (a *app) runConsole(cmd *cobra.Command, at *start) error {
	return a.inWorld(cmd, true, func(ctx context.Context, w *world) error {
		ed := a.editor(w)
		o := tui.Options{
			Demo: a.shared.demo, Targets: targetsOf(w.file),
			Examine: ed.examine, WhatIf: ed.tried, Wait: a.consoleWait(w), Network: consoleNetwork(ed.base, w), Forget: w.cache.Forget,
			Glossary: words, Service: w.file.Service,
			Wizards: allGuides, World: ed.world, Left: ed.left, Undo: ed.undo, Reload: ed.targets,
			Settings: a.consoleSettings(w), Remember: a.rememberTheme,
			Save: saveBeside, Pipe: pipe, Have: have, Host: hostname(),
			Env: a.env, Now: a.now,
		}
		if at != nil {
			o.Guide, o.Preset = at.guide, at.preset
			if at.anew {
				ed.forget(at)
			}
		}
		if err := tui.Run(ctx, o, a.in, a.screen); err != nil {
			return &failure{what: "could not show the console", why: err.Error(), hints: []string{"cwmail check prints the same as text", "cwmail doctor terminal tells what the terminal can do"}}
		}
		return nil
	})
}

func words() []ui.Word {
	var out []ui.Word
	for _, w := range glossary.Words() {
		out = append(out, ui.Word{Name: w.Name, Text: w.Text, Example: w.Example, Also: w.Also})
	}
	return out
}

// consoleSettings are those of the flags, else of the file.
func (a *app) consoleSettings(w *world) tui.Settings {
	c := w.file.Console
	s := tui.Settings{Theme: a.shared.theme, Saved: c.Theme, Color: a.shared.color, ASCII: a.shared.ascii, Privacy: a.shared.privacy, Keys: c.Keys}
	mask := newMask()
	hideTransports(mask, w.file)
	s.Hide = mask.Text
	if s.Interval = tui.DefaultInterval(len(targetsOf(w.file))); c.Interval != nil {
		s.Interval = *c.Interval
	}
	if s.Color == "" && a.getenv("CWMAIL_COLOR") == "" {
		s.Color = c.Color
	}
	if remembered, err := os.ReadFile(a.themeFile()); err == nil {
		if name, ok := theme.Parse(strings.TrimSpace(string(remembered))); ok {
			s.Saved = string(name)
		}
	}
	s.Mouse = isOn(c.Mouse)
	s.ASCII = s.ASCII || isOn(c.ASCII)
	s.Privacy = s.Privacy || isOn(c.Privacy)
	return s
}

func isOn(b *bool) bool { return b != nil && *b }

// themeFile is where the theme that was chosen with T is kept.
func (a *app) themeFile() string {
	folder := a.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(folder) { // the XDG specification tells to ignore relative paths
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		folder = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(folder, "cwmail", "theme")
}

// rememberTheme keeps a theme for the next start. That it cannot be kept is no
// reason to disturb the reader.
func (a *app) rememberTheme(name string) {
	file := a.themeFile()
	if file == "" || os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	_ = os.WriteFile(file, []byte(name+"\n"), 0o600)
}

// saveBeside writes a new file into the present folder; a file that is there
// already is never replaced, a number is added to the name.
func saveBeside(name string, data []byte) (string, error) {
	ext := filepath.Ext(name)
	for n := 1; ; n++ {
		path := name
		if n > 1 {
			path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
		}
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(data)
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(path) // half a file is worse than none
			return "", err
		}
		return path, nil
	}
}

// pipe runs a program that takes a text on its standard input.
func pipe(ctx context.Context, argv []string, stdin string) error {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Stdin = strings.NewReader(stdin)
	return c.Run()
}

func have(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
