package nameserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// Apexes lists the names that have a SOA record, in alphabetical order.
func (z *Zone) Apexes() []string {
	z.mu.RLock()
	defer z.mu.RUnlock()
	var out []string
	for name, n := range z.nodes {
		if n.sets[uint16(dns.TypeSOA)] != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// File writes one zone as a zone file (RFC 1035 section 5) that other name
// servers read: what stands at and below apex, and for each zone directly below
// it the NS records and the addresses of the servers. Data is in the form of
// RFC 3597 section 5, which keeps every octet. The text is empty where apex has
// no SOA record.
func (z *Zone) File(apex string) string {
	z.mu.RLock()
	defer z.mu.RUnlock()
	f := file{zone: z, apex: canonical(apex)}
	if soa := z.soaOf(f.apex); soa == nil || soa.owner != f.apex {
		return ""
	}
	f.write(f.apex, dns.TypeSOA)
	var hosts []string
	for _, name := range slices.Sorted(maps.Keys(z.nodes)) {
		switch {
		case f.holds(name):
			for _, typ := range slices.Sorted(maps.Keys(z.nodes[name].sets)) {
				if name != f.apex || dns.Type(typ) != dns.TypeSOA {
					f.write(name, dns.Type(typ))
				}
			}
		case f.holds(parent(name)) && z.soaOf(name).owner == name:
			f.write(name, dns.TypeNS)
		default:
			continue
		}
		hosts = append(hosts, z.serversOf(name)...)
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		if dns.Within(host, f.apex) && !f.holds(host) {
			f.write(host, dns.TypeA)
			f.write(host, dns.TypeAAAA)
		}
	}
	return f.String()
}

// file is a zone file in the making.
type file struct {
	strings.Builder
	zone *Zone
	apex string
}

// holds says whether a name belongs to the zone and not to one below it.
func (f *file) holds(name string) bool {
	soa := f.zone.soaOf(name)
	return soa != nil && soa.owner == f.apex
}

func (f *file) write(name string, typ dns.Type) {
	n := f.zone.nodes[name]
	if n == nil || n.sets[uint16(typ)] == nil {
		return
	}
	s := n.sets[uint16(typ)]
	for _, data := range s.data {
		fmt.Fprintf(f, "%s %d IN TYPE%d \\# %d %x\n", escaped(name), s.ttl, uint16(typ), len(data), data)
	}
}

// serversOf lists the targets of a name's NS records.
func (z *Zone) serversOf(name string) []string {
	var out []string
	if s := z.nodes[name].sets[uint16(dns.TypeNS)]; s != nil {
		for _, data := range s.data {
			if host, _, err := wire.ReadName(data, 0, true); err == nil {
				out = append(out, host)
			}
		}
	}
	return out
}

// escaped is a name as a zone file has it, with its final dot.
func escaped(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(".-_*", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03d`, c)
		}
	}
	return b.String() + "."
}
