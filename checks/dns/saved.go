package dns

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// Saved is the JSON form of an Answer. Octets that are not printable UTF-8
// stand as \DDD in names and texts, a backslash as \\ (RFC 1035 section 5.1).
type Saved struct {
	Name    string        `json:"name"`
	Type    string        `json:"type"`
	Status  string        `json:"status"` // found, empty, no-name, failed
	Records []SavedRecord `json:"records,omitempty"`
	Chain   []string      `json:"chain,omitempty"`
	Error   *SavedError   `json:"error,omitempty"`
	Rcode   string        `json:"rcode,omitempty"`
	Server  string        `json:"server,omitempty"`
	At      time.Time     `json:"at,omitzero"`
	Took    float64       `json:"took_ms,omitempty"`
	TTL     int64         `json:"ttl,omitempty"`
	Zone    string        `json:"zone,omitempty"`
	Size    int           `json:"size,omitempty"`
	EDE     []string      `json:"ede,omitempty"`
	Flags   []string      `json:"flags,omitempty"` // tcp, ad, aa, direct, public, cd, do, plain, cached

	Delegation []string  `json:"delegation,omitempty"`
	Signed     time.Time `json:"signed,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
}

// SavedRecord is the JSON form of a Record.
type SavedRecord struct {
	Name    string     `json:"name,omitempty"` // where it differs from the question
	Type    string     `json:"type,omitempty"` // likewise
	TTL     int64      `json:"ttl"`
	Strings []string   `json:"strings,omitempty"`
	Addr    netip.Addr `json:"addr,omitzero"`
	Host    *string    `json:"host,omitempty"`
	Pref    uint16     `json:"pref,omitempty"`
	SOA     *SavedSOA  `json:"soa,omitempty"`
	Data    string     `json:"data,omitempty"`
}

// SavedSOA is the JSON form of a SOA.
type SavedSOA struct {
	Server  string `json:"server"`
	Mailbox string `json:"mailbox"`
	Serial  uint32 `json:"serial"`
	Minimum int64  `json:"minimum"`
}

// SavedError is the JSON form of an Error.
type SavedError struct {
	Kind     string  `json:"kind"`
	Server   string  `json:"server,omitempty"`
	After    float64 `json:"after_ms,omitempty"`
	Attempts int     `json:"attempts,omitempty"`
	TCP      bool    `json:"tcp,omitempty"`
	Detail   string  `json:"detail,omitempty"`
}

var statusNames = [...]string{"failed", "found", "empty", "no-name"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", s)
}

// flags are the booleans of an Answer by name.
func (a *Answer) flags() []struct {
	name string
	on   *bool
} {
	return []struct {
		name string
		on   *bool
	}{{"tcp", &a.TCP}, {"ad", &a.AD}, {"aa", &a.AA}, {"direct", &a.Direct}, {"public", &a.Public}, {"cd", &a.CD}, {"do", &a.DO}, {"plain", &a.Plain}, {"cached", &a.Cached}}
}

// Save makes the JSON form.
func Save(a Answer) Saved {
	s := Saved{
		Name: escape(a.Question.Name), Type: a.Question.Type.String(), Status: a.Status.String(),
		Chain: escapeAll(a.Chain), Rcode: a.Rcode, Server: a.Server, At: a.At, Took: milliseconds(a.Took),
		TTL: int64(a.TTL / time.Second), Zone: escape(a.Zone), Size: a.Size, EDE: escapeAll(a.EDE),
		Delegation: escapeAll(a.Delegation), Signed: a.Signed, Expires: a.Expires,
	}
	for _, f := range a.flags() {
		if *f.on {
			s.Flags = append(s.Flags, f.name)
		}
	}
	for _, r := range a.Records {
		s.Records = append(s.Records, saveRecord(r, a.Question))
	}
	if a.Status == Failed {
		var e *Error
		if !errors.As(a.Err, &e) {
			e = &Error{Detail: a.Reason()}
		}
		s.Error = &SavedError{e.Kind.String(), e.Server, milliseconds(e.After), e.Attempts, e.TCP, escape(e.Detail)}
	}
	return s
}

func saveRecord(r Record, q Question) SavedRecord {
	s := SavedRecord{
		TTL: int64(r.TTL / time.Second), Strings: escapeAll(r.Strings), Addr: r.Addr, Pref: r.Pref, Data: escape(r.Data),
	}
	if r.Name != q.Name {
		s.Name = escape(r.Name)
	}
	if r.Type != q.Type {
		s.Type = r.Type.String()
	}
	switch r.Type {
	case TypeMX, TypeNS, TypeCNAME, TypePTR:
		h := escape(r.Host)
		s.Host = &h
	}
	if r.SOA != nil {
		s.SOA = &SavedSOA{escape(r.SOA.Server), escape(r.SOA.Mailbox), r.SOA.Serial, int64(r.SOA.Minimum / time.Second)}
	}
	return s
}

// Answer makes the Answer of the JSON form.
func (s Saved) Answer() (Answer, error) {
	typ, err := parseTypeName(s.Type)
	if err != nil {
		return Answer{}, err
	}
	status := slices.Index(statusNames[:], s.Status)
	if status < 0 {
		return Answer{}, fmt.Errorf("dns: status %q is not known", s.Status)
	}
	a := Answer{
		Question: Ask(unescape(s.Name), typ), Status: Status(status), Chain: unescapeAll(s.Chain),
		Rcode: s.Rcode, Server: s.Server, At: s.At, Took: duration(s.Took), TTL: seconds(s.TTL),
		Zone: unescape(s.Zone), Size: s.Size, EDE: unescapeAll(s.EDE),
		Delegation: unescapeAll(s.Delegation), Signed: s.Signed, Expires: s.Expires,
	}
	for _, f := range a.flags() {
		*f.on = slices.Contains(s.Flags, f.name)
	}
	for _, r := range s.Records {
		rec, err := r.record(a.Question)
		if err != nil {
			return Answer{}, err
		}
		a.Records = append(a.Records, rec)
	}
	if a.Status == Failed {
		a.Err = s.err(a.EDE)
	}
	return a, nil
}

func (s Saved) err(ede []string) *Error {
	if s.Error == nil {
		return &Error{Server: s.Server, EDE: ede}
	}
	e := s.Error
	kind := max(0, slices.Index(kindNames[:], e.Kind))
	return &Error{Kind(kind), e.Server, duration(e.After), e.Attempts, e.TCP, unescape(e.Detail), ede}
}

func (s SavedRecord) record(q Question) (Record, error) {
	r := Record{
		Name: q.Name, Type: q.Type, TTL: seconds(s.TTL), Strings: unescapeAll(s.Strings), Addr: s.Addr,
		Pref: s.Pref, Data: unescape(s.Data),
	}
	if s.Name != "" {
		r.Name = unescape(s.Name)
	}
	if s.Type != "" {
		t, err := parseTypeName(s.Type)
		if err != nil {
			return r, err
		}
		r.Type = t
	}
	if s.Host != nil {
		r.Host = unescape(*s.Host)
	}
	if s.SOA != nil {
		r.SOA = &SOA{unescape(s.SOA.Server), unescape(s.SOA.Mailbox), s.SOA.Serial, seconds(s.SOA.Minimum)}
	}
	ok := true
	switch r.Type {
	case TypeA:
		ok = r.Addr.Is4()
	case TypeAAAA:
		ok = r.Addr.Is6() && r.Addr.Zone() == ""
	case TypeSOA:
		ok = r.SOA != nil
	}
	if !ok {
		return r, fmt.Errorf("dns: a saved %s record without its data", r.Type)
	}
	return r, nil
}

func parseTypeName(s string) (Type, error) {
	if t, ok := ParseType(s); ok {
		return t, nil
	}
	var n uint16
	if _, err := fmt.Sscanf(s, "TYPE%d", &n); err != nil {
		return 0, fmt.Errorf("dns: type %q is not known", s)
	}
	return Type(n), nil
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// The limits keep a file from overflowing a Duration.
func duration(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), 1e9)*1000) * time.Microsecond
}

func seconds(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<31-1)) * time.Second }

// MarshalJSON writes the form of Saved.
func (a Answer) MarshalJSON() ([]byte, error) { return json.Marshal(Save(a)) }

// UnmarshalJSON reads the form of Saved.
func (a *Answer) UnmarshalJSON(b []byte) error {
	var s Saved
	err := json.Unmarshal(b, &s)
	if err == nil {
		*a, err = s.Answer()
	}
	return err
}

// WriteAnswers writes answers as a JSON array, one a line.
func WriteAnswers(w io.Writer, answers []Answer) error {
	sep := "[\n"
	for _, a := range answers {
		b, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", sep, b); err != nil {
			return err
		}
		sep = ",\n"
	}
	if len(answers) == 0 {
		_, err := io.WriteString(w, "[]\n")
		return err
	}
	_, err := io.WriteString(w, "\n]\n")
	return err
}

// ReadAnswers reads what WriteAnswers wrote.
func ReadAnswers(r io.Reader) ([]Answer, error) {
	d := json.NewDecoder(r)
	var out []Answer
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("dns: the saved answers cannot be read: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("dns: the saved answers cannot be read: more text follows them")
	}
	return out, nil
}

// escape writes what is not printable UTF-8 as \DDD.
func escape(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] >= ' ' && s[i] < 0x7f && s[i] != '\\'
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError || !unicode.IsPrint(r):
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b []byte
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b = append(b, s[i])
			i++
			continue
		}
		o, n := wire.Unescape(s[i:])
		b = append(b, o)
		i += n
	}
	return string(b)
}

func escapeAll(list []string) []string { return mapAll(list, escape) }

func unescapeAll(list []string) []string { return mapAll(list, unescape) }

func mapAll(list []string, f func(string) string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}
