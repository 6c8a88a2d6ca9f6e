package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/audit"
)

// tally counts what an audit has done, and tells of it on standard error: a
// line that is written anew on a terminal, else a line now and then.
type tally struct {
	a     *app
	run   *auditRun
	began time.Time

	mu      sync.Mutex
	wrong   int // lines that could not be used
	summary *checks.Summary
	stopped chan struct{}
	once    sync.Once
	ended   sync.WaitGroup
}

// How often the progress is told.
const (
	onTerminal = 200 * time.Millisecond
	inLog      = 10 * time.Second
)

func newTally(a *app, r *auditRun) *tally {
	t := &tally{a: a, run: r, began: a.now(), summary: checks.NewSummary(checks.SummaryOptions{}), stopped: make(chan struct{})}
	every := inLog
	if a.errTerminal {
		every = onTerminal
	}
	t.ended.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				t.tell()
			case <-t.stopped:
				return
			}
		}
	})
	return t
}

func (t *tally) bad(b *audit.Bad) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong++
	t.clear()
	writeError(t.a.err, fmt.Sprintf("could not examine line %d, %q", b.Line, b.Text), b.Why, []string{"the rest of the list is examined all the same"})
}

func (t *tally) done(r audit.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.AddReport(r.Report, r.Entry.String())
}

// tell writes how far it is.
func (t *tally) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	reported, rate := t.reported()
	parts := []string{fmt.Sprintf("%d done", reported), fmt.Sprintf("%.0f a second", rate)}
	if t.run.counted {
		parts[0] = fmt.Sprintf("%d of %d done", reported, t.run.total)
		if rate > 0 {
			rest := float64(t.run.total-reported) / rate
			parts = append(parts, fmt.Sprintf("%v left", (time.Duration(rest)*time.Second).Round(time.Second)))
		}
	}
	line := strings.Join(append(parts, fmt.Sprintf("%d with a failure", t.summary.Verdicts()[checks.VerdictFailure])), ", ")
	if t.a.errTerminal {
		fmt.Fprintf(t.a.err, "\r%s\x1b[K", line)
		return
	}
	fmt.Fprintln(t.a.err, line)
}

// reported is how many domains have been, and how many in a second.
func (t *tally) reported() (n int, rate float64) {
	n = t.summary.Tally().Reports
	return n, float64(n) / max(t.a.now().Sub(t.began).Seconds(), 0.001)
}

// clear takes the line of a terminal away.
func (t *tally) clear() {
	if t.a.errTerminal {
		fmt.Fprint(t.a.err, "\r\x1b[K")
	}
}

// stop ends the telling.
func (t *tally) stop() {
	t.once.Do(func() {
		close(t.stopped)
		t.ended.Wait()
		t.clear()
	})
}

// close writes the summary, and says how the audit ended.
func (t *tally) close(ctx context.Context, err error) error {
	reported, rate := t.reported()
	if n := t.run.done.Count; n > 0 {
		fmt.Fprintf(t.a.err, "%s reported by an earlier run\n", domains(n))
	}
	fmt.Fprintf(t.a.err, "%s in %v, %.0f a second\n", domains(reported), t.a.now().Sub(t.began).Round(time.Millisecond), rate)
	if reported > 0 {
		if told := t.summary.WriteText(t.a.err); told != nil && err == nil {
			err = told
		}
	}
	switch {
	case ctx.Err() != nil:
		hints := []string{"with --resume OUT the same command goes on where it stopped"}
		return &failure{what: "could not finish the audit", why: "it was stopped", hints: hints, code: exitUnknown}
	case err != nil:
		return &failure{what: "could not finish the audit", why: strings.TrimPrefix(cause(err), "audit: "), hints: []string{"what was written is whole up to its last line"}, code: exitUnknown}
	case t.run.different != nil:
		return resumeFailure(t.run.resume, t.run.different)
	case t.wrong > 0:
		return status(exitUsage)
	}
	return statusOf(statusOfVerdicts(t.summary.Verdicts(), t.run.strict))
}

func domains(n int) string {
	if n == 1 {
		return "1 domain"
	}
	return fmt.Sprintf("%d domains", n)
}
