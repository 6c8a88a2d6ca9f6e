package nearest

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a", "", 1},
		{"", "rua", 3},
		{"rua", "rua", 0},
		{"rau", "rua", 1},
		{"ruaa", "rua", 1},
		{"ua", "rua", 1},
		{"rue", "rua", 1},
		{"adkmi", "adkim", 1},
		{"policy", "p", 5},
		{"v=sfp1", "v=spf1", 1},
		{"kitten", "sitting", 3},
		{"_spf.clockwice.info", "_spf.clockwise.info", 1},
		{"a", "abcdefghij", Far},
		{strings.Repeat("a", 200), strings.Repeat("a", 200), Far},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := Distance(pair[0], pair[1]); got != c.want {
				t.Errorf("Distance(%q, %q) = %d, want %d", pair[0], pair[1], got, c.want)
			}
		}
	}
}
