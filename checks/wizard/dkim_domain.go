package wizard

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
)

func dkimDomain() Step {
	return Step{
		ID: "domain", Title: "Domain",
		Ask: "Whose mail is to be signed? Fill in the domain of the sender addresses.",
		Why: "A signature proves that mail comes from who may use the domain, and that nobody changed it on its way. It also holds when the mail is forwarded, where SPF fails.\n\n" +
			"The signature is made by a mail transport: the way in which ClockWise sends mail of this domain.",
		Fields: dkimDomainFields,
		Notes:  dkimDomainNotes,
		Act: func(_ context.Context, r *Run, _ func(View)) Outcome {
			c := dkimCaseOf(r)
			name := ""
			if c.configured {
				name = c.t.Name
			}
			return Outcome{Facts: map[string]string{factTransport: name}}
		},
	}
}

func dkimDomainFields(r *Run) []Field {
	domain := Field{
		ID: "domain", Label: "Domain", Help: "The part of your sender address behind the @, for example acme.example.",
		Default: dkimLikely(r), Check: dkimCheckDomain,
	}
	users := dkimUsers(r, dkimNamed(cmp.Or(r.Given("domain"), domain.Default)))
	if len(users) < 2 {
		return []Field{domain}
	}
	which := Field{
		ID: "transport", Label: "Transport", Kind: Choice, Default: dkimFirst(users).Name,
		Help: "The mail transport that is to sign. Each one signs for itself.",
	}
	for _, t := range users {
		which.Options = append(which.Options, Option{Value: t.Name, Label: t.Name, Help: dkimSays(t)})
	}
	return []Field{domain, which}
}

// dkimLikely is the domain that is probably meant.
func dkimLikely(r *Run) string {
	all := dkimAll(r)
	for _, t := range all {
		if strings.EqualFold(t.Name, r.Given("transport")) {
			return dkimSigns(r, t)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return dkimSigns(r, dkimFirst(all))
}

// dkimSays tells a transport from others.
func dkimSays(t transports.Transport) string {
	how := "does not sign yet"
	if t.DKIM.Enabled && t.DKIM.Selector != "" {
		how = "signs already, with selector " + t.DKIM.Selector
	}
	return fmt.Sprintf("%s, takes %s; it %s.", t.Type.Title(), t.Match, how)
}

func dkimCheckDomain(r *Run, value string) (clean, problem string) {
	d, err := transports.ParseDomain(value)
	if err != nil {
		return "", fmt.Sprintf("'%s' is not a domain: it needs a dot, for example acme.example.", value)
	}
	if _, below, ok := strings.Cut(d, "_domainkey."); ok { // the name of a record, as people paste it
		d = below
	}
	ours := r.World.Service.Domain
	switch {
	case transports.IsPublicMail(d):
		return "", "'" + d + "' belongs to a provider of mailboxes: nobody else can publish records there. Use a domain of your own."
	case ours != "" && dns.Within(d, ours):
		return "", "'" + d + "' is ClockWise's own domain, whose mail is signed already. Use the domain of your sender addresses."
	case strings.HasPrefix(d, "_"):
		return "", "'" + d + "' is the name of a record. Fill in the domain behind the @ of your sender address."
	}
	return d, ""
}

func dkimDomainNotes(r *Run) []Mark {
	c := dkimCaseOf(r)
	if _, err := transports.ParseDomain(c.domain); err != nil {
		return nil
	}
	d := c.t.DKIM
	switch {
	case !c.configured:
		return []Mark{{Note, "No configured mail transport sends mail of " + c.domain + ", and one is needed to sign. The key can be made and published first; the last step offers to make a transport."}}
	case c.held():
		return []Mark{{Note, "The private half of the key of " + c.t.Name + " is held by ClockWise alone. No key is made here: the guide shows the record of that key and waits until it is right."}}
	case d.Enabled && d.Selector != "":
		return []Mark{{Note, c.t.Name + " signs already, with selector " + d.Selector + ". The guide puts a second key beside it, switches over when that one is proven, and tells when the old one may go."}}
	}
	return []Mark{{OK, "The transport " + c.t.Name + " will sign, when the key is published and proven."}}
}
