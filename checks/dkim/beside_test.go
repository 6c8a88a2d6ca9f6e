package dkim

import (
	"slices"
	"testing"

	"clockwise.info/cwmail/checks/finding"
)

// TestBeside holds what is said of records beside a sound key.
func TestBeside(t *testing.T) {
	policy, adsp := "_domainkey."+domain+" TXT", "_adsp._domainkey."+domain+" TXT"
	for _, tt := range []struct {
		row    string
		zone   zone
		shared []string
		want   []string
	}{
		{"nothing", zone{name + " TXT": {sound}}, nil, nil},
		{"DomainKeys", zone{name + " TXT": {sound}, policy: {"t=y; o=~"}}, nil, []string{"dkim.domainkeys-policy"}},
		{"ADSP", zone{name + " TXT": {sound}, adsp: {"dkim=all"}}, nil, []string{"dkim.adsp-record"}},
		{"another text", zone{name + " TXT": {sound}, adsp: {"hello"}, policy: {sound}}, nil, nil},
		{"unreadable", zone{name + " TXT": {sound}, adsp: {"!"}, policy: {"!"}}, nil, nil},
		{"shared", zone{name + " TXT": {sound}}, []string{"cw2._domainkey.other.example"}, []string{"dkim.key-shared"}},
	} {
		t.Run(tt.row, func(t *testing.T) {
			res := Lookup(t.Context(), tt.zone, domain, selector, Options{Wildcard: true, Thorough: true})
			var got []string
			for _, f := range Findings(Input{Result: res, Expected: ours(), Sending: true, Shared: tt.shared}) {
				raised.Store(f.Code(), true)
				got = append(got, f.Code())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		row, selector, old string
		texts, used        []string
		want               bool
	}{
		{"left over", "cw2", "cw1", []string{sound}, nil, true},
		{"still used", "cw2", "cw1", []string{sound}, []string{RecordName("cw1", domain)}, false},
		{"revoked", "cw2", "cw1", []string{"v=DKIM1; p="}, nil, false},
		{"gone", "cw2", "cw1", nil, nil, false},
		{"unreadable", "cw2", "cw1", []string{"!"}, nil, false},
		{"another's name", "selector2", "selector1", []string{sound}, nil, false},
		{"the first", "cw1", "cw0", []string{sound}, nil, false},
		{"ten", "cw10", "cw9", []string{sound}, nil, true},
	} {
		z := zone{RecordName(tt.selector, domain) + " TXT": {sound}}
		if tt.texts != nil {
			z[RecordName(tt.old, domain)+" TXT"] = tt.texts
		}
		res := Lookup(t.Context(), z, domain, tt.selector, Options{Wildcard: true, Thorough: true, Used: tt.used})
		all := Findings(Input{Result: res, Expected: ours(), Sending: true})
		i := slices.IndexFunc(all, func(f finding.Finding) bool { return f.Code() == "dkim.old-key-published" })
		if (i >= 0) != tt.want || i >= 0 && (all[i].Fix.Records[0].Name != RecordName(tt.old, domain) || !all[i].Fix.Records[0].Remove) {
			t.Errorf("%s: %v", tt.row, all)
		}
		if i >= 0 {
			raised.Store(all[i].Code(), true)
		}
	}
	z := zone{name + " TXT": {sound}, adsp: {"dkim=all"}}
	if res := Lookup(t.Context(), z, domain, selector, Options{}); res.Policies != nil {
		t.Error("asked without being told to")
	}
}
