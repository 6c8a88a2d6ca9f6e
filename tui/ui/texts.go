package ui

// Texts are all sentences of the console. Placeholders are numbered, so that
// another language can order them; a pair is for one and for many.
type Texts struct {
	// The overview.
	Transports   string
	Domains      string
	NoTargets    string
	NTransports  [2]string
	NDomains     [2]string
	NUnknown     string
	NBusy        string
	Frozen       string
	FrozenHeld   [2]string
	CheckedAt    string
	Filtered     string
	Ready        string
	Begin        string
	Checking     string
	CheckingNow  string
	Broken       string
	Changed      string
	NotKnown     string
	TooOld       string
	Every        string
	Paused       string
	NNotes       [2]string
	WithNotes    [2]string
	NotChecked   string
	NothingWrong string
	Problems     [2]string
	ProblemsHere [2]string
	InFileOrder  string
	BySeverity   string
	FilterPrompt string
	NoneMatch    string
	DoFirst      string
	FirstStep    string
	PressCheck   string
	AllGood      string
	CouldNotTell string
	LabelFix     string
	ShortAdd     string
	ShortChange  string
	ShortRemove  string
	MoreRecords  string
	LabelWho     string
	LastAnswers  string

	// A target.
	BareDomain      string
	TakesFrom       string
	TakesAll        string
	TakesSubsystem  string
	Everyone        string
	SendsFrom       string
	SendsThrough    string
	SignsWith       string
	MailServer      string
	Aligned         string
	NotAligned      string
	NotSigned       string
	NotSignedShort  string
	NoPolicy        string
	NoPolicyShort   string
	OfAddresses     [2]string
	OfShort         [2]string
	ProblemsHeading string
	GoodToKnow      string
	Silenced        [2]string
	EnterShows      string
	EnterFolds      string
	Because         string
	Judged          string
	Published       string
	Evidence        string
	NAnswers        [2]string

	// A problem.
	NthProblem     string
	NthNote        string
	NoMoreNotes    string
	Gone           string
	RecordNth      string
	ChangesNothing string
	WhoActs        string
	NobodyActs     string
	NoMoreProblems string
	NoMoreMatches  string
	FollowsFrom    string
	LabelSaw       string
	LabelWhy       string
	LabelWho2      string
	LabelHow       string
	LabelThen      string
	LabelWords     string
	LabelSource    string
	MoreInAnswers  string
	AskedAt        string
	Asked          string
	OrCommand      string
	ThenCheck      string
	PressE         string
	AddRecord      string
	ChangeRecord   string
	RemoveRecord   string
	FieldType      string
	FieldName      string
	FieldTTL       string
	FieldValue     string
	FieldOld       string
	FieldPriority  string
	FieldPanel     string
	FieldNth       string
	OtherApex      string
	OtherName      string
	NotCopied      string
	CutHere        string
	DoNotRetype    string
	Whole          string
	WholeRecord    string
	WhatValue      string
	WhatCommand    string
	WhatAddress    string
	FindPrompt     string
	FindMissed     string
	FindKept       string

	// The evidence.
	AnswersTitle  string
	AnswersFor    string
	AndMore       string
	AnswersCount  [2]string
	AnswersStatus string
	NoAnswers     string
	Found         [2]string
	NoData        string
	NoName        string
	NoAnswer      string
	AnswerIs      string
	AnswerWhy     string
	AnswerRecords string
	InStrings     string
	AnswerChain   string
	AnswerServer  string
	AnswerAt      string
	AnswerTook    string
	AnswerTTL     string
	Seconds       string
	AnswerRcode   string
	AnswerZone    string
	AnswerEDE     string
	AnswerFlags   string
	AnswerSize    string
	Octets        string
	FlagAD        string
	FlagAA        string
	FlagTCP       string
	FlagCached    string
	AnswerStatus  string
	AnsweredBy    string

	// The addresses.
	PathsTitle string
	NoPaths    string
	PathsGood  string
	PathsBad   string
	ColAddress string
	MailFrom   string
	From       string

	// What if.
	// The network.
	Network        string
	NetworkTitle   string
	NetworkBusy    string
	NetworkFailed  [2]string
	NetworkUnknown [2]string
	NetworkWarned  [2]string
	NetworkGood    string
	NetworkDomain  string
	NetworkDomains string
	NetworkSPF     string
	SPFResults     map[string]string // what they mean, in a few words
	KeyNextDomain  string
	WhatRelay      string
	WhatNetwork    string
	AddressStatus  string
	ColNames       string
	ColLists       string
	ColListsShort  string
	NoPTR          string
	NotBack        string
	NotBackCut     string
	NoPTRAnswer    string
	ListsNone      string
	ListsOn        string
	ListsUnsaid    string
	ListsDoubt     string

	WaitTitle     string
	WaitState     string
	WaitFor       string
	WaitFirst     string
	WaitDone      string
	WaitCaches    string
	WaitStopped   string
	WaitNoServers string
	WaitingOne    string
	WaitingMore   string
	WaitServers   string
	WaitResolvers string
	WaitKeeps     string
	WaitHint      string
	WaitLook      string
	WaitCorrect   string
	WaitMissing   string
	WaitWrong     string
	WaitSame      string
	WaitUnasked   string
	WaitLegend    []string

	WhatIfTitle  string
	WhatIfFor    string
	WhatIfState  string
	WhatIfTrying string
	WhatIfResult string
	WhatIfHelp   string
	WhatIfNext   string
	WhatIfIntro  string
	NotADomain   string
	NotAType     string
	AndAlso      string
	TryIt        string
	Now          string
	Before       string
	After        string
	Goes         string
	Comes        string
	Stays        string
	NoChange     string
	AllMended    string
	SomeMended   string
	Lighter      string
	Mixed        string

	// Wizards.
	Wizards          string
	WizardTitle      string
	WizardAbout      string
	WizardStep       string
	WizardSaved      string
	WizardNotSaved   string
	WizardHere       string
	WizardSteps      string
	WizardWhy        string
	WizardGoOn       string
	WizardNext       string
	WizardBack       string
	WizardLeave      string
	WizardMore       string
	WizardLookAgain  string
	WizardLooking    string
	WizardActing     string
	WizardStopping   string
	WizardStopped    string
	WizardBroken     string
	WizardWait       string
	WizardTell       string
	WizardTellFields string
	WizardPublish    string
	WizardDone       string
	WizardDoneFor    string
	WizardDoneBut    string
	WizardDoneTell   string
	WizardThen       string
	WizardThenOther  string
	WizardThenCheck  string
	WizardSecret     string
	WizardEmpty      string
	WizardMoreAbove  string
	WizardUndo       string
	WizardCardNth    string
	WizardWas        string
	WizardLeft       string
	WizardLeftRow    string
	WizardLeftBegin  string
	WizardAll        string
	WizardList       string
	WizardListLeft   string
	WizardNone       string
	UndoNone         string
	UndoAsk          string // %[1]s: the change
	Undone           string // %[1]s: the change
	UndoFailed       string // %[1]s: why
	WizardForget     string
	WizardForgotten  string
	WizardKept       string
	WizardNotKept    string
	WizardResumed    string
	WizardNames      map[string]string // by the id of the wizard
	Changes          map[string]string // what becomes of a term
	KeyOpenIt        string
	KeyLookAgain     string
	KeyNextCard      string

	// Help and words.
	HelpHere      string
	HelpAll       string
	HelpStatus    string
	HelpStatusAll string
	HelpFields    string
	ExplainTitle  string
	ExplainStatus string
	WordsHere     string
	WordsOther    string
	NoWords       string
	AlsoCalled    string
	Example       string
	PaletteTitle  string
	PaletteStatus string
	GoTo          string
	LookAt        string
	FormsTitle    string
	FormsStatus   string
	FormsCut      string

	// The frame.
	App           string
	Demo          string
	Small         string
	SmallQuit     string
	NothingHere   string
	NothingTo     string
	NotBound      string
	Stopped       [2]string
	NothingRuns   string
	PressAgain    string
	GoBack        string
	Saved         string
	SavedFetch    string
	NotSaved      string
	NotCopiedWhy  string
	NotPrinted    string
	CopyFailed    string
	CopiedTmux    string
	CopiedNarrow  string
	CopiedDesktop string
	CopiedAsked   string
	Pasted        string
	PastedSpaces  string
	PastedQuotes  string
	PastedAngles  string
	PastedBreaks  string
	CopiedTooLong string
	Characters    [2]string
	MouseOn       string
	MouseOff      string
	ThemeIs       string
	ASCIIOn       string
	ASCIIOff      string
	Concealed     string
	Revealed      string
	FrozenNow     string
	Thawed        string
	StillWaiting  string
	WaitingFor    string
	Zoomed        string
	Unzoomed      string
	KeyKeep       string
	KeyFind       string
	KeyClear      string
	KeyTry        string
	KeyField      string
	KeyDo         string
	KeyDown       string
	KeyPrint      string
	KeyValue      string
	KeyRecord     string
	ColProblems   string
	ColTakes      string
	OwnerOutcome  string

	// Several in one.
	Types       map[string]string // by transports.Type
	Owners      map[string]string // by finding.Owner; %[1]s: whose
	Results     map[string]string // by result word of SPF, DKIM and DMARC
	Welcome     []string
	PathsLegend []string
	Forms       []string
}

// English is the language that others are laid over.
var English = Texts{
	Transports:   "TRANSPORTS",
	Domains:      "DOMAINS",
	NoTargets:    "no transports yet",
	NTransports:  [2]string{"%[1]s transport", "%[1]s transports"},
	NDomains:     [2]string{"%[1]s domain", "%[1]s domains"},
	NUnknown:     "%[1]s not known",
	NBusy:        "%[1]s being checked",
	Frozen:       "frozen: f lets go",
	FrozenHeld:   [2]string{"frozen, 1 result waits: f lets go", "frozen, %[1]s results wait: f lets go"},
	CheckedAt:    "checked %[1]s",
	Filtered:     "Only what holds \"%[1]s\" is shown. esc shows all again.",
	Ready:        "Nothing is selected.",
	Begin:        "Press : and type a domain to look at it, or ? for help.",
	Checking:     "Checking: %[1]s",
	CheckingNow:  "Being checked.",
	Broken:       "%[1]s could not be checked: %[2]s. r tries again.",
	NotChecked:   "%[1]s was not checked yet. r checks it.",
	Changed:      "%[1]s changed at %[2]s: it was %[3]s, now it is %[4]s.",
	NotKnown:     "not known",
	TooOld:       "%[1]s: the result of %[2]s is too old to go by. r checks again.",
	Every:        "every %[1]s",
	Paused:       "paused",
	NNotes:       [2]string{"1 note", "%[1]s notes"},
	NothingWrong: "%[1]s: nothing is wrong.",
	WithNotes:    [2]string{"%[2]s: nothing is wrong. 1 note is good to know.", "%[2]s: nothing is wrong. %[1]s notes are good to know."},
	Problems:     [2]string{"%[2]s: 1 problem. %[3]s.", "%[2]s: %[1]s problems. Start with: %[3]s."},
	ProblemsHere: [2]string{"1 problem: %[2]s.", "%[1]s problems. Start with: %[2]s."},
	InFileOrder:  "Ordered as in the file.",
	BySeverity:   "Ordered by severity: what fails stands first.",
	FilterPrompt: "Filter:",
	NoneMatch:    "Nothing matches.",
	DoFirst:      "WHAT TO DO FIRST",
	FirstStep:    "%[1]s: %[2]s",
	PressCheck:   "Not checked yet. r checks it.",
	AllGood:      "Nothing was found that keeps this mail from arriving.",
	CouldNotTell: "Some questions got no answer, so nothing can be said for sure.",
	LabelFix:     "fix",
	ShortAdd:     "add",
	ShortChange:  "set",
	ShortRemove:  "del",
	MoreRecords:  "and %[1]s more: enter shows all of them",
	LabelWho:     "who",
	LastAnswers:  "DNS ANSWERS",

	BareDomain:      "A domain alone: looked at as if ClockWise sent its mail.",
	TakesFrom:       "takes mail from %[1]s",
	TakesAll:        "takes all mail that no other transport takes",
	TakesSubsystem:  ", only %[1]s mail",
	Everyone:        "everyone else",
	SendsFrom:       "sends from %[1]s",
	SendsThrough:    "sends through %[1]s, port %[2]s",
	SignsWith:       ", signs with %[1]s of %[2]s",
	MailServer:      "the mail server",
	Aligned:         "aligned",
	NotAligned:      "not aligned",
	NotSigned:       "this mail is not signed",
	NotSignedShort:  "not signed",
	NoPolicy:        "no policy: receivers decide for themselves",
	NoPolicyShort:   "no policy",
	OfAddresses:     [2]string{"%[2]s for the only address", "%[2]s for %[3]s of %[1]s addresses"},
	OfShort:         [2]string{"%[2]s", "%[2]s for %[3]s of %[1]s"},
	ProblemsHeading: "PROBLEMS",
	GoodToKnow:      "GOOD TO KNOW",
	Silenced:        [2]string{"1 more follows from these and needs no work of its own", "%[1]s more follow from these and need no work of their own"},
	EnterShows:      "(enter shows)",
	EnterFolds:      "(enter hides)",
	Because:         "because of %[1]s",
	Judged:          "HOW RECEIVERS JUDGE MAIL FROM %[1]s",
	Published:       "PUBLISHED NOW",
	Evidence:        "EVIDENCE",
	NAnswers:        [2]string{"1 DNS answer, in %[3]s (enter shows it)", "%[1]s DNS answers to %[2]s questions, in %[3]s (enter shows them)"},

	NthNote:        "%[1]s of %[2]s notes",
	NoMoreNotes:    "There are no more notes in this direction.",
	NthProblem:     "%[1]s of %[2]s problems",
	Gone:           "This problem was not found again at %[1]s.",
	RecordNth:      "Record %[1]s of %[2]s is chosen for c and p; tab chooses the next.",
	ChangesNothing: "cwmail changes nothing: change the record at your DNS provider, then press r.",
	WhoActs:        "To act: %[1]s.",
	NobodyActs:     "Good to know: nobody has to do anything.",
	NoMoreProblems: "There are no more problems in this direction.",
	NoMoreMatches:  "\"%[1]s\" is not found further on.",
	FollowsFrom:    "Follows from %[1]s, and goes away with it.",
	LabelSaw:       "What we saw",
	LabelWhy:       "Why it matters",
	LabelWho2:      "Who must act",
	LabelHow:       "How to fix it",
	LabelThen:      "Then",
	LabelWords:     "Words",
	LabelSource:    "Source",
	MoreInAnswers:  "More of this kind: press a.",
	AskedAt:        "%[3]s (asked %[1]s at %[2]s)",
	Asked:          "%[2]s (asked %[1]s)",
	OrCommand:      "Or run this command:",
	ThenCheck:      "r checks again. i tries a change here first, without publishing it.",
	PressE:         "%[1]s: press e",
	AddRecord:      "Add this record to %[1]s:",
	ChangeRecord:   "Change this record of %[1]s; it takes the place of the old one:",
	RemoveRecord:   "Delete this record of %[1]s:",
	FieldType:      "Type",
	FieldName:      "Name",
	FieldTTL:       "TTL",
	FieldValue:     "Value",
	FieldOld:       "Was",
	FieldPriority:  "Prio",
	FieldPanel:     "Panel",
	FieldNth:       "Value %[1]s",
	OtherApex:      "(some panels want: empty, or %[1]s)",
	OtherName:      "(some panels want: %[1]s)",
	NotCopied:      "(holds invisible characters, so it is neither copied nor printed)",
	CutHere:        "(%[1]s characters; %[2]s means cut here. c copies it, p prints it:",
	DoNotRetype:    "do not retype it.)",
	Whole:          "(%[1]s characters)",
	WholeRecord:    "The whole record:",
	WhatValue:      "the value of %[1]s",
	WhatCommand:    "the command",
	WhatAddress:    "the address",
	FindPrompt:     "Find:",
	FindMissed:     "Not found:",
	FindKept:       "Looking for \"%[1]s\": n and N go to the next and the previous match, esc ends it.",

	AnswersTitle:  "DNS answers",
	AnswersFor:    "DNS answers for %[1]s",
	AndMore:       " (and %[1]s more)",
	AnswersCount:  [2]string{"1 answer", "%[1]s answers"},
	AnswersStatus: "Every DNS answer that the result rests on, in the order of arrival.",
	NoAnswers:     "Nothing was asked yet. r checks.",
	Found:         [2]string{"1 record", "%[1]s records"},
	NoData:        "no such record",
	NoName:        "no such name",
	NoAnswer:      "no answer",
	AnswerIs:      "answer",
	AnswerWhy:     "why",
	AnswerRecords: "records",
	InStrings:     "(in %[1]s strings, joined here)",
	AnswerChain:   "by way of",
	AnswerServer:  "server",
	AnswerAt:      "asked at",
	AnswerTook:    "took",
	AnswerTTL:     "keep for",
	Seconds:       "%[1]s s (the TTL: how long others remember it)",
	AnswerRcode:   "code",
	AnswerZone:    "zone",
	AnswerEDE:     "server adds",
	AnswerFlags:   "also",
	AnswerSize:    "size",
	Octets:        "%[1]s octets",
	FlagAD:        "signature checked (DNSSEC)",
	FlagAA:        "from the servers of the zone itself",
	FlagTCP:       "over TCP",
	FlagCached:    "asked before in this run",
	AnsweredBy:    "by %[1]s",
	AnswerStatus:  "Asked %[1]s: %[2]s.",

	PathsTitle: "addresses",
	NoPaths:    "No addresses were judged: this mail does not leave from ClockWise's own network.",
	PathsGood:  "Mail from all %[1]s addresses passes.",
	PathsBad:   "Mail from %[1]s of %[2]s addresses does not pass everything.",
	ColAddress: "address",
	MailFrom:   "Envelope sender   %[1]s",
	From:       "From of the mail  %[1]s",

	Network:        "NETWORK",
	NetworkTitle:   "Network %[1]s",
	NetworkBusy:    "Looking at the addresses from which ClockWise sends.",
	NetworkFailed:  [2]string{"%[1]s of %[2]s addresses has a failure. Mail that leaves from it may be refused.", "%[1]s of %[2]s addresses have a failure. Mail that leaves from them may be refused."},
	NetworkUnknown: [2]string{"%[1]s of %[2]s addresses could not be judged.", "%[1]s of %[2]s addresses could not be judged."},
	NetworkWarned:  [2]string{"%[1]s of %[2]s addresses has a warning.", "%[1]s of %[2]s addresses have a warning."},
	NetworkGood:    "Nothing is wrong with the addresses from which ClockWise sends.",
	NetworkDomain:  "SPF is for %[1]s. The rest is the same for all.",
	NetworkDomains: "SPF is for %[1]s (tab: next of %[2]s domains). The rest is the same for all.",
	NetworkSPF:     "SPF of %[1]s says %[2]s for %[3]s. The page of that domain tells why.",
	SPFResults: map[string]string{
		"none": "there is no SPF record", "neutral": "the record says nothing about this address",
		"softfail": "the record says: probably not allowed", "fail": "the record does not allow this address",
		"permerror": "the record is broken", "temperror": "DNS did not answer",
	},
	KeyNextDomain: "next domain",
	WhatRelay:     "the address %[1]s",
	WhatNetwork:   "the network %[1]s",
	AddressStatus: "What DNS says of this address.",
	ColNames:      "PTR, and whether it points back",
	ColLists:      "block lists",
	ColListsShort: "lists",
	NoPTR:         "no PTR record",
	NotBack:       "%[1]s, not back",
	NotBackCut:    "not back: %[1]s",
	NoPTRAnswer:   "no answer",
	ListsNone:     "none asked",
	ListsOn:       "on %[1]s of %[2]s",
	ListsUnsaid:   "%[1]s of %[2]s did not say",
	ListsDoubt:    "%[1]s of %[2]s ?",

	WaitTitle:     "wait for %[1]s",
	WaitState:     "%[1]s of %[2]s name servers have it",
	WaitFor:       "Waiting until this is published: %[1]s.",
	WaitFirst:     "Asking the name servers for the first time.",
	WaitDone:      "Published at every name server of %[1]s.",
	WaitCaches:    "Other resolvers may keep what was there before until %[1]s.",
	WaitStopped:   "Stopped before it was published. r looks again.",
	WaitNoServers: "The name servers could not be found. cwmail goes on looking.",
	WaitingOne:    "Waiting for %[1]s. x stops.",
	WaitingMore:   "Waiting for %[1]s of %[2]s name servers. x stops.",
	WaitServers:   "Name servers of %[1]s (these decide)",
	WaitResolvers: "Resolvers (these remember)",
	WaitKeeps:     "may keep that until %[1]s",
	WaitHint:      "The nearest mistake: %[1]s.",
	WaitLook:      "Check %[1]s at %[2]s, next in %[3]s s. Stops after 48 h.",
	WaitCorrect:   "published, correct",
	WaitMissing:   "not there yet",
	WaitWrong:     "there, but wrong",
	WaitSame:      "the same as above",
	WaitUnasked:   "could not ask",
	WaitLegend: []string{
		"Not there yet     nothing is published, keep waiting.",
		"There, but wrong  it says exactly what differs.",
		"Could not ask     our question failed; that is no verdict.",
	},

	WhatIfTitle:  "what if",
	WhatIfFor:    "what if, %[1]s",
	WhatIfState:  "nothing is published",
	WhatIfTrying: "Trying it out against DNS.",
	WhatIfResult: "Moving through the result. tab goes back to the fields.",
	WhatIfHelp:   "Change the value, then press enter. An empty value means: no such record.",
	WhatIfNext:   "Nothing was published. tab goes to the next field, and to the result.",
	WhatIfIntro:  "Try a change before you publish it: cwmail looks at DNS as if this record stood there.",
	NotADomain:   "'%[1]s' is not a name in DNS: it needs a dot, e.g. acme.example.",
	NotAType:     "'%[1]s' is no record type that cwmail knows: use TXT, MX, CNAME, A or AAAA.",
	AndAlso:      "and also %[1]s %[2]s  %[3]s",
	TryIt:        "Try it",
	Now:          "As it is now",
	Before:       "before",
	After:        "after",
	Goes:         "Goes away",
	Comes:        "Comes new",
	Stays:        "Stays",
	NoChange:     "No difference: the same problems as now.",
	AllMended:    "With this change nothing is wrong any more.",
	SomeMended:   "Better: problems that go: %[1]s, that stay: %[2]s.",
	Lighter:      "Better: problems that go: %[1]s, that come new but weigh less: %[2]s.",
	Mixed:        "Careful: problems that go: %[1]s, that come new: %[2]s.",

	Wizards:          "wizards",
	WizardTitle:      "Wizard: %[1]s",
	WizardAbout:      "%[1]s for %[2]s",
	WizardStep:       "step %[1]s of %[2]s",
	WizardSaved:      "saved %[1]s",
	WizardNotSaved:   "not saved",
	WizardHere:       "Step %[1]s of %[2]s: %[3]s",
	WizardSteps:      "STEPS",
	WizardWhy:        "WHY DO WE ASK?",
	WizardGoOn:       "go on",
	WizardNext:       "next field",
	WizardBack:       "back",
	WizardLeave:      "leave",
	WizardMore:       "read on",
	WizardLookAgain:  "look again",
	WizardLooking:    "Looking at how it stands. x stops.",
	WizardActing:     "Under way: %[1]s. x stops.",
	WizardStopping:   "Stopping.",
	WizardStopped:    "Stopped before everything was seen. r looks again.",
	WizardBroken:     "This broke off: %[1]s. r looks again.",
	WizardWait:       "Not yet: this is still being looked at. x stops.",
	WizardTell:       "enter goes on, esc goes one step back. Nothing you filled in is lost.",
	WizardTellFields: "Fill this in and press enter. tab goes to the next field, esc one step back.",
	WizardPublish:    "cwmail changes nothing: change it at your DNS provider, then press enter.",
	WizardDone:       "Done: %[1]s",
	WizardDoneFor:    "Done: %[1]s, for %[2]s",
	WizardDoneBut:    "%[1]s. Not everything is right yet.",
	WizardDoneTell:   "This is done. enter leads back to where you came from.",
	WizardThen:       "What comes next",
	WizardThenOther:  "enter goes on with the next wizard: %[1]s. esc leaves.",
	WizardThenCheck:  "enter leads back to where you came from; it is checked again there.",
	WizardSecret:     "(it is not shown and not stored)",
	WizardEmpty:      "(may stay empty)",
	WizardMoreAbove:  "%[1]s-%[2]s of %[3]s",
	WizardUndo:       "Undo",
	WizardCardNth:    "Record %[1]s of %[2]s is chosen for c and p; n chooses the next.",
	WizardWas:        "Now there",
	WizardLeft:       "LEFT BEFORE THEIR END",
	WizardLeftRow:    "%[1]s: step %[2]s of %[3]s, go on?",
	WizardLeftBegin:  "A wizard was left at step %[2]s of %[3]s: %[1]s. w goes on.",
	WizardAll:        "STEP BY STEP",
	WizardList:       "enter starts a wizard. It says what to do, and can be left at any time.",
	WizardListLeft:   "enter goes on where it was left, d forgets it.",
	WizardNone:       "There are no wizards here.",
	UndoNone:         "There is nothing to undo here.",
	UndoAsk:          "Your last change: %[1]s. Press u again to take it back.",
	Undone:           "Taken back: %[1]s.",
	UndoFailed:       "Nothing was taken back: %[1]s.",
	WizardForget:     "Forget %[1]s, with what you filled in? Press d again; any other key keeps it.",
	WizardForgotten:  "Forgotten: %[1]s.",
	WizardKept:       "Kept.",
	WizardNotKept:    "It could not be forgotten: %[1]s.",
	WizardResumed:    "This was left here; it goes on. esc goes back to change what you filled in.",
	WizardNames:      map[string]string{"spf": "SPF", "dkim": "DKIM", "transport": "Transport", "mail": "Test mail"},
	Changes:          map[string]string{"same": "same", "add": "ADD", "remove": "REMOVE", "change": "CHANGE", "move": "MOVE"},
	KeyOpenIt:        "start",
	KeyLookAgain:     "look again",
	KeyNextCard:      "next record",

	HelpHere:      "keys of this screen",
	HelpAll:       "all keys",
	HelpStatus:    "? again lists all keys.",
	HelpStatusAll: "? again lists the keys of the screen you came from.",
	HelpFields:    "While you type in a field, letters are text: only esc, tab, enter, arrows, ctrl keys and F1 act.",
	ExplainTitle:  "words",
	ExplainStatus: "The words of the screen you came from stand first. / finds a word.",
	WordsHere:     "WORDS ON THIS SCREEN",
	WordsOther:    "OTHER WORDS",
	AlsoCalled:    ", also: %[1]s",
	NoWords:       "No words are explained here.",
	Example:       "Example:",
	PaletteTitle:  "actions",
	PaletteStatus: "Type part of a name. A domain, such as acme.example, is looked at.",
	GoTo:          "go to %[1]s",
	LookAt:        "look at the domain %[1]s",
	FormsTitle:    "forms",
	FormsStatus:   "The same record in other forms: take what your panel or program wants.",
	FormsCut:      "%[1]s means cut here: enter prints it whole, c copies it whole.",

	App:           "cwmail",
	Demo:          "(demo)",
	Small:         "This window is %[1]sx%[2]s; cwmail needs 40x10.",
	SmallQuit:     "q quits, or run: cwmail check",
	NothingHere:   "%[1]s does nothing on this screen.",
	NothingTo:     "%[1]s: nothing to %[2]s on this screen.",
	NotBound:      "%[1]s is no key of cwmail. ? lists the keys.",
	Stopped:       [2]string{"Stopped 1 check.", "Stopped %[1]s checks."},
	NothingRuns:   "Nothing is running that could be stopped.",
	PressAgain:    "Press ctrl+c again to quit.",
	GoBack:        "Press enter to go back.",
	Saved:         "Saved to %[1]s",
	SavedFetch:    "Saved to %[1]s; fetch it with: scp %[2]s:%[1]s .",
	NotSaved:      "Could not save: %[1]s.",
	NotCopiedWhy:  "Not copied: %[1]s holds invisible characters, which would do harm elsewhere.",
	NotPrinted:    "Not printed: %[1]s holds invisible characters, which would do harm elsewhere.",
	CopyFailed:    "Could not copy: %[1]s. p prints it.",
	CopiedTmux:    "Copied %[1]s to tmux and offered them to your terminal. Nothing to paste? Press p.",
	CopiedNarrow:  "Copied %[1]s to tmux, offered to your terminal. No paste? Press p.",
	CopiedDesktop: "Copied %[1]s.",
	Pasted:        "Pasted; taken off: %[1]s.",
	PastedSpaces:  "spaces",
	PastedQuotes:  "quotes",
	PastedAngles:  "angle brackets",
	PastedBreaks:  "line breaks",
	CopiedAsked:   "Asked your terminal to copy %[1]s. Nothing to paste? Press p.",
	CopiedTooLong: "Too long to copy (%[1]s). s saves it.",
	Characters:    [2]string{"1 character", "%[1]s characters"},
	MouseOn:       "Mouse on: hold Shift to select text.",
	MouseOff:      "Mouse off.",
	ThemeIs:       "Theme: %[1]s.",
	ASCIIOn:       "Plain ASCII characters.",
	ASCIIOff:      "Unicode characters.",
	Concealed:     "Addresses, names and keys are hidden.",
	Revealed:      "Nothing is hidden any more.",
	FrozenNow:     "Frozen: results stop moving, work goes on. f lets go.",
	Thawed:        "Results move again.",
	StillWaiting:  "Still checking %[1]s (%[2]s of %[3]s s), x stops.",
	WaitingFor:    "%[1]s Waiting for: %[2]s.",
	Zoomed:        "One pane over the full width; z again brings the others back.",
	Unzoomed:      "All panes again.",
	KeyFind:       "find",
	KeyKeep:       "keep this",
	KeyClear:      "clear",
	KeyTry:        "try it",
	KeyField:      "next field",
	KeyDo:         "do it",
	KeyDown:       "next",
	KeyPrint:      "print it",
	KeyValue:      "copy value",
	KeyRecord:     "next record",
	ColProblems:   "problems",
	ColTakes:      "takes mail from",
	OwnerOutcome:  "nobody: it goes away with its cause",
	Types:         map[string]string{"clockwise": "ClockWise server", "noreply": "no-reply address", "smtp": "external SMTP"},
	Owners: map[string]string{
		"customer-dns":         "whoever manages DNS for %[1]s",
		"customer-m365":        "the Exchange administrator",
		"customer-mail-server": "the manager of %[1]s",
		"clockwise":            "ClockWise",
		"network":              "whoever manages the firewall here",
		"nobody":               "nobody: nothing to do but wait",
	},
	Results: map[string]string{
		"pass": "passes", "fail": "fails", "softfail": "fails softly", "neutral": "says nothing", "none": "has no record",
		"temperror": "got no answer", "permerror": "is broken", "unknown": "is not known",
	},
	Welcome: []string{
		"cwmail shows whether mail that ClockWise sends for you will arrive, and if not, what must be changed and by whom.",
		"There are no transports yet: press E to set one up, or w to be led through SPF or DKIM. To look at any domain, press : and type its name.",
		"Press ? for help. cwmail --demo shows everything with invented customers, without any set-up.",
	},
	PathsLegend: []string{
		"SPF asks whether this address may send for the envelope sender; DKIM whether the signature is good.",
		"Aligned means: it is about the same domain as the From address. DMARC needs one of the two to pass and be aligned.",
	},
	Forms: []string{
		"for a DNS panel: the value in one piece",
		"for a zone file: in strings of at most 255 characters, with quotes",
		"name and value, each on a line of its own",
		"for AWS Route 53: a change batch of its command line",
		"for Cloudflare: the body of a request to its API",
		"for Azure: commands of its command line",
		"for Terraform: a resource",
	},
}
