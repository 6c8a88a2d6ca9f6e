package pages

import (
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/ui"
)

// Address is the page of one address: everything that was seen of it.
type Address struct {
	reading
	row checks.NetworkRow
}

// Title names the address.
func (p *Address) Title(l ui.Look) string { return l.Text(p.row.Addr.String()) }

// Keys are the actions of the page.
func (p *Address) Keys() []keys.Action {
	ks := []keys.Action{keys.Copy, keys.Print, keys.Save, keys.Explain}
	if p.find.what != "" {
		return append(p.reading.Keys(), ks...)
	}
	return append(ks, p.reading.Keys()...)
}

// Status says what the page is.
func (p *Address) Status(l ui.Look) string { return p.status(l, l.T.AddressStatus) }

// View draws the page.
func (p *Address) View(l ui.Look, w, h int) ui.Body {
	p.lines = p.build(l, w)
	return p.body(l, w, h)
}

// Carry takes the address along.
func (p *Address) Carry() ui.Carried {
	ip := p.row.Addr.String()
	return ui.Carried{
		What: ui.Fill(p.b.Texts.WhatRelay, ip), Name: p.b.Service.Network.String(), Value: ip, All: ip, File: ip,
		Text: strings.Join(p.build(paper(p.b.Texts), ui.Prose), "\n") + "\n",
	}
}

// Words are those that stand on the page.
func (p *Address) Words() []string { return []string{"PTR", "SPF", "block list", "DNS", "IP address"} }

// spfSays is a result of SPF, and what it means unless that is plain.
func spfSays(l ui.Look, result string) string {
	if means := l.T.SPFResults[result]; means != "" {
		return l.Text(result) + " (" + means + ")"
	}
	return l.Text(result)
}

func (p *Address) build(l ui.Look, w int) []string {
	r := p.b.Net.Report
	var out []string
	say := func(lines ...string) { out = append(out, lines...) }
	say(l.Hang(l.Badge(verdictState(p.row.Names))+"  PTR  ", nameOf(l, p.row), w)...)
	if p.row.Asked > 0 {
		say(l.Hang(l.Badge(verdictState(p.row.Listed))+"  ", l.T.ColLists+": "+listsOf(l, p.row, ui.Prose), w)...)
	}
	for i, domain := range r.Domains {
		result := r.SPFFor(i, p.row.Addr)
		say(l.Hang(l.Badge(verdictState(checks.SPFVerdict(result)))+"  SPF  ", l.Text(domain)+": "+spfSays(l, result), w)...)
	}
	for _, f := range r.Concerns(p.row.Addr) {
		say("")
		say(problem(l, checks.Report{Domain: p.b.Service.Domain}, f, w)...)
		for _, e := range f.Evidence {
			say(l.Hang("        ", observed(l, e, 200), w)...)
		}
	}
	return out
}
