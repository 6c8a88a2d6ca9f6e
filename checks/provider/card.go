package provider

import (
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Card says how a record is entered where the DNS of its zone runs. Texts may
// hold names and values from the network, raw.
type Card struct {
	Provider string // who runs the DNS, in a sentence; "" where that is not known
	Name     string // of the provider; "" where nothing about its panel may be said
	Entry    Certainty

	Where string // where in the panel, in a sentence; may be empty
	First string // what to do before, in a sentence; may be empty

	Host, Type, Priority, Value, TTL Field // Priority has no label where there is none

	Warnings []string // what goes wrong easily
	Misfits  []string // why the panel will not take the value
	Notes    []string // what is good to know at this provider
	Generic  []string // what holds at all panels: stands in for what is not known of this one
	After    []string // how to see whether it was entered well
	AnyHost  bool     // Host is what is right at most panels, not what this one is known to want
}

// Field is a field of a panel: what it is called, what is typed into it, and a
// remark on that. An empty Text with a remark is left empty.
type Field struct{ Label, Text, Note string }

// Entry makes the card of a record in a zone. zone "" means that it is not
// known where the zone begins.
func Entry(d Detection, rec finding.Record, zone string) Card {
	m := maker{rec: rec, zone: dns.Ask(zone, 0).Name, name: dns.Ask(rec.Name, 0).Name}
	if m.zone == "" || !dns.Within(m.name, m.zone) {
		m.zone, d = "", Detection{}
	}
	if d.ownServers(m.zone) {
		d = Detection{}
	}
	if rec.Remove && rec.Replaces != nil {
		m.rec.Value = *rec.Replaces
	}
	m.who(d)
	m.fields()
	m.warnings()
	m.after()
	if m.card.Entry != Confirmed || m.card.AnyHost {
		m.card.Generic = m.generic()
	}
	return m.card
}

// maker makes one card.
type maker struct {
	rec   finding.Record
	name  string
	zone  string
	row   panel
	known bool // the row of one provider is shown
	card  Card
}

// who says who runs the DNS, and whether anything of its panel may be shown.
func (m *maker) who(d Detection) {
	m.card.Entry = Unsure
	p := d.one()
	switch {
	case !d.Known():
	case p == nil:
		m.card.Provider = finding.Fill(words.several, m.zone, d.Name())
	case p.Wholesale:
		m.card.Provider = finding.Fill(words.wholesale, m.zone, p.Name)
		if strings.HasSuffix(m.zone, ".nl") && strings.Count(m.zone, ".") == 1 {
			m.card.Provider += " " + finding.Fill(words.rdap, m.zone)
		}
	case p.Entry == Unsure || p.Servers != Confirmed:
		m.card.Provider = finding.Fill(words.seemsAt, m.zone, p.Name)
	default:
		m.card.Provider = finding.Fill(words.runsAt, m.zone, p.Name)
	}
	if p == nil || p.Wholesale || p.Entry == Unsure {
		return
	}
	m.known, m.row = true, p.panel
	m.card.Name, m.card.Entry = p.Name, p.Entry
	m.card.First = m.row.first
	if where, ok := m.row.where.known(); ok && (m.text() || !m.row.txtOnly) {
		m.card.Where = finding.Fill(words.lookFor, where)
	}
}

func (m *maker) text() bool { return m.rec.Type == "TXT" }

func (m *maker) spf() bool {
	return m.text() && (strings.EqualFold(m.rec.Value, "v=spf1") || strings.HasPrefix(strings.ToLower(m.rec.Value), "v=spf1 "))
}

func (m *maker) fields() {
	c := &m.card
	c.Host = m.host()
	c.Type = Field{Label: words.typ, Text: m.rec.Type}
	c.TTL = Field{Label: words.ttl, Text: fmt.Sprint(Record{Record: m.rec}.ttl()), Note: words.orProposed}
	c.Value = Field{Label: words.value, Text: m.rec.Value}
	switch {
	case m.rec.Type == "MX":
		n, host := exchange(m.rec.Value)
		c.Priority = Field{Label: words.priority, Text: fmt.Sprint(n)}
		c.Value.Text = host
	case m.text():
		c.Value.Text, c.Value.Note = m.value()
	}
}

// host is what is typed for the name, relative to the zone and not to the
// mail domain.
func (m *maker) host() Field {
	f := Field{Label: words.host}
	if m.row.label != "" {
		f.Label = m.row.label
	}
	cell := m.row.sub
	if m.name == m.zone {
		cell = m.row.apex
	}
	way, ok := cell.known()
	if !m.known || !ok {
		m.card.AnyHost, way = true, anyHost
	}
	switch way {
	case at:
		f.Text = "@"
	case empty:
		f.Note = words.leaveEmpty
	case short:
		f.Text = m.relative()
	case full:
		f.Text = m.name + "."
	case anyHost:
		switch {
		case m.zone == "":
			f.Text = m.name
		case m.name == m.zone:
			f.Text, f.Note = "@", words.nameOfOwn
		default:
			f.Text, f.Note = m.relative(), finding.Fill(words.orWhole, m.name)
		}
	}
	return f
}

// relative is the name in front of the zone; "@" for the zone itself.
func (m *maker) relative() string {
	return Record{Record: finding.Record{Name: m.name}, Zone: m.zone}.relative()
}

// value is a text as the panel wants it, and how that is.
func (m *maker) value() (text, note string) {
	long := len(m.rec.Value) > maxString
	switch m.row.quotes {
	case quoted, longSplit:
		if m.row.quotes == longSplit && !long {
			break
		}
		note = words.inQuotes
		if long {
			note = words.inParts
		}
		return presentation("TXT", m.rec.Value, m.escape()), note
	case ownSplit:
		return m.rec.Value, ""
	case bare:
	}
	return m.rec.Value, words.noQuotes
}

// escape is how the panel wants an octet that cannot stand for itself: AWS
// writes it in octal.
func (m *maker) escape() string {
	if m.row.quotes == quoted {
		return octal
	}
	return decimal
}

func (m *maker) warnings() {
	if m.rec.Remove {
		return
	}
	c := &m.card
	switch {
	case m.spf() && m.rec.Replaces != nil:
		c.Warnings = append(c.Warnings, words.changeSPF)
	case m.spf():
		c.Warnings = append(c.Warnings, words.oneSPF)
	}
	if !m.text() {
		return
	}
	if size := m.size(); m.row.room.most > 0 && size > m.row.room.most {
		advice := words.shorter
		if strings.Contains(m.name, "._domainkey.") {
			advice = words.shorterKey
		}
		c.Misfits = append(c.Misfits, finding.Fill(words.tooLong, c.Name, grouped(m.row.room.most), grouped(size))+" "+advice)
	}
	for _, r := range m.row.refused {
		if r.has(m.rec.Value) {
			c.Misfits = append(c.Misfits, finding.Fill(words.refuses, c.Name, r.say))
		}
	}
	for _, n := range m.row.notes {
		if !n.spf || m.spf() {
			c.Notes = append(c.Notes, n.say)
		}
	}
}

// size is the length of the value as the limit of the panel counts it.
func (m *maker) size() int {
	if m.row.room.written {
		return len(presentation("TXT", m.rec.Value, decimal))
	}
	return len(m.rec.Value)
}

func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// generic is what holds at all panels, for this record.
func (m *maker) generic() []string {
	out := Generic(m.example())[:2]
	if !m.text() {
		return append(out, finding.Fill(words.genericOther, m.rec.Type))
	}
	out = append(out, words.genericText)
	if m.spf() {
		out = append(out, words.genericSPF)
	}
	if len(m.rec.Value) > maxString {
		out = append(out, words.genericLong)
	}
	return out
}

// example is a host to show what is meant.
func (m *maker) example() string {
	if m.zone == "" || m.name == m.zone {
		return "_dmarc"
	}
	return m.relative()
}

// Generic is what holds at all panels, for any TXT record. example is a host to
// show what is meant.
func Generic(example string) []string {
	return []string{finding.Fill(words.genericHost, example), words.genericTwice, words.genericText, words.genericSPF, words.genericLong}
}

// after says how to see whether the record was entered well.
func (m *maker) after() {
	if m.rec.Remove {
		return
	}
	c := &m.card
	c.After = append(c.After, finding.Fill(words.check, m.name))
	if m.zone != "" && m.name != m.zone {
		c.After = append(c.After, finding.Fill(words.doubled, Doubled(m.name, m.zone), m.relative()))
		if high := TooHigh(m.name, m.zone); high != "" {
			c.After = append(c.After, finding.Fill(words.tooHigh, high, m.relative()))
		}
	}
	if len(m.rec.Value) > maxString {
		c.After = append(c.After, finding.Fill(words.length, grouped(len(m.rec.Value))))
	}
	if m.text() {
		c.After = append(c.After, words.stored)
	}
}

// Doubled is where a record lands when a panel adds the zone to a name that has
// it already.
func Doubled(name, zone string) string { return name + "." + zone }

// TooHigh is where the record of a mail domain below the zone lands when only
// the labels with an underscore are typed; "" where that is its right place.
func TooHigh(name, zone string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."+zone), ".")
	last := 0
	for i, l := range labels {
		if strings.HasPrefix(l, "_") {
			last = i + 1
		}
	}
	if name == zone || last == 0 || last == len(labels) {
		return ""
	}
	return strings.Join(slices.Concat(labels[:last], []string{zone}), ".")
}

// Line is what to type into which field, in one sentence; "" where nothing may
// be said about this panel. mark is put around what is typed.
func (c Card) Line(mark func(string) string) string {
	if c.Name == "" {
		return ""
	}
	var parts []string
	add := func(f Field) {
		switch {
		case f.Label == "":
		case f.Text == "":
			parts = append(parts, finding.Fill(words.emptyField, f.Label))
		default:
			parts = append(parts, finding.Fill(words.field, f.Label, mark(f.Text)))
		}
	}
	if !c.AnyHost {
		add(c.Host)
	}
	add(c.Type)
	add(c.Priority)
	if c.Value.Note != "" {
		parts = append(parts, finding.Fill(words.field, words.value, c.Value.Note))
	}
	add(Field{Label: c.TTL.Label, Text: c.TTL.Text})
	return finding.Fill(words.at, c.Name, strings.Join(parts, ", "))
}
