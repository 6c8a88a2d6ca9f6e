package checks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/finding"
)

// auditLines writes reports as an audit does.
func auditLines(t testing.TB, reports ...Report) string {
	t.Helper()
	var out []byte
	for i, r := range reports {
		var err error
		if out, err = AppendLine(out, r, i+1, r.Target); err != nil {
			t.Fatal(err)
		}
	}
	return string(out)
}

// invented is the report of a domain with findings of these codes.
func invented(domain string, at time.Time, codes ...string) Report {
	r := Report{Target: domain, Domain: domain, Started: at}
	for _, code := range codes {
		rule, ok := Rule(code)
		if !ok {
			rule = &finding.Rule{Code: code, Severity: finding.Warning, Title: "Invented: %[1]s"}
		}
		r.Findings = append(r.Findings, finding.Finding{Rule: rule, Subject: domain, Args: []string{domain}})
	}
	r.Verdict = overall(r.Findings)
	return r
}

// twoRuns are an audit, and one a day before it.
func twoRuns() (now, before []Report) {
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	day := at.AddDate(0, 0, -1)
	now = []Report{
		invented("broken.example", at, "spf.missing", "spf.all-fail"),
		invented("mended.example", at.Add(time.Minute), "spf.all-fail"),
		invented("stalls.example", at, "spf.unreadable"),
		invented("answers.example", at, "spf.missing"),
		invented("same.example", at, "spf.missing", "dmarc.missing"),
		invented("new.example", at),
	}
	before = []Report{
		invented("broken.example", day, "spf.all-fail"),
		invented("mended.example", day, "spf.missing"),
		invented("stalls.example", day, "spf.missing"),
		invented("answers.example", day, "spf.unreadable"),
		invented("same.example", day, "spf.missing", "dmarc.missing"),
		invented("lost.example", day, "spf.missing"),
	}
	silenced := invented("x", day, "dmarc.missing").Findings[0]
	silenced.SilencedBy = "spf.missing"
	now[0].Findings = append(now[0].Findings, silenced)
	return now, before
}

func summaryOf(t testing.TB, o SummaryOptions, now, before string) *Summary {
	t.Helper()
	s := NewSummary(o)
	if before != "" {
		if err := s.ReadSince(strings.NewReader(before)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Read(strings.NewReader(now)); err != nil {
		t.Fatal(err)
	}
	return s
}

func names(t *top) string {
	var out []string
	for _, r := range t.sort() {
		out = append(out, r.name)
	}
	return strings.Join(out, " ")
}

func TestSummary(t *testing.T) {
	now, before := twoRuns()
	s := summaryOf(t, SummaryOptions{}, auditLines(t, now...), auditLines(t, before...))
	for what, pair := range map[string][2]any{
		"failing":       {s.run.verdicts[VerdictFailure], 3},
		"domains":       {s.run.domains, 6},
		"worst":         {names(&s.worst), "same.example answers.example broken.example stalls.example"},
		"newly failing": {names(&s.changes.newlyFailing), "broken.example"},
		"repaired":      {names(&s.changes.repaired), "mended.example"},
		"not known":     {names(&s.changes.other), "answers.example stalls.example"},
		"added":         {names(&s.changes.added), "new.example"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	lost := s.lost()
	if names(&lost) != "lost.example" {
		t.Errorf("lost are %v", lost)
	}
	missing := s.counts[s.codes.of("spf.missing")]
	if missing.domains != 3 || missing.appeared != 1 || missing.gone != 1 {
		t.Errorf("spf.missing: %+v; what was not looked at is neither new nor gone", missing)
	}
	if owner := s.owners[finding.CustomerDNS]; owner.domains != 3 || owner.failing != 3 {
		t.Errorf("the owner has %+v", owner)
	}
}

func TestSummaryDocuments(t *testing.T) {
	now, before := twoRuns()
	s := summaryOf(t, SummaryOptions{Worst: 2}, auditLines(t, now...)+"{\"torn\n", auditLines(t, before...))
	var md, page, text bytes.Buffer
	if err := errors.Join(s.WriteMarkdown(&md), s.WriteHTML(&page), s.WriteText(&text)); err != nil {
		t.Fatal(err)
	}
	parsed(t, page.Bytes())
	document(t, "summary.md", md.String())
	_, body, _ := strings.Cut(page.String(), "</head>\n")
	document(t, "summary.html", body)
	document(t, "summary.txt", text.String())
}

// TestSummaryOfReports holds that a report counts as its line does.
func TestSummaryOfReports(t *testing.T) {
	now, _ := twoRuns()
	lines, direct := summaryOf(t, SummaryOptions{}, auditLines(t, now...), ""), NewSummary(SummaryOptions{})
	for _, r := range now {
		direct.AddReport(r, r.Target)
	}
	var a, b bytes.Buffer
	if err := errors.Join(lines.WriteMarkdown(&a), direct.WriteMarkdown(&b)); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Errorf("got\n%s\nwant\n%s", &b, &a)
	}
}

// TestSummaryOfOtherLines holds that what is no report is told by its line, and
// the rest is counted all the same.
func TestSummaryOfOtherLines(t *testing.T) {
	good := auditLines(t, invented("a.example", time.Time{}))
	s := summaryOf(t, SummaryOptions{}, good+"\n"+good[:len(good)/2]+"\n[]\nno\n{}\n{\"domain\":\"a.example\"}\n{\"domain\":\"x\",\"verdict\":\"good\"}\n"+good[:40], good)
	n, first := s.Tally().Bad, s.Tally().First
	var got []string
	for _, err := range first {
		got = append(got, err.Error())
	}
	want := []string{
		"line 3 is torn: it ends in the middle of a report", "line 4 is no report: it is no JSON of an audit", "line 5 is no report: it is no JSON of an audit",
		"line 6 is no report: it names no domain", "line 7 is no report: it has no verdict", "line 8 is no report: it has no verdict", "line 9 is torn: it ends in the middle of a report",
	}
	if n != len(want) || !slices.Equal(got, want) || s.run.domains != 1 {
		t.Errorf("%d domains, %d bad lines\n%s", s.run.domains, n, strings.Join(got, "\n"))
	}
	if n := s.TallySince().Bad; n != 0 {
		t.Errorf("the earlier run has %d bad lines", n)
	}

	var long bytes.Buffer
	long.WriteString(`{"domain":"` + strings.Repeat("x", maxReportLine) + "\"}\n" + good)
	s = summaryOf(t, SummaryOptions{}, long.String(), "")
	if n := s.Tally().Bad; n != 1 || s.run.domains != 1 {
		t.Errorf("behind a long line: %d bad, %d domains", n, s.run.domains)
	}
}

// TestHostileSummary puts markup into every text of a line.
func TestHostileSummary(t *testing.T) {
	evil := "|`x`</td><script>alert(1)</script> [l](http://evil.test) \x1b[31m\u202e\\|%[1]s"
	rule := &finding.Rule{Code: evil, Severity: finding.Failure, Owner: finding.CustomerDNS, Title: "%[1]s"}
	r := Report{Target: evil, Domain: evil, Verdict: VerdictFailure, Findings: []finding.Finding{{Rule: rule, Owner: finding.Owner(evil), Args: []string{evil}}}}
	line := strings.Replace(auditLines(t, r), `"provider":null`, `"provider":{"name":"|<b>x"}`, 1)
	other := r
	other.Target = "other" + evil
	other.Verdict = VerdictOK
	s := summaryOf(t, SummaryOptions{}, line, auditLines(t, other)+strings.Replace(line, `"failure"`, `"ok"`, 1))
	var md, page, text bytes.Buffer
	if err := errors.Join(s.WriteMarkdown(&md), s.WriteHTML(&page), s.WriteText(&text)); err != nil {
		t.Fatal(err)
	}
	parsed(t, page.Bytes())
	columns := 0
	for l := range strings.Lines(md.String()) {
		if !strings.HasPrefix(l, "|") {
			columns = 0
			continue
		}
		if columns == 0 {
			columns = strings.Count(l, "|")
		}
		if strings.Count(l, "|") != columns {
			t.Errorf("a cell is broken: %s", l)
		}
	}
	for _, out := range []string{md.String(), page.String(), text.String()} {
		if strings.ContainsAny(out, "\x1b\u202e\r") {
			t.Errorf("a control character came through:\n%s", out)
		}
	}

	many := NewSummary(SummaryOptions{Worst: 3})
	for i := range 3 * maxCodes {
		name := fmt.Sprint("x", i)
		many.AddReport(Report{Target: name, Findings: []finding.Finding{{Rule: &finding.Rule{Code: name, Severity: finding.Failure}}}}, name)
	}
	if len(many.counts) > maxCodes+1 || len(many.worst.rows) > 50 || many.worst.all != 3*maxCodes {
		t.Errorf("%d codes and %d domains are kept, of %d", len(many.counts), len(many.worst.rows), many.worst.all)
	}
	if err := many.WriteHTML(io.Discard); err != nil {
		t.Error(err)
	}
}

func TestSummaryOfNothing(t *testing.T) {
	for _, before := range []string{"", "\n"} {
		s := summaryOf(t, SummaryOptions{}, "", before)
		var b bytes.Buffer
		if err := errors.Join(s.WriteHTML(&b), s.WriteMarkdown(io.Discard), s.WriteText(io.Discard)); err != nil {
			t.Fatal(err)
		}
		parsed(t, b.Bytes())
	}
}

func TestPercent(t *testing.T) {
	for want, n := range map[string]int{"0%": 0, "<1%": 1, "1%": 100, "50%": 5000, "99%": 9900, ">99%": 9999, "100%": 10000} {
		if got := percent(n, 10000); got != want {
			t.Errorf("%d of 10000: %s, want %s", n, got, want)
		}
	}
	if percent(0, 0) != "0%" || thousands(1234567) != "1,234,567" || thousands(12) != "12" {
		t.Error("numbers are written wrongly")
	}
}

// endless gives the lines of an audit of n domains, without holding them.
type endless struct {
	n, at, from int
	line        []byte
	rest        []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.at == e.n {
			return 0, io.EOF
		}
		e.rest = bytes.ReplaceAll(e.line, []byte("acme.example"), fmt.Appendf(nil, "customer-%d.example", e.from+e.at))
		e.at++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// BenchmarkSummary summarises audits of 10,000 and 50,000 domains, alone and
// compared with an earlier run, and tells what is held: nothing for a domain
// alone, some 100 octets for one of an earlier run.
func BenchmarkSummary(b *testing.B) {
	line := []byte(auditLines(b, sample()))
	for _, n := range []int{10_000, 50_000} {
		for _, compared := range []bool{false, true} {
			b.Run(fmt.Sprintf("domains=%d/since=%t", n, compared), func(b *testing.B) {
				b.SetBytes(int64(n * len(line)))
				for b.Loop() {
					before := held()
					s := NewSummary(SummaryOptions{})
					if compared {
						if err := s.ReadSince(&endless{n: n, line: line, from: 100}); err != nil {
							b.Fatal(err)
						}
					}
					if err := s.Read(&endless{n: n, line: line}); err != nil {
						b.Fatal(err)
					}
					if s.run.domains != n {
						b.Fatal(s.run.domains)
					}
					b.ReportMetric(float64(held()-before)/float64(n), "held-B/domain")
					runtime.KeepAlive(s)
				}
			})
		}
	}
}

// held is what is in use behind a collection.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
