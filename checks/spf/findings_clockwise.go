package spf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// judgeOutcomes tells an error of the evaluation that the tree does not show:
// names with macros are only known for a client.
func (j *judge) judgeOutcomes() {
	for _, o := range j.in.Result.Outcomes {
		told := func(severity finding.Severity) bool {
			return slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Severity() == severity })
		}
		p, _ := o.Problem.(*Problem)
		switch {
		case p == nil:
		case o.Result == TempError && len(o.Unread) > 0 && !told(finding.Unknown):
			j.raiseUnreadable(p.Term, o.Unread[0].Question.Name, o.Unread[0])
		case o.Result == PermError && !told(finding.Failure):
			j.raise(invalid, "", j.domainEvidence(), j.subject, strings.TrimPrefix(p.Error(), "spf: "))
		}
	}
}

// judgePaths says how the relays fare with the record.
func (j *judge) judgePaths() {
	res, e := j.in.Result, j.in.Expect
	if len(res.Records) != 1 || res.Records[0].Err() != nil || res.Tree == nil || e.Include == "" {
		if len(res.Records) > 1 && !j.namesClockWise() {
			j.raise(clockWiseMissing, "", j.domainEvidence(), j.subject, e.Include)
		}
		return
	}
	passing, lacking, term := 0, []string{}, ""
	for _, o := range res.Outcomes {
		if o.Result == Pass && len(o.Terms) > 0 && !isAllText(o.Terms[len(o.Terms)-1]) {
			passing++
			term = o.Terms[0]
		} else {
			lacking = append(lacking, o.Client.IP.String())
		}
	}
	if at := nested(res.Tree, e); at != nil {
		if own := topTerm(res.Tree, at); own != at.Term && passing > 0 {
			j.raise(clockWiseNested, own, append(j.domainEvidence(), nodeEvidence(at)...), own, e.Include)
		}
		j.judgeRefused()
		return
	}
	if ownNode(res.Tree, "include:"+e.Include) != nil || slices.ContainsFunc(res.Tree.Children, func(n *Node) bool {
		return !n.Inactive && e.isInclude(n.Domain) && (n.IsRedirect() || strings.HasPrefix(lower(n.Term), "include:"))
	}) {
		return // it is there; what is wrong with it is told elsewhere
	}
	temporary := slices.ContainsFunc(res.Outcomes, func(o Outcome) bool { return o.Result == TempError })
	switch {
	case passing == len(res.Outcomes) && passing > 0:
		if strings.HasPrefix(lower(strings.TrimLeft(term, "+")), "ip4:") {
			j.raise(clockWiseLiteral, "", j.domainEvidence(), term, e.Include, e.count())
		}
		return
	case passing > 0:
		if !temporary {
			j.raise(networkIncomplete, "", j.domainEvidence(), j.subject, e.Include, strconv.Itoa(passing), span(lacking), e.count())
		}
		j.judgeRefused()
	}
	j.raise(clockWiseMissing, "", j.domainEvidence(), j.subject, e.Include)
	j.judgeRoom()
}

// span names a row of addresses shortly.
func span(list []string) string {
	if len(list) > 3 {
		return fmt.Sprintf("%d addresses, %s to %s,", len(list), list[0], list[len(list)-1])
	}
	return strings.Join(list, ", ")
}

// topTerm is the term of the own record under which a node lies.
func topTerm(tree, at *Node) string {
	var below func(n *Node) bool
	below = func(n *Node) bool { return n == at || slices.ContainsFunc(n.Children, below) }
	for _, c := range tree.Children {
		if below(c) {
			return c.Term
		}
	}
	return ""
}

// judgeRefused names the term that decides against relays before the include.
func (j *judge) judgeRefused() {
	terms, count, result := []string{}, map[string]int{}, map[string]string{}
	for _, o := range j.in.Result.Outcomes {
		if o.Problem != nil || len(o.Terms) == 0 || o.Result == Pass || isAllText(o.Terms[0]) || strings.HasPrefix(lower(o.Terms[0]), "redirect=") {
			continue
		}
		if count[o.Terms[0]] == 0 {
			terms = append(terms, o.Terms[0])
		}
		count[o.Terms[0]]++
		result[o.Terms[0]] = o.Result
	}
	for _, t := range terms {
		j.raise(networkRefused, t, j.domainEvidence(), t, j.in.Expect.Include, result[t], strconv.Itoa(count[t]), j.in.Expect.count())
	}
}

// judgeRoom says whether the include still fits.
func (j *judge) judgeRoom() {
	cost, void := 1, 0
	if c := j.in.ClockWise; c != nil {
		cost, void = cost+c.Lookups, c.VoidLookups
	}
	res := j.in.Result
	lookups, empty := res.Lookups+cost, res.VoidLookups+void
	if lookups <= MaxLookups && empty <= MaxVoidLookups {
		return
	}
	ev := j.domainEvidence()
	for _, c := range res.Tree.Children {
		if !c.Inactive && c.Lookups > 0 {
			ev = append(ev, finding.Evidence{Name: c.Domain, Type: "SPF", Answer: fmt.Sprintf("%s costs %d of 10 look-ups, %d empty answers", c.Term, c.Lookups, c.Void)})
		}
	}
	j.raise(clockWiseOverLimit, "", ev, j.subject, j.in.Expect.Include, strconv.Itoa(lookups), strconv.Itoa(empty))
}

// judgeClockWiseRecord looks at the record that customers include.
func (j *judge) judgeClockWiseRecord() {
	c := j.in.ClockWise
	if c == nil || !j.in.Sending {
		return
	}
	ev := []finding.Evidence{evidence(c.Answer)}
	name := j.in.Expect.Include
	if c.Answer.Status == dns.Failed {
		j.raise(clockWiseUnreadable, "", ev, name, c.Answer.Reason())
		return
	}
	reason := ""
	refused := 0
	for _, o := range c.Outcomes {
		switch o.Result {
		case Pass:
		case TempError:
			j.raiseOnce(clockWiseUnreadable, "", ev, name, "a name that it leads to could not be read")
			return
		default:
			refused++
		}
	}
	switch {
	case len(c.Records) == 0:
		reason = "It has no SPF record"
	case len(c.Records) > 1:
		reason = fmt.Sprintf("It has %d SPF records", len(c.Records))
	case c.Records[0].Err() != nil:
		reason = "It cannot be read: " + strings.TrimPrefix(c.Records[0].Err().Error(), "spf: ")
	case refused > 0:
		reason = fmt.Sprintf("%d of its %d addresses do not pass; it costs %d look-ups", refused, len(c.Outcomes), 1+c.Lookups)
	default:
		return
	}
	object := "" // that of every term: the addresses are refused by another one
	if len(c.Records) != 1 || c.Records[0].Err() != nil {
		object = j.ownInclude()
	}
	j.raise(clockWiseBroken, object, ev, name, reason)
}

// ownInclude is the term that names ClockWise's record, as it stands in the
// record of the domain, or as it would.
func (j *judge) ownInclude() string {
	for _, r := range j.in.Result.Records {
		for _, t := range r.Terms {
			if j.in.Expect.isInclude(t.Domain) {
				return t.Text
			}
		}
	}
	return "include:" + j.in.Expect.Include
}

// judgeSender looks at SPF of other names that belong to the mail.
func (j *judge) judgeSender() {
	if s := j.in.Sender; j.in.Sending && s != nil && j.in.Aligned == No && s.Domain != j.subject {
		if n := nested(s.Tree, j.in.Expect); n != nil {
			j.raise(clockWiseUnused, "", append(j.domainEvidence(), evidence(s.Answer)), j.subject, j.in.Expect.Include, s.Domain)
		}
	}
	if h := j.in.HELO; h != nil && h.Answer.Status != dns.Failed && len(h.Records) == 0 {
		j.raise(heloWithoutSPF, h.Domain, []finding.Evidence{evidence(h.Answer)}, h.Domain)
	}
}
