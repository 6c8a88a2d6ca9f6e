package checks

import "clockwise.info/cwmail/checks/finding"

// overviewWords are the texts of the summary of an audit.
type overviewWords struct {
	lead                                     [2]string // by how many fail
	title, none, since, period, span, noTime string
	bad, badBefore                           [2]string

	verdicts, owners, providers, codes, worst, changed           string // headings
	verdict, domains, share, owner, findings, provider           string // of columns
	failing, code, severity, meaning, first, before, now, appear string
	gone, domain                                                 string

	newlyFailing, repaired, otherVerdict, added, lost, changedCodes string
	same, comparison, others, shown, noProvider, unsure             string

	who map[finding.Owner]string
}

var overviewEnglish = overviewWords{
	title:  "Audit of %[1]s domains",
	lead:   [2]string{"%[1]s of %[2]s domains fails (%[3]s).", "%[1]s of %[2]s domains fail (%[3]s)."},
	none:   "There is no report in it.",
	bad:    [2]string{"%[1]s line is no report and is not counted.", "%[1]s lines are no reports and are not counted."},
	period: "Examined %[1]s.",
	span:   "%[1]s to %[2]s",
	noTime: "at a time that is not known",
	since:  "Compared with %[1]s domains, examined %[2]s.",

	verdicts: "Counts", owners: "Who has to act", providers: "Who runs the DNS", codes: "What is found, most first", worst: "Worst first", changed: "What has changed",
	verdict: "Verdict", domains: "Domains", share: "Share", owner: "Who", findings: "Findings", provider: "Provider", failing: "Failing", code: "Code", severity: "Severity",
	meaning: "Meaning", first: "First", before: "Before", now: "Now", appear: "New", gone: "Gone", domain: "Domain",

	newlyFailing: "Newly failing", repaired: "Repaired", otherVerdict: "Changed verdicts", added: "New in the list", lost: "No longer in the list", changedCodes: "Changed findings",
	same:       "Nothing has changed.",
	comparison: "%[1]s newly failing, %[2]s repaired, %[3]s new in the list, %[4]s no longer in it.",
	others:     "others",
	shown:      "The first %[1]s of %[2]s.",
	noProvider: "not known",
	unsure:     "A finding counts as new or gone only where all could be looked at in both runs.",
	badBefore:  [2]string{"%[1]s line of the earlier run is no report.", "%[1]s lines of the earlier run are no reports."},
	who: map[finding.Owner]string{
		finding.CustomerDNS: "whoever manages the DNS of the domain", finding.CustomerM365: "the Exchange administrator", finding.CustomerMailServer: "whoever manages the mail server",
		finding.ClockWise: "ClockWise", finding.Network: "whoever manages the network here", finding.Nobody: "nobody",
	},
}
