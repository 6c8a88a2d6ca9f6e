package mtasts

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

func TestParsePolicy(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		fault, age string // part of it; "" for none
		mode       string
	}{
		{"right", crlf("version: STSv1", "mode: enforce", "mx: mail.customer.example", "mx: *.customer.example", "max_age: 604800"), "", "", "enforce"},
		{"without blanks, with another field", crlf("version:STSv1", "x: y", "mode:none", "max_age:86400"), "", "", "none"},
		{"blanks behind", "version: STSv1  \nmode: testing\t\nmx: a.example\nmax_age: 1", "", "", "testing"},
		{"empty", "", "empty", "", ""},
		{"order", crlf("mode: enforce", "version: STSv1", "mx: a.example", "max_age: 604800"), "", "", "enforce"},
		{"no version", crlf("mode: enforce", "mx: a.example", "max_age: 604800"), "no \"version", "", "enforce"},
		{"version", crlf("version: STSv2", "mode: none", "max_age: 604800"), "STSv2", "", "none"},
		{"mode", crlf("version: STSv1", "mode: Enforce", "mx: a.example", "max_age: 604800"), "mode is", "", ""},
		{"no mode", crlf("version: STSv1", "mx: a.example", "max_age: 604800"), "no mode", "", ""},
		{"no mx", crlf("version: STSv1", "mode: testing", "max_age: 604800"), "no mx", "", "testing"},
		{"address", crlf("version: STSv1", "mode: testing", "mx: 192.0.2.1", "max_age: 604800"), "names no host", "", "testing"},
		{"star within", crlf("version: STSv1", "mode: testing", "mx: a.*.example", "max_age: 604800"), "names no host", "", "testing"},
		{"twice", crlf("version: STSv1", "mode: testing", "mode: enforce", "mx: a.example", "max_age: 604800"), "", "", "testing"},
		{"no field", crlf("version: STSv1", "hello", "mode: none", "max_age: 604800"), "line 2", "", "none"},
		{"no age", crlf("version: STSv1", "mode: none"), "", "missing", "none"},
		{"age in words", crlf("version: STSv1", "mode: none", "max_age: 1w"), "", "number", "none"},
		{"age negative", crlf("version: STSv1", "mode: none", "max_age: -1"), "", "number", "none"},
		{"age above a year", crlf("version: STSv1", "mode: none", "max_age: 31557601"), "", "above", "none"},
		{"a year", crlf("version: STSv1", "mode: none", "max_age: 31557600"), "", "", "none"},
	} {
		p := ParsePolicy(tt.text)
		if got := strings.Join(p.Faults, "; "); (got == "") != (tt.fault == "") || !strings.Contains(got, tt.fault) {
			t.Errorf("%s: faults %q", tt.name, got)
		}
		if twice := strings.Contains(strings.Join(p.Odd, "; "), `"testing", not "enforce"`); twice != (tt.name == "twice") {
			t.Errorf("%s: odd %q", tt.name, p.Odd)
		}
		if (p.MaxAgeFault == "") != (tt.age == "") && tt.name != "empty" || !strings.Contains(p.MaxAgeFault, tt.age) {
			t.Errorf("%s: max_age %q", tt.name, p.MaxAgeFault)
		}
		if p.Mode != tt.mode {
			t.Errorf("%s: mode %q, want %q", tt.name, p.Mode, tt.mode)
		}
	}
	if ParsePolicy(crlf("version: STSv1", "mode: none", "max_age: 1")).BareLF || !ParsePolicy("version: STSv1\nmode: none\n").BareLF {
		t.Error("line ends are not told apart")
	}
	if p := ParsePolicy(strings.Repeat("mx: a.example\nx\n", 5000)); len(p.MX) > maxPatterns || len(p.Faults) > maxFaults {
		t.Errorf("a hostile policy gives %d patterns and %d faults", len(p.MX), len(p.Faults))
	}
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, host string
		want          bool
	}{
		{"mail.customer.example", "MAIL.customer.example.", true},
		{"mail.customer.example", "a.mail.customer.example", false},
		{"*.customer.example", "mail.customer.example", true},
		{"*.Customer.Example", "mail.customer.example", true},
		{"*.customer.example", "customer.example", false},
		{"*.customer.example", "a.mail.customer.example", false},
		{"*.customer.example", ".customer.example", false},
		{"", "", false},
	} {
		if Matches(tt.pattern, tt.host) != tt.want {
			t.Errorf("%s, %s: %v", tt.pattern, tt.host, !tt.want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(crlf("version: STSv1", "mode: enforce", "mx: *.customer.example", "max_age: 604800"))
	f.Add("mode\nmode:x\nmax_age:99999999999\nmx: ::1\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		p := ParsePolicy(text)
		if p.Valid() && (p.Mode == "" || p.MaxAge > maxMaxAge || p.Active() && len(p.MX) == 0) {
			t.Fatalf("%q is valid: %+v", text, p)
		}
		if len(p.Faults) > maxFaults || len(p.MX) > maxPatterns {
			t.Fatalf("%q: %d faults", text, len(p.Faults))
		}
	})
}

// FuzzParseRecord holds that what was mended needs no mending.
func FuzzParseRecord(f *testing.F) {
	for _, s := range []string{"v=STSv1; id=20260101", "v=STSv1; id=2026-02-01", "id=1; v=STSv1", `"v=STSv1; id=\"x\""`, "v=sts id:a", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := mend(text, time.Unix(0, 0))
		if r := ParseRecord(out); !r.Version || r.Fault != "" || mend(out, time.Unix(9, 0)) != out {
			t.Fatalf("%q becomes %q: %s", text, out, r.Fault)
		}
	})
}

func TestParseRecord(t *testing.T) {
	var wrong []string
	for _, s := range []string{
		"v=STSv1; id=20260101;", "v=STSv1 ;id=a; x=y",
		"v=STSv1 id=1", "V=STSv1; id=1", "id=1; v=STSv1", "v=STSv1;", "v=STSv1; id=", "v=STSv1; id=a-b",
		"v=STSv1; id=" + strings.Repeat("1", 33),
	} {
		if ParseRecord(s).Fault != "" {
			wrong = append(wrong, s)
		}
	}
	if len(wrong) != 7 || slices.Contains(wrong, "v=STSv1; id=20260101;") {
		t.Errorf("wrong are %q", wrong)
	}
}
