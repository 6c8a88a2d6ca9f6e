package checks

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

var networkService = transports.Service{
	SPFInclude: "_spf.relay.example", Network: netip.MustParsePrefix("192.0.2.26/31"), Domain: "relay.example",
}

func networkOf(t *testing.T, o NetworkOptions, lines ...string) NetworkReport {
	t.Helper()
	z := dnstest.New(append([]string{
		"26.2.0.192.in-addr.arpa PTR a.relay.example.",
		"27.2.0.192.in-addr.arpa PTR b.relay.example.",
		"a.relay.example A 192.0.2.26",
		"b.relay.example A 192.0.2.27",
		"2.0.0.127.list.example A 127.0.0.2",
		"acme.example TXT v=spf1 ip4:192.0.2.26 -all",
		"sound.example TXT v=spf1 ip4:192.0.2.26/31 -all",
		"acme.relay.example A 192.0.2.27",
		"away.relay.example A 198.51.100.7",
	}, lines...)...)
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	e := Examiner{Resolver: dns.NewCache(z), Now: func() time.Time { return now }, Service: networkService}
	return e.Network(t.Context(), o)
}

func TestNetwork(t *testing.T) {
	for _, tt := range []struct {
		name           string
		o              NetworkOptions
		zone           []string
		codes          string
		failed, unsure bool
		text           []string
	}{
		{
			name: "sound", o: NetworkOptions{Domains: []string{"sound.example"}, Lists: []string{"list.example"}, Account: "Acme"},
			text: []string{
				"192.0.2.26  + OK    + OK    a.relay.example                + OK    on 0 of 1", "SPF     sound.example: pass for 192.0.2.26 to 192.0.2.27",
				"acme.relay.example is at 192.0.2.27, inside the network", "by their self-test: list.example",
			},
		},
		{
			name: "SPF", o: NetworkOptions{Domains: []string{"sound.example", "acme.example"}}, failed: true,
			text: []string{"192.0.2.26  + OK    + OK    a", "192.0.2.27  x FAIL  + OK    b", "acme.example: pass for 192.0.2.26; fail for 192.0.2.27", "none asked"},
		},
		{name: "SPF fails", o: NetworkOptions{Domains: []string{"lame.example"}}, zone: []string{"lame.example TXT SERVFAIL"}, unsure: true, text: []string{"? ----", "SERVFAIL"}},
		{
			name: "listed", o: NetworkOptions{Lists: []string{"list.example", "dnsbl.sorbs.net"}}, zone: []string{"27.2.0.192.list.example A 127.0.0.2"},
			codes: "ip.blocklisted", text: []string{"! WARN  on 1 of 1: list.example", "not asked: dnsbl.sorbs.net (it was closed in 2024)"},
		},
		{
			name: "refused", o: NetworkOptions{Lists: []string{"shy.example", "list.example"}}, zone: []string{"*.shy.example A 127.255.255.254"},
			codes: "ip.blocklist-refused", unsure: true, text: []string{"? ----  on 0 of 2, 1 of 2 did not say"},
		},
		{name: "account", o: NetworkOptions{Account: "away"}, codes: "ip.instance-outside-network", text: []string{"outside the network: 198.51.100.7"}},
		{name: "no account", o: NetworkOptions{Account: "nobody"}, text: []string{"nobody.relay.example has no address"}},
		{
			name: "names", zone: []string{"27.2.0.192.in-addr.arpa PTR c.relay.example."}, codes: "ip.ptr-multiple", text: []string{"and 1 more"},
		},
		{
			name: "account fails", o: NetworkOptions{Account: "lame"}, zone: []string{"lame.relay.example A SERVFAIL", "lame.relay.example AAAA SERVFAIL"},
			codes: "ip.unreadable", unsure: true, text: []string{"could not be looked up"},
		},
	} {
		r := networkOf(t, tt.o, tt.zone...)
		var codes []string
		for _, f := range r.Findings {
			codes = append(codes, f.Code())
		}
		if got := strings.Join(codes, " "); got != tt.codes || r.Failed() != tt.failed || r.Unsure() != tt.unsure {
			t.Errorf("%s: %q, failed %v, unsure %v", tt.name, got, r.Failed(), r.Unsure())
		}
		var b strings.Builder
		if err := WriteNetworkText(&b, r, TextOptions{ASCII: true, Width: 200}); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.text {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, b.String())
			}
		}
		if strings.Contains(b.String(), "%!") {
			t.Errorf("%s:\n%s", tt.name, b.String())
		}
	}
}

func TestNetworkConcerns(t *testing.T) {
	r := networkOf(t, NetworkOptions{Lists: []string{"list.example"}, Account: "away"}, "27.2.0.192.list.example A 127.0.0.2")
	codesOf := func(all []finding.Finding) (out []string) {
		for _, f := range all {
			out = append(out, f.Code())
		}
		return out
	}
	if got := codesOf(r.Concerns(netip.MustParseAddr("192.0.2.26"))); len(got) != 0 {
		t.Errorf("the sound address has %v", got)
	}
	if got := codesOf(r.Concerns(netip.MustParseAddr("192.0.2.27"))); !slices.Equal(got, []string{"ip.blocklisted"}) {
		t.Errorf("the listed address has %v", got)
	}
}

func TestNetworkJSON(t *testing.T) {
	r := networkOf(t, NetworkOptions{Domains: []string{"acme.example"}, Lists: []string{"list.example", "shy.example"}, Account: "away"},
		"27.2.0.192.list.example A 127.0.0.2", "*.shy.example A 127.255.255.254", "26.2.0.192.in-addr.arpa PTR \xff\x1b[31m.example.")
	var b strings.Builder
	if err := WriteNetworkJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(b.String(), 0x1b) {
		t.Error("a name reaches the terminal raw")
	}
	var doc struct {
		Network   string
		Addresses []struct {
			IP        string
			PTR       []string
			Confirmed *bool
			Listed    []string
			Unsaid    []string `json:"lists_unknown"`
			SPF       map[string]string
		}
		Instance struct{ Inside *bool }
		Findings []struct{ Code string }
	}
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Network != "192.0.2.26/31" || len(doc.Addresses) != 2 || doc.Instance.Inside == nil || *doc.Instance.Inside || len(doc.Findings) == 0 {
		t.Fatalf("%s", b.String())
	}
	second := doc.Addresses[1]
	if second.IP != "192.0.2.27" || !slices.Equal(second.PTR, []string{"b.relay.example"}) || second.Confirmed == nil || !*second.Confirmed ||
		!slices.Equal(second.Listed, []string{"list.example"}) || !slices.Equal(second.Unsaid, []string{"shy.example"}) || second.SPF["acme.example"] != "fail" {
		t.Errorf("%+v", second)
	}
}
