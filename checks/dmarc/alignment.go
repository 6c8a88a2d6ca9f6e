package dmarc

import (
	"strings"

	"golang.org/x/net/idna"
)

// Truth is yes, no, or not known.
type Truth uint8

// The zero value is Unknown: what was not looked at is not judged.
const (
	Unknown Truth = iota
	No
	Yes
)

// Known makes a Truth of what is certain.
func Known(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

func (t Truth) String() string { return [...]string{"unknown", "no", "yes"}[t] }

// And is No where one is No, and Yes where both are Yes.
func (t Truth) And(u Truth) Truth {
	switch {
	case t == No || u == No:
		return No
	case t == Yes && u == Yes:
		return Yes
	}
	return Unknown
}

// Or is Yes where one is Yes, and No where both are No.
func (t Truth) Or(u Truth) Truth {
	switch {
	case t == Yes || u == Yes:
		return Yes
	case t == No && u == No:
		return No
	}
	return Unknown
}

// Org is the organisational domain of a domain by the tree walk.
type Org struct {
	Domain string // "" where a name of the walk could not be looked up
	Found  bool   // the walk met at least one DMARC record
	Known  bool
}

// readOrg reads the steps of a tree walk (RFC 9989 section 4.10.2).
func readOrg(steps []Step) Org {
	o := Org{}
	o.Domain, o.Known = orgDomain(steps)
	for _, s := range steps {
		o.Found = o.Found || s.Record != nil
	}
	return o
}

// Aligned says whether an authenticated identifier counts for a From domain
// (RFC 9989 section 4.4). orgs holds the organisational domains by the tree
// walk, of which strict mode and equal domains need none. There is no shortcut
// for a parent and its child: records between the two decide whether they have
// the same organisational domain. Where no record was met on either walk, DMARC
// does not apply, and the public suffix list tells what a record would make of it.
func Aligned(from, identifier string, strict bool, orgs map[string]Org) Truth {
	from, identifier = clean(from), clean(identifier)
	switch {
	case identifier == "" || from == "":
		return No
	case from == identifier:
		return Yes
	case strict:
		return No
	case !sameTop(from, identifier):
		return No // no walk of the one meets a name of the other
	}
	a, b := orgs[from], orgs[identifier]
	if !a.Known || !b.Known {
		return Unknown
	}
	if !a.Found && !b.Found {
		return Known(PSLOrgDomain(from) == PSLOrgDomain(identifier))
	}
	return Known(a.Domain == b.Domain)
}

// sameTop says whether the names end in the same label.
func sameTop(a, b string) bool {
	return a[strings.LastIndexByte(a, '.')+1:] == b[strings.LastIndexByte(b, '.')+1:]
}

// clean is a domain in lower case, without final dot, in A-labels (RFC 8616
// section 6) where there are such.
func clean(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), "."))
	if strings.ContainsFunc(domain, func(c rune) bool { return c > 0x7e }) {
		profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
		if ascii, err := profile.ToASCII(domain); err == nil {
			return strings.TrimSuffix(ascii, ".")
		}
	}
	return domain
}
