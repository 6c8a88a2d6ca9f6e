package checks

import (
	"cmp"
	"context"
	"slices"

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
