package debian

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

// The site whose two servers are not alike, and where it is.
const (
	apartSite = "open"
	apart     = "open.example"
)

// state is what one of the servers of the site has of it.
type state struct {
	edit  func(z *nameserver.Zone) // what stands otherwise there
	rcode int                      // it does not serve the zone
	dead  bool                     // nothing listens
}

// serialPlus is a zone that was changed so many times more.
func serialPlus(z *nameserver.Zone, n uint32) {
	z.SOAWith(apart, "ns1.dns.example", "hostmaster.dns.example", serial+n, time.Hour, 5*time.Minute)
}

// replaced is a zone with another TXT record at a name.
func replaced(name, text string) func(z *nameserver.Zone) {
	return func(z *nameserver.Zone) {
		serialPlus(z, 1)
		z.Remove(name, dns.TypeTXT)
		if text != "" {
			z.Text(name, text)
		}
	}
}

// newer is a zone with a higher serial number only.
func newer(z *nameserver.Zone) { serialPlus(z, 1) }

// serveApart serves the world by BIND and NSD, or twice by our own server, with
// the site's zone in the states of the two. Resolvers only ask the first that
// serves it.
func serveApart(t *testing.T, all []site, states [2]state, theirs bool) network {
	t.Helper()
	n := serveOurs(t, all)
	plain := newWorld(t, all)
	for i, s := range states {
		z := newWorld(t, all)
		if s.edit != nil {
			s.edit(z)
		}
		files, _ := filesOf(z).split()
		switch {
		case s.dead:
			n.servers[i] = freePort(t)
			continue
		case s.rcode != 0:
			z.Behave(apart, nameserver.Behaviour{Below: true, Rcode: s.rcode})
			delete(files, apart)
			if s.rcode == nameserver.ServFail {
				files[apart] = ""
			}
		}
		switch {
		case !theirs:
			n.servers[i] = serve(t, z, nameserver.Behaviour{})
		case i == 0:
			n.servers[i] = startNamed(t, files)
		default:
			n.servers[i] = startNSD(t, files)
		}
	}
	first := 0
	if states[0].dead || states[0].rcode != 0 {
		first = 1
	}
	if !theirs {
		resolver := newWorld(t, all)
		if edit := states[first].edit; edit != nil {
			edit(resolver)
		}
		n.resolver = serve(t, resolver, nameserver.Behaviour{NoAA: true})
		return n
	}
	_, parents := filesOf(plain).split()
	n.parent = startNamed(t, parents)
	stubs := n.stubs(filesOf(plain).apexes())
	stubs[apart] = []netip.AddrPort{n.servers[first]}
	n.resolver = startUnboundBefore(t, stubs, "", "server:", "\tmodule-config: \"iterator\"")
	return n
}

// TestServersApart holds what is said where the servers of a zone do not say
// the same, or do not all serve it; that it is the same as of our own server.
func TestServersApart(t *testing.T) {
	needWorld(t)
	all := some(apartSite)
	target := siteOf(t, apartSite).target()
	key, policy := "cw1._domainkey."+apart, "_dmarc."+apart
	for _, tt := range []struct {
		name     string
		states   [2]state // of BIND and of NSD
		want     []string // what is open, beside notes
		silenced map[string]string
		saw      []string // parts of what the first has seen
	}{
		{"alike", [2]state{}, nil, nil, nil},
		{"NSD is newer", [2]state{1: {edit: newer}}, []string{"dns.serial-differs"}, nil, []string{fmt.Sprint(serial, " at ns1.dns.example"), fmt.Sprint(serial+1, " at ns2.dns.example")}},
		{"BIND is newer", [2]state{0: {edit: newer}}, []string{"dns.serial-differs"}, nil, []string{fmt.Sprint(serial+1, " at ns1.dns.example")}},
		{
			"SPF",
			[2]state{1: {edit: replaced(apart, "v=spf1 -all")}},
			[]string{"spf.servers-disagree"},
			map[string]string{"dns.serial-differs": "spf.servers-disagree"},
			nil,
		},
		{
			"SPF is missing at NSD",
			[2]state{1: {edit: replaced(apart, "")}},
			[]string{"spf.servers-disagree"},
			map[string]string{"dns.serial-differs": "spf.servers-disagree"},
			nil,
		},
		{
			"DKIM",
			[2]state{1: {edit: replaced(key, "v=DKIM1; p=")}},
			[]string{"dkim.servers-disagree"},
			map[string]string{"dns.serial-differs": "dkim.servers-disagree"},
			nil,
		},
		{
			"DMARC",
			[2]state{1: {edit: replaced(policy, "v=DMARC1; p=none; rua=mailto:dmarc@"+apart)}},
			[]string{"dmarc.servers-disagree"},
			map[string]string{"dns.serial-differs": "dmarc.servers-disagree"},
			nil,
		},
		{"BIND does not serve it", [2]state{0: {rcode: nameserver.Refused}}, []string{"dns.server-lame"}, nil, []string{"ns1.dns.example", "REFUSED"}},
		{"NSD does not serve it", [2]state{1: {rcode: nameserver.Refused}}, []string{"dns.server-lame"}, nil, []string{"ns2.dns.example", "REFUSED"}},
		{"BIND cannot load it", [2]state{0: {rcode: nameserver.ServFail}}, []string{"dns.server-lame"}, nil, []string{"ns1.dns.example", "SERVFAIL"}},
		{"NSD cannot load it", [2]state{1: {rcode: nameserver.ServFail}}, []string{"dns.server-lame"}, nil, []string{"ns2.dns.example", "SERVFAIL"}},
		{"BIND is dead", [2]state{0: {dead: true}}, []string{"dns.server-unreachable"}, nil, []string{"ns1.dns.example"}},
		{"NSD is dead", [2]state{1: {dead: true}}, []string{"dns.server-unreachable"}, nil, []string{"ns2.dns.example"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			theirs := serveApart(t, all, tt.states, true).examiner(t).Examine(t.Context(), target, nil)
			ours := serveApart(t, all, tt.states, false).examiner(t).Examine(t.Context(), target, nil)
			for _, r := range []checks.Report{ours, theirs} {
				holdOpen(t, r, tt.want...)
				for _, part := range tt.saw {
					if saw := open(r)[0].Saw(); !strings.Contains(saw, part) {
						t.Errorf("saw %q, want %q in it", saw, part)
					}
				}
				if got := silencedIn(r, tt.silenced); !maps.Equal(got, tt.silenced) {
					t.Errorf("silenced: %v, want %v: %s", got, tt.silenced, saidOf(r))
				}
			}
			holdFindings(t, tt.name, saidOf(theirs), saidOf(ours))
		})
	}
}

// silencedIn tells what silences the findings that are wanted to be.
func silencedIn(r checks.Report, want map[string]string) map[string]string {
	out := map[string]string{}
	for _, f := range r.Findings {
		if _, ok := want[f.Code()]; ok {
			out[f.Code()] = f.SilencedBy
		}
	}
	return out
}

// TestDelegationApart holds that a parent that names other servers than the
// zone does is seen in the referrals of BIND and of NSD.
func TestDelegationApart(t *testing.T) {
	needWorld(t)
	all := some(apartSite)
	files := filesOf(newWorld(t, all))
	customers, parents := files.split()
	var kept []string
	for line := range strings.Lines(parents["example"]) {
		if !strings.HasPrefix(line, apart+". ") || !strings.Contains(line, fmt.Sprintf("%x", "ns2")) {
			kept = append(kept, line)
		}
	}
	parents["example"] = strings.Join(kept, "")
	n := network{servers: [2]netip.AddrPort{startNamed(t, customers), startNSD(t, customers)}}
	for name, start := range map[string]func(*testing.T, zones) netip.AddrPort{"BIND": startNamed, "NSD": startNSD} {
		t.Run(name, func(t *testing.T) {
			n := n
			n.parent = start(t, parents)
			n.resolver = startUnboundBefore(t, n.stubs(files.apexes()), "", "server:", "\tmodule-config: \"iterator\"")
			r := n.examiner(t).Examine(t.Context(), siteOf(t, apartSite).target(), nil)
			holdOpen(t, r, "dns.delegation-differs")
			if saw := open(r)[0].Saw(); !strings.Contains(saw, "ns1.dns.example, ns2.dns.example") {
				t.Error(saw)
			}
		})
	}
}
