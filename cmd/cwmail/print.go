package main

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/tui/theme"
)

// printJSON writes one document.
func (a *app) printJSON(v any) error {
	out, err := safe.JSON(v, "  ")
	if err != nil {
		return err
	}
	_, err = a.out.Write(out)
	return err
}

// printf writes our own text with foreign arguments, which it makes safe.
func (a *app) printf(format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = safe.Line(s)
		}
	}
	fmt.Fprintf(a.out, format, args...)
}

// textOptions are how the plain report looks here.
func (a *app) textOptions() checks.TextOptions {
	o := checks.TextOptions{ASCII: theme.ASCII(a.shared.ascii, a.env, false)}
	if a.accessible() || (!a.outTerminal && a.shared.color != "always") || a.shared.color == "never" {
		return o
	}
	profile := theme.Profile(a.shared.color, a.env)
	palette := theme.New(theme.Choose(a.shared.theme, "", a.env, theme.NoAnswer), profile)
	roles := map[string]theme.Role{
		string(checks.VerdictOK): theme.OK, string(checks.VerdictNote): theme.Info, string(checks.VerdictWarning): theme.Warn,
		string(checks.VerdictFailure): theme.Fail, string(checks.VerdictUnknown): theme.Muted,
	}
	o.Paint = func(role, text string) string { return palette.Paint(roles[role], text) }
	return o
}

// printFindings writes the result of a linter and gives the exit status.
func (a *app) printFindings(all []finding.Finding, good string) error {
	if a.shared.json {
		if err := a.printJSON(map[string]any{"findings": checks.FindingsJSON(all)}); err != nil {
			return err
		}
		return statusOf(statusOfFindings(all, false))
	}
	if len(all) == 0 {
		a.printf("%s\n", good)
		return nil
	}
	if err := checks.WriteFindings(a.out, "the domain", all, a.textOptions()); err != nil {
		return err
	}
	return statusOf(statusOfFindings(all, false))
}

// orNull is null in JSON for a text that is not there.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	s = safe.UTF8(s)
	return &s
}

// indent puts n times two spaces in front.
func indent(n int) string { return strings.Repeat("  ", n) }
