package spf

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/nearest"
)

// Expect is what a record must hold so that ClockWise may send.
type Expect struct {
	Include string       // the name to include, e.g. "_spf.clockwise.info"
	Relays  []netip.Addr // the addresses that send
}

// count is the number of relay addresses, for texts.
func (e Expect) count() string { return strconv.Itoa(len(e.Relays)) }

// isNetworkText says whether a damaged address means ClockWise's network: its
// first three numbers are those of a relay address.
func (e Expect) isNetworkText(value string) bool {
	for _, a := range e.Relays {
		s := a.String()
		if i := strings.LastIndexByte(s, '.'); i > 0 && strings.HasPrefix(value, s[:i+1]) {
			return true
		}
	}
	return false
}

// within says whether a network holds relay addresses only.
func (e Expect) within(n netip.Prefix) bool {
	if !n.IsValid() || n.Addr().BitLen()-n.Bits() > 8 {
		return false
	}
	n = n.Masked()
	for a := n.Addr(); n.Contains(a); a = a.Next() {
		if !slices.Contains(e.Relays, a) {
			return false
		}
	}
	return true
}

// covers counts the relay addresses in a network.
func (e Expect) covers(n netip.Prefix) int {
	count := 0
	for _, a := range e.Relays {
		if n.IsValid() && n.Contains(a) {
			count++
		}
	}
	return count
}

func (e Expect) isInclude(name string) bool {
	return e.Include != "" && strings.EqualFold(strings.TrimSuffix(name, "."), e.Include)
}

// isNear says whether a name was meant to be the include's, but is not.
func (e Expect) isNear(name string) bool {
	if e.Include == "" || e.isInclude(name) || name == "" {
		return false
	}
	n := lower(strings.TrimSuffix(strings.TrimSpace(name), "."))
	if bare, _, ok := strings.Cut(n, "/"); ok && bare == e.Include {
		return false // a network size behind the right name
	}
	for cut := true; cut; {
		cut = false
		for _, p := range []string{"include:", "include=", "https://", "http://", "spf:", "redirect=", "@"} {
			if strings.HasPrefix(n, p) {
				n, cut = n[len(p):], true
			}
		}
	}
	n = strings.TrimRight(n, "/.")
	if n == e.Include || strings.HasPrefix(n, e.Include+".") || nearest.Distance(n, e.Include) <= 2 {
		return true
	}
	host, _, _ := cutLastDot(strings.TrimPrefix(n, "_"))
	want, _, _ := cutLastDot(strings.TrimPrefix(e.Include, "_"))
	return host == want
}

func cutLastDot(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// isOurs says whether a term is the include that works.
func (e Expect) isOurs(term string) bool {
	if term = strings.Trim(term, " "); e.Include == "" || term == "" || strings.Contains(term, " ") {
		return false
	}
	t := parseTerm(term)
	return t.Kind == Mechanism && t.Name == "include" && t.Qualifier == '+' && e.isInclude(t.Domain)
}
