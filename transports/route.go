package transports

import (
	"fmt"
	"net/mail"
	"strings"
)

// Subsystems are the services of ClockWise that a match can name.
var Subsystems = []string{"billing", "password", "reminder", "approval", "other"}

// Mail is what routing knows of a mail.
type Mail struct {
	From      string // sender address
	Subsystem string // one of Subsystems; "" when not known
}

// Decision is which transport takes a mail, and why the others do not.
type Decision struct {
	Transport  Transport
	Why        string
	Candidates []Candidate // in the order of the list, the built-in default last
}

// Candidate is one transport as seen by a decision. Matches says that it could
// take the mail; only the one named by the Decision does.
type Candidate struct {
	Name    string
	Matches bool
	Why     string
}

// BuiltIn is the transport that exists without any set-up: the ClockWise
// server with the user's own address. It takes what no other one takes.
func BuiltIn() Transport {
	return Transport{Name: "built-in default", Type: ClockWise, BuiltIn: true}
}

// Route decides which transport takes a mail. The most specific match wins:
// local part and domain, then a local part alone, then a domain, then
// neither; at an equal address one that names the subsystem goes before one
// that does not; of equal matches the one that stands first. A local part
// alone stands before a domain because it is meant for the one address that
// needs another way: behind the usual rule for the company's domain it would
// never apply.
//
// Domains are compared without letter case (RFC 5321 section 2.4). So are
// local parts: only the receiving host may tell Jan from jan, and people who
// fill in a match do not mean to.
func Route(all []Transport, m Mail) Decision {
	var list []Transport
	for _, t := range all {
		if !t.BuiltIn {
			list = append(list, t)
		}
	}
	list = append(list, BuiltIn())
	sender := senderOf(m)
	best := -1
	for i, t := range list {
		if t.Match.mismatch(sender) == "" && (best < 0 || t.before(list[best])) {
			best = i
		}
	}
	d := Decision{Transport: list[best], Why: whyTaken(list, best, sender)}
	for i, t := range list {
		c := Candidate{Name: t.Name, Why: whyNot(t, list[best], sender)}
		c.Matches = t.Match.mismatch(sender) == ""
		if i == best {
			c.Why = d.Why
		}
		d.Candidates = append(d.Candidates, c)
	}
	return d
}

// specificity orders matches: of two that fit a mail, the one with the higher
// number takes it.
func (m Match) specificity() int {
	n := 0
	if m.LocalPart != "" {
		n += 4
	}
	if m.Domain != "" {
		n += 2
	}
	if m.Subsystem != "" {
		n++
	}
	return n
}

// Equal says whether two matches take the same mail.
func (m Match) Equal(o Match) bool {
	return strings.EqualFold(m.Domain, o.Domain) && strings.EqualFold(m.LocalPart, o.LocalPart) && strings.EqualFold(m.Subsystem, o.Subsystem)
}

// Covers says whether m takes all mail that o takes.
func (m Match) Covers(o Match) bool {
	return (m.Domain == "" || strings.EqualFold(m.Domain, o.Domain)) &&
		(m.LocalPart == "" || strings.EqualFold(m.LocalPart, o.LocalPart)) &&
		(m.Subsystem == "" || strings.EqualFold(m.Subsystem, o.Subsystem))
}

// before says whether t wins over best, which stands earlier in the list.
func (t Transport) before(best Transport) bool {
	if best.BuiltIn != t.BuiltIn {
		return best.BuiltIn
	}
	return t.Match.specificity() > best.Match.specificity()
}

// sender is a mail's address in its parts, as matches see it.
type sender struct {
	address, local, domain, subsystem string
}

func senderOf(m Mail) sender {
	s := sender{address: strings.TrimSpace(m.From), subsystem: strings.ToLower(strings.TrimSpace(m.Subsystem))}
	if a, err := mail.ParseAddress(s.address); err == nil {
		s.address = a.Address
	}
	local, domain, ok := cutLast(s.address, "@")
	if !ok {
		return s
	}
	s.local, s.domain = local, strings.ToLower(strings.TrimSuffix(domain, "."))
	if d, err := ParseDomain(domain); err == nil {
		s.domain = d
	}
	return s
}

func (s sender) String() string {
	what := "this mail has no sender address"
	if s.address != "" {
		what = "this mail is from " + s.address
	}
	if s.subsystem != "" {
		what += fmt.Sprintf(" and of the subsystem %s", s.subsystem)
	}
	return what
}

// mismatch says in words why m does not take the mail; "" when it does.
func (m Match) mismatch(s sender) string {
	address := (m.Domain == "" || strings.EqualFold(m.Domain, s.domain)) && (m.LocalPart == "" || strings.EqualFold(m.LocalPart, s.local))
	service := m.Subsystem == "" || strings.EqualFold(m.Subsystem, s.subsystem)
	switch {
	case !address:
		from := Match{Domain: m.Domain, LocalPart: m.LocalPart}
		return fmt.Sprintf("takes only mail from %s; %s", from.senders(), sender{address: s.address})
	case !service && s.subsystem == "":
		return fmt.Sprintf("takes only mail of the subsystem %s; the subsystem of this mail is not known", m.Subsystem)
	case !service:
		return fmt.Sprintf("takes only mail of the subsystem %s; this mail is of %s", m.Subsystem, s.subsystem)
	}
	return ""
}

// senders is the address part of a match in words.
func (m Match) senders() string {
	switch {
	case m.LocalPart != "" && m.Domain != "":
		return m.LocalPart + "@" + m.Domain
	case m.Domain != "":
		return "addresses at " + m.Domain
	case m.LocalPart != "":
		return m.LocalPart + "@ any domain"
	}
	return "any address"
}

func (m Match) words() string {
	if m.Subsystem == "" {
		return m.senders()
	}
	if m.Domain == "" && m.LocalPart == "" {
		return "the subsystem " + m.Subsystem
	}
	return m.senders() + " and the subsystem " + m.Subsystem
}

func whyTaken(list []Transport, best int, s sender) string {
	t := list[best]
	if t.BuiltIn {
		if len(list) == 1 {
			return "No transport is configured, so the built-in default takes this mail: the ClockWise server sends it with the user's own address."
		}
		return fmt.Sprintf("No configured transport takes it: %s. The built-in default takes what is left: the ClockWise server sends it with the user's own address.", s)
	}
	rivals := 0
	for i, o := range list {
		if i != best && !o.BuiltIn && o.Match.mismatch(s) == "" {
			rivals++
		}
	}
	if t.Match == (Match{}) {
		return fmt.Sprintf("%q takes all mail that no more specific transport takes; %s.", t.Name, s)
	}
	why := fmt.Sprintf("%q takes mail for %s; %s.", t.Name, t.Match.words(), s)
	if t.Match.Subsystem == "" {
		why = fmt.Sprintf("%q takes mail from %s; %s.", t.Name, t.Match.senders(), s)
	}
	if rivals > 0 {
		why += " It is the most specific match."
	}
	return why
}

// whyNot says why t does not take the mail, winner does.
func whyNot(t, winner Transport, s sender) string {
	if miss := t.Match.mismatch(s); miss != "" {
		return fmt.Sprintf("%q %s.", t.Name, miss)
	}
	switch {
	case t.BuiltIn:
		return fmt.Sprintf("The built-in default takes only what no other transport takes; %q takes this mail.", winner.Name)
	case t.Match.Equal(winner.Match):
		return fmt.Sprintf("%q matches the same mail as %q, which stands before it.", t.Name, winner.Name)
	}
	return fmt.Sprintf("%q matches too, but %q is more specific: a match on %s goes before one on %s.", t.Name, winner.Name, winner.Match.kind(), t.Match.kind())
}

// kind names the fields of a match.
func (m Match) kind() string {
	var parts []string
	for _, p := range []struct{ name, value string }{{"local part", m.LocalPart}, {"domain", m.Domain}, {"subsystem", m.Subsystem}} {
		if p.value != "" {
			parts = append(parts, p.name)
		}
	}
	switch len(parts) {
	case 0:
		return "all mail"
	case 1:
		return parts[0] + " alone"
	case 2:
		return parts[0] + " and " + parts[1]
	}
	return strings.Join(parts[:2], ", ") + " and " + parts[2]
}
