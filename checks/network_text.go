package checks

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/address"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/safe"
)

// WriteNetworkText writes the addresses of a network as a grid, and what is to
// be done about them.
func WriteNetworkText(w io.Writer, r NetworkReport, o TextOptions) error {
	t := &textWriter{TextOptions: o}
	t.Width = cmp.Or(o.Width, 80)
	if t.Paint == nil {
		t.Paint = func(_, text string) string { return text }
	}
	rows := r.Rows()
	t.line(fmt.Sprintf("Network %s, %d addresses", r.Network, len(rows)))
	t.line("")
	t.grid(r, rows)
	t.besideGrid(r)
	for i, f := range open(r.Findings) {
		t.line("")
		t.finding(i+1, safely(f), Report{Domain: r.Network.String(), Findings: r.Findings})
	}
	if s := silencedLine(r.Findings); s != "" {
		t.line("")
		t.labelled("", s)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// grid writes a line for each address. SPF is one column for each domain where
// there are few, else one for all.
func (t *textWriter) grid(r NetworkReport, rows []NetworkRow) {
	ip, name := len("address"), len("name (PTR), and whether it leads back")
	for _, row := range rows {
		ip = max(ip, len(row.Addr.String()))
		name = max(name, min(8+utf8.RuneCountInString(nameText(row)), 48))
	}
	spf := ""
	if len(r.Domains) > 0 {
		spf = "SPF     "
	}
	t.line(fmt.Sprintf("%-*s  %s%-*s  block lists", ip, "address", spf, name, "name (PTR), and whether it leads back"))
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  ", ip, row.Addr)
		if spf != "" {
			line += t.symbol(r.spfVerdict(row.Addr)) + "  "
		}
		text := t.cut(nameText(row), name-8)
		line += t.symbol(row.Names) + "  " + text + strings.Repeat(" ", max(name-8-utf8.RuneCountInString(text), 0)) + "  "
		if row.Asked == 0 {
			line += "none asked"
		} else {
			line += t.symbol(row.Listed) + "  " + listText(row)
		}
		t.line(line)
	}
}

// spfVerdict is the worst of SPF's results for an address.
func (r NetworkReport) spfVerdict(addr netip.Addr) Verdict {
	worst := VerdictOK
	for i := range r.SPF {
		switch SPFVerdict(r.SPFFor(i, addr)) {
		case VerdictFailure:
			return VerdictFailure
		case VerdictUnknown:
			worst = VerdictUnknown
		}
	}
	return worst
}

// nameText is what is known of the names of an address, safe.
func nameText(row NetworkRow) string {
	host := ""
	if len(row.Hosts) > 0 {
		host = safe.Line(row.Hosts[0])
	}
	if n := len(row.Hosts) - 1; n > 0 {
		host += fmt.Sprintf(" and %d more", n)
	}
	switch row.Back {
	case address.Confirmed:
		return host
	case address.NoName:
		return "no PTR record"
	case address.NotConfirmed:
		return host + ", not back"
	}
	if host != "" {
		return host + ", not known whether back"
	}
	return "no answer"
}

// listText is what block lists say of an address, safe.
func listText(row NetworkRow) string {
	var parts []string
	if len(row.On) > 0 || row.Unsaid < row.Asked {
		parts = append(parts, fmt.Sprintf("on %d of %d", len(row.On), row.Asked))
	}
	if row.Unsaid > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d did not say", row.Unsaid, row.Asked))
	}
	text := strings.Join(parts, ", ")
	if len(row.On) > 0 {
		text += ": " + safe.Line(strings.Join(row.On, ", "))
	}
	return text
}

// besideGrid writes SPF of each domain, the lists and where ClockWise runs.
func (t *textWriter) besideGrid(r NetworkReport) {
	if len(r.Domains) > 0 {
		t.line("")
	}
	for i, domain := range r.Domains {
		t.labelled("SPF", safe.Line(domain)+": "+r.spfText(i))
	}
	var healthy, closed []string
	for _, l := range r.Lists {
		switch {
		case l.Health == address.Healthy && !slices.Contains(healthy, l.Name):
			healthy = append(healthy, l.Name)
		case l.Health == address.Closed && !slices.Contains(closed, l.Name+" ("+l.Why+")"):
			closed = append(closed, l.Name+" ("+l.Why+")")
		}
	}
	if len(r.Lists)+len(r.Instance.Name) > 0 {
		t.line("")
	}
	if len(healthy) > 0 {
		t.labelled("Lists", safe.Line("asked, and sound by their self-test: "+strings.Join(healthy, ", ")))
	}
	if len(closed) > 0 {
		t.labelled("Lists", safe.Line("not asked: "+strings.Join(closed, ", ")))
	}
	t.labelled("Account", r.instanceText())
}

// spfText says which addresses have which result.
func (r NetworkReport) spfText(i int) string {
	var order []string
	by := map[string][]netip.Addr{}
	for _, a := range r.Addresses {
		result := r.SPFFor(i, a.Addr)
		if by[result] == nil {
			order = append(order, result)
		}
		by[result] = append(by[result], a.Addr)
	}
	var parts []string
	for _, result := range order {
		parts = append(parts, result+" for "+ranges(by[result]))
	}
	if a := r.SPF[i].Answer; a.Status == dns.Failed && a.Question.Name != "" {
		parts = append(parts, a.Reason())
	}
	return safe.Line(strings.Join(parts, "; "))
}

// instanceText says where ClockWise of the account is; "" when nobody asked.
func (r NetworkReport) instanceText() string {
	i := r.Instance
	if i.Name == "" {
		return ""
	}
	var at []netip.Addr
	for _, rec := range slices.Concat(i.A.Records, i.AAAA.Records) {
		at = append(at, rec.Addr)
	}
	name := safe.Line(i.Name)
	switch outside := i.Outside(r.Network); {
	case len(outside) > 0:
		return name + " is at " + address.Ranges(at) + "; outside the network: " + address.Ranges(outside)
	case i.A.Status == dns.Failed || i.AAAA.Status == dns.Failed:
		return name + " could not be looked up"
	case len(at) == 0:
		return name + " has no address: is the name of the account right?"
	default:
		return name + " is at " + address.Ranges(at) + ", inside the network"
	}
}

// WritePastedText writes which addresses belong to a network.
func WritePastedText(w io.Writer, network netip.Prefix, all []Pasted, o TextOptions) error {
	t := &textWriter{TextOptions: o}
	t.Width = cmp.Or(o.Width, 80)
	if t.Paint == nil {
		t.Paint = func(_, text string) string { return text }
	}
	outside, none := 0, 0
	for _, p := range all {
		text := address.Ranges([]netip.Addr{p.From})
		switch {
		case !p.From.IsValid():
			text = t.cut(safe.Line(p.Text), 60)
		case p.From != p.To:
			text = p.From.String() + " to " + p.To.String()
		}
		if p.Inside {
			t.line(t.symbol(VerdictOK) + "  " + text + ": inside")
			continue
		}
		head, why := t.symbol(VerdictFailure)+"  ", ": outside, "+p.Why
		if outside++; !p.From.IsValid() { // neither in nor out
			outside, none = outside-1, none+1
			head, why = t.symbol(VerdictUnknown)+"  ", ": "+p.Why
		}
		for _, l := range wrap(text+why, t.Width-8) {
			t.line(head + l)
			head = strings.Repeat(" ", 8)
		}
	}
	if len(all) > 1 {
		t.line("")
		is := map[bool]string{true: "is", false: "are"}
		t.line(fmt.Sprintf("%d of %d %s outside %s.", outside, len(all), is[outside == 1], network.Masked()))
		if none > 0 {
			t.line(fmt.Sprintf("%d of %d %s no address.", none, len(all), is[none == 1]))
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}
