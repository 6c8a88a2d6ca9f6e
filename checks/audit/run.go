package audit

import (
	"context"
	"errors"
	"io"
	"sync"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/safe"
)

// Options say how a list is gone through.
type Options struct {
	Concurrency int // domains examined at once; at least 1
	// Strained says that the name servers cannot keep up; then fewer domains are
	// examined at once. nil: never.
	Strained  func() bool
	Unordered bool // reports are written as they come, not in the order of the list

	// Skip says which entries are left out: those of other shards, and those
	// that an earlier run has reported.
	Skip func(Entry) bool
	// Bad is told of each line that cannot be used; may be nil.
	Bad func(*Bad)
	// Done is told of each report behind its being written, one at a time; may be
	// nil.
	Done func(Result)
}

// Result is a domain that was examined.
type Result struct {
	Entry  Entry
	Report checks.Report
	Line   []byte // the report as it is written
}

// Examine examines an entry; the error is a *Bad.
type Examine func(context.Context, Entry) (checks.Report, error)

// Run examines each entry of a list and writes a line for each. When ctx ends
// it stops: what was under way is not written, so that a later run does it
// again. The error is about the list or the writer, or says that ctx ended.
func Run(ctx context.Context, list *List, examine Examine, w io.Writer, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Bad == nil {
		o.Bad = func(*Bad) {}
	}
	r := &run{Options: o, examine: examine, out: w, queue: make(chan chan *Result, waiting*max(o.Concurrency, 1)), places: newPlaces(o)}
	var written error
	var wg sync.WaitGroup
	wg.Go(func() {
		if written = r.write(); written != nil {
			cancel()
		}
	})
	err := r.read(ctx, list)
	close(r.queue)
	wg.Wait()
	if written != nil {
		return written
	}
	return errors.Join(err, ctx.Err())
}

// waiting is how many times as many reports may wait for a slow domain in front
// of them as domains are examined at once.
const waiting = 4

type run struct {
	Options
	examine Examine
	out     io.Writer
	queue   chan chan *Result // in the order in which to write; its length bounds what waits
	places  *places
}

// read puts entries under way.
func (r *run) read(ctx context.Context, list *List) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	defer context.AfterFunc(ctx, r.places.close)()
	next := ahead(ctx, list)
	for {
		var e Entry
		var err error
		select {
		case <-ctx.Done():
			return nil
		case at := <-next:
			e, err = at.entry, at.err
		}
		bad, isBad := errors.AsType[*Bad](err)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case isBad:
			r.Bad(bad)
			continue
		case err != nil:
			return err
		case r.Skip != nil && r.Skip(e):
			continue
		}
		r.places.take()
		result := make(chan *Result, 1)
		if !r.Unordered {
			r.queue <- result
		}
		wg.Go(func() {
			defer r.places.leave()
			result <- r.one(ctx, e)
			if r.Unordered {
				r.queue <- result
			}
		})
	}
}

// place is what stands at the next line of a list.
type place struct {
	entry Entry
	err   error
}

// ahead reads a list for who examines it. A read that does not end, as of a
// terminal, is left behind when ctx ends.
func ahead(ctx context.Context, list *List) <-chan place {
	out := make(chan place)
	go func() {
		for {
			e, err := list.Next()
			select {
			case out <- place{e, err}:
			case <-ctx.Done():
				return
			}
			if _, isBad := errors.AsType[*Bad](err); err != nil && !isBad {
				return
			}
		}
	}()
	return out
}

// leastAtOnce is the number of domains that are examined at once however slow
// the name servers are. A run begins with so many.
const leastAtOnce = 16

// places counts what is under way against a limit that goes up by one with each
// domain that is done, and down while questions have to wait for each other.
type places struct {
	strained func() bool // nil: never
	most     int

	mu     sync.Mutex
	taken  int
	limit  int
	closed bool
	free   sync.Cond
}

func newPlaces(o Options) *places {
	p := &places{strained: o.Strained, most: max(o.Concurrency, 1)}
	p.limit = min(leastAtOnce, p.most)
	p.free.L = &p.mu
	return p
}

// take waits for a place; after close there is always one.
func (p *places) take() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.taken >= p.limit && !p.closed {
		p.free.Wait()
	}
	p.taken++
}

func (p *places) leave() {
	strained := p.strained != nil && p.strained()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if strained {
		p.limit = max(p.limit-1, min(leastAtOnce, p.most))
	} else {
		p.limit = min(p.limit+1, p.most)
	}
	p.free.Broadcast()
}

func (p *places) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.free.Broadcast()
}

// one examines an entry; nil when there is nothing to write.
func (r *run) one(ctx context.Context, e Entry) *Result {
	report, err := r.examine(ctx, e)
	if bad, ok := errors.AsType[*Bad](err); ok {
		r.Bad(bad)
		return &Result{Entry: e}
	}
	if ctx.Err() != nil {
		return nil
	}
	line, err := checks.AppendLine(nil, report, e.Line, safe.UTF8(e.String()))
	if err != nil { // a report always encodes
		r.Bad(&Bad{Line: e.Line, Text: e.Domain, Why: err.Error()})
		return &Result{Entry: e}
	}
	report.Answers = nil // they would wait in memory for their turn
	return &Result{Entry: e, Report: report, Line: line}
}

// write writes results until there are no more. In order, nothing is written
// behind one that was given up.
func (r *run) write() error {
	var failed error
	stopped := false
	for next := range r.queue {
		result := <-next
		switch {
		case failed != nil || stopped:
		case result == nil:
			stopped = !r.Unordered
		case result.Line != nil:
			if _, failed = r.out.Write(result.Line); failed == nil && r.Done != nil {
				r.Done(*result)
			}
		}
	}
	return failed
}
