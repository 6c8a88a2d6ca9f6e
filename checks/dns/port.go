package dns

import (
	"net/netip"
	"slices"
)

// Port is where name servers listen.
const Port = 53

// Nearest is where to ask a server of these addresses: at the first of IPv4,
// which can be reached from nearly everywhere, or else the first one.
func Nearest(addrs []netip.Addr) (at netip.AddrPort, ok bool) {
	i := max(slices.IndexFunc(addrs, netip.Addr.Is4), 0)
	if i >= len(addrs) {
		return at, false
	}
	return netip.AddrPortFrom(addrs[i], Port), true
}
