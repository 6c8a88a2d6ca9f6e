package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

// app is one run of the program.
type app struct {
	system
	shared shared
	args   []string // the command line

	screen io.Writer // the terminal itself, for the console
	hiding []*hiding // the streams that --privacy filters; empty without it
}

func newApp(s system) *app {
	a := &app{system: s, screen: s.out}
	a.out = &kept{to: s.out}
	return a
}

// main runs a command line and returns the exit status.
//
// Help and errors are written by us, and not by fang: its coloured boxes do
// not have the form that the contract gives to errors, and it alone makes
// `--version` cost 2.6 times an empty program, before any of our own code.
func (a *app) main(ctx context.Context, args []string) int {
	a.args = args
	result := a.out.(*kept)
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	for _, h := range a.hiding {
		h.flush()
	}
	if result.err != nil {
		err = unwritten(result.err)
	}
	code := report(a.err, err)
	for _, h := range a.hiding {
		h.flush()
	}
	return code
}

// unwritten is the error about a result that its reader never got.
func unwritten(err error) error {
	return &failure{what: "could not write the result", why: cause(err), hints: []string{"what was written is not whole: do not use it"}}
}

// kept remembers the first error of a stream, so that a result that could not
// be written is told once, at the end, whoever wrote it.
type kept struct {
	to  io.Writer
	err error
}

func (k *kept) Write(p []byte) (int, error) {
	n, err := k.to.Write(p)
	if k.err == nil {
		k.err = err
	}
	return n, err
}

// prepare judges the shared flags before a command runs, and puts the filter
// of --privacy over what is written.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := a.shared.check(cmd); err != nil {
		return err
	}
	if a.shared.privacy {
		mask := newMask()
		out, errw := &hiding{to: a.out, mask: mask, json: a.shared.json}, &hiding{to: a.err, mask: mask}
		a.hiding = []*hiding{out, errw}
		a.out, a.err = out, errw
		cmd.Root().SetOut(out)
		cmd.Root().SetErr(errw)
	}
	return nil
}

// public holds for names that --privacy leaves: codes of findings, commands of
// this program and ClockWise's own names, which say nothing about the reader.
func public(name string) bool {
	isCode := ruleOf(name) != nil
	domain := transports.DefaultService().Domain
	return isCode || name == domain || strings.HasSuffix(name, "."+domain) || strings.HasSuffix(name, "@"+domain) || slices.Contains(ourWords, name)
}

// ourWords look like names, and are settings and files of this program.
var ourWords = []string{
	"config.yaml", "dkim.enabled", "dkim.key", "dkim.public_key", "dkim.selector", "match.domain", "match.local_part", "match.subsystem",
	"smtp.auth", "smtp.host", "smtp.password", "smtp.password_command", "smtp.password_env", "smtp.password_keyring", "smtp.port", "smtp.security", "smtp.username",
}

func newMask() *safe.Mask { return &safe.Mask{Keep: public} }

// hide adds the names and accounts of transports to what --privacy hides.
func (a *app) hide(file *config.File) {
	if len(a.hiding) > 0 {
		hideTransports(a.hiding[0].mask, file) // both streams have the same
	}
}

func hideTransports(mask *safe.Mask, file *config.File) {
	for _, t := range file.Transports {
		mask.Words = append(mask.Words, t.Name)
		if user := t.Server.Username; user != "" {
			mask.Accounts, mask.Whole = append(mask.Accounts, user), append(mask.Whole, user)
		}
		if local := t.Match.LocalPart; local != "" {
			mask.Accounts, mask.Whole = append(mask.Accounts, local+"@*"), append(mask.Whole, local)
		}
	}
}

// hiding writes whole lines with everything private in them replaced. Lines
// are never split inside a name, and no literal of JSON goes over a line.
type hiding struct {
	to   io.Writer
	mask *safe.Mask
	json bool

	mu   sync.Mutex
	rest []byte // the beginning of a line
}

func (h *hiding) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rest = append(h.rest, p...)
	end := bytes.LastIndexByte(h.rest, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	whole := h.masked(h.rest[:end])
	h.rest = bytes.Clone(h.rest[end:])
	if _, err := h.to.Write(whole); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (h *hiding) masked(text []byte) []byte {
	if h.json {
		return h.mask.JSON(text)
	}
	return []byte(h.mask.Text(string(text)))
}

// flush writes a line that has no end yet.
func (h *hiding) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.rest) > 0 {
		_, _ = h.to.Write(h.masked(h.rest))
		h.rest = nil
	}
}
