package debian

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/compose"
)

// inside is set in the copy of a test that has a network of its own.
const inside = "CWMAIL_TEST_INSIDE"

// alone runs a test once more in namespaces of its own, where port 53 of loopback
// is free and /etc/resolv.conf names it: some programs ask no other resolver. It
// is true in that copy. Where the system gives no namespaces, the test is skipped.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		isolate(t)
		return true
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=yes")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Skipf("the system gives no namespaces: %v", err)
	}
	if t.Log(string(out)); err != nil {
		t.Error(err)
	}
	return false
}

// isolate brings up loopback, and puts the file of the resolver over that of the
// system, which only this process and its children see.
func isolate(t *testing.T) {
	t.Helper()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Skipf("the system gives no network of its own: %v", err)
	}
	defer func() { _ = unix.Close(socket) }()
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Skipf("the system gives no network of its own: %v", err)
	}
	file := write(t, t.TempDir(), "resolv.conf", "nameserver 127.0.0.1\n")
	if err := unix.Mount(file, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil {
		t.Skipf("the system lets nobody choose the resolver: %v", err)
	}
}

// testMails are messages of all forms that we compose.
func testMails(t *testing.T) map[string]compose.Message {
	t.Helper()
	out := map[string]compose.Message{}
	for name, change := range map[string]func(o *compose.Options){
		"text": func(*compose.Options) {},
		"html": func(o *compose.Options) { o.HTML = "<body><p>Één =20\n<p>. \t \n\n</body>\n\n" },
		"no-reply": func(o *compose.Options) {
			o.Transport.Type, o.Transport.ReplyTo.Copy = transports.NoReply, true
		},
		"unicode": func(o *compose.Options) {
			o.User.Name, o.Subject, o.Text = "Zoë Ångström", strings.Repeat("Überprüfung – ", 12), strings.Repeat(".\nFrom  \n\n", 5)
			o.To = append(o.To, "李 <karel@bücher.example>")
		},
	} {
		o := compose.Options{
			Transport: transports.Transport{Name: "Invoices", Type: transports.ClockWise},
			Service:   transports.DefaultService(),
			User:      compose.Person{Name: "Jan", Address: "jan@customer.example"},
			To:        []string{"piet@acme.example"},
			Now:       time.Now(),
		}
		change(&o)
		m, err := compose.Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = m
	}
	return out
}

// keyZone has the records of the keys, each at the selector of its name.
func keyZone() *nameserver.Zone {
	z := nameserver.NewZone()
	z.SOA("customer.example", 0)
	for name, key := range keys() {
		r := dkim.RecordFor(name, "customer.example", key.Public())
		z.Text(r.Name, r.Value)
	}
	return z
}

// changed is what may happen to a message on the way.
var changed = map[string]func(string) string{
	"untouched": func(m string) string { return m },
	"folded":    func(m string) string { return strings.Replace(m, "\r\nTo: ", "\r\nTo:\r\n\t", 1) },
	"lines":     func(m string) string { return m + "\r\n \r\n" },
	"footer":    func(m string) string { return m + "-- \r\nthe list\r\n" },
	"subject":   func(m string) string { return strings.Replace(m, "\r\nSubject: ", "\r\nSubject: [list] ", 1) },
	"from":      func(m string) string { return "From: boss@customer.example\r\n" + m },
	"reply-to":  func(m string) string { return "Reply-To: x@evil.example\r\n" + m },
	"date":      func(m string) string { return strings.Replace(m, "\r\nDate: ", "\r\nX-Date: ", 1) },
}

// TestOpenDKIMTestmsg holds that OpenDKIM takes our signatures, and finds them
// broken where we do.
func TestOpenDKIMTestmsg(t *testing.T) {
	need(t, "opendkim-testmsg")
	if !alone(t) {
		return
	}
	server, err := nameserver.Serve(keyZone(), nameserver.Options{Listen: netip.MustParseAddrPort("127.0.0.1:53")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	resolver := client(t, server.Addr)
	mails := testMails(t)
	for name, key := range keys() {
		for form, m := range mails {
			signed, err := compose.Sign(m.Raw, compose.SignOptions{Domain: "customer.example", Selector: name, Signer: key, Time: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			for what, change := range changed {
				message := change(string(signed))
				cmd := exec.CommandContext(t.Context(), find(t, "opendkim-testmsg"), "-C")
				cmd.Stdin = strings.NewReader(message)
				said, err := cmd.CombinedOutput()
				v := dkim.Prove(t.Context(), resolver, []byte(message), "customer.example", name, dkim.VerifyOptions{Now: time.Now()})
				want := slices.Contains([]string{"untouched", "folded", "lines"}, what)
				if (err == nil) != want || (v.Result == dkim.OutcomePass) != want {
					t.Errorf("%s, %s, %s: OpenDKIM: %v %s\nwe: %s %s\n%s", name, form, what, err, said, v.Result, v.Reason, message)
				}
			}
		}
	}
}

// TestOpenDKIMSigns holds that we take the signatures of OpenDKIM.
func TestOpenDKIMSigns(t *testing.T) {
	need(t, "opendkim")

	resolver := client(t, serve(t, keyZone(), nameserver.Behaviour{}))
	dir := t.TempDir()
	mails := testMails(t)
	for name, key := range keys() {
		algorithm := "rsa-sha256"
		if name == "ed25519" {
			algorithm = "ed25519-sha256"
		}
		for _, canon := range []string{"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"} {
			if name == "ed25519" && strings.HasPrefix(canon, "simple") {
				continue // OpenDKIM 2.11 finds these signatures of its own broken
			}
			conf := write(t, dir, "conf", fmt.Sprintf(
				"Mode s\nDomain customer.example\nSelector %s\nKeyFile %s\nRequireSafeKeys no\nSignatureAlgorithm %s\nCanonicalization %s\nOverSignHeaders From,Subject\n",
				name, write(t, dir, name, pemOf(t, key)), algorithm, canon))
			for form, m := range mails {
				if form == "no-reply" {
					continue // it is not of the domain that signs
				}
				said := must(t, dir, "opendkim", "-x", conf, "-v", "-t", write(t, dir, "message", strings.ReplaceAll(string(m.Raw), "\r\n", "\n")))
				_, field, ok := strings.Cut(said, "DKIM-Signature:")
				if !ok {
					t.Fatal(said)
				}
				field = "DKIM-Signature:" + strings.TrimRight(field, "\r\n") + "\r\n"
				all := dkim.Verify(t.Context(), resolver, []byte(field+string(m.Raw)), dkim.VerifyOptions{Now: time.Now()})
				if len(all) != 1 || all[0].Result != dkim.OutcomePass || all[0].Algorithm != algorithm || all[0].Domain != "customer.example" {
					t.Errorf("%s, %s, %s: %s %s\n%s", name, canon, form, all[0].Result, all[0].Reason, said)
				}
			}
		}
	}
}
