package compose

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/transports"
)

// SignOptions say how a message is signed (RFC 6376). The algorithm is that of
// the key: rsa-sha256, or ed25519-sha256 (RFC 8463).
type SignOptions struct {
	Domain   string // d=
	Selector string // s=
	Signer   crypto.Signer
	Time     time.Time // t=; zero leaves it away
	Expires  time.Time // x=; zero leaves it away, as it should be
}

// Errors of Sign. None of them holds anything of the key.
var (
	ErrNoKey       = errors.New("compose: there is no private key to sign with")
	ErrKeyKind     = errors.New("compose: the key is neither RSA nor Ed25519")
	ErrKeyShort    = errors.New("compose: receivers take no RSA key of fewer than 1024 bits (RFC 8301 section 3.2)")
	ErrKeyFailed   = errors.New("compose: the key made no signature")
	ErrSigner      = errors.New("compose: a signature needs a domain in A-labels and a selector")
	ErrNoMessage   = errors.New("compose: what is to be signed is no message with CRLF at the end of each line and one From")
	ErrNotSwitched = errors.New("compose: the transport does not sign")
)

// SigningOf is how a transport signs a message of a sender's domain.
func SigningOf(t transports.Transport, domain string, now time.Time) (SignOptions, error) {
	switch {
	case !t.DKIM.Enabled:
		return SignOptions{}, ErrNotSwitched
	case t.DKIM.Key.Private == nil:
		return SignOptions{}, ErrNoKey
	}
	return SignOptions{Domain: domain, Selector: t.DKIM.Selector, Signer: t.DKIM.Key.Private, Time: now}, nil
}

// signed are the fields under the signature. Those that are guarded stand in h=
// once more than in the message, so that nobody can put another one in front
// (RFC 6376 section 8.15); the rest is signed where it is there.
var signed = []struct {
	name    string
	guarded bool
}{
	{"From", true},
	{"Reply-To", true},
	{"To", true},
	{"Cc", true},
	{"Subject", true},
	{"Date", true},
	{"Message-ID", true},
	{"MIME-Version", true},
	{"Content-Type", true},
	{"Content-Transfer-Encoding", true},
	{"In-Reply-To", false},
	{"References", false},
	{"Auto-Submitted", false},
}

// Sign puts a DKIM-Signature in front of a message, with relaxed header and body
// canonicalization and without l=.
func Sign(raw []byte, s SignOptions) ([]byte, error) {
	algorithm, err := s.algorithm()
	if err != nil {
		return nil, err
	}
	fields, content, ok := split(raw)
	if !ok {
		return nil, ErrNoMessage
	}
	names, digest := hashFields(fields)
	field := s.field(algorithm, names, relaxedBody(content))
	digest = append(digest, strings.TrimSuffix(relaxedField(field), "\r\n")...)
	signature, err := s.sign(sha256.Sum256(digest))
	if err != nil {
		return nil, ErrKeyFailed
	}
	out := make([]byte, 0, len(field)+len(raw)+500)
	out = append(out, strings.TrimSuffix(field, "\r\n")...)
	out = append(append(out, folded(base64.StdEncoding.EncodeToString(signature))...), "\r\n"...)
	return append(out, raw...), nil
}

// algorithm is a= for the key.
func (s SignOptions) algorithm() (string, error) {
	if s.Signer == nil {
		return "", ErrNoKey
	}
	if d, err := mailDomain("", s.Domain); err != nil || d != s.Domain || !labels(s.Selector) {
		return "", ErrSigner
	}
	switch public := s.Signer.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 1024 {
			return "", ErrKeyShort
		}
		return "rsa-sha256", nil
	case ed25519.PublicKey:
		return "ed25519-sha256", nil
	}
	return "", ErrKeyKind
}

// labels holds for a selector (RFC 6376 section 3.1).
func labels(s string) bool {
	for l := range strings.SplitSeq(strings.ToLower(s), ".") {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(s) <= 200
}

// sign signs a hash. Ed25519 takes the hash as a message (RFC 8463 section 3).
func (s SignOptions) sign(hash [sha256.Size]byte) ([]byte, error) {
	if _, ok := s.Signer.Public().(ed25519.PublicKey); ok {
		return s.Signer.Sign(rand.Reader, hash[:], crypto.Hash(0))
	}
	return s.Signer.Sign(rand.Reader, hash[:], crypto.SHA256)
}

// field is the DKIM-Signature with b= still empty.
func (s SignOptions) field(algorithm string, names []string, content []byte) string {
	hash := sha256.Sum256(content)
	var b strings.Builder
	b.WriteString("DKIM-Signature: v=1; a=" + algorithm + "; c=relaxed/relaxed;\r\n\td=" + s.Domain + "; s=" + s.Selector + ";")
	for _, t := range []struct {
		tag  string
		time time.Time
	}{{"t", s.Time}, {"x", s.Expires}} {
		if !t.time.IsZero() {
			b.WriteString("\r\n\t" + t.tag + "=" + strconv.FormatInt(t.time.Unix(), 10) + ";")
		}
	}
	b.WriteString("\r\n\th=")
	column := 3
	for i, name := range names {
		if i > 0 {
			b.WriteByte(':')
			column++
		}
		if column+len(name) >= maxLine {
			b.WriteString("\r\n\t")
			column = 1
		}
		b.WriteString(name)
		column += len(name)
	}
	b.WriteString(";\r\n\tbh=" + base64.StdEncoding.EncodeToString(hash[:]) + ";\r\n\tb=\r\n")
	return b.String()
}

// folded breaks base64 into lines.
func folded(s string) string {
	const width = maxLine - 4
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + "\r\n\t")
		s = s[width:]
	}
	b.WriteString(s)
	return b.String()
}

// hashFields lists the names of h=, and what is hashed of their fields: of each
// name the last one first (RFC 6376 section 5.4.2).
func hashFields(fields []string) (names []string, content []byte) {
	for _, s := range signed {
		for _, f := range slices.Backward(fields) {
			if isField(f, s.name) {
				names = append(names, s.name)
				content = append(content, relaxedField(f)...)
			}
		}
		if s.guarded {
			names = append(names, s.name)
		}
	}
	return names, content
}

func isField(field, name string) bool {
	before, _, ok := strings.Cut(field, ":")
	return ok && strings.EqualFold(strings.TrimRight(before, " \t"), name)
}

// split divides a message into its fields, with their line ends, and its body.
func split(raw []byte) (fields []string, content []byte, ok bool) {
	if bytes.Count(raw, []byte("\r\n")) != bytes.Count(raw, []byte("\n")) || bytes.Count(raw, []byte("\r\n")) != bytes.Count(raw, []byte("\r")) {
		return nil, nil, false
	}
	senders := 0
	for {
		end := bytes.Index(raw, []byte("\r\n"))
		switch {
		case end < 0:
			return nil, nil, false
		case end == 0:
			return fields, raw[2:], senders == 1
		case raw[0] == ' ' || raw[0] == '\t':
			if len(fields) == 0 {
				return nil, nil, false
			}
			fields[len(fields)-1] += string(raw[:end+2])
		default:
			fields = append(fields, string(raw[:end+2]))
			if isField(fields[len(fields)-1], "From") {
				senders++
			}
		}
		raw = raw[end+2:]
	}
}

// relaxedField is the relaxed header canonicalization (RFC 6376 section 3.4.2).
func relaxedField(field string) string {
	name, value, _ := strings.Cut(field, ":")
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' })
	return lowerASCII(strings.TrimRight(name, " \t")) + ":" + strings.Join(words, " ") + "\r\n"
}

// relaxedBody is the relaxed body canonicalization (RFC 6376 section 3.4.4).
func relaxedBody(content []byte) []byte {
	out := make([]byte, 0, len(content)+2)
	end := 0 // behind the last line that is not empty
	for line := range bytes.SplitSeq(content, []byte("\r\n")) {
		start, space := len(out), false
		for _, c := range line {
			if c == ' ' || c == '\t' {
				space = true
				continue
			}
			if space {
				out = append(out, ' ')
				space = false
			}
			out = append(out, c)
		}
		some := len(out) > start
		out = append(out, "\r\n"...)
		if some {
			end = len(out)
		}
	}
	return out[:end]
}
