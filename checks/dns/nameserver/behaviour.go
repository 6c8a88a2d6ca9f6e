package nameserver

import (
	"slices"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// EDE is an extended DNS error of an answer (RFC 8914).
type EDE = wire.EDE

// Response codes for Behaviour.
const (
	FormErr  = wire.FormErr
	ServFail = wire.ServFail
	NXDomain = wire.NXDomain
	NotImp   = wire.NotImp
	Refused  = wire.Refused
)

// Behaviour is how a server differs from a good one, for all names or for one.
// The zero value is a good server.
type Behaviour struct {
	Types []dns.Type // only for these types; none: for all
	Below bool       // in Zone.Behave: for the names below as well

	Rcode      int           // answers this and nothing else
	Unless     bool          // Rcode only without the CD bit: a validating resolver and a bogus zone
	Drop       bool          // never answers
	DropUDP    bool          // never answers over UDP
	Truncate   bool          // over UDP: the TC bit and no records
	RefuseTCP  bool          // closes the connection instead of answering over TCP
	Delay      time.Duration // answers that much later
	Loss       float64       // part of the questions over UDP that get lost
	EDE        []EDE
	AD         bool      // says that DNSSEC validated
	NoAA       bool      // says that it has no authority
	NoEDNS     bool      // answers FORMERR to a question with EDNS(0)
	NoFollow   bool      // leaves a CNAME to the asker
	Refer      bool      // knows nothing and refers to other servers
	ReferTo    []string  // delegates the name to these servers
	SignedTill time.Time // adds a signature of made up octets where one is asked for, a month old
	NoSOA      bool      // negative answers without SOA
	WrongID    bool      // sends an answer with another id first
	WrongName  bool      // sends an answer to another question first
	WrongPort  bool      // sends an answer from another port first
	OnlyWrong  bool      // and never sends the good one
	Garbage    bool      // sends octets that are no message, with the right id
	Duplicates int       // sends the answer so many times more
}

func (b Behaviour) applies(t dns.Type) bool { return len(b.Types) == 0 || slices.Contains(b.Types, t) }

// Behave sets how a name is answered, in place of what Behave set for it
// before; with no behaviour, it is answered well again.
func (z *Zone) Behave(name string, bs ...Behaviour) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.behaviour == nil {
		z.behaviour = map[string][]Behaviour{}
	}
	z.behaviour[canonical(name)] = bs
	if len(bs) == 0 {
		delete(z.behaviour, canonical(name))
	}
}

// behaviourOf returns the behaviour for a question, found at its name or above.
func (z *Zone) behaviourOf(name string, typ dns.Type, server Behaviour) Behaviour {
	z.mu.RLock()
	defer z.mu.RUnlock()
	if len(z.behaviour) > 0 {
		for n := name; ; n = parent(n) {
			for _, b := range z.behaviour[n] {
				if (n == name || b.Below) && b.applies(typ) {
					return b
				}
			}
			if n == "" {
				break
			}
		}
	}
	if !server.applies(typ) {
		return Behaviour{}
	}
	return server
}
