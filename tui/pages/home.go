package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// The detail follows the selection when the reader rests: redrawing it for
// each row that is passed would write kilobytes over a slow line.
const (
	rest     = 200 * time.Millisecond
	longRest = 700 * time.Millisecond // in lists that are scrolled through
	longList = 100                    // rows
)

// Home is the overview: every transport and domain with its health.
type Home struct {
	b        *Board
	list     widget.List
	rows     []row
	order    bool // by severity
	filter   filter
	shown    *Entry // whose detail is drawn
	shownNet bool   // or that of the network
	moves    int
	onDetail bool // the detail has the focus
	zoomed   bool
	panes    int
	side     int // columns of the list, where the detail stands beside it
	detail   widget.Text
}

// row is one line of the list: an entry, a heading, or nothing.
type row struct {
	e       *Entry
	heading string
	network bool // the addresses of the service
}

// can says whether the row can be selected.
func (r row) can() bool { return r.e != nil || r.network }

type restMsg struct {
	home  *Home
	moves int
}

// NewHome is the overview of a board.
func NewHome(b *Board) *Home {
	h := &Home{b: b, panes: 1}
	h.arrange()
	h.show()
	return h
}

// arrange makes the rows anew and keeps the selection.
func (h *Home) arrange() {
	at, net := h.selected(), h.onNetwork()
	h.rows = h.rows[:0]
	for _, part := range []struct {
		heading string
		bare    bool
	}{{h.b.Texts.Transports, false}, {h.b.Texts.Domains, true}} {
		var in []row
		for _, e := range h.b.Entries {
			if (e.Target.Transport == nil) == part.bare && h.matches(e) {
				in = append(in, row{e: e})
			}
		}
		if len(in) == 0 {
			continue
		}
		if h.order {
			slices.SortStableFunc(in, func(a, b row) int { return cmp.Compare(urgency(a.e), urgency(b.e)) })
		}
		if len(h.rows) > 0 {
			h.rows = append(h.rows, row{})
		}
		h.rows = append(append(h.rows, row{heading: part.heading}), in...)
	}
	if h.b.Network != nil && h.matchesNetwork() && len(h.b.Entries) > 0 {
		if len(h.rows) > 0 {
			h.rows = append(h.rows, row{})
		}
		h.rows = append(h.rows, row{heading: h.b.Texts.Network}, row{network: true})
	}
	if i := slices.IndexFunc(h.rows, func(r row) bool { return r.can() && r.e == at && r.network == net }); i >= 0 {
		h.list.At = i
	}
	h.list.Settle(h.listed(nil))
}

// urgency orders entries by what to look at first.
func urgency(e *Entry) int {
	return slices.Index([]ui.State{ui.Failure, ui.Unknown, ui.Warning, ui.Busy, ui.OK}, e.State())
}

func (h *Home) matches(e *Entry) bool {
	f := strings.ToLower(h.filter.what)
	return f == "" || strings.Contains(strings.ToLower(e.Name()), f) || strings.Contains(strings.ToLower(h.b.Domain(e)), f) ||
		e.Known && strings.Contains(string(e.Report.Verdict), f)
}

func (h *Home) selected() *Entry {
	if h.list.At < 0 || h.list.At >= len(h.rows) {
		return nil
	}
	return h.rows[h.list.At].e
}

// InSight are the selected entry and those around it.
func (h *Home) InSight() (out []*Entry) {
	if e := h.selected(); e != nil {
		out = append(out, e)
	}
	from, to := h.list.Shown()
	for i := max(0, from); i < min(to, len(h.rows)); i++ {
		if e := h.rows[i].e; e != nil {
			out = append(out, e)
		}
	}
	return out
}

func (h *Home) listed(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(h.rows), Draw: draw, Can: func(i int) bool { return h.rows[i].can() }}
}

// Title counts what there is, by state.
func (h *Home) Title(l ui.Look) string {
	transports, domains := 0, 0
	var n [ui.ToDo + 1]int
	for _, e := range h.b.Entries {
		if e.Target.Transport != nil {
			transports++
		} else {
			domains++
		}
		n[e.State()]++
	}
	if len(h.b.Entries) == 0 {
		return l.T.NoTargets
	}
	name := ui.Count(l.T.NTransports, transports)
	if domains > 0 {
		name += ", " + ui.Count(l.T.NDomains, domains)
	}
	var parts []string
	for _, s := range []ui.State{ui.Failure, ui.Warning, ui.OK} {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], l.Word(s)))
		}
	}
	if k := n[ui.Unknown]; k > 0 {
		parts = append(parts, ui.Fill(l.T.NUnknown, fmt.Sprint(k)))
	}
	if k := n[ui.Busy]; k > 0 {
		parts = append(parts, ui.Fill(l.T.NBusy, fmt.Sprint(k)))
	}
	return name + ": " + strings.Join(parts, ", ")
}

// State says when was checked, or what goes on.
func (h *Home) State(l ui.Look) string {
	if h.b.Frozen() {
		if n := h.b.Held(); n > 0 {
			return ui.Count(l.T.FrozenHeld, n)
		}
		return l.T.Frozen
	}
	if place := h.list.Place(len(h.rows)); place != "" {
		return place
	}
	var last time.Time
	for _, e := range h.b.Entries {
		if e.Known {
			if t := e.Report.Started.Add(e.Report.Took); t.After(last) {
				last = t
			}
		}
	}
	if last.IsZero() {
		return ""
	}
	at := ui.Fill(l.T.CheckedAt, clock(last))
	switch {
	case h.b.Interval <= 0:
		return at
	case h.b.Paused():
		return at + "  " + l.T.Paused
	}
	return at + "  " + ui.Fill(l.T.Every, every(h.b.Interval))
}

// Status tells of the entry whose detail is shown.
func (h *Home) Status(l ui.Look) string {
	switch {
	case h.filter.what != "":
		return ui.Fill(l.T.Filtered, l.Text(h.filter.what))
	case len(h.b.Entries) == 0:
		return l.T.Begin
	case h.shownNet:
		return NewNetwork(h.b).Status(l)
	case h.shown == nil:
		return l.T.Ready
	}
	return h.b.status(l, h.shown)
}

// Keys are the actions of the overview.
func (h *Home) Keys() []keys.Action {
	if len(h.b.Entries) == 0 {
		ks := []keys.Action{keys.Palette, keys.Explain}
		if h.b.Guides != nil {
			ks = append([]keys.Action{keys.Wizards}, ks...)
		}
		return ks
	}
	ks := []keys.Action{keys.Open, keys.Filter, keys.Check}
	if h.b.Guides != nil {
		ks = append(ks, keys.Wizards)
	}
	ks = append(ks, keys.CheckAll)
	if !h.onNetwork() {
		ks = append(ks, keys.WhatIf, keys.Answers)
	}
	if h.b.Running() > 0 {
		ks = append(ks, keys.Stop)
	}
	if h.panes > 1 {
		ks = append(ks, keys.NextPane, keys.Zoom)
	}
	ks = append(ks, keys.Palette, keys.Explain, keys.Order, keys.Next, keys.Previous)
	if !h.onNetwork() {
		ks = append(ks, keys.WaitUntil)
	}
	if e := h.selected(); e != nil && e.mendable() || h.onNetwork() && h.b.Net.Known {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print)
	}
	ks = append(ks, keys.Save, keys.Freeze)
	if h.panes > 1 {
		ks = append(ks, keys.PrevPane)
	}
	return ks
}

// Do carries out an action.
func (h *Home) Do(a keys.Action) (tea.Cmd, bool) {
	e := h.selected()
	if h.onDetail && h.panes > 1 && h.detail.Do(a) {
		return nil, true
	}
	if h.list.Do(a, h.listed(nil)) {
		return h.moved(), true
	}
	switch a {
	case keys.NextPane, keys.PrevPane:
		if h.panes < 2 {
			return nil, false
		}
		h.onDetail, h.zoomed = !h.onDetail, false
		return nil, true
	case keys.Zoom:
		if h.panes < 2 {
			return nil, false
		}
		h.zoomed = !h.zoomed
		h.b.tell(h.b.Texts.Unzoomed)
		if h.zoomed {
			h.b.tell(h.b.Texts.Zoomed)
		}
		return nil, true
	case keys.Next, keys.Previous:
		return h.jump(a == keys.Next), true
	case keys.Filter:
		h.filter.open()
		return nil, true
	case keys.Back:
		if h.filter.clear() {
			h.arrange()
			return h.moved(), true
		}
		return nil, true // nothing lies behind the overview
	case keys.Order:
		h.order = !h.order
		h.list.At = 0
		h.arrange()
		h.list.Do(keys.Top, h.listed(nil))
		say := h.b.Texts.InFileOrder
		if h.order {
			say = h.b.Texts.BySeverity
		}
		return tea.Batch(h.moved(), h.b.tell(say)), true
	case keys.CheckAll:
		if len(h.b.Entries) == 0 {
			return nil, false
		}
		return tea.Batch(h.b.Again(h.b.Entries...), h.b.LookAtNetwork()), true
	}
	if h.onNetwork() {
		return h.doNetwork(a)
	}
	if e == nil {
		return nil, false
	}
	switch a {
	case keys.Open:
		return h.b.open(NewReport(h.b, e)), true
	case keys.Check, keys.WaitUntil:
		return h.b.usual(e, a)
	case keys.Answers:
		p := NewAnswers(h.b, e)
		p.alone = true
		return h.b.open(p), true
	case keys.WhatIf:
		p := NewWhatIf(h.b, e, nil)
		p.alone = true
		return h.b.open(p), true
	}
	return nil, false
}

// jump goes to the next entry that has problems.
func (h *Home) jump(forward bool) tea.Cmd {
	dir := -1
	if forward {
		dir = 1
	}
	for i := h.list.At + dir; i >= 0 && i < len(h.rows); i += dir {
		e, net := h.rows[i].e, h.rows[i].network && h.b.Net.Known && len(h.b.Net.Problems()) > 0
		if net || e != nil && e.Known && len(e.Problems()) > 0 {
			h.list.At = i
			return h.moved()
		}
	}
	return h.b.tell(h.b.Texts.NoMoreProblems)
}

// moved lets the detail follow after a rest.
func (h *Home) moved() tea.Cmd {
	h.moves++
	wait := rest
	if len(h.rows) > longList {
		wait = longRest
	}
	m := restMsg{h, h.moves}
	return tea.Tick(wait, func(time.Time) tea.Msg { return m })
}

// Update hears that the reader rests.
func (h *Home) Update(m tea.Msg) tea.Cmd {
	if m, ok := m.(restMsg); ok && m.home == h && m.moves == h.moves && !h.shows() {
		h.show()
		h.detail = widget.Text{}
	}
	return nil
}

// Rested says whether a message changes nothing on the screen.
func (h *Home) Rested(m tea.Msg) bool {
	r, ok := m.(restMsg)
	return ok && (r.home != h || r.moves != h.moves || h.shows())
}

// Typing holds while the filter is written.
func (h *Home) Typing() bool { return h.filter.typing }

// Type edits the filter; the list follows.
func (h *Home) Type(k tea.KeyPressMsg) {
	h.filter.key(k)
	h.arrange()
	h.show()
}

// Paste puts text into the filter.
func (h *Home) Paste(s string) string {
	told := h.filter.paste(h.b.Texts, s)
	h.arrange()
	return told
}

// Reveal selects an entry, for who comes from elsewhere.
func (h *Home) Reveal(e *Entry) {
	h.filter.clear()
	h.arrange()
	if i := slices.IndexFunc(h.rows, func(r row) bool { return r.e == e }); i >= 0 {
		h.list.At = i
		h.show()
	}
}

// Carry takes the first fix of the selected entry along.
func (h *Home) Carry() ui.Carried {
	e := h.selected()
	switch {
	case h.onNetwork() && h.b.Net.Known:
		return h.carryNetwork()
	case e == nil || !e.Known:
		return ui.Carried{}
	}
	for _, f := range e.Problems() {
		if mends(f) {
			c := carryRecord(h.b.Texts, e.Report, f, 0)
			c.Text, c.File = WriteText(h.b, e), e.Name()
			return c
		}
	}
	return ui.Carried{File: e.Name(), Text: WriteText(h.b, e)}
}

// Words are those of the problems in sight.
func (h *Home) Words() []string {
	if h.shown == nil {
		return []string{"SPF", "DKIM", "DMARC", "transport"}
	}
	return wordsOf(h.b, h.shown.Problems()...)
}

// View draws the list, and beside it the detail where there is room.
func (h *Home) View(l ui.Look, w, rows int) ui.Body {
	if len(h.b.Entries) == 0 {
		return ui.Body{Lines: h.welcome(l, w, rows), X: -1}
	}
	h.panes = 1
	if w >= 100 && l.Height >= 24 {
		h.panes = 2
		if w >= 160 {
			h.panes = 3
		}
	}
	side := 33
	if w >= 120 {
		side = 44
	}
	h.side = side
	if h.panes == 1 || h.zoomed && !h.onDetail {
		lines, y := h.index(l, w, rows, true)
		return h.typed(l, w, ui.Body{Lines: lines, X: 0, Y: y})
	}
	if h.zoomed {
		return ui.Body{Lines: h.detail.View(h.summary(l, w, rows), rows), X: 0, Y: 0}
	}
	left, y := h.index(l, side, rows, false)
	middle, third := w-side-3, 0
	if h.panes == 3 {
		middle = min(90, max(80, w-side-3-3-40))
		third = w - side - middle - 6
	}
	right := h.detail.View(h.summary(l, middle, rows), rows)
	var words []string
	if third > 0 {
		words = glossary(l, h.b, h.Words(), third)
	}
	body := ui.Body{Lines: widget.Beside(l, rows, []int{side, middle, third}, left, right, words), X: 0, Y: y}
	if h.onDetail {
		body.X, body.Y = side+3, 0
	}
	return h.typed(l, w, body)
}

// typed moves the cursor into the filter while it is written.
func (h *Home) typed(l ui.Look, w int, b ui.Body) ui.Body {
	if b.Y < 0 {
		b.X = -1
	}
	if h.filter.typing && len(b.Lines) > 0 {
		return prompt(l, w, b, l.T.FilterPrompt, &h.filter.field)
	}
	return b
}

// summary is the detail of the entry that is shown.
func (h *Home) summary(l ui.Look, w, rows int) []string {
	e := h.shown
	if h.shownNet {
		return h.network(l, w)
	}
	if e == nil {
		return nil
	}
	out := []string{l.Ends(heading(l, h.b.title(l, e)), l.Badge(e.State()), w)}
	for _, s := range h.b.takes(l, e) {
		out = append(out, ui.Wrap(s, w)...)
	}
	out = append(out, "")
	switch {
	case e.Busy && !e.Known:
		out = append(out, l.Hang(l.Badge(ui.Busy)+"  ", stages(l, e), w)...)
	case e.Broken != "":
		out = append(out, l.Hang(l.Badge(ui.Unknown)+"  ", l.Text(e.Broken), w)...)
	case !e.Known:
		out = append(out, l.T.PressCheck)
	}
	if !e.Known {
		return out
	}
	for _, f := range e.Problems() {
		out = append(out, problem(l, e.Report, f, w)...)
		out = append(out, "")
	}
	if len(e.Problems()) == 0 && e.Report.Verdict != checks.VerdictUnknown {
		out = append(out, l.Hang(l.Badge(ui.OK)+"  ", l.T.AllGood, w)...)
		out = append(out, "")
	}
	for _, j := range judge(l, e.Report.Paths) {
		out = append(out, judged(l, j, w))
	}
	for _, f := range e.Notes() {
		out = append(out, l.Hang(l.Badge(ui.Note)+"  ", title(l, f), w)...)
	}
	if l.Height >= 40 && len(out)+8 < rows {
		out = append(out, h.evidence(l, e, w, rows-len(out))...)
	}
	return out
}

// evidence is the last answers, for high windows.
func (h *Home) evidence(l ui.Look, e *Entry, w, room int) []string {
	// In the order of their names: that of arrival differs from time to time.
	answers := slices.DeleteFunc(slices.Clone(e.Report.Answers), func(a dns.Answer) bool { return a.Direct })
	slices.SortStableFunc(answers, func(a, b dns.Answer) int {
		return cmp.Or(cmp.Compare(a.Question.Name, b.Question.Name), cmp.Compare(a.Question.Type, b.Question.Type))
	})
	n := min(len(answers), room-3, 12)
	if n <= 0 {
		return nil
	}
	out := []string{"", heading(l, l.T.LastAnswers)}
	for _, a := range answers[:n] {
		out = append(out, l.Cut(answerLine(l, a, w), w))
	}
	return out
}

// welcome is what a reader without transports sees.
func (h *Home) welcome(l ui.Look, w, rows int) []string {
	var out []string
	for _, s := range l.T.Welcome {
		out = append(out, ui.Wrap(s, w)...)
		if rows > 12 {
			out = append(out, "")
		}
	}
	return out[:min(len(out), rows)]
}

// Click selects a row; what was selected opens.
func (h *Home) Click(x, y int) bool {
	if h.panes > 1 && (!h.zoomed && x > h.side || h.zoomed && h.onDetail) {
		return false
	}
	again := h.list.Click(y, h.listed(nil))
	h.show()
	return again
}

// Shows says whether the detail is about the entry with a running examination.
func (h *Home) Shows(id int64) bool { return h.shown != nil && h.b.running[id] == h.shown }

// Rearrange makes the rows anew, once the board has other targets.
func (h *Home) Rearrange() {
	h.arrange()
	h.show()
}

// About is what is selected.
func (h *Home) About() ui.About {
	if e := h.selected(); e != nil {
		return h.b.about(e, nil)
	}
	return ui.About{}
}

// Rest shows the selected entry at once.
func (h *Home) Rest() { h.show() }
