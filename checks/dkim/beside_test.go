package dkim

import (
	"slices"
	"testing"
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
	z := zone{name + " TXT": {sound}, adsp: {"dkim=all"}}
	if res := Lookup(t.Context(), z, domain, selector, Options{}); res.Policies != nil {
		t.Error("asked without being told to")
	}
}
