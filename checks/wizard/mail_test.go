package wizard_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/transports"
)

// answered is a resolver that knows one answer.
type answered struct{ dns.Answer }

func (a answered) Lookup(_ context.Context, q dns.Question) dns.Answer {
	a.Question = q
	return a.Answer
}

func TestMail(t *testing.T) {
	taken := dns.Answer{Status: dns.Found, Records: []dns.Record{{Type: dns.TypeMX, Host: "mail.other.example"}}}
	for _, c := range []struct {
		name    string
		answer  dns.Answer
		bad     error // of composing
		answers map[string]string
		sent    int
		says    string
	}{
		{"sent", taken, nil, map[string]string{"transport": "acme.example", "to": "eva@other.example"}, 1, "It was taken."},
		{"the built-in way", taken, nil, map[string]string{"transport": "built-in default", "from": "jan@acme.example", "to": "eva@other.example"}, 1, "It was taken."},
		{"nobody answers", dns.Answer{Status: dns.Failed}, nil, map[string]string{"transport": "acme.example", "to": "eva@other.example"}, 1, "It was taken."},
		{"no such domain", dns.Answer{Status: dns.NoName}, nil, map[string]string{"transport": "acme.example", "to": "eva@oter.example"}, 0, "There is no domain oter.example."},
		{"a null MX", dns.Answer{Status: dns.Found, Records: []dns.Record{{Type: dns.TypeMX}}}, nil, map[string]string{"transport": "acme.example", "to": "eva@other.example"}, 0, "takes no mail"},
		{"no address", taken, nil, map[string]string{"transport": "acme.example", "to": "eva"}, 0, "'eva' is not an address"},
		{"cannot be written", taken, errors.New("From has a line break"), map[string]string{"transport": "acme.example", "to": "eva@other.example"}, 0, "From has a line break."},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := 0
			w := newDesk().world()
			w.Resolver = answered{c.answer}
			w.Compose = func(t transports.Transport, to string) (string, error) {
				return "From: " + t.Sender("") + "\nTo: " + to + "\n\nA test.\n", c.bad
			}
			w.Send = func(_ context.Context, t transports.Transport, to string, _ func(wizard.View)) wizard.View {
				if sent++; to != c.answers["to"] || t.From == "" {
					return wizard.View{State: wizard.Failure, Said: "to " + to + " from " + t.From}
				}
				return wizard.View{State: wizard.OK, Said: "It was taken."}
			}
			var out strings.Builder
			_, err := wizard.Follow(t.Context(), &out, wizard.Start(wizard.Mail(), w, nil), c.answers, nil)
			said := out.String()
			if err != nil {
				said += err.Error()
			}
			if sent != c.sent || !strings.Contains(strings.Join(strings.Fields(said), " "), c.says) {
				t.Errorf("sent %d, said:\n%s", sent, said)
			}
		})
	}
}

// Nothing is sent before the reader has seen the mail and said so.
func TestMailIsShownFirst(t *testing.T) {
	w := newDesk().world()
	w.Compose = func(transports.Transport, string) (string, error) { return "Subject: a test\n", nil }
	w.Send = func(context.Context, transports.Transport, string, func(wizard.View)) wizard.View {
		t.Error("it is sent")
		return wizard.View{}
	}
	r := wizard.Start(wizard.Mail(), w, map[string]string{"transport": "acme.example", "to": "eva@other.example"})
	got, err := prompt(t, r, "\n\n\nq\n")
	if !errors.Is(err, wizard.ErrLeft) || !strings.Contains(got, "Subject: a test") || !strings.Contains(got, "Enter: send it.") {
		t.Errorf("%v\n%s", err, got)
	}
}
