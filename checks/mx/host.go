package mx

import (
	"net/netip"
	"strings"

	"clockwise.info/cwmail/checks/pattern"
)

var (
	hostPattern        = pattern.Lazy(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)
	placeholderPattern = pattern.Lazy(`^ms[0-9]+\.msv1\.invalid$`)
	microsoftPattern   = pattern.Lazy(`^[a-z0-9-]+\.(mail\.protection\.outlook\.com|[a-z0-9]+-v[0-9]+\.mx\.microsoft)$`)
)

// isMicrosoft says whether a host is where Microsoft 365 takes the mail of a
// domain, in either form of name.
func isMicrosoft(host string) bool { return microsoftPattern().MatchString(normal(host)) }

// providerOf returns the mail provider whose server a host is, by its name; ""
// for any other.
func providerOf(host string) string {
	host = normal(host)
	if isMicrosoft(host) {
		return "Microsoft 365"
	}
	for _, p := range providers {
		if strings.HasSuffix("."+host, p.suffix) {
			return p.name
		}
	}
	return ""
}

// providers are hosts of mailboxes. Filters in front of them are left out: they
// stand beside a provider on purpose.
var providers = []struct{ suffix, name string }{
	{".google.com", "Google Workspace"},
	{".googlemail.com", "Google Workspace"},
	{".zoho.com", "Zoho Mail"},
	{".zoho.eu", "Zoho Mail"},
	{".protonmail.ch", "Proton Mail"},
	{".messagingengine.com", "Fastmail"},
	{".mail.icloud.com", "iCloud Mail"},
	{".yandex.net", "Yandex"},
	{".mail.ovh.net", "OVH"},
	{".mail.gandi.net", "Gandi"},
	{".transip.email", "TransIP"},
	{".one.com", "one.com"},
	{".rzone.de", "Strato"},
	{".kundenserver.de", "IONOS"},
	{".ionos.com", "IONOS"},
	{".titan.email", "Titan"},
	{".secureserver.net", "GoDaddy"},
	{".mailbox.org", "mailbox.org"},
}

func normal(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// malformed says what stands where a host name belongs; "" for a host name.
func malformed(host string) string {
	host = normal(host)
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case host == "":
		return ""
	case err == nil:
		return "an IP address"
	case strings.Contains(host, "://"), strings.HasPrefix(host, "http"+":"):
		return "a web address"
	case strings.Contains(host, "@"):
		return "an e-mail address"
	case strings.Contains(host, "_"):
		return "a name with an underscore"
	case !strings.Contains(host, "."):
		return "a name without domain"
	case len(host) > 253 || !hostPattern().MatchString(host):
		return "no host name"
	}
	return ""
}

// meant returns the host name that a malformed or doubled one was meant to be;
// "" where it cannot be told.
func meant(host, domain string) string {
	host = normal(host)
	if zone := doubled(host, domain); zone != "" {
		return strings.TrimSuffix(host, "."+zone)
	}
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host, _, _ = strings.Cut(rest, "/")
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if malformed(host) != "" {
		return ""
	}
	return host
}

// doubled returns the zone that stands twice at the end of host, which is
// domain or a parent of it; "" where none does.
func doubled(host, domain string) string {
	for zone := normal(domain); strings.Contains(zone, "."); {
		if strings.HasSuffix("."+normal(host), "."+zone+"."+zone) {
			return zone
		}
		_, zone, _ = strings.Cut(zone, ".")
	}
	return ""
}
