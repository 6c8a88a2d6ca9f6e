package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/audit"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
)

type auditOptions struct {
	file        string // "" or "-": standard input
	concurrency int
	shard       string
	resume      string
	unordered   bool
	strict      bool
	summary     string // what to make of the output of an audit: html, markdown
	since       string // the output of an earlier one
	contact     bool   // more than name servers
	compare     bool   // each authoritative server is asked
}

func newAudit(a *app, runF func(context.Context, *auditOptions) error) *cobra.Command {
	o := &auditOptions{}
	cmd := &cobra.Command{
		Use:   "audit [FILE]",
		Short: "Examine thousands of domains, a line of JSON each",
		Long: "Reads a list of domains from FILE or standard input and writes a report a line,\n" +
			"in the order of the list. A line of the list is a domain, or\n" +
			"domain,selector,transport, or an object of JSON with these fields; transport is\n" +
			"clockwise, noreply or the name of a configured one. On standard error it tells\n" +
			"how far it is, and closes with what was found.\n\n" +
			"--resume OUT writes to OUT, and goes on behind what an earlier run wrote there.\n" +
			"--shard I/N does every Nth part of the list, I from 0 to N-1 or from 1 to N, so\n" +
			"that several machines share one without talking to each other.\n\n" +
			"It asks its resolvers and nobody else, unless --contact or --compare say so:\n" +
			"without --contact, policies of MTA-STS and the mail servers of transports are\n" +
			"not looked at, and nothing is said about them.\n\n" +
			"--summary html or markdown makes a page for people of what an audit wrote to\n" +
			"FILE; --since OLD adds what has changed since that one.\n\n" +
			"Exit status: 0 nothing wrong, 1 a failure was found (with --strict a warning\n" +
			"too), 2 a line that is no domain, 3 could not be determined, or not finished.",
		Example: "  cwmail audit domains.txt > reports.jsonl\n  cwmail audit domains.csv --resume reports.jsonl\n" +
			"  cwmail audit domains.txt --shard 2/8 --resume part2.jsonl\n  cwmail audit --summary html reports.jsonl --since last-week.jsonl > page.html",
		Args: args(0, 1, "a file with a list of domains"),
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) > 0 {
				o.file = names[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runAudit(cmd, o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.concurrency, "concurrency", 64, "examine `N` domains at once")
	f.StringVar(&o.shard, "shard", "", "only part `I/N` of the list")
	f.StringVar(&o.resume, "resume", "", "write to `OUT`, behind what stands there")
	f.BoolVar(&o.unordered, "unordered", false, "write reports as they come")
	f.BoolVar(&o.contact, "contact", false, "also fetch MTA-STS policies, and greet the SMTP servers of transports")
	f.BoolVar(&o.compare, "compare", false, "also ask each authoritative server, and the public resolvers")
	f.BoolVar(&o.strict, "strict", false, "exit with 1 for warnings too")
	f.StringVar(&o.summary, "summary", "", "write a page about FILE, what an audit wrote; `FORMAT` is html or markdown")
	f.StringVar(&o.since, "since", "", "with --summary: say what has changed since `OLD`")
	return cmd
}

func (a *app) runAudit(cmd *cobra.Command, o *auditOptions) error {
	if cmd.Flags().Changed("summary") || cmd.Flags().Changed("since") {
		return a.runSummary(cmd, o.summary, o.file, o.since)
	}
	if a.shared.privacy && o.resume != "" {
		return &failure{what: "could not use --resume", why: "--privacy hides the names by which an earlier run is known", hints: []string{"leave one of them out"}}
	}
	var shard audit.Shard
	var err error
	if o.shard != "" {
		if shard, err = audit.ParseShard(o.shard); err != nil {
			return &failure{what: "could not use --shard " + o.shard, why: err.Error(), hints: []string{"--shard 0/4, 1/4, 2/4 and 3/4 are the four parts of a list"}}
		}
	}
	if o.concurrency < 1 {
		return &failure{what: "could not use --concurrency", why: "it is below 1", hints: []string{"--concurrency 64 is what it is without the flag"}}
	}
	r := &auditRun{auditOptions: o, shard: shard}
	if r.done, err = readDone(o.resume); err != nil {
		return err
	}
	in, err := a.openList(r)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := a.openOutput(r)
	if err != nil {
		return err
	}
	defer out.Close()
	r.list, r.out = in, out
	for _, h := range a.hiding[:min(len(a.hiding), 1)] {
		h.json = true // the reports, not what is told of them
	}
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error { return a.audit(ctx, w, r) })
}

// auditRun is an audit with its files.
type auditRun struct {
	*auditOptions
	shard audit.Shard
	done  *audit.Done
	list  io.Reader
	out   io.Writer

	total     int // entries to examine, where they could be counted
	counted   bool
	different error // the list is not the one that the output belongs to
}

// readDone reads what an earlier run wrote.
func readDone(path string) (*audit.Done, error) {
	if path == "" {
		return &audit.Done{}, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &audit.Done{}, nil
	}
	if err != nil {
		return nil, resumeFailure(path, err)
	}
	defer f.Close()
	done, err := audit.ReadDone(f)
	if err != nil {
		return nil, resumeFailure(path, err)
	}
	return done, nil
}

func resumeFailure(path string, err error) error {
	return &failure{
		what: "could not go on with " + path, why: strings.TrimPrefix(cause(err), "audit: "),
		hints: []string{"--resume wants a file that cwmail audit wrote from the same list, or the name of a new one"},
	}
}

// openList opens a list of domains. A file is read through before anything is
// looked at: a line that is no domain, or that an earlier run knew as another
// one, ends the command while all is as it was.
func (a *app) openList(r *auditRun) (io.ReadCloser, error) {
	if r.file == "" || r.file == "-" {
		return io.NopCloser(a.in), nil
	}
	f, err := os.Open(r.file)
	if err == nil {
		if info, err := f.Stat(); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
			return f, nil // can be read once only, as standard input
		}
		if err = r.count(f); err == nil {
			return f, nil
		}
		_ = f.Close()
	}
	if r.different != nil {
		return nil, resumeFailure(r.resume, r.different)
	}
	return nil, &failure{
		what: "could not read " + r.file, why: strings.TrimPrefix(cause(err), "audit: "),
		hints: []string{"a line is a domain, or domain,selector,transport, or {\"domain\":\"acme.example\"}"},
	}
}

// count counts what is to be done of a list.
func (r *auditRun) count(f *os.File) error {
	list := audit.NewList(f)
	for {
		e, err := list.Next()
		switch {
		case errors.Is(err, io.EOF):
			r.counted = true
			_, err = f.Seek(0, io.SeekStart)
			return err
		case err != nil:
			return err
		case !r.skip(e):
			r.total++
		}
		if r.different != nil {
			return r.different
		}
	}
}

// openOutput opens where reports go: behind what an earlier run wrote whole.
func (a *app) openOutput(r *auditRun) (io.WriteCloser, error) {
	if r.resume == "" {
		return discarding{a.out}, nil
	}
	f, err := os.OpenFile(r.resume, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, resumeFailure(r.resume, err)
	}
	if err = f.Truncate(r.done.Size); err == nil {
		_, err = f.Seek(r.done.Size, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, resumeFailure(r.resume, err)
	}
	return f, nil
}

// discarding is a stream that somebody else closes.
type discarding struct{ io.Writer }

func (discarding) Close() error { return nil }

// keptAnswers is the number of answers that a long run keeps: more than the
// domains under way need, and the names that many share.
const keptAnswers = 4096

// bulk is an examiner for many domains: unless more is asked for it asks the
// resolvers only, and it keeps no more answers than it needs.
func (a *app) bulk(w *world, o *auditOptions) *checks.Examiner {
	e := a.examiner(w)
	if w.save == "" {
		shared := dns.NewShared(w.lower, keptAnswers, a.now)
		w.closers = append(w.closers, shared.Close)
		overlay := dns.NewOverlay(shared, a.shared.sets)
		e.Resolver, e.Asker = overlay, overlay
	}
	if !o.compare {
		e.Asker = nil
	}
	e.DNSOnly, e.Policies = !o.contact, nil
	if o.contact {
		e.Policies = a.fetcher(w, e.Resolver)
	}
	return e
}

// moreGarbage lets more come together before it is collected, in percent of what
// is kept: a long run makes much that is thrown away at once, and keeps little.
const moreGarbage = 110

func (a *app) audit(ctx context.Context, w *world, r *auditRun) error {
	defer debug.SetGCPercent(debug.SetGCPercent(moreGarbage))
	e := a.bulk(w, r.auditOptions)
	out := bufio.NewWriterSize(r.out, 1<<16)
	t := newTally(a, r)
	defer t.stop()
	told := a.now()
	opts := audit.Options{
		Concurrency: r.concurrency, Strained: w.strained, Unordered: r.unordered,
		Skip: r.skip, Bad: t.bad,
		Done: func(res audit.Result) {
			t.done(res)
			if now := a.now(); now.Sub(told) >= mostHeld {
				told = now
				_ = out.Flush() // the next write tells what went wrong
			}
		},
	}
	err := audit.Run(ctx, audit.NewList(r.list), func(ctx context.Context, entry audit.Entry) (checks.Report, error) {
		target, err := entry.Target(func(name string) *transports.Transport { return findTransport(w, name) })
		if err != nil {
			return checks.Report{}, err
		}
		return e.Examine(ctx, target, nil), nil
	}, out, opts)
	t.stop()
	lost := out.Flush() // of all writes before too
	if r.resume != "" && lost != nil && ctx.Err() == nil {
		return &failure{what: "could not write " + r.resume, why: cause(lost), hints: []string{"what is there already is whole: the same command goes on"}, code: exitUnknown}
	}
	if err == nil {
		err = lost
	}
	return t.close(ctx, err)
}

// mostHeld is how long reports wait for others to be written with them.
const mostHeld = time.Second

// skip leaves out what belongs to other parts, and what is reported already; of
// another list all, from where it is known for one.
func (r *auditRun) skip(e audit.Entry) bool {
	if r.different != nil || !r.shard.Holds(e) {
		return true
	}
	has, err := r.done.Has(e)
	r.different = err
	return has || err != nil
}
