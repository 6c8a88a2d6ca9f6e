package checks

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/transports"
)

// peer is another way in which mail of the same domain leaves ClockWise's
// servers: DMARC's policy holds for it as well.
type peer struct {
	*work
	names []string // of the transports that send so
}

// maxPeers is how many other ways are looked at.
const maxPeers = 8

// sameWay says whether receivers judge the mail of two transports alike.
func (s sending) sameWay(o sending) bool {
	return s.ours() && o.ours() && s.envelope == o.envelope && s.signer == o.signer && s.selector == o.selector
}

// findPeers goes through the configured transports of the domain. They are not
// all known where a customer's server sends: nobody knows from which address.
func (w *work) findPeers() (peers []*peer, known bool) {
	known = w.ours()
	for _, tr := range w.All {
		s := w.Examiner.sending(Target{Transport: &tr})
		if s.domain != w.domain || s.sameWay(w.sending) {
			continue
		}
		i := slices.IndexFunc(peers, func(p *peer) bool { return p.sameWay(s) })
		switch {
		case s.external() || i < 0 && len(peers) == maxPeers:
			known = false
		case i >= 0:
			peers[i].names = append(peers[i].names, tr.Name)
		default:
			peers = append(peers, &peer{
				work:  &work{Examiner: w.Examiner, sending: s, recorder: w.recorder, ask: w.ask},
				names: []string{tr.Name},
			})
		}
	}
	return peers, known
}

// look asks for what decides about the peer's mail. Most of it the examination
// asks for as well.
func (p *peer) look(ctx context.Context) {
	identifiers := []string{p.envelope}
	var wg sync.WaitGroup
	wg.Go(func() {
		p.spf = spf.Lookup(ctx, p.ask, p.envelope, p.Service.Relays(), spf.Options{MailFrom: p.mailFrom, Now: p.Now(), Parsed: p.Parsed})
	})
	if p.signs() {
		identifiers = append(identifiers, p.signer)
		wg.Go(func() {
			res := dkim.Lookup(ctx, p.ask, p.signer, p.selector, dkim.Options{})
			p.dkim = &res
		})
	}
	p.work.dmarc = dmarc.Lookup(ctx, p.ask, p.domain, dmarc.Options{SideBySide: true, Identifiers: identifiers})
	wg.Wait()
	p.signed, p.whySigned = p.signature()
}

// allPass tells whether mail of every configured transport of the domain passes
// DMARC.
func (w *work) allPass() dmarc.Truth {
	configured := slices.ContainsFunc(w.All, func(tr transports.Transport) bool {
		return w.Examiner.sending(Target{Transport: &tr}).domain == w.domain
	})
	if !configured || !w.peersKnown || !w.passesTwice() {
		return dmarc.Unknown
	}
	for _, p := range w.peers {
		if !p.passesTwice() {
			return dmarc.Unknown
		}
	}
	return dmarc.Yes
}

// passesTwice says whether both SPF and DKIM vouch for the mail: a policy that
// one half holds up alone is not worth tightening yet (RFC 9989 section 7.4).
func (w *work) passesTwice() bool {
	paths := w.paths()
	return len(paths) > 0 && !slices.ContainsFunc(paths, func(p Path) bool {
		return p.DMARC != "pass" || p.SPF != "pass" || p.SPFAligned != dmarc.Yes || p.DKIM != "pass" || p.DKIMAligned != dmarc.Yes
	})
}

// failing are the other transports of the domain whose mail does not pass
// DMARC.
func (w *work) failing() []dmarc.Failing {
	var out []dmarc.Failing
	for _, p := range w.peers {
		paths := p.paths()
		i := slices.IndexFunc(paths, func(path Path) bool { return path.DMARC == "fail" })
		if i < 0 {
			continue
		}
		for _, name := range p.names {
			out = append(out, dmarc.Failing{Transport: name, Why: fmt.Sprintf("from %s SPF says %s for %s, DKIM %s", paths[i].IP, paths[i].SPF, p.envelope, paths[i].DKIM)})
		}
	}
	return out
}
