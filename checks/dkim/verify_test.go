package dkim_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/transports/compose"
)

var signers = sync.OnceValue(func() map[string]crypto.Signer {
	out := map[string]crypto.Signer{}
	for name, bits := range map[string]int{"rsa": 2048, "other": 2048, "rsa1024": 1024} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		out[name] = key
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	out["ed25519"] = key
	return out
})

const (
	signedAt  = "s._domainkey.acme.example"
	unsigned  = "From: Jan <jan@acme.example>\r\nTo: piet@customer.example\r\nSubject:  hello \r\n\tworld\r\nDate: Tue, 24 Nov 2026 15:04:05 +0100\r\n\r\nA line \t of text.  \r\n\r\nThe end.\r\n"
	tampered  = "The end!"
	forgotten = "The end."
)

var received = time.Unix(1795533845, 0)

func record(name string) string {
	return dkim.RecordFor("s", "acme.example", signers()[name].Public()).Value
}

// zone holds the records at the selector.
func zone(texts ...string) *dnstest.Zone {
	z := dnstest.New("acme.example TXT v=spf1")
	for _, t := range texts {
		z.Add(signedAt + " TXT " + t)
	}
	return z
}

func sign(t testing.TB, name, raw string) string {
	t.Helper()
	out, err := compose.Sign([]byte(raw), compose.SignOptions{Domain: "acme.example", Selector: "s", Signer: signers()[name], Time: received})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// signWith signs with any tags; bh= and b= are made.
func signWith(t testing.TB, name, tags, raw string) string {
	t.Helper()
	m := dkim.ParseMessage([]byte(raw))
	s := dkim.ParseSignature(tags)
	hash, _ := dkim.BodyHash(m.Body, s.Body, s.Algorithm, s.Length)
	field := "DKIM-Signature: " + tags + "; bh=" + base64.StdEncoding.EncodeToString(hash) + ";\r\n b="
	m = dkim.ParseMessage([]byte(field + "\r\n" + raw))
	digest := dkim.ParseSignature(m.Fields[0].Value()).HeaderHash(m.Fields, 0)
	var how crypto.SignerOpts = crypto.SHA256
	if name == "ed25519" {
		how = crypto.Hash(0)
	}
	value, err := signers()[name].Sign(rand.Reader, digest, how)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(value)
	return field + text[:40] + "\r\n  " + text[40:] + "\r\n" + raw
}

func one(t *testing.T, z dns.Resolver, message string) dkim.Verification {
	t.Helper()
	all := dkim.Verify(t.Context(), z, []byte(message), dkim.VerifyOptions{Now: received})
	if len(all) != 1 {
		t.Fatalf("%d verifications of %q", len(all), message)
	}
	return all[0]
}

func TestVerify(t *testing.T) {
	const tags = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=acme.example; s=s; h=from:subject"
	change := func(old, text string) func(string) string {
		return func(m string) string { return strings.Replace(m, old, text, 1) }
	}
	for _, tt := range []struct {
		name   string
		key    string // "rsa" if empty
		tags   string // those of Sign if empty
		change func(string) string
		texts  []string // the key's own record if nil
		result dkim.Outcome
		cause  dkim.Cause
		body   dkim.Match
		header dkim.Match
	}{
		{name: "rsa", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "ed25519", key: "ed25519", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "1024 bits", key: "rsa1024", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "simple", tags: strings.ReplaceAll(tags, "relaxed", "simple"), result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "no c=", tags: strings.Replace(tags, " c=relaxed/relaxed;", "", 1), result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "simple body", tags: strings.Replace(tags, "relaxed/relaxed", "relaxed", 1), result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "below the domain", tags: tags + "; i=jan@Mail.acme.example", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "unknown tag", tags: tags + "; zz=1; r=y", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "two ways", tags: tags + "; q=dns/txt:other", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "capitals", tags: strings.Replace(tags, "d=acme.example", "d=ACME.example", 1), result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "own field named", tags: tags + ":dkim-signature", result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "second record is right", texts: []string{record("other"), record("rsa")}, result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "folded anew", change: change("hello \r\n\tworld", "hello\r\n world\t"), result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "lines added at the end", change: func(m string) string { return m + "\r\n \r\n" }, result: "pass", body: dkim.Same, header: dkim.Same},
		{name: "kept in a file", change: func(m string) string { return strings.ReplaceAll(m, "\r\n", "\n") }, result: "pass", body: dkim.Same, header: dkim.Same},

		{name: "body", change: change(forgotten, tampered), result: "fail", cause: dkim.CauseBody, body: dkim.Changed, header: dkim.Same},
		{name: "folded anew, simple", tags: strings.ReplaceAll(tags, "relaxed", "simple"), change: change("hello \r\n\tworld", "hello\r\n world"), result: "fail", cause: dkim.CauseHeader, body: dkim.Same, header: dkim.Changed},
		{name: "subject", change: change("hello", "[list] hello"), result: "fail", cause: dkim.CauseHeader, body: dkim.Same, header: dkim.Changed},
		{name: "both", change: func(m string) string {
			return strings.NewReplacer("hello", "goodbye", forgotten, tampered).Replace(m)
		}, result: "fail", cause: dkim.CauseBoth, body: dkim.Changed, header: dkim.Changed},
		{name: "second From", change: change("To: ", "From: boss@acme.example\r\nTo: "), result: "fail", cause: dkim.CauseHeader, body: dkim.Same, header: dkim.Changed},
		{name: "Reply-To added", change: change("To: ", "Reply-To: x@evil.example\r\nTo: "), result: "fail", cause: dkim.CauseHeader, body: dkim.Same, header: dkim.Changed},
		{name: "other key", texts: []string{record("other")}, result: "fail", cause: dkim.CauseHeader, body: dkim.Same, header: dkim.Changed},
		{name: "l= behind the end", tags: tags + "; l=500", result: "fail", cause: dkim.CauseBody, body: dkim.Changed, header: dkim.Same},

		{name: "no record", texts: []string{}, result: "permerror", cause: dkim.CauseKeyMissing, body: dkim.Same},
		{name: "other record", texts: []string{"v=spf1 -all"}, result: "permerror", cause: dkim.CauseKeyMissing, body: dkim.Same},
		{name: "revoked", texts: []string{"v=DKIM1; p="}, result: "permerror", cause: dkim.CauseKeyRevoked, body: dkim.Same},
		{name: "no p=", texts: []string{"v=DKIM1"}, result: "permerror", cause: dkim.CauseKeyBroken, body: dkim.Same},
		{name: "cut", texts: []string{record("rsa")[:200]}, result: "permerror", cause: dkim.CauseKeyBroken, body: dkim.Same},
		{name: "other type", texts: []string{record("ed25519")}, result: "permerror", cause: dkim.CauseKeyOther, body: dkim.Same},
		{name: "wrapped", key: "ed25519", texts: []string{"k=ed25519; p=MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}, result: "permerror", cause: dkim.CauseKeyBroken, body: dkim.Same},
		{name: "for SHA-1", texts: []string{record("rsa") + "; h=sha1"}, result: "permerror", cause: dkim.CauseKeyOther, body: dkim.Same},
		{name: "not for mail", texts: []string{record("rsa") + "; s=tlsrpt"}, result: "permerror", cause: dkim.CauseKeyOther, body: dkim.Same},
		{name: "t=s", tags: tags + "; i=@mail.acme.example", texts: []string{record("rsa") + "; t=s"}, result: "permerror", cause: dkim.CauseIdentity, body: dkim.Same},
		{name: "DNS fails", texts: []string{"SERVFAIL"}, result: "temperror", cause: dkim.CauseKeyUnknown, body: dkim.Same},
		{name: "weak", texts: []string{"v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAM3Gq0bIWyC/Iwc9OeSsDn2pM9VLj1BkY7/LkMoqz2V1mPpw3m0yZgVUuFzLUfWm9S8QmE5pK9wIm6NtyXzAbIsCAwEAAQ=="}, result: "policy", cause: dkim.CauseKeyWeak, body: dkim.Same},

		{name: "expired", tags: tags + "; x=1795533844", result: "policy", cause: dkim.CauseExpired, body: dkim.Same, header: dkim.Same},
		{name: "expired and changed", tags: tags + "; x=1795533844", change: change(forgotten, tampered), result: "fail", cause: dkim.CauseBody, body: dkim.Changed, header: dkim.Same},
		{name: "not yet expired", tags: tags + "; x=1795533846", result: "pass", body: dkim.Same, header: dkim.Same},

		{name: "outside", tags: tags + "; i=@example", result: "permerror", cause: dkim.CauseIdentity},
		{name: "outside by its end", tags: tags + "; i=jan@notacme.example", result: "permerror", cause: dkim.CauseIdentity},
		{name: "From unsigned", tags: strings.Replace(tags, "from:", "", 1), result: "permerror", cause: dkim.CauseFromUnsigned},
		{name: "version", tags: strings.Replace(tags, "v=1", "v=2", 1), result: "neutral", cause: dkim.CauseVersion},
		{name: "query", tags: tags + "; q=dns/other", result: "permerror", cause: dkim.CauseQuery},
		{name: "canonicalization", tags: strings.Replace(tags, "relaxed/relaxed", "relaxed/loose", 1), result: "neutral", cause: dkim.CauseAlgorithm},
		{name: "x= before t=", tags: tags + "; t=20; x=10", result: "neutral", cause: dkim.CauseSyntax},
		{name: "SHA-1", change: change("a=rsa-sha256", "a=rsa-sha1"), result: "permerror", cause: dkim.CauseSHA1},
		{name: "algorithm", change: change("a=rsa-sha256", "a=rsa-sha512"), result: "neutral", cause: dkim.CauseAlgorithm},
		{name: "twice", tags: tags + "; s=s", result: "neutral", cause: dkim.CauseSyntax},
		{name: "missing", change: change("d=acme.example; ", ""), result: "neutral", cause: dkim.CauseSyntax},
		{name: "no tags", change: change("v=1;", "v;"), result: "neutral", cause: dkim.CauseSyntax},
		{name: "no base64", change: change("bh=", "bh=#"), result: "neutral", cause: dkim.CauseSyntax},
		{name: "no number", tags: tags + "; t=now", result: "neutral", cause: dkim.CauseSyntax},
		{name: "selector", change: change("s=s;", "s=a..b;"), result: "permerror", cause: dkim.CauseKeyName, body: dkim.Same},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.key == "" {
				tt.key = "rsa"
			}
			message := sign(t, tt.key, unsigned)
			if tt.tags != "" {
				message = signWith(t, tt.key, tt.tags, unsigned)
			}
			if tt.change != nil {
				before := message
				if message = tt.change(message); message == before {
					t.Fatal("nothing was changed")
				}
			}
			if tt.texts == nil {
				tt.texts = []string{record(tt.key)}
			}
			v := one(t, zone(tt.texts...), message)
			if v.Result != tt.result || v.Cause != tt.cause || v.Body != tt.body || v.Header != tt.header || (v.Reason == "") != (v.Result == "pass") {
				t.Errorf("%s, cause %d, body %d, header %d: %s", v.Result, v.Cause, v.Body, v.Header, v.Reason)
			}
			if (v.Err != nil) != (v.Result == "temperror") {
				t.Error(v.Err)
			}
			if v.Result == "pass" && (v.Domain != "acme.example" || v.Selector != "s" || v.KeyBits == 0 || v.Key == nil || !slices.Contains(v.Headers, v.Signature.Headers[0])) {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestVerifyLength holds that what l= leaves unsigned is counted.
func TestVerifyLength(t *testing.T) {
	message := signWith(t, "rsa", "v=1; a=rsa-sha256; c=simple/simple; d=acme.example; s=s; h=from; l=4", unsigned)
	v := one(t, zone(record("rsa")), strings.Replace(message, forgotten, tampered, 1))
	_, body, _ := strings.Cut(unsigned, "\r\n\r\n")
	if v.Result != "pass" || !v.HasLength || v.Unsigned != int64(len(body)-4) {
		t.Errorf("%s, %v, %d of %d: %s", v.Result, v.HasLength, v.Unsigned, len(body), v.Reason)
	}
	v = one(t, zone(record("rsa")), sign(t, "rsa", unsigned))
	if v.HasLength || v.Unsigned != 0 || v.Expired || v.InFuture || v.Testing {
		t.Errorf("%+v", v)
	}
}

func TestVerifyFlags(t *testing.T) {
	message := signWith(t, "ed25519", "v=1; a=ed25519-sha256; d=acme.example; s=s; h=from; t="+strconv.FormatInt(received.Unix()+301, 10), unsigned)
	if v := one(t, zone(record("ed25519")+"; t=y"), message); v.Result != "pass" || !v.InFuture || !v.Testing || v.KeyBits != 256 {
		t.Errorf("%+v", v)
	}
}

// TestVerifySeveral holds that each signature is judged on its own, that a key is
// looked for no more often than there are signatures, and that there is an end.
func TestVerifySeveral(t *testing.T) {
	message := sign(t, "ed25519", sign(t, "rsa", unsigned))
	all := dkim.Verify(t.Context(), zone(record("rsa"), record("ed25519")), []byte(message), dkim.VerifyOptions{})
	if len(all) != 2 || all[0].Algorithm != "ed25519-sha256" || all[0].Result != "pass" || all[1].Result != "pass" || all[0].At != 0 || all[1].At != 1 {
		t.Errorf("%+v", all)
	}
	if got := dkim.Verify(t.Context(), zone(), []byte(unsigned), dkim.VerifyOptions{}); got != nil {
		t.Errorf("%+v", got)
	}
	message = strings.Repeat("DKIM-Signature: v=1\r\n", 20) + message
	z := zone()
	all = dkim.Verify(t.Context(), z, []byte(message), dkim.VerifyOptions{})
	if last := all[len(all)-1]; len(all) != 11 || last.Cause != dkim.CauseMany || last.Reason != "12 more signatures were not looked at" || len(z.Asked) != 0 {
		t.Errorf("%d, %+v, asked %q", len(all), last, z.Asked)
	}
}

// TestVerifyLarge holds that what was not read whole is not judged.
func TestVerifyLarge(t *testing.T) {
	message := sign(t, "ed25519", unsigned)
	z := zone(record("ed25519"))
	v := one(t, z, strings.Replace(message, "Subject:", strings.Repeat("X: y\r\n", 2000)+"Subject:", 1))
	if v.Result != "neutral" || v.Cause != dkim.CauseSize || len(z.Asked) != 0 {
		t.Errorf("%s %s, asked %q", v.Result, v.Reason, z.Asked)
	}
	v = one(t, z, strings.Replace(message, "h=From", "h=From"+strings.Repeat(":x", 9000), 1))
	if v.Cause != dkim.CauseSyntax {
		t.Errorf("%s %s", v.Result, v.Reason)
	}
}

// stuck answers no question before the context ends.
type stuck struct{}

func (stuck) Lookup(ctx context.Context, q dns.Question) dns.Answer {
	<-ctx.Done()
	return dns.Answer{Question: q, Err: ctx.Err()}
}

func TestVerifyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	all := dkim.Verify(ctx, stuck{}, []byte(sign(t, "ed25519", unsigned)), dkim.VerifyOptions{})
	if len(all) != 1 || all[0].Result != "temperror" || !errors.Is(all[0].Err, context.Canceled) {
		t.Errorf("%+v", all)
	}
}

func TestProve(t *testing.T) {
	message := sign(t, "rsa", unsigned)
	forged := strings.Replace(message, "t=1795533845", "t=1795533846", 1)
	forged = forged[:strings.Index(forged, "\r\nFrom: ")+2] + message
	other := signWith(t, "ed25519", "v=1; a=ed25519-sha256; d=customer.example; s=s; h=from", message)
	for _, tt := range []struct {
		name, message, domain, selector string
		texts                           []string
		want                            dkim.Outcome
		reason                          string
	}{
		{"right", message, "acme.example", "s", []string{record("rsa")}, "pass", ""},
		{"spelt otherwise", message, "ACME.Example", "S", []string{record("rsa")}, "pass", ""},
		{"beside another", other, "acme.example", "s", []string{record("rsa")}, "pass", ""},
		{"behind a broken one", forged, "acme.example", "s", []string{record("rsa")}, "pass", ""},
		{"not there", message, "acme.example", "t", []string{record("rsa")}, "none", "the message has no signature by acme.example with the selector t"},
		{"unsigned", unsigned, "acme.example", "s", nil, "none", "the message has no signature by acme.example with the selector s"},
		{"not published", message, "acme.example", "s", nil, "permerror", "there is no key at " + signedAt},
		{"not known", message, "acme.example", "s", []string{"SERVFAIL"}, "temperror", ""},
	} {
		z := zone(tt.texts...)
		v := dkim.Prove(t.Context(), z, []byte(tt.message), tt.domain, tt.selector, dkim.VerifyOptions{Now: received})
		if v.Result != tt.want || tt.reason != "" && v.Reason != tt.reason {
			t.Errorf("%s: %s: %s", tt.name, v.Result, v.Reason)
		}
		if slices.ContainsFunc(z.Asked, func(q string) bool { return !strings.Contains(q, signedAt) }) {
			t.Errorf("%s: asked %q", tt.name, z.Asked)
		}
	}
}

// TestStandard verifies the message of RFC 8463 appendix A.3.
func TestStandard(t *testing.T) {
	message := strings.ReplaceAll(`DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`, "\n", "\r\n")
	z := dnstest.New(
		"brisbane._domainkey.football.example.com TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		"test._domainkey.football.example.com TXT v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
	)
	for _, v := range dkim.Verify(t.Context(), z, []byte(message), dkim.VerifyOptions{Now: received}) {
		if v.Result != "pass" {
			t.Errorf("%s: %s, %s", v.Algorithm, v.Result, v.Reason)
		}
	}
}

// TestBodyHash are the examples of RFC 6376 sections 3.4.3 to 3.4.5.
func TestBodyHash(t *testing.T) {
	const example = " C \r\nD \t E\r\n\r\n\r\n"
	for _, tt := range []struct {
		body      string
		canon     dkim.Canon
		length    int64
		canonical string
		octets    int64
	}{
		{example, dkim.Relaxed, -1, " C\r\nD E\r\n", 9},
		{example, dkim.Simple, -1, " C \r\nD \t E\r\n", 12},
		{example, dkim.Relaxed, 5, " C\r\nD", 9},
		{example, dkim.Simple, 0, "", 12},
		{"", dkim.Simple, -1, "\r\n", 2},
		{"", dkim.Relaxed, -1, "", 0},
		{"\r\n\r\n", dkim.Simple, -1, "\r\n", 2},
		{" \t\r\n", dkim.Relaxed, -1, "", 0},
		{"a\r\n\r\n\r\nb", dkim.Relaxed, -1, "a\r\n\r\n\r\nb\r\n", 10},
		{"a\rb\nc", dkim.Simple, -1, "a\rb\nc\r\n", 7},
	} {
		want := sha256.Sum256([]byte(tt.canonical))
		got, octets := dkim.BodyHash([]byte(tt.body), tt.canon, "rsa-sha256", tt.length)
		if string(got) != string(want[:]) || octets != tt.octets {
			t.Errorf("%q %s %d: %d octets, want %q", tt.body, tt.canon, tt.length, octets, tt.canonical)
		}
	}
	if got, _ := dkim.BodyHash(nil, dkim.Simple, "rsa-sha1", -1); got != nil {
		t.Errorf("%x", got)
	}
}

func TestParseSignature(t *testing.T) {
	const value = " v=1; a=rsa-sha256;\r\n\tc=relaxed; d=acme.example; s=cw1;\r\n\th=From : To\r\n\t:Subject; l=12; t=10; x=20; bh=YWJj;\r\n b=ZGVm\r\n\tZ2hp ; zz="
	s := dkim.ParseSignature(value)
	if s.Flaw != dkim.NoCause || s.Header != dkim.Relaxed || s.Body != dkim.Simple || s.Identity != "@acme.example" || s.Length != 12 ||
		!slices.Equal(s.Headers, []string{"From", "To", "Subject"}) || string(s.BodyHash) != "abc" || string(s.Value) != "defghi" || s.Time.Unix() != 10 || s.Expires.Unix() != 20 {
		t.Errorf("%+v", s)
	}
	p, _ := s.Tags.Get("h")
	if value[p.ValueStart:p.ValueStart+len(p.Value)] != p.Value {
		t.Error("the places are wrong")
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add(" v=1; a=rsa-sha256; c=relaxed/relaxed; d=acme.example; s=cw1; h=From:To; bh=YWJj; b=ZGVm; l=1; t=1; x=2; i=@acme.example; q=dns/txt")
	f.Add("b=;b;==;=;v")
	f.Fuzz(func(t *testing.T, value string) {
		s := dkim.ParseSignature(value)
		for _, p := range s.Tags.Parts {
			if value[p.ValueStart:p.ValueStart+len(p.Value)] != p.Value {
				t.Fatalf("%+v is not at its place", p)
			}
		}
		if (s.Flaw == dkim.NoCause) != (s.Detail == "") || s.Flaw == dkim.NoCause && (len(s.Value) == 0 || len(s.BodyHash) == 0 || len(s.Headers) == 0) {
			t.Fatalf("%+v", s)
		}
		s.HeaderHash(nil, -1)
	})
}

func FuzzVerify(f *testing.F) {
	f.Add(sign(f, "ed25519", unsigned))
	f.Add("DKIM-Signature\r\n: v=1\r\n\r\n")
	f.Add("\r\n")
	z := zone(record("ed25519"))
	f.Fuzz(func(t *testing.T, raw string) {
		m := dkim.ParseMessage([]byte(raw))
		var b strings.Builder
		for _, field := range m.Fields {
			b.WriteString(field.Raw)
		}
		if strings.Contains(raw, "\r\n") && m.Complete && !strings.HasPrefix(raw, b.String()) {
			t.Fatalf("%q is not the beginning of %q", b.String(), raw)
		}
		for _, v := range dkim.Verify(t.Context(), z, []byte(raw), dkim.VerifyOptions{Now: received}) {
			if v.Result == "" || (v.Result == "pass") != (v.Cause == dkim.NoCause) || v.Result == "pass" && (v.Body != dkim.Same || v.Header != dkim.Same) {
				t.Fatalf("%+v", v)
			}
		}
	})
}

// FuzzSignVerify holds that whatever Sign signs verifies, however the body looks.
func FuzzSignVerify(f *testing.F) {
	f.Add("hello", "body")
	f.Add("a \r\n\tb ", " \t\r\n\r\n.\r\n x  y\t\r\n\r\n")
	z := zone(record("ed25519"))
	f.Fuzz(func(t *testing.T, subject, body string) {
		raw := fmt.Sprintf("From: jan@acme.example\r\nSubject: %s\r\n\r\n%s", subject, body)
		out, err := compose.Sign([]byte(raw), compose.SignOptions{Domain: "acme.example", Selector: "s", Signer: signers()["ed25519"]})
		if err != nil {
			return
		}
		m := dkim.ParseMessage(out)
		if !m.Complete {
			return
		}
		if v := m.Verify(t.Context(), z, dkim.VerifyOptions{}); v[0].Result != "pass" {
			t.Fatalf("%s: %s\n%q", v[0].Result, v[0].Reason, out)
		}
	})
}
