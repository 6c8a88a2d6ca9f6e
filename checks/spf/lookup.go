// Package spf reads, evaluates and judges SPF records (RFC 7208). Section
// numbers in this package are those of RFC 7208 unless said otherwise.
package spf

import "clockwise.info/cwmail/checks/dns"

// Result is what is known about SPF of one domain.
type Result struct {
	Domain  string     // lower case, without final dot
	Answer  dns.Answer // TXT at Domain
	Records []Record   // the selected ones (section 4.5)
	Tree    *Node      // nil without exactly one record

	// Lookups and VoidLookups count the whole tree as an IPv4 client meets it
	// whom no term matches, and go on past the limits. What stands behind an
	// "all" is never tested and not counted.
	Lookups, VoidLookups int

	Outcomes []Outcome // one for each relay address, in their order

	// Probes are answers of neighbouring names, asked only when Records is
	// empty and Answer is no failure; see Probes.
	Probes []dns.Answer
}
