package settings

import (
	"crypto/ed25519"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

var (
	key   = ed25519.PublicKey(strings.Repeat("a", ed25519.PublicKeySize))
	other = ed25519.PublicKey(strings.Repeat("b", ed25519.PublicKeySize))
)

// ours is a transport of the ClockWise server, without fault, then changed.
func ours(change func(*transports.Transport)) transports.Transport {
	t := transports.Transport{Name: "acme", Type: transports.ClockWise, Line: 3, Match: transports.Match{Domain: "acme.example"}, From: "jan@acme.example"}
	change(&t)
	return t
}

func noReply(change func(*transports.Transport)) transports.Transport {
	t := transports.Transport{Name: "No reply", Type: transports.NoReply, ReplyTo: transports.ReplyTo{Copy: true}}
	change(&t)
	return t
}

func smtp(change func(*transports.Transport)) transports.Transport {
	t := transports.Transport{
		Name: "Invoices", Type: transports.SMTP, Match: transports.Match{Domain: "acme.example"},
		Server: transports.Server{Host: "mail.acme.example", Port: 587, Security: "starttls", Auth: "none"},
	}
	change(&t)
	return t
}

func same(*transports.Transport) {}

func of(subsystem string) transports.Transport {
	return noReply(func(t *transports.Transport) { t.Name, t.Match.Subsystem = subsystem, subsystem })
}

func addrs(s ...string) []netip.Addr {
	var out []netip.Addr
	for _, a := range s {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

type testCase struct {
	name string
	in   Input
	want string // codes in order, joined with a space
	text string // that stands in title, saw or action of the last one
}

var cases = []testCase{
	{"clean", Input{Transport: ours(same)}, "", ""},
	{"clean smtp", Input{Transport: smtp(same), Host: addrs("10.0.0.1", "198.51.100.1")}, "", ""},
	{"clean no-reply", Input{Transport: noReply(same), NoReply: NoReply{Known: true, Authenticated: true}, ReplyTo: Policy{Domain: "acme.example", Policy: "none"}}, "transport.no-reply-needs-no-dns", "noreply@clockwise.info"},
	{"nothing configured", Input{Transport: transports.BuiltIn(), All: []transports.Transport{transports.BuiltIn()}}, "transport.missing", "only the built-in default"},
	{"no default", Input{Transport: transports.BuiltIn(), All: []transports.Transport{ours(same), of("billing")}}, "transport.default-missing", "*@acme.example and all mail of billing"},
	{"with default", Input{Transport: transports.BuiltIn(), All: []transports.Transport{ours(same), noReply(same)}}, "", ""},
	{
		"unknown key",
		Input{Transport: ours(same), Unknown: []UnknownSetting{{Key: "replyTo", Near: "reply_to", Line: 7, Transport: "acme"}, {Key: "x", Line: 1}}},
		"transport.setting-unknown", "Did you mean reply_to?",
	},
	{
		"duplicate",
		Input{Transport: ours(func(t *transports.Transport) { t.Name = "copy" }), All: []transports.Transport{ours(same), ours(func(t *transports.Transport) { t.Name = "copy" })}},
		"transport.match-duplicate transport.never-matches", "taken by acme",
	},
	{"first of two", Input{Transport: ours(same), All: []transports.Transport{ours(same), ours(func(t *transports.Transport) { t.Name = "copy" })}}, "", ""},
	{
		"all subsystems",
		Input{Transport: noReply(same), All: []transports.Transport{noReply(same), of("billing"), of("password"), of("reminder"), of("approval"), of("other")}},
		"transport.never-matches transport.no-reply-needs-no-dns", "",
	},
	{"four subsystems", Input{Transport: noReply(same), All: []transports.Transport{noReply(same), of("billing"), of("password"), of("reminder"), of("approval")}}, "transport.no-reply-needs-no-dns", ""},
	{"subsystem", Input{Transport: ours(func(t *transports.Transport) { t.Match.Subsystem = "billing" })}, "transport.subsystem-unconfirmed", "billing"},
	{"misspelt subsystem", Input{Transport: ours(func(t *transports.Transport) { t.Match.Subsystem = "biling" })}, "transport.subsystem-unknown", "Did you mean billing?"},
	{"other sender", Input{Transport: ours(func(t *transports.Transport) { t.From = "jan@other.example" })}, "transport.sender-outside-match", "jan@other.example"},
	{"sender below", Input{Transport: ours(func(t *transports.Transport) { t.From = "jan@mail.acme.example" })}, "transport.sender-outside-match", ""},
	{"sender in capitals", Input{Transport: ours(func(t *transports.Transport) { t.From = "jan@ACME.example" })}, "", ""},
	{
		"free mail",
		Input{Transport: ours(func(t *transports.Transport) { t.From, t.Match.Domain = "jan@gmail.com", "" })},
		"transport.sender-is-free-mail", "gmail.com is a public mail provider",
	},
	{"free mail by no-reply", Input{Transport: noReply(func(t *transports.Transport) { t.Match.Domain = "gmail.com" })}, "transport.no-reply-needs-no-dns", ""},
	{"no domain", Input{Transport: ours(func(t *transports.Transport) { t.From, t.Match.Domain = "", "" })}, "transport.own-sender-without-domain", "match.domain"},
	{
		"dkim for all",
		Input{Transport: ours(func(t *transports.Transport) {
			t.Match.Domain, t.DKIM = "", transports.DKIM{Enabled: true, Selector: "cw1"}
		})},
		"transport.dkim-without-domain-match", "takes every domain",
	},
	{"no selector", Input{Transport: ours(func(t *transports.Transport) { t.DKIM.Enabled = true })}, "transport.dkim-selector-missing", "cw1"},
	{"dkim on no-reply", Input{Transport: noReply(func(t *transports.Transport) { t.DKIM.Enabled = true })}, "transport.dkim-on-no-reply transport.no-reply-needs-no-dns", ""},
	{
		"dkim off",
		Input{Transport: ours(func(t *transports.Transport) { t.DKIM.Selector = "cw1" }), Published: Published{Name: "cw1._domainkey.acme.example", Key: key}},
		"transport.dkim-off-but-published", "cw1._domainkey.acme.example",
	},
	{"dkim off and nothing there", Input{Transport: ours(func(t *transports.Transport) { t.DKIM.Selector = "cw1" }), Published: Published{Name: "cw1._domainkey.acme.example"}}, "", ""},
	{"key file missing", keyInput(transports.Key{Problem: transports.KeyMissing}, nil), "transport.key-file-missing", "k.pem"},
	{"key file encrypted", keyInput(transports.Key{Problem: transports.KeyMalformed, Detail: "the key is encrypted"}, nil), "transport.key-file-malformed", "k.pem: the key is encrypted."},
	{"key file forbidden", keyInput(transports.Key{Problem: transports.KeyUnreadable, Detail: "k.pem: permission denied"}, nil), "transport.key-file-malformed", "k.pem: permission denied."},
	{"key file public", keyInput(transports.Key{Public: key}, nil), "transport.key-file-malformed", "only a public key"},
	{"key file exposed", keyInput(transports.Key{Public: key, Private: ed25519.NewKeyFromSeed(key), Exposed: true}, nil), "transport.key-file-exposed", "k.pem"},
	{
		"key file of another key", keyInput(transports.Key{Public: key, Private: ed25519.NewKeyFromSeed(key), FilePublic: other}, key),
		"transport.key-file-mismatch", "another key",
	},
	{"record of another key", keyInput(transports.Key{Public: key, Private: ed25519.NewKeyFromSeed(key), FilePublic: other}, other), "", ""},
	{"nothing published", keyInput(transports.Key{Public: key, Private: ed25519.NewKeyFromSeed(key), FilePublic: other}, nil), "", ""},
	{
		"login",
		Input{Transport: smtp(func(t *transports.Transport) {
			t.Server.Auth, t.Server.Username, t.Server.Password = "plain", "jan", transports.NewClearSecret("hunter2")
		})},
		"transport.password-in-clear transport.password-stored-by-clockwise", "logs in as jan",
	},
	{
		"password unreadable",
		Input{Transport: smtp(func(t *transports.Transport) {
			t.Server.Auth, t.Server.Username, t.Server.Password = "plain", "jan", transports.Secret{Kind: transports.EnvSecret, Ref: "P"}
		}), PasswordProblem: "P is not set"},
		"transport.password-stored-by-clockwise transport.password-unreadable", "smtp.password_env gives nothing: P is not set.",
	},
	{
		"every sender",
		Input{Transport: smtp(func(t *transports.Transport) { t.Match.Domain, t.Server.Host = "", "smtp.office365.com" })},
		"transport.smtp-without-domain-match", "the mailbox that logs in",
	},
	{"every sender, refused", Input{Transport: smtp(func(t *transports.Transport) { t.Match.Domain = "" }), OwnDomainOnly: true}, "transport.smtp-without-domain-match", ""},
	{"every sender, unknown server", Input{Transport: smtp(func(t *transports.Transport) { t.Match.Domain = "" })}, "", ""},
	{"private host", Input{Transport: smtp(same), Host: addrs("192.168.1.5", "fd00::1")}, "transport.smtp-host-private", "192.168.1.5 and fd00::1"},
	{"private address", Input{Transport: smtp(func(t *transports.Transport) { t.Server.Host = "100.64.1.1" })}, "transport.smtp-host-private", "100.64.1.1"},
	{
		"plaintext",
		Input{Transport: smtp(func(t *transports.Transport) {
			t.Server.Auth, t.Server.Username, t.Server.Security, t.Server.Port = "login", "jan", "none", 25
		})},
		"transport.password-stored-by-clockwise transport.smtp-plaintext", "port 465",
	},
	{"465 with starttls", Input{Transport: smtp(func(t *transports.Transport) { t.Server.Port = 465 })}, "transport.port-tls-conflict", "to tls"},
	{"587 with tls", Input{Transport: smtp(func(t *transports.Transport) { t.Server.Security = "tls" })}, "transport.port-tls-conflict", "to starttls"},
	{"25 without TLS", Input{Transport: smtp(func(t *transports.Transport) { t.Server.Port, t.Server.Security = 25, "none" })}, "", ""},
	{"2525 with tls", Input{Transport: smtp(func(t *transports.Transport) { t.Server.Port, t.Server.Security = 2525, "tls" })}, "", ""},
	{
		"own sender on no-reply",
		Input{Transport: noReply(func(t *transports.Transport) { t.From = "jan@acme.example" })},
		"transport.no-reply-needs-no-dns transport.no-reply-with-own-sender", "jan@acme.example",
	},
	{"no-reply's own sender", Input{Transport: noReply(func(t *transports.Transport) { t.From = "NoReply@clockwise.info" })}, "transport.no-reply-needs-no-dns", ""},
	{
		"no-reply fails",
		Input{Transport: noReply(same), NoReply: NoReply{Known: true, Detail: "SPF fails."}},
		"transport.no-reply-needs-no-dns transport.no-reply-unauthenticated", "relay addresses: SPF fails.",
	},
	{"answers lost", Input{Transport: noReply(func(t *transports.Transport) { t.ReplyTo.Copy = false })}, "transport.no-reply-needs-no-dns transport.reply-to-missing", "reply_to"},
	{"fixed answers", Input{Transport: noReply(func(t *transports.Transport) { t.ReplyTo = transports.ReplyTo{Address: "info@acme.example"} })}, "transport.no-reply-needs-no-dns", ""},
	{
		"strict policy",
		Input{Transport: noReply(same), ReplyTo: Policy{Domain: "acme.example", Policy: "reject", StrictDKIM: true}},
		"transport.no-reply-needs-no-dns transport.reply-to-strict-dmarc", "p=reject and adkim=s",
	},
	{"strict alignment", Input{Transport: noReply(same), ReplyTo: Policy{Domain: "acme.example", Policy: "none", StrictSPF: true}}, "transport.no-reply-needs-no-dns transport.reply-to-strict-dmarc", "aspf=s"},
	{
		"strict, fixed answers",
		Input{Transport: noReply(func(t *transports.Transport) { t.ReplyTo = transports.ReplyTo{Address: "a@acme.example"} }), ReplyTo: Policy{Domain: "acme.example", Policy: "reject"}},
		"transport.no-reply-needs-no-dns", "",
	},
}

func keyInput(k transports.Key, published ed25519.PublicKey) Input {
	in := Input{Transport: ours(func(t *transports.Transport) {
		t.DKIM = transports.DKIM{Enabled: true, Selector: "cw1", KeyFile: "k.pem", Key: k}
		if k.FilePublic != nil {
			t.DKIM.PublicKey = "x"
		}
	})}
	if published != nil {
		in.Published = Published{Name: "cw1._domainkey.acme.example", Key: published}
	}
	return in
}

func codes(all []finding.Finding) string {
	var out []string
	for _, f := range all {
		out = append(out, f.Code())
	}
	return strings.Join(out, " ")
}

func TestFindings(t *testing.T) {
	raised := map[string]bool{}
	for _, c := range cases {
		c.in.Service = transports.DefaultService()
		if c.in.All == nil {
			c.in.All = []transports.Transport{c.in.Transport}
		}
		got := Findings(c.in)
		if codes(got) != c.want {
			t.Errorf("%s: %s, want %s", c.name, codes(got), c.want)
			continue
		}
		for _, f := range got {
			raised[f.Code()] = true
			checkText(t, c.name, f)
		}
		if len(got) == 0 {
			continue
		}
		last := got[len(got)-1]
		if text := last.Title() + "\n" + last.Saw() + "\n" + last.Effect() + "\n" + last.Action(); !strings.Contains(text, c.text) {
			t.Errorf("%s: no %q in\n%s", c.name, c.text, text)
		}
	}
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("%s is never raised", r.Code)
		}
	}
}

func checkText(t *testing.T, name string, f finding.Finding) {
	t.Helper()
	if f.Subject == "" || len(f.Evidence) == 0 && f.Rule.Severity != finding.Note && !strings.Contains(name, "no-reply fails") && !strings.Contains(name, "strict") {
		t.Errorf("%s: %s has no subject or no evidence", name, f.Code())
	}
	for _, text := range []string{f.Title(), f.Saw(), f.Effect(), f.Action()} {
		if strings.Contains(text, "%!") || strings.Contains(text, "hunter2") || strings.Contains(text, "  ") || strings.Contains(text, "..") || strings.TrimSpace(text) != text {
			t.Errorf("%s: %s says %q", name, f.Code(), text)
		}
	}
	if n := len([]rune(f.Title())); n > 64 {
		t.Errorf("%s: the title of %s has %d columns: %s", name, f.Code(), n, f.Title())
	}
}

func TestSilence(t *testing.T) {
	duplicate := ours(func(t *transports.Transport) { t.Name = "copy" })
	misspelt := func(key, near string) Input {
		return Input{
			Transport: ours(func(t *transports.Transport) { t.DKIM.Enabled = true }),
			Unknown:   []UnknownSetting{{Key: key, Near: near, Line: 5, Transport: "acme"}},
		}
	}
	for _, c := range []struct {
		name string
		in   Input
		open string
	}{
		{"duplicate", Input{Transport: duplicate, All: []transports.Transport{ours(same), duplicate}}, "transport.match-duplicate"},
		{"misspelt selector", misspelt("dkim.selectr", "dkim.selector"), "transport.setting-unknown"},
		{"another key", misspelt("dkim.hash", ""), "transport.setting-unknown transport.dkim-selector-missing"},
		{
			"misspelt reply_to",
			Input{
				Transport: noReply(func(t *transports.Transport) { t.ReplyTo.Copy = false }),
				Unknown:   []UnknownSetting{{Key: "replyto", Near: "reply_to", Line: 5, Transport: "No reply"}},
			},
			"transport.setting-unknown transport.no-reply-needs-no-dns",
		},
	} {
		c.in.Service = transports.DefaultService()
		all := Findings(c.in)
		finding.Silence(all)
		open := slices.DeleteFunc(all, func(f finding.Finding) bool { return f.SilencedBy != "" })
		if codes(open) != c.open {
			t.Errorf("%s: open are %s, want %s", c.name, codes(open), c.open)
		}
	}
}

func TestFindingsAll(t *testing.T) {
	got := FindingsAll([]transports.Transport{ours(same)}, transports.DefaultService(), []UnknownSetting{
		{Key: "acount", Near: "account", Line: 1}, {Key: "replyTo", Near: "reply_to", Line: 7, Transport: "acme"},
	})
	if codes(got) != "transport.default-missing transport.setting-unknown" || got[0].Subject != transports.BuiltIn().Name || got[1].Subject != File {
		t.Errorf("got %v", got)
	}
	if got[1].Title() != "Unknown setting acount" || !strings.HasSuffix(got[1].Action(), "Did you mean account?") {
		t.Errorf("%s %s", got[1].Title(), got[1].Action())
	}
}

func TestExposedKeyCommand(t *testing.T) {
	in := keyInput(transports.Key{Public: key, Private: ed25519.NewKeyFromSeed(key), Exposed: true}, nil)
	in.Transport.DKIM.KeyFile = "/home/jan/it's mine.pem"
	if got := Findings(in)[0].Fix.Command; got != `chmod 600 '/home/jan/it'\''s mine.pem'` {
		t.Errorf("command %s", got)
	}
}
