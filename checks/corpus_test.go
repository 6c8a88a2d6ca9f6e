package checks_test

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

// TestCorpus examines the mistakes that people make, as zones on a real name
// server. At the end it holds that every declared code was raised.
func TestCorpus(t *testing.T) {
	world := readCorpus(t, "world")[0].edits
	seen := &raised{codes: map[string]bool{}}
	for _, file := range []string{"spf", "dkim", "dmarc", "mx", "encryption", "names", "more"} {
		t.Run(file, func(t *testing.T) {
			for _, row := range readCorpus(t, file) {
				t.Run(row.name, func(t *testing.T) { row.test(t, world, seen) })
			}
		})
	}
	t.Run("servers", func(t *testing.T) { testServers(t, world, seen) })
	t.Run("encryption of answers", func(t *testing.T) { testEncryption(t, world, seen) })
	t.Run("transports", func(t *testing.T) { testTransports(t, world, seen) })
	t.Run("every rule", func(t *testing.T) { testEveryRule(t, seen) })
}

// raised collects the codes of all reports.
type raised struct {
	mu    sync.Mutex
	codes map[string]bool
}

func (s *raised) add(findings []finding.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range findings {
		s.codes[f.Code()] = true
	}
}

// target is the server transport of a row.
func (r row) target() checks.Target {
	tr := transports.Transport{
		Name: "customer", Type: transports.ClockWise, Match: transports.Match{Domain: r.domain}, From: r.from, Envelope: r.envelope,
		DKIM: transports.DKIM{Enabled: true, Selector: r.selector},
	}
	if tr.Match.Domain == "" {
		tr.Match.Domain = "customer.example"
	}
	if tr.DKIM.Selector == "" {
		tr.DKIM.Selector = "cw1"
	}
	switch r.key {
	case "off":
		tr.DKIM = transports.DKIM{}
	case "none":
	case "":
		tr.DKIM = signing(tr.DKIM.Selector, keys().public)
	default:
		tr.DKIM = signing(tr.DKIM.Selector, special(r.key))
	}
	return checks.Target{Transport: &tr}
}

// signing is DKIM with a public key, as base64.
func signing(selector, public string) transports.DKIM {
	der, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		panic(err)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		panic(err)
	}
	return transports.DKIM{Enabled: true, Selector: selector, PublicKey: public, Key: transports.Key{Public: key}}
}

// corpusExaminer looks at a zone as the program does.
func corpusExaminer(t *testing.T, zone *nameserver.Zone, opts nameserver.Options, all ...transports.Transport) *checks.Examiner {
	t.Helper()
	e, _, _ := examiner(t, zone, opts)
	e.All = all
	return e
}

func (r row) test(t *testing.T, world []edit, seen *raised) {
	rs := apply(world, r.edits)
	z := rs.zone()
	for _, b := range r.behave {
		z.Behave(b[0], behaviour(t, b[1:]))
	}
	target := r.target()
	e := corpusExaminer(t, z, nameserver.Options{}, *target.Transport)
	e.Thorough = r.thorough
	report := e.Examine(t.Context(), target, nil)
	seen.add(report.Findings)
	if r.spf != "" {
		if got := report.Paths[2]; got.IP != netip.MustParseAddr("31.134.206.130") || got.SPF != r.spf {
			t.Errorf("SPF of %s is %s, want %s", got.IP, got.SPF, r.spf)
		}
	}
	r.wantTop(t, report)
	if !r.unknown {
		for _, f := range report.Findings {
			if f.Severity() == finding.Unknown {
				t.Errorf("could not look: %s %v", f.Code(), f.Evidence)
			}
		}
	}
	wellFormed(t, report)
	replayed(t, e, report)
	for _, f := range report.Open() {
		if f.Fix != nil && len(f.Fix.Records) > 0 {
			r.mended(t, e, rs, report, f)
		}
	}
	if len(r.right) > 0 {
		r.corrected(t, e, rs, apply(world, r.edits, r.right))
	}
}

// wantTop holds what stands first: of the findings that are open, the first
// that is no outcome, in the order of the report (severity, tier, catalogue).
// Of a note only that it is there: notes of the sound zone may stand before it.
func (r row) wantTop(t *testing.T, report checks.Report) {
	t.Helper()
	open := slices.DeleteFunc(report.Open(), func(f finding.Finding) bool { return f.Rule.Outcome })
	at := slices.IndexFunc(open, func(f finding.Finding) bool { return f.Code() == r.top })
	for _, code := range r.also {
		if !slices.ContainsFunc(report.Findings, func(f finding.Finding) bool { return f.Code() == code }) {
			t.Errorf("%s is not raised:\n%s", code, listed(report.Findings))
		}
	}
	for _, f := range open {
		if f.Severity() != finding.Note && f.Code() != r.top && !slices.Contains(r.also, f.Code()) {
			t.Errorf("%s is open, which the row does not expect:\n%s", f.Code(), listed(report.Findings))
		}
	}
	if r.top == "" {
		return
	}
	first := 0
	if r.severity == "note" {
		first = at
	}
	if at < 0 || at != first {
		t.Errorf("top is not %s:\n%s", r.top, listed(report.Findings))
		return
	}
	severity := open[at].Severity()
	if severity.String() != r.severity || open[0].Severity() != severity {
		t.Errorf("%s is a %s, the first finding %s a %s, want %s:\n%s", r.top, severity, open[0].Code(), open[0].Severity(), r.severity, listed(report.Findings))
	}
}

// mended holds that a fix makes its finding disappear and brings no failure.
func (r row) mended(t *testing.T, e *checks.Examiner, rs records, before checks.Report, f finding.Finding) {
	t.Helper()
	mended, err := rs.mend(f.Fix)
	if err != nil {
		t.Errorf("the fix of %s: %v", f.Code(), err)
		return
	}
	with := *e
	with.Resolver = mended.overlay(e.Resolver, rs)
	after := with.Examine(t.Context(), r.target(), nil)
	for _, g := range after.Findings {
		switch {
		case g.Code() == f.Code() && g.Object == f.Object:
			t.Errorf("the fix of %s leaves it: %s", f.Code(), proposed(f))
		case g.Severity() == finding.Failure && !slices.ContainsFunc(before.Findings, func(h finding.Finding) bool { return h.Code() == g.Code() }):
			t.Errorf("the fix of %s brings %s: %s", f.Code(), g.Code(), proposed(f))
		}
	}
	if worst, ok := finding.Worst(after.Findings); ok && f.Code() == r.top && len(r.right) > 0 && worst != finding.Note {
		t.Errorf("the fix of %s does not make the zone clean: %s\n%s", f.Code(), proposed(f), listed(after.Findings))
	}
}

// corrected holds that the zone with the record that the row gives is clean.
func (r row) corrected(t *testing.T, e *checks.Examiner, old, right records) {
	t.Helper()
	with := *e
	with.Resolver = right.overlay(e.Resolver, old)
	after := with.Examine(t.Context(), r.target(), nil)
	if worst, ok := finding.Worst(after.Findings); ok && worst != finding.Note {
		t.Errorf("corrected, it is not clean:\n%s", listed(after.Findings))
	}
}

// wellFormed holds that a report can be read and acted on, whatever stands in
// the zone: each finding has texts, evidence and somebody who acts, and no
// writer lets control characters through.
func wellFormed(t *testing.T, report checks.Report) {
	t.Helper()
	for _, f := range report.Findings {
		text := strings.Join([]string{f.Title(), f.Saw(), f.Effect(), f.Action()}, "\n")
		switch {
		case f.Title() == "" || f.Effect() == "" || strings.Contains(text, "%!"):
			t.Errorf("%s has a text that is not whole:\n%s", f.Code(), text)
		case f.Subject == "" || !slices.Contains(finding.Owners, f.Who()):
			t.Errorf("%s is about %q, and %q acts", f.Code(), f.Subject, f.Who())
		case len(f.Evidence) == 0 && !f.Rule.Outcome:
			t.Errorf("%s has no evidence", f.Code())
		case f.Severity() == finding.Failure && f.Action() == "" && !f.Rule.Outcome:
			t.Errorf("%s has no action", f.Code())
		}
	}
	for _, write := range []func(io.Writer) error{
		func(w io.Writer) error { return checks.WriteText(w, []checks.Report{report}, checks.TextOptions{}) },
		func(w io.Writer) error { return checks.WriteMarkdown(w, []checks.Report{report}) },
		func(w io.Writer) error { return checks.WriteHTML(w, []checks.Report{report}, nil) },
		func(w io.Writer) error { return checks.WriteJSON(w, []checks.Report{report}) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Error(err)
		}
		for i, c := range b.String() {
			if unicode.IsControl(c) && c != '\n' || unicode.Is(unicode.Cf, c) {
				t.Errorf("%U is written: %q", c, b.String()[max(0, i-40):min(b.Len(), i+40)])
			}
		}
	}
}

// replayed holds that a report can be made again from its answers alone.
func replayed(t *testing.T, e *checks.Examiner, report checks.Report) {
	t.Helper()
	again, replay := *e, dns.NewReplay(report.Answers)
	again.Resolver = replay
	if e.Asker != nil {
		again.Asker = replay
	}
	second := again.Examine(t.Context(), checks.Target{Transport: report.Transport}, nil)
	if a, b := listed(report.Findings), listed(second.Findings); a != b || !slices.Equal(report.Paths, second.Paths) {
		t.Errorf("the answers replayed give other findings:\n%s\ninstead of\n%s", b, a)
	}
}

// listed writes findings one a line.
func listed(all []finding.Finding) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "\t%s %s", f.Severity(), f.Code())
		if f.Object != "" {
			fmt.Fprintf(&b, " (%s)", f.Object)
		}
		if f.SilencedBy != "" {
			fmt.Fprintf(&b, ", silenced by %s", f.SilencedBy)
		}
		if f.Rule.Outcome {
			b.WriteString(", an outcome")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func proposed(f finding.Finding) string {
	var b strings.Builder
	for _, r := range f.Fix.Records {
		fmt.Fprintf(&b, "\n\t%s %s %q", r.Name, r.Type, r.Value)
		if r.Replaces != nil {
			fmt.Fprintf(&b, " replaces %q", *r.Replaces)
		}
	}
	return b.String()
}
