package received_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/received"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/compose"
)

var (
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key = ed25519.NewKeyFromSeed(make([]byte, 32))
)

const plainMail = "From: Jan <jan@acme.example>\r\nTo: eva@elsewhere.example\r\nSubject: Hours\r\nDate: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <1@acme.example>\r\n\r\nHello Eva,\r\n\r\nthese are the hours.\r\n"

func world(more ...string) *dnstest.Zone {
	if _, err := x509.MarshalPKIXPublicKey(key.Public()); err != nil {
		panic(err)
	}
	return dnstest.New(append([]string{
		"acme.example TXT v=spf1 ip4:31.134.206.128/28 -all",
		"cw1._domainkey.acme.example TXT v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)),
		"_dmarc.acme.example TXT v=DMARC1; p=reject",
	}, more...)...)
}

func signed(t *testing.T, mail string) string {
	t.Helper()
	out, err := compose.Sign([]byte(mail), compose.SignOptions{Domain: "acme.example", Selector: "cw1", Signer: key, Time: now})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func judge(t *testing.T, zone *dnstest.Zone, raw, ip, mailFrom string) received.Verdict {
	t.Helper()
	in := received.Input{Message: received.Parse([]byte(raw)), MailFrom: mailFrom, Given: mailFrom != "", Service: transports.DefaultService(), Now: now}
	if ip != "" {
		in.Client = netip.MustParseAddr(ip)
	}
	return received.Judge(t.Context(), zone, in)
}

func codes(v received.Verdict) (out []string) {
	for _, f := range v.Findings {
		out = append(out, f.Code())
	}
	return out
}

func TestJudge(t *testing.T) {
	whole := signed(t, plainMail)
	for _, c := range []struct {
		name, raw, ip, from    string
		spf, dkim, dmarc, code string
		change                 string
	}{
		{"sound", whole, "31.134.206.130", "jan@acme.example", "pass", "pass", "pass", "", ""},
		{"forwarded", whole, "192.0.2.1", "jan@acme.example", "fail", "pass", "pass", "", ""},
		{"unsigned from elsewhere", plainMail, "192.0.2.1", "jan@acme.example", "fail", "", "fail", "dmarc.mail-rejected", ""},
		{"nothing known", plainMail, "", "", "unknown", "", "unknown", "", ""},
		{"footer", whole + "--\r\nSeen by a gateway\r\n", "192.0.2.1", "jan@acme.example", "fail", "fail", "fail", "signature.body-changed", "added at the end"},
		{"word changed", strings.Replace(whole, "hours.", "weeks.", 1), "192.0.2.1", "jan@acme.example", "fail", "fail", "fail", "signature.body-changed", ""},
		{"subject tag", strings.Replace(whole, "Subject: ", "Subject: [EXT] ", 1), "192.0.2.1", "jan@acme.example", "fail", "fail", "fail", "signature.headers-changed", "[EXT]"},
		{"field added", "Reply-To: eve@other.example\r\n" + whole, "192.0.2.1", "jan@acme.example", "fail", "fail", "fail", "signature.headers-changed", "Reply-To was added"},
		{"LF", strings.ReplaceAll(whole, "\r\n", "\n"), "31.134.206.130", "jan@acme.example", "pass", "pass", "pass", "", ""},
		{"mbox", "From jan@acme.example Fri Jan  2 03:04:05 2026\n" + strings.ReplaceAll(whole, "\r\n", "\n"), "31.134.206.130", "jan@acme.example", "pass", "pass", "pass", "", ""},
		{"header alone", whole[:strings.Index(whole, "\r\n\r\n")+2], "192.0.2.1", "jan@acme.example", "fail", "unknown", "unknown", "signature.unreadable", ""},
		{"no From", "Subject: x\r\n\r\nx\r\n", "192.0.2.1", "jan@acme.example", "fail", "", "none", "message.from-missing", ""},
		{"no message", "hello", "", "", "unknown", "", "none", "message.unreadable", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judge(t, world(), c.raw, c.ip, c.from)
			dkim, change := "", ""
			if len(v.DKIM) > 0 {
				dkim, change = v.DKIM[0].Result, v.DKIM[0].Change
			}
			if v.SPF.Result != c.spf || dkim != c.dkim || v.DMARC.Result != c.dmarc {
				t.Errorf("spf %s, dkim %s, dmarc %s; want %s, %s, %s", v.SPF.Result, dkim, v.DMARC.Result, c.spf, c.dkim, c.dmarc)
			}
			if c.code != "" && !slices.Contains(codes(v), c.code) {
				t.Errorf("findings %v, want %s", codes(v), c.code)
			}
			if !strings.Contains(change, c.change) || (c.change == "" && change != "") {
				t.Errorf("change %q, want %q", change, c.change)
			}
			if v.Conclusion == "" || (c.code == "message.unreadable") != strings.HasPrefix(v.Conclusion, "This cannot be read") {
				t.Errorf("conclusion %q", v.Conclusion)
			}
		})
	}
}

func TestReplyTo(t *testing.T) {
	for _, c := range []struct{ from, reply, want string }{
		{"noreply@clockwise.info", "", "message.reply-to-missing"},
		{"noreply@clockwise.info", "jan@acme.example", "message.reply-to-intended"},
		{"jan@acme.example", "jan@other.example", "message.reply-to-other-domain"},
		{"jan@acme.example", "noreply@acme.example", "message.reply-to-is-no-reply"},
		{"jan@acme.example", "a@acme.example, b@acme.example", "message.reply-to-malformed"},
		{"jan@acme.example", "jan@mail.acme.example", ""},
	} {
		raw := "From: " + c.from + "\r\n"
		if c.reply != "" {
			raw += "Reply-To: " + c.reply + "\r\n"
		}
		got := slices.DeleteFunc(codes(judge(t, world(), raw+"\r\nx\r\n", "", "")), func(s string) bool { return !strings.HasPrefix(s, "message.reply") })
		if (c.want == "" && len(got) > 0) || (c.want != "" && !slices.Equal(got, []string{c.want})) {
			t.Errorf("%s, %s: %v, want %s", c.from, c.reply, got, c.want)
		}
	}
}

func TestForm(t *testing.T) {
	for name, c := range map[string]struct{ raw, want string }{
		"date":     {strings.Replace(plainMail, "Date: Fri", "Date: x", 1), "message.date-wrong"},
		"id":       {strings.Replace(plainMail, "<1@acme.example>", "<1@pc.local>", 1), "message.message-id-wrong"},
		"line":     {plainMail + strings.Repeat("x", 999) + "\r\n", "message.line-too-long"},
		"longest":  {plainMail + strings.Repeat("x", 998) + "\r\n", ""},
		"newline":  {plainMail + "a\nb\r\n", "message.bare-newline"},
		"name":     {strings.Replace(plainMail, "From: Jan", "From: \"jan@bank.example\"", 1), "message.display-name-deceptive"},
		"own name": {strings.Replace(plainMail, "From: Jan", "From: \"jan@acme.example\"", 1), ""},
		"senders":  {strings.Replace(plainMail, "<jan@acme.example>", "<jan@acme.example>, eva@acme.example", 1), "message.sender-missing"},
		"twice":    {"Subject: a\r\n" + plainMail, "message.header-duplicate"},
	} {
		got := slices.DeleteFunc(codes(judge(t, world(), c.raw, "31.134.206.130", "jan@acme.example")), func(s string) bool { return !strings.HasPrefix(s, "message.") })
		if (c.want == "" && len(got) > 0) || (c.want != "" && !slices.Equal(got, []string{c.want})) {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}

func TestMicrosoft(t *testing.T) {
	raw := "Received: from AM1.example.test (2001:db8::5) by AM2.example.test with ESMTPS; Fri, 2 Jan 2026 03:04:09 +0000\r\n" +
		"Authentication-Results: spf=fail (sender IP is 31.134.206.130)\r\n smtp.mailfrom=acme.example; dkim=none (message not signed)\r\n header.d=none; dmarc=fail action=oreject header.from=acme.example;compauth=fail\r\n reason=601\r\n" +
		"Received: from mail.clockwise.info (31.134.206.130) by mx.example.test with ESMTPS; Fri, 2 Jan 2026 03:04:07 +0000\r\n" +
		"X-Forefront-Antispam-Report: CIP:31.134.206.130;SFV:SPM;CAT:SPOOF;SCL:5;H:mail.clockwise.info;\r\nReturn-Path: <jan@acme.example>\r\n" + plainMail
	zone := world("acme.example TXT v=spf1 -all")
	zone.Remove("acme.example TXT v=spf1 ip4:31.134.206.128/28 -all")
	v := judge(t, zone, raw, "", "")
	if !v.Envelope.Inside || v.Envelope.HELO != "mail.clockwise.info" || v.Envelope.MailFrom != "jan@acme.example" {
		t.Errorf("envelope %+v", v.Envelope)
	}
	if v.SPF.Result != "fail" || v.Owner != "customer-dns" || v.Next == "" || !slices.ContainsFunc(codes(v), func(s string) bool { return strings.HasPrefix(s, "spf.") }) {
		t.Errorf("SPF %s, %s: %q, %v", v.SPF.Result, v.Owner, v.Next, codes(v))
	}
	for _, want := range []string{"message.microsoft-verdict", "message.microsoft-authentication"} {
		if !slices.Contains(codes(v), want) {
			t.Errorf("findings %v, want %s", codes(v), want)
		}
	}
	if len(v.Hops) != 2 || v.Hops[0].Delay != 2*time.Second || !v.Hops[0].TLS {
		t.Errorf("hops %+v", v.Hops)
	}
	if m, _ := v.Results[0].Method("compauth"); v.Results[0].Server != "" || m.Props["reason"] != "601" {
		t.Errorf("results %+v", v.Results)
	}
}

// TestResults holds that only the receiver's own verdict is compared.
func TestResults(t *testing.T) {
	hop := "Received: from a.example (192.0.2.1) by mx.receiver.example with ESMTP; Fri, 2 Jan 2026 03:04:07 +0000\r\n"
	for _, c := range []struct{ field, want string }{
		{"mx.receiver.example; spf=pass smtp.mailfrom=acme.example", "message.prediction-differs"},
		{"receiver.example; spf=fail smtp.mailfrom=acme.example", ""},
		{"mx.acme.example; spf=pass smtp.mailfrom=acme.example", "message.results-untrusted"},
		{"spf=pass smtp.mailfrom=acme.example", "message.results-untrusted"},
	} {
		got := slices.DeleteFunc(codes(judge(t, world(), "Authentication-Results: "+c.field+"\r\n"+hop+plainMail, "", "jan@acme.example")), func(s string) bool {
			return s != "message.prediction-differs" && s != "message.results-untrusted"
		})
		if (c.want == "" && len(got) > 0) || (c.want != "" && !slices.Equal(got, []string{c.want})) {
			t.Errorf("%s: %v, want %q", c.field, got, c.want)
		}
	}
}

func TestPasted(t *testing.T) {
	m := received.Parse([]byte("  From: Jan <jan@acme.example>\n  Subject: a long\nwrapped subject\n  Date: x\n"))
	if got := m.Values("Subject"); !m.Repaired || len(m.Fields) != 3 || got[0] != "a long wrapped subject" {
		t.Errorf("fields %d, subject %q", len(m.Fields), got)
	}
}

func TestAuthenticationResults(t *testing.T) {
	v := judge(t, world(), signed(t, plainMail), "31.134.206.130", "jan@acme.example")
	want := "mx.example.test;\r\n\tspf=pass smtp.mailfrom=jan@acme.example;\r\n\tdkim=pass header.d=acme.example header.s=cw1;\r\n\tdmarc=pass header.from=acme.example"
	if got := received.AuthenticationResults(v, "mx.example.test"); got != want {
		t.Errorf("%q", got)
	}
	v.Envelope.MailFrom = "a\"\r\nX: y; dmarc=pass"
	got := received.AuthenticationResults(v, "mx.example.test")
	if strings.Contains(got, "\r\nX") || !strings.Contains(got, `"a\"??X: y; dmarc=pass"`) {
		t.Errorf("%q", got)
	}
	if r := received.ParseResults(got); len(r.Methods) != 3 {
		t.Errorf("read back: %+v", r)
	}
}

// TestHostile holds that what is too much ends in time.
func TestHostile(t *testing.T) {
	for name, raw := range map[string]string{
		"received": strings.Repeat("Received: from a (192.0.2.1) by b; x\r\n", 10000) + plainMail,
		"header":   "X: " + strings.Repeat("a", 10<<20) + "\r\n" + plainMail,
		"from":     "From: " + strings.Repeat("<", 1<<20) + "\r\n\r\nx",
		"controls": "From: \x1b[31m\x00@\xff\r\nReceived: \x00(\x1b)\r\nAuthentication-Results: (((\\\r\n\r\n",
	} {
		start := time.Now()
		v := judge(t, world(), raw, "", "")
		if len(v.Hops) > 100 || v.Conclusion == "" || time.Since(start) > 20*time.Second {
			t.Errorf("%s: %d hops, %q", name, len(v.Hops), v.Conclusion)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(plainMail))
	f.Fuzz(func(_ *testing.T, raw []byte) { received.Parse(raw).Hops() })
}

func FuzzParseResults(f *testing.F) {
	f.Add("mx.example.test; spf=pass (a \\) b) smtp.mailfrom=\"a;b\"")
	f.Fuzz(func(_ *testing.T, s string) {
		received.ParseResults(s)
		received.ParseHop(s)
		received.ParseForefront(s)
	})
}
