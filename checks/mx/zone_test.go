package mx

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// zone is a resolver over lines "NAME TYPE": values. The value SERVFAIL makes
// a question fail. Wildcards and CNAMEs work as in DNS.
type zone struct {
	records map[string][]string
	mu      sync.Mutex
	asked   []string
}

var _ dns.Resolver = (*zone)(nil)

func newZone(lines ...string) *zone {
	z := &zone{records: map[string][]string{}}
	for _, l := range lines {
		z.add(l)
	}
	return z
}

// add takes "NAME TYPE VALUE".
func (z *zone) add(line string) {
	f := strings.SplitN(line, " ", 3)
	z.records[f[0]+" "+f[1]] = append(z.records[f[0]+" "+f[1]], f[2])
}

func (z *zone) remove(line string) {
	f := strings.SplitN(line, " ", 3)
	key := f[0] + " " + f[1]
	z.records[key] = slices.DeleteFunc(z.records[key], func(v string) bool { return v == f[2] })
	if len(z.records[key]) == 0 {
		delete(z.records, key)
	}
}

func (z *zone) exists(name string) bool {
	for key := range z.records {
		owner, _, _ := strings.Cut(key, " ")
		if owner == name || strings.HasSuffix(owner, "."+name) {
			return true
		}
	}
	return false
}

func (z *zone) Lookup(_ context.Context, q dns.Question) dns.Answer {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked = append(z.asked, q.String())
	a := dns.Answer{Question: q, Server: "192.0.2.53:53"}
	name := q.Name
	for range 5 {
		owner := z.owner(name)
		values, ok := z.records[owner+" "+q.Type.String()]
		if ok {
			return fill(a, values)
		}
		target, ok := z.records[owner+" CNAME"]
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
func (z *zone) owner(name string) string {
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
		case dns.TypeA, dns.TypeAAAA:
			r.Addr = netip.MustParseAddr(v)
		}
		a.Records = append(a.Records, r)
	}
	return a
}

// apply brings a fix into the zone.
func (z *zone) apply(fix *finding.Fix) {
	for _, r := range fix.Records {
		if r.Replaces != nil {
			z.remove(r.Name + " " + r.Type + " " + *r.Replaces)
			z.remove(r.Name + " " + r.Type + " " + *r.Replaces + ".")
		}
		if !r.Remove {
			z.add(r.Name + " " + r.Type + " " + r.Value)
		}
	}
}

const microsoft = "10 customer-example.mail.protection.outlook.com."

// soundZone is the rest of the world, without the MX records of the customer.
func soundZone(lines ...string) *zone {
	return newZone(append([]string{
		"mail.customer.example A 192.0.2.25",
		"customer-example.mail.protection.outlook.com A 192.0.2.1",
		"aspmx.l.google.com AAAA 2001:db8::25",
		"customer.example TXT v=spf1 -all",
	}, lines...)...)
}

func examine(t *testing.T, z *zone, used bool) []finding.Finding {
	t.Helper()
	out := Findings(Input{Result: Lookup(t.Context(), z, "Customer.Example."), Used: used})
	return arrange(out)
}

func arrange(out []finding.Finding) []finding.Finding {
	order := map[string]int{}
	for i, r := range Rules() {
		order[r.Code] = i
	}
	finding.Silence(out)
	finding.Sort(out, order)
	return out
}

// codes lists the findings that are not silenced.
func codes(all []finding.Finding) []string {
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" {
			out = append(out, f.Code())
		}
	}
	return out
}

func find(all []finding.Finding, code string) *finding.Finding {
	for i := range all {
		if all[i].Code() == code {
			return &all[i]
		}
	}
	return nil
}
