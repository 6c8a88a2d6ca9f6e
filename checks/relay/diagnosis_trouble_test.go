package relay

import (
	"net/netip"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports/smtp"
)

func TestDiagnoseTrouble(t *testing.T) {
	silent := Obstacle{Stage: smtp.Connect, Trouble: smtp.TimedOut, Port: 25}
	silentWith := func(change func(*Obstacle)) Obstacle { o := silent; change(&o); return o }
	for name, c := range map[string]struct {
		in        Obstacle
		id        string
		owner     finding.Owner
		certainty Certainty
		transient bool
	}{
		"one silent host":        {silent, "silent", finding.Network, Unsure, true},
		"two silent hosts":       {silentWith(func(o *Obstacle) { o.Silent = 1 }), "silent", finding.Network, Unsure, true},
		"blocked here, likely":   {silentWith(func(o *Obstacle) { o.Silent = 2 }), "blocked-here", finding.Network, Likely, false},
		"blocked here":           {silentWith(func(o *Obstacle) { o.Silent, o.OtherPort = 2, true }), "blocked-here", finding.Network, Certain, false},
		"filtered there":         {silentWith(func(o *Obstacle) { o.Answered = 1 }), "filtered-there", finding.Nobody, Likely, true},
		"filtered at a customer": {silentWith(func(o *Obstacle) { o.Answered, o.External = 1, true }), "filtered-there", finding.CustomerMailServer, Likely, true},
		"silence and answers":    {silentWith(func(o *Obstacle) { o.Silent, o.Answered = 4, 1 }), "filtered-there", finding.Nobody, Likely, true},
		"silent on 587":          {silentWith(func(o *Obstacle) { o.Silent, o.Port = 4, 587 }), "silent", finding.Network, Unsure, true},
		"asterisks":              {Obstacle{Stage: smtp.Hello, Trouble: smtp.BadReply, Rewritten: "220 ****"}, "middlebox", finding.Network, Certain, false},
		"hidden STARTTLS":        {Obstacle{Stage: smtp.StartTLS, Trouble: smtp.NoStartTLS, Rewritten: "XXXXXXXA"}, "middlebox", finding.Network, Certain, false},
		"no STARTTLS":            {Obstacle{Stage: smtp.StartTLS, Trouble: smtp.NoStartTLS, External: true}, "no-starttls", finding.CustomerMailServer, Likely, false},
		"TLS on the wrong port":  {Obstacle{Stage: smtp.Banner, Trouble: smtp.SpeaksTLS, Port: 465}, "speaks-tls", finding.ClockWise, Certain, false},
		"clear on the TLS port":  {Obstacle{Stage: smtp.Handshake, Trouble: smtp.SpeaksClear, Port: 587}, "speaks-clear", finding.ClockWise, Certain, false},
		"tarpit":                 {Obstacle{Stage: smtp.Banner, Trouble: smtp.TimedOut}, "tarpit", finding.Nobody, Likely, true},
		"slow later":             {Obstacle{Stage: smtp.Recipient, Trouble: smtp.TimedOut}, "stalled", finding.Nobody, Likely, true},
		"not known":              {Obstacle{Stage: smtp.End, Trouble: smtp.TimedOut}, "unsure", finding.Nobody, Certain, false},
		"broke at the end":       {Obstacle{Stage: smtp.End, Trouble: smtp.Dropped}, "unsure", finding.Nobody, Certain, false},
		"hangs up":               {Obstacle{Stage: smtp.Banner, Trouble: smtp.Dropped}, "dropped-at-greeting", finding.Nobody, Likely, true},
	} {
		d, ok := DiagnoseTrouble(c.in)
		if !ok || d.ID != "trouble-"+c.id || d.Owner != c.owner || d.Certainty != c.certainty || d.Transient != c.transient || (d.Retry > 0) != d.Transient {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestEachTrouble holds that each kind of trouble is explained at each stage, in
// whole sentences, whatever the server put into them.
func TestEachTrouble(t *testing.T) {
	nothing := map[smtp.Trouble]bool{smtp.NoTrouble: true, smtp.NotRun: true, smtp.BadReply: true, smtp.OtherTrouble: true, smtp.NotMail: true}
	for kind := smtp.NoTrouble; kind <= smtp.NotMail; kind++ {
		for stage := smtp.Connect; stage <= smtp.Reset; stage++ {
			d, ok := DiagnoseTrouble(Obstacle{Stage: stage, Trouble: kind, Host: strings.Repeat("{port}\xff", 200), Detail: "{host}"})
			if ok == nothing[kind] {
				t.Errorf("trouble %d at %s: %t", kind, stage, ok)
				continue
			}
			if !ok {
				continue
			}
			for _, text := range []string{d.Meaning, d.Cause, d.Fix} {
				if !strings.HasSuffix(text, ".") || len(text) > 1500 {
					t.Errorf("trouble %d at %s: %q", kind, stage, text)
				}
			}
			if d.Reference == "" || d.Owner == "" {
				t.Errorf("trouble %d at %s: %+v", kind, stage, d)
			}
		}
	}
}

func TestTroublesArePlain(t *testing.T) {
	for _, k := range troubles {
		for _, text := range []string{k.meaning, k.cause, k.fix} {
			rest := strings.NewReplacer("{host}", "", "{port}", "", "{stage}", "", "{detail}", "", "{security}", "", "{rewritten}", "").Replace(text)
			if text == "" || !strings.HasSuffix(text, ".") || strings.ContainsAny(rest, "{}%") {
				t.Errorf("%s: %q", k.id, text)
			}
		}
	}
}

func talk(host string, port uint16, stage smtp.Stage, trouble smtp.Trouble) smtp.Conversation {
	c := smtp.Conversation{Host: host, Address: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.7"), port), Stage: stage, Trouble: trouble}
	if stage > smtp.Banner {
		c.Greeting = smtp.Reply{Code: 220, Lines: []string{host + " ESMTP Postfix"}}
	}
	return c
}

func failed(reply smtp.Reply, talks ...smtp.Conversation) smtp.Delivery {
	last := len(talks) - 1
	r := smtp.Result{Address: "eva@shop.example", Outcome: smtp.Rejected, Stage: talks[last].Stage, Trouble: talks[last].Trouble, Reply: reply, Conversation: last}
	return smtp.Delivery{Outcome: r.Outcome, Stage: r.Stage, Trouble: r.Trouble, Reply: reply, Conversations: talks, Recipients: []smtp.Result{
		{Address: "jan@acme.example", Outcome: smtp.Accepted, Conversation: 0}, r,
	}}
}

func TestDiagnoseDelivery(t *testing.T) {
	denied := smtp.Reply{Code: 550, Enhanced: "5.7.64", Lines: []string{"TenantAttribution; Relay Access Denied"}}
	exo := talk("acme-example.mail.protection.outlook.com", 25, smtp.Recipient, smtp.BadReply)
	exo.Lines = []smtp.Line{
		{Dir: 'S', Text: "220 x ESMTP"},
		{Dir: 'C', Text: "EHLO out.acme.example"},
		{Dir: 'S', Text: "250-AM0EUR02FT040.mail.protection.outlook.com Hello [203.0.113.7]"},
		{Dir: 'S', Text: "250 SIZE"},
		{Dir: 'C', Text: "MAIL FROM:<jan@acme.example>"},
		{Dir: 'S', Text: "250 2.1.0 ok"},
	}
	rewritten := talk("mx.shop.example", 25, smtp.StartTLS, smtp.NoStartTLS)
	rewritten.Clear = smtp.Extensions{{Keyword: "XXXXXXXA"}}
	for name, c := range map[string]struct {
		in       smtp.Delivery
		others   []smtp.Conversation
		id       string
		expected bool
	}{
		"relay denied to a desk": {failed(denied, exo), nil, "exo-relay-denied", true},
		"greylisted":             {failed(smtp.Reply{Code: 450, Enhanced: "4.2.0", Lines: []string{"Greylisted"}}, talk("mx.shop.example", 25, smtp.Recipient, smtp.BadReply)), nil, "postfix-greylist", false},
		"rewritten":              {failed(smtp.Reply{Code: 250}, rewritten), nil, "trouble-middlebox", false},
		"silent alone":           {failed(smtp.Reply{}, talk("mx1.shop.example", 25, smtp.Connect, smtp.TimedOut), talk("mx2.shop.example", 25, smtp.Connect, smtp.TimedOut), talk("mx.shop.example", 25, smtp.Connect, smtp.TimedOut)), nil, "trouble-silent", false},
		"silent with others": {
			failed(smtp.Reply{}, talk("mx.shop.example", 25, smtp.Connect, smtp.TimedOut)),
			[]smtp.Conversation{talk("mx.bank.test", 25, smtp.Connect, smtp.TimedOut), talk("mx.post.test", 25, smtp.Connect, smtp.TimedOut), talk("smtp.post.test", 587, smtp.Done, smtp.NoTrouble)},
			"trouble-blocked-here", false,
		},
		"others answer": {
			failed(smtp.Reply{}, talk("mx.shop.example", 25, smtp.Connect, smtp.TimedOut)),
			[]smtp.Conversation{talk("mx.bank.test", 25, smtp.Connect, smtp.TimedOut), talk("mx.post.test", 25, smtp.Done, smtp.NoTrouble)},
			"trouble-filtered-there", false,
		},
	} {
		d, ok := DiagnoseDelivery(c.in, false, netip.Prefix{}, c.others...)
		if !ok || d.ID != c.id || d.Expected != c.expected {
			t.Errorf("%s: %t %+v", name, ok, d)
		}
	}
	for name, in := range map[string]smtp.Delivery{
		"accepted": {Outcome: smtp.Accepted}, "willing": {Outcome: smtp.Willing}, "stopped": {Trouble: smtp.NotRun}, "nothing": {},
	} {
		if d, ok := DiagnoseDelivery(in, false, netip.Prefix{}); ok {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d, ok := DiagnoseDelivery(smtp.Delivery{Stage: smtp.Resolve, Trouble: smtp.NullMX, Recipients: []smtp.Result{{Conversation: -1}}}, false, netip.Prefix{}); !ok || d.ID != "trouble-null-mx" {
		t.Errorf("%+v", d)
	}
}
