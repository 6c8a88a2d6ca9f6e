package dns_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

func TestCacheJoinsEqualQuestions(t *testing.T) {
	z := nameserver.NewZone()
	z.TXT("a.example", "x")
	z.Behave("a.example", nameserver.Behaviour{Delay: 20 * time.Millisecond})
	z.Behave("bad.example", nameserver.Behaviour{Rcode: nameserver.ServFail})
	s := serve(t, z, nameserver.Options{})
	c := dns.NewCache(client(t, dns.Config{}, s))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			name := "a.example"
			if i%2 == 1 {
				name = "A.Example."
			}
			if a := c.Lookup(t.Context(), dns.Question{Name: name, Type: dns.TypeTXT}); a.Status != dns.Found {
				t.Error(a.Reason())
			}
		})
	}
	wg.Wait()
	if a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)); !a.Cached {
		t.Error("not from the cache")
	}
	for range 3 {
		if a := c.Lookup(t.Context(), dns.Ask("bad.example", dns.TypeTXT)); a.Status != dns.Failed {
			t.Error(a.Status)
		}
	}
	if s.Queries() != 2 {
		t.Errorf("%d questions at the server", s.Queries())
	}
	if a := c.AskServer(t.Context(), s.Addr, dns.Ask("a.example", dns.TypeTXT)); a.Status != dns.Found || !a.Direct || a.Cached {
		t.Errorf("AskServer: %+v", a)
	}
	c.Forget()
	if a := c.Lookup(t.Context(), dns.Ask("a.example", dns.TypeTXT)); a.Cached || s.Queries() != 4 {
		t.Errorf("after Forget: %+v", a)
	}
}

// held is a Resolver that answers when told to.
type held struct {
	asked, free chan struct{}
}

func (h held) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	h.asked <- struct{}{}
	select {
	case <-h.free:
		return dns.Answer{Question: q, Status: dns.Empty}
	case <-ctx.Done():
		return dns.Answer{Question: q, Err: ctx.Err()}
	}
}

func TestCacheCancelsOneCallerOnly(t *testing.T) {
	h := held{make(chan struct{}, 9), make(chan struct{})}
	c := dns.NewCache(h)
	q := dns.Ask("a.example", dns.TypeA)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan dns.Answer, 1), make(chan dns.Answer, 1)
	go func() { first <- c.Lookup(ctx, q) }()
	<-h.asked
	go func() { second <- c.Lookup(t.Context(), q) }()
	for c.Waiting(q) < 2 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if k, _ := (<-first).Kind(); k != dns.KindCancelled {
		t.Errorf("first: %v", k)
	}
	close(h.free)
	if a := <-second; a.Status != dns.Empty {
		t.Errorf("second: %s", a.Reason())
	}

	// The last one to leave ends the question, and it can be asked again.
	h = held{make(chan struct{}, 9), make(chan struct{})}
	c = dns.NewCache(h)
	ctx, cancel = context.WithCancel(t.Context())
	go func() { first <- c.Lookup(ctx, q) }()
	<-h.asked
	cancel()
	<-first
	close(h.free)
	if a := c.Lookup(t.Context(), q); a.Status != dns.Empty {
		t.Errorf("after cancelling: %s", a.Reason())
	}
}

func TestRecordAndReplay(t *testing.T) {
	z := nameserver.NewZone()
	z.SOA("acme.example", time.Minute)
	z.TXT("acme.example", "v=spf1 \x00\xff\\\"é\u202e", "-all")
	z.MX("acme.example", 0, ".")
	z.CNAME("a.acme.example", "acme.example")
	z.TXT("\xff\x00.acme.example", "odd")
	z.Behave("bad.acme.example", nameserver.Behaviour{Rcode: nameserver.ServFail, EDE: []nameserver.EDE{{Code: 6, Text: "\xff"}}})
	s := serve(t, z, nameserver.Options{})
	rec := dns.NewRecorder(dns.NewCache(client(t, dns.Config{}, s)))
	questions := []dns.Question{
		dns.Ask("acme.example", dns.TypeTXT), dns.Ask("acme.example", dns.TypeMX), dns.Ask("acme.example", dns.TypeSOA),
		dns.Ask("a.acme.example", dns.TypeTXT), dns.Ask("\xff\x00.acme.example", dns.TypeTXT),
		dns.Ask("none.acme.example", dns.TypeA), dns.Ask("bad.acme.example", dns.TypeA), dns.Ask("a.acme.example", dns.TypeCNAME),
	}
	for range 2 {
		for _, q := range questions {
			rec.Lookup(t.Context(), q)
		}
		rec.AskServer(t.Context(), s.Addr, questions[0])
		rec.LookupUnchecked(t.Context(), questions[0])
		rec.AskPublic(t.Context(), s.Addr, questions[3])
	}
	if rec.Queries() != len(questions)+3 {
		t.Errorf("%d answers recorded", rec.Queries())
	}
	var b bytes.Buffer
	if err := dns.WriteAnswers(&b, rec.Answers()); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	answers, err := dns.ReadAnswers(&b)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for i, a := range answers {
		want := rec.Answers()[i]
		if !a.At.Equal(want.At) {
			t.Errorf("time: %v, want %v", a.At, want.At)
		}
		a.At, a.Took, want.Took = want.At, 0, 0
		if !reflect.DeepEqual(a, want) {
			t.Errorf("\ngot  %#v\nwant %#v", a, want)
		}
	}
	replay := dns.NewReplay(answers)
	again := dns.NewRecorder(replay)
	for _, q := range questions {
		again.Lookup(t.Context(), q)
	}
	again.AskServer(t.Context(), s.Addr, questions[0])
	again.LookupUnchecked(t.Context(), questions[0])
	again.AskPublic(t.Context(), s.Addr, questions[3])
	b.Reset()
	if err := dns.WriteAnswers(&b, again.Answers()); err != nil || b.String() != text {
		t.Errorf("a replay differs: %v\n%s\n%s", err, b.String(), text)
	}
	a := replay.Lookup(t.Context(), dns.Ask("other.example", dns.TypeA))
	if k, _ := a.Kind(); k != dns.KindNotRecorded || a.Reason() != "the recording does not hold this question" {
		t.Errorf("%+v", a)
	}
	if a := replay.Lookup(t.Context(), dns.Question{Name: "a..b"}); a.Status != dns.NoName {
		t.Errorf("%+v", a)
	}
}

func TestOverlay(t *testing.T) {
	z := nameserver.NewZone()
	z.SOA("acme.example", time.Minute)
	z.TXT("acme.example", "old")
	z.MX("acme.example", 10, "mail.acme.example")
	z.A("mail.acme.example", "192.0.2.1")
	z.CNAME("alias.acme.example", "mail.acme.example")
	z.CNAME("sel._domainkey.acme.example", "sel.hoster.test")
	z.TXT("sel.hoster.test", "key")
	z.TXT("target.test", "target")
	s := serve(t, z, nameserver.Options{})
	for _, tc := range []struct {
		with []string
		name string
		typ  dns.Type
		want string
	}{
		{[]string{"acme.example TXT v=spf1 -all"}, "Acme.example", dns.TypeTXT, `found ["v=spf1 -all"]`},
		{[]string{"acme.example TXT v=spf1 -all", "acme.example TXT more"}, "acme.example", dns.TypeTXT, `found ["v=spf1 -all"] | ["more"]`},
		{[]string{`acme.example TXT "a \"b" "c"`}, "acme.example", dns.TypeTXT, `found ["a \"b" "c"]`},
		{[]string{"acme.example TXT -"}, "acme.example", dns.TypeTXT, "empty "},
		{[]string{"mail.acme.example A -"}, "mail.acme.example", dns.TypeA, "empty "},
		{[]string{"acme.example TXT x"}, "acme.example", dns.TypeMX, "found 10 mail.acme.example"},
		{[]string{"acme.example MX 5 other.test."}, "acme.example", dns.TypeMX, "found 5 other.test"},
		{[]string{"new.acme.example TXT x"}, "new.acme.example", dns.TypeMX, "empty "},
		{[]string{"a.new.acme.example TXT x"}, "new.acme.example", dns.TypeMX, "empty "},
		{[]string{"new.acme.example TXT -"}, "new.acme.example", dns.TypeTXT, "no-name "},
		{[]string{"new.acme.example CNAME target.test"}, "new.acme.example", dns.TypeTXT, `found target.test | ["target"]`},
		{[]string{"new.acme.example CNAME target.test"}, "new.acme.example", dns.TypeCNAME, "found 0 target.test"},
		{[]string{"new.acme.example CNAME target.test"}, "new.acme.example", dns.TypeA, "empty target.test"},
		{[]string{"new.acme.example CNAME gone.test"}, "new.acme.example", dns.TypeA, "no-name gone.test"},
		{[]string{"alias.acme.example CNAME -"}, "alias.acme.example", dns.TypeA, "no-name "},
		{[]string{"alias.acme.example CNAME -", "alias.acme.example TXT x"}, "alias.acme.example", dns.TypeA, "empty "},
		{[]string{"alias.acme.example TXT -"}, "alias.acme.example", dns.TypeA, "found mail.acme.example | 192.0.2.1"},
		{[]string{"mail.acme.example A 192.0.2.9"}, "alias.acme.example", dns.TypeA, "found mail.acme.example | 192.0.2.9"},
		{[]string{"sel.hoster.test TXT new"}, "sel._domainkey.acme.example", dns.TypeTXT, `found sel.hoster.test | ["new"]`},
		{[]string{"x.test CNAME y.test", "y.test CNAME x.test"}, "x.test", dns.TypeA, "failed y.test | x.test"},
		{[]string{"gone.test A 192.0.2.7", "b.test CNAME gone.test"}, "b.test", dns.TypeA, "found gone.test | 192.0.2.7"},
	} {
		sets, err := dns.ParseSets(tc.with)
		if err != nil {
			t.Fatal(err)
		}
		o := dns.NewOverlay(client(t, dns.Config{}, s), sets)
		a := o.Lookup(t.Context(), dns.Question{Name: tc.name, Type: tc.typ})
		if got := show(a); got != tc.want || a.Question != dns.Ask(tc.name, tc.typ) {
			t.Errorf("%q: %s %s:\ngot  %s\nwant %s", tc.with, tc.name, tc.typ, got, tc.want)
		}
		if tc.with[0] == "acme.example TXT v=spf1 -all" && a.Server != dns.WhatIf {
			t.Errorf("server %q", a.Server)
		}
	}
}

func TestParseSets(t *testing.T) {
	long := strings.Repeat("z", 600)
	sets, err := dns.ParseSets([]string{
		"  Acme.Example.  txt  " + long, "acme.example MX 10 a.test", "acme.example TXT x", "a.example PTR -",
	})
	want := []dns.Set{
		{Name: "acme.example", Type: dns.TypeTXT, Values: []string{long, "x"}},
		{Name: "acme.example", Type: dns.TypeMX, Values: []string{"10 a.test"}},
		{Name: "a.example", Type: dns.TypePTR},
	}
	if err != nil || !reflect.DeepEqual(sets, want) {
		t.Errorf("%v\ngot  %v\nwant %v", err, sets, want)
	}
	a := dns.NewOverlay(dns.NewReplay(nil), sets).Lookup(t.Context(), dns.Ask("acme.example", dns.TypeTXT))
	if len(a.Records) != 2 || len(a.Records[0].Strings) != 3 || a.Texts()[0] != long {
		t.Errorf("%+v", a)
	}
	for _, bad := range [][]string{
		{""},
		{"a.example"},
		{"a.example TXT"},
		{"a.example WHAT x"},
		{"a.example A 1.2.3"},
		{"a.example AAAA 192.0.2.1"},
		{"a.example MX host"},
		{"a.example MX 99999 host"},
		{"a..b A 192.0.2.1"},
		{"a.example CNAME x y"},
		{`a.example TXT "x`},
		{`a.example TXT "x" y`},
		{`a.example TXT "` + long + `"`},
		{"a.example SOA x"},
		{"a.example A -", "a.example A 192.0.2.1"},
		{"a.example A 192.0.2.1", "a.example A -"},
	} {
		if got, err := dns.ParseSets(bad); err == nil || !strings.HasPrefix(err.Error(), "dns: ") {
			t.Errorf("%q: %v %v", bad, got, err)
		}
	}
}

func FuzzParseSets(f *testing.F) {
	for _, s := range []string{"a.example TXT x", `a.example TXT "a" "b\001"`, "a.example MX 10 b", "a.example A -", "x CNAME ."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		sets, err := dns.ParseSets([]string{line})
		if err != nil {
			return
		}
		for _, s := range sets {
			a := dns.NewOverlay(dns.NewReplay(nil), sets).Lookup(t.Context(), dns.Ask(s.Name, s.Type))
			if len(a.Records) != len(s.Values) {
				t.Errorf("%q: %+v", line, a)
			}
		}
	})
}

func FuzzReadAnswers(f *testing.F) {
	f.Add([]byte(`[{"name":"a.example","type":"TXT","status":"found","records":[{"ttl":60,"strings":["\\255x"]}],"flags":["ad"]}]`))
	f.Add([]byte(`[{"name":"a.example","type":"TYPE257","status":"failed","error":{"kind":"timeout","after_ms":5000,"attempts":3}}]`))
	f.Add([]byte(`[{"name":"","type":"SOA","status":"found","records":[{"ttl":1,"soa":{"server":"a","mailbox":"b","serial":1,"minimum":2}}]}]`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		answers, err := dns.ReadAnswers(bytes.NewReader(b))
		if err != nil {
			return
		}
		var one, two bytes.Buffer
		if err := dns.WriteAnswers(&one, answers); err != nil {
			return // a time beyond the year 9999
		}
		text := one.String()
		again, err := dns.ReadAnswers(&one)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if err := dns.WriteAnswers(&two, again); err != nil || two.String() != text {
			t.Fatalf("%v\n%s\n%s", err, text, two.String())
		}
	})
}

func TestErrorIsFound(t *testing.T) {
	a := dns.Answer{Err: fmt.Errorf("wrapped: %w", &dns.Error{Kind: dns.KindTimeout, Server: "192.0.2.1:53", After: 5 * time.Second, Attempts: 3})}
	if got := a.Reason(); got != "name server 192.0.2.1:53 did not answer within 5 s (3 attempts)" {
		t.Error(got)
	}
	two := dns.Error{Kind: dns.KindTimeout, Server: "192.0.2.1:53, 192.0.2.2:53", After: 1500 * time.Millisecond, Attempts: 1}
	if got := two.Error(); got != "dns: name servers 192.0.2.1:53, 192.0.2.2:53 did not answer within 1.5 s (1 attempt)" {
		t.Error(got)
	}
	if got := (dns.Answer{Err: errors.New("x")}).Reason(); got != "x" {
		t.Error(got)
	}
	if got := (dns.Answer{}).Reason(); got == "" {
		t.Error("no reason")
	}
	for k := dns.KindNetwork; k <= dns.KindNoServer; k++ {
		if (&dns.Error{Kind: k, Server: "x"}).Reason() == "" || strings.HasPrefix(k.String(), "kind(") {
			t.Errorf("kind %d has no words", k)
		}
	}
}
