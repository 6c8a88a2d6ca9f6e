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
