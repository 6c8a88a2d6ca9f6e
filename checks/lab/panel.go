package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
)

// Pace is how fast the DNS provider of the lab is: when each name server has
// what was typed.
type Pace struct {
	First, Second time.Duration

	// After runs f later, once; stop prevents it. nil: by the clock of the
	// machine.
	After func(d time.Duration, f func()) (stop func() bool)
}

// DemoPace is the pace of the demo: slow enough to be seen, and not dull.
func DemoPace() Pace { return Pace{First: 3 * time.Second, Second: 8 * time.Second} }

// How long the lab's caches keep what they have. A record that is to be changed
// gets the short TTL as well, as people lower it before a change.
const (
	keepRecord   = 5 * time.Second
	keepNegative = 4 * time.Second
)

// Publish plays somebody who types a record into the panel of the DNS provider.
// It returns at once; the name servers have it after their time, and resolvers
// when they let go of what they have. Who types the same record again corrects
// what was typed before.
func (w *World) Publish(rec finding.Record, slip Slip, pace Pace) error {
	name := dns.Ask(rec.Name, 0).Name
	rec.Name = name
	zone, ok := w.Zone.Apex(name)
	if !ok {
		return fmt.Errorf("lab: %s stands in no zone of the demo world", name)
	}
	if _, ok := dns.ParseType(rec.Type); !ok {
		return fmt.Errorf("lab: the panel knows no type %q", rec.Type)
	}
	if rec.Remove && rec.Replaces == nil {
		return fmt.Errorf("lab: nothing says which record of %s is to go", name)
	}
	typed := slip.Type(rec, zone)
	if rec.Remove && len(typed) > 0 {
		typed = []Typed{} // goes, whatever else was done wrong
	}
	if typed == nil {
		return nil
	}
	after := pace.After
	if after == nil {
		after = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range typed {
		if err := w.refuses(t); err != nil {
			return err
		}
	}
	before := w.typed[key(rec)]
	w.typed[key(rec)] = typed
	right := !slip.Spoils(rec, zone)
	for i, delay := range []time.Duration{pace.First, pace.Second} {
		c := change{rec: rec, before: before, typed: typed, right: right, first: i == 0}
		c.lower(w.zones[i])
		w.pending = append(w.pending, after(delay, func() { c.take(w.zones[i]) }))
	}
	return nil
}

// refuses is what a panel says of a record beside a CNAME (RFC 1034 section
// 3.6.2).
func (w *World) refuses(t Typed) error {
	if t.Type == "CNAME" || !w.Zone.Has(t.Name, dns.TypeCNAME) {
		return nil
	}
	for removed := range w.typed {
		if strings.HasPrefix(removed, t.Name+" CNAME ") {
			return nil
		}
	}
	return fmt.Errorf("lab: the panel takes no other record at %s, as a CNAME stands there", t.Name)
}

// key tells which records are the same line in a panel.
func key(rec finding.Record) string {
	if rec.Replaces != nil && rec.Remove {
		return rec.Name + " " + rec.Type + " " + *rec.Replaces
	}
	return rec.Name + " " + rec.Type
}

// change is what one name server does with what was typed.
type change struct {
	rec    finding.Record
	before []Typed // the time before
	typed  []Typed
	right  bool
	first  bool // it is the first name server
}

func parse(typ string) dns.Type {
	t, _ := dns.ParseType(typ)
	return t
}

// lower shortens the time for which what stands there now is kept.
func (c change) lower(z *nameserver.Zone) {
	z.SetTTL(c.rec.Name, parse(c.rec.Type), keepRecord)
	for _, t := range c.before {
		z.SetTTL(t.Name, parse(t.Type), keepRecord)
	}
}

// take stores what was typed, and then lets go of what stood there: the name
// is never without a record.
func (c change) take(z *nameserver.Zone) {
	ttl := keepRecord
	if c.right {
		ttl = nameserver.DefaultTTL
		if c.rec.TTL > 0 {
			ttl = time.Duration(c.rec.TTL) * time.Second
		}
	}
	var stays []Typed
	for _, t := range c.typed {
		if c.first || !t.FirstOnly {
			// What a panel does not take is not stored.
			_ = z.AddValue(t.Name, parse(t.Type), ttl, t.Value)
			stays = append(stays, Typed{Name: t.Name, Type: t.Type, Value: t.Value})
		}
	}
	goes := c.before
	if c.replaces() {
		goes = append(slices.Clone(goes), Typed{Name: c.rec.Name, Type: c.rec.Type, Value: *c.rec.Replaces})
	}
	for _, t := range goes {
		if !slices.Contains(stays, Typed{Name: t.Name, Type: t.Type, Value: t.Value}) {
			z.RemoveValue(t.Name, parse(t.Type), t.Value)
		}
	}
	z.SetTTL(c.rec.Name, parse(c.rec.Type), ttl)
}

// replaces says whether the old record goes. Who types a new one at another
// name, or beside it, leaves it.
func (c change) replaces() bool {
	if c.rec.Replaces == nil || c.rec.Remove {
		return c.rec.Replaces != nil
	}
	for _, t := range c.typed {
		if t.Name == c.rec.Name && t.Type == c.rec.Type && !t.Beside && (c.first || !t.FirstOnly) {
			return true
		}
	}
	return false
}
