package checks

import (
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/transports"
)

// sending is how mail of a target leaves: the identifiers that a receiver
// judges (RFC 5598, RFC 9989 section 4.4).
type sending struct {
	kind     transports.Type
	from     string // RFC5322.From
	mailFrom string // RFC5321.MailFrom
	domain   string // of from; "" when nothing names one
	envelope string // domain of mailFrom

	signer, selector string // d= and s=; "" when nothing is signed
	expected         dkim.Expected
	idle             string // name of the key that is configured, where DKIM is off

	replyTo string            // domain of a Reply-To that is a copy of the sender, or fixed; "" for none or not known
	server  transports.Server // of an external server
	copies  bool              // the sender is copied into Reply-To
	dnsOnly bool              // no mail server is to be greeted
	parked  bool              // no mail leaves
	probeMX bool              // the servers that take the domain's mail are to be greeted
}

// sending tells how mail of t leaves. A bare domain is looked at as if the
// ClockWise server sent with an address of it.
func (e *Examiner) sending(t Target) sending {
	tr := transports.Transport{Type: transports.ClockWise, Match: transports.Match{Domain: t.Domain}}
	if t.Transport != nil {
		tr = *t.Transport
	}
	s := sending{kind: tr.Type, server: tr.Server, from: tr.Sender(e.Service.NoReply), mailFrom: tr.MailFrom(e.Service.NoReply), probeMX: e.ProbeMX, dnsOnly: e.DNSOnly}
	s.parked = t.Parked && t.Transport == nil
	s.domain, s.envelope = transports.DomainOf(s.from), transports.DomainOf(s.mailFrom)
	switch {
	case tr.Type == transports.NoReply:
		s.signer, s.selector = e.Service.Domain, e.Service.DKIMSelector
		s.copies = tr.ReplyTo.Copy
		s.replyTo = transports.DomainOf(tr.ReplyTo.Address)
		if s.copies && s.replyTo == "" {
			s.replyTo = tr.Match.Domain
		}
	case tr.DKIM.Enabled:
		s.signer, s.selector = tr.Match.Domain, tr.DKIM.Selector
		if s.signer == "" {
			s.signer = s.domain
		}
		s.expected = dkim.Expected{Public: tr.DKIM.Key.Public, Source: keySource(tr.DKIM)}
	case tr.Type == transports.ClockWise && tr.DKIM.Selector != "" && tr.Match.Domain != "":
		s.idle = dkim.RecordName(tr.DKIM.Selector, tr.Match.Domain)
	}
	if s.selector == "" {
		s.signer = ""
	}
	return s
}

// keySource says where the expected key comes from.
func keySource(d transports.DKIM) string {
	if d.PublicKey != "" {
		return "public_key in the configuration"
	}
	return d.KeyFile
}

// ours holds where mail leaves from ClockWise's own servers.
func (s sending) ours() bool { return s.kind != transports.SMTP && !s.parked }

// external holds where the customer's server sends.
func (s sending) external() bool { return s.kind == transports.SMTP }

// greetsServer holds where the customer's server is looked at.
func (s sending) greetsServer() bool { return s.external() && !s.dnsOnly }

// foreignEnvelope holds where ClockWise's servers send with an envelope domain
// other than that of From.
func (s sending) foreignEnvelope() bool { return s.ours() && s.envelope != s.domain }

// noReply holds where mail leaves in ClockWise's own name.
func (s sending) noReply() bool { return s.kind == transports.NoReply }

// signs holds where mail is signed with a known selector.
func (s sending) signs() bool { return s.signer != "" }

// couldSign holds where a key is configured and not used.
func (s sending) couldSign() bool { return s.idle != "" }

// copiesSender holds where another domain than that of From stands in Reply-To.
func (s sending) copiesSender() bool { return s.noReply() && s.replyTo != "" }
