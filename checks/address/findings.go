package address

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is what Findings judges.
type Input struct {
	Result  Result
	Subject string       // of the findings, e.g. the network
	Network netip.Prefix // of the mail servers; the zero value is not known

	// Helo are the names that servers greet with (EHLO), where they are known.
	Helo map[netip.Addr]string

	// SPF are results for addresses of IPv6 that mail leaves from, where they
	// are known, as words of RFC 8601.
	SPF map[netip.Addr]string

	Instance Instance

	// Egress are the addresses that receivers saw in one run.
	Egress []Seen

	// Relayed says that the mail of Egress should have left through Network.
	Relayed bool

	// Owner is who runs the addresses; "" is ClockWise.
	Owner finding.Owner
}

// Instance is the host <account>.clockwise.info, where ClockWise of a customer
// runs. The zero value was not asked.
type Instance struct {
	Name    string
	A, AAAA dns.Answer
}

// Outside are the addresses of the host that are not in the network.
func (i Instance) Outside(network netip.Prefix) []netip.Addr {
	var out []netip.Addr
	for _, r := range slices.Concat(i.A.Records, i.AAAA.Records) {
		if r.Addr.IsValid() && !network.Contains(r.Addr.Unmap()) {
			out = append(out, r.Addr)
		}
	}
	return out
}

// Seen is an address from which mail came, as a receiver says.
type Seen struct {
	Addr netip.Addr
	By   string // who says so, e.g. "Received of mx.example"
	Text string // how it stands there, raw
}

// maxEvidence is the number of answers that one finding carries.
const maxEvidence = 40

type judge struct {
	Input
	out []finding.Finding
}

// Findings judges a result. It asks nothing. Addresses with the same trouble
// make one finding.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in}
	j.unreadable()
	j.names()
	j.helo()
	j.egress()
	j.instance()
	j.ipv6()
	for _, l := range in.Result.Lists {
		j.list(l)
	}
	j.informational()
	return j.out
}

// group is the addresses that have one trouble.
type group struct {
	addrs    []netip.Addr
	saw      []string
	evidence []finding.Evidence
	records  []finding.Record
}

func (g *group) add(addr netip.Addr, saw string, answers ...dns.Answer) {
	g.addrs = append(g.addrs, addr)
	if saw != "" && len(g.saw) < maxRanges {
		g.saw = append(g.saw, saw)
	}
	for _, a := range answers {
		if len(g.evidence) < maxEvidence && a.Question.Name != "" {
			g.evidence = append(g.evidence, evidence(a))
		}
	}
}

func evidence(a dns.Answer) finding.Evidence {
	text := a.Text()
	if text == "" {
		text = "." // a name that is the root
	}
	return finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: text, At: a.At}
}

// raise adds a finding on a group, if there is anything in it. The first
// argument of the texts is the addresses.
func (j *judge) raise(rule *finding.Rule, g group, args ...string) *finding.Finding {
	if len(g.addrs) == 0 {
		return nil
	}
	f := finding.Finding{
		Rule: rule, Subject: j.Subject, Object: Ranges(g.addrs), Evidence: g.evidence,
		Args: append([]string{Ranges(g.addrs)}, args...),
	}
	if rule.Owner == finding.ClockWise && rule != instanceOutsideRule {
		f.Owner = j.Owner
	}
	j.out = append(j.out, f)
	return &j.out[len(j.out)-1]
}

func (g group) what() string { return strings.Join(g.saw, "; ") }

// unreadable tells what could not be looked up, each kind of failure once.
func (j *judge) unreadable() {
	type kind struct{ what, why string }
	groups := map[kind]*group{}
	var order []kind
	add := func(what string, addr netip.Addr, a dns.Answer) {
		k := kind{what, a.Reason()}
		if groups[k] == nil {
			groups[k] = &group{}
			order = append(order, k)
		}
		groups[k].add(addr, "", a)
	}
	for _, a := range j.Result.Addresses {
		if a.Confirmation() != NotKnown {
			continue
		}
		if a.PTR.Status == dns.Failed {
			add("Names (PTR) of sending addresses", a.Addr, a.PTR)
			continue
		}
		for _, n := range a.Names {
			if n.Forward.Status == dns.Failed {
				add("What the names of addresses lead to", a.Addr, n.Forward)
				break
			}
		}
	}
	for _, a := range j.Result.Addresses {
		for _, l := range a.Listings {
			if l.State == Unsaid && l.Answer.Question.Name != "" && l.Answer.Status == dns.Failed {
				add("The block list "+l.List, a.Addr, l.Answer)
			}
		}
	}
	for _, k := range order {
		j.raise(unreadableRule, *groups[k], k.what, k.why)
	}
	for _, i := range []dns.Answer{j.Instance.A, j.Instance.AAAA} {
		if i.Question.Name != "" && i.Status == dns.Failed {
			j.out = append(j.out, finding.Finding{
				Rule: unreadableRule, Subject: j.Subject, Object: j.Instance.Name,
				Args: []string{j.Instance.Name, "Where ClockWise runs", i.Reason()}, Evidence: []finding.Evidence{evidence(i)},
			})
			break
		}
	}
}

// names judges the names of the addresses and whether they lead back.
func (j *judge) names() {
	var missing, wrong, several, line group
	for _, a := range j.Result.Addresses {
		hosts := a.Hosts()
		switch a.Confirmation() {
		case NoName:
			missing.add(a.Addr, "", a.PTR)
		case NotConfirmed:
			wrong.add(a.Addr, a.Addr.String()+" is called "+a.detours(), a.answers()...)
			wrong.records = append(wrong.records, a.mend()...)
		}
		if all := a.hosts(); len(all) > 1 {
			count := fmt.Sprint(len(all))
			if len(all) > maxNames {
				count = "more than ten"
			}
			several.add(a.Addr, a.Addr.String()+" has "+count+": "+strings.Join(hosts[:min(3, len(hosts))], ", "), a.PTR)
		}
		if why := a.generic(); why != "" {
			line.add(a.Addr, hosts[0]+" holds "+why, a.PTR)
		}
	}
	j.raise(ptrMissingRule, missing)
	if f := j.raise(ptrNotConfirmedRule, wrong, wrong.what()); f != nil && len(wrong.records) > 0 {
		f.Fix = &finding.Fix{Summary: "Publish an address record for each name.", Records: wrong.records}
	}
	j.raise(ptrMultipleRule, several, several.what())
	j.raise(ptrGenericRule, line, line.what())
}

// answers are what the confirmation of an address rests on.
func (a Address) answers() []dns.Answer {
	out := []dns.Answer{a.PTR}
	for _, n := range a.Names {
		out = append(out, n.Forward)
	}
	return out
}

// detours names where the names of an address lead instead.
func (a Address) detours() string {
	var out []string
	for _, n := range a.Names[:min(3, len(a.Names))] {
		var to []netip.Addr
		for _, r := range n.Forward.Records {
			to = append(to, r.Addr)
		}
		switch {
		case strings.HasSuffix(n.Host, ".arpa"):
			out = append(out, n.Host+" (the dot at the end of the name was left out)")
		case len(to) > 0:
			out = append(out, n.Host+", which leads to "+Ranges(to))
		default:
			out = append(out, n.Host+", which has no address")
		}
	}
	return strings.Join(out, ", and ")
}

// mend is the record that makes the first name lead back; none where that name
// is no host name.
func (a Address) mend() []finding.Record {
	n := a.Names[0]
	host := n.Host
	if c := n.Forward.Chain; len(c) > 0 {
		host = c[len(c)-1] // beside a CNAME no other record may stand
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !isHost(host) {
		return nil
	}
	kind := "A"
	if a.Addr.Is6() {
		kind = "AAAA"
	}
	return []finding.Record{{Name: host, Type: kind, Value: a.Addr.String()}}
}

// isHost holds for names that may have addresses in a zone that people edit.
func isHost(name string) bool {
	if !strings.Contains(name, ".") || strings.HasSuffix(name, ".arpa") || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		bad := strings.ContainsFunc(label, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
		if label == "" || bad || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// generic says why all names of an address look like those of a line; "" where
// one does not.
func (a Address) generic() string {
	why := ""
	for _, host := range a.Hosts() {
		if w := generic(host, a.Addr); w == "" {
			return ""
		} else if why == "" {
			why = w
		}
	}
	return why
}

// helo compares the names that servers greet with with those of DNS.
func (j *judge) helo() {
	var g group
	for _, a := range j.Result.Addresses {
		name := strings.ToLower(strings.TrimSuffix(j.Helo[a.Addr], "."))
		if name == "" || len(a.Names) == 0 || len(a.hosts()) > maxNames {
			continue
		}
		i := slices.IndexFunc(a.Names, func(n Name) bool { return n.Host == name })
		switch {
		case i < 0:
			g.add(a.Addr, a.Addr.String()+" greets as "+name+", but is called "+strings.Join(a.Hosts()[:min(3, len(a.Names))], ", "), a.PTR)
		case a.Names[i].Forward.Status != dns.Failed && !a.Names[i].leadsTo(a.Addr):
			g.add(a.Addr, name+", with which "+a.Addr.String()+" greets, does not lead back to it", a.PTR, a.Names[i].Forward)
		}
	}
	j.raise(heloDiffersRule, g, g.what())
}

// egress judges the addresses that receivers saw.
func (j *judge) egress() {
	var outside, unsuitable, several group
	note := func(g *group, s Seen, saw string) {
		g.add(s.Addr, saw)
		if len(g.evidence) < maxEvidence {
			g.evidence = append(g.evidence, finding.Evidence{Server: s.By, Name: s.Addr.String(), Type: "SMTP", Answer: s.Text})
		}
	}
	inside := true
	for _, s := range j.Egress {
		s.Addr = s.Addr.Unmap()
		if !s.Addr.IsValid() {
			continue
		}
		if kind := Private(s.Addr); kind != "" {
			note(&unsuitable, s, kind)
			continue
		}
		if j.Relayed && j.Network.IsValid() && !j.Network.Contains(s.Addr) {
			note(&outside, s, "")
		}
		inside = inside && j.Network.IsValid() && j.Network.Contains(s.Addr)
		if !slices.Contains(several.addrs, s.Addr) {
			note(&several, s, "")
		}
	}
	j.raise(egressOutsideRule, outside, j.Network.String())
	if len(several.addrs) > 1 && !inside && len(outside.addrs) == 0 {
		j.raise(egressSeveralRule, several)
	}
	slices.Sort(unsuitable.saw)
	j.raise(egressUnsuitableRule, unsuitable, strings.Join(slices.Compact(unsuitable.saw), "; "))
}

// Private says what kind of address it is that no mail can come from in the
// Internet; "" for a public one.
func Private(a netip.Addr) string {
	a = a.Unmap()
	switch {
	case netip.MustParsePrefix("100.64.0.0/10").Contains(a):
		return "an address that a provider shares among customers (100.64.0.0/10)"
	case a.IsPrivate():
		return "an address of a private network"
	case a.IsLoopback():
		return "an address of the machine itself"
	case a.IsLinkLocalUnicast(), a.IsUnspecified(), a.IsMulticast():
		return "an address that means nothing outside its network"
	}
	return ""
}

// instance judges where ClockWise of the customer runs.
func (j *judge) instance() {
	if !j.Network.IsValid() {
		return
	}
	outside := j.Instance.Outside(j.Network)
	var g group
	var terms []string
	for _, a := range outside[:min(len(outside), maxNames)] {
		g.add(a, "")
		if a.Is6() {
			terms = append(terms, "ip6:"+a.String())
		} else {
			terms = append(terms, "ip4:"+a.String())
		}
	}
	for _, a := range []dns.Answer{j.Instance.A, j.Instance.AAAA} {
		if a.Status == dns.Found {
			g.evidence = append(g.evidence, evidence(a))
		}
	}
	j.raise(instanceOutsideRule, g, j.Network.String(), j.Instance.Name, strings.Join(terms, " "))
}

// ipv6 judges addresses of IPv6, for which receivers ask more.
func (j *judge) ipv6() {
	var g group
	for _, a := range j.Result.Addresses {
		if !a.Addr.Is6() {
			continue
		}
		spf := j.SPF[a.Addr]
		switch {
		case a.Confirmation() == NoName:
			g.add(a.Addr, a.Addr.String()+" has no name (PTR record)", a.PTR)
		case slices.Contains([]string{"fail", "softfail", "neutral", "none", "permerror"}, spf):
			g.add(a.Addr, "SPF of "+a.Addr.String()+" says "+spf, a.PTR)
		}
	}
	j.raise(ipv6UnauthorisedRule, g, g.what())
}

// list judges one block list and what it says.
func (j *judge) list(l List) {
	var all, listed, refused group
	var values, words []string
	for _, a := range j.Result.Addresses {
		for _, x := range a.Listings {
			if x.List != l.Name || a.Addr.Is6() != l.IPv6 {
				continue
			}
			all.add(a.Addr, "")
			switch {
			case x.State == Listed:
				listed.add(a.Addr, "", x.Answer, x.Reason)
				values, words = note(values, words, x)
			case x.State == Unsaid && x.Answer.Status == dns.Found:
				refused.add(a.Addr, "for "+a.Addr.String()+" "+x.Why, x.Answer)
			}
		}
	}
	test := []finding.Evidence{}
	for _, a := range []dns.Answer{l.Must, l.MustNot} {
		if a.Question.Name != "" {
			test = append(test, evidence(a))
		}
	}
	name := l.Name
	if l.IPv6 {
		name += " (IPv6)"
	}
	whole := func(rule *finding.Rule, args ...string) {
		if f := j.raise(rule, all, args...); f != nil {
			f.Object, f.Evidence = name, test
		}
	}
	switch l.Health {
	case Refusing:
		whole(blocklistRefusedRule, name, "In its self-test "+l.Why)
	case Dead:
		whole(blocklistDeadRule, name, "In its self-test "+l.Why)
	case Unreachable:
		whole(unreadableRule, "The block list "+name, l.Why)
	case Healthy:
		if f := j.raise(blocklistedRule, listed, name, strings.Join(values, ", "), sentence(words)); f != nil {
			f.Object = name
			f.Evidence = append(f.Evidence, test...)
		}
		// Its object is the addresses: the list answers for others.
		j.raise(blocklistRefusedRule, refused, name, "It passed its self-test, but "+refused.what())
	}
}

// informational tells of addresses that stand only on lists that accuse nobody.
func (j *judge) informational() {
	var g group
	var lists, values, words []string
	for _, a := range j.Result.Addresses {
		if len(a.On()) > 0 {
			continue
		}
		for _, x := range a.Listings {
			if x.State != Informational {
				continue
			}
			if !slices.Contains(g.addrs, a.Addr) {
				g.addrs = append(g.addrs, a.Addr)
			}
			g.evidence = append(g.evidence, evidence(x.Answer))
			values, words = note(values, words, x)
			if !slices.Contains(lists, x.List) {
				lists = append(lists, x.List)
			}
		}
	}
	g.evidence = g.evidence[:min(len(g.evidence), maxEvidence)]
	j.raise(blocklistInformationalRule, g, strings.Join(lists, ", "), strings.Join(values, ", "), sentence(words))
}

// note collects what a list answers and what it says of it, each once.
func note(values, words []string, x Listing) (v, w []string) {
	for _, a := range x.Values {
		if s := a.String(); !slices.Contains(values, s) && len(values) < maxRanges {
			values = append(values, s)
		}
	}
	for _, s := range []string{x.Meaning, x.Text()} {
		if s != "" && !slices.Contains(words, s) && len(words) < maxRanges {
			words = append(words, s)
		}
	}
	return values, words
}

// sentence joins words to one sentence; "" without words.
func sentence(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "It says: " + strings.TrimSuffix(strings.Join(words, "; "), ".") + "."
}
