package pages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// Net is what is known about the addresses of the service.
type Net struct {
	Report checks.NetworkReport
	Known  bool
	Busy   bool
	Broken string

	task *ui.Task
	held *checks.NetworkReport // came while the board was frozen
}

// netAge is how old a report gets before the board looks again by itself: names
// and lists change seldom, and lists do not like to be asked often.
const netAge = time.Hour

// oldNetwork says that it is time to look again.
func (b *Board) oldNetwork() bool {
	return b.Net.Known && !b.Net.Busy && b.Now().Sub(b.Net.Report.Started) > max(netAge, b.Interval)
}

// mostDomains bounds the domains whose SPF is judged for each address.
const mostDomains = 50

// LookAtNetwork begins to look at the addresses, unless that is under way.
func (b *Board) LookAtNetwork() tea.Cmd {
	if b.Network == nil || b.Net.Busy {
		return nil
	}
	domains := b.relayed()
	task, cmd := ui.Start(b.Context, func(ctx context.Context, _ func(any)) any {
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		return b.Network(ctx, domains)
	})
	b.Net.task, b.Net.Busy, b.Net.Broken = task, true, ""
	return cmd
}

// relayed are the domains for which the service sends, each once.
func (b *Board) relayed() []string {
	var out []string
	for _, e := range b.Entries {
		domain := e.Target.Domain
		if t := e.Target.Transport; t != nil && t.Type == transports.ClockWise {
			domain = transports.DomainOf(t.MailFrom(b.Service.NoReply))
		}
		if domain != "" && !slices.Contains(out, domain) && len(out) < mostDomains {
			out = append(out, domain)
		}
	}
	return out
}

// hear takes the report when it comes. mine says that the message was for it.
func (n *Net) hear(m tea.Msg, frozen bool) (mine bool) {
	d, ok := m.(ui.DoneMsg)
	if !ok || n.task == nil || d.ID != n.task.ID {
		return false
	}
	n.task, n.Busy = nil, false
	if d.Err != nil {
		n.Broken = d.Err.Error()
	}
	if r, ok := d.Value.(checks.NetworkReport); ok {
		r.Answers = nil // shown nowhere here
		if n.held = &r; !frozen {
			n.thaw()
		}
	}
	return true
}

// halt stops looking. It returns whether that was under way.
func (n *Net) halt() bool {
	if n.task == nil {
		return false
	}
	n.task.Stop()
	n.task, n.Busy = nil, false
	return true
}

func (n *Net) thaw() {
	if n.held != nil {
		n.Report, n.Known, n.held = *n.held, true, nil
	}
}

// State is the badge of the network as a whole.
func (n *Net) State() ui.State {
	switch {
	case n.Busy:
		return ui.Busy
	case !n.Known:
		return ui.Unknown
	case n.Report.Verdict == checks.VerdictNote:
		return ui.OK
	}
	return verdictState(n.Report.Verdict)
}

// Problems are the findings that somebody should look at.
func (n *Net) Problems() []finding.Finding {
	return problems(checks.Report{Findings: n.Report.Findings})
}

// Network is the page of the addresses that mail leaves from.
type Network struct {
	b      *Board
	list   widget.List
	rows   []checks.NetworkRow
	at     []int // indices of the rows that match the filter
	domain int   // whose SPF is shown
	filter filter
}

// NewNetwork is the page of the network.
func NewNetwork(b *Board) *Network {
	p := &Network{b: b}
	p.take()
	return p
}

// take makes the rows anew.
func (p *Network) take() {
	r := &p.b.Net.Report
	p.rows = r.Rows()
	if p.domain >= len(r.Domains) {
		p.domain = 0
	}
	p.at = p.at[:0]
	f := strings.ToLower(p.filter.what)
	for i, row := range p.rows {
		text := row.Addr.String() + " " + strings.Join(row.Hosts, " ") + " " + strings.Join(row.On, " ") + " " + string(verdictWord(p.worst(row)))
		if f == "" || strings.Contains(strings.ToLower(text), f) {
			p.at = append(p.at, i)
		}
	}
	p.list.Settle(p.listed(nil))
}

// verdictWord is what a reader would type to find a state.
func verdictWord(s ui.State) checks.Verdict {
	switch s {
	case ui.OK:
		return checks.VerdictOK
	case ui.Warning:
		return checks.VerdictWarning
	case ui.Failure:
		return checks.VerdictFailure
	}
	return checks.VerdictUnknown
}

func (p *Network) listed(draw func(int, bool) string) widget.Rows {
	return widget.Rows{Len: len(p.at), Draw: draw}
}

func (p *Network) selected() (checks.NetworkRow, bool) {
	if p.list.At < 0 || p.list.At >= len(p.at) {
		return checks.NetworkRow{}, false
	}
	return p.rows[p.at[p.list.At]], true
}

// spf is what SPF of the domain that is shown says of an address.
func (p *Network) spf(row checks.NetworkRow) string {
	r := p.b.Net.Report
	if len(r.Domains) == 0 {
		return ""
	}
	return r.SPFFor(p.domain, row.Addr)
}

// worst is the state of an address as a whole. Lists that nobody asked tell
// nothing.
func (p *Network) worst(row checks.NetworkRow) ui.State {
	states := []ui.State{verdictState(row.Names)}
	if row.Asked > 0 {
		states = append(states, verdictState(row.Listed))
	}
	if len(p.b.Net.Report.Domains) > 0 {
		states = append(states, verdictState(checks.SPFVerdict(p.spf(row))))
	}
	for _, s := range []ui.State{ui.Failure, ui.Unknown, ui.Warning} {
		if slices.Contains(states, s) {
			return s
		}
	}
	return ui.OK
}

// Title names the network.
func (p *Network) Title(l ui.Look) string {
	return ui.Fill(l.T.NetworkTitle, l.Text(p.b.Service.Network.String()))
}

// State counts the addresses by their state.
func (p *Network) State(l ui.Look) string {
	if place := p.list.Place(len(p.at)); place != "" {
		return place
	}
	n := p.b.Net
	if !n.Known {
		return ""
	}
	count := map[ui.State]int{}
	for _, row := range p.rows {
		count[p.worst(row)]++
	}
	var parts []string
	for _, s := range []ui.State{ui.OK, ui.Warning, ui.Failure} {
		if count[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[s], l.Word(s)))
		}
	}
	if k := count[ui.Unknown]; k > 0 {
		parts = append(parts, ui.Fill(l.T.NUnknown, fmt.Sprint(k)))
	}
	return ui.Fill(l.T.CheckedAt, clock(n.Report.Started.Add(n.Report.Took))) + "   " + strings.Join(parts, ", ")
}

// Status says how many addresses have something wrong.
func (p *Network) Status(l ui.Look) string {
	n := p.b.Net
	switch {
	case p.filter.what != "":
		return ui.Fill(l.T.Filtered, l.Text(p.filter.what))
	case n.Busy:
		return l.T.NetworkBusy
	case n.Broken != "":
		return l.Text(n.Broken)
	case !n.Known:
		return l.T.PressCheck
	}
	return n.sentence(l, p)
}

// sentence sums the addresses up.
func (n *Net) sentence(l ui.Look, p *Network) string {
	count := map[ui.State]int{}
	for _, row := range p.rows {
		count[p.worst(row)]++
	}
	all := fmt.Sprint(len(p.rows))
	switch {
	case count[ui.Failure] > 0:
		return ui.Count(l.T.NetworkFailed, count[ui.Failure], all)
	case count[ui.Unknown] > 0:
		return ui.Count(l.T.NetworkUnknown, count[ui.Unknown], all)
	case count[ui.Warning] > 0:
		return ui.Count(l.T.NetworkWarned, count[ui.Warning], all)
	}
	return l.T.NetworkGood
}

// Keys are the actions of the page.
func (p *Network) Keys() []keys.Action {
	ks := []keys.Action{keys.Open}
	if len(p.b.Net.Report.Domains) > 1 {
		ks = append(ks, keys.NextPane, keys.PrevPane)
	}
	ks = append(ks, keys.Check, keys.CheckAll, keys.Filter, keys.Next, keys.Previous)
	if p.b.Net.Busy {
		ks = append(ks, keys.Stop)
	}
	if len(p.at) > 0 {
		ks = append(ks, keys.Copy, keys.CopyAll, keys.Print)
	}
	return append(ks, keys.Save, keys.Explain)
}

// Label names keys by what they do here.
func (p *Network) Label(t *ui.Texts, a keys.Action) string {
	return map[keys.Action]string{keys.NextPane: t.KeyNextDomain}[a]
}

// Do carries out an action.
func (p *Network) Do(a keys.Action) (tea.Cmd, bool) {
	if p.list.Do(a, p.listed(nil)) {
		return nil, true
	}
	switch a {
	case keys.Open:
		if row, ok := p.selected(); ok {
			return p.b.open(&Address{reading: reading{b: p.b}, row: row}), true
		}
	case keys.NextPane, keys.PrevPane:
		n := len(p.b.Net.Report.Domains)
		if n < 2 {
			return nil, false
		}
		step := 1
		if a == keys.PrevPane {
			step = n - 1
		}
		p.domain = (p.domain + step) % n
		return nil, true
	case keys.Next, keys.Previous:
		return p.jump(a == keys.Next), true
	case keys.Filter:
		p.filter.open()
		return nil, true
	case keys.Back:
		if p.filter.clear() {
			p.take()
			return nil, true
		}
	case keys.Check:
		return p.b.againNetwork(), true
	case keys.CheckAll:
		return tea.Batch(p.b.Again(p.b.Entries...), p.b.LookAtNetwork()), true
	}
	return nil, false
}

// againNetwork looks with an empty DNS cache.
func (b *Board) againNetwork() tea.Cmd {
	if b.Forget != nil {
		b.Forget()
	}
	return b.LookAtNetwork()
}

// jump goes to the next address that has a problem.
func (p *Network) jump(forward bool) tea.Cmd {
	dir := -1
	if forward {
		dir = 1
	}
	for i := p.list.At + dir; i >= 0 && i < len(p.at); i += dir {
		if p.worst(p.rows[p.at[i]]) != ui.OK {
			p.list.At = i
			p.list.Settle(p.listed(nil))
			return nil
		}
	}
	return p.b.tell(p.b.Texts.NoMoreProblems)
}

// Update hears nothing of its own.
func (p *Network) Update(tea.Msg) tea.Cmd { return nil }

// Typing holds while the filter is written.
func (p *Network) Typing() bool { return p.filter.typing }

// Type edits the filter.
func (p *Network) Type(k tea.KeyPressMsg) {
	p.filter.key(k)
	p.take()
}

// Paste puts text into the filter.
func (p *Network) Paste(s string) string {
	told := p.filter.paste(p.b.Texts, s)
	p.take()
	return told
}

// Click selects an address; what was selected opens.
func (p *Network) Click(_, y int) bool { return p.list.Click(y-1, p.listed(nil)) }

// Carry takes the selected address along, and all of them.
func (p *Network) Carry() ui.Carried {
	row, ok := p.selected()
	if !ok {
		return ui.Carried{}
	}
	var all []string
	for _, i := range p.at {
		all = append(all, p.rows[i].Addr.String())
	}
	c := ui.Carried{
		What: ui.Fill(p.b.Texts.WhatRelay, row.Addr.String()), Name: p.b.Service.Network.String(),
		Value: row.Addr.String(), All: strings.Join(all, "\n"), File: "network",
	}
	var text strings.Builder
	if checks.WriteNetworkText(&text, p.b.Net.Report, checks.TextOptions{ASCII: true}) == nil {
		c.Text = text.String()
	}
	return c
}

// Words are those that stand on the page.
func (p *Network) Words() []string { return []string{"PTR", "SPF", "block list", "DNS", "IP address"} }

// View draws the grid, and the detail of the selected address below it.
func (p *Network) View(l ui.Look, w, h int) ui.Body {
	p.take()
	if len(p.rows) == 0 {
		return ui.Body{Lines: ui.Wrap(p.Status(l), w), X: -1}
	}
	c := p.columns(l, w-2)
	body := ui.Body{Lines: []string{"  " + l.Paint(theme.Muted, l.Cut(c.head(l), w-2))}}
	room := max(1, min(len(p.at), h-1))
	lines, y := p.list.View(p.listed(func(i int, sel bool) string { return l.Cut(c.line(l, p, p.rows[p.at[i]], sel), w-2) }), room, widget.Gutter)
	if len(p.at) == 0 {
		lines, y = []string{"  " + l.Cut(l.T.NoneMatch, w-2)}, -2
	}
	body.Lines = append(body.Lines, lines...)
	body.Y = y + 1
	if room := h - len(body.Lines); room >= 2 {
		body.Lines = append(body.Lines, p.below(l, w, room)...)
	}
	if body.Y < 0 {
		body.X = -1
	}
	if p.filter.typing && h > 0 {
		for len(body.Lines) < h {
			body.Lines = append(body.Lines, "")
		}
		body = prompt(l, w, body, l.T.FilterPrompt, &p.filter.field)
	}
	return body
}

// below is what stands under the grid: whose SPF it is, and the address.
func (p *Network) below(l ui.Look, w, room int) []string {
	r := p.b.Net.Report
	var out []string
	if len(r.Domains) > 0 {
		name := l.Text(r.Domains[p.domain])
		text := ui.Fill(l.T.NetworkDomain, name)
		if n := len(r.Domains); n > 1 {
			text = ui.Fill(l.T.NetworkDomains, name, fmt.Sprint(n))
		}
		if room >= 5 {
			out = append(out, "")
		}
		out = append(out, l.Cut(text, w))
	}
	row, ok := p.selected()
	if !ok {
		return out
	}
	if room >= 5 || len(out) == 0 {
		out = append(out, "")
	}
	out = append(out, p.detail(l, row, w)...)
	return out[:min(len(out), room)]
}

// detail tells of an address in a few lines.
func (p *Network) detail(l ui.Look, row checks.NetworkRow, w int) []string {
	ip := l.Text(row.Addr.String())
	found := p.b.Net.Report.Concerns(row.Addr)
	failed := p.spf(row) != "" && checks.SPFVerdict(p.spf(row)) != checks.VerdictOK
	if len(found) == 0 && !failed {
		return []string{l.Ends(heading(l, ip), l.Badge(ui.OK), w)}
	}
	out := []string{}
	if failed {
		state := verdictState(checks.SPFVerdict(p.spf(row)))
		out = append(out, l.Hang(l.Badge(state)+"  ", ui.Fill(l.T.NetworkSPF, l.Text(p.b.Net.Report.Domains[p.domain]), spfSays(l, p.spf(row)), ip), w)...)
	}
	for _, f := range found {
		out = append(out, topic(l, f, w)...)
		if saw := l.Text(f.Saw()); saw != "" {
			out = append(out, labelled(l, l.T.LabelSaw, saw, w)...)
		}
		out = append(out, labelled(l, l.T.LabelWhy, effect(l, f), w)...)
		out = append(out, labelled(l, l.T.LabelWho2, who(l, checks.Report{Domain: p.b.Service.Domain}, f), w)...)
	}
	return out
}
