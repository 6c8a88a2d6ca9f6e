package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/checks/spf"
)

type spfEvalOptions struct {
	ip       string
	mailFrom string
	helo     string
	batch    bool
}

func newSPFEval(a *app, runF func(context.Context, *spfEvalOptions) error) *cobra.Command {
	o := &spfEvalOptions{}
	cmd := &cobra.Command{
		Use:   "eval --ip IP --mail-from ADDR [--helo NAME]",
		Short: "What SPF says about a sender: check_host() of RFC 7208",
		Long: "Evaluates SPF for a sender as a receiver does (RFC 7208 section 4). With\n" +
			"--batch it reads lines of JSON, {\"id\",\"ip\",\"mail_from\",\"helo\"}, and writes a\n" +
			"line with {\"id\",\"result\",\"explanation\"} for each, in the same order.\n\n" +
			"Exit status: 1 for fail and permerror, 3 for temperror, else 0.",
		Example: "  cwmail spf eval --ip 31.134.206.130 --mail-from jan@acme.example\n  cwmail spf eval --batch < cases.jsonl",
		Args:    args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runSPFEval(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.ip, "ip", "", "`ADDRESS` of the sending server")
	f.StringVar(&o.mailFrom, "mail-from", "", "envelope sender `ADDRESS`; empty for a bounce")
	f.StringVar(&o.helo, "helo", "", "`NAME` that the server gives itself")
	f.BoolVar(&o.batch, "batch", false, "read cases from standard input")
	return cmd
}

func (a *app) runSPFEval(cmd *cobra.Command, o *spfEvalOptions) error {
	if o.batch {
		for _, name := range []string{"ip", "mail-from", "helo"} {
			if cmd.Flags().Changed(name) {
				return &failure{what: "could not evaluate SPF", why: "--batch and --" + name + " exclude each other", hints: []string{"with --batch the cases come from standard input"}}
			}
		}
		for _, h := range a.hiding[:min(len(a.hiding), 1)] {
			h.json = true // the results, not the errors
		}
		return a.inWorld(cmd, false, func(ctx context.Context, w *world) error { return a.evalBatch(ctx, w) })
	}
	client, err := o.client(cmd.Flags().Changed("mail-from") && cmd.Flags().Changed("helo"))
	if err != nil {
		return err
	}
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		out := spf.Evaluate(ctx, w.resolver, client, spf.Options{Now: a.now(), Ahead: true})
		if a.shared.json {
			if err := a.printJSON(evalJSON(out)); err != nil {
				return err
			}
			return statusOf(evalStatus(out.Result))
		}
		a.printf("%s\n", out.Result)
		if out.Matched != "" {
			a.printf("matched: %s (in the record of %s)\n", out.Matched, out.Owner)
		}
		if out.Explanation != "" {
			a.printf("explanation of the domain's owner: %s\n", out.Explanation)
		}
		if out.Problem != nil {
			a.behind("", "why: "+plain(out.Problem))
		}
		a.printf("look-ups: %d of %d, void: %d of %d\n", out.Lookups, spf.MaxLookups, out.VoidLookups, spf.MaxVoidLookups)
		return statusOf(evalStatus(out.Result))
	})
}

// client reads the flags. Who names both the sender and the server means what
// is there, even where both are empty.
func (o *spfEvalOptions) client(both bool) (spf.Client, error) {
	if o.ip == "" {
		return spf.Client{}, &failure{what: "could not evaluate SPF", why: "--ip is missing", hints: []string{"cwmail spf eval --ip 31.134.206.130 --mail-from jan@acme.example"}}
	}
	ip, err := parseIP(o.ip)
	if err != nil {
		return spf.Client{}, err
	}
	if o.mailFrom == "" && o.helo == "" && !both {
		return spf.Client{}, &failure{what: "could not evaluate SPF", why: "neither --mail-from nor --helo names a domain", hints: []string{"cwmail spf eval --ip " + ip.String() + " --mail-from jan@acme.example"}}
	}
	return spf.Client{IP: ip, MailFrom: address(o.mailFrom), HELO: strings.TrimSpace(o.helo)}, nil
}

// address takes an envelope address out of its angle brackets.
func address(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		return s[1 : len(s)-1]
	}
	return s
}

func evalStatus(result string) int {
	switch result {
	case spf.Fail, spf.PermError:
		return exitFailure
	case spf.TempError:
		return exitUnknown
	}
	return exitOK
}

func evalJSON(out spf.Outcome) any {
	doc := struct {
		Result      string  `json:"result"`
		Explanation string  `json:"explanation"`
		Lookups     int     `json:"lookups"`
		VoidLookups int     `json:"void_lookups"`
		Matched     *string `json:"matched"`
		Domain      string  `json:"domain"`
		Problem     *string `json:"problem"`
	}{out.Result, safe.UTF8(out.Explanation), out.Lookups, out.VoidLookups, orNull(out.Matched), safe.UTF8(out.Domain), nil}
	if out.Problem != nil {
		doc.Problem = orNull(plain(out.Problem))
	}
	return doc
}

// batchResult is one answer line. Error tells of a line that is no case.
type batchResult struct {
	ID          json.RawMessage `json:"id"`
	Result      *string         `json:"result"`
	Explanation string          `json:"explanation"`
	Error       string          `json:"error,omitempty"`
}

// batchAhead is how many cases of a batch are under way at the same time.
const batchAhead = 32

// maxCase is the longest line of a batch.
const maxCase = 1 << 20

// evalBatch reads cases and writes their results in the same order, each as
// soon as it and those before it are known.
func (a *app) evalBatch(ctx context.Context, w *world) error {
	results := make(chan chan batchResult, batchAhead)
	opts := spf.Options{Now: a.now(), Ahead: true, Parsed: new(spf.Parsed)}
	var readErr error
	go func() {
		defer close(results)
		readErr = eachLine(a.in, func(line []byte) {
			result := make(chan batchResult, 1)
			select {
			case results <- result:
			case <-ctx.Done():
				return
			}
			go func() { result <- evalCase(ctx, w, line, opts) }()
		})
	}()
	for result := range results {
		out, err := safe.JSON(<-result, "")
		if err != nil {
			return err
		}
		if _, err := a.out.Write(out); err != nil {
			return err
		}
	}
	if readErr != nil {
		return &failure{what: "could not read the cases", why: cause(readErr), hints: []string{"--batch reads lines of JSON from standard input"}}
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &failure{what: "could not evaluate all cases", why: "the time was over", hints: []string{"--timeout gives more"}, code: exitUnknown}
	case ctx.Err() != nil:
		return &failure{what: "could not evaluate all cases", why: "it was stopped", hints: []string{"the results so far are right"}, code: exitUnknown}
	}
	return nil
}

// eachLine calls f with each line that is not empty, of any length; a line
// above maxCase is cut, so that it cannot be a case.
func eachLine(r io.Reader, f func([]byte)) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for {
		part, more, err := lines.ReadLine()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if len(line) < maxCase {
			line = append(line, part...)
		}
		if more {
			continue
		}
		line = bytes.TrimPrefix(line, []byte("\ufeff")) // some systems put it in front of a text
		if len(bytes.TrimSpace(line)) > 0 {
			f(bytes.Clone(line))
		}
		line = line[:0]
	}
}

// evalCase judges one line; what is wrong with it is told in its result.
func evalCase(ctx context.Context, w *world, line []byte, opts spf.Options) batchResult {
	var c struct {
		ID       json.RawMessage `json:"id"`
		IP       string          `json:"ip"`
		MailFrom string          `json:"mail_from"`
		HELO     string          `json:"helo"`
	}
	err := json.Unmarshal(bytes.ToValidUTF8(line, []byte("\ufffd")), &c)
	if c.ID == nil {
		c.ID = json.RawMessage("null")
	}
	if err != nil {
		return batchResult{ID: c.ID, Error: "this line is no JSON object with id, ip, mail_from and helo"}
	}
	ip, err := parseIP(c.IP)
	if err != nil {
		return batchResult{ID: c.ID, Error: safe.UTF8(err.(*failure).why)}
	}
	out := spf.Evaluate(ctx, w.resolver, spf.Client{IP: ip, MailFrom: address(c.MailFrom), HELO: strings.TrimSpace(c.HELO)}, opts)
	return batchResult{ID: c.ID, Result: &out.Result, Explanation: safe.UTF8(out.Explanation)}
}

// plain is an error without the names of our packages.
func plain(err error) string {
	return strings.NewReplacer("spf: ", "", "dns: ", "").Replace(err.Error())
}
