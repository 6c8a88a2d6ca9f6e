package dkim

import (
	"crypto"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/taglist"
)

// Canon is a canonicalization (RFC 6376 section 3.4).
type Canon string

// The two that there are.
const (
	Simple  Canon = "simple"
	Relaxed Canon = "relaxed"
)

// Signature is the value of a DKIM-Signature field as it stands in a message
// (RFC 6376 section 3.5). Nothing is corrected: Tags has every tag with its
// place, and what is wrong is told by Flaw.
type Signature struct {
	Tags taglist.List // over the value as it stands, folding included

	Version   string // v=
	Algorithm string // a=
	Domain    string // d=, as written
	Selector  string // s=
	Identity  string // i=, or "@" and the domain
	Header    Canon  // c=, before the slash
	Body      Canon  // c=, behind it
	Headers   []string
	BodyHash  []byte    // bh=, decoded
	Value     []byte    // b=, decoded
	Length    int64     // l=; -1 without
	Time      time.Time // t=; zero without
	Expires   time.Time // x=; zero without

	Flaw   Cause  // why it cannot be verified whatever the key is; NoCause for none
	Detail string // the same in words
}

// Bounds of what is read of one signature.
const (
	maxSignature = 16 << 10
	maxSigned    = 500 // names in h=
)

// ParseSignature reads the value of a DKIM-Signature field, which is what stands
// behind the colon. It never fails.
func ParseSignature(value string) Signature {
	s := Signature{Header: Simple, Body: Simple, Length: -1}
	if len(value) > maxSignature {
		s.flaw(CauseSyntax, "it is longer than "+strconv.Itoa(maxSignature>>10)+" kB")
		return s
	}
	s.Tags = taglist.Parse(value)
	s.shape()
	s.Version, s.Algorithm = s.text("v"), s.text("a")
	s.Domain, s.Selector, s.Identity = s.text("d"), s.text("s"), s.text("i")
	if _, ok := s.Tags.Get("i"); !ok {
		s.Identity = "@" + s.Domain
	}
	s.canons()
	s.names()
	s.BodyHash, s.Value = s.base64("bh"), s.base64("b")
	if n, ok := s.number("l", 76); ok {
		s.Length = n
	}
	if n, ok := s.number("t", 12); ok {
		s.Time = time.Unix(n, 0).UTC()
	}
	if n, ok := s.number("x", 12); ok {
		s.Expires = time.Unix(n, 0).UTC()
	}
	s.meaning()
	return s
}

// flaw keeps the first one.
func (s *Signature) flaw(c Cause, detail string) {
	if s.Flaw == NoCause {
		s.Flaw, s.Detail = c, detail
	}
}

// text is a value without the white space that may stand in it.
func (s *Signature) text(name string) string {
	p, _ := s.Tags.Get(name)
	return unfold(p.Value)
}

var requiredTags = []string{"v", "a", "b", "bh", "d", "h", "s"}

// shape looks for what makes the value no list of tags (section 3.2).
func (s *Signature) shape() {
	seen := map[string]bool{}
	for _, p := range s.Tags.Parts {
		switch {
		case !p.HasEquals && p.Name == "":
		case !p.HasEquals:
			s.flaw(CauseSyntax, "a part of it has no =")
		case seen[p.Name]:
			s.flaw(CauseSyntax, "the tag "+p.Name+"= stands in it twice")
		}
		seen[p.Name] = true
	}
	for _, name := range requiredTags {
		if _, ok := s.Tags.Get(name); !ok {
			s.flaw(CauseSyntax, "the tag "+name+"= is missing")
		}
	}
}

// base64 decodes a value, which must not be empty.
func (s *Signature) base64(name string) []byte {
	b, err := base64.StdEncoding.DecodeString(s.text(name))
	if err != nil || len(b) == 0 {
		s.flaw(CauseSyntax, name+"= is no base64")
		return nil
	}
	return b
}

// number reads digits. More than fit in 63 bits are the most that do.
func (s *Signature) number(name string, digits int) (int64, bool) {
	if _, ok := s.Tags.Get(name); !ok {
		return 0, false
	}
	v := s.text(name)
	if v == "" || len(v) > digits || strings.Trim(v, "0123456789") != "" {
		s.flaw(CauseSyntax, name+"= is no number")
		return 0, false
	}
	n, _ := strconv.ParseInt(v, 10, 64)
	return n, true
}

func (s *Signature) canons() {
	if _, ok := s.Tags.Get("c"); !ok {
		return
	}
	header, body, two := strings.Cut(s.text("c"), "/")
	s.Header = Canon(header)
	if two {
		s.Body = Canon(body)
	}
	for _, c := range []Canon{s.Header, s.Body} {
		if c != Simple && c != Relaxed {
			s.flaw(CauseAlgorithm, "c= names a canonicalization that does not exist")
		}
	}
}

func (s *Signature) names() {
	if h := s.text("h"); h != "" {
		s.Headers = strings.Split(h, ":")
	}
	switch {
	case len(s.Headers) > maxSigned:
		s.Headers = s.Headers[:maxSigned]
		s.flaw(CauseSyntax, "h= names more than "+strconv.Itoa(maxSigned)+" fields")
	case slices.Contains(s.Headers, ""):
		s.flaw(CauseSyntax, "h= has an empty name in it")
	}
}

// algorithms are the values of a= that can be verified, with k= of their keys.
var algorithms = map[string]string{"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}

// meaning judges what the tags say together (section 6.1.1).
func (s *Signature) meaning() {
	identity := s.Identity[strings.LastIndexByte(s.Identity, '@')+1:]
	switch {
	case s.Version != "1":
		s.flaw(CauseVersion, "v= is not 1")
	case s.Algorithm == "rsa-sha1":
		s.flaw(CauseSHA1, "rsa-sha1 no longer counts (RFC 8301 section 3.1)")
	case algorithms[s.Algorithm] == "":
		s.flaw(CauseAlgorithm, "a= names an algorithm that DKIM does not know")
	case !slices.ContainsFunc(s.Headers, func(h string) bool { return strings.EqualFold(h, "From") }):
		s.flaw(CauseFromUnsigned, "From is not signed")
	case !strings.Contains(s.Identity, "@") || !within(identity, s.Domain):
		s.flaw(CauseIdentity, "the domain of i= is not d= or below it")
	case !s.byDNS():
		s.flaw(CauseQuery, "q= names no way to the key that exists")
	case !s.Expires.IsZero() && !s.Time.IsZero() && !s.Expires.After(s.Time):
		s.flaw(CauseSyntax, "x= is not later than t=")
	}
}

// within says whether a name is a domain or below it.
func within(name, domain string) bool {
	n, d := strings.ToLower(name), strings.ToLower(domain)
	return n == d || strings.HasSuffix(n, "."+d)
}

// byDNS says whether q= has the one way that there is.
func (s *Signature) byDNS() bool {
	if _, ok := s.Tags.Get("q"); !ok {
		return true
	}
	return slices.Contains(strings.Split(s.text("q"), ":"), "dns/txt")
}

// hash is the hash of a=; false for one that cannot be computed.
func hashOf(algorithm string) (crypto.Hash, bool) {
	return crypto.SHA256, algorithms[algorithm] != ""
}

// withoutValue is the value with that of b= left out, as it is hashed (section
// 3.7); everything else stays byte for byte.
func (s *Signature) withoutValue() string {
	p, ok := s.Tags.Get("b")
	if !ok {
		return s.Tags.Text
	}
	equals := p.Start + strings.IndexByte(s.Tags.Raw(p), '=')
	return s.Tags.Text[:equals+1] + s.Tags.Text[p.End:]
}
