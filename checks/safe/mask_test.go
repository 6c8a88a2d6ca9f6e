package safe

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestMaskText(t *testing.T) {
	m := &Mask{
		Keep:  func(s string) bool { return s == "spf.missing" || strings.HasSuffix(s, "clockwise.info") },
		Words: []string{"Office relay"},

		Accounts: []string{"mailer7", "mailer7@*"},
	}
	key := strings.Repeat("MIIBIjANBgkq", 4)
	for _, c := range []struct{ in, want string }{
		{"mail of jan@acme.example fails", "mail of [address 1] fails"},
		{"acme.example, ACME.example. and x.acme.example", "[name 1], [name 1]. and [name 2]"},
		{"31.134.206.130 at 14:02:09, RFC 7208 section 4.6.4", "[ip 1] at 14:02:09, RFC 7208 section 4.6.4"},
		{"2001:db8::1 and ::1", "[ip 2] and [ip 3]"},
		{"v=DKIM1; p=" + key + "==", "v=DKIM1; p=[key 1]"},
		{"v=spf1 ip4:192.0.2.0/24 include:_spf.clockwise.info -all", "v=spf1 ip4:[ip 4]/24 include:_spf.clockwise.info -all"},
		{"spf.missing is a code", "spf.missing is a code"},
		{"bücher.example", "[name 3]"},
		{"Office relay, Office relays", "[transport 1], Office relays"},
		{"for Office relay. And\nOffice\n     relay", "for [transport 1]. And\n[transport 1]"},
		{"logs in as mailer7. Takes mailer7@* and mailer77", "logs in as [account 1]. Takes [account 2] and mailer77"},
		{"Office relay.example", "Office [name 4]"},
		{"nothing here. At all, e.g. this", "nothing here. At all, e.g. this"},
	} {
		if got := m.Text(c.in); got != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestMaskWords holds names of every form, and many of them.
func TestMaskWords(t *testing.T) {
	m := &Mask{Words: []string{"Office", "Office relay", "(old) relay", "bakery.example", "relay.", "x"}}
	for _, c := range []struct{ in, want string }{
		{"Office relay of Office", "[transport 1] of [transport 2]"},
		{"the (old) relay", "the [transport 3]"},
		{"bakery.example. bakery.example", "[transport 4]. [transport 4]"},
		{"sub.bakery.example", "[name 1]"},
		{"Offices, x, Office-relay", "Offices, x, Office-relay"},
		{"\"Office\"", "\"[transport 2]\""},
	} {
		if got := m.Text(c.in); got != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	m.Words = append(m.Words, "Warehouse") // known only when the file is read
	if got := m.Text("Warehouse"); got != "[transport 5]" {
		t.Errorf("got %q for a word that came later", got)
	}
}

func TestMaskJSON(t *testing.T) {
	m := &Mask{Words: []string{"target"}, Whole: []string{"info"}}
	in, err := JSON(map[string]any{"target": "target", "local_part": "info", "title": "no info", "text": "a\nacme.example \"x\"", "spf": map[string]string{"acme.example": "pass"}}, " ")
	if err != nil {
		t.Fatal(err)
	}
	out := m.JSON(in)
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if got["local_part"] != "[account 1]" || got["title"] != "no info" {
		t.Errorf("got %s", out)
	}
	if got["target"] != "[transport 1]" || got["text"] != "a\n[name 1] \"x\"" || strings.Contains(string(out), "acme.example") {
		t.Errorf("got %s", out)
	}
}

func TestJSONEscapesWhatLineChanges(t *testing.T) {
	hostile := "\x1b[2J\u202e\u009b\u200b\ufeff\u00a0\U000e0041\x7f ü 漢 </b>\u2028"
	out, err := JSON(map[string]string{"a": hostile, "b": UTF8("caf\xe9")}, "")
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(string(out), "\n")
	if Line(line) != line {
		t.Errorf("not safe to print: %q", line)
	}
	var back map[string]string
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if back["a"] != hostile || back["b"] != `caf\xe9` {
		t.Errorf("got %q and %q back", back["a"], back["b"])
	}
}

func FuzzMaskJSON(f *testing.F) {
	f.Add("a\\n\"acme.example\x1b 10.0.0.1 MIIBIjANBgkqMIIBIjANBgkqMIIBIjANBgkqMIIBIjANBgkq")
	f.Fuzz(func(t *testing.T, s string) {
		in, err := JSON(map[string]string{"k": UTF8(s)}, "")
		if err != nil {
			t.Fatal(err)
		}
		if out := new(Mask).JSON(in); !json.Valid(out) {
			t.Fatalf("not JSON: %q", out)
		}
	})
}
