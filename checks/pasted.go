package checks

import (
	"fmt"
	"math/big"
	"net/netip"
	"strings"

	"clockwise.info/cwmail/checks/address"
	"clockwise.info/cwmail/checks/pattern"
)

// Pasted is an address, or a range of them, that somebody found in a bounce, a
// header or a connector, and whether it belongs to a network.
type Pasted struct {
	Text     string     // as it stands there, raw
	From, To netip.Addr // equal for one address; the zero value where Text is none
	Inside   bool       // all of it
	Why      string     // where it is not
}

// maxPasted bounds what is taken of a text, which may be a whole mailbox.
const maxPasted = 1000

var (
	// addressy matches what was meant to be an address.
	addressy = pattern.Lazy(`^(?:[0-9]+(?:\.[0-9]*){2,}(?:/[0-9]*|-[0-9.]*)?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]*)?)$`)
	// timely matches a time of day, which looks like an address of IPv6.
	timely = pattern.Lazy(`^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?$`)
	// between matches the sign between the two ends of a range.
	between = pattern.Lazy(`\s+(?:-|–|to|bis|t/m)\s+`)
)

// FindAddresses finds the addresses in texts: single ones, CIDR blocks and
// ranges, with brackets, commas, ports or prose around them. A text without any
// is returned whole, as something that is none.
func FindAddresses(network netip.Prefix, texts ...string) []Pasted {
	var out []Pasted
	for _, text := range texts {
		found, prose := findIn(text)
		if prose { // what is no address is only a number in it
			var good []Pasted
			for _, p := range found {
				if p.From.IsValid() {
					good = append(good, p)
				}
			}
			found = good
		}
		if len(found) == 0 {
			found = []Pasted{{Text: strings.TrimSpace(text), Why: "no address"}}
		}
		out = append(out, found[:min(len(found), maxPasted-len(out))]...)
	}
	for i := range out {
		p := &out[i]
		if p.From.IsValid() {
			p.Inside, p.Why = judgeRange(network.Masked(), p.From, p.To)
		}
	}
	return out
}

// findIn finds what looks like an address. prose says that other words stand
// around it.
func findIn(text string) (found []Pasted, prose bool) {
	text = between().ReplaceAllString(text, "-")
	text = strings.ReplaceAll(text, "–", "-")
	previous := ""
	for _, word := range strings.FieldsFunc(text, apart) {
		p, ok := parsePasted(word)
		switch {
		case strings.EqualFold(previous, "id"), timely().MatchString(word): // the version of a mail server, a time
			prose = true
		case ok:
			found = append(found, p)
		default:
			prose = true
		}
		previous = word
	}
	return found, prose
}

// apart holds for what stands between addresses.
func apart(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(".:/-_%", r)
}

// parsePasted reads one word. ok says that it was meant to be an address.
func parsePasted(word string) (p Pasted, ok bool) {
	p.Text = word
	for _, prefix := range []string{"ip4:", "ip6:", "ipv6:", "ipv4:"} {
		if len(word) > len(prefix) && strings.EqualFold(word[:len(prefix)], prefix) {
			word = word[len(prefix):]
		}
	}
	word = strings.TrimRight(word, ".-/_%")
	if !strings.HasSuffix(word, "::") {
		word = strings.TrimRight(word, ":")
	}
	if block, err := netip.ParsePrefix(word); err == nil {
		p.From, p.To = block.Masked().Addr(), lastOf(block)
		return p, true
	}
	if end, err := netip.ParseAddrPort(word); err == nil {
		word = end.Addr().String()
	}
	if a, err := netip.ParseAddr(word); err == nil {
		p.From = a.Unmap().WithZone("")
		p.To = p.From
		return p, true
	}
	if first, last, isRange := strings.Cut(word, "-"); isRange {
		from, err := netip.ParseAddr(first)
		if err == nil && from.Is4() && !strings.Contains(last, ".") { // 192.0.2.16-31
			last = first[:strings.LastIndex(first, ".")+1] + last
		}
		to, err2 := netip.ParseAddr(last)
		switch {
		case err != nil || err2 != nil:
		case to.Less(from) || to.BitLen() != from.BitLen():
			p.Why = "no range: its end stands before its beginning"
			return p, true
		default:
			p.From, p.To = from.Unmap(), to.Unmap()
			return p, true
		}
	}
	p.Why = "no address, though it looks like one"
	return p, addressy().MatchString(word) && !timely().MatchString(word)
}

// lastOf is the last address of a block.
func lastOf(block netip.Prefix) netip.Addr {
	b := block.Masked().Addr().AsSlice()
	for i := block.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// judgeRange says whether a range lies in a network, and if not, what it is.
func judgeRange(network netip.Prefix, from, to netip.Addr) (inside bool, why string) {
	first, last := network.Addr(), lastOf(network)
	switch {
	case network.Contains(from) && network.Contains(to):
		return true, ""
	case from.BitLen() != first.BitLen() && from.Is6():
		return false, "an IPv6 address; the network has IPv4 addresses only"
	case from.BitLen() != first.BitLen():
		return false, "an IPv4 address; the network has IPv6 addresses only"
	case from != to && !last.Less(from) && !to.Less(first):
		return false, "wider than the network: it holds addresses of others too"
	}
	if kind := address.Private(from); kind != "" {
		return false, kind
	}
	if to.Less(first) {
		return false, distance(to, first, "below the first", neighbour(network, to))
	}
	return false, distance(last, from, "above the last", neighbour(network, from))
}

// distance says how far two addresses are apart, if a reader can use that.
func distance(low, high netip.Addr, where, otherwise string) string {
	by := new(big.Int).Sub(new(big.Int).SetBytes(high.AsSlice()), new(big.Int).SetBytes(low.AsSlice()))
	if by.Cmp(big.NewInt(256)) >= 0 {
		return otherwise
	}
	edge := low
	if where == "below the first" {
		edge = high
	}
	return fmt.Sprintf("a neighbour: %s %s address, %s", by, where, edge)
}

// neighbour says what an address far from the network looks like.
func neighbour(network netip.Prefix, a netip.Addr) string {
	if !a.Is4() {
		return "in another network"
	}
	differs, at := 0, 0
	x, y := a.As4(), network.Addr().As4()
	for i := range 3 {
		if x[i] != y[i] {
			differs, at = differs+1, i
		}
	}
	last := netip.AddrFrom4([4]byte{y[0], y[1], y[2], x[3]})
	if differs == 1 && network.Contains(last) {
		return fmt.Sprintf("in another network; only the %s number differs from %s: a typing error?", [3]string{"first", "second", "third"}[at], last)
	}
	return "in another network"
}
