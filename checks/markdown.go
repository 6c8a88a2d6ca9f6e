package checks

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
)

// WriteMarkdown writes reports ready to be pasted into a ticket. Everything
// that came from outside stands in code spans or code blocks, so that it is
// neither markup nor a link there.
func WriteMarkdown(w io.Writer, reports []Report) error {
	var b strings.Builder
	for i, r := range reports {
		if i > 0 {
			b.WriteString("\n")
		}
		markdownReport(&b, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownReport(b *strings.Builder, r Report) {
	fmt.Fprintf(b, "## %s: %s\n\n", codeSpan(r.Target), strings.TrimSpace(verdictWord(r.knownVerdict())))
	sentence := finding.Fill(english.verdict[r.knownVerdict()], codeSpan(r.Target))
	if n := counts(r.Open()); n != "" {
		sentence += " " + n + "."
	}
	b.WriteString(sentence + "\n")
	for i, f := range r.Open() {
		markdownFinding(b, i+1, f, r)
	}
	if s := silencedLine(r.Findings); s != "" {
		b.WriteString("\n" + s + "\n")
	}
	if lines := pathLines(r.Paths); len(lines) > 0 {
		b.WriteString("\n")
		for _, l := range lines {
			b.WriteString("- " + escapeMarkdown(l) + "\n")
		}
	}
	if !r.Started.IsZero() {
		fmt.Fprintf(b, "\n%s\n", r.Started.UTC().Format(time.RFC3339))
	}
}

// verdictWord is the word of a verdict without its symbol.
func verdictWord(v Verdict) string {
	if v == VerdictUnknown {
		return "UNKNOWN"
	}
	_, word, _ := strings.Cut(v.Symbol(true), " ")
	return word
}

func markdownFinding(b *strings.Builder, n int, f finding.Finding, r Report) {
	text := marked(f)
	fmt.Fprintf(b, "\n### %d. %s: %s\n\n", n, verdictWord(verdictOf(f.Severity())), text(f.Rule.Title))
	item := func(label, value string) {
		if value != "" {
			fmt.Fprintf(b, "- **%s:** %s\n", label, value)
		}
	}
	item(english.seen, text(f.Rule.Saw))
	for i, e := range f.Evidence {
		if i == maxEvidence {
			b.WriteString("  - " + finding.Fill(english.moreEvidence, fmt.Sprint(len(f.Evidence)-i)) + "\n")
			break
		}
		for _, answer := range strings.Split(e.Answer, "\n") {
			e.Answer = answer
			b.WriteString("  - " + codeSpan(evidenceLine(e)) + "\n")
		}
	}
	item(english.effect, text(f.Rule.Effect))
	if f.Action() != "" || f.Severity() != finding.Note { // else nobody has to act
		item(english.who, markdownActor(f, r))
	}
	item(english.act, text(f.Rule.Action))
	item(english.source, escapeMarkdown(strings.Join(append([]string{f.Code()}, f.Rule.References...), ", ")))
	if f.Fix != nil {
		markdownFix(b, *f.Fix)
	}
}

func markdownActor(f finding.Finding, r Report) string {
	title := finding.Fill(english.owner[f.Who()], "\ue000")
	return strings.ReplaceAll(title, "\ue000", codeSpan(r.actorName(f)))
}

func markdownFix(b *strings.Builder, x finding.Fix) {
	if x.Summary != "" {
		b.WriteString("\n" + spanned(x.Summary) + "\n")
	}
	for _, rec := range x.Records {
		name := english.sameName
		if rec.Name != "" {
			name = codeSpan(rec.Name)
		}
		b.WriteString("\n" + finding.Fill(recordIntro(rec), name, codeSpan(rec.Type)) + "\n")
		if !rec.Remove {
			codeBlock(b, rec.Value)
		}
		if rec.Replaces != nil {
			if !rec.Remove {
				b.WriteString("\n" + english.old + "\n")
			}
			codeBlock(b, *rec.Replaces)
		}
	}
	if x.Command != "" {
		b.WriteString("\n" + english.command + "\n")
		codeBlock(b, x.Command)
	}
}

// marked returns a function that makes Markdown of a text of f's rule: our own
// words escaped, the arguments as code spans. The arguments are put in last,
// for private-use characters that stand in their places, because an argument
// must not be able to close its own span.
func marked(f finding.Finding) func(format string) string {
	args := slices.Clone(f.Args)
	holders := make([]string, len(args))
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		holders[i] = string(rune(0xE000 + i))
		if plainWords(a) {
			pairs = append(pairs, holders[i], a)
		} else {
			pairs = append(pairs, holders[i], codeSpan(a))
		}
	}
	return func(format string) string {
		return strings.NewReplacer(pairs...).Replace(escapeMarkdown(finding.Fill(format, holders...)))
	}
}

// spanned makes Markdown of a sentence in which foreign words stand among ours:
// what is no plain word becomes a code span, so that it can be neither markup
// nor a link.
func spanned(sentence string) string {
	words := strings.Fields(sentence)
	for i, w := range words {
		bare := strings.TrimRight(w, ".,;:?")
		if bare != "" && !plainWords(bare) {
			words[i] = codeSpan(bare) + w[len(bare):]
		}
	}
	return strings.Join(words, " ")
}

// plainWords holds for text that cannot be markup, e.g. a number of look-ups.
func plainWords(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ' ' && r != ',' && r != '?' {
			return false
		}
	}
	return true
}

// codeSpan quotes foreign text: safe, on one line, with more backticks around
// it than it holds in a row (CommonMark section 6.1).
func codeSpan(s string) string {
	s = safe.Line(s)
	if s == "" {
		return "(nothing)"
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) != s {
		s = " " + s + " "
	}
	return fence + s + fence
}

// codeBlock writes a value whole, on one line.
func codeBlock(b *strings.Builder, value string) {
	value = safe.Line(value)
	fence := strings.Repeat("`", max(3, longestRun(value)+1))
	fmt.Fprintf(b, "\n%s\n%s\n%s\n", fence, value, fence)
}

func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// escapeMarkdown makes our own words mean themselves.
func escapeMarkdown(s string) string {
	return strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "\\<", ">", "\\>", "#", "\\#", "|", "\\|").Replace(s)
}
