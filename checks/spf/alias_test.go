package spf

import (
	"fmt"
	"strings"
	"testing"
)

// TestProposeForAliases holds that no record is proposed beside a CNAME.
func TestProposeForAliases(t *testing.T) {
	const after = "v=spf1 include:_spf.clockwise.info ~all"
	for name, c := range map[string]struct {
		zone    string
		records string // "name type value<old-removed"
		problem string
	}{
		"none":     {"", "mail.customer.example TXT " + after, ""},
		"ours":     {"mail.customer.example CNAME www.customer.example\nwww.customer.example A 192.0.2.1", "www.customer.example TXT " + after, ""},
		"nowhere":  {"mail.customer.example CNAME gone.customer.example", "mail.customer.example CNAME - gone.customer.example; mail.customer.example TXT " + after, ""},
		"theirs":   {"mail.customer.example CNAME pages.shop.example\npages.shop.example A 192.0.2.1", "", "is an alias of pages.shop.example"},
		"old ours": {"mail.customer.example CNAME www.customer.example\nwww.customer.example TXT v=spf1 ip4:192.0.2.1 ~all", "www.customer.example TXT v=spf1 ip4:192.0.2.1 include:_spf.clockwise.info ~all", ""},
		"old theirs": {
			"mail.customer.example CNAME pages.shop.example\npages.shop.example TXT v=spf1 ip4:192.0.2.1 ~all",
			"", "is an alias of pages.shop.example",
		},
	} {
		z := parseZone(t, c.zone+"\n_spf.clockwise.info TXT v=spf1 ip4:31.134.206.128/28 -all")
		res := Lookup(t.Context(), z, "mail.customer.example", nil, Options{})
		p := Propose(ProposeInput{Result: res, Expect: ClockWise()})
		var got []string
		for _, r := range p.Records {
			value := r.Value
			if r.Remove {
				value = "- " + *r.Replaces
			}
			got = append(got, fmt.Sprintf("%s %s %s", r.Name, r.Type, value))
		}
		if s := strings.Join(got, "; "); s != c.records {
			t.Errorf("%s: %q\nwant %q", name, s, c.records)
		}
		if said := strings.Join(p.Problems, " "); !strings.Contains(said, c.problem) || (c.problem == "") != p.Sound() {
			t.Errorf("%s: %q", name, said)
		}
	}
}
