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

// WriteMarkdown writes reports ready to be pasted into a ticket, put by who has
// to act, so that each part can be handed to one person. Everything that came
// from outside stands in code spans or code blocks, so that it is neither
// markup nor a link there.
func WriteMarkdown(w io.Writer, reports []Report) error {
	m := &markdown{level: "###"}
	h := newHandover(reports)
	if len(reports) == 1 {
		m.heading(reports[0])
	} else {
		m.level = "##"
		m.contents(h)
	}
	for _, p := range h.parts {
		m.part(p)
	}
	for _, r := range reports {
		if len(reports) == 1 {
			m.b.WriteString("\n### " + english.handover.judged + "\n")
		} else {
			m.b.WriteString("\n")
			m.heading(r)
		}
		m.tail(r)
	}
	_, err := io.WriteString(w, m.b.String())
	return err
}

// markdown is a document in the making.
type markdown struct {
	b      strings.Builder
	level  string  // of the headings of parts
	panels *panels // says how the records of a part are entered
}

// heading is the verdict on one report.
func (m *markdown) heading(r Report) {
	fmt.Fprintf(&m.b, "## %s: %s\n\n", codeSpan(r.Target), verdictWord(r.knownVerdict()))
	sentence := finding.Fill(english.verdict[r.knownVerdict()], codeSpan(r.Target))
	if n := counts(r.Open()); n != "" {
		sentence += " " + n + "."
	}
	m.b.WriteString(sentence + "\n")
}

// contents says for several reports who has to act on how much, and what each
// report says in a word.
func (m *markdown) contents(h handover) {
	fmt.Fprintf(&m.b, "# %s\n\n", finding.Fill(english.summary, fmt.Sprint(len(h.reports))))
	for _, p := range h.parts {
		fmt.Fprintf(&m.b, "- %s: %s\n", markdownPart(p), counts(p.open()))
	}
	m.b.WriteString("\n")
	for _, r := range h.reports {
		fmt.Fprintf(&m.b, "- %s %s\n", verdictWord(r.knownVerdict()), codeSpan(r.Target))
	}
}

// markdownPart is the heading of a part.
func markdownPart(p *part) string {
	if p.owner == finding.Nobody {
		return english.handover.nobody
	}
	return finding.Fill(english.handover.part, markdownActor(p.owner, p.name))
}

func (m *markdown) part(p *part) {
	fmt.Fprintf(&m.b, "\n%s %s\n", m.level, markdownPart(p))
	m.panels = newPanels() // a part is handed over alone
	folds, before := p.folds(), false
	for _, t := range p.tasks {
		if brief := folds && isNote(t.finding); brief {
			m.brief(t, !before)
			before = true
			continue
		}
		m.task(t)
	}
	if who, text := m.panels.closing(); text != "" {
		m.b.WriteString("\n" + strings.TrimSpace(spanned(who)+" "+escapeMarkdown(text)) + "\n")
	}
	if p.owner == finding.Nobody {
		return
	}
	proofs := p.proofs()
	m.commands(english.handover.verify, proofs.unix)
	m.commands(english.handover.verifyWindows, proofs.windows)
}

// brief is a note in a line of a list.
func (m *markdown) brief(t task, first bool) {
	if first {
		m.b.WriteString("\n" + escapeMarkdown(english.nothingToDo) + "\n\n")
	}
	fmt.Fprintf(&m.b, "- %s (%s)", marked(t.finding)(t.finding.Rule.Title), escapeMarkdown(t.finding.Code()))
	if m.level == "##" { // one of several reports
		m.b.WriteString(": " + spans(t.targets))
	}
	m.b.WriteString("\n")
}

func (m *markdown) commands(intro string, lines []string) {
	if len(lines) > 0 {
		m.b.WriteString("\n" + intro + "\n")
		codeBlock(&m.b, lines...)
	}
}

// tail tells of one report what needs no work.
func (m *markdown) tail(r Report) {
	if s := silencedLine(r.Findings); s != "" {
		m.b.WriteString("\n" + s + "\n")
	}
	if lines := pathLines(r.Paths); len(lines) > 0 {
		m.b.WriteString("\n")
		for _, l := range lines {
			m.b.WriteString("- " + escapeMarkdown(l) + "\n")
		}
	}
	if !r.Started.IsZero() {
		fmt.Fprintf(&m.b, "\n%s\n", r.Started.UTC().Format(time.RFC3339))
	}
}

// verdictWord is the word of a verdict without its symbol.
func verdictWord(v Verdict) string {
	if v == VerdictUnknown {
		return "UNKNOWN"
	}
	_, word, _ := strings.Cut(v.Symbol(true), " ")
	return strings.TrimSpace(word)
}

func (m *markdown) task(t task) {
	f, b := t.finding, &m.b
	text := marked(f)
	fmt.Fprintf(b, "\n%s# %d. %s: %s\n\n", m.level, t.number, verdictWord(verdictOf(f.Severity())), text(f.Rule.Title))
	item := func(label, value string) {
		if value != "" {
			fmt.Fprintf(b, "- **%s:** %s\n", label, value)
		}
	}
	if m.level == "##" { // one of several reports
		item(english.handover.about, spans(t.targets))
	}
	item(english.seen, text(f.Rule.Saw))
	m.evidence(f)
	item(english.effect, text(f.Rule.Effect))
	if f.Action() != "" || f.Severity() != finding.Note { // else nobody has to act
		item(english.who, markdownActor(f.Who(), t.report.actorName(f)))
	}
	item(english.act, text(f.Rule.Action))
	item(english.source, escapeMarkdown(strings.Join(append([]string{f.Code()}, f.Rule.References...), ", ")))
	switch {
	case t.same > 0:
		b.WriteString("\n" + finding.Fill(english.handover.same, fmt.Sprint(t.same)) + "\n")
	case f.Fix != nil:
		markdownFix(b, t.report, *f.Fix, m.panels)
	}
}

func (m *markdown) evidence(f finding.Finding) {
	for i, e := range f.Evidence {
		if i == maxEvidence {
			m.b.WriteString("  - " + finding.Fill(english.moreEvidence, fmt.Sprint(len(f.Evidence)-i)) + "\n")
			return
		}
		for _, answer := range strings.Split(e.Answer, "\n") {
			e.Answer = answer
			m.b.WriteString("  - " + codeSpan(evidenceLine(e)) + "\n")
		}
	}
}

// spans quotes names.
func spans(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = codeSpan(n)
	}
	return strings.Join(out, ", ")
}

func markdownActor(owner finding.Owner, name string) string {
	title := finding.Fill(english.owner[owner], "\ue000")
	return strings.ReplaceAll(title, "\ue000", codeSpan(name))
}

func markdownFix(b *strings.Builder, r Report, x finding.Fix, at *panels) {
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
		markdownEntered(b, r, rec, at)
	}
	if x.Command != "" {
		b.WriteString("\n" + english.command + "\n")
		codeBlock(b, x.Command)
	}
}

// markdownEntered writes how a record is entered. What is typed is put in last,
// as in marked.
func markdownEntered(b *strings.Builder, r Report, rec finding.Record, at *panels) {
	var typed []string
	e := at.of(r, rec, func(s string) string {
		holder := string(rune(0xE000 + len(typed)/2))
		typed = append(typed, holder, codeSpan(s))
		return holder
	})
	if e.line == "" {
		return
	}
	text := escapeMarkdown(strings.Join(append([]string{e.line}, e.says...), " "))
	b.WriteString("\n" + strings.NewReplacer(typed...).Replace(text) + "\n")
	if e.value != "" {
		b.WriteString("\n" + english.panelValue + "\n")
		codeBlock(b, e.value)
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
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(" ,;?'", r) {
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

// codeBlock writes values whole, each on one line.
func codeBlock(b *strings.Builder, values ...string) {
	longest := 2
	lines := make([]string, len(values))
	for i, v := range values {
		lines[i] = safe.Line(v)
		longest = max(longest, longestRun(lines[i]))
	}
	fence := strings.Repeat("`", longest+1)
	fmt.Fprintf(b, "\n%s\n%s\n%s\n", fence, strings.Join(lines, "\n"), fence)
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
