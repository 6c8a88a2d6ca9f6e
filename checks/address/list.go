package address

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// Health says whether what a block list answers can be used.
type Health uint8

// The kinds of health. The zero value was not tested.
const (
	NotTested   Health = iota
	Healthy            // it passed the self-test of RFC 5782 section 5
	Refusing           // it answers that it does not answer
	Dead               // it lists what must not be listed, or lacks what must be
	Unreachable        // no usable answer came
	OtherFamily        // it holds no addresses of this kind
	Closed             // known to have ended, or no block list: not asked
)

var healthNames = [...]string{"not tested", "healthy", "refuses to answer", "dead", "unreachable", "does not hold such addresses", "not asked"}

func (h Health) String() string { return healthNames[h] }

// List is a block list with its self-test.
type List struct {
	Name   string
	IPv6   bool // asked about IPv6 addresses
	Health Health
	Why    string // why it is not healthy, in words

	Must, MustNot dns.Answer // the entries that must be there, and must not
}

// State is what a list says of an address.
type State uint8

// The states. The zero value is unknown: never take it for "not listed".
const (
	Unsaid State = iota
	NotListed
	Listed
	Informational // listed, on a list or with a value that accuses nobody
)

var stateNames = [...]string{"unknown", "not listed", "listed", "informational"}

func (s State) String() string { return stateNames[s] }

// Listing is what one list says of one address.
type Listing struct {
	Addr    netip.Addr
	List    string
	State   State
	Why     string     // why the state is unknown
	Answer  dns.Answer // zero where the list was not fit to be asked
	Values  []netip.Addr
	Meaning string     // of the values, in words; "" where it is not known
	Reason  dns.Answer // TXT, asked only where the address is listed
}

// Text is the reason that the list gives, raw; "" without one.
func (l Listing) Text() string {
	if texts := l.Reason.Texts(); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// listsFor are the lists to ask about addresses, each for each kind of address.
func listsFor(all []netip.Addr, names []string) []List {
	var out []List
	for _, six := range []bool{false, true} {
		if !slices.ContainsFunc(all, func(a netip.Addr) bool { return a.Is6() == six }) {
			continue
		}
		for _, name := range names[:min(len(names), maxLists)] {
			name = strings.ToLower(strings.Trim(strings.TrimSpace(name), "."))
			if name != "" && !slices.ContainsFunc(out, func(l List) bool { return l.Name == name && l.IPv6 == six }) {
				out = append(out, List{Name: name, IPv6: six})
			}
		}
	}
	return out
}

// The entries of the self-test (RFC 5782 section 5).
var (
	must     = map[bool]netip.Addr{false: netip.MustParseAddr("127.0.0.2"), true: netip.MustParseAddr("::ffff:127.0.0.2")}
	mustNot  = map[bool]netip.Addr{false: netip.MustParseAddr("127.0.0.1"), true: netip.MustParseAddr("::ffff:127.0.0.1")}
	loopback = netip.MustParsePrefix("127.0.0.0/8")
	refusals = netip.MustParsePrefix("127.255.255.0/24")
)

// entry is the name under which a list has an address. The self-test needs
// addresses of IPv6 that would else be taken for IPv4.
func entry(a netip.Addr, list string) string {
	return dns.Reversed(a) + "." + list
}

// test lets the list prove itself.
func (l *List) test(net reach) {
	if k := known()[l.Name]; k.notAsked != "" {
		l.Health, l.Why = Closed, k.notAsked
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.Must = net.lookup(entry(must[l.IPv6], l.Name), dns.TypeA) })
	wg.Go(func() { l.MustNot = net.lookup(entry(mustNot[l.IPv6], l.Name), dns.TypeA) })
	wg.Wait()
	l.Health, l.Why = l.judge()
}

func (l *List) judge() (Health, string) {
	for _, a := range []dns.Answer{l.Must, l.MustNot} {
		if v, ok := find(a, refusals.Contains); ok {
			return Refusing, "it answers " + v.String() + ", which says that it does not answer this resolver"
		}
		if v, ok := find(a, func(v netip.Addr) bool { return !loopback.Contains(v) }); ok {
			return Dead, "it answers " + v.String() + ", which is no answer of a block list"
		}
	}
	switch {
	case l.Must.Status == dns.Failed:
		return Unreachable, l.Must.Reason()
	case l.MustNot.Status == dns.Failed:
		return Unreachable, l.MustNot.Reason()
	case l.MustNot.Status == dns.Found:
		return Dead, "it lists " + mustNot[l.IPv6].Unmap().String() + ", as a list does that lists everything"
	case l.Must.Void() && l.IPv6:
		return OtherFamily, "it holds no IPv6 addresses"
	case l.Must.Void():
		return Dead, "it does not list 127.0.0.2, as each list must that is alive"
	}
	return Healthy, ""
}

func find(a dns.Answer, is func(netip.Addr) bool) (netip.Addr, bool) {
	for _, r := range a.Records {
		if is(r.Addr) {
			return r.Addr, true
		}
	}
	return netip.Addr{}, false
}

// about asks a healthy list about the addresses of its kind.
func (l *List) about(net reach, all []netip.Addr) []Listing {
	var out []Listing
	for _, a := range all {
		if a.Is6() == l.IPv6 {
			out = append(out, Listing{Addr: a, List: l.Name, Why: l.Why})
		}
	}
	if l.Health != Healthy {
		return out
	}
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() { out[i].ask(net) })
	}
	wg.Wait()
	return out
}

func (l *Listing) ask(net reach) {
	name := entry(l.Addr, l.List)
	l.Answer = net.lookup(name, dns.TypeA)
	l.judge()
	if l.State == Listed || l.State == Informational {
		l.Reason = net.lookup(name, dns.TypeTXT)
	}
}

func (l *Listing) judge() {
	switch {
	case l.Answer.Void():
		l.State = NotListed
		return
	case l.Answer.Status == dns.Failed:
		l.Why = l.Answer.Reason()
		return
	}
	k := known()[l.List]
	l.State = Informational
	var words []string
	for _, r := range l.Answer.Records {
		m, ok := k.values[r.Addr.String()]
		switch {
		case !ok && !accuses(r.Addr):
			l.State, l.Values, l.Why = Unsaid, nil, "it answers "+r.Addr.String()+", which does not say that an address is listed"
			return
		case m.allows:
			continue
		case !m.informational && !k.informational:
			l.State = Listed
		}
		l.Values = append(l.Values, r.Addr)
		if m.words != "" && !slices.Contains(words, m.words) {
			words = append(words, m.words)
		}
	}
	l.Meaning = strings.Join(words, "; ")
	if l.Meaning == "" {
		l.Meaning = k.meaning
	}
	if len(l.Values) == 0 {
		l.State = NotListed
	}
}

// accuses holds for the values by which a list says that an address is on it.
func accuses(v netip.Addr) bool {
	return netip.MustParsePrefix("127.0.0.0/24").Contains(v) && v.As4()[3] >= 2 && v.As4()[3] <= 254
}
