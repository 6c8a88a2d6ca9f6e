package pages

import (
	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/tui/ui"
	"clockwise.info/cwmail/tui/widget"
)

// cardOf is a record with what the panel of its zone wants.
func cardOf(r checks.Report, rec finding.Record) widget.Card {
	return widget.Card{Record: provider.Record{Record: rec, Zone: r.ZoneOf(rec.Name)}, Panel: r.Panel(rec)}
}

// carryRecord takes a record of a fix along, or its command.
func carryRecord(t *ui.Texts, r checks.Report, f finding.Finding, i int) ui.Carried {
	if len(f.Fix.Records) == 0 {
		return ui.Carried{What: t.WhatCommand, Name: t.WhatCommand, Value: f.Fix.Command, All: f.Fix.Command, File: r.Domain + "-command"}
	}
	i = min(i, len(f.Fix.Records)-1)
	return cardOf(r, f.Fix.Records[i]).Carry(t, r.Domain+"-"+f.Code(), func() []string { return widget.FormsOf(r.Publish(*f.Fix, i)) })
}
