package tlsrpt

import "clockwise.info/cwmail/checks/finding"

var missingRule = &finding.Rule{
	Code: "tlsrpt.missing", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[1]s asks for no reports about encryption",
	Saw:        "There is no TLSRPT record at %[2]s.",
	Effect:     "Nobody tells you when mail to %[1]s could not be sent encrypted. Mail itself is not affected.",
	References: []string{"RFC 8460 section 3"},
}

var unreadableRule = &finding.Rule{
	Code: "tlsrpt.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 3,
	Title:      "The TLSRPT record of %[1]s could not be looked up",
	Saw:        "%[2]s: %[3]s.",
	Effect:     "Whether reports about encryption are asked for is not known.",
	Action:     "Check again in some minutes. If it stays, the name servers need a look.",
	References: []string{"RFC 8460 section 3"},
}

var multipleRecordsRule = &finding.Rule{
	Code: "tlsrpt.multiple-records", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[1]s has more than one TLSRPT record",
	Saw:        "%[2]s holds %[3]s records that begin with v=TLSRPTv1.",
	Effect:     "Senders ignore all of them and send no reports.",
	Action:     "Keep one record, with all addresses in it.",
	References: []string{"RFC 8460 section 3"},
	Hides:      []string{"tlsrpt.missing", "tlsrpt.record-malformed"},
}

var nameDoubledRule = &finding.Rule{
	Code: "tlsrpt.name-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The name of the TLSRPT record holds the domain twice",
	Saw:        "The record stands at %[3]s: the panel added the domain to a full name.",
	Effect:     "Senders look at %[2]s, find nothing and send no reports.",
	Action:     "Enter only _smtp._tls as the name where the panel adds the domain.",
	References: []string{"RFC 1035 section 5.1"},
	Hides:      []string{"tlsrpt.missing"},
}

var recordMalformedRule = &finding.Rule{
	Code: "tlsrpt.record-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The TLSRPT record of %[1]s cannot be read",
	Saw:        "The record at %[2]s is wrong: %[3]s.",
	Effect:     "Senders ignore it, or parts of it, and reports about encryption do not come.",
	Action:     "Replace the record by the right one.",
	References: []string{"RFC 8460 section 3"},
}

var reportsMissingRule = &finding.Rule{
	Code: "tlsrpt.reports-missing", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The TLSRPT record of %[1]s names no address",
	Saw:        "The record at %[2]s has no rua=.",
	Effect:     "No reports about encryption are sent: there is nowhere to send them.",
	Action:     "Add rua=mailto: with the address that shall get the reports.",
	References: []string{"RFC 8460 section 3"},
}

var reportAddressMalformedRule = &finding.Rule{
	Code: "tlsrpt.report-address-malformed", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "An address for reports about encryption is wrong",
	Saw:        "In rua= of %[2]s stands %[3]s. An address begins with mailto: or https:.",
	Effect:     "Senders cannot use it, and its reports do not come.",
	Action:     "Write mailto: before an e-mail address.",
	References: []string{"RFC 8460 section 3"},
}

// Rules lists the rules of TLSRPT in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missingRule,
		unreadableRule,
		multipleRecordsRule,
		nameDoubledRule,
		recordMalformedRule,
		reportsMissingRule,
		reportAddressMalformedRule,
	}
}
