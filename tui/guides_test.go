package tui

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	tea "charm.land/bubbletea/v2"
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/propagation"
	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/tui/tuitest"
	"github.com/charmbracelet/x/ansi"
)

// withGuides is the console with the guides as they are, over an invented DNS in
// which somebody publishes what is asked for between the first and the second
// time that is waited for.
func withGuides(t testing.TB) Options {
	t.Helper()
	const before = "v=spf1 mx include:spf.mailer.example include:old.mailer.example -all"
	z := dnstest.New(
		"acme.example SOA ns1.dns.example hostmaster.acme.example 1",
		"acme.example NS ns1.dns.example", "acme.example NS ns2.dns.example",
		"ns1.dns.example A 192.0.2.1", "ns2.dns.example A 192.0.2.2",
		"acme.example TXT "+before,
		"acme.example MX 10 mail.acme.example", "mail.acme.example A 198.51.100.25",
		"spf.mailer.example TXT v=spf1 a:a1.mailer.example ip4:203.0.113.0/24 -all", "a1.mailer.example A 203.0.113.1",
		"_spf.clockwise.info TXT v=spf1 ip4:31.134.206.128/28 -all",
	)
	data, err := os.ReadFile(filepath.Join("testdata", "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signer := private.(crypto.Signer)
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	key := transports.Key{Public: signer.Public(), Private: signer}
	list := []transports.Transport{
		{Name: "acme.example", Type: transports.ClockWise, Match: transports.Match{Domain: "acme.example"}},
		{Name: "Everyone else", Type: transports.NoReply},
	}
	var waited atomic.Int32
	o, shelf := options(), &tuitest.Shelf{}
	o.Wizards = func() []*guide.Wizard { return []*guide.Wizard{guide.SPF(), guide.DKIM(), guide.Transport()} }
	o.World = shelf.World()
	w := &o.World
	w.Service, w.Resolver, w.Fresh = transports.DefaultService(), z, z
	w.Examine = func(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report {
		e := checks.Examiner{Resolver: dns.NewOverlay(z, sets), Now: w.Now, Service: w.Service, DNSOnly: true}
		return e.Examine(ctx, t, emit)
	}
	w.Wait = func(_ context.Context, want checks.Wanted, emit func(propagation.Report)) propagation.Report {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if waited.Add(1) > 1 {
			z.Remove("acme.example TXT " + before)
			z.Add("acme.example TXT v=spf1 mx include:spf.mailer.example include:_spf.clockwise.info -all")
			z.Add("cw1._domainkey.acme.example TXT v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der))
			return tuitest.Waited(ctx, want, emit)
		}
		return tuitest.Wait(ctx, want, emit)
	}
	w.Transports = func() []transports.Transport { return list }
	w.Change = func(context.Context, ...transports.Change) error { return nil }
	w.NewKey = func(domain, selector, _ string) (transports.DKIM, error) {
		return transports.DKIM{Selector: selector, KeyFile: "/home/eva/keys/" + domain + "/" + selector + ".pem", Key: key}, nil
	}
	w.LoadKey = func(string) (transports.Key, error) { return key, nil }
	return o
}

// guideWalks are keys that go from step to step: after each, the screen is one
// of the guide.
var guideWalks = []struct {
	name  string
	steps [][]string
}{
	{"spf", [][]string{{"w", "enter"}, {"enter"}, {"enter"}, {"on"}, {"r"}, {"enter"}, {"on"}}},
	{"dkim", [][]string{{"w", "j", "enter"}, {"enter"}, {"on"}, {"on"}, {"r"}, {"enter"}, {"on"}}},
	{"transport", [][]string{{"w", "G", "enter"}, {"2"}, {"on"}, {"on"}, {"on"}, {"on"}}},
}

// on reads to the end of the step and goes on: its fields may lie below.
func on(a *App) {
	for range 9 {
		more := strings.Contains(screen(a), " read on")
		if press(a, "enter"); !more {
			return
		}
	}
}

func walkGuide(a *App, keys []string) {
	for _, k := range keys {
		if k == "on" {
			on(a)
		} else {
			press(a, k)
		}
	}
}

func TestGuideScreens(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
		for _, ascii := range []bool{true, false} {
			for _, w := range guideWalks {
				kind := map[bool]string{true: "ascii", false: "unicode"}[ascii]
				name := fmt.Sprintf("guide-%s-%dx%d-%s", w.name, size[0], size[1], kind)
				t.Run(name, func(t *testing.T) {
					o := withGuides(t)
					o.Settings.ASCII = ascii
					a := ready(t, o, size[0], size[1])
					var all strings.Builder
					for _, keys := range w.steps {
						walkGuide(a, keys)
						all.WriteString(screen(a) + "\n")
					}
					golden(t, filepath.Join("testdata", "screens", name+".txt"), all.String())
				})
			}
		}
	}
}

// Every step of every guide fits into every window.
func TestGuidesEverySize(t *testing.T) {
	t.Parallel()
	for _, w := range guideWalks {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			a := ready(t, withGuides(t), 80, 24)
			for i, keys := range w.steps {
				a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
				walkGuide(a, keys)
				for width := 20; width <= 220; width += 3 + width/30 {
					for height := 5; height <= 70; height += 2 + height/10 {
						a.Update(tea.WindowSizeMsg{Width: width, Height: height})
						v := a.View()
						lines := strings.Split(v.Content, "\n")
						if len(lines) > height {
							t.Fatalf("step %d at %dx%d: %d lines", i, width, height, len(lines))
						}
						for _, s := range lines {
							if ansi.StringWidth(s) > width {
								t.Fatalf("step %d at %dx%d: a line of %d columns: %q", i, width, height, ansi.StringWidth(s), s)
							}
						}
						if c := v.Cursor; c != nil && (c.X < 0 || c.Y < 0 || c.X >= width || c.Y >= height) {
							t.Fatalf("step %d at %dx%d: the cursor is at %d,%d", i, width, height, c.X, c.Y)
						}
					}
				}
			}
		})
	}
}
