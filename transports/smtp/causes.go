package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// Numbers of Windows' sockets; syscall's constants do not stand for them there.
const (
	wsaNetUnreachable  = syscall.Errno(10051)
	wsaConnReset       = syscall.Errno(10054)
	wsaTimedOut        = syscall.Errno(10060)
	wsaConnRefused     = syscall.Errno(10061)
	wsaHostUnreachable = syscall.Errno(10065)
)

// causes maps errors of the network to trouble and words.
var causes = []struct {
	err     error
	trouble Trouble
	words   string
}{
	{syscall.ECONNREFUSED, Refused, "connection refused"},
	{wsaConnRefused, Refused, "connection refused"},
	{syscall.ENETUNREACH, NoRoute, "network unreachable"},
	{wsaNetUnreachable, NoRoute, "network unreachable"},
	{syscall.EHOSTUNREACH, NoRoute, "host unreachable"},
	{wsaHostUnreachable, NoRoute, "host unreachable"},
	{syscall.EADDRNOTAVAIL, NoRoute, "this machine has no address of that kind"},
	{syscall.ENETDOWN, NoRoute, "the network is down"},
	{syscall.EACCES, NoRoute, "forbidden by a firewall"},
	{syscall.EPERM, NoRoute, "forbidden by a firewall"},
	{syscall.ETIMEDOUT, TimedOut, "timed out"},
	{wsaTimedOut, TimedOut, "timed out"},
	{syscall.ECONNRESET, Dropped, "connection reset"},
	{wsaConnReset, Dropped, "connection reset"},
	{syscall.EPIPE, Dropped, "connection closed"},
	{io.EOF, Dropped, "connection closed"},
	{io.ErrUnexpectedEOF, Dropped, "connection closed"},
	{net.ErrClosed, Dropped, "connection closed"},
	{io.ErrClosedPipe, Dropped, "connection closed"},
	{context.DeadlineExceeded, TimedOut, "timed out"},
	{context.Canceled, NotRun, "stopped"},
}

func troubleOf(ctx context.Context, err error, otherwise Trouble) Trouble {
	if ctx.Err() != nil {
		return NotRun // our own limit for the whole, or the user
	}
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.trouble
		}
	}
	if timedOut(err) {
		return TimedOut
	}
	return otherwise
}

func timedOut(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && n.Timeout()
}

func words(err error) string {
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.words
		}
	}
	if timedOut(err) {
		return "timed out"
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}
