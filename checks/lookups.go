package checks

import (
	"context"
	"net/netip"
	"slices"
	"strings"

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
	w.zone = zone.Lookup(ctx, w.resolver, w.domain)
	if w.Asker == nil || w.zone.Apex == "" {
		return
	}
	w.views = propagation.Lookup(ctx, w.Asker, propagation.Plan{
		Servers: w.servers(), Public: w.Public, Skip: w.Own, Questions: w.deciding(),
	})
}

// servers are the name servers of the zone, without one that is the resolver
// too: what it says is known already.
func (w *work) servers() []propagation.Server {
	var out []propagation.Server
	for _, s := range w.zone.Servers {
		if len(s.Addrs) > 0 && slices.Contains(w.Own, netip.AddrPortFrom(s.Addrs[0], 53)) {
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
	relays := w.Service.Relays()
	if w.external() {
		relays = nil
	}
	w.spf = spf.Lookup(ctx, w.resolver, w.envelope, relays, spf.Options{MailFrom: w.mailFrom, Now: w.Now()})
}

// lookAtSender reads SPF of the domain in From where the envelope has another.
func (w *work) lookAtSender(ctx context.Context) {
	res := spf.Lookup(ctx, w.resolver, w.domain, w.Service.Relays(), spf.Options{Now: w.Now()})
	w.senderSPF = &res
}

func (w *work) lookAtService(ctx context.Context) {
	w.service = spf.Lookup(ctx, w.resolver, w.Service.SPFInclude, w.Service.Relays(), spf.Options{Now: w.Now()})
}

func (w *work) lookAtDKIM(ctx context.Context) {
	res := dkim.Lookup(ctx, w.resolver, w.signer, w.selector, dkim.Options{})
	w.dkim = &res
}

func (w *work) lookAtDMARC(ctx context.Context) {
	identifiers := []string{w.envelope}
	if w.signs() {
		identifiers = append(identifiers, w.signer)
	}
	w.dmarc = dmarc.Lookup(ctx, w.resolver, w.domain, dmarc.Options{SideBySide: true, Identifiers: identifiers})
}

func (w *work) lookAtMX(ctx context.Context) {
	w.mx = mx.Lookup(ctx, w.resolver, w.domain)
}

func (w *work) lookAtRelay(ctx context.Context) {
	res := relay.Lookup(ctx, w.resolver, w.server, w.Probe)
	w.relay = &res
}

// lookAtReplyTo reads the DMARC policy of the domain that answers go to.
func (w *work) lookAtReplyTo(ctx context.Context) {
	res := dmarc.Lookup(ctx, w.resolver, w.replyTo, dmarc.Options{SideBySide: true})
	w.replyDMARC = &res
}
