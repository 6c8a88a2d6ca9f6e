package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

const whole = `account: acme                      # acme.clockwise.info
transports:
  - name: acme.example             # unique
    type: clockwise                # clockwise | noreply | smtp
    match: {domain: acme.example, local_part: "", subsystem: ""}     # empty: all
    from: jan@acme.example
    envelope: ""
    dkim: {enabled: true, selector: cw1, key: keys/acme.example/cw1.pem, public_key: ""}
  - name: No reply
    type: noreply
    reply_to: true
  - name: Office 365
    type: smtp
    match: {domain: acme.example, local_part: facturen}
    smtp: {host: acme-example.mail.protection.outlook.com, port: 25, security: starttls, auth: none, username: "", password: ""}
resolvers: []
public_resolvers: [1.1.1.1, 8.8.8.8, 9.9.9.9]
dns_lists: []
clockwise: {spf_include: _spf.clockwise.info, network: 31.134.206.128/28, noreply: noreply@clockwise.info, domain: clockwise.info, dkim_selector: ""}
`

func TestParseContract(t *testing.T) {
	f, err := Parse("/home/jan/config.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if f.Account != "acme" || len(f.Transports) != 3 || len(f.Unknown) != 0 || len(f.Resolvers) != 0 || f.Service != transports.DefaultService() {
		t.Errorf("read %+v", f)
	}
	if !slices.Equal(f.PublicResolvers, DefaultPublicResolvers()) {
		t.Errorf("public resolvers %v", f.PublicResolvers)
	}
	a, n, o := f.Transports[0], f.Transports[1], f.Transports[2]
	if a.Name != "acme.example" || a.Line != 3 || a.Match.Domain != "acme.example" || a.From != "jan@acme.example" || !a.DKIM.Enabled || a.DKIM.Selector != "cw1" ||
		a.DKIM.KeyFile != "/home/jan/keys/acme.example/cw1.pem" {
		t.Errorf("first: %+v", a)
	}
	if n.Type != transports.NoReply || !n.ReplyTo.Copy || n.Line != 9 {
		t.Errorf("second: %+v", n)
	}
	if o.Server.Host != "acme-example.mail.protection.outlook.com" || o.Server.Port != 25 || o.Server.Security != "starttls" || o.Server.Auth != "none" || o.Server.Password.Kind != "" {
		t.Errorf("third: %+v", o)
	}
}

func TestParseAsPasted(t *testing.T) {
	f, err := Parse("c.yaml", []byte("\ufeff"+strings.ReplaceAll(`
transports:
- name: Café
  type: ClockWise
  match: {domain: " Café.Example. ", local_part: 1234, subsystem: Billing}
  from: Jan <Jan@CAFÉ.example>
  reply_to: info@acme.example
  dkim: {selector: CW1, public_key: "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
- name: two
  type: smtp
  smtp: {host: 192.0.2.1, username: x, password_env: P}
- name: three
  type: smtp
  smtp: {host: MAIL.acme.example., port: "465"}
- {name: four, type: smtp, smtp: {host: localhost, security: none}}
resolvers: 192.0.2.53
public_resolvers: ["[2001:db8::1]:5353", 2001:db8::2, dns.acme.example:53]
dns_lists: [List.example]
clockwise: {network: 192.0.2.19/28, dkim_selector: cw}
theme: Dark
motion: off
accessible: yes
lang: nl_NL
keys: {check-again: r, quit: x}
`, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	a := f.Transports[0]
	if a.Match != (transports.Match{Domain: "xn--caf-dma.example", LocalPart: "1234", Subsystem: "billing"}) || a.From != "Jan@xn--caf-dma.example" ||
		a.ReplyTo.Address != "info@acme.example" || a.DKIM.Selector != "cw1" || !a.DKIM.Enabled || a.DKIM.Key.Public == nil || !strings.HasPrefix(a.DKIM.PublicKey, "11qY") {
		t.Errorf("first: %+v", a)
	}
	for i, want := range []transports.Server{
		{Host: "192.0.2.1", Port: 587, Security: "starttls", Auth: "plain", Username: "x", Password: transports.Secret{Kind: transports.EnvSecret, Ref: "P"}},
		{Host: "mail.acme.example", Port: 465, Security: "tls", Auth: "none"},
		{Host: "localhost", Port: 25, Security: "none", Auth: "none"},
	} {
		if got := f.Transports[i+1].Server; got != want {
			t.Errorf("server %d: %+v, want %+v", i, got, want)
		}
	}
	if !slices.Equal(f.Resolvers, []string{"192.0.2.53:53"}) || !slices.Equal(f.PublicResolvers, []string{"[2001:db8::1]:5353", "[2001:db8::2]:53", "dns.acme.example:53"}) {
		t.Errorf("resolvers %v %v", f.Resolvers, f.PublicResolvers)
	}
	if f.Service.Network != netip.MustParsePrefix("192.0.2.16/28") || f.Service.DKIMSelector != "cw" || f.DNSLists[0] != "list.example" {
		t.Errorf("service %+v, lists %v", f.Service, f.DNSLists)
	}
	if f.Theme != "dark" || f.Motion == nil || *f.Motion || f.Accessible == nil || !*f.Accessible || f.ASCII != nil || f.Lang != "nl-NL" || f.Keys["check-again"] != "r" {
		t.Errorf("console %+v", f.Console)
	}
}

func TestParseEmpty(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "transports:\n", "transports: []\n", "~", Starter()} {
		f, err := Parse("c.yaml", []byte(text))
		if err != nil || len(f.Transports) != 0 || f.Service != transports.DefaultService() || len(f.Unknown) != 0 {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
}

// The starter must stay right when its comments are taken away.
func TestStarterExamples(t *testing.T) {
	text := strings.Replace(Starter(), "transports: []", "transports:", 1)
	var out []string
	for l := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(l, "#  "); ok {
			l = "  " + rest
		} else if rest, ok := strings.CutPrefix(l, "# "); ok && strings.Contains(rest, ": ") && !strings.Contains(rest, ". ") && !strings.HasPrefix(rest, "The ") && strings.ToLower(rest) == rest && !strings.HasPrefix(rest, "cwmail") {
			l = rest
		}
		out = append(out, l)
	}
	f, err := Parse("c.yaml", []byte(strings.Join(out, "")))
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(out, ""))
	}
	if len(f.Transports) != 3 || len(f.Unknown) != 0 || f.Account != "acme" || len(f.Resolvers) != 1 || f.Theme != "auto" {
		t.Errorf("%+v", f)
	}
}

// one is a transport around the keys of a mistake, which begins in line 4.
func one(keys string) string {
	return "transports:\n  - name: acme\n    type: smtp\n    " + strings.ReplaceAll(keys, "\n", "\n    ") + "\n"
}

func TestMistakes(t *testing.T) {
	smtp := "smtp: {host: mail.acme.example, "
	for _, c := range []struct {
		text       string
		line       int
		what, hint string
	}{
		// YAML
		{"account: acme\n\ttransports: []\n", 2, "indented with a tab", "spaces"},
		{"transports:\n  - name: a\n  \ttype: noreply\n", 3, "indented with a tab", "spaces"},
		{"account: \"acme\ntransports: []\n", 1, "quotation mark is not closed", "close it"},
		{"account: acme\ntransports:\n  - name: a\n    type: noreply\n   from: a@b.example\n", 5, "does not stand under", "same number of spaces"},
		{"account:acme\ntransports: []\n", 1, "no space behind the colon", "account: "},
		{"account: acme\ntransports:\n  - name: a: b\n", 3, "colon followed by a space", "name: \"…\""},
		{"account: acme\ntransports:\n  - {name: a, type: noreply\n", 3, "do not pair", "close each"},
		{"account: acme\nresolvers: [192.0.2.1\n", 2, "do not pair", "close each"},
		{"account: @acme\n", 1, "may not begin with @", "quotation marks"},
		{"account: acme\ntransports:\n  - name: a\n    match: {domain: *.acme.example}\n", 4, "may not begin with *", "quotation marks"},
		{"account: acme\n- name: x\n", 2, "does not stand under the others", "same number of spaces"},
		{"account: acme\nthis is text\n", 2, "a line without a key", "key: value"},
		{"account: a\xe9\n", 1, "not UTF-8", "UTF-8"},
		{"account: acme\n---\naccount: other\n", 2, "second document", "---"},
		{"just text\n", 1, "where keys are expected", "account: acme"},
		{"- name: a\n", 1, "holds a list where keys", "account: acme"},
		{"account: a\naccount: b\n", 2, "a second time, first in line 1", "keep one"},
		{"x: &x {a: b}\ntransports:\n  - <<: *x\n    name: a\n    type: noreply\n", 3, "merging", "write the keys out"},
		// the top
		{"account: acme.clockwise.info\n", 1, "no account name", "account: acme"},
		{"account: [a]\n", 1, "holds a list where one value", "account: value"},
		{"transports: acme\n", 1, "one value where a list", "- name: acme.example"},
		{"transports:\n  name: a\n  type: noreply\n", 2, "not a list", "begin each transport with -"},
		{"transports:\n  -\n", 2, "empty", "- name"},
		{"transports:\n  - acme.example\n", 2, "where keys are expected", "- name: acme.example"},
		{"resolvers: [192.0.2.1:dns]\n", 1, "no usable port", "HOST:PORT"},
		{"resolvers:\n  - 192.0.2.1\n  - \"not a host\"\n", 3, "no name server", "HOST:PORT"},
		{"resolvers: {a: b}\n", 1, "where a list is expected", "[first, second]"},
		{"dns_lists: [list]\n", 1, "no domain", "list.example"},
		{"theme: drak\n", 1, "not one of auto, dark", "did you mean dark?"},
		{"theme: purple\n", 1, "not one of auto, dark", "write auto, dark, light, neutral or high-contrast"},
		{"ascii: maybe\n", 1, "neither true nor false", "ascii: true or false"},
		{"lang: Nederlands!\n", 1, "no language", "en or nl"},
		{"keys: {a: r, b: r}\n", 1, "given to two actions, a and b", "another key"},
		{"keys: r\n", 1, "where action: key", "check-again: r"},
		{"clockwise: {network: 31.134.206.128}\n", 1, "no network", "31.134.206.128/28"},
		{"clockwise: {network: 31.134.0.0/16}\n", 1, "more than 256", "31.134.206.128/28"},
		{"clockwise: {noreply: clockwise.info}\n", 1, "no address", "postmaster@clockwise.info"},
		{"clockwise: _spf.clockwise.info\n", 1, "clockwise holds one value where keys", "spf_include"},
		// a transport
		{"transports:\n  - type: noreply\n", 2, "no name", "add name:"},
		{"transports:\n  - name: a\n", 2, "no type", "clockwise, noreply or smtp"},
		{"transports:\n  - name: a\n    type: noreply\n  - name: A\n    type: noreply\n", 4, `"A" is used twice, first in line 2`, "another name"},
		{"transports:\n  - name: built-in default\n    type: noreply\n", 2, "taken by the built-in default", "another name"},
		{"transports:\n  - name: a\n    type: no-reply\n", 3, "not one of clockwise, noreply, smtp", "write noreply"},
		{"transports:\n  - name: a\n    type: clokwise\n", 3, "not one of", "did you mean clockwise?"},
		{"transports:\n  - name: \"a\\nb\"\n    type: noreply\n", 2, "line break", "one line"},
		{"transports:\n  - name: a\n    type: smtp\n", 3, "no smtp server", "smtp: {host"},
		{"transports:\n  - name: a\n    type: noreply\n    smtp: {host: a.example}\n", 4, "has no effect", "type: smtp, or remove"},
		{one("match: acme.example\nsmtp: {host: a.example}"), 4, "match holds one value where keys", "match: {domain: acme.example}"},
		{one("match: {domain: jan@acme.example}\nsmtp: {host: a.example}"), 4, "is an address", "match: {domain: acme.example, local_part: jan}"},
		{one("match: {domain: \"*.acme.example\"}\nsmtp: {host: a.example}"), 4, "no domain", "without the star: acme.example"},
		{one("match: {domain: acme}\nsmtp: {host: a.example}"), 4, "no domain", "acme.example"},
		{one("match: {domain: \"a.example, b.example\"}\nsmtp: {host: a.example}"), 4, "no domain", "one domain"},
		{one("match:\n  domain: [a.example]\nsmtp: {host: a.example}"), 5, "holds a list where one value", "domain: value"},
		{one("match: {local_part: jan@acme.example}\nsmtp: {host: a.example}"), 4, "holds an @", "match: {domain: acme.example, local_part: jan}"},
		{one("match: {local_part: jan piet}\nsmtp: {host: a.example}"), 4, "cannot stand before the @", "facturen"},
		{one("from: acme.example\nsmtp: {host: a.example}"), 4, "no address", "from: postmaster@acme.example"},
		{one("from: jan@acme\nsmtp: {host: a.example}"), 4, "is no domain", "jan@acme.example"},
		{one("envelope: a@a.example, b@a.example\nsmtp: {host: a.example}"), 4, "no address", "one address"},
		{one("reply_to: maybe\nsmtp: {host: a.example}"), 4, "no address", "reply_to: true"},
		{one("reply_to: [a]\nsmtp: {host: a.example}"), 4, "holds a list", "reply_to: true"},
		{one("dkim: true\nsmtp: {host: a.example}"), 4, "dkim holds one value where keys", "dkim: {enabled: true, selector: cw1}"},
		{one("dkim: {enabled: perhaps}\nsmtp: {host: a.example}"), 4, "neither true nor false", "enabled: true or false"},
		{one("dkim: {selector: cw1._domainkey.acme.example}\nsmtp: {host: a.example}"), 4, "name of the record", "selector: cw1"},
		{one("dkim: {selector: \"cw 1\"}\nsmtp: {host: a.example}"), 4, "no selector", "cw1"},
		{one("dkim: {selector: cw1, public_key: AAAA}\nsmtp: {host: a.example}"), 4, "no public key", "base64 text"},
		{one("dkim: {selector: cw1, public_key: \"###\"}\nsmtp: {host: a.example}"), 4, "not base64", "base64 text"},
		{one("dkim:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    AAAA\nsmtp: {host: a.example}"), 5, "line break", "one line"},
		{one("dkim: {key: \"-----BEGIN PRIVATE KEY-----\"}\nsmtp: {host: a.example}"), 4, "the key itself", "key: keys/"},
		{one("smtp: {port: 25}"), 4, "no host", "host: mail.acme.example"},
		{one("smtp: mail.acme.example"), 4, "smtp holds one value where keys", "smtp: {host:"},
		{one("smtp: {host: \"mail.acme.example:587\"}"), 4, "holds a port", "host: mail.acme.example and port: 587"},
		{one("smtp: {host: \"https://mail.acme.example/\"}"), 4, "web address", "host: mail.acme.example"},
		{one("smtp: {host: jan@acme.example}"), 4, "is an address", "name of the server"},
		{one("smtp: {host: \"mail acme\"}"), 4, "no server name", "mail.acme.example"},
		{one(smtp + "port: 0}"), 4, "no port", "25, 465 or 587"},
		{one(smtp + "port: 70000}"), 4, "no port", "25, 465 or 587"},
		{one("smtp:\n  host: a.example\n  port: smtp"), 6, "no port", "25, 465 or 587"},
		{one(smtp + "security: ssl}"), 4, "not one of starttls, tls, none", "write tls"},
		{one(smtp + "security: starttsl}"), 4, "not one of", "did you mean starttls?"},
		{one(smtp + "auth: cram_md5, username: a}"), 4, "not one of none, plain", "write cram-md5"},
		{one(smtp + "auth: plain}"), 4, "there is no username", "add username"},
		{one("smtp:\n  host: a.example\n  username: a\n  password: b\n  password_env: C"), 8, "two passwords: password and password_env", "keep one"},
		{one(smtp + "username: a, password: [b]}"), 4, "holds a list", "quotation marks"},
		{one(smtp + "username: a, password_env: $PASSWORD}"), 4, "no name of an environment variable", "only the name"},
	} {
		_, err := Parse("c.yaml", []byte(c.text))
		invalid, ok := errors.AsType[*Invalid](err)
		if !ok {
			t.Errorf("no mistake seen in:\n%s(%v)", c.text, err)
			continue
		}
		p := invalid.Problems[0]
		if p.Line != c.line || !strings.Contains(p.What, c.what) || !strings.Contains(p.Hint, c.hint) || p.Column == 0 || len(invalid.Problems) != 1 {
			t.Errorf("got %v\nwant line %d: …%s… (…%s…) in:\n%s", err, c.line, c.what, c.hint, c.text)
		}
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := Parse("c.yaml", []byte("account: a_b\ntransports:\n  - name: x\n    type: smtp\n    from: y\n    smtp: {port: 0}\ntheme: z\n"))
	invalid, ok := errors.AsType[*Invalid](err)
	if !ok || len(invalid.Problems) != 4 {
		t.Fatalf("got %v", err)
	}
	var lines []int
	for _, p := range invalid.Problems {
		lines = append(lines, p.Line)
	}
	if !slices.Equal(lines, []int{1, 5, 6, 7}) || !strings.HasPrefix(err.Error(), "config: c.yaml has 4 mistakes\n  line 1: ") {
		t.Errorf("%v", err)
	}
}

func TestUnknown(t *testing.T) {
	f, err := Parse("c.yaml", []byte(`
acount: acme
colour: never
zzz: 1
transports:
  - name: a
    type: noreply
    replyTo: true
    domain: acme.example
    dkim: {selectr: cw1, keyfile: x, enabeld: true}
    match: {local-part: jan, x: y}
  - name: b
    type: smtp
    smtp: {host: a.example, user: jan, passwrd: hunter2, tls: yes}
clockwise: {spf: a.example}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Unknown{
		{"acount", "account", 2, ""},
		{"colour", "color", 3, ""},
		{"zzz", "", 4, ""},
		{"replyTo", "reply_to", 8, "a"},
		{"domain", "match.domain", 9, "a"},
		{"dkim.selectr", "dkim.selector", 10, "a"},
		{"dkim.keyfile", "dkim.key", 10, "a"},
		{"dkim.enabeld", "dkim.enabled", 10, "a"},
		{"match.local-part", "match.local_part", 11, "a"},
		{"match.x", "", 11, "a"},
		{"smtp.user", "smtp.username", 14, "b"},
		{"smtp.passwrd", "smtp.password", 14, "b"},
		{"smtp.tls", "smtp.security", 14, "b"},
		{"clockwise.spf", "", 15, ""},
	}
	if !slices.Equal(f.Unknown, want) {
		t.Errorf("got  %v\nwant %v", f.Unknown, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(Starter())
	f.Add("a: &a [*a]\ntransports: *a\n")
	f.Add("transports: &t\n  - &m {name: x, type: smtp, smtp: {host: a, password: *m}}\n")
	f.Add("\t")
	f.Add("? [a]\n: b\n")
	f.Add("account: !!binary aGk=\nkeys: {[a]: b, ? c}\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		file, err := Parse("c.yaml", []byte(text))
		if err != nil {
			invalid, ok := errors.AsType[*Invalid](err)
			if !ok || len(invalid.Problems) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			for _, p := range invalid.Problems {
				if p.Line < 1 || p.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1+strings.Count(text, "\u0085")+strings.Count(text, "\u2028")+strings.Count(text, "\u2029") || p.What == "" || p.Hint == "" {
					t.Fatalf("%+v in %q", p, text)
				}
			}
			return
		}
		if _, err := encode(file.doc, false); err != nil {
			t.Fatalf("%q cannot be written: %v", text, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("transports:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  - name: t%d\n    type: clockwise\n    match: {domain: d%d.example}\n    from: jan@d%d.example\n", i, i, i)
	}
	for b.Loop() {
		if _, err := Parse("c.yaml", []byte(text.String())); err != nil {
			b.Fatal(err)
		}
	}
}

func TestInterval(t *testing.T) {
	for text, want := range map[string]string{
		"5m": "5m0s", "90 s": "1m30s", "1H": "1h0m0s", "off": "0s", "false": "0s", "0": "0s", "": "none",
		"300":   `"300" has no unit; write interval: 300s for seconds, or interval: 300m for minutes`,
		"1s":    `"1s" is shorter than 10s; write a time such as interval: 5m, or interval: off`,
		"-5m":   `"-5m" is shorter than 10s; write a time such as interval: 5m, or interval: off`,
		"often": `"often" is no time; write a time such as interval: 5m, or interval: off`,
	} {
		f, err := Parse("c.yaml", []byte("interval: "+text+"\n"))
		got := "none"
		if invalid, ok := errors.AsType[*Invalid](err); ok {
			p := invalid.Problems[0]
			got = strings.TrimPrefix(p.What, "interval: ") + "; " + p.Hint
		} else if f != nil && f.Interval != nil {
			got = f.Interval.String()
		}
		if got != want {
			t.Errorf("interval: %s gives %q, want %q", text, got, want)
		}
	}
}
