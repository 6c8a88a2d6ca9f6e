//go:build !windows

package main

import (
	"net/netip"
	"os"
)

// systemServers are the name servers of this machine.
func systemServers() []netip.AddrPort {
	f, err := os.Open("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	defer f.Close()
	return readResolvConf(f)
}
