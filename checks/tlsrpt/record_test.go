package tlsrpt

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text    string
		version bool
		faults  int
		right   string // the usable addresses
	}{
		{"v=TLSRPTv1; rua=mailto:tls@customer.example", true, 0, "mailto:tls@customer.example"},
		{"v=TLSRPTv1;rua=mailto:a@customer.example , https://reports.example/v1/tls?a=b;", true, 0, "mailto:a@customer.example https://reports.example/v1/tls?a=b"},
		{"v=TLSRPTv1 ; rua=mailto:tls@customer.example; x-y=1", true, 0, "mailto:tls@customer.example"},
		{"v=TLSRPTv1", true, 0, ""},
		{"v=TLSRPTv1; rua=tls@customer.example", true, 0, ""},
		{"v=TLSRPTv1; rua=http://reports.example/", true, 0, ""},
		{"v=TLSRPTv1; rua=mailto:tls@customer.example!10m", true, 0, ""},
		{"v=TLSRPTv1; RUA=mailto:tls@customer.example", true, 1, "mailto:tls@customer.example"},
		{"v=TLSRPTv1; rua = mailto:tls@customer.example", true, 1, "mailto:tls@customer.example"},
		{"v=TLSRPTv1; rua=mailto:a@customer.example; mailto:b@customer.example", true, 1, "mailto:a@customer.example mailto:b@customer.example"},
		{"v=TLSRPTv1; rua=mailto:a@customer.example; rua=mailto:b@customer.example", true, 1, "mailto:a@customer.example mailto:b@customer.example"},
		{"v=TLSRPTv1; mail", true, 1, ""},
		{"v=TLSRPTv1 rua=mailto:tls@customer.example", false, 1, ""},
		{"V=TLSRPTv1; rua=mailto:tls@customer.example", false, 1, "mailto:tls@customer.example"},
		{"v=TLSRPT1; rua=mailto:tls@customer.example", false, 1, "mailto:tls@customer.example"},
		{" v=TLSRPTv1; rua=mailto:tls@customer.example", false, 1, "mailto:tls@customer.example"},
		{"rua=mailto:tls@customer.example; v=TLSRPTv1", false, 1, "mailto:tls@customer.example"},
		{"rua=mailto:tls@customer.example", false, 1, "mailto:tls@customer.example"},
	} {
		r := Parse(tt.text)
		var right []string
		for _, a := range r.Addresses {
			if a.Right() {
				right = append(right, a.Raw)
			}
		}
		if r.Version != tt.version || (len(r.Faults) > 0) != (tt.faults > 0) {
			t.Errorf("%q: version %v, faults %q", tt.text, r.Version, r.Faults)
		}
		if got := strings.Join(right, " "); got != tt.right && tt.version {
			t.Errorf("%q: usable are %q", tt.text, got)
		}
	}
}

func TestHostileRecord(t *testing.T) {
	for _, text := range []string{
		"v=TLSRPTv1; " + strings.Repeat("x;", 20000),
		"v=TLSRPTv1; rua=" + strings.Repeat("a@b.example,", 5000),
		"v=TLSRPTv1; rua=" + strings.Repeat("a@b.example ", 5000),
	} {
		r := Parse(text)
		if len(r.Faults) > maxFaults || len(r.Addresses) > maxAddresses {
			t.Errorf("%d faults, %d addresses", len(r.Faults), len(r.Addresses))
		}
	}
}

// FuzzParse holds that what was mended needs no mending.
func FuzzParse(f *testing.F) {
	for _, c := range cases {
		for _, line := range c.zone {
			_, text, _ := strings.Cut(line, " TXT ")
			f.Add(text)
		}
	}
	f.Add("rua=mailto: a@b.example;;v=tlsrptv1 \\; x==; \x00\xff \"'")
	f.Fuzz(func(t *testing.T, text string) {
		out := mend([]string{text}, "mailto:tls-reports@customer.example")
		r := Parse(out)
		if !r.Version || !r.HasRUA || len(r.Faults) > 0 || len(r.Addresses) == 0 {
			t.Fatalf("%q becomes %q: %q", text, out, r.Faults)
		}
		for _, a := range r.Addresses {
			if !a.Right() {
				t.Fatalf("%q becomes %q with the address %q", text, out, a.Raw)
			}
		}
		if again := mend([]string{out}, "mailto:x@y.example"); again != out {
			t.Fatalf("%q becomes %q, then %q", text, out, again)
		}
	})
}
