package checks

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/zone"
)

// lookAtServers finds the name servers of the sender's domain and asks each of
// them, and public resolvers, for the records that decide.
func (w *work) lookAtServers(ctx context.Context) {
	below := dns.NewBatch(ctx, w.ask)
	defer below.Wait()
	for _, name := range w.belowDomain() {
		// The recorder keeps it: a CNAME must not stand beside other records.
		below.Ask(new(dns.Answer), dns.Ask(name, dns.TypeCNAME))
	}
	var first sync.WaitGroup
	var probed dns.Answer
	var parent netip.AddrPort
	first.Go(func() { probed = w.Probed.Ask(ctx, w.ask) })
	registered := zone.Registered(w.domain)
	if w.Asker != nil {
		// Mostly the zone is that of the registered domain; to wait until it is
		// known would cost a round trip more.
		first.Go(func() { parent, _ = zone.ParentServer(ctx, w.ask, registered) })
	}
	w.zone = zone.Lookup(ctx, w.ask, w.domain)
	first.Wait()
	w.zone.Probed = probed
	if w.Asker == nil || w.zone.Apex == "" {
		return
	}
	if w.zone.Apex != registered {
		parent, _ = zone.ParentServer(ctx, w.ask, w.zone.Apex)
	}
	w.askServers(ctx, parent)
}

// belowDomain lists the names other than the domain whose records decide.
func (w *work) belowDomain() []string {
	names := []string{"_dmarc." + w.domain}
	if w.signs() {
		names = append(names, dkim.RecordName(w.selector, w.signer))
	}
	if w.envelope != w.domain {
		names = append(names, w.envelope)
	}
	return names
}

// servers are name servers of the zone, without one that is the resolver
// too: what it says is known already.
func (w *work) servers(all []zone.Server) []propagation.Server {
	var out []propagation.Server
	for _, s := range all {
		if len(s.Addrs) > 0 && slices.Contains(w.Own, netip.AddrPortFrom(s.Addrs[0], dns.Port)) {
			continue
		}
		out = append(out, propagation.Server{Name: s.Name, Addrs: s.Addrs})
	}
	return out
}

// deciding lists the questions whose answers decide, those that the zone's own
// servers can answer.
func (w *work) deciding() []dns.Question {
	questions := []dns.Question{dns.Ask(w.envelope, dns.TypeTXT), dns.Ask("_dmarc."+w.domain, dns.TypeTXT), dns.Ask(w.domain, dns.TypeMX)}
	if w.signs() {
		questions = append(questions, dns.Ask(dkim.RecordName(w.selector, w.signer), dns.TypeTXT))
	}
	var out []dns.Question
	for _, q := range questions {
		if q.Name == w.zone.Apex || strings.HasSuffix(q.Name, "."+w.zone.Apex) {
			out = append(out, q)
		}
	}
	return out
}

func (w *work) lookAtSPF(ctx context.Context) {
	var relays []netip.Addr
	var doubled []dns.Answer
	var wg sync.WaitGroup
	if w.ours() {
		relays = w.relays
		wg.Go(func() { doubled = w.askDoubled(ctx) })
	}
	w.spf = spf.Lookup(ctx, w.ask, w.envelope, relays, spf.Options{MailFrom: w.mailFrom, Now: w.Now(), Parsed: w.Parsed, Thorough: w.Thorough})
	wg.Wait()
	if w.Thorough {
		w.lookAtProvider(ctx)
	}
	w.spfMore = nil
	if len(w.spf.Records) == 1 && slices.ContainsFunc(w.spf.Outcomes, func(o spf.Outcome) bool { return o.Result != spf.Pass }) {
		w.spfMore = doubled
	}
}

// lookAtProvider reads the record whose addresses the domain's may hold as
// numbers.
func (w *work) lookAtProvider(ctx context.Context) {
	name := spf.Flattened(w.spf, func() []string {
		return mailHosts(mx.Lookup(ctx, w.ask, w.domain)) // asked for already: equal questions are joined
	})
	if name != "" {
		w.provider = w.ask.Lookup(ctx, dns.Ask(name, dns.TypeTXT))
	}
}

// askDoubled looks whether the change that a record lacks was made at the name
// doubled. It asks as soon as the record is seen to lack it, while the look-up
// still follows the record's terms: to wait for the result would cost a round
// trip more.
func (w *work) askDoubled(ctx context.Context) []dns.Answer {
	if !w.lacksClockWise(w.ask.Lookup(ctx, dns.Ask(w.envelope, dns.TypeTXT))) {
		return nil
	}
	var questions []dns.Question
	for _, name := range spf.Doubled(w.envelope) {
		questions = append(questions, dns.Ask(name, dns.TypeTXT))
	}
	return dns.All(ctx, w.ask, questions...)
}

// lacksClockWise holds for an SPF record that does not name ClockWise's.
func (w *work) lacksClockWise(a dns.Answer) bool {
	for _, r := range a.Records {
		text := strings.Join(r.Strings, "")
		if !spf.IsRecord(text) {
			continue
		}
		if !strings.Contains(strings.ToLower(text), strings.ToLower(w.Service.SPFInclude)) {
			return true
		}
		record := spf.Parse(r.Strings...)
		return !slices.ContainsFunc(record.Terms, func(t spf.Term) bool { return strings.EqualFold(t.Domain, w.Service.SPFInclude) })
	}
	return false
}

// lookAtSender reads SPF of the domain in From where the envelope has another.
func (w *work) lookAtSender(ctx context.Context) {
	res := spf.Lookup(ctx, w.ask, w.domain, w.relays, spf.Options{Now: w.Now(), Parsed: w.Parsed})
	w.senderSPF = &res
}

func (w *work) lookAtService(ctx context.Context) {
	w.service = spf.Lookup(ctx, w.ask, w.Service.SPFInclude, w.relays, spf.Options{Now: w.Now(), Parsed: w.Parsed})
}

func (w *work) lookAtDKIM(ctx context.Context) {
	res := dkim.Lookup(ctx, w.ask, w.signer, w.selector, dkim.Options{Wildcard: true, Thorough: w.Thorough, Used: w.keyNames()})
	w.dkim = &res
}

// keyNames are the names of the keys of all configured transports, also of those
// that do not sign now.
func (w *work) keyNames() []string {
	var out []string
	for _, tr := range w.All {
		s := w.Examiner.sending(Target{Transport: &tr})
		switch {
		case s.signs():
			out = append(out, dkim.RecordName(s.selector, s.signer))
		case s.couldSign():
			out = append(out, s.idle)
		}
	}
	return out
}

func (w *work) lookAtIdleKey(ctx context.Context) {
	w.idleKey = w.ask.Lookup(ctx, dns.Ask(w.idle, dns.TypeTXT))
}

func (w *work) lookAtDMARC(ctx context.Context) {
	identifiers := []string{w.envelope}
	if w.signs() {
		identifiers = append(identifiers, w.signer)
	}
	var wg sync.WaitGroup
	w.peers, w.peersKnown = w.findPeers()
	for _, p := range w.peers {
		wg.Go(func() { p.look(ctx) })
	}
	w.dmarc = dmarc.Lookup(ctx, w.ask, w.domain, dmarc.Options{SideBySide: true, Identifiers: identifiers})
	wg.Wait()
}

func (w *work) lookAtMX(ctx context.Context) {
	w.mx = mx.Lookup(ctx, w.ask, w.domain)
}

func (w *work) lookAtRelay(ctx context.Context) {
	probe := w.Probe
	probe.Network = w.Service.Network
	res := relay.Lookup(ctx, w.ask, w.server, probe)
	w.relay = &res
}

// lookAtReplyTo reads the DMARC policy of the domain that answers go to.
func (w *work) lookAtReplyTo(ctx context.Context) {
	res := dmarc.Lookup(ctx, w.ask, w.replyTo, dmarc.Options{SideBySide: true})
	w.replyDMARC = &res
}
