// Package pages holds the screens of the console, one file each, and what they
// share: the board of targets with what is known about each.
package pages

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"github.com/charmbracelet/x/ansi"
)

// Engine is what the pages need from outside.
type Engine struct {
	Context  context.Context // of all work; ends with the program
	Examine  func(ctx context.Context, t checks.Target, emit func(checks.Event)) checks.Report
	WhatIf   func(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report
	Wait     func(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report
	Network  func(ctx context.Context, domains []string) checks.NetworkReport // nil: there is none to look at
	Forget   func()
	Glossary func() []ui.Word
	Service  transports.Service
	Guides   func() []Guide // the wizards; nil: there are none
	Now      func() time.Time
	Interval time.Duration // between two looks at the same target; 0: only when asked
	Texts    *ui.Texts
	Frame    ui.Frame
}

// Guide is a wizard by its name.
type Guide struct {
	Name string
	Open func() tea.Cmd
}

const (
	abreast  = 8                // examinations at a time; each asks many questions at once
	deadline = 60 * time.Second // of one examination
	stale    = 3                // intervals after which a result tells nothing any more
)

// Board is what is known about each target, and the examinations under way.
type Board struct {
	Engine
	Entries []*Entry
	Net     Net
	InSight func() []*Entry // those to begin with, when many wait

	queue   []*Entry
	running map[int64]*Entry
	frozen  bool
	paused  bool
	begun   bool
}

// Entry is one target on the board.
type Entry struct {
	Target checks.Target
	Report checks.Report
	Known  bool     // Report is of an examination that ended
	Busy   bool     // one that was asked for is under way or waits for its turn
	Stale  bool     // the report is too old to go by
	Asked  int      // examinations that were asked for
	Was    ui.State // before the last examination
	Broken string
	Began  time.Time
	Ended  time.Time // the last examination
	Stages []Stage

	added bool // by the reader, who looked at it
	waits bool // in the queue
	task  *ui.Task
	held  *checks.Report // came while the board was frozen
}

// Stage is how far a part of an examination has come.
type Stage struct {
	Name checks.Stage
	Done bool
	Took time.Duration
}

// NewBoard puts targets on a board.
func NewBoard(e Engine, targets []checks.Target) *Board {
	b := &Board{Engine: e, running: map[int64]*Entry{}, Entries: make([]*Entry, 0, len(targets))}
	for _, t := range targets {
		b.Entries = append(b.Entries, &Entry{Target: t})
	}
	return b
}

// Add puts a domain on the board, unless it is there.
func (b *Board) Add(domain string) (e *Entry, added bool) {
	for _, e := range b.Entries {
		if e.Target.Transport == nil && e.Target.Domain == domain {
			return e, false
		}
	}
	e = &Entry{Target: checks.Target{Domain: domain}, added: true}
	b.Entries = append(b.Entries, e)
	return e, true
}

// Retarget puts other targets on the board, and keeps what is known of those
// that are as they were, and the domains that were added. It returns those that
// are new or different.
func (b *Board) Retarget(targets []checks.Target) (changed []*Entry) {
	was := map[string]*Entry{}
	id := func(t checks.Target) string { return fmt.Sprint(t.Transport == nil, " ", t.Name()) }
	for _, e := range b.Entries {
		was[id(e.Target)] = e
	}
	out := make([]*Entry, 0, len(targets))
	for _, t := range targets {
		e, ok := was[id(t)]
		delete(was, id(t))
		if !ok {
			e = &Entry{}
		}
		if !ok || !reflect.DeepEqual(e.Target, t) {
			changed = append(changed, e)
		}
		e.Target = t
		out = append(out, e)
	}
	for _, e := range b.Entries {
		if was[id(e.Target)] == e && e.added {
			out = append(out, e)
		}
	}
	b.Entries = out
	return changed
}

// Check queues examinations and returns the command that begins them. One that
// runs by itself already is told of from now on.
func (b *Board) Check(entries ...*Entry) tea.Cmd {
	for _, e := range entries {
		if e.Busy {
			continue
		}
		e.Busy, e.Broken = true, ""
		e.Asked++
		if e.task == nil {
			e.Stages, e.Began, e.waits = nil, time.Time{}, true
			b.queue = append(b.queue, e)
		}
	}
	return b.fill()
}

// Begin lets examinations start: before it, they only wait.
func (b *Board) Begin() tea.Cmd {
	b.begun = true
	return tea.Batch(b.fill(), b.LookAtNetwork())
}

// Again is Check with an empty DNS cache.
func (b *Board) Again(entries ...*Entry) tea.Cmd {
	if b.Forget != nil {
		b.Forget()
	}
	return b.Check(entries...)
}

// fill starts what waits, as far as there is room: what is in sight first.
func (b *Board) fill() tea.Cmd {
	var cmds []tea.Cmd
	for b.begun && len(b.running) < abreast {
		e := b.next()
		if e == nil {
			break
		}
		cmds = append(cmds, b.start(e))
	}
	return tea.Batch(cmds...)
}

// next takes an entry out of the queue; nil when none waits.
func (b *Board) next() *Entry {
	if len(b.queue) > 0 && b.InSight != nil {
		for _, e := range b.InSight() {
			if e.waits {
				e.waits = false // its place in the queue is passed over later
				return e
			}
		}
	}
	for len(b.queue) > 0 {
		e := b.queue[0]
		b.queue[0] = nil
		if b.queue = b.queue[1:]; e.waits {
			e.waits = false
			return e
		}
	}
	return nil
}

func (b *Board) start(e *Entry) tea.Cmd {
	target := e.Target
	task, cmd := ui.Start(b.Context, func(ctx context.Context, emit func(any)) any {
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		return b.Examine(ctx, target, func(ev checks.Event) { emit(ev) })
	})
	e.task, e.Stages, e.Began = task, nil, b.Now()
	b.running[task.ID] = e
	return cmd
}

// Step is the time between two looks that the board takes by itself. They are
// spread over the interval, so that a thousand targets do not ask at once.
func (b *Board) Step() time.Duration {
	if b.Interval <= 0 || len(b.Entries) == 0 {
		return 0
	}
	return max(b.Interval/time.Duration(len(b.Entries)), time.Second)
}

// Tick is called once in a Step: what was looked at longest ago is looked at
// again, without a stir on the screen unless the result differs. Results grow
// old while that is paused; what is frozen does not move at all.
func (b *Board) Tick() tea.Cmd {
	if b.Interval <= 0 || b.frozen || len(b.Entries) == 0 {
		return nil
	}
	oldest := b.Entries[0]
	var old []*Entry
	for _, e := range b.Entries {
		if e.Stale = e.Known && b.Now().Sub(e.Ended) > stale*b.Interval; e.Stale {
			old = append(old, e)
		}
		if e.Ended.Before(oldest.Ended) {
			oldest = e
		}
	}
	if b.paused || !b.Idle() {
		return nil
	}
	if len(old) > 0 {
		return b.Again(old...) // somebody comes back, or the machine was asleep
	}
	if b.Forget != nil {
		b.Forget()
	}
	if b.oldNetwork() {
		return b.LookAtNetwork() // in place of a look at a target
	}
	return b.start(oldest)
}

// Pause holds back what the board does by itself, or lets it go on.
func (b *Board) Pause(on bool) { b.paused = on }

// Paused says whether that is held back.
func (b *Board) Paused() bool { return b.paused }

// Update hears of the examinations. e is the entry that a message was about,
// nil for messages that are not for the board or come too late; changed says
// that its verdict differs from before, without anybody having asked.
func (b *Board) Update(m tea.Msg) (cmd tea.Cmd, e *Entry, changed bool) {
	switch m := m.(type) {
	case ui.EventMsg:
		if e = b.running[m.ID]; e == nil {
			return nil, nil, false
		}
		if ev, ok := m.Event.(checks.Event); ok {
			e.stage(ev)
		}
		return e.task.Next(), e, false
	case ui.DoneMsg:
		if b.Net.hear(m, b.frozen) {
			return nil, nil, false
		}
		if e = b.running[m.ID]; e == nil {
			return nil, nil, false
		}
		delete(b.running, m.ID)
		quiet := !e.Busy && e.Known
		e.Was = e.State()
		// Without the monotonic clock, which stands still while the machine sleeps.
		e.Busy, e.task, e.Stale, e.Ended = false, nil, false, b.Now().Round(0)
		if e.Broken = ""; m.Err != nil {
			e.Broken = m.Err.Error()
		}
		if r, ok := m.Value.(checks.Report); ok {
			r.Facts = checks.Facts{} // shown nowhere here, and half of the memory
			if e.held = &r; !b.frozen {
				e.thaw()
			}
		}
		return b.fill(), e, quiet && e.State() != e.Was
	}
	return nil, nil, false
}

func (e *Entry) stage(ev checks.Event) {
	i := slices.IndexFunc(e.Stages, func(s Stage) bool { return s.Name == ev.Stage })
	if i < 0 {
		e.Stages = append(e.Stages, Stage{Name: ev.Stage})
		i = len(e.Stages) - 1
	}
	e.Stages[i].Done, e.Stages[i].Took = ev.Done, ev.Took
}

func (e *Entry) thaw() {
	if e.held != nil {
		e.Report, e.Known, e.held = *e.held, true, nil
	}
}

// Stop ends all examinations. It returns how many were asked for.
func (b *Board) Stop() (n int) {
	n = b.Running()
	if b.Net.halt() {
		n++
	}
	for id, e := range b.running {
		e.task.Stop()
		e.task, e.Busy = nil, false
		delete(b.running, id)
	}
	for _, e := range b.queue {
		e.Busy, e.waits = false, false
	}
	b.queue = nil
	return n
}

// Freeze holds results back until it is called again.
func (b *Board) Freeze() (frozen bool) {
	b.frozen = !b.frozen
	if !b.frozen {
		b.Net.thaw()
		for _, e := range b.Entries {
			e.thaw()
		}
	}
	return b.frozen
}

// Frozen says whether results are held back.
func (b *Board) Frozen() bool { return b.frozen }

// Held is the number of results that are held back.
func (b *Board) Held() (n int) {
	for _, e := range b.Entries {
		if e.held != nil {
			n++
		}
	}
	return n
}

// Running is the number of examinations that were asked for and have not ended.
func (b *Board) Running() (n int) {
	for _, e := range b.Entries {
		if e.Busy {
			n++
		}
	}
	return n
}

// Idle says that nothing is under way, asked for or not.
func (b *Board) Idle() bool { return len(b.running)+len(b.queue) == 0 }

// Slowest is the examination that runs longest; nil when none does that
// somebody waits for.
func (b *Board) Slowest() *Entry {
	var slow *Entry
	for _, e := range b.running {
		if e.Busy && (slow == nil || e.Began.Before(slow.Began) || e.Began.Equal(slow.Began) && e.task.ID < slow.task.ID) {
			slow = e
		}
	}
	return slow
}

// Deadline is how long one examination may take.
func Deadline() time.Duration { return deadline }

// State is the badge of an entry.
func (e *Entry) State() ui.State {
	switch {
	case e.Busy:
		return ui.Busy
	case !e.Known, e.Stale:
		return ui.Unknown
	case e.Report.Verdict == checks.VerdictNote:
		return ui.OK // notes are good to know: there is nothing to do
	}
	return verdictState(e.Report.Verdict)
}

func verdictState(v checks.Verdict) ui.State {
	switch v {
	case checks.VerdictOK:
		return ui.OK
	case checks.VerdictNote:
		return ui.Note
	case checks.VerdictWarning:
		return ui.Warning
	case checks.VerdictFailure:
		return ui.Failure
	}
	return ui.Unknown
}

func severityState(s finding.Severity) ui.State { return verdictState(checks.Verdict(s.String())) }

// Problems are the findings that somebody should look at, in order: not
// silenced, and no mere notes.
func (e *Entry) Problems() []finding.Finding { return problems(e.Report) }

func problems(r checks.Report) []finding.Finding {
	return slices.DeleteFunc(r.Open(), func(f finding.Finding) bool { return f.Severity() == finding.Note })
}

// mends says whether a finding has something to take along: a record, or a
// command.
func mends(f finding.Finding) bool {
	return f.Fix != nil && (len(f.Fix.Records) > 0 || f.Fix.Command != "")
}

// mendable says whether one of the problems has.
func (e *Entry) mendable() bool { return e.Known && slices.ContainsFunc(e.Problems(), mends) }

// Notes are the findings that are good to know and need no work.
func (e *Entry) Notes() []finding.Finding {
	return slices.DeleteFunc(e.Report.Open(), func(f finding.Finding) bool { return f.Severity() != finding.Note })
}

// Name is how the entry is called, raw.
func (e *Entry) Name() string { return e.Target.Name() }

// Domain is the domain that is examined.
func (b *Board) Domain(e *Entry) string {
	switch {
	case e.Known && e.Report.Domain != "":
		return e.Report.Domain
	case e.Target.Transport != nil:
		return e.Target.Transport.Domain(b.Service.NoReply)
	}
	return e.Target.Domain
}

// Doing names the stages of an examination that are under way.
func (b *Board) Doing(l ui.Look, e *Entry) string {
	var parts []string
	for _, s := range e.Stages {
		if !s.Done {
			parts = append(parts, l.Text(string(s.Name)))
		}
	}
	return strings.Join(parts, ", ")
}

// Change tells in a sentence what the last examination changed.
func (b *Board) Change(l ui.Look, e *Entry) string {
	word := func(s ui.State) string {
		if s == ui.Unknown {
			return l.T.NotKnown
		}
		return l.Word(s)
	}
	return ui.Fill(l.T.Changed, b.title(l, e), clock(e.Ended), word(e.Was), word(e.State()))
}

// Summary is what Q leaves behind: a line for each target.
func (b *Board) Summary(l ui.Look) []string {
	var out []string
	for _, e := range b.Entries {
		line := ansi.Strip(l.Badge(e.State())) + "  " + b.title(l, e)
		if p := e.Problems(); e.Known && len(p) > 0 {
			line += ": " + title(l, p[0])
		}
		out = append(out, line)
	}
	return out
}

// status says in a sentence how an entry is.
func (b *Board) status(l ui.Look, e *Entry) string {
	name := l.Text(e.Name())
	switch {
	case e.Busy:
		return ui.Fill(l.T.Checking, name)
	case e.Broken != "":
		return ui.Fill(l.T.Broken, name, l.Text(e.Broken))
	case !e.Known:
		return ui.Fill(l.T.NotChecked, name)
	case e.Stale:
		return ui.Fill(l.T.TooOld, name, clock(e.Ended))
	}
	problems, notes := e.Problems(), e.Notes()
	switch {
	case len(problems) > 0:
		return ui.Count(l.T.Problems, len(problems), name, title(l, problems[0]))
	case len(notes) > 0:
		return ui.Count(l.T.WithNotes, len(notes), name)
	}
	return ui.Fill(l.T.NothingWrong, name)
}

// usual are the actions that mean the same on all pages of an entry.
func (b *Board) usual(e *Entry, a keys.Action) (tea.Cmd, bool) {
	switch a {
	case keys.Check:
		return b.Again(e), true
	case keys.CheckAll:
		return b.Again(b.Entries...), true
	case keys.Answers:
		return b.open(NewAnswers(b, e)), true
	case keys.WaitUntil:
		return b.wait(e, nil)
	}
	return nil, false
}

// open and tell ask the frame; they return no command, for who returns one.
func (b *Board) open(p ui.Page) tea.Cmd {
	b.Frame.Open(p)
	return nil
}

func (b *Board) tell(s string) tea.Cmd {
	b.Frame.Tell(s)
	return nil
}

// about is what an entry and one of its findings are about.
func (b *Board) about(e *Entry, f *finding.Finding) ui.About {
	out := ui.About{Domain: b.Domain(e)}
	if t := e.Target.Transport; t != nil {
		out.Transport = t.Name
	}
	if f != nil {
		out.Code = f.Code()
	}
	return out
}
