package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
)

// handover is what reports ask for, put by who has to act: each part can be
// given to one person.
type handover struct {
	reports []Report
	parts   []*part
}

// part is what one person has to do.
type part struct {
	owner finding.Owner
	name  string // in the title of who acts; raw
	tasks []task
}

// task is a finding, once for all targets that share it.
type task struct {
	number  int
	finding finding.Finding
	report  Report   // the first that has it
	targets []string // raw
	same    int      // the number of the task whose records mend this too; 0 for none
}

// newHandover groups the open findings of reports.
func newHandover(reports []Report) handover {
	h := handover{reports: reports}
	for _, r := range reports {
		for _, f := range r.Open() {
			h.part(r, f).add(r, f)
		}
	}
	slices.SortStableFunc(h.parts, func(a, b *part) int {
		return cmp.Compare(slices.Index(finding.Owners, a.owner), slices.Index(finding.Owners, b.owner))
	})
	number := 0
	for _, p := range h.parts {
		slices.SortStableFunc(p.tasks, func(a, b task) int {
			return cmp.Compare(b.finding.Severity().Rank(), a.finding.Severity().Rank())
		})
		published := map[string]int{}
		for i := range p.tasks {
			number++
			p.tasks[i].number = number
			p.tasks[i].share(published)
		}
	}
	return h
}

// part is the part of whoever acts on f; nobody does on a note that asks for
// nothing.
func (h *handover) part(r Report, f finding.Finding) *part {
	owner, name := f.Who(), r.actorName(f)
	if isNote(f) {
		owner = finding.Nobody
	}
	if !strings.Contains(english.owner[owner], "%[1]s") {
		name = ""
	}
	for _, p := range h.parts {
		if p.owner == owner && p.name == name {
			return p
		}
	}
	p := &part{owner: owner, name: name}
	h.parts = append(h.parts, p)
	return p
}

func (p *part) add(r Report, f finding.Finding) {
	for i, t := range p.tasks {
		if sameTask(t.finding, f) {
			if !slices.Contains(t.targets, r.Target) {
				p.tasks[i].targets = append(t.targets, r.Target)
			}
			return
		}
	}
	p.tasks = append(p.tasks, task{finding: f, report: r, targets: []string{r.Target}})
}

// sameTask holds for what two reports say of the same thing, as those of two
// transports of one domain do.
func sameTask(f, g finding.Finding) bool {
	return f.Rule == g.Rule && f.Subject == g.Subject && f.Object == g.Object && slices.Equal(f.Args, g.Args) && changes(f) == changes(g)
}

// changes is the fix of a finding as one text; "" for none.
func changes(f finding.Finding) string {
	if f.Fix == nil {
		return ""
	}
	var b strings.Builder
	for _, rec := range f.Fix.Records {
		fmt.Fprintf(&b, "%q %q %q %t", rec.Name, rec.Type, rec.Value, rec.Remove)
		if rec.Replaces != nil {
			fmt.Fprintf(&b, " %q", *rec.Replaces)
		}
	}
	return b.String() + f.Fix.Command
}

// share finds the task before that asks for the same change, so that nobody
// makes it twice.
func (t *task) share(published map[string]int) {
	change := changes(t.finding)
	if change == "" {
		return
	}
	if first, ok := published[change]; ok {
		t.same = first
		return
	}
	published[change] = t.number
}

// open are the findings of a part.
func (p *part) open() []finding.Finding {
	out := make([]finding.Finding, len(p.tasks))
	for i, t := range p.tasks {
		out[i] = t.finding
	}
	return out
}

// folds says that the notes of a part are told in short.
func (p *part) folds() bool {
	_, brief := fold(p.open())
	return len(brief) > 0
}

// targets are what the tasks of a part are about, each once.
func (p *part) targets() []string {
	var out []string
	for _, t := range p.tasks {
		for _, name := range t.targets {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// proof are commands that show whether a part is done.
type proof struct {
	unix    []string // dig, and cwmail anywhere
	windows []string
}

// proofs asks for each record to publish, and examines each target again. What
// is not of the form of a name in DNS is left out: it would ask for something
// else.
func (p *part) proofs() proof {
	var out proof
	for _, t := range p.tasks {
		if t.finding.Fix == nil {
			continue
		}
		for _, rec := range t.finding.Fix.Records {
			out.ask(rec)
		}
	}
	for _, target := range p.targets() {
		if safe.Line(target) == target {
			out.unix = append(out.unix, "cwmail check "+dashes(target)+quote(target))
		}
	}
	return out
}

func (c *proof) ask(rec finding.Record) {
	if !isWord(rec.Type, "") || rec.Name == "" || safe.Line(rec.Name) != rec.Name || strings.ContainsAny(rec.Name, " \"") {
		return
	}
	c.add(&c.unix, "dig +short -t "+rec.Type+" -q "+quote(rec.Name))
	if isWord(rec.Name, "-._") && rec.Name[0] != '-' && rec.Name[0] != '.' {
		c.add(&c.windows, "nslookup -type="+rec.Type+" "+rec.Name)
	}
	c.add(&c.windows, "Resolve-DnsName -Type "+rec.Type+" -Name "+quoteWindows(rec.Name))
}

func (c *proof) add(to *[]string, command string) {
	if !slices.Contains(*to, command) {
		*to = append(*to, command)
	}
}

// dashes ends the flags of a command where a name would be taken for one.
func dashes(name string) string {
	if strings.HasPrefix(name, "-") {
		return "-- "
	}
	return ""
}

// quote makes one word of s for any shell of POSIX. What has only blanks to
// hide stands in double quotes, which PowerShell and cmd.exe know too.
func quote(s string) string {
	switch {
	case isWord(s, "-._"):
		return s
	case isWord(s, "-._ ()&,:/+"):
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// quoteWindows makes one word of s for PowerShell, to which the typographic
// quotes are quotes too.
func quoteWindows(s string) string {
	if isWord(s, "-._") && s[0] != '-' {
		return s
	}
	return "'" + strings.NewReplacer("'", "''", "\u2018", "\u2018\u2018", "\u2019", "\u2019\u2019", "\u201a", "\u201a\u201a", "\u201b", "\u201b\u201b").Replace(s) + "'"
}

// isWord holds for what consists of ASCII letters, digits and more.
func isWord(s, more string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return s != ""
}
