// Package settings judges the configured transports: what their settings say,
// compared with each other and with the few things of DNS that they concern.
package settings

import "clockwise.info/cwmail/checks/finding"

const (
	manual     = "ClockWise mail transports manual"
	configFile = "cwmail configuration file"
)

// %[1]s is the name of the transport unless a comment says otherwise.
var (
	missing = &finding.Rule{
		Code: "transport.missing", Severity: finding.Note, Owner: finding.ClockWise, Tier: 1,
		Title:      "No mail transport is configured",
		Saw:        "The configuration names no transport, so only the built-in default is checked.",
		Effect:     "All mail leaves through the ClockWise server with the user's own address.",
		Action:     "To check what a customer really uses, add their transports to the configuration file; cwmail config init writes a commented starter.",
		References: []string{manual},
	}
	settingUnknown = &finding.Rule{ // %[1]s: the key, %[2]s: the line, %[3]s: "Did you mean …?" or nothing
		Code: "transport.setting-unknown", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "Unknown setting %[1]s",
		Saw:        "Line %[2]s of the configuration file holds %[1]s, which cwmail does not know.%[3]s",
		Effect:     "The setting has no effect here, so the check may judge other mail than ClockWise sends.",
		Action:     "Correct %[1]s in line %[2]s of the configuration file, or remove it.%[3]s",
		Test:       "cwmail config check",
		References: []string{configFile},
		Hides:      []string{"transport.reply-to-missing"},
		HidesAlso:  []string{"transport.dkim-selector-missing"},
	}
	defaultMissing = &finding.Rule{ // %[1]s: what is matched, in words
		Code: "transport.default-missing", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "No transport takes all mail",
		Saw:        "The transports take mail of %[1]s; none is without a match.",
		Effect:     "All other mail leaves by the built-in default: the ClockWise server, with the user's own address. Where that address is at a domain whose SPF record lacks ClockWise, it fails.",
		Action:     "Add a transport without match, for example of type noreply; or know that every other sender's domain must allow ClockWise.",
		References: []string{manual},
	}
	matchDuplicate = &finding.Rule{ // %[2]s: the other transport, %[3]s: the match
		Code: "transport.match-duplicate", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s takes the same mail as %[2]s",
		Saw:        "Both take %[3]s. cwmail lets %[2]s send, because it stands first.",
		Effect:     "Which of the two sends is not defined, so mail may leave another way than the one that is set up for it.",
		Action:     "Give %[1]s another match (domain, local part or subsystem), or remove one of the two.",
		References: []string{manual},
		Hides:      []string{"transport.never-matches"},
	}
	neverMatches = &finding.Rule{ // %[2]s: those that take its mail, %[3]s: the match
		Code: "transport.never-matches", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s never sends anything",
		Saw:        "It takes %[3]s, and all of that is taken by %[2]s.",
		Effect:     "No mail uses this transport: what is set up in it has no effect.",
		Action:     "Remove %[1]s, or narrow the match of %[2]s.",
		References: []string{manual},
	}
	subsystemUnknown = &finding.Rule{ // %[2]s: the subsystem, %[3]s: the known ones, %[4]s: "Did you mean …?" or nothing
		Code: "transport.subsystem-unknown", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "Unknown subsystem %[2]s in %[1]s",
		Saw:        "match.subsystem is %[2]s. Known are %[3]s.",
		Effect:     "No mail belongs to that subsystem, so this transport sends nothing.",
		Action:     "Set match.subsystem of %[1]s to one of %[3]s.%[4]s",
		References: []string{manual},
	}
	senderOutsideMatch = &finding.Rule{ // %[2]s: the sender, %[3]s: the matched domain
		Code: "transport.sender-outside-match", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "The sender of %[1]s is not at its own domain",
		Saw:        "from is %[2]s, but the transport takes only mail from %[3]s.",
		Effect:     "Mail from %[2]s never uses this transport, so what is checked here is not what is sent.",
		Action:     "Set from of %[1]s to an address at %[3]s, or set match.domain to the sender's domain.",
		References: []string{manual},
	}
	senderIsFreeMail = &finding.Rule{ // %[2]s: the domain
		Code: "transport.sender-is-free-mail", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[2]s is a public mail provider",
		Saw:        "The ClockWise server sends with an address at %[2]s, whose DNS belongs to the provider.",
		Effect:     "Nobody can add ClockWise to the SPF record of %[2]s or sign for it, so this mail fails SPF, DKIM and DMARC and is refused or put in junk.",
		Action:     "Set the type of %[1]s to noreply and reply_to to true: mail then leaves as ClockWise's own address, and answers reach the user. Or use a sender at a domain of your own.",
		References: []string{"RFC 9989 section 4.4", manual},
		Hides:      []string{"spf.include-clockwise-missing", "dkim.missing", "dmarc.policy-none"},
	}
	subsystemUnconfirmed = &finding.Rule{ // %[2]s: the subsystem
		Code: "transport.subsystem-unconfirmed", Severity: finding.Note, Owner: finding.ClockWise, Tier: 2,
		Title:      "See whether ClockWise offers the subsystem %[2]s",
		Saw:        "%[1]s takes mail of the subsystem %[2]s. ClockWise's manual says that matching by subsystem may not be available yet.",
		Effect:     "If it is not, this mail leaves by another transport.",
		Action:     "Look in ClockWise under Configuration, Settings, Mail transports whether the subsystem can be chosen.",
		References: []string{manual},
	}
	ownSenderWithoutDomain = &finding.Rule{
		Code: "transport.own-sender-without-domain", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s names no domain to check",
		Saw:        "It sends with the user's own address, and neither match.domain nor from says at which domain that is.",
		Effect:     "It cannot be checked whether this mail arrives: that depends on each sender's domain.",
		Action:     "Set match.domain of %[1]s to the domain that mail is sent from, or from to an address of it.",
		References: []string{manual},
	}
	dkimWithoutDomainMatch = &finding.Rule{
		Code: "transport.dkim-without-domain-match", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "DKIM is on in %[1]s, but it takes every domain",
		Saw:        "dkim.enabled is true and match.domain is empty.",
		Effect:     "A signature is made for one domain. Mail from any other domain is signed by a stranger, which DMARC does not count.",
		Action:     "Set match.domain of %[1]s to the domain that the key belongs to; make a transport for each further domain.",
		References: []string{manual, "RFC 9989 section 4.4"},
		Hides:      []string{"dkim.missing", "dkim.not-aligned"},
	}
	dkimSelectorMissing = &finding.Rule{
		Code: "transport.dkim-selector-missing", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "DKIM is on in %[1]s, but no selector is set",
		Saw:        "dkim.enabled is true and dkim.selector is empty.",
		Effect:     "Without its selector nobody can find the key, so the signature cannot be verified.",
		Action:     "Set dkim.selector of %[1]s to the name that ClockWise shows beside Use DKIM, for example cw1.",
		References: []string{"RFC 6376 section 3.1"},
		Hides:      []string{"dkim.missing", "dkim.wrong-name"},
	}
	dkimOnNoReply = &finding.Rule{ // %[2]s: ClockWise's domain
		Code: "transport.dkim-on-no-reply", Severity: finding.Note, Owner: finding.ClockWise, Tier: 1,
		Title:      "The DKIM key of %[1]s is not used",
		Saw:        "%[1]s sends as an address at %[2]s, and DKIM is on.",
		Effect:     "Mail of a no-reply transport is signed by ClockWise for %[2]s. A key of the customer's domain has no effect on it.",
		Action:     "Set dkim.enabled of %[1]s to false.",
		References: []string{"RFC 9989 section 4.4"},
	}
	dkimOffButPublished = &finding.Rule{ // %[2]s: name of the record
		Code: "transport.dkim-off-but-published", Severity: finding.Note, Owner: finding.ClockWise, Tier: 2,
		Title:      "DKIM is off, though its key is published",
		Saw:        "%[2]s holds a valid key, and dkim.enabled of %[1]s is false.",
		Effect:     "Mail is not signed. It depends on SPF alone, which does not survive forwarding.",
		Action:     "Switch Use DKIM on in ClockWise and set dkim.enabled of %[1]s to true.",
		References: []string{"RFC 6376 section 3.6.1"},
	}
	keyFileMissing = &finding.Rule{ // %[2]s: the file
		Code: "transport.key-file-missing", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "The key file of %[1]s does not exist",
		Saw:        "dkim.key names %[2]s, which is not there.",
		Effect:     "The published key cannot be compared with the one that signs, and test mail cannot be signed.",
		Action:     "Correct dkim.key of %[1]s; paths are relative to the configuration file. Where only ClockWise holds the key, put its public half in dkim.public_key.",
		References: []string{configFile},
	}
	keyFileMalformed = &finding.Rule{ // %[2]s: the file, %[3]s: why
		Code: "transport.key-file-malformed", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "The key file of %[1]s cannot be used",
		Saw:        "%[2]s: %[3]s.",
		Effect:     "The published key cannot be compared with the one that signs, and test mail cannot be signed.",
		Action:     "Put the private key in %[2]s as PEM without a passphrase (-----BEGIN PRIVATE KEY-----), readable for you alone.",
		References: []string{"RFC 7468 section 10"},
	}
	keyFileExposed = &finding.Rule{ // %[2]s: the file
		Code: "transport.key-file-exposed", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "Others can read the private key of %[1]s",
		Saw:        "%[2]s may be read by other users of this machine.",
		Effect:     "Who has the key can sign mail in the name of the domain, and receivers believe it.",
		Action:     "Take the rights of the group and of others away from %[2]s.",
		References: []string{configFile},
	}
	keyFileMismatch = &finding.Rule{ // %[2]s: the file, %[3]s: name of the record
		Code: "transport.key-file-mismatch", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "The key file of %[1]s holds another key",
		Saw:        "%[3]s holds the key of dkim.public_key, but the public half of %[2]s is another one.",
		Effect:     "Mail that is signed with %[2]s fails: receivers verify it with the published key.",
		Action:     "Leave the DNS record as it is. Let dkim.key of %[1]s name the file that belongs to the published key.",
		References: []string{"RFC 6376 section 3.6.1"},
		Hides:      []string{"dkim.key-mismatch"},
	}
	passwordInClear = &finding.Rule{
		Code: "transport.password-in-clear", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "The password of %[1]s stands in the file",
		Saw:        "smtp.password is written as text in the configuration file.",
		Effect:     "Who reads the file, or a copy of it, can send mail with this account.",
		Action:     "Replace smtp.password of %[1]s by password_command, password_env or password_keyring.",
		References: []string{configFile},
	}
	passwordStored = &finding.Rule{ // %[2]s: the user name
		Code: "transport.password-stored-by-clockwise", Severity: finding.Note, Owner: finding.ClockWise, Tier: 1,
		Title:      "ClockWise keeps the password of %[1]s as text",
		Saw:        "%[1]s logs in as %[2]s. ClockWise stores the password as clear text.",
		Effect:     "The mail is not affected. The customer's security policy must allow it.",
		Action:     "Use an account that can do nothing but send this mail.",
		References: []string{manual},
	}
	passwordUnreadable = &finding.Rule{ // %[2]s: the setting, %[3]s: why
		Code: "transport.password-unreadable", Severity: finding.Unknown, Owner: finding.ClockWise, Tier: 1,
		Title:      "The password of %[1]s cannot be read",
		Saw:        "smtp.%[2]s gives nothing: %[3]s.",
		Effect:     "It was not tested whether the login works.",
		Action:     "Set smtp.%[2]s of %[1]s to where the password can be found.",
		References: []string{configFile},
		Hides:      []string{"smtp.auth-required"},
	}
	smtpWithoutDomainMatch = &finding.Rule{ // %[2]s: the server, %[3]s: whom it accepts
		Code: "transport.smtp-without-domain-match", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s takes every sender, its server does not",
		Saw:        "match.domain is empty, and %[2]s accepts only %[3]s.",
		Effect:     "Mail of other senders is refused by the server, or sent with another address.",
		Action:     "Set match.domain of %[1]s to the domain of the server's account, and match.local_part too where it accepts one mailbox only.",
		References: []string{manual},
	}
	smtpHostPrivate = &finding.Rule{ // %[2]s: the server, %[3]s: its addresses
		Code: "transport.smtp-host-private", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "ClockWise cannot reach %[2]s",
		Saw:        "%[2]s has only addresses of a private network: %[3]s.",
		Effect:     "ClockWise's servers stand outside that network, so no mail of this transport leaves.",
		Action:     "Set smtp.host of %[1]s to a name that has a public address, and let the firewall admit the relay addresses of ClockWise.",
		References: []string{"RFC 6890"},
	}
	smtpPlaintext = &finding.Rule{ // %[2]s: the server
		Code: "transport.smtp-plaintext", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s sends its password unencrypted",
		Saw:        "smtp.security is none, and the transport logs in at %[2]s.",
		Effect:     "Everyone on the way can read the password and the mail.",
		Action:     "Set smtp.security of %[1]s to starttls with port 587, or to tls with port 465.",
		References: []string{"RFC 8314 section 3"},
	}
	portTLSConflict = &finding.Rule{ // %[2]s: the port, %[3]s: security, %[4]s: the security that fits
		Code: "transport.port-tls-conflict", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "Port %[2]s does not go with %[3]s",
		Saw:        "smtp.port is %[2]s and smtp.security is %[3]s. Port %[2]s is meant for %[4]s.",
		Effect:     "Most servers do not answer a client that begins the wrong way, so no mail leaves.",
		Action:     "Set smtp.security of %[1]s to %[4]s, or ask the manager of the server for the right port.",
		References: []string{"RFC 8314 section 3"},
	}
	noReplyWithOwnSender = &finding.Rule{ // %[2]s: the sender, %[3]s: the no-reply address
		Code: "transport.no-reply-with-own-sender", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "The sender of %[1]s has no effect",
		Saw:        "from is %[2]s, but a no-reply transport always sends as %[3]s.",
		Effect:     "Mail leaves as %[3]s, not as %[2]s.",
		Action:     "Remove from in %[1]s. To let answers reach %[2]s, set reply_to to that address; to send as it, set the type to clockwise.",
		References: []string{manual},
	}
	noReplyNeedsNoDNS = &finding.Rule{ // %[2]s: the no-reply address
		Code: "transport.no-reply-needs-no-dns", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
		Title:      "The customer has nothing to publish",
		Saw:        "%[1]s sends as %[2]s.",
		Effect:     "ClockWise keeps SPF and DKIM for this address; the DNS of the customer's domain does not matter for it.",
		References: []string{manual},
	}
	noReplyUnauthenticated = &finding.Rule{ // %[2]s: the no-reply address, %[3]s: what was found
		Code: "transport.no-reply-unauthenticated", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "Mail as %[2]s does not authenticate",
		Saw:        "Neither SPF nor DKIM passes for mail as %[2]s from ClockWise's relay addresses: %[3]s.",
		Effect:     "Receivers refuse this mail or put it in junk. It concerns every customer that uses the no-reply address.",
		Action:     "Tell ClockWise: the SPF record of its own domain must allow its relay addresses, or its mail must be signed. The customer can do nothing about it.",
		References: []string{"RFC 9989 section 4.4"},
	}
	replyToMissing = &finding.Rule{ // %[2]s: the no-reply address
		Code: "transport.reply-to-missing", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "Answers to mail of %[1]s are lost",
		Saw:        "reply_to is not set, so the mail names no other address than %[2]s.",
		Effect:     "The mail arrives, but who answers it writes to an address that nobody reads.",
		Action:     "Set reply_to of %[1]s to true (a copy of the sender) or to a fixed address.",
		References: []string{manual},
		Hides:      []string{"message.reply-to-missing"},
	}
	replyToStrictDMARC = &finding.Rule{ // %[2]s: the domain, %[3]s: what is strict
		Code: "transport.reply-to-strict-dmarc", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "Reply-To names a domain with a strict DMARC record",
		Saw:        "%[1]s copies the sender into Reply-To, and the DMARC record of %[2]s says %[3]s.",
		Effect:     "DMARC itself ignores Reply-To, but some spam filters check it too: this mail may be put in junk there.",
		Action:     "If mail of %[1]s lands in junk, set its reply_to to a fixed address at another domain, or to false.",
		References: []string{manual},
	}
)

// Rules lists the rules in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missing, settingUnknown, defaultMissing, matchDuplicate, neverMatches, subsystemUnknown, senderOutsideMatch, senderIsFreeMail,
		subsystemUnconfirmed, ownSenderWithoutDomain, dkimWithoutDomainMatch, dkimSelectorMissing, dkimOnNoReply, dkimOffButPublished,
		keyFileMissing, keyFileMalformed, keyFileExposed, keyFileMismatch, passwordInClear, passwordStored, passwordUnreadable,
		smtpWithoutDomainMatch, smtpHostPrivate, smtpPlaintext, portTLSConflict, noReplyWithOwnSender, noReplyNeedsNoDNS,
		noReplyUnauthenticated, replyToMissing, replyToStrictDMARC,
	}
}
