package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/compose"
	"clockwise.info/cwmail/transports/smtp"
)

// outcomeStates are how an outcome looks in a guide.
var outcomeStates = map[smtp.Outcome]wizard.State{
	smtp.Accepted: wizard.OK, smtp.Rejected: wizard.Failure, smtp.Deferred: wizard.Warning, smtp.Partly: wizard.Warning,
}

// sendFor sends a test mail for a guide, whose reader has said so.
func (e *editor) sendFor(ctx context.Context, t transports.Transport, to string, emit func(wizard.View)) wizard.View {
	fails := func(err error) wizard.View {
		return wizard.View{State: wizard.Unknown, Said: "Nothing was sent: " + reasonOf(err) + "."}
	}
	p, err := e.w.compose(letterOf(t, to), e.a.now())
	if err != nil {
		return fails(err)
	}
	if err := e.maySend(e.a.now()); err != nil {
		return fails(err)
	}
	d := e.a.send(ctx, e.w, p, func(ev smtp.Event) {
		if ev.Line == nil && ev.Step.State == smtp.Running {
			emit(wizard.View{State: wizard.Busy, Said: fmt.Sprintf("The test mail is under way: %s %s", ev.Step.Stage, ev.Step.What)})
		}
	})
	s := sent{posting: p, Delivery: d, network: e.w.file.Service.Network}
	v := wizard.View{State: outcomeStates[d.Outcome], Said: s.said()}
	if why := s.diagnosis(); why != nil {
		v.Blocks = append(v.Blocks, wizard.Para(stopped(why.Meaning)+" "+stopped(why.Cause)), wizard.Para("Who must act: "+why.Owner+". "+stopped(why.Fix)))
	}
	for _, c := range d.Conversations {
		talk := wizard.Conversation{}
		for _, l := range c.Lines {
			talk = append(talk, fmt.Sprintf("%8s  %s  %s", seconds(l.At), who3(l.Dir), l.Text))
		}
		v.Blocks = append(v.Blocks, wizard.Heading("What was said with "+c.Host), talk)
	}
	return v
}

// composeFor writes a test mail for a guide.
func (e *editor) composeFor(t transports.Transport, to string) (string, error) {
	p, err := e.w.compose(letterOf(t, to), e.a.now())
	if err != nil {
		return "", errors.New(reasonOf(err))
	}
	return strings.ReplaceAll(string(p.raw), "\r\n", "\n"), nil
}

// letterOf is a letter of the user that a transport names.
func letterOf(t transports.Transport, to string) letter {
	user := t
	if user.Type == transports.NoReply {
		user.Type = transports.ClockWise // its user has an address all the same
	}
	return letter{transport: t, from: compose.Person{Address: user.Sender("")}, to: []string{to}}
}

// reasonOf is why something failed, without what was to be done.
func reasonOf(err error) string {
	if f, ok := err.(*failure); ok {
		return f.why
	}
	return err.Error()
}
