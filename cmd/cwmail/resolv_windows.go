package main

import (
	"net/netip"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemServers are the name servers of the network adapters that are up.
func systemServers() []netip.AddrPort {
	size := uint32(16 << 10)
	for range 3 { // the list may grow between the calls
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0]))
		err := windows.GetAdaptersAddresses(syscall.AF_UNSPEC, windows.GAA_FLAG_SKIP_ANYCAST|windows.GAA_FLAG_SKIP_MULTICAST, 0, first, &size)
		switch err {
		case nil:
			return adapterServers(first)
		case windows.ERROR_BUFFER_OVERFLOW:
			continue
		}
		return nil
	}
	return nil
}

func adapterServers(a *windows.IpAdapterAddresses) []netip.AddrPort {
	var out []netip.AddrPort
	for ; a != nil; a = a.Next {
		if a.OperStatus != windows.IfOperStatusUp {
			continue
		}
		for s := a.FirstDnsServerAddress; s != nil; s = s.Next {
			addr, ok := netip.AddrFromSlice(s.Address.IP())
			// fec0::/10 are placeholders that Windows lists where nothing is set.
			if !ok || addr.IsMulticast() || netip.MustParsePrefix("fec0::/10").Contains(addr) {
				continue
			}
			if server := netip.AddrPortFrom(addr.Unmap(), dnsPort); !slices.Contains(out, server) {
				out = append(out, server)
			}
		}
	}
	return out
}
