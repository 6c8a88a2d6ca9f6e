package compose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/transports"
)

var signers = sync.OnceValue(func() map[string]crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"rsa": key, "ed25519": ed}
})

func options(kind string) SignOptions {
	return SignOptions{Domain: "acme.example", Selector: "cw1", Signer: signers()[kind], Time: time.Unix(1795533845, 0)}
}

// fieldOf is the field that Sign put in front.
func fieldOf(t *testing.T, signed, raw []byte) string {
	t.Helper()
	field, ok := strings.CutSuffix(string(signed), string(raw))
	if !ok {
		t.Fatalf("the message is another one: %q", signed)
	}
	return field
}

func TestSign(t *testing.T) {
	m, _ := compose(t, plain(transports.NoReply))
	for kind := range signers() {
		out, err := Sign(m.Raw, options(kind))
		if err != nil {
			t.Fatal(err)
		}
		field := fieldOf(t, out, m.Raw)
		want := "DKIM-Signature: v=1; a=" + kind + "-sha256; c=relaxed/relaxed;\r\n\td=acme.example; s=cw1;\r\n\tt=1795533845;\r\n" +
			"\th=From:From:Reply-To:To:To:Cc:Subject:Subject:Date:Date:Message-ID:\r\n\tMessage-ID:MIME-Version:MIME-Version:Content-Type:Content-Type:\r\n" +
			"\tContent-Transfer-Encoding:Content-Transfer-Encoding:Auto-Submitted;\r\n\tbh="
		if !strings.HasPrefix(field, want) {
			t.Errorf("%q\nwant\n%q", field, want)
		}
		for line := range strings.SplitSeq(field, "\r\n") {
			if len(line) > 76 {
				t.Errorf("%q is long", line)
			}
		}
	}
	o := options("ed25519")
	o.Time, o.Expires = time.Time{}, time.Unix(1795537445, 0)
	out, err := Sign(m.Raw, o)
	if field := fieldOf(t, out, m.Raw); err != nil || strings.Contains(field, " t=") || strings.Contains(field, "\tt=") || !strings.Contains(field, "\tx=1795537445;") || strings.Contains(field, "l=") {
		t.Errorf("%v: %s", err, field)
	}
}

// failing is a signer whose error tells its key.
type failing struct{ crypto.Signer }

func (failing) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the key is MIIEpAIBAAKC")
}

func TestSignRefuses(t *testing.T) {
	short := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1000), E: 65537}}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := compose(t, plain(transports.NoReply))
	raw := string(m.Raw)
	for _, tt := range []struct {
		name   string
		raw    string
		change func(o *SignOptions)
		want   error
	}{
		{"no key", raw, func(o *SignOptions) { o.Signer = nil }, ErrNoKey},
		{"curve", raw, func(o *SignOptions) { o.Signer = curve }, ErrKeyKind},
		{"short", raw, func(o *SignOptions) { o.Signer = short }, ErrKeyShort},
		{"failing", raw, func(o *SignOptions) { o.Signer = failing{o.Signer} }, ErrKeyFailed},
		{"no domain", raw, func(o *SignOptions) { o.Domain = "" }, ErrSigner},
		{"injected domain", raw, func(o *SignOptions) { o.Domain = "acme.example; l=1" }, ErrSigner},
		{"domain in Unicode", raw, func(o *SignOptions) { o.Domain = "bücher.example" }, ErrSigner},
		{"injected selector", raw, func(o *SignOptions) { o.Selector = "cw1;\r\nX: y" }, ErrSigner},
		{"no selector", raw, func(o *SignOptions) { o.Selector = "" }, ErrSigner},
		{"bare LF", strings.ReplaceAll(raw, "\r\n", "\n"), nil, ErrNoMessage},
		{"one bare LF", raw + "\n", nil, ErrNoMessage},
		{"one bare CR", raw + "\r", nil, ErrNoMessage},
		{"no end of the header", "From: a@b.example\r\n", nil, ErrNoMessage},
		{"no From", "To: a@b.example\r\n\r\n", nil, ErrNoMessage},
		{"two From", "From: a@b.example\r\n" + raw, nil, ErrNoMessage},
		{"folded start", " x\r\n" + raw, nil, ErrNoMessage},
		{"empty", "", nil, ErrNoMessage},
	} {
		o := options("ed25519")
		if tt.change != nil {
			tt.change(&o)
		}
		if out, err := Sign([]byte(tt.raw), o); !errors.Is(err, tt.want) || out != nil || strings.Contains(err.Error(), "MII") {
			t.Errorf("%s: %v, %q", tt.name, err, out)
		}
	}
}

func TestSigningOf(t *testing.T) {
	key := signers()["ed25519"]
	on := transports.Transport{DKIM: transports.DKIM{Enabled: true, Selector: "cw1", Key: transports.Key{Private: key}}}
	now := time.Unix(1, 0)
	if s, err := SigningOf(on, "acme.example", now); err != nil || s.Domain != "acme.example" || s.Selector != "cw1" || s.Time != now || s.Signer == nil {
		t.Error(s.Domain, s.Selector, err)
	}
	if _, err := SigningOf(transports.Transport{}, "acme.example", now); !errors.Is(err, ErrNotSwitched) {
		t.Error(err)
	}
	on.DKIM.Key = transports.Key{}
	if _, err := SigningOf(on, "acme.example", now); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
}

// TestRelaxed are the examples of RFC 6376 section 3.4.5.
func TestRelaxed(t *testing.T) {
	if got := relaxedField("A: X\r\n") + relaxedField("B : Y\t\r\n\tZ  \r\n"); got != "a:X\r\nb:Y Z\r\n" {
		t.Errorf("%q", got)
	}
	for in, want := range map[string]string{
		" C \r\nD \t E\r\n\r\n\r\n": " C\r\nD E\r\n", "": "", "\r\n": "", " \r\n\t\r\n": "", "a": "a\r\n", "a\r\n\r\nb\r\n": "a\r\n\r\nb\r\n",
	} {
		if got := string(relaxedBody([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// BenchmarkSign holds what a signature costs beside the operation of the key.
func BenchmarkSign(b *testing.B) {
	o := plain(transports.ClockWise)
	o.Text = strings.Repeat("A line of the text as it stands in mail, with some words in it.\n", 24)
	m, err := Compose(o)
	if err != nil {
		b.Fatal(err)
	}
	s := options("rsa")
	hash := sha256.Sum256(m.Raw)
	b.Run("rsa alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Signer.Sign(rand.Reader, hash[:], crypto.SHA256); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("message", func(b *testing.B) {
		b.SetBytes(int64(len(m.Raw)))
		for b.Loop() {
			if _, err := Sign(m.Raw, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func FuzzSign(f *testing.F) {
	f.Add("From: a@b.example\r\n\r\nbody\r\n")
	f.Add("From : a\r\n\tb\r\nSubject: x\r\nsubject:y\r\n\r\n \t\r\n\r\n")
	s := options("ed25519")
	f.Fuzz(func(t *testing.T, raw string) {
		out, err := Sign([]byte(raw), s)
		if err == nil && !strings.HasSuffix(string(out), raw) {
			t.Fatal("the message was changed")
		}
	})
}
