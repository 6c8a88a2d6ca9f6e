package dns

import (
	"cmp"
	"fmt"
	"strings"
)

// Value is what the record holds, as people write it. It is raw text from DNS.
func (r Record) Value() string {
	switch r.Type {
	case TypeTXT, TypeSPF:
		return strings.Join(r.Strings, "")
	case TypeA, TypeAAAA:
		return r.Addr.String()
	case TypeMX:
		return fmt.Sprintf("%d %s", r.Pref, cmp.Or(r.Host, "."))
	case TypeSOA:
		if r.SOA != nil {
			return fmt.Sprintf("%s %s serial %d", r.SOA.Server, r.SOA.Mailbox, r.SOA.Serial)
		}
	}
	return cmp.Or(r.Host, r.Data)
}

// Text says what came back, as evidence: the values, one on a line, or in words
// why there is none. It holds raw text from the network.
func (a Answer) Text() string {
	var text string
	switch a.Status {
	case Found:
		values := make([]string, len(a.Records))
		for i, r := range a.Records {
			values[i] = r.Value()
		}
		text = strings.Join(values, "\n")
	case Empty:
		text = "the name exists, but has no " + a.Question.Type.String() + " record"
	case NoName:
		text = "no such name (NXDOMAIN)"
	default:
		text = a.Reason()
	}
	if len(a.Chain) > 0 {
		text = "CNAME to " + strings.Join(a.Chain, ", then ") + ": " + text
	}
	return text
}
