package pages

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Finding is the page of one problem: what was seen, why it matters, who must
// act, and the whole record that mends it.
type Finding struct {
	b      *Board
	e      *Entry
	f      finding.Finding
	text   widget.Text
	lines  []string
	value  int // the line of the record's value, or -1
	record int // which record of the fix c and p take
	find   find
}

// NewFinding is the page of a finding of an entry.
func NewFinding(b *Board, e *Entry, f finding.Finding) *Finding {
	return &Finding{b: b, e: e, f: f, value: -1}
}

// Title is the finding's code.
func (p *Finding) Title(l ui.Look) string { return l.Text(p.f.Code()) }

// State says which of the problems this is.
func (p *Finding) State(l ui.Look) string {
	place := p.text.Place()
	i, all := p.place()
	if i < 0 || len(all) < 2 {
		return place
	}
	form := l.T.NthProblem
	if p.f.Severity() == finding.Note {
		form = l.T.NthNote
	}
	nth := ui.Fill(form, fmt.Sprint(i+1), fmt.Sprint(len(all)))
	if place == "" {
		return nth
	}
	return nth + "   " + place
}

// place is where the finding stands among the problems, or among the notes if
// it is one; or -1.
func (p *Finding) place() (int, []finding.Finding) {
	all := p.e.Problems()
	if p.f.Severity() == finding.Note {
		all = p.e.Notes()
	}
	for i, f := range all {
		if f.Code() == p.f.Code() && f.Object == p.f.Object && f.Title() == p.f.Title() {
			return i, all
		}
	}
	return -1, all
}

// Status says what to do.
func (p *Finding) Status(l ui.Look) string {
	if i, _ := p.place(); i < 0 && p.e.Known && p.f.SilencedBy == "" {
		return ui.Fill(l.T.Gone, clock(p.e.Report.Started))
	}
	if p.e.Busy {
		return ui.Fill(l.T.Checking, p.b.title(l, p.e))
	}
	if p.find.what != "" {
		return ui.Fill(l.T.FindKept, l.Text(p.find.what))
	}
	if n := len(p.records()); n > 1 {
		return ui.Fill(l.T.RecordNth, fmt.Sprint(p.record+1), fmt.Sprint(n))
	}
	if len(p.records()) == 1 {
		return l.T.ChangesNothing
	}
	if !somebody(p.f) {
		return l.T.NobodyActs
	}
	return ui.Fill(l.T.WhoActs, who(l, p.e.Report, p.f))
}

func (p *Finding) records() []finding.Record {
	if p.f.Fix == nil {
		return nil
	}
	return p.f.Fix.Records
}

// Keys are the actions of the page.
func (p *Finding) Keys() []keys.Action {
	var ks []keys.Action
	if p.find.what != "" {
		ks = append(ks, keys.Next, keys.Previous)
	}
	if len(p.records()) > 0 {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print, keys.Form, keys.WaitUntil)
	}
	if p.b.Guides != nil && somebody(p.f) {
		ks = append(ks, keys.Wizards)
	}
	if len(p.records()) > 0 {
		ks = append(ks, keys.WhatIf)
	}
	if len(p.records()) > 1 {
		ks = append(ks, keys.NextPane, keys.PrevPane)
	}
	if _, all := p.place(); len(all) > 1 && p.find.what == "" {
		ks = append(ks, keys.Next, keys.Previous)
	}
	ks = append(ks, keys.Check)
	if p.e.Busy {
		ks = append(ks, keys.Stop)
	}
	if len(p.records()) == 0 {
		ks = append(ks, keys.WhatIf)
		if p.f.Fix != nil && p.f.Fix.Command != "" {
			ks = append(ks, keys.Copy, keys.CopyAll, keys.Print)
		}
	}
	return append(ks, keys.Save, keys.Answers, keys.Explain, keys.Filter, keys.CheckAll)
}

// Do carries out an action.
func (p *Finding) Do(a keys.Action) (tea.Cmd, bool) {
	if p.text.Do(a) {
		return nil, true
	}
	switch a {
	case keys.Next, keys.Previous:
		dir := 1
		if a == keys.Previous {
			dir = -1
		}
		if p.find.what != "" {
			return p.find.next(p.b, &p.text, p.lines, dir), true
		}
		i, all := p.place()
		if len(all) == 0 {
			return nil, false
		}
		if i+dir < 0 || i+dir >= len(all) {
			if p.f.Severity() == finding.Note {
				return p.b.tell(p.b.Texts.NoMoreNotes), true
			}
			return p.b.tell(p.b.Texts.NoMoreProblems), true
		}
		*p = *NewFinding(p.b, p.e, all[i+dir])
		return nil, true
	case keys.NextPane, keys.PrevPane:
		n := len(p.records())
		if n < 2 {
			return nil, false
		}
		dir := 1
		if a == keys.PrevPane {
			dir = n - 1
		}
		p.record = (p.record + dir) % n
		return nil, true
	case keys.Filter:
		p.find.open()
		return nil, true
	case keys.Back:
		return nil, p.find.clear()
	case keys.Form:
		if len(p.records()) > 0 {
			return p.b.open(NewForms(p.b, p.Carry())), true
		}
	case keys.WhatIf:
		return p.b.open(NewWhatIf(p.b, p.e, &p.f)), true
	case keys.WaitUntil:
		return p.b.wait(p.e, &p.f)
	}
	return p.b.usual(p.e, a)
}

// Update hears nothing of its own.
func (p *Finding) Update(tea.Msg) tea.Cmd { return nil }

// Typing holds while something is looked for.
func (p *Finding) Typing() bool { return p.find.typing }

// Type edits what is looked for.
func (p *Finding) Type(k tea.KeyPressMsg) { p.find.key(k, &p.text, p.lines) }

// Paste adds to what is looked for.
func (p *Finding) Paste(s string) string { return p.find.paste(p.b.Texts, s, &p.text, p.lines) }

// Carry takes the record that is chosen along.
func (p *Finding) Carry() ui.Carried {
	c := ui.Carried{}
	if mends(p.f) {
		c = carryRecord(p.b.Texts, p.e.Report, p.f, p.record)
	}
	l := paper(p.b.Texts)
	lines, _ := p.build(l, ui.Prose)
	c.Text = strings.Join(lines, "\n") + "\n"
	if c.All != "" {
		c.Text += "\n" + l.T.WholeRecord + "\n"
		for _, s := range strings.Split(c.All, "\n") {
			c.Text += safe.Line(s) + "\n"
		}
	}
	if c.File == "" {
		c.File = p.e.Name() + "-" + p.f.Code()
	}
	return c
}

// About is the problem.
func (p *Finding) About() ui.About { return p.b.about(p.e, &p.f) }

// Words are those of the finding.
func (p *Finding) Words() []string { return wordsOf(p.b, p.f) }

// View draws the page.
func (p *Finding) View(l ui.Look, w, h int) ui.Body {
	if i, all := p.place(); i >= 0 {
		p.f = all[i] // as it was seen last
	}
	p.lines, p.value = p.build(l, w)
	b := ui.Body{Lines: p.text.View(p.lines, h), X: -1}
	if y := p.text.Line(p.value); p.value >= 0 && y >= 0 {
		b.X, b.Y = min(9, max(0, w-1)), y
	}
	return p.find.over(l, w, h, b)
}

const label = 16 // columns of the labels at the left

// build makes the text of the page; value is the line of the chosen record's
// value, or -1.
func (p *Finding) build(l ui.Look, w int) (out []string, value int) {
	value = -1
	f, r := p.f, p.e.Report
	say := func(name string, paragraphs ...string) {
		for _, s := range paragraphs {
			if s == "" {
				continue
			}
			out = append(out, labelled(l, name, s, w)...)
			name = ""
		}
	}
	out = append(out, l.Hang(l.Badge(severityState(f.Severity()))+"  ", heading(l, title(l, f)), w)...)
	if f.SilencedBy != "" {
		out = append(out, l.Hang(l.Badge(ui.Skipped)+"  ", ui.Fill(l.T.FollowsFrom, l.Text(f.SilencedBy)), w)...)
	}
	out = append(out, "")
	seen, most, long := []string{l.Text(f.Saw())}, 6, 300
	if l.Height < 30 {
		most, long = 3, 100 // who must act and what to do matter more
	}
	for i, e := range f.Evidence {
		if i == most {
			seen = append(seen, l.T.MoreInAnswers)
			break
		}
		for answer := range strings.SplitSeq(e.Answer, "\n") { // one record each
			e.Answer = answer
			seen = append(seen, observed(l, e, long))
		}
	}
	say(l.T.LabelSaw, seen...)
	say(l.T.LabelWhy, effect(l, f))
	if somebody(f) {
		say(l.T.LabelWho2, p.person(l))
	}
	out = append(out, "")
	how := []string{l.Text(f.Action())}
	if f.Fix != nil && f.Fix.Summary != "" && f.Fix.Summary != f.Action() && (l.Height >= 40 && len(p.records()) > 1 || f.Action() == "") {
		how = append(how, l.Text(f.Fix.Summary))
	}
	say(l.T.LabelHow, how...)
	for i, rec := range p.records() {
		at := len(out)
		lines, v := cardOf(r, rec).Draw(l, w, len(p.records()) > 1 && i == p.record)
		out = append(out, "")
		out = append(out, lines...)
		if i == p.record {
			value = at + 1 + v
		}
	}
	if f.Fix != nil && f.Fix.Command != "" {
		out = append(out, "", l.T.OrCommand)
		for _, s := range strings.Split(f.Fix.Command, "\n") {
			out = append(out, l.Cut("  "+l.Text(s), w))
		}
	}
	if len(how[0])+len(p.records()) > 0 {
		out = append(out, "")
	}
	test := l.T.ThenCheck
	if f.Rule.Test != "" {
		test = l.Text(finding.Finding{Rule: &finding.Rule{Title: f.Rule.Test}, Args: f.Args}.Title())
	}
	if somebody(f) {
		say(l.T.LabelThen, test)
	}
	if words := wordsOf(p.b, f); len(words) > 0 {
		say(l.T.LabelWords, ui.Fill(l.T.PressE, strings.Join(words, ", ")))
	}
	say(l.T.LabelSource, strings.Join(f.Rule.References, "; "))
	for i := range out {
		out[i] = l.Cut(out[i], w)
	}
	return out, value
}

// somebody says whether a finding asks anybody to do anything.
func somebody(f finding.Finding) bool {
	return f.Severity() != finding.Note || f.Action() != "" || f.Fix != nil
}

// person is who must act, with the name servers where that is DNS.
func (p *Finding) person(l ui.Look) string {
	f, r := p.f, p.e.Report
	person := who(l, r, f)
	if f.Who() != finding.CustomerDNS {
		return person
	}
	zone := r.Domain
	if recs := p.records(); len(recs) > 0 {
		zone = r.ZoneOf(recs[0].Name)
	}
	ns, more := r.NameServers(zone), ""
	if len(ns) == 0 {
		return person
	}
	if len(ns) > 3 {
		ns, more = ns[:3], ", ..."
	}
	return person + " (" + l.Text(strings.Join(ns, ", ")) + more + ")"
}

// labelled puts a label before a paragraph, or above it where it is narrow.
func labelled(l ui.Look, name, text string, w int) []string {
	if w < 60 {
		var out []string
		if name != "" {
			out = append(out, heading(l, name))
		}
		return append(out, l.Hang("  ", text, w)...)
	}
	return l.Hang(l.Fit(heading(l, name), label), text, w)
}

// observed is one observation in words; its answer is cut to long columns.
func observed(l ui.Look, e finding.Evidence, long int) string {
	s := strings.TrimSpace(l.Text(e.Name) + "  " + l.Text(e.Type))
	s += "  " + l.Cut(l.Text(e.Answer), long)
	switch {
	case e.Server != "" && !e.At.IsZero():
		s += ui.Fill(l.T.AskedAt, l.Text(e.Server), clock(e.At))
	case e.Server != "":
		s += ui.Fill(l.T.Asked, l.Text(e.Server))
	}
	return s
}

// Label names keys by what they do here.
func (p *Finding) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.Copy: t.KeyValue, keys.NextPane: t.KeyRecord, keys.Filter: t.KeyFind}[a]
}
