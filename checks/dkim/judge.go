package dkim

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"

	"clockwise.info/cwmail/checks/pattern"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/taglist"
)

// field is a tag of a record after its paste errors have been undone.
type field struct{ name, value string }

// verdict is everything that is wrong with one text, and the text that has it
// mended; mended is "" when nobody can tell what should stand there.
type verdict struct {
	mistakes []mistake
	mended   string
}

// has says whether a rule is among the mistakes.
func (v verdict) has(r *finding.Rule) bool {
	return slices.ContainsFunc(v.mistakes, func(m mistake) bool { return m.rule == r })
}

func (v *verdict) add(r *finding.Rule, args ...string) {
	v.mistakes = append(v.mistakes, mistake{r, args})
}

// broken returns the first mistake that keeps verifiers from using the record.
func (v verdict) broken() (mistake, bool) {
	i := slices.IndexFunc(v.mistakes, func(m mistake) bool { return m.rule.Severity == finding.Failure })
	if i < 0 {
		return mistake{}, false
	}
	return v.mistakes[i], true
}

// judge judges the text of one record.
func judge(text string, exp Expected) verdict {
	v := inspect(text, exp)
	v.mended = soundOr(v.mended, proposal(exp), exp)
	return v
}

// Propose returns the record to publish in place of text, which may be "":
// the smallest change that leaves nothing to mend, or the record of the
// expected key. It is "" when nobody can tell what should stand there, and text
// itself when nothing is wrong.
func Propose(text string, exp Expected) string {
	v := judge(text, exp)
	if !slices.ContainsFunc(v.mistakes, func(m mistake) bool { return mendable(m.rule) && m.rule.Severity >= finding.Warning }) && text != "" {
		return text
	}
	return v.mended
}

// soundOr returns text if it is a record that needs no further change, and
// else the other one.
func soundOr(text, other string, exp Expected) string {
	if text == "" {
		return other
	}
	for _, m := range inspect(text, exp).mistakes {
		if mendable(m.rule) && m.rule.Severity >= finding.Warning {
			return other
		}
	}
	return text
}

// proposal is the record to publish for the expected key; "" when it is not
// known, or so weak that verifiers refuse it (RFC 8301 section 3.2).
func proposal(exp Expected) string {
	if k, ok := exp.Public.(*rsa.PublicKey); ok && k != nil && k.N != nil && k.N.BitLen() < 1024 {
		return ""
	}
	return recordText(exp.Public)
}

// mendable says whether another text at the same name is the answer to a rule.
func mendable(r *finding.Rule) bool {
	switch r {
	case privateKeyPublished, strictFlag, flagUnknown, tagUnknown, notesTag, hashUnknown:
		return false
	}
	return r.Owner == finding.CustomerDNS
}

func inspect(text string, exp Expected) verdict {
	if HoldsPrivateKey(text) {
		return verdict{mistakes: []mistake{{privateKeyPublished, nil}}}
	}
	text, outer := read(text, outerLayers)
	v := verdict{mistakes: outer}
	if rule, args := foreign(text); rule != nil {
		v.add(rule, args...)
		return v
	}
	if isBareKey(text) {
		v.add(keyTagMissing)
		v.mended = recordText(v.key(text, field{"k", ""}, exp).mendedKey(exp))
		return v
	}
	text, inner := read(text, innerLayers)
	v.mistakes = append(v.mistakes, inner...)
	fields := v.fields(taglist.Parse(text))
	v.version(fields)
	key := v.keyTag(fields, exp)
	v.hashes(fields)
	v.lists(fields)
	v.mended = mend(fields, key.mendedKey(exp))
	return v
}

// HoldsPrivateKey says whether a text holds a private key, in p= or as the whole
// value. Who published one by mistake does not want it repeated.
func HoldsPrivateKey(text string) bool {
	if strings.Contains(text, "PRIVATE KEY") {
		return true
	}
	clean, _ := read(text, outerLayers)
	p, ok := taglist.Parse(clean).Get("p")
	return ok && DecodeKey(p.Value).Encoding == Private || DecodeKey(clean).Encoding == Private
}

var (
	otherRecord = pattern.Lazy(`(?i)^\s*(v\s*=\s*(?:spf|dmarc|sts|tlsrpt|bimi|ip)[a-z]*\d*)`)
	signature   = pattern.Lazy(`(?i)^\s*DKIM-Signature\s*:|;\s*bh\s*=`)
	hostName    = pattern.Lazy(`^\s*(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]\.?\s*$`)
	keyTag      = pattern.Lazy(`(?i)(?:^|[\s;,:|])(?:[vghkpst]|pk|key)\s*=`)
	onlyBase64  = pattern.Lazy(`^[A-Za-z0-9+/\s]{40,}=*\s*$`)
)

// foreign says which other kind of content a text is; nil for a key record.
func foreign(text string) (*finding.Rule, []string) {
	switch {
	case otherRecord().MatchString(text):
		return wrongContent, []string{"a record that starts with " + strings.TrimSpace(otherRecord().FindStringSubmatch(text)[1])}
	case signature().MatchString(text):
		return wrongContent, []string{"a DKIM-Signature header of a mail"}
	case hostName().MatchString(text):
		return wrongType, []string{"TXT holds the name of a key, " + strings.TrimSuffix(strings.TrimSpace(text), ".") + ", which a CNAME must hold"}
	case isBareKey(text) || keyTag().MatchString(text):
		return nil, nil
	}
	return wrongContent, []string{"a text without any part of a key record"}
}

// isBareKey holds for base64 without any tag.
func isBareKey(text string) bool {
	k := DecodeKey(text)
	return k.Public != nil || k.Want > 0 && len(text) >= 40 || onlyBase64().MatchString(text)
}

var (
	tagName  = pattern.Lazy(`^[A-Za-z][A-Za-z0-9_]*$`)
	misspelt = map[string]string{"P": "p", "K": "k", "key": "p", "Key": "p", "KEY": "p", "pk": "p", "pub": "p", "pubkey": "p", "public": "p"}
)

// fields lists the tags under the names that were meant, and judges their form.
func (v *verdict) fields(l taglist.List) []field {
	var out []field
	var bad, twice, unknown []string
	seen := map[string]bool{}
	for _, p := range l.Parts {
		name := p.Name
		meant, known := name, slices.Contains(knownTags, name)
		if m, ok := misspelt[name]; ok {
			if _, there := l.Get(m); !there {
				v.add(tagMisspelt, name, m)
				meant, known = m, true
			}
		}
		switch {
		case !p.HasEquals || !tagName().MatchString(name):
			bad = append(bad, cmp.Or(strings.TrimSpace(l.Raw(p)), ";;"))
			continue
		case seen[meant]:
			twice = append(twice, name+"=")
			continue
		case !known:
			unknown = append(unknown, name+"=")
		}
		seen[meant] = true
		out = append(out, field{meant, p.Value})
	}
	if bad != nil {
		v.add(tagMalformed, shorten(bad[0]))
	}
	if twice != nil {
		v.add(tagDuplicate, twice[0])
	}
	if unknown != nil {
		v.add(tagUnknown, shorten(strings.Join(unknown, " ")))
	}
	return out
}

func shorten(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

func get(fields []field, name string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{name: name}, false
	}
	return fields[i], true
}

func (v *verdict) version(fields []field) {
	f, ok := get(fields, "v")
	switch {
	case !ok:
		v.add(versionMissing)
		return
	case f.value != version:
		v.add(versionWrong, f.value)
	}
	if fields[0].name != "v" {
		v.add(versionNotFirst)
	}
}

// keyTag judges k= and p= together.
func (v *verdict) keyTag(fields []field, exp Expected) judgedKey {
	k, ok := get(fields, "k")
	if ok && k.value != "rsa" && k.value != "ed25519" {
		v.add(keyTypeUnknown, k.value)
	}
	p, ok := get(fields, "p")
	switch {
	case !ok:
		v.add(keyTagMissing)
	case p.value == "":
		v.add(keyEmpty)
	default:
		return v.key(p.value, k, exp)
	}
	return judgedKey{}
}

// judgedKey is the key that a record holds or was meant to hold.
type judgedKey struct{ Key }

// mendedKey is the key to publish in its place.
func (k judgedKey) mendedKey(exp Expected) crypto.PublicKey {
	if exp.Known() {
		return exp.Public
	}
	return k.Public
}

// key judges the value of p=.
func (v *verdict) key(p string, k field, exp Expected) judgedKey {
	key := DecodeKey(p)
	folded := unfold(p)
	if folded != p && !v.has(controlCharacter) {
		v.add(keyWhitespace)
	}
	match := exp.Known() && sameKey(key.Public, exp.Public)
	if guess, ok := restored(p, exp); !match && ok {
		v.add(keyCharactersChanged)
		return judgedKey{guess}
	}
	want := keyText(exp.Public)
	switch short := strings.TrimRight(folded, "="); {
	case match:
	case exp.Known() && len(short) < len(want) && strings.HasPrefix(want, short):
		v.add(keyTruncated, strconv.Itoa(len(folded)), strconv.Itoa(len(want)))
	case key.Truncated():
		v.add(keyTruncated, strconv.Itoa(key.Have), strconv.Itoa(key.Want))
	case k.value == "ed25519" && key.Encoding == NoEncoding && key.Octets != nil:
		v.add(ed25519Malformed, fmt.Sprintf("%d octets", len(key.Octets)))
	case key.Public == nil:
		v.add(keyUndecodable, key.Problem)
	case exp.Known():
		v.add(keyMismatch, exp.Source)
	}
	v.form(key, k)
	v.strength(key)
	return judgedKey{key}
}

// form judges how the key is wrapped, against k=.
func (v *verdict) form(key Key, k field) {
	ed := k.value == "ed25519"
	rsaType := k.value == "rsa" || k.value == ""
	switch key.Encoding {
	case Bare:
		v.add(keyPKCS1)
	case WrappedEd25519:
		v.add(ed25519Malformed, "wrapped in SubjectPublicKeyInfo")
	}
	switch {
	case ed && (key.Encoding == Info || key.Encoding == Bare):
		v.add(keyTypeMismatch, "an RSA key", "ed25519")
	case rsaType && (key.Encoding == Raw || key.Encoding == WrappedEd25519):
		v.add(keyTypeMismatch, "an Ed25519 key", "rsa")
	}
}

// smallPrimes is the product of the primes below 1000: no sound modulus shares
// a factor with it. It is made when it is first needed: the search costs
// milliseconds.
var smallPrimes = sync.OnceValue(func() *big.Int {
	product := big.NewInt(1)
	for n := int64(3); n < 1000; n += 2 {
		if p := big.NewInt(n); p.ProbablyPrime(0) {
			product.Mul(product, p)
		}
	}
	return product
})

func (v *verdict) strength(key Key) {
	pub, ok := key.Public.(*rsa.PublicKey)
	if !ok {
		return
	}
	bits := pub.N.BitLen()
	size := strconv.Itoa(bits)
	switch {
	case bits < 1024:
		v.add(rsaBelow1024, size)
	case bits < 2048:
		v.add(rsaBelow2048, size)
	case bits > 4096:
		v.add(rsaAbove4096, size)
	case bits > 2048:
		v.add(rsaAbove2048, size)
	}
	one := big.NewInt(1)
	switch {
	case pub.E == 1 || pub.E%2 == 0:
		v.add(rsaKeyWeak, "its exponent is "+strconv.Itoa(pub.E))
	case pub.N.Bit(0) == 0 || new(big.Int).GCD(nil, nil, pub.N, smallPrimes()).Cmp(one) != 0:
		v.add(rsaKeyWeak, "its modulus can be divided by a small number")
	}
	if pub.E != 65537 {
		v.add(rsaExponentUnusual, strconv.Itoa(pub.E))
	}
}

// restored finds the key whose characters a panel changed: by comparison with
// the expected key, or else by putting back what only makes sense one way.
func restored(p string, exp Expected) (Key, bool) {
	folded := unfold(p)
	if exp.Known() {
		bare := ""
		if pub, ok := exp.Public.(*rsa.PublicKey); ok {
			bare = base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(pub))
		}
		same := letters(folded) == letters(keyText(exp.Public)) || letters(folded) == letters(bare)
		return Key{Public: exp.Public}, same && letters(folded) != ""
	}
	if key := DecodeKey(folded); key.Public != nil {
		return Key{}, false
	}
	pad := func(s string) string { return s + strings.Repeat("=", -len(s)&3) }
	for _, guess := range []string{
		strings.ReplaceAll(strings.Trim(p, whiteSpace), " ", "+"),
		strings.NewReplacer("-", "+", "_", "/").Replace(folded),
	} {
		if key := DecodeKey(pad(strings.TrimRight(guess, "="))); key.Public != nil {
			return key, true
		}
	}
	return Key{}, false
}

// letters keeps what no panel loses: letters without their case, and digits.
func letters(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			return c
		}
		return -1
	}, s)
}

// hashes judges h=.
func (v *verdict) hashes(fields []field) {
	f, ok := get(fields, "h")
	if !ok {
		return
	}
	var unknown []string
	items := items(f.value)
	for _, h := range items {
		if h != "sha1" && h != "sha256" {
			unknown = append(unknown, h)
		}
	}
	switch {
	case !slices.Contains(items, "sha256"):
		v.add(hashSHA1Only, f.value)
		return
	case slices.Contains(items, "sha1"):
		v.add(hashSHA1Allowed)
	}
	if unknown != nil {
		v.add(hashUnknown, shorten(strings.Join(unknown, ", ")))
	}
}

// lists judges s=, t=, g= and n=.
func (v *verdict) lists(fields []field) {
	if f, ok := get(fields, "s"); ok && !slices.ContainsFunc(items(f.value), isMailService) {
		v.add(serviceNotEmail, f.value)
	}
	if f, ok := get(fields, "t"); ok {
		v.flags(items(f.value))
	}
	if _, ok := get(fields, "g"); ok {
		v.add(granularityTag)
	}
	if _, ok := get(fields, "n"); ok {
		v.add(notesTag)
	}
}

func (v *verdict) flags(flags []string) {
	if slices.Contains(flags, "y") {
		v.add(testingFlag)
	}
	if slices.Contains(flags, "s") {
		v.add(strictFlag)
	}
	known := func(f string) bool { return f == "y" || f == "s" || f == "" }
	if unknown := slices.DeleteFunc(flags, known); len(unknown) > 0 {
		v.add(flagUnknown, shorten(strings.Join(unknown, ", ")))
	}
}

func isMailService(s string) bool { return s == "*" || s == "email" }

func items(value string) []string {
	out := strings.Split(value, ":")
	for i := range out {
		out[i] = strings.Trim(out[i], whiteSpace)
	}
	return out
}

// piece is the part of a key that was put into a record of its own.
var piece = pattern.Lazy(`^[A-Za-z0-9+/\s]{8,}=*\s*$`)
