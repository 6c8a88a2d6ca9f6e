package received

import (
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/pattern"
)

// Hop is one Received field (RFC 5321 section 4.4), from the top.
type Hop struct {
	From string     // what the client called itself
	By   string     // who wrote the field
	IP   netip.Addr // of the client; invalid where it is not told
	With string     // the protocol, as ESMTPS
	TLS  bool       // it says that the connection was encrypted
	At   time.Time  // zero where it cannot be read

	// Delay is the time since the hop below; zero where it is not known, below
	// zero where a clock is wrong.
	Delay time.Duration
}

// maxHops is how many Received fields are read.
const maxHops = 100

var (
	hopAddress = pattern.Lazy(`[\[(](?:IPv6:)?([0-9a-fA-F.:]{2,45})[\])]`)
	hopWord    = pattern.Lazy(`(?i)(?:^|\s)(from|by|with)\s+([^\s;()]+)`)
	hopTLS     = pattern.Lazy(`(?i)version=TLS|using TLS|\(TLS|cipher=`)
)

// ParseHop reads the value of a Received field. It never fails.
func ParseHop(value string) Hop {
	value = unfold(value)
	value = value[:min(len(value), 4096)]
	var h Hop
	text, date, _ := cutLast(value, ";")
	if at, err := mail.ParseDate(strings.TrimSpace(date)); err == nil {
		h.At = at
	}
	for _, m := range hopWord().FindAllStringSubmatch(text, 20) {
		switch word := strings.ToLower(m[1]); {
		case word == "from" && h.From == "":
			h.From = m[2]
		case word == "by" && h.By == "":
			h.By = m[2]
		case word == "with" && h.With == "":
			h.With = m[2]
		}
	}
	if h.From != "" {
		client := text
		if i := strings.Index(strings.ToLower(text), " by "); i >= 0 {
			client = text[:i]
		}
		for _, m := range hopAddress().FindAllStringSubmatch(client, 5) {
			if ip, err := netip.ParseAddr(m[1]); err == nil {
				h.IP = ip.Unmap()
			}
		}
	}
	with := strings.ToUpper(h.With)
	// RFC 3848: an S behind the protocol is TLS.
	h.TLS = strings.HasSuffix(with, "SMTPS") || strings.HasSuffix(with, "SMTPSA") || hopTLS().MatchString(text)
	return h
}

// Hops are the Received fields of a message from the top.
func (m Message) Hops() []Hop {
	var out []Hop
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, "Received") && len(out) < maxHops {
			out = append(out, ParseHop(f.Value()))
		}
	}
	for i := range len(out) - 1 {
		if a, b := out[i].At, out[i+1].At; !a.IsZero() && !b.IsZero() {
			out[i].Delay = a.Sub(b)
		}
	}
	return out
}

// public says whether an address is one of the internet.
func public(ip netip.Addr) bool {
	return ip.IsValid() && ip.IsGlobalUnicast() && !ip.IsPrivate()
}
