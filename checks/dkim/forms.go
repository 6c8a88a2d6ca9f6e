package dkim

import (
	"crypto"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dns"
)

// Published is a TXT record to publish.
type Published struct {
	Name    string // full name without final dot
	Zone    string // the domain that the name is written relative to, where a form wants that
	Value   string
	Strings []string // Value in strings of at most 255 octets (RFC 1035 section 3.3)
	TTL     int      // seconds; 0 means 3600
}

// RecordFor is the record to publish for a key. Value is "" for a kind of key
// that DKIM does not know.
func RecordFor(selector, domain string, pub crypto.PublicKey) Published {
	return NewPublished(RecordName(selector, domain), domain, recordText(pub))
}

// NewPublished makes a TXT record of any text.
func NewPublished(name, zone, value string) Published {
	return Published{
		Name: dns.Ask(name, dns.TypeTXT).Name, Zone: dns.Ask(zone, dns.TypeTXT).Name,
		Value: value, Strings: Split(value),
	}
}

// maxString is the most octets of one string of a TXT record.
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

// Form is a way to write a record down for a DNS panel or program.
type Form struct {
	Name  string // as a value of --as
	Title string
	Write func(Published) string // without a final line end
}

// Forms lists all forms.
func Forms() []Form {
	return []Form{
		{"value", "the value alone, as most panels want it", func(p Published) string { return p.Value }},
		{"zone", "a line for a zone file", zoneForm},
		{"name-value", "the name, then the value", func(p Published) string { return p.Name + "\n" + p.Value }},
		{"route53", "a change batch for aws route53 change-resource-record-sets", route53Form},
		{"cloudflare", "the body of a request to Cloudflare's API", cloudflareForm},
		{"azure", "a command of the Azure command line", azureForm},
		{"terraform", "a resource for Terraform", terraformForm},
	}
}

// As writes the record in the form of that name; ok is false for another name.
func (p Published) As(form string) (text string, ok bool) {
	for _, f := range Forms() {
		if f.Name == form {
			return f.Write(p), true
		}
	}
	return "", false
}

func (p Published) ttl() int {
	if p.TTL == 0 {
		return 3600
	}
	return p.TTL
}

// relative is the name without the zone; "@" for the zone itself.
func (p Published) relative() string {
	if p.Name == p.Zone {
		return "@"
	}
	return strings.TrimSuffix(p.Name, "."+p.Zone)
}

// quotedStrings is the presentation form of the strings (RFC 1035 section 5.1).
func (p Published) quotedStrings() string {
	var out []string
	for _, s := range p.Strings {
		var b strings.Builder
		for i := range len(s) {
			switch c := s[i]; {
			case c == '"' || c == '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < 0x20 || c > 0x7e:
				fmt.Fprintf(&b, `\%03d`, c)
			default:
				b.WriteByte(c)
			}
		}
		out = append(out, `"`+b.String()+`"`)
	}
	return strings.Join(out, " ")
}

func zoneForm(p Published) string {
	return fmt.Sprintf("%s. %d IN TXT %s", p.Name, p.ttl(), p.quotedStrings())
}

func route53Form(p Published) string {
	type object = map[string]any
	return indented(object{"Changes": []any{object{
		"Action": "UPSERT",
		"ResourceRecordSet": object{
			"Name": p.Name + ".", "Type": "TXT", "TTL": p.ttl(),
			"ResourceRecords": []any{object{"Value": p.quotedStrings()}},
		},
	}}})
}

func cloudflareForm(p Published) string {
	return indented(map[string]any{"type": "TXT", "name": p.Name, "content": p.quotedStrings(), "ttl": p.ttl()})
}

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

func azureForm(p Published) string {
	args := []string{
		"az", "network", "dns", "record-set", "txt", "add-record", "--resource-group", "RESOURCE-GROUP",
		"--zone-name", p.Zone, "--record-set-name", p.relative(), "--value",
	}
	for _, s := range p.Strings {
		args = append(args, "'"+strings.ReplaceAll(s, "'", `'\''`)+"'")
	}
	return strings.Join(args, " ")
}

// terraformForm writes the strings as the AWS provider wants them: in one
// argument, with two escaped quotation marks between them.
func terraformForm(p Published) string {
	var inner []string
	for _, s := range p.Strings {
		inner = append(inner, hclEscape(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)))
	}
	label := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, p.Name)
	return strings.Join([]string{
		`resource "aws_route53_record" "txt_` + label + `" {`,
		`  zone_id = var.zone_id`,
		`  name    = "` + hclEscape(p.Name) + `"`,
		`  type    = "TXT"`,
		`  ttl     = ` + strconv.Itoa(p.ttl()),
		`  records = ["` + strings.Join(inner, `\"\"`) + `"]`,
		`}`,
	}, "\n")
}

// hclEscape escapes a text for a quoted template of HCL.
func hclEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(s)
}
