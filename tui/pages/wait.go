package pages

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Wait looks at every name server, and at resolvers, until a record is
// published.
type Wait struct {
	b    *Board
	e    *Entry
	want checks.Wanted
	text widget.Text

	task   *ui.Task
	report propagation.Report
	seen   bool // report is of a look
	broken string
}

// wait opens the page for the record that mends a finding; for the first
// problem that a record mends, or SPF of the domain, where f is nil.
func (b *Board) wait(e *Entry, f *finding.Finding) (tea.Cmd, bool) {
	if b.Engine.Wait == nil {
		return nil, false
	}
	p := &Wait{b: b, e: e, want: b.wanted(e, f)}
	b.Frame.Open(p)
	return p.start(), true
}

// wanted is the record that a finding wants to be published.
func (b *Board) wanted(e *Entry, f *finding.Finding) checks.Wanted {
	problems := e.Problems()
	if f != nil {
		problems = append([]finding.Finding{*f}, problems...)
	}
	for _, f := range problems {
		if f.Fix == nil || !e.Known {
			continue
		}
		for _, r := range f.Fix.Records {
			if w, ok := wantedOf(e, r); ok && !r.Remove {
				return w
			}
		}
	}
	return checks.Wanted{Subject: checks.WaitSPF, Domain: b.Domain(e)}
}

// wantedOf makes of a record what is waited for: any SPF record that lets
// ClockWise send, the key that the transport signs with, else this value.
func wantedOf(e *Entry, r finding.Record) (checks.Wanted, bool) {
	if r.Type != "TXT" {
		return checks.Wanted{}, false
	}
	if selector, domain, ok := strings.Cut(r.Name, "._domainkey."); ok {
		w := checks.Wanted{Subject: checks.WaitDKIM, Domain: domain, Selector: selector, Value: r.Value}
		if t := e.Target.Transport; t != nil && t.DKIM.Key.Public != nil && strings.EqualFold(t.DKIM.Selector, selector) {
			w.Key, w.Value = dkim.Expected{Public: t.DKIM.Key.Public, Source: "of transport " + t.Name}, ""
		}
		return w, true
	}
	if domain, ok := strings.CutPrefix(r.Name, "_dmarc."); ok {
		return checks.Wanted{Subject: checks.WaitDMARC, Domain: domain, Value: r.Value}, true
	}
	return checks.Wanted{Subject: checks.WaitSPF, Domain: r.Name}, strings.HasPrefix(strings.ToLower(r.Value), "v=spf1")
}

// start begins to look, anew where that is under way already.
func (p *Wait) start() tea.Cmd {
	p.Halt()
	want, wait := p.want, p.b.Engine.Wait
	task, cmd := ui.Start(p.b.Context, func(ctx context.Context, emit func(any)) any {
		return wait(ctx, want, func(r propagation.Report) { emit(r) })
	})
	p.task, p.broken = task, ""
	return cmd
}

// Halt stops looking.
func (p *Wait) Halt() bool {
	if p.task == nil {
		return false
	}
	p.task.Stop()
	p.task = nil
	return true
}

// Looking says whether the first look is under way.
func (p *Wait) Looking() bool { return p.task != nil && !p.seen }

// Title names the page.
func (p *Wait) Title(l ui.Look) string {
	return ui.Fill(l.T.WaitTitle, l.Text(p.want.Question().Name))
}

// State is the place in the text, else how many servers have it.
func (p *Wait) State(l ui.Look) string {
	if place := p.text.Place(); place != "" {
		return place
	}
	n := len(p.report.Servers)
	if n == 0 {
		return ""
	}
	return ui.Fill(l.T.WaitState, fmt.Sprint(n-len(p.report.Left())), fmt.Sprint(n))
}

// Status is how it stands, in a sentence.
func (p *Wait) Status(l ui.Look) string {
	r := p.report
	switch left := r.Left(); {
	case p.broken != "":
		return l.Text(p.broken)
	case !p.seen:
		return l.T.WaitFirst
	case r.Published:
		return ui.Fill(l.T.WaitDone, l.Text(r.Zone))
	case p.task == nil:
		return l.T.WaitStopped
	case r.Problem != "" || len(left) == 0:
		return l.T.WaitNoServers
	case len(left) == 1:
		return ui.Fill(l.T.WaitingOne, l.Text(left[0].Name))
	default:
		return ui.Fill(l.T.WaitingMore, fmt.Sprint(len(left)), fmt.Sprint(len(r.Servers)))
	}
}

// Keys are the actions of the page.
func (p *Wait) Keys() []keys.Action {
	ks := []keys.Action{keys.Check}
	if p.task != nil {
		ks = append(ks, keys.Stop)
	}
	return append(ks, keys.Answers, keys.Explain, keys.Overview)
}

// Do carries out an action.
func (p *Wait) Do(a keys.Action) (tea.Cmd, bool) {
	if p.text.Do(a) {
		return nil, true
	}
	switch a {
	case keys.Check, keys.WaitUntil:
		return p.start(), true
	case keys.Stop:
		return nil, p.Halt()
	}
	return p.b.usual(p.e, a)
}

// Update hears of the looks.
func (p *Wait) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case ui.EventMsg:
		if p.task == nil || m.ID != p.task.ID {
			return nil
		}
		p.take(m.Event)
		return p.task.Next()
	case ui.DoneMsg:
		if p.task == nil || m.ID != p.task.ID {
			return nil
		}
		p.task = nil
		p.take(m.Value)
		if m.Err != nil {
			p.broken = m.Err.Error()
		}
	}
	return nil
}

func (p *Wait) take(v any) {
	if r, ok := v.(propagation.Report); ok && r.Round > 0 {
		p.report, p.seen = r, true
	}
}

// Words are those that stand on the page.
func (p *Wait) Words() []string {
	return []string{"propagation", "TTL", "resolver", strings.ToUpper(p.want.Subject), "DNS"}
}

// View draws who has the record and who does not.
func (p *Wait) View(l ui.Look, w, h int) ui.Body {
	r := p.report
	var out []string
	say := func(lines ...string) {
		for _, s := range lines {
			out = append(out, l.Cut(s, w))
		}
	}
	roomy := l.Height >= 16
	if say(ui.Wrap(ui.Fill(l.T.WaitFor, l.Text(p.want.For(p.b.Service.SPFInclude))), w)...); roomy {
		say("")
	}
	if !p.seen {
		say(l.Badge(ui.Busy) + "  " + l.T.WaitFirst)
		return ui.Body{Lines: p.text.View(out, h), X: -1}
	}
	say(widget.Servers(l, r, p.task != nil, w)...)
	if h >= len(out)+4 && !r.Published {
		say("")
		say(widget.Legend(l, w)...)
	}
	return ui.Body{Lines: p.text.View(out, h), X: -1}
}
