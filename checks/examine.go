// Package checks examines a target, a mail transport or a domain, and reports
// what would keep its mail from arriving. Steps look things up side by side;
// judging is done by pure functions of what was found.
package checks

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/tlsrpt"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/transports"
)

// Examiner holds what examinations need from outside. It is safe for
// concurrent use.
type Examiner struct {
	Resolver dns.Resolver // caches and joins equal questions
	Asker    dns.Asker    // asks one server; nil: authoritative servers are not compared
	Public   []netip.AddrPort
	Own      []netip.AddrPort // the servers behind Resolver: asking them again would tell nothing new
	Probe    relay.Options    // how the mail server of a transport is spoken to
	ProbeMX  bool             // the servers that take the domain's mail are greeted too, with Probe: they are others' servers
	// Elsewhere are further name servers, by name or address, that may have got
	// the change that the domain's own lack, e.g. those of a former provider.
	Elsewhere []string
	// Probed is shared by examinations that need not each ask for a name that
	// cannot exist; nil: each asks.
	Probed  *zone.Probe
	Now     func() time.Time
	Service transports.Service

	// Thorough asks beside sound records for what only notes tell of. A look at
	// thousands of domains does without.
	Thorough bool
	// Parsed keeps the SPF records that many domains include; may be nil.
	Parsed *spf.Parsed

	// DNSOnly leaves the mail servers of transports alone. What is not looked at
	// raises nothing.
	DNSOnly bool

	// Policies fetches the MTA-STS policy of a host; nil: policies are not looked
	// at.
	Policies func(ctx context.Context, host string) mtasts.Fetched

	// All are the configured transports: some rules compare them.
	All []transports.Transport
	// Unknown are the settings of the file that nothing reads.
	Unknown []UnknownSetting
	// Passwords says why the place where a transport's password should be gives
	// none; "" when it gives one, or can only be told by logging in. nil: not
	// asked.
	Passwords func(transports.Transport) string
}

// Stage is one part of an examination, in the words of Stages.
type Stage string

// Event tells how far an examination has come. Events of one examination are
// emitted one at a time.
type Event struct {
	Target string
	Stage  Stage
	Done   bool          // the stage has ended; else it begins
	Took   time.Duration // of a stage that has ended
}

// step is one part of an examination that depends on no other.
type step struct {
	stage     Stage
	apply     func(sending) bool
	look      func(*work, context.Context)
	published bool // it reads what lookAtServers compares
}

// steps run side by side.
var steps = []step{
	{"name servers", always, (*work).lookAtServers, false},
	{"SPF", always, (*work).lookAtSPF, true},
	{"SPF of the sender", sending.foreignEnvelope, (*work).lookAtSender, false},
	{"ClockWise's SPF", sending.ours, (*work).lookAtService, false},
	{"DKIM", sending.signs, (*work).lookAtDKIM, true},
	{"DKIM, switched off", sending.couldSign, (*work).lookAtIdleKey, false},
	{"DMARC", always, (*work).lookAtDMARC, true},
	{"mail exchangers", always, (*work).lookAtMX, true},
	{"MTA-STS", always, (*work).lookAtMTASTS, false},
	{"DANE", always, (*work).lookAtDANE, false},
	{"TLS reports", always, (*work).lookAtTLSReports, false},
	{"mail server", sending.greetsServer, (*work).lookAtRelay, false},
	{"servers that take its mail", sending.greetsReceivers, (*work).lookAtReceivers, false},
	{"Reply-To", sending.copiesSender, (*work).lookAtReplyTo, false},
}

func always(sending) bool { return true }

// Stages lists the stages of an examination of t in the order in which they
// are shown.
func (e *Examiner) Stages(t Target) []Stage {
	var out []Stage
	s := e.sending(t)
	for _, st := range steps {
		if s.domain != "" && st.apply(s) {
			out = append(out, st.stage)
		}
	}
	return out
}

// work is one examination under way.
type work struct {
	*Examiner
	sending
	relays   []netip.Addr
	recorder *dns.Recorder
	ask      dns.Resolver // the recorder, or what knows better than it

	zone       zone.Result
	spf        spf.Result
	spfMore    []dns.Answer // what may hold the change that the record lacks
	provider   dns.Answer   // the record of the provider that may stand in it as numbers
	service    spf.Result
	senderSPF  *spf.Result // of the domain in From, where the envelope has another
	dkim       *dkim.Result
	idleKey    dns.Answer // what is published where DKIM is off
	dmarc      dmarc.Result
	peers      []*peer // the other ways in which configured transports send mail of the domain
	peersKnown bool    // these are all
	mx         mx.Result
	mtasts     mtasts.Result
	dane       dane.Result
	tlsrpt     tlsrpt.Result
	relay      *relay.Result
	greeted    []relay.Result
	replyDMARC *dmarc.Result // of the domain that answers go to
	views      map[dns.Question]dns.Views
	compared   []dns.Answer            // all of views, in order
	elsewhere  map[dns.Question][]told // at servers that nobody is referred to

	signed, whySigned string // what signature says
}

// Examine looks at everything that decides whether mail of t arrives, and
// judges it. It always returns a report: what could not be looked at, also
// because ctx ended, is unknown in it. emit may be nil.
func (e *Examiner) Examine(ctx context.Context, t Target, emit func(Event)) Report {
	started := e.Now()
	w := &work{Examiner: e, sending: e.sending(t), relays: e.Service.Relays(), recorder: dns.NewSteadyRecorder(e.Resolver)}
	w.ask = w.recorder
	if w.domain != "" {
		w.look(ctx, t.Name(), emit)
	}
	r := w.report(t)
	r.Started, r.Took = started, e.Now().Sub(started)
	return r
}

// look runs all steps side by side and tells of each.
func (w *work) look(ctx context.Context, name string, emit func(Event)) {
	var mu sync.Mutex
	tell := func(ev Event) {
		if emit == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		emit(ev)
	}
	var wg sync.WaitGroup
	for _, s := range steps {
		if !s.apply(w.sending) {
			continue
		}
		tell(Event{Target: name, Stage: s.stage})
		wg.Go(func() {
			began := w.Now()
			s.look(w, ctx)
			tell(Event{Target: name, Stage: s.stage, Done: true, Took: w.Now().Sub(began)})
		})
	}
	wg.Wait()
	w.followSource(ctx)
	w.askElsewhere(ctx)
}
