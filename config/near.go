package config

import "strings"

// elsewhere names keys that people write one level too high, with what they
// stand in.
var elsewhere = map[string]string{
	"domain": "match.domain", "local_part": "match.local_part", "localpart": "match.local_part", "subsystem": "match.subsystem",
	"host": "smtp.host", "port": "smtp.port", "security": "smtp.security", "auth": "smtp.auth", "username": "smtp.username", "password": "smtp.password",
	"password_command": "smtp.password_command", "password_env": "smtp.password_env", "password_keyring": "smtp.password_keyring",
	"selector": "dkim.selector", "key": "dkim.key", "public_key": "dkim.public_key",
}

// others names keys that people use for the same thing.
var others = map[string]string{
	"user": "username", "login": "username", "pass": "password", "server": "host", "hostname": "host", "encryption": "security", "tls": "security", "ssl": "security",
	"sender": "from", "mail_from": "envelope", "return_path": "envelope", "local": "local_part", "service": "subsystem", "private_key": "key", "keyfile": "key",
	"key_file": "key", "language": "lang", "colour": "color", "nameservers": "resolvers", "dns": "resolvers", "authentication": "auth", "enable": "enabled", "active": "enabled",
	"no_color": "color", "blocklists": "dns_lists",
}

// nearKey guesses which key was meant.
func nearKey(key, where string, fields []field) string {
	names := make([]string, len(fields))
	known := map[string]bool{}
	for i, f := range fields {
		names[i] = f.name
		known[f.name] = true
	}
	plain := plainKey(key)
	if o := others[plain]; known[o] {
		return where + o
	}
	if deep := elsewhere[plain]; where == "" && known["type"] && deep != "" {
		return deep
	}
	if n := nearest(plain, names); n != "" {
		return where + n
	}
	return ""
}

// plainKey writes keys of other tastes (localPart, Local-Part) in ours.
func plainKey(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case c == '-' || c == ' ':
			c = '_'
		case c >= 'A' && c <= 'Z':
			if i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z' {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// nearest returns the word that s was probably meant to be: at most two
// letters differ, and fewer than half of them.
func nearest(s string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(s), w); d < least && 2*d < len(w) {
			best, least = w, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour between a and b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, prev[j+1]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
