package dkim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // of all signatures
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/safe"
)

// Outcome is the result of a signature as Authentication-Results has it (RFC
// 8601 section 2.7.1).
type Outcome string

// The outcomes.
const (
	OutcomeNone      Outcome = "none"
	OutcomePass      Outcome = "pass"
	OutcomeFail      Outcome = "fail"
	OutcomePolicy    Outcome = "policy"
	OutcomeNeutral   Outcome = "neutral"
	OutcomeTempError Outcome = "temperror"
	OutcomePermError Outcome = "permerror"
)

// Cause is why a signature did not pass.
type Cause uint8

// The causes; the zero value is none.
const (
	NoCause           Cause = iota
	CauseSyntax             // no list of tags, a tag missing, twice or unreadable
	CauseVersion            // v= is not 1
	CauseAlgorithm          // a= or c= is not known
	CauseSHA1               // a=rsa-sha1
	CauseQuery              // q= without dns/txt
	CauseFromUnsigned       // From is not in h=
	CauseIdentity           // i= is outside d=, or below it against t=s of the key
	CauseKeyUnknown         // DNS could not be asked: nothing is known
	CauseKeyName            // the name of the key cannot exist
	CauseKeyMissing         // there is no key record
	CauseKeyRevoked         // p= is empty
	CauseKeyBroken          // the record holds no usable key
	CauseKeyOther           // the record is for another algorithm, hash or service
	CauseKeyWeak            // RSA below 1024 bits, or too large to be computed
	CauseBody               // the body was changed: bh= differs
	CauseHeader             // the signed fields were changed, or another key signed
	CauseBoth               // both of these
	CauseExpired            // x= is past
	CauseSize               // the message is larger than what is read
	CauseMany               // it stands behind the signatures that are looked at
	CauseAbsent             // no signature
)

// outcomes tells what each cause comes to.
var outcomes = map[Cause]Outcome{
	NoCause: OutcomePass, CauseSyntax: OutcomeNeutral, CauseVersion: OutcomeNeutral, CauseAlgorithm: OutcomeNeutral,
	CauseSHA1: OutcomePermError, CauseQuery: OutcomePermError, CauseFromUnsigned: OutcomePermError, CauseIdentity: OutcomePermError,
	CauseKeyUnknown: OutcomeTempError, CauseKeyName: OutcomePermError, CauseKeyMissing: OutcomePermError, CauseKeyRevoked: OutcomePermError,
	CauseKeyBroken: OutcomePermError, CauseKeyOther: OutcomePermError, CauseKeyWeak: OutcomePolicy,
	CauseBody: OutcomeFail, CauseHeader: OutcomeFail, CauseBoth: OutcomeFail, CauseExpired: OutcomePolicy,
	CauseSize: OutcomeNeutral, CauseMany: OutcomeNeutral, CauseAbsent: OutcomeNone,
}

// Match says whether a part of a message is what was signed.
type Match uint8

// The zero value is not looked at.
const (
	Unchecked Match = iota
	Same
	Changed
)

// VerifyOptions changes how signatures are verified.
type VerifyOptions struct {
	// Now is when the message was received, for x= and t=; zero judges neither.
	Now time.Time
	// Most is how many signatures are looked at; 0 for ten.
	Most int
}

// Verification is what became of one signature.
type Verification struct {
	Signature Signature
	At        int // the place of its field in ParseMessage(…).Fields; -1 for none

	Domain    string // d=, in A-labels
	Selector  string
	Algorithm string
	Headers   []string // h=

	Result Outcome
	Cause  Cause
	Reason string // the cause in words; "" for a pass
	Err    error  // why DNS could not be asked; nil otherwise

	Answer  dns.Answer       // of the key record; nothing where it was not asked for
	Record  Record           // the one that was used
	Key     crypto.PublicKey // nil where there is none
	KeyBits int              // 256 for Ed25519; 0 where there is none
	Testing bool             // t=y in the key record

	Body, Header Match  // whether bh= and b= fit
	BodyHash     []byte // as computed, to compare with Signature.BodyHash
	HasLength    bool   // l= is there
	Unsigned     int64  // octets of the canonical body behind l=
	Expired      bool   // x= is past
	InFuture     bool   // t= is more than five minutes ahead
}

// Verify verifies the signatures of a message, in the order in which they stand
// (RFC 6376 section 6). Without any, it returns nil. Signatures behind the ones
// that are looked at are told of by one last Verification.
func Verify(ctx context.Context, r dns.Resolver, message []byte, opts VerifyOptions) []Verification {
	return ParseMessage(message).Verify(ctx, r, opts)
}

// Verify is the function of that name for a message that is divided already.
func (m Message) Verify(ctx context.Context, r dns.Resolver, opts VerifyOptions) []Verification {
	return m.verify(ctx, r, opts, func(Signature) bool { return true })
}

// Prove verifies the signature that a message is expected to carry, and no other:
// of several by that domain and selector the first that passes, or else the
// first. Without one the result is OutcomeNone.
func Prove(ctx context.Context, r dns.Resolver, message []byte, domain, selector string, opts VerifyOptions) Verification {
	all := ParseMessage(message).verify(ctx, r, opts, func(s Signature) bool {
		return strings.EqualFold(asciiDomain(s.Domain), asciiDomain(domain)) && strings.EqualFold(s.Selector, selector)
	})
	if len(all) == 0 {
		v := Verification{At: -1, Domain: domain, Selector: selector}
		v.end(CauseAbsent, "the message has no signature by "+domain+" with the selector "+selector)
		return v
	}
	return all[max(0, slices.IndexFunc(all, func(v Verification) bool { return v.Result == OutcomePass }))]
}

func (m Message) verify(ctx context.Context, r dns.Resolver, opts VerifyOptions, wanted func(Signature) bool) []Verification {
	most := opts.Most
	if most <= 0 {
		most = 10
	}
	var out []Verification
	more := 0
	for i, f := range m.Fields {
		if !strings.EqualFold(f.Name, "DKIM-Signature") {
			continue
		}
		if len(out) == most {
			more++
			continue
		}
		if s := ParseSignature(f.Value()); wanted(s) {
			out = append(out, Verification{
				Signature: s, At: i, Domain: asciiDomain(s.Domain), Selector: s.Selector, Algorithm: s.Algorithm, Headers: s.Headers,
				HasLength: s.Length >= 0,
			})
		}
	}
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() { out[i].verify(ctx, r, m, opts.Now) })
	}
	wg.Wait()
	if more > 0 {
		v := Verification{At: -1}
		v.end(CauseMany, fmt.Sprintf("%d more signatures were not looked at", more))
		out = append(out, v)
	}
	return out
}

// asciiDomain is a domain in A-labels, lower case (RFC 8616 section 5).
func asciiDomain(d string) string {
	if ascii, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).ToASCII(d); err == nil {
		d = ascii
	}
	return dns.Ask(d, dns.TypeTXT).Name
}

// end keeps the first cause.
func (v *Verification) end(c Cause, reason string) {
	if v.Result == "" {
		v.Cause, v.Reason, v.Result = c, reason, outcomes[c]
	}
}

func (v *Verification) verify(ctx context.Context, r dns.Resolver, m Message, now time.Time) {
	s := &v.Signature
	if !now.IsZero() {
		v.Expired = !s.Expires.IsZero() && now.After(s.Expires)
		v.InFuture = s.Time.After(now.Add(5 * time.Minute))
	}
	switch {
	case !m.Complete:
		v.end(CauseSize, "the message is too large to be verified")
		return
	case s.Flaw != NoCause:
		v.end(s.Flaw, s.Detail)
		return
	}
	v.body(m.Body)
	if v.ask(ctx, r) {
		v.fetched(m)
	}
	if v.Expired {
		v.end(CauseExpired, "it has expired")
	}
	v.end(NoCause, "")
}

// body compares bh= with the body.
func (v *Verification) body(body []byte) {
	s := &v.Signature
	var octets int64
	v.BodyHash, octets = BodyHash(body, s.Body, s.Algorithm, s.Length)
	v.Body = Changed
	if bytes.Equal(v.BodyHash, s.BodyHash) && s.Length <= octets {
		v.Body = Same
	}
	if v.HasLength {
		v.Unsigned = max(0, octets-s.Length)
	}
}

// ask asks for the key record.
func (v *Verification) ask(ctx context.Context, r dns.Resolver) bool {
	name := RecordName(v.Selector, v.Domain)
	if v.Domain == "" || malformed(v.Selector, name) != "" {
		v.end(CauseKeyName, "d= and s= make no name that a key could have")
		return false
	}
	v.Answer = dns.Circle(ctx, r, r.Lookup(ctx, dns.Ask(name, dns.TypeTXT)))
	switch {
	case v.Answer.Status == dns.Failed:
		v.Err = v.Answer.Err
		v.end(CauseKeyUnknown, "the key could not be fetched: "+v.Answer.Reason())
	case v.Answer.Void():
		v.end(CauseKeyMissing, "there is no key at "+safe.Line(name))
	default:
		return true
	}
	return false
}

// maxKeys bounds the records that are tried where several stand at a name, which
// a verifier may do (RFC 6376 section 6.1.2).
const maxKeys = 5

// fetched tries the records: the first that verifies counts, or else the first.
func (v *Verification) fetched(m Message) {
	var first *Verification
	for _, rec := range v.Answer.Records[:min(len(v.Answer.Records), maxKeys)] {
		tried := *v
		tried.Record = Parse(rec.Strings...)
		tried.record(m)
		if tried.Result == "" {
			*v = tried
			return
		}
		if first == nil || first.Key == nil && tried.Key != nil {
			first = &tried
		}
	}
	if first != nil {
		*v = *first
	}
}

// record judges one key record, and the signature by its key.
func (v *Verification) record(m Message) {
	if !v.usable() {
		return
	}
	v.Header = Changed
	if v.signedBy(v.Signature.HeaderHash(m.Fields, v.At)) {
		v.Header = Same
	}
	switch {
	case v.Body == Changed && v.Header == Changed:
		v.end(CauseBoth, "the body is not the one that was signed, and neither are the signed fields or the key")
	case v.Body == Changed && v.HasLength && v.Unsigned == 0:
		v.end(CauseBody, "the body is not the one that was signed, or its end is missing")
	case v.Body == Changed:
		v.end(CauseBody, "the body is not the one that was signed")
	case v.Header == Changed:
		v.end(CauseHeader, "a signed field was changed, or another key has signed")
	}
}

// usable says whether the record holds a key for this signature (RFC 6376
// section 6.1.2).
func (v *Verification) usable() bool {
	rec, kind := v.Record, algorithms[v.Algorithm]
	v.Testing = slices.Contains(rec.Flags(), "y")
	switch {
	case rec.Version() != version:
		v.end(CauseKeyMissing, "what stands in place of the key is no DKIM record")
	case rec.KeyType() != kind:
		v.end(CauseKeyOther, "the key record is for another algorithm than "+v.Algorithm)
	case rec.Hashes() != nil && !slices.Contains(rec.Hashes(), "sha256"):
		v.end(CauseKeyOther, "the key record does not allow SHA-256")
	case !slices.Contains(rec.Services(), "*") && !slices.Contains(rec.Services(), "email"):
		v.end(CauseKeyOther, "the key record is not for mail")
	case slices.Contains(rec.Flags(), "s") && !strings.EqualFold(domainOf(v.Signature.Identity), v.Signature.Domain):
		v.end(CauseIdentity, "i= is below d=, which t=s of the key record forbids")
	case rec.tag("p", "-") == "-":
		v.end(CauseKeyBroken, "the record has no key in it")
	case rec.Key() == "":
		v.end(CauseKeyRevoked, "the key was revoked")
	default:
		return v.decode(kind)
	}
	return false
}

func domainOf(identity string) string {
	return identity[strings.LastIndexByte(identity, '@')+1:]
}

// maxKeyBits bounds what a key of a stranger may cost.
const maxKeyBits = 8192

// decode reads the key of a record of the given type.
func (v *Verification) decode(kind string) bool {
	k := DecodeKey(v.Record.Key())
	right := k.Encoding == Info || k.Encoding == Bare
	if kind == "ed25519" {
		right = k.Encoding == Raw
	}
	switch {
	case k.Public == nil || k.Problem != "":
		v.end(CauseKeyBroken, "the key in DNS cannot be used: "+k.Problem)
		return false
	case !right:
		v.end(CauseKeyBroken, "the key in DNS is not written as one of type "+kind)
		return false
	}
	v.Key, v.KeyBits = k.Public, 8*ed25519.PublicKeySize
	if public, ok := k.Public.(*rsa.PublicKey); ok {
		v.KeyBits = public.N.BitLen()
	}
	switch {
	case kind == "rsa" && v.KeyBits < 1024:
		v.end(CauseKeyWeak, fmt.Sprintf("a key of %d bits is too short (RFC 8301 section 3.2)", v.KeyBits))
	case v.KeyBits > maxKeyBits:
		v.end(CauseKeyWeak, fmt.Sprintf("a key of %d bits is longer than what is computed", v.KeyBits))
	default:
		return true
	}
	return false
}

// signedBy says whether b= is a signature of the hash by the key.
func (v *Verification) signedBy(hash []byte) bool {
	switch public := v.Key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, hash, v.Signature.Value) == nil
	case ed25519.PublicKey: // of the hash itself (RFC 8463 section 3)
		return ed25519.Verify(public, hash, v.Signature.Value)
	}
	return false
}
