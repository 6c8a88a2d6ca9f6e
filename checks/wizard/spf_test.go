package wizard_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
)

// guided is somebody on the way through the guide to SPF.
type guided struct {
	*wizard.Run
	f *firm
}

// newSPF is a firm with texts at its domain.
func newSPF(t *testing.T, texts ...string) *firm {
	t.Helper()
	f := newFirm(t, clockwise())
	f.zone.Remove("acme.example", dns.TypeTXT)
	for _, s := range texts {
		f.publish("acme.example", dns.TypeTXT, s)
	}
	f.zone.TXT("spf.mailer.example", "v=spf1 a:a1.mailer.example a:a2.mailer.example ip4:203.0.113.0/24 -all")
	f.zone.A("a1.mailer.example", "203.0.113.1")
	f.zone.A("a2.mailer.example", "203.0.113.2")
	f.zone.TXT("spf.protection.outlook.com", "v=spf1 ip4:192.0.2.64/26 -all")
	f.zone.SOA("outlook.com", time.Second)
	return f
}

func (f *firm) guide(preset map[string]string) *guided {
	return &guided{wizard.Start(wizard.SPF(), f.World, preset), f}
}

func (g *guided) look() wizard.View {
	g.f.t.Helper()
	if l := g.Look(); l != nil {
		g.Show(g.Step().ID, l(g.f.t.Context(), func(wizard.View) {}))
	}
	return g.View()
}

// on looks, answers and goes on, and wants no problem. It returns what the step
// shows that it left.
func (g *guided) on(answers map[string]string) wizard.View {
	g.f.t.Helper()
	v, problems := g.try(answers)
	if len(problems) > 0 {
		g.f.t.Fatalf("at %s: %v\n%s", g.Step().ID, problems, told(v))
	}
	return v
}

func (g *guided) try(answers map[string]string) (wizard.View, []wizard.Problem) {
	g.f.t.Helper()
	v := g.look()
	// Fields may follow from answers, in the order in which they are asked.
	for again := true; again; {
		again = false
		for _, x := range g.Fields() {
			if value, ok := answers[x.ID]; ok && g.Given(x.ID) != value {
				g.Set(x.ID, value)
				again = true
			}
		}
	}
	problems, err := g.Advance(g.f.t.Context(), nil)
	if err != nil {
		g.f.t.Fatal(err)
	}
	return v, problems
}

func (g *guided) at(step string) {
	g.f.t.Helper()
	if g.Step().ID != step || g.Done() {
		g.f.t.Fatalf("stands at %s (done: %v), want %s", g.Step().ID, g.Done(), step)
	}
}

// resumed is the run as another program finds it.
func (g *guided) resumed() *guided {
	g.f.t.Helper()
	for _, data := range g.f.saved {
		s, err := wizard.ReadSaved(data)
		if err != nil {
			g.f.t.Fatal(err)
		}
		return &guided{wizard.Resume(wizard.SPF(), g.f.World, s), g.f}
	}
	g.f.t.Fatal("nothing is stored")
	return nil
}

// apply makes the changes that the cards of a view ask for.
func (f *firm) apply(v wizard.View) {
	f.t.Helper()
	for _, c := range v.Cards() {
		typ, ok := dns.ParseType(c.Record.Type)
		if !ok {
			f.t.Fatalf("no type: %+v", c.Record)
		}
		if old := c.Record.Replaces; old != nil && !f.zone.RemoveValue(c.Record.Name, typ, *old) {
			f.t.Errorf("%s has no %q", c.Record.Name, *old)
		}
		if !c.Record.Remove {
			f.publish(c.Record.Name, typ, c.Record.Value)
		}
	}
}

func TestSPF(t *testing.T) {
	f := newSPF(t, "v=spf1 mx include:spf.protection.outlook.com include:spf.mailer.example -all", "other=text")
	g := f.guide(nil)
	if g.Answer("domain") != "acme.example" {
		t.Errorf("proposes %q", g.Answer("domain"))
	}
	g.on(map[string]string{"domain": " https://ACME.example/contact "})
	g.at("record")
	v := g.on(nil)
	says(t, v, "has one SPF record", "include:spf.mailer.example", "5 of 10 look-ups", "3 look-ups")
	g.at("change")
	v = g.look()
	says(
		t, v, "Replace the SPF record of acme.example", "include:_spf.clockwise.info is added", "Microsoft 365 sends with it",
		"Budget before: 5 of 10", "Budget after: 6 of 10 look-ups, 4 left",
		"Tried out: 16 of 16 addresses of ClockWise pass, now 0 of 16", "All that passed before passes still: 5 addresses tried",
		"It takes the place of: v=spf1 mx include:spf.protection.outlook.com include:spf.mailer.example -all", "Publish the old value again", "I changed it",
	)
	want := "v=spf1 mx include:spf.protection.outlook.com include:spf.mailer.example include:_spf.clockwise.info -all"
	if cards := v.Cards(); len(cards) != 1 || cards[0].Record.Value != want || cards[0].Record.Zone != "acme.example" || !slices.Equal(cards[0].Record.Beside, []string{"other=text"}) {
		t.Errorf("cards: %+v", cards)
	}
	g.on(nil)
	g.at("wait")
	v, problems := g.try(nil)
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "0 of 2 name servers") {
		t.Errorf("goes on: %v", problems)
	}
	says(t, v, "Not there yet, at ns1.acme.example, ns2.acme.example: the old record still stands there, keep waiting")
	g.Back()
	f.apply(g.look())
	g.on(nil)
	g.at("wait")
	says(t, g.on(nil), "Published: every name server")
	g.at("prove")
	says(t, g.on(nil), "Proved: all 16 addresses of ClockWise pass SPF for acme.example")
	if !g.Done() || len(f.saved) != 0 || g.Subject() != "acme.example" {
		t.Errorf("done %v, stored %d, about %q", g.Done(), len(f.saved), g.Subject())
	}
}

// A run that is left at any step goes on there in another program.
func TestSPFResume(t *testing.T) {
	f := newSPF(t, "v=spf1 mx -all")
	g := f.guide(map[string]string{"domain": "Acme.Example."})
	var steps []string
	for !g.Done() {
		steps = append(steps, g.Step().ID)
		if v := g.look(); g.Step().ID == "change" {
			f.apply(v)
		}
		g.on(nil)
		if !g.Done() {
			g = g.resumed()
		}
	}
	if !slices.Equal(steps, []string{"domain", "record", "change", "wait", "prove"}) {
		t.Error(steps)
	}
}

// Steps that were stored long ago, and whose look did not run, go no further
// than what they know.
func TestSPFWithoutLook(t *testing.T) {
	f := newSPF(t, "v=spf1 mx -all")
	g := f.guide(map[string]string{"domain": "acme.example"})
	for _, want := range []string{"record", "record", "change", "wait"} {
		if _, err := g.Advance(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		g.at(want)
	}
	problems, err := g.Advance(t.Context(), nil)
	if err != nil || len(problems) != 1 {
		t.Errorf("goes on without the record: %v, %v", problems, err)
	}
}

// In the demo the panel publishes what is typed.
func TestSPFDemo(t *testing.T) {
	f := newSPF(t, "v=spf1 mx -all")
	var typed []string
	f.Panel = &wizard.Panel{
		Slips: []wizard.Option{{Value: "", Label: "typed right"}, {Value: "nothing", Label: "nobody pressed Save"}},
		Publish: func(rec finding.Record, slip string) error {
			typed = append(typed, slip+":"+rec.Value)
			if slip == "" {
				f.zone.RemoveValue(rec.Name, dns.TypeTXT, *rec.Replaces)
				f.publish(rec.Name, dns.TypeTXT, rec.Value)
			}
			return nil
		},
	}
	g := f.guide(map[string]string{"domain": "acme.example"})
	g.on(nil)
	g.on(nil)
	g.on(map[string]string{"demo-slip": "nothing"})
	if v, problems := g.try(nil); len(problems) == 0 {
		t.Error(told(v))
	}
	g.Back()
	g.on(map[string]string{"demo-slip": ""})
	g.on(nil)
	g.at("prove")
	if want := "v=spf1 mx include:_spf.clockwise.info -all"; !slices.Equal(typed, []string{"nothing:" + want, ":" + want}) {
		t.Error(typed)
	}
}

func TestSPFSend(t *testing.T) {
	f := newSPF(t, "v=spf1 include:_spf.clockwise.info -all")
	var sent []string
	f.Send = func(_ context.Context, tr transports.Transport, to string, _ func(wizard.View)) wizard.View {
		sent = append(sent, tr.Name+">"+to)
		return wizard.View{State: wizard.OK, Said: "The server took it."}
	}
	for _, c := range []struct {
		answers map[string]string
		want    []string
		problem string
	}{
		{nil, nil, ""},
		{map[string]string{"to": "jan@shop.example"}, nil, ""},
		{map[string]string{"to": "jan", "send": "yes"}, nil, "is not an address"},
		{map[string]string{"to": "Jan <jan@shop.example>", "send": "yes"}, []string{"Acme>jan@shop.example"}, ""},
	} {
		sent = nil
		g := f.guide(map[string]string{"domain": "acme.example"})
		g.on(nil)
		says(t, g.on(nil), "Already right")
		g.at("prove")
		_, problems := g.try(c.answers)
		if !slices.Equal(sent, c.want) || (len(problems) > 0) != (c.problem != "") || c.problem != "" && !strings.Contains(problems[0].Text, c.problem) {
			t.Errorf("%v: %v, %v", c.answers, sent, problems)
		}
		if len(c.want) > 0 {
			says(t, g.View(), "Proved", "The server took it.")
		}
	}
}
