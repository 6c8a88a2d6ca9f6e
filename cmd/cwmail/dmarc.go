package main

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/safe"
)

func newDMARCShow(a *app, runF func(context.Context, *domainOptions) error) *cobra.Command {
	return domainCommand("show DOMAIN", "The policy that applies, and where it was found", "  cwmail dmarc show news.acme.example", runF, a.runDMARCShow)
}

func (a *app) runDMARCShow(cmd *cobra.Command, o *domainOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		r := dmarc.Lookup(ctx, w.resolver, o.domain, dmarc.Options{})
		if a.shared.json {
			if err := a.printJSON(dmarcJSON(r)); err != nil {
				return err
			}
			return statusOf(dmarcStatus(r))
		}
		for _, s := range r.Walk {
			if s.Answer.Status == dns.Failed && !r.Known {
				return unreadable("the DMARC record of "+o.domain, s.Answer)
			}
		}
		a.printDMARC(r)
		return statusOf(dmarcStatus(r))
	})
}

func dmarcStatus(r dmarc.Result) int {
	if !r.Known {
		return exitUnknown
	}
	return exitOK
}

func dmarcJSON(r dmarc.Result) any {
	type step struct {
		Name   string `json:"name"`
		Answer string `json:"answer"`
	}
	type psl struct {
		OrgDomain string  `json:"org_domain"`
		FoundAt   *string `json:"found_at"`
		Policy    *string `json:"policy"`
	}
	doc := struct {
		Domain       string  `json:"domain"`
		FoundAt      *string `json:"found_at"`
		Record       *string `json:"record"`
		Policy       *string `json:"policy"`
		OrgDomain    *string `json:"org_domain"`
		PSLOrgDomain *string `json:"psl_org_domain"`
		Walk         []step  `json:"walk"`
		PSL          *psl    `json:"psl"`
	}{
		Domain: r.Domain, FoundAt: orNull(r.FoundAt), Policy: policyOrUnknown(r.Policy, r.Known),
		PSLOrgDomain: orNull(r.PSL.OrgDomain), Walk: []step{},
	}
	if r.OrgKnown {
		doc.OrgDomain = orNull(r.OrgDomain)
	}
	if r.Record != nil {
		doc.Record = orNull(r.Record.Text)
	}
	for _, s := range r.Walk {
		doc.Walk = append(doc.Walk, step{s.Name, safe.UTF8(answerText(s.Answer))})
	}
	if r.PSL.Known {
		doc.PSL = &psl{r.PSL.OrgDomain, orNull(r.PSL.FoundAt), policyOrUnknown(r.PSL.Policy, true)}
	}
	return doc
}

// policyOrUnknown is null where there is no policy, and "unknown" where that
// could not be told.
func policyOrUnknown(p dmarc.Policy, known bool) *string {
	if !known {
		return orNull("unknown")
	}
	return orNull(string(p))
}

// answerText is an answer in words: its records, or why there are none.
func answerText(a dns.Answer) string {
	switch a.Status {
	case dns.Found:
		return strings.Join(a.Texts(), "\n")
	case dns.Empty:
		return "no TXT record (NODATA)"
	case dns.NoName:
		return "no such name (NXDOMAIN)"
	}
	return "no answer: " + a.Reason()
}

func (a *app) printDMARC(r dmarc.Result) {
	switch {
	case r.Record == nil:
		a.behind("", r.Domain+" has no DMARC policy"+unusedRecords(r)+".")
	case r.Policy == dmarc.NoPolicy:
		a.behind("", fmt.Sprintf("%s has no DMARC policy: the record at %s asks for nothing.", r.Domain, dmarc.Name(r.FoundAt)))
	default:
		a.behind("", fmt.Sprintf("The policy for %s is %s, by %s= of the record at %s:", r.Domain, string(r.Policy), or(r.Tag, "p"), dmarc.Name(r.FoundAt)))
	}
	if r.Record != nil {
		a.printf("\n%s\n", r.Record.Text)
	}
	a.printf("\nThe walk (RFC 9989 section 4.10):\n")
	for _, s := range r.Walk {
		a.printWalk(s.Name, strings.Split(answerText(s.Answer), "\n"))
	}
	a.printf("\n")
	a.behind("", fmt.Sprintf("Organizational domain: %s (by the public suffix list: %s).", or(r.OrgDomain, "not known"), or(r.PSL.OrgDomain, "not known")))
	if r.PSL.Known {
		found := "finds no record"
		if r.PSL.FoundAt != "" {
			found = "uses the record at " + dmarc.Name(r.PSL.FoundAt) + ", policy " + or(string(r.PSL.Policy), "none at all")
		}
		a.behind("", "A receiver that still works by RFC 7489 "+found+".")
	}
}

// unusedRecords says where records stand that receivers do not use.
func unusedRecords(r dmarc.Result) string {
	for _, s := range r.Walk {
		if len(s.Records) > 1 {
			return fmt.Sprintf(": %d records stand at %s, and receivers use none of them", len(s.Records), s.Name)
		}
	}
	return ""
}

// printWalk writes a step: on one line where it fits, else each answer whole
// on a line of its own.
func (a *app) printWalk(name string, answers []string) {
	line := "  " + safe.Line(name) + ": " + safe.Line(answers[0])
	if len(answers) == 1 && utf8.RuneCountInString(line) <= textWidth {
		a.printf("%s\n", line)
		return
	}
	a.printf("  %s:\n", name)
	for _, text := range answers {
		a.printf("    %s\n", text)
	}
}

// or is s, or what stands for it where it is empty.
func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func newDMARCLint(a *app, runF func(context.Context, *lintOptions) error) *cobra.Command {
	return newLint(a, linter{
		subject: "DMARC", example: "  cwmail dmarc lint 'v=DMARC1; p=none; rua=mailto:dmarc@acme.example'", lint: dmarc.Lint,
	}, runF)
}
