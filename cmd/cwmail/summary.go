package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
)

// runSummary writes one page about the output of an audit in file, compared
// with that of an earlier one in since, which may be empty. Lines that are no
// reports are told on standard error; the page says how many they are.
func (a *app) runSummary(cmd *cobra.Command, format, file, since string) error {
	if err := a.checkSummary(cmd, format, file, since); err != nil {
		return err
	}
	out, hide := a.page()
	s := checks.NewSummary(checks.SummaryOptions{Hide: hide})
	if since != "" {
		if err := a.readAudit(since, s.ReadSince, s.TallySince); err != nil {
			return err
		}
	}
	if err := a.readAudit(file, s.Read, s.Tally); err != nil {
		return err
	}
	if format == "html" {
		return s.WriteHTML(out)
	}
	return s.WriteMarkdown(a.out)
}

func (a *app) checkSummary(cmd *cobra.Command, format, file, since string) error {
	flags := cmd.Flags()
	for _, name := range []string{"concurrency", "shard", "resume", "unordered", "strict"} {
		if flags.Changed(name) {
			return &failure{what: "could not use --" + name, why: "--summary examines nothing", hints: []string{"leave one of them out"}}
		}
	}
	switch {
	case !flags.Changed("summary"):
		return &failure{what: "could not use --since", why: "it goes with --summary", hints: []string{"cwmail audit --summary markdown new.jsonl --since old.jsonl"}}
	case flags.Changed("since") && since == "":
		return noFile("since")
	case format != "html" && format != "markdown":
		return &failure{what: "could not use --summary", why: fmt.Sprintf("%q is not one of its values", format), hints: []string{"good values: html, markdown"}}
	case a.shared.json:
		return &failure{what: "could not write the summary", why: "--json and --summary exclude each other", hints: []string{"leave one of them out"}}
	case since != "" && isInput(since) && isInput(file):
		return &failure{what: "could not use --since", why: "both audits are to come from standard input", hints: []string{"name a file for one of them"}}
	}
	return nil
}

// isInput says that a name of a file stands for standard input.
func isInput(file string) bool { return file == "" || file == "-" }

// readAudit reads the output of an audit. It is refused where no line of it is
// a report.
func (a *app) readAudit(file string, read func(io.Reader) error, tally func() checks.Tally) error {
	const hint = "it must be the output of cwmail audit, a report a line"
	in, name := io.Reader(a.in), "standard input"
	if !isInput(file) {
		f, err := os.Open(file)
		if err != nil {
			return &failure{what: "could not read " + file, why: cause(err), hints: []string{hint}}
		}
		defer f.Close()
		in, name = f, file
	}
	if err := read(in); err != nil {
		return &failure{what: "could not read " + name, why: cause(err), hints: []string{hint}}
	}
	t := tally()
	switch {
	case t.Reports == 0 && t.Bad == 0:
		return &failure{what: "could not read " + name, why: "it is empty", hints: []string{hint}}
	case t.Reports == 0:
		return &failure{what: "could not read " + name, why: t.First[0].Error(), hints: []string{hint}}
	}
	for _, err := range t.First {
		writeError(a.err, "could not count all of "+name, err.Error(), nil)
	}
	if more := t.Bad - len(t.First); more > 0 {
		writeError(a.err, "could not count all of "+name, fmt.Sprintf("%d more lines are no reports", more), nil)
	}
	return nil
}
