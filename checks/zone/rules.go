package zone

import "clockwise.info/cwmail/checks/finding"

var unreadable = &finding.Rule{
	Code: "dns.unreadable", Severity: finding.Unknown, Owner: finding.Network, Tier: 1,
	Title:      "No DNS server can be used from this computer",
	Saw:        "The question about %[1]s was not answered, and neither was one that always has an answer: %[2]s.",
	Effect:     "Nothing can be said about the records of %[1]s. Its mail may be all right.",
	Action:     "Check the network connection and the DNS servers of this computer, or name another one with --resolver.",
	References: []string{"RFC 1035 section 7"},
	Hides: []string{
		"spf.unreadable", "dkim.unreadable", "dmarc.unreadable", "mx.unreadable", "mtasts.unreadable", "dane.unreadable",
		"tlsrpt.unreadable", "bimi.unreadable", "ip.unreadable", "spf.clockwise-record-unreadable", "dns.servers-unreachable",
	},
}

var serversUnreachable = &finding.Rule{
	Code: "dns.servers-unreachable", Severity: finding.Unknown, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The name servers of the domain do not answer",
	Saw:        "No question about %[1]s gets an answer, while other names do: %[2]s.",
	Effect:     "Nothing can be said about the records of %[1]s. Receivers that cannot read them either delay the mail or treat it as unauthenticated.",
	Action:     "Ask the DNS provider of %[1]s whether its name servers work, and compare their names with those at the registrar.",
	References: []string{"RFC 1034 section 4.3"},
	Hides: []string{
		"spf.unreadable", "dkim.unreadable", "dmarc.unreadable", "mx.unreadable", "mtasts.unreadable", "dane.unreadable",
		"tlsrpt.unreadable", "bimi.unreadable", "dns.server-unreachable",
	},
}

var domainMissing = &finding.Rule{
	Code: "dns.domain-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The domain does not exist",
	Saw:        "DNS says that there is no %[1]s.%[2]s",
	Effect:     "Mail from an address of this domain is refused nearly everywhere, and nobody can answer it.",
	Action:     "Check how the domain is spelt. If it is right, register or renew it at a registrar.",
	References: []string{"RFC 8020 section 2"},
	Hides: []string{
		"spf.missing", "dkim.missing", "dmarc.missing", "mx.missing-and-no-address", "mtasts.missing", "tlsrpt.missing",
		"spf.include-clockwise-missing",
	},
}

var tcpRefused = &finding.Rule{
	Code: "dns.tcp-refused", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A large DNS answer cannot be fetched over TCP",
	Saw:        "The answer about %[1]s is too large for UDP, and TCP does not work: %[2]s.",
	Effect:     "Receivers cannot read this record, so that it does not count for your mail.",
	Action:     "Have TCP port 53 opened at %[3]s, or make the record shorter.",
	References: []string{"RFC 7766 section 5"},
	Hides: []string{
		"spf.answer-too-large", "dkim.answer-too-large", "dmarc.answer-too-large", "spf.unreadable", "dkim.unreadable",
		"dmarc.unreadable",
	},
}

// tcpRefusedHere is tcpRefused of a resolver: what receivers get is not known.
var tcpRefusedHere = &finding.Rule{
	Code: tcpRefused.Code, Severity: finding.Failure, Owner: finding.Network, Tier: 1,
	Title:      "A large DNS answer cannot be fetched from here",
	Saw:        tcpRefused.Saw,
	Effect:     "What stands there is not known here. Receivers, who ask in another way, may well read it.",
	Action:     "Have TCP port 53 to %[3]s opened, or check with another resolver, for example --resolver 9.9.9.9:53.",
	References: tcpRefused.References,
	Hides:      []string{"spf.answer-too-large", "dkim.answer-too-large", "dmarc.answer-too-large"},
}

var cnameAtApex = &finding.Rule{
	Code: "dns.cname-at-apex", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A CNAME at the domain itself hides its mail records",
	Saw:        "%[1]s is an alias (CNAME) of %[2]s.",
	Effect:     "A name with a CNAME has no other records: SPF and MX of %[1]s are taken from %[2]s or are not found at all.",
	Action:     "Replace the CNAME at %[1]s by A and AAAA records, or by the ALIAS or ANAME of the DNS provider.",
	References: []string{"RFC 1034 section 3.6.2"},
	Hides:      []string{"spf.missing", "spf.cname", "mx.missing", "mx.missing-and-no-address", "dns.cname-with-other-data"},
}

var cnameWithOtherData = &finding.Rule{
	Code: "dns.cname-with-other-data", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A CNAME stands beside other records",
	Saw:        "%[1]s is an alias (CNAME) of %[2]s and has a %[3]s record as well.",
	Effect:     "Only one of the two can be seen: which one differs between receivers and from hour to hour.",
	Action:     "Remove either the CNAME or the %[3]s record at %[1]s.",
	References: []string{"RFC 1034 section 3.6.2"},
	Hides:      []string{"dkim.servers-disagree", "dmarc.servers-disagree", "dkim.cname-chain", "dmarc.cname-chain"},
}

var dnssecBogus = &finding.Rule{
	Code: "dns.dnssec-bogus", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The DNSSEC signatures of the domain are wrong",
	Saw:        "The resolver does not trust the answers about %[1]s: %[2]s.",
	Effect:     "Receivers that check DNSSEC get no answer about %[1]s, so that they delay or refuse this mail.",
	Action:     "Have the zone signed again, or remove the DS record at the registrar until it is. This often follows a change of DNS provider.",
	Test:       "Check again when the TTL of the DS record is over.",
	References: []string{"RFC 4035 section 5.5"},
	Hides: []string{
		"spf.unreadable", "dkim.unreadable", "dmarc.unreadable", "mx.unreadable", "mtasts.unreadable", "dane.unreadable", "tlsrpt.unreadable",
		"dane.lookup-fails", "dns.dnssec-expiring",
	},
}

// Rules lists the rules of this subject in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		unreadable, serversUnreachable, domainMissing, domainExpired, editedAtWrongProvider, delegationDiffers, serverLame,
		serverUnreachable, singleNameServer, serialDiffers, tcpRefused, ednsBroken, cnameAtApex, cnameWithOtherData,
		dnssecBogus, dnssecExpiring, negativeTTLLong, ttlLong, ttlShort, failureCached, splitHorizon, resolverInterferes,
	}
}
