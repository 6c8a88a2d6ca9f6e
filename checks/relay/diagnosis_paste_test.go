package relay

import (
	"net/netip"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct{ text, id, host, stage string }{
		"plain":           {"550 5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied", "", ""},
		"bracket":         {"550 5.7.64 TenantAttribution; Relay Access Denied [AM0EUR02FT040.eop-EUR02.prod.protection.outlook.com 2026-11-24T10:00:00.000Z 08DE]", "exo-relay-denied", "", ""},
		"quoted":          {`"550 5.7.64 TenantAttribution; Relay Access Denied"`, "exo-relay-denied", "", ""},
		"transcript mark": {"S> 550 5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied", "", ""},
		"own transcript":  {"   0.123  S>  550 5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied", "", ""},
		"swaks":           {" -> RCPT TO:<eva@shop.example>\n<** 550 5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied", "", "rcpt"},
		"mail quote":      {"> > 550 5.7.64 TenantAttribution; Relay\n> > Access Denied", "exo-relay-denied", "", ""},
		"enhanced only":   {"5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied", "", ""},
		"text only":       {"TenantAttribution; Relay Access Denied", "exo-relay-denied", "", ""},
		"wrapped":         {"550 5.7.64 TenantAttribution; Relay Access\r\nDenied", "exo-relay-denied", "", ""},
		"wrapped at code": {"550\n5.7.64 TenantAttribution;\nRelay Access Denied", "exo-relay-denied", "", ""},
		"multi-line": {
			"550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550-5.7.26 Gmail requires all senders to authenticate with\n550-5.7.26 either SPF or DKIM.\n550 5.7.26 abc123 - gsmtp",
			"gmail-unauthenticated", "", "",
		},
		"multi-line wrapped": {
			"550-5.7.26 This mail has been blocked because the sender is\nunauthenticated.\n550-5.7.26 Gmail requires all senders to\nauthenticate with either SPF or DKIM.\n550 5.7.26 abc123 - gsmtp",
			"gmail-unauthenticated", "", "",
		},
		"multi-line joined": {
			"550-5.7.26 This mail has been blocked because the sender is unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with 550-5.7.26 either SPF or DKIM. 550 5.7.26 abc - gsmtp",
			"gmail-unauthenticated", "", "",
		},
		"postfix log": {
			"Nov 24 10:00:00 mx postfix/smtp[77]: 4F2: to=<eva@shop.example>, relay=aspmx.l.google.com[192.0.2.7]:25, dsn=5.1.1, status=bounced (host aspmx.l.google.com[192.0.2.7] said: 550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 Please try - gsmtp (in reply to RCPT TO command))",
			"gmail-no-user", "aspmx.l.google.com", "rcpt",
		},
		"postfix bounce": {
			"This is the mail system at host out.acme.example.\n\n<eva@shop.example>: host mx.shop.example[192.0.2.7] said: 554 5.7.1\n    <eva@shop.example>: Relay access denied (in reply to RCPT TO\n    command)\n",
			"postfix-relay-denied", "mx.shop.example", "rcpt",
		},
		"status notification": {
			"Reporting-MTA: dns; out.acme.example\n\nFinal-Recipient: rfc822; eva@shop.example\nAction: failed\nStatus: 5.7.1\nRemote-MTA: dns; acme-example.mail.protection.outlook.com\nDiagnostic-Code: smtp; 550 5.7.64 TenantAttribution; Relay Access\n    Denied [AM0EUR02FT040.eop-EUR02.prod.protection.outlook.com]\n",
			"exo-relay-denied", "acme-example.mail.protection.outlook.com", "bounce",
		},
		"diagnostic code in the next line": {
			"Remote-MTA: dns;mx.shop.example\nDiagnostic-Code: smtp;\n 550 5.7.64 TenantAttribution; Relay Access Denied", "exo-relay-denied", "mx.shop.example", "bounce",
		},
		"exim bounce": {
			"  eva@shop.example\n    host mx.shop.example [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:<eva@shop.example>:\n    550 relay not permitted", "exim-relay", "mx.shop.example", "rcpt",
		},
		"exchange bounce": {
			"Remote Server at shop.example (192.0.2.7) returned '550 5.7.64 TenantAttribution; Relay Access Denied'", "exo-relay-denied", "shop.example", "",
		},
		"nested": {
			"Remote server returned '550 5.0.350 Remote server returned an error -> 554 5.7.1 <eva@shop.example>: Relay access denied'", "postfix-relay-denied", "", "",
		},
		"transcript": {
			"S> 220 mx.shop.example ESMTP Postfix\nC> EHLO out.acme.example\nS> 250-mx.shop.example\nS> 250 SIZE\nC> MAIL FROM:<jan@acme.example>\nS> 250 2.1.0 Ok\nC> RCPT TO:<eva@shop.example>\nS> 554 5.7.1 <eva@shop.example>: Relay access denied\nC> DATA\nS> 554 5.5.1 Error: no valid recipients\nC> QUIT\nS> 221 2.0.0 Bye",
			"postfix-relay-denied", "", "rcpt",
		},
		"colours":     {"\x1b[2mS> \x1b[0m\x1b[31m550 5.7.64 TenantAttribution; Relay Access Denied\x1b[0m", "exo-relay-denied", "", ""},
		"number sign": {"#550 5.7.64 TenantAttribution; Relay Access Denied ##", "exo-relay-denied", "", ""},
		"stage":       {"550 5.7.64 TenantAttribution; Relay Access Denied (in reply to end of DATA command)", "exo-relay-denied", "", "body"},
	} {
		t.Run(name, func(t *testing.T) {
			d, ok := Explain(c.text, netip.Prefix{})
			if !ok || d.ID != c.id {
				t.Fatalf("%q, %t: %+v", d.ID, ok, d)
			}
			in, _ := ParseRefusal(c.text)
			if in.Host != c.host || in.Stage != c.stage {
				t.Errorf("host %q, stage %q: %+v", in.Host, in.Stage, in)
			}
		})
	}
}

func TestExplainTranscript(t *testing.T) {
	in, _ := ParseRefusal("S> 220 mx.shop.example ESMTP Postfix\nC> EHLO out.acme.example\nS> 250-mx.shop.example Hello [203.0.113.7]\nS> 250 SIZE\nC> RCPT TO:<eva@shop.example>\nS> 554 5.7.1 no")
	if in.Banner != "mx.shop.example ESMTP Postfix" || in.Hello != "mx.shop.example Hello [203.0.113.7]" {
		t.Errorf("%+v", in)
	}
}

func TestExplainNothing(t *testing.T) {
	for _, text := range []string{"", " ", "frobnicate", "hello world", "Relay access denied", "gcdp", "600 no", "12345", "5.7", "99.1.1", "5500 5.7.1 x", "over\x00\x1b[31m"} {
		if d, ok := Explain(text, netip.Prefix{}); ok {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

// TestExplainBounded holds that a long text ends, and with little.
func TestExplainBounded(t *testing.T) {
	for _, text := range []string{
		"550 5.7.1 " + strings.Repeat("x ", 1<<20), strings.Repeat("550 -> ", 1<<17), strings.Repeat("550-5.7.1 x\n", 1<<17),
		strings.Repeat("host a[1] said: ", 1<<16) + "550 5.7.1 x", strings.Repeat("\x1b[", 1<<18), strings.Repeat("550 x\ny\n", 1<<16),
	} {
		d, ok := Explain(text, netip.Prefix{})
		if ok && len(d.Meaning)+len(d.Cause)+len(d.Fix) > 4096 {
			t.Errorf("%.20q: %d", text, len(d.Meaning))
		}
	}
}

func FuzzExplain(f *testing.F) {
	for _, x := range examples() {
		f.Add(x.reply)
	}
	for _, text := range []string{
		"host a[1] said: 550 5.1.1 x (in reply to RCPT TO command)", "Diagnostic-Code: smtp; 550", "Diagnostic-Code:", "Status: 5.1.1", "550-\n550 ", "S> 550\n5.1.1", "5.7.1",
		"450 4.2.0 retry in 99999999 s", "550 -> 550 -> ", "550 5.7.1 [::1] blocked using spamhaus",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := Explain(text, netip.Prefix{})
		if !ok {
			return
		}
		if d.Meaning == "" || d.Cause == "" || d.Fix == "" || d.Owner == "" || d.Reference == "" || (d.Retry != 0) != d.Transient {
			t.Errorf("%q: %+v", text, d)
		}
	})
}
