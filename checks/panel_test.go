package checks

import (
	"encoding/json"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/zone"
)

// hostedAt is a report on acme.example, whose zone has the given name servers.
func hostedAt(servers ...string) Report {
	old := "v=spf1 -all"
	rule := &finding.Rule{Code: "spf.test", Severity: finding.Failure, Owner: finding.CustomerDNS, Title: "A title", Action: "Do it."}
	key := "v=DKIM1; k=rsa; p=" + strings.Repeat("A", 400)
	z := zone.Result{Domain: "acme.example", Registered: "acme.example", Apex: "acme.example"}
	ns := dns.Answer{Question: dns.Ask("acme.example", dns.TypeNS), Status: dns.Found}
	for _, s := range servers {
		z.Servers = append(z.Servers, zone.Server{Name: s})
		ns.Records = append(ns.Records, dns.Record{Type: dns.TypeNS, Host: s})
	}
	text := dns.Answer{Question: dns.Ask("acme.example", dns.TypeTXT), Status: dns.Found}
	for _, s := range []string{"site=1", old, "site=2"} {
		text.Records = append(text.Records, dns.Record{Type: dns.TypeTXT, Strings: []string{s}})
	}
	return Report{
		Target: "acme.example", Domain: "acme.example", Verdict: VerdictFailure,
		Facts:   Facts{Zone: &z, Provider: runner(z)},
		Answers: []dns.Answer{ns, text},
		Findings: []finding.Finding{{Rule: rule, Subject: "acme.example", Fix: &finding.Fix{Records: []finding.Record{
			{Name: "acme.example", Type: "TXT", Value: "v=spf1 mx -all", Replaces: &old},
			{Name: "cw1._domainkey.mail.acme.example", Type: "TXT", Value: key},
			{Name: "old.acme.example", Type: "TXT", Replaces: &old, Remove: true},
		}}}},
	}
}

func TestPanelInReports(t *testing.T) {
	const generic = "type only the part in front of it, for example _dmarc."
	for _, c := range []struct {
		servers []string
		lines   []string
		generic bool
	}{
		{[]string{"ns0.transip.net", "ns1.transip.nl"}, []string{
			"At TransIP: Host @, Type TXT, Value in one piece, without quotation marks, TTL 3600.",
			"At TransIP: Host cw1._domainkey.mail, Type TXT,", "First switch \"TransIP settings\"", "Look for Domain ",
		}, false},
		{[]string{"ns-1.awsdns-01.com"}, []string{
			"At AWS Route 53: Name empty, Type TXT, Value in quotation marks, TTL 3600.", `The value as this panel wants it: "v=spf1 mx -all"`, `A" "A`,
		}, false},
		{[]string{"ns51.domaincontrol.com"}, []string{"At GoDaddy: Host @,", "Look for My Products > DNS > Add."}, true},
		{[]string{"ns1.digitalocean.com"}, []string{"At DigitalOcean: Host @,"}, true},
		{[]string{"ns1.hostnet.nl"}, []string{"The DNS of acme.example appears to run at Hostnet."}, true},
		{[]string{"ns1.yoursrs.com"}, []string{"appears to run at Realtime Register, a wholesaler."}, true},
		{[]string{"ns1.hoster.test"}, nil, true},
	} {
		r := hostedAt(c.servers...)
		var text, markdown strings.Builder
		if err := WriteText(&text, []Report{r}, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := WriteMarkdown(&markdown, []Report{r}); err != nil {
			t.Fatal(err)
		}
		for form, got := range map[string]string{"text": text.String(), "Markdown": strings.NewReplacer("`", "", `\_`, "_", `\>`, ">").Replace(markdown.String())} {
			got = strings.Join(strings.Fields(got), " ")
			for _, want := range c.lines {
				if strings.Count(got, want) != 1 {
					t.Errorf("%v: %q stands %d times in %s:\n%s", c.servers, want, strings.Count(got, want), form, got)
				}
			}
			if n := strings.Count(got, generic); n > 1 || (n == 1) != c.generic {
				t.Errorf("%v: the text for all panels stands %d times in %s", c.servers, n, form)
			}
		}
	}
}

// TestNoPanelUnlooked holds that nothing is said where the zone was not looked
// at, as in what the linters find.
func TestNoPanelUnlooked(t *testing.T) {
	r := hostedAt("ns0.transip.net")
	var b strings.Builder
	if err := WriteFindings(&b, "acme.example", r.Findings, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "Panel") {
		t.Error(b.String())
	}
}

func TestProviderFacts(t *testing.T) {
	for _, c := range []struct {
		servers []string
		want    string
	}{
		{nil, `null`},
		{[]string{"ns1.hoster.test"}, `null`},
		{[]string{"NS0.transip.net."}, `{"certainty":"confirmed","entry":"confirmed","id":"transip","name":"TransIP","servers":["ns0.transip.net"],"wholesale":false}`},
		{[]string{"ns1.yoursrs.com"}, `{"certainty":"confirmed","entry":"unsure","id":"realtimeregister","name":"Realtime Register","servers":["ns1.yoursrs.com"],"wholesale":true}`},
		{
			[]string{"ns0.transip.net", "ada.ns.cloudflare.com"},
			`{"certainty":"unsure","entry":"unsure","id":null,"name":"Cloudflare and TransIP","servers":["ada.ns.cloudflare.com","ns0.transip.net"],"wholesale":false}`,
		},
	} {
		out, err := json.Marshal(hostedAt(c.servers...).Facts)
		var doc map[string]json.RawMessage
		if err == nil {
			err = json.Unmarshal(out, &doc)
		}
		if err != nil || string(doc["provider"]) != c.want {
			t.Errorf("%v: %s, %v", c.servers, doc["provider"], err)
		}
	}
	if (Facts{}).Provider != nil {
		t.Error("a provider of nothing")
	}
}

// TestPublish holds that a form which writes a whole set gets what else stands
// there, without what the fix takes away.
func TestPublish(t *testing.T) {
	r := hostedAt("ns0.transip.net")
	p := r.Publish(*r.Findings[0].Fix, 0)
	if p.Zone != "acme.example" || strings.Join(p.Beside, ",") != "site=1,site=2" {
		t.Errorf("%+v", p)
	}
	if p := r.Publish(*r.Findings[0].Fix, 1); p.Beside != nil {
		t.Errorf("%+v", p)
	}
}

func TestZoneOf(t *testing.T) {
	r := hostedAt("ns0.transip.net")
	r.Answers = append(r.Answers,
		dns.Answer{Question: dns.Ask("x.deep.acme.example", dns.TypeTXT), Zone: "Deep.acme.example.", Status: dns.NoName},
		dns.Answer{Question: dns.Ask("deep.acme.example", dns.TypeNS), Status: dns.Found, Records: []dns.Record{{Host: "ns2.b.test"}, {Host: "ns1.b.test"}}},
	)
	for name, want := range map[string]string{
		"_dmarc.acme.example": "acme.example", "a.deep.acme.example": "deep.acme.example", "other.test": "other.test", "acme.example": "acme.example",
	} {
		if got := r.ZoneOf(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := r.NameServers("deep.acme.example"); strings.Join(got, " ") != "ns1.b.test ns2.b.test" {
		t.Errorf("%v", got)
	}
	rec := finding.Record{Name: "_dmarc.deep.acme.example", Type: "TXT", Value: "v=DMARC1; p=none"}
	if c := r.Panel(rec); c.Name != "" || c.Host.Text != "_dmarc" || c.Entry != provider.Unsure {
		t.Errorf("a zone of somebody else: %+v", c)
	}
	rec.Name = "_dmarc.acme.example"
	if c := r.Panel(rec); c.Name != "TransIP" {
		t.Errorf("%+v", c)
	}
	r.Facts = Facts{} // kept where memory is short: the answers tell the same
	if c := r.Panel(rec); c.Name != "TransIP" {
		t.Errorf("%+v", c)
	}
}
