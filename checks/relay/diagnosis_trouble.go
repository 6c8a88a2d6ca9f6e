package relay

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports/smtp"
)

// Obstacle is what ended a delivery without a reply that says why.
type Obstacle struct {
	Stage   smtp.Stage
	Trouble smtp.Trouble
	Detail  string

	Host     string
	Port     uint16
	Security string // of the transport: "starttls", "tls", "none" or "opportunistic"
	External bool   // the server of a transport, not one that a recipient's domain names

	Rewritten string // as smtp.Conversation.Rewritten says it

	// What other hosts did on port 25 at the same time, each counted once, and
	// whether another port answered meanwhile.
	Silent, Answered int
	OtherPort        bool
}

// fewest is the number of other silent hosts from which a line is blocked, and
// not a server.
const fewest = 2

// trouble is one kind of obstacle. {host}, {port}, {stage}, {detail},
// {security} and {rewritten} stand in its texts.
type trouble struct {
	id        string
	when      func(Obstacle) bool
	meaning   string
	cause     string
	owner     finding.Owner // "": the manager of the server
	fix       string
	note      string
	certainty Certainty
	retry     time.Duration
	reference string
}

// troubles are tried in this order; the first that fits counts.
var troubles = []trouble{
	{
		id: "middlebox", when: func(o Obstacle) bool { return o.Rewritten != "" },
		meaning: "A firewall on the way rewrites what {host} says: {rewritten}.",
		cause:   "SMTP inspection (\"SMTP fixup\", \"ESMTP inspection\") is on in a firewall. It hides STARTTLS and the login.",
		owner:   finding.Network, fix: "Switch the SMTP inspection off in the firewall of this network, or in that before {host}.",
		certainty: Certain, reference: "RFC 3207 section 6",
	},
	{
		id: "speaks-tls", when: with(smtp.SpeaksTLS),
		meaning: "Port {port} of {host} wants TLS from the first octet, and the transport begins in clear.",
		cause:   "The security of the transport ({security}) does not fit the port.",
		owner:   finding.ClockWise, fix: "Set smtp.security of the transport to tls, or use port 587 with starttls.",
		certainty: Certain, reference: "RFC 8314 section 3",
	},
	{
		id: "speaks-clear", when: with(smtp.SpeaksClear),
		meaning: "Port {port} of {host} greets in clear, and the transport begins with TLS.",
		cause:   "The security of the transport ({security}) does not fit the port.",
		owner:   finding.ClockWise, fix: "Set smtp.security of the transport to starttls, or use port 465 with tls.",
		certainty: Certain, reference: "RFC 8314 section 3",
	},
	{
		id: "blocked-here", when: func(o Obstacle) bool { return o.blockedHere() && o.OtherPort },
		meaning: "This network blocks outgoing port 25: neither {host} nor the other hosts answer there, while another port answers.",
		cause:   "Many lines of offices and homes, and many clouds, let no mail out on port 25. Mail of ClockWise leaves from elsewhere.",
		owner:   finding.Network, fix: "Test from another network, or ask the provider of this line to open outgoing port 25.",
		certainty: Certain, reference: "RFC 5321 section 4.5.3.2",
	},
	{
		id: "blocked-here", when: Obstacle.blockedHere,
		meaning: "Several hosts do not answer on port 25, {host} among them: this network most likely blocks it.",
		cause:   "Many lines of offices and homes, and many clouds, let no mail out on port 25. Mail of ClockWise leaves from elsewhere.",
		owner:   finding.Network, fix: "Test from another network, or ask the provider of this line to open outgoing port 25.",
		certainty: Likely, reference: "RFC 5321 section 4.5.3.2",
	},
	{
		id: "filtered-there", when: func(o Obstacle) bool { return o.silent() && o.Port == 25 && o.Answered > 0 },
		meaning: "{host} does not answer on port 25, and other hosts do.",
		cause:   "A firewall before {host} drops connections from here, or the server is down.",
		fix:     "Ask the manager of {host} to let mail in on port 25 from the address that sends, and whether the server runs.",
		note:    "It was seen from this machine: ClockWise's addresses may be let in.", certainty: Likely, retry: usualWait, reference: "RFC 5321 section 4.5.3.2",
	},
	{
		id: "silent", when: Obstacle.silent,
		meaning: "{host} does not answer on port {port}.",
		cause:   "Either this network lets nothing out on this port, or a firewall before {host} drops connections, or the server is down. One host alone does not tell which.",
		owner:   finding.Network, fix: "Try from another network first. If it is silent there too, ask the manager of {host}.",
		certainty: Unsure, retry: usualWait, reference: "RFC 5321 section 4.5.3.2",
	},
	{
		id: "refused", when: with(smtp.Refused),
		meaning: "{host} refuses connections to port {port}.",
		cause:   "Nothing listens on this port, or a firewall refuses this machine.",
		fix:     "Check host and port of the transport; ask the manager of {host} whether the server runs and admits the address that sends.",
		note:    "It was seen from this machine: ClockWise's addresses may be let in.", certainty: Likely, retry: usualWait, reference: "RFC 5321 section 3.1",
	},
	{
		id: "no-route", when: with(smtp.NoRoute),
		meaning: "There is no way from this machine to {host}: {detail}.",
		cause:   "The network of this machine does not reach that address, or its own firewall forbids it.",
		owner:   finding.Network, fix: "Check the network of this machine, or test from another one.",
		certainty: Likely, reference: "RFC 5321 section 4.5.3.2",
	},
	{
		id: "unsure", when: at(smtp.End, smtp.TimedOut, smtp.Dropped),
		meaning: "The message was sent to its end, and {host} did not say whether it took it.",
		cause:   "The server needed too long for it, or the connection broke at the last moment.",
		fix:     "Do not send it again before the recipient has looked: it may have arrived. Ask the manager of {host} to look in the log.",
		note:    "Sending it again may deliver it twice.", certainty: Certain, reference: "RFC 5321 section 4.5.3.2.6",
	},
	{
		id: "tarpit", when: at(smtp.Banner, smtp.TimedOut),
		meaning: "{host} takes the connection and then does not greet in time.",
		cause:   "The server lets strangers wait (a tarpit, a check of the address), it is overloaded, or a firewall holds the conversation back.",
		fix:     "Try again later. If it stays, ask the manager of {host} to admit the address that sends.",
		note:    "The port is open: it is not blocked on this side.", certainty: Likely, retry: usualWait, reference: "RFC 5321 section 4.5.3.2.1",
	},
	{
		id: "stalled", when: with(smtp.TimedOut),
		meaning: "{host} spoke at first, and did not answer at the {stage} in time.",
		cause:   "The server slows senders down (a tarpit) or is overloaded. Where only large messages stall, a firewall on the way drops large packets.",
		fix:     "Try again later. If it stays, ask the manager of {host} to look in the log.",
		note:    "The port is open: it is not blocked on this side.", certainty: Likely, retry: usualWait, reference: "RFC 5321 section 4.5.3.2",
	},
	{
		id: "dropped-at-greeting", when: at(smtp.Banner, smtp.Dropped),
		meaning: "{host} hangs up without a greeting: {detail}.",
		cause:   "The server or the firewall before it does not want the address that connects, or it is overloaded.",
		fix:     "Ask the manager of {host} to admit the address that sends.",
		note:    "It was seen from this machine: ClockWise's addresses may be let in.", certainty: Likely, retry: usualWait, reference: "RFC 5321 section 3.8",
	},
	{
		id: "dropped", when: with(smtp.Dropped),
		meaning: "{host} hangs up at the {stage}: {detail}.",
		cause:   "The server broke off without a word, or a firewall on the way cut the connection.",
		fix:     "Try again later. If it stays, ask the manager of {host} to look in the log.", certainty: Likely, retry: usualWait, reference: "RFC 5321 section 3.8",
	},
	{
		id: "not-smtp", when: with(smtp.NotSMTP),
		meaning: "What {host} says on port {port} is not SMTP.",
		cause:   "The port belongs to another service, or a box on the way answers instead of the server.",
		fix:     "Check host and port of the transport; ask the manager of {host} for those of the mail server.", certainty: Likely, reference: "RFC 5321 section 4.2",
	},
	{
		id: "no-starttls", when: with(smtp.NoStartTLS),
		meaning: "{host} offers no encryption (STARTTLS) on port {port}, and the transport wants it.",
		cause:   "TLS is not set up on the server, the port wants TLS from the beginning, or a box on the way hides the offer.",
		fix:     "Switch STARTTLS on at {host}, or use the port and the security that it offers.", certainty: Likely, reference: "RFC 3207 section 4",
	},
	{
		id: "early-octets", when: with(smtp.EarlyOctets),
		meaning: "Something spoke in clear between STARTTLS and the encryption of {host}.",
		cause:   "A fault of the server, or somebody on the way who puts words in.",
		fix:     "Ask the manager of {host} to update the mail server. Do not log in there until then.", certainty: Certain, reference: "RFC 3207 section 4.2",
	},
	{
		id: "bad-certificate", when: with(smtp.BadCertificate),
		meaning: "The certificate is not that of {host}: {detail}. The password was not sent.",
		cause:   "The certificate has another name, has expired or is signed by nobody whom this machine trusts; or the host of the transport is written otherwise than in the certificate.",
		fix:     "Set smtp.host of the transport to a name in the certificate, or have the manager of {host} install a valid one.", certainty: Certain, reference: "RFC 6125 section 6",
	},
	{
		id: "weak-tls", when: with(smtp.WeakTLS),
		meaning: "The encryption of {host} is too old: {detail}. The password was not sent.",
		cause:   "The server knows no TLS 1.2 or newer.",
		fix:     "Ask the manager of {host} to switch TLS 1.2 and 1.3 on.", certainty: Certain, reference: "RFC 8996 section 5",
	},
	{
		id: "bad-tls", when: with(smtp.BadTLS),
		meaning: "The encryption with {host} could not begin: {detail}.",
		cause:   "Both sides have no version or cipher in common, or the certificate cannot be used.",
		fix:     "Ask the manager of {host} to check certificate and TLS versions.", certainty: Likely, reference: "RFC 8996 section 5",
	},
	{
		id: "no-mechanism", when: with(smtp.NoMechanism),
		meaning: "{host} does not offer the login method of the transport.",
		cause:   "smtp.auth names another method than the server has, the port is one for servers (25), or the login is offered after STARTTLS only.",
		owner:   finding.ClockWise, fix: "Set smtp.auth of the transport to a method that the server offers, on port 587 with starttls.",
		certainty: Certain, reference: "RFC 4954 section 4",
	},
	{
		id: "no-secret", when: with(smtp.NoSecret),
		meaning: "There is no password or token for the login at {host}.",
		cause:   "The place where the transport looks for its password has none.",
		owner:   finding.ClockWise, fix: "Enter the password of the transport.",
		certainty: Certain, reference: "RFC 4954 section 4",
	},
	{
		id: "bad-challenge", when: with(smtp.BadChallenge),
		meaning: "{host} asks something in the login that cannot be answered.",
		cause:   "The server does not keep to the login method that it offers.",
		fix:     "Choose another login method in the transport, or ask the manager of {host}.", certainty: Likely, reference: "RFC 4954 section 4",
	},
	{
		id: "no-smtputf8", when: with(smtp.NoSMTPUTF8),
		meaning: "An address has letters beyond ASCII, and {host} does not take those.",
		cause:   "The server does not offer SMTPUTF8.",
		owner:   finding.Nobody, fix: "Use an address without such letters.",
		certainty: Certain, reference: "RFC 6531 section 3.2",
	},
	{
		id: "no-8bitmime", when: with(smtp.No8BitMIME),
		meaning: "The message has octets beyond ASCII, and {host} does not take those.",
		cause:   "The server does not offer 8BITMIME.",
		owner:   finding.ClockWise, fix: "Encode the message as quoted-printable or base64.",
		certainty: Certain, reference: "RFC 6152 section 3",
	},
	{
		id: "too-large", when: with(smtp.TooLarge),
		meaning: "The message is larger than {host} takes.",
		cause:   "An attachment is too large for the limit that the server announces.",
		owner:   finding.ClockWise, fix: "Send a smaller attachment, or a link; or have the manager of {host} raise the limit.",
		certainty: Certain, reference: "RFC 1870 section 6",
	},
	{
		id: "no-host", when: with(smtp.NoHost),
		meaning: "Nothing takes mail for this: there is neither a mail server nor an address in DNS.",
		cause:   "There is a typing error in the recipient's domain or in the host of the transport, or the name is gone.",
		owner:   finding.Nobody, fix: "Correct the address of the recipient, or smtp.host of the transport.",
		certainty: Certain, reference: "RFC 5321 section 5.1",
	},
	{
		id: "null-mx", when: with(smtp.NullMX),
		meaning: "The recipient's domain says that it takes no mail.",
		cause:   "It has a null MX record: nobody reads mail there.",
		owner:   finding.Nobody, fix: "Correct the address in ClockWise.",
		certainty: Certain, reference: "RFC 7505 section 3",
	},
	{
		id: "not-resolved", when: with(smtp.NotResolved),
		meaning: "The name servers did not tell where the mail goes: {detail}.",
		cause:   "The name servers of the domain or those of this network do not answer. Nothing is known about the mail server.",
		owner:   finding.Network, fix: "Try again later. If it stays, check the name servers of this network, then those of the domain.",
		certainty: Unsure, retry: usualWait, reference: "RFC 5321 section 5.1",
	},
}

func with(kinds ...smtp.Trouble) func(Obstacle) bool {
	return func(o Obstacle) bool {
		for _, k := range kinds {
			if o.Trouble == k {
				return true
			}
		}
		return false
	}
}

func at(stage smtp.Stage, kinds ...smtp.Trouble) func(Obstacle) bool {
	same := with(kinds...)
	return func(o Obstacle) bool { return o.Stage == stage && same(o) }
}

// silent holds where not even the connection came.
func (o Obstacle) silent() bool { return o.Stage == smtp.Connect && o.Trouble == smtp.TimedOut }

// blockedHere holds where port 25 is closed towards several hosts, and no host
// answers there.
func (o Obstacle) blockedHere() bool {
	return o.silent() && o.Port == 25 && o.Answered == 0 && o.Silent >= fewest
}

// DiagnoseTrouble explains why a delivery ended without a reply that says why.
// It reports false where there is nothing to explain: no trouble, stopped by
// us, or a reply, which Diagnose explains.
func DiagnoseTrouble(o Obstacle) (Diagnosis, bool) {
	switch o.Trouble {
	case smtp.NoTrouble, smtp.NotRun, smtp.NotMail:
		return Diagnosis{}, false
	case smtp.BadReply:
		if o.Rewritten == "" {
			return Diagnosis{}, false
		}
	}
	for _, t := range troubles {
		if t.when(o) {
			return t.diagnosis(o), true
		}
	}
	return Diagnosis{}, false
}

func (t trouble) diagnosis(o Obstacle) Diagnosis {
	const most = 300 // of foreign text in a sentence
	short := func(s string) string {
		return strings.TrimRight(strings.ToValidUTF8(s[:min(len(s), most)], "\uFFFD"), ". ")
	}
	words := strings.NewReplacer(
		"{host}", cmp.Or(short(o.Host), "the server"), "{port}", strconv.Itoa(int(o.Port)), "{stage}", o.Stage.String(),
		"{detail}", cmp.Or(short(o.Detail), "it says no more"), "{security}", cmp.Or(short(o.Security), "none"), "{rewritten}", short(o.Rewritten))
	d := Diagnosis{
		ID: "trouble-" + t.id, Meaning: words.Replace(t.meaning), Cause: words.Replace(t.cause), Owner: t.owner, Fix: words.Replace(t.fix), Note: t.note,
		Certainty: t.certainty, Transient: t.retry > 0, Retry: t.retry, Reference: t.reference,
	}
	if d.Owner == "" {
		d.Owner = finding.Nobody // the server of a stranger
		if o.External {
			d.Owner = finding.CustomerMailServer
		}
	}
	return d
}
