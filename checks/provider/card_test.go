package provider

import (
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/finding"
)

func txt(name, value string) finding.Record {
	return finding.Record{Name: name, Type: "TXT", Value: value}
}

// at detects a provider by the servers that the tests have of it.
func detected(id string) Detection { return Detect(servers[id].good) }

func everything(c Card) string {
	out := []string{c.Provider, c.Name, c.Where, c.First}
	for _, f := range []Field{c.Host, c.Type, c.Priority, c.Value, c.TTL} {
		out = append(out, f.Label, f.Text, f.Note)
	}
	out = slices.Concat(out, c.Warnings, c.Misfits, c.Notes, c.Generic, c.After, []string{c.Line(func(s string) string { return s })})
	return strings.Join(out, "\n")
}

const (
	spfValue = "v=spf1 mx -all"
	key2048  = 410 // characters of a record with such a key
	key4096  = 750
)

func keyOf(n int) finding.Record {
	const head = "v=DKIM1; k=rsa; p="
	return txt("cw1._domainkey.acme.example", head+strings.Repeat("A", n-len(head)))
}

// TestLine holds for each row that says something what it says of the zone
// itself and of a name below it.
func TestLine(t *testing.T) {
	const plain = ", Type TXT, Value in one piece, without quotation marks, TTL 3600."
	const inQuotes = ", Type TXT, Value in quotation marks, TTL 3600."
	none := "Type TXT, Value in one piece, without quotation marks, TTL 3600."
	for id, want := range map[string][2]string{
		"cloudflare":    {"Host @" + plain, "Host _dmarc" + plain},
		"route53":       {"Name empty" + inQuotes, "Name _dmarc" + inQuotes},
		"azure":         {"Host @" + plain, "Host _dmarc" + plain},
		"google":        {"Host empty, Type TXT, TTL 3600.", "Host _dmarc, Type TXT, TTL 3600."},
		"godaddy":       {"Host @" + plain, "Host _dmarc" + plain},
		"namecheap":     {none, none},
		"ovh":           {"Sub-domain empty" + plain, "Sub-domain _dmarc" + plain},
		"gandi":         {"Host @" + plain, "Host _dmarc" + plain},
		"hetzner":       {"Host @" + plain, "Host _dmarc" + plain},
		"hetzner-robot": {"Host @" + plain, "Host _dmarc" + plain},
		"ionos":         {"Host empty" + plain, "Host _dmarc" + plain},
		"dnsimple":      {"Host empty" + plain, "Host _dmarc" + plain},
		"digitalocean":  {"Host @" + plain, "Host _dmarc" + plain},
		"strato":        {"Präfix empty" + plain, "Präfix _dmarc" + plain},
		"antagonist":    {none, "Host _dmarc" + plain},
		"transip":       {"Host @" + plain, "Host _dmarc" + plain},
		"vimexx":        {none, none},
	} {
		for i, rec := range []finding.Record{txt("acme.example", spfValue), txt("_dmarc.acme.example", "v=DMARC1; p=none")} {
			c := Entry(detected(id), rec, "acme.example")
			if got := c.Line(func(s string) string { return s }); got != "At "+c.Name+": "+want[i] {
				t.Errorf("%s: %q, want %q", id, got, want[i])
			}
		}
	}
}

// TestRules are rules 2 to 7: what is not certain is never shown.
func TestRules(t *testing.T) {
	rec := txt("_dmarc.acme.example", "v=DMARC1; p=none")
	for _, p := range Table() {
		for _, rec := range []finding.Record{rec, txt("acme.example", spfValue), keyOf(key2048), {Name: "a.acme.example", Type: "CNAME", Value: "b.example"}, {Name: "acme.example", Type: "MX", Value: "10 b.example"}} {
			c := Entry(detected(p.ID), rec, "acme.example")
			all := everything(c)
			if where := p.panel.where; where.guess && strings.Contains(all, where.value) {
				t.Errorf("%s: shows the guess %q", p.ID, where.value)
			}
			if strings.Contains(strings.ToLower(all), "click") || strings.Contains(all, "%!") || strings.Contains(all, "generic") {
				t.Errorf("%s: %s", p.ID, all)
			}
			if !strings.Contains(c.Provider, p.Name) || !strings.Contains(c.Provider, "acme.example") {
				t.Errorf("%s: %q", p.ID, c.Provider)
			}
			sure := p.Servers == Confirmed && p.Entry != Unsure
			if sure == strings.Contains(c.Provider, "appears to") {
				t.Errorf("%s: %q", p.ID, c.Provider)
			}
			switch {
			case p.Entry == Unsure || p.Wholesale:
				if c.Name != "" || c.Where != "" || c.First != "" || c.Notes != nil || c.Line(nil) != "" || len(c.Generic) < 3 {
					t.Errorf("%s: shows more than the generic text:\n%s", p.ID, all)
				}
			case p.Entry == Confirmed:
				if c.Generic != nil || c.Entry != Confirmed {
					t.Errorf("%s: %v", p.ID, c.Generic)
				}
			default:
				if c.Name == "" || len(c.Generic) < 3 || c.Entry != Partly {
					t.Errorf("%s: the generic text is missing below the row", p.ID)
				}
			}
			if len(c.After) == 0 {
				t.Errorf("%s: does not say how to check", p.ID)
			}
			for _, text := range slices.Concat([]string{c.Provider, c.Where, c.First}, c.Warnings, c.Misfits, c.Notes, c.Generic, c.After) {
				for s := range strings.SplitSeq(text, ". ") {
					if len(s) > 175 {
						t.Errorf("%s: not a short sentence: %s", p.ID, s)
					}
				}
			}
		}
	}
}

// TestNobody are the name servers that say nothing about a panel.
func TestNobody(t *testing.T) {
	rec := txt("_dmarc.acme.example", "v=DMARC1; p=none")
	for name, d := range map[string]Detection{
		"nothing known": {},
		"unknown":       Detect([]string{"ns1.hoster.example"}),
		"half":          Detect([]string{"ns0.transip.net", "ns1.hoster.example"}),
		"several":       Detect([]string{"ns0.transip.net", "ada.ns.cloudflare.com"}),
	} {
		c := Entry(d, rec, "acme.example")
		if c.Name != "" || c.Line(nil) != "" || c.Host.Text != "_dmarc" || c.Host.Note != "some panels want: _dmarc.acme.example" || len(c.Generic) != 3 {
			t.Errorf("%s: %+v", name, c)
		}
		if want := name == "several"; want != strings.Contains(c.Provider, "Cloudflare and TransIP") {
			t.Errorf("%s: %q", name, c.Provider)
		}
	}
	own := Entry(Detect([]string{"ns0.transip.net", "ns1.transip.nl"}), txt("transip.nl", spfValue), "transip.nl")
	if own.Provider != "" || own.Name != "" || own.Host.Text != "@" || own.Host.Note == "" {
		t.Errorf("name servers of its own: %+v", own)
	}
	for _, zone := range []string{"", "other.example"} {
		c := Entry(detected("transip"), rec, zone)
		if c.Name != "" || c.Host.Text != rec.Name || len(c.After) != 2 {
			t.Errorf("zone %q: %+v", zone, c)
		}
	}
}

func TestWholesaleText(t *testing.T) {
	c := Entry(detected("openprovider"), txt("acme.nl", spfValue), "acme.nl")
	for _, want := range []string{"Openprovider, a wholesaler", "where you bought the domain", "https://rdap.sidn.nl/domain/acme.nl"} {
		if !strings.Contains(c.Provider, want) {
			t.Errorf("%q lacks %q", c.Provider, want)
		}
	}
	for _, zone := range []string{"acme.example", "deep.acme.nl"} {
		if c := Entry(detected("openprovider"), txt(zone, spfValue), zone); strings.Contains(c.Provider, "rdap") {
			t.Errorf("%s: %q", zone, c.Provider)
		}
	}
}

// TestHostIsRelativeToTheZone: a mail domain may stand below its zone, and a
// zone may begin below the domain that was bought.
func TestHostIsRelativeToTheZone(t *testing.T) {
	for _, c := range []struct{ name, zone, host, doubled, high string }{
		{"_dmarc.mail.acme.nl", "acme.nl", "_dmarc.mail", "_dmarc.mail.acme.nl.acme.nl", "_dmarc.acme.nl"},
		{"cw1._domainkey.mail.acme.nl", "acme.nl", "cw1._domainkey.mail", "cw1._domainkey.mail.acme.nl.acme.nl", "cw1._domainkey.acme.nl"},
		{"_dmarc.mail.acme.nl", "mail.acme.nl", "_dmarc", "_dmarc.mail.acme.nl.mail.acme.nl", ""},
		{"mail.acme.nl", "acme.nl", "mail", "mail.acme.nl.acme.nl", ""},
		{"Mail.ACME.nl.", "mail.acme.nl.", "@", "", ""},
		{"cw1._domainkey.acme.nl", "acme.nl", "cw1._domainkey", "cw1._domainkey.acme.nl.acme.nl", ""},
	} {
		card := Entry(detected("transip"), txt(c.name, "v=x"), c.zone)
		if card.Host != (Field{Label: "Host", Text: c.host}) {
			t.Errorf("%s in %s: %+v", c.name, c.zone, card.Host)
		}
		after := strings.Join(card.After, "\n")
		for _, want := range []string{c.doubled, c.high} {
			if want != "" && !strings.Contains(after, " "+want+" ") {
				t.Errorf("%s in %s: %q lacks %s", c.name, c.zone, after, want)
			}
		}
		if c.high == "" && strings.Contains(after, "too high") {
			t.Errorf("%s in %s: %q", c.name, c.zone, after)
		}
	}
}

// TestValues are the values as panels want them, and those that do not fit.
func TestValues(t *testing.T) {
	odd := txt("a.acme.example", " it's a `\\\" ")
	for _, c := range []struct {
		id      string
		rec     finding.Record
		value   string // "": as it is
		misfits []string
	}{
		{"transip", keyOf(key4096), "", nil},
		{"transip", keyOf(1100), "", []string{"TransIP takes at most 1,024 characters, and this value has 1,100. Use a 2048-bit key."}},
		{"transip", odd, "", []string{"a back-tick", "a backslash", "a space at the begin", "a space at the end"}},
		{"digitalocean", keyOf(key2048), "", nil},
		{"digitalocean", keyOf(key4096), "", []string{"DigitalOcean takes at most 512 characters, and this value has 758. Use a 2048-bit key."}},
		{"digitalocean", keyOf(507), "", nil}, // with the quotation marks of two strings and the space between: 512
		{"digitalocean", keyOf(508), "", []string{"this value has 513"}},
		{"digitalocean", txt("a.acme.example", strings.Repeat("x", 600)), "", []string{"The value has to become shorter."}},
		{"digitalocean", odd, "", []string{"a backslash"}},
		{"dnsimple", odd, "", []string{"a space at the end", "a single double"}},
		{"dnsimple", keyOf(1001), "", []string{"1,000"}},
		{"namecheap", odd, "", []string{"double quotation marks"}},
		{"route53", txt("a.acme.example", `say "é"`), `"say \"\303\251\""`, nil},
		{"route53", keyOf(key2048), `"` + keyOf(key2048).Value[:255] + `" "` + keyOf(key2048).Value[255:] + `"`, nil},
		{"hetzner", keyOf(key2048), `"` + keyOf(key2048).Value[:255] + `" "` + keyOf(key2048).Value[255:] + `"`, nil},
		{"hetzner", txt("a.acme.example", "short"), "", nil},
		{"google", keyOf(key2048), "", nil},
		{"versio", odd, "", nil},
	} {
		card := Entry(detected(c.id), c.rec, "acme.example")
		if c.value == "" {
			c.value = c.rec.Value
		}
		if card.Value.Text != c.value {
			t.Errorf("%s: value %q, want %q", c.id, card.Value.Text, c.value)
		}
		if len(card.Misfits) != len(c.misfits) {
			t.Errorf("%s: misfits %q, want %q", c.id, card.Misfits, c.misfits)
			continue
		}
		for i, w := range c.misfits {
			if !strings.Contains(card.Misfits[i], w) {
				t.Errorf("%s: %q, want %q", c.id, card.Misfits[i], w)
			}
		}
	}
}

func TestSPF(t *testing.T) {
	old := "v=spf1 -all"
	add, change, gone := txt("acme.example", spfValue), txt("acme.example", spfValue), txt("acme.example", "")
	change.Replaces, gone.Replaces, gone.Remove = &old, &old, true
	for want, rec := range map[string]finding.Record{
		"If a record there begins with v=spf1, change it. Never add a second one.": add,
		"Change the SPF record that is there. Never add a second one.":             change,
	} {
		for _, id := range []string{"transip", "azure", "versio"} {
			if c := Entry(detected(id), rec, "acme.example"); !slices.Equal(c.Warnings, []string{want}) {
				t.Errorf("%s: %q", id, c.Warnings)
			}
		}
	}
	c := Entry(detected("strato"), gone, "acme.example")
	if c.Warnings != nil || c.After != nil || c.Value.Text != old {
		t.Errorf("a record that goes: %+v", c)
	}
	if c := Entry(detected("strato"), add, "acme.example"); !slices.Contains(c.Notes, stratoSPF) {
		t.Errorf("%q", c.Notes)
	}
	if c := Entry(detected("strato"), keyOf(key2048), "acme.example"); c.Notes != nil {
		t.Errorf("%q", c.Notes)
	}
}

func TestRowsSay(t *testing.T) {
	key := keyOf(key2048)
	if c := Entry(detected("transip"), key, "acme.example"); c.First != transipSwitch || !strings.HasPrefix(c.Where, "Look for Domain") {
		t.Errorf("%+v", c)
	}
	for id, want := range map[string]string{"cloudflare": longByItself, "route53": quotesByItself, "google": cloudDNSQuotes, "antagonist": fullNeedsDot} {
		if c := Entry(detected(id), key, "acme.example"); !slices.Contains(c.Notes, want) {
			t.Errorf("%s: %q", id, c.Notes)
		}
	}
	if c := Entry(detected("versio"), key, "acme.example"); len(c.Generic) != 4 || !strings.Contains(c.Generic[3], "split") || !strings.Contains(strings.Join(c.After, " "), "410 characters") {
		t.Errorf("%q, %q", c.Generic, c.After)
	}
}

// TestOtherTypes: the rows speak of TXT records, and only what holds for all
// records is said of others.
func TestOtherTypes(t *testing.T) {
	mx := finding.Record{Name: "acme.example", Type: "MX", Value: "10 mail.acme.example", TTL: 600}
	c := Entry(detected("strato"), mx, "acme.example")
	if c.Where != "" || c.Priority.Text != "10" || c.Value.Text != "mail.acme.example" || c.TTL.Text != "600" {
		t.Errorf("%+v", c)
	}
	if got := c.Line(func(s string) string { return "<" + s + ">" }); got != "At STRATO: Präfix empty, Type <MX>, Priority <10>, TTL <600>." {
		t.Errorf("%q", got)
	}
	alias := finding.Record{Name: "a.acme.example", Type: "CNAME", Value: "b.example"}
	c = Entry(Detection{}, alias, "acme.example")
	if all := everything(c); strings.Contains(all, "TXT") || c.Value != (Field{Label: "Value", Text: "b.example"}) || c.Priority.Label != "" {
		t.Errorf("%s", all)
	}
}

func TestGeneric(t *testing.T) {
	if all := strings.Join(Generic("_dmarc"), "\n"); !strings.Contains(all, "for example _dmarc.") || !strings.Contains(all, "v=spf1") {
		t.Error(all)
	}
}
