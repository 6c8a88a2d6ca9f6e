package pages

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/address"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// columns are how wide the columns of the grid are.
type columns struct {
	ip, name, lists int
	spf             bool
	short           bool // badges only
}

func (p *Network) columns(l ui.Look, w int) columns {
	c := columns{ip: 7, spf: len(p.b.Net.Report.Domains) > 0}
	for _, row := range p.rows {
		c.ip = max(c.ip, width(l.Text(row.Addr.String())))
	}
	rest := w - c.ip - 2 - 8 - 2 - 8 // two badges with what stands between
	if c.spf {
		rest -= 8
	}
	if rest < 24 {
		c.short = true
		return c
	}
	c.lists = max(9, min(34, rest-31))
	c.name = rest - c.lists
	return c
}

func (c columns) head(l ui.Look) string {
	out := l.Fit(l.T.ColAddress, c.ip)
	if c.short {
		if c.spf {
			out += " " + l.Fit("SPF", 6)
		}
		return out + " " + l.Fit("PTR", 6) + " " + l.T.ColListsShort
	}
	if c.spf {
		out += "  " + l.Fit("SPF", 6)
	}
	name := l.T.ColNames
	if width(name) > c.name+8 {
		name = "PTR"
	}
	return out + "  " + l.Fit(name, c.name+8) + "  " + l.T.ColLists
}

func (c columns) line(l ui.Look, p *Network, row checks.NetworkRow, sel bool) string {
	ip := l.Text(row.Addr.String())
	pad := strings.Repeat(" ", max(0, c.ip-width(ip)))
	if sel {
		ip = l.Paint(theme.Picked, ip)
	}
	gap := "  "
	if c.short {
		gap = " "
	}
	out := ip + pad
	if c.spf {
		out += gap + l.Badge(verdictState(checks.SPFVerdict(p.spf(row))))
	}
	out += gap + l.Badge(verdictState(row.Names))
	lists := l.Badge(verdictState(row.Listed))
	if row.Asked == 0 {
		lists = l.Paint(theme.Muted, l.Fit("-", 6))
	}
	if c.short {
		return out + gap + lists
	}
	name := nameOf(l, row)
	if width(name) > c.name && row.Back == address.NotConfirmed && len(row.Hosts) > 0 { // what is wrong with it matters more than its end
		name = ui.Fill(l.T.NotBackCut, l.Text(row.Hosts[0]))
	}
	return out + "  " + l.Fit(name, c.name) + "  " + lists + "  " + l.Cut(listsOf(l, row, c.lists), c.lists)
}

// nameOf is what is known of the names of an address.
func nameOf(l ui.Look, row checks.NetworkRow) string {
	host := ""
	if len(row.Hosts) > 0 {
		host = l.Text(row.Hosts[0])
	}
	if n := len(row.Hosts); n > 1 {
		host += ui.Fill(l.T.AndMore, fmt.Sprint(n-1))
	}
	switch row.Back {
	case address.Confirmed:
		return host
	case address.NoName:
		return l.T.NoPTR
	case address.NotConfirmed:
		return ui.Fill(l.T.NotBack, host)
	}
	return l.T.NoPTRAnswer
}

// listsOf is what block lists say of an address, in n columns where that goes.
func listsOf(l ui.Look, row checks.NetworkRow, n int) string {
	of := fmt.Sprint(row.Asked)
	long, short := ui.Fill(l.T.ListsOn, fmt.Sprint(len(row.On)), of), ""
	switch {
	case row.Asked == 0:
		long = l.T.ListsNone
	case len(row.On) > 0:
		short = long
		long += ": " + l.Text(strings.Join(row.On, ", "))
	case row.Unsaid > 0:
		short = ui.Fill(l.T.ListsDoubt, fmt.Sprint(row.Unsaid), of)
		long = ui.Fill(l.T.ListsUnsaid, fmt.Sprint(row.Unsaid), of)
	}
	if short != "" && width(long) > n {
		return short
	}
	return long
}
