package dkim_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/transports/compose"
)

// TestMsgauth holds that go-msgauth takes our signatures, and that we take its.
func TestMsgauth(t *testing.T) {
	for _, name := range []string{"rsa", "rsa1024", "ed25519"} {
		lookup := func(string) ([]string, error) { return []string{record(name)}, nil }
		for _, raw := range []string{unsigned, unsigned + " \r\n\r\n", "From: a@b.example\r\n\r\n", "From : a\r\n\tb\r\nSubject:x \r\nsubject: y\r\n\r\n\t x\r\n"} {
			ours := sign(t, name, raw)
			all, err := msgauth.VerifyWithOptions(strings.NewReader(ours), &msgauth.VerifyOptions{LookupTXT: lookup})
			if err != nil || len(all) != 1 || all[0].Err != nil {
				t.Errorf("%s: %v %+v\n%s", name, err, all, ours)
			}
			for _, h := range []msgauth.Canonicalization{"simple", "relaxed"} {
				for _, b := range []msgauth.Canonicalization{"simple", "relaxed"} {
					var out bytes.Buffer
					if err := msgauth.Sign(&out, strings.NewReader(raw), &msgauth.SignOptions{Domain: "acme.example", Selector: "s", Signer: signers()[name], HeaderCanonicalization: h, BodyCanonicalization: b}); err != nil {
						t.Fatal(err)
					}
					v := one(t, zone(record(name)), out.String())
					if v.Result != "pass" {
						t.Errorf("%s %s/%s: %s %s\n%q", name, h, b, v.Result, v.Reason, out.String())
					}
				}
			}
		}
	}
}

// FuzzMsgauth compares the two on changed messages.
func FuzzMsgauth(f *testing.F) {
	f.Add(sign(f, "ed25519", unsigned))
	f.Add(signWith(f, "ed25519", "v=1; a=ed25519-sha256; c=simple/simple; d=acme.example; s=s; h=from:subject", unsigned))
	z := zone(record("ed25519"))
	lookup := func(string) ([]string, error) { return []string{record("ed25519")}, nil }
	f.Fuzz(func(t *testing.T, raw string) {
		mine := dkim.Verify(t.Context(), z, []byte(raw), dkim.VerifyOptions{Now: time.Now()})
		all, err := msgauth.VerifyWithOptions(strings.NewReader(raw), &msgauth.VerifyOptions{LookupTXT: lookup})
		if err != nil {
			return
		}
		for i, v := range all {
			if v.Err == nil && i < len(mine) && mine[i].Result != "pass" {
				t.Fatalf("go-msgauth takes it, we do not: %s %s\n%q", mine[i].Result, mine[i].Reason, raw)
			}
		}
	})
}

func BenchmarkMsgauth(b *testing.B) {
	raw := []byte("From: Jan <jan@acme.example>\r\nTo: p@c.example\r\nSubject: hello\r\nDate: Tue, 24 Nov 2026 15:04:05 +0100\r\n\r\n" + strings.Repeat("A line of the text as it stands in mail, with some words in it.\r\n", 28))
	keys := []string{"From", "From", "To", "To", "Cc", "Subject", "Subject", "Date", "Date", "Message-ID", "Reply-To"}
	b.Run("rsa msgauth", func(b *testing.B) {
		for b.Loop() {
			var out bytes.Buffer
			if err := msgauth.Sign(&out, bytes.NewReader(raw), &msgauth.SignOptions{Domain: "acme.example", Selector: "s", Signer: signers()["rsa"], HeaderCanonicalization: "relaxed", BodyCanonicalization: "relaxed", HeaderKeys: keys}); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, name := range []string{"ed25519", "rsa"} {
		b.Run(name+" ours", func(b *testing.B) {
			for b.Loop() {
				if _, err := compose.Sign(raw, compose.SignOptions{Domain: "acme.example", Selector: "s", Signer: signers()[name]}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("ed25519 msgauth", func(b *testing.B) {
		for b.Loop() {
			var out bytes.Buffer
			_ = msgauth.Sign(&out, bytes.NewReader(raw), &msgauth.SignOptions{Domain: "acme.example", Selector: "s", Signer: signers()["ed25519"], HeaderCanonicalization: "relaxed", BodyCanonicalization: "relaxed", HeaderKeys: keys})
		}
	})
}
