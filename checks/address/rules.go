package address

import "clockwise.info/cwmail/checks/finding"

// The first argument of each text is the addresses, as ranges.

var unreadableRule = &finding.Rule{
	Code: "ip.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 2,
	Title:      "%[2]s could not be looked up",
	Saw:        "It concerns %[1]s. The question got no answer: %[3]s.",
	Effect:     "What receivers see of these addresses is not known.",
	Action:     "Check again in some minutes.",
	References: []string{"RFC 8601 section 2.7.3"},
}

var ptrMissingRule = &finding.Rule{
	Code: "ip.ptr-missing", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "No name (PTR record) for %[1]s",
	Saw:        "The reverse zone holds no PTR record there.",
	Effect:     "Many receivers, Google and Microsoft among them, refuse mail or treat it as spam when the sending address has no name.",
	Action:     "Publish a PTR record with the name of the mail server, and an address record of that name.",
	References: []string{"RFC 1912 section 2.1"},
	Hides:      []string{"ip.ptr-not-confirmed", "ip.helo-differs", "smtp.refused-by-ptr"},
	HidesAlso:  []string{"smtp.refused-by-ptr"},
}

var ptrNotConfirmedRule = &finding.Rule{
	Code: "ip.ptr-not-confirmed", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The name of %[1]s does not lead back to it",
	Saw:        "%[2]s.",
	Effect:     "Anybody can write any name into the reverse zone; receivers believe it only if the name leads back. Some refuse the mail, as if there were no name.",
	Action:     "Give each name an address record with the address, or name another host in the PTR record.",
	References: []string{"RFC 8601 section 2.7.3"},
	Hides:      []string{"ip.helo-differs", "smtp.refused-by-ptr"},
	HidesAlso:  []string{"smtp.refused-by-ptr"},
}

var ptrMultipleRule = &finding.Rule{
	Code: "ip.ptr-multiple", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "More than one name (PTR record) for %[1]s",
	Saw:        "%[2]s.",
	Effect:     "Receivers pick any of them, so that they see one name today and another tomorrow; above ten, the rest is ignored.",
	Action:     "Leave one PTR record, with the name that the server greets with.",
	References: []string{"RFC 8601 section 2.7.3"},
}

var ptrGenericRule = &finding.Rule{
	Code: "ip.ptr-generic", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The name of %[1]s looks like a home line",
	Saw:        "%[2]s.",
	Effect:     "Some receivers refuse or doubt mail from names that hold the address, or words as \"pool\" or \"dsl\".",
	Action:     "Name the mail server in the PTR record, with an address record of that name.",
	References: []string{"RFC 1912 section 2.1"},
}

var heloDiffersRule = &finding.Rule{
	Code: "ip.helo-differs", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The greeting of %[1]s is not its name",
	Saw:        "%[2]s.",
	Effect:     "Some receivers add to the spam score of mail whose server greets with another name.",
	Action:     "Let the server greet (EHLO) with the name in its PTR record.",
	References: []string{"RFC 5321 section 4.1.4"},
}

var egressOutsideRule = &finding.Rule{
	Code: "ip.egress-outside-network", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "Mail left from %[1]s, outside ClockWise's network",
	Saw:        "The receiver saw that address; ClockWise's mail servers have those of %[2]s.",
	Effect:     "SPF and connectors allow only the known addresses: such mail fails SPF or is refused.",
	Action:     "Have ClockWise send through its own mail servers, or tell which addresses are in use.",
	References: []string{"RFC 7208 section 4.1"},
	Hides:      []string{"message.prediction-differs", "message.other-transport", "o365.no-connector", "spf.clockwise-network-refused"},
}

var instanceOutsideRule = &finding.Rule{
	Code: "ip.instance-outside-network", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "%[3]s has an address outside the network",
	Saw:        "It leads to %[1]s; the mail servers have the addresses of %[2]s.",
	Effect:     "If mail leaves from there, SPF and a connector must allow that address too.",
	Action:     "Ask ClockWise whether mail leaves from %[1]s. If so, add it to the SPF record (%[4]s) and to the connector.",
	References: []string{"ClockWise mail transports manual"},
}

var egressSeveralRule = &finding.Rule{
	Code: "ip.egress-several", Severity: finding.Warning, Owner: finding.Network, Tier: 2,
	Title:      "Mail leaves from several addresses",
	Saw:        "Receivers saw %[1]s.",
	Effect:     "Each of them needs to stand in SPF and in connectors; mail from one that does not fails now and then.",
	Action:     "Give the mail server one fixed outgoing address, or allow all of them.",
	References: []string{"RFC 7208 section 4.1"},
}

var egressUnsuitableRule = &finding.Rule{
	Code: "ip.egress-unsuitable", Severity: finding.Warning, Owner: finding.Network, Tier: 3,
	Title:      "%[1]s is no address to send mail from",
	Saw:        "It is %[2]s.",
	Effect:     "Such addresses do not exist in the Internet: receivers outside see another one, which many customers may share.",
	Action:     "Give the mail server a fixed public address of its own.",
	References: []string{"RFC 6598"},
}

var ipv6UnauthorisedRule = &finding.Rule{
	Code: "ip.ipv6-unauthorised", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 2,
	Title:      "Mail over IPv6 from %[1]s is not allowed",
	Saw:        "%[2]s.",
	Effect:     "Google and Microsoft refuse mail over IPv6 without a name of the address and without a pass of SPF or DKIM.",
	Action:     "Send over IPv4, or publish PTR and AAAA records and add the address to SPF.",
	References: []string{"Google: email sender guidelines"},
}

var blocklistedRule = &finding.Rule{
	Code: "ip.blocklisted", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "%[1]s: on the block list %[2]s",
	Saw:        "It answered %[3]s. %[4]s",
	Effect:     "Receivers that use this list refuse mail from there.",
	Action:     "Find out what was sent, stop it, then have the list remove the address.",
	References: []string{"RFC 5782 section 2"},
	Hides:      []string{"smtp.refused-by-blocklist", "o365.address-blocklisted"},
	HidesAlso:  []string{"smtp.refused-by-blocklist", "o365.address-blocklisted"},
}

var blocklistRefusedRule = &finding.Rule{
	Code: "ip.blocklist-refused", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
	Title:      "The block list %[2]s refuses to answer",
	Saw:        "%[3]s.",
	Effect:     "Whether %[1]s is on that list is not known; receivers with another resolver do get answers.",
	Action:     "Ask through a resolver of your own: many lists refuse public resolvers and heavy users.",
	References: []string{"RFC 5782 section 5", "Spamhaus return codes"},
	Hides:      []string{"ip.blocklisted"},
}

var blocklistDeadRule = &finding.Rule{
	Code: "ip.blocklist-dead", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 2,
	Title:      "The block list %[2]s cannot be used",
	Saw:        "%[3]s.",
	Effect:     "What it says of %[1]s means nothing.",
	Action:     "Take it out of dns_lists, or ask through another resolver if this one makes up answers.",
	References: []string{"RFC 5782 section 5"},
	Hides:      []string{"ip.blocklisted"},
}

var blocklistInformationalRule = &finding.Rule{
	Code: "ip.blocklist-informational", Severity: finding.Note, Owner: finding.Nobody, Tier: 3,
	Title:      "%[1]s: named by %[2]s, which accuses nobody",
	Saw:        "It answered %[3]s. %[4]s",
	Effect:     "It tells of the range or the neighbours, not of mail from this address; few receivers refuse for it.",
	References: []string{"RFC 5782 section 2"},
}

// Rules lists the rules of addresses in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		unreadableRule,
		ptrMissingRule,
		ptrNotConfirmedRule,
		ptrMultipleRule,
		ptrGenericRule,
		heloDiffersRule,
		egressOutsideRule,
		instanceOutsideRule,
		egressSeveralRule,
		egressUnsuitableRule,
		ipv6UnauthorisedRule,
		blocklistedRule,
		blocklistRefusedRule,
		blocklistDeadRule,
		blocklistInformationalRule,
	}
}
