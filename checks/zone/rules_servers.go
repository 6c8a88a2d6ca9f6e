package zone

import "clockwise.info/cwmail/checks/finding"

var domainExpired = &finding.Rule{
	Code: "dns.domain-expired", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The registration of the domain has run out",
	Saw:        "%[1]s is served by %[2]s, where the registrar parks domains that were not renewed.",
	Effect:     "All records of %[1]s are gone, so that its mail is refused, and the domain can soon be registered by somebody else.",
	Action:     "Renew %[1]s at its registrar.",
	References: []string{"RFC 9083 section 10.2.2"},
	Hides: []string{
		"dns.domain-missing", "dns.servers-unreachable", "dns.server-lame", "spf.missing", "dkim.missing", "dmarc.missing",
		"mx.missing-and-no-address",
	},
}

var editedAtWrongProvider = &finding.Rule{
	Code: "dns.edited-at-wrong-provider", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The change was made where nobody looks",
	Saw:        "The %[2]s stands at %[3]s, but not at the name servers to which %[1]s is delegated.",
	Effect:     "Receivers ask the delegated name servers only, so that the record does not count for your mail.",
	Action:     "Publish the record at the provider of the delegated name servers: %[4]s.",
	References: []string{"RFC 1034 section 4.2.2"},
	Hides:      []string{"spf.missing", "dkim.missing", "dmarc.missing", "spf.include-clockwise-missing", "mx.missing"},
}

var delegationDiffers = &finding.Rule{
	Code: "dns.delegation-differs", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Registrar and zone name different name servers",
	Saw:        "The parent zone delegates %[1]s to %[2]s; the zone itself names %[3]s.",
	Effect:     "Which servers receivers ask differs, so that a change of a record may not be seen by all of them.",
	Action:     "Make the name servers at the registrar and the NS records in the zone the same.",
	References: []string{"RFC 2182 section 3"},
}

var serverLame = &finding.Rule{
	Code: "dns.server-lame", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A name server of the domain does not serve it",
	Saw:        "%[2]s is named as name server of %[1]s, but does not answer for it: %[3]s.",
	Effect:     "Receivers that come to it lose time, and get no answer when the others fail.",
	Action:     "Have the zone set up at %[2]s, or remove it from the name servers at the registrar.",
	References: []string{"RFC 1912 section 2.8"},
}

var serverUnreachable = &finding.Rule{
	Code: "dns.server-unreachable", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A name server of the domain does not answer",
	Saw:        "%[2]s gives no answer about %[1]s, while others do: %[3]s.",
	Effect:     "Receivers that come to it lose time, and get no answer when the others fail.",
	Action:     "Ask the DNS provider whether %[2]s works, or remove it from the name servers at the registrar.",
	References: []string{"RFC 2182 section 3"},
}

var singleNameServer = &finding.Rule{
	Code: "dns.single-name-server", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The domain has only one name server",
	Saw:        "%[1]s is served by %[2]s alone.",
	Effect:     "When it is down, receivers cannot check any mail of %[1]s.",
	Action:     "Add a second name server.",
	References: []string{"RFC 1034 section 4.1"},
}

var serialDiffers = &finding.Rule{
	Code: "dns.serial-differs", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Name servers hold different versions of the zone",
	Saw:        "The serial numbers of %[1]s are: %[2]s.",
	Effect:     "A change that was made has not reached all servers; some receivers still see the old records.",
	Action:     "Check again in some minutes. If it stays, have the transfer of the zone looked at.",
	References: []string{"RFC 1996 section 3"},
}

var ednsBroken = &finding.Rule{
	Code: "dns.edns-broken", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "A name server of the domain is outdated",
	Saw:        "%[2]s answers questions with EDNS(0) with an error, and those without it well.",
	Effect:     "Large records and signatures cannot be fetched there in the usual way; some receivers get no answer.",
	Action:     "Have the software of %[2]s, or a firewall in front of it, updated.",
	References: []string{"RFC 6891 section 7"},
}

var dnssecExpiring = &finding.Rule{
	Code: "dns.dnssec-expiring", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The DNSSEC signatures of the domain soon run out",
	Saw:        "The signature of the records of %[1]s holds until %[2]s.",
	Effect:     "From then on receivers that check DNSSEC get no answer about %[1]s, so that they delay or refuse its mail.",
	Action:     "Have the zone signed again, and look why that does not happen by itself.",
	References: []string{"RFC 4035 section 5.3"},
}

var negativeTTLLong = &finding.Rule{
	Code: "dns.negative-ttl-long", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "\"No such record\" is remembered for long",
	Saw:        "The SOA record of %[1]s lets caches keep it for %[2]s.",
	Effect:     "A record that is added is seen that much later by receivers that have asked for it before.",
	Action:     "Set the minimum of the SOA record to 3600 or less.",
	References: []string{"RFC 2308 section 5"},
}

var ttlLong = &finding.Rule{
	Code: "dns.ttl-long", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A change of this record takes more than a day",
	Saw:        "The %[3]s record of %[2]s may be kept by caches for %[4]s.",
	Effect:     "Some receivers see a change only after that time.",
	Action:     "Set its TTL to 3600 some time before the record is changed.",
	References: []string{"RFC 2181 section 8"},
}

var ttlShort = &finding.Rule{
	Code: "dns.ttl-short", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "A record is asked for again and again",
	Saw:        "The %[3]s record of %[2]s may be kept by caches for %[4]s only.",
	Effect:     "Each mail depends on the name servers answering at that moment.",
	Action:     "Set its TTL to 3600, unless the record is just being changed.",
	References: []string{"RFC 2181 section 8"},
}

var failureCached = &finding.Rule{
	Code: "dns.failure-cached", Severity: finding.Note, Owner: finding.Nobody, Tier: 2,
	Title:      "A resolver repeats a failure that is over",
	Saw:        "%[2]s cannot answer about %[1]s, while the domain's own name servers do.",
	Effect:     "It passes by itself within five minutes, unless that resolver cannot reach the name servers.",
	References: []string{"RFC 9520 section 3.2"},
	Hides:      []string{"spf.caches-behind", "dkim.caches-behind", "dmarc.caches-behind"},
	HidesAlso:  []string{"spf.caches-behind", "dkim.caches-behind", "dmarc.caches-behind"},
}

var splitHorizon = &finding.Rule{
	Code: "dns.split-horizon", Severity: finding.Warning, Owner: finding.Network, Tier: 2,
	Title:      "This network has records of its own for the domain",
	Saw:        "What the resolver of this computer says of %[1]s is not what the world sees: %[2]s.",
	Effect:     "What is seen from here may be wrong or right regardless of what receivers see.",
	Action:     "Check again with a resolver outside, for example --resolver 9.9.9.9:53, and enter new records in both places.",
	References: []string{"RFC 8499"},
	Hides:      []string{"spf.caches-behind", "dkim.caches-behind", "dmarc.caches-behind"},
}

var resolverInterferes = &finding.Rule{
	Code: "dns.resolver-interferes", Severity: finding.Warning, Owner: finding.Network, Tier: 2,
	Title:      "DNS answers are changed on the way to this computer",
	Saw:        "%[2]s.",
	Effect:     "What is seen from here need not be what receivers see; nothing here can be relied on.",
	Action:     "Use another resolver, for example --resolver 9.9.9.9:53, or another network.",
	References: []string{"RFC 8020 section 2"},
	Hides: []string{
		"dns.split-horizon", "spf.wildcard", "dkim.wildcard", "dmarc.wildcard", "spf.caches-behind", "dkim.caches-behind",
		"dmarc.caches-behind",
	},
}
