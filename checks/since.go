package checks

import (
	"encoding/binary"
	"io"
	"slices"

	"clockwise.info/cwmail/checks/finding"
)

// earlier is another run, in as few octets as do: a word and the number of a
// set of codes for each domain. Many domains share a set.
type earlier struct {
	run     runCount
	domains map[string]outcomeBefore
	sets    [][]uint16
	number  map[string]uint32 // of a set, by its octets
}

type outcomeBefore struct {
	set     uint32
	verdict uint8 // its place in verdictOrder
	unsure  bool  // something could not be looked at
	met     bool  // the domain stands in this run too
}

// ReadSince reads the output of an earlier run; it comes before all reports of
// this one. Lines that are no reports are counted: see TallySince.
func (s *Summary) ReadSince(r io.Reader) error {
	e := &earlier{run: newRunCount(), domains: map[string]outcomeBefore{}, number: map[string]uint32{}}
	s.since = e
	return eachLine(r, func(line []byte, err error) {
		if err != nil {
			e.run.lines++
			_ = e.run.complain(err)
			return
		}
		if report, _ := e.run.count(line); report != nil {
			e.domains[report.key()] = s.before(*report)
		}
	})
}

// TallySince is that of the earlier run.
func (s *Summary) TallySince() Tally {
	if s.since == nil {
		return Tally{}
	}
	return s.since.run.tally()
}

func (s *Summary) before(r reportLine) outcomeBefore {
	var set []uint16
	for _, f := range r.Findings {
		set = append(set, s.code(f))
	}
	slices.Sort(set)
	return outcomeBefore{
		set: s.since.set(slices.Compact(set)), verdict: uint8(slices.Index(verdictOrder, r.Verdict)),
		unsure: r.number(finding.Unknown) > 0,
	}
}

// set is the number of a sorted set of codes.
func (e *earlier) set(codes []uint16) uint32 {
	key := make([]byte, 0, 2*len(codes))
	for _, c := range codes {
		key = binary.BigEndian.AppendUint16(key, c)
	}
	n, ok := e.number[string(key)]
	if !ok {
		n = uint32(len(e.sets))
		e.number[string(key)] = n
		e.sets = append(e.sets, slices.Clip(codes))
	}
	return n
}

// compare counts what is different from the earlier run for one domain.
func (s *Summary) compare(key string, now row, codes map[uint16]bool) {
	old, ok := s.since.domains[key]
	switch {
	case !ok:
		s.changes.added.add(now)
		return
	case old.met: // the domain stands in the list twice
		return
	}
	old.met = true
	s.since.domains[key] = old
	now.before = verdictOrder[old.verdict]
	s.compareVerdicts(now)
	if old.unsure || now.unknowns > 0 {
		return // what was not seen may have been there
	}
	before := s.since.sets[old.set]
	for _, c := range before {
		if !codes[c] {
			s.counts[c].gone++
		}
	}
	for c := range codes {
		if _, found := slices.BinarySearch(before, c); !found {
			s.counts[c].appeared++
		}
	}
}

func (s *Summary) compareVerdicts(now row) {
	c := &s.changes
	if now.before == now.verdict {
		return
	}
	c.verdicts[[2]Verdict{now.before, now.verdict}]++
	switch {
	case now.before == VerdictUnknown || now.verdict == VerdictUnknown: // neither mended nor broken: not known
		c.other.add(now)
	case now.verdict == VerdictFailure:
		c.newlyFailing.add(now)
	case now.before == VerdictFailure:
		c.repaired.add(now)
	default:
		c.other.add(now)
	}
}

// lost are the domains of the earlier run that this one does not have.
func (s *Summary) lost() top {
	out := top{most: s.o.Worst}
	for key, old := range s.since.domains {
		if !old.met {
			out.add(row{name: key, before: verdictOrder[old.verdict], verdict: verdictOrder[old.verdict]})
		}
	}
	return out
}
