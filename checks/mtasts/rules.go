package mtasts

import "clockwise.info/cwmail/checks/finding"

var missingRule = &finding.Rule{
	Code: "mtasts.missing", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[1]s does not demand encryption of senders (MTA-STS)",
	Saw:        "There is no MTA-STS record at %[2]s.",
	Effect:     "Most mail to %[1]s still comes encrypted, but nobody has to. Mail that you send is not affected.",
	References: []string{"RFC 8461 section 3.1"},
}

var unreadableRule = &finding.Rule{
	Code: "mtasts.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 2,
	Title:      "MTA-STS of %[1]s could not be looked at",
	Saw:        "%[2]s: %[3]s.",
	Effect:     "Whether senders get a usable policy is not known.",
	Action:     "Check again in some minutes, or from another network.",
	References: []string{"RFC 8461 section 3.1"},
}

var multipleRecordsRule = &finding.Rule{
	Code: "mtasts.multiple-records", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "%[1]s has more than one MTA-STS record",
	Saw:        "%[3]s holds %[2]s records that begin with v=STSv1.",
	Effect:     "Senders ignore all of them: the policy does not apply.",
	Action:     "Keep the newest record and remove the others.",
	References: []string{"RFC 8461 section 3.1"},
	Hides:      []string{"mtasts.missing", "mtasts.record-malformed", "mtasts.policy-without-record"},
}

var nameDoubledRule = &finding.Rule{
	Code: "mtasts.name-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The name of the MTA-STS record holds the domain twice",
	Saw:        "The record stands at %[2]s: the panel added the domain to a full name.",
	Effect:     "Senders look at %[3]s and find nothing: the policy does not apply.",
	Action:     "Enter only _mta-sts as the name where the panel adds the domain.",
	References: []string{"RFC 1035 section 5.1"},
	Hides:      []string{"mtasts.missing", "mtasts.policy-without-record"},
}

var recordMalformedRule = &finding.Rule{
	Code: "mtasts.record-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The MTA-STS record of %[1]s cannot be read",
	Saw:        "The record at %[2]s is wrong: %[3]s.",
	Effect:     "Senders ignore it: the policy does not apply.",
	Action:     "Replace the record by the right one.",
	References: []string{"RFC 8461 section 3.1"},
}

var policyWithoutRecordRule = &finding.Rule{
	Code: "mtasts.policy-without-record", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[1]s has an MTA-STS policy, but no record for it",
	Saw:        "A policy is served, and there is no record at %[2]s.",
	Effect:     "Senders do not know of the policy and do not keep to it.",
	Action:     "Publish the record, or remove the policy.",
	References: []string{"RFC 8461 section 3.1"},
	Hides:      []string{"mtasts.missing"},
}

var policyUnreachableRule = &finding.Rule{
	Code: "mtasts.policy-unreachable", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The MTA-STS policy of %[1]s cannot be fetched",
	Saw:        "https://%[2]s/.well-known/mta-sts.txt: %[3]s.",
	Effect:     "The record announces a policy that nobody gets, so that it does not apply.",
	Action:     "Serve the policy there, or remove the record.",
	References: []string{"RFC 8461 section 3.3"},
	Hides:      []string{"mtasts.mx-not-listed", "mtasts.policy-malformed"},
}

var policyTLSInvalidRule = &finding.Rule{
	Code: "mtasts.policy-tls-invalid", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The certificate of %[2]s is not valid",
	Saw:        "The certificate of the web server: %[3]s.",
	Effect:     "Senders do not take a policy from there: it does not apply.",
	Action:     "Give the web server a certificate for %[2]s.",
	References: []string{"RFC 8461 section 3.3"},
	Hides:      []string{"mtasts.policy-unreachable"},
}

var policyRedirectedRule = &finding.Rule{
	Code: "mtasts.policy-redirected", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The MTA-STS policy of %[1]s stands elsewhere",
	Saw:        "https://%[2]s/.well-known/mta-sts.txt leads to %[3]s.",
	Effect:     "Senders must not follow: the policy does not apply.",
	Action:     "Serve the policy at this address itself, without redirection.",
	References: []string{"RFC 8461 section 3.3"},
	Hides:      []string{"mtasts.policy-unreachable"},
}

var policyMediaTypeWrongRule = &finding.Rule{
	Code: "mtasts.policy-media-type-wrong", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "The MTA-STS policy is not served as plain text",
	Saw:        "The web server %[2]s says of its type: %[3]s.",
	Effect:     "Some senders do not take the policy.",
	Action:     "Serve it with Content-Type: text/plain.",
	References: []string{"RFC 8461 section 3.3"},
}

var policyTooLargeRule = &finding.Rule{
	Code: "mtasts.policy-too-large", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "The MTA-STS policy of %[1]s is too large",
	Saw:        "What %[2]s serves has more than 64 KB.",
	Effect:     "Senders stop reading there and do not take the policy.",
	Action:     "Serve the policy alone: it needs a few lines.",
	References: []string{"RFC 8461 section 3.3"},
}

var policyLineEndsRule = &finding.Rule{
	Code: "mtasts.policy-line-ends", Severity: finding.Note, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "Lines of the MTA-STS policy end in LF alone",
	Saw:        "The policy at %[2]s has line ends of Unix.",
	Effect:     "Senders take that as well.",
	References: []string{"RFC 8461 section 3.2"},
}

var policyMalformedRule = &finding.Rule{
	Code: "mtasts.policy-malformed", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The MTA-STS policy of %[1]s cannot be read",
	Saw:        "What %[2]s serves is wrong: %[3]s.",
	Effect:     "Senders do not take it: the policy does not apply.",
	Action:     "Mend the policy, and give the record at _mta-sts.%[1]s a new id.",
	References: []string{"RFC 8461 section 3.2"},
}

// policyTwiceRule is policyMalformedRule where senders take the policy all the
// same: of fields that stand in it twice the first one counts.
var policyTwiceRule = &finding.Rule{
	Code: policyMalformedRule.Code, Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The MTA-STS policy of %[1]s says something twice",
	Saw:        "In what %[2]s serves, %[3]s.",
	Effect:     "Senders read over what stands there the second time.",
	Action:     "Keep in the policy what is meant, and give the record at _mta-sts.%[1]s a new id.",
	References: []string{"RFC 8461 section 3.2"},
}

var maxAgeInvalidRule = &finding.Rule{
	Code: "mtasts.max-age-invalid", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "max_age of the MTA-STS policy is wrong",
	Saw:        "In the policy at %[2]s: %[3]s.",
	Effect:     "Senders do not take the policy.",
	Action:     "Write max_age: 604800 (a week) or more, up to 31557600, and give the record at _mta-sts.%[1]s a new id.",
	References: []string{"RFC 8461 section 3.2"},
}

var maxAgeShortRule = &finding.Rule{
	Code: "mtasts.max-age-short", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "The MTA-STS policy of %[1]s is forgotten soon",
	Saw:        "max_age is %[2]s seconds.",
	Effect:     "Who sends less than once a day has forgotten it each time, and an attacker can keep the next one away.",
	Action:     "Write max_age: 604800 (a week) or more, and give the record at _mta-sts.%[1]s a new id.",
	References: []string{"RFC 8461 section 3.2"},
}

var mxNotListedRule = &finding.Rule{
	Code: "mtasts.mx-not-listed", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The MTA-STS policy does not name %[2]s",
	Saw:        "Its mx lines are: %[3]s. The mode is %[4]s.",
	Effect:     "With mode enforce, senders do not deliver to this mail server; with testing, they report it.",
	Action:     "Add the line \"mx: %[2]s\" to the policy, and give the record at _mta-sts.%[1]s a new id.",
	References: []string{"RFC 8461 section 4.1"},
}

var policyMXUnusedRule = &finding.Rule{
	Code: "mtasts.policy-mx-unused", Severity: finding.Note, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "The MTA-STS policy names a host that is not used",
	Saw:        "No mail server of %[1]s fits \"mx: %[2]s\".",
	Effect:     "It does no harm. It may be left from a move.",
	References: []string{"RFC 8461 section 4.1"},
}

var modeTestingRule = &finding.Rule{
	Code: "mtasts.mode-testing", Severity: finding.Note, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "The MTA-STS policy of %[1]s is still on trial",
	Saw:        "It says mode: testing.",
	Effect:     "Senders only report what would fail, and deliver all the same.",
	References: []string{"RFC 8461 section 5"},
}

var modeNoneRule = &finding.Rule{
	Code: "mtasts.mode-none", Severity: finding.Note, Owner: finding.CustomerMailServer, Tier: 3,
	Title:      "The MTA-STS policy of %[1]s is switched off",
	Saw:        "It says mode: none.",
	Effect:     "Senders deliver as if there were no policy.",
	References: []string{"RFC 8461 section 5"},
}

// Rules lists the rules of MTA-STS in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missingRule,
		unreadableRule,
		multipleRecordsRule,
		nameDoubledRule,
		recordMalformedRule,
		policyWithoutRecordRule,
		policyUnreachableRule,
		policyTLSInvalidRule,
		policyRedirectedRule,
		policyMediaTypeWrongRule,
		policyTooLargeRule,
		policyLineEndsRule,
		policyMalformedRule,
		maxAgeInvalidRule,
		maxAgeShortRule,
		mxNotListedRule,
		policyMXUnusedRule,
		modeTestingRule,
		modeNoneRule,
	}
}
