package relay

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
	"clockwise.info/cwmail/transports/smtp/smtptest"
)

// zone answers A and AAAA of any name.
type zone struct {
	status dns.Status
	addrs  []string
}

func (z zone) Lookup(_ context.Context, q dns.Question) dns.Answer {
	a := dns.Answer{Question: q, Status: z.status, Server: "192.0.2.53:53", At: smtptest.Now}
	if z.status == dns.Failed {
		a.Err = errors.New("192.0.2.53 does not answer.")
	}
	for _, s := range z.addrs {
		if ip := netip.MustParseAddr(s); ip.Is4() == (q.Type == dns.TypeA) {
			a.Records = append(a.Records, dns.Record{Addr: ip})
		}
	}
	if z.status == dns.Found && len(a.Records) == 0 {
		a.Status = dns.Empty
	}
	return a
}

// network leads addresses to servers or errors.
type network map[string]any

func (n network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	switch to := n[host].(type) {
	case *smtptest.Server:
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.Addr.String())
	case error:
		return nil, &net.OpError{Op: "dial", Err: to}
	}
	return nil, context.DeadlineExceeded
}

func codes(all []finding.Finding) string {
	var out []string
	for _, f := range all {
		out = append(out, f.Code())
	}
	return strings.Join(out, " ")
}

func server(change func(*transports.Server)) transports.Server {
	s := transports.Server{Host: "mail.acme.example", Port: 587, Security: "starttls", Auth: "none"}
	change(&s)
	return s
}

func same(*transports.Server) {}

type testCase struct {
	name   string
	server transports.Server
	zone   zone
	net    network
	want   string
	text   string // in title, saw or action of the first one
}

func cases(t *testing.T) []testCase {
	a, stranger := smtptest.NewAuthority(t), smtptest.NewAuthority(t)
	roots = a
	good := smtptest.Good(a.Issue(t, smtptest.Cert{}))
	start := func(s smtptest.Script) network { return network{"192.0.2.1": smtptest.Start(t, s)} }
	cert := func(by *smtptest.Authority, c smtptest.Cert) network { return start(smtptest.Good(by.Issue(t, c))) }
	greeting := func(g string) network { s := good; s.Greeting = g; return start(s) }
	implicit, silent, old, noTLS := good, good, good, good
	implicit.Implicit, silent.Silent = true, true
	noTLS.TLS = &tls.Config{MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS12}
	old.TLS = good.TLS.Clone()
	old.TLS.MinVersion, old.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	found := zone{dns.Found, []string{"192.0.2.1"}}
	between := a.Intermediate(t, smtptest.Until)
	bits2048 := smtptest.Good(a.Issue(t, smtptest.Cert{Key: rsaKey(t, 2048)}))
	ciphers := func(suite uint16) smtptest.Script {
		s := bits2048
		s.TLS = s.TLS.Clone()
		s.TLS.MaxVersion, s.TLS.CipherSuites = tls.VersionTLS12, []uint16{suite}
		return s
	}
	login := server(func(s *transports.Server) { s.Auth, s.Username = "plain", "jan" })
	port25 := server(func(s *transports.Server) { s.Port = 25 })
	ehlo := func(reply string) network { return start(good.With("EHLO", reply)) }
	host := func(host string, port int, auth string) transports.Server {
		return server(func(s *transports.Server) { s.Host, s.Port, s.Auth = host, port, auth })
	}
	return []testCase{
		{"good", server(same), found, start(good), "", ""},
		{"good login", login, found, start(good), "", ""},
		{"good tls", server(func(s *transports.Server) { s.Security, s.Port = "tls", 465 }), found, start(implicit), "", ""},
		{"address", host("192.0.2.1", 25, "none"), zone{}, network{"192.0.2.1": syscall.ECONNREFUSED}, "smtp.refused", "port 25"},
		{"no such name", server(same), zone{status: dns.NoName}, nil, "smtp.host-not-found", "there is no such name"},
		{"no address", server(same), zone{status: dns.Found}, nil, "smtp.host-not-found", "no A or AAAA record"},
		{"dns silent", server(same), zone{status: dns.Failed}, nil, "smtp.unreadable", "192.0.2.53 does not answer."},
		{"refused", server(same), found, network{"192.0.2.1": syscall.ECONNREFUSED}, "smtp.refused", "31.134.206.128/28"},
		{"no route", server(same), found, network{"192.0.2.1": syscall.EHOSTUNREACH}, "smtp.no-route", "192.0.2.1: host unreachable."},
		{"timed out", server(same), found, network{}, "smtp.timed-out", "192.0.2.1"},
		{
			"both", server(same),
			zone{dns.Found, []string{"192.0.2.1", "192.0.2.2", "2001:db8::1"}},
			network{"192.0.2.1": syscall.ECONNREFUSED, "2001:db8::1": syscall.ENETUNREACH},
			"smtp.refused smtp.timed-out", "192.0.2.1 answered",
		},
		{
			"only IPv6 from a machine without", server(same),
			zone{dns.Found, []string{"2001:db8::1"}},
			network{"2001:db8::1": syscall.ENETUNREACH},
			"smtp.no-route", "",
		},
		{
			"partly", server(same),
			zone{dns.Found, []string{"192.0.2.1", "192.0.2.2"}},
			network{"192.0.2.1": smtptest.Start(t, good), "192.0.2.2": syscall.ECONNREFUSED},
			"smtp.partly-reachable", "192.0.2.1 works, 192.0.2.2 does not.",
		},
		{
			"no IPv6 here", server(same),
			zone{dns.Found, []string{"192.0.2.1", "2001:db8::1"}},
			network{"192.0.2.1": smtptest.Start(t, good), "2001:db8::1": syscall.ENETUNREACH},
			"", "",
		},
		{"dropped", server(same), found, greeting("drop"), "smtp.dropped tls.unreadable", "hangs up at the greeting"},
		{"dropped at EHLO", server(same), found, ehlo("drop"), "smtp.dropped tls.unreadable", "at the EHLO: connection closed"},
		{"silent at EHLO", server(same), found, ehlo("silence"), "smtp.dropped tls.unreadable", "no answer in time"},
		{"silent", server(func(s *transports.Server) { s.Security = "none" }), found, start(silent), "smtp.banner-wrong", "nothing at all"},
		{"554", server(same), found, greeting("554 5.7.1 no"), "smtp.banner-wrong tls.unreadable", "554 5.7.1 no"},
		{"421", server(same), found, greeting("421 4.3.2 busy"), "smtp.temporarily-unavailable tls.unreadable", "421 4.3.2 busy"},
		{"ssh", server(same), found, greeting("SSH-2.0-x"), "smtp.banner-wrong tls.unreadable", "SSH-2.0-x"},
		{"asterisks", port25, found, start(func() smtptest.Script {
			s := good.With("EHLO", "250-mail\r\n250 XXXXXXXA")
			s.Greeting = "220 ********************0****0*******"
			return s
		}()), "smtp.middlebox tls.missing", "asterisks"},
		{"X", port25, found, ehlo("250-mail\r\n250-XXXX\r\n250 SIZE"), "smtp.middlebox tls.missing", "XXXX in place"},
		{"an own extension is no sign", port25, found, ehlo("250-mail\r\n250-XCLIENT ADDR\r\n250 STARTTLS"), "", ""},
		{"implicit", server(same), found, start(implicit), "smtp.tls-style-wrong", "security of the transport to tls"},
		{"clear", server(func(s *transports.Server) { s.Security, s.Port = "tls", 465 }), found, start(good), "smtp.tls-style-wrong", "security of the transport to starttls"},
		{"helo", server(func(s *transports.Server) { s.Security = "none" }), found, start(good.With("EHLO", "502 what").With("HELO", "250 mail")), "smtp.ehlo-refused", ""},
		{"auth in clear", server(same), found, ehlo("250-mail\r\n250-AUTH PLAIN\r\n250 STARTTLS"), "smtp.auth-before-tls", ""},
		{"no auth", login, found, start(good.With("EHLO TLS", "250-mail\r\n"+smtptest.Offers+"250 STARTTLS")), "smtp.auth-not-offered", ""},
		{"other auth", login, found, start(good.With("EHLO TLS", "250-mail\r\n"+smtptest.Offers+"250 AUTH XOAUTH2 LOGIN")), "smtp.auth-no-common-mechanism", "xoauth2, login"},
		{"strange", server(same), found, start(good.With("EHLO", "554 5.7.1 why").With("HELO", "554 why")), "smtp.reply-unexplained tls.unreadable", "At the EHLO it says: 554 5.7.1 why."},
		{"no SMTP after TLS", server(same), found, start(good.With("EHLO TLS", "hello there")), "smtp.reply-unexplained", "hello there"},
		{"no starttls", login, found, ehlo("250 mail"), "tls.missing", ""},
		{"454", server(same), found, start(good.With("STARTTLS", "454 4.7.0 TLS not available")), "tls.unavailable", "454 4.7.0 TLS"},
		{"no handshake", server(same), found, start(noTLS), "tls.handshake-failed", "handshake failed"},
		{"old", server(same), found, start(old), "tls.version-old", "TLS 1.1"},
		{"other name", server(same), found, cert(a, smtptest.Cert{Names: []string{"www.acme.example"}}), "tls.name-mismatch", "www.acme.example"},
		{"other name, 25", port25, found, cert(a, smtptest.Cert{Names: []string{"www.acme.example"}}), "tls.name-mismatch", "www.acme.example"},
		{"self-signed", server(same), found, cert(a, smtptest.Cert{SelfSigned: true}), "tls.self-signed", "signed by itself (mail.acme.example)"},
		{"private", server(same), found, cert(stranger, smtptest.Cert{}), "tls.self-signed", "Test Root"},
		{"incomplete", server(same), found, cert(stranger, smtptest.Cert{IssuerURL: "http://ca.example/r.cer"}), "tls.chain-incomplete", "Test Root"},
		{"expired", server(same), found, cert(a, smtptest.Cert{Expiry: smtptest.Now.AddDate(0, 0, -1)}), "tls.certificate-expired", "31 May 2026"},
		{"early", server(same), found, cert(a, smtptest.Cert{NotBefore: smtptest.Now.AddDate(0, 0, 1)}), "tls.certificate-not-yet-valid", "2 June 2026"},
		{"expiring", server(same), found, cert(a, smtptest.Cert{Expiry: smtptest.Now.AddDate(0, 0, 13)}), "tls.certificate-expiring", "14 June 2026"},
		{"not expiring", server(same), found, cert(a, smtptest.Cert{Expiry: smtptest.Now.AddDate(0, 0, 15)}), "tls.certificate-renewal-due", "16 June 2026"},
		{"not due", server(same), found, cert(a, smtptest.Cert{Expiry: smtptest.Now.AddDate(0, 0, 31)}), "", ""},
		{"blocked", server(same), found, greeting("554 5.7.1 Client host [192.0.2.9] blocked using zen.example"), "smtp.refused-by-blocklist tls.unreadable", "zen.example"},
		{"no name", server(same), found, greeting("450 4.7.25 Client host rejected: cannot find your hostname"), "smtp.refused-by-ptr tls.unreadable", "cannot find"},
		{"too many", server(same), found, greeting("421 4.7.0 Too many connections from you"), "smtp.rate-limited tls.unreadable", "Too many"},
		{"greylist", server(same), found, ehlo("450 4.2.0 Greylisted, come back"), "smtp.greylisted tls.unreadable", "come back"},
		{"starttls first", server(func(s *transports.Server) { s.Security = "none" }), found, ehlo("530 5.7.0 Must issue a STARTTLS command first"), "smtp.starttls-required", "to starttls"},
		{"login first", server(func(s *transports.Server) { s.Security = "none" }), found, ehlo("530 5.7.0 Authentication required"), "smtp.auth-required", "smtp.username"},
		{"ehlo name", server(same), found, start(good.With("EHLO", "504 5.5.2 need fully-qualified hostname").With("HELO", "504 5.5.2 no")), "smtp.helo-name-bad tls.unreadable", "fully-qualified"},
		{"syntax", server(same), found, start(good.With("EHLO", "501 syntactically invalid EHLO argument").With("HELO", "501 no")), "smtp.helo-name-bad tls.unreadable", "syntactically"},
		{"few", server(same), found, start(good.With("EHLO TLS", "250-mail\r\n250-PIPELINING\r\n250 8BITMIME")), "smtp.capability-missing", "SMTPUTF8, CHUNKING, DSN"},
		{"small", server(same), found, start(good.With("EHLO TLS", strings.Replace("250-mail\r\n"+smtptest.Offers+"250 AUTH PLAIN", "SIZE 52428800", "SIZE 7000000", 1))), "smtp.size-too-small", "7.0 MB"},
		{"no limit", server(same), found, start(good.With("EHLO TLS", strings.Replace("250-mail\r\n"+smtptest.Offers+"250 AUTH PLAIN", "SIZE 52428800", "SIZE 0", 1))), "", ""},
		{"old form", login, found, start(good.With("EHLO TLS", "250-mail\r\n"+smtptest.Offers+"250 AUTH=LOGIN PLAIN")), "smtp.auth-old-form", "AUTH="},
		{"two codes", server(same), found, start(good.With("EHLO TLS", "250-mail\r\n220 STARTTLS")), "smtp.protocol-broken", "different codes"},
		{"bare LF", server(same), found, ehlo("250-mail\n250 STARTTLS"), "smtp.protocol-broken", "LF alone"},
		{"below an authority", server(same), found, cert(between, smtptest.Cert{}), "", ""},
		{"an authority has expired", server(same), found, cert(a.Intermediate(t, smtptest.Now.AddDate(0, 0, -2)), smtptest.Cert{}), "tls.chain-expired", "Test Intermediate, which the server sends along, was valid until 30 May 2026"},
		{"no intermediate", server(same), found, start(smtptest.Good(alone(between.Issue(t, smtptest.Cert{Logged: true})))), "tls.chain-incomplete", "issued by Test Intermediate, whose own"},
		{"private below", server(same), found, cert(stranger.Intermediate(t, smtptest.Until), smtptest.Cert{IssuerURL: "http://ca.example/r.cer"}), "tls.self-signed", "issued by Test Root, an authority"},
		{"private by LDAP", server(same), found, cert(stranger, smtptest.Cert{IssuerURL: "ldap:///CN=x"}), "tls.self-signed", "Test Root"},
		{"wrong order", server(same), found, start(smtptest.Good(swapped(between.Intermediate(t, smtptest.Until).Issue(t, smtptest.Cert{})))), "tls.chain-incomplete", "wrong order"},
		{"short key", server(same), found, cert(a, smtptest.Cert{Key: rsaKey(t, 1024)}), "tls.certificate-weak", "RSA with 1024 bits"},
		{"short curve", server(same), found, cert(a, smtptest.Cert{Algorithm: x509.ECDSAWithSHA1}), "tls.certificate-weak", "ECDSA-SHA1"},
		{"for clients", server(same), found, cert(a, smtptest.Cert{Purposes: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}), "tls.certificate-purpose-wrong", "serverAuth"},
		{"an authority's", server(same), found, cert(a, smtptest.Cert{Authority: true}), "tls.certificate-purpose-wrong", "CA:TRUE"},
		{"signs only", server(same), found, cert(a, smtptest.Cert{Usage: x509.KeyUsageCertSign}), "tls.certificate-purpose-wrong", "keyUsage"},
		{"wildcard", server(same), found, cert(a, smtptest.Cert{Names: []string{"*.acme.example"}}), "", ""},
		{"wildcard above", server(same), found, cert(a, smtptest.Cert{Names: []string{"*.example", "acme.example"}}), "tls.name-mismatch", "*.example, acme.example"},
		{"no forward secrecy", server(same), found, start(ciphers(tls.TLS_RSA_WITH_AES_128_GCM_SHA256)), "tls.cipher-weak", "forward secrecy"},
		{"CBC", server(same), found, start(ciphers(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)), "tls.cipher-weak", "CBC"},
		{"3DES", server(same), found, start(ciphers(tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA)), "tls.cipher-weak", "3DES"},
		{"GCM", server(same), found, start(ciphers(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)), "", ""},
		{"relay", host("acme-example.mail.protection.outlook.com", 25, "none"), found, start(smtptest.Good(a.Issue(t, smtptest.Cert{Names: []string{"*.mail.protection.outlook.com"}}))), "o365.method-detected", "direct send"},
		{"relay on 587", host("acme-example.mail.protection.outlook.com", 587, "none"), found, network{}, "o365.relay-on-wrong-port o365.method-detected smtp.timed-out", "port to 25"},
		{"relay to the client's host", host("smtp.office365.com", 587, "none"), found, network{"192.0.2.1": syscall.ECONNREFUSED}, "o365.host-wrong smtp.refused", "without a login"},
		{"login on 465", host("smtp.office365.com", 465, "login"), found, network{}, "o365.submission-on-port-465 o365.method-detected smtp.timed-out", "587"},
		{"login on 25", host("smtp.office365.com", 25, "login"), zone{status: dns.Failed}, nil, "o365.submission-on-port-25 o365.method-detected smtp.unreadable", "587"},
	}
}

var roots *smtptest.Authority // of the present test

func lookup(t *testing.T, c testCase) Result {
	t.Helper()
	o := Options{
		Dial: c.net.dial, Now: func() time.Time { return smtptest.Now }, Roots: roots.Pool, Name: "cwmail.example",
		ReplyTimeout: 5 * time.Second, ConnectTimeout: 3 * time.Second,
	}
	if strings.Contains(c.name, "silent") || c.name == "implicit" {
		o.ReplyTimeout = 500 * time.Millisecond
	}
	if c.name == "silent" {
		o.ConnectTimeout = 300 * time.Millisecond
	}
	return Lookup(t.Context(), c.zone, c.server, o)
}

// alone is a certificate without what stands behind it.
func alone(c tls.Certificate) tls.Certificate {
	c.Certificate = c.Certificate[:1]
	return c
}

// swapped is a certificate with what stands behind it in the wrong order.
func swapped(c tls.Certificate) tls.Certificate {
	slices.Reverse(c.Certificate[1:])
	return c
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestFindings(t *testing.T) {
	raised := map[string]bool{}
	for _, c := range cases(t) {
		got := Findings(lookup(t, c))
		if codes(got) != c.want {
			t.Errorf("%s: %s, want %s", c.name, codes(got), c.want)
			continue
		}
		for _, f := range got {
			raised[f.Code()] = true
			text := f.Title() + "\n" + f.Saw() + "\n" + f.Effect() + "\n" + f.Action()
			if strings.Contains(text, "%!") || strings.Contains(text, "  ") || strings.Contains(text, "..") || len(f.Evidence) == 0 || f.Subject != c.server.Host {
				t.Errorf("%s: %s without subject or evidence, or with a bad text:\n%s", c.name, f.Code(), text)
			}
		}
		if len(got) > 0 {
			if text := got[0].Title() + "\n" + got[0].Saw() + "\n" + got[0].Action(); !strings.Contains(text, c.text) {
				t.Errorf("%s: no %q in\n%s", c.name, c.text, text)
			}
		}
	}
	for _, code := range inOtherTests {
		raised[code] = true
	}
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("%s is never raised", r.Code)
		}
	}
}

// inOtherTests are raised where more than one server is needed, or something
// that is known from elsewhere.
var inOtherTests = []string{"smtp.port-25-blocked", "smtp.banner-slow", "smtp.banner-name-differs", "smtp.starttls-injection", "tls.stripped", "tls.clock-skew"}

func TestSilence(t *testing.T) {
	open := map[string]string{
		"asterisks": "smtp.middlebox", "relay on 587": "o365.relay-on-wrong-port o365.method-detected",
		"login on 465": "o365.submission-on-port-465 o365.method-detected", "login on 25": "o365.submission-on-port-25 smtp.unreadable",
	}
	for _, c := range cases(t) {
		want, ok := open[c.name]
		if !ok {
			continue
		}
		all := Findings(lookup(t, c))
		finding.Silence(all)
		if got := codes(slices.DeleteFunc(all, func(f finding.Finding) bool { return f.SilencedBy != "" })); got != want {
			t.Errorf("%s: open are %s, want %s", c.name, got, want)
		}
	}
}

func TestLoweredOnPort25(t *testing.T) {
	for _, c := range cases(t) {
		if c.name != "other name" && c.name != "other name, 25" {
			continue
		}
		f := Findings(lookup(t, c))[0]
		want := finding.Failure
		if c.server.Port == 25 {
			want = finding.Warning
		}
		if f.Severity() != want || f.Code() != "tls.name-mismatch" {
			t.Errorf("%s: %s is a %s", c.name, f.Code(), f.Severity())
		}
	}
	if nameMismatch.Severity != finding.Failure {
		t.Error("the rule itself was changed")
	}
}

func TestNotTried(t *testing.T) {
	found := zone{dns.Found, []string{"192.0.2.1"}}
	s := server(same)
	res := Lookup(t.Context(), found, s, Options{Now: time.Now, Offline: "this is a replay: mail servers are not contacted"})
	got := Findings(res)
	if codes(got) != "smtp.unreadable" || got[0].Saw() != "This is a replay: mail servers are not contacted." || len(res.Addresses) != 1 {
		t.Errorf("%v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res = Lookup(ctx, found, s, Options{Now: time.Now, Dial: network{}.dial})
	if got := Findings(res); codes(got) != "smtp.unreadable tls.unreadable" {
		t.Errorf("stopped: %s", codes(got))
	}
}

func TestSubject(t *testing.T) {
	res := Result{Server: server(same), Subject: "Invoices", A: dns.Answer{Status: dns.NoName}, AAAA: dns.Answer{Status: dns.NoName}}
	if got := Findings(res); got[0].Subject != "Invoices" {
		t.Errorf("%+v", got)
	}
}

func TestChoose(t *testing.T) {
	var all []netip.Addr
	for _, s := range []string{"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"} {
		all = append(all, netip.MustParseAddr(s))
	}
	if got := choose(all); len(got) != 4 || got[3].String() != "192.0.2.3" {
		t.Errorf("%v", got)
	}
}

// A login or a mail must never be begun.
func TestNothingIsSent(t *testing.T) {
	for _, c := range cases(t) {
		for _, conversation := range lookup(t, c).Conversations {
			for _, l := range conversation.Lines {
				verb, _, _ := strings.Cut(l.Text, " ")
				if l.Dir == 'C' && !slices.Contains([]string{"EHLO", "HELO", "STARTTLS", "QUIT"}, verb) {
					t.Errorf("%s: said %q", c.name, l.Text)
				}
			}
			if conversation.Trouble == smtp.NoTrouble && !conversation.OK() {
				t.Errorf("%s: ended at the %s without a reason", c.name, conversation.Stage)
			}
		}
	}
}

// A replay speaks to nobody.
func TestProbeFromElsewhere(t *testing.T) {
	res := Lookup(t.Context(), zone{dns.Found, []string{"192.0.2.1"}}, server(same), Options{
		Now: func() time.Time { return smtptest.Now },
		Probe: func(_ context.Context, o smtp.Options) smtp.Conversation {
			return smtp.Conversation{Address: o.Address, Stage: smtp.Done}
		},
	})
	if got := Findings(res); codes(got) != "smtp.capability-missing" || len(res.Conversations) != 1 || res.Conversations[0].Address.String() != "192.0.2.1:587" {
		t.Errorf("%s %+v", codes(got), res.Conversations)
	}
}
