package spf

import (
	"slices"
	"testing"
)

// TestWildcard holds that what a wildcard gives is no record in a wrong place.
func TestWildcard(t *testing.T) {
	const rec = "v=spf1 include:_spf.clockwise.info -all"
	for _, tt := range []struct {
		row, text    string
		want, absent string
	}{
		{"a wrong name", "www.a.example TXT " + rec, "spf.wrong-name", "spf.wildcard"},
		{"a wildcard", "www.a.example TXT " + rec + "\n" + unmade("a.example").Name + " TXT " + rec, "spf.wildcard", "spf.wrong-name"},
		{"beside a record", "a.example TXT v=spf1 -all\n" + unmade("a.example").Name + " TXT " + rec, "spf.wildcard", "spf.missing"},
		{"type SPF beside a record", "a.example TXT v=spf1 -all\na.example SPF v=spf1 -all", "spf.type-spf-leftover", "spf.wrong-type"},
	} {
		t.Run(tt.row, func(t *testing.T) {
			res := Lookup(t.Context(), parseZone(t, tt.text), "a.example", nil, Options{Thorough: true})
			var got []string
			for _, f := range Findings(Input{Result: res}) {
				got = append(got, f.Code())
			}
			if !slices.Contains(got, tt.want) || slices.Contains(got, tt.absent) {
				t.Errorf("%v", got)
			}
		})
	}
}
