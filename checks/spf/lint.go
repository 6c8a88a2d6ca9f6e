package spf

import (
	"fmt"
	"net/netip"
	"strconv"

	"clockwise.info/cwmail/checks/finding"

	"clockwise.info/cwmail/checks/dns"
)

// ClockWise is what a record must hold as ClockWise's manual says it. Lint
// uses it, as text alone does not say whose record it is.
func ClockWise() Expect {
	e := Expect{Include: "_spf.clockwise.info"}
	network := netip.MustParsePrefix("31.134.206.128/28")
	for a := network.Addr(); network.Contains(a); a = a.Next() {
		e.Relays = append(e.Relays, a)
	}
	return e
}

// Lint judges the text of records without DNS. Each argument is the strings of
// one TXT record; together they are what one name is to hold.
func Lint(texts ...[]string) []finding.Finding { return lintFor(ClockWise(), texts...) }

// lintFor is Lint for another include.
func lintFor(expect Expect, texts ...[]string) []finding.Finding {
	const subject = "the domain"
	var records []dns.Record
	for _, t := range texts {
		records = append(records, dns.Record{Type: dns.TypeTXT, Strings: t})
	}
	answer := dns.Answer{Question: dns.Question{Type: dns.TypeTXT}, Status: dns.Found, Records: records}
	j := judge{in: Input{Result: Result{Answer: answer, Records: recordsIn(answer)}, Expect: expect}, subject: subject}
	for i := range records {
		j.readings = append(j.readings, read(records[i].Strings, expect))
	}
	j.judgePlace()
	j.judgeTexts()
	for i := range j.readings {
		r := &j.readings[i]
		before := len(r.faults)
		r.judgeCounts()
		r.judgeLiteral(expect)
		j.raiseFaults(r, r.faults[before:])
	}
	j.attachFixes(Propose(ProposeInput{Result: j.in.Result, Expect: expect, RecordOnly: !j.namesClockWise()}))
	return j.out
}

// judgeLiteral counts the relay addresses that stand in the record as numbers.
func (r *reading) judgeLiteral(expect Expect) {
	if !r.selected || r.namesClockWise(expect) || r.record.Err() != nil {
		return
	}
	passing := 0
	for _, a := range expect.Relays {
		for _, t := range r.record.Terms {
			if t.IsAll() {
				break
			}
			if t.Network.IsValid() && t.Qualifier == '+' && t.Network.Contains(a) {
				passing++
				break
			}
		}
	}
	switch passing {
	case 0:
	case len(expect.Relays):
		r.fault(clockWiseLiteral, "", "numbers", expect.Include, expect.count())
	default:
		r.fault(networkIncomplete, "", "", expect.Include, strconv.Itoa(passing), fmt.Sprintf("%d addresses", len(expect.Relays)-passing), expect.count())
	}
}
