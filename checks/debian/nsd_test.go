package debian

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

const nsdOptions = `
server:
	ip-address: 127.0.0.1@%[1]d
	do-ip6: no
	server-count: 1
	username: ""
	chroot: ""
	database: ""
	zonesdir: "%[2]s"
	zonelistfile: "%[2]s/zone.list"
	xfrdfile: "%[2]s/xfrd.state"
	xfrdir: "%[2]s"
	pidfile: ""
	rrl-ratelimit: 0
	verbosity: 2
remote-control:
	control-enable: no
`

// startNSD serves zones with NSD.
func startNSD(t *testing.T, z zones) netip.AddrPort {
	t.Helper()
	dir := t.TempDir()
	path := daemon(t, dir, "nsd")
	var list strings.Builder
	for _, apex := range z.apexes() {
		file := cmp.Or(apex, "root") + ".zone"
		if z[apex] != "" {
			write(t, dir, file, z[apex])
		}
		fmt.Fprintf(&list, "zone:\n\tname: %q\n\tzonefile: %q\n", apex+".", file)
	}
	return onPort(t, func(port uint16) (*output, error) {
		conf := write(t, dir, "nsd.conf", fmt.Sprintf(nsdOptions, port, dir)+list.String())
		out, err := start(t, " nsd started ", path, "-d", "-c", conf)
		for apex, text := range z {
			if loaded := fmt.Sprintf("zone %s. read with success", apex); err == nil && text != "" && !strings.Contains(out.String(), loaded) {
				t.Fatalf("nsd does not say %q:\n%s", loaded, out)
			}
		}
		return out, err
	})
}
