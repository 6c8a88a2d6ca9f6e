package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns/internal/wire"
)

// Set is all the records of a name and type, for an Overlay.
type Set struct {
	Name   string
	Type   Type
	Values []string // as in ParseSets; none: there is no such record
}

// ParseSets reads lines of the form "NAME TYPE VALUE", or "NAME TYPE -" for no
// such record. Lines with the same name and type form one set. A TXT value is
// one text, or strings in quotes ("a" "b"); an MX value is "10 host".
func ParseSets(lines []string) ([]Set, error) {
	var out []Set
	for _, line := range lines {
		name, rest := cutWord(line)
		typ, value := cutWord(rest)
		t, ok := ParseType(typ)
		switch {
		case name == "" || typ == "":
			return nil, fmt.Errorf("dns: %q is not of the form NAME TYPE VALUE", line)
		case !ok:
			return nil, fmt.Errorf("dns: %q: type %q is not known", line, typ)
		case value == "":
			return nil, fmt.Errorf("dns: %q: the value is missing (- means that there is no such record)", line)
		}
		q := Ask(name, t)
		if _, bad := impossible(q); bad {
			return nil, fmt.Errorf("dns: %q: %q cannot be a name", line, name)
		}
		if value != "-" {
			if _, err := parseValue(q, value); err != nil {
				return nil, fmt.Errorf("dns: %q: %w", line, err)
			}
		}
		i := slices.IndexFunc(out, func(s Set) bool { return s.Name == q.Name && s.Type == t })
		switch {
		case i < 0 && value == "-":
			out = append(out, Set{Name: q.Name, Type: t})
		case i < 0:
			out = append(out, Set{q.Name, t, []string{value}})
		case value == "-" || len(out[i].Values) == 0:
			return nil, fmt.Errorf("dns: %q: other lines say the opposite", line)
		default:
			out[i].Values = append(out[i].Values, value)
		}
	}
	return out, nil
}

func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// parseValue makes a record of its text.
func parseValue(q Question, value string) (Record, error) {
	r := Record{Name: q.Name, Type: q.Type, TTL: overlayTTL}
	switch q.Type {
	case TypeTXT, TypeSPF:
		strs, err := parseStrings(value)
		r.Strings = strs
		return r, err
	case TypeA, TypeAAAA:
		addr, err := netip.ParseAddr(value)
		if err != nil || addr.Is4() != (q.Type == TypeA) || addr.Zone() != "" {
			return r, fmt.Errorf("%q is not an address for %s", value, q.Type)
		}
		r.Addr = addr
		return r, nil
	case TypeMX:
		pref, host := cutWord(value)
		n, err := strconv.ParseUint(pref, 10, 16)
		if err != nil || host == "" {
			return r, fmt.Errorf("%q is not of the form \"10 host\"", value)
		}
		r.Pref = uint16(n)
		return r, setHost(&r, host)
	case TypeCNAME, TypeNS, TypePTR:
		return r, setHost(&r, value)
	case TypeTLSA:
		r.Data = strings.ToLower(strings.Join(strings.Fields(value), " "))
		return r, nil
	}
	return r, fmt.Errorf("a %s record cannot be assumed", q.Type)
}

func setHost(r *Record, host string) error {
	r.Host = Ask(host, 0).Name
	if _, err := wire.AppendName(nil, r.Host); err != nil || strings.ContainsAny(host, " \t") {
		return fmt.Errorf("%q cannot be a name", host)
	}
	return nil
}

// parseStrings takes a text as it stands, cut where a string ends at 255
// octets, or strings in quotes as in a zone file.
func parseStrings(value string) ([]string, error) {
	if !strings.HasPrefix(value, `"`) {
		var out []string
		for len(value) > 255 {
			out = append(out, value[:255])
			value = value[255:]
		}
		return append(out, value), nil
	}
	var out []string
	for value != "" {
		if value[0] != '"' {
			return nil, fmt.Errorf("text outside the quotes: %q", value)
		}
		var b []byte
		i := 1
		for i < len(value) && value[i] != '"' {
			if value[i] == '\\' {
				o, n := wire.Unescape(value[i:])
				b = append(b, o)
				i += n
				continue
			}
			b = append(b, value[i])
			i++
		}
		if i >= len(value) {
			return nil, fmt.Errorf("a quote is not closed")
		}
		if len(b) > 255 {
			return nil, fmt.Errorf("a string of %d octets, above 255", len(b))
		}
		out = append(out, string(b))
		value = strings.TrimSpace(value[i+1:])
	}
	return out, nil
}
