package provider

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
)

// odd has what forms may stumble over: every octet, and what means something in
// one of the languages.
var odd = map[string]string{
	"short":      "v=spf1 -all",
	"key":        "v=DKIM1; k=rsa; p=" + strings.Repeat("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 24) + "QIDAQAB",
	"quotes":     `say "hi" and 'ho', "`,
	"backslash":  `a\b\\c\"d\`,
	"semicolons": "v=DMARC1; p=none; ; rua=mailto:a@b.example",
	"languages":  "${a} %{b} $(c) `d` <e> & !f # g * ~",
	"unicode":    "v=DKIM1; n=één €; p=",
	"controls":   "a\tb\r\nc\x01\x7f\x80\xff",
	"boundary":   strings.Repeat(`"`, 254) + `\` + `"` + strings.Repeat(" ", 300),
	"escapes":    strings.Repeat(`\"`, 300),
}

// readers read forms back, each with a reader of its own language.
var readers = map[string]func(*testing.T, Record, string) string{
	"value":      func(_ *testing.T, _ Record, s string) string { return s },
	"name-value": func(_ *testing.T, _ Record, s string) string { _, v, _ := strings.Cut(s, "\n"); return v },
	"zone": func(t *testing.T, r Record, s string) string {
		_, value, ok := strings.Cut(s, " IN ")
		if !ok || strings.Contains(s, "\n") {
			t.Fatalf("%q is no line of a zone file", s)
		}
		return served(t, r, s, strings.TrimPrefix(value, r.Type+" "))
	},
	"route53": func(t *testing.T, r Record, s string) string {
		var batch struct {
			Changes []struct {
				Action            string
				ResourceRecordSet struct {
					Name, Type      string
					TTL             int
					ResourceRecords []struct{ Value string }
				}
			}
		}
		decode(t, s, &batch)
		set := batch.Changes[0].ResourceRecordSet
		if batch.Changes[0].Action != "UPSERT" || set.Type != r.Type || set.TTL != 3600 || set.Name != r.Name+"." {
			t.Errorf("%+v", batch)
		}
		return data(t, r.Type, set.ResourceRecords[0].Value, 8)
	},
	"cloudflare": func(t *testing.T, r Record, s string) string {
		var body struct {
			Type, Name, Content string
			TTL                 int
			Priority            *int
		}
		decode(t, s, &body)
		if body.Type != r.Type || body.TTL != 3600 || body.Name != r.Name {
			t.Errorf("%+v", body)
		}
		switch r.Type {
		case "MX":
			return fmt.Sprintf("%d %s", *body.Priority, body.Content)
		case "CNAME":
			return body.Content
		}
		return data(t, r.Type, body.Content, 10)
	},
	"azure": func(t *testing.T, r Record, s string) string {
		argv := shell(t, s)
		if i := slices.Index(argv, "--record-set-name"); argv[0] != "az" || i < 0 || argv[i+1] != r.relative() || argv[i-1] != r.Zone {
			t.Errorf("command %q", argv)
		}
		switch r.Type {
		case "MX":
			i := slices.Index(argv, "--preference")
			return argv[i+1] + " " + argv[i+3]
		case "CNAME":
			return argv[slices.Index(argv, "--cname")+1]
		}
		return strings.Join(argv[slices.Index(argv, "--value")+1:], "")
	},
	"terraform": func(t *testing.T, r Record, s string) string {
		m := regexp.MustCompile(`(?s)records = \["(.*)"\]`).FindStringSubmatch(s)
		if m == nil || !strings.HasPrefix(s, `resource "aws_route53_record" "`+strings.ToLower(r.Type)+`_`) {
			t.Fatalf("%s", s)
		}
		text, err := strconv.Unquote(`"` + strings.NewReplacer("$${", "${", "%%{", "%{").Replace(m[1]) + `"`)
		if err != nil {
			t.Fatal(err)
		}
		if r.Type == "TXT" {
			text = `"` + text + `"`
		}
		return data(t, r.Type, text, 8)
	},
}

func TestForms(t *testing.T) {
	var records []Record
	for _, value := range odd {
		records = append(records, NewRecord("cw1._domainkey.acme.example", "acme.example", value), NewRecord("acme.example", "acme.example", value))
	}
	records = append(records,
		Record{Record: finding.Record{Name: "www.acme.example", Type: "CNAME", Value: "cw1.sender.example"}, Zone: "acme.example"},
		Record{Record: finding.Record{Name: "acme.example", Type: "MX", Value: "10 mail.acme.example"}, Zone: "acme.example"},
	)
	for _, r := range records {
		for _, f := range Forms() {
			text, ok := r.As(f.Name)
			if !ok || f.Title == "" || text != f.Write(r) {
				t.Fatalf("no form %s", f.Name)
			}
			if got := readers[f.Name](t, r, text); got != r.Value {
				t.Errorf("%s %s as %s reads back as\n%q\nwant\n%q\n%s", r.Name, r.Type, f.Name, got, r.Value, text)
			}
			if !f.Raw && strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\n' || c > '~' }) {
				t.Errorf("%s of %q has characters that a terminal obeys", f.Name, r.Value)
			}
		}
	}
	if _, ok := records[0].As("parchment"); ok {
		t.Error("an unknown form is written")
	}
}

func FuzzForms(f *testing.F) {
	for _, v := range odd {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := NewRecord("_dmarc.acme.example", "acme.example", value)
		for _, form := range Forms() {
			if form.Name == "zone" { // without sockets
				_, v, _ := strings.Cut(form.Write(r), " IN TXT ")
				if got := assumed(t, r, v); got != value {
					t.Errorf("zone: %q became %q", value, got)
				}
				continue
			}
			if got := readers[form.Name](t, r, form.Write(r)); got != value {
				t.Errorf("%s: %q became %q", form.Name, value, got)
			}
		}
	})
}

// TestNames holds that a name cannot break out of its place.
func TestNames(t *testing.T) {
	r := NewRecord("a;\"b$(c) '\n\\._domainkey.acme.example", "acme.example", "v=DKIM1; p=")
	for _, f := range Forms() {
		switch text := f.Write(r); f.Name {
		case "value", "name-value":
		case "azure":
			if argv := shell(t, text); argv[slices.Index(argv, "--record-set-name")+1] != r.relative() {
				t.Errorf("%q", argv)
			}
		case "zone":
			if got := served(t, r, text, ""); got != r.Value {
				t.Errorf("%q: %q", text, got)
			}
		default:
			if strings.Contains(text, "$(c)") || strings.Contains(text, `"b`) {
				t.Errorf("%s: %s", f.Name, text)
			}
		}
	}
}

// TestBeside holds that programs which write a whole set keep the others.
func TestBeside(t *testing.T) {
	old := "v=spf1 -all"
	r := NewRecord("acme.example", "acme.example", "v=spf1 mx -all")
	r.Replaces, r.Beside = &old, []string{"site=1", "site=2"}
	route53, _ := r.As("route53")
	terraform, _ := r.As("terraform")
	for _, text := range []string{route53, terraform} {
		for _, v := range []string{r.Value, "site=1", "site=2"} {
			if !strings.Contains(text, v) || strings.Contains(text, old) {
				t.Errorf("%s is missing in\n%s", v, text)
			}
		}
	}
	azure, _ := r.As("azure")
	lines := strings.Split(azure, "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "remove-record") || !strings.HasSuffix(lines[0], "'"+old+"'") || !strings.HasSuffix(lines[1], "'"+r.Value+"'") {
		t.Errorf("%s", azure)
	}

	gone := Record{Record: finding.Record{Name: "acme.example", Type: "TXT", Remove: true, Replaces: &old}, Zone: "acme.example"}
	for form, want := range map[string]string{
		"value": old, "route53": `"DELETE"`, "terraform": "# Remove the resource aws_route53_record.txt_acme_example", "azure": "remove-record", "zone": old,
	} {
		if text, _ := gone.As(form); !strings.Contains(text, want) || strings.Contains(text, "add-record") {
			t.Errorf("%s of a record that goes: %s", form, text)
		}
	}
	gone.Beside = []string{"site=1"}
	if text, _ := gone.As("route53"); !strings.Contains(text, "UPSERT") || !strings.Contains(text, "site=1") || strings.Contains(text, old) {
		t.Errorf("%s", text)
	}
	alias := Record{Record: finding.Record{Name: "a.acme.example", Type: "CNAME", Value: "b.example", Replaces: &old, TTL: 60}, Zone: "acme.example"}
	if text, _ := alias.As("azure"); !strings.HasSuffix(text, "cname set-record --resource-group RESOURCE-GROUP --zone-name acme.example --record-set-name a --cname b.example") {
		t.Errorf("%s", text)
	}
	if text, _ := alias.As("zone"); text != "a.acme.example. 60 IN CNAME b.example." {
		t.Errorf("%s", text)
	}
}

// served is what a name server makes of a line of a zone file. The parser of
// assumed records has to make the same of a text's value.
func served(t *testing.T, r Record, line, value string) string {
	t.Helper()
	typ, _ := dns.ParseType(r.Type)
	q := dns.Ask(r.Name, typ)
	z := nameserver.NewZone()
	if err := z.Add(line); err != nil {
		t.Fatal(err)
	}
	s, err := nameserver.Serve(z, nameserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	client := dns.NewClient(dns.Config{Servers: []netip.AddrPort{s.Addr}})
	got := shown(t, client.Lookup(t.Context(), q))
	if value != "" && r.Type == "TXT" {
		if again := assumed(t, r, value); again != got {
			t.Errorf("%s: assumed %q, served %q", r.Name, again, got)
		}
	}
	return got
}

// assumed is what the parser of assumed records makes of a value.
func assumed(t *testing.T, r Record, value string) string {
	t.Helper()
	sets, err := dns.ParseSets([]string{r.Name + " " + r.Type + " " + value})
	if err != nil {
		t.Fatal(err)
	}
	return shown(t, dns.NewOverlay(dns.NewClient(dns.Config{}), sets).Lookup(t.Context(), dns.Ask(r.Name, sets[0].Type)))
}

func shown(t *testing.T, a dns.Answer) string {
	t.Helper()
	if len(a.Records) != 1 {
		t.Fatalf("%s: %s, %d records, %v", a.Question, a.Status, len(a.Records), a.Err)
	}
	switch rec := a.Records[0]; rec.Type {
	case dns.TypeMX:
		return fmt.Sprintf("%d %s", rec.Pref, rec.Host)
	case dns.TypeCNAME:
		return rec.Host
	default:
		for _, s := range rec.Strings {
			if len(s) > maxString {
				t.Errorf("a string of %d octets", len(s))
			}
		}
		return a.Texts()[0]
	}
}

func decode(t *testing.T, s string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), v); err != nil {
		t.Fatalf("%v in\n%s", err, s)
	}
}

// data takes the final dot off a name, and joins the quoted strings of a text;
// base is that of the numbers behind a backslash.
func data(t *testing.T, typ, s string, base int) string {
	t.Helper()
	if typ != "TXT" {
		return strings.TrimSuffix(s, ".")
	}
	var out []byte
	in, n := false, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && in:
			i++
			if c = s[i]; c >= '0' && c <= '9' {
				v, err := strconv.ParseUint(s[i:i+3], base, 8)
				if err != nil {
					t.Fatal(err)
				}
				c, i = byte(v), i+2
			}
			out, n = append(out, c), n+1
		case c == '"':
			if in = !in; !in && n > maxString {
				t.Errorf("a string of %d octets", n)
			}
			n = 0
		case in:
			out, n = append(out, c), n+1
		case c != ' ':
			t.Fatalf("%q outside of quotation marks in %s", c, s)
		}
	}
	if in {
		t.Errorf("quotation mark open in %q", s)
	}
	return string(out)
}

// shell splits a command into words as a POSIX shell does. What would mean
// something to a shell outside of quotes is an error.
func shell(t *testing.T, s string) []string {
	t.Helper()
	var words []string
	var b []byte
	begun := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			n := strings.IndexByte(s[i+1:], '\'')
			if n < 0 {
				t.Fatalf("quote open in %q", s)
			}
			b, begun = append(b, s[i+1:i+1+n]...), true
			i += n + 1
		case c == '\\':
			i++
			b, begun = append(b, s[i]), true
		case c == ' ':
			if begun {
				words = append(words, string(b))
			}
			b, begun = nil, false
		case strings.IndexByte("\"$`|&;<>()*?[]#~{}!\n\t", c) >= 0:
			t.Fatalf("%q stands bare in %s", c, s)
		default:
			b, begun = append(b, c), true
		}
	}
	if begun {
		words = append(words, string(b))
	}
	return words
}
