// Package smtp speaks to mail servers and keeps every line. It describes what
// happened and does not judge it.
package smtp

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Reply is an answer of a server (RFC 5321 section 4.2).
type Reply struct {
	Code     int    // 0: none came
	Enhanced string // enhanced status code (RFC 3463); "" when there is none
	Lines    []string
}

// Text is the reply's text on one line, without codes.
func (r Reply) Text() string { return strings.Join(r.Lines, " ") }

func (r Reply) String() string {
	if r.Code == 0 {
		return "no reply"
	}
	words := strconv.Itoa(r.Code)
	for _, w := range []string{r.Enhanced, r.Text()} {
		if w != "" {
			words += " " + w
		}
	}
	return words
}

var (
	errNotReply  = errors.New("not an SMTP reply")
	errTwoCodes  = errors.New("the lines of one reply have different codes")
	errTooLong   = errors.New("the reply does not end")
	enhancedCode = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)`)
	})
)

// Limits of what is read: RFC 5321 section 4.5.3.1.5 allows lines of 512
// octets; servers exceed it, and hostile ones have no end.
const (
	maxLine  = 4096
	maxLines = 128
)

// ParseLine reads one line of a reply, without its line break. more says that
// the reply goes on.
func ParseLine(line string) (code int, text string, more bool, err error) {
	if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" || line[0] < '2' || line[0] > '5' {
		return 0, "", false, errNotReply
	}
	code, _ = strconv.Atoi(line[:3])
	switch {
	case len(line) == 3: // allowed, though not to be sent
		return code, "", false, nil
	case line[3] == ' ':
		return code, line[4:], false, nil
	case line[3] == '-':
		return code, line[4:], true, nil
	}
	return 0, "", false, errNotReply
}

// add appends a parsed line to r.
func (r *Reply) add(code int, text string) error {
	if r.Code != 0 && code != r.Code {
		return errTwoCodes
	}
	if len(r.Lines) == maxLines {
		return errTooLong
	}
	if m := enhancedCode().FindStringSubmatch(text); m != nil && m[1][0] == byte('0'+code/100) {
		r.Enhanced = m[1]
		text = strings.TrimPrefix(text[len(m[1]):], " ")
	}
	r.Code = code
	r.Lines = append(r.Lines, text)
	return nil
}

// Extension is one line of an EHLO reply: a keyword in capitals and its
// parameters (RFC 5321 section 4.1.1.1).
type Extension struct{ Keyword, Params string }

// Extensions are what a server offers.
type Extensions []Extension

// Get returns the parameters of a keyword.
func (e Extensions) Get(keyword string) (params string, ok bool) {
	for _, x := range e {
		if x.Keyword == keyword {
			return x.Params, true
		}
	}
	return "", false
}

// Auth lists the mechanisms of AUTH in capitals (RFC 4954 section 3), those
// of the old form AUTH=LOGIN too.
func (e Extensions) Auth() []string {
	var out []string
	for _, x := range e {
		switch {
		case x.Keyword == "AUTH":
			out = append(out, strings.Fields(strings.ToUpper(x.Params))...)
		case strings.HasPrefix(x.Keyword, "AUTH="):
			out = append(out, strings.Fields(x.Keyword[5:]+" "+strings.ToUpper(x.Params))...)
		}
	}
	return out
}

// extensionsOf reads an EHLO reply; its first line is the greeting.
func extensionsOf(r Reply) Extensions {
	var out Extensions
	for _, l := range r.Lines[min(1, len(r.Lines)):] {
		keyword, params, _ := strings.Cut(strings.TrimSpace(l), " ")
		if keyword != "" {
			out = append(out, Extension{strings.ToUpper(keyword), strings.TrimSpace(params)})
		}
	}
	return out
}
