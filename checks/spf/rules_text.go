package spf

import "clockwise.info/cwmail/checks/finding"

// The rules on the characters of the record. %[1]s is the piece of the record
// as written, %[2]s what it should be.
var (
	leadingCharacters = &finding.Rule{
		Code: "spf.leading-characters", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Something stands before v=spf1 in the SPF record",
		Saw:        "The record begins with %[1]s.",
		Effect:     "Receivers only take a record that begins with v=spf1 itself, so for them there is no SPF record.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.5"},
		Hides:      []string{"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing"},
	}
	quotesInValue = &finding.Rule{
		Code: "spf.quotes-in-value", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record holds quotation marks",
		Saw:        "Quotation marks are part of the value: %[1]s.",
		Effect:     "Receivers cannot read the record, so this mail does not pass SPF.",
		Action:     "Enter the value below without quotation marks; the DNS panel adds them itself.",
		References: []string{"RFC 7208 section 4.5", "RFC 7208 section 12"},
		Hides: []string{
			"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.leading-characters",
			"spf.version-misspelt", "spf.domain-malformed", "spf.unknown-mechanism", "spf.include-clockwise-misspelt",
		},
	}
	zoneLine = &finding.Rule{
		Code: "spf.zone-line-in-value", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A whole zone-file line was pasted as the SPF value",
		Saw:        "%[1]s belongs to a zone file and is part of the value.",
		Effect:     "Receivers do not recognise the value as SPF, so for them there is no SPF record.",
		Action:     "Enter only the value below in the value field.",
		References: []string{"RFC 1035 section 5.1"},
		Hides: []string{
			"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.leading-characters",
			"spf.quotes-in-value", "spf.version-misspelt",
		},
	}
	versionMisspelt = &finding.Rule{
		Code: "spf.version-misspelt", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record begins with %[1]s, not v=spf1",
		Saw:        "The record begins with %[1]s. It must begin with v=spf1 and a space.",
		Effect:     "Receivers do not recognise it as SPF, so for them there is no SPF record.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.5"},
		Hides:      []string{"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.leading-characters"},
	}
	versionUnterminated = &finding.Rule{
		Code: "spf.version-unterminated", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "There is no space behind v=spf1",
		Saw:        "The record begins with %[1]s. Behind v=spf1 must come a space.",
		Effect:     "Receivers do not recognise it as SPF, so for them there is no SPF record.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.5"},
		Hides:      []string{"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.separator-wrong"},
	}
	versionCase = &finding.Rule{
		Code: "spf.version-case", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record begins with %[1]s in capitals",
		Saw:        "%[1]s is allowed, v=spf1 is usual.",
		Effect:     "Receivers that keep to the standard accept it; a few old ones do not.",
		Action:     "Replace the record by the one below when you are at it.",
		References: []string{"RFC 7208 section 4.5", "RFC 7208 section 12"},
	}
	versionRepeated = &finding.Rule{ // %[1]s: the text from the second version on
		Code: "spf.version-repeated", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Two SPF records were pasted into one value",
		Saw:        "Behind the end of the first record comes a second one: %[1]s.",
		Effect:     "Receivers stop at the end of the first record and never see the second.",
		Action:     "Replace the record by the one below, which joins the two.",
		References: []string{"RFC 7208 section 5.1", "RFC 7208 section 6"},
		Hides: []string{
			"spf.unknown-modifier", "spf.terms-after-all", "spf.multiple-all", "spf.include-clockwise-after-all",
			"spf.include-clockwise-missing",
		},
	}
	nonASCII = &finding.Rule{ // %[2]s: the character's name, %[3]s: its position, from 1
		Code: "spf.non-ascii", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A character in the SPF record does not belong there",
		Saw:        "At position %[3]s of the record stands %[2]s.",
		Effect:     "Receivers cannot read the record, so this mail does not pass SPF.",
		Action:     "Replace the record by the one below; paste it as plain text.",
		References: []string{"RFC 7208 section 3.1", "RFC 7208 section 12"},
		Hides: []string{
			"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.leading-characters",
			"spf.version-misspelt", "spf.version-unterminated", "spf.unknown-mechanism", "spf.qualifier-wrong",
			"spf.domain-malformed", "spf.include-target-without-spf", "spf.all-missing", "spf.invalid",
		},
	}
	controlCharacter = &finding.Rule{ // as nonASCII
		Code: "spf.control-character", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record holds %[2]s",
		Saw:        "At position %[3]s of the record stands %[2]s. Only spaces may stand between terms.",
		Effect:     "Receivers cannot read the record, so this mail does not pass SPF.",
		Action:     "Replace the record by the one below; type it on one line.",
		References: []string{"RFC 7208 section 12"},
		Hides: []string{
			"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.version-unterminated",
			"spf.unknown-mechanism", "spf.domain-malformed", "spf.space-missing", "spf.include-target-without-spf",
			"spf.all-missing", "spf.invalid",
		},
	}
	separatorWrong = &finding.Rule{ // %[2]s: the character
		Code: "spf.separator-wrong", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "Terms of the SPF record are separated by %[2]s",
		Saw:        "%[1]s holds %[2]s. Terms are separated by spaces only.",
		Effect:     "The record ends in an error, so SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.1", "RFC 7208 section 12"},
		Hides: []string{
			"spf.domain-malformed", "spf.unknown-mechanism", "spf.address-malformed", "spf.include-clockwise-misspelt",
			"spf.include-clockwise-missing", "spf.all-missing", "spf.invalid",
		},
	}
	spaceMissing = &finding.Rule{
		Code: "spf.space-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A space is missing in the SPF record",
		Saw:        "%[1]s is two terms in one; %[2]s is meant.",
		Effect:     "Receivers read it as one wrong name, so SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 12"},
		Hides: []string{
			"spf.domain-malformed", "spf.address-malformed", "spf.prefix-malformed", "spf.unknown-mechanism",
			"spf.include-clockwise-misspelt", "spf.include-clockwise-missing", "spf.include-target-without-spf",
			"spf.all-missing", "spf.void-lookups",
		},
	}
	stringsJoined = &finding.Rule{
		Code: "spf.strings-joined-without-space", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The parts of the SPF record join without a space",
		Saw:        "The record is stored in parts, and where they meet %[1]s arises in place of %[2]s.",
		Effect:     "Receivers join the parts as they are and read one wrong name, so SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below, as one text.",
		References: []string{"RFC 7208 section 3.3"},
		Hides: []string{
			"spf.space-missing", "spf.domain-malformed", "spf.unknown-mechanism", "spf.include-target-without-spf",
			"spf.include-clockwise-misspelt", "spf.include-clockwise-missing", "spf.void-lookups",
		},
	}
	spaceAfterColon = &finding.Rule{
		Code: "spf.space-after-colon", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record has a space behind %[1]s",
		Saw:        "%[1]s stands apart from its value; %[2]s is meant.",
		Effect:     "The record ends in an error, so SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.1", "RFC 7208 section 12"},
		Hides: []string{
			"spf.domain-empty", "spf.prefix-malformed", "spf.unknown-mechanism",
			"spf.include-clockwise-wrong-mechanism", "spf.include-clockwise-missing",
		},
	}
	truncated = &finding.Rule{ // %[1]s: the last term
		Code: "spf.truncated", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The end of the SPF record was cut off",
		Saw:        "The record is exactly 255 characters long and ends with %[1]s: the DNS panel cut it.",
		Effect:     "What stood behind it is lost, so receivers do not see all senders, or find an error.",
		Action:     "Enter the whole value below; a value above 255 characters must be entered as several strings.",
		References: []string{"RFC 7208 section 3.3"},
		Hides: []string{
			"spf.all-missing", "spf.include-target-without-spf", "spf.include-clockwise-misspelt",
			"spf.include-clockwise-missing", "spf.domain-malformed", "spf.domain-empty", "spf.unknown-mechanism",
			"spf.answer-too-large",
		},
	}
	stringTooLong = &finding.Rule{ // %[1]s: the octets of the longest string
		Code: "spf.string-too-long", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A string of the SPF record is too long for DNS",
		Saw:        "One string has %[1]s characters; a string in DNS holds 255 at most.",
		Effect:     "The DNS panel refuses the record or cuts it off.",
		Action:     "Enter it as several strings of one record, cut inside a term or behind a space.",
		References: []string{"RFC 1035 section 3.3"},
	}
	answerTooLarge = &finding.Rule{ // %[1]s: octets, %[2]s: of what
		Code: "spf.answer-too-large", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF answer is too large for a small DNS packet",
		Saw:        "%[2]s has %[1]s octets.",
		Effect:     "Receivers need a second question over TCP, which some networks do not let through.",
		Action:     "Take out terms or other text records that are not used any more.",
		References: []string{"RFC 7208 section 3.4"},
	}
)
