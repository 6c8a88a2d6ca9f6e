package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

type dkimNewOptions struct {
	domain   string
	selector string
	kind     string
	folder   string
	form     string
}

func newDKIMNew(a *app, runF func(context.Context, *dkimNewOptions) error) *cobra.Command {
	o := &dkimNewOptions{}
	cmd := &cobra.Command{
		Use: "new DOMAIN", Short: "Make a DKIM key pair and print the record to publish",
		Long: "Makes a key pair and stores the private half beside the configuration, readable\n" +
			"for you alone. It is never shown, and no file is ever overwritten. Nothing signs\n" +
			"with the key yet; \"cwmail wizard dkim\" goes on until something does.",
		Example: "  cwmail dkim new acme.example\n  cwmail dkim new acme.example --selector cw2 --as zone",
		Args:    args(1, 1, "a domain"),
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := o.read(cmd, names[0]); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runDKIMNew(cmd, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.selector, "selector", "", "`SELECTOR` of the key; default: a free one, cw1 or the next")
	f.StringVar(&o.kind, "type", "rsa2048", "one of: "+strings.Join(config.KeyKinds(), ", "))
	f.StringVar(&o.folder, "folder", "", "`FOLDER` of the keys; default: keys beside the configuration")
	formFlag(cmd, &o.form)
	return cmd
}

// read judges the domain and the flags.
func (o *dkimNewOptions) read(cmd *cobra.Command, domain string) error {
	var err error
	if o.domain, err = parseDomain(domain); err != nil {
		return err
	}
	if _, below, ok := strings.Cut(o.domain, "_domainkey."); ok { // the name of a record, as people paste it
		o.domain = below
	}
	if transports.IsPublicMail(o.domain) {
		return &failure{what: noNewKey(o.domain), why: "it belongs to a provider of mailboxes, and nobody else publishes records there", hints: []string{"use a domain of your own"}}
	}
	o.kind = strings.ToLower(o.kind)
	if kinds := config.KeyKinds(); !slices.Contains(kinds, o.kind) {
		return &failure{what: "could not use --type", why: fmt.Sprintf("%q is not one of its values", o.kind), hints: []string{"good values: " + strings.Join(kinds, ", ")}}
	}
	if cmd.Flags().Changed("selector") {
		clean, wrong, hint := config.Setting("dkim.selector", strings.TrimSpace(o.selector))
		if wrong == "" && clean == "" {
			wrong, hint = "it is empty", "--selector cw1"
		}
		if wrong != "" {
			return &failure{what: "could not use --selector", why: wrong, hints: []string{hint}}
		}
		o.selector = clean
	}
	if o.folder == "" && cmd.Flags().Changed("folder") {
		return noFile("folder")
	}
	return knownForm(o.form)
}

func noNewKey(domain string) string { return "could not make a DKIM key for " + domain }

func (a *app) runDKIMNew(cmd *cobra.Command, o *dkimNewOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		folder, err := a.keysFolder(w, o)
		if err != nil {
			return err
		}
		if folder, err = filepath.Abs(folder); err != nil { // the configuration has other relative paths
			return err
		}
		if err := o.choose(ctx, w, folder); err != nil {
			return err
		}
		k, err := config.NewKey(folder, o.domain, o.selector, o.kind, rand.Reader)
		if err != nil {
			return o.notMade(w, folder, err)
		}
		record := keyRecord{domain: o.domain, selector: k.Selector, public: k.Public, file: k.Path, form: o.form}
		if a.shared.demo && o.folder == "" {
			record.file = ""
		}
		if a.shared.json {
			return a.printKeyJSON(record)
		}
		if o.form != "" {
			if record.file != "" {
				fmt.Fprintf(a.err, "cwmail: the private half is in %s\n", safe.Line(record.file))
			}
			return a.printKeyForm(ctx, w, record)
		}
		a.printf("Made %s for selector %s of %s.\n", kindWords[o.kind], k.Selector, o.domain)
		if record.file == "" {
			a.printf("The demo does not keep its private half.\n\n")
		} else {
			a.printf("Its private half, for you alone, is in\n\n%s\n\n", record.file)
		}
		a.printKeyText(ctx, w, record)
		a.printNext(w, o, record)
		return nil
	})
}

// kindWords name the kinds of keys.
var kindWords = map[string]string{
	"rsa2048": "an RSA key of 2048 bits",
	"rsa4096": "an RSA key of 4096 bits",
	"ed25519": "an Ed25519 key",
}

// keysFolder is where the key goes.
func (a *app) keysFolder(w *world, o *dkimNewOptions) (string, error) {
	switch {
	case o.folder != "":
		return o.folder, nil
	case a.shared.demo:
		dir, err := os.MkdirTemp("", "cwmail-demo-*")
		if err != nil {
			return "", &failure{what: noNewKey(o.domain), why: cause(err), hints: []string{"--folder names a folder for it"}}
		}
		w.closers = append(w.closers, func() { _ = os.RemoveAll(dir) })
		return dir, nil
	}
	path, _, err := config.Path(a.shared.config, a.getenv)
	if err != nil {
		return "", &failure{what: noNewKey(o.domain), why: strings.TrimPrefix(err.Error(), "config: "), hints: []string{"--folder names a folder for the key"}}
	}
	return config.KeysFolder(path), nil
}

// choose takes a free selector, or judges the given one by what the
// configuration, the folder and DNS have there.
func (o *dkimNewOptions) choose(ctx context.Context, w *world, folder string) error {
	var used []string
	for _, t := range w.file.Transports {
		if t.DKIM.Selector != "" && signingDomain(t, w.file) == o.domain {
			used = append(used, strings.ToLower(t.DKIM.Selector))
		}
	}
	exists := func(s string) bool {
		_, err := os.Lstat(filepath.Join(folder, o.domain, s+".pem"))
		return err == nil
	}
	names := slices.DeleteFunc(wizard.NewSelectors("", used...), exists)
	all := names
	if o.selector != "" {
		if slices.Contains(used, o.selector) {
			return &failure{
				what: noNewKey(o.domain), why: "a configured transport has selector " + o.selector + ", and a new key needs a name of its own",
				hints: []string{"cwmail dkim show " + o.domain + " --selector " + o.selector + " prints the record of that key", free(names, o.selector)},
			}
		}
		if exists(o.selector) {
			return o.taken(filepath.Join(folder, o.domain, o.selector+".pem"), names)
		}
		names = append([]string{o.selector}, names...)
	}
	seen := wizard.LookupSelectors(ctx, w.resolver, o.domain, names)
	switch {
	case o.selector == "" && seen.Free != "":
		o.selector = seen.Free
	case seen.Taken[o.selector] != "":
		spare := slices.DeleteFunc(all, func(s string) bool { return seen.Taken[s] != "" })
		return &failure{what: noNewKey(o.domain), why: seen.Taken[o.selector], hints: []string{free(spare, o.selector), "cwmail dkim check " + o.domain + " --selector " + o.selector + " shows what stands there"}}
	case seen.Unknown != "":
		name := o.selector
		if name == "" {
			name = "a selector"
		}
		return &failure{what: noNewKey(o.domain), why: "it could not be looked up whether " + name + " is free: " + seen.Unknown, code: exitUnknown, hints: []string{"try again in a minute; no key was made"}}
	case o.selector == "":
		return &failure{what: noNewKey(o.domain), why: "the selectors cw1 to cw8 are all taken", hints: []string{"--selector NAME"}}
	}
	return nil
}

// free is a hint with another selector.
func free(names []string, than string) string {
	for _, n := range names {
		if n != than {
			return "--selector " + n
		}
	}
	return "--selector NAME"
}

func (o *dkimNewOptions) taken(path string, names []string) error {
	return &failure{
		what: noNewKey(o.domain), why: path + " is there already, and a key is never overwritten",
		hints: []string{free(names, o.selector), "cwmail dkim check " + o.domain + " --selector " + o.selector + " --key " + path + " compares it with DNS"},
	}
}

// notMade is how the command ends where the key could not be stored.
func (o *dkimNewOptions) notMade(w *world, folder string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return o.taken(filepath.Join(folder, o.domain, o.selector+".pem"), nil)
	}
	why := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "config: "), "no key was made: ")
	return &failure{what: noNewKey(o.domain), why: why, hints: []string{"--folder names another folder for it"}}
}

// printNext says how to go on.
func (a *app) printNext(w *world, o *dkimNewOptions, r keyRecord) {
	a.printf("\nThen\n\n")
	if r.file == "" {
		a.printf("cwmail --demo wizard dkim %s\n", r.domain)
		return
	}
	a.printf("cwmail wait dkim %s --selector %s --key %s\n", r.domain, r.selector, shellWord(r.file))
	if o.kind == "ed25519" {
		a.printf("\n")
		a.wrapped("Some receivers, large ones among them, do not verify Ed25519 (RFC 8463). Let an RSA key sign, and publish this one beside it.")
		return
	}
	name := "TRANSPORT"
	for _, t := range w.file.Transports {
		if t.Type != transports.NoReply && signingDomain(t, w.file) == r.domain {
			name = shellWord(t.Name)
			break
		}
	}
	a.printf("cwmail transport edit %s --dkim on --dkim-selector %s --dkim-key %s\n\n", name, r.selector, shellWord(r.file))
	a.wrapped("The last one switches signing on: only when the record is there. cwmail wizard dkim " + r.domain + " leads through all of it, and proves it with a signed message.")
}

// shellWord is a word of a shell, in quotes where it has to be.
func shellWord(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:@%+=,", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
