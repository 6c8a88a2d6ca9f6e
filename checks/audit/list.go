// Package audit examines long lists of domains: it reads the list, spreads it
// over machines, examines many domains at once, and writes a report a line so
// that a run that was cut short can go on. Its memory does not grow with the
// list.
package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/transports"
)

// Entry is what one line of a list asks for.
type Entry struct {
	Line     int    // in the list, from 1
	Domain   string // A-labels, lower case
	Selector string // of DKIM; "" for none
	// Transport is the type of a transport or the name of a configured one; ""
	// for the ClockWise server.
	Transport string
}

// String is the entry as a line of a list.
func (e Entry) String() string {
	switch {
	case e.Transport != "":
		return e.Domain + "," + e.Selector + "," + e.Transport
	case e.Selector != "":
		return e.Domain + "," + e.Selector
	}
	return e.Domain
}

// Bad is a line that names no domain. The list can be read on behind it.
type Bad struct {
	Line int
	Text string // its beginning
	Why  string
}

func (b *Bad) Error() string { return fmt.Sprintf("line %d: %q: %s", b.Line, b.Text, b.Why) }

// beginning is as much of a text as people need to find it.
func beginning(text string) string {
	const most = 100
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// maxLine is the longest line of a list, in octets.
const maxLine = 1 << 20

// List reads entries: a domain a line, or "domain,selector,transport" with a
// comma, a semicolon or a tab between them, or objects of JSON with these
// fields. A first line that names the columns may put them in another order.
// Empty lines and lines that begin with # are passed over.
type List struct {
	lines   *bufio.Scanner
	at      int
	columns []string
	started bool
}

// NewList makes a List that reads from r.
func NewList(r io.Reader) *List {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	return &List{lines: s, columns: []string{"domain", "selector", "transport"}}
}

// Next returns the next entry, io.EOF behind the last one, a *Bad for a line
// that cannot be used, or what went wrong in reading.
func (l *List) Next() (Entry, error) {
	for l.lines.Scan() {
		l.at++
		text := strings.TrimSpace(strings.TrimPrefix(l.lines.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		first := !l.started
		l.started = true
		if first && l.header(text) {
			continue
		}
		e, err := l.parse(text)
		if err != nil {
			return Entry{}, &Bad{Line: l.at, Text: beginning(text), Why: err.Error()}
		}
		e.Line = l.at
		return e, nil
	}
	if err := l.lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return Entry{}, fmt.Errorf("audit: line %d is longer than %d octets", l.at+1, maxLine)
	} else if err != nil {
		return Entry{}, err
	}
	return Entry{}, io.EOF
}

// header takes the names of the columns from a first line that has them.
func (l *List) header(text string) bool {
	fields, err := split(text)
	if err != nil {
		return false
	}
	for i := range fields {
		fields[i] = strings.ToLower(strings.TrimSpace(fields[i]))
	}
	if !slices.Contains(fields, "domain") {
		return false
	}
	l.columns = fields
	return true
}

func (l *List) parse(text string) (Entry, error) {
	var e Entry
	var err error
	if strings.HasPrefix(text, "{") {
		e, err = parseObject(text)
	} else {
		e, err = l.parseFields(text)
	}
	if err != nil {
		return e, err
	}
	if e.Domain == "" {
		return e, errors.New("it names no domain")
	}
	domain, err := transports.ParseDomain(e.Domain)
	switch {
	case errors.Is(err, transports.ErrAddress):
		return e, errors.New("it is an IP address, not a domain")
	case err != nil:
		return e, errors.New("it is no domain")
	}
	e.Domain = domain
	e.Selector, e.Transport = strings.TrimSpace(e.Selector), strings.TrimSpace(e.Transport)
	return e, nil
}

func parseObject(text string) (Entry, error) {
	var in struct {
		Domain, Selector, Transport string
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return Entry{}, errors.New("it is no object of JSON with the texts domain, selector and transport")
	}
	return Entry{Domain: in.Domain, Selector: in.Selector, Transport: in.Transport}, nil
}

func (l *List) parseFields(text string) (Entry, error) {
	fields, err := split(text)
	if err != nil {
		return Entry{}, errors.New("its quotation marks do not match")
	}
	var e Entry
	for i, f := range fields {
		if i >= len(l.columns) {
			return e, fmt.Errorf("it has %d columns, and %d are known", len(fields), len(l.columns))
		}
		switch l.columns[i] {
		case "domain":
			e.Domain = f
		case "selector":
			e.Selector = f
		case "transport":
			e.Transport = f
		}
	}
	return e, nil
}

// split cuts a line at the separator that it uses.
func split(text string) ([]string, error) {
	at := strings.IndexAny(text, ",;\t")
	if at < 0 {
		return []string{text}, nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = rune(text[at])
	r.TrimLeadingSpace = r.Comma != '\t'
	return r.Read()
}

// Shard is a part of a list: part Index of Count.
type Shard struct{ Index, Count int }

// ParseShard reads I/N. Parts count from 0 to N-1; those who count from 1 to N
// get the same parts, as N/N is 0/N.
func ParseShard(s string) (Shard, error) {
	var sh Shard
	if n, err := fmt.Sscanf(s, "%d/%d", &sh.Index, &sh.Count); n != 2 || err != nil || fmt.Sprintf("%d/%d", sh.Index, sh.Count) != s {
		return sh, errors.New("it is not of the form I/N, e.g. 0/4")
	}
	if sh.Count < 1 || sh.Index < 0 || sh.Index > sh.Count {
		return sh, errors.New("part I lies between 0 and N, and N is 1 or more")
	}
	sh.Index %= sh.Count
	return sh, nil
}

// Holds says whether an entry belongs to the part. It depends on the domain
// alone, so that machines need not agree on anything, and all lines of a domain
// share a cache.
func (s Shard) Holds(e Entry) bool {
	if s.Count <= 1 {
		return true
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, e.Domain)
	return h.Sum64()%uint64(s.Count) == uint64(s.Index)
}

// Target is what the entry asks to examine. named finds a configured transport
// by its name; nil when there is none.
func (e Entry) Target(named func(string) *transports.Transport) (checks.Target, error) {
	typ := transports.Type(strings.ToLower(e.Transport))
	switch {
	case e.Transport == "" && e.Selector == "":
		return checks.Target{Domain: e.Domain}, nil
	case e.Transport == "", typ == transports.ClockWise, typ == transports.NoReply:
		t := transports.Transport{Name: e.Domain, Type: transports.ClockWise, Match: transports.Match{Domain: e.Domain}}
		if e.Transport != "" {
			t.Type = typ
		}
		t.DKIM = transports.DKIM{Enabled: e.Selector != "", Selector: e.Selector}
		if t.Type == transports.NoReply {
			t.DKIM = transports.DKIM{}
		}
		return checks.Target{Transport: &t}, nil
	}
	configured := named(e.Transport)
	if configured == nil {
		return checks.Target{}, &Bad{Line: e.Line, Text: beginning(e.Transport), Why: "it is neither clockwise, noreply nor the name of a configured transport"}
	}
	t := *configured
	if domain := transports.DomainOf(t.From); domain != e.Domain {
		t.From = "" // of another domain: postmaster@ this one
	}
	t.Match.Domain = e.Domain
	if e.Selector != "" {
		t.DKIM = transports.DKIM{Enabled: true, Selector: e.Selector}
	}
	return checks.Target{Transport: &t}, nil
}
