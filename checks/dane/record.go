package dane

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Certificate usages (RFC 6698 section 2.1.1). Mail knows only the last two
// (RFC 7672 section 3.1).
const (
	usagePKIXTA = 0
	usagePKIXEE = 1
	usageTA     = 2
	usageEE     = 3
)

// TLSA is one record (RFC 6698 section 2.1).
type TLSA struct {
	Text                      string
	Usage, Selector, Matching uint8
	Data                      []byte
	Fault                     string // why senders do not use it, in words; "" for a usable one
}

// Parse reads the presentation form of a record. It never fails: Fault says what
// is wrong.
func Parse(text string) TLSA {
	t := TLSA{Text: text}
	f := strings.Fields(text)
	if len(f) < 4 {
		t.Fault = "it is cut short"
		return t
	}
	for i, p := range []*uint8{&t.Usage, &t.Selector, &t.Matching} {
		n, err := strconv.ParseUint(f[i], 10, 8)
		if err != nil {
			t.Fault = fmt.Sprintf("%q is no number", f[i])
			return t
		}
		*p = uint8(n)
	}
	data, err := hex.DecodeString(strings.Join(f[3:], ""))
	if err != nil {
		t.Fault = "its data cannot be read"
		return t
	}
	t.Data = data
	t.Fault = t.fault()
	return t
}

// digestSizes are the octets of each matching type (RFC 6698 section 2.1.3); 0
// stands for the whole.
var digestSizes = [...]int{0, sha256.Size, sha512.Size}

func (t TLSA) fault() string {
	switch {
	case t.Usage == usagePKIXTA || t.Usage == usagePKIXEE:
		return fmt.Sprintf("its first number is %d, and mail uses only 2 and 3", t.Usage)
	case t.Usage > usageEE:
		return fmt.Sprintf("its first number is %d, which means nothing", t.Usage)
	case t.Selector > 1:
		return fmt.Sprintf("its second number is %d, which means nothing", t.Selector)
	case int(t.Matching) >= len(digestSizes):
		return fmt.Sprintf("its third number is %d, which means nothing", t.Matching)
	case t.Matching > 0 && len(t.Data) != digestSizes[t.Matching]:
		return fmt.Sprintf("its digest has %d octets instead of %d", len(t.Data), digestSizes[t.Matching])
	case len(t.Data) == 0:
		return "it holds no data"
	}
	return ""
}

// Usable says that senders use the record.
func (t TLSA) Usable() bool { return t.Fault == "" }

// maxChain is the number of certificates that are looked at.
const maxChain = 10

// Matches says whether a chain, the server's own certificate first, fits the
// record (RFC 7671 section 5). Dates are not judged here. known is false where
// the record names an authority that the chain need not hold.
func (t TLSA) Matches(chain []*x509.Certificate) (fits, known bool) {
	chain = chain[:min(len(chain), maxChain)]
	switch {
	case !t.Usable() || len(chain) == 0:
		return false, false
	case t.Usage == usageEE:
		return t.describes(chain[0]), true
	}
	for i, at := 0, chain[0]; i < maxChain; i++ {
		if i > 0 && t.describes(at) {
			return true, true
		}
		next := issuer(at, chain[1:])
		if next == nil || next == at {
			break
		}
		at = next
	}
	return false, t.Matching != 0 // the record itself holds the certificate or key of the authority
}

func issuer(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, other := range among {
		if bytes.Equal(c.RawIssuer, other.RawSubject) && c.CheckSignatureFrom(other) == nil {
			return other
		}
	}
	return nil
}

// describes compares the record with one certificate (RFC 6698 section 2.1).
func (t TLSA) describes(c *x509.Certificate) bool {
	data := c.Raw
	if t.Selector == 1 {
		data = c.RawSubjectPublicKeyInfo
	}
	switch t.Matching {
	case 1:
		sum := sha256.Sum256(data)
		data = sum[:]
	case 2:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return bytes.Equal(data, t.Data)
}

// recordFor is the record that RFC 7672 section 3.1.3 recommends for a chain.
func recordFor(chain []*x509.Certificate) string {
	return fmt.Sprintf("3 1 1 %x", sha256.Sum256(chain[0].RawSubjectPublicKeyInfo))
}
