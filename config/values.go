package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/transports"
)

// The functions of this file each judge one value: they return it in its
// normal form, or what is wrong and what to write instead.

func asIs(s string) (value, wrong, hint string) { return s, "", "" }

func oneOf(words ...string) func(string) (value, wrong, hint string) {
	return func(s string) (string, string, string) {
		if w := strings.ToLower(s); slices.Contains(words, w) {
			return w, "", ""
		}
		near := transports.Nearest(s, words)
		return "", fmt.Sprintf("%q is not one of %s", s, strings.Join(words, ", ")), meant(near, words)
	}
}

func meant(near string, words []string) string {
	if near != "" {
		return "did you mean " + near + "?"
	}
	return "write " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

var accountName = lazily(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func parseAccount(s string) (value, wrong, hint string) {
	a := strings.ToLower(s)
	if accountName().MatchString(a) {
		return a, "", ""
	}
	hint = "write only the first part of your address at ClockWise: account: acme"
	if first, _, ok := strings.Cut(strings.TrimPrefix(a, "https://"), "."); ok && accountName().MatchString(first) {
		hint = "write only the first part: account: " + first
	}
	return "", fmt.Sprintf("%q is no account name", s), hint
}

func parseDomain(s string) (value, wrong, hint string) {
	d, err := transports.ParseDomain(s)
	if err == nil {
		return d, "", ""
	}
	hint = "write a domain such as acme.example"
	switch {
	case strings.HasPrefix(s, "*."):
		if rest, err := transports.ParseDomain(s[2:]); err == nil {
			hint = "write it without the star: " + rest
		}
	case strings.ContainsAny(s, ", "):
		hint = "write one domain; each further one needs a transport of its own"
	case !strings.Contains(s, "."):
		hint = "write the whole domain with its ending: " + clean(s) + ".example"
	}
	return "", fmt.Sprintf("%q is no domain", s), hint
}

// clean keeps the letters of a host name, for use in an example.
func clean(s string) string {
	out := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return -1
	}, strings.ToLower(s))
	if out == "" || len(out) > 40 {
		return "acme"
	}
	return out
}

func parseMatchDomain(s string) (value, wrong, hint string) {
	if i := strings.LastIndex(s, "@"); i > 0 && !strings.Contains(s, "://") {
		if d, err := transports.ParseDomain(s[i+1:]); err == nil && s[:i] != "*" {
			return "", fmt.Sprintf("%q is an address", s), fmt.Sprintf("write match: {domain: %s, local_part: %s}", d, s[:i])
		}
	}
	return parseDomain(s)
}

func parseLocalPart(s string) (value, wrong, hint string) {
	if local, domain, ok := strings.Cut(s, "@"); ok {
		hint = "write only what stands before the @"
		if d, err := transports.ParseDomain(domain); err == nil && local != "" {
			hint = fmt.Sprintf("write match: {domain: %s, local_part: %s}", d, local)
		}
		return "", fmt.Sprintf("%q holds an @", s), hint
	}
	if strings.ContainsAny(s, " \t,;<>()[]\\\"*") || len(s) > 64 {
		return "", fmt.Sprintf("%q cannot stand before the @ of an address", s), "write what stands before the @, such as facturen; leave it out to match every sender"
	}
	return s, "", ""
}

// parseAddress judges the address of the setting key.
func parseAddress(key string) func(string) (value, wrong, hint string) {
	return func(s string) (string, string, string) {
		a, err := mail.ParseAddress(s)
		if err == nil {
			i := strings.LastIndex(a.Address, "@")
			if d, err := transports.ParseDomain(a.Address[i+1:]); err == nil {
				return a.Address[:i+1] + d, "", ""
			}
			return "", fmt.Sprintf("the domain of %q is no domain", s), "write an address such as jan@acme.example"
		}
		hint := "write an address such as jan@acme.example"
		if d, err := transports.ParseDomain(s); err == nil && !strings.Contains(s, "@") {
			hint = "write a whole address: " + key + ": postmaster@" + d
		} else if strings.ContainsAny(s, ",;") {
			hint = "write one address"
		}
		return "", fmt.Sprintf("%q is no address", s), hint
	}
}

var typeWords = map[string]string{
	"no-reply": "noreply", "no_reply": "noreply", "no reply": "noreply", "external": "smtp", "server": "clockwise", "esmtp": "smtp", "office365": "smtp", "o365": "smtp",
}

func parseType(s string) (value, wrong, hint string) {
	return wordOf(s, []string{"clockwise", "noreply", "smtp"}, typeWords)
}

var securityWords = map[string]string{
	"ssl": "tls", "ssl/tls": "tls", "smtps": "tls", "implicit": "tls", "start-tls": "starttls", "start_tls": "starttls", "explicit": "starttls",
	"true": "starttls", "plain": "none", "off": "none", "no": "none", "false": "none", "opportunistic": "starttls",
}

func parseSecurity(s string) (value, wrong, hint string) {
	return wordOf(s, []string{"starttls", "tls", "none"}, securityWords)
}

var authWords = map[string]string{
	"cram_md5": "cram-md5", "crammd5": "cram-md5", "oauth": "xoauth2", "oauth2": "xoauth2", "bearer": "oauthbearer", "true": "plain", "yes": "plain",
	"false": "none", "no": "none", "off": "none", "password": "plain",
}

func parseAuth(s string) (value, wrong, hint string) {
	return wordOf(s, []string{"none", "plain", "login", "cram-md5", "xoauth2", "oauthbearer"}, authWords)
}

// wordOf reads one of words in any letter case; others gives what people write
// for them elsewhere.
func wordOf(s string, words []string, others map[string]string) (value, wrong, hint string) {
	value, wrong, hint = oneOf(words...)(s)
	if w := others[strings.ToLower(s)]; wrong != "" && w != "" {
		hint = "write " + w
	}
	return value, wrong, hint
}

func parseHost(s string) (value, wrong, hint string) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Zone() == "" {
		return a.Unmap().String(), "", ""
	}
	if i := strings.Index(s, "://"); i >= 0 {
		return "", fmt.Sprintf("%q is a web address", s), "write only the name of the server: host: " + strings.Trim(strings.SplitN(s[i+3:], "/", 2)[0], "/")
	}
	if host, port, err := net.SplitHostPort(s); err == nil {
		return "", fmt.Sprintf("%q holds a port", s), fmt.Sprintf("write host: %s and port: %s", host, port)
	}
	if strings.Contains(s, "@") {
		return "", fmt.Sprintf("%q is an address", s), "write the name of the server, such as mail.acme.example"
	}
	if d, err := transports.ParseDomain(s); err == nil {
		return d, "", ""
	}
	if h := strings.ToLower(strings.TrimSuffix(s, ".")); accountName().MatchString(h) { // one label: localhost
		return h, "", ""
	}
	return "", fmt.Sprintf("%q is no server name", s), "write the name of the server, such as mail.acme.example"
}

// parseServer reads HOST:PORT of a name server; port 53 may be left out.
func parseServer(s string) (value, wrong, hint string) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return net.JoinHostPort(a.String(), "53"), "", ""
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = s, "53"
	}
	p, err := strconv.Atoi(port)
	if err != nil || p < 1 || p > 65535 {
		return "", fmt.Sprintf("%q has no usable port", s), "write HOST:PORT, such as 192.0.2.53:53"
	}
	if h, wrong, _ := parseHost(host); wrong == "" {
		return net.JoinHostPort(h, port), "", ""
	}
	return "", fmt.Sprintf("%q is no name server", s), "write HOST:PORT, such as 192.0.2.53:53"
}

func prefixOf(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func parseNetwork(s string) (value, wrong, hint string) {
	p, err := prefixOf(s)
	switch {
	case err != nil:
		return "", fmt.Sprintf("%q is no network", s), "write the network with its length, such as 31.134.206.128/28"
	case p.Addr().BitLen()-p.Bits() > 8:
		return "", fmt.Sprintf("the network %s has more than 256 addresses", s), "write the network of the relays, such as 31.134.206.128/28"
	}
	return p.String(), "", ""
}

var selectorText = lazily(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

// parseSelector judges a selector (RFC 6376 section 3.1).
func parseSelector(s string) (value, wrong, hint string) {
	if before, _, ok := strings.Cut(strings.ToLower(s), "._domainkey"); ok {
		return "", fmt.Sprintf("%q is the name of the record", s), "write only the part before ._domainkey: selector: " + before
	}
	if !selectorText().MatchString(s) || len(s) > 200 {
		return "", fmt.Sprintf("%q is no selector", s), "write letters, digits and hyphens, such as cw1"
	}
	return strings.ToLower(s), "", ""
}

func parseKeyPath(s string) (value, wrong, hint string) {
	if strings.Contains(s, "BEGIN ") {
		return "", "the key itself stands here", "save the key in a file of its own and write its path: key: keys/acme.example/cw1.pem"
	}
	return s, "", ""
}

func parsePublicKey(s string) (value, wrong, hint string) {
	if strings.Contains(s, "PRIVATE KEY") {
		return "", "a private key stands here", "save it in a file of its own and write its path: key: keys/acme.example/cw1.pem"
	}
	text := base64Of(s)
	if _, err := publicKey(text); err != nil {
		return "", "this is no public key: " + err.Error(), "write the base64 text that stands behind p= in the record"
	}
	return text, "", ""
}

var langText = lazily(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

func parseLang(s string) (value, wrong, hint string) {
	if !langText().MatchString(s) {
		return "", fmt.Sprintf("%q is no language", s), "write a code such as en or nl"
	}
	return strings.ReplaceAll(s, "_", "-"), "", ""
}

// resolvePath makes a path of the configuration relative to the file; ~/ is
// the user's folder.
// leastInterval keeps the console from asking without a pause.
const leastInterval = 10 * time.Second

func parseInterval(s string) (value, wrong, hint string) {
	const example = "write a time such as interval: 5m, or interval: off"
	low := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	if on, known := switches[low]; low == "0" || known && !on {
		return "0s", "", ""
	}
	d, err := time.ParseDuration(low)
	switch {
	case err != nil:
		if n, err := strconv.Atoi(low); err == nil && n > 0 {
			return "", fmt.Sprintf("%q has no unit", s), fmt.Sprintf("write interval: %ds for seconds, or interval: %dm for minutes", n, n)
		}
		return "", fmt.Sprintf("%q is no time", s), example
	case d == 0:
		return "0s", "", ""
	case d < leastInterval:
		return "", fmt.Sprintf("%q is shorter than %s", s, leastInterval), example
	}
	return d.String(), "", ""
}

func resolvePath(file, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, filepath.FromSlash(rest))
		}
	}
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}
