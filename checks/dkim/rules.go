package dkim

import "clockwise.info/cwmail/checks/finding"

// Arguments of all texts: %[1]s the name of the record, %[2]s the domain,
// %[3]s the selector; the others stand beside each rule.

// Effects that many rules share.
const (
	keyUnusable = "Receivers cannot use the key, so the signature on this mail counts for nothing. Mail that does not pass SPF, such as forwarded mail, then fails DMARC."
	noEffect    = "None: receivers use the key as it is."
	replaceIt   = "Replace the TXT record by the one below. Copy it, do not retype it."
)

// Rules on where the record stands and whether it could be read.
var (
	missing = &finding.Rule{ // %[4]s: what was answered
		Code: "dkim.missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "DKIM key not found in DNS for %[2]s",
		Saw:        "There is no TXT record at %[1]s: %[4]s.",
		Effect:     "The mail is signed with selector %[3]s, but receivers cannot find the key. The signature counts for nothing, and forwarded mail fails DMARC.",
		Action:     "Add a TXT record with the key at %[1]s.",
		Test:       "Check again when the record is published.",
		References: []string{"RFC 6376 section 3.6.2"},
		Hides:      []string{"dkim.nothing-below-domainkey", "signature.unreadable"},
	}
	nothingBelow = &finding.Rule{
		Code: "dkim.nothing-below-domainkey", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[2]s has no DKIM keys at all",
		Saw:        "The name _domainkey.%[2]s does not exist, so no selector has a key.",
		Effect:     "No mail of %[2]s can be verified with DKIM, whoever signs it.",
		References: []string{"RFC 8020 section 2"},
	}
	multipleRecords = &finding.Rule{ // %[4]s: how many
		Code: "dkim.multiple-records", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[4]s records stand where one DKIM key belongs",
		Saw:        "There are %[4]s TXT records at %[1]s.",
		Effect:     "Receivers may use any of them or none, so some accept the signature and others do not.",
		Action:     "Keep the record with the right key and delete the others.",
		References: []string{"RFC 6376 section 3.6.2.2"},
		Hides: []string{
			"dkim.key-mismatch", "dkim.key-truncated", "dkim.key-empty", "dkim.testing-flag", "dkim.version-missing",
		},
	}
	splitOverRecords = &finding.Rule{ // %[4]s: how many
		Code: "dkim.split-over-records", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM key is cut over %[4]s records",
		Saw:        "The parts of one key stand in %[4]s TXT records at %[1]s. They must be strings of one record.",
		Effect:     keyUnusable,
		Action:     "Enter the whole value in one TXT record and delete the others. Most panels cut it into strings themselves.",
		References: []string{"RFC 6376 section 3.6.2.2"},
		Hides:      []string{"dkim.multiple-records", "dkim.key-truncated", "dkim.key-mismatch"},
	}
	wrongName = &finding.Rule{ // %[4]s: where it stands
		Code: "dkim.wrong-name", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM key stands at the wrong name",
		Saw:        "A key stands at %[4]s. Receivers look at %[1]s, where there is none.",
		Effect:     keyUnusable,
		Action:     "Move the record to %[1]s. Where the panel shows a domain behind the field, enter only what stands before it.",
		References: []string{"RFC 6376 section 3.6.2.1"},
		Hides:      []string{"dkim.missing", "dkim.nothing-below-domainkey"},
	}
	nameDoubled = &finding.Rule{ // %[4]s: the doubled name, %[5]s: what the panel wants
		Code: "dkim.name-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record's name holds the domain twice",
		Saw:        "The key stands at %[4]s: the DNS panel added the domain to a name that already held it.",
		Effect:     keyUnusable,
		Action:     "In the DNS panel, enter only %[5]s as the name.",
		References: []string{"RFC 1035 section 5.1"},
		Hides:      []string{"dkim.missing", "dkim.nothing-below-domainkey", "dkim.wrong-name"},
	}
	wrongType = &finding.Rule{ // %[4]s: what stands there
		Code: "dkim.wrong-type", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record has the wrong record type",
		Saw:        "At %[1]s, %[4]s.",
		Effect:     keyUnusable,
		Action:     "Delete the record and add it again with the right type: a key is TXT, the name of another key is CNAME.",
		References: []string{"RFC 6376 section 3.6.2.2"},
		Hides:      []string{"dkim.missing", "dkim.wrong-content", "dkim.key-tag-missing", "o365.dkim-cname-wrong"},
	}
	wrongContent = &finding.Rule{ // %[4]s: what it is
		Code: "dkim.wrong-content", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Something else stands where the DKIM key belongs",
		Saw:        "The TXT record at %[1]s is %[4]s.",
		Effect:     keyUnusable,
		Action:     "Put the key in its place. What stands there now belongs at another name.",
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.version-wrong", "dkim.key-tag-missing", "dkim.tag-malformed", "dkim.tag-unknown"},
	}
	unreadable = &finding.Rule{ // %[4]s: what happened
		Code: "dkim.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
		Title:      "The DKIM key of %[2]s could not be looked up",
		Saw:        "The question for %[1]s got %[4]s.",
		Effect:     "It is not known whether the key is there. Receivers that have the same trouble put the mail off or take it as unsigned.",
		Action:     "Check again in a few minutes. If it stays, look at the name servers of %[2]s.",
		References: []string{"RFC 6376 section 6.1.2"},
		Hides:      []string{"dkim.missing", "dkim.nothing-below-domainkey", "signature.unreadable"},
	}
	serversDisagree = &finding.Rule{ // %[4]s: how many servers
		Code: "dkim.servers-disagree", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The name servers disagree about the DKIM key",
		Saw:        "The %[4]s name servers of %[2]s that answered do not give the same record at %[1]s.",
		Effect:     "Which key a receiver gets is chance, so the same mail passes at one and fails at the next.",
		Action:     "Have the zone copied to all its name servers again, with the right key.",
		References: []string{"RFC 1034 section 4.3.5"},
		Hides:      []string{"dkim.caches-behind", "dns.serial-differs"},
	}
	cachesBehind = &finding.Rule{ // %[4]s: who; %[5]s: for how long
		Code: "dkim.caches-behind", Severity: finding.Warning, Owner: finding.Nobody, Tier: 1,
		Title:      "The new DKIM key has not reached everybody yet",
		Saw:        "The name servers of %[2]s have the right key; %[4]s still gives an older answer, for at most %[5]s.",
		Effect:     "Receivers that use an old copy do not accept the signature yet.",
		Action:     "Wait until the old copies have expired. Nothing has to be changed.",
		References: []string{"RFC 2308 section 5"},
	}
	wildcard = &finding.Rule{ // %[4]s: the name that answered
		Code: "dkim.wildcard", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "Any DKIM selector of %[2]s gets an answer",
		Saw:        "%[4]s has a TXT record too, though nobody uses that selector: a wildcard answers for every name.",
		Effect:     "That a record is found proves nothing: it can be the wildcard, and not the key that signs.",
		Action:     "Remove the TXT record whose name begins with *, or add records at the names that need their own.",
		References: []string{"RFC 4592 section 2"},
	}
	answerTooLarge = &finding.Rule{ // %[4]s: octets
		Code: "dkim.answer-too-large", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM record is too large for a simple DNS answer",
		Saw:        "The answer has at least %[4]s octets; 512 fit into a plain UDP packet.",
		Effect:     "Receivers need EDNS or TCP to read the key. Where a firewall stops that, the signature fails.",
		Action:     "A key of 2048 bits at a short name fits. See that the name servers answer over TCP.",
		References: []string{"RFC 7766 section 5"},
	}
	cnameChain = &finding.Rule{ // %[4]s: the hops
		Code: "dkim.cname-chain", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM key is reached through a CNAME",
		Saw:        "%[4]s.",
		Effect:     "None as long as the target stays. Whoever manages the target decides which key it is.",
		References: []string{"RFC 1034 section 3.6.2"},
	}
	cnameDangling = &finding.Rule{ // %[4]s: the last target
		Code: "dkim.cname-dangling", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record points to a name without a key",
		Saw:        "The CNAME at %[1]s leads to %[4]s, where there is no TXT record.",
		Effect:     keyUnusable,
		Action:     "Correct the target of the CNAME, or replace the CNAME by a TXT record with the key.",
		References: []string{"RFC 1034 section 3.6.2"},
		Hides:      []string{"dkim.missing", "dkim.cname-chain"},
	}
	cnameLoop = &finding.Rule{ // %[4]s: the hops
		Code: "dkim.cname-loop", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record points round in a circle",
		Saw:        "The CNAME records never reach a key: %[4]s.",
		Effect:     keyUnusable,
		Action:     "Replace the CNAME at %[1]s by a TXT record with the key, or by a CNAME to the name that holds it.",
		References: []string{"RFC 1034 section 3.6.2"},
		Hides:      []string{"dkim.missing", "dkim.unreadable", "dkim.cname-chain"},
	}
	cnameTargetDoubled = &finding.Rule{ // %[4]s: the target; %[5]s: what was meant
		Code: "dkim.cname-target-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The panel put the domain behind the CNAME's target",
		Saw:        "The CNAME at %[1]s points to %[4]s; %[5]s was meant.",
		Effect:     keyUnusable,
		Action:     "Enter the target again, with a dot at its end where the panel takes one.",
		References: []string{"RFC 1035 section 5.1"},
		Hides:      []string{"dkim.cname-dangling", "dkim.missing", "dkim.cname-chain", "o365.dkim-cname-wrong"},
	}
	selectorMalformed = &finding.Rule{ // %[4]s: why
		Code: "dkim.selector-malformed", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "The DKIM selector is no valid name",
		Saw:        "The selector \"%[3]s\" cannot be part of a DNS name: %[4]s.",
		Effect:     "No receiver can look the key up, so the signature counts for nothing.",
		Action:     "Choose a selector of letters and digits, such as cw1, and publish the key there.",
		References: []string{"RFC 6376 section 3.1"},
	}
)

// Rules on paste errors around and in the text.
var (
	leadingCharacters = &finding.Rule{ // %[4]s: the characters
		Code: "dkim.leading-characters", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Something stands in front of the DKIM record's text",
		Saw:        "The value begins with \"%[4]s\"; it must begin with v=DKIM1.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
		Hides:      []string{"dkim.tag-malformed", "dkim.version-missing", "dkim.version-wrong"},
	}
	quotesInValue = &finding.Rule{
		Code: "dkim.quotes-in-value", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Quotation marks are part of the DKIM record's value",
		Saw:        "The marks were stored as characters of the value.",
		Effect:     keyUnusable,
		Action:     "Enter the value again without quotation marks.",
		References: []string{"RFC 6376 section 3.2"},
		Hides: []string{
			"dkim.leading-characters", "dkim.version-wrong", "dkim.version-missing", "dkim.key-undecodable", "dkim.tag-malformed",
		},
	}
	semicolonEscaped = &finding.Rule{
		Code: "dkim.semicolon-escaped", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Backslashes stand before the DKIM record's semicolons",
		Saw:        "The value holds \\; where only ; belongs.",
		Effect:     keyUnusable,
		Action:     "Enter the value again without backslashes.",
		References: []string{"RFC 6376 section 3.2"},
		Hides:      []string{"dkim.version-wrong", "dkim.key-type-unknown", "dkim.key-undecodable", "dkim.tag-malformed"},
	}
	zoneLineInValue = &finding.Rule{
		Code: "dkim.zone-line-in-value", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A whole zone-file line was pasted as DKIM value",
		Saw:        "The value also holds the name or type of the record.",
		Effect:     keyUnusable,
		Action:     "Enter only the text that begins with v=DKIM1 as value.",
		References: []string{"RFC 1035 section 5.1"},
		Hides: []string{
			"dkim.quotes-in-value", "dkim.leading-characters", "dkim.version-wrong", "dkim.tag-malformed",
			"dkim.key-undecodable", "dkim.key-tag-missing", "dkim.key-broken-by-split",
		},
	}
	nonASCII = &finding.Rule{ // %[4]s: the first; %[5]s: its position; %[6]s: how many
		Code: "dkim.non-ascii", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record holds characters that cannot be there",
		Saw:        "%[4]s stands at position %[5]s (%[6]s such characters in all), as word processors and web pages put in.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
		Hides: []string{
			"dkim.leading-characters", "dkim.version-wrong", "dkim.key-undecodable", "dkim.tag-malformed", "dkim.key-mismatch",
		},
	}
	controlCharacter = &finding.Rule{ // %[4]s: which; %[5]s: its position
		Code: "dkim.control-character", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record holds a line end or control character",
		Saw:        "%[4]s stands at position %[5]s of the value.",
		Effect:     "Strict receivers do not accept the key, others do.",
		Action:     "Enter the value again as one line.",
		References: []string{"RFC 6376 section 2.8"},
	}
	separatorMissing = &finding.Rule{
		Code: "dkim.separator-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Semicolons are missing in the DKIM record",
		Saw:        "Two parts of the record follow each other without ; between them.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
		Hides:      []string{"dkim.version-wrong", "dkim.key-type-unknown", "dkim.key-tag-missing", "dkim.key-undecodable"},
	}
	separatorWrong = &finding.Rule{ // %[4]s: the character
		Code: "dkim.separator-wrong", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The parts of the DKIM record are separated by \"%[4]s\"",
		Saw:        "The parts must be separated by semicolons.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
		Hides:      []string{"dkim.version-wrong", "dkim.key-type-unknown", "dkim.key-tag-missing", "dkim.tag-malformed"},
	}
)

// Rules on the tags.
var (
	versionWrong = &finding.Rule{ // %[4]s: the value
		Code: "dkim.version-wrong", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record does not say v=DKIM1",
		Saw:        "The record says v=%[4]s. It must be DKIM1, in capitals.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1", "RFC 6376 section 6.1.2"},
		Hides:      []string{"dkim.key-mismatch"},
	}
	versionNotFirst = &finding.Rule{
		Code: "dkim.version-not-first", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "v=DKIM1 is not the first part of the DKIM record",
		Effect:     keyUnusable,
		Saw:        "The record has v= further on; where it is given it must stand first.",
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.key-mismatch"},
	}
	versionMissing = &finding.Rule{
		Code: "dkim.version-missing", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM record does not begin with v=DKIM1",
		Saw:        "The record has no v=. That is allowed and means DKIM1.",
		Effect:     noEffect,
		References: []string{"RFC 6376 section 3.6.1"},
	}
	tagMalformed = &finding.Rule{ // %[4]s: the part
		Code: "dkim.tag-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A part of the DKIM record is not of the form name=value",
		Saw:        "This part cannot be read: \"%[4]s\".",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
	}
	tagDuplicate = &finding.Rule{ // %[4]s: the tag
		Code: "dkim.tag-duplicate", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record has %[4]s twice",
		Saw:        "A part that stands twice makes the whole record invalid.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
		Hides:      []string{"dkim.key-mismatch", "dkim.key-truncated", "dkim.version-wrong"},
	}
	tagMisspelt = &finding.Rule{ // %[4]s: as written; %[5]s: as meant
		Code: "dkim.tag-misspelt", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record says %[4]s= where %[5]s= belongs",
		Saw:        "Capitals and small letters differ in these names: receivers do not know %[4]s=.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.2"},
		Hides:      []string{"dkim.tag-unknown", "dkim.key-tag-missing"},
	}
	tagUnknown = &finding.Rule{ // %[4]s: the tags
		Code: "dkim.tag-unknown", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM record has parts that receivers ignore",
		Saw:        "Not defined for key records: %[4]s",
		Effect:     noEffect,
		References: []string{"RFC 6376 section 3.2"},
	}
	hashSHA1Only = &finding.Rule{ // %[4]s: the value
		Code: "dkim.hash-sha1-only", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record does not allow SHA-256",
		Saw:        "h=%[4]s leaves out sha256, with which all mail is signed today.",
		Effect:     keyUnusable,
		Action:     "Take the h= part out of the record.",
		References: []string{"RFC 8301 section 3.1"},
		Hides:      []string{"dkim.hash-sha1-allowed"},
	}
	hashSHA1Allowed = &finding.Rule{
		Code: "dkim.hash-sha1-allowed", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM record still allows SHA-1",
		Saw:        "h= lists sha1 beside sha256.",
		Effect:     "ClockWise signs with SHA-256, so mail passes. SHA-1 must no longer be used.",
		Action:     replaceIt,
		References: []string{"RFC 8301 section 3.1"},
	}
	hashUnknown = &finding.Rule{ // %[4]s: which
		Code: "dkim.hash-unknown", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The DKIM record lists an unknown hash",
		Saw:        "Unknown in h=: %[4]s.",
		Effect:     noEffect,
		References: []string{"RFC 6376 section 3.6.1"},
	}
	serviceNotEmail = &finding.Rule{ // %[4]s: the value
		Code: "dkim.service-not-email", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record says that its key is not for mail",
		Saw:        "s=%[4]s names a service, and it is neither * nor email. The selector does not belong there.",
		Effect:     keyUnusable,
		Action:     "Take the s= part out of the record.",
		References: []string{"RFC 6376 section 3.6.1"},
	}
	testingFlag = &finding.Rule{
		Code: "dkim.testing-flag", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record says that it is only a test",
		Saw:        "t= has the flag y.",
		Effect:     "Receivers may treat the mail as if it were not signed.",
		Action:     "Take the flag y out of the record.",
		References: []string{"RFC 6376 section 3.6.1"},
	}
	strictFlag = &finding.Rule{
		Code: "dkim.strict-flag", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM key is only for addresses at the domain itself",
		Saw:        "t= has the flag s: where the signature has i=, its domain must be exactly that of d=.",
		Effect:     "None for signatures of ClockWise, which keep to that.",
		References: []string{"RFC 6376 section 3.6.1"},
	}
	flagUnknown = &finding.Rule{ // %[4]s: which
		Code: "dkim.flag-unknown", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The DKIM record has an unknown flag",
		Saw:        "Unknown in t=: %[4]s.",
		Effect:     noEffect,
		References: []string{"RFC 6376 section 3.6.1"},
	}
	granularityTag = &finding.Rule{
		Code: "dkim.granularity-tag", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The DKIM record has the withdrawn part g=",
		Saw:        "g= was limited to certain addresses and is no longer part of DKIM.",
		Effect:     "Old receivers may not accept the key for this mail.",
		Action:     "Take the g= part out of the record.",
		References: []string{"RFC 6376 appendix E"},
	}
	notesTag = &finding.Rule{
		Code: "dkim.notes-tag", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The DKIM record holds a remark",
		Saw:        "n= is for people; receivers skip it.",
		Effect:     noEffect,
		References: []string{"RFC 6376 section 3.6.1"},
	}
)

// Rules on what stands beside the key.
var (
	keyShared = &finding.Rule{ // %[4]s: the other names
		Code: "dkim.key-shared", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 3,
		Title:      "The DKIM key is used at other places too",
		Saw:        "The key of %[1]s is also that of %[4]s.",
		Effect:     "When one place loses the key, or changes it, the others are affected; and receivers see that they belong together.",
		Action:     "Make a key of its own for each domain and selector.",
		References: []string{"M3AAWG DKIM key rotation"},
	}
	oldKeyPublished = &finding.Rule{ // %[4]s: the name of the old key
		Code: "dkim.old-key-published", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The key of an earlier selector is still published",
		Saw:        "There is a key at %[4]s, which no configured transport uses; this mail is signed with selector %[3]s.",
		Effect:     "Whoever still has the private half of the old key can sign mail in the name of %[2]s.",
		References: []string{"RFC 6376 section 3.6.1"},
	}
	domainKeysPolicy = &finding.Rule{ // %[4]s: the name, %[5]s: the text
		Code: "dkim.domainkeys-policy", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "A record of DomainKeys, before DKIM, is still there",
		Saw:        "%[4]s has the text %[5]s.",
		Effect:     "Receivers do not ask for it any more; this mail is not affected.",
		References: []string{"RFC 4870 section 3.6"},
	}
	adspRecord = &finding.Rule{ // as domainKeysPolicy
		Code: "dkim.adsp-record", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "A signing policy from before DMARC is still there",
		Saw:        "%[4]s has the text %[5]s.",
		Effect:     "ADSP was withdrawn; receivers go by DMARC, and this mail is not affected.",
		References: []string{"RFC 5617 section 4"},
	}
)

// Rules on the key.
var (
	keyMismatch = &finding.Rule{ // %[4]s: where the expected key is known from
		Code: "dkim.key-mismatch", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The published DKIM key is not the key that signs",
		Saw:        "The record at %[1]s holds a sound key, but another one than the transport's.",
		Effect:     "Every signature on this mail fails. Mail that does not pass SPF then fails DMARC.",
		Action:     "Replace the record by the one below. If mail of another service is signed with this selector, give the transport a selector of its own instead.",
		References: []string{"RFC 6376 section 6.1.2"},
	}
	keyTruncated = &finding.Rule{ // %[4]s: characters there; %[5]s: needed
		Code: "dkim.key-truncated", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM key was cut off: %[4]s of %[5]s characters",
		Saw:        "The end of the key is missing. DNS panels that take 255 characters cut longer values.",
		Effect:     keyUnusable,
		Action:     "Enter the whole value. If the panel refuses it, enter it as strings of at most 255 characters in one record.",
		References: []string{"RFC 6376 section 3.6.2.2"},
		Hides:      []string{"dkim.key-undecodable", "dkim.key-mismatch", "dkim.rsa-below-1024", "dkim.rsa-below-2048"},
	}
	keyBrokenBySplit = &finding.Rule{
		Code: "dkim.key-broken-by-split", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Quotation marks stand in the middle of the DKIM key",
		Saw:        "They are left over from cutting the value at 255 characters, and were stored as part of the key.",
		Effect:     keyUnusable,
		Action:     "Enter the value as one line, without quotation marks or backslashes.",
		References: []string{"RFC 6376 section 3.6.2.2"},
		Hides:      []string{"dkim.key-undecodable", "dkim.key-mismatch", "dkim.quotes-in-value", "dkim.key-whitespace"},
	}
	keyWhitespace = &finding.Rule{
		Code: "dkim.key-whitespace", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "There are spaces in the DKIM key",
		Saw:        "White space stands inside p=, often where the value was cut. It is allowed.",
		Effect:     noEffect,
		References: []string{"RFC 6376 section 3.2"},
	}
	keyCharactersChanged = &finding.Rule{
		Code: "dkim.key-characters-changed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Characters of the DKIM key were changed on the way",
		Saw:        "The key is the right one but for capitals, or for +, / or = that were lost or replaced.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.key-undecodable", "dkim.key-mismatch", "dkim.key-whitespace"},
	}
	keyPEMArmour = &finding.Rule{
		Code: "dkim.key-pem-armour", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record holds the BEGIN or END line of a file",
		Saw:        "-----BEGIN or -----END of a key file was pasted along with the key.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.key-undecodable", "dkim.key-mismatch", "dkim.control-character"},
	}
	privateKeyPublished = &finding.Rule{
		Code: "dkim.private-key-published", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A private DKIM key is public: replace it at once",
		Saw:        "The record at %[1]s holds the private half of a key pair. Its text is not repeated here.",
		Effect:     "Receivers cannot use it, and anybody who read it can sign mail in the name of %[2]s.",
		Action:     "Make a new key pair at a new selector and publish that. Then delete this record, and never use its key again.",
		References: []string{"RFC 6376 section 3.6.1"},
		Hides: []string{
			"dkim.key-undecodable", "dkim.key-mismatch", "dkim.key-pem-armour", "dkim.key-tag-missing", "dkim.tag-malformed",
		},
	}
	keyTagMissing = &finding.Rule{
		Code: "dkim.key-tag-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record has no p= with the key",
		Saw:        "No part of the record begins with p=.",
		Effect:     keyUnusable,
		Action:     "Enter the whole value, from v=DKIM1 to the end of the key.",
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.tag-malformed", "dkim.version-missing"},
	}
	keyEmpty = &finding.Rule{
		Code: "dkim.key-empty", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM key has been revoked: p= is empty",
		Saw:        "An empty p= says that the key of selector %[3]s must no longer be used.",
		Effect:     "Every signature with this selector fails. Mail that does not pass SPF then fails DMARC.",
		Action:     "If it was revoked on purpose, give the transport a new key at a new selector. Else publish the key again.",
		References: []string{"RFC 6376 section 3.6.1"},
	}
	keyUndecodable = &finding.Rule{ // %[4]s: why
		Code: "dkim.key-undecodable", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM key in DNS cannot be read",
		Saw:        "What stands in p= is no key: %[4]s.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.key-mismatch"},
	}
	keyPKCS1 = &finding.Rule{
		Code: "dkim.key-pkcs1", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The DKIM key is published without its envelope",
		Saw:        "p= is a bare RSA key (PKCS#1) where most publish SubjectPublicKeyInfo. It is the same key.",
		Effect:     "Some receivers cannot read it, and the signature fails there.",
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1", "RFC 6376 appendix C"},
	}
	keyTypeUnknown = &finding.Rule{ // %[4]s: the value
		Code: "dkim.key-type-unknown", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM record names an unknown type of key",
		Saw:        "k=%[4]s is neither rsa nor ed25519, which are written in small letters.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 6376 section 3.6.1", "RFC 8463 section 4.2"},
	}
	keyTypeMismatch = &finding.Rule{ // %[4]s: what the key is; %[5]s: what k= says
		Code: "dkim.key-type-mismatch", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The DKIM key is of another type than the record says",
		Saw:        "p= holds %[4]s, but the type of the record is %[5]s.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 8463 section 4.2"},
		Hides:      []string{"dkim.key-undecodable", "dkim.ed25519-malformed", "dkim.key-mismatch"},
	}
	ed25519Malformed = &finding.Rule{ // %[4]s: what it is instead
		Code: "dkim.ed25519-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The Ed25519 key is not the 32 octets of the key",
		Saw:        "p= must hold the bare key; this one is %[4]s.",
		Effect:     keyUnusable,
		Action:     replaceIt,
		References: []string{"RFC 8463 section 4.2"},
	}
	ed25519Only = &finding.Rule{
		Code: "dkim.ed25519-only", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 3,
		Title:      "The mail is signed with Ed25519 only",
		Saw:        "The key of selector %[3]s is an Ed25519 key.",
		Effect:     "Large receivers do not verify Ed25519 signatures and take the mail as unsigned.",
		Action:     "Sign with an RSA key of 2048 bits, alone or beside this one.",
		References: []string{"RFC 8463 section 6"},
	}
	rsaBelow1024 = &finding.Rule{ // %[4]s: bits
		Code: "dkim.rsa-below-1024", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "The DKIM key has only %[4]s bits; receivers refuse it",
		Saw:        "Keys below 1024 bits can be broken, and receivers must not accept them.",
		Effect:     keyUnusable,
		Action:     "Make a key of 2048 bits at a new selector.",
		References: []string{"RFC 8301 section 3.2"},
	}
	rsaBelow2048 = &finding.Rule{ // %[4]s: bits
		Code: "dkim.rsa-below-2048", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
		Title:      "The DKIM key has %[4]s bits; 2048 are advised",
		Saw:        "The RSA key has %[4]s bits.",
		Effect:     "Receivers accept it today, but trust it less, and may stop.",
		Action:     "Make a key of 2048 bits at a new selector.",
		References: []string{"RFC 8301 section 3.2"},
	}
	rsaAbove2048 = &finding.Rule{ // %[4]s: bits
		Code: "dkim.rsa-above-2048", Severity: finding.Note, Owner: finding.ClockWise, Tier: 3,
		Title:      "The DKIM key has %[4]s bits",
		Saw:        "The RSA key has %[4]s bits. Many DNS panels cannot hold so long a value.",
		Effect:     noEffect,
		References: []string{"RFC 8301 section 3.2"},
	}
	rsaAbove4096 = &finding.Rule{ // %[4]s: bits
		Code: "dkim.rsa-above-4096", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 3,
		Title:      "The DKIM key has %[4]s bits; 4096 is the limit",
		Saw:        "Receivers need not accept RSA keys above 4096 bits.",
		Effect:     "Some receivers do not verify the signature.",
		Action:     "Make a key of 2048 bits at a new selector.",
		References: []string{"RFC 8301 section 3.2"},
	}
	rsaExponentUnusual = &finding.Rule{ // %[4]s: the exponent
		Code: "dkim.rsa-exponent-unusual", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 3,
		Title:      "The DKIM key has an unusual exponent",
		Saw:        "The public exponent is %[4]s; nearly all keys have 65537.",
		Effect:     "Some receivers may not accept the key.",
		Action:     "Make a key of 2048 bits at a new selector.",
		References: []string{"RFC 8017 section 3.1"},
	}
	rsaKeyWeak = &finding.Rule{ // %[4]s: why
		Code: "dkim.rsa-key-weak", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 3,
		Title:      "The DKIM key is so weak that anybody can sign with it",
		Saw:        "This is no sound RSA key: %[4]s.",
		Effect:     "Others can sign mail in the name of %[2]s, and receivers may refuse the key.",
		Action:     "Make a key of 2048 bits at a new selector.",
		References: []string{"RFC 8017 section 3.1"},
		Hides:      []string{"dkim.rsa-exponent-unusual"},
	}
	notAligned = &finding.Rule{ // %[4]s: sender domain; %[5]s: relaxed or strict
		Code: "dkim.not-aligned", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "The mail is signed for another domain than its sender",
		Saw:        "The transport signs for %[2]s, the sender is at %[4]s, and alignment is %[5]s.",
		Effect:     "The signature can be valid, but DMARC does not count it.",
		Action:     "Let the transport sign for %[4]s, with a key that is published there.",
		References: []string{"RFC 9989 section 4.4"},
	}
)

// Rules lists all rules in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missing, nothingBelow, multipleRecords, splitOverRecords, wrongName, nameDoubled, wrongType, wrongContent,
		unreadable, serversDisagree, cachesBehind, wildcard, answerTooLarge, cnameChain, cnameDangling, cnameLoop,
		cnameTargetDoubled, selectorMalformed, leadingCharacters, quotesInValue, semicolonEscaped, zoneLineInValue,
		nonASCII, controlCharacter, versionWrong, versionNotFirst, versionMissing, separatorMissing, separatorWrong,
		tagMalformed, tagDuplicate, tagMisspelt, tagUnknown, keyMismatch, keyTruncated, keyBrokenBySplit,
		keyWhitespace, keyCharactersChanged, keyPEMArmour, privateKeyPublished, keyTagMissing, keyEmpty,
		keyUndecodable, keyPKCS1, keyTypeUnknown, keyTypeMismatch, ed25519Malformed, ed25519Only, rsaBelow1024,
		rsaBelow2048, rsaAbove2048, rsaAbove4096, rsaExponentUnusual, rsaKeyWeak, keyShared, oldKeyPublished, hashSHA1Only, hashSHA1Allowed,
		hashUnknown, serviceNotEmail, testingFlag, strictFlag, flagUnknown, granularityTag, notesTag, domainKeysPolicy, adspRecord,
		notAligned,
	}
}
