package finding

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	missing   = &Rule{Code: "a.missing", Severity: Failure, Tier: 1, Title: "Nothing at %[2]s for %[1]s", Hides: []string{"a.all"}}
	elsewhere = &Rule{Code: "a.elsewhere", Severity: Failure, Tier: 1, Hides: []string{"a.missing"}}
	all       = &Rule{Code: "a.all", Severity: Warning, Tier: 1}
	weak      = &Rule{Code: "a.weak", Severity: Warning, Tier: 1, Hides: []string{"a.missing"}, HidesAlso: []string{"a.strong"}}
	strong    = &Rule{Code: "a.strong", Severity: Failure, Tier: 2}
	unread    = &Rule{Code: "a.unreadable", Severity: Unknown, Tier: 1, Hides: []string{"a.missing"}}
	refused   = &Rule{Code: "a.refused", Severity: Failure, Tier: 1, Outcome: true}
	note      = &Rule{Code: "a.note", Severity: Note, Tier: 1}
)

func TestText(t *testing.T) {
	f := Finding{Rule: missing, Args: []string{"acme.example", "100% here", "unused"}}
	if got, want := f.Title(), "Nothing at 100% here for acme.example"; got != want {
		t.Errorf("Title is %q, want %q", got, want)
	}
	if got := (Finding{Rule: missing}).Title(); got != "Nothing at  for " {
		t.Errorf("without arguments Title is %q", got)
	}
	long := Finding{Rule: missing, Args: []string{"x", strings.Repeat("\u00fc", 5000)}}
	if got := long.Title(); len(got) > 400 || !utf8.ValidString(got) {
		t.Errorf("a long argument gives %d octets: %q", len(got), got)
	}
	if got := f.Effect(); got != "" {
		t.Errorf("an empty text became %q", got)
	}
}

func TestSilence(t *testing.T) {
	tests := []struct {
		name   string
		in     []Finding
		hidden map[string]string
	}{
		{"a chain", []Finding{{Rule: all}, {Rule: missing}, {Rule: elsewhere}}, map[string]string{"a.all": "a.missing", "a.missing": "a.elsewhere"}},
		{"not the more severe one", []Finding{{Rule: weak}, {Rule: missing}}, nil},
		{"unless it is said", []Finding{{Rule: weak}, {Rule: strong}}, map[string]string{"a.strong": "a.weak"}},
		{"unknown hides what cannot be concluded", []Finding{{Rule: unread}, {Rule: missing}}, map[string]string{"a.missing": "a.unreadable"}},
		{"another object", []Finding{{Rule: elsewhere, Object: "x"}, {Rule: missing, Object: "y"}}, nil},
		{"the whole subject", []Finding{{Rule: elsewhere}, {Rule: missing, Object: "y"}}, map[string]string{"a.missing": "a.elsewhere"}},
		{"another subject", []Finding{{Rule: elsewhere, Subject: "x"}, {Rule: missing, Subject: "y"}}, nil},
	}
	for _, tt := range tests {
		Silence(tt.in)
		for _, f := range tt.in {
			if f.SilencedBy != tt.hidden[f.Code()] {
				t.Errorf("%s: %s is silenced by %q, want %q", tt.name, f.Code(), f.SilencedBy, tt.hidden[f.Code()])
			}
		}
	}
}

func TestSort(t *testing.T) {
	fs := []Finding{{Rule: note}, {Rule: refused}, {Rule: all}, {Rule: unread}, {Rule: strong}, {Rule: missing, SilencedBy: "x"}, {Rule: elsewhere}}
	Sort(fs, map[string]int{"a.elsewhere": 1})
	var got []string
	for _, f := range fs {
		got = append(got, f.Code())
	}
	want := []string{"a.elsewhere", "a.strong", "a.refused", "a.unreadable", "a.all", "a.note", "a.missing"}
	if !slices.Equal(got, want) {
		t.Errorf("order is %v, want %v", got, want)
	}
	if worst, ok := Worst(fs); !ok || worst != Failure {
		t.Errorf("the worst is %v, %v", worst, ok)
	}
	if _, ok := Worst(fs[6:]); ok {
		t.Error("a silenced finding counts")
	}
}

func TestLowered(t *testing.T) {
	for severity, want := range map[Severity]Severity{Failure: Warning, Warning: Warning, Note: Note, Unknown: Unknown} {
		f := Finding{Rule: &Rule{Severity: severity}, Lowered: true}
		if f.Severity() != want {
			t.Errorf("a lowered %s is a %s", severity, f.Severity())
		}
	}
	cause := Finding{Rule: &Rule{Code: "a.cause", Severity: Failure, Hides: []string{"a.effect"}}, Lowered: true}
	all := []Finding{cause, {Rule: &Rule{Code: "a.effect", Severity: Failure}}}
	if Silence(all); all[1].SilencedBy != "" {
		t.Error("what is lowered to a warning hides a failure")
	}
}
