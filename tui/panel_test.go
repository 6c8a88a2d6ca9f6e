package tui

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/tui/tuitest"
)

// hostedBy is the invented world with other name servers.
func hostedBy(servers ...string) Options {
	o := options()
	o.Examine = func(ctx context.Context, t checks.Target, emit func(checks.Event)) checks.Report {
		r := tuitest.Examine(ctx, t, emit)
		r.Answers = slices.Clone(r.Answers)
		for i, a := range r.Answers {
			if a.Question.Type != dns.TypeNS || a.Status != dns.Found {
				continue
			}
			r.Answers[i].Records = nil
			for _, s := range servers {
				r.Answers[i].Records = append(r.Answers[i].Records, dns.Record{Type: dns.TypeNS, Host: s})
			}
		}
		return r
	}
	return o
}

// TestRecordCard holds what the card of a record says at companies whose panel
// is known for certain, in part and not at all.
func TestRecordCard(t *testing.T) {
	t.Parallel()
	for name, servers := range map[string][]string{
		"transip": {"ns0.transip.net", "ns1.transip.nl"},
		"strato":  {"shades01.rzone.de"},
		"route53": {"ns-1.awsdns-01.com"},
		"godaddy": {"ns51.domaincontrol.com"},
		"hostnet": {"ns1.hostnet.nl"},
	} {
		for walk, keys := range map[string][]string{"add": {"enter", "enter"}, "change": {"j", "enter", "enter"}} {
			t.Run(name+"-"+walk, func(t *testing.T) {
				a := ready(t, hostedBy(servers...), 120, 46)
				press(a, keys...)
				a.home.Rest()
				golden(t, filepath.Join("testdata", "screens", "card-"+name+"-"+walk+".txt"), screen(a))
			})
		}
	}
}

// TestFormOfRecord holds that F shows the record in other forms, and that what
// is copied is the form that is chosen.
func TestFormOfRecord(t *testing.T) {
	t.Parallel()
	a := ready(t, hostedBy("ns0.transip.net"), 120, 40)
	press(a, "j", "enter", "enter", "F")
	for _, want := range []string{
		"  v=spf1 mx include:spf.mailer.example include:_spf.clockwise.info -all\n",
		`  shop.example. 3600 IN TXT "v=spf1 mx include:spf.mailer.example include:_spf.clockwise.info -all"`,
		"  shop.example\n  v=spf1 mx",
		`"Action": "UPSERT"`, `"content": "\"v=spf1 mx`, "  az network dns record-set txt remove-record", `resource "aws_route53_record" "txt_shop_example" {`,
	} {
		if got := screen(a); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
		press(a, "j")
	}
}
