package checks

import (
	"strconv"

	"clockwise.info/cwmail/checks/finding"
)

// words are the texts of the written reports, besides those of the rules.
// Placeholders are numbered, so that another language can order them.
type words struct {
	verdict map[Verdict]string // one sentence on all of the report; %[1]s: what was examined
	owner   map[finding.Owner]string

	target, summary, examined             string
	brief, nothingToDo, allInJSON         string
	first, seen, effect, who, act, source string // labels, at most seven letters
	asked, from, moreEvidence             string
	add, replace, remove, old, command    string
	sameName, panel, panelValue           string

	silenced                                                     [2]string // one, many
	because                                                      string
	paths, signed, aligns, aligned, notAligned, alignmentUnknown string
	addresses                                                    [2]string

	failures, warnings, notes, unknowns [2]string

	handover handoverWords
	overview overviewWords
}

// handoverWords are those of the documents that people hand over.
type handoverWords struct {
	mail, contents, nobody, part       string
	about, same, verify, verifyWindows string
	judged, evidence, written, record  string
}

// english is the language that others are laid over.
var english = words{
	verdict: map[Verdict]string{
		VerdictOK:      "Nothing is wrong with %[1]s.",
		VerdictNote:    "Nothing has to be done for %[1]s.",
		VerdictWarning: "%[1]s works today, but is not safe against the next change.",
		VerdictFailure: "%[1]s does not work as it should.",
		VerdictUnknown: "%[1]s could not be judged: not all questions were answered.",
	},
	owner: map[finding.Owner]string{
		finding.CustomerDNS:        "whoever manages DNS for %[1]s",
		finding.CustomerM365:       "the Exchange administrator",
		finding.CustomerMailServer: "the manager of %[1]s",
		finding.ClockWise:          "ClockWise",
		finding.Network:            "whoever manages the network or firewall here",
		finding.Nobody:             "nobody",
	},
	target:   "%[1]s (%[2]s, sends as %[3]s)",
	summary:  "%[1]s examined",
	examined: "%[1]s DNS questions in %[2]s.",

	first:        "First",
	seen:         "Seen",
	effect:       "Effect",
	who:          "Who",
	act:          "Do",
	source:       "Source",
	brief:        "Notes",
	nothingToDo:  "Nothing has to be done about these.",
	allInJSON:    "--json tells all about them.",
	asked:        "%[1]s %[2]s: %[3]s",
	from:         "%[1]s (%[2]s)",
	moreEvidence: "%[1]s more answers; --json has all of them.",

	add:      "Add this %[2]s record at %[1]s:",
	replace:  "Change the %[2]s record at %[1]s into:",
	remove:   "Delete this %[2]s record at %[1]s:",
	sameName: "this name",
	old:      "It takes the place of:",
	command:  "Or run this command:",

	panel:      "Panel",
	panelValue: "The value as this panel wants it:",

	silenced: [2]string{
		"%[1]s more finding follows from these and needs no work of its own: %[2]s.",
		"%[1]s more findings follow from these and need no work of their own: %[2]s.",
	},
	because:    "%[1]s (because of %[2]s)",
	paths:      "How a receiver judges mail from %[1]s:",
	addresses:  [2]string{"%[2]s", "%[1]s addresses (%[2]s)"},
	signed:     "SPF %[1]s, DKIM %[2]s, DMARC %[3]s",
	aligns:     "%[1]s (%[2]s)",
	aligned:    "aligned",
	notAligned: "not aligned",

	alignmentUnknown: "alignment not known",

	failures: [2]string{"%[1]s failure", "%[1]s failures"},
	warnings: [2]string{"%[1]s warning", "%[1]s warnings"},
	notes:    [2]string{"%[1]s note", "%[1]s notes"},
	unknowns: [2]string{"%[1]s could not be determined", "%[1]s could not be determined"},

	handover: handoverWords{
		mail:          "Mail of %[1]s",
		contents:      "Contents",
		nobody:        "To know",
		part:          "For %[1]s",
		about:         "About",
		same:          "The change under %[1]s mends this too.",
		verify:        "To see that it is done, once DNS has the change:",
		verifyWindows: "On Windows, in PowerShell:",
		judged:        "How it was judged",
		evidence:      "What was asked, and what came back",
		written:       "Examined %[1]s",
		record:        "One click selects all of it.",
	},
	overview: overviewEnglish,
}

// count picks the form for one or many and fills the number in first.
func count(forms [2]string, n int, more ...string) string {
	form := forms[1]
	if n == 1 {
		form = forms[0]
	}
	return finding.Fill(form, append([]string{strconv.Itoa(n)}, more...)...)
}

// Actor says who has to act on a finding, as a person: "whoever manages DNS for
// acme.example". The name in it is raw text.
func (r Report) Actor(f finding.Finding) string {
	return finding.Fill(english.owner[f.Who()], r.actorName(f))
}

// actorName is the name in an actor's title: the domain that the finding is
// about, which may be another one than the sender's, or a mail server.
func (r Report) actorName(f finding.Finding) string {
	switch {
	case f.Who() == finding.CustomerMailServer && r.Transport != nil && r.Transport.Server.Host != "":
		return r.Transport.Server.Host
	case f.Who() == finding.CustomerMailServer:
		return "the mail server"
	case f.Subject != "" && f.Subject != r.Target:
		return f.Subject
	}
	return r.Domain
}
