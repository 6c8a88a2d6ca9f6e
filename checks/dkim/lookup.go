package dkim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"clockwise.info/cwmail/checks/dns"
)

// Options changes what Lookup asks.
type Options struct {
	// Wildcard asks for one selector that nobody publishes, beside the real
	// one, to see whether a wildcard answers for every selector. It costs one
	// question and no time; where probes are needed it is asked anyway.
	Wildcard bool

	// Thorough asks beside a key for what was left of the forerunners of DKIM
	// and DMARC, and of the selector before this one.
	Thorough bool

	// Used are the names of keys that are in use: they are not left over.
	Used []string
}

// Result is what DNS says about one selector.
type Result struct {
	Domain, Selector string
	Name             string // <selector>._domainkey.<domain>
	Malformed        string // why no question can be asked; "" when it was asked

	Answer  dns.Answer
	Records []Record // the TXT records of Answer

	// Asked only where the name holds nothing, to explain why.
	Probes []Probe

	// Policies are TXT at _domainkey.<domain> and _adsp._domainkey.<domain>,
	// where Options.Thorough is set.
	Policies []dns.Answer

	// Earlier is the answer at the selector before this one, where
	// Options.Thorough is set and the name tells it.
	Earlier *dns.Answer

	Random *dns.Answer // of a selector that nobody publishes; nil when not asked
}

// ProbeKind says which mistake a probe looks for.
type ProbeKind uint8

// The kinds of probes.
const (
	NeighbourName ProbeKind = iota // a name next to the right one
	LooseName                      // a neighbour that may hold another service's key
	DoubledName                    // the panel added the zone a second time
	OtherType                      // the right name, the old type SPF
	AboveName                      // the same name below a parent domain, which may have its own key there
	UnmadeName                     // a name that nobody made: what answers there is a wildcard
	CutTarget                      // the CNAME's target without the domain at its end
)

// Probe is a question that explains an absence.
type Probe struct {
	Kind   ProbeKind
	Answer dns.Answer
}

// RecordName is where the key of a selector stands (RFC 6376 section 3.6.2.1).
func RecordName(selector, domain string) string {
	q := dns.Ask(selector+"._domainkey."+domain, dns.TypeTXT)
	return q.Name
}

// Lookup asks for the key record of a selector and, where nothing is there,
// side by side for what people publish by mistake.
func Lookup(ctx context.Context, r dns.Resolver, domain, selector string, opts Options) Result {
	domain = dns.Ask(domain, dns.TypeTXT).Name
	res := Result{Domain: domain, Selector: selector, Name: RecordName(selector, domain)}
	if res.Malformed = malformed(selector, res.Name); res.Malformed != "" {
		return res
	}
	var wg sync.WaitGroup
	ask := func(to *dns.Answer, name string, t dns.Type) {
		wg.Go(func() { *to = r.Lookup(ctx, dns.Ask(name, t)) })
	}
	random := func() {
		res.Random = new(dns.Answer)
		ask(res.Random, RecordName(randomSelector(res.Name), domain), dns.TypeTXT)
	}
	ask(&res.Answer, res.Name, dns.TypeTXT)
	if opts.Wildcard {
		random()
	}
	if opts.Thorough {
		res.Policies = make([]dns.Answer, 2)
		ask(&res.Policies[0], "_domainkey."+domain, dns.TypeTXT)
		ask(&res.Policies[1], "_adsp._domainkey."+domain, dns.TypeTXT)
		if before := earlierSelector(selector); before != "" && !slices.Contains(opts.Used, RecordName(before, domain)) {
			res.Earlier = new(dns.Answer)
			ask(res.Earlier, RecordName(before, domain), dns.TypeTXT)
		}
	}
	wg.Wait()
	res.Answer = dns.Circle(ctx, r, res.Answer)
	for _, rec := range res.Answer.Records {
		res.Records = append(res.Records, Parse(rec.Strings...))
	}
	if !res.Answer.Void() {
		return res
	}
	if res.Random == nil {
		random()
	}
	questions := probes(res)
	res.Probes = make([]Probe, len(questions))
	for i, p := range questions {
		res.Probes[i].Kind = p.kind
		ask(&res.Probes[i].Answer, p.name, p.typ)
	}
	wg.Wait()
	return res
}

type probe struct {
	kind ProbeKind
	name string
	typ  dns.Type
}

// probes lists the names of the catalogue, each once.
func probes(res Result) []probe {
	s, d := res.Selector, res.Domain
	all := []probe{
		{NeighbourName, s + "." + d, dns.TypeTXT},
		{NeighbourName, s + ".domainkey." + d, dns.TypeTXT},
		{NeighbourName, s + "_domainkey." + d, dns.TypeTXT},
		{NeighbourName, "_domainkey." + s + "." + d, dns.TypeTXT},
		{NeighbourName, "_domainkey." + d, dns.TypeTXT},
		{NeighbourName, s + "._domainkey.www." + d, dns.TypeTXT},
		{NeighbourName, d, dns.TypeTXT},
		{LooseName, "default._domainkey." + d, dns.TypeTXT},
		{OtherType, res.Name, dns.TypeSPF},
	}
	for _, parent := range parents(d) {
		all = append(all, probe{AboveName, RecordName(s, parent), dns.TypeTXT})
	}
	all = append(all, probe{UnmadeName, randomSelector(res.Name) + "." + d, dns.TypeTXT})
	for zone := d; strings.Contains(zone, "."); _, zone, _ = strings.Cut(zone, ".") {
		all = append(all, probe{DoubledName, res.Name + "." + zone, dns.TypeTXT})
	}
	if cut := cutTarget(res); cut != "" {
		all = append(all, probe{CutTarget, cut, dns.TypeTXT})
	}
	seen := map[dns.Question]bool{dns.Ask(res.Name, dns.TypeTXT): true}
	var out []probe
	for _, p := range all {
		if q := dns.Ask(p.name, p.typ); !seen[q] && len(p.name) <= 253 {
			seen[q] = true
			out = append(out, p)
		}
	}
	return out
}

// maxParents bounds the parents that are asked.
const maxParents = 4

// parents are the domains above a domain of the same organisation, the nearest
// first.
func parents(domain string) []string {
	var out []string
	suffix, _ := publicsuffix.PublicSuffix(domain)
	for len(out) < maxParents {
		_, above, ok := strings.Cut(domain, ".")
		if !ok || above == suffix || !strings.HasSuffix(above, "."+suffix) {
			break
		}
		out = append(out, above)
		domain = above
	}
	return out
}

// cutTarget is the first CNAME target without the domain, or a parent of it,
// that a panel may have put behind it; "" when it does not end that way.
func cutTarget(res Result) string {
	if len(res.Answer.Chain) == 0 {
		return ""
	}
	target := res.Answer.Chain[0]
	for zone := res.Domain; strings.Contains(zone, "."); _, zone, _ = strings.Cut(zone, ".") {
		if cut, ok := strings.CutSuffix(target, "."+zone); ok && strings.Contains(cut, ".") {
			return cut
		}
	}
	return ""
}

// earlierSelector is the selector that ours follows, as nextSelector makes them:
// cw1 for cw2. Of other names nobody knows which ones were ours; "" for those.
func earlierSelector(selector string) string {
	number, ours := strings.CutPrefix(strings.ToLower(selector), "cw")
	n, err := strconv.ParseUint(number, 10, 31)
	if !ours || err != nil || n < 2 {
		return ""
	}
	return "cw" + strconv.FormatUint(n-1, 10)
}

// randomSelector is a selector that nobody publishes: the same one for the
// same name, so that a saved run can be replayed.
func randomSelector(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "cw-" + hex.EncodeToString(sum[:6])
}

// malformed says why a name cannot be asked: a selector is one or more labels
// of letters, digits and inner hyphens (RFC 6376 section 3.1). Underscores are
// let through, as they work everywhere.
func malformed(selector, name string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	if selector == "" {
		return "it is empty"
	}
	for label := range strings.SplitSeq(strings.ToLower(selector), ".") {
		switch {
		case label == "":
			return "it has a dot too many"
		case len(label) > 63:
			return "a part of it is longer than 63 characters"
		case strings.Trim(label, letters+"-_") != "":
			return "it has a character other than letters, digits and hyphens"
		case label[0] == '-' || label[len(label)-1] == '-':
			return "a part of it begins or ends with a hyphen"
		}
	}
	if len(name) > 253 {
		return "the name of the record would be longer than 253 characters"
	}
	return ""
}
