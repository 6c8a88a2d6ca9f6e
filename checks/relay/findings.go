package relay

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
)

// Findings judges what was seen of a server.
func Findings(res Result) []finding.Finding {
	j := &judge{Result: res}
	j.run()
	return j.found
}

// ReceiverFindings judges what was seen of the mail servers of one domain. One
// that is silent while another answers is no failure: mail takes the other.
func ReceiverFindings(all []Result) []finding.Finding {
	var out []finding.Finding
	var silent, speaking []Result
	for _, res := range all {
		switch {
		case len(res.Conversations) == 0:
		case slices.ContainsFunc(res.Conversations, func(c smtp.Conversation) bool { return !atConnect(c) }):
			speaking = append(speaking, res)
		default:
			silent = append(silent, res)
		}
	}
	for _, res := range all {
		j := &judge{Result: res, others: len(speaking) > 0}
		j.run()
		out = append(out, j.found...)
	}
	if len(speaking) == 0 || len(silent) == 0 || !slices.ContainsFunc(silent, reachable) {
		return out
	}
	var evidence []finding.Evidence
	for _, res := range silent {
		evidence = append(evidence, transcripts(res.Conversations)...)
	}
	return append(out, finding.Finding{
		Rule: someReceivers, Subject: all[0].Subject, Evidence: evidence,
		Args: []string{all[0].Subject, hostsOf(silent), hostsOf(speaking)},
	})
}

// reachable says whether this machine could have reached a server: one without
// IPv6 cannot tell.
func reachable(res Result) bool {
	return slices.ContainsFunc(res.Conversations, func(c smtp.Conversation) bool { return c.Trouble != smtp.NoRoute || c.Address.Addr().Is4() })
}

func hostsOf(all []Result) string {
	var out []string
	for _, res := range all {
		out = append(out, res.Server.Host)
	}
	return strings.Join(out, ", ")
}

type judge struct {
	Result
	others bool // other servers of the domain answer
	found  []finding.Finding
}

func (j *judge) run() {
	if !j.Receives {
		j.host()
		j.ownName()
	}
	if !j.addresses() {
		return
	}
	j.line()
	j.reach()
	if c := j.representative(); c != nil {
		j.session(*c)
	}
	if c := j.Injection; c != nil && c.Obeyed {
		j.raise(startTLSInjection, transcripts([]smtp.Conversation{*c}))
	}
}

// admitting are the rules that tell whom the server should admit, which is
// their last argument.
var admitting = []*finding.Rule{refused, timedOutRule, dropped, bannerWrong, authRequired}

// raise adds a finding; host and port are the first arguments of each rule.
func (j *judge) raise(r *finding.Rule, evidence []finding.Evidence, args ...string) {
	f := finding.Finding{
		Rule: r, Subject: j.Subject, Evidence: evidence, Lowered: j.lowers(r),
		Args: append([]string{j.Server.Host, strconv.Itoa(j.Server.Port)}, args...),
	}
	if slices.Contains(admitting, r) {
		f.Args = append(f.Args, j.Network)
	}
	if f.Subject == "" {
		f.Subject = j.Server.Host
	}
	if j.Receives {
		f.Object = j.Server.Host
		f.Rule = received(r)
	}
	if f.Lowered {
		f.Rule = unchecked(f.Rule)
	}
	j.found = append(j.found, f)
}

// lowers says whether a rule counts less here: on port 25 senders do not check
// certificates, unless something demands it.
func (j *judge) lowers(r *finding.Rule) bool {
	switch {
	case j.Server.Port != 25 || j.Server.Security != "starttls":
		return false
	case j.Demands != "" && !j.Vouched:
		return false
	case r == tlsMissing:
		return j.Receives // a transport that wants it does not send without
	}
	return ofCertificate(r)
}

// host judges what the name of the server alone tells about Microsoft 365.
func (j *judge) host() {
	s := j.Server
	login := s.Auth != "" && s.Auth != "none"
	evidence := []finding.Evidence{{Name: "smtp.host", Type: "setting", Answer: s.Host}, {Name: "smtp.port", Type: "setting", Answer: strconv.Itoa(s.Port)}}
	k, _ := transports.FindServer(s.Host)
	submission := k.Name == transports.Office365Submission || s.Host == "outlook.office365.com"
	switch {
	case submission && !login:
		j.raise(hostWrong, evidence)
	case submission && s.Port == 465:
		j.raise(submissionOnPort465, evidence)
		j.raise(methodDetected, evidence, "SMTP AUTH, a mailbox logs in")
	case submission:
		if s.Port == 25 {
			j.raise(submissionOnPort25, evidence)
		}
		j.raise(methodDetected, evidence, "SMTP AUTH, a mailbox logs in")
	case k.Name == transports.Office365Relay:
		if s.Port != 25 {
			j.raise(relayOnWrongPort, evidence)
		}
		j.raise(methodDetected, evidence, "relay through a connector, or direct send")
	}
}

// addresses says whether there is something to connect to, and whether it was
// tried.
func (j *judge) addresses() bool {
	if len(j.Addresses) > 0 {
		if j.Skipped != "" {
			j.raise(unreadable, j.unasked(), upper(j.Skipped))
		}
		return len(j.Conversations) > 0
	}
	evidence := []finding.Evidence{dnsEvidence(j.A), dnsEvidence(j.AAAA)}
	if j.A.Status == dns.Failed || j.AAAA.Status == dns.Failed {
		j.raise(unreadable, evidence, "The name servers gave no address of "+j.Server.Host+": "+why(j.A, j.AAAA))
		return false
	}
	if j.Receives {
		return false // what MX records point at is judged by DNS alone
	}
	what := "the name has no A or AAAA record"
	if j.A.Status == dns.NoName {
		what = "there is no such name"
	}
	j.raise(hostNotFound, evidence, what)
	return false
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// why is the reason of the first failure among the answers; one has failed.
func why(answers ...dns.Answer) string {
	i := slices.IndexFunc(answers, func(a dns.Answer) bool { return a.Status == dns.Failed })
	return strings.TrimSuffix(answers[i].Reason(), ".")
}

func dnsEvidence(a dns.Answer) finding.Evidence {
	return finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}
}

// unreached are the kinds of trouble that belong to an address, not to the
// mail server behind all of them.
var unreached = map[smtp.Trouble]*finding.Rule{smtp.Refused: refused, smtp.TimedOut: timedOutRule, smtp.NoRoute: noRoute}

// atConnect says that no connection came about.
func atConnect(c smtp.Conversation) bool {
	return c.Stage == smtp.Connect && unreached[c.Trouble] != nil
}

// reach judges whether the addresses can be reached: one finding for each kind
// of trouble when none can, a milder one when some can. That this machine has
// no IPv6 says nothing about the server.
func (j *judge) reach() {
	var works, fails []smtp.Conversation
	for _, c := range j.Conversations {
		switch {
		case !atConnect(c):
			works = append(works, c)
		case c.Trouble != smtp.NoRoute || c.Address.Addr().Is4():
			fails = append(fails, c)
		}
	}
	if len(works) > 0 && len(fails) > 0 {
		j.raise(partlyReachable, transcripts(fails), addressesOf(fails), addressesOf(works))
		return
	}
	if len(works) > 0 || j.others {
		return
	}
	if len(fails) == 0 {
		fails = j.Conversations
	}
	for _, kind := range []smtp.Trouble{smtp.Refused, smtp.TimedOut, smtp.NoRoute} {
		var these []smtp.Conversation
		for _, c := range fails {
			if c.Trouble == kind {
				these = append(these, c)
			}
		}
		if len(these) > 0 {
			detail := these[0].Detail[strings.LastIndex(these[0].Detail, ": ")+1:]
			j.raise(unreached[kind], transcripts(these), addressesOf(these), strings.TrimSpace(detail))
		}
	}
}

func addressesOf(cs []smtp.Conversation) string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Address.Addr().String())
	}
	return strings.Join(out, ", ")
}

// unasked lists who was not spoken to, the first of many.
func (j *judge) unasked() []finding.Evidence {
	const most = 8
	var out []finding.Evidence
	for _, a := range j.Addresses[:min(len(j.Addresses), most)] {
		out = append(out, finding.Evidence{Server: netip.AddrPortFrom(a, uint16(j.Server.Port)).String(), Name: j.Server.Host, Type: "SMTP", Answer: "not asked"})
	}
	return out
}

// transcripts gives each conversation as evidence, line by line.
func transcripts(cs []smtp.Conversation) []finding.Evidence {
	var out []finding.Evidence
	for _, c := range cs {
		for _, l := range c.Lines {
			out = append(out, finding.Evidence{
				Server: c.Address.String(), Name: c.Host, Type: "SMTP", Answer: string(l.Dir) + " " + l.Text, At: c.Began.Add(l.At),
			})
		}
	}
	return out
}

// representative is the conversation that is judged for all: the worst of
// those that came about, as a sender may meet it. Nil when none did.
func (j *judge) representative() *smtp.Conversation {
	var pick *smtp.Conversation
	for i, c := range j.Conversations {
		if atConnect(c) {
			continue
		}
		if pick == nil || pick.Trouble == smtp.NotRun || pick.OK() && !c.OK() && c.Trouble != smtp.NotRun {
			pick = &j.Conversations[i]
		}
	}
	return pick
}

// session judges one conversation.
func (j *judge) session(c smtp.Conversation) {
	evidence := transcripts([]smtp.Conversation{c})
	if sign := rewritten(c); sign != "" {
		j.raise(middlebox, evidence, sign)
	}
	j.trouble(c, evidence)
	if c.Trouble != smtp.NoTrouble && c.Security != "none" && beforeTLS(c) {
		j.raise(tlsUnreadable, evidence, c.Stage.String())
	}
	j.manners(c, evidence)
	if j.Server.Security != "none" && c.TLS != nil && len(c.Clear.Auth()) > 0 {
		j.raise(authBeforeTLS, evidence)
	}
	if c.TLS != nil {
		j.certificate(*c.TLS, evidence)
	}
	if c.OK() {
		j.auth(c, evidence)
		j.offers(c, evidence)
	}
}

// beforeTLS holds where a conversation ended before anything was seen of TLS.
func beforeTLS(c smtp.Conversation) bool {
	switch c.Trouble {
	case smtp.SpeaksTLS, smtp.SpeaksClear, smtp.NoStartTLS, smtp.BadTLS:
		return false
	case smtp.BadReply:
		return c.Stage < smtp.StartTLS
	}
	return c.Stage < smtp.Handshake
}

// trouble says why a conversation ended early.
func (j *judge) trouble(c smtp.Conversation, evidence []finding.Evidence) {
	switch c.Trouble {
	case smtp.NotRun:
		j.raise(unreadable, evidence, "The conversation was stopped before its end")
	case smtp.SpeaksTLS:
		j.raise(tlsStyleWrong, evidence, upper(c.Detail), "tls")
	case smtp.SpeaksClear:
		j.raise(tlsStyleWrong, evidence, upper(c.Detail), "starttls")
	case smtp.NoStartTLS:
		if j.Demands != "" {
			j.raise(tlsStripped, evidence, j.Demands)
			return
		}
		j.raise(tlsMissing, evidence)
	case smtp.BadTLS:
		j.raise(handshakeFailed, evidence, c.Detail)
	case smtp.NotSMTP:
		switch {
		case c.Stage == smtp.Banner:
			j.raise(bannerWrong, evidence, said(c))
		case len(c.Faults) == 0: // else they are what is told
			j.raise(replyUnexplained, evidence, said(c), c.Stage.String())
		}
	case smtp.BadReply:
		j.badReply(c, evidence)
	case smtp.TimedOut:
		if c.Stage == smtp.Banner {
			j.raise(bannerWrong, evidence, "nothing at all, though it accepts the connection")
			return
		}
		j.raise(dropped, evidence, c.Stage.String(), "no answer in time")
	case smtp.Dropped, smtp.OtherTrouble:
		j.raise(dropped, evidence, c.Stage.String(), strings.TrimSpace(c.Detail[strings.LastIndex(c.Detail, ": ")+1:]))
	}
}

// said is the last line of the server.
func said(c smtp.Conversation) string {
	for _, l := range slices.Backward(c.Lines) {
		if l.Dir == 'S' {
			return l.Text
		}
	}
	return "nothing"
}

// masked are runs that firewalls write over what they do not want to be seen.
var masked = pattern.Lazy(`^(X{4,}[A-Z]?|\*{3,})$`)

// rewritten says what shows that a firewall changes the conversation; "" when
// nothing does.
func rewritten(c smtp.Conversation) string {
	if text := c.Greeting.Text(); strings.Count(text, "*") >= 8 && strings.Trim(text, "* 02") == "" {
		return "a greeting of asterisks: " + text
	}
	for _, x := range c.Clear {
		if masked().MatchString(x.Keyword) {
			return x.Keyword + " in place of an extension"
		}
	}
	return ""
}

func (j *judge) auth(c smtp.Conversation, evidence []finding.Evidence) {
	if oldForm(c.Offered) {
		j.raise(authOldForm, evidence)
	}
	want := j.Server.Auth
	if want == "" || want == "none" {
		return
	}
	offered := c.Offered.Auth()
	switch {
	case len(offered) == 0:
		j.raise(authNotOffered, evidence)
	case !slices.Contains(offered, strings.ToUpper(want)):
		j.raise(authNoCommon, evidence, want, strings.ToLower(strings.Join(offered, ", ")))
	}
}

// oldForm holds where logins are offered as AUTH=LOGIN alone.
func oldForm(e smtp.Extensions) bool {
	_, present := e.Get("AUTH")
	return !present && slices.ContainsFunc(e, func(x smtp.Extension) bool { return strings.HasPrefix(x.Keyword, "AUTH=") })
}
