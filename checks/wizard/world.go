package wizard

import (
	"context"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/transports"
)

// World is what guides look at and what they change. A function that is nil
// cannot be had here; guides then say so and leave that part out.
type World struct {
	Now     func() time.Time
	Service transports.Service

	// Examine examines a target as if the sets stood in DNS.
	Examine func(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report

	Resolver dns.Resolver // may answer from what was heard a moment ago
	Fresh    dns.Resolver // asks anew
	Wait     func(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report

	// Transports are those of the configuration as they are now.
	Transports func() []transports.Transport

	// Change changes the configuration. Where somebody else changed the same
	// meanwhile nothing is written and the error is a *Clash.
	Change func(ctx context.Context, changes ...transports.Change) error

	// Setting judges the value of a setting of a transport by its key in the
	// file ("smtp.host"): the value as it is meant, or what is wrong with it.
	Setting func(key, value string) (clean, problem string)
	// KeepSecret puts a password into the desktop's keyring.
	KeepSecret func(ctx context.Context, name, secret string) error

	// NewKey makes a key pair and stores it: the selector, the file and the
	// public half are in what it returns. It overwrites nothing: where the file
	// is there already, the error is fs.ErrExist and the file is told. kind is
	// "rsa2048", "rsa4096" or "ed25519".
	NewKey func(domain, selector, kind string) (transports.DKIM, error)
	// LoadKey reads a key that is stored.
	LoadKey func(file string) (transports.Key, error)

	// Compose writes the test mail of a transport, signed as it signs.
	Compose func(t transports.Transport, to string) (text string, err error)
	// Send sends a test mail over a transport and tells how that went.
	Send func(ctx context.Context, t transports.Transport, to string, emit func(View)) View

	// Panel plays somebody at a DNS panel, where there is nobody: in the demo.
	Panel *Panel

	// Keep stores a run under a name, or forgets it where data is nil.
	Keep func(name string, data []byte) error
}

// Clash says that somebody else changed the same transport.
type Clash struct {
	Who  string // "jan on server1"; "" where not known
	When time.Time
	What []string // what they changed, in words

	// Merge writes what only we changed over theirs.
	Merge func(ctx context.Context) error
}

func (c *Clash) Error() string {
	who := c.Who
	if who == "" {
		who = "somebody else"
	}
	return who + " changed it meanwhile"
}

// Panel is the demo's DNS panel: it publishes a record as somebody would who
// types it, rightly or with one of the classic slips.
type Panel struct {
	Slips   []Option // the value "" is: typed as shown
	Publish func(rec finding.Record, slip string) error
}

// slipFields ask how the record is typed in the demo.
func slipFields(r *Run) []Field {
	if r.World.Panel == nil {
		return nil
	}
	return []Field{{
		ID: "demo-slip", Label: "In the demo", Kind: Choice, Options: r.World.Panel.Slips,
		Help: "In the demo nobody sits at a DNS panel. How does somebody type it?",
	}}
}
