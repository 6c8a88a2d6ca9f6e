package checks

import "clockwise.info/cwmail/transports"

// Target is what is examined: a transport, or a bare domain, which is looked
// at as if the ClockWise server sent with an address of it.
type Target struct {
	Transport *transports.Transport // nil for a bare domain
	Domain    string                // of a bare domain; A-labels, lower case
	Parked    bool                  // the bare domain sends no mail, and should say so
}

// Name is how the target is called in reports.
func (t Target) Name() string {
	if t.Transport != nil {
		return t.Transport.Name
	}
	return t.Domain
}
