package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/safe"
)

type networkOptions struct {
	domains  []string
	contains []string // texts with addresses
	account  string
	lists    []string
}

func newNetwork(a *app, runF func(context.Context, *networkOptions) error) *cobra.Command {
	o := &networkOptions{}
	cmd := &cobra.Command{
		Use:   "network [DOMAIN ...]",
		Short: "The addresses that ClockWise sends from: names, lists, SPF",
		Long: "Looks at each address that ClockWise sends from: its name (PTR), whether that\n" +
			"name leads back, which block lists have it, and SPF of each domain that is\n" +
			"named.\n" +
			"Block lists are those of dns_lists in the configuration and of --list.\n\n" +
			"With --contains it looks at nothing, and tells whether addresses belong to\n" +
			"ClockWise: paste them from a bounce, a header or a connector, also ranges and\n" +
			"CIDR blocks, with brackets and commas as they are.\n\n" +
			"Exit status: 0 nothing wrong, 1 a failure was found or an address is outside,\n" +
			"2 wrong use or configuration, 3 could not be determined.",
		Example: "  cwmail network acme.example\n  cwmail network --account acme\n  cwmail network --contains 31.134.206.130 '[31.134.206.144]'",
		RunE: func(cmd *cobra.Command, words []string) error {
			if cmd.Flags().Changed("contains") {
				o.contains = append(o.contains, words...)
				words = nil
			}
			for _, word := range words {
				domain, err := parseDomain(word)
				if err != nil {
					return err
				}
				if !slices.Contains(o.domains, domain) {
					o.domains = append(o.domains, domain)
				}
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runNetwork(cmd, o)
		},
	}
	cmd.Flags().StringArrayVar(&o.contains, "contains", nil, "tell whether these addresses are inside; all arguments are addresses then")
	cmd.Flags().StringVar(&o.account, "account", "", "your account at ClockWise, as in ACCOUNT.clockwise.info; default: that of the configuration")
	cmd.Flags().StringArrayVar(&o.lists, "list", nil, "ask this DNS block list too, e.g. zen.spamhaus.org (repeatable)")
	return cmd
}

func (a *app) runNetwork(cmd *cobra.Command, o *networkOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		if len(o.contains) > 0 {
			return a.tellInside(w, o.contains)
		}
		no, err := o.forWorld(w)
		if err != nil {
			return err
		}
		r := a.examiner(w).Network(ctx, no)
		if a.shared.json {
			err = checks.WriteNetworkJSON(a.out, r)
		} else {
			err = checks.WriteNetworkText(a.out, r, a.textOptions())
		}
		if err != nil {
			return err
		}
		return statusOf(networkStatus(r))
	})
}

// forWorld fills in what the configuration says.
func (o *networkOptions) forWorld(w *world) (checks.NetworkOptions, error) {
	no := checks.NetworkOptions{Domains: o.domains, Lists: slices.Clone(w.file.DNSLists), Account: w.file.Account}
	for _, text := range o.lists {
		list, err := parseDomain(text)
		if err != nil {
			return no, err
		}
		no.Lists = append(no.Lists, list)
	}
	if o.account != "" {
		if _, err := parseDomain(o.account + "." + w.file.Service.Domain); err != nil {
			return no, err
		}
		no.Account = o.account
	}
	return no, nil
}

// tellInside tells which addresses of texts are in the network.
func (a *app) tellInside(w *world, texts []string) error {
	network := w.file.Service.Network
	all := checks.FindAddresses(network, texts...)
	if !slices.ContainsFunc(all, func(p checks.Pasted) bool { return p.From.IsValid() }) {
		return &failure{
			what: fmt.Sprintf("could not find an address in %q", safe.Line(strings.Join(texts, " "))), why: all[0].Why,
			hints: []string{"cwmail network --contains 31.134.206.130 tells whether that is an address of ClockWise"},
		}
	}
	var err error
	if a.shared.json {
		err = checks.WritePastedJSON(a.out, network, all)
	} else {
		err = checks.WritePastedText(a.out, network, all, a.textOptions())
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(p checks.Pasted) bool { return !p.Inside }) {
		return statusOf(exitFailure)
	}
	return nil
}

// networkStatus: a failure goes before what could not be told.
func networkStatus(r checks.NetworkReport) int {
	switch {
	case r.Failed():
		return exitFailure
	case r.Unsure():
		return exitUnknown
	}
	return exitOK
}

// consoleNetwork looks at the addresses as the command does.
func consoleNetwork(e *checks.Examiner, w *world) func(context.Context, []string) checks.NetworkReport {
	return func(ctx context.Context, domains []string) checks.NetworkReport {
		return e.Network(ctx, checks.NetworkOptions{Domains: domains, Lists: w.file.DNSLists, Account: w.file.Account})
	}
}
