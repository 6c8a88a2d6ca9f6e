package relay

import (
	_ "embed"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports/smtp"
)

//go:embed testdata/replies.txt
var repliesFile string

type example struct{ id, reply string }

func examples() []example {
	var out []example
	for line := range strings.Lines(repliesFile) {
		id, reply, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !strings.HasPrefix(id, "#") {
			out = append(out, example{id, reply})
		}
	}
	return out
}

// speaker is a server of a provider.
func speaker(p Provider) Refusal {
	switch p {
	case Outlook:
		return Refusal{Host: "acme-example.olc.protection.outlook.com"}
	case ExchangeOnline:
		return Refusal{Host: "AM0PR10CA0011.outlook.office365.com"}
	case Gmail:
		return Refusal{Host: "aspmx.l.google.com."}
	case Yahoo:
		return Refusal{Host: "mta5.am0.yahoodns.net"}
	case Exim:
		return Refusal{Banner: "mx.shop.example ESMTP Exim 4.98"}
	case Sendmail:
		return Refusal{Banner: "mx.shop.example ESMTP Sendmail 8.18.1/8.18.1"}
	case Exchange:
		return Refusal{Banner: "mail.shop.example Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026"}
	}
	return Refusal{Banner: "mx.shop.example ESMTP Postfix (Debian)"}
}

func TestEachRowIsFoundByItsReply(t *testing.T) {
	seen := map[string]bool{}
	for _, x := range examples() {
		seen[x.id] = true
		i := slices.IndexFunc(catalogue(), func(e entry) bool { return e.id == x.id })
		if i < 0 {
			t.Errorf("%s is not in the catalogue", x.id)
			continue
		}
		for name := range strings.SplitSeq(catalogue()[i].providers, ",") {
			in, ok := ParseRefusal(x.reply)
			if !ok {
				t.Errorf("%s: no reply in %q", x.id, x.reply)
				continue
			}
			who := speaker(Provider(name))
			in.Host, in.Banner = who.Host, who.Banner
			if Provider(name) == Exchange {
				in.Reply.Lines = []string{regexp.MustCompile(`\[AM.*\]`).ReplaceAllString(in.Reply.Text(), "")}
			}
			if got := Diagnose(in); got.ID != x.id || got.Certainty == Unsure {
				t.Errorf("%s of %s: %q is diagnosed as %q (%s, %s)", x.id, name, x.reply, got.ID, got.Provider, got.Certainty)
			}
		}
	}
	for _, e := range catalogue() {
		if !seen[e.id] {
			t.Errorf("no example for %s", e.id)
		}
	}
}

// TestCodesOfRows holds that the codes of each row can be read, and match
// themselves.
func TestCodesOfRows(t *testing.T) {
	for _, e := range catalogue() {
		for code := range strings.SplitSeq(e.codes, ",") {
			n, err := strconv.Atoi(strings.ReplaceAll(code, "x", "0"))
			if err != nil || !e.has(n) || n < 400 || n > 599 {
				t.Errorf("%s: code %q", e.id, code)
			}
		}
		if e.enhanced == "*" {
			continue
		}
		for code := range strings.SplitSeq(e.enhanced, ",") {
			low, _, _ := strings.Cut(code, "-")
			if !e.hasEnhanced(low) {
				t.Errorf("%s: enhanced code %q", e.id, code)
			}
		}
	}
}

func TestRowsAreComplete(t *testing.T) {
	if n := len(catalogue()); n != 181 {
		t.Errorf("%d rows", n)
	}
	ids := map[string]bool{}
	ownedBy := finding.Owners
	stages := []string{"connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "bounce"}
	foreign := regexp.MustCompile("[`*|]" + `|\b(exo|gmail|postfix|yahoo)-[a-z]+|\.md\b|\bAs [a-z]+-`)
	for _, e := range catalogue() {
		if ids[e.id] {
			t.Errorf("%s stands there twice", e.id)
		}
		ids[e.id] = true
		for name, text := range map[string]string{"meaning": e.meaning, "cause": e.cause, "fix": e.fix} {
			switch {
			case len(strings.Fields(text)) < 2:
				t.Errorf("%s: %s is too short: %q", e.id, name, text)
			case !strings.HasSuffix(text, "."):
				t.Errorf("%s: %s is no sentence: %q", e.id, name, text)
			case foreign.MatchString(text):
				t.Errorf("%s: %s is not plain: %q", e.id, name, text)
			}
		}
		if e.source == "" || e.providers == "" || e.codes == "" || e.enhanced == "" || !slices.Contains(ownedBy, e.owner) {
			t.Errorf("%s has an empty cell", e.id)
		}
		for s := range strings.SplitSeq(e.stages, ",") {
			if !slices.Contains(stages, s) {
				t.Errorf("%s: stage %q", e.id, s)
			}
		}
		for p := range strings.SplitSeq(e.providers, ",") {
			if !slices.Contains([]Provider{Outlook, ExchangeOnline, Gmail, Yahoo, Postfix, Exim, Sendmail, Exchange, rspamd, openDMARC}, Provider(p)) {
				t.Errorf("%s: provider %q", e.id, p)
			}
		}
	}
}

// diagnosed explains a reply of a server of which only the provider is known.
func diagnosed(t *testing.T, p Provider, reply string) Diagnosis {
	t.Helper()
	in, ok := ParseRefusal(reply)
	if !ok {
		t.Fatalf("no reply in %q", reply)
	}
	if p != UnknownProvider {
		who := speaker(p)
		in.Host, in.Banner = who.Host, who.Banner
	}
	return Diagnose(in)
}

// TestTraps holds the traps of the replies that are told apart by their text,
// their code or their server.
func TestTraps(t *testing.T) {
	for _, c := range []struct {
		trap     int
		provider Provider
		reply    string
		id       string
	}{
		{1, ExchangeOnline, "550 5.7.30 Basic authentication is not supported for Client Submission.", "exo-basic-auth-retired"},
		{1, Gmail, "550 5.7.30 Gmail requires all bulk senders to authenticate with DKIM", "gmail-bulk-dkim"},
		{1, UnknownProvider, "550 5.7.30 no", ""},
		{1, ExchangeOnline, "550 5.7.30 no", ""},
		{2, UnknownProvider, "550 5.7.26 no", ""},
		{2, Gmail, "550 5.7.26 no", ""},
		{2, ExchangeOnline, "550 5.7.23 no", ""},
		{2, UnknownProvider, "550 5.7.1 no", ""},
		{2, Gmail, "421 4.7.0 no", ""},
		{3, ExchangeOnline, "550 5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied"},
		{3, ExchangeOnline, "550 5.4.1 Relay Access Denied", "exo-domain-not-accepted"},
		{3, Postfix, "554 5.7.1 <eva@shop.example>: Relay access denied", "postfix-relay-denied"},
		{3, UnknownProvider, "554 5.7.1 <eva@shop.example>: Relay access denied", "postfix-relay-denied"},
		{10, ExchangeOnline, "550 5.7.511 Access denied, banned sender", "exo-ip-banned-511"},
		{10, ExchangeOnline, "550 5.7.502 Access denied, banned sender", "exo-account-banned"},
		{10, ExchangeOnline, "550 5.7.503 Access denied, banned sender", "exo-account-banned"},
		{10, ExchangeOnline, "550 5.7.800 Access denied, banned sender", "exo-domain-banned"},
		{12, ExchangeOnline, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "exo-connection-limit"},
		{12, ExchangeOnline, "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", "exo-recipient-busy"},
		{13, ExchangeOnline, "554 5.2.2 mailbox full", "exo-sent-items-full"},
		{13, ExchangeOnline, "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception", ""},
		{14, ExchangeOnline, "554 5.2.252 SendAsDenied; a not allowed to send as b", "exo-send-as-denied"},
		{14, ExchangeOnline, "550 5.2.252 Message rejected: continuous Send As denied errors", "exo-throttled-252"},
		{15, Outlook, "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation", "outlook-ip-rate-limited"},
		{15, ExchangeOnline, "451 4.7.650 Server busy. Please try again later", "exo-server-busy"},
		{16, ExchangeOnline, "550 5.7.51 TenantInboundAttribution; There is a partner connector", "exo-partner-connector-restricts"},
		{16, ExchangeOnline, "550 5.7.51 RestrictDomainsToIPAddresses or RestrictDomainsToCertificate; TenantInboundAttribution", "exo-partner-connector-restricts"},
		{16, ExchangeOnline, "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization", "exo-direct-send-rejected"},
		{17, ExchangeOnline, "550 5.7.1 Unable To Relay: Blocked by Customer Allow list", "exo-relay-blocked-allow-list"},
		{19, ExchangeOnline, "450 4.7.320 Certificate validation failed", "exo-outbound-certificate"},
		{19, ExchangeOnline, "450 4.7.323 tlsa-invalid", "exo-dane-tlsa"},
		{21, ExchangeOnline, "550 4.4.4 which has no mail-enabled subscriptions", "exo-no-mail-subscription"},
		{23, Exim, "550 5.7.1 relay not permitted", "exim-relay"},
		{23, Exim, "550 relay not permitted", "exim-relay"},
		{23, Postfix, "554 <eva@shop.example>: Relay access denied", "postfix-relay-denied"},
		{23, Postfix, "550 5.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", "postfix-no-ptr"},
	} {
		d := diagnosed(t, c.provider, c.reply)
		if d.ID != c.id || d.ID == "" && d.Certainty != Unsure {
			t.Errorf("trap %d: %q of %q is %q (%s): %s", c.trap, c.reply, c.provider, d.ID, d.Certainty, d.Meaning)
		}
	}
}

func TestTrapsOfCodes(t *testing.T) {
	for _, c := range []struct{ reply, holds string }{
		{"550 5.7.1 no", "refuses it by policy"},                   // 2
		{"550 5.7.30 no", "Google that DKIM did not pass"},         // 1
		{"421 4.7.0 no", "Refused for now: something about secur"}, // 2
	} {
		if d := diagnosed(t, UnknownProvider, c.reply); !strings.Contains(d.Meaning, c.holds) {
			t.Errorf("%q: %s", c.reply, d.Meaning)
		}
	}
	// Codes are numbers, not texts.
	for reply, id := range map[string]string{
		"550 5.7.133 sender not authenticated for public folder": "", "550 5.7.13 sender not authenticated for public folder": "exo-internal-only-public-folder",
		"550 5.7.511 TenantInboundAttribution": "", "550 5.7.606 banned sending IP": "exo-ip-banned", "550 5.7.649 banned sending IP": "exo-ip-banned",
		"550 5.7.650 banned sending IP": "", "550 5.7.60 banned sending IP": "",
	} {
		if d := diagnosed(t, ExchangeOnline, reply); d.ID != id {
			t.Errorf("%q is %q, want %q", reply, d.ID, id)
		}
	}
}

// TestTrapsOfTime: traps 6, 7, 8 and 21, and when to try again.
func TestTrapsOfTime(t *testing.T) {
	for _, c := range []struct {
		provider  Provider
		reply     string
		transient bool
		passes    bool
		retry     time.Duration
	}{
		{ExchangeOnline, "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35", false, false, 0},
		{Gmail, "421 4.7.27 Gmail requires all bulk senders to authenticate with SPF", false, false, 0},
		{Gmail, "421 4.7.26 requires all senders to authenticate with either SPF or DKIM", false, false, 0},
		{Gmail, "421 4.7.32 isn't aligned with either the authenticated SPF or DKIM organizational domain", false, false, 0},
		{Gmail, "421 4.7.31 something new", false, false, 0},
		{Gmail, "421 4.7.28 something new", true, false, 30 * time.Minute},
		{Postfix, "450 4.2.0 <eva@shop.example>: Recipient address rejected: Greylisted, try again in 300 seconds", true, true, 5 * time.Minute},
		{Postfix, "450 4.2.0 Greylisted, retry after 00:04:59", true, true, 4*time.Minute + 59*time.Second},
		{Postfix, "450 4.2.0 Greylisted, retry in 999999 hours", true, true, 24 * time.Hour},
		{Postfix, "451 4.7.1 Greylisting in action, please come back later", true, true, 15 * time.Minute},
		{ExchangeOnline, "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712)", true, true, 15 * time.Minute},
		{ExchangeOnline, "550 4.4.4 which has no mail-enabled subscriptions", false, false, 0},
		{UnknownProvider, "550 4.4.4 no", false, false, 0},
		{UnknownProvider, "450 no", true, false, 30 * time.Minute},
		{UnknownProvider, "554 no", false, false, 0},
	} {
		d := diagnosed(t, c.provider, c.reply)
		if d.Transient != c.transient || d.Passes != c.passes || d.Retry != c.retry {
			t.Errorf("%q: transient %t, passes %t, retry %s", c.reply, d.Transient, d.Passes, d.Retry)
		}
	}
}

// TestTrapsOfAddresses: traps 4 and 11, for a machine that is not ClockWise's.
func TestTrapsOfAddresses(t *testing.T) {
	const desk, clockwise = "203.0.113.7", "31.134.206.130"
	for _, c := range []struct {
		provider Provider
		reply    string
		from     string
		owner    finding.Owner
		expected bool
	}{
		{ExchangeOnline, "550 5.7.64 TenantAttribution; Relay Access Denied", desk, finding.Nobody, true},
		{ExchangeOnline, "550 5.7.64 TenantAttribution; Relay Access Denied", clockwise, finding.CustomerM365, false},
		{ExchangeOnline, "550 5.7.64 TenantAttribution; Relay Access Denied", "", finding.CustomerM365, false},
		{ExchangeOnline, "550 5.7.1 Service unavailable, Client host [203.0.113.7] blocked using Spamhaus", "", finding.Network, true},
		{ExchangeOnline, "550 5.7.1 Service unavailable, Client host [31.134.206.130] blocked using Spamhaus", "", finding.ClockWise, false},
		{Postfix, "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using list.example", "", finding.Network, true},
		{Postfix, "554 5.7.1 Service unavailable; Client host [31.134.206.130] blocked using list.example", desk, finding.ClockWise, false},
		{Gmail, "550 5.7.26 The MAIL FROM domain has an SPF record with a hard fail policy", desk, finding.Network, true},
		{Gmail, "550 5.7.26 The MAIL FROM domain has an SPF record with a hard fail policy", clockwise, finding.CustomerDNS, false},
		{ExchangeOnline, "550 5.7.509 Access denied, sending domain acme.example does not pass DMARC verification", desk, finding.CustomerDNS, false},
	} {
		in, _ := ParseRefusal(c.reply)
		in.Host = speaker(c.provider).Host
		in.Banner = speaker(c.provider).Banner
		if c.from != "" {
			in.Hello = "mx.shop.example Hello [" + c.from + "]"
		}
		d := Diagnose(in)
		if d.Owner != c.owner || d.Expected != c.expected {
			t.Errorf("%q from %q: owner %s, expected %t: %s", c.reply, c.from, d.Owner, d.Expected, d.Cause)
		}
		if strings.Contains(d.Fix+d.Cause, "{") {
			t.Errorf("%q: %s %s", c.reply, d.Cause, d.Fix)
		}
	}
	in, _ := ParseRefusal("550 5.7.64 TenantAttribution; Relay Access Denied")
	in.Network = netip.MustParsePrefix("192.0.2.16/28")
	in.Address = netip.MustParseAddr("192.0.2.17")
	if d := Diagnose(in); d.Expected || !strings.Contains(d.Fix, "192.0.2.16/28") {
		t.Errorf("another network: %+v", d)
	}
}

// TestTrapsOfTexts: traps 5, 9, 17, 18 and 22 are in what is said.
func TestTrapsOfTexts(t *testing.T) {
	for _, c := range []struct {
		reply, holds string
		lacks        string
	}{
		{"550 5.7.64 TenantAttribution; Relay Access Denied", "Test with a recipient outside Microsoft 365", ""},
		{"550 5.7.68 TenantInboundAttribution; Direct Send not allowed", "not in message trace", "Add the include"},
		{"550 5.7.68 TenantInboundAttribution; Direct Send not allowed", "SPF, DKIM and DMARC do not help", ""},
		{"550 5.2.251 continuous mailbox full errors", "message trace does not show it", ""},
		{"550 5.7.509 does not pass DMARC verification", "A connector does not help", ""},
		{"550 5.7.1 Unable To Relay: Blocked by Customer Allow list", "both lists", ""},
		{"250 2.1.5 Recipient OK", "quarantine or junk", ""},
		{"451 4.7.500 Server busy", "Only when it lasts for hours", ""},
	} {
		d := diagnosed(t, ExchangeOnline, c.reply)
		text := d.Cause + " " + d.Fix + " " + d.Note
		if !strings.Contains(text, c.holds) || c.lacks != "" && strings.Contains(text, c.lacks) {
			t.Errorf("%q: %s", c.reply, text)
		}
	}
}

// TestTrapOfBounces: trap 20.
func TestTrapOfBounces(t *testing.T) {
	for _, c := range []struct{ reply, outer, inner string }{
		{"550 5.0.350 Remote server returned an error -> 554 5.7.1 <eva@shop.example>: Relay access denied", "exo-remote-other", "postfix-relay-denied"},
		{"550 4.4.7 QUEUE.Expired; message expired -> 421 4.7.0 [31.134.206.130] temporary -> 450 4.2.0 Greylisted", "exo-expired", "postfix-greylist"},
		{"550 5.9.9 host aspmx.l.google.com[192.0.2.7] said: 550 5.1.1 The email account that you tried to reach does not exist", "", "gmail-no-user"},
		{"550 5.0.350 Remote server returned an error -> nothing", "", "exo-remote-other"},
	} {
		d := diagnosed(t, ExchangeOnline, c.reply)
		outer := ""
		if d.Outer != nil {
			outer = d.Outer.ID
		}
		if d.ID != c.inner || outer != c.outer {
			t.Errorf("%q: %q within %q", c.reply, d.ID, outer)
		}
	}
}

func TestProvider(t *testing.T) {
	for _, c := range []struct {
		in   Refusal
		text string
		want Provider
	}{
		{Refusal{Host: "acme-example.mail.protection.outlook.com."}, "", ExchangeOnline},
		{Refusal{Host: "x.olc.protection.outlook.com"}, "", Outlook},
		{Refusal{Host: "acme-example.x-v1.mx.microsoft"}, "", ExchangeOnline},
		{Refusal{Host: "smtp.office365.com"}, "", ExchangeOnline},
		{Refusal{Host: "evil.protection.outlook.com.attacker.example"}, "", UnknownProvider},
		{Refusal{Banner: "AM0PR10CA0011.outlook.office365.com Microsoft ESMTP MAIL Service ready"}, "", ExchangeOnline},
		{Refusal{Banner: "mail.acme.example Microsoft ESMTP MAIL Service ready"}, "", Exchange},
		{Refusal{Hello: "AM0EUR02FT040.mail.protection.outlook.com Hello [192.0.2.1]"}, "", ExchangeOnline},
		{Refusal{}, "Relay Access Denied [AM0EUR02FT040.eop-EUR02.prod.protection.outlook.com 2026-11-24T10:00:00.000Z]", ExchangeOnline},
		{Refusal{}, "mail to x.protection.outlook.com refused", UnknownProvider},
		{Refusal{}, "no such user ffacd0b85a97d - gsmtp", Gmail},
		{Refusal{}, "our rule. gcdp", Gmail},
		{Refusal{Host: "alt1.gmail-smtp-in.l.google.com"}, "", Gmail},
		{Refusal{Banner: "mx ESMTP Postfix"}, "", Postfix},
		{Refusal{Banner: "mx ESMTP Exim 4.98 Tue"}, "", Exim},
		{Refusal{Banner: "mx ESMTP"}, "", UnknownProvider},
	} {
		if got := providerOf(c.in, c.text); got != c.want {
			t.Errorf("%+v %q: %q, want %q", c.in, c.text, got, c.want)
		}
	}
}

func TestFallback(t *testing.T) {
	for _, c := range []struct {
		reply smtp.Reply
		want  string
	}{
		{smtp.Reply{Code: 550, Enhanced: "5.1.1", Lines: []string{"x"}}, "Refused for good: the recipient's mailbox does not exist."},
		{smtp.Reply{Code: 450, Enhanced: "4.2.9", Lines: []string{"x"}}, "Refused for now: something about the recipient's mailbox."},
		{smtp.Reply{Code: 550, Enhanced: "4.4.4", Lines: []string{"x"}}, "Refused for good: there is no route to the recipient's domain."},
		{smtp.Reply{Code: 550, Enhanced: "5.7.21", Lines: []string{"x"}}, "Refused for good: no DKIM signature passed that the server accepts."},
		{smtp.Reply{Code: 550, Enhanced: "5.9.1", Lines: []string{"x"}}, "Refused for good: the mailbox is not available, or the server refuses by policy."},
		{smtp.Reply{Code: 599, Lines: []string{"x"}}, "Refused for good: the code says no more than that."},
		{smtp.Reply{Code: 354, Lines: []string{"go on"}}, "The server asks for more: the server waits for the message."},
	} {
		if d := Diagnose(Refusal{Reply: c.reply}); d.Meaning != c.want || d.Cause == "" || d.Fix == "" || d.Owner == "" || d.Reference == "" {
			t.Errorf("%v: %+v", c.reply, d)
		}
	}
}
