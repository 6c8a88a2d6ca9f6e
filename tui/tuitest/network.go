package tuitest

import (
	"context"
	"fmt"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/transports"
)

// NetworkLists are the block lists of the invented world.
var NetworkLists = []string{"dnsbl.example", "traps.example", "bots.example", "shy.example"}

// Network looks at relay addresses of which one has no name, one a name that
// does not lead back, one is on a list, and one cannot be looked up.
func Network(ctx context.Context, domains []string) checks.NetworkReport {
	z := dnstest.New(
		"acme.example TXT v=spf1 ip4:31.134.206.128/28 -all",
		"shop.example TXT v=spf1 ip4:31.134.206.128/29 -all",
		"141.206.134.31.dnsbl.example A 127.0.0.2",
		"141.206.134.31.dnsbl.example TXT mail to a spam trap",
		"143.206.134.31.shy.example A 127.255.255.254",
		"143.206.134.31.in-addr.arpa PTR SERVFAIL",
		"out137.relay.example A 198.51.100.137",
	)
	for _, list := range NetworkLists {
		z.Add("2.0.0.127." + list + " A 127.0.0.2")
	}
	for n := 128; n < 143; n++ {
		if n != 134 {
			z.Add(fmt.Sprintf("%d.206.134.31.in-addr.arpa PTR out%d.relay.example.", n, n))
		}
		if n != 137 {
			z.Add(fmt.Sprintf("out%d.relay.example A 31.134.206.%d", n, n))
		}
	}
	e := checks.Examiner{Resolver: dns.NewCache(z), Now: func() time.Time { return Noon }, Service: transports.DefaultService()}
	return e.Network(ctx, checks.NetworkOptions{Domains: domains, Lists: NetworkLists})
}
