package checks_test

import (
	"context"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/transports"
)

// The network of the relays can be configured: no text may tell of another one,
// or of another number of addresses.
func TestAnotherNetwork(t *testing.T) {
	other := regexp.MustCompile(`31\.134\.206\.|\b16\b|(?i:sixteen)`)
	times := regexp.MustCompile(`\d\d:\d\d:\d\d|\d+ ms`) // at 16 past the hour they would be taken for a number of addresses
	customer := transports.Match{Domain: "customer.example"}
	ours := transports.Transport{Name: "customer", Type: transports.ClockWise, Match: customer, DKIM: signing("cw1", keys().public)}
	server := transports.Transport{
		Name: "customer", Type: transports.SMTP, Match: customer,
		Server: transports.Server{Host: "mail.customer.example", Port: 25, Security: "starttls", Auth: "none"},
	}
	for _, c := range []struct {
		name, record string
		transport    transports.Transport
		code, says   string
	}{
		{"sound", "", ours, "", ""},
		{"literal", "v=spf1 ip4:20.0.0.4/30 -all", ours, "spf.clockwise-as-literal", "All 4 addresses"},
		{"half of it", "v=spf1 ip4:20.0.0.4/31 -all", ours, "spf.clockwise-network-incomplete", "only 2 of ClockWise's 4 addresses"},
		{"refused", "v=spf1 -ip4:20.0.0.0/24 include:_spf.clockwise.info -all", ours, "spf.clockwise-network-refused", "4 of the 4 addresses"},
		{"missing", "v=spf1 -all", ours, "spf.include-clockwise-missing", ""},
		{"its server refuses", "", server, "smtp.refused", "relay addresses 20.0.0.4/30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs := apply(readCorpus(t, "world")[0].edits)
			rs[dns.Ask("_spf.clockwise.info", dns.TypeTXT)] = [][]string{{"v=spf1 ip4:20.0.0.4/30 -all"}}
			if c.record != "" {
				rs[dns.Ask("customer.example", dns.TypeTXT)] = [][]string{{c.record}}
			}
			e := corpusExaminer(t, rs.zone(), nameserver.Options{}, c.transport)
			e.Service.Network = netip.MustParsePrefix("20.0.0.4/30")
			e.Probe = relay.Options{Now: time.Now, Dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}}
			report := e.Examine(t.Context(), checks.Target{Transport: &c.transport}, nil)
			if c.transport.Type == transports.ClockWise && len(report.Paths) != 4 {
				t.Errorf("%d paths", len(report.Paths))
			}
			f := raisedIn(report, c.code)
			if c.code != "" && (f == nil || !strings.Contains(f.Title()+f.Saw()+f.Action(), c.says)) {
				t.Errorf("%s is %v, want %q\n%s", c.code, f, c.says, listed(report.Findings))
			}
			var b strings.Builder
			if err := checks.WriteText(&b, []checks.Report{report}, checks.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, f := range report.Findings {
				b.WriteString(f.Title() + f.Saw() + f.Effect() + f.Action())
			}
			text := times.ReplaceAllString(b.String(), "")
			if i := other.FindStringIndex(text); i != nil {
				t.Errorf("another network is told of: %q", text[max(0, i[0]-60):min(len(text), i[0]+60)])
			}
		})
	}
}
