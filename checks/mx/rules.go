package mx

import "clockwise.info/cwmail/checks/finding"

var missingRule = &finding.Rule{
	Code: "mx.missing", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "%[1]s has no MX record",
	Saw:        "There is only an address record; mail servers try that machine instead.",
	Effect:     "Answers and bounces go to the machine at %[2]s, which is often a web server that takes no mail.",
	Action:     "Publish an MX record that names the mail server of the domain.",
	References: []string{"RFC 5321 section 5.1"},
}

var missingAndNoAddressRule = &finding.Rule{
	Code: "mx.missing-and-no-address", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[1]s can receive no mail",
	Saw:        "There is no MX record and no address record.",
	Effect:     "Many receivers refuse mail from a domain that cannot be answered; answers and bounces are lost.",
	Action:     "Publish an MX record that names the mail server of the domain.",
	References: []string{"RFC 5321 section 5.1"},
	Hides:      []string{"mx.missing", "dmarc.report-domain-without-mx", "message.return-path-undeliverable", "message.reply-to-undeliverable", "smtp.sender-domain-unknown"},
	HidesAlso:  []string{"smtp.sender-domain-unknown"},
}

var unreadableRule = &finding.Rule{
	Code: "mx.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 2,
	Title:      "Where mail for %[1]s goes could not be looked up",
	Saw:        "%[3]s: %[2]s.",
	Effect:     "Whether answers and bounces arrive is not known.",
	Action:     "Check again in some minutes. If it stays, the name servers need a look.",
	References: []string{"RFC 5321 section 5.1"},
}

var serversDisagreeRule = &finding.Rule{
	Code: "mx.servers-disagree", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Name servers give different MX records for %[1]s",
	Saw:        "The authoritative servers do not answer the same: %[2]s.",
	Effect:     "Where answers go depends on the server that a sender happens to ask.",
	Action:     "Have the zone copied to all name servers again, or remove the server that lags behind from the delegation.",
	References: []string{"RFC 1034 section 4.3.5"},
}

var nullRule = &finding.Rule{
	Code: "mx.null", Severity: finding.Note, Owner: finding.Nobody, Tier: 2,
	Title:      "%[1]s declares that it takes no mail",
	Saw:        "The MX record is \"0 .\".",
	Effect:     "No mail is sent with this domain here, so nothing is lost.",
	References: []string{"RFC 7505 section 3"},
}

var nullSenderRule = &finding.Rule{
	Code: "mx.null-sender", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[1]s sends mail, but declares that it takes none",
	Saw:        "The MX record is \"0 .\".",
	Effect:     "Receivers may refuse mail from such a domain; answers and bounces are lost.",
	Action:     "Publish an MX record that names the mail server in place of \"0 .\".",
	References: []string{"RFC 7505 section 4"},
	Hides:      []string{"message.return-path-undeliverable", "message.reply-to-undeliverable", "dmarc.report-domain-without-mx"},
}

var nullWithOthersRule = &finding.Rule{
	Code: "mx.null-with-others", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "\"No mail\" stands beside real mail servers",
	Saw:        "%[1]s has the MX record \"%[2]s\" beside others.",
	Effect:     "Some senders take it for a domain without mail: answers are lost.",
	Action:     "Remove the record \"%[2]s\".",
	References: []string{"RFC 7505 section 3"},
	Hides:      []string{"o365.several-mx"},
}

var nullPreferenceRule = &finding.Rule{
	Code: "mx.null-preference", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The \"no mail\" record has another number than 0",
	Saw:        "%[1]s has the MX record \"%[2]s\".",
	Effect:     "Some senders do not see that the domain takes no mail, and try for days.",
	Action:     "Write 0 as its preference.",
	References: []string{"RFC 7505 section 3"},
}

var targetIsCNAMERule = &finding.Rule{
	Code: "mx.target-is-cname", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The mail server %[2]s is an alias (CNAME)",
	Saw:        "It leads to %[3]s.",
	Effect:     "An MX record must name the host itself; some senders refuse an alias.",
	Action:     "Name %[3]s in the MX record.",
	References: []string{"RFC 2181 section 10.3"},
}

var targetMalformedRule = &finding.Rule{
	Code: "mx.target-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The MX record names no host: %[2]s",
	Saw:        "An MX record must hold the name of a host; this is %[3]s.",
	Effect:     "Senders cannot deliver there: answers and bounces are lost.",
	Action:     "Enter the name of the mail server, without anything else.",
	References: []string{"RFC 5321 section 2.3.5"},
	Hides:      []string{"mx.target-without-address", "mx.no-usable-target"},
}

var targetDoubledRule = &finding.Rule{
	Code: "mx.target-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The name of the mail server holds the domain twice",
	Saw:        "The MX record names %[2]s: the panel added the domain to a full name.",
	Effect:     "Senders look for a host of that name: answers and bounces are lost.",
	Action:     "Enter %[3]s, with a dot at its end where the panel wants one.",
	References: []string{"RFC 1035 section 5.1"},
	Hides:      []string{"mx.target-without-address", "mx.no-usable-target", "mx.target-unregistered"},
}

var targetWithoutAddressRule = &finding.Rule{
	Code: "mx.target-without-address", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The mail server %[2]s has no address",
	Saw:        "Its name holds neither an IPv4 nor an IPv6 address; other mail servers of %[1]s do.",
	Effect:     "Senders lose time with it, and everything hangs on the others.",
	Action:     "Give %[2]s an address, or remove it from the MX records.",
	References: []string{"RFC 5321 section 5.1"},
}

var noUsableTargetRule = &finding.Rule{
	Code: "mx.no-usable-target", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "No mail server of %[1]s has an address",
	Saw:        "Asked were: %[2]s.",
	Effect:     "Answers and bounces are lost; many receivers refuse mail from such a domain.",
	Action:     "Give the mail server an address record, or name one that has.",
	References: []string{"RFC 5321 section 5.1"},
	Hides:      []string{"mx.target-without-address", "message.return-path-undeliverable"},
}

var hostDuplicateRule = &finding.Rule{
	Code: "mx.host-duplicate", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The mail server %[2]s is named twice",
	Saw:        "%[1]s has two MX records with this host.",
	Effect:     "Senders may try it twice.",
	References: []string{"RFC 5321 section 5.1"},
}

var tooManyHostsRule = &finding.Rule{
	Code: "mx.too-many-hosts", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[1]s has more than ten MX records",
	Saw:        "There are %[2]s.",
	Effect:     "An mx term in SPF must not meet more than ten.",
	References: []string{"RFC 7208 section 4.6.4"},
}

var mixedProvidersRule = &finding.Rule{
	Code: "mx.mixed-providers", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "%[1]s names mail servers of two providers",
	Saw:        "They are of %[2]s.",
	Effect:     "Mail that reaches the provider where the mailboxes no longer are is lost or refused. Often one is left from a move.",
	Action:     "Remove the MX records of the provider where the mailboxes are not.",
	References: []string{"RFC 5321 section 5.1"},
	Hides:      []string{"o365.several-mx"},
}

var microsoftPlaceholderRule = &finding.Rule{
	Code: "mx.microsoft-placeholder", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A record of Microsoft's domain check is still there",
	Saw:        "%[2]s served to prove the domain and takes no mail.",
	Effect:     "Some senders count it as a mail server that is down.",
	Action:     "Remove it.",
	References: []string{"Microsoft: add DNS records"},
	Hides:      []string{"o365.several-mx", "mx.target-without-address"},
}

var microsoftEndpointRule = &finding.Rule{
	Code: "mx.microsoft-endpoint", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
	Title:      "Mail for %[1]s goes to Microsoft 365",
	Saw:        "The mail server is %[2]s.",
	Effect:     "The checks of Office 365 apply to this domain.",
	References: []string{"Microsoft MC1048624"},
}

// Rules lists the rules of MX in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missingRule,
		missingAndNoAddressRule,
		unreadableRule,
		serversDisagreeRule,
		nullRule,
		nullSenderRule,
		nullWithOthersRule,
		nullPreferenceRule,
		targetIsCNAMERule,
		targetMalformedRule,
		targetDoubledRule,
		targetWithoutAddressRule,
		noUsableTargetRule,
		targetUnregisteredRule,
		addressPrivateRule,
		hostDuplicateRule,
		tooManyHostsRule,
		mixedProvidersRule,
		microsoftPlaceholderRule,
		microsoftEndpointRule,
		noRedundancyRule,
	}
}
