package transports

import (
	"fmt"
	"slices"
	"strings"
)

// Rival is another transport that matches some of the same mail.
type Rival struct {
	Transport Transport
	Wins      bool // it takes the mail that both match
	Same      bool // it matches exactly the same mail: the one that stands first wins
}

// Rivals lists the transports that match mail which t matches as well, in the
// order of the list. t stands, or would stand, at place at of the list; -1 is
// the end. A transport of the list with the name old is t itself as it was.
func Rivals(all []Transport, t Transport, old string, at int) (out []Rival) {
	if at < 0 {
		at = len(all)
	}
	for i, o := range all {
		if o.BuiltIn || old != "" && o.Name == old || !t.Match.overlaps(o.Match) {
			continue
		}
		r := Rival{Transport: o, Same: t.Match.Equal(o.Match), Wins: o.Match.specificity() > t.Match.specificity()}
		if r.Same {
			r.Wins = i < at
		}
		out = append(out, r)
	}
	return out
}

// overlaps says whether some mail fits both matches.
func (m Match) overlaps(o Match) bool {
	meet := func(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }
	return meet(m.Domain, o.Domain) && meet(m.LocalPart, o.LocalPart) && meet(m.Subsystem, o.Subsystem)
}

// String says in a sentence what the rival means for a transport.
func (r Rival) String() string {
	name := r.Transport.Name
	switch {
	case r.Same && r.Wins:
		return fmt.Sprintf("%q takes exactly this mail already and stands before this one, so this one would never be used.", name)
	case r.Same:
		return fmt.Sprintf("This one takes exactly the mail of %q and stands before it, so %q would never be used again.", name, name)
	case r.Wins:
		return fmt.Sprintf("This also matches what %q takes (%s); that one is more specific and wins.", name, r.Transport.Match.words())
	}
	return fmt.Sprintf("This takes its mail away from %q (%s): this one is more specific and wins.", name, r.Transport.Match.words())
}

// Name returns a name for a transport that no other one of the list has: the
// wanted one, else with a number behind.
func Name(all []Transport, wanted string) string {
	taken := func(s string) bool {
		return s == BuiltIn().Name || slices.ContainsFunc(all, func(t Transport) bool { return t.Name == s })
	}
	for n := 2; ; n++ {
		if !taken(wanted) {
			return wanted
		}
		base, _, _ := cutLast(wanted, " (")
		wanted = fmt.Sprintf("%s (%d)", base, n)
	}
}
