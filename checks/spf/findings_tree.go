package spf

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// judgeNode looks at everything that the record leads to. own is the term of
// the domain's own record that leads here; path are the domains on the way.
func (j *judge) judgeNode(n *Node, own string, path []string) {
	for _, c := range n.Children {
		if c.Inactive {
			continue
		}
		term := cmp.Or(own, c.Term)
		here := append(slices.Clone(path), c.Domain)
		both := append(j.domainEvidence(), nodeEvidence(c)...)
		ours := j.in.Expect.isInclude(c.Domain)
		j.judgeError(c, term, here, both)
		j.judgeVoid(c, term, both)
		if own == "" {
			j.judgeReceivers(c, both)
			j.judgeExplanation(c, both)
		}
		if c.Record != nil && !ours {
			j.judgeTarget(c, term, both)
		}
		if ours && (j.in.ClockWise != nil || c.Err != nil) {
			continue // its inside is judged once, as ClockWise's own
		}
		j.judgeNode(c, term, here)
	}
}

func nodeEvidence(n *Node) []finding.Evidence {
	var out []finding.Evidence
	for _, a := range append([]dns.Answer{n.Answer}, n.Answers...) {
		if a.Question.Type != 0 {
			out = append(out, evidence(a))
		}
	}
	return out
}

func (j *judge) judgeError(n *Node, own string, path []string, both []finding.Evidence) {
	if n.Loop || problemIs(n.Err, LoopFound) {
		j.raise(loop, own, both, own, strings.Join(path, " > "))
		return
	}
	if s, ok := n.Err.(*SyntaxError); ok {
		if n.Record != nil && !j.in.Expect.isInclude(n.Domain) {
			j.raise(invalid, own, both, own, fmt.Sprintf("%s leads to %s, where %s is wrong: %s", own, n.Domain, s.Term, s.Detail))
		}
		return
	}
	p, ok := n.Err.(*Problem)
	if !ok {
		return
	}
	switch p.Kind {
	case NoRecord:
		if strings.Contains(own, `"`) {
			return // the quotation mark is told, and made the name wrong
		}
		rule := includeTarget
		if n.IsRedirect() {
			rule = redirectTarget
		}
		j.raise(rule, own, both, own, n.Domain)
	case TooManyMX:
		j.raise(tooManyMX, own, both, own, n.Domain)
	case Unreadable:
		if j.in.Expect.isInclude(n.Domain) {
			j.raiseOnce(clockWiseUnreadable, own, both, n.Domain, failed(n).Reason())
		}
		j.raise(unreadable, own, both, j.subject, n.Domain, failed(n).Reason())
	case ManyRecords:
		if !j.in.Expect.isInclude(n.Domain) {
			j.raise(invalid, own, both, own, fmt.Sprintf("%s leads to %s, which has %d SPF records", own, n.Domain, len(n.Records)))
		}
	case BadSyntax, TargetInvalid, TooManyLookups, TooManyVoid:
		told := slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Object == own && f.Severity() == finding.Failure })
		if !told && !j.in.Expect.isInclude(n.Domain) && p.Kind != TooManyLookups && p.Kind != TooManyVoid {
			reason := own + ": " + strings.TrimPrefix(p.Error(), "spf: ")
			if s := new(SyntaxError); errors.As(p, &s) {
				reason = fmt.Sprintf("%s leads to %s, where %s is wrong: %s", own, p.Domain, s.Term, s.Detail)
			}
			j.raise(invalid, own, both, own, reason)
		}
	}
}

// judgeVoid names what DNS answered with nothing.
func (j *judge) judgeVoid(n *Node, own string, both []finding.Evidence) {
	void := n.Void
	for _, c := range n.Children {
		if !c.Inactive {
			void -= c.Void
		}
	}
	t := parseTerm(n.Term)
	if void > 0 && j.in.Result.VoidLookups <= MaxVoidLookups {
		j.raise(voidLookups, own, both, own, n.Domain)
	}
	usable := n.Answer.Status != dns.Failed && !slices.ContainsFunc(n.Answers, func(a dns.Answer) bool { return a.Status == dns.Failed })
	switch {
	case n.Dynamic || n.Cut || n.Err != nil || !usable || n.Answer.Question.Type == 0:
	case t.Name == "a" && len(n.Addresses) == 0:
		j.raise(hostWithoutAddress, own, both, own, n.Domain)
	case t.Name == "mx":
		for _, h := range n.Hosts {
			if h != "" && !hasAddress(n.Answers, h) {
				j.raise(hostWithoutAddress, own, both, own, h)
			}
		}
	}
}

// judgeReceivers looks whether an mx term of the own record leads to hosts that
// only receive.
func (j *judge) judgeReceivers(n *Node, both []finding.Evidence) {
	t := Parse(version + " " + n.Term).Terms
	if len(t) != 1 || t[0].Name != "mx" || t[0].Qualifier != '+' || len(n.Hosts) == 0 || n.Err != nil {
		return
	}
	include := ""
	for _, h := range n.Hosts {
		if include = sendersOf(h); include == "" {
			return
		}
	}
	j.raise(mxUsed, n.Term, both, n.Term, n.Hosts[0], include)
}

// judgeExplanation looks at the target of the own record's exp=.
func (j *judge) judgeExplanation(n *Node, both []finding.Evidence) {
	if !strings.HasPrefix(lower(n.Term), "exp=") || n.Answer.Question.Type == 0 || n.Answer.Status == dns.Failed {
		return
	}
	reason := ""
	switch texts := n.Answer.Texts(); {
	case len(texts) == 0:
		reason = "has no text record"
	case len(texts) > 1:
		reason = fmt.Sprintf("has %d text records", len(texts))
	case asciiOnly(texts[0]) != texts[0]:
		reason = "has characters that cannot be shown"
	case scanMacros(texts[0], anyLetter, nil) != nil:
		reason = "has a wrong placeholder"
	default:
		return
	}
	j.raise(expBroken, n.Term, both, n.Term, n.Domain+" "+reason)
}

// hasAddress says whether one of the answers gave an address of host, or the
// host was not asked for.
func hasAddress(answers []dns.Answer, host string) bool {
	asked := false
	for _, a := range answers {
		if strings.EqualFold(a.Question.Name, host) {
			asked = true
			if len(a.Records) > 0 {
				return true
			}
		}
	}
	return !asked
}

// judgeTarget looks at a record of somebody else that is included.
func (j *judge) judgeTarget(n *Node, own string, both []finding.Evidence) {
	r := n.Record
	if i := r.All(); i >= 0 && r.Terms[i].Qualifier == '+' && own[0] != '-' && own[0] != '~' && own[0] != '?' {
		j.raise(includePassesAll, own, both, own, n.Domain)
	}
	if own != n.Term || n.IsRedirect() {
		return
	}
	for _, m := range []*Term{r.Redirect(), r.Exp()} {
		if m != nil {
			j.raise(includeModifier, own, both, own, n.Domain, m.Text)
		}
	}
}

// judgeLimits counts look-ups and empty answers of the whole tree.
func (j *judge) judgeLimits(tree *Node) {
	res := j.in.Result
	share, includes, names := []string{}, 0, []string{}
	ev := j.domainEvidence()
	for _, c := range tree.Children {
		if c.Inactive || c.Lookups == 0 {
			continue
		}
		share = append(share, fmt.Sprintf("%s: %d", c.Term, c.Lookups))
		ev = append(ev, finding.Evidence{Name: c.Domain, Type: "SPF", Answer: fmt.Sprintf("%s costs %d of 10 look-ups, %d empty answers", c.Term, c.Lookups, c.Void)})
		if strings.HasPrefix(lower(strings.TrimLeft(c.Term, "+-~?")), "include:") {
			includes++
		}
		names = append(names, voidNames(c)...)
	}
	if rule := limitRule(res.Lookups); rule != nil {
		j.raise(rule, "", ev, strconv.Itoa(res.Lookups), j.subject)
	}
	if includes > 3 {
		j.raise(lookupsShare, "", ev, strconv.Itoa(res.Lookups), j.subject, strings.Join(share, ", "))
	}
	if res.VoidLookups > MaxVoidLookups {
		j.raise(tooManyVoid, "", ev, strconv.Itoa(res.VoidLookups), j.subject, strings.Join(names, ", "))
	}
	for _, c := range tree.Children {
		if t := Parse(version + " " + c.Term).Terms; len(t) == 1 && t[0].Kind == Mechanism && t[0].Name == "ptr" && !c.Inactive {
			j.judgePTR(c.Term)
		}
	}
}

// judgePTR looks whether a ptr term meets more names than receivers look at.
func (j *judge) judgePTR(term string) {
	for _, a := range j.in.PTR {
		if len(a.Records) > MaxPTR {
			j.raise(tooManyPTR, term, append(j.domainEvidence(), evidence(a)), term)
			return
		}
	}
}

func voidNames(n *Node) []string {
	var out []string
	void := n.Void
	for _, c := range n.Children {
		if c.Inactive {
			continue
		}
		out = append(out, voidNames(c)...)
		void -= c.Void
	}
	if void > 0 {
		out = append(out, n.Domain)
	}
	return out
}
