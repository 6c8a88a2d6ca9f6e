package checks_test

import (
	"slices"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns/nameserver"
)

// TestDisorder examines customers through a network on which answers come
// late, twice and after false ones: the report is the same.
func TestDisorder(t *testing.T) {
	world := append(readCorpus(t, "world")[0].edits, editsOf(t, promises)...)
	ways := map[string]func(name string) nameserver.Behaviour{
		"twice":       func(string) nameserver.Behaviour { return nameserver.Behaviour{Duplicates: 2} },
		"wrong ids":   func(string) nameserver.Behaviour { return nameserver.Behaviour{WrongID: true, Duplicates: 1} },
		"wrong names": func(string) nameserver.Behaviour { return nameserver.Behaviour{WrongName: true} },
		"wrong ports": func(string) nameserver.Behaviour { return nameserver.Behaviour{WrongPort: true} },
		"out of order": func(name string) nameserver.Behaviour {
			return nameserver.Behaviour{Delay: time.Duration(len(name)%7) * 10 * time.Millisecond}
		},
		"over TCP": func(string) nameserver.Behaviour { return nameserver.Behaviour{Truncate: true} },
	}
	for name, lines := range darkWorlds {
		rs := apply(world, editsOf(t, lines))
		want := unknownExaminer(t, rs.zone()).Examine(t.Context(), row{}.target(), nil)
		for way, behave := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				zone := rs.zone()
				for _, a := range want.Answers {
					zone.Behave(a.Question.Name, behave(a.Question.Name))
				}
				got := unknownExaminer(t, zone).Examine(t.Context(), row{}.target(), nil)
				if a, b := listed(want.Findings), listed(got.Findings); a != b {
					t.Errorf("findings are\n%s\ninstead of\n%s", b, a)
				}
				if !slices.Equal(want.Paths, got.Paths) || want.Verdict != got.Verdict || want.Queries != got.Queries {
					t.Errorf("verdict %s of %d answers, instead of %s of %d", got.Verdict, got.Queries, want.Verdict, want.Queries)
				}
				for _, c := range changes(want, got) {
					t.Error(c)
				}
			})
		}
	}
}
