package wizard_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
)

const keyName = "cw1._domainkey.acme.example"

// pairs are made once: large primes take their time.
var pairs = map[string]func() crypto.Signer{
	"rsa2048": sync.OnceValue(func() crypto.Signer { return newRSA(2048) }),
	"rsa4096": sync.OnceValue(func() crypto.Signer { return newRSA(2048) }), // its length is not looked at here
	"other":   sync.OnceValue(func() crypto.Signer { return newRSA(2048) }),
	"old":     sync.OnceValue(func() crypto.Signer { return newRSA(2048) }),
	"ed25519": sync.OnceValue(func() crypto.Signer {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	}),
}

func newRSA(bits int) crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// firm is a customer with a configuration, a folder of keys and a domain with
// two name servers, all of which tests change.
type firm struct {
	t      *testing.T
	zone   *nameserver.Zone // of both name servers
	list   []transports.Transport
	saved  map[string][]byte
	folder string
	keys   int // made
	now    time.Time

	examiner *checks.Examiner

	change func([]transports.Change) error // in place of ours; nil: ours
	wizard.World
}

func newFirm(t *testing.T, list ...transports.Transport) *firm {
	t.Helper()
	f := &firm{t: t, list: list, saved: map[string][]byte{}, folder: t.TempDir(), now: time.Now()}
	z := nameserver.NewZone()
	z.SOA("acme.example", time.Second)
	z.NS("acme.example", "ns1.acme.example", "ns2.acme.example")
	z.A("ns1.acme.example", "192.0.2.1")
	z.A("ns2.acme.example", "192.0.2.2")
	z.MX("acme.example", 10, "mail.acme.example")
	z.A("mail.acme.example", "198.51.100.25")
	z.TXT("acme.example", "v=spf1 include:_spf.clockwise.info -all")
	z.SOA("example", time.Second)
	z.SOA("clockwise.info", time.Minute)
	z.TXT("_spf.clockwise.info", "v=spf1 ip4:31.134.206.128/28 -all")
	f.zone = z
	where := map[string]string{}
	for _, address := range []string{"198.51.100.53:53", "192.0.2.1:53", "192.0.2.2:53"} {
		s, err := nameserver.Serve(z, nameserver.Options{Behaviour: nameserver.Behaviour{NoAA: address == "198.51.100.53:53"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		where[address] = s.Addr.String()
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		to, ok := where[address]
		if !ok {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ENETUNREACH}
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}
	own := []netip.AddrPort{netip.MustParseAddrPort("198.51.100.53:53")}
	c := dns.NewClient(dns.Config{Servers: own, Dial: dial, Attempts: 3, Timeout: 5 * time.Second})
	t.Cleanup(c.Close)
	e := &checks.Examiner{Resolver: c, Asker: c, Own: own, Now: f.clock, Service: transports.DefaultService(), DNSOnly: true}
	f.examiner = e
	f.World = wizard.World{
		Now: f.clock, Service: transports.DefaultService(), Resolver: c, Fresh: c,
		Examine: func(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report {
			over := *e
			overlay := dns.NewOverlay(c, sets)
			over.Resolver, over.Asker = overlay, overlay
			return over.Examine(ctx, t, emit)
		},
		Wait: func(ctx context.Context, w checks.Wanted, emit func(propagation.Report)) propagation.Report {
			return e.Wait(ctx, w, checks.WaitOptions{Once: true}, func(r propagation.Report, _ bool) { emit(r) })
		},
		Transports: func() []transports.Transport { return f.list },
		Change:     f.changed,
		NewKey:     f.newKey,
		LoadKey:    f.loadKey,
		Keep: func(name string, data []byte) error {
			if f.saved[name] = data; data == nil {
				delete(f.saved, name)
			}
			return nil
		},
	}
	return f
}

func (f *firm) clock() time.Time { return f.now }

func (f *firm) changed(_ context.Context, changes ...transports.Change) error {
	if f.change != nil {
		return f.change(changes)
	}
	for _, c := range changes {
		f.list = c.Apply(f.list)
	}
	return nil
}

func (f *firm) newKey(domain, selector, kind string) (transports.DKIM, error) {
	path := filepath.Join(f.folder, domain, selector+".pem")
	d := transports.DKIM{Selector: selector, KeyFile: path}
	if _, err := os.Stat(path); err == nil {
		return d, fmt.Errorf("%s %w", path, fs.ErrExist)
	}
	f.keys++
	f.store(path, kind)
	d.Key, _ = f.loadKey(path)
	return d, nil
}

func (f *firm) store(path, kind string) {
	f.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pairs[kind]())
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *firm) loadKey(path string) (transports.Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return transports.Key{Problem: transports.KeyMissing, Detail: path + " does not exist"}, nil
	}
	block, _ := pem.Decode(data)
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return transports.Key{Problem: transports.KeyMalformed, Detail: "broken"}, nil
	}
	s := k.(crypto.Signer)
	return transports.Key{Public: s.Public(), Private: s}, nil
}

// value is the record of a pair.
func value(kind string) string {
	return dkim.RecordFor("cw1", "acme.example", pairs[kind]().Public()).Value
}

// publish adds a record as somebody typed it.
func (f *firm) publish(name string, typ dns.Type, value string) {
	f.t.Helper()
	if err := f.zone.AddValue(name, typ, time.Hour, value); err != nil {
		f.t.Fatal(err)
	}
}

// walker goes through a run in the way of a face: it looks, fills in, goes on.
type walker struct {
	*wizard.Run
	f *firm
}

func (f *firm) start(preset map[string]string) *walker {
	return &walker{wizard.Start(wizard.DKIM(), f.World, preset), f}
}

// look is the view of the present step, safe of secrets.
func (w *walker) look() wizard.View {
	w.f.t.Helper()
	if l := w.Look(); l != nil {
		w.Show(w.Step().ID, l(w.f.t.Context(), func(v wizard.View) { w.f.clean(v) }))
	}
	w.f.clean(w.View())
	return w.View()
}

// next answers and goes on, and wants no problem.
func (w *walker) next(answers map[string]string) wizard.View {
	w.f.t.Helper()
	v, problems := w.try(answers)
	if len(problems) > 0 {
		w.f.t.Fatalf("at %s: %v", w.Step().ID, problems)
	}
	return v
}

func (w *walker) try(answers map[string]string) (wizard.View, []wizard.Problem) {
	w.f.t.Helper()
	w.look()
	return w.again(answers)
}

// again goes on from what the step shows already.
func (w *walker) again(answers map[string]string) (wizard.View, []wizard.Problem) {
	w.f.t.Helper()
	for k, v := range answers {
		w.Set(k, v)
	}
	for _, n := range w.Notes() {
		w.f.clean(wizard.View{Said: n.Text})
	}
	at := w.Step().ID
	problems, err := w.Advance(w.f.t.Context(), func(v wizard.View) { w.f.clean(v) })
	if err != nil {
		w.f.t.Fatal(err)
	}
	for _, p := range problems {
		w.f.clean(wizard.View{Said: p.Text})
	}
	for name, data := range w.f.saved {
		w.f.clean(wizard.View{Said: name + string(data)})
	}
	if at == w.Step().ID {
		return w.View(), problems
	}
	return wizard.View{}, problems
}

// resumed is the run as another program finds it.
func (w *walker) resumed() *walker {
	w.f.t.Helper()
	for _, data := range w.f.saved {
		s, err := wizard.ReadSaved(data)
		if err != nil {
			w.f.t.Fatal(err)
		}
		return &walker{wizard.Resume(wizard.DKIM(), w.f.World, s), w.f}
	}
	w.f.t.Fatal("nothing is stored")
	return nil
}

// clean holds that a view has nothing of a private key.
func (f *firm) clean(v wizard.View) {
	f.t.Helper()
	text := told(v)
	for kind := range pairs {
		if kind == "rsa4096" {
			continue // made only where it is used
		}
		private := f.private(kind)
		if strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, private[len(private)-60:len(private)-10]) {
			f.t.Errorf("the private key %s is shown: %.300s", kind, text)
		}
	}
}

// private is the private half of a pair, as it stands in its file.
func (f *firm) private(kind string) string {
	f.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pairs[kind]())
	if err != nil {
		f.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// told is all that a view says.
func told(v wizard.View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", v.Said, v.Blocked, v.Enter)
	if err := wizard.WriteView(&b, v, nil); err != nil {
		return err.Error()
	}
	for _, x := range v.Blocks {
		if s, ok := x.(wizard.Servers); ok {
			fmt.Fprintf(&b, "%+v", s)
		}
	}
	return b.String()
}

func says(t *testing.T, v wizard.View, all ...string) {
	t.Helper()
	text := strings.Join(strings.Fields(told(v)), " ")
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in: %s", want, text)
		}
	}
}

func clockwise() transports.Transport {
	return transports.Transport{Name: "Acme", Type: transports.ClockWise, Match: transports.Match{Domain: "acme.example"}, From: "jan@acme.example"}
}

func TestDKIM(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.start(nil)
	if w.Answer("domain") != "acme.example" {
		t.Errorf("proposes %q", w.Answer("domain"))
	}
	w.next(map[string]string{"domain": " Jan@ACME.example. "})
	if v := w.look(); w.Answer("selector") != "cw1" || w.Answer("type") != "rsa2048" {
		t.Errorf("proposes %q of %q: %s", w.Answer("selector"), w.Answer("type"), told(v))
	}
	w.next(nil)
	v := w.look()
	says(t, v, keyName, value("rsa2048"), "255", "Before the zone: cw1._domainkey", "Tried before you type it", "I added it")
	if cards := v.Cards(); len(cards) != 1 || cards[0].Record.Value != value("rsa2048") || cards[0].Record.Zone != "acme.example" || cards[0].Panel.Host.Text != "cw1._domainkey" {
		t.Errorf("cards: %+v", cards)
	}
	w.next(nil)
	v, problems := w.try(nil)
	if len(problems) != 1 || w.Step().ID != "wait" {
		t.Fatalf("goes on without a record: %v", problems)
	}
	says(t, v, "Not there yet, at ns1.acme.example, ns2.acme.example", "0 of 2 name servers")
	f.publish(keyName, dns.TypeTXT, value("rsa2048"))
	v = w.look()
	says(t, v, "Published:", "octet by octet")
	w.next(nil)
	v = w.look()
	says(t, v, "signing is changed (now: off; then: on)", "selector is added", "key file is added", "cw1.pem")
	if f.list[0].DKIM.Enabled {
		t.Error("signs before the proof")
	}
	v = w.next(nil)
	says(t, v, "Proven and switched on: Acme signs with selector cw1.", "The final check finds nothing wrong with DKIM.")
	if d := f.list[0].DKIM; !w.Done() || !d.Enabled || d.Selector != "cw1" || d.KeyFile != filepath.Join(f.folder, "acme.example", "cw1.pem") || f.keys != 1 || len(f.saved) != 0 {
		t.Errorf("done %v, %+v, %d keys, stored %d", w.Done(), d, f.keys, len(f.saved))
	}
	if w.Subject() != "acme.example" {
		t.Errorf("about %q", w.Subject())
	}
}

// A run that is left at any step goes on there in another program.
func TestDKIMResume(t *testing.T) {
	f := newFirm(t, clockwise())
	w := f.start(map[string]string{"domain": "Acme.Example"})
	var steps []string
	for !w.Done() {
		steps = append(steps, w.Step().ID)
		if w.Step().ID == "wait" {
			f.publish(keyName, dns.TypeTXT, value("rsa2048"))
		}
		w.next(nil)
		if !w.Done() {
			w = w.resumed()
		}
	}
	if !slices.Equal(steps, []string{"domain", "key", "publish", "wait", "prove"}) || f.keys != 1 || !f.list[0].DKIM.Enabled {
		t.Errorf("%v, %d keys", steps, f.keys)
	}
}
