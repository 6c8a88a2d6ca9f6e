package spf

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

const (
	customer = "customer.example"
	sound    = "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info -all"
)

// raised collects the codes that the tables have seen.
var raised = map[string]bool{}

func see(all []finding.Finding) {
	for _, f := range all {
		raised[f.Code()] = true
	}
}

// world is the rest of the world around the customer's zone.
func world(t *testing.T) *zone {
	t.Helper()
	return parseZone(t, `
		_spf.clockwise.info TXT v=spf1 ip4:31.134.206.128/28 -all
		spf.protection.outlook.com TXT v=spf1 ip4:40.92.0.0/15 -all
		suite-a.example TXT v=spf1 include:a1.example include:a2.example include:a3.example -all
		a1.example TXT v=spf1 ip4:20.0.1.0/24 -all
		a2.example TXT v=spf1 ip4:20.0.2.0/24 -all
		a3.example TXT v=spf1 ip4:20.0.3.0/24 -all
		suite-b.example TXT v=spf1 include:b1.example include:b2.example include:b3.example -all
		b1.example TXT v=spf1 ip4:20.1.1.0/24 -all
		b2.example TXT v=spf1 ip4:20.1.2.0/24 -all
		b3.example TXT v=spf1 ip4:20.1.3.0/24 -all
		crm.example TXT v=spf1 include:c1.example -all
		c1.example TXT v=spf1 ip4:20.2.1.0/24 -all
		mail.customer.example A 20.3.0.1
		reports.example MX 10 mx.reports.example
		mx.reports.example A 20.3.0.2
		customer.example MX 10 customer-example.mail.protection.outlook.com
		_dmarc.customer.example TXT v=DMARC1; p=none; rua=mailto:dmarc@customer.example
	`)
}

// examine looks a domain up and judges it as an examination does.
func examine(t *testing.T, z *zone, domain string, change func(*Input)) (Input, []finding.Finding) {
	t.Helper()
	expect := ClockWise()
	in := Input{
		Result: Lookup(t.Context(), z, domain, expect.Relays, Options{}),
		Expect: expect, Sending: true, HasDMARC: Yes, MX: []string{},
	}
	own := Lookup(t.Context(), z, expect.Include, expect.Relays, Options{})
	in.ClockWise = &own
	for _, r := range z.answer(dns.Ask(domain, dns.TypeMX)).Records {
		in.MX = append(in.MX, r.Host)
	}
	if change != nil {
		change(&in)
	}
	all := Findings(in)
	arrange(all)
	see(all)
	return in, all
}

func arrange(all []finding.Finding) {
	finding.Silence(all)
	finding.Sort(all, finding.Order(Rules()))
}

func top(all []finding.Finding) finding.Finding {
	if len(all) == 0 {
		return finding.Finding{Rule: &finding.Rule{}}
	}
	return all[0]
}

func codes(all []finding.Finding) string {
	var out []string
	for _, f := range all {
		s := f.Code() + "(" + f.Severity().String() + ")"
		if f.Object != "" {
			s += " on " + f.Object
		}
		if f.SilencedBy != "" {
			s += " by " + f.SilencedBy
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n\t")
}

// apply makes the change of a fix in a zone.
func apply(t *testing.T, z *zone, fix *finding.Fix) {
	t.Helper()
	for _, r := range fix.Records {
		typ, _ := dns.ParseType(r.Type)
		types := z.names[r.Name]
		if r.Replaces != nil {
			at := slices.IndexFunc(types[typ], func(rec dns.Record) bool { return strings.Join(rec.Strings, "") == *r.Replaces })
			if at < 0 {
				t.Fatalf("%s %s has no %q to replace", r.Name, r.Type, *r.Replaces)
			}
			types[typ] = slices.Delete(slices.Clone(types[typ]), at, at+1)
			if len(types[typ]) == 0 {
				delete(types, typ)
			}
			if len(types) == 0 {
				delete(z.names, r.Name)
			}
		}
		if !r.Remove {
			z.add(t, r.Name, r.Type, split255(r.Value)...)
		}
	}
}

func split255(s string) []string {
	var out []string
	for len(s) > 255 {
		out = append(out, s[:255])
		s = s[255:]
	}
	return append(out, s)
}

// mended checks that the fix of each finding makes it go, and brings no new
// failure.
func mended(t *testing.T, build func() *zone, domain string, change func(*Input), all []finding.Finding) {
	t.Helper()
	for _, f := range all {
		if f.Fix == nil {
			continue
		}
		z := build()
		apply(t, z, f.Fix)
		_, after := examine(t, z, domain, func(in *Input) {
			if change != nil {
				change(in)
			}
			in.More = nil
		})
		for _, g := range after {
			if g.Code() == f.Code() && g.Object == f.Object {
				t.Errorf("%s on %q is still there after its fix:\n%v\n\t%s", f.Code(), f.Object, f.Fix.Records, codes(after))
			}
			if g.Severity() == finding.Failure && !slices.ContainsFunc(all, func(h finding.Finding) bool { return h.Code() == g.Code() }) {
				t.Errorf("the fix of %s brings %s:\n%v\n\t%s", f.Code(), g.Code(), f.Fix.Records, codes(after))
			}
		}
	}
}

const (
	asSound = ""  // the corrected record is the sound one
	byHand  = "-" // only a person can choose what to take out
)

// mistakes are the rows S01 to S76 of the catalogue, "Mistakes that people
// make in DNS panels".
var mistakes = []struct {
	id, name, typ string
	values        []string // records; "|" between strings
	result, top   string
	corrected     string
	hand          string // the term that a person takes out
}{
	{"S01", customer + "." + customer, "TXT", []string{sound}, None, "spf.name-doubled", asSound, ""},
	{"S02", "www." + customer, "TXT", []string{sound}, None, "spf.wrong-name", asSound, ""},
	{"S03", "_spf." + customer, "TXT", []string{sound}, None, "spf.wrong-name", asSound, ""},
	{"S04", "@." + customer, "TXT", []string{sound}, None, "spf.wrong-name", asSound, ""},
	{"S05", "_dmarc." + customer, "TXT", []string{"v=spf1 include:_spf.clockwise.info -all"}, None, "spf.wrong-name", asSound, ""},
	{"S06", customer, "SPF", []string{sound}, None, "spf.wrong-type", asSound, ""},
	{"S07", customer, "TXT", []string{`"` + sound + `"`}, None, "spf.quotes-in-value", asSound, ""},
	{"S08", customer, "TXT", []string{`v=spf1 include:spf.protection.outlook.com include:"_spf.clockwise.info" -all`}, PermError, "spf.quotes-in-value", asSound, ""},
	{"S09", customer, "TXT", []string{"\u201c" + sound + "\u201d"}, None, "spf.non-ascii", asSound, ""},
	{"S10", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info \u2013all"}, PermError, "spf.non-ascii", asSound, ""},
	{"S11", customer, "TXT", []string{"v=spf1\u00a0include:spf.protection.outlook.com include:_spf.clockwise.info -all"}, None, "spf.non-ascii", asSound, ""},
	{"S12", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info\u200b -all"}, PermError, "spf.non-ascii", asSound, ""},
	{"S13", customer, "TXT", []string{" " + sound}, None, "spf.leading-characters", asSound, ""},
	{"S14", customer, "TXT", []string{`@ IN TXT "` + sound + `"`}, None, "spf.zone-line-in-value", asSound, ""},
	{"S15", customer, "TXT", []string{"TXT " + sound}, None, "spf.zone-line-in-value", asSound, ""},
	{"S16", customer, "TXT", []string{sound[2:]}, None, "spf.version-misspelt", asSound, ""},
	{"S17", customer, "TXT", []string{"v = spf1" + sound[6:]}, None, "spf.version-misspelt", asSound, ""},
	{"S18", customer, "TXT", []string{"v=spf1;" + sound[6:]}, None, "spf.version-unterminated", asSound, ""},
	{"S19", customer, "TXT", []string{"v=spf1" + sound[7:]}, None, "spf.version-unterminated", asSound, ""},
	{"S20", customer, "TXT", []string{strings.ReplaceAll(sound, " ", "\t")}, None, "spf.control-character", asSound, ""},
	{"S21", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com\ninclude:_spf.clockwise.info -all"}, PermError, "spf.control-character", asSound, ""},
	{"S22", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -all", "v=spf1 include:_spf.clockwise.info -all"}, PermError, "spf.multiple-records", asSound, ""},
	{"S22, as answers come", customer, "TXT", []string{"v=spf1 include:_spf.clockwise.info -all", "v=spf1 include:spf.protection.outlook.com -all"}, PermError, "spf.multiple-records", asSound, ""},
	{"S23", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -all v=spf1 include:_spf.clockwise.info -all"}, Fail, "spf.version-repeated", asSound, ""},
	{"S24", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com; include:_spf.clockwise.info; -all"}, PermError, "spf.separator-wrong", asSound, ""},
	{"S25", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com, include:_spf.clockwise.info, -all"}, PermError, "spf.separator-wrong", asSound, ""},
	{"S26", customer, "TXT", []string{sound + ";"}, PermError, "spf.separator-wrong", asSound, ""},
	{"S27", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info-all"}, PermError, "spf.space-missing", asSound, ""},
	{"S28", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info~all"}, PermError, "spf.space-missing", "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info ~all", ""},
	{"S29", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com|include:_spf.clockwise.info -all"}, PermError, "spf.strings-joined-without-space", asSound, ""},
	{"S30", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include: _spf.clockwise.info -all"}, PermError, "spf.space-after-colon", asSound, ""},
	{"S31", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include=_spf.clockwise.info -all"}, Fail, "spf.mechanism-with-equals", asSound, ""},
	{"S32", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com inlude:_spf.clockwise.info -all"}, PermError, "spf.unknown-mechanism", asSound, ""},
	{"S33", customer, "TXT", []string{sound + " (ClockWise)"}, PermError, "spf.unknown-mechanism", asSound, ""},
	{"S34", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com redirect:_spf.clockwise.info -all"}, PermError, "spf.modifier-with-colon", asSound, ""},
	{"S35", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info - all"}, PermError, "spf.qualifier-wrong", asSound, ""},
	{"S36", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info =all"}, PermError, "spf.qualifier-wrong", asSound, ""},
	{"S37", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info include: -all"}, PermError, "spf.domain-empty", asSound, ""},
	{"S38", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info/28 -all"}, PermError, "spf.domain-malformed", asSound, ""},
	{"S39", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -all"}, Fail, "spf.include-clockwise-missing", asSound, ""},
	{"S40", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -all include:_spf.clockwise.info"}, Fail, "spf.include-clockwise-after-all", asSound, ""},
	{"S41", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:spf.clockwise.info -all"}, PermError, "spf.include-clockwise-misspelt", asSound, ""},
	{"S42", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.com -all"}, PermError, "spf.include-clockwise-misspelt", asSound, ""},
	{"S43", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwice.info -all"}, PermError, "spf.include-clockwise-misspelt", asSound, ""},
	{"S44", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:include:_spf.clockwise.info -all"}, PermError, "spf.include-clockwise-misspelt", asSound, ""},
	{"S45", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:https://_spf.clockwise.info -all"}, PermError, "spf.include-clockwise-misspelt", asSound, ""},
	{"S46", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com _spf.clockwise.info -all"}, PermError, "spf.include-clockwise-wrong-mechanism", asSound, ""},
	{"S47", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com a:_spf.clockwise.info -all"}, Fail, "spf.include-clockwise-wrong-mechanism", asSound, ""},
	{"S48", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:_spf.clockwise.info -all"}, PermError, "spf.include-clockwise-wrong-mechanism", asSound, ""},
	{"S49", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -include:_spf.clockwise.info -all"}, Fail, "spf.include-clockwise-qualified", asSound, ""},
	{"S50", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ~include:_spf.clockwise.info -all"}, SoftFail, "spf.include-clockwise-qualified", asSound, ""},
	{"S51", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -all redirect=_spf.clockwise.info"}, Fail, "spf.include-clockwise-behind-redirect", asSound, ""},
	{"S52", customer, "TXT", []string{"v=spf1 redirect=_spf.clockwise.info"}, Pass, "spf.redirect-to-clockwise", asSound, ""},
	{"S53", customer, "TXT", []string{"v=spf1 include:_spf.clockwise.info include:spf.protection.outlook.com include:_spf.clockwise.info -all"}, Pass, "spf.include-clockwise-duplicate", "v=spf1 include:_spf.clockwise.info include:spf.protection.outlook.com -all", ""},
	{"S54", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com -ip4:31.134.206.0/24 include:_spf.clockwise.info -all"}, Fail, "spf.clockwise-network-refused", asSound, ""},
	{"S55", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:31.134.206.128 -all"}, Fail, "spf.clockwise-network-incomplete", asSound, ""},
	{"S56", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:31.134.206.128/29 -all"}, Pass, "spf.clockwise-network-incomplete", asSound, ""},
	{"S57", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:31.134.206.128-143 -all"}, PermError, "spf.address-malformed", asSound, ""},
	{"S58", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:31.134.206.* -all"}, PermError, "spf.address-malformed", asSound, ""},
	{"S59", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:31.134.206.128/280 -all"}, PermError, "spf.prefix-malformed", asSound, ""},
	{"S60", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip:31.134.206.128/28 -all"}, PermError, "spf.unknown-mechanism", asSound, ""},
	{"S61", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com ip4:31.134.206.128/28 -all"}, Pass, "spf.clockwise-as-literal", asSound, ""},
	{"S62", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info all"}, Pass, "spf.all-pass", asSound, ""},
	{"S63", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info +all"}, Pass, "spf.all-pass", asSound, ""},
	{"S64", customer, "TXT", []string{"v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info"}, Pass, "spf.all-missing", asSound, ""},
	{"S65", customer, "TXT", []string{"v=spf1 include:_spf.clockwise.info -all include:spf.protection.outlook.com"}, Pass, "spf.terms-after-all", "v=spf1 include:_spf.clockwise.info include:spf.protection.outlook.com -all", ""},
	{"S66", customer, "TXT", []string{"v=spf1 include:suite-a.example include:suite-b.example include:crm.example include:_spf.clockwise.info -all"}, PermError, "spf.too-many-lookups", byHand, "include:suite-b.example"},
	{"S67", customer, "TXT", []string{"v=spf1 include:suite-a.example include:suite-b.example include:spf.protection.outlook.com include:_spf.clockwise.info -all"}, Pass, "spf.at-limit", byHand, "include:suite-b.example"},
	{"S68", customer, "TXT", []string{"v=spf1 include:gone.example include:spf.protection.outlook.com include:_spf.clockwise.info -all"}, PermError, "spf.include-target-without-spf", asSound, ""},
	{"S69", customer, "TXT", []string{"v=spf1 a:old1.customer.example a:old2.customer.example a:old3.customer.example include:_spf.clockwise.info -all"}, PermError, "spf.too-many-void-lookups", "v=spf1 include:_spf.clockwise.info -all", ""},
	{"S70", customer, "TXT", []string{"v=spf1 include:customer.example include:_spf.clockwise.info -all"}, PermError, "spf.loop", "v=spf1 include:_spf.clockwise.info -all", ""},
	{"S71", customer, "TXT", []string{cutOff()}, PermError, "spf.truncated", strings.TrimSuffix(cutOff(), "include:_spf.clockw") + "include:_spf.clockwise.info -all", ""},
	{"S72", customer, "TXT", []string{sound}, None, "spf.not-inherited", "v=spf1 include:_spf.clockwise.info -all", ""},
	{"S73", customer, "TXT", []string{"spf2.0/pra include:_spf.clockwise.info -all"}, None, "spf.missing", asSound, ""},
	{"S74", customer, "TXT", []string{sound + " v=DMARC1; p=none"}, Pass, "spf.wrong-content", asSound, ""},
	{"S75", customer, "TXT", []string{strings.ToUpper(sound)}, Pass, "spf.version-case", asSound, ""},
	{"S76", customer, "TXT", []string{"v=spf1 redirect=spf.protection.outlook.com include:_spf.clockwise.info"}, Pass, "spf.modifier-not-last", asSound, ""},
}

// cutOff is one string of exactly 255 octets that ends inside the include.
func cutOff() string {
	s := "v=spf1"
	for i := range 17 {
		s += fmt.Sprintf(" ip4:20.9.0.%d", i+1) // 9 of 13 octets, 8 of 14
	}
	return s + " include:_spf.clockw"
}

func testMistakes(t *testing.T) {
	if n := len(cutOff()); n != 255 {
		t.Fatalf("the record of S71 has %d octets", n)
	}
	for _, c := range mistakes {
		t.Run(c.id, func(t *testing.T) {
			domain := customer
			if c.id == "S72" {
				domain = "mail." + customer
			}
			build := func() *zone {
				z := world(t)
				for _, v := range c.values {
					z.add(t, c.name, c.typ, strings.Split(v, "|")...)
				}
				return z
			}
			in, all := examine(t, build(), domain, nil)
			if got := in.Result.Outcomes[2]; got.Result != c.result {
				t.Errorf("result %s, want %s: %v", got.Result, c.result, got.Problem)
			}
			if got := top(all); got.Code() != c.top {
				t.Fatalf("top finding is %s, want %s:\n\t%s", got.Code(), c.top, codes(all))
			}
			for _, f := range all {
				if len(f.Evidence) == 0 {
					t.Errorf("%s has no evidence", f.Code())
				}
			}
			z := build()
			fix := top(all).Fix
			if c.corrected == byHand {
				p := Propose(ProposeInput{Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX})
				if !slices.ContainsFunc(p.Removals, func(r Removal) bool { return r.Term == c.hand }) {
					t.Errorf("%s is not among what could go: %+v", c.hand, p.Removals)
				}
				fix = &finding.Fix{Records: []finding.Record{{
					Name: domain, Type: "TXT", Value: strings.Replace(c.values[0], c.hand+" ", "", 1), Replaces: &c.values[0],
				}}}
			} else {
				want := c.corrected
				if want == asSound {
					want = sound
				}
				if fix == nil {
					t.Fatalf("no fix; proposal:\n%+v", Propose(ProposeInput{Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX}))
				}
				if got := fix.Records[0]; got.Value != want || got.Name != domain || got.Type != "TXT" {
					t.Errorf("fix\n%+v, want\n%s", got, want)
				}
			}
			apply(t, z, fix)
			in, after := examine(t, z, domain, nil)
			for _, f := range after {
				if f.Severity() != finding.Note {
					t.Errorf("after the fix there is %s:\n\t%s", f.Code(), codes(after))
				}
			}
			for _, o := range in.Result.Outcomes {
				if o.Result != Pass {
					t.Errorf("after the fix %s gets %s", o.Client.IP, o.Result)
				}
			}
			again := Propose(ProposeInput{Result: in.Result, Expect: in.Expect, ClockWise: in.ClockWise, MX: in.MX})
			if len(again.Records) != 0 || again.Before == nil || again.After != *again.Before {
				t.Errorf("proposing again changes the record: %q, %+v", again.After, again.Records)
			}
			mended(t, build, domain, nil, all)
		})
	}
}
