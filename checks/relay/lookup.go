// Package relay looks whether an external SMTP server can be reached, without
// logging in and without sending anything, and judges what it shows.
package relay

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"strings"
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

	// What goes beyond greeting the server itself is done only where it is
	// asked for.
	Controls  []Control // connected to, where port 25 of the server is silent
	Injection bool      // whether commands sent in clear behind STARTTLS are obeyed
	PTR       bool      // whether the names of the addresses are asked for

	// What is known from elsewhere.
	Clock   Clock // another clock than Now; the zero value is none
	Largest int64 // octets of the largest attachment; 0: largestAttachment

	// Network is what ClockWise's servers send from; zero: that of the default
	// service.
	Network netip.Prefix

	// Offline says why servers are not spoken to, where Dial and Probe are nil.
	Offline string
}

// largestAttachment is what mail of ClockWise may have to carry: a report with
// some pictures.
const largestAttachment = 5 << 20

// Control is a known host that tells a blocked line from a silent server: if
// those of port 25 are silent too and another port answers, it is the line.
type Control struct {
	Host string
	Port int
}

// Clock is what another machine's clock said.
type Clock struct {
	Server string
	Says   time.Time // e.g. of the Date header of HTTPS
	At     time.Time // here, at that moment
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

	Receives  bool                // it takes the mail of Subject, a domain: nothing is sent through it
	Demands   string              // what demands encryption of senders, e.g. "DANE"; "" when nothing is known to
	Vouched   bool                // DNS vouches for the certificate itself (DANE-EE): dates, name and issuer do not count
	Injection *smtp.Conversation  // with Options.Injection
	Controls  []smtp.Conversation // with Options.Controls, where they were needed; one for each
	Names     []dns.Answer        // with Options.PTR: for each of Conversations
	Name      string              // said in EHLO, where Options name one
	NameA     dns.Answer          // its addresses
	NameAAAA  dns.Answer
	Clock     Clock
	Largest   int64
	Network   string // what ClockWise's servers send from
}

// Limits of what is tried: more addresses would tell little more. Mail of
// ClockWise comes from IPv4, so one of IPv6 is enough.
const (
	maxV4 = 3
	maxV6 = 1
)

// Lookup resolves the server and greets it at its addresses, side by side.
func Lookup(ctx context.Context, r dns.Resolver, s transports.Server, o Options) Result {
	res := look(ctx, r, Result{Server: s}, o)
	if silentOn25(res) {
		res.Controls = lookAtControls(ctx, r, o)
	}
	return res
}

// maxReceivers is the number of mail servers of a domain that are greeted:
// senders seldom try more.
const maxReceivers = 3

// LookupReceivers greets the first hosts of those that take a domain's mail,
// side by side. What is meant for the server of a transport is left out.
func LookupReceivers(ctx context.Context, r dns.Resolver, domain string, hosts []string, o Options) []Result {
	o.Injection, o.Name, o.PTR = false, "", true
	hosts = hosts[:min(len(hosts), maxReceivers)]
	out := make([]Result, len(hosts))
	var wg sync.WaitGroup
	for i, host := range hosts {
		wg.Go(func() {
			res := Result{Server: transports.Server{Host: host, Port: 25, Security: "starttls", Auth: "none"}, Subject: domain, Receives: true}
			out[i] = look(ctx, r, res, o)
		})
	}
	wg.Wait()
	if len(out) > 0 && !slices.ContainsFunc(out, func(res Result) bool { return !silentOn25(res) }) {
		out[0].Controls = lookAtControls(ctx, r, o)
	}
	return out
}

// silentOn25 holds where connections to port 25 were tried and got no answer.
// That this machine has no IPv6 says nothing.
func silentOn25(res Result) bool {
	silent := false
	for _, c := range res.Conversations {
		switch {
		case c.Stage != smtp.Connect || res.Server.Port != 25:
			return false
		case c.Trouble == smtp.TimedOut:
			silent = true
		case c.Trouble != smtp.NoRoute || c.Address.Addr().Is4():
			return false
		}
	}
	return silent
}

// look resolves and greets the server that res names.
func look(ctx context.Context, r dns.Resolver, res Result, o Options) Result {
	res.Name, res.Clock, res.Largest = o.Name, o.Clock, o.Largest
	if o.Now != nil {
		res.Now = o.Now()
	}
	if o.Network.IsValid() {
		res.Network = o.Network.Masked().String()
	} else {
		res.Network = transports.DefaultService().Network.String()
	}
	if res.Largest == 0 {
		res.Largest = largestAttachment
	}
	res.resolve(ctx, r)
	if res.Receives {
		// Whoever publishes an MX record does not lead us into our own network.
		res.Addresses = slices.DeleteFunc(res.Addresses, func(a netip.Addr) bool { return !a.IsGlobalUnicast() || a.IsPrivate() })
	}
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
	res.greet(ctx, r, o)
	return res
}

// greet speaks to the addresses, and asks what belongs to it, side by side.
func (res *Result) greet(ctx context.Context, r dns.Resolver, o Options) {
	tried := choose(res.Addresses)
	res.Conversations = make([]smtp.Conversation, len(tried))
	var wg sync.WaitGroup
	for i, a := range tried {
		wg.Go(func() { res.Conversations[i] = o.probe(ctx, res.Server, a, false) })
	}
	if o.PTR {
		res.Names = make([]dns.Answer, len(tried))
		for i, a := range tried {
			wg.Go(func() { res.Names[i] = r.Lookup(ctx, dns.Reverse(a)) })
		}
	}
	if strings.Contains(res.Name, ".") {
		wg.Go(func() { res.NameA = r.Lookup(ctx, dns.Ask(res.Name, dns.TypeA)) })
		wg.Go(func() { res.NameAAAA = r.Lookup(ctx, dns.Ask(res.Name, dns.TypeAAAA)) })
	}
	wg.Wait()
	if i := slices.IndexFunc(res.Conversations, smtp.Conversation.OK); i >= 0 && o.Injection && res.Server.Security == "starttls" {
		c := o.probe(ctx, res.Server, tried[i], true)
		res.Injection = &c
	}
}

// probe speaks to one address of a server.
func (o Options) probe(ctx context.Context, s transports.Server, a netip.Addr, inject bool) smtp.Conversation {
	p := smtp.Options{
		Host: s.Host, Address: netip.AddrPortFrom(a, uint16(s.Port)), Security: s.Security, Name: o.Name, Inject: inject,
		Dial: o.Dial, Now: o.Now, Roots: o.Roots, ConnectTimeout: o.ConnectTimeout, ReplyTimeout: o.ReplyTimeout,
	}
	if p.Name == "" {
		p.Name = "cwmail.invalid"
	}
	if o.Probe == nil {
		return smtp.Probe(ctx, p)
	}
	return o.Probe(ctx, p)
}

// lookAtControls connects to the first IPv4 address of each control, and says
// nothing there.
func lookAtControls(ctx context.Context, r dns.Resolver, o Options) []smtp.Conversation {
	out := make([]smtp.Conversation, len(o.Controls))
	var wg sync.WaitGroup
	for i, c := range o.Controls {
		wg.Go(func() {
			s := transports.Server{Host: c.Host, Port: c.Port, Security: "connect"}
			out[i] = smtp.Conversation{Host: c.Host, Trouble: smtp.NotRun, Detail: "no address"}
			for _, rec := range r.Lookup(ctx, dns.Ask(c.Host, dns.TypeA)).Records {
				if rec.Addr.Is4() {
					out[i] = o.probe(ctx, s, rec.Addr, false)
					return
				}
			}
		})
	}
	wg.Wait()
	return out
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
