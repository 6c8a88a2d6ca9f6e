package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

type checkOptions struct {
	names    []string // transports or domains; none: all transports
	markdown bool
	html     bool
	strict   bool
	parked   bool     // the named domains send no mail
	probeMX  bool     // greet the servers that take the domains' mail
	alsoAsk  []string // further name servers
}

func newCheck(a *app, runF func(context.Context, *checkOptions) error) *cobra.Command {
	o := &checkOptions{}
	cmd := &cobra.Command{
		Use:   "check [TRANSPORT|DOMAIN ...]",
		Short: "Examine transports or domains, and say what to do",
		Long: "Examines all configured transports, or those that are named, or any domain,\n" +
			"which is looked at as if the ClockWise server sent with an address of it.\n" +
			"Without names, what is wrong with the configuration as a whole stands in a last\n" +
			"report, \"configuration file\".\n\n" +
			"Exit status: 0 nothing wrong, 1 a failure was found (with --strict a warning\n" +
			"too), 2 wrong use or configuration, 3 could not be determined.",
		Example: "  cwmail check\n  cwmail check acme.example --markdown\n  cwmail check --html > report.html\n  cwmail check \"Office 365 relay\" --json\n" +
			"  cwmail check acme.example --with 'acme.example TXT v=spf1 mx -all'",
		RunE: func(cmd *cobra.Command, names []string) error {
			o.names = names
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runCheck(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "print Markdown, ready for a ticket")
	cmd.Flags().BoolVar(&o.html, "html", false, "print one page of HTML, to hand over")
	cmd.Flags().StringArrayVar(&o.alsoAsk, "also-ask", nil, "look at this name server too for records that are missing, for example a former provider's (repeatable)")
	cmd.Flags().BoolVar(&o.probeMX, "probe-mx", false, "also greet the servers that take the domain's mail (at most 3; no login, no mail), test a transport's own server for commands smuggled in before TLS, and where port 25 is silent connect to well-known hosts")
	cmd.Flags().BoolVar(&o.parked, "parked", false, "the named domains send no mail: look whether SPF and DMARC say so")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "exit with 1 for warnings too")
	return cmd
}

func (a *app) runCheck(cmd *cobra.Command, o *checkOptions) error {
	if err := onlyOne(map[string]bool{"--json": a.shared.json, "--markdown": o.markdown, "--html": o.html}); err != nil {
		return err
	}
	if err := namesServers("--also-ask", o.alsoAsk); err != nil {
		return err
	}
	needConfig := len(o.names) == 0
	return a.inWorld(cmd, needConfig, func(ctx context.Context, w *world) error {
		targets, err := findTargets(w, o.names)
		if err != nil {
			return err
		}
		if o.parked {
			if err := park(targets); err != nil {
				return err
			}
		}
		e := a.examiner(w)
		e.Thorough = true
		if o.probeMX {
			probeMX(e)
		}
		e.Elsewhere = o.alsoAsk
		reports := examineAll(ctx, e, targets)
		if r, ok := e.ConfigurationReport(); ok && len(o.names) == 0 {
			reports = append(reports, r)
		}
		if err := a.printReports(reports, o); err != nil {
			return err
		}
		return statusOf(statusOfReports(reports, o.strict))
	})
}

// namesServers holds that each value of a flag may be a name server: an
// address, with or without a port, or a name.
func namesServers(flag string, values []string) error {
	for _, v := range values {
		_, noPort := netip.ParseAddrPort(v)
		_, noAddr := netip.ParseAddr(v)
		if _, err := transports.ParseDomain(v); err != nil && noPort != nil && noAddr != nil {
			return &failure{
				what: fmt.Sprintf("could not use %s %q", flag, v), why: "it is neither the name of a server nor an address",
				hints: []string{flag + " ns1.dns.example", flag + " 192.0.2.53"},
			}
		}
	}
	return nil
}

// park marks bare domains as such that send no mail.
func park(targets []checks.Target) error {
	for i, t := range targets {
		if t.Transport != nil {
			return &failure{
				what: fmt.Sprintf("could not look at %q as a parked domain", t.Name()), why: "it is a transport, and sends mail",
				hints: []string{"cwmail check --parked acme.example looks at a domain"},
			}
		}
		targets[i].Parked = true
	}
	return nil
}

// onlyOne holds that at most one of the flags that say what to print is given.
func onlyOne(given map[string]bool) error {
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] {
			flags = append(flags, name)
		}
	}
	if len(flags) < 2 {
		return nil
	}
	return &failure{what: "could not print the report", why: strings.Join(flags, " and ") + " exclude each other", hints: []string{"leave one of them out"}}
}

func (a *app) printReports(reports []checks.Report, o *checkOptions) error {
	switch {
	case a.shared.json:
		return checks.WriteJSON(a.out, reports)
	case o.markdown:
		return checks.WriteMarkdown(a.out, reports)
	case o.html:
		out, hide := a.page()
		return checks.WriteHTML(out, reports, hide)
	}
	return checks.WriteText(a.out, reports, a.textOptions())
}

// page is where a page of HTML goes, and what hides what is private in its
// texts: in the finished page the filter would take parts of its style for
// names.
func (a *app) page() (io.Writer, func(string) string) {
	if len(a.hiding) == 0 {
		return a.out, nil
	}
	return a.hiding[0].to, a.hiding[0].mask.Text
}

// findTargets makes targets of names: a transport of that name, in any letter
// case, else a domain.
func findTargets(w *world, names []string) ([]checks.Target, error) {
	if len(names) == 0 {
		return configuredTargets(w)
	}
	var out []checks.Target
	for _, name := range names {
		t, err := findTarget(w, name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func configuredTargets(w *world) ([]checks.Target, error) {
	if len(w.file.Transports) == 0 {
		return nil, &failure{
			what: "could not check anything", why: "no transports are configured",
			hints: []string{"cwmail check acme.example examines a domain", "cwmail config init writes a commented file to begin with", "cwmail --demo check shows an invented world"},
		}
	}
	return targetsOf(w.file), nil
}

// targetsOf are the configured transports, in the order of the file.
func targetsOf(file *config.File) []checks.Target {
	var out []checks.Target
	for i := range file.Transports {
		out = append(out, checks.Target{Transport: &file.Transports[i]})
	}
	return out
}

func findTarget(w *world, name string) (checks.Target, error) {
	if t := findTransport(w, name); t != nil {
		return checks.Target{Transport: t}, nil
	}
	domain, err := transports.ParseDomain(name)
	if err != nil {
		return checks.Target{}, &failure{
			what: fmt.Sprintf("could not examine %q", name), why: noDomain(err, "it is neither the name of a transport nor a domain"),
			hints: []string{"cwmail transport list shows the names of the transports", "a domain looks like acme.example"},
		}
	}
	return checks.Target{Domain: domain}, nil
}

// findTransport finds a transport by its name; nil when there is none.
func findTransport(w *world, name string) *transports.Transport {
	for i := range w.file.Transports {
		if strings.EqualFold(w.file.Transports[i].Name, strings.TrimSpace(name)) {
			return &w.file.Transports[i]
		}
	}
	return nil
}

// atOnce is how many targets are examined at the same time.
const atOnce = 16

// examineAll examines targets side by side; reports stand in their order.
func examineAll(ctx context.Context, e *checks.Examiner, targets []checks.Target) []checks.Report {
	reports := make([]checks.Report, len(targets))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, t := range targets {
		slots <- struct{}{}
		wg.Go(func() {
			reports[i] = e.Examine(ctx, t, nil)
			<-slots
		})
	}
	wg.Wait()
	return reports
}

// statusOfReports is the exit status that reports give.
func statusOfReports(reports []checks.Report, strict bool) int {
	verdicts := map[checks.Verdict]int{}
	for _, r := range reports {
		verdicts[r.Verdict]++
	}
	return statusOfVerdicts(verdicts, strict)
}

// statusOfVerdicts: a failure anywhere goes before what could not be told. A
// verdict without a word is that of a report that was never made.
func statusOfVerdicts(verdicts map[checks.Verdict]int, strict bool) int {
	switch {
	case verdicts[checks.VerdictFailure] > 0, strict && verdicts[checks.VerdictWarning] > 0:
		return exitFailure
	case verdicts[checks.VerdictUnknown] > 0, verdicts[""] > 0:
		return exitUnknown
	}
	return exitOK
}
