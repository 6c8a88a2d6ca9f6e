package tlsrpt

import (
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is what Findings judges.
type Input struct {
	Result Result
}

type judge struct {
	Input
	out []finding.Finding
}

// Findings judges a result. It asks nothing.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in}
	r := in.Result
	switch {
	case r.Answer.Question.Name == "":
	case r.Answer.Status == dns.Failed:
		j.raise(unreadableRule, r.Answer, nil, r.Answer.Reason())
	case len(r.Texts) == 0:
		j.absent()
	default:
		j.present()
	}
	return j.out
}

// raise adds a finding. The first argument of the texts is the domain, the
// second the name of the record.
func (j *judge) raise(rule *finding.Rule, a dns.Answer, fix *finding.Fix, args ...string) {
	d := j.Result.Domain
	f := finding.Finding{Rule: rule, Subject: d, Fix: fix, Args: append([]string{d, Name(d)}, args...)}
	for _, a := range []dns.Answer{j.Result.Answer, a} {
		if len(f.Evidence) == 0 || a.Question != j.Result.Answer.Question {
			f.Evidence = append(f.Evidence, finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At})
		}
	}
	j.out = append(j.out, f)
}

func (j *judge) absent() {
	r := j.Result
	if moved := texts(r.Doubled); len(moved) > 0 {
		fix := j.publish(moved, nil)
		fix.Summary += " Remove the one at " + r.Doubled.Question.Name + "."
		fix.Records = append(fix.Records, finding.RemoveTXT(r.Doubled.Owner(), moved)...)
		j.raise(nameDoubledRule, r.Doubled, fix, r.Doubled.Question.Name)
	}
	j.raise(missingRule, r.Answer, j.publish(nil, nil))
}

func (j *judge) present() {
	r := j.Result
	counted := r.counted()
	if len(counted) > 1 {
		all := make([]string, len(counted))
		for i, rec := range counted {
			all[i] = rec.Text
		}
		j.raise(multipleRecordsRule, r.Answer, j.publish(all, all), fmt.Sprint(len(all)))
		return
	}
	if len(counted) == 0 {
		j.raise(recordMalformedRule, r.Answer, j.publish(r.Texts, r.Texts), strings.Join(Parse(r.Texts[0]).Faults, "; "))
		return
	}
	rec := counted[0]
	fix := j.publish([]string{rec.Text}, []string{rec.Text})
	if len(rec.Faults) > 0 {
		j.raise(recordMalformedRule, r.Answer, fix, strings.Join(rec.Faults, "; "))
	}
	if !rec.HasRUA && len(rec.Addresses) == 0 {
		j.raise(reportsMissingRule, r.Answer, fix)
	}
	var bad []string
	for _, a := range rec.Addresses {
		if !a.Right() {
			bad = append(bad, "\""+a.Raw+"\"")
		}
	}
	if len(bad) > 0 {
		j.raise(reportAddressMalformedRule, r.Answer, fix, strings.Join(bad, ", "))
	}
}

// publish makes one record of what was meant, in place of what stands there.
func (j *judge) publish(meant, replaced []string) *finding.Fix {
	r := j.Result
	mailbox := "tls-reports@" + r.Domain
	value := mend(meant, "mailto:"+mailbox)
	fix := finding.PublishTXT(Name(r.Domain), value, finding.Standing{Owner: r.Answer.Owner(), Texts: replaced, Alias: r.Answer.CNAME()})
	if strings.Contains(value, mailbox) && !strings.Contains(strings.Join(meant, " "), mailbox) {
		fix.Summary += " The mailbox " + mailbox + " receives the reports and must exist; use another address of yours if you like."
	}
	return fix
}
