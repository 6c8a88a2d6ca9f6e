package spf

import "clockwise.info/cwmail/checks/finding"

// The rules on single terms. %[1]s is the term as written, %[2]s what it
// should be, or what is meant in detail.
var (
	unknownMechanism = &finding.Rule{
		Code: "spf.unknown-mechanism", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record holds a word that SPF does not know",
		Saw:        "%[1]s is no term of SPF.%[2]s",
		Effect:     "One unknown word makes the whole record an error: SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.1"},
		Hides:      []string{"spf.include-clockwise-missing", "spf.invalid"},
	}
	mechanismEquals = &finding.Rule{
		Code: "spf.mechanism-with-equals", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "In the SPF record, %[1]s has = in place of a colon",
		Saw:        "%[1]s is read as an unknown remark and ignored; %[2]s is meant.",
		Effect:     "The senders that it names are not allowed.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.3", "RFC 7208 section 6"},
		Hides:      []string{"spf.unknown-modifier", "spf.include-clockwise-missing"},
	}
	modifierColon = &finding.Rule{
		Code: "spf.modifier-with-colon", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "In the SPF record, %[1]s has a colon in place of =",
		Saw:        "%[1]s is no term of SPF; %[2]s is meant.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 6"},
		Hides: []string{
			"spf.unknown-mechanism", "spf.include-clockwise-wrong-mechanism", "spf.include-clockwise-missing", "spf.all-missing",
		},
	}
	unknownModifier = &finding.Rule{
		Code: "spf.unknown-modifier", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record holds a remark that nobody reads",
		Saw:        "%[1]s is not known to SPF and is ignored.",
		Effect:     "This mail is not affected. If it was meant to allow a sender, it does not.",
		Action:     "Take it out, or write what was meant.",
		References: []string{"RFC 7208 section 6", "RFC 6652 section 3"},
	}
	modifierDuplicate = &finding.Rule{ // %[2]s: redirect= or exp=
		Code: "spf.modifier-duplicate", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[2]s stands in the SPF record twice",
		Saw:        "%[1]s stands behind another %[2]s.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Keep one of the two.",
		References: []string{"RFC 7208 section 6"},
	}
	modifierNotLast = &finding.Rule{
		Code: "spf.modifier-not-last", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s stands before other terms of the SPF record",
		Saw:        "%[1]s works wherever it stands, and is read last.",
		Effect:     "This mail is not affected. People misread such a record.",
		References: []string{"RFC 7208 section 6"},
	}
	qualifierWrong = &finding.Rule{
		Code: "spf.qualifier-wrong", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The sign before a term of the SPF record is wrong",
		Saw:        "%[1]s stands where %[2]s is meant.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.2"},
		Hides:      []string{"spf.all-missing", "spf.unknown-mechanism", "spf.invalid"},
	}
	domainEmpty = &finding.Rule{
		Code: "spf.domain-empty", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s in the SPF record names nothing",
		Saw:        "Nothing stands behind %[1]s.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Take it out, or write the name that belongs there.",
		References: []string{"RFC 7208 section 4.8", "RFC 7208 section 7.1"},
	}
	domainMalformed = &finding.Rule{ // %[2]s: why
		Code: "spf.domain-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A name in the SPF record is no domain",
		Saw:        "In %[1]s, %[2]s.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Write the name of a domain there.",
		References: []string{"RFC 7208 section 4.8", "RFC 7208 section 7.1"},
	}
	idnNotEncoded = &finding.Rule{
		Code: "spf.idn-not-encoded", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A name in the SPF record is not in its DNS form",
		Saw:        "%[1]s holds letters that DNS cannot carry; %[2]s is its DNS form.",
		Effect:     "Receivers cannot read the record, so SPF fails for all mail of this domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 8616 section 4"},
		Hides:      []string{"spf.non-ascii", "spf.domain-malformed"},
	}
	macroMalformed = &finding.Rule{ // %[2]s: why
		Code: "spf.macro-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A placeholder (%%) in the SPF record is wrong",
		Saw:        "In %[1]s, %[2]s.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Correct the placeholder or take the term out.",
		References: []string{"RFC 7208 section 7.1", "RFC 7208 section 7.2", "RFC 7208 section 7.3"},
	}
	macroSender = &finding.Rule{
		Code: "spf.macro-sender", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The SPF record puts sender addresses into DNS questions",
		Saw:        "%[1]s asks DNS with the sender's address in the name.",
		Effect:     "This mail is not affected. Whoever sees DNS traffic sees who sends mail.",
		References: []string{"RFC 7208 section 7.2", "RFC 7208 section 11.6"},
	}
	addressMalformed = &finding.Rule{ // %[2]s: why
		Code: "spf.address-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "An address in the SPF record is wrong",
		Saw:        "In %[1]s, %[2]s.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Write one address, or a network such as 192.0.2.0/24.",
		References: []string{"RFC 7208 section 5.6", "RFC 7208 section 12"},
	}
	prefixMalformed = &finding.Rule{ // %[2]s: why
		Code: "spf.prefix-malformed", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "A network size in the SPF record is wrong",
		Saw:        "In %[1]s, %[2]s.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Correct the number behind the slash.",
		References: []string{"RFC 7208 section 5.3", "RFC 7208 section 5.6", "RFC 7208 section 12"},
	}
	hostBits = &finding.Rule{ // %[2]s: the range
		Code: "spf.host-bits-set", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s means a whole range of addresses",
		Saw:        "%[1]s allows %[2]s.",
		Effect:     "This mail is not affected. If one address was meant, too many are allowed.",
		References: []string{"RFC 7208 section 5.6"},
	}
	rangeHuge = &finding.Rule{
		Code: "spf.range-huge", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s allows a very large part of the Internet",
		Saw:        "%[1]s covers far more addresses than one organisation has.",
		Effect:     "Many strangers can send mail in the name of this domain.",
		Action:     "Name only the addresses that send.",
		References: []string{"RFC 7208 section 11.4"},
	}
	rangeOpen = &finding.Rule{
		Code: "spf.range-open", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s allows nearly everybody to send",
		Saw:        "%[1]s covers millions of addresses of strangers.",
		Effect:     "Anybody can send mail in the name of this domain, and receivers may stop trusting it.",
		Action:     "Name only the addresses that send.",
		References: []string{"RFC 7208 section 11.4"},
	}
	addressPrivate = &finding.Rule{ // %[2]s: kind of address
		Code: "spf.address-private", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s is an address that no receiver ever sees",
		Saw:        "%[1]s is %[2]s.",
		Effect:     "The term does nothing. If it was meant for a server, that server's mail does not pass.",
		Action:     "Write the address that the server has on the Internet, or take the term out.",
		References: []string{"RFC 6890", "RFC 6598"},
	}
	termDuplicate = &finding.Rule{
		Code: "spf.term-duplicate", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s stands in the SPF record twice",
		Saw:        "The second %[1]s changes nothing.",
		Effect:     "This mail is not affected. A copy may cost DNS look-ups.",
		Action:     "One of the two can go.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	rangeOverlap = &finding.Rule{ // %[2]s: the wider term
		Code: "spf.range-overlap", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s is already part of %[2]s",
		Saw:        "All addresses of %[1]s lie in %[2]s.",
		Effect:     "This mail is not affected.",
		References: []string{"RFC 7208 section 5.6"},
	}
	ptrUsed = &finding.Rule{
		Code: "spf.ptr-used", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record uses ptr, which should not be used",
		Saw:        "%[1]s asks for the name of the sending address.",
		Effect:     "It is slow and unreliable; large receivers skip it.",
		Action:     "Name the servers by ip4:, a: or include: in place of it.",
		References: []string{"RFC 7208 section 5.5", "RFC 7208 section 7.2"},
	}
	tooManyPTR = &finding.Rule{
		Code: "spf.too-many-ptr-names", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s meets more than 10 names",
		Saw:        "The sending address has more than 10 names; receivers look at the first 10 only.",
		Effect:     "Whether the term matches depends on the order of the answer.",
		References: []string{"RFC 7208 section 4.6.4", "RFC 7208 section 5.5"},
	}
	mxUsed = &finding.Rule{ // %[2]s: a host, %[3]s: the include of those that send
		Code: "spf.mx-used", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s allows servers that only receive mail",
		Saw:        "%[1]s leads to %[2]s, and that provider sends from other servers.",
		Effect:     "This mail is not affected. The term costs one of the 10 DNS look-ups that SPF allows and lets nobody send.",
		Action:     "Take it out when you change the record; include:%[3]s names the servers that send.",
		References: []string{"RFC 7208 section 5.4"},
	}
	existsUsed = &finding.Rule{
		Code: "spf.exists-used", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The SPF record asks a list: %[1]s",
		Saw:        "%[1]s puts the question to a DNS list for each mail.",
		Effect:     "This mail is not affected. Which addresses are allowed cannot be read from the record.",
		References: []string{"RFC 7208 section 5.7"},
	}
)

var expBroken = &finding.Rule{ // %[2]s: why
	Code: "spf.exp-broken", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The explanation text of the SPF record does not work",
	Saw:        "%[1]s stands in the record, but %[2]s.",
	Effect:     "This mail is not affected. Who is refused does not get the explanation.",
	Action:     "Publish one text there, or take the term out.",
	References: []string{"RFC 7208 section 6.2"},
}

var flattenedProvider = &finding.Rule{ // %[1]s: the provider's record, %[2]s: how many networks
	Code: "spf.flattened-provider", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
	Title:      "The SPF record holds a provider's addresses as numbers",
	Saw:        "All %[2]s networks of %[1]s stand in the record, in place of include:%[1]s.",
	Effect:     "This mail is not affected. When that provider changes its addresses, mail sent from the new ones does not pass SPF.",
	Action:     "Replace the record by the one below when you are at it.",
	References: []string{"RFC 7208 section 10.1"},
}

// The rules on the policy at the end of the record. %[1]s is the all term, or
// the domain where there is none.
var (
	allMissing = &finding.Rule{
		Code: "spf.all-missing", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record does not say what to do with others",
		Saw:        "The record has neither all nor redirect= at its end.",
		Effect:     "Strangers who send in the name of the domain are judged neutral, so the record hardly protects.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.7"},
	}
	allPass = &finding.Rule{
		Code: "spf.all-pass", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record allows everybody to send: %[1]s",
		Saw:        "%[1]s lets every address in the world pass.",
		Effect:     "Anybody can send mail in the name of this domain, and receivers may stop trusting it.",
		Action:     "Replace the record by the one below, which ends with -all.",
		References: []string{"RFC 7208 section 5.1"},
		Hides:      []string{"spf.include-clockwise-missing", "spf.terms-after-all"},
	}
	allNeutral = &finding.Rule{
		Code: "spf.all-neutral", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record ends with ?all, which says nothing",
		Saw:        "?all makes strangers neutral.",
		Effect:     "This mail is not affected, but the record does not protect the domain's name.",
		Action:     "End the record with ~all, and later with -all, once all senders stand in it.",
		References: []string{"RFC 7208 section 8.2"},
	}
	allSoftfail = &finding.Rule{
		Code: "spf.all-softfail", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record ends with ~all",
		Saw:        "~all marks strangers as suspicious. DMARC decides what happens to their mail.",
		Effect:     "This mail is not affected. With DMARC this is a sound choice.",
		References: []string{"RFC 7208 section 8.5"},
	}
	allSoftfailAlone = &finding.Rule{
		Code: "spf.all-softfail-without-dmarc", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "~all without DMARC hardly protects the domain",
		Saw:        "The SPF record ends with ~all and there is no DMARC record.",
		Effect:     "This mail is not affected, but mail of strangers in the domain's name is mostly delivered.",
		Action:     "Publish a DMARC record.",
		References: []string{"RFC 7208 section 8.5"},
	}
	allFail = &finding.Rule{
		Code: "spf.all-fail", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record ends with -all",
		Saw:        "-all asks receivers to refuse strangers.",
		Effect:     "Forwarded mail may be refused by SPF before its DKIM signature is looked at.",
		References: []string{"RFC 7208 section 8.4", "RFC 7489 section 10.1"},
	}
	termsAfterAll = &finding.Rule{ // %[1]s: the term, %[2]s: the all term
		Code: "spf.terms-after-all", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s stands behind %[2]s, where nobody reads",
		Saw:        "Receivers stop reading at %[2]s.",
		Effect:     "The senders that it names are not allowed.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 5.1"},
	}
	multipleAll = &finding.Rule{ // %[1]s: the further all, %[2]s: the first
		Code: "spf.multiple-all", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record has more than one all",
		Saw:        "%[1]s stands behind %[2]s and is never reached.",
		Effect:     "Only the first counts.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 5.1"},
	}
	redirectIgnored = &finding.Rule{ // %[1]s: the redirect, %[2]s: the all term
		Code: "spf.redirect-ignored", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s is ignored because of %[2]s",
		Saw:        "A redirect does not count in a record that has all.",
		Effect:     "The senders that it leads to are not allowed.",
		Action:     "Take out one of the two. The record below keeps what counts today.",
		References: []string{"RFC 7208 section 6.1"},
	}
)

// The rules on what the terms lead to. %[1]s is the term of the customer's
// own record, %[2]s the name it leads to.
var (
	redirectTarget = &finding.Rule{
		Code: "spf.redirect-target-without-spf", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s leads to a name without SPF record",
		Saw:        "%[2]s has no SPF record.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Correct the name, or replace the record by the one below.",
		References: []string{"RFC 7208 section 6.1"},
	}
	includeTarget = &finding.Rule{
		Code: "spf.include-target-without-spf", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s leads to a name without SPF record",
		Saw:        "%[2]s has no SPF record.",
		Effect:     "The whole record is an error: SPF fails for all mail of this domain.",
		Action:     "Take the term out, or correct the name if the service is still used.",
		References: []string{"RFC 7208 section 5.2"},
		Hides:      []string{"spf.void-lookups", "spf.invalid"},
	}
	includePassesAll = &finding.Rule{
		Code: "spf.include-target-passes-all", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s allows everybody to send",
		Saw:        "The record of %[2]s lets every address pass.",
		Effect:     "Anybody can send mail in the name of this domain, and receivers may stop trusting it.",
		Action:     "Take the term out and ask its owner to correct the record.",
		References: []string{"RFC 7208 section 5.2"},
	}
	includeQualified = &finding.Rule{
		Code: "spf.include-qualified", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s does the opposite of an include",
		Saw:        "The sign before include: turns its meaning round.",
		Effect:     "Mail of the senders that it names does not pass.",
		Action:     "Take the sign away if these senders are meant to be allowed.",
		References: []string{"RFC 7208 section 5.2"},
	}
	includeModifier = &finding.Rule{ // %[3]s: the modifier of the included record
		Code: "spf.include-target-modifier", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "The record behind %[1]s uses %[3]s",
		Saw:        "%[2]s has %[3]s. In an included record redirect= is followed and exp= is not used.",
		Effect:     "This mail is not affected.",
		References: []string{"RFC 7208 section 6.2"},
	}
	tooManyLookups = &finding.Rule{ // %[1]s: the count, %[2]s: the domain
		Code: "spf.too-many-lookups", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record needs %[1]s DNS look-ups; 10 are allowed",
		Saw:        "The record of %[2]s and all that it includes need %[1]s look-ups.",
		Effect:     "Receivers stop after 10 and SPF fails with an error, for all mail whose sender stands behind the tenth.",
		Action:     "Take out a service that is not used any more. The evidence says what each term costs.",
		References: []string{"RFC 7208 section 4.6.4"},
		Hides:      []string{"spf.lookups-share", "spf.include-clockwise-over-limit"},
	}
	atLimit = &finding.Rule{
		Code: "spf.at-limit", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record needs all 10 DNS look-ups",
		Saw:        "The record of %[2]s and all that it includes need exactly 10 look-ups.",
		Effect:     "One more service, or a change in a record that is included, and SPF fails for all mail of the domain.",
		Action:     "Take out a service that is not used any more. The evidence says what each term costs.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	nearLimit = &finding.Rule{
		Code: "spf.near-limit", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "The SPF record needs %[1]s of the 10 DNS look-ups",
		Saw:        "The record of %[2]s and all that it includes need %[1]s look-ups.",
		Effect:     "Mail passes today. One more service, and SPF may fail for all mail of the domain.",
		Action:     "Look whether a service is not used any more before you add another.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	lookupsShare = &finding.Rule{ // %[1]s: the count, %[2]s: the domain, %[3]s: term and cost of each
		Code: "spf.lookups-share", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "How the %[1]s DNS look-ups of SPF are shared out",
		Saw:        "%[3]s.",
		Effect:     "This mail is not affected.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	tooManyVoid = &finding.Rule{ // %[1]s: the count, %[2]s: the domain, %[3]s: the names
		Code: "spf.too-many-void-lookups", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record asks for %[1]s names that do not exist",
		Saw:        "DNS answered with nothing for %[3]s. Two such answers are allowed.",
		Effect:     "At the third empty answer SPF fails with an error for all mail of the domain.",
		Action:     "Take out the terms that name them.",
		References: []string{"RFC 7208 section 4.6.4"},
		Hides:      []string{"spf.void-lookups", "spf.host-without-address"},
	}
	voidLookups = &finding.Rule{
		Code: "spf.void-lookups", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s leads nowhere",
		Saw:        "DNS answered with nothing for %[2]s.",
		Effect:     "The term does nothing. At the third empty answer SPF fails for all mail of the domain.",
		Action:     "Take the term out if it is not used any more.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	hostWithoutAddress = &finding.Rule{
		Code: "spf.host-without-address", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s names a host without address",
		Saw:        "%[2]s has no address in DNS.",
		Effect:     "The term does nothing. If the host sends mail, that mail does not pass.",
		Action:     "Take the term out, or give the host its address.",
		References: []string{"RFC 7208 section 5.3", "RFC 7208 section 5.4"},
		Hides:      []string{"spf.void-lookups"},
	}
	tooManyMX = &finding.Rule{
		Code: "spf.too-many-mx-hosts", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s meets more than 10 mail servers",
		Saw:        "%[2]s has more than 10 MX hosts.",
		Effect:     "SPF fails with an error for all mail of the domain that reaches this term.",
		Action:     "Name the sending servers by ip4: or include: in place of it.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	loop = &finding.Rule{ // %[2]s: the path
		Code: "spf.loop", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record goes round in a circle at %[1]s",
		Saw:        "The way is %[2]s.",
		Effect:     "Receivers stop after 10 look-ups and SPF fails with an error for all mail of the domain.",
		Action:     "Take the term out.",
		References: []string{"RFC 7208 section 4.6.4"},
		Hides:      []string{"spf.too-many-lookups", "spf.lookups-share"},
	}
)

// Rules lists the rules of this subject in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		missing, notInherited, multipleRecords, wrongName, nameDoubled, wrongType, typeLeftover, wrongContent,
		senderID, unreadable, serversDisagree, cachesBehind, wildcard, cname, parkedNotClosed, invalid,
		leadingCharacters, quotesInValue, zoneLine, versionMisspelt, versionUnterminated, versionCase,
		versionRepeated, nonASCII, controlCharacter, separatorWrong, spaceMissing, stringsJoined, spaceAfterColon,
		truncated, stringTooLong, answerTooLarge,
		unknownMechanism, mechanismEquals, modifierColon, unknownModifier, modifierDuplicate, modifierNotLast,
		qualifierWrong, domainEmpty, domainMalformed, idnNotEncoded, macroMalformed, macroSender, addressMalformed,
		prefixMalformed, hostBits, rangeHuge, rangeOpen, addressPrivate, termDuplicate, rangeOverlap, ptrUsed,
		tooManyPTR, mxUsed, existsUsed, expBroken, flattenedProvider,
		allMissing, allPass, allNeutral, allSoftfail, allSoftfailAlone, allFail, termsAfterAll, multipleAll,
		redirectIgnored, redirectTarget, includeTarget, includePassesAll, includeQualified, includeModifier,
		tooManyLookups, atLimit, nearLimit, lookupsShare, tooManyVoid, voidLookups, hostWithoutAddress, tooManyMX,
		loop, heloWithoutSPF,
		clockWiseMissing, clockWiseMisspelt, clockWiseMechanism, clockWiseQualified, clockWiseAfterAll,
		clockWiseBehindRedirect, redirectToClockWise, clockWiseDuplicate, clockWiseNested, clockWiseOverLimit,
		clockWiseUnused, clockWiseLiteral, networkIncomplete, networkRefused, clockWiseBroken, clockWiseUnreadable,
	}
}
