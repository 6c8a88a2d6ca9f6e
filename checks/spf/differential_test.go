package spf

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	peer "blitiri.com.ar/go/spf"

	"clockwise.info/cwmail/checks/dns"
)

// peerResolver gives the peer the same answers.
type peerResolver struct{ r dns.Resolver }

func (p peerResolver) ask(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
	a := p.r.Lookup(ctx, dns.Ask(name, typ))
	switch a.Status {
	case dns.Failed:
		return a, &net.DNSError{Err: "failed", Name: name, IsTimeout: true, IsTemporary: true}
	case dns.NoName:
		return a, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return a, nil
}

func (p peerResolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := p.ask(ctx, name, dns.TypeTXT)
	return a.Texts(), err
}

func (p peerResolver) LookupMX(ctx context.Context, name string) (out []*net.MX, err error) {
	a, err := p.ask(ctx, name, dns.TypeMX)
	for _, r := range a.Records {
		out = append(out, &net.MX{Host: r.Host, Pref: r.Pref})
	}
	return out, err
}

func (p peerResolver) LookupIPAddr(ctx context.Context, host string) (out []net.IPAddr, err error) {
	for _, typ := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		a, err := p.ask(ctx, host, typ)
		if err != nil {
			return nil, err
		}
		for _, r := range a.Records {
			out = append(out, net.IPAddr{IP: r.Addr.AsSlice()})
		}
	}
	return out, nil
}

func (p peerResolver) LookupAddr(ctx context.Context, addr string) (out []string, err error) {
	a, err := p.ask(ctx, dns.Reverse(netip.MustParseAddr(addr).Unmap()).Name, dns.TypePTR)
	for _, r := range a.Records {
		out = append(out, r.Host)
	}
	return out, err
}

func peerResult(ctx context.Context, r dns.Resolver, c Client) string {
	result, _ := peer.CheckHostWithSender(c.IP.AsSlice(), c.HELO, c.MailFrom, peer.WithResolver(peerResolver{r}), peer.WithContext(ctx))
	return string(result)
}

// suiteDifferences are the cases of the RFC's suite in which the peer says
// something else. Where the suite allows both, ours is its first choice.
var suiteDifferences = map[string]string{
	"control-char-policy":          grammar,
	"non-ascii-policy":             grammar,
	"invalid-domain":               grammar,
	"a-numeric-toplabel":           grammar,
	"a-only-toplabel-trailing-dot": grammar,
	"a-numeric":                    grammar,
	"a-bad-toplabel":               grammar,
	"a-null":                       grammar,
	"a-only-toplabel":              grammar,
	"a-bad-domain":                 grammar,
	"mx-bad-domain":                grammar,
	"mx-null":                      grammar,
	"mx-numeric-top-label":         grammar,
	"mx-bad-toplab":                grammar,
	"cidr4-032":                    grammar,
	"bare-ip6":                     grammar,
	"redirect-syntax-error":        grammar,
	"redirect-empty-domain":        grammar,
	"redirect-is-modifier":         lazy,
	"detect-errors-anywhere":       lazy,
	"exp-twice":                    modifiers,
	"exp-syntax-error":             modifiers,
	"exp-empty-domain":             modifiers,
	"unknown-modifier-syntax":      modifiers,
	"exp-only-macro-char":          modifiers,
	"a-colon-domain":               slash,
	"a-colon-domain-ip4mapped":     slash,
	"mx-colon-domain-ip4mapped":    slash,
	"mx-colon-domain":              slash,
	"p-macro-multiple":             names,
}

// Reasons for a difference.
const (
	grammar   = "the peer does not hold domains, addresses and octets against the grammar"
	lazy      = "the peer stops at the first match; section 4.6 makes any syntax error a permerror"
	modifiers = "the peer reads neither exp= nor unknown modifiers"
	slash     = "the peer takes no / in a domain; section 7.1 allows it"
	names     = "the peer takes unknown for every %{p}"
)

func TestDifferenceSuite(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range readSuites(t, "rfc7208-tests.yml") {
		for name, c := range s.Tests {
			client := Client{IP: netip.MustParseAddr(c.Host), MailFrom: c.MailFrom, HELO: c.Helo}
			ours, theirs := Evaluate(t.Context(), s.ZoneData, client, Options{}).Result, peerResult(t.Context(), s.ZoneData, client)
			if ours == theirs {
				continue
			}
			seen[name] = true
			if suiteDifferences[name] == "" {
				t.Errorf("%s: %s, peer %s, wanted %s", name, ours, theirs, c.Result)
			}
		}
	}
	for name := range suiteDifferences {
		if !seen[name] {
			t.Errorf("%s: no difference any more", name)
		}
	}
}

// soundTerms and brokenTerms are what records are generated of.
var soundTerms = strings.Fields(`
	a mx ptr a:h1.example a:h2.example/24 a:h6.example a:none.example mx:h1.example mx:x.example/30 a:h6.example//64
	ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:198.51.100.0/25 ip6:2001:db8::/32 ip6:2001:db8::1 ip4:0.0.0.0/0
	include:r0.example include:r1.example include:r2.example include:r3.example include:r4.example include:r5.example
	exists:%{i}.x.example exists:%{ir}.%{v}.y.example exists:%{l}.%{d2}.z.example exists:h1.example a:%{d1r}.example a:%{o} exists:%{d}%{S}
	include:%{l}.example include:fail.example a:fail.example mx:fail.example include:none.example
	redirect=r1.example redirect=r3.example redirect=none.example exp=why.example unknown=%{d}x ptr:h1.example mx:eleven.example mx:ten.example A:H1.example
	MX:X.Example a:%{p}.example include:R2.Example a:empty..example a:foo/bar.example
`)

var brokenTerms = strings.Fields(`
	all:x a:localhost a:192.0.2.1 ip4:192.0.2.0/33 ip4:192.0.2.0/024 ip6:192.0.2.1 ip4:2001:db8::1 include: a: foo foo:bar a:%{x}.example a:%{c}.example unknown=% --all
	a/33 a:x.example/ exp=why.example;exp=why.example include:r1.example/24 ptr/24 ip4: exp=localhost a:h1.example/024
`)

const fixtures = `
	h1.example A 192.0.2.1
	h1.example MX 1 h2.example
	h2.example A 198.51.100.7
	h2.example AAAA 2001:db8::2
	h6.example AAAA 2001:db8::1
	x.example MX 1 h1.example
	x.example MX 2 none.example
	192.0.2.1.x.example A 127.0.0.2
	1.2.0.192.in-addr.y.example A 127.0.0.2
	user.z.example A 127.0.0.2
	fail.example FAIL
	1.2.0.192.in-addr.arpa PTR h1.example
	7.100.51.198.in-addr.arpa FAIL
	why.example TXT because
`

// generated are the differences in generated records. The first row that holds
// explains; a row that explains nothing is out of date.
var generated = []struct {
	name, reason string
	holds        func(c difference) bool
}{
	{"syntax", grammar + ", and " + lazy, func(c difference) bool {
		return c.broken && isProblem(c.ours, BadSyntax)
	}},
	{"slash", slash, func(c difference) bool {
		return c.uses("a:foo/bar.example") && c.theirs == PermError
	}},
	{"validated name", names, func(c difference) bool { return c.uses("%{p}") }},
	{"empty label", "the peer counts a name that cannot be asked as a void answer", func(c difference) bool {
		return c.uses("a:empty..example") && c.theirs == PermError
	}},
	{"family", "the peer asks for both families: a host with the other one is not void for it", func(c difference) bool {
		return (c.uses("h6.example") || c.uses("h1.example")) && isProblem(c.ours, TooManyVoid)
	}},
}

type difference struct {
	zone   map[string]string // records by name
	broken bool              // some term is malformed on purpose
	ours   Outcome
	theirs string
}

func (c difference) uses(text string) bool {
	for _, rec := range c.zone {
		if strings.Contains(strings.ToLower(rec), text) {
			return true
		}
	}
	return false
}

func isProblem(o Outcome, kind ProblemKind) bool {
	p, ok := o.Problem.(*Problem)
	return ok && p.Kind == kind
}

// generate writes six records that may include each other.
func generate(rnd *rand.Rand) (records map[string]string, broken bool) {
	records = map[string]string{}
	for i := range 6 {
		terms := []string{"v=spf1"}
		for range rnd.IntN(6) {
			term := soundTerms[rnd.IntN(len(soundTerms))]
			if rnd.IntN(60) == 0 {
				term, broken = brokenTerms[rnd.IntN(len(brokenTerms))], true
			}
			if !strings.Contains(term, "=") && rnd.IntN(4) == 0 {
				term = string("-~?+"[rnd.IntN(4)]) + term
			}
			if slices.ContainsFunc(terms, func(s string) bool {
				n, _, ok := strings.Cut(s, "=")
				return ok && n != "v" && strings.HasPrefix(term, n)
			}) {
				continue
			}
			terms = append(terms, strings.Split(term, ";")...)
		}
		if rnd.IntN(3) > 0 {
			terms = append(terms, string("-~?+"[rnd.IntN(4)])+"all")
		}
		records[fmt.Sprintf("r%d.example", i)] = strings.Join(terms, " ")
	}
	return records, broken
}

func TestDifferenceGenerated(t *testing.T) {
	const rounds = 600
	rnd := rand.New(rand.NewPCG(7208, 4408))
	explained := map[string]int{}
	results := map[string]int{}
	for range rounds {
		records, broken := generate(rnd)
		var text strings.Builder
		text.WriteString(fixtures + repeat(11, "eleven.example MX 1 m%d.example\n") + repeat(10, "ten.example MX 1 m%d.example\n"))
		for name, rec := range records {
			fmt.Fprintf(&text, "%s TXT %s\n", name, rec)
		}
		z := parseZone(t, text.String())
		for _, ip := range []string{"192.0.2.1", "198.51.100.7", "2001:db8::1", "203.0.113.5"} {
			client := Client{IP: netip.MustParseAddr(ip), MailFrom: "user@r0.example", HELO: "h1.example"}
			c := difference{zone: records, broken: broken, theirs: peerResult(t.Context(), z, client)}
			c.ours = Evaluate(t.Context(), z, client, Options{})
			results[c.ours.Result]++
			if ahead := Evaluate(t.Context(), z, client, Options{Ahead: true}); ahead.Result != c.ours.Result || ahead.Lookups != c.ours.Lookups ||
				ahead.VoidLookups != c.ours.VoidLookups || !slices.Equal(ahead.Terms, c.ours.Terms) {
				t.Errorf("%v: %+v, ahead %+v", records, c.ours, ahead)
			}
			if c.ours.Result == c.theirs {
				continue
			}
			row := slices.IndexFunc(generated, func(r struct {
				name, reason string
				holds        func(c difference) bool
			},
			) bool {
				return r.holds(c)
			})
			if row < 0 {
				t.Errorf("%s: %s (%v), peer %s\n%v", ip, c.ours.Result, c.ours.Problem, c.theirs, records)
				continue
			}
			explained[generated[row].name]++
		}
	}
	t.Logf("results %v, differences %v of %d", results, explained, rounds*4)
	for _, r := range generated {
		if explained[r.name] == 0 {
			t.Errorf("%s explains nothing", r.name)
		}
	}
	for _, r := range []string{Pass, Fail, SoftFail, Neutral, TempError, PermError} {
		if results[r] < rounds/50 {
			t.Errorf("only %d times %s", results[r], r)
		}
	}
}
