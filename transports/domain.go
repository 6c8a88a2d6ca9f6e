package transports

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// ErrNotDomain is returned by ParseDomain for text that holds no domain.
var ErrNotDomain = errors.New("not a domain")

// ParseDomain takes a domain as people paste it: with capitals, spaces around,
// a final dot, as part of an address or a URL, or in Unicode. It returns the
// name in lower case A-labels (RFC 5890) without a final dot. Labels may start
// with an underscore, as names of DNS records do.
func ParseDomain(s string) (string, error) {
	d := strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "<>\"'"))
	if strings.Contains(d, "://") {
		u, err := url.Parse(d)
		if err != nil || u.Hostname() == "" {
			return "", fmt.Errorf("transports: %q is %w", s, ErrNotDomain)
		}
		d = u.Hostname()
	}
	if _, after, ok := cutLast(d, "@"); ok {
		d = after
	}
	d = strings.ToLower(strings.TrimSuffix(d, "."))
	ascii, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).ToASCII(d)
	if err != nil || !isDomain(ascii) {
		return "", fmt.Errorf("transports: %q is %w", s, ErrNotDomain)
	}
	return ascii, nil
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
