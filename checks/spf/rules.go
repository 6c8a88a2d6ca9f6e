package spf

import "clockwise.info/cwmail/checks/finding"

// The rules on where the record stands, and whether it could be read at all.
// %[1]s is the domain unless a comment says otherwise.
var (
	missing = &finding.Rule{
		Code: "spf.missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s has no SPF record",
		Saw:        "DNS has no text record at %[1]s that starts with v=spf1: %[2]s.",
		Effect:     "Receivers cannot see that ClockWise may send for %[1]s, so this mail does not pass SPF and is more often refused or put in junk.",
		Action:     "Add the TXT record below at %[1]s. If other services send mail for this domain, put their terms before the last one.",
		Test:       "Check again when the record is published.",
		References: []string{"RFC 7208 section 4.5"},
		Hides:      []string{"spf.include-clockwise-missing", "spf.include-clockwise-over-limit", "spf.sender-id-record", "spf.all-missing"},
	}
	notInherited = &finding.Rule{ // %[2]s: the parent that has a record
		Code: "spf.not-inherited", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s needs an SPF record of its own",
		Saw:        "%[2]s has an SPF record, but %[1]s has none. SPF is not inherited by names below.",
		Effect:     "Receivers look at %[1]s only and find nothing there, so this mail does not pass SPF.",
		Action:     "Add the TXT record below at %[1]s. Leave the record of %[2]s as it is.",
		References: []string{"RFC 7208 section 2.4", "RFC 7208 section 3"},
		Hides:      []string{"spf.missing", "spf.include-clockwise-missing"},
	}
	multipleRecords = &finding.Rule{ // %[2]s: how many
		Code: "spf.multiple-records", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s has %[2]s SPF records; only one is allowed",
		Saw:        "%[2]s text records at %[1]s start with v=spf1.",
		Effect:     "With more than one record SPF fails with an error for all mail of this domain, also for mail that ClockWise does not send.",
		Action:     "Join them: replace the first by the record below and delete the others.",
		References: []string{"RFC 7208 section 3.2", "RFC 7208 section 4.5"},
		Hides: []string{
			"spf.include-clockwise-missing", "spf.all-missing", "spf.all-softfail", "spf.all-fail",
			"spf.all-softfail-without-dmarc", "spf.terms-after-all", "spf.near-limit", "spf.lookups-share",
		},
	}
	wrongName = &finding.Rule{ // %[2]s: where it stands
		Code: "spf.wrong-name", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record stands at the wrong name",
		Saw:        "There is an SPF record at %[2]s and none at %[1]s.",
		Effect:     "Receivers look at %[1]s only and find nothing there, so this mail does not pass SPF.",
		Action:     "Move the record from %[2]s to %[1]s. Where the panel shows a domain behind the field, enter only what stands before it, or @ for nothing.",
		References: []string{"RFC 7208 section 3"},
		Hides:      []string{"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing"},
	}
	nameDoubled = &finding.Rule{ // %[2]s: the doubled name, %[3]s: what the panel wants
		Code: "spf.name-doubled", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record's name holds the domain twice",
		Saw:        "The record stands at %[2]s: the DNS panel added the domain to a name that already held it.",
		Effect:     "Receivers look at %[1]s and do not find what was meant to stand there, so this mail does not pass SPF.",
		Action:     "In the DNS panel, enter %[3]s in place of %[1]s.",
		References: []string{"RFC 1035 section 5.1"},
		Hides:      []string{"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.wrong-name"},
	}
	wrongType = &finding.Rule{
		Code: "spf.wrong-type", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record has type SPF; it must be TXT",
		Saw:        "%[1]s has a record of the old type SPF (99) and no TXT record with SPF.",
		Effect:     "Receivers ask for TXT only, so they find no SPF record and this mail does not pass SPF.",
		Action:     "Enter the same text as a record of type TXT, then delete the one of type SPF.",
		References: []string{"RFC 7208 section 3.1"},
		Hides:      []string{"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.type-spf-leftover"},
	}
	typeLeftover = &finding.Rule{
		Code: "spf.type-spf-leftover", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s still has a record of the old type SPF",
		Saw:        "Beside the TXT record there is one of type SPF (99).",
		Effect:     "Nobody reads it. It only misleads who edits the domain later.",
		Action:     "Delete the record of type SPF when you are at it.",
		References: []string{"RFC 7208 section 14.1"},
	}
	wrongContent = &finding.Rule{ // %[1]s: the foreign text; %[2]s: DMARC or DKIM
		Code: "spf.wrong-content", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record also holds text of a %[2]s record",
		Saw:        "%[1]s belongs to %[2]s and stands in the SPF record.",
		Effect:     "SPF ignores it, and %[2]s does not find it there either.",
		Action:     "Take it out of the SPF record. A %[2]s record is a record of its own, at another name.",
		References: []string{"RFC 7208 section 4.6.1"},
		Hides:      []string{"spf.unknown-modifier"},
	}
	senderID = &finding.Rule{
		Code: "spf.sender-id-record", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s has a Sender ID record, which is no SPF record",
		Saw:        "A text record starts with spf2.0/.",
		Effect:     "Sender ID is not used any more. The record neither helps nor harms.",
		Action:     "It can be deleted.",
		References: []string{"RFC 4406"},
	}
	unreadable = &finding.Rule{ // %[2]s: what could not be read, %[3]s: why
		Code: "spf.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
		Title:      "SPF could not be judged: %[2]s could not be read",
		Saw:        "The question for %[2]s got no usable answer: %[3]s.",
		Effect:     "It is not known whether this mail passes SPF. Receivers that have the same trouble try again later.",
		Action:     "Check again in some minutes. If it stays so, the name servers of %[2]s need attention.",
		References: []string{"RFC 7208 section 4.4", "RFC 7208 section 8.6"},
		Hides: []string{
			"spf.missing", "spf.not-inherited", "spf.include-clockwise-missing", "spf.all-missing", "spf.invalid",
		},
	}
	serversDisagree = &finding.Rule{ // %[2]s: how many servers differ
		Code: "spf.servers-disagree", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The name servers of %[1]s give different SPF records",
		Saw:        "The servers that are responsible for the domain give %[2]s different answers.",
		Effect:     "Which record a receiver sees is a matter of chance, so part of this mail does not pass SPF.",
		Action:     "Ask the DNS provider why its servers differ. Wait an hour first if the record was changed today.",
		References: []string{"RFC 1034 section 4.3.5"},
		Hides:      []string{"spf.caches-behind", "dns.serial-differs"},
	}
	cachesBehind = &finding.Rule{ // %[2]s: which resolvers, %[3]s: how long still
		Code: "spf.caches-behind", Severity: finding.Warning, Owner: finding.Nobody, Tier: 1,
		Title:      "Some resolvers still have the old SPF record",
		Saw:        "The domain's own servers give the new record; %[2]s still has an older one.",
		Effect:     "Receivers behind such resolvers judge this mail by the old record for at most %[3]s more.",
		Action:     "Wait; it passes by itself.",
		References: []string{"RFC 2308 section 5"},
	}
	wildcard = &finding.Rule{
		Code: "spf.wildcard", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "Every name below %[1]s answers with an SPF record",
		Saw:        "A made-up name below %[1]s has an SPF record: the zone has a wildcard.",
		Effect:     "This mail is not affected. Names that nobody set up have a record all the same.",
		References: []string{"RFC 7208 section 3.5"},
	}
	cname = &finding.Rule{ // %[2]s: the target
		Code: "spf.cname", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 2,
		Title:      "%[1]s is an alias: the SPF record of %[2]s counts",
		Saw:        "%[1]s is a CNAME to %[2]s.",
		Effect:     "Who changes the record of %[2]s changes SPF for this mail too, perhaps without knowing it.",
		Action:     "Give %[1]s records of its own, or make the change at %[2]s.",
		References: []string{"RFC 1034 section 3.6.2"},
	}
	parkedNotClosed = &finding.Rule{
		Code: "spf.parked-not-closed", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 3,
		Title:      "%[1]s sends no mail, but its SPF does not say so",
		Saw:        "The domain is marked as parked, and its record is not v=spf1 -all.",
		Effect:     "Others can send mail in its name.",
		Action:     "Publish the record below.",
		References: []string{"M3AAWG Protecting Parked Domains"},
		Hides:      []string{"spf.all-softfail", "spf.all-neutral", "spf.all-softfail-without-dmarc"},
	}
	invalid = &finding.Rule{ // %[2]s: the reason in words
		Code: "spf.invalid", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record ends in an error",
		Saw:        "Reading the record ends in a permanent error: %[2]s.",
		Effect:     "SPF fails with an error for all mail of this domain.",
		Action:     "Correct the term that is named. In a record of somebody else, ask them to, or take their term out.",
		References: []string{"RFC 7208 section 8.7"},
	}
)

// The rules on ClockWise's place in the record. %[1]s is the term as written,
// or the domain; %[2]s is the name to include.
var (
	heloWithoutSPF = &finding.Rule{ // %[1]s: the HELO name
		Code: "spf.helo-without-spf", Severity: finding.Note, Owner: finding.ClockWise, Tier: 2,
		Title:      "%[1]s, the name that the server greets with, has no SPF",
		Saw:        "%[1]s has no SPF record.",
		Effect:     "Only bounce messages, which have no sender, are judged by this name.",
		References: []string{"RFC 7208 section 2.3"},
	}
	clockWiseMissing = &finding.Rule{
		Code: "spf.include-clockwise-missing", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record does not allow ClockWise to send",
		Saw:        "The record is valid, but nothing in it leads to %[2]s.",
		Effect:     "For receivers ClockWise is a stranger who sends in the name of %[1]s: this mail does not pass SPF.",
		Action:     "Replace the record by the one below. Do not add a second SPF record.",
		References: []string{"RFC 7208 section 5.2"},
	}
	clockWiseMisspelt = &finding.Rule{
		Code: "spf.include-clockwise-misspelt", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record misspells ClockWise: %[1]s",
		Saw:        "%[1]s stands where include:%[2]s is meant.",
		Effect:     "The misspelt name does not let ClockWise send, and where it does not exist SPF fails for all mail of the domain.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 5.2"},
		Hides: []string{
			"spf.include-clockwise-missing", "spf.include-target-without-spf", "spf.redirect-target-without-spf",
			"spf.void-lookups", "spf.domain-malformed",
		},
	}
	clockWiseMechanism = &finding.Rule{
		Code: "spf.include-clockwise-wrong-mechanism", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "ClockWise stands in the SPF record without include:",
		Saw:        "The record says %[1]s; only include:%[2]s works.",
		Effect:     "The term does not let ClockWise send, so this mail does not pass SPF.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 5.2"},
		Hides: []string{
			"spf.include-clockwise-missing", "spf.address-malformed", "spf.unknown-mechanism",
			"spf.host-without-address", "spf.void-lookups", "spf.ptr-used", "spf.exists-used",
		},
	}
	clockWiseQualified = &finding.Rule{
		Code: "spf.include-clockwise-qualified", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF record refuses ClockWise: %[1]s",
		Saw:        "The sign before include: turns its meaning round.",
		Effect:     "Mail from ClockWise's addresses is named as not allowed, in place of allowed.",
		Action:     "Take away the sign: the record below has include:%[2]s.",
		References: []string{"RFC 7208 section 4.6.2", "RFC 7208 section 5.2"},
		Hides:      []string{"spf.include-qualified", "spf.include-clockwise-missing", "spf.clockwise-network-refused"},
	}
	clockWiseAfterAll = &finding.Rule{ // %[3]s: the all term
		Code: "spf.include-clockwise-after-all", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "ClockWise stands after %[3]s, where receivers stop reading",
		Saw:        "%[1]s stands behind %[3]s, and nothing behind that is read.",
		Effect:     "ClockWise is not seen in the record, so this mail does not pass SPF.",
		Action:     "Move it before %[3]s: replace the record by the one below.",
		References: []string{"RFC 7208 section 5.1"},
		Hides:      []string{"spf.terms-after-all", "spf.include-clockwise-missing", "spf.clockwise-network-refused"},
	}
	clockWiseBehindRedirect = &finding.Rule{ // %[3]s: the all term
		Code: "spf.include-clockwise-behind-redirect", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The SPF redirect to ClockWise is ignored because of %[3]s",
		Saw:        "%[1]s leads to ClockWise, but a redirect does not count in a record that has all.",
		Effect:     "ClockWise is not seen in the record, so this mail does not pass SPF.",
		Action:     "Replace the record by the one below: an include before %[3]s in place of the redirect.",
		References: []string{"RFC 7208 section 6.1"},
		Hides:      []string{"spf.redirect-ignored", "spf.redirect-to-clockwise", "spf.include-clockwise-missing"},
	}
	redirectToClockWise = &finding.Rule{
		Code: "spf.redirect-to-clockwise", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "The whole SPF record is handed over to ClockWise",
		Saw:        "%[1]s stands in the record in place of an include.",
		Effect:     "Mail from ClockWise passes. Mail that the domain's other servers send does not.",
		Action:     "Replace the record by the one below, and put other senders of the domain before the last term.",
		References: []string{"RFC 7208 section 6.1"},
	}
	clockWiseDuplicate = &finding.Rule{
		Code: "spf.include-clockwise-duplicate", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "ClockWise stands in the SPF record more than once",
		Saw:        "%[1]s stands in the record again.",
		Effect:     "Each copy costs one of the 10 DNS look-ups that SPF allows, and only the first is needed.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	clockWiseNested = &finding.Rule{ // %[1]s: the term of the own record that leads there
		Code: "spf.include-clockwise-nested", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "ClockWise is allowed through %[1]s",
		Saw:        "%[2]s is not in the record itself; %[1]s leads to it.",
		Effect:     "This mail passes SPF as long as whoever keeps that record leaves ClockWise in it.",
		References: []string{"RFC 7208 section 5.2"},
	}
	clockWiseOverLimit = &finding.Rule{ // %[1]s: domain, %[3]s: look-ups after adding, %[4]s: empty answers after
		Code: "spf.include-clockwise-over-limit", Severity: finding.Warning, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "No room in the SPF record for ClockWise yet",
		Saw:        "With include:%[2]s the record would need %[3]s DNS look-ups with %[4]s empty answers; 10 and 2 are allowed.",
		Effect:     "Above the limit SPF fails with an error for all mail of the domain, so room has to be made first.",
		Action:     "Take out a service that is not used any more, then add include:%[2]s. The evidence says what each term costs.",
		References: []string{"RFC 7208 section 4.6.4"},
	}
	clockWiseUnused = &finding.Rule{ // %[1]s: envelope domain, %[3]s: sender domain
		Code: "spf.include-clockwise-unused", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 1,
		Title:      "SPF of %[3]s is not asked: bounces go to %[1]s",
		Saw:        "%[3]s includes ClockWise, but the envelope sender of this mail is at %[1]s.",
		Effect:     "SPF is judged for %[1]s and does not count for the address that people see.",
		Action:     "Set the envelope sender of this transport to an address at %[3]s.",
		References: []string{"RFC 9989 section 4.4"},
	}
	clockWiseLiteral = &finding.Rule{ // %[3]s: how many addresses there are
		Code: "spf.clockwise-as-literal", Severity: finding.Note, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "ClockWise's addresses stand in the SPF record as numbers",
		Saw:        "All %[3]s addresses pass through %[1]s, not through include:%[2]s.",
		Effect:     "This mail passes SPF today. When ClockWise's addresses change, it does not any more.",
		Action:     "Replace the record by the one below when you are at it.",
		References: []string{"RFC 7208 section 5.6"},
	}
	networkIncomplete = &finding.Rule{ // %[1]s: domain, %[3]s: how many pass, %[5]s: of how many
		Code: "spf.clockwise-network-incomplete", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "SPF allows only %[3]s of ClockWise's %[5]s addresses",
		Saw:        "%[4]s do not pass.",
		Effect:     "Which address sends a mail is a matter of chance: part of this mail does not pass SPF.",
		Action:     "Replace the record by the one below, which names ClockWise by include:%[2]s.",
		References: []string{"RFC 7208 section 5.6"},
		Hides:      []string{"spf.include-clockwise-missing", "spf.clockwise-as-literal"},
	}
	networkRefused = &finding.Rule{ // %[3]s: the result, %[4]s: for how many addresses, %[5]s: of how many
		Code: "spf.clockwise-network-refused", Severity: finding.Failure, Owner: finding.CustomerDNS, Tier: 1,
		Title:      "%[1]s turns ClockWise away before its include",
		Saw:        "%[1]s decides %[3]s for %[4]s of the %[5]s addresses of ClockWise.",
		Effect:     "Receivers stop at that term and do not reach the include, so this mail does not pass SPF.",
		Action:     "Replace the record by the one below.",
		References: []string{"RFC 7208 section 4.6.2"},
	}
	clockWiseBroken = &finding.Rule{ // %[1]s: the include's name; %[2]s: what is wrong
		Code: "spf.clockwise-record-broken", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "ClockWise's own SPF record %[1]s is broken",
		Saw:        "%[2]s.",
		Effect:     "SPF fails for all customers who include it, whatever their own record says.",
		Action:     "Tell ClockWise. Nothing has to be changed in the customer's DNS.",
		References: []string{"RFC 7208 section 5.2"},
		Hides: []string{
			"spf.include-target-without-spf", "spf.clockwise-network-refused", "spf.void-lookups", "spf.invalid",
		},
	}
	clockWiseUnreadable = &finding.Rule{ // %[1]s: the include's name; %[2]s: why
		Code: "spf.clockwise-record-unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
		Title:      "ClockWise's own SPF record %[1]s could not be read",
		Saw:        "The question for it got no usable answer: %[2]s.",
		Effect:     "It is not known whether this mail passes SPF.",
		Action:     "Check again in some minutes.",
		References: []string{"RFC 7208 section 8.6"},
		Hides:      []string{"spf.unreadable"},
	}
)
