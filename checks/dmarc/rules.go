package dmarc

import "clockwise.info/cwmail/checks/finding"

var missingRule = &finding.Rule{
	Code: "dmarc.missing", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[3]s has no DMARC record",
	Saw:        "Neither %[1]s nor a name above it holds a DMARC record.",
	Effect:     "Large mailbox providers expect one and trust mail without it less; nobody reports to you who sends in your name.",
	Action:     "Publish the record below; it changes nothing for your mail and starts the reports. Make sure that the mailbox for the reports exists.",
	References: []string{"RFC 9989 section 4.10.1"},
	Hides:      []string{"dmarc.reports-missing", "dmarc.spf-only", "spf.all-softfail-without-dmarc"},
}

var inheritedRule = &finding.Rule{
	Code: "dmarc.inherited", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "DMARC for %[3]s comes from %[1]s",
	Saw:        "The record of %[1]s applies; of it: %[2]s.",
	Effect:     "Mail of %[3]s is judged by the policy of the domain above it.",
	References: []string{"RFC 9989 section 4.10.1"},
}

var multipleRecordsRule = &finding.Rule{
	Code: "dmarc.multiple-records", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[2]s DMARC records at %[1]s: none counts",
	Saw:        "%[1]s holds %[2]s records that begin with v=DMARC1, where one is allowed.",
	Effect:     "Receivers drop all of them. Newer ones look further at the domain above (RFC 9989), older ones stop there (RFC 7489): mail is judged without this policy.",
	Action:     "Make one record of them: the corrected one below; remove the others.",
	References: []string{"RFC 9989 section 4.10"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.policy-none", "dmarc.reports-missing"},
}

var wrongNameRule = &finding.Rule{
	Code: "dmarc.wrong-name", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The DMARC record stands at the wrong name",
	Saw:        "It stands at %[2]s, where nobody looks; %[1]s is empty.",
	Effect:     "Receivers look at %[1]s only, so for them there is no DMARC policy.",
	Action:     "Publish it at %[1]s. Where the panel shows a domain behind the field, enter only what stands before it.",
	References: []string{"RFC 9989 section 4.5"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited"},
}

var nameDoubledRule = &finding.Rule{
	Code: "dmarc.name-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The name of the DMARC record holds the domain twice",
	Saw:        "It stands at %[2]s: the panel added the domain to a name that had it already.",
	Effect:     "Receivers look at %[1]s only, so for them there is no DMARC policy.",
	Action:     "Enter only %[5]s in the field for the name.",
	References: []string{"RFC 1035 section 5.1"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-name"},
}

var wrongContentRule = &finding.Rule{
	Code: "dmarc.wrong-content", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[1]s holds something else than DMARC",
	Saw:        "The text there is: %[2]s.",
	Effect:     "A text that does not begin with v=DMARC1 is ignored, so for receivers %[3]s has no DMARC policy.",
	Action:     "Publish the DMARC record below at this name.",
	References: []string{"RFC 9989 section 4.10"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.unrelated-txt"},
}

var unrelatedTXTRule = &finding.Rule{
	Code: "dmarc.unrelated-txt", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Another text stands beside the DMARC record",
	Saw:        "At %[1]s stands also: %[2]s.",
	Effect:     "Receivers ignore it.",
	References: []string{"RFC 9989 section 4.10"},
}

var unreadableRule = &finding.Rule{
	Code: "dmarc.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
	Title:      "DMARC of %[3]s could not be looked up",
	Saw:        "%[1]s could not be asked: %[2]s.",
	Effect:     "Whether a DMARC policy applies to this mail is not known; receivers that cannot look either may defer it.",
	Action:     "Check again in some minutes. If it stays, the name servers of the domain need a look.",
	References: []string{"RFC 9989 section 4.10.1"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.policy-none", "spf.all-softfail-without-dmarc"},
}

var serversDisagreeRule = &finding.Rule{
	Code: "dmarc.servers-disagree", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Name servers give different DMARC records for %[3]s",
	Saw:        "The authoritative servers do not answer the same at %[1]s: %[2]s.",
	Effect:     "Which policy a receiver sees depends on the server that it happens to ask.",
	Action:     "Have the zone copied to all name servers again, or remove the server that lags behind from the delegation.",
	References: []string{"RFC 1034 section 4.3.5"},
	Hides:      []string{"dmarc.caches-behind", "dns.serial-differs"},
}

var cachesBehindRule = &finding.Rule{
	Code: "dmarc.caches-behind", Severity: finding.Warning, Owner: finding.Nobody, Tier: 1,
	Title:      "Resolvers still hold an older DMARC record",
	Saw:        "The source is right; %[2]s still answer from memory.",
	Effect:     "Receivers behind these resolvers use the older record until it expires.",
	Action:     "Wait until the older answer has expired, then check again.",
	References: []string{"RFC 2308 section 5"},
}

var wildcardRule = &finding.Rule{
	Code: "dmarc.wildcard", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A wildcard answers where the DMARC record belongs",
	Saw:        "%[1]s has no record of its own: a wildcard (*) gives its text: %[2]s.",
	Effect:     "Receivers find no DMARC policy there.",
	Action:     "Publish the DMARC record below: a name of its own comes before the wildcard.",
	References: []string{"RFC 4592 section 2"},
	Hides:      []string{"dmarc.wrong-content", "dmarc.unrelated-txt", "dmarc.missing"},
	HidesAlso:  []string{"dmarc.wrong-content"},
}

var cnameChainRule = &finding.Rule{
	Code: "dmarc.cname-chain", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The DMARC record is delegated by a CNAME",
	Saw:        "%[1]s leads to %[2]s.",
	Effect:     "Whoever runs that name decides about the policy of your mail.",
	References: []string{"RFC 1034 section 3.6.2"},
}

var cnameDanglingRule = &finding.Rule{
	Code: "dmarc.cname-dangling", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The CNAME at %[1]s leads to nothing",
	Saw:        "It leads to %[2]s, where no TXT record stands.",
	Effect:     "Receivers find no DMARC policy for %[3]s.",
	Action:     "Remove the CNAME and publish the record below, or have the service publish its side.",
	References: []string{"RFC 1034 section 3.6.2"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.cname-chain"},
}

var answerTooLargeRule = &finding.Rule{
	Code: "dmarc.answer-too-large", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The DMARC record is too large for one UDP packet",
	Saw:        "%[1]s: %[2]s.",
	Effect:     "Receivers whose network blocks DNS over TCP cannot read it.",
	Action:     "Shorten the record, and remove other texts from that name.",
	References: []string{"RFC 7766 section 5"},
}

var domainIsPublicSuffixRule = &finding.Rule{
	Code: "dmarc.domain-is-public-suffix", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 3,
	Title:      "%[3]s is a public suffix, not a domain of one owner",
	Saw:        "Names below %[3]s belong to different owners.",
	Effect:     "No mail can be sent as %[3]s in a way that receivers trust.",
	Action:     "Use a domain of the customer's own as sender.",
	References: []string{"RFC 9989 section 4.10.2"},
}

var leadingCharactersRule = &finding.Rule{
	Code: "dmarc.leading-characters", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Something stands before v=DMARC1",
	Saw:        "The value at %[1]s begins with %[2]s.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content"},
}

var quotesInValueRule = &finding.Rule{
	Code: "dmarc.quotes-in-value", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Quotation marks stand in the DMARC record",
	Saw:        "The value at %[1]s holds %[2]s quotation mark(s) as part of the text.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Enter the value without quotation marks; the panel adds them itself.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content", "dmarc.leading-characters", "dmarc.version-wrong"},
}

var semicolonEscapedRule = &finding.Rule{
	Code: "dmarc.semicolon-escaped", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Backslashes stand before the semicolons",
	Saw:        "The value at %[1]s holds \\; where ; belongs.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Enter plain semicolons; the backslashes come from a zone file of another program.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content", "dmarc.version-wrong", "dmarc.policy-invalid"},
}

var zoneLineInValueRule = &finding.Rule{
	Code: "dmarc.zone-line-in-value", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A whole zone-file line stands in the DMARC record",
	Saw:        "The value at %[1]s begins with %[2]s, which belongs in the fields for name and type.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Put only what begins with v=DMARC1 into the field for the value.",
	References: []string{"RFC 1035 section 5.1"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content", "dmarc.leading-characters", "dmarc.quotes-in-value"},
}

var nonASCIIRule = &finding.Rule{
	Code: "dmarc.non-ascii", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A character that cannot be there stands in the DMARC record",
	Saw:        "The value at %[1]s holds %[2]s.",
	Effect:     "Receivers ignore the record or the tag with the character: the policy that you meant is not applied.",
	Action:     "Enter the corrected value by hand, or paste it from here rather than from a text document.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content", "dmarc.leading-characters", "dmarc.version-wrong", "dmarc.policy-invalid", "dmarc.report-address-malformed"},
}

var controlCharacterRule = &finding.Rule{
	Code: "dmarc.control-character", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A line break or control character stands in the DMARC record",
	Saw:        "The value at %[1]s holds %[2]s.",
	Effect:     "Receivers ignore the record or the tag with the character: part of what you meant is not applied.",
	Action:     "Enter the value on one line.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.policy-invalid", "dmarc.tag-malformed", "dmarc.report-address-malformed", "dmarc.version-wrong"},
}

var versionMissingRule = &finding.Rule{
	Code: "dmarc.version-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The DMARC record does not begin with v=DMARC1",
	Saw:        "The value at %[1]s has DMARC tags, but no v=.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content"},
}

var versionNotFirstRule = &finding.Rule{
	Code: "dmarc.version-not-first", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "v=DMARC1 does not stand first",
	Saw:        "The value at %[1]s begins with %[2]s.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content", "dmarc.version-missing"},
}

var versionWrongRule = &finding.Rule{
	Code: "dmarc.version-wrong", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The version of the DMARC record is misspelt",
	Saw:        "The value at %[1]s says v=%[2]s; it must be DMARC1, in capitals.",
	Effect:     "Receivers ignore the record, so for them %[3]s has no DMARC policy: mail counts as weakly authenticated and more of it goes to junk.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7", "RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.missing", "dmarc.inherited", "dmarc.wrong-content"},
}

var separatorMissingRule = &finding.Rule{
	Code: "dmarc.separator-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A semicolon is missing in the DMARC record",
	Saw:        "At %[1]s no semicolon stands before %[2]s.",
	Effect:     "Receivers read two settings as one: they ignore the record or its policy.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.version-wrong", "dmarc.policy-invalid", "dmarc.report-address-malformed", "dmarc.reports-missing", "dmarc.missing", "dmarc.wrong-content"},
}

var separatorWrongRule = &finding.Rule{
	Code: "dmarc.separator-wrong", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A comma or colon stands where a semicolon belongs",
	Saw:        "At %[1]s before %[2]s.",
	Effect:     "Receivers read two settings as one: they ignore the record or its policy.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.8"},
	Hides:      []string{"dmarc.version-wrong", "dmarc.policy-invalid", "dmarc.report-address-malformed", "dmarc.reports-missing", "dmarc.missing", "dmarc.wrong-content"},
}

var tagDuplicateRule = &finding.Rule{
	Code: "dmarc.tag-duplicate", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[2]s= stands twice in the DMARC record",
	Saw:        "The value at %[1]s sets %[2]s= more than once.",
	Effect:     "A record with a repeated setting is void, so for receivers %[3]s has no DMARC policy.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7", "RFC 6376 section 3.2"},
	Hides:      []string{"dmarc.policy-none", "dmarc.reports-missing", "dmarc.policy-invalid"},
}

var tagMalformedRule = &finding.Rule{
	Code: "dmarc.tag-malformed", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A part of the DMARC record is no setting",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "Receivers ignore this part.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7"},
}

var tagMisspeltRule = &finding.Rule{
	Code: "dmarc.tag-misspelt", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "A setting of the DMARC record is misspelt",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "Receivers ignore a setting that they do not know, so what you meant is not applied.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7"},
	Hides:      []string{"dmarc.tag-unknown", "dmarc.reports-missing", "dmarc.policy-missing", "dmarc.policy-assumed-none"},
	HidesAlso:  []string{"dmarc.policy-missing"},
}

var tagUnknownRule = &finding.Rule{
	Code: "dmarc.tag-unknown", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A setting of the DMARC record is unknown",
	Saw:        "At %[1]s: %[2]s=.",
	Effect:     "Receivers ignore it.",
	References: []string{"RFC 9989 section 4.7"},
}

var tagObsoleteRule = &finding.Rule{
	Code: "dmarc.tag-obsolete", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "A setting of the DMARC record is obsolete",
	Saw:        "At %[1]s: %[2]s=.",
	Effect:     "Receivers of today ignore it.",
	References: []string{"RFC 9989 appendix C.5.2"},
}

var caseUnusualRule = &finding.Rule{
	Code: "dmarc.case-unusual", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The DMARC record is written in capitals",
	Saw:        "At %[1]s: %[2]s. This is allowed.",
	Effect:     "Receivers understand it.",
	References: []string{"RFC 9989 section 4.8"},
}

var policyMissingRule = &finding.Rule{
	Code: "dmarc.policy-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The DMARC record of %[4]s has no policy",
	Saw:        "The value at %[1]s has no p=, and no usable address for reports.",
	Effect:     "Receivers do nothing with such a record: for them there is no DMARC policy.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.10.1"},
	Hides:      []string{"dmarc.reports-missing"},
}

var policyAssumedNoneRule = &finding.Rule{
	Code: "dmarc.policy-assumed-none", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "The DMARC record has no p=; receivers assume p=none",
	Saw:        "The value at %[1]s has an address for reports, but no policy.",
	Effect:     "Newer receivers read it as p=none; older ones ignore the record.",
	Action:     "Write the policy down: the corrected record below.",
	References: []string{"RFC 9989 section 4.10.1"},
}

var policyInvalidRule = &finding.Rule{
	Code: "dmarc.policy-invalid", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[2]s is no DMARC policy",
	Saw:        "The value at %[1]s says %[2]s; only none, quarantine and reject exist.",
	Effect:     "Receivers read it as p=none where the record has an address for reports, and ignore it otherwise.",
	Action:     "Replace the record at %[1]s by the corrected one. It begins with p=none, which is what receivers do now.",
	References: []string{"RFC 9989 section 4.10.1"},
	Hides:      []string{"dmarc.policy-none", "dmarc.reports-missing"},
}

var policyNoneRule = &finding.Rule{
	Code: "dmarc.policy-none", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "DMARC only reports (p=none)",
	Saw:        "The policy that applies to %[3]s is none.",
	Effect:     "Receivers report and do nothing else. This meets the minimum of the large mailbox providers.",
	References: []string{"RFC 9989 section 4.7"},
}

var policyQuarantineRule = &finding.Rule{
	Code: "dmarc.policy-quarantine", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "DMARC sends failing mail to junk (quarantine)",
	Saw:        "The policy that applies to %[3]s is quarantine.",
	Effect:     "Mail that fails DMARC goes to junk. The next step would be reject.",
	References: []string{"RFC 9989 section 4.7"},
}

var policyNotSecondRule = &finding.Rule{
	Code: "dmarc.policy-not-second", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "p= is not the second setting of the DMARC record",
	Saw:        "At %[1]s.",
	Effect:     "Some older receivers wanted p= directly behind v=DMARC1.",
	References: []string{"RFC 7489 section 6.3"},
}

var subdomainPolicyWeakerRule = &finding.Rule{
	Code: "dmarc.subdomain-policy-weaker", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Subdomains of %[4]s are protected less than the domain",
	Saw:        "The value at %[1]s asks for %[2]s.",
	Effect:     "Who wants to write in your name takes a subdomain.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7"},
}

var subdomainPolicyUnusedRule = &finding.Rule{
	Code: "dmarc.subdomain-policy-unused", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "sp= has no effect at %[4]s",
	Saw:        "%[1]s is not the record of an organisational domain.",
	Effect:     "Receivers take sp= only from the record of the organisational domain, %[2]s.",
	References: []string{"RFC 9989 section 4.7"},
}

var subdomainPolicyInvalidRule = &finding.Rule{
	Code: "dmarc.subdomain-policy-invalid", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "%[2]s is no DMARC policy",
	Saw:        "The value at %[1]s says %[2]s; only none, quarantine and reject exist.",
	Effect:     "One wrong word voids the whole policy: receivers do no more than report, or ignore the record.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.10.1"},
}

var nonexistentPolicyWeakRule = &finding.Rule{
	Code: "dmarc.nonexistent-policy-weak", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "Invented subdomains of %[4]s are not protected",
	Saw:        "The value at %[1]s says np=none, while the domain itself is protected.",
	Effect:     "Mail from names that do not exist passes the policy.",
	References: []string{"RFC 9989 section 4.7"},
}

var subdomainRecordWeakerRule = &finding.Rule{
	Code: "dmarc.subdomain-record-weaker", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "%[3]s has a weaker DMARC policy than %[2]s",
	Saw:        "The record at %[1]s takes the place of the stricter one above.",
	Effect:     "Mail from %[3]s is protected less than the rest of the domain.",
	Action:     "Raise the policy at %[1]s, or remove that record if the one above will do.",
	References: []string{"RFC 9989 section 4.10.1"},
}

var testModeRule = &finding.Rule{
	Code: "dmarc.test-mode", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The DMARC record is in test mode (t=y)",
	Saw:        "The value at %[1]s says t=y.",
	Effect:     "Receivers apply the policy one step softer than it reads: %[2]s.",
	Action:     "Remove t=y when the tests are over: the corrected record below.",
	References: []string{"RFC 9989 section 4.7"},
}

var pctPresentRule = &finding.Rule{
	Code: "dmarc.pct-present", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "pct= in the DMARC record is understood in two ways",
	Saw:        "The value at %[1]s says pct=%[2]s.",
	Effect:     "New receivers ignore it and apply the policy to all mail; older ones apply it to a part.",
	Action:     "Remove pct= and choose the policy that all mail can bear.",
	References: []string{"RFC 9989 appendix A.6"},
}

var psdYesRule = &finding.Rule{
	Code: "dmarc.psd-yes", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "psd=y says that %[4]s is a registry",
	Saw:        "%[1]s is the record of no public suffix.",
	Effect:     "Receivers take each name below as an owner of its own: mail of one counts not for the other.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.10.2"},
}

var psdNoRule = &finding.Rule{
	Code: "dmarc.psd-no", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[4]s is declared as organisational domain (psd=n)",
	Saw:        "%[1]s says psd=n.",
	Effect:     "Receivers do not look further up.",
	References: []string{"RFC 9989 section 4.10.2"},
}

var psdUnreachableRule = &finding.Rule{
	Code: "dmarc.psd-unreachable", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The psd=n of %[4]s is not seen for %[3]s",
	Saw:        "%[1]s says psd=n, but %[4]s has more than 7 labels, and receivers skip it on their way up from %[3]s.",
	Effect:     "For mail of %[3]s another domain counts as the organisation, and another policy may apply.",
	Action:     "Publish a record with psd=n at _dmarc.%[3]s itself, or at a name of at most 7 labels.",
	References: []string{"RFC 9989 section 5.1.8"},
}

var walkShortenedRule = &finding.Rule{
	Code: "dmarc.walk-shortened", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[3]s is too long for a full DMARC search",
	Saw:        "Asked were: %[2]s.",
	Effect:     "Receivers skip the names between; a record there is not seen.",
	References: []string{"RFC 9989 section 4.10"},
}

var orgDomainDiffersRule = &finding.Rule{
	Code: "dmarc.org-domain-differs", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Receivers disagree about the main domain of %[3]s",
	Saw:        "By the DMARC records it is %[1]s, by the public suffix list %[2]s.",
	Effect:     "New and old receivers judge differently which domains belong together, and so whether this mail passes.",
	Action:     "Publish a DMARC record at %[2]s, so that both find the same.",
	References: []string{"RFC 9989 section 4.10.2", "RFC 7489 section 3.2"},
}

var alignmentStrictRule = &finding.Rule{
	Code: "dmarc.alignment-strict", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Strict alignment keeps this mail from counting",
	Saw:        "The value at %[4]s sets %[1]s=s, and this mail is authenticated as %[2]s, not exactly %[3]s.",
	Effect:     "Relaxed mode would accept it; in strict mode it does not count for DMARC.",
	Action:     "Remove %[1]s=s: the corrected record below.",
	References: []string{"RFC 9989 section 4.4"},
}

var alignmentModeInvalidRule = &finding.Rule{
	Code: "dmarc.alignment-mode-invalid", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "The alignment mode is neither r nor s",
	Saw:        "The value at %[1]s: %[2]s.",
	Effect:     "Receivers use r (relaxed).",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.7"},
	Hides:      []string{"dmarc.alignment-strict"},
}

var foInvalidRule = &finding.Rule{
	Code: "dmarc.fo-invalid", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "fo= of the DMARC record has no sound value",
	Saw:        "The value at %[1]s: %[2]s.",
	Effect:     "Reports on single mails may not come as meant.",
	References: []string{"RFC 9989 section 4.7"},
}

var reportsMissingRule = &finding.Rule{
	Code: "dmarc.reports-missing", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "Nobody receives the DMARC reports of %[4]s",
	Saw:        "The value at %[1]s has no rua=.",
	Effect:     "Without reports nobody sees which mail fails and who sends in your name.",
	Action:     "Add an address for reports: the corrected record below. Make sure that the mailbox exists.",
	References: []string{"RFC 9989 section 4.7"},
}

var reportAddressMalformedRule = &finding.Rule{
	Code: "dmarc.report-address-malformed", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "An address for DMARC reports is written wrongly",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "No reports go to this address.",
	Action:     "Replace the record at %[1]s by the corrected one.",
	References: []string{"RFC 9989 section 4.6"},
}

var reportAddressUnencodedRule = &finding.Rule{
	Code: "dmarc.report-address-unencoded", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "An address for DMARC reports holds a bare !",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "Some reporters cut the address at this character. It must be written %%21.",
	Action:     "Write %%21 in its place.",
	References: []string{"RFC 9989 section 4.8"},
}

var reportSizeLimitRule = &finding.Rule{
	Code: "dmarc.report-size-limit", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "A size limit for DMARC reports is obsolete",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "Receivers of today ignore the limit, or the address.",
	References: []string{"RFC 9989 section 4.8"},
}

var reportAddressesManyRule = &finding.Rule{
	Code: "dmarc.report-addresses-many", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "More than two addresses for DMARC reports",
	Saw:        "%[1]s lists %[2]s.",
	Effect:     "Reporters need not serve more than two.",
	References: []string{"RFC 7489 section 6.2"},
}

var reportAddressDuplicateRule = &finding.Rule{
	Code: "dmarc.report-address-duplicate", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "An address for DMARC reports stands twice",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "It may get the same report twice.",
	References: []string{"RFC 9989 section 4.6"},
}

var reportTargetNotAuthorisedRule = &finding.Rule{
	Code: "dmarc.report-target-not-authorised", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "%[2]s does not accept DMARC reports for %[4]s",
	Saw:        "%[5]s holds no record that begins with v=DMARC1.",
	Effect:     "Reporters do not send to another organisation that has not agreed.",
	Action:     "Use a mailbox of your own, as in the record below; or have the owner of %[2]s publish v=DMARC1 at %[5]s.",
	References: []string{"RFC 9990 section 4"},
}

var reportAuthorisationBrokenRule = &finding.Rule{
	Code: "dmarc.report-authorisation-broken", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[2]s agrees to DMARC reports in a broken way",
	Saw:        "At %[5]s: %[6]s.",
	Effect:     "Reporters may not send the reports there, or send them elsewhere.",
	Action:     "Have the owner of %[2]s publish just v=DMARC1 at %[5]s.",
	References: []string{"RFC 9990 section 4"},
}

var reportDomainWithoutMXRule = &finding.Rule{
	Code: "dmarc.report-domain-without-mx", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "%[2]s takes no mail, so no DMARC reports arrive",
	Saw:        "The address %[5]s lies in a domain without mail server.",
	Effect:     "The reports are lost.",
	Action:     "Use a mailbox that exists.",
	References: []string{"RFC 5321 section 5.1"},
	Hides:      []string{"dmarc.report-target-not-authorised"},
}

var failureReportsRequestedRule = &finding.Rule{
	Code: "dmarc.failure-reports-requested", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "Reports on single mails are asked for (ruf=)",
	Saw:        "At %[1]s: %[2]s.",
	Effect:     "Few receivers send them; they hold personal data.",
	References: []string{"RFC 9991"},
}

// unsignedAction is the next step of the three rules below where the mail is
// sound but for its alignment.
const unsignedAction = "Let ClockWise sign this mail with DKIM for %[3]s, or give the transport an envelope address at %[3]s: one of the two is enough."

var parkedNotClosedRule = &finding.Rule{
	Code: "dmarc.parked-not-closed", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "%[3]s sends no mail, but its DMARC does not say so",
	Saw:        "The domain is marked as parked, and its policy is not reject for all of it: %[2]s.",
	Effect:     "Receivers take mail that others send in its name.",
	Action:     "Publish the record below.",
	References: []string{"M3AAWG Protecting Parked Domains"},
}

var mailRejectedRule = &finding.Rule{
	Code: "dmarc.mail-rejected", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Receivers reject this mail: DMARC of %[3]s fails",
	Saw:        "The policy is reject; SPF: %[1]s; DKIM: %[2]s.",
	Effect:     "Mail of this transport from %[3]s is refused by receivers that follow DMARC.",
	Action:     "Mend what the other findings of this mail name: it passes as soon as SPF or DKIM passes for %[3]s.",
	References: []string{"RFC 9989 section 4.4", "RFC 9989 section 7.4"},
	Outcome:    true,
}

var mailQuarantinedRule = &finding.Rule{
	Code: "dmarc.mail-quarantined", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "This mail goes to junk: DMARC of %[3]s fails",
	Saw:        "The policy is quarantine; SPF: %[1]s; DKIM: %[2]s.",
	Effect:     "Mail of this transport from %[3]s goes to the junk folder of receivers that follow DMARC.",
	Action:     "Mend what the other findings of this mail name: it passes as soon as SPF or DKIM passes for %[3]s.",
	References: []string{"RFC 9989 section 4.4"},
	Outcome:    true,
}

var mailUnalignedRule = &finding.Rule{
	Code: "dmarc.mail-unaligned", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Receivers cannot tell that %[3]s sent this mail",
	Saw:        "SPF: %[1]s; DKIM: %[2]s.",
	Effect:     "The mail counts as unauthenticated, is shown as sent via another domain, and goes to junk more often.",
	Action:     "Mend what the other findings of this mail name: it passes as soon as SPF or DKIM passes for %[3]s.",
	References: []string{"RFC 9989 section 4.4"},
	Outcome:    true,
}

var spfOnlyRule = &finding.Rule{
	Code: "dmarc.spf-only", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
	Title:      "Only SPF vouches for this mail; forwarding breaks it",
	Saw:        "SPF passes for %[3]s; DKIM: %[2]s.",
	Effect:     "When the recipient forwards the mail, SPF fails at the next server, and with it DMARC.",
	Action:     "Set up DKIM for this transport.",
	References: []string{"RFC 9989 section 7.4"},
}

var dkimOnlyRule = &finding.Rule{
	Code: "dmarc.dkim-only", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
	Title:      "DKIM alone vouches for this mail",
	Saw:        "The envelope sender is of another domain; DKIM passes for %[3]s.",
	Effect:     "DMARC passes, also when the mail is forwarded.",
	References: []string{"RFC 9989 section 4.4"},
}

var readyToTightenRule = &finding.Rule{
	Code: "dmarc.ready-to-tighten", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "All transports of %[3]s pass: DMARC can be tightened",
	Saw:        "The policy is %[2]s, and every configured transport of the domain has an aligned pass.",
	Effect:     "A stricter policy would cost none of this mail. Look at the reports for other senders first.",
	References: []string{"RFC 9989 section 5.1"},
}

var tighteningWouldBreakRule = &finding.Rule{ // %[5]s: the transports
	Code: "dmarc.tightening-would-break", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
	Title:      "p=%[2]s would stop mail of %[5]s",
	Saw:        "With this record, mail of %[3]s through %[5]s does not pass DMARC.",
	Effect:     "Receivers would refuse that mail or put it into the junk folder.",
	Action:     "Check %[5]s and mend its SPF or DKIM first, then tighten the policy.",
	References: []string{"RFC 9989 section 5.1"},
}

// Rules lists the rules of DMARC in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missingRule,
		inheritedRule,
		multipleRecordsRule,
		wrongNameRule,
		nameDoubledRule,
		wrongContentRule,
		unrelatedTXTRule,
		unreadableRule,
		serversDisagreeRule,
		cachesBehindRule,
		wildcardRule,
		cnameChainRule,
		cnameDanglingRule,
		answerTooLargeRule,
		domainIsPublicSuffixRule,
		leadingCharactersRule,
		quotesInValueRule,
		semicolonEscapedRule,
		zoneLineInValueRule,
		nonASCIIRule,
		controlCharacterRule,
		versionMissingRule,
		versionNotFirstRule,
		versionWrongRule,
		separatorMissingRule,
		separatorWrongRule,
		tagDuplicateRule,
		tagMalformedRule,
		tagMisspeltRule,
		tagUnknownRule,
		tagObsoleteRule,
		caseUnusualRule,
		policyMissingRule,
		policyAssumedNoneRule,
		policyInvalidRule,
		policyNoneRule,
		policyQuarantineRule,
		policyNotSecondRule,
		subdomainPolicyWeakerRule,
		subdomainPolicyUnusedRule,
		subdomainPolicyInvalidRule,
		nonexistentPolicyWeakRule,
		subdomainRecordWeakerRule,
		testModeRule,
		pctPresentRule,
		psdYesRule,
		psdNoRule,
		psdUnreachableRule,
		walkShortenedRule,
		orgDomainDiffersRule,
		alignmentStrictRule,
		alignmentModeInvalidRule,
		foInvalidRule,
		reportsMissingRule,
		reportAddressMalformedRule,
		reportAddressUnencodedRule,
		reportSizeLimitRule,
		reportAddressesManyRule,
		reportAddressDuplicateRule,
		reportTargetNotAuthorisedRule,
		reportAuthorisationBrokenRule,
		reportDomainWithoutMXRule,
		failureReportsRequestedRule,
		parkedNotClosedRule,
		mailRejectedRule,
		mailQuarantinedRule,
		mailUnalignedRule,
		spfOnlyRule,
		dkimOnlyRule,
		readyToTightenRule,
		tighteningWouldBreakRule,
	}
}
