// Package debian holds cwmail against the programs that real domains run, as
// Debian packages them: BIND, NSD, unbound, Postfix and OpenDKIM. There is nothing
// here but tests. They serve on free ports of loopback, keep their files in
// folders of their own, and end what they started. To have all of them:
//
//	apt-get install --no-install-recommends bind9 bind9-utils nsd unbound postfix opendkim-tools openssl
//
// A test whose program is not installed is skipped. Debian installs one mail
// server at a time: exim4-daemon-light or opensmtpd in the place of postfix are
// for another machine, or another run.
package debian

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// packages tells where to get each program.
var packages = map[string]string{
	"named": "bind9", "named-compilezone": "bind9-utils", "dnssec-keygen": "bind9-utils", "dnssec-signzone": "bind9-utils",
	"nsd": "nsd", "unbound": "unbound", "postfix": "postfix", "postconf": "postfix", "smtp-sink": "postfix", "smtp-source": "postfix", "opendkim-genkey": "opendkim-tools", "opendkim-testkey": "opendkim-tools", "opendkim-testmsg": "opendkim-tools", "opendkim": "opendkim", "openssl": "openssl",
	"exim4": "exim4-daemon-light", "smtpd": "opensmtpd", "unshare": "util-linux",
}

// oneAtATime are programs that Debian does not install beside Postfix: their tests
// run where somebody has one of them instead, or unpacked.
var oneAtATime = []string{"exim4", "smtpd"}

// find is the path of a program; without it, the test is skipped.
func find(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} { // not in everybody's PATH
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	if os.Getenv("CWMAIL_TEST_ALL") == "yes" && !slices.Contains(oneAtATime, name) {
		t.Fatalf("%s should be here: apt-get install %s", name, packages[name])
	}
	t.Skipf("%s is not installed: apt-get install %s", name, packages[name])
	return ""
}

// need skips the test unless all programs are there.
func need(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		find(t, n)
	}
}

// daemon is a copy of a program, in dir: AppArmor's profile of the installed
// one would keep it from reading what a test writes.
func daemon(t *testing.T, dir, name string) string {
	t.Helper()
	program, err := os.ReadFile(find(t, name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a program in dir to its end and returns what it says.
func run(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), find(t, name), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must is run for what has to succeed.
func must(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// patience is how long a server may take to start.
const patience = 10 * time.Second

// start starts a server and waits until it says ready. It runs until the test
// ends.
func start(t *testing.T, ready, path string, args ...string) (*output, error) {
	t.Helper()
	out := &output{ready: ready, seen: make(chan struct{})}
	return out, launch(t, out, out.seen, path, args...)
}

// startSilent starts a server that says nothing, and waits until it listens.
func startSilent(t *testing.T, address, path string, args ...string) (*output, error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	listens := make(chan struct{})
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if c, err := new(net.Dialer).DialContext(ctx, "tcp", address); err == nil {
				_ = c.Close()
				close(listens)
				return
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	out := &output{seen: make(chan struct{})}
	return out, launch(t, out, listens, path, args...)
}

func launch(t *testing.T, out *output, ready <-chan struct{}, path string, args ...string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ready:
		t.Cleanup(func() { <-ended })
		return nil
	case err := <-ended:
		return fmt.Errorf("%s ended: %w", path, cmp.Or(err, errors.New("without an error")))
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-ended
		return fmt.Errorf("%s is not ready after %s", path, patience)
	}
}

// output is what a server says.
type output struct {
	ready string
	seen  chan struct{} // closed when it has said ready

	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.said()
	n, err := o.text.Write(p)
	if o.said() && !before {
		close(o.seen)
	}
	return n, err
}

func (o *output) said() bool { return o.ready != "" && strings.Contains(o.text.String(), o.ready) }

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// onPort starts a server on a free port. Another program may take the port
// before the server does, hence the attempts.
func onPort(t *testing.T, attempt func(port uint16) (*output, error)) netip.AddrPort {
	t.Helper()
	var out *output
	var err error
	for range 3 {
		addr := freePort(t)
		if out, err = attempt(addr.Port()); err == nil {
			return addr
		}
	}
	t.Fatalf("%v\n%s", err, out)
	return netip.AddrPort{}
}

// ports counts the ports that were given out.
var ports atomic.Uint32

// freePort is a port of loopback that is free for UDP and TCP, and is given out
// once. It lies below the ports that the system takes for connections: one of
// those can be taken before a server has it, even by the very connection that
// looks whether the server is there, which then talks to itself.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	const first, many = 12000, 20000
	for range 200 {
		port := first + (uint32(os.Getpid())*97+ports.Add(1))%many
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
		u, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			continue
		}
		l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
		_ = u.Close()
		if err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return netip.AddrPort{}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
