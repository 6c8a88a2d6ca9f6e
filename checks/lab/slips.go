package lab

import (
	"strings"

	"clockwise.info/cwmail/checks/finding"
)

// Slip is a mistake that people make when they type a record into a DNS panel.
type Slip struct {
	ID    string // "": typed right
	Title string

	entry func(rec finding.Record, zone string) []Typed
}

// Typed is a record as it came into a panel.
type Typed struct {
	Name, Type, Value string

	// Beside leaves the old record where it is.
	Beside bool
	// FirstOnly is stored by the first name server only.
	FirstOnly bool
}

// right is the slip of who makes none.
var right = Slip{ID: "", Title: "typed right", entry: func(rec finding.Record, _ string) []Typed { return []Typed{asWritten(rec)} }}

// Slips lists the slips; the first one is none.
func Slips() []Slip {
	return []Slip{
		right,
		{"name-doubled", "the name has the domain twice", renamed(func(name, zone string) string { return name + "." + zone })},
		{"name-lost", "the name stops before the domain: the record stands at the domain itself", renamed(func(_, zone string) string { return zone })},
		{"underscore-lost", "the underscores are left out", typeWithoutUnderscores},
		{"www", "the record stands at www", typeAtWWW},
		{"wrong-type", "the type is another one than TXT", typeAsOtherType},
		{"quotes-kept", "the quotation marks became part of the value", revalued(func(v string) string { return `"` + v + `"` })},
		{"smart-quotes", "the value came out of a letter, with curly quotation marks", revalued(func(v string) string { return "\u201c" + v + "\u201d" })},
		{"cut-255", "the panel cut the value off after 255 characters", revalued(func(v string) string { return v[:min(len(v), 255)] })},
		{"cut-short", "the end of the value was not copied", revalued(func(v string) string { return v[:len(v)*2/3] })},
		{"spaces-inside", "a space came into the value", revalued(spaceInside)},
		{"semicolons-escaped", "a backslash stands before each semicolon", revalued(func(v string) string { return strings.ReplaceAll(v, ";", `\;`) })},
		{"second-record", "the record was added beside the old one", typeBeside},
		{"wrong-record", "the new value was put behind the old one", typeBehindOld},
		{"other-key", "the key is that of somebody else", revalued(otherKey)},
		{"only-one-server", "one name server never hears of it", typeAtFirst},
		{"nothing", "nobody pressed Save", func(finding.Record, string) []Typed { return nil }},
	}
}

// SlipOf finds a slip by its ID.
func SlipOf(id string) (Slip, bool) {
	for _, s := range Slips() {
		if s.ID == id {
			return s, true
		}
	}
	return Slip{}, false
}

// Type is what stands in the panel once a record was typed, in a zone. A slip
// that cannot happen to the record types it right.
func (s Slip) Type(rec finding.Record, zone string) []Typed {
	if s.entry == nil {
		return right.entry(rec, zone)
	}
	return s.entry(rec, zone)
}

// Spoils says whether the slip makes a difference to a record.
func (s Slip) Spoils(rec finding.Record, zone string) bool {
	typed := s.Type(rec, zone)
	return len(typed) != 1 || typed[0] != asWritten(rec)
}

func asWritten(rec finding.Record) Typed {
	return Typed{Name: rec.Name, Type: rec.Type, Value: rec.Value}
}

func isSPF(rec finding.Record) bool {
	return strings.HasPrefix(strings.ToLower(rec.Value), "v=spf1")
}

// renamed types a record at another name.
func renamed(name func(name, zone string) string) func(finding.Record, string) []Typed {
	return func(rec finding.Record, zone string) []Typed {
		t := asWritten(rec)
		t.Name = name(rec.Name, zone)
		return []Typed{t}
	}
}

// revalued types another value.
func revalued(value func(string) string) func(finding.Record, string) []Typed {
	return func(rec finding.Record, _ string) []Typed {
		t := asWritten(rec)
		t.Value = value(rec.Value)
		return []Typed{t}
	}
}

func typeWithoutUnderscores(rec finding.Record, _ string) []Typed {
	t := asWritten(rec)
	t.Name = strings.ReplaceAll(t.Name, "_", "")
	if isSPF(rec) {
		t.Value = strings.ReplaceAll(t.Value, "_", "")
	}
	return []Typed{t}
}

// typeAtWWW puts the record of a domain at its web address, and a key below it.
func typeAtWWW(rec finding.Record, zone string) []Typed {
	t := asWritten(rec)
	host := strings.TrimSuffix(strings.TrimSuffix(rec.Name, zone), ".")
	if host != "" {
		host += "."
	}
	t.Name = host + "www." + zone
	return []Typed{t}
}

func typeAsOtherType(rec finding.Record, _ string) []Typed {
	t := asWritten(rec)
	if t.Type == "TXT" {
		t.Type = "SPF"
	}
	return []Typed{t}
}

// spaceInside puts a space where the line of a letter ended.
func spaceInside(v string) string {
	if before, after, ok := strings.Cut(v, "include:_spf."); ok {
		return before + "include: _spf." + after
	}
	if before, key, ok := strings.Cut(v, "p="); ok && len(key) > 64 {
		return before + "p=" + key[:64] + " " + key[64:]
	}
	return v
}

// typeBeside adds the record and leaves the old one. A key that is too long for
// one line becomes two records.
func typeBeside(rec finding.Record, _ string) []Typed {
	t := asWritten(rec)
	t.Beside = true
	switch {
	case rec.Replaces != nil:
		return []Typed{t}
	case isSPF(rec):
		example := t
		example.Value = "v=spf1 a mx ~all" // as the panel proposes
		return []Typed{t, example}
	case len(t.Value) > 255:
		first, second := t, t
		first.Value, second.Value = t.Value[:255], t.Value[255:]
		return []Typed{first, second}
	}
	return []Typed{asWritten(rec)}
}

func typeBehindOld(rec finding.Record, _ string) []Typed {
	t := asWritten(rec)
	if rec.Replaces != nil {
		t.Value = *rec.Replaces + " " + t.Value
	} else {
		t.Value += " " + t.Value
	}
	return []Typed{t}
}

func otherKey(v string) string {
	if before, key, ok := strings.Cut(v, "p="); ok && len(key) > 64 {
		return before + "p=" + museumKey
	}
	return v
}

func typeAtFirst(rec finding.Record, _ string) []Typed {
	t := asWritten(rec)
	t.FirstOnly = true
	return []Typed{t}
}
