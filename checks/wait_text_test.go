package checks_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/propagation"
)

// A cache is told only as long as it can still hold something.
func TestWaitTextOfCaches(t *testing.T) {
	at := time.Date(2026, 11, 24, 17, 40, 49, 0, time.UTC)
	for until, told := range map[time.Time]bool{at.Add(38 * time.Second): true, at.Add(-11 * time.Second): false, {}: false} {
		r := propagation.Report{Round: 2, At: at, Zone: "acme.example", Next: time.Minute, Resolvers: []propagation.View{
			{Addr: netip.MustParseAddrPort("192.0.2.1:53"), State: propagation.Missing, Until: until},
		}}
		var b strings.Builder
		if err := checks.WriteWait(&b, checks.Wanted{Subject: checks.WaitSPF, Domain: "acme.example"}, "_spf.clockwise.info", r); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "keep that until"); got != told {
			t.Errorf("until %v: told %v\n%s", until, got, b.String())
		}
	}
}
