package checks_test

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/lab"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/transports"
)

// startPanel starts the lab, with an examiner that asks anew each time.
func startPanel(t *testing.T) (*lab.World, *checks.Examiner) {
	t.Helper()
	w, err := lab.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	own := []netip.AddrPort{w.Resolver}
	c := dns.NewClient(dns.Config{Servers: own, Dial: w.Dial})
	t.Cleanup(c.Close)
	return w, &checks.Examiner{Resolver: c, Asker: c, Own: own, Public: w.Public, Now: time.Now, Service: transports.DefaultService()}
}

// typeIn publishes a record with a slip, and returns what the name servers do
// one after the other.
func typeIn(t *testing.T, w *lab.World, rec finding.Record, id string) (todo []func()) {
	t.Helper()
	slip, ok := lab.SlipOf(id)
	if !ok {
		t.Fatalf("no slip is called %q", id)
	}
	err := w.Publish(rec, slip, lab.Pace{After: func(_ time.Duration, f func()) func() bool {
		todo = append(todo, f)
		return func() bool { return true }
	}})
	if err != nil {
		t.Fatal(err)
	}
	return todo
}

// demoKey is a public key that the lab has at no selector of the plumber.
func demoKey(t *testing.T) (value string, key dkim.Expected) {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(keys().public)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + keys().public, dkim.Expected{Public: public, Source: "of the guide"}
}

// TestEverySlipIsNamed types records into the lab's panel with each slip, and
// holds what is then said of the wait: the mistake, and not only "not yet".
func TestEverySlipIsNamed(t *testing.T) {
	old, spfNew := "v=spf1 mx -all", waitRecord
	key, expected := demoKey(t)
	changed := finding.Record{Name: "plumber.example", Type: "TXT", Value: spfNew, Replaces: &old}
	added := finding.Record{Name: "florist.example", Type: "TXT", Value: spfNew}
	signing := finding.Record{Name: "cw1._domainkey.plumber.example", Type: "TXT", Value: key}
	spf := checks.Wanted{Subject: checks.WaitSPF, Domain: "plumber.example"}
	spfOld := checks.Wanted{Subject: checks.WaitSPF, Domain: "plumber.example", Value: spfNew, Replaces: old}
	spfAdded := checks.Wanted{Subject: checks.WaitSPF, Domain: "florist.example", Value: spfNew}
	dkimKey := checks.Wanted{Subject: checks.WaitDKIM, Domain: "plumber.example", Selector: "cw1", Key: expected}
	dkimValue := checks.Wanted{Subject: checks.WaitDKIM, Domain: "plumber.example", Selector: "cw1", Key: expected, Value: key}

	// What the report says; "" where nothing is wrong, "-" where nothing came.
	const stands = "the old record still stands there"
	table := map[string]struct{ spf, spfOld, added, dkim, value string }{
		"":                   {},
		"name-doubled":       {"twice", stands + "; The SPF record's name holds the domain twice", "holds the domain twice", "holds the domain twice", ""},
		"name-lost":          {"", "", "", "at the wrong name", ""},
		"underscore-lost":    {"misspells ClockWise", "misspells ClockWise", "misspells ClockWise", "at the wrong name", ""},
		"www":                {"at the wrong name", stands + "; The SPF record stands at the wrong name", "at the wrong name", "at the wrong name", ""},
		"wrong-type":         {"must be TXT", "must be TXT", "must be TXT", "wrong record type", ""},
		"quotes-kept":        {"quotation marks", "quotation marks", "quotation marks", "Quotation marks are part", "the quotes are part"},
		"smart-quotes":       {"does not belong there", "does not belong there", "does not belong there", "characters that cannot be there", ""},
		"cut-255":            {"", "", "", "cut off: 237 of 392", "the end is missing: 255 of 410"},
		"cut-short":          {"include:_spf.clock leads", "the end is missing: 28 of 42", "the end is missing: 28 of 42", "cut off", "the end is missing"},
		"spaces-inside":      {"a space behind include:", "a space behind include:", "a space behind include:", "", ""},
		"semicolons-escaped": {"", "", "", "Backslashes stand before", ""},
		"second-record":      {"2 records stand there", "beside the old one, and only one may", "2 records stand there", "cut over 2 records", ""},
		"wrong-record":       {"Two SPF records were pasted into one", "Two SPF records were pasted into one", "Two SPF records were pasted into one", "Semicolons are missing", ""},
		"other-key":          {"", "", "", "is not the key that signs", ""},
		"only-one-server":    {"does not allow", stands, "-", "-", ""},
		"nothing":            {"does not allow", stands, "-", "-", ""},
	}
	for _, slip := range lab.Slips() {
		if _, ok := table[slip.ID]; !ok {
			t.Errorf("nothing says what is said of %q", slip.ID)
		}
	}
	for id, c := range table {
		for name, k := range map[string]struct {
			rec  finding.Record
			want checks.Wanted
			says string
		}{
			"spf": {changed, spf, c.spf}, "spf value": {changed, spfOld, c.spfOld}, "new spf": {added, spfAdded, c.added},
			"dkim": {signing, dkimKey, c.dkim}, "dkim value": {signing, dkimValue, cmp.Or(c.value, c.dkim)},
		} {
			t.Run(id+"/"+name, func(t *testing.T) {
				w, e := startPanel(t)
				for _, f := range typeIn(t, w, k.rec, id) {
					f()
				}
				r, states := look(t, e, k.want)
				last := r.Servers[len(r.Servers)-1]
				said := strings.TrimPrefix(strings.TrimSuffix(last.Detail+"; "+r.Hint, "; "), "; ")
				if k.says == "-" {
					k.says = ""
					if last.State != propagation.Missing || said != "" {
						t.Errorf("%s: %q", states, said)
					}
				} else if r.Published != (k.says == "") {
					t.Errorf("%s, published %v", states, r.Published)
				}
				if !strings.Contains(said, k.says) {
					t.Errorf("%s: says %q, want %q", states, said, k.says)
				}
				if half := id == "only-one-server"; half != (r.Servers[0].State == propagation.Correct && !r.Published) {
					t.Errorf("the first server: %s", states)
				}
			})
		}
	}
}

// TestSlipsWhileWaiting types a record while somebody waits: what is wrong is
// said soon, and what is mended is seen.
func TestSlipsWhileWaiting(t *testing.T) {
	w, e := startPanel(t)
	var passed atomic.Int64
	e.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	value, key := demoKey(t)
	rec := finding.Record{Name: "cw1._domainkey.florist.example", Type: "TXT", Value: value}
	var todo []func()
	rounds, told := 0, map[string]int{}
	r := e.Wait(t.Context(), checks.Wanted{Subject: checks.WaitDKIM, Domain: "florist.example", Selector: "cw1", Key: key}, checks.WaitOptions{
		First: 2 * time.Second, Most: 5 * time.Second,
		Sleep: func(_ context.Context, d time.Duration) error {
			passed.Add(int64(d))
			switch rounds++; rounds {
			case 1:
				todo = typeIn(t, w, rec, "name-doubled")
			case 5:
				todo = typeIn(t, w, rec, "only-one-server")
			case 14:
				todo = typeIn(t, w, rec, "")
			case 20:
				return context.Canceled
			}
			if len(todo) > 0 {
				todo[0]()
				todo = todo[1:]
			}
			return nil
		},
	}, func(r propagation.Report, _ bool) {
		if _, known := told[r.Hint]; !known {
			told[r.Hint] = r.Round
		}
	})
	for hint, last := range map[string]int{
		"The DKIM record's name holds the domain twice":                                                                     5,
		"ns1.dns.example has it, and ns2.dns.example does not take it over: if that lasts, the DNS provider has to mend it": 13,
	} {
		if at, ok := told[hint]; !ok || at > last {
			t.Errorf("%q is said at look %d; said were %v", hint, at, told)
		}
	}
	if !r.Published || r.Hint != "" {
		t.Errorf("published %v, hint %q", r.Published, r.Hint)
	}
}

// TestCustomersWithoutTransport holds that the lab has the domains that guides
// must cope with.
func TestCustomersWithoutTransport(t *testing.T) {
	_, e := startPanel(t)
	cache := dns.NewCache(e.Resolver)
	e.Resolver, e.Asker = cache, cache
	for domain, code := range map[string]string{
		"florist.example":         "spf.missing",
		"printer.example":         "spf.include-clockwise-missing",
		"choir.example":           "spf.include-clockwise-missing",
		"news.cafe.example":       "spf.not-inherited",
		"smith.homepages.example": "spf.not-inherited",
	} {
		r := e.Examine(t.Context(), checks.Target{Domain: domain}, nil)
		if open := r.Open(); len(open) == 0 || open[0].Code() != code {
			t.Errorf("%s begins with %v, want %s", domain, open, code)
		}
		tree := r.Facts.SPF.Tree
		switch domain {
		case "printer.example":
			if tree == nil || tree.Lookups != 10 || tree.Void != 2 {
				t.Errorf("%s: %+v", domain, tree)
			}
		case "choir.example":
			if !strings.Contains(tree.Record.Text, "redirect=") {
				t.Errorf("%s: %s", domain, tree.Record.Text)
			}
		case "news.cafe.example":
			if a := r.Facts.SPF.Answer; len(a.Chain) == 0 {
				t.Errorf("%s is no alias: %+v", domain, a)
			}
		}
	}
}
