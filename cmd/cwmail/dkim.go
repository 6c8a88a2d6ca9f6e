package main

import (
	"context"
	"crypto"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

type dkimShowOptions struct {
	name     string // transport or domain
	selector string
	form     string
}

func newDKIMShow(a *app, runF func(context.Context, *dkimShowOptions) error) *cobra.Command {
	o := &dkimShowOptions{}
	cmd := &cobra.Command{
		Use: "show TRANSPORT|DOMAIN", Short: "The DKIM record to publish for a configured key",
		Example: "  cwmail dkim show acme.example\n  cwmail dkim show acme.example --as value",
		Args:    args(1, 1, "the name of a transport, or a domain"),
		RunE: func(cmd *cobra.Command, names []string) error {
			o.name = names[0]
			if err := knownForm(o.form); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runDKIMShow(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.selector, "selector", "", "`SELECTOR` of the key, where there are several")
	formFlag(cmd, &o.form)
	return cmd
}

func (a *app) runDKIMShow(cmd *cobra.Command, o *dkimShowOptions) error {
	file, err := a.configured()
	if err != nil {
		return err
	}
	t, domain, err := findKey(file, o)
	if err != nil {
		return err
	}
	r := keyRecord{domain: domain, selector: t.DKIM.Selector, public: t.DKIM.Key.Public, file: t.DKIM.KeyFile, form: o.form}
	if a.shared.json {
		return a.printKeyJSON(r)
	}
	if o.form != "" && !needsZone(o.form) {
		return a.printForm(r.record(), o.form)
	}
	return a.inWorld(cmd, true, func(ctx context.Context, w *world) error {
		if o.form != "" {
			return a.printKeyForm(ctx, w, r)
		}
		a.printKeyText(ctx, w, r)
		return nil
	})
}

// keyRecord is the record to publish for a key.
type keyRecord struct {
	domain, selector string
	public           crypto.PublicKey
	file             string // of the private half; "" where there is none here
	form             string // of --as
}

// record takes the domain for the zone.
func (r keyRecord) record() provider.Record {
	return provider.Record{Record: dkim.RecordFor(r.selector, r.domain, r.public), Zone: r.domain}
}

func (a *app) printKeyJSON(r keyRecord) error {
	record := r.record()
	return a.printJSON(struct {
		Domain   string   `json:"domain"`
		Selector string   `json:"selector"`
		Name     string   `json:"name"`
		Type     string   `json:"type"`
		Value    string   `json:"value"`
		Strings  []string `json:"strings"`
		KeyFile  *string  `json:"key_file"`
	}{r.domain, r.selector, record.Name, record.Type, record.Value, provider.Split(record.Value), orNull(r.file)})
}

// printKeyForm prints the record in a form, with the zone that it stands in
// where the form names it.
func (a *app) printKeyForm(ctx context.Context, w *world, r keyRecord) error {
	record := r.record()
	if needsZone(r.form) {
		record.Zone, _ = hosted(ctx, w, r.domain)
	}
	return a.printForm(record, r.form)
}

func (a *app) printKeyText(ctx context.Context, w *world, r keyRecord) {
	record := r.record()
	a.printf("Publish this record at the DNS provider of %s:\n\n", r.domain)
	a.printf("Type   TXT\nName   %s\nTTL    3600\nValue\n\n%s\n\n", record.Name, record.Value)
	a.printCard(ctx, w, record.Record, r.domain)
}

// findKey finds the transport whose key is meant, and the domain it signs for.
func findKey(file *config.File, o *dkimShowOptions) (transports.Transport, string, error) {
	domain, domainErr := transports.ParseDomain(o.name)
	var found []transports.Transport
	for _, t := range file.Transports {
		named := strings.EqualFold(t.Name, strings.TrimSpace(o.name))
		if (named || (domainErr == nil && signingDomain(t, file) == domain)) && t.DKIM.Selector != "" && (o.selector == "" || strings.EqualFold(t.DKIM.Selector, o.selector)) {
			found = append(found, t)
			if named {
				found = []transports.Transport{t}
				break
			}
		}
	}
	what := fmt.Sprintf("could not show the DKIM record of %q", o.name)
	if len(found) == 0 {
		return transports.Transport{}, "", &failure{
			what: what, why: "no configured transport has a DKIM key for it",
			hints: []string{"cwmail transport list shows the transports and their selectors", "cwmail dkim check DOMAIN --selector S looks at what is published"},
		}
	}
	t := found[0]
	for _, other := range found[1:] {
		if other.DKIM.Selector != t.DKIM.Selector {
			return transports.Transport{}, "", &failure{what: what, why: "it has keys of several selectors", hints: []string{"--selector " + t.DKIM.Selector, "--selector " + other.DKIM.Selector}}
		}
	}
	if t.DKIM.Key.Public == nil {
		why := t.DKIM.Key.Detail
		if why == "" {
			why = "its key is not known here"
		}
		return transports.Transport{}, "", &failure{what: what, why: why, hints: []string{"set dkim.key to the key file, or dkim.public_key to its public half, in " + file.Path}}
	}
	return t, signingDomain(t, file), nil
}

// signingDomain is the domain in the signatures of a transport (d=).
func signingDomain(t transports.Transport, file *config.File) string {
	if t.Match.Domain != "" {
		return t.Match.Domain
	}
	return t.Domain(file.Service.NoReply)
}

type dkimCheckOptions struct {
	domain   string
	selector string
	keyFile  string
}

func newDKIMCheck(a *app, runF func(context.Context, *dkimCheckOptions) error) *cobra.Command {
	o := &dkimCheckOptions{}
	cmd := &cobra.Command{
		Use: "check DOMAIN --selector S", Short: "What is published, against the key",
		Example: "  cwmail dkim check acme.example --selector cw1\n  cwmail dkim check acme.example --selector cw1 --key keys/cw1.pem",
		Args:    args(1, 1, "a domain"),
		RunE: func(cmd *cobra.Command, names []string) error {
			var err error
			if o.domain, err = parseDomain(names[0]); err != nil {
				return err
			}
			if o.selector = strings.TrimSpace(o.selector); o.selector == "" {
				return &failure{what: "could not check DKIM", why: "--selector is missing", hints: []string{"the selector stands behind s= in the DKIM-Signature of a mail", "cwmail dkim check " + o.domain + " --selector cw1"}}
			}
			if o.keyFile == "" && cmd.Flags().Changed("key") {
				return noFile("key")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runDKIMCheck(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.selector, "selector", "", "`SELECTOR` of the key")
	cmd.Flags().StringVar(&o.keyFile, "key", "", "private or public key `FILE` that the record must fit; default: the configured one")
	return cmd
}

func (a *app) runDKIMCheck(cmd *cobra.Command, o *dkimCheckOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		expected, err := o.expected(w.file)
		if err != nil {
			return err
		}
		r := dkim.Lookup(ctx, w.resolver, o.domain, o.selector, dkim.Options{})
		all := dkim.Findings(dkim.Input{Result: r, Expected: expected, Sending: expected.Known()})
		finding.Silence(all)
		finding.Sort(all, nil)
		if a.shared.json {
			if err := a.printJSON(dkimCheckJSON(r, expected, all)); err != nil {
				return err
			}
			return statusOf(statusOfFindings(all, false))
		}
		for _, rec := range r.Records {
			a.printf("%s\n\n%s\n\n", r.Name, rec.Text())
		}
		switch {
		case len(all) == 0 && expected.Known():
			a.printf("The record fits the key %s.\n", expected.Source)
		case len(all) == 0:
			a.printf("Nothing is wrong with the record. It was not compared with a key: --key FILE does.\n")
		}
		if err := checks.WriteFindings(a.out, o.domain, all, a.textOptions()); err != nil {
			return err
		}
		return statusOf(statusOfFindings(all, false))
	})
}

// expected is the key that the record must fit: of --key, else of a transport
// with that domain and selector.
func (o *dkimCheckOptions) expected(file *config.File) (dkim.Expected, error) {
	if o.keyFile != "" {
		key := config.LoadKey(o.keyFile)
		if key.Problem != transports.KeyOK || key.Public == nil {
			return dkim.Expected{}, &failure{what: "could not read the key " + o.keyFile, why: keyTrouble(key), hints: []string{"a key file is PEM text, \"BEGIN PRIVATE KEY\" or \"BEGIN PUBLIC KEY\""}}
		}
		return dkim.Expected{Public: key.Public, Source: o.keyFile}, nil
	}
	for _, t := range file.Transports {
		if t.DKIM.Key.Public != nil && strings.EqualFold(t.DKIM.Selector, o.selector) && signingDomain(t, file) == o.domain {
			return dkim.Expected{Public: t.DKIM.Key.Public, Source: "of transport " + t.Name}, nil
		}
	}
	return dkim.Expected{}, nil
}

// keyTrouble says why a key file gave no key.
func keyTrouble(key transports.Key) string {
	if key.Detail != "" {
		return key.Detail
	}
	switch key.Problem {
	case transports.KeyMissing:
		return "there is no such file"
	case transports.KeyUnreadable:
		return "it may not be read"
	}
	return "it holds no key that DKIM knows"
}

func dkimCheckJSON(r dkim.Result, expected dkim.Expected, all []finding.Finding) any {
	records := []string{}
	for _, rec := range r.Records {
		records = append(records, safe.UTF8(rec.Text()))
	}
	var published []string
	if r.Answer.Status != dns.Failed {
		published = records
	}
	state, _ := r.Usable(expected)
	return struct {
		Domain   string               `json:"domain"`
		Selector string               `json:"selector"`
		Name     string               `json:"name"`
		Records  []string             `json:"records"` // null: not known
		Key      *string              `json:"key"`
		Result   dkim.State           `json:"result"`
		Findings []checks.JSONFinding `json:"findings"`
	}{r.Domain, safe.UTF8(r.Selector), safe.UTF8(r.Name), published, orNull(expected.Source), state, checks.FindingsJSON(all)}
}

func newDKIMLint(a *app, runF func(context.Context, *lintOptions) error) *cobra.Command {
	return newLint(a, linter{
		subject: "DKIM", example: "  cwmail dkim lint 'v=DKIM1; k=rsa; p=MIIB...'", lint: dkim.Lint,
	}, runF)
}
