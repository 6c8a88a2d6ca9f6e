package checks

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
)

// overview is a summary as it is shown: sentences and tables, whatever they are
// written in.
type overview struct {
	title  string
	lead   []string
	tables []overviewTable
}

type overviewTable struct {
	heading string
	level   int // 1: below the title
	notes   []string
	columns []column
	rows    [][]cell
}

type column struct {
	label  string
	number bool
}

// cell is a text of a table. One that is foreign is raw.
type cell struct {
	text    string
	foreign bool
	mark    Verdict // the cell is this verdict, in its colour
}

func ours(s string) cell           { return cell{text: s} }
func theirs(s string) cell         { return cell{text: s, foreign: true} }
func number(n int) cell            { return cell{text: thousands(n)} }
func marking(v Verdict) cell       { return cell{text: verdictWord(v), mark: v} }
func columnOf(label string) column { return column{label: label} }
func numbers(label string) column  { return column{label, true} }

// thousands writes a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent is a share in whole percents; what is there is never 0%, and what is
// not all never 100%.
func percent(n, of int) string {
	switch {
	case of == 0 || n == 0:
		return "0%"
	case n*100 < of:
		return "<1%"
	case n < of && n*200 >= of*199:
		return ">99%"
	}
	return fmt.Sprintf("%d%%", (n*200+of)/(2*of))
}

// shownCodes is how many codes and providers a page lists.
const shownCodes = 200

func (s *Summary) overview() overview {
	w := english.overview
	o := overview{title: finding.Fill(w.title, thousands(s.run.domains)), lead: s.lead()}
	o.tables = append(o.tables, s.verdictTable())
	if s.since != nil {
		o.tables = append(o.tables, s.changeTables()...)
	}
	o.tables = append(o.tables, s.worstTable(w.worst, 1, &s.worst, false), s.ownerTable(), s.codeTable(), s.hostTable())
	o.tables = slices.DeleteFunc(o.tables, func(t overviewTable) bool { return len(t.rows) == 0 && t.heading != w.changed })
	return o
}

func (s *Summary) lead() []string {
	w := english.overview
	out := []string{w.none}
	if s.run.domains > 0 {
		failing := s.run.verdicts[VerdictFailure]
		lead := w.lead[1]
		if failing == 1 {
			lead = w.lead[0]
		}
		out[0] = finding.Fill(lead, thousands(failing), thousands(s.run.domains), percent(failing, s.run.domains))
	}
	if !s.run.first.IsZero() {
		out = append(out, finding.Fill(w.period, s.run.period()))
	}
	if s.run.bad > 0 {
		out = append(out, counted(w.bad, s.run.bad))
	}
	if s.since != nil {
		e := s.since.run
		out = append(out, finding.Fill(w.since, thousands(e.domains), e.period()))
		if e.bad > 0 {
			out = append(out, counted(w.badBefore, e.bad))
		}
		out = append(out, s.comparison())
	}
	return out
}

// counted picks the form for one or many, with the number as people write it.
func counted(forms [2]string, n int) string {
	if n == 1 {
		return finding.Fill(forms[0], "1")
	}
	return finding.Fill(forms[1], thousands(n))
}

// period is when a run took place, to the minute.
func (c runCount) period() string {
	if c.first.IsZero() {
		return english.overview.noTime
	}
	const minute = "2006-01-02 15:04 UTC"
	first, last := c.first.UTC().Format(minute), c.last.UTC().Format(minute)
	if first == last {
		return first
	}
	return finding.Fill(english.overview.span, first, last)
}

func (s *Summary) comparison() string {
	lost := s.lost()
	c := s.changes
	if len(c.verdicts) == 0 && c.added.all == 0 && lost.all == 0 {
		return english.overview.same
	}
	return finding.Fill(english.overview.comparison, thousands(c.newlyFailing.all), thousands(c.repaired.all), thousands(c.added.all), thousands(lost.all))
}

func (s *Summary) verdictTable() overviewTable {
	w := english.overview
	t := overviewTable{heading: w.verdicts, level: 1, columns: []column{columnOf(w.verdict), numbers(w.domains), numbers(w.share)}}
	if s.since != nil {
		t.columns = append(t.columns, numbers(w.before))
	}
	for _, v := range verdictOrder {
		n := s.run.verdicts[v]
		line := []cell{marking(v), number(n), ours(percent(n, s.run.domains))}
		if s.since != nil {
			line = append(line, number(s.since.run.verdicts[v]))
		}
		t.rows = append(t.rows, line)
	}
	return t
}

// changeTables say what is different from an earlier run.
func (s *Summary) changeTables() []overviewTable {
	w := english.overview
	lost := s.lost()
	out := []overviewTable{
		{heading: w.changed, level: 1, columns: []column{columnOf(w.before), columnOf(w.now), numbers(w.domains)}},
	}
	if len(s.changes.verdicts) == 0 {
		out[0].notes = []string{s.comparison()}
	}
	for _, before := range verdictOrder {
		for _, now := range verdictOrder {
			if n := s.changes.verdicts[[2]Verdict{before, now}]; n > 0 {
				out[0].rows = append(out[0].rows, []cell{marking(before), marking(now), number(n)})
			}
		}
	}
	return append(out,
		s.worstTable(w.newlyFailing, 2, &s.changes.newlyFailing, true), s.worstTable(w.repaired, 2, &s.changes.repaired, true),
		s.worstTable(w.otherVerdict, 2, &s.changes.other, true), s.changedCodes(),
		s.worstTable(w.added, 2, &s.changes.added, false), lostTable(&lost),
	)
}

func lostTable(lost *top) overviewTable {
	w := english.overview
	t := overviewTable{heading: w.lost, level: 2, columns: []column{columnOf(w.domain), columnOf(w.before)}, notes: moreRows(lost)}
	for _, r := range lost.sort() {
		t.rows = append(t.rows, []cell{theirs(r.name), marking(r.before)})
	}
	return t
}

func (s *Summary) changedCodes() overviewTable {
	w := english.overview
	t := overviewTable{heading: w.changedCodes, level: 2, notes: []string{w.unsure}, columns: []column{columnOf(w.code), columnOf(w.meaning), numbers(w.appear), numbers(w.gone)}}
	for _, n := range s.codesBy(func(c codeCount) int { return c.appeared + c.gone }) {
		c := s.counts[n]
		t.rows = append(t.rows, []cell{theirs(s.codes.codes[n]), c.meaning(), number(c.appeared), number(c.gone)})
	}
	return t
}

// codesBy are the codes with the highest number, without those that have none.
func (s *Summary) codesBy(of func(codeCount) int) []int {
	var out []int
	for n := range s.counts {
		if of(s.counts[n]) > 0 {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		x, y := s.counts[a], s.counts[b]
		return cmp.Or(cmp.Compare(of(y), of(x)), cmp.Compare(y.severity.Rank(), x.severity.Rank()), cmp.Compare(s.codes.codes[a], s.codes.codes[b]))
	})
	return out[:min(len(out), shownCodes)]
}

// worstTable lists domains, and what to do first for each.
func (s *Summary) worstTable(heading string, level int, from *top, before bool) overviewTable {
	w := english.overview
	t := overviewTable{heading: heading, level: level, columns: []column{columnOf(w.domain)}, notes: moreRows(from)}
	if before {
		t.columns = append(t.columns, columnOf(w.before))
	}
	t.columns = append(t.columns, columnOf(w.now), columnOf(w.findings), columnOf(w.first))
	for _, r := range from.sort() {
		line := []cell{theirs(r.name)}
		if before {
			line = append(line, marking(r.before))
		}
		t.rows = append(t.rows, append(line, marking(r.verdict), ours(r.counted()), theirs(r.title)))
	}
	return t
}

// counted says how many findings of each severity a domain has.
func (r row) counted() string {
	var parts []string
	for _, kind := range []struct {
		n     int
		forms [2]string
	}{{r.failures, english.failures}, {r.unknowns, english.unknowns}, {r.warnings, english.warnings}} {
		if kind.n > 0 {
			parts = append(parts, count(kind.forms, kind.n))
		}
	}
	return strings.Join(parts, ", ")
}

// moreRows says how many domains a list leaves out.
func moreRows(t *top) []string {
	if t.all <= t.most {
		return nil
	}
	return []string{finding.Fill(english.overview.shown, thousands(t.most), thousands(t.all))}
}

func (s *Summary) ownerTable() overviewTable {
	w := english.overview
	t := overviewTable{heading: w.owners, level: 1, columns: []column{columnOf(w.owner), numbers(w.domains), numbers(w.failing), numbers(w.findings)}}
	for _, owner := range finding.Owners {
		if g := s.owners[owner]; g != nil {
			t.rows = append(t.rows, []cell{ours(w.who[owner]), number(g.domains), number(g.failing), number(g.findings)})
		}
	}
	return t
}

func (s *Summary) codeTable() overviewTable {
	w := english.overview
	t := overviewTable{heading: w.codes, level: 1, columns: []column{columnOf(w.severity), columnOf(w.meaning), columnOf(w.code), numbers(w.domains), numbers(w.share)}}
	for _, n := range s.codesBy(func(c codeCount) int { return c.domains }) {
		c := s.counts[n]
		t.rows = append(t.rows, []cell{marking(verdictOf(c.severity)), c.meaning(), theirs(s.codes.codes[n]), number(c.domains), ours(percent(c.domains, s.run.domains))})
	}
	return t
}

func (s *Summary) hostTable() overviewTable {
	w := english.overview
	t := overviewTable{heading: w.providers, level: 1, columns: []column{columnOf(w.provider), numbers(w.domains), numbers(w.failing), numbers(w.share)}}
	names := slices.SortedFunc(maps.Keys(s.hosts), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.hosts[b].domains, s.hosts[a].domains), cmp.Compare(a, b))
	})
	if len(names) == 1 && names[0] == "" {
		return t // nobody looked
	}
	for _, name := range names[:min(len(names), shownCodes)] {
		g := s.hosts[name]
		c := theirs(name)
		if name == "" {
			c = ours(w.noProvider)
		}
		t.rows = append(t.rows, []cell{c, number(g.domains), number(g.failing), ours(percent(g.failing, g.domains))})
	}
	return t
}

// meaning is the title of a code, which is foreign where the catalogue does not
// have it.
func (c codeCount) meaning() cell { return cell{text: c.title, foreign: !c.known} }

// WriteMarkdown writes the summary ready for a ticket.
func (s *Summary) WriteMarkdown(w io.Writer) error {
	o := s.overview()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", o.title)
	for _, l := range o.lead {
		fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(l))
	}
	for _, t := range o.tables {
		fmt.Fprintf(&b, "\n%s %s\n", strings.Repeat("#", t.level+1), escapeMarkdown(t.heading))
		for _, n := range t.notes {
			fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(n))
		}
		if len(t.rows) > 0 {
			t.markdown(&b)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t overviewTable) markdown(b *strings.Builder) {
	labels, rule := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		labels[i], rule[i] = escapeMarkdown(c.label), "---"
		if c.number {
			rule[i] = "---:"
		}
	}
	fmt.Fprintf(b, "\n| %s |\n| %s |\n", strings.Join(labels, " | "), strings.Join(rule, " | "))
	for _, line := range t.rows {
		cells := make([]string, len(line))
		for i, c := range line {
			cells[i] = c.markdown()
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

// markdown writes a cell. A bar ends one even in a code span, and what a
// backslash does to it there depends on the reader: it is named instead.
func (c cell) markdown() string {
	switch {
	case !c.foreign:
		return escapeMarkdown(c.text)
	case c.text == "":
		return ""
	case plainWords(c.text):
		return c.text
	}
	return codeSpan(strings.ReplaceAll(safe.Line(c.text), "|", "<U+007C>"))
}

// closingCodes is how many codes the closing summary names.
const closingCodes = 10

// WriteText writes the summary in a few lines, as a command closes with.
func (s *Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, l := range s.lead() {
		b.WriteString(l + "\n")
	}
	for _, v := range verdictOrder {
		if n := s.run.verdicts[v]; n > 0 {
			fmt.Fprintf(&b, "%9s  %s  %s\n", thousands(n), v.Symbol(true), percent(n, s.run.domains))
		}
	}
	codes := s.codesBy(func(c codeCount) int {
		if c.severity == finding.Note {
			return 0
		}
		return c.domains
	})
	if len(codes) > 0 {
		b.WriteString("\n" + english.overview.codes + ":\n")
	}
	for _, n := range codes[:min(len(codes), closingCodes)] {
		fmt.Fprintf(&b, "%9s  %s  %s\n", thousands(s.counts[n].domains), safe.Line(s.codes.codes[n]), safe.Line(s.counts[n].title))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
