package dmarc

import (
	"context"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// maxSteps is the number of names that one tree walk asks (RFC 9989 section
// 4.10).
const maxSteps = 8

// Name is where the DMARC record of a domain stands.
func Name(domain string) string { return "_dmarc." + domain }

// Step is one name of a tree walk, with its answer.
type Step struct {
	Domain string // whose record it would be
	Name   string // the name that was asked
	Answer dns.Answer

	Records []Record // texts that begin with v=DMARC1; only a single one counts
	Others  []string // other texts at the name
	Record  *Record  // the one that counts, nil where there is none
}

// failed says that nothing can be concluded from the step.
func (s Step) failed() bool { return s.Answer.Status == dns.Failed }

// stops says whether the walk ends here (RFC 9989 section 4.10 steps 2 and 6).
func (s Step) stops() bool { return s.Record != nil && s.Record.PSD != "u" }

// walkNames returns the domains whose records a tree walk from domain asks for,
// in order: the domain itself, then its parents, of at most seven labels.
func walkNames(domain string) []string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	labels := strings.Split(domain, ".")
	out := []string{domain}
	for n := min(len(labels)-1, maxSteps-1); n >= 1; n-- {
		out = append(out, strings.Join(labels[len(labels)-n:], "."))
	}
	return out
}

// maxSkipped is how many of the names are looked at that a walk leaves out.
const maxSkipped = 4

// skippedNames are the parents of a domain that its walk leaves out, of which
// the shortest come first.
func skippedNames(domain string) []string {
	labels := strings.Split(domain, ".")
	var out []string
	for n := maxSteps; n < len(labels) && len(out) < maxSkipped; n++ {
		out = append(out, strings.Join(labels[len(labels)-n:], "."))
	}
	return out
}

// walker asks for records, each name once.
type walker struct {
	resolver dns.Resolver
	mu       sync.Mutex
	steps    map[string]Step
}

func newWalker(r dns.Resolver) *walker {
	return &walker{resolver: r, steps: map[string]Step{}}
}

func (w *walker) known(domain string) (Step, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.steps[domain]
	return s, ok
}

func (w *walker) ask(ctx context.Context, domain string) Step {
	if s, ok := w.known(domain); ok {
		return s
	}
	return w.keep(readStep(domain, w.resolver.Lookup(ctx, dns.Ask(Name(domain), dns.TypeTXT))))
}

// prefetch asks for all names of the walks side by side.
func (w *walker) prefetch(ctx context.Context, domains ...string) {
	var names []string
	for _, d := range domains {
		for _, name := range walkNames(d) {
			if _, known := w.known(name); !known && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	answers := make([]dns.Answer, len(names))
	batch := dns.NewBatch(ctx, w.resolver)
	for i, name := range names {
		batch.Ask(&answers[i], dns.Ask(Name(name), dns.TypeTXT))
	}
	batch.Wait()
	for i, a := range answers {
		w.keep(readStep(names[i], a))
	}
}

func (w *walker) keep(s Step) Step {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps[s.Domain] = s
	return s
}

// walk returns the steps up to where the walk stops. A name that cannot be
// looked up ends it too: what comes behind would not settle anything.
func (w *walker) walk(ctx context.Context, domain string) []Step {
	var out []Step
	for _, name := range walkNames(domain) {
		s := w.ask(ctx, name)
		out = append(out, s)
		if s.stops() || s.failed() {
			break
		}
	}
	return out
}

// readStep picks the record that counts. Texts that do not begin with v=DMARC1
// are discarded, and several that do are all discarded (RFC 9989 section 4.10).
func readStep(domain string, a dns.Answer) Step {
	s := Step{Domain: domain, Name: Name(domain), Answer: a}
	for _, text := range a.Texts() {
		if r := Parse(text); r.Version {
			s.Records = append(s.Records, r)
		} else {
			s.Others = append(s.Others, text)
		}
	}
	if len(s.Records) == 1 && s.Records[0].Valid() {
		s.Record = &s.Records[0]
	}
	return s
}

// orgDomain selects the organisational domain from the steps of a walk (RFC
// 9989 section 4.10.2). known is false where a step could not be looked up.
func orgDomain(steps []Step) (domain string, known bool) {
	if len(steps) == 0 {
		return "", false
	}
	start := steps[0].Domain
	found := start
	for i, s := range steps {
		switch {
		case s.failed():
			return "", false
		case s.Record == nil:
		case s.Record.PSD == "n":
			return s.Domain, true
		case s.Record.PSD == "y" && i > 0:
			return oneBelow(start, s.Domain), true
		default:
			found = s.Domain
		}
	}
	return found, true
}

// oneBelow returns the ancestor of domain that is one label longer than parent.
func oneBelow(domain, parent string) string {
	head := strings.TrimSuffix(domain, "."+parent)
	return head[strings.LastIndexByte(head, '.')+1:] + "." + parent
}
