package debian

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
	"clockwise.info/cwmail/transports/smtp/smtptest"
)

const mailHost = "mail.acme.example"

const postfixMain = `
compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
myhostname = ` + mailHost + `
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = /dev/stdout
local_recipient_maps =
alias_maps =
alias_database =
smtpd_tls_chain_files = DIR/good.pem
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_delay_reject = no
postscreen_access_list =
postscreen_cache_map =
postscreen_greet_wait = 1s
`

const postfixMaster = `
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
rewrite unix - - n - - trivial-rewrite
smtpd pass - - n - - smtpd
`

// submission is how Postfix takes mail of users who log in.
const submission = "smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=yes"

// services are mail servers by name, as in master.cf.
var services = map[string]string{
	"relay":      "smtpd",
	"submission": submission,
	"smtps":      "smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes",
	"clear":      "smtpd -o smtpd_tls_security_level=none",
	"early":      "smtpd -o smtpd_sasl_auth_enable=yes -o broken_sasl_auth_clients=yes",
	"self":       submission + " -o smtpd_tls_chain_files=DIR/self.pem",
	"other":      submission + " -o smtpd_tls_chain_files=DIR/other.pem",
	"expired":    submission + " -o smtpd_tls_chain_files=DIR/expired.pem",
	"old":        submission + " -o smtpd_tls_mandatory_protocols=TLSv1.1 -o tls_high_cipherlist=ALL:@SECLEVEL=0",
	"tls12":      submission + " -o smtpd_tls_mandatory_protocols=TLSv1.2",
	"deny":       "smtpd -o smtpd_client_restrictions=reject",
	"defer":      "smtpd -o smtpd_client_restrictions=defer",
	"no-ehlo":    "smtpd -o smtpd_helo_restrictions=reject",
	"screen":     "postscreen",
}

// postfix is a running Postfix with all services.
type postfix struct {
	addr map[string]netip.AddrPort
	ca   *smtptest.Authority
}

// startPostfix starts a Postfix of its own: configuration, queue and ports have
// nothing to do with the one that the machine may run.
func startPostfix(t *testing.T) postfix {
	t.Helper()
	return startPostfixAs(t, fmt.Sprintf("smtpd_sasl_path = inet:%s\n", serveLogins(t)), services)
}

// startPostfixAs starts one with more settings and other services.
func startPostfixAs(t *testing.T, settings string, services map[string]string) postfix {
	t.Helper()
	need(t, "postfix", "postconf")
	if os.Getuid() != 0 {
		t.Skip("Postfix starts as root only")
	}
	p := postfix{ca: smtptest.NewAuthority(t)}
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} { // the user postfix has to come by
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	makeDirs(t, dir)
	past := smtptest.Now.AddDate(0, 0, -1)
	for name, cert := range map[string]smtptest.Cert{
		"good": {}, "self": {SelfSigned: true}, "other": {Names: []string{"mail.hoster.test"}}, "expired": {Expiry: past},
	} {
		write(t, dir, name+".pem", pemOfCert(t, p.ca.Issue(t, cert)))
	}
	etc := filepath.Join(dir, "etc")
	write(t, etc, "main.cf", strings.ReplaceAll(postfixMain, "DIR", dir)+settings)
	write(t, etc, "master.cf", postfixMaster)
	must(t, dir, "postfix", "-c", etc, "check")
	master := filepath.Join(strings.TrimSpace(must(t, dir, "postconf", "-d", "-h", "daemon_directory")), "master")
	onPort(t, func(uint16) (*output, error) {
		p.addr = map[string]netip.AddrPort{}
		lines := postfixMaster
		for name, command := range services {
			p.addr[name] = freePort(t)
			private := "n - n - - "
			if command == "postscreen" {
				private = "n - n - 1 "
			}
			lines += p.addr[name].String() + " inet " + private + strings.ReplaceAll(command, "DIR", dir) + "\n"
		}
		write(t, etc, "master.cf", lines)
		return start(t, "daemon started", master, "-c", etc, "-s")
	})
	return p
}

func makeDirs(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{"etc", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Skip("there is no user postfix")
	}
	uid, _ := strconv.Atoi(owner.Uid)
	if err := os.Chown(filepath.Join(dir, "data"), uid, -1); err != nil {
		t.Fatal(err)
	}
}

// pemOfCert is the private key and the certificate, as Postfix wants them.
func pemOfCert(t *testing.T, c tls.Certificate) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return string(append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})...))
}

// serveLogins tells Postfix which ways to log in there are, in the place of
// Dovecot. Nobody logs in.
func serveLogins(t *testing.T) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				defer context.AfterFunc(t.Context(), func() { _ = c.Close() })()
				_, _ = io.WriteString(c, "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n")
				_, _ = bufio.NewReader(c).WriteTo(io.Discard)
			}()
		}
	}()
	return l.Addr()
}

// look greets a server at the address, as if it were the mail host at a port.
func look(t *testing.T, address netip.AddrPort, ca *smtptest.Authority, s transports.Server) relay.Result {
	t.Helper()
	r := dns.NewOverlay(dns.NewReplay(nil), []dns.Set{
		{Name: mailHost, Type: dns.TypeA, Values: []string{"192.0.2.25"}}, {Name: mailHost, Type: dns.TypeAAAA},
	})
	s.Host = mailHost
	return relay.Lookup(t.Context(), r, s, relay.Options{
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address.String())
		},
		Now: func() time.Time { return smtptest.Now }, Roots: ca.Pool, Name: "cwmail.example", ReplyTimeout: 3 * time.Second,
	})
}

// codesAbout is what a report says first: neither what something else explains
// nor notes, as no server has all that these list.
func codesAbout(res relay.Result) []string {
	all := relay.Findings(res)
	finding.Silence(all)
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" && f.Severity() != finding.Note {
			out = append(out, f.Code())
		}
	}
	slices.Sort(out)
	return out
}

func transcript(res relay.Result) string {
	var b strings.Builder
	for _, c := range res.Conversations {
		for _, l := range c.Lines {
			fmt.Fprintf(&b, "%c %s\n", l.Dir, l.Text)
		}
	}
	return b.String()
}

// holdConversation holds what is kept of a conversation with Postfix.
func holdConversation(t *testing.T, p postfix) {
	t.Helper()
	s := transports.Server{Port: 587, Security: "starttls", Auth: "plain", Username: "jan"}
	talk := look(t, p.addr["submission"], p.ca, s).Conversations[0]
	if !talk.OK() || talk.Greeting.String() != "220 "+mailHost+" ESMTP Postfix" || talk.HelloRefused {
		t.Errorf("%v %s: %q", talk.Trouble, talk.Detail, talk.Greeting)
	}
	if talk.TLS == nil || talk.TLS.Chained != nil || talk.TLS.Name != nil || len(talk.TLS.Chain) != 1 {
		t.Errorf("TLS: %+v", talk.TLS)
	}
	clear, after := keywords(talk.Clear), keywords(talk.Offered)
	if !slices.Contains(clear, "STARTTLS") || slices.Contains(clear, "AUTH") || slices.Contains(after, "STARTTLS") {
		t.Errorf("offered %q before TLS and %q after it", clear, after)
	}
	if size, ok := talk.Offered.Get("SIZE"); !ok || size != "10240000" {
		t.Errorf("SIZE %q", size)
	}
	if !slices.Equal(talk.Offered.Auth(), []string{"PLAIN", "LOGIN"}) {
		t.Errorf("AUTH %q", talk.Offered.Auth())
	}
}

// holdScreen holds that a greeting is read to its end: postscreen begins one
// and ends it a second later.
func holdScreen(t *testing.T, p postfix) {
	t.Helper()
	talk := look(t, p.addr["screen"], p.ca, transports.Server{Port: 25, Security: "starttls", Auth: "none"}).Conversations[0]
	if len(talk.Greeting.Lines) != 2 || !talk.OK() {
		t.Errorf("postscreen: %v, %q", talk.Trouble, talk.Greeting.Lines)
	}
}

func keywords(all smtp.Extensions) []string {
	var out []string
	for _, x := range all {
		out = append(out, x.Keyword)
	}
	return out
}

// TestSink holds what is said of smtp-sink, which needs no root.
func TestSink(t *testing.T) {
	path := find(t, "smtp-sink")
	ca := smtptest.NewAuthority(t)
	for _, c := range []struct {
		name     string
		options  []string
		security string
		want     []string
	}{
		{"plain", nil, "none", nil},
		{"no STARTTLS", nil, "starttls", []string{"tls.missing"}},
		{"in clear", nil, "tls", []string{"smtp.tls-style-wrong"}},
		{"no EHLO", []string{"-e"}, "none", []string{"smtp.ehlo-refused"}},
		{"hard error", []string{"-f", "connect"}, "none", []string{"smtp.banner-wrong"}},
		{"soft error", []string{"-r", "connect"}, "none", []string{"smtp.temporarily-unavailable"}},
		{"soft error at EHLO", []string{"-r", "ehlo"}, "none", []string{"smtp.temporarily-unavailable"}},
		{"hangs up", []string{"-q", "ehlo"}, "none", []string{"smtp.dropped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			options := slices.Clone(c.options)
			if os.Getuid() == 0 {
				options = append(options, "-u", "nobody") // it does not run as root
			}
			address := onPort(t, func(port uint16) (*output, error) {
				address := fmt.Sprintf("127.0.0.1:%d", port)
				return startSilent(t, address, path, append(options, "-h", mailHost, address, "8")...)
			})
			server := transports.Server{Port: 25, Security: c.security, Auth: "none"}
			res := look(t, address, ca, server)
			// smtp-sink may reset the connection behind its last reply, and with
			// it what we have not read yet.
			for tries := 1; tries < 5 && slices.Equal(codesAbout(res), []string{"smtp.dropped"}); tries++ {
				res = look(t, address, ca, server)
			}
			if got := codesAbout(res); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q\n%s", got, c.want, transcript(res))
			}
		})
	}
}

// TestPostfix holds what is seen and said of Postfix in many settings.
func TestPostfix(t *testing.T) {
	p := startPostfix(t)
	t.Run("conversation", func(t *testing.T) { t.Parallel(); holdConversation(t, p) })
	t.Run("postscreen", func(t *testing.T) { t.Parallel(); holdScreen(t, p) })
	for _, c := range []struct {
		service  string
		port     int
		security string
		auth     string
		want     []string
		version  uint16 // of TLS; 0: any or none
	}{
		{"relay", 25, "starttls", "none", nil, tls.VersionTLS13},
		{"relay", 25, "none", "none", nil, 0},
		{"relay", 587, "starttls", "plain", []string{"smtp.auth-not-offered"}, 0},
		{"relay", 465, "tls", "none", []string{"smtp.tls-style-wrong"}, 0},
		{"submission", 587, "starttls", "plain", nil, tls.VersionTLS13},
		{"submission", 587, "starttls", "login", nil, 0},
		{"submission", 587, "starttls", "cram-md5", []string{"smtp.auth-no-common-mechanism"}, 0},
		{"submission", 587, "none", "plain", []string{"smtp.auth-not-offered"}, 0},
		{"smtps", 465, "tls", "plain", nil, tls.VersionTLS13},
		{"smtps", 465, "starttls", "plain", []string{"smtp.tls-style-wrong"}, 0},
		{"clear", 587, "starttls", "none", []string{"tls.missing"}, 0},
		{"early", 587, "starttls", "plain", []string{"smtp.auth-before-tls"}, 0},
		{"self", 587, "starttls", "plain", []string{"tls.self-signed"}, 0},
		{"other", 587, "starttls", "plain", []string{"tls.name-mismatch"}, 0},
		{"expired", 587, "starttls", "plain", []string{"tls.certificate-expired"}, 0},
		{"old", 587, "starttls", "plain", []string{"tls.version-old"}, tls.VersionTLS11},
		{"tls12", 587, "starttls", "plain", nil, tls.VersionTLS12},
		{"deny", 25, "starttls", "none", []string{"smtp.banner-wrong", "tls.unreadable"}, 0},
		{"defer", 25, "starttls", "none", []string{"smtp.temporarily-unavailable", "tls.unreadable"}, 0},
		{"no-ehlo", 25, "starttls", "none", []string{"smtp.helo-name-bad", "tls.unreadable"}, 0},
	} {
		t.Run(fmt.Sprint(c.service, " ", c.port, " ", c.security, " ", c.auth), func(t *testing.T) {
			t.Parallel()
			res := look(t, p.addr[c.service], p.ca, transports.Server{Port: c.port, Security: c.security, Auth: c.auth, Username: "jan"})
			if got := codesAbout(res); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q\n%s", got, c.want, transcript(res))
			}
			talk := res.Conversations[0]
			if c.version != 0 && (talk.TLS == nil || talk.TLS.Version != c.version) {
				t.Errorf("TLS: %v, want %s", talk.TLS, tls.VersionName(c.version))
			}
			if !talk.OK() && (talk.Trouble == smtp.NoTrouble || talk.Detail == "") {
				t.Errorf("trouble %v without a word\n%s", talk.Trouble, transcript(res))
			}
		})
	}
}
