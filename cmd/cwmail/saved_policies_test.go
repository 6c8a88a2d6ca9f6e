package main

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/mtasts"
)

// TestSavedPolicies holds that a policy comes out of a file as it went in, with
// octets that are no text too.
func TestSavedPolicies(t *testing.T) {
	const host = "mta-sts.acme.example"
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	world := dnstest.New(host + " A 192.0.2.1")
	for _, f := range []mtasts.Fetched{
		{Host: host, Outcome: mtasts.Served, Server: "192.0.2.1:443", Status: 200, ContentType: "text/plain; \xff", Body: "version: STSv1\r\n\xff\x00\x1b[2J", TooLarge: true, At: at},
		{Host: host, Outcome: mtasts.Served, Status: 302, Location: "https://\xfe/", At: at},
		{Host: host, Outcome: mtasts.BadTLS, Reason: "it is for \xff", At: at},
		{Host: host, Outcome: mtasts.Unreachable, Reason: "no answer in time", TimedOut: true, At: at},
	} {
		mtasts.Resolve(t.Context(), world, &f)
		path := filepath.Join(t.TempDir(), "run.json")
		var kept policies
		kept.record(mtasts.Fetched{Host: f.Host, Outcome: mtasts.NoAddress})
		kept.record(f)
		if err := writeSaved(path, heard{answers: []dns.Answer{f.A, f.AAAA}, policies: kept.fetched()}); err != nil {
			t.Fatal(err)
		}
		run, err := readSaved(path)
		if err != nil || len(run.policies) != 1 {
			t.Fatalf("%v, %d policies", err, len(run.policies))
		}
		got := (&policies{all: run.policies}).replay(t.Context(), world, f.Host)
		if !reflect.DeepEqual(got, f) {
			t.Errorf("%+v\ninstead of\n%+v", got, f)
		}
	}
	if f := new(policies).replay(t.Context(), world, host); f.Outcome != mtasts.NotFetched {
		t.Errorf("a policy that was not saved: %+v", f)
	}
	if _, err := (savedPolicy{Outcome: "nonsense"}).policy(); err == nil {
		t.Error("nonsense is read")
	}
}
