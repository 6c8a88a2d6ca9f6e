// Package dane looks at the certificates that DNS promises for the mail servers
// of a domain (RFC 7672).
package dane

import (
	"context"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// Host is a mail server.
type Host struct {
	Name  string
	Alias string // where a CNAME at Name leads; "" without one
}

// Result is what DNS says about DANE at the mail servers. The zero value was not
// looked up.
type Result struct {
	Hosts  []Promise
	Astray []dns.Answer // other names where TLSA records may stand; see Explain
}

// Promise is what stands for one host.
type Promise struct {
	Host
	Answer  dns.Answer // TLSA at Name(Host.Name)
	AtAlias dns.Answer // TLSA at Name(Host.Alias); not asked without an alias
}

// maxHosts is the number of hosts that are looked up; a hostile domain names
// thousands. maxRecords is the same for the records of one.
const (
	maxHosts   = 30
	maxRecords = 20
)

// Name is where the records of a host stand.
func Name(host string) string { return "_25._tcp." + host }

// Lookup asks for the TLSA records of hosts, side by side, with one question for
// each name.
func Lookup(ctx context.Context, r dns.Resolver, hosts []Host) Result {
	var res Result
	seen := map[string]bool{"": true} // the null MX is no host
	for _, h := range hosts {
		h = Host{Name: normal(h.Name), Alias: normal(h.Alias)}
		if !seen[h.Name] && len(res.Hosts) < maxHosts {
			seen[h.Name] = true
			res.Hosts = append(res.Hosts, Promise{Host: h})
		}
	}
	batch := dns.NewBatch(ctx, r)
	for i := range res.Hosts {
		p := &res.Hosts[i]
		batch.Ask(&p.Answer, dns.Ask(Name(p.Name), dns.TypeTLSA))
		if p.Alias != "" && p.Alias != p.Name {
			batch.Ask(&p.AtAlias, dns.Ask(Name(p.Alias), dns.TypeTLSA))
		}
	}
	batch.Wait()
	return res
}

func normal(host string) string { return dns.Ask(strings.TrimSpace(host), 0).Name }

// Explain asks, side by side, where people put the records by mistake: for the
// first host of the domain itself that has none. It asks at most five questions
// more, and none where every such host has records; an audit does without it.
func Explain(ctx context.Context, r dns.Resolver, domain string, res Result) Result {
	domain = normal(domain)
	i := slices.IndexFunc(res.Hosts, func(p Promise) bool {
		return p.missing() && (p.Name == domain || strings.HasSuffix(p.Name, "."+domain))
	})
	if i < 0 {
		return res
	}
	host := res.Hosts[i].Name
	names := []string{
		Name(domain), host, "_465._tcp." + host, "_587._tcp." + host, Name(host) + "." + domain,
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return slices.ContainsFunc(res.Hosts, func(p Promise) bool { return n == Name(p.Name) || n == Name(p.Alias) })
	})
	res.Astray = make([]dns.Answer, len(names))
	batch := dns.NewBatch(ctx, r)
	for i, n := range names {
		batch.Ask(&res.Astray[i], dns.Ask(n, dns.TypeTLSA))
	}
	batch.Wait()
	return res
}

// missing says that there is certainly no record.
func (p Promise) missing() bool {
	return p.Answer.Void() && (p.AtAlias.Question.Name == "" || p.AtAlias.Void())
}

// effective is the answer that senders use: that at the end of the CNAME, else
// that at the name itself (RFC 7672 section 2.2.2).
func (p Promise) effective() dns.Answer {
	if p.AtAlias.Question.Name != "" && !p.AtAlias.Void() {
		return p.AtAlias
	}
	return p.Answer
}

// Failed says that it is not known whether there are records.
func (p Promise) Failed() bool { return p.effective().Status == dns.Failed }

// Records are the records that senders use for the host; the first maxRecords.
func (p Promise) Records() []TLSA {
	var out []TLSA
	for _, r := range p.effective().Records {
		if len(out) < maxRecords {
			out = append(out, Parse(r.Data))
		}
	}
	return out
}
