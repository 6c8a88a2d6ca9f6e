package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/tui/theme"
	"clockwise.info/cwmail/tui/ui"
)

// card is a record as four labelled lines; value is the line of its value.
func card(l ui.Look, r checks.Report, rec finding.Record, w int, chosen bool) (out []string, value int) {
	do := l.T.AddRecord
	switch {
	case rec.Remove:
		do = l.T.RemoveRecord
	case rec.Replaces != nil:
		do = l.T.ChangeRecord
	}
	mark := "  "
	if chosen {
		mark = gutter(l)(true)
	}
	out = append(out, mark+heading(l, ui.Fill(do, l.Text(r.ZoneOf(rec.Name)))))
	if l.Height >= 30 {
		out = append(out, "")
	}
	c := r.Panel(rec)
	labels := 7
	if sure(c) {
		labels = max(labels, width(l.Text(c.Host.Label))+2)
	}
	field := func(name, text string) {
		out = append(out, l.Cut("  "+l.Paint(theme.Muted, l.Fit(name, labels))+text, w))
	}
	field(l.T.FieldType, l.Text(rec.Type))
	if sure(c) {
		field(l.Text(c.Host.Label), hostOf(l, c))
	} else {
		anyHost(l, r, rec, w, field)
	}
	if !rec.Remove {
		field(l.T.FieldTTL, fmt.Sprint(ttl(rec)))
	}
	if c.Name != "" && c.Priority.Label != "" {
		field(l.T.FieldPriority, l.Text(c.Priority.Text))
	}
	shown := valueOf(r, rec)
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
	if rec.Replaces != nil && !rec.Remove {
		field(l.T.FieldOld, l.Text(*rec.Replaces))
	}
	if !rec.Remove {
		name := l.T.FieldPanel
		for _, s := range panelOf(l, c) {
			out = append(out, l.Hang("  "+l.Paint(theme.Muted, l.Fit(name, labels)), l.Text(s), min(w, ui.Prose))...)
			name = ""
		}
	}
	return out, value
}

// sure says whether the host of a card is what that panel wants.
func sure(c provider.Card) bool { return c.Name != "" && !c.AnyHost }

// hostOf is what is typed for the name.
func hostOf(l ui.Look, c provider.Card) string {
	if c.Host.Text == "" {
		return "(" + l.Text(c.Host.Note) + ")"
	}
	return l.Text(c.Host.Text)
}

// anyHost is the name in both forms: panels differ.
func anyHost(l ui.Look, r checks.Report, rec finding.Record, w int, field func(name, text string)) {
	short, full := relative(r, rec.Name), rec.Name
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

// panelOf is what is said of the panel: what is certain about it, and where the
// screen has room what holds at all panels.
func panelOf(l ui.Look, c provider.Card) []string {
	out := []string{c.Provider}
	if c.Name != "" {
		out = append(out, strings.TrimSpace(c.First+" "+c.Where))
	}
	out = append(out, strings.Join(c.Misfits, " "), strings.Join(c.Notes, " "))
	if l.Height >= 40 {
		out = append(out, strings.Join(c.Generic, " "))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// valueOf is the value of a record as its panel wants it.
func valueOf(r checks.Report, rec finding.Record) string {
	switch c := r.Panel(rec); {
	case c.Name != "":
		return c.Value.Text
	case rec.Remove && rec.Replaces != nil:
		return *rec.Replaces
	}
	return rec.Value
}

func ttl(rec finding.Record) int {
	if rec.TTL > 0 {
		return rec.TTL
	}
	return 3600
}

// carryRecord takes a record of a fix along, or its command.
func carryRecord(t *ui.Texts, r checks.Report, f finding.Finding, i int) ui.Carried {
	if len(f.Fix.Records) == 0 {
		return ui.Carried{What: t.WhatCommand, Name: t.WhatCommand, Value: f.Fix.Command, All: f.Fix.Command, File: r.Domain + "-command"}
	}
	rec := f.Fix.Records[min(i, len(f.Fix.Records)-1)]
	value := valueOf(r, rec)
	label, name := t.FieldName, relative(r, rec.Name)
	if c := r.Panel(rec); sure(c) {
		label, name = c.Host.Label, cmp.Or(c.Host.Text, c.Host.Note)
	}
	all := fmt.Sprintf("%s  %s\n%s  %s  (%s)\n%s  %d\n%s  %s",
		t.FieldType, rec.Type, label, name, rec.Name, t.FieldTTL, ttl(rec), t.FieldValue, value)
	if rec.Replaces != nil && !rec.Remove {
		all += fmt.Sprintf("\n%s  %s", t.FieldOld, *rec.Replaces)
	}
	return ui.Carried{
		What: ui.Fill(t.WhatValue, rec.Name), Name: rec.Name + " " + rec.Type,
		Value: value, All: all, File: r.Domain + "-" + f.Code(),
		Forms: func() []string { return formsOf(r.Publish(*f.Fix, min(i, len(f.Fix.Records)-1))) },
	}
}

// formsOf is a record in all forms.
func formsOf(rec provider.Record) []string {
	var out []string
	for _, f := range provider.Forms() {
		out = append(out, f.Write(rec))
	}
	return out
}
