package main

import (
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
)

// system is what the program touches of the machine it runs on.
type system struct {
	in       io.Reader
	out, err io.Writer
	env      []string
	now      func() time.Time

	hasty bool // the demo's DNS provider and who waits for it do not take their time

	inTerminal, outTerminal, errTerminal bool
	width                                func() int // of the terminal behind out; 0 when there is none
}

func realSystem() system {
	return system{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Environ(), now: time.Now,
		inTerminal: term.IsTerminal(os.Stdin.Fd()), outTerminal: term.IsTerminal(os.Stdout.Fd()), errTerminal: term.IsTerminal(os.Stderr.Fd()),
		width: func() int {
			w, _, err := term.GetSize(os.Stdout.Fd())
			if err != nil {
				return 0
			}
			return w
		},
	}
}

// getenv reads the environment that the program was started with.
func (s system) getenv(name string) string {
	for i := len(s.env) - 1; i >= 0; i-- {
		if len(s.env[i]) > len(name) && s.env[i][len(name)] == '=' && s.env[i][:len(name)] == name {
			return s.env[i][len(name)+1:]
		}
	}
	return ""
}
