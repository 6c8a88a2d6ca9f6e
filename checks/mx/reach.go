package mx

import (
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"golang.org/x/net/publicsuffix"
)

// registrable is the domain that somebody would have to register to own a host;
// "" where the host belongs to the domain itself, or to names that nobody can
// register (RFC 6761).
func registrable(host, domain string) string {
	host = normal(host)
	own, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil || dns.Within(normal(domain), own) || strings.HasSuffix("."+host, ".invalid") {
		return ""
	}
	return own
}

// unregistered says that anybody could register the domain of the host. An
// answer of the root says that there is no such ending at all.
func (t Target) unregistered() bool {
	a := t.Registered
	return a.Status == dns.NoName && len(a.Chain) == 0 && (a.Zone != "" || a.TTL == 0)
}

// unreachable are the networks that nobody outside can reach, beside those that
// netip knows (RFC 6890). Those for documentation are left out.
var unreachable = []netip.Prefix{
	netip.PrefixFrom(netip.AddrFrom4([4]byte{}), 8), netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10),
	netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18}), 15), netip.PrefixFrom(netip.AddrFrom4([4]byte{240}), 4),
}

func private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() ||
		slices.ContainsFunc(unreachable, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (a Addresses) all() []netip.Addr {
	var out []netip.Addr
	for _, r := range slices.Concat(a.A.Records, a.AAAA.Records) {
		out = append(out, r.Addr)
	}
	return out
}

// onlyPrivate says that no address of a host can be reached. Where one half was
// not heard, that is not known.
func (a Addresses) onlyPrivate() bool {
	all := a.all()
	return len(all) > 0 && a.A.Status != dns.Failed && a.AAAA.Status != dns.Failed &&
		!slices.ContainsFunc(all, func(addr netip.Addr) bool { return !private(addr) })
}

// reach judges the addresses of the hosts.
func (j *judge) reach() {
	for _, t := range asked(j.Result.Targets) {
		if t.unregistered() && t.Addresses.Absent() && !placeholderPattern().MatchString(normal(t.Host)) {
			f := j.raise(targetUnregisteredRule, t.Registered, nil, t.Host, t.Registered.Question.Name)
			f.Object = t.Host
		}
		if t.Addresses.onlyPrivate() {
			var at []string
			for _, a := range t.Addresses.all()[:min(len(t.Addresses.all()), maxAsked)] {
				at = append(at, a.String())
			}
			f := j.raise(addressPrivateRule, t.Addresses.A, nil, t.Host, strings.Join(at, ", "))
			f.Object, f.Evidence = t.Host, append(f.Evidence, evidence(t.Addresses.AAAA)...)
		}
	}
	j.redundancy()
}

// redundancy finds mail servers that fail together. A host of somebody else may
// stand for many machines.
func (j *judge) redundancy() {
	hosts, networks := map[string]bool{}, map[netip.Prefix]bool{}
	var ev []finding.Evidence
	for _, t := range asked(j.Result.Targets) {
		if !t.Addresses.Found() || t.unknown() || registrable(t.Host, j.Result.Domain) != "" || providerOf(t.Host) != "" ||
			t.Addresses.A.Status == dns.Failed || t.Addresses.AAAA.Status == dns.Failed || t.Addresses.onlyPrivate() {
			return
		}
		hosts[normal(t.Host)] = true
		ev = append(append(ev, evidence(t.Addresses.A)...), evidence(t.Addresses.AAAA)...)
		for _, a := range t.Addresses.all() {
			bits := 24
			if a.Is6() {
				continue // of the same machine, mostly
			}
			p, _ := a.Prefix(bits)
			networks[p] = true
		}
	}
	if len(hosts) == 0 || len(networks) > 1 {
		return
	}
	why := "there is only one mail server"
	if len(hosts) > 1 {
		if len(networks) == 0 {
			return
		}
		why = "the addresses of all mail servers lie in one network"
	}
	f := j.raise(noRedundancyRule, j.Result.Answer, nil, why)
	f.Evidence = append(f.Evidence, ev...)
}

var targetUnregisteredRule = &finding.Rule{
	Code: "mx.target-unregistered", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Anybody can take over a mail server of %[1]s",
	Saw:        "The MX record names %[2]s, but the domain %[3]s does not exist.",
	Effect:     "Who registers %[3]s gets answers and bounces that were meant for %[1]s.",
	Action:     "Remove the MX record, or register %[3]s again.",
	References: []string{"RFC 5321 section 5.1"},
	Hides:      []string{"mx.target-without-address"},
}

var addressPrivateRule = &finding.Rule{
	Code: "mx.address-private", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The mail server %[2]s cannot be reached",
	Saw:        "Its addresses are for internal networks only: %[3]s.",
	Effect:     "Nobody outside can deliver there: answers and bounces are lost or delayed.",
	Action:     "Give %[2]s the address under which it is reached from the internet.",
	References: []string{"RFC 6890"},
}

var noRedundancyRule = &finding.Rule{
	Code: "mx.no-redundancy", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The mail servers of %[1]s may all fail at once",
	Saw:        "Looking at where mail goes: %[2]s.",
	Effect:     "While it is down, senders keep answers and bounces for some days and then give up.",
	References: []string{"RFC 2182 section 3.1"},
}
