package received

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/finding"
)

// raise adds a finding with the header field that it stands on.
func (j *judge) raise(rule *finding.Rule, field, object, saw string, args ...string) {
	f := finding.Finding{Rule: rule, Subject: j.subject(), Object: object, Args: args}
	if saw != "" {
		f.Evidence = []finding.Evidence{{Name: field, Type: "header", Answer: saw}}
	}
	j.v.Findings = append(j.v.Findings, f)
}

func (j *judge) subject() string {
	if j.v.From != "" {
		return j.v.From
	}
	return "the message"
}

// once are the fields that a message has at most once (RFC 5322 section 3.6).
var once = []string{"Date", "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "Subject"}

func (j *judge) judgeMessage() {
	field := func(f dkim.MessageField) bool { return beginsField(f.Raw) }
	if !slices.ContainsFunc(j.Message.Fields, field) || !j.Message.Complete || j.Message.Cut {
		j.raise(unreadableRule, "", "", "")
		return
	}
	from := j.Message.Values("From")
	switch {
	case len(from) == 0:
		j.raise(fromMissingRule, "", "", "")
	case len(j.from) == 0 || !j.fromOK:
		j.raise(fromMalformedRule, "From", "", from[0], strconv.Quote(shortened(from[0])))
	}
	for _, name := range once {
		if n := len(j.Message.Values(name)); n > 1 {
			j.raise(duplicateRule, name, name, j.Message.first(name), name, strconv.Itoa(n))
		}
	}
	if n := len(j.v.Hops); n > 30 {
		j.raise(loopRule, "", "", "", strconv.Itoa(n))
	}
	j.judgeForm()
	j.judgeReplyTo()
	j.judgeSignatures()
	j.judgeWay()
	j.judgePrediction()
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "..."
	}
	return s
}

func (j *judge) judgeReplyTo() {
	if len(j.from) == 0 {
		return
	}
	noReply := strings.EqualFold(j.from[0].address, j.Service.NoReply)
	values := j.Message.Values("Reply-To")
	if len(values) == 0 {
		if noReply {
			j.raise(replyMissingRule, "From", "", j.from[0].address, j.from[0].address)
		}
		return
	}
	to, ok := mailboxes(values[0])
	if !ok || len(to) != 1 {
		j.raise(replyMalformedRule, "Reply-To", "", values[0], strconv.Quote(shortened(values[0])))
		return
	}
	local, _, _ := strings.Cut(strings.ToLower(to[0].address), "@")
	switch {
	case slices.Contains([]string{"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply"}, local):
		j.raise(replyNoReplyRule, "Reply-To", "", values[0], to[0].address)
	case noReply:
		j.raise(replyIntendedRule, "Reply-To", "", values[0], to[0].address, j.from[0].address)
	case dmarc.PSLOrgDomain(ascii(to[0].domain)) != dmarc.PSLOrgDomain(j.from0()):
		j.raise(replyOtherRule, "Reply-To", "", values[0], to[0].address, j.from0())
	}
}

func (j *judge) from0() string { return ascii(j.from[0].domain) }

// causes are the rules for what is wrong with a signature itself.
var causes = map[dkim.Cause]*finding.Rule{
	dkim.CauseSyntax: sigMalformedRule, dkim.CauseVersion: sigMalformedRule, dkim.CauseQuery: sigMalformedRule,
	dkim.CauseAlgorithm: sigAlgorithmRule, dkim.CauseSHA1: sigSHA1Rule, dkim.CauseFromUnsigned: sigFromRule,
	dkim.CauseIdentity: sigIdentityRule, dkim.CauseKeyUnknown: sigUnreadableRule, dkim.CauseSize: sigUnreadableRule,
	dkim.CauseBody: sigBodyRule, dkim.CauseBoth: sigBodyRule, dkim.CauseHeader: sigHeaderRule, dkim.CauseExpired: sigExpiredRule,
}

func (j *judge) judgeSignatures() {
	for i, v := range j.verified {
		d := j.v.DKIM[i]
		domain, saw := d.Domain, ""
		if domain == "" {
			domain = "no domain"
		}
		if v.At >= 0 {
			saw = shortened(unfold(j.Message.Fields[v.At].Value()))
		}
		object := d.Selector + "._domainkey." + d.Domain
		why := d.Reason
		if d.Change != "" {
			why = d.Reason + "; " + d.Change
		}
		switch rule := causes[v.Cause]; {
		case d.Result == "pass":
			if v.HasLength && v.Unsigned > 0 {
				j.raise(sigLengthRule, "DKIM-Signature", object, saw, domain, strconv.FormatInt(v.Unsigned, 10))
			}
			if d.Aligned == dmarc.Yes && len(j.Message.Values("Reply-To")) > 0 && !slices.ContainsFunc(v.Headers, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), "Reply-To") }) {
				j.raise(replyUnsignedRule, "DKIM-Signature", object, saw, domain)
			}
			if v.InFuture {
				j.raise(sigFutureRule, "DKIM-Signature", object, saw, domain)
			}
			if d.Aligned == dmarc.No {
				j.raise(sigThirdRule, "DKIM-Signature", object, saw, domain, j.v.From)
			}
		case d.Result == "unknown":
			j.raise(sigUnreadableRule, "DKIM-Signature", object, saw, domain, why)
		case rule != nil:
			j.raise(rule, "DKIM-Signature", object, saw, domain, why)
		}
	}
}

// judgeWay judges which way the mail came (recipe A).
func (j *judge) judgeWay() {
	e := j.v.Envelope
	if e.Client.IsValid() && !e.Inside && !j.fromClockWise() && j.Service.Network.IsValid() && len(j.from) > 0 && strings.EqualFold(j.from[0].address, j.Service.NoReply) {
		j.raise(otherPlaceRule, "Received", "", e.Client.String(), e.Client.String(), j.Service.Network.String())
	}
	if j.v.SPF.Domain != "" && j.v.SPF.Aligned == dmarc.No {
		j.raise(returnPathRule, "Return-Path", "", e.MailFrom, j.v.SPF.Domain, j.v.From)
	}
}

// fromClockWise says that a hop shows one of ClockWise's addresses.
func (j *judge) fromClockWise() bool {
	return slices.ContainsFunc(j.v.Hops, func(h Hop) bool {
		return h.IP.IsValid() && j.Service.Network.IsValid() && j.Service.Network.Contains(h.IP)
	})
}

// judgePrediction compares with what the receiver wrote at the top.
func (j *judge) judgePrediction() {
	if j.Live || len(j.v.Results) == 0 {
		return
	}
	top := j.v.Results[0]
	if !j.trusted(top) {
		j.raise(untrustedRule, "Authentication-Results", "", j.Message.first("Authentication-Results"), top.Server)
		return
	}
	server := top.Server
	if server == "" {
		server = "(without name, as Microsoft 365 writes it)"
	}
	for _, c := range []struct{ name, method, now string }{{"SPF", "spf", j.v.SPF.Result}, {"DMARC", "dmarc", j.v.DMARC.Result}} {
		then, ok := top.Method(c.method)
		if !ok || c.now == "unknown" || c.now == "temperror" || then.Result == "temperror" || then.Result == c.now {
			continue
		}
		if then.Result == "bestguesspass" || c.now == "none" || then.Result == "none" {
			continue // other words for the same, or a record that came or went
		}
		j.raise(differsRule, "Authentication-Results", c.name, then.Method+"="+then.Result, c.name, c.now, then.Result, server)
	}
}

// trusted says whether results are of the system that received the mail, as far
// as the header alone can tell (RFC 8601 section 5): their name is of the
// organisation that wrote the topmost Received, or they have the form of
// Microsoft 365, which names no server. Without Received there is nothing that
// contradicts.
func (j *judge) trusted(r Results) bool {
	switch {
	case len(j.v.Hops) == 0 || j.v.Hops[0].By == "":
		return true
	case r.Server == "":
		by := strings.ToLower(j.v.Hops[0].By)
		return len(j.forefront) > 0 || strings.HasSuffix(by, ".outlook.com")
	}
	return dmarc.PSLOrgDomain(r.Server) == dmarc.PSLOrgDomain(strings.ToLower(j.v.Hops[0].By))
}

// judgeMicrosoft tells what Microsoft 365 wrote (recipes B and C).
func (j *judge) judgeMicrosoft() {
	if sfv := j.forefront["SFV"]; sfv != "" {
		words := filterVerdicts[strings.ToUpper(sfv)]
		if cat := categories[strings.ToUpper(j.forefront["CAT"])]; cat != "" {
			words = cat
		}
		if words == "" {
			words = "a verdict that is not known here"
		}
		saw := "SFV:" + sfv
		for _, key := range []string{"CAT", "SCL", "IPV"} {
			if v := j.forefront[key]; v != "" {
				saw += ", " + key + ":" + v
			}
		}
		j.raise(msVerdictRule, "X-Forefront-Antispam-Report", "", j.Message.first("X-Forefront-Antispam-Report"), words, saw)
	}
	for _, r := range j.v.Results {
		m, ok := r.Method("compauth")
		if !ok {
			continue
		}
		reason := m.Props["reason"]
		words := CompAuth(reason)
		if words == "" {
			words = "nothing that is known here"
		}
		j.raise(msAuthRule, "Authentication-Results", "", "compauth="+m.Result+" reason="+reason, m.Result, reason, words)
		return
	}
}

// conclude says in one sentence what came out, who must act, and the next step.
func (j *judge) conclude() {
	v := &j.v
	v.Owner = finding.Nobody
	for _, f := range v.Findings {
		if s := f.Severity(); f.SilencedBy == "" && s == finding.Failure && !f.Rule.Outcome {
			v.Owner, v.Next = f.Who(), f.Action()
			break
		}
	}
	switch v.DMARC.Result {
	case "pass":
		v.Conclusion = "This mail is authenticated: DMARC passes for " + v.From + "."
	case "fail":
		v.Conclusion = "This mail is not authenticated for " + v.From + ": " + j.why() + "."
		if v.Next == "" {
			v.Owner, v.Next = j.step()
		}
	case "none":
		switch {
		case slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return f.Rule == unreadableRule }):
			v.Conclusion, v.Next = "This cannot be read as a message, so nothing is known about it.", unreadableRule.Action
		case v.From == "":
			v.Conclusion = "Nobody can tell whose mail this is: From holds no address."
		default:
			v.Conclusion = v.From + " has no DMARC policy: " + j.why() + "."
			if v.Next == "" && !j.aligned() {
				v.Owner, v.Next = j.step()
			}
		}
	case "permerror":
		v.Conclusion = "Nobody can tell whose DMARC policy applies: From names several senders."
	default:
		v.Conclusion = "Whether this mail is authenticated could not be told: " + j.why() + "."
		if v.Next == "" {
			v.Next = "Judge the whole message, or name the connection with --ip and --mail-from."
		}
	}
}

// aligned says that SPF or a signature passes for From.
func (j *judge) aligned() bool {
	return j.v.SPF.Result == "pass" && j.v.SPF.Aligned == dmarc.Yes ||
		slices.ContainsFunc(j.v.DKIM, func(d DKIM) bool { return d.Result == "pass" && d.Aligned == dmarc.Yes })
}

// why are SPF and DKIM in words.
func (j *judge) why() string {
	spf := "SPF is " + j.v.SPF.Result
	if j.v.SPF.Result == "pass" && j.v.SPF.Aligned == dmarc.No {
		spf = "SPF passes for " + j.v.SPF.Domain + " only"
	}
	if len(j.v.DKIM) == 0 {
		return spf + ", and there is no DKIM signature"
	}
	var all []string
	for _, d := range j.v.DKIM {
		all = append(all, d.Result+" for "+d.Domain)
	}
	return spf + ", and DKIM is " + strings.Join(all[:min(len(all), 5)], ", ")
}

// step is the next step where no finding names one (recipe B).
func (j *judge) step() (finding.Owner, string) {
	switch e := j.v.Envelope; {
	case e.Inside && j.v.SPF.Result != "pass" && j.v.SPF.Domain != "":
		return finding.CustomerDNS, "Let the SPF record of " + j.v.SPF.Domain + " include " + j.Service.SPFInclude + "."
	case e.Inside:
		return finding.CustomerDNS, "Sign the mail with DKIM for " + j.v.From + ", or use an envelope sender at " + j.v.From + "."
	case e.Client != netip.Addr{} && !j.fromClockWise():
		return finding.CustomerMailServer, "Set up DKIM for " + j.v.From + " at the server that sent it: " + e.Client.String() + " is not ClockWise's."
	}
	return finding.CustomerDNS, "Sign the mail with DKIM for " + j.v.From + ": SPF cannot pass behind a filter or forwarder."
}
