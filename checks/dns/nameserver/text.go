package nameserver

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// Add adds records written as in a zone file, one a line:
//
//	acme.example 300 TXT "v=spf1 " "-all"
//	acme.example MX 10 mail.acme.example
//
// Names are always full, with or without final dot. TTL and class may be left
// out. \DDD and \X stand for an octet, ";" begins a comment. The SOA type takes
// a server, a mailbox and five numbers. An error is also kept for Serve.
func (z *Zone) Add(lines ...string) error {
	var errs []error
	for _, text := range lines {
		for line := range strings.Lines(text) {
			if err := z.addLine(line); err != nil {
				err = fmt.Errorf("nameserver: %q: %w", strings.TrimSpace(line), err)
				z.fail(err)
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// token is one word of a line; quotes make a difference for what is empty.
type token struct {
	text   string
	quoted bool
}

func (z *Zone) addLine(line string) error {
	words, err := tokens(line)
	if err != nil || len(words) == 0 {
		return err
	}
	name, rest, ttl := words[0].text, words[1:], DefaultTTL
	for len(rest) > 0 {
		if n, err := strconv.ParseUint(rest[0].text, 10, 31); err == nil {
			ttl = time.Duration(n) * time.Second
		} else if !strings.EqualFold(rest[0].text, "IN") {
			break
		}
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return errors.New("no type")
	}
	typ, ok := dns.ParseType(rest[0].text)
	if !ok {
		return fmt.Errorf("type %q is not known", rest[0].text)
	}
	if name == "." {
		name = ""
	}
	return z.add(name, typ, ttl, rest[1:])
}

// add adds one record of the words of its data.
func (z *Zone) add(name string, typ dns.Type, ttl time.Duration, words []token) error {
	want := map[dns.Type]int{
		dns.TypeA: 1, dns.TypeAAAA: 1, dns.TypeNS: 1, dns.TypeCNAME: 1, dns.TypePTR: 1, dns.TypeMX: 2, dns.TypeSOA: 7, dns.TypeTLSA: 4,
	}[typ]
	if want > 0 && len(words) != want || len(words) == 0 {
		return fmt.Errorf("a %s record has %d parts", typ, max(want, 1))
	}
	switch typ {
	case dns.TypeA, dns.TypeAAAA:
		a, err := netip.ParseAddr(words[0].text)
		if err != nil || a.Is4() != (typ == dns.TypeA) {
			err = fmt.Errorf("%q is no address for %s", words[0].text, typ)
			z.fail(fmt.Errorf("nameserver: %s: %w", name, err))
			return err
		}
		z.put(name, typ, ttl, false, a.AsSlice())
	case dns.TypeNS, dns.TypeCNAME, dns.TypePTR:
		z.host(name, typ, ttl, nil, words[0].text)
	case dns.TypeMX:
		pref, err := strconv.ParseUint(words[0].text, 10, 16)
		if err != nil {
			return err
		}
		z.host(name, typ, ttl, []byte{byte(pref >> 8), byte(pref)}, words[1].text)
	case dns.TypeSOA:
		return z.addSOA(name, ttl, words)
	case dns.TypeTXT, dns.TypeSPF:
		var strs []string
		for _, w := range words {
			strs = append(strs, w.text)
		}
		z.txt(name, typ, ttl, strs)
	case dns.TypeTLSA:
		return z.addTLSA(name, ttl, words)
	default:
		return fmt.Errorf("a %s record cannot be added as text", typ)
	}
	return nil
}

func (z *Zone) addSOA(name string, ttl time.Duration, words []token) error {
	serial, err := strconv.ParseUint(words[2].text, 10, 32)
	if err != nil {
		return err
	}
	minimum, err := strconv.ParseUint(words[6].text, 10, 32)
	if err != nil {
		return err
	}
	z.SOAWith(name, words[0].text, words[1].text, uint32(serial), ttl, time.Duration(minimum)*time.Second)
	return nil
}

func (z *Zone) addTLSA(name string, ttl time.Duration, words []token) error {
	var data []byte
	for _, w := range words[:3] {
		n, err := strconv.ParseUint(w.text, 10, 8)
		if err != nil {
			return err
		}
		data = append(data, byte(n))
	}
	var sum []byte
	if _, err := fmt.Sscanf(words[3].text, "%x", &sum); err != nil {
		return err
	}
	z.put(name, dns.TypeTLSA, ttl, false, append(data, sum...))
	return nil
}

// tokens splits a line into words; quotes, escapes and comments as in RFC 1035
// section 5.1.
func tokens(line string) ([]token, error) {
	var out []token
	for i := 0; i < len(line); {
		switch line[i] {
		case ' ', '\t', '\r', '\n':
			i++
			continue
		case ';':
			return out, nil
		}
		t := token{quoted: line[i] == '"'}
		if t.quoted {
			i++
		}
		var b []byte
		closed := false
		for i < len(line) && !closed {
			c := line[i]
			switch {
			case t.quoted && c == '"':
				closed = true
				i++
			case !t.quoted && strings.IndexByte(" \t\r\n;", c) >= 0:
				closed = true
			case c == '\\':
				o, n := wire.Unescape(line[i:])
				b = append(b, o)
				i += n
			default:
				b = append(b, c)
				i++
			}
		}
		if t.quoted && !closed {
			return nil, errors.New("a quote is not closed")
		}
		t.text = string(b)
		out = append(out, t)
	}
	return out, nil
}
