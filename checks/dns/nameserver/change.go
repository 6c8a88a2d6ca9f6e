package nameserver

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// Clone is a copy that changes apart from the zone.
func (z *Zone) Clone() *Zone {
	z.mu.RLock()
	defer z.mu.RUnlock()
	c := &Zone{nodes: make(map[string]*node, len(z.nodes)), behaviour: maps.Clone(z.behaviour), errs: slices.Clone(z.errs)}
	for name, n := range z.nodes {
		c.nodes[name] = &node{sets: maps.Clone(n.sets), below: n.below}
	}
	return c
}

// Apex is the zone in which a name stands; false where it stands in none.
func (z *Zone) Apex(name string) (string, bool) {
	z.mu.RLock()
	defer z.mu.RUnlock()
	if soa := z.soaOf(canonical(name)); soa != nil {
		return soa.owner, true
	}
	return "", false
}

// Has says whether a record of a type stands at a name.
func (z *Zone) Has(name string, typ dns.Type) bool {
	_, data := z.dataAt(name, typ)
	return len(data) > 0
}

// AddValue adds a record whose data is written as one text, as panels show it:
// a TXT value without quotes, an MX as "10 host". One that is there already is
// not added again.
func (z *Zone) AddValue(name string, typ dns.Type, ttl time.Duration, value string) error {
	data, err := dataOf(typ, value)
	if err != nil {
		return fmt.Errorf("nameserver: %s %s: %w", name, typ, err)
	}
	if _, err := wire.AppendName(nil, canonical(name)); err != nil {
		return fmt.Errorf("nameserver: %q: %w", name, err)
	}
	if _, all := z.dataAt(name, typ); indexOf(all, typ, data) < 0 {
		z.put(name, typ, ttl, false, data)
	}
	return nil
}

// RemoveValue takes one record away and says whether it was there.
func (z *Zone) RemoveValue(name string, typ dns.Type, value string) bool {
	data, err := dataOf(typ, value)
	if err != nil {
		return false
	}
	ttl, all := z.dataAt(name, typ)
	i := indexOf(all, typ, data)
	if i < 0 {
		return false
	}
	if len(all) == 1 {
		z.Remove(name, typ)
		return true
	}
	z.put(name, typ, ttl, true, slices.Delete(slices.Clone(all), i, i+1)...)
	return true
}

// SetTTL changes the TTL of what stands at a name, if something does.
func (z *Zone) SetTTL(name string, typ dns.Type, ttl time.Duration) {
	if _, all := z.dataAt(name, typ); len(all) > 0 {
		z.put(name, typ, ttl, true, all...)
	}
}

func (z *Zone) dataAt(name string, typ dns.Type) (ttl time.Duration, data [][]byte) {
	z.mu.RLock()
	defer z.mu.RUnlock()
	n := z.nodes[canonical(name)]
	if n == nil || n.sets[uint16(typ)] == nil {
		return 0, nil
	}
	s := n.sets[uint16(typ)]
	return time.Duration(s.ttl) * time.Second, s.data
}

// dataOf is the data of a record that is written as one text. A text longer
// than a string becomes several.
func dataOf(typ dns.Type, value string) ([]byte, error) {
	switch typ {
	case dns.TypeTXT, dns.TypeSPF:
		var data []byte
		for part := range slices.Chunk([]byte(value), 255) {
			data = append(append(data, byte(len(part))), part...)
		}
		if data == nil {
			data = []byte{0}
		}
		return data, nil
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR:
		return wire.AppendName(nil, canonical(value))
	case dns.TypeMX:
		pref, host, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseUint(pref, 10, 16)
		if err != nil {
			return nil, err
		}
		return wire.AppendName([]byte{byte(n >> 8), byte(n)}, canonical(strings.TrimSpace(host)))
	}
	return nil, fmt.Errorf("it cannot be written as one text")
}

// textOf is data in a form in which two that mean the same are equal: the
// strings of a text joined.
func textOf(typ dns.Type, data []byte) string {
	if typ != dns.TypeTXT && typ != dns.TypeSPF {
		return string(bytes.ToLower(data))
	}
	var b strings.Builder
	for len(data) > 0 {
		n := min(int(data[0]), len(data)-1)
		b.Write(data[1 : 1+n])
		data = data[1+n:]
	}
	return b.String()
}

func indexOf(all [][]byte, typ dns.Type, data []byte) int {
	return slices.IndexFunc(all, func(d []byte) bool { return textOf(typ, d) == textOf(typ, data) })
}
