// Package address looks at the addresses that mail leaves from: the names that
// DNS gives them, whether those names lead back, and which block lists name them.
package address

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// Result is what DNS says about addresses. The zero value was not asked.
type Result struct {
	Addresses []Address
	Lists     []List // in the order of Options, each once for each kind of address
}

// Address is one address with the names and the listings that it has.
type Address struct {
	Addr     netip.Addr
	PTR      dns.Answer
	Names    []Name // those of PTR, each once, at most maxNames
	Listings []Listing
}

// Name is a name that an address has, with the addresses that it leads to.
type Name struct {
	Host    string
	Forward dns.Answer // A or AAAA, whichever the address is
}

// Options says which block lists are asked.
type Options struct {
	Lists []string // names of their zones
}

// Bounds: RFC 8601 section 2.7.3 lets the names of one address be cut at ten.
const (
	maxNames     = 10
	maxLists     = 40
	maxAddresses = 512
	atOnce       = 64
)

// Confirmation is the outcome of forward confirmation, the method iprev of RFC
// 8601 section 2.7.3. The zero value was not looked at.
type Confirmation uint8

// The outcomes.
const (
	NotLooked    Confirmation = iota
	Confirmed                 // a name leads back to the address
	NotConfirmed              // there are names, none of which leads back
	NoName                    // the address has no name
	NotKnown                  // it could not be looked up
)

var confirmationNames = [...]string{"not looked at", "confirmed", "not confirmed", "no name", "not known"}

func (c Confirmation) String() string { return confirmationNames[c] }

// Confirmation says whether a name of the address leads back to it.
func (a Address) Confirmation() Confirmation {
	switch {
	case a.PTR.Question.Name == "":
		return NotLooked
	case a.PTR.Void():
		return NoName
	case a.PTR.Status == dns.Failed:
		return NotKnown
	}
	out := NotConfirmed
	for _, n := range a.Names {
		if n.leadsTo(a.Addr) {
			return Confirmed
		}
		if n.Forward.Status == dns.Failed {
			out = NotKnown
		}
	}
	if len(a.hosts()) > len(a.Names) {
		out = NotKnown // a name beyond the bound might do
	}
	return out
}

// Hosts are the names of the address, each once, as many as were looked up.
func (a Address) Hosts() []string {
	hosts := a.hosts()
	return hosts[:min(len(hosts), maxNames)]
}

func (a Address) hosts() []string {
	var out []string
	for _, r := range a.PTR.Records {
		if host := cmp.Or(strings.ToLower(r.Host), "."); !slices.Contains(out, host) {
			out = append(out, host)
			if len(out) > maxNames {
				break
			}
		}
	}
	return out
}

// On names the block lists that have the address, without those that only tell
// what range it is of.
func (a Address) On() []string {
	var out []string
	for _, l := range a.Listings {
		if l.State == Listed {
			out = append(out, l.List)
		}
	}
	return out
}

func (n Name) leadsTo(addr netip.Addr) bool {
	return slices.ContainsFunc(n.Forward.Records, func(r dns.Record) bool { return r.Addr.Unmap() == addr })
}

// reach asks side by side, a bounded number of questions at once.
type reach struct {
	ctx   context.Context
	ask   dns.Resolver
	slots chan struct{}
}

func (r reach) lookup(name string, t dns.Type) dns.Answer {
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	return r.ask.Lookup(r.ctx, dns.Ask(name, t))
}

// Lookup asks for the names of each address, for the addresses of these names,
// and whether block lists have the address. A list is asked about addresses only
// after it has proved that it answers truly (RFC 5782 section 5).
func Lookup(ctx context.Context, r dns.Resolver, addrs []netip.Addr, o Options) Result {
	var res Result
	var all []netip.Addr // res.Addresses are written while lists are asked
	for _, a := range addrs[:min(len(addrs), maxAddresses)] {
		a = a.Unmap().WithZone("")
		if a.IsValid() && !slices.Contains(all, a) {
			all = append(all, a)
			res.Addresses = append(res.Addresses, Address{Addr: a})
		}
	}
	res.Lists = listsFor(all, o.Lists)
	net := reach{ctx, r, make(chan struct{}, atOnce)}
	var wg sync.WaitGroup
	for i := range res.Addresses {
		wg.Go(func() { res.Addresses[i].name(net) })
	}
	listings := make([][]Listing, len(res.Lists))
	for i := range res.Lists {
		wg.Go(func() {
			l := &res.Lists[i]
			l.test(net)
			listings[i] = l.about(net, all)
		})
	}
	wg.Wait()
	for _, found := range listings {
		for _, l := range found {
			at := slices.Index(all, l.Addr)
			res.Addresses[at].Listings = append(res.Addresses[at].Listings, l)
		}
	}
	return res
}

func (a *Address) name(net reach) {
	a.PTR = net.lookup(dns.Reverse(a.Addr).Name, dns.TypePTR)
	forward := dns.TypeA
	if a.Addr.Is6() {
		forward = dns.TypeAAAA
	}
	for _, host := range a.Hosts() {
		a.Names = append(a.Names, Name{Host: host})
	}
	var wg sync.WaitGroup
	for i := range a.Names {
		n := &a.Names[i]
		if n.Host == "." { // the root has no address
			n.Forward = dns.Answer{Status: dns.Empty}
			continue
		}
		wg.Go(func() { n.Forward = net.lookup(n.Host, forward) })
	}
	wg.Wait()
}
