// Package dnstest is a DNS of a few lines for tests that need no server. Tests
// of the protocol itself use the name server next to it.
package dnstest

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Zone is a resolver over lines "NAME TYPE VALUE". The value SERVFAIL makes
// a question fail. Wildcards and CNAMEs work as in DNS.
type Zone struct {
	Records map[string][]string // by "NAME TYPE"
	mu      sync.Mutex
	Asked   []string // questions in the order in which they came
}

var _ dns.Resolver = (*Zone)(nil)

// New makes a zone of lines.
func New(lines ...string) *Zone {
	z := &Zone{Records: map[string][]string{}}
	for _, l := range lines {
		z.Add(l)
	}
	return z
}

// Add adds a record: "NAME TYPE VALUE".
func (z *Zone) Add(line string) {
	f := strings.SplitN(line, " ", 3)
	z.Records[f[0]+" "+f[1]] = append(z.Records[f[0]+" "+f[1]], f[2])
}

// Remove takes a record away.
func (z *Zone) Remove(line string) {
	f := strings.SplitN(line, " ", 3)
	key := f[0] + " " + f[1]
	z.Records[key] = slices.DeleteFunc(z.Records[key], func(v string) bool { return v == f[2] })
	if len(z.Records[key]) == 0 {
		delete(z.Records, key)
	}
}

func (z *Zone) exists(name string) bool {
	for key := range z.Records {
		owner, _, _ := strings.Cut(key, " ")
		if owner == name || strings.HasSuffix(owner, "."+name) {
			return true
		}
	}
	return false
}

// Lookup answers from the lines.
func (z *Zone) Lookup(_ context.Context, q dns.Question) dns.Answer {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.Asked = append(z.Asked, q.String())
	a := dns.Answer{Question: q, Server: "192.0.2.53:53"}
	name := q.Name
	for range 5 {
		owner := z.owner(name)
		values, ok := z.Records[owner+" "+q.Type.String()]
		if ok {
			return fill(a, values)
		}
		target, ok := z.Records[owner+" CNAME"]
		if !ok {
			a.Status = dns.NoName
			if owner != "" {
				a.Status = dns.Empty
			}
			return a
		}
		name = strings.TrimSuffix(target[0], ".")
		a.Chain = append(a.Chain, name)
	}
	a.Err = errors.New("CNAME loop")
	return a
}

// owner is the name itself, or the wildcard that answers for it, or "".
func (z *Zone) owner(name string) string {
	if z.exists(name) {
		return name
	}
	for rest := name; ; {
		_, parent, ok := strings.Cut(rest, ".")
		if !ok {
			return ""
		}
		if z.exists("*." + parent) {
			return "*." + parent
		}
		if z.exists(parent) {
			return ""
		}
		rest = parent
	}
}

func fill(a dns.Answer, values []string) dns.Answer {
	if values[0] == "SERVFAIL" {
		a.Err = errors.New("the name server says SERVFAIL")
		return a
	}
	a.Status = dns.Found
	for _, v := range values {
		r := dns.Record{Name: a.Question.Name, Type: a.Question.Type}
		switch a.Question.Type {
		case dns.TypeTXT:
			r.Strings = []string{v}
		case dns.TypeMX:
			pref, host, _ := strings.Cut(v, " ")
			n, _ := strconv.Atoi(pref)
			r.Pref, r.Host = uint16(n), strings.TrimSuffix(host, ".")
		case dns.TypeNS, dns.TypePTR, dns.TypeCNAME:
			r.Host = strings.TrimSuffix(v, ".")
		case dns.TypeSOA:
			r.SOA = &dns.SOA{Server: v}
		case dns.TypeA, dns.TypeAAAA:
			r.Addr = netip.MustParseAddr(v)
		case dns.TypeTLSA:
			r.Data = v
		}
		a.Records = append(a.Records, r)
	}
	return a
}

// Apply carries out a fix.
func (z *Zone) Apply(fix *finding.Fix) {
	for _, r := range fix.Records {
		if r.Replaces != nil {
			z.Remove(r.Name + " " + r.Type + " " + *r.Replaces)
			z.Remove(r.Name + " " + r.Type + " " + *r.Replaces + ".")
		}
		if !r.Remove {
			z.Add(r.Name + " " + r.Type + " " + r.Value)
		}
	}
}
