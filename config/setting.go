package config

import (
	"fmt"
	"strconv"
	"strings"

	"clockwise.info/cwmail/transports"
)

// settings judge the values of a transport, by their keys in the file.
var settings = map[string]func(string) (value, wrong, hint string){
	"name": parseName, "type": parseType,
	"match.domain": parseMatchDomain, "match.local_part": parseLocalPart,
	"from": parseAddress("from"), "envelope": parseAddress("envelope"), "reply_to": parseReplyTo,
	"dkim.enabled": oneOf("on", "off"), "match.subsystem": oneOf(transports.Subsystems...),
	"dkim.selector": parseSelector, "dkim.key": parseKeyPath, "dkim.public_key": parsePublicKey,
	"smtp.host": parseHost, "smtp.port": parsePort, "smtp.security": parseSecurity, "smtp.auth": parseAuth,
	"smtp.password_env": parseVariable,
}

// Setting judges one value of a transport as the file is read: it returns the
// value in its normal form, or what is wrong with it and what to write instead.
// key is that of the file, "smtp.host"; of a key without a rule every line of
// text is right.
func Setting(key, s string) (value, wrong, hint string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", "", ""
	}
	if strings.ContainsFunc(s, isControl) {
		return "", key + " holds a line break or another control character", "write it on one line"
	}
	if judge := settings[key]; judge != nil {
		return judge(s)
	}
	return s, "", ""
}

// maxName keeps lists readable; the file itself takes more.
const maxName = 100

func parseName(s string) (value, wrong, hint string) {
	if len([]rune(s)) > maxName {
		return "", fmt.Sprintf("the name has more than %d characters", maxName), "write a short name, such as Invoices"
	}
	return s, "", ""
}

func parsePort(s string) (value, wrong, hint string) {
	if p, err := strconv.Atoi(s); err != nil || p < 1 || p > 65535 {
		return "", fmt.Sprintf("smtp.port: %q is no port", s), "write port: 25, 465 or 587, as the manager of the server says"
	}
	return s, "", ""
}

// parseReplyTo takes an address, or whether the sender is copied.
func parseReplyTo(s string) (value, wrong, hint string) {
	if on, known := switches[strings.ToLower(s)]; known {
		return strconv.FormatBool(on), "", ""
	}
	return parseAddress("reply_to")(s)
}

func parseVariable(s string) (value, wrong, hint string) {
	if !isVariable(s) {
		return "", "smtp.password_env is no name of an environment variable", "write only the name: password_env: SMTP_PASSWORD"
	}
	return s, "", ""
}
