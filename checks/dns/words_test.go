package dns

import (
	"net/netip"
	"testing"
)

func TestText(t *testing.T) {
	found := func(q Question, records ...Record) Answer {
		for i := range records {
			records[i].Type = q.Type
		}
		return Answer{Question: q, Status: Found, Records: records}
	}
	refused := Answer{Question: Ask("acme.example", TypeTXT)}
	refused.fail(&Error{Kind: KindRefused, Server: "192.0.2.53:53"})
	for _, tc := range []struct {
		name string
		a    Answer
		want string
	}{
		{"not asked", Answer{}, "the question was not asked"},
		{"refused", refused, "name server 192.0.2.53:53 refuses to answer (REFUSED)"},
		{"no such name", Answer{Status: NoName}, "no such name (NXDOMAIN)"},
		{"empty", Answer{Question: Ask("acme.example", TypeMX), Status: Empty}, "the name exists, but has no MX record"},
		{"text", found(Ask("a.test", TypeTXT), Record{Strings: []string{"v=sp", "f1"}}, Record{Strings: []string{"b"}}), "v=spf1\nb"},
		{"no mail", found(Ask("a.test", TypeMX), Record{}), "0 ."},
		{"mail", found(Ask("a.test", TypeMX), Record{Pref: 10, Host: "mx.test"}), "10 mx.test"},
		{"address", found(Ask("a.test", TypeAAAA), Record{Addr: netip.MustParseAddr("2001:db8::1")}), "2001:db8::1"},
		{"zone", found(Ask("a.test", TypeSOA), Record{SOA: &SOA{Server: "ns.test", Mailbox: "me.test", Serial: 7}}), "ns.test me.test serial 7"},
		{"zone without data", found(Ask("a.test", TypeSOA), Record{}), ""},
		{"others", found(Ask("a.test", TypeTLSA), Record{Data: "3 1 1 ab"}), "3 1 1 ab"},
		{"alias", Answer{Status: NoName, Chain: []string{"b.test", "c.test"}}, "CNAME to b.test, then c.test: no such name (NXDOMAIN)"},
	} {
		if got := tc.a.Text(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
