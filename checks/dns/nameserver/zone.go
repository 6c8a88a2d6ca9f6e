// Package nameserver is a DNS server on loopback over UDP and TCP, for tests
// and for the demonstration world. It serves what it is told, octet by octet,
// and misbehaves on demand in the ways that name servers and networks do.
package nameserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// DefaultTTL is the TTL of records that are added without one.
const DefaultTTL = time.Hour

// Zone holds the records of any number of zones. It may be changed while it is
// served. A name without records does not exist (NXDOMAIN), unless names exist
// below it (NODATA). The zero value is an empty zone.
type Zone struct {
	mu        sync.RWMutex
	nodes     map[string]*node
	behaviour map[string][]Behaviour
	errs      []error
}

type node struct {
	sets  map[uint16]*set
	below int // names with records below this one
}

type set struct {
	ttl  uint32
	data [][]byte
}

// NewZone returns an empty zone.
func NewZone() *Zone { return &Zone{} }

// canonical is how names are kept: lower case, no final dot.
func canonical(name string) string { return dns.Ask(name, 0).Name }

// put adds or, with replace, sets the data of a name and type.
func (z *Zone) put(name string, typ dns.Type, ttl time.Duration, replace bool, data ...[]byte) {
	name = canonical(name)
	if _, err := wire.AppendName(nil, name); err != nil {
		z.fail(fmt.Errorf("nameserver: %q: %w", name, err))
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	n := z.nodes[name]
	if n == nil || len(n.sets) == 0 {
		n = z.nodeFor(name)
		n.sets = map[uint16]*set{}
		for p := parent(name); p != ""; p = parent(p) {
			z.nodeFor(p).below++
		}
	}
	// A set is never changed, only replaced: answers are packed without the lock.
	s := &set{ttl: uint32(ttl / time.Second), data: data}
	if old := n.sets[uint16(typ)]; old != nil && !replace {
		s.data = slices.Concat(old.data, data)
	}
	n.sets[uint16(typ)] = s
}

func (z *Zone) nodeFor(name string) *node {
	if z.nodes == nil {
		z.nodes = map[string]*node{}
	}
	n := z.nodes[name]
	if n == nil {
		n = &node{}
		z.nodes[name] = n
	}
	return n
}

func parent(name string) string {
	_, p, _ := strings.Cut(name, ".")
	return p
}

// fail keeps an error for Serve, which refuses a zone with mistakes in it.
func (z *Zone) fail(err error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.errs = append(z.errs, err)
}

// Err returns the mistakes made in adding records.
func (z *Zone) Err() error {
	z.mu.RLock()
	defer z.mu.RUnlock()
	return errors.Join(z.errs...)
}

// Remove takes away the records of a name of the given types; of all types
// where none is given.
func (z *Zone) Remove(name string, types ...dns.Type) {
	name = canonical(name)
	z.mu.Lock()
	defer z.mu.Unlock()
	n := z.nodes[name]
	if n == nil || len(n.sets) == 0 {
		return
	}
	for t := range n.sets {
		if len(types) == 0 || slices.Contains(types, dns.Type(t)) {
			delete(n.sets, t)
		}
	}
	if len(n.sets) > 0 {
		return
	}
	z.prune(name)
	for p := parent(name); p != ""; p = parent(p) {
		z.nodes[p].below--
		z.prune(p)
	}
}

func (z *Zone) prune(name string) {
	if n := z.nodes[name]; len(n.sets) == 0 && n.below == 0 {
		delete(z.nodes, name)
	}
}

// TXT adds one TXT record of the given strings, each at most 255 octets.
func (z *Zone) TXT(name string, strs ...string) { z.txt(name, dns.TypeTXT, DefaultTTL, strs) }

// SPF adds one record of the obsolete type SPF.
func (z *Zone) SPF(name string, strs ...string) { z.txt(name, dns.TypeSPF, DefaultTTL, strs) }

func (z *Zone) txt(name string, typ dns.Type, ttl time.Duration, strs []string) {
	var data []byte
	for _, s := range strs {
		if len(s) > 255 {
			z.fail(fmt.Errorf("nameserver: %s %s: a string of %d octets", name, typ, len(s)))
			return
		}
		data = append(append(data, byte(len(s))), s...)
	}
	z.put(name, typ, ttl, false, data)
}

// Text adds one TXT record, split into strings of 255 octets.
func (z *Zone) Text(name, value string) {
	var strs []string
	for len(value) > 255 {
		strs = append(strs, value[:255])
		value = value[255:]
	}
	z.TXT(name, append(strs, value)...)
}

// A adds A records.
func (z *Zone) A(name string, addrs ...string) { z.addrs(name, dns.TypeA, addrs) }

// AAAA adds AAAA records.
func (z *Zone) AAAA(name string, addrs ...string) { z.addrs(name, dns.TypeAAAA, addrs) }

func (z *Zone) addrs(name string, typ dns.Type, addrs []string) {
	for _, a := range addrs {
		z.add(name, typ, DefaultTTL, []token{{text: a}})
	}
}

// MX adds an MX record; host "" or "." is the null MX (RFC 7505).
func (z *Zone) MX(name string, pref int, host string) {
	z.host(name, dns.TypeMX, DefaultTTL, binary.BigEndian.AppendUint16(nil, uint16(pref)), host)
}

// CNAME adds a CNAME.
func (z *Zone) CNAME(name, target string) { z.host(name, dns.TypeCNAME, DefaultTTL, nil, target) }

// NS adds NS records.
func (z *Zone) NS(name string, hosts ...string) {
	for _, h := range hosts {
		z.host(name, dns.TypeNS, DefaultTTL, nil, h)
	}
}

// PTR adds the PTR record of an address.
func (z *Zone) PTR(addr netip.Addr, host string) {
	z.host(dns.Reverse(addr).Name, dns.TypePTR, DefaultTTL, nil, host)
}

func (z *Zone) host(name string, typ dns.Type, ttl time.Duration, prefix []byte, host string) {
	data, err := wire.AppendName(prefix, strings.TrimSuffix(host, "."))
	if err != nil {
		z.fail(fmt.Errorf("nameserver: %s %s %q: %w", name, typ, host, err))
		return
	}
	z.put(name, typ, ttl, false, data)
}

// SOA declares a zone: its apex, with the TTL that negative answers get. Names
// below it get this SOA in negative answers.
func (z *Zone) SOA(apex string, minimum time.Duration) {
	z.SOAWith(apex, "ns."+canonical(apex), "hostmaster."+canonical(apex), 1, DefaultTTL, minimum)
}

// SOAWith is SOA with all that can differ; ttl is that of the record itself.
func (z *Zone) SOAWith(apex, server, mailbox string, serial uint32, ttl, minimum time.Duration) {
	data, err := wire.AppendName(nil, strings.TrimSuffix(server, "."))
	if err == nil {
		data, err = wire.AppendName(data, strings.TrimSuffix(mailbox, "."))
	}
	if err != nil {
		z.fail(fmt.Errorf("nameserver: SOA of %q: %w", apex, err))
		return
	}
	for _, v := range [...]uint32{serial, 7200, 3600, 1209600, uint32(minimum / time.Second)} {
		data = binary.BigEndian.AppendUint32(data, v)
	}
	z.put(apex, dns.TypeSOA, ttl, true, data)
}

// Raw adds a record of any type with ready data, however broken.
func (z *Zone) Raw(name string, typ dns.Type, data []byte) { z.put(name, typ, DefaultTTL, false, data) }
