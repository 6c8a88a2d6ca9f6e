package transports

import (
	"slices"
	"strings"
)

// publicMail are domains of public mail providers: nobody but the provider can
// change their DNS. A name that ends in "." stands for any ending, such as
// hotmail.nl or hotmail.co.uk.
var publicMail = []string{
	"gmail.com", "googlemail.com",
	"outlook.com", "outlook.", "hotmail.", "live.", "msn.com", "passport.com",
	"yahoo.", "ymail.com", "rocketmail.com", "aol.com",
	"icloud.com", "me.com", "mac.com",
	"gmx.", "web.de", "t-online.de", "freenet.de", "mail.de", "posteo.de", "posteo.net", "mailbox.org",
	"proton.me", "protonmail.com", "protonmail.ch", "pm.me", "tutanota.com", "tutanota.de", "tuta.io", "tuta.com",
	"ziggo.nl", "home.nl", "quicknet.nl", "upcmail.nl", "chello.nl", "casema.nl", "multiweb.nl", "zeelandnet.nl",
	"kpnmail.nl", "kpnplanet.nl", "planet.nl", "hetnet.nl", "xs4all.nl", "telfort.nl", "online.nl", "tele2.nl",
	"caiway.nl", "caiway.net", "solcon.nl", "freedom.nl", "versatel.nl", "wxs.nl", "zonnet.nl", "delta.nl",
	"telenet.be", "skynet.be", "proximus.be", "scarlet.be", "voo.be", "belgacom.net",
	"orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it",
	"btinternet.com", "comcast.net", "verizon.net", "att.net", "fastmail.com", "fastmail.fm", "hey.com", "zohomail.com",
	"zohomail.eu", "mail.com", "mail.ru", "yandex.ru", "yandex.com", "qq.com", "163.com", "126.com",
}

// IsPublicMail says whether domain belongs to a public mail provider.
func IsPublicMail(domain string) bool {
	d := strings.ToLower(strings.TrimSuffix(domain, "."))
	return slices.ContainsFunc(publicMail, func(p string) bool {
		return d == p || strings.HasSuffix(p, ".") && strings.HasPrefix(d, p) && publicEnding(d[len(p):])
	})
}

// publicEnding holds for the endings under which the families of publicMail
// sell mailboxes: a country, a country's commercial level, or com. Anything
// longer is somebody else's name.
func publicEnding(s string) bool {
	first, rest, two := strings.Cut(s, ".")
	if !two {
		return len(first) == 2 || first == "com" || first == "net"
	}
	return (first == "co" || first == "com") && len(rest) == 2
}

// Accepts is which senders an SMTP service takes mail from.
type Accepts uint8

// The zero value is not known.
const (
	AcceptsUnknown    Accepts = iota
	AcceptsOwnMailbox         // the mailbox that logs in, and its aliases
	AcceptsOwnDomain          // domains that the customer has set up there
)

// Service types of well-known SMTP servers.
const (
	Office365Relay      = "Microsoft 365 relay"
	Office365Submission = "Microsoft 365 SMTP AUTH"
)

// KnownServer is a public fact on an SMTP service.
type KnownServer struct {
	Name     string
	Host     string // as configured; "*." in front stands for one or more labels
	Ports    []int  // that work, the recommended one first
	Security string // at the first port
	Login    bool   // it wants a login
	Accepts  Accepts
}

var knownServers = []KnownServer{
	{Office365Relay, "*.mail.protection.outlook.com", []int{25}, "starttls", false, AcceptsOwnDomain},
	{Office365Relay, "*.mx.microsoft", []int{25}, "starttls", false, AcceptsOwnDomain},
	{Office365Submission, "smtp.office365.com", []int{587, 25}, "starttls", true, AcceptsOwnMailbox},
	{"Outlook.com", "smtp-mail.outlook.com", []int{587}, "starttls", true, AcceptsOwnMailbox},
	{"Gmail", "smtp.gmail.com", []int{587, 465}, "starttls", true, AcceptsOwnMailbox},
	{"Google Workspace relay", "smtp-relay.gmail.com", []int{587, 465, 25}, "starttls", false, AcceptsOwnDomain},
	{"Yahoo", "smtp.mail.yahoo.com", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"iCloud", "smtp.mail.me.com", []int{587}, "starttls", true, AcceptsOwnMailbox},
	{"Fastmail", "smtp.fastmail.com", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"GMX", "mail.gmx.net", []int{587, 465}, "starttls", true, AcceptsOwnMailbox},
	{"GMX", "mail.gmx.com", []int{587, 465}, "starttls", true, AcceptsOwnMailbox},
	{"Zoho", "smtp.zoho.com", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"Zoho", "smtp.zoho.eu", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"Ziggo", "smtp.ziggo.nl", []int{587}, "starttls", true, AcceptsUnknown},
	{"KPN", "smtp.kpnmail.nl", []int{587, 465}, "starttls", true, AcceptsUnknown},
	{"XS4ALL", "smtp.xs4all.nl", []int{587, 465}, "starttls", true, AcceptsUnknown},
	{"TransIP", "smtp.transip.email", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"Strato", "smtp.strato.com", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"IONOS", "smtp.ionos.com", []int{587, 465}, "starttls", true, AcceptsOwnMailbox},
	{"IONOS", "smtp.ionos.de", []int{587, 465}, "starttls", true, AcceptsOwnMailbox},
	{"OVHcloud", "ssl0.ovh.net", []int{465, 587}, "tls", true, AcceptsOwnMailbox},
	{"Amazon SES", "email-smtp.*.amazonaws.com", []int{587, 465, 2587, 2465, 25}, "starttls", true, AcceptsOwnDomain},
	{"SendGrid", "smtp.sendgrid.net", []int{587, 465, 2525, 25}, "starttls", true, AcceptsOwnDomain},
	{"Mailgun", "smtp.mailgun.org", []int{587, 465, 2525, 25}, "starttls", true, AcceptsOwnDomain},
	{"Mailgun", "smtp.eu.mailgun.org", []int{587, 465, 2525, 25}, "starttls", true, AcceptsOwnDomain},
	{"Postmark", "smtp.postmarkapp.com", []int{587, 2525, 25}, "starttls", true, AcceptsOwnDomain},
	{"Brevo", "smtp-relay.brevo.com", []int{587, 465, 2525}, "starttls", true, AcceptsOwnDomain},
	{"Mailjet", "in-v3.mailjet.com", []int{587, 465, 2525, 25}, "starttls", true, AcceptsOwnDomain},
}

// FindServer looks host up among the well-known services.
func FindServer(host string) (KnownServer, bool) {
	h := strings.ToLower(strings.TrimSuffix(host, "."))
	for _, k := range knownServers {
		before, after, star := strings.Cut(k.Host, "*")
		if h == k.Host || star && len(h) > len(before)+len(after) && strings.HasPrefix(h, before) && strings.HasSuffix(h, after) {
			return k, true
		}
	}
	return KnownServer{}, false
}
