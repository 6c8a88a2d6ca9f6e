package pages

import (
	"fmt"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
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
	out = append(out, mark+heading(l, ui.Fill(do, l.Text(zoneOf(r, rec.Name)))))
	if l.Height >= 30 {
		out = append(out, "")
	}
	field := func(name, text string) {
		out = append(out, l.Cut("  "+l.Paint(theme.Muted, l.Fit(name, 7))+text, w))
	}
	short, full := relative(r, rec.Name), rec.Name
	name := l.Text(short)
	field(l.T.FieldType, l.Text(rec.Type))
	switch {
	case short == "@":
		name = l.Fit(name, 5) + ui.Fill(l.T.OtherApex, l.Text(full))
	case short != full:
		name += "  " + ui.Fill(l.T.OtherName, l.Text(full))
	}
	if width(name)+9 > w && short != full {
		field(l.T.FieldName, l.Text(short))
		field("", ui.Fill(l.T.OtherName, l.Text(full)))
	} else {
		field(l.T.FieldName, name)
	}
	if !rec.Remove {
		field(l.T.FieldTTL, fmt.Sprint(ttl(rec)))
	}
	shown := rec.Value
	if rec.Remove && rec.Replaces != nil {
		shown = *rec.Replaces
	}
	value = len(out)
	text := l.Text(shown)
	field(l.T.FieldValue, text)
	count := fmt.Sprint(len([]rune(shown)))
	switch {
	case !ui.Harmless(shown):
		field("", l.T.NotCopied)
	case width(text)+9 > w:
		field("", ui.Fill(l.T.CutHere, count, l.Tail()))
		field("", l.T.DoNotRetype)
	default:
		field("", ui.Fill(l.T.Whole, count))
	}
	if rec.Replaces != nil && !rec.Remove {
		field(l.T.FieldOld, l.Text(*rec.Replaces))
	}
	return out, value
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
	value := rec.Value
	if rec.Remove && rec.Replaces != nil {
		value = *rec.Replaces
	}
	all := fmt.Sprintf("%s  %s\n%s  %s  (%s)\n%s  %d\n%s  %s",
		t.FieldType, rec.Type, t.FieldName, relative(r, rec.Name), rec.Name, t.FieldTTL, ttl(rec), t.FieldValue, value)
	if rec.Replaces != nil && !rec.Remove {
		all += fmt.Sprintf("\n%s  %s", t.FieldOld, *rec.Replaces)
	}
	return ui.Carried{
		What: ui.Fill(t.WhatValue, rec.Name), Name: rec.Name + " " + rec.Type,
		Value: value, All: all, File: r.Domain + "-" + f.Code(),
	}
}
