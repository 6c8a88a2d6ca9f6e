package dmarc

import (
	"slices"
	"strings"
	"testing"
)

func TestWalkNames(t *testing.T) {
	for _, tt := range []struct{ domain, want string }{
		{"example", "example"},
		{"Customer.Example.", "customer.example example"},
		{"1.2.3.4.5.6.7.8", "1.2.3.4.5.6.7.8 2.3.4.5.6.7.8 3.4.5.6.7.8 4.5.6.7.8 5.6.7.8 6.7.8 7.8 8"},
		{"a.b.c.d.1.2.3.4.5.6.7.8", "a.b.c.d.1.2.3.4.5.6.7.8 2.3.4.5.6.7.8 3.4.5.6.7.8 4.5.6.7.8 5.6.7.8 6.7.8 7.8 8"},
	} {
		if got := strings.Join(walkNames(tt.domain), " "); got != tt.want {
			t.Errorf("%s: %s", tt.domain, got)
		}
	}
}

// The walk of a receiver asks each name once, in order, and no other.
func TestQueries(t *testing.T) {
	for _, tt := range []struct {
		name, from string
		ids        []string
		zone       []string
		want       []string
	}{
		{
			"all names", "a.customer.example", nil, at("v=DMARC1; p=none"),
			[]string{"_dmarc.a.customer.example", "_dmarc.customer.example", "_dmarc.example"},
		},
		{"psd=n stops", "customer.example", nil, at("v=DMARC1; p=none; psd=n"), []string{"_dmarc.customer.example"}},
		{
			"psd=y stops", "a.b.customer.example", nil, at("v=DMARC1; p=none; psd=y"),
			[]string{"_dmarc.a.b.customer.example", "_dmarc.b.customer.example", "_dmarc.customer.example"},
		},
		{"failure stops", "a.customer.example", nil, []string{"_dmarc.a.customer.example TXT SERVFAIL"}, []string{"_dmarc.a.customer.example"}},
		{
			"identifiers share names", "customer.example",
			[]string{"b.customer.example", "customer.example", "clockwise.info", ""},
			at("v=DMARC1; p=none"),
			[]string{"_dmarc.customer.example", "_dmarc.example", "_dmarc.b.customer.example"},
		},
		{
			"no policy, no alignment", "customer.example",
			[]string{"b.customer.example"},
			nil,
			[]string{"_dmarc.customer.example", "_dmarc.example"},
		},
		{
			"np asks whether the domain exists", "x.customer.example", nil, at("v=DMARC1; p=none; np=reject"),
			[]string{"_dmarc.x.customer.example", "_dmarc.customer.example", "_dmarc.example", "x.customer.example"},
		},
	} {
		z := soundZone(tt.zone...)
		Lookup(t.Context(), z, tt.from, Options{Identifiers: tt.ids})
		var got []string
		for _, q := range z.Asked {
			got = append(got, strings.TrimSuffix(q, " TXT"))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: asked %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Side by side asks more, and finds the same.
func TestSideBySideAgrees(t *testing.T) {
	for _, tt := range mistakes {
		ids := []string{"mail.customer.example"}
		a := Lookup(t.Context(), soundZone(tt.zone...), "b.customer.example", Options{Identifiers: ids})
		b := Lookup(t.Context(), soundZone(tt.zone...), "b.customer.example", Options{Identifiers: ids, SideBySide: true})
		if a.FoundAt != b.FoundAt || a.Policy != b.Policy || a.OrgDomain != b.OrgDomain || len(a.Walk) != len(b.Walk) || a.PSL != b.PSL {
			t.Errorf("%s: %+v and %+v", tt.id, a, b)
		}
	}
}

func TestAligned(t *testing.T) {
	for _, tt := range []struct {
		name, from, id string
		strict         bool
		zone           []string
		want           Truth
	}{
		{"equal", "customer.example", "Customer.Example.", true, nil, Yes},
		{"U-label", "bücher.example", "XN--bcher-kva.example", true, nil, Yes},
		{"U-label below", "a.bücher.example", "BÜCHER.example。", false, []string{"_dmarc.xn--bcher-kva.example TXT v=DMARC1; p=none"}, Yes},
		{"none", "customer.example", "", false, nil, No},
		{"other top", "customer.example", "clockwise.info", false, nil, No},
		{"child", "customer.example", "mail.customer.example", false, at("v=DMARC1; p=none"), Yes},
		{"child, strict", "customer.example", "mail.customer.example", true, at("v=DMARC1; p=none"), No},
		{"siblings", "a.customer.example", "b.customer.example", false, at("v=DMARC1; p=none"), Yes},
		{"other domain", "customer.example", "other.example", false, at("v=DMARC1; p=none"), No},
		{
			"child with psd=n", "customer.example", "mail.customer.example", false,
			append(at("v=DMARC1; p=none"), "_dmarc.mail.customer.example TXT v=DMARC1; p=none; psd=n"), No,
		},
		{
			"record between", "customer.example", "x.mail.customer.example", false,
			append(at("v=DMARC1; p=none"), "_dmarc.mail.customer.example TXT v=DMARC1; p=none"), Yes,
		},
		{
			"psd=n between", "customer.example", "x.mail.customer.example", false,
			append(at("v=DMARC1; p=none"), "_dmarc.mail.customer.example TXT v=DMARC1; p=none; psd=n"), No,
		},
		{"only below", "a.customer.example", "customer.example", false, []string{"_dmarc.a.customer.example TXT v=DMARC1; p=none"}, No},
		{"psd=y above", "a.customer.example", "b.customer.example", false, []string{"_dmarc.example TXT v=DMARC1; p=none; psd=y"}, Yes},
		{"psd=y at the From domain", "customer.example", "b.customer.example", false, at("v=DMARC1; p=none; psd=y"), No},
		{"no record: by the list", "a.customer.example", "customer.example", false, nil, Yes},
		{"failure", "a.customer.example", "customer.example", false, []string{"_dmarc.customer.example TXT SERVFAIL"}, Unknown},
	} {
		r := Lookup(t.Context(), soundZone(tt.zone...), tt.from, Options{SideBySide: true, Identifiers: []string{tt.id}})
		if got := r.Aligned(tt.id, tt.strict); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if tt.id == "" {
			continue
		}
		orgs := map[string]Org{}
		for _, d := range []string{clean(tt.from), clean(tt.id)} {
			orgs[d] = readOrg(newWalker(soundZone(tt.zone...)).walk(t.Context(), clean(d)))
		}
		if got := Aligned(tt.from, tt.id, tt.strict, orgs); got != tt.want {
			t.Errorf("%s by own walks: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPSL(t *testing.T) {
	for _, tt := range []struct {
		name, from string
		zone       []string
		org, at    string
		policy     Policy
		known      bool
	}{
		{"own", "customer.example", at("v=DMARC1; p=reject; sp=none"), "customer.example", "customer.example", Reject, true},
		{"parent", "a.b.customer.example", at("v=DMARC1; p=reject; sp=none"), "customer.example", "customer.example", None, true},
		{"skips between", "a.b.customer.example", []string{"_dmarc.b.customer.example TXT v=DMARC1; p=reject"}, "customer.example", "", NoPolicy, true},
		{
			"several end it", "a.customer.example",
			append(at("v=DMARC1; p=reject"), "_dmarc.a.customer.example TXT v=DMARC1; p=none", "_dmarc.a.customer.example TXT v=DMARC1; p=reject"),
			"customer.example", "", NoPolicy, true,
		},
		{"failure", "a.customer.example", []string{"_dmarc.customer.example TXT SERVFAIL"}, "customer.example", "", NoPolicy, false},
	} {
		r := Lookup(t.Context(), soundZone(tt.zone...), tt.from, Options{SideBySide: true})
		if p := r.PSL; p.OrgDomain != tt.org || p.FoundAt != tt.at || p.Policy != tt.policy || p.Known != tt.known {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
}
