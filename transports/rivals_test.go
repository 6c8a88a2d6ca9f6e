package transports_test

import (
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

func TestRivals(t *testing.T) {
	named := func(name string, m transports.Match) transports.Transport {
		return transports.Transport{Name: name, Match: m}
	}
	all := []transports.Transport{
		named("Company", transports.Match{Domain: "acme.example"}),
		named("Invoices", transports.Match{Domain: "acme.example", LocalPart: "facturen"}),
		named("Passwords", transports.Match{Subsystem: "password"}),
		named("Other", transports.Match{Domain: "other.example"}),
	}
	for _, c := range []struct {
		name  string
		match transports.Match
		old   string
		at    int
		want  string // rivals: "<" it wins, ">" we win, "=" the same
		says  string
	}{
		{"alone", transports.Match{Domain: "third.example", LocalPart: "x", Subsystem: "billing"}, "", -1, "", ""},
		{"everything", transports.Match{}, "", -1, "Company< Invoices< Passwords< Other<", "that one is more specific and wins"},
		{"an address", transports.Match{Domain: "ACME.example", LocalPart: "jan"}, "", -1, "Company> Passwords>", "takes its mail away from"},
		{"the same, behind", transports.Match{Domain: "acme.example"}, "", -1, "Company=< Invoices< Passwords>", "would never be used."},
		{"the same, in front", transports.Match{Domain: "acme.example"}, "", 0, "Company=> Invoices< Passwords>", "never be used again"},
		{"itself", transports.Match{Domain: "acme.example"}, "Company", 0, "Invoices< Passwords>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			said := ""
			for _, r := range transports.Rivals(all, named("new", c.match), c.old, c.at) {
				s := r.Transport.Name
				if r.Same {
					s += "="
				}
				if r.Wins {
					s += "<"
				} else {
					s += ">"
				}
				got = append(got, s)
				said += r.String()
				// The two must agree about who takes the mail.
				list := append(all[:len(all):len(all)], named("new", c.match))
				if c.at == 0 {
					list = append([]transports.Transport{named("new", c.match)}, all...)
				}
				m := transports.Mail{From: both(c.match.LocalPart, r.Transport.Match.LocalPart, "any") + "@" + both(c.match.Domain, r.Transport.Match.Domain, "any.example"), Subsystem: both(c.match.Subsystem, r.Transport.Match.Subsystem, "")}
				if c.old == "" && len(got) == 1 {
					if d := transports.Route(list, m); (d.Transport.Name == r.Transport.Name) != r.Wins && d.Transport.Name != "Passwords" {
						t.Errorf("%+v goes over %q", m, d.Transport.Name)
					}
				}
			}
			if s := strings.Join(got, " "); s != c.want || !strings.Contains(said, c.says) {
				t.Errorf("rivals %q, want %q; said %s", s, c.want, said)
			}
		})
	}
}

func both(a, b, other string) string {
	switch {
	case a != "":
		return a
	case b != "":
		return b
	}
	return other
}

func TestName(t *testing.T) {
	all := []transports.Transport{{Name: "Invoices"}, {Name: "Invoices (2)"}}
	for wanted, want := range map[string]string{"Invoices": "Invoices (3)", "New": "New", "built-in default": "built-in default (2)"} {
		if got := transports.Name(all, wanted); got != want {
			t.Errorf("%q: %q, want %q", wanted, got, want)
		}
	}
}
