package received

import (
	"bytes"
	"net/mail"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/pattern"
)

// maxLine is the longest line of a message (RFC 5322 section 2.1.1).
const maxLine = 998

var nameDomain = pattern.Lazy(`(?i)[a-z0-9._%+-]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)`)

// judgeForm judges whether the message is built as RFC 5322 has it.
func (j *judge) judgeForm() {
	m := j.Message
	if date := m.first("Date"); date == "" {
		j.raise(dateRule, "Date", "", "", "is missing")
	} else if at, err := mail.ParseDate(date[:min(len(date), 200)]); err != nil {
		j.raise(dateRule, "Date", "", date, "cannot be read")
	} else if len(j.v.Hops) > 0 && !j.v.Hops[0].At.IsZero() && j.v.Hops[0].At.Sub(at).Abs() > 24*time.Hour {
		j.raise(dateRule, "Date", "", date, "is more than a day away from when the mail arrived")
	}
	id := m.first("Message-ID")
	left, right, ok := strings.Cut(strings.Trim(id, "<>"), "@")
	switch {
	case id == "":
		j.raise(messageIDRule, "Message-ID", "", "", "is missing")
	case !ok || left == "" || right == "" || !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, ">"):
		j.raise(messageIDRule, "Message-ID", "", id, "is not of the form <text@domain>")
	case strings.HasSuffix(strings.ToLower(right), ".local") || strings.EqualFold(right, "localhost"):
		j.raise(messageIDRule, "Message-ID", "", id, "names a host of a local network")
	}
	if len(j.from) > 1 && len(m.Values("Sender")) == 0 {
		j.raise(senderRule, "From", "", m.first("From"))
	}
	if len(j.from) == 1 {
		if other := nameDomain().FindStringSubmatch(shortened(j.from[0].name)); other != nil &&
			dmarc.PSLOrgDomain(ascii(strings.ToLower(other[1]))) != dmarc.PSLOrgDomain(j.from0()) {
			j.raise(displayNameRule, "From", "", m.first("From"), other[0], j.from0())
		}
	}
	for line := range bytes.SplitSeq(m.Body, []byte("\n")) {
		if len(line) > maxLine+1 {
			j.raise(lineRule, "", "", "")
			break
		}
	}
	lf, cr, both := bytes.Count(m.Body, []byte("\n")), bytes.Count(m.Body, []byte("\r")), bytes.Count(m.Body, []byte("\r\n"))
	if lf != both || cr != both || bytes.IndexByte(m.Body, 0) >= 0 {
		j.raise(newlineRule, "", "", "")
	}
}
