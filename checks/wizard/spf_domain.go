package wizard

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/nearest"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/transports"
)

func spfDomain() Step {
	return Step{
		ID: "domain", Title: "Domain",
		Ask: "For which domain is ClockWise to send mail? Fill in the domain of your sender addresses.",
		Why: "Each domain lists in DNS which servers may send mail for it: that is its SPF record. A receiver looks there, and mail from a server that is not in the list is refused or goes to spam.\n\n" +
			"This guide changes nothing by itself: it shows what to type, and looks whether it arrived.",
		Fields: func(r *Run) []Field {
			f := Field{
				ID: "domain", Label: "Domain", Help: "The part of your sender address behind the @, for example acme.example.",
				Default: spfLikely(r), Check: spfCheckDomain,
			}
			if all := spfConfigured(r); len(all) > 1 {
				f.Help += " Your configuration sends mail of " + listed(all, "and") + "."
			}
			return []Field{f}
		},
		Notes: spfDomainNotes,
	}
}

// maxListed is how many names stand in a sentence.
const maxListed = 6

// listed is a list in words: "a, b and c".
func listed(all []string, and string) string {
	if more := len(all) - maxListed; more > 0 {
		all = append(slices.Clone(all[:maxListed]), fmt.Sprintf("%d more", more))
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " " + and + " " + all[last]
}

// spfConfigured are the domains whose mail the configuration sends, those that
// leave over ClockWise's servers first.
func spfConfigured(r *Run) []string {
	var ours, others []string
	for _, t := range dkimAll(r) {
		d := dkimSigns(r, t)
		if t.Type == transports.ClockWise {
			ours = append(ours, d)
		} else {
			others = append(others, d)
		}
	}
	var out []string
	for _, d := range append(ours, others...) {
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// spfLikely is the domain that is probably meant.
func spfLikely(r *Run) string {
	for _, t := range dkimAll(r) {
		if r.Given("transport") != "" && strings.EqualFold(t.Name, r.Given("transport")) {
			return dkimSigns(r, t)
		}
	}
	if all := spfConfigured(r); len(all) > 0 {
		return all[0]
	}
	return ""
}

func spfCheckDomain(r *Run, value string) (clean, problem string) {
	d, err := transports.ParseDomain(value)
	ours := r.World.Service.Domain
	switch {
	case errors.Is(err, transports.ErrAddress):
		return "", fmt.Sprintf("'%s' is the address of a machine. Fill in a domain, for example acme.example.", value)
	case err != nil:
		return "", fmt.Sprintf("'%s' is not a domain: it needs a dot, for example acme.example.", value)
	case transports.IsPublicMail(d):
		return "", "'" + d + "' belongs to a provider of mailboxes: nobody else can publish records there. Use a domain of your own."
	case ours != "" && dns.Within(d, ours):
		return "", "'" + d + "' is ClockWise's own domain, which has its record already. Use the domain of your sender addresses."
	case strings.HasPrefix(d, "_"):
		return "", "'" + d + "' is the name of a record. Fill in the domain behind the @ of your sender address."
	case zone.Registered("x."+d) == "x."+d:
		return "", "'" + d + "' is not yours alone: below it everybody registers names. Fill in your own domain, for example acme." + d + "."
	}
	return d, ""
}

func spfDomainNotes(r *Run) []Mark {
	value := r.Answer("domain")
	d, problem := spfCheckDomain(r, value)
	if value == "" || problem != "" {
		return nil
	}
	var out []Mark
	users := dkimUsers(r, d)
	for _, t := range users {
		switch from := transports.DomainOf(t.MailFrom(r.World.Service.NoReply)); {
		case t.Type == transports.SMTP:
			out = append(out, Mark{Warning, "Mail of " + t.Name + " leaves from your own SMTP server. The SPF record must name that server; ClockWise needs to be in it only for mail that leaves from ClockWise's servers."})
		case from != "" && from != d:
			out = append(out, Mark{Note, t.Name + " sends with an envelope sender of " + from + ": the SPF record of " + from + " decides about its mail. Fill that in here."})
		}
	}
	if len(users) == 0 && len(spfConfigured(r)) > 0 {
		out = append(out, Mark{Note, "No configured transport sends mail of " + d + "." + meant(d, spfConfigured(r))})
	}
	return out
}

// meant says which known domain was probably meant; "" for none.
func meant(d string, known []string) string {
	for _, k := range known {
		if n := nearest.Distance(d, k); n > 0 && n <= 2 {
			return " Did you mean " + k + "?"
		}
	}
	return ""
}
