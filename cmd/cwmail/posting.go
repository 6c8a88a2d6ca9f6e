package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/compose"
	"clockwise.info/cwmail/transports/smtp"
)

// letter is what somebody wants to send as a test.
type letter struct {
	transport transports.Transport
	from      compose.Person
	to        []string
	subject   string
	text      string
	helo      string // "": the name of this machine
	report    *smtp.DSN
}

// posting is a letter as it is handed over: the same message that ClockWise
// would build, signed as its transport signs.
type posting struct {
	letter
	message  compose.Message
	raw      []byte // signed where the transport signs
	unsigned string // why there is no signature; "" where there is one
}

// compose builds and signs a letter.
func (w *world) compose(l letter, now time.Time) (posting, error) {
	m, err := compose.Compose(compose.Options{
		Transport: l.transport, Service: w.file.Service, User: l.from, To: l.to, Subject: l.subject, Text: l.text, Now: now,
	})
	if bad, ok := errors.AsType[*compose.FieldError](err); ok {
		return posting{}, &failure{what: "could not write the message", why: bad.Field + " " + bad.Reason, hints: []string{"cwmail send --help shows an example"}}
	}
	if err != nil {
		return posting{}, err
	}
	p := posting{letter: l, message: m, raw: m.Raw}
	how, err := compose.SigningOf(l.transport, transports.DomainOf(m.From), now)
	switch {
	case errors.Is(err, compose.ErrNotSwitched):
		p.unsigned = "the transport does not sign"
		return p, nil
	case errors.Is(err, compose.ErrNoKey):
		p.unsigned = "only ClockWise has the private key"
		return p, nil
	}
	if p.raw, err = compose.Sign(m.Raw, how); err != nil {
		return posting{}, &failure{what: "could not sign the message", why: trimRoom(err), hints: []string{"cwmail check " + l.transport.Name + " looks at the key"}}
	}
	return p, nil
}

// trimRoom is an error without the room that it comes from.
func trimRoom(err error) string {
	for _, room := range []string{"compose: ", "config: ", "smtp: "} {
		if text, ok := strings.CutPrefix(err.Error(), room); ok {
			return text
		}
	}
	return err.Error()
}

// send hands a posting over, once. emit hears each step and line; nil: nobody.
func (a *app) send(ctx context.Context, w *world, p posting, emit func(smtp.Event)) smtp.Delivery {
	o := smtp.SendOptions{
		From: p.message.MailFrom, To: p.message.Rcpt, Message: p.raw, DSN: p.report,
		Name: a.helo(p.helo), MX: w.exchanges, Addresses: w.addresses,
		Dial: w.dial, Now: a.now, Roots: w.roots, Emit: emit,
	}
	if s := p.transport.Server; p.transport.Type == transports.SMTP {
		o.Host, o.Port, o.Security, o.Auth, o.Username = s.Host, s.Port, s.Security, s.Auth, s.Username
		o.Secret = func(ctx context.Context) (string, error) {
			secret, err := config.SystemVault().Reveal(ctx, s.Password)
			if err != nil {
				return "", plainError(err)
			}
			return secret, nil
		}
	}
	d := smtp.Send(ctx, o)
	w.talks.keep(d.Conversations)
	return d
}

// helo is the name that this machine says of itself.
func (a *app) helo(given string) string {
	if given != "" {
		return given
	}
	if name := hostname(); name != "" {
		return name
	}
	return "localhost"
}

// exchanges are the mail servers of a domain.
func (w *world) exchanges(ctx context.Context, domain string) ([]smtp.MX, error) {
	answer := w.resolver.Lookup(ctx, dns.Ask(domain, dns.TypeMX))
	if answer.Status == dns.Failed {
		return nil, errors.New(answer.Reason())
	}
	var out []smtp.MX
	for _, r := range answer.Records {
		out = append(out, smtp.MX{Host: r.Host, Preference: r.Pref})
	}
	if answer.Status == dns.NoName {
		return nil, nil
	}
	return out, nil
}

// addresses are the addresses of a host, of both families.
func (w *world) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	var out []netip.Addr
	var failed error
	for _, kind := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		answer := w.resolver.Lookup(ctx, dns.Ask(host, kind))
		if answer.Status == dns.Failed {
			failed = errors.New(answer.Reason())
			continue
		}
		for _, r := range answer.Records {
			out = append(out, r.Addr)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, failed
}

// predicted is how a receiver would judge this mail when ClockWise sends it.
func predicted(ctx context.Context, e *checks.Examiner, p posting) *checks.Path {
	t := p.transport
	if t.Type != transports.NoReply {
		t.From = p.message.From
	}
	quick := *e
	quick.DNSOnly = true
	r := quick.Examine(ctx, checks.Target{Transport: &t}, nil)
	if len(r.Paths) == 0 {
		return nil
	}
	return new(worst(r.Paths))
}

// worst is the path that fares worst: where the addresses differ, this one is
// what the sender has to reckon with.
func worst(paths []checks.Path) checks.Path {
	rank := []string{"pass", "none", "unknown", "fail"}
	return slices.MaxFunc(paths, func(a, b checks.Path) int {
		return slices.Index(rank, a.DMARC) - slices.Index(rank, b.DMARC)
	})
}

// Test mails are few: what looks like a burst gets a sender into trouble.
const (
	sendsAtOnce = 5
	sendsWithin = time.Minute
	sendsState  = "sends.json"
)

// maySend says whether another test mail may leave now, and takes note of it.
func (e *editor) maySend(now time.Time) error {
	past := e.runs.sends()
	past = slices.DeleteFunc(past, func(t time.Time) bool { return now.Sub(t) >= sendsWithin || t.After(now) })
	if len(past) >= sendsAtOnce {
		wait := sendsWithin - now.Sub(past[0])
		return fmt.Errorf("%d test mails were sent within a minute; the next one may leave in %s", len(past), wait.Round(time.Second))
	}
	e.runs.sent(append(past, now))
	return nil
}
