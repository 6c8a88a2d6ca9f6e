package relay

import (
	"regexp"
	"strings"

	"clockwise.info/cwmail/checks/pattern"
)

// Provider is whose server spoke: a word of the catalogue of replies.
type Provider string

// The providers. Outlook is consumer Outlook.com, Exchange somebody's own
// Exchange server.
const (
	UnknownProvider Provider = ""
	Outlook         Provider = "outlook"
	ExchangeOnline  Provider = "exo"
	Gmail           Provider = "gmail"
	Yahoo           Provider = "yahoo"
	Postfix         Provider = "postfix"
	Exim            Provider = "exim"
	Sendmail        Provider = "sendmail"
	Exchange        Provider = "exchange"
	rspamd          Provider = "rspamd"
	openDMARC       Provider = "opendmarc"
)

// providers are recognised in this order.
var providers = []struct {
	provider Provider
	name     string
	host     func() *regexp.Regexp // name of the server; nil: not by it
	banner   func() *regexp.Regexp
	end      func() *regexp.Regexp // of the text
	behind   []Provider            // what runs behind it: a filter speaks through the server
}{
	{
		Outlook, "Outlook.com",
		pattern.Lazy(`(?i)\.olc\.protection\.outlook\.com$`), nil, nil,
		[]Provider{ExchangeOnline},
	},
	{
		ExchangeOnline, "Exchange Online",
		pattern.Lazy(`(?i)(\.(protection\.outlook\.com|prod\.outlook\.com|mx\.microsoft|outlook\.office365\.com)|^(smtp|smtp-legacy|outlook)\.office365\.com)$`),
		pattern.Lazy(`(?i)\.(protection\.outlook\.com|prod\.outlook\.com|mx\.microsoft|outlook\.office365\.com)\b`),
		pattern.Lazy(`(?i)\[[^\]]*\.(protection\.outlook\.com|prod\.outlook\.com|mx\.microsoft|outlook\.office365\.com)\b[^\]]*\]\W*$`),
		[]Provider{Outlook},
	},
	{
		Gmail, "Google",
		pattern.Lazy(`(?i)(\.google(mail)?\.com|^(smtp|smtp-relay)\.gmail\.com)$`),
		pattern.Lazy(`(?i)\bgsmtp\s*$`),
		pattern.Lazy(`(?i)\b(gsmtp|gcdp)\W*$`), nil,
	},
	{Yahoo, "Yahoo", pattern.Lazy(`(?i)\.yahoodns\.net$`), nil, nil, nil},
	{Postfix, "Postfix", nil, pattern.Lazy(`(?i)\besmtp postfix\b`), nil, filters},
	{Exim, "Exim", nil, pattern.Lazy(`(?i)\besmtp exim\b`), nil, filters},
	{Sendmail, "Sendmail", nil, pattern.Lazy(`(?i)\bsendmail\b`), nil, filters},
	{Exchange, "an Exchange server", nil, pattern.Lazy(`(?i)microsoft esmtp mail service`), nil, nil},
}

var filters = []Provider{rspamd, openDMARC}

// String names the provider for people; "" where it is unknown.
func (p Provider) String() string {
	for _, k := range providers {
		if k.provider == p {
			return k.name
		}
	}
	return ""
}

// providerOf says who spoke: by the server's name, its greeting and EHLO reply,
// and the end of the text. Administrators can change greetings.
func providerOf(in Refusal, text string) Provider {
	hello, _, _ := strings.Cut(strings.TrimSpace(in.Hello), " ")
	greeting, _, _ := strings.Cut(strings.TrimSpace(in.Banner), " ")
	for _, k := range providers {
		for _, name := range []string{in.Host, hello, greeting} {
			if k.host != nil && k.host().MatchString(strings.TrimSuffix(name, ".")) {
				return k.provider
			}
		}
		if k.banner != nil && k.banner().MatchString(in.Banner) || k.end != nil && k.end().MatchString(text) {
			return k.provider
		}
	}
	return UnknownProvider
}

// candidates are the rows of a provider, and behind them those of what runs
// behind its server. The two of Microsoft are one network with shared codes.
func (p Provider) candidates() []entry {
	var behind []Provider
	for _, k := range providers {
		if k.provider == p {
			behind = k.behind
		}
	}
	microsoft := p == Outlook || p == ExchangeOnline
	var first, then []entry
	for _, e := range catalogue() {
		switch {
		case e.of(p) || microsoft && e.of(behind...):
			first = append(first, e)
		case e.of(behind...):
			then = append(then, e)
		}
	}
	return append(first, then...)
}
