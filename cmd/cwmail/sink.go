package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"clockwise.info/cwmail/transports/sink"
)

type sinkOptions struct {
	listen, name  string
	maildir, mbox string
	judge         bool
	cert, key     string
	maxSize       string
	count         int

	size int64 // --max-size, read
}

func newSink(a *app, runF func(context.Context, *sinkOptions) error) *cobra.Command {
	o := &sinkOptions{}
	cmd := &cobra.Command{
		Use:   "sink --listen HOST:PORT",
		Short: "A mail server that receives, judges and never relays",
		Long: "Receives mail as a mail server does, and judges each message as a receiver\n" +
			"would: SPF for the address that connects, every DKIM signature, DMARC. One line\n" +
			"a message. Nothing is ever sent on; without --maildir or --mbox nothing is kept.\n\n" +
			"Runs until Ctrl-C, or until --count messages have come. Exit status: 0 nothing\n" +
			"wrong, 1 a message failed, 2 wrong use, 3 a message could not be judged, or\n" +
			"fewer came than --count.",
		Example: "  cwmail sink --listen 127.0.0.1:2525\n  cwmail sink --listen 127.0.0.1:2525 --maildir mail --count 1 --json",
		Args:    args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.read(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runSink(cmd, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.listen, "listen", "127.0.0.1:2525", "receive at `HOST:PORT`")
	f.StringVar(&o.name, "name", "", "`NAME` of this server in greeting and Authentication-Results; default: that of this machine")
	f.StringVar(&o.maildir, "maildir", "", "keep messages in this Maildir `FOLDER`")
	f.StringVar(&o.mbox, "mbox", "", "keep messages in this mbox `FILE`")
	f.BoolVar(&o.judge, "judge", true, "look up SPF, DKIM and DMARC; --judge=false only receives")
	f.StringVar(&o.cert, "cert", "", "certificate `FILE` (PEM) for STARTTLS; default: one made for this run")
	f.StringVar(&o.key, "key", "", "private key `FILE` (PEM) of --cert")
	f.StringVar(&o.maxSize, "max-size", "25M", "largest message, in octets or with K or M")
	f.IntVar(&o.count, "count", 0, "end after `N` messages; 0: at Ctrl-C")
	return cmd
}

// read judges the flags.
func (o *sinkOptions) read(cmd *cobra.Command) error {
	for _, name := range []string{"maildir", "mbox", "cert", "key"} {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return noFile(name)
		}
	}
	host, port, err := net.SplitHostPort(o.listen)
	_, portErr := strconv.ParseUint(port, 10, 16)
	var ok bool
	o.size, ok = messageSize(o.maxSize)
	switch {
	case err != nil || host == "" || portErr != nil:
		return &failure{what: "could not use --listen", why: fmt.Sprintf("%q is not HOST:PORT", o.listen), hints: []string{"--listen 127.0.0.1:2525 receives from this machine alone"}}
	case o.maildir != "" && o.mbox != "":
		return &failure{what: "could not use --mbox", why: "--maildir is given too", hints: []string{"keep messages in one of the two"}}
	case (o.cert == "") != (o.key == ""):
		return &failure{what: "could not use --cert", why: "a certificate and its private key go together", hints: []string{"give --cert FILE and --key FILE", "without both, a certificate is made for the run"}}
	case !ok:
		return &failure{what: "could not use --max-size", why: fmt.Sprintf("%q is not a size from 1K to 1024M", o.maxSize), hints: []string{"--max-size 25M"}}
	case o.count < 0:
		return &failure{what: "could not use --count", why: "it is below zero", hints: []string{"--count 1 ends after one message"}}
	}
	return nil
}

// network keeps a server at 0.0.0.0 to IPv4, as it says.
func (o *sinkOptions) network() string {
	if p, err := netip.ParseAddrPort(o.listen); err == nil && p.Addr().Is4() {
		return "tcp4"
	}
	return "tcp"
}

// messageSize reads a size.
func messageSize(text string) (int64, bool) {
	unit := int64(1)
	text = strings.ToUpper(strings.TrimSpace(text))
	for suffix, n := range map[string]int64{"K": 1 << 10, "M": 1 << 20} {
		if number, has := strings.CutSuffix(text, suffix); has {
			text, unit = number, n
		}
	}
	n, err := strconv.ParseInt(text, 10, 40)
	n *= unit
	return n, err == nil && n >= 1<<10 && n <= 1<<30
}

func (a *app) runSink(cmd *cobra.Command, o *sinkOptions) error {
	return a.inWorld(cmd, false, func(ctx context.Context, w *world) error {
		if o.name == "" {
			o.name = machineName()
		}
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		r := &receiving{app: a, name: o.name, count: int64(o.count), stop: stop, jobs: make(chan arrival)}
		if o.judge {
			r.judge = w.judge
		}
		server, err := o.server(r, a.now())
		if err != nil {
			return err
		}
		l, err := new(net.ListenConfig).Listen(ctx, o.network(), o.listen)
		if err != nil {
			return &failure{what: "could not listen on " + o.listen, why: cause(err), hints: []string{"another port may be free: --listen 127.0.0.1:2526", "ports below 1024 need more rights"}}
		}
		if r.store, err = o.store(); err != nil {
			_ = l.Close()
			return err
		}
		a.tellListening(l.Addr())
		return r.run(ctx, server, l)
	})
}

// server makes the server.
func (o *sinkOptions) server(r *receiving, now time.Time) (*sink.Server, error) {
	var cert tls.Certificate
	var err error
	if o.cert != "" {
		if cert, err = tls.LoadX509KeyPair(o.cert, o.key); err != nil {
			return nil, &failure{what: "could not use the certificate " + o.cert, why: cause(err), hints: []string{"--cert and --key name files in PEM form that belong together"}}
		}
	} else if cert, err = sink.SelfSigned(o.name, now); err != nil {
		return nil, &failure{what: "could not make a certificate", why: err.Error(), hints: []string{"give --cert FILE and --key FILE"}}
	}
	s, err := sink.New(sink.Options{
		Name: o.name, TLS: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		Limits: sink.Limits{Size: o.size, Memory: max(4*o.size, sink.DefaultLimits().Memory)}, Now: r.app.now, Handler: r.take,
	})
	if err != nil {
		return nil, &failure{what: "could not use --name", why: fmt.Sprintf("%q is not a domain", o.name), hints: []string{"--name mx.example.org"}}
	}
	return s, nil
}

// store opens what keeps messages; nil: nothing.
func (o *sinkOptions) store() (sink.Store, error) {
	switch {
	case o.maildir != "":
		m, err := sink.OpenMaildir(o.maildir, sinkFiles())
		if err != nil {
			return nil, unkept(o.maildir, err)
		}
		return m, nil
	case o.mbox != "":
		m, err := sink.OpenMbox(o.mbox, sinkFiles())
		if err != nil {
			return nil, unkept(o.mbox, err)
		}
		return m, nil
	}
	return nil, nil
}

func unkept(path string, err error) error {
	return &failure{what: "could not keep messages in " + path, why: cause(err), hints: []string{"name a folder for --maildir, or a file for --mbox, that you may write"}}
}

// machineName is a name for this server.
func machineName() string {
	name, err := os.Hostname()
	if _, bad := sink.New(sink.Options{Name: name, Now: time.Now}); err != nil || bad != nil {
		return "localhost"
	}
	return name
}

// tellListening says on stderr where the server is, and who can reach it.
func (a *app) tellListening(addr net.Addr) {
	fmt.Fprintf(a.err, "cwmail: receives mail at %s until Ctrl-C\n", addr)
	if p, err := netip.ParseAddrPort(addr.String()); err != nil || !p.Addr().Unmap().IsLoopback() {
		fmt.Fprintf(a.err, "cwmail: other machines can reach this address; nothing is relayed\n")
	}
}

const (
	judges       = 16               // messages that are judged at a time
	judgeTimeout = 20 * time.Second // for all look-ups of a message
	waitsFrom    = 1 << 20          // octets from which the client waits until its message is judged
)

// arrival is a message on its way to a judge.
type arrival struct {
	sink.Received
	done chan error
}

// receiving is a run of the sink.
type receiving struct {
	app   *app
	name  string
	count int64
	stop  func()
	store sink.Store
	judge func(ctx context.Context, m *sink.Received, name string, now time.Time) judgement // nil: does not judge
	jobs  chan arrival

	taken, finished atomic.Int64
	failed, unsure  atomic.Bool

	mu sync.Mutex // of the output
}

// errEnough is what clients get as "try again later" when --count is reached.
var errEnough = errors.New("there are enough messages")

// take hands a message to a judge, and waits while all are busy: the client
// waits with it, and nothing piles up. Where messages are kept the client hears
// OK only when its message is on the disk.
func (r *receiving) take(m *sink.Received) error {
	if n := r.taken.Add(1); r.count > 0 && n > r.count {
		r.taken.Add(-1)
		return errEnough
	}
	job := arrival{Received: *m, done: make(chan error, 1)}
	waits := r.store != nil || len(m.Message) >= waitsFrom
	if !waits {
		job.Message = bytes.Clone(m.Message)
	}
	r.jobs <- job
	if !waits {
		return nil
	}
	err := <-job.done
	if err != nil {
		r.taken.Add(-1)
	}
	return err
}

func (r *receiving) run(ctx context.Context, server *sink.Server, l net.Listener) error {
	var workers sync.WaitGroup
	for range judges {
		workers.Go(func() {
			for job := range r.jobs {
				job.done <- r.finish(ctx, &job.Received)
			}
		})
	}
	err := server.Serve(ctx, l)
	close(r.jobs)
	workers.Wait()
	switch {
	case err != nil:
		return &failure{what: "could not receive any more", why: err.Error(), hints: []string{"start it again"}, code: exitUnknown}
	case r.count > 0 && r.finished.Load() < r.count:
		return &failure{
			what: fmt.Sprintf("could not receive %d messages", r.count), why: fmt.Sprintf("it was stopped after %d", r.finished.Load()),
			hints: []string{"without --count the sink runs until it is stopped"}, code: exitUnknown,
		}
	case r.failed.Load():
		return statusOf(exitFailure)
	case r.unsure.Load():
		return statusOf(exitUnknown)
	}
	return nil
}

// finish judges a message, keeps it and tells of it. What has been accepted is
// finished also when the run is stopped.
func (r *receiving) finish(ctx context.Context, m *sink.Received) error {
	var j judgement
	if r.judge != nil {
		jctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), judgeTimeout)
		j = r.judge(jctx, m, r.name, r.app.now())
		cancel()
	}
	place := ""
	if r.store != nil {
		var err error
		if place, err = r.keep(m, j); err != nil {
			r.mu.Lock()
			writeError(r.app.err, "could not keep a message", cause(err), []string{"the sender was told to try again later"})
			r.mu.Unlock()
			return err
		}
	}
	switch j.status {
	case exitFailure:
		r.failed.Store(true)
	case exitUnknown:
		r.unsure.Store(true)
	}
	if err := r.tell(m, j, place); err != nil {
		r.stop() // nobody reads the result
	}
	if r.finished.Add(1) == r.count {
		r.stop()
	}
	return nil
}

// keep stores a message with what a receiver puts on top of it. Results that
// claim to be ours were there before us, and go (RFC 8601 section 5).
func (r *receiving) keep(m *sink.Received, j judgement) (string, error) {
	c := *m
	c.Message, _ = sink.WithoutResults(m.Message, r.name)
	return r.store.Keep(&c, append([]byte(j.header), m.Trace(r.name)...))
}
