package checks_test

import (
	"context"
	"crypto/ed25519"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/transports"
)

// setUp is a configured transport, and what must be said of it.
type setUp struct {
	name      string
	transport transports.Transport
	before    []transports.Transport // that stand before it in the file
	unknown   []checks.UnknownSetting
	edits     string // of the world, as in the corpus files
	expected
}

// expected is what a report must say; codes have spaces between them.
type expected struct {
	top      string // stands first of those that are no outcome; may be empty
	open     string // must be open
	silenced string // must be silenced
	absent   string // must not be there at all; also beginnings of codes
}

func (x expected) hold(t *testing.T, report checks.Report) {
	t.Helper()
	open := report.Open()
	first := slices.IndexFunc(open, func(f finding.Finding) bool { return !f.Rule.Outcome })
	if x.top != "" && (first < 0 || open[first].Code() != x.top) {
		t.Errorf("%s does not stand first", x.top)
	}
	has := func(match func(finding.Finding) bool) bool { return slices.ContainsFunc(report.Findings, match) }
	for _, code := range strings.Fields(x.top + " " + x.open) {
		if !has(func(f finding.Finding) bool { return f.Code() == code && f.SilencedBy == "" }) {
			t.Errorf("%s is not open", code)
		}
	}
	for _, code := range strings.Fields(x.silenced) {
		if !has(func(f finding.Finding) bool { return f.Code() == code && f.SilencedBy != "" }) {
			t.Errorf("%s is not silenced", code)
		}
	}
	for _, beginning := range strings.Fields(x.absent) {
		if has(func(f finding.Finding) bool { return strings.HasPrefix(f.Code(), beginning) }) {
			t.Errorf("%s is raised", beginning)
		}
	}
	if t.Failed() {
		t.Logf("\n%s", listed(report.Findings))
	}
}

// with changes a DKIM set-up.
func with(d transports.DKIM, change func(*transports.DKIM)) transports.DKIM {
	change(&d)
	return d
}

func setUps() []setUp {
	customer := transports.Match{Domain: "customer.example"}
	key := signing("cw1", keys().public)
	server := transports.Server{Host: "mail.customer.example", Port: 587, Security: "starttls", Auth: "none"}
	unpublished := "- cw1._domainkey.customer.example TXT"
	return []setUp{
		{
			name: "sound", transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: key},
			expected: expected{absent: "transport. spf.include-clockwise-missing dkim. dmarc.spf-only"},
		},
		{
			name:      "a misspelt setting explains what lacks",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: with(key, func(d *transports.DKIM) { d.Selector = "" })},
			unknown:   []checks.UnknownSetting{{Key: "dkim.selecter", Near: "dkim.selector", Line: 7, Transport: "customer"}},
			edits:     unpublished,
			expected:  expected{open: "transport.setting-unknown", silenced: "transport.dkim-selector-missing", absent: "dkim."},
		},
		{
			name:      "no selector",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: with(key, func(d *transports.DKIM) { d.Selector = "" })},
			expected:  expected{top: "transport.dkim-selector-missing", absent: "dkim.missing"},
		},
		{
			name:      "two of the same match",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: key},
			before:    []transports.Transport{{Name: "first", Type: transports.NoReply, Match: customer}},
			expected:  expected{top: "transport.match-duplicate", silenced: "transport.never-matches"},
		},
		{
			name: "never reached", transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: key},
			before: func() (all []transports.Transport) {
				for _, s := range transports.Subsystems {
					all = append(all, transports.Transport{Name: s, Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example", Subsystem: s}})
				}
				return all
			}(),
			expected: expected{top: "transport.never-matches"},
		},
		{
			name: "an unknown subsystem",
			transport: transports.Transport{
				Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example", Subsystem: "bilings"}, DKIM: key,
			},
			expected: expected{top: "transport.subsystem-unknown"},
		},
		{
			name: "a subsystem",
			transport: transports.Transport{
				Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example", Subsystem: transports.Subsystems[0]}, DKIM: key,
			},
			expected: expected{open: "transport.subsystem-unconfirmed"},
		},
		{
			name:      "the sender stands outside the match",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, From: "jan@crm.example", DKIM: key},
			expected:  expected{open: "transport.sender-outside-match dkim.not-aligned"},
		},
		{
			name:      "the sender is a public mail provider's",
			transport: transports.Transport{Type: transports.ClockWise, From: "jan@gmail.com", DKIM: with(key, func(d *transports.DKIM) { d.Enabled = false })},
			edits: `+ gmail.com TXT v=spf1 ip4:20.0.0.0/24 ~all
+ _dmarc.gmail.com TXT v=DMARC1; p=none; rua=mailto:dmarc@gmail.com
+ gmail.com MX 10 aspmx.l.google.com`,
			expected: expected{top: "transport.sender-is-free-mail", silenced: "spf.include-clockwise-missing dmarc.policy-none"},
		},
		{
			name:      "no domain anywhere",
			transport: transports.Transport{Type: transports.ClockWise},
			expected:  expected{top: "transport.own-sender-without-domain", absent: "spf. dkim. dmarc. mx. dns."},
		},
		{
			name:      "DKIM without a domain in the match",
			transport: transports.Transport{Type: transports.ClockWise, From: "jan@customer.example", DKIM: key},
			edits:     unpublished,
			expected:  expected{top: "transport.dkim-without-domain-match", silenced: "dkim.missing"},
		},
		{
			name:      "the key file is gone",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: transports.DKIM{Enabled: true, Selector: "cw1", KeyFile: "cw1.pem", Key: transports.Key{Problem: transports.KeyMissing}}},
			expected:  expected{open: "transport.key-file-missing"},
		},
		{
			name:      "the key file holds no key",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: transports.DKIM{Enabled: true, Selector: "cw1", KeyFile: "cw1.pem", Key: transports.Key{Problem: transports.KeyMalformed, Detail: "no PEM block"}}},
			expected:  expected{open: "transport.key-file-malformed"},
		},
		{
			name: "everybody reads the key file",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: with(key, func(d *transports.DKIM) {
				d.KeyFile, d.Key.Exposed, d.Key.FilePublic = "cw1.pem", true, d.Key.Public
				d.Key.Private = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
			})},
			expected: expected{top: "transport.key-file-exposed"},
		},
		{
			name: "the key file is another key",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: with(key, func(d *transports.DKIM) {
				private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
				d.KeyFile, d.Key.Private, d.Key.FilePublic = "cw1.pem", private, private.Public()
			})},
			expected: expected{top: "transport.key-file-mismatch", absent: "dkim.key-mismatch"},
		},
		{
			name: "one key for two selectors", transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: key},
			before: []transports.Transport{{
				Name: "first", Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example", LocalPart: "news"}, DKIM: with(key, func(d *transports.DKIM) { d.Selector = "cw2" }),
			}},
			expected: expected{open: "dkim.key-shared"},
		},
		{
			name:      "DKIM is off, and its key published",
			transport: transports.Transport{Type: transports.ClockWise, Match: customer, DKIM: with(key, func(d *transports.DKIM) { d.Enabled = false })},
			expected:  expected{top: "dmarc.spf-only", open: "transport.dkim-off-but-published", absent: "dkim."},
		},
		{
			name: "no reply", transport: transports.Transport{Type: transports.NoReply, Match: customer, ReplyTo: transports.ReplyTo{Copy: true}},
			edits: `- customer.example TXT
- _dmarc.customer.example TXT
- customer.example MX`,
			expected: expected{top: "transport.no-reply-needs-no-dns", absent: "spf. dkim. dmarc. mx. dns. transport.reply-to"},
		},
		{
			name:      "no reply, with all that does not help",
			transport: transports.Transport{Type: transports.NoReply, Match: customer, From: "jan@customer.example", DKIM: key},
			expected:  expected{open: "transport.no-reply-with-own-sender transport.reply-to-missing transport.dkim-on-no-reply transport.no-reply-needs-no-dns", absent: "spf. dkim. dmarc. mx. dns."},
		},
		{
			name: "no reply, answers to a domain with a strict policy", transport: transports.Transport{Type: transports.NoReply, Match: customer, ReplyTo: transports.ReplyTo{Copy: true}},
			edits: `- _dmarc.customer.example TXT
+ _dmarc.customer.example TXT v=DMARC1; p=reject; rua=mailto:dmarc@customer.example`,
			expected: expected{top: "transport.reply-to-strict-dmarc", absent: "spf. dkim. dmarc. mx. dns."},
		},
		{
			name: "no reply, and ClockWise's own SPF is gone", transport: transports.Transport{Type: transports.NoReply, Match: customer, ReplyTo: transports.ReplyTo{Copy: true}},
			edits:    "- clockwise.info TXT",
			expected: expected{top: "spf.missing", open: "transport.no-reply-unauthenticated dmarc.mail-rejected"},
		},
		{
			name: "a server of the customer", transport: transports.Transport{Type: transports.SMTP, Match: customer, Server: server},
			expected: expected{top: "smtp.refused", absent: "spf.include-clockwise dkim. transport."},
		},
		{
			name: "Office 365 signs, and its CNAME was entered as text",
			transport: transports.Transport{
				Type: transports.SMTP, Match: customer, DKIM: transports.DKIM{Enabled: true, Selector: "selector1"},
				Server: transports.Server{Host: "customer-example.mail.protection.outlook.com", Port: 25, Security: "starttls", Auth: "none"},
			},
			edits:    "+ selector1._domainkey.customer.example TXT selector1-customer-example._domainkey.customer.onmicrosoft.com",
			expected: expected{open: "dkim.wrong-type smtp.refused", absent: "spf.include-clockwise dmarc.mail dmarc.spf-only transport."},
		},
		{
			name: "a server of the customer, and a domain without any records",
			transport: transports.Transport{
				Type: transports.SMTP, Match: customer, Server: transports.Server{Host: "mail.customer.example", Port: 587, Security: "starttls", Auth: "none"},
			},
			edits:    "- customer.example TXT\n- _dmarc.customer.example TXT",
			expected: expected{open: "spf.missing dmarc.missing", absent: "spf.include-clockwise dmarc.mail dmarc.spf-only"},
		},
		{
			name: "a server of the customer, badly set up",
			transport: transports.Transport{Type: transports.SMTP, From: "jan@customer.example", Server: transports.Server{
				Host: "smtp.office365.com", Port: 465, Security: "none", Auth: "login", Username: "jan@customer.example",
				Password: transports.NewClearSecret("secret"),
			}},
			edits:    "+ smtp.office365.com A 20.0.0.25",
			expected: expected{open: "transport.password-in-clear transport.smtp-without-domain-match transport.smtp-plaintext transport.port-tls-conflict transport.password-stored-by-clockwise"},
		},
		{
			name:      "a server that only the customer reaches",
			transport: transports.Transport{Type: transports.SMTP, Match: customer, Server: transports.Server{Host: "mail.customer.example", Port: 25, Security: "starttls", Auth: "none"}},
			edits: `- mail.customer.example A
+ mail.customer.example A 10.0.0.25`,
			expected: expected{open: "transport.smtp-host-private"},
		},
	}
}

// testTransports holds what is said of transports, as a whole report.
func testTransports(t *testing.T, world []edit, seen *raised) {
	for _, s := range setUps() {
		t.Run(s.name, func(t *testing.T) { s.test(t, world, seen) })
	}
	t.Run("all together", func(t *testing.T) {
		e := &checks.Examiner{Service: transports.DefaultService()}
		all := e.ConfigurationFindings()
		seen.add(all)
		e.All = []transports.Transport{{Name: "a", Type: transports.ClockWise, Match: transports.Match{Domain: "customer.example"}}}
		more := e.ConfigurationFindings()
		seen.add(more)
		if len(all) != 1 || all[0].Code() != "transport.missing" || len(more) != 1 || more[0].Code() != "transport.default-missing" {
			t.Errorf("without transports:\n%s\nwith one:\n%s", listed(all), listed(more))
		}
	})
}

func (s setUp) test(t *testing.T, world []edit, seen *raised) {
	var r row
	for line := range strings.Lines(s.edits) {
		if err := r.read(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	s.transport.Name = "customer"
	e := corpusExaminer(t, apply(world, r.edits).zone(), nameserver.Options{}, append(s.before, s.transport)...)
	e.Unknown = s.unknown
	e.Probe = relay.Options{Now: time.Now, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}}
	report := e.Examine(t.Context(), checks.Target{Transport: &s.transport}, nil)
	seen.add(report.Findings)
	wellFormed(t, report)

	if sends := s.transport.Type != transports.SMTP && s.transport.Domain(e.Service.NoReply) != ""; sends != (len(report.Paths) == 16) || !sends && report.Paths != nil {
		t.Errorf("%d paths", len(report.Paths))
	}
	s.hold(t, report)
}
