package provider

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Record is a record to publish, with what a form has to know of its place.
type Record struct {
	finding.Record
	Zone string // that the record stands in

	// Beside are the values of other records of that name and type, which stay.
	// Some programs write all of them at once, and would drop the others.
	Beside []string
}

// NewRecord is a TXT record for a name in a zone.
func NewRecord(name, zone, value string) Record {
	return Record{Record: finding.Record{Name: name, Type: "TXT", Value: value}, Zone: zone}
}

// maxString is the most octets of one string of a TXT record (RFC 1035 section
// 3.3).
const maxString = 255

// Split cuts a value into strings of at most 255 octets.
func Split(value string) []string {
	var out []string
	for len(value) > maxString {
		out = append(out, value[:maxString])
		value = value[maxString:]
	}
	return append(out, value)
}

// Form is a way to write a record down for a DNS panel or a program.
type Form struct {
	Name  string // as a value of --as
	Title string

	// Raw means that the value stands in it as it is, so that characters which
	// a terminal obeys come through.
	Raw bool

	write func(Record) string
}

// Write writes a record without a final line end. A record that goes is written
// with the value that it has.
func (f Form) Write(r Record) string {
	r.Name, r.Zone = dns.Ask(r.Name, 0).Name, dns.Ask(r.Zone, 0).Name
	if r.Remove && r.Replaces != nil {
		r.Value = *r.Replaces
	}
	return f.write(r)
}

// Forms lists all forms.
func Forms() []Form {
	return []Form{
		{"value", "the value alone, as most panels want it", true, func(r Record) string { return r.Value }},
		{"zone", "a line for a zone file", false, zoneForm},
		{"name-value", "the name, then the value", true, func(r Record) string { return r.Name + "\n" + r.Value }},
		{"route53", "a change batch for aws route53 change-resource-record-sets", false, route53Form},
		{"cloudflare", "the body of a request to Cloudflare's API", false, cloudflareForm},
		{"azure", "commands of the Azure command line", true, azureForm},
		{"terraform", "a resource for Terraform", false, terraformForm},
	}
}

// As writes a record in the form of that name; ok is false for another name.
func (r Record) As(form string) (text string, ok bool) {
	for _, f := range Forms() {
		if f.Name == form {
			return f.Write(r), true
		}
	}
	return "", false
}

func (r Record) ttl() int {
	if r.TTL == 0 {
		return 3600
	}
	return r.TTL
}

// relative is the name without the zone; "@" for the zone itself.
func (r Record) relative() string {
	if r.Name == r.Zone {
		return "@"
	}
	return strings.TrimSuffix(r.Name, "."+r.Zone)
}

// exchange takes the value of an MX record apart.
func exchange(value string) (preference int, host string) {
	pref, host, ok := strings.Cut(strings.TrimSpace(value), " ")
	n, err := strconv.ParseUint(pref, 10, 16)
	if !ok || err != nil {
		return 0, value
	}
	return int(n), strings.TrimSuffix(strings.TrimSpace(host), ".")
}

// The ways to write an octet that cannot stand for itself.
const (
	decimal = `\%03d` // zone files (RFC 1035 section 5.1)
	octal   = `\%03o` // Route 53
)

// presentation is a value as a zone file has it: texts in quotation marks, names
// with their final dot.
func presentation(typ, value, escape string) string {
	switch typ {
	case "TXT", "SPF":
		return strings.Join(quotedStrings(value, escape), " ")
	case "MX":
		n, host := exchange(value)
		return fmt.Sprintf("%d %s", n, fullName(host, escape))
	case "CNAME", "NS", "PTR":
		return fullName(value, escape)
	}
	return value
}

func quotedStrings(value, escape string) []string {
	var out []string
	for _, s := range Split(value) {
		var b strings.Builder
		for i := range len(s) {
			switch c := s[i]; {
			case c == '"' || c == '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < 0x20 || c > 0x7e:
				fmt.Fprintf(&b, escape, c)
			default:
				b.WriteByte(c)
			}
		}
		out = append(out, `"`+b.String()+`"`)
	}
	return out
}

// fullName is a name with its final dot; octets that mean something in a zone
// file, or nothing to anybody, are escaped.
func fullName(name, escape string) string {
	var b strings.Builder
	for i := range len(strings.TrimSuffix(name, ".")) {
		if c := name[i]; plainInName(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, escape, c)
		}
	}
	return b.String() + "."
}

func plainInName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(".-_*", c) >= 0
}

func zoneForm(r Record) string {
	return fmt.Sprintf("%s %d IN %s %s", fullName(r.Name, decimal), r.ttl(), r.Type, presentation(r.Type, r.Value, decimal))
}

type object = map[string]any

// route53Form names all values of the set: it is written as a whole.
func route53Form(r Record) string {
	action, keep := "UPSERT", r.values()
	if len(keep) == 0 { // the last value goes
		action, keep = "DELETE", []string{r.Value}
	}
	values := []any{}
	for _, v := range keep {
		values = append(values, object{"Value": presentation(r.Type, v, octal)})
	}
	return indented(object{"Changes": []any{object{
		"Action": action,
		"ResourceRecordSet": object{
			"Name": fullName(r.Name, octal), "Type": r.Type, "TTL": r.ttl(), "ResourceRecords": values,
		},
	}}})
}

// values are all values of the set after the change.
func (r Record) values() []string {
	if r.Remove {
		return r.Beside
	}
	return append([]string{r.Value}, r.Beside...)
}

func cloudflareForm(r Record) string {
	body := object{"type": r.Type, "name": unescaped(r.Name), "content": presentation(r.Type, r.Value, decimal), "ttl": r.ttl()}
	switch r.Type {
	case "MX":
		body["priority"], body["content"] = exchange(r.Value)
	case "CNAME":
		body["content"], body["proxied"] = strings.TrimSuffix(r.Value, "."), false
	}
	return indented(body)
}

// unescaped is a full name without its final dot.
func unescaped(name string) string { return strings.TrimSuffix(fullName(name, decimal), ".") }

func indented(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return "" // maps of strings and numbers always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// azureForm takes the old value away first: the set may hold others, and two
// SPF records are worse than none.
func azureForm(r Record) string {
	var out []string
	if r.Replaces != nil && r.Type != "CNAME" {
		out = append(out, azureCommand(r, "remove-record", *r.Replaces))
	}
	switch {
	case r.Remove && r.Type == "CNAME":
		out = append(out, azureCommand(r, "remove-record", r.Value))
	case r.Remove:
	case r.Type == "CNAME":
		out = append(out, azureCommand(r, "set-record", r.Value))
	default:
		out = append(out, azureCommand(r, "add-record", r.Value))
	}
	return strings.Join(out, "\n")
}

func azureCommand(r Record, verb, value string) string {
	args := []string{
		"az", "network", "dns", "record-set", strings.ToLower(r.Type), verb, "--resource-group", "RESOURCE-GROUP",
		"--zone-name", word(r.Zone), "--record-set-name", word(r.relative()),
	}
	switch r.Type {
	case "MX":
		n, host := exchange(value)
		args = append(args, "--preference", strconv.Itoa(n), "--exchange", word(host))
	case "CNAME":
		args = append(args, "--cname", word(strings.TrimSuffix(value, ".")))
	default:
		args = append(args, "--value")
		for _, s := range Split(value) {
			args = append(args, inQuotes(s))
		}
	}
	return strings.Join(args, " ")
}

// word is a word of a POSIX shell, in quotes where it has to be.
func word(s string) string {
	plain := s != ""
	for i := range len(s) {
		plain = plain && (plainInName(s[i]) && s[i] != '*' || s[i] == '@')
	}
	if plain {
		return s
	}
	return inQuotes(s)
}

func inQuotes(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// terraformForm writes the strings of a text as the AWS provider wants them: in
// one argument, with two escaped quotation marks between them. It names all
// values of the set.
func terraformForm(r Record) string {
	var values []string
	for _, v := range r.values() {
		text := presentation(r.Type, v, octal)
		if r.Type == "TXT" || r.Type == "SPF" {
			text = strings.Join(quotedStrings(v, octal), "")
			text = text[1 : len(text)-1]
		}
		values = append(values, `"`+hclEscape(text)+`"`)
	}
	label := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, r.Name)
	label = strings.ToLower(r.Type) + "_" + label
	if len(values) == 0 {
		return "# Remove the resource aws_route53_record." + label + " from your files."
	}
	return strings.Join([]string{
		`resource "aws_route53_record" "` + label + `" {`,
		`  zone_id = var.zone_id`,
		`  name    = "` + hclEscape(unescaped(r.Name)) + `"`,
		`  type    = "` + r.Type + `"`,
		`  ttl     = ` + strconv.Itoa(r.ttl()),
		`  records = [` + strings.Join(values, ", ") + `]`,
		`}`,
	}, "\n")
}

// hclEscape escapes a text for a quoted template of HCL.
func hclEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(s)
}
