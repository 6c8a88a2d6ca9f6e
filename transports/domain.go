package transports

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Errors of ParseDomain.
var (
	ErrNotDomain = errors.New("not a domain")
	ErrAddress   = errors.New("an IP address, not a domain")
)

// around is what stands around a name in a text from which it is copied.
const around = " \t\r\n\u00a0\ufeff<>()[]{}\"'`,;" + "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"

// ParseDomain takes a domain as people paste it: with capitals, spaces or
// punctuation around, a final dot, as part of an address or a URL, with a port,
// or in Unicode. It returns the name in lower case A-labels (RFC 5890) without
// a final dot. Labels may start with an underscore, as names of DNS records do.
func ParseDomain(s string) (string, error) {
	d := strings.Trim(s, around)
	if _, err := netip.ParseAddr(d); err == nil {
		return "", fmt.Errorf("transports: %q is %w", s, ErrAddress)
	}
	if _, after, ok := strings.Cut(d, "//"); ok { // behind the scheme of a URL
		d, _, _ = strings.Cut(after, "/")
	}
	if cut := strings.IndexAny(d, "/?#"); cut >= 0 {
		d = d[:cut]
	}
	if _, after, ok := cutLast(d, "@"); ok {
		d = after
	}
	d = strings.Trim(withoutPort(d), around)
	d = strings.ToLower(strings.TrimSuffix(d, "."))
	if _, err := netip.ParseAddr(d); err == nil {
		return "", fmt.Errorf("transports: %q is %w", s, ErrAddress)
	}
	ascii, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).ToASCII(d)
	if err != nil || !isDomain(ascii) {
		return "", fmt.Errorf("transports: %q is %w", s, ErrNotDomain)
	}
	return ascii, nil
}

// withoutPort cuts a port off a host.
func withoutPort(host string) string {
	name, port, ok := cutLast(host, ":")
	if ok && port != "" && strings.Trim(port, "0123456789") == "" {
		return name
	}
	return host
}

// isDomain holds for at least two labels of letters, digits, "-" and "_",
// none longer than 63 octets, 253 in all, the last one not all digits.
func isDomain(d string) bool {
	labels := strings.Split(d, ".")
	if len(d) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
