package config

import (
	"strings"

	"clockwise.info/cwmail/transports"
)

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
	if n := transports.Nearest(plain, names); n != "" {
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
