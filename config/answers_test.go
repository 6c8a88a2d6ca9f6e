package config

import (
	"maps"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                                   {},
		"# nothing yet\n":                    {},
		"domain: acme.example\nport: 587\n":  {"domain": "acme.example", "port": "587"},
		"smtp.host: \" a \"\nempty:\n":       {"smtp.host": " a ", "empty": ""},
		"password.clear: yes\nsend: false\n": {"password.clear": "yes", "send": "no"},
		"go: true\n":                         {"go": "yes"},
		"a: &x one\nb: *x\n":                 {"a": "one", "b": "one"},
	} {
		if got, err := parseAnswers([]byte(text)); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"- a\n- b\n":        "line 1:",
		"a: 1\nb: {c: 1}\n": "line 2: b holds",
		"a: [1]\n":          "line 1: a holds",
		"a: \"x\n":          "line",
		"just text":         "line 1:",
	} {
		if _, err := parseAnswers([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("domain: acme.example\n"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parseAnswers(data) })
}
