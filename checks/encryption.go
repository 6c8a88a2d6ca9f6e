package checks

import (
	"context"
	"slices"
	"sync"

	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/tlsrpt"
)

// Whether answers and bounces reach the domain's mail servers encrypted:
// MTA-STS, DANE and where reports about it go.

func (w *work) lookAtMTASTS(ctx context.Context) {
	w.mtasts = mtasts.Lookup(ctx, w.ask, w.domain, mtasts.Options{Fetch: w.Policies, AlwaysFetch: w.Thorough})
}

func (w *work) lookAtTLSReports(ctx context.Context) {
	w.tlsrpt = tlsrpt.Lookup(ctx, w.ask, w.domain)
}

// lookAtDANE asks for the TLSA records of the mail servers while these are
// looked up themselves; of a host that turns out to be an alias, then those of
// its target.
func (w *work) lookAtDANE(ctx context.Context) {
	var hosts []dane.Host
	for _, rec := range w.ask.Lookup(ctx, dns.Ask(w.domain, dns.TypeMX)).Records {
		hosts = append(hosts, dane.Host{Name: rec.Host})
	}
	var servers mx.Result
	var wg sync.WaitGroup
	wg.Go(func() { servers = mx.Lookup(ctx, w.ask, w.domain) })
	w.dane = dane.Lookup(ctx, w.ask, hosts)
	wg.Wait()
	aliased := false
	// Where ctx ends, one of the two may have seen nothing.
	for i, t := range servers.Targets[:min(len(servers.Targets), len(hosts))] {
		hosts[i].Alias = t.Addresses.Alias()
		aliased = aliased || hosts[i].Alias != ""
	}
	if aliased {
		w.dane = dane.Lookup(ctx, w.ask, hosts)
	}
	if w.Thorough {
		w.dane = dane.Explain(ctx, w.ask, w.domain, w.dane)
	}
}

// encryptionFindings judges MTA-STS, DANE and the reports about them.
func (w *work) encryptionFindings() []finding.Finding {
	if len(w.mx.Targets) > 0 && !slices.ContainsFunc(w.mx.Targets, func(t mx.Target) bool { return !t.Null() }) {
		return nil // it takes no mail
	}
	return slices.Concat(
		mtasts.Findings(mtasts.Input{Result: w.mtasts, Hosts: w.exchangers(), HostsKnown: w.mx.Answer.Status != dns.Failed}),
		dane.Findings(w.daneInput()),
		tlsrpt.Findings(tlsrpt.Input{Result: w.tlsrpt}),
	)
}

// exchangers are the hosts that take the domain's mail: without MX records it is
// the domain itself (RFC 5321 section 5.1).
func (w *work) exchangers() []string {
	if w.mx.Answer.Void() {
		return []string{w.domain}
	}
	return mailHosts(w.mx)
}

func (w *work) daneInput() dane.Input {
	in := dane.Input{Result: w.dane, Domain: w.domain, Resolved: map[string]bool{}, Chains: w.chains()}
	if slices.ContainsFunc(w.recorder.Answers(), func(a dns.Answer) bool { return a.AD && !a.Direct && !a.Public }) {
		in.Validating = dane.Yes
	}
	for _, t := range w.mx.Targets {
		if t.Addresses.Found() {
			in.Resolved[dns.Ask(t.Host, 0).Name] = true
		}
	}
	return in
}
