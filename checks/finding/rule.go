package finding

// Rule is a kind of finding, declared once per code as a package variable of
// the subject that raises it. Texts are plain English sentences; Title, Saw,
// Effect and Action may hold numbered placeholders (%[1]s) for the arguments
// of the finding, so that another language can order them differently.
type Rule struct {
	Code     string // subject.what-in-kebab, never reused
	Severity Severity
	Owner    Owner
	Tier     int // 1 main job, 2 expected of a first-class checker, 3 nice to have

	Title  string // what is wrong, in at most some 60 columns, no full stop
	Saw    string // what was seen, one sentence; may be empty where the evidence says it
	Effect string // what it does to mail of this transport, one or two sentences
	Action string // the one next step, concrete; empty where nothing is to be done
	Test   string // how to see that it is solved; may be empty for "check again"

	References []string // e.g. "RFC 7208 section 4.5"

	// Outcome marks findings that tell a consequence ("receivers reject this
	// mail"): never silenced, never the first advice while a cause is known.
	Outcome bool

	// Hides lists the codes that this rule explains completely on the same
	// object. A rule does not hide what is more severe than itself, unless it
	// is of severity Unknown or the code stands in HidesAlso.
	Hides     []string
	HidesAlso []string
}
