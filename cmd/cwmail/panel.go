package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/tui/ui"
)

// formNames are the values of --as.
func formNames() []string {
	var names []string
	for _, f := range provider.Forms() {
		names = append(names, f.Name)
	}
	return names
}

// formFlag adds --as to a command that shows a record to publish.
func formFlag(cmd *cobra.Command, form *string) {
	cmd.Flags().StringVar(form, "as", "", "print only the record, as one of: "+strings.Join(formNames(), ", "))
}

// knownForm is an error for a value of --as that is none.
func knownForm(form string) error {
	if names := formNames(); form != "" && !slices.Contains(names, form) {
		return &failure{what: "could not use --as", why: fmt.Sprintf("%q is not one of its values", form), hints: []string{"good values: " + strings.Join(names, ", ")}}
	}
	return nil
}

// needsZone says whether a form names the zone.
func needsZone(form string) bool { return form == "azure" }

// printForm prints a record in a form. What a terminal would obey is printed
// only in the forms that write it with other characters.
func (a *app) printForm(r provider.Record, form string) error {
	for _, f := range provider.Forms() {
		if f.Name != form {
			continue
		}
		text := f.Write(r)
		if f.Raw && !ui.Harmless(strings.ReplaceAll(text, "\n", "")) || f.Raw && strings.Contains(r.Value, "\n") {
			return &failure{
				what: "could not print the record", why: "it holds characters that a terminal would obey", code: exitFailure,
				hints: []string{"--as zone writes them with other characters"},
			}
		}
		fmt.Fprintln(a.out, text)
	}
	return nil
}

// zoneWait is how long a record to show waits for the name servers: what to
// type into which field is an extra.
const zoneWait = 3 * time.Second

// hosted is the zone that a domain lies in, and who runs its DNS, as far as
// that can be told.
func hosted(ctx context.Context, w *world, domain string) (string, provider.Detection) {
	ctx, cancel := context.WithTimeout(ctx, zoneWait)
	defer cancel()
	z := zone.Lookup(ctx, w.resolver, domain)
	if z.Apex == "" {
		return z.Registered, provider.Detection{}
	}
	var names []string
	for _, s := range z.Servers {
		names = append(names, s.Name)
	}
	return z.Apex, provider.Detect(names)
}

// printCard prints what to type into which field of the panel.
func (a *app) printCard(ctx context.Context, w *world, rec finding.Record, domain string) {
	apex, d := hosted(ctx, w, domain)
	c := provider.Entry(d, rec, apex)
	line := c.Line(func(s string) string { return s })
	for _, text := range slices.Concat([]string{strings.TrimSpace(c.Provider), c.First, c.Where, line}, c.Warnings, c.Misfits, c.Notes) {
		if text != "" {
			a.wrapped(text)
		}
	}
	if c.Value.Text != rec.Value && line != "" {
		a.printf("\nValue as this panel wants it\n\n%s\n\n", c.Value.Text)
	}
	if len(c.Generic) > 0 {
		a.wrapped(strings.Join(c.Generic, " "))
	}
	if len(c.After) > 0 {
		a.printf("\n")
		a.wrapped(strings.Join(c.After, " "))
	}
}
