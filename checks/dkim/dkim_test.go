package dkim

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

const (
	domain   = "customer.example"
	selector = "cw1"
	name     = "cw1._domainkey.customer.example"
	head     = "v=DKIM1; k=rsa; p="
)

// keys are made once; each case changes the text of one of them.
var (
	private, other *rsa.PrivateKey
	edPublic       ed25519.PublicKey
	key, otherKey  string // base64, 392 characters
	sound          string // the sound record
)

func TestMain(m *testing.M) {
	var err error
	make := func() *rsa.PrivateKey {
		k, e := rsa.GenerateKey(rand.Reader, 2048)
		err = errors.Join(err, e)
		return k
	}
	// Cases replace "+", so the key must have one.
	for key == "" || !strings.Contains(key, "+") {
		private = make()
		key = keyText(&private.PublicKey)
	}
	other = make()
	otherKey = keyText(&other.PublicKey)
	edPublic, _, _ = ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	sound = head + key
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		code = unraised()
	}
	os.Exit(code)
}

// unraised fails the run when a declared code was raised by no case.
func unraised() int {
	code := 0
	for _, r := range Rules() {
		if _, ok := raised.Load(r.Code); !ok {
			fmt.Fprintln(os.Stderr, "raised by no test:", r.Code)
			code = 1
		}
	}
	return code
}

// zone answers from a table: "name TYPE" to the strings of its records, one
// value a record, or CNAME targets. "!" as a value makes the question fail.
type zone map[string][]string

func (z zone) Lookup(_ context.Context, q dns.Question) dns.Answer {
	a := dns.Answer{Question: q, Server: "192.0.2.53:53"}
	for at := q.Name; ; {
		if target, ok := z[at+" CNAME"]; ok && q.Type != dns.TypeCNAME {
			at = target[0]
			if slices.Contains(a.Chain, at) {
				a.Err = &dns.Error{Kind: dns.KindLoop}
				return a
			}
			a.Chain = append(a.Chain, at)
			continue
		}
		values, ok := z[at+" "+q.Type.String()]
		if !ok && q.Type == dns.TypeTXT {
			if _, parent, cut := strings.Cut(at, "."); cut && strings.HasSuffix(parent, "_domainkey."+domain) {
				values, ok = z["*."+parent+" TXT"]
			}
		}
		switch {
		case ok && values[0] == "!":
			a.Err = &dns.Error{Kind: dns.KindServFail, Server: a.Server}
			return a
		case ok:
			a.Status = dns.Found
			for _, v := range values {
				a.Records = append(a.Records, dns.Record{Name: at, Type: q.Type, Strings: strings.Split(v, "|")})
			}
			return a
		}
		a.Status = dns.NoName
		for n := range z {
			if strings.HasSuffix(strings.Fields(n)[0], "."+at) || strings.Fields(n)[0] == at {
				a.Status = dns.Empty
			}
		}
		return a
	}
}

// apply makes the changes of a fix.
func (z zone) apply(fix *finding.Fix) zone {
	out := zone{}
	for k, v := range z {
		out[k] = slices.Clone(v)
	}
	for _, r := range fix.Records {
		at := r.Name + " " + r.Type
		if r.Replaces != nil {
			out[at] = slices.DeleteFunc(out[at], func(v string) bool {
				return strings.ReplaceAll(v, "|", "") == *r.Replaces
			})
		}
		if !r.Remove {
			out[at] = append(out[at], r.Value)
		}
		if len(out[at]) == 0 {
			delete(out, at)
		}
	}
	return out
}

func (z zone) findings(t *testing.T, exp Expected) []finding.Finding {
	t.Helper()
	return z.findingsAt(t, exp, domain, selector)
}

func (z zone) findingsAt(t *testing.T, exp Expected, domain, selector string) []finding.Finding {
	t.Helper()
	res := Lookup(t.Context(), z, domain, selector, Options{})
	return sorted(Findings(Input{Result: res, Expected: exp, Sending: true}))
}

// raised collects the codes that any test raised.
var raised sync.Map

func sorted(all []finding.Finding) []finding.Finding {
	finding.Silence(all)
	finding.Sort(all, finding.Order(Rules()))
	for _, f := range all {
		raised.Store(f.Code(), true)
	}
	return all
}

func codes(all []finding.Finding) []string {
	var out []string
	for _, f := range all {
		c := f.Code()
		if f.SilencedBy != "" {
			c = "(" + c + ")"
		}
		out = append(out, c)
	}
	return out
}

func ours() Expected { return Expected{Public: &private.PublicKey, Source: "keys/cw1.pem"} }

// TestMistakes holds the rows K01 to K41 of the catalogue: a zone with one
// mistake, the finding on top, and the record after the fix.
func TestMistakes(t *testing.T) {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	at := name + " TXT"
	txt := func(values ...string) zone { return zone{at: values} }
	const spf = "v=spf1 include:_spf.clockwise.info -all"
	tests := []struct {
		row  string
		zone zone
		top  string
	}{
		{"K01", zone{name + "." + domain + " TXT": {sound}}, "dkim.name-doubled"},
		{"K02", zone{"cw1.customer.example TXT": {sound}}, "dkim.wrong-name"},
		{"K03", zone{"cw1.domainkey.customer.example TXT": {sound}}, "dkim.wrong-name"},
		{"K04", zone{"_domainkey.cw1.customer.example TXT": {sound}}, "dkim.wrong-name"},
		{"K05", zone{"default._domainkey.customer.example TXT": {sound}}, "dkim.wrong-name"},
		{"K06", zone{"cw1._domainkey.www.customer.example TXT": {sound}}, "dkim.wrong-name"},
		{"K07", zone{"customer.example TXT": {spf, sound}}, "dkim.wrong-name"},
		{"K08", zone{"_domainkey.customer.example TXT": {sound}}, "dkim.wrong-name"},
		{"K09", zone{}, "dkim.missing"},
		{"K12", zone{name + " CNAME": {"cw1._domainkey.gone.example"}}, "dkim.cname-dangling"},
		{"K13", txt(spf), "dkim.wrong-content"},
		{"K14", txt(sound, head+otherKey), "dkim.multiple-records"},
		{"K14 other order", txt(head+otherKey, sound), "dkim.multiple-records"},
		{"K15", txt(head+key[:237], key[237:]), "dkim.split-over-records"},
		{"K15 other order", txt(key[237:], head+key[:237]), "dkim.split-over-records"},
		{"K16", txt(head + key[:237]), "dkim.key-truncated"},
		{"K17", txt(head + key[:237] + `" "` + key[237:]), "dkim.key-broken-by-split"},
		{"K17 backslash", txt(head + key[:237] + `\` + key[237:]), "dkim.key-broken-by-split"},
		{"K18", txt(head + key[:237] + " | " + key[237:]), "dkim.key-whitespace"},
		{"K19", txt(`"` + sound + `"`), "dkim.quotes-in-value"},
		{"K20", txt(`v=DKIM1\; k=rsa\; p=` + key), "dkim.semicolon-escaped"},
		{"K21", txt(`cw1._domainkey IN TXT ( "v=DKIM1; k=rsa; " "p=` + key + `" )`), "dkim.zone-line-in-value"},
		{"K22", txt("\u201c" + sound + "\u201d"), "dkim.non-ascii"},
		{"K23", txt(head + key[:64] + "\n" + key[64:]), "dkim.control-character"},
		{"K24", txt("v=DKIM1 k=rsa p=" + key), "dkim.separator-missing"},
		{"K24 glued", txt("v=DKIM1k=rsa;p=" + key), "dkim.separator-missing"},
		{"K25", txt("v=DKIM1, k=rsa, p=" + key), "dkim.separator-wrong"},
		{"K26", txt("v=dkim1; k=rsa; p=" + key), "dkim.version-wrong"},
		{"K27", txt("k=rsa; v=DKIM1; p=" + key), "dkim.version-not-first"},
		{"K28", txt("k=rsa; p=" + key), "dkim.version-missing"},
		{"K29", txt(key), "dkim.key-tag-missing"},
		{"K30", txt("v=DKIM1; k=rsa; P=" + key), "dkim.tag-misspelt"},
		{"K31", txt(head + key[:237] + "; p=" + key[237:]), "dkim.tag-duplicate"},
		{"K32", txt("v=DKIM1; k=RSA; p=" + key), "dkim.key-type-unknown"},
		{"K33", txt(head), "dkim.key-empty"},
		{"K34", txt(head + otherKey), "dkim.key-mismatch"},
		{"K35", txt(head + strings.ToLower(key)), "dkim.key-characters-changed"},
		{"K36", txt(head + strings.ReplaceAll(key, "+", " ")), "dkim.key-characters-changed"},
		{"K37", txt(head + "-----BEGIN PUBLIC KEY-----" + key + "-----END PUBLIC KEY-----"), "dkim.key-pem-armour"},
		{"K38", txt(head + base64.StdEncoding.EncodeToString(pkcs8)), "dkim.private-key-published"},
		{"K39", txt("v=DKIM1; k=rsa; s=cw1; p=" + key), "dkim.service-not-email"},
		{"K40", txt("v=DKIM1; k=rsa; t=y; p=" + key), "dkim.testing-flag"},
		{"K41", txt("v=DKIM1; h=sha1; k=rsa; p=" + key), "dkim.hash-sha1-only"},

		// Further ways to make the same mistakes.
		{"one level too much doubled", zone{name + ".example TXT": {sound}}, "dkim.missing"},
		{"type SPF", zone{name + " SPF": {sound}}, "dkim.wrong-type"},
		{"loop", zone{name + " CNAME": {"a.example"}, "a.example CNAME": {name}}, "dkim.cname-loop"},
		{"too many hops", hopping(9), "dkim.cname-loop"},
		{"leading", txt("TXT: " + sound), "dkim.leading-characters"},
		{"leading glued", txt("x" + sound), "dkim.leading-characters"},
		{"malformed", txt("v=DKIM1; rsa; p=" + key), "dkim.tag-malformed"},
		{"empty part", txt("v=DKIM1;; p=" + key), "dkim.tag-malformed"},
		{"no key tag", txt("v=DKIM1; k=rsa"), "dkim.key-tag-missing"},
		{"name of the tag", txt("v=DKIM1; k=rsa; key=" + key), "dkim.tag-misspelt"},
		{"rubbish", txt(head + "not-a-key!"), "dkim.key-undecodable"},
		{"bytes behind", txt(head + base64.StdEncoding.EncodeToString(append(mustDecode(t, key), 1, 2, 3))), "dkim.key-undecodable"},
		{"pkcs1", txt(head + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&private.PublicKey))), "dkim.key-pkcs1"},
		{"rsa as ed25519", txt("v=DKIM1; k=ed25519; p=" + key), "dkim.key-type-mismatch"},
		{"ed25519 as rsa", txt(head + keyText(edPublic)), "dkim.key-type-mismatch"},
		{"sha1 too", txt("v=DKIM1; h=sha1:sha256; k=rsa; p=" + key), "dkim.hash-sha1-allowed"},
		{"granularity", txt("v=DKIM1; g=*; p=" + key), "dkim.granularity-tag"},
		{"header", txt("DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=cw1; bh=abc=; b=def="), "dkim.wrong-content"},
		{"token", txt("google-site-verification=abcdefgh"), "dkim.wrong-content"},
		{"host", txt("cw1.keys.example"), "dkim.wrong-type"},
		{"private PEM", txt(head + "-----BEGIN RSA PRIVATE KEY-----MIIE"), "dkim.private-key-published"},
		{"private PKCS#1", txt(base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(private))), "dkim.private-key-published"},
		{"private among others", txt(sound, head+base64.StdEncoding.EncodeToString(pkcs8)), "dkim.private-key-published"},
		{"wildcard", zone{"*._domainkey.customer.example TXT": {spf}}, "dkim.wrong-content"},
	}
	keepsSpelling := map[string]bool{"malformed": true, "empty part": true, "pkcs1": true, "granularity": true, "K24 glued": true}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			all := tt.zone.findings(t, ours())
			if len(all) == 0 || all[0].Code() != tt.top {
				t.Fatalf("findings %v, want %s on top", codes(all), tt.top)
			}
			for _, f := range all {
				checkShape(t, f)
			}
			if tt.top == "dkim.private-key-published" {
				if fix := all[0].Fix; fix == nil || !strings.Contains(fix.Command, "--selector cw2") || len(fix.Records) > 0 {
					t.Errorf("fix %+v, want a command for a new selector", fix)
				}
				return
			}
			mended := checkFix(t, tt.zone, all[0], ours(), domain, selector)
			if tt.row == "wildcard" {
				return
			}
			want := []string{sound}
			got := mended[at]
			if keepsSpelling[tt.row] && len(got) == 1 && sameMeaning(got[0], sound) {
				return
			}
			if tt.row == "sha1 too" {
				want = []string{"v=DKIM1; h=sha256; k=rsa; p=" + key}
			}
			if !slices.Equal(got, want) {
				t.Errorf("record after the fix\n%q\nwant\n%q", got, want)
			}
		})
	}
}

// checkFix applies a fix: its finding must be gone, and no failure or warning
// be left.
func checkFix(t *testing.T, z zone, f finding.Finding, exp Expected, domain, selector string) zone {
	t.Helper()
	if f.Fix == nil || len(f.Fix.Records) == 0 {
		t.Fatalf("%s has no fix", f.Code())
	}
	mended := z.apply(f.Fix)
	for _, g := range mended.findingsAt(t, exp, domain, selector) {
		if g.Code() == f.Code() {
			t.Errorf("%s stays after its fix %+v", g.Code(), f.Fix)
		}
		if g.Severity() >= finding.Warning && g.Code() != "dkim.wildcard" {
			t.Errorf("%s is raised after the fix of %s", g.Code(), f.Code())
		}
	}
	return mended
}

// checkShape holds what every finding must have.
func checkShape(t *testing.T, f finding.Finding) {
	t.Helper()
	for _, text := range []string{f.Title(), f.Saw(), f.Effect(), f.Action()} {
		if strings.Contains(text, "%!") || strings.Contains(text, `""`) {
			t.Errorf("%s: %q", f.Code(), text)
		}
	}
	if f.Title() == "" || f.Effect() == "" {
		t.Errorf("%s lacks a text", f.Code())
	}
	if len(f.Evidence) == 0 && f.Code() != "dkim.selector-malformed" && f.Code() != "dkim.not-aligned" {
		t.Errorf("%s has no evidence", f.Code())
	}
	if len(f.Title()) > 75 {
		t.Errorf("%s: title has %d columns", f.Code(), len(f.Title()))
	}
	for _, e := range f.Evidence {
		if strings.Contains(e.Answer, "PRIVATE") {
			t.Errorf("%s: evidence repeats a private key", f.Code())
		}
	}
}

// TestOffice365 holds K10 and K11: no expected key, and a CNAME is meant.
func TestOffice365(t *testing.T) {
	const at, target = "selector1._domainkey.customer.example", "selector1-customer-example._domainkey.customer.onmicrosoft.com"
	good := zone{target + " TXT": {sound}}
	tests := []struct {
		row  string
		zone zone
		top  string
	}{
		{"K10", zone{at + " TXT": {target}, target + " TXT": {sound}}, "dkim.wrong-type"},
		{"K11", zone{at + " CNAME": {target + "." + domain}, target + " TXT": {sound}}, "dkim.cname-target-doubled"},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			all := tt.zone.findingsAt(t, Expected{}, domain, "selector1")
			if len(all) == 0 || all[0].Code() != tt.top {
				t.Fatalf("findings %v, want %s on top", codes(all), tt.top)
			}
			mended := checkFix(t, tt.zone, all[0], Expected{}, domain, "selector1")
			if got := mended[at+" CNAME"]; len(got) != 1 || got[0] != target {
				t.Errorf("CNAME %q, want %q", got, target)
			}
			if _, ok := mended[at+" TXT"]; ok || len(mended) != len(good)+1 {
				t.Errorf("zone %v", mended)
			}
		})
	}
	// A target inside the domain is not doubled only because it ends in it.
	in := zone{at + " CNAME": {"selector1.keys." + domain}}
	if got := codes(in.findingsAt(t, Expected{}, domain, "selector1")); slices.Contains(got, "dkim.cname-target-doubled") || got[0] != "dkim.cname-dangling" {
		t.Errorf("findings %v", got)
	}
	// Unless the key stands at the target without it.
	in["selector1.keys TXT"] = []string{sound}
	if got := codes(in.findingsAt(t, Expected{}, domain, "selector1")); got[0] != "dkim.cname-target-doubled" {
		t.Errorf("findings %v", got)
	}
}

// TestSound holds what must raise no failure or warning: V50 to V56, V64.
func TestSound(t *testing.T) {
	at := name + " TXT"
	tests := []struct {
		row  string
		zone zone
		want []string // codes; none is worse than a note
	}{
		{"sound", zone{at: {sound}}, nil},
		{"V51 two strings", zone{at: {head + key[:237] + "|" + key[237:]}}, nil},
		{"V52 cname", zone{name + " CNAME": {"k.keys.example"}, "k.keys.example TXT": {sound}}, []string{"dkim.cname-chain"}},
		{"V54 spaces", zone{at: {head + key[:100] + " " + key[100:]}}, []string{"dkim.key-whitespace"}},
		{"V54 order", zone{at: {"v=DKIM1; p=" + key + "; k=rsa;"}}, nil},
		{"V54 no k", zone{at: {"v=DKIM1;p=" + key}}, nil},
		{"V54 no v", zone{at: {"p=" + key}}, []string{"dkim.version-missing"}},
		{"V64 spaces", zone{at: {"v = DKIM1 ;\tk = rsa ; p = " + key + " ; "}}, nil},
		{"folded", zone{at: {"v=DKIM1;\r\n k=rsa;\r\n\tp=" + key}}, nil},
		{"quotes of a remark", zone{at: {`v=DKIM1; n="a remark"; k=rsa; p=` + key}}, []string{"dkim.notes-tag"}},
		{"all tags", zone{at: {"v=DKIM1; h=sha256:sha512; n=a k=b; s=*:x; t=s:x; z=1; p=" + key}}, []string{
			"dkim.tag-unknown", "dkim.strict-flag", "dkim.hash-unknown", "dkim.flag-unknown", "dkim.notes-tag",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			all := tt.zone.findings(t, ours())
			for _, f := range all {
				checkShape(t, f)
				if f.Severity() != finding.Note {
					t.Errorf("%s is %v", f.Code(), f.Severity())
				}
			}
			got := codes(all)
			slices.Sort(got)
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("findings %v, want %v", got, tt.want)
			}
			res := Lookup(t.Context(), tt.zone, domain, selector, Options{})
			if state, why := res.Usable(ours()); state != Pass {
				t.Errorf("usable: %s, %s", state, why)
			}
			if len(tt.want) == 0 && !sameMeaning(strings.Join(res.Records[0].Strings, ""), sound) {
				t.Error("not the same meaning as the sound record")
			}
		})
	}
}

func TestUnreadable(t *testing.T) { // V55
	for row, z := range map[string]zone{
		"at the name":  {name + " TXT": {"!"}},
		"behind a hop": {name + " CNAME": {"k.example"}, "k.example TXT": {"!"}},
	} {
		all := z.findings(t, ours())
		if got := codes(all); !slices.Equal(got, []string{"dkim.unreadable"}) {
			t.Errorf("%s: %v", row, got)
		}
		res := Lookup(t.Context(), z, domain, selector, Options{})
		if state, _ := res.Usable(ours()); state != Unknown {
			t.Errorf("%s: usable %s", row, state)
		}
		if len(res.Probes) > 0 {
			t.Errorf("%s: probed although nothing is known to be absent", row)
		}
	}
}

func TestRevokedElsewhere(t *testing.T) { // V56
	z := zone{"old._domainkey.customer.example TXT": {"v=DKIM1; p="}}
	res := Lookup(t.Context(), z, domain, "old", Options{})
	if all := Findings(Input{Result: res}); len(all) > 0 {
		t.Errorf("findings %v", codes(all))
	}
}

func TestWildcard(t *testing.T) { // V53
	z := zone{"*._domainkey.customer.example TXT": {sound}}
	res := Lookup(t.Context(), z, domain, selector, Options{Wildcard: true})
	all := sorted(Findings(Input{Result: res, Expected: ours(), Sending: true}))
	if got := codes(all); !slices.Equal(got, []string{"dkim.wildcard"}) {
		t.Errorf("findings %v", got)
	}
}

// TestWithoutKey shows what can be said when the expected key is not known.
func TestWithoutKey(t *testing.T) {
	at := name + " TXT"
	tests := []struct {
		row, text, top string
		fixed          string // "" where nobody can know the record
	}{
		{"another key", head + otherKey, "", ""},
		{"truncated", head + key[:237], "dkim.key-truncated", ""},
		{"plus to space", head + strings.ReplaceAll(key, "+", " "), "dkim.key-characters-changed", sound},
		{"lower case", head + strings.ToLower(key), "dkim.key-undecodable", ""},
		{"quotes", `"` + sound + `"`, "dkim.quotes-in-value", sound},
		{"testing", "v=DKIM1; t=y:s; p=" + key, "dkim.testing-flag", "v=DKIM1; t=s; p=" + key},
		{"empty", head, "dkim.key-empty", ""},
		{"ed25519 wrapped", "v=DKIM1; k=ed25519; p=" + wrapped(t, edPublic), "dkim.ed25519-malformed", "v=DKIM1; k=ed25519; p=" + keyText(edPublic)},
		{"ed25519 short", "v=DKIM1; k=ed25519; p=AAECAwQ=", "dkim.ed25519-malformed", ""},
		{"bare key", key, "dkim.key-tag-missing", sound},
		{"spf", "v=spf1 -all", "dkim.wrong-content", ""},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			z := zone{at: {tt.text}}
			res := Lookup(t.Context(), z, domain, selector, Options{})
			all := sorted(Findings(Input{Result: res, Sending: tt.row == "empty"}))
			if tt.top == "" {
				if len(all) > 0 {
					t.Fatalf("findings %v", codes(all))
				}
				if state, _ := res.Usable(Expected{}); state != Unknown {
					t.Errorf("usable: %s", state)
				}
				return
			}
			if len(all) == 0 || all[0].Code() != tt.top {
				t.Fatalf("findings %v, want %s", codes(all), tt.top)
			}
			got := ""
			if all[0].Fix != nil && len(all[0].Fix.Records) == 1 {
				got = all[0].Fix.Records[0].Value
			}
			if got != tt.fixed {
				t.Errorf("fix %q, want %q", got, tt.fixed)
			}
			if state, _ := res.Usable(Expected{}); (state == Fail) != (all[0].Severity() == finding.Failure) {
				t.Errorf("usable: %s under %s", state, all[0].Code())
			}
		})
	}
	// Which of two different keys counts, nobody can tell.
	two := zone{at: {sound, head + otherKey}}
	if all := two.findings(t, Expected{}); all[0].Code() != "dkim.multiple-records" || all[0].Fix != nil {
		t.Errorf("%v with fix %v", codes(all), all[0].Fix)
	}
	// A key of another service at default._domainkey is none of our business.
	def := zone{"default._domainkey.customer.example TXT": {sound}}
	if all := def.findings(t, Expected{}); all[0].Code() != "dkim.missing" {
		t.Errorf("%v", codes(all))
	}
}

func TestStrength(t *testing.T) {
	sized := func(bits int, e int) string {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		for n.Add(n, big.NewInt(1)); new(big.Int).GCD(nil, nil, n, smallPrimes()).Cmp(big.NewInt(1)) != 0; {
			n.Add(n, big.NewInt(2))
		}
		return head + keyText(&rsa.PublicKey{N: n, E: e})
	}
	tests := []struct{ text, want string }{
		{sized(768, 65537), "dkim.rsa-below-1024"},
		{sized(1024, 65537), "dkim.rsa-below-2048"},
		{sized(2048, 65537), ""},
		{sized(3072, 65537), "dkim.rsa-above-2048"},
		{sized(5120, 65537), "dkim.rsa-above-4096"},
		{sized(2048, 3), "dkim.rsa-exponent-unusual"},
		{sized(2048, 4), "dkim.rsa-key-weak"},
		{head + keyText(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(3), 2046), E: 65537}), "dkim.rsa-key-weak"},
	}
	for _, tt := range tests {
		all := sorted(Lint(inStrings(tt.text)))
		all = slices.DeleteFunc(all, func(f finding.Finding) bool { return f.Code() == "dkim.answer-too-large" })
		if tt.want == "" {
			if len(all) > 0 {
				t.Errorf("findings %v", codes(all))
			}
			continue
		}
		if len(all) == 0 || all[0].Code() != tt.want {
			t.Errorf("findings %v, want %s", codes(all), tt.want)
			continue
		}
		if all[0].Who() != finding.ClockWise {
			t.Errorf("%s: owner %s", tt.want, all[0].Who())
		}
	}
	weak := Expected{Public: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 700), E: 65537}}
	if all := (zone{}).findings(t, weak); all[0].Fix != nil {
		t.Error("a key that receivers refuse is proposed")
	}
}

func TestEd25519(t *testing.T) {
	exp := Expected{Public: edPublic}
	all := zone{}.findings(t, exp)
	want := "v=DKIM1; k=ed25519; p=" + keyText(edPublic)
	if got := all[0].Fix.Records[0].Value; got != want {
		t.Errorf("proposal %q, want %q", got, want)
	}
	got := codes(zone{name + " TXT": {want}}.findings(t, exp))
	if !slices.Equal(got, []string{"dkim.ed25519-only"}) {
		t.Errorf("findings %v", got)
	}
}

func TestLookupOfNothing(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, s := range []string{"", "a..b", long, "cw 1", "-cw", strings.Repeat("abcdefg.", 31) + "a"} {
		res := Lookup(t.Context(), zone{name + " TXT": {"!"}}, domain, s, Options{})
		all := sorted(Findings(Input{Result: res, Expected: ours(), Sending: true}))
		if got := codes(all); !slices.Equal(got, []string{"dkim.selector-malformed"}) {
			t.Errorf("selector %q: %v", s, got)
		}
		if state, _ := res.Usable(ours()); state != Fail {
			t.Errorf("selector %q: usable %s", s, state)
		}
	}
	if malformed("s1.mail_x", "x") != "" {
		t.Error("a selector of two labels is refused")
	}
	z := zone{"www.customer.example A": {"192.0.2.1"}}
	if got := codes(z.findings(t, ours())); !slices.Equal(got, []string{"dkim.missing", "(dkim.nothing-below-domainkey)"}) {
		t.Errorf("findings %v", got)
	}
	if state, _ := (Result{}).Usable(ours()); state != None {
		t.Errorf("without a selector: %s", state)
	}
}

func TestViews(t *testing.T) {
	answer := func(server string, z zone) dns.Answer {
		a := z.Lookup(t.Context(), dns.Ask(name, dns.TypeTXT))
		a.Server, a.TTL = server, 90*time.Second
		return a
	}
	good, spelt := zone{name + " TXT": {sound}}, zone{name + " TXT": {"v=DKIM1; p=" + key + "; k=rsa"}}
	old, none := zone{name + " TXT": {head + otherKey}}, zone{}
	failed := zone{name + " TXT": {"!"}}
	cname := zone{name + " CNAME": {"k.example"}, "k.example TXT": {sound}}
	elsewhere := zone{name + " CNAME": {"k.example"}, "k.example TXT": {"!"}}
	tests := []struct {
		row           string
		resolver      zone
		source, cache []zone
		want          []string
	}{
		{"agree", good, []zone{good, spelt, failed}, []zone{good, failed}, nil},
		{"disagree", good, []zone{good, old}, nil, []string{"dkim.servers-disagree"}},
		{"one lacks it", good, []zone{good, none}, nil, []string{"dkim.servers-disagree"}},
		{"caches", good, []zone{good, good}, []zone{old, none}, []string{"dkim.caches-behind"}},
		{"own resolver is old", none, []zone{good}, nil, []string{"dkim.caches-behind"}},
		{"wrong at the source", good, []zone{old}, []zone{good}, []string{"dkim.key-mismatch"}},
		{"behind a CNAME", cname, []zone{elsewhere}, []zone{good}, []string{"dkim.cname-chain"}},
		{"CNAME at one", cname, []zone{elsewhere, good}, nil, []string{"dkim.servers-disagree", "dkim.cname-chain"}},
		{"all dead", good, []zone{failed}, []zone{old}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			in := Input{Result: Lookup(t.Context(), tt.resolver, domain, selector, Options{}), Expected: ours(), Sending: true}
			for _, z := range tt.source {
				in.Views.Authoritative = append(in.Views.Authoritative, answer("192.0.2.1:53", z))
			}
			for _, z := range tt.cache {
				in.Views.Public = append(in.Views.Public, answer("192.0.2.2:53", z))
			}
			all := sorted(Findings(in))
			for _, f := range all {
				checkShape(t, f)
			}
			if got := codes(all); !slices.Equal(got, tt.want) {
				t.Errorf("findings %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAlignment(t *testing.T) {
	z := zone{name + " TXT": {sound}}
	in := Input{Result: Lookup(t.Context(), z, domain, selector, Options{}), Expected: ours()}
	in.Alignment = &Alignment{Sender: "other.example", Strict: true}
	all := sorted(Findings(in))
	if got := codes(all); !slices.Equal(got, []string{"dkim.not-aligned"}) {
		t.Fatalf("findings %v", got)
	}
	checkShape(t, all[0])
	in.Alignment.Aligned = true
	if all := Findings(in); len(all) > 0 {
		t.Errorf("findings %v", codes(all))
	}
}

func TestTooLarge(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 4095)
	text := head + keyText(&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
	all := zone{name + " TXT": {strings.Join(inStrings(text), "|")}}.findings(t, Expected{})
	if got := codes(all); !slices.Contains(got, "dkim.answer-too-large") {
		t.Errorf("findings %v", got)
	}
}

// TestLint judges text alone, as the command line does.
func TestLint(t *testing.T) {
	if all := sorted(Lint(inStrings(sound))); len(all) > 0 {
		t.Errorf("the sound record: %v", codes(all))
	}
	all := sorted(Lint([]string{"v=DKIM1; k=rsa; t=y; p=" + key}))
	if len(all) != 1 || all[0].Code() != "dkim.testing-flag" || all[0].Fix.Records[0].Value != sound {
		t.Errorf("findings %v", codes(all))
	}
	if all := sorted(Lint([]string{sound}, []string{head + otherKey})); all[0].Code() != "dkim.multiple-records" {
		t.Errorf("findings %v", codes(all))
	}
	if Lint() != nil {
		t.Error("no text, yet findings")
	}
}

// hopping is a zone where the key is so many CNAMEs away.
func hopping(n int) zone {
	z, at := zone{}, name
	for i := range n {
		next := fmt.Sprintf("hop%d.example", i)
		z[at+" CNAME"], at = []string{next}, next
	}
	z[at+" TXT"] = []string{sound}
	return z
}

func mustDecode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wrapped(t *testing.T, pub crypto.PublicKey) string {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// TestReason holds that the reason of a failed question is told in words.
func TestReason(t *testing.T) {
	all := zone{name + " TXT": {"!"}}.findings(t, ours())
	if saw := all[0].Saw(); !strings.Contains(saw, "SERVFAIL") || strings.Contains(saw, "dns:") {
		t.Errorf("saw %q", saw)
	}
}

func TestPropose(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", sound}, {sound, sound}, {"k=rsa ;p=" + key, "k=rsa ;p=" + key}, {head + otherKey, sound},
	} {
		if got := Propose(tt.text, ours()); got != tt.want {
			t.Errorf("%.30q: %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := Propose("", Expected{}); got != "" {
		t.Errorf("a record out of nothing: %q", got)
	}
}

// TestHostile holds that the largest texts that DNS can carry are judged fast.
func TestHostile(t *testing.T) {
	var distinct strings.Builder
	for i := 0; distinct.Len() < 60000; i++ {
		fmt.Fprintf(&distinct, "a%d=1,k=2;", i)
	}
	started := time.Now()
	for _, text := range []string{
		distinct.String(), strings.Repeat(";", 65000), strings.Repeat("p=", 32000), strings.Repeat(`p="`, 20000),
		"v=DKIM1; p=MIL" + strings.Repeat("/", 64000), strings.Repeat(" k=", 20000), strings.Repeat("\xff", 65000),
		"v=DKIM1; t=" + strings.Repeat("x:", 30000),
	} {
		if len(Lint([]string{text})) == 0 {
			t.Errorf("%.20q is sound", text)
		}
	}
	if took := time.Since(started); took > time.Minute { // a busy machine with the race detector takes 20 s
		t.Errorf("took %v", took)
	}
}

// inStrings cuts a text where the strings of a TXT record end (RFC 1035 section
// 3.3).
func inStrings(text string) (out []string) {
	for s := range slices.Chunk([]byte(text), 255) {
		out = append(out, string(s))
	}
	return out
}

func TestRecordFor(t *testing.T) {
	for _, c := range []struct {
		pub  any
		want string
	}{{&private.PublicKey, sound}, {edPublic, recordText(edPublic)}, {"no key", ""}} {
		rec := RecordFor("CW1", "Customer.Example.", c.pub)
		if rec.Name != name || rec.Type != "TXT" || rec.Value != c.want {
			t.Errorf("%+v", rec)
		}
	}
}
