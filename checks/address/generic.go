package address

import (
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// lineWords are parts of names that providers give to lines of their customers.
var lineWords = []string{"dyn", "dynamic", "dynip", "pool", "dsl", "adsl", "vdsl", "cust", "customer"}

// generic says what in a name was made from the address or tells of a line: the
// kind of name that nobody chose for a mail server. "" for any other.
func generic(host string, addr netip.Addr) string {
	all := strings.Split(strings.ToLower(host), ".")
	own := strings.Join(all[:max(len(all)-2, 0)], ".") // the last two are somebody's name
	for _, word := range strings.FieldsFunc(own, func(r rune) bool { return r < 'a' || r > 'z' }) {
		if slices.Contains(lineWords, word) {
			return "the word \"" + word + "\""
		}
	}
	if holdsAddress(own, addr) {
		return "the address"
	}
	return ""
}

func holdsAddress(name string, addr netip.Addr) bool {
	if addr.Is6() {
		packed := strings.ReplaceAll(addr.StringExpanded(), ":", "")
		plain := strings.NewReplacer("-", "", ".", "").Replace(name)
		reverse := strings.ReplaceAll(dns.Reversed(addr), ".", "")
		return strings.Contains(plain, packed) || strings.Contains(plain, reverse) ||
			strings.Contains(name, strings.Trim(strings.ReplaceAll(addr.String(), ":", "-"), "-"))
	}
	octets := strings.Split(addr.String(), ".")
	back := slices.Clone(octets)
	slices.Reverse(back)
	var runs []string
	padded, hexed := "", ""
	for _, o := range addr.AsSlice() {
		padded += string([]byte{'0' + o/100, '0' + o/10%10, '0' + o%10})
		hexed += string("0123456789abcdef"[o>>4]) + string("0123456789abcdef"[o&15])
	}
	for _, run := range strings.FieldsFunc(name, func(r rune) bool { return r < '0' || r > '9' }) {
		if run == padded {
			return true
		}
		if run = strings.TrimLeft(run, "0"); run == "" {
			run = "0"
		}
		runs = append(runs, run)
	}
	for i := range len(runs) - 3 {
		if slices.Equal(runs[i:i+4], octets) || slices.Equal(runs[i:i+4], back) {
			return true
		}
	}
	return strings.Contains(name, hexed)
}
