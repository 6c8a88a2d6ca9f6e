package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// openDemo is the world of --demo, with its examiner.
func openDemo(t *testing.T) (*world, *checks.Examiner) {
	t.Helper()
	a := newApp(system{now: time.Now})
	a.shared.demo = true
	w, err := a.open(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w, a.examiner(w)
}

// TestDemoAdvice holds that the demo world shows each mistake that it was made
// for, and that no two customers begin with the same advice.
func TestDemoAdvice(t *testing.T) {
	want := map[string]string{
		"Sound Bakery":                  "",
		"Plumber (no include)":          "spf.include-clockwise-missing",
		"Garage (include after all)":    "spf.include-clockwise-after-all",
		"School (two records)":          "spf.multiple-records",
		"Agency (eleven look-ups)":      "spf.too-many-lookups",
		"Studio (misspelt include)":     "spf.include-clockwise-misspelt",
		"Notary (cut DKIM key)":         "dkim.key-truncated",
		"Museum (name typed twice)":     "dkim.name-doubled",
		"Bank (strict DMARC)":           "dmarc.mail-rejected",
		"Harbour (silent name servers)": "dns.servers-unreachable",
		"Invoices via Office 365":       "mx.microsoft-endpoint",
		"Farm (own mail server)":        "",
		"No reply":                      "transport.no-reply-needs-no-dns",
	}
	w, e := openDemo(t)
	lines := map[string]string{}
	for _, r := range examineAll(t.Context(), e, targetsOf(w.file)) {
		code, ok := want[r.Target]
		if !ok {
			t.Errorf("%s is not in the table", r.Target)
			continue
		}
		delete(want, r.Target)
		open := r.Open()
		if code == "" {
			if r.Verdict == checks.VerdictFailure || r.Verdict == checks.VerdictUnknown {
				t.Errorf("%s: %s, %s", r.Target, r.Verdict, open[0].Code())
			}
			continue
		}
		if len(open) == 0 || open[0].Code() != code {
			t.Errorf("%s begins with %v, want %s", r.Target, open, code)
			continue
		}
		line := open[0].Title()
		if other, taken := lines[line]; taken {
			t.Errorf("%s and %s begin with the same advice: %s", other, r.Target, line)
		}
		lines[line] = r.Target
	}
	for name := range want {
		t.Errorf("%s was not examined", name)
	}
}

// TestDemoFixes puts every proposed record back through an overlay: its finding
// must disappear, and no failure may come that was not there.
func TestDemoFixes(t *testing.T) {
	w, e := openDemo(t)
	tried := 0
	for _, target := range targetsOf(w.file) {
		before := e.Examine(t.Context(), target, nil)
		for _, f := range before.Open() {
			if f.Fix == nil || len(f.Fix.Records) == 0 {
				continue
			}
			tried++
			t.Run(target.Name()+"/"+f.Code(), func(t *testing.T) { holdFix(t, e, target, before, f) })
		}
	}
	if tried < 6 {
		t.Errorf("only %d proposals were tried", tried)
	}
}

func holdFix(t *testing.T, e *checks.Examiner, target checks.Target, before checks.Report, f finding.Finding) {
	after := whatIf(t.Context(), e, target, setsOf(t.Context(), e.Resolver, f.Fix), nil)
	for _, g := range after.Findings {
		switch {
		case g.SilencedBy != "":
		case g.Code() == f.Code() && g.Object == f.Object:
			t.Errorf("still there: %s", g.Title())
		case g.Severity() == finding.Failure && !has(before, g.Code()):
			t.Errorf("the proposal brings %s: %s", g.Code(), g.Title())
		}
	}
}

func has(r checks.Report, code string) bool {
	return slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Code() == code })
}

// setsOf are the record sets that stand in DNS once a fix is carried out.
func setsOf(ctx context.Context, r dns.Resolver, fix *finding.Fix) []dns.Set {
	var sets []dns.Set
	for _, rec := range fix.Records {
		typ, _ := dns.ParseType(rec.Type)
		name := strings.TrimSuffix(rec.Name, ".")
		i := slices.IndexFunc(sets, func(s dns.Set) bool { return s.Name == name && s.Type == typ })
		if i < 0 {
			i = len(sets)
			sets = append(sets, dns.Set{Name: name, Type: typ, Values: r.Lookup(ctx, dns.Ask(name, typ)).Texts()})
		}
		s := &sets[i]
		if rec.Replaces != nil {
			if at := slices.Index(s.Values, *rec.Replaces); at >= 0 {
				s.Values = slices.Delete(s.Values, at, at+1)
			}
		}
		if !rec.Remove {
			s.Values = append(s.Values, rec.Value)
		}
	}
	return sets
}
