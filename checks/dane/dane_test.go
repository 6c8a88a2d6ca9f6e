package dane

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
)

const (
	host = "mail.customer.example"
	at   = "_25._tcp." + host
)

// makeChain makes a server's certificate, one between and a root.
func makeChain(t testing.TB) []*x509.Certificate {
	t.Helper()
	var out []*x509.Certificate
	var parent *x509.Certificate
	var parentKey *ecdsa.PrivateKey
	for i, name := range []string{"Root", "Between", host} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i) + 1), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), BasicConstraintsValid: true, IsCA: i < 2,
		}
		if i < 2 {
			c.KeyUsage = x509.KeyUsageCertSign
		}
		if parent == nil {
			parent, parentKey = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		if parent, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		parentKey = key
		out = append([]*x509.Certificate{parent}, out...)
	}
	return out
}

func TestParse(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for text, fault := range map[string]string{
		"3 1 1 " + sum:       "",
		"2 0 2 " + sum + sum: "",
		"3 1 1 " + strings.ToUpper(sum[:32]) + " " + sum[32:]: "",
		"3 0 0 30":             "",
		"1 1 1 " + sum:         "only 2 and 3",
		"0 0 1 " + sum:         "only 2 and 3",
		"255 1 1 " + sum:       "means nothing",
		"3 2 1 " + sum:         "second number",
		"3 1 3 " + sum:         "third number",
		"3 1 1 " + sum[:40]:    "20 octets instead of 32",
		"3 1 2 " + sum:         "32 octets instead of 64",
		"3 1 1":                "cut short",
		"":                     "cut short",
		"x 1 1 " + sum:         "no number",
		"3 1 1 " + sum + "xyz": "cannot be read",
	} {
		if got := Parse(text).Fault; (got == "") != (fault == "") || !strings.Contains(got, fault) {
			t.Errorf("%q: %q, want %q", text, got, fault)
		}
	}
}

func TestMatches(t *testing.T) {
	chain, other := makeChain(t), makeChain(t)
	leaf, between, root := chain[0], chain[1], chain[2]
	s256 := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	for _, tt := range []struct {
		text        string
		chain       []*x509.Certificate
		fits, known bool
	}{
		{"3 1 1 " + s256(leaf.RawSubjectPublicKeyInfo), chain, true, true},
		{"3 0 1 " + s256(leaf.Raw), chain, true, true},
		{fmt.Sprintf("3 1 2 %x", sha512.Sum512(leaf.RawSubjectPublicKeyInfo)), chain, true, true},
		{fmt.Sprintf("3 0 0 %x", leaf.Raw), chain[:1], true, true},
		{fmt.Sprintf("3 1 0 %x", leaf.RawSubjectPublicKeyInfo), chain, true, true},
		{"3 1 1 " + s256(leaf.Raw), chain, false, true},
		{"3 1 1 " + s256(between.RawSubjectPublicKeyInfo), chain, false, true},
		{"2 1 1 " + s256(between.RawSubjectPublicKeyInfo), chain, true, true},
		{"2 0 1 " + s256(root.Raw), chain, true, true},
		{"2 0 1 " + s256(root.Raw), []*x509.Certificate{leaf, root, between}, true, true},
		{"2 0 1 " + s256(root.Raw), chain[:2], false, true},
		{"2 0 1 " + s256(leaf.Raw), chain, false, true},
		{"2 0 1 " + s256(other[1].Raw), append(slices.Clone(chain), other[1]), false, true},
		{fmt.Sprintf("2 0 0 %x", root.Raw), chain[:2], false, false},
		{"1 1 1 " + s256(leaf.RawSubjectPublicKeyInfo), chain, false, false},
		{"3 1 1 " + s256(leaf.RawSubjectPublicKeyInfo), nil, false, false},
	} {
		if fits, known := Parse(tt.text).Matches(tt.chain); fits != tt.fits || known != tt.known {
			t.Errorf("%.60s: fits %v, known %v", tt.text, fits, known)
		}
	}
}

// world is a zone whose answers are flagged or fail by name.
type world struct {
	*dnstest.Zone
	ad   map[string]bool // by name; "*" for all
	fail map[string]*dns.Error
}

func (w world) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	a := w.Zone.Lookup(ctx, q)
	if e := w.fail[q.Name]; e != nil {
		return dns.Answer{Question: q, Err: e, Server: a.Server}
	}
	a.AD = w.ad[q.Name] || w.ad["*"]
	return a
}

func TestFindings(t *testing.T) {
	chain := makeChain(t)
	leaf := sha256.Sum256(chain[0].RawSubjectPublicKeyInfo)
	right := fmt.Sprintf("3 1 1 %x", leaf)
	spare, old := "3 1 1 "+strings.Repeat("ab", 32), "3 1 1 "+strings.Repeat("cd", 32)
	servfail := &dns.Error{Kind: dns.KindServFail, Server: "192.0.2.53:53"}
	all, seen := map[string]bool{"*": true}, map[string][]*x509.Certificate{"Mail.Customer.Example.": chain}
	resolved := map[string]bool{host: true}
	raised := map[string]bool{}
	for _, tt := range []struct {
		id   string
		zone []string
		ad   map[string]bool
		fail *dns.Error
		in   Input
		want string
		fix  string
	}{
		{"right", []string{right, spare}, all, nil, Input{Chains: seen}, "", ""},
		{"nothing", nil, all, nil, Input{Chains: seen, Resolved: resolved}, "", ""},
		{"one", []string{right}, all, nil, Input{Chains: seen}, "dane.no-spare", ""},
		{"not ours", []string{old, spare}, all, nil, Input{Chains: seen}, "dane.no-match", right + "|" + spare},
		{"one, not ours", []string{old}, all, nil, Input{Chains: seen}, "dane.no-match dane.no-spare", right},
		{"chain not seen", []string{old, spare}, all, nil, Input{}, "", ""},
		{"signature not known, fits", []string{right, spare}, nil, nil, Input{Chains: seen}, "", ""},
		{"signature not known, not ours", []string{old, spare}, nil, nil, Input{Chains: seen}, "dane.no-match", right + "|" + spare},
		{"resolver does not validate", []string{right, spare}, nil, nil, Input{Validating: No, Chains: seen}, "", ""},
		{"not signed", []string{right, spare}, nil, nil, Input{Validating: Yes, Chains: seen}, "dane.without-dnssec", ""},
		{"not signed, not ours", []string{old}, nil, nil, Input{Validating: Yes, Chains: seen}, "dane.without-dnssec", ""},
		{"usage 1", []string{"1" + right[1:], right, spare}, all, nil, Input{}, "dane.usage-unusable", right + "|" + spare},
		{"usage 1 alone", []string{"1" + right[1:]}, all, nil, Input{Chains: seen}, "dane.usage-unusable", right},
		{"usage 0 alone", []string{"0" + right[1:]}, all, nil, Input{}, "dane.usage-unusable", ""},
		{"servfail", nil, nil, servfail, Input{Resolved: resolved}, "dane.lookup-fails", ""},
		{"servfail for the host too", nil, nil, servfail, Input{}, "dane.unreadable", ""},
		{"silent", nil, nil, &dns.Error{Kind: dns.KindTimeout, Attempts: 3}, Input{Resolved: resolved}, "dane.lookup-fails", ""},
		{"one question lost", nil, nil, &dns.Error{Kind: dns.KindTimeout, Attempts: 1}, Input{Resolved: resolved}, "dane.unreadable", ""},
		{"refused", nil, nil, &dns.Error{Kind: dns.KindRefused}, Input{Resolved: resolved}, "dane.unreadable", ""},
	} {
		w := world{dnstest.New(host+" A 192.0.2.25", "customer.example MX 10 "+host+"."), tt.ad, map[string]*dns.Error{at: tt.fail}}
		for _, v := range tt.zone {
			w.Add(at + " TLSA " + v)
		}
		examine := func() []finding.Finding {
			tt.in.Domain = "customer.example"
			tt.in.Result = Lookup(t.Context(), w, []Host{{Name: "Mail.Customer.Example."}, {Name: host}, {}})
			return arrange(Findings(tt.in))
		}
		got := examine()
		for _, f := range got {
			raised[f.Code()] = true
			if len(f.Evidence) == 0 || f.Evidence[0].Answer == "" || f.Subject != "customer.example" {
				t.Errorf("%s: %+v", tt.id, f)
			}
		}
		if s := strings.Join(codes(got), " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.id, s, tt.want)
			continue
		}
		if len(w.Asked) > 1 {
			t.Errorf("%s: asked %v", tt.id, w.Asked)
		}
		if len(got) > 0 && (got[0].Fix != nil) != (tt.fix != "") {
			t.Errorf("%s: fix is %v", tt.id, got[0].Fix)
		}
		if tt.fix == "" || got[0].Fix == nil {
			continue
		}
		w.Apply(got[0].Fix)
		values := w.Records[at+" TLSA"]
		slices.Sort(values)
		wanted := strings.Split(tt.fix, "|")
		slices.Sort(wanted)
		if !slices.Equal(values, wanted) {
			t.Errorf("%s: corrected to %q, want %q", tt.id, values, wanted)
		}
		again := examine()
		if worst, ok := finding.Worst(again); ok && worst != finding.Note {
			t.Errorf("%s: the corrected zone has %v", tt.id, codes(again))
		}
	}
	raised["dane.wrong-name"] = true // TestAstray
	for _, r := range Rules() {
		if !raised[r.Code] {
			t.Errorf("%s is never raised", r.Code)
		}
		f := finding.Finding{Rule: r, Args: []string{"a", "b", "c"}}
		for _, s := range []string{f.Title(), f.Saw(), f.Effect(), f.Action()} {
			if strings.Contains(s, "%!") {
				t.Errorf("%s: %s", r.Code, s)
			}
		}
	}
	if got := Findings(Input{Validating: Yes, Resolved: resolved, Chains: seen}); len(got) > 0 {
		t.Errorf("nobody looked, but %v", codes(got))
	}
}

func TestAstray(t *testing.T) {
	right := "3 1 1 " + strings.Repeat("ab", 32)
	for _, tt := range []struct {
		name, host string
		want       bool
	}{
		{"_25._tcp.customer.example", host, true},
		{host, host, true},
		{"_587._tcp." + host, host, true},
		{"_465._tcp." + host, host, true},
		{at + ".customer.example", host, true},
		{"_25._tcp.customer.example", "mx.provider.example", false},
		{at, host, false},
	} {
		z := dnstest.New(tt.name + " TLSA " + right)
		res := Lookup(t.Context(), z, []Host{{Name: tt.host}})
		if len(z.Asked) != 1 {
			t.Errorf("asked %v", z.Asked)
		}
		res = Explain(t.Context(), z, "Customer.Example.", res)
		all := Findings(Input{Result: res, Domain: "customer.example"})
		if got := slices.Contains(codes(all), "dane.wrong-name"); got != tt.want {
			t.Errorf("%s for %s: %v", tt.name, tt.host, codes(all))
		}
		if len(z.Asked) > 6 {
			t.Errorf("%d questions", len(z.Asked))
		}
		if !tt.want {
			continue
		}
		z.Apply(all[0].Fix)
		res = Explain(t.Context(), z, "customer.example", Lookup(t.Context(), z, []Host{{Name: tt.host}}))
		if got := codes(Findings(Input{Result: res, Domain: "customer.example"})); !slices.Equal(got, []string{"dane.no-spare"}) {
			t.Errorf("%s: the corrected zone has %v", tt.name, got)
		}
	}
}

// TestAlias holds that the end of a CNAME comes first, and the name itself
// counts where nothing stands there (RFC 7672 section 2.2.2).
func TestAlias(t *testing.T) {
	a, b := "3 1 1 "+strings.Repeat("aa", 32), "3 1 1 "+strings.Repeat("bb", 32)
	for _, tt := range []struct {
		zone []string
		want string
	}{
		{[]string{at + " TLSA " + a, "_25._tcp.mx.provider.example TLSA " + b}, b},
		{[]string{at + " TLSA " + a}, a},
		{[]string{"_25._tcp.mx.provider.example TLSA " + b}, b},
		{nil, ""},
	} {
		res := Lookup(t.Context(), dnstest.New(tt.zone...), []Host{{Name: host, Alias: "mx.provider.example"}})
		got := ""
		for _, r := range res.Hosts[0].Records() {
			got += r.Text
		}
		if got != tt.want {
			t.Errorf("%v: %q", tt.zone, got)
		}
	}
}

// TestDNSSEC holds when the lack of a flag says something.
func TestDNSSEC(t *testing.T) {
	flagged := Promise{Answer: dns.Answer{Status: dns.Empty, AD: true, Server: "192.0.2.53:53"}}
	plain := Promise{Answer: dns.Answer{Status: dns.Found, Server: "192.0.2.53:53"}}
	elsewhere, assumed := plain, plain
	elsewhere.Answer.Server, assumed.Answer.Server = "192.0.2.54:53", "what-if"
	for _, tt := range []struct {
		name string
		p    Promise
		fact Fact
		want Fact
	}{
		{"the same server flagged another name", plain, NotKnown, No},
		{"another server did", elsewhere, NotKnown, NotKnown},
		{"the resolver validates", elsewhere, Yes, No},
		{"the resolver does not", plain, No, NotKnown},
		{"assumed", assumed, Yes, NotKnown},
		{"no records", flagged, Yes, NotKnown},
	} {
		in := Input{Result: Result{Hosts: []Promise{flagged, tt.p}}, Validating: tt.fact}
		if got := in.DNSSEC(tt.p); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("3 1 1 " + strings.Repeat("ab", 32))
	f.Add("2 0 0 30 82")
	f.Add("256 -1 x")
	chain := makeChain(f)
	f.Fuzz(func(t *testing.T, text string) {
		r := Parse(text)
		if r.Usable() && (r.Usage < usageTA || r.Usage > usageEE || len(r.Data) == 0) {
			t.Fatalf("%q is usable", text)
		}
		if fits, _ := r.Matches(chain); fits && !r.Usable() {
			t.Fatalf("%q fits", text)
		}
	})
}

func arrange(out []finding.Finding) []finding.Finding {
	finding.Silence(out)
	finding.Sort(out, finding.Order(Rules()))
	return out
}

// codes lists the findings that are not silenced.
func codes(all []finding.Finding) []string {
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" {
			out = append(out, f.Code())
		}
	}
	return out
}
