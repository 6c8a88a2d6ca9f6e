package checks

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/finding"
)

var code = regexp.MustCompile(`^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$`)

// TestCatalogue holds every rule to the form that reports, scripts and readers
// rely on.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !code.MatchString(r.Code) {
			t.Errorf("%q is no code", r.Code)
		}
		if seen[r.Code] {
			t.Errorf("%s is declared twice", r.Code)
		}
		seen[r.Code] = true
		if r.Title == "" || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: the title %q is empty or a sentence with a full stop", r.Code, r.Title)
		}
		if r.Effect == "" || !strings.HasSuffix(r.Effect, ".") {
			t.Errorf("%s: the effect %q is no sentence", r.Code, r.Effect)
		}
		if r.Action == "" && r.Severity == finding.Failure && !r.Outcome {
			t.Errorf("%s: a failure without an action", r.Code)
		}
		if len(r.References) == 0 {
			t.Errorf("%s has no reference", r.Code)
		}
		if !slices.Contains(finding.Owners, r.Owner) {
			t.Errorf("%s: nobody is called %q", r.Code, r.Owner)
		}
		if r.Tier < 1 || r.Tier > 3 {
			t.Errorf("%s has tier %d", r.Code, r.Tier)
		}
	}
}

// TestHiddenCodes holds that a code named in Hides is one of the catalogue's
// subjects: a misspelt one would hide nothing, silently.
func TestHiddenCodes(t *testing.T) {
	subjects := []string{
		"spf", "dkim", "signature", "dmarc", "mx", "dns", "smtp", "tls", "mtasts", "dane",
		"tlsrpt", "bimi", "ip", "message", "o365", "transport",
	}
	for _, r := range Rules() {
		for _, hidden := range slices.Concat(r.Hides, r.HidesAlso) {
			subject, _, _ := strings.Cut(hidden, ".")
			if !code.MatchString(hidden) || !slices.Contains(subjects, subject) {
				t.Errorf("%s hides %q, which is no code", r.Code, hidden)
			}
			if hidden == r.Code {
				t.Errorf("%s hides itself", r.Code)
			}
		}
	}
}
