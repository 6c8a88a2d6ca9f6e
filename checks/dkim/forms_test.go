package dkim

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Each form must give the same value back to whoever reads it.
func TestForms(t *testing.T) {
	records := map[string]Published{
		"rsa":     RecordFor("CW1", "Customer.Example.", &private.PublicKey),
		"ed25519": RecordFor("cw1", domain, edPublic),
		"awkward": NewPublished(name, domain, `v=DKIM1; n=say "hi" \o/ it's ${a} %{b}; p=`+strings.Repeat("A", 300)),
		"apex":    NewPublished(domain, domain, "v=spf1 -all"),
	}
	readers := map[string]func(*testing.T, string) string{
		"value":      func(_ *testing.T, s string) string { return s },
		"name-value": func(_ *testing.T, s string) string { _, v, _ := strings.Cut(s, "\n"); return v },
		"zone": func(t *testing.T, s string) string {
			head, rest, _ := strings.Cut(s, " IN TXT ")
			if !strings.HasSuffix(head, "example. 3600") {
				t.Errorf("zone line begins with %q", head)
			}
			return unquote(t, rest)
		},
		"route53": func(t *testing.T, s string) string {
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
			if batch.Changes[0].Action != "UPSERT" || set.Type != "TXT" || set.TTL != 3600 || !strings.HasSuffix(set.Name, "example.") {
				t.Errorf("%+v", batch)
			}
			return unquote(t, set.ResourceRecords[0].Value)
		},
		"cloudflare": func(t *testing.T, s string) string {
			var body struct {
				Type, Name, Content string
				TTL                 int
			}
			decode(t, s, &body)
			if body.Type != "TXT" || body.TTL != 3600 || !strings.HasSuffix(body.Name, "example") {
				t.Errorf("%+v", body)
			}
			return unquote(t, body.Content)
		},
		"azure": func(t *testing.T, s string) string {
			if !strings.Contains(s, "--record-set-name cw1._domainkey --") && !strings.Contains(s, "--record-set-name @ --") {
				t.Errorf("command %q", s)
			}
			_, rest, _ := strings.Cut(s, "--value ")
			return shellWords(rest)
		},
		"terraform": func(t *testing.T, s string) string {
			m := regexp.MustCompile(`records = \["(.*)"\]`).FindStringSubmatch(s)
			if m == nil || !strings.HasPrefix(s, `resource "aws_route53_record" "txt_`) {
				t.Fatalf("%s", s)
			}
			hcl := strings.NewReplacer("$${", "${", "%%{", "%{").Replace(m[1])
			text, err := strconv.Unquote(`"` + hcl + `"`)
			if err != nil {
				t.Fatal(err)
			}
			return unquote(t, `"`+text+`"`)
		},
	}
	for which, p := range records {
		for _, s := range p.Strings {
			if len(s) > 255 {
				t.Errorf("%s: a string of %d octets", which, len(s))
			}
		}
		if strings.Join(p.Strings, "") != p.Value || p.Value == "" {
			t.Errorf("%s: strings %q are not the value", which, p.Strings)
		}
		for _, f := range Forms() {
			text, ok := p.As(f.Name)
			if !ok || f.Title == "" {
				t.Fatalf("no form %s", f.Name)
			}
			if got := readers[f.Name](t, text); got != p.Value {
				t.Errorf("%s as %s reads back as\n%q\nwant\n%q", which, f.Name, got, p.Value)
			}
		}
	}
	if got := records["rsa"]; got.Name != name || got.Value != sound || len(got.Strings) != 2 {
		t.Errorf("%+v", got)
	}
	if _, ok := records["rsa"].As("punch card"); ok {
		t.Error("an unknown form is written")
	}
	if got := RecordFor("cw1", domain, "no key").Value; got != "" {
		t.Errorf("value %q for something that is no key", got)
	}
}

func decode(t *testing.T, s string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), v); err != nil {
		t.Fatal(err)
	}
}

// unquote joins the quoted strings of a TXT record in presentation form.
func unquote(t *testing.T, s string) string {
	t.Helper()
	var out strings.Builder
	in, n := false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && in:
			i++
			out.WriteByte(s[i])
			n++
		case c == '"':
			if in = !in; !in {
				if n > 255 {
					t.Errorf("a string of %d octets", n)
				}
				n = 0
			}
		case in:
			out.WriteByte(c)
			n++
		case c != ' ':
			t.Errorf("%q outside of quotation marks", c)
		}
	}
	if in {
		t.Errorf("quotation mark open in %q", s)
	}
	return out.String()
}

// shellWords joins the words of a POSIX shell in single quotes.
func shellWords(s string) string {
	var out strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			in = !in
		case !in && c == '\\':
			i++
			out.WriteByte(s[i])
		case in:
			out.WriteByte(c)
		}
	}
	return out.String()
}
