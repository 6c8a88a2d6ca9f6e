package received

import (
	"net/netip"
	"strings"
)

// Forefront is an X-Forefront-Antispam-Report field: its values by key.
type Forefront map[string]string

// ParseForefront reads the value of that field. It never fails.
func ParseForefront(s string) Forefront {
	s = unfold(s)
	f := Forefront{}
	for part := range strings.SplitSeq(s[:min(len(s), maxResults)], ";") {
		if key, v, ok := strings.Cut(part, ":"); ok {
			f[strings.ToUpper(strings.TrimSpace(key))] = strings.TrimSpace(v)
		}
	}
	return f
}

// client is CIP, the connecting address.
func (f Forefront) client() netip.Addr {
	ip, _ := netip.ParseAddr(strings.Trim(f["CIP"], "[]"))
	return ip.Unmap()
}

// CompAuth says what Microsoft's compauth reason means; "" where it is not known.
func CompAuth(reason string) string {
	if s, ok := compauthReasons[reason]; ok {
		return s
	}
	if len(reason) == 3 {
		return compauthHundreds[reason[:1]]
	}
	return ""
}

var compauthReasons = map[string]string{
	"000": "DMARC failed and the policy is quarantine or reject: align SPF or DKIM",
	"001": "nothing aligned passed, and there is no strict policy: align SPF or DKIM",
	"002": "an administrator blocks this sender: remove the block entry",
	"010": "DMARC failed and the domain is the recipient's own: align SPF or DKIM, or add a spoof allow entry",
	"100": "SPF or DKIM passed and aligned",
	"101": "DKIM passed by the From domain",
	"102": "SPF passed and MAIL FROM aligned",
	"103": "passed by reverse DNS only: make SPF or DKIM right",
	"104": "passed by reverse DNS only: make SPF or DKIM right",
	"108": "an earlier legitimate hop broke DKIM",
	"109": "there is no DMARC record, and one would pass",
	"111": "the DMARC record is broken, yet the mail is aligned: repair the record",
	"112": "DNS did not answer about DMARC: check the name servers",
	"115": "sent from a Microsoft 365 tenant that has the From domain",
	"116": "passed by reverse DNS only: make SPF or DKIM right",
	"130": "a trusted forwarder vouched for it",
	"201": "weak, by reverse DNS: make SPF or DKIM right",
	"202": "weak, by reverse DNS: make SPF or DKIM right",
	"501": "a valid bounce",
	"502": "a valid bounce of this organisation's own mail",
	"601": "the recipient's own domain, without authentication: align SPF or DKIM, else add a spoof allow entry",
	"701": "passed by the known good history of this source only",
	"702": "passed by the known good history of this source only",
	"703": "passed by the known good history of this source only",
	"704": "passed by the known good history of this source only",
	"905": "a filter stands in front; DMARC was not enforced",
}

var compauthHundreds = map[string]string{
	"1": "passed", "2": "weak pass", "3": "not checked", "4": "an exception was at work",
	"6": "nothing aligned passed", "7": "passed by history", "9": "bypassed",
}

// filterVerdicts are values of SFV and what they mean.
var filterVerdicts = map[string]string{
	"NSPM": "not spam",
	"SPM":  "spam",
	"SKA":  "let through by an allowed sender of an anti-spam policy",
	"SKB":  "a blocked sender of an anti-spam policy: remove the block",
	"SKI":  "let through by the IP Allow List",
	"SKN":  "let through by a mail flow rule",
	"SKS":  "marked as spam by a rule before the filter: find the rule",
	"SKQ":  "released from quarantine",
	"SFE":  "let through by this user's Safe Senders",
	"BLK":  "in this user's Blocked Senders",
}

// categories are values of CAT that decided against a mail.
var categories = map[string]string{
	"SPOOF": "spoofing: align SPF or DKIM, then add a spoof allow entry",
	"SPM":   "spam", "HSPM": "surely spam", "BULK": "bulk mail",
	"PHSH": "phishing", "HPHSH": "surely phishing", "HPHISH": "surely phishing",
	"DIMP": "impersonation of a domain", "UIMP": "impersonation of a user", "GIMP": "impersonation of a contact",
	"BIMP": "impersonation of a brand", "INTOS": "phishing inside the organisation",
	"MALW": "malware", "AMP": "malware", "FTBP": "a forbidden kind of attachment", "SAP": "Safe Attachments", "OSPM": "spam on the way out",
}
