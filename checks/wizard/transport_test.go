package wizard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
)

// desk is a configuration in memory.
type desk struct {
	list    []transports.Transport
	keyring map[string]string
	fail    error // of the next change
	changed int
}

func newDesk() *desk {
	return &desk{keyring: map[string]string{}, list: []transports.Transport{
		{Name: "acme.example", Type: transports.ClockWise, Match: transports.Match{Domain: "acme.example"}, From: "jan@acme.example"},
		{
			Name: "Invoices", Type: transports.SMTP, Match: transports.Match{Domain: "acme.example", LocalPart: "facturen"},
			Server: transports.Server{Host: "mail.acme.example", Port: 587, Security: "starttls", Auth: "plain", Username: "clockwise", Password: transports.NewClearSecret("hunter2")},
		},
		{Name: "All", Type: transports.NoReply},
	}}
}

func (d *desk) world() wizard.World {
	return wizard.World{
		Service:    transports.DefaultService(),
		Transports: func() []transports.Transport { return d.list },
		Change: func(_ context.Context, changes ...transports.Change) error {
			if err := d.fail; err != nil {
				d.fail = nil
				return err
			}
			for _, c := range changes {
				d.list = c.Apply(d.list)
			}
			d.changed++
			return nil
		},
		KeepSecret: func(_ context.Context, name, secret string) error { d.keyring[name] = secret; return nil },
		Setting: func(key, v string) (string, string) {
			if key == "smtp.port" && v == "x" {
				return "", "'x' is no port."
			}
			return v, ""
		},
	}
}

func (d *desk) names() string {
	var out []string
	for _, t := range d.list {
		out = append(out, t.Name)
	}
	return strings.Join(out, ", ")
}

func (d *desk) find(name string) transports.Transport {
	i := slices.IndexFunc(d.list, func(t transports.Transport) bool { return t.Name == name })
	if i < 0 {
		return transports.Transport{}
	}
	return d.list[i]
}

// follow walks the guide with answers and returns what was shown.
func follow(t *testing.T, d *desk, answers map[string]string) (string, error) {
	t.Helper()
	var out strings.Builder
	_, err := wizard.Follow(t.Context(), &out, wizard.Start(wizard.Transport(), d.world(), nil), answers, nil)
	return out.String(), err
}

func TestTransports(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		list    string // names afterwards
		check   func(*desk) bool
		says    []string
	}{
		{
			"add",
			map[string]string{"do": "add", "type": "clockwise", "match.domain": "shop.example", "from": "eva@shop.example"},
			"acme.example, Invoices, All, shop.example",
			func(d *desk) bool {
				return d.find("shop.example").From == "eva@shop.example" && d.find("shop.example").Match.Domain == "shop.example"
			},
			[]string{"shop.example"},
		},
		{
			"add a server with a password in the keyring",
			map[string]string{
				"do": "add", "type": "smtp", "name": "Relay", "match.domain": "shop.example", "smtp.host": "mail.shop.example", "smtp.auth": "plain",
				"smtp.username": "cw", "password.in": "password_keyring", "smtp.password_keyring": "shop", "password": "s3cret",
			},
			"acme.example, Invoices, All, Relay",
			func(d *desk) bool {
				p := d.find("Relay").Server.Password
				return p.Kind == transports.KeyringSecret && p.Ref == "shop" && d.keyring["shop"] == "s3cret"
			},
			nil,
		},
		{
			"change, and keep the password",
			map[string]string{"do": "edit", "of": "Invoices", "smtp.port": "2525", "password.clear": "yes"},
			"acme.example, Invoices, All",
			func(d *desk) bool {
				s := d.find("Invoices").Server
				return s.Port == 2525 && s.Password.Reveal() == "hunter2" && s.Username == "clockwise"
			},
			[]string{"587", "2525"},
		},
		{
			"no longer log in",
			map[string]string{"do": "edit", "of": "Invoices", "smtp.auth": "none", "smtp.port": "25"},
			"acme.example, Invoices, All",
			func(d *desk) bool {
				return d.find("Invoices").Server.Password.Kind == transports.NoSecret && d.find("Invoices").Server.Username == ""
			},
			nil,
		},
		{
			"copy",
			map[string]string{"do": "copy", "of": "acme.example", "match.local_part": "piet"},
			"acme.example, acme.example (2), Invoices, All",
			func(d *desk) bool { return d.find("acme.example (2)").Match.LocalPart == "piet" },
			nil,
		},
		{"remove", map[string]string{"do": "remove", "of": "Invoices"}, "acme.example, All", nil, []string{"facturen@acme.example", "is removed"}},
		{"move", map[string]string{"do": "move", "of": "All", "place": "1"}, "All, acme.example, Invoices", nil, nil},
		{
			"default",
			map[string]string{"do": "default", "of": "acme.example"},
			"acme.example, Invoices, All",
			func(d *desk) bool { return d.find("acme.example").Match == transports.Match{} }, nil,
		},
		{"default already", map[string]string{"do": "default", "of": "All"}, "acme.example, Invoices, All", func(d *desk) bool { return d.changed == 0 }, []string{"Nothing has to be changed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk()
			got, err := follow(t, d, c.answers)
			if err != nil {
				t.Fatal(err, got)
			}
			if d.names() != c.list || c.check != nil && !c.check(d) {
				t.Errorf("the list is %s: %+v", d.names(), d.list)
			}
			for _, s := range c.says {
				if !strings.Contains(got, s) {
					t.Errorf("does not say %q:\n%s", s, got)
				}
			}
			for _, secret := range []string{"hunter2", "s3cret"} {
				if strings.Contains(got, secret) || strings.Contains(fmt.Sprintf("%+v", d.list), secret) {
					t.Errorf("the password is shown:\n%s", got)
				}
			}
		})
	}
}

func TestTransportProblems(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		field   string
		text    string
	}{
		{"name taken", map[string]string{"do": "add", "name": "All"}, "name", "There is a transport of that name already"},
		{"no server", map[string]string{"do": "add", "type": "smtp"}, "smtp.host", "Something has to be filled in"},
		{"wrong port", map[string]string{"do": "edit", "of": "Invoices", "smtp.port": "x"}, "smtp.port", "'x' is no port."},
		{"no place", map[string]string{"do": "move", "of": "All", "place": "9"}, "place", "from 1 to 3"},
		{"no such transport", map[string]string{"do": "remove", "of": "Nobody"}, "of", "is none of the answers"},
		{"clear text without a yes", map[string]string{
			"do": "add", "type": "smtp", "smtp.host": "mail.acme.example", "smtp.auth": "plain", "smtp.username": "cw", "password.in": "password", "password": "s3cret",
		}, "", "only when you say so"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk()
			_, err := follow(t, d, c.answers)
			bad, ok := errors.AsType[*wizard.Unanswered](err)
			if !ok || bad.Field != c.field || !strings.Contains(bad.Text, c.text) {
				t.Errorf("%v, want %s: %s", err, c.field, c.text)
			}
			if d.changed > 0 {
				t.Error("it was changed")
			}
		})
	}
}

// What a match means beside others is told while it is typed.
func TestLiveNotes(t *testing.T) {
	for _, c := range []struct {
		name string
		set  map[string]string
		want []string
	}{
		{"less specific", map[string]string{"match.domain": "acme.example"}, []string{`"acme.example" takes exactly this mail already`, `matches what "Invoices" takes`, `away from "All"`}},
		{"try", map[string]string{"match.domain": "shop.example", "name": "Shop", "try": "eva@shop.example"}, []string{`eva@shop.example: "Shop" takes mail`}},
		{"try in vain", map[string]string{"match.domain": "shop.example", "name": "Shop", "try": "facturen@acme.example"}, []string{`does not leave over this one. "Invoices" takes`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := wizard.Start(wizard.Transport(), newDesk().world(), map[string]string{"do": "add"})
			advance(t, r)
			for k, v := range c.set {
				r.Set(k, v)
			}
			var got []string
			for _, n := range r.Notes() {
				got = append(got, n.Text)
			}
			for _, s := range c.want {
				if !strings.Contains(strings.Join(got, "\n"), s) {
					t.Errorf("lacks %q: %q", s, got)
				}
			}
		})
	}
}

// Two at once: the second is told who changed what, and chooses.
func TestClash(t *testing.T) {
	for _, choice := range []string{"merge", "redo"} {
		t.Run(choice, func(t *testing.T) {
			d := newDesk()
			merged := false
			r := wizard.Start(wizard.Transport(), d.world(), map[string]string{"do": "edit", "of": "acme.example", "match.domain": "acme.example", "from": "piet@acme.example"})
			for range 3 {
				advance(t, r)
			}
			show := func() {
				if look := r.Look(); look != nil {
					r.Show(r.Step().ID, look(t.Context(), func(wizard.View) {}))
				}
			}
			show()
			d.fail = &wizard.Clash{Who: "eva on server1", When: noon, What: []string{"the sender is now eva@acme.example"}, Merge: func(context.Context) error { merged = true; return nil }}
			problems, err := r.Advance(t.Context(), nil)
			if err != nil || len(problems) != 1 {
				t.Fatal(problems, err)
			}
			var said strings.Builder
			if err := wizard.WriteView(&said, r.View(), nil); err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"eva on server1 changed this transport at 12:00:00", "the sender is now eva@acme.example"} {
				if !strings.Contains(strings.Join(strings.Fields(said.String()), " "), s) {
					t.Errorf("does not say %q:\n%s", s, said.String())
				}
			}
			r.Set("clash", choice)
			problems, err = r.Advance(t.Context(), nil)
			if err != nil || (choice == "merge") != (len(problems) == 0) || merged != (choice == "merge") {
				t.Fatal(problems, err, merged)
			}
			if choice == "redo" {
				advance(t, r)
				if d.find("acme.example").From != "piet@acme.example" {
					t.Error("the second try changes nothing")
				}
			}
			if !r.Done() {
				t.Error("it does not end")
			}
		})
	}
}
