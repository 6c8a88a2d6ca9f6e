package checks_test

import (
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/transports"
)

// Nearly every domain has notes. They stand last, in a line each, and take no
// room from what has to be done; JSON has them whole.
func TestNotesAreShort(t *testing.T) {
	e := checks.Examiner{Now: time.Now, Service: transports.DefaultService(), Resolver: dnstest.New(
		"acme.example SOA x", "acme.example MX 10 mx.acme.example", "mx.acme.example A 198.51.100.1",
		"acme.example TXT v=spf1 mx -all", "_dmarc.acme.example TXT v=DMARC1; p=none; rua=mailto:a@acme.example",
	)}
	r := e.Examine(t.Context(), checks.Target{Domain: "acme.example"}, nil)
	var text, markdown, html, json strings.Builder
	for _, err := range []error{
		checks.WriteText(&text, []checks.Report{r}, checks.TextOptions{}), checks.WriteMarkdown(&markdown, []checks.Report{r}),
		checks.WriteHTML(&html, []checks.Report{r}, nil), checks.WriteJSON(&json, []checks.Report{r}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const told, record = "asks for no reports about encryption", "v=TLSRPTv1; rua="
	for name, s := range map[string]string{"text": text.String(), "Markdown": markdown.String(), "HTML": html.String()} {
		if strings.Count(s, told) != 1 || strings.Contains(s, record) || strings.Index(s, told) < strings.Index(s, "_spf.clockwise.info") {
			t.Errorf("%s:\n%s", name, s)
		}
	}
	if s := json.String(); !strings.Contains(s, told) || !strings.Contains(s, record) {
		t.Errorf("JSON:\n%s", s)
	}

	few := r
	few.Findings = few.Findings[len(few.Findings)-2:]
	text.Reset()
	if err := checks.WriteText(&text, []checks.Report{few}, checks.TextOptions{}); err != nil || !strings.Contains(text.String(), record) {
		t.Errorf("of two notes:\n%s", text.String())
	}
}
