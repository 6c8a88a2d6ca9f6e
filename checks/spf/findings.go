package spf

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is everything that Findings judges.
type Input struct {
	Result    Result
	Expect    Expect
	ClockWise *Result // the look-up of Expect.Include itself; nil where it was not made

	// Sending means that ClockWise's own servers send with this domain as
	// envelope domain. Else only the record itself is judged.
	Sending bool

	// Sender is SPF of the domain in From where that is another one than the
	// envelope domain, and Aligned says whether both belong to one organisation.
	Sender  *Result
	Aligned Fact

	// More are answers beside those of the look-up, where they were asked for:
	// type SPF at the domain, TXT at a made-up name below it.
	More []dns.Answer

	PTR      []dns.Answer // names of the relay addresses, where they were asked for
	HELO     *Result      // SPF of the name that the relays greet with; nil where not looked at
	HasDMARC Fact
	Provider dns.Answer // TXT at the name that Flattened gives; zero where it was not asked
	Parked   bool
	Views    dns.Views
	MX       []string  // hosts that receive the domain's mail; nil: not known
	Now      time.Time // for how long caches keep what they have; zero: not told
}

// Findings judges SPF of one domain. It is pure.
func Findings(in Input) []finding.Finding {
	in.Result.Probes = slices.Concat(in.Result.Probes, in.Result.Beside, in.More)
	in.Sending = in.Sending && !in.Expect.isInclude(in.Result.Domain) // it cannot include itself
	j := judge{in: in, subject: in.Result.Domain}
	j.judgeClockWiseRecord()
	if in.Result.Answer.Status == dns.Failed {
		j.raiseUnreadable("", in.Result.Domain, in.Result.Answer)
		j.judgeViews()
		return j.out
	}
	j.readTexts()
	j.judgePlace()
	j.judgeTexts()
	j.judgeAnswer()
	if t := in.Result.Tree; t != nil {
		j.judgeNode(t, "", []string{t.Domain})
		j.judgeLimits(t)
	}
	j.judgeFlattened()
	j.judgeOutcomes()
	if in.Sending {
		j.judgePaths()
	}
	j.judgeSender()
	j.judgeViews()
	j.attachFixes(Propose(ProposeInput{
		Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX, RecordOnly: !in.Sending,
	}))
	return j.out
}

// judge collects findings.
type judge struct {
	in       Input
	subject  string
	readings []reading // texts that are SPF records or were meant to be, of the name itself
	out      []finding.Finding
}

func (j *judge) raise(rule *finding.Rule, object string, evidence []finding.Evidence, args ...string) {
	for _, f := range j.out {
		if f.Rule == rule && f.Object == object && slices.Equal(f.Args, args) {
			return
		}
	}
	j.out = append(j.out, finding.Finding{Rule: rule, Subject: j.subject, Object: object, Args: args, Evidence: evidence})
}

// maxTold is how many terms of a text a rule is raised for: who has mended so
// many sees the next ones.
const maxTold = 20

// raiseFaults raises what was found in a text.
func (j *judge) raiseFaults(r *reading, faults []fault) {
	told := map[*finding.Rule]int{}
	for _, f := range faults {
		if told[f.rule]++; told[f.rule] > maxTold {
			continue
		}
		j.raise(f.rule, f.object, j.evidenceOf(r), f.args...)
	}
}

func (j *judge) evidenceOf(r *reading) []finding.Evidence {
	e := evidence(j.in.Result.Answer)
	e.Answer = r.text
	return []finding.Evidence{e}
}

func evidence(a dns.Answer) finding.Evidence {
	return finding.Evidence{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}
}

func (j *judge) domainEvidence() []finding.Evidence {
	return []finding.Evidence{evidence(j.in.Result.Answer)}
}

func (j *judge) raiseUnreadable(object, name string, a dns.Answer) {
	j.raise(unreadable, object, []finding.Evidence{evidence(a)}, j.subject, name, a.Reason())
}

// readTexts reads every text of the name that has to do with SPF.
func (j *judge) readTexts() {
	for _, rec := range j.in.Result.Answer.Records {
		j.readings = append(j.readings, read(rec.Strings, j.in.Expect))
	}
}

func (j *judge) selected() int {
	n := 0
	for i := range j.readings {
		if j.readings[i].selected {
			n++
		}
	}
	return n
}

func (j *judge) namesClockWise() bool {
	return slices.ContainsFunc(j.readings, func(r reading) bool { return r.namesClockWise(j.in.Expect) })
}

// judgeTexts raises what the texts themselves have wrong. A damaged text
// beside a sound record counts only where it was meant to add something.
func (j *judge) judgeTexts() {
	var sound []source
	for _, r := range j.readings {
		if r.selected {
			sound = append(sound, source{reading: r})
		}
	}
	for i := range j.readings {
		r := &j.readings[i]
		if r.attempt && !r.selected && len(sound) > 0 && !adds(source{reading: *r}, sound, j.in.Expect) {
			continue
		}
		r.judge(j.in.Expect, j.in.HasDMARC)
		j.raiseFaults(r, r.faults)
	}
}

// judgeAnswer looks at the answer as a whole.
func (j *judge) judgeAnswer() {
	a := j.in.Result.Answer
	if n := len(a.Chain); n > 0 {
		j.raise(cname, "", j.domainEvidence(), j.subject, a.Chain[n-1])
	}
	if a.Size > 512 && len(j.readings) > 0 && !slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Rule == answerTooLarge }) && j.selected() > 0 {
		j.raise(answerTooLarge, "", j.domainEvidence(), strconv.Itoa(a.Size), "The answer with all text records of "+j.subject)
	}
	if j.in.Parked && j.selected() == 1 {
		terms := j.in.Result.Records[0].Terms
		if len(terms) != 1 || !strings.EqualFold(terms[0].Text, "-all") {
			j.raise(parkedNotClosed, "", j.domainEvidence(), j.subject)
		}
	}
}

func (j *judge) raiseOnce(rule *finding.Rule, object string, ev []finding.Evidence, args ...string) {
	if !slices.ContainsFunc(j.out, func(f finding.Finding) bool { return f.Rule == rule }) {
		j.raise(rule, object, ev, args...)
	}
}

// failed is the answer of a node that could not be used.
func failed(n *Node) dns.Answer {
	for _, a := range n.Answers {
		if a.Status == dns.Failed {
			return a
		}
	}
	return n.Answer
}
