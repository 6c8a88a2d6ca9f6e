package relay

import (
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/transports/smtp"
)

// DiagnoseDelivery explains why mail was not taken: the first recipient that was
// neither accepted nor willing decides, as in smtp.Delivery. external says that
// the server is that of a transport; others are conversations with other hosts at
// the same time, which tell a blocked line from a silent server. It reports false
// where nothing is to be explained.
func DiagnoseDelivery(d smtp.Delivery, external bool, network netip.Prefix, others ...smtp.Conversation) (Diagnosis, bool) {
	if d.Outcome == smtp.Accepted || d.Outcome == smtp.Willing {
		return Diagnosis{}, false
	}
	c, led := decided(d)
	o := Obstacle{Stage: d.Stage, Trouble: d.Trouble, Detail: d.Detail, External: external}
	if led {
		o.Host, o.Port, o.Security = c.Host, c.Address.Port(), c.Security
		if d.Trouble != smtp.BadReply || hidesOffers(d) {
			o.Rewritten = c.Rewritten()
		}
		o.count(slices.Concat(d.Conversations, others))
	}
	if found, ok := DiagnoseTrouble(o); ok {
		return found, true
	}
	if d.Reply.Code < 400 {
		return Diagnosis{}, false
	}
	in := Refusal{Reply: d.Reply, Stage: d.Stage.Key(), Network: network}
	if led {
		in.Host, in.Banner, in.Hello = c.Host, c.Greeting.Text(), hello(c)
	}
	return Diagnose(in), true
}

// decided is the conversation that decided about the first recipient that was
// not accepted.
func decided(d smtp.Delivery) (smtp.Conversation, bool) {
	for _, r := range d.Recipients {
		if r.Outcome == smtp.Accepted || r.Outcome == smtp.Willing || r.Conversation < 0 || r.Conversation >= len(d.Conversations) {
			continue
		}
		return d.Conversations[r.Conversation], true
	}
	return smtp.Conversation{}, false
}

// hidesOffers holds for refusals that a rewriting box causes: of a command that
// it wrote over, or for want of the STARTTLS or login that it hid.
func hidesOffers(d smtp.Delivery) bool {
	return slices.Contains([]smtp.Stage{smtp.Hello, smtp.StartTLS, smtp.HelloTLS}, d.Stage) || d.Reply.Code == 530
}

// count counts other hosts on port 25. Silent ones count once an organisation:
// the servers of one may stand behind the same firewall.
func (o *Obstacle) count(all []smtp.Conversation) {
	silent, answered := map[string]bool{}, map[string]bool{}
	own := organisation(o.Host)
	for _, c := range all {
		host := strings.ToLower(c.Host)
		switch {
		case c.Address.Port() != 25:
			o.OtherPort = o.OtherPort || c.Greeting.Code != 0
		case host == strings.ToLower(o.Host):
		case c.Greeting.Code != 0 || c.Stage > smtp.Connect:
			answered[host] = true
		case c.Trouble == smtp.TimedOut && organisation(host) != own:
			silent[organisation(host)] = true
		}
	}
	o.Silent, o.Answered = len(silent), len(answered)
}

// organisation is a host's name up to its last two labels: coarse, so that
// rather too little is concluded than too much.
func organisation(host string) string {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// hello is the first line of the last reply to EHLO or HELO: there a server
// says which address it sees.
func hello(c smtp.Conversation) string {
	said, out := false, ""
	for _, l := range c.Lines {
		switch {
		case l.Dir == 'C':
			verb, _, _ := strings.Cut(strings.ToUpper(l.Text), " ")
			said = verb == "EHLO" || verb == "HELO"
		case l.Dir == 'S' && said:
			if code, text, _, err := smtp.ParseLine(l.Text); err == nil && code == 250 {
				out = text
			}
			said = false
		}
	}
	return out
}
