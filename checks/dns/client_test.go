package dns_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

func serve(t testing.TB, z *nameserver.Zone, opts nameserver.Options) *nameserver.Server {
	t.Helper()
	s, err := nameserver.Serve(z, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t testing.TB, c dns.Config, servers ...*nameserver.Server) *dns.Client {
	t.Helper()
	for _, s := range servers {
		c.Servers = append(c.Servers, s.Addr)
	}
	cl := dns.NewClient(c)
	t.Cleanup(cl.Close)
	return cl
}

// show puts the records of an answer on one line.
func show(a dns.Answer) string {
	var out []string
	for _, r := range a.Records {
		switch {
		case r.Strings != nil:
			out = append(out, fmt.Sprintf("%q", r.Strings))
		case r.Addr.IsValid():
			out = append(out, r.Addr.String())
		case r.SOA != nil:
			out = append(out, fmt.Sprintf("%+v", *r.SOA))
		case r.Data != "":
			out = append(out, r.Data)
		default:
			out = append(out, fmt.Sprintf("%d %s", r.Pref, r.Host))
		}
	}
	return a.Status.String() + " " + strings.Join(append(slices.Clone(a.Chain), out...), " | ")
}

func TestLookup(t *testing.T) {
	z := nameserver.NewZone()
	z.SOAWith("acme.example", "ns.acme.example", "Host.acme.example", 42, time.Hour, 5*time.Minute)
	z.TXT("acme.example", "v=spf1 ", "-all")
	z.TXT("acme.example", "\x00\xff\x1b[31m")
	z.MX("acme.example", 20, ".") // answers have an order of their own
	z.MX("acme.example", 10, "mail.acme.example")
	z.A("mail.acme.example", "192.0.2.2", "192.0.2.1")
	z.AAAA("mail.acme.example", "2001:db8::1")
	z.NS("acme.example", "ns1.acme.example")
	z.CNAME("alias.acme.example", "Mail.acme.example")
	z.CNAME("dangling.acme.example", "nothing.acme.example")
	z.CNAME("out.acme.example", "other.test")
	z.CNAME("loop.acme.example", "pool.acme.example")
	z.CNAME("pool.acme.example", "loop.acme.example")
	z.PTR(netip.MustParseAddr("192.0.2.1"), "mail.acme.example")
	z.TXT("\x01\xfe \\x.acme.example", "odd")
	z.Text("long.acme.example", strings.Repeat("y", 3000))
	if err := z.Add("_25._tcp.acme.example TLSA 3 1 1 00FF", "acme.example SPF old"); err != nil {
		t.Fatal(err)
	}
	z.Raw("caa.acme.example", 257, []byte("\x00\x05issueca.test"))
	z.Raw("broken.acme.example", dns.TypeA, []byte{1, 2, 3})
	s := serve(t, z, nameserver.Options{})
	c := client(t, dns.Config{}, s)
	for _, tc := range []struct {
		name string
		typ  dns.Type
		want string
	}{
		{"ACME.example.", dns.TypeTXT, `found ["\x00\xff\x1b[31m"] | ["v=spf1 " "-all"]`},
		{"acme.example", dns.TypeMX, "found 10 mail.acme.example | 20 "},
		{"mail.acme.example", dns.TypeA, "found 192.0.2.1 | 192.0.2.2"},
		{"mail.acme.example", dns.TypeAAAA, "found 2001:db8::1"},
		{"mail.acme.example", dns.TypeMX, "empty "},
		{"none.acme.example", dns.TypeMX, "no-name "},
		{"acme.example", dns.TypeNS, "found 0 ns1.acme.example"},
		{"acme.example", dns.TypeSOA, "found {Server:ns.acme.example Mailbox:host.acme.example Serial:42 Minimum:5m0s}"},
		{"acme.example", dns.TypeSPF, `found ["old"]`},
		{"alias.acme.example", dns.TypeA, "found mail.acme.example | 192.0.2.1 | 192.0.2.2"},
		{"alias.acme.example", dns.TypeCNAME, "found 0 mail.acme.example"},
		{"alias.acme.example", dns.TypeTXT, "empty mail.acme.example"},
		{"dangling.acme.example", dns.TypeA, "no-name nothing.acme.example"},
		{"out.acme.example", dns.TypeA, "no-name other.test"},
		{"loop.acme.example", dns.TypeA, "failed pool.acme.example"},
		{"1.2.0.192.in-addr.arpa", dns.TypePTR, "found 0 mail.acme.example"},
		{"\x01\xfe \\X.acme.example", dns.TypeTXT, `found ["odd"]`},
		{"long.acme.example", dns.TypeTXT, fmt.Sprintf("found %q", strings.Split(strings.Repeat(strings.Repeat("y", 255)+" ", 11)+strings.Repeat("y", 195), " "))},
		{"_25._tcp.acme.example", dns.TypeTLSA, "found 3 1 1 00ff"},
		{"caa.acme.example", 257, `found 0 issue "ca.test"`},
		{"broken.acme.example", dns.TypeA, "failed "},
		{"a..b", dns.TypeA, "no-name "},
		{strings.Repeat("a", 64) + ".example", dns.TypeA, "no-name "},
		{strings.Repeat("abcdefg.", 32) + "example", dns.TypeA, "no-name "},
	} {
		a := c.Lookup(t.Context(), dns.Question{Name: tc.name, Type: tc.typ})
		if got := show(a); got != tc.want {
			t.Errorf("%q %s:\ngot  %s\nwant %s (%v)", tc.name, tc.typ, got, tc.want, a.Err)
		}
		if a.Status == dns.Failed && a.Reason() == "" || a.At.IsZero() {
			t.Errorf("%q: no reason or no time: %+v", tc.name, a)
		}
	}
	a := c.Lookup(t.Context(), dns.Ask("none.acme.example", dns.TypeMX))
	if a.Zone != "acme.example" || a.TTL != 5*time.Minute || a.Rcode != "NXDOMAIN" || !a.AA || a.Server != s.Addr.String() || a.Size == 0 {
		t.Errorf("negative answer: %+v", a)
	}
	if a := c.Lookup(t.Context(), dns.Ask("long.acme.example", dns.TypeTXT)); !a.TCP || a.Size < 3000 {
		t.Errorf("long answer: TCP %t, %d octets", a.TCP, a.Size)
	}
	if s.OverTCP() != 2 {
		t.Errorf("%d questions over TCP", s.OverTCP())
	}
}

func TestUnfinishedChainIsFollowed(t *testing.T) {
	z := nameserver.NewZone()
	for i := range 12 {
		z.CNAME(fmt.Sprintf("n%d.example", i), fmt.Sprintf("n%d.example", i+1))
	}
	z.TXT("n12.example", "end")
	z.CNAME("a.example", "b.example")
	z.CNAME("b.example", "a.example")
	z.CNAME("dead.example", "gone.example")
	z.CNAME("mail.example", "n12.example")
	s := serve(t, z, nameserver.Options{Behaviour: nameserver.Behaviour{NoFollow: true, NoSOA: true}})
	c := client(t, dns.Config{}, s)
	for name, want := range map[string]string{
		"n9.example":   `found n10.example | n11.example | n12.example | ["end"]`,
		"n4.example":   `found n5.example | n6.example | n7.example | n8.example | n9.example | n10.example | n11.example | n12.example | ["end"]`,
		"dead.example": "no-name gone.example",
	} {
		if got := show(c.Lookup(t.Context(), dns.Ask(name, dns.TypeTXT))); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, name := range []string{"n3.example", "a.example"} {
		if k, failed := c.Lookup(t.Context(), dns.Ask(name, dns.TypeTXT)).Kind(); !failed || k != dns.KindLoop {
			t.Errorf("%s: %v %t", name, k, failed)
		}
	}
	a := c.AskServer(t.Context(), s.Addr, dns.Ask("mail.example", dns.TypeTXT))
	if k, _ := a.Kind(); k != dns.KindElsewhere || !slices.Equal(a.Chain, []string{"n12.example"}) || !a.Direct {
		t.Errorf("AskServer: %+v: %s", a, a.Reason())
	}
}

func TestFailures(t *testing.T) {
	ede := []nameserver.EDE{{Code: 7, Text: "sig expired"}}
	z := nameserver.NewZone()
	z.Text("big.example", strings.Repeat("x", 2000))
	z.TXT("good.example", "x")
	for name, b := range map[string]nameserver.Behaviour{
		"servfail.example": {Rcode: nameserver.ServFail},
		"bogus.example":    {Rcode: nameserver.ServFail, Unless: true, EDE: ede},
		"refused.example":  {Rcode: nameserver.Refused},
		"notimp.example":   {Rcode: nameserver.NotImp},
		"rcode9.example":   {Rcode: 9},
		"drop.example":     {Drop: true},
		"big.example":      {RefuseTCP: true},
		"garbage.example":  {Garbage: true},
		"wrong.example":    {WrongID: true, WrongName: true, WrongPort: true, OnlyWrong: true},
	} {
		z.Behave(name, b)
	}
	s := serve(t, z, nameserver.Options{})
	c := client(t, dns.Config{Timeout: 120 * time.Millisecond}, s)
	if a := c.Lookup(t.Context(), dns.Ask("good.example", dns.TypeTXT)); a.Status != dns.Found {
		t.Fatal(a.Reason())
	}
	server := "name server " + s.Addr.String()
	for _, tc := range []struct {
		name   string
		kind   dns.Kind
		reason string
	}{
		{"servfail.example", dns.KindServFail, server + " could not find the answer (SERVFAIL)"},
		{"bogus.example", dns.KindServFail, server + " could not find the answer (SERVFAIL); it says: Signature Expired (7): sig expired"},
		{"refused.example", dns.KindRefused, server + " refuses to answer (REFUSED)"},
		{"notimp.example", dns.KindNotCapable, server + " answered with the error NOTIMP"},
		{"rcode9.example", dns.KindRcode, server + " answered with the error RCODE9"},
		{"drop.example", dns.KindTimeout, server + " did not answer within 1"},
		{"big.example", dns.KindNetwork, server + " could not be asked over TCP, which the answer needs because it is too large for UDP"},
		{"garbage.example", dns.KindTimeout, ""},
		{"wrong.example", dns.KindTimeout, ""},
	} {
		a := c.Lookup(t.Context(), dns.Ask(tc.name, dns.TypeTXT))
		if k, failed := a.Kind(); !failed || k != tc.kind || !strings.HasPrefix(a.Reason(), tc.reason) {
			t.Errorf("%s: %v %q", tc.name, k, a.Reason())
		}
		if a.Bogus() != (tc.name == "bogus.example") {
			t.Errorf("%s: Bogus is %t", tc.name, a.Bogus())
		}
	}
	if a := c.LookupUnchecked(t.Context(), dns.Ask("bogus.example", dns.TypeTXT)); a.Status != dns.NoName || !a.CD {
		t.Errorf("with checking disabled: %+v", a)
	}
	if a := client(t, dns.Config{}).Lookup(t.Context(), dns.Ask("x.example", dns.TypeA)); a.Reason() != "no name server is known to ask" {
		t.Error(a.Reason())
	}
}

// wait is longer than any test may take; a test that needs it has failed.
const wait = 5 * time.Second

func TestNothingListens(t *testing.T) {
	s := serve(t, nameserver.NewZone(), nameserver.Options{})
	addr := s.Addr
	_ = s.Close()
	c := client(t, dns.Config{Servers: []netip.AddrPort{addr}})
	for range 3 {
		a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeA))
		if a.Reason() != "nothing listens at name server "+addr.String() || a.Took > wait/2 {
			t.Errorf("%s after %v", a.Reason(), a.Took)
		}
	}
}

func TestTCPRefused(t *testing.T) {
	z := nameserver.NewZone()
	z.Text("big.example", strings.Repeat("x", 2000))
	s := serve(t, z, nameserver.Options{NoTCP: true})
	a := client(t, dns.Config{}, s).Lookup(t.Context(), dns.Ask("big.example", dns.TypeTXT))
	if k, _ := a.Kind(); k != dns.KindNoListener || !strings.Contains(a.Reason(), "over TCP") {
		t.Error(a.Reason())
	}
}

func TestFailOver(t *testing.T) {
	good := nameserver.NewZone()
	good.TXT("a.example", "x")
	for name, b := range map[string]nameserver.Behaviour{
		"silent": {Drop: true}, "servfail": {Rcode: nameserver.ServFail}, "refused": {Rcode: nameserver.Refused},
	} {
		first := serve(t, nameserver.NewZone(), nameserver.Options{Behaviour: b})
		second := serve(t, good, nameserver.Options{})
		c := client(t, dns.Config{}, first, second)
		for range 6 {
			if a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)); a.Status != dns.Found || a.Server != second.Addr.String() {
				t.Errorf("%s: %s", name, a.Reason())
			}
		}
		if name == "silent" && first.Queries() > 4 {
			t.Errorf("a silent server is asked %d times", first.Queries())
		}
	}
	none := serve(t, nameserver.NewZone(), nameserver.Options{Behaviour: nameserver.Behaviour{Drop: true}})
	c := client(t, dns.Config{Timeout: 50 * time.Millisecond}, none, none)
	if r := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)).Reason(); !strings.Contains(r, "did not answer within") {
		t.Error(r)
	}
}

func TestWithoutEDNS(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("a.example", "x")
	s := serve(t, z, nameserver.Options{Behaviour: nameserver.Behaviour{NoEDNS: true}})
	c := client(t, dns.Config{}, s)
	for range 3 {
		if a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)); a.Status != dns.Found {
			t.Error(a.Reason())
		}
	}
	if s.Queries() != 4 {
		t.Errorf("%d questions, want 4: it is known after the first", s.Queries())
	}
}

// TestQuestionNotTaken has a server that takes EDNS(0), and one question not at
// all: that says nothing about the others.
func TestQuestionNotTaken(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("a.example", "x")
	z.TXT("odd.example", "x")
	for _, rcode := range []int{nameserver.FormErr, nameserver.NotImp} {
		z.Behave("odd.example", nameserver.Behaviour{Rcode: rcode})
		s := serve(t, z, nameserver.Options{})
		c := client(t, dns.Config{}, s)
		for range 2 {
			a := c.Lookup(t.Context(), dns.Ask("odd.example", dns.TypeTXT))
			if kind, _ := a.Kind(); kind != dns.KindNotCapable || a.Plain {
				t.Errorf("%s, plain %v", a.Reason(), a.Plain)
			}
			if a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)); a.Status != dns.Found || a.Plain {
				t.Errorf("%s, plain %v", a.Reason(), a.Plain)
			}
		}
		if s.Queries() != 6 {
			t.Errorf("%d questions, want 6", s.Queries())
		}
	}
}

func TestForgedAnswersAreIgnored(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("a.example", "x")
	z.Behave("a.example", nameserver.Behaviour{WrongID: true, WrongName: true, WrongPort: true, Duplicates: 3})
	s := serve(t, z, nameserver.Options{})
	c := client(t, dns.Config{}, s)
	for range 20 {
		if got := show(c.Lookup(t.Context(), dns.Ask("A.example", dns.TypeTXT))); got != `found ["x"]` {
			t.Error(got)
		}
	}
	if s.Queries() != 20 {
		t.Errorf("%d questions sent", s.Queries())
	}
}

// TestFirstLost holds that one of the first questions to a server, when it gets
// lost, waits as long as the others tell, not as long as a stranger may need.
func TestFirstLost(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("good.example", "x")
	z.TXT("lost.example", "x")
	z.Behave("lost.example", nameserver.Behaviour{Drop: true})
	c := client(t, dns.Config{Timeout: time.Minute, Attempts: 2}, serve(t, z, nameserver.Options{}))
	var lost dns.Answer
	var wg sync.WaitGroup
	wg.Go(func() { lost = c.Lookup(t.Context(), dns.Ask("lost.example", dns.TypeTXT)) })
	wg.Go(func() { c.Lookup(t.Context(), dns.Ask("good.example", dns.TypeTXT)) })
	wg.Wait()
	const stranger = 400 * time.Millisecond // what the first attempt alone would have had
	if kind, _ := lost.Kind(); kind != dns.KindTimeout || lost.Took >= stranger {
		t.Errorf("gave up after %v: %v", lost.Took, lost.Err)
	}
}

func TestLoss(t *testing.T) {
	for _, tc := range []struct {
		loss  float64
		n     int
		least int // repetitions
		most  int
	}{{0.01, 2000, 5, 80}, {0.5, 100, 50, 170}} {
		z := nameserver.NewZone()
		z.TXT("*.example", "x")
		s := serve(t, z, nameserver.Options{Behaviour: nameserver.Behaviour{Loss: tc.loss}, Seed: 1})
		c := client(t, dns.Config{Timeout: 12 * wait}, s)
		c.Lookup(t.Context(), dns.Ask("first.example", dns.TypeTXT))
		s.Reset()
		var wg sync.WaitGroup
		few := make(chan bool, 32)
		for i := range tc.n {
			few <- true
			wg.Go(func() {
				defer func() { <-few }()
				if a := c.Lookup(t.Context(), dns.Ask(fmt.Sprintf("n%d.example", i), dns.TypeTXT)); a.Status != dns.Found {
					t.Error(a.Reason())
				}
			})
		}
		wg.Wait()
		if again := s.Queries() - s.Distinct(); again < tc.least || again > tc.most || s.Distinct() != tc.n {
			t.Errorf("loss of %v: %d repetitions for %d questions", tc.loss, again, s.Distinct())
		}
	}
}

func TestLateAnswerIsTaken(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("quick.example", "x")
	z.TXT("slow.example", "x")
	z.Behave("slow.example", nameserver.Behaviour{Delay: 120 * time.Millisecond})
	s := serve(t, z, nameserver.Options{})
	c := client(t, dns.Config{}, s)
	c.Lookup(t.Context(), dns.Ask("quick.example", dns.TypeTXT))
	a := c.Lookup(t.Context(), dns.Ask("slow.example", dns.TypeTXT))
	if a.Status != dns.Found || a.Took < 100*time.Millisecond || a.Took > 190*time.Millisecond {
		t.Errorf("%s after %v", show(a), a.Took)
	}
}

func TestCancel(t *testing.T) {
	s := serve(t, nameserver.NewZone(), nameserver.Options{Behaviour: nameserver.Behaviour{Drop: true}})
	c := client(t, dns.Config{}, s)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan dns.Answer)
	go func() { asked <- c.Lookup(ctx, dns.Ask("a.example", dns.TypeA)) }()
	cancel()
	a := <-asked
	if k, _ := a.Kind(); k != dns.KindCancelled || a.Took > wait/2 {
		t.Errorf("%s after %v", a.Reason(), a.Took)
	}
}

func TestDialIsUsed(t *testing.T) {
	z := nameserver.NewZone()
	z.Text("big.example", strings.Repeat("x", 2000))
	s := serve(t, z, nameserver.Options{})
	var mu sync.Mutex
	var dialled []string
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := client(t, dns.Config{
		Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dialled = append(dialled, network+" "+address)
			return new(net.Dialer).DialContext(ctx, network, s.Addr.String())
		},
		Now: func() time.Time { return at },
	})
	for range 2 {
		a := c.Lookup(t.Context(), dns.Ask("big.example", dns.TypeTXT))
		if a.Status != dns.Found || !a.At.Equal(at) || a.Server != "192.0.2.1:53" {
			t.Errorf("%+v", a)
		}
	}
	if want := []string{"udp 192.0.2.1:53", "tcp 192.0.2.1:53"}; !slices.Equal(dialled, want) {
		t.Errorf("dialled %q: sockets are not kept", dialled)
	}
}

func TestLame(t *testing.T) {
	z := nameserver.NewZone()
	z.NS("a.example", "ns.a.example")
	z.Behave("b.example", nameserver.Behaviour{Refer: true})
	s := serve(t, z, nameserver.Options{})
	c := client(t, dns.Config{}, s)
	a := c.AskServer(t.Context(), s.Addr, dns.Ask("a.example", dns.TypeNS))
	if a.Status != dns.Found || !a.AA || !a.Direct {
		t.Errorf("%+v", a)
	}
	q := dns.Ask("b.example", dns.TypeNS)
	for _, a := range []dns.Answer{c.AskServer(t.Context(), s.Addr, q), c.AskPublic(t.Context(), s.Addr, q), c.Lookup(t.Context(), q)} {
		if k, failed := a.Kind(); !failed || k != dns.KindLame {
			t.Errorf("%+v: %s", a, a.Reason())
		}
	}
}

func TestSocketsAreReplaced(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("a.example", "x")
	s := serve(t, z, nameserver.Options{})
	var mu sync.Mutex
	var conns []net.Conn
	c := client(t, dns.Config{Servers: []netip.AddrPort{s.Addr}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, conn)
		return conn, err
	}})
	for range 9000 {
		if a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)); a.Status != dns.Found {
			t.Fatal(a.Reason())
		}
	}
	if len(conns) != 3 {
		t.Fatalf("%d sockets for 9000 questions", len(conns))
	}
	for _, conn := range conns[:2] {
		if _, err := conn.Write([]byte("x")); err == nil {
			t.Error("a socket that has served its time stays open")
		}
	}
}
