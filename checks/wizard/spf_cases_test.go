package wizard_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
)

// full is a record with ten look-ups, of which one finds nothing.
const full = "v=spf1 a:a1.mailer.example a:a2.mailer.example a:a3.mailer.example a:a4.mailer.example a:a5.mailer.example a:gone.mailer.example include:spf.mailer.example mx -all"

func fullZone(f *firm) {
	for _, n := range []string{"a3", "a4", "a5"} {
		f.zone.A(n+".mailer.example", "203.0.113.9")
	}
}

// TestSPFCases walks the whole guide from each state of a domain: it makes the
// changes that the cards ask for and ends with proof.
func TestSPFCases(t *testing.T) {
	for _, c := range []struct {
		name    string
		domain  string
		texts   []string
		zone    func(*firm)
		answers map[string]string
		record  []string // what the record step says
		change  []string
		after   string // the record that is published
		at      string // where; "" is the domain
		steps   string
	}{
		{
			name: "none", record: []string{"acme.example has no SPF record", "must name every server"}, answers: map[string]string{"also-mx": "yes", "also": "spf.mailer.example, 192.0.2.9"},
			change: []string{"Publish the SPF record", "include:spf.mailer.example is added", "you named it", "Delete the record.", "16 of 16"},
			after:  "v=spf1 mx include:spf.mailer.example ip4:192.0.2.9 include:_spf.clockwise.info ~all",
		},
		{
			name: "none, at Microsoft", zone: func(f *firm) {
				f.zone.Remove("acme.example", dns.TypeMX)
				f.zone.MX("acme.example", 0, "acme-example.mail.protection.outlook.com")
			}, record: []string{"no SPF record"},
			after: "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info -all",
		},
		{name: "one", texts: []string{"v=spf1 mx ~all"}, record: []string{"has one SPF record"}, after: "v=spf1 mx include:_spf.clockwise.info ~all"},
		{
			name: "several", texts: []string{"v=spf1 mx -all", "v=spf1 include:_spf.clockwise.info ~all"}, record: []string{"has 2 SPF records", "The records that stand there now"},
			change: []string{"Remove this value"}, after: "v=spf1 mx include:_spf.clockwise.info ~all",
		},
		{
			name: "broken", texts: []string{"v=spf1 mx ipv4:192.0.2.7 -all"}, record: []string{"has a mistake"},
			change: []string{"it was ipv4:192.0.2.7"}, after: "v=spf1 mx ip4:192.0.2.7 include:_spf.clockwise.info -all",
		},
		{
			name: "redirect", texts: []string{"v=spf1 redirect=_spf.acme.example"}, zone: func(f *firm) { f.zone.TXT("_spf.acme.example", "v=spf1 mx -all") },
			record: []string{"takes the rest from the record of _spf.acme.example (redirect)", "is left as it is"},
			after:  "v=spf1 include:_spf.clockwise.info redirect=_spf.acme.example",
		},
		{
			name: "redirect to others", texts: []string{"v=spf1 redirect=spf.mailer.example"},
			record: []string{"takes the rest from spf.mailer.example (redirect), which belongs to somebody else"},
			after:  "v=spf1 include:_spf.clockwise.info redirect=spf.mailer.example",
		},
		{
			name: "alias", domain: "news.acme.example", zone: func(f *firm) {
				f.zone.CNAME("news.acme.example", "web.acme.example")
				f.zone.A("web.acme.example", "192.0.2.7")
			}, texts: nil, record: []string{"news.acme.example is another name for web.acme.example (CNAME)", "counts for every name that leads there"},
			at: "web.acme.example", after: "v=spf1 include:_spf.clockwise.info -all",
		},
		{
			name: "alias to nothing", domain: "news.acme.example", zone: func(f *firm) { f.zone.CNAME("news.acme.example", "gone.acme.example") },
			record: []string{"which does not exist", "It is deleted"}, change: []string{"Type: CNAME", "Remove this value"},
			at: "news.acme.example", after: "v=spf1 include:_spf.clockwise.info -all",
		},
		{
			name: "alias to others, sub-domain", domain: "news.acme.example", zone: func(f *firm) {
				f.zone.CNAME("news.acme.example", "web.mailer.example")
				f.zone.A("web.mailer.example", "192.0.2.7")
			},
			record: []string{"which belongs to somebody else", "DMARC, the rule by which receivers decide"}, answers: map[string]string{"way": "subdomain"},
			change: []string{"bounces@bounce.acme.example", "relaxed alignment"},
			at:     "bounce.acme.example", after: "v=spf1 include:_spf.clockwise.info -all",
		},
		{
			name: "closed", texts: []string{"v=spf1 -all"}, record: []string{"no mail is sent with this domain at all"}, answers: map[string]string{"sends": "yes"},
			after: "v=spf1 include:_spf.clockwise.info -all",
		},
		{name: "left closed", texts: []string{"v=spf1 -all"}, record: []string{"no mail is sent"}, steps: "domain record", after: "v=spf1 -all"},
		{
			name: "full, terms out", texts: []string{full}, zone: fullZone, record: []string{"no room for ClockWise", "10 of 10 look-ups"},
			answers: map[string]string{"way": "remove"}, change: []string{"a:gone.mailer.example goes", "you take it out", "Budget after: 10 of 10 look-ups, 0 left", "All that passed before passes still"},
			after: strings.Replace(strings.Replace(full, " a:gone.mailer.example", "", 1), "mx", "mx include:_spf.clockwise.info", 1),
		},
		{
			name: "full, a term that is used", texts: []string{full}, zone: fullZone,
			answers: map[string]string{"way": "remove", "drop-a:gone.mailer.example": "keep", "drop-include:spf.mailer.example": "out"},
			change:  []string{"no longer do:", "That is what you take out", "8 of 10"},
			after:   strings.Replace(strings.Replace(full, " include:spf.mailer.example", "", 1), "mx", "mx include:_spf.clockwise.info", 1),
		},
		{
			name: "full, sub-domain", texts: []string{full}, zone: fullZone, answers: map[string]string{"way": "subdomain"},
			change: []string{"Undeliverable mail will go back to bounces@bounce.acme.example", "set envelope: bounces@bounce.acme.example", "Type: MX", "10 mail.acme.example", "16 of 16"},
			at:     "bounce.acme.example", after: "v=spf1 include:_spf.clockwise.info -all",
		},
		{name: "full, DKIM", texts: []string{full}, zone: fullZone, answers: map[string]string{"way": "dkim"}, steps: "domain record", after: full},
		{
			name: "right", texts: []string{"v=spf1 mx include:_spf.clockwise.info -all"}, record: []string{"Already right: ClockWise may send for acme.example"},
			steps: "domain record prove", after: "v=spf1 mx include:_spf.clockwise.info -all",
		},
		{
			name: "a zone of its own", domain: "news.acme.example", zone: func(f *firm) {
				f.zone.SOA("news.acme.example", time.Second)
				f.zone.NS("news.acme.example", "ns1.acme.example")
			}, record: []string{"has name servers of its own: ns1.acme.example", "ask them"},
			at: "news.acme.example", after: "v=spf1 include:_spf.clockwise.info -all",
		},
		{
			name: "a sub-domain that is new", domain: "news.acme.example", record: []string{"Nothing stands at news.acme.example yet"},
			at: "news.acme.example", after: "v=spf1 include:_spf.clockwise.info -all",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newSPF(t, c.texts...)
			if c.zone != nil {
				c.zone(f)
			}
			domain := orElse(c.domain, "acme.example")
			f.list[0].Match.Domain, f.list[0].From = domain, "jan@"+domain
			g := f.guide(map[string]string{"domain": domain})
			var steps []string
			for !g.Done() && len(steps) < 6 {
				id := g.Step().ID
				steps = append(steps, id)
				v := g.look()
				switch id {
				case "record":
					says(t, v, c.record...)
				case "change":
					says(t, v, c.change...)
					f.apply(v)
				}
				left := g.on(c.answers)
				if id == "prove" {
					says(t, left, "all 16 addresses of ClockWise pass SPF")
				}
				if !g.Done() {
					g = g.resumed()
				}
			}
			if want := orElse(c.steps, "domain record change wait prove"); strings.Join(steps, " ") != want {
				t.Errorf("steps %v, want %s", steps, want)
			}
			a := f.Resolver.Lookup(t.Context(), dns.Ask(orElse(c.at, domain), dns.TypeTXT))
			if texts := a.Texts(); !slices.Equal(texts, []string{c.after}) {
				t.Errorf("published %q, want %q", texts, c.after)
			}
		})
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// The guide to DKIM, and leaving a domain closed, end this one with a fact.
func TestSPFElsewhere(t *testing.T) {
	f := newSPF(t, full)
	fullZone(f)
	g := f.guide(map[string]string{"domain": "acme.example"})
	g.on(nil)
	g.on(map[string]string{"way": "dkim"})
	if !g.Done() || g.Fact("goto") != "dkim" || !strings.Contains(g.View().Said, "Sign your mail (DKIM)") {
		t.Errorf("done %v, %q, %q", g.Done(), g.Fact("goto"), g.View().Said)
	}
}

// A choice that does not make room is said to, and another one can be made.
func TestSPFStillFull(t *testing.T) {
	f := newSPF(t, full)
	fullZone(f)
	g := f.guide(map[string]string{"domain": "acme.example"})
	g.on(nil)
	g.on(map[string]string{"way": "remove", "drop-a:gone.mailer.example": "keep"})
	v, problems := g.try(nil)
	says(t, v, "does not fit yet", "Go back and choose what else goes")
	if len(problems) != 1 {
		t.Error("goes on")
	}
	g.Back()
	g.on(map[string]string{"drop-mx": "out"})
	says(t, g.on(nil), "mx goes", "no longer do: 198.51.100.25 mx")
	g.at("wait")
}

// The envelope sender is set in the transport when that is wanted.
func TestSPFEnvelope(t *testing.T) {
	for _, answer := range []string{"yes", "no"} {
		f := newSPF(t, full)
		fullZone(f)
		g := f.guide(map[string]string{"domain": "acme.example", "way": "subdomain", "envelope": "Mail.Acme.example.", "set-envelope": answer})
		f.zone.Remove("mail.acme.example")
		g.on(nil)
		g.on(nil)
		f.apply(g.look())
		g.on(nil)
		g.on(nil)
		g.on(nil)
		want := map[string]string{"yes": "bounces@mail.acme.example", "no": ""}[answer]
		if !g.Done() || f.list[0].Envelope != want {
			t.Errorf("done %v, envelope %q", g.Done(), f.list[0].Envelope)
		}
		if answer == "yes" {
			says(t, g.View(), "now sends with the envelope sender")
		}
	}
}

// Strict alignment makes a sub-domain useless, and that is said.
func TestSPFStrict(t *testing.T) {
	f := newSPF(t, full)
	fullZone(f)
	f.zone.TXT("_dmarc.acme.example", "v=DMARC1; p=reject; aspf=s")
	g := f.guide(map[string]string{"domain": "acme.example", "way": "subdomain"})
	g.on(nil)
	g.on(nil)
	says(t, g.look(), "does not count for the sender address", "aspf=s")
}

// What cannot go on says why, and stays.
func TestSPFBlocked(t *testing.T) {
	for _, c := range []struct {
		name, domain string
		zone         func(*firm)
		says         []string
	}{
		{"no such domain", "acmee.example", nil, []string{"acmee.example is not registered", "Did you mean acme.example?", "Go back and correct it"}},
		{"no such domain, nothing near", "other.example", nil, []string{"other.example is not registered: DNS does not know it. "}},
		{
			"hosted", "acme.shops.example", func(f *firm) { f.zone.SOA("shops.example", time.Second); f.zone.TXT("acme.shops.example", "x") }, nil,
		},
		{
			"in the zone of the registry", "firm.example", func(f *firm) { f.zone.TXT("firm.example", "x") },
			[]string{"The DNS of firm.example is that of example, which belongs to somebody else"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newSPF(t, "v=spf1 -all")
			if c.zone != nil {
				c.zone(f)
			}
			g := f.guide(map[string]string{"domain": c.domain})
			g.on(nil)
			if c.says == nil {
				return
			}
			v, problems := g.try(nil)
			says(t, v, c.says...)
			if len(problems) != 1 || v.State == wizard.OK {
				t.Errorf("%v, state %s", problems, v.State)
			}
			g.at("record")
		})
	}
}

// DNS that cannot be asked is no verdict.
func TestSPFUnknown(t *testing.T) {
	f := newSPF(t, "v=spf1 mx -all")
	f.Resolver, f.Fresh = deaf{}, deaf{}
	g := f.guide(map[string]string{"domain": "acme.example"})
	g.on(nil)
	v, problems := g.try(nil)
	says(t, v, "DNS could not be asked", "says nothing about the record", "Look again")
	if v.State != wizard.Unknown || len(problems) != 1 {
		t.Errorf("%s, %v", v.State, problems)
	}
	f.Resolver, f.Fresh = nil, nil
	g = f.guide(map[string]string{"domain": "acme.example"})
	g.on(nil)
	if v, problems := g.try(nil); v.State != wizard.Unknown || len(problems) != 1 {
		t.Errorf("%s, %v", v.State, problems)
	}
}

// deaf answers nothing.
type deaf struct{}

func (deaf) Lookup(_ context.Context, q dns.Question) dns.Answer {
	return dns.Answer{Question: q, Err: &dns.Error{Kind: dns.KindTimeout, Server: "192.0.2.53:53"}}
}

// The domain is taken as people paste it, and what is none is explained.
func TestSPFDomain(t *testing.T) {
	for _, c := range []struct{ value, want, problem string }{
		{"https://www.Acme.example/x?y", "www.acme.example", ""},
		{"Jan <jan@ACME.example>", "acme.example", ""},
		{"acme.example.", "acme.example", ""},
		{"müller.example", "xn--mller-kva.example", ""},
		{"acme", "", "'acme' is not a domain: it needs a dot"},
		{"192.0.2.1", "", "is the address of a machine"},
		{"gmail.com", "", "provider of mailboxes"},
		{"mail.clockwise.info", "", "ClockWise's own domain"},
		{"_spf.acme.example", "", "is the name of a record"},
		{"co.uk", "", "not yours alone"},
	} {
		f := newSPF(t)
		g := f.guide(nil)
		_, problems := g.try(map[string]string{"domain": c.value})
		switch {
		case c.problem == "" && (len(problems) > 0 || g.Answer("domain") != "" && g.Given("domain") != c.want):
			t.Errorf("%q: %v, %q", c.value, problems, g.Given("domain"))
		case c.problem != "" && (len(problems) != 1 || problems[0].Field != "domain" || !strings.Contains(problems[0].Text, c.problem)):
			t.Errorf("%q: %v", c.value, problems)
		}
	}
}

func TestSPFDomainNotes(t *testing.T) {
	for _, c := range []struct {
		domain string
		list   []transports.Transport
		want   string
	}{
		{"acme.example", []transports.Transport{{Name: "Own", Type: transports.SMTP, Match: transports.Match{Domain: "acme.example"}}}, "leaves from your own SMTP server"},
		{"acme.example", []transports.Transport{{Name: "All", Type: transports.ClockWise, Match: transports.Match{Domain: "acme.example"}, Envelope: "b@bounce.example"}}, "envelope sender of bounce.example"},
		{"acne.example", []transports.Transport{clockwise()}, "Did you mean acme.example?"},
		{"acme.example", []transports.Transport{clockwise()}, ""},
	} {
		f := newSPF(t)
		f.list = c.list
		var got []string
		for _, m := range f.guide(map[string]string{"domain": c.domain}).Notes() {
			got = append(got, m.Text)
		}
		if s := strings.Join(got, "\n"); !strings.Contains(s, c.want) || c.want == "" && s != "" {
			t.Errorf("%s: %q, want %q", c.domain, s, c.want)
		}
	}
}

// Who else sends is typed as people know it.
func TestSPFAlso(t *testing.T) {
	for value, want := range map[string]string{
		"spf.mailer.example": "include:spf.mailer.example", "192.0.2.1; 2001:db8::1": "ip4:192.0.2.1 ip6:2001:db8::1",
		"192.0.2.9/24": "ip4:192.0.2.0/24", "a:web.acme.example, MX": "a:web.acme.example mx", "include:x.mailer.example": "include:x.mailer.example",
		"all": "", "+all": "", "ip4:1.2.3": "", "-ip4:192.0.2.1": "", "one": "", "redirect=x.example": "",
	} {
		f := newSPF(t)
		g := f.guide(map[string]string{"domain": "acme.example"})
		g.on(nil)
		_, problems := g.try(map[string]string{"also": value})
		if want == "" && len(problems) == 0 || want != "" && (len(problems) > 0 || g.Given("also") != want) {
			t.Errorf("%q: %q, %v", value, g.Given("also"), problems)
		}
	}
}

// TestSPFSlips types the record wrongly and expects the right sentence.
func TestSPFSlips(t *testing.T) {
	const old, value = "v=spf1 mx -all", "v=spf1 mx include:_spf.clockwise.info -all"
	for _, c := range []struct {
		name  string
		typed func(*firm)
		says  []string
		not   string
		goes  bool // on, all the same
	}{
		{"nothing", func(*firm) {}, []string{"Not there yet, at ns1.acme.example, ns2.acme.example: the old record still stands there", "0 of 2 name servers"}, "but wrong", false},
		{"deleted", func(f *firm) { f.zone.RemoveValue("acme.example", dns.TypeTXT, old) }, []string{"Not there yet", "no SPF record stands there"}, "but wrong", false},
		{"quotes", func(f *firm) { f.retype(old, `"`+value+`"`) }, []string{"There, but wrong"}, "Not there yet", false},
		{"cut", func(f *firm) { f.retype(old, value[:len(value)*2/3]) }, []string{"There, but wrong, at", "the end is missing", "It stands there", "It should be"}, "Not there yet", false},
		{"second record", func(f *firm) { f.publish("acme.example", dns.TypeTXT, value) }, []string{"There, but wrong", "the new record stands beside the old one, and only one may"}, "Not there yet", false},
		{"twice in one", func(f *firm) { f.retype(old, old+" "+value) }, []string{"There, but wrong"}, "Not there yet", false},
		{"name doubled", func(f *firm) {
			f.zone.RemoveValue("acme.example", dns.TypeTXT, old)
			f.publish("acme.example.acme.example", dns.TypeTXT, value)
		}, []string{"There, but wrong", "acme.example.acme.example"}, "Not there yet", false},
		{"name doubled, the old one stays", func(f *firm) { f.publish("acme.example.acme.example", dns.TypeTXT, value) }, []string{"There, but wrong", "acme.example.acme.example"}, "Not there yet", false},
		{"wrong name inside", func(f *firm) { f.retype(old, "v=spf1 mx include:_spf.clockwise.example -all") }, []string{"There, but wrong"}, "Not there yet", false},
		{"another order", func(f *firm) { f.retype(old, "v=spf1 include:_spf.clockwise.info mx ~all") }, []string{"written otherwise than proposed", "it may stay"}, "but wrong", true},
		{"more spaces", func(f *firm) { f.retype(old, "v=spf1  mx include:_spf.clockwise.info  -ALL") }, []string{"Published"}, "", true},
		{"a server is down", func(f *firm) {
			f.retype(old, value)
			f.zone.NS("acme.example", "ns3.acme.example")
			f.zone.A("ns3.acme.example", "192.0.2.3")
		}, []string{"Could not ask ns3.acme.example", "That is no verdict", "2 of 3 name servers"}, "but wrong", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newSPF(t, old)
			g := f.guide(map[string]string{"domain": "acme.example"})
			for range 3 {
				g.on(nil)
			}
			g = g.resumed()
			g.at("wait")
			c.typed(f)
			v, problems := g.try(nil)
			says(t, v, c.says...)
			if (len(problems) == 0) != c.goes || c.not != "" && strings.Contains(strings.Join(strings.Fields(v.Said), " "), c.not) {
				t.Errorf("%v: %s", problems, v.Said)
			}
		})
	}
}

func (f *firm) retype(old, value string) {
	f.zone.RemoveValue("acme.example", dns.TypeTXT, old)
	f.publish("acme.example", dns.TypeTXT, value)
}

// What was typed wrongly is corrected, and is not called wrong while the name
// servers still have it.
func TestSPFCorrected(t *testing.T) {
	const old, value = "v=spf1 mx -all", "v=spf1 mx include:_spf.clockwise.info -all"
	f := newSPF(t, old)
	g := f.guide(map[string]string{"domain": "acme.example"})
	for range 3 {
		g.on(nil)
	}
	slip := value[:len(value)-7]
	f.retype(old, slip)
	says(t, g.look(), "There, but wrong")
	g.Back()
	v := g.on(nil)
	if cards := v.Cards(); len(cards) != 1 || cards[0].Was != slip || cards[0].Record.Value != value {
		t.Errorf("%+v", v.Cards())
	}
	says(t, g.look(), "Not there yet", "the old record still stands there")
	f.retype(slip, value)
	g.on(nil)
	g.at("prove")
}

// A file of answers leads through the whole guide.
func TestSPFFollow(t *testing.T) {
	f := newSPF(t, full)
	fullZone(f)
	answers := map[string]string{"domain": "acme.example", "way": "remove", "drop-a:gone.mailer.example": "out"}
	var b strings.Builder
	r := wizard.Start(wizard.SPF(), f.World, nil)
	unused, err := wizard.Follow(t.Context(), &b, r, maps.Clone(answers), nil)
	if bad, ok := err.(*wizard.Unanswered); !ok || !bad.Waits || len(unused) > 0 {
		t.Fatalf("%v, unused %v\n%s", err, unused, b.String())
	}
	f.retype(full, r.Fact("spf_value"))
	r = wizard.Start(wizard.SPF(), f.World, nil)
	if _, err := wizard.Follow(t.Context(), &b, r, map[string]string{"domain": "acme.example"}, nil); err != nil || !r.Done() {
		t.Errorf("%v, done %v", err, r.Done())
	}
}
