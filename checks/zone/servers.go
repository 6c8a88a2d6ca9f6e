package zone

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// parked are the name servers to which registrars move domains that were not
// renewed.
var parked = []string{".pendingrenewaldeletion.com", ".renewyourname.net"}

func (j *judge) expired() {
	names := j.res.Source.Parent.Delegation
	if len(names) == 0 {
		names = j.res.names()
	}
	isParked := func(name string) bool {
		return slices.ContainsFunc(parked, func(p string) bool { return strings.HasSuffix("."+name, p) })
	}
	if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !isParked(n) }) {
		j.raise(domainExpired, "", []string{j.res.Registered, strings.Join(names, ", ")}, j.nameServers())
	}
}

// nameServers is what says which servers the domain has: the parent's word
// weighs more.
func (j *judge) nameServers() dns.Answer {
	if len(j.res.Source.Parent.Delegation) > 0 {
		return j.res.Source.Parent
	}
	return j.res.ns()
}

// ns is what the zone says of its own servers.
func (res Result) ns() dns.Answer {
	if a := res.Source.NS; a.AA && a.Status == dns.Found {
		return a
	}
	for _, a := range res.Answers {
		if a.Question == dns.Ask(res.Apex, dns.TypeNS) {
			return a
		}
	}
	return dns.Answer{}
}

func hosts(a dns.Answer) []string {
	var out []string
	for _, r := range a.Records[:min(len(a.Records), maxServers)] {
		out = append(out, r.Host)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// delegation compares what the parent and the zone say of its servers.
func (j *judge) delegation() {
	res, own := j.res, hosts(j.res.ns())
	parent := slices.Clone(res.Source.Parent.Delegation)
	slices.Sort(parent)
	parent = slices.Compact(parent)
	if len(parent) > 0 && len(own) > 0 && !slices.Equal(parent, own) && len(own) < maxServers {
		j.raise(delegationDiffers, "", []string{res.Apex, strings.Join(parent, ", "), strings.Join(own, ", ")}, res.Source.Parent, res.ns())
	}
	only := parent
	if len(only) == 0 {
		only = own
	}
	if len(only) == 1 {
		j.raise(singleNameServer, "", []string{res.Apex, only[0]}, j.nameServers())
	}
}

// fault is why a server of the zone is of no use; which rule tells it.
func (s asked) fault(j *judge) (lame, dead bool, why string) {
	a := s.soa
	kind, failed := a.Kind()
	switch {
	case len(s.Addrs) == 0 || a.Question.Name == "":
		return false, false, ""
	case !failed:
		return !a.AA, false, "it answers without authority"
	case j.any(func(o *dns.Answer) bool {
		return o.Direct && o.Server == a.Server && o.Status != dns.Failed && o.AA
	}):
		return false, false, "" // it answered another question well
	}
	switch kind {
	case dns.KindLame, dns.KindRefused, dns.KindServFail, dns.KindRcode:
		return true, false, a.Reason()
	case dns.KindTimeout, dns.KindNoListener, dns.KindUnreachable:
		// Without IPv6 on this side it would be our own fault.
		at, _ := dns.Nearest(s.Addrs)
		return false, at.Addr().Is4(), a.Reason()
	}
	return false, false, ""
}

// servers judges each delegated server by what it says, where at least one of
// them serves the zone.
func (j *judge) servers() {
	all := j.res.delegated()
	sound := func(s asked) bool { return s.soa.AA && s.soa.Status == dns.Found }
	if !slices.ContainsFunc(all, sound) {
		j.intercepted(all)
		return
	}
	for _, s := range all {
		if lame, dead, why := s.fault(j); lame {
			j.raise(serverLame, s.Name, []string{j.res.Apex, s.Name, why}, s.soa)
		} else if dead {
			j.raise(serverUnreachable, s.Name, []string{j.res.Apex, s.Name, why}, s.soa)
		}
		if s.soa.Plain && s.soa.Status != dns.Failed {
			j.raise(ednsBroken, s.Name, []string{j.res.Apex, s.Name}, s.soa)
		}
	}
	j.unnamed()
	j.serials(slices.DeleteFunc(all, func(s asked) bool { return !sound(s) }))
}

// unnamed finds servers whose names have no address at all.
func (j *judge) unnamed() {
	for _, s := range j.res.delegated() {
		if len(s.Addrs) > 0 {
			continue
		}
		var answers []dns.Answer
		for _, a := range j.res.Answers {
			if a.Question.Name == s.Name && a.Void() {
				answers = append(answers, a)
			}
		}
		if len(answers) == 2 {
			j.raise(serverUnreachable, s.Name, []string{j.res.Apex, s.Name, "the name of this server has no address"}, answers...)
		}
	}
}

// intercepted finds that whoever is asked somebody else answers: servers of the
// domain would speak with authority, as somebody found the domain through them.
func (j *judge) intercepted(all []asked) {
	var answers []dns.Answer
	for _, s := range all {
		if s.soa.Status == dns.Found && !s.soa.AA && !slices.ContainsFunc(answers, func(a dns.Answer) bool { return a.Server == s.soa.Server }) {
			answers = append(answers, s.soa)
		}
	}
	if len(answers) > 1 && len(answers) == len(all) {
		why := "All name servers of " + j.res.Apex + " seem to answer without authority, so that something on the way answers in their place"
		j.raise(resolverInterferes, "", []string{j.res.Domain, why}, answers...)
	}
}

func (j *judge) serials(all []asked) {
	var says []string
	var answers []dns.Answer
	differ := false
	for _, s := range all {
		serial := s.soa.Records[0].SOA.Serial
		differ = differ || serial != all[0].soa.Records[0].SOA.Serial
		says = append(says, fmt.Sprintf("%d at %s", serial, s.Name))
		answers = append(answers, s.soa)
	}
	if differ {
		j.raise(serialDiffers, "", []string{j.res.Apex, strings.Join(says, ", ")}, answers...)
	}
}

// What is soon, and what is made anew by itself all the time: providers that
// sign while they answer make signatures of a day or two.
const (
	soon       = 7 * 24 * time.Hour
	byItself   = 3 * 24 * time.Hour
	enoughLeft = 4 // a part of that time
)

func (j *judge) signatures() {
	a := j.res.Signed
	if a == nil || a.Status != dns.Found || a.Expires.IsZero() || !a.AD {
		return
	}
	left, whole := a.Expires.Sub(a.At), a.Expires.Sub(a.Signed)
	if left > soon || whole <= byItself && left > whole/enoughLeft {
		return
	}
	j.raise(dnssecExpiring, "", []string{j.res.Domain, a.Expires.Format("2006-01-02 15:04") + " UTC"}, *a)
}

// negativeTTL judges how long caches keep that something is missing: the lower
// of the SOA's own TTL and its minimum.
func (j *judge) negativeTTL() {
	for _, a := range slices.Concat(j.res.Source.SOA, j.res.Answers) {
		if a.Status != dns.Found || a.Question != dns.Ask(j.res.Apex, dns.TypeSOA) || len(a.Chain) > 0 || a.Records[0].SOA == nil {
			continue
		}
		if kept := min(a.Records[0].TTL, a.Records[0].SOA.Minimum); kept > time.Hour {
			j.raise(negativeTTLLong, "", []string{j.res.Apex, inWords(kept)}, a)
		}
		return
	}
}

// inWords is a time as people say it.
func inWords(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := float64(d) / float64(u.size); n >= 1 {
			text := strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
			if text == "1" {
				return "1 " + u.name
			}
			return text + " " + u.name + "s"
		}
	}
	return "0 seconds"
}

// probed judges what came back for a name that cannot exist.
func (j *judge) probed() {
	if a := j.res.Probed; a.Status == dns.Found {
		why := fmt.Sprintf("%s answers with %s for a name that cannot exist", a.Server, a.Records[0].Addr)
		j.raise(resolverInterferes, "", []string{j.res.Domain, why}, a)
	}
}

// internalServers finds that the name servers of a domain that the world uses
// are those of this network: their addresses mean nothing outside.
func (j *judge) internalServers() {
	var names []string
	var answers []dns.Answer
	for _, s := range j.res.Servers {
		for _, addr := range s.Addrs {
			if !internal(addr) {
				return
			}
			names = append(names, s.Name+" "+addr.String())
		}
	}
	for _, a := range j.res.Answers {
		if a.Status == dns.Found && slices.Contains(j.res.names(), a.Question.Name) && (a.Question.Type == dns.TypeA || a.Question.Type == dns.TypeAAAA) {
			answers = append(answers, a)
		}
	}
	if len(names) > 0 && len(answers) > 0 {
		j.raise(splitHorizon, "", []string{j.res.Domain, "its name servers have addresses of an internal network: " + strings.Join(names, ", ")}, answers...)
	}
}
