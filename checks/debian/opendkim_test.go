package debian

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

const zoneHead = "$TTL 300\n@ IN SOA ns hostmaster 1 7200 3600 1209600 300\n@ IN NS ns\nns IN A 192.0.2.53\n"

// codesOf judges the record of a selector in customer.example, without the
// name of the sender.
func codesOf(t *testing.T, server netip.AddrPort, selector string, key transports.Key) (dkim.Result, []string) {
	t.Helper()
	res := dkim.Lookup(t.Context(), client(t, server), "customer.example", selector, dkim.Options{})
	expected := dkim.Expected{Public: key.Public, Source: "the key of the test"}
	var codes []string
	for _, f := range dkim.Findings(dkim.Input{Result: res, Expected: expected, Sending: true}) {
		if f.SilencedBy == "" {
			codes = append(codes, f.Code())
		}
	}
	slices.Sort(codes)
	return res, codes
}

// TestOpenDKIMGenkey holds that what opendkim-genkey writes for a zone file is
// read, and fits the private key that it writes.
func TestOpenDKIMGenkey(t *testing.T) {
	need(t, "named", "opendkim-genkey", "openssl")
	dir := t.TempDir()
	cases := []struct {
		selector string
		options  []string
		want     []string // codes, beside that of a key of 1024 bits
		state    dkim.State
	}{
		{"plain", []string{"-b", "2048"}, nil, dkim.Pass},
		{"short", nil, nil, dkim.Pass},
		{"mail", []string{"-r"}, nil, dkim.Pass},
		{"test", []string{"-t"}, []string{"dkim.testing-flag"}, dkim.Pass},
		{"strict", []string{"--nosubdomains"}, []string{"dkim.strict-flag"}, dkim.Pass},
		{"hash", []string{"-h", "sha256"}, nil, dkim.Pass},
		{"sha1", []string{"-h", "sha1"}, []string{"dkim.hash-sha1-only"}, dkim.Fail},
		{"signature", []string{"-h", "rsa-sha256"}, []string{"dkim.hash-sha1-only"}, dkim.Fail},
		{"note", []string{"-n", "of the test"}, []string{"dkim.notes-tag"}, dkim.Pass},
	}
	zone := zoneHead
	for _, c := range cases {
		must(t, dir, "opendkim-genkey", append([]string{"-b", "1024", "-d", "customer.example", "-s", c.selector}, c.options...)...)
		zone += read(t, dir, c.selector+".txt")
	}
	server := startNamed(t, zones{"customer.example": zone})
	for _, c := range cases {
		t.Run(c.selector, func(t *testing.T) {
			key := config.LoadKey(filepath.Join(dir, c.selector+".private"))
			if key.Problem != transports.KeyOK {
				t.Fatal(key)
			}
			res, got := codesOf(t, server, c.selector, key)
			if c.selector != "plain" {
				c.want = append(c.want, "dkim.rsa-below-2048")
			}
			slices.Sort(c.want)
			state, why := res.Usable(dkim.Expected{Public: key.Public})
			if !slices.Equal(got, c.want) || state != c.state {
				t.Errorf("%q, want %q; %s, %s", got, c.want, state, why)
			}
		})
	}
}

// keys are keys of all kinds that DKIM knows.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	out := map[string]crypto.Signer{}
	var err error
	for _, bits := range []int{1024, 2048, 3072} {
		if out[fmt.Sprintf("rsa%d", bits)], err = rsa.GenerateKey(rand.Reader, bits); err != nil {
			panic(err)
		}
	}
	if _, out["ed25519"], err = ed25519.GenerateKey(rand.Reader); err != nil {
		panic(err)
	}
	return out
})

// TestNamedRecord holds that BIND takes the lines that we write for a zone
// file, and gives back the same strings.
func TestNamedRecord(t *testing.T) {
	need(t, "named", "named-compilezone")
	var records []provider.Record
	for name, key := range keys() {
		records = append(records, provider.Record{Record: dkim.RecordFor(name, "customer.example", key.Public()), Zone: "customer.example"})
	}
	for i, text := range []string{"", `v=DKIM1; n="a\b;c"; p=`, strings.Join(odd(), ""), strings.Repeat(`\"`, 300), "v=DKIM1; n=é"} {
		records = append(records, provider.NewRecord(fmt.Sprintf("text%d._domainkey.customer.example", i), "customer.example", text))
	}
	zone := zoneHead
	for _, r := range records {
		line, ok := r.As("zone")
		if !ok {
			t.Fatal("there is no form of that name")
		}
		zone += line + "\n"
	}
	dir := t.TempDir()
	write(t, dir, "zone", zone)
	must(t, dir, "named-compilezone", "-o", "compiled", "customer.example", "zone")
	server := startNamed(t, zones{"customer.example": read(t, dir, "compiled")})
	c := client(t, server)
	for _, r := range records {
		a := c.Lookup(t.Context(), dns.Ask(r.Name, dns.TypeTXT))
		if len(a.Records) != 1 || !slices.Equal(a.Records[0].Strings, provider.Split(r.Value)) {
			t.Errorf("%s: %s, %+v\nwant %q", r.Name, a.Status, a.Records, provider.Split(r.Value))
		}
	}
}

// pemOf is a private key in the form in which cwmail keeps it.
func pemOf(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// TestOpenDKIMTestkey holds that OpenDKIM takes the records that we take, and
// no others.
func TestOpenDKIMTestkey(t *testing.T) {
	need(t, "named", "opendkim-testkey")
	record := func(name string) string {
		return dkim.RecordFor("s", "customer.example", keys()[name].Public()).Value
	}
	text := record("rsa2048")
	cut := text[:len(text)-8]
	cases := []struct {
		selector string
		key      string
		texts    []string
		lenient  bool // OpenDKIM takes it, against RFC 6376 section 3.6.1
	}{
		{"rsa1024", "rsa1024", []string{record("rsa1024")}, false},
		{"rsa2048", "rsa2048", []string{text}, false},
		{"rsa3072", "rsa3072", []string{record("rsa3072")}, false},
		{"bare", "rsa2048", []string{text[strings.Index(text, "p="):]}, false},
		{"spaces", "rsa2048", []string{strings.ReplaceAll(text, ";", " ;\t ") + " ; "}, false},
		{"other", "rsa2048", []string{record("rsa1024")}, false},
		{"revoked", "rsa2048", []string{"v=DKIM1; p="}, false},
		{"missing", "rsa2048", nil, false},
		{"cut", "rsa2048", []string{cut}, false},
		{"version", "rsa2048", []string{strings.Replace(text, "DKIM1", "DKIM2", 1)}, false},
		{"notfirst", "rsa2048", []string{text[strings.Index(text, "k="):] + "; v=DKIM1"}, true},
		{"type", "rsa2048", []string{strings.Replace(text, "k=rsa", "k=dsa", 1)}, false},
		{"garbage", "rsa2048", []string{"v=spf1 -all"}, false},
	}
	zone := zoneHead
	for _, c := range cases {
		for _, text := range c.texts {
			line, _ := provider.NewRecord(dkim.RecordName(c.selector, "customer.example"), "customer.example", text).As("zone")
			zone += line + "\n"
		}
	}
	server := startNamed(t, zones{"customer.example": zone})
	dir := t.TempDir()
	resolver := write(t, dir, "resolver.conf", fmt.Sprintf(
		"server:\n\tdo-not-query-localhost: no\nstub-zone:\n\tname: \"customer.example\"\n\tstub-addr: 127.0.0.1@%d\n", server.Port()))
	conf := write(t, dir, "opendkim.conf", "ResolverConfiguration "+resolver+"\n")
	for name, key := range keys() {
		write(t, dir, name, pemOf(t, key))
	}
	for _, c := range cases {
		t.Run(c.selector, func(t *testing.T) {
			said, err := run(t, dir, "opendkim-testkey", "-x", conf, "-d", "customer.example", "-s", c.selector, "-k", filepath.Join(dir, c.key), "-vvv")
			res, codes := codesOf(t, server, c.selector, transports.Key{Public: keys()[c.key].Public()})
			state, why := res.Usable(dkim.Expected{Public: keys()[c.key].Public()})
			if (err == nil) != (state == dkim.Pass || c.lenient) || strings.Contains(said, "configuration error") {
				t.Errorf("OpenDKIM: %v\n%s\nwe: %s, %s, %q", err, said, state, why, codes)
			}
		})
	}
}
