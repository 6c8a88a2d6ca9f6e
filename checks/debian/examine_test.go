package debian

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/lab"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/config"
)

// silent is the customer of the lab whose name servers are dead.
const silent = "harbour.example"

// startLab starts the lab, with what other name servers need to serve its
// zones: a root, and a place for the customer whose zone cannot be loaded.
func startLab(t *testing.T) *lab.World {
	t.Helper()
	w, err := lab.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for _, apex := range []string{"", silent} {
		w.Zone.SOA(apex, 0)
		w.Zone.NS(apex, "ns1.dns.example", "ns2.dns.example")
	}
	return w
}

// labFiles are the lab's zones; the one of the dead servers cannot be loaded.
func labFiles(w *lab.World) zones {
	z := filesOf(w.Zone)
	z[silent] = ""
	return z
}

// examine examines all transports of the lab. Questions go to resolver, those
// to the zones' own servers to authority.
func examine(t *testing.T, w *lab.World, resolver, authority netip.AddrPort, public ...netip.AddrPort) map[string]checks.Report {
	t.Helper()
	file, err := config.Parse("", w.Config)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		switch {
		case address == resolver.String(), slices.ContainsFunc(public, func(p netip.AddrPort) bool { return p.String() == address }):
		case address == "192.0.2.53:53", address == "192.0.2.54:53":
			address = authority.String()
		default:
			return w.Dial(ctx, network, address)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{resolver}, Dial: dial})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	e := checks.Examiner{
		Resolver: cache, Asker: cache, Own: []netip.AddrPort{resolver}, Public: public, Now: time.Now,
		Probe:   relay.Options{Dial: dial, Now: time.Now, Roots: w.Roots},
		Service: file.Service, All: file.Transports,
	}
	out := map[string]checks.Report{}
	for i := range file.Transports {
		r := e.Examine(t.Context(), checks.Target{Transport: &file.Transports[i]}, nil)
		out[r.Target] = r
	}
	return out
}

// said is what a finding tells, apart from its evidence.
type said struct {
	Code, Object, Title, Effect, Action, SilencedBy string
	Severity                                        finding.Severity
	Owner                                           finding.Owner
	Fix                                             *finding.Fix
}

func saidOf(r checks.Report) []said {
	var out []said
	for _, f := range r.Findings {
		out = append(out, said{f.Code(), f.Object, f.Title(), f.Effect(), f.Action(), f.SilencedBy, f.Severity(), f.Who(), f.Fix})
	}
	slices.SortFunc(out, func(a, b said) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Title, b.Title))
	})
	return out
}

// holdSame holds that two examinations of the lab say the same.
func holdSame(t *testing.T, got, want map[string]checks.Report) {
	t.Helper()
	if len(got) != len(want) || len(got) < 10 {
		t.Fatalf("%d reports, %d of our own server", len(got), len(want))
	}
	for name, w := range want {
		g := got[name]
		if g.Verdict != w.Verdict {
			t.Errorf("%s: verdict %s, want %s", name, g.Verdict, w.Verdict)
		}
		if !reflect.DeepEqual(g.Paths, w.Paths) {
			t.Errorf("%s: paths %+v\nwant %+v", name, g.Paths, w.Paths)
		}
		holdFindings(t, name, saidOf(g), saidOf(w))
	}
}

func holdFindings(t *testing.T, name string, got, want []said) {
	t.Helper()
	for _, f := range got {
		if !slices.ContainsFunc(want, func(o said) bool { return reflect.DeepEqual(f, o) }) {
			t.Errorf("%s: says %s", name, f)
		}
	}
	for _, f := range want {
		if !slices.ContainsFunc(got, func(o said) bool { return reflect.DeepEqual(f, o) }) {
			t.Errorf("%s: does not say %s", name, f)
		}
	}
}

func (s said) String() string {
	fix := "no fix"
	if s.Fix != nil {
		fix = fmt.Sprintf("%+v", *s.Fix)
	}
	return fmt.Sprintf("%s %s %q by %q: %s / %s / %s (%s)", s.Code, s.Severity, s.Object, s.SilencedBy, s.Title, s.Effect, s.Action, fix)
}

// TestNamedExamination holds that the examination of the lab's customers says
// the same where BIND serves their zones.
func TestNamedExamination(t *testing.T) {
	need(t, "named")
	w := startLab(t)
	named := startNamed(t, labFiles(w))
	want := examine(t, w, w.Resolver, w.Authority)
	holdSame(t, examine(t, w, named, named), want)
}
