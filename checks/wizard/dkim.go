package wizard

import (
	"cmp"
	"crypto"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

// The facts of DKIM: what its acts leave behind.
const (
	factTransport = "transport"    // its name; "" while there is none
	factKeyDomain = "key_domain"   // for which the key was made
	factSelector  = "selector"     // of the key
	factKind      = "key_type"     // as NewKey takes it
	factKeyFile   = "key_file"     // of the private half; "" where only ClockWise holds it
	factPublic    = "public_key"   // base64, as in p=
	factWas       = "stood_before" // what stood at its name when the record was typed; "" for nothing
	factBeside    = "beside"       // the selector that signs on beside an Ed25519 key
	factOld       = "old_selector" // that signed before, where there is one
	factOldFile   = "old_key_file"
	factCaches    = "caches_until" // how long some resolvers may keep an older answer
	factProved    = "proved"       // when a signature was verified
	factSwitched  = "switched"     // when the transport began to sign with the key
	factRetire    = "retire"       // when the old key may go
)

// The kinds of keys, as World.NewKey takes them.
const (
	rsa2048 = "rsa2048"
	rsa4096 = "rsa4096"
	ed25519 = "ed25519"
)

// DKIM is the guide to signed mail: a key pair, its record, and proof before the
// transport signs. Where it signs already, a second key takes over and the first
// one retires.
func DKIM() *Wizard {
	return &Wizard{
		ID: "dkim", Title: "Sign your mail (DKIM)",
		About:   "Makes a key, shows which record to publish, waits for it, proves that a signature verifies, and only then switches signing on.",
		Subject: func(r *Run) string { return dkimNamed(r.Given("domain")) },
		Steps:   []Step{dkimDomain(), dkimKey(), dkimPublish(), dkimWait(), dkimProve(), dkimRetire()},
	}
}

// dkimCase is what a run is about, from its answers and facts.
type dkimCase struct {
	*Run
	domain string

	t          transports.Transport
	configured bool // t stands in the configuration
}

func dkimCaseOf(r *Run) dkimCase {
	c := dkimCase{Run: r, domain: dkimNamed(r.Given("domain"))}
	users := dkimUsers(r, c.domain)
	name := cmp.Or(r.Given("transport"), r.Fact(factTransport))
	for _, t := range users {
		if strings.EqualFold(t.Name, name) {
			c.t, c.configured = t, true
		}
	}
	if !c.configured && len(users) > 0 {
		c.t, c.configured = dkimFirst(users), true
	}
	if !c.configured {
		c.t = transports.Transport{Name: dkimFreeName(r, c.domain), Type: transports.ClockWise, Match: transports.Match{Domain: c.domain}}
	}
	return c
}

// dkimFreeName is a name for a new transport: the domain, or the domain with a
// number where another one has that name.
func dkimFreeName(r *Run, domain string) string {
	if r.World.Transports == nil {
		return domain
	}
	all := r.World.Transports()
	name := domain
	for n := 2; slices.ContainsFunc(all, func(t transports.Transport) bool { return strings.EqualFold(t.Name, name) }); n++ {
		name = domain + " " + strconv.Itoa(n)
	}
	return name
}

// dkimNamed is a domain as it is meant, or what stands there.
func dkimNamed(value string) string {
	if d, err := transports.ParseDomain(value); err == nil {
		return d
	}
	return value
}

// dkimUsers are the transports that sign for a domain, or could.
func dkimUsers(r *Run, domain string) []transports.Transport {
	return slices.DeleteFunc(dkimAll(r), func(t transports.Transport) bool { return domain == "" || dkimSigns(r, t) != domain })
}

// dkimAll are the transports whose mail can be signed for a domain of the
// customer.
func dkimAll(r *Run) []transports.Transport {
	if r.World.Transports == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.World.Transports()), func(t transports.Transport) bool {
		return t.Type == transports.NoReply || t.BuiltIn || dkimSigns(r, t) == ""
	})
}

// dkimSigns is the domain in the signatures of a transport (d=).
func dkimSigns(r *Run, t transports.Transport) string {
	return cmp.Or(t.Match.Domain, t.Domain(r.World.Service.NoReply))
}

// dkimFirst is the transport that probably needs the guide: one that does not
// sign yet.
func dkimFirst(all []transports.Transport) transports.Transport {
	if i := slices.IndexFunc(all, func(t transports.Transport) bool { return !t.DKIM.Enabled }); i >= 0 {
		return all[i]
	}
	return all[0]
}

// held says that only ClockWise holds the private half of the key.
func (c dkimCase) held() bool {
	d := c.t.DKIM
	return c.configured && d.PublicKey != "" && d.KeyFile == "" && d.Selector != "" && d.Key.Public != nil
}

// signing is the selector that the transport signs with now; "" where it does
// not sign, or signs with the key of this run.
func (c dkimCase) signing() string {
	if d := c.t.DKIM; c.configured && d.Enabled && d.Selector != "" && !c.held() && !strings.EqualFold(d.Selector, c.selector()) {
		return d.Selector
	}
	return ""
}

// made says that the run has a key for its domain.
func (c dkimCase) made() bool {
	return c.Fact(factPublic) != "" && c.Fact(factKeyDomain) == c.domain
}

func (c dkimCase) selector() string {
	if !c.made() {
		return ""
	}
	return c.Fact(factSelector)
}

// public is the public half of the key; nil while there is none.
func (c dkimCase) public() crypto.PublicKey {
	if !c.made() {
		return nil
	}
	return dkim.DecodeKey(c.Fact(factPublic)).Public
}

// expected is the key that the record must fit.
func (c dkimCase) expected() dkim.Expected {
	return dkim.Expected{Public: c.public(), Source: cmp.Or(c.Fact(factKeyFile), "that ClockWise holds")}
}

// record is the record to publish.
func (c dkimCase) record() finding.Record {
	return dkim.RecordFor(c.selector(), c.domain, c.public())
}

// beside says that the key is an Ed25519 key, which an RSA key signs on beside.
func (c dkimCase) beside() bool { return c.made() && c.Fact(factBeside) != "" }

// after is the transport as it signs with the key.
func (c dkimCase) after() transports.Transport {
	t := c.t
	if c.held() {
		t.DKIM.Enabled = true
		return t
	}
	t.DKIM = transports.DKIM{Enabled: true, Selector: c.selector(), KeyFile: c.Fact(factKeyFile)}
	t.DKIM.Key.Public = c.public()
	if key, ok := c.load(t.DKIM.KeyFile); ok {
		t.DKIM.Key = key
	}
	return t
}

// load reads a key file; what is wrong with it stands in the key.
func (c dkimCase) load(file string) (key transports.Key, ok bool) {
	if c.World.LoadKey == nil || file == "" {
		return key, false
	}
	key, err := c.World.LoadKey(file)
	if err != nil && key.Problem == transports.KeyOK {
		key = transports.Key{Problem: transports.KeyUnreadable, Detail: err.Error()}
	}
	return key, true
}

// lacking is the view of a step that needs a key where there is none: of a run
// that was changed before.
func (c dkimCase) lacking() (View, bool) {
	if c.public() != nil {
		return View{}, false
	}
	return View{State: Warning, Blocked: "There is no key for " + c.domain + " yet. Go back to the step \"Key\"."}, true
}

// publicText is a public key as it stands behind p=.
func publicText(pub crypto.PublicKey) string {
	return dkim.Parse(dkim.RecordFor("", "", pub).Value).Key()
}

// dkimOpen are the findings that are not silenced and more than a note, in order.
func dkimOpen(all []finding.Finding) Findings {
	finding.Silence(all)
	finding.Sort(all, nil)
	return slices.DeleteFunc(all, func(f finding.Finding) bool { return f.SilencedBy != "" || f.Severity() == finding.Note })
}

// open is dkimOpen, without what does not hold of a key beside another one.
func (c dkimCase) open(all []finding.Finding) Findings {
	return slices.DeleteFunc(dkimOpen(all), func(f finding.Finding) bool { return c.beside() && f.Code() == "dkim.ed25519-only" })
}

// stamp and stamped store a time among the facts.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func stamped(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// day and clock are times in words, where the reader is.
func day(t, now time.Time) string { return t.In(now.Location()).Format("Monday 2 January 2006") }

func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		return t.Format("15:04 on 2 January")
	}
	if t.Sub(now).Abs() < 3*time.Minute {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}
