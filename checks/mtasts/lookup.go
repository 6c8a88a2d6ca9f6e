// Package mtasts looks at whether a domain demands encryption of those who send
// mail to it (RFC 8461).
package mtasts

import (
	"context"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// Options of a Lookup.
type Options struct {
	// Fetch gets the policy of a host; see NewFetcher. Where it is nil the
	// policy is not looked at.
	Fetch func(ctx context.Context, host string) Fetched

	// AlwaysFetch looks for a policy also where there is no record, for a short
	// time.
	AlwaysFetch bool
}

// Result is what is known about MTA-STS of a domain. The zero value was not
// looked up.
type Result struct {
	Domain string
	Answer dns.Answer // TXT at Name(Domain)
	Texts  []string   // texts there that were meant as a record; the first maxTexts

	// Doubled is the answer at the name with the domain once more, asked where
	// the right name has no record.
	Doubled dns.Answer

	Fetched Fetched
	Policy  Policy // of Fetched; the zero value where none was served
}

// maxTexts is the number of texts that are judged: one is right.
const maxTexts = 10

// aside is the time for a policy that nothing announces: few are there, and
// nobody waits for them.
const aside = 2 * time.Second

// Name is where the record of a domain stands.
func Name(domain string) string { return "_mta-sts." + domain }

// Host is where the policy of a domain stands.
func Host(domain string) string { return "mta-sts." + domain }

// Lookup asks for the record of a domain, and fetches the policy.
func Lookup(ctx context.Context, r dns.Resolver, domain string, o Options) Result {
	res := Result{Domain: dns.Ask(strings.TrimSpace(domain), dns.TypeTXT).Name}
	res.Answer = r.Lookup(ctx, dns.Ask(Name(res.Domain), dns.TypeTXT))
	res.Texts = texts(res.Answer)
	var wg sync.WaitGroup
	if res.Answer.Status != dns.Failed && len(res.Texts) == 0 {
		wg.Go(func() { res.Doubled = r.Lookup(ctx, dns.Ask(Name(res.Domain)+"."+res.Domain, dns.TypeTXT)) })
	}
	if o.Fetch != nil && (len(res.Texts) > 0 || o.AlwaysFetch) {
		ctx := ctx
		if len(res.Texts) == 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, aside)
			defer cancel()
		}
		wg.Go(func() { res.Fetched = o.Fetch(ctx, Host(res.Domain)) })
	}
	wg.Wait()
	if res.Served() {
		res.Policy = ParsePolicy(res.Fetched.Body)
	}
	return res
}

// Served says that a policy came, right or wrong.
func (r Result) Served() bool { return r.Fetched.Outcome == Served && r.Fetched.Status == 200 }

// Effective returns the policy that senders keep to; false where there is none:
// it takes exactly one right record, and a right policy.
func (r Result) Effective() (Policy, bool) {
	counted := r.counted()
	ok := len(counted) == 1 && counted[0].Fault == "" && r.Served() && !r.Fetched.TooLarge && r.Policy.Valid()
	if !ok {
		return Policy{}, false
	}
	return r.Policy, true
}

func (r Result) counted() []Record {
	var out []Record
	for _, t := range r.Texts {
		if rec := ParseRecord(t); rec.Version {
			out = append(out, rec)
		}
	}
	return out
}

// texts are those of an answer that were meant as a record.
func texts(a dns.Answer) []string {
	return a.TextsMeant(startPattern().MatchString, meant, maxTexts)
}

// when is the time of the answer, of which a new id is made.
func (r Result) when() time.Time { return r.Answer.At }
