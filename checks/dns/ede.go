package dns

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// edeNames are the registered extended DNS errors (RFC 8914 section 5.2), by
// code.
var edeNames = [...]string{
	"Other Error", "Unsupported DNSKEY Algorithm", "Unsupported DS Digest Type", "Stale Answer", "Forged Answer",
	"DNSSEC Indeterminate", "DNSSEC Bogus", "Signature Expired", "Signature Not Yet Valid", "DNSKEY Missing",
	"RRSIGs Missing", "No Zone Key Bit Set", "NSEC Missing", "Cached Error", "Not Ready", "Blocked", "Censored",
	"Filtered", "Prohibited", "Stale NXDOMAIN Answer", "Not Authoritative", "Not Supported", "No Reachable Authority",
	"Network Error", "Invalid Data",
}

func edeWords(errs []wire.EDE) []string {
	var out []string
	for _, e := range errs {
		name := "Error"
		if int(e.Code) < len(edeNames) {
			name = edeNames[e.Code]
		}
		s := fmt.Sprintf("%s (%d)", name, e.Code)
		if e.Text != "" {
			s += ": " + e.Text
		}
		out = append(out, s)
	}
	return out
}

// Bogus says whether the server tells that DNSSEC validation failed: extended
// errors 6 to 12.
func (a Answer) Bogus() bool {
	for _, e := range a.EDE {
		for code := 6; code <= 12; code++ {
			if strings.HasPrefix(e, fmt.Sprintf("%s (%d)", edeNames[code], code)) {
				return true
			}
		}
	}
	return false
}
