package wizard

import (
	"strings"

	guide "clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/tui/ui"
)

// carriable are the records and commands of the step, in their order.
func (p *Page) carriable() (out []guide.Block) {
	if p.run.Done() {
		return nil
	}
	for _, b := range p.run.View().Blocks {
		switch b.(type) {
		case guide.Card, guide.Command:
			out = append(out, b)
		}
	}
	return out
}

// Carry takes the chosen record or command along. What s writes is the whole
// step.
func (p *Page) Carry() ui.Carried {
	t := p.b.Texts
	var text strings.Builder
	s := p.run.Step()
	text.WriteString(p.b.name(p.run.Wizard, p.run.Subject()) + ": " + s.Title + "\n\n")
	_ = guide.WriteView(&text, p.run.View(), nil) // a builder takes everything
	file := p.run.Wizard.ID + "-" + s.ID
	if subject := p.run.Subject(); subject != "" {
		file = subject + "-" + file
	}
	c := ui.Carried{}
	if list := p.carriable(); len(list) > 0 {
		switch b := list[min(p.card, len(list)-1)].(type) {
		case guide.Card:
			c = record(b).Carry(t, file, nil)
		case guide.Command:
			c = ui.Carried{What: t.WhatCommand, Name: t.WhatCommand, Value: string(b), All: string(b)}
		}
	}
	c.File, c.Text = file, text.String()
	return c
}
