package checks

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/finding"
)

var updateDocuments = flag.Bool("update-documents", false, "write the documents in testdata/documents anew")

// document compares what is written with a file of testdata.
func document(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "documents", name)
	if *updateDocuments {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s", path, got)
	}
}

// several are reports on two transports of one domain, and on a domain of
// somebody else.
func several() []Report {
	old := "v=spf1 mx -all"
	missing := &finding.Rule{
		Code: "spf.x", Severity: finding.Failure, Owner: finding.CustomerDNS, Title: "The SPF record of %[1]s lacks ClockWise",
		Effect: "Receivers refuse this mail.", Action: "Replace the record.", References: []string{"RFC 7208 section 5.2"},
	}
	follows := &finding.Rule{
		Code: "dmarc.x", Severity: finding.Failure, Owner: finding.CustomerDNS, Title: "Mail of %[1]s fails DMARC",
		Effect: "It goes to junk.", Action: "Replace the record.", References: []string{"RFC 9989 section 4.4"},
	}
	relay := &finding.Rule{Code: "transport.x", Severity: finding.Warning, Owner: finding.ClockWise, Title: "Port 25 is set", Effect: "It works today."}
	note := &finding.Rule{Code: "spf.note", Severity: finding.Note, Owner: finding.CustomerDNS, Title: "The record is %[1]s long", Effect: "That is all."}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	spf := func(domain string) []finding.Finding {
		fix := &finding.Fix{Summary: "Replace the record.", Records: []finding.Record{{Name: domain, Type: "TXT", Value: "v=spf1 mx include:_spf.clockwise.info -all", Replaces: &old}}}
		return []finding.Finding{
			{Rule: missing, Subject: domain, Args: []string{domain}, Fix: fix, Evidence: []finding.Evidence{{Server: "192.0.2.1:53", Name: domain, Type: "TXT", Answer: old, At: at}}},
			{Rule: follows, Subject: domain, Args: []string{domain}, Fix: fix},
		}
	}
	long := finding.Finding{Rule: note, Args: []string{"3"}, Subject: "acme.example"}
	return []Report{
		{Target: "Office 365 relay", Domain: "acme.example", Verdict: VerdictFailure, Started: at, Findings: append(spf("acme.example"), finding.Finding{Rule: relay}, long)},
		{Target: "Invoices", Domain: "acme.example", Verdict: VerdictFailure, Started: at, Findings: append(spf("acme.example"), long)},
		{Target: "good.example", Domain: "good.example", Verdict: VerdictOK, Started: at},
		{Target: "plumber.example", Domain: "plumber.example", Verdict: VerdictFailure, Started: at, Findings: spf("plumber.example")},
	}
}

func TestDocuments(t *testing.T) {
	for name, reports := range map[string][]Report{"one": {sample()}, "several": several()} {
		var md, page bytes.Buffer
		if err := WriteMarkdown(&md, reports); err != nil {
			t.Fatal(err)
		}
		document(t, name+".md", md.String())
		if err := WriteHTML(&page, reports, nil); err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(page.String(), "</head>\n")
		document(t, name+".html", body)
	}
}

// TestHandover holds that each who acts has one part, in which what two
// transports share stands once, worst first.
func TestHandover(t *testing.T) {
	h := newHandover(several())
	var got []string
	for _, p := range h.parts {
		line := string(p.owner) + " " + p.name + ":"
		for _, task := range p.tasks {
			line += " " + task.finding.Code()
		}
		got = append(got, line+" ("+strings.Join(p.targets(), ", ")+")")
	}
	want := []string{
		"customer-dns acme.example: spf.x dmarc.x (Office 365 relay, Invoices)",
		"customer-dns plumber.example: spf.x dmarc.x (plumber.example)",
		"clockwise : transport.x (Office 365 relay)",
		"nobody : spf.note (Office 365 relay, Invoices)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if same := h.parts[1].tasks[1].same; same != 3 {
		t.Errorf("the same change stands under %d, want 3", same)
	}
}

// TestProofs holds that nothing from outside becomes a command or a flag of one.
func TestProofs(t *testing.T) {
	record := func(name, kind string) finding.Finding {
		return finding.Finding{Rule: &finding.Rule{Code: "x.y"}, Fix: &finding.Fix{Records: []finding.Record{{Name: name, Type: kind, Value: "x"}}}}
	}
	for _, tc := range []struct {
		target, name, kind string
		unix, windows      []string
	}{
		{
			"acme.example", "_dmarc.acme.example", "TXT",
			[]string{"dig +short -t TXT -q _dmarc.acme.example", "cwmail check acme.example"},
			[]string{"nslookup -type=TXT _dmarc.acme.example", "Resolve-DnsName -Type TXT -Name _dmarc.acme.example"},
		},
		{
			"Office 365 relay (new)", "-x.acme.example", "MX",
			[]string{"dig +short -t MX -q -x.acme.example", `cwmail check "Office 365 relay (new)"`},
			[]string{"Resolve-DnsName -Type MX -Name '-x.acme.example'"},
		},
		{
			"--config", "a;reboot.test", "TXT",
			[]string{"dig +short -t TXT -q 'a;reboot.test'", "cwmail check -- --config"},
			[]string{"Resolve-DnsName -Type TXT -Name 'a;reboot.test'"},
		},
		{
			"a$(b)`c`", "it's\u2019.test", "TXT",
			[]string{`dig +short -t TXT -q 'it'\''s` + "\u2019.test'", "cwmail check 'a$(b)`c`'"},
			[]string{"Resolve-DnsName -Type TXT -Name 'it''s\u2019\u2019.test'"},
		},
		{"b!c", "a.test\nreboot", "TXT", []string{"cwmail check 'b!c'"}, nil},
		{"d\ne", "a.test", "TXT; reboot", nil, nil},
		{"f", "a reboot", "TXT", []string{"cwmail check f"}, nil},
	} {
		p := part{tasks: []task{{finding: record(tc.name, tc.kind), targets: []string{tc.target}}}}
		got := p.proofs()
		if !slices.Equal(got.unix, tc.unix) || !slices.Equal(got.windows, tc.windows) {
			t.Errorf("%q, %q %q:\n%q\n%q", tc.target, tc.name, tc.kind, got.unix, got.windows)
		}
	}
}
