package checks

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
)

// TextOptions say how WriteText writes.
type TextOptions struct {
	ASCII bool // symbols and cuts of ASCII alone
	Width int  // columns of prose; 0 means 80

	// Paint colours a piece of text for a role, which is the word of a verdict;
	// nil leaves it plain. Colour only repeats what the words say.
	Paint func(role, text string) string
}

// WriteText writes reports for a person to read from top to bottom, or to hear:
// no boxes, states as words beside their symbols, and every record to publish
// whole on a line of its own.
func WriteText(w io.Writer, reports []Report, o TextOptions) error {
	o.Width = cmp.Or(o.Width, 80)
	if o.Paint == nil {
		o.Paint = func(_, text string) string { return text }
	}
	t := &textWriter{TextOptions: o}
	if len(reports) > 1 {
		t.summary(reports)
	}
	for i, r := range reports {
		if i > 0 || len(reports) > 1 {
			t.line("")
		}
		t.report(r)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type textWriter struct {
	TextOptions
	b      strings.Builder
	panels *panels // says how records are entered
}

// labelWidth is where the text behind a label begins.
const labelWidth = 8

func (t *textWriter) line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// labelled writes text behind a label, wrapped. Text is safe already.
func (t *textWriter) labelled(label, text string) {
	if text == "" {
		return
	}
	head := fmt.Sprintf("%-*s", labelWidth, label)
	for _, l := range wrap(text, t.Width-labelWidth) {
		t.line(head + l)
		head = strings.Repeat(" ", labelWidth)
	}
}

// Symbol is the sign of a verdict, and its word: six columns.
func (v Verdict) Symbol(ascii bool) string {
	s := map[Verdict][2]string{
		VerdictOK: {"+ OK  ", "✔ OK  "}, VerdictNote: {"i NOTE", "i NOTE"},
		VerdictWarning: {"! WARN", "! WARN"}, VerdictFailure: {"x FAIL", "✘ FAIL"},
	}[v]
	switch {
	case s[0] == "":
		return "? ----"
	case ascii:
		return s[0]
	}
	return s[1]
}

func (t *textWriter) symbol(v Verdict) string { return t.Paint(string(v), v.Symbol(t.ASCII)) }

// verdictOf is the verdict that a finding of that severity gives alone.
func verdictOf(s finding.Severity) Verdict { return Verdict(s.String()) }

func (t *textWriter) summary(reports []Report) {
	t.line(finding.Fill(english.summary, fmt.Sprint(len(reports))))
	width := 0
	for _, r := range reports {
		width = max(width, utf8.RuneCountInString(safe.Line(r.Target)))
	}
	width = min(width, 32)
	for _, r := range reports {
		advice := ""
		if open := r.Open(); len(open) > 0 && open[0].Severity() != finding.Note {
			advice = safely(open[0]).Title()
		}
		name := t.cut(safe.Line(r.Target), width)
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(name))
		t.line(t.symbol(r.Verdict) + "  " + name + pad + "  " + t.cut(advice, max(t.Width-width-10, 20)))
	}
}

// cut shortens s to n columns, visibly.
func (t *textWriter) cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	mark := "…"
	if t.ASCII {
		mark = "~"
	}
	return string([]rune(s)[:n-1]) + mark
}

func (t *textWriter) report(r Report) {
	for i, l := range wrap(targetTitle(r), t.Width-labelWidth) {
		if i == 0 {
			t.line(t.symbol(r.Verdict) + "  " + l)
			continue
		}
		t.labelled("", l)
	}
	sentence := finding.Fill(english.verdict[r.knownVerdict()], safe.Line(r.Target))
	if n := counts(r.Open()); n != "" {
		sentence += " " + n + "."
	}
	t.labelled("", sentence)
	open := r.Open()
	t.panels = newPanels()
	if len(open) > 0 && open[0].Severity() != finding.Note {
		f := safely(open[0])
		t.line("")
		t.labelled(english.first, f.Title())
		t.labelled("", f.Action())
	}
	whole, brief := fold(open)
	for i, f := range whole {
		t.line("")
		t.finding(i+1, safely(f), r)
	}
	t.brief(brief)
	if who, text := t.panels.closing(); text != "" {
		t.line("")
		t.labelled(english.panel, strings.TrimSpace(safe.Line(who)+" "+text))
	}
	t.tail(r)
}

// brief writes notes in a line each.
func (t *textWriter) brief(notes []finding.Finding) {
	if len(notes) == 0 {
		return
	}
	t.line("")
	t.labelled(english.brief, english.nothingToDo+" "+english.allInJSON)
	told := map[string]bool{} // several addresses or servers may have the same
	for _, f := range notes {
		text := safely(f).Title() + " [" + f.Code() + "]"
		if told[text] {
			continue
		}
		told[text] = true
		for i, l := range wrap(text, t.Width-labelWidth-2) {
			t.line(strings.Repeat(" ", labelWidth) + [2]string{"- ", "  "}[min(i, 1)] + l)
		}
	}
}

// fewNotes are so few that each is told whole.
const fewNotes = 2

// fold takes out the notes that ask for nothing where there are more than a few:
// they would hide what has to be done.
func fold(open []finding.Finding) (whole, brief []finding.Finding) {
	for _, f := range open {
		if isNote(f) {
			brief = append(brief, f)
		} else {
			whole = append(whole, f)
		}
	}
	if len(brief) <= fewNotes {
		return open, nil
	}
	return whole, brief
}

// isNote holds for a finding after which nobody has to act.
func isNote(f finding.Finding) bool { return f.Severity() == finding.Note && f.Action() == "" }

// knownVerdict takes a verdict without a word for unknown: the zero value.
func (r Report) knownVerdict() Verdict {
	if _, ok := english.verdict[r.Verdict]; ok {
		return r.Verdict
	}
	return VerdictUnknown
}

func targetTitle(r Report) string {
	if r.Transport == nil {
		return safe.Line(r.Target)
	}
	from := r.sender()
	if from == "" {
		from = r.Domain
	}
	return finding.Fill(english.target, safe.Line(r.Target), safe.Line(r.Transport.Type.Title()), safe.Line(from))
}

// sender is the address in From, as the paths have it.
func (r Report) sender() string {
	if len(r.Paths) > 0 {
		return r.Paths[0].From
	}
	return r.Transport.From
}

// counts says how many findings of each severity there are.
func counts(open []finding.Finding) string {
	var parts []string
	for _, kind := range []struct {
		severity finding.Severity
		forms    [2]string
	}{
		{finding.Failure, english.failures},
		{finding.Unknown, english.unknowns},
		{finding.Warning, english.warnings},
		{finding.Note, english.notes},
	} {
		n := 0
		for _, f := range open {
			if f.Severity() == kind.severity {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, count(kind.forms, n))
		}
	}
	return strings.Join(parts, ", ")
}

// safely returns f with everything in it that came from outside made safe.
func safely(f finding.Finding) finding.Finding {
	f.Args = slices.Clone(f.Args)
	for i := range f.Args {
		f.Args[i] = safe.Line(f.Args[i])
	}
	return f
}

func (t *textWriter) finding(n int, f finding.Finding, r Report) {
	head := fmt.Sprintf("%d. ", n)
	indent := strings.Repeat(" ", len(head))
	mark := t.symbol(verdictOf(f.Severity())) + "  "
	for i, l := range wrap(f.Title()+" ["+f.Code()+"]", t.Width-len(head)-labelWidth) {
		if i == 0 {
			t.line(head + mark + l)
			continue
		}
		t.line(indent + strings.Repeat(" ", labelWidth) + l)
	}
	t.labelled(english.seen, f.Saw())
	t.evidence(f)
	t.labelled(english.effect, f.Effect())
	if f.Action() != "" || f.Severity() != finding.Note { // else nobody has to act
		t.labelled(english.who, safe.Line(r.Actor(f)))
	}
	t.labelled(english.act, f.Action())
	if f.Fix != nil {
		t.fix(r, *f.Fix, f.Action() == "")
	}
	t.labelled(english.source, strings.Join(f.Rule.References, ", "))
}

// maxEvidence is how many answers the plain report shows of one finding.
const maxEvidence = 4

// maxAnswer is how much of an answer it shows: JSON and the console have all,
// and what is to be changed stands in the fix.
const maxAnswer = 200

func (t *textWriter) evidence(f finding.Finding) {
	label := ""
	if f.Saw() == "" {
		label = english.seen
	}
	for i, e := range f.Evidence {
		if i == maxEvidence {
			t.labelled("", finding.Fill(english.moreEvidence, fmt.Sprint(len(f.Evidence)-i)))
			return
		}
		for _, answer := range strings.Split(e.Answer, "\n") {
			e.Answer = t.cut(safe.Line(answer), maxAnswer)
			t.labelled(label, evidenceLine(e))
			label = ""
		}
	}
}

func evidenceLine(e finding.Evidence) string {
	line := finding.Fill(english.asked, safe.Line(e.Name), safe.Line(e.Type), safe.Line(e.Answer))
	var from []string
	if e.Server != "" {
		from = append(from, safe.Line(e.Server))
	}
	if !e.At.IsZero() {
		from = append(from, e.At.Format(time.TimeOnly))
	}
	if len(from) == 0 {
		return line
	}
	return finding.Fill(english.from, line, strings.Join(from, ", "))
}

// fix writes each value from the first column, on one line, between empty
// lines: a triple click takes it whole. The summary is for findings that have
// no action of their own.
func (t *textWriter) fix(r Report, x finding.Fix, summary bool) {
	if summary {
		t.labelled(english.act, safe.Line(x.Summary))
	}
	for _, rec := range x.Records {
		intro := recordIntro(rec)
		t.labelled("", finding.Fill(intro, cmp.Or(safe.Line(rec.Name), english.sameName), safe.Line(rec.Type)))
		if !rec.Remove {
			t.whole(rec.Value)
		}
		if rec.Replaces != nil {
			if !rec.Remove {
				t.labelled("", english.old)
			}
			t.whole(*rec.Replaces)
		}
		t.entered(t.panels.of(r, rec, safe.Line))
	}
	if x.Command != "" {
		t.labelled("", english.command)
		t.whole(x.Command)
	}
}

func (t *textWriter) entered(e entered) {
	if e.line == "" {
		return
	}
	t.labelled(english.panel, strings.Join(append([]string{e.line}, e.says...), " "))
	if e.value != "" {
		t.labelled("", english.panelValue)
		t.whole(e.value)
	}
}

func recordIntro(rec finding.Record) string {
	switch {
	case rec.Remove:
		return english.remove
	case rec.Replaces != nil:
		return english.replace
	}
	return english.add
}

func (t *textWriter) whole(value string) {
	t.line("")
	t.line(safe.Line(value))
	t.line("")
}

// tail writes what folds into a line: silenced findings, paths, the effort.
func (t *textWriter) tail(r Report) {
	t.line("")
	if s := silencedLine(r.Findings); s != "" {
		for _, l := range wrap(s, t.Width) {
			t.line(l)
		}
	}
	for _, l := range pathLines(r.Paths) {
		for _, l := range wrap(l, t.Width) {
			t.line(l)
		}
	}
	if r.Queries > 0 {
		t.line(finding.Fill(english.examined, fmt.Sprint(r.Queries), r.Took.Round(time.Millisecond).String()))
	}
}

func silencedLine(all []finding.Finding) string {
	var parts []string
	for _, f := range all {
		if f.SilencedBy != "" {
			parts = append(parts, finding.Fill(english.because, f.Code(), f.SilencedBy))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return count(english.silenced, len(parts), strings.Join(parts, ", "))
}

// pathLines says in a line for each different outcome which addresses have it.
func pathLines(paths []Path) []string {
	type outcome struct {
		from, spf, dkim, dmarc string
		spfAligned, dkimAlign  dmarc.Truth
	}
	var order []outcome
	where := map[outcome][]netip.Addr{}
	for _, p := range paths {
		o := outcome{p.From, known(p.SPF), known(p.DKIM), known(p.DMARC), p.SPFAligned, p.DKIMAligned}
		if where[o] == nil {
			order = append(order, o)
		}
		where[o] = append(where[o], p.IP)
	}
	var out []string
	for _, o := range order {
		out = append(out, finding.Fill(english.paths, count(english.addresses, len(where[o]), ranges(where[o])))+" "+
			finding.Fill(english.signed, passed(o.spf, o.spfAligned), passed(o.dkim, o.dkimAlign), safe.Line(o.dmarc))+".")
	}
	return out
}

// passed is a result, and whether it counts for DMARC: that matters only where
// it is a pass.
func passed(result string, aligned dmarc.Truth) string {
	if result != "pass" {
		return safe.Line(result)
	}
	return finding.Fill(english.aligns, safe.Line(result), alignment(aligned))
}

func alignment(aligned dmarc.Truth) string {
	switch aligned {
	case dmarc.Yes:
		return english.aligned
	case dmarc.No:
		return english.notAligned
	}
	return english.alignmentUnknown
}

// known names an outcome that was never set.
func known(word string) string { return cmp.Or(word, string(VerdictUnknown)) }

// ranges writes addresses in order, consecutive ones as "first to last".
func ranges(addrs []netip.Addr) string {
	var parts []string
	for i := 0; i < len(addrs); {
		j := i
		for j+1 < len(addrs) && addrs[j].Next() == addrs[j+1] {
			j++
		}
		switch {
		case !addrs[i].IsValid():
			parts = append(parts, string(VerdictUnknown))
		case j > i:
			parts = append(parts, addrs[i].String()+" to "+addrs[j].String())
		default:
			parts = append(parts, addrs[i].String())
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// wrap breaks text at spaces so that no line has more than width columns; a
// word that is longer stays whole on a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// WriteFindings writes findings on a record that is not part of a report, as
// the linters give them. subject is the domain, or what stands for it.
func WriteFindings(w io.Writer, subject string, all []finding.Finding, o TextOptions) error {
	o.Width = cmp.Or(o.Width, 80)
	if o.Paint == nil {
		o.Paint = func(_, text string) string { return text }
	}
	t := &textWriter{TextOptions: o}
	r := Report{Domain: subject, Findings: all}
	t.panels = newPanels()
	for i, f := range r.Open() {
		if i > 0 {
			t.line("")
		}
		t.finding(i+1, safely(f), r)
	}
	if s := silencedLine(all); s != "" {
		t.line("")
		for _, l := range wrap(s, t.Width) {
			t.line(l)
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}
