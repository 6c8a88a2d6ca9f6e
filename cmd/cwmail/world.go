package main

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/lab"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
)

// world is what a command looks at: the real one or that of the demo, with the
// answers of a saved run or of the network. It is made here and nowhere else.
type world struct {
	file     *config.File
	resolver dns.Resolver
	asker    dns.Asker        // nil where servers cannot be asked one by one
	own      []netip.AddrPort // the servers behind resolver
	public   []netip.AddrPort
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	roots    *x509.CertPool // who signs the certificates of mail servers; nil: the system's
	demo     *lab.World     // nil but in the demo

	talks    conversations // with mail servers
	policies policies      // of MTA-STS
	probe    func(context.Context, smtp.Options) smtp.Conversation

	lower    dns.Resolver // who answers, below any cache
	strained func() bool  // too much is asked of lower at once; nil where that cannot be
	cache    *dns.Cache
	recorder *dns.Recorder
	save     string
	closers  []func()
}

// errReplayed is what a connection gets when answers come from a file.
var errReplayed = errors.New("this run answers from a saved file and touches no network")

// open makes the world of a command. needConfig says that the command cannot
// do without the file of the user, so that mistakes in it end the command.
func (a *app) open(ctx context.Context, needConfig bool) (*world, error) {
	w := &world{save: a.shared.save, dial: new(net.Dialer).DialContext, probe: smtp.Probe}
	if w.save != "" {
		w.probe = w.talks.record
	}
	var lower dns.Resolver
	var err error
	if w.save != "" {
		if err := canSave(w.save); err != nil {
			return nil, unsaved(w.save, err)
		}
	}
	if a.shared.demo {
		if err := w.openDemo(); err != nil {
			return nil, err
		}
	}
	if err := a.openConfig(w, needConfig); err != nil {
		w.close()
		return nil, err
	}
	if a.shared.replay != "" {
		w.own, w.public = nil, nil
		w.dial = func(context.Context, string, string) (net.Conn, error) { return nil, errReplayed }
		lower, err = w.openReplay(a.shared.replay)
	} else {
		lower, err = a.openClient(ctx, w)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	a.chain(w, lower)
	return w, nil
}

// chain puts the cache, the recorder where a run is saved, and the what-if over
// who answers.
func (a *app) chain(w *world, lower dns.Resolver) {
	w.lower, w.cache = lower, dns.NewCache(lower)
	var source dns.Resolver = w.cache
	if w.save != "" { // what nobody asked for is not kept
		w.recorder = dns.NewRecorder(w.cache)
		source = w.recorder
	}
	overlay := dns.NewOverlay(source, a.shared.sets)
	w.resolver, w.asker = overlay, overlay
}

func (w *world) openDemo() error {
	demo, err := lab.Start()
	if err != nil {
		return &failure{what: "could not start the demo world", why: err.Error(), hints: []string{"it needs free ports on 127.0.0.1"}, code: exitUnknown}
	}
	w.demo = demo
	w.closers = append(w.closers, demo.Close)
	w.own, w.public, w.dial, w.roots = []netip.AddrPort{demo.Resolver}, demo.Public, demo.Dial, demo.Roots
	w.file, err = config.Parse("demo", demo.Config)
	return err
}

// openConfig reads the file of the user; in the demo only where one is named.
func (a *app) openConfig(w *world, need bool) error {
	if a.shared.demo && a.shared.config == "" {
		a.hide(w.file)
		return nil
	}
	file, err := config.Open(a.shared.config, a.getenv)
	if errors.Is(err, fs.ErrNotExist) {
		return &failure{
			what: "could not read the configuration", why: strings.TrimPrefix(err.Error(), "config: "),
			hints: []string{"cwmail config init writes a commented file to begin with", "cwmail config path tells where it is looked for"},
		}
	}
	if err != nil && (need || a.shared.config != "") {
		return configFailure(err)
	}
	if err != nil {
		// Without a folder there is no file, and nothing to be told.
		if _, ok := errors.AsType[*config.Invalid](err); ok {
			writeError(a.err, "could not use the configuration", "it has mistakes", []string{"cwmail config check lists them"})
		} else if _, _, noFolder := config.Path("", a.getenv); noFolder == nil {
			writeError(a.err, "could not use the configuration", strings.TrimPrefix(err.Error(), "config: "), []string{"cwmail config path tells where it is looked for"})
		}
		if file, err = config.Parse("", nil); err != nil {
			return configFailure(err)
		}
	}
	w.file = file
	a.hide(file)
	return nil
}

// configFailure gives an error of the configuration its hint.
func configFailure(err error) error {
	if _, ok := errors.AsType[*config.Invalid](err); ok {
		return err
	}
	return &failure{what: "could not read the configuration", why: strings.TrimPrefix(err.Error(), "config: "), hints: []string{"cwmail config path tells where it is looked for"}}
}

// openClient decides whom to ask: --resolver, else the demo, else the file,
// else the system.
func (a *app) openClient(ctx context.Context, w *world) (dns.Resolver, error) {
	texts := a.shared.resolvers
	if len(texts) == 0 && !a.shared.demo {
		texts = w.file.Resolvers
		public, err := parseServers(ctx, w.file.PublicResolvers)
		if err != nil {
			return nil, err
		}
		w.public = public
	}
	servers, err := parseServers(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(servers) > 0 {
		w.own = servers
		if a.shared.demo { // the lab's would contradict
			w.public = nil
		}
	}
	if len(w.own) == 0 {
		w.own = systemServers()
	}
	client := dns.NewClient(dns.Config{Servers: w.own, Dial: w.dial, Now: a.now})
	w.closers = append(w.closers, client.Close)
	w.strained = client.Strained
	return client, nil
}

// openReplay takes what a saved run heard.
func (w *world) openReplay(path string) (dns.Resolver, error) {
	run, err := readSaved(path)
	if err != nil {
		return nil, &failure{what: "could not read " + path, why: cause(err), hints: []string{"--replay wants a file that --save wrote"}}
	}
	w.talks.all, w.policies.all = run.talks, run.policies
	w.probe = w.talks.replay
	return dns.NewReplay(run.answers), nil
}

// cause is an error without the operation and the path that it repeats.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// examiner examines in this world.
func (a *app) examiner(w *world) *checks.Examiner {
	e := &checks.Examiner{
		Resolver: w.resolver, Asker: w.asker, Public: w.public, Own: w.own,
		Probe: relay.Options{Dial: w.dial, Now: a.now, Roots: w.roots, Probe: w.probe},
		Now:   a.now, Service: w.file.Service, All: w.file.Transports, Probed: new(zone.Probe),
		Parsed: new(spf.Parsed),
	}
	if !a.shared.demo || a.shared.config != "" { // the demo's own never log in
		e.Passwords = a.passwordProblem
	}
	e.Policies = a.fetcher(w, w.resolver)
	for _, u := range w.file.Unknown {
		e.Unknown = append(e.Unknown, checks.UnknownSetting{Key: u.Key, Near: u.Near, Line: u.Line, Transport: u.Transport})
	}
	return e
}

// passwordProblem looks whether the variable of a password is set. Programs
// and keyrings are left alone: only a login asks them.
func (a *app) passwordProblem(t transports.Transport) string {
	p := t.Server.Password
	if p.Kind != transports.EnvSecret || a.getenv(p.Ref) != "" {
		return ""
	}
	return "the environment variable " + p.Ref + " is not set where cwmail runs"
}

// finish writes what --save asked for. It is called when a command has ended
// well enough to have answers.
func (w *world) finish() error {
	if w.save == "" {
		return nil
	}
	if err := writeSaved(w.save, heard{w.recorder.Answers(), w.talks.heard(), w.policies.fetched()}); err != nil {
		return unsaved(w.save, err)
	}
	return nil
}

func unsaved(path string, err error) error {
	return &failure{what: "could not save " + path, why: cause(err), hints: []string{"name a new file in a folder that exists"}}
}

func (w *world) close() {
	for _, c := range w.closers {
		c()
	}
}
