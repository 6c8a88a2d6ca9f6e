package relay

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/transports/smtp"
)

// known are refusals at the greeting and at EHLO that say plainly why. The
// first that fits counts.
var known = []struct {
	text func() *regexp.Regexp
	rule *finding.Rule
}{
	{pattern.Lazy(`(?i)^530 .*starttls`), startTLSRequired},
	{pattern.Lazy(`^530 `), authRequired},
	{pattern.Lazy(`(?i)^[45].*(blocked using|black ?list|block ?list|spamhaus|dnsbl|\[bl2[13]\])`), refusedByBlocklist},
	{pattern.Lazy(`(?i)^[45].*(4\.7\.2[35]|5\.7\.25|cannot find your (reverse )?hostname|(does not|doesn.?t) have a ptr|no ptr record|no reverse dns)`), refusedByPTR},
	{pattern.Lazy(`(?i)^(504 |550 5\.7\.506|[45].*(helo command rejected|syntactically invalid (helo|ehlo)|bad helo|fully-qualified hostname))`), heloNameBad},
	{pattern.Lazy(`(?i)^4.*gr[ea]y-?list`), greylisted},
	{pattern.Lazy(`(?i)^4.*(4\.7\.28|4\.2\.1 |too many|rate limit|unusual rate|throttl|\[tss04\])`), rateLimited},
}

// badReply says why a reply ended a conversation.
func (j *judge) badReply(c smtp.Conversation, evidence []finding.Evidence) {
	reply := c.Reply.String()
	if c.Stage == smtp.StartTLS && c.Reply.Code/100 == 4 {
		j.raise(tlsUnavailable, evidence, reply)
		return
	}
	for _, k := range known {
		if k.text().MatchString(reply) {
			j.raise(k.rule, evidence, reply)
			return
		}
	}
	switch {
	case c.Reply.Code/100 == 4:
		j.raise(temporary, evidence, reply)
	case c.Stage == smtp.Banner:
		j.raise(bannerWrong, evidence, reply)
	default:
		j.raise(replyUnexplained, evidence, reply, c.Stage.String())
	}
}

// From these on a wait is told.
const (
	slowGreeting = 5 * time.Second
	slowSession  = 15 * time.Second
)

// manners judges how a server talks, apart from what it offers.
func (j *judge) manners(c smtp.Conversation, evidence []finding.Evidence) {
	waited := c.Waited()
	switch {
	case c.Greeting.Code == 220 && waited > slowGreeting:
		j.raise(bannerSlow, evidence, fmt.Sprintf("The greeting came after %.0f seconds", waited.Seconds()))
	case c.OK() && c.Took > slowSession:
		j.raise(bannerSlow, evidence, fmt.Sprintf("The whole conversation took %.0f seconds", c.Took.Seconds()))
	}
	j.bannerName(c, evidence)
	if c.HelloRefused {
		j.raise(ehloRefused, evidence)
	}
	if len(c.Faults) > 0 && (c.Trouble != smtp.NotSMTP || c.Stage != smtp.Banner) {
		j.raise(protocolBroken, evidence, strings.Join(c.Faults, ", "))
	}
}

// bannerName compares the name in the greeting with the names of the address.
func (j *judge) bannerName(c smtp.Conversation, evidence []finding.Evidence) {
	name, _, _ := strings.Cut(c.Greeting.Text(), " ")
	i := slices.IndexFunc(j.Conversations, func(other smtp.Conversation) bool { return other.Address == c.Address })
	if c.Greeting.Code != 220 || !strings.Contains(name, ".") || i < 0 || i >= len(j.Names) || j.Names[i].Status != dns.Found {
		return
	}
	var names []string
	for _, r := range j.Names[i].Records {
		if strings.EqualFold(strings.TrimSuffix(r.Host, "."), strings.TrimSuffix(name, ".")) {
			return
		}
		if r.Host != "" {
			names = append(names, r.Host)
		}
	}
	if len(names) > 0 {
		j.raise(bannerNameDiffers, append([]finding.Evidence{dnsEvidence(j.Names[i])}, evidence...), name, some(names))
	}
}

// some lists the first of names; a hostile server has thousands.
func some(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// ownName judges the name that was said in EHLO, where one is set (RFC 5321
// section 4.1.4).
func (j *judge) ownName() {
	if j.Name == "" {
		return
	}
	evidence := []finding.Evidence{{Name: "EHLO", Type: "setting", Answer: j.Name}}
	_, err := netip.ParseAddr(strings.Trim(j.Name, "[]"))
	why := ""
	switch {
	case err == nil || strings.HasPrefix(j.Name, "["):
		why = "is an address and no name"
	case strings.EqualFold(j.Name, "localhost") || strings.HasPrefix(strings.ToLower(j.Name), "localhost."):
		why = "is the name that every machine gives itself"
	case !strings.Contains(strings.Trim(j.Name, "."), "."):
		why = "is no full host name: it has no dot"
	case j.NameA.Void() && j.NameAAAA.Void():
		why = "has no address in DNS"
		evidence = append(evidence, dnsEvidence(j.NameA), dnsEvidence(j.NameAAAA))
	}
	if why != "" {
		j.raise(heloNameBad, evidence, fmt.Sprintf("the name %s, which was said in EHLO, %s", j.Name, why))
	}
}

// capabilities are the extensions that are listed where they are not offered.
var capabilities = []string{"8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "REQUIRETLS", "LIMITS"}

// offers judges the extensions of a server.
func (j *judge) offers(c smtp.Conversation, evidence []finding.Evidence) {
	if c.HelloRefused {
		return // HELO has none
	}
	params, _ := c.Offered.Get("SIZE")
	if size, err := strconv.ParseInt(params, 10, 64); err == nil && size > 0 && size < encoded(j.Largest) {
		j.raise(sizeTooSmall, evidence, megabytes(size), megabytes(j.Largest), megabytes(encoded(j.Largest)))
	}
	var missing []string
	for _, name := range capabilities {
		if _, ok := c.Offered.Get(name); !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		j.raise(capabilityMissing, evidence, strings.Join(missing, ", "))
	}
}

// encoded is the size of an attachment in a mail: base64 and line breaks.
func encoded(n int64) int64 { return n * 137 / 100 }

func megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB" }

// line tells a blocked line from a silent server.
func (j *judge) line() {
	open, blocked := false, 0
	for _, c := range j.Controls {
		switch {
		case c.Address.Port() != 25 && c.OK():
			open = true
		case c.Address.Port() == 25 && c.Stage == smtp.Connect && c.Trouble == smtp.TimedOut:
			blocked++
		case c.Address.Port() == 25 || !c.Address.IsValid():
			return // one answers, or could not be asked: nothing can be concluded
		}
	}
	if !open || blocked < 3 {
		return
	}
	var hosts []string
	for _, c := range j.Controls {
		if c.Address.Port() == 25 {
			hosts = append(hosts, c.Host)
		}
	}
	j.raise(port25Blocked, transcripts(slices.Concat(j.Conversations, j.Controls)), strings.Join(hosts, ", "))
	j.found[len(j.found)-1].Object = "" // it explains the silence of every server
}
