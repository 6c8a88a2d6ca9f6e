package pages

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// width is the number of columns that a text takes.
func width(s string) int { return ansi.StringWidth(s) }

// item is a block of lines; one with an open can be selected at its first line.
type item struct {
	lines   []string
	open    func() tea.Cmd
	finding *finding.Finding
}

// key is the same for a block before and after an examination.
func (it item) key() string {
	if f := it.finding; f != nil {
		return f.Code() + " " + f.Subject + " " + f.Object
	}
	return strings.Join(it.lines, "\n")
}

// flow is a text in which some lines can be selected.
type flow struct {
	list  widget.List
	items []item
	lines []string
	owner []int // the item that begins at a line, or -1
}

// set replaces the blocks. What was selected stays so, where it is still there.
func (f *flow) set(items []item) {
	was := ""
	if it := f.at(); it != nil {
		was = it.key()
	}
	f.items, f.lines, f.owner = items, f.lines[:0], f.owner[:0]
	for i, it := range items {
		for j, s := range it.lines {
			f.lines = append(f.lines, s)
			if j == 0 && it.open != nil {
				f.owner = append(f.owner, i)
			} else {
				f.owner = append(f.owner, -1)
			}
		}
	}
	if it := f.at(); was == "" || it != nil && it.key() == was {
		return
	}
	for i, o := range f.owner {
		if o >= 0 && f.items[o].key() == was {
			f.list.At = i
			return
		}
	}
}

func (f *flow) rows() widget.Rows {
	return widget.Rows{
		Len:  len(f.lines),
		Can:  func(i int) bool { return f.owner[i] >= 0 },
		Draw: func(i int, _ bool) string { return f.lines[i] },
		Tall: func(i int) int {
			if i < 0 || i >= len(f.owner) || f.owner[i] < 0 {
				return 0
			}
			return len(f.items[f.owner[i]].lines) - 1
		},
	}
}

func (f *flow) at() *item {
	if f.list.At >= 0 && f.list.At < len(f.owner) && f.owner[f.list.At] >= 0 {
		return &f.items[f.owner[f.list.At]]
	}
	return nil
}

// view draws the flow in h rows.
func (f *flow) view(l ui.Look, h int) ui.Body {
	lines, y := f.list.View(f.rows(), h, widget.Gutter)
	b := ui.Body{Lines: lines, Y: y}
	if y < 0 {
		b.X = -1
	}
	return b
}

// Report is the page of one target: verdict, problems, how receivers judge.
type Report struct {
	b      *Board
	e      *Entry
	flow   flow
	unfold bool // the silenced findings are shown
	alone  bool // no header names the entry
}

// NewReport is the page of an entry.
func NewReport(b *Board, e *Entry) *Report { return &Report{b: b, e: e} }

// Title is the entry's name.
func (p *Report) Title(l ui.Look) string { return l.Text(p.e.Name()) }

// State says when was checked.
func (p *Report) State(l ui.Look) string {
	s := l.Badge(p.e.State())
	if place := p.flow.list.Place(len(p.flow.lines)); place != "" {
		return place + "   " + s
	}
	if p.e.Known {
		return ui.Fill(l.T.CheckedAt, clock(p.e.Report.Started.Add(p.e.Report.Took))) + "   " + s
	}
	return s
}

// Status is the verdict in a sentence.
func (p *Report) Status(l ui.Look) string {
	if p.e.Busy && p.e.Known {
		return stages(l, p.e)
	}
	if problems := p.e.Problems(); p.e.State() != ui.Busy && !p.e.Stale && p.e.Broken == "" && len(problems) > 0 {
		return ui.Count(l.T.ProblemsHere, len(problems), title(l, problems[0]))
	}
	return p.b.status(l, p.e)
}

// Keys are the actions of the page.
func (p *Report) Keys() []keys.Action {
	ks := []keys.Action{keys.Open, keys.Next, keys.Check, keys.WhatIf, keys.Answers}
	if p.e.Busy {
		ks = append(ks, keys.Stop)
	}
	if p.e.mendable() {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print)
	}
	if p.b.Guides != nil {
		ks = append(ks, keys.Wizards)
	}
	return append(ks, keys.Save, keys.Explain, keys.Previous, keys.WaitUntil, keys.CheckAll, keys.Freeze)
}

// Do carries out an action.
func (p *Report) Do(a keys.Action) (tea.Cmd, bool) {
	if p.flow.list.Do(a, p.flow.rows()) {
		return nil, true
	}
	switch a {
	case keys.Open:
		if it := p.flow.at(); it != nil {
			return it.open(), true
		}
		return nil, false
	case keys.Next, keys.Previous:
		dir := 1
		if a == keys.Previous {
			dir = -1
		}
		if !p.jump(dir) {
			p.b.tell(p.b.Texts.NoMoreProblems)
		}
		return nil, true
	case keys.WhatIf:
		var f *finding.Finding
		if it := p.flow.at(); it != nil {
			f = it.finding
		}
		return p.b.open(NewWhatIf(p.b, p.e, f)), true
	case keys.WaitUntil:
		var f *finding.Finding
		if it := p.flow.at(); it != nil {
			f = it.finding
		}
		return p.b.wait(p.e, f)
	}
	return p.b.usual(p.e, a)
}

// jump goes to the next problem in a direction.
func (p *Report) jump(dir int) bool {
	f := &p.flow
	for i := f.list.At + dir; i >= 0 && i < len(f.owner); i += dir {
		if o := f.owner[i]; o >= 0 && f.items[o].finding != nil {
			f.list.At = i
			return true
		}
	}
	return false
}

// Update hears nothing of its own: the entry changes under it.
func (p *Report) Update(tea.Msg) tea.Cmd { return nil }

// Carry takes the fix of the selected finding along, else the first.
func (p *Report) Carry() ui.Carried {
	c := ui.Carried{}
	pick := p.e.Problems()
	if it := p.flow.at(); it != nil && it.finding != nil {
		pick = append([]finding.Finding{*it.finding}, pick...)
	}
	for _, f := range pick {
		if mends(f) {
			c = carryRecord(p.b.Texts, p.e.Report, f, 0)
			break
		}
	}
	if p.e.Known {
		c.Text, c.File = WriteText(p.b, p.e), p.e.Name()
	}
	return c
}

// About is the selected problem, else the first.
func (p *Report) About() ui.About {
	if it := p.flow.at(); it != nil && it.finding != nil {
		return p.b.about(p.e, it.finding)
	}
	if all := p.e.Problems(); p.e.Known && len(all) > 0 {
		return p.b.about(p.e, &all[0])
	}
	return p.b.about(p.e, nil)
}

// Words are those of the findings.
func (p *Report) Words() []string { return wordsOf(p.b, p.e.Problems()...) }

// View draws the page.
func (p *Report) View(l ui.Look, w, h int) ui.Body {
	p.flow.set(p.build(l, min(w-2, ui.Prose+10), l.Height < 16))
	return p.flow.view(l, h)
}

// build makes the blocks of the page. Folded, each is its first line only.
func (p *Report) build(l ui.Look, w int, folded bool) []item {
	e, r := p.e, p.e.Report
	var out []item
	add := func(it item) {
		if folded && len(it.lines) > 1 && it.open != nil {
			it.lines = it.lines[:1]
			if f := it.finding; f != nil {
				it.lines = []string{l.Cut(l.Badge(severityState(f.Severity()))+"  "+title(l, *f), w)}
			}
		}
		out = append(out, it)
	}
	text := func(lines ...string) {
		if !folded {
			out = append(out, item{lines: lines})
		}
	}
	if p.alone {
		text(l.Ends(heading(l, p.b.title(l, e)), l.Badge(e.State()), w))
	}
	for _, s := range p.b.takes(l, e) {
		text(ui.Wrap(s, w)...)
	}
	switch {
	case e.Busy && !e.Known: // else the status line tells, and nothing moves
		text("")
		text(l.Hang(l.Badge(ui.Busy)+"  ", stages(l, e), w)...)
	case e.Broken != "":
		text(l.Hang(l.Badge(ui.Unknown)+"  ", l.Text(e.Broken), w)...)
	}
	if !e.Known {
		if !e.Busy {
			text("", l.T.PressCheck)
		}
		return out
	}
	p.addFindings(l, w, add, text)
	if j := judge(l, r.Paths); len(j) > 0 {
		text("", heading(l, ui.Fill(l.T.Judged, l.Text(spread(r.Paths)))))
		for _, x := range j {
			add(item{lines: []string{judged(l, x, w)}, open: func() tea.Cmd { return p.b.open(NewPaths(p.b, e)) }})
		}
	}
	if facts := records(l, r); len(facts) > 0 {
		text("", heading(l, l.T.Published))
		for _, f := range facts {
			text(l.Cut(fmt.Sprintf("%-8s%s", f[0], f[1]), w))
		}
	}
	text("", heading(l, l.T.Evidence))
	add(item{
		lines: []string{l.Cut(ui.Count(l.T.NAnswers, len(r.Answers), fmt.Sprint(r.Queries), lasted(r.Took)), w)},
		open:  func() tea.Cmd { return p.b.open(NewAnswers(p.b, e)) },
	})
	return out
}

// addFindings adds the problems, the notes and the silenced ones.
func (p *Report) addFindings(l ui.Look, w int, add func(item), text func(...string)) {
	r := p.e.Report
	var notes, silenced []finding.Finding
	n := 0
	show := func(f finding.Finding, lines []string) {
		add(item{lines: lines, finding: &f, open: func() tea.Cmd { return p.b.open(NewFinding(p.b, p.e, f)) }})
	}
	for _, f := range r.Findings {
		switch {
		case f.SilencedBy != "":
			silenced = append(silenced, f)
		case f.Severity() == finding.Note:
			notes = append(notes, f)
		default:
			if n++; n == 1 {
				text("", heading(l, l.T.ProblemsHeading))
			} else {
				text("")
			}
			show(f, problem(l, r, f, w))
		}
	}
	if n == 0 {
		text("")
		state, sentence := ui.OK, l.T.AllGood
		if r.Verdict == checks.VerdictUnknown {
			state, sentence = ui.Unknown, l.T.CouldNotTell
		}
		text(l.Hang(l.Badge(state)+"  ", sentence, w)...)
	}
	if len(silenced) > 0 {
		text("")
		mark := l.T.EnterShows
		if p.unfold {
			mark = l.T.EnterFolds
		}
		add(item{
			lines: []string{l.Cut(l.Badge(ui.Skipped)+"  "+ui.Count(l.T.Silenced, len(silenced))+" "+mark, w)},
			open:  func() tea.Cmd { p.unfold = !p.unfold; return nil },
		})
		for _, f := range silenced {
			if p.unfold {
				show(f, follower(l, f, w))
			}
		}
	}
	if len(notes) > 0 {
		text("", heading(l, l.T.GoodToKnow))
		for _, f := range notes {
			show(f, topic(l, f, w))
		}
	}
}

// follower is a silenced finding, with what it follows from.
func follower(l ui.Look, f finding.Finding, w int) []string {
	head, why := l.Badge(severityState(f.Severity()))+"  ", ui.Fill(l.T.Because, l.Text(f.SilencedBy))
	if width(head)+width(title(l, f))+2+width(why) <= w {
		return []string{l.Ends(head+title(l, f), l.Paint(theme.Muted, why), w)}
	}
	return append(l.Hang(head, title(l, f), w), l.Hang("        ", why, w)...)
}

// records are the published records that decide, as far as the answers tell.
func records(l ui.Look, r checks.Report) (out [][2]string) {
	seen := map[string]bool{}
	add := func(label, text string) {
		if k := label + text; !seen[k] {
			seen[k] = true
			out = append(out, [2]string{label, l.Text(text)})
		}
	}
	for _, a := range r.Answers {
		if a.Status != dns.Found {
			continue
		}
		for _, rec := range a.Records {
			text := recordText(rec)
			low := strings.ToLower(text)
			switch {
			case a.Question.Type == dns.TypeTXT && a.Question.Name == r.Domain && strings.HasPrefix(low, "v=spf1"):
				add("SPF", text)
			case a.Question.Type == dns.TypeTXT && strings.HasPrefix(a.Question.Name, "_dmarc.") && strings.HasPrefix(low, "v=dmarc1"):
				add("DMARC", text)
			case a.Question.Type == dns.TypeTXT && strings.Contains(a.Question.Name, "._domainkey.") && strings.HasSuffix(a.Question.Name, "."+r.Domain):
				add("DKIM", text)
			case a.Question.Type == dns.TypeMX && a.Question.Name == r.Domain:
				add("MX", text)
			}
		}
	}
	return out
}

// WriteText is the report as plain text, for a file.
func WriteText(b *Board, e *Entry) string {
	l := paper(b.Texts)
	p := Report{b: b, e: e, unfold: true, alone: true}
	var out strings.Builder
	line := func(s string) { out.WriteString(strings.TrimRight(ansi.Strip(s), " ") + "\n") }
	for _, it := range p.build(l, ui.Prose, false) {
		for _, s := range it.lines {
			line(s)
		}
	}
	for _, f := range e.Problems() {
		if f.Fix == nil {
			continue
		}
		line("")
		line(title(l, f) + " (" + f.Code() + ")")
		for i := range f.Fix.Records {
			for _, s := range strings.Split(carryRecord(b.Texts, e.Report, f, i).All, "\n") {
				line(l.Text(s))
			}
		}
		if f.Fix.Command != "" {
			for _, s := range strings.Split(f.Fix.Command, "\n") {
				line(l.Text(s))
			}
		}
	}
	return out.String()
}

// Click selects a block; what was selected opens.
func (p *Report) Click(_, y int) bool { return p.flow.list.Click(y, p.flow.rows()) }
