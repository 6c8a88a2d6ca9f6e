package wizard_test

import (
	"bufio"
	"context"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/wizard"
)

// toWait walks to the step at which the record is waited for.
func (f *firm) toWait() *walker {
	f.t.Helper()
	w := f.start(map[string]string{"domain": "acme.example"})
	for range 3 {
		w.next(nil)
	}
	if w.Step().ID != "wait" {
		f.t.Fatalf("at %s", w.Step().ID)
	}
	return w
}

// Each classic mistake is named, and keeps the guide where it is.
func TestDKIMMistakes(t *testing.T) {
	right := value("rsa2048")
	key := strings.TrimPrefix(right, "v=DKIM1; k=rsa; p=")
	type typed struct {
		name  string
		typ   dns.Type
		value string
	}
	for name, c := range map[string]struct {
		typed []typed
		state wizard.State
		says  []string
	}{
		"cut off": {
			[]typed{{keyName, dns.TypeTXT, right[:255]}},
			wizard.Failure,
			[]string{"There, but wrong, at ns1.acme.example, ns2.acme.example: the DKIM key was cut off: 237 of 392 characters.", "the first 237 of its 392 characters are there, then it ends", "255 of the 410 characters"},
		},
		"last character lost": {
			[]typed{{keyName, dns.TypeTXT, right[:len(right)-1]}},
			wizard.Failure,
			[]string{"There, but wrong", "the first 391 of its 392 characters are there"},
		},
		"quotes kept": {
			[]typed{{keyName, dns.TypeTXT, `"` + right + `"`}},
			wizard.Failure,
			[]string{"There, but wrong", "quotation marks are part of the DKIM record's value", "Compared with the key: 2 quotation marks are part of the value"},
		},
		"cut with quotes": {
			[]typed{{keyName, dns.TypeTXT, right[:255] + `" "` + right[255:]}},
			wizard.Failure,
			[]string{"There, but wrong", "quotation marks stand in the middle of the DKIM key"},
		},
		"name doubled": {
			[]typed{{keyName + ".acme.example", dns.TypeTXT, right}},
			wizard.Failure,
			[]string{"There, but wrong: the DKIM record's name holds the domain twice.", keyName + ".acme.example", "enter only cw1._domainkey"},
		},
		"at the domain": {
			[]typed{{"acme.example", dns.TypeTXT, right}},
			wizard.Failure,
			[]string{"There, but wrong: the DKIM key stands at the wrong name.", "A key stands at acme.example"},
		},
		"without underscore": {
			[]typed{{"cw1.domainkey.acme.example", dns.TypeTXT, right}},
			wizard.Failure,
			[]string{"There, but wrong: the DKIM key stands at the wrong name.", "cw1.domainkey.acme.example"},
		},
		"wrong type": {
			[]typed{{keyName, dns.TypeSPF, right}},
			wizard.Failure,
			[]string{"There, but wrong: the DKIM record has the wrong record type.", "must have TXT"},
		},
		"two records": {
			[]typed{{keyName, dns.TypeTXT, right}, {keyName, dns.TypeTXT, value("other")}},
			wizard.Failure,
			[]string{"There, but wrong", "2 records", "only one may"},
		},
		"in two pieces": {
			[]typed{{keyName, dns.TypeTXT, right[:255]}, {keyName, dns.TypeTXT, right[255:]}},
			wizard.Failure,
			[]string{"There, but wrong", "cut over 2 records"},
		},
		"another key": {
			[]typed{{keyName, dns.TypeTXT, value("other")}},
			wizard.Failure,
			[]string{"There, but wrong", "the published DKIM key is not the key that signs", "of the key"},
		},
		"key alone": {
			[]typed{{keyName, dns.TypeTXT, key}},
			wizard.Failure,
			[]string{"There, but wrong"},
		},
		"semicolons escaped": {
			[]typed{{keyName, dns.TypeTXT, strings.ReplaceAll(right, ";", `\;`)}},
			wizard.Failure,
			[]string{"There, but wrong", "backslashes stand before the DKIM record's semicolons"},
		},
		"revoked": {
			[]typed{{keyName, dns.TypeTXT, "v=DKIM1; p="}},
			wizard.Failure,
			[]string{"There, but wrong", "p= is empty"},
		},
		"spaces in the key": {
			[]typed{{keyName, dns.TypeTXT, right[:200] + " " + right[200:]}},
			wizard.OK,
			[]string{"Published:", "written otherwise than proposed"},
		},
		"nothing": {nil, wizard.Busy, []string{"Not there yet, at ns1.acme.example, ns2.acme.example: nothing is published there, keep waiting."}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, clockwise())
			w := f.toWait()
			for _, x := range c.typed {
				f.publish(x.name, x.typ, x.value)
			}
			v := w.look()
			says(t, v, c.says...)
			if v.State != c.state || (v.Blocked == "") != (c.state == wizard.OK) {
				t.Errorf("state %v, blocked %q", v.State, v.Blocked)
			}
			for _, sentence := range []string{"Not there yet", "There, but wrong", "Could not ask"} {
				if strings.HasPrefix(v.Said, sentence) != strings.HasPrefix(c.says[0], sentence) {
					t.Errorf("says %q", v.Said)
				}
			}
		})
	}
}

// A private key that somebody publishes is named and not shown again.
func TestDKIMPrivateKeyPublished(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.toWait()
	f.publish(keyName, dns.TypeTXT, "v=DKIM1; k=rsa; p="+f.private("rsa2048"))
	v := w.look()
	says(t, v, "There, but wrong", "a private DKIM key is public", "it holds a private key")
	w.Back()
	says(t, w.look(), "a private key, not shown")
}

// Who waits with plain prompts gets to correct what is wrong and stays so.
func TestDKIMPrompts(t *testing.T) {
	f := newFirm(t, clockwise())
	f.World.Wait = func(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report {
		return f.examiner.Wait(ctx, w, checks.WaitOptions{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}, func(r propagation.Report, _ bool) { emit(r) })
	}
	f.World.Panel = &wizard.Panel{
		Slips: []wizard.Option{{Value: "", Label: "as shown"}, {Value: "cut", Label: "cut at 255"}},
		Publish: func(rec finding.Record, slip string) error {
			f.zone.Remove(rec.Name, dns.TypeTXT)
			if slip == "cut" {
				rec.Value = rec.Value[:255]
			}
			f.publish(rec.Name, dns.TypeTXT, rec.Value)
			return nil
		},
	}
	var out strings.Builder
	lines := "\n" + // the domain
		"\n\n" + // the key
		"cut\n\n" + // the record
		"b\n" + // it is wrong
		"1\n\n\n\n"
	p := &wizard.Prompter{In: bufio.NewReader(strings.NewReader(lines)), Out: &out}
	r := wizard.Start(wizard.DKIM(), f.World, nil)
	if err := p.Walk(t.Context(), r); err != nil || !r.Done() || !f.list[0].DKIM.Enabled {
		t.Errorf("%v at %s:\n%s", err, r.Step().ID, out.String())
	}
	if told := out.String(); !strings.Contains(told, "cut off: 237 of 392") || !strings.Contains(told, "Proven and switched on") {
		t.Error(out.String())
	}
}

// What some servers have and others not, is told server by server.
func TestDKIMServersDiffer(t *testing.T) {
	right := propagation.ServerView{Name: "ns1", State: propagation.Correct}
	cut := dns.Answer{Question: dns.Ask(keyName, dns.TypeTXT), Status: dns.Found, Records: []dns.Record{{Type: dns.TypeTXT, Strings: []string{value("rsa2048")[:255]}}}}
	wrong := propagation.ServerView{Name: "ns2", State: propagation.Wrong, Detail: "the end is missing", Views: []propagation.View{{State: propagation.Wrong, Answer: cut}}}
	missing := propagation.ServerView{Name: "ns3", State: propagation.Missing}
	silent := propagation.ServerView{Name: "ns4", State: propagation.Unreachable, Detail: "it did not answer in 5 s"}
	apart := propagation.ServerView{Name: "ns5", State: propagation.Unreachable, Apart: true}
	for name, c := range map[string]struct {
		report propagation.Report
		state  wizard.State
		says   []string
		not    string
	}{
		"one behind": {
			propagation.Report{Servers: []propagation.ServerView{right, missing, apart}},
			wizard.Busy,
			[]string{"Not there yet, at ns3: nothing is published there, keep waiting.", "1 of 2 name servers have the record"},
			"but wrong",
		},
		"one never hears of it": {
			propagation.Report{Servers: []propagation.ServerView{right, missing}, Hint: "ns1 has it, and ns3 does not take it over"},
			wizard.Warning,
			[]string{"Not there yet everywhere: ns1 has it, and ns3 does not take it over."},
			"but wrong",
		},
		"one wrong": {
			propagation.Report{Servers: []propagation.ServerView{right, wrong}},
			wizard.Warning,
			[]string{"There, but wrong, at ns2: the end is missing. Other name servers have it right already.", "1 of 2 name servers"},
			"Not there yet",
		},
		"each its own": {
			propagation.Report{Servers: []propagation.ServerView{missing, wrong, silent}},
			wizard.Failure,
			[]string{"There, but wrong, at ns2", "Not there yet, at ns3", "Could not ask ns4: it did not answer in 5 s. That is no verdict.", "Go back to the record"},
			"",
		},
		"one silent": {
			propagation.Report{Servers: []propagation.ServerView{right, silent}},
			wizard.Unknown,
			[]string{"Could not ask ns4", "1 of 2 name servers"},
			"Not there yet",
		},
		"nobody known": {
			propagation.Report{Problem: "the name servers of acme.example could not be found"},
			wizard.Unknown,
			[]string{"Could not ask: the name servers of acme.example could not be found. That is no verdict."},
			"Not there yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, clockwise())
			w := f.toWait()
			w.World.Wait = func(context.Context, checks.Wanted, func(propagation.Report)) propagation.Report { return c.report }
			v := w.look()
			says(t, v, c.says...)
			if v.State != c.state || v.Blocked == "" || c.not != "" && strings.Contains(v.Said+v.Blocked, c.not) {
				t.Errorf("%v, %q, %q", v.State, v.Said, v.Blocked)
			}
		})
	}
}
