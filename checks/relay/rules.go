package relay

import "clockwise.info/cwmail/checks/finding"

// %[1]s is the server as HOST, %[2]s the port, unless a comment says otherwise.
var (
	unreadable = &finding.Rule{ // %[3]s: why
		Code: "smtp.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 1,
		Title:      "%[1]s was not tried",
		Saw:        "%[3]s.",
		Effect:     "It is not known whether ClockWise can deliver to this server.",
		Action:     "Check again when the network allows it.",
		References: []string{"RFC 5321 section 3.1"},
		Hides:      []string{"tls.unreadable", "o365.method-detected"},
	}
	hostNotFound = &finding.Rule{ // %[3]s: what DNS says
		Code: "smtp.host-not-found", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "The server name %[1]s does not exist in DNS",
		Saw:        "%[1]s has no address: %[3]s.",
		Effect:     "No mail of this transport leaves: ClockWise cannot find the server.",
		Action:     "Correct smtp.host of the transport; ask the manager of the mail server for its public name.",
		References: []string{"RFC 5321 section 2.3.5"},
		Hides:      []string{"smtp.timed-out", "smtp.refused", "tls.unreadable"},
	}
	refused = &finding.Rule{ // %[3]s: the addresses, %[5]s: the relay addresses
		Code: "smtp.refused", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "%[1]s refuses connections to port %[2]s",
		Saw:        "%[3]s answered, but nothing listens on port %[2]s, or a firewall refuses this machine.",
		Effect:     "If it refuses ClockWise too, no mail of this transport leaves.",
		Action:     "Ask the manager of %[1]s whether port %[2]s is right, and to admit ClockWise's relay addresses %[5]s.",
		References: []string{"RFC 5321 section 4.5.3.2"},
	}
	timedOutRule = &finding.Rule{ // %[3]s: the addresses, %[5]s: the relay addresses
		Code: "smtp.timed-out", Severity: finding.Failure, Owner: finding.Network, Tier: 1,
		Title:      "%[1]s does not answer on port %[2]s",
		Saw:        "No answer from %[3]s on port %[2]s.",
		Effect:     "If ClockWise gets no answer either, mail of this transport waits and comes back after some days.",
		Action:     "Many networks block outgoing port 25, so try from another network first. If it is silent there too, have the firewall of %[1]s admit %[5]s to port %[2]s.",
		References: []string{"RFC 5321 section 4.5.3.2"},
	}
	noRoute = &finding.Rule{ // %[3]s: the addresses, %[4]s: the reason
		Code: "smtp.no-route", Severity: finding.Failure, Owner: finding.Network, Tier: 1,
		Title:      "There is no way from here to %[1]s",
		Saw:        "%[3]s: %[4]s.",
		Effect:     "This machine cannot reach the server. ClockWise's servers may.",
		Action:     "Check the network of this machine, or check again from another one.",
		References: []string{"RFC 5321 section 4.5.3.2"},
	}
	dropped = &finding.Rule{ // %[3]s: the stage, %[4]s: detail, %[5]s: the relay addresses
		Code: "smtp.dropped", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "%[1]s hangs up at the %[3]s",
		Saw:        "The connection to port %[2]s ended at the %[3]s: %[4]s.",
		Effect:     "If it does so with ClockWise too, no mail of this transport leaves.",
		Action:     "Ask the manager of %[1]s to look in its log, and to admit ClockWise's relay addresses %[5]s.",
		References: []string{"RFC 5321 section 3.8"},
	}
	port25Blocked = &finding.Rule{ // %[3]s: the known hosts
		Code: "smtp.port-25-blocked", Severity: finding.Failure, Owner: finding.Network, Tier: 1,
		Title:      "This network blocks outgoing port 25",
		Saw:        "Neither %[1]s nor %[3]s answers on port 25 from here; another port answers.",
		Effect:     "From here it cannot be seen whether mail servers work. Mail of ClockWise leaves from elsewhere.",
		Action:     "Check again from another network, or ask the provider of this line to open outgoing port 25.",
		References: []string{"RFC 5321 section 4.5.3.2"},
		Hides:      []string{"smtp.timed-out", "smtp.refused", "smtp.no-route", "smtp.partly-reachable", "tls.unreadable", "o365.direct-send-only"},
	}
	partlyReachable = &finding.Rule{ // %[3]s: the silent addresses, %[4]s: those that answer
		Code: "smtp.partly-reachable", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "Only some addresses of %[1]s answer",
		Saw:        "%[4]s works, %[3]s does not.",
		Effect:     "Mail gets through, but later when a wrong address is tried first.",
		Action:     "Ask the manager of %[1]s to start the mail server at %[3]s, or to remove that address from DNS.",
		References: []string{"RFC 5321 section 5.1"},
	}
	bannerWrong = &finding.Rule{ // %[3]s: what came, %[4]s: the relay addresses
		Code: "smtp.banner-wrong", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "%[1]s does not greet as a mail server",
		Saw:        "Port %[2]s says: %[3]s.",
		Effect:     "ClockWise gives up at this greeting, so no mail of this transport leaves.",
		Action:     "Ask the manager of %[1]s whether %[2]s is the port for mail, and to admit ClockWise's relay addresses %[4]s.",
		References: []string{"RFC 5321 section 4.2"},
	}
	bannerSlow = &finding.Rule{ // %[3]s: what took how long
		Code: "smtp.banner-slow", Severity: finding.Note, Owner: finding.Nobody, Tier: 2,
		Title:      "%[1]s makes senders wait",
		Saw:        "%[3]s.",
		Effect:     "Mail gets through: servers that wait keep impatient spammers away.",
		References: []string{"RFC 5321 section 4.5.3.2"},
	}
	bannerNameDiffers = &finding.Rule{ // %[3]s: name in the greeting, %[4]s: names of the address
		Code: "smtp.banner-name-differs", Severity: finding.Note, Owner: finding.Nobody, Tier: 3,
		Title:      "%[1]s greets with another name than its address has",
		Saw:        "The greeting says %[3]s; reverse DNS names %[4]s.",
		Effect:     "The mail is not affected.",
		References: []string{"RFC 5321 section 4.2"},
	}
	middlebox = &finding.Rule{ // %[3]s: what shows it
		Code: "smtp.middlebox", Severity: finding.Failure, Owner: finding.Network, Tier: 1,
		Title:      "A firewall rewrites what %[1]s says",
		Saw:        "The conversation shows %[3]s.",
		Effect:     "Encryption and login disappear on the way, so mail is sent in clear or not at all.",
		Action:     "Switch SMTP inspection (\"SMTP fixup\", \"ESMTP inspection\") off in the firewall before %[1]s, or in that of this network.",
		References: []string{"RFC 3207 section 6"},
		Hides:      []string{"tls.missing", "tls.stripped", "smtp.banner-wrong", "smtp.capability-missing", "smtp.ehlo-refused", "smtp.auth-not-offered"},
	}
	ehloRefused = &finding.Rule{
		Code: "smtp.ehlo-refused", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "%[1]s knows only the old greeting HELO",
		Saw:        "EHLO is refused, HELO is accepted.",
		Effect:     "Mail gets through, without encryption and without login.",
		Action:     "Ask the manager of %[1]s to allow EHLO; often a firewall in between forbids it.",
		References: []string{"RFC 5321 section 4.1.1.1"},
	}
	heloNameBad = &finding.Rule{ // %[3]s: the reply, or what is wrong
		Code: "smtp.helo-name-bad", Severity: finding.Warning, Owner: finding.ClockWise, Tier: 2,
		Title:      "The name said in EHLO is not a good one",
		Saw:        "At %[1]s: %[3]s.",
		Effect:     "Servers that check the name refuse mail of who says it.",
		Action:     "Let the sending server say its own full name, one with an address in DNS.",
		References: []string{"RFC 5321 section 4.1.4"},
	}
	protocolBroken = &finding.Rule{ // %[3]s: what is wrong
		Code: "smtp.protocol-broken", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "%[1]s does not keep to the rules of SMTP",
		Saw:        "The conversation shows: %[3]s.",
		Effect:     "Strict senders give up here; others may lose mail or get out of step.",
		Action:     "Ask the manager of %[1]s to update the mail server, or to look at the firewall before it.",
		References: []string{"RFC 5321 section 4.5.3.1.5"},
	}
	startTLSInjection = &finding.Rule{
		Code: "smtp.starttls-injection", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 3,
		Title:      "%[1]s obeys commands from before the encryption",
		Saw:        "A NOOP sent in clear behind STARTTLS was answered after the TLS handshake.",
		Effect:     "Who sits on the line can put commands before those of ClockWise, and so divert mail or a password.",
		Action:     "Ask the manager of %[1]s to update the mail server: it must forget what came before TLS.",
		References: []string{"RFC 3207 section 4.2"},
	}
	sizeTooSmall = &finding.Rule{ // %[3]s: the limit, %[4]s: attachment, %[5]s: mail with it
		Code: "smtp.size-too-small", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "%[1]s takes only mail up to %[3]s",
		Saw:        "It announces SIZE %[3]s. A mail with an attachment of %[4]s has %[5]s.",
		Effect:     "Mail with large attachments is refused.",
		Action:     "Ask the manager of %[1]s to allow mail of %[5]s or more.",
		References: []string{"RFC 1870 section 6"},
	}
	capabilityMissing = &finding.Rule{ // %[3]s: the extensions
		Code: "smtp.capability-missing", Severity: finding.Note, Owner: finding.Nobody, Tier: 3,
		Title:      "%[1]s has not all extensions of SMTP",
		Saw:        "Not offered: %[3]s.",
		Effect:     "Mail gets through without them.",
		References: []string{"RFC 5321 section 4.1.1.1"},
	}
	tlsStyleWrong = &finding.Rule{ // %[3]s: what was seen, %[4]s: the setting that fits
		Code: "smtp.tls-style-wrong", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "smtp.security does not fit port %[2]s of %[1]s",
		Saw:        "%[3]s.",
		Effect:     "Both sides wait for each other or do not understand each other, so no mail of this transport leaves.",
		Action:     "Set smtp.security of the transport to %[4]s, or use another port.",
		References: []string{"RFC 8314 section 3"},
		Hides:      []string{"tls.handshake-failed", "smtp.banner-wrong", "smtp.timed-out", "smtp.dropped", "transport.port-tls-conflict"},
	}
	startTLSRequired = &finding.Rule{ // %[3]s: the reply
		Code: "smtp.starttls-required", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s wants encryption first",
		Saw:        "It answers: %[3]s.",
		Effect:     "No mail of this transport leaves before encryption is on.",
		Action:     "Set smtp.security of the transport to starttls.",
		References: []string{"RFC 3207 section 4"},
		Hides:      []string{"smtp.auth-required", "smtp.auth-not-offered"},
	}
	authBeforeTLS = &finding.Rule{
		Code: "smtp.auth-before-tls", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "%[1]s lets clients log in unencrypted",
		Saw:        "AUTH is offered on port %[2]s before TLS.",
		Effect:     "The mail is not affected. A client with a wrong setting sends its password readable.",
		Action:     "Ask the manager of %[1]s to offer AUTH only after STARTTLS.",
		References: []string{"RFC 4954 section 4"},
	}
	authNotOffered = &finding.Rule{
		Code: "smtp.auth-not-offered", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "%[1]s offers no login on port %[2]s",
		Saw:        "The transport has a user name, and the answer to EHLO has no AUTH.",
		Effect:     "ClockWise cannot log in, so the server refuses its mail or takes only mail for its own users.",
		Action:     "Use the port for clients (587 or 465), or set smtp.auth to none and let the server admit ClockWise's relay addresses.",
		References: []string{"RFC 4954 section 3"},
		Hides:      []string{"smtp.auth-required", "smtp.auth-no-common-mechanism"},
	}
	authNoCommon = &finding.Rule{ // %[3]s: wanted, %[4]s: offered
		Code: "smtp.auth-no-common-mechanism", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s does not know the login method %[3]s",
		Saw:        "smtp.auth is %[3]s; the server offers %[4]s.",
		Effect:     "ClockWise cannot log in, so no mail of this transport leaves.",
		Action:     "Set smtp.auth of the transport to one of: %[4]s.",
		References: []string{"RFC 4954 section 4"},
	}
	authOldForm = &finding.Rule{
		Code: "smtp.auth-old-form", Severity: finding.Note, Owner: finding.Nobody, Tier: 3,
		Title:      "%[1]s offers logins only in an old form",
		Saw:        "The answer to EHLO has AUTH= and no AUTH with a space, as the standard wants it.",
		Effect:     "Old mail programs need it so; some new ones find no login.",
		References: []string{"RFC 4954 section 3"},
	}
	authRequired = &finding.Rule{ // %[3]s: the reply, %[4]s: the relay addresses
		Code: "smtp.auth-required", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s wants a login first",
		Saw:        "It answers: %[3]s.",
		Effect:     "No mail of this transport leaves without a login.",
		Action:     "Set smtp.auth, smtp.username and a password of the transport, or let the server admit ClockWise's relay addresses %[4]s.",
		References: []string{"RFC 4954 section 6"},
	}
	greylisted = &finding.Rule{ // %[3]s: the reply
		Code: "smtp.greylisted", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
		Title:      "%[1]s lets strangers come twice",
		Saw:        "It answers: %[3]s.",
		Effect:     "Mail waits some minutes at the first contact, and is then taken.",
		Action:     "Check again in 15 minutes.",
		References: []string{"RFC 6647 section 2"},
	}
	rateLimited = &finding.Rule{ // %[3]s: the reply
		Code: "smtp.rate-limited", Severity: finding.Warning, Owner: finding.Nobody, Tier: 2,
		Title:      "%[1]s takes no more from this address just now",
		Saw:        "It answers: %[3]s.",
		Effect:     "It slows this machine down. If it does so with ClockWise too, mail waits and is tried again.",
		Action:     "Check again in an hour.",
		References: []string{"Google, Yahoo: SMTP error codes"},
	}
	temporary = &finding.Rule{ // %[3]s: the reply
		Code: "smtp.temporarily-unavailable", Severity: finding.Warning, Owner: finding.Nobody, Tier: 2,
		Title:      "%[1]s is busy just now",
		Saw:        "It answers: %[3]s.",
		Effect:     "Mail waits and is tried again by itself.",
		Action:     "Check again in some minutes.",
		References: []string{"RFC 5321 section 3.8"},
	}
	refusedByPTR = &finding.Rule{ // %[3]s: the reply
		Code: "smtp.refused-by-ptr", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s refuses an address without a good name",
		Saw:        "It answers this machine: %[3]s.",
		Effect:     "The address of this machine has no reverse DNS that fits. If that holds for ClockWise's addresses too, no mail arrives here.",
		Action:     "See with \"cwmail network\" whether ClockWise's addresses have names; if they do, check from another machine.",
		References: []string{"RFC 7372 section 3.3"},
	}
	refusedByBlocklist = &finding.Rule{ // %[3]s: the reply, which names the list
		Code: "smtp.refused-by-blocklist", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s refuses an address on a block list",
		Saw:        "It answers this machine: %[3]s.",
		Effect:     "The address of this machine stands on a list. If ClockWise's addresses do too, no mail arrives here.",
		Action:     "See with \"cwmail network\" whether ClockWise's addresses are listed; if they are not, check from another machine.",
		References: []string{"RFC 5782 section 2"},
	}
	replyUnexplained = &finding.Rule{ // %[3]s: the reply, %[4]s: the stage
		Code: "smtp.reply-unexplained", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
		Title:      "%[1]s gives an answer that cwmail does not know",
		Saw:        "At the %[4]s it says: %[3]s.",
		Effect:     "What it does to the mail is not known. A reply that begins with 4 asks to try again, one with 5 is final.",
		Action:     "Show this reply to the manager of %[1]s.",
		References: []string{"RFC 5321 section 4.2.1"},
	}

	tlsUnreadable = &finding.Rule{ // %[3]s: the stage
		Code: "tls.unreadable", Severity: finding.Unknown, Owner: finding.Nobody, Tier: 2,
		Title:      "Encryption of %[1]s could not be looked at",
		Saw:        "The conversation ended at the %[3]s, before TLS.",
		Effect:     "It is not known whether encryption and the certificate are right.",
		Action:     "Check again when the server answers.",
		References: []string{"RFC 3207 section 4"},
	}
	tlsMissing = &finding.Rule{
		Code: "tls.missing", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "%[1]s offers no encryption on port %[2]s",
		Saw:        "The transport wants STARTTLS, and the answer to EHLO has none.",
		Effect:     "ClockWise does not send without it, so no mail of this transport leaves.",
		Action:     "Ask the manager of %[1]s to switch TLS on for port %[2]s.",
		References: []string{"RFC 3207 section 4"},
		Hides:      []string{"smtp.auth-not-offered", "tls.unavailable"},
	}
	tlsStripped = &finding.Rule{ // %[3]s: what demands it
		Code: "tls.stripped", Severity: finding.Failure, Owner: finding.Network, Tier: 2,
		Title:      "Encryption of %[1]s disappears on the way",
		Saw:        "The answer to EHLO has no STARTTLS, though %[3]s demands it.",
		Effect:     "Somebody on the line takes it out, or the server has lost it: senders that follow %[3]s do not deliver.",
		Action:     "Check from another network. If STARTTLS is there, look for SMTP inspection in the firewall of this one; if not, ask the manager of %[1]s to switch it on.",
		References: []string{"RFC 3207 section 6"},
	}
	tlsUnavailable = &finding.Rule{ // %[3]s: the reply
		Code: "tls.unavailable", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "%[1]s cannot start encryption just now",
		Saw:        "It offers STARTTLS and answers it with %[3]s.",
		Effect:     "Mail waits until it works again.",
		Action:     "Ask the manager of %[1]s to look in its log for trouble with the certificate or key.",
		References: []string{"RFC 3207 section 4"},
	}
	handshakeFailed = &finding.Rule{ // %[3]s: detail
		Code: "tls.handshake-failed", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "Encryption with %[1]s cannot be started",
		Saw:        "%[3]s (port %[2]s, TLS 1.0 to 1.3 offered, name %[1]s asked for).",
		Effect:     "ClockWise cannot send over an unencrypted line here, so no mail of this transport leaves.",
		Action:     "Ask the manager of %[1]s to look at the server's TLS settings and certificate.",
		References: []string{"RFC 8446 section 6.2"},
		Hides:      []string{"smtp.auth-not-offered", "smtp.dropped"},
	}
	versionOld = &finding.Rule{ // %[3]s: the version
		Code: "tls.version-old", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "%[1]s knows only %[3]s",
		Saw:        "TLS 1.0 to 1.3 were offered; the server chose %[3]s.",
		Effect:     "TLS 1.0 and 1.1 are switched off in present systems, so ClockWise may not be able to send.",
		Action:     "Ask the manager of %[1]s to switch TLS 1.2 or 1.3 on.",
		References: []string{"RFC 8996 section 4"},
	}
	cipherWeak = &finding.Rule{ // %[3]s: the suite, %[4]s: what is weak
		Code: "tls.cipher-weak", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "%[1]s chooses weak encryption",
		Saw:        "All ciphers were offered; it chose %[3]s (TLS 1.2): %[4]s.",
		Effect:     "Mail gets through now; senders that no longer have this cipher cannot encrypt.",
		Action:     "Ask the manager of %[1]s to switch TLS 1.3 on, or ECDHE with AES-GCM for TLS 1.2.",
		References: []string{"RFC 9325 section 4"},
	}
	nameMismatch = &finding.Rule{ // %[3]s: the names
		Code: "tls.name-mismatch", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "The certificate of %[1]s is for another name",
		Saw:        "It is valid for %[3]s.",
		Effect:     "A sender that checks certificates, as is right for a login, hangs up here.",
		Action:     "Set smtp.host to a name of the certificate (%[3]s), or ask the manager of %[1]s for a certificate with that name.",
		References: []string{"RFC 9525 section 6"},
	}
	selfSigned = &finding.Rule{ // %[3]s: who signed it
		Code: "tls.self-signed", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "The certificate of %[1]s is of no public authority",
		Saw:        "%[3]s.",
		Effect:     "A sender that checks certificates, as is right for a login, hangs up here.",
		Action:     "Ask the manager of %[1]s for a certificate of a public authority; they are free of charge.",
		References: []string{"RFC 5280 section 6"},
		Hides:      []string{"tls.chain-incomplete", "tls.name-mismatch"},
	}
	chainIncomplete = &finding.Rule{ // %[3]s: what is wrong
		Code: "tls.chain-incomplete", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "The certificate chain of %[1]s is not in order",
		Saw:        "%[3]s.",
		Effect:     "A sender that checks certificates cannot verify it and hangs up.",
		Action:     "Ask the manager of %[1]s to install the whole chain (\"fullchain\"), the certificate of the server first.",
		References: []string{"RFC 8446 section 4.4.2"},
	}
	chainExpired = &finding.Rule{ // %[3]s: whose certificate, %[4]s: the date
		Code: "tls.chain-expired", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "A certificate in the chain of %[1]s has expired",
		Saw:        "That of %[3]s, which the server sends along, was valid until %[4]s.",
		Effect:     "A sender that checks certificates hangs up here.",
		Action:     "Ask the manager of %[1]s to install the present chain (\"fullchain\") of the authority.",
		References: []string{"RFC 5280 section 6"},
	}
	certExpired = &finding.Rule{ // %[3]s: the date
		Code: "tls.certificate-expired", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 1,
		Title:      "The certificate of %[1]s has expired",
		Saw:        "It was valid until %[3]s.",
		Effect:     "A sender that checks certificates hangs up here.",
		Action:     "Ask the manager of %[1]s to renew the certificate.",
		References: []string{"RFC 5280 section 4.1.2.5"},
		Hides:      []string{"tls.certificate-expiring", "tls.certificate-renewal-due"},
	}
	certNotYet = &finding.Rule{ // %[3]s: the date
		Code: "tls.certificate-not-yet-valid", Severity: finding.Failure, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "The certificate of %[1]s is not valid yet",
		Saw:        "It is valid from %[3]s on.",
		Effect:     "A sender that checks certificates hangs up here.",
		Action:     "Look whether the clock of this machine is right; if so, ask the manager of %[1]s for the present certificate.",
		References: []string{"RFC 5280 section 4.1.2.5"},
	}
	certExpiring = &finding.Rule{ // %[3]s: the date
		Code: "tls.certificate-expiring", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "The certificate of %[1]s expires soon",
		Saw:        "It is valid until %[3]s.",
		Effect:     "Mail gets through until then.",
		Action:     "Ask the manager of %[1]s to renew the certificate before.",
		References: []string{"RFC 5280 section 4.1.2.5"},
	}
	certRenewalDue = &finding.Rule{ // %[3]s: the date
		Code: "tls.certificate-renewal-due", Severity: finding.Note, Owner: finding.CustomerMailServer, Tier: 3,
		Title:      "The certificate of %[1]s is due for renewal",
		Saw:        "It is valid until %[3]s.",
		Effect:     "Mail gets through. Automatic renewal happens about now.",
		References: []string{"RFC 5280 section 4.1.2.5"},
	}
	certWeak = &finding.Rule{ // %[3]s: what is weak
		Code: "tls.certificate-weak", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
		Title:      "The certificate of %[1]s is too weak",
		Saw:        "%[3]s.",
		Effect:     "Present systems refuse it when they check certificates.",
		Action:     "Ask the manager of %[1]s for a certificate with a key of RSA 2048 bits or P-256, signed with SHA-256.",
		References: []string{"RFC 9325 section 4"},
	}
	certPurposeWrong = &finding.Rule{ // %[3]s: why
		Code: "tls.certificate-purpose-wrong", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 3,
		Title:      "The certificate of %[1]s is not made for a server",
		Saw:        "%[3]s.",
		Effect:     "Senders that check certificates closely refuse it.",
		Action:     "Ask the manager of %[1]s for a certificate for a TLS server.",
		References: []string{"RFC 5280 section 4.2.1"},
	}
	clockSkew = &finding.Rule{ // %[3]s: how much and which way, %[4]s: the other clock
		Code: "tls.clock-skew", Severity: finding.Failure, Owner: finding.Network, Tier: 2,
		Title:      "The clock of this machine is wrong",
		Saw:        "It is %[3]s of that of %[4]s, and so a good certificate of %[1]s seems invalid.",
		Effect:     "Certificates, signatures and dates of mail are judged wrongly here.",
		Action:     "Set the clock of this machine, and let it follow a time server (NTP).",
		References: []string{"RFC 5280 section 4.1.2.5"},
		Hides:      []string{"tls.certificate-not-yet-valid", "tls.certificate-expired", "tls.chain-expired", "message.date-wrong", "signature.time-in-future", "signature.expired"},
	}

	methodDetected = &finding.Rule{ // %[3]s: the method
		Code: "o365.method-detected", Severity: finding.Note, Owner: finding.Nobody, Tier: 1,
		Title:      "Microsoft 365: %[3]s",
		Saw:        "The server is %[1]s, port %[2]s.",
		Effect:     "Which settings the tenant needs depends on it.",
		References: []string{"Microsoft: set up a device or application to send email"},
	}
	hostWrong = &finding.Rule{
		Code: "o365.host-wrong", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s takes no mail without a login",
		Saw:        "The transport sends without a login through %[1]s, which is for clients that log in.",
		Effect:     "Microsoft refuses all mail of this transport.",
		Action:     "Set smtp.host to the tenant's own endpoint (the domain's MX, such as acme-example.mail.protection.outlook.com), port 25; or set up a login.",
		References: []string{"Microsoft: set up a device or application to send email"},
		Hides:      []string{"o365.wrong-region", "o365.no-connector", "o365.not-authenticated", "o365.relay-on-wrong-port", "o365.recipient-domain-not-accepted"},
	}
	relayOnWrongPort = &finding.Rule{
		Code: "o365.relay-on-wrong-port", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "Microsoft 365 takes this mail only on port 25",
		Saw:        "The transport uses port %[2]s of %[1]s.",
		Effect:     "Nothing answers there, so no mail of this transport leaves.",
		Action:     "Set smtp.port to 25 and smtp.security to starttls.",
		References: []string{"Microsoft: set up a device or application to send email"},
		Hides:      []string{"smtp.timed-out", "smtp.refused", "smtp.auth-required"},
	}
	submissionOnPort25 = &finding.Rule{
		Code: "o365.submission-on-port-25", Severity: finding.Note, Owner: finding.ClockWise, Tier: 2,
		Title:      "Port 587 is better for %[1]s",
		Saw:        "The transport logs in on port 25.",
		Effect:     "It works, but many networks block port 25.",
		Action:     "Set smtp.port to 587.",
		References: []string{"Microsoft: set up a device or application to send email"},
	}
	submissionOnPort465 = &finding.Rule{
		Code: "o365.submission-on-port-465", Severity: finding.Failure, Owner: finding.ClockWise, Tier: 1,
		Title:      "%[1]s does not support port 465",
		Saw:        "The transport uses port 465.",
		Effect:     "Nothing answers there, so no mail of this transport leaves.",
		Action:     "Set smtp.port to 587 and smtp.security to starttls.",
		References: []string{"Microsoft: set up a device or application to send email"},
		Hides:      []string{"smtp.timed-out", "smtp.refused", "smtp.tls-style-wrong"},
	}
)

// Rules lists the rules in the order of the catalogue.
func Rules() []*finding.Rule {
	return []*finding.Rule{
		unreadable, hostNotFound, refused, timedOutRule, noRoute, dropped, port25Blocked, partlyReachable, bannerWrong, bannerSlow, bannerNameDiffers,
		middlebox, ehloRefused, heloNameBad, protocolBroken, startTLSInjection, sizeTooSmall, capabilityMissing, tlsStyleWrong, startTLSRequired,
		authBeforeTLS, authNotOffered, authNoCommon, authOldForm, authRequired, greylisted, rateLimited, temporary, refusedByPTR, refusedByBlocklist,
		replyUnexplained,
		tlsUnreadable, tlsMissing, tlsStripped, tlsUnavailable, handshakeFailed, versionOld, cipherWeak, nameMismatch, selfSigned, chainIncomplete,
		chainExpired, certExpired, certNotYet, certExpiring, certRenewalDue, certWeak, certPurposeWrong, clockSkew,
		methodDetected, hostWrong, relayOnWrongPort, submissionOnPort25, submissionOnPort465,
	}
}

// ofCertificate holds for the failures that stand for a bad certificate.
func ofCertificate(r *finding.Rule) bool {
	switch r {
	case nameMismatch, selfSigned, chainIncomplete, chainExpired, certExpired, certNotYet:
		return true
	}
	return false
}

// unchecked is a rule as it counts on port 25, where senders do not check
// certificates.
func unchecked(r *finding.Rule) *finding.Rule {
	if r.Code == tlsMissing.Code {
		return r
	}
	out := *r
	out.Effect = "On port 25 senders encrypt without checking the certificate, so mail gets through. One that does check hangs up."
	return &out
}
