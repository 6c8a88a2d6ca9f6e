package relay

import "clockwise.info/cwmail/checks/finding"

// yahooReplies are the replies of Yahoo and AOL; the first that
// matches counts.
var yahooReplies = []row{
	{
		id: "yahoo-unauthenticated", providers: "yahoo", codes: "550", enhanced: "5.7.9", stages: "body",
		pattern: `requires all senders to authenticate`,
		meaning: "Neither SPF nor DKIM passed.",
		cause:   "Neither the ClockWise include nor DKIM is there; of relayed mail: spf.protection.outlook.com is missing in the SPF record.",
		owner:   finding.CustomerDNS,
		fix:     "Add the missing include to the SPF record, and switch DKIM on.",
		grade:   secondary, source: sisimaiYahoo, about: aboutAuthentication,
	},
	{
		id: "yahoo-policy", providers: "yahoo", codes: "554", enhanced: "*", stages: "body",
		pattern: `not accepted for policy reasons|\[ph01\]`,
		meaning: "Rejected by policy; mostly DMARC.",
		cause:   "Nothing aligned passed, or content.",
		owner:   finding.CustomerDNS,
		fix:     "DKIM with the customer's domain; aligned SPF.",
		grade:   secondary, source: sisimaiYahoo, about: aboutAuthentication,
	},
	{
		id: "yahoo-deferred", providers: "yahoo", codes: "421", enhanced: "4.7.0", stages: "connect,mail",
		pattern: `\[tss04\]|unexpected volume or user complaints`,
		meaning: "Deferred for volume or complaints.",
		cause:   "The address is shared by many customers of ClockWise.",
		owner:   finding.ClockWise,
		fix:     "Try again later, lower the rate.",
		grade:   secondary, source: sisimaiYahoo, about: aboutMachine,
	},
	{
		id: "yahoo-deferred-permanent", providers: "yahoo", codes: "553", enhanced: "5.7.2", stages: "connect,mail",
		pattern: `\[tss(09|11)\]|will be permanently deferred`,
		meaning: "Refused for good because of the reputation of the address.",
		cause:   "The address is shared by many customers of ClockWise.",
		owner:   finding.ClockWise,
		fix:     "The owner of the address repairs the reputation at Yahoo.",
		grade:   secondary, source: sisimaiYahoo, about: aboutMachine,
	},
	{
		id: "yahoo-spamhaus", providers: "yahoo", codes: "553", enhanced: "5.7.1", stages: "connect",
		pattern: `\[bl2[13]\]`,
		meaning: "The address is on a Spamhaus list.",
		cause:   "The address is shared by many customers of ClockWise.",
		owner:   finding.ClockWise,
		fix:     "The owner of the address asks Spamhaus for removal.",
		grade:   secondary, source: sisimaiYahoo, about: aboutMachine,
	},
	{
		id: "yahoo-sender-domain", providers: "yahoo", codes: "451", enhanced: "*", stages: "mail,body",
		pattern: `unresolvable rfc\W?5321`,
		meaning: "The envelope sender's domain does not resolve.",
		cause:   "Domain without MX and A, or broken name servers.",
		owner:   finding.CustomerDNS,
		fix:     "Repair the domain's DNS.",
		grade:   secondary, source: sisimaiYahoo,
	},
}
