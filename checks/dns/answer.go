// Package dns asks DNS questions and keeps the answers as evidence. It is the
// only room that knows the DNS library. A Resolver always returns an Answer,
// with the failure inside it: who asks decides what an unanswered question
// means, and "could not look" never looks like "nothing there".
package dns

import (
	"context"
	"net/netip"
	"strings"
	"time"
)

// Type is a DNS record type (RFC 1035 section 3.2.2).
type Type uint16

// The types that cwmail asks for.
const (
	TypeA     Type = 1
	TypeNS    Type = 2
	TypeCNAME Type = 5
	TypeSOA   Type = 6
	TypePTR   Type = 12
	TypeMX    Type = 15
	TypeTXT   Type = 16
	TypeAAAA  Type = 28
	TypeTLSA  Type = 52
	TypeSPF   Type = 99
)

var typeNames = map[Type]string{
	TypeA: "A", TypeNS: "NS", TypeCNAME: "CNAME", TypeSOA: "SOA", TypePTR: "PTR", TypeMX: "MX",
	TypeTXT: "TXT", TypeAAAA: "AAAA", TypeTLSA: "TLSA", TypeSPF: "SPF",
}

// Question is a name and a type. The name is in lower case, without a final
// dot, its octets unescaped; "" is the root. Use Ask to make one from any text.
type Question struct {
	Name string
	Type Type
}

// Ask makes a Question of a name in any letter case, with or without final dot.
func Ask(name string, t Type) Question {
	return Question{Name: lowerASCII(strings.TrimSuffix(name, ".")), Type: t}
}

// lowerASCII lowers A to Z only (RFC 4343): other octets may be anything.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func (q Question) String() string { return q.Name + " " + q.Type.String() }

// Status is what an answer says.
type Status uint8

// The zero value is Failed: nothing can be concluded.
const (
	Failed Status = iota // no usable answer; Answer.Err says why
	Found                // there are records of the asked type
	Empty                // the name exists, but has no record of this type (NODATA)
	NoName               // the name does not exist (NXDOMAIN)
)

// Answer is everything that is known about one question after asking it.
type Answer struct {
	Question Question
	Status   Status
	Records  []Record // of the asked type, CNAMEs followed; in a fixed order, which is not the server's
	Chain    []string // targets of the CNAMEs followed, in order

	Err error // why Status is Failed; an *Error

	Rcode  string // "NOERROR", "NXDOMAIN", "SERVFAIL" …; "" when nothing came back
	Server string // HOST:PORT of who answered or was asked last; "what-if" for an Overlay
	At     time.Time
	Took   time.Duration
	TTL    time.Duration // least TTL of Records, or of the negative answer (RFC 2308 section 5)
	Zone   string        // owner of the SOA in a negative answer; "" when none was given
	Size   int           // octets of the response message
	TCP    bool          // the answer came over TCP
	AD     bool          // the resolver says that DNSSEC validated (RFC 4035 section 3.2.3)
	AA     bool          // authoritative answer
	EDE    []string      // extended DNS errors in words (RFC 8914)
	Cached bool          // taken from this run's cache, no packet was sent
	Direct bool          // asked of Server itself, without recursion: see Asker
	Public bool          // asked of Server itself, with recursion: see PublicAsker
	CD     bool          // asked with checking disabled: see Unchecker
	DO     bool          // asked for with the signatures: see SignedAsker
	Plain  bool          // the server answers only without EDNS(0) (RFC 6891 section 7)

	// Delegation names the servers to which a referral delegates the name; the
	// answer itself has failed with KindLame.
	Delegation []string
	// Signed and Expires are when the signatures of the records began and cease
	// to hold, of those that expire first; zero where none were asked for or seen.
	Signed, Expires time.Time
}

// Void says whether this is a void answer in the sense of RFC 7208 section
// 4.6.4: the name does not exist, or has no record of the type.
func (a Answer) Void() bool { return a.Status == Empty || a.Status == NoName }

// Owner is the name at which the records stand: the asked one, or where its
// CNAMEs lead.
func (a Answer) Owner() string {
	if n := len(a.Chain); n > 0 {
		return a.Chain[n-1]
	}
	return a.Question.Name
}

// CNAME is where a CNAME at the asked name leads; "" without one.
func (a Answer) CNAME() string {
	if len(a.Chain) == 0 {
		return ""
	}
	return a.Chain[0]
}

// TextsMeant are those of Texts that are right, then those that were meant to
// be, most of them in all: many others must not hide those that count.
func (a Answer) TextsMeant(right, meant func(string) bool, most int) []string {
	var good, bad []string
	for _, t := range a.Texts() {
		switch {
		case right(t):
			good = append(good, t)
		case meant(t):
			bad = append(bad, t)
		}
	}
	out := append(good, bad...)
	return out[:min(len(out), most)]
}

// Texts returns the value of each TXT (or SPF) record, its strings joined
// without a space (RFC 7208 section 3.3).
func (a Answer) Texts() []string {
	var out []string
	for _, r := range a.Records {
		out = append(out, strings.Join(r.Strings, ""))
	}
	return out
}

// Authoritative is what a server of the zone said, as a failure where it spoke
// without authority (RFC 1034 section 6.2.1): networks that answer all questions
// themselves do so, and what they say is not what the zone's owner published.
// Nothing stands between us and an address of this machine.
func (a Answer) Authoritative() Answer {
	if at, err := netip.ParseAddrPort(a.Server); a.Status == Failed || a.AA || err == nil && at.Addr().IsLoopback() {
		return a
	}
	a.fail(&Error{Kind: KindNoAuthority, Server: a.Server})
	return a
}

// Record is one resource record of an answer. Which fields are set depends on
// its type.
type Record struct {
	Name string // owner after CNAMEs
	Type Type
	TTL  time.Duration

	Strings []string   // TXT, SPF: raw octets of each string
	Addr    netip.Addr // A, AAAA
	Host    string     // MX, NS, CNAME, PTR: target without final dot; "" is the root
	Pref    uint16     // MX
	SOA     *SOA       // SOA
	Data    string     // any other type: presentation form
}

// SOA is the start of a zone (RFC 1035 section 3.3.13).
type SOA struct {
	Server, Mailbox string
	Serial          uint32
	Minimum         time.Duration
}

// Resolver answers questions. Implementations are safe for concurrent use and
// never panic on a name; a name that cannot be asked (a label above 63 octets,
// a name above 253) gets NoName, as it cannot exist.
type Resolver interface {
	Lookup(ctx context.Context, q Question) Answer
}

// Asker puts a question to one server, without recursion, past any cache. It
// serves the comparison of authoritative servers; tests and replays may lack it.
type Asker interface {
	AskServer(ctx context.Context, server netip.AddrPort, q Question) Answer
}

// PublicAsker puts a question to one recursive server, past any cache of ours:
// it tells what a public resolver has, fresh or not.
type PublicAsker interface {
	AskPublic(ctx context.Context, server netip.AddrPort, q Question) Answer
}

// Unchecker asks with the CD bit (RFC 4035 section 3.2.2): a validating resolver
// answers without judging signatures. It tells a bogus zone from a dead one.
type Unchecker interface {
	LookupUnchecked(ctx context.Context, q Question) Answer
}

// Views are the answers of several servers to the same question: each
// authoritative server of the zone, and public resolvers. Empty when nobody
// was asked past the resolver.
type Views struct {
	Authoritative []Answer
	Public        []Answer
}
