// Package provider tells who runs the DNS of a zone, by its name servers, and
// how a record is entered there.
package provider

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// Detection is who answers for a zone. The zero value knows nobody.
type Detection struct {
	Servers   []string    // names in lower case, without final dot
	Providers []*Provider // none: not known; several: the servers do not agree
}

// maxServers is how many name servers a company that runs DNS for others is
// taken to have at most: a zone can name thousands.
const maxServers = 32

// Detect recognises the provider by the names of all name servers of a zone.
// Each must belong to somebody in the Table: one that is not known may be the
// one that decides.
func Detect(servers []string) Detection {
	d := Detection{}
	for _, s := range servers {
		d.Servers = append(d.Servers, dns.Ask(s, dns.TypeNS).Name)
	}
	slices.Sort(d.Servers)
	d.Servers = slices.Compact(d.Servers)
	if len(d.Servers) > maxServers {
		return d
	}
	for _, s := range d.Servers {
		p := match(s)
		if p == nil {
			d.Providers = nil
			return d
		}
		if !slices.Contains(d.Providers, p) {
			d.Providers = append(d.Providers, p)
		}
	}
	return d
}

// match is the first row of the table with a pattern for a server.
func match(server string) *Provider {
	for _, p := range Table() {
		if p.servers().MatchString(server) {
			return p
		}
	}
	return nil
}

// Known says whether the name servers belong to somebody.
func (d Detection) Known() bool { return len(d.Providers) > 0 }

// one is the provider, where it is one.
func (d Detection) one() *Provider {
	if len(d.Providers) == 1 {
		return d.Providers[0]
	}
	return nil
}

// Name names the provider, or all whose name servers these are; "" for nobody.
func (d Detection) Name() string {
	var names []string
	for _, p := range d.Providers {
		names = append(names, p.Name)
	}
	return strings.Join(names, " and ")
}

// Certainty says how well it is known whose name servers these are.
func (d Detection) Certainty() Certainty {
	if p := d.one(); p != nil {
		return p.Servers
	}
	return Unsure
}

// ownServers holds for name servers under the zone's own name: they tell
// nothing about the panel.
func (d Detection) ownServers(zone string) bool {
	return zone != "" && slices.ContainsFunc(d.Servers, func(s string) bool { return dns.Within(s, zone) })
}
