package taglist

import (
	"testing"
)

func TestParse(t *testing.T) {
	l := Parse(" v=DKIM1; k = rsa ;;p= AB C=\t; loose;")
	want := []struct {
		name, value string
		equals      bool
	}{{"v", "DKIM1", true}, {"k", "rsa", true}, {"", "", false}, {"p", "AB C=", true}, {"loose", "", false}}
	if len(l.Parts) != len(want) {
		t.Fatalf("%d parts, want %d: %+v", len(l.Parts), len(want), l.Parts)
	}
	for i, w := range want {
		p := l.Parts[i]
		if p.Name != w.name || p.Value != w.value || p.HasEquals != w.equals {
			t.Errorf("part %d is %+v, want %+v", i, p, w)
		}
		if got := l.Text[p.ValueStart : p.ValueStart+len(p.Value)]; got != p.Value {
			t.Errorf("part %d: value stands at %q, not %q", i, got, p.Value)
		}
	}
}

func TestEdits(t *testing.T) {
	l := Parse("v=DMARC1; pct=50;  p=none; rua=mailto:a@b.example")
	p, ok := l.GetFold("P")
	if !ok || l.WithValue(p, "reject") != "v=DMARC1; pct=50;  p=reject; rua=mailto:a@b.example" {
		t.Errorf("WithValue gives %q", l.WithValue(p, "reject"))
	}
	got := l.Without(func(p Part) bool { return p.Name == "pct" })
	if got != "v=DMARC1;  p=none; rua=mailto:a@b.example" {
		t.Errorf("Without gives %q", got)
	}
	if _, ok := l.Get("P"); ok {
		t.Error("Get ignores the letter case")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("v=DKIM1; k=rsa; p=")
	f.Add(";;=;a")
	f.Fuzz(func(t *testing.T, s string) {
		l := Parse(s)
		for _, p := range l.Parts {
			if s[p.ValueStart:p.ValueStart+len(p.Value)] != p.Value {
				t.Fatalf("value of %+v is not at its position", p)
			}
			if l.WithValue(p, p.Value) != s {
				t.Fatal("replacing a value by itself changes the text")
			}
		}
		if l.Without(func(Part) bool { return false }) != s {
			t.Fatal("dropping nothing changes the text")
		}
	})
}
