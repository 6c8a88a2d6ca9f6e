package wizard

import (
	"cmp"
	"context"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks/safe"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
)

// work is what runs for the present step: a look, or the act.
type work struct {
	task     *ui.Task
	acting   bool
	stopping bool       // the act was asked to end; what it did by then counts
	heard    bool       // it has told of something
	before   guide.View // what stood there before the act
	told     bool       // the reader was told to wait for it
	stopped  bool       // the look was, before its end
	broken   string     // what went wrong inside
}

// halt ends it, whatever it is. What comes late is for nobody.
func (w *work) halt() {
	if w.task != nil {
		w.task.Stop()
		w.task = nil
	}
}

// undone says that the look did not come to its end.
func (w *work) undone() bool { return w.stopped || w.broken != "" }

// look begins to look, anew where that is under way already.
func (p *Page) look() tea.Cmd {
	p.work.halt()
	p.work = work{}
	look := p.run.Look()
	if look == nil {
		return nil
	}
	task, cmd := ui.Start(p.b.Context, func(ctx context.Context, emit func(any)) any {
		return look(ctx, func(v guide.View) { emit(v) })
	})
	p.work.task = task
	return cmd
}

// goOn does what the step is for, and goes to the next one.
func (p *Page) goOn() tea.Cmd {
	t := p.b.Texts
	switch {
	case p.run.Done():
		return p.close()
	case p.work.acting:
		p.b.Frame.Tell(ui.Fill(t.WizardActing, p.run.Step().Title))
		return nil
	case p.unread():
		p.text.Do(keys.PageDown)
		return nil
	case p.work.undone():
		return p.look()
	}
	problems := p.run.Check()
	p.form.clean(p.run)
	p.form.refresh(p.run)
	if p.problem = p.form.blame(p.run, problems); len(problems) > 0 {
		p.follow = true
		return nil
	}
	switch why := p.run.View().Blocked; {
	case p.work.task != nil:
		p.b.Frame.Tell(cmp.Or(why, t.WizardWait))
		p.work.told = true
		return nil
	case why != "" && p.run.Step().Look != nil:
		return p.look()
	case why != "":
		p.b.Frame.Tell(why)
		return nil
	}
	return p.act()
}

// act does what the step is for.
func (p *Page) act() tea.Cmd {
	if p.run.Step().Act == nil {
		return p.gone(guide.Outcome{})
	}
	act := p.run.Act()
	task, cmd := ui.Start(p.b.Context, func(ctx context.Context, emit func(any)) any {
		return act(ctx, func(v guide.View) { emit(v) })
	})
	p.work = work{task: task, acting: true, before: p.run.View()}
	p.acted = true
	return cmd
}

// gone takes over what an act did.
func (p *Page) gone(o guide.Outcome) tea.Cmd {
	p.work = work{}
	err := p.run.Go(o)
	p.unkept, p.dirty = err != nil, false
	if err != nil {
		p.b.Frame.Tell(safe.Line(err.Error()))
	}
	if o.Problem != "" {
		p.problem = o.Problem
		p.form.refresh(p.run)
		p.text.Do(keys.Top)
		return nil
	}
	return p.open(true)
}

// goBack goes one step back; from the first one it leaves.
func (p *Page) goBack() tea.Cmd {
	switch {
	case p.work.acting && !p.work.stopping:
		p.stop()
		return nil
	case p.run.Done():
		p.b.Frame.Back()
		return nil
	}
	p.work.halt()
	p.work = work{}
	if !p.run.Back() {
		p.b.Frame.Back()
		return nil
	}
	return p.open(false)
}

// close leaves the end of the run: for the guide that comes next, or for where
// one came from.
func (p *Page) close() tea.Cmd {
	next := p.next()
	p.b.Frame.Back()
	if next == nil {
		return nil
	}
	preset := map[string]string{}
	for _, id := range []string{"domain", "transport"} {
		if v := p.run.Given(id); v != "" {
			preset[id] = v
		} else if v := p.run.Fact(id); v != "" {
			preset[id] = v
		}
	}
	cmd, _ := p.b.Open(next.ID, preset)
	return cmd
}

// stop ends a look, or asks an act to end.
func (p *Page) stop() bool {
	switch {
	case p.work.task == nil:
		return false
	case p.work.acting:
		p.work.stopping = true
		p.work.task.Stop() // and waits for what it did by then
	default:
		p.work.halt()
		p.work.stopped = true
	}
	return true
}

// Update hears of looks and acts.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case ui.EventMsg:
		if p.work.task == nil || m.ID != p.work.task.ID {
			return nil
		}
		if v, ok := m.Event.(guide.View); ok {
			p.show(v)
		}
		return p.work.task.Next()
	case ui.DoneMsg:
		if p.work.task == nil || m.ID != p.work.task.ID {
			return nil
		}
		return p.ended(m)
	}
	return nil
}

// show takes over what a look or an act shows.
func (p *Page) show(v guide.View) {
	p.work.heard = true
	if p.work.acting && len(v.Blocks) == 0 {
		v.Blocks = p.work.before.Blocks // it only says how far it is
	}
	p.run.Show(p.run.Step().ID, v)
	p.form.refresh(p.run)
}

// ended takes over how a look or an act ended.
func (p *Page) ended(m ui.DoneMsg) tea.Cmd {
	acting := p.work.acting
	if p.work.told {
		p.b.Frame.Tell("") // what it waits for is over
	}
	p.work.task, p.work.acting, p.work.stopping = nil, false, false
	if m.Err != nil {
		p.work.broken = m.Err.Error()
		if acting {
			p.run.Show(p.run.Step().ID, p.work.before)
			p.work = work{}
			p.problem = m.Err.Error()
		}
		return nil
	}
	switch v := m.Value.(type) {
	case guide.View:
		p.show(v)
	case guide.Outcome:
		if before := p.work.before; v.Problem != "" && v.View == nil {
			v.View = &before
		}
		return p.gone(v)
	}
	return nil
}
