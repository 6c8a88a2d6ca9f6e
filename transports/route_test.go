package transports

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRoute(t *testing.T) {
	all := []Transport{
		{Name: "all", Type: NoReply},
		{Name: "all billing", Type: NoReply, Match: Match{Subsystem: "billing"}},
		{Name: "acme", Type: ClockWise, Match: Match{Domain: "acme.example"}},
		{Name: "acme again", Type: ClockWise, Match: Match{Domain: "acme.example"}},
		{Name: "acme billing", Type: SMTP, Match: Match{Domain: "acme.example", Subsystem: "billing"}},
		{Name: "jan anywhere", Type: NoReply, Match: Match{LocalPart: "jan"}},
		{Name: "Invoices", Type: SMTP, Match: Match{Domain: "acme.example", LocalPart: "facturen"}},
		{Name: "Invoices of billing", Type: SMTP, Match: Match{Domain: "acme.example", LocalPart: "facturen", Subsystem: "billing"}},
		{Name: "idn", Type: SMTP, Match: Match{Domain: "xn--caf-dma.example"}},
	}
	for _, c := range []struct{ from, subsystem, want string }{
		{"piet@acme.example", "", "acme"},
		{"piet@ACME.Example.", "", "acme"},
		{"Piet <piet@acme.example>", "reminder", "acme"},
		{"piet@acme.example", "Billing", "acme billing"},
		{"jan@acme.example", "", "jan anywhere"},
		{"JAN@other.example", "", "jan anywhere"},
		{"Facturen@acme.example", "", "Invoices"},
		{"facturen@acme.example", "password", "Invoices"},
		{"facturen@acme.example", "billing", "Invoices of billing"},
		{"piet@other.example", "billing", "all billing"},
		{"piet@other.example", "", "all"},
		{"piet@sub.acme.example", "", "all"},
		{"piet@café.example", "", "idn"},
		{"", "", "all"},
	} {
		if got := Route(all, Mail{c.from, c.subsystem}); got.Transport.Name != c.want {
			t.Errorf("%s (%s) goes by %q, want %q", c.from, c.subsystem, got.Transport.Name, c.want)
		}
	}
}

// The winner may not depend on where it stands, unless matches are equal.
func TestRouteOrder(t *testing.T) {
	all := []Transport{
		{Name: "0", Match: Match{}},
		{Name: "1", Match: Match{Subsystem: "billing"}},
		{Name: "2", Match: Match{Domain: "a.example"}},
		{Name: "3", Match: Match{Domain: "a.example", Subsystem: "billing"}},
		{Name: "4", Match: Match{LocalPart: "jan"}},
		{Name: "5", Match: Match{LocalPart: "jan", Subsystem: "billing"}},
		{Name: "6", Match: Match{LocalPart: "jan", Domain: "a.example"}},
		{Name: "7", Match: Match{LocalPart: "jan", Domain: "a.example", Subsystem: "billing"}},
	}
	for n := len(all); n > 0; n-- {
		for range n {
			all = append(all[1:n:n], all[0])
			got := Route(all, Mail{"jan@a.example", "billing"})
			if want := fmt.Sprint(n - 1); got.Transport.Name != want {
				t.Fatalf("of %d transports %q takes the mail, want %q", n, got.Transport.Name, want)
			}
		}
		all = slices.DeleteFunc(all, func(t Transport) bool { return t.Name == fmt.Sprint(n-1) })
	}
}

func TestRouteReasons(t *testing.T) {
	all := []Transport{
		{Name: "Invoices", Type: SMTP, Match: Match{Domain: "acme.example", LocalPart: "facturen"}},
		{Name: "acme", Type: ClockWise, Match: Match{Domain: "acme.example"}},
		{Name: "acme copy", Type: ClockWise, Match: Match{Domain: "ACME.example"}},
		{Name: "rest", Type: NoReply},
		{Name: "password", Type: NoReply, Match: Match{Subsystem: "password"}},
	}
	d := Route(all, Mail{From: "jan@acme.example"})
	want := []Candidate{
		{"Invoices", false, `"Invoices" takes only mail from facturen@acme.example; this mail is from jan@acme.example.`},
		{"acme", true, `"acme" takes mail from addresses at acme.example; this mail is from jan@acme.example. It is the most specific match.`},
		{"acme copy", true, `"acme copy" matches the same mail as "acme", which stands before it.`},
		{"rest", true, `"rest" matches too, but "acme" is more specific: a match on domain alone goes before one on all mail.`},
		{"password", false, `"password" takes only mail of the subsystem password; the subsystem of this mail is not known.`},
		{"built-in default", true, `The built-in default takes only what no other transport takes; "acme" takes this mail.`},
	}
	if !slices.Equal(d.Candidates, want) {
		t.Errorf("candidates:\n%s\nwant:\n%s", lines(d.Candidates), lines(want))
	}
	if d.Why != want[1].Why {
		t.Errorf("why: %s", d.Why)
	}
}

func TestRouteBuiltIn(t *testing.T) {
	d := Route(nil, Mail{From: "jan@acme.example"})
	if !d.Transport.BuiltIn || !strings.HasPrefix(d.Why, "No transport is configured") || len(d.Candidates) != 1 {
		t.Errorf("without transports: %+v", d)
	}
	d = Route([]Transport{BuiltIn(), {Name: "x", Match: Match{Domain: "x.example"}}}, Mail{From: "jan@acme.example"})
	if !d.Transport.BuiltIn || len(d.Candidates) != 2 || d.Candidates[1].Name != "built-in default" {
		t.Errorf("the built-in default is not last, once: %+v", d)
	}
	d = Route([]Transport{{Name: "x"}}, Mail{From: "jan@acme.example"})
	if d.Transport.Name != "x" {
		t.Errorf("the built-in default goes before a transport for all mail")
	}
}

func lines(cs []Candidate) string {
	var b strings.Builder
	for _, c := range cs {
		fmt.Fprintf(&b, "%s %v %s\n", c.Name, c.Matches, c.Why)
	}
	return b.String()
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		a, b Match
		want bool
	}{
		{Match{}, Match{Domain: "a.example"}, true},
		{Match{Domain: "A.example"}, Match{Domain: "a.example", LocalPart: "x"}, true},
		{Match{Domain: "a.example", Subsystem: "billing"}, Match{Domain: "a.example"}, false},
		{Match{LocalPart: "x"}, Match{Domain: "a.example"}, false},
	} {
		if got := c.a.Covers(c.b); got != c.want {
			t.Errorf("%+v covers %+v: %v", c.a, c.b, got)
		}
	}
}

func TestKnown(t *testing.T) {
	for d, want := range map[string]bool{
		"gmail.com": true, "Hotmail.NL": true, "hotmail.co.uk": true, "live.nl": true, "live.com": true, "outlook.com": true, "kpnmail.nl": true, "proton.me": true,
		"acme.example": false, "live.acme.example": false, "mail.gmail.com.example": false, "yahoo.example": false, "hotmail.nl.example": false, "": false,
	} {
		if got := IsPublicMail(d); got != want {
			t.Errorf("IsPublicMail(%q) = %v", d, got)
		}
	}
	for h, want := range map[string]string{
		"acme-example.mail.protection.outlook.com": Office365Relay, "SMTP.office365.com.": Office365Submission,
		"email-smtp.eu-west-1.amazonaws.com": "Amazon SES", "mail.protection.outlook.com": "", "mail.acme.example": "",
	} {
		k, ok := FindServer(h)
		if k.Name != want || ok != (want != "") {
			t.Errorf("FindServer(%q) = %q", h, k.Name)
		}
	}
	for _, k := range knownServers {
		if len(k.Ports) == 0 || k.Security == "" || k.Name == "" || strings.ToLower(k.Host) != k.Host {
			t.Errorf("incomplete: %+v", k)
		}
	}
}

// Nothing that prints a transport may print its secrets.
func TestSecretsStayHidden(t *testing.T) {
	private := ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))
	tr := Transport{
		Name: "x", Server: Server{Password: NewClearSecret("hunter2")},
		DKIM: DKIM{Key: Key{Private: private, Public: private.Public()}},
	}
	js, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	out := string(js)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		out += fmt.Sprintf(verb, tr) + fmt.Sprintf(verb, &tr) + fmt.Sprintf(verb, []Transport{tr})
	}
	for _, bad := range []string{"hunter2", "68756e74657232", "0123456789abcdef", "30313233", fmt.Sprint([]byte(private)[:6])} {
		if strings.Contains(out, strings.Trim(bad, "[]")) {
			t.Errorf("%q shows in %s", bad, out)
		}
	}
	if s := (Key{Private: private, Public: private.Public()}).String(); s != "private key ed25519" {
		t.Errorf("key is %q", s)
	}
}
