package compose

import (
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// mailbox is an address with the name in front of it (RFC 5322 section 3.4).
type mailbox struct {
	name   string
	local  string // without quotation marks
	domain string // A-labels, lower case
}

// String is the address alone, as it stands in the envelope.
func (m mailbox) String() string {
	if m.local == "" {
		return ""
	}
	return quoteLocal(m.local) + "@" + m.domain
}

// readable is the mailbox as people read it.
func (m mailbox) readable() string {
	if m.name == "" {
		return m.String()
	}
	return m.name + " <" + m.String() + ">"
}

// address leaves the name away.
func (m mailbox) address() mailbox { return mailbox{local: m.local, domain: m.domain} }

// international says whether the address needs SMTPUTF8: a domain never does, as
// it has A-labels.
func (m mailbox) international() bool { return !ascii(m.local) }

// parseMailbox reads one address, with or without a name.
func parseMailbox(field, s string) (mailbox, error) {
	if err := checkLine(field, s, maxName+330); err != nil {
		return mailbox{}, err
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return mailbox{}, &FieldError{field, "is empty: an address such as jan@acme.example is needed"}
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return mailbox{}, &FieldError{field, "is no address such as jan@acme.example"}
	}
	if err := checkLine(field, a.Name, maxName); err != nil { // it was encoded
		return mailbox{}, err
	}
	at := strings.LastIndexByte(a.Address, '@')
	m := mailbox{name: a.Name, local: a.Address[:at]}
	if err := checkLine(field, m.local, 64); err != nil {
		return mailbox{}, err
	}
	if m.domain, err = mailDomain(field, a.Address[at+1:]); err != nil {
		return mailbox{}, err
	}
	if len(m.String()) > 254 { // RFC 5321 section 4.5.3.1.3, without the brackets
		return mailbox{}, &FieldError{field, "is an address of more than 254 octets"}
	}
	return m, nil
}

// toASCII maps as look-ups do (RFC 5891 section 5), and takes underscores.
var toASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.VerifyDNSLength(true))

// mailDomain is the domain of an address in A-labels.
func mailDomain(field, domain string) (string, error) {
	if strings.HasPrefix(domain, "[") {
		return "", &FieldError{field, "has an IP address in place of a domain"}
	}
	d, err := toASCII.ToASCII(strings.TrimSuffix(domain, "."))
	if _, ip := netip.ParseAddr(d); err != nil || ip == nil || !strings.Contains(d, ".") || strings.Trim(d, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return "", &FieldError{field, "has no domain such as acme.example behind the @"}
	}
	return d, nil
}

// recipients reads the addresses of To; one that stands there twice gets one
// message.
func recipients(to []string) ([]mailbox, error) {
	switch {
	case len(to) == 0:
		return nil, &FieldError{"To", "is empty: a test needs a recipient"}
	case len(to) > maxRecipients:
		return nil, &FieldError{"To", fmt.Sprintf("has more than %d addresses", maxRecipients)}
	}
	var out []mailbox
	for i, s := range to {
		field := "To"
		if len(to) > 1 {
			field = fmt.Sprintf("To %d", i+1)
		}
		m, err := parseMailbox(field, s)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o mailbox) bool { return o.address() == m.address() }) {
			out = append(out, m)
		}
	}
	return out, nil
}

// quoteLocal writes a local part: as it is where it is a dot-atom.
func quoteLocal(s string) string {
	if dotAtom(s) {
		return s
	}
	return quote(s)
}

// quote writes a quoted-string (RFC 5322 section 3.2.4).
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// dotAtom holds for words of atext with dots between (RFC 5322 section 3.2.3,
// RFC 6532 section 3.2).
func dotAtom(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !atext(r) }) {
			return false
		}
	}
	return true
}

func atext(r rune) bool {
	return r > 0x9f || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}
