package dns

import (
	"net/netip"
	"slices"
	"strings"
)

// Reversed returns the octets of an IPv4 address, or the nibbles of an IPv6
// one, the last one first, with dots between them.
func Reversed(a netip.Addr) string {
	parts := strings.Split(a.String(), ".")
	if !a.Is4() {
		parts = strings.Split(strings.ReplaceAll(a.WithZone("").StringExpanded(), ":", ""), "")
	}
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

// Reverse is the question for the names of an address (RFC 1035 section 3.5,
// RFC 3596 section 2.5).
func Reverse(a netip.Addr) Question {
	if a = a.Unmap(); a.Is4() {
		return Question{Reversed(a) + ".in-addr.arpa", TypePTR}
	}
	return Question{Reversed(a) + ".ip6.arpa", TypePTR}
}
