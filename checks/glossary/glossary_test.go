package glossary

import (
	"slices"
	"strings"
	"testing"
)

// expected are the words that screens and commands point to.
var expected = []string{
	"SPF", "DKIM", "selector", "DMARC", "alignment", "policy", "TXT", "TTL", "MX", "NS", "PTR", "relay", "connector", "STARTTLS",
	"bounce", "envelope sender", "MAIL FROM", "From", "name server", "resolver", "include", "look-up", "lookup", "void look-up",
	"NXDOMAIN", "SERVFAIL", "Reply-To", "transport", "subsystem",
}

func TestFind(t *testing.T) {
	for _, name := range expected {
		if _, ok := Find(name); !ok {
			t.Errorf("%s is not explained", name)
		}
	}
	if w, ok := Find(" void Lookup "); !ok || w.Name != "void look-up" {
		t.Errorf("got %v, %v", w, ok)
	}
	if _, ok := Find("frobnicate"); ok {
		t.Error("found what is not there")
	}
}

func TestWordsAreWhole(t *testing.T) {
	words := Words()
	names := map[string]bool{}
	for _, w := range words {
		if w.Text == "" || w.Example == "" {
			t.Errorf("%s lacks its text or its example", w.Name)
		}
		if n := strings.Count(w.Text+" ", ". "); n != 2 {
			t.Errorf("%s has %d sentences, want 2", w.Name, n)
		}
		for _, n := range append([]string{w.Name}, w.Also...) {
			if names[fold(n)] && fold(n) != fold(w.Name) {
				t.Errorf("%s stands twice", n)
			}
			names[fold(n)] = true
		}
	}
	if !slices.IsSortedFunc(words, func(a, b Word) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }) {
		t.Error("the words are not in alphabetical order")
	}
}
