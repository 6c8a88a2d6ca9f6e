package checks_test

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/transports"
)

const waitRecord = "v=spf1 mx include:_spf.clockwise.info -all"

// waitZone is what every server has; lines are added.
func waitZone(t *testing.T, lines ...string) *nameserver.Zone {
	t.Helper()
	z := nameserver.NewZone()
	z.SOA("acme.example", 10*time.Minute)
	z.NS("acme.example", "ns1.acme.example", "ns2.acme.example")
	z.A("ns1.acme.example", "192.0.2.1")
	z.A("ns2.acme.example", "192.0.2.2")
	z.AAAA("ns2.acme.example", "2001:db8::2")
	z.MX("acme.example", 10, "mail.acme.example")
	z.A("mail.acme.example", "198.51.100.25")
	z.SOA("clockwise.info", time.Minute)
	z.TXT("_spf.clockwise.info", "v=spf1 ip4:31.134.206.128/28 -all")
	if err := z.Add(lines...); err != nil {
		t.Fatal(err)
	}
	return z
}

// waiting is an examiner before a resolver and two name servers.
func waiting(t *testing.T, resolver, one, two *nameserver.Zone, b nameserver.Behaviour) *checks.Examiner {
	t.Helper()
	where := map[string]string{}
	serve := func(address string, z *nameserver.Zone, b nameserver.Behaviour) {
		s, err := nameserver.Serve(z, nameserver.Options{Behaviour: b})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		where[address] = s.Addr.String()
	}
	serve("198.51.100.53:53", resolver, nameserver.Behaviour{NoAA: true})
	serve("192.0.2.1:53", one, nameserver.Behaviour{})
	serve("192.0.2.2:53", two, b)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		to, ok := where[address]
		if !ok {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ENETUNREACH}
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}
	own := []netip.AddrPort{netip.MustParseAddrPort("198.51.100.53:53")}
	c := dns.NewClient(dns.Config{Servers: own, Dial: dial, Attempts: 1, Timeout: 400 * time.Millisecond})
	t.Cleanup(c.Close)
	return &checks.Examiner{Resolver: c, Asker: c, Own: own, Now: time.Now, Service: transports.DefaultService()}
}

func look(t *testing.T, e *checks.Examiner, w checks.Wanted) (propagation.Report, string) {
	t.Helper()
	r := e.Wait(t.Context(), w, checks.WaitOptions{Once: true}, func(propagation.Report, bool) {})
	var parts []string
	for _, s := range r.Servers {
		parts = append(parts, string(s.State))
	}
	parts = append(parts, "|")
	for _, v := range r.Resolvers {
		parts = append(parts, string(v.State))
	}
	return r, strings.Join(parts, " ")
}

func TestWaitAtServersThatDiffer(t *testing.T) {
	line := `acme.example 3600 TXT "` + waitRecord + `"`
	for name, c := range map[string]struct {
		two    *nameserver.Zone
		b      nameserver.Behaviour
		states string
		detail string // of the second server
	}{
		"published":     {waitZone(t, line), nameserver.Behaviour{}, "correct correct | missing", ""},
		"later":         {waitZone(t, line), nameserver.Behaviour{Delay: 50 * time.Millisecond}, "correct correct | missing", ""},
		"not yet":       {waitZone(t), nameserver.Behaviour{}, "correct missing | missing", ""},
		"old":           {waitZone(t, `acme.example TXT "v=spf1 mx -all"`), nameserver.Behaviour{}, "correct wrong | missing", "does not allow ClockWise"},
		"behind all":    {waitZone(t, `acme.example TXT "v=spf1 mx -all include:_spf.clockwise.info"`), nameserver.Behaviour{}, "correct wrong | missing", "-all"},
		"literal":       {waitZone(t, `acme.example TXT "v=spf1 ip4:31.134.206.128/28 -all"`), nameserver.Behaviour{}, "correct wrong | missing", "no include:_spf.clockwise.info"},
		"quotes kept":   {waitZone(t, `acme.example TXT "\"v=spf1 include:_spf.clockwise.info -all\""`), nameserver.Behaviour{}, "correct wrong | missing", ""},
		"two records":   {waitZone(t, line, `acme.example TXT "v=spf1 mx -all"`), nameserver.Behaviour{}, "correct wrong | missing", "2 records"},
		"other TXT too": {waitZone(t, line, `acme.example TXT "site-verification=1"`), nameserver.Behaviour{}, "correct correct | missing", ""},
		"SERVFAIL":      {waitZone(t, line), nameserver.Behaviour{Rcode: nameserver.ServFail}, "correct unreachable | missing", "SERVFAIL"},
		"refused":       {waitZone(t, line), nameserver.Behaviour{Rcode: nameserver.Refused}, "correct unreachable | missing", "REFUSED"},
		"silent":        {waitZone(t, line), nameserver.Behaviour{Drop: true}, "correct unreachable | missing", "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			e := waiting(t, waitZone(t), waitZone(t, line), c.two, c.b)
			r, states := look(t, e, checks.Wanted{Subject: checks.WaitSPF, Domain: "acme.example"})
			if states != c.states || r.Zone != "acme.example" || r.Published != (c.states == "correct correct | missing") {
				t.Fatalf("%s, published %v", states, r.Published)
			}
			if two := r.Servers[1]; !strings.Contains(two.Detail, c.detail) || two.State == propagation.Unreachable && two.Detail == "" {
				t.Errorf("the second server: %q", two.Detail)
			}
			if v := r.Servers[1].Views; len(v) != 2 || !v[1].NoIPv6 {
				t.Errorf("its addresses: %+v", v)
			}
			// The resolver keeps "there is none" for the time of the SOA.
			if left := r.Resolvers[0].Until.Sub(r.At); left < 9*time.Minute || left > 10*time.Minute {
				t.Errorf("the resolver lets go in %v", left)
			}
		})
	}
}

func TestWaitKnowsItsSubject(t *testing.T) {
	const dmarcGood = "v=DMARC1; p=none; rua=mailto:dmarc@acme.example"
	const dkimGood = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtSW/FyudUZadD+iTDy4lRIH9GefcJK7CISexCAz+jcjYRIidwfIt3k" +
		"JdrUPfYbL9X1iK6MkG49OBuESxelfMi2ka9rg/4fas5Mz52VHjEz3myNdEAbO9rx0a/yqlJphOIDQy6ah8MKMvcVBCI8X7Lbxs" +
		"D9FGRXnXKa2359Mp2ZwcnN+M0H7nrcDwWrAWJf9UYo3dvNnoIWs6hgdOFIIzRheYVM0ZsJ6pvIpGXY/wCxH3YIlsmKlbahFzUZ" +
		"OQpxmZrOi/kDwmny2qUhYeU5QU2hBzFXaKDzmW2RyOto5FbATKhgtpGHjVIgYmUCYmcXzz2MkNrxZszXTOFOXz/p4AIwIDAQAB"
	spf := checks.Wanted{Subject: checks.WaitSPF, Domain: "acme.example"}
	dkim := checks.Wanted{Subject: checks.WaitDKIM, Domain: "acme.example", Selector: "cw1"}
	dmarc := checks.Wanted{Subject: checks.WaitDMARC, Domain: "acme.example"}
	value := func(w checks.Wanted, v string) checks.Wanted { w.Value = v; return w }
	for name, c := range map[string]struct {
		want  checks.Wanted
		texts []string
		at    string // where they stand; "" is the right name
		state propagation.State
		says  string // in the detail or the hint
	}{
		"dmarc":                  {dmarc, []string{dmarcGood}, "", propagation.Correct, ""},
		"dmarc unrelated":        {dmarc, []string{"hello"}, "", propagation.Wrong, "something else than DMARC"},
		"dmarc two":              {dmarc, []string{dmarcGood, "v=DMARC1; p=reject"}, "", propagation.Wrong, "2 records"},
		"dmarc quotes":           {dmarc, []string{`"` + dmarcGood + `"`}, "", propagation.Wrong, "Quotation marks"},
		"dmarc name doubled":     {dmarc, []string{dmarcGood}, "_dmarc.acme.example.acme.example", propagation.Missing, "twice"},
		"dmarc value":            {value(dmarc, "v=DMARC1;p=none;rua=mailto:dmarc@acme.example"), []string{dmarcGood}, "", propagation.Correct, ""},
		"dmarc old value":        {value(dmarc, "v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"), []string{dmarcGood}, "", propagation.Wrong, "p=none in place of p=reject"},
		"dkim":                   {dkim, []string{dkimGood}, "", propagation.Correct, ""},
		"dkim missing":           {dkim, nil, "", propagation.Missing, ""},
		"dkim cut":               {dkim, []string{dkimGood[:200]}, "", propagation.Wrong, "cut off"},
		"dkim revoked":           {dkim, []string{"v=DKIM1; p="}, "", propagation.Wrong, ""},
		"dkim name doubled":      {dkim, []string{dkimGood}, "cw1._domainkey.acme.example.acme.example", propagation.Missing, "twice"},
		"dkim value":             {value(dkim, strings.ReplaceAll(dkimGood, "; ", ";")), []string{dkimGood}, "", propagation.Correct, ""},
		"dkim value, quotes":     {value(dkim, dkimGood), []string{`"` + dkimGood + `"`}, "", propagation.Wrong, "quotes"},
		"spf value":              {value(spf, "v=spf1  MX -all"), []string{"v=spf1 mx -all"}, "", propagation.Correct, ""},
		"spf value is not there": {value(spf, "v=spf1 mx -all"), []string{"v=spf1 a -all"}, "", propagation.Wrong, "a in place of mx"},
		"spf at www":             {spf, []string{waitRecord}, "www.acme.example", propagation.Missing, "wrong name"},
	} {
		t.Run(name, func(t *testing.T) {
			z, at := waitZone(t), c.at
			if at == "" {
				at = c.want.Question().Name
			}
			for _, text := range c.texts {
				z.Text(at, text)
			}
			r, states := look(t, waiting(t, z, z, z, nameserver.Behaviour{}), c.want)
			if want := fmt.Sprintf("%[1]s %[1]s | %[1]s", c.state); states != want {
				t.Fatalf("%s, want %s: %+v", states, want, r.Servers[0])
			}
			if !strings.Contains(r.Servers[0].Detail+"; "+r.Hint, c.says) {
				t.Errorf("says %q, hint %q", r.Servers[0].Detail, r.Hint)
			}
		})
	}
}

func TestWaitSeesAChange(t *testing.T) {
	one, two := waitZone(t), waitZone(t)
	e := waiting(t, one, one, two, nameserver.Behaviour{})
	var told []string
	steps := []func(){func() { one.TXT("acme.example", waitRecord) }, func() { two.TXT("acme.example", waitRecord) }}
	r := e.Wait(t.Context(), checks.Wanted{Subject: checks.WaitSPF, Domain: "acme.example"}, checks.WaitOptions{
		Sleep: func(context.Context, time.Duration) error {
			if len(steps) > 0 {
				steps[0]()
				steps = steps[1:]
			}
			return nil
		},
	}, func(r propagation.Report, changed bool) {
		if changed {
			told = append(told, fmt.Sprint(r.Servers[0].State, " ", r.Servers[1].State))
		}
	})
	if want := []string{"missing missing", "correct missing", "correct correct"}; !slices.Equal(told, want) || !r.Published {
		t.Errorf("%q, published %v", told, r.Published)
	}
	if !r.Caches.After(r.At.Add(9 * time.Minute)) {
		t.Errorf("caches let go at %v, it is %v", r.Caches, r.At)
	}
}

// TestWaitSeesWhatARecordIncludes mends an included record while the one that is
// waited for stays as it is.
func TestWaitSeesWhatARecordIncludes(t *testing.T) {
	z := waitZone(t, `acme.example TXT "v=spf1 include:shop.example include:_spf.clockwise.info -all"`)
	z.SOA("shop.example", time.Minute)
	e := waiting(t, z, z, z, nameserver.Behaviour{})
	var passed atomic.Int64
	e.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	var first propagation.State
	rounds := 0
	r := e.Wait(t.Context(), checks.Wanted{Subject: checks.WaitSPF, Domain: "acme.example"}, checks.WaitOptions{
		Sleep: func(_ context.Context, d time.Duration) error {
			passed.Add(int64(d))
			switch rounds++; rounds {
			case 1:
				z.TXT("shop.example", "v=spf1 ip4:192.0.2.7 -all")
			case 20:
				return context.Canceled
			}
			return nil
		},
	}, func(r propagation.Report, _ bool) {
		if r.Round == 1 {
			first = r.Servers[0].State
		}
	})
	if first != propagation.Wrong || !r.Published {
		t.Errorf("first %s, published %v: %+v", first, r.Published, r.Servers)
	}
}

func TestWaitWithoutNameServers(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("_dmarc.acme.example", "v=DMARC1; p=none")
	want := checks.Wanted{Subject: checks.WaitDMARC, Domain: "acme.example"}
	s, err := nameserver.Serve(z, nameserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}})
	t.Cleanup(c.Close)
	e := &checks.Examiner{Resolver: c, Asker: c, Own: []netip.AddrPort{s.Addr}, Now: time.Now, Service: transports.DefaultService()}
	if r, states := look(t, e, want); !r.Published || r.Servers[0].Name != s.Addr.String() {
		t.Errorf("a resolver with authority: %s", states)
	}
	none := waiting(t, nameserver.NewZone(), z, z, nameserver.Behaviour{})
	if r, states := look(t, none, want); r.Published || !strings.Contains(r.Problem, "could not be found") || states != "| missing" {
		t.Errorf("a resolver without: %s, %q", states, r.Problem)
	}
}

// Some networks answer every question that leaves them, and say that nothing
// exists. What a resolver says who is asked on purpose is not touched by that.
func TestServersThatSomebodyAnswersFor(t *testing.T) {
	line := `acme.example 3600 TXT "` + waitRecord + `"`
	where := map[string]string{}
	serve := func(address string, z *nameserver.Zone, b nameserver.Behaviour) {
		s, err := nameserver.Serve(z, nameserver.Options{Behaviour: b})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		where[address] = s.Addr.String()
	}
	serve("198.51.100.53:53", waitZone(t, line), nameserver.Behaviour{})
	between := nameserver.NewZone()
	for _, address := range []string{"192.0.2.1:53", "192.0.2.2:53"} {
		serve(address, between, nameserver.Behaviour{NoAA: true})
	}
	own := []netip.AddrPort{netip.MustParseAddrPort("198.51.100.53:53")}
	c := dns.NewClient(dns.Config{Servers: own, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		to, ok := where[address]
		if !ok {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ENETUNREACH}
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}})
	t.Cleanup(c.Close)
	e := &checks.Examiner{Resolver: c, Asker: c, Own: own, Now: time.Now, Service: transports.DefaultService()}
	r := e.Examine(t.Context(), checks.Target{Domain: "acme.example"}, nil)
	for _, f := range r.Findings {
		subject, _, _ := strings.Cut(f.Code(), ".")
		if f.SilencedBy == "" && (subject == "spf" || subject == "mx" || subject == "dns") && f.Severity() != finding.Note {
			t.Errorf("%s is open", f.Code())
		}
	}
	// It is the one server that can be looked at.
	wait, states := look(t, e, checks.Wanted{Subject: checks.WaitSPF, Domain: "acme.example"})
	if states != "unreachable unreachable correct | correct" || !wait.Published {
		t.Errorf("%s, published %v", states, wait.Published)
	}
	if why := wait.Servers[0].Detail; !strings.Contains(why, "without authority") {
		t.Errorf("the first server: %q", why)
	}
}

// Who published the private key by mistake does not want it printed, too.
func TestWaitHidesAPrivateKey(t *testing.T) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.StdEncoding.EncodeToString(der)
	z := func() *nameserver.Zone {
		return waitZone(t, `cw1._domainkey.acme.example TXT "v=DKIM1; k=ed25519; p=`+secret+`"`)
	}
	r, _ := look(t, waiting(t, z(), z(), z(), nameserver.Behaviour{}), checks.Wanted{Subject: checks.WaitDKIM, Domain: "acme.example", Selector: "cw1"})
	var b strings.Builder
	if err := checks.WriteWait(&b, checks.Wanted{Subject: checks.WaitDKIM, Domain: "acme.example", Selector: "cw1"}, "", r); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, secret) || !strings.Contains(got, "not shown") {
		t.Errorf("says:\n%s", got)
	}
}
