package mtasts

import (
	"strings"
	"time"

	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/checks/taglist"
)

// version is how a record begins (RFC 8461 section 3.1).
const version = "v=STSv1"

// Record is a text as senders read it.
type Record struct {
	Text    string
	Version bool   // it begins as a record must; senders throw away any other text
	ID      string // as it stands
	Fault   string // what makes it worthless, in words; "" for a right record
}

var (
	startPattern   = pattern.Lazy(`^v=STSv1[ \t]*(;|$)`)
	versionPattern = pattern.Lazy(`(?i)\bv[ \t]*=[ \t]*(mta-)?sts(v[0-9]*)?\b`)
	idPattern      = pattern.Lazy(`^[A-Za-z0-9]{1,32}$`)
	looseIDPattern = pattern.Lazy(`(?i)\bid[ \t]*[=:][ \t"\\]*([^;\s"\\]*)`)
)

// ParseRecord reads any text (RFC 8461 section 3.1). It never fails: Fault says
// what is wrong.
func ParseRecord(text string) Record {
	r := Record{Text: text, Version: startPattern().MatchString(text)}
	id, ok := taglist.Parse(text).Get("id")
	r.ID = id.Value
	switch {
	case !r.Version && strings.HasPrefix(text, version):
		r.Fault = "no semicolon follows " + version
	case !r.Version:
		r.Fault = "it does not begin with " + version
	case !ok:
		r.Fault = "it has no id="
	case !idPattern().MatchString(r.ID):
		r.Fault = "its id= is \"" + r.ID + "\", and must be 1 to 32 letters or digits"
	}
	return r
}

// mend makes a record of a text that was meant as one. Without a usable id it
// takes one of the time.
func mend(text string, at time.Time) string {
	id := ""
	if r := ParseRecord(text); r.ID != "" {
		id = r.ID
	} else if m := looseIDPattern().FindStringSubmatch(text); m != nil {
		id = m[1]
	}
	id = strings.Map(func(c rune) rune {
		if c < 128 && idPattern().MatchString(string(c)) {
			return c
		}
		return -1
	}, id[:min(len(id), 1000)])
	if id == "" {
		id = newID(at)
	}
	return version + "; id=" + id[:min(len(id), 32)]
}

// newID is an id of the time, as the examples of RFC 8461 have it.
func newID(at time.Time) string { return at.UTC().Format("20060102150405") }

// meant says that a text was meant as a record, right or wrong.
func meant(text string) bool { return versionPattern().MatchString(text) }
