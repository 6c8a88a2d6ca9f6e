package provider

import "strings"

// The remarks of single rows. Sentences are short and say what to look for:
// panels change, so that no button is promised.
const (
	longByItself   = "A long value is cut into parts by itself."
	quotesByItself = "If the panel puts quotation marks around the value itself, leave yours out."
	cloudDNSQuotes = "In Google Cloud DNS put the value in quotation marks, in parts of at most 255 characters."
	stratoSPF      = "Look for the choice for SPF: use a rule of your own, and no predefined one beside it."
	fullNeedsDot   = "If you type the full name, end it with a dot."
	transipSwitch  = "First switch \"TransIP settings\" (TransIP-instellingen) off: before that, DNS cannot be edited."
)

// What panels refuse.
var (
	doubleQuotes = refusal{func(v string) bool { return strings.Contains(v, `"`) }, "double quotation marks"}
	oddQuotes    = refusal{func(v string) bool { return strings.Count(v, `"`)%2 != 0 }, "a single double quotation mark"}
	backslash    = refusal{func(v string) bool { return strings.Contains(v, `\`) }, "a backslash"}
	backTick     = refusal{func(v string) bool { return strings.Contains(v, "`") }, "a back-tick"}
	spaceAtBegin = refusal{func(v string) bool { return strings.HasPrefix(v, " ") }, "a space at the begin"}
	spaceAtEnd   = refusal{func(v string) bool { return strings.HasSuffix(v, " ") }, "a space at the end"}
)

// words are the sentences of cards. Placeholders are numbered, so that another
// language can order them.
var words = struct {
	runsAt, seemsAt, several, wholesale, rdap                        string
	lookFor                                                          string
	host, typ, value, ttl, priority                                  string
	leaveEmpty, nameOfOwn, orWhole                                   string
	orProposed, noQuotes, inParts, inQuotes                          string
	changeSPF, oneSPF                                                string
	tooLong, shorterKey, shorter, refuses                            string
	genericHost, genericTwice, genericText, genericOther, genericSPF string
	genericLong                                                      string
	at, emptyField, field                                            string
	check, doubled, tooHigh, length, stored                          string
}{
	runsAt:    "The DNS of %[1]s runs at %[2]s.",
	seemsAt:   "The DNS of %[1]s appears to run at %[2]s.",
	several:   "The name servers of %[1]s appear to be those of %[2]s.",
	wholesale: "The DNS of %[1]s appears to run at %[2]s, a wholesaler. Use the panel of the company where you bought the domain.",
	rdap:      "Which company that is stands under \"registrar\" at https://rdap.sidn.nl/domain/%[1]s",
	lookFor:   "Look for %[1]s.",

	host: "Host", typ: "Type", value: "Value", ttl: "TTL", priority: "Priority",

	leaveEmpty: "leave this field empty",
	nameOfOwn:  "or leave it empty; both mean the domain itself",
	orWhole:    "some panels want: %[1]s",
	orProposed: "or what the panel proposes",
	noQuotes:   "in one piece, without quotation marks",
	inQuotes:   "in quotation marks",
	inParts:    "in quotation marks, in parts of at most 255 characters",

	changeSPF: "Change the SPF record that is there. Never add a second one.",
	oneSPF:    "If a record there begins with v=spf1, change it. Never add a second one.",

	tooLong:    "%[1]s takes at most %[2]s characters, and this value has %[3]s.",
	shorterKey: "Use a 2048-bit key.",
	shorter:    "The value has to become shorter.",
	refuses:    "%[1]s does not take %[2]s in a value, and this one has it.",

	genericHost:  "Host or name: @, or leave it empty; both mean the domain itself. If the panel shows your domain behind the field, type only the part in front of it, for example %[1]s.",
	genericTwice: "Never type the domain twice.",
	genericText:  "Type: TXT. Value: paste it in one piece, without quotation marks. TTL: 3600, or what the panel proposes.",
	genericOther: "Type: %[1]s. TTL: 3600, or what the panel proposes.",
	genericSPF:   "There may be only one record that begins with v=spf1: change it instead of adding a second.",
	genericLong:  "If the panel refuses the long value, look for a \"split\" note in its help, or enter it as \"part one\" \"part two\" with at most 255 characters a part.",

	at:         "At %[1]s: %[2]s.",
	emptyField: "%[1]s empty",
	field:      "%[1]s %[2]s",

	check:   "Check afterwards whether %[1]s answers with this value.",
	doubled: "If it does not, and %[1]s does, the panel added your domain a second time: enter only %[2]s.",
	tooHigh: "If %[1]s answers instead, it was entered one level too high: enter %[2]s.",
	length:  "Compare the length: the value has %[1]s characters. Fewer means that the panel cut it.",
	stored:  "Quotation marks, backslashes or line ends in the answer mean that they were stored with the value.",
}
