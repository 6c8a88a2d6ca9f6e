package checks_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp/smtptest"
)

const (
	announced = "+ _mta-sts.customer.example TXT v=STSv1; id=20260201\n+ _smtp._tls.customer.example TXT v=TLSRPTv1; rua=mailto:a@customer.example\n"
	ownServer = "- customer.example MX\n+ customer.example MX 10 mail.customer.example\n"
	soundRule = "version: STSv1\nmode: enforce\nmx: customer-example.mail.protection.outlook.com\nmax_age: 604800\n"
	someKey   = "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// answers is a web server that serves a policy as it should.
func answers(policy string) *mtasts.Fetched {
	return &mtasts.Fetched{Outcome: mtasts.Served, Status: 200, ContentType: "text/plain", Body: strings.ReplaceAll(policy, "\n", "\r\n")}
}

// testEncryption holds what is said of policies, which come over HTTPS, and of
// what else a row of encryption.txt cannot have.
func testEncryption(t *testing.T, world []edit, seen *raised) {
	other := func(change func(*mtasts.Fetched)) *mtasts.Fetched {
		f := answers(soundRule)
		change(f)
		return f
	}
	edited := func(old, with string) *mtasts.Fetched { return answers(strings.Replace(soundRule, old, with, 1)) }
	for _, c := range []struct {
		name    string
		edits   string
		fetched *mtasts.Fetched
		expected
	}{
		{"a sound one", announced, answers(soundRule), expected{absent: "mtasts. dane. tlsrpt."}},
		{
			"a host is not listed", announced, edited("customer-example.mail.protection.outlook.com", "mail.customer.example"),
			expected{top: "mtasts.mx-not-listed", open: "mtasts.policy-mx-unused", absent: "tlsrpt."},
		},
		{"no host", announced, nil, expected{top: "mtasts.policy-unreachable", absent: "mtasts.mx-not-listed"}},
		{
			"a web server without it", announced, other(func(f *mtasts.Fetched) { f.Status = 404 }),
			expected{top: "mtasts.policy-unreachable"},
		},
		{
			"a certificate for another name", announced, other(func(f *mtasts.Fetched) { f.Outcome, f.Reason = mtasts.BadTLS, "it is self-signed" }),
			expected{top: "mtasts.policy-tls-invalid", absent: "mtasts.policy-unreachable"},
		},
		{
			"it stands elsewhere", announced, other(func(f *mtasts.Fetched) { f.Status, f.Location = 301, "https://www.customer.example/" }),
			expected{top: "mtasts.policy-redirected", absent: "mtasts.policy-unreachable"},
		},
		{
			"nobody answers", announced, other(func(f *mtasts.Fetched) { f.Outcome, f.Reason = mtasts.Unreachable, "no answer in time" }),
			expected{top: "mtasts.unreadable", absent: "mtasts.policy mtasts.mx"},
		},
		{
			"a page of HTML", announced, other(func(f *mtasts.Fetched) { f.ContentType = "text/html" }),
			expected{top: "mtasts.policy-media-type-wrong"},
		},
		{"too large", announced, other(func(f *mtasts.Fetched) { f.TooLarge = true }), expected{top: "mtasts.policy-too-large"}},
		{
			"line ends of Unix", announced, other(func(f *mtasts.Fetched) { f.Body = soundRule }),
			expected{top: "dmarc.policy-none", open: "mtasts.policy-line-ends"},
		},
		{"no mode", announced, edited("mode: enforce\n", ""), expected{top: "mtasts.policy-malformed"}},
		{"no age", announced, edited("max_age: 604800\n", ""), expected{top: "mtasts.max-age-invalid"}},
		{"a short age", announced, edited("604800", "3600"), expected{top: "mtasts.max-age-short"}},
		{"on trial", announced, edited("enforce", "testing"), expected{open: "mtasts.mode-testing"}},
		{"switched off", announced, edited("enforce", "none"), expected{open: "mtasts.mode-none"}},
		{"a policy, and no record", "", answers(soundRule), expected{top: "mtasts.policy-without-record", silenced: "mtasts.missing"}},
		{
			"several records, and no policy", announced + "+ _mta-sts.customer.example TXT v=STSv1; id=1\n", nil,
			expected{top: "mtasts.multiple-records"},
		},
		{"a key at the host itself", ownServer + "+ mail.customer.example TLSA " + someKey, nil, expected{top: "dane.wrong-name"}},
		{
			"an alias has the key", "- customer.example MX\n+ customer.example MX 10 mx.customer.example\n+ mx.customer.example CNAME mail.customer.example\n+ _25._tcp.mail.customer.example TLSA " + someKey,
			nil,
			expected{open: "dane.no-spare", absent: "dane.wrong-name"},
		},
		{
			"a domain that takes no mail", "- customer.example MX\n+ customer.example MX 0 .\n" + announced, nil,
			expected{absent: "mtasts. dane. tlsrpt."},
		},
		{
			"a domain that takes no mail, and has nothing", "- customer.example MX\n+ customer.example MX 0 .\n", nil,
			expected{absent: "mtasts. dane. tlsrpt."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r row
			for line := range strings.Lines(c.edits) {
				if err := r.read(strings.TrimSpace(line)); err != nil {
					t.Fatal(err)
				}
			}
			rs := apply(world, r.edits)
			e := corpusExaminer(t, rs.zone(), nameserver.Options{})
			e.Thorough = true
			e.Policies = func(_ context.Context, host string) mtasts.Fetched {
				f := *c.fetched
				f.Host, f.Server, f.At = host, "192.0.2.99:443", time.Now()
				return f
			}
			if c.fetched == nil { // it finds out by itself
				e.Policies = mtasts.NewFetcher(mtasts.FetchOptions{Resolver: e.Resolver, Dial: nobody})
			}
			report := e.Examine(t.Context(), r.target(), nil)
			seen.add(report.Findings)
			wellFormed(t, report)
			replayed(t, e, report)
			c.hold(t, report)
			for _, f := range report.Open() {
				if f.Fix != nil && len(f.Fix.Records) > 0 {
					r.mended(t, e, rs, report, f)
				}
			}
		})
	}
	t.Run("certificates", func(t *testing.T) { testPromisedKeys(t, world, seen) })
	t.Run("root causes", func(t *testing.T) { testEncryptionSilenced(t, world, seen) })
}

// nobody refuses every connection.
func nobody(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// testPromisedKeys compares the keys that DNS promises with a real mail server.
func testPromisedKeys(t *testing.T, world []edit, seen *raised) {
	roots := smtptest.NewAuthority(t)
	server := smtptest.Start(t, smtptest.Good(roots.Issue(t, smtptest.Cert{Names: []string{"mail.customer.example"}})))
	edits := ownServer + "+ _25._tcp.mail.customer.example TLSA " + someKey
	var r row
	for line := range strings.Lines(edits) {
		if err := r.read(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	rs := apply(world, r.edits)
	z := rs.zone()
	z.Behave("_25._tcp.mail.customer.example", nameserver.Behaviour{AD: true, NoAA: true})
	e := corpusExaminer(t, z, nameserver.Options{})
	e.ProbeMX = true
	e.Probe = relay.Options{Now: func() time.Time { return smtptest.Now }, Roots: roots.Pool, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "192.0.2.25:25" {
			t.Errorf("dials %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, server.Addr.String())
	}}
	report := e.Examine(t.Context(), r.target(), nil)
	seen.add(report.Findings)
	wellFormed(t, report)
	expected{top: "dane.no-match", open: "dane.no-spare"}.hold(t, report)
	i := slices.IndexFunc(report.Findings, func(f finding.Finding) bool { return f.Code() == "dane.no-match" })
	if i < 0 {
		return
	}
	mended, err := rs.mend(report.Findings[i].Fix)
	if err != nil {
		t.Fatal(err)
	}
	e.Resolver = mended.overlay(e.Resolver, rs)
	expected{absent: "dane.no-match dane.usage"}.hold(t, e.Examine(t.Context(), r.target(), nil))
}

// testEncryptionSilenced holds that one cause makes one message.
func testEncryptionSilenced(t *testing.T, world []edit, seen *raised) {
	const unreadable = "mtasts.unreadable tlsrpt.unreadable"
	for _, c := range []struct {
		name      string
		target    checks.Target
		behave    string // the names that do so
		behaviour nameserver.Behaviour
		expected
	}{
		{
			"the domain does not exist",
			checks.Target{Domain: "nowhere.example"},
			"",
			nameserver.Behaviour{},
			expected{top: "dns.domain-missing", silenced: "mtasts.missing tlsrpt.missing"},
		},
		{
			"its servers are dead", row{}.target(), "customer.example",
			nameserver.Behaviour{Below: true, Rcode: nameserver.ServFail},
			expected{top: "dns.servers-unreachable", silenced: unreadable},
		},
		{
			"its signatures are wrong", row{}.target(), "customer.example",
			nameserver.Behaviour{Below: true, Rcode: nameserver.ServFail, Unless: true},
			expected{top: "dns.dnssec-bogus", silenced: unreadable},
		},
		{
			"no reply, and nothing about encryption",
			checks.Target{Transport: &transports.Transport{Name: "no reply", Type: transports.NoReply, ReplyTo: transports.ReplyTo{Copy: true}}},
			"",
			nameserver.Behaviour{},
			expected{top: "transport.no-reply-needs-no-dns", absent: "mtasts. dane. tlsrpt."},
		},
		{
			"no reply, and ClockWise's own servers fail",
			checks.Target{Transport: &transports.Transport{Name: "no reply", Type: transports.NoReply, ReplyTo: transports.ReplyTo{Copy: true}}},
			"_mta-sts.clockwise.info",
			nameserver.Behaviour{Rcode: nameserver.ServFail},
			expected{open: "mtasts.unreadable", absent: "dane. tlsrpt."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := apply(world).zone()
			if c.behave != "" {
				z.Behave(c.behave, c.behaviour)
			}
			e := corpusExaminer(t, z, nameserver.Options{})
			report := e.Examine(t.Context(), c.target, nil)
			seen.add(report.Findings)
			wellFormed(t, report)
			c.hold(t, report)
		})
	}
}
