package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const dnsPort = 53

// readResolvConf returns the name servers of a resolv.conf(5), in order.
func readResolvConf(r io.Reader) []netip.AddrPort {
	var out []netip.AddrPort
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil {
			out = append(out, netip.AddrPortFrom(a.Unmap(), dnsPort))
		}
	}
	return out
}

// parseServers reads name servers as people write them: an address or a host,
// with or without a port.
func parseServers(ctx context.Context, texts []string) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, text := range texts {
		server, err := parseServer(ctx, strings.TrimSpace(text))
		if err != nil {
			return nil, &failure{
				what: fmt.Sprintf("could not use name server %q", text), why: err.Error(),
				hints: []string{"write an address and a port, e.g. 9.9.9.9:53 or [2620:fe::fe]:53"},
			}
		}
		out = append(out, server)
	}
	return out, nil
}

func parseServer(ctx context.Context, text string) (netip.AddrPort, error) {
	if s, err := netip.ParseAddrPort(text); err == nil {
		return s, portError(int(s.Port()))
	}
	bare := strings.TrimSuffix(text, "]")
	if len(bare) < len(text) {
		bare = strings.TrimPrefix(bare, "[")
	}
	if a, err := netip.ParseAddr(bare); err == nil {
		return netip.AddrPortFrom(a, dnsPort), nil
	}
	if strings.Contains(text, "/") {
		return netip.AddrPort{}, fmt.Errorf("%q is neither an address nor the name of a host", text)
	}
	host, portText, err := net.SplitHostPort(text)
	if err != nil {
		host, portText = text, strconv.Itoa(dnsPort)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is not a port", portText)
	}
	if err := portError(port); err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" || strings.ContainsAny(host, " /:@") {
		return netip.AddrPort{}, fmt.Errorf("%q is neither an address nor the name of a host", host)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addrs) == 0 {
		return netip.AddrPort{}, fmt.Errorf("the address of %q was not found", host)
	}
	return netip.AddrPortFrom(addrs[0].Unmap(), uint16(port)), nil
}

func portError(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("%d is not a port", port)
	}
	return nil
}
