package propagation_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/checks/dns"
	. "clockwise.info/cwmail/checks/propagation"
)

// world answers as it is told, by server, and counts.
type world struct {
	mu      sync.Mutex
	texts   map[netip.AddrPort]string // "" is no such name; "!" never answers
	ttl     map[netip.AddrPort]time.Duration
	asked   map[netip.AddrPort][]time.Time
	at      map[time.Duration]func(*world) // what happens when
	started time.Time
}

func newWorld() *world {
	return &world{
		texts: map[netip.AddrPort]string{}, ttl: map[netip.AddrPort]time.Duration{}, asked: map[netip.AddrPort][]time.Time{},
		at: map[time.Duration]func(*world){}, started: time.Now(),
	}
}

func (w *world) AskServer(ctx context.Context, server netip.AddrPort, q dns.Question) dns.Answer {
	a := w.answer(ctx, server, q)
	a.Direct, a.AA = true, true
	return a
}

func (w *world) AskPublic(ctx context.Context, server netip.AddrPort, q dns.Question) dns.Answer {
	a := w.answer(ctx, server, q)
	a.Public = true
	return a
}

func (w *world) answer(ctx context.Context, server netip.AddrPort, q dns.Question) dns.Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	for after, f := range w.at {
		if time.Since(w.started) >= after {
			delete(w.at, after)
			f(w)
		}
	}
	w.asked[server] = append(w.asked[server], time.Now())
	a := dns.Answer{Question: q, At: time.Now(), Server: server.String(), TTL: w.ttl[server]}
	switch text := w.texts[server]; {
	case ctx.Err() != nil:
		a.Err = &dns.Error{Kind: dns.KindCancelled}
	case text == "!":
		a.Err = &dns.Error{Kind: dns.KindTimeout, Server: server.String(), After: 5 * time.Second}
	case text == "!6":
		a.Err = &dns.Error{Kind: dns.KindUnreachable, Server: server.String()}
	case strings.HasPrefix(text, "@"):
		a.Chain, a.Err = []string{text[1:]}, &dns.Error{Kind: dns.KindElsewhere, Detail: text[1:]}
	case text == "":
		a.Status, a.Zone = dns.NoName, "acme.example"
	default:
		a.Status, a.Records = dns.Found, []dns.Record{{Name: q.Name, Type: q.Type, TTL: a.TTL, Strings: []string{text}}}
	}
	return a
}

// Lookup follows CNAMEs for the watch.
func (w *world) Lookup(_ context.Context, q dns.Question) dns.Answer {
	return dns.Answer{Question: q, Status: dns.Found, Records: []dns.Record{{Name: q.Name, Type: q.Type, Strings: []string{"new"}}}}
}

func expectNew(_ context.Context, a dns.Answer) Opinion {
	switch t := a.Texts(); {
	case len(t) == 0:
		return Opinion{State: Missing}
	case t[0] == "new":
		return Opinion{State: Correct}
	default:
		return Opinion{State: Wrong, Detail: Difference("new", t[0]), Value: t[0]}
	}
}

var (
	ns1 = netip.MustParseAddrPort("192.0.2.1:53")
	ns2 = netip.MustParseAddrPort("192.0.2.2:53")
	six = netip.MustParseAddrPort("[2001:db8::2]:53")
	pub = netip.MustParseAddrPort("198.51.100.1:53")
)

func (w *world) watch() Watch {
	return Watch{
		Asker: w, Resolver: w, Question: dns.Ask("_dmarc.acme.example", dns.TypeTXT), Now: time.Now, Resolvers: []netip.AddrPort{pub, pub},
		Find: func(context.Context) Place {
			return Place{Zone: "acme.example", Negative: 5 * time.Minute, Servers: []Server{
				{Name: "ns1.example", Addrs: []netip.Addr{ns1.Addr()}}, {Name: "ns2.example", Addrs: []netip.Addr{ns2.Addr(), six.Addr()}},
			}}
		},
		Expect: expectNew, Jitter: func(d time.Duration) time.Duration { return d },
	}
}

// told is a look in short.
func told(r Report) string {
	var parts []string
	for _, s := range r.Servers {
		parts = append(parts, string(s.State))
	}
	parts = append(parts, "|")
	for _, v := range r.Resolvers {
		parts = append(parts, string(v.State))
	}
	return strings.Join(parts, " ")
}

func TestStatesOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.texts = map[netip.AddrPort]string{ns1: "", ns2: "old", six: "!6", pub: ""}
		w.ttl = map[netip.AddrPort]time.Duration{ns1: 5 * time.Minute, ns2: time.Hour, pub: 40 * time.Second}
		w.at[30*time.Second] = func(w *world) { w.texts[ns1] = "new" }
		w.at[2*time.Minute] = func(w *world) { w.texts[pub] = "new" }
		w.at[4*time.Minute] = func(w *world) { w.texts[ns2] = "new" }
		var changes []string
		var looks int
		last := w.watch().Run(t.Context(), func(r Report, changed bool) {
			if looks++; changed {
				said := told(r)
				if strings.HasPrefix(r.Hint, "ns1.example has it, and ns2.example does not take it over") {
					said += ", late"
				}
				changes = append(changes, said)
			}
			if r.Round != looks {
				t.Errorf("look %d is called %d", looks, r.Round)
			}
		})
		want := "missing wrong | missing; correct wrong | missing; correct wrong | correct; correct wrong | correct, late; correct correct | correct"
		if got := strings.Join(changes, "; "); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		if !last.Published || last.Next != 0 {
			t.Errorf("%+v", last)
		}
		// The old record was last seen before four minutes had passed.
		seen := w.asked[ns2][len(w.asked[ns2])-2]
		if !last.Caches.Equal(seen.Add(time.Hour)) {
			t.Errorf("caches until %v, seen %v", last.Caches, seen)
		}
		for i, at := range w.asked[ns1][1:] {
			if d := at.Sub(w.asked[ns1][i]); d < 5*time.Second || d > 30*time.Second {
				t.Errorf("ns1 is asked after %v", d)
			}
		}
		for i, at := range w.asked[pub][1:] {
			if d := at.Sub(w.asked[pub][i]); d < 40*time.Second {
				t.Errorf("the resolver is asked after %v, its TTL is 40s", d)
			}
		}
		if n := len(w.asked[pub]); n > 4 {
			t.Errorf("a resolver that has it is asked on: %d times", n)
		}
	})
}

func TestResolversAreLeftAloneUntilOneServerHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ttl[pub] = 10 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		last := w.watch().Run(ctx, func(Report, bool) {})
		if last.Published || len(w.asked[pub]) != 1 || len(w.asked[ns1]) < 20 {
			t.Errorf("the resolver was asked %d times, a server %d times", len(w.asked[pub]), len(w.asked[ns1]))
		}
		if at := w.asked[ns1][len(w.asked[ns1])-1].Sub(w.started); at != 10*time.Minute-time.Second {
			t.Errorf("the last look is after %v, not shortly before the deadline", at)
		}
	})
}

func TestWatchEnds(t *testing.T) {
	for name, c := range map[string]struct {
		texts     map[netip.AddrPort]string
		once      bool
		published bool
		want      string
		left      string
	}{
		"at once":                 {map[netip.AddrPort]string{ns1: "new", ns2: "new", six: "new", pub: "new"}, false, true, "correct correct | correct", ""},
		"caches do not count":     {map[netip.AddrPort]string{ns1: "new", ns2: "new", six: "new", pub: "old"}, false, true, "correct correct | wrong", ""},
		"no IPv6 here":            {map[netip.AddrPort]string{ns1: "new", ns2: "new", six: "!6", pub: "!"}, false, true, "correct correct | unreachable", ""},
		"IPv6 silent":             {map[netip.AddrPort]string{ns1: "new", ns2: "new", six: "!"}, false, true, "correct correct | missing", ""},
		"IPv6 has another answer": {map[netip.AddrPort]string{ns1: "new", ns2: "new", six: "old"}, true, false, "correct wrong | missing", "ns2.example"},
		"silent server":           {map[netip.AddrPort]string{ns1: "!", ns2: "new", six: "new"}, true, false, "unreachable correct | missing", "ns1.example"},
		"looks once":              {nil, true, false, "missing missing | missing", "ns1.example ns2.example"},
		"CNAME out of the zone":   {map[netip.AddrPort]string{ns1: "@key.example", ns2: "@key.example", six: "@key.example"}, false, true, "correct correct | missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.texts = c.texts
				watch := w.watch()
				watch.Once = c.once
				looks := 0
				last := watch.Run(t.Context(), func(Report, bool) { looks++ })
				var left []string
				for _, s := range last.Left() {
					left = append(left, s.Name)
				}
				if looks != 1 || last.Published != c.published || told(last) != c.want || strings.Join(left, " ") != c.left {
					t.Errorf("%d looks: %s, published %v, left %v", looks, told(last), last.Published, left)
				}
			})
		})
	}
}

func TestCancelledLookTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		ctx, cancel := context.WithCancel(t.Context())
		w.at[20*time.Second] = func(*world) { cancel() }
		last := w.watch().Run(ctx, func(Report, bool) {})
		if told(last) != "missing missing | missing" || last.Next != 0 {
			t.Errorf("%s", told(last))
		}
		ended, stop := context.WithCancel(t.Context())
		stop()
		if last := w.watch().Run(ended, func(Report, bool) {}); last.Published || told(last) != "unreachable unreachable | unreachable" {
			t.Errorf("%s", told(last))
		}
	})
}

func TestOwnResolverIsTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := netip.MustParseAddrPort("127.0.0.1:5353")
		w := newWorld()
		w.texts[own] = "new"
		watch := w.watch()
		watch.Own, watch.Resolvers = []netip.AddrPort{own}, []netip.AddrPort{own}
		watch.Find = func(context.Context) Place {
			return Place{Zone: "acme.example", Servers: []Server{{Name: "ns.example", Addrs: []netip.Addr{own.Addr()}}}}
		}
		if last := watch.Run(t.Context(), func(Report, bool) {}); !last.Published || last.Servers[0].Views[0].Addr != own {
			t.Errorf("%+v", last)
		}
	})
}

func TestHintAndServersAreLookedForNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		watch := w.watch()
		hints, finds := 0, 0
		watch.Hint = func(_ context.Context, server netip.AddrPort, a dns.Answer) string {
			if hints++; server != ns1 || a.Status != dns.NoName {
				t.Errorf("%v, %+v", server, a)
			}
			return "the name is doubled"
		}
		find := watch.Find
		watch.Find = func(ctx context.Context) Place {
			if finds++; finds < 3 {
				return Place{Problem: "not found"}
			}
			return find(ctx)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		var first Report
		last := watch.Run(ctx, func(r Report, _ bool) {
			if r.Round == 1 {
				first = r
			}
		})
		if first.Problem != "not found" || last.Problem != "" || last.Hint != "the name is doubled" {
			t.Errorf("%+v, then %+v", first, last)
		}
		if hints < 10 || hints > 16 || finds != 4 {
			t.Errorf("%d hints, %d look-ups of the servers", hints, finds)
		}
	})
}
