package dns

import (
	"context"
	"net/netip"
	"sync"
)

// Servers other than the configured ones belong to others, who did not ask for
// our questions: at most perServer of them are under way to one server at a
// time. What is learnt of a server on the way, its round trip above all, is kept
// while there are not too many.
const (
	perServer = 32
	maxVisits = 128
)

// visits are the servers that are asked in passing.
type visits struct {
	mu  sync.Mutex
	all map[netip.AddrPort]*visit
}

type visit struct {
	peer  *peer
	slots chan struct{}
	users int
}

// ask runs f with the peer of a server, when it is its turn; an error of ctx
// otherwise.
func (v *visits) ask(ctx context.Context, c *Client, server netip.AddrPort, f func(*peer)) error {
	at := v.enter(c, server)
	defer v.leave(server, at)
	select {
	case at.slots <- struct{}{}:
		defer func() { <-at.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	f(at.peer)
	return nil
}

func (v *visits) enter(c *Client, server netip.AddrPort) *visit {
	v.mu.Lock()
	defer v.mu.Unlock()
	at, ok := v.all[server]
	if !ok {
		at = &visit{peer: newPeer(c, server), slots: make(chan struct{}, perServer)}
		at.peer.passing = true
		if v.all == nil {
			v.all = map[netip.AddrPort]*visit{}
		}
		v.all[server] = at
	}
	at.users++
	return at
}

// leave closes what nobody uses when there is too much of it.
func (v *visits) leave(server netip.AddrPort, at *visit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if at.users--; at.users == 0 && len(v.all) > maxVisits {
		at.peer.close()
		delete(v.all, server)
	}
}

func (v *visits) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, at := range v.all {
		at.peer.close()
	}
}
