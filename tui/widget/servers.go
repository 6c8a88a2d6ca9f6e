package widget

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// Servers draws who has a record and who does not. looking says that somebody
// goes on looking.
func Servers(l ui.Look, r propagation.Report, looking bool, w int) (out []string) {
	say := func(lines ...string) {
		for _, s := range lines {
			out = append(out, l.Cut(s, w))
		}
	}
	if r.Problem != "" {
		say(l.Hang(l.Badge(ui.Unknown)+"  ", l.Text(r.Problem), w)...)
	}
	if len(r.Servers) > 0 {
		say(heading(l, ui.Fill(l.T.WaitServers, l.Text(r.Zone))))
	}
	wide, last := names(l, r), ""
	for _, s := range r.Servers {
		say(serverLine(l, w, wide, s.Name, s.State, s.Detail, "")...)
		for _, v := range s.Views {
			if v.State != s.State {
				say(serverLine(l, w, wide, "  "+where(v.Addr), v.State, v.Detail, "")...)
			}
		}
		for _, v := range s.Views {
			if v.Value == "" {
				continue
			}
			text := l.Text(v.Value)
			if v.Value == last {
				text = l.Paint(theme.Muted, l.T.WaitSame)
			}
			last = v.Value
			say(l.Hang("          ", text, w)...)
			break
		}
	}
	if len(r.Resolvers) > 0 {
		say(heading(l, l.T.WaitResolvers))
	}
	for _, v := range r.Resolvers {
		until := ""
		if v.Until.After(r.At) {
			until = ui.Fill(l.T.WaitKeeps, Until(v.Until, r.At))
		}
		say(serverLine(l, w, wide, where(v.Addr), v.State, v.Detail, until)...)
	}
	if r.Hint != "" {
		say(l.Hang(l.Badge(ui.Failure)+"  ", ui.Fill(l.T.WaitHint, l.Text(r.Hint)), w)...)
	}
	if l.Height >= 16 {
		say("")
	}
	say(ends(l, r, looking, w)...)
	return out
}

// Legend says what the words of servers mean.
func Legend(l ui.Look, w int) (out []string) {
	for _, s := range l.T.WaitLegend {
		out = append(out, l.Paint(theme.Muted, l.Cut(s, w)))
	}
	return out
}

// ends says what happens next, or how it ended.
func ends(l ui.Look, r propagation.Report, looking bool, w int) []string {
	switch {
	case r.Published && r.Caches.After(r.At):
		return l.Hang(l.Badge(ui.OK)+"  ", ui.Fill(l.T.WaitDone, l.Text(r.Zone))+" "+ui.Fill(l.T.WaitCaches, Until(r.Caches, r.At)), w)
	case r.Published:
		return l.Hang(l.Badge(ui.OK)+"  ", ui.Fill(l.T.WaitDone, l.Text(r.Zone)), w)
	case !looking:
		return ui.Wrap(l.T.WaitStopped, w)
	}
	return ui.Wrap(ui.Fill(l.T.WaitLook, fmt.Sprint(r.Round), r.At.Format("15:04:05"), fmt.Sprint(int(r.Next.Round(time.Second).Seconds()))), w)
}

// names is how wide the names of servers are drawn.
func names(l ui.Look, r propagation.Report) int {
	n := 12
	for _, s := range r.Servers {
		n = max(n, width(l.Text(s.Name)))
	}
	return min(n, 32)
}

// serverLine is a server with its state.
func serverLine(l ui.Look, w, wide int, name string, s propagation.State, detail, until string) []string {
	badge, word := ui.Unknown, l.T.WaitUnasked
	switch s {
	case propagation.Correct:
		badge, word = ui.OK, l.T.WaitCorrect
	case propagation.Missing:
		badge, word = ui.Busy, l.T.WaitMissing
	case propagation.Wrong:
		badge, word = ui.Failure, l.T.WaitWrong
	}
	if until != "" {
		word += ", " + until
	}
	if detail != "" {
		word += ": " + l.Text(detail)
	}
	label := "  " + l.Badge(badge) + "  "
	if w < 60 {
		return append([]string{label + l.Text(name)}, l.Hang("          ", word, w)...)
	}
	return l.Hang(label+l.Fit(l.Text(name), wide)+"  ", word, w)
}

// where is an address as people write it: without the usual port.
func where(p netip.AddrPort) string {
	if p.Port() == 53 {
		return p.Addr().String()
	}
	return cmp.Or(p.String(), "-")
}

// Until is a time of day, with the date where that is not today.
func Until(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Sub(now) < 20*time.Hour {
		return t.Format("15:04:05")
	}
	return t.Format("15:04, 2 January")
}
