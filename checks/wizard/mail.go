package wizard

import (
	"cmp"
	"context"
	"net/mail"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/transports"
)

// Mail is the guide that sends one test mail. Its answer "transport" may be
// given beforehand.
func Mail() *Wizard {
	return &Wizard{
		ID: "mail", Title: "Send a test mail",
		About:   "Sends one mail over a transport, shows every line of the conversation, and says what a refusal means.",
		Subject: func(r *Run) string { return r.Given("transport") },
		Steps: []Step{
			{
				ID: "who", Title: "Mail", Ask: "Over which transport, from whom and to whom?",
				Why:    "Nothing convinces like a mail that arrived. It is built and signed as ClockWise does it, but leaves from this machine, so SPF may be judged otherwise.",
				Fields: mailFields,
			},
			{
				ID: "send", Title: "Send", Ask: "This is the mail. It is sent when you say so, once.",
				Why:  "A mail cannot be taken back. It says of itself that it is a test.",
				Look: lookAtMail, Act: sendMail,
			},
		},
	}
}

func mailFields(r *Run) []Field {
	of := Field{ID: "transport", Label: "Transport", Kind: Choice}
	for _, t := range r.transports() {
		of.Options = append(of.Options, Option{Value: t.Name, Label: t.Name, Help: t.Match.String()})
	}
	of.Options = append(of.Options, Option{Value: transports.BuiltIn().Name, Label: transports.BuiltIn().Name, Help: "what no transport takes"})
	of.Default = of.Options[0].Value
	t := r.mailTransport(r.Answered("transport", of.Default))
	from := t.From
	if t.Match.Domain != "" {
		from = cmp.Or(from, transports.Transport{Match: t.Match}.Sender(""))
	}
	return []Field{
		of,
		{ID: "from", Label: "Sender", Help: "The address of the user whose mail it would be, such as jan@acme.example.", Default: from, Check: checkAddress},
		{ID: "to", Label: "To", Help: "An address of yours where you can look, best at another provider.", Check: checkAddress},
	}
}

func checkAddress(_ *Run, v string) (clean, problem string) {
	a, err := mail.ParseAddress(v)
	if err != nil {
		return "", "'" + v + "' is not an address: write for example jan@acme.example."
	}
	return a.Address, ""
}

// mailTransport is a transport by its name, the built-in one included.
func (r *Run) mailTransport(name string) transports.Transport {
	if i := slices.IndexFunc(r.transports(), func(t transports.Transport) bool { return t.Name == name }); i >= 0 {
		return r.transports()[i]
	}
	return transports.BuiltIn()
}

// letter is the transport with the sender that was filled in.
func (r *Run) letter() (t transports.Transport, to string) {
	t = r.mailTransport(r.Given("transport"))
	t.From = r.Given("from")
	return t, r.Given("to")
}

// lookAtMail shows what will be sent, once the recipient's domain takes mail.
func lookAtMail(ctx context.Context, r *Run, _ func(View)) View {
	t, to := r.letter()
	stop := func(state State, why string) View {
		return View{State: state, Said: why, Blocked: why, Blocks: []Block{Mark{state, why}}}
	}
	if r.World.Compose == nil || r.World.Send == nil {
		return stop(Unknown, "No mail can be sent from here.")
	}
	if why := r.takesNoMail(ctx, transports.DomainOf(to)); why != "" {
		return stop(Failure, why)
	}
	text, err := r.World.Compose(t, to)
	if err != nil {
		return stop(Failure, "The mail cannot be written: "+strings.TrimSuffix(err.Error(), ".")+".")
	}
	const said = "Nothing is sent yet."
	return View{
		State: Todo, Said: said, Enter: "send it",
		Blocks: []Block{Pairs{{"From", r.Given("from")}, {"To", to}, {"Over", t.Name}}, Heading("The mail"), Conversation(strings.Split(strings.TrimRight(text, "\r\n"), "\n"))},
	}
}

// takesNoMail says why a domain takes no mail; "" where it may. That nobody
// answers is no reason: the sending will show it.
func (r *Run) takesNoMail(ctx context.Context, domain string) string {
	if r.World.Resolver == nil {
		return ""
	}
	a := r.World.Resolver.Lookup(ctx, dns.Ask(domain, dns.TypeMX))
	switch {
	case a.Status == dns.NoName:
		return "There is no domain " + domain + ". Go back and look for a typing error."
	case len(a.Records) == 1 && a.Records[0].Host == "":
		return domain + " says in DNS that it takes no mail (a null MX, RFC 7505)."
	}
	return ""
}

// sendMail sends it, once: the guide ends whatever came of it.
func sendMail(ctx context.Context, r *Run, emit func(View)) Outcome {
	t, to := r.letter()
	emit(View{State: Busy, Said: "The test mail is sent ..."})
	v := r.World.Send(ctx, t, to, emit)
	v.Blocks = append([]Block{Mark{v.State, v.Said}}, v.Blocks...)
	return Outcome{View: &v}
}
