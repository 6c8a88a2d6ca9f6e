package dane

import "clockwise.info/cwmail/checks/finding"

var unreadableRule = &finding.Rule{
	Code: "dane.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 3,
	Title:      "DANE of %[1]s could not be looked up",
	Saw:        "%[2]s: %[3]s.",
	Effect:     "Whether senders demand a certain certificate of it is not known.",
	Action:     "Check again in some minutes. If it stays, the name servers need a look.",
	References: []string{"RFC 7672 section 2.1"},
}

var lookupFailsRule = &finding.Rule{
	Code: "dane.lookup-fails", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "Questions about DANE of %[1]s fail",
	Saw:        "The address of %[1]s is found, but not the TLSA record at %[2]s: %[3]s.",
	Effect:     "Senders that check DANE hold mail to this server back until the question is answered.",
	Action:     "Have the name servers of the zone answer TLSA questions, also with \"there is none\".",
	References: []string{"RFC 7672 section 2.1.1"},
	Hides:      []string{"dane.unreadable"},
}

var withoutDNSSECRule = &finding.Rule{
	Code: "dane.without-dnssec", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The TLSA record of %[1]s is not signed",
	Saw:        "There are TLSA records at %[2]s, and a resolver that checks DNSSEC found no signature on them.",
	Effect:     "Senders do not use them: they protect nothing.",
	Action:     "Switch on DNSSEC for the zone, or remove the TLSA records.",
	References: []string{"RFC 7672 section 2.2"},
	Hides:      []string{"dane.no-spare", "dane.usage-unusable"},
	HidesAlso:  []string{"dane.no-match"},
}

var usageUnusableRule = &finding.Rule{
	Code: "dane.usage-unusable", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "Senders cannot use a TLSA record of %[1]s",
	Saw:        "The record \"%[2]s\" does not count: %[3]s.",
	Effect:     "It protects nothing.",
	Action:     "Publish a record that begins with 3 1 1 in its place.",
	References: []string{"RFC 7672 section 3.1.3"},
}

var noMatchRule = &finding.Rule{
	Code: "dane.no-match", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The certificate of %[1]s is not the one in DNS",
	Saw:        "No usable TLSA record at %[2]s fits the certificate that the server presents. DNSSEC: %[3]s.",
	Effect:     "Where the zone is signed, senders that check DANE do not deliver to this server: answers are lost.",
	Action:     "Publish a TLSA record for the new certificate; next time before the certificate is changed.",
	References: []string{"RFC 7672 section 3.1"},
}

var noSpareRule = &finding.Rule{
	Code: "dane.no-spare", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[1]s has one TLSA record",
	Saw:        "At %[2]s stands a single record.",
	Effect:     "Before the key of the server changes, a record for the next key must stand beside it for some days.",
	References: []string{"RFC 7671 section 8"},
}

var wrongNameRule = &finding.Rule{
	Code: "dane.wrong-name", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "A TLSA record stands where no mail server looks",
	Saw:        "There is one at %[2]s, and none at %[3]s.",
	Effect:     "Servers that send mail to %[1]s look only at %[3]s: DANE does not apply to it.",
	Action:     "Publish the record at %[3]s.",
	References: []string{"RFC 7672 section 2.2.2"},
}

// Rules lists the rules of DANE in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		unreadableRule,
		lookupFailsRule,
		withoutDNSSECRule,
		usageUnusableRule,
		noMatchRule,
		noSpareRule,
		wrongNameRule,
	}
}
