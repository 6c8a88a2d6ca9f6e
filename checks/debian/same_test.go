package debian

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/transports"
)

// network is whom an examination asks: a resolver, and the servers of the zones
// at the addresses that the world gives them.
type network struct {
	resolver netip.AddrPort
	parent   netip.AddrPort    // 192.0.2.51
	servers  [2]netip.AddrPort // 192.0.2.53 and .54
}

// dial reaches the network's servers and nothing else.
func (n network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, ok := map[string]netip.AddrPort{
		n.resolver.String(): n.resolver, "192.0.2.51:53": n.parent, "192.0.2.53:53": n.servers[0], "192.0.2.54:53": n.servers[1],
	}[address]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("the world has no %s", address)}
	}
	return new(net.Dialer).DialContext(ctx, network, to.String())
}

// stubs are the servers of each zone, for a resolver.
func (n network) stubs(apexes []string) map[string][]netip.AddrPort {
	out := map[string][]netip.AddrPort{}
	for _, apex := range apexes {
		out[apex] = n.servers[:]
		if (site{name: apex}).parent() {
			out[apex] = []netip.AddrPort{n.parent}
		}
	}
	return out
}

// examiner looks at the network as the program does.
func (n network) examiner(t *testing.T) *checks.Examiner {
	t.Helper()
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{n.resolver}, Dial: n.dial})
	t.Cleanup(client.Close)
	cache := dns.NewCache(client)
	return &checks.Examiner{
		Resolver: cache, Asker: cache, Own: []netip.AddrPort{n.resolver}, Now: time.Now,
		Service: transports.DefaultService(), Thorough: true,
	}
}

// serveOurs serves the world by our own servers: one as a resolver that says
// what was validated, one for the zones and one for those above them.
func serveOurs(t *testing.T, all []site) network {
	t.Helper()
	resolver, parent := newWorld(t, all), newWorld(t, all)
	for _, s := range all {
		if s.signing == unsigned {
			resolver.Behave(s.apex(), nameserver.Behaviour{Below: true, NoAA: true})
		}
		if !s.parent() {
			parent.Behave(s.apex(), nameserver.Behaviour{Below: true, ReferTo: s.servers()})
		}
	}
	zones := serve(t, newWorld(t, all), nameserver.Behaviour{})
	return network{
		serve(t, resolver, nameserver.Behaviour{NoAA: true, AD: true, SignedTill: time.Now().Add(month)}),
		serve(t, parent, nameserver.Behaviour{}),
		[2]netip.AddrPort{zones, zones},
	}
}

// serve serves a zone by our own server.
func serve(t *testing.T, z *nameserver.Zone, b nameserver.Behaviour) netip.AddrPort {
	t.Helper()
	s, err := nameserver.Serve(z, nameserver.Options{Behaviour: b})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Addr
}

// split parts the zones of customers from those above them.
func (z zones) split() (customers, parents zones) {
	customers, parents = zones{}, zones{}
	for apex, file := range z {
		if (site{name: apex}).parent() {
			parents[apex] = file
		} else {
			customers[apex] = file
		}
	}
	return customers, parents
}

// needWorld skips the test unless all programs are there that serve the world.
func needWorld(t *testing.T) {
	t.Helper()
	need(t, "named", "nsd", "unbound", "dnssec-keygen", "dnssec-signzone")
}

// startTheirs serves sites by BIND and NSD, each as one of their two servers,
// behind a validating unbound. Options go to its configuration.
func startTheirs(t *testing.T, all []site, treated map[string]treatment, options ...string) network {
	t.Helper()
	needWorld(t)
	files, anchor := signedFiles(t, all, treated)
	customers, parents := files.split()
	n := network{parent: startNamed(t, parents), servers: [2]netip.AddrPort{startNamed(t, customers), startNSD(t, customers)}}
	n.resolver = startUnboundBefore(t, n.stubs(files.apexes()), anchor, options...)
	return n
}

// TestWorld holds that the examination says the same of each site, whether BIND
// and NSD serve the signed zones behind a validating unbound or our own server
// does.
func TestWorld(t *testing.T) {
	needWorld(t)
	all := slices.Concat(above, sites)
	files, anchor := signedFiles(t, all, nil)
	customers, parents := files.split()
	bind, nsd := startNamed(t, customers), startNSD(t, customers)
	ours := serveOurs(t, all).examiner(t)
	reports := map[string]checks.Report{}
	for _, s := range sites {
		reports[s.name] = ours.Examine(t.Context(), s.target(), nil)
	}
	for _, c := range []struct {
		name string
		network
	}{
		{"BIND", network{parent: startNamed(t, parents), servers: [2]netip.AddrPort{bind, bind}}},
		{"NSD", network{parent: startNSD(t, parents), servers: [2]netip.AddrPort{nsd, nsd}}},
		{"both", network{parent: startNSD(t, parents), servers: [2]netip.AddrPort{bind, nsd}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.resolver = startUnboundBefore(t, c.stubs(files.apexes()), anchor)
			e := c.examiner(t)
			for _, s := range sites {
				t.Run(s.name, func(t *testing.T) { holdReport(t, s, e.Examine(t.Context(), s.target(), nil), reports[s.name]) })
			}
		})
	}
}

// holdReport holds that two reports say the same and rest on the same.
func holdReport(t *testing.T, s site, got, want checks.Report) {
	t.Helper()
	if s.want != "" && !opens(want, s.want) || s.want == "" && want.Verdict != checks.VerdictNote && want.Verdict != checks.VerdictOK {
		t.Errorf("our own server does not lead to %q: %s", s.want, saidOf(want))
	}
	if got.Verdict != want.Verdict {
		t.Errorf("verdict %s, want %s", got.Verdict, want.Verdict)
	}
	if !reflect.DeepEqual(got.Paths, want.Paths) || len(got.Paths) == 0 {
		t.Errorf("paths %+v\nwant %+v", got.Paths, want.Paths)
	}
	holdFindings(t, s.String(), saidOf(got), saidOf(want))
	if g, w := factsOf(t, got), factsOf(t, want); g != w {
		t.Errorf("facts %s\nwant %s", g, w)
	}
	holdAnswers(t, s, got, want)
}

func opens(r checks.Report, code string) bool {
	for _, f := range r.Open() {
		if f.Code() == code {
			return true
		}
	}
	return false
}

// factsOf are the facts of a report that are told, and what is known of the
// zone.
func factsOf(t *testing.T, r checks.Report) string {
	t.Helper()
	out, err := json.Marshal(r.Facts)
	if err != nil {
		t.Fatal(err)
	}
	z := r.Facts.Zone
	return fmt.Sprintf("%s zone %s %v %v %v; SPF %+v; DMARC %+v", out, z.Apex, z.Servers, z.DomainExists, z.RegisteredExists,
		r.Facts.SPF.Outcomes, r.Facts.DMARC.Record)
}

// asked is a question and who was asked.
type asked struct {
	q                  dns.Question
	server             string // of a direct question
	direct, public, cd bool
	signed             bool
}

// answersOf are the answers of a report, without what differs between two runs.
// That of a name below invalid is left out: unbound makes it up itself.
func answersOf(r checks.Report) map[asked]dns.Answer {
	out := map[asked]dns.Answer{}
	for _, a := range r.Answers {
		if dns.Within(a.Question.Name, "invalid") {
			continue
		}
		k := asked{a.Question, a.Server, a.Direct, a.Public, a.CD, a.DO}
		if !a.Direct {
			k.server = ""
		}
		if a = compared(a); !a.Expires.IsZero() {
			a.Signed, a.Expires = time.Unix(0, 0), time.Unix(1, 0)
		}
		a.Cached = false
		if !a.Direct {
			a.TTL = 0 // less, where a resolver remembers it
			for i := range a.Records {
				a.Records[i].TTL = 0
			}
		}
		out[k] = a
	}
	return out
}

// holdAnswers holds that the same was asked, and the same came back. CNAMEs in a
// circle are the exception: a resolver says no more than that it failed, and is
// asked further.
func holdAnswers(t *testing.T, s site, got, want checks.Report) {
	t.Helper()
	if s.want == "dkim.cname-loop" {
		return
	}
	g, w := answersOf(got), answersOf(want)
	for k, a := range g {
		o, ok := w[k]
		if !ok {
			t.Errorf("asks %+v", k)
		} else if !reflect.DeepEqual(a, o) && !leftToAsker(a, o) && !failsAlias(a, o) {
			t.Errorf("%+v: %s", k, differing(a, o))
		}
	}
	for k := range w {
		if _, ok := g[k]; !ok {
			t.Errorf("does not ask %+v", k)
		}
	}
}

// leftToAsker holds for an answer of BIND, which does not follow a CNAME from
// one of its zones into another one.
func leftToAsker(got, want dns.Answer) bool {
	return got.Direct && len(want.Chain) > 0 && slices.Equal(got.Chain, want.Chain) && fmt.Sprint(got.Err) == dns.KindElsewhere.String()
}

// failsAlias holds for an answer of unbound to a question for a CNAME whose
// target does not exist in another zone of the same server. NSD says both in one
// answer, of which unbound takes, depending on what it was asked just before,
// that of the target for that of the question.
func failsAlias(got, want dns.Answer) bool {
	return got.Question.Type == dns.TypeCNAME && want.Status == dns.Found && fmt.Sprint(got.Err) == dns.KindServFail.String()
}

// differing are the fields in which two answers differ.
func differing(got, want dns.Answer) string {
	var out []string
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if x, y := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(x, y) {
			out = append(out, fmt.Sprintf("%s %+v, want %+v", g.Type().Field(i).Name, x, y))
		}
	}
	return strings.Join(out, "; ")
}
