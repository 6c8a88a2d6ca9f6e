package main

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/compose"
	"clockwise.info/cwmail/transports/smtp"
)

type sendOptions struct {
	from, subsystem, transport string
	to                         []string
	subject, text, helo        string
	dryRun, markdown           bool
}

func newSend(a *app, runF func(context.Context, *sendOptions) error) *cobra.Command {
	o := &sendOptions{}
	cmd := &cobra.Command{
		Use:   "send --from ADDR --to ADDR",
		Short: "Send a test mail, and show every line of the conversation",
		Long: "Sends one test mail over the transport that ClockWise would take, built and\n" +
			"signed as it would be, from this machine. At most five a minute.",
		Example: "  cwmail send --from jan@acme.example --to eva@example.org --dry-run\n  cwmail send --from jan@acme.example --to eva@example.org",
		Args:    args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runSend(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "sender `ADDRESS`: the user whose mail it would be")
	f.StringArrayVar(&o.to, "to", nil, "recipient `ADDRESS` (repeatable)")
	f.StringVar(&o.subsystem, "subsystem", "", "service that sends: "+strings.Join(transports.Subsystems, ", "))
	f.StringVar(&o.transport, "transport", "", "take this `TRANSPORT`, whatever the route says")
	f.StringVar(&o.subject, "subject", "", "`TEXT` behind the mark of a test in Subject")
	f.StringVar(&o.text, "text", "", "`TEXT` of the mail")
	f.StringVar(&o.helo, "helo", "", "`NAME` to say in EHLO; default: that of this machine")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the signed message, and send nothing")
	f.BoolVar(&o.markdown, "markdown", false, "print Markdown")
	f.SortFlags = false
	return cmd
}

func (a *app) runSend(cmd *cobra.Command, o *sendOptions) error {
	if o.markdown && a.shared.json {
		return &failure{what: "could not choose the form", why: "--json and --markdown are both given", hints: []string{"leave one of them out"}}
	}
	if a.shared.replay != "" && !o.dryRun {
		return &failure{what: "could not send", why: "--replay touches no network", hints: []string{"--dry-run prints the message", "cwmail message judges one that arrived"}}
	}
	return a.inWorld(cmd, true, func(ctx context.Context, w *world) error {
		l, err := o.letter(w)
		if err != nil {
			return err
		}
		p, err := w.compose(l, a.now())
		if err != nil {
			return err
		}
		if o.dryRun {
			return a.printMessage(p)
		}
		e := a.editor(w)
		if err := e.maySend(a.now()); err != nil {
			return &failure{what: "could not send", why: err.Error(), hints: []string{"wait that long, then send again"}}
		}
		expect := predicted(ctx, e.examiner(), p)
		return a.printSent(sent{p, a.send(ctx, w, p, a.progress()), expect, w.file.Service.Network}, o.markdown)
	})
}

// letter reads what is to be sent, and finds the transport.
func (o *sendOptions) letter(w *world) (letter, error) {
	what := "could not send"
	if o.from == "" || len(o.to) == 0 {
		return letter{}, &failure{what: what, why: "--from and --to have to be given", hints: []string{"cwmail send --from jan@acme.example --to eva@example.org"}}
	}
	from, err := mail.ParseAddress(o.from)
	if err != nil {
		return letter{}, &failure{what: what, why: fmt.Sprintf("%q is no address", o.from), hints: []string{"write an address such as jan@acme.example"}}
	}
	route := &routeOptions{from: o.from, subsystem: o.subsystem}
	m, err := route.mail()
	if err != nil {
		return letter{}, err
	}
	l := letter{from: compose.Person{Name: from.Name, Address: from.Address}, to: o.to, subject: o.subject, text: o.text, helo: o.helo}
	if o.transport == "" {
		l.transport = transports.Route(w.file.Transports, m).Transport
		return l, nil
	}
	l.transport, err = named(w.file.Transports, o.transport)
	return l, err
}

// progress tells the steps on stderr, where somebody sits there.
func (a *app) progress() func(smtp.Event) {
	if !a.errTerminal || a.shared.json {
		return nil
	}
	return func(e smtp.Event) {
		if e.Line == nil && e.Step.State != smtp.Running {
			fmt.Fprintf(a.err, "%s %s (%d ms)\n", safe.Line(e.Step.Stage.String()), e.Step.State, e.Step.Took.Milliseconds())
		}
	}
}

func (a *app) printMessage(p posting) error {
	if a.shared.json {
		return a.printJSON(struct {
			Transport  string   `json:"transport"`
			MessageID  string   `json:"message_id"`
			MailFrom   string   `json:"mail_from"`
			Recipients []string `json:"recipients"`
			Signed     bool     `json:"signed"`
			Message    string   `json:"message"`
		}{safe.UTF8(p.transport.Name), p.message.ID, p.message.MailFrom, p.message.Rcpt, p.unsigned == "", safe.UTF8(string(p.raw))})
	}
	for line := range strings.Lines(strings.ReplaceAll(string(p.raw), "\r\n", "\n")) {
		a.printf("%s\n", strings.TrimSuffix(line, "\n"))
	}
	if p.unsigned != "" {
		fmt.Fprintf(a.err, "cwmail: the message is not signed: %s\n", p.unsigned)
	}
	return nil
}

// sent is a test mail with what became of it.
type sent struct {
	posting
	smtp.Delivery
	expect  *checks.Path
	network netip.Prefix // of the relays
}

// status is the exit status.
func (s sent) status() int {
	switch s.Outcome {
	case smtp.Accepted:
		return exitOK
	case smtp.Rejected, smtp.Deferred, smtp.Partly:
		return exitFailure
	case smtp.NotSent:
		if slices.Contains([]smtp.Trouble{smtp.NotRun, smtp.NotResolved, smtp.TimedOut, smtp.NoRoute}, s.Trouble) {
			return exitUnknown
		}
		return exitFailure
	}
	return exitUnknown
}

// said is the sentence about the whole.
func (s sent) said() string {
	where := s.Stage.String()
	switch s.Outcome {
	case smtp.Accepted:
		return "OK: the server has taken the mail over: " + replyText(s.Reply) + "."
	case smtp.Rejected:
		return "FAIL: refused at the " + where + ": " + replyText(s.Reply) + ". Nothing was delivered."
	case smtp.Deferred:
		return "FAIL: refused for now, at the " + where + ": " + replyText(s.Reply) + ". A later attempt may succeed; cwmail makes none by itself."
	case smtp.Partly:
		return "FAIL: taken for some recipients only. " + upper(s.Detail)
	case smtp.Unsure:
		return "Not known: the message was sent to its end, and no answer came. It may arrive or not; do not send it again before looking."
	}
	return "Nothing was sent. At the " + where + ": " + cmp.Or(s.Detail, "it ended") + "."
}

func replyText(r smtp.Reply) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(r.String()), " "), ".")
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (a *app) printSent(s sent, markdown bool) error {
	switch {
	case a.shared.json:
		if err := a.printJSON(a.sentJSON(s)); err != nil {
			return err
		}
	case markdown:
		a.printSentMarkdown(s)
	default:
		a.printSentText(s)
	}
	return statusOf(s.status())
}

func (a *app) printSentText(s sent) {
	a.printf("From  %s     To  %s\n", s.message.From, strings.Join(s.message.Rcpt, ", "))
	a.printf("Over  %s     Id  %s\n", s.transport.Name, s.message.ID)
	if s.unsigned != "" {
		a.printf("Not signed: %s\n", s.unsigned)
	}
	a.printf("\n")
	for _, c := range s.Conversations {
		a.printf("%s (%s)\n", c.Host, c.Address.String())
		for _, l := range c.Lines {
			a.printf("%8s  %s  %s\n", seconds(l.At), who3(l.Dir), l.Text)
		}
		a.printf("\n")
	}
	a.behind("", s.said())
	for _, r := range s.Recipients {
		if len(s.Recipients) > 1 {
			a.behind("  ", r.Address+": "+r.Outcome.String()+" "+replyText(r.Reply))
		}
	}
	if d := s.diagnosis(); d != nil {
		a.printf("\n")
		a.behind("", "What this means: "+stopped(d.Meaning))
		a.behind("", "Usual cause: "+stopped(d.Cause))
		a.behind("", "Who must act: "+d.Owner+". "+stopped(d.Fix))
		a.behind("", "How sure: "+d.Certainty+".")
	}
	if s.expect != nil {
		a.printf("\n")
		a.behind("", fmt.Sprintf("When ClockWise sends this mail, a receiver finds SPF %s, DKIM %s, DMARC %s. This test came from this machine, so its SPF may differ.", s.expect.SPF, s.expect.DKIM, s.expect.DMARC))
	}
}

// stopped is a sentence with its full stop.
func stopped(s string) string { return strings.TrimSuffix(s, ".") + "." }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// who3 says who speaks.
func who3(dir byte) string {
	switch dir {
	case 'C':
		return "C>"
	case 'S':
		return "S>"
	}
	return "* "
}

// printSentMarkdown is ready for a ticket: foreign text stands in code.
func (a *app) printSentMarkdown(s sent) {
	a.printf("# Test mail\n\n%s\n\n", s.said())
	a.printf("- Transport: `%s`\n- From: `%s`\n- To: `%s`\n- Message-ID: `%s`\n", ticked(s.transport.Name), ticked(s.message.From), ticked(strings.Join(s.message.Rcpt, ", ")), ticked(s.message.ID))
	if d := s.diagnosis(); d != nil {
		a.printf("- Meaning: %s\n- Cause: %s\n- Who must act: %s\n- Do: %s\n", d.Meaning, d.Cause, d.Owner, d.Fix)
	}
	for _, c := range s.Conversations {
		a.printf("\n## %s\n\n", "`"+ticked(c.Host)+"`")
		for _, l := range c.Lines {
			a.printf("    %s %s %s\n", seconds(l.At), who3(l.Dir), l.Text)
		}
	}
}

// ticked is foreign text for a code span.
func ticked(s string) string { return strings.ReplaceAll(s, "`", "'") }

type sentReply struct {
	Code     *int    `json:"code"`
	Enhanced *string `json:"enhanced"`
	Text     *string `json:"text"`
}

type sentLine struct {
	At   float64 `json:"at_ms"`
	Dir  string  `json:"dir"`
	Line string  `json:"line"`
}

type sentRecipient struct {
	Address string    `json:"address"`
	Outcome string    `json:"outcome"`
	Reply   sentReply `json:"reply"`
}

func replyJSON(r smtp.Reply) sentReply {
	if r.Code == 0 {
		return sentReply{}
	}
	return sentReply{new(r.Code), orNull(r.Enhanced), orNull(strings.Join(r.Lines, "\n"))}
}

// sentJSON is the document of the contract.
func (a *app) sentJSON(s sent) any {
	doc := struct {
		Transport  string           `json:"transport"`
		MessageID  string           `json:"message_id"`
		Accepted   *bool            `json:"accepted"`
		Outcome    string           `json:"outcome"`
		Stage      string           `json:"stage"`
		Detail     *string          `json:"detail"`
		Reply      sentReply        `json:"reply"`
		Diagnosis  *sentDiagnosis   `json:"diagnosis"`
		Recipients []sentRecipient  `json:"recipients"`
		Signed     bool             `json:"signed"`
		Transcript []sentLine       `json:"transcript"`
		Predicted  *checks.JSONPath `json:"predicted"`
	}{
		Transport: safe.UTF8(s.transport.Name), MessageID: s.message.ID, Outcome: s.Outcome.String(), Stage: s.Stage.Key(), Detail: orNull(s.Detail),
		Reply: replyJSON(s.Reply), Diagnosis: s.diagnosis(), Recipients: []sentRecipient{}, Signed: s.unsigned == "", Transcript: []sentLine{},
	}
	if s.Outcome != smtp.Unsure {
		doc.Accepted = new(s.Outcome == smtp.Accepted)
	}
	for _, r := range s.Recipients {
		doc.Recipients = append(doc.Recipients, sentRecipient{safe.UTF8(r.Address), r.Outcome.String(), replyJSON(r.Reply)})
	}
	for _, c := range s.Conversations {
		since := c.Began.Sub(s.Began)
		for _, l := range c.Lines {
			doc.Transcript = append(doc.Transcript, sentLine{ms(since + l.At), string(rune(l.Dir)), safe.UTF8(l.Text)})
		}
	}
	if s.expect != nil {
		doc.Predicted = new(checks.PathJSON(*s.expect))
	}
	return doc
}

func ms(d time.Duration) float64 {
	v, _ := strconv.ParseFloat(fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)), 64)
	return v
}

// sentDiagnosis says in the customer's terms why mail was not taken.
type sentDiagnosis struct {
	Meaning   string  `json:"meaning"`
	Cause     string  `json:"cause"`
	Owner     string  `json:"owner"`
	Fix       string  `json:"fix"`
	Certainty string  `json:"certainty"`
	Note      *string `json:"note"`
}

// diagnosis explains why it ended before its end; nil where nothing is to be
// explained.
func (s sent) diagnosis() *sentDiagnosis {
	d, ok := relay.DiagnoseDelivery(s.Delivery, s.transport.Type == transports.SMTP, s.network)
	if !ok {
		return nil
	}
	return &sentDiagnosis{d.Meaning, d.Cause, string(d.Owner), d.Fix, d.Certainty.String(), orNull(d.Note)}
}
