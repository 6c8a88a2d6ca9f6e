package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/received"
	"clockwise.info/cwmail/checks/safe"
)

type messageOptions struct {
	file               string
	ip, mailFrom, helo string
	given, markdown    bool
}

func newMessage(a *app, runF func(context.Context, *messageOptions) error) *cobra.Command {
	o := &messageOptions{}
	cmd := &cobra.Command{
		Use:   "message [FILE]",
		Short: "Judge a received message, or only its header",
		Long: "Judges a message that arrived: which way it came, SPF, DKIM and DMARC, what\n" +
			"Microsoft 365 wrote into it, and who must act. It reads FILE, or standard\n" +
			"input: the whole message, or its header as a mail program shows it.\n\n" +
			"Exit status: 0 nothing wrong, 1 a failure was found, 2 wrong use or\n" +
			"configuration, 3 could not be determined.",
		Example: "  cwmail message mail.eml\n  cwmail message --ip 31.134.206.130 --mail-from jan@acme.example < mail.eml",
		Args:    args(0, 1, ""),
		RunE: func(cmd *cobra.Command, words []string) error {
			if len(words) > 0 {
				o.file = words[0]
			}
			o.given = cmd.Flags().Changed("mail-from")
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runMessage(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.ip, "ip", "", "`ADDRESS` that connected; default: what the message says")
	f.StringVar(&o.mailFrom, "mail-from", "", "envelope sender `ADDRESS`; empty for a bounce; default: what the message says")
	f.StringVar(&o.helo, "helo", "", "`NAME` that the server gave itself; default: what the message says")
	f.BoolVar(&o.markdown, "markdown", false, "print Markdown, ready for a ticket")
	return cmd
}

func (a *app) runMessage(cmd *cobra.Command, o *messageOptions) error {
	if err := onlyOne(map[string]bool{"--json": a.shared.json, "--markdown": o.markdown}); err != nil {
		return err
	}
	in := received.Input{MailFrom: address(o.mailFrom), HELO: strings.TrimSpace(o.helo), Given: o.given, Now: a.now()}
	if o.ip != "" {
		ip, err := netip.ParseAddr(strings.TrimSpace(o.ip))
		if err != nil || ip.Zone() != "" {
			return &failure{what: "could not use --ip", why: fmt.Sprintf("%q is not an IP address", o.ip), hints: []string{"an address looks like 31.134.206.130 or 2001:db8::1"}}
		}
		in.Client = ip.Unmap()
	}
	raw, err := a.readMessage(o.file)
	if err != nil {
		return err
	}
	in.Message = received.Parse(raw)
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		in.Service = w.file.Service
		v := received.Judge(ctx, w.resolver, in)
		switch {
		case a.shared.json:
			err = a.printJSON(struct {
				received.JSON
				Findings []checks.JSONFinding `json:"findings"`
			}{v.JSON(), checks.FindingsJSON(v.Findings)})
		case o.markdown:
			a.printVerdictMarkdown(v)
		default:
			err = a.printVerdict(v)
		}
		if err != nil {
			return err
		}
		return statusOf(messageStatus(v))
	})
}

// readMessage reads a file or standard input, no more than is judged.
func (a *app) readMessage(file string) ([]byte, error) {
	in, name := a.in, "standard input"
	if file != "" && file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, &failure{what: "could not read " + file, why: cause(err), hints: []string{"cwmail message FILE, or paste the message on standard input"}}
		}
		defer f.Close()
		in, name = f, file
	}
	raw, err := io.ReadAll(io.LimitReader(in, received.MaxSize+1))
	switch {
	case err != nil:
		return nil, &failure{what: "could not read " + name, why: cause(err), hints: []string{"cwmail message FILE, or paste the message on standard input"}}
	case len(raw) > received.MaxSize:
		return nil, &failure{what: "could not read " + name, why: "it is larger than 64 MB", hints: []string{"the header alone is enough for all but the signatures"}}
	case len(strings.TrimSpace(string(raw[:min(len(raw), 4096)]))) == 0:
		return nil, &failure{what: "could not read " + name, why: "there is no message in it", hints: []string{"cwmail message mail.eml, or paste the header on standard input"}}
	}
	return raw, nil
}

// messageStatus: a failure goes before what could not be told.
func messageStatus(v received.Verdict) int {
	status := statusOfFindings(v.Findings, false)
	if status == exitOK {
		switch v.DMARC.Result {
		case "fail", "permerror":
			return exitFailure
		case "unknown", "temperror":
			return exitUnknown
		}
	}
	return status
}

// verdictLines are what was found besides findings: headings and their lines.
func verdictLines(v received.Verdict) (out [][2]string) {
	add := func(name, text string) { out = append(out, [2]string{name, text}) }
	if e := v.Envelope; e.Client.IsValid() {
		where := "not an address of ClockWise"
		if e.Inside {
			where = "an address of ClockWise"
		}
		add("Connected", e.Client.String()+", "+where)
	} else {
		add("Connected", "not known")
	}
	for i, h := range v.Hops[:min(len(v.Hops), 20)] {
		line := fmt.Sprintf("%s -> %s", orDash(h.From), orDash(h.By))
		if h.IP.IsValid() {
			line += " (" + h.IP.String() + ")"
		}
		if h.TLS {
			line += ", TLS"
		} else {
			line += ", no TLS shown"
		}
		if i+1 < len(v.Hops) && h.Delay != 0 {
			line += ", " + h.Delay.Round(time.Second).String() + " later"
		}
		add(fmt.Sprintf("Hop %d", len(v.Hops)-i), line)
	}
	spf := v.SPF.Result
	if v.SPF.Domain != "" {
		spf += " for " + v.SPF.Domain + alignedWords(v.SPF.Aligned.String())
	}
	add("SPF", spf)
	if len(v.DKIM) == 0 {
		add("DKIM", "not signed")
	}
	for _, d := range v.DKIM {
		line := d.Result + " for " + orDash(d.Domain) + ", selector " + orDash(d.Selector) + alignedWords(d.Aligned.String())
		for _, s := range []string{d.Reason, d.Change} {
			if s != "" {
				line += "; " + s
			}
		}
		add("DKIM", line)
	}
	dmarc := v.DMARC.Result
	switch {
	case !v.DMARC.Known:
		dmarc += ", policy not known"
	case v.DMARC.Policy != "":
		dmarc += fmt.Sprintf(", policy %s at %s, asks for: %s", v.DMARC.Policy, v.DMARC.FoundAt, v.DMARC.Disposition)
	}
	add("DMARC", dmarc)
	return out
}

func alignedWords(truth string) string {
	switch truth {
	case "yes":
		return ", aligned with From"
	case "no":
		return ", not aligned with From"
	}
	return ""
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (a *app) printVerdict(v received.Verdict) error {
	a.behind("", safe.Line(v.Conclusion))
	if v.Next != "" {
		a.behind("", safe.Line("Next ("+string(v.Owner)+"): "+v.Next))
	}
	a.printf("\n")
	for _, l := range verdictLines(v) {
		a.printf("%-10s %s\n", l[0], l[1])
	}
	if len(v.Findings) == 0 {
		return nil
	}
	a.printf("\n")
	return checks.WriteFindings(a.out, orDash(v.From), byOwner(v.Findings), a.textOptions())
}

// byOwner keeps the order of findings within those of one owner; who has the
// first thing to do comes first.
func byOwner(all []finding.Finding) []finding.Finding {
	var owners []finding.Owner
	for _, f := range all {
		if !slices.Contains(owners, f.Who()) {
			owners = append(owners, f.Who())
		}
	}
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(x, y finding.Finding) int {
		return slices.Index(owners, x.Who()) - slices.Index(owners, y.Who())
	})
	return out
}

// markdownCode is a text of others as code of Markdown, in which nothing else counts.
func markdownCode(s string) string { return "`" + strings.ReplaceAll(safe.Line(s), "`", "'") + "`" }

func (a *app) printVerdictMarkdown(v received.Verdict) {
	a.printf("## Message of %s\n\n", markdownCode(orDash(v.From)))
	a.printf("%s\n\n", markdownCode(v.Conclusion))
	if v.Next != "" {
		a.printf("Next (%s): %s\n\n", string(v.Owner), markdownCode(v.Next))
	}
	for _, l := range verdictLines(v) {
		a.printf("- %s: %s\n", l[0], markdownCode(l[1]))
	}
	for _, f := range byOwner(v.Findings) {
		if f.SilencedBy == "" {
			a.printf("- %s (%s, %s): %s %s\n", f.Severity().String(), f.Code(), string(f.Who()), markdownCode(f.Title()), markdownCode(f.Saw()))
		}
	}
}
