// Package checks examines a target, a mail transport or a domain, and reports
// what would keep its mail from arriving. Steps look things up side by side;
// judging is done by pure functions of what was found.
package checks

import (
	"context"
	"net"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
)

// Examiner holds what an examination needs from outside.
type Examiner struct {
	Resolver dns.Resolver // caches and joins equal questions
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Now      func() time.Time
	Service  transports.Service

	// All are the configured transports: some rules compare them.
	All []transports.Transport
}

// Stage is one part of an examination, in the words of Stages.
type Stage string

// Event tells how far an examination has come. Events of one examination are
// emitted one at a time.
type Event struct {
	Target string
	Stage  Stage
	Done   bool          // the stage has ended; else it begins
	Took   time.Duration // of a stage that has ended
}
