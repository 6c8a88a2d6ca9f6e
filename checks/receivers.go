package checks

import (
	"cmp"
	"context"
	"crypto/x509"
	"slices"

	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/safe"
)

// greetsReceivers holds where the servers that take the domain's mail are
// greeted. A customer on the no-reply address has none to mend.
func (s sending) greetsReceivers() bool { return s.probeMX && !s.noReply() }

// lookAtReceivers greets the servers that take the domain's mail, those that
// senders try first.
func (w *work) lookAtReceivers(ctx context.Context) {
	res := mx.Lookup(ctx, w.ask, w.domain) // asked for already: equal questions are joined
	targets := slices.Clone(res.Targets)
	slices.SortStableFunc(targets, func(a, b mx.Target) int { return cmp.Compare(a.Pref, b.Pref) })
	var hosts []string
	for _, t := range targets {
		if !t.Null() && t.Malformed == "" && !slices.Contains(hosts, t.Host) {
			hosts = append(hosts, t.Host)
		}
	}
	w.greeted = relay.LookupReceivers(ctx, w.ask, w.domain, hosts, w.Probe)
}

// receiverFindings judges the servers that were greeted, with what the domain
// promises of them.
func (w *work) receiverFindings() []finding.Finding {
	all := slices.Clone(w.greeted)
	for i := range all {
		all[i].Demands, all[i].Vouched = w.demanded(all[i].Server.Host)
	}
	return relay.ReceiverFindings(all)
}

// demanded says what demands encryption of who sends to a host, and whether
// that vouches for the certificate itself, so that nothing else about it counts.
func (w *work) demanded(host string) (by string, vouched bool) {
	if policy, ok := w.mtasts.Effective(); ok && policy.Mode == "enforce" && policy.Allows(host) {
		return "the MTA-STS policy", false
	}
	for _, p := range w.dane.Hosts {
		usable := slices.DeleteFunc(p.Records(), func(r dane.TLSA) bool { return r.Fault != "" })
		signed := dane.Input{Result: w.dane}.DNSSEC(p) == dane.Yes
		if p.Name != dns.Ask(host, 0).Name || !signed || len(usable) == 0 {
			continue
		}
		return "DANE", slices.ContainsFunc(usable, func(r dane.TLSA) bool { return r.Usage == 3 })
	}
	return "", false
}

// chains are the certificates that the hosts presented.
func (w *work) chains() map[string][]*x509.Certificate {
	out := map[string][]*x509.Certificate{}
	for _, r := range w.greeted {
		for _, c := range r.Conversations {
			if chain := c.Chain(); chain != nil {
				out[dns.Ask(r.Server.Host, 0).Name] = chain
			}
		}
	}
	return out
}

// receiverFacts are in short what was seen of the servers; nil where none was
// looked at.
func receiverFacts(all []relay.Result) []map[string]any {
	var out []map[string]any
	for _, r := range all {
		for _, c := range r.Conversations {
			one := map[string]any{"host": safe.UTF8(r.Server.Host), "address": c.Address.Addr().String(), "reached": c.Stage.String(), "ok": c.OK(), "tls": nil}
			if c.TLS != nil {
				one["tls"] = c.TLS.String()
			}
			out = append(out, one)
		}
	}
	return out
}
