package relay

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/transports/smtp"
)

// Limits of a pasted text.
const (
	maxPaste      = 256 << 10
	maxPasteLines = 4000
)

// Explain diagnoses the reply in a pasted text: a reply as it is, a part of a
// transcript, of a log or of a bounce. It reports whether there is one.
func Explain(text string, network netip.Prefix) (Diagnosis, bool) {
	in, ok := ParseRefusal(text)
	if ok {
		in.Network = network
		return Diagnose(in), true
	}
	in = Refusal{Reply: smtp.Reply{Lines: []string{text[:min(len(text), maxText)]}}, Network: network}
	d := diagnose(in)
	return d, d.ID != ""
}

// ParseRefusal finds the reply that matters in a pasted text, with what the
// text tells of the server and the command. Of several it is that of the
// diagnostic code, else the first refusal.
func ParseRefusal(text string) (Refusal, bool) {
	p := paste{}
	lines := strings.Split(plain(text[:min(len(text), maxPaste)]), "\n")
	for _, l := range lines[:min(len(lines), maxPasteLines)] {
		p.line(l)
	}
	return p.refusal()
}

// plain makes line ends, spaces and quotes simple, and takes the colours of a
// terminal out.
func plain(text string) string {
	text = colours().ReplaceAllString(text, "")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u2028", "\n", "\u2018", "'", "\u2019", "'", "\u201c", `"`, "\u201d", `"`).
		Replace(strings.ToValidUTF8(text, "\uFFFD"))
}

// paste is what was read of a pasted text so far.
type paste struct {
	found  []pasted
	open   bool   // the last reply may go on in the next line
	stage  string // of the last command
	host   string
	banner string
	hello  string
	status string // of a bounce's field
	bounce bool
}

// pasted is a reply in a text.
type pasted struct {
	code       int
	lines      []string
	more       bool // its last line says that the reply goes on
	host       string
	stage      string
	diagnostic bool
}

// clock may stand before a line of a transcript.
const clock = `(?:\[?\d[\dTZ/-]*[.:][\d.:TZ+-]*\]?\s+(?:ms\s+)?)?`

var (
	colours      = pattern.Lazy(`\x1b\[[0-9;]{0,32}m`)
	quoteMarks   = pattern.Lazy(`^(?:\s*>)+\s?`)
	lineMarks    = pattern.Lazy(`^(?:` + clock + `(?:S[>:]|<<<|<-+|<~+\*?|RECV:?|Server:|Remote server:)|<\*\*|<)\s*`)
	clientMarks  = pattern.Lazy(`^` + clock + `(?:C[>:]|>>>|->|~>|>|SEND:?|Client:)?\s*`)
	verbs        = pattern.Lazy(`^(EHLO|HELO|STARTTLS|AUTH|MAIL FROM|RCPT TO|DATA|BDAT|RSET|QUIT)\b(:|\s|$)`)
	replyStart   = pattern.Lazy(`^([2-5]\d\d)(?:([ -])(.*))?$`)
	fieldStart   = pattern.Lazy(`^(?i)(remote-mta|diagnostic-code|status|reporting-mta|final-recipient|original-recipient|action|last-attempt-date|arrival-date|received-from-mta|x-[a-z-]+|subject|from|to|date|generating server)\s*:\s*(.*)$`)
	diagnosticIs = pattern.Lazy(`(?i)^(?:smtp|x-[a-z-]+)\s*;\s*`)
	replyMarked  = pattern.Lazy(`(?i)(?:\bsaid|->|\breturned|\bresponded(?: with)?|\berror|\breply|\bresponse(?: was)?|\brefused|\brejected|\bdeferred|\]|smtp;)[\s:'"(<]*#?([2-5]\d\d)([ -])(\S.*)$`)
	replyWithin  = pattern.Lazy(`(?:^|[\s'"(\[:;,>=#])([245]\d\d)([ -])\s*#?([245]\.\d{1,3}\.\d{1,3}\b.*)$`)
	onlyEnhanced = pattern.Lazy(`^#?([245]\.\d{1,3}\.\d{1,3})(?:[\s:;,-].*)?$`)
	saidBy       = pattern.Lazy(`(?i)\bhost ([A-Za-z0-9._-]+)\s?\[[^\]]{1,60}\]|\bremote server at ([A-Za-z0-9._-]+)\s?\(|^\s*(?:remote server|generating server)\s*:\s*([A-Za-z0-9._-]+)`)
	inReplyTo    = pattern.Lazy(`(?i)\(in reply to (?:the )?([A-Za-z ]{1,30}?) command\)`)
	afterCommand = pattern.Lazy(`(?i)\bafter (RCPT TO|MAIL FROM|end of data|DATA|EHLO|HELO|initial connection)\b`)
	helloLine    = pattern.Lazy(`(?i)\b(hello|pleased to meet|at your service)\b`)
	transferred  = pattern.Lazy(`(?i)\b(was not delivered|could(?: not|n.t) be delivered|delivery (?:has )?failed|undeliverable|mail delivery|said:)`)
)

// stagesOf maps the commands to the words of the catalogue.
var stagesOf = []struct{ command, stage string }{
	{"end of data", "body"},
	{"ehlo", "ehlo"},
	{"helo", "ehlo"},
	{"starttls", "starttls"},
	{"auth", "auth"},
	{"mail", "mail"},
	{"rcpt", "rcpt"},
	{"data", "data"},
	{"bdat", "data"},
	{"initial connection", "connect"},
}

func stageOf(command string) string {
	command = strings.ToLower(strings.TrimSpace(command))
	for _, s := range stagesOf {
		if strings.HasPrefix(command, s.command) {
			return s.stage
		}
	}
	return ""
}

func (p *paste) line(raw string) {
	l := strings.TrimSpace(raw)
	if l == "" {
		p.open = false
		return
	}
	if len(l) > maxText {
		l = l[:maxText]
	}
	p.bounce = p.bounce || transferred().MatchString(l)
	if p.command(l) {
		return
	}
	if quoted := quoteMarks().ReplaceAllString(l, ""); quoted != "" {
		l = quoted
	}
	l = strings.TrimLeft(lineMarks().ReplaceAllString(l, ""), " \t'\"`(")
	p.circumstances(l)
	if m := fieldStart().FindStringSubmatch(l); m != nil {
		p.field(strings.ToLower(m[1]), m[2])
		return
	}
	p.reply(l)
}

// command notes what was said before a reply.
func (p *paste) command(l string) bool {
	m := verbs().FindStringSubmatch(clientMarks().ReplaceAllString(l, ""))
	if m == nil {
		return false
	}
	p.stage, p.open = stageOf(m[1]), false
	return true
}

func (p *paste) circumstances(l string) {
	if m := saidBy().FindStringSubmatch(l); m != nil {
		for _, name := range m[1:] {
			if name != "" {
				p.host = name
			}
		}
	}
	if m := afterCommand().FindStringSubmatch(l); m != nil {
		p.stage = stageOf(m[1])
	}
}

// field reads a field of a delivery status notification (RFC 3464 section 2.3).
func (p *paste) field(name, value string) {
	p.open = false
	p.bounce = p.bounce || name == "diagnostic-code" || name == "remote-mta" || name == "status"
	switch name {
	case "remote-mta":
		_, host, ok := strings.Cut(value, ";")
		if host = strings.TrimSpace(host); ok && host != "" {
			p.host, _, _ = strings.Cut(host, " ")
		}
	case "status":
		if m := onlyEnhanced().FindStringSubmatch(value); m != nil {
			p.status = m[1]
		}
	case "diagnostic-code":
		p.reply(strings.TrimLeft(diagnosticIs().ReplaceAllString(value, ""), " '\""))
		if !p.open { // the reply begins in the next line, or has no code
			p.add(0, diagnosticIs().ReplaceAllString(value, ""), false)
		}
		p.found[len(p.found)-1].diagnostic = true
	}
}

// reply reads a line that may hold a reply, or go on with the last one.
func (p *paste) reply(l string) {
	if p.quotes() {
		p.goOn(l)
		return
	}
	if m := replyStart().FindStringSubmatch(l); m != nil {
		code, _ := strconv.Atoi(m[1])
		p.take(code, m[3], m[2] == "-")
		return
	}
	for _, form := range []*regexp.Regexp{replyMarked(), replyWithin()} {
		if m := form.FindStringSubmatch(l); m != nil && !p.goesOn(l) {
			code, _ := strconv.Atoi(m[1])
			p.take(code, m[3], m[2] == "-")
			return
		}
	}
	switch m := onlyEnhanced().FindStringSubmatch(l); {
	case p.open:
		p.goOn(l)
	case m != nil:
		p.add(0, strings.TrimPrefix(l, "#"), false)
	}
}

// quotes says that the last line ended right before a reply that it quotes.
func (p *paste) quotes() bool {
	if !p.open || len(p.found) == 0 {
		return false
	}
	last := p.found[len(p.found)-1]
	text := strings.TrimRight(last.lines[len(last.lines)-1], " '\"")
	return last.code/100 >= 4 && (strings.HasSuffix(text, "->") || strings.HasSuffix(text, "said:"))
}

// goOn adds a line that goes on with the one before.
func (p *paste) goOn(l string) {
	last := &p.found[len(p.found)-1]
	if text := &last.lines[len(last.lines)-1]; len(*text) < maxText {
		*text += " " + l
	}
}

// goesOn says that a line with a reply inside it belongs to the reply before:
// that one quotes it.
func (p *paste) goesOn(string) bool { return p.open && p.found[len(p.found)-1].code/100 >= 4 }

// take adds a line of a reply.
func (p *paste) take(code int, text string, more bool) {
	if n := len(p.found); n > 0 && p.open && (p.found[n-1].more && p.found[n-1].code == code || p.found[n-1].code == 0 && p.found[n-1].empty()) {
		last := &p.found[n-1]
		last.code, last.more = code, more
		last.lines = append(last.lines, text)
		return
	}
	p.add(code, text, more)
}

func (f pasted) empty() bool { return strings.TrimSpace(strings.Join(f.lines, "")) == "" }

func (p *paste) add(code int, text string, more bool) {
	const most = 200
	p.open = len(p.found) < most
	if !p.open {
		return
	}
	switch {
	case code == 220 && p.banner == "" && len(p.found) == 0:
		p.banner = text
	case code == 250 && p.hello == "" && (p.stage == "ehlo" || helloLine().MatchString(text)):
		p.hello = text
	}
	stage := p.stage
	if stage == "" && p.banner != "" {
		stage = "connect"
	}
	p.found = append(p.found, pasted{code: code, lines: []string{text}, more: more, host: p.host, stage: stage})
}

// refusal chooses the reply that matters.
func (p *paste) refusal() (Refusal, bool) {
	best, rank := -1, 0
	for i, f := range p.found {
		if r := f.rank(); r > rank {
			best, rank = i, r
		}
	}
	if best < 0 && p.status == "" {
		return Refusal{}, false
	}
	in := Refusal{Host: p.host, Banner: p.banner, Hello: p.hello}
	if best < 0 {
		in.Reply.Enhanced, in.Stage = p.status, "bounce"
		return in, true
	}
	f := p.found[best]
	if f.host != "" {
		in.Host = f.host
	}
	in.Stage = f.stage
	in.Reply, in.Stage = f.read(in.Stage)
	if in.Stage == "" && p.bounce {
		in.Stage = "bounce"
	}
	if in.Reply.Code == 0 && in.Reply.Enhanced == "" {
		in.Reply.Enhanced = p.status
	}
	return in, in.Reply.Code != 0 || in.Reply.Enhanced != ""
}

// rank orders replies by how much they tell; of equal ones the first counts,
// because those behind it follow from it.
func (f pasted) rank() int {
	refused := f.code/100 >= 4 || f.code == 0
	switch {
	case f.diagnostic && !f.empty():
		return 4
	case refused && f.stage != "ehlo":
		return 3
	case refused:
		return 2
	}
	return 1
}

// read makes a reply of what was pasted.
func (f pasted) read(stage string) (smtp.Reply, string) {
	r := smtp.Reply{Code: f.code}
	text := strings.Join(f.lines, "\n")
	if m := inReplyTo().FindStringSubmatch(strings.Join(strings.Fields(text), " ")); m != nil {
		stage = stageOf(m[1])
	}
	for l := range strings.SplitSeq(text, "\n") {
		l = strings.Join(strings.Fields(l), " ")
		l = inReplyTo().ReplaceAllString(l, "")
		l = strings.TrimRight(l, " '\"`")
		code, rest := enhancedOf(strings.TrimLeft(strings.TrimSpace(l), "#"))
		if r.Enhanced == "" {
			r.Enhanced = code
		}
		if code != "" {
			l = rest
		}
		r.Lines = append(r.Lines, f.repeated(l, r.Enhanced))
	}
	return r, stage
}

// repeated removes the codes that stand before every line, where the lines of a
// reply were joined.
func (f pasted) repeated(l, enhanced string) string {
	if f.code == 0 || enhanced == "" {
		return l
	}
	code := strconv.Itoa(f.code)
	return strings.NewReplacer(code+"-"+enhanced+" ", "", code+" "+enhanced+" ", "").Replace(l)
}

var (
	lastQuote  = pattern.Lazy(`(?i)(?:->|\bsaid:)`)
	quotedCode = pattern.Lazy(`^[\s'"(\[<]*#?(?:smtp;\s*)?([245]\d\d)[ -]+(.*)$`)
)

// quotedIn is the innermost reply that a reply quotes: the one behind the last
// arrow or "said:".
func quotedIn(in Refusal) (Refusal, bool) {
	text := strings.Join(in.Reply.Lines, " ")
	text = text[:min(len(text), maxText)]
	at := lastQuote().FindAllStringIndex(text, -1)
	for i := len(at) - 1; i >= 0; i-- {
		m := quotedCode().FindStringSubmatch(text[at[i][1]:])
		if m == nil {
			continue
		}
		code, _ := strconv.Atoi(m[1])
		f := pasted{code: code, lines: []string{m[2]}}
		out := Refusal{Stage: "bounce", Network: in.Network}
		out.Reply, out.Stage = f.read(out.Stage)
		if named := saidBy().FindAllStringSubmatch(text[:at[i][1]], -1); named != nil {
			last := named[len(named)-1]
			out.Host = last[1] + last[2] + last[3]
		}
		return out, true
	}
	return Refusal{}, false
}
