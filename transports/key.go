package transports

import (
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
)

// String names the kind of key and its trouble, never the key.
func (k Key) String() string {
	switch {
	case k.Problem != KeyOK:
		return fmt.Sprintf("unusable key: %s", k.Detail)
	case k.Private != nil:
		return "private key " + kindOf(k.Public)
	case k.Public != nil:
		return "public key " + kindOf(k.Public)
	}
	return "no key"
}

func kindOf(public any) string {
	switch p := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa %d", p.N.BitLen())
	case ed25519.PublicKey:
		return "ed25519"
	}
	return "of unknown kind"
}

// Format keeps the private half out of every verb, %d and %x included.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// MarshalJSON keeps the private half out of JSON.
func (k Key) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", k.String()), nil }

// Format hides the value from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }
