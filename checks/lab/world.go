// Package lab is a small broken world on loopback: name servers and mail
// servers of invented customers, each with one mistake. The demo, the tests and
// the pictures run the real program against it; no packet leaves the machine.
package lab

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
)

//go:embed demo.yaml
var demoConfig string

// The public halves of the customers' DKIM keys, one each. Nobody has the
// private halves: nothing is signed in the lab, as only ClockWise would hold
// them.
const (
	bakeryKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtSW/FyudUZadD+iTDy4lRIH9GefcJK7CISexCAz+jcjYRIidwfIt3kJdrU" +
		"PfYbL9X1iK6MkG49OBuESxelfMi2ka9rg/4fas5Mz52VHjEz3myNdEAbO9rx0a/yqlJphOIDQy6ah8MKMvcVBCI8X7LbxsD9FG" +
		"RXnXKa2359Mp2ZwcnN+M0H7nrcDwWrAWJf9UYo3dvNnoIWs6hgdOFIIzRheYVM0ZsJ6pvIpGXY/wCxH3YIlsmKlbahFzUZOQpx" +
		"mZrOi/kDwmny2qUhYeU5QU2hBzFXaKDzmW2RyOto5FbATKhgtpGHjVIgYmUCYmcXzz2MkNrxZszXTOFOXz/p4AIwIDAQAB"
	notaryKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuWSWfFvfcfrXicydRJRigSb8kWVJlc+eewNoXInfNfqmbD9rgSDkCDNSw1" +
		"FHWjbMDNAxOrDgJ18nKlP03U5J/IEhXCyrLUoGWeoG/90s5Gt4fcBPGSYRkcAoIOP0kXPx0gmxzNtDBBXFUuaTbHfTZ7AeFHKC" +
		"QvgXAWlTSn0IEkynIFJjwzOcedsUDzlejwJ1Zzsu5Qsd6xoCx3pWvb+dqIt2S3Ee7BEPDd0Wc/XRiCL6sc0vAtA6f9Sss+W5Cu" +
		"jGsNHnCQV+CyxjUt5Rprp8jkCv3BUdueB+WiD7BOmXV1UKlbfx4xPIyMDEjKFL6gR6+q3Tn9inBCrpCl08WB72owIDAQAB"
	museumKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAspPPszqlzTokhtIWlE/fNZU/4cFgZRYqVPWIc/uTsbuPhoBbEOjPnuXvWZ" +
		"yBFBg2Ld8rG+QslpI/98UOq5FyxaoHEM++wh1+ozHW8nb9yQbz4+t8Jxj4V9i9ptyVfndY4TzHmzKnSQP/4J5n1NrO3OfB3TAZ" +
		"BLPkLsAFlHpNVFZGS9e++EbXyUW/GLhF8c2gl5kmdBOLcDlaUPoSK/y0Nk/xPPw9Sn1VfQsDsCMHwwX/U91ETRe254lkg44Ek0" +
		"SiAzZOcA/OO/SMKWB08VaszMqqN7idYAON+yAJyDbzs2pQCxhNXPRHiNm4qj1FbNqrhi/Jvh23pN0qMg3Wo75HhQIDAQAB"
)

// World is the running lab.
type World struct {
	Resolver  netip.AddrPort   // answers recursive questions, out of a cache
	Authority netip.AddrPort   // the first name server of every zone
	Public    []netip.AddrPort // resolvers at addresses of the lab
	Config    []byte           // the configuration that goes with it, as YAML
	Roots     *x509.CertPool   // who signs its servers' certificates
	Zone      *nameserver.Zone // as the first name server has it

	zones   [2]*nameserver.Zone // of the two name servers
	dns     []*nameserver.Server
	servers []*server         // of mail, and of the web
	where   map[string]string // address in the lab to address on loopback

	mu      sync.Mutex
	typed   map[string][]Typed // into the panel, by record
	pending []func() bool      // stop what name servers have still to take up
}

// Start starts all servers on free loopback ports.
func Start() (*World, error) {
	w := &World{Config: []byte(fill(demoConfig, "")), Zone: newZone(), where: map[string]string{}, typed: map[string][]Typed{}}
	err := w.startServers()
	if err == nil {
		err = w.startDNS()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// startDNS starts the name servers, and resolvers that ask one of them. Once
// somebody publishes something the two differ for a while.
func (w *World) startDNS() error {
	w.zones = [2]*nameserver.Zone{w.Zone, w.Zone.Clone()}
	serve := func(z *nameserver.Zone, o nameserver.Options) (netip.AddrPort, error) {
		s, err := nameserver.Serve(z, o)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("lab: %w", err)
		}
		w.dns = append(w.dns, s)
		return s.Addr, nil
	}
	for i, address := range nameServerAddresses {
		at, err := serve(w.zones[i], nameserver.Options{})
		if err != nil {
			return err
		}
		w.where[net.JoinHostPort(address, "53")] = at.String()
		if i == 0 {
			w.Authority = at
		}
	}
	caching := nameserver.Options{Keep: keepRecord, Behaviour: nameserver.Behaviour{NoAA: true}}
	var err error
	if w.Resolver, err = serve(w.zones[0], caching); err != nil {
		return err
	}
	for i, address := range publicResolvers {
		at, err := serve(w.zones[i%len(w.zones)], caching)
		if err != nil {
			return err
		}
		public := netip.AddrPortFrom(netip.MustParseAddr(address), dns.Port)
		w.where[public.String()] = at.String()
		w.Public = append(w.Public, public)
	}
	return nil
}

func (w *World) startServers() error {
	ca, err := newAuthority()
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	w.Roots = ca.pool
	for _, host := range policyHosts {
		s, err := startWeb(host, ca)
		if err != nil {
			return err
		}
		w.servers = append(w.servers, s)
		w.where[net.JoinHostPort(host.address, "443")] = s.listener.Addr().String()
	}
	for _, host := range mailHosts {
		cert, err := ca.issue(host.name)
		if err != nil {
			return err
		}
		if host.dane {
			if err := promise(w.Zone, host.name, cert); err != nil {
				return fmt.Errorf("lab: %w", err)
			}
		}
		s, err := startMail(host, cert)
		if err != nil {
			return err
		}
		w.servers = append(w.servers, s)
		for _, port := range host.ports {
			w.where[net.JoinHostPort(host.address, strconv.Itoa(port))] = s.listener.Addr().String()
		}
	}
	return nil
}

// promise publishes the key of a mail server, and the one that comes after it,
// as a resolver that validates DNSSEC has them (RFC 7672).
func promise(z *nameserver.Zone, host string, cert tls.Certificate) error {
	own, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return err
	}
	at := "_25._tcp." + host
	z.Behave(at, nameserver.Behaviour{AD: true, NoAA: true})
	for _, key := range [][]byte{own.RawSubjectPublicKeyInfo, []byte("the next key")} {
		if err := z.Add(fmt.Sprintf("%s TLSA 3 1 1 %x", at, sha256.Sum256(key))); err != nil {
			return err
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

// Close ends all servers, and what somebody typed comes nowhere any more.
func (w *World) Close() {
	w.mu.Lock()
	for _, stop := range w.pending {
		stop()
	}
	w.mu.Unlock()
	for _, s := range w.servers {
		s.Close()
	}
	for _, s := range w.dns {
		_ = s.Close()
	}
}

// fill puts the lab's keys and a zone's name into a text.
func fill(text, apex string) string {
	return strings.NewReplacer(
		"{{bakery}}", bakeryKey, "{{notary}}", notaryKey, "{{museum}}", museumKey,
		"{{cut}}", ("v=DKIM1; k=rsa; p=" + notaryKey)[:255], "{{apex}}", apex,
	).Replace(text)
}
