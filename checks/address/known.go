package address

import "sync"

// meaning is what a value of a list says.
type meaning struct {
	words         string
	informational bool // accuses nobody: a neighbourhood, a range of dial-up lines
	allows        bool // good repute
}

// knownList is a list whose answers are documented.
type knownList struct {
	meaning       string // of all its values
	informational bool
	notAsked      string // why it is not asked; "" for a list that is
	values        map[string]meaning
}

// known are well-known lists. Any other can be asked too; its values then have no
// words.
var known = sync.OnceValue(func() map[string]knownList {
	return map[string]knownList{
		"zen.spamhaus.org": {values: spamhaus},
		"sbl.spamhaus.org": {values: spamhaus},
		"xbl.spamhaus.org": {values: spamhaus},
		"pbl.spamhaus.org": {informational: true, values: spamhaus},

		"b.barracudacentral.org":           {meaning: "sent spam to Barracuda's users"},
		"bl.spamcop.net":                   {meaning: "reported for spam by users of SpamCop"},
		"psbl.surriel.com":                 {meaning: "sent mail to a spam trap"},
		"bl.mailspike.net":                 {meaning: "bad repute at Mailspike"},
		"z.mailspike.net":                  {meaning: "sent spam in the last hours"},
		"all.s5h.net":                      {meaning: "sent spam"},
		"bl.blocklist.de":                  {meaning: "attacked servers"},
		"backscatter.spameatingmonkey.net": {meaning: "sends bounces to strangers"},
		"bl.spameatingmonkey.net":          {meaning: "sent mail to a spam trap"},
		"ips.backscatterer.org":            {informational: true, meaning: "sends bounces to strangers"},
		"dnsbl-1.uceprotect.net":           {meaning: "sent mail to a spam trap"},
		"dnsbl-2.uceprotect.net":           {informational: true, meaning: "neighbours sent spam"},
		"dnsbl-3.uceprotect.net":           {informational: true, meaning: "other networks of the provider sent spam"},
		"spamrbl.imp.ch":                   {meaning: "sent spam"},
		"dnsbl.dronebl.org":                {meaning: "abused machine", values: map[string]meaning{"127.0.0.255": {words: "abused machine"}}},
		"hostkarma.junkemailfilter.com": {values: map[string]meaning{
			"127.0.0.1": {allows: true}, "127.0.0.2": {words: "sent spam"},
			"127.0.0.3": {words: "sends both spam and mail", informational: true},
			"127.0.0.4": {words: "sends much spam"}, "127.0.0.5": {allows: true},
		}},

		"list.dnswl.org":              {notAsked: "it lists good addresses, not bad ones"},
		"dnsbl.sorbs.net":             {notAsked: closed("2024")},
		"spam.dnsbl.sorbs.net":        {notAsked: closed("2024")},
		"dul.dnsbl.sorbs.net":         {notAsked: closed("2024")},
		"smtp.dnsbl.sorbs.net":        {notAsked: closed("2024")},
		"recent.spam.dnsbl.sorbs.net": {notAsked: closed("2024")},
		"ix.dnsbl.manitu.net":         {notAsked: closed("2025")},
		"cbl.abuseat.org":             {notAsked: closed("2021")},
		"dnsbl.njabl.org":             {notAsked: closed("2013")},
		"bl.spamcannibal.org":         {notAsked: closed("2018")},
		"dnsbl.ahbl.org":              {notAsked: closed("2014")},
		"relays.ordb.org":             {notAsked: closed("2006")},
		"list.dsbl.org":               {notAsked: closed("2008")},
		"dnsbl.inps.de":               {notAsked: closed("2019")},
		"bl.emailbasura.org":          {notAsked: closed("2017")},
		"combined.njabl.org":          {notAsked: closed("2013")},
		"blackholes.mail-abuse.org":   {notAsked: closed("2008")},
	}
})

func closed(year string) string { return "it was closed in " + year }

// spamhaus are the return codes of Spamhaus.
var spamhaus = map[string]meaning{
	"127.0.0.2":  {words: "source of spam (SBL)"},
	"127.0.0.3":  {words: "source of spam, found by machine (CSS)"},
	"127.0.0.4":  {words: "infected or abused machine (XBL)"},
	"127.0.0.5":  {words: "infected or abused machine (XBL)"},
	"127.0.0.6":  {words: "infected or abused machine (XBL)"},
	"127.0.0.7":  {words: "infected or abused machine (XBL)"},
	"127.0.0.9":  {words: "network of criminals (DROP)"},
	"127.0.0.10": {words: "range that should not send mail itself, says its provider (PBL)", informational: true},
	"127.0.0.11": {words: "range that should not send mail itself, says Spamhaus (PBL)", informational: true},
}
