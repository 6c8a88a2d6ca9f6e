package checks_test

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/transports"
)

// The servers of others are left alone unless it is asked for.
func TestReceiversAreOptIn(t *testing.T) {
	world := readCorpus(t, "world")[0].edits
	customer := transports.Transport{Name: "customer", Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example"}, DKIM: signing("cw1", keys().public)}
	noReply := transports.Transport{Name: "no reply", Type: transports.NoReply}
	for _, c := range []struct {
		transport transports.Transport
		asked     bool
		spoken    bool
	}{{customer, false, false}, {customer, true, true}, {noReply, true, false}} {
		e := corpusExaminer(t, apply(world).zone(), nameserver.Options{}, c.transport)
		var mu sync.Mutex
		dialled := 0
		e.ProbeMX = c.asked
		e.Probe = relay.Options{Now: time.Now, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dialled++
			if !strings.HasSuffix(address, ":25") {
				t.Errorf("dialled %s", address)
			}
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}}
		target := checks.Target{Transport: &c.transport}
		report := e.Examine(t.Context(), target, nil)
		wellFormed(t, report)
		raised := slices.ContainsFunc(report.Findings, func(f finding.Finding) bool {
			return f.Code() == "smtp.refused" && f.Subject == "customer.example" && f.Object != ""
		})
		facts, err := json.Marshal(report.Facts)
		told := strings.Contains(string(facts), `"receivers":[{"address":`)
		staged := slices.Contains(e.Stages(target), "servers that take its mail")
		if raised != c.spoken || dialled > 0 != c.spoken || told != c.spoken || staged != c.spoken || err != nil {
			t.Errorf("%s, asked %v: %d connections\n%s%s", c.transport.Name, c.asked, dialled, listed(report.Findings), facts)
		}
	}
}
