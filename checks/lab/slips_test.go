package lab

import (
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/finding"
)

func TestSlips(t *testing.T) {
	const (
		zone   = "acme.example"
		keyAt  = "cw1._domainkey.acme.example"
		before = "v=spf1 mx -all"
		after  = "v=spf1 mx include:_spf.clockwise.info -all"
		dkim   = "v=DKIM1; k=rsa; p=" + bakeryKey
	)
	old := before
	added := finding.Record{Name: zone, Type: "TXT", Value: after}
	changed := finding.Record{Name: zone, Type: "TXT", Value: after, Replaces: &old}
	key := finding.Record{Name: keyAt, Type: "TXT", Value: dkim}
	txt := func(name, value string) []Typed { return []Typed{{Name: name, Type: "TXT", Value: value}} }
	beside := func(name string, values ...string) (out []Typed) {
		for _, v := range values {
			out = append(out, Typed{Name: name, Type: "TXT", Value: v, Beside: true})
		}
		return out
	}
	for id, c := range map[string]struct{ spf, dkim []Typed }{
		"":                   {txt(zone, after), txt(keyAt, dkim)},
		"name-doubled":       {txt("acme.example.acme.example", after), txt(keyAt+"."+zone, dkim)},
		"name-lost":          {txt(zone, after), txt(zone, dkim)},
		"underscore-lost":    {txt(zone, "v=spf1 mx include:spf.clockwise.info -all"), txt("cw1.domainkey.acme.example", dkim)},
		"www":                {txt("www.acme.example", after), txt("cw1._domainkey.www.acme.example", dkim)},
		"wrong-type":         {[]Typed{{Name: zone, Type: "SPF", Value: after}}, []Typed{{Name: keyAt, Type: "SPF", Value: dkim}}},
		"quotes-kept":        {txt(zone, `"`+after+`"`), txt(keyAt, `"`+dkim+`"`)},
		"smart-quotes":       {txt(zone, "\u201c"+after+"\u201d"), txt(keyAt, "\u201c"+dkim+"\u201d")},
		"cut-255":            {txt(zone, after), txt(keyAt, dkim[:255])},
		"cut-short":          {txt(zone, "v=spf1 mx include:_spf.clock"), txt(keyAt, dkim[:len(dkim)*2/3])},
		"spaces-inside":      {txt(zone, "v=spf1 mx include: _spf.clockwise.info -all"), txt(keyAt, "v=DKIM1; k=rsa; p="+bakeryKey[:64]+" "+bakeryKey[64:])},
		"semicolons-escaped": {txt(zone, after), txt(keyAt, `v=DKIM1\; k=rsa\; p=`+bakeryKey)},
		"second-record":      {beside(zone, after), beside(keyAt, dkim[:255], dkim[255:])},
		"wrong-record":       {txt(zone, before+" "+after), txt(keyAt, dkim+" "+dkim)},
		"other-key":          {txt(zone, after), txt(keyAt, "v=DKIM1; k=rsa; p="+museumKey)},
		"only-one-server": {
			[]Typed{{Name: zone, Type: "TXT", Value: after, FirstOnly: true}},
			[]Typed{{Name: keyAt, Type: "TXT", Value: dkim, FirstOnly: true}},
		},
		"nothing": {nil, nil},
	} {
		s, ok := SlipOf(id)
		if !ok {
			t.Errorf("no slip is called %q", id)
			continue
		}
		for _, k := range []struct {
			rec  finding.Record
			want []Typed
		}{{changed, c.spf}, {key, c.dkim}} {
			if got := s.Type(k.rec, zone); !same(got, k.want) {
				t.Errorf("%s: %+v", id, got)
			}
			if spoils := !same(k.want, []Typed{asWritten(k.rec)}); s.Spoils(k.rec, zone) != spoils {
				t.Errorf("%s spoils %s: %v", id, k.rec.Name, !spoils)
			}
		}
	}
	if got := typeBeside(added, zone); len(got) != 2 || !got[1].Beside {
		t.Errorf("beside nothing: %+v", got)
	}
	if got := (Slip{}).Type(added, zone); !same(got, []Typed{asWritten(added)}) {
		t.Errorf("no slip: %+v", got)
	}
	seen := map[string]bool{}
	for i, s := range Slips() {
		if s.Title == "" || seen[s.ID] || i == 0 != (s.ID == "") || strings.HasSuffix(s.Title, ".") {
			t.Errorf("slip %d: %+v", i, s)
		}
		seen[s.ID] = true
	}
}

func same(a, b []Typed) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
