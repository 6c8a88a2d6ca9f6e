// Package tlsrpt looks at where senders report failures of TLS to (RFC 8460).
package tlsrpt

import (
	"context"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// Result is what DNS says about the TLS reports of a domain. The zero value was
// not looked up.
type Result struct {
	Domain string
	Answer dns.Answer // TXT at Name(Domain)
	Texts  []string   // texts there that were meant as a record; the first maxTexts

	// Doubled is the answer at the name with the domain once more, asked where
	// the right name has no record.
	Doubled dns.Answer
}

// maxTexts is the number of texts that are judged: one is right.
const maxTexts = 10

// Name is where the record of a domain stands.
func Name(domain string) string { return "_smtp._tls." + domain }

// Lookup asks for the record of a domain.
func Lookup(ctx context.Context, r dns.Resolver, domain string) Result {
	res := Result{Domain: dns.Ask(strings.TrimSpace(domain), dns.TypeTXT).Name}
	res.Answer = r.Lookup(ctx, dns.Ask(Name(res.Domain), dns.TypeTXT))
	res.Texts = texts(res.Answer)
	if res.Answer.Status != dns.Failed && len(res.Texts) == 0 {
		res.Doubled = r.Lookup(ctx, dns.Ask(Name(res.Domain)+"."+res.Domain, dns.TypeTXT))
	}
	return res
}

// texts are those of an answer that were meant as a record.
func texts(a dns.Answer) []string {
	return a.TextsMeant(startPattern().MatchString, meant, maxTexts)
}

// Record returns the record that senders use; false where there is none, or
// more than one (RFC 8460 section 3).
func (r Result) Record() (Record, bool) {
	counted := r.counted()
	if len(counted) != 1 {
		return Record{}, false
	}
	return counted[0], true
}

func (r Result) counted() []Record {
	var out []Record
	for _, t := range r.Texts {
		if rec := Parse(t); rec.Version {
			out = append(out, rec)
		}
	}
	return out
}
