package relay

import "clockwise.info/cwmail/checks/finding"

// eximReplies are the replies of Exim (cPanel, DirectAdmin) and Sendmail; the first that
// matches counts.
var eximReplies = []row{
	{
		id: "exim-relay", providers: "exim", codes: "550", enhanced: "*", stages: "rcpt",
		pattern: `relay not permitted`,
		meaning: "The server may not be used to send mail to other domains (relay).",
		cause:   "No login, or wrong host, on the customer's own server.",
		owner:   finding.CustomerMailServer,
		fix:     "Use port 587 with STARTTLS and login.",
		grade:   secondary, source: sisimaiGeneral,
	},
	{
		id: "exim-unrouteable", providers: "exim", codes: "550", enhanced: "*", stages: "rcpt",
		pattern: `unrouteable address`,
		meaning: "No route for the recipient's domain.",
		cause:   "Typing error, or domain not on that server.",
		owner:   finding.Nobody,
		fix:     "Correct the address in ClockWise.",
		grade:   secondary, source: sisimaiGeneral,
	},
	{
		id: "exim-sender-verify", providers: "exim", codes: "550", enhanced: "*", stages: "rcpt",
		pattern: `sender verify failed`,
		meaning: "The server tested the sender address and it does not exist.",
		cause:   "Sender address without a mailbox (call-out).",
		owner:   finding.CustomerMailServer,
		fix:     "Make the sender address deliverable.",
		grade:   secondary, source: sisimaiGeneral,
	},
	{
		id: "exim-login", providers: "exim", codes: "535", enhanced: "*", stages: "auth",
		pattern: `incorrect authentication data`,
		meaning: "The login was refused.",
		cause:   "The user name or password is wrong.",
		owner:   finding.CustomerMailServer,
		fix:     "Correct user name and password in the transport.",
		grade:   general, source: generalKnowledge,
	},
	{
		id: "exim-helo", providers: "exim", codes: "501", enhanced: "*", stages: "ehlo",
		pattern: `syntactically invalid (helo|ehlo)`,
		meaning: "EHLO name is malformed.",
		cause:   "The sending server says a bad name in EHLO.",
		owner:   finding.ClockWise,
		fix:     "Full host name without underscore.",
		grade:   general, source: generalKnowledge, about: aboutMachine,
	},
	{
		id: "exim-temporary", providers: "exim", codes: "451", enhanced: "*", stages: "rcpt,body",
		pattern: `temporary local problem`,
		meaning: "Trouble at the server.",
		cause:   "Nothing is wrong on the sending side.",
		owner:   finding.Nobody,
		fix:     "Try again later.",
		grade:   general, source: generalKnowledge, passes: true,
	},
	{
		id: "exim-dnsbl", providers: "exim", codes: "550", enhanced: "*", stages: "connect,rcpt",
		pattern: `is in a black ?list at`,
		meaning: "The address is on a block list (the text names it).",
		cause:   "The address is shared by many customers of ClockWise.",
		owner:   finding.ClockWise,
		fix:     "The owner of the address asks that list for removal.",
		grade:   general, source: generalKnowledge, about: aboutMachine,
	},
	{
		id: "exim-junkmail", providers: "exim", codes: "550", enhanced: "*", stages: "rcpt,body",
		pattern: `junkmail rejected`,
		meaning: "Blocked as junk (cPanel).",
		cause:   "The content, or a block list.",
		owner:   finding.ClockWise,
		fix:     "Read the text behind it; repair authentication first.",
		grade:   general, source: generalKnowledge,
	},
	{
		id: "sendmail-relay", providers: "sendmail", codes: "550", enhanced: "5.7.1", stages: "rcpt",
		pattern: `relaying denied`,
		meaning: "The server may not be used to send mail to other domains (relay).",
		cause:   "No login on the customer's own server.",
		owner:   finding.CustomerMailServer,
		fix:     "Use a login, or let the server admit {network}.",
		grade:   secondary, source: sisimaiGeneral,
	},
}
