package checks

import (
	"slices"
	"sync"

	"clockwise.info/cwmail/checks/address"
	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/settings"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/tlsrpt"
	"clockwise.info/cwmail/checks/zone"
)

// Rules returns every rule that cwmail can raise, in the order of the
// catalogue, which decides between findings of equal weight.
func Rules() []*finding.Rule {
	return slices.Concat(spf.Rules(), dkim.Rules(), dmarc.Rules(), mx.Rules(), zone.Rules(), relay.Rules(), mtasts.Rules(), dane.Rules(), tlsrpt.Rules(), address.Rules(), settings.Rules())
}

// Rule returns the rule of that code.
func Rule(code string) (*finding.Rule, bool) {
	i, ok := ruleOrder()[code]
	if !ok {
		return nil, false
	}
	return Rules()[i], true
}

// ruleOrder maps each code to its place in the catalogue.
var ruleOrder = sync.OnceValue(func() map[string]int {
	return finding.Order(Rules())
})
