package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mtasts"
)

// savedPolicy is what came over HTTPS. The addresses of the host are among the
// answers.
type savedPolicy struct {
	Host        string    `json:"host"`
	Outcome     string    `json:"outcome"`
	Reason      octets    `json:"reason"`
	TimedOut    bool      `json:"timed_out,omitempty"`
	Server      string    `json:"server"`
	Status      int       `json:"status"`
	ContentType octets    `json:"content_type"`
	Location    octets    `json:"location"`
	Body        octets    `json:"body"`
	TooLarge    bool      `json:"too_large,omitempty"`
	At          time.Time `json:"at"`
}

// policies are the MTA-STS policies of a run: those that are recorded, or those
// of a saved run.
type policies struct {
	mu  sync.Mutex
	all []mtasts.Fetched
}

// fetcher fetches policies, with the addresses that r finds.
func (a *app) fetcher(w *world, r dns.Resolver) func(context.Context, string) mtasts.Fetched {
	if a.shared.replay != "" {
		return func(ctx context.Context, host string) mtasts.Fetched { return w.policies.replay(ctx, r, host) }
	}
	fetch := mtasts.NewFetcher(mtasts.FetchOptions{Dial: w.dial, Roots: w.roots, Resolver: r, Now: a.now})
	if w.save == "" {
		return fetch
	}
	return func(ctx context.Context, host string) mtasts.Fetched { return w.policies.record(fetch(ctx, host)) }
}

// record keeps what came last of each host.
func (p *policies) record(f mtasts.Fetched) mtasts.Fetched {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.index(f.Host); i >= 0 {
		p.all[i] = f
		return f
	}
	p.all = append(p.all, f)
	return f
}

func (p *policies) index(host string) int {
	return slices.IndexFunc(p.all, func(f mtasts.Fetched) bool { return f.Host == host })
}

// replay gives what came then. What was not fetched then is not looked at.
func (p *policies) replay(ctx context.Context, r dns.Resolver, host string) mtasts.Fetched {
	p.mu.Lock()
	i := p.index(host)
	if i < 0 {
		p.mu.Unlock()
		return mtasts.Fetched{Host: host}
	}
	f := p.all[i]
	p.mu.Unlock()
	mtasts.Resolve(ctx, r, &f)
	return f
}

// fetched are the policies so far.
func (p *policies) fetched() []mtasts.Fetched {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

func toSavedPolicy(f mtasts.Fetched) savedPolicy {
	return savedPolicy{
		Host: f.Host, Outcome: f.Outcome.String(), Reason: octets(f.Reason), TimedOut: f.TimedOut, Server: f.Server, Status: f.Status,
		ContentType: octets(f.ContentType), Location: octets(f.Location), Body: octets(f.Body), TooLarge: f.TooLarge, At: f.At,
	}
}

func (s savedPolicy) policy() (mtasts.Fetched, error) {
	outcome, ok := mtasts.ParseOutcome(s.Outcome)
	if !ok || len(s.Body) > mtasts.MaxPolicy {
		return mtasts.Fetched{}, errors.New("a policy in it cannot be read")
	}
	return mtasts.Fetched{
		Host: s.Host, Outcome: outcome, Reason: string(s.Reason), TimedOut: s.TimedOut, Server: s.Server, Status: s.Status,
		ContentType: string(s.ContentType), Location: string(s.Location), Body: string(s.Body), TooLarge: s.TooLarge, At: s.At,
	}, nil
}
