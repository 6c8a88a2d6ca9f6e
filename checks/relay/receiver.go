package relay

import "clockwise.info/cwmail/checks/finding"

// wording is what a rule says of a server that takes the domain's mail, where
// it says something else of one that a transport sends through. What is empty
// stays as it is.
type wording struct{ title, saw, effect, action string }

// What is said of several rules.
const (
	answersWait    = "If it does so with other senders too, answers and bounces wait, and come back after some days."
	answersUnknown = "It is not known whether answers and bounces arrive at this server."
	letEveryoneIn  = "Ask the manager of %[1]s whether the mail server runs, and whether its firewall lets everybody in on port %[2]s."
)

// asReceiver has the wordings by code.
var asReceiver = map[string]wording{
	"smtp.unreadable":              {effect: answersUnknown},
	"smtp.refused":                 {effect: answersWait, action: letEveryoneIn},
	"smtp.timed-out":               {effect: answersWait, action: "Many networks block outgoing port 25, so try from another network first. If it is silent there too, ask the manager of %[1]s."},
	"smtp.no-route":                {effect: "This machine cannot reach the server. Other senders may."},
	"smtp.dropped":                 {effect: answersWait, action: letEveryoneIn},
	"smtp.port-25-blocked":         {effect: "From here it cannot be seen whether the mail servers of the domain work. Others may reach them."},
	"smtp.banner-wrong":            {effect: answersWait, action: letEveryoneIn},
	"smtp.middlebox":               {effect: "Encryption disappears on the way, so mail travels in clear."},
	"smtp.tls-style-wrong":         {title: "Port 25 of %[1]s does not greet in clear", effect: "Senders wait for a greeting, so answers and bounces do not arrive.", action: "Ask the manager of %[1]s to let port 25 greet in clear and offer STARTTLS."},
	"smtp.starttls-required":       {effect: "Senders without encryption do not get through.", action: "Nothing, where that is meant; else ask the manager of %[1]s to make encryption optional."},
	"smtp.auth-required":           {effect: "Servers of others have no login here, so answers and bounces do not arrive.", action: "Ask the manager of %[1]s to take mail for the domain without a login on port 25."},
	"smtp.starttls-injection":      {effect: "Who sits on the line can put commands before those of the sender."},
	"smtp.refused-by-ptr":          {effect: "The address of this machine has no reverse DNS that fits, so the server shows no more. Other senders may get through.", action: "Check from a machine whose address has a name."},
	"smtp.refused-by-blocklist":    {effect: "The address of this machine stands on a list, so the server shows no more. Other senders may get through.", action: "Check from another machine."},
	"smtp.rate-limited":            {effect: "It slows this machine down. Mail of others is not affected."},
	"smtp.size-too-small":          {effect: "Answers with large attachments are refused."},
	"tls.missing":                  {saw: "The answer to EHLO has no STARTTLS.", effect: "Mail to it travels in clear, and senders that insist on encryption do not deliver."},
	"tls.unavailable":              {effect: "Senders deliver in clear or wait."},
	"tls.handshake-failed":         {effect: "Senders deliver in clear, or not at all."},
	"tls.version-old":              {effect: "TLS 1.0 and 1.1 are switched off in present systems, so senders may not be able to encrypt."},
	"tls.name-mismatch":            {effect: "A sender that checks certificates hangs up here.", action: "Ask the manager of %[1]s for a certificate with that name."},
	"tls.self-signed":              {effect: "A sender that checks certificates hangs up here."},
	"smtp.reply-unexplained":       {effect: "What it does to answers and bounces is not known. A reply that begins with 4 asks to try again, one with 5 is final."},
	"smtp.temporarily-unavailable": {effect: "Answers and bounces wait and are tried again by themselves."},
}

// received is a rule as it is said of a server that takes the domain's mail.
func received(r *finding.Rule) *finding.Rule {
	w, ok := asReceiver[r.Code]
	if !ok {
		return r
	}
	out := *r
	for _, text := range []struct {
		to   *string
		from string
	}{{&out.Title, w.title}, {&out.Saw, w.saw}, {&out.Effect, w.effect}, {&out.Action, w.action}} {
		if text.from != "" {
			*text.to = text.from
		}
	}
	return &out
}

// someReceivers is partlyReachable over several servers. %[1]s is the domain,
// %[2]s the silent ones, %[3]s those that answer.
var someReceivers = &finding.Rule{
	Code: "smtp.partly-reachable", Severity: finding.Warning, Owner: finding.CustomerMailServer, Tier: 2,
	Title:      "Only some mail servers of %[1]s answer",
	Saw:        "%[3]s works, %[2]s does not.",
	Effect:     "Answers and bounces get through, but later when a silent server is tried first.",
	Action:     "Start the mail server at %[2]s, or take it out of the MX records.",
	References: []string{"RFC 5321 section 5.1"},
}
