package mtasts

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"clockwise.info/cwmail/checks/dns"
)

// Outcome is how far fetching a policy got.
type Outcome uint8

// The outcomes. The zero value was not looked at.
const (
	NotFetched  Outcome = iota
	Served              // an HTTP answer came; Status says which
	NoAddress           // the host certainly has no address
	Refused             // each address refuses the connection
	NoHTTPS             // something else than HTTPS answers
	BadTLS              // the certificate is not valid for the host
	Unreachable         // it could not be found out from here
)

var outcomeNames = [...]string{"not-fetched", "served", "no-address", "refused", "no-https", "bad-tls", "unreachable"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", o)
}

// ParseOutcome reads what String wrote.
func ParseOutcome(word string) (Outcome, bool) {
	i := slices.Index(outcomeNames[:], word)
	return Outcome(max(i, 0)), i >= 0
}

// Fetched is what was seen while a policy was fetched.
type Fetched struct {
	Host      string
	Outcome   Outcome
	Reason    string // in words, for any outcome but Served; holds text from the network
	TimedOut  bool
	A, AAAA   dns.Answer
	Addresses []netip.Addr // as far as they were tried
	Server    string       // who answered, ADDRESS:PORT

	Status      int
	ContentType string
	Location    string // of a redirection, which is not followed
	Body        string // of status 200; the first MaxPolicy octets
	TooLarge    bool
	At          time.Time
}

// MaxPolicy is the size of a policy that senders need not read beyond (RFC 8461
// section 3.3).
const MaxPolicy = 64 << 10

// maxAddresses is the number of addresses of a host that are tried.
const maxAddresses = 4

// FetchOptions say how policies are fetched.
type FetchOptions struct {
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Roots    *x509.CertPool // nil: those of the system
	Resolver dns.Resolver
	Now      func() time.Time // nil: the clock
	Timeout  time.Duration    // for one policy; 0: 10 seconds
}

type fetcher struct {
	FetchOptions
	roots func() (*x509.CertPool, error)

	mu    sync.Mutex
	under map[string]*flight // under way, by host
}

// flight is one policy being fetched for all who ask for it meanwhile.
type flight struct {
	done    chan struct{}
	fetched Fetched
	ended   bool // whoever asked first has given up
}

// NewFetcher makes a function for Options.Fetch. It gets the policy of a host
// as RFC 8461 section 3.3 asks: over HTTPS with a valid certificate, without
// following redirections. Equal questions at the same time are joined: many
// transports have the same domain.
func NewFetcher(o FetchOptions) func(ctx context.Context, host string) Fetched {
	f := &fetcher{FetchOptions: o, under: map[string]*flight{}}
	f.Timeout = cmp.Or(f.Timeout, 10*time.Second)
	if f.Now == nil {
		f.Now = time.Now
	}
	f.roots = func() (*x509.CertPool, error) { return o.Roots, nil }
	if o.Roots == nil {
		f.roots = sync.OnceValues(systemRoots)
	}
	return f.join
}

func (f *fetcher) join(ctx context.Context, host string) Fetched {
	host = normal(host)
	f.mu.Lock()
	if first := f.under[host]; first != nil {
		f.mu.Unlock()
		select {
		case <-first.done:
			if !first.ended {
				return first.fetched
			}
		case <-ctx.Done():
		}
		return f.fetch(ctx, host)
	}
	own := &flight{done: make(chan struct{})}
	f.under[host] = own
	f.mu.Unlock()
	own.fetched = f.fetch(ctx, host)
	own.ended = ctx.Err() != nil
	f.mu.Lock()
	delete(f.under, host)
	f.mu.Unlock()
	close(own.done)
	return own.fetched
}

// systemRoots fails where the system trusts nobody: every certificate would
// look wrong there.
func systemRoots() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err == nil && pool.Equal(x509.NewCertPool()) {
		err = errors.New("this machine knows no certificate authorities")
	}
	return pool, err
}

func (f *fetcher) fetch(ctx context.Context, host string) Fetched {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	out := Fetched{Host: normal(host), At: f.Now()}
	if !out.resolve(ctx, f.Resolver) {
		return out
	}
	conn := f.dial(ctx, &out)
	if conn == nil {
		return out
	}
	defer conn.Close()
	roots, err := f.roots()
	if err != nil {
		return out.end(Unreachable, err.Error())
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	secure := tls.Client(conn, &tls.Config{
		ServerName: out.Host, RootCAs: roots, Time: f.Now, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		return out.handshake(ctx, err)
	}
	return out.get(ctx, secure)
}

func (f Fetched) end(o Outcome, reason string) Fetched {
	f.Outcome, f.Reason = o, reason
	return f
}

// Resolve asks for the addresses of the host, and keeps those that are tried.
func Resolve(ctx context.Context, r dns.Resolver, f *Fetched) {
	var wg sync.WaitGroup
	wg.Go(func() { f.A = r.Lookup(ctx, dns.Ask(f.Host, dns.TypeA)) })
	wg.Go(func() { f.AAAA = r.Lookup(ctx, dns.Ask(f.Host, dns.TypeAAAA)) })
	wg.Wait()
	f.Addresses = nil
	for _, a := range []dns.Answer{f.A, f.AAAA} {
		for _, rec := range a.Records[:min(len(a.Records), maxAddresses/2)] {
			if !within(rec.Addr) {
				f.Addresses = append(f.Addresses, rec.Addr)
			}
		}
	}
}

// resolve finds the addresses; false where there are none to try.
func (f *Fetched) resolve(ctx context.Context, r dns.Resolver) bool {
	Resolve(ctx, r, f)
	switch {
	case len(f.Addresses) > 0:
		return true
	case len(f.A.Records)+len(f.AAAA.Records) > 0:
		*f = f.end(Unreachable, "its address is one of a private network, which is left alone")
	case f.A.Void() && f.AAAA.Void():
		*f = f.end(NoAddress, "it has no address")
	default:
		a := f.A
		if a.Status != dns.Failed {
			a = f.AAAA
		}
		*f = f.end(Unreachable, a.Reason())
	}
	return false
}

// within holds for addresses of our own network: whoever publishes a record does
// not lead us into it.
func within(a netip.Addr) bool { return !a.IsGlobalUnicast() || a.IsPrivate() }

// dial tries the addresses one after the other, each with its share of the time.
func (f *fetcher) dial(ctx context.Context, out *Fetched) net.Conn {
	refused := !slices.Contains([]dns.Status{out.A.Status, out.AAAA.Status}, dns.Failed)
	var reasons []string
	for i, addr := range out.Addresses {
		share := f.Timeout
		if end, ok := ctx.Deadline(); ok {
			share = time.Until(end) / time.Duration(len(out.Addresses)-i)
		}
		server := netip.AddrPortFrom(addr, 443).String()
		one, cancel := context.WithTimeout(ctx, share)
		conn, err := f.Dial(one, "tcp", server)
		timedOut := one.Err() != nil
		cancel()
		if err == nil {
			out.Server = server
			return conn
		}
		out.TimedOut = out.TimedOut || timedOut || isTimeout(err)
		refused = refused && isRefused(err)
		reasons = append(reasons, server+": "+words(err, timedOut))
	}
	outcome := Unreachable
	if refused {
		outcome = Refused
	}
	*out = out.end(outcome, strings.Join(reasons, "; "))
	return nil
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && ne.Timeout()
}

// isRefused also knows the number of Windows.
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.Errno(10061))
}

// words says of an error of the network what people understand.
func words(err error, timedOut bool) string {
	switch {
	case timedOut || isTimeout(err):
		return "no answer in time"
	case isRefused(err):
		return "the connection is refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection was closed"
	}
	return err.Error()
}

// handshake tells a certificate that is not valid from all else that may fail.
func (f Fetched) handshake(ctx context.Context, err error) Fetched {
	if ctx.Err() != nil || isTimeout(err) {
		f.TimedOut = true
		return f.end(Unreachable, "no answer to TLS in time")
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return f.end(Unreachable, err.Error())
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return f.end(BadTLS, f.certificate(bad))
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return f.end(NoHTTPS, "it does not speak TLS")
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return f.end(NoHTTPS, "it ends the TLS handshake: "+alert.Error())
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return f.end(NoHTTPS, "it ends the TLS handshake: "+op.Err.Error())
	}
	return f.end(Unreachable, words(err, false))
}

// certificate says why a certificate is not valid.
func (f Fetched) certificate(bad *tls.CertificateVerificationError) string {
	var leaf *x509.Certificate
	if len(bad.UnverifiedCertificates) > 0 {
		leaf = bad.UnverifiedCertificates[0]
	}
	if _, ok := errors.AsType[x509.HostnameError](bad.Err); ok && leaf != nil {
		names := leaf.DNSNames[:min(len(leaf.DNSNames), 5)]
		return "it is for " + cmp.Or(strings.Join(names, ", "), "no name at all") + ", not for " + f.Host
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](bad.Err); ok && invalid.Reason == x509.Expired {
		if c := invalid.Cert; f.At.Before(c.NotBefore) {
			return "it is not valid before " + c.NotBefore.UTC().Format("2 January 2006")
		}
		return "it expired on " + invalid.Cert.NotAfter.UTC().Format("2 January 2006")
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](bad.Err); ok {
		if leaf != nil && leaf.CheckSignatureFrom(leaf) == nil {
			return "it is self-signed"
		}
		return "no known authority has signed it, or a certificate between is missing"
	}
	return strings.TrimPrefix(bad.Err.Error(), "x509: ")
}

// get asks over a connection that is already secure.
func (f Fetched) get(ctx context.Context, secure net.Conn) Fetched {
	t := &http.Transport{
		DialTLSContext:         func(context.Context, string, string) (net.Conn, error) { return secure, nil },
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: MaxPolicy,
	}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+f.Host+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		return f.end(Unreachable, err.Error())
	}
	res, err := t.RoundTrip(req) // not a Client: nothing is followed, no cookie kept
	if err != nil {
		return f.broken(ctx, err)
	}
	defer res.Body.Close()
	f.Outcome, f.Status = Served, res.StatusCode
	f.ContentType, f.Location = res.Header.Get("Content-Type"), res.Header.Get("Location")
	if f.Status != http.StatusOK {
		return f
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxPolicy+1))
	if err != nil {
		return f.broken(ctx, err)
	}
	f.TooLarge = len(body) > MaxPolicy
	f.Body = string(body[:min(len(body), MaxPolicy)])
	return f
}

func (f Fetched) broken(ctx context.Context, err error) Fetched {
	f.TimedOut = ctx.Err() != nil || isTimeout(err)
	return f.end(Unreachable, words(err, f.TimedOut))
}
