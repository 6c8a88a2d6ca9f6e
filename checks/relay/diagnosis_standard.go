package relay

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// standard is what a code means by the standards, in which the cause does not
// stand. The first line that fits counts.
type standardCode struct {
	subject, detail, last int // x.subject.detail up to x.subject.last; detail -1: all of the subject
	meaning               string
	owner                 finding.Owner
	fix                   string
	rfc                   string
}

const (
	askServer  = "Ask the manager of the server that refused, and show the whole reply."
	checkName  = "Correct the address in ClockWise, or ask the recipient."
	askTheirs  = "Ask the recipient: only the other side can change it."
	checkDKIM  = "Check that DKIM is on for the transport and that its key is published."
	checkSPF   = "Check that the SPF record lists the server that sent this mail."
	checkLogin = "Correct user name and password in the transport."
)

var standardCodes = []standardCode{
	{1, 1, 1, "the recipient's mailbox does not exist", finding.Nobody, checkName, "RFC 3463 section 3.2"},
	{1, 2, 2, "the recipient's domain does not exist or takes no mail", finding.Nobody, checkName, "RFC 3463 section 3.2"},
	{1, 3, 3, "the recipient's address is malformed", finding.Nobody, checkName, "RFC 3463 section 3.2"},
	{1, 7, 7, "the sender's address is malformed", finding.ClockWise, "Correct the sender address in ClockWise.", "RFC 3463 section 3.2"},
	{1, 8, 8, "the sender's domain does not exist", finding.CustomerDNS, "Check the sender's domain: it needs an MX record or an address.", "RFC 3463 section 3.2"},
	{1, -1, 0, "something about an address", finding.Nobody, "Check sender and recipient, then ask the manager of the server that refused.", "RFC 3463 section 3.2"},
	{2, 1, 1, "the mailbox is switched off", finding.Nobody, askTheirs, "RFC 3463 section 3.3"},
	{2, 2, 2, "the mailbox is full", finding.Nobody, "Tell the recipient, by another way than mail.", "RFC 3463 section 3.3"},
	{2, 3, 3, "the message is too large for this mailbox", finding.Nobody, "Send a smaller attachment, or a link.", "RFC 3463 section 3.3"},
	{2, -1, 0, "something about the recipient's mailbox", finding.Nobody, askTheirs, "RFC 3463 section 3.3"},
	{3, 1, 1, "the receiving mail system is full", finding.Nobody, askServer, "RFC 3463 section 3.4"},
	{3, 2, 2, "the receiving mail system takes no mail now", finding.Nobody, askServer, "RFC 3463 section 3.4"},
	{3, 4, 4, "the message is too large for the receiving system", finding.Nobody, "Send a smaller attachment, or a link.", "RFC 3463 section 3.4"},
	{3, -1, 0, "something about the receiving mail system", finding.Nobody, askServer, "RFC 3463 section 3.4"},
	{4, 1, 1, "the next server does not answer", finding.Nobody, askServer, "RFC 3463 section 3.5"},
	{4, 2, 2, "the connection to the next server broke", finding.Nobody, askServer, "RFC 3463 section 3.5"},
	{4, 4, 4, "there is no route to the recipient's domain", finding.Nobody, "Check the recipient's domain and its MX records.", "RFC 3463 section 3.5"},
	{4, 6, 6, "the mail goes round in a loop", finding.Nobody, "Ask the manager of the recipient's server to look at its forwarding.", "RFC 3463 section 3.5"},
	{4, 7, 7, "the time for delivery has run out", finding.Nobody, "Check the recipient's domain and server, then send again.", "RFC 3463 section 3.5"},
	{4, -1, 0, "something about the network or the route", finding.Nobody, askServer, "RFC 3463 section 3.5"},
	{5, 1, 1, "the command is not allowed now", finding.ClockWise, "Look at the replies before this one; often a login or STARTTLS is missing.", "RFC 3463 section 3.6"},
	{5, 2, 2, "the server does not understand the command", finding.ClockWise, "Look at the command before this reply.", "RFC 3463 section 3.6"},
	{5, 3, 3, "there are too many recipients", finding.ClockWise, "Spread the recipients over several messages.", "RFC 3463 section 3.6"},
	{5, 4, 4, "the server does not take a part of the command", finding.ClockWise, "Look at the command before this reply.", "RFC 3463 section 3.6"},
	{5, -1, 0, "something about the SMTP conversation", finding.ClockWise, "Look at the command before this reply.", "RFC 3463 section 3.6"},
	{6, -1, 0, "something about the content of the message", finding.Nobody, askServer, "RFC 3463 section 3.7"},
	{7, 1, 1, "the server refuses it by policy", finding.Nobody, askServer, "RFC 3463 section 3.8"},
	{7, 8, 8, "user name or password is wrong", finding.CustomerMailServer, checkLogin, "RFC 4954 section 6"},
	{7, 9, 9, "the way of logging in is too weak for the server", finding.CustomerMailServer, "Choose another login method in the transport, one that the server allows.", "RFC 4954 section 6"},
	{7, 20, 22, "no DKIM signature passed that the server accepts", finding.CustomerDNS, checkDKIM, "RFC 7372 section 3.1"},
	{7, 23, 24, "SPF failed, or could not be worked out", finding.CustomerDNS, checkSPF, "RFC 7372 section 3.2"},
	{7, 25, 25, "the reverse DNS of the sending address failed", finding.ClockWise, "Check the PTR record of the sending address.", "RFC 7372 section 3.3"},
	{7, 26, 26, "several checks of the sender failed (SPF, DKIM)", finding.CustomerDNS, checkSPF + " " + checkDKIM, "RFC 7372 section 3.4"},
	{7, 27, 27, "the sender's domain says that it takes no mail (null MX)", finding.CustomerDNS, "Remove the null MX of the sender's domain, or send from another domain.", "RFC 7505 section 4.2"},
	{7, 30, 30, "by the standard it says that the demand for encryption all the way (REQUIRETLS) cannot be kept; Microsoft says with this number that Basic authentication is retired, and Google that DKIM did not pass", finding.Nobody, "Read the text of the reply: the number alone does not decide.", "RFC 8689 section 5"},
	{7, -1, 0, "something about security or policy", finding.Nobody, askServer, "RFC 3463 section 3.8"},
}

// basicCodes are the reply codes of RFC 5321 section 4.2.3 and of the
// extensions.
var basicCodes = []struct {
	code    int
	meaning string
	rfc     string
}{
	{211, "the server tells its state", rfc5321},
	{214, "the server answers a call for help", rfc5321},
	{220, "the server is ready", rfc5321},
	{221, "the server ends the conversation", rfc5321},
	{235, "the login was accepted", rfc4954},
	{250, "what was asked is done", rfc5321},
	{251, "the recipient is elsewhere, and the server passes the mail on", rfc5321},
	{252, "the server does not say whether the recipient exists, but takes the mail", rfc5321},
	{334, "the server waits for the next part of the login", rfc4954},
	{354, "the server waits for the message", rfc5321},
	{421, "the server is not available and hangs up", rfc5321},
	{432, "the password has to be changed first", rfc4954},
	{450, "the mailbox cannot take the mail now", rfc5321},
	{451, "something went wrong at the server", rfc5321},
	{452, "the server has no room for it, or there are too many recipients", rfc5321},
	{454, "the server cannot do the login or the encryption now", rfc4954},
	{455, "the server cannot take the parameters of the command now", rfc5321},
	{500, "the server does not understand the command", rfc5321},
	{501, "the server does not understand a part of the command", rfc5321},
	{502, "the server does not know the command", rfc5321},
	{503, "the command came at the wrong time", rfc5321},
	{504, "the server does not know a parameter of the command", rfc5321},
	{521, "this host takes no mail at all", "RFC 7504 section 3"},
	{530, "the server wants a login or encryption first", rfc4954},
	{534, "the way of logging in is too weak for the server", rfc4954},
	{535, "user name or password is wrong, or the login is not allowed", rfc4954},
	{538, "the login needs encryption first", rfc4954},
	{550, "the mailbox is not available, or the server refuses by policy", rfc5321},
	{551, "the recipient is not on this server", rfc5321},
	{552, "the mailbox is full, or the message is too large", rfc5321},
	{553, "the address is not allowed", rfc5321},
	{554, "the server refuses it and does not say why", rfc5321},
	{555, "the server does not know a parameter of MAIL or RCPT", rfc5321},
	{556, "the recipient's domain takes no mail", "RFC 7504 section 4"},
}

const (
	rfc5321 = "RFC 5321 section 4.2"
	rfc4954 = "RFC 4954 section 6"
)

// standings begin what a reply means by its first digit.
var standings = [...]string{0: "The reply says", 2: "Done", 3: "The server asks for more", 4: "Refused for now", 5: "Refused for good"}

// unlisted is the cause where only the standards tell.
const unlisted = "Not known: no known reply has this text, and the code alone does not tell the cause."

// standard explains a reply that no row of the catalogue explains.
func (h heard) standard(d *Diagnosis) {
	d.Certainty, d.Cause, d.Owner, d.Fix = Unsure, unlisted, finding.Nobody, askServer
	class := h.code / 100
	n, ok := numbers(h.enhanced)
	if h.code == 0 && ok {
		class = n[0]
	}
	if class < 0 || class >= len(standings) || standings[class] == "" {
		class = 0
	}
	d.Transient = h.temporary()
	said := ""
	if s, found := byEnhanced(n); ok && found {
		said, d.Owner, d.Fix, d.Reference = s.meaning, s.owner, s.fix, s.rfc
	}
	for _, b := range basicCodes {
		if b.code == h.code && said == "" {
			said, d.Reference = b.meaning, b.rfc
		}
	}
	if said == "" {
		said, d.Reference = "the code says no more than that", rfc5321
	}
	d.Meaning = fmt.Sprintf("%s: %s.", standings[class], said)
	switch {
	case class == 2 || class == 3:
		d.Certainty, d.Cause, d.Owner, d.Fix = Likely, "This is not a refusal.", finding.Nobody, "Nothing."
		d.Note = "Mail that was accepted may still land in quarantine or junk, and an accepted recipient may be refused when the message has been sent."
	case h.text == "":
		d.Note = "Give the whole reply with its text: the text decides."
	case h.provider == Gmail && d.Transient && ok && n[1] == 7 && n[2] >= 20 && n[2] < 40 && n[2] != 28:
		d.Transient = false
		d.Note = "A code that begins with 4 is Google's warning: the same mail is rejected later on. Trying again does not help."
	case ok:
		d.Note = "Vendors use some numbers otherwise than the standard."
	}
	if strings.HasPrefix(h.Stage, "auth") && d.Owner == finding.Nobody && class >= 4 {
		d.Owner, d.Fix = finding.CustomerMailServer, "Check user name, password and login method of the transport with the manager of the server."
	}
}

func byEnhanced(n [3]int) (standardCode, bool) {
	for _, s := range standardCodes {
		if s.subject == n[1] && (s.detail < 0 || s.detail <= n[2] && n[2] <= s.last) {
			return s, true
		}
	}
	return standardCode{}, false
}
