package main

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports"
)

type routeOptions struct {
	from      string
	subsystem string
}

func newRoute(a *app, runF func(context.Context, *routeOptions) error) *cobra.Command {
	o := &routeOptions{}
	cmd := &cobra.Command{
		Use:     "route --from ADDR [--subsystem S]",
		Short:   "Which transport takes this mail, and why not the others",
		Example: "  cwmail route --from jan@acme.example\n  cwmail route --from facturen@acme.example --subsystem billing",
		Args:    args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runRoute(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.from, "from", "", "sender `ADDRESS` of the mail")
	cmd.Flags().StringVar(&o.subsystem, "subsystem", "", "service that sends: "+strings.Join(transports.Subsystems, ", "))
	return cmd
}

func (a *app) runRoute(cmd *cobra.Command, o *routeOptions) error {
	m, err := o.mail()
	if err != nil {
		return err
	}
	file, err := a.configured()
	if err != nil {
		return err
	}
	d := transports.Route(file.Transports, m)
	if a.shared.json {
		return a.printJSON(routeJSON(d))
	}
	a.printf("%s\n\n", d.Transport.Name)
	a.wrapped(d.Why)
	for _, c := range d.Candidates {
		if c.Name == d.Transport.Name {
			continue
		}
		a.printf("\nnot %s\n", c.Name)
		a.wrapped(c.Why)
	}
	return nil
}

// mail is the mail that the flags describe.
func (o *routeOptions) mail() (transports.Mail, error) {
	from, err := mail.ParseAddress(strings.TrimSpace(o.from))
	var local, domain string
	if err == nil {
		at := strings.LastIndexByte(from.Address, '@')
		local = from.Address[:at]
		domain, err = transports.ParseDomain(from.Address[at+1:])
	}
	if err != nil {
		why := fmt.Sprintf("--from %q is not a mail address", o.from)
		if o.from == "" {
			why = "--from is missing"
		}
		return transports.Mail{}, &failure{what: "could not route this mail", why: why, hints: []string{"cwmail route --from jan@acme.example"}}
	}
	o.subsystem = strings.ToLower(strings.TrimSpace(o.subsystem))
	if o.subsystem != "" && !slices.Contains(transports.Subsystems, o.subsystem) {
		return transports.Mail{}, &failure{
			what: "could not route this mail", why: fmt.Sprintf("--subsystem %q is not known", o.subsystem),
			hints: []string{"good values: " + strings.Join(transports.Subsystems, ", ")},
		}
	}
	return transports.Mail{From: local + "@" + domain, Subsystem: o.subsystem}, nil
}

func routeJSON(d transports.Decision) any {
	type candidate struct {
		Name    string `json:"name"`
		Matches bool   `json:"matches"`
		Why     string `json:"why"`
	}
	doc := struct {
		Transport  string      `json:"transport"`
		Why        string      `json:"why"`
		Candidates []candidate `json:"candidates"`
	}{Transport: safe.UTF8(d.Transport.Name), Why: safe.UTF8(d.Why), Candidates: []candidate{}}
	for _, c := range d.Candidates {
		doc.Candidates = append(doc.Candidates, candidate{safe.UTF8(c.Name), c.Matches, safe.UTF8(c.Why)})
	}
	return doc
}
