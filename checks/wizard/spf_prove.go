package wizard

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/transports"
)

func spfProve() Step {
	return Step{
		ID: "prove", Title: "Prove",
		Ask: "This is the final check: would a receiver let ClockWise's mail through?",
		Why: "Each address from which ClockWise sends is judged as a receiver does. A test mail is the last proof; it is sent only when you say so.",
		Fields: func(r *Run) []Field {
			c := spfCaseOf(r)
			return append(c.envelopeFields(), c.sendFields()...)
		},
		Look: spfProveLook,
		Act:  spfProveAct,
		Next: func(*Run) string { return "" },
	}
}

// envelopeFields ask whether the transport is to get its envelope sender.
func (c spfCase) envelopeFields() []Field {
	t, configured := c.transport()
	sender := c.sender()
	if !configured || c.World.Change == nil || sender.Envelope == t.Envelope {
		return nil
	}
	out := []Field{{
		ID: "set-envelope", Label: "Envelope", Kind: Choice, Default: "yes", Options: YesNo("Set it now", "Not now"),
		Help: "Set envelope: " + sender.Envelope + " in the transport " + t.Name + "? Without it the new record does nothing.",
	}}
	if _, clashed := c.View().Value.(*Clash); clashed {
		out = append(out, Field{
			ID: "clash", Label: "Both changes", Kind: Choice, Default: "merge", Help: "Somebody else changed the transport meanwhile.",
			Options: []Option{
				{"merge", "Merge", "Their change stays, and the envelope sender is added to it."},
				{"leave", "Leave it", "Their change stays, and the envelope sender is not set."},
			},
		})
	}
	return out
}

// sendFields offer a test mail.
func (c spfCase) sendFields() []Field {
	if c.World.Send == nil {
		return nil
	}
	out := []Field{{
		ID: "to", Label: "Test mail to", Optional: true, Help: "An address of yours at a large provider shows best what receivers do. Leave it empty to send nothing.",
		Check: func(_ *Run, value string) (string, string) {
			a, err := mail.ParseAddress(value)
			if err != nil {
				return "", fmt.Sprintf("'%s' is not an address. Write for example jan@acme.example, or leave it empty.", value)
			}
			return a.Address, ""
		},
	}}
	if to := strings.TrimSpace(c.Given("to")); to != "" {
		out = append(out, Field{
			ID: "send", Label: "Send it", Kind: Choice, Default: "no", Options: YesNo("Yes, send it", "No"),
			Help: "A real mail goes to " + to + ". Send it now?",
		})
	}
	return out
}

func spfProveLook(ctx context.Context, r *Run, emit func(View)) View {
	c := spfCaseOf(r)
	if c.World.Examine == nil && c.resolver() == nil {
		return View{State: Unknown, Said: "DNS cannot be asked here. Nothing is proved.", Enter: "finish"}
	}
	emit(View{State: Busy, Said: "A last check of " + c.name() + " ..."})
	pass, unknown, all, found := c.check(ctx)
	v := View{Enter: "finish"}
	switch {
	case all > 0 && pass == all:
		v.State, v.Said = OK, fmt.Sprintf("Proved: all %d addresses of ClockWise pass SPF for %s.", all, c.name())
	case pass+unknown == all:
		v.State, v.Said = Unknown, fmt.Sprintf("%d of %d addresses of ClockWise pass SPF for %s; for %d it could not be told. That is no verdict: look again.", pass, all, c.name(), unknown)
	default:
		v.State, v.Said = Failure, fmt.Sprintf("%d of %d addresses of ClockWise pass SPF for %s.", pass, all, c.name())
		if c.Fact(factSPFNew) != "" {
			v.Said += " A resolver may still have an older answer: look again in some minutes."
		}
	}
	v.Blocks = []Block{Mark{v.State, v.Said}}
	if len(found) > 0 {
		v.Blocks = append(v.Blocks, Heading("What is still to be said about SPF"), found)
	}
	if c.way() == waySubdomain {
		v.Blocks = append(v.Blocks, Para("ClockWise must send with the envelope sender "+c.sender().Envelope+": that is the setting envelope of the mail transport. The sender address that people see stays the same."))
	}
	if c.World.Send == nil {
		v.Blocks = append(v.Blocks, Para("A test mail cannot be sent from here. Send one from ClockWise to see the whole way."))
	}
	return v
}

// check judges every address of ClockWise, as DNS is now.
func (c spfCase) check(ctx context.Context) (pass, unknown, all int, found Findings) {
	if c.World.Examine != nil {
		report := c.World.Examine(ctx, c.target(), nil, func(checks.Event) {})
		if len(report.Paths) > 0 {
			pass, unknown = passingPaths(report, c.name(), 0, 0)
			return pass, unknown, len(report.Paths), spfFindings(report.Findings)
		}
	}
	res := spf.Lookup(ctx, c.resolver(), c.name(), c.World.Service.Relays(), spf.Options{Now: c.World.Now()})
	pass, unknown = passing(res.Outcomes)
	return pass, unknown, len(res.Outcomes), dkimOpen(spf.Findings(spf.Input{Result: res, Expect: c.expect(), Sending: true}))
}

func spfProveAct(ctx context.Context, r *Run, emit func(View)) Outcome {
	c := spfCaseOf(r)
	v := r.View()
	o := Outcome{Facts: map[string]string{}}
	if v.State == OK {
		o.Facts[factSPFEnd] = stamp(c.World.Now())
	}
	if len(c.envelopeFields()) > 0 && r.Answer("set-envelope") == "yes" {
		said, problem := c.setEnvelope(ctx)
		if problem != nil {
			return *problem
		}
		v.Blocks = append(v.Blocks, said)
		v.Said += " " + said.Text
	}
	if c.World.Send != nil && r.Answer("to") != "" && r.Answer("send") == "yes" {
		emit(View{State: Busy, Said: "The test mail is sent ..."})
		sent := c.World.Send(ctx, c.sender(), r.Answer("to"), emit)
		if sent.Said != "" {
			v.Blocks = append(v.Blocks, Mark{sent.State, sent.Said})
			v.Said += " " + sent.Said
		}
		v.Blocks = append(v.Blocks, sent.Blocks...)
		v.State = worse(v.State, sent.State)
	}
	o.View = &v
	return o
}

// worse is the state that says more against something.
func worse(a, b State) State {
	if b == Failure || b == Warning && a != Failure {
		return b
	}
	return a
}

// setEnvelope changes the transport.
func (c spfCase) setEnvelope(ctx context.Context) (Mark, *Outcome) {
	t, _ := c.transport()
	var err error
	clash, clashed := c.View().Value.(*Clash)
	switch {
	case clashed && c.Answer("clash") == "leave":
		return Mark{Warning, "The envelope sender was not set: the change of somebody else stands."}, nil
	case clashed && clash.Merge != nil:
		err = clash.Merge(ctx)
	default:
		err = c.World.Change(ctx, transports.Change{Kind: transports.EditTransport, Name: t.Name, To: c.sender()})
	}
	if err == nil {
		return Mark{OK, "The transport " + t.Name + " now sends with the envelope sender " + c.sender().Envelope + "."}, nil
	}
	v := c.View()
	text := "The transport could not be changed: " + err.Error() + ". It is as it was."
	if clash, ok := errors.AsType[*Clash](err); ok {
		text = clash.Error() + ": the transport " + t.Name + ". Choose: merge both changes, or leave it."
		text = strings.ToUpper(text[:1]) + text[1:]
		v.Value = clash
		for _, what := range clash.What {
			v.Blocks = append(v.Blocks, Mark{Note, what})
		}
	}
	v.State, v.Said = Warning, text
	v.Blocks = append([]Block{Mark{Warning, text}}, v.Blocks...)
	return Mark{}, &Outcome{Problem: text, View: &v}
}
