package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
)

// Kind is why a question has no usable answer.
type Kind uint8

// The kinds of failure.
const (
	KindNetwork     Kind = iota // any other failure of the network
	KindTimeout                 // no answer in time
	KindNoListener              // the connection was refused: nothing listens
	KindUnreachable             // no route to the server
	KindServFail                // SERVFAIL: the server tried and failed
	KindRefused                 // REFUSED: the server does not serve us
	KindNotCapable              // FORMERR, NOTIMP: the server does not understand
	KindRcode                   // any other response code
	KindMalformed               // the answer cannot be read
	KindLame                    // the server has no authority and does not recurse
	KindElsewhere               // a CNAME leads to a name that this server does not serve
	KindLoop                    // CNAMEs in a circle, or too many of them
	KindCancelled               // the caller did not wait, or the time for all was over
	KindNotRecorded             // a Replay does not hold the answer
	KindNoServer                // there is no server to ask
	KindNoAuthority             // a server of the zone does not speak with authority
)

var kindNames = [...]string{
	"network", "timeout", "no-listener", "unreachable", "servfail", "refused", "not-capable", "rcode", "malformed",
	"lame", "elsewhere", "loop", "cancelled", "not-recorded", "no-server", "no-authority",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", k)
}

// Error says why an Answer is Failed.
type Error struct {
	Kind     Kind
	Server   string        // who was asked; several joined by ", "
	After    time.Duration // how long it was waited, for KindTimeout
	Attempts int           // questions sent, for KindTimeout
	TCP      bool          // it happened over TCP, after a truncated answer
	Detail   string        // the response code, the target of a CNAME, the text of another error
	EDE      []string      // what the server says about it (RFC 8914)
}

func (e *Error) Error() string { return "dns: " + e.Reason() }

// Reason is one plain sentence about the failure, without full stop. It holds
// text from the network.
func (e *Error) Reason() string {
	s := e.sentence()
	if len(e.EDE) > 0 {
		s += "; it says: " + strings.Join(e.EDE, ", ")
	}
	return s
}

func (e *Error) sentence() string {
	server := "name server " + e.Server
	if strings.Contains(e.Server, ", ") {
		server = "name servers " + e.Server
	}
	tcp := ""
	if e.TCP {
		tcp = " over TCP, which the answer needs because it is too large for UDP"
	}
	switch e.Kind {
	case KindTimeout:
		attempts := ""
		if e.Attempts > 0 {
			attempts = fmt.Sprintf(" (%s)", plural(e.Attempts, "attempt"))
		}
		return fmt.Sprintf("%s did not answer within %s%s%s", server, inWords(e.After), attempts, tcp)
	case KindNoListener:
		return fmt.Sprintf("nothing listens at %s%s", server, tcp)
	case KindUnreachable:
		return fmt.Sprintf("there is no way to %s from here%s", server, tcp)
	case KindServFail:
		return server + " could not find the answer (SERVFAIL)"
	case KindRefused:
		return server + " refuses to answer (REFUSED)"
	case KindNotCapable, KindRcode:
		return fmt.Sprintf("%s answered with the error %s", server, e.Detail)
	case KindMalformed:
		return server + " sent an answer that cannot be read"
	case KindLame:
		return server + " does not serve this name and does not look it up either"
	case KindElsewhere:
		return fmt.Sprintf("%s points on to %s by a CNAME and does not serve that name", server, e.Detail)
	case KindLoop:
		return "the CNAME records of this name lead in a circle or on without end"
	case KindCancelled:
		return "the question was given up before an answer came" + e.Detail
	case KindNotRecorded:
		return "the recording does not hold this question"
	case KindNoServer:
		return "no name server is known to ask"
	case KindNoAuthority:
		return server + " answers without authority, as if something on the way answered in its place"
	}
	if e.Detail != "" {
		return fmt.Sprintf("%s could not be asked%s: %s", server, tcp, e.Detail)
	}
	return server + " could not be asked" + tcp
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func inWords(d time.Duration) string {
	if d >= time.Second {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// Reason says in one plain sentence why the answer is Failed; "" when it is not.
func (a Answer) Reason() string {
	if a.Status != Failed {
		return ""
	}
	var e *Error
	if errors.As(a.Err, &e) {
		return e.Reason()
	}
	if a.Err != nil {
		return a.Err.Error()
	}
	return "the question was not asked"
}

// Kind returns the kind of a failure; ok is false for an answer that is usable.
func (a Answer) Kind() (k Kind, ok bool) {
	if a.Status != Failed {
		return 0, false
	}
	var e *Error
	errors.As(a.Err, &e)
	if e == nil {
		return KindNetwork, true
	}
	return e.Kind, true
}

// These are how Windows tells of an ICMP error.
const (
	winReset       = syscall.Errno(10054)
	winRefused     = syscall.Errno(10061)
	winNetwork     = syscall.Errno(10051)
	winUnreachable = syscall.Errno(10065)
)

// networkError makes an Error of a failure of a socket.
func networkError(err error, server string, tcp bool) *Error {
	e := &Error{Server: server, TCP: tcp, Detail: err.Error()}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), !tcp && errors.Is(err, winReset), errors.Is(err, winRefused):
		e.Kind = KindNoListener
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, winNetwork), errors.Is(err, winUnreachable):
		e.Kind = KindUnreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, winReset):
		e.Detail = "it closes the connection"
	}
	return e
}

// cancelled makes an Error of a context that has ended.
func cancelled(ctx context.Context, server string) *Error {
	e := &Error{Kind: KindCancelled, Server: server}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Detail = ": the time for the whole run is over"
	}
	return e
}
