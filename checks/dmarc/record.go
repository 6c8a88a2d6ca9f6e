// Package dmarc reads, finds and judges DMARC records (RFC 9989), and says
// beside it what a receiver of RFC 7489 makes of them. Lookup asks DNS,
// Result.Verdict and Findings judge what it found.
package dmarc

import (
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/pattern"

	"clockwise.info/cwmail/checks/taglist"
)

// Policy is what a domain asks receivers to do with mail that fails. The empty
// one is no policy at all: DMARC does not apply.
type Policy string

// The policies (RFC 9989 section 4.7).
const (
	NoPolicy   Policy = ""
	None       Policy = "none"
	Quarantine Policy = "quarantine"
	Reject     Policy = "reject"
)

var strengths = map[Policy]int{NoPolicy: 0, None: 1, Quarantine: 2, Reject: 3}

// Weaker says whether p asks for less than q.
func (p Policy) Weaker(q Policy) bool { return strengths[p] < strengths[q] }

// softer is the policy under t=y (RFC 9989 section 4.7).
func (p Policy) softer() Policy {
	switch p {
	case Reject:
		return Quarantine
	case Quarantine:
		return None
	}
	return p
}

// Word is the value of a policy tag.
type Word struct {
	Present bool
	Raw     string
	Policy  Policy // NoPolicy where Raw is no policy word
}

// Bad says that the tag is there and holds no policy word.
func (w Word) Bad() bool { return w.Present && w.Policy == NoPolicy }

// Address is one entry of rua= or ruf=.
type Address struct {
	Raw    string // as written, white space around it removed
	Email  string // decoded as far as needed; "" where the entry is no mailto: address
	Domain string // lower case; "" where the entry is no mailto: address

	URI   bool   // a URI at all: enough for RFC 9989 section 4.10.1
	Limit bool   // has a size limit as RFC 7489 knew it, "!10m"
	Fault string // why the entry is ignored; "" where it is used
}

// Record is the text of one TXT record that stands, or should stand, at a
// _dmarc name. Nothing of it is lost.
type Record struct {
	Text string
	List taglist.List

	// Version says that the text begins with v=DMARC1 as RFC 9989 section 4.8
	// has it: receivers take it for a DMARC record. What does not is ignored.
	Version bool

	// Duplicate is a tag that stands more than once, which makes the whole list
	// void (RFC 6376 section 3.2); "" where there is none.
	Duplicate string

	P, SP, NP    Word
	StrictDKIM   bool   // adkim=s
	StrictSPF    bool   // aspf=s
	PSD          string // "y", "n", "u"; the default is "u"
	Test         bool   // t=y
	RUA, RUF     []Address
	HasRUA       bool // a rua= tag is there, whatever is in it
	invalidModes []string
}

// knownTags are the tags of RFC 9989 section 4.7 and those of RFC 7489 that it
// dropped.
var knownTags = []string{"v", "p", "sp", "np", "rua", "ruf", "adkim", "aspf", "fo", "t", "psd", "pct", "rf", "ri"}

var obsoleteTags = []string{"rf", "ri"}

// Parse reads any text as a DMARC record. It never fails.
func Parse(text string) Record {
	r := Record{Text: text, List: taglist.Parse(text), PSD: "u"}
	r.Version = r.versionFirst()
	r.Duplicate = r.duplicate()
	r.P, r.SP, r.NP = r.word("p"), r.word("sp"), r.word("np")
	r.StrictDKIM, r.StrictSPF = r.strict("adkim"), r.strict("aspf")
	if v, ok := r.value("psd"); ok && slices.Contains([]string{"y", "n"}, strings.ToLower(v)) {
		r.PSD = strings.ToLower(v)
	}
	v, _ := r.value("t")
	r.Test = strings.EqualFold(v, "y")
	_, r.HasRUA = r.List.GetFold("rua")
	if v, ok := r.value("rua"); ok {
		r.RUA = parseAddresses(v)
	}
	if v, ok := r.value("ruf"); ok {
		r.RUF = parseAddresses(v)
	}
	return r
}

// Valid says whether receivers use this as a DMARC record.
func (r Record) Valid() bool { return r.Version && r.Duplicate == "" }

// Policy returns the policy of the record under tag ("p", "sp" or "np"), after
// the fallbacks of RFC 9989 section 4.10.1 and before t=y: NoPolicy means that
// receivers do no DMARC at all. The second result is the tag that decided.
func (r Record) Policy(tag string) (Policy, string) {
	if r.P.Policy == NoPolicy || r.SP.Bad() || r.NP.Bad() {
		if r.Usable() {
			return None, ""
		}
		return NoPolicy, ""
	}
	if tag == "np" && r.NP.Present {
		return r.NP.Policy, "np"
	}
	if tag != "p" && r.SP.Present {
		return r.SP.Policy, "sp"
	}
	return r.P.Policy, "p"
}

// Usable says whether rua= holds at least one reporting URI that is
// syntactically valid, so that a record without usable policy counts as
// p=none (RFC 9989 section 4.10.1).
func (r Record) Usable() bool {
	return slices.ContainsFunc(r.RUA, func(a Address) bool { return a.URI })
}

// versionFirst holds for `"v" *WSP "=" *WSP "DMARC1"` up to the end or a
// semicolon; only the value is case-sensitive.
func (r Record) versionFirst() bool {
	if len(r.List.Parts) == 0 {
		return false
	}
	p := r.List.Parts[0]
	raw := r.List.Raw(p)
	return p.HasEquals && strings.EqualFold(p.Name, "v") && p.Value == "DMARC1" &&
		strings.EqualFold(raw[:1], "v") && !strings.ContainsAny(raw, "\r\n")
}

func (r Record) duplicate() string {
	seen := map[string]bool{}
	for _, p := range r.List.Parts {
		name := strings.ToLower(p.Name)
		if !p.HasEquals || name == "" {
			continue
		}
		if seen[name] {
			return name
		}
		seen[name] = true
	}
	return ""
}

// value returns the value of a tag. A part with octets that cannot be there is
// a syntax error and ignored (RFC 9989 section 4.7).
func (r Record) value(name string) (string, bool) {
	p, ok := r.List.GetFold(name)
	if !ok || strings.ContainsFunc(p.Value, odd) || strings.ContainsAny(r.List.Raw(p), "\r\n") {
		return "", false
	}
	return p.Value, true
}

// odd holds for what is no printable ASCII character.
func odd(c rune) bool { return c < 0x20 || c > 0x7e }

func (r Record) word(name string) Word {
	v, ok := r.value(name)
	w := Word{Present: ok, Raw: v}
	if p := Policy(strings.ToLower(v)); ok && strengths[p] > 0 {
		w.Policy = p
	}
	return w
}

func (r *Record) strict(name string) bool {
	v, ok := r.value(name)
	if ok && !strings.EqualFold(v, "s") && !strings.EqualFold(v, "r") {
		r.invalidModes = append(r.invalidModes, name)
	}
	return strings.EqualFold(v, "s")
}

var (
	schemePattern = pattern.Lazy(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>\\^{|}` + "`" + `]+$`)
	limitPattern  = pattern.Lazy(`![0-9]+[kKmMgGtT]?$`)
	hostPattern   = pattern.Lazy(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)
)

// parseAddresses reads a list of URIs, separated by commas with white space
// around them (RFC 9989 section 4.8).
func parseAddresses(value string) []Address {
	var out []Address
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.Trim(entry, " \t"); entry != "" {
			out = append(out, parseAddress(entry))
		}
	}
	return out
}

func parseAddress(raw string) Address {
	a := Address{Raw: raw, URI: schemePattern().MatchString(raw), Limit: limitPattern().MatchString(raw)}
	rest, ok := cutPrefixFold(raw, "mailto:")
	if !ok {
		a.Fault = "it does not begin with mailto:"
		return a
	}
	if strings.ContainsAny(rest, " \t") {
		a.Fault, a.URI = "it has a space in it", false
		return a
	}
	rest = limitPattern().ReplaceAllString(rest, "")
	rest, _, _ = strings.Cut(rest, "?")
	at := strings.LastIndexByte(rest, '@')
	if at <= 0 || !hostPattern().MatchString(rest[at+1:]) {
		a.Fault, a.URI = "it is no e-mail address", false
		return a
	}
	a.Email, a.Domain = rest, strings.ToLower(strings.TrimSuffix(rest[at+1:], "."))
	return a
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// looksLike says whether a text that may not be a DMARC record was meant as
// one, so that it is told what is wrong with it rather than that it is missing.
func looksLike(text string) bool {
	lower := strings.ToLower(text)
	if otherPattern().MatchString(lower) {
		return false
	}
	return meantPattern().MatchString(lower)
}

var otherPattern = pattern.Lazy(`v\s*=\s*(spf1|dkim1|tlsrptv1|stsv1|bimi1)`)

var meantPattern = pattern.Lazy(`v\s*=\s*dmarc|(^|[\s;"\\,])p(olicy)?\s*=\s*(none|quarantine|reject)\b|(^|[\s;"\\,])rua\s*=`)
