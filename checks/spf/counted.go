package spf

import (
	"slices"

	"clockwise.info/cwmail/checks/dns"
)

// Counted says whether Lookups and VoidLookups are known. Where a question of
// the tree got no answer they are what was counted so far: receivers that get
// one may count more.
func (r Result) Counted() bool {
	if r.Tree == nil {
		return false
	}
	counted := true
	r.Tree.Walk(func(n *Node, _ []*Node) bool {
		if n.Inactive || !counted {
			return false
		}
		asked := n.Answer.Question.Name != ""
		counted = !(asked && n.Answer.Status == dns.Failed) &&
			!slices.ContainsFunc(n.Answers, func(a dns.Answer) bool { return a.Status == dns.Failed })
		return counted
	})
	return counted
}
