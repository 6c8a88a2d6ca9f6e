package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/settings"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

// transportFlag is a setting of a transport as a flag. key is that of the file.
type transportFlag struct {
	flag, key, help string
	set             func(t *transports.Transport, v string)
}

// transportFlags are in the order of the file. There is none for a password:
// what stands on a command line can be seen by all users of the machine.
var transportFlags = []transportFlag{
	{"type", "type", "clockwise, noreply or smtp", func(t *transports.Transport, v string) { t.Type = transports.Type(v) }},
	{"domain", "match.domain", "only mail from this `DOMAIN`; empty: from all", func(t *transports.Transport, v string) { t.Match.Domain = v }},
	{"local-part", "match.local_part", "only mail of this `NAME` before the @", func(t *transports.Transport, v string) { t.Match.LocalPart = v }},
	{"subsystem", "match.subsystem", "only mail of this service: " + strings.Join(transports.Subsystems, ", "), func(t *transports.Transport, v string) { t.Match.Subsystem = v }},
	{"from", "from", "sender `ADDRESS` of examinations and test mails", func(t *transports.Transport, v string) { t.From = v }},
	{"envelope", "envelope", "envelope sender, where it is another `ADDRESS`", func(t *transports.Transport, v string) { t.Envelope = v }},
	{"reply-to", "reply_to", "true: copy the sender into Reply-To; or an `ADDRESS`", func(t *transports.Transport, v string) {
		t.ReplyTo = transports.ReplyTo{Copy: v == "true"}
		if v != "true" && v != "false" {
			t.ReplyTo.Address = v
		}
	}},
	{"dkim", "dkim.enabled", "on or off: sign this mail", func(t *transports.Transport, v string) { t.DKIM.Enabled = v == "on" }},
	{"dkim-selector", "dkim.selector", "`SELECTOR` of the DKIM key", func(t *transports.Transport, v string) { t.DKIM.Selector = v }},
	{"dkim-key", "dkim.key", "`FILE` of the DKIM key", func(t *transports.Transport, v string) { t.DKIM.KeyFile = v }},
	{"dkim-public-key", "dkim.public_key", "public half, in `BASE64`, of a key that only ClockWise has", func(t *transports.Transport, v string) { t.DKIM.PublicKey = v }},
	{"host", "smtp.host", "`NAME` of the SMTP server", func(t *transports.Transport, v string) { t.Server.Host = v }},
	{"port", "smtp.port", "its `PORT`: 25, 465 or 587", func(t *transports.Transport, v string) { t.Server.Port, _ = strconv.Atoi(v) }},
	{"security", "smtp.security", "starttls, tls or none", func(t *transports.Transport, v string) { t.Server.Security = v }},
	{"auth", "smtp.auth", "none, plain, login, cram-md5, xoauth2 or oauthbearer", func(t *transports.Transport, v string) { t.Server.Auth = v }},
	{"username", "smtp.username", "`ACCOUNT` to log in with", func(t *transports.Transport, v string) { t.Server.Username = v }},
	{"password-command", "smtp.password_command", "`COMMAND` that prints the password", secretIn(transports.CommandSecret)},
	{"password-env", "smtp.password_env", "environment `VARIABLE` that holds it", secretIn(transports.EnvSecret)},
	{"password-keyring", "smtp.password_keyring", "`ENTRY` of the keyring that holds it", secretIn(transports.KeyringSecret)},
}

func secretIn(kind transports.SecretKind) func(*transports.Transport, string) {
	return func(t *transports.Transport, v string) { t.Server.Password = transports.Secret{Kind: kind, Ref: v} }
}

type transportOptions struct {
	name   string // of the transport that is changed, or of the new one
	rename string
	like   string // the transport that is copied
	to     int    // place, from 1
	dryRun bool
	merge  bool
	values map[string]string // by flag
}

// flags declares the settings, and what all changes have.
func (o *transportOptions) flags(cmd *cobra.Command, settings bool) {
	if settings {
		o.values = map[string]string{}
		for _, f := range transportFlags {
			cmd.Flags().Var(flagValue{o.values, f.flag}, f.flag, f.help)
		}
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	cmd.Flags().BoolVar(&o.merge, "merge", false, "where somebody else changes the same meanwhile, keep theirs and add mine")
	cmd.Flags().SortFlags = false
}

// flagValue remembers which flags were given.
type flagValue struct {
	into map[string]string
	name string
}

func (f flagValue) Set(v string) error { f.into[f.name] = v; return nil }
func (f flagValue) String() string     { return "" }
func (f flagValue) Type() string       { return "text" }

func newTransportAdd(a *app, runF func(context.Context, *transportOptions) error) *cobra.Command {
	o := &transportOptions{}
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a transport to the configuration",
		Example: "  cwmail transport add Company --domain acme.example\n" +
			"  cwmail transport add Relay --type smtp --host mail.acme.example\n  cwmail wizard transport",
		Args: args(1, 1, "a name for the transport"),
		RunE: runTransport(a, runF, o, (*transportOptions).add),
	}
	o.flags(cmd, true)
	cmd.Flags().StringVar(&o.like, "like", "", "begin with a copy of this `TRANSPORT`")
	return cmd
}

func newTransportEdit(a *app, runF func(context.Context, *transportOptions) error) *cobra.Command {
	o := &transportOptions{}
	cmd := &cobra.Command{
		Use: "edit TRANSPORT", Short: "Change settings of a transport",
		Example: "  cwmail transport edit Invoices --port 587\n  cwmail transport edit Invoices --envelope ''   # takes the setting away",
		Args:    args(1, 1, "the name of a transport"),
		RunE:    runTransport(a, runF, o, (*transportOptions).edit),
	}
	o.flags(cmd, true)
	cmd.Flags().StringVar(&o.rename, "name", "", "its new `NAME`")
	return cmd
}

func newTransportRemove(a *app, runF func(context.Context, *transportOptions) error) *cobra.Command {
	o := &transportOptions{}
	cmd := &cobra.Command{
		Use: "remove TRANSPORT", Short: "Remove a transport; undo brings it back",
		Example: "  cwmail transport remove Invoices", Args: args(1, 1, "the name of a transport"),
		RunE: runTransport(a, runF, o, func(o *transportOptions, _ *cobra.Command, all []transports.Transport) ([]transports.Change, error) {
			if _, err := named(all, o.name); err != nil {
				return nil, err
			}
			return []transports.Change{{Kind: transports.RemoveTransport, Name: o.name}}, nil
		}),
	}
	o.flags(cmd, false)
	return cmd
}

func newTransportMove(a *app, runF func(context.Context, *transportOptions) error) *cobra.Command {
	o := &transportOptions{}
	cmd := &cobra.Command{
		Use: "move TRANSPORT --to N", Short: "Put a transport at another place of the list",
		Example: "  cwmail transport move Invoices --to 1", Args: args(1, 1, "the name of a transport"),
		RunE: runTransport(a, runF, o, func(o *transportOptions, cmd *cobra.Command, all []transports.Transport) ([]transports.Change, error) {
			if _, err := named(all, o.name); err != nil {
				return nil, err
			}
			if !cmd.Flags().Changed("to") {
				return nil, &failure{what: "could not move " + o.name, why: "--to is not given", hints: []string{"--to 1 makes it the first"}}
			}
			if o.to < 1 || o.to > len(all) {
				return nil, &failure{what: "could not move " + o.name, why: fmt.Sprintf("--to %d is no place in a list of %d", o.to, len(all)), hints: []string{"1 is the first place"}}
			}
			return []transports.Change{{Kind: transports.MoveTransport, Name: o.name, At: o.to - 1}}, nil
		}),
	}
	o.flags(cmd, false)
	cmd.Flags().IntVar(&o.to, "to", 0, "its new place, `N`; 1 is the first")
	return cmd
}

func newTransportUndo(a *app, runF func(context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: "undo", Short: "Take your last change of the transports back", Example: "  cwmail transport undo",
		Args: args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context())
			}
			return a.inWorld(cmd, true, func(_ context.Context, w *world) error {
				what, err := a.editor(w).undo(true)
				if err != nil {
					return &failure{what: "could not undo", why: err.Error(), hints: []string{"cwmail transport history lists the changes"}}
				}
				if a.shared.json {
					return a.printJSON(map[string]any{"undone": what})
				}
				a.printf("Undone: %s\n", what)
				return nil
			})
		},
	}
}

func newTransportHistory(a *app, runF func(context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: "history", Short: "Who changed what, and when", Example: "  cwmail transport history --json",
		Args: args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context())
			}
			return a.runTransportHistory()
		},
	}
}

// runTransportHistory needs no file that can be read: it is wanted when that is
// broken, too.
func (a *app) runTransportHistory() error {
	path, _, err := config.Path(a.shared.config, a.getenv)
	if err != nil {
		return &failure{what: "could not read the history", why: plainError(err).Error(), hints: []string{"cwmail config path tells where the file is looked for"}}
	}
	var all []config.Entry
	if !a.shared.demo || a.shared.config != "" {
		if all, err = config.NewStore(path, who(a.getenv), a.now).History(); err != nil {
			return &failure{what: "could not read the history", why: plainError(err).Error(), hints: []string{"cwmail config path tells where the file is"}}
		}
	}
	if a.shared.json {
		return a.printJSON(map[string]any{"changes": append([]config.Entry{}, all...)})
	}
	for _, e := range all {
		a.printf("%s  %s  %s\n", e.At.In(a.now().Location()).Format("2006-01-02 15:04:05"), e.Who, e.What)
	}
	switch len(all) {
	case 0:
		a.printf("Nothing was changed with cwmail yet.\n")
	default:
		a.printf("\nThe file as it was before each change stands in %s.history\n", path)
	}
	return nil
}

// runTransport runs a command that changes the list.
func runTransport(a *app, runF func(context.Context, *transportOptions) error, o *transportOptions,
	changes func(*transportOptions, *cobra.Command, []transports.Transport) ([]transports.Change, error),
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, names []string) error {
		o.name = strings.TrimSpace(names[0])
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return a.inWorld(cmd, true, func(ctx context.Context, w *world) error {
			e := a.editor(w)
			before := e.transports()
			list, err := changes(o, cmd, before)
			if err != nil {
				return err
			}
			return a.changeTransports(ctx, e, o, before, list)
		})
	}
}

// changeTransports shows and makes changes.
func (a *app) changeTransports(ctx context.Context, e *editor, o *transportOptions, before []transports.Transport, list []transports.Change) error {
	if !o.dryRun {
		err := e.change(ctx, list...)
		if clash, ok := errors.AsType[*wizard.Clash](err); ok && o.merge {
			if err = clash.Merge(ctx); err == nil {
				if lost := overruled(before, e.transports(), list); lost != nil {
					return &failure{
						what: "could not change all of it", why: "somebody else changed the same meanwhile, and theirs stays: " + strings.Join(lost, ", "),
						hints: []string{"run the command again to put yours in its place"},
					}
				}
			}
		}
		if err != nil {
			return unchanged(err)
		}
	}
	after := before
	for _, c := range list {
		after = c.Apply(after)
	}
	if a.shared.json {
		out := []checks.JSONTransport{}
		for _, t := range after {
			out = append(out, checks.TransportJSON(t))
		}
		return a.printJSON(map[string]any{"changed": !o.dryRun, "transports": out})
	}
	for _, c := range list {
		a.printTransportChange(c, before, o.dryRun)
		if c.Kind == transports.AddTransport || c.Kind == transports.EditTransport {
			found := settings.Findings(settings.Input{Transport: c.To, All: after, Service: e.now().Service})
			if err := checks.WriteFindings(a.out, c.To.Name, found, a.textOptions()); err != nil {
				return err
			}
		}
	}
	return nil
}

// overruled are settings that list changes, and in which a merge kept what others
// wrote.
func overruled(before, now []transports.Transport, list []transports.Change) (lost []string) {
	for _, c := range list {
		was, _ := named(before, c.Name)
		is, err := named(now, c.To.Name)
		if c.Kind != transports.EditTransport || err != nil {
			continue
		}
		mine := transports.Differences(was, c.To)
		for _, d := range transports.Differences(is, c.To) {
			if slices.ContainsFunc(mine, func(m transports.Difference) bool { return m.Field == d.Field }) {
				lost = append(lost, d.Field)
			}
		}
	}
	return lost
}

// unchanged is the error of a change that did not come about.
func unchanged(err error) error {
	if clash, ok := errors.AsType[*wizard.Clash](err); ok {
		return &failure{
			what: "could not change the transport", why: clash.Error() + ": " + strings.Join(clash.What, ", "),
			hints: []string{"run the command again to change it as it is now", "--merge keeps theirs and adds yours"},
		}
	}
	return &failure{what: "could not change the transports", why: err.Error(), hints: []string{"nothing was changed; cwmail config path tells where the file is"}}
}

func (a *app) printTransportChange(c transports.Change, before []transports.Transport, dry bool) {
	was, _ := named(before, c.Name)
	verb := "Done: "
	if dry {
		verb = "Not done, as --dry-run says: "
	}
	a.printf("%s\n", verb+c.Describe(was))
	if c.Kind != transports.AddTransport && c.Kind != transports.EditTransport {
		return
	}
	for _, d := range transports.Differences(was, c.To) {
		switch {
		case d.Before == "":
			a.printf("  %s: %s\n", d.Field, d.After)
		case d.After == "":
			a.printf("  %s: %s goes\n", d.Field, d.Before)
		default:
			a.printf("  %s: %s, was %s\n", d.Field, d.After, d.Before)
		}
	}
}

func named(all []transports.Transport, name string) (transports.Transport, error) {
	i := slices.IndexFunc(all, func(t transports.Transport) bool { return t.Name == name })
	if i < 0 {
		var names []string
		for _, t := range all {
			names = append(names, t.Name)
		}
		hints := []string{"cwmail transport list shows their names"}
		if near := transports.Nearest(name, names); near != "" {
			hints = slices.Insert(hints, 0, fmt.Sprintf("did you mean %q?", near))
		}
		return transports.Transport{}, &failure{what: fmt.Sprintf("could not find %q", name), why: "no transport has that name", hints: hints}
	}
	return all[i], nil
}

// add makes the new transport.
func (o *transportOptions) add(_ *cobra.Command, all []transports.Transport) ([]transports.Change, error) {
	name, wrong, hint := config.Setting("name", o.name)
	switch {
	case wrong != "":
		return nil, &failure{what: "could not add a transport", why: wrong, hints: []string{hint}}
	case name == "":
		return nil, &failure{what: "could not add a transport", why: "its name is empty", hints: []string{"give it a name of your choice: cwmail transport add Invoices --domain acme.example"}}
	}
	if slices.ContainsFunc(all, func(t transports.Transport) bool { return t.Name == name }) {
		return nil, &failure{what: fmt.Sprintf("could not add %q", o.name), why: "a transport of that name is there already", hints: []string{"cwmail transport edit changes it", "each name is there once"}}
	}
	t := transports.Transport{Type: transports.ClockWise}
	at := -1
	if o.like != "" {
		like, err := named(all, o.like)
		if err != nil {
			return nil, err
		}
		t, at = like, 1+slices.IndexFunc(all, func(t transports.Transport) bool { return t.Name == o.like })
	} else if len(o.values) == 0 {
		return nil, &failure{what: fmt.Sprintf("could not add %q", o.name), why: "no setting is given", hints: []string{"--domain acme.example takes the mail of a domain", "cwmail wizard transport asks step by step"}}
	}
	t.Name = name
	if err := o.apply(&t); err != nil {
		return nil, err
	}
	return []transports.Change{{Kind: transports.AddTransport, To: t, At: at}}, nil
}

// edit changes the transport.
func (o *transportOptions) edit(cmd *cobra.Command, all []transports.Transport) ([]transports.Change, error) {
	t, err := named(all, o.name)
	if err != nil {
		return nil, err
	}
	if len(o.values) == 0 && !cmd.Flags().Changed("name") {
		return nil, &failure{what: fmt.Sprintf("could not change %q", o.name), why: "no setting is given", hints: []string{cmd.CommandPath() + " --help lists the settings", "cwmail wizard transport asks step by step"}}
	}
	if cmd.Flags().Changed("name") {
		if t.Name, err = judged("name", "name", o.rename); err != nil {
			return nil, err
		}
	}
	if err := o.apply(&t); err != nil {
		return nil, err
	}
	return []transports.Change{{Kind: transports.EditTransport, Name: o.name, To: t}}, nil
}

// apply puts the flags over the settings of t.
func (o *transportOptions) apply(t *transports.Transport) error {
	for _, f := range transportFlags {
		v, given := o.values[f.flag]
		if !given {
			continue
		}
		v, err := judged(f.flag, f.key, v)
		if err != nil {
			return err
		}
		f.set(t, v)
	}
	return nil
}

// judged is the value of a flag in its normal form.
func judged(flag, key, v string) (string, error) {
	clean, wrong, hint := config.Setting(key, v)
	if wrong != "" {
		return "", &failure{what: "could not use --" + flag, why: wrong, hints: []string{hint}}
	}
	return clean, nil
}
