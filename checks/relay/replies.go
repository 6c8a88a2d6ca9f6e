package relay

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/pattern"
)

// row is one known reply: how it is recognised, and what it means here.
type row struct {
	id        string
	providers string // who says it; several separated by commas
	codes     string // basic codes; x stands for any digit
	enhanced  string // enhanced codes; "5.7.606-649" is a range, "*" is not compared
	pattern   string // on the text, in any letter case; "": the codes decide
	stages    string // commands that it answers: a hint, servers may delay a refusal

	meaning, cause string
	owner          finding.Owner
	fix            string // {network} stands for ClockWise's addresses
	note           string // what else has to be known

	grade  grade
	source string

	about      about
	stays      bool // trying again does not help, whatever the code says
	passes     bool // nothing is wrong: it ends by itself
	submission bool // only of mail that was handed in with a login
}

// grade is how well the meaning of a row is known.
type grade uint8

const (
	general   grade = iota // well known, without a page at hand
	secondary              // quoted by others
	confirmed              // the vendor's own text
)

// about is what of the sending machine a reply is about: only ClockWise's
// servers have the addresses, names and permissions that ClockWise's mail has.
type about uint8

const (
	aboutNothing        about = iota
	aboutMachine              // its address or its name
	aboutConnector            // whether its address is admitted
	aboutSPF                  // whether SPF lists its address
	aboutAuthentication       // SPF or DKIM
)

// Where the meanings come from.
const (
	ndrList              = `Microsoft, "Email non-delivery reports and SMTP errors in Exchange Online", October 2024`
	certificateConnector = `Microsoft, "Configure a certificate-based connector to relay email messages through Microsoft 365", January 2024`
	relayDenied          = `Microsoft, "550 5.7.64 TenantAttribution when sending mail externally in Microsoft 365", January 2024`
	attr35               = `Microsoft, "ATTR35 response code when mail is sent to EOP/EXO", January 2024`
	allowListNDR         = `Microsoft, "NDR error 5.7.1. Unable To Relay" (KB 3013740), January 2024`
	printers             = `Microsoft, "Fix issues with printers, scanners, and LOB apps that send email using Microsoft 365", August 2024`
	submissionLimits     = `Microsoft, "Changes in message store and throttling for concurrent connections", 2024`
	errorThrottling      = `Microsoft, "Continuous error throttling for SMTP AUTH submissions in Exchange Online", 2022`
	policy571            = `Microsoft, "Fix NDR error 550 5.7.1 in Exchange Online", 2024`
	busy451              = `Microsoft, "Fix NDR error 451 4.7.500-699 (ASxxx) in Exchange Online", 2024`
	tenant700            = `Microsoft, "Fix email delivery issues for error codes 5.7.700 through 5.7.750 in Exchange Online", 2022`
	relayPool367         = `Microsoft, "5.7.367 Microsoft 365 relay pool issues with downstream gateways", March 2026`
	level515             = `Microsoft Support article on NDR error 550 5.7.515 in Outlook.com`
	directSend           = `Exchange Team Blog, "Introducing more control over Direct Send in Exchange Online", 2025`
	powerShell           = `Microsoft Exchange PowerShell reference, August 2026`
	allowBlock           = `Microsoft, "Allow or block email using the Tenant Allow/Block List", August 2026`
	delist               = `Microsoft, page on the delist portal for blocked senders, 2026`
	toronto              = `University of Toronto, help page on the end of Basic authentication`
	bookYourPTO          = `public set-up help of a third-party product (BookYourPTO)`
	adminNote            = `public note of an administrator`
	sisimaiMicrosoft     = `Sisimai, table of Microsoft's replies, October 2024`
	sisimaiGoogle        = `Sisimai, table of Google's replies that quotes Google's "SMTP errors and codes", October 2024`
	sisimaiYahoo         = `Sisimai, table of Yahoo's replies, October 2024`
	sisimaiGeneral       = `Sisimai, general patterns, October 2024`
	generalKnowledge     = `well known, without a page at hand`
)

// replyTables are tried in this order: the most specific ones stand first.
var replyTables = []*[]row{
	&connectorReplies, &submissionReplies, &reputationReplies, &authenticationReplies, &recipientReplies, &onwardReplies,
	&gmailReplies, &yahooReplies, &postfixReplies, &eximReplies,
}

// entry is a row whose pattern is compiled at its first use.
type entry struct {
	*row
	text func() *regexp.Regexp // nil: the codes decide
}

var catalogue = sync.OnceValue(func() []entry {
	var out []entry
	for _, table := range replyTables {
		for i := range *table {
			e := entry{row: &(*table)[i]}
			if e.pattern != "" {
				e.text = pattern.Lazy("(?i)" + e.pattern)
			}
			out = append(out, e)
		}
	}
	return out
})

// of says that one of the providers says e.
func (e entry) of(providers ...Provider) bool {
	for name := range strings.SplitSeq(e.providers, ",") {
		for _, p := range providers {
			if string(p) == name {
				return true
			}
		}
	}
	return false
}

// has compares a basic code; 0 is one that is not known.
func (e entry) has(code int) bool {
	if code == 0 {
		return true
	}
	digits := strconv.Itoa(code)
	for want := range strings.SplitSeq(e.codes, ",") {
		if len(want) == 3 && len(digits) == 3 && digits[0] == want[0] && (want[1:] == "xx" || want == digits) {
			return true
		}
	}
	return false
}

// hasEnhanced compares enhanced codes as three numbers: as text 5.7.13 would
// begin 5.7.133.
func (e entry) hasEnhanced(code string) bool {
	if e.enhanced == "*" {
		return true
	}
	got, ok := numbers(code)
	if !ok {
		return false
	}
	for want := range strings.SplitSeq(e.enhanced, ",") {
		low, high, isRange := strings.Cut(want, "-")
		from, ok := numbers(low)
		if !ok || from[0] != got[0] || from[1] != got[1] {
			continue
		}
		last := from[2]
		if isRange {
			last, _ = strconv.Atoi(high)
		}
		if from[2] <= got[2] && got[2] <= last {
			return true
		}
	}
	return false
}

// numbers reads an enhanced status code (RFC 3463 section 2).
func numbers(code string) (n [3]int, ok bool) {
	parts := strings.Split(code, ".")
	if len(parts) != 3 {
		return n, false
	}
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || len(p) > 3 {
			return n, false
		}
		n[i] = v
	}
	return n, true
}
