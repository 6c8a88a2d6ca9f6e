package dmarc

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
)

// A policy that is only tried names the transports that it would stop; of one
// in force, each transport's own report tells.
func TestTightening(t *testing.T) {
	failing := []Failing{{"Invoices", "from 31.134.206.128 SPF says fail for mail.example, DKIM none"}, {"News", "from 31.134.206.128 SPF says none for news.example, DKIM none"}}
	for _, tt := range []struct {
		name, record string
		whatIf       bool
		failing      []Failing
		want         bool
	}{
		{"tried", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example", true, failing, true},
		{"tried more softly", "v=DMARC1; p=quarantine; rua=mailto:dmarc@customer.example", true, failing, true},
		{"tried, and all pass", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example", true, nil, false},
		{"tried without a policy", "v=DMARC1; p=none; rua=mailto:dmarc@customer.example", true, failing, false},
		{"in force", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.example", false, failing, false},
	} {
		zone := dns.Resolver(soundZone(at(tt.record)...))
		if tt.whatIf {
			zone = dns.NewOverlay(soundZone(at(dmarcOK)...), []dns.Set{{Name: "_dmarc.customer.example", Type: dns.TypeTXT, Values: []string{tt.record}}})
		}
		r := Lookup(t.Context(), zone, "customer.example", Options{SideBySide: true})
		f := find(see(Findings(Input{Result: r, Path: NewPath(r, sound), Failing: tt.failing})), "dmarc.tightening-would-break")
		if (f != nil) != tt.want {
			t.Errorf("%s: raised %v", tt.name, f != nil)
			continue
		}
		if f != nil && (!strings.Contains(f.Title(), "Invoices, News") || len(f.Evidence) != 3 || f.Evidence[2].Name != "News") {
			t.Errorf("%s: %s %v", tt.name, f.Title(), f.Evidence)
		}
	}
}

// The names that a walk leaves out may declare an organisation that receivers
// then do not see.
func TestUnreachablePSD(t *testing.T) {
	const eight, nine = "c.d.e.f.g.h.customer.example", "b.c.d.e.f.g.h.customer.example"
	for _, tt := range []struct {
		name, from string
		at         []string
		want       string
	}{
		{"skipped", nine, []string{eight}, eight},
		{"skipped, further down", "a." + nine, []string{nine}, nine},
		{"the sender's own", nine, []string{nine}, ""},
		{"seven labels", nine, []string{"d.e.f.g.h.customer.example"}, ""},
		{"eight labels, all asked", eight, []string{eight}, ""},
		{"nothing", nine, nil, ""},
	} {
		lines := at(dmarcOK)
		for _, d := range tt.at {
			lines = append(lines, "_dmarc."+d+" TXT v=DMARC1; p=none; psd=n; rua=mailto:dmarc@customer.example")
		}
		r := Lookup(t.Context(), soundZone(lines...), tt.from, Options{SideBySide: true})
		f := find(see(Findings(Input{Result: r})), "dmarc.psd-unreachable")
		if (f == nil) != (tt.want == "") || f != nil && (f.Object != "_dmarc."+tt.want || len(f.Evidence) != len(r.Walk)+1) {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
	long := strings.Repeat("a.", 100) + "customer.example"
	if got := skippedNames(long); len(got) != maxSkipped || slices.Contains(got, long) {
		t.Errorf("of a long name %d are asked", len(got))
	}
}

// Only reject, for all of the domain, closes one that sends nothing.
func TestParked(t *testing.T) {
	const rua = "; rua=mailto:dmarc@customer.example"
	for _, tt := range []struct{ from, record, mended string }{
		{"customer.example", "v=DMARC1; p=reject" + rua, ""},
		{"customer.example", "v=DMARC1; p=reject; sp=reject" + rua, ""},
		{"customer.example", "v=DMARC1; p=none" + rua, "v=DMARC1; p=reject" + rua},
		{"customer.example", "v=DMARC1; p=reject; sp=none" + rua, "v=DMARC1; p=reject" + rua},
		{"customer.example", "v=DMARC1; p=reject; t=y" + rua, "v=DMARC1; p=reject" + rua},
		{"sub.customer.example", "v=DMARC1; p=reject" + rua, ""},
		{"sub.customer.example", "v=DMARC1; p=none" + rua, "v=DMARC1; p=reject" + rua},
	} {
		r := Lookup(t.Context(), soundZone(at(tt.record)...), tt.from, Options{SideBySide: true})
		f := find(see(Findings(Input{Result: r, Parked: true})), "dmarc.parked-not-closed")
		switch {
		case tt.mended == "" && f == nil:
		case f == nil || f.Fix == nil || f.Fix.Records[0].Value != tt.mended || f.Fix.Records[0].Name != Name(tt.from):
			t.Errorf("%s, %s: %+v", tt.from, tt.record, f)
		}
		if find(Findings(Input{Result: r}), "dmarc.parked-not-closed") != nil {
			t.Errorf("%s: raised for a domain that sends", tt.record)
		}
	}
}
