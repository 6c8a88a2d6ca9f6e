package pages

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/tui/keys"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// onNetwork says whether the addresses of the service are selected.
func (h *Home) onNetwork() bool {
	return h.list.At >= 0 && h.list.At < len(h.rows) && h.rows[h.list.At].network
}

// show draws the detail of what is selected.
func (h *Home) show() { h.shown, h.shownNet = h.selected(), h.onNetwork() }

// shows says whether that is drawn already.
func (h *Home) shows() bool { return h.shown == h.selected() && h.shownNet == h.onNetwork() }

func (h *Home) matchesNetwork() bool {
	f := strings.ToLower(h.filter.what)
	return f == "" || strings.Contains(h.b.Service.Network.String(), f) || h.b.Net.Known && strings.Contains(string(h.b.Net.Report.Verdict), f)
}

// doNetwork carries out an action on the row of the network.
func (h *Home) doNetwork(a keys.Action) (tea.Cmd, bool) {
	switch a {
	case keys.Open:
		p := NewNetwork(h.b)
		h.b.Frame.Open(p)
		if !h.b.Net.Known {
			return h.b.LookAtNetwork(), true
		}
		return nil, true
	case keys.Check:
		return h.b.againNetwork(), true
	}
	return nil, false
}

// carryNetwork takes the network along: for a connector, say.
func (h *Home) carryNetwork() ui.Carried {
	c := NewNetwork(h.b).Carry()
	c.Value = h.b.Service.Network.String()
	c.What = ui.Fill(h.b.Texts.WhatNetwork, c.Value)
	return c
}

// networkLine is the row of the network.
func (h *Home) networkLine(l ui.Look, sel bool, w int, alone bool) string {
	n := &h.b.Net
	count := "-"
	if n.Known {
		if count = fmt.Sprint(len(n.Problems())); count == "0" {
			count = ""
		}
	}
	room := nameWidth(w, alone)
	name := l.Cut(l.Text(h.b.Service.Network.String()), room)
	pad := strings.Repeat(" ", max(0, room-width(name)))
	if sel {
		name = l.Paint(theme.Picked, name)
	}
	out := l.Badge(n.State()) + "  " + name + pad + fmt.Sprintf("%3s", count)
	if alone && w >= takesFrom {
		out += "  " + strings.Repeat(" ", takesWide)
	}
	if left := w - width(out) - 2; alone && w >= 78 && len(n.Problems()) > 0 {
		out += "  " + l.Cut(title(l, n.Problems()[0]), left)
	}
	return out
}

// network is the detail of the network.
func (h *Home) network(l ui.Look, w int) []string {
	n := &h.b.Net
	p := NewNetwork(h.b)
	out := []string{l.Ends(heading(l, p.Title(l)), l.Badge(n.State()), w)}
	out = append(out, ui.Wrap(p.Status(l), w)...)
	if !n.Known {
		return out
	}
	for _, f := range n.Problems() {
		out = append(out, "")
		out = append(out, problem(l, checks.Report{Domain: h.b.Service.Domain}, f, w)...)
	}
	return out
}
