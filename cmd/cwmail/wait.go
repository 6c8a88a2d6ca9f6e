package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/config"
)

type waitOptions struct {
	subject  string // spf, dkim or dmarc
	domain   string
	selector string
	keyFile  string
	value    string
	deadline time.Duration
	interval time.Duration
	once     bool
}

func newWait(a *app, runF func(context.Context, *waitOptions) error) *cobra.Command {
	o := &waitOptions{}
	cmd := &cobra.Command{
		Use: "wait spf|dkim|dmarc DOMAIN", Short: "Wait until a record is published at every name server",
		Long: "Asks every authoritative server of the domain, at all its addresses, until the\n" +
			"record is right at each of them, and tells what resolvers still remember. Ends\n" +
			"with status 0 when it is published, with 3 at the deadline.",
		Example: "  cwmail wait spf acme.example\n  cwmail wait dkim acme.example --selector cw1 --deadline 30m",
		Args:    args(2, 2, "spf, dkim or dmarc, and a domain"),
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := o.read(cmd, words); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runWait(cmd, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.selector, "selector", "", "`SELECTOR` of the DKIM key; default: the configured one")
	f.StringVar(&o.keyFile, "key", "", "private or public key `FILE` that the DKIM record must fit; default: the configured one")
	f.StringVar(&o.value, "value", "", "wait for a record that means `TEXT`; default: one that is right for ClockWise")
	f.DurationVar(&o.deadline, "deadline", time.Hour, "stop after this time; 0 never does")
	f.DurationVar(&o.interval, "interval", 0, "time between two looks; default: 5s, growing to 30s")
	f.BoolVar(&o.once, "once", false, "look a single time")
	return cmd
}

// read judges the words and flags.
func (o *waitOptions) read(cmd *cobra.Command, words []string) error {
	what := "could not run " + cmd.CommandPath()
	switch o.subject = strings.ToLower(strings.TrimSpace(words[0])); o.subject {
	case checks.WaitSPF, checks.WaitDKIM, checks.WaitDMARC:
	default:
		return &failure{what: what, why: fmt.Sprintf("%q is no record that it can wait for", words[0]), hints: []string{"good values: spf, dkim, dmarc"}}
	}
	var err error
	if o.domain, err = parseDomain(words[1]); err != nil {
		return err
	}
	if o.subject == checks.WaitDMARC { // the name of the record, as people paste it
		o.domain = strings.TrimPrefix(o.domain, "_dmarc.")
	}
	for _, name := range []string{"selector", "key"} {
		if o.subject != checks.WaitDKIM && cmd.Flags().Changed(name) {
			return &failure{what: "could not use --" + name, why: "only a DKIM record has one", hints: []string{cmd.CommandPath() + " dkim " + o.domain}}
		}
	}
	if o.keyFile == "" && cmd.Flags().Changed("key") {
		return noFile("key")
	}
	if o.keyFile != "" && o.value != "" {
		return &failure{what: "could not use --value", why: "--key says already what is expected", hints: []string{"give one of the two"}}
	}
	if o.value = strings.TrimSpace(o.value); o.value == "" && cmd.Flags().Changed("value") {
		return &failure{what: "could not use --value", why: "it is empty", hints: []string{"--value 'v=DMARC1; p=none'"}}
	}
	for name, d := range map[string]time.Duration{"deadline": o.deadline, "interval": o.interval} {
		if d < 0 {
			return &failure{what: "could not use --" + name, why: "it is below zero", hints: []string{"--" + name + " 30s"}}
		}
	}
	if cmd.Flags().Changed("interval") && o.interval < time.Second {
		return &failure{what: "could not use --interval", why: "less than a second is not polite to the name servers", hints: []string{"--interval 5s"}}
	}
	return nil
}

// wanted is the record that is waited for.
func (o *waitOptions) wanted(file *config.File) (checks.Wanted, error) {
	w := checks.Wanted{Subject: o.subject, Domain: o.domain, Selector: strings.TrimSpace(o.selector), Value: o.value}
	if o.subject != checks.WaitDKIM {
		return w, nil
	}
	for _, t := range file.Transports {
		if w.Selector == "" && t.DKIM.Selector != "" && signingDomain(t, file) == o.domain {
			w.Selector = t.DKIM.Selector
		}
	}
	if w.Selector == "" {
		return w, &failure{
			what: "could not wait for the DKIM record of " + o.domain, why: "no configured transport tells the selector",
			hints: []string{"cwmail wait dkim " + o.domain + " --selector cw1", "the selector stands behind s= in the DKIM-Signature of a mail"},
		}
	}
	var err error
	check := dkimCheckOptions{domain: o.domain, selector: w.Selector, keyFile: o.keyFile}
	w.Key, err = check.expected(file)
	return w, err
}

func (a *app) runWait(cmd *cobra.Command, o *waitOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		want, err := o.wanted(w.file)
		if err != nil {
			return err
		}
		if o.deadline > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, o.deadline)
			defer cancel()
		}
		began := a.now()
		var wrong error
		lower := w.lower
		if w.recorder != nil {
			w.recorder = dns.NewRecorder(lower)
			lower = w.recorder
		}
		last := a.waiter(w, lower).Wait(ctx, want, checks.WaitOptions{
			First: o.interval, Most: o.interval, Once: o.once || a.shared.replay != "",
		}, func(r propagation.Report, changed bool) {
			switch {
			case !changed:
			case a.shared.json:
				wrong = errors.Join(wrong, a.printWaitJSON(want, r))
			default:
				wrong = errors.Join(wrong, checks.WriteWait(a.out, want, w.file.Service.SPFInclude, r))
			}
		})
		if wrong != nil || last.Published {
			return wrong
		}
		return a.unpublished(ctx, want, last, a.now().Sub(began))
	})
}

// waiter is an examiner whose questions are always asked anew.
func (a *app) waiter(w *world, lower dns.Resolver) *checks.Examiner {
	over := dns.NewOverlay(lower, a.shared.sets)
	e := a.examiner(w)
	e.Resolver, e.Asker = over, over
	return e
}

// unpublished is how the command ends without success.
func (a *app) unpublished(ctx context.Context, want checks.Wanted, r propagation.Report, took time.Duration) error {
	why := "after " + took.Round(time.Second).String() + " "
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		why = "it was stopped; "
	case ctx.Err() == nil:
		why = "" // a single look
	}
	f := &failure{what: "could not see " + want.Question().String() + " published", code: exitUnknown}
	if r.Problem != "" {
		f.why, f.hints = why+r.Problem, []string{"cwmail check " + want.Domain + " says more"}
		return f
	}
	var parts []string
	for _, s := range r.Left() {
		parts = append(parts, s.Name+" "+checks.ServerWord(s.State))
	}
	f.why = why + strings.Join(parts, ", ")
	f.hints = []string{"cwmail check " + want.Domain + " says what is wrong, and which record mends it"}
	if r.Hint != "" {
		f.hints = append([]string{r.Hint}, f.hints...)
	}
	return f
}

// consoleWait waits for the console: less often than the command, as its owner
// does other things meanwhile, and longer.
func (a *app) consoleWait(w *world) func(context.Context, checks.Wanted, func(propagation.Report)) propagation.Report {
	const longest = 48 * time.Hour
	first, most := 15*time.Second, time.Minute
	switch {
	case w.demo != nil && a.hasty:
		first, most = 50*time.Millisecond, 50*time.Millisecond
	case w.demo != nil: // its name servers are ours
		first, most = 2*time.Second, 5*time.Second
	}
	return func(ctx context.Context, want checks.Wanted, emit func(propagation.Report)) propagation.Report {
		ctx, cancel := context.WithTimeout(ctx, longest)
		defer cancel()
		o := checks.WaitOptions{First: first, Most: most, Once: a.shared.replay != ""}
		return a.waiter(w, w.lower).Wait(ctx, want, o, func(r propagation.Report, _ bool) { emit(r) })
	}
}

type waitView struct {
	Server string            `json:"server"`
	State  propagation.State `json:"state"`
	Until  *time.Time        `json:"until"`
	Detail *string           `json:"detail"`
	Value  *string           `json:"value"`
}

type waitServer struct {
	Server    string            `json:"server"`
	State     propagation.State `json:"state"`
	Detail    *string           `json:"detail"`
	Counts    bool              `json:"counts"` // false: it is not waited for, see propagation.ServerView
	Addresses []waitAddress     `json:"addresses"`
}

type waitAddress struct {
	Address string            `json:"address"`
	State   propagation.State `json:"state"`
	Detail  *string           `json:"detail"`
	Value   *string           `json:"value"`
}

// printWaitJSON writes the line of the contract.
func (a *app) printWaitJSON(want checks.Wanted, r propagation.Report) error {
	doc := struct {
		At            time.Time    `json:"at"`
		Name          string       `json:"name"`
		Type          string       `json:"type"`
		Zone          *string      `json:"zone"`
		Published     bool         `json:"published"`
		Authoritative []waitServer `json:"authoritative"`
		Resolvers     []waitView   `json:"resolvers"`
		CachesUntil   *time.Time   `json:"caches_until"`
		Hint          *string      `json:"hint"`
		Problem       *string      `json:"problem"`
	}{
		At: r.At, Name: safe.UTF8(want.Question().Name), Type: want.Question().Type.String(), Zone: orNull(r.Zone), Published: r.Published,
		Authoritative: []waitServer{}, Resolvers: []waitView{}, CachesUntil: timeOrNull(r.Caches), Hint: orNull(r.Hint), Problem: orNull(r.Problem),
	}
	for _, s := range r.Servers {
		out := waitServer{safe.UTF8(s.Name), s.State, orNull(s.Detail), !s.Apart, []waitAddress{}}
		for _, v := range s.Views {
			out.Addresses = append(out.Addresses, waitAddress{checks.ServerAddress(v.Addr), v.State, orNull(v.Detail), orNull(v.Value)})
		}
		doc.Authoritative = append(doc.Authoritative, out)
	}
	for _, v := range r.Resolvers {
		doc.Resolvers = append(doc.Resolvers, waitView{checks.ServerAddress(v.Addr), v.State, timeOrNull(v.Until), orNull(v.Detail), orNull(v.Value)})
	}
	line, err := safe.JSON(doc, "")
	if err != nil {
		return err
	}
	_, err = a.out.Write(line)
	return err
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
