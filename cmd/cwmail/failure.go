package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/config"
)

// The exit statuses of the contract.
const (
	exitOK      = 0
	exitFailure = 1 // a failure was found
	exitUsage   = 2 // wrong use or configuration
	exitUnknown = 3 // could not be determined
)

// failure is an error as the user reads it: what could not be done, why, and
// what to do about it.
type failure struct {
	what  string
	why   string
	hints []string
	code  int // exit status; 0 means exitUsage
}

func (f *failure) Error() string { return f.what + ": " + f.why }

// status ends the program with a status and without a message: what was found
// has been written already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// statusOf turns a status into what a command returns.
func statusOf(code int) error {
	if code == exitOK {
		return nil
	}
	return status(code)
}

// statusOfFindings is the exit status that open findings give.
func statusOfFindings(all []finding.Finding, strict bool) int {
	worst, ok := finding.Worst(all)
	switch {
	case !ok:
		return exitOK
	case worst == finding.Failure, strict && worst == finding.Warning:
		return exitFailure
	case worst == finding.Unknown:
		return exitUnknown
	}
	return exitOK
}

// report writes an error to w and returns the exit status.
func report(w io.Writer, err error) int {
	var s status
	var f *failure
	var invalid *config.Invalid
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &s):
		return int(s)
	case errors.As(err, &invalid):
		reportInvalid(w, invalid)
		return exitUsage
	case errors.As(err, &f):
		writeError(w, f.what, f.why, f.hints)
		if f.code != 0 {
			return f.code
		}
		return exitUsage
	}
	what, why, ok := strings.Cut(err.Error(), ": ")
	if !ok {
		what, why = "could not do that", err.Error()
	}
	writeError(w, what, why, []string{"cwmail --help lists the commands"})
	return exitUsage
}

// reportInvalid tells every mistake of a configuration file, each with what to
// write instead.
func reportInvalid(w io.Writer, e *config.Invalid) {
	for _, p := range e.Problems {
		why := p.What
		if p.Line > 0 {
			why = fmt.Sprintf("line %d: %s", p.Line, p.What)
		}
		hints := []string{"cwmail config init writes a commented file to begin with"}
		if p.Hint != "" {
			hints = []string{p.Hint}
		}
		writeError(w, "could not read "+e.Path, why, hints)
	}
}

func writeError(w io.Writer, what, why string, hints []string) {
	fmt.Fprintf(w, "cwmail: %s: %s\n", safe.Line(what), safe.Line(strings.TrimSuffix(why, ".")))
	for _, h := range hints {
		fmt.Fprintf(w, "hint: %s\n", safe.Line(h))
	}
}
