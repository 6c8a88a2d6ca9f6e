package main

import (
	"context"
	"strings"
	"testing"
)

// TestStopped holds what a signal leaves: exit status 3, the reason, and no
// verdict that was not reached.
func TestStopped(t *testing.T) {
	for _, c := range []struct {
		args      string
		out, errw string // what stands in stdout, and in stderr
	}{
		{"check acme.example --json", `"verdict": "unknown"`, ""},
		{"check acme.example", "acme.example could not be judged", ""},
		{"check acme.example --markdown", "## `acme.example`: UNKNOWN", ""},
		{"spf show acme.example", "", "cwmail: could not read the SPF record of acme.example: the question was given up"},
		{"spf show acme.example --json", `"lookups": null`, ""},
		{"spf propose acme.example", "", "cwmail: could not read the SPF record of acme.example: "},
		{"spf eval --ip 192.0.2.1 --mail-from jan@acme.example", "temperror\n", ""},
		{"spf eval --batch", "", "cwmail: could not evaluate all cases: it was stopped\nhint: "},
		{"dmarc show acme.example", "", "cwmail: could not read the DMARC record of acme.example: "},
		{"dmarc show acme.example --json", `"policy": "unknown"`, ""},
		{"dkim check acme.example --selector cw1 --json", `"severity": "unknown"`, ""},
		{"wait spf acme.example --json", `"published":false`, "it was stopped"},
	} {
		a, out, errw := testApp("", "XDG_CONFIG_HOME="+t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		code := a.main(ctx, append(strings.Fields(c.args), "--resolver", "192.0.2.1:53"))
		if code != exitUnknown || !strings.Contains(out.String(), c.out) || !strings.Contains(errw.String(), c.errw) {
			t.Errorf("%s: exit status %d\n%s\n%s", c.args, code, out, errw)
		}
		if c.errw == "" && errw.Len() > 0 || c.out == "" && out.Len() > 0 {
			t.Errorf("%s writes\n%s\n%s", c.args, out, errw)
		}
	}
}
