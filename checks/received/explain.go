package received

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/pattern"
)

// The limits of what is tried to explain a changed body.
const maxTried, maxTriedLines = 256 << 10, 200

// explainBody says which change would make bh= fit again; "" where none of
// those that are tried does.
func explainBody(body []byte, s dkim.Signature) string {
	fits := func(body []byte, c dkim.Canon) bool {
		sum, _ := dkim.BodyHash(body, c, s.Algorithm, s.Length)
		return sum != nil && bytes.Equal(sum, s.BodyHash)
	}
	other := dkim.Relaxed
	if s.Body == dkim.Relaxed {
		other = dkim.Simple
	}
	if fits(body, other) {
		return "it fits with the canonicalisation " + string(other) + " instead of " + string(s.Body) + ": the signer says another one than it used"
	}
	if len(body) > maxTried {
		return ""
	}
	lf := bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	if fits(lf, s.Body) {
		return "it fits with LF instead of CRLF: the signer hashed other line ends than were sent"
	}
	if crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n")); !bytes.Equal(crlf, body) && fits(crlf, s.Body) {
		return "line ends were changed on the way"
	}
	if s.Body == dkim.Simple && fits(body, dkim.Relaxed) {
		return "white space was changed on the way"
	}
	rest := body
	for range maxTriedLines {
		i := bytes.LastIndexByte(bytes.TrimSuffix(rest, []byte("\n")), '\n')
		if i < 0 {
			break
		}
		rest = body[:i+1]
		if fits(rest, s.Body) {
			return "text was added at the end on the way, such as a disclaimer: without it the signature fits"
		}
	}
	return ""
}

var subjectTag = pattern.Lazy(`(?i)^\s*(?:\[[^\]\r\n]{1,40}\]|\*{1,5}[^*\r\n]{1,40}\*{1,5}|(?:EXT|EXTERN|EXTERNAL|SPAM):)[ \t]*`)

// explainHeader says which change would make b= fit again; "" where none of
// those that are tried does.
func explainHeader(fields []dkim.MessageField, v dkim.Verification) string {
	if v.Key == nil || v.At < 0 {
		return ""
	}
	s := v.Signature
	signed := func(name string) bool {
		return slices.ContainsFunc(s.Headers, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	if len(fields) > 500 {
		return ""
	}
	tried := 0
	for i, f := range fields {
		if i == v.At || !signed(f.Name) || tried == 50 {
			continue
		}
		tried++
		if strings.EqualFold(f.Name, "Subject") {
			if tag := subjectTag().FindString(f.Value()); tag != "" {
				changed := slices.Clone(fields)
				changed[i].Raw = f.Name + ": " + strings.TrimPrefix(f.Value(), tag) + "\r\n"
				if verifies(s.HeaderHash(changed, v.At), v) {
					return "the tag " + strings.TrimSpace(tag) + " was put in front of the subject on the way"
				}
			}
		}
		if s.Header == dkim.Simple {
			changed := slices.Clone(fields)
			changed[i].Raw = f.Name + ": " + strings.Join(strings.Fields(unfold(f.Value())), " ") + "\r\n"
			if verifies(s.HeaderHash(changed, v.At), v) {
				return "the field " + f.Name + " was folded anew on the way"
			}
		}
		without, at := slices.Delete(slices.Clone(fields), i, i+1), v.At
		if i < at {
			at--
		}
		if verifies(s.HeaderHash(without, at), v) {
			return "the field " + f.Name + " was added on the way"
		}
	}
	return ""
}

// verifies says whether b= is a signature over the hash.
func verifies(hash []byte, v dkim.Verification) bool {
	switch key := v.Key.(type) {
	case *rsa.PublicKey:
		return len(hash) == 32 && rsa.VerifyPKCS1v15(key, crypto.SHA256, hash, v.Signature.Value) == nil
	case ed25519.PublicKey:
		return hash != nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, hash, v.Signature.Value)
	}
	return false
}
