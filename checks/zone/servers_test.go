package zone

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func found(name string, t dns.Type, records ...dns.Record) dns.Answer {
	a := dns.Answer{Question: dns.Ask(name, t), Status: dns.Found, Records: records, AA: true, Server: "192.0.2.1:53", At: at, Rcode: "NOERROR"}
	if len(records) > 0 {
		a.TTL = records[0].TTL
	}
	return a
}

func failed(name string, t dns.Type, kind dns.Kind) dns.Answer {
	return dns.Answer{Question: dns.Ask(name, t), Direct: true, Server: "192.0.2.2:53", At: at, Err: &dns.Error{Kind: kind, Server: "192.0.2.2:53"}}
}

func soaOf(serial uint32, ttl, minimum time.Duration) dns.Answer {
	a := found("acme.example", dns.TypeSOA, dns.Record{TTL: ttl, SOA: &dns.SOA{Serial: serial, Minimum: minimum}})
	a.Direct = true
	return a
}

// sound is a zone of two servers that agree with each other and the parent.
func sound() Result {
	ns := found("acme.example", dns.TypeNS, dns.Record{Host: "ns1.acme.example"}, dns.Record{Host: "ns2.acme.example"})
	parent := failed("acme.example", dns.TypeNS, dns.KindLame)
	parent.Delegation = []string{"ns2.acme.example", "ns1.acme.example"}
	second := soaOf(7, time.Hour, time.Hour)
	second.Server = "192.0.2.2:53"
	return Result{
		Domain: "acme.example", Registered: "acme.example", Apex: "acme.example", DomainExists: Exists, RegisteredExists: Exists,
		Servers: []Server{
			{"ns1.acme.example", []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, {"ns2.acme.example", []netip.Addr{netip.MustParseAddr("192.0.2.2")}},
		},
		Answers: []dns.Answer{ns},
		Source:  Source{Parent: parent, SOA: []dns.Answer{soaOf(7, time.Hour, time.Hour), second}},
	}
}

// TestServers holds what is said when one thing of a sound zone is broken.
func TestServers(t *testing.T) {
	week := 7 * 24 * time.Hour
	signed := func(whole, left time.Duration) func(*Result) {
		return func(r *Result) {
			a := found("acme.example", dns.TypeTXT)
			a.AD, a.DO, a.Signed, a.Expires = true, true, at.Add(left-whole), at.Add(left)
			r.Signed = &a
		}
	}
	for _, tc := range []struct {
		name   string
		breaks func(*Result)
		want   string
	}{
		{"sound", func(*Result) {}, ""},
		{"the parent was not heard", func(r *Result) { r.Source.Parent = failed("acme.example", dns.TypeNS, dns.KindTimeout) }, ""},
		{"nobody was asked", func(r *Result) { r.Source = Source{} }, ""},
		{"parked", func(r *Result) {
			r.Source.Parent.Delegation = []string{"ns1.pendingrenewaldeletion.com", "ns2.pendingrenewaldeletion.com"}
			r.Source.NS = found("acme.example", dns.TypeNS, dns.Record{Host: "ns1.pendingrenewaldeletion.com"}, dns.Record{Host: "ns2.pendingrenewaldeletion.com"})
		}, "dns.domain-expired"},
		{"the parent names another", func(r *Result) { r.Source.Parent.Delegation[0] = "ns3.acme.example" }, "dns.delegation-differs"},
		{"one server", func(r *Result) {
			r.Source.Parent.Delegation = []string{"ns1.acme.example"}
			r.Source.NS = found("acme.example", dns.TypeNS, dns.Record{Host: "ns1.acme.example"})
		}, "dns.single-name-server"},
		{"without authority", func(r *Result) { r.Source.SOA[1].AA = false }, "dns.server-lame"},
		{"refused", func(r *Result) { r.Source.SOA[1] = failed("acme.example", dns.TypeSOA, dns.KindRefused) }, "dns.server-lame"},
		{"silent", func(r *Result) { r.Source.SOA[1] = failed("acme.example", dns.TypeSOA, dns.KindTimeout) }, "dns.server-unreachable"},
		{"given up", func(r *Result) { r.Source.SOA[1] = failed("acme.example", dns.TypeSOA, dns.KindCancelled) }, ""},
		{"not recorded", func(r *Result) { r.Source.SOA[1] = failed("acme.example", dns.TypeSOA, dns.KindNotRecorded) }, ""},
		{"no way over IPv6", func(r *Result) {
			r.Servers[1].Addrs = []netip.Addr{netip.MustParseAddr("2001:db8::2")}
			r.Source.SOA[1] = failed("acme.example", dns.TypeSOA, dns.KindUnreachable)
		}, ""},
		{"all silent", func(r *Result) {
			for i := range r.Source.SOA {
				r.Source.SOA[i] = failed("acme.example", dns.TypeSOA, dns.KindTimeout)
			}
		}, ""},
		{"serials", func(r *Result) { r.Source.SOA[1].Records[0].SOA.Serial = 6 }, "dns.serial-differs"},
		{"no EDNS", func(r *Result) { r.Source.SOA[1].Plain = true }, "dns.edns-broken"},
		{"signature ends", signed(30*24*time.Hour, 3*24*time.Hour), "dns.dnssec-expiring"},
		{"signature holds", signed(30*24*time.Hour, 8*24*time.Hour), ""},
		{"signed while answering", signed(48*time.Hour, 24*time.Hour), ""},
		{"signed while answering, no more", signed(48*time.Hour, time.Hour), "dns.dnssec-expiring"},
		{"negative", func(r *Result) { r.Source.SOA[0] = soaOf(7, week, 2*time.Hour) }, "dns.negative-ttl-long"},
		{"negative, the lower counts", func(r *Result) { r.Source.SOA[0] = soaOf(7, time.Hour, week) }, ""},
		{"forged", func(r *Result) {
			r.Probed = found(impossible, dns.TypeA, dns.Record{Addr: netip.MustParseAddr("192.0.2.99")})
		}, "dns.resolver-interferes"},
		{"intercepted", func(r *Result) { r.Source.SOA[0].AA, r.Source.SOA[1].AA = false, false }, "dns.resolver-interferes"},
		{"internal", func(r *Result) {
			for i := range r.Servers {
				r.Servers[i].Addrs = []netip.Addr{netip.MustParseAddr("10.0.0.5")}
			}
			r.Answers = append(r.Answers, found("ns1.acme.example", dns.TypeA, dns.Record{Addr: netip.MustParseAddr("10.0.0.5")}))
		}, "dns.split-horizon"},
	} {
		r := sound()
		tc.breaks(&r)
		hold(t, tc.name, Findings(r), tc.want)
	}
}

func hold(t *testing.T, name string, all []finding.Finding, want string) {
	t.Helper()
	var got []string
	for _, f := range all {
		got = append(got, f.Code())
		text := f.Title() + f.Saw() + f.Effect() + f.Action()
		if strings.Contains(text, "%!") || len(f.Evidence) == 0 || len(f.Title()) > 60 {
			t.Errorf("%s: %s %v", name, text, f.Evidence)
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("%s: %v, want %q", name, got, want)
	}
}

// TestDifferences holds what is said of resolvers, of TTLs and of a change at
// another server.
func TestDifferences(t *testing.T) {
	source := found("acme.example", dns.TypeTXT, dns.Record{TTL: time.Hour, Strings: []string{"v=spf1 -all"}})
	source.Direct = true
	views := dns.Views{Authoritative: []dns.Answer{source}}
	old := source
	old.Direct, old.AA = false, false
	local := old
	local.AA = true
	dead := failed("acme.example", dns.TypeTXT, dns.KindServFail)
	dead.Direct = false
	bogus := dead
	bogus.EDE = []string{"DNSSEC Bogus (6)"}
	half := dns.Views{Authoritative: []dns.Answer{source, failed("acme.example", dns.TypeTXT, dns.KindServFail)}}
	for _, tc := range []struct {
		name string
		in   Compared
		want string
	}{
		{"alike", Compared{local, views, true, true}, ""},
		{"an old copy", Compared{old, views, false, true}, ""},
		{"records of its own", Compared{local, views, false, true}, "dns.split-horizon"},
		{"servers differ", Compared{local, views, false, false}, ""},
		{"a failure repeated", Compared{dead, views, false, true}, "dns.failure-cached"},
		{"a signature", Compared{bogus, views, false, true}, ""},
		{"a server fails too", Compared{dead, half, false, true}, ""},
	} {
		hold(t, tc.name, FindingsOfViews("acme.example", []Compared{tc.in}), tc.want)
	}
	ours := []dns.Question{source.Question}
	for ttl, want := range map[time.Duration]string{time.Hour: "", 48 * time.Hour: "dns.ttl-long", time.Minute: "dns.ttl-short"} {
		a := source
		a.TTL = ttl
		hold(t, ttl.String(), FindingsOfTTL(sound(), ours, ours, []dns.Answer{a, old}), want)
	}
	hold(t, "elsewhere", FindingsOfElsewhere(sound(), []Elsewhere{{
		Subject: "spf", What: "SPF record", Here: source, There: source, Server: "ns9.old.test",
		Record: finding.Record{Name: "acme.example", Type: "TXT", Value: "v=spf1 mx -all"},
	}}), "dns.edited-at-wrong-provider")
}
