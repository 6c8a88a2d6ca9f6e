package smtp

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// Options say whom to probe, and how.
type Options struct {
	Host     string         // name of the server: for SNI and the certificate
	Address  netip.AddrPort // where it is reached
	Security string         // "starttls", "tls" or "none"; "connect" only connects
	Name     string         // said in EHLO (RFC 5321 section 4.1.4)

	// Inject sends a NOOP in clear behind STARTTLS, in the same segment: a
	// server that answers it inside TLS takes commands of whoever sits on the
	// line (RFC 3207 section 4.2). Only STARTTLS and Obeyed of such a
	// conversation tell anything.
	Inject bool

	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Now   func() time.Time
	Roots *x509.CertPool // nil: those of the system

	ConnectTimeout time.Duration // for the connection; 0: 10 s
	ReplyTimeout   time.Duration // for each reply and the handshake, twice that for the greeting; 0: 15 s
}

// Probe greets a server, switches TLS on where Options say so, and takes its
// leave. It never logs in and never begins a mail. It always returns a
// Conversation: what went wrong is part of it.
func Probe(ctx context.Context, o Options) Conversation {
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 10 * time.Second
	}
	if o.ReplyTimeout == 0 {
		o.ReplyTimeout = 15 * time.Second
	}
	s := newSession(ctx, o)
	if s.open() {
		s.enter(Done)
		if o.Security != "connect" {
			s.quit()
		}
	}
	return s.close()
}
