package checks_test

import (
	"fmt"
	"testing"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
)

// TestAdviceIsEnough makes several mistakes at once and does what the report
// says first, again and again: nothing may be left in the end, and no advice
// may have to be followed twice.
func TestAdviceIsEnough(t *testing.T) {
	world := readCorpus(t, "world")[0].edits
	spf, dkim, dmarc := mendable(t, "spf"), mendable(t, "dkim"), mendable(t, "dmarc")
	for i := range max(len(spf), len(dkim), len(dmarc)) {
		s, k, d := spf[i%len(spf)], dkim[i%len(dkim)], dmarc[i%len(dmarc)]
		t.Run(fmt.Sprintf("%s+%s+%s", s.name, k.name, d.name), func(t *testing.T) {
			follow(t, apply(world, s.edits, k.edits, d.edits), row{}.target())
		})
	}
}

// mendable are the rows of a file that a record mends, and nothing else.
func mendable(t *testing.T, file string) []row {
	var out []row
	byHand := map[string]bool{"S66": true, "S67": true, "K38": true, "D33": true} // somebody has to choose
	for _, r := range readCorpus(t, file) {
		if r.domain+r.from+r.envelope+r.selector+r.key == "" && !byHand[r.name] {
			out = append(out, r)
		}
	}
	return out
}

// follow does what stands first until there is nothing above a note.
func follow(t *testing.T, rs records, target checks.Target) {
	done := map[string]bool{}
	for {
		e := corpusExaminer(t, rs.zone(), nameserver.Options{}, *target.Transport)
		report := e.Examine(t.Context(), target, nil)
		if worst, ok := finding.Worst(report.Findings); !ok || worst == finding.Note {
			return
		}
		var first *finding.Finding
		for _, f := range report.Open() {
			if !f.Rule.Outcome {
				first = &f
				break
			}
		}
		if first == nil || first.Fix == nil || done[first.Code()+first.Object] {
			t.Fatalf("followed %v, then there is no advice:\n%s", done, listed(report.Findings))
		}
		done[first.Code()+first.Object] = true
		mended, err := rs.mend(first.Fix)
		if err != nil {
			t.Fatalf("followed %v, then the fix of %s: %v", done, first.Code(), err)
		}
		rs = mended
	}
}
