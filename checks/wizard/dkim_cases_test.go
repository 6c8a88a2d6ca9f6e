package wizard_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
)

// signing is a transport that signs with the pair "old" at cw1.
func (f *firm) signing() transports.Transport {
	t := clockwise()
	path := filepath.Join(f.folder, "acme.example", "cw1.pem")
	f.store(path, "old")
	t.DKIM = transports.DKIM{Enabled: true, Selector: "cw1", KeyFile: path}
	t.DKIM.Key, _ = f.loadKey(path)
	f.publish(keyName, dns.TypeTXT, value("old"))
	return t
}

func (f *firm) file(selector string) string {
	return filepath.Join(f.folder, "acme.example", selector+".pem")
}

func TestDKIMDomains(t *testing.T) {
	f := newFirm(t, clockwise())
	for value, want := range map[string]string{
		"acme":                        "it needs a dot, for example acme.example",
		"jan@gmail.com":               "belongs to a provider of mailboxes",
		"noreply@clockwise.info":      "ClockWise's own domain",
		"_dmarc.acme.example":         "is the name of a record",
		"cw1._domainkey.acme.example": "",
		"https://Acme.example/mail":   "",
	} {
		w := f.start(nil)
		_, problems := w.try(map[string]string{"domain": value})
		switch {
		case want == "" && (len(problems) > 0 || w.Given("domain") != "acme.example"):
			t.Errorf("%s: %v, %q", value, problems, w.Given("domain"))
		case want != "" && (len(problems) != 1 || problems[0].Field != "domain" || !strings.Contains(problems[0].Text, want)):
			t.Errorf("%s: %v", value, problems)
		}
	}
	w := f.start(map[string]string{"domain": "nobody.example"})
	w.next(nil)
	v, problems := w.try(nil)
	if says(t, v, "nobody.example does not exist in DNS"); len(problems) != 1 || f.keys != 0 {
		t.Errorf("%v, %d keys", problems, f.keys)
	}
}

// Where several transports send mail of the domain, one is chosen.
func TestDKIMTransports(t *testing.T) {
	second := clockwise()
	second.Name, second.Match.LocalPart = "Invoices", "facturen"
	f := newFirm(t)
	f.list = []transports.Transport{f.signing(), second, {Name: "No reply", Type: transports.NoReply}}
	w := f.start(nil)
	fields := w.Fields()
	if len(fields) != 2 || fields[1].ID != "transport" || len(fields[1].Options) != 2 || w.Answer("transport") != "Invoices" {
		t.Fatalf("%+v, %q", fields, w.Answer("transport"))
	}
	if !strings.Contains(fields[1].Options[0].Help, "signs already, with selector cw1") {
		t.Errorf("%+v", fields[1].Options)
	}
	w.next(map[string]string{"domain": "acme.example", "transport": "Invoices"})
	says(t, w.look(), "Selector cw2 is free.")
	if _, problems := w.try(map[string]string{"selector": "CW1"}); len(problems) != 1 || !strings.Contains(problems[0].Text, "is the selector of the transport Acme") {
		t.Errorf("the selector of another transport: %v", problems)
	}
}

// What stands at a selector is explained, and never overwritten.
func TestDKIMOccupied(t *testing.T) {
	for name, c := range map[string]struct {
		line, selector, want string
	}{
		"a key":            {keyName + ` TXT "` + value("other")[:200] + `" "` + value("other")[200:] + `"`, "cw1", "At cw1 stands an RSA key already. It may be of an earlier set-up of ClockWise, or of another ClockWise account."},
		"revoked":          {keyName + ` TXT "v=DKIM1; p="`, "cw1", "a revoked key, with an empty p="},
		"Microsoft":        {`selector1._domainkey.acme.example CNAME selector1-acme-example._domainkey.acme.onmicrosoft.com.`, "selector1", "a CNAME to selector1-acme-example._domainkey.acme.onmicrosoft.com already. It belongs to Microsoft 365."},
		"Google":           {`google._domainkey.acme.example TXT "v=DKIM1; k=rsa; p=xx"`, "google", "By its name it may be that of Google Workspace."},
		"the web host":     {`default._domainkey.acme.example TXT "hello"`, "default", "something that is no key already. By its name it may be that of the mail server of your web host."},
		"nobody knows":     {`sig7._domainkey.acme.example TXT "v=DKIM1; k=rsa; p=xx"`, "sig7", "Whose it is, cannot be told from here."},
		"no selector":      {`x.acme.example TXT "x"`, "a b", "is no selector: letters, digits and hyphens"},
		"name of a record": {keyName + ` TXT "v=DKIM1; p="`, "cw1._domainkey.acme.example", "a revoked key"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, clockwise())
			if err := f.zone.Add(c.line); err != nil {
				t.Fatal(err)
			}
			w := f.start(map[string]string{"domain": "acme.example"})
			w.next(nil)
			_, problems := w.try(map[string]string{"selector": c.selector})
			if len(problems) != 1 || !strings.Contains(problems[0].Text, c.want) || f.keys != 0 {
				t.Errorf("%v, %d keys", problems, f.keys)
			}
		})
	}
}

// A wildcard answers for every selector and occupies none.
func TestDKIMWildcard(t *testing.T) {
	f := newFirm(t, clockwise())
	f.publish("*._domainkey.acme.example", dns.TypeTXT, "v=DKIM1; p=")
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	w.next(nil)
	if w.Fact("selector") != "cw1" || f.keys != 1 {
		t.Errorf("%q, %d keys", w.Fact("selector"), f.keys)
	}
	v := w.look()
	if says(t, v, "A wildcard answers for this name now"); v.Cards()[0].Was != "" {
		t.Errorf("replaces %q", v.Cards()[0].Was)
	}
	w.next(nil)
	if v := w.look(); !strings.HasPrefix(v.Said, "Not there yet") {
		t.Errorf("says %q", v.Said)
	}
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	w.next(nil)
	w.next(nil)
	if !f.list[0].DKIM.Enabled {
		t.Error("not switched on")
	}
}

// Where DNS cannot be asked, no key is made: nobody knows whether the name is free.
func TestDKIMUnknown(t *testing.T) {
	f := newFirm(t, clockwise())
	f.zone.Behave("_domainkey.acme.example", nameserver.Behaviour{Rcode: nameserver.ServFail, Below: true})
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	v, problems := w.try(nil)
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "could not be looked up whether cw1 is free") || f.keys != 0 {
		t.Errorf("%v, %d keys", problems, f.keys)
	}
	says(t, v, "That is no verdict")

	f = newFirm(t, clockwise())
	w = f.toWait()
	f.zone.Behave(keyName, nameserver.Behaviour{Rcode: nameserver.ServFail})
	v = w.look()
	says(t, v, "Could not ask ns1.acme.example, ns2.acme.example", "That is no verdict.")
	if v.State != wizard.Unknown || v.Blocked == "" || strings.Contains(told(v), "Not there yet") || strings.Contains(told(v), "but wrong") {
		t.Errorf("%v: %s", v.State, told(v))
	}
}

// A key that was made is used again, whatever happened in between.
func TestDKIMKeyIsKept(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	w.next(nil)
	public := w.Fact("public_key")
	w.Back()
	says(t, w.look(), "The key of selector cw1 was made and is used: "+f.file("cw1"))
	if _, problems := w.try(map[string]string{"type": "rsa4096"}); len(problems) != 1 || !strings.Contains(problems[0].Text, "never overwritten") {
		t.Errorf("another type at the same selector: %v", problems)
	}
	w.next(map[string]string{"type": "rsa2048"})
	if w.Fact("public_key") != public || f.keys != 1 {
		t.Errorf("%d keys", f.keys)
	}

	// The program was killed between the file and the note of it.
	w = f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	w.next(nil)
	if w.Fact("public_key") != public || f.keys != 1 {
		t.Errorf("after a kill: %d keys", f.keys)
	}

	// A file that somebody else put there is left alone.
	f.store(f.file("cw2"), "ed25519")
	w.Back()
	if _, problems := w.try(map[string]string{"selector": "cw2"}); len(problems) != 1 || !strings.Contains(problems[0].Text, "left alone") {
		t.Errorf("a file of somebody else: %v", problems)
	}
	w.Set("selector", "cw1")
	w.next(nil)

	// The file is gone, or holds another key.
	w.Back()
	f.store(f.file("cw1"), "other")
	if _, problems := w.try(nil); len(problems) != 1 || !strings.Contains(problems[0].Text, "holds another key") {
		t.Errorf("another key: %v", problems)
	}
	if err := os.Remove(f.file("cw1")); err != nil {
		t.Fatal(err)
	}
	if _, problems := w.try(nil); len(problems) != 1 || !strings.Contains(problems[0].Text, "does not exist") {
		t.Errorf("no key: %v", problems)
	}
	w.next(map[string]string{"selector": "cw3"})
	if w.Fact("selector") != "cw3" || f.keys != 2 {
		t.Errorf("%q, %d keys", w.Fact("selector"), f.keys)
	}
}

// The transport has a key that was made with the command, and does not use it.
func TestDKIMIdleKey(t *testing.T) {
	f := newFirm(t)
	tr := f.signing()
	tr.DKIM.Enabled = false
	f.list = []transports.Transport{tr}
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	says(t, w.look(), "The transport has a key already, of selector cw1")
	w.next(nil)
	says(t, w.look(), "The record is published already. Go on.")
	w.next(nil)
	w.next(nil)
	v := w.next(nil)
	says(t, v, "Proven and switched on")
	if f.keys != 0 || !f.list[0].DKIM.Enabled {
		t.Errorf("%d keys, %+v", f.keys, f.list[0].DKIM)
	}
}

func TestDKIMNewKeyFails(t *testing.T) {
	f := newFirm(t, clockwise())
	f.World.NewKey = func(string, string, string) (transports.DKIM, error) {
		return transports.DKIM{}, errors.New("no space left on device")
	}
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	if _, problems := w.try(nil); len(problems) != 1 || !strings.Contains(problems[0].Text, "no space left on device. Nothing was overwritten.") {
		t.Errorf("%v", problems)
	}
}

// What stands at the name is changed, not doubled.
func TestDKIMPublishOver(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.toWait()
	f.publish(keyName, dns.TypeTXT, value("rsa2048")[:255])
	w.look()
	w.Back()
	v := w.look()
	says(t, v, "Change it, and do not add a second record", "It takes the place of", "The DKIM key was cut off")
	if cards := v.Cards(); len(cards) != 1 || cards[0].Was != value("rsa2048")[:255] || cards[0].Record.Replaces == nil || v.Enter != "I changed it" {
		t.Errorf("%+v, %q", cards, v.Enter)
	}
	w.next(nil)
	v = w.look()
	if says(t, v, "Not there yet, at ns1.acme.example, ns2.acme.example: what stood there before still stands there."); v.State != wizard.Busy || v.Blocked == "" {
		t.Errorf("%v, %q", v.State, v.Blocked)
	}
	f.zone.Remove(keyName, dns.TypeTXT)
	f.publish(keyName, dns.TypeTXT, value("other"))
	says(t, w.look(), "There, but wrong")
	w.Back()
	f.zone.Remove(keyName, dns.TypeTXT)
	f.zone.CNAME(keyName, "key.other.example")
	says(t, w.look(), "A CNAME to key.other.example stands at this name")
}

// The proof fails where the published key and the file differ, and nothing is
// switched on.
func TestDKIMProofFails(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.toWait()
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	w.next(nil)
	f.zone.Remove(keyName, dns.TypeTXT)
	v, problems := w.try(nil)
	if len(problems) != 1 || f.list[0].DKIM.Enabled {
		t.Fatalf("%v, %+v", problems, f.list[0].DKIM)
	}
	says(t, v, "The signature does not verify: there is no key at "+keyName, "Nothing was switched on.", "try again")
	f.publish(keyName, dns.TypeTXT, value("other"))
	if _, problems = w.try(nil); len(problems) != 1 || f.list[0].DKIM.Enabled {
		t.Fatalf("%v, %+v", problems, f.list[0].DKIM)
	}
	f.zone.Behave(keyName, nameserver.Behaviour{Rcode: nameserver.ServFail})
	if v, _ = w.try(nil); v.State != wizard.Unknown {
		t.Errorf("%v: %s", v.State, told(v))
	}
	f.zone.Behave(keyName)
	f.zone.Remove(keyName, dns.TypeTXT)
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	f.change = func([]transports.Change) error { return errors.New("config: read-only file system") }
	if _, problems = w.try(nil); len(problems) != 1 || !strings.Contains(problems[0].Text, "read-only file system. It is as it was.") {
		t.Errorf("%v", problems)
	}
	f.change = nil
	w.next(nil)
	if !f.list[0].DKIM.Enabled {
		t.Error("not switched on")
	}
}

// Without a transport the guide makes one at its end, or says how.
func TestDKIMWithoutTransport(t *testing.T) {
	for _, yes := range []bool{true, false} {
		f := newFirm(t)
		if !yes { // of another domain, with the name that would be taken
			f.list = []transports.Transport{{Name: "acme.example", Type: transports.NoReply}}
		}
		w := f.start(map[string]string{"domain": "acme.example"})
		if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0].Text, "No configured mail transport sends mail of acme.example") {
			t.Errorf("%v", notes)
		}
		w = f.toWait()
		f.publish(keyName, dns.TypeTXT, value("rsa2048"))
		w.next(nil)
		if !yes {
			says(t, w.look(), "transport acme.example 2 is added")
			v := w.next(map[string]string{"make": "no"})
			if says(t, v, "No transport signs with it yet", f.file("cw1")); len(f.list) != 1 {
				t.Errorf("%+v", f.list)
			}
			continue
		}
		says(t, w.look(), "transport acme.example is added")
		says(t, w.next(nil), "acme.example signs with selector cw1")
		if len(f.list) != 1 || f.list[0].Match.Domain != "acme.example" || f.list[0].Type != transports.ClockWise || !f.list[0].DKIM.Enabled {
			t.Errorf("%+v", f.list)
		}
	}
}

// Somebody else changed the transport meanwhile.
func TestDKIMClash(t *testing.T) {
	for _, answer := range []string{"merge", "leave"} {
		t.Run(answer, func(t *testing.T) {
			f := newFirm(t, clockwise())
			w := f.toWait()
			f.publish(keyName, dns.TypeTXT, value("rsa2048"))
			w.next(nil)
			merged := false
			f.change = func([]transports.Change) error {
				return &wizard.Clash{
					Who: "jan on server1", When: f.now, What: []string{"sender: jan@acme.example, was piet@acme.example"},
					Merge: func(context.Context) error { merged = true; return nil },
				}
			}
			v, problems := w.try(nil)
			says(t, v, "jan on server1 changed the transport Acme meanwhile", "sender: jan@acme.example", "Nothing was written.")
			if fields := w.Fields(); len(problems) != 1 || len(fields) != 1 || fields[0].ID != "clash" || merged {
				t.Fatalf("%v, %+v, merged %v", problems, fields, merged)
			}
			if _, problems = w.again(map[string]string{"clash": answer}); len(problems) != 0 || !w.Done() || merged != (answer == "merge") {
				t.Errorf("%v, done %v, merged %v", problems, w.Done(), merged)
			}
			if (w.Fact("switched") != "") != merged {
				t.Errorf("switched %q", w.Fact("switched"))
			}
			if answer == "leave" {
				says(t, w.View(), "Signing was not switched on")
			}
		})
	}
}

// Only ClockWise holds the private half: nothing is made, nothing is signed here.
func TestDKIMHeldByClockWise(t *testing.T) {
	tr := clockwise()
	tr.DKIM = transports.DKIM{Selector: "cw1", PublicKey: strings.TrimPrefix(value("rsa2048"), "v=DKIM1; k=rsa; p=")}
	tr.DKIM.Key.Public = pairs["rsa2048"]().Public()
	f := newFirm(t, tr)
	w := f.start(map[string]string{"domain": "acme.example"})
	if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0].Text, "held by ClockWise alone") {
		t.Errorf("%v", notes)
	}
	w.next(nil)
	if says(t, w.look(), "RSA, 2048 bits", "no key is made"); len(w.Fields()) != 0 {
		t.Errorf("%+v", w.Fields())
	}
	w.next(nil)
	says(t, w.look(), value("rsa2048"))
	w.next(nil)
	f.publish(keyName, dns.TypeTXT, value("rsa2048")[:255])
	says(t, w.look(), "There, but wrong", "cut off")
	f.zone.Remove(keyName, dns.TypeTXT)
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	w = w.resumed()
	w.next(nil)
	v := w.look()
	says(t, v, "cannot be signed here: only ClockWise holds the private half", "look a last time")
	v = w.next(nil)
	says(t, v, "is the key that ClockWise signs acme.example with", "The final check finds nothing wrong with DKIM.")
	if d := f.list[0].DKIM; f.keys != 0 || !d.Enabled || d.PublicKey == "" || d.KeyFile != "" {
		t.Errorf("%d keys, %+v", f.keys, d)
	}
}

// Rotation: a second key beside the first, switched over, and the old one retires.
func TestDKIMRotation(t *testing.T) {
	f := newFirm(t)
	f.list = []transports.Transport{f.signing()}
	w := f.start(map[string]string{"domain": "acme.example"})
	if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0].Text, "signs already, with selector cw1") {
		t.Errorf("%v", notes)
	}
	w.next(nil)
	says(t, w.look(), "Acme signs with selector cw1 until the new key is proven")
	if w.Answer("selector") != "cw2" {
		t.Errorf("proposes %q", w.Answer("selector"))
	}
	w.next(nil)
	w.next(nil)
	f.publish("cw2._domainkey.acme.example", dns.TypeTXT, value("rsa2048"))
	w.next(nil)
	says(t, w.look(), "selector is changed (now: cw1; then: cw2)", "The record of cw1 stays for now")
	w.next(nil)
	if d := f.list[0].DKIM; w.Done() || w.Step().ID != "retire" || d.Selector != "cw2" || d.KeyFile != f.file("cw2") {
		t.Fatalf("at %s, %+v", w.Step().ID, d)
	}
	date := f.now.AddDate(0, 0, 7).Format("Monday 2 January 2006")
	for range 2 { // in this program, and in another one
		v, problems := w.try(nil)
		says(t, v, "The old key cw1 may go on "+date+", and not before.", f.file("cw1"))
		if len(problems) != 1 || len(v.Cards()) != 0 {
			t.Errorf("too early: %v", problems)
		}
		w = w.resumed()
	}
	f.now = f.now.AddDate(0, 0, 7).Add(time.Minute)
	v, problems := w.try(nil)
	says(t, v, "Now remove cw1", "RFC 6376 section 3.6.1", "v=DKIM1; p=", "Delete it yourself", f.file("cw1"))
	if cards := v.Cards(); len(problems) != 1 || len(cards) != 1 || !cards[0].Record.Remove || cards[0].Record.Name != keyName || cards[0].Was != value("old") {
		t.Errorf("%v, %+v", problems, cards)
	}
	f.zone.Remove(keyName, dns.TypeTXT)
	v = w.next(nil)
	if says(t, v, "The old key cw1 is gone."); !w.Done() || len(f.saved) != 0 {
		t.Errorf("done %v", w.Done())
	}
	if _, err := os.Stat(f.file("cw1")); err != nil {
		t.Errorf("the old key file: %v", err)
	}
}

func TestDKIMRetireCases(t *testing.T) {
	rotated := func(t *testing.T, more ...transports.Transport) (*firm, *walker) {
		f := newFirm(t)
		f.list = append([]transports.Transport{f.signing()}, more...)
		w := f.start(map[string]string{"domain": "acme.example", "transport": "Acme"})
		for w.Step().ID != "retire" {
			if w.Step().ID == "wait" {
				f.publish("cw2._domainkey.acme.example", dns.TypeTXT, value("rsa2048"))
			}
			w.next(nil)
		}
		return f, w
	}
	t.Run("revoked", func(t *testing.T) {
		f, w := rotated(t)
		f.now = f.now.AddDate(0, 0, 8)
		f.zone.Remove(keyName, dns.TypeTXT)
		f.publish(keyName, dns.TypeTXT, "v=DKIM1; p=")
		says(t, w.next(nil), "The old key cw1 is revoked: its p= is empty.")
	})
	t.Run("unknown", func(t *testing.T) {
		f, w := rotated(t)
		f.now = f.now.AddDate(0, 0, 8)
		f.zone.Behave(keyName, nameserver.Behaviour{Rcode: nameserver.ServFail})
		v, problems := w.try(nil)
		if says(t, v, "That is no verdict"); len(problems) != 1 || v.State != wizard.Unknown {
			t.Errorf("%v", problems)
		}
	})
	t.Run("still used", func(t *testing.T) {
		other := clockwise()
		other.Name, other.Match.Subsystem = "Invoices", "Invoices"
		other.DKIM = transports.DKIM{Enabled: true, Selector: "cw1", KeyFile: "elsewhere"}
		f, w := rotated(t, other)
		f.now = f.now.AddDate(0, 0, 8)
		v, problems := w.try(nil)
		if says(t, v, "The transport Invoices still signs with cw1: its record must stay."); len(problems) != 1 || len(v.Cards()) != 0 {
			t.Errorf("%v", problems)
		}
	})
	t.Run("long TTL", func(t *testing.T) {
		f := newFirm(t)
		f.list = []transports.Transport{f.signing()}
		f.zone.Remove(keyName, dns.TypeTXT)
		if err := f.zone.AddValue(keyName, dns.TypeTXT, 72*time.Hour, value("old")); err != nil {
			t.Fatal(err)
		}
		w := f.start(map[string]string{"domain": "acme.example"})
		for w.Step().ID != "retire" {
			if w.Step().ID == "wait" {
				f.publish("cw2._domainkey.acme.example", dns.TypeTXT, value("rsa2048"))
			}
			w.next(nil)
		}
		says(t, w.look(), "may go on "+f.now.AddDate(0, 0, 8).Format("Monday 2 January 2006"))
	})
}

// An Ed25519 key is made only beside an RSA key, which goes on signing.
func TestDKIMEd25519(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	w.look()
	if fields := w.Fields(); len(fields[1].Options) != 2 {
		t.Errorf("offers %+v without an RSA key", fields[1].Options)
	}
	if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0].Text, "Ed25519 keys are offered only beside an RSA key") {
		t.Errorf("%v", notes)
	}
	if _, problems := w.try(map[string]string{"type": "ed25519"}); len(problems) != 1 {
		t.Errorf("%v", problems)
	}

	f = newFirm(t)
	f.list = []transports.Transport{f.signing()}
	w = f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	w.look()
	w.Set("type", "ed25519")
	if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0].Text, "Some receivers do not verify Ed25519") {
		t.Errorf("%v", notes)
	}
	w.next(nil)
	short := dkim.RecordFor("cw2", "acme.example", pairs["ed25519"]().Public())
	v := w.look()
	says(t, v, short.Value, "is one piece", "with this record the checks find the key, and it fits")
	w.next(nil)
	f.publish(short.Name, dns.TypeTXT, short.Value)
	w.next(nil)
	w = w.resumed()
	says(t, w.look(), "goes on signing with its RSA key cw1", "prove it")
	v = w.next(nil)
	says(t, v, "The Ed25519 key cw2 is published and proven; Acme goes on signing with cw1.")
	if d := f.list[0].DKIM; !w.Done() || d.Selector != "cw1" {
		t.Errorf("done %v, %+v", w.Done(), d)
	}
}

// In the demo somebody types the record, with or without a slip.
func TestDKIMDemo(t *testing.T) {
	f := newFirm(t, clockwise())
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
	w := f.start(map[string]string{"domain": "acme.example"})
	w.next(nil)
	w.next(nil)
	w.look()
	if fields := w.Fields(); len(fields) != 1 || fields[0].ID != "demo-slip" || w.Answer("demo-slip") != "" {
		t.Errorf("%+v", fields)
	}
	w.next(map[string]string{"demo-slip": "cut"})
	says(t, w.look(), "There, but wrong")
	w.Back()
	w.next(map[string]string{"demo-slip": ""})
	says(t, w.look(), "Published:")
}

// An answer that resolvers keep is told with its time, until the very end.
func TestDKIMCaches(t *testing.T) {
	f := newFirm(t, clockwise())
	f.zone.SOA("acme.example", 20*time.Minute)
	w := f.toWait()
	before := f.now.Add(20 * time.Minute)
	says(t, w.look(), "Resolvers may keep an older answer until")
	wait := w.World.Wait
	w.World.Wait = func(ctx context.Context, want checks.Wanted, emit func(propagation.Report)) propagation.Report {
		r := wait(ctx, want, emit)
		r.Caches = before // as who waited all the time saw it
		return r
	}
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	says(t, w.next(nil), "")
	w = w.resumed()
	at := before.Format("15:04")
	says(t, w.look(), "Some resolvers may keep an older answer until "+at)
	f.zone.Remove(keyName, dns.TypeTXT)
	if _, problems := w.try(nil); len(problems) != 1 || !strings.Contains(problems[0].Text, "may keep an older answer until "+at+"; try again then.") {
		t.Errorf("%v", problems)
	}
}

// Without anybody who waits, a resolver is asked once.
func TestDKIMWithoutWait(t *testing.T) {
	f := newFirm(t, clockwise())
	f.World.Wait, f.World.Examine = nil, nil
	w := f.toWait()
	says(t, w.look(), "Not there yet, at the resolver")
	f.publish(keyName, dns.TypeTXT, value("rsa2048")[:300])
	says(t, w.look(), "There, but wrong, at the resolver")
	f.zone.Behave(keyName, nameserver.Behaviour{Rcode: nameserver.ServFail})
	says(t, w.look(), "Could not ask the resolver")
	f.zone.Behave(keyName)
	f.zone.Remove(keyName, dns.TypeTXT)
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	w.next(nil)
	w.next(nil)
	if !f.list[0].DKIM.Enabled {
		t.Error("not switched on")
	}
}

// Who goes on without having looked goes on only from what is right.
func TestDKIMWaitUnseen(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.toWait().resumed()
	if _, problems := w.again(nil); len(problems) != 1 || w.Step().ID != "wait" {
		t.Errorf("%v at %s", problems, w.Step().ID)
	}
	w = w.resumed()
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	if _, problems := w.again(nil); len(problems) != 0 || w.Step().ID != "prove" {
		t.Errorf("%v at %s", problems, w.Step().ID)
	}
}
