package pages

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks"
	rules "clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// title is an entry's name, with its type where the name is a domain only.
func (b *Board) title(l ui.Look, e *Entry) string {
	name := l.Text(e.Name())
	if t := e.Target.Transport; t != nil && strings.Contains(e.Name(), ".") && !strings.Contains(e.Name(), " ") {
		return name + " (" + typeTitle(l, t.Type) + ")"
	}
	return name
}

func typeTitle(l ui.Look, t transports.Type) string {
	if s, ok := l.T.Types[string(t)]; ok {
		return s
	}
	return l.Text(t.Title())
}

// takes says which mail a transport takes and how it leaves.
func (b *Board) takes(l ui.Look, e *Entry) []string {
	t := e.Target.Transport
	if t == nil {
		return []string{l.T.BareDomain}
	}
	first := ui.Fill(l.T.TakesFrom, b.mail(l, e))
	if t.Match.LocalPart == "" && t.Match.Domain == "" {
		first = l.T.TakesAll
		if t.Match.Subsystem != "" {
			first += ui.Fill(l.T.TakesSubsystem, l.Text(t.Match.Subsystem))
		}
	}
	second := ui.Fill(l.T.SendsFrom, l.Text(b.Service.Network.String()))
	switch {
	case t.Type == transports.SMTP:
		second = ui.Fill(l.T.SendsThrough, l.Text(t.Server.Host), fmt.Sprint(t.Server.Port))
	case t.DKIM.Enabled:
		second += ui.Fill(l.T.SignsWith, l.Text(t.DKIM.Selector), l.Text(b.Domain(e)))
	}
	return []string{first, second}
}

// mail is the mail that a transport takes, in short.
func (b *Board) mail(l ui.Look, e *Entry) string {
	t := e.Target.Transport
	if t == nil {
		return ""
	}
	local, domain := cmp.Or(t.Match.LocalPart, "*"), cmp.Or(t.Match.Domain, "*")
	out := l.Text(local + "@" + domain)
	if out == "*@*" {
		out = l.T.Everyone
	}
	if t.Match.Subsystem != "" {
		out += ui.Fill(l.T.TakesSubsystem, l.Text(t.Match.Subsystem))
	}
	return out
}

// who says as a person who must act.
func who(l ui.Look, r checks.Report, f finding.Finding) string {
	if f.Rule.Outcome && f.Who() == finding.Nobody {
		return l.T.OwnerOutcome
	}
	name := l.Text(r.Domain)
	switch f.Who() {
	case finding.CustomerDNS:
		if f.Fix != nil && len(f.Fix.Records) > 0 {
			name = l.Text(r.ZoneOf(f.Fix.Records[0].Name))
		}
	case finding.CustomerMailServer:
		name = l.T.MailServer
		if r.Transport != nil && r.Transport.Server.Host != "" {
			name = l.Text(r.Transport.Server.Host)
		}
	}
	if text, ok := l.T.Owners[string(f.Who())]; ok {
		return ui.Fill(text, name)
	}
	return l.Text(string(f.Who()))
}

// texts of a finding, safe to show.
func title(l ui.Look, f finding.Finding) string  { return l.Text(f.Title()) }
func effect(l ui.Look, f finding.Finding) string { return l.Text(f.Effect()) }

// advice is the one next step of a finding.
func advice(l ui.Look, f finding.Finding) string {
	switch {
	case f.Action() != "":
		return l.Text(f.Action())
	case f.Fix != nil:
		return l.Text(f.Fix.Summary)
	}
	return ""
}

// judgement is one way in which receivers judge mail, over all addresses.
type judgement struct {
	state ui.State
	name  string
	text  string
	short string // for a narrow table
}

// judge sums the paths up: SPF, DKIM, DMARC.
func judge(l ui.Look, paths []checks.Path) []judgement {
	if len(paths) == 0 {
		return nil
	}
	n := len(paths)
	spf := tally(paths, func(p checks.Path) string { return p.SPF })
	dkim := tally(paths, func(p checks.Path) string { return p.DKIM })
	dmarc := tally(paths, func(p checks.Path) string { return p.DMARC })
	aligned := func(result func(checks.Path) (string, rules.Truth)) string {
		counts := map[rules.Truth]int{}
		for _, p := range paths {
			if word, truth := result(p); word == "pass" {
				counts[truth]++
			}
		}
		switch {
		case counts[rules.No] > 0:
			return ", " + l.T.NotAligned
		case counts[rules.Unknown] > 0:
			return ""
		}
		return ", " + l.T.Aligned
	}
	of := func(name string, t map[string]int) judgement {
		return judgement{wordState(t), name, summed(l, t, n, l.T.OfAddresses), summed(l, t, n, l.T.OfShort)}
	}
	out := []judgement{of("SPF", spf), of("DKIM", dkim), of("DMARC", dmarc)}
	if spf["pass"] > 0 {
		out[0].add(aligned(func(p checks.Path) (string, rules.Truth) { return p.SPF, p.SPFAligned }))
	}
	switch {
	case dkim["none"] == n:
		out[1] = judgement{ui.Skipped, "DKIM", l.T.NotSigned, l.T.NotSignedShort}
	case dkim["pass"] > 0:
		out[1].add(aligned(func(p checks.Path) (string, rules.Truth) { return p.DKIM, p.DKIMAligned }))
	}
	if dmarc["none"] == n {
		out[2] = judgement{ui.Warning, "DMARC", l.T.NoPolicy, l.T.NoPolicyShort}
	}
	return out
}

func (j *judgement) add(s string) { j.text, j.short = j.text+s, j.short+s }

func tally(paths []checks.Path, of func(checks.Path) string) map[string]int {
	out := map[string]int{}
	for _, p := range paths {
		w := of(p)
		if w == "" {
			w = "unknown"
		}
		out[w]++
	}
	return out
}

// summed says "passes for 16 of 16 addresses", or the results by number.
func summed(l ui.Look, t map[string]int, n int, forms [2]string) string {
	if len(t) == 1 || t["pass"] > 0 {
		for w, k := range t {
			if len(t) == 1 || w == "pass" {
				word, ok := l.T.Results[w]
				if !ok {
					word = l.Text(w)
				}
				return ui.Count(forms, n, word, fmt.Sprint(k))
			}
		}
	}
	var parts []string
	for _, w := range []string{"fail", "permerror", "softfail", "neutral", "none", "temperror", "unknown"} {
		if t[w] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", t[w], w))
		}
	}
	return strings.Join(parts, ", ")
}

func wordState(t map[string]int) ui.State {
	switch {
	case t["fail"]+t["permerror"] > 0:
		return ui.Failure
	case t["softfail"]+t["neutral"]+t["none"] > 0:
		return ui.Warning
	case t["unknown"]+t["temperror"] > 0:
		return ui.Unknown
	}
	return ui.OK
}

func resultState(word string) ui.State { return wordState(map[string]int{word: 1}) }

// spread names the addresses of paths in short.
func spread(paths []checks.Path) string {
	var ips []netip.Addr
	for _, p := range paths {
		if p.IP.IsValid() {
			ips = append(ips, p.IP)
		}
	}
	switch len(ips) {
	case 0:
		return ""
	case 1:
		return ips[0].String()
	}
	slices.SortFunc(ips, netip.Addr.Compare)
	return ips[0].String() + " - " + ips[len(ips)-1].String()
}

// lasted writes a duration for people.
func lasted(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}

// every writes an interval for people, in the largest unit that is whole.
func every(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// clock is a time of day.
func clock(t time.Time) string {
	if t.IsZero() {
		return "--:--:--"
	}
	return t.Format("15:04:05")
}

// stages says in one text how far an examination is.
func stages(l ui.Look, e *Entry) string {
	var parts []string
	for _, s := range e.Stages {
		if s.Done {
			parts = append(parts, l.Text(string(s.Name))+" "+lasted(s.Took))
		} else {
			parts = append(parts, l.Text(string(s.Name))+" ...")
		}
	}
	if len(parts) == 0 {
		return l.T.CheckingNow
	}
	return ui.Fill(l.T.Checking, strings.Join(parts, ", "))
}

// answered says what an answer is, in words.
func answered(l ui.Look, a dns.Answer) (ui.State, string) {
	switch a.Status {
	case dns.Found:
		return ui.OK, ui.Count(l.T.Found, len(a.Records))
	case dns.Empty:
		return ui.Note, l.T.NoData
	case dns.NoName:
		return ui.Note, l.T.NoName
	}
	return ui.Unknown, l.T.NoAnswer
}

// recordText is one record as text, raw.
func recordText(r dns.Record) string {
	switch {
	case len(r.Strings) > 0:
		return strings.Join(r.Strings, "")
	case r.Addr.IsValid():
		return r.Addr.String()
	case r.Type == dns.TypeMX:
		return fmt.Sprintf("%d %s", r.Pref, dotted(r.Host))
	case r.SOA != nil:
		return fmt.Sprintf("%s %s %d", r.SOA.Server, r.SOA.Mailbox, r.SOA.Serial)
	case r.Data != "":
		return r.Data
	}
	return dotted(r.Host)
}

func dotted(host string) string {
	if host == "" {
		return "."
	}
	return host
}

// heading is the title of a block.
func heading(l ui.Look, s string) string { return l.Paint(theme.Strong, s) }
