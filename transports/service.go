package transports

import "net/netip"

// Service is what ClockWise's side of the mail looks like: public facts that
// the configuration may override.
type Service struct {
	SPFInclude   string       // name that customers include in their SPF record
	Network      netip.Prefix // the relay addresses
	NoReply      string       // sender of the no-reply transport
	Domain       string       // ClockWise's own domain
	DKIMSelector string       // selector of ClockWise's own signatures; "" when not known
}

// DefaultService is ClockWise as its manual describes it.
func DefaultService() Service {
	return Service{
		SPFInclude: "_spf.clockwise.info",
		Network:    netip.MustParsePrefix("31.134.206.128/28"),
		NoReply:    "noreply@clockwise.info",
		Domain:     "clockwise.info",
	}
}

// Relays lists the relay addresses, each address of Network.
func (s Service) Relays() []netip.Addr {
	var out []netip.Addr
	for a := s.Network.Masked().Addr(); s.Network.Contains(a); a = a.Next() {
		out = append(out, a)
		if len(out) == 256 { // a network typed too wide must not fill memory
			break
		}
	}
	return out
}
