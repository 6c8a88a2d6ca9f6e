package pages

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Answers is the evidence: every DNS answer that a report rests on.
type Answers struct {
	b      *Board
	e      *Entry
	list   widget.List
	at     []int // indices of the answers that match the filter
	filter filter
	shown  []dns.Answer // as they were when somebody asked for them: rows do not change places by themselves
	asked  int          // examinations of e until then
	alone  bool         // opened past the page of the entry: the title has to name it
}

// NewAnswers is the page of an entry's answers.
func NewAnswers(b *Board, e *Entry) *Answers {
	p := &Answers{b: b, e: e}
	p.take()
	return p
}

// take shows the answers of the last examination.
func (p *Answers) take() {
	p.shown, p.asked = p.e.Report.Answers, p.e.Asked
	if p.e.Busy {
		p.asked-- // again when it has ended
	}
	p.arrange()
}

func (p *Answers) arrange() {
	p.at = p.at[:0]
	f := strings.ToLower(p.filter.what)
	for i, a := range p.shown {
		_, status := answered(ui.Look{T: p.b.Texts}, a)
		text := a.Question.String() + " " + a.Server + " " + a.Rcode + " " + status
		for _, r := range a.Records {
			text += " " + recordText(r)
		}
		if f == "" || strings.Contains(strings.ToLower(text), f) {
			p.at = append(p.at, i)
		}
	}
	p.list.Settle(p.rows(nil))
}

func (p *Answers) rows(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(p.at), Draw: draw}
}

func (p *Answers) selected() (dns.Answer, bool) {
	if p.list.At < 0 || p.list.At >= len(p.at) {
		return dns.Answer{}, false
	}
	return p.shown[p.at[p.list.At]], true
}

// Title names the page.
func (p *Answers) Title(l ui.Look) string {
	if p.alone {
		return ui.Fill(l.T.AnswersFor, l.Text(p.e.Name()))
	}
	return l.T.AnswersTitle
}

// State counts the answers.
func (p *Answers) State(l ui.Look) string {
	if place := p.list.Place(len(p.at)); place != "" {
		return place
	}
	return ui.Count(l.T.AnswersCount, len(p.at))
}

// Status explains the page.
func (p *Answers) Status(l ui.Look) string {
	if p.filter.what != "" {
		return ui.Fill(l.T.Filtered, l.Text(p.filter.what))
	}
	return l.T.AnswersStatus
}

// Keys are the actions of the page.
func (p *Answers) Keys() []keys.Action {
	ks := []keys.Action{keys.Open, keys.Filter, keys.Check}
	if a, ok := p.selected(); ok && len(a.Records) > 0 {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print)
	}
	return append(ks, keys.Save, keys.Explain, keys.CheckAll)
}

// Do carries out an action.
func (p *Answers) Do(a keys.Action) (tea.Cmd, bool) {
	if p.list.Do(a, p.rows(nil)) {
		return nil, true
	}
	switch a {
	case keys.Open:
		if got, ok := p.selected(); ok {
			return p.b.open(&Answer{b: p.b, e: p.e, a: got}), true
		}
	case keys.Filter:
		p.filter.open()
		return nil, true
	case keys.Back:
		if p.filter.clear() {
			p.arrange()
			return nil, true
		}
	case keys.Answers:
		return nil, false // they are here
	}
	return p.b.usual(p.e, a)
}

// Update hears nothing of its own.
func (p *Answers) Update(tea.Msg) tea.Cmd { return nil }

// Typing holds while the filter is written.
func (p *Answers) Typing() bool { return p.filter.typing }

// Type edits the filter.
func (p *Answers) Type(k tea.KeyPressMsg) {
	p.filter.key(k)
	p.arrange()
}

// Paste puts text into the filter.
func (p *Answers) Paste(s string) string {
	told := p.filter.paste(p.b.Texts, s)
	p.arrange()
	return told
}

// Carry takes the records of the selected answer along.
func (p *Answers) Carry() ui.Carried {
	a, ok := p.selected()
	if !ok {
		return ui.Carried{}
	}
	c := carryAnswer(p.b.Texts, a)
	l := paper(p.b.Texts)
	var out strings.Builder
	for _, a := range p.shown {
		for _, s := range answerDetail(l, a, ui.Prose) {
			out.WriteString(strings.TrimRight(s, " ") + "\n")
		}
		out.WriteString("\n")
	}
	c.File, c.Text = p.e.Name()+"-answers", out.String()
	return c
}

func carryAnswer(t *ui.Texts, a dns.Answer) ui.Carried {
	var values []string
	for _, r := range a.Records {
		values = append(values, recordText(r))
	}
	c := ui.Carried{Name: a.Question.String(), All: strings.Join(values, "\n")}
	if len(values) > 0 {
		c.Value = values[0]
	}
	c.What = ui.Fill(t.WhatValue, a.Question.Name)
	return c
}

// Words are those that stand on the page.
func (p *Answers) Words() []string { return []string{"DNS", "TXT", "TTL", "NXDOMAIN", "resolver"} }

// View draws the list, and beside it the selected answer where there is room.
func (p *Answers) View(l ui.Look, w, h int) ui.Body {
	if !p.e.Busy && p.asked != p.e.Asked {
		p.take()
	}
	side := w
	if w >= 150 && l.Height >= 24 {
		side = 96
	}
	lines, y := p.list.View(p.rows(func(i int, _ bool) string {
		return l.Cut(answerLine(l, p.shown[p.at[i]], side-2), side-2)
	}), h, widget.Gutter)
	b := ui.Body{Lines: lines, Y: y}
	if len(lines) == 0 {
		none := l.T.NoAnswers
		if p.filter.what != "" {
			none = l.T.NoneMatch
		}
		b = ui.Body{Lines: ui.Wrap(none, w), X: -1, Y: -1}
	}
	if side < w {
		var detail []string
		if a, ok := p.selected(); ok {
			detail = answerDetail(l, a, w-side-3)
		}
		b.Lines = widget.Beside(l, h, []int{side, w - side - 3}, b.Lines, detail)
	}
	if p.filter.typing && h > 0 {
		for len(b.Lines) < h {
			b.Lines = append(b.Lines, "")
		}
		b = prompt(l, w, b, l.T.FilterPrompt, &p.filter.field)
	}
	return b
}

// answerLine is one answer in a line.
func answerLine(l ui.Look, a dns.Answer, w int) string {
	state, text := answered(l, a)
	badge := l.Badge(state)
	if a.Void() {
		badge = "      " // that nothing stands there is neither good nor bad
	}
	if w < 70 {
		return badge + "  " + l.Fit(l.Text(a.Question.Type.String()), 6) + l.Text(a.Question.Name)
	}
	name := max(20, min(36, w-56))
	if len(a.Records) > 0 {
		text = l.Text(recordText(a.Records[0]))
		if n := len(a.Records); n > 1 {
			text += ui.Fill(l.T.AndMore, fmt.Sprint(n-1))
		}
	}
	line := clock(a.At) + "  " + badge + "  " + l.Fit(l.Text(a.Question.Type.String()), 6) + l.Fit(l.Text(a.Question.Name), name) + "  "
	if w < 130 {
		if from := "  " + ui.Fill(l.T.AnsweredBy, l.Text(a.Server)); a.Direct && w >= 90 {
			return line + l.Cut(text, w-width(line)-width(from)) + l.Paint(theme.Muted, from)
		}
		return line + text
	}
	return line + l.Fit(text, w-width(line)-24) + "  " + l.Text(a.Server)
}

// answerDetail is everything that is known about an answer.
func answerDetail(l ui.Look, a dns.Answer, w int) []string {
	state, text := answered(l, a)
	out := l.Hang(l.Badge(state)+"  ", l.Text(a.Question.String()), w)
	say := func(name, value string) {
		if value != "" {
			out = append(out, l.Hang(l.Paint(theme.Muted, l.Fit(name, 13)), value, w)...)
		}
	}
	out = append(out, "")
	say(l.T.AnswerIs, text)
	if a.Err != nil {
		say(l.T.AnswerWhy, l.Text(a.Err.Error()))
	}
	for i, r := range a.Records {
		name := ""
		if i == 0 {
			name = l.T.AnswerRecords
		}
		say(name, l.Text(recordText(r)))
		if n := len(r.Strings); n > 1 {
			say("", ui.Fill(l.T.InStrings, fmt.Sprint(n)))
		}
	}
	say(l.T.AnswerChain, l.Text(strings.Join(a.Chain, ", ")))
	say(l.T.AnswerServer, l.Text(a.Server))
	say(l.T.AnswerAt, clock(a.At))
	say(l.T.AnswerTook, lasted(a.Took))
	if a.Status != dns.Failed {
		say(l.T.AnswerTTL, ui.Fill(l.T.Seconds, fmt.Sprint(int(a.TTL.Seconds()))))
	}
	say(l.T.AnswerRcode, l.Text(a.Rcode))
	say(l.T.AnswerZone, l.Text(a.Zone))
	for _, e := range a.EDE {
		say(l.T.AnswerEDE, l.Text(e))
	}
	var flags []string
	for _, f := range []struct {
		set  bool
		text string
	}{{a.AD, l.T.FlagAD}, {a.AA, l.T.FlagAA}, {a.TCP, l.T.FlagTCP}, {a.Cached, l.T.FlagCached}} {
		if f.set {
			flags = append(flags, f.text)
		}
	}
	say(l.T.AnswerFlags, strings.Join(flags, "; "))
	if a.Size > 0 {
		say(l.T.AnswerSize, ui.Fill(l.T.Octets, fmt.Sprint(a.Size)))
	}
	return out
}

// Answer is the page of one answer.
type Answer struct {
	b    *Board
	e    *Entry
	a    dns.Answer
	text widget.Text
}

// Title is the question.
func (p *Answer) Title(l ui.Look) string { return l.Text(p.a.Question.String()) }

// State is the place in the text.
func (p *Answer) State(ui.Look) string { return p.text.Place() }

// Status is the answer in words.
func (p *Answer) Status(l ui.Look) string {
	_, text := answered(l, p.a)
	return ui.Fill(l.T.AnswerStatus, l.Text(p.a.Server), text)
}

// Keys are the actions of the page.
func (p *Answer) Keys() []keys.Action {
	ks := []keys.Action{keys.Save, keys.WhatIf, keys.Explain}
	if len(p.a.Records) > 0 {
		ks = append([]keys.Action{keys.Copy, keys.CopyAll, keys.Print}, ks...)
	}
	return ks
}

// Do carries out an action.
func (p *Answer) Do(a keys.Action) (tea.Cmd, bool) {
	if a == keys.WhatIf {
		page := NewWhatIf(p.b, p.e, nil)
		page.edit(p.a.Question.Name, p.a.Question.Type, carryAnswer(p.b.Texts, p.a).All)
		return p.b.open(page), true
	}
	return nil, p.text.Do(a)
}

// Update hears nothing of its own.
func (p *Answer) Update(tea.Msg) tea.Cmd { return nil }

// Carry takes the records along.
func (p *Answer) Carry() ui.Carried {
	c := carryAnswer(p.b.Texts, p.a)
	l := paper(p.b.Texts)
	c.File, c.Text = p.a.Question.Name, strings.Join(answerDetail(l, p.a, ui.Prose), "\n")+"\n"
	return c
}

// Words are those that stand on the page.
func (p *Answer) Words() []string { return []string{"DNS", "TXT", "TTL", "NXDOMAIN", "resolver"} }

// View draws the page.
func (p *Answer) View(l ui.Look, w, h int) ui.Body {
	return ui.Body{Lines: p.text.View(answerDetail(l, p.a, w), h), X: -1}
}

// Click selects an answer; what was selected opens.
func (p *Answers) Click(_, y int) bool { return p.list.Click(y, p.rows(nil)) }
