// Package lab is a small broken world on loopback: name servers and mail
// servers of invented customers, each with one mistake. The demo, the tests and
// the pictures run the real program against it; no packet leaves the machine.
package lab

import (
	"context"
	"crypto/x509"
	_ "embed"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"clockwise.info/cwmail/checks/dns/nameserver"
)

//go:embed demo.yaml
var demoConfig string

// key is the public half of the customers' DKIM key. Nobody has the private
// half: nothing is signed in the lab, as only ClockWise would hold it.
const key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtSW/FyudUZadD+iTDy4lRIH9GefcJK7CISexCAz+jcjYRIidwfIt3k" +
	"JdrUPfYbL9X1iK6MkG49OBuESxelfMi2ka9rg/4fas5Mz52VHjEz3myNdEAbO9rx0a/yqlJphOIDQy6ah8MKMvcVBCI8X7Lbxs" +
	"D9FGRXnXKa2359Mp2ZwcnN+M0H7nrcDwWrAWJf9UYo3dvNnoIWs6hgdOFIIzRheYVM0ZsJ6pvIpGXY/wCxH3YIlsmKlbahFzUZ" +
	"OQpxmZrOi/kDwmny2qUhYeU5QU2hBzFXaKDzmW2RyOto5FbATKhgtpGHjVIgYmUCYmcXzz2MkNrxZszXTOFOXz/p4AIwIDAQAB"

// World is the running lab.
type World struct {
	Resolver netip.AddrPort // answers recursive questions
	Config   []byte         // the configuration that goes with it, as YAML
	Roots    *x509.CertPool // who signs its mail servers' certificates
	Zone     *nameserver.Zone

	dns   *nameserver.Server
	mail  []*mailServer
	where map[string]string // address in the lab to address on loopback
}

// Start starts all servers on free loopback ports.
func Start() (*World, error) {
	w := &World{Config: []byte(fill(demoConfig, "")), Zone: newZone(), where: map[string]string{}}
	var err error
	if w.dns, err = nameserver.Serve(w.Zone, nameserver.Options{}); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	w.Resolver = w.dns.Addr
	for _, address := range nameServerAddresses {
		w.where[address+":53"] = w.Resolver.String()
	}
	if err := w.startMail(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *World) startMail() error {
	ca, err := newAuthority()
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	w.Roots = ca.pool
	for _, host := range mailHosts {
		s, err := startMail(host, ca)
		if err != nil {
			return err
		}
		w.mail = append(w.mail, s)
		for _, port := range host.ports {
			w.where[net.JoinHostPort(host.address, strconv.Itoa(port))] = s.listener.Addr().String()
		}
	}
	return nil
}

// Dial connects to the lab's servers by the addresses that its DNS gives. Every
// other address is unreachable: nothing leaves the machine.
func (w *World) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, ok := w.where[address]
	if address == w.Resolver.String() {
		to, ok = address, true
	}
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errUnreachable}
	}
	var d net.Dialer
	return d.DialContext(ctx, network, to)
}

// errUnreachable is what the operating system says of an address without a way
// to it.
var errUnreachable = fmt.Errorf("the demo world has no such address: %w", syscall.ENETUNREACH)

// Close ends all servers.
func (w *World) Close() {
	for _, s := range w.mail {
		s.Close()
	}
	if w.dns != nil {
		w.dns.Close()
	}
}

// fill puts the lab's key and a zone's name into a text.
func fill(text, apex string) string {
	return strings.NewReplacer("{{key}}", key, "{{cut}}", ("v=DKIM1; k=rsa; p=" + key)[:255], "{{apex}}", apex).Replace(text)
}
