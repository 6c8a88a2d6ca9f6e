// Package finding is the vocabulary of what checks report: rules, declared
// once, and findings, which are rules raised with evidence. It knows no check.
package finding

import "fmt"

// Severity says what a finding does to the user's mail.
type Severity uint8

// The severities. The zero value is Unknown: what was not looked at is not
// judged. Their numeric order is not an order of importance; see Rank.
const (
	Unknown Severity = iota // could not look; never counts as a failure
	Note                    // information, nothing to do
	Warning                 // works today, but is fragile or misleading
	Failure                 // mail fails authentication, is refused or lost
)

var severityNames = [...]string{"unknown", "note", "warning", "failure"}

// String returns the word used in JSON.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", s)
}

// Rank orders severities by what to look at first: failure 3, unknown 2,
// warning 1, note 0. Unknown stands before warnings because nothing can be
// concluded until it is settled, and never before a failure.
func (s Severity) Rank() int {
	return [...]int{2, 0, 1, 3}[s]
}

// Owner is who has to act.
type Owner string

// The owners, with the words of the JSON output.
const (
	CustomerDNS        Owner = "customer-dns"
	CustomerM365       Owner = "customer-m365"
	CustomerMailServer Owner = "customer-mail-server"
	ClockWise          Owner = "clockwise"
	Network            Owner = "network"
	Nobody             Owner = "nobody"
)

// Owners lists all owners in the order in which reports group them.
var Owners = []Owner{CustomerDNS, CustomerM365, CustomerMailServer, ClockWise, Network, Nobody}
