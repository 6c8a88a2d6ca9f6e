package dkim

import (
	"encoding/base64"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// sameMeaning says whether two texts are the same key record to a verifier:
// white space, the order of tags, and defaults written out make no difference.
func sameMeaning(a, b string) bool { return meaning(a) == meaning(b) }

// meaning is a text that is equal for records that mean the same. A record
// that verifiers cannot use means only itself.
func meaning(text string) string {
	if _, broken := judge(text, Expected{}).broken(); broken {
		return "text " + strings.Join(strings.Fields(text), " ")
	}
	r := Parse(text)
	sorted := func(items []string) string {
		items = slices.Clone(items)
		slices.Sort(items)
		return strings.Join(slices.Compact(items), ":")
	}
	key := DecodeKey(r.Key())
	p := keyText(key.Public)
	if p == "" {
		p = base64.StdEncoding.EncodeToString(key.Octets)
	}
	services := sorted(r.Services())
	if slices.ContainsFunc(r.Services(), isMailService) {
		services = "email"
	}
	return strings.Join([]string{r.KeyType(), p, sorted(r.Hashes()), services, sorted(r.Flags())}, "|")
}

// meaningOf is the meaning of all records of an answer; their order is free.
// A CNAME means its target: not every server also knows what stands there.
func meaningOf(a dns.Answer) string {
	if len(a.Chain) > 0 {
		return "to " + a.Chain[0]
	}
	if a.Status != dns.Found {
		return "nothing"
	}
	var all []string
	for _, text := range a.Texts() {
		all = append(all, meaning(text))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// State is what a verifier would make of a signature by this selector.
type State string

// The states. None is for a transport that does not sign.
const (
	Unknown State = "unknown"
	Pass    State = "pass"
	Fail    State = "fail"
	None    State = "none"
)

// Usable says whether a signature made with the expected key would verify by
// what is published, and why. Without an expected key a sound record gives
// Unknown: another key may sign than the one that is published. A failed
// question gives Unknown too.
func (r Result) Usable(exp Expected) (State, string) {
	switch {
	case r.Selector == "" && r.Name == "":
		return None, "the transport does not sign"
	case r.Malformed != "":
		return Fail, "the selector cannot be asked: " + r.Malformed
	}
	return usable(r.Answer, exp)
}

func usable(a dns.Answer, exp Expected) (State, string) {
	texts := a.Texts()
	switch {
	case looped(a):
		return Fail, "the CNAMEs of the key run in a circle"
	case a.Status == dns.Failed:
		return Unknown, "the key could not be looked up"
	case a.Void():
		return Fail, "no key is published"
	case len(texts) != 1:
		return Fail, "more than one record stands at the selector"
	}
	v := judge(texts[0], exp)
	if m, broken := v.broken(); broken {
		return Fail, finding.Finding{Rule: m.rule, Args: append([]string{a.Question.Name, "", ""}, m.args...)}.Title()
	}
	switch {
	case !exp.Known():
		return Unknown, "a key is published, but the key of this transport is not known here"
	case texts[0] == recordText(exp.Public):
		return Pass, "the published key is the key of this transport"
	}
	return Pass, "the published key is the key of this transport, in another spelling"
}
