package spf_test

import (
	"testing"

	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/spf"
)

// What hangs on a question without answer is not counted.
func TestCounted(t *testing.T) {
	for _, c := range []struct {
		record, fails string
		want          bool
	}{
		{"v=spf1 mx include:b.example -all", "", true},
		{"v=spf1 mx include:b.example -all", "b.example TXT", false},
		{"v=spf1 mx include:b.example -all", "c.example A", false},
		{"v=spf1 mx include:b.example -all", "m.example A", false},
		{"v=spf1 mx include:b.example -all", "a.example MX", false},
		{"v=spf1 -all include:b.example", "b.example TXT", true}, // never read
		{"v=spf1 -all", "a.example TXT", false},
	} {
		z := dnstest.New("a.example TXT "+c.record, "a.example MX 10 m.example", "m.example A 192.0.2.1",
			"b.example TXT v=spf1 a:c.example -all", "c.example A 192.0.2.2")
		if c.fails != "" {
			z.Records[c.fails] = []string{"SERVFAIL"}
		}
		if got := spf.Lookup(t.Context(), z, "a.example", nil, spf.Options{}).Counted(); got != c.want {
			t.Errorf("%s where %q fails: %v", c.record, c.fails, got)
		}
	}
}
