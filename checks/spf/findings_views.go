package spf

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// judgeViews compares what several servers say, by meaning.
func (j *judge) judgeViews() {
	source, groups := "", map[string]string{}
	var ev []finding.Evidence
	for _, a := range j.in.Views.Authoritative {
		if a.Status == dns.Failed {
			continue
		}
		source = meaning(a)
		groups[source] = a.Server
		ev = append(ev, evidence(a))
	}
	switch {
	case len(groups) == 0:
		return
	case len(groups) > 1:
		j.raise(serversDisagree, "", ev, j.subject, strconv.Itoa(len(groups)))
		return
	}
	if !j.sound() {
		return // there is no right record to wait for
	}
	var behind []string
	var left time.Duration
	ev = ev[:1]
	for _, a := range j.in.Views.Public {
		if a.Status != dns.Failed && meaning(a) != source {
			behind = append(behind, a.Server)
			left = max(left, remaining(a, j.in.Now))
			ev = append(ev, evidence(a))
		}
	}
	if len(behind) > 0 {
		j.raise(cachesBehind, "", ev, j.subject, strings.Join(behind, ", "), left.Round(time.Second).String())
	}
}

// sound says whether the record that was judged, which is the source's, does
// what it is there for.
func (j *judge) sound() bool {
	res := j.in.Result
	refused := func(o Outcome) bool { return o.Result != Pass }
	return len(res.Records) == 1 && res.Records[0].Err() == nil && !(j.in.Sending && slices.ContainsFunc(res.Outcomes, refused))
}

// remaining is how long a cache keeps an answer.
func remaining(a dns.Answer, now time.Time) time.Duration {
	if now.IsZero() || a.At.IsZero() {
		return a.TTL
	}
	return max(a.TTL-now.Sub(a.At), 0)
}

// meaning is what an answer says about SPF, whatever its spelling.
func meaning(a dns.Answer) string {
	var out []string
	for _, r := range recordsIn(a) {
		var terms []string
		for _, t := range r.Terms {
			text := lower(t.Text)
			if t.Macro {
				text = t.Text
			}
			terms = append(terms, strings.TrimPrefix(text, "+"))
		}
		out = append(out, strings.Join(terms, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
