package wizard

import (
	"testing"

	"clockwise.info/cwmail/checks/spf"
)

// What somebody types as a sender becomes terms that can stand in a record, and
// nothing else.
func FuzzAlso(f *testing.F) {
	for _, s := range []string{"spf.mailer.example, 192.0.2.1", "mx a:web.acme.example/24", "ip4:192.0.2.0/24", "+all", "2001:db8::/32", "%{i}.x", "include:%{d2}.example", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean, problem := spfCheckAlso(nil, s)
		if problem != "" || clean == "" {
			return
		}
		rec := spf.Parse("v=spf1 " + clean)
		if rec.Err() != nil || len(rec.Terms) == 0 || len(rec.Terms) > maxAlso {
			t.Fatalf("%q became %q: %v", s, clean, rec.Err())
		}
		for _, x := range rec.Terms {
			if x.Kind != spf.Mechanism || x.Qualifier != '+' || x.IsAll() {
				t.Errorf("%q became %q", s, clean)
			}
		}
		if again, _ := spfCheckAlso(nil, clean); again != clean {
			t.Errorf("%q became %q, then %q", s, clean, again)
		}
	})
}
