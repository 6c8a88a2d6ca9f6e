package received

import "clockwise.info/cwmail/checks/finding"

// Rules lists the rules of this subject in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		unreadableRule,
		fromMissingRule,
		fromMalformedRule,
		duplicateRule,
		senderRule,
		dateRule,
		messageIDRule,
		lineRule,
		newlineRule,
		displayNameRule,
		replyUnsignedRule,
		sigFutureRule,
		replyIntendedRule,
		replyOtherRule,
		replyMissingRule,
		replyNoReplyRule,
		replyMalformedRule,
		returnPathRule,
		otherPlaceRule,
		differsRule,
		untrustedRule,
		loopRule,
		msVerdictRule,
		msAuthRule,
		sigUnreadableRule,
		sigMalformedRule,
		sigSHA1Rule,
		sigAlgorithmRule,
		sigFromRule,
		sigExpiredRule,
		sigIdentityRule,
		sigBodyRule,
		sigHeaderRule,
		sigLengthRule,
		sigThirdRule,
	}
}

var unreadableRule = &finding.Rule{
	Code: "message.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
	Title:      "This is no header of a message",
	Saw:        "No field such as From: was found in it, or the header is too large to be read.",
	Effect:     "Nothing can be said about the mail.",
	Action:     "Copy the whole header: in Outlook under File, Properties; in Gmail under Show original.",
	References: []string{"RFC 5322 section 2.2"},
	Hides:      []string{"message.from-missing", "signature.missing"},
}

var fromMissingRule = &finding.Rule{
	Code: "message.from-missing", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The message has no From",
	Saw:        "There is no field From in the header.",
	Effect:     "Receivers refuse such mail, and DMARC cannot be judged.",
	Action:     "Pass this message on to ClockWise; if it was copied by hand, copy the whole header.",
	References: []string{"RFC 5322 section 3.6.2"},
	Hides:      []string{"message.from-malformed"},
}

var fromMalformedRule = &finding.Rule{
	Code: "message.from-malformed", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "From is not an address",
	Saw:        "It holds %[1]s.",
	Effect:     "Receivers refuse such mail or cannot tell whose it is.",
	Action:     "Write one whole address in From.",
	References: []string{"RFC 5322 section 3.6.2"},
}

var duplicateRule = &finding.Rule{
	Code: "message.header-duplicate", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The field %[1]s stands %[2]s times",
	Saw:        "A message may have it once.",
	Effect:     "Gmail refuses such mail, and receivers disagree about which one counts.",
	Action:     "Send the field %[1]s once.",
	References: []string{"RFC 5322 section 3.6"},
	Hides:      []string{"signature.headers-changed"},
}

var replyIntendedRule = &finding.Rule{
	Code: "message.reply-to-intended", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
	Title:      "Answers go to %[1]s, as the no-reply transport means it",
	Saw:        "From is %[2]s.",
	Effect:     "Who answers reaches the sender.",
	References: []string{"ClockWise mail transports manual"},
	Hides:      []string{"message.reply-to-other-domain"},
}

var replyOtherRule = &finding.Rule{
	Code: "message.reply-to-other-domain", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "Answers go to another organisation: %[1]s",
	Saw:        "From is at %[2]s.",
	Effect:     "Filters take this for a sign of fraud.",
	Action:     "Use a Reply-To in the domain of From, or leave it out.",
	References: []string{"RFC 5322 section 3.6.2"},
}

var replyMissingRule = &finding.Rule{
	Code: "message.reply-to-missing", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "Answers to this mail are lost",
	Saw:        "From is %[1]s and there is no Reply-To.",
	Effect:     "Who answers writes to a mailbox that nobody reads.",
	Action:     "Set reply_to of the no-reply transport.",
	References: []string{"ClockWise mail transports manual"},
}

var replyNoReplyRule = &finding.Rule{
	Code: "message.reply-to-is-no-reply", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "Reply-To is a no-reply address: %[1]s",
	Saw:        "It says itself that nobody reads it.",
	Effect:     "Answers are lost.",
	Action:     "Name a mailbox that somebody reads in Reply-To.",
	References: []string{"RFC 5322 section 3.6.2"},
}

var replyMalformedRule = &finding.Rule{
	Code: "message.reply-to-malformed", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "Reply-To is not one address",
	Saw:        "It holds %[1]s.",
	Effect:     "Mail programs may send answers elsewhere or nowhere.",
	Action:     "Write one whole address in Reply-To.",
	References: []string{"RFC 5322 section 3.6.2"},
	Hides:      []string{"message.reply-to-undeliverable"},
}

var returnPathRule = &finding.Rule{
	Code: "message.return-path-not-aligned", Severity: finding.Note, Owner: finding.ClockWise, Tier: 1,
	Title:      "SPF does not count for the domain in From",
	Saw:        "The envelope sender is at %[1]s, From is at %[2]s.",
	Effect:     "DMARC can only pass by DKIM.",
	References: []string{"RFC 9989 section 4.4"},
}

var otherPlaceRule = &finding.Rule{
	Code: "message.other-transport", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
	Title:      "This mail did not come straight from ClockWise",
	Saw:        "%[1]s connected, which is outside %[2]s, and no server of ClockWise is on the way.",
	Effect:     "Another system sent it; what it shows says little about ClockWise's own mail.",
	Action:     "Look which system sent it; test again with a mail that ClockWise itself sent.",
	References: []string{"ClockWise mail transports manual"},
	Hides:      []string{"message.prediction-differs", "signature.missing"},
}

var differsRule = &finding.Rule{
	Code: "message.prediction-differs", Severity: finding.Warning, Owner: finding.Nobody, Tier: 2,
	Title:      "%[1]s is %[2]s today, and was %[3]s when the mail arrived",
	Saw:        "The receiver %[4]s wrote %[3]s.",
	Effect:     "DNS or the message changed since, or another address connected.",
	Action:     "Send a new test mail, and compare that.",
	References: []string{"RFC 8601 section 2.7"},
}

var loopRule = &finding.Rule{
	Code: "message.loop", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "The mail went through %[1]s servers",
	Saw:        "That many Received fields are in the header.",
	Effect:     "Receivers take it for a loop and refuse it.",
	Action:     "Look for a forwarding that leads back to itself.",
	References: []string{"RFC 5321 section 6.3"},
}

var msVerdictRule = &finding.Rule{
	Code: "message.microsoft-verdict", Severity: finding.Note, Owner: finding.Nobody, Tier: 2,
	Title:      "What the filter of Microsoft 365 decided: %[1]s",
	Saw:        "X-Forefront-Antispam-Report says %[2]s.",
	Effect:     "This decides the folder, beside SPF, DKIM and DMARC.",
	References: []string{"Microsoft: anti-spam message headers"},
}

var msAuthRule = &finding.Rule{
	Code: "message.microsoft-authentication", Severity: finding.Note, Owner: finding.Nobody, Tier: 2,
	Title:      "How Microsoft 365 judged the sender: compauth %[1]s",
	Saw:        "The reason %[2]s means: %[3]s.",
	Effect:     "It is Microsoft's overall judgement of the domain in From.",
	References: []string{"Microsoft: anti-spam message headers"},
}

var sigUnreadableRule = &finding.Rule{
	Code: "signature.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
	Title:      "The signature of %[1]s could not be checked",
	Saw:        "%[2]s.",
	Effect:     "Whether it passes is not known.",
	Action:     "Check again with the whole message, in some minutes.",
	References: []string{"RFC 6376 section 6.1.2"},
}

var sigMalformedRule = &finding.Rule{
	Code: "signature.malformed", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The signature of %[1]s is no sound DKIM signature",
	Saw:        "%[2]s.",
	Effect:     "Receivers ignore it.",
	Action:     "Have who signs the mail mend its DKIM-Signature.",
	References: []string{"RFC 6376 section 3.5"},
	Hides:      []string{"signature.undecodable", "signature.version-wrong"},
}

var sigSHA1Rule = &finding.Rule{
	Code: "signature.sha1", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The signature of %[1]s uses SHA-1",
	Saw:        "a=rsa-sha1.",
	Effect:     "Receivers must not accept it.",
	Action:     "Sign with rsa-sha256.",
	References: []string{"RFC 8301 section 3.1"},
}

var sigAlgorithmRule = &finding.Rule{
	Code: "signature.algorithm-unknown", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The signature of %[1]s uses an algorithm that nobody knows",
	Saw:        "%[2]s.",
	Effect:     "Receivers ignore it.",
	Action:     "Sign with rsa-sha256.",
	References: []string{"RFC 6376 section 3.3"},
}

var sigFromRule = &finding.Rule{
	Code: "signature.from-unsigned", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The signature of %[1]s leaves out From",
	Saw:        "h= does not name From.",
	Effect:     "Receivers do not accept it.",
	Action:     "Sign From too.",
	References: []string{"RFC 6376 section 5.4"},
}

var sigExpiredRule = &finding.Rule{
	Code: "signature.expired", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The signature of %[1]s had expired",
	Saw:        "%[2]s.",
	Effect:     "Receivers do not accept it.",
	Action:     "Sign without x=, or with a longer time.",
	References: []string{"RFC 6376 section 3.5"},
}

var sigIdentityRule = &finding.Rule{
	Code: "signature.identity-outside-domain", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
	Title:      "The signature of %[1]s names an identity of another domain",
	Saw:        "%[2]s.",
	Effect:     "Receivers do not accept it.",
	Action:     "Have i= lie in the domain of d=.",
	References: []string{"RFC 6376 section 6.1.1"},
}

var sigBodyRule = &finding.Rule{
	Code: "signature.body-changed", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
	Title:      "The text of the mail is not what %[1]s signed",
	Saw:        "%[2]s.",
	Effect:     "DKIM fails, and DMARC with it where SPF does not count.",
	Action:     "Look which server on the way changes mail (disclaimer, gateway, mailing list), and have it leave this mail alone.",
	References: []string{"RFC 6376 section 3.7", "RFC 6376 section 6.1.3"},
	Hides:      []string{"signature.headers-changed"},
}

var sigHeaderRule = &finding.Rule{
	Code: "signature.headers-changed", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
	Title:      "The header of the mail is not what %[1]s signed",
	Saw:        "%[2]s.",
	Effect:     "DKIM fails, and DMARC with it where SPF does not count.",
	Action:     "Look which server on the way changes the header, such as a tag in the subject; if none does, compare the published key with the one that signs.",
	References: []string{"RFC 6376 section 3.7", "RFC 6376 section 6.1.3"},
}

var sigLengthRule = &finding.Rule{
	Code: "signature.length-tag", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The signature of %[1]s covers only the beginning of the text",
	Saw:        "l= leaves %[2]s octets unsigned.",
	Effect:     "Anybody may add text, and the signature still passes.",
	Action:     "Sign without l=.",
	References: []string{"RFC 6376 section 8.2"},
}

var sigThirdRule = &finding.Rule{
	Code: "signature.third-party", Severity: finding.Note, Owner: finding.Nobody, Tier: 2,
	Title:      "The signature of %[1]s is sound, and does not count for %[2]s",
	Saw:        "The two are different organisations.",
	Effect:     "DMARC needs a signature of the domain in From.",
	References: []string{"RFC 9989 section 4.4"},
}

var senderRule = &finding.Rule{
	Code: "message.sender-missing", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 2,
	Title:      "From names several senders, and there is no Sender",
	Effect:     "Receivers refuse such mail or take it for fraud.",
	Action:     "Write one address in From.",
	References: []string{"RFC 5322 section 3.6.2"},
}

var dateRule = &finding.Rule{
	Code: "message.date-wrong", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The date of the message is wrong",
	Saw:        "Date %[1]s.",
	Effect:     "Filters count it against the mail.",
	Action:     "Set the clock and the time zone of the server that makes the mail.",
	References: []string{"RFC 5322 section 3.6.1"},
}

var messageIDRule = &finding.Rule{
	Code: "message.message-id-wrong", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The Message-ID is wrong",
	Saw:        "Message-ID %[1]s.",
	Effect:     "Filters count it against the mail, and answers are not shown beside it.",
	Action:     "Give each message an id at a domain of the sender.",
	References: []string{"RFC 5322 section 3.6.4"},
}

var lineRule = &finding.Rule{
	Code: "message.line-too-long", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 2,
	Title:      "A line of the message is too long",
	Saw:        "It has more than 998 octets.",
	Effect:     "Servers on the way break the line, and with it the signature, or refuse the mail.",
	Action:     "Encode the text as quoted-printable or base64.",
	References: []string{"RFC 5322 section 2.1.1"},
	Hides:      []string{"signature.body-changed", "signature.fragile-body"},
}

var newlineRule = &finding.Rule{
	Code: "message.bare-newline", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 2,
	Title:      "The message holds a bare CR, LF or NUL",
	Saw:        "A line ends in CR and LF together.",
	Effect:     "Servers on the way repair or refuse it, which breaks the signature.",
	Action:     "Send CR LF at the end of each line.",
	References: []string{"RFC 5321 section 2.3.8"},
	Hides:      []string{"signature.body-changed"},
}

var displayNameRule = &finding.Rule{
	Code: "message.display-name-deceptive", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The name in From shows another address: %[1]s",
	Saw:        "From is at %[2]s.",
	Effect:     "Filters and readers take this for fraud.",
	Action:     "Write a name without an address.",
	References: []string{"RFC 5322 section 3.4"},
}

var replyUnsignedRule = &finding.Rule{
	Code: "message.reply-to-unsigned", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The signature of %[1]s leaves out Reply-To",
	Saw:        "h= does not name it.",
	Effect:     "Anybody on the way may lead answers elsewhere.",
	Action:     "Sign Reply-To too.",
	References: []string{"RFC 6376 section 5.4.1"},
}

var sigFutureRule = &finding.Rule{
	Code: "signature.time-in-future", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
	Title:      "The signature of %[1]s is of the future",
	Saw:        "t= is more than five minutes after the mail arrived.",
	Effect:     "Some receivers do not accept it.",
	Action:     "Set the clock of the server that signs.",
	References: []string{"RFC 6376 section 3.5"},
}

var untrustedRule = &finding.Rule{
	Code: "message.results-untrusted", Severity: finding.Warning, Owner: finding.Nobody, Tier: 2,
	Title:      "Authentication-Results may not be the receiver's",
	Saw:        "It names %[1]s, which is not the system that wrote the topmost Received.",
	Effect:     "Anybody on the way can write such a field; it is not compared with what is judged here.",
	References: []string{"RFC 8601 section 5", "RFC 8601 section 7"},
}
