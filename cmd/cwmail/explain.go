package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/glossary"
	"clockwise.info/cwmail/checks/received"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports"
)

type explainOptions struct{ what string }

func newExplain(a *app, runF func(context.Context, *explainOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CODE|REPLY|WORD",
		Short: "Explain a finding's code, a server's reply, or a word",
		Long:  "Explains the code of a finding, what a mail server replied, or a word.\nWith - a longer text is read from stdin: a bounce, a log, a transcript.",
		Example: "  cwmail explain dkim.missing\n  cwmail explain alignment\n" +
			"  cwmail explain '550 5.7.64 TenantAttribution; Relay Access Denied'\n  cwmail explain - < bounce.txt",
		Args: args(1, -1, "the code of a finding, a reply, or a word"),
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
	if o.what == "-" {
		return a.explainPasted()
	}
	if r := ruleOf(strings.ToLower(o.what)); r != nil {
		return a.explainRule(r)
	}
	if w, ok := glossary.Find(o.what); ok {
		return a.explainWord(w)
	}
	if d, ok := relay.Explain(o.what, transports.DefaultService().Network); ok {
		return a.explainReply(d)
	}
	hints := []string{"cwmail explain SPF explains a word", "cwmail explain spf.missing explains a finding", "cwmail explain '550 5.1.1 User unknown' explains a reply: give it whole, with its code"}
	if near := nearCodes(o.what); len(near) > 0 {
		hints = append([]string{"did you mean " + strings.Join(near, " or ") + "?"}, hints...)
	}
	return &failure{what: fmt.Sprintf("could not explain %q", beginning(o.what)), why: "it is neither the code of a finding, nor a known reply, nor a word of the glossary", hints: hints}
}

// allRules are those of an examination, and of a message that arrived.
func allRules() []*finding.Rule { return append(checks.Rules(), received.Rules()...) }

// rulesByCode finds them by their codes.
var rulesByCode = sync.OnceValue(func() map[string]*finding.Rule {
	out := map[string]*finding.Rule{}
	for _, r := range allRules() {
		out[r.Code] = r
	}
	return out
})

// ruleOf is the rule of a code; nil where there is none.
func ruleOf(code string) *finding.Rule { return rulesByCode()[code] }

// beginning keeps an error readable when somebody gave a whole bounce.
func beginning(s string) string {
	const most = 60
	if runes := []rune(s[:min(len(s), 4*most)]); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}

// explainPasted reads a longer text. It never repeats it: a transcript may hold
// a password.
func (a *app) explainPasted() error {
	const most = 256 << 10
	text, err := io.ReadAll(io.LimitReader(a.in, most))
	if err != nil {
		return &failure{what: "could not read stdin", why: err.Error(), hints: []string{"cwmail explain - < bounce.txt"}}
	}
	if d, ok := relay.Explain(string(text), transports.DefaultService().Network); ok {
		return a.explainReply(d)
	}
	return &failure{what: "could not explain the text on stdin", why: "no reply of a mail server was found in it", hints: []string{"a reply begins with its code, such as 550 5.1.1; give it whole"}}
}

// nearCodes are at most three codes that share the word behind the dot or hold
// what was typed.
func nearCodes(typed string) []string {
	typed = strings.ToLower(typed)
	_, ending, _ := strings.Cut(typed, ".")
	var out []string
	for _, r := range allRules() {
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

// explanation is the part of a diagnosis that send has too.
type explanation struct {
	Meaning string `json:"meaning"`
	Cause   string `json:"cause"`
	Owner   string `json:"owner"`
	Fix     string `json:"fix"`
}

// explainedReply is a diagnosis as JSON.
type explainedReply struct {
	Diagnosis explanation     `json:"diagnosis"`
	Provider  *string         `json:"provider"`
	Code      *int            `json:"code"`
	Enhanced  *string         `json:"enhanced"`
	Certainty string          `json:"certainty"`
	Transient bool            `json:"transient"`
	RetryIn   *float64        `json:"retry_in_s"`
	Note      *string         `json:"note"`
	Reply     *string         `json:"reply"` // its row in the catalogue
	Reference []string        `json:"references"`
	Outer     *explainedReply `json:"outer"`
}

func replyDocument(d relay.Diagnosis) *explainedReply {
	doc := &explainedReply{
		Diagnosis: explanation{Meaning: d.Meaning, Cause: d.Cause, Owner: string(d.Owner), Fix: d.Fix},
		Provider:  orNull(string(d.Provider)), Enhanced: orNull(d.Enhanced), Certainty: d.Certainty.String(), Transient: d.Transient,
		Note: orNull(d.Note), Reply: orNull(d.ID), Reference: strings.Split(d.Reference, "; "),
	}
	if d.Code != 0 {
		doc.Code = new(d.Code)
	}
	if d.Retry > 0 {
		doc.RetryIn = new(d.Retry.Seconds())
	}
	if d.Outer != nil {
		doc.Outer = replyDocument(*d.Outer)
	}
	return doc
}

// sureness says how sure a diagnosis is.
var sureness = [...]string{
	relay.Unsure:  "Unsure: nothing more than codes or words were to go by.",
	relay.Likely:  "Likely: it looks like this.",
	relay.Certain: "Certain: the server is known, and its maker says so.",
}

func (a *app) explainReply(d relay.Diagnosis) error {
	if a.shared.json {
		return a.printJSON(replyDocument(d))
	}
	a.behind("", replyHead(d))
	retry := ""
	if d.Transient {
		retry = "In " + minutes(d.Retry) + ", once; the same mail may pass then."
	}
	for _, part := range []struct{ label, text string }{
		{"Meaning", d.Meaning},
		{"Cause", d.Cause},
		{"Who", checks.Report{Domain: "the domain"}.Actor(finding.Finding{Rule: &finding.Rule{Owner: d.Owner}})},
		{"Fix", d.Fix},
		{"Note", d.Note},
		{"Try again", retry},
		{"How sure", sureness[min(int(d.Certainty), len(sureness)-1)]},
		{"Source", d.Reference},
	} {
		if part.text != "" {
			a.printf("\n%s\n", part.label)
			a.wrapped(part.text)
		}
	}
	if d.Outer != nil {
		a.printf("\nIt was quoted in %s\n", replyHead(*d.Outer))
		a.wrapped(d.Outer.Meaning)
	}
	return nil
}

// replyHead names a reply by what is known of it.
func replyHead(d relay.Diagnosis) string {
	var words []string
	if d.Code != 0 {
		words = append(words, strconv.Itoa(d.Code))
	}
	if d.Enhanced != "" {
		words = append(words, d.Enhanced)
	}
	head := "A reply"
	if len(words) > 0 {
		head = strings.Join(words, " ")
	}
	if name := d.Provider.String(); name != "" {
		head += " of " + name
	}
	return head
}

// minutes is a wait for people.
func minutes(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	case d > time.Minute:
		return fmt.Sprintf("%.0f minutes", math.Ceil(d.Minutes()))
	}
	return "a minute"
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
