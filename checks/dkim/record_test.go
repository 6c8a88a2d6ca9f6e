package dkim

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks/finding"
)

func TestParse(t *testing.T) {
	r := Parse("v=DKIM1; k=ed25519; h=sha1 : sha256; s=email; t=y:s; p=AA", " BB\t; x")
	if r.Text() != "v=DKIM1; k=ed25519; h=sha1 : sha256; s=email; t=y:s; p=AA BB\t; x" {
		t.Errorf("text %q", r.Text())
	}
	if r.Version() != "DKIM1" || r.KeyType() != "ed25519" || r.Key() != "AABB" {
		t.Errorf("version %q, type %q, key %q", r.Version(), r.KeyType(), r.Key())
	}
	if !slices.Equal(r.Hashes(), []string{"sha1", "sha256"}) || !slices.Equal(r.Services(), []string{"email"}) || !slices.Equal(r.Flags(), []string{"y", "s"}) {
		t.Errorf("hashes %q, services %q, flags %q", r.Hashes(), r.Services(), r.Flags())
	}
	empty := Parse("")
	if empty.Version() != "DKIM1" || empty.KeyType() != "rsa" || empty.Hashes() != nil || !slices.Equal(empty.Services(), []string{"*"}) || empty.Flags() != nil {
		t.Error("defaults of an empty record")
	}
	if _, ok := r.Tag("V"); ok {
		t.Error("tag names are case-sensitive")
	}
}

func TestDecodeKey(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	tests := []struct {
		text     string
		encoding Encoding
		whole    bool
	}{
		{key, Info, true},
		{key[:100] + " \t" + key[100:], Info, true},
		{b64(x509.MarshalPKCS1PublicKey(&private.PublicKey)), Bare, true},
		{keyText(edPublic), Raw, true},
		{wrapped(t, edPublic), WrappedEd25519, true},
		{b64(x509.MarshalPKCS1PrivateKey(private)), Private, false},
		{b64(x509.MarshalPKCS1PrivateKey(private))[:400], Private, false},
		{key[:237], NoEncoding, false},
		{"", NoEncoding, false},
		{"MA==", NoEncoding, false},
		{"MIL/////", NoEncoding, false},
		{"!", NoEncoding, false},
	}
	for _, tt := range tests {
		k := DecodeKey(tt.text)
		if k.Encoding != tt.encoding || (k.Public != nil) != tt.whole || tt.whole == (k.Problem != "") {
			t.Errorf("%.30q: encoding %d, public %v, problem %q", tt.text, k.Encoding, k.Public != nil, k.Problem)
		}
	}
	if k := DecodeKey(key[:237]); !k.Truncated() || k.Have != 237 || k.Want != 392 {
		t.Errorf("%d of %d", k.Have, k.Want)
	}
	if !sameKey(DecodeKey(key).Public, &private.PublicKey) || sameKey(DecodeKey(key).Public, &other.PublicKey) || sameKey(nil, nil) {
		t.Error("keys are compared wrongly")
	}
}

func TestSameMeaning(t *testing.T) {
	for _, same := range []string{
		"p=" + key, "v=DKIM1;p=" + key + ";", "v=DKIM1; s=*; k=rsa; p=" + key, "v=DKIM1; s=email; p=" + key[:9] + " " + key[9:],
	} {
		if !sameMeaning(sound, same) {
			t.Errorf("%.40q differs", same)
		}
	}
	for _, different := range []string{
		head + otherKey, head, "v=DKIM1; t=s; p=" + key, "v=DKIM1; h=sha256; p=" + key, "v=dkim1; p=" + key, "",
	} {
		if sameMeaning(sound, different) {
			t.Errorf("%.40q is the same", different)
		}
	}
}

func TestNextSelector(t *testing.T) {
	for s, want := range map[string]string{"cw1": "cw2", "cw9": "cw10", "cw": "cw2", "2024": "2025", "a1b": "a1b2", "x99999999999": "x999999999992"} {
		if got := nextSelector(s); got != want {
			t.Errorf("after %s comes %s, want %s", s, got, want)
		}
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Code] || !strings.HasPrefix(r.Code, "dkim.") || r.Tier == 0 || len(r.References) == 0 {
			t.Errorf("rule %s", r.Code)
		}
		seen[r.Code] = true
		if (r.Severity == finding.Note) != (r.Action == "") {
			t.Errorf("%s: severity %v with action %q", r.Code, r.Severity, r.Action)
		}
	}
}

// FuzzParse holds that judging any text neither panics nor proposes a record
// that would be judged again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		sound, "", ";", "v=DKIM1; p=", "\"" + sound + "\"", "v=DKIM1 k=rsa p=" + key, "p=\xff\u200b", "\r\n \n=;==", key,
		"x IN TXT (\"v=DKIM1; p=" + key + "\")", "v=spf1 -all", "TXT\"", "v=DKIM1; k=ed25519; p=" + keyText(edPublic),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Parse(text).Text(); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		for _, exp := range []Expected{{}, ours()} {
			v := judge(text, exp)
			if v.mended == "" {
				continue
			}
			again := judge(v.mended, exp)
			if again.mended != v.mended {
				t.Fatalf("proposing again for %q changes\n%q into\n%q", text, v.mended, again.mended)
			}
			for _, m := range again.mistakes {
				if mendable(m.rule) && m.rule.Severity >= finding.Warning {
					t.Fatalf("%s is raised for the proposal %q", m.rule.Code, v.mended)
				}
			}
		}
	})
}

func FuzzDecodeKey(f *testing.F) {
	for _, seed := range []string{key, key[:237], keyText(edPublic), wrapped2(edPublic), "MA==", "", "MIL/////w=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k := DecodeKey(text)
		if k.Public == nil {
			if k.Problem == "" {
				t.Fatal("no key and no problem")
			}
			return
		}
		if text := keyText(k.Public); text != "" {
			again := DecodeKey(text)
			if !sameKey(again.Public, k.Public) && !bytes.Equal(again.Octets, k.Octets) {
				t.Fatalf("written again as %q, another key", text)
			}
		}
	})
}

func wrapped2(pub any) string {
	b, _ := x509.MarshalPKIXPublicKey(pub)
	return base64.StdEncoding.EncodeToString(b)
}
