package wizard

import (
	"cmp"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/transports"
)

// The facts of SPF: what its acts leave behind.
const (
	factGoto   = "goto"       // the guide that is to go on: "dkim"; "" for this one
	factRight  = "right"      // "yes" where nothing had to be changed
	factAsked  = "spf_asked"  // the domain whose record the answers are about
	factSPFWay = "spf_way"    // the way on where there is no room; "" for none
	factSPFOf  = "spf_of"     // the domain whose record the next facts are about
	factSPFAt  = "spf_at"     // where the record stands: behind a CNAME another name
	factSPFNew = "spf_value"  // the record to publish
	factSPFWas = "spf_was"    // what stood there before; "" where nothing did
	factSPFEnd = "spf_proved" // when ClockWise's servers were seen to pass
)

// The ways on where no room is left in a record.
const (
	wayRemove    = "remove"    // take terms out
	waySubdomain = "subdomain" // another envelope sender
	wayDKIM      = "dkim"      // sign, and leave SPF as it is
)

// SPF is the guide to an SPF record that lets ClockWise send (RFC 7208).
func SPF() *Wizard {
	return &Wizard{
		ID: "spf", Title: "Let ClockWise send for your domain (SPF)",
		About:   "Reads the SPF record that is there, shows the smallest change that lets ClockWise send, waits until the world has it, and proves it.",
		Subject: func(r *Run) string { return dkimNamed(r.Given("domain")) },
		Steps:   []Step{spfDomain(), spfRecord(), spfChange(), spfWait(), spfProve()},
	}
}

// spfCase is what a run is about, from its answers and facts.
type spfCase struct {
	*Run
	domain string // of the sender addresses
}

func spfCaseOf(r *Run) spfCase { return spfCase{r, dkimNamed(r.Given("domain"))} }

// way is the way that was chosen where there is no room; "" for the record of
// the domain itself.
func (c spfCase) way() string {
	if c.Fact(factAsked) != c.domain {
		return ""
	}
	return c.Fact(factSPFWay)
}

// name is whose SPF record is to let ClockWise send: that of the envelope
// sender.
func (c spfCase) name() string {
	if c.way() == waySubdomain {
		return cmp.Or(dkimNamed(c.Given("envelope")), c.domain)
	}
	return c.domain
}

// registered is the domain that the customer registered.
func (c spfCase) registered() string { return zone.Registered(c.domain) }

// transport is the one that sends mail of the domain over ClockWise's servers.
func (c spfCase) transport() (t transports.Transport, configured bool) {
	for _, t := range dkimUsers(c.Run, c.domain) {
		if t.Type == transports.ClockWise {
			return t, true
		}
	}
	return transports.Transport{Name: c.domain, Type: transports.ClockWise, Match: transports.Match{Domain: c.domain}}, false
}

// sender is the transport as it sends when all is done.
func (c spfCase) sender() transports.Transport {
	t, _ := c.transport()
	if c.way() == waySubdomain {
		t.Envelope = "bounces@" + c.name()
	}
	return t
}

// target is what is examined.
func (c spfCase) target() checks.Target {
	t, configured := c.transport()
	sender := c.sender()
	if (configured || sender.Envelope != t.Envelope) && transports.DomainOf(sender.MailFrom(c.World.Service.NoReply)) == c.name() {
		return checks.Target{Transport: &sender}
	}
	return checks.Target{Domain: c.domain}
}

// drops says whether the reader takes a term out of the record.
func (c spfCase) drops(term string) bool {
	return c.way() == wayRemove && c.Given(dropField(term)) == "out"
}

// dropField is the id of the question about a term.
func dropField(term string) string { return "drop-" + term }

// also are the terms of others who send, for a record that is written from
// nothing.
func (c spfCase) also() []string {
	var out []string
	if c.Fact(factAsked) != c.domain {
		return nil
	}
	if c.Given("also-mx") == "yes" {
		out = append(out, "mx")
	}
	for _, s := range strings.Fields(c.Given("also")) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// published says that the change step left a record to wait for.
func (c spfCase) published() bool { return c.Fact(factSPFNew) != "" && c.Fact(factSPFOf) == c.name() }

// resolver is who is asked; nil where nobody can be.
func (c spfCase) resolver() dns.Resolver { return freshOf(c.World) }
