package propagation

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// State is what a server has of the record that is waited for. The words are
// those of the command's JSON.
type State string

// The states. Unreachable says nothing about the record: nobody answered.
const (
	Correct     State = "correct"
	Missing     State = "missing"
	Wrong       State = "wrong"
	Unreachable State = "unreachable"
)

// Opinion is what a subject says about a usable answer: whether what stands
// there is what was expected. Detail says in a few words what is wrong, without
// full stop; Value is the record that it is about.
type Opinion struct {
	State  State
	Detail string
	Value  string
}

// View is what one address says.
type View struct {
	Addr   netip.AddrPort
	State  State
	Detail string
	Value  string // of the record that is wrong

	// NoIPv6 tells an IPv6 address that cannot be reached from here, as this
	// machine has no IPv6. It says nothing about the server.
	NoIPv6 bool

	// Until is how long a cache may keep what it has; zero where that is not
	// known, and where what it has is correct.
	Until time.Time

	Answer dns.Answer
}

// ServerView is what an authoritative server says at all its addresses.
type ServerView struct {
	Name   string
	State  State
	Detail string

	// Apart means that the server is not waited for: it can be asked only over
	// IPv6, which this machine does not have, or another stands in for all.
	Apart bool

	Views []View
}

// Report is how far a record is published.
type Report struct {
	Question  dns.Question
	Zone      string // "" where not known
	Published bool   // correct at every authoritative server
	Servers   []ServerView
	Resolvers []View

	// Caches is how long resolvers anywhere may keep what the authoritative
	// servers were seen to give before it was correct; zero where nothing else
	// was seen.
	Caches time.Time

	// Hint is the nearest mistake, where nothing stands at the name and it was
	// found out why, without full stop.
	Hint string

	// Problem says why the authoritative servers are not known; "" where they are.
	Problem string

	At    time.Time
	Round int           // looks taken, from 1
	Next  time.Duration // until the next look; 0 behind the last one
}

// Judge says what an address has, from its answer and the opinion of the
// subject about it, which counts only where the answer is usable.
func Judge(addr netip.AddrPort, a dns.Answer, o Opinion) View {
	v := View{Addr: addr, Answer: a}
	if a.Status == dns.Failed && o.State == "" {
		kind, _ := a.Kind()
		v.State, v.Detail = Unreachable, a.Reason()
		v.NoIPv6 = kind == dns.KindUnreachable && addr.Addr().Is6() && !addr.Addr().Is4In6()
		if v.NoIPv6 {
			v.Detail = "this machine has no IPv6"
		}
		return v
	}
	v.State, v.Detail, v.Value = o.State, o.Detail, o.Value
	return v
}

// Total is the state of a server from those of its addresses. What it says at
// one address and not at another is what some resolvers get, so the worst that
// was heard counts; an address that does not answer does not count while
// another one does.
func Total(name string, views []View) ServerView {
	s := ServerView{Name: name, State: Unreachable, Detail: "it has no address", Views: views}
	rank := []State{Unreachable, Correct, Missing, Wrong}
	first := true
	for _, v := range views {
		switch d := slices.Index(rank, v.State) - slices.Index(rank, s.State); {
		case first, d > 0, d == 0 && s.State == Unreachable && !v.NoIPv6:
			s.State, s.Detail = v.State, v.Detail
			first = false
		}
	}
	noIPv6 := func(v View) bool { return v.NoIPv6 }
	s.Apart = s.State == Unreachable && len(views) > 0 && !slices.ContainsFunc(views, func(v View) bool { return !noIPv6(v) })
	return s
}

// Published says whether a record is correct at every server that counts, and
// at one at least.
func Published(servers []ServerView) bool {
	some := false
	for _, s := range servers {
		if s.State != Correct && !s.Apart {
			return false
		}
		some = some || s.State == Correct
	}
	return some
}

// Until is when a cache lets go of an answer: what is left of its TTL, or of
// the negative answer (RFC 2308 section 5). negative is the zone's own time for
// those, which counts where the answer does not tell; zero gives the zero time.
func Until(a dns.Answer, negative time.Duration) time.Time {
	ttl := a.TTL
	if a.Void() && ttl == 0 && a.Zone == "" {
		ttl = negative
	}
	if a.Status == dns.Failed || ttl <= 0 || a.At.IsZero() {
		return time.Time{}
	}
	return a.At.Add(ttl)
}

// Left lists the servers that are waited for.
func (r Report) Left() []ServerView {
	return slices.DeleteFunc(slices.Clone(r.Servers), func(s ServerView) bool { return s.State == Correct || s.Apart })
}

// Holding lists the resolvers that have something else than what is published.
func (r Report) Holding() []View {
	return slices.DeleteFunc(slices.Clone(r.Resolvers), func(v View) bool { return v.State != Missing && v.State != Wrong })
}

// Same says whether two reports tell the same: the times that pass by
// themselves do not count.
func (r Report) Same(o Report) bool {
	view := func(a, b View) bool {
		return a.Addr == b.Addr && a.State == b.State && a.Detail == b.Detail && a.Value == b.Value
	}
	server := func(a, b ServerView) bool {
		return a.Name == b.Name && a.State == b.State && a.Detail == b.Detail && slices.EqualFunc(a.Views, b.Views, view)
	}
	return r.Published == o.Published && r.Problem == o.Problem && r.Hint == o.Hint &&
		slices.EqualFunc(r.Servers, o.Servers, server) && slices.EqualFunc(r.Resolvers, o.Resolvers, view)
}

// Slip names what happened to a text on its way through a panel: "" where it is
// none of the slips that can be told from the text alone.
func Slip(want, got string) string {
	bare := strings.NewReplacer(`\"`, "", `"`, "").Replace(got)
	switch {
	case want == got:
		return ""
	case bare == want:
		return "the quotes are part of the value"
	case got == want+want:
		return "the value stands there twice"
	case got != "" && strings.HasPrefix(want, got):
		return "the end is missing: " + count(len(got)) + " of " + count(len(want)) + " characters are there"
	}
	return ""
}

// Difference says in a few words where a text differs from what was wanted: the
// slips of panels first, then the first place. "" where both are the same.
func Difference(want, got string) string {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if slip := Slip(want, got); slip != "" {
		return slip
	}
	switch {
	case want == got:
		return ""
	case squeeze(got) == squeeze(want):
		return "the spaces differ"
	case strings.EqualFold(got, want):
		return "the letter case differs"
	}
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	return "it differs from character " + count(i+1) + ": " + around(got, i) + " in place of " + around(want, i)
}
