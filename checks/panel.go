package checks

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
)

// ZoneOf is the zone that a name lies in, as far as the answers tell: what a
// DNS panel calls the domain.
func (r Report) ZoneOf(name string) string {
	name = dns.Ask(name, 0).Name
	best := ""
	try := func(zone string) {
		zone = dns.Ask(zone, 0).Name
		if strings.Contains(zone, ".") && len(zone) > len(best) && dns.Within(name, zone) {
			best = zone
		}
	}
	for _, a := range r.Answers {
		try(a.Zone)
		if a.Status == dns.Found && (a.Question.Type == dns.TypeNS || a.Question.Type == dns.TypeSOA) {
			try(a.Question.Name)
		}
	}
	if z := r.Facts.Zone; z != nil {
		try(z.Registered) // what is above it belongs to a registry
	}
	if best == "" {
		try(r.Domain)
	}
	if best == "" {
		return name
	}
	return best
}

// NameServers are the name servers of a zone, as far as the answers tell.
func (r Report) NameServers(zone string) []string {
	for _, a := range r.Answers {
		if a.Question == dns.Ask(zone, dns.TypeNS) && a.Status == dns.Found {
			var hosts []string
			for _, rec := range a.Records {
				hosts = append(hosts, rec.Host)
			}
			slices.Sort(hosts)
			return slices.Compact(hosts)
		}
	}
	return nil
}

// Panel says how a record is entered where the DNS of its zone runs.
func (r Report) Panel(rec finding.Record) provider.Card {
	zone := r.ZoneOf(rec.Name)
	if z := r.Facts.Zone; z != nil && r.Facts.Provider != nil && z.Apex == zone {
		return provider.Entry(*r.Facts.Provider, rec, zone)
	}
	return provider.Entry(provider.Detect(r.NameServers(zone)), rec, zone)
}

// Publish is a record of a fix with what the forms of records have to know:
// its zone, and what stays beside it.
func (r Report) Publish(x finding.Fix, i int) provider.Record {
	rec := x.Records[i]
	out := provider.Record{Record: rec, Zone: r.ZoneOf(rec.Name)}
	q := dns.Ask(rec.Name, dns.TypeTXT)
	if rec.Type != q.Type.String() {
		return out
	}
	goes := []string{rec.Value}
	for _, other := range x.Records {
		if other.Replaces != nil && dns.Ask(other.Name, q.Type) == q && other.Type == rec.Type {
			goes = append(goes, *other.Replaces)
		}
	}
	for _, a := range r.Answers {
		if a.Question != q || a.Status != dns.Found || a.Public || len(a.Chain) > 0 {
			continue
		}
		out.Beside = slices.DeleteFunc(a.Texts(), func(s string) bool { return slices.Contains(goes, s) })
		break
	}
	return out
}

// panels says in a written report how records are entered. What holds for all
// of them is said once.
type panels struct {
	told    map[string]bool
	lacking *provider.Card // of a record for which a panel's own words do not suffice
}

func newPanels() *panels { return &panels{told: map[string]bool{}} }

// entered is what a report says below a record to publish.
type entered struct {
	line  string   // what goes into which field; "" where that is not known
	says  []string // what else there is to it at this provider
	value string   // as the panel wants it, where that is not the value itself
}

// of is what is said of a record of a report. mark is put around what is typed.
func (p *panels) of(r Report, rec finding.Record, mark func(string) string) entered {
	if r.Facts.Zone == nil || rec.Remove {
		return entered{}
	}
	c := r.Panel(rec)
	if p.lacking == nil && c.Entry != provider.Confirmed {
		p.lacking = &c
	}
	out := entered{line: c.Line(mark)}
	if out.line == "" {
		return out
	}
	for _, s := range append([]string{c.First, c.Where}, c.Notes...) {
		if s != "" && !p.told[s] {
			p.told[s] = true
			out.says = append(out.says, s)
		}
	}
	out.says = append(out.says, c.Misfits...)
	if rec.Type == "TXT" && c.Value.Text != rec.Value {
		out.value = c.Value.Text
	}
	return out
}

// closing is what holds at all panels, where some record needs it: who runs the
// DNS, if that is not sure, and the text.
func (p *panels) closing() (who, text string) {
	if p.lacking == nil {
		return "", ""
	}
	if p.lacking.Name == "" {
		who = p.lacking.Provider
	}
	return who, strings.Join(provider.Generic("_dmarc")[:3], " ")
}
