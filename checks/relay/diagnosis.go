package relay

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
)

// Refusal is a reply with what is known of its circumstances. All but the reply
// may be missing.
type Refusal struct {
	Reply smtp.Reply // Code 0: only the enhanced code or the text is known
	Stage string     // as smtp.Stage.Key says it; "bounce" of a reply that only stands in a bounce
	Host  string     // name of the server that refused

	Banner string // its greeting, without the code
	Hello  string // its reply to EHLO, the first line without the code

	// Address is where the connection came from, as the server saw it; where it
	// is missing it is read from Hello.
	Address netip.Addr
	Network netip.Prefix // ClockWise's relay addresses; the usual ones when it is missing
}

// Diagnosis is what a reply, or the want of one, means for mail of ClockWise.
type Diagnosis struct {
	ID string // row of the catalogue; "" when only the standards tell

	Provider Provider // who spoke
	Code     int      // 0 when not known
	Enhanced string

	Meaning string // what the server says, in plain words
	Cause   string // the usual reason in a ClockWise set-up
	Owner   finding.Owner
	Fix     string // what the owner does
	Note    string // what else has to be known; mostly ""

	Certainty Certainty
	Transient bool          // the same mail may pass later, with nothing changed
	Passes    bool          // nothing is wrong, as with greylisting (RFC 6647)
	Retry     time.Duration // how long to wait before one more attempt; 0 unless Transient
	Expected  bool          // the right answer to a machine that is not ClockWise's
	Reference string

	Outer *Diagnosis // the reply in which this one was quoted
}

// Certainty is how sure a diagnosis is.
type Certainty uint8

// The certainties.
const (
	Unsure  Certainty = iota // by its codes alone, or with little to go by
	Likely                   // it looks like this
	Certain                  // the server was recognised, and the vendor says it
)

func (c Certainty) String() string {
	return [...]string{"unsure", "likely", "certain"}[min(c, Certain)]
}

// maxText bounds what of a reply is looked at.
const maxText = 8 << 10

// bounceRows are replies that only say that another one is to be read.
var bounceRows = []string{"exo-remote-other", "exo-expired"}

// Diagnose explains a reply: by the catalogue, else by its enhanced code
// (RFC 3463, RFC 5248), else by its basic code (RFC 5321 section 4.2). Where a
// reply quotes another one that holds the reason, it explains that.
func Diagnose(in Refusal) Diagnosis {
	outer := diagnose(in)
	if outer.ID != "" && !contains(bounceRows, outer.ID) {
		return outer
	}
	quoted, ok := quotedIn(in)
	if !ok {
		return outer
	}
	inner := diagnose(quoted)
	if inner.ID == "" && outer.ID != "" && inner.Code == 0 {
		return outer
	}
	inner.Outer = &outer
	return inner
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// heard is a refusal whose codes and text are apart.
type heard struct {
	Refusal
	code     int
	enhanced string
	text     string
	provider Provider
}

func hear(in Refusal) heard {
	h := heard{Refusal: in, code: in.Reply.Code, enhanced: in.Reply.Enhanced}
	var words []string
	size := 0
	for _, l := range in.Reply.Lines {
		l = strings.ToValidUTF8(l[:min(len(l), maxText-size)], "\uFFFD")
		code, text := enhancedOf(strings.TrimSpace(l))
		if h.enhanced == "" {
			h.enhanced = code
		}
		if text != "" {
			words = append(words, text)
		}
		if size += len(l); size >= maxText {
			break
		}
	}
	h.text = strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	h.provider = providerOf(in, h.text)
	if !h.Address.IsValid() {
		h.Address = seenAddress(in.Hello)
	}
	h.Address = h.Address.Unmap()
	if !h.Network.IsValid() {
		h.Network = transports.DefaultService().Network
	}
	return h
}

var enhancedStart = pattern.Lazy(`^([245]\.\d{1,3}\.\d{1,3})\b[ :;-]*`)

// enhancedOf takes the enhanced code from the begin of a text.
func enhancedOf(text string) (code, rest string) {
	if m := enhancedStart().FindStringSubmatch(text); m != nil {
		return m[1], text[len(m[0]):]
	}
	return "", text
}

func diagnose(in Refusal) Diagnosis {
	h := hear(in)
	d := Diagnosis{Provider: h.provider, Code: h.code, Enhanced: h.enhanced}
	e, own, ok := h.find()
	if !ok {
		h.standard(&d)
		h.timing(&d)
		return d
	}
	d.ID, d.Meaning, d.Cause, d.Owner, d.Fix, d.Note, d.Reference = e.id, e.meaning, e.cause, e.owner, e.fix, e.note, e.source
	d.Certainty = h.certainty(e, own)
	d.Passes = e.passes
	h.elsewhere(e, &d)
	d.Fix = strings.ReplaceAll(d.Fix, "{network}", h.Network.String())
	d.Cause = strings.ReplaceAll(d.Cause, "{network}", h.Network.String())
	d.Transient = h.temporary() && !e.stays
	h.timing(&d)
	return d
}

// find is the first row that matches; own says that it is one of the provider.
func (h heard) find() (found entry, own, ok bool) {
	if h.provider != UnknownProvider {
		for _, e := range h.provider.candidates() {
			if h.matches(e) {
				return e, true, true
			}
		}
	}
	for _, e := range catalogue() {
		if h.matches(e) {
			return e, false, true
		}
	}
	if h.enhanced != "" {
		return entry{}, false, false
	}
	// Old servers have no enhanced codes: then server and text decide, never the
	// text alone where the code is known.
	if h.provider != UnknownProvider && h.code != 0 {
		for _, e := range h.provider.candidates() {
			if e.text != nil && e.has(h.code) && e.text().MatchString(h.text) {
				return e, false, true
			}
		}
	}
	if h.code == 0 {
		found, ok = h.byText()
	}
	return found, false, ok
}

func (h heard) matches(e entry) bool {
	return (h.code != 0 || h.enhanced != "") && e.has(h.code) && e.hasEnhanced(h.enhanced) &&
		(e.text == nil || e.text().MatchString(h.text)) && (!e.submission || h.submitted())
}

// byText finds a row by its text alone: the one of which the most stands there,
// unless another one has as much.
func (h heard) byText() (best entry, ok bool) {
	longest := 0
	for _, e := range catalogue() {
		if e.text == nil {
			continue
		}
		at := e.text().FindStringIndex(h.text)
		if at == nil || at[1]-at[0] < longest {
			continue
		}
		ok = at[1]-at[0] > longest
		best, longest = e, at[1]-at[0]
	}
	const fewest = 8 // octets: "gcdp" alone says nothing
	return best, ok && longest >= fewest
}

// submitted holds unless it is known that the mail was not handed in with a
// login: then a full mailbox is that of the recipient.
func (h heard) submitted() bool {
	host := strings.ToLower(strings.TrimSuffix(h.Host, "."))
	text := strings.ToLower(h.text)
	switch {
	case strings.Contains(text, "storedrv.deliver"), h.Stage == "rcpt", h.Stage == "bounce":
		return false
	case strings.HasSuffix(host, ".protection.outlook.com"), strings.HasSuffix(host, ".mx.microsoft"):
		return false
	}
	return true
}

// temporary says it of the basic code, which decides: 550 4.4.4 is permanent.
func (h heard) temporary() bool {
	if h.code != 0 {
		return h.code/100 == 4
	}
	return strings.HasPrefix(h.enhanced, "4.")
}

func (h heard) certainty(e entry, own bool) Certainty {
	switch {
	case e.text == nil && !own, h.code == 0, h.enhanced == "" && e.enhanced != "*":
		return Unsure
	case own && e.grade == confirmed:
		return Certain
	case own, e.grade != general:
		return Likely
	}
	return Unsure
}

// elsewhere judges a reply to a machine that is not one of ClockWise's: a test
// from a desk shows what that desk may do.
func (h heard) elsewhere(e entry, d *Diagnosis) {
	from := h.Address
	if e.about == aboutMachine {
		if listed := addressIn(h.text); listed.IsValid() {
			from = listed
		}
	}
	if !from.IsValid() || h.Network.Contains(from) || e.about == aboutNothing {
		return
	}
	stranger := fmt.Sprintf("%s, which is not one of ClockWise's addresses (%s)", from, h.Network)
	switch e.about {
	case aboutMachine:
		d.Owner, d.Expected = finding.Network, true
		if h.Stage == "bounce" {
			d.Owner = finding.Nobody
		}
		d.Cause = "It is about " + stranger + "."
		d.Fix = "Nothing has to be done for mail that ClockWise itself sends. For the other address: " + lower(e.fix)
	case aboutConnector:
		d.Owner, d.Expected = finding.Nobody, true
		d.Cause = "The connection came from " + stranger + ". Only those are to be admitted, so this is the right answer to everybody else."
		d.Fix = "Test from ClockWise. Only if its own mail gets the same answer: " + lower(e.fix)
	case aboutSPF:
		d.Owner, d.Expected = finding.Network, true
		d.Cause = "The mail came from " + stranger + ": SPF rightly does not list it."
		d.Fix = "Nothing, when the mail was a test from another machine. If mail of ClockWise itself gets this answer: " + lower(e.fix)
	case aboutAuthentication:
		note := "The mail came from " + stranger + ", so SPF could not pass here: from ClockWise it may."
		d.Note = strings.TrimSpace(note + " " + d.Note)
	}
}

// lower makes the begin of a sentence go on behind a colon.
func lower(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' && !strings.HasPrefix(s, "From ") {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

var (
	bracketed   = pattern.Lazy(`\[(?:IPv6:)?([0-9A-Fa-f.:]{3,45})\]`)
	bareAddress = pattern.Lazy(`(?:^|[\s\[(:=])((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:.]{4,41})(?:[\s\]),;.!]|$)`)
)

// seenAddress is the address of the client in a reply to EHLO, such as
// "mx.acme.example Hello [192.0.2.1]".
func seenAddress(hello string) netip.Addr { return firstAddress(bracketed(), hello) }

// addressIn is the first address that a text speaks of.
func addressIn(text string) netip.Addr { return firstAddress(bareAddress(), text) }

func firstAddress(form *regexp.Regexp, text string) netip.Addr {
	for _, m := range form.FindAllStringSubmatch(text[:min(len(text), maxText)], 16) {
		if a, err := netip.ParseAddr(m[1]); err == nil {
			return a.Unmap()
		}
	}
	return netip.Addr{}
}

// How long to wait where the server does not say: RFC 5321 section 4.5.4.1 wants
// half an hour, and greylisting lets through earlier (RFC 6647 section 5).
const (
	greyWait  = 15 * time.Minute
	usualWait = 30 * time.Minute
	mostWait  = 24 * time.Hour
)

// timing sets when to try again. Whoever shows a diagnosis offers one attempt.
func (h heard) timing(d *Diagnosis) {
	if !d.Transient {
		return
	}
	d.Retry = usualWait
	if d.Passes {
		d.Retry = greyWait
	}
	if told, ok := waitIn(h.text); ok {
		d.Retry = told
	}
}

var (
	waitWords = pattern.Lazy(`(?i)\b(?:in|after|for|wait|within|least)\s+(\d{1,6})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b`)
	waitClock = pattern.Lazy(`(?i)\b(?:in|after|for|wait|within|least)\s+(\d{1,2}):(\d{2}):(\d{2})\b`)
)

// waitIn is how long a text says to wait: "try again in 300 seconds".
func waitIn(text string) (time.Duration, bool) {
	if m := waitClock().FindStringSubmatch(text); m != nil {
		return least(units(m[1], time.Hour) + units(m[2], time.Minute) + units(m[3], time.Second))
	}
	m := waitWords().FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	return least(units(m[1], map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour}[strings.ToLower(m[2])[0]]))
}

func units(digits string, unit time.Duration) time.Duration {
	n, _ := strconv.Atoi(digits)
	return time.Duration(n) * unit
}

// least keeps a wait between a minute and a day.
func least(wait time.Duration) (time.Duration, bool) {
	return min(max(wait, time.Minute), mostWait), true
}
