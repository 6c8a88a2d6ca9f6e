package wizard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
)

// firstSelector is proposed where nothing is there yet: short, and nobody else's.
const firstSelector = "cw1"

// maxSelectors is how many names are looked at for a free one.
const maxSelectors = 8

// Selectors is what stands at some selectors of a domain.
type Selectors struct {
	Free    string            // the first one that is; "" where none is
	Taken   map[string]string // by selector: what stands there and whose it may be, in sentences
	Unknown string            // why it could not be looked up, without full stop; "" where it could
}

// NewSelectors are names for a new key: cw1, cw2 and on, or those behind the
// present one, without those that are used already.
func NewSelectors(present string, used ...string) []string {
	all := append([]string{firstSelector}, nextSelectors(firstSelector, maxSelectors-1)...)
	if present != "" {
		all = nextSelectors(strings.ToLower(present), maxSelectors)
	}
	return slices.DeleteFunc(all, func(s string) bool {
		return slices.ContainsFunc(used, func(u string) bool { return strings.EqualFold(s, u) })
	})
}

// nextSelectors are names for a new key behind a selector: cw2, cw3 for cw1.
func nextSelectors(selector string, n int) []string {
	base := strings.TrimRight(selector, "0123456789")
	at, err := strconv.Atoi(selector[len(base):])
	if err != nil || at > 1_000_000 {
		base, at = selector+"-", 1
	}
	var out []string
	for i := range n {
		out = append(out, base+strconv.Itoa(at+1+i))
	}
	return out
}

// candidates are the selectors that could be proposed.
func (c dkimCase) candidates() []string {
	var used []string
	for _, t := range dkimUsers(c.Run, c.domain) {
		used = append(used, t.DKIM.Selector)
	}
	return NewSelectors(c.signing(), used...)
}

// LookupSelectors asks for what stands at selectors of a domain, side by side. A
// name that nobody made shows whether a wildcard answers for all. The resolver
// should ask anew: what is not there yet will be there soon.
func LookupSelectors(ctx context.Context, r dns.Resolver, domain string, selectors []string) Selectors {
	seen := Selectors{Taken: map[string]string{}}
	if r == nil {
		seen.Unknown = "DNS cannot be asked here"
		return seen
	}
	answers := make([]dns.Answer, len(selectors))
	var wild dns.Answer
	var wg sync.WaitGroup
	wg.Go(func() { wild = lookupUnmade(ctx, r, domain) })
	for i, s := range selectors {
		wg.Go(func() { answers[i] = r.Lookup(ctx, dns.Ask(dkim.RecordName(s, domain), dns.TypeTXT)) })
	}
	wg.Wait()
	for i, a := range answers {
		s := selectors[i]
		switch {
		case a.Status == dns.Failed && len(a.Chain) == 0:
			seen.Unknown = a.Reason()
		case wild.Status == dns.Found && slices.Equal(a.Texts(), wild.Texts()):
			seen.propose(s) // a record at the name itself wins over a wildcard (RFC 4592)
		case a.Void() && len(a.Chain) == 0:
			seen.propose(s)
		default:
			seen.Taken[s] = occupied(s, a)
		}
	}
	return seen
}

// lookupUnmade asks for a selector that nobody makes: what answers is a wildcard.
func lookupUnmade(ctx context.Context, r dns.Resolver, domain string) dns.Answer {
	sum := sha256.Sum256([]byte(domain))
	return r.Lookup(ctx, dns.Ask(dkim.RecordName("cw-"+hex.EncodeToString(sum[:6]), domain), dns.TypeTXT))
}

func (s *Selectors) propose(selector string) {
	if s.Free == "" {
		s.Free = selector
	}
}

// occupied says what stands at a selector, and whose it may be.
func occupied(selector string, a dns.Answer) string {
	what := "a record"
	switch texts := a.Texts(); {
	case len(a.Chain) > 0:
		what = "a CNAME to " + a.Chain[0]
	case len(texts) > 1:
		what = strconv.Itoa(len(texts)) + " records"
	case len(texts) == 1:
		what = recordSays(texts[0])
	}
	return "At " + selector + " stands " + what + " already. " + owner(selector, a) + " It is left alone: whoever signs with it needs it."
}

// recordSays tells a record in a few words.
func recordSays(text string) string {
	r := dkim.Parse(text)
	p, ok := r.Tag("p")
	key := dkim.DecodeKey(p)
	switch {
	case ok && strings.TrimSpace(p) == "":
		return "a revoked key, with an empty p="
	case key.Encoding == dkim.Private:
		return "a private key, which should not be there"
	case key.Public != nil && dkim.KeyType(key.Public) == "rsa":
		return "an RSA key"
	case key.Public != nil:
		return "an Ed25519 key"
	}
	return "something that is no key"
}

// owners tell whose a selector may be, by the target of its CNAME and by its
// name as the services propose it.
var owners = []struct {
	target   string
	selector []string
	who      string
}{
	{"onmicrosoft.com", []string{"selector1", "selector2"}, "Microsoft 365"},
	{"dkim.mail.microsoft", nil, "Microsoft 365"},
	{"", []string{"google"}, "Google Workspace"},
	{"sendgrid.net", []string{"s1", "s2"}, "SendGrid"},
	{"amazonses.com", nil, "Amazon SES"},
	{"mcsv.net", []string{"k1", "k2", "k3"}, "Mailchimp"},
	{"mandrillapp.com", []string{"mandrill", "mte1", "mte2"}, "Mailchimp Transactional"},
	{"mailgun.org", []string{"mg", "mailo", "pic", "smtpapi"}, "Mailgun"},
	{"hubspotemail.net", []string{"hs1", "hs2"}, "HubSpot"},
	{"mtasv.net", []string{"pm"}, "Postmark"},
	{"fmhosted.com", []string{"fm1", "fm2", "fm3"}, "Fastmail"},
	{"proton.ch", []string{"protonmail", "protonmail2", "protonmail3"}, "Proton Mail"},
	{"zoho.com", []string{"zmail", "zoho"}, "Zoho Mail"},
	{"", []string{"default", "dkim", "mail", "x", "key1"}, "the mail server of your web host"},
}

// owner says whose a selector may be, in a sentence.
func owner(selector string, a dns.Answer) string {
	selector = strings.ToLower(selector)
	for _, o := range owners {
		if len(a.Chain) > 0 && o.target != "" && dns.Within(a.Chain[len(a.Chain)-1], o.target) {
			return "It belongs to " + o.who + "."
		}
	}
	for _, o := range owners {
		if slices.Contains(o.selector, selector) {
			return "By its name it may be that of " + o.who + "."
		}
	}
	if number, ok := strings.CutPrefix(selector, "cw"); ok && number != "" && strings.Trim(number, "0123456789") == "" {
		return "It may be of an earlier set-up of ClockWise, or of another ClockWise account."
	}
	return "Whose it is, cannot be told from here."
}

// badSelector says why a text is no selector; "" where it is one.
func badSelector(s, domain string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	for label := range strings.SplitSeq(strings.ToLower(s), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, letters+"-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return "'" + s + "' is no selector: letters, digits and hyphens between them, for example cw1."
		}
	}
	if len(dkim.RecordName(s, domain)) > 253 {
		return "'" + s + "' is too long for a name in DNS. Use a short one, for example cw1."
	}
	return ""
}
