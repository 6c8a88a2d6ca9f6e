package checks

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

const hostile = "v=spf1 \x1b]52;c;eA==\a `x` [l](http://evil.test) <b>\r\n# h\u202e"

// sample is a report with one finding of each kind, of which one is silenced,
// and foreign text in every field that can hold it.
func sample() Report {
	old := "v=spf1 -all"
	missing := &finding.Rule{
		Code: "dkim.missing", Severity: finding.Failure, Owner: finding.CustomerDNS,
		Title: "DKIM key not found in DNS for %[1]s", Effect: "Receivers cannot verify *this* mail.",
		Action: "Add the record below.", References: []string{"RFC 6376 section 3.6.2"},
	}
	follows := &finding.Rule{Code: "dkim.follows", Title: "Follows"}
	odd := &finding.Rule{Code: "spf.odd", Severity: finding.Warning, Owner: finding.CustomerMailServer, Title: "Odd text: %[1]s, %[2]s times", Saw: "Seen %[1]s."}
	r := Report{
		Target: "acme.example", Domain: "acme.example", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Took: 120 * time.Millisecond, Queries: 14, Verdict: VerdictFailure,
		Transport: &transports.Transport{
			Name: "acme.example", Type: transports.SMTP,
			Server: transports.Server{Host: "mail.acme.example", Port: 587, Password: transports.NewClearSecret("hunter2")},
		},
		Findings: []finding.Finding{
			{
				Rule: missing, Subject: "acme.example", Args: []string{"acme.example"},
				Evidence: []finding.Evidence{{Server: "192.0.2.1:53", Name: "cw1._domainkey.acme.example", Type: "TXT", Answer: hostile, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
				Fix: &finding.Fix{Summary: "Publish the key", Records: []finding.Record{
					{Name: "cw1._domainkey.acme.example", Type: "TXT", Value: "v=DKIM1; k=rsa; p=" + strings.Repeat("MIIB", 90)},
					{Name: "acme.example", Type: "TXT", Value: "v=spf1 mx -all", Replaces: &old},
					{Name: "acme.example", Type: "TXT", Replaces: &old, Remove: true},
				}},
			},
			{Rule: odd, Args: []string{hostile, "3"}},
			{Rule: follows, SilencedBy: "dkim.missing"},
		},
	}
	for ip := range 16 {
		p := Path{IP: netip.AddrFrom4([4]byte{31, 134, 206, byte(128 + ip)}), From: "jan@acme.example", SPF: "pass", SPFAligned: dmarc.Yes, DKIM: "fail", DKIMAligned: dmarc.No, DMARC: "pass"}
		if ip == 5 {
			p.SPF = ""
		}
		r.Paths = append(r.Paths, p)
	}
	return r
}

func text(t *testing.T, o TextOptions, reports ...Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteText(&b, reports, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteText(t *testing.T) {
	out := text(t, TextOptions{ASCII: true}, sample())
	for _, want := range []string{
		"x FAIL  acme.example (External SMTP server, sends as jan@acme.example)\n",
		"\nFirst   DKIM key not found in DNS for acme.example\n",
		"1. x FAIL  DKIM key not found in DNS for acme.example [dkim.missing]\n",
		"Who     whoever manages DNS for acme.example\n",
		"Who     the manager of mail.acme.example\n",
		"\n\nv=DKIM1; k=rsa; p=" + strings.Repeat("MIIB", 90) + "\n\n",
		"Change the TXT record at acme.example into:\n\nv=spf1 mx -all\n\n",
		"Delete this TXT record at acme.example:\n\nv=spf1 -all\n\n",
		"dkim.follows (because of dkim.missing)",
		"15 addresses (31.134.206.128 to 31.134.206.132, 31.134.206.134 to",
		"SPF unknown, DKIM",
		"14 DNS questions in 120ms.\n",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(want), " ")) || (len(want) > 60 && want[0] == '\n' && !strings.Contains(out, want)) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
	for _, l := range strings.Split(out, "\n") {
		if len(l) > 80 && !strings.HasPrefix(l, "v=") && !strings.Contains(l, "eA==") {
			t.Errorf("wider than 80 columns: %q", l)
		}
	}
	for _, r := range out {
		if r < ' ' && r != '\n' || r > 0x7e {
			t.Errorf("not ASCII: %q in\n%s", r, out)
			break
		}
	}
}

func TestWriteTextOfSeveralBeginsWithASummary(t *testing.T) {
	good := Report{Target: "good.example", Domain: "good.example", Verdict: VerdictOK}
	out := text(t, TextOptions{}, good, sample(), Report{Target: "far.example", Domain: "far.example"})
	want := "3 examined\n✔ OK    good.example\n✘ FAIL  acme.example  DKIM key not found in DNS for acme.example\n? ----  far.example\n\n"
	if !strings.HasPrefix(out, want) {
		t.Errorf("got\n%s", out)
	}
	if !strings.Contains(out, "Nothing is wrong with good.example.") || !strings.Contains(out, "far.example could not be judged") {
		t.Errorf("got\n%s", out)
	}
	for _, r := range out {
		if r >= 0x2500 && r <= 0x259F || r >= 0x2800 && r <= 0x28FF {
			t.Errorf("%U does not read well aloud", r)
		}
	}
}

func TestWriteMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := WriteMarkdown(&b, []Report{sample()}); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	for _, want := range []string{
		"## `acme.example`: FAIL\n",
		"### 1. FAIL: DKIM key not found in DNS for `acme.example`\n",
		"Receivers cannot verify \\*this\\* mail.",
		"### 2. WARN: Odd text: ``v=spf1 ^[]52;c;eA==^G `x` [l](http://evil.test) <b>^M^J# h<U+202E>``, 3 times\n",
		"- **Who:** whoever manages DNS for `acme.example`\n",
		"\n```\nv=DKIM1; k=rsa; p=" + strings.Repeat("MIIB", 90) + "\n```\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") || strings.Contains(out, "\r") {
		t.Error("a control character came through")
	}
}

func TestCodeSpan(t *testing.T) {
	for in, want := range map[string]string{
		"a":      "`a`",
		"`":      "`` ` ``",
		"a``b`c": "```a``b`c```",
		"":       "(nothing)",
		" a":     "`  a `",
	} {
		if got := codeSpan(in); got != want {
			t.Errorf("codeSpan(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, []Report{sample(), {}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") {
		t.Error("a password came through")
	}
	var doc struct {
		Schema  int
		Reports []map[string]json.RawMessage
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != 1 || len(doc.Reports) != 2 {
		t.Fatalf("got %s", b.String())
	}
	for key, want := range map[string]string{
		"transport": "null", "started": "null", "verdict": `"unknown"`, "paths": "[]", "findings": "[]", "took_ms": "0", "queries": "0",
	} {
		if got := string(doc.Reports[1][key]); got != want {
			t.Errorf("empty report: %s is %s, want %s", key, got, want)
		}
	}
	var findings []map[string]any
	if err := json.Unmarshal(doc.Reports[0]["findings"], &findings); err != nil {
		t.Fatal(err)
	}
	first, last := findings[0], findings[2]
	fix := first["fix"].(map[string]any)
	records := fix["records"].([]any)
	evidence := first["evidence"].([]any)[0].(map[string]any)
	for name, pair := range map[string][2]any{
		"command":   {fix["command"], nil},
		"added":     {records[0].(map[string]any)["replaces"], nil},
		"replaced":  {records[1].(map[string]any)["replaces"], "v=spf1 -all"},
		"removed":   {records[2].(map[string]any)["value"], nil},
		"evidence":  {evidence["answer"], hostile},
		"at":        {evidence["at"], "2026-01-02T03:04:05Z"},
		"silenced":  {last["silenced_by"], "dkim.missing"},
		"open":      {first["silenced_by"], nil},
		"no fix":    {last["fix"], nil},
		"unknown":   {last["severity"], "unknown"},
		"owner":     {first["owner"], "customer-dns"},
		"reference": {first["references"].([]any)[0], "RFC 6376 section 3.6.2"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
}

// TestActor holds that who must act is named by the domain of the finding,
// which is that of the envelope where only its record is wrong.
func TestActor(t *testing.T) {
	rule := &finding.Rule{Code: "spf.x", Owner: finding.CustomerDNS}
	mail := &finding.Rule{Code: "smtp.x", Owner: finding.CustomerMailServer}
	bank := &transports.Transport{Name: "Bank", Type: transports.SMTP, Server: transports.Server{Host: "mail.bank.example"}}
	r := Report{Target: "Bank", Domain: "bank.example", Transport: bank}
	for want, f := range map[string]finding.Finding{
		"whoever manages DNS for mailer.example": {Rule: rule, Subject: "mailer.example"},
		"whoever manages DNS for bank.example":   {Rule: rule, Subject: "Bank"},
		"the manager of mail.bank.example":       {Rule: mail, Subject: "Bank"},
		"ClockWise":                              {Rule: rule, Owner: finding.ClockWise},
	} {
		if got := r.Actor(f); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
