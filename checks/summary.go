package checks

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/finding"
)

// SummaryOptions say what a Summary holds.
type SummaryOptions struct {
	// Worst is how many domains each list of them holds; 0 means 100.
	Worst int

	// Hide replaces what must not be shown in a text of WriteHTML; nil leaves all.
	Hide func(string) string
}

// Summary counts the reports of an audit. It keeps counts and the worst
// domains, not reports: its memory does not grow with their number. Only where
// it compares with an earlier run it holds some 80 octets for each domain of
// that.
type Summary struct {
	o       SummaryOptions
	run     runCount
	owners  map[finding.Owner]*groupCount
	hosts   map[string]*groupCount // who runs the DNS
	codes   codeIndex
	counts  []codeCount // by number in codes
	worst   top
	since   *earlier // nil: not compared
	changes changeCount
}

// runCount is what is counted of each of two runs.
type runCount struct {
	lines       int
	domains     int
	verdicts    map[Verdict]int
	bad         int
	complaints  []error // the first of them
	first, last time.Time
}

// groupCount counts the domains of an owner or a provider.
type groupCount struct{ domains, failing, findings int }

// codeCount counts the domains on which a code stands.
type codeCount struct {
	domains, appeared, gone int
	severity                finding.Severity
	title                   string
	known                   bool // the catalogue has it
}

// changeCount counts what is different from an earlier run.
type changeCount struct {
	newlyFailing, repaired, other top
	verdicts                      map[[2]Verdict]int // before, now
	added                         top
}

// Bounds of what hostile lines can make of a summary.
const (
	maxReportLine = 16 << 20 // octets of a line
	maxCodes      = 2000     // different codes that are counted apart
	maxHosts      = 5000     // different providers, likewise
	maxComplaints = 10       // errors that are kept
	maxName       = 300      // octets of a name
)

// NewSummary makes an empty summary.
func NewSummary(o SummaryOptions) *Summary {
	o.Worst = cmp.Or(max(o.Worst, 0), 100)
	s := &Summary{
		o: o, run: newRunCount(), owners: map[finding.Owner]*groupCount{}, hosts: map[string]*groupCount{},
		codes: codeIndex{number: map[string]uint16{}}, worst: top{most: o.Worst},
	}
	s.changes = changeCount{
		newlyFailing: top{most: o.Worst}, repaired: top{most: o.Worst}, other: top{most: o.Worst},
		added: top{most: o.Worst}, verdicts: map[[2]Verdict]int{},
	}
	return s
}

func newRunCount() runCount { return runCount{verdicts: map[Verdict]int{}} }

// reportLine is what a summary takes of a report.
type reportLine struct {
	Input    string        `json:"input"`
	Target   string        `json:"target"`
	Domain   string        `json:"domain"`
	Started  string        `json:"started"`
	Verdict  Verdict       `json:"verdict"`
	Findings []findingLine `json:"findings"`
	Facts    struct {
		Provider json.RawMessage `json:"provider"`
	} `json:"facts"`
}

type findingLine struct {
	Code       string        `json:"code"`
	Severity   string        `json:"severity"`
	Owner      finding.Owner `json:"owner"`
	Title      string        `json:"title"`
	SilencedBy *string       `json:"silenced_by"`
}

// parseReportLine reads a line of an audit's output; its errors say why a line
// is none.
func parseReportLine(line []byte) (reportLine, error) {
	var r reportLine
	if err := json.Unmarshal(line, &r); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && bytes.HasPrefix(line, []byte("{")) && syntax.Offset >= int64(len(bytes.TrimRight(line, " \r\n"))) {
			return r, errors.New("is torn: it ends in the middle of a report")
		}
		return r, errors.New("is no report: it is no JSON of an audit")
	}
	switch {
	case r.Target == "" && r.Domain == "":
		return r, errors.New("is no report: it names no domain")
	case !slices.Contains(verdictOrder, r.Verdict):
		return r, errors.New("is no report: it has no verdict")
	}
	open := r.Findings[:0]
	for _, f := range r.Findings {
		if f.SilencedBy == nil {
			open = append(open, f)
		}
	}
	r.Findings = open
	return r, nil
}

// verdictOrder are the verdicts, worst first.
var verdictOrder = []Verdict{VerdictFailure, VerdictUnknown, VerdictWarning, VerdictNote, VerdictOK}

// key tells the lines of two runs apart: a domain may stand in a list more than
// once, with different selectors.
func (r reportLine) key() string { return shortened(cmp.Or(r.Input, r.Target, r.Domain)) }

func (r reportLine) name() string { return shortened(cmp.Or(r.Target, r.Domain)) }

// shortened is a copy of a name that keeps nothing else alive.
func shortened(s string) string {
	if len(s) > maxName {
		return s[:maxName] + "..."
	}
	return strings.Clone(s)
}

func severityOf(word string) finding.Severity {
	for _, s := range []finding.Severity{finding.Failure, finding.Warning, finding.Note} {
		if word == s.String() {
			return s
		}
	}
	return finding.Unknown
}

func (r reportLine) number(s finding.Severity) int {
	n := 0
	for _, f := range r.Findings {
		if severityOf(f.Severity) == s {
			n++
		}
	}
	return n
}

// host is who runs the DNS of the domain, as the facts name it.
func (r reportLine) host() string {
	var name string
	if json.Unmarshal(r.Facts.Provider, &name) == nil {
		return shortened(name)
	}
	var p struct{ Name, ID string }
	_ = json.Unmarshal(r.Facts.Provider, &p)
	return shortened(cmp.Or(p.Name, p.ID))
}

// count counts a line of a run; the error says of a line that is no report
// which it is. An empty line is passed over: there is no report, and no error.
func (c *runCount) count(line []byte) (*reportLine, error) {
	c.lines++
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, nil
	}
	r, err := parseReportLine(line)
	if err != nil {
		return nil, c.complain(err)
	}
	c.domains++
	c.verdicts[r.Verdict]++
	if at, err := time.Parse(time.RFC3339Nano, r.Started); err == nil {
		c.at(at)
	}
	return &r, nil
}

func (c *runCount) at(t time.Time) {
	if t.IsZero() {
		return
	}
	if c.first.IsZero() || t.Before(c.first) {
		c.first = t
	}
	if t.After(c.last) {
		c.last = t
	}
}

func (c *runCount) complain(why error) error {
	err := fmt.Errorf("line %d %w", c.lines, why)
	if c.bad++; len(c.complaints) < maxComplaints {
		c.complaints = append(c.complaints, err)
	}
	return err
}

// Add counts a line of an audit's output. A line that is no report is counted
// as such, and the error says why; the next one can be added.
func (s *Summary) Add(line []byte) error {
	r, err := s.run.count(line)
	if r != nil {
		s.add(*r)
	}
	return err
}

// AddReport counts a report as its line would be.
func (s *Summary) AddReport(r Report, input string) {
	s.run.lines++
	s.run.domains++
	s.run.at(r.Started)
	line := reportLine{Input: input, Target: r.Target, Domain: r.Domain, Verdict: r.knownVerdict()}
	s.run.verdicts[line.Verdict]++
	for _, f := range r.Open() {
		line.Findings = append(line.Findings, findingLine{f.Code(), f.Severity().String(), f.Who(), f.Title(), nil})
	}
	s.add(line)
}

// Read adds all lines of r. The error is one of reading; Tally tells of lines that
// are no reports.
func (s *Summary) Read(r io.Reader) error {
	return eachLine(r, func(line []byte, err error) {
		if err != nil {
			s.run.lines++
			_ = s.run.complain(err)
			return
		}
		_ = s.Add(line)
	})
}

// Tally says how much of what was read were reports.
type Tally struct {
	Reports, Bad int
	First        []error // what is wrong with the first bad lines
}

func (c *runCount) tally() Tally { return Tally{c.domains, c.bad, c.complaints} }

// Tally is that of this run.
func (s *Summary) Tally() Tally { return s.run.tally() }

// Verdicts counts the reports of each verdict.
func (s *Summary) Verdicts() map[Verdict]int { return s.run.verdicts }

// eachLine calls f for each line; for one that is too long
// with an error in its place.
func eachLine(r io.Reader, f func(line []byte, err error)) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	var whole []byte
	tooLong := false
	for {
		part, err := lines.ReadSlice('\n')
		if tooLong = tooLong || len(whole)+len(part) > maxReportLine; !tooLong {
			whole = append(whole, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		switch {
		case tooLong:
			f(nil, fmt.Errorf("is longer than %d octets", maxReportLine))
		case len(whole) > 0:
			f(whole, nil)
		}
		whole, tooLong = whole[:0], false
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *Summary) add(r reportLine) {
	failing := r.Verdict == VerdictFailure
	row := row{name: r.name(), verdict: r.Verdict, failures: r.number(finding.Failure), unknowns: r.number(finding.Unknown), warnings: r.number(finding.Warning)}
	if len(r.Findings) > 0 {
		row.title = shortened(r.Findings[0].Title)
	}
	seen := map[uint16]bool{}
	owners := map[finding.Owner]bool{}
	for _, f := range r.Findings {
		n := s.code(f)
		if !seen[n] {
			seen[n] = true
			s.counts[n].domains++
		}
		if severityOf(f.Severity) != finding.Note && slices.Contains(finding.Owners, f.Owner) {
			owner := group(s.owners, f.Owner, failing && !owners[f.Owner], !owners[f.Owner])
			owner.findings++
			owners[f.Owner] = true
		}
	}
	host := r.host()
	if _, known := s.hosts[host]; !known && len(s.hosts) >= maxHosts {
		host = english.overview.others
	}
	group(s.hosts, host, failing, true)
	if row.failures+row.unknowns+row.warnings > 0 {
		s.worst.add(row)
	}
	if s.since != nil {
		s.compare(r.key(), row, seen)
	}
}

// group counts a domain for an owner or a provider.
func group[K comparable](all map[K]*groupCount, key K, failing, domain bool) *groupCount {
	g := all[key]
	if g == nil {
		g = &groupCount{}
		all[key] = g
	}
	if domain {
		g.domains++
	}
	if failing {
		g.failing++
	}
	return g
}

// code is the number of a finding's code. What the catalogue says of a code goes
// before what the line says.
func (s *Summary) code(f findingLine) uint16 {
	n := s.codes.of(f.Code)
	for len(s.counts) <= int(n) {
		s.counts = append(s.counts, codeCount{})
	}
	if c := &s.counts[n]; c.title == "" {
		c.severity, c.title = severityOf(f.Severity), shortened(f.Title)
		if rule, ok := Rule(f.Code); ok {
			c.known, c.severity, c.title = true, rule.Severity, finding.Fill(rule.Title, "...", "...", "...", "...", "...", "...", "...", "...", "...")
		}
	}
	return n
}

// codeIndex gives each code a number.
type codeIndex struct {
	number map[string]uint16
	codes  []string
}

func (x *codeIndex) of(code string) uint16 {
	if len(code) > maxName {
		code = shortened(code)
	}
	if n, ok := x.number[code]; ok {
		return n
	}
	if len(x.codes) >= maxCodes {
		code = english.overview.others
		if n, ok := x.number[code]; ok {
			return n
		}
	}
	code = strings.Clone(code)
	n := uint16(len(x.codes))
	x.number[code] = n
	x.codes = append(x.codes, code)
	return n
}

// row is a domain in a list.
type row struct {
	name                         string
	before, verdict              Verdict
	failures, unknowns, warnings int
	title                        string // of the first finding
}

// worse orders rows by what to look at first.
func worse(a, b row) int {
	return cmp.Or(
		cmp.Compare(b.failures, a.failures), cmp.Compare(b.warnings, a.warnings),
		cmp.Compare(b.unknowns, a.unknowns), cmp.Compare(a.name, b.name),
	)
}

// top keeps the worst rows, and counts all.
type top struct {
	most, all int
	rows      []row
}

func (t *top) add(r row) {
	t.all++
	if t.rows = append(t.rows, r); len(t.rows) >= 2*t.most+16 {
		t.sort()
	}
}

func (t *top) sort() []row {
	slices.SortStableFunc(t.rows, worse)
	if len(t.rows) > t.most {
		clear(t.rows[t.most:])
		t.rows = t.rows[:t.most]
	}
	return t.rows
}
