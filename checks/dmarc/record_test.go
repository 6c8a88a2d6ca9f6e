package dmarc

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text    string
		version bool
		policy  Policy // of the domain itself
		sub     Policy
	}{
		{"v=DMARC1; p=none", true, None, None},
		{"v=DMARC1;p=reject;sp=quarantine;", true, Reject, Quarantine},
		{"v \t=\tDMARC1 ; p\t=\treject", true, Reject, Reject},
		{"V=DMARC1; P=REJECT", true, Reject, Reject},
		{"v=DMARC1", true, NoPolicy, NoPolicy},
		{"v=DMARC1; rua=mailto:a@b.example", true, None, None},
		{"v=DMARC1; rua=https://b.example/in", true, None, None},
		{"v=DMARC1; rua=a@b.example", true, NoPolicy, NoPolicy},
		{"v=DMARC1; p=reject; np=off", true, NoPolicy, NoPolicy},
		{"v=DMARC1; p=; rua=mailto:a@b.example", true, None, None},
		{"v=dmarc1; p=none", false, None, None},
		{"v=DMARC1 p=none", false, NoPolicy, NoPolicy},
		{"v=DMARC10; p=none", false, None, None},
		{" v=DMARC1; p=none", false, None, None},
		{";v=DMARC1; p=none", false, None, None},
		{"p=none; v=DMARC1", false, None, None},
		{"v=DMARC1\n; p=none", false, None, None},
		{"", false, NoPolicy, NoPolicy},
	} {
		r := Parse(tt.text)
		p, _ := r.Policy("p")
		sub, _ := r.Policy("sp")
		if r.Version != tt.version || p != tt.policy || sub != tt.sub {
			t.Errorf("%q: version %v, p %q, sp %q", tt.text, r.Version, p, sub)
		}
	}
}

func TestParseAddresses(t *testing.T) {
	for _, tt := range []struct {
		value  string
		emails string
		faults int
	}{
		{"mailto:a@b.example", "a@b.example", 0},
		{"MAILTO:a@B.example , mailto:c@d.example", "a@B.example c@d.example", 0},
		{"mailto:a@b.example!10m", "a@b.example", 0},
		{"mailto:a@b.example?subject=x", "a@b.example", 0},
		{"a@b.example", "", 1},
		{"mailto: a@b.example", "", 1},
		{"mailto:a@b.example mailto:c@d.example", "", 1},
		{"mailto:nobody", "", 1},
		{"mailto:a@-b.example", "", 1},
		{"https://b.example", "", 1},
		{",,", "", 0},
	} {
		var emails []string
		faults := 0
		for _, a := range parseAddresses(tt.value) {
			if a.Fault != "" {
				faults++
				continue
			}
			emails = append(emails, a.Email)
		}
		if got := strings.Join(emails, " "); got != tt.emails || faults != tt.faults {
			t.Errorf("%s: %q, %d faults", tt.value, got, faults)
		}
	}
}

// FuzzParse holds that nothing panics, and that mending ends: what was mended
// needs no mending, begins with v=DMARC1 and has a policy.
func FuzzParse(f *testing.F) {
	for _, tt := range mistakes {
		for _, line := range tt.zone {
			_, text, _ := strings.Cut(line, " TXT ")
			f.Add(text)
		}
	}
	f.Add("v=DMARC1; p=none; rua=mailto:a@b ruf=mailto:c@d p=reject, t=y: x")
	f.Add("v=v=DMARC1; \\; =; \x00\xff \"'")
	f.Fuzz(func(t *testing.T, text string) {
		Parse(text)
		Lint([]string{text})
		if !looksLike(text) {
			return
		}
		m := mending{domain: "customer.example", mailbox: "customer.example", effective: true}
		out, _ := m.mend(text)
		again, faults := m.mend(out)
		if again != out {
			t.Fatalf("%q becomes %q, then %q by %s", text, out, again, faults[0].rule.Code)
		}
		r := Parse(out)
		if p, _ := r.Policy("p"); !r.Valid() || p == NoPolicy {
			t.Fatalf("%q becomes %q, which is no record", text, out)
		}
	})
}
