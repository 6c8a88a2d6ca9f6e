// Package relay looks whether an external SMTP server can be reached, without
// logging in and without sending anything, and judges what it shows.
package relay

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
)

// Options say how servers are spoken to.
type Options struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: not at all, see Offline
	Now  func() time.Time

	Roots *x509.CertPool // nil: those of the system
	Name  string         // said in EHLO; "" means cwmail.invalid

	// Probe speaks to one address; nil is smtp.Probe. A replay has what was
	// recorded in its place.
	Probe func(context.Context, smtp.Options) smtp.Conversation

	ConnectTimeout time.Duration // 0: 10 s
	ReplyTimeout   time.Duration // 0: 15 s

	// Offline says why servers are not spoken to, where Dial and Probe are nil.
	Offline string
}

// Result is what was seen of a server.
type Result struct {
	Server  transports.Server
	Subject string // name of the transport; "" means the host

	A, AAAA       dns.Answer          // zero where the host is an address
	Addresses     []netip.Addr        // all that the host has
	Conversations []smtp.Conversation // one for each address that was tried
	Skipped       string              // why none was tried; "" otherwise
	Now           time.Time
}

// Limits of what is tried: more addresses would tell little more. Mail of
// ClockWise comes from IPv4, so one of IPv6 is enough.
const (
	maxV4 = 3
	maxV6 = 1
)

// Lookup resolves the server and greets it at its addresses, side by side.
func Lookup(ctx context.Context, r dns.Resolver, s transports.Server, o Options) Result {
	res := Result{Server: s}
	if o.Now != nil {
		res.Now = o.Now()
	}
	res.resolve(ctx, r)
	switch {
	case len(res.Addresses) == 0:
		return res
	case o.Dial == nil && o.Probe == nil || o.Now == nil:
		res.Skipped = o.Offline
		if res.Skipped == "" {
			res.Skipped = "mail servers are not contacted in this run"
		}
		return res
	}
	if o.Name == "" {
		o.Name = "cwmail.invalid"
	}
	if o.Probe == nil {
		o.Probe = smtp.Probe
	}
	tried := choose(res.Addresses)
	res.Conversations = make([]smtp.Conversation, len(tried))
	var wg sync.WaitGroup
	for i, a := range tried {
		wg.Go(func() {
			res.Conversations[i] = o.Probe(ctx, smtp.Options{
				Host: s.Host, Address: netip.AddrPortFrom(a, uint16(s.Port)), Security: s.Security, Name: o.Name,
				Dial: o.Dial, Now: o.Now, Roots: o.Roots, ConnectTimeout: o.ConnectTimeout, ReplyTimeout: o.ReplyTimeout,
			})
		})
	}
	wg.Wait()
	return res
}

func (res *Result) resolve(ctx context.Context, r dns.Resolver) {
	if a, err := netip.ParseAddr(res.Server.Host); err == nil {
		res.Addresses = []netip.Addr{a.Unmap()}
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { res.A = r.Lookup(ctx, dns.Ask(res.Server.Host, dns.TypeA)) })
	wg.Go(func() { res.AAAA = r.Lookup(ctx, dns.Ask(res.Server.Host, dns.TypeAAAA)) })
	wg.Wait()
	for _, answer := range []dns.Answer{res.A, res.AAAA} {
		for _, rec := range answer.Records {
			if rec.Addr.IsValid() {
				res.Addresses = append(res.Addresses, rec.Addr)
			}
		}
	}
}

// choose takes the addresses that are tried.
func choose(all []netip.Addr) []netip.Addr {
	var out []netip.Addr
	v4, v6 := 0, 0
	for _, a := range all {
		count, limit := &v4, maxV4
		if a.Is6() {
			count, limit = &v6, maxV6
		}
		if *count < limit {
			*count++
			out = append(out, a)
		}
	}
	return out
}
