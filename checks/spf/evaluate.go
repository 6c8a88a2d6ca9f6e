package spf

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// The results of an evaluation (section 2.6).
const (
	Pass      = "pass"
	Fail      = "fail"
	SoftFail  = "softfail"
	Neutral   = "neutral"
	None      = "none"
	TempError = "temperror"
	PermError = "permerror"
)

// The limits of section 4.6.4.
const (
	MaxLookups     = 10
	MaxVoidLookups = 2
	MaxMX          = 10
	MaxPTR         = 10
)

// Client is who sends, and in whose name.
type Client struct {
	IP       netip.Addr
	MailFrom string // without angle brackets; "" for a bounce
	HELO     string
}

// Options of an evaluation.
type Options struct {
	MailFrom string    // Lookup: MAIL FROM of the outcomes; "" for postmaster@domain
	HELO     string    // Lookup: HELO of the outcomes
	Receiver string    // value of the macro %{r}; "" for "unknown"
	Now      time.Time // value of the macro %{t}; zero gives 0

	// Ahead lets Evaluate ask side by side for the names that the record may
	// need, instead of one after the other: fewer round trips, more questions.
	// The outcome is the same. Lookup always does.
	Ahead bool

	// Thorough lets Lookup ask beside a sound record for what only notes tell of.
	Thorough bool

	// Parsed, where not nil, keeps records read between evaluations.
	Parsed *Parsed
}

// Outcome is what an evaluation gave.
type Outcome struct {
	Client      Client
	Domain      string // of MAIL FROM, or HELO where that is empty
	Result      string // pass, fail, softfail, neutral, none, temperror, permerror
	Explanation string // of a fail; raw text of the domain's owner; "" when there is none

	Lookups, VoidLookups int // counted up to the decision

	Matched string   // the term that decided, as written; "" when none did
	Owner   string   // the domain in whose record Matched stands
	Path    []string // domains from the first down to Owner, through include and redirect
	Terms   []string // the deciding term in the record of each domain of Path; the last is Matched

	Problem error        // *Problem: why temperror or permerror
	Unread  []dns.Answer // the answers behind a temperror
}

// ProblemKind says why an evaluation ended in temperror or permerror.
type ProblemKind uint8

// The kinds of problems.
const (
	BadSyntax      ProblemKind = iota + 1 // Err is the *SyntaxError
	ManyRecords                           // several SPF records at Domain
	NoRecord                              // target of include or redirect without SPF
	TooManyLookups                        // more than 10
	TooManyVoid                           // more than 2
	TooManyMX                             // more than 10 hosts of one mx
	Unreadable                            // no usable answer: temperror
	LoopFound                             // a name on its own path; Outcomes say TooManyLookups for it
	TargetInvalid                         // target of include or redirect is no name that can exist
)

// Problem is what ended an evaluation, and where.
type Problem struct {
	Kind   ProblemKind
	Domain string // whose record, or which name
	Term   string // the term that led there, as written; "" at the first record
	Err    error  // what is below it, or nil
}

func (p *Problem) Error() string {
	what := [...]string{
		BadSyntax: "syntax error", ManyRecords: "several SPF records", NoRecord: "no SPF record",
		TooManyLookups: "more than 10 DNS look-ups", TooManyVoid: "more than 2 void DNS answers",
		TooManyMX: "more than 10 MX hosts", Unreadable: "DNS gave no usable answer", LoopFound: "the record leads back to itself",
		TargetInvalid: "not a name that can exist",
	}[p.Kind]
	s := fmt.Sprintf("spf: %s: %s", p.Domain, what)
	if p.Term != "" {
		s += fmt.Sprintf(" (at %q)", p.Term)
	}
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

func (p *Problem) Unwrap() error { return p.Err }

// Evaluate is check_host() of section 4. It asks what it needs in the order of
// the record, and stops where the RFC stops.
func Evaluate(ctx context.Context, r dns.Resolver, c Client, opts Options) Outcome {
	if !opts.Ahead {
		return evaluate(ctx, r, nil, c, opts)
	}
	// What was asked in vain must have ended before the outcome is given.
	ctx, cancel := context.WithCancel(ctx)
	m := newMemo(r, opts.Parsed)
	x := newExpander(c, opts)
	var w ahead
	w.start(ctx, m, x, x.domain, false)
	o := evaluate(ctx, m, m, c, opts)
	cancel()
	w.wait()
	return o
}

// evaluation is one run of check_host(), with its includes and redirects.
type evaluation struct {
	ctx  context.Context
	r    dns.Resolver
	memo *memo // r, where answers are kept; else nil
	kept *Parsed
	x    expander
	out  Outcome

	last dns.Answer // what records asked for last: too large to pass on by value

	// peers are further clients for whom the outcome may be the same: differs is
	// set where it depends on which of them it is.
	peers   []netip.Addr
	differs bool

	named   bool        // names holds the answer to "which names has the client"
	names   []string    // validated names of the client (section 5.5)
	unasked *dns.Answer // about those names: the time for all was over before it came
}

func evaluate(ctx context.Context, r dns.Resolver, m *memo, c Client, opts Options) Outcome {
	e := evaluation{ctx: ctx, r: r, memo: m, kept: opts.Parsed}
	return e.run(c, opts)
}

// evaluateAll evaluates for clients of several addresses. Mostly a record does
// not tell them apart, so that one evaluation stands for all.
func evaluateAll(ctx context.Context, m *memo, out []Outcome, ips []netip.Addr, c Client, opts Options) {
	if len(ips) == 0 {
		return
	}
	c.IP = ips[0]
	e := evaluation{ctx: ctx, r: m, memo: m, kept: opts.Parsed, peers: ips[1:]}
	e.differs = slices.ContainsFunc(ips, func(ip netip.Addr) bool { return ip.Is4() != c.IP.Is4() })
	out[0] = e.run(c, opts)
	var wg sync.WaitGroup
	for i, ip := range ips[1:] {
		if !e.differs {
			out[i+1] = out[0]
			out[i+1].Client.IP = ip
			continue
		}
		wg.Go(func() {
			c := c
			c.IP = ip
			out[i+1] = evaluate(ctx, m, m, c, opts)
		})
	}
	wg.Wait()
}

func (e *evaluation) run(c Client, opts Options) Outcome {
	e.x.set(c, opts)
	e.x.asks = e
	out := &e.out
	out.Client, out.Domain = c, e.x.domain
	// Few records stand deeper in each other than this.
	room := make([]string, 2*usualDepth)
	out.Path, out.Terms = room[:0:usualDepth], room[usualDepth:usualDepth]
	out.Result = e.check(e.x.domain, "", true)
	if n := len(out.Terms); n > 0 && out.Problem == nil {
		out.Matched, out.Owner = out.Terms[n-1], out.Path[n-1]
	}
	return *out
}

// usualDepth is how many records usually stand in each other.
const usualDepth = 4

// problem ends the evaluation.
func (e *evaluation) problem(kind ProblemKind, domain, term string, err error) string {
	if e.out.Problem == nil {
		e.out.Problem = &Problem{Kind: kind, Domain: domain, Term: term, Err: err}
	}
	if kind == Unreadable {
		return TempError
	}
	return PermError
}

// unread ends the evaluation at an answer that cannot be used (section 4.4, 5).
func (e *evaluation) unread(a dns.Answer, domain, term string) string {
	e.out.Unread = append(e.out.Unread, a)
	return e.problem(Unreadable, domain, term, a.Err)
}

// check evaluates the record of a domain. term is what led to it; with
// explain, a fail gets its explanation.
func (e *evaluation) check(domain, term string, explain bool) string {
	if !validDomain(domain) {
		return None
	}
	answer, records := e.records(domain)
	switch {
	case answer.Status == dns.Failed:
		return e.unread(*answer, domain, term)
	case term != "" && answer.Void() && !e.void():
		return e.problem(TooManyVoid, domain, term, nil)
	case len(records) == 0:
		return None
	case len(records) > 1:
		return e.problem(ManyRecords, domain, term, nil)
	}
	rec := &records[0]
	if err := rec.Err(); err != nil {
		return e.problem(BadSyntax, domain, term, err)
	}
	e.out.Path = append(e.out.Path, domain)
	result := e.terms(rec, domain, explain)
	return result
}

// records asks for and selects the SPF records of a domain (section 4.4, 4.5).
// The answer holds until the next one is asked for.
func (e *evaluation) records(domain string) (*dns.Answer, []Record) {
	if e.memo != nil {
		return e.memo.records(e.ctx, domain)
	}
	e.last = e.r.Lookup(e.ctx, dns.Ask(domain, dns.TypeTXT))
	return &e.last, selectRecords(&e.last, e.kept)
}

// selectRecords is section 4.5.
func selectRecords(a *dns.Answer, kept *Parsed) []Record {
	var out []Record
	for i := range a.Records {
		r := &a.Records[i]
		switch {
		case !isRecordStrings(r.Strings):
		case out == nil:
			out = kept.parse(r.Strings)
		default:
			out = append(out[:len(out):len(out)], kept.parse(r.Strings)...)
		}
	}
	return out
}

// isRecordStrings is IsRecord without joining what is no SPF record anyway.
func isRecordStrings(s []string) bool {
	switch {
	case len(s) == 0:
		return false
	case len(s) == 1 || len(s[0]) > len(version):
		return IsRecord(s[0])
	}
	return IsRecord(strings.Join(s, ""))
}

func (e *evaluation) terms(rec *Record, domain string, explain bool) string {
	depth := len(e.out.Terms)
	for i := range rec.Terms {
		t := &rec.Terms[i]
		if t.Kind != Mechanism {
			continue
		}
		e.out.Terms = append(e.out.Terms[:depth], t.Text)
		match, broken := e.match(t, domain)
		if !match && broken == "" && e.unasked != nil {
			broken = e.unread(*e.unasked, domain, t.Text)
		}
		if broken != "" {
			return broken
		}
		if !match {
			continue
		}
		result := resultOf(t.Qualifier)
		if result == Fail && explain {
			e.out.Explanation = e.explanation(rec, domain)
		}
		return result
	}
	e.out.Terms = e.out.Terms[:depth]
	if t := rec.Redirect(); t != nil {
		return e.redirect(t, domain, explain)
	}
	return Neutral // section 4.7
}

func resultOf(qualifier byte) string {
	switch qualifier {
	case '-':
		return Fail
	case '~':
		return SoftFail
	case '?':
		return Neutral
	}
	return Pass
}

// redirect is section 6.1.
func (e *evaluation) redirect(t *Term, domain string, explain bool) string {
	if !e.count() {
		return e.problem(TooManyLookups, domain, t.Text, nil)
	}
	e.differs = e.differs || t.Macro
	target := e.x.target(t, domain)
	if e.onPath(target) {
		return e.problem(LoopFound, target, t.Text, nil)
	}
	e.out.Terms = append(e.out.Terms, t.Text)
	depth := len(e.out.Terms)
	result := e.check(target, t.Text, explain)
	if result == None {
		return e.noRecord(target, t.Text)
	}
	if len(e.out.Terms) == depth && e.out.Problem == nil { // nothing matched there
		e.out.Terms = e.out.Terms[:depth-1]
		e.out.Path = e.out.Path[:depth]
	}
	return result
}

func (e *evaluation) noRecord(target, term string) string {
	if !validDomain(target) {
		return e.problem(TargetInvalid, target, term, nil)
	}
	return e.problem(NoRecord, target, term, nil)
}

func (e *evaluation) onPath(domain string) bool { return holdsName(e.out.Path, domain) }

// holdsName says whether a name is one of those of a path, which are ASCII.
func holdsName(path []string, name string) bool {
	for _, s := range path {
		if len(s) == len(name) && strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// count counts a term that costs a look-up; false means one too many.
func (e *evaluation) count() bool {
	e.out.Lookups++
	return e.out.Lookups <= MaxLookups
}

// void counts a void answer; false means one too many.
func (e *evaluation) void() bool {
	e.out.VoidLookups++
	return e.out.VoidLookups <= MaxVoidLookups
}

// same asks something about the client's address, and looks whether it holds
// for the others as well.
func (e *evaluation) same(holds func(netip.Addr) bool) bool {
	yes := holds(e.x.ip)
	for _, ip := range e.peers {
		e.differs = e.differs || holds(ip) != yes
	}
	return yes
}

// match is section 5. A result in broken ends the evaluation.
func (e *evaluation) match(t *Term, domain string) (match bool, broken string) {
	switch t.Name {
	case "all":
		return true, ""
	case "ip4", "ip6":
		return e.same(func(ip netip.Addr) bool { return t.Network.Contains(ip) }), ""
	}
	e.differs = e.differs || t.Macro || t.Name == "ptr"
	if !e.count() {
		return false, e.problem(TooManyLookups, domain, t.Text, nil)
	}
	if e.x.wide && t.asksLocal() { // RFC 8616 section 4
		return false, ""
	}
	target := domain
	if t.Domain != "" {
		target = e.x.target(t, domain)
	}
	switch t.Name {
	case "include":
		return e.include(t, target)
	case "ptr":
		return e.ptr(t, domain, target)
	}
	if !validName(target) { // section 4.8 leaves it open: what cannot exist does not match
		return false, ""
	}
	switch t.Name {
	case "a":
		return e.a(t, domain, target)
	case "mx":
		return e.mx(t, domain, target)
	default: // exists
		a, broken := e.ask(t, domain, dns.Ask(target, dns.TypeA))
		return a.Status == dns.Found, broken
	}
}

// ask asks a question that a failure of turns into temperror and that counts
// when its answer is void.
func (e *evaluation) ask(t *Term, domain string, q dns.Question) (a dns.Answer, broken string) {
	a = e.r.Lookup(e.ctx, q)
	switch {
	case a.Status == dns.Failed:
		return a, e.unread(a, domain, t.Text)
	case a.Void() && !e.void():
		return a, e.problem(TooManyVoid, domain, t.Text, nil)
	}
	return a, ""
}

// include is section 5.2.
func (e *evaluation) include(t *Term, target string) (match bool, broken string) {
	if e.onPath(target) {
		return false, e.problem(LoopFound, target, t.Text, nil)
	}
	terms, path := len(e.out.Terms), len(e.out.Path)
	switch result := e.check(target, t.Text, false); result {
	case Pass:
		return true, ""
	case TempError, PermError:
		return false, result
	case None:
		return false, e.noRecord(target, t.Text)
	}
	e.out.Terms, e.out.Path = e.out.Terms[:terms], e.out.Path[:path]
	return false, ""
}

// addressType is the type of the client's addresses.
func (e *evaluation) addressType() dns.Type {
	if e.x.ip.Is4() {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// a is section 5.3.
func (e *evaluation) a(t *Term, domain, target string) (match bool, broken string) {
	a, broken := e.ask(t, domain, dns.Ask(target, e.addressType()))
	return broken == "" && e.contains(t, a), broken
}

// contains says whether one of the addresses, with the term's prefix length,
// covers the client.
func (e *evaluation) contains(t *Term, a dns.Answer) bool {
	bits := t.Prefix4
	if !e.x.ip.Is4() {
		bits = t.Prefix6
	}
	return e.same(func(ip netip.Addr) bool {
		for i := range a.Records {
			addr := a.Records[i].Addr
			if addr == ip || bits >= 0 && netip.PrefixFrom(addr, bits).Contains(ip) {
				return true
			}
		}
		return false
	})
}

// mx is section 5.4. Void answers for the hosts do not count: the limit is on
// terms, and this one gave hosts.
func (e *evaluation) mx(t *Term, domain, target string) (match bool, broken string) {
	a, broken := e.ask(t, domain, dns.Ask(target, dns.TypeMX))
	if broken != "" {
		return false, broken
	}
	if len(a.Records) > MaxMX {
		return false, e.problem(TooManyMX, domain, t.Text, nil)
	}
	for _, r := range a.Records {
		if !validName(r.Host) { // the root too: a null MX has no host (RFC 7505)
			continue
		}
		hosts := e.r.Lookup(e.ctx, dns.Ask(r.Host, e.addressType()))
		if hosts.Status == dns.Failed {
			return false, e.unread(hosts, domain, t.Text)
		}
		if e.contains(t, hosts) {
			return true, ""
		}
	}
	return false, ""
}

// ptr is section 5.5. Errors are those of the client's zone, not of the
// domain's: they match nothing. Who gave up waiting does not know of any.
func (e *evaluation) ptr(t *Term, domain, target string) (match bool, broken string) {
	a := e.r.Lookup(e.ctx, dns.Reverse(e.x.ip))
	if a.Void() && !e.void() {
		return false, e.problem(TooManyVoid, domain, t.Text, nil)
	}
	for _, n := range e.validatedNames() {
		if within(n, target) {
			return true, ""
		}
	}
	return false, ""
}

// validatedNames are the names of the client that have its address (section
// 5.5), of the first ten.
func (e *evaluation) validatedNames() []string {
	if e.named {
		return e.names
	}
	e.named = true
	a := e.r.Lookup(e.ctx, dns.Reverse(e.x.ip))
	e.noteUnasked(a)
	records := a.Records[:min(len(a.Records), MaxPTR)]
	if e.memo != nil {
		e.hosts(records)
	}
	for _, r := range records {
		if !validName(r.Host) {
			continue
		}
		a := e.r.Lookup(e.ctx, dns.Ask(r.Host, e.addressType()))
		e.noteUnasked(a)
		if slices.ContainsFunc(a.Records, func(h dns.Record) bool { return h.Addr == e.x.ip }) {
			e.names = append(e.names, r.Host)
		}
	}
	return e.names
}

func (e *evaluation) noteUnasked(a dns.Answer) {
	if a.Status == dns.Failed && e.ctx.Err() != nil {
		e.unasked = &a
	}
}

// hosts asks for the addresses of all hosts side by side.
func (e *evaluation) hosts(records []dns.Record) {
	var wg sync.WaitGroup
	for _, r := range records {
		if validName(r.Host) {
			wg.Go(func() { e.r.Lookup(e.ctx, dns.Ask(r.Host, e.addressType())) })
		}
	}
	wg.Wait()
}

// explanation is section 6.2: any error leaves it empty.
func (e *evaluation) explanation(rec *Record, domain string) string {
	t := rec.Exp()
	if t == nil {
		return ""
	}
	e.differs = true // the text may name the address
	target := e.x.target(t, domain)
	if !validName(target) || e.x.wide && t.asksLocal() {
		return ""
	}
	a := e.r.Lookup(e.ctx, dns.Ask(target, dns.TypeTXT))
	if a.Status != dns.Found || len(a.Records) != 1 {
		return ""
	}
	text, err := e.x.explain(strings.Join(a.Records[0].Strings, ""), domain)
	if err != nil {
		return ""
	}
	return text
}

// validDomain says whether a name may be that of a sender or of a record that
// is led to (section 4.3): one of several labels, and no address literal.
func validDomain(s string) bool {
	return validName(s) && strings.IndexByte(s, '.') >= 0 && s[0] != '[' && isASCII(s)
}

// validName says whether a name can stand in DNS (RFC 1035 section 2.3.4).
// The root cannot be meant, and no final dot stands behind it.
func validName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	label := 0
	for i := range len(s) {
		if s[i] != '.' {
			label++
			continue
		}
		if label == 0 || label > 63 {
			return false
		}
		label = 0
	}
	return 0 < label && label <= 63
}

// within says whether a name is the domain or below it.
func within(name, domain string) bool {
	name, domain = strings.TrimSuffix(name, "."), strings.TrimSuffix(domain, ".")
	n := len(name) - len(domain)
	return n >= 0 && strings.EqualFold(name[n:], domain) && (n == 0 || name[n-1] == '.')
}
