package widget

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// Card is a record to publish, with what is typed into which field of the panel
// where its DNS runs.
type Card struct {
	Record provider.Record
	Panel  provider.Card
	Was    string // what stands there now; "": what it replaces
	Full   bool   // says as well what goes wrong easily
}

// Draw draws a record as labelled lines; value is the line of its value.
func (c Card) Draw(l ui.Look, w int, chosen bool) (out []string, value int) {
	rec, p := c.Record, c.Panel
	do := l.T.AddRecord
	switch {
	case rec.Remove:
		do = l.T.RemoveRecord
	case c.was() != "":
		do = l.T.ChangeRecord
	}
	zone := c.Record.Zone
	if zone == "" {
		zone = c.Record.Name
	}
	mark := Gutter(chosen)
	out = append(out, mark+heading(l, ui.Fill(do, l.Text(zone))))
	if l.Height >= 30 {
		out = append(out, "")
	}
	labels := 7
	if c.sure() {
		labels = max(labels, width(l.Text(p.Host.Label))+2)
	}
	field := func(name, text string) {
		out = append(out, l.Cut("  "+l.Paint(theme.Muted, l.Fit(name, labels))+text, w))
	}
	field(l.T.FieldType, l.Text(rec.Type))
	if c.sure() {
		field(l.Text(p.Host.Label), c.host(l))
	} else {
		c.anyHost(l, w, field)
	}
	if !rec.Remove {
		field(l.T.FieldTTL, fmt.Sprint(c.ttl()))
	}
	if p.Name != "" && p.Priority.Label != "" {
		field(l.T.FieldPriority, l.Text(p.Priority.Text))
	}
	shown := c.Value()
	value = len(out)
	text := l.Text(shown)
	field(l.T.FieldValue, text)
	count := fmt.Sprint(len([]rune(shown)))
	switch {
	case !ui.Harmless(shown):
		field("", l.T.NotCopied)
	case width(text)+labels+2 > w:
		field("", ui.Fill(l.T.CutHere, count, l.Tail()))
		field("", l.T.DoNotRetype)
	default:
		field("", ui.Fill(l.T.Whole, count))
	}
	if was := c.was(); was != "" && !rec.Remove {
		field(l.T.FieldOld, l.Text(was))
	}
	if !rec.Remove {
		name := l.T.FieldPanel
		for _, s := range c.panel(l) {
			out = append(out, l.Hang("  "+l.Paint(theme.Muted, l.Fit(name, labels)), l.Text(s), min(w, ui.Prose))...)
			name = ""
		}
	}
	return out, value
}

// was is what stands there now.
func (c Card) was() string {
	if c.Was == "" && c.Record.Replaces != nil {
		return *c.Record.Replaces
	}
	return c.Was
}

// sure says whether the host of a card is what that panel wants.
func (c Card) sure() bool { return c.Panel.Name != "" && !c.Panel.AnyHost }

// host is what is typed for the name.
func (c Card) host(l ui.Look) string {
	if c.Panel.Host.Text == "" {
		return "(" + l.Text(c.Panel.Host.Note) + ")"
	}
	return l.Text(c.Panel.Host.Text)
}

// anyHost is the name in both forms: panels differ.
func (c Card) anyHost(l ui.Look, w int, field func(name, text string)) {
	short, full := c.relative(), c.Record.Name
	name := l.Text(short)
	switch {
	case short == "@":
		name = l.Fit(name, 5) + ui.Fill(l.T.OtherApex, l.Text(full))
	case short != full:
		name += "  " + ui.Fill(l.T.OtherName, l.Text(full))
	}
	if width(name)+9 > w && short != full {
		field(l.T.FieldName, l.Text(short))
		field("", ui.Fill(l.T.OtherName, l.Text(full)))
		return
	}
	field(l.T.FieldName, name)
}

// relative is the name as panels want it: without the zone, "@" for the zone
// itself.
func (c Card) relative() string {
	if c.Record.Name == c.Record.Zone {
		return "@"
	}
	return strings.TrimSuffix(c.Record.Name, "."+c.Record.Zone)
}

// panel is what is said of the panel: what is certain about it, and where the
// screen has room what holds at all panels.
func (c Card) panel(l ui.Look) []string {
	p := c.Panel
	out := []string{p.Provider}
	if p.Name != "" {
		out = append(out, strings.TrimSpace(p.First+" "+p.Where))
	}
	out = append(out, strings.Join(p.Misfits, " "))
	if c.Full {
		out = append(out, strings.Join(p.Warnings, " "))
	}
	out = append(out, strings.Join(p.Notes, " "))
	if l.Height >= 40 {
		out = append(out, strings.Join(p.Generic, " "))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// Value is the value as the panel wants it.
func (c Card) Value() string {
	switch rec := c.Record; {
	case c.Panel.Name != "":
		return c.Panel.Value.Text
	case rec.Remove && c.was() != "":
		return c.was()
	}
	return c.Record.Value
}

func (c Card) ttl() int {
	if c.Record.TTL > 0 {
		return c.Record.TTL
	}
	return 3600
}

// Carry takes the record along. forms are its other forms; nil: those that the
// record alone makes.
func (c Card) Carry(t *ui.Texts, file string, forms func() []string) ui.Carried {
	rec, value := c.Record, c.Value()
	label, name := t.FieldName, c.relative()
	if c.sure() {
		label, name = c.Panel.Host.Label, cmp.Or(c.Panel.Host.Text, c.Panel.Host.Note)
	}
	all := fmt.Sprintf("%s  %s\n%s  %s  (%s)\n%s  %d\n%s  %s",
		t.FieldType, rec.Type, label, name, rec.Name, t.FieldTTL, c.ttl(), t.FieldValue, value)
	if was := c.was(); was != "" && !rec.Remove {
		all += fmt.Sprintf("\n%s  %s", t.FieldOld, was)
	}
	if forms == nil {
		forms = func() []string { return FormsOf(rec) }
	}
	return ui.Carried{
		What: ui.Fill(t.WhatValue, rec.Name), Name: rec.Name + " " + rec.Type,
		Value: value, All: all, File: file, Forms: forms,
	}
}

// FormsOf is a record in all forms.
func FormsOf(rec provider.Record) []string {
	var out []string
	for _, f := range provider.Forms() {
		out = append(out, f.Write(rec))
	}
	return out
}
