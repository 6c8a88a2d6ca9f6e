package lab

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// steps is a clock that goes on by hand.
type steps struct{ todo []func() }

func (s *steps) pace() Pace {
	return Pace{First: 1, Second: 2, After: func(_ time.Duration, f func()) func() bool {
		s.todo = append(s.todo, f)
		return func() bool { return true }
	}}
}

func (s *steps) next() {
	f := s.todo[0]
	s.todo = s.todo[1:]
	f()
}

func start(t *testing.T) (*World, *dns.Client) {
	t.Helper()
	w, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{w.Resolver}, Dial: w.Dial})
	t.Cleanup(c.Close)
	return w, c
}

func addressOf(i int) netip.AddrPort {
	return netip.MustParseAddrPort(net.JoinHostPort(nameServerAddresses[i], "53"))
}

// texts are what the two name servers have at a name.
func texts(t *testing.T, c *dns.Client, name string) [2]string {
	t.Helper()
	var out [2]string
	for i := range out {
		a := c.AskServer(t.Context(), addressOf(i), dns.Ask(name, dns.TypeTXT))
		if a.Status == dns.Failed || !a.AA {
			t.Fatalf("%s: %s", name, a.Reason())
		}
		all := slices.Sorted(slices.Values(a.Texts()))
		out[i] = strings.Join(all, " | ")
	}
	return out
}

const (
	plumberOld = "v=spf1 mx -all"
	plumberNew = "v=spf1 mx include:_spf.clockwise.info -all"
)

func plumber() finding.Record {
	old := plumberOld
	return finding.Record{Name: "plumber.example", Type: "TXT", Value: plumberNew, Replaces: &old}
}

func slipOf(t *testing.T, id string) Slip {
	t.Helper()
	s, ok := SlipOf(id)
	if !ok {
		t.Fatalf("no slip is called %q", id)
	}
	return s
}

func TestPublishTakesTime(t *testing.T) {
	w, c := start(t)
	var clock steps
	for i, want := range [][2]string{{plumberOld, plumberOld}, {plumberNew, plumberOld}, {plumberNew, plumberNew}} {
		switch i {
		case 0:
			if err := w.Publish(plumber(), slipOf(t, ""), clock.pace()); err != nil {
				t.Fatal(err)
			}
		default:
			clock.next()
		}
		if got := texts(t, c, "plumber.example"); got != want {
			t.Errorf("after %d: %q", i, got)
		}
	}
	if a := c.AskServer(t.Context(), addressOf(0), dns.Ask("plumber.example", dns.TypeTXT)); a.TTL != time.Hour {
		t.Errorf("it is kept for %v", a.TTL)
	}
}

// TestResolversRemember holds that the lab's resolvers give the old record until
// they have to ask again.
func TestResolversRemember(t *testing.T) {
	w, c := start(t)
	q := dns.Ask("plumber.example", dns.TypeTXT)
	resolvers := append([]netip.AddrPort{w.Resolver}, w.Public...)
	for _, r := range resolvers {
		c.AskPublic(t.Context(), r, q)
	}
	var clock steps
	if err := w.Publish(plumber(), slipOf(t, ""), clock.pace()); err != nil {
		t.Fatal(err)
	}
	clock.next()
	clock.next()
	for _, r := range resolvers {
		a := c.AskPublic(t.Context(), r, q)
		if got := a.Texts(); len(got) != 1 || got[0] != plumberOld || a.TTL > keepRecord || a.AA {
			t.Errorf("%s: %q for %v, AA %v", r, got, a.TTL, a.AA)
		}
	}
	if a := c.Lookup(t.Context(), dns.Ask("cw1._domainkey.plumber.example", dns.TypeTXT)); a.Status != dns.NoName || a.TTL != keepNegative {
		t.Errorf("what is not there: %s for %v", a.Status, a.TTL)
	}
}

// TestPublishCorrects types a record wrongly, and then rightly: nothing is left
// of the first time.
func TestPublishCorrects(t *testing.T) {
	for _, slip := range Slips() {
		t.Run(slip.ID, func(t *testing.T) {
			w, c := start(t)
			var clock steps
			for _, s := range []Slip{slip, right} {
				if err := w.Publish(plumber(), s, clock.pace()); err != nil {
					t.Fatal(err)
				}
				for len(clock.todo) > 0 {
					clock.next()
				}
			}
			if got := texts(t, c, "plumber.example"); got != [2]string{plumberNew, plumberNew} {
				t.Errorf("%q", got)
			}
			for _, typed := range slip.Type(plumber(), "plumber.example") {
				if typed.Name == "plumber.example" {
					continue
				}
				if got := texts(t, c, typed.Name); got != [2]string{} {
					t.Errorf("%s: %q", typed.Name, got)
				}
			}
		})
	}
}

func TestPublishRemoves(t *testing.T) {
	w, c := start(t)
	var clock steps
	goes := "v=spf1 include:_spf.clockwise.info -all"
	rec := finding.Record{Name: "school.example", Type: "TXT", Replaces: &goes, Remove: true}
	if err := w.Publish(rec, slipOf(t, "nothing"), clock.pace()); err != nil || len(clock.todo) != 0 {
		t.Fatalf("not saved: %v, %d", err, len(clock.todo))
	}
	if err := w.Publish(rec, right, clock.pace()); err != nil {
		t.Fatal(err)
	}
	clock.next()
	if got, want := texts(t, c, "school.example"), [2]string{plumberOld, goes + " | " + plumberOld}; got != want {
		t.Errorf("%q", got)
	}
}

func TestPublishKnowsItsWorld(t *testing.T) {
	w, _ := start(t)
	for _, rec := range []finding.Record{
		{Name: "elsewhere.test", Type: "TXT", Value: "x"},
		{Name: "plumber.example", Type: "NONSENSE", Value: "x"},
		{Name: "plumber.example", Type: "TXT", Remove: true},
	} {
		if err := w.Publish(rec, right, Pace{}); err == nil {
			t.Errorf("%+v", rec)
		}
	}
}

func TestPanelKnowsAliases(t *testing.T) {
	w, c := start(t)
	var clock steps
	alias := "pages.shop.example"
	rec := finding.Record{Name: "news.cafe.example", Type: "TXT", Value: plumberNew}
	if err := w.Publish(rec, right, clock.pace()); err == nil || !strings.Contains(err.Error(), "CNAME") {
		t.Error(err)
	}
	gone := finding.Record{Name: "news.cafe.example", Type: "CNAME", Replaces: &alias, Remove: true}
	for _, r := range []finding.Record{gone, rec} {
		if err := w.Publish(r, right, clock.pace()); err != nil {
			t.Fatal(err)
		}
	}
	for len(clock.todo) > 0 {
		clock.next()
	}
	if got := texts(t, c, "news.cafe.example"); got != [2]string{plumberNew, plumberNew} || w.Zone.Has("news.cafe.example", dns.TypeCNAME) {
		t.Errorf("%q", got)
	}
}

func TestCloseStopsThePanel(t *testing.T) {
	w, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	pace := Pace{After: func(time.Duration, func()) func() bool { return func() bool { stopped++; return true } }}
	if err := w.Publish(plumber(), right, pace); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if stopped != 2 {
		t.Errorf("%d timers were stopped", stopped)
	}
}
