package dmarc

import (
	"context"
	"slices"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dns"
)

// Options of a Lookup.
type Options struct {
	// SideBySide asks as an examination does: the names of the walks at once,
	// and then what explains them: neighbouring names where nothing was found,
	// and the domains of report addresses. Otherwise exactly the names that
	// RFC 9989 needs are asked, one after the other.
	SideBySide bool

	// Identifiers are the domains that authenticate the mail (of MAIL FROM, of
	// signatures), whose organisational domains are wanted for alignment.
	Identifiers []string
}

// Result is what is known about DMARC for mail from a domain.
type Result struct {
	Domain string // of the From address
	Walk   []Step // judged steps; Walk[0] is the domain itself

	FoundAt string  // domain whose record applies; "" for none
	Record  *Record // the record that applies, nil for none
	Tag     string  // "p", "sp" or "np"; "" where no policy tag decided

	Published Policy // the policy that applies, before t=y
	Policy    Policy // the policy that applies
	Known     bool   // else a failed answer keeps the policy in the dark
	Exists    Truth  // whether the From domain exists; asked only where np= needs it

	OrgDomain string // by the tree walk; "" where not known
	OrgKnown  bool
	Orgs      map[string]Org // of the From domain and of Options.Identifiers
	PSL       PSL

	Probes  []Probe  // neighbouring names, asked where nothing was found
	Main    *Step    // the step of PSL.OrgDomain, also where the walk stopped before; nil if not asked
	Random  []Probe  // names that nobody publishes: a wildcard answers them
	Skipped []Step   // names that the walk leaves out, as the domain has too many labels
	Reports []Report // domains of the report addresses
}

// Probe is a question at a name where a record may stand by mistake.
type Probe struct {
	Domain  string // whose record it would be
	Name    string
	Answer  dns.Answer
	Doubled bool // the panel added the zone once more (_dmarc.d.d)
}

// Text returns the text at the name that was meant as DMARC record.
func (p Probe) Text() (string, bool) {
	for _, t := range p.Answer.Texts() {
		if strings.Contains(strings.ToLower(t), "v=dmarc1") {
			return t, true
		}
	}
	return "", false
}

// Report is what DNS says about the domain of a report address.
type Report struct {
	Address  Address
	Tag      string // "rua" or "ruf"
	External Truth  // it lies in another organisational domain than the record

	Authorisation dns.Answer // RFC 9990 section 4; of an external address
	Authorised    Truth
	MX            dns.Answer
	Mail          Truth // the domain takes mail
}

// Lookup finds the DMARC record for mail from a domain.
func Lookup(ctx context.Context, r dns.Resolver, from string, o Options) Result {
	res := Result{Domain: clean(from), Orgs: map[string]Org{}}
	w := newWalker(r)
	var exists dns.Answer
	if o.SideBySide {
		batch := dns.NewBatch(ctx, r)
		batch.Ask(&exists, dns.Ask(res.Domain, dns.TypeTXT))
		w.prefetch(ctx, append([]string{res.Domain}, res.near(o.Identifiers)...)...)
		batch.Wait()
	}
	res.Walk = w.walk(ctx, res.Domain)
	res.OrgDomain, res.OrgKnown = orgDomain(res.Walk)
	res.choose()
	if res.needsExistence() {
		if !o.SideBySide {
			exists = r.Lookup(ctx, dns.Ask(res.Domain, dns.TypeTXT))
		}
		res.Exists = existence(exists)
	}
	res.apply()
	res.PSL = readPSL(res.Domain, w.known)
	if s, ok := w.known(res.PSL.OrgDomain); ok {
		res.Main = &s
	}
	res.lookupOrgs(ctx, w, o)
	if o.SideBySide {
		res.explain(ctx, w)
	}
	return res
}

// choose picks the record by RFC 9989 section 4.10.1: that of the From domain,
// else of its organisational domain, else of a public suffix.
func (r *Result) choose() {
	first := r.Walk[0]
	switch {
	case first.failed():
		return
	case first.Record != nil:
		r.use(first)
		return
	case !r.OrgKnown:
		return
	}
	r.Known = true
	last := r.Walk[len(r.Walk)-1]
	for _, s := range r.Walk {
		if s.Domain == r.OrgDomain && s.Record != nil {
			r.use(s)
			return
		}
	}
	if last.Record != nil && last.Record.PSD == "y" {
		r.use(last)
	}
}

func (r *Result) use(s Step) { r.Known, r.FoundAt, r.Record = true, s.Domain, s.Record }

// Inherited says that the record stands above the From domain.
func (r Result) Inherited() bool { return r.Record != nil && r.FoundAt != r.Domain }

func (r Result) needsExistence() bool {
	return r.Inherited() && r.Record.NP.Present
}

// existence reads RFC 8020: only NXDOMAIN says that a name does not exist.
func existence(a dns.Answer) Truth {
	switch a.Status {
	case dns.Failed:
		return Unknown
	case dns.NoName:
		// A CNAME exists, whatever it leads to.
		return Known(len(a.Chain) > 0)
	}
	return Yes
}

func (r *Result) apply() {
	if r.Record == nil {
		return
	}
	tag := "p"
	if r.Inherited() {
		tag = "sp"
		if r.Exists == No {
			tag = "np"
		}
	}
	r.Published, r.Tag = r.Record.Policy(tag)
	if r.needsExistence() && r.Exists == Unknown {
		if other, _ := r.Record.Policy("np"); other != r.Published {
			r.Known, r.Published, r.Tag = false, NoPolicy, ""
		}
	}
	r.Policy = r.Published
	if r.Record.Test {
		r.Policy = r.Published.softer()
	}
}

// lookupOrgs walks from the identifiers. Without a policy there is nothing to
// be aligned with, so that the walks of RFC 9989 section 4.10.2 are not needed.
func (r *Result) lookupOrgs(ctx context.Context, w *walker, o Options) {
	r.Orgs[r.Domain] = readOrg(r.Walk)
	if !o.SideBySide && r.Policy == NoPolicy {
		return
	}
	for _, d := range r.near(o.Identifiers) {
		if _, ok := r.Orgs[d]; !ok {
			r.Orgs[d] = readOrg(w.walk(ctx, d))
		}
	}
}

// near leaves out what no walk is needed for: what is no name, and what shares
// no label with the From domain.
func (r *Result) near(domains []string) []string {
	var out []string
	for _, d := range domains {
		if d = clean(d); d != "" && sameTop(d, r.Domain) {
			out = append(out, d)
		}
	}
	return out
}

// Aligned says whether an identifier counts for the From domain in strict or
// relaxed mode. Its organisational domain must have been looked up.
func (r Result) Aligned(identifier string, strict bool) Truth {
	return Aligned(r.Domain, identifier, strict, r.Orgs)
}

// own are the domains at which the customer would publish: the From domain, and
// its parent by the public suffix list.
func (r Result) own() []string {
	if r.PSL.OrgDomain == r.Domain || r.PSL.Suffix {
		return []string{r.Domain}
	}
	return []string{r.Domain, r.PSL.OrgDomain}
}

// wildcardLabel is a name that nobody publishes.
const wildcardLabel = "_cwmail-no-such-name"

// explain asks what the walk leaves open.
func (r *Result) explain(ctx context.Context, w *walker) {
	batch := dns.NewBatch(ctx, w.resolver)
	if r.Record == nil && r.Known {
		r.probe(batch)
	}
	for _, d := range r.own() {
		// A name that nobody publishes tells what a wildcard answers, here and at
		// the names that are probed.
		s, ok := w.known(d)
		if ok && s.Answer.Status == dns.Found && len(s.Records) == 0 || len(r.Probes) > 0 {
			r.Random = append(r.Random, Probe{Domain: d, Name: wildcardLabel + "." + d})
		}
	}
	ask(batch, r.Random)
	var wg sync.WaitGroup
	skipped := skippedNames(r.Domain)
	r.Skipped = make([]Step, len(skipped))
	for i, name := range skipped {
		wg.Go(func() { r.Skipped[i] = w.ask(ctx, name) })
	}
	if r.Record != nil {
		r.Reports = reportsOf(*r.Record)
		for _, first := range r.reportDomains() {
			wg.Go(func() { r.Reports[first].lookup(ctx, w, r.FoundAt) })
		}
	}
	batch.Wait()
	wg.Wait()
	for i := range r.Reports {
		p := &r.Reports[i]
		known := r.Reports[r.reportDomains()[p.Address.Domain]]
		known.Address, known.Tag = p.Address, p.Tag
		*p = known
	}
}

// reportDomains gives the first report address of each domain.
func (r *Result) reportDomains() map[string]int {
	out := map[string]int{}
	for i, p := range r.Reports {
		if _, ok := out[p.Address.Domain]; !ok {
			out[p.Address.Domain] = i
		}
	}
	return out
}

func (r *Result) probe(batch *dns.Batch) {
	for _, d := range r.own() {
		for _, zone := range r.zones(d) {
			r.Probes = append(r.Probes, Probe{Domain: d, Name: Name(d) + "." + zone, Doubled: true})
		}
		r.Probes = append(
			r.Probes,
			Probe{Domain: d, Name: d},
			Probe{Domain: d, Name: "dmarc." + d},
			Probe{Domain: d, Name: Name("www." + d)},
			Probe{Domain: d, Name: Name("mail." + d)},
			Probe{Domain: d, Name: Name("@." + d)},
		)
	}
	ask(batch, r.Probes)
}

// maxZones bounds the domains that are looked at as zones of one name.
const maxZones = 4

// zones are the domains whose zone may hold the name of domain: itself and
// those above it, down to the customer's main domain.
func (r *Result) zones(domain string) []string {
	out := []string{domain}
	for zone := domain; zone != r.PSL.OrgDomain && len(out) < maxZones; {
		_, above, ok := strings.Cut(zone, ".")
		if !ok || !strings.Contains(above, ".") {
			break
		}
		zone = above
		out = append(out, zone)
	}
	return out
}

func ask(batch *dns.Batch, probes []Probe) {
	for i := range probes {
		batch.Ask(&probes[i].Answer, dns.Ask(probes[i].Name, dns.TypeTXT))
	}
}

// maxReports is the number of report addresses that are looked up. Receivers
// need not serve more than two (RFC 7489 section 6.2).
const maxReports = 20

// reportsOf lists the usable addresses of a record, the first maxReports.
func reportsOf(rec Record) []Report {
	var out []Report
	for _, list := range []struct {
		tag       string
		addresses []Address
	}{{"rua", rec.RUA}, {"ruf", rec.RUF}} {
		for _, a := range list.addresses {
			if a.Domain != "" && len(out) < maxReports {
				out = append(out, Report{Address: a, Tag: list.tag})
			}
		}
	}
	return out
}

// lookup asks whether the domain of the address takes mail, and whether it
// wants reports about domain (RFC 9990 section 4), all side by side.
func (p *Report) lookup(ctx context.Context, w *walker, domain string) {
	target := p.Address.Domain
	var wg sync.WaitGroup
	wg.Go(func() { p.lookupMail(ctx, w.resolver, target) })
	if target == domain {
		p.External = No
		wg.Wait()
		return
	}
	wg.Go(func() { w.prefetch(ctx, target, domain) })
	var answer dns.Answer
	if PSLOrgDomain(target) != PSLOrgDomain(domain) {
		wg.Go(func() { answer = w.authorisation(ctx, domain, target) })
	}
	wg.Wait()
	a, b := readOrg(w.walk(ctx, domain)), readOrg(w.walk(ctx, target))
	if !a.Known || !b.Known {
		return
	}
	if p.External = Known(a.Domain != b.Domain); p.External == No {
		return
	}
	if answer.Question.Name == "" {
		answer = w.authorisation(ctx, domain, target)
	}
	p.Authorisation, p.Authorised = answer, authorised(answer)
}

// authorisation asks for the record by which target takes reports about domain.
// A wildcard there answers by itself.
func (w *walker) authorisation(ctx context.Context, domain, target string) dns.Answer {
	return w.resolver.Lookup(ctx, dns.Ask(domain+"._report._dmarc."+target, dns.TypeTXT))
}

func authorised(a dns.Answer) Truth {
	if a.Status == dns.Failed {
		return Unknown
	}
	return Known(slices.ContainsFunc(a.Texts(), func(t string) bool { return Parse(t).Version }))
}

// lookupMail reads RFC 5321 section 5.1 and RFC 7505: MX hosts, else an
// address of the domain itself.
func (p *Report) lookupMail(ctx context.Context, r dns.Resolver, domain string) {
	p.MX = r.Lookup(ctx, dns.Ask(domain, dns.TypeMX))
	switch p.MX.Status {
	case dns.Failed:
		return
	case dns.Found:
		p.Mail = Known(slices.ContainsFunc(p.MX.Records, func(m dns.Record) bool { return m.Host != "" }))
		return
	case dns.NoName:
		p.Mail = No
		return
	}
	var a, aaaa dns.Answer
	batch := dns.NewBatch(ctx, r)
	batch.Ask(&a, dns.Ask(domain, dns.TypeA))
	batch.Ask(&aaaa, dns.Ask(domain, dns.TypeAAAA))
	batch.Wait()
	p.Mail = has(a).Or(has(aaaa))
}

func has(a dns.Answer) Truth {
	switch a.Status {
	case dns.Failed:
		return Unknown
	case dns.Found:
		return Yes
	}
	return No
}
