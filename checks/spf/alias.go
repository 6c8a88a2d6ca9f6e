package spf

import (
	"golang.org/x/net/publicsuffix"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// home is where the record of a domain is published. Beside a CNAME nothing can
// stand (RFC 1034 section 3.6.2): what it leads to counts, or the record takes
// its place where it leads nowhere. ok is false where it leads to a name of
// somebody else.
func home(res Result) (name string, instead []finding.Record, ok bool) {
	alias := res.Answer.CNAME()
	switch {
	case alias == "":
		return res.Domain, nil, true
	case res.Answer.Status == dns.NoName:
		return res.Domain, []finding.Record{{Name: res.Domain, Type: "CNAME", Replaces: &alias, Remove: true}}, true
	}
	owner := res.Answer.Owner()
	ours, err := publicsuffix.EffectiveTLDPlusOne(res.Domain)
	return owner, nil, err == nil && dns.Within(owner, ours)
}
