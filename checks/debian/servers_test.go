package debian

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/transports/smtp"
	"clockwise.info/cwmail/transports/smtp/smtptest"
)

// exims is an Exim that keeps what it takes in its queue. daemon_smtp_ports and
// tls_on_connect_ports have to be known by number.
const exims = `
primary_hostname = ` + mailHost + `
exim_user = root
exim_group = root
never_users =
keep_environment =
spool_directory = DIR/spool
log_file_path = DIR/log.%%s
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[1]d : %[2]d
tls_on_connect_ports = %[2]d
tls_advertise_hosts = *
tls_certificate = DIR/good.pem
tls_privatekey = DIR/good.pem
auth_advertise_hosts = ${if def:tls_in_cipher{*}}
queue_only
smtp_accept_max = 0
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = rcpt
message_size_limit = 50M

begin acl
rcpt:
  accept authenticated = *
  accept domains = hoster.test
  deny message = relay not permitted

begin routers
begin transports
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and {{eq{$auth2}{jan@acme.example}}{eq{$auth3}{` + password + `}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and {{eq{$auth1}{jan@acme.example}}{eq{$auth2}{` + password + `}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{jan@acme.example}{` + password + `}fail}
  server_set_id = $auth1
`

// tried is what a mail server of another maker is held against.
type tried struct {
	port, security, auth, secret, to string
	outcome                          smtp.Outcome
	stage                            smtp.Stage
	code                             string
}

func deliverAll(t *testing.T, addr map[string]netip.AddrPort, ca *smtptest.Authority, all []tried) (sent int) {
	t.Helper()
	for _, c := range all {
		got := smtp.Send(t.Context(), mailTo(addr[c.port], ca, c.security, c.auth, c.secret, strings.Fields(c.to)...))
		if got.Outcome != c.outcome || got.Stage != c.stage || !strings.HasPrefix(got.Reply.String(), c.code) {
			t.Errorf("%+v: %s, trouble %d at the %s: %s (%s)\n%s", c, got.Outcome, got.Trouble, got.Stage, got.Detail, got.Reply, lines(got))
		}
		if got.Outcome == smtp.Accepted || got.Outcome == smtp.Partly {
			sent++
		}
		if c.secret != "" && strings.Contains(fmt.Sprintf("%+v %s", got, lines(got)), c.secret) {
			t.Error("the password stands in it")
		}
	}
	return sent
}

func TestDeliverToExim(t *testing.T) {
	path := find(t, "exim4")
	if os.Getuid() != 0 {
		t.Skip("Exim takes another configuration from root only")
	}
	dir, ca := t.TempDir(), smtptest.NewAuthority(t)
	write(t, dir, "good.pem", pemOfCert(t, ca.Issue(t, smtptest.Cert{})))
	addr := map[string]netip.AddrPort{"smtps": freePort(t)}
	addr["relay"] = onPort(t, func(port uint16) (*output, error) {
		config := write(t, dir, "exim.conf", strings.ReplaceAll(fmt.Sprintf(exims, port, addr["smtps"].Port()), "DIR", dir))
		return startSilent(t, fmt.Sprintf("127.0.0.1:%d", port), path, "-C", config, "-bdf")
	})
	const inside, outside = "piet@hoster.test", "kees@elsewhere.test"
	sent := deliverAll(t, addr, ca, []tried{
		{"relay", "starttls", "none", "", inside, smtp.Accepted, smtp.Done, "250 OK id="},
		{"relay", "none", "none", "", inside, smtp.Accepted, smtp.Done, "250 OK id="},
		{"relay", "starttls", "none", "", outside, smtp.Rejected, smtp.Recipient, "550 relay not permitted"},
		{"relay", "starttls", "none", "", inside + " " + outside, smtp.Partly, smtp.Recipient, "550 relay not permitted"},
		{"relay", "starttls", "plain", password, outside, smtp.Accepted, smtp.Done, "250 OK id="},
		{"relay", "starttls", "login", password, outside, smtp.Accepted, smtp.Done, "250 OK id="},
		{"relay", "starttls", "cram-md5", password, outside, smtp.Accepted, smtp.Done, "250 OK id="},
		{"smtps", "tls", "plain", password, outside, smtp.Accepted, smtp.Done, "250 OK id="},
		{"relay", "starttls", "plain", "nope", outside, smtp.Rejected, smtp.Login, "535 Incorrect authentication data"},
		{"relay", "starttls", "login", "nope", outside, smtp.Rejected, smtp.Login, "535 Incorrect authentication data"},
		{"relay", "starttls", "cram-md5", "nope", outside, smtp.Rejected, smtp.Login, "535 Incorrect authentication data"},
		{"relay", "starttls", "xoauth2", password, outside, smtp.NotSent, smtp.Login, "no reply"},
	})
	queued, err := filepath.Glob(filepath.Join(dir, "spool", "input", "*-D"))
	if err != nil || len(queued) != sent {
		t.Fatalf("%d messages were queued, %d sent: %v", len(queued), sent, err)
	}
	for _, q := range queued {
		text, err := os.ReadFile(q)
		if body := "\nHello\n.\n..two dots\nend\n"; err != nil || !strings.HasSuffix(string(text), body) {
			t.Errorf("%q %v", text, err)
		}
	}
}

// opensmtpd is one that takes mail for hoster.test, and of who has logged in for
// everybody, and hands it on.
const opensmtpd = `
pki good cert "DIR/cert.pem"
pki good key "DIR/key.pem"
table logins { jan@acme.example = "%[1]s" }
listen on 127.0.0.1 port %[2]d tls pki good hostname ` + mailHost + `
listen on 127.0.0.1 port %[3]d tls-require pki good auth <logins> hostname ` + mailHost + `
listen on 127.0.0.1 port %[4]d smtps pki good auth <logins> hostname ` + mailHost + `
action "hand" relay host "smtp+notls://127.0.0.1:%[5]d"
match from any for domain "hoster.test" action "hand"
match auth from any for any action "hand"
`

// private gives a program folders of its own where it always writes.
const private = `mount -t tmpfs none /var/spool && mount -t tmpfs none /run && mkdir -m 711 /var/spool/smtpd &&
mkdir -p /var/lib/opensmtpd && mount -t tmpfs -o mode=755 none /var/lib/opensmtpd && mkdir -m 755 /var/lib/opensmtpd/empty && exec "$@"`

func TestDeliverToOpenSMTPD(t *testing.T) {
	path := find(t, "smtpd")
	need(t, "unshare", "openssl")
	if os.Getuid() != 0 {
		t.Skip("OpenSMTPD starts as root only")
	}
	if out, err := run(t, "/", "unshare", "-m", "true"); err != nil {
		t.Skipf("there are no namespaces: %s", out)
	}
	dir, ca := t.TempDir(), smtptest.NewAuthority(t)
	behind := smtptest.Start(t, smtptest.GoodMail(ca.Issue(t, smtptest.Cert{}), nil).With("EHLO", "250 behind.acme.example"))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048) // its engine for keys knows no other kind
	if err != nil {
		t.Fatal(err)
	}
	cert := ca.Issue(t, smtptest.Cert{Key: rsaKey})
	write(t, dir, "cert.pem", certOf(cert))
	write(t, dir, "key.pem", keyOf(t, cert))
	hash := strings.TrimSpace(must(t, dir, "openssl", "passwd", "-6", "-salt", "saltsalt", password))
	var log *output
	addr := map[string]netip.AddrPort{"submission": freePort(t), "smtps": freePort(t)}
	addr["relay"] = onPort(t, func(port uint16) (*output, error) {
		config := write(t, dir, "smtpd.conf", strings.ReplaceAll(fmt.Sprintf(opensmtpd, hash, port, addr["submission"].Port(), addr["smtps"].Port(), behind.Addr.Port()), "DIR", dir))
		out, err := startSilent(t, fmt.Sprintf("127.0.0.1:%d", port), find(t, "unshare"), "-m", "sh", "-c", private, "sh", path, "-dv", "-f", config)
		log = out
		return out, err
	})
	const inside, outside = "piet@hoster.test", "kees@elsewhere.test"
	sent := deliverAll(t, addr, ca, []tried{
		{"relay", "none", "none", "", inside, smtp.Accepted, smtp.Done, "250 2.0.0"},
		{"relay", "none", "none", "", outside, smtp.Rejected, smtp.Recipient, "550"},
		{"relay", "none", "none", "", inside + " " + outside, smtp.Partly, smtp.Recipient, "550"},
		{"submission", "none", "none", "", inside, smtp.Rejected, smtp.Sender, "530 5.5.1"},
	})
	if hasTLS(t, addr["relay"], ca) {
		sent += deliverAll(t, addr, ca, []tried{
			{"relay", "starttls", "none", "", inside, smtp.Accepted, smtp.Done, "250 2.0.0"},
			{"submission", "starttls", "plain", password, outside, smtp.Accepted, smtp.Done, "250 2.0.0"},
			{"submission", "starttls", "login", password, outside, smtp.Accepted, smtp.Done, "250 2.0.0"},
			{"smtps", "tls", "plain", password, outside, smtp.Accepted, smtp.Done, "250 2.0.0"},
			{"submission", "starttls", "plain", "nope", outside, smtp.Rejected, smtp.Login, "535"},
			{"submission", "starttls", "cram-md5", password, outside, smtp.NotSent, smtp.Login, "no reply"},
		})
	}
	if t.Failed() {
		t.Log(log)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(patience); len(behind.Messages()) < sent; <-tick.C {
		if time.Now().After(until) {
			t.Fatalf("%d messages came, %d were sent", len(behind.Messages()), sent)
		}
	}
	for _, m := range behind.Messages() {
		if _, body, _ := strings.Cut(delivered, "\r\n\r\n"); !strings.HasSuffix(m.Raw, "\r\n\r\n"+body) {
			t.Errorf("%q", m.Raw)
		}
	}
}

// hasTLS holds for a server whose TLS works: OpenSMTPD 6.8.0 loses its private key
// where it is built with OpenSSL 3, and refuses each handshake.
func hasTLS(t *testing.T, address netip.AddrPort, ca *smtptest.Authority) bool {
	t.Helper()
	got := smtp.ProbeMail(t.Context(), mailTo(address, ca, "starttls", "none", ""))
	switch got.Trouble {
	case smtp.NoTrouble:
		return true
	case smtp.BadTLS:
		t.Logf("without TLS: %s", got.Detail)
	default:
		t.Errorf("trouble %d: %s\n%s", got.Trouble, got.Detail, lines(got))
	}
	return false
}

// certOf and keyOf are the two halves of pemOfCert.
func certOf(c tls.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
}

func keyOf(t *testing.T, c tls.Certificate) string {
	t.Helper()
	key, _, _ := strings.Cut(pemOfCert(t, c), "-----BEGIN CERTIFICATE")
	return key
}
