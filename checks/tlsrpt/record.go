package tlsrpt

import (
	"strings"

	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/checks/taglist"
)

// version is how a record begins (RFC 8460 section 3).
const version = "v=TLSRPTv1"

// Record is a text as senders read it.
type Record struct {
	Text      string
	Version   bool      // it begins as a record must; senders throw away any other text
	HasRUA    bool      // there is a rua= field
	Addresses []Address // of rua=, in order; the first maxAddresses
	Faults    []string  // what breaks the grammar, in words; the first maxFaults

	extensions []string // well-formed fields besides rua=
}

// Address is one place that reports go to.
type Address struct {
	Raw    string
	Mended string // Raw, or what it was meant to be; "" where that cannot be told
}

// Right says that senders can use the address as it stands.
func (a Address) Right() bool { return a.Raw != "" && a.Raw == a.Mended }

// Senders need not do more than one or two, and a hostile text holds thousands.
const (
	maxAddresses = 20
	maxFaults    = 5
)

var (
	startPattern     = pattern.Lazy(`^v=TLSRPTv1[ \t]*(;|$)`)
	versionPattern   = pattern.Lazy(`(?i)\bv[ \t]*=[ \t]*tlsrpt(v[0-9]*)?\b`)
	namePattern      = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$`)
	valuePattern     = pattern.Lazy(`^[\x21-\x3a\x3c\x3e-\x7e]+$`)
	addressPattern   = pattern.Lazy(`^([Mm][Aa][Ii][Ll][Tt][Oo]:[^/@\s,;!<>"\x00-\x20\x7f-\x{10ffff}]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(\?[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]*)?|[Hh][Tt][Tt][Pp][Ss]://([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(:[0-9]+)?([/?][\x22-\x2b\x2d-\x3a\x3c-\x7e]*)?)$`)
	mailboxPattern   = pattern.Lazy(`^[A-Za-z0-9._%+=-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)
	schemeGapPattern = pattern.Lazy(`(?i)\b(mailto|https):[ \t]+`)
)

// Parse reads any text (RFC 8460 section 3). It never fails: Faults says what
// is wrong.
func Parse(text string) Record {
	r := Record{Text: text, Version: startPattern().MatchString(text)}
	if !r.Version {
		r.fault(beginning(text))
	}
	body := text
	if at := versionPattern().FindStringIndex(text); at != nil {
		body = text[at[1]:]
		if before := strings.TrimLeft(text[:at[0]], " \t\"'\\"); strings.ContainsRune(before, '=') {
			body = before + ";" + body // the version stands behind
		}
	}
	for _, p := range taglist.Parse(body).Parts {
		r.read(strings.Trim(body[p.Start:p.End], " \t\r\n\"\\"), p)
	}
	return r
}

// beginning says how a text that is no record begins.
func beginning(text string) string {
	at := versionPattern().FindStringIndex(text)
	switch {
	case at == nil:
		return "it does not begin with " + version
	case at[0] > 0:
		return "something stands before " + version
	case text[at[0]:at[1]] != version:
		return "it begins with " + text[at[0]:at[1]] + " instead of " + version
	}
	return "no semicolon follows " + version
}

// read takes one field. Its text is given without the quotes and backslashes
// that panels leave.
func (r *Record) read(text string, p taglist.Part) {
	name, value, ok := strings.Cut(text, "=")
	trimmed := strings.Trim(name, " \t")
	switch {
	case text == "":
		if strings.Trim(p.Name+p.Value, " \t") != "" {
			r.fault("quotes or backslashes stand in it")
		}
	case isAddress(text):
		r.fault("a semicolon separates addresses; it must be a comma")
		r.addresses(text)
	case ok && strings.EqualFold(trimmed, "rua"):
		switch {
		case r.HasRUA:
			r.fault("rua= stands in it twice")
		case name != "rua":
			r.fault("\"" + name + "=\" must be \"rua=\"")
		}
		r.HasRUA = true
		r.addresses(value)
	case !ok || !namePattern().MatchString(name) || !valuePattern().MatchString(value):
		r.fault("\"" + text + "\" is not of the form name=value")
	default:
		r.extensions = append(r.extensions, text)
	}
}

// isAddress says that a field is an address that belongs to the list before it.
func isAddress(text string) bool {
	text = strings.ToLower(text)
	return strings.HasPrefix(text, "mailto:") || strings.HasPrefix(text, "https:")
}

func (r *Record) fault(text string) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, text)
	}
}

// addresses reads the value of rua=. A gap behind "mailto:" is part of its
// address; any other stands for the comma that people forget.
func (r *Record) addresses(value string) {
	for raw := range strings.SplitSeq(value, ",") {
		if len(r.Addresses) == maxAddresses {
			return
		}
		raw = strings.Trim(raw, " \t\r\n")
		joined := schemeGapPattern().ReplaceAllString(raw, "$1:")
		if parts := strings.Fields(joined); len(parts) > 1 {
			for _, p := range parts[:min(len(parts), maxAddresses-len(r.Addresses))] {
				r.Addresses = append(r.Addresses, Address{Raw: raw, Mended: mendAddress(p)})
			}
			continue
		}
		r.Addresses = append(r.Addresses, Address{Raw: raw, Mended: mendAddress(joined)})
	}
}

// mendAddress returns a usable address, or "".
func mendAddress(text string) string {
	if addressPattern().MatchString(text) {
		return text
	}
	text = strings.Trim(text, "<>\"'\\")
	if scheme, rest, ok := strings.Cut(text, ":"); ok && strings.EqualFold(scheme, "mailto") {
		text = strings.TrimLeft(rest, "/ <")
	}
	text, _, _ = strings.Cut(text, "!") // a size as in DMARC
	switch {
	case mailboxPattern().MatchString(text):
		return "mailto:" + text
	case addressPattern().MatchString(text):
		return text
	}
	return ""
}

// mend makes one record of texts that were meant as records. Without a usable
// address it names the given one.
func mend(texts []string, otherwise string) string {
	var addresses, extensions []string
	seen := map[string]bool{}
	for _, text := range texts {
		r := Parse(text)
		for _, a := range r.Addresses {
			if a.Mended != "" && !seen[a.Mended] && len(addresses) < maxAddresses {
				seen[a.Mended] = true
				addresses = append(addresses, a.Mended)
			}
		}
		if extensions == nil {
			extensions = r.extensions
		}
	}
	if len(addresses) == 0 {
		addresses = []string{otherwise}
	}
	fields := append([]string{version, "rua=" + strings.Join(addresses, ",")}, extensions...)
	return strings.Join(fields, "; ")
}

// meant says that a text was meant as a record, right or wrong.
func meant(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "tlsrpt") || strings.HasPrefix(strings.TrimLeft(text, " \"'"), "rua=")
}
