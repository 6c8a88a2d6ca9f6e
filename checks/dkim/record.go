// Package dkim looks up DKIM key records (RFC 6376 section 3.6), compares them
// with the key that a transport signs with, and judges what keeps receivers
// from using them. It verifies the signatures of messages with those records.
package dkim

import (
	"strings"

	"clockwise.info/cwmail/checks/taglist"
)

// Record is a key record as it stands in DNS: nothing is corrected, and what
// is wrong is kept for Findings to judge.
type Record struct {
	Strings []string     // the strings of the TXT record
	Tags    taglist.List // over the strings joined without a space (RFC 6376 section 3.6.2.2)
}

// Parse reads any text. It never fails.
func Parse(parts ...string) Record {
	return Record{Strings: parts, Tags: taglist.Parse(strings.Join(parts, ""))}
}

// Text is the whole value.
func (r Record) Text() string { return r.Tags.Text }

// Tag returns the value of the first tag of that name; names are case-sensitive
// (RFC 6376 section 3.2).
func (r Record) Tag(name string) (value string, ok bool) {
	p, ok := r.Tags.Get(name)
	return p.Value, ok
}

// tag returns the value, or what its absence means.
func (r Record) tag(name, absent string) string {
	if v, ok := r.Tag(name); ok {
		return v
	}
	return absent
}

// Version returns v=, by default "DKIM1".
func (r Record) Version() string { return r.tag("v", version) }

// KeyType returns k=, by default "rsa".
func (r Record) KeyType() string { return r.tag("k", "rsa") }

// Key returns p= without the white space that may stand in it.
func (r Record) Key() string { return unfold(r.tag("p", "")) }

// Hashes returns the algorithms of h=; nil means that all are allowed.
func (r Record) Hashes() []string { return r.list("h") }

// Services returns the service types of s=, by default "*".
func (r Record) Services() []string {
	if _, ok := r.Tag("s"); !ok {
		return []string{"*"}
	}
	return r.list("s")
}

// Flags returns the flags of t=.
func (r Record) Flags() []string { return r.list("t") }

// list reads a list with colons; nil when the tag is absent.
func (r Record) list(name string) []string {
	v, ok := r.Tag(name)
	if !ok {
		return nil
	}
	items := strings.Split(v, ":")
	for i := range items {
		items[i] = strings.Trim(items[i], whiteSpace)
	}
	return items
}

const (
	version    = "DKIM1"
	whiteSpace = " \t\r\n"
)

// knownTags are the tags of RFC 6376 section 3.6.1, and g= of RFC 4871.
var knownTags = []string{"v", "g", "h", "k", "n", "p", "s", "t"}

// unfold removes the white space that RFC 6376 section 3.2 allows in base64.
func unfold(s string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(whiteSpace, c) {
			return -1
		}
		return c
	}, s)
}
