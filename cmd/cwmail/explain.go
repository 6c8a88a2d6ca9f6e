package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/glossary"
	"clockwise.info/cwmail/checks/safe"
)

type explainOptions struct{ what string }

func newExplain(a *app, runF func(context.Context, *explainOptions) error) *cobra.Command {
	return &cobra.Command{
		Use: "explain CODE|WORD", Short: "Explain a finding's code, or a word", Example: "  cwmail explain dkim.missing\n  cwmail explain alignment",
		Args: args(1, -1, "the code of a finding, or a word"),
		RunE: func(cmd *cobra.Command, words []string) error {
			o := &explainOptions{what: strings.TrimSpace(strings.Join(words, " "))}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runExplain(o)
		},
	}
}

func (a *app) runExplain(o *explainOptions) error {
	if r, ok := checks.Rule(strings.ToLower(o.what)); ok {
		return a.explainRule(r)
	}
	if w, ok := glossary.Find(o.what); ok {
		return a.explainWord(w)
	}
	hints := []string{"cwmail explain SPF explains a word", "cwmail explain spf.missing explains a finding"}
	if near := nearCodes(o.what); len(near) > 0 {
		hints = append([]string{"did you mean " + strings.Join(near, " or ") + "?"}, hints...)
	}
	return &failure{what: fmt.Sprintf("could not explain %q", o.what), why: "it is neither the code of a finding nor a word of the glossary", hints: hints}
}

// nearCodes are at most three codes that share the word behind the dot or hold
// what was typed.
func nearCodes(typed string) []string {
	typed = strings.ToLower(typed)
	_, ending, _ := strings.Cut(typed, ".")
	var out []string
	for _, r := range checks.Rules() {
		_, codeEnding, _ := strings.Cut(r.Code, ".")
		if (len(typed) > 2 && strings.Contains(r.Code, typed)) || (ending != "" && codeEnding == ending) {
			out = append(out, r.Code)
		}
		if len(out) == 3 {
			break
		}
	}
	return out
}

func (a *app) explainWord(w glossary.Word) error {
	if a.shared.json {
		return a.printJSON(map[string]any{"word": w.Name, "also": append([]string{}, w.Also...), "text": w.Text, "example": w.Example})
	}
	a.printf("%s\n\n", w.Name)
	a.wrapped(w.Text)
	a.printf("\n")
	a.behind("", "Example: "+w.Example)
	return nil
}

// placeholder stands in the texts of rules for what only a finding knows.
var placeholder = func(text string) string {
	return regexp.MustCompile(`%\[\d+\]s`).ReplaceAllString(text, "...")
}

func (a *app) explainRule(r *finding.Rule) error {
	hides := append(append([]string{}, r.Hides...), r.HidesAlso...)
	if a.shared.json {
		return a.printJSON(map[string]any{
			"code": r.Code, "severity": r.Severity.String(), "owner": r.Owner, "tier": r.Tier,
			"title": placeholder(r.Title), "effect": placeholder(r.Effect), "action": placeholder(r.Action), "test": orNull(placeholder(r.Test)),
			"references": append([]string{}, r.References...), "hides": hides,
		})
	}
	a.behind("", r.Code+": "+placeholder(r.Title))
	test := placeholder(r.Test)
	if test == "" {
		test = "Run cwmail check again."
	}
	for _, part := range []struct{ label, text string }{
		{"Severity", r.Severity.String()},
		{"Who", checks.Report{Domain: "the domain"}.Actor(finding.Finding{Rule: r})},
		{"Why", placeholder(r.Effect)},
		{"Fix", placeholder(r.Action)},
		{"Test", test},
		{"Source", strings.Join(r.References, ", ")},
		{"Hides", strings.Join(hides, ", ")},
	} {
		if part.text != "" {
			a.printf("\n%s\n", part.label)
			a.wrapped(part.text)
		}
	}
	return nil
}

// textWidth is how wide our own lines are at most.
const textWidth = 80

// wrapped writes a text in lines behind two spaces.
func (a *app) wrapped(text string) { a.behind("  ", text) }

// behind writes a text in lines behind some spaces; a word that is longer than
// a line stays whole.
func (a *app) behind(margin, text string) {
	line := ""
	for _, word := range strings.Fields(safe.Line(text)) {
		switch {
		case line == "":
			line = margin + word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth:
			a.printf("%s\n", line)
			line = margin + word
		default:
			line += " " + word
		}
	}
	a.printf("%s\n", line)
}
