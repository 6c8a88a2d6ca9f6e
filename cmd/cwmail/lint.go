package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
)

type lintOptions struct{ texts []string }

// linter is one of the three commands that judge record text.
type linter struct {
	subject string // "SPF"
	example string
	lint    func(records ...[]string) []finding.Finding
}

// newLint makes a command of a linter.
func newLint(a *app, l linter, runF func(context.Context, *lintOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "lint TEXT...",
		Short: "Judge the text of " + l.subject + " records without DNS",
		Long: "Judges the text of " + l.subject + " records without DNS. Each TEXT is the value of one\n" +
			"TXT record; \"...\" \"...\" is one of several strings. With - each line of\n" +
			"standard input is one.",
		Example: l.example,
		Args:    args(1, -1, "the text of a record"),
		RunE: func(cmd *cobra.Command, texts []string) error {
			o := &lintOptions{texts: texts}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runLint(l, o)
		},
	}
}

func (a *app) runLint(l linter, o *lintOptions) error {
	var records [][]string
	for _, text := range o.texts {
		if text != "-" {
			records = append(records, stringsOf(text))
			continue
		}
		lines, err := l.lines(a.in)
		if err != nil {
			return err
		}
		records = append(records, lines...)
	}
	all := l.lint(records...)
	finding.Silence(all)
	finding.Sort(all, nil)
	return a.printFindings(all, l.subject+": nothing is wrong with this text.")
}

// maxLine is the longest record text that is read; TXT data has 65,535 octets.
const maxLine = 1 << 20

// lines reads one record a line.
func (l linter) lines(r io.Reader) ([][]string, error) {
	var records [][]string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if text := strings.TrimPrefix(lines.Text(), "\ufeff"); text != "" {
			records = append(records, stringsOf(text))
		}
	}
	err := lines.Err()
	if err == nil && len(records) == 0 {
		err = errors.New("standard input is empty")
	}
	if errors.Is(err, bufio.ErrTooLong) {
		err = errors.New("a line of standard input is too long for a record")
	}
	if err != nil {
		return nil, &failure{what: "could not read " + l.subject + " records", why: cause(err), hints: []string{"each line is the text of one record"}}
	}
	return records, nil
}

// stringsOf reads a text as the strings of one TXT record. Several quoted
// strings are the form of a zone file; a single pair of quotation marks stays,
// as it may be the very mistake that is looked for.
func stringsOf(text string) []string {
	trimmed := strings.TrimSpace(text)
	if len(trimmed) > 2 && trimmed[0] == '"' && trimmed[len(trimmed)-1] == '"' {
		if parts := strings.Split(trimmed[1:len(trimmed)-1], `" "`); len(parts) > 1 && !strings.Contains(strings.Join(parts, ""), `"`) {
			return parts
		}
	}
	return provider.Split(text)
}
