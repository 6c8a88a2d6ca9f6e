package checks

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
)

//go:embed page
var pageFiles embed.FS

// pages are the templates of the pages, read at their first use.
var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "page/*.html"))
})

// pageLanguage is that of the words in it (BCP 47).
const pageLanguage = "en"

// WriteHTML writes reports as one page that needs nothing else: no script, no
// other file and no network. It is put by who has to act. hide replaces what
// must not be shown in a text; nil leaves all.
func WriteHTML(w io.Writer, reports []Report, hide func(string) string) error {
	p := newPage(hide)
	return pages().ExecuteTemplate(w, "report.html", p.reports(newHandover(reports)))
}

// page makes the texts of a page. The template escapes them.
type page struct{ hide func(string) string }

func newPage(hide func(string) string) page {
	if hide == nil {
		hide = func(s string) string { return s }
	}
	return page{hide}
}

// text is one line of foreign text as it may be shown.
func (p page) text(s string) string { return p.hide(safe.Line(s)) }

// span is a piece of a sentence; Code is what came from outside.
type span struct {
	Text string
	Code bool
}

// fill fills the placeholders of our words with foreign text. The arguments
// stay apart from the words: one cannot pass for the other.
func (p page) fill(format string, args ...string) []span {
	holders := make([]string, len(args))
	for i := range args {
		holders[i] = string(rune(holder + i))
	}
	return p.split(finding.Fill(format, holders...), args)
}

// split puts each argument in the place of what holds it in a sentence.
func (p page) split(sentence string, args []string) []span {
	var out []span
	words := []rune(sentence)
	from := 0
	for i, r := range words {
		n := int(r) - holder
		if n < 0 || n >= len(args) {
			continue
		}
		out = append(out, span{Text: p.text(string(words[from:i]))}, span{p.text(args[n]), !plainWords(safe.Line(args[n]))})
		from = i + 1
	}
	return append(out, span{Text: p.text(string(words[from:]))})
}

// holder is the first of the private-use characters that stand for arguments.
const holder = 0xE000

// pageMark is a verdict in a word, with its colour.
type pageMark struct{ Class, Word string }

func markOf(v Verdict) pageMark { return pageMark{string(v), verdictWord(v)} }

type reportPage struct {
	Lang, Title string
	Heading     []span
	W           pageWords
	Only        *pageJudged // the only report; nil where there are several
	Parts       []pagePart
	Judged      []pageJudged
}

// pageWords are the words that the template itself needs.
type pageWords struct{ Contents, First, Record, Evidence, Judged, NothingToDo string }

type pagePart struct {
	ID, Counts string
	Title      []span
	Tasks      []pageTask
	Brief      []pageBrief // notes, told in short
	Panel      string      // what holds at any DNS panel
	Proofs     []pageProof
}

// First is the task to begin with; nil where nothing has to be done.
func (p pagePart) First() *pageTask {
	if len(p.Tasks) == 0 || p.Tasks[0].Mark.Class == string(VerdictNote) {
		return nil
	}
	return &p.Tasks[0]
}

type pageBrief struct {
	ID           string
	Title, About []span
	Code         string
}

type pageTask struct {
	ID       string
	Number   int
	Mark     pageMark
	Title    []span
	Facts    []pageFact
	Same     string
	Changes  []pageChange
	Evidence []string
}

type pageFact struct {
	Label string
	Text  []span
}

type pageChange struct {
	Intro        []span // what to do with the value; empty for nothing
	Class, Value string // no value: the intro alone
}

type pageProof struct{ Intro, Lines string }

type pageJudged struct {
	ID, Target string
	Mark       pageMark
	Sentence   []span
	Lines      []string
	Written    string
}

func (p page) reports(h handover) reportPage {
	w := english.handover
	out := reportPage{Lang: pageLanguage, W: pageWords{w.contents, english.first, w.record, w.evidence, w.judged, english.nothingToDo}}
	for i, r := range h.reports {
		out.Judged = append(out.Judged, p.judged(fmt.Sprintf("report-%d", i+1), r))
	}
	out.Heading = p.fill(english.summary, fmt.Sprint(len(h.reports)))
	if len(h.reports) == 1 {
		out.Only = &out.Judged[0]
		out.Heading = p.fill(w.mail, h.reports[0].Target)
	}
	for _, s := range out.Heading {
		out.Title += s.Text
	}
	for i, part := range h.parts {
		out.Parts = append(out.Parts, p.part(fmt.Sprintf("part-%d", i+1), part, len(h.reports) > 1))
	}
	return out
}

func (p page) judged(id string, r Report) pageJudged {
	out := pageJudged{ID: id, Target: p.text(r.Target), Mark: markOf(r.knownVerdict()), Sentence: p.fill(english.verdict[r.knownVerdict()], r.Target)}
	if n := counts(r.Open()); n != "" {
		out.Sentence = append(out.Sentence, span{Text: " " + n + "."})
	}
	lines := pathLines(r.Paths)
	if s := silencedLine(r.Findings); s != "" {
		lines = append(lines, s)
	}
	for _, l := range lines {
		out.Lines = append(out.Lines, p.text(l))
	}
	if !r.Started.IsZero() {
		out.Written = finding.Fill(english.handover.written, r.Started.UTC().Format(time.RFC3339))
	}
	return out
}

func (p page) part(id string, from *part, several bool) pagePart {
	out := pagePart{ID: id, Title: []span{{Text: english.handover.nobody}}, Counts: counts(from.open())}
	at := newPanels() // a part is handed over alone
	folds := from.folds()
	for _, t := range from.tasks {
		if folds && isNote(t.finding) {
			out.Brief = append(out.Brief, p.brief(t, several))
			continue
		}
		out.Tasks = append(out.Tasks, p.task(t, at, several))
	}
	who, text := at.closing()
	out.Panel = p.text(strings.TrimSpace(who + " " + text))
	if from.owner == finding.Nobody {
		return out
	}
	out.Title = p.fill(finding.Fill(english.handover.part, english.owner[from.owner]), from.name)
	proofs := from.proofs()
	for _, c := range []struct {
		intro string
		lines []string
	}{{english.handover.verify, proofs.unix}, {english.handover.verifyWindows, proofs.windows}} {
		lines := make([]string, len(c.lines))
		for i, l := range c.lines {
			lines[i] = p.text(l)
		}
		if len(lines) > 0 {
			out.Proofs = append(out.Proofs, pageProof{c.intro, strings.Join(lines, "\n")})
		}
	}
	return out
}

// brief is a note in a line.
func (p page) brief(t task, several bool) pageBrief {
	out := pageBrief{ID: fmt.Sprintf("task-%d", t.number), Title: p.fill(t.finding.Rule.Title, t.finding.Args...), Code: p.text(t.finding.Code())}
	if several {
		out.About = p.names(t.targets)
	}
	return out
}

func (p page) task(t task, at *panels, several bool) pageTask {
	f := t.finding
	out := pageTask{ID: fmt.Sprintf("task-%d", t.number), Number: t.number, Mark: markOf(verdictOf(f.Severity())), Title: p.fill(f.Rule.Title, f.Args...)}
	fact := func(label string, text []span) {
		if len(text) > 1 || text[0].Text != "" {
			out.Facts = append(out.Facts, pageFact{label, text})
		}
	}
	if several {
		fact(english.handover.about, p.names(t.targets))
	}
	fact(english.seen, p.fill(f.Rule.Saw, f.Args...))
	fact(english.effect, p.fill(f.Rule.Effect, f.Args...))
	fact(english.act, p.fill(f.Rule.Action, f.Args...))
	fact(english.source, []span{{Text: p.text(strings.Join(append([]string{f.Code()}, f.Rule.References...), ", "))}})
	switch {
	case t.same > 0:
		out.Same = finding.Fill(english.handover.same, fmt.Sprint(t.same))
	case f.Fix != nil:
		out.Changes = p.changes(*f.Fix, func(rec finding.Record) []pageChange { return p.entered(at, t.report, rec) })
	}
	out.Evidence = p.evidence(f.Evidence)
	return out
}

// maxPageEvidence is how many answers a page holds of one finding.
const maxPageEvidence = 40

func (p page) evidence(all []finding.Evidence) []string {
	var out []string
	for i, e := range all {
		if i == maxPageEvidence {
			return append(out, finding.Fill(english.moreEvidence, fmt.Sprint(len(all)-i)))
		}
		for _, answer := range strings.Split(e.Answer, "\n") {
			e.Answer = answer
			out = append(out, p.text(evidenceLine(e)))
		}
	}
	return out
}

// names are several names in a row.
func (p page) names(all []string) []span {
	var out []span
	for i, n := range all {
		if i > 0 {
			out = append(out, span{Text: ", "})
		}
		out = append(out, span{p.text(n), true})
	}
	return out
}

// changes are the values of a fix, each in a block of its own, and what each
// takes the place of, and how it is entered.
func (p page) changes(x finding.Fix, entered func(finding.Record) []pageChange) []pageChange {
	var out []pageChange
	for _, rec := range x.Records {
		name := rec.Name
		if name == "" {
			name = english.sameName
		}
		intro := p.fill(recordIntro(rec), name, rec.Type)
		switch {
		case rec.Remove && rec.Replaces != nil:
			out = append(out, pageChange{intro, "old", p.text(*rec.Replaces)})
			continue
		case !rec.Remove:
			out = append(out, pageChange{intro, "whole", p.text(rec.Value)})
		}
		if rec.Replaces != nil {
			out = append(out, pageChange{[]span{{Text: english.old}}, "old", p.text(*rec.Replaces)})
		}
		out = append(out, entered(rec)...)
	}
	if x.Summary != "" && len(out) > 0 {
		out[0].Intro = slices.Concat([]span{{Text: p.text(x.Summary) + " "}}, out[0].Intro)
	}
	if x.Command != "" {
		out = append(out, pageChange{[]span{{Text: english.command}}, "whole", p.text(x.Command)})
	}
	return out
}

// entered is how a record is entered where the DNS of its zone runs; nothing
// where that is not known.
func (p page) entered(at *panels, r Report, rec finding.Record) []pageChange {
	var typed []string
	e := at.of(r, rec, func(s string) string {
		typed = append(typed, s)
		return string(rune(holder + len(typed) - 1))
	})
	if e.line == "" {
		return nil
	}
	out := []pageChange{{Intro: p.split(strings.Join(append([]string{e.line}, e.says...), " "), typed)}}
	if e.value != "" {
		out = append(out, pageChange{[]span{{Text: english.panelValue}}, "whole", p.text(e.value)})
	}
	return out
}

type summaryPage struct {
	Lang, Title, Contents string
	Lead                  []string
	Tables                []pageTable
}

type pageTable struct {
	ID, Heading string
	Level       int
	Notes       []string
	Columns     []pageColumn
	Rows        [][]pageCell
}

type pageColumn struct {
	Label  string
	Number bool
}

type pageCell struct {
	Text   string
	Number bool
	Mark   pageMark
}

// WriteHTML writes the summary as one page that needs nothing else.
func (s *Summary) WriteHTML(w io.Writer) error {
	p, o := newPage(s.o.Hide), s.overview()
	out := summaryPage{Lang: pageLanguage, Title: o.title, Contents: english.handover.contents, Lead: o.lead}
	for i, t := range o.tables {
		out.Tables = append(out.Tables, p.table(fmt.Sprintf("table-%d", i+1), t))
	}
	return pages().ExecuteTemplate(w, "summary.html", out)
}

func (p page) table(id string, t overviewTable) pageTable {
	out := pageTable{ID: id, Heading: t.heading, Level: t.level, Notes: t.notes}
	for _, c := range t.columns {
		out.Columns = append(out.Columns, pageColumn{c.label, c.number})
	}
	for _, line := range t.rows {
		cells := make([]pageCell, len(line))
		for i, c := range line {
			cells[i] = pageCell{Text: p.text(c.text), Number: t.columns[i].number}
			if c.mark != "" {
				cells[i].Mark = markOf(c.mark)
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}
